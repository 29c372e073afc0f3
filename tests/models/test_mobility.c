/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How handsets move: each model against what is known of it, files of paths, and the times at which
 * cells change against stepping along the path. */
#include "models/mobility/coverage.h"
#include "models/mobility/trace.h"
#include "tests/models/world_support.h"

/* ---- Paths without a world */

struct model {
	struct json_doc doc;
	struct arena arena;
	const struct mobility_ops *ops;
	const void *parameters;
};

static void open_model(struct model *m, const char *text)
{
	struct diag_list diags = {0};
	struct err e = {0};
	const struct key_variant *chosen = NULL;
	char *whole = study("{\"m\":%s}", text);
	*m = (struct model){0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&m->doc, "m", whole, strlen(whole), &diags, &e), 0);
	int code = choice_read((choice_table)mobility_models, "mobility model", &m->doc, "/m",
			       &m->arena, &diags, &chosen, &m->parameters);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT_EQUAL_FATAL(code, 0);
	m->ops = (const struct mobility_ops *)(const void *)chosen;
	diag_free(&diags);
	free(whole);
}

static void close_model(struct model *m)
{
	json_doc_free(&m->doc);
	arena_free(&m->arena);
}

struct walker {
	struct stream st;
	struct mobility_state state;
	struct leg leg;
};

static void set_out(const struct model *m, struct walker *w, uint32_t number)
{
	struct stream_key key = {.seed = 7};
	*w = (struct walker){.state.number = number};
	stream_init(&w->st, &key, number, stream_name("mobility"));
	m->ops->start(m->parameters, &w->state, &w->st, &w->leg);
}

static void walk_to(const struct model *m, struct walker *w, sim_time at)
{
	while (w->leg.until <= at)
		m->ops->next(m->parameters, &w->state, &w->st, &w->leg);
}

static double x_at(const struct walker *w, sim_time at)
{
	return w->leg.x + w->leg.vx * sim_to_seconds(at - w->leg.from);
}

static double y_at(const struct walker *w, sim_time at)
{
	return w->leg.y + w->leg.vy * sim_to_seconds(at - w->leg.from);
}

/* Within four standard errors of a share or a mean. */
static bool is_share(double hits, double n, double p)
{
	bool near = fabs(hits / n - p) <= 4 * sqrt(p * (1 - p) / n);
	if (!near)
		printf(" got %g of %g, wanted %g ", hits, n, p);
	return near;
}

static bool is_mean(double sum, double sum2, double n, double wanted)
{
	double mean = sum / n, sd = sqrt((sum2 / n - mean * mean) / n);
	bool near = fabs(mean - wanted) <= 4 * sd;
	if (!near)
		printf(" mean %g +- %g, wanted %g ", mean, sd, wanted);
	return near;
}

/* ---- Random waypoint */

/* Where walkers without a pause are: the share in the middle quarter of the unit square, from ways
 * weighted by their length instead of chosen by it. */
static double share_in_the_middle(void)
{
	double hits = 0, all = 0;
	struct stream st;
	stream_init(&st, &(struct stream_key){.seed = 99}, 1, 2);
	for (int i = 0; i < 400000; i++) {
		double x0 = stream_uniform(&st), y0 = stream_uniform(&st);
		double x1 = stream_uniform(&st), y1 = stream_uniform(&st), g = stream_uniform(&st);
		double d = hypot(x1 - x0, y1 - y0), x = x0 + g * (x1 - x0), y = y0 + g * (y1 - y0);
		all += d;
		if (fabs(x - 0.5) < 0.25 && fabs(y - 0.5) < 0.25)
			hits += d;
	}
	return hits / all;
}

static void random_waypoint_is_stationary_from_the_start(void)
{
	enum { WALKERS = 20000 };
	static const double times[] = {0, 37, 1000};
	struct model m;
	open_model(&m, "{\"random-waypoint\":{\"area\":{\"width\":\"1 km\",\"height\":\"1 km\"},"
		       "\"speed\":{\"min\":\"2 m/s\",\"max\":\"20 m/s\"}}}");
	double middle = share_in_the_middle();
	CU_ASSERT(middle > 0.4); /* of a quarter of the area: the centre is preferred */
	for (size_t k = 0; k < 3; k++) {
		sim_time at = sim_from_seconds(times[k]);
		double in = 0, speed = 0, speed2 = 0;
		for (uint32_t i = 0; i < WALKERS; i++) {
			struct walker w;
			set_out(&m, &w, i);
			walk_to(&m, &w, at);
			double v = hypot(w.leg.vx, w.leg.vy);
			speed += v;
			speed2 += v * v;
			in += fabs(x_at(&w, at) - 500) < 250 && fabs(y_at(&w, at) - 500) < 250;
		}
		CU_ASSERT(is_share(in, WALKERS, middle));
		CU_ASSERT(is_mean(speed, speed2, WALKERS, 18 / log(10)));
	}
	close_model(&m);
}

