/* SPDX-License-Identifier: GPL-2.0-or-later
 * The same image on every backend that runs images: the same output, the same hypercalls, the same
 * bytes from the disk; and nothing left behind by machines that were. */
#include "hvcore/clock.h"
#include "hvcore/device/disk_file.h"
#include "hvcore/probe/guest_bench.h"
#include "tests/hvcore/machine.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const backends[] = {"kvm", "trap", "emulator"};
#define BACKENDS 3

static bool all_available(void)
{
	bool all = true;
	for (unsigned i = 0; all && i < BACKENDS; i++)
		all = machine_available(backends[i]);
	return all;
}

static void hello_on(const char *backend)
{
	if (!machine_available(backend))
		return;
	struct machine m = {.backend = backend, .image = "hello", .argument = "world", .disk = -1};
	struct machine_result r;
	machine_run(&m, &r);
	CU_ASSERT_EQUAL(r.rc, 0);
	CU_ASSERT_EQUAL(r.outcome.kind, HV_RUN_EXITED);
	CU_ASSERT_EQUAL(r.outcome.status, 0);
	CU_ASSERT_STRING_EQUAL(r.console, "hello, world\n");
	CU_ASSERT_EQUAL(r.counters.calls[HV_CALL_WRITE], 4);
	CU_ASSERT_EQUAL(r.counters.calls[HV_CALL_EXIT], 1);
}

static void hello_on_kvm(void)
{
	hello_on("kvm");
}

static void hello_on_trap(void)
{
	hello_on("trap");
}

static void hello_on_emulator(void)
{
	hello_on("emulator");
}

static void same_output_and_hypercalls_everywhere(void)
{
	if (!all_available())
		return;
	static const char *const arguments[] = {"", "a", "a longer argument, with punctuation"};
	for (unsigned a = 0; a < 3; a++) {
		struct machine_result first;
		for (unsigned i = 0; i < BACKENDS; i++) {
			struct machine m = {.backend = backends[i],
					    .image = "hello",
					    .argument = arguments[a],
					    .disk = -1};
			struct machine_result r;
			machine_run(&m, &r);
			if (i == 0)
				first = r;
			CU_ASSERT_EQUAL(r.outcome.kind, first.outcome.kind);
			CU_ASSERT_EQUAL(r.outcome.status, first.outcome.status);
			CU_ASSERT_STRING_EQUAL(r.console, first.console);
			CU_ASSERT_EQUAL(memcmp(r.counters.calls, first.counters.calls,
					       sizeof(r.counters.calls)),
					0);
			CU_ASSERT_EQUAL(r.counters.exits, first.counters.exits);
		}
	}
}

/* An operation that all backends can do, and which disk it needs. */
struct work {
	enum hv_op op;
	bool ata, reads, strings; /* strings: it has one string instruction per sector */
	uint32_t blocks, depth;
};

/* Fewer where each time is thousands of exits, which must not take a loaded machine too long. */
static unsigned times(const struct work *w)
{
	return w->strings ? 4 : 50;
}

static off_t block_of(const struct work *w, uint64_t index)
{
	return (off_t)(hv_block_at(index) & ~(w->blocks - 1)) * HV_BLOCK_BYTES;
}

/* One backend does the work on a disk that only others of its kind (reads, writes) have used;
 * returns how many exits it took. */
