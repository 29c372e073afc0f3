/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * `mcvsim report`: what becomes of figures when the disk is full, gnuplot is missing, bars are many
 * or the folder has those of another study.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static void a_full_disk_leaves_no_picture_that_counts_as_drawn(void)
{
	struct program_result r = program_run("unshare -Urm true && gnuplot --version");
	study_write("room.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/room.json -o $TMP/room.db");
	if (r.code != 0) {
		test_skip("this needs gnuplot and a user and a mount namespace");
	} else {
		/* From room for hardly more than the script to room for all but a picture's end. */
		for (int kilobytes = 16; kilobytes <= 48; kilobytes += 16)
			PROGRAM_EXPECT(1, "no space left on device",
				       "mkdir -p $TMP/room; unshare -Urm sh -c '"
				       "mount -t tmpfs -o size=%dk none $TMP/room && "
				       "$BIN/mcvsim report $TMP/room.db -o $TMP/room'",
				       kilobytes);
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim report $TMP/room.db -o $TMP/room");
	}
	program_free(&r);
	/* A gnuplot that does nothing and says that all went well. */
	PROGRAM_EXPECT(1, "p95.pdf is missing",
		       "mkdir -p $TMP/fake && printf '#!/bin/sh\\nexit 0\\n' >$TMP/fake/gnuplot && "
		       "chmod +x $TMP/fake/gnuplot && PATH=$TMP/fake:$PATH $BIN/mcvsim report "
		       "$TMP/room.db -o $TMP/undrawn");
	PROGRAM_EXPECT(1, "font not found",
		       "printf '#!/bin/sh\\necho font not found >&2\\n' >$TMP/fake/gnuplot && "
		       "PATH=$TMP/fake:$PATH $BIN/mcvsim report $TMP/room.db -o $TMP/undrawn");
}