static void random_waypoint_pauses(void)
{
	enum { WALKERS = 20000 };
	struct model m;
	open_model(&m, "{\"random-waypoint\":{\"area\":{\"width\":\"1 km\",\"height\":\"500 m\"},"
		       "\"speed\":{\"min\":\"1 m/s\",\"max\":\"1 m/s\"},"
		       "\"pause\":{\"min\":\"100 s\",\"max\":\"500 s\"}}}");
	/* The mean distance of two points of a 1000 x 500 rectangle, by brute force. */
	double way = 0;
	struct stream st;
	stream_init(&st, &(struct stream_key){.seed = 3}, 1, 2);
	for (int i = 0; i < 1000000; i++)
		way += hypot(1000 * (stream_uniform(&st) - stream_uniform(&st)),
			     500 * (stream_uniform(&st) - stream_uniform(&st))) /
		       1e6;
	double share = 300 / (300 + way), rest = 0;
	for (int k = 0; k < 2; k++) {
		double still = 0;
		sim_time at = k * 700 * SIM_S;
		for (uint32_t i = 0; i < WALKERS; i++) {
			struct walker w;
			set_out(&m, &w, i);
			walk_to(&m, &w, at);
			still += w.leg.vx == 0 && w.leg.vy == 0;
			if (k == 0 && w.leg.vx == 0 && w.leg.vy == 0)
				rest += sim_to_seconds(w.leg.until);
		}
		CU_ASSERT(is_share(still, WALKERS, share));
		/* What is left of a pause: E[p^2] / (2 E[p]), here 103333 / 600. */
		if (k == 0)
			CU_ASSERT(is_near(rest / still, 103333.3 / 600, 0.03));
	}
	close_model(&m);
}

/* ---- Gauss-Markov */

static void gauss_markov_has_its_memory(void)
{
	enum { WALKERS = 20000, LAG = 5 };
	struct model m;
	open_model(&m, "{\"gauss-markov\":{\"area\":{\"width\":\"1000 km\",\"height\":\"1000 km\"},"
		       "\"deviation\":\"3 m/s\",\"drift_x\":\"2 m/s\",\"memory\":0.8}}");
	double sum = 0, sum2 = 0, product = 0, product2 = 0, cross = 0;
	for (uint32_t i = 0; i < WALKERS; i++) {
		struct walker w;
		set_out(&m, &w, i);
		walk_to(&m, &w, 20 * SIM_S);
		double v0 = w.leg.vx - 2, u0 = w.leg.vy;
		walk_to(&m, &w, (20 + LAG) * SIM_S);
		double v1 = w.leg.vx - 2;
		sum += v0;
		sum2 += v0 * v0;
		product += v0 * v1;
		product2 += v0 * v1 * v0 * v1;
		cross += u0 * v1;
	}
	/* The border is far; a few near it turn. */
	CU_ASSERT(is_mean(sum, sum2, WALKERS, 0));
	CU_ASSERT(is_near(sum2 / WALKERS, 9, 0.04));
	CU_ASSERT(is_mean(product, product2, WALKERS, 9 * pow(0.8, LAG)));
	CU_ASSERT(fabs(cross / WALKERS) < 4 * 9 / sqrt(WALKERS));
	close_model(&m);
}

static void gauss_markov_stays_in_its_area(void)
{
	struct model m;
	double left = 0, n = 0;
	open_model(&m, "{\"gauss-markov\":{\"area\":{\"x\":\"-50 m\",\"width\":\"100 m\","
		       "\"height\":\"20 m\"},\"deviation\":\"15 m/s\",\"memory\":0.5}}");
	for (uint32_t i = 0; i < 200; i++) {
		struct walker w;
		set_out(&m, &w, i);
		for (sim_time at = 0; at < 100 * SIM_S; at += SIM_S / 3) {
			walk_to(&m, &w, at);
			double x = x_at(&w, at), y = y_at(&w, at);
			CU_ASSERT(x >= -50 - 1e-6 && x <= 50 + 1e-6);
			CU_ASSERT(y >= -1e-6 && y <= 20 + 1e-6);
			CU_ASSERT(w.leg.until > at && w.leg.until <= (at / SIM_S + 1) * SIM_S);
			left += x < 0;
			n++;
		}
	}
	CU_ASSERT(fabs(left / n - 0.5) < 0.03);
	close_model(&m);
}

