/* SPDX-License-Identifier: GPL-2.0-or-later
 * The instrument against known answers: exits are what KVM counts, and a delay of known length in
 * the exit handler appears in the median. */
#include "hvcore/clock.h"
#include "hvcore/host/pin.h"
#include "hvcore/probe/guest_bench.h"
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

#define WAIT_NS	 40000
#define DELAY_NS 100000
#define ROUNDS	 5

/* A guest whose exits wait: the work for DELAY_NS more than what stands for the empty loop. Both do
 * wait, so that what a processor that was busy elsewhere needs to come back is in both. */
struct delayed {
	struct hv_bench bench;
	enum hv_op op;
};

static int with_delay(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct delayed *d = ctx;
	d->bench.vm->config.delay_ns = WAIT_NS + DELAY_NS;
	return hv_bench_run(&d->bench, d->op, n, batch, e);
}

static int with_less_delay(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	struct delayed *d = ctx;
	d->bench.vm->config.delay_ns = WAIT_NS;
	return hv_bench_run(&d->bench, d->op, n, batch, e);
}

/* The median of the instrument, not its minimum: what a profile says. It subtracts the median of
 * the shorter waits, whose batches alternate with those of the longer ones. A machine that is too
 * unsteady for it makes the instrument say "too noisy", or its rounds differ: nothing else may
 * excuse an answer that is wrong. */
static void delay_shows(const char *name, const char *backend, enum hv_op op)
{
	struct hv_probe_env env;
	if (!find_available(name, backend, &env))
		return;
	struct delayed d = {.op = op};
	struct err e = {0};
	cpu_set_t before;
	int core, other;
	hv_pin_choose(&core, &other, &e);
	CU_ASSERT_EQUAL_FATAL(hv_pin(core, &before, &e), 0);
	CU_ASSERT_EQUAL_FATAL(hv_bench_open(&d.bench, hv_backend_find(backend), &env, NULL, &e), 0);
	const struct hv_work work = {.body = with_delay,
				     .empty = with_less_delay,
				     .ctx = &d,
				     .exits_per_op = NAN,
				     .max_noise = 0.2,
				     .max_nonlinear = 0.25};
	struct hv_measure_options options = hv_measure_defaults(false);
	options.batches = 101;
	double seen[ROUNDS], lost = 0;
	unsigned n = 0;
	char why[sizeof(e.text)] = "";
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct hv_measurement m;
		if (hv_measure(&work, &options, &m, &e)) {
			snprintf(why, sizeof(why), "%s", e.text);
			continue;
		}
		/* The exit that ends a batch waits, too. */
		seen[n++] = m.p50 * (double)m.iterations / (double)(m.iterations + 1);
		lost += isnan(m.lost) ? 0 : m.lost / ROUNDS;
	}
	hv_bench_close(&d.bench);
	hv_unpin(&before);
	double spread = n ? hv_mad(seen, n) : INFINITY;
	double delay = n ? hv_quantile(seen, n, 0.5) : 0;
	printf("\n  %s on %s: p50 reports a delay of %d ns as %.0f, from %.0f to %.0f in %u "
	       "rounds, %.1f %% of the time lost; %s\n",
	       name, backend, DELAY_NS, delay, n ? seen[0] : 0, n ? seen[n - 1] : 0, n, 100 * lost,
	       why);
	if (n <= ROUNDS / 2 || spread > 0.04 * DELAY_NS)
		test_skip("%s: this machine is too noisy to tell 5 %% of %d ns: %s", backend,
			  DELAY_NS, why);
	else
		CU_ASSERT_DOUBLE_EQUAL(delay, DELAY_NS, 0.05 * DELAY_NS);
}

static void a_known_delay_is_reported_on_kvm(void)
{
	delay_shows("exit.pio_user", "kvm", HV_OP_PIO);
}

static void a_known_delay_is_reported_on_trap(void)
{
	delay_shows("exit.pio_user", "trap", HV_OP_PIO);
}

static void exits_are_what_kvm_counts(void)
{
	static const char *const names[] = {
		"exit.pio_user",    "exit.mmio_user", "exit.mmio_in_user", "exit.kernel",
		"exit.mmio_kernel", "hypercall",      "doorbell.pio"};
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
