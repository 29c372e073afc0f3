/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What machine this is, as far as it bears on measured costs: processor, kernel, mitigations,
 * clock, load, and whether it is itself a guest. The profile carries it, `hvcore doctor` prints it.
 * Nothing here names the host or its user. Whether a backend works is not decided here: its own
 * probe tries (doctor.h).
 */
#ifndef HVCORE_MACHINE_H
#define HVCORE_MACHINE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum hv_kvm_state {
	HV_KVM_ABSENT, /* no /dev/kvm */
	HV_KVM_DENIED, /* there, but this user may not open it */
	HV_KVM_BROKEN, /* opens or answers with an error, or speaks another API version */
	HV_KVM_USABLE,
};

struct hv_machine {
	/* Strings are empty where the machine does not tell. */
	char arch[32], kernel[96], kernel_version[128];
	char cpu[96], cpu_vendor[32];
	int cpu_family, cpu_model, cpu_stepping; /* -1 unknown */
	int cores;				 /* online */
	int cores_allowed;			 /* this process may run on */
	double clock_hz;			 /* as the kernel reports now; 0 unknown */
	uint64_t memory_bytes;
	uint64_t l2_bytes, l3_bytes; /* of core 0; 0 unknown */
	char clocksource[32];
	char governor[32]; /* empty: no frequency scaling visible */
	double load_1m;	   /* runnable tasks, mean over one minute; -1 unknown */
	double steal;	   /* share of CPU time taken by the hypervisor since boot; -1 unknown */

	bool is_guest;
	char hypervisor[64];	 /* "KVM", "Xen", "Microsoft Hyper-V", ...; empty on bare metal */
	char hypervisor_how[96]; /* what told: "CPUID leaf 0x40000000 says KVMKVMKVM" */
	char cloud[64];	    /* DMI vendor and product, or the virtual machine monitor's ACPI name */
	char container[32]; /* "docker", "podman", ... when this process is in one */

	bool has_vmx, has_svm; /* virtualization extensions visible to this kernel */
	enum hv_kvm_state kvm;
	char kvm_reason[160];  /* when not usable */
	char regime_hint[160]; /* what the kvm backend's regime probe may expect, and why */
};

/* Fills *m. What cannot be read stays empty: this never fails. Opens /dev/kvm for a moment. */
void hv_machine_read(struct hv_machine *m);

/* Steal and total jiffies since boot, of all CPUs; false where /proc/stat does not say. Two
 * readings give the share in between. */
bool hv_machine_cpu_time(uint64_t *steal, uint64_t *total);

/* The machine as the "machine" object of a profile. NULL when out of memory; caller deletes. */
cJSON *hv_machine_json(const struct hv_machine *m);

/* {"spectre_v2": "Mitigation: ...", ...} from the kernel's own report; {} where it gives none. */
cJSON *hv_machine_mitigations(void);

/* Which hypervisor runs us: fills is_guest, hypervisor, hypervisor_how, cloud. */
void hv_machine_find_hypervisor(struct hv_machine *m);

/* Reads at most size-1 bytes of a small file into buf, NUL-terminated, trailing white space cut.
 * Returns the length, or -1 (buf is then empty). */
int hv_machine_file(const char *path, char *buf, int size);

#endif
