/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For the tests of how handsets move: a mobility model without a world, and who walks by it.
 */
#ifndef TESTS_MODELS_WALKER_SUPPORT_H
#define TESTS_MODELS_WALKER_SUPPORT_H

#include "models/mobility/mobility.h"
#include "tests/models/world_support.h"

struct model {
	struct json_doc doc;
	struct arena arena;
	const struct mobility_ops *ops;
	const void *parameters;
};

/* Reads the model, as a class of handsets has it. Ends with close_model. */
static inline void open_model(struct model *m, const char *text)
{
	struct diag_list diags = {0};
	struct err e = {0};
	const struct key_variant *chosen = NULL;
	char *whole = study("{\"m\":%s}", text);
	*m = (struct model){0};
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&m->doc, "m", whole, strlen(whole), &diags, &e), 0);
	int code = choice_read((choice_table)mobility_models, "mobility model", &m->doc, "/m",
			       &m->arena, &diags, &chosen, &m->parameters);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	CU_ASSERT_EQUAL_FATAL(code, 0);
	m->ops = (const struct mobility_ops *)(const void *)chosen;
	diag_free(&diags);
	free(whole);
}

static inline void close_model(struct model *m)
{
	json_doc_free(&m->doc);
	arena_free(&m->arena);
}

struct walker {
	struct stream st;
	struct mobility_state state;
	struct leg leg;
};

/* Puts the walker of that number where its path begins. */
static inline void set_out(const struct model *m, struct walker *w, uint32_t number)
{
	struct stream_key key = {.seed = 7};
	*w = (struct walker){.state.number = number};
	stream_init(&w->st, &key, number, stream_name("mobility"));
	m->ops->start(m->parameters, &w->state, &w->st, &w->leg);
}

/* Onto the leg of that time, which must not go back. */
static inline void walk_to(const struct model *m, struct walker *w, sim_time at)
{
	while (w->leg.until <= at)
		m->ops->next(m->parameters, &w->state, &w->st, &w->leg);
}

/* Where it is, on its leg. */
static inline double x_at(const struct walker *w, sim_time at)
{
	return w->leg.x + w->leg.vx * sim_to_seconds(at - w->leg.from);
}

static inline double y_at(const struct walker *w, sim_time at)
{
	return w->leg.y + w->leg.vy * sim_to_seconds(at - w->leg.from);
}

#endif
