/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading and writing blocks by system calls, natively and in a container: the OS-level end of the
 * rows whose other ends are an ATA disk and a virtqueue. The same file, the same order of blocks,
 * and the same look at what arrived as in the guests. Writes stay in the page cache, as those of
 * the guests' devices do.
 *
 * Sixteen at once are one io_submit and one io_getevents of Linux AIO, which container filters
 * commonly allow (io_uring they commonly do not). From the page cache the kernel does the whole
 * transfer within io_submit: what is saved is the system calls, as with the ring's one doorbell.
 */
#include "hvcore/device/disk_file.h"
#include "hvcore/host/inside.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LARGE_BLOCKS = 16, LARGE_BYTES = LARGE_BLOCKS * HV_BLOCK_BYTES, DEPTH = 16 };

struct blk {
	struct inside in;
	struct hv_disk disk;
	uint64_t next;	   /* hv_block_at of this comes next */
	uint32_t blocks;   /* of one request: 1 or LARGE_BLOCKS */
	aio_context_t aio; /* where the loops run; 0: none */
	_Alignas(HV_BLOCK_BYTES) unsigned char buffer[DEPTH * LARGE_BYTES]; /* a piece a request */
};

/* The first block of the next operation; those of a large one lie side by side. */
static uint32_t next_block(struct blk *b)
{
	return hv_block_at(b->next++) & ~(b->blocks - 1);
}

static int look_at(const struct blk *b, const unsigned char *at, uint32_t first)
{
	for (uint32_t i = 0; i < b->blocks; i++)
		if (hv_block_sum(at + (size_t)i * HV_BLOCK_BYTES) != b->disk.sums[first + i])
			return EBADMSG;
	return 0;
}

static int look(const struct blk *b, uint32_t first)
{
	return look_at(b, b->buffer, first);
}

static int transfer(struct blk *b, uint32_t first, bool out)
{
	size_t bytes = (size_t)b->blocks * HV_BLOCK_BYTES;
	off_t at = (off_t)first * HV_BLOCK_BYTES;
	ssize_t done = out ? pwrite(b->disk.fd, b->buffer, bytes, at)
			   : pread(b->disk.fd, b->buffer, bytes, at);
	return done == (ssize_t)bytes ? 0 : done < 0 ? errno : EIO;
}

static int read_blocks(void *arg, uint64_t n)
{
	struct blk *b = arg;
	for (uint64_t i = 0; i < n; i++) {
		uint32_t first = next_block(b);
		int rc = transfer(b, first, false);
		if (rc == 0)
			rc = look(b, first);
		if (rc)
			return rc;
	}
	return 0;
}

/* All but the read. What is compared is old, and so is not equal. */
static int look_only(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint64_t equal = 0;
	for (uint64_t i = 0; i < n; i++) {
		__asm__ volatile("" : : "r"(b->buffer) : "memory");
		equal += look(b, next_block(b)) == 0;
	}
	return equal <= n ? 0 : EIO;
}

/* Whether the block begins with that number. */
static int read_back(const struct blk *b, uint32_t block, uint64_t want)
{
	uint64_t got = 0;
	if (pread(b->disk.fd, &got, sizeof(got), (off_t)block * HV_BLOCK_BYTES) != sizeof(got))
		return EIO;
	return got == want ? 0 : EBADMSG;
}

/* Each block carries the number of its write; the last one is read back and looked at. */
static int write_blocks(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first = 0;
	for (uint64_t i = 0; i < n; i++) {
		memcpy(b->buffer, &b->next, sizeof(b->next));
		first = next_block(b);
		int rc = transfer(b, first, true);
		if (rc)
			return rc;
	}
	return read_back(b, first, b->next - 1);
}

static int number_only(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first = 0;
	for (uint64_t i = 0; i < n; i++) {
		memcpy(b->buffer, &b->next, sizeof(b->next));
		first = next_block(b);
		__asm__ volatile("" : : "r"(b->buffer), "r"(first) : "memory");
	}
	int rc = read_back(b, first, b->next - 1);
	return rc == EBADMSG ? 0 : rc; /* nothing was written */
}

/* ---- sixteen at once ---- */

static int prepare_aio(void *arg, struct err *e)
{
	struct blk *b = arg;
	return syscall(SYS_io_setup, DEPTH, &b->aio) == 0 ? 0 : err_sys(e, errno, "io_setup");
}

static unsigned char *piece(struct blk *b, unsigned slot)
{
	return b->buffer + (size_t)slot * LARGE_BYTES;
}

