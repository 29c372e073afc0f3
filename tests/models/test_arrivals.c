/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrival processes against their theory: rates, indices of dispersion, Little's law, and exact
 * mean value analysis of a closed network.
 */
#include "models/app/arrival.h"
#include "tests/models/world_support.h"

#include "sim/engine/stats.h"

/* A process as its file would have it. */
struct process {
	struct arena arena;
	struct json_doc doc;
	const struct arrival_ops *ops;
	const void *parameters;
	struct stream st;
	struct arrival_state state;
};

static void begin(struct process *p, const char *choice, uint64_t entity)
{
	struct diag_list diags = {0};
	struct err e = {0};
	struct stream_key key = {.seed = 7};
	const struct key_variant *chosen = NULL;
	char *text = study("{\"arrivals\":%s}", choice);
	*p = (struct process){0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&p->doc, "t", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL(choice_normalise((choice_table)arrival_models, p->doc.root, "arrivals"), 0);
	int code = choice_read((choice_table)arrival_models, "arrival process", &p->doc,
			       "/arrivals", &p->arena, &diags, &chosen, &p->parameters);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT_EQUAL_FATAL(code, 0);
	p->ops = (const struct arrival_ops *)(const void *)chosen;
	stream_init(&p->st, &key, entity, stream_name("arrivals"));
	free(text);
}

static void end(struct process *p)
{
	arena_free(&p->arena);
	json_doc_free(&p->doc);
}

/* Counts of tasks in `windows` windows of `seconds`, one after the other. */
static struct tally count(struct process *p, double seconds, int windows)
{
	struct tally counts = {0};
	sim_time at = p->ops->next(p->parameters, &p->state, &p->st, 0, true);
	for (int w = 1; w <= windows; w++) {
		int n = 0;
		for (; at <= sim_from_seconds(seconds * w); n++) {
			sim_time then = p->ops->next(p->parameters, &p->state, &p->st, at, false);
			CU_ASSERT_FATAL(then > at);
			at = then;
		}
		tally_add(&counts, n);
	}
	return counts;
}

static void check_counts(const char *choice, double seconds, int windows, double rate,
			 double dispersion)
{
	struct process p;
	begin(&p, choice, 1);
	CU_ASSERT(is_near(p.ops->rate(p.parameters), rate, 1e-9));
	struct tally counts = count(&p, seconds, windows);
	CU_ASSERT(is_near(counts.mean / seconds, rate, 0.02));
	if (dispersion > 0)
		CU_ASSERT(is_near(tally_variance(&counts) / counts.mean, dispersion, 0.08));
	end(&p);
}

static void poisson_has_its_rate_and_dispersion_1(void)
{
	check_counts("{\"poisson\":\"3 /s\"}", 100, 5000, 3, 1);
}

/* Fischer and Meier-Hellstern 1993: I(t) = 1 + A (1 - (1 - exp(-rt)) / (rt)), with r = r1 + r2 and
 * A = 2 (l1 - l2)^2 r1 r2 / (r^2 (l1 r2 + l2 r1)). */
static double mmpp_dispersion(double l1, double l2, double r1, double r2, double t)
{
	double r = r1 + r2;
	double a = 2 * (l1 - l2) * (l1 - l2) * r1 * r2 / (r * r * (l1 * r2 + l2 * r1));
	return 1 + a * (1 - (1 - exp(-r * t)) / (r * t));
}

static void mmpp_has_its_rate_and_dispersion(void)
{
	const char *choice = "{\"mmpp\":[{\"rate\":\"0.5 /s\",\"time\":\"20 s\"},"
			     "{\"rate\":\"8 /s\",\"time\":\"5 s\"}]}";
	double rate = (0.5 * 20 + 8 * 5) / 25;
	for (double t = 2; t < 500; t *= 6)
		check_counts(choice, t, (int)(2e6 / t), rate,
			     mmpp_dispersion(0.5, 8, 1 / 20.0, 1 / 5.0, t));
}

/* On/off with exponential times is the MMPP whose second rate is 0. */
static void on_off_is_an_interrupted_poisson_process(void)
{
	check_counts("{\"on-off\":{\"on\":{\"exponential\":\"10 s\"},\"off\":{\"exponential\":"
		     "\"30 s\"},\"rate\":\"2 /s\"}}",
		     300, 8000, 0.5, mmpp_dispersion(2, 0, 1 / 10.0, 1 / 30.0, 300));
	check_counts("{\"on-off\":{\"on\":\"45 s\",\"off\":\"15 s\",\"rate\":\"12 /min\"}}", 600,
		     2000, 0.15, 0);
}

/* The first task finds the process as any later one would: no handset starts with a burst. */
static void processes_begin_stationary(void)
{
	static const char *const choices[] = {
		("{\"mmpp\":[{\"rate\":\"0 /s\",\"time\":\"30 s\"},"
		 "{\"rate\":\"4 /s\",\"time\":\"10 s\"}]}"),
		"{\"on-off\":{\"on\":\"10 s\",\"off\":\"30 s\",\"rate\":\"4 /s\"}}",
		"{\"periodic\":{\"period\":\"1 s\",\"jitter\":0}}",
	};
	for (size_t c = 0; c < 3; c++) {
		uint64_t n = 0;
		for (uint64_t i = 0; i < 20000; i++) {
			struct process p;
			begin(&p, choices[c], i);
			sim_time at = p.ops->next(p.parameters, &p.state, &p.st, 0, true);
			for (; at <= SIM_S; n++)
				at = p.ops->next(p.parameters, &p.state, &p.st, at, false);
			end(&p);
		}
		CU_ASSERT(is_near((double)n / 20000, 1, 0.04));
	}
}

static void jitter_does_not_make_the_grid_drift(void)
{
	struct process p;
	begin(&p, "{\"periodic\":{\"period\":\"10 s\",\"jitter\":\"50 %\"}}", 3);
	sim_time at = p.ops->next(p.parameters, &p.state, &p.st, 0, true);
	sim_time grid = p.state.until;
	double sum = 0;
	CU_ASSERT(grid > 0 && grid <= 10 * SIM_S);
	for (int i = 0; i < 10000; i++) {
		sim_time late = at - (grid + i * 10 * SIM_S);
		CU_ASSERT_FATAL(late >= 0 && late <= 5 * SIM_S);
		sum += sim_to_seconds(late);
		at = p.ops->next(p.parameters, &p.state, &p.st, at, false);
	}
	CU_ASSERT(is_near(sum / 10000, 2.5, 0.03));
	end(&p);
}

/* ---- Closed, through a whole world */

/* `users` users think and compute 0.1 s at one shared core (exponential, processor sharing). */
static char *interactive(int users, const char *think)
{
	return study(
		"{\"duration\":\"20000 s\",\"warmup\":\"100 s\",\"apps\":{\"a\":{\"input\":\"0 "
		"B\",\"output\":\"0 B\",\"cycles\":{\"exponential\":\"100 Mcycles\"}}},"
		"\"handsets\":{\"phone\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		"W\",\"idle\":\"0 W\"},\"radio\":\"constant-power\",\"cell\":\"c\",\"apps\":{\"a\":"
		"{\"arrivals\":{\"closed\":{\"think\":%s,\"users\":%d}}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Mbit/s\",\"up\":\"1 Mbit/s\",\"rtt\":\"0 s\","
		"\"site\":\"s\"}},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 "
		"GHz\",\"memory\":\"8 GiB\",\"platform\":\"native\",\"guests\":{\"count\":1}}}}}}",
		think, users);
}

/* Exact mean value analysis of one queueing station and a delay (Reiser and Lavenberg 1980). */
static double mva_response(int users, double think_s, double service_s)
{
	double queue = 0, response = 0;
	for (int n = 1; n <= users; n++) {
		response = service_s * (1 + queue);
		queue = n / (think_s + response) * response;
	}
	return response;
}

static void closed_users_agree_with_mean_value_analysis(void)
{
	static const int users[] = {1, 3, 10, 25};
	for (size_t i = 0; i < 4; i++) {
		struct outcome o;
		char *text = interactive(users[i], "{\"exponential\":\"1 s\"}");
		support_simulate(text, 5, &o);
		double r = get(&o, "response_time.mean", ""), x = get(&o, "throughput", "");
		double wanted = mva_response(users[i], 1, 0.1);
		CU_ASSERT(is_near(r, wanted, 0.03));
		CU_ASSERT(is_near(x, users[i] / (1 + wanted), 0.01));
		/* Little's law over the whole circle, for any thinking. */
		CU_ASSERT(is_near(x * (r + 1), users[i], 0.01));
		CU_ASSERT(is_near(get(&o, "utilization", "s/h/0"), x * 0.1, 0.02));
		free(text);
	}
}

/* A failed task lets its user think, too. */
static void closed_users_go_on_after_a_failure(void)
{
	struct outcome o;
	char *text = interactive(2, "\"1 s\"");
	char *count_key = strstr(text, "\"count\":1}}}}");
	count_key[8] = '0';
	support_simulate(text, 5, &o);
	CU_ASSERT(is_near(get(&o, "tasks.failed", "no-guest"), 2 * 19900, 0.001));
	free(text);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"poisson_has_its_rate_and_dispersion_1", poisson_has_its_rate_and_dispersion_1},
		{"mmpp_has_its_rate_and_dispersion", mmpp_has_its_rate_and_dispersion},
		{"on_off_is_an_interrupted_poisson_process",
		 on_off_is_an_interrupted_poisson_process},
		{"processes_begin_stationary", processes_begin_stationary},
		{"jitter_does_not_make_the_grid_drift", jitter_does_not_make_the_grid_drift},
		{"closed_users_agree_with_mean_value_analysis",
		 closed_users_agree_with_mean_value_analysis},
		{"closed_users_go_on_after_a_failure", closed_users_go_on_after_a_failure},
		{0},
	};
	return test_main("arrivals", cases, argc, argv);
}
