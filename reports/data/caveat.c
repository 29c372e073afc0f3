/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/caveat.h"

#include <stdlib.h>

int caveat_mark_lossy(const struct dataset *d, bool *lossy, size_t *count, struct err *e)
{
	const struct data_metric *offered = dataset_find_metric(d, "tasks.offered", NULL),
				 *done = dataset_find_metric(d, "tasks.done", NULL);
	*count = 0;
	for (size_t i = 0; i < d->point_count; i++)
		lossy[i] = false;
	if (!offered || !done || !offered->has_values || !done->has_values)
		return 0;
	struct cell *cells = calloc(2 * d->point_count + 1, sizeof(*cells));
	if (!cells)
		return err_set(e, ERR_NOMEM, "no memory to look at tasks");
	struct cell *finished = cells + d->point_count;
	int code = dataset_summary(d, offered, cells, e);
	if (code == 0)
		code = dataset_summary(d, done, finished, e);
	for (size_t i = 0; i < d->point_count && code == 0; i++) {
		lossy[i] = cells[i].n && finished[i].n &&
			   finished[i].mean < (1 - CAVEAT_LOSSY_SHARE) * cells[i].mean;
		*count += lossy[i];
	}
	free(cells);
	return code;
}

int caveat_count_runs(const struct dataset *d, struct caveat_runs *out, struct err *e)
{
	struct db_counts counts;
	const cJSON *study = db_document(d->db);
	const cJSON *repeat = cJSON_GetObjectItemCaseSensitive(study, "repeat");
	*out = (struct caveat_runs){0};
	int code = db_count(d->db, &counts, e);
	if (code)
		return code;
	out->there = counts.done + counts.failed;
	if (cJSON_IsNumber(repeat) && repeat->valuedouble >= 1 && repeat->valuedouble < 1e9)
		out->expected = counts.points * (int64_t)repeat->valuedouble;
	out->at_least = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(study, "precision"));
	return 0;
}
