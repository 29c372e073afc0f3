/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Offload policies: whether a task runs on the handset or at which site. One file policy_NAME.c
 * each. A policy sees what a handset can know when the task starts, and nothing of the future.
 */
#ifndef MODELS_POLICY_H
#define MODELS_POLICY_H

#include "models/app/app_graph.h"
#include "models/choice.h"
#include "models/radio/radio.h"
#include "sim/engine/stream.h"

enum { POLICY_SITES_MAX = 16 };
#define POLICY_LOCAL (-1)

/* A site that the handset's cell reaches. Rates are nominal: of unshared cells and links. */
struct policy_site {
	double hz;					 /* of one core of its fastest host */
	double vcpus;					 /* of all its guests */
	double one_way_s;				 /* propagation */
	double up_bps, down_bps;			 /* of the cell */
	double links_up_s_per_bit, links_down_s_per_bit; /* on the links behind it, together */
	uint32_t number; /* among the sites that any handset here may reach: its memory's */
};

/* What a learning policy remembers of one place; zero at the start of a run. Of POLICY_LOCAL it is
 * memory[0], of a site memory[1 + its number]. */
struct policy_memory {
	double cost; /* what it was found to cost */
	uint64_t tasks;
};

/* The state that a site and the way to it are in now, for policies with `sees_state`. */
struct policy_now {
	uint32_t up, down;	 /* transfers in the cell */
	double up_bps, down_bps; /* what it carries now, at least 1 */
	double radio_s;		 /* until the radio is ready to send */
	double cpu_s;		 /* work that the handset's CPU has before it */
	/* By site: cycles a second that one more task at the least loaded guest would get. */
	double site_hz[POLICY_SITES_MAX];
};

/* A task of stages, as drawn. Its edges lead from and to APP_HANDSET where the graph's do. */
struct policy_graph {
	unsigned stages, edges;
	uint32_t pinned; /* a bit for each stage */
	double cycles[APP_STAGES_MAX];
	struct policy_edge {
		uint8_t from, to;
		double bits;
	} edge[APP_EDGES_MAX];
};

/* What is known. */
struct policy_view {
	double cycles, input_bits, output_bits; /* of this task */
	double deadline_s;			/* of its app; 0: none */
	double handset_hz, compute_w, idle_w;	/* power while computing, while waiting */
	const struct radio *radio;
	const struct policy_site *sites; /* nearest first */
	int site_count;			 /* at least 1 */
	/* Tasks at each site now, for policies with `sees_load`: what a broker would tell. */
	uint32_t tasks_at[POLICY_SITES_MAX];
	struct policy_memory *memory; /* of this app on this handset, for policies with `observe` */
	const struct policy_now *now; /* for policies with `sees_state` */
	/* Of a task of stages, or NULL; cycles and bits are then its sums when all that may leave
	 * the handset do. */
	const struct policy_graph *graph;
};

/* How a task ended that the policy has sent somewhere. */
struct policy_outcome {
	double response_s; /* of a failed one ten times what the handset needs to compute it */
	double energy_j;   /* of the handset until then: without the tail that may follow */
};

struct policy_ops {
	struct key_variant choice;
	bool random;	    /* draws from the stream */
	bool sees_load;	    /* wants view->tasks_at */
	bool sees_state;    /* wants view->now */
	bool weighs_energy; /* what the radio draws may change what it chooses */
	/* POLICY_LOCAL, or the index of one of view->sites. */
	int (*choose)(const void *parameters, const struct policy_view *view, struct stream *st);
	/* The same for a task of stages, with *remote a bit for each stage that leaves the handset
	 * (all others stay; 0 with POLICY_LOCAL). NULL: all that may go where `choose` says. */
	int (*partition)(const void *parameters, const struct policy_view *view, uint32_t *remote);
	/* Learns from a task that has ended; NULL: it does not learn. */
	void (*observe)(const void *parameters, struct policy_memory *memory,
			const struct policy_outcome *outcome);
};

extern const struct policy_ops *const policy_models[]; /* ended by NULL */

/* Energy in J that a task is expected to cost on the handset, and at a site: Kumar and Lu,
 * IEEE Computer 43(4) 2010, Pc C/M and Pi C/S + Ptr D/B, with the radio's power at the nominal
 * rates as Ptr.
 */
double policy_local_j(const struct policy_view *v);
double policy_remote_j(const struct policy_view *v, int site);

/* The time in s that a task is expected to take on the handset and at a site: transfers at the
 * nominal rates, propagation, and computing, with nobody else there and the radio awake. */
double policy_local_s(const struct policy_view *v);
double policy_remote_s(const struct policy_view *v, int site);

static inline double policy_expected_s(const struct policy_view *v, int place)
{
	return place == POLICY_LOCAL ? policy_local_s(v) : policy_remote_s(v, place);
}

static inline double policy_expected_j(const struct policy_view *v, int place)
{
	return place == POLICY_LOCAL ? policy_local_j(v) : policy_remote_j(v, place);
}

/* The place that costs least: POLICY_LOCAL when that is among the least, else the nearest. */
int policy_least(const struct policy_view *v,
		 double (*cost)(const struct policy_view *v, int place, const void *ctx),
		 const void *ctx);

static inline struct policy_memory *policy_memory_of(const struct policy_view *v, int place)
{
	return &v->memory[place == POLICY_LOCAL ? 0 : 1 + v->sites[place].number];
}

#endif
