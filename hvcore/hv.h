/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The contracts inside hvcore: what a backend is, what a virtual machine is, and the one door to a
 * guest's memory. Read by backends (backend_*.c), devices (dev_*.c) and the loop that joins them
 * (vm.c). Knows nothing of probes (probe.h) and of how time is measured (measure.h).
 *
 * The guest is hostile by assumption: whatever comes out of it - registers, addresses, descriptors
 * - is checked once, at the place where it is used, on a copy that the guest cannot change.
 */
#ifndef HVCORE_HV_H
#define HVCORE_HV_H

#include "hvcore/abi.h"
#include "sim/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A guest-physical address: a number. One that a guest names becomes a pointer only through
 * hv_mem_at. */
typedef uint64_t hv_gpa;

/* The guest's memory, guest-physical 0 up to size. The fields are private to mem.c and the backends
 * that map it. */
struct hv_mem {
	uint8_t *base;
	uint64_t size; /* bytes, a multiple of 2 MiB */
	int fd;	       /* the memfd behind it, which `trap` maps into its child; -1: none */
};

/* Maps `size` bytes (rounded up to 2 MiB, at most HV_MEM_MAX) of zeroed memory, backed by small
 * host pages that are allocated on first touch. Returns 0 or ERR_INVALID, ERR_NOMEM, ERR_LIMIT. */
int hv_mem_open(struct hv_mem *mem, uint64_t size, struct err *e);

/* The same backed by the host's large pages, of 2 MiB, for guests that run in this process (there
 * is no memfd, and nothing can be released). ERR_UNSUPPORTED, with the reason, where the host has
 * none to give; that it gave some to a page that was touched, hv_mem_large says. */
int hv_mem_open_large(struct hv_mem *mem, uint64_t size, struct err *e);

/* How many bytes of the guest's memory the host holds in large pages. Returns 0, or ERR_IO. */
int hv_mem_large(const struct hv_mem *mem, uint64_t *bytes, struct err *e);
void hv_mem_close(struct hv_mem *mem);

/* The checked door: where [gpa, gpa + length) lies wholly inside the guest's own memory, which is
 * HV_BOOT_GPA up to size, a pointer to it, valid until hv_mem_close; else NULL, also for no bytes
 * at an address outside. What lies below holds the tables by which the guest's processor works: no
 * device and no hypercall may reach them, whatever address the guest names. The guest may change
 * the bytes at any time: read each once. */
void *hv_mem_at(const struct hv_mem *mem, hv_gpa gpa, uint64_t length);

/* Copies through the door. Returns 0, or ERR_INVALID when the range is not all memory. */
int hv_mem_read(const struct hv_mem *mem, hv_gpa gpa, void *out, size_t length);
int hv_mem_write(const struct hv_mem *mem, hv_gpa gpa, const void *from, size_t length);

/* Gives whole pages back to the host, wherever they are mapped: what is read there afterwards is
 * zero. Both numbers are multiples of 4096. Returns 0, or ERR_INVALID when the range is not all
 * memory, or ERR_IO when the host would not. */
int hv_mem_release(const struct hv_mem *mem, hv_gpa gpa, uint64_t bytes);

/* The VMM's own part, below HV_BOOT_GPA: where [gpa, gpa + length) lies wholly in it, a pointer to
 * it, valid until hv_mem_close; else NULL. For backends, which lay out page and descriptor tables
 * there, and with their own constants only: never with a number that a guest has had a hand in. */
void *hv_mem_tables(const struct hv_mem *mem, hv_gpa gpa, uint64_t length);

/* Why a guest stopped and what the VMM must do about it. */
enum hv_exit_kind {
	HV_EXIT_PIO,  /* port I/O: fill or take pio.data, then step again */
	HV_EXIT_MMIO, /* access to an address without memory: the same with mmio.data */
	HV_EXIT_CALL, /* a hypercall instruction that the kernel passed on; it was answered with 0
		       */
	HV_EXIT_HALT, /* waits for an interrupt */
	HV_EXIT_SHUTDOWN, /* triple fault */
	HV_EXIT_FAULT,	  /* an access or instruction that nothing here can carry out */
	HV_EXIT_TIMEOUT,  /* the deadline passed while it ran */
	HV_EXIT_KICKED,	  /* somebody called `kick`; the guest has nothing to do with it */
	HV_EXIT_INTERNAL, /* the backend gave up, `text` says why */
};

