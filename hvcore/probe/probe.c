/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/probe.h"
#include "hvcore/host/pin.h"

#include <math.h>
#include <string.h>

const struct hv_probe *hv_probe_at(unsigned n)
{
	for (const struct hv_probe *const *table = hv_probe_tables; *table; table++)
		for (const struct hv_probe *row = *table; row->name; row++)
			if (n-- == 0)
				return row;
	return NULL;
}

const struct hv_backend *hv_backend_find(const char *name)
{
	for (const struct hv_backend *const *b = hv_backends; *b; b++)
		if (strcmp((*b)->name, name) == 0)
			return *b;
	return NULL;
}

int hv_probe_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	const struct hv_backend *backend = hv_backend_find(probe->backend);
	if (!backend)
		return err_set(e, ERR_UNSUPPORTED, "backend %s was not built", probe->backend);
	int rc = backend->available(e);
	if (!rc && probe->valid)
		rc = probe->valid(probe, env, e);
	return rc;
}

void hv_probe_scale(const struct hv_probe *probe, struct hv_measurement *m)
{
	double divisor = probe->per_op > 0 ? probe->per_op : 1;
	m->exits_per_op /= divisor;
	m->min /= divisor;
	m->p50 /= divisor;
	m->mean /= divisor;
	m->p90 /= divisor;
	m->mad /= divisor;
}

static int measure(const struct hv_probe *probe, const struct hv_probe_env *env,
		   struct hv_measurement *out, struct err *e)
{
	struct hv_work work = {.exits_per_op = NAN};
	int rc = probe->setup(probe, env, &work, e);
	if (rc)
		return rc;
	struct hv_measure_options options = hv_measure_defaults(env->quick);
	options.ticks_per_ns = env->ticks_per_ns;
	rc = hv_measure(&work, &options, out, e);
	if (!rc && probe->check)
		rc = probe->check(&work, out, e);
	memcpy(out->note, work.note, sizeof(out->note));
	if (probe->teardown)
		probe->teardown(&work);
	if (!rc)
		hv_probe_scale(probe, out);
	return rc;
}

int hv_probe_run(const struct hv_probe *probe, const struct hv_probe_env *env,
		 struct hv_measurement *out, struct err *e)
{
	int rc = hv_probe_valid(probe, env, e);
	if (rc)
		return rc;
	int core, other;
	cpu_set_t before;
	hv_pin_choose(&core, &other, e);
	bool pinned = !probe->two_cores && hv_pin(core, &before, e) == 0;
	rc = measure(probe, env, out, e);
	if (pinned)
		hv_unpin(&before);
	return rc;
}
