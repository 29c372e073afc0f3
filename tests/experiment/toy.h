/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A toy model that stands for the simulation: numbers from a hash of everything a run may depend
 * on, and a duration that depends on the clock, so that runs end in another order each time.
 */
#ifndef TESTS_EXPERIMENT_TOY_H
#define TESTS_EXPERIMENT_TOY_H

#include "sim/base/json.h"
#include "sim/experiment/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

struct toy {
	bool hurry;		/* do not sleep */
	unsigned fail_one_in;	/* by the key; 0: none */
	unsigned long executed; /* atomic */
};

static inline double toy_uniform(const cJSON *document, const struct run_key *key)
{
	char *text = json_canonical(document), name[64];
	int n = snprintf(name, sizeof(name), "%u %llu", key->repetition,
			 (unsigned long long)key->seed);
	uint64_t h = XXH3_64bits_withSeed(text, strlen(text), XXH3_64bits(name, (size_t)n));
	free(text);
	return ((double)(h >> 11) + 0.5) * 0x1p-53;
}

static inline int toy_run(void *ctx, const cJSON *document, const struct run_key *key,
			  const volatile bool *stop, struct run_result *out, struct err *e)
{
	struct toy *toy = ctx;
	__atomic_fetch_add(&toy->executed, 1, __ATOMIC_RELAXED);
	if (!toy->hurry) {
		struct timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		usleep((unsigned)(t.tv_nsec / 64 % 600));
	}
	if (__atomic_load_n(stop, __ATOMIC_RELAXED))
		return err_set(e, ERR_STOPPED, "told to");
	double u = toy_uniform(document, key);
	if (toy->fail_one_in && (unsigned)(u * 1e9) % toy->fail_one_in == 0)
		return err_set(e, ERR_INTERNAL, "assertion at %.3g", u);
	const cJSON *spread = cJSON_GetObjectItem(document, "spread");
	double mean = 10 + (spread ? spread->valuedouble : 1) * (u - 0.5);
	struct result_bucket bucket = {0, 1, 3};
	if (run_result_add(out, "time.mean", "", "s", mean) != 0 ||
	    run_result_add(out, "time.max", "", "s", mean + 1) != 0 ||
	    run_result_add(out, "energy", "host", "J", u) != 0 ||
	    run_result_add(out, "timeless", "", "1", NAN) != 0 ||
	    run_result_add_histogram(out, "time", "", "s", &bucket, 1) != 0)
		return err_set(e, ERR_NOMEM, "no memory");
	return 0;
}

#endif