static uint64_t exits_for(const char *backend, const struct work *w, const struct hv_disk *disk)
{
	struct hv_probe_env env = {0};
	struct hv_device device;
	struct hv_bench bench;
	struct hv_batch batch;
	struct err e = {0};
	static const uint64_t none = 0;
	uint64_t requests = times(w) * w->depth;
	bool writes = w->blocks && !w->reads;
	for (uint64_t i = 17; writes && i < 17 + requests; i++)
		CU_ASSERT_EQUAL(pwrite(disk->fd, &none, 8, block_of(w, i)), 8);
	int rc = (w->ata ? hv_ata_make : hv_virtio_blk_make)(&device, disk->fd, disk->bytes, &e);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	const struct hv_bench_options options = {.device = &device, .interrupts = true};
	rc = hv_bench_open(&bench, hv_backend_find(backend), &env, &options, &e);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	bench.arg = 17;
	bench.blocks = w->blocks;
	bench.depth = w->depth;
	CU_ASSERT_EQUAL(hv_bench_run(&bench, w->op, times(w), &batch, &e), 0);
	if (w->reads)
		CU_ASSERT_EQUAL(bench.checksum, hv_disk_sum(disk, 17, requests, w->blocks));
	/* Each block that was written begins with the number of the last request to it. */
	for (uint64_t i = 17; writes && i < 17 + requests; i++) {
		uint64_t number = 0;
		CU_ASSERT_EQUAL(pread(disk->fd, &number, 8, block_of(w, i)), 8);
		CU_ASSERT(number >= i && number < 17 + requests);
		CU_ASSERT_EQUAL(hv_block_at(number) / w->blocks, hv_block_at(i) / w->blocks);
	}
	uint64_t exits = bench.vm->counters.exits;
	hv_bench_close(&bench);
	return exits;
}

/* A fixed number of times on each backend: equal results, equal exits. */
static void same_work_and_exits_everywhere(void)
{
	static const struct work works[] = {
		{HV_OP_EMPTY, 0, 0, 0, 0, 0},
		{HV_OP_PIO, 0, 0, 0, 0, 0},
		{HV_OP_MMIO, 0, 0, 0, 0, 0},
		{HV_OP_MMIO_IN, 0, 0, 0, 0, 0},
		{HV_OP_DOORBELL, 0, 0, 0, 0, 0},
		{HV_OP_HYPERCALL, 0, 0, 0, 0, 0},
		{HV_OP_ATA_READ, true, true, true, 1, 1},
		{HV_OP_ATA_WRITE, true, false, true, 1, 1},
		{HV_OP_ATA_READ, true, true, true, 16, 1},
		{HV_OP_ATA_DMA_READ, true, true, false, 1, 1},
		{HV_OP_ATA_DMA_WRITE, true, false, false, 1, 1},
		{HV_OP_ATA_DMA_READ, true, true, false, 16, 1},
		{HV_OP_ATA_DMA_WRITE, true, false, false, 16, 1},
		{HV_OP_VIRTIO_READ, false, true, false, 1, 1},
		{HV_OP_VIRTIO_WRITE, false, false, false, 1, 1},
		{HV_OP_VIRTIO_READ, false, true, false, 16, 16},
		{HV_OP_VIRTIO_WRITE, false, false, false, 16, 16},
	};
	if (!all_available())
		return;
	struct hv_disk *disks = calloc(2, sizeof(*disks)); /* one to write, one to read */
	struct err e = {0};
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(hv_disk_open(&disks[i], test_scratch(), &e), 0);
	for (size_t k = 0; k < sizeof(works) / sizeof(works[0]); k++) {
		uint64_t least = 0;
		for (unsigned i = 0; i < BACKENDS; i++) {
			/* A string instruction is one exit, but word by word on the emulator, and
			 * on KVM when it is output. */
			bool words = strcmp(backends[i], "emulator") == 0 ||
				     (strcmp(backends[i], "kvm") == 0 && !works[k].reads);
			uint64_t strings =
				works[k].strings ? times(&works[k]) * HV_BLOCK_BYTES / 512 : 0;
			uint64_t exits = exits_for(backends[i], &works[k], &disks[works[k].reads]);
			exits -= words ? works[k].blocks * strings * (512 / 2 - 1) : 0;
			least = i ? least : exits;
			if (exits != least)
				printf("\noperation %d on %s: %llu exits, %llu on %s\n",
				       works[k].op, backends[i], (unsigned long long)exits,
				       (unsigned long long)least, backends[0]);
			CU_ASSERT_EQUAL(exits, least);
		}
	}
	for (int i = 0; i < 2; i++)
		hv_disk_close(&disks[i]);
	free(disks);
}

