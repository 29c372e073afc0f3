/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An intrusive priority queue without allocation: a pairing heap (Fredman, Sedgewick, Sleator and
 * Tarjan 1986). Insertion takes constant time, removal of any node O(log n) amortised. The
 * stations' jobs carry its nodes; the event list is another thing (sim.c).
 */
#ifndef SIM_ENGINE_PAIRING_H
#define SIM_ENGINE_PAIRING_H

#include <stdbool.h>
#include <stdint.h>

struct pairing_node {
	double key;
	uint64_t tie; /* orders equal keys; unique in its heap */
	struct pairing_node *child, *next;
	struct pairing_node *prev; /* the left sibling, or the parent of a first child */
};

/* NULL is the empty heap. The root has the least (key, tie). */
typedef struct pairing_node *pairing_heap;

void pairing_insert(pairing_heap *heap, struct pairing_node *node, double key, uint64_t tie);
void pairing_remove(pairing_heap *heap, struct pairing_node *node);

/* Takes the first node out; the heap must not be empty. */
struct pairing_node *pairing_pop(pairing_heap *heap);

#endif
