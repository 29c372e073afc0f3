/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/agreement.h"
#include "sim/cli/measure/hvcore.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Shorter operations are a few cycles, of which a clock rate that changes moves as many percent. */
static const double judged_ns = 100;

/* The answers to one name, by p50. */
struct answers {
	const cJSON *entries[AGREEMENT_MAX];
	size_t count;
};

static double number(const cJSON *entry, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

double agreement_range_factor(size_t n)
{
	static const double d2[] = {0,	   0,	  1.128, 1.693, 2.059, 2.326,
				    2.534, 2.704, 2.847, 2.970, 3.078};
	assert(n >= 2 && n <= AGREEMENT_MAX);
	return d2[n];
}

static struct answers collect(cJSON *const *profiles, size_t count, const char *part,
			      const char *name)
{
	struct answers a = {.count = 0};
	for (size_t i = 0; i < count; i++) {
		const cJSON *entries = cJSON_GetObjectItemCaseSensitive(profiles[i], part);
		const cJSON *entry = cJSON_GetObjectItemCaseSensitive(entries, name);
		if (isnan(number(entry, "p50")))
			continue;
		size_t at = a.count++;
		for (; at > 0 && number(a.entries[at - 1], "p50") > number(entry, "p50"); at--)
			a.entries[at] = a.entries[at - 1];
		a.entries[at] = entry;
	}
	return a;
}

static void add_note(cJSON *entry, const char *text)
{
	char note[512];
	const char *before = hvcore_text(entry, "note");
	snprintf(note, sizeof(note), "%s%s%s", before, before[0] ? "; " : "", text);
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "note");
	cJSON_AddStringToObject(entry, "note", note);
}

/* The entry that stands for all. */
static cJSON *merge_entry(const struct answers *a, size_t calibrations, struct agreement *out)
{
	char text[200];
	cJSON *entry = cJSON_Duplicate(a->entries[(a->count - 1) / 2], true);
	double low = number(a->entries[0], "p50"), high = number(a->entries[a->count - 1], "p50");
	double p50 = number(entry, "p50"), agreement = (high - low) / p50;
	const char *unit = hvcore_text(entry, "unit");
	bool judged = a->count > 1 && (strcmp(unit, "ns") != 0 || p50 > judged_ns);

	cJSON_AddNumberToObject(entry, "calibrations", (double)a->count);
	if (a->count > 1) {
		cJSON_AddNumberToObject(entry, "calibrations_spread", high - low);
		cJSON_AddNumberToObject(entry, "agreement", agreement);
	}
	if (a->count < calibrations) {
		snprintf(text, sizeof(text), "measured in %zu of %zu calibrations", a->count,
			 calibrations);
		add_note(entry, text);
	}
	out->judged += judged ? 1 : 0;
	if (judged && agreement > AGREEMENT_LIMIT) {
		out->beyond++;
		snprintf(text, sizeof(text),
			 "too noisy a machine: the medians of %zu calibrations go from %.4g to "
			 "%.4g %s",
			 a->count, low, high, unit);
		add_note(entry, text);
	}
	return entry;
}

static void merge_part(cJSON *merged, cJSON *const *profiles, size_t count, const char *part,
		       struct agreement *out)
{
	cJSON *entries = cJSON_AddObjectToObject(merged, part);
	for (size_t i = 0; i < count; i++) {
		const cJSON *item;
		cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(profiles[i], part))
		{
			if (cJSON_GetObjectItemCaseSensitive(entries, item->string))
				continue;
			struct answers a = collect(profiles, count, part, item->string);
			if (a.count)
				cJSON_AddItemToObject(entries, item->string,
						      merge_entry(&a, count, out));
		}
	}
}

static bool is_measured(const cJSON *merged, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(
		       cJSON_GetObjectItemCaseSensitive(merged, "primitives"), name) ||
	       cJSON_GetObjectItemCaseSensitive(
		       cJSON_GetObjectItemCaseSensitive(merged, "operations"), name);
}

static void merge_failed(cJSON *merged, cJSON *const *profiles, size_t count)
{
	cJSON *failed = cJSON_AddObjectToObject(merged, "failed");
	for (size_t i = 0; i < count; i++) {
		const cJSON *item;
		cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(profiles[i], "failed"))
		{
			if (!is_measured(merged, item->string) &&
			    !cJSON_GetObjectItemCaseSensitive(failed, item->string))
				cJSON_AddStringToObject(failed, item->string,
							cJSON_GetStringValue(item));
		}
	}
}

static cJSON *merge_machine(cJSON *const *profiles, size_t count, const struct agreement *out)
{
	static const char *const worst[] = {"steal", "load_1m"};
	cJSON *machine = cJSON_Duplicate(
		cJSON_GetObjectItemCaseSensitive(profiles[count - 1], "machine"), true);
	for (size_t k = 0; k < sizeof(worst) / sizeof(worst[0]); k++) {
		cJSON *item = cJSON_GetObjectItemCaseSensitive(machine, worst[k]);
		for (size_t i = 0; cJSON_IsNumber(item) && i < count; i++)
			cJSON_SetNumberValue(item, fmax(item->valuedouble,
							number(cJSON_GetObjectItemCaseSensitive(
								       profiles[i], "machine"),
							       worst[k])));
	}
	cJSON_AddNumberToObject(machine, "calibrations", (double)count);
	cJSON_AddNumberToObject(machine, "agreeing", (double)(out->judged - out->beyond));
	cJSON_AddNumberToObject(machine, "disagreeing", (double)out->beyond);
	return machine;
}

cJSON *agreement_merge(cJSON *const *profiles, size_t count, struct agreement *out)
{
	assert(count >= 1 && count <= AGREEMENT_MAX);
	cJSON *merged = cJSON_CreateObject();
	*out = (struct agreement){0};
	cJSON_AddNumberToObject(merged, "schema", 1);
	cJSON_AddObjectToObject(merged, "machine");
	merge_part(merged, profiles, count, "primitives", out);
	merge_part(merged, profiles, count, "operations", out);
	merge_failed(merged, profiles, count);
	cJSON *machine = merge_machine(profiles, count, out);
	if (!machine || !cJSON_ReplaceItemInObjectCaseSensitive(merged, "machine", machine)) {
		cJSON_Delete(machine);
		cJSON_Delete(merged);
		return NULL;
	}
	return merged;
}
