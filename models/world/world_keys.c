/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/world/world_keys.h"

#include "models/mobility/trace.h"
#include "models/site/packing.h"
#include "models/site/placement.h"
#include "models/radio/capacity.h"
#include "models/radio/loss.h"
#include "models/radio/radio.h"
#include "models/site/scaling.h"
#include "models/site/scheduler.h"

#include <stdio.h>

/* ---- Cells and sites */

static const struct key reach_keys[] = {
	WORLD_KEY(struct reach_file, "via", KEY_STRINGS, via, .def = "[]",
		  .help = "the links to it, the cell's end first"),
	{0},
};
const struct key_object reach_object =
	WORLD_OBJECT(reach, struct reach_file, "a site as a cell reaches it");

static const struct key cell_keys[] = {
	WORLD_KEY(struct cell_file, "down", KEY_QUANTITY, down_bps, .unit = UNIT_BITRATE, .min = 1,
		  .max = 1e15, .help = "capacity to the handsets, which share it evenly"),
	WORLD_KEY(struct cell_file, "up", KEY_QUANTITY, up_bps, .unit = UNIT_BITRATE, .min = 1,
		  .max = 1e15, .help = "capacity from the handsets, which share it evenly"),
	WORLD_KEY(struct cell_file, "rtt", KEY_ANY, rtt, .unit = UNIT_TIME, .variants = dist_times,
		  .help = "round trip to the site's edge, without transfer and site delay: a time, "
			  "or a "
			  "distribution, of which each way draws and takes half"),
	WORLD_KEY(
		struct cell_file, "capacity", KEY_ANY, capacity, .variants = capacity_models,
		.optional = true,
		.help = "how \"up\" and \"down\" change over time, as { \"csv\": \"drive.csv\" }; "
			"never unless said"),
	WORLD_KEY(struct cell_file, "loss", KEY_ANY, loss, .variants = loss_models,
		  .optional = true,
		  .help = "packets that are lost, and at what layer they are sent again, as { "
			  "\"link\": 0.01 }; none unless said"),
	WORLD_KEY(struct cell_file, "site", KEY_STRING, site, .optional = true,
		  .help = "where offloaded tasks go"),
	WORLD_KEY(struct cell_file, "reaches", KEY_MAP, reaches, .object = &reach_object,
		  .optional = true, .min_items = 1,
		  .help = "instead of \"site\": the sites among which policies choose, nearest "
			  "first"),
	WORLD_KEY(struct cell_file, "position", KEY_OPTIONAL_OBJECT, position,
		  .object = &position_object, .optional = true,
		  .help = "where it is, for handsets that move"),
	{0},
};

static void check_cell(void *object, const struct json_doc *doc, const char *pointer,
		       struct diag_list *diags)
{
	const struct cell_file *c = object;
	struct arena arena = {0};
	struct dist unused;
	char at[700];
	if (c->rtt)
		dist_read(&unused, UNIT_TIME, 3600, doc,
			  json_pointer_join(at, sizeof(at), pointer, "rtt"), &arena, diags);
	arena_free(&arena);
	if (!c->site == !c->reaches.items)
		json_doc_error(doc, diags, pointer,
			       c->site ? "has \"site\" and \"reaches\": only one of them can be"
				       : "needs \"site\", or \"reaches\" for several sites");
}

static const struct key_object cell_object = {.name = "cell",
					      .keys = cell_keys,
					      .size = sizeof(struct cell_file),
					      .help = "a radio cell, shared by its handsets",
					      .check = check_cell};

