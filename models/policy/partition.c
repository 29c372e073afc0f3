/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/policy/partition.h"

#include <math.h>
#include <string.h>

/* ---- What a partition costs */

void partition_costs(struct partition_costs *c, const struct policy_view *v, int site, bool wakes)
{
	const struct policy_graph *g = v->graph;
	const struct policy_site *s = &v->sites[site];
	*c = (struct partition_costs){.graph = g};
	for (unsigned i = 0; i < g->stages; i++) {
		c->local_s[i] = g->cycles[i] / v->handset_hz;
		c->local_j[i] = c->local_s[i] * v->compute_w;
		c->remote_s[i] = g->cycles[i] / s->hz;
		c->remote_j[i] = c->remote_s[i] * v->idle_w;
	}
	for (unsigned i = 0; i < g->edges; i++) {
		double bits = g->edge[i].bits;
		double up_s = bits / s->up_bps, down_s = bits / s->down_bps;
		c->up_s[i] = up_s + bits * s->links_up_s_per_bit + s->one_way_s;
		c->down_s[i] = down_s + bits * s->links_down_s_per_bit + s->one_way_s;
		c->up_j[i] = up_s * radio_up_w(v->radio, s->up_bps) + c->up_s[i] * v->idle_w;
		c->down_j[i] =
			down_s * radio_down_w(v->radio, s->down_bps) + c->down_s[i] * v->idle_w;
	}
	if (wakes) {
		c->wake_s = sim_to_seconds(v->radio->promotion_ns);
		c->wake_j = c->wake_s * (v->radio->promotion_w + v->idle_w) + v->radio->tail_j;
	}
}

static bool is_remote(uint32_t remote, uint8_t stage)
{
	return stage != APP_HANDSET && (remote >> stage & 1);
}

double partition_j(const struct partition_costs *c, uint32_t remote)
{
	double j = remote ? c->wake_j : 0;
	for (unsigned i = 0; i < c->graph->stages; i++)
		j += remote >> i & 1 ? c->remote_j[i] : c->local_j[i];
	for (unsigned i = 0; i < c->graph->edges; i++) {
		const struct policy_edge *e = &c->graph->edge[i];
		bool from = is_remote(remote, e->from), to = is_remote(remote, e->to);
		if (from != to)
			j += to ? c->up_j[i] : c->down_j[i];
	}
	return j;
}

/* When stages end, filled in topological order: what is known of a partition so far. */
struct timeline {
	double end[APP_STAGES_MAX];
	double cpu_free; /* the handset's */
	double returned; /* the last result that is back on the handset */
};

/* Adds the stage; `remote` says of it and all before it where they run. */
static void place(const struct partition_costs *c, struct timeline *t, uint8_t stage,
		  uint32_t remote)
{
	bool there = remote >> stage & 1;
	double ready = 0;
	for (unsigned i = 0; i < c->graph->edges; i++) {
		const struct policy_edge *e = &c->graph->edge[i];
		if (e->to != stage)
			continue;
		double at = e->from == APP_HANDSET ? 0 : t->end[e->from];
		bool from = is_remote(remote, e->from);
		ready = fmax(ready, from == there ? at : at + (there ? c->up_s[i] : c->down_s[i]));
	}
	if (there) {
		t->end[stage] = ready + c->remote_s[stage];
	} else {
		t->end[stage] = fmax(ready, t->cpu_free) + c->local_s[stage];
		t->cpu_free = t->end[stage];
	}
	for (unsigned i = 0; i < c->graph->edges; i++)
		if (c->graph->edge[i].from == stage && c->graph->edge[i].to == APP_HANDSET)
			t->returned = fmax(t->returned, t->end[stage] + (there ? c->down_s[i] : 0));
}

double partition_s(const struct partition_costs *c, uint32_t remote)
{
	struct timeline t = {0};
	for (uint8_t i = 0; i < c->graph->stages; i++)
		place(c, &t, i, remote);
	return t.returned + (remote ? c->wake_s : 0);
}

/* ---- The least energy without a limit: a minimum cut (Edmonds and Karp). The handset is the
 * source, the site the sink. */

enum { NODES = APP_STAGES_MAX + 2, SOURCE = APP_STAGES_MAX, SINK };

struct network {
	double left[NODES][NODES]; /* residual capacity */
};

static void fill(struct network *n, const struct partition_costs *c, unsigned first)
{
	const struct policy_graph *g = c->graph;
	memset(n, 0, sizeof(*n));
	for (unsigned i = first; i < g->stages; i++) {
		n->left[SOURCE][i] += g->pinned >> i & 1 ? INFINITY : c->remote_j[i];
		n->left[i][SINK] += c->local_j[i];
	}
	for (unsigned i = 0; i < g->edges; i++) {
		const struct policy_edge *e = &g->edge[i];
		unsigned from = e->from == APP_HANDSET ? SOURCE : e->from;
		unsigned to = e->to == APP_HANDSET ? SOURCE : e->to;
		if ((from != SOURCE && from < first) || (to != SOURCE && to < first))
			continue; /* decided already: not this cut's */
		n->left[from][to] += c->up_j[i];
		n->left[to][from] += c->down_j[i];
	}
}

/* The shortest way with capacity left, by which each node was reached. */
static bool search(const struct network *n, int8_t from[NODES])
{
	int8_t queue[NODES];
	unsigned head = 0, tail = 0;
	memset(from, -1, NODES);
	from[SOURCE] = SOURCE;
	queue[tail++] = SOURCE;
	while (head < tail) {
		int8_t at = queue[head++];
		for (int8_t to = 0; to < NODES; to++)
			if (from[to] < 0 && n->left[at][to] > 0) {
				from[to] = at;
				queue[tail++] = to;
			}
	}
	return from[SINK] >= 0;
}

