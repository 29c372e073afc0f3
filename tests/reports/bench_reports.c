/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How long it takes to fill, open, tabulate and draw a large database.
 * usage: bench_reports FILE [POINTS [REPETITIONS]], prints one JSON object. FILE is made when
 * absent.
 */
#include "reports/db/db.h"
#include "reports/figure/figure.h"
#include "reports/table/summary.h"
#include "sim/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void fail(const struct err *e)
{
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

static void add_numbers(struct run_result *r, double seed)
{
	static const char *const subjects[] = {"radio",	 "network", "queue",   "compute", "exits",
					       "faults", "io",	    "backend", "wait"};
	static const char *const metrics[] = {"response_time.mean",   "response_time.p50",
					      "response_time.p95",    "response_time.p99",
					      "energy_per_task.mean", "throughput"};
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
		run_result_add(r, "overhead", subjects[i], "s", seed * (double)(i + 1));
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
		run_result_add(r, metrics[i], "", "s", seed + (double)i);
	struct result_bucket buckets[100];
	for (int i = 0; i < 100; i++)
		buckets[i] = (struct result_bucket){i * 0.01, (i + 1) * 0.01, (uint64_t)(100 - i)};
	run_result_add_histogram(r, "response_time", "", "s", buckets, 100);
}

static void fill(const char *path, unsigned points, unsigned repetitions)
{
	struct err e = {0};
	struct db *db;
	cJSON *document = cJSON_Parse("{\"sweep\": {\"platform\": {}, \"load\": {}}}");
	cJSON *profile = cJSON_CreateObject();
	struct db_study study = {.document = document,
				 .profile = profile,
				 .seed = 1,
				 .version = "bench",
				 .command = "bench_reports"};
	if (db_open_run(&db, path, &study, NULL, &e))
		fail(&e);
	struct run_sink sink = db_sink(db);
	for (unsigned i = 0; i < points; i++) {
		char platform[20], load[20];
		snprintf(platform, sizeof(platform), "p%u", i % 10);
		snprintf(load, sizeof(load), "%u", i / 10);
		struct parameter parameters[] = {{"platform", platform, false, 0, ""},
						 {"load", load, true, i / 10, "1"}};
		struct point point = {.parameters = parameters, .parameter_count = 2};
		snprintf(point.id, sizeof(point.id), "%032x", i);
		if (sink.add_point(sink.ctx, &point, &e))
			fail(&e);
		for (uint32_t r = 0; r < repetitions; r++) {
			struct run_result result = {0};
			add_numbers(&result, i + 0.01 * r);
			struct run_record record = {.key = {point.id, r, 1}, .result = &result};
			if (sink.put_run(sink.ctx, &record, &e))
				fail(&e);
			run_result_free(&result);
		}
	}
	db_close(db);
	cJSON_Delete(document);
	cJSON_Delete(profile);
}

static void draw(const struct db *db, const struct dataset *data)
{
	static const char text[] =
		"[{\"name\":\"l\",\"kind\":\"lines\",\"x\":\"load\",\"y\":\"response_time.p95\","
		"\"series\":\"platform\"},{\"name\":\"c\",\"kind\":\"cdf\",\"y\":\"response_time\","
		"\"series\":\"platform\",\"at\":{\"load\":7}},{\"name\":\"s\",\"kind\":\"stack\","
		"\"x\":\"platform\",\"y\":\"overhead\",\"at\":{\"load\":7}}]";
	struct arena arena = {0};
	struct diag_list diags = {0};
	struct figures figures = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[3];
	size_t written;
	struct figure_request request = {"/tmp", FIGURE_SVG, NULL};
	if (figures_parse(db, text, &figures, &doc, &arena, &diags, &e) ||
	    figures_write(data, &figures, &request, scripts, &written, &arena, &diags, &e)) {
		for (size_t i = 0; i < diags.count; i++)
			diag_print(&diags.items[i], stderr);
		exit(1);
	}
	json_doc_free(&doc);
	arena_free(&arena);
	diag_free(&diags);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bench_reports FILE [POINTS [REPETITIONS]]\n");
		return 2;
	}
	unsigned points = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
	unsigned repetitions = argc > 3 ? (unsigned)atoi(argv[3]) : 20;
	struct err e = {0};
	struct db *db;
	struct dataset data;
	struct table table;
	struct diag_list diags = {0};
	struct summary_request request = {.filter = "load < 100"};
	double start = now_s(), filled, opened, tabulated;
	if (access(argv[1], F_OK) != 0)
		fill(argv[1], points, repetitions);
	filled = now_s();
	if (db_open(&db, argv[1], &e) || dataset_load(&data, db, &e))
		fail(&e);
	opened = now_s();
	if (summary_table(&data, &request, &table, &diags, &e))
		fail(&e);
	tabulated = now_s();
	draw(db, &data);
	double drawn = now_s();
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"fill_s\":%.3f,\"open_s\":%.3f,\"table_s\":%.3f,\"figures_s\":%.3f,"
	       "\"peak_mib\":%.1f}\n",
	       filled - start, opened - filled, tabulated - opened, drawn - tabulated,
	       (double)usage.ru_maxrss / 1024);
	table_free(&table);
	dataset_free(&data);
	db_close(db);
	return 0;
}
