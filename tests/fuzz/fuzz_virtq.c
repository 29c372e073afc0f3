/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A split virtqueue whose registers and memory are any bytes at all: what the device gets out of it
 * lies in the guest's own memory, is no longer than the queue, and comes to an end.
 *
 * Input: desc, avail, used (16 bits each), size, bells, then the guest's own memory. */
#include "hvcore/device/virtq.h"
#include "tests/fuzz/fuzz.h"

/* The VMM's part, then the guest's own; exactly allocated, so that a sanitizer guards the end. */
#define OWN_BYTES 16384u
#define MEM_BYTES (HV_BOOT_GPA + OWN_BYTES)
#define UNTOUCHED 0x5a /* what the VMM's part is full of */

static void check_chain(const struct hv_virtq *q, const struct hv_mem *mem,
			const struct hv_chain *chain)
{
	uint64_t readable = 0, writable = 0;
	demand(chain->readable + chain->writable >= 1, "a chain has a descriptor");
	demand(chain->readable + chain->writable <= q->size, "and no more than the queue");
	for (unsigned i = 0; i < chain->readable + chain->writable; i++) {
		const uint8_t *base = chain->iov[i].iov_base;
		size_t length = chain->iov[i].iov_len;
		demand(base >= mem->base + HV_BOOT_GPA && base <= mem->base + mem->size &&
			       length <= (size_t)(mem->base + mem->size - base),
		       "a descriptor lies in the guest's own memory");
		*(i < chain->readable ? &readable : &writable) += length;
	}
	demand(readable == chain->readable_bytes && writable == chain->writable_bytes,
	       "sums are right");
	/* As a device would: over whatever the guest said, its own rings included. */
	for (unsigned i = chain->readable; i < chain->readable + chain->writable; i++)
		memset(chain->iov[i].iov_base, (int)i, chain->iov[i].iov_len);
}

/* Whether the driver wants to hear that the used index went from `before` to `now`, step by step.
 */
static bool wants_interrupt(const struct hv_virtq *q, const struct hv_mem *mem, uint16_t before,
			    uint16_t now)
{
	uint16_t flags, event;
	memcpy(&flags, mem->base + q->avail, sizeof(flags));
	memcpy(&event, mem->base + q->avail + 4 + 2u * q->size, sizeof(event));
	bool passes = false;
	for (uint16_t at = before; at != now; at++)
		passes |= at == event;
	return before != now && (q->event_index ? passes : !(flags & 1));
}

static void set_register(struct hv_virtq *q, const struct hv_mem *mem, enum hv_queue_port port,
			 uint32_t value)
{
	hv_virtq_access(q, mem, (uint16_t)(4 * port), sizeof(value), true, &value);
}

/* Half of the numbers are addresses from the guest's own memory on, half in the VMM's part. */
static uint32_t pick_address(struct fuzz_input *in)
{
	uint16_t value = fuzz_u16(in);
	return value < 0x8000 ? HV_BOOT_GPA + value : (uint32_t)(value - 0x8000) * 2;
}

static void check_vmms_part(const struct hv_mem *mem)
{
	for (size_t i = 0; i < HV_BOOT_GPA; i++)
		demand(mem->base[i] == UNTOUCHED, "the VMM's part is as it was");
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct hv_mem mem = {.base = malloc(MEM_BYTES), .size = MEM_BYTES, .fd = -1};
	static const enum hv_queue_port addresses[] = {HV_QUEUE_DESC, HV_QUEUE_AVAIL,
						       HV_QUEUE_USED};
	struct hv_virtq q = {0};
	struct hv_chain *chain = malloc(sizeof(*chain));
	demand(mem.base && chain, "memory");
	for (unsigned i = 0; i < 3; i++)
		set_register(&q, &mem, addresses[i], pick_address(&in));
	uint8_t choice = fuzz_u8(&in);
	/* Mostly sizes that start the queue. */
	uint32_t entries = choice & 0x80 ? choice : 1u << choice % 10;
	uint8_t more = fuzz_u8(&in);
	unsigned bells = more % 8;
	set_register(&q, &mem, HV_QUEUE_FEATURES, more & 8 ? HV_QUEUE_EVENT_INDEX : 0);
	memset(mem.base, UNTOUCHED, HV_BOOT_GPA);
	fuzz_bytes(&in, mem.base + HV_BOOT_GPA, OWN_BYTES);
	set_register(&q, &mem, HV_QUEUE_SIZE, entries);

	for (unsigned bell = 0; bell <= bells; bell++) {
		unsigned taken = 0;
		uint16_t before = q.next_used;
		int rc;
		hv_virtq_want_bell(&q, &mem, false);
		while (taken <= q.size && (rc = hv_virtq_pop(&q, &mem, chain)) == 1) {
			taken++;
			check_chain(&q, &mem, chain);
			hv_virtq_push(&q, &mem, chain, (uint32_t)chain->writable_bytes);
		}
		bool wants = q.state == HV_VIRTQ_RUNNING &&
			     wants_interrupt(&q, &mem, before, q.next_used);
		demand(hv_virtq_must_interrupt(&q, &mem) == wants, "interrupts as the driver says");
		demand(!hv_virtq_must_interrupt(&q, &mem), "each once");
		hv_virtq_want_bell(&q, &mem, true);
		hv_virtq_is_waiting(&q, &mem);
		uint32_t state = 0;
		hv_virtq_access(&q, &mem, 4 * HV_QUEUE_STATUS, sizeof(state), false, &state);
		demand(state <= HV_VIRTQ_BROKEN, "a state that exists");
		demand((rc == -1) == (state == HV_VIRTQ_BROKEN) || taken > q.size,
		       "a broken queue gives nothing");
		/* The guest goes on: moves the index, changes what is behind it. */
		if (bell < size && q.avail >= HV_BOOT_GPA && q.avail + 4 <= MEM_BYTES)
			mem.base[q.avail + 2] = (uint8_t)(mem.base[q.avail + 2] + data[bell]);
	}
	check_vmms_part(&mem);
	free(chain);
	free(mem.base);
	return 0;
}
