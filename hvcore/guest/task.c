/* SPDX-License-Identifier: GPL-2.0-or-later
 * A user task at CPL3 that calls the kernel, which is the rest of this guest at CPL0: by SYSCALL,
 * answered by SYSRET. Pages are the task's as well as the kernel's; what divides them is the
 * privilege. */
#include "hvcore/guest/drivers.h"

enum { MSR_STAR = 0xc0000081, MSR_LSTAR, MSR_FMASK = 0xc0000084 };
enum { RFLAGS_IF = 0x200 };

/* SYSCALL loads these selectors and the next one for the stack; SYSRET the one 16 above its own for
 * code and 8 above for the stack, with CPL3. No descriptor is read. */
#define STAR_KERNEL 0x08ull
#define STAR_USER   0x20ull

static void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

/* The task: its loop is the same whether it calls or not. The kernel counts calls up to the last
 * one, number 0, which ends the task. task_run is called with how many there are to be, and whether
 * to call at all. Flags, and with them whether interrupts may come, are the task's as they are the
 * kernel's. */
uint64_t task_calls, task_kernel_stack, task_user_stack;
uint32_t task_user_cs, task_kernel_cs;
void task_run(uint64_t n, uint64_t calls);
void task_kernel(void);
__asm__(".text\n"
	"task_run:\n"
	"	pushfq\n"
	"	push	%rbx\n"
	"	push	%rbp\n"
	"	push	%r12\n"
	"	push	%r13\n"
	"	push	%r14\n"
	"	push	%r15\n"
	"	mov	48(%rsp), %r11\n" /* the flags */
	"	mov	%rsp, task_kernel_stack(%rip)\n"
	"	lea	task_user(%rip), %rcx\n"
	"	lea	task_stack_end(%rip), %rsp\n"
	"	sysretq\n"
	"task_user:\n"
	"	mov	%cs, %eax\n"
	"	mov	%eax, task_user_cs(%rip)\n"
	"	jmp	2f\n"
	"1:	mov	$1, %eax\n"
	"	test	%esi, %esi\n"
	"	jz	3f\n"
	"	syscall\n"
	"3:	dec	%rdi\n"
	"2:	test	%rdi, %rdi\n"
	"	jnz	1b\n"
	"	xor	%eax, %eax\n"
	"	syscall\n"
	"task_kernel:\n"
	"	mov	%rsp, task_user_stack(%rip)\n"
	"	mov	task_kernel_stack(%rip), %rsp\n"
	"	test	%eax, %eax\n"
	"	jz	4f\n"
	"	incq	task_calls(%rip)\n"
	"	mov	task_user_stack(%rip), %rsp\n"
	"	sysretq\n"
	"4:	mov	%cs, %eax\n"
	"	mov	%eax, task_kernel_cs(%rip)\n"
	"	pop	%r15\n"
	"	pop	%r14\n"
	"	pop	%r13\n"
	"	pop	%r12\n"
	"	pop	%rbp\n"
	"	pop	%rbx\n"
	"	popfq\n"
	"	ret\n"
	".bss\n"
	"	.balign	16\n"
	"	.skip	4096\n"
	"task_stack_end:\n"
	".text\n");

int guest_syscalls(uint64_t n, int calls)
{
	static int ready;
	if (!ready) {
		write_msr(MSR_STAR, STAR_USER << 48 | STAR_KERNEL << 32);
		write_msr(MSR_LSTAR, (uintptr_t)task_kernel);
		write_msr(MSR_FMASK, RFLAGS_IF);
		ready = 1;
	}
	uint64_t before = task_calls;
	task_run(n, (uint64_t)calls);
	int right = task_calls == before + (calls ? n : 0) && (task_user_cs & 3) == 3 &&
		    (task_kernel_cs & 3) == 0;
	return right ? 0 : -1;
}
