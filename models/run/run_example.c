/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_example.h"

#include "models/run/run_task.h"

#include <stdlib.h>
#include <string.h>

/* Among 256 to 512 of many, the middle one is at most 3 in 100 from the middle of all (a standard
 * deviation: a half by the root of 256). */
enum { ROOM = 512 };

struct example_leg {
	enum cause cause; /* CAUSE_RADIO or CAUSE_NETWORK */
	sim_time from, to;
};

struct example {
	uint64_t key;	   /* says which task it is; at random, since it also says what is kept */
	struct task *task; /* while it is out; NULL: the place is free */
	sim_time born, end;
	int64_t cause_ns[CAUSE_COUNT];
	struct example_leg legs[EXAMPLE_LEGS];
	uint8_t leg_count;
	bool broken; /* its legs are not all, or not in order */
	bool remote;
};

struct examples {
	uint64_t limit; /* of the keys of those that are looked at */
	struct example out[ROOM], kept[ROOM];
	uint32_t out_count, kept_count; /* out_count: places that were ever taken */
};

struct examples *examples_new(void)
{
	struct examples *x = calloc(1, sizeof(*x));
	if (x)
		x->limit = EXAMPLE_KEY_MAX;
	return x;
}

void examples_free(struct examples *x)
{
	free(x);
}

static void let_go(struct example *e)
{
	e->task->example = 0;
	e->task = NULL;
}

/* Half as many from now on, and of those there are. */
static void thin_out(struct examples *x)
{
	uint32_t n = 0;
	x->limit /= 2;
	for (uint32_t i = 0; i < x->out_count; i++)
		if (x->out[i].task && x->out[i].key > x->limit)
			let_go(&x->out[i]);
	for (uint32_t i = 0; i < x->kept_count; i++)
		if (x->kept[i].key <= x->limit)
			x->kept[n++] = x->kept[i];
	x->kept_count = n;
}

/* The same for a handset's app at a time, whatever the world is like otherwise; else any number of
 * 1..EXAMPLE_KEY_MAX as likely as another (the last steps of SplitMix64, Steele et al. 2014). */
