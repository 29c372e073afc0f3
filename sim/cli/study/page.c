/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/page.h"

#include "models/platform/platform_layers.h"
#include "reports/data/stamp.h"
#include "sim/base/json.h"

#include <errno.h>
#include <stdio.h>

/* One platform of the stored study. A program of another version may know none like it: then the
 * page does without. */
static bool describe(const struct json_doc *doc, const char *name, struct arena *arena,
		     struct page_platform *out)
{
	struct platform platform = {0};
	struct platform_layer from[PLATFORM_LAYERS_MAX];
	struct diag_list diags = {0};
	char pointer[300];
	json_pointer_join(pointer, sizeof(pointer), "/platforms", name);
	int code = platform_read(&platform, name, doc, pointer, arena, &diags);
	diag_free(&diags);
	size_t count = code == 0 ? platform_layers(&platform, from, arena) : 0;
	struct page_layer *layers = arena_array(arena, count + 1, sizeof(*layers));
	if (count == 0 || !layers)
		return false;
	for (size_t i = 0; i < count; i++)
		layers[i] = (struct page_layer){from[i].name, from[i].role, from[i].step,
						from[i].on_path, from[i].in_guest};
	*out = (struct page_platform){name, platform.description, layers, count};
	return true;
}

int cli_write_page(const struct dataset *data, const struct figures *figures,
		   const enum page_figure *have, const char *folder, struct err *e)
{
	struct arena arena = {0};
	struct json_doc doc = {(cJSON *)db_document(data->db), NULL};
	const cJSON *c, *all = cJSON_GetObjectItemCaseSensitive(doc.root, "platforms");
	struct page_platform *platforms =
		arena_array(&arena, (size_t)cJSON_GetArraySize(all) + 1, sizeof(*platforms));
	struct page page = {data, figures, have, folder, platforms, 0};
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/index.html", folder);
	char of[STAMP_SIZE];
	enum stamp_found there = stamp_look(path, "", data->db, of);
	if (there == STAMP_OTHER || there == STAMP_FOREIGN) {
		arena_free(&arena);
		return err_set(
			e, ERR_EXISTS,
			"%s is %s%.8s%s and is not replaced: name another folder, or remove it",
			path, there == STAMP_OTHER ? "of another study (" : "none of mcvsim's", of,
			there == STAMP_OTHER ? ")" : "");
	}
	FILE *out = platforms && n < (int)sizeof(path) ? fopen(path, "we") : NULL;
	if (!out) {
		arena_free(&arena);
		return err_sys(e, platforms ? errno : ENOMEM, "cannot write %s", path);
	}
	cJSON_ArrayForEach(
		c, all) if (describe(&doc, c->string, &arena, &platforms[page.platform_count]))
		page.platform_count++;
	int code = page_write(&page, out, e);
	if (fclose(out) != 0 && code == 0)
		code = err_sys(e, errno, "cannot write %s", path);
	arena_free(&arena);
	return code;
}
