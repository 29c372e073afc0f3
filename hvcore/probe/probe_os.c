/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Composed operations by system calls, natively and in a container: a line for the console, a
 * mebibyte of memory mapped and touched.
 */
#include "hvcore/host/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_BYTES = 80, MAP_BYTES = 1 << 20 };

struct os {
	struct inside in;
	int pipe[2];
	size_t page;
	uint64_t count;
	char line[LINE_BYTES], back[LINE_BYTES];
};

/* What a container runtime does with a container's console: a pipe, read line by line. */
static int write_lines(void *arg, uint64_t n)
{
	struct os *o = arg;
	for (uint64_t i = 0; i < n; i++) {
		o->count++;
		memcpy(o->line, &o->count, sizeof(o->count));
		if (write(o->pipe[1], o->line, LINE_BYTES) != LINE_BYTES ||
		    read(o->pipe[0], o->back, LINE_BYTES) != LINE_BYTES)
			return errno ? errno : EIO;
		if (memcmp(o->line, o->back, sizeof(o->count)) != 0)
			return EBADMSG;
	}
	return 0;
}

static int map_and_touch(void *arg, uint64_t n)
{
	const struct os *o = arg;
	for (uint64_t i = 0; i < n; i++) {
		volatile unsigned char *p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return errno;
		for (size_t at = 0; at < MAP_BYTES; at += o->page)
			p[at] = 1;
		if (munmap((void *)(uintptr_t)p, MAP_BYTES) != 0)
			return errno;
	}
	return 0;
}

static const inside_loop loops[] = {write_lines, map_and_touch};
enum { LINE, MAP };

static void os_close(struct os *o)
{
	close(o->pipe[0]);
	close(o->pipe[1]);
	free(o);
}

static void os_teardown(struct hv_work *work)
{
	struct os *o = (struct os *)work->ctx;
	inside_close(&o->in);
	os_close(o);
}

static int os_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
		    struct hv_work *work, struct err *e)
{
	(void)env;
	struct os *o = calloc(1, sizeof(*o));
	if (!o)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	if (pipe2(o->pipe, O_CLOEXEC) != 0) {
		free(o);
		return err_sys(e, errno, "a pipe");
	}
	o->page = (size_t)sysconf(_SC_PAGESIZE);
	o->in.body = loops[probe->arg];
	o->in.arg = o;
	int rc = inside_open(&o->in, probe, work, e);
	if (rc)
		os_close(o);
	return rc;
}

#define ROW(row_name, row_backend, row_arg, row_method)                                            \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = row_backend, .method = row_method,      \
		.composed = true, .setup = os_setup, .teardown = os_teardown, .arg = row_arg       \
	}
#define BOTH(row_name, row_arg, row_method)                                                        \
	ROW(row_name ".native", "native", row_arg, row_method),                                    \
		ROW(row_name ".os", "container", row_arg, "in a container: " row_method)

const struct hv_probe hv_probe_os[] = {
	BOTH("console.line", LINE, "80 bytes into a pipe and out of it"),
	BOTH("map.1m", MAP, "mmap of 1 MiB, first touch of each of its pages, munmap"),
	{0},
};
