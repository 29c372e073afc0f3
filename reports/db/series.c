/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/series.h"

#include "reports/db/bytes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* The first byte. EVEN: start, step, values; FREE: pairs of time and value. */
enum { EVEN = 1, FREE = 2 };

static double even_time(double start, double step, size_t i)
{
	return start + step * (double)i;
}

static bool is_even(const struct result_sample *s, size_t count)
{
	double step = count > 1 ? s[1].time_s - s[0].time_s : 0;
	for (size_t i = 0; i < count; i++)
		if (even_time(s[0].time_s, step, i) != s[i].time_s)
			return false;
	return count > 2;
}

unsigned char *series_encode(const struct result_sample *samples, size_t count, size_t *size)
{
	unsigned char *bytes = malloc(1 + 16 + 16 * count), *p = bytes;
	if (!bytes)
		return NULL;
	bool even = is_even(samples, count);
	*p++ = even ? EVEN : FREE;
	if (even) {
		p = bytes_put_double(p, samples[0].time_s);
		p = bytes_put_double(p, samples[1].time_s - samples[0].time_s);
	}
	for (size_t i = 0; i < count; i++) {
		if (!even)
			p = bytes_put_double(p, samples[i].time_s);
		p = bytes_put_double(p, samples[i].value);
	}
	*size = (size_t)(p - bytes);
	return bytes;
}

int series_decode(const void *bytes, size_t size, struct result_sample **samples, size_t *count,
		  struct err *e)
{
	const unsigned char *p = bytes;
	bool even = size && p[0] == EVEN;
	size_t head = even ? 17 : 1, each = even ? 8 : 16;
	*samples = NULL;
	*count = 0;
	if (size < head || (p[0] != EVEN && p[0] != FREE) || (size - head) % each != 0)
		return err_set(e, ERR_CORRUPT, "a stored series is damaged");
	size_t n = (size - head) / each;
	struct result_sample *out = malloc((n + 1) * sizeof(*out));
	if (!out)
		return err_set(e, ERR_NOMEM, "no memory for a series");
	double start = even ? bytes_get_double(p + 1) : 0,
	       step = even ? bytes_get_double(p + 9) : 0;
	bool good = true;
	for (size_t i = 0; i < n; i++) {
		const unsigned char *at = p + head + each * i;
		out[i].time_s = even ? even_time(start, step, i) : bytes_get_double(at);
		out[i].value = bytes_get_double(at + each - 8);
		good = good && isfinite(out[i].time_s) && isfinite(out[i].value) &&
		       (i == 0 || out[i].time_s > out[i - 1].time_s);
	}
	if (!good) {
		free(out);
		return err_set(e, ERR_CORRUPT, "a stored series is damaged");
	}
	*samples = out;
	*count = n;
	return 0;
}

double series_at(const struct result_sample *samples, size_t count, double time_s)
{
	size_t low = 0, high = count; /* samples[low - 1].time_s <= time_s < samples[high].time_s */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (samples[middle].time_s <= time_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? samples[low - 1].value : NAN;
}
