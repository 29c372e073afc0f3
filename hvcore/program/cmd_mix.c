/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/answer.h"
#include "hvcore/program/program.h"

int program_devices(const char *command, const struct program_options *opt,
		    const struct hv_backend *backend, struct hv_mix_devices *out)
{
	*out = (struct hv_mix_devices){.para = opt->para, .iothread = opt->iothread};
	if (opt->para && backend && !backend->open)
		return program_usage("%s: --para is for backends that run guests, not for %s",
				     command, backend->name);
	if (opt->iothread && !opt->para)
		return program_usage("%s: --iothread is for rings: give --para, too", command);
	return 0;
}

int program_mix(const struct program_options *opt, char **counts, int count)
{
	struct hv_mix mix = {.seed = opt->seed};
	struct hv_measurement m;
	struct err e = {0};
	const struct hv_backend *backend = hv_backend_find(opt->backend ? opt->backend : "native");
	struct hv_mix_devices devices;
	if (program_devices("mix", opt, backend, &devices))
		return PROGRAM_USAGE;
	for (int i = 0; i < count; i++)
		if (hv_mix_set(&mix, counts[i], &e))
			return program_usage("mix: %s", e.text);
	if (hv_mix_check(&mix, &e))
		return program_usage("mix: %s", e.text);
	const struct hv_probe_env env = program_environment(opt, false);
	int rc = hv_mix_measure(&mix, backend, devices, &env, &m, &e);
	const struct hv_answer answer = {.m = &m, .failure = rc ? &e : NULL};
	int code = program_print(hv_answer_mix(backend, devices, &answer));
	return rc ? PROGRAM_FAILED : code;
}
