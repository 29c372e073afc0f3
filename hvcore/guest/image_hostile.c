/* SPDX-License-Identifier: GPL-2.0-or-later
 * Misbehaves as its argument says. For tests: every one of these must end in a typed outcome, on
 * every backend, within its deadline. A trick that the VMM merely refuses ends with exit status 42.
 */
#include "hvcore/guest/drivers.h"
#include "hvcore/guest/hostile.h"

#include <linux/virtio_ring.h>

const struct hv_boot *hostile_boot;

static int endless_loop(void)
{
	for (;;)
		__asm__ volatile("");
	return 0;
}

static int endless_exits(void)
{
	for (;;)
		out32(HV_NOP_PORT, 0);
	return 0;
}

static int endless_privileged(void)
{
	for (;;)
		__asm__ volatile("mov %%cr0, %%rax" : : : "rax");
	return 0;
}

static int invalid_opcode(void)
{
	__asm__ volatile("ud2");
	return 0;
}

int hostile_write_at(uint64_t at)
{
	__asm__ volatile("" : "+r"(at)); /* no constant that a compiler could object to */
	*(volatile uint64_t *)at = 0x6576696c;
	return 0;
}

static int write_above_memory(void)
{
	return hostile_write_at(hostile_boot->mem_bytes + 4096);
}

static int write_null(void)
{
	return hostile_write_at(16);
}

static int write_kernel(void)
{
	return hostile_write_at(0xffff888000000000u);
}

static int jump_away(void)
{
	((void (*)(void))0x7f0000000000u)();
	return 0;
}

static int halt(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
	return 0;
}

static int vmcall(void)
{
	uint64_t a = 0;
	__asm__ volatile("vmcall" : "+a"(a) : : "memory");
	return REFUSED; /* KVM answers a kernel, with -KVM_ENOSYS */
}

static int sse(void)
{
	__asm__ volatile("xorps %xmm0, %xmm0");
	return REFUSED; /* works, where it may */
}

/* getpid, and open of "/": neither may reach a kernel. */
static int system_call(void)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(39) : "rcx", "r11", "memory");
	return 0;
}

static int system_call_32(void)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
	return 0;
}

/* Where the trap backend's stub is: uses its system call instruction for one of our own, open(2).
 */
static int stub_system_call(void)
{
	const uint8_t *code = (const uint8_t *)0x600000001000;
	while (code[0] != 0x0f || code[1] != 0x05)
		code++;
	long result;
	__asm__ volatile("push $0x2f; mov %%rsp, %%rdi; push %2; jmp *%1"
			 : "=a"(result)
			 : "r"(code), "r"(&hostile_boot), "a"(2), "S"(0)
			 : "rdi", "rcx", "r11", "memory");
	return 0;
}

static int stub_memory(void)
{
	for (uint64_t at = 0x600000003000;; at += 8)
		hostile_write_at(at);
	return 0;
}

static int call_with_bad_block(void)
{
	out32(HV_CALL_PORT + HV_CALL_NOP, 0xfffffffe);
	return 0;
}

static int write_too_long(void)
{
	volatile struct hv_call_write call = {.gpa = HV_IMAGE_GPA, .length = 0xffffffff};
	hypercall(HV_CALL_WRITE, &call);
	return 0;
}

static int write_elsewhere(void)
{
	volatile struct hv_call_write call = {.gpa = (uint32_t)hostile_boot->mem_bytes - 4,
					      .length = 8};
	hypercall(HV_CALL_WRITE, &call);
	return 0;
}

static int string_into_nowhere(void)
{
	in16_string(HV_NOP_PORT, (void *)(uintptr_t)(hostile_boot->mem_bytes - 64), 1u << 20);
	return REFUSED;
}

/* ---- rings ---- */

#define SIZE 8u

static struct {
	struct vring_desc desc[SIZE] __attribute__((aligned(16)));
	struct {
		uint16_t flags, idx, ring[SIZE];
	} avail __attribute__((aligned(2)));
	uint8_t used[256] __attribute__((aligned(4)));
} ring;

static uint32_t blk_register(enum hv_queue_port port)
{
	uint32_t value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"((uint16_t)(HV_BLK_PORT + 4 * port)));
	return value;
}

