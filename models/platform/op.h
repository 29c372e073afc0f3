/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Operations: what a task makes the machine it runs on do, the same whatever that machine is. An
 * app says how many of each a task has (app.h), a platform what each costs (platform.h). Nothing
 * here knows a cost.
 */
#ifndef MODELS_OP_H
#define MODELS_OP_H

/* name in files, what one of it is */
#define OP_LIST(X)                                                                                 \
	X(CPU, "cpu", "computing, priced by its native time")                                      \
	X(SYSCALL, "syscall", "a system call, without the work it asks for")                       \
	X(PAGE_FAULT, "page_fault",                                                                \
	  "a fault that the task's own kernel resolves, on memory it has")                         \
	X(PAGE_TOUCH, "page_touch", "the first touch of a 4 KiB page that the host must provide")  \
	X(PAGE_RELEASE, "page_release", "a 4 KiB page given back, with the call that does it")     \
	X(MAP_CHANGE, "map_change", "a change of one page-table entry")                            \
	X(CONTEXT_SWITCH, "context_switch", "a switch between two processes on one CPU")           \
	X(PRIVILEGED, "privileged", "an instruction that only a kernel may use")                   \
	X(TIMER, "timer", "a timer armed and gone off")                                            \
	X(IPI, "ipi", "an interrupt sent to another CPU of the same machine")                      \
	X(NET_RX, "net_rx", "a packet received")                                                   \
	X(NET_TX, "net_tx", "a packet sent")                                                       \
	X(BLK_READ, "blk_read", "a block request that reads")                                      \
	X(BLK_WRITE, "blk_write", "a block request that writes")                                   \
	X(BOOT, "boot", "a machine or container made ready for its first task")                    \
	X(RESTORE, "restore", "a machine that goes on from a snapshot")

enum op {
#define OP_ENUM(id, name, help) OP_##id,
	OP_LIST(OP_ENUM)
#undef OP_ENUM
		OP_COUNT
};

/* How much of each operation there is to do. */
struct op_load {
	double count[OP_COUNT]; /* how many; unused for OP_CPU */
	double bytes[OP_COUNT]; /* moved in total: net and block operations */
	double compute_ns;	/* OP_CPU: native computing time */
};

/* "blk_read"; static storage. */
const char *op_name(enum op op);
const char *op_help(enum op op);

/* The operation of that name, or OP_COUNT. */
enum op op_find(const char *name);

/* The names, ended by NULL, in the order of enum op. */
extern const char *const op_names[];

#endif
