/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/container_inside.h"
#include "hvcore/allow.h"
#include "hvcore/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void container_missing(char *text, size_t size, enum hv_layer layer, const char *why)
{
	size_t used = strlen(text);
	char name[32];
	snprintf(text + used, size - used, "%s%s: %s", used ? "; " : "",
		 hv_layers_text(HV_LAYER_BIT(layer), name, sizeof(name)), why);
}

/* An empty tmpfs with /proc of the new pid namespace becomes the root. Returns NULL or what failed.
 */
static const char *new_root(void)
{
	/* Any folder that surely exists will do: the mount hides it in this namespace only. */
	static const char point[] = "/tmp";

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return "making mounts private";
	if (mount("tmpfs", point, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=0755") != 0)
		return "mounting a root";
	if (chdir(point) != 0 || mkdir("proc", 0555) != 0 || mkdir("tmp", 0777) != 0)
		return "filling the root";
	/* Refused inside containers that hide parts of /proc; the container can do without. */
	if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		rmdir("proc");
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 ? NULL
									: "leaving the old root";
	/* An initramfs cannot be pivoted away. */
	if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
		return "entering the new root";
	return NULL;
}

static void lose(const struct hv_container_spec *spec, struct container_report *r,
		 enum hv_layer layer, int code, const char *why)
{
	container_missing(r->text, sizeof(r->text), layer, why);
	if (spec->must & HV_LAYER_BIT(layer) && r->failure == 0)
		r->failure = code;
}

void container_inside(const struct hv_container_spec *spec, unsigned layers,
		      struct container_report *r)
{
	*r = (struct container_report){.have = layers};

	if (layers & HV_LAYER_BIT(HV_LAYER_UTS))
		(void)!sethostname("container", 9);
	if (layers & HV_LAYER_BIT(HV_LAYER_MOUNT)) {
		const char *step = new_root();
		if (step) {
			char why[128];
			snprintf(why, sizeof(why), "%s: %s", step, strerror(errno));
			r->have &= ~HV_LAYER_BIT(HV_LAYER_MOUNT);
			lose(spec, r, HV_LAYER_MOUNT, ERR_DENIED, why);
		}
	}
	/* Without a user namespace a caller that is not root has nothing to drop. */
	int rc = spec->keep_capabilities ? 0 : hv_capabilities_drop();
	if (rc && geteuid() == 0) {
		r->failure = ERR_DENIED;
		snprintf(r->text, sizeof(r->text), "dropping capabilities: %s", strerror(-rc));
	}
	if (spec->want & HV_LAYER_BIT(HV_LAYER_SECCOMP)) {
		struct err e = {0};
		const struct hv_allow *const tables[] = {hv_allow_container, NULL};
		if (hv_allow_load(tables, 0, HV_ALLOW_ELSE_EPERM, &e) < 0)
			lose(spec, r, HV_LAYER_SECCOMP, e.code, e.text);
		else
			r->have |= HV_LAYER_BIT(HV_LAYER_SECCOMP);
	}
	r->ready_ns = hv_clock_ns();
}
