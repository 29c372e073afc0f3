/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Profiles: what the primitives cost on one machine, each with where the number comes from. hvcore
 * writes a profile when it calibrates; one from the literature ships with the program. Read by the
 * world (world.h), which prices platforms with it, and by whoever prints prices. Does not know what
 * any primitive is used for.
 */
#ifndef MODELS_PROFILE_H
#define MODELS_PROFILE_H

#include "sim/base/arena.h"
#include "sim/base/diag.h"
#include "sim/base/err.h"
#include "sim/base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum profile_source { PROFILE_MEASURED, PROFILE_LITERATURE, PROFILE_ASSUMED };
extern const char *const profile_source_names[]; /* "measured", ...; ended by NULL */

enum profile_unit {
	PROFILE_NS,	     /* time per operation */
	PROFILE_NS_PER_BYTE, /* time per byte moved */
	PROFILE_RATIO,	     /* slowdown: time there / time here, 1 when equal */
	PROFILE_BYTES,	     /* memory taken; no term of a platform is priced by it */
};
extern const char *const profile_unit_names[]; /* "ns", "ns/B", "ratio", "B"; ended by NULL */

struct primitive {
	const char *name;
	enum profile_unit unit;
	double value;  /* the median, in the unit; >= 0 */
	double spread; /* median absolute deviation, in the unit; 0 when unknown */
	enum profile_source source;
	const char *grade;    /* "primary", "secondary", "recalled", or NULL */
	const char *citation; /* for source literature; or NULL */
	const char *note;     /* why an assumed number is what it is; or NULL */
	const char
		*profile; /* the name of the profile that it was found in, or says it came from */
	double scale;	  /* what an override multiplied it by; 1 */
};

/* Zero-initialise; profile_read fills it; profile_free ends it. Unchanged while in use: any number
 * of threads may read it. */
struct profile {
	const char *name;	 /* the file's name, as the study has it */
	const char *machine;	 /* its "machine" object as JSON text, for footnotes; or NULL */
	struct primitive *items; /* sorted by name */
	size_t count;
	const char **failed; /* names that calibrating could not measure, ended by NULL */
	const char **failed_why;
	struct arena arena;
};

/* Reads a profile document (schema 1). Returns 0 or ERR_INVALID, with every mistake in diags. Keys
 * of a primitive that are not known here are passed over: a newer hvcore may write more than this
 * reads. */
int profile_read(struct profile *p, const struct json_doc *doc, const char *name,
		 struct diag_list *diags, struct err *e);
void profile_free(struct profile *p);

/* The primitive of that name, or NULL. */
const struct primitive *profile_find(const struct profile *p, const char *name);

/* One entry of a study's `overrides`. The name is a primitive's, or ends in ".*" for all primitives
 * that begin so; an exact name wins over a pattern, the longer pattern over a shorter one,
 * whatever their order. */
struct profile_override {
	const char *name;
	double scale;	   /* factor on the value */
	const char *value; /* replaces the value before scaling: "2 us", "0.1 ns/B", "4"; or NULL */
};

/* Whether the pattern ends in ".*" and the name begins with what stands before the "*". */
bool profile_pattern_matches(const char *pattern, const char *name);

/* What a run prices with: a profile, what to fall back to, what the study overrides. */
struct profile_view {
	const struct profile *profile;	/* or NULL */
	const struct profile *fallback; /* or NULL */
	const struct profile_override *overrides;
	size_t override_count;
};

/* Finds a primitive: in the profile, else in the fallback; applies the override. Returns 0,
 * ERR_NOTFOUND when no profile has it (e names both files and the nearest name), or ERR_INVALID
 * when an override's value does not fit the primitive's unit. An override with a value suffices for
 * a primitive that no profile has: its source is then assumed. */
int profile_view_find(const struct profile_view *view, const char *name, struct primitive *out,
		      struct err *e);

#endif
