/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim platforms: the platforms of the library on their six axes.
 */
#include "models/platform/platform_layers.h"
#include "sim/cli/study/pricing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
	{"profile", 0, "PROFILE.json", "whose primitives the sources are told of"},
	{"svg", 0, NULL, "print the layers of the one that is named as an SVG picture"},
	{"json", 0, NULL, "print JSON"},
	{0}};

/* How many of a platform's primitives have their prices from where. */
struct origins {
	size_t source[PROFILE_ASSUMED + 1]; /* by enum profile_source */
	size_t missing;			    /* that no profile has */
};

/* Whether an earlier term of the platform names it; a term's ratio comes after its primitive. */
static bool named_before(const struct platform *platform, size_t term, const char *name)
{
	for (size_t i = 0; i < term; i++) {
		const struct platform_term *t = &platform->terms[i];
		if (strcmp(t->primitive, name) == 0 || (t->times && strcmp(t->times, name) == 0))
			return true;
	}
	return false;
}

/* Each primitive counts once, however many terms name it. */
static struct origins origins_of(const struct pricing *p, const struct platform *platform)
{
	struct origins o = {0};
	for (size_t i = 0; i < platform->term_count; i++) {
		const char *names[] = {platform->terms[i].primitive, platform->terms[i].times};
		for (size_t k = 0; k < 2; k++) {
			struct primitive found;
			if (!names[k] || named_before(platform, i, names[k]))
				continue;
			if (profile_view_find(&p->view, names[k], &found, NULL) == 0)
				o.source[found.source]++;
			else
				o.missing++;
		}
	}
	return o;
}

static void add_json(cJSON *list, const struct pricing *p, const struct platform *platform)
{
	cJSON *item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "name", platform->name);
	if (platform->description)
		cJSON_AddStringToObject(item, "description", platform->description);
	cJSON *axes = cJSON_AddObjectToObject(item, "axes");
	for (enum platform_axis a = 0; a < AXIS_COUNT; a++)
		cJSON_AddStringToObject(axes, platform_axis_name(a),
					platform_axis_values(a)[platform->axes[a]]);
	cJSON_AddBoolToObject(item, "guest_knows", platform_guest_knows(platform));
	cJSON *sources = cJSON_AddArrayToObject(item, "sources");
	cJSON *counts = cJSON_AddObjectToObject(item, "primitives");
	const struct origins o = origins_of(p, platform);
	for (int s = 0; profile_source_names[s]; s++) {
		cJSON_AddNumberToObject(counts, profile_source_names[s], (double)o.source[s]);
		if (o.source[s])
			cJSON_AddItemToArray(sources, cJSON_CreateString(profile_source_names[s]));
	}
	cJSON_AddNumberToObject(counts, "missing", (double)o.missing);
	cJSON_AddItemToArray(list, item);
}

/* As wide as the longest of the names that may stand in a column. */
static int width_of(const char *head, const char *const *values)
{
	size_t width = strlen(head);
	for (; *values; values++)
		if (strlen(*values) > width)
			width = strlen(*values);
	return (int)width;
}

static int width_of_axis(enum platform_axis a)
{
	return width_of(platform_axis_name(a), platform_axis_values(a));
}

static void print_header(int name_width)
{
	printf("%-*s", name_width, "platform");
	for (enum platform_axis a = 0; a < AXIS_COUNT; a++)
		printf("  %-*s", width_of_axis(a), platform_axis_name(a));
	printf("  %-11s  %s\n", "guest knows", "primitives priced from");
}

static void print_row(int name_width, const struct pricing *p, const struct platform *platform)
{
	printf("%-*s", name_width, platform->name);
	for (enum platform_axis a = 0; a < AXIS_COUNT; a++)
		printf("  %-*s", width_of_axis(a), platform_axis_values(a)[platform->axes[a]]);
	printf("  %-11s", platform_guest_knows(platform) ? "yes" : "no");
	const struct origins o = origins_of(p, platform);
	const char *separator = "  ";
	for (int s = 0; profile_source_names[s]; s++) {
		if (o.source[s]) {
			printf("%s%zu %s", separator, o.source[s], profile_source_names[s]);
			separator = ", ";
		}
	}
	if (o.missing)
		printf("%s%zu missing", separator, o.missing);
	putchar('\n');
}

/* The layers, for one platform that was asked for by name. */
static void draw(const struct platform *platform)
{
	struct arena arena = {0};
	const char *diagram = platform_diagram(platform, &arena);
	if (diagram)
		printf("\n%s\n\n%s", platform->description, diagram);
	arena_free(&arena);
}

static int list_platforms(struct pricing *p, const char *only, bool json)
{
	const char *const one[] = {only, NULL};
	const char *const *names = only ? one : library_names(&p->library, "platform");
	cJSON *list = json ? cJSON_CreateArray() : NULL;
	int code = CLI_OK;
	int width = width_of("platform", names);
	if (!json)
		print_header(width);
	for (size_t i = 0; names[i]; i++) {
		struct platform platform;
		int one_code = pricing_platform(p, names[i], &platform);
		if (one_code == CLI_OK && json) {
			add_json(list, p, &platform);
		} else if (one_code == CLI_OK) {
			print_row(width, p, &platform);
			if (only)
				draw(&platform);
		}
		code = one_code ? one_code : code;
	}
	if (!json)
		return code;
	int printed = cli_print_json(list);
	return code ? code : printed;
}

static int print_svg(struct pricing *p, const char *name)
{
	struct platform platform;
	int code = pricing_platform(p, name, &platform);
	if (code != CLI_OK)
		return code;
	const char *svg = platform_svg(&platform, &p->arena);
	if (!svg)
		return cli_fail(CLI_FAILED, "out of memory");
	fputs(svg, stdout);
	return CLI_OK;
}

static int run(const struct cli_args *args)
{
	struct pricing p;
	if (cli_flag(args, "svg") && (args->argument_count == 0 || cli_flag(args, "json")))
		return cli_fail(CLI_USAGE, "platforms: --svg draws one platform, and is no JSON");
	int code = pricing_open(&p, args);
	if (code == CLI_OK && cli_flag(args, "svg"))
		code = print_svg(&p, args->arguments[0]);
	else if (code == CLI_OK)
		code = list_platforms(&p, args->argument_count ? args->arguments[0] : NULL,
				      cli_flag(args, "json"));
	pricing_close(&p);
	return code;
}

const struct cli_command cmd_platforms_command = {
	.name = "platforms",
	.arguments = "[NAME]",
	.help = "list the platforms on their six axes, and where their prices come from",
	.options = options,
	.max_arguments = 1,
	.examples = "mcvsim platforms\n"
		    "mcvsim platforms xen-pv\n",
	.run = run,
};
