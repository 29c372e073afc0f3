/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How a host's cores are shared. Each entity (a guest's virtual CPUs, a backend's thread) is a
 * processor-sharing station whose servers are its virtual CPUs. While there is a core for each
 * virtual CPU that has work, nothing more is to be done. When there is not, the cores are shared by
 * water filling: every entity gets what it asks for up to a level that uses all cores, and its
 * servers run slower by that much. Demands are whole numbers of virtual CPUs, so the level follows
 * from how many entities there are of each demand. Hosts with another scheduler, or whose guests
 * migrate, are shared by run_host_share.c and run_host_turns.c instead. */
#include "models/run/run_host.h"
#include "models/run/run_host_careful.h"

#include <string.h>

static const double full_rate = HOST_FULL_RATE;

static int entity_init(struct entity *x, struct host *h, uint32_t servers, struct sim *sim,
		       struct err *e)
{
	struct station_config config = {.ops = &station_ps, .servers = servers, .rate = full_rate};
	x->host = h;
	x->weight = 1;
	x->speed = 1;
	if (servers > h->most_demand)
		h->most_demand = servers;
	int code = station_init(&x->station, sim, &config, e);
	if (code == 0)
		h->entity_count++;
	return code;
}

int host_init(struct host *h, const struct host_kind *kind, struct run *run, struct err *e)
{
	bool root = kind->platform->axes[AXIS_BACKEND] == BACKEND_ROOT_PARTITION;
	uint32_t backends = !kind->has_backend ? 0 : root ? 1 : kind->guests;
	*h = (struct host){.kind = kind, .sim = run->sim};
	h->guests = arena_array(&run->arena, kind->guests, sizeof(*h->guests));
	h->backends = arena_array(&run->arena, backends, sizeof(*h->backends));
	h->tasks_done = arena_array(&run->arena, run->world->app_count, sizeof(*h->tasks_done));
	if (!h->guests || !h->backends || !h->tasks_done)
		return err_set(e, ERR_NOMEM, "no memory for the guests of a host");
	for (uint32_t i = 0; i < kind->guests; i++) {
		int code = entity_init(&h->guests[i], h, kind->vcpus, run->sim, e);
		if (code < 0)
			return code;
	}
	for (; h->backend_count < backends; h->backend_count++) {
		int code = entity_init(&h->backends[h->backend_count], h,
				       root ? kind->root_vcpus : 1, run->sim, e);
		if (code < 0)
			return code;
	}
	if (kind->careful) {
		int code = entity_init(&h->manager, h, kind->cores, run->sim, e);
		if (code == 0)
			code = host_careful_init(h, run, e);
		if (code < 0)
			return code;
	}
	h->demands = arena_array(&run->arena, (size_t)h->most_demand + 1, sizeof(*h->demands));
	if (!h->demands)
		return err_set(e, ERR_NOMEM, "no memory for the guests of a host");
	time_average_start(&h->busy, 0, 0);
	time_average_start(&h->steal, 0, 0);
	time_average_start(&h->up, 0, 1);
	time_average_start(&h->power, 0, kind->guests ? kind->points_w[0] : kind->off_w);
	h->guests_on = kind->guests;
	h->numbers = arena_array(&run->arena, kind->guests, sizeof(*h->numbers));
	if (!h->numbers)
		return err_set(e, ERR_NOMEM, "no memory for the guests of a host");
	/* Without guests that come and go, all are there. */
	h->used_bytes = kind->guests * kind->plan.used_bytes;
	h->paged = h->used_bytes > kind->memory_bytes ? 1 - kind->memory_bytes / h->used_bytes : 0;
	struct station_config disk = {.ops = &station_ps, .rate = kind->disk_bytes_per_s};
	struct station_config nic = {.ops = &station_ps, .rate = kind->nic_bps};
	int code = station_init(&h->disk, run->sim, &disk, e);
	if (code == 0 && kind->nic_bps > 0)
		code = station_init(&h->nic_in, run->sim, &nic, e);
	if (code == 0 && kind->nic_bps > 0)
		code = station_init(&h->nic_out, run->sim, &nic, e);
	return code;
}

void host_fini(struct host *h)
{
	struct station *shared[] = {&h->disk, &h->nic_in, &h->nic_out};
	for (int i = 0; i < 3; i++)
		if (shared[i]->sim)
			station_fini(shared[i]);
	uint32_t guests = h->entity_count < h->kind->guests ? h->entity_count : h->kind->guests;
	for (uint32_t i = 0; i < guests; i++)
		station_fini(&h->guests[i].station);
	for (uint32_t i = 0; i < h->backend_count; i++)
		station_fini(&h->backends[i].station);
	if (h->manager.station.sim)
		station_fini(&h->manager.station);
}

