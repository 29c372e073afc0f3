/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/pictures.h"
#include "reports/figure/figure.h"
#include "sim/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { GNUPLOT_SECONDS = 120 };

/* Makes a folder and its parents. */
int pictures_folder(const char *path, struct err *e)
{
	char part[4096];
	if (strlen(path) >= sizeof(part))
		return err_set(e, ERR_LIMIT, "the path of the folder is too long");
	for (const char *p = path; *p; p++) {
		if (*p != '/' || p == path)
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return err_sys(e, errno, "cannot make the folder %s", part);
	}
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		return err_sys(e, errno, "cannot make the folder %s", path);
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return err_set(e, ERR_IO, "%s is not a folder", path);
	return 0;
}

/* What gnuplot makes of a script, and what stands at the end of one that is complete. gnuplot's
 * exit status does not tell: it is 0 also when the disk was full. */
static const struct picture {
	unsigned format;
	const char *suffix, *ending;
} pictures[] = {
	{FIGURE_PDF, ".pdf", "%%EOF"},	 {FIGURE_SVG, ".svg", "</svg>"},
	{FIGURE_PNG, ".png", "IEND"},	 {FIGURE_LATEX, ".tex", "\\endgroup"},
	{FIGURE_LATEX, ".pdf", "%%EOF"},
};

static bool ends_with(const char *path, const char *ending)
{
	char tail[64];
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	size_t n = 0;
	if (fseek(f, 0, SEEK_END) == 0) {
		long length = ftell(f),
		     from = length > (long)sizeof(tail) ? length - (long)sizeof(tail) : 0;
		if (length > 0 && fseek(f, from, SEEK_SET) == 0)
			n = fread(tail, 1, sizeof(tail), f);
	}
	fclose(f);
	return memmem(tail, n, ending, strlen(ending)) != NULL;
}

/* Whether less is free than any picture needs. */
static bool disk_is_full(const char *folder)
{
	struct statvfs st;
	return statvfs(folder, &st) == 0 && st.f_blocks > 0 &&
	       (double)st.f_bavail * (double)st.f_frsize < 65536;
}

/* Whether the pictures of a script are there and complete; says of the first that is not so. */
static int check_pictures(const char *folder, unsigned formats, const char *script)
{
	static const char latex[] = "-latex.gp";
	size_t length = strlen(script), n_latex = sizeof(latex) - 1;
	bool for_latex = length > n_latex && strcmp(script + length - n_latex, latex) == 0;
	formats &= for_latex ? FIGURE_LATEX : ~(unsigned)FIGURE_LATEX;
	for (size_t i = 0; i < sizeof(pictures) / sizeof(*pictures); i++) {
		char path[4096];
		if (!(formats & pictures[i].format))
			continue;
		int n = snprintf(path, sizeof(path), "%s/%.*s%s", folder, (int)(strlen(script) - 3),
				 script, pictures[i].suffix);
		if (n < (int)sizeof(path) && ends_with(path, pictures[i].ending))
			continue;
		return cli_fail(CLI_FAILED, "%s is missing or not complete%s", path,
				disk_is_full(folder) ? ": no space left on device" : "");
	}
	return CLI_OK;
}

enum outcome { DRAWN, NOT_DRAWN, NONE_CAN_BE_DRAWN };

static enum outcome draw(const struct pictures *p, const char *script)
{
	const char *argv[] = {"gnuplot", script, NULL};
	char *errors = NULL;
	struct err e = {0};
	struct cli_spawn spawn = {
		.argv = argv, .folder = p->folder, .deadline_s = GNUPLOT_SECONDS, .err = &errors};
	int code = cli_spawn_run(&spawn, &e);
	if (code == ERR_NOTFOUND)
		cli_say("gnuplot is not installed, so there are no pictures; the data and the "
			"scripts are in %s. Install it (Debian: gnuplot-nox) and report again",
			p->folder);
	else if (code != 0)
		cli_say("gnuplot could not draw %s/%s: %s", p->folder, script,
			code < 0 ? e.text
			: errors ? errors
				 : "");
	else if (errors && *errors)
		cli_say("gnuplot, drawing %s/%s: %s", p->folder, script, errors);
	free(errors);
	if (code != 0)
		return code == ERR_NOTFOUND ? NONE_CAN_BE_DRAWN : NOT_DRAWN;
	return check_pictures(p->folder, p->formats, script) == CLI_OK ? DRAWN : NONE_CAN_BE_DRAWN;
}

int pictures_draw(const struct pictures *p)
{
	int result = CLI_OK;
	for (size_t i = 0; i < p->count; i++) {
		enum outcome outcome = draw(p, p->scripts[i]);
		if (outcome == NONE_CAN_BE_DRAWN)
			return CLI_FAILED;
		if (outcome == NOT_DRAWN) { /* the others are drawn all the same */
			result = CLI_FAILED;
			continue;
		}
		if (p->drawn)
			p->drawn[i] = true;
		if (p->names) {
			fprintf(p->names, "%s/%.*s\n", p->folder, (int)(strlen(p->scripts[i]) - 3),
				p->scripts[i]);
			fflush(p->names);
		}
	}
	return result;
}
