/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a container costs to make and to destroy, whole and by step, with and without a network
 * namespace of its own.
 */
#include "hvcore/clock.h"
#include "hvcore/host/container.h"
#include "hvcore/probe/probe.h"

#include <stdio.h>
#include <stdlib.h>

/* What a row counts. Every row makes and destroys whole containers. */
enum part { WHOLE, WITHOUT_NET, CLONE, INSIDE, CGROUP, DESTROY };

struct create {
	struct hv_container_spec spec;
	enum part part;
};

static int do_nothing(void *arg, int channel)
{
	(void)arg;
	(void)channel;
	return 0;
}

static double part_ns(enum part part, const struct hv_container_steps *s, double whole)
{
	switch (part) {
	case CLONE:
		return s->clone;
	case INSIDE:
		return s->inside;
	case CGROUP:
		return s->cgroup + s->admit;
	case DESTROY:
		return s->destroy;
	case WHOLE:
	case WITHOUT_NET:
		break;
	}
	return whole;
}

static int create_body(void *ctx, uint64_t n, struct hv_batch *batch, struct err *e)
{
	const struct create *c = ctx;
	double sum = 0;
	for (uint64_t i = 0; i < n; i++) {
		struct hv_container box;
		uint64_t t0 = hv_clock_ns();
		int rc = hv_container_create(&box, &c->spec, e);
		if (rc == 0)
			rc = hv_container_destroy(&box, e);
		if (rc)
			return rc;
		sum += part_ns(c->part, &box.steps, (double)(hv_clock_ns() - t0));
	}
	batch->ns = sum;
	return 0;
}

/* A container without a control group or, for root, without user ids of its own is still one;
 * without its other namespaces it is not. */
static unsigned needed(enum part part)
{
	unsigned must = HV_LAYERS_ALL & ~HV_LAYER_BIT(HV_LAYER_USER);
	if (part == WITHOUT_NET)
		must &= ~HV_LAYER_BIT(HV_LAYER_NET);
	if (part != CGROUP)
		must &= ~HV_LAYER_BIT(HV_LAYER_CGROUP);
	return must;
}

static int create_valid(const struct hv_probe *probe, const struct hv_probe_env *env, struct err *e)
{
	struct hv_container c;
	(void)env;
	return hv_container_try(needed((enum part)probe->arg), &c, e);
}

static int create_setup(const struct hv_probe *probe, const struct hv_probe_env *env,
			struct hv_work *work, struct err *e)
{
	(void)env;
	struct create *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a probe");
	c->part = (enum part)probe->arg;
	c->spec.want = HV_LAYERS_ALL;
	if (c->part == WITHOUT_NET)
		c->spec.want &= ~HV_LAYER_BIT(HV_LAYER_NET);
	c->spec.must = needed(c->part);
	c->spec.limits = (struct hv_cgroup_limits){.memory_bytes = 256u << 20, .pids = 64};
	c->spec.main = do_nothing;

	struct hv_container first;
	int rc = hv_container_create(&first, &c->spec, e);
	if (rc == 0)
		rc = hv_container_destroy(&first, e);
	if (rc) {
		free(c);
		return rc;
	}
	if (first.missing[0])
		snprintf(work->note, sizeof(work->note), "without %.*s",
			 (int)sizeof(work->note) - 16, first.missing);
	/* Do not ask the kernel again and again for what it has refused. */
	c->spec.want &= first.have;
	work->body = create_body;
	work->ctx = c;
	work->max_noise = 0.35; /* thousands of kernel objects, and freeing them lags behind */
	work->max_nonlinear = 0.35;
	return 0;
}

static void create_teardown(struct hv_work *work)
{
	free(work->ctx);
}

#define ROW(row_name, row_part, row_method)                                                        \
	{                                                                                          \
		.name = row_name, .unit = "ns", .backend = "container", .method = row_method,      \
		.valid = create_valid, .setup = create_setup, .teardown = create_teardown,         \
		.arg = row_part                                                                    \
	}

const struct hv_probe hv_probe_container[] = {
	ROW("container.create", WHOLE,
	    "control group, six namespaces, root file system, seccomp filter up to the first "
	    "process's first instruction, then kill, reap and remove"),
	ROW("container.create_without_net", WITHOUT_NET,
	    "the same without a network namespace of its own"),
	ROW("container.clone", CLONE,
	    "of container.create: the clone call with its six namespaces"),
	ROW("container.inside", INSIDE,
	    "of container.create: mounts, host name, capabilities and filter, up to ready"),
	ROW("container.cgroup", CGROUP,
	    "of container.create: making the control group, its limits, moving in"),
	ROW("container.destroy", DESTROY, "of container.create: kill, reap, remove the group"),
	{0},
};
