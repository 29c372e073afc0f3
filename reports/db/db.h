/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The results database: one SQLite file that holds a study's results and all it takes to understand
 * and repeat them. Made and filled by `mcvsim run` through a run_sink, read by everything else in
 * this folder. It does not run anything and does not draw.
 *
 * One writer, one transaction per run: when the writer is killed, every run that was committed
 * stays readable and the half-written one vanishes at the next open. While a database on a local
 * file system is written, the newest runs are in a write-ahead log beside it (FILE-wal), which is
 * brought home once a second and at the end; on other file systems, those of clusters above all, a
 * rollback journal is used. So a loss of power costs at most the runs of about a second, and once
 * the writer has closed there is one file to copy.
 *
 * Not safe for two threads at a time; open the file twice instead.
 */
#ifndef REPORTS_DB_H
#define REPORTS_DB_H

#include "sim/base/err.h"
#include "sim/experiment/run.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

/* What a database was made from. */
struct db_study {
	const cJSON *document; /* the resolved study, with its sweep and figures */
	const cJSON *profile;  /* as calibrate wrote it; an empty object when there is none */
	uint64_t seed;	       /* the study's, after --seed */
	/* The points of the study's plan, for db_open_run to see whether a database can be
	 * extended; NULL: only a database of just this study will do. Borrowed for the call. */
	const struct point *points;
	size_t point_count;
	/* What does not change a result, kept for provenance. */
	const char *version;  /* of the program */
	const char *command;  /* its command line */
	const cJSON *machine; /* where it runs; NULL: unknown */
};

/* What db_open_run found. */
enum db_found {
	DB_NEW,	     /* nothing: the database was made */
	DB_SAME,     /* this study */
	DB_EXTENDED, /* a smaller one, all of whose points are of this study too */
	DB_PART,     /* a greater one, which has all the points of this study */
};

/* Opens `path` to add runs to it. An absent or empty file becomes a new database. An existing one
 * is taken up when it was made from the same profile and seed and from the same study, or from one
 * with fewer or with more points or repetitions: what is stored of a point does not depend on which
 * others there are, so nothing of it is lost or done again, and the database is of the greater
 * study from then on. (What is stored for the study as a whole has to agree: `record`, and
 * `precision`, with which `repeat` has to agree too.) `figures` and `description` may differ, and
 * those of the greater study are kept, or the new ones. When the studies are not so related,
 * ERR_EXISTS and *e says which places differ. Nothing is ever overwritten. Also refused, each with
 * its own sentence: a file that is no database, SQLite of another program, a newer schema, a
 * damaged or truncated file, one that cannot be written. *found may be NULL. */
int db_open_run(struct db **out, const char *path, const struct db_study *study,
		enum db_found *found, struct err *e);

/* Opens an existing database to read it, also while it is written. What a killed writer left beside
 * it is tidied up where the file may be written. */
int db_open(struct db **out, const char *path, struct err *e);

/* Closes; NULL is allowed. Not an error path: everything committed is in the file or its log. */
void db_close(struct db *db);

/* The sink that stores into a database opened by db_open_run; valid until db_close. A run that is
 * there already is left as it is, because a run is a pure function of its key. */
struct run_sink db_sink(struct db *db);

/* What is stored; owned by the database handle. document, profile: parsed. */
const cJSON *db_document(const struct db *db);
const cJSON *db_profile(const struct db *db);
/* The profiles in it: the only one, or one for each value of the axis that sweeps them. previous
 * NULL: the first. NULL when there is no more. */
const cJSON *db_next_profile(const struct db *db, const cJSON *previous);
const char *db_path(const struct db *db);	  /* as it was opened */
const char *db_study_hash(const struct db *db);	  /* without figures and description */
const char *db_profile_hash(const struct db *db); /* 32 hexadecimal digits */
uint64_t db_seed(const struct db *db);

struct db_counts {
	int64_t points, done, failed;
	int64_t repetitions; /* one more than the highest; 0 when there are no runs */
};
int db_count(struct db *db, struct db_counts *out, struct err *e);

/* Whether the run is there, done or failed. */
int db_has_run(struct db *db, const char *point, uint32_t repetition, bool *has, struct err *e);

/* Copies the runs of `shards` into the database at `into`, which is made when absent; each shard
 * wholly or not at all, and merging again does no harm. All must come from the same study, profile
 * and seed; where two have the same run, their numbers must be the same (ERR_INVALID: one of the
 * machines or programs that made them differs). A run that failed in one and is done in another is
 * done. */
int db_merge(const char *into, const char *const *shards, size_t count, struct err *e);

/* XXH3-128 over the simulated content in an order that does not depend on who ran what when: study,
 * profile, seed, points, parameters, runs, values to the last bit, histograms. Wall times, dates,
 * versions, commands and machines are left out. Two runs of the same study must agree in this. */
int db_content_hash(struct db *db, char out[33], struct err *e);

#endif
