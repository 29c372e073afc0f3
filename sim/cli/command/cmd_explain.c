/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mcvsim explain: the cost terms of an operation on a platform, and what they add up to. It asks
 * the function that charges tasks in a simulation, so what is printed is what is charged.
 */
#include "models/app/app.h"
#include "sim/base/unit.h"
#include "sim/cli/study/pricing.h"

#include <stdio.h>
#include <stdlib.h>

static const struct cli_option options[] = {
	{"profile", 0, "PROFILE.json", "whose primitives are charged; else the literature's"},
	{"count", 0, "N", "how many operations; 1 when not given"},
	{"bytes", 0, "N", "how many bytes each moves; 4096 for blocks, 1500 for packets"},
	{"app", 0, "NAME", "a whole task of the app instead of an operation"},
	{"clock", 0, "FREQUENCY", "that computes its cycles; 2.6 GHz when not given"},
	{"json", 0, NULL, "print JSON"},
	{0}};

enum { CHARGES_MAX = 1 + PLATFORM_TERMS_MAX }; /* one for native computing */

struct question {
	const struct platform *platform;
	enum op op;	 /* OP_COUNT: a task of the app */
	const char *app; /* or NULL */
	struct op_load load;
	struct platform_charge charges[CHARGES_MAX];
	size_t count;
	struct platform_cost cost;
};

static void fill_load(struct question *q, long long count, long long bytes)
{
	q->load = (struct op_load){0};
	q->load.count[q->op] = (double)count;
	/* A second of native computing stands for the operation `cpu`. */
	if (q->op == OP_CPU)
		q->load.compute_ns = 1e9 * (double)count;
	if (q->op == OP_NET_RX || q->op == OP_NET_TX)
		bytes = bytes < 0 ? 1500 : bytes;
	else if (q->op == OP_BLK_READ || q->op == OP_BLK_WRITE)
		bytes = bytes < 0 ? 4096 : bytes;
	else
		bytes = 0;
	q->load.bytes[q->op] = (double)bytes * (double)count;
}

static const char *subject(const struct question *q)
{
	return q->app ? q->app : op_name(q->op);
}

static const char *time_text(double ns, char *buf, size_t size)
{
	return unit_format(ns * 1e-9, UNIT_TIME, buf, size);
}

/* Computing at native speed is in the sums and is no charge of the platform: it is shown as a term
 * of its own, so that the terms add up to the sums. */
static const struct platform_term native_term = {.op = OP_CPU,
						 .n = 1,
						 .per = PER_COMPUTE,
						 .primitive = "native",
						 .site = SITE_GUEST,
						 .cause = CAUSE_COMPUTE,
						 .why = "computing at native speed",
						 .from = "every platform"};
static const char native_source[] = "definition";

static const char *source_of(const struct platform_charge *c)
{
	return c->term == &native_term ? native_source : profile_source_names[c->primitive.source];
}

static int add_up(const struct pricing *p, struct question *q)
{
	struct err e = {0};
	size_t first = q->load.compute_ns > 0;
	if (platform_cost(q->platform, &p->view, &q->load, q->charges + first, CHARGES_MAX - first,
			  &q->count, &q->cost, &e) != 0)
		return cli_fail_err(&e);
	if (first)
		q->charges[0] = (struct platform_charge){
			.term = &native_term,
			.x = q->load.compute_ns,
			.primitive = {.name = "native", .unit = PROFILE_RATIO, .value = 1},
			.factor = 1,
			.exact_ns = q->load.compute_ns,
			.ns = q->cost.cause_ns[CAUSE_COMPUTE]};
	q->count += first;
	return CLI_OK;
}

