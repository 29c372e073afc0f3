/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program hvcore: one process per guest. stdout carries the product (JSON lines, or the guest's
 * console), stderr everything else. Exit codes: 0 ok, 1 failed while running, 2 wrong usage.
 */
#include "hvcore/clock.h"
#include "hvcore/host/doctor.h"
#include "hvcore/hv.h"
#include "hvcore/probe/answer.h"
#include "hvcore/probe/turns.h"
#include "hvcore/sandbox.h"
#include "hvcore/surface.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage_text[] =
	"usage: hvcore doctor [--json]\n"
	"       hvcore list [--json]\n"
	"       hvcore surface [--json]\n"
	"       hvcore probe NAME... [--backend B] [--quick] [--delay-ns N] [--scratch DIR]\n"
	"       hvcore mix OPERATION=COUNT... [--backend B] [--para] [--seed N] [--quick]\n"
	"       hvcore turns NAME@BACKEND|OPERATION=COUNT,... ... [--backend B] [--para] [--seed "
	"N] "
	"[--limit-ms N]\n"
	"       hvcore run GUEST [ARGUMENT] [--backend B] [--mem MIB] [--cpus N] [--regime R] "
	"[--limit-ms N] [--json]\n"
	"\n"
	"doctor  what this machine offers per backend, and what to do about the rest\n"
	"list    the backends and probes, and what of them works on this machine\n"
	"surface how much a hostile guest can reach on each backend: what it can ask of its VMM, "
	"and\n"
	"        the system calls that are left to one that has taken it over\n"
	"probe   measures; prints one JSON line per probe. NAME 'all' is every probe\n"
	"mix     times a task of several operations, interleaved (compute=20 blk_read=2 ...), in "
	"ns per\n"
	"        task: one JSON line. Operations: compute, syscall, page_touch, page_release, "
	"blk_read,\n"
	"        blk_write, net_tx\n"
	"turns   measures probes and tasks a batch of each after the other, round and round: one "
	"JSON\n"
	"        line for each, with the values of its batches\n"
	"run     runs a guest (hello, ..., or a flat image in a file): its console on stdout, its "
	"exit status\n"
	"        as ours; 1 when it did not end well\n"
	"\n"
	"  --backend B    only this backend: kvm, trap, emulator, container or native\n"
	"  --quick        fewer and shorter batches\n"
	"  --delay-ns N   busy time added to the handling of every exit, to test the instrument\n"
	"  --mem MIB      the guest's memory (default 64)\n"
	"  --cpus N       the guest's processors (default 1; kvm: up to 8)\n"
	"  --regime R     kvm: where the guest starts, cpl0 or cpl3 (default: what the machine "
	"offers)\n"
	"  --limit-ms N   a guest that runs longer is ended (default 10000); turns: how "
	"long\n"
	"                 they are taken (default 3000)\n"
	"  --para         mix, turns: the guest's devices are rings instead of registers\n"
	"  --seed N       mix, turns: of the order of operations (default 0)\n"
	"  --scratch DIR  where backing files are made (default /var/tmp)\n";

struct options {
	bool json, quick, para;
	const char *backend, *scratch;
	enum hv_regime regime; /* NONE: as the machine offers */
	uint64_t delay_ns, mem_mib, limit_ms, seed, cpus;
};

static int usage(const char *fmt, const char *what)
{
	if (fmt) {
		fprintf(stderr, "hvcore: ");
		fprintf(stderr, fmt, what);
		fprintf(stderr, "\n");
	}
	fprintf(stderr, "`hvcore --help` says more\n");
	return EXIT_USAGE;
}

static void print_line(cJSON *object)
{
	char *text = cJSON_PrintUnformatted(object);
	if (text)
		puts(text);
	free(text);
	cJSON_Delete(object);
	fflush(stdout);
}

/* ---- doctor ---- */

static const char *text_at(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
	return text ? text : "";
}

static int cmd_doctor(const struct options *opt)
{
	cJSON *found = hv_doctor_json();
	const cJSON *item;
	if (opt->json) {
		print_line(found);
		return 0;
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "machine"))
	{
		char *value = cJSON_IsString(item)   ? strdup(item->valuestring)
			      : cJSON_IsObject(item) ? NULL
						     : cJSON_PrintUnformatted(item);
		if (value)
			printf("%-16s %s\n", item->string, value);
		free(value);
	}
	printf("\n");
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "backends")) printf(
		"%-10s %s%s %s %s\n", text_at(item, "name"),
		cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "available")) ? "works"
										  : "NOT HERE: ",
		text_at(item, "reason"), text_at(item, "regime"), text_at(item, "note"));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(found, "advice"))
		printf("\n%s: %s\n  %s\n", text_at(item, "severity"), text_at(item, "problem"),
		       text_at(item, "do"));
	cJSON_Delete(found);
	return 0;
}