/* ---- Manhattan */

static double off_street(double at)
{
	return fabs(at / 100 - nearbyint(at / 100)) * 100;
}

static void manhattan_keeps_to_the_streets(void)
{
	enum { WALKERS = 6000 };
	struct model m;
	open_model(&m, "{\"manhattan\":{\"x\":\"200 m\",\"y\":\"-100 m\",\"block\":\"100 m\","
		       "\"columns\":4,\"rows\":2,"
		       "\"straight\":0.6,\"speed\":{\"min\":\"5 m/s\",\"max\":\"15 m/s\"}}}");
	for (int k = 0; k < 3; k++) {
		sim_time at = k * 111 * SIM_S;
		double ways[4] = {0}, border = 0, speed = 0, speed2 = 0;
		for (uint32_t i = 0; i < WALKERS; i++) {
			struct walker w;
			set_out(&m, &w, i);
			walk_to(&m, &w, at);
			double x = x_at(&w, at), y = y_at(&w, at), v = hypot(w.leg.vx, w.leg.vy);
			bool along_x = fabs(w.leg.vy) < 1e-9;
			CU_ASSERT(x > 200 - 1e-6 && x < 600 + 1e-6 && y > -100 - 1e-6 &&
				  y < 100 + 1e-6);
			CU_ASSERT(off_street(along_x ? y : x) < 1e-6);
			CU_ASSERT(along_x || fabs(w.leg.vx) < 1e-9);
			CU_ASSERT(v > 5 - 1e-6 && v < 15 + 1e-6);
			ways[along_x ? w.leg.vx < 0 : 2 + (w.leg.vy < 0)]++;
			border += along_x && fabs(y + 100) < 1;
			speed += v;
			speed2 += v * v;
		}
		/* 12 blocks' lengths from west to east, 10 from south to north, all alike. */
		CU_ASSERT(is_share(ways[0], WALKERS, 6.0 / 22));
		CU_ASSERT(is_share(ways[1], WALKERS, 6.0 / 22));
		CU_ASSERT(is_share(ways[2], WALKERS, 5.0 / 22));
		CU_ASSERT(is_share(border, WALKERS, 4.0 / 22));
		CU_ASSERT(is_mean(speed, speed2, WALKERS, 10 / log(3)));
	}
	close_model(&m);
}

static void manhattan_turns_as_it_should(void)
{
	struct model m;
	double straight = 0, left = 0, right = 0, back = 0, n = 0;
	open_model(&m, "{\"manhattan\":{\"columns\":1000,\"rows\":1000,\"straight\":0.7,"
		       "\"speed\":{\"min\":\"10 m/s\",\"max\":\"10 m/s\"}}}");
	for (uint32_t i = 0; i < 300; i++) {
		struct walker w;
		set_out(&m, &w, i);
		for (int k = 0; k < 50; k++, n++) {
			double vx = w.leg.vx, vy = w.leg.vy;
			m.ops->next(m.parameters, &w.state, &w.st, &w.leg);
			double dot = vx * w.leg.vx + vy * w.leg.vy;
			double cross = vx * w.leg.vy - vy * w.leg.vx;
			straight += dot > 50;
			back += dot < -50;
			left += cross > 50;
			right += cross < -50;
		}
	}
	CU_ASSERT(is_share(straight, n, 0.7) && is_share(left, n, 0.15));
	CU_ASSERT(is_share(right, n, 0.15) && back < n / 100);
	close_model(&m);
}

/* ---- Nomadic */

