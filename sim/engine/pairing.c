/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/engine/pairing.h"

#include <stddef.h>

static bool before(const struct pairing_node *a, const struct pairing_node *b)
{
	return a->key < b->key || (a->key == b->key && a->tie < b->tie);
}

/* Both are roots without siblings; returns the new root. */
static struct pairing_node *meld(struct pairing_node *a, struct pairing_node *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (before(b, a)) {
		struct pairing_node *swap = a;
		a = b;
		b = swap;
	}
	b->next = a->child;
	if (a->child)
		a->child->prev = b;
	b->prev = a;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Makes one tree of a list of siblings: pairs from the left, then melds from the right. */
static struct pairing_node *merge_siblings(struct pairing_node *first)
{
	struct pairing_node *pairs = NULL, *root = NULL;
	while (first) {
		struct pairing_node *a = first, *b = a->next;
		first = b ? b->next : NULL;
		a->next = NULL;
		if (b)
			b->next = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct pairing_node *rest = pairs->next;
		pairs->next = NULL;
		root = meld(pairs, root);
		pairs = rest;
	}
	if (root)
		root->prev = root->next = NULL;
	return root;
}

void pairing_insert(pairing_heap *heap, struct pairing_node *node, double key, uint64_t tie)
{
	*node = (struct pairing_node){.key = key, .tie = tie};
	*heap = meld(*heap, node);
}

void pairing_remove(pairing_heap *heap, struct pairing_node *node)
{
	if (node == *heap) {
		pairing_pop(heap);
		return;
	}
	if (node->prev->child == node)
		node->prev->child = node->next;
	else
		node->prev->next = node->next;
	if (node->next)
		node->next->prev = node->prev;
	*heap = meld(*heap, merge_siblings(node->child));
}

struct pairing_node *pairing_pop(pairing_heap *heap)
{
	struct pairing_node *first = *heap;
	*heap = merge_siblings(first->child);
	return first;
}
