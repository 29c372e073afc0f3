/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The world: handsets whose tasks run locally or cross a radio, a cell and a network to guests on
 * the hosts of a site. Built from a resolved document and a profile; then run any number of times.
 * A run is a pure function of (world, key): it shares nothing, so that runs may go on in many
 * threads at once.
 *
 * Not here: reading files and finding library entries (the caller's callback does), sweeps and
 * repetitions (sim/experiment), what becomes of the metrics (the caller's sink).
 */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H

#include "models/platform/profile.h"
#include "sim/base/diag.h"
#include "sim/base/err.h"
#include "sim/base/json.h"
#include "sim/base/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;

/* The key table of the world's part of a study. */
extern const struct key_object world_object;

/* Where named platforms, radios and apps come from. */
struct world_library {
	void *ctx;
	/* Loads the entry `name` of `kind` ("platform", "radio", "app"). Returns 0 with *out the
	 * caller's to free; ERR_NOTFOUND when there is none of that name; ERR_INVALID with diags;
	 * or another code with *e filled. */
	int (*load)(void *ctx, const char *kind, const char *name, struct json_doc *out,
		    struct diag_list *diags, struct err *e);
	/* The names of that kind, ended by NULL, valid as long as the library; may return NULL. */
	const char *const *(*names)(void *ctx, const char *kind);
	/* The path of a data file that the document names, valid as long as the library; NULL when
	 * there is none. May be NULL. */
	const char *(*file)(void *ctx, const char *name);
};

/* Makes a document self-contained: the platforms, radios and apps that it names and does not hold
 * are loaded, checked, and put into its top-level sections "platforms", "radios" and "apps", and
 * the files of paths into "traces";
 * choices get their long form ({ "poisson": { "rate": "12 /min" } }), and defaults are filled in.
 * What is there already is not touched, so that it may be called again; call it on the document of
 * each point of a sweep, after the point's values were set (about 0.3 ms). Returns 0, ERR_INVALID
 * with every mistake in diags (an unknown name gets the list and the nearest one), or another code
 * with *e filled. */
int world_resolve(struct json_doc *doc, const struct world_library *library,
		  struct diag_list *diags, struct err *e);

/* Takes the library entries out of a self-contained document that nothing in it names (any more),
 * and gives choices their long form: what a point of a sweep needs after its values were put into a
 * resolved study. Mistakes are left for world_new to tell. Returns 0 or ERR_NOMEM. */
int world_trim(cJSON *document);

/* Looks for names in `overrides` that no primitive has: those of the profiles (each may be NULL),
 * of what axis values contribute, and of the terms of platforms anywhere in `doc` or in `study` -
 * the whole study, where doc is a point of it, since a primitive that only another point's platform
 * spends is no mistake. Returns 0, ERR_INVALID with each in diags at its place, or ERR_NOMEM. */
int world_check_overrides(const struct json_doc *doc, const cJSON *study,
			  const struct profile *profile, const struct profile *fallback,
			  struct diag_list *diags);

/* Builds a world from a resolved document. `fallback` (may be NULL) has the primitives that
 * `profile` (may be NULL, too) lacks; each use of it is a warning in diags that names both files;
 * so is each part of the world in which nothing can happen. Both must outlive this call only. Keys
 * that are not the world's are passed over. Returns 0 with *out to be freed, ERR_INVALID with every
 * mistake in diags, or another code with *e filled. */
int world_new(struct world **out, const struct json_doc *doc, const struct profile *profile,
	      const struct profile *fallback, struct diag_list *diags, struct err *e);
void world_free(struct world *w);

/* Handsets in cells that are faster than their radio's line of power was measured (radio.h). Of
 * each radio the one is kept that is furthest beyond, over all the worlds that were looked at. Zero
 * at the start; world_radios_free ends it. */
struct world_radios {
	struct arena arena;
	struct world_radio *first;
};

/* Looks at a world, in which `energies` are asked for, or only policies weigh them: classes whose
 * energy nobody sees are passed over. Returns 0 or ERR_NOMEM. */
int world_radios_look(struct world_radios *all, const struct world *w, bool energies);

/* A warning for each, at the radio of a class in `doc`, which has the names of its world. */
void world_radios_warn(const struct world_radios *all, const struct json_doc *doc,
		       struct diag_list *diags);
void world_radios_free(struct world_radios *all);

/* What a run's random streams are named by, with the entity and the purpose. Points have no part in
 * it: they see the same random numbers. */
struct world_run_key {
	uint64_t seed;
	uint32_t repetition;
};

/* What a metric is told of. */
enum world_subjects {
	WORLD_WHOLE,	     /* the whole alone: the subject "" */
	WORLD_NAMED,	     /* a list that is the same in every world */
	WORLD_CLASSES,	     /* the classes of handsets */
	WORLD_APPS,	     /* the apps that some class runs */
	WORLD_POLICIES,	     /* the policies that some class has */
	WORLD_SITES,	     /* the sites */
	WORLD_PLATFORMS,     /* the platforms that some host has */
	WORLD_CELLS,	     /* the cells */
	WORLD_HOSTS,	     /* the hosts, as "site/kind/0" */
	WORLD_FAILING_HOSTS, /* those that fail */
	WORLD_FAILING_LINKS, /* likewise the links */
	WORLD_MIGRATING	     /* the sites that guests leave or come to by migration */
};

/* A metric that every run reports. */
struct world_metric {
	const char *name, *unit;
	bool has_values, has_histograms, has_series;
	enum world_subjects subjects;
	const char *const *subject_names; /* of WORLD_NAMED, ended by NULL */
};
extern const struct world_metric world_metrics[]; /* ended by a NULL name */

/* The metric of that name, or NULL. */
const struct world_metric *world_metric_find(const char *name);

/* Whether it tells of what handsets draw. */
bool world_metric_is_energy(const struct world_metric *m);

/* The i-th of the subjects that the metric has in a run of this world, perhaps in buf; NULL: there
 * are no more. How many there are, and whether that is one of them. */
enum { WORLD_SUBJECT_SIZE = 600 };
const char *world_subject(const struct world *w, const struct world_metric *m, size_t i,
			  char buf[WORLD_SUBJECT_SIZE]);
size_t world_subject_count(const struct world *w, const struct world_metric *m);
bool world_has_subject(const struct world *w, const struct world_metric *m, const char *subject);

struct world_bucket {
	double low, high; /* [low, high); both 0 for observations of 0 */
	uint64_t count;	  /* at least 1 */
};

/* What something was at a moment, and stays until the next sample. */
struct world_sample {
	double time_s, value; /* finite; times ascending, none twice */
};

/* A task that has ended. */
struct world_task {
	const char *class, *app;
	uint32_t handset; /* in its class, from 0 */
	int64_t start_ns, end_ns;
	bool counts;	       /* it started after the warm-up */
	const char *site;      /* NULL: it ran on the handset */
	const char *host_kind; /* NULL likewise, and of a task of stages, which may have several */
	uint32_t host;	       /* of the kind's */
	const char *failure;   /* why it failed, or NULL: it is done */
	const int64_t *cause_ns; /* by the subjects of "overhead": they sum to end - start; NULL
				  * when it failed */
	const double *energy_j;	 /* by the subjects of "energy", its radio's tail included */
};

/* Follows a run. Handsets are named by class and number. Every call returns 0, or a code that ends
 * the run. The order of calls is the same in every run of the same world and key. */
struct world_trace {
	void *ctx;
	/* Each task, once it has ended and its tail is known: a handset's next transfer, or the end
	 * of the run, may have to come first. Tasks that have not ended by then are not told. */
	int (*task)(void *ctx, const struct world_task *task);
	/* What one handset's tasks do, and what its radio and battery are like. */
	const char *class; /* of that handset, or NULL: no handset's */
	uint32_t handset;
	/* Something took from `from_ns` to `to_ns`. `lane`: of all that goes on at a time each task
	 * (each step of a task of stages) has its own, from 0; what is in one does not overlap. */
	int (*slice)(void *ctx, uint32_t lane, const char *app, const char *stage, const char *what,
		     int64_t from_ns, int64_t to_ns);
	/* "battery" in J, "radio" in W above idle, "tasks" out: what it is from then on. The
	 * radio's times may lie before those of calls that came first. */
	int (*level)(void *ctx, const char *what, int64_t at_ns, double value);
};

/* Whether the world has that handset. */
bool world_has_handset(const struct world *w, const char *class, uint32_t handset);

/* Takes what a run reports. `subject` is "" for the whole. Units are SI base units, "1" for counts
 * and ratios; a value is NaN where it is not defined (no task was done). The strings live for the
 * call only. Each returns 0, or a code that ends the run. */
struct world_metrics_sink {
	void *ctx;
	int (*value)(void *ctx, const char *metric, const char *subject, const char *unit,
		     double value);
	int (*histogram)(void *ctx, const char *metric, const char *subject, const char *unit,
			 const struct world_bucket *buckets, size_t count);
	const volatile bool *stop; /* or NULL; the run ends soon after it becomes true */
	/* Something over simulated time; NULL when nobody wants it. */
	int (*series)(void *ctx, const char *metric, const char *subject, const char *unit,
		      const struct world_sample *samples, size_t count);
	const struct world_trace *trace; /* or NULL */
	/* Whether somebody wants the metric of that name; NULL: all are wanted. Asked before the
	 * run. Those of apps, policies, sites and platforms of which none is wanted are neither
	 * reckoned nor reported, and their distributions are not where no number of them is; nor is
	 * a task kept for "task.timeline". */
	bool (*wants)(void *ctx, const char *metric);
};

/* Runs the world once. Returns 0, ERR_STOPPED, ERR_NOMEM, the sink's code, or a failure of the
 * engine, with *e filled. */
int world_run(const struct world *w, const struct world_run_key *key,
	      struct world_metrics_sink *sink, struct err *e);

/* How much work a run of the world is, for dry runs: tasks that are expected to start. */
double world_expected_tasks(const struct world *w);

#endif
