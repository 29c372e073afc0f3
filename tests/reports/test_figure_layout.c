/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What figures look like: every kind, run by a plain gnuplot, with texts of the right size that are
 * neither cut off nor on each other.
 */
#include "reports/figure/figure.h"
#include "reports/figure/figure_internal.h"
#include "tests/reports/support_figure.h"
#include "tests/reports/support_gallery.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void the_whole_gallery_runs_with_plain_gnuplot(void)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(figures_draw(figures_gallery, "a", &diags), FIGURES_GALLERY);
	CU_ASSERT_EQUAL(diags.count, 0);
	diag_free(&diags);
	if (!figures_have("gnuplot"))
		return;
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP/a && for f in *.gp; do gnuplot $f 2>err || exit 1; "
		       "test ! -s err || { cat err; exit 1; }; done");
	PROGRAM_EXPECT(0, "45",
		       "cd $TMP/a && find . -size +1k -name '*.pdf' -o -size +1k -name "
		       "'*.svg' -o -size +1k -name '*.png' | wc -l");
}

static void drawing_twice_gives_the_same_bytes(void)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(figures_draw(figures_gallery, "b", &diags), FIGURES_GALLERY);
	CU_ASSERT_EQUAL(figures_draw(figures_gallery, "c", &diags), FIGURES_GALLERY);
	diag_free(&diags);
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP && for f in b/*.gp b/*.tsv; do cmp $f c/${f#b/} || exit 1; done");
	if (!figures_have("gnuplot"))
		return;
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP && for d in b c; do (cd $d && gnuplot *.gp); done; "
		       "for f in b/*.svg; do cmp $f c/${f#b/} || exit 1; done");
}

/* A text that ends at (x, y), slanted upwards by `angle` degrees. */
struct slanted {
	double x, y, angle, width, size;
	char text[60];
};

/* A text of an SVG picture: its box by the font's metrics. Slanted ones have none, and are *slanted
 * instead (false is returned). */
static bool svg_word(const char *group, struct figures_word *w, struct slanted *slanted)
{
	double x, y, size, angle = 0;
	char anchor[8] = "", text[400];
	size_t n = 0;
	const char *turned = strstr(group, "rotate("), *end = strchr(group, '>');
	const char *font = strstr(group, "font-size="), *from = strstr(group, "text-anchor=");
	const char *stop = strstr(group, "</text>");
	if (!end || !font || !from || !stop ||
	    sscanf(group, "<g transform=\"translate(%lf,%lf)", &x, &y) != 2 ||
	    sscanf(font, "font-size=\"%lf", &size) != 1 ||
	    sscanf(from, "text-anchor=\"%7[a-z]", anchor) != 1)
		return false;
	if (turned && turned < end)
		sscanf(turned, "rotate(%lf", &angle);
	bool tag = false;
	for (const char *p = strstr(group, "<text>"); p && p < stop && n + 1 < sizeof(text); p++) {
		tag = *p == '<' || (tag && *p != '>');
		if (!tag && *p != '>')
			text[n++] = *p;
	}
	text[n] = '\0';
	double width = gp_text_width(text) * size / 8;
	double before = strcmp(anchor, "end") == 0	? width
			: strcmp(anchor, "middle") == 0 ? width / 2
							: 0;
	if (angle == 0)
		*w = (struct figures_word){x - before, y - 0.7 * size, x - before + width, y, {0}};
	else if (angle == -90)
		*w = (struct figures_word){x - 0.7 * size, y + before - width, x, y + before, {0}};
	else {
		*slanted = (struct slanted){x, y, -angle, width, size, {0}};
		snprintf(slanted->text, sizeof(slanted->text), "%.59s", text);
		return false;
	}
	snprintf(w->text, sizeof(w->text), "%.59s", text);
	return true;
}

