/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/run/run_failure.h"
#include "models/run/run_host.h"
#include "models/run/run_task.h"
#include "models/run/run_migrate.h"

#include <stdio.h>

/* Something that fails: a host, or a link. */
struct failing {
	struct run *run;
	const struct failure_plan *plan;
	struct stream times;
	struct site_state *site; /* of the host */
	struct host *host;	 /* or NULL: a link */
	struct pipes *link;
	uint32_t number;  /* the link's, in the world */
	uint32_t outages; /* under way: a scheduled one may fall into one at random */
};

/* ---- Hosts */

static void lose_tasks(struct guest *g)
{
	while (g->tasks) {
		struct task *t = g->tasks;
		guest_drop_task(t, g);
		task_lost(t, FAILURE_HOST);
	}
}

static void lose_guest(struct guest *g)
{
	if (g->moving && migrate_abort(g, g))
		return; /* it was only to come */
	if (g->state == GUEST_OFF)
		return;
	guest_close(g);
	lose_tasks(g);
}

static void host_goes_down(struct site_state *site, struct host *h)
{
	h->down = true;
	site->hosts_down++;
	time_average_set(&h->up, sim_now(h->sim), 0);
	for (uint32_t i = 0; i < h->kind->guests; i++)
		lose_guest(&site->guest[h->numbers[i]]);
	/* Guests whose memory is still on it. */
	for (struct guest *g; (g = migrate_fetching_from(site->run, h));)
		lose_guest(g);
	host_guests_on(h, 0);
	guests_make_up(site);
}

static void host_comes_up(struct site_state *site, struct host *h)
{
	h->down = false;
	site->hosts_down--;
	time_average_set(&h->up, sim_now(h->sim), 1);
	host_guests_on(h, 0);
	for (uint32_t i = 0; i < h->kind->guests; i++)
		guest_restart(&site->guest[h->numbers[i]]);
	guests_make_up(site);
}

/* ---- Links */

static void link_goes_down(struct failing *f)
{
	struct run *run = f->run;
	struct pipes *p = f->link;
	time_average_set(&p->working, sim_now(run->sim), 0);
	station_set_rate(&p->up, 0);
	station_set_rate(&p->down, 0);
	p->is_down = true;
	if (!run->world->links[f->number].loses)
		return;
	while (p->passing) {
		struct task *t = p->passing;
		station_cancel(&t->job);
		task_left_link(p, t);
		task_lost(t, FAILURE_LINK);
	}
	for (struct guest *g; (g = migrate_using(run, f->number));)
		if (!migrate_abort(g, NULL))
			lose_guest(g);
}

static void link_comes_up(struct failing *f)
{
	const struct link *link = &f->run->world->links[f->number];
	struct pipes *p = f->link;
	time_average_set(&p->working, sim_now(f->run->sim), 1);
	p->is_down = false;
	station_set_rate(&p->up, link->up_bps);
	station_set_rate(&p->down, link->down_bps);
}

/* ---- Both */

static void begin_outage(struct failing *f)
{
	if (f->outages++ > 0)
		return;
	if (f->host)
		host_goes_down(f->site, f->host);
	else
		link_goes_down(f);
}

static void end_outage(struct failing *f)
{
	if (--f->outages > 0)
		return;
	if (f->host)
		host_comes_up(f->site, f->host);
	else
		link_comes_up(f);
}

static void fails(struct sim *s, void *ctx, uint32_t arg);

static void repaired(struct sim *s, void *ctx, uint32_t arg)
{
	struct failing *f = ctx;
	(void)arg;
	end_outage(f);
	sim_after(s, sim_from_seconds(dist_draw(&f->plan->up_s, &f->times)), fails, f, 0);
}

static void fails(struct sim *s, void *ctx, uint32_t arg)
{
	struct failing *f = ctx;
	(void)arg;
	sim_after(s, sim_from_seconds(dist_draw(&f->plan->repair_s, &f->times)), repaired, f, 0);
	begin_outage(f);
}

static void outage_over(struct sim *s, void *ctx, uint32_t arg)
{
	(void)s;
	(void)arg;
	end_outage(ctx);
}

static void outage(struct sim *s, void *ctx, uint32_t i)
{
	struct failing *f = ctx;
	sim_after(s, f->plan->outages[i].lasts, outage_over, f, 0);
	begin_outage(f);
}

/* `number`: of the host among those of its kind; links have 0. */
static int start(struct run *run, const struct failing *like, const char *name, uint32_t number,
		 struct err *e)
{
	struct failing *f = arena_alloc(&run->arena, sizeof(*f));
	if (!f)
		return err_set(e, ERR_NOMEM, "no memory for the failures of a run");
	*f = *like;
	f->run = run;
	stream_init(&f->times, &run->key, stream_name(name), stream_name("failures"));
	if (f->plan->up_s.mean > 0)
		sim_after(run->sim, sim_from_seconds(dist_draw(&f->plan->up_s, &f->times)), fails,
			  f, 0);
	for (uint32_t i = 0; i < f->plan->outage_count; i++)
		if (f->plan->outages[i].number == number)
			sim_at(run->sim, f->plan->outages[i].at, outage, f, i);
	return 0;
}

static int start_hosts(struct run *run, struct site_state *site, struct err *e)
{
	const struct host_kind *kind = NULL;
	uint32_t number = 0;
	char subject[600], name[620];
	for (uint32_t i = 0; i < site->host_count; i++) {
		struct host *h = &site->hosts[i];
		number = h->kind == kind ? number + 1 : 0;
		kind = h->kind;
		if (!kind->failures)
			continue;
		world_host_subject(subject, sizeof(subject), site->site, kind, number);
		snprintf(name, sizeof(name), "hosts/%s", subject);
		const struct failing like = {.plan = kind->failures, .site = site, .host = h};
		int code = start(run, &like, name, number, e);
		if (code < 0)
			return code;
	}
	return 0;
}

int failures_start(struct run *run, const struct region *region, struct err *e)
{
	int code = 0;
	for (uint32_t i = 0; i < run->site_count && code == 0; i++)
		code = start_hosts(run, &run->sites[i], e);
	for (uint32_t i = 0; i < region->link_count && code == 0; i++) {
		const struct link *link = &run->world->links[region->links[i]];
		const struct failing like = {
			.plan = link->failures, .link = &run->links[i], .number = region->links[i]};
		char name[600];
		snprintf(name, sizeof(name), "links/%s", link->name);
		if (link->failures)
			code = start(run, &like, name, 0, e);
	}
	return code;
}