/* ---- list ---- */

static int cmd_list(const struct options *opt)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *backends = cJSON_AddArrayToObject(root, "backends");
	cJSON *probes = cJSON_AddArrayToObject(root, "probes");
	struct hv_probe_env env = {0};
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		struct err e = {0};
		int rc = (*b)->available(&e);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", (*b)->name);
		cJSON_AddStringToObject(item, "summary", (*b)->summary);
		cJSON_AddBoolToObject(item, "available", rc == 0);
		if (rc)
			cJSON_AddStringToObject(item, "reason", e.text);
		cJSON_AddItemToArray(backends, item);
		if (!opt->json)
			printf("%-10s %s%s%s\n", (*b)->name, (*b)->summary,
			       rc ? " - NOT HERE: " : "", rc ? e.text : "");
	}
	if (!opt->json)
		printf("\n");
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		struct err e = {0};
		int rc = hv_probe_valid(p, &env, &e);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", p->name);
		cJSON_AddStringToObject(item, "unit", p->unit);
		cJSON_AddStringToObject(item, "backend", p->backend);
		cJSON_AddStringToObject(item, "method", p->method);
		if (p->composed)
			cJSON_AddTrueToObject(item, "composed");
		cJSON_AddBoolToObject(item, "available", rc == 0);
		if (rc)
			cJSON_AddStringToObject(item, "reason", e.text);
		cJSON_AddItemToArray(probes, item);
		if (!opt->json)
			printf("%-20s %-10s %s%s%s\n", p->name, p->backend, p->method,
			       rc ? " - NOT HERE: " : "", rc ? e.text : "");
	}
	if (opt->json)
		print_line(root);
	else
		cJSON_Delete(root);
	return 0;
}

/* ---- surface ---- */

static void print_surface(const struct hv_surface *s)
{
	char asks[64] = "no VMM";
	if (s->backend->open)
		snprintf(asks, sizeof(asks), "%u hypercalls, %u ports", s->hypercalls, s->ports);
	printf("%-10s %-10s %-24s %u of %u system calls", s->backend->name, s->devices, asks,
	       s->host_calls, s->known_calls);
	if (s->limited)
		printf(", %u of them with limits", s->limited);
	printf("\n");
}

static int cmd_surface(const struct options *opt)
{
	struct hv_surface rows[HV_SURFACES_MAX];
	struct err e;
	int count = hv_surfaces(rows, &e);
	if (count < 0) {
		fprintf(stderr, "hvcore: %s\n", e.text);
		return EXIT_FAILED;
	}
	if (opt->json) {
		print_line(hv_surfaces_json(rows, count));
		return 0;
	}
	printf("%-10s %-10s %-24s %s\n", "backend", "devices", "a guest can ask for",
	       "what is left once that is taken over");
	for (int i = 0; i < count; i++)
		print_surface(&rows[i]);
	return 0;
}

/* ---- probe ---- */

/* 20 ms tell the rate within 10 ppm, 5 ms within 40; clocks may differ by 5 %. */
static struct hv_probe_env environment(const struct options *opt, bool with_regime)
{
	struct err e = {0};
	struct hv_probe_env env = {
		.quick = opt->quick, .delay_ns = opt->delay_ns, .scratch = opt->scratch};
	const struct hv_backend *kvm = with_regime ? hv_backend_find("kvm") : NULL;
	if (hv_ticks_rate(env.quick ? 5000000 : 20000000, &env.ticks_per_ns, &e))
		fprintf(stderr, "hvcore: warning: %s; clocks are not compared\n", e.text);
	if (kvm && kvm->regime && !kvm->available(&e) && kvm->regime(&env.kvm_regime, &e))
		fprintf(stderr, "hvcore: warning: kvm: %s\n", e.text);
	return env;
}

static bool measure_one(const struct hv_probe *p, const struct hv_probe_env *env)
{
	struct hv_measurement m;
	struct err e = {0};
	int rc = hv_probe_run(p, env, &m, &e);
	print_line(
		hv_answer_probe(p, env, &(struct hv_answer){.m = &m, .failure = rc ? &e : NULL}));
	return rc == 0;
}

static bool selected(const struct hv_probe *p, const char *name, const struct options *opt)
{
	return (strcmp(name, "all") == 0 || strcmp(name, p->name) == 0) &&
	       (!opt->backend || strcmp(opt->backend, p->backend) == 0);
}

