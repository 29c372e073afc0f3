/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/db/where.h"

#include "sim/base/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPRESSION_MAX = 10000, NAMES_MAX = 300 };

struct where {
	sqlite3 *sql;
	char *expression;
	char *columns; /* of the table the statement was compiled for */
	sqlite3_stmt *insert, *evaluate;
	int selects; /* seen while compiling: more than ours means a sub-query */
	char refused[100];
};

/* What an expression may call: pure functions of their arguments, whose result is not larger than
 * they are. */
static const char *const allowed_functions[] = {
	"abs",	 "ceil",  "ceiling", "coalesce", "exp",	   "floor",  "glob",  "ifnull",
	"iif",	 "instr", "length",  "like",	 "ln",	   "log",    "log10", "log2",
	"lower", "max",	  "min",     "mod",	 "nullif", "pow",    "power", "quantity",
	"round", "sign",  "sqrt",    "substr",	 "trunc",  "typeof", "upper", NULL,
};

static int authorize(void *ctx, int action, const char *a, const char *b, const char *database,
		     const char *trigger)
{
	struct where *w = ctx;
	(void)a;
	(void)database;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
		if (w->selects++ == 0)
			return SQLITE_OK;
		snprintf(w->refused, sizeof(w->refused), "sub-queries are not allowed");
		return SQLITE_DENY;
	case SQLITE_READ:
		return SQLITE_OK; /* there is only the one table */
	case SQLITE_FUNCTION:
		for (const char *const *f = allowed_functions; *f; f++)
			if (sqlite3_stricmp(*f, b) == 0)
				return SQLITE_OK;
		snprintf(w->refused, sizeof(w->refused), "the function %s() is not allowed", b);
		return SQLITE_DENY;
	default:
		snprintf(w->refused, sizeof(w->refused), "only an expression is allowed");
		return SQLITE_DENY;
	}
}

static void sql_quantity(sqlite3_context *c, int n, sqlite3_value **v)
{
	(void)n;
	const char *text = (const char *)sqlite3_value_text(v[0]);
	char why[160] = "";
	double value;
	/* Units of different dimensions have different names, so that one fits at most; the bare
	 * number that a ratio allows would fit by accident. */
	for (int d = UNIT_NONE + 1; text && d <= UNIT_TIME_PER_BYTE; d++) {
		if (d != UNIT_RATIO && unit_parse(text, (enum unit)d, &value, why) == 0) {
			sqlite3_result_double(c, value);
			return;
		}
	}
	char message[300];
	snprintf(message, sizeof(message), "'%s' is not a number with a unit", text ? text : "");
	sqlite3_result_error(c, message, -1);
}

struct where *where_open(void)
{
	struct where *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	if (sqlite3_open_v2(":memory:", &w->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY,
			    NULL) != SQLITE_OK) {
		where_close(w);
		return NULL;
	}
	/* A misspelt "name" must be an unknown column, not a text. */
	sqlite3_db_config(w->sql, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_limit(w->sql, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200);
	sqlite3_create_function(w->sql, "quantity", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				sql_quantity, NULL, NULL);
	return w;
}

static void forget(struct where *w)
{
	sqlite3_finalize(w->insert);
	sqlite3_finalize(w->evaluate);
	w->insert = w->evaluate = NULL;
	free(w->expression);
	free(w->columns);
	w->expression = w->columns = NULL;
}

void where_close(struct where *w)
{
	if (!w)
		return;
	forget(w);
	sqlite3_close(w->sql);
	free(w);
}

/* The axes as a list of quoted columns without a type, so that values keep their own. NULL when out
 * of memory. */
static char *column_list(const struct parameter *parameters, size_t count)
{
	sqlite3_str *s = sqlite3_str_new(NULL);
	for (size_t i = 0; i < count; i++)
		sqlite3_str_appendf(s, "%s\"%w\"", i ? ", " : "", parameters[i].name);
	if (count == 0)
		sqlite3_str_appendall(s, "\"\"");
	char *text = sqlite3_str_finish(s), *copy = text ? strdup(text) : NULL;
	sqlite3_free(text);
	return copy;
}

static void list_names(const struct parameter *parameters, size_t count, char out[NAMES_MAX])
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < count && used < NAMES_MAX - 1; i++)
		used += (size_t)snprintf(out + used, NAMES_MAX - used, "%s%s", i ? ", " : "",
					 parameters[i].name);
}

