/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Key tables: one row per JSON key gives its parsing into a C struct, range check, default, help and
 * JSON Schema. Each layer declares tables for its own part of a document; whoever owns the whole
 * document composes them.
 *
 *     static const struct key battery_keys[] = {
 *             { "capacity", KEY_QUANTITY, offsetof(struct battery, capacity_j), .unit = UNIT_ENERGY,
 *               .min = 0, .max = 1e9, .def = "\"15 Wh\"", .help = "energy when full" },
 *             { 0 } };
 *     const struct key_object battery_object = { "battery", battery_keys, sizeof(struct battery),
 *                                                .help = "..." };
 */
#ifndef SIM_BASE_KEYS_H
#define SIM_BASE_KEYS_H

#include "sim/base/arena.h"
#include "sim/base/json.h"
#include "sim/base/unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {		/* C type at the offset */
	KEY_BOOL,	/* bool */
	KEY_INT,	/* int64_t; JSON number without a fraction, within 2^53 */
	KEY_NUMBER,	/* double; finite; for counts and ratios that have no unit */
	KEY_QUANTITY,	/* double, in the base unit of .unit; a string with its unit */
	KEY_STRING,	/* const char * */
	KEY_SEED,	/* uint64_t; decimal string, so that all 64 bits survive JSON */
	KEY_ENUM,	/* int: the index into .choices */
	KEY_OBJECT,	/* the struct of .object, embedded */
	KEY_OPTIONAL_OBJECT, /* struct T *, NULL when the key is absent */
	KEY_MAP,	/* struct key_list; members by name; an item's struct begins with const char *name */
	KEY_ARRAY,	/* struct key_list of .object's structs */
	KEY_STRINGS,	/* struct key_list of const char * */
	KEY_NUMBERS,	/* struct key_list of double */
	KEY_REF,	/* struct key_ref: the name of a library entry of kind .ref, or an inline object */
	KEY_ANY,	/* const cJSON *: not looked into (the table's owner reads it) */
};

struct key_list {
	size_t count;
	void *items;
};

struct key_ref {
	const char *name;   /* the name, or NULL when the object stands inline */
	const cJSON *inl;   /* the inline object, or NULL */
	const char *pointer;/* where it stands, for messages */
};

struct key_object;

struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	enum unit unit;			/* QUANTITY */
	double min, max;		/* INT, NUMBER, QUANTITY, NUMBERS: inclusive; both 0 means unbounded */
	const char *def;		/* default as JSON text, read like a user's value; NULL: required */
	bool optional;			/* may be absent without a default: the field stays zero */
	const struct key_object *object;/* OBJECT, OPTIONAL_OBJECT, MAP, ARRAY */
	const char *const *choices;	/* ENUM: ended by NULL */
	const char *ref;		/* REF: the kind ("platform", "radio", "app") */
	size_t min_items;		/* MAP, ARRAY, STRINGS, NUMBERS */
	const char *help;		/* one sentence for the schema and --help */
};

struct key_object {
	const char *name;		/* definition's name in the schema; unique */
	const struct key *keys;		/* ended by a NULL name */
	size_t size;			/* of the C struct */
	const char *help;
	/* What one row cannot say: relations between keys. Called after all rows of one object were
	 * read (even with mistakes); reports through json_doc_error. NULL: nothing. */
	void (*check)(void *object, const struct json_doc *doc, const char *pointer,
		      struct diag_list *diags);
	/* Further objects whose keys stand on the same level (a study is a world, an experiment and
	 * figures in one); ended by NULL. Their fields are filled by their owners' own keys_parse. */
	const struct key_object *const *also;
};

/* Reads the node at `pointer` of doc into *out (object->size bytes, zeroed first) by the table.
 * Unknown keys are errors, with the nearest known one, unless the object or one of its `also` has
 * them. Strings and lists live in `arena`, KEY_ANY and KEY_REF point into doc. Returns 0, or
 * ERR_INVALID with every mistake in diags. The result may be used only on 0. */
int keys_parse(const struct key_object *object, const struct json_doc *doc, const char *pointer,
	       void *out, struct arena *arena, struct diag_list *diags);

/* Puts the defaults of absent keys into the tree itself, so that the resolved document shows them. */
int keys_fill_defaults(const struct key_object *object, cJSON *node);

/* The JSON Schema (draft 2020-12) of the object, with $defs for those it contains. Caller deletes. */
cJSON *keys_schema(const struct key_object *object, const char *title);

#endif
