/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/library.h"
#include "sim/cli/cli.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void library_open(struct library *lib, const char *study_path)
{
	*lib = (struct library){0};
	size_t n = 0;
	if (study_path) {
		const char *slash = strrchr(study_path, '/');
		/* Of "/study.json" the folder is the slash itself. */
		size_t length = slash > study_path ? (size_t)(slash - study_path) : 1;
		const char *own = slash ? arena_strndup(&lib->arena, study_path, length)
					: arena_strdup(&lib->arena, ".");
		if (own)
			lib->folders[n++] = own;
	}
	const char *data = cli_data_folder();
	const char *copy = data ? arena_strdup(&lib->arena, data) : NULL;
	if (copy)
		lib->folders[n++] = copy;
}

void library_close(struct library *lib)
{
	arena_free(&lib->arena);
	*lib = (struct library){0};
}

static bool is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool is_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/') && strlen(name) < 200;
}

int library_load(struct library *lib, const char *kind, const char *name, struct json_doc *out,
		 struct diag_list *diags, struct err *e)
{
	for (size_t i = 0; lib->folders[i] && is_name(name); i++) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s/%ss/%s.json", lib->folders[i], kind, name);
		if (n > 0 && (size_t)n < sizeof(path) && is_file(path))
			return json_doc_load(out, path, diags, e);
	}
	return err_set(e, ERR_NOTFOUND, "there is no %s \"%s\"", kind, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the names in one folder; a growing array in the arena, doubled when full. */
static void add_names(struct library *lib, const char *folder, const char ***names, size_t *count,
		      size_t *capacity)
{
	DIR *d = opendir(folder);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		size_t n = strlen(entry->d_name);
		if (n < 6 || strcmp(entry->d_name + n - 5, ".json") != 0 || entry->d_name[0] == '.')
			continue;
		if (*count + 1 >= *capacity) {
			size_t more = *capacity ? *capacity * 2 : 64;
			const char **bigger = arena_array(&lib->arena, more, sizeof(*bigger));
			if (!bigger)
				break;
			if (*count)
				memcpy(bigger, *names, *count * sizeof(*bigger));
			*names = bigger;
			*capacity = more;
		}
		const char *name = arena_strndup(&lib->arena, entry->d_name, n - 5);
		if (name)
			(*names)[(*count)++] = name;
	}
	if (d)
		closedir(d);
}

const char *const *library_names(struct library *lib, const char *kind)
{
	const char **names = NULL;
	size_t count = 0, capacity = 0;
	for (size_t i = 0; lib->folders[i]; i++) {
		char folder[PATH_MAX];
		int n = snprintf(folder, sizeof(folder), "%s/%ss", lib->folders[i], kind);
		if (n > 0 && (size_t)n < sizeof(folder))
			add_names(lib, folder, &names, &count, &capacity);
	}
	if (!names)
		return arena_array(&lib->arena, 1, sizeof(*names));
	qsort(names, count, sizeof(*names), compare_names);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	names[kept] = NULL;
	return names;
}

static int load_for_world(void *ctx, const char *kind, const char *name, struct json_doc *out,
			  struct diag_list *diags, struct err *e)
{
	return library_load(ctx, kind, name, out, diags, e);
}

static const char *const *names_for_world(void *ctx, const char *kind)
{
	return library_names(ctx, kind);
}

static const char *file_for_world(void *ctx, const char *name)
{
	return library_file_path(ctx, name);
}

struct world_library library_world(struct library *lib)
{
	return (struct world_library){lib, load_for_world, names_for_world, file_for_world};
}

const char *library_file_path(struct library *lib, const char *name)
{
	if (name[0] == '/')
		return is_file(name) ? arena_strdup(&lib->arena, name) : NULL;
	const char *places[] = {lib->folders[0], ".", lib->folders[1]};
	for (size_t i = 0; i < 3; i++) {
		char path[PATH_MAX];
		if (!places[i])
			continue;
		int n = snprintf(path, sizeof(path), "%s/%s", places[i], name);
		if (n > 0 && (size_t)n < sizeof(path) && is_file(path))
			return arena_strdup(&lib->arena, path);
	}
	return NULL;
}
