/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Building a world from its document: what the parts of the builder share. Private to
 * world_build.c (hosts), world_handset.c (classes), world_mobility.c (how they move) and
 * world_network.c (cells, links and what they connect).
 */
#ifndef MODELS_WORLD_BUILDER_H
#define MODELS_WORLD_BUILDER_H

#include "models/world/world_keys.h"
#include "models/world/world_model.h"

/* What building needs beside the world itself. */
struct builder {
	struct world *w;
	struct world_file file;
	const struct json_doc *doc;
	struct profile_view view;
	struct diag_list *diags;
	struct err *e;
	bool site_scales;   /* the site that is being built starts and stops guests */
	char missing[1500]; /* primitives taken from the fallback, as a list */
};

/* Returns ERR_NOMEM. */
int builder_no_memory(struct builder *b);

/* "/section/name" in buf. */
char *builder_pointer(char *buf, size_t size, const char *section, const char *name);

/* The index of the item of that name in a list of structs that begin with their name, or -1. */
long builder_index(const struct key_list *list, size_t size, const char *name);

/* The place of the name in a list that has room for it, which grows when it is not there yet. */
uint32_t builder_note_name(const char **names, uint32_t *count, const char *name);

/* Reports that the list has no such name, with the nearest one. */
void builder_unknown(struct builder *b, const struct key_list *list, size_t size, const char *what,
		     const char *name, const char *pointer);

/* Remembers which of the primitives that were charged the fallback had to provide: they are named
 * in one warning when all is built. */
void builder_note_fallbacks(struct builder *b, const struct platform_charge *charges, size_t n);

/* Handsets, and the apps that they run: before the sites, whose prices are by app. Returns 0, with
 * mistakes in b->diags, or ERR_NOMEM. */
int world_handsets_build(struct builder *b);

/* Cells, links, and the sites that they lead to, after the sites. Returns 0, with mistakes in
 * b->diags, or ERR_NOMEM. */
int world_network_build(struct builder *b);

/* How a class moves and which cell it is in, or, when the network is built, which it may come into.
 * Return 0, ERR_INVALID with mistakes in b->diags, or ERR_NOMEM. */
int world_mobility_read(struct builder *b, struct class *class, const struct class_file *file,
			const char *pointer);
int world_mobility_build(struct builder *b);

/* How the guests of a kind of host come and go, and whether its memory holds them; after the
 * platform. How many of them a site runs. Both return 0, with mistakes in b->diags, or ERR_NOMEM.
 */
int world_guests_build(struct builder *b, struct host_kind *kind, const struct host_file *file,
		       const char *pointer);
int world_scaling_build(struct builder *b, struct site *site, const struct site_file *file,
			const char *pointer);

/* Warns of a scaling that the site's kinds of hosts, which are built, do not suit. */
void world_scaling_doubt(struct builder *b, const struct site *site, const char *pointer);

/* How a kind of host gives its cores to guests. */
void world_scheduler_build(struct builder *b, struct host_kind *kind, const struct host_file *file,
			   const char *pointer);

/* When something fails, of which there are `count`; nothing when file is NULL. pointer is what has
 * the `failures`. Returns 0, with mistakes in b->diags, or ERR_NOMEM. */
int builder_failures(struct builder *b, const struct failures_file *file, uint32_t count,
		     const char *pointer, const struct failure_plan **out);

/* Between which hosts guests migrate, after the network, when there were no mistakes. Returns 0,
 * with mistakes in b->diags, or ERR_NOMEM. */
int world_migration_build(struct builder *b);

/* The links of a path, one after the other, with their delays added to *delay_ns. *links is in the
 * world's arena. Returns 0, with mistakes in b->diags, or ERR_NOMEM. */
int builder_path(struct builder *b, const struct reach_file *file, const char *pointer,
		 uint32_t **links, uint32_t *count, sim_time *delay_ns);

/* What a host draws. */
void builder_power(struct host_kind *kind, const struct power_file *file);

/* Finds what is connected and lists it, when there were no mistakes. Returns 0 or ERR_NOMEM. */
int world_network_connect(struct builder *b);

#endif