/* What a guest sends by each of the four sending devices: the same bytes from every backend. */
static void same_bytes_are_sent_everywhere(void)
{
	static const enum hv_op ops[] = {HV_OP_UART_LINE, HV_OP_CONSOLE_LINE, HV_OP_RTL8139_SEND,
					 HV_OP_VIRTIO_SEND};
	static const uint32_t bytes[] = {HV_LINE_BYTES, HV_LINE_BYTES, HV_PACKET_BYTES,
					 HV_PACKET_BYTES};
	for (unsigned i = 0; i < BACKENDS; i++) {
		for (size_t k = 0; machine_available(backends[i]) && k < 4; k++) {
			struct hv_device device;
			struct err e = {0};
			int peer = memfd_create("peer", MFD_CLOEXEC);
			int rc = k == 0	  ? hv_uart_make(&device, peer, &e)
				 : k == 1 ? hv_virtio_send_make(&device, HV_CONSOLE_PORT, 0, peer,
								&e)
				 : k == 2 ? hv_rtl8139_make(&device, peer, &e)
					  : hv_virtio_send_make(&device, HV_NET_PORT,
								HV_NET_HEADER_BYTES, peer, &e);
			CU_ASSERT_EQUAL_FATAL(rc, 0);
			struct hv_bench_options options = {.device = &device};
			struct hv_probe_env env = {0};
			struct hv_bench bench;
			struct hv_batch batch;
			CU_ASSERT_EQUAL_FATAL(hv_bench_open(&bench, hv_backend_find(backends[i]),
							    &env, &options, &e),
					      0);
			CU_ASSERT_EQUAL(hv_bench_run(&bench, ops[k], 20, &batch, &e), 0);
			hv_bench_close(&bench);
			CU_ASSERT_EQUAL(lseek(peer, 0, SEEK_END), 20 * bytes[k]);
			for (uint64_t n = 0; n < 20; n++) {
				uint8_t got[HV_PACKET_BYTES] = {0};
				ssize_t length = pread(peer, got, bytes[k], (off_t)(n * bytes[k]));
				CU_ASSERT_EQUAL(length, bytes[k]);
				for (uint32_t b = 0; b + 1 < bytes[k]; b++)
					CU_ASSERT_EQUAL_FATAL(got[b], hv_sent_byte(n, b));
			}
			close(peer);
		}
	}
}

/* Packets of a socket arrive as they were sent, by both cards and on every backend; and a guest
 * that waits for more than there is ends at its deadline. */
static void same_packets_are_received_everywhere(void)
{
	for (unsigned k = 0; k < 2 * BACKENDS; k++) {
		const char *name = backends[k / 2];
		bool para = k % 2;
		if (!machine_available(name))
			continue;
		struct hv_device device;
		struct hv_bench bench;
		struct hv_batch batch;
		struct hv_probe_env env = {0};
		struct err e = {0};
		int ends[2];
		uint8_t packet[HV_PACKET_BYTES];
		uint64_t sum = 0;
		CU_ASSERT_EQUAL_FATAL(
			socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			0);
		for (uint64_t i = 0; i < 20; i++) {
			for (uint32_t b = 0; b < HV_PACKET_BYTES; b++)
				packet[b] = hv_sent_byte(i, b);
			sum += hv_packet_sum(packet);
			CU_ASSERT_EQUAL(send(ends[1], packet, sizeof(packet), 0), sizeof(packet));
		}
		int rc = para ? hv_virtio_recv_make(&device, HV_NET_RECEIVE_PORT,
						    HV_NET_HEADER_BYTES, ends[0], &e)
			      : hv_rtl8139_make(&device, ends[0], &e);
		CU_ASSERT_EQUAL_FATAL(rc, 0);
		const struct hv_bench_options options = {.device = &device};
		CU_ASSERT_EQUAL_FATAL(
			hv_bench_open(&bench, hv_backend_find(name), &env, &options, &e), 0);
		uint64_t before = bench.vm->counters.exits;
		enum hv_op op = para ? HV_OP_VIRTIO_RECEIVE : HV_OP_RTL8139_RECEIVE;
		CU_ASSERT_EQUAL(hv_bench_run(&bench, op, 20, &batch, &e), 0);
		CU_ASSERT_EQUAL(bench.checksum, sum);
		CU_ASSERT_EQUAL(bench.vm->counters.exits - before, 20 * (para ? 1 : 4) + 1);
		/* The yield's block, as the guest left it: one request, for which nobody asks. */
		struct hv_call_yield *work = hv_mem_at(&bench.vm->mem, bench.block, sizeof(*work));
		work->op = HV_OP_REQUEST_FULL;
		work->iterations = 1;
		struct hv_outcome outcome;
		uint64_t start = hv_clock_ns();
		CU_ASSERT_EQUAL(hv_vm_run(bench.vm, 30000000, &outcome, &e), 0);
		CU_ASSERT_EQUAL(outcome.kind, HV_RUN_TIMEOUT);
		CU_ASSERT(hv_clock_ns() - start < 2000000000u);
		hv_bench_close(&bench);
		close(ends[0]);
		close(ends[1]);
	}
}

