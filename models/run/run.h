/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One run of a world: everything that changes. Private to run_*.c.
 *
 * A task lives in one struct from its start to its end: decided, sent over the radio and the
 * network, served by a guest and its backend, sent back. run_task.c has its life, run_handset.c
 * what the handset's radio, CPU and battery make of it, run_host.c how the host's cores are shared,
 * run_mobility.c how handsets move and run_handover.c what that does to their tasks, run_report.c
 * what is reported.
 */
#ifndef MODELS_RUN_H
#define MODELS_RUN_H

#include "models/world/world_model.h"
#include "models/world/world_price.h"
#include "models/site/balance.h"
#include "sim/engine/station.h"
#include "sim/engine/stats.h"

__extension__ typedef __int128 wide_ns; /* sums of nanoseconds over any number of tasks */

/* Where a task's energy went. */
#define ENERGY_LIST(X)                                                                             \
	X(CPU, "cpu")		  /* computing on the handset, above idle */                       \
	X(IDLE, "idle")		  /* the handset's idle power while tasks are out */               \
	X(PROMOTION, "promotion") /* waking the radio */                                           \
	X(TRANSFER, "transfer")	  /* moving bytes */                                               \
	X(TAIL, "tail")		  /* the radio after the last byte */                              \
	X(RETRY, "retry")	  /* all of these in attempts that failed */                       \
	X(HANDOVER, "handover")	  /* the radio while a handover interrupts a transfer */
enum energy {
#define ENERGY_ENUM(id, name) ENERGY_##id,
	ENERGY_LIST(ENERGY_ENUM)
#undef ENERGY_ENUM
		ENERGY_COUNT
};

extern const char *const energy_names[]; /* ended by NULL */

enum failure {
	FAILURE_BATTERY,
	FAILURE_DEADLINE,
	FAILURE_NO_GUEST,
	FAILURE_HOST,
	FAILURE_LINK,
	FAILURE_COVERAGE,
	FAILURE_COUNT
};
extern const char *const failure_names[]; /* ended by NULL */

/* What a host is called where it is a metric's subject: "edge/node/0" is of site, kind and number
 * within the kind. */
void world_host_subject(char *buf, size_t size, const struct site *site,
			const struct host_kind *kind, uint32_t number);

struct run;
struct task;

/* Of a handset that moves. */
struct movement {
	struct stream stream;
	struct mobility_state state;
	struct leg leg;
	struct task *tasks; /* sent, not ended */
	sim_time ready;	    /* when the last handover's interruption is or was over */
	sim_time since;	    /* in the present cell, or in none */
	uint32_t serving;   /* of its class's coverage, or COVERAGE_NONE */
	uint32_t next;	    /* the change under way, likewise */
	uint32_t before;    /* the cell before, likewise */
};

/* A handset. What accrues with time is kept as an integral that a task reads when it begins and
 * ends, so that sharing idle and radio power among tasks costs no loop. */
struct handset {
	const struct class *class;
	struct movement *movement; /* or NULL: it stays in its cell */
	sim_time radio_ready;	   /* when the promotion under way is or was done */
	sim_time radio_quiet;	   /* when the last transfer ended; before the first, long ago */
	sim_time cpu_free;	   /* when the CPU has done what it was given */
	sim_time idle_since, base_since;  /* last update of the integrals */
	double idle_share, base_share;	  /* J for each of the tasks, of the transfers */
	double used_j;			  /* beside idle power */
	struct task *tail_owner;	  /* the task that pays for the tail, while it lives */
	double last_energy[ENERGY_COUNT]; /* of the ended task that pays for the tail */
	sim_time died;			  /* when the battery was found empty; 0: not yet */
	uint32_t last_app;		  /* of the task of last_energy */
	uint32_t tasks, transfers;	  /* out now; transferring or waiting for the radio */
	uint32_t active, sending;	  /* transferring now; those of them that go up */
	uint32_t cell;			  /* in world->cells: it is, or was last, in */
	bool last_counts, has_last;	  /* last_energy is a measured task's; it is there at all */
};

