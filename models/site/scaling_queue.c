/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As many guests as give each a number of tasks: { "queue": 2 }. Tasks that pile up while guests
 * start ask for more of them than will have work, and those are stopped when it is done: without
 * `stabilization` that is a cycle of its own that never ends. */
#include "models/site/scaling.h"

#include <math.h>

struct queue {
	struct scaling_pace pace; /* first */
	double tasks;
};

static const struct key keys[] = {
	{.name = "tasks",
	 .type = KEY_NUMBER,
	 .offset = offsetof(struct queue, tasks),
	 .min = 1e-3,
	 .max = 1e6,
	 .help = "for each guest"},
	SCALING_PACE_KEYS,
	{0},
};
static const struct key_object object = {
	.name = "scaling_queue",
	.keys = keys,
	.size = sizeof(struct queue),
	.help = "guests in proportion to the tasks that are there",
};

static uint32_t wanted(const void *parameters, const struct scaling_view *v)
{
	return (uint32_t)fmin(ceil(v->tasks / ((const struct queue *)parameters)->tasks), 1e9);
}

/* When guests are many, a task has a virtual CPU of its own: as many tasks are there as virtual
 * CPUs are needed, and they ask for that number by `tasks`. */
static const char *doubt(const void *parameters, uint32_t vcpus)
{
	if (((const struct queue *)parameters)->tasks <= vcpus)
		return NULL;
	return "asks for more tasks on a guest than it has virtual CPUs: where guests are enough "
	       "few tasks are there, which want fewer guests than the load needs, and so their "
	       "number swings for ever; take a number up to \"vcpus\", or \"utilization\"";
}

const struct scaling_ops scaling_queue_ops = {
	.choice = {.name = "queue",
		   .help = "guests in proportion to the tasks that are there",
		   .parameters = &object,
		   .main_key = "tasks"},
	.interval = look_interval_of,
	.wanted = wanted,
	.doubt = doubt,
};
