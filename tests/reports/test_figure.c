/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Figures from a database: the data in them, the scripts run by a plain gnuplot, and what is said
 * of figures that cannot be drawn.
 */
#include "reports/figure/figure.h"
#include "reports/figure/figure_internal.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every kind, and the shapes that once went wrong: slanted and broken labels, both logs, a page. */
static const char gallery[] =
	"[{\"name\":\"lines\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"response_time.p95\","
	"\"series\":\"platform\",\"log\":\"x\"},"
	"{\"name\":\"logs\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"response_time.p99\","
	"\"series\":\"platform\",\"log\":\"xy\"},"
	"{\"name\":\"categories\",\"kind\":\"lines\",\"x\":\"platform\",\"y\":\"utilization\","
	"\"subject\":\"edge/node/0\",\"series\":\"exit_cost\"},"
	"{\"name\":\"bars\",\"kind\":\"bars\",\"x\":\"exit_cost\",\"y\":\"energy_per_task.mean\","
	"\"series\":\"platform\"},"
	"{\"name\":\"single\",\"kind\":\"bars\",\"x\":\"platform\",\"y\":\"response_time.p99\","
	"\"at\":{\"exit_cost\":8}},"
	"{\"name\":\"stack\",\"kind\":\"stack\",\"x\":\"platform\",\"y\":\"overhead\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"cdf\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":1},\"title\":\"It's a title\"},"
	"{\"name\":\"page\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":\"8\"},\"width\":\"page\",\"log\":\"x\"},"
	"{\"name\":\"manykeys\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"exit_cost\","
	"\"at\":{\"platform\":\"kvm-emulated\"}},"
	"{\"name\":\"quantiles\",\"kind\":\"quantiles\",\"y\":\"response_time\",\"series\":"
	"\"platform\","
	"\"at\":{\"exit_cost\":8}},"
	"{\"name\":\"heatmap\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\","
	"\"z\":\"response_time.mean\"},"
	"{\"name\":\"tornado\",\"kind\":\"tornado\",\"y\":\"response_time.mean\","
	"\"at\":{\"exit_cost\":1,\"platform\":\"kvm-emulated\"}},"
	"{\"name\":\"timeseries\",\"kind\":\"time-series\",\"y\":\"battery\",\"series\":"
	"\"platform\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"timeline\",\"kind\":\"timeline\",\"y\":\"overhead\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"onetask\",\"kind\":\"timeline\",\"y\":\"task.timeline\",\"series\":"
	"\"platform\",\"at\":{\"exit_cost\":1}}]";
enum { GALLERY = 15 };

static struct db *db;
static struct dataset data;

/* Before the first case that needs it. */
static void open_data(void)
{
	if (db)
		return;
	char path[200];
	struct err e = {0};
	snprintf(path, sizeof(path), "%s/figures.db", test_scratch());
	synthetic_write(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
}

/* Parses and writes figures into TMP/folder; returns how many scripts there are. */
static size_t draw(const char *text, const char *folder, struct diag_list *diags)
{
	struct arena arena = {0};
	struct figures figures = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[GALLERY];
	size_t written = 0;
	char path[200];
	open_data();
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), folder);
	mkdir(path, 0700);
	if (figures_parse(db, text, &figures, &doc, &arena, diags, &e) == 0) {
		struct figure_request request = {path, FIGURE_PDF | FIGURE_SVG | FIGURE_PNG,
						 "figures.db"};
		int code = figures_write(&data, &figures, &request, scripts, &written, &arena,
					 diags, &e);
		CU_ASSERT_EQUAL(code, diags->errors ? ERR_INVALID : 0);
		json_doc_free(&doc);
	}
	arena_free(&arena);
	return written;
}

static bool have(const char *program)
{
	struct program_result r = program_run("command -v %s", program);
	bool there = r.code == 0;
	program_free(&r);
	if (!there)
		test_skip("no %s program", program);
	return there;
}

