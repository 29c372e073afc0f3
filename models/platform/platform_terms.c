/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/platform_terms.h"

/* Tables, and macros that are rows of them: laid out by hand. */
/* clang-format off */

#define B(value) ((axis_set)(1u << (value)))

#define PLACE(v) .axes[AXIS_PLACEMENT] = (v)
#define GUEST(v) .axes[AXIS_GUEST] = (v)
#define CPU(v)	 .axes[AXIS_CPU] = (v)
#define MMU(v)	 .axes[AXIS_MMU] = (v)
#define IO(v)	 .axes[AXIS_IO] = (v)
#define BACK(v)	 .axes[AXIS_BACKEND] = (v)

#define TERM(o, count, unit, c, where, what, reason, origin)                                       \
	.term = {.op = OP_##o,                                                                     \
		 .n = (count),                                                                     \
		 .per = PER_##unit,                                                                \
		 .primitive = (c),                                                                 \
		 .site = SITE_##where,                                                             \
		 .cause = CAUSE_##what,                                                            \
		 .why = (reason),                                                                  \
		 .from = (origin)}
/* The same work in emulated instructions. */
#define SLOW(o, count, unit, c, what, reason)                                                      \
	.term = {.op = OP_##o,                                                                     \
		 .n = (count),                                                                     \
		 .per = PER_##unit,                                                                \
		 .primitive = (c),                                                                 \
		 .times = "cpu.emulation",                                                         \
		 .site = SITE_GUEST,                                                               \
		 .cause = CAUSE_##what,                                                            \
		 .why = (reason),                                                                  \
		 .from = "cpu: emulation"}
#define NOTIFY(o, count, unit, c, where, what, reason, origin)                                     \
	.term = {.op = OP_##o,                                                                     \
		 .n = (count),                                                                     \
		 .per = PER_##unit,                                                                \
		 .primitive = (c),                                                                 \
		 .site = SITE_##where,                                                             \
		 .cause = CAUSE_##what,                                                            \
		 .notify = true,                                                                   \
		 .why = (reason),                                                                  \
		 .from = (origin)}
#define COMPLETION(o, c, where, what, reason, origin)                                              \
	.term = {.op = OP_##o,                                                                     \
		 .n = 1,                                                                           \
		 .per = PER_OP,                                                                    \
		 .primitive = (c),                                                                 \
		 .site = SITE_##where,                                                             \
		 .cause = CAUSE_##what,                                                            \
		 .completion = true,                                                               \
		 .why = (reason),                                                                  \
		 .from = (origin)}

/* Values that often stand together. */
enum {
	EMU = B(CPU_EMULATION),
	HW = B(CPU_HARDWARE),
	BT = B(CPU_BINARY_TRANSLATION),
	DEPRIV = B(CPU_DEPRIVILEGED),
	FAST = B(CPU_NATIVE) | HW | BT | DEPRIV, /* all that do not emulate */
	NO_GUEST = B(GUEST_NONE),
	PV_KERNEL = B(GUEST_PV_KERNEL),
	OLD_KERNEL =
		B(GUEST_UNMODIFIED) | B(GUEST_PV_DRIVERS), /* not changed for its CPU and MMU */
	HAS_GUEST = OLD_KERNEL | PV_KERNEL,
	ON_METAL = B(PLACE_BARE_METAL) | B(PLACE_HYBRID),
	EMULATED = B(IO_EMULATED),
	PARAVIRTUAL = B(IO_PARAVIRTUAL),
	PASSTHROUGH = B(IO_PASSTHROUGH),
	USER = B(BACKEND_HOST_USER),
	KERNEL = B(BACKEND_HOST_KERNEL),
	ROOT = B(BACKEND_ROOT_PARTITION),
	HYPERVISOR = B(BACKEND_HYPERVISOR),
	PRIVILEGED_BACKEND = KERNEL | HYPERVISOR, /* reached without leaving kernel mode */
};

/* Two steps whose primitive depends on who runs the guest: a trap into the monitor and a call to
 * it. platform_substitutes says what stands for them. */
#define STEP_TRAP "@trap"
#define STEP_CALL "@call"

/* An access to a device's register without hardware virtualization, be it one of the many of an
 * emulated device or a doorbell (`make` is TERM or NOTIFY): the same step, so the same rows. It
 * traps into the monitor. A hosted translator's monitor is a world of its own, which must switch to
 * the host's and back to reach a device model in a process there (Sugerman et al., USENIX ATC 2001,
 * of VMware Workstation; recalled); for one in the host's kernel there is no figure, and the trap
 * alone is taken. A monitor that traps and emulates in a process of the host has its devices beside
 * it, so the trap is all: in profiles/nested-epyc.json hvcore's exit.pio_user@trap takes 8.8 us, its
 * trap.privileged 8.4. */
