/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Hardware (or nested) virtualization through /dev/kvm: a vCPU per processor, one memory slot, no
 * whole interrupt controller (which would cost more at creation or at close than all the rest).
 */
#include "hvcore/allow.h"
#include "hvcore/clock.h"
#include "hvcore/backend/kvm_arch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

extern const struct hv_backend hv_backend_kvm;

static int open_kvm(int *fd, struct err *e)
{
	*fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return err_sys(e, errno, "/dev/kvm");
	int version = ioctl(*fd, KVM_GET_API_VERSION, 0);
	if (version == KVM_API_VERSION)
		return 0;
	close(*fd);
	*fd = -1;
	return err_set(e, ERR_UNSUPPORTED, "/dev/kvm speaks version %d, not %d", version,
		       KVM_API_VERSION);
}

static int kvm_available(struct err *e)
{
	int rc = hv_kvm_arch_available(e), fd;
	if (rc)
		return rc;
	rc = open_kvm(&fd, e);
	if (rc)
		return rc;
	/* Opening is permitted more often than creating: the slot may be taken by another
	 * hypervisor. */
	int vm = ioctl(fd, KVM_CREATE_VM, 0);
	if (vm < 0)
		rc = err_sys(e, errno, "KVM cannot create a machine");
	else
		close(vm);
	close(fd);
	return rc;
}

/* ---- the count of exits: KVM's binary statistics ---- */