struct hv_exit {
	enum hv_exit_kind kind;
	union {
		struct {
			uint16_t port;
			uint8_t size;	/* bytes of one access: 1, 2 or 4 */
			bool write;	/* true: out, false: in */
			uint32_t count; /* accesses (more than 1: a string instruction) */
			void *data;	/* count * size bytes, the backend's, until the next step */
		} pio;
		struct {
			hv_gpa gpa;
			uint32_t size; /* bytes, 1 to 8 */
			bool write;
			uint8_t *data;
		} mmio;
	};
	char text[160]; /* for FAULT, SHUTDOWN and INTERNAL */
};

/* Where and with what a processor begins. */
struct hv_start {
	hv_gpa entry;
	uint64_t stack, argument;
};

/* Where the guest's code runs on kvm. */
enum hv_regime {
	HV_REGIME_NONE, /* the backend knows no such difference */
	HV_REGIME_CPL0, /* the guest kernel runs at CPL0, at native speed */
	HV_REGIME_CPL3, /* the host's KVM emulates CPL0, so the guest is started at CPL3 */
};
const char *hv_regime_name(enum hv_regime regime); /* "cpl0", "cpl3", "" */

struct hv_vm;
struct hv_probe;
struct hv_allow;

/* One backend: a file backend_NAME.c that ends in a `const struct hv_backend hv_backend_NAME`; the
 * build collects them (hv_backends). A backend that runs no images (container, native) leaves every
 * pointer after `available` NULL; its work is in its probes. */
struct hv_backend {
	const char *name;
	const char *summary; /* one line for `hvcore list` */

	/* 0 when it can work here, else ERR_UNSUPPORTED, ERR_DENIED, ... with the reason. */
	int (*available)(struct err *e);

	/* Finds out which regime this machine offers; makes a machine for it, so ask once. */
	int (*regime)(enum hv_regime *regime, struct err *e);

	/* Makes the machine for vm->mem and vm->config and sets vm->state; the guest starts at
	 * config.entry with its first argument HV_BOOT_GPA. close is called once after open, also
	 * after an open that failed, and frees everything. */
	int (*open)(struct hv_vm *vm, struct err *e);
	void (*close)(struct hv_vm *vm);

	/* Runs a processor of the guest up to its next exit, always on the same thread (cpu 0: that
	 * of open). `deadline_ns` is a time of hv_clock_ns; after it the
	 * exit is HV_EXIT_TIMEOUT. Returns 0, or a code when the host failed (not the guest). */
	int (*step)(struct hv_vm *vm, unsigned cpu, struct hv_exit *exit, uint64_t deadline_ns,
		    struct err *e);

	/* Machines of several processors. cpus: how many one can have; 0: one, and the pointers are
	 * NULL. start: sets a processor but the first to its beginning, on the thread that will
	 * step it. kick: from any thread, lets one step of `cpu`, in progress or the next, come
	 * back soon with HV_EXIT_KICKED. */
	unsigned cpus;
	int (*start)(struct hv_vm *vm, unsigned cpu, const struct hv_start *start, struct err *e);
	void (*kick)(struct hv_vm *vm, unsigned cpu);

	/* How many exits the kernel (not our own loop) has counted for processor 0 so far. NULL or
	 * ERR_UNSUPPORTED where nobody counts. */
	int (*exits)(struct hv_vm *vm, uint64_t *count, struct err *e);

	/* The guest's barriers order nothing towards other threads of the host: no iothread. */
	bool unordered;

	/* From now on a write to `port` is counted in the eventfd `fd` without leaving the kernel.
	 * NULL: this backend has no such thing, the write exits as any other. */
	int (*doorbell)(struct hv_vm *vm, uint16_t port, int fd, struct err *e);

	/* Interrupts, for machines with config.interrupts; NULL: this backend has none.
	 * handler: where the guest's one interrupt goes from now on, call->handler; fills the rest
	 * of *call. raise: makes it pending on a processor; for threads that run one. irqfd:
	 * writing to the eventfd `fd` raises it on processor 0 within the kernel; may be NULL
	 * alone. wait: the next step of `cpu` sleeps until an interrupt is pending; NULL: such
	 * waits end at once. */
	int (*handler)(struct hv_vm *vm, struct hv_call_handler *call, struct err *e);
	int (*raise)(struct hv_vm *vm, unsigned cpu, struct err *e);
	int (*wait)(struct hv_vm *vm, unsigned cpu, struct err *e);
	int (*irqfd)(struct hv_vm *vm, int fd, struct err *e);

	/* The window's entries from `first` on become these, which have been looked at (window.h);
	 * at CPL3 the processor forgets what they were; vm->window has them. NULL: this backend has
	 * no window. */
	int (*map)(struct hv_vm *vm, unsigned first, const uint64_t *entries, unsigned count,
		   struct err *e);
	bool map_on_demand; /* only machines with config.window have one */

