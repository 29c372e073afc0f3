/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Models that are chosen by name in a file: arrival processes, radios, policies, placements. A
 * choice is written NAME, or { NAME: parameters }; where a model has one main parameter, { NAME:
 * value } is short for it ({ "poisson": "12 /min" }). Each model is one C file ending in a `const
 * struct ..._ops` whose first member is a struct key_variant; the build collects the tables.
 */
#ifndef MODELS_CHOICE_H
#define MODELS_CHOICE_H

#include "sim/base/arena.h"
#include "sim/base/diag.h"
#include "sim/base/json.h"
#include "sim/base/keys.h"

/* A table of pointers to ..._ops, each beginning with a struct key_variant, ended by NULL. */
typedef const struct key_variant *const *choice_table;

/* Puts the choice at `node` (member `key` of it) into its long form { NAME: { ... } } where that
 * can be told; leaves what it does not understand for choice_read to report. Returns 0 or
 * ERR_NOMEM. */
int choice_normalise(choice_table table, cJSON *node, const char *key);

/* Reads the choice that stands at `pointer`. `kind` names the kind of model in messages ("policy").
 * *chosen points into the table, *parameters to its struct in the arena (NULL when it has none).
 * Returns 0, or ERR_INVALID with every mistake in diags: an unknown name gets the list and the
 * nearest one. */
int choice_read(choice_table table, const char *kind, const struct json_doc *doc,
		const char *pointer, struct arena *arena, struct diag_list *diags,
		const struct key_variant **chosen, const void **parameters);

#endif
