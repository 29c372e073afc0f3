/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The handsets of a world: classes with their CPUs, radios, apps and policies. */
#include "models/world/world_builder.h"

#include <stdio.h>
#include <string.h>

/* ---- Radios */

static int read_radio(struct builder *b, const struct radio_file *file, const char *pointer,
		      struct radio *radio)
{
	const struct key_variant *chosen;
	const void *parameters;
	char at[600];
	json_pointer_join(at, sizeof(at), pointer, "model");
	int code = choice_read((choice_table)radio_models, "radio model", b->doc, at, &b->w->arena,
			       b->diags, &chosen, &parameters);
	if (code < 0)
		return code;
	*radio = (struct radio){.name = file->name, .description = file->description};
	((const struct radio_ops *)(const void *)chosen)->fill(parameters, radio);
	return 0;
}

static const struct radio *radio_of(struct builder *b, const struct class_file *class,
				    const char *pointer)
{
	const struct key_list *list = &b->file.radios;
	const struct radio_file *files = list->items;
	char at[600];
	struct radio_file inl;
	struct radio *radio = arena_alloc(&b->w->arena, sizeof(*radio));
	if (!radio)
		return NULL;
	json_pointer_join(at, sizeof(at), pointer, "radio");
	if (!class->radio.name) {
		if (keys_parse(&radio_object, b->doc, at, &inl, &b->w->arena, b->diags) < 0)
			return NULL;
		inl.name = class->name;
		return read_radio(b, &inl, at, radio) < 0 ? NULL : radio;
	}
	long i = builder_index(list, sizeof(*files), class->radio.name);
	if (i < 0) {
		builder_unknown(b, list, sizeof(*files), "radio", class->radio.name, at);
		return NULL;
	}
	builder_pointer(at, sizeof(at), "radios", files[i].name);
	return read_radio(b, &files[i], at, radio) < 0 ? NULL : radio;
}

/* ---- Handsets */

static const struct app *app_of(struct builder *b, const char *name, uint32_t *index,
				const char *pointer)
{
	long i = builder_index(&b->file.apps, sizeof(struct app_file), name);
	if (i < 0) {
		builder_unknown(b, &b->file.apps, sizeof(struct app_file), "app", name, pointer);
		return NULL;
	}
	const struct app_file *file = (const struct app_file *)b->file.apps.items + i;
	uint32_t k = 0;
	while (k < b->w->app_count && strcmp(b->w->apps[k]->name, name) != 0)
		k++;
	if (k == b->w->app_count) {
		struct app *app = arena_alloc(&b->w->arena, sizeof(*app));
		char at[500];
		if (!app ||
		    app_compile(app, file, b->doc, builder_pointer(at, sizeof(at), "apps", name),
				&b->w->arena, b->diags) < 0)
			return NULL;
		b->w->apps[b->w->app_count++] = app;
	}
	*index = k;
	return b->w->apps[k];
}

/* What a process that knows its tasks gives them must be what the app's price can follow. */
static void check_given(struct builder *b, const struct app *app, unsigned gives,
			const char *pointer)
{
	bool is_zero = !(app->input.mean > 0) || !(app->output.mean > 0);
	if (gives && app->graph)
		json_doc_error(b->doc, b->diags, pointer,
			       "the file gives bytes or cycles, and %s is an app of stages, which "
			       "draw their own",
			       app->name);
	else if ((gives & ARRIVAL_GIVES_BYTES) && is_zero)
		json_doc_error(b->doc, b->diags, pointer,
			       "the file gives bytes, and the input or the output of %s is 0: what "
			       "packets cost is in proportion to them",
			       app->name);
}

static int fit_arrivals(struct builder *b, const struct class *class, const struct source *s,
			const char *pointer)
{
	struct arrival_user user = {s->app->name, class->count};
	unsigned gives = 0;
	char at[800];
	if (!s->arrival->fit)
		return 0;
	json_pointer_join(at, sizeof(at), pointer, s->arrival->choice.name);
	int code = s->arrival->fit(s->arrival_parameters, &user, b->doc, at, &b->w->arena, b->diags,
				   &gives);
	check_given(b, s->app, gives, at);
	b->w->given[s->app_index] |= gives;
	return code;
}

static int build_sources(struct builder *b, struct class *class, const struct class_file *file,
			 const char *pointer)
{
	const struct class_app_file *apps = file->apps.items;
	char list[500], at[600], arrivals[700], entity[500];
	json_pointer_join(list, sizeof(list), pointer, "apps");
	if (file->apps.count == 0)
		json_doc_warning(b->doc, b->diags, list, "is empty: these handsets start no tasks");
	class->sources = arena_array(&b->w->arena, file->apps.count, sizeof(*class->sources));
	if (!class->sources)
		return builder_no_memory(b);
	for (size_t i = 0; i < file->apps.count; i++) {
		struct source *s = &class->sources[class->source_count];
		const struct key_variant *chosen;
		json_pointer_join(at, sizeof(at), list, apps[i].name);
		json_pointer_join(arrivals, sizeof(arrivals), at, "arrivals");
		s->app = app_of(b, apps[i].name, &s->app_index, at);
		if (choice_read((choice_table)arrival_models, "arrival process", b->doc, arrivals,
				&b->w->arena, b->diags, &chosen, &s->arrival_parameters) < 0 ||
		    !s->app)
			continue;
		s->arrival = (const struct arrival_ops *)(const void *)chosen;
		int code = fit_arrivals(b, class, s, arrivals);
		if (code == ERR_NOMEM)
			return builder_no_memory(b);
		if (code < 0)
			continue;
		if (!(s->arrival->rate(s->arrival_parameters) > 0))
			json_doc_warning(b->doc, b->diags, arrivals, "no task ever starts");
		snprintf(entity, sizeof(entity), "handsets/%s/%s", file->name, apps[i].name);
		s->entity = stream_name(entity);
		class->source_count++;
	}
	return 0;
}

