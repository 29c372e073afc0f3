/* SPDX-License-Identifier: GPL-2.0-or-later
 * Measures loops of known length with hvcore's instrument, natively and in a guest, and prints one
 * JSON line each. Runs inside the emulated machine, whose clocks count instructions. Its argument
 * is the flat image of guest_known.c. */
#include "tests/emulated/known.h"
#include "hvcore/clock.h"
#include "hvcore/hv.h"
#include "hvcore/probe/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct known {
	uint64_t instructions; /* per iteration */
	struct hv_vm *vm;
	hv_gpa block;
};

static int native_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct known *k = ctx;
	(void)e;
	uint64_t start = hv_ticks();
	if (k->instructions == KNOWN_SHORT)
		known_short(n);
	else
		known_long(n);
	batch->ticks = (double)(hv_ticks() - start);
	return 0;
}

static int run_to_yield(struct known *k, struct err *e)
{
	struct hv_outcome outcome;
	int rc = hv_vm_run(k->vm, 1000000000, &outcome, e);
	if (!rc && outcome.kind != HV_RUN_YIELDED)
		rc = err_set(e, ERR_IO, "the guest ended: %s", outcome.text);
	k->block = outcome.block;
	return rc;
}

/* The guest's own counter is the clock here: `ns` leaves out how long it takes to get there. */
static int guest_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct known *k = ctx;
	struct hv_call_yield *work = hv_mem_at(&k->vm->mem, k->block, sizeof(*work));
	work->op = HV_OP_EMPTY;
	work->iterations = n;
	work->arg = k->instructions;
	int rc = run_to_yield(k, e);
	if (!rc) {
		work = hv_mem_at(&k->vm->mem, k->block, sizeof(*work));
		batch->ticks = batch->ns = (double)work->ticks;
	}
	return rc;
}

static int report(const char *where, struct known *k,
		  int (*body)(void *, uint64_t, struct hv_batch *, struct err *))
{
	struct hv_work work = {.body = body, .ctx = k, .exits_per_op = NAN};
	struct hv_measure_options options = hv_measure_defaults(true);
	struct hv_measurement m;
	struct err e = {0};
	options.ticks_per_ns = 1;
	if (hv_measure(&work, &options, &m, &e)) {
		fprintf(stderr, "%s: %s\n", where, e.text);
		return 1;
	}
	printf("{\"where\":\"%s\",\"instructions\":%d,\"p50\":%.9g,\"clock_gap\":%.9g}\n", where,
	       (int)k->instructions, m.p50, m.clock_gap);
	return 0;
}

static int open_guest(struct known *k, const char *path, struct err *e)
{
	static uint8_t image[65536];
	struct hv_config config = {.backend = hv_backend_find("kvm"), .image = image};
	FILE *file = fopen(path, "rb");
	if (!file)
		return err_set(e, ERR_IO, "cannot open %s", path);
	config.image_bytes = fread(image, 1, sizeof(image), file);
	fclose(file);
	int rc = config.backend->regime(&config.regime, e);
	if (!rc)
		rc = hv_vm_open(&k->vm, &config, e);
	return rc ? rc : run_to_yield(k, e);
}

int main(int argc, char **argv)
{
	static const uint64_t lengths[] = {KNOWN_SHORT, KNOWN_LONG};
	struct known k = {0};
	struct err e = {0};
	int failed = 0;
	if (argc != 2 || open_guest(&k, argv[1], &e)) {
		fprintf(stderr, "known: %s\n", argc != 2 ? "which image?" : e.text);
		return 1;
	}
	for (int i = 0; i < 2; i++) {
		k.instructions = lengths[i];
		failed |= report("native", &k, native_body);
		failed |= report("guest", &k, guest_body);
	}
	hv_vm_close(k.vm);
	return failed;
}
