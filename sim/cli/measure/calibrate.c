/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/calibrate.h"
#include "sim/base/diag.h"
#include "sim/cli/measure/agreement.h"
#include "sim/cli/cli.h"
#include "sim/cli/measure/hvcore.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A probe takes well under a second; one that takes this long hangs. */
enum { PROBE_DEADLINE_S = 30, LIST_DEADLINE_S = 60, BACKENDS_MAX = 16 };

/* What differs between processes (where memory lies, which neighbour runs) does not show in the
 * batches of one. So each probe is run in several processes, spread over the whole calibration, for
 * a short time each, rather than in one for a long time. */
enum { RUNS = 3, RUNS_QUICK = 1 };

/* Beyond this relative difference between runs of one probe its entry says so. */
static const double unsteady = 0.2;

/* One probe to run, as `hvcore list` describes it. */
struct job {
	const cJSON *probe;
	cJSON *lines[RUNS]; /* its answers so far, by p50; owned */
	int count;
	bool dead;     /* crashed or hung: not tried again */
	char why[512]; /* of the last failure */
};

struct run {
	const struct calibrate_options *options;
	struct calibrate_result *result;
	const cJSON *probes; /* all that hvcore lists */
	cJSON *primitives, *operations, *failed;
	struct job *jobs; /* one per probe that is offered */
	size_t job_count, done, total;
};