static void the_whole_gallery_runs_with_plain_gnuplot(void)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(draw(gallery, "a", &diags), GALLERY);
	CU_ASSERT_EQUAL(diags.count, 0);
	diag_free(&diags);
	if (!have("gnuplot"))
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
	CU_ASSERT_EQUAL(draw(gallery, "b", &diags), GALLERY);
	CU_ASSERT_EQUAL(draw(gallery, "c", &diags), GALLERY);
	diag_free(&diags);
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP && for f in b/*.gp b/*.tsv; do cmp $f c/${f#b/} || exit 1; done");
	if (!have("gnuplot"))
		return;
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP && for d in b c; do (cd $d && gnuplot *.gp); done; "
		       "for f in b/*.svg; do cmp $f c/${f#b/} || exit 1; done");
}

struct word {
	double x0, y0, x1, y1;
	char text[60];
};

/* Words of the PDF must lie on the page and not on each other; slanted and upright texts have boxes
 * of their own kind and are held to the page only. */
static void check_words(const char *name)
{
	double width = 0, height = 0;
	struct program_result r = program_run("pdftotext -bbox $TMP/a/%s.pdf -", name);
	static struct word words[400];
	size_t n = 0;
	const char *page = strstr(r.out, "<page ");
	CU_ASSERT(page && sscanf(page, "<page width=\"%lf\" height=\"%lf\"", &width, &height) == 2);
	for (const char *p = r.out; (p = strstr(p, "<word ")) && n < 400; p++) {
		struct word *w = &words[n];
		if (sscanf(p, "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%59[^<]",
			   &w->x0, &w->y0, &w->x1, &w->y1, w->text) == 5)
			n++;
	}
	program_free(&r);
	CU_ASSERT(n > 20);
	for (size_t i = 0; i < n; i++) {
		const struct word *a = &words[i];
		bool inside = a->x0 > -1 && a->y0 > -1 && a->x1 < width + 1 && a->y1 < height + 1;
		if (!inside)
			printf(" %s: '%s' is cut off (%g %g %g %g) ", name, a->text, a->x0, a->y0,
			       a->x1, a->y1);
		CU_ASSERT_TRUE(inside);
		for (size_t k = 0; k < i; k++) {
			const struct word *b = &words[k];
			if (a->y1 - a->y0 > 12 || b->y1 - b->y0 > 12)
				continue;
			double x = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
			double y = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);
			/* The box of a line is higher than its letters. */
			bool over = x > 0.5 && y > 4;
			if (over) {
				printf(" %s: '%s' is on '%s' ", name, a->text, b->text);
				CU_FAIL("labels overlap");
				return;
			}
		}
	}
}

/* A text that ends at (x, y), slanted upwards by `angle` degrees. */
struct slanted {
	double x, y, angle, width, size;
	char text[60];
};

/* A text of an SVG picture: its box by the font's metrics. Slanted ones have none, and are *slanted
 * instead (false is returned). */
static bool svg_word(const char *group, struct word *w, struct slanted *slanted)
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
		*w = (struct word){x - before, y - 0.7 * size, x - before + width, y, {0}};
	else if (angle == -90)
		*w = (struct word){x - 0.7 * size, y + before - width, x, y + before, {0}};
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
	static struct word words[400];
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
		const struct word *a = &words[i];
		if (a->x0 < -1 || a->y0 < -1 || a->x1 > width + 2 || a->y1 > height + 1) {
			printf(" %s.svg: '%s' is cut off ", name, a->text);
			CU_FAIL("a label is cut off");
		}
		for (size_t k = 0; k < i; k++) {
			const struct word *b = &words[k];
			if (fmin(a->x1, b->x1) - fmax(a->x0, b->x0) > 2 &&
			    fmin(a->y1, b->y1) - fmax(a->y0, b->y0) > 1) {
				printf(" %s.svg: '%s' is on '%s' ", name, a->text, b->text);
				CU_FAIL("labels overlap");
			}
		}
	}
	return n_slanted;
}

/* A document takes the script's TeX: nothing of it is for TeX but what gnuplot wrote, and the fonts
 * have the size that the layout is for. */