static void nomads_dwell(void)
{
	enum { WALKERS = 3000 };
	struct model m;
	double stay[3] = {0}, stay2[3] = {0}, visits[3] = {0}, begin[3] = {0}, later[3] = {0};
	open_model(
		&m,
		"{\"nomadic\":{\"places\":{\"a\":{\"x\":\"0 m\",\"y\":\"0 m\",\"dwell\":\"500 s\"},"
		"\"b\":{\"x\":\"1 km\",\"y\":\"0 m\",\"dwell\":\"300 s\",\"attraction\":2},"
		"\"c\":{\"x\":\"2 km\",\"y\":\"0 m\",\"dwell\":\"120 s\"}}}}");
	for (uint32_t i = 0; i < WALKERS; i++) {
		struct walker w;
		set_out(&m, &w, i);
		begin[(int)(w.leg.x / 1000)]++;
		for (int k = 0; k < 10; k++) {
			int before = (int)(w.leg.x / 1000);
			m.ops->next(m.parameters, &w.state, &w.st, &w.leg);
			int at = (int)(w.leg.x / 1000);
			double s = sim_to_seconds(w.leg.until - w.leg.from);
			CU_ASSERT(at != before && w.leg.vx == 0);
			visits[at]++;
			stay[at] += s;
			stay2[at] += s * s;
		}
		set_out(&m, &w, i);
		walk_to(&m, &w, 1500 * SIM_S);
		later[(int)(w.leg.x / 1000)]++;
	}
	/* Visits 1 (4 - 1), 2 (4 - 2), 1 (4 - 1); time those times the dwell times. */
	static const double dwell[] = {500, 300, 120}, visit[] = {0.3, 0.4, 0.3};
	for (int k = 0; k < 3; k++) {
		CU_ASSERT(is_mean(stay[k], stay2[k], visits[k], dwell[k]));
		double time = visit[k] * dwell[k] / (150 + 120 + 36);
		CU_ASSERT(is_share(begin[k], WALKERS, time));
		CU_ASSERT(is_share(later[k], WALKERS, time));
	}
	close_model(&m);
}

/* ---- Files */

static void check_path(const struct model *m, uint32_t number, const double (*at)[3], size_t n)
{
	struct walker w;
	set_out(m, &w, number);
	for (size_t i = 0; i < n; i++) {
		sim_time t = sim_from_seconds(at[i][0]);
		walk_to(m, &w, t);
		CU_ASSERT(is_near(1e4 + x_at(&w, t), 1e4 + at[i][1], 1e-12));
		CU_ASSERT(is_near(1e4 + y_at(&w, t), 1e4 + at[i][2], 1e-12));
	}
}

static const double path_of_a[][3] = {{0, 0, 0},      {0.75, 0, 0},   {1.5, 0, 0},  {2.5, 5, -10},
				      {3.5, 10, -20}, {4, 10.5, -20}, {99, 11, -20}};
static const double path_of_b[][3] = {{0, 7, 8}, {1e6, 7, 8}};

static void csv_paths_are_exact(void)
{
	struct trace t;
	struct arena arena = {0};
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(trace_parse(&t, "w.csv",
				    "handset,time,x,y\na,1.5,0,0\nb,0,7,8\r\na,3.5,1e1,-20\n\n"
				    "a,4.5,11,-20",
				    &arena, &diags),
			0);
	CU_ASSERT_EQUAL(t.count, 2);
	CU_ASSERT(t.box.x0 == 0 && t.box.x1 == 11 && t.box.y0 == -20 && t.box.y1 == 8);
	struct trace_follower f = {"w.csv", &t};
	struct model m = {.parameters = &f};
	for (size_t i = 0; mobility_models[i]; i++)
		if (strcmp(mobility_models[i]->choice.name, "csv") == 0)
			m.ops = mobility_models[i];
	check_path(&m, 0, path_of_a, 7);
	check_path(&m, 1, path_of_b, 2);
	arena_free(&arena);
	diag_free(&diags);
}

static void check_line(const char *text, int line, const char *says)
{
	struct trace t;
	struct arena arena = {0};
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(trace_parse(&t, "w.csv", text, &arena, &diags), ERR_INVALID);
	CU_ASSERT_FATAL(diags.count > 0);
	CU_ASSERT_EQUAL(diags.items[0].line, line);
	CU_ASSERT(strstr(diags.items[0].text, says) != NULL);
	if (!strstr(diags.items[0].text, says))
		diag_print(&diags.items[0], stdout);
	arena_free(&arena);
	diag_free(&diags);
}

static void bad_lines_are_named(void)
{
	check_line("a,0,1,2\n", 1, "first line");
	check_line("handset,time,x,y\n", 2, "no positions");
	check_line("handset,time,x,y\na,0,1\n", 2, "must be a handset");
	check_line("handset,time,x,y\na,0,1,2\n\na,1,1,2,3\n", 4, "must be a handset");
	check_line("handset,time,x,y\na,0,1,2\na,0x1,1,2\n", 3, "time is not a number");
	check_line("handset,time,x,y\na,0,1,2\na,1,,2\n", 3, "x is not a number");
	check_line("handset,time,x,y\na,0,1,inf\n", 2, "y is not a number");
	check_line("handset,time,x,y\na,-1,1,1\n", 2, "0..1e9");
	check_line("handset,time,x,y\na,1,1,1\nb,1,1,1\na,1,2,2\n", 4, "must rise");
	check_line("handset,time,x,y\n,1,1,1\n", 2, "must be a handset");
}

