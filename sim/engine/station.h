/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stations: where jobs wait for and share capacity. A cell's downlink, the cores of a host, a
 * device model's thread are each a station with a discipline. Models put a struct station_job into
 * their own structs, submit it with a demand and are called back when it is served; no job
 * allocates anything.
 *
 * Demand and rate are in the model's unit of work (cycles and Hz, bits and bit/s, seconds and 1): a
 * job that has a server to itself takes demand / rate seconds. What a job has received is kept as a
 * difference of the station's own running clock (clock.h), so that any number of rate changes,
 * arrivals and preemptions in mid-service adds no error; a completion is rounded to the nearest
 * nanosecond of sim_time, without carrying the rounding over to the next job.
 *
 * Not here: routing, finite buffers, reneging - a model submits, cancels and counts as it likes.
 */
#ifndef SIM_ENGINE_STATION_H
#define SIM_ENGINE_STATION_H

#include "sim/engine/clock.h"
#include "sim/engine/pairing.h"
#include "sim/engine/sim.h"
#include "sim/engine/stats.h"

struct station;
struct station_job;

/* The job has received its demand and is no longer at the station: it may be submitted again, here
 * or elsewhere, from inside the callback, or freed. */
typedef void station_done(struct sim *s, struct station_job *job);

/* A job. Zero-initialise, then set the public fields before station_submit; they must not change
 * while the job is at a station. It must stay where it is in memory until then, too. */
struct station_job {
	station_done *done;
	void *ctx;	  /* for the callback */
	int32_t priority; /* station_priority: the lowest number is served first */
	float weight;	  /* station_shares: its share, > 0; 0 stands for 1 */
	double cap; /* station_shares: the most servers it can use (2.0: two); 0 for no limit */

	/* private */
	struct station *station; /* NULL: at no station */
	double work;		 /* not yet received, when it last went out of service */
	double finish;		 /* the clock's reading at which it is done, while in service */
	uint64_t arrival;	 /* order of arrival at the station */
	struct pairing_node by_finish; /* in service */
	union {
		struct pairing_node
			by_rank; /* by priority, or by the share at which it is capped */
		struct {
			struct station_job *next, *prev; /* in a waiting line */
		};
	};
	int state; /* of its discipline */
};

/* A discipline. st->clock has been advanced to now when one of these is called; each leaves
 * st->event armed for the next completion. */
struct station_ops {
	const char *name;
	void (*arrive)(struct station *st, struct station_job *job); /* job->work is set */
	void (*leave)(struct station *st, struct station_job *job);  /* sets job->work */
	double (*remaining)(const struct station *st, const struct station_job *job);
	void (*rate_changed)(struct station *st);
};

/* First come first served, any number of servers. */
extern const struct station_ops station_fifo;

/* By job->priority, first come first served among equals; preemptive (resuming where the job was
 * stopped, at the head of its class) when the configuration says so. */
extern const struct station_ops station_priority;

/* Processor sharing, egalitarian: n jobs on c servers get min(1, c / n) of a server's rate each, at
 * O(log n) per event. */
extern const struct station_ops station_ps;

/* Weighted processor sharing of all servers, with a cap per job (water filling: what the capped
 * cannot use goes to the others in proportion to their weights). A cap is a number of servers, so a
 * change of rate scales capped jobs too. O(log n) per event and per job that meets or leaves its
 * cap. */
extern const struct station_ops station_shares;

/* Round robin with a slice and a cost of switching to another job than the last. One event per
 * slice; the slice of a job that is alone goes on. As the slice goes to 0 it tends to station_ps.
 */
extern const struct station_ops station_round_robin;

struct station_config {
	const struct station_ops *ops;
	uint32_t servers;     /* 0 stands for 1 */
	double rate;	      /* work per second of one server, >= 0 */
	bool preemptive;      /* station_priority */
	sim_time slice;	      /* station_round_robin: > 0 */
	sim_time switch_cost; /* station_round_robin: >= 0 */
};

struct station {
	/* read-only for models */
	struct sim *sim;
	const struct station_ops *ops;
	uint32_t servers;
	double rate;
	uint64_t arrived, completed, cancelled, preempted;
	uint32_t present;	  /* jobs waiting or in service */
	struct time_average busy; /* servers in use; shares: capacity in use, in servers */
	struct time_average jobs; /* jobs present */

	/* private */
	struct work_clock
		clock;	 /* what one job in service receives; the discipline sets its speed */
	sim_event event; /* the next completion */
	uint64_t sequence;
	uint32_t serving;
	bool preemptive;
	pairing_heap in_service,
		ranked;		     /* by completion; priority: the worst first; shares: by cap */
	pairing_heap waiting_ranked; /* priority: the best first */
	struct station_job *head, *tail; /* fifo, round robin: the waiting line */
	union {
		struct { /* shares: jobs at their cap, and the sums of both kinds */
			struct work_clock capped_clock;
			pairing_heap capped, capped_ranked;
			struct compensated capped_servers, weight;
			uint32_t weighted;
			bool next_capped; /* the next completion is of a job at its cap */
		} shares;
		struct {
			sim_time slice, switch_cost;
			sim_time stopped; /* since when the rate is 0, while it is */
			struct round_robin_server *server; /* `servers` of them */
		} round_robin;
	};
};

/* Makes a station at `s`. The struct must stay where it is until station_fini. Returns 0, or
 * ERR_INVALID for a configuration that makes no sense, or ERR_NOMEM, with *e filled. */
int station_init(struct station *st, struct sim *s, const struct station_config *config,
		 struct err *e);

/* Forgets the jobs that are still there (they are not called back) and frees what it owns. */
void station_fini(struct station *st);

/* Brings a job that needs `demand` >= 0 units of work. A demand of 0 is done at this time, but not
 * before this call returns. A demand that is negative or not finite fails the run (sim_fail). */
void station_submit(struct station *st, struct station_job *job, double demand);

/* Takes a job back, waiting or in service, and returns the work it still needed. The job must be at
 * a station (station_job_present). */
double station_cancel(struct station_job *job);

static inline bool station_job_present(const struct station_job *job)
{
	return job->station != NULL;
}

/* The work it still needs, now. */
double station_remaining(const struct station_job *job);

/* Changes the rate of each server from now on, for jobs in service too; 0 stops them. One that is
 * negative or not finite fails the run. */
void station_set_rate(struct station *st, double rate);

/* Forgets the counts and averages: the end of a warm-up. Jobs are not touched. */
void station_reset_statistics(struct station *st);

/* Share of the servers in use since the start or the last reset, in 0..1. */
double station_utilization(const struct station *st);

/* Mean number of jobs present, waiting or in service. */
double station_mean_jobs(const struct station *st);

#endif
