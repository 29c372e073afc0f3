/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An emulated machine (boot.sh): boots, runs a table of commands, and what they printed can be
 * looked at. Failures are CUnit's.
 */
#ifndef TESTS_EMULATED_SUPPORT_MACHINE_H
#define TESTS_EMULATED_SUPPORT_MACHINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* What runs in the machine, and with which status it should end. */
struct emulated_step {
	int status;
	const char *command;
};

struct emulated {
	const struct emulated_step *steps;
	int count;
	const char *arguments; /* for QEMU */
	int step_limit;	       /* seconds of the machine's clock for one step; 0: 10 */
	bool tried;
	char *output; /* of all steps; NULL: none. To be freed */
};

/* The machine's clock counts instructions, 1 ns each; only for machines of one processor. */
#define EMULATED_COUNTED_CLOCK "-icount shift=0,sleep=off"

/* Boots at the first call, with a second attempt for a machine that stopped on the way. False: it
 * cannot be done here, and the case is skipped. */
bool emulated_boot(struct emulated *m);

/* What a step printed in its last run, which must have ended as expected; to be freed. */
char *emulated_output_of(const struct emulated *m, int step);

/* Of it, the first line that is a JSON object; to be deleted. */
cJSON *emulated_json_of(const struct emulated *m, int step);

/* Calls `look` for each line that is a JSON object; returns how many there were. */
int emulated_each_line(const struct emulated *m, int step, void (*look)(const cJSON *line));

/* "" and NAN where there is no such value. */
const char *emulated_text_at(const cJSON *json, const char *key);
double emulated_number_at(const cJSON *json, const char *key);

/* That step `doctor` (`hvcore doctor --json`) found KVM, and guests that start at CPL0; returns
 * what it printed, to be deleted. */
cJSON *emulated_expect_cpl0(const struct emulated *m, int doctor);

/* That the steps from `first` to `last`, each one case of a test program of ours, ran it and
 * skipped nothing. The case has looked itself. */
void emulated_expect_cases(const struct emulated *m, int first, int last);

/* Whether a probe failed for a reason that is about time: KVM's own work (a grace period, a timer)
 * may fall into one batch and not into the next, and the host may take the machine's time away
 * between the readings of its two clocks. */
bool emulated_is_about_time(const char *reason);

#endif