static uint64_t key_of(const struct task *t)
{
	uint64_t who = t->from->source->entity + t->from->state.number;
	uint64_t z = who ^ ((uint64_t)t->born * 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return ((z ^ (z >> 31)) >> 11) + 1;
}

static struct example *free_place(struct examples *x)
{
	for (uint32_t i = 0; i < x->out_count; i++)
		if (!x->out[i].task)
			return &x->out[i];
	return x->out_count < ROOM ? &x->out[x->out_count++] : NULL;
}

void example_begin(struct examples *x, struct task *t)
{
	uint64_t key = key_of(t);
	struct example *e = NULL;
	while (key <= x->limit && !(e = free_place(x)))
		thin_out(x);
	if (!e)
		return;
	*e = (struct example){.key = key, .task = t, .born = t->born};
	t->example = (uint16_t)(e - x->out + 1);
}

void example_leg(const struct task *t, enum cause cause, sim_time from, sim_time to)
{
	struct example *e = &t->run->metrics->examples->out[t->example - 1];
	struct example_leg *last = e->leg_count ? &e->legs[e->leg_count - 1] : NULL;
	e->broken |= from < (last ? last->to : e->born);
	if (last && last->cause == cause && last->to == from)
		last->to = to;
	else if (e->leg_count < EXAMPLE_LEGS)
		e->legs[e->leg_count++] = (struct example_leg){cause, from, to};
	else
		e->broken = true;
}

/* Whether the radio and the network took just what their legs say: not where an attempt failed, or
 * something was done once more, whose time is another cause's. */
static bool is_whole(const struct example *e)
{
	int64_t radio = e->cause_ns[CAUSE_RADIO], network = e->cause_ns[CAUSE_NETWORK];
	for (uint8_t i = 0; i < e->leg_count; i++) {
		int64_t ns = e->legs[i].to - e->legs[i].from;
		radio -= e->legs[i].cause == CAUSE_RADIO ? ns : 0;
		network -= e->legs[i].cause == CAUSE_NETWORK ? ns : 0;
	}
	for (int c = 0; c < CAUSE_COUNT; c++)
		if (e->cause_ns[c] < 0)
			return false;
	return !e->broken && radio == 0 && network == 0 &&
	       (e->leg_count == 0 || e->legs[e->leg_count - 1].to <= e->end);
}

void example_end(struct task *t, bool well)
{
	struct examples *x = t->run->metrics->examples;
	struct example *e = &x->out[t->example - 1];
	if (well) {
		e->end = sim_now(t->run->sim);
		e->remote = t->remote;
		task_causes(t, e->cause_ns);
	}
	let_go(e);
	if (!well || !is_whole(e))
		return;
	while (x->kept_count == ROOM)
		thin_out(x);
	if (e->key <= x->limit)
		x->kept[x->kept_count++] = *e;
}

void examples_forget(struct examples *x)
{
	for (uint32_t i = 0; i < x->out_count; i++)
		if (x->out[i].task)
			let_go(&x->out[i]);
}

static int by_response(const void *a, const void *b)
{
	const struct example *x = a, *y = b;
	sim_time rx = x->end - x->born, ry = y->end - y->born;
	if (x->remote != y->remote)
		return x->remote ? -1 : 1; /* those that left the handset come first */
	if (rx != ry)
		return rx < ry ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* What is not the radio's and not the network's, cause by cause, into the time from..to. `left` is
 * what of it is still to come. Returns how many pieces it made. */
static size_t fill(struct example_piece *pieces, int64_t left[CAUSE_COUNT], sim_time from,
		   sim_time to)
{
	/* What a task waits for before it is served comes first. */
	static const enum cause order[] = {CAUSE_RETRY,	   CAUSE_REDO,	  CAUSE_HANDOVER,
					   CAUSE_COVERAGE, CAUSE_FORWARD, CAUSE_MIGRATION,
					   CAUSE_START};
	enum { FIRST = sizeof(order) / sizeof(*order) };
	size_t n = 0;
	for (int i = 0; i < FIRST + CAUSE_START && from < to; i++) {
		enum cause c = i < FIRST ? order[i] : (enum cause)(i - FIRST);
		if (c == CAUSE_RADIO || c == CAUSE_NETWORK || left[c] == 0)
			continue;
		sim_time end = left[c] < to - from ? from + left[c] : to;
		left[c] -= end - from;
		pieces[n++] = (struct example_piece){c, from, end};
		from = end;
	}
	return n;
}

static size_t pieces_of(const struct example *e, struct example_piece pieces[EXAMPLE_PIECES])
{
	size_t n = 0;
	int64_t left[CAUSE_COUNT];
	sim_time at = e->born;
	memcpy(left, e->cause_ns, sizeof(left));
	for (uint8_t i = 0; i < e->leg_count; i++) {
		const struct example_leg *leg = &e->legs[i];
		n += fill(&pieces[n], left, at, leg->from);
		pieces[n++] = (struct example_piece){leg->cause, leg->from, leg->to};
		at = leg->to;
	}
	return n + fill(&pieces[n], left, at, e->end);
}

/* How many there are to choose from: those that left the handset, or, when none did, all; they come
 * first. */
static uint32_t sort_out(struct examples *x)
{
	uint32_t remote = 0;
	qsort(x->kept, x->kept_count, sizeof(*x->kept), by_response);
	while (remote < x->kept_count && x->kept[remote].remote)
		remote++;
	return remote ? remote : x->kept_count;
}

size_t examples_median(struct examples *x, struct example_piece pieces[EXAMPLE_PIECES])
{
	uint32_t n = sort_out(x);
	return n ? pieces_of(&x->kept[(n - 1) / 2], pieces) : 0;
}

static int by_key(const void *a, const void *b)
{
	const struct example *x = a, *y = b;
	return x->key < y->key ? -1 : x->key > y->key;
}

static int by_birth(const void *a, const void *b)
{
	const struct example *x = a, *y = b;
	return x->born < y->born ? -1 : x->born > y->born;
}

size_t examples_candidates(struct examples *x)
{
	uint32_t n = sort_out(x), chosen = 0;
	qsort(x->kept, n, sizeof(*x->kept), by_key);
	for (uint32_t i = 0; i < n && chosen < EXAMPLE_CANDIDATES; i++) {
		bool alone = true;
		for (uint32_t k = 0; k < chosen && alone; k++)
			alone = x->kept[i].born > x->kept[k].end ||
				x->kept[i].end < x->kept[k].born;
		if (alone) {
			struct example e = x->kept[chosen];
			x->kept[chosen++] = x->kept[i];
			x->kept[i] = e;
		}
	}
	qsort(x->kept, chosen, sizeof(*x->kept), by_birth);
	return chosen;
}

size_t examples_candidate(const struct examples *x, size_t i,
			  struct example_piece pieces[EXAMPLE_PIECES], double *key)
{
	*key = (double)x->kept[i].key;
	return pieces_of(&x->kept[i], pieces);
}