static double augment(struct network *n, const int8_t from[NODES])
{
	double least = INFINITY;
	for (int8_t to = SINK; to != SOURCE; to = from[to])
		least = fmin(least, n->left[from[to]][to]);
	for (int8_t to = SINK; to != SOURCE; to = from[to]) {
		n->left[from[to]][to] -= least;
		n->left[to][from[to]] += least;
	}
	return least;
}

/* The nodes from which the sink can still be reached: the smallest remote side. */
static uint32_t remote_side(const struct network *n, unsigned stages)
{
	bool reaches[NODES] = {[SINK] = true};
	uint32_t remote = 0;
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < stages; i++)
			for (unsigned to = 0; to < NODES && !reaches[i]; to++)
				if (reaches[to] && n->left[i][to] > 0)
					reaches[i] = more = true;
	}
	for (unsigned i = 0; i < stages; i++)
		remote |= (uint32_t)reaches[i] << i;
	return remote;
}

/* The least energy of the stages from `first` on, waking and edges to earlier ones apart. */
static double cut(const struct partition_costs *c, unsigned first, uint32_t *remote)
{
	struct network n;
	int8_t from[NODES];
	double flow = 0;
	fill(&n, c, first);
	while (search(&n, from))
		flow += augment(&n, from);
	if (remote)
		*remote = remote_side(&n, c->graph->stages);
	return flow;
}

/* ---- With a limit on the time: branch and bound, in topological order */

struct bound {
	const struct partition_costs *c;
	double limit_s, best;
	bool by_time;			   /* the least time is sought, not the least energy */
	double rest_j[APP_STAGES_MAX + 1]; /* of the stages from there on, at least */
	double rest_s[APP_STAGES_MAX];	   /* from the end of a stage to the end of all, at least */
	uint32_t remote;
	bool found;
};

/* What deciding the stage adds: itself and the edges from those decided. */
static double added_j(const struct partition_costs *c, uint8_t stage, uint32_t remote)
{
	bool there = remote >> stage & 1;
	double j = there ? c->remote_j[stage] : c->local_j[stage];
	for (unsigned i = 0; i < c->graph->edges; i++) {
		const struct policy_edge *e = &c->graph->edge[i];
		if (e->to == stage && is_remote(remote, e->from) != there)
			j += there ? c->up_j[i] : c->down_j[i];
		else if (e->from == stage && e->to == APP_HANDSET && there)
			j += c->down_j[i];
	}
	return j;
}

/* Stages from there on take at least so long: no transfers, each at the faster place. */
static void fill_rest(struct bound *b)
{
	const struct partition_costs *c = b->c;
	for (unsigned i = c->graph->stages; i-- > 0;) {
		b->rest_s[i] = 0;
		for (unsigned k = 0; k < c->graph->edges; k++) {
			const struct policy_edge *e = &c->graph->edge[k];
			if (e->from != i || e->to == APP_HANDSET)
				continue;
			double s = c->graph->pinned >> e->to & 1
					   ? c->local_s[e->to]
					   : fmin(c->local_s[e->to], c->remote_s[e->to]);
			b->rest_s[i] = fmax(b->rest_s[i], s + b->rest_s[e->to]);
		}
		b->rest_j[i] = cut(c, i, NULL);
	}
	b->rest_j[c->graph->stages] = 0;
}

static void descend(struct bound *b, uint8_t stage, uint32_t remote, const struct timeline *before,
		    double j);

static void decide(struct bound *b, uint8_t stage, uint32_t remote, const struct timeline *before,
		   double j)
{
	const struct partition_costs *c = b->c;
	struct timeline t = *before;
	place(c, &t, stage, remote);
	double wake_s = remote ? c->wake_s : 0;
	double s = fmax(t.returned, t.end[stage] + b->rest_s[stage]) + wake_s;
	/* A hair, so that rounding prunes nothing that is as good. */
	if (s > b->limit_s * (1 + 1e-12) || (b->by_time && b->found && s >= b->best))
		return;
	j += added_j(c, stage, remote);
	if (!b->by_time && b->found &&
	    j + b->rest_j[stage + 1] + (remote ? c->wake_j : 0) >= b->best * (1 + 1e-12))
		return;
	descend(b, (uint8_t)(stage + 1), remote, &t, j);
}

static void descend(struct bound *b, uint8_t stage, uint32_t remote, const struct timeline *before,
		    double j)
{
	const struct partition_costs *c = b->c;
	if (stage < c->graph->stages) {
		decide(b, stage, remote, before, j);
		if (!(c->graph->pinned >> stage & 1))
			decide(b, stage, remote | 1u << stage, before, j);
		return;
	}
	double s = partition_s(c, remote);
	double cost = b->by_time ? s : partition_j(c, remote);
	if (s > b->limit_s || (b->found && cost >= b->best))
		return;
	b->found = true;
	b->best = cost;
	b->remote = remote;
}

bool partition_least(const struct partition_costs *c, double limit_s, uint32_t *remote)
{
	struct timeline nothing = {0};
	cut(c, 0, remote);
	/* Waking is paid by any partition but the empty one. */
	if (partition_j(c, 0) <= partition_j(c, *remote))
		*remote = 0;
	if (partition_s(c, *remote) <= limit_s)
		return true;
	struct bound b = {.c = c, .limit_s = limit_s};
	fill_rest(&b);
	descend(&b, 0, 0, &nothing, 0);
	bool within = b.found;
	if (!within) {
		b.by_time = true;
		b.limit_s = INFINITY;
		descend(&b, 0, 0, &nothing, 0);
	}
	*remote = b.remote;
	return within;
}
