/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The report page of a results database, with what only the models know of it: the layers of the
 * platforms that the study names.
 */
#ifndef SIM_CLI_STUDY_PAGE_H
#define SIM_CLI_STUDY_PAGE_H

#include "reports/page/page.h"

/* Writes folder/index.html, once the figures' pictures are in the folder; `have` is what there is
 * of each. One of a study about something else stays (ERR_EXISTS). Returns 0 or a negative code
 * with *e filled. */
int cli_write_page(const struct dataset *data, const struct figures *figures,
		   const enum page_figure *have, const char *folder, struct err *e);

#endif
