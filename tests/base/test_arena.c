/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/base/arena.h"
#include "tests/support/test.h"

#include <malloc.h>
#include <stdint.h>
#include <string.h>

static void memory_is_zeroed_aligned_and_distinct(void)
{
	struct arena a = {0};
	char *last = NULL;
	for (size_t n = 0; n < 3000; n += 7) {
		char *p = arena_alloc(&a, n);
		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL((uintptr_t)p % _Alignof(max_align_t), 0);
		CU_ASSERT_PTR_NOT_EQUAL(p, last);
		for (size_t i = 0; i < n; i++)
			CU_ASSERT_EQUAL_FATAL(p[i], 0);
		memset(p, 0x5a, n);
		last = p;
	}
	arena_free(&a);
	CU_ASSERT_EQUAL(a.bytes, 0);
}

static void a_product_that_overflows_gives_null(void)
{
	struct arena a = {0};
	CU_ASSERT_PTR_NULL(arena_array(&a, SIZE_MAX / 2, 3));
	CU_ASSERT_PTR_NULL(arena_alloc(&a, SIZE_MAX - 8));
	arena_free(&a);
}

static void strings_are_copied_and_printed(void)
{
	struct arena a = {0};
	char text[] = "handset";
	char *copy = arena_strdup(&a, text);
	text[0] = 'X';
	CU_ASSERT_STRING_EQUAL(copy, "handset");
	CU_ASSERT_STRING_EQUAL(arena_strndup(&a, copy, 4), "hand");
	CU_ASSERT_STRING_EQUAL(arena_printf(&a, "%s-%d", copy, 7), "handset-7");
	arena_free(&a);
}

static void a_large_piece_wastes_no_memory(void)
{
	struct arena a = {0};
	CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 100));
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
	CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 300000));
	for (int i = 0; i < 10; i++)
		CU_ASSERT_PTR_NOT_NULL(arena_alloc(&a, 100));
	size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
	/* A sanitizer's allocator tells nothing here: both are then 0. */
	CU_ASSERT_TRUE(after - before <= 300000 + 3 * 4096);
	arena_free(&a);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"memory_is_zeroed_aligned_and_distinct", memory_is_zeroed_aligned_and_distinct},
		{"a_product_that_overflows_gives_null", a_product_that_overflows_gives_null},
		{"strings_are_copied_and_printed", strings_are_copied_and_printed},
		{"a_large_piece_wastes_no_memory", a_large_piece_wastes_no_memory},
		{0},
	};
	return test_main("arena", cases, argc, argv);
}