static void latex_gets_texts_that_it_can_read(void)
{
	static const char strange[] =
		"{\"name\":\"strange\",\"kind\":\"quantiles\",\"y\":\"response_time\",\"series\":"
		"\"platform\",\"at\":{\"exit_cost\":8},\"title\":\"100 % of_all #1 & {$x^2$} "
		"~ \\\\ <a|b>\"}";
	char path[200];
	struct arena arena = {0};
	struct figures figures = {0};
	struct diag_list diags = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[2];
	size_t written = 0;
	open_data();
	snprintf(path, sizeof(path), "%s/latex", test_scratch());
	mkdir(path, 0700);
	struct figure_request request = {path, FIGURE_PDF | FIGURE_LATEX, NULL};
	CU_ASSERT_EQUAL_FATAL(figures_parse(db, strange, &figures, &doc, &arena, &diags, &e), 0);
	CU_ASSERT_EQUAL(
		figures_write(&data, &figures, &request, scripts, &written, &arena, &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(written, 2);
	CU_ASSERT_STRING_EQUAL(scripts[1], "strange-latex.gp");
	json_doc_free(&doc);
	arena_free(&arena);
	diag_free(&diags);
	if (!have("gnuplot"))
		return;
	PROGRAM_EXPECT(0, NULL, "cd $TMP/latex && gnuplot *.gp 2>err; test ! -s err");
	PROGRAM_EXPECT(0, "share of observations below (\\%)}",
		       "grep 'share of' $TMP/latex/strange-latex.tex");
	PROGRAM_EXPECT(0,
		       "100 \\% of\\_all \\#1 \\& \\{\\$x\\textasciicircum{}2\\$\\} "
		       "\\textasciitilde{} \\textbackslash{} "
		       "\\textless{}a\\textbar{}b\\textgreater{}",
		       "grep '100 ' $TMP/latex/strange-latex.tex");
	PROGRAM_EXPECT(0, "\\fontsize{8}{9.6}", "cat $TMP/latex/strange-latex.tex");
	struct program_result r = program_run("command -v pdflatex");
	if (r.code == 0) {
		program_write_file("latex/paper.tex",
				   "\\documentclass{article}\\usepackage{graphicx,color}\n"
				   "\\begin{document}\\input{strange-latex.tex}\\end{document}\n");
		PROGRAM_EXPECT(0, "Output written on paper.pdf",
			       "cd $TMP/latex && pdflatex -halt-on-error paper.tex");
	}
	program_free(&r);
}

/* The label of the y axis stands upright beside the ticks, also beside those of a logarithm. */
static void check_y_label(const char *name)
{
	struct program_result r = program_run("pdftotext -bbox $TMP/a/%s.pdf -", name);
	struct word w;
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
	static const char *const names[] = {
		"lines",    "logs",    "categories", "bars",	   "single",  "stack",	  "cdf",
		"manykeys", "heatmap", "quantiles",  "timeseries", "tornado", "timeline", "onetask", "page"};
	if (!have("gnuplot") || !have("pdftotext"))
		return;
	struct diag_list diags = {0};
	draw(gallery, "a", &diags);
	diag_free(&diags);
	PROGRAM_EXPECT(0, NULL, "cd $TMP/a && gnuplot *.gp");
	size_t slanted = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		check_words(names[i]);
		slanted += check_svg(names[i]);
	}
	CU_ASSERT(slanted > 0);
	for (size_t i = 0; i < 4; i++)
		check_y_label(names[i]);
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
	if (!have("gnuplot") || !have("pdftotext"))
		return;
	struct diag_list diags = {0};
	draw(gallery, "a", &diags);
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

static void the_data_file_has_the_numbers_of_the_summary(void)
{
	struct diag_list diags = {0};
	draw(gallery, "a", &diags);
	diag_free(&diags);
	const struct data_metric *m = dataset_find_metric(&data, "response_time.p95", NULL);
	struct cell *cells = calloc(data.point_count, sizeof(*cells));
	struct err e = {0};
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	CU_ASSERT_EQUAL(dataset_summary(&data, m, cells, &e), 0);
	char path[200], line[300];
	snprintf(path, sizeof(path), "%s/a/lines.tsv", test_scratch());
	FILE *f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	size_t i = 0;
	while (fgets(line, sizeof(line), f)) {
		double x, mean, low, high;
		if (sscanf(line, "%lf\t%lf\t%lf\t%lf", &x, &mean, &low, &high) != 4)
			continue;
		/* Points are sorted as the file is: platform, then cost. */
		CU_ASSERT_EQUAL(x, synthetic_costs[i % SYNTHETIC_COSTS]);
		CU_ASSERT_EQUAL(mean, cells[i].mean);
		CU_ASSERT_DOUBLE_EQUAL(high - low, 2 * cells[i].ci95, 1e-12);
		i++;
	}
	CU_ASSERT_EQUAL(i, SYNTHETIC_POINTS);
	fclose(f);
	free(cells);
}

static void mistakes_say_what_there_is(void)
{
	static const struct {
		const char *figure, *said;
	} cases[] = {
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cots\",\"y\":\"overhead\"}",
		 "no axis 'exit_cots' in sweep (exit_cost, platform)"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"respons_time\","
		 "\"series\":\"platform\"}",
		 "no metric 'respons_time' (they have overhead, response_time.mean"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"utilization\","
		 "\"series\":\"platform\"}",
		 "choose one with \"subject\" (edge/node/0, edge/node/1)"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"utilization\","
		 "\"subject\":\"node\",\"series\":\"platform\"}",
		 "has no subject 'node'"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\"}",
		 "axis 'platform' has several values (native, container, kvm-virtio, "
		 "kvm-emulated)"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"y\":\"overhead\",\"at\":{\"exit_cost\":1}}",
		 "no distribution of 'overhead' (they have response_time)"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":"
		 "\"platform\",\"at\":{\"exit_cost\":3}}",
		 "axis 'exit_cost' has no such value (it has 0.25, 0.5, 1, 2, 4, 8)"},
		{"{\"name\":\"f\",\"kind\":\"stack\",\"y\":\"overhead\"}", "needs \"x\""},
		{"{\"name\":\"f\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\"}",
		 "needs \"z\""},
		{"{\"name\":\"f\",\"kind\":\"tornado\",\"y\":\"tasks.done\"}", "needs \"at\""},
		{"{\"name\":\"f\",\"kind\":\"time-series\",\"y\":\"tasks.done\"}",
		 "no series over time of 'tasks.done' (they have battery, task.timeline)"},
		{"{\"name\":\"f\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\","
		 "\"z\":\"tasks.done\",\"baseline\":{\"platform\":\"native\"}}",
		 "is drawn, so it cannot be fixed"},
		{"{\"name\":\"f\",\"kind\":\"cdf\",\"x\":\"exit_cost\",\"y\":\"response_time\"}",
		 "takes no \"x\""},
		{"{\"name\":\"../f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\"}",
		 "cannot name a file"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\","
		 "\"series\":\"exit_cost\"}",
		 "same axis"},
		{"{\"name\":\"f\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"tasks.done\","
		 "\"series\":\"platform\",\"at\":{\"platform\":\"native\"}}",
		 "cannot be fixed"},
		{"[{\"name\":\"f\",\"kind\":\"stack\",\"x\":\"exit_cost\",\"y\":\"overhead\","
		 "\"at\":{\"platform\":\"native\"}},"
		 "{\"name\":\"f\",\"kind\":\"stack\",\"x\":\"exit_cost\",\"y\":\"overhead\","
		 "\"at\":{\"platform\":\"native\"}}]",
		 "two figures are called 'f'"},
		{"{\"name\":\"f\",\"kind\":\"pie\"}", "stack"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diag_list diags = {0};
		CU_ASSERT_EQUAL(draw(cases[i].figure, "bad", &diags), 0);
		bool said = false;
		for (size_t k = 0; k < diags.count; k++)
			said |= strstr(diags.items[k].text, cases[i].said) != NULL;
		if (!said) {
			printf(" not said: %s, but ", cases[i].said);
			for (size_t k = 0; k < diags.count; k++)
				diag_print(&diags.items[k], stdout);
		}
		CU_ASSERT_TRUE(said);
		diag_free(&diags);
	}
}

static void a_bad_figure_does_not_stop_the_others(void)
{
	struct diag_list diags = {0};
	size_t n =
		draw("[{\"name\":\"x1\",\"kind\":\"cdf\",\"y\":\"nothing\",\"series\":\"platform\","
		     "\"at\":{\"exit_cost\":1}},"
		     "{\"name\":\"x2\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":"
		     "\"platform\",\"at\":{\"exit_cost\":1}}]",
		     "some", &diags);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(diags.errors, 1);
	CU_ASSERT_STRING_EQUAL(diags.items[0].pointer, "/figures/0/y");
	diag_free(&diags);
}

/* Points with axes a (0 to 4), b = 10 - 2 a and c = a / 2, which has values twice. */
static void write_lockstep(const char *path)
{
	struct db_study study = {.document =
					 cJSON_Parse("{\"sweep\":{\"a\":{},\"b\":{\"with\":\"a\"},"
						     "\"c\":{\"with\":\"a\"}}}"),
				 .profile = cJSON_CreateObject(),
				 .seed = 1,
				 .version = "0",
				 .command = ""};
	struct err e = {0};
	struct db *locked;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&locked, path, &study, NULL, &e), 0);
	struct run_sink sink = db_sink(locked);
	for (int i = 0; i < 5; i++) {
		struct parameter p[] = {{"a", "", true, i, "1"},
					{"b", "", true, 10 - 2 * i, "1"},
					{"c", "", true, i / 2, "1"}};
		struct point point = {.parameters = p, .parameter_count = 3};
		struct run_result r = {0};
		struct run_record record = {.key = {point.id, 0, 1}, .result = &r};
		snprintf(point.id, sizeof(point.id), "%032d", i);
		run_result_add(&r, "y", "", "s", i);
		CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &point, &e), 0);
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
		run_result_free(&r);
	}
	db_close(locked);
	cJSON_Delete((cJSON *)study.document);
	cJSON_Delete((cJSON *)study.profile);
}

