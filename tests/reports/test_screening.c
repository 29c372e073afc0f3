/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A screening from study to indices: the Ishigami function stands for the simulation, its points
 * are run on threads into a database, and what comes out of that is held against the analytic
 * values.
 */
#include "reports/table/screening_table.h"

#include "sim/experiment/runner.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double number(const cJSON *document, const char *key)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(document, key));
}

/* Each repetition shifts all points alike, as common random numbers do at their best. */
static int ishigami_run(void *ctx, const cJSON *document, const struct run_key *key,
			const volatile bool *stop, struct run_result *out, struct err *e)
{
	(void)ctx;
	(void)stop;
	double a = number(document, "a"), x = number(document, "x"), y = number(document, "y"),
	       z = number(document, "z");
	double value = sin(x) + a * sin(y) * sin(y) + 0.1 * pow(z, 4) * sin(x) + key->repetition;
	if (run_result_add(out, "f", "", "s", value) != 0 ||
	    run_result_add(out, "g", "host", "s", 2 * x) != 0)
		return err_set(e, ERR_NOMEM, "no memory");
	return 0;
}

static char *path_of(const char *name)
{
	static char path[500];
	snprintf(path, sizeof(path), "%s/%s.db", test_scratch(), name);
	return path;
}

/* Runs a study, or one shard of it, into a new database. */
static void run_study(const char *path, const char *text, unsigned shards)
{
	struct json_doc doc;
	struct experiment x;
	struct plan plan;
	struct arena arena = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	struct db *db;
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "s", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(keys_parse_part(&experiment_object, &doc, "", &x, &arena, &diags), 0);
	CU_ASSERT_EQUAL_FATAL(plan_expand(&plan, &x, &doc, &(struct plan_options){0}, &diags, &e),
			      0);
	cJSON *profile = cJSON_CreateObject();
	struct db_study about = {.document = doc.root,
				 .profile = profile,
				 .seed = x.seed,
				 .version = "0",
				 .command = "test"};
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(db_open_run(&db, path, &about, NULL, &e), 0);
	struct run_sink sink = db_sink(db);
	struct runner runner = {.plan = &plan,
				.experiment = &x,
				.run = ishigami_run,
				.sink = &sink,
				.threads = 3,
				.shards = shards};
	struct runner_progress final;
	CU_ASSERT_EQUAL(runner_run(&runner, &final, &e), 0);
	db_close(db);
	cJSON_Delete(profile);
	plan_free(&plan);
	json_doc_free(&doc);
	arena_free(&arena);
}

#define STUDY(method, blocks)                                                                      \
	"{\"a\": 7, \"x\": 0, \"y\": 0, \"z\": 0, \"repeat\": 2, \"sweep\": {\"a\": {\"path\": "   \
	"\"/a\", \"values\": [7, 0]}}, \"screen\": {\"method\": \"" method "\", " blocks           \
	", \"metric\": \"f\", \"parameters\": {"                                                   \
	"\"x\": {\"path\": \"/x\", \"from\": -3.141592653589793, \"to\": 3.141592653589793},"      \
	"\"y\": {\"path\": \"/y\", \"from\": -3.141592653589793, \"to\": 3.141592653589793},"      \
	"\"z\": {\"path\": \"/z\", \"from\": -3.141592653589793, \"to\": 3.141592653589793}}}}"

struct reading {
	struct db *db;
	struct dataset data;
	struct screening screening;
	struct err e;
	int rc;
};

static void open_reading(struct reading *r, const char *path, const char *metric,
			 const char *subject)
{
	*r = (struct reading){0};
	CU_ASSERT_EQUAL_FATAL(db_open(&r->db, path, &r->e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&r->data, r->db, &r->e), 0);
	r->rc = screening_open(&r->screening, &r->data, metric, subject, &r->e);
}

static void close_reading(struct reading *r)
{
	screening_close(&r->screening);
	dataset_free(&r->data);
	db_close(r->db);
}

static void check_near(double got, double wanted, double tolerance)
{
	if (!(fabs(got - wanted) <= tolerance))
		printf("got %g, wanted %g\n", got, wanted);
	CU_ASSERT(fabs(got - wanted) <= tolerance);
}

