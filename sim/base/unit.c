/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/unit.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	SHOW = 1,    /* unit_format may choose it */
	SYNONYM = 2, /* accepted, not advertised */
	BINARY = 4,  /* shown only for whole multiples */
};

struct unit_row {
	enum unit dimension;
	const char *symbol;
	double factor; /* base units in one of it */
	unsigned flags;
	double from; /* shown from this many of it on; 0 stands for 1 */
};

/* Ascending within a dimension: unit_format takes the last row that fits. */
static const struct unit_row units[] = {
	{UNIT_TIME, "ps", 1e-12, 0, 0},
	{UNIT_TIME, "ns", 1e-9, SHOW, 0},
	{UNIT_TIME, "us", 1e-6, SHOW, 0},
	{UNIT_TIME, "ms", 1e-3, SHOW, 0},
	{UNIT_TIME, "s", 1, SHOW, 0},
	{UNIT_TIME, "min", 60, SHOW, 2},
	{UNIT_TIME, "h", 3600, SHOW, 2},
	{UNIT_TIME, "d", 86400, SHOW, 2},
	{UNIT_TIME, "sec", 1, SYNONYM, 0},
	{UNIT_TIME, "second", 1, SYNONYM, 0},
	{UNIT_TIME, "seconds", 1, SYNONYM, 0},
	{UNIT_TIME, "minute", 60, SYNONYM, 0},
	{UNIT_TIME, "minutes", 60, SYNONYM, 0},
	{UNIT_TIME, "hour", 3600, SYNONYM, 0},
	{UNIT_TIME, "hours", 3600, SYNONYM, 0},
	{UNIT_TIME, "day", 86400, SYNONYM, 0},
	{UNIT_TIME, "days", 86400, SYNONYM, 0},

	{UNIT_SIZE, "bit", 0.125, 0, 0},
	{UNIT_SIZE, "B", 1, SHOW, 0},
	{UNIT_SIZE, "kB", 1e3, SHOW, 0},
	{UNIT_SIZE, "MB", 1e6, SHOW, 0},
	{UNIT_SIZE, "GB", 1e9, SHOW, 0},
	{UNIT_SIZE, "TB", 1e12, SHOW, 0},
	{UNIT_SIZE, "KiB", 0x1p10, SHOW | BINARY, 0},
	{UNIT_SIZE, "MiB", 0x1p20, SHOW | BINARY, 0},
	{UNIT_SIZE, "GiB", 0x1p30, SHOW | BINARY, 0},
	{UNIT_SIZE, "TiB", 0x1p40, SHOW | BINARY, 0},
	{UNIT_SIZE, "kbit", 1e3 / 8, 0, 0},
	{UNIT_SIZE, "Mbit", 1e6 / 8, 0, 0},
	{UNIT_SIZE, "Gbit", 1e9 / 8, 0, 0},
	{UNIT_SIZE, "byte", 1, SYNONYM, 0},
	{UNIT_SIZE, "bytes", 1, SYNONYM, 0},
	{UNIT_SIZE, "bits", 0.125, SYNONYM, 0},

	{UNIT_BITRATE, "bit/s", 1, SHOW, 0},
	{UNIT_BITRATE, "kbit/s", 1e3, SHOW, 0},
	{UNIT_BITRATE, "Mbit/s", 1e6, SHOW, 0},
	{UNIT_BITRATE, "Gbit/s", 1e9, SHOW, 0},
	{UNIT_BITRATE, "Tbit/s", 1e12, SHOW, 0},
	{UNIT_BITRATE, "B/s", 8, 0, 0},
	{UNIT_BITRATE, "kB/s", 8e3, 0, 0},
	{UNIT_BITRATE, "MB/s", 8e6, 0, 0},
	{UNIT_BITRATE, "GB/s", 8e9, 0, 0},
	{UNIT_BITRATE, "KiB/s", 8 * 0x1p10, 0, 0},
	{UNIT_BITRATE, "MiB/s", 8 * 0x1p20, 0, 0},
	{UNIT_BITRATE, "GiB/s", 8 * 0x1p30, 0, 0},
	{UNIT_BITRATE, "bps", 1, SYNONYM, 0},
	{UNIT_BITRATE, "kbps", 1e3, SYNONYM, 0},
	{UNIT_BITRATE, "Mbps", 1e6, SYNONYM, 0},
	{UNIT_BITRATE, "Gbps", 1e9, SYNONYM, 0},
	{UNIT_BITRATE, "Tbps", 1e12, SYNONYM, 0},

	{UNIT_FREQUENCY, "Hz", 1, SHOW, 0},
	{UNIT_FREQUENCY, "kHz", 1e3, SHOW, 0},
	{UNIT_FREQUENCY, "MHz", 1e6, SHOW, 0},
	{UNIT_FREQUENCY, "GHz", 1e9, SHOW, 0},

	{UNIT_POWER, "nW", 1e-9, 0, 0},
	{UNIT_POWER, "uW", 1e-6, SHOW, 0},
	{UNIT_POWER, "mW", 1e-3, SHOW, 0},
	{UNIT_POWER, "W", 1, SHOW, 0},
	{UNIT_POWER, "kW", 1e3, SHOW, 0},

	{UNIT_ENERGY, "nJ", 1e-9, SHOW, 0},
	{UNIT_ENERGY, "uJ", 1e-6, SHOW, 0},
	{UNIT_ENERGY, "mJ", 1e-3, SHOW, 0},
	{UNIT_ENERGY, "J", 1, SHOW, 0},
	{UNIT_ENERGY, "kJ", 1e3, SHOW, 0},
	{UNIT_ENERGY, "MJ", 1e6, SHOW, 0},
	{UNIT_ENERGY, "mWh", 3.6, 0, 0},
	{UNIT_ENERGY, "Wh", 3600, 0, 0},
	{UNIT_ENERGY, "kWh", 3.6e6, 0, 0},

	{UNIT_RATE, "/d", 1.0 / 86400, SHOW, 0},
	{UNIT_RATE, "/h", 1.0 / 3600, SHOW, 0},
	{UNIT_RATE, "/min", 1.0 / 60, SHOW, 0},
	{UNIT_RATE, "/s", 1, SHOW, 0},
	{UNIT_RATE, "/ms", 1e3, 0, 0},
	{UNIT_RATE, "/us", 1e6, 0, 0},
	{UNIT_RATE, "per s", 1, SYNONYM, 0},
	{UNIT_RATE, "per min", 1.0 / 60, SYNONYM, 0},
	{UNIT_RATE, "per h", 1.0 / 3600, SYNONYM, 0},
	{UNIT_RATE, "per d", 1.0 / 86400, SYNONYM, 0},
	{UNIT_RATE, "1/s", 1, SYNONYM, 0},
	{UNIT_RATE, "1/min", 1.0 / 60, SYNONYM, 0},
	{UNIT_RATE, "1/h", 1.0 / 3600, SYNONYM, 0},
	{UNIT_RATE, "1/d", 1.0 / 86400, SYNONYM, 0},

	{UNIT_CYCLES, "cycles", 1, SHOW, 0},
	{UNIT_CYCLES, "kcycles", 1e3, SHOW, 0},
	{UNIT_CYCLES, "Mcycles", 1e6, SHOW, 0},
	{UNIT_CYCLES, "Gcycles", 1e9, SHOW, 0},
	{UNIT_CYCLES, "Tcycles", 1e12, SHOW, 0},
	{UNIT_CYCLES, "cycle", 1, SYNONYM, 0},

	{UNIT_POWER_PER_BITRATE, "mW/(Mbit/s)", 1e-9, SHOW, 0},
	{UNIT_POWER_PER_BITRATE, "W/(Mbit/s)", 1e-6, SHOW, 0},
	{UNIT_POWER_PER_BITRATE, "W/(bit/s)", 1, 0, 0},
	{UNIT_POWER_PER_BITRATE, "mW/Mbps", 1e-9, SYNONYM, 0},
	{UNIT_POWER_PER_BITRATE, "nJ/bit", 1e-9, 0, 0},
	{UNIT_POWER_PER_BITRATE, "uJ/bit", 1e-6, 0, 0},
	{UNIT_POWER_PER_BITRATE, "mJ/bit", 1e-3, 0, 0},
	{UNIT_POWER_PER_BITRATE, "J/bit", 1, 0, 0},

	{UNIT_RATIO, "%", 0.01, SHOW, 0},

	{UNIT_LENGTH, "mm", 1e-3, SHOW, 0},
	{UNIT_LENGTH, "cm", 1e-2, 0, 0},
	{UNIT_LENGTH, "m", 1, SHOW, 0},
	{UNIT_LENGTH, "km", 1e3, SHOW, 0},

	{UNIT_SPEED, "km/h", 1 / 3.6, 0, 0},
	{UNIT_SPEED, "m/s", 1, SHOW, 0},

	{UNIT_LEVEL, "dB", 1, SHOW, 0},

	{UNIT_TIME_PER_BYTE, "ps/B", 1e-12, SHOW, 0},
	{UNIT_TIME_PER_BYTE, "ns/B", 1e-9, SHOW, 0},
	{UNIT_TIME_PER_BYTE, "us/B", 1e-6, SHOW, 0},
	{UNIT_TIME_PER_BYTE, "ms/B", 1e-3, SHOW, 0},
	{UNIT_TIME_PER_BYTE, "s/B", 1, SHOW, 0},
	{UNIT_TIME_PER_BYTE, "us/kB", 1e-9, 0, 0},
	{UNIT_TIME_PER_BYTE, "ms/MB", 1e-9, 0, 0},
	{UNIT_TIME_PER_BYTE, "us/KiB", 1e-6 / 0x1p10, 0, 0},
	{UNIT_TIME_PER_BYTE, "ms/MiB", 1e-3 / 0x1p20, 0, 0},
};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

