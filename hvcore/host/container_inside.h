/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to container*.c: what the new process does to itself before its main function runs.
 */
#ifndef HVCORE_CONTAINER_INSIDE_H
#define HVCORE_CONTAINER_INSIDE_H

#include "hvcore/host/container.h"

/* The one message from inside when it is ready, or has failed. */
struct container_report {
	unsigned have;	   /* of the layers that are made inside: MOUNT (root), UTS, SECCOMP */
	int failure;	   /* 0, or a code that ends the creation */
	uint64_t ready_ns; /* hv_clock_ns when done */
	char text[300];	   /* what is missing, or why it failed */
};

/* Sets up the inside for the layers in `layers` (those that the clone call was given). */
void container_inside(const struct hv_container_spec *spec, unsigned layers,
		      struct container_report *report);

/* Appends "layer: why" to a list of what is missing. */
void container_missing(char *text, size_t size, enum hv_layer layer, const char *why);

#endif
