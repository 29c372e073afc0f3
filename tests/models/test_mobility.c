/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How handsets move: each model against what is known of it. */
#include "tests/models/walker_support.h"

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
		{0},
	};
	return test_main("mobility", cases, argc, argv);
}
