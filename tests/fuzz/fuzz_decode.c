/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any bytes as an instruction: the decoder reads no further than it may, its answer is within
 * bounds, and is the same when it gets exactly the bytes that it says it used. */
#include "hvcore/backend/decode_x86_64.h"
#include "tests/fuzz/fuzz.h"

static unsigned char *exactly(const unsigned char *data, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);
	demand(copy != NULL, "memory");
	memcpy(copy, data, n);
	return copy;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t n = size < 15 ? size : 15;
	unsigned char *bytes = exactly(data, n);
	struct hv_insn insn = hv_decode(bytes, n);
	free(bytes);
	if (insn.kind == HV_INSN_UNKNOWN)
		return 0;
	demand(insn.length >= 1 && insn.length <= n, "no longer than what was there");
	demand(insn.reg < 16 && insn.index < 16, "a register that exists");
	bool accesses = insn.kind <= HV_INSN_OUTS || insn.kind >= HV_INSN_LOAD;
	demand(!accesses || insn.size == 1 || insn.size == 2 || insn.size == 4 || insn.size == 8,
	       "a width that exists");
	demand(insn.kind > HV_INSN_OUTS || insn.size <= 4, "ports have up to 32 bits");

	bytes = exactly(data, insn.length);
	struct hv_insn again = hv_decode(bytes, insn.length);
	demand(again.kind == insn.kind && again.length == insn.length && again.size == insn.size &&
		       again.reg == insn.reg && again.immediate == insn.immediate &&
		       again.port == insn.port,
	       "what follows does not matter");
	if (insn.length > 1)
		demand(hv_decode(bytes, insn.length - 1u).kind == HV_INSN_UNKNOWN,
		       "cut off, it is unknown");
	free(bytes);
	return 0;
}
