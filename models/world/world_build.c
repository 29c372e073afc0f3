/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/world/world_builder.h"
#include "models/world/world_price.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Sites */

static const struct platform *platform_of(struct builder *b, const struct host_file *host,
					  const char *pointer)
{
	const struct platform_file *files = b->file.platforms.items;
	struct platform *p = arena_alloc(&b->w->arena, sizeof(*p));
	char at[700];
	json_pointer_join(at, sizeof(at), pointer, "platform");
	if (!p)
		return NULL;
	if (!host->platform.name)
		return platform_read(p, host->name, b->doc, at, &b->w->arena, b->diags) < 0 ? NULL
											    : p;
	long i = builder_index(&b->file.platforms, sizeof(*files), host->platform.name);
	if (i < 0) {
		builder_unknown(b, &b->file.platforms, sizeof(*files), "platform",
				host->platform.name, at);
		return NULL;
	}
	return platform_compile(p, &files[i], &b->w->arena) < 0 ? NULL : p;
}

static int build_prices(struct builder *b, struct host_kind *kind, const struct host_file *file,
			const char *pointer)
{
	sim_time disk_ns = sim_from_seconds(file->disk_latency_s);
	kind->prices = arena_array(&b->w->arena, b->w->price_count, sizeof(*kind->prices));
	kind->pages = arena_array(&b->w->arena, b->w->price_count, sizeof(*kind->pages));
	if (!kind->prices || !kind->pages)
		return builder_no_memory(b);
	for (uint32_t a = 0; a < b->w->price_count; a++) {
		struct platform_charge charges[PLATFORM_TERMS_MAX];
		struct platform_cost cost;
		struct op_load load;
		struct err why = {0};
		size_t n = 0;
		app_load(b->w->apps[a], kind->hz, &load);
		kind->pages[a] = load.count[OP_PAGE_FAULT] + load.count[OP_PAGE_TOUCH];
		int code = platform_cost(kind->platform, &b->view, &load, charges,
					 PLATFORM_TERMS_MAX, &n, &cost, &why);
		if (code == 0)
			code = price_make(&kind->prices[a], kind->platform, &b->view, b->w->apps[a],
					  b->w->given[a], kind->hz, disk_ns, &why);
		if (code < 0) {
			char at[700];
			json_pointer_join(at, sizeof(at), pointer, "platform");
			json_doc_error(b->doc, b->diags, at, "%s", why.text);
			continue;
		}
		builder_note_fallbacks(b, charges, n);
		kind->has_backend |= cost.site_ns[SITE_BACKEND] > 0;
	}
	return 0;
}

static int build_host_kind(struct builder *b, struct site *site, struct host_kind *kind,
			   const struct host_file *file, const char *pointer)
{
	*kind = (struct host_kind){
		.name = file->name,
		.count = (uint32_t)file->count,
		.cores = (uint32_t)file->cores,
		.guests = (uint32_t)(file->guests.count + file->guests.room),
		.vcpus = (uint32_t)file->guests.vcpus,
		.root_vcpus = (uint32_t)file->root_vcpus,
		.hz = file->hz,
		.idle_w = file->power.idle_w,
		.busy_w = file->power.busy_w,
		.nic_bps = file->nic_bps,
		.platform = platform_of(b, file, pointer),
	};
	if ((double)kind->count * kind->guests > 1e8) {
		json_doc_error(b->doc, b->diags, pointer, "more than 100 million guests");
		return 0;
	}
	site->guest_count += kind->count * kind->guests;
	site->vcpu_count += kind->count * (uint32_t)file->guests.count * kind->vcpus;
	site->dynamic |= file->guests.room > 0 || file->failures;
	int failures = builder_failures(b, file->failures, kind->count, pointer, &kind->failures);
	if (failures < 0)
		return failures;
	site->hz = fmax(site->hz, kind->hz);
	if (!kind->platform)
		return 0;
	kind->platform_index =
		builder_note_name(b->w->platforms, &b->w->platform_count, kind->platform->name);
	builder_power(kind, &file->power);
	kind->metered |= kind->failures != NULL; /* it draws nothing while it is down */
	world_scheduler_build(b, kind, file, pointer);
	int code = world_guests_build(b, kind, file, pointer);
	return code < 0 ? code : build_prices(b, kind, file, pointer);
}

