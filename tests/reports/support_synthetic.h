/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A study's results without a simulation, for tests of what keeps and draws results: platforms x
 * exit costs, with response times that look like a handset's over LTE. Deterministic.
 */
#ifndef TESTS_REPORTS_SUPPORT_SYNTHETIC_H
#define TESTS_REPORTS_SUPPORT_SYNTHETIC_H

#include "reports/db/db.h"

enum {
	SYNTHETIC_PLATFORMS = 4,
	SYNTHETIC_COSTS = 6,
	SYNTHETIC_POINTS = SYNTHETIC_PLATFORMS * SYNTHETIC_COSTS,
	SYNTHETIC_REPETITIONS = 5,
};

/* The keys of tasks that are candidates at all points with a cost but the first: their response
 * times are about four times and about once those of the median tasks. */
enum { SYNTHETIC_FAR = 11, SYNTHETIC_NEAR = 22 };

extern const char *const synthetic_platforms[SYNTHETIC_PLATFORMS];
extern const double synthetic_costs[SYNTHETIC_COSTS];

/* Documents of the study; freed by synthetic_free. */
struct synthetic {
	struct db_study study;
	cJSON *document, *profile, *machine;
};

void synthetic_init(struct synthetic *s);
void synthetic_free(struct synthetic *s);

/* The point of a platform and a cost, in static storage of *p's caller: valid until the next call.
 */
struct synthetic_point {
	struct point point;
	struct parameter parameters[2];
	char cost[32];
};
void synthetic_point(struct synthetic_point *p, size_t platform, size_t cost);

/* Stores one run. tasks: how many response times are drawn (their histogram is stored as well). */
int synthetic_put(struct db *db, size_t platform, size_t cost, uint32_t repetition, size_t tasks,
		  struct err *e);

/* The whole study into a new or resumed database; asserts that everything works. */
void synthetic_write(const char *path);

#endif