#define TRAPPED_ACCESS(make, o, count, unit, kernels, devices, reason, origin)                     \
	{CPU(DEPRIV), GUEST(kernels), IO(devices),                                                 \
	 make(o, count, unit, STEP_TRAP, GUEST, EXITS, reason, origin)},                           \
		{CPU(BT), GUEST(kernels), IO(devices), PLACE(ON_METAL),                            \
		 make(o, count, unit, STEP_TRAP, GUEST, EXITS, reason, origin)},                   \
		{CPU(BT), GUEST(kernels), IO(devices), PLACE(B(PLACE_HOSTED)), BACK(KERNEL),       \
		 make(o, count, unit, STEP_TRAP, GUEST, EXITS, reason, origin)},                   \
	{                                                                                          \
		CPU(BT), GUEST(kernels), IO(devices), PLACE(B(PLACE_HOSTED)), BACK(USER),          \
			make(o, count, unit, "exit.hosted", GUEST, EXITS, reason,                  \
			     "placement: hosted")                                                  \
	}

/* An access to a register of an emulated device: the same step for every device, so a macro per
 * step and a row per way to leave the guest. */
#define REGISTER_ACCESS(o, count, unit, reason)                                                    \
	{CPU(HW), IO(EMULATED), BACK(USER),                                                        \
	 TERM(o, count, unit, "exit.pio_user", GUEST, EXITS, reason, "io: emulated")},             \
		{CPU(HW), IO(EMULATED), BACK(PRIVILEGED_BACKEND),                                  \
		 TERM(o, count, unit, "exit.kernel", GUEST, EXITS, reason, "io: emulated")},       \
		{CPU(HW), IO(EMULATED), BACK(ROOT),                                                \
		 TERM(o, count, unit, "exit.kernel", GUEST, EXITS, reason, "io: emulated")},       \
		{CPU(HW), IO(EMULATED), BACK(ROOT),                                                \
		 TERM(o, 2 * (count), unit, "switch.domain", WAIT, WAIT,                           \
		      "to the device model in the root partition and back",                        \
		      "backend: root-partition")},                                                 \
		TRAPPED_ACCESS(TERM, o, count, unit, HAS_GUEST, EMULATED, reason, "io: emulated"), \
	{                                                                                          \
		CPU(EMU), IO(EMULATED),                                                            \
			TERM(o, count, unit, "call.device", GUEST, EXITS, reason,                  \
			     "cpu: emulation")                                                     \
	}

#define INTERRUPT(o, devices, reason, from)                                                        \
	{CPU(HW), IO(devices), GUEST(HAS_GUEST),                                                   \
	 COMPLETION(o, "irq.inject", GUEST, INTERRUPTS, reason, from)},                           \
		{CPU(DEPRIV | BT), GUEST(OLD_KERNEL), IO(devices),                                 \
		 COMPLETION(o, STEP_TRAP, GUEST, INTERRUPTS, reason, from)},                      \
		{CPU(DEPRIV), GUEST(PV_KERNEL), IO(devices),                                       \
		 COMPLETION(o, STEP_CALL, GUEST, INTERRUPTS, reason, from)},                      \
	{                                                                                          \
		CPU(EMU), IO(devices),                                                             \
			COMPLETION(o, "call.device", GUEST, INTERRUPTS, reason, from)             \
	}

/* What tells a paravirtual backend that there is work. A hosted kernel that was ported to its host
 * does so by a call of the host: User-mode Linux' disk driver writes each request's address to the
 * pipe of its I/O thread, at work or not (Linux, arch/um/drivers/ubd_kern.c: os_write_file(thread_fd,
 * ...)), its virtio driver writes to an eventfd (virtio_uml.c: vu_notify). A measured
 * wake.cross_core, half a round trip over an eventfd, has such a call in it, but as waiting, and not
 * where nobody is woken; both together say at most that one bare call too much. */
