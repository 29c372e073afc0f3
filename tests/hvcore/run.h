/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How tests let the program hvcore run a guest: builds that watch themselves have no sandbox, and
 * run none without being told to.
 */
#ifndef TESTS_HVCORE_RUN_H
#define TESTS_HVCORE_RUN_H

#include "tests/support/test.h"

#if TEST_SANITIZED
#define RUN_GUEST "$BIN/hvcore run --no-sandbox "
#else
#define RUN_GUEST "$BIN/hvcore run "
#endif

#endif
