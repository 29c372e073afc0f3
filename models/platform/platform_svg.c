/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The layers of a platform as a picture: a box each, the guest's in a frame, the way of a block
 * request as a line through those that it passes, with what each step spends beside it.
 */
#include "models/platform/platform_layers.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	WIDTH = 700,
	BOX_X = 44,
	BOX_W = 630,
	BOX_H = 34,
	GAP = 22,
	TOP = 52,
	PATH_X = 26,
	ROLE_X = 176
};

static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
		}
	}
}

static int box_y(size_t i)
{
	return TOP + (int)i * (BOX_H + GAP);
}

/* The frame around the guest's layers, which stand together. */
static void put_guest(FILE *out, const struct platform_layer *layers, size_t n)
{
	size_t first = 0, last;
	while (first < n && !layers[first].in_guest)
		first++;
	for (last = first; last < n && layers[last].in_guest;)
		last++;
	if (first == n)
		return;
	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#e8f1f8\" "
		"stroke=\"#0072b2\" stroke-dasharray=\"5 3\"/>\n"
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\" font-size=\"10\" "
		"fill=\"#0072b2\">the guest</text>\n",
		BOX_X - 8, box_y(first) - 8, BOX_W + 16, box_y(last) - box_y(first) - GAP + 13,
		BOX_X + BOX_W, box_y(first) - 11);
}

static void put_box(FILE *out, const struct platform_layer *l, size_t i)
{
	int y = box_y(i);
	fprintf(out,
		"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" fill=\"#ffffff\" "
		"stroke=\"#404040\"/>\n<text x=\"%d\" y=\"%d\" font-weight=\"bold\">",
		BOX_X, y, BOX_W, BOX_H, BOX_X + 10, y + 21);
	put_text(out, l->name);
	fprintf(out, "</text>\n<text x=\"%d\" y=\"%d\" fill=\"#505050\">", ROLE_X, y + 21);
	put_text(out, l->role);
	fputs("</text>\n", out);
	if (l->on_path)
		fprintf(out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"#d55e00\"/>\n", PATH_X,
			y + BOX_H / 2);
}

/* From each layer on the path to the next one, past those that it does not pass through. */
static void put_path(FILE *out, const struct platform_layer *layers, size_t n)
{
	size_t from = n;
	for (size_t i = 0; i < n; i++) {
		if (!layers[i].on_path)
			continue;
		if (from < n)
			fprintf(out,
				"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#d55e00\" "
				"stroke-width=\"2\"/>\n",
				PATH_X, box_y(from) + BOX_H / 2, PATH_X, box_y(i) + BOX_H / 2);
		if (layers[i].step) {
			fprintf(out, "<text x=\"%d\" y=\"%d\" fill=\"#d55e00\" font-size=\"10\">",
				BOX_X + 10, box_y(i) + BOX_H + 16);
			put_text(out, i + 1 < n ? "" : "and back: ");
			put_text(out, layers[i].step);
			fputs("</text>\n", out);
		}
		from = i;
	}
}

char *platform_svg(const struct platform *p, struct arena *arena)
{
	struct platform_layer layers[PLATFORM_LAYERS_MAX];
	size_t n = platform_layers(p, layers, arena), size;
	char *text = NULL;
	FILE *out = n ? open_memstream(&text, &size) : NULL;
	if (!out)
		return NULL;
	int height = box_y(n) + 34 - (layers[n - 1].step ? 0 : GAP);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"Helvetica, Arial, sans-serif\" "
		"font-size=\"12\">\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
		"<text x=\"%d\" y=\"26\" font-size=\"16\" font-weight=\"bold\">",
		WIDTH, height, WIDTH, height, WIDTH, height, BOX_X);
	put_text(out, p->name);
	fputs("</text>\n", out);
	put_guest(out, layers, n);
	for (size_t i = 0; i < n; i++)
		put_box(out, &layers[i], i);
	put_path(out, layers, n);
	fprintf(out,
		"<text x=\"%d\" y=\"%d\" font-size=\"10\" fill=\"#d55e00\">the way of a block "
		"request of 4 KiB, and what each step spends</text>\n</svg>\n",
		BOX_X, height - 12);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	char *kept = arena_strdup(arena, text);
	free(text);
	return kept;
}