/* The offset of the value called `name` in the file's data, or -1. */
static int64_t find_statistic(int fd, const char *name)
{
	struct kvm_stats_header header;
	if (pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return -1;
	size_t one = sizeof(struct kvm_stats_desc) + header.name_size;
	struct kvm_stats_desc *desc = malloc(one + 1);
	int64_t found = -1;
	for (uint32_t i = 0; desc && found < 0 && i < header.num_desc; i++) {
		off_t at = (off_t)(header.desc_offset + i * one);
		if (pread(fd, desc, one, at) != (ssize_t)one)
			break;
		((char *)desc)[one] = '\0';
		if (strcmp(desc->name, name) == 0)
			found = (int64_t)header.data_offset + desc->offset;
	}
	free(desc);
	return found;
}

int hv_kvm_statistic(struct hv_kvm *k, const char *name, uint64_t *value)
{
	struct hv_kvm_cpu *c = &k->cpu[0];
	if (c->stats < 0)
		c->stats = ioctl(c->vcpu, KVM_GET_STATS_FD, 0);
	int64_t at = c->stats < 0 ? -1 : find_statistic(c->stats, name);
	return at >= 0 && pread(c->stats, value, sizeof(*value), at) == (ssize_t)sizeof(*value)
		       ? 0
		       : ERR_UNSUPPORTED;
}

static int kvm_exits(struct hv_vm *vm, uint64_t *count, struct err *e)
{
	struct hv_kvm *k = vm->state;
	if (k->exits_at == 0) {
		k->exits_at = -1;
		if (hv_kvm_statistic(k, "exits", count) == 0)
			k->exits_at = find_statistic(k->cpu[0].stats, "exits");
	}
	if (k->exits_at < 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "this KVM does not count exits (needs Linux 5.14)");
	if (pread(k->cpu[0].stats, count, sizeof(*count), k->exits_at) != (ssize_t)sizeof(*count))
		return err_sys(e, errno, "cannot read KVM's statistics");
	return 0;
}

/* ---- the watchdog: its signal makes KVM_RUN return, its flag keeps it from starting ---- */

static void watchdog_fired(void *ctx)
{
	struct hv_kvm_cpu *c = ctx;
	__atomic_store_n(&c->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
}

/* The flag first: whoever clears immediate_exit looks at it afterwards. */
static void kvm_kick(struct hv_vm *vm, unsigned cpu)
{
	struct hv_kvm *k = vm->state;
	struct hv_kvm_cpu *c = &k->cpu[cpu];
	__atomic_store_n(&c->kicked, true, __ATOMIC_SEQ_CST);
	watchdog_fired(c);
	if (c->watchdog.exists)
		hv_watchdog_interrupt(&c->watchdog);
}

/* ---- the machine ---- */

/* Pins of the interrupt controller that is not there; routes need some. Ours is number 0. */
#define IRQ_LINES 1

static int set_up_interrupts(struct hv_kvm *k, struct err *e)
{
	const struct kvm_msi msi = hv_kvm_arch_msi(0);
	int rc = 0;
	for (unsigned i = 0; !rc && i < k->count; i++)
		rc = hv_kvm_arch_interrupts(&k->cpu[i], e);
	if (rc)
		return rc;
	_Alignas(struct kvm_irq_routing) uint8_t
		bytes[sizeof(struct kvm_irq_routing) + sizeof(struct kvm_irq_routing_entry)] = {0};
	struct kvm_irq_routing *table = (struct kvm_irq_routing *)(void *)bytes;
	table->nr = 1;
	table->entries[0] = (struct kvm_irq_routing_entry){
		.type = KVM_IRQ_ROUTING_MSI,
		.u.msi = {.address_lo = msi.address_lo,
			  .address_hi = msi.address_hi,
			  .data = msi.data},
	};
	if (ioctl(k->vm, KVM_SET_GSI_ROUTING, table))
		return err_sys(e, errno, "KVM_SET_GSI_ROUTING");
	return 0;
}

static int kvm_handler(struct hv_vm *vm, struct hv_call_handler *call, struct err *e)
{
	(void)e;
	hv_kvm_arch_handler(&vm->mem, vm->config.regime, call);
	return 0;
}

static int kvm_raise(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct kvm_msi msi = hv_kvm_arch_msi(cpu);
	if (ioctl(k->vm, KVM_SIGNAL_MSI, &msi) < 0)
		return err_sys(e, errno, "KVM_SIGNAL_MSI");
	return 0;
}

/* What KVM does when a kernel halts. */
static int kvm_wait(struct hv_vm *vm, unsigned cpu, struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_HALTED};
	if (ioctl(k->cpu[cpu].vcpu, KVM_SET_MP_STATE, &state))
		return err_sys(e, errno, "KVM_SET_MP_STATE");
	return 0;
}

static int kvm_start(struct hv_vm *vm, unsigned cpu, const struct hv_start *start, struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct hv_kvm_cpu *c = &k->cpu[cpu];
	struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_RUNNABLE};
	int rc = c->watchdog.exists ? 0 : hv_watchdog_open(&c->watchdog, watchdog_fired, c, e);
	if (!rc)
		rc = hv_kvm_arch_start(c, vm->config.regime, start, e);
	/* With interrupts, KVM lets it wait for a start-up message. */
	if (!rc && vm->config.interrupts && ioctl(c->vcpu, KVM_SET_MP_STATE, &state))
		rc = err_sys(e, errno, "KVM_SET_MP_STATE");
	return rc;
}

static int kvm_irqfd(struct hv_vm *vm, int fd, struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct kvm_irqfd line = {.fd = (uint32_t)fd, .gsi = 0};
	if (ioctl(k->vm, KVM_IRQFD, &line))
		return err_sys(e, errno, "KVM_IRQFD");
	return 0;
}

static int kvm_coalesce(struct hv_vm *vm, hv_gpa at, bool port, struct err *e)
{
	struct hv_kvm *k = vm->state;
	int page = ioctl(k->kvm, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_MMIO);
	if (page <= 0 || (port && ioctl(k->kvm, KVM_CHECK_EXTENSION, KVM_CAP_COALESCED_PIO) <= 0))
		return err_set(e, ERR_UNSUPPORTED, "this KVM cannot coalesce writes to %s",
			       port ? "ports" : "device memory");
	struct kvm_coalesced_mmio_zone zone = {.addr = at, .size = 4, .pio = port};
	if (ioctl(k->vm, KVM_REGISTER_COALESCED_MMIO, &zone))
		return err_sys(e, errno, "KVM_REGISTER_COALESCED_MMIO");
	size_t ring = (size_t)page * (size_t)sysconf(_SC_PAGESIZE);
	if (ring + sizeof(*k->coalesced) > k->cpu[0].run_bytes)
		return err_set(e, ERR_INTERNAL, "the ring of coalesced writes is not mapped");
	k->coalesced = (struct kvm_coalesced_mmio_ring *)(void *)((uint8_t *)k->cpu[0].run + ring);
	return 0;
}

