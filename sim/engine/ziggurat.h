/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables of the ziggurat method (Marsaglia and Tsang, J. Stat. Software 5:8, 2000) with 256 layers of
 * equal area and 53-bit positions. Used by stream.h only. ziggurat.py writes ziggurat.c; test_stream checks
 * the tables against their definition.
 */
#ifndef SIM_ENGINE_ZIGGURAT_H
#define SIM_ENGINE_ZIGGURAT_H

#include <stdint.h>

/* Layer i reaches from x = 0 to position * width at position = 2^53 (the normal one to both sides,
 * 2^52 each); below `inside` a position is under the curve for certain. Layer 0 is the base strip
 * with the tail. */
struct ziggurat_layer {
	uint64_t inside;
	double width;
};

extern const struct ziggurat_layer ziggurat_exponential[256];
extern const struct ziggurat_layer ziggurat_normal[256];

/* The density at the right edge of each layer, and at 0 in the last entry: y[i] to y[i + 1] is the
 * height of layer i. */
extern const double ziggurat_exponential_y[257];
extern const double ziggurat_normal_y[257];

/* Where the tail begins. */
#define ZIGGURAT_EXPONENTIAL_TAIL 7.69711747013104972
#define ZIGGURAT_NORMAL_TAIL	  3.65415288536100880

#endif
