/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/figure/profile_chart.h"

#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of one row, and of what is above and below all of them. */
static const double row_in = 0.14, frame_in = 1.0;

struct bar {
	char label[96];
	double p50, min, p90; /* in base units */
};

struct chart {
	char name[PROFILE_CHART_NAME - 4];
	const char *unit, *quantity;
	struct bar *bars; /* dearest first */
	size_t count;
};

/* How the units of a profile are drawn; the first is of times, whose charts are by backend. */
static const struct {
	const char *unit, *base, *name, *quantity;
	double factor; /* from the profile's unit to the base unit */
} units[] = {
	{"ns", "s", NULL, "time of one", 1e-9},
	{"ns/B", "s/B", "per-byte", "time per byte", 1e-9},
	{"ratio", "1", "ratios", "times as long as on the host", 1},
	{"B", "B", "memory", "memory taken by one", 1},
};

static double number_at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text_at(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? item->valuestring : "";
}

/* The chart of that name, made when it is new; NULL when there are too many. */
static struct chart *find_chart(struct chart *charts, size_t *count, const char *name, size_t unit,
				size_t room)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(charts[i].name, name) == 0)
			return &charts[i];
	struct bar *bars = *count < PROFILE_CHARTS_MAX ? calloc(room, sizeof(*bars)) : NULL;
	if (!bars)
		return NULL;
	struct chart *c = &charts[(*count)++];
	*c = (struct chart){
		.unit = units[unit].base, .quantity = units[unit].quantity, .bars = bars};
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static int by_cost(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;
	if (x->p50 != y->p50)
		return x->p50 > y->p50 ? -1 : 1;
	return strcmp(x->label, y->label);
}

/* "exit.pio_user" on a chart of its own backend; what was not measured says so. */
static void label_bar(const cJSON *entry, bool by_backend, char *out, size_t size)
{
	const char *source = text_at(entry, "source"), *at = strchr(entry->string, '@');
	int n = by_backend && at ? (int)(at - entry->string) : (int)strlen(entry->string);
	bool other = source[0] && strcmp(source, "measured") != 0;
	snprintf(out, size, "%.*s%s%s%s", n, entry->string, other ? " (" : "", other ? source : "",
		 other ? ")" : "");
}

static int add_part(const cJSON *profile, const char *part, struct chart *charts, size_t *count,
		    struct err *e)
{
	const cJSON *entry, *entries = cJSON_GetObjectItemCaseSensitive(profile, part);
	size_t room = 0;
	for (const cJSON *p = profile->child; p; p = p->next)
		room += (size_t)cJSON_GetArraySize(p);
	cJSON_ArrayForEach(entry, entries)
	{
		char name[PROFILE_CHART_NAME - 4];
		double p50 = number_at(entry, "p50");
		const char *unit = text_at(entry, "unit"), *backend = text_at(entry, "backend");
		size_t u = 0;
		while (u < sizeof(units) / sizeof(*units) && strcmp(units[u].unit, unit) != 0)
			u++;
		if (!(p50 > 0) || u == sizeof(units) / sizeof(*units))
			continue;
		if (units[u].name)
			snprintf(name, sizeof(name), "%s", units[u].name);
		else
			snprintf(name, sizeof(name), "%s%s%.30s", part, *backend ? "-" : "",
				 backend);
		struct chart *c = find_chart(charts, count, name, u, room);
		if (!c)
			return err_set(e, ERR_LIMIT, "no room for a chart of %s", name);
		struct bar *b = &c->bars[c->count++];
		double f = units[u].factor, min = number_at(entry, "min"),
		       p90 = number_at(entry, "p90");
		label_bar(entry, !units[u].name, b->label, sizeof(b->label));
		b->p50 = f * p50;
		b->min = f * (min > 0 ? min : p50);
		b->p90 = f * (p90 > 0 ? p90 : p50);
	}
	return 0;
}

/* Axis and data; the bars begin at the low end, since a logarithmic axis has no zero. */
static void write_axes(struct drawing *d, const struct chart *c, const char **names)
{
	double low = INFINITY, high = 0;
	for (size_t i = 0; i < c->count; i++) {
		names[i] = c->bars[i].label;
		low = fmin(low, c->bars[i].min);
		high = fmax(high, c->bars[i].p90);
	}
	struct scale scale = scale_choose(c->unit, sqrt(low * high));
	low *= scale.factor / 2;
	high *= scale.factor * 1.3;
	fprintf(d->gp, "x_factor = %g\nx_low = %.6g\n", scale.factor, low);
	gp_rows(d, names, c->count);
	gp_axis_label(d, 'x', c->quantity, scale.unit);
	gp_log_tics(d, 'x', low, high);
	fprintf(d->gp, "set xrange [%.6g:%.6g]\n", low, high);
}

