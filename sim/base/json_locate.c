/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/json_scan.h"

#include "sim/base/json_lex.h"

#include <stdio.h>
#include <string.h>

/* Walks a text that passed the check: strings close, brackets match, nothing else is in it. */
struct cursor {
	const char *p, *end;
	struct arena arena; /* decoded keys and tokens */
};

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && strchr(" \t\r\n", *c->p) && *c->p)
		c->p++;
}

/* The next token of a pointer, decoded; false at its end. */
static bool next_token(struct arena *arena, const char **pointer, const char **token,
		       size_t *length)
{
	if (**pointer != '/')
		return false;
	const char *from = *pointer + 1;
	size_t n = strcspn(from, "/"), used = 0;
	char *out = arena_alloc(arena, n + 1);
	if (!out)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (from[i] == '~' && (from[i + 1] == '0' || from[i + 1] == '1'))
			out[used++] = from[++i] == '0' ? '~' : '/';
		else
			out[used++] = from[i];
	}
	*pointer = from + n;
	*token = out;
	*length = used;
	return true;
}

static void skip_string(struct cursor *c)
{
	for (c->p++; c->p < c->end && *c->p != '"'; c->p++)
		c->p += *c->p == '\\';
	c->p++;
}

static void skip_value(struct cursor *c)
{
	int depth = 0;
	do {
		skip_space(c);
		if (c->p >= c->end)
			return;
		if (*c->p == '"') {
			skip_string(c);
		} else if (json_lex_is_word(*c->p)) {
			while (c->p < c->end && json_lex_is_word(*c->p))
				c->p++;
		} else {
			depth += (*c->p == '{' || *c->p == '[') - (*c->p == '}' || *c->p == ']');
			c->p++;
		}
	} while (depth > 0);
}

/* Moves from the start of a value to the member or item `token` of it; *at is its place. */
static bool enter(struct cursor *c, const char *token, size_t length, const char **at)
{
	if (c->p >= c->end || (*c->p != '{' && *c->p != '['))
		return false;
	bool object = *c->p++ == '{';
	for (size_t i = 0;; i++) {
		skip_space(c);
		if (c->p >= c->end || *c->p == '}' || *c->p == ']')
			return false;
		*at = c->p;
		bool match;
		if (object) {
			const char *body = c->p + 1;
			skip_string(c);
			size_t n = (size_t)(c->p - body) - 1;
			const char *name =
				memchr(body, '\\', n) ? json_lex_decode(&c->arena, body, &n) : body;
			match = name && n == length && memcmp(name, token, n) == 0 &&
				(n < 2 || memcmp(name, "//", 2) != 0);
			skip_space(c);
			c->p++; /* the colon */
			skip_space(c);
		} else {
			char index[24];
			int n = snprintf(index, sizeof(index), "%zu", i);
			match = (size_t)n == length && memcmp(index, token, length) == 0;
		}
		if (match)
			return true;
		skip_value(c);
		skip_space(c);
		c->p += c->p < c->end && *c->p == ',';
	}
}

bool json_scan_locate(const char *text, size_t length, const char *pointer, int *line, int *column)
{
	struct cursor c = {.p = text, .end = text + length};
	const char *token;
	size_t n;
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		c.p += 3;
	skip_space(&c);
	const char *at = c.p;
	bool ok = true;
	while (ok && next_token(&c.arena, &pointer, &token, &n))
		ok = enter(&c, token, n, &at);
	ok = ok && !*pointer;
	if (ok)
		json_lex_place(text, c.end, at, line, column);
	arena_free(&c.arena);
	return ok;
}