/* The level up to which every entity gets what it asks for: sum of min(demand, level) = cores. */
static double water_level(const struct host *h)
{
	double cores = h->kind->cores;
	uint32_t above = 0;
	for (uint32_t d = 1; d <= h->most_demand; d++)
		above += h->demands[d];
	for (uint32_t d = 1; d <= h->most_demand; d++) {
		/* Does giving everybody d use all the cores? */
		double taken = cores / above;
		if (taken <= d)
			return taken;
		cores -= (double)h->demands[d] * d;
		above -= h->demands[d];
	}
	return h->most_demand;
}

static void share(struct entity *x, uint32_t n, double level)
{
	for (uint32_t i = 0; i < n; i++) {
		double d = x[i].demand;
		double rate = d > level ? full_rate * level / d : full_rate;
		if (x[i].demand > 0 && rate != x[i].station.rate)
			station_set_rate(&x[i].station, rate);
	}
}

/* What the host draws changes. */
void host_meter(struct host *h)
{
	const struct host_kind *kind = h->kind;
	double tenths = 10 * h->busy.value / kind->cores;
	int below = tenths < 10 ? (int)tenths : 9;
	double step = kind->points_w[below + 1] - kind->points_w[below];
	double w = h->down	       ? 0
		   : h->guests_on == 0 ? kind->off_w
				       : kind->points_w[below] + step * (tenths - below);
	time_average_set(&h->power, sim_now(h->sim), w);
}

static void share_cores(struct host *h)
{
	bool was_short = h->short_of_cores;
	h->short_of_cores = h->demand > h->kind->cores;
	if (!h->short_of_cores && !was_short)
		return;
	time_average_set(&h->steal, sim_now(h->sim),
			 h->short_of_cores ? h->demand - h->kind->cores : 0);
	double level = h->short_of_cores ? water_level(h) : h->most_demand;
	share(h->guests, h->kind->guests, level);
	share(h->backends, h->backend_count, level);
}

void host_set_busy(struct host *h, double cores)
{
	time_average_set(&h->busy, sim_now(h->sim), cores);
	if (h->kind->metered)
		host_meter(h);
}

/* The number of jobs of an entity has changed. */
static void update(struct entity *x)
{
	struct host *h = x->host;
	uint32_t present = x->station.present;
	uint32_t demand = present < x->station.servers ? present : x->station.servers;
	if (demand == x->demand)
		return;
	if (h->kind->careful) {
		host_careful_update(x, demand);
		return;
	}
	h->demand += demand - x->demand;
	if (x->demand > 0)
		h->demands[x->demand]--;
	if (demand > 0)
		h->demands[demand]++;
	/* An entity that was idle while others were slowed down may have an old rate. */
	if (x->demand == 0 && h->demand <= h->kind->cores && x->station.rate != full_rate)
		station_set_rate(&x->station, full_rate);
	x->demand = demand;
	uint32_t used = h->demand < h->kind->cores ? h->demand : h->kind->cores;
	if ((double)used != h->busy.value)
		host_set_busy(h, used);
	share_cores(h);
}

void host_submit(struct entity *entity, struct station_job *job, int64_t ns)
{
	sim_time now = sim_now(entity->station.sim);
	sim_time start = entity->busy_until > now ? entity->busy_until : now;
	entity->busy_until = sim_time_add(start, ns / entity->station.servers);
	station_submit(&entity->station, job, (double)ns);
	update(entity);
}

void host_job_done(struct entity *entity)
{
	update(entity);
}

int64_t host_take(struct entity *entity, struct station_job *job)
{
	int64_t left = (int64_t)(station_cancel(job) + 0.5);
	entity->busy_until -= left / entity->station.servers;
	update(entity);
	return left;
}

double host_busy_share(const struct entity *entity, int64_t ns)
{
	sim_time left = entity->busy_until - sim_now(entity->station.sim);
	if (entity->station.present == 0 || left <= 0)
		return 0;
	return left < ns ? (double)left / (double)ns : 1;
}

void host_guests_on(struct host *h, int delta)
{
	h->guests_on += (uint32_t)delta;
	if (h->kind->metered)
		host_meter(h);
}
