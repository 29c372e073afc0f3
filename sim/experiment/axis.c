/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const axis_scales[] = {[AXIS_LINEAR] = "linear", [AXIS_LOG] = "log", NULL};

void axis_check_names(const struct json_doc *doc, const char *pointer, const char *name,
		      const char *path, struct diag_list *diags)
{
	if (path && path[0] != '/')
		json_doc_error(doc, diags, pointer,
			       "\"path\" must be a JSON pointer, like \"/duration\" (got \"%s\")",
			       path);
	size_t n = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_")
			: 0;
	if (name && (name[n] || (name[0] >= '0' && name[0] <= '9')))
		json_doc_error(doc, diags, pointer,
			       "an axis' name is made of letters, digits and _, and does not begin "
			       "with a digit, because `where` uses it");
}

/* Whether it goes on one line of a table or a figure. */
static bool is_one_line(const char *text)
{
	while (*text && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return !*text;
}

/* As many labels as values, no two the same. */
static void check_labels(const struct axis *a, const struct json_doc *doc, const char *pointer,
			 struct diag_list *diags)
{
	const char *const *labels = a->labels.items;
	size_t values = cJSON_IsArray(a->values) ? (size_t)cJSON_GetArraySize(a->values) : 0;
	char list[400], at[440];
	json_pointer_join(list, sizeof(list), pointer, "labels");
	if (a->labels.count > AXIS_LABELS_MAX)
		json_doc_error(doc, diags, list, "are for people: at most %d", AXIS_LABELS_MAX);
	else if (a->labels.count && a->labels.count != values)
		json_doc_error(doc, diags, list,
			       "must have one label for each of \"values\" (%zu for %zu)",
			       a->labels.count, values);
	for (size_t i = 0; i < a->labels.count && i < AXIS_LABELS_MAX; i++) {
		const char *wrong = !labels[i] || labels[i][0] ? NULL : "must not be empty";
		if (labels[i] && !is_one_line(labels[i]))
			wrong = "must be one line of text, without tabs and other control "
				"characters";
		for (size_t k = 0; k < i && labels[i] && !wrong; k++)
			if (labels[k] && strcmp(labels[i], labels[k]) == 0)
				wrong = "is the label of another value, too";
		snprintf(at, sizeof(at), "%s/%zu", list, i);
		if (wrong)
			json_doc_error(doc, diags, at, "%s", wrong);
	}
}

/* What the rows cannot say: which keys go together. */
static void check_axis(void *object, const struct json_doc *doc, const char *pointer,
		       struct diag_list *diags)
{
	const struct axis *a = object;
	const char *wrong = NULL;
	bool range = a->from || a->to || a->step || a->steps || a->scale != AXIS_LINEAR;
	if (a->values && range)
		wrong = "has both values and a range; give either \"values\" or \"from\" and "
			"\"to\"";
	else if (!a->values && !(a->from && a->to))
		wrong = "needs \"values\", or \"from\" and \"to\" with \"steps\" or \"step\"";
	else if (!a->values && !a->steps == !a->step)
		wrong = "needs either \"steps\" (how many values) or \"step\" (the distance)";
	else if (a->step && a->scale == AXIS_LOG)
		wrong = "a logarithmic axis takes \"steps\", not \"step\"";
	if (wrong)
		json_doc_error(doc, diags, pointer, "%s", wrong);
	axis_check_names(doc, pointer, a->name, a->path, diags);
	check_labels(a, doc, pointer, diags);
}

#define AT(field) offsetof(struct axis, field)
static const struct key axis_keys[] = {
	{"path", KEY_STRING, AT(path), .help = "JSON pointer to what the axis changes"},
	{"values", KEY_ANY, AT(values), .optional = true, .help = "the list of values"},
	{"labels", KEY_STRINGS, AT(labels), .optional = true,
	 .help = "what tables, figures, `at` and `where` call the values, one for each"},
	{"from", KEY_ANY, AT(from), .optional = true,
	 .help = "first value of a range, a number or a quantity"},
	{"to", KEY_ANY, AT(to), .optional = true, .help = "last value of a range"},
	{"steps", KEY_INT, AT(steps), .min = 2, .max = AXIS_VALUES_MAX, .optional = true,
	 .help = "how many values the range has, both ends included"},
	{"step", KEY_ANY, AT(step), .optional = true, .help = "distance between values of a range"},
	{"scale", KEY_ENUM, AT(scale), .choices = axis_scales, .def = "\"linear\"",
	 .help = "how the values of a range are spaced"},
	{"with", KEY_STRING, AT(with), .optional = true,
	 .help = "name of an axis that this one is in lockstep with"},
	{0},
};
#undef AT

const struct key_object axis_object = {
	"axis", axis_keys, sizeof(struct axis),
	.help = "one axis of a sweep: a place in the study and the values it takes",
	.check = check_axis};

/* A number that a user wrote: alone, or with a unit. */
struct amount {
	double number;	     /* before the unit */
	double base;	     /* in the base unit */
	enum unit dimension; /* UNIT_NONE for a plain number */
	const char *unit;    /* the unit as written, inside the text; "" */
};

/* Units belong to one dimension each, so a quantity says its own. */
static bool read_amount(const cJSON *node, struct amount *out)
{
	char why[160], *end;
	*out = (struct amount){.unit = ""};
	if (cJSON_IsNumber(node)) {
		out->number = out->base = node->valuedouble;
		return true;
	}
	if (!cJSON_IsString(node))
		return false;
	out->number = strtod(node->valuestring, &end);
	while (*end == ' ')
		end++;
	if (end == node->valuestring || !*end)
		return false; /* no number, or one in quotes without a unit: a text */
	for (enum unit u = UNIT_NONE + 1; u <= UNIT_TIME_PER_BYTE; u++) {
		if (unit_parse(node->valuestring, u, &out->base, why) == 0) {
			out->dimension = u;
			out->unit = end;
			return true;
		}
	}
	return false;
}

/* Rounded to 12 significant digits: 0.1 + 2 * 0.1 is 0.3 on an axis. */
static double rounded(double x)
{
	char buf[40];
	snprintf(buf, sizeof(buf), "%.12g", x);
	return strtod(buf, NULL);
}

static cJSON *make_value(double number, const char *unit)
{
	char *text = NULL;
	if (!*unit)
		return cJSON_CreateNumber(rounded(number));
	if (asprintf(&text, "%.12g %s", number, unit) < 0)
		return NULL;
	cJSON *value = cJSON_CreateString(text);
	free(text);
	return value;
}

static int range_error(const struct json_doc *doc, struct diag_list *diags, const char *pointer,
		       const char *key, const char *text)
{
	char at[300];
	json_doc_error(doc, diags, json_pointer_join(at, sizeof(at), pointer, key), "%s", text);
	return ERR_INVALID;
}

int axis_range_read(struct axis_range *range, const cJSON *from_node, const cJSON *to_node,
		    int scale, const struct json_doc *doc, const char *pointer,
		    struct diag_list *diags)
{
	struct amount from, to;
	if (!read_amount(from_node, &from))
		return range_error(doc, diags, pointer, "from",
				   "must be a number or a quantity with its unit");
	if (!read_amount(to_node, &to) || to.dimension != from.dimension)
		return range_error(doc, diags, pointer, "to",
				   "must be of the same kind as \"from\"");
	if (scale == AXIS_LOG && !(from.base > 0 && to.base > 0))
		return range_error(doc, diags, pointer, "from",
				   "a logarithmic axis needs both ends above zero");
	if (from.base == to.base)
		return range_error(doc, diags, pointer, "to", "must differ from \"from\"");
	*range = (struct axis_range){.from = from_node,
				     .to = to_node,
				     .first = from.number,
				     .scale = scale,
				     .unit = from.unit,
				     .factor = from.number != 0 ? from.base / from.number : 1};
	if (from.number == 0 && from.dimension != UNIT_NONE) {
		char one[64], why[160];
		snprintf(one, sizeof(one), "1 %s", from.unit);
		unit_parse(one, from.dimension, &range->factor, why);
	}
	range->last = to.base / range->factor;
	return 0;
}

double axis_range_number(const struct axis_range *range, double u)
{
	if (u <= 0 || u >= 1)
		return u <= 0 ? range->first : range->last;
	return rounded(range->scale == AXIS_LOG ? range->first * pow(range->last / range->first, u)
						: range->first + (range->last - range->first) * u);
}

cJSON *axis_range_value(const struct axis_range *range, double number)
{
	return number == range->first  ? cJSON_Duplicate(range->from, true)
	       : number == range->last ? cJSON_Duplicate(range->to, true)
				       : make_value(number, range->unit);
}

/* How many values a range with a `step` has; 0 after what is wrong was told. */
static double count_steps(const struct axis_range *range, const struct amount *step,
			  const struct json_doc *doc, const char *pointer, struct diag_list *diags)
{
	double delta = step->base / range->factor, span = range->last - range->first;
	if (!(delta != 0 && (delta > 0) == (span > 0))) {
		range_error(doc, diags, pointer, "step", "must lead from \"from\" towards \"to\"");
		return 0;
	}
	/* A last value that round-off puts just past the end belongs to the range. */
	double count = floor(span / delta * (1 + 1e-12) + 1e-9) + 1;
	if (!(count <= AXIS_VALUES_MAX)) {
		range_error(doc, diags, pointer, "step", "makes more than 100000 values");
		return 0;
	}
	return count;
}

static cJSON *range_values(const struct axis *axis, const struct json_doc *doc, const char *pointer,
			   struct diag_list *diags)
{
	struct axis_range range;
	struct amount step = {0}, from;
	if (axis_range_read(&range, axis->from, axis->to, axis->scale, doc, pointer, diags) != 0)
		return NULL;
	read_amount(axis->from, &from);
	if (axis->step && (!read_amount(axis->step, &step) || step.dimension != from.dimension)) {
		range_error(doc, diags, pointer, "step", "must be of the same kind as \"from\"");
		return NULL;
	}
	double count =
		axis->step ? count_steps(&range, &step, doc, pointer, diags) : (double)axis->steps;
	if (count == 0)
		return NULL;
	cJSON *values = cJSON_CreateArray();
	for (double i = 0; i < count; i++) {
		double x = axis->step ? rounded(range.first + i * (step.base / range.factor))
				      : axis_range_number(&range, i / (count - 1));
		cJSON *value = axis_range_value(&range, x == rounded(range.last) ? range.last : x);
		if (!cJSON_AddItemToArray(values, value)) {
			cJSON_Delete(value);
			cJSON_Delete(values);
			range_error(doc, diags, pointer, "from", "out of memory");
			return NULL;
		}
	}
	return values;
}

cJSON *axis_values(const struct axis *axis, const struct json_doc *doc, const char *pointer,
		   struct diag_list *diags)
{
	if (!axis->values)
		return range_values(axis, doc, pointer, diags);
	if (cJSON_IsArray(axis->values) && axis->values->child &&
	    cJSON_GetArraySize(axis->values) <= AXIS_VALUES_MAX)
		return cJSON_Duplicate(axis->values, true);
	range_error(doc, diags, pointer, "values",
		    cJSON_IsArray(axis->values) && axis->values->child
			    ? "has more than 100000 values"
			    : "must be a list of at least one value");
	return NULL;
}

static void put_value(FILE *out, const cJSON *value)
{
	const cJSON *c;
	char *text;
	if (cJSON_IsString(value)) {
		fputs(value->valuestring, out);
	} else if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
		cJSON_ArrayForEach(c, value)
		{
			fputs(c == value->child ? "" : ", ", out);
			if (c->string)
				fprintf(out, "%s ", c->string);
			put_value(out, c);
		}
	} else if ((text = json_canonical(value))) {
		fputs(text, out);
		free(text);
	}
}

