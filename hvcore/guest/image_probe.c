/* SPDX-License-Identifier: GPL-2.0-or-later
 * The guest of the probes: takes work from the VMM, does it as often as asked between two readings
 * of the TSC, and hands the ticks back. Each operation is a loop of its own; HV_OP_EMPTY is the
 * same loop without the operation. */
#include "hvcore/probe/compute.h"
#include "hvcore/guest/drivers.h"

static volatile struct hv_call_yield work;

static void op_empty(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("" : : : "memory");
}

static void op_pio(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		out32(HV_NOP_PORT, 0);
}

static void op_mmio(uint64_t n)
{
	volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)HV_MMIO_GPA;
	for (uint64_t i = 0; i < n; i++)
		*at = (uint32_t)i;
}

static void op_doorbell(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		out16(HV_DOORBELL_PORT, 0);
}

static void op_hypercall(uint64_t n)
{
	volatile struct hv_call_nop call;
	for (uint64_t i = 0; i < n; i++) {
		call.value = (uint32_t)i;
		hypercall(HV_CALL_NOP, &call);
		if (call.answer != (uint32_t)i + 1)
			work.failed = 1;
	}
}

/* Nobody answers. */
static void op_hypercall_block(uint64_t n)
{
	volatile struct hv_call_nop call = {.answer = 0};
	for (uint64_t i = 0; i < n; i++) {
		call.value = (uint32_t)i;
		hypercall_pretend(&call);
		if (call.answer != 0)
			work.failed = 1;
	}
}

static void touch(uint64_t n, uint64_t stride)
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)work.arg;
	for (uint64_t i = 0; i < n; i++, at += stride / sizeof(*at))
		*at = i + 1;
}

static void op_touch(uint64_t n)
{
	touch(n, HV_TOUCH_STRIDE);
}

static void op_touch_2m(uint64_t n)
{
	touch(n, HV_TOUCH_2M_STRIDE);
}

static void op_release(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		volatile struct hv_call_release call = {
			.gpa = (uint32_t)(work.arg + i * HV_TOUCH_STRIDE), .bytes = 4096};
		hypercall(HV_CALL_RELEASE, &call);
		if (call.failed)
			work.failed = 1;
	}
}

static void op_release_block(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		volatile struct hv_call_release call = {
			.gpa = (uint32_t)(work.arg + i * HV_TOUCH_STRIDE), .bytes = 4096};
		hypercall_pretend(&call);
		if (call.failed)
			work.failed = 1;
	}
}

static void op_privileged(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t cr4;
		__asm__ volatile("mov %%cr4, %0" : "=r"(cr4) : : "memory");
		if (!(cr4 & 0x20)) /* PAE: long mode does not exist without it */
			work.failed = 1;
	}
}

/* ---- blocks ---- */

/* Of as many requests as can be in flight. */
static uint8_t blocks[HV_DEPTH_MAX][HV_BLOCKS_MAX * HV_BLOCK_BYTES] __attribute__((aligned(4096)));

/* What one request, the index-th, moves. */
struct request {
	uint32_t sector, sectors;
	uint8_t *at;
};

static struct request request(uint64_t index, unsigned slot, int writes)
{
	uint32_t first = hv_block_at(index) & ~(work.blocks - 1), in_block = HV_BLOCK_BYTES / 512;
	struct request r = {first * in_block, work.blocks * in_block, blocks[slot]};
	for (uint32_t i = 0; writes && i < work.blocks; i++)
		*(uint64_t *)(r.at + i * HV_BLOCK_BYTES) = index;
	return r;
}

static uint64_t sum_of(const uint8_t *at)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < work.blocks; i++)
		sum += hv_block_sum(at + i * HV_BLOCK_BYTES);
	return sum;
}

static void ata_blocks(uint64_t n, int (*move)(const struct request *r), int writes)
{
	uint64_t sum = 0;
	for (uint64_t i = work.arg; n > 0; i++, n--) {
		struct request r = request(i, 0, writes);
		work.failed |= move(&r) != 0;
		sum += writes ? 0 : sum_of(r.at);
	}
	work.checksum = sum;
}

static int pio_read(const struct request *r)
{
	return guest_ata_read(r->sector, r->sectors, r->at);
}

static int pio_write(const struct request *r)
{
	return guest_ata_write(r->sector, r->sectors, r->at);
}

static int dma_read(const struct request *r)
{
	return guest_ata_dma(r->sector, r->sectors, r->at, 0);
}

static int dma_write(const struct request *r)
{
	return guest_ata_dma(r->sector, r->sectors, r->at, 1);
}

static void op_ata_read(uint64_t n)
{
	ata_blocks(n, pio_read, 0);
}

static void op_ata_write(uint64_t n)
{
	ata_blocks(n, pio_write, 1);
}

