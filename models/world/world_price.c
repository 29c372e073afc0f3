/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/world/world_price.h"

#include <math.h>
#include <string.h>

/* What a load is charged on a platform. */
struct batch {
	const struct platform *platform;
	const struct op_load *load;
	const struct platform_charge *charges;
	size_t count;
};

/* How far apart a backend with a queue completes the load's requests, in ns; 0: it has none. */
static double spacing_ns(const struct batch *b)
{
	double ns = 0, requests = 0;
	bool seen[OP_COUNT] = {false};
	for (size_t i = 0; i < b->count; i++) {
		enum op op = b->charges[i].term->op;
		if (b->charges[i].term->site != SITE_BACKEND)
			continue;
		ns += b->charges[i].exact_ns;
		requests += seen[op] ? 0 : b->load->count[op];
		seen[op] = true;
	}
	return requests > 0 ? ns / requests : 0;
}

/* The share of a charge that is not spent where the backend has a queue: all of waking it. It
 * completes what is in its queue one after the other; what is completed while the guest handles an
 * interrupt or within the device's window after it needs no other, as rings say it (the guest looks
 * at them again before it asks for the next). A root partition's queue holds other guests'
 * requests, whose completions spare this one nothing. */
static float spared(const struct batch *b, const struct platform_charge *c)
{
	if (c->term->notify)
		return 1;
	double spacing = c->term->completion ? spacing_ns(b) : 0;
	if (spacing <= 0 || b->platform->axes[AXIS_BACKEND] == BACKEND_ROOT_PARTITION)
		return 0;
	double window = fmax(b->platform->coalescing_s * 1e9, c->exact_ns / c->x);
	return (float)(1 - 1 / (1 + floor(window / spacing)));
}

static void add_slope(struct price *p, struct price_slope s)
{
	unsigned i = 0;
	while (i < p->slopes && !(p->slope[i].driver == s.driver && p->slope[i].site == s.site &&
				  p->slope[i].cause == s.cause && p->slope[i].spared == s.spared))
		i++;
	if (i == PRICE_SLOPES)
		i--; /* cannot be: drivers have fewer kinds of terms; a wrong cause beats a lost
			cost */
	if (i == p->slopes)
		p->slope[p->slopes++] = s;
	else
		p->slope[i].ns += s.ns;
}

/* Prices `load` as slopes over a driver of which the load holds `units`. */
static int add_slopes(struct price *p, const struct platform *platform,
		      const struct profile_view *view, const struct op_load *load, unsigned driver,
		      double units, struct err *e)
{
	struct platform_charge charges[PLATFORM_TERMS_MAX];
	struct platform_cost cost;
	size_t n;
	int code = platform_cost(platform, view, load, charges, PLATFORM_TERMS_MAX, &n, &cost, e);
	const struct batch batch = {platform, load, charges, n};
	for (size_t i = 0; code == 0 && i < batch.count; i++)
		add_slope(p, (struct price_slope){.driver = (uint8_t)driver,
						  .site = (uint8_t)charges[i].term->site,
						  .cause = (uint8_t)charges[i].term->cause,
						  .spared = spared(&batch, &charges[i]),
						  .ns = charges[i].exact_ns / units});
	return code;
}

/* Takes the charges for waking the backend and for interrupts that it may spare out of the constant
 * sums and lists them. */
static void split_notices(struct price *p, const struct batch *batch)
{
	const struct platform_charge *charges = batch->charges;
	for (size_t i = 0; i < batch->count; i++) {
		const struct platform_term *t = charges[i].term;
		float share = spared(batch, &charges[i]);
		unsigned k = 0;
		if (share == 0)
			continue;
		while (k < p->notices &&
		       !(p->notice[k].site == t->site && p->notice[k].cause == t->cause &&
			 p->notice[k].spared == share))
			k++;
		if (k == PRICE_NOTICES)
			continue; /* stays in the constant sums */
		if (k == p->notices)
			p->notice[p->notices++] = (struct price_notice){.site = (uint8_t)t->site,
									.cause = (uint8_t)t->cause,
									.spared = share};
		p->notice[k].ns += charges[i].ns;
		p->part_ns[t->site][t->cause] -= charges[i].ns;
		p->site_ns[t->site] -= charges[i].ns;
		p->cause_ns[t->cause] -= charges[i].ns;
	}
}

