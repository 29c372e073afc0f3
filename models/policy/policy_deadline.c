/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Of the places where a task is expected to meet its app's deadline the one that takes the handset
 * least energy; where none is, the fastest. Without a deadline the least energy. Expectations are
 * nominal (policy.h); `margin` leaves room for what they do not know. */
#include "models/policy/policy.h"

struct deadline {
	double margin;
};

static const struct key keys[] = {
	{.name = "margin",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct deadline, margin),
	 .unit = UNIT_RATIO,
	 .min = 0,
	 .max = 0.99,
	 .def = "0",
	 .help = "share of the deadline that is kept free"},
	{0},
};
static const struct key_object object = {
	.name = "policy_deadline",
	.keys = keys,
	.size = sizeof(struct deadline),
	.help = "the least energy that meets the deadline",
};

static double cost(const struct policy_view *v, int place, const void *ctx)
{
	const struct deadline *p = ctx;
	double s = policy_expected_s(v, place);
	if (v->deadline_s > 0 && s > v->deadline_s * (1 - p->margin))
		return 1e30 * s; /* after all that meet it, by time */
	return policy_expected_j(v, place);
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)st;
	return policy_least(view, cost, parameters);
}

const struct policy_ops policy_deadline_ops = {
	.choice = {.name = "deadline",
		   .help = "the least energy that meets the app's deadline, else the fastest",
		   .parameters = &object,
		   .main_key = "margin"},
	.weighs_energy = true,
	.choose = choose,
};