static bool uses_kvm(const struct options *opt, char **names, int count)
{
	const struct hv_probe *p;
	for (int k = 0; k < count; k++)
		for (unsigned i = 0; (p = hv_probe_at(i)); i++)
			if (selected(p, names[k], opt) && strcmp(p->backend, "kvm") == 0)
				return true;
	return false;
}

static int unknown_probe(const char *name, const struct options *opt)
{
	fprintf(stderr, "hvcore: no probe '%s'%s%s; `hvcore list` shows them\n", name,
		opt->backend ? " on backend " : "", opt->backend ? opt->backend : "");
	return EXIT_USAGE;
}

static int cmd_probe(const struct options *opt, char **names, int count)
{
	const struct hv_probe *p;
	if (count == 0)
		return usage("probe: which? name at least one, or 'all'", NULL);
	for (int k = 0; k < count; k++) {
		bool any = false;
		for (unsigned i = 0; (p = hv_probe_at(i)); i++)
			any |= selected(p, names[k], opt);
		if (!any)
			return unknown_probe(names[k], opt);
	}

	const struct hv_probe_env env = environment(opt, uses_kvm(opt, names, count));
	bool failed = false;
	for (int k = 0; k < count; k++)
		for (unsigned i = 0; (p = hv_probe_at(i)); i++)
			if (selected(p, names[k], opt))
				failed |= !measure_one(p, &env);
	return failed ? EXIT_FAILED : 0;
}

/* ---- mix ---- */

static int cmd_mix(const struct options *opt, char **counts, int count)
{
	struct hv_mix mix = {.seed = opt->seed};
	struct hv_measurement m;
	struct err e = {0};
	const struct hv_backend *backend = hv_backend_find(opt->backend ? opt->backend : "native");
	if (opt->para && backend && !backend->open)
		return usage("mix: --para is for backends that run guests, not for %s",
			     backend->name);
	for (int i = 0; i < count; i++)
		if (hv_mix_set(&mix, counts[i], &e))
			return usage("mix: %s", e.text);
	if (hv_mix_check(&mix, &e))
		return usage("mix: %s", e.text);
	const struct hv_probe_env env = environment(opt, false);
	int rc = hv_mix_measure(&mix, backend, opt->para, &env, &m, &e);
	print_line(hv_answer_mix(backend, opt->para,
				 &(struct hv_answer){.m = &m, .failure = rc ? &e : NULL}));
	return rc ? EXIT_FAILED : 0;
}

/* ---- turns ---- */

#define TURNS_LIMIT_MS 3000

static int take_turns(const struct options *opt, const struct hv_backend *backend,
		      struct hv_turns_item *items, unsigned count)
{
	const struct hv_probe_env env = environment(opt, true);
	uint64_t limit_ms = opt->limit_ms ? opt->limit_ms : TURNS_LIMIT_MS;
	bool failed = false;
	hv_turns(items, count, backend, opt->para, &env, limit_ms * 1000000);
	for (unsigned i = 0; i < count; i++) {
		const struct hv_turns_item *item = &items[i];
		const struct hv_answer answer = {.m = &item->m,
						 .failure = item->rc ? &item->e : NULL,
						 .values = item->values};
		print_line(item->probe ? hv_answer_probe(item->probe, &env, &answer)
				       : hv_answer_mix(backend, opt->para, &answer));
		failed |= item->rc != 0;
	}
	return failed ? EXIT_FAILED : 0;
}

static int cmd_turns(const struct options *opt, char **names, int count)
{
	struct err e = {0};
	const struct hv_backend *backend = hv_backend_find(opt->backend ? opt->backend : "native");
	if (count == 0)
		return usage("turns: of what? name probes and tasks", NULL);
	if (opt->para && backend && !backend->open)
		return usage("turns: --para is for backends that run guests, not for %s",
			     backend->name);
	struct hv_turns_item *items = calloc((size_t)count, sizeof(*items));
	int rc = items ? 0 : err_set(&e, ERR_NOMEM, "no memory for so many");
	for (int i = 0; !rc && i < count; i++)
		rc = hv_turns_item_set(&items[i], names[i], opt->seed, &e);
	int code =
		rc ? usage("turns: %s", e.text) : take_turns(opt, backend, items, (unsigned)count);
	free(items);
	return code;
}

/* ---- run ---- */

#define RUN_LIMIT_NS 10000000000u

