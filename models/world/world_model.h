/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A built world: the document's names become indices, its quantities integers of nanoseconds, its
 * platforms sums. Private to world_*.c and run_*.c; nothing in it changes after world_new.
 */
#ifndef MODELS_WORLD_MODEL_H
#define MODELS_WORLD_MODEL_H

#include "models/app/app_graph.h"
#include "models/app/arrival.h"
#include "models/site/balance.h"
#include "models/site/migration.h"
#include "models/site/packing.h"
#include "models/site/scheduler.h"
#include "models/handset/governor.h"
#include "models/mobility/coverage.h"
#include "models/site/placement.h"
#include "models/platform/platform.h"
#include "models/policy/policy.h"
#include "models/radio/capacity.h"
#include "models/radio/loss.h"
#include "models/radio/radio.h"
#include "models/site/scaling.h"
#include "models/world/world.h"
#include "sim/engine/sim.h"

/* What a part of a task's cost is proportional to. */
enum price_driver {
	DRIVER_COMPUTE, /* nanoseconds of native computing */
	DRIVER_INPUT,	/* bytes of input, relative to the app's mean */
	DRIVER_OUTPUT,	/* bytes of output, relative to the app's mean */
	DRIVER_COUNT,	/* and following: the counts of app->varying, relative to their means */
};

enum { PRICE_SLOPES = 64, PRICE_NOTICES = 8 };

/* What a task of one app costs on one kind of host: a constant part, and slopes over what differs
 * from task to task. When nothing differs there are no slopes, and the sums are those of
 * platform_cost. */
struct price {
	int64_t site_ns[SITE_COUNT]; /* constant; computing included when it does not vary */
	int64_t cause_ns[CAUSE_COUNT];
	int64_t part_ns[SITE_COUNT][CAUSE_COUNT]; /* the same by both, disk included */
	bool compute_varies;
	unsigned notices;
	/* Waking the backend, and being told: constant, too, but where the backend is busy spent
	 * only in part. */
	struct price_notice {
		uint8_t site, cause;
		float spared; /* of it, where the backend is busy: 1, or of interrupts less */
		int64_t ns;
	} notice[PRICE_NOTICES];
	unsigned slopes;
	struct price_slope {
		uint8_t driver, site, cause;
		float spared; /* as in a notice; 0: not one */
		double ns;    /* per unit of the driver */
	} slope[PRICE_SLOPES];
};

struct source { /* an app on the handsets of a class */
	const struct app *app;
	uint32_t app_index;   /* in world->apps, for prices */
	uint32_t first_stage; /* of an app that is a graph: of its stages likewise */
	const struct arrival_ops *arrival;
	const void *arrival_parameters;
	uint64_t entity; /* stream_name of class and app; plus the handset's number in its class */
};

struct class
{
	const char *name;
	uint32_t count;
	struct cpu cpu;
	double idle_w; /* shared by the tasks that are out; always drawn */
	double base_w; /* always drawn, no task's */
	double battery_j;
	const struct radio *radio;
	uint32_t
		cell; /* in world->cells; of those that move one of those that they may come into */
	const struct mobility_ops *mobility;
	const void *mobility_parameters;
	uint64_t mobility_entity; /* stream_name; plus the handset's number in its class */
	struct coverage coverage; /* of those that move: the cells that they may come into */
	const struct policy_ops *policy;
	const void *policy_parameters;
	uint32_t policy_index; /* in world->policies */
	struct source *sources;
	uint32_t source_count;
};

/* A site as a cell reaches it. */
struct reach {
	uint32_t site;	     /* in world->sites */
	sim_time one_way_ns; /* half the cell's mean round trip, the links' delays, the site's */
	uint32_t *links;     /* in world->links, from the cell on */
	uint32_t link_count;
};

struct cell {
	const char *name;
	double up_bps, down_bps;
	struct reach *reaches; /* at least one; the first is what "remote" means */
	uint32_t reach_count;
	struct policy_site *policy_sites;    /* the same for policies */
	uint32_t region, slot;		     /* slot: among the cells of its region */
	struct dist rtt;		     /* s */
	const struct capacity_ops *capacity; /* NULL: what it carries never changes */
	const void *capacity_parameters;
	const struct loss_ops *loss; /* NULL: nothing is lost */
	const void *loss_parameters;
	bool placed;	     /* it has a position */
	double x, y, radius; /* m; radius may be infinite */
};

#define HANDOVER_TASKS_LIST(X)                                                                     \
	X(FORWARD,                                                                                 \
	  "forward")	/* end where they are; what goes there and comes back is forwarded */      \
	X(REDO, "redo") /* start again at the new cell's site */                                   \
	X(MIGRATE, "migrate") /* their guest migrates to the new cell's site; else as FORWARD */
enum handover_tasks {
#define HANDOVER_TASKS_ENUM(id, name) HANDOVER_##id,
	HANDOVER_TASKS_LIST(HANDOVER_TASKS_ENUM)
#undef HANDOVER_TASKS_ENUM
};

struct handover {
	sim_time interruption_ns, ping_pong_ns;
	enum handover_tasks tasks; /* in flight, when the new cell does not reach their site */
	bool fail;		   /* transfers that have no cell fail instead of waiting for one */
	uint32_t *links;	   /* in world->links: what is forwarded passes them */
	uint32_t link_count;
	sim_time delay_ns; /* of those links */
};

