/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/app/arrival.h"
#include "models/mobility/mobility.h"
#include "models/policy/policy.h"
#include "models/world/world_keys.h"

/* ---- Handsets */

static const struct key class_app_keys[] = {
	WORLD_KEY(struct class_app_file, "arrivals", KEY_ANY, arrivals, .variants = arrival_models,
		  .help = "when tasks start: an arrival process, as { \"poisson\": \"12 /min\" }"),
	{0},
};
static const struct key_object class_app_object =
	WORLD_OBJECT(class_app, struct class_app_file, "an app on a handset");

static const struct key level_keys[] = {
	WORLD_KEY(struct cpu_level, "clock", KEY_QUANTITY, hz, .unit = UNIT_FREQUENCY, .min = 1,
		  .max = 1e12, .help = "cycles a second"),
	WORLD_KEY(struct cpu_level, "power", KEY_QUANTITY, w, .unit = UNIT_POWER, .max = 1e3,
		  .help = "of the handset while it computes at this level"),
	{0},
};
static const struct key_object level_object =
	WORLD_OBJECT(level, struct cpu_level, "a further level of clock and power");

static const struct key class_cpu_keys[] = {
	WORLD_KEY(struct class_cpu_file, "clock", KEY_QUANTITY, hz, .unit = UNIT_FREQUENCY,
		  .min = 1, .max = 1e12, .help = "cycles a second"),
	WORLD_KEY(struct class_cpu_file, "power", KEY_QUANTITY, compute_w, .unit = UNIT_POWER,
		  .max = 1e3, .help = "of the handset while it computes"),
	WORLD_KEY(struct class_cpu_file, "idle", KEY_QUANTITY, idle_w, .unit = UNIT_POWER,
		  .max = 1e3, .help = "of the handset while it waits, radio apart"),
	WORLD_KEY(struct class_cpu_file, "levels", KEY_ARRAY, levels, .object = &level_object,
		  .def = "[]", .help = "further levels of clock and power (DVFS)"),
	WORLD_KEY(struct class_cpu_file, "governor", KEY_ANY, governor, .variants = governor_models,
		  .def = "\"fixed\"",
		  .help = "which level a task computes at, as \"race-to-idle\""),
	{0},
};

static void check_cpu(void *object, const struct json_doc *doc, const char *pointer,
		      struct diag_list *diags)
{
	const struct class_cpu_file *c = object;
	if (c->idle_w > c->compute_w)
		json_doc_error(doc, diags, pointer, "\"idle\" must not be more than \"power\"");
	const struct cpu_level *l = c->levels.items;
	for (size_t i = 0; i < c->levels.count; i++)
		if (c->idle_w > l[i].w || l[i].hz == c->hz)
			json_doc_error(
				doc, diags, pointer,
				"level %zu must have a clock of its own and at least the power "
				"of \"idle\"",
				i);
}

static const struct key_object class_cpu_object = {.name = "class_cpu",
						   .keys = class_cpu_keys,
						   .size = sizeof(struct class_cpu_file),
						   .help = "a handset's CPU",
						   .check = check_cpu};

static const struct key class_keys[] = {
	WORLD_KEY(struct class_file, "count", KEY_INT, count, .max = 1e7,
		  .help = "how many handsets"),
	WORLD_KEY(struct class_file, "cpu", KEY_OBJECT, cpu, .object = &class_cpu_object,
		  .help = "what they compute with"),
	WORLD_KEY(struct class_file, "battery", KEY_QUANTITY, battery_j, .unit = UNIT_ENERGY,
		  .max = 1e9, .def = "\"15 Wh\"", .help = "energy at the start"),
	WORLD_KEY(struct class_file, "base", KEY_QUANTITY, base_w, .unit = UNIT_POWER, .max = 1e3,
		  .def = "\"0 W\"",
		  .help = "what the screen and the rest draw all the time: it drains the battery "
			  "and is "
			  "no task's"),
	WORLD_KEY(struct class_file, "radio", KEY_REF, radio, .ref = "radio",
		  .help = "how they transfer"),
	WORLD_KEY(struct class_file, "apps", KEY_MAP, apps, .object = &class_app_object,
		  .help = "apps by their names in the library"),
	WORLD_KEY(struct class_file, "policy", KEY_ANY, policy, .variants = policy_models,
		  .def = "\"remote\"",
		  .help = "where tasks run: an offload policy, as \"energy-break-even\" (Kumar and "
			  "Lu's "
			  "rule: computing against idling and sending, without promotions and "
			  "tails)"),
	WORLD_KEY(struct class_file, "cell", KEY_STRING, cell, .optional = true,
		  .help = "the cell they are in, when they do not move"),
	WORLD_KEY(struct class_file, "mobility", KEY_ANY, mobility, .variants = mobility_models,
		  .def = "\"static\"",
		  .help = "how they move, as { \"random-waypoint\": { ... } }: then their cells "
			  "follow "
			  "from the positions"),
	{0},
};
const struct key_object world_class_object = {
	.name = "class",
	.keys = class_keys,
	.size = sizeof(struct class_file),
	.help = "a class of handsets that are alike",
};
