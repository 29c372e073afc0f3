/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The study that a database is of: stored with its hash, read back, and held against the one that
 * somebody wants to add runs of.
 */
#include "reports/db/db_internal.h"
#include "reports/db/document.h"
#include "sim/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES_SHOWN = 3 };

/* The hash of what makes results: all of the study but the keys that only say how to show them, so
 * that a figure can be changed without losing the runs. */
static const char *const presentation[] = {"figures", "description"};

int db_study_hash_of(const cJSON *document, char out[RUN_ID_SIZE], struct err *e)
{
	cJSON *copy = cJSON_Duplicate(document, true);
	if (!copy)
		return err_set(e, ERR_NOMEM, "no memory for a study");
	for (size_t i = 0; i < sizeof(presentation) / sizeof(*presentation); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(copy, presentation[i]);
	json_hash(copy, out);
	cJSON_Delete(copy);
	return 0;
}

static cJSON *parse_column(sqlite3_stmt *s, int column)
{
	return cJSON_ParseWithLength(db_text(s, column), (size_t)sqlite3_column_bytes(s, column));
}

/* Reads the study and holds it against its own hash, which catches edits as well as damage. */
int db_study_load(struct db *db, struct err *e)
{
	sqlite3_stmt *s = db_prepare(
		db, "SELECT hash, document, profile_hash, profile, seed FROM study WHERE id = 1",
		e);
	if (!s)
		return ERR_CORRUPT;
	int got = db_step(db, s, "read its study", e);
	if (got <= 0) {
		sqlite3_finalize(s);
		return got ? got : err_set(e, ERR_CORRUPT, "%s holds no study", db->path);
	}
	db->document = parse_column(s, 1);
	db->profile = parse_column(s, 3);
	const char *seed = db_text(s, 4);
	char *end;
	errno = 0;
	db->seed = strtoull(seed, &end, 10);
	bool good = db->document && db->profile && *seed && !*end && !errno;
	if (good) {
		good = db_study_hash_of(db->document, db->study_hash, NULL) == 0;
		json_hash(db->profile, db->profile_hash);
		good = good && strcmp(db->study_hash, db_text(s, 0)) == 0 &&
		       strcmp(db->profile_hash, db_text(s, 2)) == 0;
	}
	sqlite3_finalize(s);
	return good ? 0
		    : err_set(e, ERR_CORRUPT,
			      "%s: the study or the profile in it is not what its hash says; it "
			      "was edited or damaged",
			      db->path);
}

int db_study_store(const struct db *db, const struct db_study *study, struct err *e)
{
	char hash[RUN_ID_SIZE], profile_hash[RUN_ID_SIZE], seed[24];
	int code = db_study_hash_of(study->document, hash, e);
	if (code)
		return code;
	sqlite3_stmt *s = db_prepare(db, "INSERT INTO study VALUES(1, ?, ?, ?, ?, ?)", e);
	if (!s)
		return ERR_IO;
	json_hash(study->profile, profile_hash);
	snprintf(seed, sizeof(seed), "%" PRIu64, study->seed);
	sqlite3_bind_text(s, 1, hash, -1, SQLITE_STATIC);
	/* In the order of the file: that of the sweep is the order of the axes. */
	sqlite3_bind_text(s, 2, cJSON_PrintUnformatted(study->document), -1, free);
	sqlite3_bind_text(s, 3, profile_hash, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, cJSON_PrintUnformatted(study->profile), -1, free);
	sqlite3_bind_text(s, 5, seed, -1, SQLITE_STATIC);
	code = db_step(db, s, "make it", e);
	sqlite3_finalize(s);
	return code;
}

int db_another_profile(const struct db *db, const cJSON *there, const cJSON *here, struct err *e)
{
	char where[300];
	return err_set(e, ERR_EXISTS, "%s holds results with another profile (%s)", db->path,
		       document_differences(there, here, DIFFERENCES_SHOWN, where, sizeof(where)));
}

int db_same_seed(const struct db *db, const struct db_study *study, struct err *e)
{
	if (study->seed != db->seed)
		return err_set(e, ERR_EXISTS,
			       "%s holds results with seed %" PRIu64 ", not %" PRIu64, db->path,
			       db->seed, study->seed);
	return 0;
}

int db_another_study(const struct db *db, const struct db_study *study, struct err *e)
{
	char where[300];
	return err_set(e, ERR_EXISTS, "%s holds results of another study (%s)", db->path,
		       document_differences(db->document, study->document, DIFFERENCES_SHOWN, where,
					    sizeof(where)));
}

int db_same_study(const struct db *db, const struct db_study *study, struct err *e)
{
	char hash[RUN_ID_SIZE];
	int code = db_study_hash_of(study->document, hash, e);
	if (code)
		return code;
	if (strcmp(hash, db->study_hash) != 0)
		return db_another_study(db, study, e);
	json_hash(study->profile, hash);
	if (strcmp(hash, db->profile_hash) != 0)
		return db_another_profile(db, db->profile, study->profile, e);
	return db_same_seed(db, study, e);
}
