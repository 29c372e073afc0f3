/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * JSON documents that people wrote: cJSON trees that remember where they came from, strict about
 * what JSON is (RFC 8259: no trailing text, no duplicate keys, no NaN, bounded depth), with comments
 * ("//" keys, dropped while reading), `extends` (RFC 7396 merge patch over another file), and
 * settings from the command line on top. What the keys mean is keys.h's matter.
 *
 * A place is that of a member's key or of an array's item, in lines and characters from 1. A null
 * in a file that extends another removes the key it stands at; so does --set with null.
 * Trees are cJSON's, nested at most 200 levels; strings hold no NUL, numbers are finite.
 */
#ifndef SIM_BASE_JSON_H
#define SIM_BASE_JSON_H

#include "sim/base/diag.h"
#include "sim/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct json_source; /* private: one text that the document came from, newest first */

struct json_doc {
	cJSON *root; /* owned; "extends", "$schema" and "//" keys are gone from it */
	struct json_source *sources;
};

/* Reads a file and what it extends (paths are relative to the file that names them; a loop of
 * extends is a mistake). Mistakes go to `diags` (all syntax mistakes that can be told apart, at least
 * the first of each file); returns 0, ERR_INVALID when there were errors, or ERR_IO and friends with
 * *e filled when a file cannot be read. On failure doc->root is NULL and nothing needs freeing.
 * Files past 64 MiB and nesting past 200 levels are refused. */
int json_doc_load(struct json_doc *doc, const char *path, struct diag_list *diags, struct err *e);

/* The same from text; `name` stands for the file in messages, `extends` resolves from the current
 * folder. */
int json_doc_parse(struct json_doc *doc, const char *name, const char *text, size_t length,
		   struct diag_list *diags, struct err *e);

/* Applies `--set POINTER=VALUE`: VALUE is JSON where it parses as JSON, else taken as a string; null
 * removes the key. The parent must exist; an intermediate object is not invented. From then on
 * mistakes at and below POINTER have "--set" for their file. Returns 0, or ERR_INVALID with a diag
 * whose file is "--set". */
int json_doc_set(struct json_doc *doc, const char *assignment, struct diag_list *diags);

/* Adds an error (or a warning) at the place of `pointer`: the newest source in which it resolves;
 * where it resolves in none (a missing key), its nearest parent. */
void json_doc_error(const struct json_doc *doc, struct diag_list *diags, const char *pointer,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void json_doc_warning(const struct json_doc *doc, struct diag_list *diags, const char *pointer,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A document that a program made of another one (a point of a sweep): owns `root` at once, also when
 * it fails, and borrows the sources of `base`, which must outlive it. Returns 0 or ERR_NOMEM. */
int json_doc_derive(struct json_doc *doc, const struct json_doc *base, cJSON *root);

/* From now on a mistake at or below `pointer` has the place of `stands_at` (which the program put
 * there), or of the same node below that. Returns 0 or ERR_NOMEM. */
int json_doc_redirect(struct json_doc *doc, const char *pointer, const char *stands_at);

void json_doc_free(struct json_doc *doc);

/* The node at an RFC 6901 pointer ("" is the root itself), or NULL. Not owned by the caller. */
cJSON *json_at(const cJSON *root, const char *pointer);

/* Replaces or adds the node at `pointer`, whose parent must exist ("-" appends to an array); takes
 * ownership of `value` on success. Returns 0 or ERR_INVALID. */
int json_put(cJSON *root, const char *pointer, cJSON *value);

/* RFC 7396: patches `target` (owned, may be replaced; NULL counts as nothing) with `patch` (not
 * owned); returns the result, or NULL when out of memory, the target then being gone. */
cJSON *json_merge_patch(cJSON *target, const cJSON *patch);

/* Adds a number to an object that is written for others: null where it is not finite, since JSON
 * has no other way to say so. Memory that ends leaves it out. */
void json_add_number(cJSON *object, const char *name, double value);

/* The canonical text: keys sorted bytewise, no white space, numbers as the shortest that read back
 * the same. Free with free(); NULL when out of memory. Two documents are the same study when their
 * texts are the same. */
char *json_canonical(const cJSON *node);

/* XXH3-128 of the canonical text, as 32 lower-case hexadecimal digits and a NUL; only zeros when there
 * is no memory for the text. */
void json_hash(const cJSON *node, char out[33]);

/* Appends "/token" to a pointer with ~ and / escaped; returns buf. Cuts when it does not fit. */
char *json_pointer_join(char *buf, size_t size, const char *pointer, const char *token);

#endif
