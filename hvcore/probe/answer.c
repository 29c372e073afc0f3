/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/probe/answer.h"

#include <math.h>
#include <string.h>

static void add_number(cJSON *object, const char *key, double value)
{
	if (!isnan(value))
		cJSON_AddNumberToObject(object, key, value);
}

static void add_measurement(cJSON *line, const struct hv_measurement *m)
{
	cJSON_AddNumberToObject(line, "p50", m->p50);
	cJSON_AddNumberToObject(line, "mean", m->mean);
	cJSON_AddNumberToObject(line, "min", m->min);
	cJSON_AddNumberToObject(line, "p90", m->p90);
	cJSON_AddNumberToObject(line, "mad", m->mad);
	cJSON_AddNumberToObject(line, "batches", m->batches);
	cJSON_AddNumberToObject(line, "iterations", (double)m->iterations);
	cJSON_AddNumberToObject(line, "attempts", m->attempts);
	cJSON_AddNumberToObject(line, "repeated", m->repeated);
	add_number(line, "lost", m->lost);
	cJSON_AddNumberToObject(line, "empty_ns", m->empty_ns);
	add_number(line, "exits_per_op", m->exits_per_op);
	add_number(line, "clock_gap", m->clock_gap);
	add_number(line, "nonlinear", m->nonlinear);
}

/* The part that all answers have; method NULL: none. */
static void add_answer(cJSON *line, const struct hv_answer *a, const char *unit, const char *regime,
		       const char *method)
{
	if (a->failure) {
		cJSON_AddStringToObject(line, "failed", a->failure->text);
		return;
	}
	cJSON_AddStringToObject(line, "unit", unit);
	if (regime[0])
		cJSON_AddStringToObject(line, "regime", regime);
	add_measurement(line, a->m);
	if (a->values)
		cJSON_AddItemToObject(line, "values",
				      cJSON_CreateDoubleArray(a->values, (int)a->m->batches));
	if (method)
		cJSON_AddStringToObject(line, "method", method);
	if (a->m->note[0])
		cJSON_AddStringToObject(line, "note", a->m->note);
	cJSON_AddStringToObject(line, "source", "measured");
}

cJSON *hv_answer_probe(const struct hv_probe *p, const struct hv_probe_env *env,
		       const struct hv_answer *answer)
{
	bool kvm = strcmp(p->backend, "kvm") == 0;
	cJSON *line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "name", p->name);
	cJSON_AddStringToObject(line, "backend", p->backend);
	if (p->composed)
		cJSON_AddTrueToObject(line, "composed");
	add_answer(line, answer, p->unit, hv_regime_name(kvm ? env->kvm_regime : HV_REGIME_NONE),
		   p->method);
	return line;
}

cJSON *hv_answer_mix(const struct hv_backend *backend, struct hv_mix_devices devices,
		     const struct hv_answer *answer)
{
	cJSON *line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "name", "mix");
	cJSON_AddStringToObject(line, "backend", backend->name);
	cJSON_AddBoolToObject(line, "para", devices.para);
	if (devices.iothread)
		cJSON_AddBoolToObject(line, "iothread", true);
	add_answer(line, answer, "ns", "", NULL);
	return line;
}
