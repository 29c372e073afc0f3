/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/json_lex.h"

#include <ctype.h>
#include <string.h>

static bool is_line_end(const char *at, const char *end)
{
	return *at == '\n' || (*at == '\r' && !(at + 1 < end && at[1] == '\n'));
}

void json_lex_place(const char *text, const char *end, const char *at, int *line, int *column)
{
	const char *start = text;
	*line = 1;
	if (end - text >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		start += 3;
	for (const char *q = start; q < at; q++) {
		if (is_line_end(q, end)) {
			++*line;
			start = q + 1;
		}
	}
	*column = 1;
	for (const char *q = start; q < at; q++)
		*column += ((unsigned char)*q & 0xc0) != 0x80;
}

size_t json_lex_utf8(const char *p, const char *end)
{
	unsigned char c = (unsigned char)p[0];
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (n == 0 || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return 0;
	unsigned char d = n > 1 ? (unsigned char)p[1] : 0;
	if ((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) ||
	    (c == 0xf4 && d > 0x8f))
		return 0;
	return n;
}

/* The four digits of \uXXXX, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;
	for (int i = 0; i < 4; i++) {
		if (p + i >= end || !isxdigit((unsigned char)p[i]))
			return -1;
		int c = tolower((unsigned char)p[i]);
		v = v * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

size_t json_lex_escape(const char *p, const char *end, uint32_t *code, const char **why)
{
	static const char plain[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	*why = "unknown escape; a backslash itself is written \\\\";
	if (p + 1 >= end || p[1] == '\0')
		return 0;
	const char *known = strchr(plain, p[1]);
	if (known) {
		*code = (unsigned char)values[known - plain];
		return 2;
	}
	if (p[1] != 'u')
		return 0;
	int high = hex4(p + 2, end);
	*why = high == 0 ? "\\u0000 cannot be part of a string here"
			 : "\\u needs four hexadecimal digits";
	if (high <= 0)
		return 0;
	*code = (uint32_t)high;
	if (high < 0xd800 || high > 0xdfff)
		return 6;
	*why = "half of a surrogate pair";
	int low = high < 0xdc00 && end - p >= 8 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end)
									       : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*code = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
	return 12;
}

static size_t utf8_encode(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(lead[n] | code);
	return n;
}

const char *json_lex_decode(struct arena *arena, const char *body, size_t *length)
{
	char *out = arena_alloc(arena, *length + 1); /* decoding never lengthens */
	if (!out)
		return NULL;
	const char *end = body + *length;
	size_t used = 0;
	while (body < end) {
		uint32_t code;
		const char *why;
		size_t n = *body == '\\' ? json_lex_escape(body, end, &code, &why) : 0;
		if (n) {
			used += utf8_encode(code, out + used);
			body += n;
		} else {
			out[used++] = *body++;
		}
	}
	*length = used;
	return out;
}

bool json_lex_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '+' || c == '-' ||
	       c == '%';
}

bool json_lex_is_number(const char *p, size_t length)
{
	const char *end = p + length;
	p += p < end && *p == '-';
	const char *whole = p;
	while (p < end && isdigit((unsigned char)*p))
		p++;
	if (p == whole || (*whole == '0' && p - whole > 1))
		return false;
	if (p < end && *p == '.') {
		const char *part = ++p;
		while (p < end && isdigit((unsigned char)*p))
			p++;
		if (p == part)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		const char *digits = p;
		while (p < end && isdigit((unsigned char)*p))
			p++;
		if (p == digits)
			return false;
	}
	return p == end;
}
