/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A radio with states: idle, promotion, transfer, and a tail of up to four phases, each perhaps
 * with discontinuous reception (Huang et al., MobiSys 2012, Tables 3 and 4; the same shape fits the
 * RRC states of 3G and the power-save mode of WiFi). In a tail with DRX the radio listens for `on`
 * in every `period` at a higher power; what is charged is the mean of the two. */
#include "models/radio/radio.h"

struct drx {
	double w, on_s, period_s;
};

struct phase {
	double w, s;
	struct drx *drx;
};

struct promotion {
	double w, s;
};

struct transfer {
	double up, down, base_w, up_base_w;
	struct radio_measured *measured;
};

struct rrc {
	struct promotion promotion;
	struct transfer transfer;
	struct key_list tail; /* of struct phase */
};

#define QUANTITY(word, of, field, dimension, most, text)                                           \
	{                                                                                          \
		.name = word, .type = KEY_QUANTITY, .offset = offsetof(of, field),                 \
		.unit = dimension, .min = 0, .max = most, .help = text                             \
	}

static const struct key drx_keys[] = {
	QUANTITY("power", struct drx, w, UNIT_POWER, 1e3, "while listening"),
	QUANTITY("on", struct drx, on_s, UNIT_TIME, 3600, "how long it listens"),
	QUANTITY("period", struct drx, period_s, UNIT_TIME, 3600, "in every so long"),
	{0},
};

static void check_drx(void *object, const struct json_doc *doc, const char *pointer,
		      struct diag_list *diags)
{
	const struct drx *d = object;
	if (!(d->period_s > 0) || d->on_s > d->period_s)
		json_doc_error(doc, diags, pointer, "\"on\" must not be longer than \"period\"");
}

static const struct key_object drx_object = {.name = "radio_drx",
					     .keys = drx_keys,
					     .size = sizeof(struct drx),
					     .help = "discontinuous reception in a tail",
					     .check = check_drx};

static const struct key phase_keys[] = {
	QUANTITY("power", struct phase, w, UNIT_POWER, 1e3, "above idle, while not listening"),
	QUANTITY("time", struct phase, s, UNIT_TIME, 86400, "how long"),
	{.name = "drx",
	 .type = KEY_OPTIONAL_OBJECT,
	 .offset = offsetof(struct phase, drx),
	 .object = &drx_object,
	 .optional = true,
	 .help = "discontinuous reception"},
	{0},
};
static const struct key_object phase_object = {.name = "radio_tail_phase",
					       .keys = phase_keys,
					       .size = sizeof(struct phase),
					       .help = "a part of the tail"};

static const struct key promotion_keys[] = {
	QUANTITY("power", struct promotion, w, UNIT_POWER, 1e3, "above idle"),
	QUANTITY("time", struct promotion, s, UNIT_TIME, 3600, "from idle to ready"),
	{0},
};
static const struct key_object promotion_object = {.name = "radio_promotion",
						   .keys = promotion_keys,
						   .size = sizeof(struct promotion),
						   .help = "waking the radio"};

static const struct key transfer_keys[] = {
	QUANTITY("up", struct transfer, up, UNIT_POWER_PER_BITRATE, 1e-3, "slope of sending"),
	QUANTITY("down", struct transfer, down, UNIT_POWER_PER_BITRATE, 1e-3, "slope of receiving"),
	QUANTITY("base", struct transfer, base_w, UNIT_POWER, 1e3, "above idle, at any rate"),
	{.name = "up_base",
	 .type = KEY_QUANTITY,
	 .offset = offsetof(struct transfer, up_base_w),
	 .unit = UNIT_POWER,
	 .max = 1e3,
	 .optional = true,
	 .help = "the same while sending, where that differs; at least \"base\""},
	RADIO_MEASURED(struct transfer, measured),
	{0},
};
static const struct key_object transfer_object = {.name = "radio_transfer",
						  .keys = transfer_keys,
						  .size = sizeof(struct transfer),
						  .help = "power that is linear in throughput"};

static const struct key keys[] = {
	{.name = "promotion",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct rrc, promotion),
	 .object = &promotion_object,
	 .help = "waking the radio"},
	{.name = "transfer",
	 .type = KEY_OBJECT,
	 .offset = offsetof(struct rrc, transfer),
	 .object = &transfer_object,
	 .help = "moving bytes"},
	{.name = "tail",
	 .type = KEY_ARRAY,
	 .offset = offsetof(struct rrc, tail),
	 .object = &phase_object,
	 .optional = true,
	 .help = "what it burns after the last byte, phase by phase, before it is idle again"},
	{0},
};

static void check(void *object, const struct json_doc *doc, const char *pointer,
		  struct diag_list *diags)
{
	const struct rrc *p = object;
	char at[600];
	if (p->tail.count > RADIO_TAIL_PHASES)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "tail"),
			       "must have at most %d phases (got %zu)", RADIO_TAIL_PHASES,
			       p->tail.count);
}

static const struct key_object object = {
	.name = "radio_rrc",
	.keys = keys,
	.size = sizeof(struct rrc),
	.help = "a radio with idle, promotion, transfer and tail states",
	.check = check,
};

static void fill(const void *parameters, struct radio *r)
{
	const struct rrc *p = parameters;
	const struct phase *phases = p->tail.items;
	r->promotion_ns = sim_from_seconds(p->promotion.s);
	r->promotion_w = p->promotion.w;
	r->base_w = p->transfer.base_w;
	if (p->transfer.up_base_w > r->base_w)
		r->up_more_w = p->transfer.up_base_w - r->base_w;
	r->up_j_per_bit = p->transfer.up;
	r->down_j_per_bit = p->transfer.down;
	r->measured = p->transfer.measured;
	r->tails = 0;
	r->tail_ns = 0;
	for (size_t i = 0; i < p->tail.count && i < RADIO_TAIL_PHASES; i++) {
		const struct drx *d = phases[i].drx;
		double w = phases[i].w;
		if (d)
			w += (d->w - w) * d->on_s / d->period_s;
		r->tail[r->tails++] = (struct radio_tail){sim_from_seconds(phases[i].s), w};
		r->tail_ns += sim_from_seconds(phases[i].s);
		r->tail_j += w * phases[i].s;
	}
}

const struct radio_ops radio_rrc_ops = {
	.choice = {.name = "rrc",
		   .help = "a radio with idle, promotion, transfer and tail states",
		   .parameters = &object},
	.fill = fill,
};
