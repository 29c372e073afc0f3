/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/mobility/coverage.h"

#include <math.h>
#include <string.h>

double coverage_factor(double hysteresis_db, double exponent)
{
	return pow(10, -hysteresis_db / (10 * exponent));
}

/* ---- Which cells matter, and where they are */

static double nearest_in_box(const struct coverage_cell *k, const struct box *b)
{
	double dx = fmax(fmax(b->x0 - k->x, k->x - b->x1), 0);
	double dy = fmax(fmax(b->y0 - k->y, k->y - b->y1), 0);
	return hypot(dx, dy);
}

static double farthest_in_box(const struct coverage_cell *k, const struct box *b)
{
	return hypot(fmax(fabs(b->x0 - k->x), fabs(b->x1 - k->x)),
		     fmax(fabs(b->y0 - k->y), fabs(b->y1 - k->y)));
}

/* A cell that covers the whole box keeps those out that are farther off everywhere, even if a
 * handset were still in them by the hysteresis. */
static double farthest_useful(const struct coverage_cell *cells, uint32_t count,
			      const struct box *box, double factor)
{
	double bound = INFINITY;
	for (uint32_t i = 0; i < count; i++) {
		double far = farthest_in_box(&cells[i], box);
		if (far <= cells[i].radius)
			bound = fmin(bound, far / factor);
	}
	return bound * (1 + 1e-9);
}

static uint32_t square_of(double at, double origin, double pitch, uint32_t n)
{
	double i = floor((at - origin) / pitch);
	return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i;
}

static int make_grid(struct coverage *c, struct arena *arena)
{
	struct box b = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	for (uint32_t i = 0; i < c->count; i++) {
		const struct coverage_cell *k = &c->cells[i];
		b = (struct box){fmin(b.x0, k->x), fmin(b.y0, k->y), fmax(b.x1, k->x),
				 fmax(b.y1, k->y)};
	}
	/* About one cell to a square. */
	double width = c->count ? b.x1 - b.x0 : 0, height = c->count ? b.y1 - b.y0 : 0;
	c->pitch = fmax(sqrt(width * height / fmax(c->count, 1)),
			fmax(width, height) / fmax(c->count, 1));
	if (!(c->pitch > 0))
		c->pitch = 1;
	c->x0 = c->count ? b.x0 : 0;
	c->y0 = c->count ? b.y0 : 0;
	c->columns = (uint32_t)(width / c->pitch) + 1;
	c->rows = (uint32_t)(height / c->pitch) + 1;
	size_t squares = (size_t)c->columns * c->rows;
	c->first = arena_array(arena, squares + 2, sizeof(*c->first));
	c->members = arena_array(arena, c->count, sizeof(*c->members));
	if (!c->first || !c->members)
		return ERR_NOMEM;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < c->count; i++) {
			size_t q = (size_t)square_of(c->cells[i].y, c->y0, c->pitch, c->rows) *
					   c->columns +
				   square_of(c->cells[i].x, c->x0, c->pitch, c->columns);
			if (pass == 0)
				c->first[q + 2]++;
			else
				c->members[c->first[q + 1]++] = i;
		}
		for (size_t q = 2; pass == 0 && q <= squares; q++)
			c->first[q] += c->first[q - 1];
	}
	return 0;
}

int coverage_init(struct coverage *c, const struct coverage_cell *cells, uint32_t count,
		  const struct box *box, double factor, struct arena *arena)
{
	double bound = farthest_useful(cells, count, box, factor);
	*c = (struct coverage){.factor2 = factor * factor};
	c->cells = arena_array(arena, count, sizeof(*c->cells));
	if (!c->cells)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++) {
		double near = nearest_in_box(&cells[i], box);
		if (near > cells[i].radius || near > bound)
			continue;
		c->cells[c->count++] = cells[i];
		c->largest = fmax(c->largest, cells[i].radius);
	}
	return make_grid(c, arena);
}

/* ---- Where a leg meets circles */

/* Whole nanoseconds from the start of the leg; empty when from > to. */
struct span {
	sim_time from, to;
};
static const struct span nothing = {1, 0}, always = {INT64_MIN, INT64_MAX};