static bool is_true(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static cJSON *ask_once(const char *const *args, struct err *e)
{
	cJSON *lines, *answer = NULL;
	int status = hvcore_ask(args, LIST_DEADLINE_S, &lines, e);
	if (status == 0) {
		answer = cJSON_DetachItemFromArray(lines, 0);
		if (!answer)
			err_set(e, ERR_CORRUPT, "hvcore %s said nothing", args[0]);
	} else if (status > 0) {
		e->code = ERR_IO;
	}
	cJSON_Delete(lines);
	return answer;
}

static int check_backend(const char *wanted, const cJSON *list, struct err *e)
{
	const char *names[BACKENDS_MAX + 1] = {0};
	size_t count = 0;
	const cJSON *item;
	if (!wanted)
		return 0;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(list, "backends"))
	{
		if (count < BACKENDS_MAX)
			names[count++] = hvcore_text(item, "name");
		if (strcmp(wanted, hvcore_text(item, "name")) == 0)
			return 0;
	}
	const char *near = diag_nearest(wanted, names);
	return err_set(e, ERR_INVALID, "no backend '%s'%s%s%s; `mcvsim doctor` lists them", wanted,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The name under which a probe goes into the profile. Where several backends offer the same one,
 * the first in hvcore's order of preference has it, the others get their backend's name behind.
 * What a name means must not depend on what this machine lacks: an exit is kvm's also where there
 * is no kvm. */
static const char *name_among(const cJSON *probes, const cJSON *probe, char *buf, size_t size)
{
	const char *name = hvcore_text(probe, "name");
	const cJSON *other;
	cJSON_ArrayForEach(other, probes)
	{
		if (other == probe)
			break;
		if (strcmp(hvcore_text(other, "name"), name) == 0) {
			snprintf(buf, size, "%s@%s", name, hvcore_text(probe, "backend"));
			return buf;
		}
	}
	return name;
}

static const char *entry_name(const struct run *r, const cJSON *probe, char *buf, size_t size)
{
	return name_among(r->probes, probe, buf, size);
}

const cJSON *calibrate_probe(const cJSON *probes, const char *name)
{
	const cJSON *probe;
	char buf[128];
	cJSON_ArrayForEach(probe, probes)
	{
		if (strcmp(name_among(probes, probe, buf, sizeof(buf)), name) == 0)
			return probe;
	}
	return NULL;
}

static void fail(struct run *r, const cJSON *probe, const char *why)
{
	char buf[128];
	cJSON_AddStringToObject(r->failed, entry_name(r, probe, buf, sizeof(buf)), why);
}

static double number(const cJSON *entry, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* Keeps the answers sorted by p50. */
static void keep(struct job *job, cJSON *line)
{
	int at = job->count++;
	for (; at > 0 && number(job->lines[at - 1], "p50") > number(line, "p50"); at--)
		job->lines[at] = job->lines[at - 1];
	job->lines[at] = line;
}

static void run_job(struct job *job)
{
	const char *const args[] = {"probe",	 hvcore_text(job->probe, "name"),
				    "--backend", hvcore_text(job->probe, "backend"),
				    "--quick",	 NULL};
	struct err e = {0};
	cJSON *lines;
	int status = hvcore_ask(args, PROBE_DEADLINE_S, &lines, &e);
	cJSON *line = cJSON_DetachItemFromArray(lines, 0);
	const char *why = hvcore_text(line, "failed");

	if (status == 0 && !isnan(number(line, "p50"))) {
		keep(job, line);
		line = NULL;
	} else {
		job->dead = !why[0];
		snprintf(job->why, sizeof(job->why), "%s",
			 why[0]	     ? why
			 : e.text[0] ? e.text
				     : "hvcore gave no number");
	}
	cJSON_Delete(line);
	cJSON_Delete(lines);
}

/* The run in the middle stands for all; what the others say is told. */
static void settle(struct run *r, struct job *job)
{
	char buf[128], note[300];
	if (job->dead || job->count == 0) {
		fail(r, job->probe, job->why);
		r->result->broken++;
		return;
	}
	int middle = (job->count - 1) / 2; /* of two the lower: disturbances only add */
	cJSON *entry = job->lines[middle];
	double low = number(job->lines[0], "p50"), high = number(job->lines[job->count - 1], "p50");
	job->lines[middle] = NULL;
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "name");
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "composed");
	cJSON_AddNumberToObject(entry, "runs", job->count);
	if (job->count > 1)
		cJSON_AddNumberToObject(entry, "runs_spread", high - low);
	if (high - low > unsteady * number(entry, "p50")) {
		snprintf(note, sizeof(note),
			 "%s%sunsteady: the medians of %d runs go from %.4g to %.4g %s",
			 hvcore_text(entry, "note"), hvcore_text(entry, "note")[0] ? "; " : "",
			 job->count, low, high, hvcore_text(entry, "unit"));
		cJSON_DeleteItemFromObjectCaseSensitive(entry, "note");
		cJSON_AddStringToObject(entry, "note", note);
	}
	cJSON_AddItemToObject(is_true(job->probe, "composed") ? r->operations : r->primitives,
			      entry_name(r, job->probe, buf, sizeof(buf)), entry);
	r->result->measured++;
}

/* One round over the jobs; with `again` only over those that have no answer yet. */
static int run_round(struct run *r, bool again, struct err *e)
{
	size_t failed = 0;
	for (size_t i = 0; i < r->job_count; i++)
		failed += r->jobs[i].why[0] != '\0';
	for (size_t i = 0; i < r->job_count; i++) {
		struct job *job = &r->jobs[i];
		if (r->options->stop && *r->options->stop)
			return err_set(e, ERR_STOPPED, "stopped after %zu of %zu measurements",
				       r->done, r->total);
		if (!job->dead && !(again && job->count)) {
			if (r->options->progress)
				r->options->progress(r->options->progress_ctx,
						     hvcore_text(job->probe, "name"), r->done,
						     r->total, failed);
			bool had = job->why[0];
			run_job(job);
			failed += !had && job->why[0];
		}
		r->done += !again;
	}
	return 0;
}

static int run_jobs(struct run *r, struct err *e)
{
	int rounds = r->options->quick ? RUNS_QUICK : RUNS, rc = 0;
	r->total = (size_t)rounds * r->job_count;
	for (int i = 0; i < rounds && rc == 0; i++)
		rc = run_round(r, false, e);
	/* What was too noisy may have been so for a moment only. */
	if (rc == 0)
		rc = run_round(r, true, e);
	for (size_t i = 0; i < r->job_count; i++) {
		if (rc == 0)
			settle(r, &r->jobs[i]);
		for (int k = 0; k < RUNS; k++)
			cJSON_Delete(r->jobs[i].lines[k]);
	}
	return rc;
}

static int choose_jobs(struct run *r, const cJSON *list, struct err *e)
{
	const cJSON *probe;
	const char *backend = r->options->backend;
	r->probes = cJSON_GetObjectItemCaseSensitive(list, "probes");
	r->jobs = calloc((size_t)cJSON_GetArraySize(r->probes) + 1, sizeof(*r->jobs));
	if (!r->jobs)
		return err_set(e, ERR_NOMEM, "no memory for what is to be measured");
	cJSON_ArrayForEach(probe, r->probes)
	{
		if (backend && strcmp(backend, hvcore_text(probe, "backend")) != 0)
			continue;
		if (is_true(probe, "available")) {
			r->jobs[r->job_count++].probe = probe;
			continue;
		}
		r->result->unavailable++;
		fail(r, probe, hvcore_text(probe, "reason"));
	}
	return 0;
}

/* ---- the machine ---- */

static void put(cJSON *object, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, key);
	cJSON_AddItemToObject(object, key, value);
}