static void without_gnuplot_the_data_are_there(void)
{
	study_write("draw.json", "");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/draw.json -o $TMP/draw.db");
	PROGRAM_EXPECT(1, "gnuplot-nox",
		       "PATH=/nonexistent $BIN/mcvsim report $TMP/draw.db -o $TMP/bare");
	PROGRAM_EXPECT(0, "p95.gp", "ls $TMP/bare");
	PROGRAM_EXPECT(0, "p95.tsv", "ls $TMP/bare");
	/* The page tells it, lest the picture of an earlier report is taken for this one's. */
	PROGRAM_EXPECT(1, "gnuplot-nox",
		       "echo '<svg>old</svg>' >$TMP/bare/p95.svg; PATH=/nonexistent $BIN/mcvsim "
		       "report $TMP/draw.db -o $TMP/bare --html");
	PROGRAM_EXPECT(0, "could not be drawn",
		       "! grep '<img' $TMP/bare/index.html && cat $TMP/bare/index.html");
	PROGRAM_EXPECT(2, "no metric 'nothing'",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/bare --html --figure '{\"name\": "
		       "\"bad\", \"kind\": \"lines\", \"x\": \"platform\", \"y\": "
		       "\"nothing\"}'");
	PROGRAM_EXPECT(0, "could not be made", "cat $TMP/bare/index.html");
	/* A page needs no figures. */
	PROGRAM_EXPECT(2, "asks for no figures",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/none --figure '[]'");
	PROGRAM_EXPECT(0, "none/index.html",
		       "$BIN/mcvsim report $TMP/draw.db -o $TMP/none --html --figure '[]'");
	struct program_result r = program_run("gnuplot --version");
	if (r.code != 0) {
		test_skip("gnuplot is not installed");
	} else {
		PROGRAM_EXPECT(0, "p95", "$BIN/mcvsim report $TMP/draw.db -o $TMP/drawn");
		for (const char *const *kind = (const char *const[]){"pdf", "svg", "png", NULL};
		     *kind; kind++)
			PROGRAM_EXPECT(0, NULL, "test -s $TMP/drawn/p95.%s", *kind);
	}
	program_free(&r);
}

/* A figure is drawn as it was asked for, with a word where it will not read. */
static void bars_too_thin_to_tell_apart_are_told(void)
{
	study_write("thin.json",
		    ", \"repeat\": 1, \"figures\": [], \"sweep\": { \"phones\": { \"path\": "
		    "\"/handsets/phones/count\", \"values\": [1, 2, 3, 4, 5, 6, 7] } }");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/thin.json -o $TMP/thin.db");
	for (int page = 0; page < 2; page++) {
		struct program_result r = program_run(
			"$BIN/mcvsim report $TMP/thin.db -o $TMP/thin --format svg --figure "
			"'{\"name\": \"thin\", \"kind\": \"bars\", \"x\": \"phones\", \"y\": "
			"\"response_time.p95\", \"series\": \"platform\", \"width\": \"%s\"}'",
			page ? "page" : "column");
		CU_ASSERT_EQUAL(strstr(r.err, "28 bars are 5.4 pt wide") != NULL, !page);
		program_free(&r);
	}
	PROGRAM_EXPECT(0, "thin.gp", "ls $TMP/thin");
}

/* Of two studies that draw figures of one name into one folder, the first's stay. */
static void figures_of_another_study_are_not_replaced(void)
{
	char text[600];
	for (int i = 0; i < 3; i++) {
		static const char *const about[] = {"one", "two", "one"};
		char name[32];
		snprintf(name, sizeof(name), "apart%d.json", i);
		snprintf(text, sizeof(text), ", \"description\": \"%s\", \"repeat\": %d", about[i],
			 i + 1);
		study_write(name, text);
		PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/apart%d.json -o $TMP/apart%d.db", i,
			       i);
	}
	PROGRAM_EXPECT(0, NULL,
		       "$BIN/mcvsim report $TMP/apart0.db -o $TMP/apart --html --format svg && "
		       "md5sum $TMP/apart/* >$TMP/apart.md5");
	PROGRAM_EXPECT(2, "p95.tsv is of another study",
		       "$BIN/mcvsim report $TMP/apart1.db -o $TMP/apart --format svg 2>&1");
	PROGRAM_EXPECT(1, "index.html is of another study",
		       "$BIN/mcvsim report $TMP/apart1.db -o $TMP/apart --format svg --html "
		       "--figure '{\"name\": \"own\", \"kind\": \"bars\", \"x\": \"platform\", "
		       "\"y\": \"response_time.p95\"}' 2>&1");
	PROGRAM_EXPECT(0, NULL, "md5sum -c $TMP/apart.md5");
	/* About the same, from another database: perhaps both have inherited that. */
	PROGRAM_EXPECT(0, "p95: replaces the figure of study",
		       "$BIN/mcvsim report $TMP/apart2.db -o $TMP/apart --html --format svg 2>&1");
	PROGRAM_EXPECT(1, NULL, "md5sum -c $TMP/apart.md5");
	/* It has grown: still the same. */
	PROGRAM_EXPECT(0, NULL,
		       "mkdir $TMP/grown && cp $TMP/apart0.db $TMP/grown/apart2.db && "
		       "$BIN/mcvsim report $TMP/grown/apart2.db -o $TMP/apart --format svg "
		       "2>$TMP/grown.err");
	PROGRAM_EXPECT(1, NULL, "grep replaces $TMP/grown.err");
	/* What is not ours is not touched either. */
	PROGRAM_EXPECT(2, "none of mcvsim's",
		       "mkdir $TMP/mine; echo 1 2 >$TMP/mine/p95.tsv; "
		       "$BIN/mcvsim report $TMP/apart0.db -o $TMP/mine --format svg 2>&1");
	PROGRAM_EXPECT(0, "1 2", "cat $TMP/mine/p95.tsv");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_full_disk_leaves_no_picture_that_counts_as_drawn",
		 a_full_disk_leaves_no_picture_that_counts_as_drawn},
		{"without_gnuplot_the_data_are_there", without_gnuplot_the_data_are_there},
		{"bars_too_thin_to_tell_apart_are_told", bars_too_thin_to_tell_apart_are_told},
		{"figures_of_another_study_are_not_replaced",
		 figures_of_another_study_are_not_replaced},
		{0},
	};
	return test_main("report", cases, argc, argv);
}
