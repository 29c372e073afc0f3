/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/schema.h"

/*
 * Names of metrics and points are kept once and referred to by number: a value then costs about 20
 * bytes instead of 80. `value`, `histogram` and `series` are clustered by (point, metric), the
 * order in which the views group and figures read.
 *
 * summary computes deviations from the mean in a second pass, because sum(x^2) - n mean^2 loses all
 * its digits when the spread is small against the mean.
 */
#define SERIES_SQL                                                                                 \
	"CREATE TABLE series(point INTEGER NOT NULL, metric INTEGER NOT NULL REFERENCES metric,"   \
	" repetition INTEGER NOT NULL, samples BLOB NOT NULL,"                                     \
	" PRIMARY KEY(point, metric, repetition),"                                                 \
	" FOREIGN KEY(point, repetition) REFERENCES run) WITHOUT ROWID;"

const char schema_series_sql[] = SERIES_SQL;

/* Row 0 of `student` is the normal quantile, -1 to -4 the coefficients beyond the table. The
 * interval of a quantile is at least a bucket of the histogram wide that it was read off. */
#define SUMMARY_SQL                                                                                \
	"CREATE VIEW summary AS"                                                                   \
	" WITH mean(point, metric, n, mean) AS ("                                                  \
	"   SELECT point, metric, count(value), avg(value) FROM value GROUP BY point, metric),"    \
	"  spread(point, metric, n, mean, sd) AS ("                                                \
	"   SELECT s.point, s.metric, s.n, s.mean,"                                                \
	"    CASE WHEN s.n > 1 THEN sqrt((SELECT sum((v.value - s.mean) * (v.value - s.mean))"     \
	"     FROM value v WHERE v.point = s.point AND v.metric = s.metric) / (s.n - 1)) END"      \
	"   FROM mean s),"                                                                         \
	"  tail(z, a, b, c, d) AS ("                                                               \
	"   SELECT max(CASE df WHEN 0 THEN t975 END), max(CASE df WHEN -1 THEN t975 END),"         \
	"    max(CASE df WHEN -2 THEN t975 END), max(CASE df WHEN -3 THEN t975 END),"              \
	"    max(CASE df WHEN -4 THEN t975 END) FROM student WHERE df <= 0)"                       \
	" SELECT p.id AS point, m.name AS metric, m.subject AS subject, m.unit AS unit, s.n AS n," \
	"  s.mean AS mean, s.sd AS sd,"                                                            \
	"  CASE WHEN s.n > 1 THEN max(s.sd / sqrt(s.n) * coalesce("                                \
	"   (SELECT t975 FROM student WHERE df = s.n - 1),"                                        \
	"   z + (a + (b + (c + d / (s.n - 1.0)) / (s.n - 1.0)) / (s.n - 1.0)) / (s.n - 1.0)),"     \
	"   CASE WHEN m.name GLOB '*.p[0-9]*' THEN abs(s.mean) / 128 ELSE 0 END) END AS ci95"      \
	" FROM spread s CROSS JOIN tail JOIN point p ON p.key = s.point"                           \
	" JOIN metric m ON m.key = s.metric;"

const char schema_summary_sql[] = SUMMARY_SQL;

const char schema_sql[] =
	"CREATE TABLE study(id INTEGER PRIMARY KEY CHECK(id = 1), hash TEXT NOT NULL,"
	" document TEXT NOT NULL, profile_hash TEXT NOT NULL, profile TEXT NOT NULL,"
	" seed TEXT NOT NULL);"
	"CREATE TABLE session(key INTEGER PRIMARY KEY, started TEXT NOT NULL, version TEXT NOT "
	"NULL,"
	" command TEXT NOT NULL, machine TEXT NOT NULL);"
	"CREATE TABLE point(key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);"
	"CREATE TABLE point_parameter(point INTEGER NOT NULL REFERENCES point, position INTEGER "
	"NOT NULL,"
	" name TEXT NOT NULL, text TEXT NOT NULL, number REAL, unit TEXT NOT NULL,"
	" PRIMARY KEY(point, position)) WITHOUT ROWID;"
	"CREATE TABLE run(point INTEGER NOT NULL REFERENCES point, repetition INTEGER NOT NULL,"
	" session INTEGER NOT NULL REFERENCES session,"
	" status TEXT NOT NULL CHECK(status IN ('done', 'failed')), error_code INTEGER, error TEXT,"
	" reproduce TEXT, wall_s REAL, finished TEXT NOT NULL,"
	" PRIMARY KEY(point, repetition)) WITHOUT ROWID;"
	"CREATE TABLE metric(key INTEGER PRIMARY KEY, name TEXT NOT NULL, subject TEXT NOT NULL,"
	" unit TEXT NOT NULL, UNIQUE(name, subject, unit));"
	/* NULL is "not defined in this run". */
	"CREATE TABLE value(point INTEGER NOT NULL, metric INTEGER NOT NULL REFERENCES metric,"
	" repetition INTEGER NOT NULL, value REAL,"
	" PRIMARY KEY(point, metric, repetition),"
	" FOREIGN KEY(point, repetition) REFERENCES run) WITHOUT ROWID;"
	"CREATE TABLE histogram(point INTEGER NOT NULL, metric INTEGER NOT NULL REFERENCES metric,"
	" repetition INTEGER NOT NULL, buckets BLOB NOT NULL,"
	" PRIMARY KEY(point, metric, repetition),"
	" FOREIGN KEY(point, repetition) REFERENCES run) WITHOUT ROWID;" SERIES_SQL
	"CREATE TABLE student(df INTEGER PRIMARY KEY, t975 REAL NOT NULL);"

	"CREATE VIEW result AS"
	" SELECT p.id AS point, v.repetition AS repetition, m.name AS metric, m.subject AS subject,"
	"  v.value AS value, m.unit AS unit"
	" FROM value v JOIN point p ON p.key = v.point JOIN metric m ON m.key = v.metric;"

	"CREATE VIEW parameter AS"
	" SELECT p.id AS point, q.name AS name,"
	"  CASE WHEN q.number IS NULL THEN q.text ELSE q.number END AS value, q.unit AS unit"
	" FROM point_parameter q JOIN point p ON p.key = q.point;"

	SUMMARY_SQL;
