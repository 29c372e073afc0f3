/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where runs are executed: a pool takes tasks and gives back outcomes, in any order. One thread
 * (the runner's) calls it. Threads (pool_threads.c) and MPI ranks (pool_mpi.c) are two pools behind
 * the same functions; neither decides what runs, and neither writes results.
 */
#ifndef SIM_EXPERIMENT_POOL_H
#define SIM_EXPERIMENT_POOL_H

#include "sim/experiment/plan.h"

/* What every run of an experiment has in common. */
struct run_job {
	const struct plan *plan;
	run_function *run;
	void *run_ctx;
	uint64_t seed;
};

struct run_task {
	size_t point; /* index in the plan */
	uint32_t repetition;
};

struct run_outcome {
	struct run_task task;
	int code; /* 0, ERR_STOPPED, or why it failed */
	struct err error;
	double wall_s;
	struct run_result result; /* of the receiver, when code is 0 */
};

struct run_pool {
	void *ctx;
	unsigned slots; /* runs at a time */
	/* Takes a task; at most 2 * slots may be under way. Returns 0 or a code with *e. */
	int (*submit)(void *ctx, const struct run_task *task, struct err *e);
	/* Waits for an outcome: 1 and *out, 0 after timeout_ms without one, or a negative code. */
	int (*collect)(void *ctx, int timeout_ms, struct run_outcome *out, struct err *e);
	/* Makes runs end soon; every task under way still gives an outcome, ERR_STOPPED perhaps. */
	void (*halt)(void *ctx);
	void (*close)(void *ctx);
};

/* Executes one task here and now. */
void run_execute(const struct run_job *job, const struct run_task *task, const volatile bool *stop,
		 struct run_outcome *out);

/* A pool of `threads` threads (at least 1). The job must outlive it. Returns 0 or a code with *e.
 */
int pool_open_threads(struct run_pool *pool, const struct run_job *job, unsigned threads,
		      struct err *e);

#endif