/* Spellings that stand for two different things, and what to write instead. */
static const struct {
	const char *symbol, *hint;
} ambiguous[] = {
	{"KB", "kB is 1000 bytes, KiB is 1024"},
	{"K", "kB is 1000 bytes, KiB is 1024"},
	{"M", "say of what: MB, MiB, Mbit/s, MHz, Mcycles"},
	{"G", "say of what: GB, GiB, Gbit/s, GHz, Gcycles"},
	{"b", "bit and B (byte) are written out"},
	{"kb", "kbit is bits, kB is bytes"},
	{"Kb", "kbit is bits, kB is bytes"},
	{"Mb", "Mbit is bits, MB is bytes"},
	{"Gb", "Gbit is bits, GB is bytes"},
	{"kb/s", "kbit/s is bits, kB/s is bytes"},
	{"Mb/s", "Mbit/s is bits, MB/s is bytes"},
	{"Gb/s", "Gbit/s is bits, GB/s is bytes"},
	{"MBps", "Mbit/s is bits, MB/s is bytes"},
	{"KBps", "kbit/s is bits, kB/s is bytes"},
	{"m", "min is minutes, ms is milliseconds"},
	{"mAh", "a charge is no energy: multiply by the voltage and write Wh"},
};

static const struct {
	const char *base, *example;
} dimensions[] = {[UNIT_NONE] = {"", ""},
#define UNIT_TEXTS(name, base, example) [UNIT_##name] = {base, example},
		  UNIT_LIST(UNIT_TEXTS)
#undef UNIT_TEXTS
};

