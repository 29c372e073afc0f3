/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/answer.h"
#include "hvcore/program/program.h"

int program_mix(const struct program_options *opt, char **counts, int count)
{
	struct hv_mix mix = {.seed = opt->seed};
	struct hv_measurement m;
	struct err e = {0};
	const struct hv_backend *backend = hv_backend_find(opt->backend ? opt->backend : "native");
	if (opt->para && backend && !backend->open)
		return program_usage("mix: --para is for backends that run guests, not for %s",
				     backend->name);
	for (int i = 0; i < count; i++)
		if (hv_mix_set(&mix, counts[i], &e))
			return program_usage("mix: %s", e.text);
	if (hv_mix_check(&mix, &e))
		return program_usage("mix: %s", e.text);
	const struct hv_probe_env env = program_environment(opt, false);
	int rc = hv_mix_measure(&mix, backend, opt->para, &env, &m, &e);
	const struct hv_answer answer = {.m = &m, .failure = rc ? &e : NULL};
	int code = program_print(hv_answer_mix(backend, opt->para, &answer));
	return rc ? PROGRAM_FAILED : code;
}