/* An axis in lockstep with one that is drawn needs no value of its own; one whose values come twice
 * tells the others nothing. */
static void axes_in_lockstep_go_together(void)
{
	static const struct {
		const char *text, *rows;
		bool drawn;
	} cases[] = {
		{"{\"name\":\"a\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\"}", "5", true},
		{"{\"name\":\"b\",\"kind\":\"lines\",\"x\":\"b\",\"y\":\"y\"}", "5", true},
		{"{\"name\":\"c\",\"kind\":\"lines\",\"x\":\"c\",\"y\":\"y\"}", NULL, false},
		{"{\"name\":\"d\",\"kind\":\"lines\",\"x\":\"c\",\"y\":\"y\",\"series\":\"a\"}",
		 "5", true},
		{"{\"name\":\"e\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\",\"at\":{\"c\":1}}",
		 "2", true},
	};
	struct err e = {0};
	struct db *locked;
	char path[200];
	snprintf(path, sizeof(path), "%s/lockstep.db", test_scratch());
	write_lockstep(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&locked, path, &e), 0);
	struct dataset grid;
	CU_ASSERT_EQUAL_FATAL(dataset_load(&grid, locked, &e), 0);
	CU_ASSERT(grid.axes[1].leader == 0 && grid.axes[2].leader == 2);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena arena = {0};
		struct diag_list diags = {0};
		struct figures figures = {0};
		struct json_doc doc;
		const char *scripts[1];
		size_t written = 0;
		struct figure_request request = {test_scratch(), FIGURE_SVG, NULL};
		CU_ASSERT_EQUAL_FATAL(
			figures_parse(locked, cases[i].text, &figures, &doc, &arena, &diags, &e),
			0);
		CU_ASSERT_EQUAL(figures_write(&grid, &figures, &request, scripts, &written, &arena,
					      &diags, &e),
				cases[i].drawn ? 0 : ERR_INVALID);
		CU_ASSERT_EQUAL(written, cases[i].drawn);
		if (cases[i].drawn)
			PROGRAM_EXPECT(0, cases[i].rows,
				       "grep -v NaN $TMP/%c.tsv | grep -c '^[0-9]'", 'a' + (int)i);
		else
			CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "'a' has several"));
		json_doc_free(&doc);
		diag_free(&diags);
		arena_free(&arena);
	}
	dataset_free(&grid);
	db_close(locked);
}