static void write_data(struct drawing *d, const struct chart *c)
{
	tsv_begin(d, "row\tp50\tmin\tp90\tname");
	for (size_t i = 0; i < c->count; i++)
		fprintf(d->tsv, "%zu\t%.17g\t%.17g\t%.17g\t%s\n", i, c->bars[i].p50, c->bars[i].min,
			c->bars[i].p90, c->bars[i].label);
}

static void write_plot(const struct drawing *d, FILE *plot)
{
	const char *name = d->figure->name;
	fprintf(plot,
		"plot '%s.tsv' using (x_low):1:(x_low):($2*x_factor):($1-0.33):($1+0.33) with "
		"boxxyerror fillcolor rgb \"#56b4e9\" fillstyle solid 1 border rgb \"#303030\" "
		"linewidth 0.5 notitle, \\\n"
		"  '%s.tsv' using ($3*x_factor):1:(($4-$3)*x_factor):(0) with vectors heads size "
		"screen 0.004,90 linecolor rgb \"#000000\" linewidth 0.75 notitle",
		name, name);
}

static int write_script(const struct chart *c, const struct figure_origin *origin,
			const struct figure_request *request, bool latex, struct err *e)
{
	struct figure figure = {.name = c->name, .title = c->name, .width = FIGURE_PAGE};
	struct drawing d = {.figure = &figure,
			    .request = request,
			    .origin = origin,
			    .x = -1,
			    .series = -1,
			    .latex = latex,
			    .width_in = figure_sizes[FIGURE_PAGE].width,
			    .height_in = frame_in + row_in * (double)c->count};
	const char **names = calloc(c->count, sizeof(*names));
	int code = names ? 0 : err_set(e, ERR_NOMEM, "no memory to draw");
	if (code == 0)
		code = figure_begin(&d, e);
	if (code == 0) {
		write_data(&d, c);
		gp_begin(&d);
		write_axes(&d, c, names);
		write_plot(&d, d.plot);
		gp_end(&d);
	}
	code = figure_end(&d, code, e);
	free(names);
	return code;
}

static int write_chart(const struct chart *c, const struct figure_origin *origin,
		       const struct figure_request *request, struct err *e)
{
	int code = write_script(c, origin, request, false, e);
	if (code == 0 && (request->formats & FIGURE_LATEX))
		code = write_script(c, origin, request, true, e);
	return code;
}

static void describe(const cJSON *profile, const char *version, struct figure_origin *out)
{
	const cJSON *machine = cJSON_GetObjectItemCaseSensitive(profile, "machine");
	const char *cpu = text_at(machine, "cpu"), *below = text_at(machine, "hypervisor");
	const char *when = text_at(machine, "measured_at");
	*out = (struct figure_origin){0};
	snprintf(out->version, sizeof(out->version), "%s", version);
	if (*cpu)
		snprintf(out->costs, sizeof(out->costs), "Measured on %.90s%s%.60s%s%s%.10s.", cpu,
			 *below ? ", itself a guest of " : "", below, *when ? ", " : "", "", when);
	snprintf(out->study, sizeof(out->study),
		 "Bars: median; lines: from the least batch to the 90th percentile; mcvsim %.*s",
		 figure_release(version), version);
}

int profile_charts_write(const cJSON *profile, const char *version,
			 const struct figure_request *request, struct profile_charts *out,
			 struct err *e)
{
	struct chart charts[PROFILE_CHARTS_MAX];
	struct figure_origin origin;
	size_t count = 0;
	*out = (struct profile_charts){.count = 0};
	int code = add_part(profile, "primitives", charts, &count, e);
	if (code == 0)
		code = add_part(profile, "operations", charts, &count, e);
	if (code == 0 && count == 0)
		code = err_set(e, ERR_INVALID, "the profile has no entry with a median to draw");
	describe(profile, version, &origin);
	for (size_t i = 0; i < count; i++) {
		qsort(charts[i].bars, charts[i].count, sizeof(*charts[i].bars), by_cost);
		if (code == 0)
			code = write_chart(&charts[i], &origin, request, e);
		if (code == 0)
			snprintf(out->scripts[out->count++], PROFILE_CHART_NAME, "%.59s.gp",
				 charts[i].name);
		free(charts[i].bars);
	}
	return code;
}