static int to_stdout(void *ctx, const char *text, size_t length, struct err *e)
{
	(void)ctx;
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout))
		return err_sys(e, errno, "standard output");
	return 0;
}

static void print_counters(struct hv_vm *vm, const struct hv_outcome *outcome, uint64_t ns)
{
	static const char *const names[] = {
#define CALL_NAME(number, name, text) [number] = text,
		HV_CALL_LIST(CALL_NAME)
#undef CALL_NAME
	};
	cJSON *root = cJSON_CreateObject();
	cJSON_AddStringToObject(root, "backend", vm->config.backend->name);
	if (vm->config.regime != HV_REGIME_NONE)
		cJSON_AddStringToObject(root, "regime", hv_regime_name(vm->config.regime));
	cJSON_AddStringToObject(root, "outcome", hv_outcome_name(outcome->kind));
	cJSON_AddNumberToObject(root, "status", outcome->status);
	cJSON_AddNumberToObject(root, "run_ns", (double)ns);
	cJSON_AddNumberToObject(root, "exits", (double)vm->counters.exits);
	uint64_t counted;
	struct err e = {0};
	if (vm->config.backend->exits && vm->config.backend->exits(vm, &counted, &e) == 0)
		cJSON_AddNumberToObject(root, "kernel_exits", (double)counted);
	cJSON_AddNumberToObject(root, "pio", (double)vm->counters.pio);
	cJSON_AddNumberToObject(root, "mmio", (double)vm->counters.mmio);
	cJSON *calls = cJSON_AddObjectToObject(root, "hypercalls");
	for (unsigned i = 0; i < HV_CALL_COUNT; i++)
		cJSON_AddNumberToObject(calls, names[i], (double)vm->counters.calls[i]);
	char *text = cJSON_PrintUnformatted(root);
	if (text)
		fprintf(stderr, "%s\n", text);
	free(text);
	cJSON_Delete(root);
}

/* A built-in image by its name, or a flat image from a file (then *owned is to be freed). */
static int load_image(const char *name, struct hv_config *config, void **owned, struct err *e)
{
	const struct hv_image *image = hv_image_find(name);
	*owned = NULL;
	if (image) {
		config->image = image->start;
		config->image_bytes = (size_t)(image->end - image->start);
		return 0;
	}
	FILE *file = fopen(name, "rb");
	if (!file)
		return err_sys(e, errno, "no built-in guest and no file '%s'", name);
	size_t room = (size_t)HV_MEM_DEFAULT, length = 0;
	char *bytes = malloc(room);
	if (bytes)
		length = fread(bytes, 1, room, file);
	int rc = 0;
	if (!bytes)
		rc = err_set(e, ERR_NOMEM, "no memory for the image");
	else if (ferror(file))
		rc = err_sys(e, errno, "cannot read '%s'", name);
	else if (length == 0 || length == room)
		rc = err_set(e, ERR_INVALID, "'%s' is no flat image: %s", name,
			     length ? "too large" : "empty");
	fclose(file);
	if (rc) {
		free(bytes);
		return rc;
	}
	*owned = bytes;
	config->image = bytes;
	config->image_bytes = length;
	return 0;
}

/* Makes the machine on the backend asked for, or on the first that can. */
static int open_machine(const struct options *opt, struct hv_config *config, struct hv_vm **vm,
			struct err *e)
{
	int rc = err_set(e, ERR_UNSUPPORTED, "no backend here runs guest images");
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		if (opt->backend ? strcmp((*b)->name, opt->backend) != 0 : !(*b)->open)
			continue;
		config->backend = *b;
		rc = hv_vm_open(vm, config, e);
		if (!rc || opt->backend)
			break;
		fprintf(stderr, "hvcore: not on %s: %s\n", (*b)->name, e->text);
	}
	return rc;
}

