/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The JSON line that tells a measurement: a primitive of a profile, or the time of a task. Used by
 * the program; knows nothing of how it was measured.
 */
#ifndef HVCORE_ANSWER_H
#define HVCORE_ANSWER_H

#include "hvcore/probe/mix.h"

#include <cjson/cJSON.h>

/* What came out of measuring: m, or, with failure, the reason why there is no number. values: of
 * the single batches, m->batches of them, or NULL. */
struct hv_answer {
	const struct hv_measurement *m;
	const struct err *failure; /* NULL: it is a number */
	const double *values;
};

/* NULL only without memory; the caller deletes. */
cJSON *hv_answer_probe(const struct hv_probe *probe, const struct hv_probe_env *env,
		       const struct hv_answer *answer);
cJSON *hv_answer_mix(const struct hv_backend *backend, struct hv_mix_devices devices,
		     const struct hv_answer *answer);

#endif
