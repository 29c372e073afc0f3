/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which run is next, and when a point has been repeated often enough. Single-threaded and blind to
 * time: what is kept depends on the results alone, not on the order in which they arrive. Used by
 * runner.c.
 *
 * Runs are handed out repetition by repetition over all points, so that an experiment that is
 * stopped early has a bit of everything. Under a stopping rule a point needs the shortest prefix of
 * its repetitions whose interval is narrow enough; runs past the known prefix may be executed ahead
 * of the verdict so that no thread idles, and are kept only if the prefix grows over them.
 */
#ifndef SIM_EXPERIMENT_SCHEDULE_H
#define SIM_EXPERIMENT_SCHEDULE_H

#include "sim/experiment/pool.h"

struct schedule {
	size_t total;  /* runs of ours that are known to be needed; grows under a stopping rule */
	size_t ended;  /* of those, stored or failed */
	size_t stored; /* of those, there before we began */
	size_t failed; /* of those, failed now */
	/* private from here */
	const struct plan *plan;
	const struct precision *precision;
	const struct run_sink *sink;
	uint32_t repeat, limit; /* repetitions at least, at most */
	unsigned shard, shards;
	uint8_t *state;	  /* [point * limit + repetition] */
	double *value;	  /* the same; the rule's metric */
	uint32_t *needed; /* of each point */
	uint32_t *prefix; /* ended without a gap */
	bool *closed;	  /* needed is final */
	size_t cursor, open_from;
	struct run_task *extra; /* needed runs past `repeat`, a list from extra_head */
	size_t extra_head, extra_count, extra_capacity;
	struct run_outcome *held; /* executed ahead of the verdict */
	size_t held_count, held_capacity;
	int (*keep)(const void *ctx, const struct run_outcome *outcome, struct err *e);
	const void *keep_ctx;
};

/* Asks the sink (NULL: nothing is stored yet) what is there. `keep` is called for each run that
 * counts, once. shard is in 0..shards-1. Returns 0, or a code with *e; then nothing needs closing.
 */
int schedule_open(struct schedule *s, const struct plan *plan, const struct experiment *experiment,
		  const struct run_sink *sink, unsigned shard, unsigned shards,
		  int (*keep)(const void *ctx, const struct run_outcome *outcome, struct err *e),
		  const void *keep_ctx, struct err *e);

/* The next run: 1 and *task, or 0 when there is none now (an outcome may change that). `ahead`
 * allows one that may turn out not to be needed. Negative: the sink failed. */
int schedule_next(struct schedule *s, bool ahead, struct run_task *task, struct err *e);

/* Takes the outcome of a task (and its result). Returns 0, or a code with *e when the experiment
 * cannot go on: the sink failed, or runs do not report the rule's metric. */
int schedule_finish(struct schedule *s, struct run_outcome *outcome, struct err *e);

void schedule_close(struct schedule *s);

#endif
