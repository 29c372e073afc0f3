/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An outcome as bytes, to travel between processes of the same program on machines of the same
 * kind. Private to the pools.
 */
#ifndef SIM_EXPERIMENT_OUTCOME_BYTES_H
#define SIM_EXPERIMENT_OUTCOME_BYTES_H

#include "sim/experiment/pool.h"

/* The bytes, to be freed, or NULL when out of memory. */
char *outcome_to_bytes(const struct run_outcome *outcome, size_t *length);

/* Fills *out, whose result the caller frees, also after a failure. Returns 0, ERR_CORRUPT when the
 * bytes do not hold an outcome, or ERR_NOMEM. */
int outcome_from_bytes(struct run_outcome *out, const char *bytes, size_t length);

#endif
