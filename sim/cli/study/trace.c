/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/study/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"csv", "chrome", NULL};

static int written(const struct trace *t)
{
	return ferror(t->file) ? ERR_IO : 0;
}

/* ---- CSV */

/* A text of the study; quoted when it needs it (RFC 4180). */
static void put_text(FILE *f, const char *text)
{
	if (!text[strcspn(text, "\",\r\n")]) {
		fputs(text, f);
		return;
	}
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', f);
		putc(*text, f);
	}
	putc('"', f);
}

/* Exactly, in seconds. */
static void put_seconds(FILE *f, int64_t ns)
{
	fprintf(f, ",%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
}

static const char *const *names_of(const char *metric)
{
	return world_metric_find(metric)->subject_names;
}

/* No name twice: "start_s" is the time until a guest has started. */
static void put_header(FILE *f)
{
	fputs("handset,app,begin_s,end_s,response_s,counted,where,host,outcome", f);
	for (const char *const *n = names_of("overhead"); *n; n++)
		fprintf(f, ",%s_s", *n);
	for (const char *const *n = names_of("energy"); *n; n++)
		fprintf(f, ",%s_J", *n);
	putc('\n', f);
}

static int put_task(void *ctx, const struct world_task *task)
{
	struct trace *t = ctx;
	FILE *f = t->file;
	char handset[300], host[300] = "";
	if (!t->all && (strcmp(task->class, t->class) != 0 || task->handset != t->calls.handset))
		return 0;
	snprintf(handset, sizeof(handset), "%s/%u", task->class, task->handset);
	if (task->host_kind)
		snprintf(host, sizeof(host), "%s/%u", task->host_kind, task->host);
	put_text(f, handset);
	putc(',', f);
	put_text(f, task->app);
	put_seconds(f, task->start_ns);
	put_seconds(f, task->end_ns);
	put_seconds(f, task->end_ns - task->start_ns);
	fprintf(f, ",%d,", task->counts);
	put_text(f, task->site ? task->site : "handset");
	putc(',', f);
	put_text(f, host);
	putc(',', f);
	put_text(f, task->failure ? task->failure : "done");
	size_t i = 0;
	for (const char *const *n = names_of("overhead"); *n; n++, i++)
		if (task->cause_ns)
			put_seconds(f, task->cause_ns[i]);
		else
			putc(',', f);
	i = 0;
	for (const char *const *n = names_of("energy"); *n; n++, i++)
		fprintf(f, ",%.17g", task->energy_j[i]);
	putc('\n', f);
	t->rows++;
	return written(t);
}

/* ---- Chrome trace: an array of events, times in microseconds */

static void put_json_text(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(f, "\\u%04x", (unsigned)*text);
		else
			putc(*text, f);
	putc('"', f);
}

static void put_us(FILE *f, const char *key, int64_t ns)
{
	fprintf(f, ",\"%s\":%" PRId64 ".%03" PRId64, key, ns / 1000, ns % 1000);
}

/* Viewers show a lane, which is a thread to them, by its name. */
static void name_lanes(struct trace *t, uint32_t lane)
{
	for (; t->lanes <= lane; t->lanes++)
		fprintf(t->file,
			",\n{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%u,\"args\":{"
			"\"name\":\"task %u at a time\"}}",
			t->lanes + 1, t->lanes + 1);
}

static int put_slice(void *ctx, uint32_t lane, const char *app, const char *stage, const char *what,
		     int64_t from_ns, int64_t to_ns)
{
	struct trace *t = ctx;
	name_lanes(t, lane);
	fputs(",\n{\"ph\":\"X\",\"name\":", t->file);
	put_json_text(t->file, what);
	fputs(",\"cat\":", t->file);
	put_json_text(t->file, app);
	fprintf(t->file, ",\"pid\":1,\"tid\":%u", lane + 1);
	put_us(t->file, "ts", from_ns);
	put_us(t->file, "dur", to_ns - from_ns);
	fputs(",\"args\":{\"app\":", t->file);
	put_json_text(t->file, app);
	if (stage) {
		fputs(",\"stage\":", t->file);
		put_json_text(t->file, stage);
	}
	fputs("}}", t->file);
	t->rows++;
	return written(t);
}

static int put_level(void *ctx, const char *what, int64_t at_ns, double value)
{
	struct trace *t = ctx;
	const char *unit = strcmp(what, "battery") == 0 ? "J"
			   : strcmp(what, "radio") == 0 ? "W"
							: "out";
	fprintf(t->file, ",\n{\"ph\":\"C\",\"name\":\"%s\",\"pid\":1", what);
	put_us(t->file, "ts", at_ns);
	fprintf(t->file, ",\"args\":{\"%s\":%.10g}}", unit, value);
	t->rows++;
	return written(t);
}

static void begin_chrome(const struct trace *t)
{
	char name[300];
	snprintf(name, sizeof(name), "handset %s/%u", t->class, t->calls.handset);
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
	      "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":",
	      t->file);
	put_json_text(t->file, name);
	fputs("}}", t->file);
}