static double cpu_time(const cJSON *doctor, const char *key)
{
	const cJSON *t = cJSON_GetObjectItemCaseSensitive(doctor, "cpu_time");
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(t, key));
}

/* The "machine" object: what the doctor said before, and what happened until `after`. */
static cJSON *describe_machine(const struct run *r, cJSON *before, const cJSON *after)
{
	char text[32];
	time_t now = time(NULL);
	struct tm utc;
	const cJSON *backend;
	cJSON *machine = cJSON_DetachItemFromObjectCaseSensitive(before, "machine");
	if (!machine)
		machine = cJSON_CreateObject();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	put(machine, "measured_at", cJSON_CreateString(text));
	put(machine, "measured_by", cJSON_CreateString(cli_version()));
	put(machine, "quick", cJSON_CreateBool(r->options->quick));
	cJSON_ArrayForEach(backend, cJSON_GetObjectItemCaseSensitive(before, "backends"))
	{
		if (hvcore_text(backend, "regime")[0])
			put(machine, "regime", cJSON_CreateString(hvcore_text(backend, "regime")));
	}

	/* The share of CPU time stolen while measuring says more than that since boot. */
	double total = cpu_time(after, "total") - cpu_time(before, "total");
	if (total > 0)
		put(machine, "steal",
		    cJSON_CreateNumber((cpu_time(after, "steal") - cpu_time(before, "steal")) /
				       total));
	return machine;
}

int calibrate_run(const struct calibrate_options *options, struct calibrate_result *result,
		  struct err *e)
{
	static const char *const doctor_args[] = {"doctor", "--json", NULL};
	/* All rounds are quick ones: what is not for those is not offered. */
	static const char *const list_args[] = {"list", "--json", "--quick", NULL};
	struct run r = {.options = options, .result = result};

	*result = (struct calibrate_result){0};
	cJSON *before = ask_once(doctor_args, e);
	cJSON *list = before ? ask_once(list_args, e) : NULL;
	int rc = list ? check_backend(options->backend, list, e) : (int)e->code;
	if (rc == 0) {
		result->profile = cJSON_CreateObject();
		cJSON_AddNumberToObject(result->profile, "schema", 1);
		cJSON *machine = cJSON_AddObjectToObject(result->profile, "machine");
		r.primitives = cJSON_AddObjectToObject(result->profile, "primitives");
		r.operations = cJSON_AddObjectToObject(result->profile, "operations");
		r.failed = cJSON_AddObjectToObject(result->profile, "failed");
		if (!machine || !r.primitives || !r.operations || !r.failed)
			rc = err_set(e, ERR_NOMEM, "no memory for a profile");
	}
	if (rc == 0) {
		rc = choose_jobs(&r, list, e);
		if (rc == 0)
			rc = run_jobs(&r, e);
		free(r.jobs);
	}
	if (rc == 0) {
		struct err ignored;
		cJSON *after = ask_once(doctor_args, &ignored);
		cJSON_ReplaceItemInObjectCaseSensitive(result->profile, "machine",
						       describe_machine(&r, before, after));
		cJSON_Delete(after);
	}
	cJSON_Delete(before);
	cJSON_Delete(list);
	if (rc)
		calibrate_free(result);
	return rc;
}

void calibrate_free(struct calibrate_result *result)
{
	cJSON_Delete(result->profile);
	*result = (struct calibrate_result){0};
}

/* The standard deviation that a range of so many values speaks of; 0 where there is none. */
static double deviation(const cJSON *entry, const char *range_key, const char *count_key)
{
	double range = number(entry, range_key), count = number(entry, count_key);
	if (isnan(range) || !(count >= 2 && count <= AGREEMENT_MAX))
		return 0;
	return range / agreement_range_factor((size_t)count);
}

/* Of one profile's p50: that of its batches, of its runs or of its calibrations, whichever is most.
 */
static double scatter(const cJSON *entry)
{
	double mad = number(entry, "mad");
	double runs = deviation(entry, "runs_spread", "runs");
	double calibrations = deviation(entry, "calibrations_spread", "calibrations");
	return fmax(isnan(mad) ? 0 : 1.4826 * mad, fmax(runs, calibrations));
}

struct calibrate_change calibrate_compare(const cJSON *before, const cJSON *after)
{
	struct calibrate_change c = {number(before, "p50"), number(after, "p50"), 0, false, false};
	c.known = !isnan(c.before) && !isnan(c.after) &&
		  strcmp(hvcore_text(before, "unit"), hvcore_text(after, "unit")) == 0;
	c.noise = 3 * hypot(scatter(before), scatter(after));
	c.exceeds = c.known && fabs(c.after - c.before) > c.noise;
	return c;
}
