/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Key tables: one row per JSON key gives its parsing into a C struct, range check, default, help and
 * JSON Schema. Each layer declares tables for its own part of a document; whoever owns the whole
 * document composes them. A value that no row can describe is KEY_ANY, read by its owner.
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
	KEY_SEED,	/* uint64_t; decimal string, so that all 64 bits survive JSON; or a whole number */
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

/* One of several models that a KEY_ANY may name: "NAME", or { NAME: parameters }, or, where one
 * parameter is the main one, { NAME: its value }. Said in the schema; read by the table's owner. */
struct key_variant {
	const char *name;
	const char *help;		     /* one sentence */
	const struct key_object *parameters; /* NULL: none */
	const char *main_key;		     /* the parameter that a bare value stands for; or NULL */
	/* What the table of the parameters cannot read; for the owner to call when that found no mistake.
	 * Returns 0, ERR_INVALID with diags, or ERR_NOMEM. NULL: nothing. */
	int (*finish)(void *parameters, const struct json_doc *doc, const char *pointer,
		      struct arena *arena, struct diag_list *diags);
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset;
	enum unit unit;			/* QUANTITY */
	/* INT, NUMBER, QUANTITY, NUMBERS: inclusive, infinities allowed; both 0 means unbounded, max
	 * below min no upper bound (so that .min = 1 alone means what it says) */
	double min, max;
	/* Default as JSON text, read like a user's value; NULL: required. An ANY, and a REF whose default
	 * is an object, get theirs by keys_fill_defaults only: nothing else could own it. */
	const char *def;
	bool optional;			/* may be absent without a default: the field stays zero */
	double absent;			/* optional QUANTITY, NUMBER: the field instead, where 0 means something */
	const struct key_object *object;/* OBJECT, OPTIONAL_OBJECT, MAP, ARRAY */
	const char *const *choices;	/* ENUM: ended by NULL */
	const char *ref;		/* REF: the kind ("platform", "radio", "app") */
	/* ANY: the models it may name, pointers to structs that begin with a key_variant, ended by NULL;
	 * with .unit a quantity may stand there, too. For the schema. */
	const void *variants;
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
 * ERR_INVALID with every mistake in diags, in the order of their places. The result may be used only
 * on 0. A default that breaks its own row is our bug: an assertion. */
int keys_parse(const struct key_object *object, const struct json_doc *doc, const char *pointer,
	       void *out, struct arena *arena, struct diag_list *diags);

/* The same for an object that shares its level with others (an experiment inside a study): keys that
 * it does not know are left to whoever parses the whole. `also` is not looked at. */
int keys_parse_part(const struct key_object *object, const struct json_doc *doc, const char *pointer,
		    void *out, struct arena *arena, struct diag_list *diags);

/* Reads the object and all of its `also`, for the mistakes alone: what to call first on a document
 * whose keys have several owners, so that all mistakes of all of them come at once, in the order of
 * their places. Returns 0 or ERR_INVALID. */
int keys_check(const struct key_object *object, const struct json_doc *doc, const char *pointer,
	       struct diag_list *diags);

/* Puts the defaults of absent keys into the tree itself, so that the resolved document shows them.
 * What is not of the table's type is left alone. Returns 0 or ERR_NOMEM. */
int keys_fill_defaults(const struct key_object *object, cJSON *node);

/* The JSON Schema (draft 2020-12) of the object, with $defs for those it contains. Caller deletes; NULL
 * when out of memory. It accepts every document that keys_parse does and names nearly every mistake; since
 * a file with `extends` may leave anything to its base, `required` is said for the outermost level
 * of files without it and nowhere else. */
cJSON *keys_schema(const struct key_object *object, const char *title);

#endif