static void set(enum hv_queue_port port, uint32_t value)
{
	out32((uint16_t)(HV_BLK_PORT + 4 * port), value);
}

static void start_ring(uint32_t desc, uint32_t size)
{
	set(HV_QUEUE_SIZE, 0);
	set(HV_QUEUE_DESC, desc);
	set(HV_QUEUE_AVAIL, gpa_of(&ring.avail));
	set(HV_QUEUE_USED, gpa_of(ring.used));
	set(HV_QUEUE_SIZE, size);
}

/* Rings the bell for a chain that begins at `head`; the device must call the queue broken, at once
 * or when its thread has come to it. */
static int offer(uint16_t head, uint16_t index)
{
	start_ring(gpa_of(ring.desc), SIZE);
	ring.avail.ring[0] = head;
	ring.avail.idx = index;
	set(HV_QUEUE_NOTIFY, 0);
	for (unsigned looks = 0; looks < 100000; looks++)
		if (blk_register(HV_QUEUE_STATUS) == 2)
			return REFUSED;
	return 1;
}

static int ring_index_jumps(void)
{
	return offer(0, SIZE + 1);
}

static int ring_bad_head(void)
{
	return offer(0x7fff, 1);
}

static int ring_loop(void)
{
	for (unsigned i = 0; i < SIZE; i++)
		ring.desc[i] = (struct vring_desc){gpa_of(ring.used), 1, VRING_DESC_F_NEXT,
						   (uint16_t)((i + 1) % SIZE)};
	return offer(0, 1);
}

static int ring_outside_memory(void)
{
	ring.desc[0] = (struct vring_desc){hostile_boot->mem_bytes - 8, 16, 0, 0};
	return offer(0, 1);
}

static int ring_address_wraps(void)
{
	ring.desc[0] = (struct vring_desc){0xfffffffffffffff0u, 32, 0, 0};
	return offer(0, 1);
}

static int ring_read_after_write(void)
{
	ring.desc[0] = (struct vring_desc){gpa_of(ring.used), 1,
					   VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 1};
	ring.desc[1] = (struct vring_desc){gpa_of(ring.used), 16, 0, 0};
	return offer(0, 1);
}

static int ring_no_request(void)
{
	ring.desc[0] = (struct vring_desc){gpa_of(ring.used), 3, 0, 0};
	return offer(0, 1);
}

static int ring_beyond_memory(void)
{
	start_ring(0xfffffff0u, SIZE);
	return blk_register(HV_QUEUE_STATUS) == 2 ? REFUSED : 1;
}

static int ring_bad_size(void)
{
	start_ring(gpa_of(ring.desc), 3);
	return blk_register(HV_QUEUE_STATUS) == 2 ? REFUSED : 1;
}

/* The ATA disk: reads beyond the end, then every register and command with everything. */
static int ata_abuse(void)
{
	static uint8_t buffer[65536];
	if (guest_ata_read(0x0fffffff, 255, buffer) == 0)
		return 1;
	for (unsigned command = 0; command < 256; command++) {
		for (uint16_t reg = 1; reg < 7; reg++)
			out8((uint16_t)(HV_ATA_PORT + reg), (uint8_t)(command * 37 + reg));
		out8(HV_ATA_PORT + 7, (uint8_t)command);
		in16_string(HV_ATA_PORT, buffer, 4096); /* 16 sectors, wanted or not */
		for (unsigned i = 0; i < 8; i++)
			out16(HV_ATA_PORT, (uint16_t)i);
	}
	return REFUSED;
}

/* ---- processors ---- */

static int start_nobody(void)
{
	static const uint32_t cpus[] = {0, 8, 0x80000000u, 0xffffffffu};
	for (unsigned i = 0; i < 4; i++) {
		volatile struct hv_call_start call = {.cpu = cpus[i], .entry = HV_IMAGE_GPA};
		hypercall(HV_CALL_START, &call);
		if (!call.failed)
			return 1;
	}
	return REFUSED;
}

static int start_nowhere(void)
{
	volatile struct hv_call_start call = {.cpu = 1, .entry = 0xdffffff0u, .stack = 0xfffffff8u};
	hypercall(HV_CALL_START, &call);
	return call.failed ? REFUSED : endless_loop();
}

