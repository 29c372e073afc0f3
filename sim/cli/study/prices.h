/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a study's runs are priced with, as one profile document: the profile, and from the fallback
 * what it lacks. Stored with the results, so that they can be understood and repeated without the
 * files.
 */
#ifndef SIM_CLI_STUDY_PRICES_H
#define SIM_CLI_STUDY_PRICES_H

#include "sim/base/json.h"

/* Joins two profile documents, either of which may be NULL. A primitive that comes from the
 * fallback gets "profile": its name. The caller deletes; NULL when out of memory. */
cJSON *prices_join(const cJSON *profile, const char *name, const cJSON *fallback,
		   const char *fallback_name);

/* Sets "used": true on the primitives that the terms of the platforms in a resolved document name,
 * and takes those of the fallback out that none names. */
void prices_mark_used(cJSON *prices, const struct json_doc *doc);

#endif
