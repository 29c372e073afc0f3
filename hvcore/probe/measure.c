/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/measure.h"
#include "hvcore/clock.h"
#include "hvcore/probe/lost.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Past this a batch that is still too short will not get longer: the work does nothing. */
#define MAX_ITERATIONS (1ull << 30)

/* Operations longer than this get the least number of batches, none of them repeated, or they would
 * take minutes; the scheduler interferes with each of them anyway. */
#define LONG_BATCH_NS 10000000

struct hv_measure_options hv_measure_defaults(bool quick)
{
	return (struct hv_measure_options){
		.batches = quick ? HV_BATCHES_MIN : 51,
		.batch_ns = quick ? 300000 : 600000,
		.attempts = 3,
	};
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double hv_quantile(double *values, unsigned n, double q)
{
	assert(n >= 1 && q >= 0 && q <= 1);
	qsort(values, n, sizeof(*values), compare_doubles);
	double at = q * (n - 1);
	unsigned low = (unsigned)at;
	unsigned high = low + 1 < n ? low + 1 : low;
	return values[low] + (at - low) * (values[high] - values[low]);
}

double hv_mad(const double *values, unsigned n)
{
	double scratch[HV_BATCHES_MAX];
	assert(n >= 1 && n <= HV_BATCHES_MAX);
	memcpy(scratch, values, n * sizeof(*values));
	double median = hv_quantile(scratch, n, 0.5);
	for (unsigned i = 0; i < n; i++)
		scratch[i] = fabs(values[i] - median);
	return hv_quantile(scratch, n, 0.5);
}

/* The cost of reading the host's clock twice, which every batch contains once. */
static double clock_cost_ns(void)
{
	double costs[101];
	for (unsigned i = 0; i < 101; i++) {
		uint64_t t0 = hv_clock_ns();
		for (int k = 0; k < 64; k++)
			hv_clock_ns();
		costs[i] = (double)(hv_clock_ns() - t0) / 65;
	}
	return hv_quantile(costs, 101, 0.5);
}

typedef int (*batch_fn)(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e);

/* Beyond this share of a batch that others had, it is run again. */
static const double lost_much = 0.02;

/* Takes off what others had, where it is known which time it is part of. */
static int run_batch(const struct hv_work *work, batch_fn fn, uint64_t n, double clock_ns,
		     double ticks_per_ns, struct hv_batch *batch, struct err *e)
{
	int rc = work->before ? work->before(work->ctx, n, e) : 0;
	if (rc)
		return rc;
	struct hv_lost lost;
	*batch = (struct hv_batch){NAN, NAN, NAN, -1};
	hv_lost_begin(&lost, 0);
	uint64_t t0 = hv_clock_ns();
	rc = fn(work->ctx, n, batch, e);
	uint64_t t1 = hv_clock_ns();
	double own = hv_lost_end(&lost);
	bool whole = isnan(batch->ns), told = !(batch->lost < 0);
	if (whole)
		batch->ns = (double)(t1 - t0) - clock_ns;
	if (!told)
		batch->lost = own;
	if (!isnan(batch->lost) && (whole || told)) {
		batch->ns -= batch->lost;
		batch->ticks -= batch->lost * ticks_per_ns;
	}
	return rc;
}

static bool is_disturbed(const struct hv_batch *b)
{
	return !(b->lost <= lost_much * (b->ns + b->lost)); /* also when nobody knows how much */
}

/* The shortest of some batches of n: one that was interrupted does not count. One alone where it is
 * long anyway. */
static int shortest_batch(const struct hv_work *work, uint64_t n, double clock_ns, double enough_ns,
			  double *ns, struct err *e)
{
	*ns = INFINITY;
	for (int i = 0; i < 3 && *ns >= enough_ns && (i == 0 || *ns < LONG_BATCH_NS); i++) {
		struct hv_batch batch;
		int rc = run_batch(work, work->body, n, clock_ns, 0, &batch, e);
		if (rc)
			return rc;
		*ns = fmin(*ns, batch.ns);
	}
	return 0;
}

/* Doubles n until a batch takes long enough. */
static int find_iterations(const struct hv_work *work, const struct hv_measure_options *options,
			   double clock_ns, uint64_t *iterations, double *batch_ns, struct err *e)
{
	*batch_ns = 0;
	uint64_t limit = work->max_n ? work->max_n : MAX_ITERATIONS;
	double enough_ns = fmax((double)options->batch_ns, 1000 * clock_ns);
	for (uint64_t n = 1;; n = 2 * n < limit ? 2 * n : limit) {
		double ns;
		int rc = shortest_batch(work, n, clock_ns, enough_ns, &ns, e);
		if (rc)
			return rc;
		if (ns >= enough_ns || (n == limit && work->max_n)) {
			*iterations = n;
			*batch_ns = ns;
			return 0;
		}
		if (n == limit)
			return err_set(e, ERR_CORRUPT,
				       "%llu operations take only %.0f ns: the work does nothing",
				       (unsigned long long)n, ns);
	}
}

/* Per-operation values of one series of batches. */
struct series {
	double ns[HV_BATCHES_MAX], ticks[HV_BATCHES_MAX], exits[HV_BATCHES_MAX];
	double lost_ns, all_ns; /* of all batches, also of those run again */
	unsigned repeated;
};

static void count_lost(struct series *series, const struct hv_batch *batch)
{
	double lost = isnan(batch->lost) ? 0 : batch->lost;
	series->lost_ns += lost;
	series->all_ns += batch->ns + lost;
}

/* What a series of batches needs to know. */
struct terms {
	const struct hv_work *work;
	double clock_ns, ticks_per_ns;
	unsigned repeats; /* at most so many of its batches are run again */
};

static int add_batch(const struct terms *t, batch_fn fn, uint64_t n, struct series *series,
		     unsigned at, struct err *e)
{
	struct hv_batch batch;
	int rc = run_batch(t->work, fn, n, t->clock_ns, t->ticks_per_ns, &batch, e);
	while (!rc && is_disturbed(&batch) && series->repeated < t->repeats) {
		series->repeated++;
		count_lost(series, &batch);
		rc = run_batch(t->work, fn, n, t->clock_ns, t->ticks_per_ns, &batch, e);
	}
	count_lost(series, &batch);
	series->ns[at] = batch.ns / (double)n;
	series->ticks[at] = batch.ticks / (double)n;
	series->exits[at] = batch.exits / (double)n;
	return rc;
}

static double median_of(const double *values, unsigned n)
{
	double scratch[HV_BATCHES_MAX];
	memcpy(scratch, values, n * sizeof(*values));
	return hv_quantile(scratch, n, 0.5);
}

static int check(const struct hv_work *work, const struct hv_measure_options *options,
		 const struct hv_measurement *m, struct err *e)
{
	double max_noise = work->max_noise > 0 ? work->max_noise : 0.1;
	double max_nonlinear = work->max_nonlinear > 0 ? work->max_nonlinear : 0.1;
	double max_gap = options->max_clock_gap > 0 ? options->max_clock_gap : 0.05;
	if (!(m->p50 > 0))
		return err_set(
			e, ERR_CORRUPT,
			"no cost left after subtracting the empty loop (%.2f ns against %.2f ns)",
			m->p50 + m->empty_ns, m->empty_ns);
	if (m->mad > max_noise * m->p50)
		return err_set(e, ERR_CORRUPT,
			       "too noisy: median absolute deviation %.1f %% of the median",
			       100 * m->mad / m->p50);
	if (m->nonlinear > max_nonlinear)
		return err_set(e, ERR_CORRUPT,
			       "not linear: an operation in a half batch costs %.1f %% more or "
			       "less than in a whole one",
			       100 * m->nonlinear);
	if (m->clock_gap > max_gap)
		return err_set(e, ERR_CORRUPT,
			       "the guest's counter and the host's clock differ by %.1f %%",
			       100 * m->clock_gap);
	double off = fabs(m->exits_per_op - work->exits_per_op);
	if (off > 0.02 * fmax(1, work->exits_per_op)) /* false when either is NAN */
		return err_set(e, ERR_CORRUPT, "%.3f exits per operation, not %.0f",
			       m->exits_per_op, work->exits_per_op);
	return 0;
}

static int attempt(const struct hv_work *work, const struct hv_measure_options *options,
		   struct hv_measurement *m, struct err *e)
{
	struct series whole, half, none, none_half;
	struct series *const all[] = {&whole, &half, &none, &none_half};
	for (size_t i = 0; i < 4; i++) {
		all[i]->repeated = 0;
		all[i]->lost_ns = all[i]->all_ns = 0;
	}
	unsigned batches = options->batches;
	struct terms t = {.work = work,
			  .clock_ns = clock_cost_ns(),
			  .ticks_per_ns = options->ticks_per_ns,
			  .repeats = batches};
	uint64_t n = 1;
	double batch_ns;
	int rc = find_iterations(work, options, t.clock_ns, &n, &batch_ns, e);
	if (batch_ns > LONG_BATCH_NS) {
		batches = HV_BATCHES_MIN;
		t.repeats = 0;
	}
	for (unsigned i = 0; !rc && i < batches; i++) {
		rc = add_batch(&t, work->body, n, &whole, i, e);
		if (!rc && n > 1)
			rc = add_batch(&t, work->body, n / 2, &half, i, e);
		if (!rc && work->empty)
			rc = add_batch(&t, work->empty, n, &none, i, e);
		if (!rc && work->empty && n > 1)
			rc = add_batch(&t, work->empty, n / 2, &none_half, i, e);
	}
	if (rc)
		return rc;

