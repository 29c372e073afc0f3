/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/policy.h"

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
