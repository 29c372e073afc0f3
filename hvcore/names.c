/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/hv.h"

#include <string.h>

const char *hv_regime_name(enum hv_regime regime)
{
	static const char *const names[] = {
		[HV_REGIME_NONE] = "",
		[HV_REGIME_CPL0] = "cpl0",
		[HV_REGIME_CPL3] = "cpl3",
	};
	return names[regime];
}

const char *hv_outcome_name(enum hv_outcome_kind kind)
{
	static const char *const names[] = {
		[HV_RUN_EXITED] = "exited",   [HV_RUN_YIELDED] = "yielded",
		[HV_RUN_HALTED] = "halted",   [HV_RUN_SHUTDOWN] = "shutdown",
		[HV_RUN_FAULT] = "fault",     [HV_RUN_BAD_CALL] = "bad call",
		[HV_RUN_TIMEOUT] = "timeout", [HV_RUN_BROKEN] = "broken",
	};
	return names[kind];
}

const struct hv_image *hv_image_find(const char *name)
{
	for (const struct hv_image *image = hv_image_table; image->name; image++)
		if (strcmp(image->name, name) == 0)
			return image;
	return NULL;
}
