/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/schedule.h"

#include "sim/engine/stats.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum run_state { RUN_UNKNOWN, RUN_ELSEWHERE, RUN_TODO, RUN_GIVEN, RUN_HELD, RUN_ENDED };

/* Shards agree on who runs what by names alone. A stopping rule needs all repetitions of a point in
 * one place, so under it whole points are dealt out. */
static bool is_ours(const struct schedule *s, size_t point, uint32_t repetition)
{
	char name[64];
	if (s->shards <= 1)
		return true;
	int n = snprintf(name, sizeof(name), "%s/%u", s->plan->points[point].id,
			 s->precision ? 0 : repetition);
	return XXH3_64bits(name, (size_t)n) % s->shards == s->shard;
}

/* Finds out about a run that nobody has looked at. */
static int look_up(struct schedule *s, size_t point, uint32_t repetition, struct err *e)
{
	size_t at = point * s->limit + repetition;
	const char *id = s->plan->points[point].id;
	bool has = false;
	if (s->state[at] != RUN_UNKNOWN)
		return 0;
	if (!is_ours(s, point, repetition)) {
		s->state[at] = RUN_ELSEWHERE;
		return 0;
	}
	int rc = s->sink ? s->sink->has_run(s->sink->ctx, id, repetition, &has, e) : 0;
	if (rc == 0 && has && s->precision)
		rc = s->sink->get_value(s->sink->ctx, id, repetition, s->precision->metric,
					s->precision->subject, &s->value[at], e);
	if (rc != 0)
		return rc;
	s->state[at] = has ? RUN_ENDED : RUN_TODO;
	return 0;
}

static int add_extra(struct schedule *s, size_t point, uint32_t repetition, struct err *e)
{
	if (s->extra_count == s->extra_capacity) {
		size_t capacity = s->extra_capacity ? 2 * s->extra_capacity : 64;
		struct run_task *extra = realloc(s->extra, capacity * sizeof(*extra));
		if (!extra)
			return err_set(e, ERR_NOMEM, "no memory for the list of runs");
		s->extra = extra;
		s->extra_capacity = capacity;
	}
	s->extra[s->extra_count++] = (struct run_task){point, repetition};
	return 0;
}

/* Whether the first `needed` repetitions, which have ended, are enough. Failed runs and undefined
 * values do not count; a point without any value never gets better. */
static bool is_enough(const struct schedule *s, size_t point)
{
	struct tally t = {0};
	for (uint32_t r = 0; r < s->needed[point]; r++) {
		double x = s->value[point * s->limit + r];
		if (isfinite(x))
			tally_add(&t, x);
	}
	if (t.n == 0)
		return true;
	struct interval i = interval_of_tally(&t, s->precision->confidence);
	return i.half_width <= s->precision->relative * fabs(i.mean);
}

static int keep_held(struct schedule *s, size_t point, uint32_t repetition, struct err *e)
{
	for (size_t i = 0; i < s->held_count; i++) {
		struct run_outcome *o = &s->held[i];
		if (o->task.point != point || o->task.repetition != repetition)
			continue;
		int rc = s->keep(s->keep_ctx, o, e);
		s->failed += o->code != 0;
		run_result_free(&o->result);
		*o = s->held[--s->held_count];
		return rc;
	}
	assert(0 && "a run is held that is not there");
	return 0;
}

static void drop_held(struct schedule *s, size_t point)
{
	for (size_t i = 0; i < s->held_count;) {
		if (s->held[i].task.point == point) {
			run_result_free(&s->held[i].result);
			s->held[i] = s->held[--s->held_count];
		} else {
			i++;
		}
	}
}

/* Lets the point's known need grow until it is met or waits for a run. */
static int advance(struct schedule *s, size_t point, struct err *e)
{
	const uint8_t *state = s->state + point * s->limit;
	uint32_t *prefix = &s->prefix[point], *needed = &s->needed[point];
	int rc = 0;
	while (rc == 0 && !s->closed[point]) {
		while (*prefix < *needed && state[*prefix] == RUN_ENDED)
			++*prefix;
		if (*prefix < *needed)
			return 0;
		if (!s->precision || *needed == s->limit || is_enough(s, point)) {
			s->closed[point] = true;
			drop_held(s, point);
			return 0;
		}
		uint32_t next = (*needed)++;
		s->total++;
		rc = look_up(s, point, next, e);
		if (rc != 0)
			return rc;
		if (state[next] == RUN_TODO)
			rc = add_extra(s, point, next, e);
		s->stored += state[next] == RUN_ENDED;
		if (state[next] == RUN_HELD) {
			rc = keep_held(s, point, next, e);
			s->state[point * s->limit + next] = RUN_ENDED;
		}
		s->ended += state[next] == RUN_ENDED;
	}
	return rc;
}

