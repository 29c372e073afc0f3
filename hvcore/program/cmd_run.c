/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/clock.h"
#include "hvcore/program/program.h"
#include "hvcore/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_LIMIT_NS 10000000000u

static int to_stdout(void *ctx, const char *text, size_t length, struct err *e)
{
	(void)ctx;
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout))
		return err_sys(e, errno, "standard output");
	return 0;
}

static void print_counters(struct hv_vm *vm, const struct hv_outcome *outcome, uint64_t ns,
			   bool sandboxed)
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
	cJSON_AddBoolToObject(root, "sandbox", sandboxed);
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

/* What begins as programs for an operating system do is no flat image, however long it runs. */
static bool is_elf(const char *bytes, size_t length)
{
	return length >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

static int no_image(const char *name, int number, struct err *e)
{
	char list[160] = "";
	for (const struct hv_image *i = hv_image_table; i->name; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 list[0] ? ", " : "", i->name);
	return err_sys(e, number, "'%s' is neither a built-in guest (%s) nor a file", name, list);
}

/* A built-in image by its name, or a flat image from a file (then *owned is to be freed). Where in
 * the memory an image begins is left to hv_vm_open: only what cannot fit at all is refused. */
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
		return no_image(name, errno, e);
	size_t most = (size_t)(config->mem_bytes ? config->mem_bytes : HV_MEM_DEFAULT), length = 0;
	char *bytes = malloc(most + 1);
	if (bytes)
		length = fread(bytes, 1, most + 1, file);
	int rc = 0;
	if (!bytes)
		rc = err_set(e, ERR_NOMEM, "no memory for the image");
	else if (ferror(file))
		rc = err_sys(e, errno, "cannot read '%s'", name);
	else if (length == 0)
		rc = err_set(e, ERR_INVALID, "'%s' is no flat image: empty", name);
	else if (length > most)
		rc = err_set(e, ERR_INVALID,
			     "'%s' does not fit in %zu MiB of guest memory; --mem says how much",
			     name, most >> 20);
	else if (is_elf(bytes, length))
		rc = err_set(e, ERR_INVALID,
			     "'%s' is an ELF file; `objcopy -O binary` makes a flat image of it",
			     name);
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
static int open_machine(const struct program_options *opt, struct hv_config *config,
			struct hv_vm **vm, struct err *e)
{
	int rc = err_set(e, ERR_UNSUPPORTED, "no backend here runs guest images");
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		if (opt->backend ? strcmp((*b)->name, opt->backend) != 0
				 : !(*b)->open || (opt->regime != HV_REGIME_NONE && !(*b)->regime))
			continue;
		config->backend = *b;
		rc = hv_vm_open(vm, config, e);
		if (!rc || opt->backend)
			break;
		fprintf(stderr, "hvcore: not on %s: %s\n", (*b)->name, e->text);
	}
	return rc;
}

/* Returns 0, also when none is wanted, or a code when there can be none. */
static int enter_sandbox(const struct program_options *opt, const struct hv_vm *vm, struct err *e)
{
	struct err why;
	int rc = opt->no_sandbox ? 0 : hv_sandbox_enter(vm, &why);
	return rc ? err_set(e, rc,
			    "the guest was not run, as it would be without a sandbox: %s; "
			    "--no-sandbox runs it so",
			    why.text)
		  : 0;
}

int program_run(const struct program_options *opt, char **args, int count)
{
	if (count == 0)
		return program_usage(
			"run: which guest? a built-in one (hello, ...) or a flat image's file");
	const struct hv_backend *only = opt->backend ? hv_backend_find(opt->backend) : NULL;
	if (only && !only->open)
		return program_usage("run: backend %s runs no guest images", only->name);
	if (only && !only->regime && opt->regime != HV_REGIME_NONE)
		return program_usage("run: --regime is for kvm, not for %s", only->name);
	if (count == 2 && strlen(args[1]) >= sizeof(((struct hv_boot *)NULL)->argument))
		return program_usage("run: the guest's argument has more than %zu bytes",
				     sizeof(((struct hv_boot *)NULL)->argument) - 1);
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
		return PROGRAM_USAGE;
	}
	config.regime = opt->regime;
	config.cpus = (unsigned)opt->cpus;
	rc = open_machine(opt, &config, &vm, &e);
	if (!rc)
		rc = enter_sandbox(opt, vm, &e);
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
		print_counters(vm, &outcome, ns, !opt->no_sandbox);
	hv_vm_close(vm);
	free(owned);
	return rc || outcome.kind != HV_RUN_EXITED ? PROGRAM_FAILED : outcome.status;
}
