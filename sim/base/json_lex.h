/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Small pieces of JSON's text that both the check and the search for a place need: characters,
 * escapes, words, lines. Private to json_scan.c and json_locate.c.
 */
#ifndef SIM_BASE_JSON_LEX_H
#define SIM_BASE_JSON_LEX_H

#include "sim/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Line and column (from 1, in characters) of `at` in [text, end); a byte order mark has no width.
 */
void json_lex_place(const char *text, const char *end, const char *at, int *line, int *column);

/* Length of the valid UTF-8 sequence at p < end, 0 when there is none (RFC 3629: no overlong forms,
 * no surrogates, nothing past U+10FFFF). */
size_t json_lex_utf8(const char *p, const char *end);

/* Reads the escape at p (a backslash); returns its length and the character it stands for, or 0
 * with a reason. */
size_t json_lex_escape(const char *p, const char *end, uint32_t *code, const char **why);

/* Decodes a string's body of *length bytes and sets *length to that of the result, which lives in
 * `arena`. Wrong escapes stay as they are. NULL when out of memory. */
const char *json_lex_decode(struct arena *arena, const char *body, size_t *length);

/* True for what numbers and bare words are made of (and what people take for one: 10%, 1.2.3). */
bool json_lex_is_word(char c);

/* True when the word is a number by the grammar of RFC 8259. */
bool json_lex_is_number(const char *p, size_t length);

#endif
