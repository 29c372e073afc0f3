/* SPDX-License-Identifier: GPL-2.0-or-later
 * The options: a row each gives parsing, range, which commands take it, and help. */
#include "hvcore/program/program.h"
#include "sim/base/diag.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, TEXT, NUMBER, BACKEND, REGIME };

static const struct option_row {
	const char *name;
	const char *argument; /* NULL: it takes none */
	enum kind kind;
	size_t at;	   /* its member of struct program_options */
	uint64_t min, max; /* of a NUMBER */
	unsigned commands;
	const char *help;
} rows[] = {
#define AT(member) offsetof(struct program_options, member)
	{"json", NULL, FLAG, AT(json), 0, 0, PROGRAM_ALL,
	 "JSON, also where a table would be printed; run: counters, on stderr"},
	{"backend", "B", BACKEND, AT(backend), 0, 0,
	 PROGRAM_ALL & ~(PROGRAM_DOCTOR | PROGRAM_SURFACE),
	 "only this backend: kvm, trap, emulator, container or native"},
	{"quick", NULL, FLAG, AT(quick), 0, 0,
	 PROGRAM_LIST | PROGRAM_PROBE | PROGRAM_MIX | PROGRAM_TURNS,
	 "fewer and shorter batches; list: what can be measured so"},
	{"delay-ns", "N", NUMBER, AT(delay_ns), 0, 1000000000,
	 PROGRAM_PROBE | PROGRAM_MIX | PROGRAM_TURNS | PROGRAM_RUN,
	 "busy time added to the handling of every exit, to test the instrument"},
	{"mem", "MIB", NUMBER, AT(mem_mib), 2, HV_MEM_MAX >> 20, PROGRAM_RUN,
	 "the guest's memory (default 64)"},
	{"cpus", "N", NUMBER, AT(cpus), 1, HV_CPUS_MAX, PROGRAM_RUN,
	 "the guest's processors (default 1; kvm: up to 8)"},
	{"regime", "R", REGIME, AT(regime), 0, 0, PROGRAM_RUN,
	 "kvm: where the guest starts, cpl0 or cpl3 (default: what the machine offers)"},
	{"limit-ms", "N", NUMBER, AT(limit_ms), 1, 86400000, PROGRAM_RUN | PROGRAM_TURNS,
	 "run: a longer one is ended (default 10000); turns: how long they are taken (3000)"},
	{"no-sandbox", NULL, FLAG, AT(no_sandbox), 0, 0, PROGRAM_RUN,
	 "no sandbox around the guest's VMM, which must have one else"},
	{"para", NULL, FLAG, AT(para), 0, 0, PROGRAM_MIX | PROGRAM_TURNS,
	 "the guest's devices are rings instead of registers"},
	{"iothread", NULL, FLAG, AT(iothread), 0, 0, PROGRAM_MIX | PROGRAM_TURNS,
	 "with --para: the rings' devices work in a thread of their own, on another core"},
	{"seed", "N", NUMBER, AT(seed), 0, UINT64_MAX, PROGRAM_MIX | PROGRAM_TURNS,
	 "of the order of operations (default 0)"},
	{"scratch", "DIR", TEXT, AT(scratch), 0, 0, PROGRAM_PROBE | PROGRAM_MIX | PROGRAM_TURNS,
	 "where backing files are made (default /var/tmp)"},
#undef AT
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What getopt_long returns: that much more than the row, or one of these. */
enum { FIRST = 256, HELP = FIRST + ROWS, VERSION };

static int unknown_backend(const char *name)
{
	char list[128] = "";
	for (const struct hv_backend *const *b = hv_backends; *b; b++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 list[0] ? ", " : "", (*b)->name);
	return program_usage("--backend: '%s' is none of %s", name, list);
}

static int set_number(const struct option_row *row, const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	bool number = !errno && end != text && !*end && text[0] >= '0' && text[0] <= '9';
	if (!number || value < row->min || value > row->max)
		return row->max == UINT64_MAX
			       ? program_usage("--%s: '%s' is not a whole number", row->name, text)
			       : program_usage("--%s: '%s' is not a number from %" PRIu64
					       " to %" PRIu64,
					       row->name, text, row->min, row->max);
	*out = value;
	return 0;
}

static int set(const struct option_row *row, const char *text, struct program_options *opt)
{
	void *at = (char *)opt + row->at;
	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return 0;
	case BACKEND:
		if (!hv_backend_find(text))
			return unknown_backend(text);
		*(const char **)at = text;
		return 0;
	case TEXT:
		*(const char **)at = text;
		return 0;
	case REGIME:
		if (strcmp(text, "cpl0") != 0 && strcmp(text, "cpl3") != 0)
			return program_usage("--%s: '%s' is neither cpl0 nor cpl3", row->name,
					     text);
		*(enum hv_regime *)at = text[3] == '0' ? HV_REGIME_CPL0 : HV_REGIME_CPL3;
		return 0;
	case NUMBER:
		break;
	}
	return set_number(row, text, at);
}