/* Moves an operation out of `from` into a load of its own. */
static struct op_load take_op(struct op_load *from, enum op op)
{
	struct op_load taken = {0};
	taken.count[op] = from->count[op];
	taken.bytes[op] = from->bytes[op];
	from->count[op] = from->bytes[op] = 0;
	return taken;
}

/* An operation whose count varies: all that it costs is proportional to the count. */
static int add_count_slopes(struct price *p, const struct platform *platform,
			    const struct profile_view *view, struct op_load *fixed, enum op op,
			    unsigned driver, sim_time disk_latency_ns, struct err *e)
{
	struct op_load load = take_op(fixed, op);
	if (op == OP_BLK_READ || op == OP_BLK_WRITE)
		add_slope(p, (struct price_slope){.driver = (uint8_t)driver,
						  .site = SITE_WAIT,
						  .cause = CAUSE_DISK,
						  .ns = load.count[op] * (double)disk_latency_ns});
	return add_slopes(p, platform, view, &load, driver, 1, e);
}

int price_make(struct price *p, const struct platform *platform, const struct profile_view *view,
	       const struct app *app, unsigned given, double hz, sim_time disk_latency_ns,
	       struct err *e)
{
	bool by_the_byte = app->by_the_byte || (given & ARRIVAL_GIVES_BYTES);
	struct op_load fixed;
	int code = 0;
	memset(p, 0, sizeof(*p));
	app_load(app, hz, &fixed);

	if (dist_varies(&app->cycles) || (given & ARRIVAL_GIVES_CYCLES)) {
		struct op_load second = {.compute_ns = 1e9};
		p->compute_varies = true;
		fixed.compute_ns = 0;
		code = add_slopes(p, platform, view, &second, DRIVER_COMPUTE, 1e9, e);
	}
	if (code == 0 && (by_the_byte || dist_varies(&app->input)) &&
	    app->operations[OP_NET_RX].of_payload) {
		struct op_load in = take_op(&fixed, OP_NET_RX);
		code = add_slopes(p, platform, view, &in, DRIVER_INPUT, 1, e);
	}
	if (code == 0 && (by_the_byte || dist_varies(&app->output)) &&
	    app->operations[OP_NET_TX].of_payload) {
		struct op_load out = take_op(&fixed, OP_NET_TX);
		code = add_slopes(p, platform, view, &out, DRIVER_OUTPUT, 1, e);
	}
	for (unsigned i = 0; code == 0 && i < app->varying_count; i++)
		code = add_count_slopes(p, platform, view, &fixed, app->varying[i],
					DRIVER_COUNT + i, disk_latency_ns, e);
	double requests = fixed.count[OP_BLK_READ] + fixed.count[OP_BLK_WRITE];
	struct platform_charge charges[PLATFORM_TERMS_MAX];
	struct platform_cost cost;
	size_t n = 0;
	if (code == 0)
		code = platform_cost(platform, view, &fixed, charges, PLATFORM_TERMS_MAX, &n, &cost,
				     e);
	if (code < 0)
		return code;
	for (size_t i = 0; i < n; i++)
		p->part_ns[charges[i].term->site][charges[i].term->cause] += charges[i].ns;
	p->part_ns[SITE_GUEST][CAUSE_COMPUTE] += llround(fixed.compute_ns);
	memcpy(p->site_ns, cost.site_ns, sizeof(p->site_ns));
	memcpy(p->cause_ns, cost.cause_ns, sizeof(p->cause_ns));
	const struct batch batch = {platform, &fixed, charges, n};
	split_notices(p, &batch);
	int64_t disk_ns = llround(requests * (double)disk_latency_ns);
	p->part_ns[SITE_WAIT][CAUSE_DISK] += disk_ns;
	p->site_ns[SITE_WAIT] += disk_ns;
	p->cause_ns[CAUSE_DISK] += disk_ns;
	return 0;
}
