/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each site that the cell reaches gets a fixed share of the tasks: { "weighted": [0.7, 0.2] }; what
 * is left runs on the handset. */
#include "models/policy/policy.h"

struct weighted {
	struct key_list shares; /* double */
};

static const struct key keys[] = {
	{.name = "shares",
	 .type = KEY_NUMBERS,
	 .offset = offsetof(struct weighted, shares),
	 .min = 0,
	 .max = 1,
	 .min_items = 1,
	 .help = "of the sites that the cell reaches, in their order; the rest of 1 is local"},
	{0},
};

static void check(void *object, const struct json_doc *doc, const char *pointer,
		  struct diag_list *diags)
{
	const struct weighted *w = object;
	const double *shares = w->shares.items;
	double sum = 0;
	for (size_t i = 0; i < w->shares.count; i++)
		sum += shares[i];
	if (sum > 1 + 1e-9)
		json_doc_error(doc, diags, pointer, "\"shares\" must not add up to more than 1");
}

static const struct key_object object = {
	.name = "policy_weighted",
	.keys = keys,
	.size = sizeof(struct weighted),
	.help = "fixed shares of the tasks for each site",
	.check = check,
};

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	const struct weighted *w = parameters;
	const double *shares = w->shares.items;
	double u = stream_uniform(st);
	int count =
		(int)w->shares.count < view->site_count ? (int)w->shares.count : view->site_count;
	for (int i = 0; i < count; i++) {
		if (u < shares[i])
			return i;
		u -= shares[i];
	}
	return POLICY_LOCAL;
}

const struct policy_ops policy_weighted_ops = {
	.choice = {.name = "weighted",
		   .help = "fixed shares of the tasks for each site that the cell reaches",
		   .parameters = &object,
		   .main_key = "shares"},
	.random = true,
	.choose = choose,
};
