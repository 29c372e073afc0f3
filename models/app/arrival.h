/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrival processes: when the next task of an app starts on one handset. One file arrival_NAME.c
 * each.
 */
#ifndef MODELS_ARRIVAL_H
#define MODELS_ARRIVAL_H

#include "models/app/app.h"
#include "models/choice.h"
#include "models/rows.h"
#include "sim/engine/sim.h"
#include "sim/engine/stream.h"

/* What a process remembers of one app on one handset; zero at the start of a run, but for the
 * handset's number in its class. */
struct arrival_state {
	sim_time until; /* what it stands for is the process's own matter */
	uint32_t at, number;
};

/* Whose tasks come. */
struct arrival_user {
	const char *app;
	uint32_t handsets; /* of the class */
};

/* What a process says of tasks, in place of what their app draws. */
enum arrival_gives { ARRIVAL_GIVES_BYTES = 1, ARRIVAL_GIVES_CYCLES = 2 };

struct arrival_ops {
	struct key_variant choice;
	/* The next task starts so long after one has ended; `users` of them begin the run. */
	bool closed;
	uint32_t (*users)(const void *parameters); /* closed only */
	/* The time of the next task after `now`, > now or SIM_NEVER; drawn from st only. `first`:
	 * it is the first of the run (of this user). */
	sim_time (*next)(const void *parameters, struct arrival_state *state, struct stream *st,
			 sim_time now, bool first);
	/* Tasks per second in the long run; of a closed process at most. */
	double (*rate)(const void *parameters);
	/* The rest of choice_read, once it is known whose tasks they are; *gives (0 before) is what
	 * they are given of enum arrival_gives. Returns 0, ERR_INVALID with diags, or ERR_NOMEM.
	 * NULL: nothing. */
	int (*fit)(const void *parameters, const struct arrival_user *user,
		   const struct json_doc *doc, const char *pointer, struct arena *arena,
		   struct diag_list *diags, unsigned *gives);
	/* Gives it to the task that starts now. NULL: nothing. */
	void (*task)(const void *parameters, const struct arrival_state *state,
		     struct app_task *task);
	const struct rows_file *file; /* that it follows, by its parameter "file"; or NULL */
};

extern const struct arrival_ops *const arrival_models[]; /* ended by NULL */

/* now + seconds, at least a nanosecond later. */
static inline sim_time arrival_after(sim_time now, double seconds)
{
	sim_time gap = sim_from_seconds(seconds);
	return sim_time_add(now, gap > 0 ? gap : 1);
}

#endif
