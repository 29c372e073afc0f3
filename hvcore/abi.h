/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a guest and the VMM agree on: the memory map, the hypercalls and their argument blocks. The
 * only header that guests include; it needs nothing but <stdint.h>. The same on every backend.
 *
 * A hypercall is `out` of 32 bits to port HV_CALL_PORT + number, with the guest-physical address of
 * its argument block, aligned as its type, as the value. The block is the guest's; results are
 * written back into it.
 */
#ifndef HVCORE_ABI_H
#define HVCORE_ABI_H

#ifndef __ASSEMBLER__
#include <stdint.h>
#endif

/* Guest-physical memory map. Virtual addresses are the same numbers. The lowest 64 KiB, below
 * HV_BOOT_GPA, belong to the VMM (page tables) and are not mapped for the guest: a null pointer
 * faults everywhere. To hypercalls and devices they are no memory, either: a block, a ring or a
 * buffer there is refused as one beyond the guest's memory is. */
#define HV_BOOT_GPA  0x10000u  /* struct hv_boot; its address is the entry point's first argument */
#define HV_IMAGE_GPA 0x100000u /* flat images are linked to and entered at this address */
#define HV_MMIO_GPA  0xd0000000u /* a page that is never memory: each access is an exit */

/* The window: 2 MiB of virtual memory of which the guest maps what it likes to its own pages; at
 * first nothing. The table is the VMM's. A guest changes an entry by an 8-byte store to it
 * (HV_TABLE_GPA, HV_WINDOW_PAGES entries), where nothing is memory, so that each store is an exit;
 * or many by HV_CALL_MAP. An entry is 0 or the address of a page from HV_BOOT_GPA on, with
 * HV_WINDOW_PRESENT and possibly HV_WINDOW_WRITABLE; what is not so is not taken. A guest at CPL0
 * invalidates (invlpg) what it has used before it changes it; for others the VMM does. Not on every
 * backend: elsewhere the table is not there, and the hypercall fails. */
#define HV_WINDOW	   0xe0000000u
#define HV_WINDOW_PAGES	   512u
#define HV_WINDOW_PRESENT  1u
#define HV_WINDOW_WRITABLE 2u
#define HV_TABLE_GPA	   0xd0001000u

#define HV_BOOT_MAGIC 0x746f6f6276680001ull

#define HV_CALL_PORT 0x500 /* plus the number: EXIT 0x500, WRITE 0x501, ... */

#ifndef __ASSEMBLER__
struct hv_boot {
	uint64_t magic;
	uint64_t mem_bytes;
	uint64_t cpus;	    /* processors; the guest starts on number 0, the others are off */
	char argument[256]; /* NUL-terminated */
};

/* number, name, argument block */
#define HV_CALL_LIST(X)                                                                            \
	X(0, EXIT, "exit")	 /* struct hv_call_exit: ends the guest */                         \
	X(1, WRITE, "write")	 /* struct hv_call_write: bytes for the console */                 \
	X(2, YIELD, "yield")	 /* struct hv_call_yield: hands over results, waits for work */    \
	X(3, NOP, "nop")	 /* struct hv_call_nop: does nothing, as a probe */                \
	X(4, HANDLER, "handler") /* struct hv_call_handler: where interrupts go */                 \
	X(5, RELEASE, "release") /* struct hv_call_release: gives memory back to the host */       \
	X(6, WAIT, "wait")	 /* struct hv_call_wait: until there is something for it */        \
	X(7, START, "start")	 /* struct hv_call_start: another processor begins */              \
	X(8, STOP, "stop")	 /* struct hv_call_stop: this processor ends */                    \
	X(9, IPI, "ipi")	 /* struct hv_call_ipi: raises the interrupt of a processor */     \
	X(10, MAP, "map")	 /* struct hv_call_map: entries of the window */

enum hv_call {
#define HV_CALL_ENUM(number, name, text) HV_CALL_##name = number,
	HV_CALL_LIST(HV_CALL_ENUM)
#undef HV_CALL_ENUM
		HV_CALL_COUNT
};

