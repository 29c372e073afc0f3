/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every task runs at the site, of several at the nearest. */
#include "models/policy/policy.h"

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)view;
	(void)st;
	return 0;
}

const struct policy_ops policy_remote_ops = {
	.choice = {.name = "remote",
		   .help = "every task runs at the site, of several at the nearest"},
	.choose = choose,
};
