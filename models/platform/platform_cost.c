/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/platform.h"

#include <math.h>

/* Units of `per` in the load. A request's bytes are taken as shared evenly among the requests. */
static double units_of(const struct platform_term *t, const struct op_load *load)
{
	double count = load->count[t->op], bytes = load->bytes[t->op];
	switch (t->per) {
	case PER_OP:
		return count;
	case PER_BYTE:
		return bytes;
	case PER_SECTOR:
		return count > 0 ? count * ceil(bytes / count / 512) : 0;
	case PER_PAGE:
		return count > 0 ? count * ceil(bytes / count / 4096) : 0;
	case PER_SECOND:
		return load->compute_ns / 1e9;
	case PER_COMPUTE:
		return load->compute_ns;
	}
	return 0;
}

/* A term whose units and primitive do not go together is a mistake of the platform's author that
 * the key table cannot see, because units belong to the profile. */
static int check_units(const struct platform *p, const struct platform_charge *c,
		       const struct primitive *times, struct err *e)
{
	enum profile_unit wanted = c->term->per == PER_COMPUTE ? PROFILE_RATIO
				   : c->term->per == PER_BYTE  ? PROFILE_NS_PER_BYTE
							       : PROFILE_NS;
	if (c->primitive.unit != wanted)
		return err_set(e, ERR_INVALID,
			       "platform %s, %s: %s for each %s must be in %s, but %s has it in %s",
			       p->name, op_name(c->term->op), c->term->primitive,
			       platform_per_names[c->term->per], profile_unit_names[wanted],
			       c->primitive.profile, profile_unit_names[c->primitive.unit]);
	if (times && times->unit != PROFILE_RATIO)
		return err_set(e, ERR_INVALID,
			       "platform %s, %s: %s must be a ratio, but %s has it in %s", p->name,
			       op_name(c->term->op), c->term->times, times->profile,
			       profile_unit_names[times->unit]);
	return 0;
}

static int price(const struct platform *p, const struct profile_view *view,
		 struct platform_charge *c, struct err *e)
{
	const struct platform_term *t = c->term;
	struct primitive times;
	int code = profile_view_find(view, t->primitive, &c->primitive, e);
	if (code == 0 && t->times)
		code = profile_view_find(view, t->times, &times, e);
	if (code < 0) {
		err_wrap(e, "platform %s, %s", p->name, op_name(t->op));
		return code;
	}
	code = check_units(p, c, t->times ? &times : NULL, e);
	if (code < 0)
		return code;
	c->factor = t->times ? times.value : 1;
	if (t->times && times.source > c->primitive.source)
		c->primitive.source = times.source;
	double value = c->primitive.value;
	if (t->per == PER_COMPUTE)
		value = fmax(value - 1, 0);
	double ns = t->n * c->x * value * c->factor;
	if (!(ns < 9e18))
		return err_set(e, ERR_LIMIT, "platform %s, %s: %s costs more than 285 years",
			       p->name, op_name(t->op), t->primitive);
	c->exact_ns = ns;
	c->ns = llround(ns);
	return 0;
}

int platform_cost(const struct platform *p, const struct profile_view *view,
		  const struct op_load *load, struct platform_charge *charges, size_t capacity,
		  size_t *count, struct platform_cost *cost, struct err *e)
{
	size_t n = 0;
	int64_t compute_ns = llround(load->compute_ns);
	*cost = (struct platform_cost){0};
	cost->site_ns[SITE_GUEST] = cost->cause_ns[CAUSE_COMPUTE] = compute_ns;
	for (size_t i = 0; i < p->term_count; i++) {
		struct platform_charge c = {.term = &p->terms[i]};
		c.x = units_of(c.term, load);
		if (c.x <= 0)
			continue;
		int code = price(p, view, &c, e);
		if (code < 0)
			return code;
		cost->site_ns[c.term->site] += c.ns;
		cost->cause_ns[c.term->cause] += c.ns;
		if (c.term->notify)
			cost->notify_ns[c.term->site] += c.ns;
		if (n < capacity)
			charges[n] = c;
		n++;
	}
	if (count)
		*count = n;
	return 0;
}