int schedule_open(struct schedule *s, const struct plan *plan, const struct experiment *experiment,
		  const struct run_sink *sink, unsigned shard, unsigned shards,
		  int (*keep)(const void *ctx, const struct run_outcome *outcome, struct err *e),
		  const void *keep_ctx, struct err *e)
{
	*s = (struct schedule){.plan = plan,
			       .precision = experiment->precision,
			       .sink = sink,
			       .shard = shard,
			       .shards = shards,
			       .keep = keep,
			       .keep_ctx = keep_ctx};
	s->repeat = (uint32_t)experiment->repeat;
	s->limit = s->precision ? (uint32_t)s->precision->max_repeat : s->repeat;
	if (s->repeat > s->limit)
		s->repeat = s->limit;
	size_t cells;
	if (__builtin_mul_overflow(plan->count, (size_t)s->limit, &cells) || cells > 1U << 30)
		return err_set(e, ERR_LIMIT, "%zu points times %u repetitions are too many",
			       plan->count, s->limit);
	s->state = calloc(cells, sizeof(*s->state));
	s->value = s->precision ? malloc(cells * sizeof(*s->value)) : NULL;
	s->needed = calloc(plan->count, sizeof(*s->needed));
	s->prefix = calloc(plan->count, sizeof(*s->prefix));
	s->closed = calloc(plan->count, sizeof(*s->closed));
	int rc = 0;
	if (!s->state || (s->precision && !s->value) || !s->needed || !s->prefix || !s->closed)
		rc = err_set(e, ERR_NOMEM, "no memory for the list of runs");
	for (size_t i = 0; rc == 0 && s->precision && i < cells; i++)
		s->value[i] = NAN;
	for (size_t p = 0; rc == 0 && p < plan->count; p++) {
		for (uint32_t r = 0; rc == 0 && r < s->repeat; r++) {
			rc = look_up(s, p, r, e);
			uint8_t state = s->state[p * s->limit + r];
			s->total += state != RUN_ELSEWHERE;
			s->stored += state == RUN_ENDED;
		}
		s->ended = s->stored;
		s->needed[p] = s->repeat;
		s->closed[p] = s->precision && !is_ours(s, p, 0);
		if (rc == 0)
			rc = advance(s, p, e);
	}
	if (rc != 0)
		schedule_close(s);
	return rc;
}

/* The run nearest to a verdict among those that may not be needed. */
static int next_ahead(struct schedule *s, struct run_task *task, struct err *e)
{
	enum { FAR = 64 };
	while (s->open_from < s->plan->count && s->closed[s->open_from])
		s->open_from++;
	for (uint32_t distance = 0; s->open_from < s->plan->count && distance < FAR; distance++) {
		for (size_t p = s->open_from; p < s->plan->count; p++) {
			uint32_t r = s->needed[p] + distance;
			if (s->closed[p] || r >= s->limit)
				continue;
			int rc = look_up(s, p, r, e);
			if (rc != 0)
				return rc;
			if (s->state[p * s->limit + r] == RUN_TODO) {
				*task = (struct run_task){p, r};
				return 1;
			}
		}
	}
	return 0;
}

int schedule_next(struct schedule *s, bool ahead, struct run_task *task, struct err *e)
{
	size_t base = s->plan->count * s->repeat;
	int found = 0;
	for (; !found && s->cursor < base; s->cursor++) {
		*task = (struct run_task){s->cursor % s->plan->count,
					  (uint32_t)(s->cursor / s->plan->count)};
		found = s->state[task->point * s->limit + task->repetition] == RUN_TODO;
	}
	for (; !found && s->extra_head < s->extra_count; s->extra_head++) {
		*task = s->extra[s->extra_head];
		found = s->state[task->point * s->limit + task->repetition] == RUN_TODO;
	}
	if (!found && ahead && s->precision)
		found = next_ahead(s, task, e);
	if (found == 1)
		s->state[task->point * s->limit + task->repetition] = RUN_GIVEN;
	return found;
}

static int hold(struct schedule *s, struct run_outcome *outcome, struct err *e)
{
	if (s->held_count == s->held_capacity) {
		size_t capacity = s->held_capacity ? 2 * s->held_capacity : 16;
		struct run_outcome *held = realloc(s->held, capacity * sizeof(*held));
		if (!held) {
			run_result_free(&outcome->result);
			return err_set(e, ERR_NOMEM, "no memory for results");
		}
		s->held = held;
		s->held_capacity = capacity;
	}
	s->held[s->held_count++] = *outcome;
	return 0;
}

/* Notes the rule's metric; an error when a run does not report it at all. */
static int note_value(struct schedule *s, const struct run_outcome *outcome, double *value,
		      struct err *e)
{
	if (!s->precision || outcome->code != 0)
		return 0;
	const struct precision *p = s->precision;
	const struct result_value *v = run_result_find(&outcome->result, p->metric, p->subject);
	if (!v)
		return err_set(e, ERR_INVALID, "precision: no run reports the metric \"%s\"%s%s",
			       p->metric, *p->subject ? " of " : "", p->subject);
	*value = v->value;
	return 0;
}

int schedule_finish(struct schedule *s, struct run_outcome *outcome, struct err *e)
{
	size_t point = outcome->task.point;
	uint32_t repetition = outcome->task.repetition;
	size_t at = point * s->limit + repetition;
	assert(s->state[at] == RUN_GIVEN);
	int rc = note_value(s, outcome, s->value ? &s->value[at] : NULL, e);
	if (rc != 0 || s->closed[point]) {
		run_result_free(&outcome->result); /* closed: executed ahead, and not needed */
		s->state[at] = RUN_HELD;
		return rc;
	}
	if (repetition >= s->needed[point]) {
		s->state[at] = RUN_HELD;
		return hold(s, outcome, e);
	}
	rc = s->keep(s->keep_ctx, outcome, e);
	s->state[at] = RUN_ENDED;
	s->ended++;
	s->failed += outcome->code != 0;
	run_result_free(&outcome->result);
	return rc ? rc : advance(s, point, e);
}

void schedule_close(struct schedule *s)
{
	for (size_t i = 0; i < s->held_count; i++)
		run_result_free(&s->held[i].result);
	free(s->held);
	free(s->extra);
	free(s->state);
	free(s->value);
	free(s->needed);
	free(s->prefix);
	free(s->closed);
	*s = (struct schedule){0};
}
