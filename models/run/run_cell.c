/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_cell.h"

#include "models/run/run_task.h"

#include <stdio.h>

int pipes_init(struct run *run, struct pipes *p, const struct station_ops *ops, double up_bps,
	       double down_bps, struct err *e)
{
	struct station_config up = {.ops = ops, .rate = up_bps};
	struct station_config down = {.ops = ops, .rate = down_bps};
	int code = station_init(&p->up, run->sim, &up, e);
	if (code < 0)
		return code;
	code = station_init(&p->down, run->sim, &down, e);
	if (code < 0)
		station_fini(&p->up);
	return code;
}

int cell_init(struct run *run, struct pipes *p, const struct cell *cell, struct err *e)
{
	char name[500];
	snprintf(name, sizeof(name), "cells/%s", cell->name);
	stream_init(&p->rtt, &run->key, stream_name(name), stream_name("rtt"));
	stream_init(&p->loss, &run->key, stream_name(name), stream_name("loss"));
	p->up_bps = cell->up_bps;
	p->down_bps = cell->down_bps;
	/* Where rates of single transfers are bounded, what those leave goes to the others. */
	bool bounded = cell->loss && cell->loss->bound_bps;
	return pipes_init(run, p, bounded ? &station_shares : &station_ps, cell->up_bps,
			  cell->down_bps, e);
}

/* ---- Capacity */

static void change(struct sim *s, void *ctx, uint32_t number)
{
	struct run *run = ctx;
	const struct cell *cell = &run->world->cells[number];
	struct pipes *p = &run->cells[cell->slot];
	sim_time next = cell->capacity->change(cell->capacity_parameters, &p->capacity, sim_now(s),
					       &p->up_bps, &p->down_bps);
	station_set_rate(&p->up, p->up_bps);
	station_set_rate(&p->down, p->down_bps);
	if (next < run->world->duration)
		sim_at(s, next, change, run, number);
}

void cell_start(struct run *run, const struct cell *cell)
{
	sim_time first =
		cell->capacity ? cell->capacity->begin(cell->capacity_parameters) : SIM_NEVER;
	if (first < run->world->duration)
		sim_at(run->sim, first, change, run, (uint32_t)(cell - run->world->cells));
}

/* ---- Transfers */

static void lose(struct task *t, const struct cell *cell, struct pipes *p, bool up)
{
	double probability = cell->loss->draw(cell->loss_parameters, &p->loss);
	double rtt_s = 2 * sim_to_seconds(t->reach->one_way_ns);
	t->again = t->bits > 0 ? loss_again_bits(t->bits, probability, &p->loss) / t->bits : 0;
	t->job.cap = 0;
	if (cell->loss->bound_bps && probability > 0 && rtt_s > 0)
		t->job.cap = cell->loss->bound_bps(cell->loss_parameters, probability, rtt_s) /
			     (up ? p->up_bps : p->down_bps);
}

void cell_begin(struct task *t, bool up)
{
	const struct cell *cell = task_cell(t);
	struct pipes *p = &t->run->cells[cell->slot];
	t->phase = up ? PHASE_UP : PHASE_DOWN;
	if (cell->loss)
		lose(t, cell, p, up);
	else
		t->again = 0;
	station_submit(up ? &p->up : &p->down, &t->job, cell_air_bits(t));
}

double cell_stop(struct task *t)
{
	double moved = cell_air_bits(t) - station_cancel(&t->job);
	t->job.cap = 0;
	t->bits -= moved / (1 + t->again);
	return moved;
}
