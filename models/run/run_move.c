/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A task that goes to another host while it is served. Hosts differ in clock and platform, so what
 * is kept is the share of its work that is left, at each site of the cost model (guest, backend,
 * wait); the target's price of that share is what it takes there. What it has had so far is booked
 * to the causes that the source's price gives it, in the task's account, and the target's part is
 * added when it is done: so the causes add up to its time. */
#include "models/run/run_migrate.h"
#include "models/run/run_graph.h"
#include "models/run/run_host.h"
#include "models/run/run_task.h"

#include <math.h>

struct account {
	struct account *next;	       /* free */
	double left[SITE_COUNT];       /* share of the whole, when it came to this host */
	int64_t cause_ns[CAUSE_COUNT]; /* on hosts before */
};

static struct account *account_of(struct task *t)
{
	struct run *run = t->run;
	struct account *a = t->account;
	if (a)
		return a;
	a = run->free_accounts;
	if (a)
		run->free_accounts = a->next;
	else
		a = arena_alloc(&run->arena, sizeof(*a));
	if (!a) {
		sim_fail(run->sim, ERR_NOMEM, "no memory for a task that moves");
		return NULL;
	}
	*a = (struct account){0};
	for (int i = 0; i < SITE_COUNT; i++)
		a->left[i] = 1;
	return t->account = a;
}

/* What the whole task costs at a site of the cost model on its present host, by cause. */
static void whole_by_cause(const struct task *t, enum platform_site site, double out[CAUSE_COUNT])
{
	const struct price *p = task_price(t);
	struct price_drivers d;
	task_drivers(t, p, &d);
	for (int c = 0; c < CAUSE_COUNT; c++)
		out[c] = (double)p->part_ns[site][c];
	if (site == SITE_GUEST && p->compute_varies)
		out[CAUSE_COMPUTE] += (double)t->compute_ns;
	for (unsigned i = 0; i < p->notices; i++)
		if (p->notice[i].site == site)
			out[p->notice[i].cause] +=
				(double)price_spared_ns(&p->notice[i], t->backend_busy);
	for (unsigned i = 0; i < p->slopes; i++)
		if (p->slope[i].site == site)
			out[p->slope[i].cause] +=
				(double)price_slope_ns(&p->slope[i], &d, t->backend_busy);
}

/* Books `ns` that were spent at a site of the cost model, in the proportions of its price. */
static void account(const struct task *t, enum platform_site site, int64_t ns,
		    int64_t cause_ns[CAUSE_COUNT])
{
	double part[CAUSE_COUNT], whole = 0, sum = 0;
	int64_t booked = 0;
	if (ns == 0)
		return;
	whole_by_cause(t, site, part);
	for (int c = 0; c < CAUSE_COUNT; c++)
		whole += part[c];
	for (int c = 0; c < CAUSE_COUNT && whole > 0; c++) {
		sum += part[c]; /* rounded as a running sum: the last reaches ns */
		int64_t upto = llround((double)ns * (sum / whole));
		cause_ns[c] += upto - booked;
		booked = upto;
	}
	cause_ns[CAUSE_COMPUTE] += ns - booked;
}

void task_account_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT])
{
	for (int c = 0; c < CAUSE_COUNT; c++)
		cause_ns[c] = t->account->cause_ns[c];
	for (int i = 0; i < SITE_COUNT; i++)
		account(t, (enum platform_site)i, t->site_ns[i], cause_ns);
}

void task_free_account(struct task *t)
{
	if (!t->account)
		return;
	t->account->next = t->run->free_accounts;
	t->run->free_accounts = t->account;
	t->account = NULL;
}

static bool is_at_nic(const struct task *t)
{
	return t->phase == PHASE_NIC_IN || t->phase == PHASE_NIC_OUT;
}

/* How the task's cell reaches the site; world_new has seen to it that it does. */
static const struct reach *reach_of(const struct task *t, const struct site *site)
{
	const struct cell *cell = task_cell(t);
	for (uint32_t i = 0; i < cell->reach_count; i++)
		if (&t->run->world->sites[cell->reaches[i].site] == site)
			return &cell->reaches[i];
	sim_fail(t->run->sim, ERR_INTERNAL, "a task was moved to a site that its cell lacks");
	return t->reach;
}

/* Takes the task out of the station that it is at. Returns what it still needed there. */
int64_t task_take_out(struct task *t)
{
	if (is_at_nic(t))
		return (int64_t)(station_cancel(&t->job) + 0.5);
	return host_take(task_entity(t), &t->job);
}

/* What was spent at the source, and how much of the whole is left. */
static void leave(struct task *t, int64_t left_here)
{
	struct account *a = t->account;
	sim_time now = sim_now(t->run->sim);
	int64_t left[SITE_COUNT];
	for (int i = 0; i < SITE_COUNT; i++)
		left[i] = t->site_ns[i];
	if (t->phase != PHASE_NIC_IN && t->phase != PHASE_GUEST)
		left[SITE_GUEST] = 0;
	if (t->phase == PHASE_NIC_OUT)
		left[SITE_BACKEND] = 0;
	if (is_at_nic(t)) {
		t->network_ns += now - t->since;
	} else {
		enum platform_site at = t->phase == PHASE_GUEST ? SITE_GUEST : SITE_BACKEND;
		left[at] = left_here < left[at] ? left_here : left[at];
		t->queue_ns += now - t->since - (t->site_ns[at] - left[at]);
		task_unstall(t);
	}
	for (int i = 0; i < SITE_COUNT; i++) {
		account(t, (enum platform_site)i, t->site_ns[i] - left[i], a->cause_ns);
		if (t->site_ns[i] > 0)
			a->left[i] *= (double)left[i] / (double)t->site_ns[i];
	}
	/* A part that took nothing here is over all the same. */
	if (t->phase != PHASE_NIC_IN && t->phase != PHASE_GUEST)
		a->left[SITE_GUEST] = 0;
	if (t->phase == PHASE_NIC_OUT)
		a->left[SITE_BACKEND] = 0;
}

/* What is left, at the target's price. */
static void reprice(struct task *t)
{
	const struct price *price = task_price(t);
	t->compute_ns = task_compute_ns(t, t->host->kind->hz);
	struct price_drivers d;
	task_drivers(t, price, &d);
	t->backend_busy = 0;
	price_sites(price, &d, t->backend_busy, t->site_ns);
	for (int i = 0; i < SITE_COUNT; i++)
		t->site_ns[i] = llround((double)t->site_ns[i] * t->account->left[i]);
}

void task_move(struct task *t, struct guest *to)
{
	struct guest *from = &t->site->guest[t->guest];
	int64_t left = task_take_out(t);
	if (!account_of(t))
		return;
	leave(t, left);
	/* The way back of a handset that moves is looked for when its result is there. */
	if (t->site != to->pool->site && !t->from->handset->movement)
		t->reach = reach_of(t, to->pool->site->site);
	guest_hand_task(t, from, to);
	reprice(t);
	task_resume(t, (double)left);
}
