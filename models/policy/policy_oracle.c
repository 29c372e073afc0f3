/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Knows the state that everything is in at this moment, and what this task needs; not the future.
 * The time at each place is reckoned as if what is there now stayed and nothing else came: the
 * CPU's backlog on the handset; the radio's promotion, one more transfer in the cell's two
 * directions, the links unshared, and at the site what one more task at its least loaded guest
 * would get of the cores. It chooses the least time for its own task. No bound: tasks on their way
 * to a site are in no queue yet, so that several may take the same free core; those who go by load
 * count them, and one who spares others, or foresees, can do better, too. */
#include "models/policy/policy.h"

static double time_at(const struct policy_view *v, int place, const void *ctx)
{
	const struct policy_now *now = v->now;
	(void)ctx;
	if (place == POLICY_LOCAL)
		return now->cpu_s + policy_local_s(v);
	const struct policy_site *s = &v->sites[place];
	double up = (now->up + 1.0) / now->up_bps + s->links_up_s_per_bit;
	double down = (now->down + 1.0) / now->down_bps + s->links_down_s_per_bit;
	double computing = now->site_hz[place] > 0 ? v->cycles / now->site_hz[place] : 1e30;
	return (v->input_bits > 0 ? now->radio_s : 0) + v->input_bits * up + 2 * s->one_way_s +
	       computing + v->output_bits * down;
}

static int choose(const void *parameters, const struct policy_view *view, struct stream *st)
{
	(void)parameters;
	(void)st;
	return policy_least(view, time_at, NULL);
}

const struct policy_ops policy_oracle_ops = {
	.choice = {.name = "oracle",
		   .help = "the least time, reckoned from the true present state of queues and "
			   "radio, which no handset knows: a yardstick for other policies"},
	.sees_state = true,
	.choose = choose,
};