/* Slanted labels begin on the page, and their lines stand apart. */
static void check_slanted(const char *name, const struct slanted *labels, size_t n, double height)
{
	static const double degree = 3.14159265358979 / 180;
	for (size_t i = 0; i < n; i++) {
		const struct slanted *a = &labels[i];
		double sine = sin(a->angle * degree), cosine = cos(a->angle * degree);
		if (a->x - a->width * cosine < -1 || a->y + a->width * sine > height + 1) {
			printf(" %s.svg: '%s' is cut off ", name, a->text);
			CU_FAIL("a slanted label is cut off");
		}
		for (size_t k = 0; k < i; k++) {
			double dx = labels[k].x - a->x, dy = labels[k].y - a->y;
			if (fabs(dx * sine + dy * cosine) < 0.85 * a->size) {
				printf(" %s.svg: '%s' is on '%s' ", name, a->text, labels[k].text);
				CU_FAIL("slanted labels overlap");
			}
		}
	}
}

/* The same of the SVG picture. Widths are those of the font's metrics. Returns how many labels are
 * slanted. */
static size_t check_svg(const char *name)
{
	struct program_result r = program_run("cat $TMP/a/%s.svg", name);
	static struct figures_word words[400];
	static struct slanted slanted[100];
	double width = 0, height = 0;
	size_t n = 0, n_slanted = 0;
	const char *size = strstr(r.out, "viewBox=");
	CU_ASSERT(size && sscanf(size, "viewBox=\"0 0 %lf %lf", &width, &height) == 2);
	for (const char *p = r.out; (p = strstr(p, "<g transform=")) && n < 400; p++) {
		struct slanted s = {0};
		n += svg_word(p, &words[n], &s);
		if (s.width > 0 && n_slanted < 100)
			slanted[n_slanted++] = s;
	}
	program_free(&r);
	CU_ASSERT(n > 8);
	check_slanted(name, slanted, n_slanted, height);
	for (size_t i = 0; i < n; i++) {
		const struct figures_word *a = &words[i];
		if (a->x0 < -1 || a->y0 < -1 || a->x1 > width + 2 || a->y1 > height + 1) {
			printf(" %s.svg: '%s' is cut off ", name, a->text);
			CU_FAIL("a label is cut off");
		}
		for (size_t k = 0; k < i; k++) {
			const struct figures_word *b = &words[k];
			if (fmin(a->x1, b->x1) - fmax(a->x0, b->x0) > 2 &&
			    fmin(a->y1, b->y1) - fmax(a->y0, b->y0) > 1) {
				printf(" %s.svg: '%s' is on '%s' ", name, a->text, b->text);
				CU_FAIL("labels overlap");
			}
		}
	}
	return n_slanted;
}

/* The label of the y axis stands upright beside the ticks, also beside those of a logarithm. */
static void check_y_label(const char *name)
{
	struct program_result r = program_run("pdftotext -bbox $TMP/a/%s.pdf -", name);
	struct figures_word w;
	double label = 0, tics = 1e9;
	for (const char *p = r.out; (p = strstr(p, "<word ")); p++) {
		if (sscanf(p, "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%59[^<]",
			   &w.x0, &w.y0, &w.x1, &w.y1, w.text) != 5)
			continue;
		if (w.x1 - w.x0 < 12 && w.y1 - w.y0 > 16 && w.x0 < 40)
			label = fmax(label, w.x1);
		else if (w.text[0] >= '0' && w.text[0] <= '9' && w.y1 < 100 && w.x0 < 60)
			tics = fmin(tics, w.x0);
	}
	program_free(&r);
	CU_ASSERT(label > 0 && tics < 1e9);
	if (label > tics)
		printf(" %s: the y label reaches to %g, ticks begin at %g ", name, label, tics);
	CU_ASSERT(label <= tics);
}

