/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A study that grows on its database. A point is identified by what it says and a run by its point
 * and repetition, so whether what is stored can stay is asked of the points, not of the sweep that
 * they come from.
 */
#include "reports/db/db_internal.h"
#include "reports/db/document.h"
#include "sim/base/json.h"

#include <stdlib.h>
#include <string.h>

static bool same_key(const cJSON *there, const cJSON *here, const char *key)
{
	const cJSON *a = cJSON_GetObjectItemCaseSensitive(there, key);
	const cJSON *b = cJSON_GetObjectItemCaseSensitive(here, key);
	return a && b ? cJSON_Compare(a, b, true) : a == b;
}

static bool has_stopping_rule(const cJSON *document)
{
	return cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(document, "precision"));
}

static double repetitions(const cJSON *document)
{
	const cJSON *repeat = cJSON_GetObjectItemCaseSensitive(document, "repeat");
	return cJSON_IsNumber(repeat) ? repeat->valuedouble : 1;
}

/* Whether runs of both studies may stand in one database if they are of the same points: they
 * record the same numbers, and how often a point is repeated is either a plain number or decided by
 * one rule. (With a rule, how many repetitions there are is a result.) */
static bool may_share(const cJSON *there, const cJSON *here)
{
	if (!same_key(there, here, "record"))
		return false;
	if (!has_stopping_rule(there) && !has_stopping_rule(here))
		return true;
	return same_key(there, here, "precision") && same_key(there, here, "repeat");
}

/* How what is stored relates to what the study asks for: points, and how often each. */
static int points_relation(struct db *db, const struct db_study *study, enum db_found *found,
			   struct err *e)
{
	int64_t stored;
	size_t shared = 0;
	int code = db_integer(db, "SELECT count(*) FROM point", 0, &stored, e);
	if (code)
		return code;
	for (size_t i = 0; i < study->point_count; i++) {
		int got = db_find_point(db, study->points[i].id, NULL, e);
		if (got < 0)
			return got;
		shared += (size_t)got;
	}
	bool has_all = shared == study->point_count, has_no_other = shared == (size_t)stored;
	if (!has_all && !has_no_other)
		return db_another_study(db, study, e);
	bool fewer = repetitions(study->document) < repetitions(db->document);
	*found = has_all && (!has_no_other || fewer) ? DB_PART : DB_EXTENDED;
	return 0;
}

/* A profile's prices without what a study put in: which of them it uses. Those that were borrowed,
 * which are stored only where they are used, are left out unless `other` has them too. */