/* An app on one handset: an arrival process. */
struct generator {
	struct stream arrivals, work;
	struct arrival_state state;
	struct policy_memory *memory; /* of a policy that learns, or NULL */
	struct handset *handset;
	const struct source *source;
};

/* A guest's virtual CPUs or a backend's thread: what the host's cores are shared among. */
struct entity {
	struct station station; /* its jobs; `servers` is the most cores it can use */
	struct host *host;
	uint32_t demand;     /* cores it could use now */
	sim_time busy_until; /* when it has done what it was given, were it alone on its cores */
	/* Where the host is careful: */
	float weight;
	double cap;	     /* cores; 0: none */
	double speed;	     /* of its virtual CPUs when they have a core; 0: it is stopped */
	double stalled_ns;   /* what tasks have lost to speed since the start */
	sim_time stalled_at; /* up to then */
	uint32_t index, on;  /* taking turns: among the host's entities; cores it has */
};

struct host {
	struct sim *sim;
	const struct host_kind *kind;
	struct entity *guests;	 /* kind->guests of them */
	struct entity *backends; /* one for each guest, one for all (root partition), or NULL */
	uint32_t backend_count;
	uint32_t entity_count; /* of both together, and the manager */
	struct entity manager; /* the host's own work for its guests, where it is careful */
	struct scheduler_claim *claims; /* where cores are shared carefully */
	struct host_turns *turns;	/* where they are taken in turns, else NULL */
	uint32_t demand;		/* sum over the entities */
	uint32_t *demands; /* how many entities have a demand of 1, 2, ... most_demand */
	uint32_t most_demand;
	bool short_of_cores;
	struct time_average busy;  /* cores */
	struct time_average steal; /* virtual CPUs that have work and no core */
	struct time_average power; /* W, where the kind is metered */
	/* Where guests come and go: */
	struct station disk; /* bytes of images and snapshots */
	double committed_bytes, used_bytes;
	double paged;	      /* share of the memory in use that is on the disk */
	uint32_t guests_on;   /* starting or running */
	uint32_t *numbers;    /* of its guests, in the site */
	uint64_t *tasks_done; /* by app: measured tasks, for the constant part of their prices */
	struct station nic_in, nic_out; /* bits; where the kind has a NIC */
	double busy_mark;	/* s of cores, when the site last looked whether to migrate */
	struct time_average up; /* 1 or 0, where the kind fails */
	bool down;		/* it has failed */
};

/* Guests that do the same work. */
struct guest_pool {
	struct guest_loads loads; /* of all guests of the site: those of others are blocked */
	struct site_state *site;
	struct task *first, *last; /* waiting for a guest */
	uint32_t waiting, running, starting;
	uint32_t tasks; /* being served, where guests come and go */
};

struct site_state {
	const struct site *site;
	uint32_t tasks; /* here, or on their way */
	struct host *hosts;
	uint32_t host_count;
	struct guest_pool *pools; /* of guests that do the same work: one, or one for each app */
	uint32_t pool_count;
	struct guest *guest; /* by number; NULL where all run from the start to the end */
	struct run *run;
	struct time_average running; /* guests */
	uint64_t started, evicted;   /* guests */
	struct migrations {	     /* that began here after the warm-up */
		uint64_t done, failed, refused, rounds;
		double bytes;
		int64_t ns, downtime_ns;
	} migrations;
	uint32_t hosts_down;
	struct balance_host *balance; /* what a balance is shown */
	struct guest_ref {
		uint32_t host, guest;
	} * guests;
	struct stream placement;
};

struct pipes { /* of a cell or a link: bits */
	struct station up, down;
	struct time_average working; /* of a link that fails: 1 or 0 */
	struct task *passing;	     /* of a link that loses what it has when it fails */
	bool is_down;
	struct stream rtt; /* of a cell whose round trip varies */
};

