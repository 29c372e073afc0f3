/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The layers of a platform, from the task down to the hardware, and the way of a block request
 * through them: what `mcvsim platforms NAME` draws. Everything follows from the axes and the terms;
 * a platform that is only a file gets a picture, too.
 */
#ifndef MODELS_PLATFORM_LAYERS_H
#define MODELS_PLATFORM_LAYERS_H

#include "models/platform/platform.h"

enum { PLATFORM_LAYERS_MAX = 10 };

struct platform_layer {
	const char *name; /* "guest kernel" */
	const char *role; /* one phrase on what it is here */
	bool on_path;	  /* a block request passes through it */
	bool in_guest;	  /* belongs to the virtual machine */
	/* How the request gets to the next layer on its path: the primitives of the step, with how
	 * often for 4 KiB ("22 x exit.pio_user"); NULL when the step costs nothing of its own. Of
	 * the last layer it is the way back: the interrupt that tells the guest. */
	const char *step;
};

/* Fills layers[] from the top; the strings live in the arena or are static. Returns how many. 0
 * when out of memory. */
size_t platform_layers(const struct platform *p, struct platform_layer layers[PLATFORM_LAYERS_MAX],
		       struct arena *arena);

/* The same as a drawing in plain text, ended by a newline; lives in the arena. NULL when out of
 * memory.
 */
char *platform_diagram(const struct platform *p, struct arena *arena);

/* The same as an SVG document (platform_svg.c), with the request's way marked. */
char *platform_svg(const struct platform *p, struct arena *arena);

#endif
