/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/json.h"

#include "sim/base/json_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_BYTES_MAX = 64 << 20,
	EXTENDS_MAX = 32,
	/* Finding a place reads the file again; past this many mistakes it is left out. */
	PLACED_MAX = 1000,
};

struct json_source {
	struct json_source *next; /* older: what it extends */
	char *name;
	char *text; /* NULL for --set */
	size_t length;
	char *pointer;	 /* --set, redirection: what it is about; else NULL */
	char *stands_at; /* redirection: the pointer whose place stands for it; else NULL */
	bool borrowed;	 /* belongs, with all that are older, to another document */
};

/* The files that are being read, for the detection of loops. */
struct chain {
	const struct chain *up;
	struct stat st;
	int depth;
};

struct loading {
	struct json_doc *doc;
	struct diag_list *diags;
	struct err *e;
};

static void free_source(struct json_source *s)
{
	if (!s)
		return;
	free(s->name);
	free(s->text);
	free(s->pointer);
	free(s->stands_at);
	free(s);
}

void json_doc_free(struct json_doc *doc)
{
	cJSON_Delete(doc->root);
	for (struct json_source *s = doc->sources, *next; s; s = next) {
		/* A borrowed chain hangs on an empty source that marks where it begins. */
		next = s->borrowed ? NULL : s->next;
		free_source(s);
	}
	*doc = (struct json_doc){0};
}

/* Takes text; NULL when out of memory, with text freed. */
static struct json_source *new_source(const char *name, char *text, size_t length)
{
	struct json_source *s = calloc(1, sizeof(*s));
	if (s)
		*s = (struct json_source){.name = strdup(name), .text = text, .length = length};
	else
		free(text);
	if (s && !s->name) {
		free_source(s);
		s = NULL;
	}
	return s;
}

