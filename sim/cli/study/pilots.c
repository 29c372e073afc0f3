/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/pilots.h"
#include "sim/base/unit.h"
#include "sim/engine/warmup.h"
#include "sim/experiment/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const pilots_verdict_names[] = {
#define PILOTS_VERDICT_NAME(id, name) name,
	PILOTS_VERDICT_LIST(PILOTS_VERDICT_NAME)
#undef PILOTS_VERDICT_NAME
};

/* A start that changes the mean by less does not matter. */
#define NEGLIGIBLE 0.01
/* More tasks out at the end are no steady state's. */
#define UNFINISHED_MOST 0.05
/* Batches of a thirtieth to a sixtieth of the run that are correlated by more (a straight line's
 * are by 0.95) drift: a queue that hardly grows, in which MSER-5 may find a minimum by chance. */
#define DRIFTS 0.8
/* Half-widths of tasks that are all alike, in parts of the mean. */
#define ROUNDING 1e-12
/* Fewer groups of MSER-5 say nothing. */
enum { GROUPS_LEAST = 20 };
/* More failures than this are only counted. */
enum { FAILURES_TOLD = 3 };

/* The pilots of one point, until the last of them is there. */
struct point_pilots {
	struct windows *each; /* by repetition; those that failed have no length; NULL: none yet */
	double offered, unfinished;
	unsigned ended, done;
};

struct pilots {
	const struct pilots_request *request;
	struct pilots_answer *answers;
	struct experiment experiment; /* of the pilots */
	const char *recorded[2];      /* its `record` */
	struct point_pilots *points;
	size_t last; /* point that was found */
	struct progress line;
	unsigned failures_told;
};

/* ---- One run */

/* A quantity of a resolved document. */
static int time_at(const cJSON *document, const char *pointer, double *s, struct err *e)
{
	char why[160] = "is not there";
	const char *text = cJSON_GetStringValue(json_at(document, pointer));
	if (!text || unit_parse(text, UNIT_TIME, s, why) != 0)
		return err_set(e, ERR_INVALID, "%s: %s", pointer, why);
	return 0;
}

static int add_task(void *ctx, const struct world_task *task)
{
	if (!task->failure)
		windows_add(ctx, 1e-9 * (double)task->start_ns,
			    1e-9 * (double)(task->end_ns - task->start_ns));
	return 0;
}

static int hand_back(const struct windows *w, const char *metric, const double *values,
		     struct run_result *out)
{
	struct result_sample *samples = calloc(WARMUP_WINDOWS, sizeof(*samples));
	if (!samples)
		return ERR_NOMEM;
	for (size_t i = 0; i < WARMUP_WINDOWS; i++)
		samples[i] =
			(struct result_sample){w->length_s * (double)i / WARMUP_WINDOWS, values[i]};
	int code = run_result_add_series(out, metric, "", "s", samples, WARMUP_WINDOWS);
	free(samples);
	return code;
}

/* As study_run_point, but without warm-up, and with the windows of the response times as series. */
static int run_pilot(void *ctx, const cJSON *document, const struct run_key *key,
		     const volatile bool *stop, struct run_result *out, struct err *e)
{
	const struct pilots *p = ctx;
	struct study study = *p->request->study; /* borrowed */
	cJSON *copy = cJSON_Duplicate(document, true), *none = cJSON_CreateString("0 s");
	struct windows *w = calloc(1, sizeof(*w));
	int code = copy && none && w ? json_put(copy, "/warmup", none) : ERR_NOMEM;
	if (code != 0)
		cJSON_Delete(none);
	if (code != 0)
		err_set(e, code, "no memory for a pilot run");
	else
		code = time_at(document, "/duration", &w->length_s, e);
	struct world_trace follow = {.ctx = w, .task = add_task};
	study.trace = &follow;
	study.experiment = p->experiment;
	if (code == 0 && w->length_s > 0)
		code = study_run_point(&study, copy, key, stop, out, e);
	if (code == 0 && w->length_s > 0 &&
	    (hand_back(w, "windows.sum", w->sum, out) != 0 ||
	     hand_back(w, "windows.count", w->count, out) != 0 ||
	     run_result_add(out, "windows.length", "", "s", w->length_s) != 0))
		code = err_set(e, ERR_NOMEM, "no memory for a pilot run");
	cJSON_Delete(copy);
	free(w);
	return code;
}

