/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/policy/policy.h"

double policy_local_j(const struct policy_view *v)
{
	return v->compute_w * v->cycles / v->handset_hz;
}

double policy_remote_j(const struct policy_view *v, int site)
{
	const struct policy_site *s = &v->sites[site];
	double transfer_j = 0;
	if (v->input_bits > 0)
		transfer_j += radio_up_w(v->radio, s->up_bps) * v->input_bits / s->up_bps;
	if (v->output_bits > 0)
		transfer_j += radio_down_w(v->radio, s->down_bps) * v->output_bits / s->down_bps;
	return v->idle_w * v->cycles / s->hz + transfer_j;
}

double policy_local_s(const struct policy_view *v)
{
	return v->cycles / v->handset_hz;
}

double policy_remote_s(const struct policy_view *v, int site)
{
	const struct policy_site *s = &v->sites[site];
	return v->input_bits * (1 / s->up_bps + s->links_up_s_per_bit) + 2 * s->one_way_s +
	       v->cycles / s->hz + v->output_bits * (1 / s->down_bps + s->links_down_s_per_bit);
}

int policy_least(const struct policy_view *v,
		 double (*cost)(const struct policy_view *v, int place, const void *ctx),
		 const void *ctx)
{
	int best = POLICY_LOCAL;
	double least = cost(v, POLICY_LOCAL, ctx);
	for (int i = 0; i < v->site_count; i++) {
		double c = cost(v, i, ctx);
		if (c < least) {
			least = c;
			best = i;
		}
	}
	return best;
}
