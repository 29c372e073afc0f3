/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/measure.h"
#include "hvcore/clock.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

/* How often the scheduler has taken the core from this thread, which wanted to go on. */
static long times_taken(void)
{
	struct rusage u;
	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

static int run_batch(const struct hv_work *work, batch_fn fn, uint64_t n, double clock_ns,
		     struct hv_batch *batch, struct err *e)
{
	int rc = work->before ? work->before(work->ctx, n, e) : 0;
	if (rc)
		return rc;
	*batch = (struct hv_batch){NAN, NAN, NAN, NAN};
	long taken = times_taken();
	uint64_t t0 = hv_clock_ns();
	rc = fn(work->ctx, n, batch, e);
	uint64_t t1 = hv_clock_ns();
	if (isnan(batch->ns))
		batch->ns = (double)(t1 - t0) - clock_ns;
	if (isnan(batch->taken))
		batch->taken = (double)(times_taken() - taken);
	return rc;
}

/* The shortest of some batches of n: one that was interrupted does not count. */
static int shortest_batch(const struct hv_work *work, uint64_t n, double clock_ns, double enough_ns,
			  double *ns, struct err *e)
{
	*ns = INFINITY;
	for (int i = 0; i < 3 && *ns >= enough_ns; i++) {
		struct hv_batch batch;
		int rc = run_batch(work, work->body, n, clock_ns, &batch, e);
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
	unsigned repeated;
};

/* `repeats`: at most so many batches of the series are run again. */
static int add_batch(const struct hv_work *work, batch_fn fn, uint64_t n, double clock_ns,
		     unsigned repeats, struct series *series, unsigned at, struct err *e)
{
	struct hv_batch batch;
	int rc = run_batch(work, fn, n, clock_ns, &batch, e);
	while (!rc && batch.taken > 0 && series->repeated < repeats) {
		series->repeated++;
		rc = run_batch(work, fn, n, clock_ns, &batch, e);
	}
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
	whole.repeated = half.repeated = none.repeated = none_half.repeated = 0;
	unsigned batches = options->batches, repeats = batches;
	double clock_ns = clock_cost_ns();
	uint64_t n = 1;
	double batch_ns;
	int rc = find_iterations(work, options, clock_ns, &n, &batch_ns, e);
	if (batch_ns > LONG_BATCH_NS) {
		batches = HV_BATCHES_MIN;
		repeats = 0;
	}
	for (unsigned i = 0; !rc && i < batches; i++) {
		rc = add_batch(work, work->body, n, clock_ns, repeats, &whole, i, e);
		if (!rc && n > 1)
			rc = add_batch(work, work->body, n / 2, clock_ns, repeats, &half, i, e);
		if (!rc && work->empty)
			rc = add_batch(work, work->empty, n, clock_ns, repeats, &none, i, e);
		if (!rc && work->empty && n > 1)
			rc = add_batch(work, work->empty, n / 2, clock_ns, repeats, &none_half, i,
				       e);
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
