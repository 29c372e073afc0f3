/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/platform.h"

#include "models/platform/platform_keys.h"
#include "models/platform/platform_terms.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name, *help;
} axis_texts[] = {
#define AXIS_TEXT(id, name, help) {name, help},
	PLATFORM_AXIS_LIST(AXIS_TEXT)
#undef AXIS_TEXT
};

static const char *const placements[] = {"bare-metal", "hosted", "hybrid", "none", NULL};
static const char *const guests[] = {"unmodified", "pv-drivers", "pv-kernel", "none", NULL};
static const char *const cpus[] = {"native",	"hardware", "deprivileged", "binary-translation",
				   "emulation", NULL};
static const char *const mmus[] = {"host", "nested", "shadow", "direct-pv", NULL};
static const char *const ios[] = {"native", "emulated", "paravirtual", "passthrough", NULL};
static const char *const backends[] = {"hypervisor", "root-partition", "host-kernel",
				       "host-user",  "none",	       NULL};
static const char *const *const axis_values[AXIS_COUNT] = {placements, guests, cpus,
							   mmus,       ios,    backends};

const char *const platform_site_names[] = {"guest", "backend", "wait", NULL};
const char *const platform_per_names[] = {"op",	    "byte",    "sector", "page",
					  "second", "compute", NULL};
const char *const cause_names[] = {
#define CAUSE_NAME(id, name) name,
	CAUSE_LIST(CAUSE_NAME)
#undef CAUSE_NAME
		NULL,
};

const char *platform_axis_name(enum platform_axis axis)
{
	return axis_texts[axis].name;
}

const char *platform_axis_help(enum platform_axis axis)
{
	return axis_texts[axis].help;
}

const char *const *platform_axis_values(enum platform_axis axis)
{
	return axis_values[axis];
}

/* ---- The file */

static const struct key axes_keys[] = {
#define AXIS_KEY(id, word, text, values)                                                           \
	{                                                                                          \
		.name = word, .type = KEY_ENUM, .offset = AXIS_##id * sizeof(int),                 \
		.choices = values, .help = text                                                    \
	}
	AXIS_KEY(PLACEMENT, "placement", "what the hypervisor runs on", placements),
	AXIS_KEY(GUEST, "guest", "what the guest's kernel knows of it", guests),
	AXIS_KEY(CPU, "cpu", "how the guest's instructions run", cpus),
	AXIS_KEY(MMU, "mmu", "how the guest's addresses become the machine's", mmus),
	AXIS_KEY(IO, "io", "what the guest's devices are", ios),
	AXIS_KEY(BACKEND, "backend", "where the device model runs", backends),
	{0},
};
static const struct key_object axes_object = {
	.name = "platform_axes",
	.keys = axes_keys,
	.size = sizeof(int[AXIS_COUNT]),
	.help = "one choice on each of six independent axes",
};

#define TERM_KEY(word, kind, field, ...)                                                           \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct platform_file_term, field),  \
		__VA_ARGS__                                                                        \
	}
static const struct key term_keys[] = {
	TERM_KEY("n", KEY_NUMBER, n, .min = 0, .max = 1e9, .def = "1", .help = "how many times"),
	TERM_KEY("per", KEY_ENUM, per, .choices = platform_per_names, .def = "\"op\"",
		 .help = "for each of what"),
	TERM_KEY("primitive", KEY_STRING, primitive,
		 .help = "what is spent: a primitive of the profile"),
	TERM_KEY("times", KEY_STRING, times, .optional = true,
		 .help = "a slowdown of the profile that multiplies it"),
	TERM_KEY("site", KEY_ENUM, site, .choices = platform_site_names, .def = "\"guest\"",
		 .help = "where it is spent"),
	TERM_KEY("cause", KEY_ENUM, cause, .choices = cause_names,
		 .help = "what it is counted as in the breakdown"),
	TERM_KEY("notify", KEY_BOOL, notify, .def = "false",
		 .help = "spent only when the backend is idle"),
	TERM_KEY("completion", KEY_BOOL, completion, .def = "false",
		 .help = "an interrupt that one for several completions may stand for when the "
			 "backend is busy"),
	TERM_KEY("why", KEY_STRING, why, .help = "one phrase for whoever reads the sum"),
	{0},
};
static const struct key_object term_object = {
	.name = "platform_term",
	.keys = term_keys,
	.size = sizeof(struct platform_file_term),
	.help = "a cost, n times a primitive for each unit of an operation",
};

static const struct key terms_keys[] = {
#define OP_KEY(id, word, text)                                                                     \
	{.name = word,                                                                             \
	 .type = KEY_ARRAY,                                                                        \
	 .offset = OP_##id * sizeof(struct key_list),                                              \
	 .object = &term_object,                                                                   \
	 .optional = true,                                                                         \
	 .help = text},
	OP_LIST(OP_KEY)
#undef OP_KEY
		{0},
};
static const struct key_object terms_object = {
	.name = "platform_terms",
	.keys = terms_keys,
	.size = sizeof(struct key_list[OP_COUNT]),
	.help = "terms by operation",
};

#define FILE_KEY(word, kind, field, ...)                                                           \
	{                                                                                          \
		.name = word, .type = kind, .offset = offsetof(struct platform_file, field),       \
		__VA_ARGS__                                                                        \
	}