	/* From now on writes of 4 bytes to `at`, an address without memory or, with `port`, a port,
	 * are noted in a ring without leaving the kernel, as long as there is room
	 * (HV_COALESCED_MAX); drain empties the ring and says how many there were.
	 * ERR_UNSUPPORTED: this kernel has no ring for them. */
	int (*coalesce)(struct hv_vm *vm, hv_gpa at, bool port, struct err *e);
	uint64_t (*drain)(struct hv_vm *vm);

	/* For the sandbox (sandbox.h): the system calls that step and close make beyond those of
	 * every backend, ended by a NULL call; NULL: none. And the guest's process, which rows of
	 * it may name; NULL: there is none. */
	const struct hv_allow *allow;
	pid_t (*peer)(const struct hv_vm *vm);

	/* What the filter of the guest's own process lets it call, ended by a NULL call; NULL: it
	 * has no process. */
	const struct hv_allow *guest_allow;
};

/* KVM's ring has 170 entries, but Linux 6.1 takes it for full also when 85 are unread: it computes
 * the room modulo 170 from a difference that has wrapped modulo 2^32. */
#define HV_COALESCED_MAX 80u

/* All backends, ended by NULL, in the order in which they are preferred. */
extern const struct hv_backend *const hv_backends[];
const struct hv_backend *hv_backend_find(const char *name); /* NULL when there is none */

/* A device on the guest's ports. One file dev_NAME.c each, with its own way to make one; ends in a
 * `const struct hv_device_ops`. */
struct hv_device {
	const struct hv_device_ops *ops;
	uint16_t port, ports; /* first port and how many */
	void *state;
};

struct hv_device_ops {
	const char *name;
	/* One access (also one of a string instruction, when `block` is NULL). `offset` from the
	 * first port; size 1, 2 or 4. Whatever the guest does is legal: there is no error to
	 * return. */
	void (*access)(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
		       void *data);
	/* Devices with a doorbell: a write to the port `bell` beyond the first is not an access,
	 * but this. NULL: this device has none. */
	uint16_t bell;
	void (*rung)(struct hv_vm *vm, void *state);
	/* A whole string instruction at once; NULL: it is taken apart into accesses. */
	void (*block)(struct hv_vm *vm, void *state, uint16_t offset, unsigned size, bool write,
		      void *data, uint32_t count);
	/* Devices that receive: the descriptor of their peer, which can be polled, and what they do
	 * when something may have arrived there; it returns whether more would find room, without
	 * which there is no use in polling before the next bell. Both NULL: this device does not.
	 */
	int (*input)(const void *state);
	bool (*arrived)(struct hv_vm *vm, void *state);
	void (*close)(void *state);
};

#define HV_DEVICES_MAX 8

/* The steps of making a machine and of taking it down, for those who measure them. */
enum hv_step {
	HV_STEP_MEMORY,	      /* its memory is there, with the image */
	HV_STEP_MACHINE,      /* the kernel's machine is, with that memory (kvm) */
	HV_STEP_CPUS,	      /* its processors are: it can run */
	HV_STEP_CPUS_GONE,    /* closed (kvm) */
	HV_STEP_MACHINE_GONE, /* all is closed but the memory */
	HV_STEP_COUNT
};

struct hv_steps {
	uint64_t done_ns[HV_STEP_COUNT]; /* hv_clock_ns when each was done; 0: it was not */
};

struct hv_config {
	const struct hv_backend *backend;
	enum hv_regime regime; /* as found by backend->regime; NONE: found out by open */
	uint64_t mem_bytes;    /* 0: HV_MEM_DEFAULT */
	bool large_pages;      /* the host's, under that memory; not for `trap` */
	const void *image;     /* flat, loaded at HV_IMAGE_GPA; not owned */
	size_t image_bytes;
	hv_gpa entry;		/* 0: HV_IMAGE_GPA */
	const char *argument;	/* text for the guest's boot block; NULL: none */
	unsigned cpus;		/* 0: one; at most HV_CPUS_MAX and what the backend can */
	bool interrupts;	/* with an interrupt controller, where the backend needs one */
	bool iothread;		/* devices with a doorbell work in a thread of their own
				   (iothread.h) */
	bool halt_returns;	/* a hlt that leaves the kernel ends at once instead of ending the
				   run; on KVM at CPL0 without `interrupts`, where each does */
	bool window;		/* with the window (abi.h), also on `trap`, where it takes two more
				   system calls of the guest's process; others always have it */
	struct hv_steps *steps; /* filled by hv_vm_open and hv_vm_close; NULL: nobody asks */
	uint64_t delay_ns; /* busy time added to the handling of every exit, to test the instrument
			    */

