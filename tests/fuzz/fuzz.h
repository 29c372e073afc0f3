/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What fuzz_<thing>.c files share: the function that each defines, and how it complains. main.c
 * runs it over a corpus where libFuzzer does not.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static inline void demand(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

/* The input as a supply of small numbers: zeroes when it is used up. */
struct fuzz_input {
	const unsigned char *data;
	size_t left;
};

static inline size_t fuzz_bytes(struct fuzz_input *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;
	memset(to, 0, n);
	memcpy(to, in->data, have);
	in->data += have;
	in->left -= have;
	return have;
}

static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	uint8_t value;
	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	uint16_t value;
	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

static inline uint32_t fuzz_u32(struct fuzz_input *in)
{
	uint32_t value;
	fuzz_bytes(in, &value, sizeof(value));
	return value;
}

#endif