/* Means 1 to 32 along an axis, the last with an interval of 32 +- 60, as two repetitions can give;
 * and "zero", which is 0 at the first value. */
static void write_noisy(const char *path)
{
	struct db_study study = {
		.document = cJSON_Parse("{\"sweep\":{\"a\":{},\"rate\":{\"with\":\"a\"}}}"),
		.profile = cJSON_CreateObject(),
		.seed = 1,
		.version = "0",
		.command = ""};
	struct err e = {0};
	struct db *noisy;
	CU_ASSERT_EQUAL_FATAL(db_open_run(&noisy, path, &study, NULL, &e), 0);
	struct run_sink sink = db_sink(noisy);
	for (uint32_t i = 0; i < 12; i++) {
		double mean = 1 << i / 2, off = (i % 2 ? 1 : -1) * (i / 2 == 5 ? 4.7 : 0.02);
		char rate[32];
		snprintf(rate, sizeof(rate), "%u Mbit/s", i / 2 + 1);
		struct parameter p[] = {{"a", "", true, i / 2, "1"}, {"rate", rate, false, 0, ""}};
		struct point point = {.parameters = p, .parameter_count = 2};
		struct run_result r = {0};
		struct run_record record = {.key = {point.id, i % 2, 1}, .result = &r};
		snprintf(point.id, sizeof(point.id), "%032u", i / 2);
		run_result_add(&r, "y", "", "J", mean + off);
		run_result_add(&r, "signed", "", "J", mean + off - 4);
		run_result_add(&r, "zero", "", "J", i / 2);
		run_result_add(&r, "flat", "", "J", 1.26 + 0.01 * (i / 2));
		CU_ASSERT_EQUAL(sink.add_point(sink.ctx, &point, &e), 0);
		CU_ASSERT_EQUAL(sink.put_run(sink.ctx, &record, &e), 0);
		run_result_free(&r);
	}
	db_close(noisy);
	cJSON_Delete((cJSON *)study.document);
	cJSON_Delete((cJSON *)study.profile);
}