#define DOORBELL(o, count, unit)                                                                   \
	{CPU(HW), IO(PARAVIRTUAL), BACK(KERNEL | USER), GUEST(HAS_GUEST),                          \
	 NOTIFY(o, count, unit, "doorbell.pio", GUEST, EXITS,                                      \
		"doorbell: there is work in the queue", "io: paravirtual")},                       \
		{CPU(HW), IO(PARAVIRTUAL), BACK(ROOT | HYPERVISOR), GUEST(HAS_GUEST),              \
		 NOTIFY(o, count, unit, STEP_CALL, GUEST, EXITS,                                   \
			"event: there is work in the ring", "io: paravirtual")},                   \
		{CPU(DEPRIV), IO(PARAVIRTUAL), GUEST(PV_KERNEL), PLACE(ON_METAL),                  \
		 NOTIFY(o, count, unit, STEP_CALL, GUEST, EXITS,                                   \
			"event: there is work in the ring", "io: paravirtual")},                   \
		{CPU(DEPRIV), IO(PARAVIRTUAL), GUEST(PV_KERNEL), PLACE(B(PLACE_HOSTED)),           \
		 TERM(o, count, unit, "syscall.native", GUEST, EXITS,                              \
		      "the guest's kernel writes to the pipe of the backend's thread",             \
		      "placement: hosted")},                                                       \
		TRAPPED_ACCESS(NOTIFY, o, count, unit, OLD_KERNEL, PARAVIRTUAL,                    \
			       "doorbell: there is work in the queue", "io: paravirtual"),         \
	{                                                                                          \
		CPU(EMU), IO(PARAVIRTUAL),                                                         \
			NOTIFY(o, count, unit, "call.device", GUEST, EXITS,                        \
			       "doorbell: there is work in the queue", "io: paravirtual")          \
	}

/* Waking the thread or the domain that the backend runs in. A hypervisor's backend needs none. */
#define WAKE(o, count, unit)                                                                       \
	{IO(PARAVIRTUAL), BACK(KERNEL | USER),                                                     \
	 NOTIFY(o, count, unit, "wake.cross_core", WAIT, WAIT, "the backend's thread wakes up",    \
		"backend: host-kernel, host-user")},                                               \
	{                                                                                          \
		IO(PARAVIRTUAL), BACK(ROOT),                                                       \
			NOTIFY(o, count, unit, "switch.domain", WAIT, WAIT,                        \
			       "the root partition is scheduled", "backend: root-partition")       \
	}

/* What the backend does for a request or packet: asks its own kernel when it has one above it, and
 * moves the bytes. An emulated device's model runs in the virtual CPU's own thread. */
#define BACKEND_WORK(o, copy, reason)                                                                    \
	{IO(EMULATED), BACK(USER),                                                                 \
	 TERM(o, 1, OP, "syscall.native", GUEST, BACKEND, reason, "backend: host-user")},          \
		{IO(EMULATED), BACK(USER | KERNEL | ROOT | HYPERVISOR),                            \
		 TERM(o, 1, BYTE, copy, GUEST, BACKEND, "the device model moves the bytes", \
		      "io: emulated")},                                                            \
		{IO(PARAVIRTUAL), BACK(USER),                                                      \
		 TERM(o, 1, OP, "syscall.native", BACKEND, BACKEND, reason,                        \
		      "backend: host-user")},                                                      \
	{                                                                                          \
		IO(PARAVIRTUAL), BACK(USER | KERNEL | ROOT | HYPERVISOR),                          \
			TERM(o, 1, BYTE, copy, BACKEND, BACKEND,                            \
			     "the backend moves the bytes", "io: paravirtual")                     \
	}

/* The image behind a disk is a file of whoever runs the backend. A hypervisor that owns the disks
 * has a file system for that: VMware ESX its VMFS (Vaghani, SIGOPS OSR 44(4), 2010, recalled), Denali
 * "a simple file system in which it manages persistent, fixed-sized virtual disks" (Whitaker et al.,
 * OSDI 2002). */
#define BACKEND_FILE(o, c)                                                                         \
	{IO(EMULATED), BACK(USER | KERNEL | ROOT | HYPERVISOR),                                    \
	 TERM(o, 1, OP, c, GUEST, BACKEND, "the image's file system", "io: emulated")},            \
	{                                                                                          \
		IO(PARAVIRTUAL), BACK(USER | KERNEL | ROOT | HYPERVISOR),                          \
			TERM(o, 1, OP, c, BACKEND, BACKEND, "the image's file system",             \
			     "io: paravirtual")                                                    \
	}

/* What the task's own kernel does for it, whatever the kernel runs on. */
#define KERNEL_WORK(o, c, what, reason)                                                            \
	{CPU(FAST), TERM(o, 1, OP, c, GUEST, what, reason, "every kernel")},                       \
	{                                                                                          \
		CPU(EMU), SLOW(o, 1, OP, c, what, reason)                                          \
	}
