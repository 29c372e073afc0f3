/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Markov-modulated Poisson arrivals: { "mmpp": { "states": [ { "rate": "1 /min", "time": "10 min"
 * }, { "rate": "1 /s", "time": "30 s" } ] } }. The process stays in each state for an exponential
 * time and goes on to the next one, after the last to the first; tasks come at the state's rate.
 * With two states it is the MMPP(2) of the literature (Fischer and Meier-Hellstern, Performance
 * Evaluation 18(2), 1993). A run begins in a state drawn by the shares of time, so that it is
 * stationary. */
#include "models/app/arrival.h"

struct mmpp_state {
	double rate, time_s;
};

struct mmpp {
	struct key_list states;
};

static const struct key state_keys[] = {
	{.name = "rate",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct mmpp_state, rate),
	 .unit = UNIT_RATE,
	 .max = 1e9,
	 .help = "mean number of tasks in this state"},
	{.name = "time",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct mmpp_state, time_s),
	 .unit = UNIT_TIME,
	 .min = 1e-6,
	 .max = 1e9,
	 .help = "mean time in it, exponential"},
	{0},
};
static const struct key_object state_object = {
	.name = "mmpp_state",
	.keys = state_keys,
	.size = sizeof(struct mmpp_state),
	.help = "a state of the modulating chain",
};
static const struct key keys[] = {
	{.name = "states",
	 .type = KEY_ARRAY,
	 .offset = offsetof(struct mmpp, states),
	 .object = &state_object,
	 .min_items = 2,
	 .help = "the states, in the order in which they follow each other"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_mmpp",
	.keys = keys,
	.size = sizeof(struct mmpp),
	.help = "Poisson tasks whose rate changes at random",
};

static double total_time(const struct mmpp *p)
{
	const struct mmpp_state *s = p->states.items;
	double sum = 0;
	for (size_t i = 0; i < p->states.count; i++)
		sum += s[i].time_s;
	return sum;
}

static double rate(const void *parameters)
{
	const struct mmpp *p = parameters;
	const struct mmpp_state *s = p->states.items;
	double tasks = 0;
	for (size_t i = 0; i < p->states.count; i++)
		tasks += s[i].rate * s[i].time_s;
	return tasks / total_time(p);
}

/* What is left of an exponential stay is exponential again. */
static void begin(const struct mmpp *p, struct arrival_state *state, struct stream *st,
		  sim_time now)
{
	const struct mmpp_state *s = p->states.items;
	double u = stream_uniform(st) * total_time(p);
	state->at = 0;
	while (state->at + 1 < p->states.count && u >= s[state->at].time_s)
		u -= s[state->at++].time_s;
	state->until = arrival_after(now, stream_exponential(st, s[state->at].time_s));
}

static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct mmpp *p = parameters;
	const struct mmpp_state *s = p->states.items;
	if (first && !(rate(p) > 0))
		return SIM_NEVER;
	if (first)
		begin(p, state, st, now);
	for (;;) {
		const struct mmpp_state *here = &s[state->at];
		if (here->rate > 0) {
			sim_time at = arrival_after(now, stream_exponential(st, 1 / here->rate));
			if (at <= state->until)
				return at;
		}
		/* Without memory: the wait for a task begins anew in the next state. */
		now = state->until;
		if (now == SIM_NEVER)
			return SIM_NEVER;
		state->at = (state->at + 1) % (uint32_t)p->states.count;
		state->until = arrival_after(now, stream_exponential(st, s[state->at].time_s));
	}
}

const struct arrival_ops arrival_mmpp_ops = {
	.choice = {.name = "mmpp",
		   .help = "Poisson tasks whose rate changes at random",
		   .parameters = &object,
		   .main_key = "states"},
	.next = next,
	.rate = rate,
};
