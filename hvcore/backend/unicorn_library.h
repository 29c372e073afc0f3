/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libunicorn. Linked in where the build could take its part for this architecture out of the static
 * library (unicorn.cmake); else the shared one is loaded when the emulator is first wanted, since
 * linking that takes 6 ms, which every other backend's programs would pay at their start. Private
 * to the emulator backend.
 */
#ifndef HVCORE_UNICORN_LIBRARY_H
#define HVCORE_UNICORN_LIBRARY_H

#include "sim/base/err.h"

#include <unicorn/unicorn.h>

#define HV_UNICORN_LIST(X)                                                                         \
	X(arch_supported)                                                                          \
	X(open)                                                                                    \
	X(close)                                                                                   \
	X(emu_start)                                                                               \
	X(emu_stop)                                                                                \
	X(hook_add)                                                                                \
	X(mem_map_ptr)                                                                             \
	X(mmio_map)                                                                                \
	X(reg_read)                                                                                \
	X(reg_write)                                                                               \
	X(strerror)

/* The library's functions, without their prefix uc_. */
struct hv_unicorn {
	void *handle; /* NULL: linked in, or not loaded */
#define HV_UNICORN_MEMBER(name) __typeof__(uc_##name) *name;
	HV_UNICORN_LIST(HV_UNICORN_MEMBER)
#undef HV_UNICORN_MEMBER
};

/* Returns 0, or ERR_UNSUPPORTED when the library is to be loaded and it or one of its functions is
 * missing. What is loaded stays loaded until the process ends, so that loading again costs nothing.
 */
int hv_unicorn_load(struct hv_unicorn *library, struct err *e);
void hv_unicorn_unload(struct hv_unicorn *library);

#endif
