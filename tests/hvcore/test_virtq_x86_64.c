/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Suppression of interrupts and doorbells between the device's side of a virtqueue and the guests'
 * own driver, which is compiled into this program (it is for x86-64): what was asked not to be sent
 * is not, and nothing gets lost - in every order of the steps of the two sides, and with both
 * running at once. */
#include "hvcore/device/virtq.h"
/* The driver rings no bell here and takes no interrupt. */
#include "hvcore/guest/ring.c"
#include "tests/support/test.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

volatile uint64_t guest_interrupts;

/* The queue, and the buffer of each of its descriptors. */
enum { AT = HV_BOOT_GPA, BUFFER = AT + 32768, MEM_BYTES = AT + 65536 };

/* A queue as the driver and the device see it. */
struct pair {
	struct guest_ring *ring; /* in the guest's memory, at AT */
	struct hv_mem mem;
	struct hv_virtq q;
	struct hv_chain *chain;
	unsigned pops;
};

static void set_up(struct pair *p, bool events)
{
	const uint32_t registers[][2] = {
		{HV_QUEUE_SIZE, 0},
		{HV_QUEUE_FEATURES, events ? HV_QUEUE_EVENT_INDEX : 0},
		{HV_QUEUE_DESC, AT + offsetof(struct guest_ring, desc)},
		{HV_QUEUE_AVAIL, AT + offsetof(struct guest_ring, avail)},
		{HV_QUEUE_USED, AT + offsetof(struct guest_ring, used)},
		{HV_QUEUE_SIZE, GUEST_RING_SIZE},
	};
	*p = (struct pair){.mem = {.size = MEM_BYTES, .fd = -1}};
	p->mem.base = aligned_alloc(4096, MEM_BYTES);
	p->chain = calloc(1, sizeof(*p->chain));
	CU_ASSERT_FATAL(p->mem.base && p->chain);
	memset(p->mem.base, 0, MEM_BYTES);
	p->ring = hv_mem_at(&p->mem, AT, sizeof(*p->ring));
	p->ring->event_index = events;
	guest_ring_quiet(p->ring);
	for (uint16_t i = 0; i < GUEST_RING_SIZE; i++)
		p->ring->desc[i] = (struct vring_desc){.addr = BUFFER, .len = 16};
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		uint32_t value = registers[i][1];
		hv_virtq_access(&p->q, &p->mem, (uint16_t)(4 * registers[i][0]), 4, true, &value);
	}
	CU_ASSERT_EQUAL_FATAL(p->q.state, HV_VIRTQ_RUNNING);
}

static void free_pair(struct pair *p)
{
	free(p->mem.base);
	free(p->chain);
}

static int add(struct pair *p)
{
	guest_ring_add(p->ring, p->ring->sent % GUEST_RING_SIZE);
	return guest_ring_show(p->ring);
}

/* The device gives back what waits, at most `most`; returns how many. */
static unsigned give_back(struct pair *p, unsigned most)
{
	unsigned n = 0;
	for (; n < most && hv_virtq_pop(&p->q, &p->mem, p->chain) == 1; n++)
		hv_virtq_push(&p->q, &p->mem, p->chain, 0);
	return n;
}

/* Three times around the 16-bit indexes: what is not asked for is not sent, one that is asked for
 * is sent once, for the last of a batch, however many pieces it comes in; also when more was added
 * meanwhile. */
static void interrupts_are_sent_as_asked(void)
{
	/* After how many of a batch the driver asks. An index asked for when nothing is out has
	 * been passed already; a flag is for whatever comes. */
	enum { BATCH = 16, NEVER = BATCH };
	static const unsigned asks[] = {0, NEVER, 10, 15};
	for (unsigned events = 0; events < 2; events++) {
		struct pair p;
		unsigned wrong = 0;
		set_up(&p, events);
		for (unsigned round = 0; round < 3 * 65536 / BATCH; round++) {
			unsigned asks_after = asks[round % 4];
			bool wake = asks_after != NEVER && (asks_after > 0 || !events);
			for (unsigned i = 0; i < BATCH; i++) {
				if (i == asks_after)
					guest_ring_wake(p.ring);
				add(&p);
			}
			wrong += give_back(&p, 5) != 5;
			wrong += hv_virtq_must_interrupt(&p.q, &p.mem) != (wake && !events);
			wrong += give_back(&p, BATCH) != BATCH - 5;
			wrong += hv_virtq_must_interrupt(&p.q, &p.mem) != wake;
			wrong += hv_virtq_must_interrupt(&p.q, &p.mem);
			wrong += !guest_ring_is_back(p.ring);
			guest_ring_quiet(p.ring);
		}
		CU_ASSERT_EQUAL(wrong, 0);
		free_pair(&p);
	}
}