static int unknown_option(const char *word)
{
	const char *names[ROWS + 1] = {NULL};
	char name[32];
	for (unsigned i = 0; i < ROWS; i++)
		names[i] = rows[i].name;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	const char *near = diag_nearest(name + strspn(name, "-"), names);
	return near ? program_usage("no option '%s'; did you mean --%s?", name, near)
		    : program_usage("no option '%s'", name);
}

/* What getopt_long does not know. It says a flag's number if that has a value, a letter if it is
 * one, which may stand amid others; else it has passed the word. */
static int refuse(char **argv)
{
	if (optopt >= FIRST && optopt < HELP)
		return program_usage("--%s takes no value", rows[optopt - FIRST].name);
	if (optopt > 0 && optopt < FIRST)
		return program_usage("no option '-%c'", optopt);
	return unknown_option(argv[optind - 1]);
}

int program_parse(int argc, char **argv, struct program_options *opt, struct program_given *given)
{
	struct option table[ROWS + 3] = {0};
	for (unsigned i = 0; i < ROWS; i++)
		table[i] = (struct option){rows[i].name,
					   rows[i].argument ? required_argument : no_argument, NULL,
					   (int)i + FIRST};
	table[ROWS] = (struct option){"help", no_argument, NULL, HELP};
	table[ROWS + 1] = (struct option){"version", no_argument, NULL, VERSION};
	opterr = 0;
	*given = (struct program_given){0};
	int c, rc = 0;
	/* ':' first: a value that is missing is told apart from an option that there is not. */
	while (!rc && (c = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
		if (c == 'h' || c == HELP) {
			given->help = true;
		} else if (c == VERSION) {
			given->version = true;
		} else if (c == ':') {
			rc = program_usage("--%s: its value is missing", rows[optopt - FIRST].name);
		} else if (c == '?') {
			rc = refuse(argv);
		} else {
			given->rows |= 1u << (c - FIRST);
			rc = set(&rows[c - FIRST], optarg, opt);
		}
	}
	return rc;
}

bool program_takes(const struct program_command *command, const struct program_given *given)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (given->rows & 1u << i && !(rows[i].commands & command->letter)) {
			program_usage("%s: does not take --%s", command->name, rows[i].name);
			return false;
		}
	}
	return true;
}

const char *program_option_of(unsigned letter, unsigned i, char text[64])
{
	for (unsigned k = 0; k < ROWS; k++) {
		if (!(rows[k].commands & letter) || i-- > 0)
			continue;
		snprintf(text, 64, "[--%s%s%s]", rows[k].name, rows[k].argument ? " " : "",
			 rows[k].argument ? rows[k].argument : "");
		return text;
	}
	return NULL;
}

void program_print_options(void)
{
	for (unsigned i = 0; i < ROWS; i++) {
		char option[32];
		snprintf(option, sizeof(option), "--%s%s%s", rows[i].name,
			 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		printf("  %-14s %s\n", option, rows[i].help);
	}
	printf("  %-14s %s\n  %-14s %s\n", "--help", "prints this", "--version",
	       "prints the program's version");
}
