/* SPDX-License-Identifier: GPL-2.0-or-later
 * Whatever a guest does ends in a typed outcome within its deadline, on every backend, and never in
 * a failure of the host. */
#include "tests/hvcore/machine.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define BIT(kind)   (1u << HV_RUN_##kind)
#define FAULTS	    (BIT(FAULT) | BIT(SHUTDOWN))
#define REFUSED	    42
#define DEADLINE_NS 20000000u

/* What each trick may come to. `refused`: an exit with REFUSED, because the device said no. */
static const struct {
	const char *name;
	unsigned kvm, trap, emulator;
	bool refused;
} tricks[] = {
	{"endless-loop", BIT(TIMEOUT), BIT(TIMEOUT), BIT(TIMEOUT), false},
	{"endless-exits", BIT(TIMEOUT), BIT(TIMEOUT), BIT(TIMEOUT), false},
	{"endless-privileged", BIT(TIMEOUT) | FAULTS, BIT(TIMEOUT), BIT(TIMEOUT), false},
	{"invalid-opcode", FAULTS, BIT(FAULT), FAULTS, false},
	{"write-above-memory", BIT(FAULT), BIT(FAULT), BIT(FAULT), false},
	{"write-null", FAULTS, BIT(FAULT), FAULTS, false},
	{"write-kernel", FAULTS, BIT(FAULT), FAULTS, false},
	{"jump-away", FAULTS, BIT(FAULT), FAULTS, false},
	{"halt", FAULTS | BIT(HALTED), BIT(HALTED), BIT(HALTED), false},
	{"vmcall", FAULTS | BIT(BROKEN) | BIT(TIMEOUT) | BIT(EXITED), BIT(FAULT), FAULTS, false},
	{"system-call", FAULTS, BIT(FAULT), FAULTS, false},
	{"system-call-32", FAULTS, BIT(FAULT), FAULTS, false},
	{"stub-system-call", FAULTS, BIT(FAULT), FAULTS, false},
	{"stub-memory", FAULTS, BIT(BROKEN), FAULTS, false},
	{"call-with-bad-block", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"write-too-long", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"write-elsewhere", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"string-into-nowhere", BIT(FAULT), BIT(FAULT), BIT(FAULT), false},
	{"sse", 0, 0, 0, true},
	{"ring-index-jumps", 0, 0, 0, true},
	{"ring-bad-head", 0, 0, 0, true},
	{"ring-loop", 0, 0, 0, true},
	{"ring-outside-memory", 0, 0, 0, true},
	{"ring-address-wraps", 0, 0, 0, true},
	{"ring-read-after-write", 0, 0, 0, true},
	{"ring-no-request", 0, 0, 0, true},
	{"ring-beyond-memory", 0, 0, 0, true},
	{"ring-bad-size", 0, 0, 0, true},
	{"ata-abuse", 0, 0, 0, true},
	{"start-nobody", 0, 0, 0, true},
	{"start-nowhere", BIT(EXITED) | BIT(BROKEN) | FAULTS, BIT(EXITED), BIT(EXITED), false},
	{"wait-for-bad-word", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"interrupt-without", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"ring-race", 0, 0, 0, true},
	{"tables-block", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"tables-print", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"tables-wait-for-word", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"tables-release", BIT(BAD_CALL), BIT(BAD_CALL), BIT(BAD_CALL), false},
	{"tables-map-entries", 0, 0, 0, true},
	{"tables-map-page", 0, 0, 0, true},
	{"tables-string", FAULTS, BIT(FAULT), FAULTS, false},
	{"tables-dma-in", 0, 0, 0, true},
	{"tables-dma-out", 0, 0, 0, true},
	{"tables-dma-across", 0, 0, 0, true},
	{"tables-nic-sends", 0, 0, 0, true},
	{"tables-nic-receives", 0, 0, 0, true},
	{"tables-queue", 0, 0, 0, true},
	{"tables-queue-data", 0, 0, 0, true},
};

