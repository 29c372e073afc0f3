/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrivals that come and go: while the user is active tasks come at a rate, or one in each period;
 * between that none. Active and idle times are distributions; { "on-off": { "on": "45 s", "off":
 * "15 s", "rate": "12 /min" } } is EdgeCloudSim's shape. A run begins on or off by the shares of
 * their mean times, at a place in it that is uniform (which is stationary for constant times). */
#include "models/app/arrival.h"
#include "models/dist.h"

#include <stdio.h>

struct on_off {
	const cJSON *on_json, *off_json;
	double rate;
	struct dist on, off; /* seconds */
};

#define TIME(word, field, text)                                                                    \
	{                                                                                          \
		.name = word, .type = KEY_ANY, .offset = offsetof(struct on_off, field),           \
		.variants = dist_times, .unit = UNIT_TIME, .help = text                            \
	}
static const struct key keys[] = {
	TIME("on", on_json, "how long the user is active: a time or a distribution"),
	TIME("off", off_json, "how long not: a time or a distribution"),
	{.name = "rate",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct on_off, rate),
	 .unit = UNIT_RATE,
	 .max = 1e9,
	 .help = "mean number of tasks while active"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_on_off",
	.keys = keys,
	.size = sizeof(struct on_off),
	.help = "Poisson tasks while the user is active, none between",
};

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct on_off *p = parameters;
	char at[700];
	json_pointer_join(at, sizeof(at), pointer, "on");
	int on = dist_read(&p->on, UNIT_TIME, 1e9, doc, at, arena, diags);
	json_pointer_join(at, sizeof(at), pointer, "off");
	int off = dist_read(&p->off, UNIT_TIME, 1e9, doc, at, arena, diags);
	if (on == 0 && p->on.mean < 1e-6) {
		json_pointer_join(at, sizeof(at), pointer, "on");
		json_doc_error(doc, diags, at, "must be at least 1 us");
		on = ERR_INVALID;
	}
	return on ? on : off;
}

static double rate(const void *parameters)
{
	const struct on_off *p = parameters;
	return p->rate * p->on.mean / (p->on.mean + p->off.mean);
}

/* Even `at`: off; odd: on. Moves to the next of the two. */
static void turn(const struct on_off *p, struct arrival_state *state, struct stream *st,
		 sim_time from, double share)
{
	state->at ^= 1;
	double s = share * dist_draw(state->at ? &p->on : &p->off, st);
	state->until = arrival_after(from, s);
}

static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct on_off *p = parameters;
	if (p->rate <= 0)
		return SIM_NEVER;
	if (first) {
		double on = p->on.mean / (p->on.mean + p->off.mean);
		state->at = stream_uniform(st) < on ? 0 : 1;
		turn(p, state, st, now, stream_uniform(st));
	}
	while (state->until < SIM_NEVER) {
		if (state->at) {
			sim_time at = arrival_after(now, stream_exponential(st, 1 / p->rate));
			if (at <= state->until)
				return at;
		}
		now = state->until;
		turn(p, state, st, now, 1);
	}
	return SIM_NEVER;
}

const struct arrival_ops arrival_on_off_ops = {
	.choice = {.name = "on-off",
		   .help = "Poisson tasks while the user is active, none between",
		   .parameters = &object,
		   .finish = finish},
	.next = next,
	.rate = rate,
};
