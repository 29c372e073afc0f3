/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/reports/support_gallery.h"

#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char figures_gallery[] =
	"[{\"name\":\"lines\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"response_time.p95\","
	"\"series\":\"platform\",\"log\":\"x\"},"
	"{\"name\":\"logs\",\"kind\":\"lines\",\"x\":\"exit_cost\",\"y\":\"response_time.p99\","
	"\"series\":\"platform\",\"log\":\"xy\"},"
	"{\"name\":\"categories\",\"kind\":\"lines\",\"x\":\"platform\",\"y\":\"utilization\","
	"\"subject\":\"edge/node/0\",\"series\":\"exit_cost\"},"
	"{\"name\":\"bars\",\"kind\":\"bars\",\"x\":\"exit_cost\",\"y\":\"energy_per_task.mean\","
	"\"series\":\"platform\"},"
	"{\"name\":\"single\",\"kind\":\"bars\",\"x\":\"platform\",\"y\":\"response_time.p99\","
	"\"at\":{\"exit_cost\":8}},"
	"{\"name\":\"stack\",\"kind\":\"stack\",\"x\":\"platform\",\"y\":\"overhead\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"cdf\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":1},\"title\":\"It's a title\"},"
	"{\"name\":\"page\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":\"8\"},\"width\":\"page\",\"log\":\"x\"},"
	"{\"name\":\"manykeys\",\"kind\":\"cdf\",\"y\":\"response_time\",\"series\":\"exit_cost\","
	"\"at\":{\"platform\":\"kvm-emulated\"}},"
	"{\"name\":\"quantiles\",\"kind\":\"quantiles\",\"y\":\"response_time\",\"series\":"
	"\"platform\","
	"\"at\":{\"exit_cost\":8}},"
	"{\"name\":\"heatmap\",\"kind\":\"heatmap\",\"x\":\"exit_cost\",\"y\":\"platform\","
	"\"z\":\"response_time.mean\"},"
	"{\"name\":\"tornado\",\"kind\":\"tornado\",\"y\":\"response_time.mean\","
	"\"at\":{\"exit_cost\":1,\"platform\":\"kvm-emulated\"}},"
	"{\"name\":\"timeseries\",\"kind\":\"time-series\",\"y\":\"battery\",\"series\":"
	"\"platform\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"timeline\",\"kind\":\"timeline\",\"y\":\"overhead\",\"series\":\"platform\","
	"\"at\":{\"exit_cost\":1}},"
	"{\"name\":\"onetask\",\"kind\":\"timeline\",\"y\":\"task.timeline\",\"series\":"
	"\"platform\",\"at\":{\"exit_cost\":1}}]";

const char *const figures_names[FIGURES_GALLERY] = {
	"lines",   "logs",	"categories", "bars",	 "single",   "stack",	"cdf", "manykeys",
	"heatmap", "quantiles", "timeseries", "tornado", "timeline", "onetask", "page"};

unsigned figures_check_words(const char *name, const char *pdf, int page_number, double overlap)
{
	double width = 0, height = 0;
	struct program_result r =
		program_run("pdftotext -f %d -l %d -bbox $TMP/%s -", page_number, page_number, pdf);
	static struct figures_word words[400];
	size_t n = 0;
	const char *page = strstr(r.out, "<page ");
	CU_ASSERT(page && sscanf(page, "<page width=\"%lf\" height=\"%lf\"", &width, &height) == 2);
	for (const char *p = r.out; (p = strstr(p, "<word ")) && n < 400; p++) {
		struct figures_word *w = &words[n];
		if (sscanf(p, "<word xMin=\"%lf\" yMin=\"%lf\" xMax=\"%lf\" yMax=\"%lf\">%59[^<]",
			   &w->x0, &w->y0, &w->x1, &w->y1, w->text) == 5)
			n++;
	}
	program_free(&r);
	for (size_t i = 0; i < n; i++) {
		const struct figures_word *a = &words[i];
		bool inside = a->x0 > -1 && a->y0 > -1 && a->x1 < width + 1 && a->y1 < height + 1;
		if (!inside)
			printf(" %s: '%s' is cut off (%g %g %g %g) ", name, a->text, a->x0, a->y0,
			       a->x1, a->y1);
		CU_ASSERT_TRUE(inside);
		for (size_t k = 0; k < i; k++) {
			const struct figures_word *b = &words[k];
			if (a->y1 - a->y0 > 12 || b->y1 - b->y0 > 12)
				continue;
			double x = fmin(a->x1, b->x1) - fmax(a->x0, b->x0);
			double y = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);
			bool over = x > 0.5 && y > overlap;
			if (over) {
				printf(" %s: '%s' is on '%s' ", name, a->text, b->text);
				CU_FAIL("labels overlap");
				return (unsigned)n;
			}
		}
	}
	return (unsigned)n;
}