static void no_label_is_cut_off_or_on_another(void)
{
	if (!figures_have("gnuplot") || !figures_have("pdftotext"))
		return;
	struct diag_list diags = {0};
	figures_draw(figures_gallery, "a", &diags);
	diag_free(&diags);
	PROGRAM_EXPECT(0, NULL, "cd $TMP/a && gnuplot *.gp");
	size_t slanted = 0;
	for (size_t i = 0; i < FIGURES_GALLERY; i++) {
		char pdf[60];
		snprintf(pdf, sizeof(pdf), "a/%s.pdf", figures_names[i]);
		CU_ASSERT(figures_check_words(figures_names[i], pdf, 1, 4) > 20);
		slanted += check_svg(figures_names[i]);
	}
	CU_ASSERT(slanted > 0);
	for (size_t i = 0; i < 4; i++)
		check_y_label(figures_names[i]);
}

/* What an author calls a value may be longer than any figure, and mean something to gnuplot. */
static void names_of_values_are_shown_as_they_fit(void)
{
	static const struct {
		const char *name;
		double room_pt;
		char quote;
		const char *shown;
	} cases[] = {
		{"kvm-virtio", 100, '\'', "kvm-virtio"},
		{"it's 5 %", 100, '\'', "it''s 5 %"},
		{"it's \"5\" %\\n", 100, '%', "it's \\\"5\\\" %%\\\\n"},
		{"twelve letters and more", 60, '\'', "twelve letters \xe2\x80\xa6"},
		{"\xd0\xba\xd0\xbe\xd0\xbd\xd1\x82\xd0\xb5\xd0\xb9", 25, '\'',
		 "\xd0\xba\xd0\xbe\xd0\xbd\xe2\x80\xa6"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct drawing d = {0};
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		gp_put_name(&d, out, cases[i].name, cases[i].room_pt, cases[i].quote);
		fclose(out);
		if (strcmp(text, cases[i].shown) != 0)
			printf(" '%s' is shown as '%s' ", cases[i].name, text);
		CU_ASSERT_STRING_EQUAL(text, cases[i].shown);
		free(text);
	}
	/* As the font's own metrics have it. */
	CU_ASSERT_DOUBLE_EQUAL(gp_text_width("kvm-emulated"), 6.279 * 8, 0.01);
}

static void fonts_have_the_size_they_claim(void)
{
	if (!figures_have("gnuplot") || !figures_have("pdftotext"))
		return;
	struct diag_list diags = {0};
	figures_draw(figures_gallery, "a", &diags);
	diag_free(&diags);
	PROGRAM_EXPECT(0, NULL, "cd $TMP/a && gnuplot lines.gp");
	/* Sizes of the text matrices in the page: 8 pt for text, 5 pt for the footnote. */
	struct program_result r =
		program_run("cd $TMP/a && pdftotext -bbox lines.pdf - | grep -E '>(exit|Costs:)<'");
	double x0, x1;
	char *exit_word = strstr(r.out, "xMin");
	CU_ASSERT_PTR_NOT_NULL_FATAL(exit_word);
	/* "exit" is e x i t = 0.556 + 0.5 + 0.222 + 0.278 em in Helvetica's metrics. */
	CU_ASSERT_EQUAL(sscanf(exit_word, "xMin=\"%lf\" yMin=\"%*f\" xMax=\"%lf\"", &x0, &x1), 2);
	struct program_result font = program_run("fc-match Helvetica family 2>&1");
	if (strstr(font.out, "Nimbus Sans") || strstr(font.out, "Helvetica") ||
	    strstr(font.out, "Liberation Sans"))
		CU_ASSERT_DOUBLE_EQUAL(x1 - x0, 1.556 * 8, 0.25);
	program_free(&font);
	program_free(&r);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_whole_gallery_runs_with_plain_gnuplot",
		 the_whole_gallery_runs_with_plain_gnuplot},
		{"drawing_twice_gives_the_same_bytes", drawing_twice_gives_the_same_bytes},
		{"no_label_is_cut_off_or_on_another", no_label_is_cut_off_or_on_another},
		{"names_of_values_are_shown_as_they_fit", names_of_values_are_shown_as_they_fit},
		{"fonts_have_the_size_they_claim", fonts_have_the_size_they_claim},
		{0},
	};
	int status = test_main("reports.figure_layout", cases, argc, argv);
	figures_close();
	return status;
}
