/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Paths from SUMO's floating-car data (`sumo --fcd-output`): <timestep time="..."> elements with
 * <vehicle id= x= y=> and <person ...> in them. Read with expat, piece by piece. A vehicle stands
 * where it was first seen before it comes, and where it was last seen after it has gone. */
#include "models/mobility/trace.h"

#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 16 };

struct fcd {
	XML_Parser xml;
	const char *name;
	struct diag_list *diags;
	FILE *out;
	size_t written;
	char time[64];
	bool in_step, seen_root;
};

static void complain(struct fcd *f, const char *what)
{
	diag_add(f->diags, DIAG_ERROR, f->name, (int)XML_GetCurrentLineNumber(f->xml),
		 (int)XML_GetCurrentColumnNumber(f->xml) + 1, NULL, "%s", what);
	XML_StopParser(f->xml, XML_FALSE);
}

static const char *attribute(const char **attributes, const char *name)
{
	for (; *attributes; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

static bool is_number(const char *text)
{
	char *end;
	return text && text[0] && strlen(text) < sizeof(((struct fcd *)0)->time) &&
	       strspn(text, "+-.0123456789eE") == strlen(text) && isfinite(strtod(text, &end)) &&
	       *end == '\0';
}

static void begin_step(struct fcd *f, const char **attributes)
{
	const char *time = attribute(attributes, "time");
	if (!is_number(time)) {
		complain(f, "a timestep needs a \"time\" in s");
		return;
	}
	memcpy(f->time, time, strlen(time) + 1);
	f->in_step = true;
}

static void put_position(struct fcd *f, const char **attributes)
{
	const char *id = attribute(attributes, "id");
	const char *x = attribute(attributes, "x"), *y = attribute(attributes, "y");
	if (!f->in_step)
		complain(f, "a position outside of any timestep");
	else if (!id || !id[0] || strpbrk(id, ",\r\n"))
		complain(f, "needs an \"id\" without commas");
	else if (!is_number(x) || !is_number(y))
		complain(f, "needs \"x\" and \"y\" in m");
	else
		f->written += (size_t)fprintf(f->out, "%s,%s,%s,%s\n", id, f->time, x, y);
	if (f->written > ROWS_BYTES_MAX)
		XML_StopParser(f->xml, XML_FALSE);
}

static void begin(void *ctx, const char *element, const char **attributes)
{
	struct fcd *f = ctx;
	if (!f->seen_root && strcmp(element, "fcd-export") != 0)
		complain(f, "is no FCD export: the outermost element must be fcd-export");
	f->seen_root = true;
	if (strcmp(element, "timestep") == 0)
		begin_step(f, attributes);
	else if (strcmp(element, "vehicle") == 0 || strcmp(element, "person") == 0)
		put_position(f, attributes);
}

static void end(void *ctx, const char *element)
{
	struct fcd *f = ctx;
	if (strcmp(element, "timestep") == 0)
		f->in_step = false;
}

/* Files that people write declare no entities; those that do may be made to blow up. */
static void refuse_entity(void *ctx, const char *entity, int is_parameter, const char *value,
			  int value_length, const char *base, const char *system,
			  const char *public, const char *notation)
{
	(void)entity;
	(void)is_parameter;
	(void)value;
	(void)value_length;
	(void)base;
	(void)system;
	(void)public;
	(void)notation;
	complain(ctx, "declares an entity, which FCD exports do not");
}

static int parse(struct fcd *f, FILE *in, struct err *e)
{
	size_t errors = f->diags->errors;
	for (bool last = false; !last;) {
		char *piece = XML_GetBuffer(f->xml, PIECE);
		if (!piece)
			return err_set(e, ERR_NOMEM, "no memory to read %s", f->name);
		size_t n = fread(piece, 1, PIECE, in);
		if (ferror(in))
			return err_set(e, ERR_IO, "cannot read %s", f->name);
		last = n < PIECE;
		enum XML_Status status = XML_ParseBuffer(f->xml, (int)n, last);
		if (f->written > ROWS_BYTES_MAX)
			return err_set(
				e, ERR_LIMIT,
				"%s: more than %d MiB of positions; export fewer vehicles or "
				"steps (--device.fcd.probability, --device.fcd.period)",
				f->name, ROWS_BYTES_MAX >> 20);
		if (f->diags->errors != errors)
			return ERR_INVALID;
		if (status == XML_STATUS_ERROR) {
			complain(f, XML_ErrorString(XML_GetErrorCode(f->xml)));
			return ERR_INVALID;
		}
	}
	return 0;
}

static int load(FILE *in, const char *name, char **text, struct diag_list *diags, struct err *e)
{
	size_t size;
	struct fcd f = {.name = name, .diags = diags, .xml = XML_ParserCreate(NULL)};
	*text = NULL;
	f.out = open_memstream(text, &size);
	int code = f.xml && f.out ? 0 : err_set(e, ERR_NOMEM, "no memory to read %s", name);
	if (code == 0) {
		XML_SetUserData(f.xml, &f);
		XML_SetElementHandler(f.xml, begin, end);
		XML_SetEntityDeclHandler(f.xml, refuse_entity);
		fputs("handset,time,x,y\n", f.out);
		code = parse(&f, in, e);
	}
	if (f.out && fclose(f.out) != 0 && code == 0)
		code = err_set(e, ERR_NOMEM, "no memory to read %s", name);
	if (f.xml)
		XML_ParserFree(f.xml);
	return code;
}

static const struct rows_file file = {load, trace_check};

const struct mobility_ops mobility_sumo_fcd_ops = {
	.choice = {.name = "sumo-fcd",
		   .help = "paths of vehicles and persons that SUMO has simulated",
		   .parameters = &trace_fcd_object,
		   .main_key = "file",
		   .finish = trace_finish},
	.start = trace_start,
	.next = trace_next,
	.bounds = trace_bounds,
	.count = trace_count,
	.file = &file,
};