static sim_time whole_ns(double seconds, bool up)
{
	double ns = up ? ceil(seconds * 1e9) : floor(seconds * 1e9);
	return ns >= 0x1p62 ? INT64_MAX : ns <= -0x1p62 ? INT64_MIN : (sim_time)ns;
}

/* Where a t^2 + b t + c <= 0, a >= 0. */
static struct span below_zero(double a, double b, double c)
{
	if (a <= 0)
		return c <= 0 ? always : nothing;
	double d = b * b - 4 * a * c;
	if (d < 0)
		return nothing;
	double q = -(b + copysign(sqrt(d), b)) / 2;
	double r = q / a, s = q != 0 ? c / q : r;
	struct span span = {whole_ns(fmin(r, s), true), whole_ns(fmax(r, s), false)};
	return span;
}

struct square_distance { /* from a cell, along the leg: a t^2 + b t + c */
	double a, b, c;
};

static struct square_distance distance_along(const struct leg *leg, const struct coverage_cell *k)
{
	double dx = leg->x - k->x, dy = leg->y - k->y;
	return (struct square_distance){leg->vx * leg->vx + leg->vy * leg->vy,
					2 * (leg->vx * dx + leg->vy * dy), dx * dx + dy * dy};
}

static struct span in_radius(const struct square_distance *d, double radius)
{
	return isinf(radius) ? always : below_zero(d->a, d->b, d->c - radius * radius);
}

/* When the handset, if it is in `serving` (or in no cell), would go over to `k`. */
static struct span takes_over(const struct coverage *c, const struct leg *leg,
			      const struct coverage_cell *k, const struct square_distance *serving)
{
	struct square_distance d = distance_along(leg, k);
	struct span reached = in_radius(&d, k->radius);
	if (!serving || reached.from > reached.to)
		return reached;
	double f = c->factor2;
	/* Both have the leg's speed for their a. */
	struct span nearer = below_zero(d.a * (1 - f), d.b - f * serving->b, d.c - f * serving->c);
	return (struct span){reached.from > nearer.from ? reached.from : nearer.from,
			     reached.to < nearer.to ? reached.to : nearer.to};
}

/* ---- Looking around */

typedef void look_fn(void *ctx, uint32_t cell);

/* Calls back for all cells whose centres are in the box, and some more. */
static void look(const struct coverage *c, const struct box *b, look_fn *fn, void *ctx)
{
	if (c->count == 0)
		return;
	uint32_t x0 = square_of(b->x0, c->x0, c->pitch, c->columns);
	uint32_t x1 = square_of(b->x1, c->x0, c->pitch, c->columns);
	uint32_t y1 = square_of(b->y1, c->y0, c->pitch, c->rows);
	for (uint32_t y = square_of(b->y0, c->y0, c->pitch, c->rows); y <= y1; y++) {
		size_t row = (size_t)y * c->columns;
		for (uint32_t i = c->first[row + x0]; i < c->first[row + x1 + 1]; i++)
			fn(ctx, c->members[i]);
	}
}

struct nearest {
	const struct coverage *c;
	double x, y, best;
	uint32_t cell, except;
};

static void look_nearest(void *ctx, uint32_t cell)
{
	struct nearest *n = ctx;
	const struct coverage_cell *k = &n->c->cells[cell];
	double dx = k->x - n->x, dy = k->y - n->y, d2 = dx * dx + dy * dy;
	bool better = d2 < n->best || (d2 == n->best && cell < n->cell);
	if (cell == n->except || d2 > k->radius * k->radius || !better)
		return;
	n->best = d2;
	n->cell = cell;
}

/* The nearest that reaches (x, y), but one; `cell` when nothing is nearer than that. */
static uint32_t nearest_but(const struct coverage *c, double x, double y, uint32_t except,
			    uint32_t cell)
{
	struct nearest n = {c, x, y, INFINITY, COVERAGE_NONE, except};
	if (cell != COVERAGE_NONE) {
		double dx = c->cells[cell].x - x, dy = c->cells[cell].y - y;
		n.best = dx * dx + dy * dy;
		n.cell = cell;
	}
	/* A ring wider each time, until what is farther off cannot be nearer. */
	double whole = c->pitch * ((double)c->columns + c->rows + 2);
	double outside = fmax(fmax(c->x0 - x, x - (c->x0 + c->pitch * c->columns)),
			      fmax(c->y0 - y, y - (c->y0 + c->pitch * c->rows)));
	for (double r = c->pitch + fmax(outside, 0);; r *= 2) {
		look(c, &(struct box){x - r, y - r, x + r, y + r}, look_nearest, &n);
		if (n.best <= r * r || r > whole + fmax(outside, 0) || r > 2 * c->largest)
			return n.cell;
	}
}

