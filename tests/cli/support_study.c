/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/cli/support_study.h"

#include "tests/support/program.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Four platforms, short: a run takes milliseconds. %s: where the sources are. */
static const char base[] =
	"{ \"extends\": \"%s/scenarios/base/edge.json\", \"duration\": \"40 s\", \"warmup\": \"5 "
	"s\",\n"
	"  \"seed\": \"1\", \"profile\": \"profiles/literature.json\", \"repeat\": 4,\n"
	"  \"sweep\": { \"platform\": { \"path\": \"/sites/edge/hosts/node/platform\",\n"
	"    \"values\": [\"native\", \"container\", \"kvm-virtio\", \"kvm-emulated\"] } },\n"
	"  \"figures\": [ { \"name\": \"p95\", \"kind\": \"bars\", \"x\": \"platform\", \"y\": "
	"\"response_time.p95\" } ] }\n";

void study_write(const char *name, const char *more)
{
	char here[1024], text[8192];
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text), base, here);
	program_write_file("base.json", text);
	snprintf(text, sizeof(text), "{ \"extends\": \"base.json\"%s }\n", more);
	program_write_file(name, text);
}

const char *study_path(const char *name)
{
	static char paths[4][512];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof(paths[0]), "%s/%s", test_scratch(), name);
	return path;
}

struct db_counts study_content(const char *name, char hash[33])
{
	struct db *db = NULL;
	struct err e = {0};
	struct db_counts counts = {0};
	snprintf(hash, 33, "none");
	if (db_open(&db, study_path(name), &e) != 0 || db_count(db, &counts, &e) != 0 ||
	    db_content_hash(db, hash, &e) != 0) {
		printf("%s\n", e.text);
		CU_FAIL("the database cannot be read");
	}
	db_close(db);
	return counts;
}

void study_pause_us(long us)
{
	nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}, NULL);
}
