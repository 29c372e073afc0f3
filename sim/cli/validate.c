/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/validate.h"
#include "sim/cli/calibrate.h"
#include "sim/cli/cli.h"
#include "sim/cli/hvcore.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_DEADLINE_S = 60, PROBE_DEADLINE_S = 60, MIX_DEADLINE_S = 120 };
enum { CHARGES_MAX = 128, NAMES_MAX = 64 };

/* The unit of a mix's computing, as a primitive. */
static const char compute_primitive[] = "compute.native";

const struct validate_world validate_worlds[] = {
	{"hvcore-native", "native", false, NULL},
	{"hvcore-container", "container", false, NULL},
	{"hvcore-full", "kvm", false, "cpu.guest"},
	{"hvcore-para", "kvm", true, "cpu.guest"},
	{"hvcore-trap", "trap", false, "cpu.guest@trap"},
	{"hvcore-trap-para", "trap", true, "cpu.guest@trap"},
	{"hvcore-emulator", "emulator", false, "cpu.emulation"},
	{"hvcore-emulator-para", "emulator", true, "cpu.emulation"},
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

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = member(object, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const double *values, size_t n)
{
	double *sorted = malloc((n + 1) * sizeof(*sorted));
	if (!sorted || n == 0) {
		free(sorted);
		return NAN;
	}
	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), by_size);
	double m = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	free(sorted);
	return m;
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

/* The one line that hvcore answers; NULL, with the reason in *e, when it gave no number. */
static cJSON *measure(const char *const *args, double deadline_s, struct err *e)
{
	cJSON *lines;
	int status = hvcore_ask(args, deadline_s, &lines, e);
	cJSON *line = cJSON_DetachItemFromArray(lines, 0);
	cJSON_Delete(lines);
	if (status == 0 && !isnan(number(line, "p50")))
		return line;
	if (hvcore_text(line, "failed")[0])
		err_set(e, ERR_IO, "%s", hvcore_text(line, "failed"));
	else if (status == 0)
		err_set(e, ERR_IO, "hvcore gave no number");
	cJSON_Delete(line);
	return NULL;
}

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

/* Measures the primitives: a profile document as JSON. One that gives no number is left out, with
 * the reason under "failed". */
static cJSON *measure_primitives(struct run *r, const char *const *names)
{
	cJSON *profile = cJSON_CreateObject();
	cJSON_AddNumberToObject(profile, "schema", 1);
	cJSON *primitives = cJSON_AddObjectToObject(profile, "primitives");
	cJSON *failed = cJSON_AddObjectToObject(profile, "failed");
	for (size_t i = 0; names[i] && !stopped(r); i++) {
		struct err e = {0};
		const cJSON *probe = calibrate_probe(member(r->list, "probes"), names[i]);
		tell(r, names[i]);
		if (!probe) {
			cJSON_AddStringToObject(failed, names[i], "hvcore has no such probe");
			continue;
		}
		const char *const args[] = {"probe",	 hvcore_text(probe, "name"),
					    "--backend", hvcore_text(probe, "backend"),
					    "--quick",	 NULL};
		cJSON *line = measure(args, PROBE_DEADLINE_S, &e);
		if (!line) /* what was too noisy may have been so for a moment only */
			line = measure(args, PROBE_DEADLINE_S, &e);
		if (line)
			cJSON_AddItemToObject(primitives, names[i], line);
		else
			cJSON_AddStringToObject(failed, names[i], e.text);
	}
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

static cJSON *measure_mix(const struct run *r, const struct validate_case *c, struct err *e)
{
	char counts[MIX_KINDS][48], seed[32];
	const char *args[MIX_KINDS + 9] = {"mix", "--quick", "--backend", c->world->backend,
					   "--seed"};
	size_t n = 5;
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)r->options->mixes->seed);
	args[n++] = seed;
	if (c->world->para)
		args[n++] = "--para";
	for (int k = 0; k < MIX_KINDS; k++) {
		if (c->mix->count[k] == 0)
			continue;
		snprintf(counts[k], sizeof(counts[k]), "%s=%lld", mix_kind_names[k],
			 (long long)c->mix->count[k]);
		args[n++] = counts[k];
	}
	return measure(args, MIX_DEADLINE_S, e);
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
		cJSON_AddNumberToObject(t, "value", charges[i].primitive.value);
		cJSON_AddNumberToObject(t, "ns", charges[i].exact_ns);
		cJSON_AddStringToObject(t, "source",
					profile_source_names[charges[i].primitive.source]);
		cJSON_AddItemToArray(terms, t);
	}
	return terms;
}

