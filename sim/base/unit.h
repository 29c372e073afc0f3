/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Quantities as people write them ("45 ms", "10 Mbit/s", "512 MiB"), to and from SI base units.
 * Called by keys.h for every quantity in a file, and by whoever prints a quantity for people. Knows
 * one dimension at a time and no algebra: "mW/(Mbit/s)" is a row of its table, not an expression.
 *
 * Spellings: SI prefixes are decimal, KiB/MiB/GiB binary; case counts (mW is not MW). Common
 * synonyms are read (Mbps, sec, minutes, hours, "12 per min", "µs"); a spelling that stands for two
 * things (KB, Mb, m) is refused with the choice in the message.
 */
#ifndef SIM_BASE_UNIT_H
#define SIM_BASE_UNIT_H

#include <stddef.h>

/* dimension, base unit, an example for messages */
#define UNIT_LIST(X)                                                                               \
	X(TIME, "s", "45 ms")		 /* ps ns us ms s min h d */                               \
	X(SIZE, "B", "512 MiB")		 /* bit B kB MB GB TB KiB MiB GiB TiB */                   \
	X(BITRATE, "bit/s", "10 Mbit/s") /* bit/s kbit/s Mbit/s Gbit/s; B/s kB/s MB/s ... */       \
	X(FREQUENCY, "Hz", "2.6 GHz")	 /* Hz kHz MHz GHz */                                      \
	X(POWER, "W", "300 mW")		 /* uW mW W kW */                                          \
	X(ENERGY, "J", "15 Wh")		 /* uJ mJ J kJ Wh mWh */                                   \
	X(RATE, "1/s", "12 /min")	 /* /s /min /h /d */                                       \
	X(CYCLES, "cycles", "2 Gcycles") /* cycles kcycles Mcycles Gcycles */                      \
	X(POWER_PER_BITRATE, "W/(bit/s)", "438.39 mW/(Mbit/s)")                                    \
	X(RATIO, "1", "5 %")	   /* %, or a bare number */                                       \
	X(LENGTH, "m", "250 m")	   /* mm cm m km */                                                \
	X(SPEED, "m/s", "50 km/h") /* m/s km/h */                                                  \
	X(LEVEL, "dB", "3 dB")	   /* of one power over another */                                 \
	X(TIME_PER_BYTE, "s/B", "0.1 ns/B")

enum unit {
	UNIT_NONE,
#define UNIT_ENUM(name, base, example) UNIT_##name,
	UNIT_LIST(UNIT_ENUM)
#undef UNIT_ENUM
};

/* Reads "NUMBER UNIT" (white space optional, nothing else around it) into *value in the base unit.
 * Returns 0, or -1 with a sentence in why (which says the units that would do). NaN, infinities,
 * hexadecimal and overflow are refused. A bare number is accepted for RATIO only. */
int unit_parse(const char *text, enum unit dimension, double *value, char why[160]);

/* Writes a value for people, with the prefix that fits ("1.53 ms"), into buf; returns buf. */
const char *unit_format(double value, enum unit dimension, char *buf, size_t size);

const char *unit_base(enum unit dimension);    /* "s", "B", ... */
const char *unit_example(enum unit dimension); /* "45 ms", ... */

/* The units of a dimension that messages and the schema advertise, ascending by size, joined by
 * `separator`, cut when they do not fit; returns buf. */
const char *unit_symbols(enum unit dimension, const char *separator, char *buf, size_t size);

/* A regular expression (ECMA 262, for JSON Schema) that matches what unit_parse accepts, apart from
 * overflow, of quantities above `min` as far as their sign tells it: none below zero when that is
 * zero, and not zero when it is more. NULL when out of memory. Free with free(). */
char *unit_pattern(enum unit dimension, double min);

#endif