static const struct mobility_ops *fcd(void)
{
	for (size_t i = 0; mobility_models[i]; i++)
		if (strcmp(mobility_models[i]->choice.name, "sumo-fcd") == 0)
			return mobility_models[i];
	return NULL;
}

static int load_fcd(const char *xml, char **text, struct diag_list *diags)
{
	struct err e = {0};
	FILE *in = fmemopen((void *)(uintptr_t)xml, strlen(xml), "r");
	int code = fcd()->file->load(in, "v.xml", text, diags, &e);
	fclose(in);
	return code;
}

static void fcd_is_read(void)
{
	char *text;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(
		load_fcd("<?xml version=\"1.0\"?>\n<!-- SUMO -->\n<fcd-export>\n"
			 "<timestep time=\"0.00\"><vehicle id=\"v&lt;1\" x=\"1.25\" y=\"-3\" "
			 "angle=\"90\" type=\"car\" speed=\"0\" pos=\"5\" "
			 "lane=\"e_0\"/></timestep>\n"
			 "<timestep time=\"0.50\"/>\n<timestep time=\"1.00\">\n"
			 "<vehicle id=\"v&lt;1\" x=\"2\" y=\"-3\"/><person id=\"p\" y=\"2\" "
			 "x=\"1\"/></timestep></fcd-export>\n",
			 &text, &diags),
		0);
	CU_ASSERT_STRING_EQUAL(text,
			       "handset,time,x,y\nv<1,0.00,1.25,-3\nv<1,1.00,2,-3\np,1.00,1,2\n");
	free(text);
	diag_free(&diags);
}

static void check_fcd(const char *xml, int line, const char *says)
{
	char *text;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(load_fcd(xml, &text, &diags), ERR_INVALID);
	CU_ASSERT_FATAL(diags.count == 1);
	CU_ASSERT_EQUAL(diags.items[0].line, line);
	CU_ASSERT(strstr(diags.items[0].text, says) != NULL);
	if (!strstr(diags.items[0].text, says))
		diag_print(&diags.items[0], stdout);
	free(text);
	diag_free(&diags);
}

static void bad_fcd_is_named(void)
{
	check_fcd("<routes>\n</routes>", 1, "no FCD export");
	check_fcd("<fcd-export>\n<timestep>\n</timestep></fcd-export>", 2, "\"time\"");
	check_fcd("<fcd-export>\n\n<vehicle id=\"a\" x=\"1\" y=\"2\"/></fcd-export>", 3,
		  "outside of any timestep");
	check_fcd("<fcd-export><timestep time=\"1\">\n<vehicle id=\"a\" x=\"1\"/></timestep>"
		  "</fcd-export>",
		  2, "\"x\" and \"y\"");
	check_fcd("<fcd-export><timestep time=\"1\">\n<vehicle x=\"1\" y=\"1\"/></timestep>"
		  "</fcd-export>",
		  2, "\"id\"");
	check_fcd("<fcd-export>\n<timestep time=\"1\">\n</fcd-export>", 3, "mismatched tag");
	check_fcd("<!DOCTYPE x [\n<!ENTITY a \"b\">]><fcd-export/>", 2, "entity");
}

/* ---- When cells change */

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
		{"random_waypoint_is_stationary_from_the_start",
		 random_waypoint_is_stationary_from_the_start},
		{"random_waypoint_pauses", random_waypoint_pauses},
		{"gauss_markov_has_its_memory", gauss_markov_has_its_memory},
		{"gauss_markov_stays_in_its_area", gauss_markov_stays_in_its_area},
		{"manhattan_keeps_to_the_streets", manhattan_keeps_to_the_streets},
		{"manhattan_turns_as_it_should", manhattan_turns_as_it_should},
		{"nomads_dwell", nomads_dwell},
		{"csv_paths_are_exact", csv_paths_are_exact},
		{"bad_lines_are_named", bad_lines_are_named},
		{"fcd_is_read", fcd_is_read},
		{"bad_fcd_is_named", bad_fcd_is_named},
		{"cells_change_when_stepping_says_so", cells_change_when_stepping_says_so},
		{"only_cells_that_matter_are_kept", only_cells_that_matter_are_kept},
		{0},
	};
	return test_main("mobility", cases, argc, argv);
}