static int explain(const struct where *w, const char *expression,
		   const struct parameter *parameters, size_t count, struct err *e)
{
	const char *message = sqlite3_errmsg(w->sql);
	char names[NAMES_MAX];
	list_names(parameters, count, names);
	if (w->refused[0])
		return err_set(e, ERR_INVALID, "'%s': %s", expression, w->refused);
	if (strncmp(message, "no such column", 14) == 0 && count)
		return err_set(e, ERR_INVALID,
			       "'%s': %s (the axes are %s; a text stands in single quotes)",
			       expression, message, names);
	return err_set(e, ERR_INVALID, "'%s': %s", expression, message);
}

static sqlite3_stmt *compile(struct where *w, char *sql, const char **tail)
{
	sqlite3_stmt *s = NULL;
	if (sql)
		sqlite3_prepare_v2(w->sql, sql, -1, &s, tail);
	return s;
}

static int prepare(struct where *w, const char *expression, const struct parameter *parameters,
		   size_t count, char *columns, struct err *e)
{
	forget(w);
	if (strlen(expression) > EXPRESSION_MAX) {
		free(columns);
		return err_set(e, ERR_INVALID, "the expression is longer than %d characters",
			       EXPRESSION_MAX);
	}
	w->columns = columns;
	w->expression = strdup(expression);
	sqlite3_set_authorizer(w->sql, NULL, NULL);
	char *create = sqlite3_mprintf("DROP TABLE IF EXISTS axes; CREATE TABLE axes(%s)", columns);
	sqlite3_str *marks = sqlite3_str_new(NULL);
	sqlite3_str_appendf(marks, "INSERT INTO axes VALUES(?");
	for (size_t i = 1; i < count; i++)
		sqlite3_str_appendall(marks, ", ?");
	sqlite3_str_appendall(marks, ")");
	char *insert = sqlite3_str_finish(marks);
	int made = create ? sqlite3_exec(w->sql, create, NULL, NULL, NULL) : SQLITE_NOMEM;
	sqlite3_free(create);
	w->insert = made == SQLITE_OK ? compile(w, insert, NULL) : NULL;
	sqlite3_free(insert);
	if (!w->insert)
		return err_set(e, ERR_INVALID, "cannot evaluate '%s': %s", expression,
			       sqlite3_errmsg(w->sql));
	/* The line break ends a comment that the expression may end with. */
	char *select = sqlite3_mprintf("SELECT (%s\n) FROM axes", expression);
	const char *tail = "";
	w->selects = 0;
	w->refused[0] = '\0';
	sqlite3_set_authorizer(w->sql, authorize, w);
	w->evaluate = compile(w, select, &tail);
	int code = 0;
	if (!w->evaluate)
		code = explain(w, expression, parameters, count, e);
	else if (*tail || sqlite3_column_count(w->evaluate) != 1)
		code = err_set(e, ERR_INVALID, "'%s': only one expression is allowed", expression);
	else if (sqlite3_bind_parameter_count(w->evaluate) != 0)
		code = err_set(e, ERR_INVALID,
			       "'%s': there are no parameters to fill in (?, :name)", expression);
	sqlite3_free(select);
	if (code)
		forget(w);
	return code;
}

static int put_row(struct where *w, const struct parameter *parameters, size_t count)
{
	sqlite3_set_authorizer(w->sql, NULL, NULL);
	sqlite3_exec(w->sql, "DELETE FROM axes", NULL, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		int column = (int)i + 1;
		if (parameters[i].numeric)
			sqlite3_bind_double(w->insert, column, parameters[i].number);
		else
			sqlite3_bind_text(w->insert, column, parameters[i].text, -1, SQLITE_STATIC);
	}
	int code = sqlite3_step(w->insert);
	sqlite3_reset(w->insert);
	return code;
}

int where_keep(void *ctx, const char *expression, const struct parameter *parameters, size_t count,
	       bool *keep, struct err *e)
{
	struct where *w = ctx;
	*keep = true;
	if (!expression || !expression[strspn(expression, " \t\n")])
		return 0;
	char *columns = column_list(parameters, count);
	if (!columns)
		return err_set(e, ERR_NOMEM, "no memory for an expression");
	if (w->expression && strcmp(w->expression, expression) == 0 &&
	    strcmp(w->columns, columns) == 0) {
		free(columns);
	} else {
		int code = prepare(w, expression, parameters, count, columns, e);
		if (code)
			return code;
	}
	if (put_row(w, parameters, count) != SQLITE_DONE)
		return err_set(e, ERR_NOMEM, "cannot evaluate '%s': %s", expression,
			       sqlite3_errmsg(w->sql));
	int code = 0;
	if (sqlite3_step(w->evaluate) == SQLITE_ROW)
		*keep = sqlite3_column_double(w->evaluate, 0) != 0;
	else
		code = err_set(e, ERR_INVALID, "'%s': %s", expression, sqlite3_errmsg(w->sql));
	sqlite3_reset(w->evaluate);
	return code;
}
