/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/figure/scatter.h"

#include "reports/figure/figure_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Both axes are the same, so the plot is nearly a square. */
static const double height_in = 3.1;

/* The groups in the order of their first points, as an axis, which gives them their looks. */
static int find_groups(const struct scatter *s, struct data_axis *axis, struct err *e)
{
	*axis = (struct data_axis){.name = "platform", .unit = ""};
	axis->values = calloc(s->count + 1, sizeof(*axis->values));
	if (!axis->values)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	for (size_t i = 0; i < s->count; i++) {
		size_t g = 0;
		while (g < axis->count && strcmp(axis->values[g].text, s->points[i].group) != 0)
			g++;
		if (g == axis->count)
			axis->values[axis->count++].text = s->points[i].group;
	}
	return 0;
}

static bool is_drawable(const struct scatter_point *p, bool log)
{
	return isfinite(p->measured) && isfinite(p->predicted) &&
	       (!log || (p->measured > 0 && p->predicted > 0));
}

struct range {
	double low, high;
	size_t count;
};

static struct range find_range(const struct scatter *s, bool log)
{
	struct range r = {INFINITY, -INFINITY, 0};
	for (size_t i = 0; i < s->count; i++) {
		const struct scatter_point *p = &s->points[i];
		if (!is_drawable(p, log))
			continue;
		r.low = fmin(r.low, fmin(p->measured, p->predicted));
		r.high = fmax(r.high, fmax(p->measured, p->predicted));
		r.count++;
	}
	return r;
}

static void write_data(struct drawing *d, const struct scatter *s, const struct data_axis *groups,
		       bool log)
{
	tsv_begin(d, "measured\tpredicted");
	for (size_t g = 0; g < groups->count; g++) {
		size_t rows = 0;
		fprintf(d->tsv, "# %s\n", groups->values[g].text);
		for (size_t i = 0; i < s->count; i++) {
			const struct scatter_point *p = &s->points[i];
			if (strcmp(p->group, groups->values[g].text) != 0 || !is_drawable(p, log))
				continue;
			fprintf(d->tsv, "%.17g\t%.17g\n", p->measured, p->predicted);
			rows++;
		}
		fputs(rows ? "\n\n" : "NaN\tNaN\n\n\n", d->tsv);
	}
}

static void write_axes(struct drawing *d, const struct scatter *s, struct range r, bool log)
{
	struct scale scale = scale_choose(s->unit, log ? sqrt(r.low * r.high) : r.high);
	double low = r.low * scale.factor, high = r.high * scale.factor, pad = 0.05 * (high - low);
	char label[200];
	fprintf(d->gp, "factor = %g\n", scale.factor);
	low = log ? low / 1.3 : low > 0 && low < 0.5 * high ? 0 : low - pad;
	high = log ? high * 1.3 : high + (pad > 0 ? pad : 1);
	for (int y = 0; y < 2; y++) {
		char axis = y ? 'y' : 'x';
		if (log) {
			gp_log_tics(d, axis, low, high);
			fprintf(d->gp, "set %crange [%.6g:%.6g]\n", axis, low, high);
		} else {
			gp_linear_axis(d, axis, low, high);
		}
		snprintf(label, sizeof(label), "%s %s", y ? "predicted" : "measured", s->quantity);
		if (y)
			gp_y_label(d, label, scale.unit);
		else
			gp_axis_label(d, axis, label, scale.unit);
	}
	fputs("set grid xtics\n", d->gp);
}

static void write_plot(const struct drawing *d, const struct scatter *s,
		       const struct data_axis *groups, FILE *plot)
{
	fputs("plot x with lines linecolor rgb \"#404040\" linewidth 1 notitle", plot);
	for (int side = 0; side < 2 && s->factor > 1; side++)
		fprintf(plot,
			", \\\n  x*%.6g with lines linecolor rgb \"#404040\" linewidth 0.75 "
			"dashtype "
			"(2,4) notitle",
			side ? 1 / s->factor : s->factor);
	for (size_t g = 0; g < groups->count; g++) {
		struct line_style look = figure_line_style(groups, g);
		fprintf(plot,
			", \\\n  '%s.tsv' index %zu using ($1*factor):($2*factor) with points "
			"pointtype %d pointsize 1.3 linecolor rgb \"#%06x\" title ",
			d->figure->name, g, look.point, look.colour);
		gp_quote_name(d, plot, groups->values[g].text);
	}
}