static void op_ata_dma_read(uint64_t n)
{
	ata_blocks(n, dma_read, 0);
}

static void op_ata_dma_write(uint64_t n)
{
	ata_blocks(n, dma_write, 1);
}

static void virtio_blocks(uint64_t n, int writes, int (*finish)(unsigned n))
{
	uint64_t sum = 0, index = work.arg;
	uint32_t depth = work.depth;
	for (uint64_t i = 0; i < n; i++) {
		for (unsigned slot = 0; slot < depth; slot++) {
			struct request r = request(index++, slot, writes);
			guest_virtio_blk_add(slot, r.sector, r.sectors * 512, r.at, writes);
		}
		work.failed |= finish(depth) != 0;
		for (unsigned slot = 0; !writes && slot < depth; slot++)
			sum += sum_of(blocks[slot]);
	}
	work.checksum = sum;
}

static void op_virtio_read(uint64_t n)
{
	virtio_blocks(n, 0, guest_virtio_blk_finish);
}

static void op_virtio_write(uint64_t n)
{
	virtio_blocks(n, 1, guest_virtio_blk_finish);
}

/* ---- sending ---- */

static uint64_t sent_so_far;

/* Makes the next line or packet, in the first block: the whole of it once, then its number only. */
static uint8_t *make(uint32_t bytes)
{
	static uint32_t made;
	uint8_t *block = blocks[0];
	for (uint32_t k = HV_SENT_NUMBER; made != bytes && k < bytes; k++)
		block[k] = hv_sent_byte(0, k);
	if (bytes == HV_LINE_BYTES)
		block[bytes - 1] = '\n';
	made = bytes;
	for (uint32_t k = 0; k < HV_SENT_NUMBER; k++)
		block[k] = hv_sent_byte(sent_so_far, k);
	sent_so_far++;
	return block;
}

/* The same work without the device: what HV_OP_EMPTY is to the others. */
static void op_make_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		make(HV_LINE_BYTES);
	sent_so_far -= n;
}

static void op_make_packet(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		make(HV_PACKET_BYTES);
	sent_so_far -= n;
}

static void op_uart_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_uart_write(make(HV_LINE_BYTES), HV_LINE_BYTES) != 0;
}

static void op_console_line(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_console_write(make(HV_LINE_BYTES), HV_LINE_BYTES) != 0;
}

static void op_rtl8139_send(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_rtl8139_send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
}

static void op_virtio_send(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		work.failed |= guest_net_send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
}

/* ---- receiving ---- */

/* How the guest sends, receives, waits and reads, in one world. */
struct net {
	int (*send)(const void *packet, uint32_t bytes);
	uint32_t (*receive)(void *to, uint32_t room);
	int (*read)(const struct request *r);
};

static int ring_read(const struct request *r)
{
	guest_virtio_blk_add(0, r->sector, r->sectors * 512, r->at, 0);
	return guest_virtio_blk_finish(1);
}

static const struct net full = {guest_rtl8139_send, guest_rtl8139_receive, dma_read};
static const struct net para = {guest_net_send, guest_net_receive, ring_read};

/* Waits for the next packet. An interrupt would tell of it; here the wait does. */
static uint32_t await(const struct net *net, void *to, uint32_t room)
{
	uint32_t bytes = net->receive(to, room);
	for (unsigned tries = 0; bytes == 0 && tries < 1000; tries++) {
		guest_wait();
		bytes = net->receive(to, room);
	}
	return bytes;
}

static uint64_t sum_of_packet(const uint8_t *packet, uint32_t bytes)
{
	work.failed |= bytes != HV_PACKET_BYTES;
	return hv_packet_sum(packet);
}

static void op_rtl8139_receive(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n; i++)
		sum += sum_of_packet(blocks[0], guest_rtl8139_receive(blocks[0], HV_PACKET_BYTES));
	work.checksum = sum;
}

static void op_virtio_receive(uint64_t n)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n; i++) {
		guest_net_ask();
		sum += sum_of_packet(blocks[0], guest_net_receive(blocks[0], HV_PACKET_BYTES));
	}
	work.checksum = sum;
}

/* Sends packets and takes each back before the next. */
static void round_trips(uint64_t n, const struct net *net)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		work.failed |= net->send(make(HV_PACKET_BYTES), HV_PACKET_BYTES) != 0;
		sum += sum_of_packet(blocks[1], await(net, blocks[1], HV_PACKET_BYTES));
	}
	work.checksum = sum;
}

static void op_rtl8139_rtt(uint64_t n)
{
	round_trips(n, &full);
}

static void op_virtio_rtt(uint64_t n)
{
	round_trips(n, &para);
}

