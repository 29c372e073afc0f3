/* SPDX-License-Identifier: GPL-2.0-or-later
 * Names the VMM's part of memory, where page tables are, to hypercalls and devices. Each must
 * refuse it as it refuses what is no memory. */
#include "hvcore/guest/hostile.h"

#include "hvcore/guest/drivers.h"
#include "hvcore/guest/ring.h"

/* Where kvm and the emulator have page tables. */
#define TABLES 0x1000u

/* Needs its page tables: many more pages than a processor has looked up by then. Where something
 * wrote over the tables this is a triple fault. */
static int go_on(void)
{
	for (uint64_t at = 4u << 20; at < hostile_boot->mem_bytes; at += 2u << 20)
		hostile_write_at(at);
	return REFUSED;
}

static int passed(void)
{
	go_on();
	return 1;
}

/* ---- hypercalls ---- */

static int block(void)
{
	out32(HV_CALL_PORT + HV_CALL_NOP, TABLES);
	return passed();
}

static int print(void)
{
	volatile struct hv_call_write call = {.gpa = TABLES, .length = 4096};
	hypercall(HV_CALL_WRITE, &call);
	return passed();
}

static int wait_for_word(void)
{
	volatile struct hv_call_wait call = {.word = TABLES};
	hypercall(HV_CALL_WAIT, &call);
	return passed();
}

static int release(void)
{
	volatile struct hv_call_release call = {.gpa = TABLES, .bytes = 4096};
	hypercall(HV_CALL_RELEASE, &call);
	return passed();
}

static int map_entries(void)
{
	volatile struct hv_call_map call = {.entries = TABLES, .count = 1};
	hypercall(HV_CALL_MAP, &call);
	return call.failed ? go_on() : passed();
}

static int map_page(void)
{
	static const uint64_t entry = TABLES | HV_WINDOW_PRESENT | HV_WINDOW_WRITABLE;
	volatile struct hv_call_map call = {.entries = gpa_of(&entry), .count = 1};
	hypercall(HV_CALL_MAP, &call);
	return call.failed ? go_on() : passed();
}

static int string(void)
{
	in16_string(HV_NOP_PORT, (void *)(uintptr_t)TABLES, 16);
	return passed();
}

/* ---- the ATA disk's bus master ---- */

static int dma_in(void)
{
	return guest_ata_dma(0, 8, (void *)(uintptr_t)TABLES, 0) ? go_on() : passed();
}

static int dma_out(void)
{
	return guest_ata_dma(0, 8, (void *)(uintptr_t)TABLES, 1) ? go_on() : passed();
}

/* From there on into the guest's own memory. */
static int dma_across(void)
{
	void *at = (void *)(uintptr_t)(HV_BOOT_GPA - 2048);
	return guest_ata_dma(0, 8, at, 0) ? go_on() : passed();
}

/* ---- the RTL8139 ---- */

#define NIC(reg) ((uint16_t)(HV_RTL8139_PORT + (reg)))
enum { TSD = 0x10, TSAD = 0x20, RBSTART = 0x30, COMMAND = 0x37, ISR = 0x3e };
enum { ENABLE = 0x0c, TSD_OK = 0x8000, ISR_RX_OK = 0x01, ISR_BUS_ERROR = 0x8000 };

static int nic_sends(void)
{
	out8(NIC(COMMAND), ENABLE);
	out32(NIC(TSAD), TABLES);
	out32(NIC(TSD), 1500);
	return in32(NIC(TSD)) & TSD_OK ? passed() : go_on();
}

/* A packet waits, or this cannot work. */
static int nic_receives(void)
{
	out32(NIC(RBSTART), TABLES);
	out8(NIC(COMMAND), ENABLE);
	uint16_t status = in16(NIC(ISR));
	return (status & (ISR_RX_OK | ISR_BUS_ERROR)) == ISR_BUS_ERROR ? go_on() : passed();
}

/* ---- the ring disk ---- */

static struct guest_ring ring;

static void set(enum hv_queue_port port, uint32_t value)
{
	out32((uint16_t)(HV_BLK_PORT + 4 * port), value);
}

static int is_broken(void)
{
	return in32(HV_BLK_PORT + 4 * HV_QUEUE_STATUS) == 2;
}

/* Each of the three parts of a queue in turn. */
static int queue(void)
{
	for (enum hv_queue_port part = HV_QUEUE_DESC; part <= HV_QUEUE_USED; part++) {
		guest_ring_start(&ring, HV_BLK_PORT);
		set(HV_QUEUE_SIZE, 0);
		set(part, TABLES);
		set(HV_QUEUE_SIZE, GUEST_RING_SIZE);
		set(HV_QUEUE_NOTIFY, 0);
		if (!is_broken())
			return passed();
	}
	return go_on();
}

/* A request that is right but for where the block is to go. */
static int queue_data(void)
{
	static struct {
		uint32_t type, reserved;
		uint64_t sector;
	} header;
	static uint8_t status;
	const struct vring_desc chain[] = {
		{gpa_of(&header), sizeof(header), VRING_DESC_F_NEXT, 1},
		{TABLES, 4096, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2},
		{gpa_of(&status), 1, VRING_DESC_F_WRITE, 0},
	};
	guest_ring_start(&ring, HV_BLK_PORT);
	for (unsigned i = 0; i < 3; i++)
		ring.desc[i] = chain[i];
	guest_ring_add(&ring, 0);
	guest_ring_show(&ring);
	set(HV_QUEUE_NOTIFY, 0);
	/* At once, or when the device's thread has come to it. */
	for (unsigned looks = 0; looks < 100000; looks++)
		if (is_broken())
			return go_on();
	return passed();
}

const struct hostile_trick hostile_tables[] = {
	{"tables-block", block},
	{"tables-print", print},
	{"tables-wait-for-word", wait_for_word},
	{"tables-release", release},
	{"tables-map-entries", map_entries},
	{"tables-map-page", map_page},
	{"tables-string", string},
	{"tables-dma-in", dma_in},
	{"tables-dma-out", dma_out},
	{"tables-dma-across", dma_across},
	{"tables-nic-sends", nic_sends},
	{"tables-nic-receives", nic_receives},
	{"tables-queue", queue},
	{"tables-queue-data", queue_data},
	{0},
};
