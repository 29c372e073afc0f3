/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same work for guests and for the host: plain integer code with loads, stores, branches and
 * calls through a table, in the first cache, and nothing that a hypervisor ever sees. What a guest
 * needs more for it than the host is what its processor costs.
 */
#ifndef HVCORE_COMPUTE_H
#define HVCORE_COMPUTE_H

#include <stdint.h>

#define HV_COMPUTE_WORDS 256u /* a power of two */
#define HV_COMPUTE_BLOCK 16u

static inline uint32_t hv_compute_add(uint32_t x, const uint32_t *words)
{
	for (unsigned i = 0; i < HV_COMPUTE_BLOCK; i++)
		x = (x >> 1) + words[i];
	return x;
}

static inline uint32_t hv_compute_mix(uint32_t x, const uint32_t *words)
{
	for (unsigned i = 0; i < HV_COMPUTE_BLOCK; i++)
		x = (x << 5 | x >> 27) ^ words[i];
	return x;
}

static inline uint32_t hv_compute_scale(uint32_t x, const uint32_t *words)
{
	for (unsigned i = 0; i < HV_COMPUTE_BLOCK; i++)
		x = x * 2654435761u + words[i];
	return x;
}

/* One operation: fills HV_COMPUTE_WORDS words from the seed, walks them in an order that depends on
 * them, and folds them block by block with a function out of a table. Returns a value that depends
 * on all of it. */
static inline uint32_t hv_compute(uint32_t seed)
{
	static uint32_t (*const folds[])(uint32_t, const uint32_t *) = {
		hv_compute_add, hv_compute_mix, hv_compute_scale, hv_compute_mix};
	uint32_t words[HV_COMPUTE_WORDS], x = seed;
	for (unsigned i = 0; i < HV_COMPUTE_WORDS; i++) {
		x = x * 1664525u + 1013904223u;
		words[i] = x;
	}
	for (unsigned i = 0, at = x % HV_COMPUTE_WORDS; i < HV_COMPUTE_WORDS; i++) {
		at = (5 * at + (words[at] & 3) * 2 + 1) % HV_COMPUTE_WORDS;
		words[at] ^= x >> (i & 7);
		x += words[at];
	}
	for (unsigned i = 0; i < HV_COMPUTE_WORDS; i += HV_COMPUTE_BLOCK)
		x = folds[i / HV_COMPUTE_BLOCK % 4](x, words + i);
	return x;
}

/* What an answer to a request is made of (abi.h): eight mixing passes over a block of
 * HV_REQUEST_WORDS words, a few microseconds that need all of it. */
#define HV_REQUEST_WORDS 512u

static inline uint64_t hv_request_compute(const uint64_t *words)
{
	uint64_t sum = 0;
	for (int round = 0; round < 8; round++)
		for (unsigned i = 0; i < HV_REQUEST_WORDS; i++)
			sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15u;
	return sum;
}

#endif