uint32_t coverage_at(const struct coverage *c, double x, double y)
{
	return c->count ? nearest_but(c, x, y, COVERAGE_NONE, COVERAGE_NONE) : COVERAGE_NONE;
}

/* ---- The first change */

struct search {
	const struct coverage *c;
	const struct leg *leg;
	const struct square_distance *serving_distance; /* NULL: in no cell */
	uint32_t serving;
	sim_time now, first; /* from the start of the leg */
	uint32_t to;
};

static void look_taker(void *ctx, uint32_t cell)
{
	struct search *s = ctx;
	if (cell == s->serving)
		return;
	struct span when = takes_over(s->c, s->leg, &s->c->cells[cell], s->serving_distance);
	sim_time at = when.from > s->now ? when.from : s->now;
	if (at <= when.to && (at < s->first || (at == s->first && cell < s->to))) {
		s->first = at;
		s->to = cell;
	}
}

static struct box around(const struct leg *leg, double from_s, double to_s, double margin)
{
	double x0 = leg->x + leg->vx * from_s, x1 = leg->x + leg->vx * to_s;
	double y0 = leg->y + leg->vy * from_s, y1 = leg->y + leg->vy * to_s;
	return (struct box){fmin(x0, x1) - margin, fmin(y0, y1) - margin, fmax(x0, x1) + margin,
			    fmax(y0, y1) + margin};
}

static double distance_at(const struct square_distance *d, double s)
{
	return sqrt(fmax((d->a * s + d->b) * s + d->c, 0));
}

/* Goes along the leg in pieces as long as squares of the grid, so that only cells nearby are looked
 * at: who takes over is nearer than the serving cell, or has the handset in its radius. */
static void search_along(struct search *s, sim_time end)
{
	const struct leg *leg = s->leg;
	double speed = hypot(leg->vx, leg->vy);
	double piece_s = speed > 0 ? s->c->pitch / speed : INFINITY;
	double from_s = sim_to_seconds(s->now), end_s = sim_to_seconds(end);
	while (from_s <= end_s) {
		double to_s = fmin(from_s + piece_s, end_s), margin = s->c->largest;
		if (s->serving_distance)
			margin = fmin(margin, fmax(distance_at(s->serving_distance, from_s),
						   distance_at(s->serving_distance, to_s)));
		struct box b = around(leg, from_s, speed > 0 ? to_s : from_s, margin + 1e-6);
		look(s->c, &b, look_taker, s);
		/* What is found in this piece is the first; later ones may hide earlier ones. */
		if (sim_to_seconds(s->first) <= to_s || to_s >= end_s)
			return;
		from_s = to_s;
	}
}

sim_time coverage_next(const struct coverage *c, const struct leg *leg, uint32_t serving,
		       sim_time now, uint32_t *to)
{
	sim_time end = leg->until - leg->from; /* from here on, from the start of the leg */
	struct search s = {c, leg, NULL, serving, now - leg->from, INT64_MAX, COVERAGE_NONE};
	struct square_distance d;
	sim_time gone = INT64_MAX; /* out of the serving cell's radius */
	if (serving != COVERAGE_NONE) {
		d = distance_along(leg, &c->cells[serving]);
		s.serving_distance = &d;
		struct span inside = in_radius(&d, c->cells[serving].radius);
		if (s.now < inside.from || s.now > inside.to)
			gone = s.now;
		else if (inside.to < INT64_MAX)
			gone = inside.to + 1;
	}
	search_along(&s, gone < end ? gone : end);
	sim_time at = s.first < gone ? s.first : gone;
	if (at > end)
		return SIM_NEVER;
	/* When several would do, the nearest; and who leaves a cell goes to any that reaches it. */
	double at_s = sim_to_seconds(at);
	*to = nearest_but(c, leg->x + leg->vx * at_s, leg->y + leg->vy * at_s, serving,
			  s.first <= at ? s.to : COVERAGE_NONE);
	return leg->from + at;
}
