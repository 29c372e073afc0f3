/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One run of a world: everything that changes, as structs. What is done with them is one file for
 * each part, with a header of the same name. Private to models/run.
 *
 * A task lives in one struct from its start to its end: decided (run_policy.h), sent over the radio
 * and the network, served by a guest and its backend, sent back (run_task.h). run_handset.h is what
 * the handset's radio, CPU and battery make of it, run_host.h how the host's cores are shared,
 * run_mobility.h how handsets move and run_handover.h what that does to their tasks, run_report.h
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
	sim_time died;		    /* since when the battery is known to be empty; 0: not yet */
	uint32_t last_app;	    /* of the task of last_energy */
	uint32_t tasks, transfers;  /* out now; transferring or waiting for the radio */
	uint32_t active, sending;   /* transferring now; those of them that go up */
	uint32_t cell;		    /* in world->cells: it is, or was last, in */
	bool last_counts, has_last; /* last_energy is a measured task's; it is there at all */
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
	double *level; /* likewise at SERIES_SAMPLES + 1 times; where they come and go */
	uint64_t started, evicted; /* guests */
	struct migrations {	   /* that began here after the warm-up */
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
	/* Of a cell: */
	struct stream rtt, loss; /* where they vary */
	double up_bps, down_bps; /* now */
	struct capacity_state capacity;
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

struct task_extras {		  /* of the few tasks that have any */
	struct task_extras *next; /* free */
	int64_t ns[EXTRA_COUNT];
};

struct task {
	/* Of a whole task these are set before they are read; all below is zero at its start, and
	 * of a step of a task graph all is. */
	struct app_task work;
	sim_time born;
	int64_t compute_ns;
	int64_t site_ns[SITE_COUNT];
	double idle_mark, base_mark;
	double stalled_mark; /* of its entity, when it came to it */
	double bits;	     /* that the transfer under way, or the next one, has to move */
	double again;	     /* bits that the cell loses and moves again, for each of them */
	sim_time held_since;

	struct station_job job; /* from here on: TASK_KEPT */
	struct run *run;
	struct generator *from;
	struct task *next, *prev; /* waiting for a guest, or at the same one; next: free */
	sim_time since;		  /* of the phase */
	int64_t radio_ns, network_ns, queue_ns;
	double backend_busy; /* share of its requests that find the backend at work */
	double energy[ENERGY_COUNT];
	struct task_extras *extras; /* or NULL */
	struct account *account;    /* of a task that has moved, else NULL */
	const struct reach *reach;  /* the way that it goes, or NULL */
	struct site_state *site;    /* where it is served */
	/* Of a handset that moves: */
	struct task *sibling_next, *sibling_prev; /* in movement->tasks */
	sim_event event;			  /* on its way to the site */
	uint32_t cell;				  /* that it is sent back to; in world->cells */
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
	uint8_t attempts; /* that have failed */
	bool counts;	  /* started after the warm-up */
	bool remote;
	uint16_t example; /* its place among those that are looked at (run_example.h); 0: none */
};

#define TASK_KEPT offsetof(struct task, job)

/* Of what the tasks are the same in a group. */
enum group_kind { GROUP_APP, GROUP_POLICY, GROUP_SITE, GROUP_PLATFORM, GROUP_KINDS };

/* Counts and sums of the tasks of one app, of the handsets with one policy, or, without what is
 * known when they start, of those that ended at one site or on one platform. */
struct group {
	uint64_t offered, done, failed, remote;
	wide_ns response_ns; /* of those done */
	double result_j;     /* of those done, until they were: without the tail that may follow */
	double energy_j;
	uint64_t energy_tasks; /* whose energy is in the sum */
	/* Of those done; NULL where nobody wants it. Energy is the whole of apps and policies, and
	 * until they were done at sites and on platforms. */
	struct histogram *response_histogram, *energy_histogram;
};

/* Of what is reported over time: evenly spaced, from the start to the end. */
enum { SERIES_SAMPLES = 100 };

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
	uint64_t energy_tasks;		   /* whose energy is in the sums */
	bool grouped;			   /* somebody wants the groups */
	bool distributed;		   /* likewise some distribution of theirs */
	struct group *groups[GROUP_KINDS]; /* by the world's indices */
	uint32_t group_count[GROUP_KINDS];
	struct histogram *group_histograms[GROUP_KINDS]; /* two for each, where they are wanted */
	double *battery_j;	   /* left at the end, by class: sums over its handsets */
	double *life_s;		   /* likewise how long a charge lasts */
	double *level;		   /* likewise left at SERIES_SAMPLES + 1 times */
	struct examples *examples; /* NULL: nobody wants one */
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
	struct task_extras *free_extras;
	struct migration *migrations, *free_migrations;
	struct metrics *metrics;
	struct tracer *tracer;		/* NULL: nobody follows it */
	const struct handset *followed; /* one whose life is told, or NULL */
};

#endif
