/* SPDX-License-Identifier: GPL-2.0-or-later
 * Uses the system call instruction of the trap backend's stub to map what is not for the window,
 * which is all that its filter may let through. Where there is no stub each is a bad access. */
#include "hvcore/guest/hostile.h"

#include <asm/unistd.h>
#include <linux/mman.h>

#define STUB	   0x600000000000ul
#define STUB_CODE  (STUB + 0x1000)
#define FD_MEMORY  3 /* the guest's memory, where the machine has a window */
#define OUR_PAGE   0x800000ul
#define SHARED	   (MAP_SHARED | MAP_FIXED)
#define WINDOW_END (HV_WINDOW + HV_WINDOW_PAGES * 4096ul)

struct call {
	uint64_t number, at, bytes, protection, flags, fd, offset;
};

/* The first such instruction there is followed by ud2: what the filter lets through ends as an
 * invalid instruction. */
static int use_stub(const struct call *c)
{
	const uint8_t *code = (const uint8_t *)STUB_CODE;
	while (code[0] != 0x0f || code[1] != 0x05)
		code++;
	register uint64_t r10 __asm__("r10") = c->flags;
	register uint64_t r8 __asm__("r8") = c->fd;
	register uint64_t r9 __asm__("r9") = c->offset;
	__asm__ volatile("jmp *%[code]"
			 :
			 : [code] "r"(code), "a"(c->number), "D"(c->at), "S"(c->bytes),
			   "d"(c->protection), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return 1;
}

#define MAP(at, bytes, flags, fd, offset)                                                          \
	{                                                                                          \
		__NR_mmap, at, bytes, 7, flags, fd, offset                                         \
	}
#define TRICKS(X)                                                                                  \
	X(ours, "stub-map-what-is-ours", MAP(HV_WINDOW, 4096, SHARED, FD_MEMORY, OUR_PAGE))        \
	X(tables, "stub-map-tables", MAP(HV_WINDOW, 4096, SHARED, FD_MEMORY, 0x1000))              \
	X(offset, "stub-map-far-offset",                                                           \
	  MAP(HV_WINDOW, 4096, SHARED, FD_MEMORY, 1ul << 32 | OUR_PAGE))                           \
	X(before, "stub-map-before", MAP(HV_WINDOW - 4096, 4096, SHARED, FD_MEMORY, OUR_PAGE))     \
	X(behind, "stub-map-behind", MAP(WINDOW_END, 4096, SHARED, FD_MEMORY, OUR_PAGE))           \
	X(far, "stub-map-far", MAP(1ul << 32 | HV_WINDOW, 4096, SHARED, FD_MEMORY, OUR_PAGE))      \
	X(code, "stub-map-its-code", MAP(STUB, 4096, SHARED, FD_MEMORY, OUR_PAGE))                 \
	X(length, "stub-map-long", MAP(HV_WINDOW, (2ul << 20) + 4096, SHARED, FD_MEMORY, 1 << 20)) \
	X(longer, "stub-map-longer",                                                               \
	  MAP(HV_WINDOW, 1ul << 32 | 4096, SHARED, FD_MEMORY, OUR_PAGE))                           \
	X(anonymous, "stub-map-anonymous",                                                         \
	  MAP(HV_WINDOW, 4096, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, FD_MEMORY, OUR_PAGE))      \
	X(anywhere, "stub-map-anywhere", MAP(HV_WINDOW, 4096, MAP_SHARED, FD_MEMORY, OUR_PAGE))    \
	X(other, "stub-map-other", MAP(HV_WINDOW, 4096, SHARED, FD_MEMORY + 1, OUR_PAGE))          \
	X(unmap, "stub-unmap-its-code", {__NR_munmap, STUB, 4096, 0, 0, 0, 0})                     \
	X(unmap_ours, "stub-unmap-memory", {__NR_munmap, OUR_PAGE, 4096, 0, 0, 0, 0})              \
	X(unmap_long, "stub-unmap-long", {__NR_munmap, HV_WINDOW, 4ul << 20, 0, 0, 0, 0})          \
	X(protect, "stub-protect", {__NR_mprotect, STUB, 4096, 7, 0, 0, 0})

#define RUN(id, name, ...)                                                                         \
	static int run_##id(void)                                                                  \
	{                                                                                          \
		static const struct call call = __VA_ARGS__;                                       \
		return use_stub(&call);                                                            \
	}
TRICKS(RUN)

#define ROW(id, name, ...) {name, run_##id},
const struct hostile_trick hostile_stub[] = {TRICKS(ROW){0}};