enum task_phase {
	PHASE_RADIO_UP,
	PHASE_UP,
	PHASE_LINK_UP,
	PHASE_FORWARD_UP, /* to a site that the cell does not reach */
	PHASE_WAY_UP,
	PHASE_WAITING,
	PHASE_NIC_IN,
	PHASE_GUEST,
	PHASE_BACKEND,
	PHASE_NIC_OUT,
	PHASE_WAY_DOWN,
	PHASE_LINK_DOWN,
	PHASE_RADIO_DOWN,
	PHASE_DOWN,
	/* Of handsets that move: */
	PHASE_FORWARD_BACK, /* from it */
	PHASE_FORWARD_CELL, /* from the cell that it was sent back to, to the present one */
};

enum task_hold { HOLD_NONE, HOLD_HANDOVER, HOLD_COVERAGE };

/* Time of the few tasks to which more than usual happens, each with its cause. */
#define EXTRA_LIST(X)                                                                              \
	X(START, CAUSE_START)                                                                      \
	X(PAGING, CAUSE_DISK)                                                                      \
	X(MIGRATION, CAUSE_MIGRATION)                                                              \
	X(RETRY, CAUSE_RETRY)                                                                      \
	X(HANDOVER, CAUSE_HANDOVER)                                                                \
	X(COVERAGE, CAUSE_COVERAGE)                                                                \
	X(FORWARD, CAUSE_FORWARD)                                                                  \
	X(REDO, CAUSE_REDO)
enum task_extra {
#define EXTRA_ENUM(id, cause) EXTRA_##id,
	EXTRA_LIST(EXTRA_ENUM)
#undef EXTRA_ENUM
		EXTRA_COUNT
};

/* What a struct task is: a whole task, or one of the steps of a task graph, which is done by the
 * same means. */
enum task_part {
	PART_WHOLE,
	PART_LOCAL, /* a stage that is computed on the handset */
	PART_UP,    /* an edge that leads to the site */
	PART_SITE,  /* a stage that is computed at the site */
	PART_DOWN   /* an edge that leads back */
};

struct task {
	struct station_job job;
	struct run *run;
	struct generator *from;
	struct task *next, *prev; /* waiting for a guest, or at the same one; next: free */
	sim_time born, since;	  /* of the task, of the phase */
	struct app_task work;
	int64_t compute_ns;
	int64_t site_ns[SITE_COUNT];
	int64_t radio_ns, network_ns, queue_ns;
	double backend_busy; /* share of its requests that find the backend at work */
	double idle_mark, base_mark;
	double energy[ENERGY_COUNT];
	int64_t extra_ns[EXTRA_COUNT];
	double stalled_mark;	   /* of its entity, when it came to it */
	struct account *account;   /* of a task that has moved, else NULL */
	const struct reach *reach; /* the way that it goes, or NULL */
	struct site_state *site;   /* where it is served */
	double bits;		   /* that the transfer under way, or the next one, has to move */
	/* Of a handset that moves: */
	struct task *sibling_next, *sibling_prev; /* in movement->tasks */
	sim_event event;			  /* on its way to the site */
	sim_time held_since;
	uint32_t cell;	/* that it is sent back to; in world->cells */
	uint32_t place; /* of the site that was chosen, in the list of the cell then */
	struct host *host;
	uint32_t guest; /* of the site */
	uint32_t hop;	/* of the reach's links: the next one */
	uint32_t price; /* its place among the world's prices: of its app, or of its stage */
	struct graph_task *graph; /* of a task whose app is a graph, and of its steps */
	uint8_t part;		  /* enum task_part */
	uint8_t step;		  /* the stage or the edge */
	uint8_t phase;
	uint8_t hold;	  /* enum task_hold */
	bool listed;	  /* it is in movement->tasks */
	bool astray;	  /* its site is not at the end of `reach` */
	bool interrupted; /* by a handover, or for want of a cell */
	bool has_extra;
	uint8_t attempts; /* that have failed */
	bool counts;	  /* started after the warm-up */
	bool remote;
};

/* Counts and sums of the tasks of one app, or of the handsets with one policy. */
struct group {
	uint64_t offered, done, failed, remote;
	wide_ns response_ns; /* of those done */
	double result_j;     /* of those done, until they were: without the tail that may follow */
	double energy_j;
	uint64_t energy_tasks; /* whose energy is in the sum */
};