/* The range of the y axis in the script of a figure, and whether it is logarithmic. */
static bool y_range(const char *name, double *low, double *high)
{
	struct program_result r = program_run("cat $TMP/noisy/%s.gp", name);
	const char *range = strstr(r.out, "set yrange [");
	*low = *high = NAN;
	CU_ASSERT(range && sscanf(range, "set yrange [%lf:%lf]", low, high) == 2);
	bool log = strstr(r.out, "set logscale y") != NULL;
	program_free(&r);
	return log;
}

static void wide_intervals_neither_squash_nor_end_a_logarithm(void)
{
	static const char figures_text[] =
		"[{\"name\":\"rates\",\"kind\":\"bars\",\"x\":\"rate\",\"y\":\"y\"},"
		"{\"name\":\"lines\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\"},"
		"{\"name\":\"logs\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"y\",\"log\":\"y\"},"
		"{\"name\":\"bars\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"y\"},"
		"{\"name\":\"logbars\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"y\",\"log\":\"y\"},"
		"{\"name\":\"signed\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"signed\"},"
		"{\"name\":\"flat\",\"kind\":\"lines\",\"x\":\"a\",\"y\":\"flat\",\"log\":\"y\"},"
		"{\"name\":\"zero\",\"kind\":\"bars\",\"x\":\"a\",\"y\":\"zero\",\"log\":\"y\"}]";
	char path[200], folder[200];
	struct db *noisy;
	struct dataset grid;
	struct arena arena = {0};
	struct diag_list diags = {0};
	struct figures figures = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[8];
	size_t written = 0;
	snprintf(path, sizeof(path), "%s/noisy.db", test_scratch());
	snprintf(folder, sizeof(folder), "%s/noisy", test_scratch());
	mkdir(folder, 0700);
	write_noisy(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&noisy, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&grid, noisy, &e), 0);
	CU_ASSERT_EQUAL_FATAL(
		figures_parse(noisy, figures_text, &figures, &doc, &arena, &diags, &e), 0);
	struct figure_request request = {folder, FIGURE_PNG | FIGURE_PDF, NULL};
	CU_ASSERT_EQUAL(
		figures_write(&grid, &figures, &request, scripts, &written, &arena, &diags, &e), 0);
	CU_ASSERT_EQUAL(written, 8);
	/* The only thing to say: one value cannot be drawn. */
	CU_ASSERT_EQUAL_FATAL(diags.count, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(diags.items[0].text, "zero: 1 values are not above zero"));
	double low, high, interval = 32 + 4.7 * 12.7062047;
	CU_ASSERT_FALSE(y_range("lines", &low, &high));
	CU_ASSERT_EQUAL(low, 0);
	CU_ASSERT(high > 32 && high < 70);
	CU_ASSERT_TRUE(y_range("logs", &low, &high));
	CU_ASSERT(low > 0.25 && low < 1 && high > interval);
	CU_ASSERT_FALSE(y_range("bars", &low, &high));
	CU_ASSERT(low == 0 && high > interval);
	CU_ASSERT_TRUE(y_range("logbars", &low, &high));
	CU_ASSERT(low > 0.25 && low < 0.6 && high > interval);
	CU_ASSERT_FALSE(y_range("signed", &low, &high));
	CU_ASSERT(low < -3 && low > -40);
	CU_ASSERT_TRUE(y_range("zero", &low, &high));
	CU_ASSERT(low > 0 && low < 1);
	/* A unit stays in one piece. */
	PROGRAM_EXPECT(0, "\"1 Mbit/s\"",
		       "sed 's/ \\\\n/ /g' $TMP/noisy/rates.gp | grep 'set xtics scale'");
	/* Less than a step of the logarithm: still at round numbers. */
	PROGRAM_EXPECT(0, "\"1.26\"", "grep 'set ytics' $TMP/noisy/flat.gp");
	if (have("gnuplot"))
		PROGRAM_EXPECT(0, NULL, "cd $TMP/noisy && gnuplot *.gp 2>err; test ! -s err");
	json_doc_free(&doc);
	diag_free(&diags);
	arena_free(&arena);
	dataset_free(&grid);
	db_close(noisy);
}