static void bells_are_rung_as_wanted(void)
{
	for (unsigned events = 0; events < 2; events++) {
		struct pair p;
		unsigned wrong = 0;
		set_up(&p, events);
		wrong += !add(&p); /* a device that never said anything wants it */
		for (unsigned round = 0; round < 3 * 65536 / 16; round++) {
			hv_virtq_want_bell(&p.q, &p.mem, false);
			wrong += give_back(&p, 64) == 0;
			for (unsigned i = 0; i < 15; i++)
				wrong += add(&p) != 0 && (i || !events);
			wrong += give_back(&p, 64) != 15;
			hv_virtq_want_bell(&p.q, &p.mem, true);
			wrong += hv_virtq_is_waiting(&p.q, &p.mem);
			wrong += !add(&p);
			wrong += !hv_virtq_is_waiting(&p.q, &p.mem);
		}
		CU_ASSERT_EQUAL(wrong, 0);
		free_pair(&p);
	}
}

/* ---- every order ---- */

/* Step `step` of one side, 0 or 1; whether it noticed what the other did. */
static bool driver_step(struct pair *p, int step, bool checks_first)
{
	if ((step == 0) != checks_first) {
		guest_ring_wake(p->ring);
		return false;
	}
	return guest_ring_is_back(p->ring);
}

static bool device_step(struct pair *p, int step)
{
	return step == 0 ? give_back(p, 1) != 1 : hv_virtq_must_interrupt(&p->q, &p->mem);
}

/* The driver goes to sleep while the device completes: in how many of the six orders of their two
 * steps each neither notices. */
static unsigned lost_in_all_orders(bool events, bool checks_first)
{
	static const char orders[][5] = {"AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"};
	unsigned lost = 0;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct pair p;
		bool noticed = false;
		int a = 0, b = 0;
		set_up(&p, events);
		add(&p);
		for (const char *side = orders[i]; *side; side++)
			noticed |= *side == 'A' ? driver_step(&p, a++, checks_first)
						: device_step(&p, b++);
		lost += !noticed;
		free_pair(&p);
	}
	return lost;
}

static void no_order_of_steps_loses_an_interrupt(void)
{
	for (unsigned events = 0; events < 2; events++) {
		CU_ASSERT_EQUAL(lost_in_all_orders(events, false), 0);
		/* A driver that looks first and asks then does lose some. */
		CU_ASSERT(lost_in_all_orders(events, true) > 0);
	}
}

/* The same with the device going to sleep while the driver adds. */
static unsigned bells_lost_in_all_orders(bool events, bool checks_first)
{
	static const char orders[][4] = {"AAB", "ABA", "BAA"};
	unsigned lost = 0;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct pair p;
		bool noticed = false;
		int a = 0;
		set_up(&p, events);
		add(&p);
		hv_virtq_want_bell(&p.q, &p.mem, false);
		give_back(&p, 1);
		for (const char *side = orders[i]; *side; side++) {
			if (*side == 'B')
				noticed |= add(&p) != 0;
			else if ((a++ == 0) != checks_first)
				hv_virtq_want_bell(&p.q, &p.mem, true);
			else
				noticed |= hv_virtq_is_waiting(&p.q, &p.mem);
		}
		lost += !noticed;
		free_pair(&p);
	}
	return lost;
}

static void no_order_of_steps_loses_a_bell(void)
{
	for (unsigned events = 0; events < 2; events++) {
		CU_ASSERT_EQUAL(bells_lost_in_all_orders(events, false), 0);
		CU_ASSERT(bells_lost_in_all_orders(events, true) > 0);
	}
}

/* ---- both at once ---- */

#define REQUESTS 20000u
#define LOST_MS	 5000 /* nothing else takes that long */

struct both {
	struct pair pair;
	int bell, line; /* eventfds */
	uint64_t bells, interrupts;
	bool lost;
};

