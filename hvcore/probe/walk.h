/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Memory as a program meets it, the same loops for guests and for the host: a walk along a chain of
 * addresses, each load waiting for the one before, and a stream through three arrays (the triad of
 * the STREAM benchmark, in integers, since a guest may have no vectors). Nothing that a hypervisor
 * sees, but that its second level of address translation, where it has one, is in every miss.
 */
#ifndef HVCORE_WALK_H
#define HVCORE_WALK_H

#include <stdint.h>

/* A link of the chain: one cache line. */
struct hv_link {
	uint32_t next;	/* index of the link that comes next */
	uint32_t order; /* how many came before this one */
	uint32_t rest[14];
};

#define HV_WALK_LINKS 64u /* of one operation */

/* n operations from link `at` on; returns where it stopped. */
static inline uint32_t hv_walk(const struct hv_link *links, uint32_t at, uint64_t n)
{
	for (uint64_t i = 0; i < n * HV_WALK_LINKS; i++)
		at = links[at].next;
	return at;
}

/* The arrays a, b and c lie one behind the other. */
#define HV_TRIAD_WORDS	(1u << 21)			  /* of each array: 16 MiB */
#define HV_TRIAD_PIECE	(1u << 10)			  /* words of each array in one operation */
#define HV_TRIAD_PIECES (HV_TRIAD_WORDS / HV_TRIAD_PIECE) /* of an array */
#define HV_TRIAD_BYTES	(3u * 8u * HV_TRIAD_PIECE)	  /* that one operation moves */

/* n operations; the first is the done-th. The k-th pass through the arrays computes a = b + k c. */
static inline void hv_triad(uint64_t *a, uint64_t done, uint64_t n)
{
	const uint64_t *b = a + HV_TRIAD_WORDS, *c = b + HV_TRIAD_WORDS;
	for (; n > 0; n--, done++) {
		uint64_t k = done / HV_TRIAD_PIECES, at = done % HV_TRIAD_PIECES * HV_TRIAD_PIECE;
		for (uint64_t i = at; i < at + HV_TRIAD_PIECE; i++) {
			uint64_t sum = b[i] + k * c[i];
			/* Word by word everywhere, whatever the compiler could do here. */
			__asm__ volatile("" : "+r"(sum));
			a[i] = sum;
		}
	}
}

#endif
