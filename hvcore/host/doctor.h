/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What this machine offers, per backend, and what to do about what it does not: `hvcore doctor`,
 * which `mcvsim doctor` asks too. Tries things (opens /dev/kvm, makes a container) and cleans up.
 */
#ifndef HVCORE_DOCTOR_H
#define HVCORE_DOCTOR_H

#include <cjson/cJSON.h>

/* {"machine": {...}, "backends": [{"name","summary","available","reason"?,"note"?}],
 *  "cpu_time": {"steal","total"} (since boot, in ticks of the kernel: two answers give the share in
 *  between), "advice": [{"id","severity","problem","do"}]}; severity is "limits" (something cannot
 * be measured), "noise" (numbers will scatter or mislead) or "note" (good to know). NULL when out
 * of memory; the caller deletes. */
cJSON *hv_doctor_json(void);

#endif