static bool wait_for(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t count;
	while (poll(&p, 1, LOST_MS) != 1)
		if (errno != EINTR)
			return false;
	return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void signal_to(int fd)
{
	const uint64_t one = 1;
	CU_ASSERT_EQUAL(write(fd, &one, sizeof(one)), sizeof(one));
}

/* As hv_virtq_serve, in a thread. */
static void *device(void *ctx)
{
	struct both *b = ctx;
	struct pair *p = &b->pair;
	unsigned done = 0;
	while (done < REQUESTS) {
		hv_virtq_want_bell(&p->q, &p->mem, false);
		done += give_back(p, GUEST_RING_SIZE);
		hv_virtq_want_bell(&p->q, &p->mem, true);
		if (hv_virtq_must_interrupt(&p->q, &p->mem)) {
			b->interrupts++;
			signal_to(b->line);
		}
		if (done < REQUESTS && !hv_virtq_is_waiting(&p->q, &p->mem) && !wait_for(b->bell)) {
			b->lost = true;
			break;
		}
	}
	return NULL;
}

/* Batches of 1 to 16; sleeps until each is back. */
static bool drive(struct both *b)
{
	struct guest_ring *ring = b->pair.ring;
	for (unsigned sent = 0, batch = 1; sent < REQUESTS; batch = batch % 16 + 1) {
		for (unsigned i = 0; i < batch && sent < REQUESTS; i++, sent++)
			if (add(&b->pair)) {
				b->bells++;
				signal_to(b->bell);
			}
		guest_ring_wake(ring);
		while (!guest_ring_is_back(ring))
			if (!wait_for(b->line))
				return false;
		guest_ring_quiet(ring);
	}
	return true;
}

static void nothing_is_lost_between_two_threads(void)
{
	for (unsigned events = 0; events < 2; events++) {
		struct both b = {.bell = eventfd(0, EFD_CLOEXEC), .line = eventfd(0, EFD_CLOEXEC)};
		pthread_t thread;
		set_up(&b.pair, events);
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, device, &b), 0);
		CU_ASSERT(drive(&b));
		pthread_join(thread, NULL);
		CU_ASSERT(!b.lost);
		CU_ASSERT(b.bells > 0 && b.bells <= REQUESTS);
		CU_ASSERT(b.interrupts <= REQUESTS);
		printf(" %s: %llu bells and %llu interrupts for %u requests;",
		       events ? "event index" : "flags", (unsigned long long)b.bells,
		       (unsigned long long)b.interrupts, REQUESTS);
		close(b.bell);
		close(b.line);
		free_pair(&b.pair);
	}
}

/* ---- a device that never comes to rest ---- */

struct busy {
	struct pair *pair;
	uint64_t left;
};

/* Another processor adds the next request while this one is served. */
static int64_t add_next(void *ctx, struct hv_chain *chain)
{
	struct busy *b = ctx;
	(void)chain;
	if (b->left && b->left--) {
		guest_ring_is_back(b->pair->ring);
		add(b->pair);
	}
	return 0;
}

/* More than the 16-bit indexes can tell, at one bell: all are counted, and the interrupt that was
 * asked for at the first comes, also when the index is back where it was. */
static void a_long_service_is_counted(void)
{
	static const uint64_t requests[] = {65536, 70000, 3 * 65536};
	for (unsigned i = 0; i < 2 * sizeof(requests) / sizeof(requests[0]); i++) {
		struct pair p;
		struct hv_vm *vm = calloc(1, sizeof(*vm));
		CU_ASSERT_PTR_NOT_NULL_FATAL(vm);
		set_up(&p, i % 2);
		struct busy b = {.pair = &p, .left = requests[i / 2] - 1};
		vm->mem = p.mem;
		vm->deadline_ns = UINT64_MAX;
		add(&p);
		guest_ring_wake(p.ring);
		hv_virtq_serve(&p.q, vm, p.chain, add_next, &b);
		CU_ASSERT_EQUAL(b.left, 0);
		CU_ASSERT_EQUAL(vm->counters.completions, requests[i / 2]);
		CU_ASSERT(vm->interrupt);
		free(vm);
		free_pair(&p);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"interrupts_are_sent_as_asked", interrupts_are_sent_as_asked},
		{"bells_are_rung_as_wanted", bells_are_rung_as_wanted},
		{"no_order_of_steps_loses_an_interrupt", no_order_of_steps_loses_an_interrupt},
		{"no_order_of_steps_loses_a_bell", no_order_of_steps_loses_a_bell},
		{"nothing_is_lost_between_two_threads", nothing_is_lost_between_two_threads},
		{"a_long_service_is_counted", a_long_service_is_counted},
		{0},
	};
	return test_main("virtq", cases, argc, argv);
}
