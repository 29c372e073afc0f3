/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/validate.h"
#include "sim/cli/measure/calibrate.h"
#include "sim/cli/cli.h"
#include "sim/cli/measure/hvcore.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEADLINE_S = 60, TURNS_DEADLINE_S = 120 };
enum { NAMES_MAX = 64 };
/* Mixes that take turns at once: the more, the longer a turn. */
enum { MIXES_AT_ONCE = 10 };
/* Turns of a sample, and samples that a round of a world has at most. */
enum { SAMPLE_TURNS = 5, ROUND_SAMPLES_MAX = VALIDATE_SAMPLES_MAX / VALIDATE_ROUNDS_MAX };
/* How long turns are taken. */
#define TURNS_MS "1000"

/* The unit of a mix's computing, as a primitive. */
static const char compute_primitive[] = "compute.native";

const struct validate_world validate_worlds[] = {
	{"hvcore-native", "native", false, false},
	{"hvcore-container", "container", false, false},
	{"hvcore-full", "kvm", false, false},
	{"hvcore-para", "kvm", true, false},
	{"hvcore-iothread", "kvm", true, true},
	{"hvcore-trap", "trap", false, false},
	{"hvcore-trap-para", "trap", true, false},
	{"hvcore-emulator", "emulator", false, false},
	{"hvcore-emulator-para", "emulator", true, false},
	{0},
};

struct run {
	const struct validate_options *options;
	struct validate_result *result;
	cJSON *list; /* what hvcore offers */
	size_t done, total;
};

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static bool stopped(const struct run *r)
{
	return r->options->stop && *r->options->stop;
}

static void tell(struct run *r, const char *what)
{
	if (r->options->progress)
		r->options->progress(r->options->progress_ctx, what, r->done, r->total);
}

/* ---- measuring ---- */

/* Adds a name to a set that ends with NULL. */
static void add_name(const char *names[NAMES_MAX + 1], const char *name)
{
	size_t i = 0;
	while (names[i] && strcmp(names[i], name) != 0)
		i++;
	assert(i < NAMES_MAX);
	names[i] = name;
}

/* What the platform's terms for the operations of these mixes name. */
static void needed(const struct platform *p, const struct mixes *mixes,
		   const char *names[NAMES_MAX + 1])
{
	const struct mix *list = mixes->list.items;
	add_name(names, compute_primitive);
	for (size_t m = 0; m < mixes->list.count; m++) {
		struct op_load load;
		mix_load(&list[m], 1, &load);
		for (size_t t = 0; t < p->term_count; t++) {
			const struct platform_term *term = &p->terms[t];
			if (term->op == OP_CPU ? load.compute_ns <= 0 : load.count[term->op] <= 0)
				continue;
			add_name(names, term->primitive);
			if (term->times)
				add_name(names, term->times);
		}
	}
}

/* What takes turns: primitives, then mixes. */
struct turns {
	const char *primitives[NAMES_MAX + 1];
	size_t primitive_count;
	struct validate_case *cases;
	size_t case_count;
	cJSON *lines; /* hvcore's answers, in this order */
	char text[NAMES_MAX + MIXES_AT_ONCE][MIX_KINDS * 40];
};

static void mix_text(const struct mix *mix, char *text, size_t size)
{
	size_t at = 0;
	for (int k = 0; k < MIX_KINDS; k++)
		if (mix->count[k])
			at += (size_t)snprintf(text + at, size - at, "%s%s=%lld", at ? "," : "",
					       mix_kind_names[k], (long long)mix->count[k]);
}

/* Names the primitives that hvcore has a probe for; the others go to `failed`. */
static void choose_primitives(const struct run *r, struct turns *t, const char *const *names,
			      cJSON *failed)
{
	for (size_t i = 0; names[i]; i++) {
		const cJSON *probe = calibrate_probe(member(r->list, "probes"), names[i]);
		char *text = t->text[t->primitive_count];
		if (!probe) {
			cJSON_AddStringToObject(failed, names[i], "hvcore has no such probe");
			continue;
		}
		snprintf(text, sizeof(t->text[0]), "%s@%s", hvcore_text(probe, "name"),
			 hvcore_text(probe, "backend"));
		t->primitives[t->primitive_count++] = names[i];
	}
}