static void sobol_finds_what_is_known(void)
{
	struct reading r;
	struct sensitivity s;
	run_study(path_of("sobol"), STUDY("sobol", "\"samples\": 512"), 0);
	open_reading(&r, path_of("sobol"), NULL, NULL);
	CU_ASSERT_EQUAL_FATAL(r.rc, 0);
	CU_ASSERT_EQUAL_FATAL(r.screening.group_count, 2);
	/* Numbers of an axis ascend: a = 0 is the first group. There y has no effect at all. */
	CU_ASSERT_EQUAL(screening_estimate(&r.screening, 0, &s, &r.e), 0);
	CU_ASSERT_EQUAL(s.blocks, 512);
	CU_ASSERT(s.factor[1].total.value == 0);
	check_near(s.factor[0].total.value, 1, 0.02);
	CU_ASSERT_EQUAL(screening_estimate(&r.screening, 1, &s, &r.e), 0);
	static const double first[] = {0.3139, 0.4424, 0}, total[] = {0.5576, 0.4424, 0.2437};
	for (size_t f = 0; f < 3; f++) {
		check_near(s.factor[f].first.value, first[f], s.factor[f].first.half_width);
		check_near(s.factor[f].total.value, total[f], s.factor[f].total.half_width);
		CU_ASSERT(s.factor[f].first.half_width < 0.15);
		CU_ASSERT(s.factor[f].total.half_width < 0.15);
	}
	CU_ASSERT(s.noise < 1e-12);
	close_reading(&r);
}

static void morris_ranks_and_prints(void)
{
	struct reading r;
	struct sensitivity s;
	struct table table;
	size_t order[SENSITIVITY_FACTORS_MAX];
	char *text;
	size_t size;
	run_study(path_of("morris"), STUDY("morris", "\"trajectories\": 40"), 0);
	open_reading(&r, path_of("morris"), NULL, NULL);
	CU_ASSERT_EQUAL_FATAL(r.rc, 0);
	CU_ASSERT_EQUAL(screening_estimate(&r.screening, 1, &s, &r.e), 0);
	CU_ASSERT_EQUAL(s.blocks, 40);
	check_near(s.factor[1].mu_star.value, 1.5 * 7 * 0.75, 1e-9);
	check_near(s.factor[0].mu_star.value, 7.7, 3);
	screening_order(&r.screening, &s, order);
	for (size_t i = 1; i < 3; i++)
		CU_ASSERT(s.factor[order[i - 1]].mu_star.value >= s.factor[order[i]].mu_star.value);
	CU_ASSERT_EQUAL(screening_table(&r.screening, &table, &r.e), 0);
	CU_ASSERT_EQUAL(table.row_count, 6);
	FILE *out = open_memstream(&text, &size);
	table_print(&table, TABLE_TEXT, out);
	fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "mu* (s)"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "40 of 40 trajectories, 2 repetitions"));
	free(text);
	table_free(&table);
	close_reading(&r);
}

/* One of two shards has holes; what is whole is used, and how much that is, told. */
static void a_part_of_the_runs_gives_what_it_can(void)
{
	struct reading r;
	struct sensitivity s;
	cJSON *json;
	run_study(path_of("part"), STUDY("morris", "\"trajectories\": 40"), 2);
	open_reading(&r, path_of("part"), NULL, NULL);
	CU_ASSERT_EQUAL_FATAL(r.rc, 0);
	CU_ASSERT_EQUAL(screening_estimate(&r.screening, 0, &s, &r.e), 0);
	CU_ASSERT(s.blocks < 40);
	CU_ASSERT_EQUAL(screening_json(&r.screening, &json, &r.e), 0);
	const cJSON *first = cJSON_GetArrayItem(json, 0);
	CU_ASSERT_EQUAL(number(first, "blocks_planned"), 40);
	CU_ASSERT_EQUAL(number(first, "blocks"), (double)s.blocks);
	cJSON_Delete(json);
	close_reading(&r);
}

static void another_metric_can_be_asked_for(void)
{
	struct reading r;
	struct sensitivity s;
	run_study(path_of("other"), STUDY("morris", "\"trajectories\": 4"), 0);
	open_reading(&r, path_of("other"), "g", "host");
	CU_ASSERT_EQUAL_FATAL(r.rc, 0);
	CU_ASSERT_EQUAL(screening_estimate(&r.screening, 0, &s, &r.e), 0);
	check_near(s.factor[0].mu.value, 4 * M_PI, 1e-9);
	check_near(s.factor[1].mu_star.value, 0, 1e-12);
	close_reading(&r);
	open_reading(&r, path_of("other"), "h", NULL);
	CU_ASSERT_EQUAL(r.rc, ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "no number 'h'"));
	close_reading(&r);
}

static void a_study_without_screen_is_refused(void)
{
	struct reading r;
	run_study(path_of("none"), "{\"a\": 1, \"x\": 0, \"y\": 0, \"z\": 0}", 0);
	open_reading(&r, path_of("none"), NULL, NULL);
	CU_ASSERT_EQUAL(r.rc, ERR_INVALID);
	CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "screens nothing"));
	close_reading(&r);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"sobol_finds_what_is_known", sobol_finds_what_is_known},
		{"morris_ranks_and_prints", morris_ranks_and_prints},
		{"a_part_of_the_runs_gives_what_it_can", a_part_of_the_runs_gives_what_it_can},
		{"another_metric_can_be_asked_for", another_metric_can_be_asked_for},
		{"a_study_without_screen_is_refused", a_study_without_screen_is_refused},
		{0}};
	return test_main("screening", cases, argc, argv);
}