static const struct key file_keys[] = {
	FILE_KEY("description", KEY_STRING, description, .help = "one sentence"),
	FILE_KEY("axes", KEY_OBJECT, axes, .object = &axes_object,
		 .help = "what kind of virtualization it is"),
	FILE_KEY("memory", KEY_QUANTITY, memory_bytes, .unit = UNIT_SIZE, .min = 0, .max = 1e13,
		 .def = "\"0 B\"", .help = "host memory for each guest beside the guest's own"),
	FILE_KEY("coalescing", KEY_QUANTITY, coalescing_s, .unit = UNIT_TIME, .min = 0, .max = 1,
		 .def = "\"0 s\"",
		 .help = "how long after an interrupt a paravirtual device holds back the next"),
	FILE_KEY("replace", KEY_OBJECT, replace, .object = &terms_object, .def = "{}",
		 .help = "operations whose terms stand here instead of coming from the axes"),
	FILE_KEY("add", KEY_OBJECT, add, .object = &terms_object, .def = "{}",
		 .help = "terms beside those from the axes"),
	FILE_KEY("sources", KEY_STRINGS, sources, .optional = true,
		 .help = "where the choices and numbers come from"),
	{0},
};

static void check_terms(const struct platform_file *file, const struct json_doc *doc,
			const char *pointer, struct diag_list *diags)
{
	size_t count = 0;
	for (int op = 0; op < OP_COUNT; op++)
		count += file->replace[op].count + file->add[op].count;
	if (count > PLATFORM_FILE_TERMS_MAX)
		json_doc_error(doc, diags, pointer,
			       "%zu terms in \"replace\" and \"add\" together; at most %d", count,
			       PLATFORM_FILE_TERMS_MAX);
}

static void check_file(void *object, const struct json_doc *doc, const char *pointer,
		       struct diag_list *diags)
{
	const struct platform_file *file = object;
	char at[600];
	check_terms(file, doc, pointer, diags);
	/* A missing axis has been reported as such and reads as 0. */
	for (int a = 0; a < AXIS_COUNT; a++) {
		json_pointer_join(at, sizeof(at), pointer, "axes");
		json_pointer_join(at, sizeof(at), at, axis_texts[a].name);
		if (!json_at(doc->root, at))
			return;
	}
	json_pointer_join(at, sizeof(at), pointer, "axes");
	for (size_t i = 0; i < platform_conflict_count; i++)
		if (platform_axes_match(platform_conflicts[i].axes, file->axes))
			json_doc_error(doc, diags, at, "%s", platform_conflicts[i].reason);
}

const struct key_object platform_object = {
	.name = "platform",
	.keys = file_keys,
	.size = sizeof(struct platform_file),
	.help = "a virtualization technology, as costs",
	.check = check_file,
};

static void take_file_terms(struct platform *p, enum op op, const struct key_list *list)
{
	const struct platform_file_term *from = list->items;
	for (size_t i = 0; i < list->count; i++)
		p->terms[p->term_count++] = (struct platform_term){
			.op = op,
			.n = from[i].n,
			.per = (enum platform_per)from[i].per,
			.primitive = from[i].primitive,
			.times = from[i].times,
			.site = (enum platform_site)from[i].site,
			.cause = (enum cause)from[i].cause,
			.notify = from[i].notify,
			.completion = from[i].completion,
			.why = from[i].why,
			.from = "file",
		};
}

static const char *primitive_of_step(const struct platform *p, const char *step)
{
	const struct platform_substitute *s = platform_substitutes;
	if (step[0] != '@')
		return step;
	while (s->step && !(strcmp(s->step, step) == 0 && platform_axes_match(s->axes, p->axes)))
		s++;
	assert(s->step); /* the table ends in a row for every platform for each step */
	return s->primitive;
}

static void take_rules(struct platform *p, enum op op)
{
	for (size_t i = 0; i < platform_rule_count; i++) {
		const struct platform_rule *rule = &platform_rules[i];
		if (rule->term.op != op || !platform_axes_match(rule->axes, p->axes))
			continue;
		struct platform_term *term = &p->terms[p->term_count++];
		*term = rule->term;
		term->primitive = primitive_of_step(p, term->primitive);
		/* Rings can say that no interrupt is wanted; emulated devices here cannot. */
		term->completion = term->completion && p->axes[AXIS_IO] == IO_PARAVIRTUAL;
	}
}

int platform_compile(struct platform *p, const struct platform_file *file, struct arena *arena)
{
	*p = (struct platform){
		.name = file->name,
		.description = file->description,
		.memory_bytes = file->memory_bytes,
		.coalescing_s = file->coalescing_s,
	};
	memcpy(p->axes, file->axes, sizeof(p->axes));
	size_t most = platform_rule_count;
	for (int op = 0; op < OP_COUNT; op++)
		most += file->replace[op].count + file->add[op].count;
	p->terms = arena_array(arena, most, sizeof(*p->terms));
	if (!p->terms)
		return ERR_NOMEM;
	for (int op = 0; op < OP_COUNT; op++) {
		if (file->replace[op].count > 0)
			take_file_terms(p, (enum op)op, &file->replace[op]);
		else
			take_rules(p, (enum op)op);
		take_file_terms(p, (enum op)op, &file->add[op]);
	}
	return 0;
}

int platform_read(struct platform *p, const char *name, const struct json_doc *doc,
		  const char *pointer, struct arena *arena, struct diag_list *diags)
{
	struct platform_file file;
	int code = keys_parse(&platform_object, doc, pointer, &file, arena, diags);
	if (code < 0)
		return code;
	file.name = name;
	return platform_compile(p, &file, arena);
}

bool platform_guest_knows(const struct platform *p)
{
	return p->axes[AXIS_GUEST] == GUEST_PV_DRIVERS || p->axes[AXIS_GUEST] == GUEST_PV_KERNEL;
}
