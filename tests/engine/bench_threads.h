/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Independent repetitions of M/M/1 one after the other, and half of them at the same time in each
 * of two threads, or of two processes. Processes share no memory, so what they gain is all that the
 * machine has to give, and threads that gain less wait for each other somewhere. Used by
 * bench_engine.c only.
 */
#ifndef TESTS_ENGINE_BENCH_THREADS_H
#define TESTS_ENGINE_BENCH_THREADS_H

#include "tests/engine/bench_mm1.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

struct repetitions {
	uint64_t first, count, customers;
	double *mean; /* [repetition] */
};

static void *repeat_mm1(void *arg)
{
	const struct repetitions *r = arg;
	for (uint64_t i = r->first; i < r->first + r->count; i++) {
		struct mm1 m;
		mm1_start(&m, i, r->customers);
		mm1_events(&m);
		r->mean[i] = m.response.mean;
		mm1_end(&m);
	}
	return NULL;
}

static inline void repeat_alone(struct repetitions half[2])
{
	repeat_mm1(&half[0]);
	repeat_mm1(&half[1]);
}

static inline void repeat_in_threads(struct repetitions half[2])
{
	pthread_t other;
	if (pthread_create(&other, NULL, repeat_mm1, &half[1]) != 0)
		abort();
	repeat_mm1(&half[0]);
	pthread_join(other, NULL);
}

/* The means of the second half stay in the other process. */
static inline void repeat_in_processes(struct repetitions half[2])
{
	pid_t other = fork();
	if (other < 0)
		abort();
	if (other == 0) {
		repeat_mm1(&half[1]);
		_exit(0);
	}
	repeat_mm1(&half[0]);
	if (waitpid(other, NULL, 0) != other)
		abort();
}

#endif
