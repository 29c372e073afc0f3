/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OS-level virtualization, made by hand: a process in user, pid, mount, net, ipc and uts namespaces
 * of its own, in a control group, without capabilities, under a seccomp filter, on an empty root
 * file system. Works with and without root. What the host does not permit is left out and named, so
 * that a number measured in it says in what it was measured.
 *
 * The process runs a C function and shares no memory with the caller; the two talk over a socket.
 * Used by the container backend's probes and by `doctor`. There is no image format, no registry and
 * no way into the network here.
 */
#ifndef HVCORE_CONTAINER_H
#define HVCORE_CONTAINER_H

#include "hvcore/host/cgroup.h"
#include "sim/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The layers of isolation. */
#define HV_LAYER_LIST(X)                                                                           \
	X(USER, "user")	      /* own user ids; root inside is nobody outside */                    \
	X(PID, "pid")	      /* the first process is number 1 and sees no other */                \
	X(MOUNT, "mount")     /* own mounts, and an empty root */                                  \
	X(NET, "net")	      /* own interfaces: a loopback that is down */                        \
	X(IPC, "ipc")	      /* own System V and message queue names */                           \
	X(UTS, "uts")	      /* own host name */                                                  \
	X(CGROUP, "cgroup")   /* own control group, with limits where those can be set */          \
	X(SECCOMP, "seccomp") /* system calls by allow-list, hv_allow_container */

enum hv_layer {
#define HV_LAYER_ENUM(name, text) HV_LAYER_##name,
	HV_LAYER_LIST(HV_LAYER_ENUM)
#undef HV_LAYER_ENUM
		HV_LAYER_COUNT
};
#define HV_LAYER_BIT(layer) (1u << (layer))
#define HV_LAYERS_ALL	    ((1u << HV_LAYER_COUNT) - 1)

/* "user pid mount" in buf, for the bits set; returns buf. */
const char *hv_layers_text(unsigned layers, char *buf, size_t size);

struct hv_container_spec {
	unsigned want; /* bits of layers; HV_LAYERS_ALL for a whole container */
	unsigned must; /* of these, what it may not do without: creating fails then */
	struct hv_cgroup_limits limits;
	bool keep_capabilities; /* of its own user namespace: for what sets up others */
	/* What runs inside, as process 1, once all layers are in force. `channel` is its end of the
	 * socket. Its return value is the exit status. It may not return into the caller's code in
	 * any other way and must use no lock that another thread of the caller might hold. */
	int (*main)(void *arg, int channel);
	void *arg;
};

/* What one creation spent its time on, in ns. */
struct hv_container_steps {
	double cgroup;	/* making the group and its limits */
	double clone;	/* the clone call with its namespaces, as the caller sees it */
	double admit;	/* id maps and moving into the group */
	double inside;	/* mounts, host name, capabilities, filter, up to ready */
	double destroy; /* kill, reap, remove the group */
};

struct hv_container {
	pid_t pid;	   /* as the caller sees it; 0 once reaped */
	int channel;	   /* the caller's end of the socket (SOCK_SEQPACKET) */
	unsigned have;	   /* layers in force */
	char missing[400]; /* "net: Operation not permitted; cgroup: ..."; empty: all that was
			      wanted */
	struct hv_cgroup cgroup;
	struct hv_container_steps steps;
};

/* Creates a container and waits until it is ready to run spec->main. Returns 0; or a negative code
 * with everything cleaned up. Waits at most five seconds for the inside. */
int hv_container_create(struct hv_container *c, const struct hv_container_spec *spec,
			struct err *e);

/* Waits for the process to end on its own, at most limit_ms; fills *status with what waitpid gives.
 * ERR_TIMEOUT when it still runs. */
int hv_container_wait(struct hv_container *c, int limit_ms, int *status, struct err *e);

/* Ends what still runs in it and removes its group. Call once after a successful create. */
int hv_container_destroy(struct hv_container *c, struct err *e);

/* Creates and destroys one container with every layer, to see what can be had here. 0 when all of
 * `must` can; else the code and the reason. Also removes groups that killed runs left behind.
 * c->have and c->missing tell about the rest. */
int hv_container_try(unsigned must, struct hv_container *c, struct err *e);

#endif
