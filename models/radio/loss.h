/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packets that a cell loses. One file loss_NAME.c each, which says at what layer they are sent
 * again. Each packet of a transfer (of APP_PACKET_BYTES) is lost with the same probability, each
 * time that it is sent, until it has come through: so the packets that are sent again are negative
 * binomial. They take their part of the cell, and the radio's energy, as all others do.
 */
#ifndef MODELS_LOSS_H
#define MODELS_LOSS_H

#include "models/dist.h"

#define LOSS_MAX 0.9 /* what is drawn is cut off there */

struct loss_ops {
	struct key_variant choice;
	/* The probability for one transfer, in 0..LOSS_MAX. NULL: nothing is lost. */
	double (*draw)(const void *parameters, struct stream *st);
	/* The most that a transfer gets, in bit/s, with that probability > 0 and a round trip in s
	 * > 0. NULL: no more than its share of the cell bounds it. */
	double (*bound_bps)(const void *parameters, double probability, double rtt_s);
};

extern const struct loss_ops *const loss_models[]; /* ended by NULL */

/* How many more bits go over the air than the `bits` of a transfer: what is sent again. */
double loss_again_bits(double bits, double probability, struct stream *st);

/* ---- The parameter that all have */

struct loss_probability {
	const cJSON *json;
	struct dist dist;
};

#define LOSS_PROBABILITY(of, field)                                                                \
	{                                                                                          \
		.name = "probability", .type = KEY_ANY,                                            \
		.offset = offsetof(of, field) + offsetof(struct loss_probability, json),           \
		.variants = dist_counts, .unit = UNIT_RATIO,                                       \
		.help = "that a packet is lost, 0 to 0.9: a number, or a distribution of which "   \
			"each transfer draws"                                                      \
	}

/* Reads it, for an object at `pointer`. Returns as dist_read. */
int loss_read(struct loss_probability *p, const struct json_doc *doc, const char *pointer,
	      struct arena *arena, struct diag_list *diags);
double loss_draw(const struct loss_probability *p, struct stream *st);

#endif
