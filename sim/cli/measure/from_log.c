/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/from_log.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "mcvsim-log "

enum { BATCHES_MIN = 21, BATCHES_MAX = 201, PROBES_MAX = 64, TEXT_MAX = 160 };

/* The checks of hvcore/probe/measure.h. */
static const double max_noise = 0.1, max_nonlinear = 0.1;

struct probe {
	char name[64], method[TEXT_MAX], failed[TEXT_MAX];
	bool absent; /* what failed is not offered there: nothing is wrong with it */
	uint64_t iterations;
	size_t batches;
	/* Ticks of n operations, of n/2, and of the empty loop as often. */
	double whole[BATCHES_MAX], half[BATCHES_MAX], empty[BATCHES_MAX], empty_half[BATCHES_MAX];
};

/* One run of the guest, as far as it has been read. */
struct run {
	bool begun;
	uint32_t lines, sum; /* FNV-1a, as the guest computes it */
	char boot[TEXT_MAX], cpu[TEXT_MAX], vendor[TEXT_MAX], hypervisor[TEXT_MAX];
	double tsc_hz;
	char tsc_how[TEXT_MAX];
	struct probe *probes; /* PROBES_MAX */
	size_t count;
};

static void begin(struct run *r)
{
	struct probe *probes = r->probes;
	*r = (struct run){.begun = true, .sum = 2166136261u, .probes = probes};
}

static void count_line(struct run *r, const char *line)
{
	for (const char *c = line; *c; c++)
		r->sum = (r->sum ^ (uint8_t)*c) * 16777619u;
	r->sum = (r->sum ^ (uint8_t)'\n') * 16777619u;
	r->lines++;
}

static struct probe *find(struct run *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->probes[i].name, name) == 0)
			return &r->probes[i];
	return NULL;
}

static struct probe *add(struct run *r, const char *name)
{
	if (r->count == PROBES_MAX || find(r, name))
		return NULL;
	struct probe *p = &r->probes[r->count++];
	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

/* ---- lines: each returns what is wrong, or NULL ---- */

static const char *read_version(struct run *r, const char *rest)
{
	begin(r);
	return strcmp(rest, "1") == 0 ? NULL : "this program reads logs of version 1";
}

static const char *read_boot(struct run *r, const char *rest)
{
	snprintf(r->boot, sizeof(r->boot), "%s", rest);
	return NULL;
}

static const char *read_cpu(struct run *r, const char *rest)
{
	snprintf(r->cpu, sizeof(r->cpu), "%s", rest);
	return NULL;
}

static const char *read_vendor(struct run *r, const char *rest)
{
	snprintf(r->vendor, sizeof(r->vendor), "%s", rest);
	return NULL;
}

static const char *read_hypervisor(struct run *r, const char *rest)
{
	snprintf(r->hypervisor, sizeof(r->hypervisor), "%s", rest);
	return NULL;
}

static const char *read_tsc(struct run *r, const char *rest)
{
	return sscanf(rest, "%lf %159[^\n]", &r->tsc_hz, r->tsc_how) == 2 && r->tsc_hz >= 0
		       ? NULL
		       : "expected ticks per second and where they are from";
}

static const char *read_probe(struct run *r, const char *rest)
{
	char name[64];
	uint64_t n;
	int at = 0;
	if (sscanf(rest, "%63s %" SCNu64 " %n", name, &n, &at) != 2 || !at || n < 2)
		return "expected a name, a number of iterations and a method";
	struct probe *p = add(r, name);
	if (!p)
		return "a probe comes twice, or there are too many";
	p->iterations = n;
	snprintf(p->method, sizeof(p->method), "%s", rest + at);
	return NULL;
}

static const char *read_batch(struct run *r, const char *rest)
{
	char name[64];
	double whole, half, empty, empty_half;
	if (sscanf(rest, "%63s %lf %lf %lf %lf", name, &whole, &half, &empty, &empty_half) != 5)
		return "expected a name and four numbers";
	struct probe *p = find(r, name);
	if (!p || p->batches == BATCHES_MAX)
		return p ? "too many batches" : "a batch of a probe that was not announced";
	p->whole[p->batches] = whole;
	p->half[p->batches] = half;
	p->empty[p->batches] = empty;
	p->empty_half[p->batches++] = empty_half;
	return NULL;
}

static const char *read_failed(struct run *r, const char *rest)
{
	char name[64];
	int at = 0;
	if (sscanf(rest, "%63s %n", name, &at) != 1 || !at)
		return "expected a name and a reason";
	struct probe *p = find(r, name);
	if (!p)
		p = add(r, name);
	if (!p)
		return "too many probes";
	snprintf(p->failed, sizeof(p->failed), "%s", rest + at);
	return NULL;
}

static const char *read_absent(struct run *r, const char *rest)
{
	char name[64];
	const char *wrong = read_failed(r, rest);
	if (!wrong && sscanf(rest, "%63s", name) == 1)
		find(r, name)->absent = true;
	return wrong;
}

static const struct {
	const char *key;
	const char *(*read)(struct run *r, const char *rest);
} kinds[] = {
	{"version", read_version},   {"boot", read_boot},   {"cpu", read_cpu},
	{"cpu_vendor", read_vendor}, {"tsc_hz", read_tsc},  {"hypervisor", read_hypervisor},
	{"probe", read_probe},	     {"batch", read_batch}, {"failed", read_failed},
	{"absent", read_absent},
};

/* One line from its prefix on. A key that is not known is a newer guest's, and passed over. */
static const char *read_line(struct run *r, const char *line, bool *complete)
{
	char key[32];
	int at = 0;
	*complete = false;
	if (sscanf(line + strlen(PREFIX), "%31s %n", key, &at) != 1)
		return "expected a key";
	const char *rest = line + strlen(PREFIX) + at;
	if (!r->begun && strcmp(key, "version") != 0)
		return "the log does not begin with a version";
	if (strcmp(key, "end") == 0) {
		uint32_t lines, sum;
		if (sscanf(rest, "%" SCNu32 " %" SCNu32, &lines, &sum) != 2)
			return "expected a number of lines and a checksum";
		if (lines != r->lines || sum != r->sum)
			return "lines are missing or damaged: the checksum differs";
		*complete = true;
		return NULL;
	}
	const char *wrong = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(key, kinds[i].key) == 0)
			wrong = kinds[i].read(r, rest);
	count_line(r, line);
	return wrong;
}

