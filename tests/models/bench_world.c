/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * bench_world [--handsets N] [--minutes M] [--platform NAME] [--cloud zones|one|none]
 * [--record whole|parts|all] [--json]: tasks per CPU second, and bytes per idle handset, of a world
 * with everything on: the augmented-reality app, LTE, cells of 100 handsets, an edge site for every
 * ten cells that takes seven tasks of ten, and a cloud behind a link that takes three. The cloud
 * has a zone for every edge site; or it is one for all, which connects everything; or there is
 * none. Metrics are those of the whole; of apps, policies, sites and platforms, too, without their
 * distributions (the default); or all that there are, as in a study without "record". Run it from
 * the source folder: it reads scenarios/.
 */
#include "models/world/world.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CELL_HANDSETS = 100, SITE_CELLS = 10 };

static int library_load(void *ctx, const char *kind, const char *name, struct json_doc *out,
			struct diag_list *diags, struct err *e)
{
	char path[500];
	(void)ctx;
	snprintf(path, sizeof(path), "scenarios/%ss/%s.json", kind, name);
	return json_doc_load(out, path, diags, e);
}

enum cloud { CLOUD_ZONES, CLOUD_ONE, CLOUD_NONE };
static const char *const cloud_names[] = {"zones", "one", "none"};

static void put_cell(FILE *f, long i, enum cloud cloud)
{
	long edge = i / SITE_CELLS, zone = cloud == CLOUD_ONE ? 0 : edge;
	fprintf(f,
		"%s\"cell%ld\":{\"down\":\"1 Gbit/s\",\"up\":\"400 Mbit/s\",\"rtt\":\"45 "
		"ms\",\"reaches\":{\"edge%ld\":{}",
		i ? "," : "", i, edge);
	if (cloud != CLOUD_NONE)
		fprintf(f, ",\"cloud%ld\":{\"via\":[\"wan%ld\"]}", zone, edge);
	fprintf(f, "}}");
}

static void put_site(FILE *f, const char *name, long i, int hosts, const char *delay,
		     const char *platform)
{
	fprintf(f,
		"\"%s%ld\":{\"delay\":\"%s\",\"hosts\":{\"node\":{\"count\":%d,\"cores\":32,"
		"\"clock\":\"2.6 GHz\",\"memory\":\"256 GiB\",\"platform\":\"%s\",\"guests\":"
		"{\"count\":32}}}}",
		name, i, delay, hosts, platform);
}

static char *document(long handsets, double minutes, const char *platform, enum cloud cloud)
{
	long cells = (handsets + CELL_HANDSETS - 1) / CELL_HANDSETS;
	long sites = (cells + SITE_CELLS - 1) / SITE_CELLS;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fprintf(f, "{\"duration\":\"%g min\",\"warmup\":\"10 s\",\"handsets\":{", minutes);
	for (long i = 0; i < cells; i++) {
		long n = handsets - i * CELL_HANDSETS;
		fprintf(f,
			"%s\"phones%ld\":{\"count\":%ld,\"cpu\":{\"clock\":\"2 "
			"GHz\",\"power\":\"2.2 W\","
			"\"idle\":\"0.3 W\"},\"battery\":\"15 "
			"Wh\",\"radio\":\"lte\",\"cell\":\"cell%ld\","
			"\"apps\":{\"augmented-reality\":{\"arrivals\":{\"poisson\":\"12 /min\"}}},"
			"\"policy\":%s}",
			i ? "," : "", i, n < CELL_HANDSETS ? n : CELL_HANDSETS, i,
			cloud == CLOUD_NONE ? "\"remote\"" : "{\"weighted\":[0.7,0.3]}");
	}
	fprintf(f, "},\"cells\":{");
	for (long i = 0; i < cells; i++)
		put_cell(f, i, cloud);
	fprintf(f, "},\"links\":{");
	for (long i = 0; i < sites && cloud != CLOUD_NONE; i++)
		fprintf(f,
			"%s\"wan%ld\":{\"up\":\"10 Gbit/s\",\"down\":\"10 Gbit/s\",\"delay\":\"15 "
			"ms\"}",
			i ? "," : "", i);
	fprintf(f, "},\"sites\":{");
	for (long i = 0; i < sites; i++) {
		fputs(i ? "," : "", f);
		put_site(f, "edge", i, 10, "0 s", platform);
	}
	long zones = cloud == CLOUD_NONE ? 0 : cloud == CLOUD_ONE ? 1 : sites;
	for (long i = 0; i < zones; i++) {
		fprintf(f, ",");
		put_site(f, "cloud", i, cloud == CLOUD_ONE ? 5 * (int)sites : 5, "5 ms", platform);
	}
	fprintf(f, "}}");
	fclose(f);
	return text;
}

/* Handsets that have next to nothing to do, in one cell: what they take is memory. */
static char *idle_document(long handsets)
{
	char *text = NULL;
	int n = asprintf(
		&text,
		"{\"duration\":\"1 min\",\"handsets\":{\"idle\":{\"count\":%ld,\"cpu\":{\"clock\":"
		"\"2 GHz\",\"power\":\"2.2 W\",\"idle\":\"0.3 "
		"W\"},\"radio\":\"lte\",\"cell\":\"c\","
		"\"apps\":{\"augmented-reality\":{\"arrivals\":{\"poisson\":\"0.01 /h\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"1 Gbit/s\",\"up\":\"400 Mbit/s\",\"rtt\":\"45 ms\","
		"\"site\":\"s\"}},\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":32,\"clock\":\"2.6 "
		"GHz\","
		"\"memory\":\"256 GiB\",\"platform\":\"kvm-virtio\",\"guests\":{\"count\":32}}}}}}",
		handsets);
	return n < 0 ? NULL : text;
}