/* The peer of a network card, `ends[0]`, with a packet that waits. */
static void open_peer(int ends[2])
{
	static const uint8_t packet[1500] = {1, 2, 3};
	CU_ASSERT_EQUAL_FATAL(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	CU_ASSERT_EQUAL_FATAL(send(ends[1], packet, sizeof(packet), 0), sizeof(packet));
}

static void every_trick(const char *backend, unsigned cpus, bool iothread, bool window)
{
	if (!machine_available(backend))
		return;
	int disk = machine_disk();
	for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		int ends[2];
		open_peer(ends);
		struct machine m = {.backend = backend,
				    .image = "hostile",
				    .argument = tricks[i].name,
				    .cpus = cpus,
				    .iothread = iothread,
				    .window = window,
				    .disk = disk,
				    .nic = ends[0]};
		struct machine_result r;
		unsigned allowed = strcmp(backend, "kvm") == 0	  ? tricks[i].kvm
				   : strcmp(backend, "trap") == 0 ? tricks[i].trap
								  : tricks[i].emulator;
		/* Only what is meant to run into its deadline gets a short one. */
		m.limit_ns = allowed & BIT(TIMEOUT) ? DEADLINE_NS : 0;
		machine_run(&m, &r);
		bool good = r.rc == 0 && (tricks[i].refused ? r.outcome.kind == HV_RUN_EXITED &&
								      r.outcome.status == REFUSED
							    : allowed & 1u << r.outcome.kind);
		CU_ASSERT(good);
		if (!good)
			printf("\n  %s on %s: rc %d (%s), %s, status %d: %s\n", tricks[i].name,
			       backend, r.rc, r.err.text, hv_outcome_name(r.outcome.kind),
			       r.outcome.status, r.outcome.text);
		close(ends[0]);
		close(ends[1]);
	}
	close(disk);
}

/* Each hypercall that has an argument block, with one in the VMM's part or across its border: as
 * code, since a guest's run ends with the first. */
static void no_hypercall_takes_a_block_in_the_vmms_part(void)
{
	static const char *const backends[] = {"kvm", "trap", "emulator"};
	static const uint32_t blocks[] = {0, 8, 0x1000, 0x8000, HV_BOOT_GPA - 8, HV_BOOT_GPA - 4};
	for (size_t b = 0; b < sizeof(backends) / sizeof(backends[0]); b++) {
		if (!machine_available(backends[b]))
			continue;
		for (unsigned call = 0; call < HV_CALL_COUNT; call++)
			for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
				uint8_t code[] = {0xb8, 0,    0,   0, 0, /* mov eax, block */
						  0xba, 0,    0,   0, 0, /* mov edx, port */
						  0xef, 0xeb, 0xfe};	 /* out; jmp . */
				uint32_t port = HV_CALL_PORT + call;
				memcpy(code + 1, &blocks[i], 4);
				memcpy(code + 6, &port, 4);
				struct machine m = {.backend = backends[b],
						    .code = code,
						    .code_bytes = sizeof(code),
						    .limit_ns = 1000000000,
						    .disk = -1};
				struct machine_result r;
				if (call == HV_CALL_STOP) /* has none */
					continue;
				machine_run(&m, &r);
				CU_ASSERT_EQUAL(r.rc, 0);
				CU_ASSERT_EQUAL(r.outcome.kind, HV_RUN_BAD_CALL);
			}
	}
}

static void tricks_on_kvm(void)
{
	every_trick("kvm", 1, false, false);
}

/* One of three processors does it, the others go on until the end. */
static void tricks_on_several_processors(void)
{
	every_trick("kvm", 3, false, false);
}

/* The rings are looked at beside the guest that wrote them. */
static void tricks_on_an_iothread(void)
{
	every_trick("kvm", 1, true, false);
	every_trick("kvm", 3, true, false);
	every_trick("trap", 1, true, false);
}

static void tricks_on_trap(void)
{
	every_trick("trap", 1, false, false);
}

static void tricks_on_trap_with_a_window(void)
{
	every_trick("trap", 1, false, true);
}

/* By the stub's own instruction: where there is a window the filter lets mmap and munmap through,
 * but for nothing else than that. */
