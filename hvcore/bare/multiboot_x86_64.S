/* SPDX-License-Identifier: GPL-2.0-or-later
 * The header by which a multiboot loader (GRUB, QEMU) knows the image: magic, flags, checksum. Not in
 * the image for PVH: QEMU would take it for multiboot and refuse it for being 64-bit. */
	.section .text.header, "a"
	.balign	4
	.long	0x1badb002, 0, -0x1badb002

	.section .note.GNU-stack, "", @progbits
