/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/json_scan.h"

#include "sim/base/json_lex.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than this many mistakes in one file help nobody. */
enum { MISTAKES_MAX = 100 };

struct key_seen {
	const char *name; /* decoded */
	size_t length;
	const char *at; /* in the text */
};

struct scan {
	const char *file, *text, *p, *end;
	struct diag_list *diags;
	size_t mistakes;
	bool over; /* no sense in reading on */
	int depth;
	struct arena arena;    /* decoded keys */
	struct key_seen *keys; /* of the objects that are open, innermost last */
	size_t key_count, key_capacity;
	char *path; /* pointer to where we are */
	size_t path_length, path_capacity;
};

static void mistake(struct scan *s, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void mistake(struct scan *s, const char *at, const char *fmt, ...)
{
	if (s->over)
		return;
	s->mistakes++;
	if (s->diags) {
		char text[300];
		int line, column;
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		json_lex_place(s->text, s->end, at, &line, &column);
		diag_add(s->diags, DIAG_ERROR, s->file, line, column,
			 s->path_length ? s->path : NULL, "%s", text);
		if (s->mistakes == MISTAKES_MAX)
			diag_add(s->diags, DIAG_ERROR, s->file, line, column, NULL,
				 "too many mistakes; what follows was not checked");
	}
	s->over = s->mistakes >= MISTAKES_MAX;
}

static void out_of_memory(struct scan *s)
{
	mistake(s, s->p, "out of memory");
	s->over = true;
}

/* What stands at p, for messages. */
static const char *found(const struct scan *s, char buf[40])
{
	if (s->p >= s->end)
		return "the end of the text";
	unsigned char c = (unsigned char)*s->p;
	if (c == 0)
		return "a NUL byte";
	if (c == 0xfe || c == 0xff)
		snprintf(buf, 40, "byte 0x%02x (is the file UTF-16?)", c);
	else if (c < 0x20 || c >= 0x7f)
		snprintf(buf, 40, "byte 0x%02x", c);
	else
		snprintf(buf, 40, "'%c'", c);
	return buf;
}

static void path_push(struct scan *s, const char *token, size_t length)
{
	size_t need = s->path_length + 2 * length + 2;
	if (need > s->path_capacity) {
		char *path = realloc(s->path, 2 * need);
		if (!path) {
			out_of_memory(s);
			return;
		}
		s->path = path;
		s->path_capacity = 2 * need;
	}
	s->path[s->path_length++] = '/';
	for (size_t i = 0; i < length; i++) {
		if (token[i] == '~' || token[i] == '/') {
			s->path[s->path_length++] = '~';
			s->path[s->path_length++] = token[i] == '~' ? '0' : '1';
		} else {
			s->path[s->path_length++] = token[i];
		}
	}
	s->path[s->path_length] = '\0';
}

static void path_cut(struct scan *s, size_t length)
{
	s->path_length = length;
	if (s->path)
		s->path[length] = '\0';
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end) {
		if (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r') {
			s->p++;
		} else if (s->end - s->p >= 2 && s->p[0] == '/' &&
			   (s->p[1] == '/' || s->p[1] == '*')) {
			mistake(s, s->p, "JSON has no comments; write a \"//\" key with the text");
			const char *close = s->p[1] == '/' ? "\n" : "*/";
			const char *stop =
				memmem(s->p + 2, (size_t)(s->end - s->p) - 2, close, strlen(close));
			s->p = stop ? stop + strlen(close) : s->end;
		} else {
			return;
		}
	}
}

/* Checks the string at p and moves behind it. Its body is [*body, p - 1). */
static void scan_string(struct scan *s, const char **body, bool *escaped)
{
	const char *open = s->p++;
	bool said_utf8 = false;
	*body = s->p;
	*escaped = false;
	while (s->p < s->end && !s->over) {
		unsigned char c = (unsigned char)*s->p;
		if (c == '"') {
			s->p++;
			return;
		}
		if (c == '\\') {
			uint32_t code;
			const char *why;
			size_t n = json_lex_escape(s->p, s->end, &code, &why);
			*escaped = true;
			if (n == 0)
				mistake(s, s->p, "%s", why);
			s->p += n ? n : (s->p + 1 < s->end && s->p[1] >= 0x20 ? 2 : 1);
			continue;
		}
		if (c == '\n' || c == '\r') {
			mistake(s, open, "the string is not closed on its line");
			s->over = true;
			return;
		}
		size_t n = json_lex_utf8(s->p, s->end);
		if (c < 0x20)
			mistake(s, s->p, "control character 0x%02x in a string", c);
		else if (n == 0 && !said_utf8)
			mistake(s, s->p, "byte 0x%02x is not UTF-8", c);
		said_utf8 |= n == 0;
		s->p += n ? n : 1;
	}
	mistake(s, open, "the text ends inside the string that begins here");
	s->over = true;
}

