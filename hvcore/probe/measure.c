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

/* Batches in a row, at most, where one alone cannot be made long enough. */
#define TIMES_MAX 32

/* Operations longer than this get the least number of batches, none of them repeated, or they would
 * take minutes; the scheduler interferes with each of them anyway. */
#define LONG_BATCH_NS 10000000

/* Of operations longer than this, few; and in a hurry of these. */
#define VERY_LONG_BATCH_NS	 300000000
#define VERY_LONG_BATCH_QUICK_NS 30000000

struct hv_measure_options hv_measure_defaults(bool quick)
{
	return (struct hv_measure_options){
		.batches = quick ? HV_BATCHES_MIN : 51,
		.batch_ns = quick ? 200000 : 600000,
		.few_ns = quick ? VERY_LONG_BATCH_QUICK_NS : VERY_LONG_BATCH_NS,
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
	*batch = (struct hv_batch){NAN, NAN, NAN, -1, NAN};
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
	double enough_ns = fmax((double)options->batch_ns, (double)work->batch_ns);
	enough_ns = fmax(enough_ns, 1000 * clock_ns);
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

static void count_lost(struct hv_series *series, const struct hv_batch *batch)
{
	series->lost_ns += batch->lost; /* NAN stays: of the sum nobody knows either */
	series->all_ns += batch->ns + (isnan(batch->lost) ? 0 : batch->lost);
}

/* Runs a batch; one from which the core was taken is run again, within limits. */
static int good_batch(struct hv_turn *t, batch_fn fn, uint64_t n, struct hv_series *series,
		      struct hv_batch *batch, struct err *e)
{
	double rate = t->options.ticks_per_ns;
	int rc = run_batch(t->work, fn, n, t->clock_ns, rate, batch, e);
	while (!rc && is_disturbed(batch) && series->repeated < t->repeats) {
		series->repeated++;
		count_lost(series, batch);
		rc = run_batch(t->work, fn, n, t->clock_ns, rate, batch, e);
	}
	count_lost(series, batch);
	return rc;
}

/* One batch into the series, or what several in a row are on average. */
static int add_batch(struct hv_turn *t, batch_fn fn, uint64_t n, struct hv_series *series,
		     struct err *e)
{
	double all = (double)n * t->times;
	struct hv_batch sum = {0};
	int rc = 0;
	for (unsigned i = 0; !rc && i < t->times; i++) {
		struct hv_batch batch;
		rc = good_batch(t, fn, n, series, &batch, e);
		sum.ns += batch.ns;
		sum.ticks += batch.ticks;
		sum.exits += batch.exits;
		sum.base += batch.base;
	}
	series->ns[t->taken] = sum.ns / all;
	series->ticks[t->taken] = sum.ticks / all;
	series->exits[t->taken] = sum.exits / all;
	series->base[t->taken] = sum.base / t->times;
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
	/* First: whoever is told that it is noisy may take it that the count is right. */
	double off = fabs(m->exits_per_op - work->exits_per_op);
	if (off > 0.02 * fmax(1, work->exits_per_op)) /* false when either is NAN */
		return err_set(e, ERR_CORRUPT, "%.3f exits per operation, not %.0f",
			       m->exits_per_op, work->exits_per_op);
	if (!options->by_turns && !(m->p50 > 0))
		return err_set(
			e, ERR_CORRUPT,
			"no cost left after subtracting the empty loop (%.2f ns against %.2f ns)",
			m->p50 + m->empty_ns, m->empty_ns);
	if (!options->by_turns && m->mad > max_noise * m->p50)
		return err_set(e, ERR_CORRUPT,
			       "too noisy: median absolute deviation %.1f %% of the median",
			       100 * m->mad / m->p50);
	if (m->nonlinear > max_nonlinear)
		return err_set(e, ERR_CORRUPT,
			       "not linear: an operation in a half batch costs %.1f %% more or "
			       "less than in a whole one",
			       100 * m->nonlinear);
	if (!options->by_turns && m->clock_gap > max_gap)
		return err_set(e, ERR_CORRUPT,
			       "the guest's counter and the host's clock differ by %.1f %%",
			       100 * m->clock_gap);
	return 0;
}

int hv_turn_begin(struct hv_turn *t, const struct hv_work *work,
		  const struct hv_measure_options *options, struct err *e)
{
	t->work = work;
	t->options = *options;
	t->clock_ns = clock_cost_ns();
	t->repeats = options->batches;
	t->taken = 0;
	t->n = 1;
	t->times = 1;
	struct hv_series *const all[] = {&t->whole, &t->half, &t->none, &t->none_half};
	for (size_t i = 0; i < 4; i++) {
		all[i]->repeated = 0;
		all[i]->lost_ns = all[i]->all_ns = 0;
	}
	int rc = find_iterations(work, options, t->clock_ns, &t->n, &t->batch_ns, e);
	if (!rc && options->by_turns && t->batch_ns < (double)options->batch_ns)
		t->times = (unsigned)fmin(ceil((double)options->batch_ns / t->batch_ns), TIMES_MAX);
	return rc;
}

int hv_turn_take(struct hv_turn *t, struct err *e)
{
	const struct hv_work *work = t->work;
	bool halves = t->n > 1 && !t->options.by_turns;
	assert(t->taken < HV_BATCHES_MAX);
	int rc = work->empty ? add_batch(t, work->empty, t->n, &t->none, e) : 0;
	if (!rc)
		rc = add_batch(t, work->body, t->n, &t->whole, e);
	if (!rc && halves && work->empty)
		rc = add_batch(t, work->empty, t->n / 2, &t->none_half, e);
	if (!rc && halves)
		rc = add_batch(t, work->body, t->n / 2, &t->half, e);
	if (!rc)
		t->taken++;
	return rc;
}

/* The statistics of the batches' costs per operation. */
static void summarize(struct hv_measurement *m, const double *ns, unsigned batches)
{
	double sorted[HV_BATCHES_MAX], sum = 0;
	memcpy(sorted, ns, batches * sizeof(*ns));
	for (unsigned i = 0; i < batches; i++)
		sum += ns[i];
	m->mean = sum / batches;
	m->mad = hv_mad(sorted, batches);
	m->p50 = hv_quantile(sorted, batches, 0.5);
	m->p90 = hv_quantile(sorted, batches, 0.9);
	/* What is subtracted is a median: the shortest batch may have had less of it. */
	m->min = fmax(sorted[0], 0);
}

/* What an operation of a half batch costs more or less. What a batch costs once, however long it
 * is, weighs twice in a half one: it is taken off there. */
static double nonlinearity(const struct hv_turn *t, double p50)
{
	double half_ns;
	if (t->n <= 1 || t->options.by_turns)
		return NAN;
	half_ns = median_of(t->half.ns, t->taken);
	half_ns -= t->work->empty ? median_of(t->none_half.ns, t->taken) : 0;
	return fabs(half_ns - p50) / p50;
}

int hv_turn_end(const struct hv_turn *t, struct hv_measurement *m, double *values, struct err *e)
{
	const struct hv_measure_options *options = &t->options;
	unsigned batches = t->taken;
	bool empty = t->work->empty != NULL;
	assert(batches > 0);
	double costs[HV_BATCHES_MAX];
	double empty_ticks = empty ? median_of(t->none.ticks, batches) : 0;
	double empty_exits = empty ? median_of(t->none.exits, batches) : 0;
	double ticks_ns =
		(median_of(t->whole.ticks, batches) - empty_ticks) / options->ticks_per_ns;
	m->batches = batches;
	m->iterations = t->n;
	m->repeated = t->whole.repeated;
	m->lost = t->whole.all_ns > 0 ? t->whole.lost_ns / t->whole.all_ns : 0;
	m->empty_ns = empty ? median_of(t->none.ns, batches) : 0;
	m->exits_per_op = median_of(t->whole.exits, batches) - empty_exits;
	/* By turns an empty batch is of the same moment as the whole one after it. */
	for (unsigned i = 0; i < batches; i++)
		costs[i] =
			t->whole.ns[i] - (empty && options->by_turns ? t->none.ns[i] : m->empty_ns);
	summarize(m, costs, batches);
	m->nonlinear = nonlinearity(t, m->p50);
	m->clock_gap = options->ticks_per_ns > 0 ? fabs(ticks_ns - m->p50) / m->p50 : NAN;
	int rc = check(t->work, options, m, e);
	bool compares = !isnan(t->whole.base[0]);
	for (unsigned i = 0; compares && i < batches; i++)
		costs[i] /= t->whole.base[i];
	if (compares)
		summarize(m, costs, batches);
	/* A difference of two noisy batches may be below nothing; its values keep that. */
	if (options->by_turns) {
		m->p50 = fmax(m->p50, 0);
		m->p90 = fmax(m->p90, 0);
		m->mean = fmax(m->mean, 0);
	}
	if (values)
		memcpy(values, costs, batches * sizeof(*values));
	return rc;
}

static int attempt(const struct hv_work *work, const struct hv_measure_options *options,
		   struct hv_measurement *m, struct err *e)
{
	struct hv_turn t;
	unsigned batches = options->batches;
	int rc = hv_turn_begin(&t, work, options, e);
	if (t.batch_ns > LONG_BATCH_NS) {
		uint64_t few_ns = options->few_ns ? options->few_ns : VERY_LONG_BATCH_NS;
		batches = t.batch_ns > (double)few_ns ? HV_BATCHES_FEW : HV_BATCHES_MIN;
		t.repeats = 0;
	}
	while (!rc && t.taken < batches)
		rc = hv_turn_take(&t, e);
	return rc ? rc : hv_turn_end(&t, m, NULL, e);
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
