/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/document.h"

#include "sim/base/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTER_SIZE = 512, SHOWN_VALUE = 40 };

struct walk {
	document_visit *visit;
	void *ctx;
	size_t count;
};

static void report(struct walk *w, const char *pointer, const cJSON *a, const cJSON *b)
{
	w->count++;
	if (w->visit)
		w->visit(w->ctx, pointer, a, b);
}

static void compare(struct walk *w, const char *pointer, const cJSON *a, const cJSON *b)
{
	char below[POINTER_SIZE];
	if (cJSON_IsObject(a) && cJSON_IsObject(b)) {
		for (const cJSON *x = a->child; x; x = x->next) {
			json_pointer_join(below, sizeof(below), pointer, x->string);
			const cJSON *y = cJSON_GetObjectItemCaseSensitive(b, x->string);
			if (y)
				compare(w, below, x, y);
			else
				report(w, below, x, NULL);
		}
		for (const cJSON *y = b->child; y; y = y->next) {
			if (cJSON_GetObjectItemCaseSensitive(a, y->string))
				continue;
			json_pointer_join(below, sizeof(below), pointer, y->string);
			report(w, below, NULL, y);
		}
	} else if (cJSON_IsArray(a) && cJSON_IsArray(b) &&
		   cJSON_GetArraySize(a) == cJSON_GetArraySize(b)) {
		size_t i = 0;
		for (const cJSON *x = a->child, *y = b->child; x && y;
		     x = x->next, y = y->next, i++) {
			char index[24];
			snprintf(index, sizeof(index), "%zu", i);
			json_pointer_join(below, sizeof(below), pointer, index);
			compare(w, below, x, y);
		}
	} else if (!cJSON_Compare(a, b, true)) {
		report(w, pointer, a, b);
	}
}

size_t document_compare(const cJSON *a, const cJSON *b, document_visit *visit, void *ctx)
{
	struct walk w = {visit, ctx, 0};
	compare(&w, "", a, b);
	return w.count;
}

struct listing {
	FILE *out;
	size_t shown, limit;
};

static void print_short(FILE *out, const cJSON *node)
{
	char *text = cJSON_PrintUnformatted(node);
	if (text && strlen(text) > SHOWN_VALUE)
		fprintf(out, "%.*s...", SHOWN_VALUE, text);
	else
		fputs(text ? text : "?", out);
	cJSON_free(text);
}

static void list_difference(void *ctx, const char *pointer, const cJSON *there, const cJSON *here)
{
	struct listing *l = ctx;
	if (l->shown++ >= l->limit)
		return;
	fprintf(l->out, "%s%s ", l->shown > 1 ? ", " : "", *pointer ? pointer : "the whole");
	if (!there || !here) {
		fprintf(l->out, "is only %s", there ? "there" : "here");
		return;
	}
	fputs("is ", l->out);
	print_short(l->out, there);
	fputs(" there and ", l->out);
	print_short(l->out, here);
	fputs(" here", l->out);
}

const char *document_differences(const cJSON *there, const cJSON *here, size_t limit, char *buf,
				 size_t size)
{
	buf[0] = '\0';
	struct listing l = {fmemopen(buf, size, "w"), 0, limit};
	if (!l.out)
		return buf;
	document_compare(there, here, list_difference, &l);
	if (l.shown > limit)
		fprintf(l.out, ", and %zu more", l.shown - limit);
	fclose(l.out);
	buf[size - 1] = '\0';
	return buf;
}