static void answer_requests(uint64_t n, const struct net *net)
{
	static uint64_t answer[HV_ANSWER_BYTES / 8];
	struct hv_ask ask;
	for (uint64_t i = 0; i < n && !work.failed; i++) {
		work.failed |= await(net, &ask, sizeof(ask)) != sizeof(ask);
		const struct request r = {ask.block * (HV_BLOCK_BYTES / 512), HV_BLOCK_BYTES / 512,
					  blocks[0]};
		work.failed |= net->read(&r) != 0;
		answer[0] = hv_request_compute((const uint64_t *)(const void *)blocks[0]);
		work.failed |= net->send(answer, sizeof(answer)) != 0;
	}
}

static void op_request_full(uint64_t n)
{
	answer_requests(n, &full);
}

static void op_request_para(uint64_t n)
{
	answer_requests(n, &para);
}

static void op_compute(uint64_t n)
{
	uint32_t x = 1;
	for (uint64_t i = 0; i < n; i++)
		x = hv_compute(x);
	work.checksum = x;
}

/* How long an interrupt may take to come, in looks at the counter. */
#define PATIENCE 100000000u

static void take_interrupts(void)
{
	static int asked;
	if (!asked)
		guest_take_interrupts();
	asked = 1;
}

static void op_start_events(uint64_t n)
{
	(void)n;
	take_interrupts();
	guest_virtio_blk_start_events();
}

static void op_virtio_read_irq(uint64_t n)
{
	take_interrupts();
	virtio_blocks(n, 0, guest_virtio_blk_finish_by_interrupt);
}

static void op_interrupt(uint64_t n)
{
	take_interrupts();
	uint64_t before = guest_interrupts;
	for (uint64_t i = 0; i < n; i++) {
		out16(HV_IRQ_BELL_PORT, 0);
		for (unsigned k = 0; guest_interrupts == before + i && k < PATIENCE; k++)
			__asm__ volatile("pause");
	}
	if (guest_interrupts != before + n)
		work.failed = 1;
}

static void op_ipi(uint64_t n)
{
	uint64_t sum = 0;
	take_interrupts();
	work.failed |= guest_ipis(n, (enum hv_ipi)work.arg, &sum) != 0;
	work.checksum = sum;
}

static void timer_fires(uint64_t n, int halted)
{
	uint64_t sum = 0;
	take_interrupts();
	work.failed |= guest_timer_fires(n, (uint32_t)work.arg, halted, &sum) != 0;
	work.checksum = sum;
}

static void op_timer_fire(uint64_t n)
{
	timer_fires(n, 0);
}

static void op_timer_fire_halted(uint64_t n)
{
	timer_fires(n, 1);
}

static void op_timer_arm(uint64_t n)
{
	take_interrupts();
	guest_timer_arms(n);
}

static void op_halt(uint64_t n)
{
	take_interrupts();
	guest_halts(n, (volatile struct hv_halts *)(uintptr_t)work.arg);
}

static void op_doorbell_memory(uint64_t n)
{
	volatile uint64_t *count = (volatile uint64_t *)(uintptr_t)work.arg;
	uint64_t before = *count;
	for (uint64_t i = 0; i < n; i++) {
		out16(HV_DOORBELL_PORT, 0);
		for (unsigned k = 0; *count == before + i && k < PATIENCE; k++)
			__asm__ volatile("pause");
	}
	if (*count != before + n)
		work.failed = 1;
}

static void op_pio_in(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		in32(HV_NOP_PORT);
}

static void op_cpuid(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint32_t a = 0, b, c = 0, d;
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d) : : "memory");
	}
}

static void op_msr(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint32_t low, high;
		__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080u) : "memory");
		if (!(low & 0x400)) /* long mode is active */
			work.failed = 1;
	}
}

static void op_switch(uint64_t n)
{
	uint64_t cr3;
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
}

/* AMD's spelling; on an Intel processor KVM rewrites the instruction, once. */
static void op_vmcall(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t answer;
		__asm__ volatile("vmmcall"
				 : "=a"(answer)
				 : "a"((uint64_t)HV_KVM_CALL), "b"((uint64_t)HV_IMAGE_GPA),
				   "c"(1ul), "d"(0ul), "S"(0ul)
				 : "memory");
		if (answer != 0)
			work.failed = 1;
	}
}

static void op_loop(uint64_t n)
{
	uint64_t a = 1, b = 2;
	for (uint64_t i = 0; i < n; i++)
		__asm__ volatile(".rept %c2 / 2; add %0, %1; xor %1, %0; .endr"
				 : "+r"(a), "+r"(b)
				 : "i"(HV_LOOP_INSTRUCTIONS)
				 : "cc", "memory");
}

static void op_map(uint64_t n)
{
	work.failed |= guest_maps(n, work.arg, 0) != 0;
}

static void op_map_many(uint64_t n)
{
	work.failed |= guest_maps(n, work.arg, 1) != 0;
}

