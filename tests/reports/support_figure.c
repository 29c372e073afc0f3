/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/reports/support_figure.h"

#include "reports/figure/figure.h"
#include "tests/reports/support_synthetic.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <sys/stat.h>

enum { SCRIPTS_MAX = 64 };

static struct db *db;
static struct dataset data;

const struct dataset *figures_data(void)
{
	if (db)
		return &data;
	char path[200];
	struct err e = {0};
	snprintf(path, sizeof(path), "%s/figures.db", test_scratch());
	synthetic_write(path);
	CU_ASSERT_EQUAL_FATAL(db_open(&db, path, &e), 0);
	CU_ASSERT_EQUAL_FATAL(dataset_load(&data, db, &e), 0);
	return &data;
}

void figures_close(void)
{
	dataset_free(&data);
	db_close(db);
}

static size_t draw(const char *text, const char *folder, unsigned formats, struct diag_list *diags)
{
	struct arena arena = {0};
	struct figures figures = {0};
	struct json_doc doc;
	struct err e = {0};
	const char *scripts[SCRIPTS_MAX];
	size_t written = 0;
	char path[200];
	snprintf(path, sizeof(path), "%s/%s", test_scratch(), folder);
	mkdir(path, 0700);
	if (figures_parse(figures_data()->db, text, &figures, &doc, &arena, diags, &e) == 0) {
		struct figure_request request = {path, formats, "figures.db"};
		int code = figures_write(&data, &figures, &request, scripts, &written, &arena,
					 diags, &e);
		CU_ASSERT_EQUAL(code, diags->errors ? ERR_INVALID : 0);
		json_doc_free(&doc);
	}
	arena_free(&arena);
	return written;
}

size_t figures_draw(const char *text, const char *folder, struct diag_list *diags)
{
	return draw(text, folder, FIGURE_PDF | FIGURE_SVG | FIGURE_PNG, diags);
}

size_t figures_draw_latex(const char *text, const char *folder, struct diag_list *diags)
{
	return draw(text, folder, FIGURE_LATEX, diags);
}

bool figures_have(const char *program)
{
	struct program_result r = program_run("command -v %s", program);
	bool there = r.code == 0;
	program_free(&r);
	if (!there)
		test_skip("no %s program", program);
	return there;
}
