/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim doctor: what this machine offers, whether it is itself virtual, and what to do about what
 * is missing. hvcore knows the machine; this adds the parts of the program.
 */
#include "sim/cli/cli.h"
#include "sim/cli/measure/hvcore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOCTOR_DEADLINE_S = 60 };

static const struct cli_option doctor_options[] = {
	{"json", 0, NULL, "print one JSON object instead of text"},
	{0},
};

static void advise(cJSON *to, const char *id, const char *severity, const char *problem,
		   const char *what)
{
	cJSON *item = cJSON_CreateObject();
	cJSON_AddStringToObject(item, "id", id);
	cJSON_AddStringToObject(item, "severity", severity);
	cJSON_AddStringToObject(item, "problem", problem);
	cJSON_AddStringToObject(item, "do", what);
	cJSON_AddItemToArray(to, item);
}

/* What hvcore says; an object with the reason in its advice where it cannot be asked. */
static cJSON *ask_hvcore(void)
{
	static const char *const args[] = {"doctor", "--json", NULL};
	struct err e = {0};
	cJSON *lines;
	int status = hvcore_ask(args, DOCTOR_DEADLINE_S, &lines, &e);
	cJSON *found = status == 0 ? cJSON_DetachItemFromArray(lines, 0) : NULL;
	cJSON_Delete(lines);
	if (!found) {
		found = cJSON_CreateObject();
		cJSON_AddArrayToObject(found, "backends");
		advise(cJSON_AddArrayToObject(found, "advice"), "hvcore", "limits",
		       e.text[0] ? e.text : "hvcore said nothing",
		       "install mcvsim as a whole; studies run without hvcore, with the profiles "
		       "that ship with it");
	}
	cJSON_DeleteItemFromObjectCaseSensitive(found, "cpu_time");
	return found;
}

static void look_for_gnuplot(cJSON *found, cJSON *advice)
{
	static const char *const argv[] = {"gnuplot", "--version", NULL};
	char *version = NULL;
	struct err e;
	const struct cli_spawn spawn = {.argv = argv, .deadline_s = 10, .out = &version};
	if (cli_spawn_run(&spawn, &e) == 0) {
		version[strcspn(version, "\n")] = '\0';
		cJSON_AddStringToObject(found, "gnuplot", version);
	} else {
		cJSON_AddNullToObject(found, "gnuplot");
		advise(advice, "gnuplot", "limits", "no gnuplot: reports cannot draw figures",
		       "sudo apt-get install gnuplot-nox");
	}
	free(version);
}

static void look_for_data(cJSON *found, cJSON *advice)
{
	const char *folder = cli_data_folder();
	if (folder) {
		cJSON_AddStringToObject(found, "data", folder);
		return;
	}
	cJSON_AddNullToObject(found, "data");
	advise(advice, "data", "limits",
	       "the library of platforms, radios and profiles is not found",
	       "set MCVSIM_DATA to the folder that holds it (scenarios/ in the sources)");
}

/* A line about the machine, of what the machine tells. */
static void print_machine(const cJSON *m)
{
	const cJSON *cores = cJSON_GetObjectItemCaseSensitive(m, "cores");
	const cJSON *memory = cJSON_GetObjectItemCaseSensitive(m, "memory_bytes");
	printf("machine     %s, %d cores, %.1f GiB, Linux %s on %s\n", hvcore_text(m, "cpu"),
	       cJSON_IsNumber(cores) ? cores->valueint : 0,
	       cJSON_IsNumber(memory) ? memory->valuedouble / (1 << 30) : 0,
	       hvcore_text(m, "kernel"), hvcore_text(m, "arch"));
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m, "nested")))
		printf("guest of    %s%s%s (%s)\n", hvcore_text(m, "hypervisor"),
		       hvcore_text(m, "cloud")[0] ? ", " : "", hvcore_text(m, "cloud"),
		       hvcore_text(m, "hypervisor_how"));
	else
		printf("guest of    nothing that shows: bare metal\n");
	if (hvcore_text(m, "container")[0])
		printf("inside      a container (%s)\n", hvcore_text(m, "container"));
	printf("clock       %s%s%s\n\n", hvcore_text(m, "clocksource"),
	       hvcore_text(m, "governor")[0] ? ", governor " : "", hvcore_text(m, "governor"));
}

static void print_backends(const cJSON *backends)
{
	const cJSON *b;
	cJSON_ArrayForEach(b, backends)
	{
		bool works = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(b, "available"));
		printf("%-11s %-3s %s", hvcore_text(b, "name"), works ? "yes" : "no",
		       works ? hvcore_text(b, "summary") : hvcore_text(b, "reason"));
		if (hvcore_text(b, "regime")[0])
			printf(" (regime %s)", hvcore_text(b, "regime"));
		if (hvcore_text(b, "note")[0])
			printf(" (%s)", hvcore_text(b, "note"));
		putchar('\n');
	}
}

static void print_text(const cJSON *found)
{
	const cJSON *machine = cJSON_GetObjectItemCaseSensitive(found, "machine"), *item;
	if (machine)
		print_machine(machine);
	print_backends(cJSON_GetObjectItemCaseSensitive(found, "backends"));
	printf("%-11s %s\n", "gnuplot",
	       hvcore_text(found, "gnuplot")[0] ? hvcore_text(found, "gnuplot") : "no");
	printf("%-11s %s\n", "data",
	       hvcore_text(found, "data")[0] ? hvcore_text(found, "data") : "no");
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "advice")) printf(
		"\n%s [%s]: %s\n  %s\n", hvcore_text(item, "severity"), hvcore_text(item, "id"),
		hvcore_text(item, "problem"), hvcore_text(item, "do"));
}

static int doctor_command(const struct cli_args *args)
{
	cJSON *found = ask_hvcore();
	cJSON *advice = cJSON_GetObjectItemCaseSensitive(found, "advice");
	look_for_gnuplot(found, advice);
	look_for_data(found, advice);
	if (cli_flag(args, "json"))
		return cli_print_json(found);
	print_text(found);
	cJSON_Delete(found);
	return CLI_OK;
}

const struct cli_command cmd_doctor_command = {
	.name = "doctor",
	.arguments = "",
	.help = "what this machine offers, whether it is itself virtual, and what to do about the "
		"rest",
	.options = doctor_options,
	.examples = "mcvsim doctor\n",
	.run = doctor_command,
};
