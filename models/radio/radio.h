/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Radios: what a handset's radio makes a transfer wait for and what it burns. Whatever a radio is
 * in its file (radio_NAME.c reads it), it becomes one struct of numbers, so that a run asks no
 * function pointers and needs no timers: the state of a radio follows from how long ago it was last
 * used, and the energy of a tail from when it was cut short.
 *
 * Transfers draw power that is linear in throughput (Huang et al., MobiSys 2012): a base for as
 * long as one is going on, and energy for every bit, which is the same at any speed.
 */
#ifndef MODELS_RADIO_H
#define MODELS_RADIO_H

#include "models/choice.h"
#include "sim/engine/sim.h"

enum { RADIO_TAIL_PHASES = 4 };

/* Up to which rates the line of power was measured, as the radio's file says: beyond them it is
 * drawn on, and nobody has looked. */
struct radio_measured {
	double up_bps, down_bps;
	const char *source;
};

/* The key "measured" of models whose power is such a line; `field` is a pointer, NULL where the
 * file does not say. */
extern const struct key_object radio_measured_object;
#define RADIO_MEASURED(of, field)                                                                  \
	{                                                                                          \
		.name = "measured", .type = KEY_OPTIONAL_OBJECT, .offset = offsetof(of, field),    \
		.object = &radio_measured_object, .optional = true,                                \
		.help = "up to which rates: beyond them energies are a guess, of which `check` "   \
			"warns"                                                                    \
	}

/* Zero: a radio that costs nothing. */
struct radio {
	const char *name, *description;
	sim_time promotion_ns; /* from idle to ready */
	double promotion_w;
	double base_w;			     /* while a transfer is going on */
	double up_more_w;		     /* beside that while one of them goes up */
	double up_j_per_bit, down_j_per_bit; /* W per bit/s is J per bit */
	struct radio_tail {
		sim_time ns; /* how long */
		double w;    /* mean power in it */
	} tail[RADIO_TAIL_PHASES];
	unsigned tails;
	sim_time tail_ns;		       /* their sum */
	double tail_j;			       /* of a whole tail */
	const struct radio_measured *measured; /* or NULL: not known */
};

struct radio_ops {
	struct key_variant choice;
	/* Fills the numbers of *radio from the parameters. */
	void (*fill)(const void *parameters, struct radio *radio);
};

extern const struct radio_ops *const radio_models[]; /* ended by NULL */

/* Energy above idle in J that the tail has burnt `gap` after the end of the last transfer. */
double radio_tail_j(const struct radio *r, sim_time gap);

/* How long a transfer that starts `gap` after the end of the last one waits for the radio. */
static inline sim_time radio_promotion(const struct radio *r, sim_time gap)
{
	return gap > r->tail_ns ? r->promotion_ns : 0;
}

/* Power in W of a transfer at `rate` bit/s. */
double radio_up_w(const struct radio *r, double rate);
double radio_down_w(const struct radio *r, double rate);

/* Energy in J of one upload of `bits` at `rate` bit/s that finds the radio idle and is followed by
 * nothing: promotion, transfer and the whole tail. */
double radio_single_upload_j(const struct radio *r, double bits, double rate);

#endif