static void a_folder_that_cannot_be_written_is_an_error(void)
{
	struct arena arena = {0};
	struct figures figures = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	const char *scripts[3];
	size_t written;
	open_data();
	CU_ASSERT_EQUAL(figures_of_study(db, &figures, &arena, &diags), 0);
	CU_ASSERT_EQUAL(figures.list.count, 3);
	struct figure_request request = {"/nonexistent", FIGURE_PDF, NULL};
	CU_ASSERT_EQUAL(
		figures_write(&data, &figures, &request, scripts, &written, &arena, &diags, &e),
		ERR_NOTFOUND);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "/nonexistent/p95-vs-exit-cost.tsv"));
	arena_free(&arena);
	diag_free(&diags);
}

static void a_platform_keeps_its_look(void)
{
	struct data_level two[] = {{"kvm-emulated", 0}, {"native", 0}};
	struct data_level five[] = {
		{"mine", 0}, {"native", 0}, {"xen-pv", 0}, {"kvm-emulated", 0}, {"yours", 0}};
	struct data_axis a = {.name = "platform", .unit = "", .values = two, .count = 2};
	struct data_axis b = {.name = "platform", .unit = "", .values = five, .count = 5};
	CU_ASSERT_EQUAL(figure_line_style(&a, 0).colour, figure_line_style(&b, 3).colour);
	CU_ASSERT_EQUAL(figure_line_style(&a, 1).colour, figure_line_style(&b, 1).colour);
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++) {
			struct line_style x = figure_line_style(&b, i),
					  y = figure_line_style(&b, k);
			CU_ASSERT(x.colour != y.colour && x.point != y.point &&
				  strcmp(x.dash, y.dash) != 0);
		}
}