static void the_stub_maps_nothing_but_the_window(void)
{
	static const struct {
		const char *name;
		int call;
		bool allowed; /* where there is a window; then what follows there ends it */
	} tries[] = {
		{"stub-map-what-is-ours", SYS_mmap, true},
		{"stub-map-tables", SYS_mmap, false},
		{"stub-map-far-offset", SYS_mmap, false},
		{"stub-map-before", SYS_mmap, false},
		{"stub-map-behind", SYS_mmap, false},
		{"stub-map-far", SYS_mmap, false},
		{"stub-map-its-code", SYS_mmap, false},
		{"stub-map-long", SYS_mmap, false},
		{"stub-map-longer", SYS_mmap, false},
		{"stub-map-anonymous", SYS_mmap, false},
		{"stub-map-anywhere", SYS_mmap, false},
		{"stub-map-other", SYS_mmap, false},
		{"stub-unmap-its-code", SYS_munmap, false},
		{"stub-unmap-memory", SYS_munmap, false},
		{"stub-unmap-long", SYS_munmap, false},
		{"stub-protect", SYS_mprotect, false},
	};
	if (!machine_available("trap"))
		return;
	for (size_t i = 0; i < 2 * sizeof(tries) / sizeof(tries[0]); i++) {
		struct machine m = {.backend = "trap",
				    .image = "hostile",
				    .argument = tries[i / 2].name,
				    .window = i % 2,
				    .disk = -1};
		struct machine_result r;
		char refusal[32];
		snprintf(refusal, sizeof(refusal), "system call %d,", tries[i / 2].call);
		machine_run(&m, &r);
		bool passes = tries[i / 2].allowed && m.window;
		bool good = r.outcome.kind == HV_RUN_FAULT &&
			    strstr(r.outcome.text, passes ? "exception 6 at" : refusal);
		CU_ASSERT(r.rc == 0 && good);
		if (!good)
			printf("\n  %s, window %d: %s, status %d: %s\n", m.argument, m.window,
			       hv_outcome_name(r.outcome.kind), r.outcome.status, r.outcome.text);
	}
}

static void tricks_on_emulator(void)
{
	every_trick("emulator", 1, false, false);
}

/* At CPL0 whatever the machine offers: emulated there, these once hung or broke KVM. On hardware
 * the first two work. */
static void kernel_mode_tricks_on_kvm(void)
{
	static const char *const names[] = {
		"vmcall",	  "sse",	"endless-loop", "endless-privileged",
		"invalid-opcode", "write-null", "halt"};
	if (!machine_available("kvm"))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct machine m = {.backend = "kvm",
				    .image = "hostile",
				    .argument = names[i],
				    .regime = HV_REGIME_CPL0,
				    .limit_ns = DEADLINE_NS,
				    .disk = -1};
		struct machine_result r;
		machine_run(&m, &r);
		CU_ASSERT_EQUAL(r.rc, 0);
		CU_ASSERT(r.outcome.kind != HV_RUN_EXITED ||
			  (i < 2 && r.outcome.status == REFUSED));
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void random_bytes(const char *backend)
{
	if (!machine_available(backend))
		return;
	uint64_t state = 88172645463325252u;
	enum hv_regime regime = HV_REGIME_NONE;
	struct err e;
	if (hv_backend_find(backend)->regime)
		hv_backend_find(backend)->regime(&regime, &e);
	for (int round = 0; round < 100; round++) {
		uint64_t code[512];
		for (size_t i = 0; i < 512; i++)
			code[i] = next_random(&state);
		struct machine m = {.backend = backend,
				    .code = code,
				    .code_bytes = sizeof(code),
				    .regime = regime,
				    .limit_ns = 20000000,
				    .disk = -1};
		struct machine_result r;
		machine_run(&m, &r);
		CU_ASSERT_EQUAL(r.rc, 0);
		if (r.rc)
			printf("\n  round %d on %s: %s\n", round, backend, r.err.text);
	}
}

static void random_bytes_on_kvm(void)
{
	random_bytes("kvm");
}

static void random_bytes_on_trap(void)
{
	random_bytes("trap");
}

static void random_bytes_on_emulator(void)
{
	random_bytes("emulator");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"tricks_on_kvm", tricks_on_kvm},
		{"tricks_on_several_processors", tricks_on_several_processors},
		{"tricks_on_an_iothread", tricks_on_an_iothread},
		{"tricks_on_trap", tricks_on_trap},
		{"tricks_on_trap_with_a_window", tricks_on_trap_with_a_window},
		{"the_stub_maps_nothing_but_the_window", the_stub_maps_nothing_but_the_window},
		{"tricks_on_emulator", tricks_on_emulator},
		{"no_hypercall_takes_a_block_in_the_vmms_part",
		 no_hypercall_takes_a_block_in_the_vmms_part},
		{"kernel_mode_tricks_on_kvm", kernel_mode_tricks_on_kvm},
		{"random_bytes_on_kvm", random_bytes_on_kvm},
		{"random_bytes_on_trap", random_bytes_on_trap},
		{"random_bytes_on_emulator", random_bytes_on_emulator},
		{0},
	};
	return test_main("hostile guests", cases, argc, argv);
}
