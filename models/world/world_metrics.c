/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run.h"

#include <stdio.h>
#include <string.h>

const char *const energy_names[] = {
#define ENERGY_NAME(id, name) name,
	ENERGY_LIST(ENERGY_NAME)
#undef ENERGY_NAME
		NULL,
};
const char *const failure_names[] = {"battery",	     "deadline", "no-guest", "host-failure",
				     "link-failure", "coverage", NULL};

#define NUMBER(word, base_unit)                                                                    \
	{                                                                                          \
		.name = word, .unit = base_unit, .has_values = true                                \
	}
#define DISTRIBUTION(word, base_unit)                                                              \
	{                                                                                          \
		.name = word, .unit = base_unit, .has_histograms = true                            \
	}
#define NUMBER_OF(word, base_unit, what, list)                                                     \
	{                                                                                          \
		.name = word, .unit = base_unit, .has_values = true, .subjects = what,             \
		.subject_names = list                                                              \
	}

/* Both: the mean, and what it is the mean of. */
#define DISTRIBUTION_OF(word, base_unit, what)                                                     \
	{                                                                                          \
		.name = word, .unit = base_unit, .has_values = true, .has_histograms = true,       \
		.subjects = what                                                                   \
	}
#define RESPONSE_TIME_OF(kind, what)                                                               \
	DISTRIBUTION_OF(kind ".response_time", "s", what),                                         \
		NUMBER_OF(kind ".response_time.p50", "s", what, NULL),                             \
		NUMBER_OF(kind ".response_time.p95", "s", what, NULL),                             \
		NUMBER_OF(kind ".response_time.p99", "s", what, NULL),                             \
		NUMBER_OF(kind ".response_time.max", "s", what, NULL)
#define ENERGY_OF(kind, word, what)                                                                \
	DISTRIBUTION_OF(kind word, "J", what), NUMBER_OF(kind word ".p95", "J", what, NULL)

#define GROUP(kind, what)                                                                          \
	NUMBER_OF(kind ".offered", "1", what, NULL), NUMBER_OF(kind ".done", "1", what, NULL),     \
		NUMBER_OF(kind ".failed", "1", what, NULL),                                        \
		NUMBER_OF(kind ".remote", "1", what, NULL), RESPONSE_TIME_OF(kind, what),          \
		ENERGY_OF(kind, ".energy", what),                                                  \
		NUMBER_OF(kind ".energy_to_result", "J", what, NULL)

/* Of tasks by where they ended. */
#define PLACE(kind, what)                                                                          \
	NUMBER_OF(kind ".done", "1", what, NULL), NUMBER_OF(kind ".failed", "1", what, NULL),      \
		RESPONSE_TIME_OF(kind, what), ENERGY_OF(kind, ".energy_to_result", what)

const struct world_metric world_metrics[] = {
	NUMBER_OF("overhead", "s", WORLD_NAMED, cause_names),
	NUMBER("response_time.mean", "s"),
	NUMBER("response_time.p50", "s"),
	NUMBER("response_time.p95", "s"),
	NUMBER("response_time.p99", "s"),
	NUMBER("response_time.max", "s"),
	DISTRIBUTION("response_time", "s"),
	NUMBER_OF("energy", "J", WORLD_NAMED, energy_names),
	NUMBER("energy_per_task.mean", "J"),
	NUMBER("energy_per_task.p95", "J"),
	DISTRIBUTION("energy_per_task", "J"),
	NUMBER_OF("tasks.failed", "1", WORLD_NAMED, failure_names),
	NUMBER("tasks.offered", "1"),
	NUMBER("tasks.done", "1"),
	NUMBER("tasks.local", "1"),
	NUMBER("tasks.remote", "1"),
	NUMBER("tasks.unfinished", "1"),
	NUMBER("tasks.retries", "1"),
	NUMBER("throughput", "1/s"),
	NUMBER("handovers", "1"),
	NUMBER("handovers.rate", "1/s"),
	NUMBER("handovers.ping_pong", "1"),
	NUMBER("coverage.out", "1"),
	NUMBER("tasks.interrupted", "1"),
	NUMBER_OF("cell.handsets", "1", WORLD_CELLS, NULL),
	NUMBER_OF("battery.end", "J", WORLD_CLASSES, NULL),
	{.name = "guests.running",
	 .unit = "1",
	 .has_values = true,
	 .has_series = true,
	 .subjects = WORLD_SITES},
	NUMBER_OF("guests.started", "1", WORLD_SITES, NULL),
	NUMBER_OF("guests.evicted", "1", WORLD_SITES, NULL),
	NUMBER_OF("migrations.done", "1", WORLD_MIGRATING, NULL),
	NUMBER_OF("migrations.failed", "1", WORLD_MIGRATING, NULL),
	NUMBER_OF("migrations.refused", "1", WORLD_MIGRATING, NULL),
	NUMBER_OF("migration.time", "s", WORLD_MIGRATING, NULL),
	NUMBER_OF("migration.downtime", "s", WORLD_MIGRATING, NULL),
	NUMBER_OF("migration.bytes", "B", WORLD_MIGRATING, NULL),
	NUMBER_OF("migration.rounds", "1", WORLD_MIGRATING, NULL),
	NUMBER_OF("battery.life", "s", WORLD_CLASSES, NULL),
	{.name = "battery.level", .unit = "1", .has_series = true, .subjects = WORLD_CLASSES},
	{.name = "task.timeline",
	 .unit = "1",
	 .has_series = true,
	 .subjects = WORLD_NAMED,
	 .subject_names = cause_names},
	{.name = "task.timeline.candidates",
	 .unit = "1",
	 .has_series = true,
	 .subjects = WORLD_NAMED,
	 .subject_names = cause_names},
	GROUP("app", WORLD_APPS),
	GROUP("policy", WORLD_POLICIES),
	PLACE("site", WORLD_SITES),
	PLACE("platform", WORLD_PLATFORMS),
	NUMBER_OF("availability", "1", WORLD_FAILING_HOSTS, NULL),
	NUMBER_OF("availability.link", "1", WORLD_FAILING_LINKS, NULL),
	NUMBER_OF("utilization", "1", WORLD_HOSTS, NULL),
	NUMBER_OF("power.mean", "W", WORLD_HOSTS, NULL),
	NUMBER_OF("steal", "1", WORLD_HOSTS, NULL),
	{0},
};