/* The next sixteen requests, submitted together and awaited together. */
static int transfer_sixteen(struct blk *b, uint32_t first[DEPTH], uint16_t opcode)
{
	struct iocb requests[DEPTH], *list[DEPTH];
	struct io_event done[DEPTH];
	uint64_t bytes = (uint64_t)b->blocks * HV_BLOCK_BYTES;
	for (unsigned i = 0; i < DEPTH; i++) {
		requests[i] = (struct iocb){.aio_lio_opcode = opcode,
					    .aio_fildes = (uint32_t)b->disk.fd,
					    .aio_buf = (uintptr_t)piece(b, i),
					    .aio_nbytes = bytes,
					    .aio_offset = (int64_t)first[i] * HV_BLOCK_BYTES};
		list[i] = &requests[i];
	}
	for (long sent = 0; sent < DEPTH;) {
		long more = syscall(SYS_io_submit, b->aio, DEPTH - sent, list + sent);
		if (more <= 0)
			return more < 0 ? errno : EIO;
		sent += more;
	}
	if (syscall(SYS_io_getevents, b->aio, DEPTH, DEPTH, done, NULL) != DEPTH)
		return EIO;
	for (unsigned i = 0; i < DEPTH; i++)
		if (done[i].res != (int64_t)bytes)
			return EIO;
	return 0;
}

static void next_sixteen(struct blk *b, uint32_t first[DEPTH])
{
	for (unsigned i = 0; i < DEPTH; i++)
		first[i] = next_block(b);
}

static int read_sixteen(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first[DEPTH];
	for (uint64_t k = 0; k < n; k++) {
		next_sixteen(b, first);
		int rc = transfer_sixteen(b, first, IOCB_CMD_PREAD);
		for (unsigned i = 0; i < DEPTH && rc == 0; i++)
			rc = look_at(b, piece(b, i), first[i]);
		if (rc)
			return rc;
	}
	return 0;
}

static int look_at_sixteen(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first[DEPTH];
	uint64_t equal = 0;
	for (uint64_t k = 0; k < n; k++) {
		next_sixteen(b, first);
		__asm__ volatile("" : : "r"(b->buffer) : "memory");
		for (unsigned i = 0; i < DEPTH; i++)
			equal += look_at(b, piece(b, i), first[i]) == 0;
	}
	return equal <= n * DEPTH ? 0 : EIO;
}

/* Numbers the next sixteen requests' data. */
static void number_sixteen(struct blk *b, uint32_t first[DEPTH])
{
	for (unsigned i = 0; i < DEPTH; i++) {
		memcpy(piece(b, i), &b->next, sizeof(b->next));
		first[i] = next_block(b);
	}
}

static int write_sixteen(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first[DEPTH];
	for (uint64_t k = 0; k < n; k++) {
		number_sixteen(b, first);
		int rc = transfer_sixteen(b, first, IOCB_CMD_PWRITE);
		if (rc)
			return rc;
	}
	return read_back(b, first[DEPTH - 1], b->next - 1);
}

static int number_sixteen_only(void *arg, uint64_t n)
{
	struct blk *b = arg;
	uint32_t first[DEPTH];
	for (uint64_t k = 0; k < n; k++) {
		number_sixteen(b, first);
		__asm__ volatile("" : : "r"(b->buffer), "r"(first) : "memory");
	}
	int rc = read_back(b, first[DEPTH - 1], b->next - 1);
	return rc == EBADMSG ? 0 : rc;
}

/* One byte: what a call on a file costs beside the copy. */
static int bytes_of(void *arg, uint64_t n, size_t bytes, bool out)
{
	struct blk *b = arg;
	for (uint64_t i = 0; i < n; i++) {
		off_t at = (off_t)next_block(b) * HV_BLOCK_BYTES;
		ssize_t done = out ? pwrite(b->disk.fd, b->buffer, bytes, at)
				   : pread(b->disk.fd, b->buffer, bytes, at);
		if (done != (ssize_t)bytes)
			return errno ? errno : EIO;
	}
	return 0;
}

static int read_byte(void *arg, uint64_t n)
{
	return bytes_of(arg, n, 1, false);
}

static int write_byte(void *arg, uint64_t n)
{
	return bytes_of(arg, n, 1, true);
}

static int read_page(void *arg, uint64_t n)
{
	return bytes_of(arg, n, HV_BLOCK_BYTES, false);
}

static int write_page(void *arg, uint64_t n)
{
	return bytes_of(arg, n, HV_BLOCK_BYTES, true);
}

static int call_only(void *arg, uint64_t n)
{
	struct blk *b = arg;
	for (uint64_t i = 0; i < n; i++)
		if (syscall(SYS_getppid) < 0 || next_block(b) >= HV_DISK_BLOCKS)
			return EIO;
	return 0;
}

/* The operations; a row's arg is an index. */
static const struct {
	inside_loop body, empty;
	uint32_t blocks;
} operations[] = {
	{read_blocks, look_only, 1},
	{write_blocks, number_only, 1},
	{read_blocks, look_only, LARGE_BLOCKS},
	{write_blocks, number_only, LARGE_BLOCKS},
	{read_sixteen, look_at_sixteen, 1},
	{write_sixteen, number_sixteen_only, 1},
	{read_sixteen, look_at_sixteen, LARGE_BLOCKS},
	{write_sixteen, number_sixteen_only, LARGE_BLOCKS},
	{read_byte, call_only, 1},
	{write_byte, call_only, 1},
	{read_page, read_byte, 1},
	{write_page, write_byte, 1},
};
enum {
	READ_4K,
	WRITE_4K,
	READ_64K,
	WRITE_64K,
	READ_4K_QD16,
	WRITE_4K_QD16,
	READ_64K_QD16,
	WRITE_64K_QD16,
	READ_BYTE,
	WRITE_BYTE,
	READ_REST,
	WRITE_REST
};

