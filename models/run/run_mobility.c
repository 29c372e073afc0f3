/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Handsets that move: from leg to leg, and from cell to cell. A leg in which no cell changes is no
 * event, so that what a moving handset costs is its changes of cells. */
#include "models/run/run_handover.h"
#include "models/run/run_mobility.h"

#include <math.h>

static void follow(struct run *run, uint32_t handset, sim_time now);

static uint32_t number_of(const struct run *run, const struct handset *h)
{
	return (uint32_t)(h - run->handsets);
}

static sim_time in_window(const struct run *run, sim_time from, sim_time to)
{
	sim_time begin = from > run->world->warmup ? from : run->world->warmup;
	return to > begin ? to - begin : 0;
}

void mobility_book_time(struct run *run, struct handset *h, sim_time now)
{
	struct movement *m = h->movement;
	wide_ns *sum = m->serving == COVERAGE_NONE ? &run->metrics->uncovered_ns
						   : &run->metrics->cell_ns[h->cell];
	*sum += in_window(run, m->since, now);
	m->since = now;
}

static void over(struct sim *s, void *ctx, uint32_t handset)
{
	struct run *run = ctx;
	struct handset *h = &run->handsets[handset];
	if (sim_now(s) == h->movement->ready && handset_is_covered(h))
		handover_over(run, h);
}

static void hand_over(struct run *run, struct handset *h, sim_time stay)
{
	struct movement *m = h->movement;
	const struct handover *how = &run->world->handover;
	sim_time now = sim_now(run->sim);
	if (now >= run->world->warmup) {
		run->metrics->handovers++;
		run->metrics->ping_pongs += m->serving == m->before && stay < how->ping_pong_ns;
	}
	m->ready = now + how->interruption_ns;
	handover_changed(run, h);
	if (how->interruption_ns > 0)
		sim_at(run->sim, m->ready, over, run, number_of(run, h));
	else
		handover_over(run, h);
}

/* The change that was foreseen. */
static void change(struct sim *s, void *ctx, uint32_t handset)
{
	struct run *run = ctx;
	struct handset *h = &run->handsets[handset];
	struct movement *m = h->movement;
	sim_time now = sim_now(s), stay = now - m->since;
	uint32_t from = m->serving;
	mobility_book_time(run, h, now);
	m->serving = m->next;
	if (m->serving != COVERAGE_NONE)
		h->cell = h->class->coverage.cells[m->serving].cell;
	if (m->serving == COVERAGE_NONE)
		handover_lost(run, h);
	else if (from == COVERAGE_NONE)
		handover_regained(run, h);
	else
		hand_over(run, h, stay);
	if (from != COVERAGE_NONE)
		m->before = from;
	follow(run, handset, now);
}

/* Goes along the legs to the next change of cells. */
static void follow(struct run *run, uint32_t handset, sim_time now)
{
	struct handset *h = &run->handsets[handset];
	struct movement *m = h->movement;
	const struct mobility_ops *model = h->class->mobility;
	sim_time end = run->world->duration;
	for (;;) {
		sim_time at =
			coverage_next(&h->class->coverage, &m->leg, m->serving, now, &m->next);
		if (at < end)
			sim_at(run->sim, at, change, run, handset);
		if (at != SIM_NEVER || m->leg.until >= end)
			return;
		now = m->leg.until;
		model->next(h->class->mobility_parameters, &m->state, &m->stream, &m->leg);
	}
}

/* The nearest cell, whether or not it reaches the handset. */
static uint32_t nearest_cell(const struct coverage *c, const struct leg *leg)
{
	uint32_t best = 0;
	double least = INFINITY;
	for (uint32_t i = 0; i < c->count; i++) {
		double d = hypot(c->cells[i].x - leg->x, c->cells[i].y - leg->y);
		if (d < least) {
			least = d;
			best = c->cells[i].cell;
		}
	}
	return best;
}

void mobility_set_out(struct run *run, struct handset *h, uint32_t number)
{
	const struct class *class = h->class;
	struct movement *m = h->movement;
	stream_init(&m->stream, &run->key, class->mobility_entity + number,
		    stream_name("mobility"));
	m->state.number = number;
	class->mobility->start(class->mobility_parameters, &m->state, &m->stream, &m->leg);
	m->serving = coverage_at(&class->coverage, m->leg.x, m->leg.y);
	m->before = COVERAGE_NONE;
	h->cell = m->serving == COVERAGE_NONE ? nearest_cell(&class->coverage, &m->leg)
					      : class->coverage.cells[m->serving].cell;
}

void mobility_start(struct run *run, uint32_t handset)
{
	follow(run, handset, 0);
}