const struct world_metric *world_metric_find(const char *name)
{
	for (const struct world_metric *m = world_metrics; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static bool is_subject(const struct world_metric *m, const struct host_kind *kind)
{
	return m->subjects == WORLD_HOSTS || kind->failures;
}

static const char *host_subject(const struct world *w, const struct world_metric *m, size_t i,
				char buf[WORLD_SUBJECT_SIZE])
{
	for (uint32_t s = 0; s < w->site_count; s++)
		for (uint32_t k = 0; k < w->sites[s].kind_count; k++) {
			const struct host_kind *kind = &w->sites[s].kinds[k];
			if (!is_subject(m, kind))
				continue;
			if (i < kind->count) {
				world_host_subject(buf, WORLD_SUBJECT_SIZE, &w->sites[s], kind,
						   (uint32_t)i);
				return buf;
			}
			i -= kind->count;
		}
	return NULL;
}

const char *world_subject(const struct world *w, const struct world_metric *m, size_t i,
			  char buf[WORLD_SUBJECT_SIZE])
{
	switch (m->subjects) {
	case WORLD_WHOLE:
		return i == 0 ? "" : NULL;
	case WORLD_NAMED:
		for (size_t k = 0; k < i; k++)
			if (!m->subject_names[k])
				return NULL;
		return m->subject_names[i];
	case WORLD_CLASSES:
		return i < w->class_count ? w->classes[i].name : NULL;
	case WORLD_SITES:
		return i < w->site_count ? w->sites[i].name : NULL;
	case WORLD_MIGRATING:
		for (uint32_t s = 0; s < w->site_count; s++)
			if (w->sites[s].migrates && i-- == 0)
				return w->sites[s].name;
		return NULL;
	case WORLD_CELLS:
		return i < w->cell_count ? w->cells[i].name : NULL;
	case WORLD_APPS:
		return i < w->app_count ? w->apps[i]->name : NULL;
	case WORLD_POLICIES:
		return i < w->policy_count ? w->policies[i] : NULL;
	case WORLD_PLATFORMS:
		return i < w->platform_count ? w->platforms[i] : NULL;
	case WORLD_HOSTS:
	case WORLD_FAILING_HOSTS:
		return host_subject(w, m, i, buf);
	case WORLD_FAILING_LINKS:
		for (uint32_t l = 0; l < w->link_count; l++)
			if (w->links[l].failures && w->links[l].used && i-- == 0)
				return w->links[l].name;
		return NULL;
	}
	return NULL;
}

size_t world_subject_count(const struct world *w, const struct world_metric *m)
{
	char buf[WORLD_SUBJECT_SIZE];
	size_t n = 0;
	while (world_subject(w, m, n, buf))
		n++;
	return n;
}

bool world_has_subject(const struct world *w, const struct world_metric *m, const char *subject)
{
	char buf[WORLD_SUBJECT_SIZE];
	const char *own;
	for (size_t i = 0; (own = world_subject(w, m, i, buf)); i++)
		if (strcmp(own, subject) == 0)
			return true;
	return false;
}

bool world_has_handset(const struct world *w, const char *class, uint32_t handset)
{
	for (uint32_t i = 0; i < w->class_count; i++)
		if (strcmp(w->classes[i].name, class) == 0)
			return handset < w->classes[i].count;
	return false;
}

void world_host_subject(char *buf, size_t size, const struct site *site,
			const struct host_kind *kind, uint32_t number)
{
	snprintf(buf, size, "%s/%s/%u", site->name, kind->name, number);
}
