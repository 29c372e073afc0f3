/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How much a hostile guest can reach, counted from the tables that hold it back: what it can ask of
 * its VMM and, once it has taken that over, which system calls are left to it; for a container,
 * which it has from the start. A count says how much there is to attack, not how well it is
 * defended. Not counted is what the host's kernel does for a guest by itself: KVM's exits that no
 * VMM sees, the local APIC among them, and on trap the faults of the guest's process. `hvcore
 * surface`.
 */
#ifndef HVCORE_SURFACE_H
#define HVCORE_SURFACE_H

#include "hvcore/hv.h"

#include <cjson/cJSON.h>

struct hv_surface {
	const struct hv_backend *backend;
	const char *devices;  /* "registers", "rings", or "" where there is no VMM */
	unsigned hypercalls;  /* of abi.h; 0 where there is no VMM */
	unsigned ports;	      /* of the devices, one of each kind, and of `bells`; 0 where there is
			       * no VMM */
	unsigned bells;	      /* of the machine's own: its interrupt and its doorbell, where a
			       * machine of this backend can have them */
	unsigned pages;	      /* of device memory; an access elsewhere ends the guest */
	unsigned guest_calls; /* system calls that the guest's own process has; 0: it has none */
	unsigned host_calls;  /* system calls of the host's kernel that are left */
	unsigned limited;     /* of them, those that only certain arguments pass */
	unsigned known_calls; /* all that libseccomp knows on this architecture */
};

enum { HV_SURFACES_MAX = 16 };

/* Fills up to HV_SURFACES_MAX rows, backends in the order of hv_backends, each that runs images
 * with both kinds of devices. Needs no right and starts nothing: a backend that does not work on
 * this machine has its row, too. Returns how many, or ERR_NOMEM. */
int hv_surfaces(struct hv_surface rows[HV_SURFACES_MAX], struct err *e);

/* {"known_calls", "surfaces": [{"backend", "devices"?, "hypercalls"?, "ports"?, "bells"?, "pages"?,
 *  "guest_calls"?: [{"call", "why", "limited"}], "host_calls", "limited", "calls"?: as
 *  "guest_calls"}]}; without "calls" where nothing is filtered, without "guest_calls" where the
 * guest has no process of its own. NULL when out of memory; the caller deletes. */
cJSON *hv_surfaces_json(const struct hv_surface *rows, int count);

#endif