enum { BATTERY_SAMPLES = 100 };

struct metrics {
	uint64_t offered, done, local, remote, retries;
	uint64_t failed[FAILURE_COUNT];
	/* Of handsets that move, in the window: */
	uint64_t handovers, ping_pongs, interrupted;
	wide_ns uncovered_ns;
	wide_ns *cell_ns;     /* by the world's index: sums over handsets */
	uint64_t completions; /* in the window, whenever they started */
	wide_ns cause_ns[CAUSE_COUNT];
	struct histogram response_s, energy_j;
	double energy[ENERGY_COUNT];
	uint64_t energy_tasks;	       /* whose energy is in the sums */
	bool grouped;		       /* somebody wants the groups */
	struct group *apps, *policies; /* by the world's indices */
	double *battery_j;	       /* left at the end, by class: sums over its handsets */
	double *life_s;		       /* likewise how long a charge lasts */
	double *level;		       /* likewise left at BATTERY_SAMPLES + 1 times */
};

/* One region with its handsets. Regions have nothing to do with each other, so they are run one
 * after the other, each in memory that the caches can hold; what they have in common is the
 * metrics. */
struct run {
	struct sim *sim;
	const struct world *world;
	struct stream_key key;
	struct arena arena;
	struct movement *movements; /* of the handsets that move */
	struct handset *handsets;   /* by class, in the order of the region's list */
	uint64_t handset_count;
	struct generator *generators;
	uint32_t generator_count;
	struct pipes *cells, *links; /* in the order of the region's lists */
	struct site_state *sites;
	uint32_t cell_count, link_count, site_count; /* made so far */
	struct task *free_tasks;
	struct graph_task *free_graphs;
	struct account *free_accounts;
	struct migration *migrations, *free_migrations;
	struct metrics *metrics;
	struct tracer *tracer; /* NULL: nobody follows it */
};

/* ---- run_host.c */

/* Makes the host's stations. */
int host_init(struct host *h, const struct host_kind *kind, struct run *run, struct err *e);
void host_fini(struct host *h);

/* Brings a job of `ns` nanoseconds of CPU time. The caller calls host_job_done first thing in the
 * job's callback. */
void host_submit(struct entity *entity, struct station_job *job, int64_t ns);
void host_job_done(struct entity *entity);

/* Takes a job back and returns what it still needed. */
int64_t host_take(struct entity *entity, struct station_job *job);

/* Of a careful host: how fast the entity's virtual CPUs run when they have a core, and the
 * nanoseconds that anything there has lost by that since the start. */
void host_set_speed(struct entity *entity, double speed);
double entity_stalled_ns(const struct entity *entity);

/* The backend of the host's guest of that number. */
static inline struct entity *host_backend(const struct host *h, uint32_t guest)
{
	return &h->backends[h->backend_count == 1 ? 0 : guest];
}

/* Guests were started or stopped. */
void host_guests_on(struct host *h, int delta);

/* The share of requests, spread evenly over the next `ns`, that find the entity at work on what it
 * has now. In 0..1; 1 for ns = 0 when it is at work. */
double host_busy_share(const struct entity *entity, int64_t ns);

/* ---- run_handset.c */

/* A task begins or ends; what the handset idles is shared among those that are out. */
void handset_task_begins(struct handset *h, struct task *t, sim_time now);
void handset_task_ends(struct run *run, struct handset *h, struct task *t, sim_time now,
		       int failure);

/* What a step of a task graph has cost goes to the task, and with it the tail that it left; NULL:
 * the task has failed, and nobody's it is. */
void handset_step_ends(struct handset *h, const struct task *step, struct task *whole);

/* The task asks for the radio; returns when it is ready (now or later). */
sim_time handset_radio_begin(struct run *run, struct handset *h, struct task *t, sim_time now);
/* The transfer itself begins and ends. */
void handset_transfer_begin(struct handset *h, struct task *t, bool up, sim_time now);
void handset_transfer_end(struct handset *h, struct task *t, bool up, double bits, sim_time now);

