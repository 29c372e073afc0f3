/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/backend/decode_x86_64.h"

struct cursor {
	const uint8_t *bytes;
	size_t at, end;
	bool short_of; /* read past the end */
};

static uint8_t next(struct cursor *c)
{
	if (c->at == c->end) {
		c->short_of = true;
		return 0;
	}
	return c->bytes[c->at++];
}

static uint64_t immediate(struct cursor *c, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)next(c) << 8 * i;
	return value;
}

struct prefixes {
	bool operand16, rep, rex, w, r, b;
};

static uint8_t read_prefixes(struct cursor *c, struct prefixes *p)
{
	for (;;) {
		uint8_t byte = next(c);
		switch (byte) {
		case 0x66:
			p->operand16 = true;
			break;
		case 0xf2:
		case 0xf3:
			p->rep = true;
			break;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0x64:
		case 0x65:
			break; /* segments: the fault address already counts them in */
		default:
			if ((byte & 0xf0) != 0x40)
				return byte;
			p->rex = true;
			p->w = byte & 8;
			p->r = byte & 4;
			p->b = byte & 1;
			return next(c);
		}
		if (c->short_of)
			return 0;
	}
}

/* Passes over ModRM, SIB and displacement; the address itself comes from the fault. */
static uint8_t skip_modrm(struct cursor *c)
{
	uint8_t modrm = next(c);
	unsigned mod = modrm >> 6, rm = modrm & 7;
	if (mod == 3)
		return modrm;
	uint8_t base = (uint8_t)rm;
	if (rm == 4)
		base = next(c) & 7;
	if (mod == 1)
		immediate(c, 1);
	else if (mod == 2 || base == 5)
		immediate(c, 4); /* mod 0: rip-relative, or an index without base */
	return modrm;
}

static uint8_t modrm_reg(const struct prefixes *p, uint8_t modrm)
{
	return (uint8_t)((modrm >> 3 & 7) | (p->r ? 8 : 0));
}

static void decode_two_bytes(struct cursor *c, const struct prefixes *p, struct hv_insn *insn)
{
	uint8_t op = next(c), modrm;
	switch (op) {
	case 0x01:
		modrm = skip_modrm(c);
		if (modrm >> 6 != 3 && (modrm >> 3 & 7) == 7)
			insn->kind = HV_INSN_INVLPG;
		break;
	case 0x06:
		insn->kind = HV_INSN_CLTS;
		break;
	case 0x09:
		insn->kind = HV_INSN_WBINVD;
		break;
	case 0x20:
	case 0x22:
		modrm = next(c);
		insn->kind = op == 0x20 ? HV_INSN_READ_CR : HV_INSN_WRITE_CR;
		insn->index = modrm_reg(p, modrm);
		insn->reg = (uint8_t)((modrm & 7) | (p->b ? 8 : 0));
		insn->size = 8;
		break;
	case 0xb6: /* movzx from 8 and 16 bits */
	case 0xb7:
		modrm = skip_modrm(c);
		if (modrm >> 6 == 3)
			break;
		insn->kind = HV_INSN_LOAD;
		insn->size = op == 0xb6 ? 1 : 2;
		insn->reg = modrm_reg(p, modrm);
		insn->reg_bytes = p->w ? 8 : p->operand16 ? 2 : 4;
		break;
	default:
		break;
	}
}

static void decode_move(struct cursor *c, const struct prefixes *p, uint8_t op, uint8_t size,
			struct hv_insn *insn)
{
	uint8_t modrm = skip_modrm(c);
	if (modrm >> 6 == 3)
		return;
	insn->size = size;
	if (op == 0xc6 || op == 0xc7) {
		if (modrm >> 3 & 7)
			return;
		uint64_t value = immediate(c, size == 8 ? 4 : size);
		insn->immediate = size == 8 ? (uint64_t)(int64_t)(int32_t)value : value;
		insn->kind = HV_INSN_STORE_IMM;
		return;
	}
	insn->reg = modrm_reg(p, modrm);
	insn->high_byte = size == 1 && !p->rex && insn->reg >= 4;
	if (insn->high_byte)
		insn->reg = (uint8_t)(insn->reg - 4);
	insn->reg_bytes = size;
	insn->kind = op >= 0x8a ? HV_INSN_LOAD : HV_INSN_STORE;
}

struct hv_insn hv_decode(const uint8_t *bytes, size_t available)
{
	struct hv_insn insn = {.kind = HV_INSN_UNKNOWN};
	struct prefixes p = {0};
	struct cursor c = {bytes, 0, available < 15 ? available : 15, false};
	uint8_t op = read_prefixes(&c, &p);
	/* Bit 0 of these opcodes tells a byte from a word. */
	uint8_t io_size = !(op & 1) ? 1 : p.operand16 ? 2 : 4;
	uint8_t size = !(op & 1) ? 1 : p.w ? 8 : io_size;
	switch (op) {
	case 0xe4:
	case 0xe5:
	case 0xe6:
	case 0xe7:
		insn.kind = op < 0xe6 ? HV_INSN_IN : HV_INSN_OUT;
		insn.size = io_size;
		insn.port = next(&c);
		break;
	case 0xec:
	case 0xed:
	case 0xee:
	case 0xef:
		insn.kind = op < 0xee ? HV_INSN_IN : HV_INSN_OUT;
		insn.size = io_size;
		insn.port_in_dx = true;
		break;
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
		insn.kind = op < 0x6e ? HV_INSN_INS : HV_INSN_OUTS;
		insn.size = io_size;
		insn.port_in_dx = true;
		insn.rep = p.rep;
		break;
	case 0xf4:
		insn.kind = HV_INSN_HLT;
		break;
	case 0xfa:
		insn.kind = HV_INSN_CLI;
		break;
	case 0xfb:
		insn.kind = HV_INSN_STI;
		break;
	case 0x88:
	case 0x89:
	case 0x8a:
	case 0x8b:
	case 0xc6:
	case 0xc7:
		decode_move(&c, &p, op, size, &insn);
		break;
	case 0x0f:
		decode_two_bytes(&c, &p, &insn);
		break;
	default:
		break;
	}
	if (c.short_of)
		insn = (struct hv_insn){.kind = HV_INSN_UNKNOWN};
	insn.length = (uint8_t)c.at;
	return insn;
}
