/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A profile from the log of hvcore's bare guest (hvcore/bare/README.md), for hypervisors that only
 * somebody else has. Called by `mcvsim calibrate --from-log`. The guest sends ticks; everything
 * that is judged or computed from them happens here, by the rules of hvcore/probe/measure.h.
 */
#ifndef SIM_CLI_MEASURE_FROM_LOG_H
#define SIM_CLI_MEASURE_FROM_LOG_H

#include "sim/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

struct from_log {
	cJSON *profile; /* as calibrate.h says; owned by the caller */
	size_t measured;
	size_t broken; /* in the log, but without a number that stands its checks; not what the
			  hypervisor does not offer */
};

/* Reads the text of a log, which may have other output of the console around and between the
 * guest's lines. Of several runs in it the last complete one counts. `tsc_hz`: ticks per second
 * where the log does not know them; 0: none. Returns 0, or ERR_INVALID with what is wrong with the
 * log, naming `name` and the line; then nothing needs freeing. */
int from_log_read(const char *text, const char *name, double tsc_hz, struct from_log *out,
		  struct err *e);

#endif