/* A number or a bare word: both are runs of the same characters. */
static void scan_word(struct scan *s)
{
	const char *at = s->p;
	while (s->p < s->end && json_lex_is_word(*s->p))
		s->p++;
	size_t n = (size_t)(s->p - at);
	int shown = n > 30 ? 30 : (int)n;
	if (isalpha((unsigned char)*at) || *at == '_') {
		static const struct {
			const char *word, *says;
		} words[] = {
			{"true", NULL},
			{"false", NULL},
			{"null", NULL},
			{"NaN", "is not a JSON number"},
			{"nan", "is not a JSON number"},
			{"Infinity", "is not a JSON number"},
			{"inf", "is not a JSON number"},
			{"True", "is written true"},
			{"False", "is written false"},
			{"None", "is written null"},
		};
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			if (strlen(words[i].word) != n || memcmp(words[i].word, at, n) != 0)
				continue;
			if (words[i].says)
				mistake(s, at, "%s %s", words[i].word, words[i].says);
			return;
		}
		mistake(s, at, "unknown word %.*s; a string stands in double quotes", shown, at);
		return;
	}
	if (!json_lex_is_number(at, n)) {
		bool unit = isdigit((unsigned char)*at) && n > 1 &&
			    isalpha((unsigned char)at[n - 1]) && at[1] != 'x';
		mistake(s, at, "%.*s is not a JSON number%s", shown, at,
			unit ? "; a quantity is a string with its unit, like \"45 ms\"" : "");
		return;
	}
	char number[JSON_NUMBER_MAX + 1];
	if (n > JSON_NUMBER_MAX) {
		mistake(s, at, "a number of more than %d characters", JSON_NUMBER_MAX);
		return;
	}
	memcpy(number, at, n);
	number[n] = '\0';
	if (!isfinite(strtod(number, NULL)))
		mistake(s, at, "%s is too large for a number", number);
}

static void scan_value(struct scan *s);

static int compare_keys(const void *va, const void *vb)
{
	const struct key_seen *a = va, *b = vb;
	int order = memcmp(a->name, b->name, a->length < b->length ? a->length : b->length);
	if (order == 0)
		order = (a->length > b->length) - (a->length < b->length);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static void report_duplicates(struct scan *s, size_t first)
{
	size_t n = s->key_count - first;
	if (n == 0)
		return;
	struct key_seen *keys = s->keys + first;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1, start = 0; i < n && !s->over; i++) {
		if (keys[i].length != keys[start].length ||
		    memcmp(keys[i].name, keys[start].name, keys[i].length) != 0) {
			start = i;
			continue;
		}
		int line, column;
		size_t here = s->path_length;
		json_lex_place(s->text, s->end, keys[start].at, &line, &column);
		path_push(s, keys[i].name, keys[i].length);
		mistake(s, keys[i].at, "duplicate key; it is already at line %d, column %d", line,
			column);
		path_cut(s, here);
	}
	s->key_count = first;
}

/* Reads a key and remembers it; its decoded form goes to *name. */
static void scan_key(struct scan *s, const char **name, size_t *length)
{
	const char *at = s->p, *body = at;
	bool escaped = false;
	if (*at == '"') {
		scan_string(s, &body, &escaped);
		*length = (size_t)(s->p - body) - (s->over ? 0 : 1);
	} else {
		while (s->p < s->end && json_lex_is_word(*s->p))
			s->p++;
		*length = (size_t)(s->p - at);
		mistake(s, at, "a key stands in double quotes");
	}
	*name = escaped ? json_lex_decode(&s->arena, body, length) : body;
	if (s->key_count == s->key_capacity && !s->over) {
		size_t capacity = s->key_capacity ? 2 * s->key_capacity : 64;
		struct key_seen *keys = realloc(s->keys, capacity * sizeof(*keys));
		if (keys) {
			s->keys = keys;
			s->key_capacity = capacity;
		} else {
			out_of_memory(s);
		}
	}
	if (!*name)
		out_of_memory(s);
	if (s->over)
		return;
	/* A comment may be said twice. */
	if (*length < 2 || memcmp(*name, "//", 2) != 0)
		s->keys[s->key_count++] = (struct key_seen){*name, *length, at};
}

