/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Platforms: one virtualization technology each, as a choice on six independent axes. The axis
 * values contribute cost terms; a file may replace those of an operation or add to them. A term is
 * linear, n * x * c: n a number, x how much of the operation there is, c a primitive of a profile.
 * Read by the world (world.h), which charges the sums, and by whoever prints them (`mcvsim
 * platforms`, `explain`): both call platform_cost, so that what is printed is what is charged.
 *
 * Not here: what is not linear. Queueing, contention and batching are simulated (cores.h).
 */
#ifndef MODELS_PLATFORM_H
#define MODELS_PLATFORM_H

#include "models/platform/op.h"
#include "models/platform/profile.h"
#include "sim/base/arena.h"
#include "sim/base/diag.h"
#include "sim/base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define PLATFORM_AXIS_LIST(X)                                                                      \
	X(PLACEMENT, "placement", "what the hypervisor runs on")                                   \
	X(GUEST, "guest", "what the guest's kernel knows of it")                                   \
	X(CPU, "cpu", "how the guest's instructions run")                                          \
	X(MMU, "mmu", "how the guest's addresses become the machine's")                            \
	X(IO, "io", "what the guest's devices are")                                                \
	X(BACKEND, "backend", "where the device model runs")

enum platform_axis {
#define PLATFORM_AXIS_ENUM(id, name, help) AXIS_##id,
	PLATFORM_AXIS_LIST(PLATFORM_AXIS_ENUM)
#undef PLATFORM_AXIS_ENUM
		AXIS_COUNT
};

enum platform_placement { PLACE_BARE_METAL, PLACE_HOSTED, PLACE_HYBRID, PLACE_NONE };
enum platform_guest { GUEST_UNMODIFIED, GUEST_PV_DRIVERS, GUEST_PV_KERNEL, GUEST_NONE };
enum platform_cpu {
	CPU_NATIVE,
	CPU_HARDWARE,
	CPU_DEPRIVILEGED,
	CPU_BINARY_TRANSLATION,
	CPU_EMULATION
};
enum platform_mmu { MMU_HOST, MMU_NESTED, MMU_SHADOW, MMU_DIRECT_PV };
enum platform_io { IO_NATIVE, IO_EMULATED, IO_PARAVIRTUAL, IO_PASSTHROUGH };
enum platform_backend {
	BACKEND_HYPERVISOR,
	BACKEND_ROOT_PARTITION,
	BACKEND_HOST_KERNEL,
	BACKEND_HOST_USER,
	BACKEND_NONE
};

/* Names as in files; the values of an axis end with NULL. Static storage. */
const char *platform_axis_name(enum platform_axis axis);
const char *platform_axis_help(enum platform_axis axis);
const char *const *platform_axis_values(enum platform_axis axis);

/* Where a cost is spent. */
enum platform_site {
	SITE_GUEST,   /* the virtual CPU's own time */
	SITE_BACKEND, /* CPU time of the device model, which competes for the host's cores */
	SITE_WAIT,    /* latency that burns no CPU */
	SITE_COUNT
};
extern const char *const platform_site_names[]; /* ended by NULL */

/* What a cost is an effect of: the subjects of the metric `overhead`. The first five are the
 * world's own, the rest are what terms name. */
#define CAUSE_LIST(X)                                                                              \
	X(RADIO, "radio")	    /* promotion and transfer, sharing the cell included */        \
	X(NETWORK, "network")	    /* propagation between the cell and the site */                \
	X(QUEUE, "queue")	    /* waiting for a CPU, on the handset or the host */            \
	X(COMPUTE, "compute")	    /* computing at native speed */                                \
	X(DISK, "disk")		    /* the device itself */                                        \
	X(SYSCALLS, "syscalls")	    /* entering and leaving the task's own kernel */               \
	X(FAULTS, "faults")	    /* page faults and page-table changes */                       \
	X(SCHEDULING, "scheduling") /* context switches, timers, IPIs */                           \
	X(IO, "io")		/* moving the bytes and handling packets, as any kernel must */    \
	X(SLOWDOWN, "slowdown") /* emulated or translated computing */                             \
	X(EXITS, "exits")	/* leaving the guest and coming back */                            \
	X(INTERRUPTS, "interrupts") /* virtual interrupts */                                       \
	X(BACKEND, "backend")	    /* the device model's work */                                  \
	X(WAIT, "wait")		    /* waking the device model's thread and being woken */         \
	X(START, "start")	    /* waiting for a guest that is being started */                \
	X(MIGRATION, "migration")   /* the guest stopped, or without its memory */                 \
	X(RETRY, "retry")	    /* attempts that failed, and until the next */                 \
	X(HANDOVER, "handover")	    /* the radio's interruption at a change of cells */            \
	X(COVERAGE, "coverage")	    /* waiting for a cell */                                       \
	X(FORWARD, "forward")	    /* following a handset to another cell, or back to a site */   \
	X(REDO, "redo")		    /* what was in vain, up to a start at another site */

