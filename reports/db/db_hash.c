/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash of the simulated content: every row that a second run must reproduce, in an order that
 * does not depend on who ran what when.
 */
#include "reports/db/db_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

/* Each begins a section. The order by names instead of keys is the point: keys are given out in the
 * order in which runs end. */
static const char *const content_sql[] = {
	"SELECT hash, profile_hash, seed FROM study",
	"SELECT p.id, q.position, q.name, q.text, q.number, q.unit FROM point_parameter q"
	" JOIN point p ON p.key = q.point ORDER BY p.id, q.position",
	/* Why a run failed may depend on the machine; that it failed is content. */
	"SELECT p.id, r.repetition, r.status FROM run r JOIN point p ON p.key = r.point"
	" ORDER BY p.id, r.repetition",
	"SELECT p.id, m.name, m.subject, m.unit, v.repetition, v.value FROM value v"
	" JOIN point p ON p.key = v.point JOIN metric m ON m.key = v.metric"
	" ORDER BY p.id, m.name, m.subject, m.unit, v.repetition",
	"SELECT p.id, m.name, m.subject, m.unit, h.repetition, h.buckets FROM histogram h"
	" JOIN point p ON p.key = h.point JOIN metric m ON m.key = h.metric"
	" ORDER BY p.id, m.name, m.subject, m.unit, h.repetition",
	"SELECT p.id, m.name, m.subject, m.unit, s.repetition, s.samples FROM series s"
	" JOIN point p ON p.key = s.point JOIN metric m ON m.key = s.metric"
	" ORDER BY p.id, m.name, m.subject, m.unit, s.repetition",
};

static void add_bytes(XXH3_state_t *h, char type, const void *bytes, size_t size)
{
	uint64_t length = size;
	XXH3_128bits_update(h, &type, 1);
	XXH3_128bits_update(h, &length, sizeof(length));
	if (size)
		XXH3_128bits_update(h, bytes, size);
}

static void add_column(XXH3_state_t *h, sqlite3_stmt *s, int column)
{
	double real;
	int64_t integer;
	switch (sqlite3_column_type(s, column)) {
	case SQLITE_FLOAT:
		real = sqlite3_column_double(s, column);
		add_bytes(h, 'r', &real, sizeof(real));
		break;
	case SQLITE_INTEGER:
		integer = sqlite3_column_int64(s, column);
		add_bytes(h, 'i', &integer, sizeof(integer));
		break;
	case SQLITE_NULL:
		add_bytes(h, 'n', NULL, 0);
		break;
	default: {
		const void *bytes = sqlite3_column_blob(s, column);
		add_bytes(h, 'b', bytes, (size_t)sqlite3_column_bytes(s, column));
	}
	}
}

static int add_section(struct db *db, XXH3_state_t *h, const char *sql, struct err *e)
{
	sqlite3_stmt *s = db_prepare(db, sql, e);
	if (!s)
		return ERR_CORRUPT;
	int got;
	while ((got = db_step(db, s, "read it", e)) == 1)
		for (int i = 0; i < sqlite3_column_count(s); i++)
			add_column(h, s, i);
	add_bytes(h, 'e', NULL, 0);
	sqlite3_finalize(s);
	return got;
}

int db_content_hash(struct db *db, char out[33], struct err *e)
{
	XXH3_state_t *h = XXH3_createState();
	if (!h)
		return err_set(e, ERR_NOMEM, "no memory for a hash");
	XXH3_128bits_reset(h);
	int code = 0;
	for (size_t i = 0; i < sizeof(content_sql) / sizeof(*content_sql) && code == 0; i++)
		code = add_section(db, h, content_sql[i], e);
	XXH128_hash_t sum = XXH3_128bits_digest(h);
	XXH3_freeState(h);
	snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, sum.high64, sum.low64);
	return code;
}
