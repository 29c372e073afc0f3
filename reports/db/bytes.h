/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Doubles as bytes of a database column, lowest byte first on every machine.
 */
#ifndef REPORTS_BYTES_H
#define REPORTS_BYTES_H

#include <stdint.h>
#include <string.h>

/* Returns what comes behind it. */
static inline unsigned char *bytes_put_double(unsigned char *p, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof(bits));
	for (int i = 0; i < 8; i++)
		*p++ = (unsigned char)(bits >> (8 * i));
	return p;
}

static inline double bytes_get_double(const unsigned char *p)
{
	uint64_t bits = 0;
	for (int i = 0; i < 8; i++)
		bits |= (uint64_t)p[i] << (8 * i);
	double x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

#endif
