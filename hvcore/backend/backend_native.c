/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The baseline: the same work in a plain process. It runs no guest images; its work is in the
 * probes.
 */
#include "hvcore/hv.h"

static int native_available(struct err *e)
{
	(void)e;
	return 0;
}

const struct hv_backend hv_backend_native = {
	.name = "native",
	.summary = "a plain process, the baseline of every overhead",
	.available = native_available,
};