/* KVM's hypercall "map a range of guest memory" (KVM_HC_MAP_GPA_RANGE), with one page, by the
 * processor's own instruction and from a kernel only: the VMM sees it and answers 0. */
#define HV_KVM_CALL 12u

/* Ports that answer at once and mean nothing: what a bare exit costs. */
#define HV_NOP_PORT	 0x540u
#define HV_DOORBELL_PORT 0x548u
#define HV_IRQ_BELL_PORT 0x54cu /* raises the guest's own interrupt */

/* The ATA disk: the eight registers of a primary channel, and behind them those of its bus master
 * (command, status, 32-bit address of the descriptor table), whose place a PCI function would say.
 */
#define HV_ATA_PORT    0x1f0u
#define HV_ATA_BM_PORT (HV_ATA_PORT + 8)

/* The UART: the eight registers of a 16550, transmitting half. */
#define HV_UART_PORT 0x3f8u

/* The network card: the 256 registers of an RTL8139. */
#define HV_RTL8139_PORT 0xc000u

/* Ring devices: what the guest sends to its console, as it is, and the network card's packets, sent
 * and received, behind a struct virtio_net_hdr_v1 of HV_NET_HEADER_BYTES. Registers as of the disk.
 */
#define HV_CONSOLE_PORT	    0x640u
#define HV_NET_PORT	    0x680u
#define HV_NET_RECEIVE_PORT 0x6c0u
#define HV_NET_HEADER_BYTES 12u

/* A ring device's registers, 32 bits each, in ports from HV_BLK_PORT on, 4 apart. Addresses are
 * guest-physical. Writing HV_QUEUE_SIZE (a power of two up to HV_QUEUE_MAX) starts the queue, 0
 * resets the device. */
#define HV_BLK_PORT 0x600u
enum hv_queue_port {
	HV_QUEUE_DESC,	/* struct vring_desc[size], 16-aligned */
	HV_QUEUE_AVAIL, /* struct vring_avail */
	HV_QUEUE_USED,	/* struct vring_used */
	HV_QUEUE_SIZE,
	HV_QUEUE_NOTIFY,   /* the doorbell; the value means nothing */
	HV_QUEUE_STATUS,   /* read: 0 stopped, 1 running, 2 the guest broke the rules: reset it */
	HV_QUEUE_FEATURES, /* read: what the device can; write, while stopped: what is used of it */
	HV_QUEUE_PORTS
};
#define HV_QUEUE_MAX 256u

/* Interrupts and doorbells are suppressed by the flags of the two rings or, when the guest chose
 * this feature, by the event index behind each (virtio 1.x, VIRTIO_F_EVENT_IDX). All devices share
 * the guest's one interrupt; while it has no handler (HV_CALL_HANDLER) they send none. */
#define HV_QUEUE_EVENT_INDEX (1u << 29)

struct hv_call_exit {
	uint32_t status; /* 0 to 255 */
};

struct hv_call_write {
	uint32_t gpa;
	uint32_t length; /* bytes, at most HV_WRITE_MAX */
};
#define HV_WRITE_MAX 65536u

struct hv_call_nop {
	uint32_t value, answer; /* the VMM writes value + 1 into answer */
};

/* The one interrupt there is. It comes with interrupts enabled, on the current stack, as a frame
 * that iretq takes back; the guest starts with interrupts enabled and no handler. */
#define HV_IRQ_VECTOR 0x40u

struct hv_call_handler {
	uint32_t handler; /* address of the first instruction */
	uint32_t eoi;  /* out: where to write a 32-bit 0 at the end of an interrupt; 0: nowhere */
	uint32_t apic; /* out: registers of the processor's own local APIC; 0: there is none */
};

/* Takes whole pages away from the guest; touched again, they are new and zero. */
struct hv_call_release {
	uint32_t gpa, bytes; /* multiples of 4096 */
	uint32_t failed;     /* out: not 0 when the host would not */
};

