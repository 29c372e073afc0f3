/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs a plan: every point as often as asked, on a pool of threads or MPI ranks, and hands the
 * results to the sink. The program calls it once per experiment.
 *
 * What is stored does not depend on the number of threads, on timing, or on interruptions: runs are
 * pure functions, only what is missing is run, and a stopping rule looks at the ordered prefix of
 * repetitions. Only the order of writing varies: results are written as they come.
 */
#ifndef SIM_EXPERIMENT_RUNNER_H
#define SIM_EXPERIMENT_RUNNER_H

#include "sim/experiment/plan.h"
#include "sim/experiment/pool.h"
#include "sim/experiment/pool_mpi.h"

struct runner_progress {
	size_t points;
	size_t total;  /* runs of this shard known to be needed; grows under a stopping rule */
	size_t done;   /* of those, stored (before or now) or failed */
	size_t stored; /* of those, stored before we began */
	size_t failed; /* of those, failed now */
	double elapsed_s;
	double eta_s; /* NaN while unknown */
};

struct runner {
	const struct plan *plan;
	const struct experiment *experiment;
	run_function *run;
	void *run_ctx;
	const struct run_sink *sink;
	unsigned threads;	   /* 0: one for each processor that we may use */
	unsigned shard, shards;	   /* shard in 0..shards-1; 0 of 0 or 1: everything */
	const volatile bool *stop; /* set by a signal handler or another thread; may be NULL */
	void (*progress)(void *ctx,
			 const struct runner_progress *p); /* may be NULL; often called */
	void *progress_ctx;
	/* The command that repeats one run, to be freed; NULL: the run's key in words. */
	char *(*reproduce)(void *ctx, const struct point *point, const struct run_key *key);
	void *reproduce_ctx;
	/* Told of each run that failed, once it is stored; may be NULL. */
	void (*failed)(void *ctx, const struct run_record *record);
	void *failed_ctx;
};

/* Returns 0 when everything has run (final->failed says how many failed), ERR_STOPPED after *stop
 * with all that was done stored, or another code with *e when the sink failed, a pool could not be
 * made, or the rule's metric does not exist. The sink and the callbacks are called from the calling
 * thread. */
int runner_run(const struct runner *r, struct runner_progress *final, struct err *e);

/* The same on a pool that the caller has opened and closes (MPI). */
int runner_run_on(const struct runner *r, struct run_pool *pool, struct runner_progress *final,
		  struct err *e);

/* The same on the ranks of an MPI job, called by all of them with the same plan and experiment
 * after pool_mpi_begin (pool_mpi.h). Rank 0 does what runner_run does; the others execute runs
 * until it has ended, need no sink, and get 0 or an error of their own. `threads` 0 stands for one
 * per rank. */
int runner_run_mpi(const struct runner *r, struct mpi_ranks ranks, struct runner_progress *final,
		   struct err *e);

/* What a run would do, without running: fills points, total (with a stopping rule: at least),
 * stored. The sink may be NULL. */
int runner_count(const struct runner *r, struct runner_progress *out, struct err *e);

/* Executes and stores one run alone, stored or not (to reproduce it). Returns 0, the run's own code
 * when it failed (also stored as such when there is a sink), or the sink's. *result, when given, is
 * the caller's to free. */
int runner_run_one(const struct runner *r, size_t point, uint32_t repetition,
		   struct run_result *result, struct err *e);

#endif
