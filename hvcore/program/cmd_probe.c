/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/answer.h"
#include "hvcore/program/program.h"
#include "sim/base/diag.h"

#include <stdlib.h>
#include <string.h>

static bool selected(const struct hv_probe *p, const char *name, const struct program_options *opt)
{
	return (strcmp(name, "all") == 0 || strcmp(name, p->name) == 0) &&
	       (!opt->backend || strcmp(opt->backend, p->backend) == 0);
}

static bool uses_kvm(const struct program_options *opt, char **names, int count)
{
	const struct hv_probe *p;
	for (int k = 0; k < count; k++)
		for (unsigned i = 0; (p = hv_probe_at(i)); i++)
			if (selected(p, names[k], opt) && strcmp(p->backend, "kvm") == 0)
				return true;
	return false;
}

/* The name that was meant: the nearest, or the first that begins so; NULL: none. */
static const char *meant(const char *name, const struct program_options *opt)
{
	const struct hv_probe *p;
	unsigned n = 0, k = 0;
	while (hv_probe_at(n))
		n++;
	const char **names = calloc(n + 1, sizeof(*names)), *begins = NULL;
	if (!names)
		return NULL;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		if (!selected(p, p->name, opt))
			continue;
		names[k++] = p->name;
		if (!begins && strncmp(p->name, name, strlen(name)) == 0)
			begins = p->name;
	}
	const char *near = diag_nearest(name, names);
	free(names);
	return near ? near : begins;
}

static int unknown(const char *name, const struct program_options *opt)
{
	const char *near = meant(name, opt), *on = opt->backend ? " on backend " : "";
	const char *backend = opt->backend ? opt->backend : "";
	if (near)
		return program_usage("no probe '%s'%s%s; did you mean %s?", name, on, backend,
				     near);
	return program_usage("no probe '%s'%s%s; `hvcore list` shows them", name, on, backend);
}

int program_probe(const struct program_options *opt, char **names, int count)
{
	const struct hv_probe *p;
	if (count == 0)
		return program_usage("probe: which? name at least one, or 'all'");
	for (int k = 0; k < count; k++) {
		bool any = false;
		for (unsigned i = 0; (p = hv_probe_at(i)); i++)
			any |= selected(p, names[k], opt);
		if (!any)
			return unknown(names[k], opt);
	}

	const struct hv_probe_env env = program_environment(opt, uses_kvm(opt, names, count));
	int code = PROGRAM_OK;
	for (int k = 0; k < count; k++) {
		for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
			if (!selected(p, names[k], opt))
				continue;
			struct hv_measurement m;
			struct err e = {0};
			int rc = hv_probe_run(p, &env, &m, &e);
			const struct hv_answer answer = {.m = &m, .failure = rc ? &e : NULL};
			if (program_print(hv_answer_probe(p, &env, &answer)))
				return PROGRAM_FAILED; /* nobody would see the others either */
			code = rc ? PROGRAM_FAILED : code;
		}
	}
	return code;
}