/* What the task's attempt has drawn so far is its energy for nothing. */
void handset_attempt_failed(struct handset *h, struct task *t, sim_time now);
/* A handover interrupts the transfer of which `bits` have moved since it began or went on; it goes
 * on. What the radio burns between is ENERGY_HANDOVER. */
void handset_transfer_pause(struct handset *h, struct task *t, bool up, double bits, sim_time now);
void handset_transfer_resume(struct handset *h, struct task *t, sim_time now);
/* The task gives up the radio that it asked for and has not begun to use. */
void handset_radio_release(struct handset *h, struct task *t, sim_time now);

/* How long the radio would take now to be ready to send. */
sim_time handset_radio_wait(const struct handset *h, sim_time now);

/* Gives the CPU the task's work after what it has, at the level that the governor chooses; sets
 * t->compute_ns and returns when that is done. */
sim_time handset_compute(struct handset *h, struct task *t, sim_time now);

/* What is left in the battery, in J; may be below 0. */
double handset_left_j(const struct handset *h, sim_time now);

/* Whether that is more than a whole tail, which needs no look at the radio. */
static inline bool handset_has_much(const struct handset *h, sim_time now)
{
	const struct class *c = h->class;
	double always_j = (c->idle_w + c->base_w) * sim_to_seconds(now);
	return c->battery_j - h->used_j - always_j > c->radio->tail_j * (1 + 1e-9);
}

/* How long the battery would last in s: until it was empty, or at the mean power so far. NaN
 * when nothing was drawn. */
double handset_life_s(const struct handset *h, sim_time now);

/* The run is over: the tail goes to who caused it. */
void handset_close(struct run *run, struct handset *h, sim_time now);

/* ---- run_task.c */

/* The cell that the task's handset is in. */
static inline const struct cell *task_cell(const struct task *t)
{
	return &t->run->world->cells[t->from->handset->cell];
}

/* Calls back when the task has passed the links on its way to the site, or back from it: see
 * run_link.c. */
void task_links_up(struct task *t);
/* How long the task's way between the cell and the site takes this time, links apart. */
sim_time task_one_way_ns(const struct task *t);
void task_links_down(struct task *t);
/* Brings it to a link; when that is down and loses what it passes, the task is lost. It has left
 * the link, passed on or taken back. */
void task_pass_link(struct task *t, uint32_t link, bool up, double bits);
void task_link_left(struct task *t);
/* The last part of its way: to the site. */
void task_way_up(struct task *t);
/* A link has passed the task on. */
void task_link_passed(struct task *t);
/* It is at the site; it is back at the cell. */
void task_at_site(struct sim *s, void *ctx, uint32_t arg);
void task_at_cell(struct task *t);

/* A task that is all zero but for what every task has; NULL: the run fails. Whole tasks come from
 * their arrivals only; this is for the steps of a graph. */
struct task *task_new(struct run *run);
void task_free(struct task *t);

/* How a whole task ends; failure < 0: well. */
void task_finish(struct task *t, int failure);

/* Takes bytes from the handset to the site, or back: work and reach say what and where. Ends in
 * graph_step_ends. */
void task_send_up(struct task *t);
void task_send_down(struct task *t);

/* Where the time went of a task (or a step) that has ended well: what it sums to is exactly how
 * long it took. Adds to the sums. */
void task_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT]);

/* Serves the task, which is at its site, on the guest of that number. */
void task_serve(struct task *t, uint32_t guest);
/* It is decided upon anew and starts, locally or remotely. */
void task_start_again(struct task *t);
/* The link is not the task's any more. */
void task_left_link(struct pipes *p, struct task *t);
/* It has lost its guest, its host or its link: it is tried again, or has failed. */
void task_lost(struct task *t, enum failure why);

/* Asks for the radio, to move t->bits. */
void task_transfer(struct task *t, bool up);
/* Moves t->bits through the present cell; the radio is active. */
void task_send_bits(struct task *t, bool up);
/* Takes it from wherever it is on its way to the guest, or at it, so that it can start again. */
void task_withdraw(struct task *t);
/* Goes back from the site, `wait` ns from now, over t->reach. */
void task_way_back(struct task *t, sim_time wait);