const char *unit_base(enum unit dimension)
{
	return dimensions[dimension].base;
}

const char *unit_example(enum unit dimension)
{
	return dimensions[dimension].example;
}

const char *unit_symbols(enum unit dimension, const char *separator, char *buf, size_t size)
{
	size_t used = 0;
	if (size > 0)
		buf[0] = '\0';
	for (size_t i = 0; i < UNITS && used < size; i++) {
		if (units[i].dimension != dimension || units[i].flags & SYNONYM)
			continue;
		int n = snprintf(buf + used, size - used, "%s%s", used ? separator : "",
				 units[i].symbol);
		if (n < 0)
			break;
		used += (size_t)n;
	}
	return buf;
}

char *unit_pattern(enum unit dimension, double min)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "^\\s*%s%s([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?\\s*(",
		min >= 0 ? "\\+?" : "[+-]?", min > 0 ? "(?=[0.]*[1-9])" : "");
	const char *between = "";
	for (size_t i = 0; i < UNITS; i++) {
		if (units[i].dimension != dimension)
			continue;
		fputs(between, out);
		between = "|";
		for (const char *p = units[i].symbol; *p; p++) {
			if (*p == 'u' && p == units[i].symbol)
				fputs("[u\u00b5\u03bc]", out); /* both micro signs */
			else
				fprintf(out, strchr("().*+?^$|/", *p) ? "\\%c" : "%c", *p);
		}
	}
	fprintf(out, ")%s\\s*$", dimension == UNIT_RATIO ? "?" : "");
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Length of the decimal number at the start of s, 0 when there is none. */
static size_t number_length(const char *s)
{
	const char *p = s + (*s == '+' || *s == '-');
	size_t whole = strspn(p, "0123456789"), part = 0;
	p += whole;
	if (*p == '.') {
		part = strspn(p + 1, "0123456789");
		p += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (*p == 'e' || *p == 'E') {
		const char *q = p + 1 + (p[1] == '+' || p[1] == '-');
		size_t digits = strspn(q, "0123456789");
		if (digits > 0)
			p = q + digits;
	}
	return (size_t)(p - s);
}

/* Both micro signs of Unicode (U+00B5 and U+03BC) are read as "u". Returns false when it is too
 * long to be a unit. */
static bool normalise(const char *text, char *out, size_t size)
{
	size_t n = 0;
	while (*text) {
		if (n + 2 > size)
			return false;
		if (strncmp(text, "\xc2\xb5", 2) == 0 || strncmp(text, "\xce\xbc", 2) == 0) {
			out[n++] = 'u';
			text += 2;
		} else {
			out[n++] = *text++;
		}
	}
	while (n > 0 && isspace((unsigned char)out[n - 1]))
		n--;
	out[n] = '\0';
	return true;
}

/* Says what is wrong with a unit that is none of the dimension's. */
static int refuse_unit(const char *symbol, enum unit dimension, char why[160])
{
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(ambiguous[0]); i++) {
		if (strcmp(symbol, ambiguous[i].symbol) == 0) {
			snprintf(why, 160, "\"%s\" is not clear: %s", symbol, ambiguous[i].hint);
			return -1;
		}
	}
	for (size_t i = 0; i < UNITS; i++) {
		if (units[i].dimension == dimension && strcasecmp(units[i].symbol, symbol) == 0) {
			snprintf(why, 160, "unknown unit \"%s\"; did you mean \"%s\"?", symbol,
				 units[i].symbol);
			return -1;
		}
	}
	char list[100];
	unit_symbols(dimension, ", ", list, sizeof(list));
	snprintf(why, 160, "unknown unit \"%.24s\"; use one of %s", symbol, list);
	return -1;
}

