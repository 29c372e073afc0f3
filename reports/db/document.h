/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Comparing two JSON documents: which places differ. For messages that must say why a database does
 * not fit a study, and for `mcvsim diff`.
 */
#ifndef REPORTS_DOCUMENT_H
#define REPORTS_DOCUMENT_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* Called once for each place that differs, with its JSON pointer. a or b is NULL where the place is
 * missing. Arrays of different length differ as a whole. */
typedef void document_visit(void *ctx, const char *pointer, const cJSON *a, const cJSON *b);

/* Returns the number of places that differ; visit may be NULL. Objects are compared by key,
 * whatever their order. Pointers longer than about 500 bytes are cut. */
size_t document_compare(const cJSON *a, const cJSON *b, document_visit *visit, void *ctx);

/* "2 places: /repeat is 5 there and 10 here, /sweep/x missing here" with at most `limit` places
 * spelled out, into buf; returns buf. */
const char *document_differences(const cJSON *there, const cJSON *here, size_t limit, char *buf,
				 size_t size);

#endif
