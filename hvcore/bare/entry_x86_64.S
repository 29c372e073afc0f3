/* SPDX-License-Identifier: GPL-2.0-or-later
 * Where a loader enters the bare guest: 32-bit protected mode, paging off, flat segments, interrupts
 * off, ebx the loader's information; eax is multiboot's magic where multiboot loaded it. Both ways
 * in are the same, so the one entry serves them. Goes to long mode and on to bare_main. */

/* PVH finds its entry by this note: name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	bare_start

	.section .text.bare, "ax"
	.code32
	.globl	bare_start
bare_start:
	cli
	cld
	mov	$bare_stack_end, %esp
	mov	%eax, bare_loader_magic

	/* The lowest 4 GiB, mapped to themselves in 2 MiB pages, which are also a user task's. */
	movl	$pdpt + 7, pml4
	mov	$4, %ecx
	mov	$pd + 7, %eax
	mov	$pdpt, %edi
1:	mov	%eax, (%edi)
	add	$4096, %eax
	add	$8, %edi
	loop	1b
	mov	$2048, %ecx
	mov	$0x87, %eax		/* present, writable, for users, 2 MiB */
	mov	$pd, %edi
2:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	2b

	mov	%cr4, %eax
	or	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER */
	rdmsr
	or	$0x101, %eax		/* long mode, SYSCALL */
	wrmsr
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* caches on */
	or	$0x80000001, %eax	/* paging on */
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$0x08, $3f

	.code64
3:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	xor	%ebp, %ebp
	lea	tss(%rip), %rax		/* its base is spread over the descriptor */
	mov	%ax, gdt_tss + 2(%rip)
	shr	$16, %rax
	mov	%al, gdt_tss + 4(%rip)
	mov	%ah, gdt_tss + 7(%rip)
	mov	$gdt_tss - gdt, %eax
	ltr	%ax
	call	bare_main
4:	hlt
	jmp	4b

/* Leaves whatever ran and goes on with bare_measure on an empty stack. */
	.globl	bare_restart
bare_restart:
	lea	bare_stack_end(%rip), %rsp
	call	bare_measure
	jmp	4b

/* One stub of 16 bytes for each exception and, after them, for machine.h's one interrupt; those that
 * bring an error code are not asked for it. */
	.globl	bare_exception_stubs
	.balign	16
bare_exception_stubs:
	.set	vector, 0
	.rept	33
	.balign	16
	.if	((0x60227d00 >> vector) & 1) == 0
	push	$0
	.endif
	push	$vector
	jmp	5f
	.set	vector, vector + 1
	.endr
	.balign	16
5:	pop	%rdi
	pop	%rsi
	pop	%rsi			/* where it happened */
	and	$-16, %rsp
	call	bare_exception
	jmp	4b

	.section .data
	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_tss:
	.quad	0x0000890000000067, 0
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt

/* For the stack on which an exception finds the kernel when a user task raised it. */
	.balign	16
tss:	.long	0
	.quad	bare_stack_end
	.skip	104 - 12

	.section .bss
	.balign	4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4 * 4096
	.globl	bare_loader_magic
bare_loader_magic:
	.skip	16
	.balign	16
	.skip	16384
bare_stack_end:

	.section .note.GNU-stack, "", @progbits
