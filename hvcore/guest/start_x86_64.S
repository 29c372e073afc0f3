/* SPDX-License-Identifier: GPL-2.0-or-later
 * The first bytes of every flat image: a stack, then guest_main, then the exit hypercall with what it
 * returned. rdi holds the address of the boot block and is passed on. */
#include "hvcore/abi.h"
	.section .text.start, "ax"
	.globl guest_start
guest_start:
	lea	guest_stack_end(%rip), %rsp
	xor	%ebp, %ebp
	call	guest_main
	lea	exit_block(%rip), %rdx
	mov	%eax, (%rdx)
	mov	%edx, %eax
	mov	$HV_CALL_PORT, %edx	/* + HV_CALL_EXIT, which is 0 */
	out	%eax, %dx
1:	jmp	1b

/* Where interrupts go: counts them, and tells the interrupt controller, where there is one. */
	.text
	.globl guest_interrupt
guest_interrupt:
	push	%rax
	lock incq guest_interrupts(%rip)
	mov	guest_eoi(%rip), %eax
	test	%eax, %eax
	jz	1f
	movl	$0, (%rax)
1:	pop	%rax
	iretq

	.section .bss
	.globl	guest_interrupts, guest_eoi
	.balign	16
guest_interrupts:
	.skip	8
guest_eoi:
	.skip	8
	.balign	16
exit_block:
	.skip	16
	.skip	16384
guest_stack_end:

	.section .note.GNU-stack, "", @progbits