static const char *const when_down_names[] = {"wait", "fail", NULL};
static const struct key link_keys[] = {
	WORLD_KEY(struct link_file, "down", KEY_QUANTITY, down_bps, .unit = UNIT_BITRATE, .min = 1,
		  .max = 1e15, .help = "capacity from the site, shared evenly by what passes"),
	WORLD_KEY(struct link_file, "up", KEY_QUANTITY, up_bps, .unit = UNIT_BITRATE, .min = 1,
		  .max = 1e15, .help = "capacity to the site, shared evenly by what passes"),
	WORLD_KEY(struct link_file, "delay", KEY_QUANTITY, delay_s, .unit = UNIT_TIME, .max = 3600,
		  .def = "\"0 s\"", .help = "one way"),
	WORLD_KEY(struct link_file, "failures", KEY_OPTIONAL_OBJECT, failures,
		  .object = &failures_object, .optional = true, .help = "when it fails"),
	WORLD_KEY(struct link_file, "when_down", KEY_ENUM, when_down, .choices = when_down_names,
		  .def = "\"wait\"",
		  .help = "what tasks do whose bytes pass it when it fails, or come while it is "
			  "down: "
			  "wait, or fail with \"link-failure\""),
	{0},
};
static const struct key_object link_object =
	WORLD_OBJECT(link, struct link_file, "a link between cells and sites");

enum { POWER_POINTS = 11 };

static const struct key power_keys[] = {
	WORLD_KEY(struct power_file, "idle", KEY_QUANTITY, idle_w, .unit = UNIT_POWER, .max = 1e6,
		  .def = "\"100 W\"", .help = "with all cores idle"),
	WORLD_KEY(struct power_file, "busy", KEY_QUANTITY, busy_w, .unit = UNIT_POWER, .max = 1e6,
		  .def = "\"300 W\"", .help = "with all cores busy; linear between"),
	WORLD_KEY(struct power_file, "points", KEY_STRINGS, points, .optional = true,
		  .help = "instead of idle and busy: the eleven powers of a SPECpower result, at "
			  "0, 10, "
			  "... 100 % of the load; linear between them"),
	WORLD_KEY(struct power_file, "off", KEY_QUANTITY, off_w, .unit = UNIT_POWER, .max = 1e6,
		  .optional = true, .absent = -1,
		  .help = "with no guest running, where guests come and go; as idle unless said"),
	{0},
};

static void check_power(void *object, const struct json_doc *doc, const char *pointer,
			struct diag_list *diags)
{
	const struct power_file *p = object;
	const char *const *points = p->points.items;
	char list[600], at[700], number[24], why[160];
	json_pointer_join(list, sizeof(list), pointer, "points");
	if (p->points.items && p->points.count != POWER_POINTS)
		json_doc_error(doc, diags, list, "must have %d powers (got %zu)", POWER_POINTS,
			       p->points.count);
	for (size_t i = 0; i < p->points.count; i++) {
		double w;
		snprintf(number, sizeof(number), "%zu", i);
		json_pointer_join(at, sizeof(at), list, number);
		if (points[i] && unit_parse(points[i], UNIT_POWER, &w, why) < 0)
			json_doc_error(doc, diags, at, "%s", why);
		else if (points[i] && !(w >= 0 && w <= 1e6))
			json_doc_error(doc, diags, at, "must be between 0 W and 1 MW");
	}
}

static const struct key_object power_object = {.name = "power",
					       .keys = power_keys,
					       .size = sizeof(struct power_file),
					       .help = "power of a host",
					       .check = check_power};