int unit_parse(const char *text, enum unit dimension, double *value, char why[160])
{
	while (isspace((unsigned char)*text))
		text++;
	size_t digits = number_length(text);
	char number[64], symbol[32];
	if (digits == 0) {
		snprintf(why, 160, "not a number with a unit; write it like \"%s\"",
			 unit_example(dimension));
		return -1;
	}
	if (digits >= sizeof(number)) {
		snprintf(why, 160, "the number has too many digits");
		return -1;
	}
	memcpy(number, text, digits);
	number[digits] = '\0';
	double x = strtod(number, NULL), factor = 1;
	text += digits;
	if (*text == ',') {
		snprintf(why, 160, "a comma in a number; the decimal sign is a point");
		return -1;
	}
	while (isspace((unsigned char)*text))
		text++;
	if (!normalise(text, symbol, sizeof(symbol)))
		return refuse_unit(text, dimension, why);
	if (!symbol[0]) {
		if (dimension != UNIT_RATIO) {
			char list[100];
			unit_symbols(dimension, ", ", list, sizeof(list));
			snprintf(why, 160, "the unit is missing; use one of %s", list);
			return -1;
		}
	} else {
		const struct unit_row *row = NULL;
		for (size_t i = 0; i < UNITS && !row; i++)
			if (units[i].dimension == dimension && strcmp(units[i].symbol, symbol) == 0)
				row = &units[i];
		if (!row)
			return refuse_unit(symbol, dimension, why);
		factor = row->factor;
	}
	/* Dividing by a power of ten that is exact gives the nearest double, multiplying by its
	 * inexact inverse does not: "45 ms" must be the same number as 0.045. */
	double result = factor < 1 ? x / nearbyint(1 / factor) : x * factor;
	if (factor < 1 && fabs(nearbyint(1 / factor) * factor - 1) > 1e-15)
		result = x * factor;
	if (!isfinite(result)) {
		snprintf(why, 160, "the number is too large");
		return -1;
	}
	*value = result;
	return 0;
}

const char *unit_format(double value, enum unit dimension, char *buf, size_t size)
{
	const struct unit_row *best = NULL;
	double magnitude = fabs(value);
	for (size_t i = 0; i < UNITS; i++) {
		const struct unit_row *u = &units[i];
		if (u->dimension != dimension || !(u->flags & SHOW))
			continue;
		double n = magnitude / u->factor;
		bool fits = n >= (u->from > 0 ? u->from : 1) * (1 - 1e-12);
		if (u->flags & BINARY)
			fits = fits && n < 0x1p52 && floor(n) == n;
		/* Nothing is smaller than the first row; zero is shown in the base unit. */
		if (fits || !best || (magnitude == 0 && u->factor == 1))
			best = u;
	}
	if (!best || !isfinite(value)) {
		snprintf(buf, size, "%.4g %s", value, unit_base(dimension));
		return buf;
	}
	double n = value / best->factor;
	snprintf(buf, size, fabs(n) >= 1e4 && fabs(n) < 1e15 ? "%.0f%s%s" : "%.4g%s%s", n,
		 dimension == UNIT_NONE ? "" : " ", best->symbol);
	return buf;
}
