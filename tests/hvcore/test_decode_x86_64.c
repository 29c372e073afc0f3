/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/backend/decode_x86_64.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sample {
	const char *text;
	uint8_t bytes[15];
	struct hv_insn insn;
};

/* Encodings as GNU as makes them. */
static const struct sample samples[] = {
	{"out %eax,(%dx)",
	 {0xef},
	 {.kind = HV_INSN_OUT, .length = 1, .size = 4, .port_in_dx = true}},
	{"out %ax,(%dx)",
	 {0x66, 0xef},
	 {.kind = HV_INSN_OUT, .length = 2, .size = 2, .port_in_dx = true}},
	{"out %al,$0x80",
	 {0xe6, 0x80},
	 {.kind = HV_INSN_OUT, .length = 2, .size = 1, .port = 0x80}},
	{"in (%dx),%al", {0xec}, {.kind = HV_INSN_IN, .length = 1, .size = 1, .port_in_dx = true}},
	{"in $0x60,%eax", {0xe5, 0x60}, {.kind = HV_INSN_IN, .length = 2, .size = 4, .port = 0x60}},
	{"rep insw",
	 {0xf3, 0x66, 0x6d},
	 {.kind = HV_INSN_INS, .length = 3, .size = 2, .rep = true, .port_in_dx = true}},
	{"outsb", {0x6e}, {.kind = HV_INSN_OUTS, .length = 1, .size = 1, .port_in_dx = true}},
	{"hlt", {0xf4}, {.kind = HV_INSN_HLT, .length = 1}},
	{"cli", {0xfa}, {.kind = HV_INSN_CLI, .length = 1}},
	{"sti", {0xfb}, {.kind = HV_INSN_STI, .length = 1}},
	{"clts", {0x0f, 0x06}, {.kind = HV_INSN_CLTS, .length = 2}},
	{"mov %cr4,%rax",
	 {0x0f, 0x20, 0xe0},
	 {.kind = HV_INSN_READ_CR, .length = 3, .size = 8, .index = 4}},
	{"mov %r9,%cr3",
	 {0x41, 0x0f, 0x22, 0xd9},
	 {.kind = HV_INSN_WRITE_CR, .length = 4, .size = 8, .index = 3, .reg = 9}},
	{"mov %cr8,%rdx",
	 {0x44, 0x0f, 0x20, 0xc2},
	 {.kind = HV_INSN_READ_CR, .length = 4, .size = 8, .index = 8, .reg = 2}},
	{"invlpg 8(%rsp)", {0x0f, 0x01, 0x7c, 0x24, 0x08}, {.kind = HV_INSN_INVLPG, .length = 5}},
	{"mov %ecx,(%rdi)",
	 {0x89, 0x0f},
	 {.kind = HV_INSN_STORE, .length = 2, .size = 4, .reg = 1, .reg_bytes = 4}},
	{"mov %ah,(%rdi)",
	 {0x88, 0x27},
	 {.kind = HV_INSN_STORE,
	  .length = 2,
	  .size = 1,
	  .reg = 0,
	  .reg_bytes = 1,
	  .high_byte = true}},
	{"mov %spl,(%rdi)",
	 {0x40, 0x88, 0x27},
	 {.kind = HV_INSN_STORE, .length = 3, .size = 1, .reg = 4, .reg_bytes = 1}},
	{"mov 0x12345678(%rip),%r10",
	 {0x4c, 0x8b, 0x15, 0x78, 0x56, 0x34, 0x12},
	 {.kind = HV_INSN_LOAD, .length = 7, .size = 8, .reg = 10, .reg_bytes = 8}},
	{"mov 0xd0000000,%eax",
	 {0x8b, 0x04, 0x25, 0x00, 0x00, 0x00, 0xd0},
	 {.kind = HV_INSN_LOAD, .length = 7, .size = 4, .reg_bytes = 4}},
	{"movzbl (%rsi),%eax",
	 {0x0f, 0xb6, 0x06},
	 {.kind = HV_INSN_LOAD, .length = 3, .size = 1, .reg_bytes = 4}},
	{"movzwq 4(%rsi),%rbx",
	 {0x48, 0x0f, 0xb7, 0x5e, 0x04},
	 {.kind = HV_INSN_LOAD, .length = 5, .size = 2, .reg = 3, .reg_bytes = 8}},
	{"movl $0x2a,(%rdi)",
	 {0xc7, 0x07, 0x2a, 0, 0, 0},
	 {.kind = HV_INSN_STORE_IMM, .length = 6, .size = 4, .immediate = 0x2a}},
	{"movq $-1,(%rdi)",
	 {0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff},
	 {.kind = HV_INSN_STORE_IMM, .length = 7, .size = 8, .immediate = ~0ull}},
	{"movw $1,4(%rdi)",
	 {0x66, 0xc7, 0x47, 0x04, 1, 0},
	 {.kind = HV_INSN_STORE_IMM, .length = 6, .size = 2, .immediate = 1}},
	{"nop", {0x90}, {.kind = HV_INSN_UNKNOWN, .length = 1}},
	{"vmcall", {0x0f, 0x01, 0xc1}, {.kind = HV_INSN_UNKNOWN, .length = 3}},
	{"mov %eax,%ecx", {0x89, 0xc1}, {.kind = HV_INSN_UNKNOWN, .length = 2}},
};

static void known_encodings(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		struct hv_insn got = hv_decode(s->bytes, sizeof(s->bytes));
		bool same = got.kind == s->insn.kind && got.length == s->insn.length;
		if (got.kind != HV_INSN_UNKNOWN)
			same = same && got.size == s->insn.size && got.reg == s->insn.reg &&
			       got.reg_bytes == s->insn.reg_bytes &&
			       got.high_byte == s->insn.high_byte && got.index == s->insn.index &&
			       got.rep == s->insn.rep && got.port_in_dx == s->insn.port_in_dx &&
			       got.port == s->insn.port && got.immediate == s->insn.immediate;
		CU_ASSERT(same);
		if (!same)
			printf("\n  %s: kind %d, length %d, size %d, reg %d\n", s->text, got.kind,
			       got.length, got.size, got.reg);
	}
}

/* Every prefix of an instruction that is shorter than it is unknown: nothing reads past the end.
 * The bytes stand at the end of an allocation, where the address sanitizer would see it. */
static void cut_off_instructions_are_unknown(void)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];
		for (size_t n = 0; n < s->insn.length; n++) {
			uint8_t *bytes = malloc(n ? n : 1);
			memcpy(bytes, s->bytes, n);
			CU_ASSERT_EQUAL(hv_decode(bytes, n).kind, HV_INSN_UNKNOWN);
			free(bytes);
		}
	}
}

static void any_bytes_are_decoded_within_bounds(void)
{
	srandom(1);
	for (int round = 0; round < 200000; round++) {
		uint8_t bytes[15];
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)random();
		struct hv_insn insn = hv_decode(bytes, sizeof(bytes));
		CU_ASSERT_FATAL(insn.length <= 15 && insn.reg < 16 && insn.index < 16);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"known_encodings", known_encodings},
		{"cut_off_instructions_are_unknown", cut_off_instructions_are_unknown},
		{"any_bytes_are_decoded_within_bounds", any_bytes_are_decoded_within_bounds},
		{0},
	};
	return test_main("decode", cases, argc, argv);
}
