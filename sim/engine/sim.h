/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One simulated run: a clock in nanoseconds and the list of what happens next. Models schedule
 * callbacks; each runs to completion at its time, in the total order (time, priority, order of
 * scheduling), so that a run is the same on every machine and in every thread. A struct sim has no
 * global state: as many can run side by side as there are threads, but each belongs to one thread.
 *
 * Not here: processes or coroutines (write a state machine), random numbers (stream.h), queues and
 * servers (station.h).
 */
#ifndef SIM_ENGINE_SIM_H
#define SIM_ENGINE_SIM_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since the start of the run; a difference of two is a duration. 292 years fit. */
typedef int64_t sim_time;

/* Later than everything: an event at SIM_NEVER is accepted and does not happen. */
#define SIM_NEVER INT64_MAX

#define SIM_US	1000LL
#define SIM_MS	1000000LL
#define SIM_S	1000000000LL
#define SIM_MIN (60 * SIM_S)
#define SIM_H	(60 * SIM_MIN)

struct sim;

/* What happens: `ctx` and `arg` are what was given to the scheduling call. */
typedef void sim_fn(struct sim *s, void *ctx, uint32_t arg);

/* Names a pending event until it happens or is cancelled; after that it names nothing, and every
 * function below says so instead of touching another event. 0 never names an event. */
typedef uint64_t sim_event;

/* Events at the same time run by rising priority number; most have SIM_PRIORITY_DEFAULT. */
#define SIM_PRIORITY_FIRST   (-128)
#define SIM_PRIORITY_DEFAULT 0
#define SIM_PRIORITY_LAST    127

/* A run at time 0 with nothing pending; NULL with *e filled (which may be NULL) when out of memory.
 */
struct sim *sim_create(struct err *e);
void sim_destroy(struct sim *s); /* NULL is allowed */

/* Public face of struct sim, so that reading the clock costs a load. Use the functions. */
struct sim_face {
	sim_time now;
	uint64_t executed;
};

static inline sim_time sim_now(const struct sim *s)
{
	return ((const struct sim_face *)(const void *)s)->now;
}

/* Callbacks run so far. */
static inline uint64_t sim_executed(const struct sim *s)
{
	return ((const struct sim_face *)(const void *)s)->executed;
}

/* Schedules fn at time t, t >= now (scheduling into the past fails the run, see sim_fail). Never
 * allocates once the run has reached its largest number of pending events; returns 0 only when the
 * run has failed. */
sim_event sim_at(struct sim *s, sim_time t, sim_fn *fn, void *ctx, uint32_t arg);

/* The same after `delay` >= 0; a sum past the end of time is SIM_NEVER. */
sim_event sim_after(struct sim *s, sim_time delay, sim_fn *fn, void *ctx, uint32_t arg);

/* The same with a priority in SIM_PRIORITY_FIRST..SIM_PRIORITY_LAST. */
sim_event sim_at_priority(struct sim *s, sim_time t, int priority, sim_fn *fn, void *ctx,
			  uint32_t arg);

/* Takes a pending event back and clears *event. false when it named none (it happened already, or
 * was cancelled): harmless, and it is cleared as well. */
bool sim_cancel(struct sim *s, sim_event *event);

/* Moves a pending event to t >= now. It keeps its priority and counts as scheduled anew among those
 * of equal time and priority. Updates *event, copies of the old value name nothing. false (and
 * *event cleared) when it named none. */
bool sim_reschedule(struct sim *s, sim_event *event, sim_time t);

/* Whether the event is still to happen. */
bool sim_is_pending(const struct sim *s, sim_event event);

/* How many events are pending, and the time of the first, SIM_NEVER when there is none. */
size_t sim_pending(const struct sim *s);
sim_time sim_next_time(struct sim *s);

/* Runs all events up to and including t_end and leaves the clock there, so that a run can be
 * continued. With t_end SIM_NEVER it runs until nothing is left and leaves the clock at the last
 * event. Returns 0; also after sim_stop, with the clock where it was stopped. After sim_fail the
 * code of the failure, with *e filled (which may be NULL). */
int sim_run_until(struct sim *s, sim_time t_end, struct err *e);

/* Makes sim_run_until return when the running callback does. What is pending stays so. */
void sim_stop(struct sim *s);

/* Ends the run for good: a failure of the world or a broken model, `code` from err.h. The first one
 * counts and its text gets the simulated time. Scheduling afterwards does nothing. */
void sim_fail(struct sim *s, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What a model relies on and no input can make false: a condition that does not hold is a bug, and
 * ends this run and no other. It fails the run with the condition and its place, and goes back to
 * the innermost sim_run_until or sim_protect of this run. Nothing in between is continued, so a
 * callback that asserts must hold no lock, and no memory but the run's own (its arena, or what its
 * owner frees after a failure too). Outside of both, and only there, it aborts the process. */
#define sim_assert(s, condition)                                                                   \
	((condition) ? (void)0 : sim_assertion_failed((s), #condition, __FILE__, __LINE__))

_Noreturn void sim_assertion_failed(struct sim *s, const char *condition, const char *file,
				    int line);

/* Calls body(ctx, e), so that sim_assert may be used in what comes before and after
 * sim_run_until, too. Returns what the body does, or ERR_INTERNAL with *e filled after an assertion
 * that did not hold. */
int sim_protect(struct sim *s, int (*body)(void *ctx, struct err *e), void *ctx, struct err *e);

/* Seconds to the nearest nanosecond and back. Past the range of sim_time it saturates, so that
 * infinity is SIM_NEVER; NaN is SIM_NEVER too. */
static inline sim_time sim_from_seconds(double seconds)
{
	double ns = seconds * 1e9;
	if (!(ns < 0x1p63))
		return SIM_NEVER;
	if (ns < -0x1p63)
		return INT64_MIN;
	sim_time whole = (sim_time)ns;
	double rest = ns - (double)whole;
	return whole + (rest >= 0.5) - (rest <= -0.5);
}

static inline double sim_to_seconds(sim_time t)
{
	return (double)t / 1e9;
}

/* a + b without overflow, saturating at SIM_NEVER and INT64_MIN. */
static inline sim_time sim_time_add(sim_time a, sim_time b)
{
	sim_time sum;
	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? SIM_NEVER : INT64_MIN;
	return sum;
}

#endif