static inline void task_extra(struct task *t, enum task_extra what, int64_t ns)
{
	t->extra_ns[what] += ns;
	t->has_extra = true;
}

static inline const struct price *task_price(const struct task *t)
{
	return &t->host->kind->prices[t->price];
}

int64_t task_compute_ns(const struct task *t, double hz);

/* Where the task is served: its guest, or its backend. */
struct entity *task_entity(const struct task *t);

/* A task that has moved goes on in its phase; `bits` are left where that is a NIC's. */
void task_resume(struct task *t, double bits);

/* Of the time that a task has spent at its entity beyond its work, what the guest was stopped or
 * without its memory is no queueing. */
void task_unstall(struct task *t);

/* Takes the task out of the station of its host that it is at; returns what it needed there. Of one
 * that has moved (run_move.c): what it took on all its hosts, by cause; forgets it, if it
 * has. */
int64_t task_take_out(struct task *t);
void task_account_causes(const struct task *t, int64_t cause_ns[CAUSE_COUNT]);
void task_free_account(struct task *t);

/* The first arrival of a generator. */
void task_generator_start(struct run *run, uint32_t generator);

/* ---- run_mobility.c */

/* Puts the handset of that number in its class, which moves, where its path begins; when all are
 * there, sets it going. */
void mobility_set_out(struct run *run, struct handset *h, uint32_t number);
void mobility_start(struct run *run, uint32_t handset);
/* Books the time since the last change of cells. */
void mobility_book_time(struct run *run, struct handset *h, sim_time now);

static inline bool handset_is_covered(const struct handset *h)
{
	return !h->movement || h->movement->serving != COVERAGE_NONE;
}

/* ---- run_handover.c: what a change of cells does to the tasks of a handset */

/* A task of a handset that moves, or a step of one, is sent up or down; it ends. */
void handover_task_sent(struct task *t, bool up);
void handover_task_ended(struct task *t);

/* The handset has come into a cell: from another one, or from where there is none. It is where
 * there is none. The interruption of a handover is over. */
void handover_changed(struct run *run, struct handset *h);
void handover_regained(struct run *run, struct handset *h);
void handover_lost(struct run *run, struct handset *h);
void handover_over(struct run *run, struct handset *h);

/* Whether the handset's radio cannot move the task now: then it is held, or fails. Before it asks
 * for the radio; when the radio is ready. */
bool handover_without_cell(struct task *t);
bool handover_holds(struct task *t, bool up);

/* The task is up; leaves its site in `wait` ns; has come back to a cell. True: it is being
 * forwarded first. */
bool handover_forwards_up(struct task *t);
bool handover_forwards_back(struct task *t, sim_time wait);
bool handover_forwards_cell(struct task *t);
/* A link has passed it on. */
void handover_forward_passed(struct task *t);

/* ---- run_policy.c */

/* The site at the end of the way. */
struct site_state *task_site_state(const struct run *run, const struct reach *reach);

/* Where the task goes: POLICY_LOCAL, or which of the sites that its cell reaches. Of a task graph
 * (else NULL) also which of its stages go there. */
int task_decide(struct run *run, struct generator *g, const struct app_task *work,
		struct graph_task *graph);

/* ---- run_graph.c: tasks of stages */

/* What the task of an app that is a graph has beside its struct task, with its draw in it and its
 * sums in *sums. NULL: no memory, and the run fails. */
struct graph_task *graph_draw(struct run *run, struct generator *g, struct app_task *sums);

/* The draw as policies see it; which stages leave the handset. */
void graph_show(const struct graph_task *graph, struct policy_graph *out);
void graph_set_remote(struct graph_task *graph, uint32_t remote);