static void print_terms(const struct question *q)
{
	char a[40], b[40];
	printf("%s%s on %s\n\n%10s %-8s %-20s %12s %-8s %-10s %-12s %12s\n",
	       q->app ? "a task of " : "", subject(q), q->platform->name, "n", "per", "primitive",
	       "costs", "site", "cause", "source", "adds");
	for (size_t i = 0; i < q->count; i++) {
		const struct platform_charge *c = &q->charges[i];
		const struct primitive *p = &c->primitive;
		snprintf(a, sizeof(a), "%.4g %s", p->value * c->factor,
			 profile_unit_names[p->unit]);
		printf("%10.4g %-8s %-20s %12s %-8s %-10s %-12s %12s\n", c->term->n * c->x,
		       platform_per_names[c->term->per], c->term->primitive, a,
		       platform_site_names[c->term->site], cause_names[c->term->cause],
		       source_of(c), time_text((double)c->ns, b, sizeof(b)));
		if (c->term->why)
			printf("%10s %s%s%s (%s)\n", "", q->app ? op_name(c->term->op) : "",
			       q->app ? ": " : "", c->term->why, c->term->from);
	}
	putchar('\n');
	for (int s = 0; s < SITE_COUNT; s++)
		printf("%-8s %12s\n", platform_site_names[s],
		       time_text((double)q->cost.site_ns[s], a, sizeof(a)));
}

static cJSON *terms_json(const struct question *q)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "platform", q->platform->name);
	cJSON_AddStringToObject(object, "operation", q->app ? "task" : op_name(q->op));
	if (q->app)
		cJSON_AddStringToObject(object, "app", q->app);
	cJSON *terms = cJSON_AddArrayToObject(object, "terms");
	for (size_t i = 0; i < q->count; i++) {
		const struct platform_charge *c = &q->charges[i];
		cJSON *t = cJSON_CreateObject();
		cJSON_AddNumberToObject(t, "n", c->term->n);
		if (q->app)
			cJSON_AddStringToObject(t, "operation", op_name(c->term->op));
		cJSON_AddStringToObject(t, "per", platform_per_names[c->term->per]);
		cJSON_AddNumberToObject(t, "x", c->x);
		cJSON_AddStringToObject(t, "primitive", c->term->primitive);
		cJSON_AddNumberToObject(t, "value", c->primitive.value);
		cJSON_AddStringToObject(t, "unit", profile_unit_names[c->primitive.unit]);
		if (c->term->times) {
			cJSON_AddStringToObject(t, "times", c->term->times);
			cJSON_AddNumberToObject(t, "factor", c->factor);
		}
		cJSON_AddStringToObject(t, "site", platform_site_names[c->term->site]);
		cJSON_AddStringToObject(t, "cause", cause_names[c->term->cause]);
		cJSON_AddNumberToObject(t, "ns", (double)c->ns);
		cJSON_AddStringToObject(t, "source", source_of(c));
		if (c->primitive.citation)
			cJSON_AddStringToObject(t, "citation", c->primitive.citation);
		cJSON_AddItemToArray(terms, t);
	}
	cJSON *total = cJSON_AddObjectToObject(object, "total_ns");
	for (int s = 0; s < SITE_COUNT; s++)
		cJSON_AddNumberToObject(total, platform_site_names[s], (double)q->cost.site_ns[s]);
	return object;
}

/* One line per operation: what one of it costs at each site. */
static void print_total(const struct question *q)
{
	char guest[40], backend[40], wait[40];
	printf("%-16s %12s %12s %12s\n", op_name(q->op),
	       time_text((double)q->cost.site_ns[SITE_GUEST], guest, sizeof(guest)),
	       time_text((double)q->cost.site_ns[SITE_BACKEND], backend, sizeof(backend)),
	       time_text((double)q->cost.site_ns[SITE_WAIT], wait, sizeof(wait)));
}

static int explain_all(const struct pricing *p, struct question *q, long long count,
		       long long bytes, bool json)
{
	cJSON *list = json ? cJSON_CreateArray() : NULL;
	if (!json)
		printf("%s: what one of each operation costs\n\n%-16s %12s %12s %12s\n",
		       q->platform->name, "operation", "guest", "backend", "wait");
	for (enum op op = 0; op < OP_COUNT; op++) {
		q->op = op;
		fill_load(q, count, bytes);
		int code = add_up(p, q);
		if (code != CLI_OK) {
			cJSON_Delete(list);
			return code;
		}
		if (json)
			cJSON_AddItemToArray(list, terms_json(q));
		else
			print_total(q);
	}
	return json ? cli_print_json(list) : CLI_OK;
}

