/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Autoscaling: looks now and then at the guests of a site that do the same work, and starts or
 * stops some. How many there should be is decided elsewhere (models/site/scaling.h). Private to
 * models/run.
 */
#ifndef MODELS_RUN_SCALING_H
#define MODELS_RUN_SCALING_H

#include "models/run/run_guest.h"

/* For a site whose scaling has an interval, after its guests. */
int scaling_start(struct run *run, struct site_state *site, struct err *e);

#endif
