/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/figure/figure_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char candidates_name[] = "task.timeline.candidates";

/* The tasks of a point: when each began and ended. */
struct tasks {
	struct span {
		double key, from, to;
	} * items;
	size_t count;
};

const struct data_metric *task_candidates_metric(const struct dataset *d, const char *cause)
{
	for (size_t i = 0; i < d->metric_count; i++)
		if (strcmp(d->metrics[i].name, candidates_name) == 0 &&
		    strcmp(d->metrics[i].subject, cause) == 0)
			return &d->metrics[i];
	return NULL;
}

static struct span *find(const struct tasks *t, double key)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].key == key)
			return &t->items[i];
	return NULL;
}

static int add(struct tasks *t, double key, double from, double to, struct err *e)
{
	struct span *own = find(t, key);
	if (own) {
		own->from = fmin(own->from, from);
		own->to = fmax(own->to, to);
		return 0;
	}
	struct span *more = realloc(t->items, (t->count + 1) * sizeof(*more));
	if (!more)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	t->items = more;
	t->items[t->count++] = (struct span){key, from, to};
	return 0;
}

/* The tasks of that metric at the point, over all causes. */
static int read(struct tasks *t, const struct dataset *d, const char *metric,
		const struct data_point *point, struct err *e)
{
	int code = 0;
	for (size_t m = 0; m < d->metric_count && code == 0; m++) {
		struct result_sample *samples = NULL;
		size_t count = 0;
		if (strcmp(d->metrics[m].name, metric) != 0 || !d->metrics[m].has_series)
			continue;
		code = dataset_first_series(d, &d->metrics[m], point, &samples, &count, e);
		for (size_t i = 0; i + 1 < count && code == 0; i++)
			if (samples[i].value > 0)
				code = add(t, samples[i].value, samples[i].time_s,
					   samples[i + 1].time_s, e);
		free(samples);
	}
	return code;
}

/* How far from the median the task is that is furthest, of those that are there; takes the others
 * out of `worst`, where 1 and more are ratios and 0 is gone. */
static void hold_against(const struct tasks *first, double *worst, const struct tasks *here,
			 double median_s)
{
	for (size_t i = 0; i < first->count; i++) {
		const struct span *own = find(here, first->items[i].key);
		double ratio = own ? (own->to - own->from) / median_s : 0;
		if (worst[i] == 0 || !(ratio > 0))
			worst[i] = 0;
		else
			worst[i] = fmax(worst[i], fmax(ratio, 1 / ratio));
	}
}

/* A point that shows a task. Of the first such one, with *worst NULL, the tasks become *first. */
static int look_at(struct tasks *first, double **worst, const struct dataset *d,
		   const struct data_point *point, double median_s, struct err *e)
{
	struct tasks here = {0};
	int code = read(&here, d, candidates_name, point, e);
	if (code == 0 && !*worst) {
		*worst = malloc((here.count + 1) * sizeof(**worst));
		if (!*worst)
			code = err_set(e, ERR_NOMEM, "no memory to draw");
		for (size_t i = 0; *worst && i < here.count; i++)
			(*worst)[i] = 1;
		*first = here;
		if (code == 0)
			hold_against(first, *worst, first, median_s);
		return code;
	}
	if (code == 0)
		hold_against(first, *worst, &here, median_s);
	free(here.items);
	return code;
}

int task_in_common(const struct dataset *d, const struct data_point *const *points, size_t count,
		   double *key, struct err *e)
{
	struct tasks first = {0};
	double *worst = NULL, best = INFINITY;
	int code = 0;
	*key = 0;
	for (size_t p = 0; p < count && code == 0; p++) {
		struct tasks median = {0};
		code = read(&median, d, "task.timeline", points[p], e);
		if (code == 0 && median.count > 0)
			code = look_at(&first, &worst, d, points[p],
				       median.items[0].to - median.items[0].from, e);
		free(median.items);
	}
	for (size_t i = 0; code == 0 && i < first.count; i++)
		if (worst[i] >= 1 && worst[i] < best) {
			best = worst[i];
			*key = first.items[i].key;
		}
	free(worst);
	free(first.items);
	return code;
}
