/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Platforms and prices outside a study, for the commands that show them: a platform of the
 * current folder or the library, and the profile that --profile names, with what it lacks from the
 * literature.
 */
#ifndef SIM_CLI_STUDY_PRICING_H
#define SIM_CLI_STUDY_PRICING_H

#include "models/platform/platform.h"
#include "sim/cli/cli.h"
#include "sim/cli/study/library.h"

struct pricing {
	struct library library;
	struct profile profile, fallback;
	struct profile_view view; /* ready for platform_cost */
	struct arena arena;
};

/* Opens the library and the profile that `--profile` of args names; without it only the
 * literature's. Says what is wrong on stderr and returns an enum cli_exit. To be ended with
 * pricing_close in any case. */
int pricing_open(struct pricing *p, const struct cli_args *args);
void pricing_close(struct pricing *p);

/* Reads a platform of the library; the result lives as long as p. Says what is wrong and returns an
 * enum cli_exit. */
int pricing_platform(struct pricing *p, const char *name, struct platform *out);

#endif
