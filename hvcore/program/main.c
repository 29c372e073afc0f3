/* SPDX-License-Identifier: GPL-2.0-or-later
 * The commands of hvcore, and what they share. */
#include "hvcore/clock.h"
#include "hvcore/program/program.h"
#include "hvcore/program/version.h" /* made by the build */
#include "sim/base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 1000000

static const struct program_command commands[] = {
	{"doctor", "", PROGRAM_DOCTOR, 0, program_doctor,
	 "what this machine offers per backend, and what to do about the rest\n"},
	{"list", "", PROGRAM_LIST, 0, program_list,
	 "the backends and probes, and what of them works on this machine\n"},
	{"surface", "", PROGRAM_SURFACE, 0, program_surface,
	 "how much a hostile guest can reach on each backend: what it can ask of its VMM, and the\n"
	 "system calls that are left to one that has taken it over\n"},
	{"probe", " NAME...", PROGRAM_PROBE, MANY, program_probe,
	 "measures; prints one JSON line per probe. NAME 'all' is every probe\n"},
	{"mix", " OPERATION=COUNT...", PROGRAM_MIX, MANY, program_mix,
	 "times a task of several operations, interleaved (compute=20 blk_read=2 ...), in ns per\n"
	 "task: one JSON line. Operations: compute, syscall, page_touch, page_release, blk_read,\n"
	 "blk_write, net_tx\n"},
	{"turns", " NAME@BACKEND|OPERATION=COUNT,... ...", PROGRAM_TURNS, MANY, program_turns,
	 "measures probes and tasks a batch of each after the other, round and round: one JSON\n"
	 "line for each, with the values of its batches\n"},
	{"run", " GUEST [ARGUMENT]", PROGRAM_RUN, 2, program_run,
	 "runs a guest (hello, ..., or a flat image in a file): its console on stdout, its exit\n"
	 "status as ours; 1 when it did not end well\n"},
	{0},
};

int program_usage(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "hvcore: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n`hvcore --help` says more\n");
	va_end(ap);
	return PROGRAM_USAGE;
}

int program_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return PROGRAM_OK;
	fprintf(stderr, "hvcore: standard output: %s\n", strerror(errno));
	return PROGRAM_FAILED;
}

int program_print(cJSON *object)
{
	char *text = object ? cJSON_PrintUnformatted(object) : NULL;
	cJSON_Delete(object);
	if (!text) {
		fprintf(stderr, "hvcore: no memory for an answer\n");
		return PROGRAM_FAILED;
	}
	puts(text);
	free(text);
	return program_flush();
}

/* 20 ms tell the rate within 10 ppm, 5 ms within 40; clocks may differ by 5 %. */
struct hv_probe_env program_environment(const struct program_options *opt, bool with_regime)
{
	struct err e = {0};
	struct hv_probe_env env = {
		.quick = opt->quick, .delay_ns = opt->delay_ns, .scratch = opt->scratch};
	const struct hv_backend *kvm = with_regime ? hv_backend_find("kvm") : NULL;
	if (hv_ticks_rate(env.quick ? 5000000 : 20000000, &env.ticks_per_ns, &e))
		fprintf(stderr, "hvcore: warning: %s; clocks are not compared\n", e.text);
	if (kvm && kvm->regime && !kvm->available(&e) && kvm->regime(&env.kvm_regime, &e))
		fprintf(stderr, "hvcore: warning: kvm: %s\n", e.text);
	return env;
}

static void print_help(void)
{
	for (const struct program_command *c = commands; c->name; c++) {
		char text[64];
		int column = printf("%s hvcore %s%s", c == commands ? "usage:" : "      ", c->name,
				    c->arguments);
		for (unsigned i = 0; program_option_of(c->letter, i, text); i++) {
			if (column + 1 + (int)strlen(text) > 100)
				column = printf("\n             ") - 1;
			column += printf(" %s", text);
		}
		printf("\n");
	}
	printf("\n");
	for (const struct program_command *c = commands; c->name; c++) {
		const char *line = c->help;
		for (int first = 1; *line; first = 0) {
			int length = (int)strcspn(line, "\n");
			printf("%-7s %.*s\n", first ? c->name : "", length, line);
			line += length + 1;
		}
	}
	printf("\n");
	program_print_options();
}

static int no_command(const char *name)
{
	const char *names[sizeof(commands) / sizeof(commands[0])] = {NULL};
	for (unsigned i = 0; commands[i].name; i++)
		names[i] = commands[i].name;
	const char *near = name ? diag_nearest(name, names) : NULL;
	if (near)
		return program_usage("no command '%s'; did you mean %s?", name, near);
	return program_usage(
		name ? "no command '%s'; there are doctor, list, surface, probe, mix, turns and run"
		     : "which command? doctor, list, surface, probe, mix, turns or run",
		name);
}

/* A standard descriptor that is closed would be the number of the next file: a guest's console
 * would go to its own memory. Reading or writing fails on the one that stands in for it. */
static void keep_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	keep_standard_descriptors();
	struct program_options opt = {0};
	struct program_given given;
	int rc = program_parse(argc, argv, &opt, &given);
	if (rc)
		return rc;
	if (given.help || given.version) {
		if (given.help)
			print_help();
		else
			printf("hvcore %s\n", MCVSIM_VERSION);
		return program_flush();
	}
	if (optind == argc)
		return no_command(NULL);
	const struct program_command *c = commands;
	while (c->name && strcmp(c->name, argv[optind]) != 0)
		c++;
	if (!c->name)
		return no_command(argv[optind]);
	int count = argc - optind - 1;
	if (count > c->max_arguments)
		return program_usage("%s: one argument too many: '%s'", c->name,
				     argv[optind + 1 + c->max_arguments]);
	if (!program_takes(c, &given))
		return PROGRAM_USAGE;
	return c->run(&opt, argv + optind + 1, count);
}