static const struct key host_keys[] = {
	WORLD_KEY(struct host_file, "count", KEY_INT, count, .max = 1e6, .def = "1",
		  .help = "how many of them"),
	WORLD_KEY(struct host_file, "cores", KEY_INT, cores, .min = 1, .max = 4096,
		  .help = "CPU cores"),
	WORLD_KEY(struct host_file, "clock", KEY_QUANTITY, hz, .unit = UNIT_FREQUENCY, .min = 1,
		  .max = 1e12, .help = "cycles a second of each core"),
	WORLD_KEY(struct host_file, "memory", KEY_QUANTITY, memory_bytes, .unit = UNIT_SIZE,
		  .max = 1e16, .help = "for the guests and what the platform takes"),
	WORLD_KEY(struct host_file, "overcommit", KEY_NUMBER, overcommit, .min = 1, .max = 1000,
		  .def = "1", .help = "how many times its memory the guests together may be given"),
	WORLD_KEY(struct host_file, "disk_latency", KEY_QUANTITY, disk_latency_s, .unit = UNIT_TIME,
		  .max = 3600, .def = "\"80 us\"",
		  .help = "the disk's own time for one block request"),
	WORLD_KEY(struct host_file, "disk_rate", KEY_QUANTITY, disk_bytes_per_s,
		  .unit = UNIT_BITRATE, .min = 8, .max = 1e15, .def = "\"4 Gbit/s\"",
		  .help = "at which images and snapshots are read, shared evenly"),
	WORLD_KEY(struct host_file, "power", KEY_OBJECT, power, .object = &power_object,
		  .def = "{}", .help = "what it draws"),
	WORLD_KEY(struct host_file, "platform", KEY_REF, platform, .ref = "platform",
		  .help = "what its guests run on"),
	WORLD_KEY(struct host_file, "guests", KEY_OBJECT, guests, .object = &guests_object,
		  .help = "virtual machines or containers; processes when the platform is native"),
	WORLD_KEY(struct host_file, "scheduler", KEY_ANY, scheduler, .variants = scheduler_models,
		  .def = "\"sharing\"",
		  .help = "how cores are given to virtual CPUs: \"weighted\", or { "
			  "\"round-robin\": \"30 "
			  "ms\" }"),
	WORLD_KEY(struct host_file, "failures", KEY_OPTIONAL_OBJECT, failures,
		  .object = &failures_object, .optional = true,
		  .help = "when each of them fails, and its guests and their tasks with it"),
	WORLD_KEY(struct host_file, "nic", KEY_QUANTITY, nic_bps, .unit = UNIT_BITRATE, .min = 1,
		  .max = 1e15, .optional = true,
		  .help = "each way, shared evenly by tasks' packets and migrations; without limit "
			  "unless "
			  "said"),
	WORLD_KEY(struct host_file, "root_vcpus", KEY_INT, root_vcpus, .min = 1, .max = 4096,
		  .def = "1",
		  .help = "virtual CPUs of the root partition, where the platform has one"),
	{0},
};
static const struct key_object host_object =
	WORLD_OBJECT(host, struct host_file, "hosts that are alike");

static const struct key site_keys[] = {
	WORLD_KEY(struct site_file, "delay", KEY_QUANTITY, delay_s, .unit = UNIT_TIME, .max = 3600,
		  .def = "\"0 s\"", .help = "one way from the cells' edge to the site"),
	WORLD_KEY(struct site_file, "hosts", KEY_MAP, hosts, .object = &host_object,
		  .help = "kinds of hosts by name"),
	WORLD_KEY(struct site_file, "placement", KEY_ANY, placement, .variants = placement_models,
		  .def = "\"least-loaded\"",
		  .help = "which guest a task goes to: a placement, as \"least-loaded\""),
	WORLD_KEY(struct site_file, "scaling", KEY_ANY, scaling, .variants = scaling_models,
		  .def = "\"none\"",
		  .help = "how many of the guests run: \"on-demand\", or { \"utilization\": 0.6 }"),
	WORLD_KEY(struct site_file, "packing", KEY_ANY, packing, .variants = packing_models,
		  .def = "\"first-fit\"", .help = "which host a guest is started on"),
	WORLD_KEY(struct site_file, "dedicated", KEY_BOOL, dedicated, .def = "false",
		  .help = "each guest serves one app, the one for which it was started"),
	WORLD_KEY(struct site_file, "migration", KEY_OPTIONAL_OBJECT, migration,
		  .object = &migration_object, .optional = true,
		  .help = "how guests go from host to host while they run, and when"),
	{0},
};
static const struct key_object site_object =
	WORLD_OBJECT(site, struct site_file, "where offloaded tasks run");

/* ---- The library */

