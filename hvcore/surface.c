/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/surface.h"
#include "hvcore/abi.h"
#include "hvcore/allow.h"
#include "hvcore/device/devices.h"
#include "hvcore/sandbox.h"

#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

/* No architecture that we build for numbers its calls higher. */
enum { CALL_NUMBERS = 1024, TABLES = 2 };

static unsigned known_calls(void)
{
	unsigned known = 0;
	for (int number = 0; number < CALL_NUMBERS; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
		known += name != NULL;
		free(name);
	}
	return known;
}

/* The tables that hold back who has the backend's VMM, or is in its container. None: nothing
 * does. */
static unsigned tables_of(const struct hv_backend *backend, const struct hv_allow *tables[TABLES])
{
	if (strcmp(backend->name, "container") == 0) {
		tables[0] = hv_allow_container;
		return 1;
	}
	if (!backend->open)
		return 0;
	tables[0] = hv_sandbox_common;
	tables[1] = backend->allow;
	return backend->allow ? 2 : 1;
}

static bool is_limited(const struct hv_allow *row)
{
	return row->first != HV_ALLOW_FIRST_ANY || row->second != 0 || row->forbidden_bits != 0;
}

static bool is_there(const struct hv_allow *row)
{
	return row->answer == 0 && seccomp_syscall_resolve_name(row->call) >= 0;
}

/* One call may have several rows, each for other arguments. */
static bool is_first_row(const struct hv_allow *const *tables, unsigned t,
			 const struct hv_allow *row)
{
	for (unsigned i = 0; i <= t; i++)
		for (const struct hv_allow *r = tables[i]; r->call; r++) {
			if (r == row)
				return true;
			if (strcmp(r->call, row->call) == 0)
				return false;
		}
	return true;
}

/* What vm.c answers beside hypercalls and devices. */
static void count_machine(struct hv_surface *s)
{
	const struct hv_backend *b = s->backend;
	/* HV_IRQ_BELL_PORT and HV_DOORBELL_PORT; HV_MMIO_GPA and HV_TABLE_GPA, which is there
	 * in the machines of `hvcore run` unless it is made on demand. */
	s->bells = (b->raise ? 1u : 0u) + (b->doorbell ? 1u : 0u);
	s->pages = 1 + (b->map && !b->map_on_demand ? 1u : 0u);
	for (const struct hv_allow *row = b->guest_allow; row && row->call; row++)
		s->guest_calls += is_there(row);
}

static void count_calls(struct hv_surface *s)
{
	const struct hv_allow *tables[TABLES];
	unsigned n = tables_of(s->backend, tables);
	if (n == 0)
		s->host_calls = s->known_calls;
	for (unsigned t = 0; t < n; t++)
		for (const struct hv_allow *row = tables[t]; row->call; row++)
			if (is_there(row) && is_first_row(tables, t, row)) {
				s->host_calls++;
				s->limited += is_limited(row);
			}
}

/* The devices of either world: a disk, a console, a network card; among rings the card is two. They
 * look at their files only when a guest asks them to. */
static int make_device(bool rings, unsigned which, struct hv_device *device, struct err *e)
{
	switch (which) {
	case 0:
		return rings ? hv_virtio_blk_make(device, -1, 512, e)
			     : hv_ata_make(device, -1, 512, e);
	case 1:
		return rings ? hv_virtio_send_make(device, HV_CONSOLE_PORT, 0, -1, e)
			     : hv_uart_make(device, -1, e);
	case 2:
		return rings ? hv_virtio_send_make(device, HV_NET_PORT, HV_NET_HEADER_BYTES, -1, e)
			     : hv_rtl8139_make(device, -1, e);
	default:
		return hv_virtio_recv_make(device, HV_NET_RECEIVE_PORT, HV_NET_HEADER_BYTES, -1, e);
	}
}

static int count_ports(bool rings, unsigned *ports, struct err *e)
{
	struct hv_device device;
	*ports = 0;
	for (unsigned i = 0; i < (rings ? 4 : 3); i++) {
		int rc = make_device(rings, i, &device, e);
		if (rc)
			return rc;
		*ports += device.ports;
		device.ops->close(device.state);
	}
	return 0;
}

int hv_surfaces(struct hv_surface rows[HV_SURFACES_MAX], struct err *e)
{
	unsigned known = known_calls(), ports[2];
	int count = 0, rc = 0;
	for (int rings = 0; rings < 2 && !rc; rings++)
		rc = count_ports(rings, &ports[rings], e);
	if (rc)
		return rc;
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		int worlds = (*b)->open ? 2 : 1;
		for (int w = 0; w < worlds && count < HV_SURFACES_MAX; w++) {
			struct hv_surface *s = &rows[count++];
			*s = (struct hv_surface){
				.backend = *b, .devices = "", .known_calls = known};
			count_calls(s);
			if (!(*b)->open)
				continue;
			s->devices = w ? "rings" : "registers";
			s->hypercalls = HV_CALL_COUNT;
			count_machine(s);
			s->ports = ports[w] + s->bells;
		}
	}
	return count;
}

static void add_table(cJSON *calls, const struct hv_allow *row)
{
	for (; row->call; row++) {
		if (!is_there(row))
			continue;
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "call", row->call);
		cJSON_AddStringToObject(item, "why", row->why);
		cJSON_AddBoolToObject(item, "limited", is_limited(row));
		cJSON_AddItemToArray(calls, item);
	}
}

static void add_calls(cJSON *to, const struct hv_backend *backend)
{
	const struct hv_allow *tables[TABLES];
	unsigned n = tables_of(backend, tables);
	cJSON *calls = n ? cJSON_AddArrayToObject(to, "calls") : NULL;
	for (unsigned t = 0; t < n; t++)
		add_table(calls, tables[t]);
}

cJSON *hv_surfaces_json(const struct hv_surface *rows, int count)
{
	cJSON *root = cJSON_CreateObject();
	cJSON_AddNumberToObject(root, "known_calls", count > 0 ? rows[0].known_calls : 0);
	cJSON *list = cJSON_AddArrayToObject(root, "surfaces");
	for (int i = 0; i < count; i++) {
		const struct hv_surface *s = &rows[i];
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "backend", s->backend->name);
		if (s->backend->open) {
			cJSON_AddStringToObject(item, "devices", s->devices);
			cJSON_AddNumberToObject(item, "hypercalls", s->hypercalls);
			cJSON_AddNumberToObject(item, "ports", s->ports);
			cJSON_AddNumberToObject(item, "bells", s->bells);
			cJSON_AddNumberToObject(item, "pages", s->pages);
		}
		if (s->backend->guest_allow)
			add_table(cJSON_AddArrayToObject(item, "guest_calls"),
				  s->backend->guest_allow);
		cJSON_AddNumberToObject(item, "host_calls", s->host_calls);
		cJSON_AddNumberToObject(item, "limited", s->limited);
		add_calls(item, s->backend);
		cJSON_AddItemToArray(list, item);
	}
	return root;
}