#define KERNEL_COPY(o, c, reason)                                                                     \
	{CPU(FAST), TERM(o, 1, BYTE, c, GUEST, IO, reason, "every kernel")},             \
	{                                                                                          \
		CPU(EMU), SLOW(o, 1, BYTE, c, IO, reason)                                \
	}

/* Entering the kernel. */
#define ENTER_KERNEL(o, reason)                                                                    \
	{CPU(HW | BT | DEPRIV),                                                                    \
	 TERM(o, 1, OP, "syscall.native", GUEST, SYSCALLS, reason, "every kernel")},               \
		{CPU(B(CPU_NATIVE)), BACK(B(BACKEND_NONE)),                                        \
		 TERM(o, 1, OP, "syscall.native", GUEST, SYSCALLS, reason, "every kernel")},       \
		{CPU(B(CPU_NATIVE)), BACK(KERNEL),                                                 \
		 TERM(o, 1, OP, "syscall.container", GUEST, SYSCALLS, reason, "guest: none")},     \
		{CPU(EMU), SLOW(o, 1, OP, "syscall.native", SYSCALLS, reason)},                    \
		{CPU(DEPRIV), GUEST(OLD_KERNEL),                                                   \
		 TERM(o, 2, OP, STEP_TRAP, GUEST, SYSCALLS,                                        \
		      "into the monitor and out of it again", "cpu: deprivileged")},               \
		{CPU(DEPRIV), GUEST(PV_KERNEL), PLACE(ON_METAL),                                   \
		 TERM(o, 1, OP, STEP_CALL, GUEST, SYSCALLS,                                        \
		      "the hypervisor passes the call to the guest", "guest: pv-kernel")},         \
		{CPU(DEPRIV), GUEST(PV_KERNEL), PLACE(B(PLACE_HOSTED)),                            \
		 TERM(o, 1, OP, "syscall.ptrace", GUEST, SYSCALLS,                                 \
		      "the host stops the caller for the guest", "placement: hosted")},            \
	{                                                                                          \
		CPU(BT), TERM(o, 1, OP, "bt.syscall", GUEST, SYSCALLS,                             \
			      "translated entry to the guest's kernel", "cpu: binary-translation") \
	}

/* A change to a guest's page tables that the hypervisor must see. */
#define PAGE_TABLE_CHANGE(o)                                                                       \
	{MMU(B(MMU_SHADOW)), CPU(HW),                                                              \
	 TERM(o, 3, OP, "exit.kernel", GUEST, FAULTS,                                              \
	      "shadow page tables: exits to follow a change (Adams and Agesen 2006: 12,733 "       \
	      "cycles "                                                                            \
	      "at 3,963 an exit)",                                                                 \
	      "mmu: shadow")},                                                                     \
		{MMU(B(MMU_SHADOW)), CPU(BT),                                                      \
		 TERM(o, 1, OP, "bt.map_change", GUEST, FAULTS,                                    \
		      "shadow page tables: translated store", "mmu: shadow")},                     \
		{MMU(B(MMU_SHADOW)), CPU(DEPRIV),                                                  \
		 TERM(o, 1, OP, STEP_TRAP, GUEST, FAULTS, "shadow page tables: the store traps",   \
		      "mmu: shadow")},                                                             \
		{MMU(B(MMU_DIRECT_PV)), PLACE(ON_METAL),                                           \
		 TERM(o, 1, OP, STEP_CALL, GUEST, FAULTS,                                          \
		      "the hypervisor checks and makes the change", "mmu: direct-pv")},            \
	{                                                                                          \
		MMU(B(MMU_DIRECT_PV)), PLACE(B(PLACE_HOSTED)),                                     \
			TERM(o, 1, OP, "syscall.ptrace", GUEST, FAULTS,                            \
			     "the host's mmap makes the change", "mmu: direct-pv")                 \
	}

