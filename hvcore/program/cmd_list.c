/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/program/program.h"

#include <stdio.h>
#include <string.h>

static bool wanted(const struct program_options *opt, const char *backend)
{
	return !opt->backend || strcmp(opt->backend, backend) == 0;
}

/* One thing for the array or, without JSON, as a line. */
static void add(cJSON *array, cJSON *item, int rc, const struct err *e)
{
	cJSON_AddBoolToObject(item, "available", rc == 0);
	if (rc)
		cJSON_AddStringToObject(item, "reason", e->text);
	cJSON_AddItemToArray(array, item);
}

static void list_backends(const struct program_options *opt, cJSON *array)
{
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		struct err e = {0};
		if (!wanted(opt, (*b)->name))
			continue;
		int rc = (*b)->available(&e);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", (*b)->name);
		cJSON_AddStringToObject(item, "summary", (*b)->summary);
		add(array, item, rc, &e);
		if (!opt->json)
			printf("%-10s %s%s%s\n", (*b)->name, (*b)->summary,
			       rc ? " - NOT HERE: " : "", rc ? e.text : "");
	}
}

static void list_probes(const struct program_options *opt, cJSON *array)
{
	/* Some need the rate of the clocks, which is known where they are measured. */
	const struct hv_probe_env env = program_environment(opt, false);
	const struct hv_probe *p;
	int width = 0;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		width = wanted(opt, p->backend) && (int)strlen(p->name) > width
				? (int)strlen(p->name)
				: width;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		struct err e = {0};
		if (!wanted(opt, p->backend))
			continue;
		int rc = hv_probe_valid(p, &env, &e);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", p->name);
		cJSON_AddStringToObject(item, "unit", p->unit);
		cJSON_AddStringToObject(item, "backend", p->backend);
		cJSON_AddStringToObject(item, "method", p->method);
		if (p->composed)
			cJSON_AddTrueToObject(item, "composed");
		add(array, item, rc, &e);
		if (!opt->json)
			printf("%-*s  %-9s  %s%s%s\n", width, p->name, p->backend, p->method,
			       rc ? " - NOT HERE: " : "", rc ? e.text : "");
	}
}

int program_list(const struct program_options *opt, char **args, int count)
{
	(void)args;
	(void)count;
	cJSON *root = cJSON_CreateObject();
	list_backends(opt, cJSON_AddArrayToObject(root, "backends"));
	if (!opt->json)
		printf("\n");
	list_probes(opt, cJSON_AddArrayToObject(root, "probes"));
	if (opt->json)
		return program_print(root);
	cJSON_Delete(root);
	return program_flush();
}
