/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The numbers at the points of a dataset: means, differences, pooled histograms, series.
 */
#include "reports/data/dataset.h"

#include "reports/db/db_internal.h"
#include "reports/db/student.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "no memory to read the results");
}

/* A run reads its quantiles ("...p95") off a histogram, whose buckets are at most this share of a
 * value wide (sim/engine/stats.h; the view `summary` has the same number). */
static const double quantile_bucket = 1.0 / 128;

static double bucket_of(const struct data_metric *metric)
{
	const char *end = strrchr(metric->name, '.');
	return end && end[1] == 'p' && end[2] >= '0' && end[2] <= '9' ? quantile_bucket : 0;
}

/* Repetitions may agree better than what they agree on is known. */
static void widen(struct cell *c, double by)
{
	if (c->ci95 < by)
		c->ci95 = by;
}

/* What is the same in every repetition was computed the same. */
static void widen_difference(struct cell *c, double by)
{
	if (c->mean != 0 || c->sd != 0)
		widen(c, by);
}

static struct cell summarize(const double *x, size_t n)
{
	struct cell c = {n, NAN, NAN, NAN};
	if (n == 0)
		return c;
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	c.mean = sum / (double)n;
	if (n < 2)
		return c;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - c.mean) * (x[i] - c.mean);
	c.sd = sqrt(squares / (double)(n - 1));
	c.ci95 = student_ci95((double)n, c.sd);
	return c;
}

struct samples {
	double *x;
	int64_t *repetition;
	size_t n, capacity;
};

static void samples_free(struct samples *s)
{
	free(s->x);
	free(s->repetition);
}

static int samples_add(struct samples *s, int64_t repetition, double x)
{
	if (s->n == s->capacity) {
		size_t more = s->capacity ? s->capacity * 2 : 32;
		double *xs = realloc(s->x, more * sizeof(*xs));
		if (xs)
			s->x = xs;
		int64_t *rs = realloc(s->repetition, more * sizeof(*rs));
		if (rs)
			s->repetition = rs;
		if (!xs || !rs)
			return ERR_NOMEM;
		s->capacity = more;
	}
	s->x[s->n] = x;
	s->repetition[s->n++] = repetition;
	return 0;
}

/* The defined values of one point, by repetition. */
static int read_samples(const struct dataset *d, sqlite3_stmt *s, int64_t point, int64_t metric,
			struct samples *out, struct err *e)
{
	out->n = 0;
	sqlite3_bind_int64(s, 1, point);
	sqlite3_bind_int64(s, 2, metric);
	int got;
	while ((got = db_step(d->db, s, "read its values", e)) == 1)
		if (samples_add(out, sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1))) {
			got = no_memory(e);
			break;
		}
	sqlite3_reset(s);
	return got;
}

static const char samples_sql[] =
	"SELECT repetition, value FROM value WHERE point = ? AND metric = ?"
	" AND value IS NOT NULL ORDER BY repetition";

int dataset_summary(const struct dataset *d, const struct data_metric *metric, struct cell *cells,
		    struct err *e)
{
	sqlite3_stmt *s = db_prepare(d->db, samples_sql, e);
	if (!s)
		return ERR_CORRUPT;
	struct samples samples = {0};
	int code = 0;
	for (size_t i = 0; i < d->point_count && code == 0; i++) {
		code = read_samples(d, s, d->points[i].key, metric->key, &samples, e);
		cells[i] = summarize(samples.x, samples.n);
		widen(&cells[i], bucket_of(metric) * fabs(cells[i].mean));
	}
	samples_free(&samples);
	sqlite3_finalize(s);
	return code;
}

static double largest(const struct samples *s)
{
	double most = 0;
	for (size_t i = 0; i < s->n; i++)
		most = fmax(most, fabs(s->x[i]));
	return most;
}

/* Leaves in own->x the differences own - other in the repetitions that both have; their number. */
static size_t subtract_paired(struct samples *own, const struct samples *other)
{
	size_t n = 0;
	for (size_t i = 0, k = 0; i < own->n && k < other->n;) {
		if (own->repetition[i] == other->repetition[k])
			own->x[n++] = own->x[i++] - other->x[k++];
		else if (own->repetition[i] < other->repetition[k])
			i++;
		else
			k++;
	}
	return n;
}