/* When a host or a link fails, and for how long. */
struct failure_plan {
	struct dist up_s, repair_s; /* mean 0: not at random */
	struct outage {
		sim_time at, lasts;
		uint32_t number; /* of the host among those of its kind */
	} * outages;
	uint32_t outage_count;
};

struct link { /* between cells and sites; each direction is shared evenly */
	const char *name;
	double up_bps, down_bps;
	sim_time delay_ns;
	const struct failure_plan *failures; /* or NULL */
	bool loses;			     /* what passes when it fails */
	bool used;			     /* it is in a region */
	uint32_t slot;			     /* among the links of its region */
};

#define GUEST_START_LIST(X)                                                                        \
	X(BOOT, "boot")	      /* reads its image, boots */                                         \
	X(RESTORE, "restore") /* reads its working set, goes on from a snapshot */
enum guest_start {
#define GUEST_START_ENUM(id, name) GUEST_START_##id,
	GUEST_START_LIST(GUEST_START_ENUM)
#undef GUEST_START_ENUM
};

/* How the guests of a kind of host come and go. */
struct guest_plan {
	uint32_t warm; /* on each host: they run from the start and are never stopped */
	sim_time keep_alive_ns;
	int64_t start_ns[SITE_COUNT]; /* boot or restore, without the disk */
	double start_bytes;	      /* read from the disk */
	double guest_bytes;	      /* of the guest's own memory, in use */
	double each_bytes;	      /* of the host's memory, what the platform takes included */
	double used_bytes;	      /* of those in use */
};

enum { HOST_POWER_POINTS = 11 };

struct host_kind {
	const char *name;
	uint32_t count, cores, guests, vcpus, root_vcpus;
	double hz, idle_w, busy_w;
	const struct platform *platform;
	uint32_t platform_index; /* in world->platforms */
	struct price *prices;	 /* by app */
	bool has_backend;	 /* some price has a part at the backend */
	struct guest_plan plan;
	double memory_bytes, overcommit, disk_bytes_per_s;
	sim_time disk_ns;		    /* one block request */
	double off_w;			    /* with no guest running */
	double points_w[HOST_POWER_POINTS]; /* by load, in tenths; when metered */
	bool metered;			    /* power does not follow from the mean load alone */
	double *pages;			    /* by app: that a task uses */
	const struct scheduler_ops *scheduler;
	const void *scheduler_parameters;
	const double *weights, *caps; /* of its guests in turn, where the scheduler weighs */
	uint32_t weight_count, cap_count;
	bool careful;	/* another scheduler than sharing, or guests that migrate: run_host.h */
	double nic_bps; /* each way; 0: without limit */
	const struct failure_plan *failures; /* or NULL */
};

/* Between two sites. */
struct site_path {
	uint32_t site;	 /* in world->sites */
	uint32_t *links; /* in world->links, from the one site to the other */
	uint32_t link_count;
	sim_time delay_ns;
};

/* "At this time a guest of that host goes to another." */
struct migration_order {
	sim_time at;
	uint32_t from_host, guest; /* of the site; among those that run on the host */
	uint32_t to_site, to_host;
};

struct migration_plan {
	const struct migration_ops *method;
	const void *parameters;
	double dirty_bytes_per_s, dirty_set_bytes; /* set < 0: all of the memory */
	double bytes_per_s;			   /* the most that one migration takes */
	double copy_ns_per_byte;		   /* of CPU time, at each end */
	sim_time setup_ns, resume_ns;
	struct site_path *paths;
	uint32_t path_count;
	struct migration_order *orders;
	uint32_t order_count;
	const struct balance_ops *balance;
	const void *balance_parameters;
};

struct site {
	const char *name;
	struct host_kind *kinds;
	uint32_t kind_count;
	uint32_t guest_count; /* of all hosts */
	uint32_t vcpu_count;  /* of all guests */
	double hz;	      /* of the fastest host: what a policy takes the site for */
	sim_time delay_ns;
	uint32_t slot; /* among the sites of its region */
	const struct placement_ops *placement;
	const void *placement_parameters;
	const struct scaling_ops *scaling;
	const void *scaling_parameters;
	const struct packing_ops *packing;
	bool dedicated;			  /* guests to apps */
	bool dynamic;			  /* guests come and go, migrate, or hosts fail */
	struct migration_plan *migration; /* NULL: no guest of it migrates by itself */
	bool migrates;			  /* guests leave it or come to it */
};

/* What is connected: sites, and the cells and links that lead to them. Regions have nothing to do
 * with each other, so a run takes them one after the other. Lists of indices into the world's, in
 * their order. */
struct region {
	uint32_t *sites, *cells, *classes, *links;
	uint32_t site_count, cell_count, class_count, link_count;
};

struct world {
	struct arena arena;
	sim_time duration, warmup;
	struct class *classes;
	struct cell *cells;
	struct site *sites;
	struct link *links;
	struct region *regions;
	struct handover handover;
	/* Each app that some class runs, once; then the stages of those that are graphs. Prices
	 * are by place in this list. */
	const struct app **apps;
	unsigned *given;	/* by app: what arrivals give its tasks (enum arrival_gives) */
	const char **policies;	/* likewise the names of their policies */
	const char **platforms; /* and of the platforms of their hosts */
	uint32_t policy_count, platform_count;
	uint32_t class_count, cell_count, site_count, link_count, region_count, app_count;
	uint32_t price_count; /* apps and stages */
	uint64_t handset_count, moving_count;
};

#endif
