/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest "probe" under measurement: a machine that takes work over HV_CALL_YIELD, as a struct
 * hv_work. Used by the probes whose operation runs inside a guest, and by tests.
 */
#ifndef HVCORE_GUEST_BENCH_H
#define HVCORE_GUEST_BENCH_H

#include "hvcore/probe/probe.h"

struct hv_bench {
	struct hv_vm *vm;
	hv_gpa block;		/* of the guest's struct hv_call_yield; 0: it has not yielded yet */
	enum hv_op op;		/* the operation of the next batches */
	enum hv_op without;	/* what hv_bench_empty runs; 0: HV_OP_EMPTY */
	uint64_t arg;		/* for it */
	uint32_t blocks, depth; /* of block operations, as in struct hv_call_yield; 0: 1 */
	uint64_t checksum;	/* that the guest reported last */
	bool counts_exits;	/* the backend can */
};

/* What a bench needs besides the guest. */
struct hv_bench_options {
	uint64_t mem_bytes; /* 0: default */
	bool large_pages;   /* the host's */
	const struct hv_device
		*device;  /* NULL: none; taken over by hv_bench_open, also on failure */
	unsigned devices; /* how many there are at `device`; 0: one */
	bool interrupts;
	bool iothread;	   /* as in struct hv_config */
	bool halt_returns; /* as in struct hv_config */
	bool window;	   /* as in struct hv_config */
	unsigned cpus;	   /* 0: one */
	const char *image; /* NULL: "probe"; another must take work as that one does */
};

/* Starts the guest and runs it to its first yield. `options` NULL: nothing special. Zeroes *bench
 * first. On failure nothing is left behind. */
int hv_bench_open(struct hv_bench *bench, const struct hv_backend *backend,
		  const struct hv_probe_env *env, const struct hv_bench_options *options,
		  struct err *e);
void hv_bench_close(struct hv_bench *bench);

/* The `valid` of probes that need nothing but the guest. */
int hv_bench_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e);

/* The same for what only a kernel may do, or what reaches this KVM only from one. */
int hv_bench_valid_kernel(const struct hv_probe *probe, const struct hv_probe_env *env,
			  struct err *e);

/* One batch of n operations `op`. Fills the batch's time, ticks and exits. */
int hv_bench_run(struct hv_bench *bench, enum hv_op op, uint64_t n, struct hv_batch *batch,
		 struct err *e);

/* body and empty of a struct hv_work whose ctx begins with a struct hv_bench. */
int hv_bench_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e);
int hv_bench_empty(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e);

#endif