/* A fault that reaches the guest's kernel. */
#define FAULT_DELIVERY(o)                                                                          \
	{MMU(B(MMU_SHADOW)), CPU(HW),                                                              \
	 TERM(o, 1, OP, "exit.kernel", GUEST, FAULTS, "shadow page tables: every fault exits",     \
	      "mmu: shadow")},                                                                     \
		{MMU(B(MMU_SHADOW)), CPU(BT),                                                      \
		 TERM(o, 1, OP, "bt.fault", GUEST, FAULTS, "the translator delivers the fault",    \
		      "mmu: shadow")},                                                             \
		{MMU(B(MMU_SHADOW)), CPU(DEPRIV),                                                  \
		 TERM(o, 2, OP, STEP_TRAP, GUEST, FAULTS, "the monitor delivers the fault",        \
		      "mmu: shadow")},                                                             \
	{                                                                                          \
		MMU(B(MMU_DIRECT_PV)), TERM(o, 1, OP, STEP_CALL, GUEST, FAULTS,                    \
					    "the hypervisor delivers the fault", "mmu: direct-pv") \
	}

const struct platform_rule platform_rules[] = {
	/* Computing. A guest's own clock ticks while it computes; that is all that a guest on
	 * hardware virtualization pays by default. */
	{CPU(EMU), TERM(CPU, 1, COMPUTE, "cpu.emulation", GUEST, SLOWDOWN,
			"every instruction is emulated", "cpu: emulation")},
	{CPU(BT), TERM(CPU, 1, COMPUTE, "cpu.translation", GUEST, SLOWDOWN,
		       "calls and returns of translated code", "cpu: binary-translation")},
	{CPU(HW), TERM(CPU, 250, SECOND, "exit.kernel", GUEST, EXITS,
		       "the guest arms its clock, 250 times a second", "cpu: hardware")},
	{CPU(HW), TERM(CPU, 250, SECOND, "irq.inject", GUEST, INTERRUPTS,
		       "the guest's clock ticks, 250 times a second", "cpu: hardware")},
	{CPU(DEPRIV | BT), GUEST(OLD_KERNEL),
	 TERM(CPU, 500, SECOND, STEP_TRAP, GUEST, EXITS,
	      "the guest's clock ticks, 250 times a second: armed and delivered",
	      "cpu: deprivileged, binary-translation")},
	{CPU(DEPRIV), GUEST(PV_KERNEL),
	 TERM(CPU, 500, SECOND, STEP_CALL, GUEST, EXITS,
	      "the guest's clock ticks, 250 times a second: armed and delivered",
	      "guest: pv-kernel")},

	ENTER_KERNEL(SYSCALL, "the call"),

	KERNEL_WORK(PAGE_FAULT, "fault.native_4k", FAULTS, "the kernel resolves the fault"),
	FAULT_DELIVERY(PAGE_FAULT),
	PAGE_TABLE_CHANGE(PAGE_FAULT),

	{MMU(B(MMU_NESTED)), TERM(PAGE_TOUCH, 1, OP, "fault.guest_4k", GUEST, FAULTS,
				  "the hypervisor provides and maps the page", "mmu: nested")},
	{MMU(B(MMU_HOST) | B(MMU_SHADOW) | B(MMU_DIRECT_PV)), CPU(FAST),
	 TERM(PAGE_TOUCH, 1, OP, "fault.native_4k", GUEST, FAULTS, "the host provides the page",
	      "every kernel")},
	{MMU(B(MMU_HOST) | B(MMU_SHADOW) | B(MMU_DIRECT_PV)), CPU(EMU),
	 SLOW(PAGE_TOUCH, 1, OP, "fault.native_4k", FAULTS, "the host provides the page")},
	FAULT_DELIVERY(PAGE_TOUCH),
	PAGE_TABLE_CHANGE(PAGE_TOUCH),

	KERNEL_WORK(PAGE_RELEASE, "release.native", FAULTS, "the kernel takes the page back"),
	PAGE_TABLE_CHANGE(PAGE_RELEASE),

	KERNEL_WORK(MAP_CHANGE, "map.native", FAULTS,
		    "the kernel changes the entry and flushes it"),
	PAGE_TABLE_CHANGE(MAP_CHANGE),

	KERNEL_WORK(CONTEXT_SWITCH, "switch.native", SCHEDULING, "the kernel switches"),
	{MMU(B(MMU_SHADOW)), CPU(HW),
	 TERM(CONTEXT_SWITCH, 1, OP, "exit.kernel", GUEST, EXITS, "loading CR3 exits",
	      "mmu: shadow")},
	{MMU(B(MMU_SHADOW)), CPU(BT | DEPRIV),
	 TERM(CONTEXT_SWITCH, 1, OP, STEP_TRAP, GUEST, EXITS, "loading CR3 traps", "mmu: shadow")},
	{MMU(B(MMU_DIRECT_PV)), PLACE(ON_METAL),
	 TERM(CONTEXT_SWITCH, 2, OP, STEP_CALL, GUEST, EXITS, "new page table, new kernel stack",
	      "mmu: direct-pv")},
	{MMU(B(MMU_DIRECT_PV)), PLACE(B(PLACE_HOSTED)),
	 TERM(CONTEXT_SWITCH, 1, OP, "syscall.ptrace", GUEST, EXITS,
	      "the host switches between the guest's processes", "mmu: direct-pv")},

	/* With hardware virtualization some privileged instructions exit and most do not; this is
	 * one that does. */
	{CPU(B(CPU_NATIVE)), TERM(PRIVILEGED, 1, OP, "privileged.native", GUEST, SYSCALLS,
				  "the instruction", "cpu: native")},
	{CPU(HW), TERM(PRIVILEGED, 1, OP, "exit.kernel", GUEST, EXITS, "the instruction exits",
		       "cpu: hardware")},
	{CPU(DEPRIV), GUEST(OLD_KERNEL),
	 TERM(PRIVILEGED, 1, OP, STEP_TRAP, GUEST, EXITS, "the instruction traps",
	      "cpu: deprivileged")},
	{CPU(DEPRIV), GUEST(PV_KERNEL),
	 TERM(PRIVILEGED, 1, OP, STEP_CALL, GUEST, EXITS, "a hypercall stands in its place",
	      "guest: pv-kernel")},
	{CPU(BT), TERM(PRIVILEGED, 1, OP, "privileged.native", GUEST, SLOWDOWN,
		       "translated to code of about its native cost (Adams and Agesen 2006: cr8wr)",
		       "cpu: binary-translation")},
	{CPU(EMU), SLOW(PRIVILEGED, 1, OP, "privileged.native", SLOWDOWN, "emulated as any other")},

	KERNEL_WORK(TIMER, "timer.native", SCHEDULING, "armed, gone off, handled"),
	{CPU(HW), TERM(TIMER, 1, OP, "exit.kernel", GUEST, EXITS, "arming exits", "cpu: hardware")},
	{CPU(HW),
	 TERM(TIMER, 1, OP, "irq.inject", GUEST, INTERRUPTS, "going off", "cpu: hardware")},
	{CPU(BT | DEPRIV), GUEST(OLD_KERNEL),
	 TERM(TIMER, 2, OP, STEP_TRAP, GUEST, EXITS, "arming and going off",
	      "cpu: deprivileged, binary-translation")},
	{CPU(DEPRIV), GUEST(PV_KERNEL),
	 TERM(TIMER, 2, OP, STEP_CALL, GUEST, EXITS, "arming and going off", "guest: pv-kernel")},

	{TERM(IPI, 1, OP, "wake.cross_core", WAIT, WAIT, "the other CPU answers", "every kernel")},
	{CPU(HW), TERM(IPI, 1, OP, "exit.kernel", GUEST, EXITS, "sending exits", "cpu: hardware")},
	{CPU(HW), TERM(IPI, 1, OP, "irq.inject", GUEST, INTERRUPTS, "receiving", "cpu: hardware")},
	{CPU(BT | DEPRIV), GUEST(OLD_KERNEL),
	 TERM(IPI, 2, OP, STEP_TRAP, GUEST, EXITS, "sending and receiving",
	      "cpu: deprivileged, binary-translation")},
	{CPU(DEPRIV), GUEST(PV_KERNEL),
	 TERM(IPI, 2, OP, STEP_CALL, GUEST, EXITS, "sending and receiving", "guest: pv-kernel")},

	/* Block requests: the call and the copy to the task, the driver's way to the device, the
	 * device model's work. The emulated disk is driven as hvcore's guest does it, counted in
	 * hvcore/guest/ata.c: six register writes, then for each sector a read of the status and
	 * one string instruction; it polls, so there is no interrupt. */
	ENTER_KERNEL(BLK_READ, "the call that asks for the read"),
	KERNEL_WORK(BLK_READ, "file.native", IO, "the file system and the block cache"),
	KERNEL_COPY(BLK_READ, "copy.file", "the bytes are copied to the task"),
	REGISTER_ACCESS(BLK_READ, 6, OP,
			"ATA: device, count, address and command registers written"),
	REGISTER_ACCESS(BLK_READ, 2, SECTOR, "ATA: status read, one string read of 512 bytes"),
	INTERRUPT(BLK_READ, PARAVIRTUAL | PASSTHROUGH, "completion",
		  "io: paravirtual, passthrough"),
	DOORBELL(BLK_READ, 1, OP),
	WAKE(BLK_READ, 1, OP),
	BACKEND_FILE(BLK_READ, "file.native"),
	BACKEND_WORK(BLK_READ, "copy.file", "the device model reads its image"),

	ENTER_KERNEL(BLK_WRITE, "the call that asks for the write"),
	KERNEL_WORK(BLK_WRITE, "file.write", IO, "the file system and the block cache"),
	KERNEL_COPY(BLK_WRITE, "copy.file_write", "the bytes are copied from the task"),
	REGISTER_ACCESS(BLK_WRITE, 6, OP,
			"ATA: device, count, address and command registers written"),
	REGISTER_ACCESS(BLK_WRITE, 2, SECTOR, "ATA: status read, one string write of 512 bytes"),
	INTERRUPT(BLK_WRITE, PARAVIRTUAL | PASSTHROUGH, "completion",
		  "io: paravirtual, passthrough"),
	DOORBELL(BLK_WRITE, 1, OP),
	WAKE(BLK_WRITE, 1, OP),
	BACKEND_FILE(BLK_WRITE, "file.write"),
	BACKEND_WORK(BLK_WRITE, "copy.file_write", "the device model writes its image"),

	/* Packets: the kernel's network stack, the driver's way to the device, the device model's
	 * work. Where the host's kernel is shared, the packet crosses its bridge. */
	KERNEL_WORK(NET_RX, "packet.native", IO, "the network stack"),
	KERNEL_COPY(NET_RX, "copy.byte", "the bytes are copied to the task"),
	{GUEST(NO_GUEST), BACK(KERNEL),
	 TERM(NET_RX, 1, OP, "packet.bridge", GUEST, BACKEND, "the host's bridge and virtual pair",
	      "backend: host-kernel")},
	REGISTER_ACCESS(NET_RX, 4, OP, "NIC: interrupt cause, mask, head and tail of the ring"),
	INTERRUPT(NET_RX, EMULATED | PARAVIRTUAL | PASSTHROUGH, "arrival", "io"),
	WAKE(NET_RX, 1, OP),
	BACKEND_WORK(NET_RX, "copy.byte", "the device model reads from the tap"),

	KERNEL_WORK(NET_TX, "packet.native", IO, "the network stack"),
	KERNEL_COPY(NET_TX, "copy.byte", "the bytes are copied from the task"),
	{GUEST(NO_GUEST), BACK(KERNEL),
	 TERM(NET_TX, 1, OP, "packet.bridge", GUEST, BACKEND, "the host's bridge and virtual pair",
	      "backend: host-kernel")},
	REGISTER_ACCESS(NET_TX, 4, OP, "NIC: tail of the ring, interrupt cause, mask twice"),
	INTERRUPT(NET_TX, EMULATED | PARAVIRTUAL | PASSTHROUGH, "completion", "io"),
	DOORBELL(NET_TX, 1, OP),
	WAKE(NET_TX, 1, OP),
	BACKEND_WORK(NET_TX, "copy.byte", "the device model writes to the tap"),

	{GUEST(HAS_GUEST),
	 TERM(BOOT, 1, OP, "vm.create", WAIT, WAIT, "the machine is made", "guest")},
	{GUEST(HAS_GUEST),
	 TERM(BOOT, 1, OP, "boot.kernel", WAIT, WAIT, "the guest's kernel starts", "guest")},
	{GUEST(HAS_GUEST),
	 TERM(RESTORE, 1, OP, "vm.restore", WAIT, WAIT, "the machine goes on from a snapshot",
	      "guest")},
	{GUEST(NO_GUEST), BACK(KERNEL),
	 TERM(BOOT, 1, OP, "container.create", WAIT, WAIT, "the container is made", "guest: none")},
};
_Static_assert(sizeof(platform_rules) / sizeof(platform_rules[0]) + PLATFORM_FILE_TERMS_MAX <=
		       PLATFORM_TERMS_MAX,
	       "more rules than PLATFORM_TERMS_MAX leaves room for");
