/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/policy.h"

double policy_local_j(const struct policy_view *v)
{
	return v->compute_w * v->cycles / v->handset_hz;
}

double policy_remote_j(const struct policy_view *v)
{
	double transfer_j = 0;
	if (v->input_bits > 0)
		transfer_j += radio_up_w(v->radio, v->up_bps) * v->input_bits / v->up_bps;
	if (v->output_bits > 0)
		transfer_j += radio_down_w(v->radio, v->down_bps) * v->output_bits / v->down_bps;
	return v->idle_w * v->cycles / v->site_hz + transfer_j;
}