static void strip_prices(cJSON *profile, const cJSON *other)
{
	cJSON *all = cJSON_GetObjectItemCaseSensitive(profile, "primitives");
	const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(other, "primitives");
	for (cJSON *p = all ? all->child : NULL, *next; p; p = next) {
		next = p->next;
		cJSON_DeleteItemFromObjectCaseSensitive(p, "used");
		if (cJSON_HasObjectItem(p, "profile") &&
		    !cJSON_GetObjectItemCaseSensitive(theirs, p->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(all, p));
	}
}

/* The same of all the profiles of a sweep, which matter where both studies have them; *profile is
 * the only one where there is no sweep. */
static void strip(cJSON *profile, const cJSON *other)
{
	cJSON *swept = cJSON_GetObjectItemCaseSensitive(profile, "profiles");
	const cJSON *theirs = cJSON_GetObjectItemCaseSensitive(other, "profiles");
	if (!swept || !theirs) {
		strip_prices(profile, other);
		return;
	}
	for (cJSON *p = swept->child, *next; p; p = next) {
		next = p->next;
		const cJSON *same = cJSON_GetObjectItemCaseSensitive(theirs, p->string);
		if (same)
			strip_prices(p, same);
		else
			cJSON_Delete(cJSON_DetachItemViaPointer(swept, p));
	}
}

static int same_prices(const struct db *db, const struct db_study *study, struct err *e)
{
	cJSON *there = cJSON_Duplicate(db->profile, true);
	cJSON *here = cJSON_Duplicate(study->profile, true);
	int code = 0;
	if (there && here) {
		strip(there, study->profile);
		strip(here, db->profile);
		if (document_compare(there, here, NULL, NULL) != 0)
			code = db_another_profile(db, there, here, e);
	} else {
		code = err_set(e, ERR_NOMEM, "no memory for a profile");
	}
	cJSON_Delete(there);
	cJSON_Delete(here);
	return code;
}

int db_study_relation(struct db *db, const struct db_study *study, enum db_found *found,
		      struct err *e)
{
	char hash[RUN_ID_SIZE];
	int code = db_study_hash_of(study->document, hash, e);
	if (code)
		return code;
	*found = DB_SAME;
	if (strcmp(hash, db->study_hash) == 0)
		return db_same_study(db, study, e);
	if (!study->points || !may_share(db->document, study->document))
		return db_another_study(db, study, e);
	code = points_relation(db, study, found, e);
	if (code == 0)
		code = same_prices(db, study, e);
	return code ? code : db_same_seed(db, study, e);
}

/* What is stored from now on. */
struct takeover {
	cJSON *document, *profile; /* to become the database's */
	char hash[RUN_ID_SIZE], profile_hash[RUN_ID_SIZE];
};

/* What the database is of from now on: the greater of the two studies, its points repeated as
 * often as the one that repeats them most asks for. NULL: no memory. */
static cJSON *greater(const cJSON *there, const cJSON *here, enum db_found found)
{
	cJSON *copy = cJSON_Duplicate(found == DB_PART ? there : here, true);
	double a = repetitions(there), b = repetitions(here), most = a > b ? a : b;
	if (copy && repetitions(copy) < most &&
	    json_put(copy, "/repeat", cJSON_CreateNumber(most)) != 0) {
		cJSON_Delete(copy);
		return NULL;
	}
	return copy;
}

static int update(struct db *db, const struct takeover *t, struct err *e)
{
	sqlite3_stmt *s = db_prepare(
		db, "UPDATE study SET hash = ?, document = ?, profile_hash = ?, profile = ?", e);
	if (!s)
		return ERR_IO;
	sqlite3_bind_text(s, 1, t->hash, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, cJSON_PrintUnformatted(t->document), -1, free);
	sqlite3_bind_text(s, 3, t->profile_hash, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, cJSON_PrintUnformatted(t->profile), -1, free);
	int code = db_step(db, s, "store the study", e);
	sqlite3_finalize(s);
	return code;
}

static int replace(struct db *db, const struct db_study *study, enum db_found found,
		   const struct takeover *t, struct err *e)
{
	int code = db_exec(db, "BEGIN IMMEDIATE", "store the study", e);
	if (code)
		return code;
	/* Axes may have been added, or have got other labels. */
	if (found == DB_EXTENDED)
		code = db_restate_points(db, study->points, study->point_count, e);
	if (code == 0)
		code = update(db, t, e);
	if (code == 0)
		code = db_exec(db, "COMMIT", "store the study", e);
	if (code && !sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

static void swap_documents(struct db *db, struct takeover *t)
{
	cJSON *document = db->document, *profile = db->profile;
	db->document = t->document;
	db->profile = t->profile;
	t->document = document;
	t->profile = profile;
	memcpy(db->study_hash, t->hash, sizeof(t->hash));
	memcpy(db->profile_hash, t->profile_hash, sizeof(t->profile_hash));
}

int db_study_take_over(struct db *db, const struct db_study *study, enum db_found found,
		       struct err *e)
{
	const cJSON *profile = found == DB_EXTENDED ? study->profile : db->profile;
	struct takeover t = {greater(db->document, study->document, found),
			     cJSON_Duplicate(profile, true), "", ""};
	int code = t.document && t.profile ? db_study_hash_of(t.document, t.hash, e)
					   : err_set(e, ERR_NOMEM, "no memory for a study");
	if (code == 0) {
		json_hash(t.profile, t.profile_hash);
		bool differs = document_compare(db->document, t.document, NULL, NULL) != 0 ||
			       strcmp(t.profile_hash, db->profile_hash) != 0;
		if (differs)
			code = replace(db, study, found, &t, e);
		if (differs && code == 0)
			swap_documents(db, &t);
	}
	cJSON_Delete(t.document);
	cJSON_Delete(t.profile);
	return code;
}