static const struct key radio_keys[] = {
	WORLD_KEY(struct radio_file, "description", KEY_STRING, description, .def = "\"\"",
		  .help = "one sentence"),
	WORLD_KEY(struct radio_file, "model", KEY_ANY, model, .variants = radio_models,
		  .help = "what kind of radio it is and its numbers, as { \"rrc\": { ... } }"),
	WORLD_KEY(struct radio_file, "sources", KEY_STRINGS, sources, .optional = true,
		  .help = "where the numbers come from"),
	{0},
};
const struct key_object radio_object = WORLD_OBJECT(radio, struct radio_file, "a handset's radio");

static const struct key override_keys[] = {
	WORLD_KEY(struct override_file, "scale", KEY_NUMBER, scale, .max = 1e9, .def = "1",
		  .help = "factor on the primitive"),
	WORLD_KEY(struct override_file, "value", KEY_STRING, value, .optional = true,
		  .help = "instead of the profile's value: \"2 us\", \"0.1 ns/B\", or a slowdown"),
	{0},
};
static const struct key_object override_object =
	WORLD_OBJECT(override, struct override_file, "a primitive that the study changes");

/* ---- The world */

static const struct key world_keys[] = {
	WORLD_KEY(struct world_file, "duration", KEY_QUANTITY, duration_s, .unit = UNIT_TIME,
		  .max = 1e8, .help = "simulated time"),
	WORLD_KEY(struct world_file, "warmup", KEY_QUANTITY, warmup_s, .unit = UNIT_TIME,
		  .max = 1e8, .def = "\"0 s\"", .help = "tasks that start before are not counted"),
	WORLD_KEY(struct world_file, "profile", KEY_STRING, profile,
		  .def = "\"profiles/literature.json\"",
		  .help = "what the primitives cost: a file"),
	WORLD_KEY(struct world_file, "overrides", KEY_MAP, overrides, .object = &override_object,
		  .def = "{}",
		  .help = "changes to primitives: by name, or by a pattern that ends in \".*\" "
			  "(\"exit.*\": all that begin so); the exact name wins over a pattern, "
			  "a longer pattern over a shorter one"),
	WORLD_KEY(struct world_file, "handsets", KEY_MAP, handsets, .object = &world_class_object,
		  .help = "classes of handsets by name"),
	WORLD_KEY(struct world_file, "cells", KEY_MAP, cells, .object = &cell_object, .def = "{}",
		  .help = "radio cells by name"),
	WORLD_KEY(struct world_file, "links", KEY_MAP, links, .object = &link_object,
		  .optional = true, .help = "links between cells and sites by name"),
	WORLD_KEY(struct world_file, "handover", KEY_OBJECT, handover, .object = &handover_object,
		  .def = "{}", .help = "how handsets that move go from cell to cell"),
	WORLD_KEY(
		struct world_file, "traces", KEY_MAP, traces, .object = &trace_object,
		.optional = true,
		.help = "paths by the names of their files; files beside the study need not stand "
			"here"),
	WORLD_KEY(struct world_file, "sites", KEY_MAP, sites, .object = &site_object, .def = "{}",
		  .help = "sites by name"),
	WORLD_KEY(struct world_file, "radios", KEY_MAP, radios, .object = &radio_object,
		  .def = "{}", .help = "radios by name; those of the library need not stand here"),
	WORLD_KEY(struct world_file, "platforms", KEY_MAP, platforms, .object = &platform_object,
		  .def = "{}",
		  .help = "platforms by name; those of the library need not stand here"),
	WORLD_KEY(struct world_file, "apps", KEY_MAP, apps, .object = &app_object, .def = "{}",
		  .help = "apps by name; those of the library need not stand here"),
	{0},
};

static void check_world(void *object, const struct json_doc *doc, const char *pointer,
			struct diag_list *diags)
{
	const struct world_file *w = object;
	char at[64];
	if (w->duration_s > 0 && w->warmup_s >= w->duration_s)
		json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, "warmup"),
			       "must be shorter than the duration");
}

const struct key_object world_object = {
	.name = "world",
	.keys = world_keys,
	.size = sizeof(struct world_file),
	.help = "what is simulated",
	.check = check_world,
};