/* ---- from ticks to a profile ---- */

static double median(const double *values, size_t n)
{
	double sorted[BATCHES_MAX];
	memcpy(sorted, values, n * sizeof(*values));
	gsl_sort(sorted, 1, n);
	return gsl_stats_median_from_sorted_data(sorted, 1, n);
}

/* The entry of one probe, or NULL with the reason why there is none. */
static cJSON *judge(const struct probe *p, double tsc_hz, const char *backend, char why[TEXT_MAX])
{
	double ns[BATCHES_MAX], scratch[BATCHES_MAX], n = (double)p->iterations;
	size_t count = p->batches;
	if (p->failed[0] || count < BATCHES_MIN) {
		snprintf(why, TEXT_MAX, "%s",
			 p->failed[0] ? p->failed : "fewer than 21 batches in the log");
		return NULL;
	}
	double tick_ns = 1e9 / tsc_hz;
	double empty = median(p->empty, count), empty_half = median(p->empty_half, count);
	for (size_t i = 0; i < count; i++)
		ns[i] = (p->whole[i] - empty) / n * tick_ns;
	gsl_sort(ns, 1, count);
	double p50 = gsl_stats_median_from_sorted_data(ns, 1, count);
	double mad = gsl_stats_mad0(ns, 1, count, scratch);
	double half = (median(p->half, count) - empty_half) / (double)(p->iterations / 2) * tick_ns;
	double nonlinear = fabs(half - p50) / p50;
	if (!(p50 > 0))
		snprintf(why, TEXT_MAX, "no cost left after subtracting the empty loop");
	else if (mad > max_noise * p50)
		snprintf(why, TEXT_MAX,
			 "too noisy: median absolute deviation %.1f %% of the median",
			 100 * mad / p50);
	else if (nonlinear > max_nonlinear)
		snprintf(why, TEXT_MAX,
			 "not linear: an operation in a half batch costs %.1f %% more or less "
			 "than in a whole one",
			 100 * nonlinear);
	else {
		cJSON *entry = cJSON_CreateObject();
		cJSON_AddStringToObject(entry, "backend", backend);
		cJSON_AddStringToObject(entry, "unit", "ns");
		cJSON_AddNumberToObject(entry, "p50", p50);
		cJSON_AddNumberToObject(entry, "mean", gsl_stats_mean(ns, 1, count));
		cJSON_AddNumberToObject(entry, "min", ns[0]);
		cJSON_AddNumberToObject(entry, "p90",
					gsl_stats_quantile_from_sorted_data(ns, 1, count, 0.9));
		cJSON_AddNumberToObject(entry, "mad", mad);
		cJSON_AddNumberToObject(entry, "batches", (double)count);
		cJSON_AddNumberToObject(entry, "iterations", n);
		cJSON_AddNumberToObject(entry, "empty_ns", empty / n * tick_ns);
		cJSON_AddNumberToObject(entry, "nonlinear", nonlinear);
		cJSON_AddStringToObject(entry, "method", p->method);
		cJSON_AddStringToObject(entry, "source", "measured");
		return entry;
	}
	return NULL;
}

