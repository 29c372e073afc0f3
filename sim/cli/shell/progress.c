/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/progress.h"
#include "sim/cli/cli.h"

#include <stdio.h>
#include <time.h>

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void format_eta(char *buf, size_t size, double eta_s)
{
	if (eta_s < 0 || eta_s > 1e7) {
		buf[0] = '\0';
		return;
	}
	long s = (long)(eta_s + 0.5);
	if (s >= 3600)
		snprintf(buf, size, "  eta %ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(buf, size, "  eta %ld:%02ld", s / 60, s % 60);
}

void progress_draw(struct progress *p, const char *label, size_t done, size_t total, size_t failed,
		   double eta_s)
{
	if (!cli_is_terminal())
		return;
	double now = now_s();
	if (done < total && now - p->drawn_at_s < 0.1)
		return;
	p->drawn_at_s = now;
	char eta[32], bad[32] = "", line[256];
	format_eta(eta, sizeof(eta), eta_s);
	if (failed)
		snprintf(bad, sizeof(bad), "  %zu failed", failed);
	int n = snprintf(line, sizeof(line), "%s %zu/%zu  %.0f %%%s%s", label, done, total,
			 total ? 100.0 * (double)done / (double)total : 100.0, eta, bad);
	size_t width = n < 0 ? 0 : (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
	int pad = p->width > width ? (int)(p->width - width) : 0;
	fprintf(stderr, "\r%s%*s", line, pad, "");
	fflush(stderr);
	p->width = width;
}

void progress_clear(struct progress *p)
{
	if (p->width)
		fprintf(stderr, "\r%*s\r", (int)p->width, "");
	fflush(stderr);
	p->width = 0;
}