static void op_map_1m(uint64_t n)
{
	work.failed |= guest_maps_1m(n, work.arg, 0) != 0;
}

static void op_map_1m_many(uint64_t n)
{
	work.failed |= guest_maps_1m(n, work.arg, 1) != 0;
}

static void op_syscall(uint64_t n)
{
	work.failed |= guest_syscalls(n, (int)work.arg) != 0;
}

static void op_walk(uint64_t n)
{
	work.checksum = guest_walk(work.arg, n);
}

static void op_triad(uint64_t n)
{
	work.checksum = guest_triad(work.arg, n);
}

static void op_start(uint64_t n)
{
	(void)n;
	guest_virtio_blk_start();
	guest_rtl8139_start();
	guest_rings_start();
}

static void (*const ops[HV_OP_COUNT])(uint64_t n) = {
	[HV_OP_EMPTY] = op_empty,
	[HV_OP_PIO] = op_pio,
	[HV_OP_MMIO] = op_mmio,
	[HV_OP_DOORBELL] = op_doorbell,
	[HV_OP_HYPERCALL] = op_hypercall,
	[HV_OP_TOUCH] = op_touch,
	[HV_OP_RELEASE] = op_release,
	[HV_OP_PRIVILEGED] = op_privileged,
	[HV_OP_ATA_READ] = op_ata_read,
	[HV_OP_VIRTIO_READ] = op_virtio_read,
	[HV_OP_COMPUTE] = op_compute,
	[HV_OP_MAKE_LINE] = op_make_line,
	[HV_OP_MAKE_PACKET] = op_make_packet,
	[HV_OP_UART_LINE] = op_uart_line,
	[HV_OP_CONSOLE_LINE] = op_console_line,
	[HV_OP_RTL8139_SEND] = op_rtl8139_send,
	[HV_OP_VIRTIO_SEND] = op_virtio_send,
	[HV_OP_INTERRUPT] = op_interrupt,
	[HV_OP_PIO_IN] = op_pio_in,
	[HV_OP_CPUID] = op_cpuid,
	[HV_OP_MSR] = op_msr,
	[HV_OP_SWITCH] = op_switch,
	[HV_OP_LOOP] = op_loop,
	[HV_OP_ATA_WRITE] = op_ata_write,
	[HV_OP_ATA_DMA_READ] = op_ata_dma_read,
	[HV_OP_ATA_DMA_WRITE] = op_ata_dma_write,
	[HV_OP_VIRTIO_WRITE] = op_virtio_write,
	[HV_OP_RTL8139_RECEIVE] = op_rtl8139_receive,
	[HV_OP_VIRTIO_RECEIVE] = op_virtio_receive,
	[HV_OP_RTL8139_RTT] = op_rtl8139_rtt,
	[HV_OP_VIRTIO_RTT] = op_virtio_rtt,
	[HV_OP_REQUEST_FULL] = op_request_full,
	[HV_OP_REQUEST_PARA] = op_request_para,
	[HV_OP_VMCALL] = op_vmcall,
	[HV_OP_DOORBELL_MEMORY] = op_doorbell_memory,
	[HV_OP_WALK] = op_walk,
	[HV_OP_TRIAD] = op_triad,
	[HV_OP_IPI] = op_ipi,
	[HV_OP_TIMER_FIRE] = op_timer_fire,
	[HV_OP_TIMER_FIRE_HALTED] = op_timer_fire_halted,
	[HV_OP_TIMER_ARM] = op_timer_arm,
	[HV_OP_HALT] = op_halt,
	[HV_OP_SYSCALL] = op_syscall,
	[HV_OP_TOUCH_2M] = op_touch_2m,
	[HV_OP_MAP] = op_map,
	[HV_OP_MAP_MANY] = op_map_many,
	[HV_OP_MAP_1M] = op_map_1m,
	[HV_OP_MAP_1M_MANY] = op_map_1m_many,
	[HV_OP_HYPERCALL_BLOCK] = op_hypercall_block,
	[HV_OP_RELEASE_BLOCK] = op_release_block,
	[HV_OP_START] = op_start,
	[HV_OP_START_EVENTS] = op_start_events,
	[HV_OP_VIRTIO_READ_IRQ] = op_virtio_read_irq,
};

int guest_main(const struct hv_boot *boot)
{
	if (boot->magic != HV_BOOT_MAGIC)
		return 1;
	for (;;) {
		hypercall(HV_CALL_YIELD, &work);
		uint32_t op = work.op;
		if (op == HV_OP_STOP)
			return 0;
		work.failed = op >= HV_OP_COUNT || !ops[op] || work.blocks > HV_BLOCKS_MAX ||
			      work.depth > HV_DEPTH_MAX;
		if (work.failed)
			continue;
		uint64_t start = ticks();
		ops[op](work.iterations);
		work.ticks = ticks() - start;
	}
}
