/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "models/platform/platform_layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const guest_roles[] = {
	[GUEST_UNMODIFIED] = "unmodified: does not know that it is virtualized",
	[GUEST_PV_DRIVERS] = "knows: its drivers were written for the hypervisor",
	[GUEST_PV_KERNEL] = "knows: changed to ask the hypervisor instead of the hardware",
};
static const char *const device_roles[] = {
	[IO_NATIVE] = "",
	[IO_EMULATED] = "registers of a disk and a network card that do not exist",
	[IO_PARAVIRTUAL] = "queues in shared memory, with a doorbell",
	[IO_PASSTHROUGH] = "the real device, mapped into the guest",
};
static const char *const cpu_roles[] = {
	[CPU_NATIVE] = "",
	[CPU_HARDWARE] = "runs the guest in hardware, takes its exits",
	[CPU_DEPRIVILEGED] = "runs the guest's kernel without privileges",
	[CPU_BINARY_TRANSLATION] = "translates the guest's kernel as it runs",
	[CPU_EMULATION] = "emulates every instruction",
};
static const char *const placement_roles[] = {
	[PLACE_BARE_METAL] = "on the bare metal",
	[PLACE_HOSTED] = "as a program of the host",
	[PLACE_HYBRID] = "part of the host's kernel",
	[PLACE_NONE] = "",
};

/* Adds "22 x exit.pio_user" for each primitive that the terms of a 4 KiB read spend for one of the
 * causes, up to the end of the buffer. */
static void list_steps(const struct platform *p, unsigned causes, char *out, size_t size)
{
	struct {
		const char *primitive;
		double n;
	} seen[16];
	size_t count = 0, used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < p->term_count; i++) {
		const struct platform_term *t = &p->terms[i];
		double units = t->per == PER_SECTOR ? 8 : t->per == PER_BYTE ? 4096 : 1;
		if (t->op != OP_BLK_READ || !(causes & 1u << t->cause))
			continue;
		size_t k = 0;
		while (k < count && strcmp(seen[k].primitive, t->primitive) != 0)
			k++;
		if (k == sizeof(seen) / sizeof(seen[0]))
			continue;
		if (k == count) {
			seen[count].primitive = t->primitive;
			seen[count++].n = 0;
		}
		seen[k].n += t->n * units;
	}
	for (size_t k = 0; k < count && used < size; k++) {
		int n = seen[k].n == 1 ? snprintf(out + used, size - used, "%s%s", k ? ", " : "",
						  seen[k].primitive)
				       : snprintf(out + used, size - used, "%s%g x %s",
						  k ? ", " : "", seen[k].n, seen[k].primitive);
		used += n > 0 ? (size_t)n : 0;
	}
}

struct stack {
	const struct platform *p;
	struct platform_layer *layers;
	size_t count;
	struct arena *arena;
	bool failed;
};

static void add(struct stack *s, const char *name, const char *role, bool in_guest, bool on_path,
		unsigned step_causes)
{
	char steps[300];
	struct platform_layer *l = &s->layers[s->count++];
	*l = (struct platform_layer){
		.name = name, .role = role, .on_path = on_path, .in_guest = in_guest};
	list_steps(s->p, step_causes, steps, sizeof(steps));
	if (!steps[0])
		return;
	l->step = arena_strdup(s->arena, steps);
	s->failed |= !l->step;
}

enum {
	STEP_CALL_KERNEL = 1u << CAUSE_SYSCALLS,
	STEP_LEAVE = 1u << CAUSE_EXITS,
	STEP_WAKE = 1u << CAUSE_WAIT,
	STEP_WORK = 1u << CAUSE_BACKEND,
	STEP_KERNEL = 1u << CAUSE_IO | 1u << CAUSE_SLOWDOWN,
	STEP_BACK = 1u << CAUSE_INTERRUPTS,
};