static void every_interrupt_arrives(void)
{
	uint64_t exits = 0;
	for (unsigned i = 0; i < BACKENDS; i++) {
		const struct hv_backend *backend = hv_backend_find(backends[i]);
		if (!machine_available(backends[i]) || !backend->handler)
			continue;
		const struct hv_bench_options options = {.interrupts = true};
		struct hv_probe_env env = {0};
		struct hv_bench bench;
		struct hv_batch batch;
		struct err e = {0};
		CU_ASSERT_EQUAL_FATAL(hv_bench_open(&bench, backend, &env, &options, &e), 0);
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_INTERRUPT, 500, &batch, &e), 0);
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_INTERRUPT, 1, &batch, &e), 0);
		CU_ASSERT_EQUAL(bench.vm->counters.calls[HV_CALL_HANDLER], 1);
		/* The bell leaves to the VMM; the end of an interrupt does not. */
		exits = exits ? exits : bench.vm->counters.exits;
		CU_ASSERT_EQUAL(bench.vm->counters.exits, exits);
		hv_bench_close(&bench);
	}
}

/* The guest `interrupt` prints what it should, and as many completions and interrupts are behind
 * it. */
static void completions_by_interrupt(const char *backend, struct machine_result *r)
{
#define ONE_LINE(how, requests, interrupts)                                                        \
	how " requests 00000000000000" requests " interrupts 000000000000000" interrupts "\n"
	static const char expected[] = ONE_LINE("polled", "03", "0") ONE_LINE("flags", "05", "5")
		ONE_LINE("flags", "20", "2") ONE_LINE("polled", "20", "0")
			ONE_LINE("polled", "04", "0") ONE_LINE("event index", "05", "5")
				ONE_LINE("event index", "40", "4") "sum ";
#undef ONE_LINE
	int disk = machine_disk();
	const struct machine m = {
		.backend = backend, .image = "interrupt", .interrupts = true, .disk = disk};
	for (uint64_t sector = 0; sector < 200; sector++) {
		uint64_t word = (sector + 1) * 0x9e3779b97f4a7c15u;
		CU_ASSERT_EQUAL(pwrite(disk, &word, sizeof(word), (off_t)(512 * sector)), 8);
	}
	machine_run(&m, r);
	close(disk);
	CU_ASSERT_EQUAL(r->rc, 0);
	CU_ASSERT_EQUAL(r->outcome.kind, HV_RUN_EXITED);
	CU_ASSERT_EQUAL(r->outcome.status, 0);
	CU_ASSERT_EQUAL(strncmp(r->console, expected, strlen(expected)), 0);
	CU_ASSERT_EQUAL(r->counters.completions, 3 + 5 + 32 + 32 + 4 + 5 + 64);
	CU_ASSERT_EQUAL(r->counters.interrupts, 5 + 2 + 5 + 4);
}

static void completions_by_interrupt_on_kvm(void)
{
	struct machine_result r;
	if (machine_available("kvm"))
		completions_by_interrupt("kvm", &r);
}

/* The same output, and the same counts of everything. */
static void same_completions_by_interrupt_everywhere(void)
{
	struct machine_result first = {0}, r;
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		completions_by_interrupt(backends[i], &r);
		if (!first.length)
			first = r;
		CU_ASSERT_STRING_EQUAL(r.console, first.console);
		CU_ASSERT_EQUAL(memcmp(&r.counters, &first.counters, sizeof(r.counters)), 0);
	}
}

/* The guest `count` says what it should on each backend that has as many processors; the others
 * say that they have not. */