/* The whole of a file into *text; 0 or a code with *e. */
static int read_file(const char *path, char **text, size_t *length, struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot read %s", path);
	char *buf = NULL;
	size_t used = 0, size = 0;
	int rc = 0;
	if (fstat(fd, st) != 0)
		rc = err_sys(e, errno, "cannot read %s", path);
	else if (S_ISDIR(st->st_mode))
		rc = err_set(e, ERR_IO, "cannot read %s: it is a directory", path);
	while (rc == 0) {
		if (used == size) {
			size = size ? 2 * size : 1 << 16;
			char *bigger = realloc(buf, size);
			if (!bigger) {
				rc = err_set(e, ERR_NOMEM, "no memory to read %s", path);
				break;
			}
			buf = bigger;
		}
		ssize_t n = read(fd, buf + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_sys(e, errno, "cannot read %s", path);
		if (n <= 0)
			break;
		used += (size_t)n;
		if (used > FILE_BYTES_MAX)
			rc = err_set(e, ERR_LIMIT, "%s has more than %d MiB", path,
				     FILE_BYTES_MAX >> 20);
	}
	close(fd);
	if (rc != 0) {
		free(buf);
		return rc;
	}
	*text = buf;
	*length = used;
	return 0;
}

static void drop_comments(cJSON *node)
{
	for (cJSON *child = node->child, *next; child; child = next) {
		next = child->next;
		if (child->string && strncmp(child->string, "//", 2) == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(node, child));
		else
			drop_comments(child);
	}
}

static cJSON *load_file(struct loading *l, const char *path, const struct chain *up, int *rc);

/* What `base`, the value of "extends" in file `name`, stands for: relative to that file's folder.
 */
static char *resolve(const char *name, const char *base)
{
	const char *slash = strrchr(name, '/');
	char *path = NULL;
	if (base[0] == '/' || !slash)
		return strdup(base);
	if (asprintf(&path, "%.*s/%s", (int)(slash - name), name, base) < 0)
		return NULL;
	return path;
}

static cJSON *out_of_memory(struct loading *l, int *rc)
{
	*rc = err_set(l->e, ERR_NOMEM, "no memory for a document");
	return NULL;
}

/* Reads the file that `source` extends and patches it with `node` (taken). */
static cJSON *extend(struct loading *l, struct json_source *source, cJSON *node,
		     const cJSON *extends, const struct chain *chain, int *rc)
{
	int line = 0, column = 0;
	json_scan_locate(source->text, source->length, "/extends", &line, &column);
	const char *wrong = NULL;
	if (!cJSON_IsString(extends) || !extends->valuestring[0])
		wrong = "must be a string, the path of a file";
	else if (chain && chain->depth >= EXTENDS_MAX)
		wrong = "more than 32 files that extend each other";
	if (wrong) {
		diag_add(l->diags, DIAG_ERROR, source->name, line, column, "/extends", "%s", wrong);
		cJSON_Delete(node);
		*rc = ERR_INVALID;
		return NULL;
	}
	char *path = resolve(source->name, extends->valuestring);
	struct stat st;
	if (!path) {
		cJSON_Delete(node);
		return out_of_memory(l, rc);
	}
	for (const struct chain *c = chain; c; c = c->up) {
		if (stat(path, &st) == 0 && st.st_dev == c->st.st_dev &&
		    st.st_ino == c->st.st_ino) {
			diag_add(l->diags, DIAG_ERROR, source->name, line, column, "/extends",
				 "a loop: %s extends this file, directly or by way of others",
				 path);
			free(path);
			cJSON_Delete(node);
			*rc = ERR_INVALID;
			return NULL;
		}
	}
	struct err failure = {0};
	struct loading inner = {l->doc, l->diags, &failure};
	cJSON *base = load_file(&inner, path, chain, rc);
	free(path);
	if (!base && *rc != ERR_INVALID && *rc != ERR_NOMEM) {
		/* A base that cannot be read is a mistake in the file that names it. */
		diag_add(l->diags, DIAG_ERROR, source->name, line, column, "/extends", "%s",
			 failure.text);
		*rc = ERR_INVALID;
	} else if (!base && *rc == ERR_NOMEM) {
		out_of_memory(l, rc);
	}
	if (base) {
		base = json_merge_patch(base, node);
		if (!base)
			out_of_memory(l, rc);
	}
	cJSON_Delete(node);
	return base;
}

/* Reads a text (taken) that is the next older source. */
static cJSON *load_text(struct loading *l, const char *name, char *text, size_t length,
			const struct chain *chain, int *rc)
{
	struct json_source *source = new_source(name, text, length);
	if (!source)
		return out_of_memory(l, rc);
	struct json_source **tail = &l->doc->sources;
	while (*tail)
		tail = &(*tail)->next;
	*tail = source;
	if (!json_scan_check(name, text, length, l->diags)) {
		*rc = ERR_INVALID;
		return NULL;
	}
	/* cJSON does not see a byte order mark before a text of one character. */
	size_t mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	cJSON *node = cJSON_ParseWithLengthOpts(text + mark, length - mark, NULL, false);
	if (!node)
		return out_of_memory(l, rc); /* the text passed the check */
	drop_comments(node);
	cJSON_DeleteItemFromObjectCaseSensitive(node, "$schema");
	cJSON *extends = cJSON_DetachItemFromObjectCaseSensitive(node, "extends");
	if (extends) {
		node = extend(l, source, node, extends, chain, rc);
		cJSON_Delete(extends);
	}
	return node;
}

static cJSON *load_file(struct loading *l, const char *path, const struct chain *up, int *rc)
{
	struct chain chain = {.up = up, .depth = up ? up->depth + 1 : 1};
	char *text = NULL;
	size_t length = 0;
	*rc = read_file(path, &text, &length, &chain.st, l->e);
	return *rc == 0 ? load_text(l, path, text, length, &chain, rc) : NULL;
}

static int finish(struct json_doc *doc, cJSON *root, int rc, struct err *e)
{
	if (!root) {
		json_doc_free(doc);
		if (rc == ERR_INVALID && e && !e->text[0])
			err_set(e, ERR_INVALID, "there are mistakes in the file");
		return rc;
	}
	doc->root = root;
	return 0;
}

int json_doc_load(struct json_doc *doc, const char *path, struct diag_list *diags, struct err *e)
{
	*doc = (struct json_doc){0};
	if (e)
		*e = (struct err){0};
	struct loading l = {doc, diags, e};
	int rc = 0;
	cJSON *root = load_file(&l, path, NULL, &rc);
	return finish(doc, root, rc, e);
}

int json_doc_parse(struct json_doc *doc, const char *name, const char *text, size_t length,
		   struct diag_list *diags, struct err *e)
{
	*doc = (struct json_doc){0};
	if (e)
		*e = (struct err){0};
	struct loading l = {doc, diags, e};
	int rc = 0;
	cJSON *root = NULL;
	char *copy = malloc(length + 1);
	if (!copy) {
		out_of_memory(&l, &rc);
	} else {
		memcpy(copy, text, length);
		copy[length] = '\0';
		root = load_text(&l, name, copy, length, NULL, &rc);
	}
	return finish(doc, root, rc, e);
}

static void set_error(struct diag_list *diags, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set_error(struct diag_list *diags, const char *pointer, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(diags, DIAG_ERROR, "--set", 0, 0, pointer, "%s", text);
}

/* Says which part of `pointer` (which is cut) does not exist. */
static void set_no_parent(const struct json_doc *doc, struct diag_list *diags, char *pointer)
{
	char *missing = NULL;
	const cJSON *parent = NULL;
	while (!parent && (missing = strrchr(pointer, '/'))) {
		*missing = '\0';
		parent = json_at(doc->root, pointer);
	}
	if (cJSON_IsArray(parent)) {
		set_error(diags, pointer,
			  "is a list of %d items; an index from 0, or - to append, must follow",
			  cJSON_GetArraySize(parent));
	} else if (cJSON_IsObject(parent)) {
		size_t n = 0;
		const cJSON *member;
		const char **names = calloc((size_t)cJSON_GetArraySize(parent) + 1, sizeof(*names));
		cJSON_ArrayForEach(member, parent) if (names) names[n++] = member->string;
		const char *nearest = names ? diag_nearest(missing + 1, names) : NULL;
		set_error(diags, pointer,
			  nearest ? "has no \"%s\"; did you mean \"%s\"?" : "has no \"%s\"",
			  missing + 1, nearest);
		free(names);
	} else {
		set_error(diags, pointer,
			  "is neither an object nor a list; nothing in it can be set");
	}
}

int json_doc_set(struct json_doc *doc, const char *assignment, struct diag_list *diags)
{
	const char *equals = strchr(assignment, '=');
	if (assignment[0] != '/' || !equals) {
		set_error(diags, NULL, "\"%s\" must look like /pointer/to/key=value", assignment);
		return ERR_INVALID;
	}
	struct json_source *source = new_source("--set", NULL, 0);
	char *pointer = source ? strndup(assignment, (size_t)(equals - assignment)) : NULL;
	const char *text = equals + 1;
	cJSON *value = json_scan_check("--set", text, strlen(text), NULL)
			       ? cJSON_ParseWithLengthOpts(text, strlen(text), NULL, false)
			       : cJSON_CreateString(text);
	if (!pointer || !value) {
		set_error(diags, NULL, "out of memory");
		free_source(source);
		free(pointer);
		cJSON_Delete(value);
		return ERR_INVALID;
	}
	source->pointer = pointer;
	drop_comments(value);
	bool done = false;
	if (cJSON_IsNull(value)) {
		char *last = strrchr(pointer, '/');
		*last = '\0';
		cJSON *parent = json_at(doc->root, pointer);
		*last = '/';
		cJSON *old = json_at(doc->root, pointer);
		if (old)
			cJSON_Delete(cJSON_DetachItemViaPointer(parent, old));
		done = old || cJSON_IsObject(parent);
		cJSON_Delete(value);
		value = NULL;
	} else if (json_put(doc->root, pointer, value) == 0) {
		done = true;
		value = NULL;
	}
	if (done) {
		source->next = doc->sources;
		doc->sources = source;
		return 0;
	}
	cJSON_Delete(value);
	set_no_parent(doc, diags, pointer);
	free_source(source);
	return ERR_INVALID;
}

int json_doc_derive(struct json_doc *doc, const struct json_doc *base, cJSON *root)
{
	struct json_source *mark = calloc(1, sizeof(*mark));
	*doc = (struct json_doc){0};
	if (!mark) {
		cJSON_Delete(root);
		return ERR_NOMEM;
	}
	mark->borrowed = true;
	mark->next = base->sources;
	*doc = (struct json_doc){root, mark};
	return 0;
}

int json_doc_redirect(struct json_doc *doc, const char *pointer, const char *stands_at)
{
	struct json_source *s = new_source("", NULL, 0);
	char *from = strdup(pointer), *to = strdup(stands_at);
	if (!s || !from || !to) {
		free_source(s);
		free(from);
		free(to);
		return ERR_NOMEM;
	}
	s->pointer = from;
	s->stands_at = to;
	s->next = doc->sources;
	doc->sources = s;
	return 0;
}

/* What of `pointer` lies below `above`, with its slash; NULL when it is not at or below it. */
static const char *below(const char *pointer, const char *above)
{
	size_t n = strlen(above);
	return strncmp(pointer, above, n) == 0 && (!pointer[n] || pointer[n] == '/') ? pointer + n
										     : NULL;
}

/* The newest source that knows where `pointer` is. */
static const struct json_source *find_place(const struct json_source *s, const char *pointer,
					    int *line, int *column)
{
	for (; s; s = s->next) {
		if (s->text) {
			if (json_scan_locate(s->text, s->length, pointer, line, column))
				return s;
			continue;
		}
		const char *rest = s->pointer ? below(pointer, s->pointer) : NULL;
		if (rest && !s->stands_at) {
			*line = *column = 0;
			return s;
		}
		if (rest) {
			char *moved = NULL;
			const struct json_source *found = NULL;
			if (asprintf(&moved, "%s%s", s->stands_at, rest) >= 0)
				found = find_place(s->next, moved, line, column);
			free(moved);
			return found ? found : find_place(s->next, s->stands_at, line, column);
		}
	}
	return NULL;
}

static void add(const struct json_doc *doc, struct diag_list *diags, enum diag_severity severity,
		const char *pointer, const char *fmt, va_list ap)
{
	char text[600];
	int line = 0, column = 0;
	const struct json_source *s = NULL;
	vsnprintf(text, sizeof(text), fmt, ap);
	char *prefix = diags->count < PLACED_MAX ? strdup(pointer) : NULL;
	while (prefix && !s) {
		s = find_place(doc->sources, prefix, &line, &column);
		char *slash = strrchr(prefix, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	free(prefix);
	for (const struct json_source *any = doc->sources; any && !s; any = any->next)
		s = any->text ? any : NULL;
	diag_add(diags, severity, s ? s->name : NULL, line, column, *pointer ? pointer : NULL, "%s",
		 text);
}

void json_doc_error(const struct json_doc *doc, struct diag_list *diags, const char *pointer,
		    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(doc, diags, DIAG_ERROR, pointer, fmt, ap);
	va_end(ap);
}

void json_doc_warning(const struct json_doc *doc, struct diag_list *diags, const char *pointer,
		      const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(doc, diags, DIAG_WARNING, pointer, fmt, ap);
	va_end(ap);
}