static int cmd_run(const struct options *opt, char **args, int count)
{
	if (count < 1 || count > 2)
		return usage("run: one guest, and at most one argument for it", NULL);
	struct hv_config config = {.mem_bytes = opt->mem_mib << 20,
				   .delay_ns = opt->delay_ns,
				   .argument = count == 2 ? args[1] : NULL,
				   .console = to_stdout};
	struct hv_outcome outcome = {0};
	struct hv_vm *vm = NULL;
	struct err e = {0};
	void *owned;
	int rc = load_image(args[0], &config, &owned, &e);
	if (rc) {
		fprintf(stderr, "hvcore: %s\n", e.text);
		return EXIT_USAGE;
	}
	config.regime = opt->regime;
	config.cpus = (unsigned)opt->cpus;
	rc = open_machine(opt, &config, &vm, &e);
	if (!rc && hv_sandbox_enter(vm, &e))
		fprintf(stderr, "hvcore: warning: the guest runs without a sandbox: %s\n", e.text);
	uint64_t start = hv_clock_ns();
	if (!rc)
		rc = hv_vm_run(vm, opt->limit_ms ? opt->limit_ms * 1000000 : RUN_LIMIT_NS, &outcome,
			       &e);
	uint64_t ns = hv_clock_ns() - start;
	if (rc)
		fprintf(stderr, "hvcore: %s\n", e.text);
	else if (outcome.kind != HV_RUN_EXITED)
		fprintf(stderr, "hvcore: the guest ended (%s): %s\n", hv_outcome_name(outcome.kind),
			outcome.kind == HV_RUN_YIELDED ? "it asks for work; use `hvcore probe`"
						       : outcome.text);
	if (!rc && opt->json)
		print_counters(vm, &outcome, ns);
	hv_vm_close(vm);
	free(owned);
	return rc || outcome.kind != HV_RUN_EXITED ? EXIT_FAILED : outcome.status;
}

/* ---- main ---- */

static bool parse_number(const char *text, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-')
		return false;
	*out = value;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"json", no_argument, NULL, 'j'},
		{"quick", no_argument, NULL, 'q'},
		{"backend", required_argument, NULL, 'b'},
		{"delay-ns", required_argument, NULL, 'd'},
		{"mem", required_argument, NULL, 'm'},
		{"limit-ms", required_argument, NULL, 'l'},
		{"scratch", required_argument, NULL, 's'},
		{"mem", required_argument, NULL, 'm'},
		{"limit-ms", required_argument, NULL, 'l'},
		{"cpus", required_argument, NULL, 'c'},
		{"regime", required_argument, NULL, 'r'},
		{"para", no_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 'S'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options opt = {0};
	int c;
	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			opt.json = true;
			break;
		case 'q':
			opt.quick = true;
			break;
		case 'b':
			opt.backend = optarg;
			break;
		case 'd':
			if (!parse_number(optarg, &opt.delay_ns) || opt.delay_ns > 1000000000)
				return usage(
					"--delay-ns: '%s' is not a number from 0 to 1000000000",
					optarg);
			break;
		case 'm':
			if (!parse_number(optarg, &opt.mem_mib) || opt.mem_mib < 2 ||
			    opt.mem_mib > HV_MEM_MAX >> 20)
				return usage("--mem: '%s' is not a number from 2 to 2048", optarg);
			break;
		case 'c':
			if (!parse_number(optarg, &opt.cpus) || opt.cpus < 1 ||
			    opt.cpus > HV_CPUS_MAX)
				return usage("--cpus: '%s' is not a number from 1 to 8", optarg);
			break;
		case 'l':
			if (!parse_number(optarg, &opt.limit_ms) || opt.limit_ms < 1 ||
			    opt.limit_ms > 86400000)
				return usage("--limit-ms: '%s' is not a number from 1 to 86400000",
					     optarg);
			break;
		case 'r':
			if (strcmp(optarg, "cpl0") && strcmp(optarg, "cpl3"))
				return usage("--regime: '%s' is neither cpl0 nor cpl3", optarg);
			opt.regime = strcmp(optarg, "cpl0") ? HV_REGIME_CPL3 : HV_REGIME_CPL0;
			break;
		case 'p':
			opt.para = true;
			break;
		case 'S':
			if (!parse_number(optarg, &opt.seed))
				return usage("--seed: '%s' is not a whole number", optarg);
			break;
		case 's':
			opt.scratch = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			return usage(NULL, NULL);
		}
	}
	if (opt.backend && !hv_backend_find(opt.backend))
		return usage("no backend '%s'", opt.backend);
	if (optind == argc)
		return usage(NULL, NULL);
	const char *command = argv[optind++];
	if (strcmp(command, "doctor") == 0)
		return cmd_doctor(&opt);
	if (strcmp(command, "list") == 0)
		return cmd_list(&opt);
	if (strcmp(command, "surface") == 0)
		return cmd_surface(&opt);
	if (strcmp(command, "probe") == 0)
		return cmd_probe(&opt, argv + optind, argc - optind);
	if (strcmp(command, "mix") == 0)
		return cmd_mix(&opt, argv + optind, argc - optind);
	if (strcmp(command, "turns") == 0)
		return cmd_turns(&opt, argv + optind, argc - optind);
	if (strcmp(command, "run") == 0)
		return cmd_run(&opt, argv + optind, argc - optind);
	return usage("no command '%s'", command);
}
