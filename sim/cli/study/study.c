/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/study.h"
#include "reports/db/where.h"
#include "sim/cli/study/study_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct study_file {
	const char *description;
	const char *fallback;
};

static const struct key study_keys[] = {
	{"description", KEY_STRING, offsetof(struct study_file, description), .optional = true,
	 .help = "what the study asks, for people"},
	{"fallback_profile", KEY_STRING, offsetof(struct study_file, fallback), .optional = true,
	 .help = "profile that has the primitives which `profile` lacks, as "
		 "\"profiles/literature.json\"; every use is told"},
	{0}};

static const struct key_object *const study_parts[] = {&world_object, &experiment_object,
						       &figures_object, NULL};

const struct key_object study_object = {.name = "study",
					.keys = study_keys,
					.size = sizeof(struct study_file),
					.help = "a scenario, what to sweep in it, and what to draw",
					.also = study_parts};

/* Keys that change no run: they are left out of what identifies a point. The profile is identified
 * by its content: with the study's results where there is one, by profiles_trim where it is swept.
 */
static const char *const not_of_a_point[] = {"description", "figures", "fallback_profile",
					     "profile", NULL};
static const char *const not_of_a_point_of_profiles[] = {"description", "figures",
							 "fallback_profile", NULL};

static const char *const sections[] = {"platforms", "radios", "apps", "traces", NULL};

static int apply_settings(struct study *s, const struct cli_args *args, struct diag_list *diags)
{
	int code = 0;
	const char *setting;
	for (size_t i = 0; (setting = cli_value_at(args, "set", i)); i++)
		if (json_doc_set(&s->doc, setting, diags) != 0)
			code = ERR_INVALID;
	const char *seed = cli_value(args, "seed");
	if (seed) {
		cJSON *value = cJSON_CreateString(seed);
		if (!value || json_put(s->doc.root, "/seed", value) != 0) {
			cJSON_Delete(value);
			return ERR_NOMEM;
		}
	}
	return code;
}

/* Copies library entries that `from` has and `to` lacks. */
static int merge_sections(cJSON *to, const cJSON *from)
{
	for (size_t i = 0; sections[i]; i++) {
		const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(from, sections[i]);
		cJSON *ours = cJSON_GetObjectItemCaseSensitive(to, sections[i]);
		if (!theirs)
			continue;
		if (!ours && !(ours = cJSON_AddObjectToObject(to, sections[i])))
			return ERR_NOMEM;
		for (const cJSON *entry = theirs->child; entry; entry = entry->next) {
			if (cJSON_GetObjectItemCaseSensitive(ours, entry->string))
				continue;
			cJSON *copy = cJSON_Duplicate(entry, true);
			if (!copy || !cJSON_AddItemToObject(ours, entry->string, copy)) {
				cJSON_Delete(copy);
				return ERR_NOMEM;
			}
		}
	}
	return 0;
}

/* The library entries that one value of one axis asks for. A mistake in the value is told where the
 * sweep has it. */
