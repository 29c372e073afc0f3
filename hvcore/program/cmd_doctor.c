/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/doctor.h"
#include "hvcore/program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	return text ? text : "";
}

int program_doctor(const struct program_options *opt, char **args, int count)
{
	(void)args;
	(void)count;
	cJSON *found = hv_doctor_json();
	const cJSON *item;
	if (opt->json || !found)
		return program_print(found);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "machine"))
	{
		char *value = cJSON_IsString(item)   ? strdup(item->valuestring)
			      : cJSON_IsObject(item) ? NULL
						     : cJSON_PrintUnformatted(item);
		if (value)
			printf("%-16s %s\n", item->string, value);
		free(value);
	}
	printf("\n");
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "backends")) printf(
		"%-10s %s%s %s %s\n", text_at(item, "name"),
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "available")) ? "works"
										  : "NOT HERE: ",
		text_at(item, "reason"), text_at(item, "regime"), text_at(item, "note"));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "advice"))
		printf("\n%s: %s\n  %s\n", text_at(item, "severity"), text_at(item, "problem"),
		       text_at(item, "do"));
	cJSON_Delete(found);
	return program_flush();
}