static bool is_sixteen(int operation)
{
	return operation >= READ_4K_QD16 && operation <= WRITE_64K_QD16;
}

static void blk_teardown(struct hv_work *work)
{
	struct blk *b = (struct blk *)work->ctx;
	inside_close(&b->in);
	if (b->aio)
		syscall(SYS_io_destroy, b->aio);
	hv_disk_close(&b->disk);
	free(b);
}

static int blk_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		     struct hv_work *work, struct err *e)
{
	_Static_assert(sizeof(struct blk) % HV_BLOCK_BYTES == 0, "aligned_alloc wants it so");
	struct blk *b = aligned_alloc(HV_BLOCK_BYTES, sizeof(*b));
	if (!b)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	memset(b, 0, sizeof(*b));
	int rc = hv_disk_open(&b->disk, env->scratch, e);
	if (rc) {
		free(b);
		return rc;
	}
	b->in.body = operations[probe->arg].body;
	b->in.empty = operations[probe->arg].empty;
	b->blocks = operations[probe->arg].blocks;
	b->in.prepare = is_sixteen(probe->arg) ? prepare_aio : NULL;
	b->in.arg = b;
	rc = inside_open(&b->in, probe, work, e);
	if (rc) {
		hv_disk_close(&b->disk);
		free(b);
		return rc;
	}
	/* In a container a batch begins with caches that others have filled. */
	if (b->blocks > 1)
		work->batch_ns = 2000000;
	/* 16 MiB go through caches that others use, too. */
	if (b->blocks > 1 || probe->arg >= READ_BYTE)
		work->max_noise = work->max_nonlinear = 0.25;
	return 0;
}

#define ROW(row_name, row_backend, row_arg, row_method)                                            \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = (row_arg) < READ_BYTE, .setup = blk_setup, .teardown = blk_teardown,   \
		.arg = row_arg                                                                     \
	}
#define BOTH_QD16(row_name, row_arg, text)                                                         \
	QD16_ROW(row_name ".native", "native", row_arg, text QD16),                                \
		QD16_ROW(row_name ".os", "container", row_arg, "in a container: " text QD16)
#define QD16                                                                                       \
	" a cached file, per request of 16 by one io_submit and one io_getevents; the loop is "    \
	"subtracted"
#define QD16_ROW(row_name, row_backend, row_arg, row_method)                                       \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = true, .per_op = DEPTH, .setup = blk_setup, .teardown = blk_teardown,   \
		.arg = row_arg                                                                     \
	}
#define BYTES_ROW(row_name, row_arg, row_method)                                                   \
	{                                                                                          \
		.name = row_name, .unit = "ns/B", .backend = "native", .method = row_method,       \
		.per_op = HV_BLOCK_BYTES - 1, .setup = blk_setup, .teardown = blk_teardown,        \
		.arg = row_arg                                                                     \
	}
#define BOTH(row_name, row_arg, row_method)                                                        \
	ROW(row_name ".native", "native", row_arg, row_method),                                    \
		ROW(row_name ".os", "container", row_arg, "in a container: " row_method)

const struct hv_probe hv_probe_block_os[] = {
	BOTH("blk.read_4k", READ_4K,
	     "pread of 4 KiB from a cached file, blocks in scattered order; the loop is "
	     "subtracted"),
	BOTH("blk.write_4k", WRITE_4K,
	     "pwrite of 4 KiB to a cached file, blocks in scattered order; the loop is subtracted"),
	BOTH("blk.read_64k", READ_64K,
	     "pread of 64 KiB from a cached file in scattered order; the loop is subtracted"),
	BOTH("blk.write_64k", WRITE_64K,
	     "pwrite of 64 KiB to a cached file in scattered order; the loop is subtracted"),
	BOTH_QD16("blk.read_4k_qd16", READ_4K_QD16, "4 KiB from"),
	BOTH_QD16("blk.write_4k_qd16", WRITE_4K_QD16, "4 KiB to"),
	BOTH_QD16("blk.read_64k_qd16", READ_64K_QD16, "64 KiB from"),
	BOTH_QD16("blk.write_64k_qd16", WRITE_64K_QD16, "64 KiB to"),
	ROW("file.native", "native", READ_BYTE,
	    "pread of one byte from a cached file in scattered order, less a getppid"),
	ROW("file.write", "native", WRITE_BYTE,
	    "pwrite of one byte to a cached file in scattered order, less a getppid"),
	BYTES_ROW("copy.file", READ_REST,
		  "pread of 4 KiB from a cached file of 16 MiB in scattered order, less one of a "
		  "byte; per byte"),
	BYTES_ROW("copy.file_write", WRITE_REST,
		  "pwrite of 4 KiB to a cached file of 16 MiB in scattered order, less one of a "
		  "byte; per byte"),
	{0},
};