static void describe(const struct scatter *s, size_t shown, struct figure_origin *out)
{
	*out = (struct figure_origin){0};
	snprintf(out->version, sizeof(out->version), "%s", s->version);
	snprintf(out->costs, sizeof(out->costs), "%s", s->source);
	size_t n = (size_t)snprintf(out->study, sizeof(out->study), "%zu cases", shown);
	if (s->factor > 1)
		n += (size_t)snprintf(out->study + n, sizeof(out->study) - n,
				      "; dotted: a factor of %g", s->factor);
	snprintf(out->study + n, sizeof(out->study) - n, "; mcvsim %.*s",
		 figure_release(s->version), s->version);
}

static int write_script(const struct scatter *s, const struct figure_request *request, bool latex,
			struct err *e)
{
	struct figure figure = {
		.name = s->name, .title = s->title, .log = s->log, .width = s->width};
	struct figure_origin origin;
	struct drawing d = {.figure = &figure,
			    .request = request,
			    .latex = latex,
			    .origin = &origin,
			    .x = -1,
			    .series = -1,
			    .width_in = figure_sizes[s->width].width,
			    .height_in = height_in};
	struct range r = find_range(s, false);
	bool log = gp_is_log(&d, 'x', gp_spans_decades(r.low, r.high));
	if (log)
		r = find_range(s, true);
	if (r.count == 0)
		return err_set(e, ERR_INVALID, "there is no point to draw");
	struct data_axis groups;
	int code = find_groups(s, &groups, e);
	const char **titles = calloc(s->count + 1, sizeof(*titles));
	if (code == 0 && !titles)
		code = err_set(e, ERR_NOMEM, "no memory to draw");
	describe(s, r.count, &origin);
	if (code == 0)
		code = figure_begin(&d, e);
	if (code == 0) {
		for (size_t g = 0; g < groups.count; g++)
			titles[g] = groups.values[g].text;
		write_data(&d, s, &groups, log);
		gp_begin(&d);
		gp_key_above(&d, NULL, titles, groups.count);
		write_axes(&d, s, r, log);
		write_plot(&d, s, &groups, d.plot);
		gp_end(&d);
	}
	code = figure_end(&d, code, e);
	free(titles);
	free(groups.values);
	return code;
}

int scatter_write(const struct scatter *s, const struct figure_request *request, struct err *e)
{
	int code = write_script(s, request, false, e);
	if (code == 0 && (request->formats & FIGURE_LATEX))
		code = write_script(s, request, true, e);
	return code;
}

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

int scatter_of_validation(const cJSON *validation, const char *name, const char *version,
			  const struct figure_request *request, struct err *e)
{
	const cJSON *c, *cases = cJSON_GetObjectItemCaseSensitive(validation, "cases");
	const char *cpu = text_at(cJSON_GetObjectItemCaseSensitive(validation, "machine"), "cpu");
	int limit = cJSON_GetArraySize(cases);
	struct scatter_point *points = calloc((size_t)limit + 1, sizeof(*points));
	size_t n = 0;
	char source[200];
	if (!points)
		return err_set(e, ERR_NOMEM, "no memory to draw");
	cJSON_ArrayForEach(c, cases) points[n++] =
		(struct scatter_point){text_at(c, "platform"), number_at(c, "measured_ns") * 1e-9,
				       number_at(c, "predicted_ns") * 1e-9};
	snprintf(source, sizeof(source), "%s%s%s", *cpu ? "Measured on " : "", cpu,
		 *cpu ? "." : "");
	struct scatter s = {.name = name,
			    .quantity = "time of a task",
			    .unit = "s",
			    .points = points,
			    .count = n,
			    .factor = 1.3,
			    .source = source,
			    .version = version};
	int code = scatter_write(&s, request, e);
	free(points);
	return code;
}