/* ---- All pilots of a point */

/* bias: by how much the mean changes when what begins before the cut is left out, too. A cut in the
 * middle of the run is no finding, but where nothing changes there is nothing to be found. */
static enum pilots_verdict judge(const struct pilots_answer *a, const struct truncation *cut,
				 double bias)
{
	bool negligible = bias < NEGLIGIBLE;
	if (a->pilots == 0)
		return PILOTS_FAILED;
	if (a->unfinished > UNFINISHED_MOST)
		return PILOTS_OVERLOAD;
	if (cut->groups < GROUPS_LEAST)
		return PILOTS_FEW;
	if (!cut->found)
		return negligible && a->warmup_s < cut->at_s / 2 ? PILOTS_ENOUGH : PILOTS_UNSETTLED;
	return negligible || a->warmup_s >= cut->at_s ? PILOTS_ENOUGH : PILOTS_SHORT;
}

static bool is_settled(const struct pilots_answer *a)
{
	return a->verdict == PILOTS_ENOUGH || a->verdict == PILOTS_SHORT;
}

/* What one run knows of the mean of what begins at from_s or later. */
static void judge_runs(const struct windows *each, unsigned count, double from_s,
		       struct pilots_answer *a)
{
	double squares = 0, lag1 = 0;
	for (unsigned i = 0; i < count; i++) {
		double one;
		bool independent;
		if (each[i].length_s <= 0)
			continue;
		struct interval v = windows_interval(&each[i], from_s, 0.95, &one, &independent);
		squares += v.half_width * v.half_width;
		lag1 += one;
		a->independent += independent;
	}
	a->half_width_s = sqrt(squares / a->pilots);
	if (a->half_width_s < ROUNDING * a->mean_s)
		a->half_width_s = 0;
	a->lag1 = lag1 / a->pilots;
	a->needed_s = from_s + (a->duration_s - from_s) *
				       pow(a->half_width_s / (PILOTS_PRECISION * a->mean_s), 2);
}

static void judge_point(const struct pilots *p, const struct point_pilots *all,
			const struct windows *sum, struct pilots_answer *a)
{
	struct truncation cut = windows_truncate(sum);
	a->tasks = windows_count(sum, 0);
	a->unfinished = all->offered > 0 ? all->unfinished / all->offered : 0;
	a->mean_start_s = windows_mean(sum, 0);
	a->mean_warmup_s = windows_mean(sum, a->warmup_s);
	double settled_s = windows_mean(sum, fmax(a->warmup_s, cut.at_s));
	a->verdict = judge(a, &cut, fabs(a->mean_warmup_s / settled_s - 1));
	a->cut_s = cut.found ? cut.at_s : NAN;
	double from_s = fmax(a->warmup_s, a->cut_s); /* of NaN and a number: the number */
	a->mean_s = windows_mean(sum, from_s);
	if (is_settled(a))
		judge_runs(all->each, p->request->pilots, from_s, a);
	if (is_settled(a) && a->lag1 > DRIFTS)
		a->verdict = PILOTS_UNSETTLED;
	if (!is_settled(a))
		a->cut_s = a->mean_s = a->half_width_s = a->lag1 = a->needed_s = NAN;
}

static int answer_point(struct pilots *p, size_t point, struct err *e)
{
	struct point_pilots *all = &p->points[point];
	struct pilots_answer *a = &p->answers[point];
	struct windows *sum = calloc(1, sizeof(*sum));
	cJSON *document = plan_document(&p->request->study->plan, point);
	int code = sum && document ? 0 : err_set(e, ERR_NOMEM, "no memory for the pilot runs");
	if (code == 0)
		code = time_at(document, "/duration", &a->duration_s, e);
	if (code == 0)
		code = time_at(document, "/warmup", &a->warmup_s, e);
	if (code == 0) {
		sum->length_s = a->duration_s;
		a->pilots = all->done;
		for (unsigned i = 0; i < p->request->pilots; i++)
			windows_merge(sum, &all->each[i]);
		judge_point(p, all, sum, a);
	}
	cJSON_Delete(document);
	free(sum);
	free(all->each);
	all->each = NULL;
	return code;
}