static int wait_for_bad_word(void)
{
	volatile struct hv_call_wait call = {.word = 0xfffffff8u};
	hypercall(HV_CALL_WAIT, &call);
	return 0;
}

static int interrupt_without(void)
{
	volatile struct hv_call_ipi call = {.cpu = 0xffffffffu};
	hypercall(HV_CALL_IPI, &call);
	return 0;
}

static volatile int stop_scribbling;

static void scribble(uint32_t cpu)
{
	uint64_t x = cpu + 1;
	while (!stop_scribbling) {
		volatile struct vring_desc *desc = &ring.desc[x % SIZE];
		x = x * 6364136223846793005u + 1442695040888963407u;
		desc->addr = x % 3 ? gpa_of(ring.used) : x;
		desc->len = x % 5 ? 16 : (uint32_t)x;
		desc->flags = (uint16_t)(x >> 16 & 3);
		desc->next = (uint16_t)(x >> 32 & 15);
		*(volatile uint16_t *)&ring.avail.ring[x >> 40 & 7] = (uint16_t)(x >> 50 & 15);
		*(volatile uint16_t *)&ring.avail.idx = (uint16_t)(x >> 60);
	}
}

/* One processor rings the bell while another changes ring and descriptors under the device. */
static int ring_race(void)
{
	guest_cpu_start(1, scribble);
	for (int i = 0; i < 300; i++) {
		start_ring(gpa_of(ring.desc), SIZE);
		ring.avail.idx = 1;
		set(HV_QUEUE_NOTIFY, 0);
		if (blk_register(HV_QUEUE_STATUS) == 0)
			return 1;
	}
	stop_scribbling = 1;
	return REFUSED;
}

static const struct hostile_trick tricks[] = {
	{"endless-loop", endless_loop},
	{"endless-exits", endless_exits},
	{"endless-privileged", endless_privileged},
	{"invalid-opcode", invalid_opcode},
	{"write-above-memory", write_above_memory},
	{"write-null", write_null},
	{"write-kernel", write_kernel},
	{"jump-away", jump_away},
	{"halt", halt},
	{"vmcall", vmcall},
	{"sse", sse},
	{"system-call", system_call},
	{"system-call-32", system_call_32},
	{"stub-system-call", stub_system_call},
	{"stub-memory", stub_memory},
	{"call-with-bad-block", call_with_bad_block},
	{"write-too-long", write_too_long},
	{"write-elsewhere", write_elsewhere},
	{"string-into-nowhere", string_into_nowhere},
	{"ring-index-jumps", ring_index_jumps},
	{"ring-bad-head", ring_bad_head},
	{"ring-loop", ring_loop},
	{"ring-outside-memory", ring_outside_memory},
	{"ring-address-wraps", ring_address_wraps},
	{"ring-read-after-write", ring_read_after_write},
	{"ring-no-request", ring_no_request},
	{"ring-beyond-memory", ring_beyond_memory},
	{"ring-bad-size", ring_bad_size},
	{"ata-abuse", ata_abuse},
	{"start-nobody", start_nobody},
	{"start-nowhere", start_nowhere},
	{"wait-for-bad-word", wait_for_bad_word},
	{"interrupt-without", interrupt_without},
	{"ring-race", ring_race},
	{0},
};

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static const struct hostile_trick *find(const struct hostile_trick *table)
{
	while (table->name && !same(table->name, hostile_boot->argument))
		table++;
	return table;
}

static int (*volatile trick)(void);
static volatile int status = -1;

static void do_trick(uint32_t cpu)
{
	(void)cpu;
	status = trick();
}

/* On a machine of several processors the last one does it, while the first asks the VMM for other
 * things. */
int guest_main(const struct hv_boot *boot)
{
	hostile_boot = boot;
	trick = find(tricks)->run;
	if (!trick)
		trick = find(hostile_tables)->run;
	if (!trick)
		trick = find(hostile_stub)->run;
	if (!trick) {
		guest_puts("hostile: no such trick\n");
		return 2;
	}
	if (boot->cpus == 1 || guest_cpu_start((uint32_t)boot->cpus - 1, do_trick))
		return trick();
	while (status < 0) {
		out32(HV_NOP_PORT, 0);
		for (int i = 0; i < 10000; i++)
			__asm__ volatile("pause");
	}
	return status;
}
