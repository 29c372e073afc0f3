/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/radio/radio.h"

static const struct key measured_keys[] = {
	{.name = "up",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct radio_measured, up_bps),
	 .unit = UNIT_BITRATE,
	 .min = 1,
	 .max = 1e15,
	 .help = "the highest rate of sending"},
	{.name = "down",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct radio_measured, down_bps),
	 .unit = UNIT_BITRATE,
	 .min = 1,
	 .max = 1e15,
	 .help = "the highest rate of receiving"},
	{.name = "source",
	 .type = KEY_STRING,
	 .offset = offsetof(struct radio_measured, source),
	 .help = "where that is said"},
	{0},
};
const struct key_object radio_measured_object = {
	.name = "radio_measured",
	.keys = measured_keys,
	.size = sizeof(struct radio_measured),
	.help = "the rates up to which a line of power was measured",
};

double radio_tail_j(const struct radio *r, sim_time gap)
{
	double j = 0;
	for (unsigned i = 0; i < r->tails && gap > 0; i++) {
		sim_time in_phase = gap < r->tail[i].ns ? gap : r->tail[i].ns;
		j += r->tail[i].w * sim_to_seconds(in_phase);
		gap -= in_phase;
	}
	return j;
}

double radio_up_w(const struct radio *r, double rate)
{
	return r->base_w + r->up_more_w + r->up_j_per_bit * rate;
}

double radio_down_w(const struct radio *r, double rate)
{
	return r->base_w + r->down_j_per_bit * rate;
}

double radio_single_upload_j(const struct radio *r, double bits, double rate)
{
	double transfer_s = rate > 0 ? bits / rate : 0;
	return r->promotion_w * sim_to_seconds(r->promotion_ns) +
	       (r->base_w + r->up_more_w) * transfer_s + r->up_j_per_bit * bits +
	       radio_tail_j(r, r->tail_ns);
}