/* The CPU's levels, slowest first; the governor's nominal one is what "clock" and "power" say. */
static int build_levels(struct builder *b, struct class *class, const struct class_file *file,
			const char *pointer)
{
	const struct cpu_level *more = file->cpu.levels.items;
	const struct key_variant *chosen = NULL;
	size_t n = file->cpu.levels.count + 1, k = 0;
	char at[700];
	json_pointer_join(at, sizeof(at), pointer, "governor");
	if (choice_read((choice_table)governor_models, "governor", b->doc, at, &b->w->arena,
			b->diags, &chosen, &class->cpu.parameters) == 0)
		class->cpu.governor = (const struct governor_ops *)(const void *)chosen;
	class->cpu.levels = arena_array(&b->w->arena, n, sizeof(*class->cpu.levels));
	if (!class->cpu.levels)
		return builder_no_memory(b);
	class->cpu.idle_w = class->idle_w;
	class->cpu.levels[0] = (struct cpu_level){file->cpu.hz, file->cpu.compute_w};
	for (class->cpu.count = 1; class->cpu.count < n; class->cpu.count++) {
		struct cpu_level l = more[class->cpu.count - 1];
		for (k = class->cpu.count; k > 0 && class->cpu.levels[k - 1].hz > l.hz; k--)
			class->cpu.levels[k] = class->cpu.levels[k - 1];
		class->cpu.levels[k] = l;
	}
	while (class->cpu.levels[class->cpu.nominal].hz != file->cpu.hz)
		class->cpu.nominal++;
	return 0;
}

static int build_class(struct builder *b, struct class *class, const struct class_file *file)
{
	char at[500], key[600];
	const struct key_variant *chosen = NULL;
	builder_pointer(at, sizeof(at), "handsets", file->name);
	*class = (struct class){
		.name = file->name,
		.count = (uint32_t)file->count,
		.idle_w = file->cpu.idle_w,
		.base_w = file->base_w,
		.battery_j = file->battery_j,
		.radio = radio_of(b, file, at),
	};
	if (world_mobility_read(b, class, file, at) == ERR_NOMEM)
		return ERR_NOMEM;
	json_pointer_join(key, sizeof(key), at, "policy");
	if (choice_read((choice_table)policy_models, "policy", b->doc, key, &b->w->arena, b->diags,
			&chosen, &class->policy_parameters) == 0)
		class->policy = (const struct policy_ops *)(const void *)chosen;
	if (class->count == 0)
		json_doc_warning(b->doc, b->diags, json_pointer_join(key, sizeof(key), at, "count"),
				 "is 0: there are no such handsets");
	b->w->handset_count += class->count;
	class->policy_index = class->policy ? builder_note_name(b->w->policies, &b->w->policy_count,
								class->policy->choice.name)
					    : 0;
	json_pointer_join(key, sizeof(key), at, "cpu");
	int code = build_levels(b, class, file, key);
	return code < 0 ? code : build_sources(b, class, file, at);
}

static void set_first_stage(struct world *w, uint32_t app)
{
	for (uint32_t c = 0; c < w->class_count; c++)
		for (uint32_t i = 0; i < w->classes[c].source_count; i++)
			if (w->classes[c].sources[i].app_index == app)
				w->classes[c].sources[i].first_stage = w->price_count;
}

/* Lists the stages of apps that are graphs behind the apps, for their prices. */
static void list_stages(struct world *w)
{
	w->price_count = w->app_count;
	for (uint32_t a = 0; a < w->app_count; a++) {
		const struct app_graph *g = w->apps[a]->graph;
		set_first_stage(w, a);
		for (unsigned i = 0; g && i < g->stage_count; i++)
			w->apps[w->price_count++] = &g->stages[i].work;
	}
}

static size_t count_stages(const struct builder *b)
{
	const struct app_file *files = b->file.apps.items;
	size_t n = 0;
	for (size_t i = 0; i < b->file.apps.count; i++)
		n += 1 + files[i].stages.count;
	return n;
}

int world_handsets_build(struct builder *b)
{
	const struct class_file *files = b->file.handsets.items;
	b->w->class_count = (uint32_t)b->file.handsets.count;
	if (b->w->class_count == 0)
		json_doc_warning(b->doc, b->diags, "/handsets", "is empty: no task starts");
	b->w->classes = arena_array(&b->w->arena, b->file.handsets.count, sizeof(*b->w->classes));
	b->w->apps = arena_array(&b->w->arena, count_stages(b), sizeof(*b->w->apps));
	b->w->given = arena_array(&b->w->arena, count_stages(b), sizeof(*b->w->given));
	b->w->policies = arena_array(&b->w->arena, b->file.handsets.count, sizeof(*b->w->policies));
	if (!b->w->classes || !b->w->apps || !b->w->given || !b->w->policies)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < b->w->class_count; i++) {
		int code = build_class(b, &b->w->classes[i], &files[i]);
		if (code < 0)
			return code;
	}
	list_stages(b->w);
	return 0;
}