/* ---- The sink */

static int add_point(void *ctx, const struct point *point, struct err *e)
{
	(void)ctx, (void)point, (void)e;
	return 0;
}

static int has_run(void *ctx, const char *point, uint32_t repetition, bool *has, struct err *e)
{
	(void)ctx, (void)point, (void)repetition, (void)e;
	*has = false;
	return 0;
}

static size_t find_point(struct pilots *p, const char *id)
{
	const struct plan *plan = &p->request->study->plan;
	while (strcmp(plan->points[p->last].id, id) != 0)
		p->last = (p->last + 1) % plan->count;
	return p->last;
}

static double value_of(const struct run_result *r, const char *metric)
{
	const struct result_value *v = run_result_find(r, metric, "");
	return v ? v->value : 0;
}

static void take(struct point_pilots *all, uint32_t repetition, const struct run_result *r)
{
	struct windows *w = &all->each[repetition];
	for (size_t s = 0; s < r->series_count; s++) {
		double *to = strcmp(r->series[s].metric, "windows.sum") == 0 ? w->sum : w->count;
		for (size_t i = 0; i < r->series[s].count; i++)
			to[i] = r->series[s].samples[i].value;
	}
	w->length_s = value_of(r, "windows.length");
	all->offered += value_of(r, "tasks.offered");
	all->unfinished += value_of(r, "tasks.unfinished");
	all->done++;
}

static int put_run(void *ctx, const struct run_record *record, struct err *e)
{
	struct pilots *p = ctx;
	size_t point = find_point(p, record->key.point);
	struct point_pilots *all = &p->points[point];
	if (!all->each)
		all->each = calloc(p->request->pilots, sizeof(*all->each));
	if (!all->each)
		return err_set(e, ERR_NOMEM, "no memory for the pilot runs");
	if (!record->failed)
		take(all, record->key.repetition, record->result);
	return ++all->ended < p->request->pilots ? 0 : answer_point(p, point, e);
}

static void on_progress(void *ctx, const struct runner_progress *progress)
{
	struct pilots *p = ctx;
	progress_draw(&p->line, "pilots", progress->done, progress->total, progress->failed,
		      isnan(progress->eta_s) ? -1 : progress->eta_s);
}

static void on_failed(void *ctx, const struct run_record *record)
{
	struct pilots *p = ctx;
	if (p->failures_told++ >= FAILURES_TOLD)
		return;
	progress_clear(&p->line);
	cli_say("pilot %s:%u failed: %s", record->key.point, record->key.repetition,
		record->error->text);
}

int pilots_run(const struct pilots_request *request, struct pilots_answer *answers, struct err *e)
{
	const struct study *study = request->study;
	struct pilots p = {
		.request = request,
		.answers = answers,
		.experiment = {.repeat = request->pilots, .seed = study->experiment.seed},
		.recorded = {"tasks", "windows"}};
	p.experiment.record = (struct key_list){.items = p.recorded, .count = 2};
	p.points = calloc(study->plan.count, sizeof(*p.points));
	if (!p.points)
		return err_set(e, ERR_NOMEM, "no memory for the pilot runs");
	struct run_sink sink = {
		.ctx = &p, .add_point = add_point, .has_run = has_run, .put_run = put_run};
	struct runner runner = {.plan = &study->plan,
				.experiment = &p.experiment,
				.run = run_pilot,
				.run_ctx = &p,
				.sink = &sink,
				.threads = request->threads,
				.stop = cli_catch_signals(),
				.progress = on_progress,
				.progress_ctx = &p,
				.failed = on_failed,
				.failed_ctx = &p};
	struct runner_progress progress = {0};
	int code = runner_run(&runner, &progress, e);
	progress_clear(&p.line);
	for (size_t i = 0; i < study->plan.count; i++)
		free(p.points[i].each);
	free(p.points);
	return code;
}
