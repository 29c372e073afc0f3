/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The memory that one more machine or container takes while it lives: what its processes have, and
 * what the kernel keeps for it. The same method as for times, with bytes in the place of
 * nanoseconds: a batch makes n of them, and the growth must be linear. The kernel's part is what it
 * charges to a control group of the batch's own, in which nothing else lives, also not what is
 * still being freed of the batch before; where there is none, the growth of the machine's books.
 */
#include "hvcore/host/container.h"
#include "hvcore/probe/guest_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIVE_MAX = 8 };

/* Bytes count as so little that no batch is ever long enough: each has as many as it may, which for
 * the kernel's part is LIVE_MAX, so that it stands out from what goes on beside. */
#define SCALE (1.0 / 4096)

/* Whose memory, and a row of what lives. */
enum kind { VM_PROCESS, VM_KERNEL, CONTAINER, CONTAINER_KERNEL };

struct footprint {
	enum kind kind;
	struct hv_config config;
	struct hv_container_spec spec;
	struct hv_vm *vms[LIVE_MAX];
	struct hv_container containers[LIVE_MAX];
	unsigned live;
	bool grouped; /* each batch has a control group */
	struct hv_cgroup group;
};

static bool is_vm(const struct footprint *f)
{
	return f->kind == VM_PROCESS || f->kind == VM_KERNEL;
}

static bool is_kernel(const struct footprint *f)
{
	return f->kind == VM_KERNEL || f->kind == CONTAINER_KERNEL;
}

/* The sum of the named lines of a file of "Name:  123 kB" lines, in bytes; -1 where there is none.
 */
static double sum_lines(const char *path, const char *const *names)
{
	char line[128];
	double sum = -1;
	FILE *file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		char *colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		for (const char *const *name = names; *name; name++)
			if (strcmp(line, *name) == 0)
				sum = fmax(sum, 0) + 1024 * strtod(colon + 1, NULL);
	}
	fclose(file);
	return sum;
}

/* The proportional set (shared pages count in parts), or what nobody shares. */
static double process_bytes(pid_t pid, bool private_only)
{
	static const char *const pss[] = {"Pss", NULL};
	static const char *const own[] = {"Private_Clean", "Private_Dirty", NULL};
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	return sum_lines(path, private_only ? own : pss);
}

/* What the kernel has for everybody, as far as it keeps books: what it takes page by page (the
 * control blocks of a virtual processor) is not in there; stacks are part of vmalloc. Its counters
 * lag behind on each core until they are asked to be gathered, which is for root. */
static double kernel_bytes(void)
{
	static const char *const names[] = {"Slab",   "PageTables",  "SecPageTables",
					    "Percpu", "VmallocUsed", NULL};
	char ignored[8];
	int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = read(fd, ignored, sizeof(ignored));
		(void)n;
		close(fd);
	}
	return sum_lines("/proc/meminfo", names);
}

static double bytes_now(const struct footprint *f)
{
	uint64_t charged;
	struct err ignored;
	if (is_kernel(f) && f->grouped)
		return hv_cgroup_kernel_bytes(&f->group, &charged, &ignored) ? -1 : (double)charged;
	if (is_kernel(f))
		return kernel_bytes();
	double sum = is_vm(f) ? process_bytes(getpid(), false) : 0;
	for (unsigned i = 0; i < f->live; i++) {
		pid_t pid = !is_vm(f)		      ? f->containers[i].pid
			    : f->config.backend->peer ? f->config.backend->peer(f->vms[i])
						      : 0;
		double more = pid ? process_bytes(pid, !is_vm(f)) : 0;
		if (more < 0)
			return -1;
		sum += more;
	}
	return sum;
}

static int make_vm(struct footprint *f, struct err *e)
{
	struct hv_outcome outcome = {0};
	struct hv_vm **vm = &f->vms[f->live];
	int rc = hv_vm_open(vm, &f->config, e);
	if (rc)
		return rc;
	f->live++;
	rc = hv_vm_run(*vm, 1000000000, &outcome, e);
	if (!rc && outcome.kind != HV_RUN_YIELDED)
		rc = err_set(e, ERR_IO, "the guest ended (%s): %s", hv_outcome_name(outcome.kind),
			     outcome.text);
	return rc;
}

static int make(struct footprint *f, struct err *e)
{
	if (is_vm(f))
		return make_vm(f, e);
	int rc = hv_container_create(&f->containers[f->live], &f->spec, e);
	f->live += rc == 0;
	return rc;
}

static int end_all(struct footprint *f, struct err *e)
{
	int rc = 0;
	while (f->live > 0) {
		f->live--;
		if (is_vm(f))
			hv_vm_close(f->vms[f->live]);
		else if (hv_container_destroy(&f->containers[f->live], e))
			rc = (int)e->code;
	}
	return rc;
}

static int leave_group(struct footprint *f, struct err *e)
{
	int rc = f->group.count ? hv_cgroup_leave(&f->group, getpid(), e) : 0;
	return rc ? rc : hv_cgroup_destroy(&f->group, e);
}

/* This process moves in, so that what it makes and clones is charged there. */
static int enter_group(struct footprint *f, struct err *e)
{
	static const struct hv_cgroup_limits none;
	uint64_t bytes;
	struct err ignored;
	char name[64];
	snprintf(name, sizeof(name), "hvcore-%d-batch", (int)getpid());
	int rc = hv_cgroup_create(&f->group, name, &none, e);
	if (!rc)
		rc = hv_cgroup_kernel_bytes(&f->group, &bytes, e);
	if (rc) {
		hv_cgroup_destroy(&f->group, &ignored);
		return rc;
	}
	rc = hv_cgroup_add(&f->group, getpid(), e);
	if (rc)
		leave_group(f, &ignored);
	return rc;
}