/* What is wanted of apps, policies, sites and platforms. */
enum record { RECORD_WHOLE, RECORD_PARTS, RECORD_ALL };
static const char *const record_names[] = {"whole", "parts", "all"};

struct outcome {
	enum record record;
	double tasks;
	size_t bytes; /* in use at the end of the run */
};

static size_t bytes_in_use(void)
{
	struct mallinfo2 m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

static int take_value(void *ctx, const char *metric, const char *subject, const char *unit,
		      double value)
{
	struct outcome *o = ctx;
	(void)subject;
	(void)unit;
	if (o->bytes == 0)
		o->bytes = bytes_in_use();
	if (strcmp(metric, "tasks.done") == 0)
		o->tasks = value;
	return 0;
}

static int take_histogram(void *ctx, const char *metric, const char *subject, const char *unit,
			  const struct world_bucket *buckets, size_t count)
{
	(void)ctx;
	(void)metric;
	(void)subject;
	(void)unit;
	(void)buckets;
	(void)count;
	return 0;
}

static bool is_wanted(void *ctx, const char *metric)
{
	static const char *const parts[] = {"app.", "policy.", "site.", "platform."};
	enum record record = ((const struct outcome *)ctx)->record;
	for (int i = 0; i < 4 && record != RECORD_ALL; i++)
		if (strncmp(metric, parts[i], strlen(parts[i])) == 0)
			return record == RECORD_PARTS && !strstr(metric, ".response_time") &&
			       !strstr(metric, ".energy");
	return true;
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int build(struct world **w, const char *text, struct diag_list *diags, struct err *e)
{
	struct json_doc doc = {0}, profile_doc = {0};
	struct profile literature = {0};
	struct world_library library = {.load = library_load};
	const char *path = "scenarios/profiles/literature.json";
	int code = json_doc_parse(&doc, "bench", text, strlen(text), diags, e);
	if (code == 0)
		code = world_resolve(&doc, &library, diags, e);
	if (code == 0)
		code = json_doc_load(&profile_doc, path, diags, e);
	if (code == 0)
		code = profile_read(&literature, &profile_doc, path, diags, e);
	if (code == 0)
		code = world_new(w, &doc, &literature, NULL, diags, e);
	profile_free(&literature);
	json_doc_free(&profile_doc);
	json_doc_free(&doc);
	return code;
}

/* Builds and runs a document, which it frees. *spent: CPU seconds of the run. */
static int measure(char *text, enum record record, struct outcome *out, double *spent)
{
	struct diag_list diags = {0};
	struct err e = {0};
	struct world *w = NULL;
	int code = text ? build(&w, text, &diags, &e) : ERR_NOMEM;
	free(text);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stderr);
	diag_free(&diags);
	struct world_metrics_sink sink = {
		.ctx = out, .value = take_value, .histogram = take_histogram, .wants = is_wanted};
	struct world_run_key key = {.seed = 1};
	size_t before = bytes_in_use();
	double start = cpu_s();
	*out = (struct outcome){.record = record};
	if (code == 0)
		code = world_run(w, &key, &sink, &e);
	*spent = cpu_s() - start;
	out->bytes -= code == 0 ? before : 0;
	world_free(w);
	if (code < 0)
		fprintf(stderr, "bench_world: %s\n", e.code ? e.text : err_name(code));
	return code;
}

/* The index of the name among `count` of them, or -1. */
static int find(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int main(int argc, char **argv)
{
	long handsets = 1000;
	double minutes = 30;
	const char *platform = "kvm-virtio";
	int cloud = CLOUD_ZONES, record = RECORD_PARTS;
	bool json = false;
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (more && strcmp(argv[i], "--handsets") == 0)
			handsets = strtol(argv[++i], NULL, 10);
		else if (more && strcmp(argv[i], "--minutes") == 0)
			minutes = strtod(argv[++i], NULL);
		else if (more && strcmp(argv[i], "--platform") == 0)
			platform = argv[++i];
		else if (more && strcmp(argv[i], "--cloud") == 0)
			cloud = find(cloud_names, 3, argv[++i]);
		else if (more && strcmp(argv[i], "--record") == 0)
			record = find(record_names, 3, argv[++i]);
		else
			handsets = 0;
	}
	if (handsets < 1 || handsets > 10000000 || !(minutes > 0.2) || cloud < 0 || record < 0) {
		fprintf(stderr, "usage: bench_world [--handsets N] [--minutes M] [--platform NAME] "
				"[--cloud zones|one|none] [--record whole|parts|all] [--json]\n");
		return 2;
	}
	struct outcome out, idle, empty;
	double spent, unused;
	enum record kept = (enum record)record;
	if (measure(document(handsets, minutes, platform, (enum cloud)cloud), kept, &out, &spent) <
		    0 ||
	    measure(idle_document(handsets), kept, &idle, &unused) < 0 ||
	    measure(idle_document(0), kept, &empty, &unused) < 0)
		return 1;
	double bytes = ((double)idle.bytes - (double)empty.bytes) / (double)handsets;
	if (json)
		printf("{\"handsets\":%ld,\"tasks\":%.0f,\"cpu_s\":%.6f,\"tasks_per_cpu_s\":%.0f,"
		       "\"bytes_per_handset\":%.1f}\n",
		       handsets, out.tasks, spent, out.tasks / spent, bytes);
	else
		printf("%ld handsets, %.0f tasks in %.2f CPU seconds: %.0f tasks per CPU second, "
		       "%.0f bytes per idle handset\n",
		       handsets, out.tasks, spent, out.tasks / spent, bytes);
	return 0;
}