int dataset_paired(const struct dataset *d, const struct data_metric *metric,
		   const size_t *baseline, struct cell *cells, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d->db, samples_sql, e);
	if (!s)
		return ERR_CORRUPT;
	struct samples own = {0}, base = {0};
	int code = 0;
	for (size_t i = 0; i < d->point_count && code == 0; i++) {
		code = read_samples(d, s, d->points[i].key, metric->key, &own, e);
		base.n = 0;
		if (code == 0 && baseline[i] != SIZE_MAX)
			code = read_samples(d, s, d->points[baseline[i]].key, metric->key, &base,
					    e);
		double by = bucket_of(metric) *
			    fmax(largest(&own), largest(&base)); /* before own is changed */
		cells[i] = summarize(own.x, subtract_paired(&own, &base));
		widen_difference(&cells[i], by);
	}
	samples_free(&own);
	samples_free(&base);
	sqlite3_finalize(s);
	return code;
}

static bool same_samples(const struct samples *x, const struct samples *y)
{
	if (x->n != y->n)
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (x->repetition[i] != y->repetition[i] || x->x[i] != y->x[i])
			return false;
	return true;
}

/* Two independent samples; the degrees of freedom are Welch's (1947). */
static struct cell welch(const struct cell *a, const struct cell *b)
{
	struct cell c = {a->n && b->n ? a->n + b->n : 0, b->mean - a->mean, NAN, NAN};
	if (a->n < 2 || b->n < 2)
		return c;
	double va = a->sd * a->sd / (double)a->n, vb = b->sd * b->sd / (double)b->n;
	c.sd = sqrt(va + vb);
	double df = (va + vb) * (va + vb) /
		    (va * va / (double)(a->n - 1) + vb * vb / (double)(b->n - 1));
	c.ci95 = va + vb > 0 ? student_t975(df) * c.sd : 0;
	return c;
}

static int samples_of(const struct dataset *d, const struct data_metric *metric,
		      const struct data_point *point, struct samples *out, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d->db, samples_sql, e);
	if (!s)
		return ERR_CORRUPT;
	int code = read_samples(d, s, point->key, metric->key, out, e);
	sqlite3_finalize(s);
	return code;
}

int dataset_compare(const struct dataset *a, const struct data_metric *metric_a,
		    const struct data_point *point_a, const struct dataset *b,
		    const struct data_metric *metric_b, const struct data_point *point_b,
		    bool paired, struct comparison *out, struct err *e)
{
	struct samples x = {0}, y = {0};
	int code = samples_of(a, metric_a, point_a, &x, e);
	if (code == 0)
		code = samples_of(b, metric_b, point_b, &y, e);
	if (code == 0) {
		double by = bucket_of(metric_a) * fmax(largest(&x), largest(&y));
		out->a = summarize(x.x, x.n);
		out->b = summarize(y.x, y.n);
		out->identical = same_samples(&x, &y);
		out->difference =
			paired ? summarize(y.x, subtract_paired(&y, &x)) : welch(&out->a, &out->b);
		widen(&out->a, bucket_of(metric_a) * fabs(out->a.mean));
		widen(&out->b, bucket_of(metric_b) * fabs(out->b.mean));
		widen_difference(&out->difference, by);
	}
	samples_free(&x);
	samples_free(&y);
	return code;
}

/* Gives what each repetition of a point has for a metric to `use`, until that fails. `sql` asks for
 * one column of bytes, by point and metric. */
static int each_bytes(const struct dataset *d, const char *sql, const struct data_metric *metric,
		      const struct data_point *point,
		      int (*use)(void *ctx, const void *bytes, size_t size, struct err *e),
		      void *ctx, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d->db, sql, e);
	if (!s)
		return ERR_CORRUPT;
	sqlite3_bind_int64(s, 1, point->key);
	sqlite3_bind_int64(s, 2, metric->key);
	int got;
	while ((got = db_step(d->db, s, "read its distributions and series", e)) == 1) {
		const void *bytes = sqlite3_column_blob(s, 0);
		got = use(ctx, bytes, (size_t)sqlite3_column_bytes(s, 0), e);
		if (got)
			break;
	}
	sqlite3_finalize(s);
	return got;
}