static int resolve_value(struct study *s, const struct axis *axis, const char *at,
			 const cJSON *value, struct diag_list *diags, struct err *e)
{
	struct world_library library = library_world(&s->library);
	cJSON *root = cJSON_Duplicate(s->doc.root, true), *copy = cJSON_Duplicate(value, true);
	if (!root || !copy || json_put(root, axis->path, copy) != 0) {
		cJSON_Delete(copy);
		cJSON_Delete(root);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	struct json_doc doc;
	int code = json_doc_derive(&doc, &s->doc, root);
	if (code != 0)
		return err_set(e, code, "out of memory");
	code = json_doc_redirect(&doc, axis->path, at);
	if (code == 0)
		code = world_resolve(&doc, &library, diags, e);
	if (code == 0)
		code = merge_sections(s->doc.root, doc.root);
	json_doc_free(&doc);
	return code;
}

/* Loads what the study and every value of its axes name, so that the document needs no library any
 * more. */
static int resolve_all(struct study *s, struct diag_list *diags, struct err *e)
{
	struct world_library library = library_world(&s->library);
	int code = world_resolve(&s->doc, &library, diags, e);
	const struct axis *axes = s->experiment.sweep.items;
	for (size_t a = 0; a < s->experiment.sweep.count && code == 0; a++) {
		char axis_at[400], at[500];
		json_pointer_join(axis_at, sizeof(axis_at), "/sweep", axes[a].name);
		if (!axes[a].values || !json_at(s->doc.root, axes[a].path))
			continue; /* a range has numbers only; a wrong path is told by the plan */
		int i = 0;
		for (const cJSON *v = axes[a].values->child; v; v = v->next, i++) {
			snprintf(at, sizeof(at), "%s/values/%d", axis_at, i);
			int one = resolve_value(s, &axes[a], at, v, diags, e);
			if (one != 0 && one != ERR_INVALID)
				return one;
			code = one ? one : code;
		}
	}
	return code;
}

/* Whether the pointer is at or below another. */
static bool is_inside(const char *pointer, const char *above)
{
	size_t n = strlen(above);
	return strncmp(pointer, above, n) == 0 && (pointer[n] == '\0' || pointer[n] == '/');
}

/* Profiles are read before there are points, so their names must be there; and what a fallback
 * lends depends on the profile. */
static int refuse_swept_profiles(const struct study *s, struct diag_list *diags)
{
	int code = 0;
	for (size_t a = 0; a < experiment_axis_count(&s->experiment); a++) {
		struct axis_place axis = experiment_axis(&s->experiment, a);
		bool own = is_inside(axis.path, "/profile");
		if (!own && !is_inside(axis.path, "/fallback_profile"))
			continue;
		if (own && s->profiles.swept && strcmp(axis.path, "/profile") == 0)
			continue;
		char at[400];
		json_pointer_join(at, sizeof(at), axis.section, axis.name);
		json_pointer_join(at, sizeof(at), at, "path");
		if (own)
			json_doc_error(&s->doc, diags, at,
				       "a profile is swept as a whole: an axis of \"sweep\" with "
				       "\"path\": \"/profile\" and \"values\", a list of files");
		else
			json_doc_error(&s->doc, diags, at,
				       "a study has one fallback_profile, so it cannot be swept; "
				       "sweep \"/profile\", or run the study once with each (--set "
				       "/fallback_profile=FILE) and compare with `mcvsim diff`");
		code = ERR_INVALID;
	}
	return code;
}

/* An axis puts its own values over what --set put at its place or below. */
static int refuse_settings_of_axes(const struct study *s, const struct cli_args *args,
				   struct diag_list *diags)
{
	int code = 0;
	const char *setting;
	for (size_t i = 0; args && (setting = cli_value_at(args, "set", i)); i++) {
		char pointer[500];
		snprintf(pointer, sizeof(pointer), "%.*s", (int)strcspn(setting, "="), setting);
		for (size_t a = 0; a < experiment_axis_count(&s->experiment); a++) {
			struct axis_place axis = experiment_axis(&s->experiment, a);
			if (!is_inside(pointer, axis.path))
				continue;
			json_doc_error(&s->doc, diags, pointer,
				       "axis \"%s\" sets this at every point; change its values "
				       "(--set %s/%s/%s) or take it out (--set %s/%s=null)",
				       axis.name, axis.section, axis.name,
				       a < s->experiment.sweep.count ? "values=[...]" : "from=...",
				       axis.section, axis.name);
			code = ERR_INVALID;
		}
	}
	return code;
}

static int trim_point(void *ctx, cJSON *document)
{
	const struct study *s = ctx;
	int code = world_trim(document);
	return code ? code : profiles_trim(&s->profiles, document);
}

static bool records_energy(const struct study *s)
{
	for (const struct world_metric *m = world_metrics; m->name; m++)
		if (world_metric_is_energy(m) && experiment_records(&s->experiment, m->name))
			return true;
	return false;
}

/* Builds each point's world once, so that no mistake waits for the middle of the night. */
static int check_points(struct study *s, struct metric_uses *uses, struct world_radios *radios,
			struct diag_list *diags, struct err *e)
{
	bool energies = records_energy(s);
	int code = 0;
	for (size_t i = 0; i < s->plan.count; i++) {
		struct json_doc doc;
		struct world *world = NULL;
		int one = plan_point_doc(&s->plan, i, &doc);
		if (one != 0)
			return err_set(e, one, "out of memory");
		const struct profile *profile = profiles_of(&s->profiles, doc.root);
		one = world_new(&world, &doc, profile, &s->profiles.fallback, diags, e);
		if (one == 0) {
			s->expected_tasks += world_expected_tasks(world);
			if (metric_uses_meet(uses, world, &s->arena) != 0 ||
			    world_radios_look(radios, world, energies) != 0)
				one = err_set(e, ERR_NOMEM, "out of memory");
		}
		int names = s->stored ? 0
				      : world_check_overrides(&doc, s->doc.root, profile,
							      &s->profiles.fallback, diags);
		world_free(world);
		json_doc_free(&doc);
		if (one != 0 && one != ERR_INVALID)
			return one;
		if (names != 0 && names != ERR_INVALID)
			return err_set(e, names, "out of memory");
		code = one ? one : names ? names : code;
	}
	if (!s->stored)
		world_radios_warn(radios, &s->doc, diags);
	return code ? code : metric_uses_check(uses, &s->doc, diags);
}

/* Whether the results will have what the study reads back of them; figures may be NULL. */
static int check_results(struct study *s, const struct figures *figures, struct metric_uses *uses,
			 struct diag_list *diags)
{
	int code = study_check_metrics(s, figures, uses, diags);
	int axes = figures && code != ERR_NOMEM ? study_check_figure_axes(s, figures, diags) : 0;
	return axes ? axes : code;
}

/* Everything after the text and the profiles were read. `args` may be NULL. */
static int put_together(struct study *s, const struct cli_args *args, struct diag_list *diags,
			struct err *e)
{
	struct study_file file;
	if (keys_check(&study_object, &s->doc, "", diags) != 0 ||
	    keys_parse(&study_object, &s->doc, "", &file, &s->arena, diags) != 0)
		return ERR_INVALID;
	int code = keys_fill_defaults(&study_object, s->doc.root);
	if (code != 0)
		return err_set(e, code, "out of memory");
	struct figures figures;
	int figures_code =
		keys_parse_part(&figures_object, &s->doc, "", &figures, &s->arena, diags);
	if (keys_parse_part(&experiment_object, &s->doc, "", &s->experiment, &s->arena, diags) != 0)
		return ERR_INVALID;
	int swept = refuse_swept_profiles(s, diags);
	if (refuse_settings_of_axes(s, args, diags) != 0 || swept != 0)
		return ERR_INVALID;
	code = resolve_all(s, diags, e);
	if (code != 0)
		return code;
	s->where = where_open();
	if (!s->where)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (profiles_identify(&s->profiles, &s->doc) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	struct plan_options options = {.drop = s->profiles.swept ? not_of_a_point_of_profiles
								 : not_of_a_point,
				       .filter = where_keep,
				       .filter_ctx = s->where,
				       .trim = trim_point,
				       .trim_ctx = s};
	code = plan_expand(&s->plan, &s->experiment, &s->doc, &options, diags, e);
	if (code != 0)
		return code;
	struct metric_uses uses = {0};
	int results_code =
		s->stored ? 0 : check_results(s, figures_code == 0 ? &figures : NULL, &uses, diags);
	if (results_code == ERR_NOMEM)
		return err_set(e, results_code, "out of memory");
	struct world_radios radios = {0};
	if (s->profiles.stored) /* else a profile is missing, which is told already */
		code = check_points(s, &uses, &radios, diags, e);
	world_radios_free(&radios);
	return code ? code : figures_code ? figures_code : results_code;
}

/* Profiles are read before the keys are parsed, so the default of that row is put in here. */
static int default_profile(struct study *s)
{
	const struct key *row = world_object.keys;
	while (strcmp(row->name, "profile") != 0)
		row++;
	cJSON *name = cJSON_Parse(row->def);
	if (name && cJSON_AddItemToObject(s->doc.root, "profile", name))
		return 0;
	cJSON_Delete(name);
	return ERR_NOMEM;
}

static int read_profiles(struct study *s, struct diag_list *diags, struct err *e)
{
	if (cJSON_IsObject(s->doc.root) &&
	    !cJSON_GetObjectItemCaseSensitive(s->doc.root, "profile") && default_profile(s) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	return profiles_read(&s->profiles, &s->library, &s->doc, diags, e);
}

int study_open(struct study *s, const char *path, const struct cli_args *args,
	       struct diag_list *diags, struct err *e)
{
	*s = (struct study){.path = path};
	library_open(&s->library, path);
	int code = json_doc_load(&s->doc, path, diags, e);
	if (code != 0)
		return code;
	code = apply_settings(s, args, diags);
	if (code != 0)
		return code;
	code = read_profiles(s, diags, e);
	if (code != 0 && code != ERR_INVALID)
		return code;
	/* With a broken profile the rest is still looked at, for its own mistakes. */
	int rest = put_together(s, args, diags, e);
	return rest && rest != ERR_INVALID ? rest : code ? code : rest;
}

int study_open_stored(struct study *s, const cJSON *document, const cJSON *prices,
		      struct diag_list *diags, struct err *e)
{
	*s = (struct study){.path = "stored study", .stored = true};
	library_open(&s->library, NULL);
	char *text = cJSON_PrintUnformatted(document);
	int code = text ? json_doc_parse(&s->doc, s->path, text, strlen(text), diags, e)
			: err_set(e, ERR_NOMEM, "out of memory");
	if (code == 0)
		code = profiles_read_stored(&s->profiles, prices, diags, e);
	if (code == 0)
		code = put_together(s, NULL, diags, e);
	cJSON_free(text);
	return code;
}

void study_close(struct study *s)
{
	plan_free(&s->plan);
	where_close(s->where);
	profiles_free(&s->profiles);
	json_doc_free(&s->doc);
	library_close(&s->library);
	arena_free(&s->arena);
	*s = (struct study){0};
}

struct recorder {
	struct run_result *out;
	const struct experiment *experiment;
};

static int record_value(void *ctx, const char *metric, const char *subject, const char *unit,
			double value)
{
	struct recorder *r = ctx;
	if (!experiment_records(r->experiment, metric))
		return 0;
	return run_result_add(r->out, metric, subject, unit, value);
}

static int record_histogram(void *ctx, const char *metric, const char *subject, const char *unit,
			    const struct world_bucket *buckets, size_t count)
{
	struct recorder *r = ctx;
	if (!experiment_records(r->experiment, metric))
		return 0;
	struct result_bucket *copy = calloc(count ? count : 1, sizeof(*copy));
	if (!copy)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		copy[i] = (struct result_bucket){buckets[i].low, buckets[i].high, buckets[i].count};
	int code = run_result_add_histogram(r->out, metric, subject, unit, copy, count);
	free(copy);
	return code;
}

static int record_series(void *ctx, const char *metric, const char *subject, const char *unit,
			 const struct world_sample *samples, size_t count)
{
	struct recorder *r = ctx;
	if (!experiment_records(r->experiment, metric))
		return 0;
	struct result_sample *copy = calloc(count ? count : 1, sizeof(*copy));
	if (!copy)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++)
		copy[i] = (struct result_sample){samples[i].time_s, samples[i].value};
	int code = run_result_add_series(r->out, metric, subject, unit, copy, count);
	free(copy);
	return code;
}

static bool is_wanted(void *ctx, const char *metric)
{
	return experiment_records(((const struct recorder *)ctx)->experiment, metric);
}

int study_run_point(void *ctx, const cJSON *document, const struct run_key *key,
		    const volatile bool *stop, struct run_result *out, struct err *e)
{
	const struct study *s = ctx;
	struct diag_list diags = {0};
	struct json_doc doc = {0};
	struct world *world = NULL;
	cJSON *copy = cJSON_Duplicate(document, true);
	int code = copy ? json_doc_derive(&doc, &s->doc, copy) : ERR_NOMEM;
	if (code != 0)
		return err_set(e, code, "out of memory");
	code = world_new(&world, &doc, profiles_of(&s->profiles, document), &s->profiles.fallback,
			 &diags, e);
	/* The points were checked before the first run, so a mistake here is a rare one. */
	if (code == ERR_INVALID && diags.count)
		err_set(e, code, "%s: %s", diags.items[0].pointer ? diags.items[0].pointer : "",
			diags.items[0].text);
	struct recorder recorder = {out, &s->experiment};
	struct world_metrics_sink sink = {
		.ctx = &recorder,
		.value = record_value,
		.histogram = record_histogram,
		.stop = stop,
		.series = record_series,
		.trace = s->trace,
		.wants = is_wanted,
	};
	if (code == 0 && s->trace && s->trace->class &&
	    !world_has_handset(world, s->trace->class, s->trace->handset))
		code = err_set(e, ERR_INVALID, "the run has no handset %s/%u", s->trace->class,
			       s->trace->handset);
	if (code == 0)
		code = world_run(
			world,
			&(struct world_run_key){.seed = key->seed, .repetition = key->repetition},
			&sink, e);
	world_free(world);
	json_doc_free(&doc);
	diag_free(&diags);
	return code;
}
