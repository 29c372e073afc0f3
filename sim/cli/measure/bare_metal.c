/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/bare_metal.h"
#include "sim/cli/measure/hvcore.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void put(cJSON *object, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, key);
	cJSON_AddItemToObject(object, key, value);
}

/* Half an exit an operation and less are those of the host's own interrupts. */
static bool leaves_the_guest(const cJSON *primitive)
{
	return strcmp(hvcore_text(primitive, "backend"), "kvm") == 0 &&
	       number(primitive, "exits_per_op") > 0.5;
}

static void divide(cJSON *primitive, double factor)
{
	static const char *const times[] = {
		"p50", "mean", "min", "p90", "mad", "runs_spread", "calibrations_spread"};
	char note[500];
	snprintf(note, sizeof(note),
		 "%s%sestimate for bare metal: %g %s, measured by a nested hypervisor, divided by "
		 "%g as stated",
		 hvcore_text(primitive, "note"), hvcore_text(primitive, "note")[0] ? "; " : "",
		 number(primitive, "p50"), hvcore_text(primitive, "unit"), factor);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (cJSON_HasObjectItem(primitive, times[i]))
			put(primitive, times[i],
			    cJSON_CreateNumber(number(primitive, times[i]) / factor));
	put(primitive, "source", cJSON_CreateString("assumed"));
	put(primitive, "note", cJSON_CreateString(note));
}

int bare_metal_estimate(cJSON *profile, double factor, struct err *e)
{
	cJSON *machine = cJSON_GetObjectItemCaseSensitive(profile, "machine");
	cJSON *primitive;
	int divided = 0;
	if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(machine, "nested")))
		return err_set(
			e, ERR_INVALID,
			"the profile is not of a nested machine (\"machine\": {\"nested\": true}): "
			"there is nothing to take out of it");
	cJSON_ArrayForEach(primitive, cJSON_GetObjectItemCaseSensitive(profile, "primitives"))
	{
		if (!leaves_the_guest(primitive))
			continue;
		divide(primitive, factor);
		divided++;
	}
	if (divided == 0)
		return err_set(e, ERR_INVALID, "nothing in the profile leaves a guest");
	/* Whole operations were measured nested, too, and are no primitives: they are not
	 * estimates. */
	cJSON_DeleteItemFromObjectCaseSensitive(profile, "operations");
	put(machine, "nested", cJSON_CreateFalse());
	put(machine, "estimated_from_nested", cJSON_CreateTrue());
	put(machine, "bare_metal_factor", cJSON_CreateNumber(factor));
	return divided;
}