/* ---- The file */

static int parse_handset(struct trace *t, const char *text)
{
	const char *slash = strrchr(text, '/');
	char *end = NULL;
	size_t n = slash ? (size_t)(slash - text) : 0;
	unsigned long number = slash ? strtoul(slash + 1, &end, 10) : 0;
	if (!slash || n == 0 || n >= sizeof(t->class) || end == slash + 1 || *end ||
	    number > UINT32_MAX)
		return cli_fail(CLI_USAGE,
				"run: --trace-handset must be CLASS/N with N from 0 (got '%s')",
				text);
	memcpy(t->class, text, n);
	t->class[n] = '\0';
	t->calls.handset = (uint32_t)number;
	return CLI_OK;
}

static int parse_format(struct trace *t, const char *text)
{
	for (int i = 0; formats[i]; i++)
		if (strcmp(text, formats[i]) == 0) {
			t->format = (enum trace_format)i;
			return CLI_OK;
		}
	const char *near = diag_nearest(text, formats);
	return cli_fail(CLI_USAGE, "run: --trace-format must be csv or chrome (got '%s'%s%s%s)",
			text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int trace_options(struct trace *t, const struct cli_args *args)
{
	const char *format = cli_value(args, "trace-format");
	const char *handset = cli_value(args, "trace-handset");
	*t = (struct trace){.path = cli_value(args, "trace"), .all = !handset};
	if (!t->path)
		return format || handset ? cli_fail(CLI_USAGE, "run: --%s needs --trace FILE",
						    format ? "trace-format" : "trace-handset")
					 : CLI_OK;
	int code = format ? parse_format(t, format) : CLI_OK;
	if (code == CLI_OK && handset)
		code = parse_handset(t, handset);
	if (code == CLI_OK && t->format == TRACE_CHROME && !handset)
		code = cli_fail(CLI_USAGE, "run: --trace-format chrome shows one handset: say "
					   "which by --trace-handset CLASS/N");
	if (code != CLI_OK)
		return code;
	t->calls.ctx = t;
	if (t->format == TRACE_CHROME) {
		t->calls.class = t->class;
		t->calls.slice = put_slice;
		t->calls.level = put_level;
	} else {
		t->calls.task = put_task;
	}
	return CLI_OK;
}

int trace_open(struct trace *t)
{
	t->file = fopen(t->path, "w");
	if (!t->file)
		return cli_fail(CLI_FAILED, "cannot write %s: %s", t->path, strerror(errno));
	if (t->format == TRACE_CHROME)
		begin_chrome(t);
	else
		put_header(t->file);
	return CLI_OK;
}

int trace_close(struct trace *t, int code)
{
	if (!t->file)
		return code;
	if (t->format == TRACE_CHROME)
		fputs("\n]}\n", t->file);
	bool lost = ferror(t->file);
	lost = fclose(t->file) != 0 || lost;
	t->file = NULL;
	if (lost)
		return cli_fail(CLI_FAILED, "%s is incomplete: it could not be written", t->path);
	if (code == CLI_OK)
		cli_say("%s: %llu %s", t->path, t->rows,
			t->format == TRACE_CHROME ? "events" : "tasks");
	return code;
}
