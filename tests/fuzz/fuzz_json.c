/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any bytes at all as a document: nothing may crash, leak or read past the end, what is accepted
 * must be what its canonical text says, and every place must be found. With -DMCVSIM_FUZZ=ON
 * (clang) this is a libFuzzer program: fuzz_json tests/fuzz/corpus/json; without, main.c runs it.
 */
#include "sim/base/keys.h"
#include "tests/fuzz/fuzz.h"

struct item {
	const char *name;
	double time_s, ratio;
	struct key_list items;
	int64_t count;
	uint64_t seed;
};

extern const struct key_object item_object;
static const struct key item_keys[] = {
	{"t", KEY_QUANTITY, offsetof(struct item, time_s), .unit = UNIT_TIME, .max = 10,
	 .optional = true},
	{"r", KEY_QUANTITY, offsetof(struct item, ratio), .unit = UNIT_RATIO, .optional = true},
	{"m", KEY_MAP, offsetof(struct item, items), .object = &item_object, .optional = true},
	{"n", KEY_INT, offsetof(struct item, count), .def = "1"},
	{"s", KEY_SEED, offsetof(struct item, seed), .def = "\"1\""},
	{0},
};
const struct key_object item_object = {"item", item_keys, sizeof(struct item), .help = NULL};

/* Every node's place is found, inside the text. */
static void places(const struct json_doc *doc, const cJSON *node, const char *pointer, int depth)
{
	struct diag_list diags = {0};
	json_doc_error(doc, &diags, pointer, "here");
	demand(diags.count == 1 && diags.items[0].line > 0 && diags.items[0].column > 0, "a place");
	demand(json_at(doc->root, pointer) == node, "a pointer leads back");
	diag_free(&diags);
	int i = 0;
	for (const cJSON *child = depth < 4 ? node->child : NULL; child && i < 8;
	     child = child->next, i++) {
		char index[24], *buf = malloc(strlen(pointer) +
					      (child->string ? 2 * strlen(child->string) : 24) + 2);
		snprintf(index, sizeof(index), "%d", i);
		json_pointer_join(
			buf, strlen(pointer) + (child->string ? 2 * strlen(child->string) : 24) + 2,
			pointer, child->string ? child->string : index);
		places(doc, child, buf, depth + 1);
		free(buf);
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct json_doc doc, again;
	struct diag_list diags = {0};
	struct err e;
	/* What extends other files would make the result depend on the disk. */
	if (memmem(data, size, "extends", 7) || memmem(data, size, "\\u", 2))
		return 0;
	if (json_doc_parse(&doc, "fuzz", (const char *)data, size, &diags, &e) != 0) {
		demand(diags.errors > 0, "a refusal says why");
		diag_free(&diags);
		return 0;
	}
	demand(diags.count == 0, "what is accepted has no mistakes");
	char *text = json_canonical(doc.root);
	demand(text != NULL, "a canonical text");
	demand(json_doc_parse(&again, "again", text, strlen(text), &diags, &e) == 0,
	       "which is JSON");
	char *twice = json_canonical(again.root);
	demand(twice && strcmp(text, twice) == 0, "and its own canonical text");
	free(text);
	free(twice);
	json_doc_free(&again);
	places(&doc, doc.root, "", 0);

	struct arena arena = {0};
	struct item item;
	int rc = keys_parse(&item_object, &doc, "", &item, &arena, &diags);
	demand((rc == 0) == (diags.errors == 0), "the verdict agrees with the mistakes");
	demand(keys_fill_defaults(&item_object, doc.root) == 0, "defaults");
	if (rc == 0)
		demand(keys_parse(&item_object, &doc, "", &item, &arena, &diags) == 0,
		       "defaults are valid");
	diag_free(&diags);
	arena_free(&arena);
	json_doc_free(&doc);
	return 0;
}