/* Asks hvcore. Returns 0 also when some of it failed, or a code when all did. */
static int take_turns(const struct run *r, struct turns *t, struct err *e)
{
	const struct validate_world *world = t->cases->world;
	size_t count = t->primitive_count + t->case_count, n = 0;
	const char *args[NAMES_MAX + MIXES_AT_ONCE + 12] = {
		"turns", "--quick", "--limit-ms", TURNS_MS, "--backend", world->backend, "--seed"};
	char seed[32];
	while (args[n])
		n++;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->options->mixes->seed);
	args[n++] = seed;
	if (world->para)
		args[n++] = "--para";
	if (world->iothread)
		args[n++] = "--iothread";
	for (size_t i = 0; i < t->case_count; i++)
		mix_text(t->cases[i].mix, t->text[t->primitive_count + i], sizeof(t->text[0]));
	for (size_t i = 0; i < count; i++)
		args[n++] = t->text[i];
	int status = hvcore_ask(args, TURNS_DEADLINE_S, &t->lines, e);
	if (status < 0)
		return status;
	return (size_t)cJSON_GetArraySize(t->lines) == count
		       ? 0
		       : err_set(e, ERR_IO, "hvcore did not answer all of it");
}

static const cJSON *answer(const struct turns *t, size_t i)
{
	return cJSON_GetArrayItem(t->lines, (int)i);
}

/* The mean of a sample's turns; NAN past the end. Not their median: what operations take is skewed
 * (an exit now and then takes twice as long), and only means of parts add up to that of the whole.
 */
static double sample(const cJSON *line, size_t number)
{
	const cJSON *values = member(line, "values");
	double sum = 0;
	if ((size_t)cJSON_GetArraySize(values) < (number + 1) * SAMPLE_TURNS)
		return NAN;
	for (size_t i = 0; i < SAMPLE_TURNS; i++)
		sum += cJSON_GetArrayItem(values, (int)(number * SAMPLE_TURNS + i))->valuedouble;
	return sum / SAMPLE_TURNS;
}

/* What was measured, as a profile document. */
static cJSON *profile_json(const struct turns *t, cJSON *failed)
{
	cJSON *profile = cJSON_CreateObject();
	cJSON_AddNumberToObject(profile, "schema", 1);
	cJSON *primitives = cJSON_AddObjectToObject(profile, "primitives");
	for (size_t i = 0; i < t->primitive_count; i++) {
		const char *why = hvcore_text(answer(t, i), "failed");
		if (why[0])
			cJSON_AddStringToObject(failed, t->primitives[i], why);
		else
			cJSON_AddItemToObject(primitives, t->primitives[i],
					      cJSON_Duplicate(answer(t, i), true));
	}
	cJSON_AddItemToObject(profile, "failed", failed);
	return profile;
}

static int read_profile(const cJSON *json, struct profile *out, struct err *e)
{
	struct diag_list diags = {0};
	struct json_doc doc;
	char *text = cJSON_PrintUnformatted(json);
	int code = text ? json_doc_parse(&doc, "measured just now", text, strlen(text), &diags, e)
			: err_set(e, ERR_NOMEM, "no memory for a profile");
	if (code == 0) {
		code = profile_read(out, &doc, "what was measured just now", &diags, e);
		json_doc_free(&doc);
	}
	if (code == ERR_INVALID)
		err_set(e, ERR_CORRUPT, "hvcore's answers are no profile: %s",
			diags.count ? diags.items[0].text : "");
	diag_free(&diags);
	free(text);
	return code;
}

/* ---- predicting ---- */