/* The task begins, all else in it being set. It may have ended on return. */
void graph_start(struct task *t);
/* A step of it has ended; it frees it. */
void graph_step_ends(struct task *step, int failure);
/* A stage has left its guest: what it waits for without a CPU is still to come. */
void graph_stage_left(struct task *step, sim_time wait);
/* The app that a step at a site does: its stage. */
const struct app *graph_stage_app(const struct task *step);
/* What the task's price depends on. */
static inline struct price_drivers task_drivers(const struct task *t, const struct price *p)
{
	struct price_drivers d = {.compute_ns = t->compute_ns, .counts = t->work.counts};
	if (p->slopes == 0)
		return d;
	const struct app *app = t->graph ? graph_stage_app(t) : t->from->source->app;
	if (app->input.mean > 0)
		d.input = t->work.input_bytes / app->input.mean;
	if (app->output.mean > 0)
		d.output = t->work.output_bytes / app->output.mean;
	return d;
}

/* The task that the step is of; NULL when it has ended. */
struct task *graph_whole(const struct task *step);
/* The stage that a step is, or that it brings something to; of a whole task NULL. */
const char *graph_step_name(const struct task *step);
/* Where the time went along the way through the graph that took longest. */
const int64_t *graph_causes(const struct graph_task *graph);

/* Tells a policy that learns how a task ended. */
void task_observed(const struct task *t, sim_time response, bool failed);

/* ---- run_group.c: what apps and policies have for themselves */

void group_offered(struct metrics *m, const struct task *t);
void group_ended(struct metrics *m, const struct task *t, sim_time response, bool failed);
void group_energy(struct metrics *m, const struct class *class, uint32_t app, double j);

/* ---- run_trace.c: for whoever follows the run. Costs a look at run->tracer when nobody does. */

/* Kept out of the way of runs that nobody follows. */
#define COLD __attribute__((cold))

int trace_begin(struct run *run, const struct world_trace *to, struct err *e);

COLD void trace_end_slowly(struct run *run, const struct task *t, int failure, bool held);
COLD void trace_release_slowly(struct run *run, const struct handset *h);
COLD void trace_slice_slowly(const struct task *t, const char *what, sim_time from, sim_time to);
COLD void trace_start_slowly(const struct task *t);
COLD void trace_step_slowly(const struct task *t);
COLD void trace_radio_slowly(const struct run *run, const struct handset *h, sim_time at, double w);
COLD void trace_tail_slowly(const struct run *run, const struct handset *h, sim_time now);

/* The task has ended, all but its tail being in its energy. `held`: that comes with the next
 * trace_release of the handset. */
static inline void trace_end(struct run *run, const struct task *t, int failure, bool held)
{
	if (run->tracer)
		trace_end_slowly(run, t, failure, held);
}

/* The tail is in h->last_energy. */
static inline void trace_release(struct run *run, const struct handset *h)
{
	if (run->tracer)
		trace_release_slowly(run, h);
}

/* What the task did from then until then, perhaps in the future. */
static inline void trace_slice(const struct task *t, const char *what, sim_time from, sim_time to)
{
	if (t->run->tracer)
		trace_slice_slowly(t, what, from, to);
}

/* The task, or step of one, begins to do something. */
static inline void trace_start(const struct task *t)
{
	if (t->run->tracer)
		trace_start_slowly(t);
}

/* It does no more. */
static inline void trace_step(const struct task *t)
{
	if (t->run->tracer)
		trace_step_slowly(t);
}

/* The radio's power is so from then on; it has had the tail since its last transfer until now. */
static inline void trace_radio(const struct run *run, const struct handset *h, sim_time at,
			       double w)
{
	if (run->tracer)
		trace_radio_slowly(run, h, at, w);
}

static inline void trace_tail(const struct run *run, const struct handset *h, sim_time now)
{
	if (run->tracer)
		trace_tail_slowly(run, h, now);
}

/* ---- run_report.c */

/* What one region reports of itself when it is done; the rest goes into the metrics. */
int run_report_region(struct run *run, const struct region *region, struct world_metrics_sink *sink,
		      struct err *e);

/* What the world reports when all sites are done. */
int run_report(const struct world *w, const struct metrics *m, struct world_metrics_sink *sink,
	       struct err *e);

#endif
