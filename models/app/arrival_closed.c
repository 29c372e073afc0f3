/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Closed arrivals: each user of a handset thinks, starts a task, waits until it has ended (well or
 * not), and thinks again: { "closed": "5 s" }. The load follows what the system can bear. */
#include "models/app/arrival.h"
#include "models/dist.h"

struct closed {
	const cJSON *think_json;
	int64_t users;
	struct dist think; /* seconds */
};

static const struct key keys[] = {
	{.name = "think",
	 .type = KEY_ANY,
	 .offset = offsetof(struct closed, think_json),
	 .variants = dist_times,
	 .unit = UNIT_TIME,
	 .help = "time from the end of a task to the next one: a time or a distribution"},
	{.name = "users",
	 .type = KEY_INT,
	 .offset = offsetof(struct closed, users),
	 .min = 1,
	 .max = 10000,
	 .def = "1",
	 .help = "how many do so on each handset"},
	{0},
};
static const struct key_object object = {
	.name = "arrivals_closed",
	.keys = keys,
	.size = sizeof(struct closed),
	.help = "a task, then time to think, then the next one",
};

static int finish(void *parameters, const struct json_doc *doc, const char *pointer,
		  struct arena *arena, struct diag_list *diags)
{
	struct closed *p = parameters;
	char at[700];
	json_pointer_join(at, sizeof(at), pointer, "think");
	int code = dist_read(&p->think, UNIT_TIME, 1e9, doc, at, arena, diags);
	if (code == 0 && p->think.mean < 1e-6) {
		json_doc_error(doc, diags, at, "must be at least 1 us on average");
		return ERR_INVALID;
	}
	return code;
}

static sim_time next(const void *parameters, struct arrival_state *state, struct stream *st,
		     sim_time now, bool first)
{
	const struct closed *p = parameters;
	(void)state;
	(void)first;
	return arrival_after(now, dist_draw(&p->think, st));
}

static uint32_t users(const void *parameters)
{
	return (uint32_t)((const struct closed *)parameters)->users;
}

static double rate(const void *parameters)
{
	const struct closed *p = parameters;
	return (double)p->users / p->think.mean;
}

const struct arrival_ops arrival_closed_ops = {
	.choice = {.name = "closed",
		   .help = "a task, then time to think, then the next one",
		   .parameters = &object,
		   .main_key = "think",
		   .finish = finish},
	.closed = true,
	.users = users,
	.next = next,
	.rate = rate,
};
