/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * When handsets that move change cells, against stepping along their paths; which cells matter. */
#include "models/mobility/coverage.h"
#include "tests/models/walker_support.h"

/* The rules of coverage.h, by looking every step. */
static uint32_t look_around(const struct coverage *c, double x, double y, uint32_t serving)
{
	uint32_t best = COVERAGE_NONE;
	double least = INFINITY, mine = INFINITY;
	for (uint32_t i = 0; i < c->count; i++) {
		double d = hypot(c->cells[i].x - x, c->cells[i].y - y);
		if (d > c->cells[i].radius)
			continue;
		if (i == serving)
			mine = d;
		else if (d < least) {
			least = d;
			best = i;
		}
	}
	if (isinf(mine))
		return best;
	return least <= sqrt(c->factor2) * mine ? best : serving;
}

enum { CELLS = 40, CHANGES = 4000 };

static void cells_change_when_stepping_says_so(void)
{
	static struct {
		sim_time at;
		uint32_t to;
	} computed[CHANGES];
	const sim_time step = SIM_MS, end = 20 * SIM_S;
	int changes = 0, holes = 0;
	struct stream st;
	stream_init(&st, &(struct stream_key){.seed = 5}, 1, 1);
	for (uint32_t round = 0; round < 12; round++) {
		struct coverage_cell cells[CELLS];
		struct coverage c;
		struct arena arena = {0};
		for (uint32_t i = 0; i < CELLS; i++)
			cells[i] = (struct coverage_cell){
				1000 * stream_uniform(&st), 1000 * stream_uniform(&st),
				round % 3 == 0 ? (double)INFINITY : 50 + 150 * stream_uniform(&st),
				i};
		struct box box = {0, 0, 1000, 1000};
		CU_ASSERT_EQUAL(coverage_init(&c, cells, CELLS, &box,
					      coverage_factor(round % 2 ? 3 : 0.5, 3), &arena),
				0);
		struct model m;
		open_model(&m,
			   round % 4 == 3
				   ? "{\"gauss-markov\":{\"area\":{\"width\":\"1 km\",\"height\":"
				     "\"1 km\"},\"deviation\":\"60 m/s\",\"memory\":0.9}}"
				   : "{\"random-waypoint\":{\"area\":{\"width\":\"1 km\","
				     "\"height\":\"1 km\"},\"speed\":{\"min\":\"10 m/s\",\"max\":"
				     "\"90 m/s\"},\"pause\":{\"max\":\"2 s\"}}}");
		for (uint32_t i = 0; i < 4; i++) {
			struct walker w;
			int n = 0, next = 0;
			set_out(&m, &w, 100 * round + i);
			uint32_t first = coverage_at(&c, w.leg.x, w.leg.y), serving = first;
			for (sim_time now = 0; now < end;) {
				uint32_t to;
				sim_time at = coverage_next(&c, &w.leg, serving, now, &to);
				if (at == SIM_NEVER) {
					now = w.leg.until;
					walk_to(&m, &w, now);
					continue;
				}
				CU_ASSERT(at >= now && at <= w.leg.until && to != serving);
				now = at;
				serving = to;
				CU_ASSERT_FATAL(n < CHANGES);
				computed[n].at = at;
				computed[n++].to = to;
			}
			/* Stepping sees what lasts for a step: both must agree then. */
			set_out(&m, &w, 100 * round + i);
			serving = first;
			for (sim_time at = step; at < end; at += step) {
				walk_to(&m, &w, at);
				uint32_t now = look_around(&c, x_at(&w, at), y_at(&w, at), serving);
				while (next < n && computed[next].at <= at - 1) {
					first = computed[next++].to;
					holes += first == COVERAGE_NONE;
					changes++;
				}
				if (now != serving)
					serving = now;
				if (serving != first) {
					/* Only within a step of a change. */
					bool soon = next < n && computed[next].at <= at + step;
					bool late =
						next > 0 && computed[next - 1].at >= at - 2 * step;
					CU_ASSERT(soon || late);
					if (!soon && !late)
						printf(" round %u walker %u at %.3f s: %u, "
						       "stepping %u ",
						       round, i, sim_to_seconds(at), first,
						       serving);
					serving = first;
				}
			}
		}
		close_model(&m);
		arena_free(&arena);
	}
	CU_ASSERT(changes > 300 && holes > 20);
}

static void only_cells_that_matter_are_kept(void)
{
	/* Of a street of cells 1 km apart, a box of 1 km needs those whose radius meets it. */
	struct coverage_cell cells[100];
	struct coverage c;
	struct arena arena = {0};
	struct box box = {50000, -10, 51000, 10};
	for (uint32_t i = 0; i < 100; i++)
		cells[i] = (struct coverage_cell){1000.0 * i, 0, 600, i};
	coverage_init(&c, cells, 100, &box, 0.8, &arena);
	CU_ASSERT_EQUAL(c.count, 2);
	for (uint32_t i = 0; i < 100; i++)
		cells[i].radius = INFINITY;
	coverage_init(&c, cells, 100, &box, 0.8, &arena);
	/* The cells at both ends cover it from at most 1000 m, the hysteresis makes that 1250. */
	CU_ASSERT_EQUAL(c.count, 4);
	arena_free(&arena);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"cells_change_when_stepping_says_so", cells_change_when_stepping_says_so},
		{"only_cells_that_matter_are_kept", only_cells_that_matter_are_kept},
		{0},
	};
	return test_main("coverage", cases, argc, argv);
}