/* What hlt is to a kernel: nothing to do until a device has received something or, where no device
 * receives, until an interrupt has come. Comes back at once when there is something; may come back
 * without. So that an interrupt just before the call is not slept through, the call also comes back
 * at once when a 64-bit word, which the guest's handler changes, has not the value that it had when
 * the guest decided to sleep. */
struct hv_call_wait {
	uint32_t ready; /* out: how many devices have something */
	uint32_t word;	/* address of the word; 0: none */
	uint64_t value;
};

/* Lets a processor that is off begin, with an empty stack and one argument, at an address from
 * which it must not return. Processors share memory, devices and the interrupt handler. */
struct hv_call_start {
	uint32_t cpu;	   /* 1 up to hv_boot.cpus - 1 */
	uint32_t entry;	   /* address of the first instruction */
	uint32_t stack;	   /* its first stack pointer */
	uint32_t argument; /* its first argument */
	uint32_t failed;   /* out: not 0 when there is none such, or it is not off */
};

/* Switches the calling processor off; not for number 0, which ends with the machine. */
struct hv_call_stop {
	uint32_t reserved;
};

struct hv_call_ipi {
	uint32_t cpu;
	uint32_t failed; /* out: not 0 when there is no such processor */
};

struct hv_call_map {
	uint32_t entries; /* address of 64-bit entries, 8-aligned */
	uint32_t first, count;
	uint32_t failed; /* out: not 0 when one is not acceptable: then none was taken */
};

/* For processor 0 only. */
struct hv_call_yield {
	/* out of the guest */
	uint64_t ticks;	   /* TSC ticks that the last work took, read in the guest */
	uint64_t checksum; /* of the data that the last work moved */
	uint32_t failed;   /* not 0: the work could not be done */
	/* into the guest */
	uint32_t op;	     /* enum hv_op */
	uint64_t iterations; /* how many times */
	uint64_t arg;	     /* by op */
	uint32_t blocks;     /* of one request to a disk: a power of two up to HV_BLOCKS_MAX */
	uint32_t depth;	     /* requests of one operation, up to HV_DEPTH_MAX */
};
#define HV_BLOCKS_MAX 16u
#define HV_DEPTH_MAX  16u