enum cause {
#define CAUSE_ENUM(id, name) CAUSE_##id,
	CAUSE_LIST(CAUSE_ENUM)
#undef CAUSE_ENUM
		CAUSE_COUNT
};
extern const char *const cause_names[]; /* ended by NULL */

/* What a term's count is multiplied by. */
enum platform_per {
	PER_OP,	    /* each operation: call, packet, request */
	PER_BYTE,   /* each byte moved */
	PER_SECTOR, /* each 512 bytes of a request, begun ones whole */
	PER_PAGE,   /* each 4096 bytes of a request, begun ones whole */
	PER_SECOND, /* each second of native computing */
	PER_COMPUTE /* native computing time itself; the primitive is a slowdown, charged less 1 */
};
extern const char *const platform_per_names[]; /* ended by NULL */

struct platform_term {
	enum op op;
	double n;
	enum platform_per per;
	const char *primitive;
	const char *times; /* a second primitive, a ratio that multiplies the first; or NULL */
	enum platform_site site;
	enum cause cause;
	bool notify;	  /* part of waking the backend: not spent when that is at work already */
	bool completion;  /* the interrupt for a completion: one may stand for several when the
			     backend is at work already (world_price.h) */
	const char *why;  /* one phrase */
	const char *from; /* the axis value that brings it ("io: emulated"), or "file" */
};

/* Zero-initialise; platform_read fills it. Unchanged while in use. */
struct platform {
	const char *name;
	const char *description;
	int axes[AXIS_COUNT];
	struct platform_term *terms; /* grouped by op, in the order of enum op */
	size_t term_count;
	double memory_bytes; /* what a guest takes of the host beside its own memory */
	double coalescing_s; /* completions within it after an interrupt need no other */
};

/* Reads the platform that stands at `pointer`. The result lives in the arena. Returns 0, or
 * ERR_INVALID with every mistake in diags: unknown keys, values, operations and causes, and
 * combinations of axis values that cannot be, each with the reason. */
int platform_read(struct platform *p, const char *name, const struct json_doc *doc,
		  const char *pointer, struct arena *arena, struct diag_list *diags);

/* Whether the guest's kernel was written or changed for being virtualized, in part or whole: a
 * matter of the guest axis alone. False where there is no guest kernel. */
bool platform_guest_knows(const struct platform *p);

/* No platform has more terms, and no load more charges: those from the axes, and what a file has
 * beside or instead of them, where more than PLATFORM_FILE_TERMS_MAX is a mistake. */
enum { PLATFORM_TERMS_MAX = 512, PLATFORM_FILE_TERMS_MAX = 192 };

/* A term with its price. */
struct platform_charge {
	const struct platform_term *term;
	double x;		    /* how many units of `per`; what the term was multiplied by */
	struct primitive primitive; /* as found, overrides applied; the weaker source when two */
	double factor;		    /* the value of `times`; 1 without */
	double exact_ns;	    /* n * x * c */
	int64_t ns;		    /* to the nearest nanosecond: what is charged */
};

/* What a load costs on a platform, in whole nanoseconds. */
struct platform_cost {
	int64_t site_ns[SITE_COUNT];
	int64_t cause_ns[CAUSE_COUNT];
	int64_t notify_ns[SITE_COUNT]; /* the part of site_ns from terms with `notify` */
};

/* Prices a load: writes one charge for each term that the load uses into charges[0..capacity) (NULL
 * with 0: not wanted), their number into *count (which may be NULL and may exceed capacity), and
 * the sums into *cost. Native computing time is in the sums (site guest, cause compute) and is no
 * charge. Returns 0, or ERR_NOTFOUND or ERR_INVALID with a sentence that names the platform and the
 * files. */
int platform_cost(const struct platform *p, const struct profile_view *view,
		  const struct op_load *load, struct platform_charge *charges, size_t capacity,
		  size_t *count, struct platform_cost *cost, struct err *e);

#endif
