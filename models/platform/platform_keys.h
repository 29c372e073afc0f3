/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The shape of a platform file: its key table, and the structs that the table fills. The table is
 * for whoever makes schemas or composes documents; the structs are private to platform.c.
 */
#ifndef MODELS_PLATFORM_KEYS_H
#define MODELS_PLATFORM_KEYS_H

#include "models/platform/platform.h"
#include "sim/base/keys.h"

struct platform_file_term {
	double n;
	int per, site, cause;
	const char *primitive, *times, *why;
	bool notify, completion;
};

struct platform_file {
	const char *name; /* set by whoever reads it out of a map */
	const char *description;
	int axes[AXIS_COUNT];
	double memory_bytes, coalescing_s;
	struct key_list replace[OP_COUNT], add[OP_COUNT]; /* of struct platform_file_term */
	struct key_list sources;
};

extern const struct key_object platform_object;

/* The platform that the file describes; shares its strings. Returns 0 or ERR_NOMEM. */
int platform_compile(struct platform *p, const struct platform_file *file, struct arena *arena);

#endif