/* The mean operations of the app's tasks. */
static int read_app(struct pricing *p, struct question *q, const char *name, double hz)
{
	struct diag_list diags = {0};
	struct app_file file;
	struct app app = {0};
	struct json_doc doc;
	struct err e = {0};
	int code = library_load(&p->library, "app", name, &doc, &diags, &e);
	if (code == ERR_NOTFOUND) {
		const char *near = diag_nearest(name, library_names(&p->library, "app"));
		return cli_fail(CLI_USAGE, "there is no app '%s'%s%s%s", name,
				near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	if (code == 0) {
		code = keys_parse(&app_object, &doc, "", &file, &p->arena, &diags);
		if (code == 0)
			code = app_compile(&app, &file, &doc, "", &p->arena, &diags);
		if (code == 0)
			app_load(&app, hz, &q->load);
		json_doc_free(&doc);
	}
	q->app = name;
	q->op = OP_COUNT;
	cli_print_diags(&diags);
	int exit_code = code == 0 ? CLI_OK : diags.errors ? CLI_USAGE : cli_fail_err(&e);
	diag_free(&diags);
	return exit_code;
}

static int show(const struct pricing *p, struct question *q, bool json)
{
	int code = add_up(p, q);
	if (code != CLI_OK)
		return code;
	if (json)
		return cli_print_json(terms_json(q));
	print_terms(q);
	return CLI_OK;
}

static int explain_app(struct pricing *p, struct question *q, const struct cli_args *args)
{
	char why[160];
	double hz = 2.6e9;
	const char *clock = cli_value(args, "clock");
	if (args->argument_count > 1 || cli_value(args, "count") || cli_value(args, "bytes"))
		return cli_fail(CLI_USAGE, "explain: --app is a whole task: OPERATION, --count and "
					   "--bytes have no place");
	if (clock && (unit_parse(clock, UNIT_FREQUENCY, &hz, why) != 0 || hz <= 0))
		return cli_fail(CLI_USAGE, "--clock: '%s' is no frequency, as \"2.6 GHz\" is one",
				clock);
	int code = read_app(p, q, cli_value(args, "app"), hz);
	return code == CLI_OK ? show(p, q, cli_flag(args, "json")) : code;
}

static int explain(struct pricing *p, struct question *q, const struct cli_args *args)
{
	long long count = 1, bytes = -1;
	if (cli_value(args, "app"))
		return explain_app(p, q, args);
	if (cli_value(args, "clock"))
		return cli_fail(CLI_USAGE, "explain: --clock is for --app");
	int code = cli_number(args, "count", 1, 1000000000, &count);
	if (code == CLI_OK)
		code = cli_number(args, "bytes", 0, 1LL << 40, &bytes);
	if (code != CLI_OK)
		return code;
	if (args->argument_count == 1)
		return explain_all(p, q, count, bytes, cli_flag(args, "json"));
	q->op = op_find(args->arguments[1]);
	if (q->op == OP_COUNT) {
		const char *near = diag_nearest(args->arguments[1], op_names);
		return cli_fail(CLI_USAGE,
				"there is no operation '%s'%s%s%s; `mcvsim explain %s` lists them",
				args->arguments[1], near ? ", did you mean '" : "",
				near ? near : "", near ? "'?" : "", args->arguments[0]);
	}
	fill_load(q, count, bytes);
	return show(p, q, cli_flag(args, "json"));
}

static int run(const struct cli_args *args)
{
	struct pricing p;
	struct platform platform;
	struct question *q = calloc(1, sizeof(*q));
	int code = q ? pricing_open(&p, args) : cli_fail(CLI_FAILED, "out of memory");
	if (code == CLI_OK)
		code = pricing_platform(&p, args->arguments[0], &platform);
	if (code == CLI_OK) {
		q->platform = &platform;
		code = explain(&p, q, args);
	}
	if (q)
		pricing_close(&p);
	free(q);
	return code;
}

const struct cli_command cmd_explain_command = {
	.name = "explain",
	.arguments = "PLATFORM [OPERATION]",
	.help = "show the cost terms of an operation on a platform, and what they add up to",
	.options = options,
	.min_arguments = 1,
	.max_arguments = 2,
	.examples = "mcvsim explain kvm-virtio blk_read --profile profile.json\n"
		    "mcvsim explain kvm-emulated --app photo-search\n",
	.run = run,
};
