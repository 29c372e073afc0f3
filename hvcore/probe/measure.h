/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The measuring method: how a piece of work that can be repeated becomes a cost per operation with
 * its spread, or a reason why there is none. Called by `hvcore probe` for every row of the probe
 * tables and by tests; knows nothing of guests and backends.
 *
 * The method: the number of operations in a batch doubles until the batch is long enough that the
 * clock's own cost (measured) stays below 0.1 %. Batches of the work and of the identical loop
 * without the operation alternate; the median of the empty ones is subtracted. Batches of half the
 * size show whether cost is linear in the number of operations. Where the work reports them, the
 * processor's counter must agree with the host's clock and the kernel's count of exits with the
 * claim. A measurement that fails any of this is repeated, and after the last attempt is a failure.
 *
 * On a busy machine batches are short enough that many are not interrupted. One that lost more than
 * 2 % of its time to others (lost.h) is run again, as often as there are batches; after that, and
 * for what is less, the time lost is taken off.
 */
#ifndef HVCORE_MEASURE_H
#define HVCORE_MEASURE_H

#include "sim/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define HV_BATCHES_MIN 21
#define HV_BATCHES_MAX 201
#define HV_BATCHES_FEW 5 /* for work of which one operation takes tens of milliseconds */

/* What a batch reports. All fields are NAN when it is called, `lost` is -1; hv_measure times the
 * call itself and takes that time unless `ns` was set (work that must leave something out sets it).
 */
struct hv_batch {
	double ns;    /* time of the whole batch on the host's clock */
	double ticks; /* the same on the processor's counter, read where the work ran; or left NAN
		       */
	double exits; /* exits during the batch, as the kernel counts them; or left NAN */
	double lost;  /* of ns, how much others had the core (hv_lost_end); set only by work that
			 sets ns and knows, else hv_measure asks for the calling thread */
	double base;  /* for work that compares: ns of one operation on the other side, just before;
			 results are ratios to it. NAN: they are times */
};

struct hv_work {
	/* Does `n` operations. Returns 0, or a code with the reason: the measurement fails. */
	int (*body)(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e);
	/* The identical loop without the operation; NULL: nothing to subtract but the clock. */
	int (*empty)(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e);
	/* Called before each batch, outside of its time; NULL: nothing to prepare. */
	int (*before)(void *ctx, uint64_t n, struct err *e);
	void *ctx;
	uint64_t max_n;	      /* largest batch that the work can do; 0: no limit */
	uint64_t batch_ns;    /* least length of a batch, if more than the options say */
	double exits_per_op;  /* claimed; NAN: no claim. Must hold within 2 % (0: within 0.02) */
	double max_noise;     /* largest MAD / p50; 0: 0.1 */
	double max_nonlinear; /* largest relative difference of batches of n and of n/2; 0: 0.1 */
	/* What a reader of the number must know ("without cgroup: Permission denied"); empty:
	 * nothing. */
	char note[200];
};

struct hv_measure_options {
	unsigned batches;    /* HV_BATCHES_FEW to HV_BATCHES_MAX; for probes at least _MIN */
	uint64_t batch_ns;   /* a batch is long enough from here on */
	unsigned attempts;   /* at least 1 */
	double ticks_per_ns; /* of hv_ticks_rate; 0: counters are not compared */
	uint64_t few_ns; /* work of which one operation takes longer gets HV_BATCHES_FEW; 0: 300 ms
			  */
	double max_clock_gap; /* largest relative difference of the two clocks; 0: 0.05 */
	bool by_turns;	      /* compared with what was measured meanwhile: noise and trend are no
				 failures, an empty batch is subtracted from the whole one after
				 it, there are no half batches; only a wrong count of exits fails */
};

/* The defaults: 51 batches of 600 us, or 21 of 200 us with `quick`; 3 attempts. Short, so that most
 * fit between two decisions of a busy scheduler. Where one operation alone takes more than 10 ms,
 * hv_measure makes no more than HV_BATCHES_MIN, and more than 300 ms (30 ms with `quick`),
 * HV_BATCHES_FEW. */
struct hv_measure_options hv_measure_defaults(bool quick);

struct hv_measurement {
	double min, p50, p90, mad; /* ns per operation (or ratios), over the batches */
	double mean;		   /* likewise: above p50 where batches are skewed */
	unsigned batches;
	uint64_t iterations; /* operations per batch */
	double empty_ns;     /* what was subtracted per operation */
	double exits_per_op; /* NAN where nobody counted */
	double clock_gap;    /* relative difference of the two clocks; NAN where not compared */
	double nonlinear;    /* relative difference of batches of n and of n/2; NAN when n was 1 */
	unsigned attempts;   /* how many it took */
	unsigned repeated;   /* batches run again because others had the core meanwhile */
	double lost;	     /* share of the time of all batches that others had the core; NAN:
				of some batch nobody knows */
	char note[200];	     /* the work's */
};

/* Measures. Returns 0 with *out filled, or the code of the body's failure, or ERR_CORRUPT when the
 * measurement failed its checks in the last attempt, with the reason in *e. */
int hv_measure(const struct hv_work *work, const struct hv_measure_options *options,
	       struct hv_measurement *out, struct err *e);

/* ---- by turns: several pieces of work, a batch of each after the other, so that what drifts
 * drifts for all of them. hv_measure is this with one. ---- */

/* Per-operation values of one kind of batches. */
struct hv_series {
	double ns[HV_BATCHES_MAX], ticks[HV_BATCHES_MAX], exits[HV_BATCHES_MAX];
	double base[HV_BATCHES_MAX];
	double lost_ns, all_ns; /* of all batches, also of those run again; lost: or NAN */
	unsigned repeated;
};

/* A measurement under way. Large: not for the stack of a guest. */
struct hv_turn {
	const struct hv_work *work;
	struct hv_measure_options options;
	double clock_ns; /* of reading the clock twice */
	double batch_ns; /* of a whole batch, about */
	uint64_t n;	 /* operations in it */
	unsigned times;	 /* batches in a row that count as one: by turns, where max_n keeps them
			    short, or all of them would begin with cold caches */
	unsigned repeats;
	unsigned taken; /* batches so far */
	struct hv_series whole, half, none, none_half;
};

/* Finds n. The options and the work live as long as the turn. */
int hv_turn_begin(struct hv_turn *turn, const struct hv_work *work,
		  const struct hv_measure_options *options, struct err *e);
/* One batch of each kind: the empty one first, so that the work finds its world warm. At most
 * HV_BATCHES_MAX times. */
int hv_turn_take(struct hv_turn *turn, struct err *e);
/* What came out of at least one batch: 0, or ERR_CORRUPT when it fails its checks. values
 * (turn->taken of them, or NULL): each whole batch's cost per operation, in the order they were
 * taken. */
int hv_turn_end(const struct hv_turn *turn, struct hv_measurement *out, double *values,
		struct err *e);

/* Order statistics of n values (sorted in place): quantile q by linear interpolation between order
 * statistics; the median of absolute deviations from the median (not scaled). n >= 1. */
double hv_quantile(double *values, unsigned n, double q);
double hv_mad(const double *values, unsigned n);

#endif