/* Work that the guest "probe" knows. HV_OP_EMPTY is the same loop without an operation. */
enum hv_op {
	HV_OP_STOP, /* exit with status 0 */
	HV_OP_EMPTY,
	HV_OP_PIO,	 /* out to HV_NOP_PORT */
	HV_OP_MMIO,	 /* a 32-bit store to HV_MMIO_GPA */
	HV_OP_DOORBELL,	 /* out to HV_DOORBELL_PORT */
	HV_OP_HYPERCALL, /* HV_CALL_NOP, with its answer checked */
	HV_OP_TOUCH, /* first touch of a 4 KiB page each; arg: first address; stride HV_TOUCH_STRIDE
		      */
	HV_OP_PRIVILEGED, /* an instruction that only a kernel may use: reads CR4 */
	HV_OP_ATA_READ, /* blocks of the ATA disk; arg: index (hv_block_at) of the first request */
	HV_OP_VIRTIO_READ,
	HV_OP_COMPUTE,	   /* hv_compute of its own result, from 1 on; the last is the checksum */
	HV_OP_INTERRUPT,   /* out to HV_IRQ_BELL_PORT, then waits for the interrupt it raises */
	HV_OP_PIO_IN,	   /* 32-bit in from HV_NOP_PORT */
	HV_OP_MMIO_IN,	   /* a 32-bit load from HV_MMIO_GPA, where hvcore answers 0 */
	HV_OP_CPUID,	   /* leaf 0, which names the vendor */
	HV_OP_MSR,	   /* rdmsr of EFER: for a kernel only */
	HV_OP_HLT,	   /* hlt that ends at once (config.halt_returns): for a kernel only */
	HV_OP_SWITCH,	   /* loads CR3 with what is in it: for a kernel only */
	HV_OP_LOOP,	   /* HV_LOOP_INSTRUCTIONS integer instructions, one chain of dependences */
	HV_OP_MAKE_LINE,   /* prepares what HV_OP_UART_LINE sends, and does not send it */
	HV_OP_MAKE_PACKET, /* the same for HV_OP_RTL8139_SEND */
	HV_OP_UART_LINE,   /* HV_LINE_BYTES through the UART */
	HV_OP_CONSOLE_LINE, /* the same through the console's ring */
	HV_OP_RTL8139_SEND, /* a packet of HV_PACKET_BYTES through the register-programmed card */
	HV_OP_VIRTIO_SEND,  /* the same through the card's ring */
	/* Writes: each block begins with its request's index. */
	HV_OP_ATA_WRITE,
	HV_OP_ATA_DMA_READ, /* by the disk's bus master instead of through its data register */
	HV_OP_ATA_DMA_WRITE,
	HV_OP_VIRTIO_WRITE,
	/* Receives packets, and sums hv_packet_sum up; arrived already, then sent out and back. */
	HV_OP_RTL8139_RECEIVE,
	HV_OP_VIRTIO_RECEIVE,
	HV_OP_RTL8139_RTT,
	HV_OP_VIRTIO_RTT,
	HV_OP_REQUEST_FULL,    /* answers a struct hv_ask, by RTL8139 and the ATA bus master */
	HV_OP_REQUEST_PARA,    /* the same by rings */
	HV_OP_VMCALL,	       /* HV_KVM_CALL: for a kernel only */
	HV_OP_DOORBELL_MEMORY, /* out to HV_DOORBELL_PORT, then waits until it is answered; arg:
				  address of a struct hv_bell */
	HV_OP_RELEASE,	       /* gives a page back by HV_CALL_RELEASE; arg as for HV_OP_TOUCH */
	HV_OP_START,	       /* sets the drivers up; before any operation with a device */
	HV_OP_WALK,  /* HV_WALK_LINKS loads along the chain at arg (probe/walk.h); checksum: the
			link that comes next */
	HV_OP_TRIAD, /* a piece of the arrays at arg; checksum: pieces so far */
	/* Operations on interrupts that time themselves: the checksum is the sum of ticks. */
	HV_OP_IPI, /* to processor 1, from sending until its handler has run; arg: enum hv_ipi */
	HV_OP_TIMER_FIRE,	 /* from arming the timer with arg ns until its handler has run */
	HV_OP_TIMER_FIRE_HALTED, /* the same, halted meanwhile */
	HV_OP_TIMER_ARM,	 /* arms the timer, much later than it is armed anew */
	HV_OP_HALT,		 /* halts until an interrupt; arg: address of a struct hv_halts */
	/* The ring disk, completed by interrupts instead of by polling. */
	HV_OP_START_EVENTS,    /* sets it up anew, with an event index; after HV_OP_START */
	HV_OP_VIRTIO_READ_IRQ, /* HV_OP_VIRTIO_READ, one interrupt for all requests of one */
	HV_OP_SYSCALL,	/* the loop of a user task, for a kernel only; arg: 1: it calls the kernel
			   each time, 0: it does not */
	HV_OP_MAP,	/* entries of the window, mapped and taken away by turns, a store each; arg:
			   address of the first of HV_MAP_PAGES pages */
	HV_OP_MAP_MANY, /* the same, HV_MAP_PAGES by one hypercall */
	HV_OP_MAP_1M, /* HV_MAP_PAGES pages cleared, mapped as by HV_OP_MAP, touched in the window,
			 and taken away; the i-th operation since the start (from 1) leaves i *
			 HV_MAP_PAGES + k in page k */
	HV_OP_MAP_1M_MANY,
	HV_OP_TOUCH_2M, /* as HV_OP_TOUCH, stride HV_TOUCH_2M_STRIDE */
	/* HV_OP_HYPERCALL and HV_OP_RELEASE with everything but the exit: their argument blocks. */
	HV_OP_HYPERCALL_BLOCK,
	HV_OP_RELEASE_BLOCK,
	/* A bell and time of the guest's own, during which its listener falls asleep again; arg: as
	 * of HV_OP_DOORBELL_MEMORY. */
	HV_OP_BELL_TIME,     /* the time alone */
	HV_OP_BELL_RUNG,     /* rings, and goes on; ends when the last is answered */
	HV_OP_BELL_ANSWERED, /* rings, waits for the answer, and goes on */
	/* Rings with several in flight, bells only where they are wanted. */
	HV_OP_QUEUE_START,    /* sets the card's rings up so; after HV_OP_START */
	HV_OP_QUEUE_SEND,     /* packets as of HV_OP_VIRTIO_SEND, and arg ticks between two; ends
				 when all are sent */
	HV_OP_QUEUE_MAKE,     /* the same without the card: makes them and lets the ticks pass */
	HV_OP_QUEUE_RECEIVE,  /* packets; polls for them */
	HV_OP_QUEUE_RTT,      /* packets sent, each taken back before the next; waits for them */
	HV_OP_QUEUE_READ,     /* HV_OP_VIRTIO_READ, the next request begun when one has come back */
	HV_OP_VMCALL_UNKNOWN, /* a hypercall that no hypervisor has, by the processor's own
				 instruction: for a kernel only; fails where the answer is no
				 error code */
	HV_OP_COUNT
};
enum hv_ipi {
	HV_IPI_NONE, /* what timing alone takes */
	HV_IPI_APIC, /* by the local APIC; the receiver runs */
	HV_IPI_APIC_HALTED,
	HV_IPI_CALL, /* by HV_CALL_IPI */
	HV_IPI_CALL_HALTED,
};
/* A bell's answers, and how long the guest has other things to do after it. */
struct hv_bell {
	uint64_t answered; /* one more with each bell */
	uint64_t ticks;
};
/* How often since the operation began. */
struct hv_halts {
	uint64_t begun; /* the guest was about to halt */
	uint64_t woken; /* it went on, after its handler */
};
#define HV_LOOP_INSTRUCTIONS 100
#define HV_TOUCH_STRIDE	     65536u
#define HV_TOUCH_2M_STRIDE   2097152u
#define HV_MAP_PAGES	     256u