static void add_backend(struct stack *s)
{
	switch ((enum platform_backend)s->p->axes[AXIS_BACKEND]) {
	case BACKEND_HYPERVISOR:
		add(s, "device model", "inside the hypervisor", false, true, STEP_WORK);
		return;
	case BACKEND_ROOT_PARTITION:
		add(s, "root partition",
		    "a privileged guest beside this one: drivers and device model", false, true,
		    STEP_WORK);
		return;
	case BACKEND_HOST_USER:
		add(s, "device model", "a process of the host", false, true, STEP_WORK);
		return;
	case BACKEND_HOST_KERNEL:
		if (s->p->axes[AXIS_GUEST] != GUEST_NONE)
			add(s, "device model", "a thread of the host's kernel", false, true,
			    STEP_WORK);
		return;
	case BACKEND_NONE:
		return;
	}
}

static void add_guest(struct stack *s)
{
	const int *axes = s->p->axes;
	bool passthrough = axes[AXIS_IO] == IO_PASSTHROUGH;
	char role[160];
	add(s, "guest kernel", guest_roles[axes[AXIS_GUEST]], true, true, STEP_KERNEL);
	add(s, "virtual device", device_roles[axes[AXIS_IO]], true, true, STEP_LEAVE);
	snprintf(role, sizeof(role), "%s; %s", placement_roles[axes[AXIS_PLACEMENT]],
		 cpu_roles[axes[AXIS_CPU]]);
	char *kept = arena_strdup(s->arena, role);
	s->failed |= !kept;
	add(s, "hypervisor", kept, false, !passthrough, STEP_WAKE);
	add_backend(s);
}

size_t platform_layers(const struct platform *p, struct platform_layer layers[PLATFORM_LAYERS_MAX],
		       struct arena *arena)
{
	struct stack s = {.p = p, .layers = layers, .arena = arena};
	bool guest = p->axes[AXIS_GUEST] != GUEST_NONE;
	bool contained = !guest && p->axes[AXIS_BACKEND] == BACKEND_HOST_KERNEL;
	add(&s, "handset's task", "has come over the network", false, false, 0);
	add(&s,
	    guest	? "guest process"
	    : contained ? "container process"
			: "process",
	    contained ? "in namespaces, a control group and behind a filter of system calls"
		      : "does the task's work",
	    guest, true, STEP_CALL_KERNEL);
	if (guest)
		add_guest(&s);
	if (p->axes[AXIS_PLACEMENT] != PLACE_BARE_METAL)
		add(&s, "host kernel",
		    guest	? "has the drivers"
		    : contained ? "shared by all containers: what is virtualized is its names"
				: "the task's own kernel",
		    false, p->axes[AXIS_IO] != IO_PASSTHROUGH, guest ? 0 : STEP_KERNEL);
	add(&s, "hardware", "cores, disk, network card", false, true, STEP_BACK);
	return s.failed ? 0 : s.count;
}

char *platform_diagram(const struct platform *p, struct arena *arena)
{
	struct platform_layer layers[PLATFORM_LAYERS_MAX];
	size_t n = platform_layers(p, layers, arena), size;
	char *text = NULL;
	FILE *out = n ? open_memstream(&text, &size) : NULL;
	if (!out)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const struct platform_layer *l = &layers[i];
		bool top = i == 0 || layers[i - 1].in_guest != l->in_guest;
		if (top && l->in_guest)
			fprintf(out, "  +-- the guest\n");
		else if (top && i > 0 && layers[i - 1].in_guest)
			fprintf(out, "  +--\n");
		fprintf(out, "%s %c %-18s %s\n", l->in_guest ? "  |" : "   ",
			l->on_path ? '*' : ' ', l->name, l->role);
		if (i + 1 < n && l->on_path)
			fprintf(out, "%s |%s%s\n", l->in_guest ? "  |" : "   ",
				l->step ? "   " : "", l->step ? l->step : "");
		else if (l->step)
			fprintf(out, "         and back: %s\n", l->step);
	}
	fprintf(out, "\n  *  the way of a block request of 4 KiB, with what each step spends\n");
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	char *kept = arena_strdup(arena, text);
	free(text);
	return kept;
}