	double empty_ns = work->empty ? median_of(none.ns, batches) : 0;
	double empty_ticks = work->empty ? median_of(none.ticks, batches) : 0;
	double empty_exits = work->empty ? median_of(none.exits, batches) : 0;
	double ticks_ns = (median_of(whole.ticks, batches) - empty_ticks) / options->ticks_per_ns;
	for (unsigned i = 0; i < batches; i++)
		whole.ns[i] -= empty_ns;

	m->batches = batches;
	m->iterations = n;
	m->repeated = whole.repeated;
	m->lost = whole.all_ns > 0 ? whole.lost_ns / whole.all_ns : 0;
	m->empty_ns = empty_ns;
	m->exits_per_op = median_of(whole.exits, batches) - empty_exits;
	m->mad = hv_mad(whole.ns, batches);
	m->p50 = hv_quantile(whole.ns, batches, 0.5);
	m->p90 = hv_quantile(whole.ns, batches, 0.9);
	/* What is subtracted is a median: the shortest batch may have had less of it. */
	m->min = fmax(whole.ns[0], 0);
	if (n > 1) {
		double half_ns = median_of(half.ns, batches);
		/* What a batch costs once, however long it is, weighs twice in a half one: take it
		 * off there. */
		half_ns -= work->empty ? median_of(none_half.ns, batches) : 0;
		m->nonlinear = fabs(half_ns - m->p50) / m->p50;
	} else {
		m->nonlinear = NAN;
	}
	m->clock_gap = options->ticks_per_ns > 0 ? fabs(ticks_ns - m->p50) / m->p50 : NAN;
	return check(work, options, m, e);
}

int hv_measure(const struct hv_work *work, const struct hv_measure_options *options,
	       struct hv_measurement *out, struct err *e)
{
	assert(options->batches >= HV_BATCHES_FEW && options->batches <= HV_BATCHES_MAX);
	int rc = ERR_CORRUPT;
	for (unsigned i = 1; rc == ERR_CORRUPT && i <= options->attempts; i++) {
		*out = (struct hv_measurement){.attempts = i};
		rc = attempt(work, options, out, e);
	}
	return rc;
}