static int pool(void *ctx, const void *bytes, size_t size, struct err *e)
{
	return pooled_add(ctx, bytes, size, e);
}

int dataset_histogram(const struct dataset *d, const struct data_metric *metric,
		      const struct data_point *point, struct pooled *out, struct err *e)
{
	*out = (struct pooled){0};
	int code = each_bytes(d,
			      "SELECT buckets FROM histogram WHERE point = ? AND metric = ? "
			      "ORDER BY repetition",
			      metric, point, pool, out, e);
	if (code)
		pooled_free(out);
	return code;
}

/* The series of one metric at one point, one for each repetition that has it. */
struct runs {
	struct result_sample **samples;
	size_t *counts;
	size_t n;
};

static void runs_free(struct runs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->samples[i]);
	free(r->samples);
	free(r->counts);
}

static int runs_add(void *ctx, const void *bytes, size_t size, struct err *e)
{
	struct runs *r = ctx;
	struct result_sample **samples = realloc(r->samples, (r->n + 1) * sizeof(*samples));
	if (samples)
		r->samples = samples;
	size_t *counts = realloc(r->counts, (r->n + 1) * sizeof(*counts));
	if (counts)
		r->counts = counts;
	if (!samples || !counts)
		return no_memory(e);
	int code = series_decode(bytes, size, &samples[r->n], &counts[r->n], e);
	r->n += code == 0;
	return code;
}

/* The moments of all repetitions, each once, ascending. Returns their number. */
static size_t merge_times(const struct runs *runs, double *times)
{
	size_t *next = calloc(runs->n + 1, sizeof(*next)), n = 0;
	while (next) {
		double first = INFINITY;
		for (size_t r = 0; r < runs->n; r++)
			if (next[r] < runs->counts[r])
				first = fmin(first, runs->samples[r][next[r]].time_s);
		if (isinf(first))
			break;
		times[n++] = first;
		for (size_t r = 0; r < runs->n; r++)
			while (next[r] < runs->counts[r] &&
			       runs->samples[r][next[r]].time_s <= first)
				next[r]++;
	}
	free(next);
	return n;
}

int dataset_series(const struct dataset *d, const struct data_metric *metric,
		   const struct data_point *point, struct data_series *out, struct err *e)
{
	struct runs runs = {0};
	size_t all = 0;
	*out = (struct data_series){0};
	int code = each_bytes(d,
			      "SELECT samples FROM series WHERE point = ? AND metric = ? "
			      "ORDER BY repetition",
			      metric, point, runs_add, &runs, e);
	for (size_t r = 0; r < runs.n; r++)
		all += runs.counts[r];
	double *x = calloc(runs.n + 1, sizeof(*x));
	out->times_s = calloc(all + 1, sizeof(*out->times_s));
	out->cells = calloc(all + 1, sizeof(*out->cells));
	if (code == 0 && !(x && out->times_s && out->cells))
		code = no_memory(e);
	if (code == 0)
		out->count = merge_times(&runs, out->times_s);
	for (size_t i = 0; i < out->count; i++) {
		size_t n = 0;
		for (size_t r = 0; r < runs.n; r++) {
			x[n] = series_at(runs.samples[r], runs.counts[r], out->times_s[i]);
			n += isnan(x[n]) ? 0 : 1;
		}
		out->cells[i] = summarize(x, n);
	}
	free(x);
	runs_free(&runs);
	if (code)
		dataset_series_free(out);
	return code;
}

void dataset_series_free(struct data_series *s)
{
	free(s->times_s);
	free(s->cells);
	*s = (struct data_series){0};
}

int dataset_first_series(const struct dataset *d, const struct data_metric *metric,
			 const struct data_point *point, struct result_sample **samples,
			 size_t *count, struct err *e)
{
	struct runs runs = {0};
	int code = each_bytes(d,
			      "SELECT samples FROM series WHERE point = ? AND metric = ? "
			      "ORDER BY repetition LIMIT 1",
			      metric, point, runs_add, &runs, e);
	*samples = NULL;
	*count = 0;
	if (code == 0 && runs.n) {
		*samples = runs.samples[0];
		*count = runs.counts[0];
		runs.n = 0;
	}
	runs_free(&runs);
	return code;
}
