/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Figures and tables for LaTeX, set by TeX itself where it is installed: every kind compiles, with
 * its words on the page and not on each other.
 */
#include "tests/reports/support_figure.h"
#include "tests/reports/support_gallery.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

/* Draws into the folder "latex", and makes a document with a page for each of the figures, of its
 * size. */
static void write_document(const char *const *names, size_t count)
{
	char text[4000];
	size_t used = (size_t)snprintf(
		text, sizeof(text),
		"\\documentclass{article}\\usepackage{graphicx,color}\\hoffset=-1in "
		"\\voffset=-1in\n"
		"\\def\\figure#1{\\setbox0=\\hbox{\\input{#1-latex.tex}}\\pdfpagewidth=\\wd0 "
		"\\pdfpageheight=\\ht0 \\shipout\\box0 }\n\\begin{document}\n");
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "\\figure{%s}\n",
					 names[i]);
	snprintf(text + used, sizeof(text) - used, "\\end{document}\n");
	program_write_file("latex/paper.tex", text);
}

/* A document takes the script's TeX: nothing of it is for TeX but what gnuplot wrote, and the fonts
 * have the size that the layout is for. */
static void latex_gets_texts_that_it_can_read(void)
{
	static const char strange[] =
		"{\"name\":\"strange\",\"kind\":\"quantiles\",\"y\":\"response_time\",\"series\":"
		"\"platform\",\"at\":{\"exit_cost\":8},\"title\":\"100 % of_all #1 & {$x^2$} "
		"~ \\\\ <a|b> \xce\xbc \xcf\x83 \xc2\xb5 \xc2\xb1\"}";
	static const char *const names[] = {"strange"};
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL_FATAL(figures_draw_latex(strange, "latex", &diags), 2);
	diag_free(&diags);
	if (!figures_have("gnuplot"))
		return;
	PROGRAM_EXPECT(0, NULL, "cd $TMP/latex && gnuplot strange-latex.gp 2>err; test ! -s err");
	PROGRAM_EXPECT(0, "share of observations below (\\%)}",
		       "grep 'share of' $TMP/latex/strange-latex.tex");
	PROGRAM_EXPECT(
		0,
		"100 \\% of\\_all \\#1 \\& \\{\\$x\\textasciicircum{}2\\$\\} "
		"\\textasciitilde{} \\textbackslash{} "
		"\\textless{}a\\textbar{}b\\textgreater{} $\\mu$ $\\sigma$ \\textmu{} $\\pm$",
		"grep '100 ' $TMP/latex/strange-latex.tex");
	PROGRAM_EXPECT(0, "\\fontsize{8}{9.6}", "cat $TMP/latex/strange-latex.tex");
	if (!figures_have("pdflatex"))
		return;
	write_document(names, 1);
	PROGRAM_EXPECT(0, "Output written on paper.pdf",
		       "cd $TMP/latex && pdflatex -halt-on-error paper.tex");
}

/* A key's title stands above its first row. */
static void check_key_title(const char *name, int page, const char *title, const char *first)
{
	double bottom = 1e9, top = -1e9, y0, y1;
	struct program_result r =
		program_run("pdftotext -f %d -l %d -bbox $TMP/latex/paper.pdf -", page, page);
	for (const char *p = r.out; (p = strstr(p, "<word ")); p++) {
		char word[60] = "";
		if (sscanf(p, "<word xMin=\"%*f\" yMin=\"%lf\" xMax=\"%*f\" yMax=\"%lf\">%59[^<]",
			   &y0, &y1, word) != 3)
			continue;
		if (strcmp(word, title) == 0 && bottom > 1e8)
			bottom = y1;
		if (strcmp(word, first) == 0 && top < -1e8)
			top = y0;
	}
	program_free(&r);
	if (bottom > top + 0.5)
		printf(" %s: the key's title reaches to %g, its rows begin at %g ", name, bottom,
		       top);
	CU_ASSERT(bottom <= top + 0.5);
}

static void tex_sets_every_kind_of_figure(void)
{
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(figures_draw_latex(figures_gallery, "latex", &diags), 2 * FIGURES_GALLERY);
	diag_free(&diags);
	if (!figures_have("gnuplot") || !figures_have("pdflatex") || !figures_have("pdftotext"))
		return;
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP/latex && for f in *-latex.gp; do gnuplot $f 2>err || exit 1; "
		       "test ! -s err || { cat err; exit 1; }; done");
	write_document(figures_names, FIGURES_GALLERY);
	PROGRAM_EXPECT(0, "Output written on paper.pdf (15 pages",
		       "cd $TMP/latex && pdflatex -halt-on-error paper.tex");
	for (int i = 0; i < FIGURES_GALLERY; i++)
		CU_ASSERT(figures_check_words(figures_names[i], "latex/paper.pdf", i + 1, 0.5) > 8);
	for (int i = 0; i < FIGURES_GALLERY; i++)
		if (strcmp(figures_names[i], "categories") == 0 ||
		    strcmp(figures_names[i], "manykeys") == 0)
			check_key_title(figures_names[i], i + 1, "cost", "0.25");
}

static void tex_sets_tables(void)
{
	figures_data();
	if (!figures_have("pdflatex"))
		return;
	struct program_result r = program_run("kpsewhich booktabs.sty");
	if (r.code != 0)
		test_skip("no booktabs for LaTeX");
	else {
		program_write_file("table.tex",
				   "\\documentclass{article}\\usepackage{booktabs}\n"
				   "\\begin{document}\\tiny\\input{all}\n\n\\input{against}"
				   "\\end{document}\n");
		PROGRAM_EXPECT(0, NULL,
			       "cd $TMP && $BIN/mcvsim query figures.db --format latex >all.tex && "
			       "$BIN/mcvsim query figures.db --format latex --baseline "
			       "platform=native --metric response_time.p95 >against.tex");
		PROGRAM_EXPECT(0, "Output written on table.pdf",
			       "cd $TMP && pdflatex -halt-on-error table.tex");
	}
	program_free(&r);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"latex_gets_texts_that_it_can_read", latex_gets_texts_that_it_can_read},
		{"tex_sets_every_kind_of_figure", tex_sets_every_kind_of_figure},
		{"tex_sets_tables", tex_sets_tables},
		{0},
	};
	int status = test_main("reports.figure_latex", cases, argc, argv);
	figures_close();
	return status;
}