/* The block read in every world: 4 KiB from a disk of HV_DISK_BLOCKS blocks, in an order that
 * visits each block once before any twice and has no neighbours next to each other. */
#define HV_BLOCK_BYTES 4096u
#define HV_DISK_BLOCKS 4096u /* a power of two */

static inline uint32_t hv_block_at(uint64_t i)
{
	return (uint32_t)(i * 2654435761u) & (HV_DISK_BLOCKS - 1);
}

/* What a reader adds up over the blocks it read, so that a self-check can tell that the bytes came:
 * the first and the last eight bytes of each. */
static inline uint64_t hv_block_sum(const void *block)
{
	const uint64_t *words = (const uint64_t *)block;
	return words[0] + words[HV_BLOCK_BYTES / sizeof(*words) - 1];
}

/* What the sending operations send: byte k of the i-th since the guest started (from 0) is
 * hv_sent_byte(i, k), of which only the first HV_SENT_NUMBER depend on i; a line ends in a newline.
 */
#define HV_SENT_NUMBER	8u
#define HV_LINE_BYTES	80u
#define HV_PACKET_BYTES 1500u

static inline uint8_t hv_sent_byte(uint64_t i, uint32_t k)
{
	return (uint8_t)(k < HV_SENT_NUMBER ? 'A' + (i >> 4 * k & 15) : '!' + k % 90);
}

/* What a receiver adds up over its packets. */
static inline uint64_t hv_packet_sum(const void *packet)
{
	const uint8_t *bytes = (const uint8_t *)packet;
	uint64_t sum = 0;
	for (uint32_t k = 0; k < HV_SENT_NUMBER; k++)
		sum = sum * 31 + bytes[k];
	return sum * 31 + bytes[HV_PACKET_BYTES - 1];
}

/* A request: which block to read and compute over (hv_request_compute). The answer begins with the
 * result. */
#define HV_ANSWER_BYTES 1024u
struct hv_ask {
	uint32_t block;
	uint8_t rest[60];
};

#endif /* !__ASSEMBLER__ */
#endif