static cJSON *terms_json(const struct platform_charge *charges, size_t n, double compute_ns)
{
	cJSON *terms = cJSON_CreateArray();
	cJSON *native = compute_ns > 0 ? cJSON_CreateObject() : NULL;
	if (native) {
		cJSON_AddStringToObject(native, "operation", "cpu");
		cJSON_AddStringToObject(native, "primitive", compute_primitive);
		cJSON_AddNumberToObject(native, "ns", compute_ns);
		cJSON_AddItemToArray(terms, native);
	}
	for (size_t i = 0; i < n; i++) {
		cJSON *t = cJSON_CreateObject();
		cJSON_AddStringToObject(t, "operation", op_name(charges[i].term->op));
		cJSON_AddStringToObject(t, "primitive", charges[i].term->primitive);
		cJSON_AddNumberToObject(t, "n", charges[i].term->n * charges[i].x);
		cJSON_AddNumberToObject(t, "value",
					charges[i].exact_ns / (charges[i].term->n * charges[i].x));
		cJSON_AddNumberToObject(t, "ns", charges[i].exact_ns);
		cJSON_AddStringToObject(t, "source",
					profile_source_names[charges[i].primitive.source]);
		cJSON_AddItemToArray(terms, t);
	}
	return terms;
}

static cJSON *term_item(const cJSON *term, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(term, key);
}

/* Remembers the times of the terms of this sample. */
static void keep_term_times(struct validate_case *c)
{
	size_t n = (size_t)cJSON_GetArraySize(c->terms);
	double *all = realloc(c->term_ns, (c->samples + 1) * n * sizeof(*all) + 1);
	const cJSON *t;
	if (!all)
		return;
	c->term_ns = all;
	all += c->samples * n;
	cJSON_ArrayForEach(t, c->terms) *all++ = term_item(t, "ns")->valuedouble;
}

/* Puts the times of that sample into the terms, which differ in nothing else. */
static void restore_term_times(struct validate_case *c, unsigned sample)
{
	size_t i = sample * (size_t)cJSON_GetArraySize(c->terms);
	cJSON *t;
	cJSON_ArrayForEach(t, c->terms)
	{
		const cJSON *n = term_item(t, "n");
		double ns = c->term_ns ? c->term_ns[i++] : 0;
		cJSON_SetNumberValue(term_item(t, "ns"), ns);
		if (n)
			cJSON_SetNumberValue(term_item(t, "value"), ns / n->valuedouble);
	}
}

/* By the function that charges tasks in a simulation. */
static int predict(const struct platform *p, const struct profile_view *view,
		   struct validate_case *c, double *ns, struct err *e)
{
	struct platform_charge charges[PLATFORM_TERMS_MAX];
	struct platform_cost cost;
	struct primitive unit;
	struct op_load load;
	size_t n = 0;
	int code = profile_view_find(view, compute_primitive, &unit, e);
	if (code)
		return code;
	mix_load(c->mix, unit.value, &load);
	code = platform_cost(p, view, &load, charges, PLATFORM_TERMS_MAX, &n, &cost, e);
	if (code)
		return code;
	*ns = 0;
	for (int s = 0; s < SITE_COUNT; s++)
		*ns += (double)cost.site_ns[s];
	cJSON_Delete(c->terms);
	c->terms = terms_json(charges, n, load.compute_ns);
	return 0;
}

/* Puts the primitives as they were in one sample into the profile. */
static void apply_sample(struct profile *measured, const struct turns *t, size_t number)
{
	for (size_t i = 0; i < t->primitive_count; i++) {
		double value = sample(answer(t, i), number);
		for (size_t k = 0; k < measured->count; k++)
			if (!isnan(value) && strcmp(measured->items[k].name, t->primitives[i]) == 0)
				measured->items[k].value = fmax(value, 0);
	}
}

