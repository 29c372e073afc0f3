/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Task mixes, measured: so many operations of each kind, interleaved in a shuffled but fixed order,
 * as one body, in a guest through its devices or in a process by system calls. What a prediction
 * from single primitives is held against: here they get into each other's way. Called by `hvcore
 * mix`, and by probes for parts of operations that exist only inside one.
 */
#ifndef HVCORE_MIX_H
#define HVCORE_MIX_H

#include "hvcore/probe/mix_loop.h"
#include "hvcore/probe/probe.h"

#include <sched.h>

struct hv_mix {
	uint32_t count[HV_MIX_OPS]; /* per task */
	uint64_t seed;		    /* of the orders */
};

/* What devices a guest's tasks have. */
struct hv_mix_devices {
	bool para;     /* rings instead of registers; for backends that run images */
	bool iothread; /* which work in a thread of their own (iothread.h) */
	int core;      /* on this core; chosen by whoever places the guest */
};

extern const char *const hv_mix_names[]; /* of the operations, ended by NULL */

/* Reads "NAME=COUNT" into the mix. Returns 0, or ERR_INVALID with the reason. */
int hv_mix_set(struct hv_mix *mix, const char *assignment, struct err *e);

/* Whether a task like that can be run: 0, or ERR_INVALID with the reason. */
int hv_mix_check(const struct hv_mix *mix, struct err *e);

/* Operations of a task. */
uint32_t hv_mix_length(const struct hv_mix *mix);

/* The largest number of tasks in one batch: pages and the socket's buffer bound it. */
uint64_t hv_mix_batch(const struct hv_mix *mix);

/* Writes HV_MIX_ORDERS shuffled tasks, hv_mix_length bytes each. A page is never given back before
 * it was touched. */
void hv_mix_orders(const struct hv_mix *mix, uint8_t *orders);

/* Makes what the mix needs on a backend and fills *work. On failure nothing is left behind; else
 * hv_mix_close ends it. */
int hv_mix_open(const struct hv_mix *mix, const struct hv_backend *backend,
		struct hv_mix_devices devices, const struct hv_probe_env *env, struct hv_work *work,
		struct err *e);
void hv_mix_close(struct hv_work *work);

/* Opens, measures in ns per task, closes; the task on one core, and an iothread on another. Fails
 * with ERR_UNSUPPORTED where that has no other. */
int hv_mix_measure(const struct hv_mix *mix, const struct hv_backend *backend,
		   struct hv_mix_devices devices, const struct hv_probe_env *env,
		   struct hv_measurement *out, struct err *e);

/* Chooses the two cores, and puts the calling thread on the first: what hv_mix_measure does before
 * and, with *pinned, hv_unpin after. Returns 0, or ERR_UNSUPPORTED for an iothread without a core.
 */
int hv_mix_place(struct hv_mix_devices *devices, cpu_set_t *before, bool *pinned, struct err *e);

/* The other end of the packets: a socket that keeps them apart. Private to mix*.c. */
struct hv_mix_peer {
	int near, far;
	uint64_t sent, received; /* packets; who sends adds to `sent` */
};
int hv_mix_peer_open(struct hv_mix_peer *peer, struct err *e);
void hv_mix_peer_close(struct hv_mix_peer *peer);
/* Empties it and compares with what was sent. */
int hv_mix_peer_drain(struct hv_mix_peer *peer, struct err *e);

/* What the machine of an open mix has counted; only for backends that run images. For tests. */
const struct hv_counters *hv_mix_counters(const struct hv_work *work);

/* The two kinds of worlds: each fills work, whose ctx begins with a close function. */
struct hv_mix_world {
	void (*close)(struct hv_mix_world *world);
};

int hv_mix_guest_open(const struct hv_mix *mix, const struct hv_backend *backend,
		      struct hv_mix_devices devices, const struct hv_probe_env *env,
		      struct hv_work *work, struct err *e);
int hv_mix_os_open(const struct hv_mix *mix, const struct hv_backend *backend,
		   const struct hv_probe_env *env, struct hv_work *work, struct err *e);

#endif
