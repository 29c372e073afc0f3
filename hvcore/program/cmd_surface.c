/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/program/program.h"
#include "hvcore/surface.h"

#include <stdio.h>

static void print_surface(const struct hv_surface *s)
{
	char asks[96] = "no VMM", calls[32] = "";
	if (s->guest_calls)
		snprintf(calls, sizeof(calls), ", %u system calls", s->guest_calls);
	if (s->backend->open)
		snprintf(asks, sizeof(asks), "%u hypercalls, %u ports, %u page%s%s", s->hypercalls,
			 s->ports, s->pages, s->pages == 1 ? "" : "s", calls);
	printf("%-10s %-10s %-50s %u of %u system calls", s->backend->name, s->devices, asks,
	       s->host_calls, s->known_calls);
	if (s->limited)
		printf(", %u of them with limits", s->limited);
	printf("\n");
}

int program_surface(const struct program_options *opt, char **args, int count)
{
	(void)args;
	(void)count;
	struct hv_surface rows[HV_SURFACES_MAX];
	struct err e;
	int n = hv_surfaces(rows, &e);
	if (n < 0) {
		fprintf(stderr, "hvcore: %s\n", e.text);
		return PROGRAM_FAILED;
	}
	if (opt->json)
		return program_print(hv_surfaces_json(rows, n));
	printf("%-10s %-10s %-50s %s\n", "backend", "devices", "a guest can ask for",
	       "what is left once that is taken over");
	for (int i = 0; i < n; i++)
		print_surface(&rows[i]);
	return program_flush();
}