	/* The guest's console. NULL: what it writes is dropped. Returns 0, or a code that ends the
	 * run. */
	int (*console)(void *ctx, const char *text, size_t length, struct err *e);
	void *console_ctx;
};

#define HV_CPUS_MAX    8u
#define HV_MEM_DEFAULT (64ull << 20)
#define HV_MEM_MAX     (2ull << 30)

struct hv_counters {
	uint64_t exits; /* steps that came back */
	uint64_t pio, mmio;
	uint64_t calls[HV_CALL_COUNT];
	uint64_t bells;	      /* rung by the guest, whoever heard them */
	uint64_t completions; /* requests that ring devices gave back */
	uint64_t interrupts;  /* that they sent for them */
};

/* How a run of the guest ended. */
enum hv_outcome_kind {
	HV_RUN_EXITED,	 /* it asked to, with `status` */
	HV_RUN_YIELDED,	 /* it called HV_CALL_YIELD; run again to go on */
	HV_RUN_HALTED,	 /* it halted, and nothing can wake it */
	HV_RUN_SHUTDOWN, /* triple fault */
	HV_RUN_FAULT,	 /* it touched what is not there, or ran what cannot run */
	HV_RUN_BAD_CALL, /* a hypercall with an argument block not in its own memory, or unknown */
	HV_RUN_TIMEOUT,	 /* the deadline passed */
	HV_RUN_BROKEN,	 /* the backend gave up on it */
};

struct hv_outcome {
	enum hv_outcome_kind kind;
	int status;   /* EXITED: 0 to 255 */
	hv_gpa block; /* YIELDED: its argument block, sizeof(struct hv_call_yield) bytes checked */
	char text[200]; /* for all but EXITED and YIELDED: what happened */
};
const char *hv_outcome_name(enum hv_outcome_kind kind); /* "exited", "timeout", ... */

/* A run of the machine, as its processors share it. */
struct hv_run {
	bool over; /* one of them has ended it, and said how: */
	int rc;
	struct hv_outcome outcome;
	struct err err;
};

struct hv_cpus;	    /* cpus.h */
struct hv_iothread; /* iothread.h */

struct hv_vm {
	struct hv_config config;
	struct hv_mem mem;
	struct hv_device devices[HV_DEVICES_MAX];
	unsigned device_count;
	struct hv_counters counters;
	uint64_t window[HV_WINDOW_PAGES]; /* entries that were taken */
	uint64_t deadline_ns;		  /* of the run in progress */
	struct hv_run run;
	struct hv_cpus *cpus;	      /* NULL: a machine of one, and no iothread */
	struct hv_iothread *iothread; /* NULL: devices work in the exits of their bells */
	bool handled;		      /* the guest has a handler of interrupts */
	bool interrupt; /* a device wants one; sent when the access or wait in progress ends */
	int irq_line;	/* the eventfd of backend->irqfd; -1: by backend->raise */
	void *state;	/* the backend's */
};

/* Makes a machine and loads the image. On failure *vm is NULL and nothing is left behind. */
int hv_vm_open(struct hv_vm **vm, const struct hv_config *config, struct err *e);

/* For backends: that a step is done now. */
void hv_vm_step_done(struct hv_vm *vm, enum hv_step step);

/* Puts a device at its ports; the machine owns device.state from here on, also on failure. Returns
 * 0, or ERR_LIMIT, ERR_EXISTS when the ports are taken, or the host's failure where an iothread is
 * to hear its bell (then it is attached all the same). */
int hv_vm_attach(struct hv_vm *vm, struct hv_device device, struct err *e);

/* Runs the guest until an outcome, at most `limit_ns` of real time. All processors run at once, and
 * none outside of this call; what they ask of the VMM is done for one at a time. What the guest
 * does wrong is an outcome; a returned error is the host's failure (then the machine can only be
 * closed). After any outcome but YIELDED the machine can only be closed, too. Both for the thread
 * of hv_vm_open. */
int hv_vm_run(struct hv_vm *vm, uint64_t limit_ns, struct hv_outcome *outcome, struct err *e);

void hv_vm_close(struct hv_vm *vm); /* NULL is fine */

/* A guest image that was built with the program (guest/). */
struct hv_image {
	const char *name;
	const uint8_t *start, *end;
};
extern const struct hv_image
	hv_image_table[]; /* ended by a NULL name; empty where there are no guests */
const struct hv_image *hv_image_find(const char *name); /* NULL when there is none */

#endif