static int body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct footprint *f = ctx;
	struct err ignored;
	int rc = f->grouped ? enter_group(f, e) : 0;
	if (rc)
		return rc;
	double before = bytes_now(f);
	for (uint64_t i = 0; i < n && rc == 0; i++)
		rc = make(f, e);
	batch->ns = (bytes_now(f) - before) * SCALE;
	batch->lost = 0;
	if (rc == 0 && before < 0)
		rc = err_set(e, ERR_UNSUPPORTED, "the kernel does not tell how much memory it is");
	int ended = end_all(f, rc ? &ignored : e);
	rc = rc ? rc : ended;
	int left = f->grouped ? leave_group(f, rc ? &ignored : e) : 0;
	return rc ? rc : left;
}

/* Lives until the other end of the channel closes. */
static int wait_inside(void *arg, int channel)
{
	char byte;
	(void)arg;
	return read(channel, &byte, 1) < 0;
}

static int valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	struct hv_container c;
	(void)env;
	if (strcmp(probe->backend, "container") != 0)
		return hv_bench_valid(probe, env, e);
	return hv_container_try(HV_LAYER_BIT(HV_LAYER_PID) | HV_LAYER_BIT(HV_LAYER_SECCOMP), &c, e);
}

static void teardown(struct hv_work *work)
{
	struct err ignored;
	end_all(work->ctx, &ignored);
	free(work->ctx);
}

static int setup_vm(struct footprint *f, const struct hv_probe *probe,
		    const struct hv_probe_env *env, struct err *e)
{
	const struct hv_image *image = hv_image_find("probe");
	f->config = (struct hv_config){.backend = hv_backend_find(probe->backend),
				       .regime = env->kvm_regime,
				       .image = image->start,
				       .image_bytes = (size_t)(image->end - image->start)};
	if (f->config.backend->regime && f->config.regime == HV_REGIME_NONE)
		return f->config.backend->regime(&f->config.regime, e);
	return 0;
}

static int setup_container(struct footprint *f, struct hv_work *work, struct err *e)
{
	struct hv_container first;
	f->spec = (struct hv_container_spec){.want = HV_LAYERS_ALL, .main = wait_inside};
	int rc = hv_container_create(&first, &f->spec, e);
	if (rc == 0)
		rc = hv_container_destroy(&first, e);
	if (rc == 0 && first.missing[0])
		snprintf(work->note, sizeof(work->note), "without %.*s",
			 (int)sizeof(work->note) - 16, first.missing);
	f->spec.want &= first.have;
	return rc;
}

/* Whether there can be a group; else the note says why not. */
static void try_group(struct footprint *f, struct hv_work *work)
{
	struct err e = {0};
	f->grouped = enter_group(f, &e) == 0 && leave_group(f, &e) == 0;
	size_t used = strlen(work->note);
	if (!f->grouped)
		snprintf(work->note + used, sizeof(work->note) - used,
			 "%sfrom the whole machine's books: %s", used ? "; " : "", e.text);
}

static int setup(const struct hv_probe *probe, const struct hv_probe_env *env, struct hv_work *work,
		 struct err *e)
{
	struct footprint *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	f->kind = (enum kind)probe->arg;
	*work = (struct hv_work){.body = body,
				 .ctx = f,
				 .exits_per_op = NAN,
				 /* The kernel takes memory in slabs and frees it later. */
				 .max_noise = 0.3,
				 .max_nonlinear = 0.3};
	int rc = is_vm(f) ? setup_vm(f, probe, env, e) : setup_container(f, work, e);
	if (rc) {
		free(f);
		return rc;
	}
	if (is_kernel(f))
		try_group(f, work);
	work->max_n = is_kernel(f) && !f->grouped ? LIVE_MAX : f->kind == CONTAINER ? 1 : 2;
	return 0;
}

#define ROW(name_, backend_, kind_, text)                                                          \
	{                                                                                          \
		.name = name_, .unit = "B", .per_op = SCALE, .backend = backend_, .method = text,  \
		.valid = valid, .setup = setup, .teardown = teardown, .arg = kind_                 \
	}
#define KERNEL                                                                                     \
	"kernel memory charged to a control group of its own (without one: growth of the "         \
	"machine's slabs, page tables, per-cpu, vmalloc) "
#define VM_ROWS(backend)                                                                           \
	ROW("vm.memory", backend, VM_PROCESS,                                                      \
	    "growth of its processes' PSS by a machine of 64 MiB after its first exit"),           \
		ROW("vm.memory_kernel", backend, VM_KERNEL, KERNEL "by that machine")

const struct hv_probe hv_probe_footprint[] = {
	VM_ROWS("kvm"),
	VM_ROWS("trap"),
	ROW("vm.memory", "emulator", VM_PROCESS,
	    "growth of this process's PSS by a machine of 64 MiB after its first exit"),
	ROW("container.memory", "container", CONTAINER,
	    "what a container's one process, a copy of this one that waits, shares with nobody"),
	ROW("container.memory_kernel", "container", CONTAINER_KERNEL, KERNEL "by that container"),
	{0},
};