static void processors_count_together(void)
{
	static const char *const expected[] = {"sum 00000000000186a0 turns 0000000000000004\n",
					       "sum 0000000000030d40 turns 0000000000000008\n"};
	for (unsigned i = 0; i < 2 * BACKENDS; i++) {
		struct machine m = {.backend = backends[i / 2],
				    .image = "count",
				    .cpus = i % 2 + 1,
				    .disk = -1};
		struct machine_result r;
		char both[200];
		if (!machine_available(m.backend))
			continue;
		machine_run(&m, &r);
		if (m.cpus > 1 && hv_backend_find(m.backend)->cpus == 0) {
			CU_ASSERT_EQUAL(r.rc, ERR_UNSUPPORTED);
			CU_ASSERT_PTR_NOT_NULL(strstr(r.err.text, "not available"));
			continue;
		}
		snprintf(both, sizeof(both), "%s%s", expected[i % 2], expected[i % 2]);
		CU_ASSERT_EQUAL(r.rc, 0);
		CU_ASSERT_EQUAL(r.outcome.kind, HV_RUN_EXITED);
		CU_ASSERT_EQUAL(r.outcome.status, 0);
		CU_ASSERT_STRING_EQUAL(r.console, both);
		CU_ASSERT_EQUAL(r.counters.calls[HV_CALL_WRITE], 10);
		/* One more each that is refused: up to two of the second round may come early. */
		CU_ASSERT(r.counters.calls[HV_CALL_START] >= 2 * (m.cpus - 1) + 2);
	}
}

/* Interrupts between processors, from the timer and into a guest that sleeps: each comes, none
 * early, and outside of a run no processor runs. */
static void processors_interrupt_each_other(void)
{
	static const struct {
		enum hv_op op;
		uint64_t arg;
		uint64_t calls; /* HV_CALL_IPI per operation */
	} rows[] = {{HV_OP_IPI, HV_IPI_APIC, 0},	 {HV_OP_IPI, HV_IPI_CALL, 1},
		    {HV_OP_IPI, HV_IPI_APIC_HALTED, 0},	 {HV_OP_IPI, HV_IPI_CALL_HALTED, 1},
		    {HV_OP_IPI, HV_IPI_APIC, 0},	 {HV_OP_TIMER_FIRE, 20000, 0},
		    {HV_OP_TIMER_FIRE_HALTED, 20000, 0}, {HV_OP_TIMER_ARM, 0, 0}};
	const struct hv_bench_options options = {.interrupts = true, .cpus = 2};
	struct hv_probe_env env = {0};
	struct hv_bench bench;
	struct hv_batch batch;
	struct err e = {0};
	double ticks_per_ns;
	if (!machine_available("kvm") || hv_ticks_rate(20000000, &ticks_per_ns, &e))
		return;
	CU_ASSERT_EQUAL_FATAL(hv_bench_open(&bench, hv_backend_find("kvm"), &env, &options, &e), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = bench.vm->counters.calls[HV_CALL_IPI];
		bench.arg = rows[i].arg;
		int rc = hv_bench_run(&bench, rows[i].op, 10, &batch, &e);
		CU_ASSERT_EQUAL(rc, 0);
		if (rc)
			printf("\nrow %zu: %s\n", i, e.text);
		uint64_t calls = bench.vm->counters.calls[HV_CALL_IPI] - before;
		/* An interrupt by the local APIC may need none, where hardware sends it. */
		uint64_t least = rows[i].op == HV_OP_IPI ? 10 * rows[i].calls : 10;
		CU_ASSERT(!bench.counts_exits || batch.exits >= (double)least);
		/* One more where the receiver is told to wait in another way. */
		CU_ASSERT(calls == 10 * rows[i].calls || calls == 10 * rows[i].calls + 1);
		if (rows[i].op == HV_OP_TIMER_FIRE || rows[i].op == HV_OP_TIMER_FIRE_HALTED)
			CU_ASSERT((double)bench.checksum >= 10 * 20000 * ticks_per_ns * 0.99);
	}
	hv_bench_close(&bench);
}