/* What the hypervisor's twelve letters stand for; others go by their letters. */
static const struct {
	const char *letters, *name, *backend;
} hypervisors[] = {
	{"KVMKVMKVM", "KVM", "kvm"},	       {"TCGTCGTCGTCG", "QEMU without KVM (TCG)", "tcg"},
	{"XenVMMXenVMM", "Xen", "xen"},	       {"VMwareVMware", "VMware", "vmware"},
	{"Microsoft Hv", "Hyper-V", "hyperv"}, {"VBoxVBoxVBox", "VirtualBox", "virtualbox"},
	{"bhyve bhyve", "bhyve", "bhyve"},     {"ACRNACRNACRN", "ACRN", "acrn"},
};

static const char *name_hypervisor(const struct run *r, const char **backend)
{
	for (size_t i = 0; i < sizeof(hypervisors) / sizeof(hypervisors[0]); i++)
		if (strcmp(r->hypervisor, hypervisors[i].letters) == 0) {
			*backend = hypervisors[i].backend;
			return hypervisors[i].name;
		}
	*backend = r->hypervisor[0] ? "other" : "bare-metal";
	return r->hypervisor[0] ? r->hypervisor : "none that shows itself";
}

static cJSON *describe(const struct run *r, double tsc_hz, bool given, const char *hypervisor)
{
	cJSON *machine = cJSON_CreateObject();
	cJSON_AddStringToObject(machine, "arch", "x86_64");
	cJSON_AddStringToObject(machine, "cpu", r->cpu);
	cJSON_AddStringToObject(machine, "cpu_vendor", r->vendor);
	cJSON_AddStringToObject(machine, "hypervisor", hypervisor);
	cJSON_AddNumberToObject(machine, "tsc_hz", tsc_hz);
	cJSON_AddStringToObject(machine, "tsc_hz_from", given ? "the command line" : r->tsc_how);
	cJSON_AddStringToObject(machine, "boot", r->boot);
	cJSON_AddStringToObject(machine, "measured_by", "hvcore's bare guest, by its log");
	return machine;
}

static int make_profile(const struct run *r, const char *name, double tsc_hz, struct from_log *out,
			struct err *e)
{
	const char *backend, *hypervisor = name_hypervisor(r, &backend);
	double hz = tsc_hz > 0 ? tsc_hz : r->tsc_hz;
	if (!(hz > 0))
		return err_set(e, ERR_INVALID,
			       "%s: the guest could not find out its counter's frequency; "
			       "--tsc-hz HZ says it",
			       name);
	*out = (struct from_log){.profile = cJSON_CreateObject()};
	cJSON_AddNumberToObject(out->profile, "schema", 1);
	cJSON_AddItemToObject(out->profile, "machine", describe(r, hz, tsc_hz > 0, hypervisor));
	cJSON *primitives = cJSON_AddObjectToObject(out->profile, "primitives");
	cJSON_AddObjectToObject(out->profile, "operations");
	cJSON *failed = cJSON_AddObjectToObject(out->profile, "failed");
	for (size_t i = 0; i < r->count; i++) {
		char why[TEXT_MAX];
		cJSON *entry = judge(&r->probes[i], hz, backend, why);
		if (entry) {
			cJSON_AddItemToObject(primitives, r->probes[i].name, entry);
			out->measured++;
		} else {
			cJSON_AddStringToObject(failed, r->probes[i].name, why);
			out->broken += !r->probes[i].absent;
		}
	}
	return 0;
}

int from_log_read(const char *text, const char *name, double tsc_hz, struct from_log *out,
		  struct err *e)
{
	struct run r = {.probes = calloc(PROBES_MAX, sizeof(*r.probes))};
	struct from_log found = {0};
	char line[512];
	unsigned number = 0;
	int rc = r.probes ? 0 : err_set(e, ERR_NOMEM, "no memory for a log");
	for (const char *at = text; !rc && *at; number++) {
		size_t length = strcspn(at, "\n");
		const char *start = memmem(at, length, PREFIX, strlen(PREFIX));
		size_t n = start ? (size_t)(at + length - start) : 0;
		at += length + (at[length] == '\n');
		while (n && (start[n - 1] == '\r' || start[n - 1] == ' '))
			n--;
		if (n == 0 || n >= sizeof(line))
			continue; /* of the loader, or spoilt: then the checksum will tell */
		memcpy(line, start, n);
		line[n] = '\0';
		bool complete;
		const char *wrong = read_line(&r, line, &complete);
		if (wrong)
			rc = err_set(e, ERR_INVALID, "%s:%u: %s", name, number + 1, wrong);
		if (!rc && complete) {
			cJSON_Delete(found.profile);
			found.profile = NULL;
			rc = make_profile(&r, name, tsc_hz, &found, e);
			r.begun = false;
		}
	}
	if (!rc && !found.profile)
		rc = err_set(e, ERR_INVALID, "%s: %s", name,
			     r.begun ? "the log ends before the guest was done"
				     : "no log of the bare guest: no line begins with " PREFIX);
	free(r.probes);
	if (rc)
		cJSON_Delete(found.profile);
	else
		*out = found;
	return rc;
}