static void add_sample(const struct platform *p, const struct profile_view *view,
		       struct validate_case *c, const cJSON *line, size_t number)
{
	struct err e = {0};
	double ns, measured = sample(line, number);
	const char *failed = hvcore_text(line, "failed");
	if (failed[0]) {
		snprintf(c->reason, sizeof(c->reason), "%s", failed);
	} else if (!(measured > 0) || c->samples == VALIDATE_SAMPLES_MAX) {
		return;
	} else if (predict(p, view, c, &ns, &e)) {
		snprintf(c->reason, sizeof(c->reason), "%s", e.text);
	} else {
		keep_term_times(c);
		c->measured[c->samples] = measured;
		c->predicted[c->samples++] = ns;
	}
}

/* Some mixes of a world, with its primitives unless there is a profile. */
static int one_group(struct run *r, const struct platform *p, struct turns *t,
		     const char *const *names, struct err *e)
{
	struct profile measured = {0};
	struct profile_view view = {.profile = r->options->pricing->view.profile};
	struct err asked = {0};
	cJSON *failed = cJSON_CreateObject();
	tell(r, p->name);
	choose_primitives(r, t, names, failed);
	int rc = take_turns(r, t, &asked), code = 0;
	for (size_t i = 0; rc && i < t->case_count; i++)
		snprintf(t->cases[i].reason, sizeof(t->cases[i].reason), "%s", asked.text);
	cJSON *profile = profile_json(t, failed);
	if (!rc && !r->options->fixed_profile) {
		code = read_profile(profile, &measured, e);
		view.profile = &measured;
	}
	for (size_t s = 0; !rc && !code && s < ROUND_SAMPLES_MAX; s++) {
		apply_sample(&measured, t, s);
		for (size_t i = 0; i < t->case_count; i++)
			add_sample(p, &view, &t->cases[i], answer(t, t->primitive_count + i), s);
	}
	cJSON_Delete(profile);
	cJSON_Delete(t->lines);
	profile_free(&measured);
	r->done += t->case_count;
	return code;
}

static int one_world(struct run *r, struct validate_case *cases, struct err *e)
{
	const struct validate_options *o = r->options;
	const char *names[NAMES_MAX + 1] = {0};
	size_t count = o->mixes->list.count;
	struct platform platform;
	if (pricing_platform(o->pricing, cases->world->platform, &platform) != CLI_OK)
		return err_set(e, ERR_NOTFOUND, "the platform %s cannot be used",
			       cases->world->platform);
	struct turns *t = malloc(sizeof(*t));
	int code = t ? 0 : err_set(e, ERR_NOMEM, "no memory for the mixes");
	if (!o->fixed_profile)
		needed(&platform, o->mixes, names);
	for (size_t m = 0; code == 0 && m < count && !stopped(r); m += MIXES_AT_ONCE) {
		size_t left = count - m;
		memset(t, 0, sizeof(*t));
		t->cases = &cases[m];
		t->case_count = left < MIXES_AT_ONCE ? left : MIXES_AT_ONCE;
		code = one_group(r, &platform, t, names, e);
	}
	free(t);
	return code;
}

/* ---- what came out ---- */

static double deviation(const double *values, size_t n)
{
	double off[VALIDATE_SAMPLES_MAX], middle = error_summary_median(values, n);
	for (size_t i = 0; i < n; i++)
		off[i] = fabs(values[i] - middle);
	return error_summary_median(off, n);
}

/* Takes the sample whose error is the middle one for the case. */
static void settle_case(struct validate_case *c)
{
	double errors[VALIDATE_SAMPLES_MAX], sorted[VALIDATE_SAMPLES_MAX];
	unsigned middle = 0;
	for (unsigned i = 0; i < c->samples; i++)
		sorted[i] = errors[i] = c->predicted[i] / c->measured[i] - 1;
	qsort(sorted, c->samples, sizeof(*sorted), by_size);
	while (errors[middle] != sorted[c->samples / 2])
		middle++;
	c->measured_ns = c->measured[middle];
	c->predicted_ns = c->predicted[middle];
	c->error = errors[middle];
	restore_term_times(c, middle);
	c->spread =
		deviation(c->measured, c->samples) / error_summary_median(c->measured, c->samples);
	c->deviation = deviation(errors, c->samples);
}