static uint64_t kvm_drain(struct hv_vm *vm)
{
	struct hv_kvm *k = vm->state;
	uint64_t count = 0;
	if (!k->coalesced)
		return 0;
	uint32_t slots = (uint32_t)((4096 - sizeof(*k->coalesced)) /
				    sizeof(k->coalesced->coalesced_mmio[0]));
	while (k->coalesced->first != __atomic_load_n(&k->coalesced->last, __ATOMIC_ACQUIRE)) {
		k->coalesced->first = (k->coalesced->first + 1) % slots;
		count++;
	}
	return count;
}

/* A guest at CPL3 cannot invalidate what KVM's own tables have of the old entries. They forget a
 * page that this process no longer maps; it stays in its file, and comes back at a touch. */
static int forget(struct hv_mem *mem, hv_gpa gpa, uint64_t bytes, struct err *e)
{
	void *at = hv_mem_at(mem, gpa, bytes);
	return !bytes || !at || madvise(at, bytes, MADV_DONTNEED) == 0
		       ? 0
		       : err_sys(e, errno, "letting KVM forget a page");
}

static int kvm_map(struct hv_vm *vm, unsigned first, const uint64_t *entries, unsigned count,
		   struct err *e)
{
	bool forgets = vm->config.regime == HV_REGIME_CPL3 && vm->mem.fd >= 0;
	hv_gpa from = 0;
	uint64_t bytes = 0;
	int rc = 0;
	/* Neighbours at once. */
	for (unsigned i = 0; !rc && i < count; i++) {
		hv_gpa stale = hv_kvm_arch_map(&vm->mem, first + i, entries[i]);
		if (!forgets || !stale)
			continue;
		if (stale != from + bytes) {
			rc = forget(&vm->mem, from, bytes, e);
			from = stale;
			bytes = 0;
		}
		bytes += 4096;
	}
	return rc ? rc : forget(&vm->mem, from, bytes, e);
}

static int make_cpu(struct hv_kvm *k, unsigned index, struct err *e)
{
	struct hv_kvm_cpu *c = &k->cpu[index];
	c->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, index);
	if (c->vcpu < 0)
		return err_sys(e, errno, "KVM_CREATE_VCPU");
	int size = ioctl(k->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return err_sys(e, errno, "KVM_GET_VCPU_MMAP_SIZE");
	void *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, c->vcpu, 0);
	if (run == MAP_FAILED)
		return err_sys(e, errno, "cannot map the vCPU's run page");
	c->run = run;
	c->run_bytes = (size_t)size;
	return 0;
}

static int start_first(struct hv_vm *vm, struct err *e)
{
	struct hv_kvm *k = vm->state;
	const struct hv_start start = {.entry = vm->config.entry, .argument = HV_BOOT_GPA};
	int rc = hv_watchdog_open(&k->cpu[0].watchdog, watchdog_fired, &k->cpu[0], e);
	if (!rc && vm->config.regime == HV_REGIME_NONE)
		rc = hv_kvm_find_regime(vm, e);
	if (!rc)
		rc = hv_kvm_arch_prepare(k, &vm->mem, vm->config.regime, e);
	if (!rc)
		rc = hv_kvm_arch_start(&k->cpu[0], vm->config.regime, &start, e);
	return rc;
}

