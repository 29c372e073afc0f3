/* SPDX-License-Identifier: GPL-2.0-or-later */
/* longjmp to another stack is what this file is about; fortified, it would be refused. */
#undef _FORTIFY_SOURCE
#include "hvcore/backend/coroutine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* AddressSanitizer must be told about each change of stacks, or it takes the other stack for a
 * broken one. */
#if defined(__SANITIZE_ADDRESS__)
#define KNOWS_STACKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KNOWS_STACKS 1
#endif
#endif
#ifdef KNOWS_STACKS
#include <sanitizer/common_interface_defs.h>
#endif

struct hv_coroutine {
	ucontext_t first; /* only for the first entry: swapcontext costs two system calls */
	jmp_buf inside, outside;
	bool begun;
	void (*function)(void *ctx);
	void *ctx;
	uint8_t *mapping; /* the guard page, then the stack */
	size_t guard, bytes;
	/* For the sanitizer: where the stack is that is switched to. */
	const void *outside_stack;
	size_t outside_bytes;
};

static void before_switch(void **fake, const void *stack, size_t bytes)
{
#ifdef KNOWS_STACKS
	__sanitizer_start_switch_fiber(fake, stack, bytes);
#else
	(void)fake;
	(void)stack;
	(void)bytes;
#endif
}

static void after_switch(void *fake, const void **stack, size_t *bytes)
{
#ifdef KNOWS_STACKS
	__sanitizer_finish_switch_fiber(fake, stack, bytes);
#else
	(void)fake;
	(void)stack;
	(void)bytes;
#endif
}

/* makecontext passes only ints. */
static void start(unsigned high, unsigned low)
{
	struct hv_coroutine *c = (struct hv_coroutine *)((uintptr_t)high << 32 | low);
	after_switch(NULL, &c->outside_stack, &c->outside_bytes);
	c->function(c->ctx);
	before_switch(NULL, c->outside_stack, c->outside_bytes); /* NULL: never to come back */
	_longjmp(c->outside, 1);
}

int hv_coroutine_open(struct hv_coroutine **out, void (*function)(void *ctx), void *ctx,
		      size_t stack_bytes, struct err *e)
{
	*out = NULL;
	struct hv_coroutine *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, ERR_NOMEM, "no memory for a coroutine");
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	c->guard = page;
	c->bytes = (stack_bytes + page - 1) / page * page;
	c->mapping = mmap(NULL, c->guard + c->bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (c->mapping == MAP_FAILED || mprotect(c->mapping, page, PROT_NONE) ||
	    getcontext(&c->first)) {
		int failure = errno;
		if (c->mapping != MAP_FAILED)
			munmap(c->mapping, c->guard + c->bytes);
		free(c);
		return err_sys(e, failure, "no stack for a coroutine");
	}
	c->function = function;
	c->ctx = ctx;
	c->first.uc_stack.ss_sp = c->mapping + c->guard;
	c->first.uc_stack.ss_size = c->bytes;
	makecontext(&c->first, (void (*)(void))start, 2, (unsigned)((uintptr_t)c >> 32),
		    (unsigned)(uintptr_t)c);
	*out = c;
	return 0;
}

void hv_coroutine_resume(struct hv_coroutine *c)
{
	void *volatile fake = NULL; /* lives through the second return of setjmp */
	before_switch((void **)&fake, c->mapping + c->guard, c->bytes);
	if (_setjmp(c->outside) == 0) {
		if (c->begun)
			_longjmp(c->inside, 1);
		c->begun = true;
		setcontext(&c->first);
	}
	after_switch(fake, NULL, NULL);
}

void hv_coroutine_suspend(struct hv_coroutine *c)
{
	void *volatile fake = NULL; /* lives through the second return of setjmp */
	before_switch((void **)&fake, c->outside_stack, c->outside_bytes);
	if (_setjmp(c->inside) == 0)
		_longjmp(c->outside, 1);
	after_switch(fake, &c->outside_stack, &c->outside_bytes);
}

void hv_coroutine_close(struct hv_coroutine *c)
{
	if (!c)
		return;
	munmap(c->mapping, c->guard + c->bytes);
	free(c);
}
