/* SPDX-License-Identifier: GPL-2.0-or-later */
#if defined(HV_WITH_UNICORN)

#include "hvcore/backend/unicorn_library.h"

#if defined(HV_UNICORN_LINKED)

int hv_unicorn_load(struct hv_unicorn *library, struct err *e)
{
	(void)e;
#define ROW(name) .name = uc_##name,
	*library = (struct hv_unicorn){HV_UNICORN_LIST(ROW)};
#undef ROW
	return 0;
}

void hv_unicorn_unload(struct hv_unicorn *library)
{
	(void)library;
}

#else

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libunicorn.so.2"

int hv_unicorn_load(struct hv_unicorn *library, struct err *e)
{
	*library = (struct hv_unicorn){0};
	library->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library->handle)
		return err_set(e, ERR_UNSUPPORTED, "%s", dlerror());
		/* Copied as bytes: ISO C has no conversion between the two kinds of pointers. */
#define FIND(name)                                                                                 \
	do {                                                                                       \
		void *at = dlsym(library->handle, "uc_" #name);                                    \
		if (!at) {                                                                         \
			hv_unicorn_unload(library);                                                \
			return err_set(e, ERR_UNSUPPORTED, LIBRARY " has no uc_" #name);           \
		}                                                                                  \
		memcpy(&library->name, &at, sizeof(at));                                           \
	} while (0);
	HV_UNICORN_LIST(FIND)
#undef FIND
	return 0;
}

void hv_unicorn_unload(struct hv_unicorn *library)
{
	if (library->handle)
		dlclose(library->handle);
	library->handle = NULL;
}

#endif
#endif