/* After a member or an item: true when another one follows, false at the end of the list. */
static bool scan_separator(struct scan *s, const char *open, char close, const char **comma)
{
	const char *behind = s->p;
	char buf[40];
	skip_space(s);
	*comma = NULL;
	if (s->over)
		return false;
	if (s->p < s->end && *s->p == close) {
		s->p++;
		return false;
	}
	if (s->p < s->end && *s->p == ',') {
		*comma = s->p++;
		return true;
	}
	if (s->p < s->end && (*s->p == '"' || (close == ']' && (*s->p == '{' || *s->p == '[')))) {
		mistake(s, behind, "a comma is missing here");
		return true;
	}
	int line, column;
	json_lex_place(s->text, s->end, open, &line, &column);
	mistake(s, s->p,
		"expected ',' or '%c' (for the %s that begins at line %d, column %d), found %s",
		close, close == '}' ? "object" : "list", line, column, found(s, buf));
	s->over = true;
	return false;
}

/* At the start of a member or an item: true when the list ends here instead. */
static bool scan_close(struct scan *s, char close, const char *comma)
{
	skip_space(s);
	if (s->p >= s->end || *s->p != close)
		return false;
	if (comma)
		mistake(s, comma, "a comma before '%c'", close);
	s->p++;
	return true;
}

static void scan_object(struct scan *s)
{
	const char *open = s->p++, *comma = NULL;
	size_t first = s->key_count, here = s->path_length;
	bool more = true;
	while (more && !s->over && !scan_close(s, '}', comma)) {
		const char *name;
		size_t length;
		char buf[40];
		if (s->p >= s->end || (*s->p != '"' && !isalpha((unsigned char)*s->p))) {
			int line, column;
			json_lex_place(s->text, s->end, open, &line, &column);
			mistake(s, s->p,
				"expected a key in double quotes%s (for the object that begins at "
				"line "
				"%d, column %d), found %s",
				comma ? "" : " or '}'", line, column, found(s, buf));
			s->over = true;
			break;
		}
		scan_key(s, &name, &length);
		skip_space(s);
		if (s->over)
			break;
		if (s->p < s->end && *s->p == ':') {
			s->p++;
		} else {
			mistake(s, s->p, "expected ':' behind the key, found %s", found(s, buf));
			s->over = true;
			break;
		}
		path_push(s, name, length);
		scan_value(s);
		path_cut(s, here);
		more = scan_separator(s, open, '}', &comma);
	}
	report_duplicates(s, first);
}

static void scan_array(struct scan *s)
{
	const char *open = s->p++, *comma = NULL;
	size_t here = s->path_length;
	bool more = true;
	for (size_t i = 0; more && !s->over && !scan_close(s, ']', comma); i++) {
		char token[24];
		int n = snprintf(token, sizeof(token), "%zu", i);
		path_push(s, token, (size_t)n);
		scan_value(s);
		path_cut(s, here);
		more = scan_separator(s, open, ']', &comma);
	}
}

static void scan_value(struct scan *s)
{
	const char *body;
	bool escaped;
	char buf[40];
	skip_space(s);
	if (s->over)
		return;
	char c = s->p < s->end ? *s->p : '\0';
	if (c == '{' || c == '[') {
		if (s->depth == JSON_DEPTH_MAX) {
			mistake(s, s->p, "nested deeper than %d levels", JSON_DEPTH_MAX);
			s->over = true;
			return;
		}
		s->depth++;
		if (c == '{')
			scan_object(s);
		else
			scan_array(s);
		s->depth--;
	} else if (c == '"') {
		scan_string(s, &body, &escaped);
	} else if (json_lex_is_word(c)) {
		scan_word(s);
	} else {
		mistake(s, s->p, "expected a value, found %s%s", found(s, buf),
			c == '\'' ? "; strings stand in double quotes" : "");
		s->over = true;
	}
}

bool json_scan_check(const char *name, const char *text, size_t length, struct diag_list *diags)
{
	struct scan s = {
		.file = name, .text = text, .p = text, .end = text + length, .diags = diags};
	char buf[40];
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	skip_space(&s);
	if (s.p == s.end) {
		mistake(&s, s.p, "the text is empty; expected a JSON object");
	} else {
		scan_value(&s);
		skip_space(&s);
		if (!s.over && s.p < s.end)
			mistake(&s, s.p, "%s behind the end of the document", found(&s, buf));
	}
	arena_free(&s.arena);
	free(s.keys);
	free(s.path);
	return s.mistakes == 0;
}
