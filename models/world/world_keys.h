/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The world's part of a study document: the key tables, and the structs that they fill. The tables
 * are for whoever composes studies and makes schemas; the structs are private to the world.
 */
#ifndef MODELS_WORLD_KEYS_H
#define MODELS_WORLD_KEYS_H

#include "models/app/app.h"
#include "models/handset/governor.h"
#include "models/platform/platform_keys.h"
#include "sim/base/keys.h"

/* Rows and objects of these tables. */
#define WORLD_KEY(of, word, kind, field, ...)                                                      \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(of, field), __VA_ARGS__             \
	}
#define WORLD_OBJECT(id, of, text)                                                                 \
	{                                                                                          \
		.name = #id, .keys = id##_keys, .size = sizeof(of), .help = text                   \
	}

struct class_app_file {
	const char *name;      /* the app's, in the library */
	const cJSON *arrivals; /* a choice of arrival_models */
};

struct class_file {
	const char *name;
	int64_t count;
	struct class_cpu_file {
		double hz, compute_w, idle_w;
		struct key_list levels; /* struct cpu_level, beside the one above */
		const cJSON *governor;	/* a choice of governor_models */
	} cpu;
	double battery_j, base_w;
	struct key_ref radio;
	struct key_list apps;  /* struct class_app_file */
	const cJSON *policy;   /* a choice of policy_models */
	const cJSON *mobility; /* a choice of mobility_models */
	const char *cell;      /* or NULL: they move */
};

struct reach_file {
	const char *name; /* the site's */
	struct key_list via;
};

struct position_file {
	double x, y, radius_m; /* 0: any distance */
};

struct cell_file {
	const char *name;
	double down_bps, up_bps;
	const cJSON *rtt;		      /* a time or a distribution */
	const cJSON *capacity;		      /* a choice of capacity_models, or NULL */
	const cJSON *loss;		      /* a choice of loss_models, or NULL */
	const char *site;		      /* or NULL */
	struct key_list reaches;	      /* struct reach_file; when there is no site */
	const struct position_file *position; /* or NULL */
};

struct handover_file {
	double interruption_s, hysteresis_db, exponent, ping_pong_s;
	int tasks;     /* enum handover_tasks */
	int uncovered; /* 0: wait, 1: fail */
	struct key_list via;
};

struct outage_file {
	double at_s, for_s;
	int64_t number;
};

struct failures_file {
	const cJSON *up, *repair; /* times or distributions; both or none */
	struct key_list schedule; /* struct outage_file */
};

enum link_when_down { LINK_WAITS, LINK_FAILS };

struct link_file {
	const char *name;
	double down_bps, up_bps, delay_s;
	struct failures_file *failures; /* or NULL */
	int when_down;			/* enum link_when_down */
};

struct guests_file {
	int64_t count, room, vcpus, warm;
	double memory_bytes, used_bytes, image_bytes, working_set_bytes, keep_alive_s;
	int start;		       /* enum guest_start */
	struct key_list weights, caps; /* double */
};

struct order_file {
	double at_s;
	const char *from, *to;
	int64_t guest;
};

struct migration_file {
	const cJSON *method; /* a choice of migration_models */
	double dirty_bps, dirty_set_bytes, rate_bps, setup_s, resume_s, page_s;
	struct key_list to;	  /* struct reach_file */
	struct key_list schedule; /* struct order_file */
	const cJSON *balance;	  /* a choice of balance_models */
};

struct host_file {
	const char *name;
	int64_t count, cores, root_vcpus;
	double hz, memory_bytes, overcommit, disk_latency_s, disk_bytes_per_s;
	struct power_file {
		double idle_w, busy_w, off_w;
		struct key_list points; /* const char * */
	} power;
	struct key_ref platform;
	const cJSON *scheduler; /* a choice of scheduler_models */
	double nic_bps;
	struct failures_file *failures; /* or NULL */
	struct guests_file guests;
};

struct site_file {
	const char *name;
	double delay_s;
	struct key_list hosts;	/* struct host_file */
	const cJSON *placement; /* a choice of placement_models */
	const cJSON *scaling;	/* a choice of scaling_models */
	const cJSON *packing;	/* a choice of packing_models */
	bool dedicated;
	struct migration_file *migration; /* or NULL */
};

struct radio_file {
	const char *name, *description;
	const cJSON *model; /* a choice of radio_models */
	struct key_list sources;
};

struct override_file {
	const char *name;
	double scale;
	const char *value;
};

struct world_file {
	double duration_s, warmup_s;
	const char *profile;
	struct key_list overrides; /* struct override_file */
	struct key_list handsets;  /* struct class_file */
	struct key_list cells;	   /* struct cell_file */
	struct key_list links;	   /* struct link_file */
	struct handover_file handover;
	struct key_list traces;	   /* struct trace_file */
	struct key_list sites;	   /* struct site_file */
	struct key_list radios;	   /* struct radio_file */
	struct key_list platforms; /* struct platform_file */
	struct key_list apps;	   /* struct app_file */
};

extern const struct key_object world_object;
extern const struct key_object world_class_object;
extern const struct key_object radio_object;
extern const struct key_object guests_object;
extern const struct key_object reach_object;
extern const struct key_object migration_object;
extern const struct key_object failures_object;
extern const struct key_object position_object;
extern const struct key_object handover_object;

#endif
