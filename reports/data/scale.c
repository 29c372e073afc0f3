/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/scale.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	double value;
} prefixes[] = {
	{"p", 1e-12}, {"n", 1e-9}, {"\xc2\xb5", 1e-6}, {"m", 1e-3}, {"", 1},
	{"k", 1e3},   {"M", 1e6},  {"G", 1e9},	       {"T", 1e12},
};

struct scale scale_choose(const char *unit, double largest)
{
	struct scale s = {1, ""};
	if (strcmp(unit, "1") == 0)
		return s;
	snprintf(s.unit, sizeof(s.unit), "%s", unit);
	/* "1/s" and what is not one symbol take no prefix. */
	if (!unit[0] || strncmp(unit, "1/", 2) == 0 || strchr(unit, '(') ||
	    strcmp(unit, "s/B") == 0 || !isfinite(largest) || largest <= 0)
		return s;
	if (strcmp(unit, "s") == 0 && largest >= 2 * 3600)
		return (struct scale){1.0 / 3600, "h"};
	for (size_t i = sizeof(prefixes) / sizeof(*prefixes); i-- > 0;) {
		if (prefixes[i].value > 1 && strcmp(unit, "s") == 0)
			continue;
		/* "half a byte" is no millibyte. */
		if (prefixes[i].value < 1 && (unit[0] == 'B' || unit[0] == 'b' || unit[0] == 'c'))
			return s;
		if (largest >= prefixes[i].value || i == 0) {
			s.factor = 1 / prefixes[i].value;
			snprintf(s.unit, sizeof(s.unit), "%s%s", prefixes[i].name, unit);
			return s;
		}
	}
	return s;
}

const char *scale_axis_label(const char *name, char *buf, size_t size)
{
	snprintf(buf, size, "%s", name);
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = ' ';
	return buf;
}

/* "mean", "p95": what of a quantity is told, and not a part of its name. */
static bool is_statistic(const char *word)
{
	static const char *const words[] = {"mean", "sd", "min", "max"};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return word[0] == 'p' && strspn(word + 1, "0123456789.") == strlen(word + 1);
}

const char *scale_metric_label(const char *metric, const char *subject, char *buf, size_t size)
{
	size_t n = 0;
	bool told = false; /* the statistic, which may have a point of its own */
	/* The subjects of `overhead` add up to all of a task's time, native computing included. */
	if (strcmp(metric, "overhead") == 0)
		metric = "time_per_task";
	for (const char *p = metric; *p && n + 3 < size; p++) {
		if (*p == '.' && !told && is_statistic(p + 1)) {
			told = true;
			buf[n++] = ',';
			buf[n++] = ' ';
		} else {
			buf[n++] = *p == '_' || (*p == '.' && !told) ? ' ' : *p;
		}
	}
	buf[n] = '\0';
	if (subject && *subject)
		snprintf(buf + n, size - n, ", %s", subject);
	return buf;
}

const char *scale_number(double value, char *buf, size_t size)
{
	bool whole = fabs(value) < 1e6 && fabs(value - round(value)) <= 1e-9 * fabs(value);
	snprintf(buf, size, "%.*g", whole ? 6 : 4, value);
	return buf;
}

/* To a place after the point, or before it when `decimals` is negative. Never "-0". */
static void print_rounded(double value, int decimals, char *buf, size_t size)
{
	if (decimals < 0) {
		double unit = pow(10, -decimals);
		value = round(value / unit) * unit;
		decimals = 0;
	}
	snprintf(buf, size, "%.*f", decimals, value == 0 ? 0 : value);
}

const char *scale_print(double mean, double ci95, const char *sign, char *buf, size_t size)
{
	if (isnan(mean)) {
		snprintf(buf, size, "-");
	} else if (!(ci95 > 1e-7 * fabs(mean))) { /* none, or nothing that a reader could use */
		snprintf(buf, size, "%.4g", mean == 0 ? 0 : mean);
	} else {
		char rounded_mean[64], rounded_ci[64];
		/* Two digits of the interval when it begins with 1, else one: the last digit of the
		 * mean is then worth something. */
		int exponent = (int)floor(log10(ci95));
		double lead = ci95 / pow(10, exponent);
		int decimals = -exponent + (lead < 1.95 ? 1 : 0);
		if (decimals > 12) {
			snprintf(buf, size, "%.12g %s %.1g", mean, sign, ci95);
			return buf;
		}
		print_rounded(ci95, decimals, rounded_ci, sizeof(rounded_ci));
		/* An interval wider than the mean must not round it away: one digit of it stays.
		 * What is nothing beside its interval is 0. */
		if (fabs(mean) < 1e-4 * ci95)
			mean = 0;
		else
			decimals = (int)fmax(decimals, -floor(log10(fabs(mean))));
		print_rounded(mean, decimals, rounded_mean, sizeof(rounded_mean));
		snprintf(buf, size, "%s %s %s", rounded_mean, sign, rounded_ci);
	}
	return buf;
}

const char *scale_tex(const char *text, size_t *bytes)
{
	static const struct {
		const char *sign, *text;
	} signs[] = {
		{"\xc2\xb1", "$\\pm$"},	   {"\xc2\xb5", "\\textmu{}"},	 {"\xce\xbc", "$\\mu$"},
		{"\xcf\x83", "$\\sigma$"}, {"\xe2\x80\xa6", "\\dots{}"},
	};
	static const char *const texts[128] = {
		['%'] = "\\%",
		['_'] = "\\_",
		['#'] = "\\#",
		['&'] = "\\&",
		['$'] = "\\$",
		['{'] = "\\{",
		['}'] = "\\}",
		['~'] = "\\textasciitilde{}",
		['^'] = "\\textasciicircum{}",
		['\\'] = "\\textbackslash{}",
		['<'] = "\\textless{}",
		['>'] = "\\textgreater{}",
		['|'] = "\\textbar{}",
	};
	unsigned char at = (unsigned char)*text;
	*bytes = 1;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strncmp(text, signs[i].sign, strlen(signs[i].sign)) == 0) {
			*bytes = strlen(signs[i].sign);
			return signs[i].text;
		}
	return at < 128 ? texts[at] : NULL;
}
