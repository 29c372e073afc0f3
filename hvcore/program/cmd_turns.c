/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/answer.h"
#include "hvcore/probe/turns.h"
#include "hvcore/program/program.h"

#include <stdlib.h>

#define TURNS_LIMIT_MS 3000

static int take_turns(const struct program_options *opt, const struct hv_backend *backend,
		      struct hv_mix_devices devices, struct hv_turns_item *items, unsigned count)
{
	const struct hv_probe_env env = program_environment(opt, true);
	uint64_t limit_ms = opt->limit_ms ? opt->limit_ms : TURNS_LIMIT_MS;
	int code = PROGRAM_OK;
	hv_turns(items, count, backend, devices, &env, limit_ms * 1000000);
	for (unsigned i = 0; i < count; i++) {
		const struct hv_turns_item *item = &items[i];
		const struct hv_answer answer = {.m = &item->m,
						 .failure = item->rc ? &item->e : NULL,
						 .values = item->values};
		int printed =
			program_print(item->probe ? hv_answer_probe(item->probe, &env, &answer)
						  : hv_answer_mix(backend, devices, &answer));
		code = item->rc || printed ? PROGRAM_FAILED : code;
	}
	return code;
}

int program_turns(const struct program_options *opt, char **names, int count)
{
	struct err e = {0};
	const struct hv_backend *backend = hv_backend_find(opt->backend ? opt->backend : "native");
	if (count == 0)
		return program_usage("turns: of what? name probes and tasks");
	struct hv_mix_devices devices;
	if (program_devices("turns", opt, backend, &devices))
		return PROGRAM_USAGE;
	struct hv_turns_item *items = calloc((size_t)count, sizeof(*items));
	int rc = items ? 0 : err_set(&e, ERR_NOMEM, "no memory for so many");
	for (int i = 0; !rc && i < count; i++)
		rc = hv_turns_item_set(&items[i], names[i], opt->seed, &e);
	int code = rc ? program_usage("turns: %s", e.text)
		      : take_turns(opt, backend, devices, items, (unsigned)count);
	free(items);
	return code;
}
