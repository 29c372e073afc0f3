/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A database of synthetic results in the scratch folder, and figures drawn from it.
 */
#ifndef TESTS_REPORTS_SUPPORT_FIGURE_H
#define TESTS_REPORTS_SUPPORT_FIGURE_H

#include "reports/data/dataset.h"
#include "sim/base/diag.h"

#include <stdbool.h>

/* The results (support_synthetic.h), made when first asked for, until figures_close. */
const struct dataset *figures_data(void);
void figures_close(void);

/* Parses and writes figures, as --figure takes them, into the folder of that name in the scratch
 * folder; returns how many scripts there are. */
size_t figures_draw(const char *text, const char *folder, struct diag_list *diags);
size_t figures_draw_latex(const char *text, const char *folder, struct diag_list *diags);

/* Whether the program is there; without it the case is skipped. */
bool figures_have(const char *program);

#endif