/* As people would write it: {"random": 0.5} is "random 0.5". To be freed. */
static char *value_text(const cJSON *value)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	put_value(out, value);
	return fclose(out) == 0 ? text : NULL;
}

int axis_parameter(const char *name, const cJSON *value, struct parameter *out, struct arena *arena)
{
	struct amount amount;
	*out = (struct parameter){.name = arena_strdup(arena, name), .unit = ""};
	char *text = value_text(value);
	out->text = text ? arena_strdup(arena, text) : NULL;
	free(text);
	if (read_amount(value, &amount)) {
		out->numeric = true;
		out->number = amount.base;
		out->unit = amount.dimension == UNIT_NONE ? "1" : unit_base(amount.dimension);
	}
	return out->name && out->text ? 0 : ERR_NOMEM;
}

int axis_value_parameter(const struct axis *axis, size_t i, const cJSON *value,
			 struct parameter *out, struct arena *arena)
{
	const char *const *labels = axis->labels.items;
	if (i >= axis->labels.count)
		return axis_parameter(axis->name, value, out, arena);
	*out = (struct parameter){.name = arena_strdup(arena, axis->name), .unit = ""};
	out->text = arena_strdup(arena, labels[i]);
	return out->name && out->text ? 0 : ERR_NOMEM;
}
