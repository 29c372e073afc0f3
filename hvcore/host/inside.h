/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same loop in a plain process or in a container: what the probes of the native and the
 * container backend share. A loop is a C function that does an operation n times; it runs where the
 * row's backend says, and is timed there, so that talking to the container is not part of the cost.
 */
#ifndef HVCORE_INSIDE_H
#define HVCORE_INSIDE_H

#include "hvcore/host/container.h"
#include "hvcore/probe/probe.h"

/* Does the operation n times; 0, or an errno value. `arg` is the inside's own. */
typedef int (*inside_loop)(void *arg, uint64_t n);

struct inside {
	inside_loop body, empty; /* empty may be NULL */
	/* Called once with arg where the loops will run, before the first; NULL: nothing to
	 * prepare. Returns 0 or a code with the reason. */
	int (*prepare)(void *arg, struct err *e);
	/* Called with arg before each timing, where the loops run; NULL: nothing. */
	inside_loop before;
	unsigned layers;	/* of the container; 0: all that can be had, the filter at least */
	bool keep_capabilities; /* struct hv_container_spec's */
	void *arg;		/* what the loops work on; a container works on a copy, descriptors
				 * are shared */
	/* The process that works while a loop waits for it, on the same core (lost.h); 0: none.
	 * `prepare` may set it. */
	pid_t peer;
	bool contained;
	struct hv_container container;
};

/* Fills work for probe->backend, whose ctx becomes `in` (which must live until inside_close). In a
 * container it starts one with all layers that can be had and notes the missing. */
int inside_open(struct inside *in, const struct hv_probe *probe, struct hv_work *work,
		struct err *e);

/* One batch, as work's body or empty does it: for those who put something around it. */
int inside_batch(struct inside *in, uint64_t n, bool empty, struct hv_batch *batch, struct err *e);

/* Ends the container, if there is one. */
void inside_close(struct inside *in);

#endif