static int build_site(struct builder *b, struct site *site, const struct site_file *file)
{
	char at[400], hosts[500], host[600], placement[500];
	const struct key_variant *chosen = NULL;
	const struct host_file *files = file->hosts.items;
	builder_pointer(at, sizeof(at), "sites", file->name);
	json_pointer_join(hosts, sizeof(hosts), at, "hosts");
	site->name = file->name;
	site->delay_ns = sim_from_seconds(file->delay_s);
	json_pointer_join(placement, sizeof(placement), at, "placement");
	if (choice_read((choice_table)placement_models, "placement", b->doc, placement,
			&b->w->arena, b->diags, &chosen, &site->placement_parameters) == 0)
		site->placement = (const struct placement_ops *)(const void *)chosen;
	world_scaling_build(b, site, file, at);
	site->kind_count = (uint32_t)file->hosts.count;
	site->kinds = arena_array(&b->w->arena, file->hosts.count, sizeof(*site->kinds));
	if (!site->kinds)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < site->kind_count; i++) {
		json_pointer_join(host, sizeof(host), hosts, files[i].name);
		int code = build_host_kind(b, site, &site->kinds[i], &files[i], host);
		if (code < 0)
			return code;
	}
	world_scaling_doubt(b, site, at);
	return 0;
}

static int build_sites(struct builder *b)
{
	const struct site_file *files = b->file.sites.items;
	b->w->site_count = (uint32_t)b->file.sites.count;
	b->w->sites = arena_array(&b->w->arena, b->file.sites.count, sizeof(*b->w->sites));
	size_t kinds = 0;
	for (uint32_t i = 0; i < b->w->site_count; i++)
		kinds += files[i].hosts.count;
	b->w->platforms = arena_array(&b->w->arena, kinds, sizeof(*b->w->platforms));
	if (!b->w->sites || !b->w->platforms)
		return builder_no_memory(b);
	for (uint32_t i = 0; i < b->w->site_count; i++) {
		int code = build_site(b, &b->w->sites[i], &files[i]);
		if (code < 0)
			return code;
	}
	return 0;
}

/* ---- The whole */

static int build(struct builder *b)
{
	int code = keys_parse_part(&world_object, b->doc, "", &b->file, &b->w->arena, b->diags);
	if (code < 0)
		return code;
	const struct override_file *files = b->file.overrides.items;
	struct profile_override *overrides =
		arena_array(&b->w->arena, b->file.overrides.count, sizeof(*overrides));
	if (!overrides)
		return builder_no_memory(b);
	for (size_t i = 0; i < b->file.overrides.count; i++)
		overrides[i] =
			(struct profile_override){files[i].name, files[i].scale, files[i].value};
	b->view.overrides = overrides;
	b->view.override_count = b->file.overrides.count;
	b->w->duration = sim_from_seconds(b->file.duration_s);
	b->w->warmup = sim_from_seconds(b->file.warmup_s);
	if (b->w->duration == 0)
		json_doc_warning(b->doc, b->diags, "/duration", "is 0: nothing happens");

	code = world_handsets_build(b); /* before the sites: prices are by app */
	if (code == 0)
		code = build_sites(b);
	if (code == 0)
		code = world_network_build(b);
	if (code == 0 && b->diags->errors == 0)
		code = world_migration_build(b);
	if (code == 0 && b->diags->errors == 0)
		code = world_mobility_build(b);
	if (code == 0 && b->diags->errors == 0)
		code = world_network_connect(b);
	if (b->missing[0])
		json_doc_warning(b->doc, b->diags, "/profile", "%s lacks %s: taken from %s",
				 b->view.profile ? b->view.profile->name : "(no profile)",
				 b->missing, b->view.fallback->name);
	return code;
}

int world_new(struct world **out, const struct json_doc *doc, const struct profile *profile,
	      const struct profile *fallback, struct diag_list *diags, struct err *e)
{
	struct arena arena = {0};
	*out = NULL;
	struct world *w = arena_alloc(&arena, sizeof(*w));
	if (!w)
		return err_set(e, ERR_NOMEM, "no memory to build the world");
	struct builder b = {
		.w = w,
		.doc = doc,
		.view = {.profile = profile, .fallback = fallback},
		.diags = diags,
		.e = e,
	};
	size_t errors = diags->errors;
	w->arena = arena;
	int code = build(&b);
	if (code == 0 && diags->errors != errors)
		code = ERR_INVALID;
	if (code < 0) {
		world_free(w);
		return code;
	}
	*out = w;
	return 0;
}

void world_free(struct world *w)
{
	if (!w)
		return;
	/* The world lies in its own arena. */
	struct arena arena = w->arena;
	arena_free(&arena);
}

double world_expected_tasks(const struct world *w)
{
	double tasks = 0;
	for (uint32_t i = 0; i < w->class_count; i++)
		for (uint32_t k = 0; k < w->classes[i].source_count; k++) {
			const struct source *s = &w->classes[i].sources[k];
			tasks += w->classes[i].count * s->arrival->rate(s->arrival_parameters) *
				 sim_to_seconds(w->duration);
		}
	return tasks;
}
