/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading a 4 KiB block by a system call, natively and in a container: the OS-level end of the row
 * whose other ends are an ATA disk and a virtqueue. The same file, the same order of blocks, and
 * the same look at what arrived as in the guests.
 */
#include "hvcore/disk_file.h"
#include "hvcore/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct blk {
	struct inside in;
	struct hv_disk disk;
	uint64_t next; /* hv_block_at of this comes next */
	_Alignas(HV_BLOCK_BYTES) unsigned char buffer[HV_BLOCK_BYTES];
};

static int read_blocks(void *arg, uint64_t n)
{
	struct blk *b = arg;
	for (uint64_t i = 0; i < n; i++) {
		uint32_t block = hv_block_at(b->next++);
		ssize_t got =
			pread(b->disk.fd, b->buffer, HV_BLOCK_BYTES, (off_t)block * HV_BLOCK_BYTES);
		if (got != HV_BLOCK_BYTES)
			return got < 0 ? errno : EIO;
		if (hv_block_sum(b->buffer) != b->disk.sums[block])
			return EBADMSG;
	}
	return 0;
}

/* All but the read; the last comparison always fails or never, and must still be made. */
static int look_only(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint64_t equal = 0;
	for (uint64_t i = 0; i < n; i++) {
		uint32_t block = hv_block_at(b->next++);
		__asm__ volatile("" : : "r"(b->buffer) : "memory");
		equal += hv_block_sum(b->buffer) == b->disk.sums[block];
	}
	return equal <= n ? 0 : EIO;
}

static void blk_teardown(struct hv_work *work)
{
	struct blk *b = (struct blk *)work->ctx;
	inside_close(&b->in);
	hv_disk_close(&b->disk);
	free(b);
}

static int blk_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		     struct hv_work *work, struct err *e)
{
	struct blk *b = aligned_alloc(HV_BLOCK_BYTES,
				      (sizeof(*b) + HV_BLOCK_BYTES - 1) & ~(HV_BLOCK_BYTES - 1ul));
	if (!b)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	memset(b, 0, sizeof(*b));
	int rc = hv_disk_open(&b->disk, env->scratch, e);
	if (rc) {
		free(b);
		return rc;
	}
	b->in.body = read_blocks;
	b->in.empty = look_only;
	b->in.arg = b;
	rc = inside_open(&b->in, probe, work, e);
	if (rc) {
		hv_disk_close(&b->disk);
		free(b);
	}
	return rc;
}

#define ROW(row_name, row_backend, row_method)                                                     \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = true, .setup = blk_setup, .teardown = blk_teardown                     \
	}

const struct hv_probe hv_probe_block_os[] = {
	ROW("blk.read_4k.native", "native",
	    "pread of 4 KiB from a cached file, blocks in scattered order; the loop is subtracted"),
	ROW("blk.read_4k.os", "container",
	    "the same pread in a container, on a descriptor that it was given"),
	{0},
};
