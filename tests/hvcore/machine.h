/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running a guest image in a test and keeping what came out. Included by the tests of guests only.
 */
#ifndef TESTS_HVCORE_MACHINE_H
#define TESTS_HVCORE_MACHINE_H

#include "hvcore/device/devices.h"
#include "hvcore/hv.h"
#include "tests/support/test.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct machine_result {
	int rc; /* of opening or running */
	struct err err;
	struct hv_outcome outcome;
	struct hv_counters counters;
	char console[4096];
	size_t length;
};

struct machine {
	const char *backend, *image, *argument;
	const void *code; /* instead of an image by name */
	size_t code_bytes;
	enum hv_regime regime;
	uint64_t limit_ns; /* 0: 20 s, which no test reaches unless something hangs */
	unsigned cpus;	   /* 0: one */
	bool interrupts, window;
	bool iothread; /* as in struct hv_config */
	int disk;      /* a file behind an ATA disk and a ring disk; -1: none */
	int nic;       /* the peer of an RTL8139; 0: none */
};

static inline int machine_console(void *ctx, const char *text, size_t length, struct err *e)
{
	struct machine_result *r = ctx;
	(void)e;
	for (size_t i = 0; i < length && r->length + 1 < sizeof(r->console); i++)
		r->console[r->length++] = text[i];
	return 0;
}

/* Whether the backend runs images here; skips the case when not. */
static inline bool machine_available(const char *backend)
{
	const struct hv_backend *b = hv_backend_find(backend);
	struct err e = {0};
	if (b && b->open && b->available(&e) == 0)
		return true;
	test_skip("%s: %s", backend, b ? e.text : "not built");
	return false;
}

static inline void machine_run(const struct machine *m, struct machine_result *r)
{
	memset(r, 0, sizeof(*r));
	struct hv_config config = {.backend = hv_backend_find(m->backend),
				   .regime = m->regime,
				   .argument = m->argument,
				   .cpus = m->cpus,
				   .interrupts = m->interrupts,
				   .iothread = m->iothread,
				   .window = m->window,
				   .image = m->code,
				   .image_bytes = m->code_bytes,
				   .console = machine_console,
				   .console_ctx = r};
	if (m->image) {
		const struct hv_image *image = hv_image_find(m->image);
		CU_ASSERT_PTR_NOT_NULL_FATAL(image);
		config.image = image->start;
		config.image_bytes = (size_t)(image->end - image->start);
	}
	if (config.backend->regime && config.regime == HV_REGIME_NONE)
		r->rc = config.backend->regime(&config.regime, &r->err);
	struct hv_vm *vm = NULL;
	if (!r->rc)
		r->rc = hv_vm_open(&vm, &config, &r->err);
	struct hv_device device;
	if (!r->rc && m->disk > 0 && !(r->rc = hv_ata_make(&device, m->disk, 1 << 20, &r->err)))
		r->rc = hv_vm_attach(vm, device, &r->err);
	if (!r->rc && m->disk > 0 &&
	    !(r->rc = hv_virtio_blk_make(&device, m->disk, 1 << 20, &r->err)))
		r->rc = hv_vm_attach(vm, device, &r->err);
	if (!r->rc && m->nic > 0 && !(r->rc = hv_rtl8139_make(&device, m->nic, &r->err)))
		r->rc = hv_vm_attach(vm, device, &r->err);
	if (!r->rc)
		r->rc = hv_vm_run(vm, m->limit_ns ? m->limit_ns : 20000000000u, &r->outcome,
				  &r->err);
	if (vm)
		r->counters = vm->counters;
	hv_vm_close(vm);
}

/* A file of 1 MiB of zeroes without a name. */
static inline int machine_disk(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
	return fd;
}

#endif
