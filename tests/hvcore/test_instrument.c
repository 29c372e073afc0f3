/* SPDX-License-Identifier: GPL-2.0-or-later
 * The instrument against known answers: exits are what KVM counts, and a delay of known length in
 * the exit handler appears in the reported cost. Rounds with and without the delay alternate, so
 * that a machine that changes its speed changes both. */
#include "hvcore/clock.h"
#include "hvcore/probe/probe.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hv_probe *find(const char *name, const char *backend)
{
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++)
		if (strcmp(p->name, name) == 0 && strcmp(p->backend, backend) == 0)
			return p;
	return NULL;
}

static const struct hv_probe *find_available(const char *name, const char *backend,
					     struct hv_probe_env *env)
{
	const struct hv_probe *p = find(name, backend);
	struct err e = {0};
	*env = (struct hv_probe_env){.quick = true};
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	if (hv_probe_valid(p, env, &e)) {
		test_skip("%s on %s: %s", name, backend, e.text);
		return NULL;
	}
	CU_ASSERT_EQUAL(hv_ticks_rate(20000000, &env->ticks_per_ns, &e), 0);
	return p;
}

#define ROUNDS	 21
#define DELAY_NS 40000

/* A machine whose neighbours come and go changes its speed within a second, and what they steal
 * lengthens batches in proportion. So the least batches are compared, each round with the delay
 * with the mean of those without it before and after, and what is tested is the median of many such
 * differences. Its error is about 0.4 of their spread: where the spread is more than 5 % of the
 * delay, nothing within 5 % can be told. */
static void delay_shows(const char *name, const char *backend)
{
	struct hv_probe_env env;
	const struct hv_probe *p = find_available(name, backend, &env);
	if (!p)
		return;
	double seen[ROUNDS], before = 0, delayed = 0;
	unsigned n = 0, lost = 0;
	bool without = true;
	while (n < ROUNDS && lost < ROUNDS) {
		struct hv_measurement m;
		struct err e = {0};
		env.delay_ns = without ? 0 : DELAY_NS;
		if (hv_probe_run(p, &env, &m, &e)) {
			lost++;
			before = delayed = 0;
			without = true;
			continue;
		}
		if (without && before > 0 && delayed > 0)
			seen[n++] = delayed - (before + m.min) / 2;
		*(without ? &before : &delayed) = m.min;
		without = !without;
	}
	double spread = n ? hv_mad(seen, n) : INFINITY;
	double delay = n ? hv_quantile(seen, n, 0.5) : 0;
	printf("\n  %s on %s: a delay of %d ns is reported as %.0f, spread %.0f, %u rounds lost\n",
	       name, backend, DELAY_NS, delay, spread, lost);
	if (n < ROUNDS || spread > 0.05 * DELAY_NS)
		test_skip("%s: this machine is too noisy to tell 5 %% of %d ns", backend, DELAY_NS);
	else
		CU_ASSERT_DOUBLE_EQUAL(delay, DELAY_NS, 0.05 * DELAY_NS);
}

static void a_known_delay_is_reported_on_kvm(void)
{
	delay_shows("exit.pio_user", "kvm");
}

static void a_known_delay_is_reported_on_trap(void)
{
	delay_shows("exit.pio_user", "trap");
}

static void exits_are_what_kvm_counts(void)
{
	static const char *const names[] = {"exit.pio_user", "exit.mmio_user", "hypercall",
					    "doorbell.pio"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hv_probe_env env;
		const struct hv_probe *p = find_available(names[i], "kvm", &env);
		if (!p)
			return;
		struct hv_measurement m = {0};
		struct err e = {0};
		int rc = hv_probe_run(p, &env, &m, &e);
		if (rc == 0) {
			CU_ASSERT_DOUBLE_EQUAL(m.exits_per_op, 1, 0.02);
		} else { /* too noisy is the machine's fault; a wrong count is ours */
			CU_ASSERT_PTR_NULL(strstr(e.text, "exits"));
			printf("\n  %s: %s\n", names[i], e.text);
		}
	}
}

static void a_guest_that_lies_about_its_ticks_is_caught(void)
{
	struct hv_probe_env env;
	const struct hv_probe *p = find_available("exit.pio_user", "trap", &env);
	if (!p)
		return;
	struct hv_measurement m;
	struct err e = {0};
	env.ticks_per_ns *= 1.08; /* as if the guest's counter ran slow */
	CU_ASSERT_EQUAL(hv_probe_run(p, &env, &m, &e), ERR_CORRUPT);
}

static void probe_rows_are_complete(void)
{
	const struct hv_probe *p;
	for (unsigned i = 0; (p = hv_probe_at(i)); i++) {
		CU_ASSERT_PTR_NOT_NULL(hv_backend_find(p->backend));
		CU_ASSERT(p->unit && p->method && p->setup);
		CU_ASSERT_PTR_EQUAL(find(p->name, p->backend), p); /* no row twice */
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_known_delay_is_reported_on_kvm", a_known_delay_is_reported_on_kvm},
		{"a_known_delay_is_reported_on_trap", a_known_delay_is_reported_on_trap},
		{"exits_are_what_kvm_counts", exits_are_what_kvm_counts},
		{"a_guest_that_lies_about_its_ticks_is_caught",
		 a_guest_that_lies_about_its_ticks_is_caught},
		{"probe_rows_are_complete", probe_rows_are_complete},
		{0},
	};
	return test_main("instrument", cases, argc, argv);
}