static int kvm_open(struct hv_vm *vm, struct err *e)
{
	struct hv_kvm *k = calloc(1, sizeof(*k));
	if (!k)
		return err_set(e, ERR_NOMEM, "no memory for a virtual machine");
	k->kvm = k->vm = -1;
	k->count = vm->config.cpus;
	for (unsigned i = 0; i < k->count; i++)
		k->cpu[i].vcpu = k->cpu[i].stats = -1;
	vm->state = k;
	int rc = open_kvm(&k->kvm, e);
	if (rc)
		return rc;
	k->vm = ioctl(k->kvm, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return err_sys(e, errno, "KVM_CREATE_VM");
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {IRQ_LINES}};
	if (vm->config.interrupts && ioctl(k->vm, KVM_ENABLE_CAP, &split))
		return err_sys(e, errno, "KVM_CAP_SPLIT_IRQCHIP");
	/* A guest that halts is asleep at once, or what its wake-up costs would depend on when. */
	struct kvm_enable_cap no_polling = {.cap = KVM_CAP_HALT_POLL};
	if (vm->config.interrupts)
		ioctl(k->vm, KVM_ENABLE_CAP, &no_polling);
	/* The one hypercall that KVM can pass on. Where it cannot, it answers -KVM_ENOSYS itself.
	 */
	struct kvm_enable_cap pass_on = {.cap = KVM_CAP_EXIT_HYPERCALL,
					 .args = {1u << HV_KVM_CALL}};
	if (vm->config.regime != HV_REGIME_CPL3)
		ioctl(k->vm, KVM_ENABLE_CAP, &pass_on);
	struct kvm_userspace_memory_region slot = {
		.memory_size = vm->mem.size,
		.userspace_addr = (uintptr_t)vm->mem.base,
	};
	if (ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return err_sys(e, errno, "KVM_SET_USER_MEMORY_REGION");
	hv_vm_step_done(vm, HV_STEP_MACHINE);
	for (unsigned i = 0; !rc && i < k->count; i++)
		rc = make_cpu(k, i, e);
	if (!rc)
		rc = start_first(vm, e);
	if (!rc && vm->config.interrupts)
		rc = set_up_interrupts(k, e);
	return rc;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void kvm_close(struct hv_vm *vm)
{
	struct hv_kvm *k = vm->state;
	if (!k)
		return;
	for (unsigned i = 0; i < k->count; i++) {
		struct hv_kvm_cpu *c = &k->cpu[i];
		hv_watchdog_close(&c->watchdog);
		if (c->run)
			munmap(c->run, c->run_bytes);
		close_fd(c->stats);
		close_fd(c->vcpu);
	}
	hv_vm_step_done(vm, HV_STEP_CPUS_GONE);
	close_fd(k->vm);
	close_fd(k->kvm);
	free(k);
	vm->state = NULL;
}

static void describe(struct hv_kvm_cpu *c, struct hv_exit *x, const char *what,
		     unsigned long long detail)
{
	char where[96];
	hv_kvm_arch_where(c, where, sizeof(where));
	snprintf(x->text, sizeof(x->text), "%s %llu %s", what, detail, where);
}

/* Turns what KVM left in the run page into an exit. */
static void translate(struct hv_kvm_cpu *c, struct hv_exit *x)
{
	struct kvm_run *run = c->run;
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		x->kind = HV_EXIT_PIO;
		x->pio.port = run->io.port;
		x->pio.size = run->io.size;
		x->pio.write = run->io.direction == KVM_EXIT_IO_OUT;
		x->pio.count = run->io.count;
		x->pio.data = (uint8_t *)run + run->io.data_offset;
		break;
	case KVM_EXIT_MMIO:
		x->kind = HV_EXIT_MMIO;
		x->mmio.gpa = run->mmio.phys_addr;
		x->mmio.size = run->mmio.len;
		x->mmio.write = run->mmio.is_write;
		x->mmio.data = run->mmio.data;
		break;
	case KVM_EXIT_HYPERCALL:
		x->kind = HV_EXIT_CALL;
		run->hypercall.ret = 0;
		break;
	case KVM_EXIT_HLT:
		x->kind = HV_EXIT_HALT;
		break;
	case KVM_EXIT_SHUTDOWN:
		x->kind = HV_EXIT_SHUTDOWN;
		describe(c, x, "triple fault, KVM exit", run->exit_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		x->kind = HV_EXIT_INTERNAL;
		describe(c, x, "KVM internal error, suberror", run->internal.suberror);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		x->kind = HV_EXIT_INTERNAL;
		describe(c, x, "KVM could not enter the guest, hardware reason",
			 run->fail_entry.hardware_entry_failure_reason);
		break;
	default:
		x->kind = HV_EXIT_INTERNAL;
		describe(c, x, "unexpected KVM exit", run->exit_reason);
		break;
	}
}

static int kvm_step(struct hv_vm *vm, unsigned cpu, struct hv_exit *x, uint64_t deadline_ns,
		    struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct hv_kvm_cpu *c = &k->cpu[cpu];
	if (hv_watchdog_arm(&c->watchdog, deadline_ns))
		__atomic_store_n(&c->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
	for (;;) {
		if (__atomic_exchange_n(&c->kicked, false, __ATOMIC_SEQ_CST)) {
			x->kind = HV_EXIT_KICKED;
			return 0;
		}
		if (ioctl(c->vcpu, KVM_RUN, 0) == 0) {
			translate(c, x);
			return 0;
		}
		if (errno == EFAULT) {
			x->kind = HV_EXIT_FAULT;
			describe(c, x, "KVM cannot reach the guest's memory, exit",
				 c->run->exit_reason);
			return 0;
		}
		if (errno != EINTR && errno != EAGAIN)
			return err_sys(e, errno, "KVM_RUN");
		if (hv_clock_ns() >= deadline_ns) {
			x->kind = HV_EXIT_TIMEOUT;
			return 0;
		}
		__atomic_store_n(&c->run->immediate_exit, 0, __ATOMIC_SEQ_CST); /* another signal */
	}
}

static int kvm_doorbell(struct hv_vm *vm, uint16_t port, int fd, struct err *e)
{
	struct hv_kvm *k = vm->state;
	struct kvm_ioeventfd bell = {
		.addr = port, .fd = fd, .flags = KVM_IOEVENTFD_FLAG_PIO, /* length 0: any width */
	};
	if (ioctl(k->vm, KVM_IOEVENTFD, &bell))
		return err_sys(e, errno, "KVM_IOEVENTFD");
	return 0;
}

/* ---- the regime ---- */

static int kvm_regime(enum hv_regime *regime, struct err *e)
{
	struct hv_config config = {.backend = &hv_backend_kvm, .image = "", .mem_bytes = 2u << 20};
	struct hv_vm *vm;
	*regime = HV_REGIME_CPL3;
	int rc = hv_vm_open(&vm, &config, e);
	if (!rc)
		*regime = vm->config.regime;
	hv_vm_close(vm);
	return rc;
}

static const struct hv_allow kvm_allow[] = {
	{.call = "ioctl", .why = "running the guest", .second = KVM_RUN},
	{.call = "ioctl", .why = "raising its interrupt", .second = KVM_SIGNAL_MSI},
	{.call = "ioctl", .why = "another processor begins", .second = KVM_SET_REGS},
	{.call = "ioctl", .why = "the same, and a guest that waits", .second = KVM_SET_MP_STATE},
	{.call = "timer_create", .why = "another processor's watchdog"},
	{.call = "rt_sigaction", .why = "the same"},
	{.call = "gettid", .why = "the same"},
	{.call = "getpid", .why = "stopping another processor"},
	{.call = "tgkill", .why = "the same", .first = HV_ALLOW_FIRST_SELF},
	{.call = "ioctl", .why = "the kernel's count of exits", .second = KVM_GET_STATS_FD},
	{.call = "ioctl", .why = "saying where it failed", .second = KVM_GET_REGS},
	{0},
};

const struct hv_backend hv_backend_kvm = {
	.name = "kvm",
	.summary = "hardware or nested virtualization through /dev/kvm",
	.available = kvm_available,
	.regime = kvm_regime,
	.open = kvm_open,
	.close = kvm_close,
	.step = kvm_step,
	.cpus = HV_CPUS_MAX,
	.start = kvm_start,
	.kick = kvm_kick,
	.exits = kvm_exits,
	.doorbell = kvm_doorbell,
	.handler = kvm_handler,
	.raise = kvm_raise,
	.wait = kvm_wait,
	.irqfd = kvm_irqfd,
	.map = kvm_map,
	.coalesce = kvm_coalesce,
	.drain = kvm_drain,
	.allow = kvm_allow,
};
