/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Packing: which host of a site a guest is started on. One file packing_NAME.c each. Hosts on which
 * it does not fit are not offered.
 */
#ifndef MODELS_PACKING_H
#define MODELS_PACKING_H

#include "models/choice.h"

/* A host that has room for the guest. */
struct packing_host {
	double memory_bytes, free_bytes; /* all; not given to guests, overcommitment included */
	uint32_t cores, vcpus;		 /* virtual CPUs of the guests it has */
	uint32_t guest_vcpus;		 /* of the guest to be started */
	double off_w, idle_w, busy_w;	 /* without guests, with idle cores, with busy ones */
};

struct packing_ops {
	struct key_variant choice;
	/* How well the host would do: the highest wins, of equal ones the first. */
	double (*score)(const struct packing_host *host);
};

extern const struct packing_ops *const packing_models[]; /* ended by NULL */

#endif
