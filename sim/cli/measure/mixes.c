/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/measure/mixes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TASK_MAX = 4096, BLOCK_BYTES = 4096, PACKET_BYTES = 1500 };

const char *const mix_kind_names[MIX_KINDS] = {
#define MIX_NAME(id, name, limit, help) name,
	MIX_LIST(MIX_NAME)
#undef MIX_NAME
};

static const struct key mix_keys[] = {
#define MIX_KEY(id, word, limit, text)                                                             \
	{.name = word,                                                                             \
	 .type = KEY_INT,                                                                          \
	 .offset = offsetof(struct mix, count) + MIX_##id * sizeof(int64_t),                       \
	 .max = limit,                                                                             \
	 .def = "0",                                                                               \
	 .help = text},
	MIX_LIST(MIX_KEY)
#undef MIX_KEY
		{0},
};

/* Whether each member that the file has is a count, and the number that was read; if not, that was
 * told. */
static bool counts_are_read(const struct mix *mix, const struct json_doc *doc, const char *pointer)
{
	char at[600];
	int known = 0;
	for (int k = 0; k < MIX_KINDS; k++) {
		json_pointer_join(at, sizeof(at), pointer, mix_kind_names[k]);
		const cJSON *node = json_at(doc->root, at);
		known += node != NULL;
		if (node && !(cJSON_IsNumber(node) && mix->count[k] >= 0 &&
			      node->valuedouble == (double)mix->count[k]))
			return false;
	}
	return known == cJSON_GetArraySize(json_at(doc->root, pointer));
}

static void check_mix(void *object, const struct json_doc *doc, const char *pointer,
		      struct diag_list *diags)
{
	const struct mix *mix = object;
	int64_t all = 0;
	char at[600];
	if (!counts_are_read(mix, doc, pointer))
		return;
	for (int k = 0; k < MIX_KINDS; k++)
		all += mix->count[k];
	if (all < 1 || all > TASK_MAX)
		json_doc_error(doc, diags, pointer,
			       "a task must have 1 to %d operations in all (got %lld)", TASK_MAX,
			       (long long)all);
	json_pointer_join(at, sizeof(at), pointer, "page_release");
	if (mix->count[MIX_PAGE_RELEASE] > mix->count[MIX_PAGE_TOUCH])
		json_doc_error(doc, diags, at,
			       "a task can give back only pages that it touches: at most %lld",
			       (long long)mix->count[MIX_PAGE_TOUCH]);
}

static const struct key_object mix_object = {.name = "mix",
					     .keys = mix_keys,
					     .size = sizeof(struct mix),
					     .help = "the operations of one task",
					     .check = check_mix};

static const struct key mixes_keys[] = {
	{.name = "description",
	 .type = KEY_STRING,
	 .offset = offsetof(struct mixes, description),
	 .def = "\"\"",
	 .help = "one sentence"},
	{.name = "seed",
	 .type = KEY_SEED,
	 .offset = offsetof(struct mixes, seed),
	 .def = "\"1\"",
	 .help = "of the order in which a task's operations come"},
	{.name = "mixes",
	 .type = KEY_MAP,
	 .offset = offsetof(struct mixes, list),
	 .object = &mix_object,
	 .min_items = 1,
	 .help = "tasks by name"},
	{0},
};
const struct key_object mixes_object = {
	.name = "mixes",
	.keys = mixes_keys,
	.size = sizeof(struct mixes),
	.help = "task mixes that `mcvsim validate` runs and predicts"};

int mixes_load(struct mixes *mixes, const char *path, struct arena *arena, struct diag_list *diags,
	       struct err *e)
{
	struct json_doc doc;
	int code = json_doc_load(&doc, path, diags, e);
	if (code)
		return code;
	code = keys_parse(&mixes_object, &doc, "", mixes, arena, diags);
	json_doc_free(&doc);
	return code;
}

/* ---- at random */

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A count from 1 to `most`, evenly on a logarithmic scale, or with probability 1 - p none. */
static int64_t draw(uint64_t *state, double p, double most)
{
	double present = (double)(next(state) >> 11) * 0x1p-53;
	double size = (double)(next(state) >> 11) * 0x1p-53;
	return present < p ? (int64_t)floor(pow(most + 1, size)) : 0;
}

int mixes_random(struct mixes *mixes, size_t count, uint64_t seed, struct arena *arena)
{
	/* Blocks written are few: a guest that writes one by registers may leave 4096 times. */
	static const double most[MIX_KINDS] = {1500, 200, 60, 60, 20, 2, 40};
	uint64_t state = seed;
	struct mix *list = arena_array(arena, count, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	for (size_t i = 0; i < count; i++) {
		char name[40];
		snprintf(name, sizeof(name), "random-%zu", i + 1);
		list[i].name = arena_strdup(arena, name);
		if (!list[i].name)
			return ERR_NOMEM;
		for (int k = 0; k < MIX_KINDS; k++)
			list[i].count[k] = draw(&state, k == MIX_COMPUTE ? 0.9 : 0.6, most[k]);
		if (list[i].count[MIX_PAGE_RELEASE] > list[i].count[MIX_PAGE_TOUCH])
			list[i].count[MIX_PAGE_RELEASE] = list[i].count[MIX_PAGE_TOUCH];
		list[i].count[MIX_SYSCALL]++; /* no task is empty */
	}
	*mixes = (struct mixes){.description = "drawn at random",
				.seed = seed,
				.list = {.count = count, .items = list}};
	return 0;
}

void mix_load(const struct mix *mix, double compute_ns, struct op_load *load)
{
	static const enum op ops[MIX_KINDS] = {OP_CPU,		OP_SYSCALL,  OP_PAGE_TOUCH,
					       OP_PAGE_RELEASE, OP_BLK_READ, OP_BLK_WRITE,
					       OP_NET_TX};
	*load = (struct op_load){.compute_ns = compute_ns * (double)mix->count[MIX_COMPUTE]};
	for (int k = MIX_SYSCALL; k < MIX_KINDS; k++)
		load->count[ops[k]] = (double)mix->count[k];
	load->bytes[OP_BLK_READ] = BLOCK_BYTES * load->count[OP_BLK_READ];
	load->bytes[OP_BLK_WRITE] = BLOCK_BYTES * load->count[OP_BLK_WRITE];
	load->bytes[OP_NET_TX] = PACKET_BYTES * load->count[OP_NET_TX];
}