/* By the function that charges tasks in a simulation. */
static int predict(const struct platform *p, const struct profile_view *view,
		   struct validate_case *c, double *ns, struct err *e)
{
	struct platform_charge charges[CHARGES_MAX];
	struct platform_cost cost;
	struct primitive unit;
	struct op_load load;
	size_t n = 0;
	int code = profile_view_find(view, compute_primitive, &unit, e);
	if (code)
		return code;
	mix_load(c->mix, unit.value, &load);
	code = platform_cost(p, view, &load, charges, CHARGES_MAX, &n, &cost, e);
	if (code)
		return code;
	*ns = 0;
	for (int s = 0; s < SITE_COUNT; s++)
		*ns += (double)cost.site_ns[s];
	cJSON_Delete(c->terms);
	c->terms = terms_json(charges, n < CHARGES_MAX ? n : CHARGES_MAX, load.compute_ns);
	return 0;
}

/* How much longer computing takes in the world, as it was between the batches of the mix: an
 * emulator's speed differs by half within seconds, with what else the physical core does. */
static void refresh_slowdown(struct profile *measured, const struct validate_case *c,
			     const cJSON *line)
{
	const struct primitive *unit = profile_find(measured, compute_primitive);
	double unit_ns = number(line, "unit_ns");
	for (size_t i = 0; c->world->slowdown && unit && i < measured->count; i++)
		if (strcmp(measured->items[i].name, c->world->slowdown) == 0 && !isnan(unit_ns))
			measured->items[i].value = unit_ns / unit->value;
}

static void one_case(struct run *r, const struct platform *p, struct profile *measured,
		     const struct profile_view *view, struct validate_case *c)
{
	struct err e = {0};
	double ns;
	tell(r, c->mix->name);
	cJSON *line = measure_mix(r, c, &e);
	if (line && !r->options->fixed_profile)
		refresh_slowdown(measured, c, line);
	if (line && predict(p, view, c, &ns, &e) == 0) {
		c->measured[c->rounds] = number(line, "p50");
		c->scatter[c->rounds] = number(line, "mad");
		c->predicted[c->rounds++] = ns;
	} else {
		snprintf(c->reason, sizeof(c->reason), "%s", e.text);
	}
	cJSON_Delete(line);
	r->done++;
}

static int one_world(struct run *r, struct validate_case *cases, struct err *e)
{
	const struct validate_options *o = r->options;
	const char *names[NAMES_MAX + 1] = {0};
	struct profile measured = {0};
	struct profile_view view = {.profile = o->pricing->view.profile};
	struct platform platform;
	if (pricing_platform(o->pricing, cases->world->platform, &platform) != CLI_OK)
		return err_set(e, ERR_NOTFOUND, "the platform %s cannot be used",
			       cases->world->platform);
	int code = 0;
	if (!o->fixed_profile) {
		needed(&platform, o->mixes, names);
		cJSON *profile = measure_primitives(r, names);
		code = read_profile(profile, &measured, e);
		view.profile = &measured;
		cJSON_Delete(profile);
	}
	for (size_t m = 0; code == 0 && m < o->mixes->list.count && !stopped(r); m++)
		one_case(r, &platform, &measured, &view, &cases[m]);
	profile_free(&measured);
	return code;
}

/* ---- what came out ---- */

static double deviation(const double *values, size_t n, double middle)
{
	double off[VALIDATE_ROUNDS_MAX];
	for (size_t i = 0; i < n; i++)
		off[i] = fabs(values[i] - middle);
	return median(off, n);
}

static void settle(struct validate_result *result)
{
	double *errors = malloc((result->count + 1) * sizeof(*errors));
	result->max_abs_error = result->median_abs_error = NAN;
	for (size_t i = 0; errors && i < result->count; i++) {
		struct validate_case *c = &result->cases[i];
		result->skipped += c->skipped;
		result->failed += !c->skipped && c->rounds == 0;
		if (c->rounds == 0)
			continue;
		c->measured_ns = median(c->measured, c->rounds);
		c->predicted_ns = median(c->predicted, c->rounds);
		c->error = c->predicted_ns / c->measured_ns - 1;
		c->spread = fmax(median(c->scatter, c->rounds),
				 deviation(c->measured, c->rounds, c->measured_ns)) /
			    c->measured_ns;
		errors[result->valid++] = fabs(c->error);
		result->max_abs_error = fmax(result->max_abs_error, fabs(c->error));
	}
	if (errors)
		result->median_abs_error = median(errors, result->valid);
	free(errors);
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
	for (size_t i = 0; i < result->count; i++)
		cJSON_Delete(result->cases[i].terms);
	free(result->cases);
	*result = (struct validate_result){0};
}
