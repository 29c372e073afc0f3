/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OS-level virtualization. It runs no guest images: what runs in the container is a function of the
 * probe, and what it asks of the kernel it asks by system calls.
 */
#include "hvcore/host/container.h"
#include "hvcore/hv.h"

/* The filter is what a system call pays for, so it is what this backend cannot do without. Which of
 * the other layers are in force is told by each measurement's note. */
static int container_available(struct err *e)
{
	struct hv_container c;
	return hv_container_try(HV_LAYER_BIT(HV_LAYER_SECCOMP), &c, e);
}

const struct hv_backend hv_backend_container = {
	.name = "container",
	.summary = "namespaces, control group and seccomp filter, made by hand",
	.available = container_available,
};
