/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/world/world_builder.h"

#include <stdlib.h>
#include <string.h>

int builder_no_memory(struct builder *b)
{
	return err_set(b->e, ERR_NOMEM, "no memory to build the world");
}

char *builder_pointer(char *buf, size_t size, const char *section, const char *name)
{
	char root[64];
	json_pointer_join(root, sizeof(root), "", section);
	return json_pointer_join(buf, size, root, name);
}

long builder_index(const struct key_list *list, size_t size, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *const *item =
			(const char *const *)(const void *)((const char *)list->items + i * size);
		if (strcmp(*item, name) == 0)
			return (long)i;
	}
	return -1;
}

uint32_t builder_note_name(const char **names, uint32_t *count, const char *name)
{
	uint32_t i = 0;
	while (i < *count && strcmp(names[i], name) != 0)
		i++;
	if (i == *count)
		names[(*count)++] = name;
	return i;
}

void builder_unknown(struct builder *b, const struct key_list *list, size_t size, const char *what,
		     const char *name, const char *pointer)
{
	const char **names = calloc(list->count + 1, sizeof(char *));
	for (size_t i = 0; names && i < list->count; i++)
		names[i] =
			*(const char *const *)(const void *)((const char *)list->items + i * size);
	const char *near = names ? diag_nearest(name, names) : NULL;
	json_doc_error(b->doc, b->diags, pointer, "there is no %s \"%s\"%s%s%s", what, name,
		       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	free(names);
}

void builder_note_fallbacks(struct builder *b, const struct platform_charge *charges, size_t n)
{
	if (!b->view.fallback)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *name = charges[i].primitive.name;
		char item[200];
		if (charges[i].primitive.profile != b->view.fallback->name)
			continue;
		snprintf(item, sizeof(item), "%s%s", b->missing[0] ? ", " : "", name);
		size_t used = strlen(b->missing);
		const char *seen = strstr(b->missing, name);
		size_t len = strlen(name);
		while (seen && seen[len] != '\0' && seen[len] != ',')
			seen = strstr(seen + 1, name);
		if (!seen && used + strlen(item) < sizeof(b->missing))
			memcpy(b->missing + used, item, strlen(item) + 1);
	}
}
