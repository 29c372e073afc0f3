/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Apps: what one task moves, computes and asks of the kernel it runs on. Says nothing of how often
 * tasks come (arrival.h) and what anything costs (platform.h).
 */
#ifndef MODELS_APP_H
#define MODELS_APP_H

#include "models/op.h"
#include "sim/base/keys.h"
#include "sim/engine/stream.h"

enum { APP_PACKET_BYTES = 1448 }; /* TCP payload of a 1500-byte packet with timestamps */

struct app_net {
	double packets, bytes;
};

struct app_blk {
	double requests, request_bytes;
};

struct app {
	const char *name, *description;
	double input_bytes, output_bytes, cycles; /* means */
	double input_cv, output_cv, cycles_cv;	  /* standard deviation / mean */
	double deadline_s;			  /* 0: none */
	struct app_operations {
		double counts[OP_COUNT]; /* those without bytes */
		struct app_net *net_rx, *net_tx;
		struct app_blk *blk_read, *blk_write;
	} operations;
	struct key_list sources;
};

extern const struct key_object app_object;

/* One task's draw. */
struct app_task {
	double input_bytes, output_bytes, cycles;
};

/* Draws a task. The number of draws does not depend on where the task will run. */
void app_draw(const struct app *app, struct stream *st, struct app_task *task);

/* The mean operations of one task on a CPU of `hz`, computing included. What the app does not say
 * of packets follows from its input and output. */
void app_load(const struct app *app, double hz, struct op_load *load);

#endif