static void a_machine_without_interrupts_says_so(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		struct hv_probe_env env = {0};
		struct hv_bench bench;
		struct hv_batch batch;
		struct err e = {0};
		CU_ASSERT_EQUAL_FATAL(
			hv_bench_open(&bench, hv_backend_find(backends[i]), &env, NULL, &e), 0);
		CU_ASSERT_EQUAL(hv_bench_run(&bench, HV_OP_INTERRUPT, 1, &batch, &e), ERR_IO);
		CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no interrupts"));
		hv_bench_close(&bench);
	}
}

/* What vm.create and vm.destroy are made of: on kvm every step, in its order; elsewhere those that
 * all backends have. */
static void a_machine_is_made_and_closed_in_steps(void)
{
	const struct hv_image *image = hv_image_find("hello");
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		bool is_kvm = strcmp(backends[i], "kvm") == 0;
		struct hv_steps steps = {0};
		struct hv_config config = {.backend = hv_backend_find(backends[i]),
					   .image = image->start,
					   .image_bytes = (size_t)(image->end - image->start),
					   .steps = &steps};
		struct hv_vm *vm;
		struct err e;
		uint64_t last = 0;
		CU_ASSERT_EQUAL_FATAL(hv_vm_open(&vm, &config, &e), 0);
		CU_ASSERT(steps.done_ns[HV_STEP_CPUS] > 0);
		CU_ASSERT_EQUAL(steps.done_ns[HV_STEP_CPUS_GONE], 0);
		hv_vm_close(vm);
		for (int s = 0; s < HV_STEP_COUNT; s++) {
			bool kvm_alone = s == HV_STEP_MACHINE || s == HV_STEP_CPUS_GONE;
			if (kvm_alone && !is_kvm) {
				CU_ASSERT_EQUAL(steps.done_ns[s], 0);
				continue;
			}
			CU_ASSERT(steps.done_ns[s] > last);
			last = steps.done_ns[s];
		}
	}
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void nothing_is_left_behind(void)
{
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		struct machine m = {.backend = backends[i],
				    .image = "hello",
				    .regime = HV_REGIME_CPL3,
				    .disk = -1};
		struct machine_result r;
		machine_run(&m, &r); /* what is opened once and kept is open now */
		unsigned before = open_descriptors();
		for (int round = 0; round < 200; round++) {
			machine_run(&m, &r);
			CU_ASSERT_EQUAL_FATAL(r.rc, 0);
		}
		CU_ASSERT_EQUAL(open_descriptors(), before);
		CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* no child, dead or alive */
	}
}

static void a_machine_that_cannot_be_made_leaves_nothing(void)
{
	static const uint8_t code[] = {0xf4};
	for (unsigned i = 0; i < BACKENDS; i++) {
		if (!machine_available(backends[i]))
			continue;
		unsigned before = open_descriptors();
		struct hv_config config = {.backend = hv_backend_find(backends[i]),
					   .image = code,
					   .image_bytes = sizeof(code),
					   .mem_bytes = HV_MEM_MAX + 1};
		struct hv_vm *vm = (struct hv_vm *)&config;
		struct err e;
		CU_ASSERT_EQUAL(hv_vm_open(&vm, &config, &e), ERR_INVALID);
		CU_ASSERT_PTR_NULL(vm);
		config.mem_bytes = 2 << 20;
		config.image_bytes = 2
				     << 20; /* with the VMM's part, more than there is; not read */
		CU_ASSERT_EQUAL(hv_vm_open(&vm, &config, &e), ERR_INVALID);
		CU_ASSERT_EQUAL(open_descriptors(), before);
	}
}