struct error_summary validate_errors(const struct validate_result *result,
				     const struct validate_world *world)
{
	double *errors = malloc((result->count + 1) * sizeof(*errors));
	size_t n = 0;
	for (size_t i = 0; errors && i < result->count; i++) {
		const struct validate_case *c = &result->cases[i];
		if (c->samples && (!world || c->world == world))
			errors[n++] = c->error;
	}
	struct error_summary summary = error_summary_of(errors, n);
	free(errors);
	return summary;
}

static void settle(struct validate_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		struct validate_case *c = &result->cases[i];
		result->skipped += c->skipped;
		result->failed += !c->skipped && c->samples == 0;
		if (c->samples)
			settle_case(c);
	}
	result->errors = validate_errors(result, NULL);
}

/* Why the backend is not there; NULL when it is. */
static const char *missing(const cJSON *list, const char *backend)
{
	const cJSON *b;
	cJSON_ArrayForEach(b, member(list, "backends"))
	{
		if (strcmp(hvcore_text(b, "name"), backend) == 0)
			return cJSON_IsTrue(member(b, "available")) ? NULL
								    : hvcore_text(b, "reason");
	}
	return "this hvcore was built without it";
}

static int make_cases(struct run *r, struct err *e)
{
	const struct validate_options *o = r->options;
	const struct mix *mixes = o->mixes->list.items;
	size_t worlds = 0, n = 0;
	while (validate_worlds[worlds].platform)
		worlds++;
	struct validate_case *cases = calloc(worlds * o->mixes->list.count + 1, sizeof(*cases));
	if (!cases)
		return err_set(e, ERR_NOMEM, "no memory for the cases");
	for (size_t w = 0; w < worlds; w++) {
		const struct validate_world *world = &validate_worlds[w];
		const char *why = missing(r->list, world->backend);
		if (o->only && strcmp(o->only, world->platform) != 0)
			continue;
		for (size_t m = 0; m < o->mixes->list.count; m++, n++) {
			cases[n].mix = &mixes[m];
			cases[n].world = world;
			cases[n].skipped = why != NULL;
			if (why)
				snprintf(cases[n].reason, sizeof(cases[n].reason), "%s: %s",
					 world->backend, why);
			r->total += why ? 0 : o->rounds;
		}
	}
	r->result->cases = cases;
	r->result->count = n;
	return 0;
}

int validate_run(const struct validate_options *options, struct validate_result *result,
		 struct err *e)
{
	static const char *const list_args[] = {"list", "--json", NULL};
	struct run r = {.options = options, .result = result};
	cJSON *lines;
	*result = (struct validate_result){0};
	int status = hvcore_ask(list_args, LIST_DEADLINE_S, &lines, e);
	r.list = cJSON_DetachItemFromArray(lines, 0);
	cJSON_Delete(lines);
	int code = status < 0 ? status
		   : !r.list  ? err_set(e, ERR_IO, "hvcore list said nothing")
			      : 0;
	if (code == 0)
		code = make_cases(&r, e);
	for (unsigned round = 0; code == 0 && round < options->rounds; round++)
		for (size_t i = 0; code == 0 && i < result->count && !stopped(&r);
		     i += options->mixes->list.count)
			if (!result->cases[i].skipped)
				code = one_world(&r, &result->cases[i], e);
	if (code == 0 && stopped(&r))
		code = err_set(e, ERR_STOPPED, "stopped after %zu of %zu measurements", r.done,
			       r.total);
	if (code == 0)
		settle(result);
	cJSON_Delete(r.list);
	return code;
}

void validate_free(struct validate_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		cJSON_Delete(result->cases[i].terms);
		free(result->cases[i].term_ns);
	}
	free(result->cases);
	*result = (struct validate_result){0};
}