/* What is drawn of each of the platforms alone, in the plot command of a script. */
static void expect_look(const char *script, const char *what, size_t platform)
{
	const struct data_axis *axis = &data.axes[dataset_find_axis(&data, "platform")];
	struct line_style look = figure_line_style(axis, platform);
	char line[200];
	snprintf(line, sizeof(line), "%s fillcolor rgb \"#%06x\" fillstyle %s border", what,
		 look.colour, look.fill);
	PROGRAM_EXPECT(0, line, "grep -hF '%s' $TMP/look/%s.gp", what, script);
}

static void platforms_keep_their_looks_where_they_are_no_series(void)
{
	struct diag_list diags = {0};
	char what[80];
	CU_ASSERT_EQUAL(draw("[{\"name\":\"x\",\"kind\":\"bars\",\"x\":\"platform\",\"y\":"
			     "\"response_time.p99\",\"at\":{\"exit_cost\":8}},"
			     "{\"name\":\"one\",\"kind\":\"bars\",\"x\":\"exit_cost\",\"y\":"
			     "\"response_time.p99\",\"at\":{\"platform\":\"kvm-emulated\"}}]",
			     "look", &diags),
			2);
	diag_free(&diags);
	for (size_t p = 0; p < SYNTHETIC_PLATFORMS; p++) {
		snprintf(what, sizeof(what), "every ::%zu::%zu using 1:($2*y_factor) with boxes", p,
			 p);
		expect_look("x", what, p);
	}
	cJSON *emulated = cJSON_CreateStringReference("kvm-emulated");
	const struct data_axis *axis = &data.axes[dataset_find_axis(&data, "platform")];
	expect_look("one", "using 1:($2*y_factor) with boxes", (size_t)axis_find(axis, emulated));
	cJSON_Delete(emulated);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"the_whole_gallery_runs_with_plain_gnuplot",
		 the_whole_gallery_runs_with_plain_gnuplot},
		{"drawing_twice_gives_the_same_bytes", drawing_twice_gives_the_same_bytes},
		{"no_label_is_cut_off_or_on_another", no_label_is_cut_off_or_on_another},
		{"latex_gets_texts_that_it_can_read", latex_gets_texts_that_it_can_read},
		{"names_of_values_are_shown_as_they_fit", names_of_values_are_shown_as_they_fit},
		{"fonts_have_the_size_they_claim", fonts_have_the_size_they_claim},
		{"the_data_file_has_the_numbers_of_the_summary",
		 the_data_file_has_the_numbers_of_the_summary},
		{"mistakes_say_what_there_is", mistakes_say_what_there_is},
		{"a_bad_figure_does_not_stop_the_others", a_bad_figure_does_not_stop_the_others},
		{"axes_in_lockstep_go_together", axes_in_lockstep_go_together},
		{"wide_intervals_neither_squash_nor_end_a_logarithm",
		 wide_intervals_neither_squash_nor_end_a_logarithm},
		{"a_folder_that_cannot_be_written_is_an_error",
		 a_folder_that_cannot_be_written_is_an_error},
		{"a_platform_keeps_its_look", a_platform_keeps_its_look},
		{"platforms_keep_their_looks_where_they_are_no_series",
		 platforms_keep_their_looks_where_they_are_no_series},
		{0},
	};
	int status = test_main("reports.figure", cases, argc, argv);
	dataset_free(&data);
	db_close(db);
	return status;
}
