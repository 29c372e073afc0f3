/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An estimate for bare metal from the profile of a machine that is itself a guest. Nested
 * virtualization multiplies what leaving a guest costs, by how much nobody can tell from inside:
 * the factor is whoever's who states it, and every number that it touched says so.
 */
#ifndef SIM_CLI_MEASURE_BARE_METAL_H
#define SIM_CLI_MEASURE_BARE_METAL_H

#include "sim/base/err.h"

#include <cjson/cJSON.h>

/* Divides every primitive that leaves a guest of the machine's own hypervisor (backend kvm, with
 * exits) by the factor, above 0: source "assumed", the measured number and the factor in its note.
 * All other primitives stay. The machine is told to be an estimate. Returns how many were divided,
 * or ERR_INVALID with the reason: the profile is not of a nested machine, or nothing in it exits.
 */
int bare_metal_estimate(cJSON *profile, double factor, struct err *e);

#endif
