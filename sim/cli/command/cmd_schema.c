/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim schema: the JSON Schema of each kind of file, made from the same tables that read it.
 */
#include "models/world/world.h"
#include "models/world/world_keys.h"
#include "sim/cli/cli.h"
#include "sim/cli/measure/mixes.h"
#include "sim/cli/study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct schema {
	const char *name;
	const struct key_object *object;
	const char *title;
} schemas[] = {
	{"study", &study_object, "mcvsim study"},
	{"platform", &platform_object, "mcvsim platform"},
	{"app", &app_object, "mcvsim app"},
	{"radio", &radio_object, "mcvsim radio"},
	{"mixes", &mixes_object, "mcvsim task mixes"},
};
enum { SCHEMA_COUNT = sizeof(schemas) / sizeof(schemas[0]) };

static int print_schema(const struct schema *s)
{
	return cli_print_json(keys_schema(s->object, s->title));
}

static int list_json(void)
{
	cJSON *list = cJSON_CreateArray();
	for (size_t i = 0; i < SCHEMA_COUNT; i++) {
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", schemas[i].name);
		cJSON_AddStringToObject(item, "help", schemas[i].object->help);
		cJSON_AddItemToArray(list, item);
	}
	return cli_print_json(list);
}

static const struct cli_option options[] = {
	{"json", 0, NULL, "print the list as JSON; a schema is JSON in any case"}, {0}};

static int run(const struct cli_args *args)
{
	const char *names[SCHEMA_COUNT + 1] = {0};
	for (size_t i = 0; i < SCHEMA_COUNT; i++)
		names[i] = schemas[i].name;
	if (args->argument_count == 0 && cli_flag(args, "json"))
		return list_json();
	if (args->argument_count == 0) {
		for (size_t i = 0; i < SCHEMA_COUNT; i++)
			printf("%-10s %s\n", schemas[i].name, schemas[i].object->help);
		return CLI_OK;
	}
	for (size_t i = 0; i < SCHEMA_COUNT; i++)
		if (strcmp(schemas[i].name, args->arguments[0]) == 0)
			return print_schema(&schemas[i]);
	const char *near = diag_nearest(args->arguments[0], names);
	return cli_fail(CLI_USAGE, "there is no schema '%s'%s%s%s; `mcvsim schema` lists them",
			args->arguments[0], near ? ", did you mean '" : "", near ? near : "",
			near ? "'?" : "");
}

const struct cli_command cmd_schema_command = {
	.name = "schema",
	.arguments = "[NAME]",
	.help = "list the kinds of files, or print the JSON Schema of one",
	.options = options,
	.max_arguments = 1,
	.examples = "mcvsim schema study >schema.json\n",
	.run = run,
};
