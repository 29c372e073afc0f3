/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every task runs on the handset. */
#include "models/policy/policy.h"

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)view;
	(void)st;
	return POLICY_LOCAL;
}

const struct policy_ops policy_local_ops = {
	.choice = {.name = "local", .help = "every task runs on the handset"},
	.choose = choose,
};
