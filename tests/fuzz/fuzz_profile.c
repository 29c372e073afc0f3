/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any bytes as a profile: refused with a mistake, or read into primitives that can all be found. */
#include "models/platform/profile.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct json_doc doc;
	struct diag_list diags = {0};
	struct err e;
	/* What extends other files would make the result depend on the disk. */
	if (memmem(data, size, "extends", 7) || memmem(data, size, "\\u", 2))
		return 0;
	if (json_doc_parse(&doc, "fuzz", (const char *)data, size, &diags, &e)) {
		diag_free(&diags);
		return 0;
	}
	struct profile p = {0};
	int rc = profile_read(&p, &doc, "fuzz", &diags, &e);
	demand((rc == 0) == (diags.errors == 0), "the verdict agrees with the mistakes");
	for (size_t i = 0; rc == 0 && i < p.count; i++) {
		const struct primitive *item = &p.items[i];
		demand(i == 0 || strcmp(p.items[i - 1].name, item->name) < 0, "sorted, each once");
		demand(profile_find(&p, item->name) == item, "found by its name");
		demand(isfinite(item->value) && item->value >= 0 && item->spread >= 0,
		       "numbers that a cost can be");
	}
	profile_free(&p);
	diag_free(&diags);
	json_doc_free(&doc);
	return 0;
}