static void the_door_is_checked(void)
{
	struct hv_mem mem;
	struct err e;
	CU_ASSERT_EQUAL_FATAL(hv_mem_open(&mem, 3 << 20, &e), 0);
	CU_ASSERT_EQUAL(mem.size, 4 << 20);
	const uint64_t own = mem.size - HV_BOOT_GPA;
	CU_ASSERT_PTR_EQUAL(hv_mem_at(&mem, HV_BOOT_GPA, own), mem.base + HV_BOOT_GPA);
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, HV_BOOT_GPA, own + 1));
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, HV_BOOT_GPA + 1, own));
	CU_ASSERT_PTR_NOT_NULL(hv_mem_at(&mem, mem.size, 0));
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, mem.size, 1));
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, UINT64_MAX, 1));
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, UINT64_MAX - 7, 16));
	CU_ASSERT_PTR_NULL(hv_mem_at(&mem, HV_BOOT_GPA, UINT64_MAX - 8));
	uint64_t word = 7;
	CU_ASSERT_EQUAL(hv_mem_write(&mem, mem.size - 8, &word, 8), 0);
	CU_ASSERT_EQUAL(hv_mem_write(&mem, mem.size - 7, &word, 8), ERR_INVALID);
	CU_ASSERT_EQUAL(hv_mem_read(&mem, mem.size - 7, &word, 8), ERR_INVALID);
	hv_mem_close(&mem);
}

/* What is the VMM's and what is the guest's: each has a door of its own, and no range passes both
 * or lies across. */
static void the_vmms_part_has_another_door(void)
{
	static const hv_gpa inside[] = {0, 1, 0x1000, 0x8000, HV_BOOT_GPA - 8};
	struct hv_mem mem;
	struct err e;
	uint8_t page[4096] = {1};
	CU_ASSERT_EQUAL_FATAL(hv_mem_open(&mem, 2 << 20, &e), 0);
	for (unsigned i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		CU_ASSERT_PTR_EQUAL(hv_mem_tables(&mem, inside[i], 8), mem.base + inside[i]);
		CU_ASSERT_PTR_NULL(hv_mem_at(&mem, inside[i], 8));
		CU_ASSERT_PTR_NULL(hv_mem_at(&mem, inside[i], 0));
		CU_ASSERT_PTR_NULL(hv_mem_at(&mem, inside[i], mem.size - inside[i]));
		CU_ASSERT_EQUAL(hv_mem_read(&mem, inside[i], page, 8), ERR_INVALID);
		CU_ASSERT_EQUAL(hv_mem_write(&mem, inside[i], page, sizeof(page)), ERR_INVALID);
		CU_ASSERT_EQUAL(hv_mem_release(&mem, inside[i] & ~4095ull, 4096), ERR_INVALID);
		CU_ASSERT_EQUAL(mem.base[inside[i]], 0);
	}
	CU_ASSERT_PTR_NULL(hv_mem_tables(&mem, HV_BOOT_GPA - 8, 9));
	CU_ASSERT_PTR_NULL(hv_mem_tables(&mem, HV_BOOT_GPA, 1));
	CU_ASSERT_PTR_NULL(hv_mem_tables(&mem, 8, UINT64_MAX));
	CU_ASSERT_PTR_NULL(hv_mem_tables(&mem, UINT64_MAX, 2));
	hv_mem_close(&mem);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"hello_on_kvm", hello_on_kvm},
		{"hello_on_trap", hello_on_trap},
		{"hello_on_emulator", hello_on_emulator},
		{"a_machine_is_made_and_closed_in_steps", a_machine_is_made_and_closed_in_steps},
		{"same_output_and_hypercalls_everywhere", same_output_and_hypercalls_everywhere},
		{"same_work_and_exits_everywhere", same_work_and_exits_everywhere},
		{"same_bytes_are_sent_everywhere", same_bytes_are_sent_everywhere},
		{"same_packets_are_received_everywhere", same_packets_are_received_everywhere},
		{"processors_count_together", processors_count_together},
		{"processors_interrupt_each_other", processors_interrupt_each_other},
		{"every_interrupt_arrives", every_interrupt_arrives},
		{"completions_by_interrupt_on_kvm", completions_by_interrupt_on_kvm},
		{"same_completions_by_interrupt_everywhere",
		 same_completions_by_interrupt_everywhere},
		{"a_machine_without_interrupts_says_so", a_machine_without_interrupts_says_so},
		{"nothing_is_left_behind", nothing_is_left_behind},
		{"a_machine_that_cannot_be_made_leaves_nothing",
		 a_machine_that_cannot_be_made_leaves_nothing},
		{"the_door_is_checked", the_door_is_checked},
		{"the_vmms_part_has_another_door", the_vmms_part_has_another_door},
		{0},
	};
	return test_main("guests", cases, argc, argv);
}