const size_t platform_rule_count = sizeof(platform_rules) / sizeof(platform_rules[0]);

const struct platform_substitute platform_substitutes[] = {
	{CPU(DEPRIV), PLACE(B(PLACE_HOSTED)), .step = STEP_TRAP, .primitive = "trap.privileged"},
	{.step = STEP_TRAP, .primitive = "trap.monitor"},
	{CPU(DEPRIV), PLACE(B(PLACE_HOSTED)), .step = STEP_CALL, .primitive = "signal.native"},
	{.step = STEP_CALL, .primitive = "hypercall"},
	{.step = NULL},
};

const struct platform_conflict platform_conflicts[] = {
	{GUEST(NO_GUEST), CPU((axis_set)~B(CPU_NATIVE)),
	 .reason = "without a guest kernel there is nothing to virtualize the CPU for: cpu must be "
		   "native"},
	{GUEST(NO_GUEST), MMU((axis_set)~B(MMU_HOST)),
	 .reason = "without a guest kernel the host's page tables are the only ones: mmu must be "
		   "host"},
	{GUEST(NO_GUEST), IO((axis_set)~B(IO_NATIVE)),
	 .reason = "without a guest kernel there is no driver to show a device to: io must be "
		   "native"},
	{GUEST(NO_GUEST), PLACE((axis_set)~B(PLACE_NONE)),
	 .reason = "without a guest there is no hypervisor to place: placement must be none"},
	{GUEST(NO_GUEST), BACK(USER | ROOT | HYPERVISOR),
	 .reason = "without a guest the host's kernel is the only one that can stand behind the "
		   "I/O: backend "
		   "must be none or host-kernel"},
	{GUEST(HAS_GUEST), PLACE(B(PLACE_NONE)),
	 .reason = "a guest kernel needs a hypervisor below it: placement must not be none"},
	{GUEST(HAS_GUEST), CPU(B(CPU_NATIVE)),
	 .reason = "a guest kernel on the bare CPU would own the machine: cpu must not be native"},
	{GUEST(HAS_GUEST), IO(B(IO_NATIVE)),
	 .reason = "a guest that drives the host's devices itself has them passed through: io must "
		   "be "
		   "emulated, paravirtual or passthrough"},
	{CPU(HW), MMU(B(MMU_HOST) | B(MMU_DIRECT_PV)),
	 .reason = "under hardware virtualization the guest keeps page tables of its own, which "
		   "the host's "
		   "cannot be: mmu must be nested or shadow"},
	{CPU(DEPRIV | BT | EMU), MMU(B(MMU_NESTED)),
	 .reason = "nested paging is part of hardware virtualization: without it mmu must be "
		   "shadow, direct-pv "
		   "or, for an emulator, host"},
	{CPU(DEPRIV | BT), MMU(B(MMU_HOST)),
	 .reason = "a guest kernel that runs deprivileged changes page tables that are not the "
		   "host's: mmu must "
		   "be shadow or direct-pv"},
	{GUEST(OLD_KERNEL), MMU(B(MMU_DIRECT_PV)),
	 .reason = "direct paging asks the guest's kernel to register its page tables: guest must "
		   "be pv-kernel"},
	{GUEST(B(GUEST_UNMODIFIED)), IO(PARAVIRTUAL),
	 .reason = "an unmodified guest has no paravirtual drivers: guest must be pv-drivers or "
		   "pv-kernel"},
	{GUEST(PV_KERNEL), CPU(BT | EMU),
	 .reason = "translating or emulating a kernel that was changed to need neither gains "
		   "nothing and is not "
		   "modelled: cpu must be hardware or deprivileged"},
	{IO(EMULATED | PARAVIRTUAL), BACK(B(BACKEND_NONE)),
	 .reason = "an emulated or paravirtual device needs somebody to do its work: backend must "
		   "not be none"},
	{IO(PASSTHROUGH), BACK((axis_set)~B(BACKEND_NONE)),
	 .reason = "a device that is passed through has no device model: backend must be none"},
	{BACK(ROOT), PLACE((axis_set)~B(PLACE_BARE_METAL)),
	 .reason = "a root partition is a guest of a hypervisor that owns the machine: placement "
		   "must be "
		   "bare-metal"},
	{PLACE(B(PLACE_BARE_METAL)), BACK(KERNEL | USER),
	 .reason = "below a bare-metal hypervisor there is no host kernel: backend must be "
		   "hypervisor, "
		   "root-partition or none"},
	{PLACE(B(PLACE_HOSTED)), BACK(HYPERVISOR),
	 .reason = "a hosted hypervisor leaves the devices to the host: backend must be "
		   "host-kernel or "
		   "host-user"},
};
const size_t platform_conflict_count = sizeof(platform_conflicts) / sizeof(platform_conflicts[0]);

bool platform_axes_match(const axis_set sets[AXIS_COUNT], const int axes[AXIS_COUNT])
{
	for (int a = 0; a < AXIS_COUNT; a++)
		if (sets[a] && !(sets[a] & B(axes[a])))
			return false;
	return true;
}
