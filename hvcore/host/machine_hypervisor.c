/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Is this machine itself a guest, and of what? The CPUID leaves that x86 hypervisors answer tell
 * most reliably, then the kernel's own knowledge (/sys/hypervisor, the device tree), then firmware
 * tables.
 */
#include "hvcore/host/machine.h"

#include <stdio.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>

/* Bit 31 of CPUID.1:ECX is reserved for hypervisors; leaf 0x40000000 then gives a 12-byte name. */
static bool cpuid_signature(char name[13])
{
	unsigned a, b, c, d;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
		return false;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	name[12] = '\0';
	return true;
}
#else
static bool cpuid_signature(char name[13])
{
	name[0] = '\0';
	return false;
}
#endif

/* What a text found in `where` means. Order matters within one place: the first match counts. */
struct mark {
	const char *text, *name;
};

static const struct mark cpuid_marks[] = {
	{"KVMKVMKVM", "KVM"},
	{"Linux KVM Hv", "KVM with Hyper-V enlightenments"},
	{"Microsoft Hv", "Microsoft Hyper-V"},
	{"VMwareVMware", "VMware"},
	{"XenVMMXenVMM", "Xen"},
	{"TCGTCGTCGTCG", "QEMU without KVM (TCG)"},
	{"VBoxVBoxVBox", "VirtualBox"},
	{"bhyve bhyve ", "bhyve"},
	{"OpenBSDVMM58", "OpenBSD vmm"},
	{" lrpepyh  vr", "Parallels"},
	{"prl hyperv  ", "Parallels"},
	{"ACRNACRNACRN", "ACRN"},
	{"QNXQVMBSQG", "QNX hypervisor"},
	{"Jailhouse", "Jailhouse"},
	{"SRESRESRESRE", "Lockheed Martin LMHS"},
	{NULL, NULL},
};

static const struct mark dmi_marks[] = {
	{"Amazon EC2", "KVM (Amazon Nitro)"},
	{"Google Compute Engine", "KVM (Google Compute Engine)"},
	{"Xen", "Xen"},
	{"VMware", "VMware"},
	{"innotek", "VirtualBox"},
	{"VirtualBox", "VirtualBox"},
	{"Virtual Machine", "Microsoft Hyper-V"},
	{"Parallels", "Parallels"},
	{"BHYVE", "bhyve"},
	{"QEMU", "QEMU"},
	{"KVM", "KVM"},
	{NULL, NULL},
};

static const char *mark_find(const struct mark *marks, const char *text)
{
	for (; marks->text; marks++)
		if (strstr(text, marks->text))
			return marks->name;
	return NULL;
}

static void found(struct hv_machine *m, const char *name, const char *where, const char *text)
{
	m->is_guest = true;
	if (m->hypervisor[0])
		return;
	snprintf(m->hypervisor, sizeof(m->hypervisor), "%.63s", name);
	snprintf(m->hypervisor_how, sizeof(m->hypervisor_how), "%s says %.48s", where, text);
}

static void from_cpuid(struct hv_machine *m)
{
	char text[13];
	if (!cpuid_signature(text))
		return;
	for (char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	const char *name = mark_find(cpuid_marks, text);
	found(m, name ? name : "an unknown hypervisor", "CPUID leaf 0x40000000", text);
}

static void from_kernel(struct hv_machine *m)
{
	char text[128], role[32];
	if (hv_machine_file("/proc/xen/capabilities", role, sizeof(role)) > 0 &&
	    strstr(role, "control_d"))
		found(m, "Xen (this is its privileged domain)", "/proc/xen/capabilities", role);
	if (hv_machine_file("/sys/hypervisor/type", text, sizeof(text)) > 0)
		found(m, strcmp(text, "xen") == 0 ? "Xen" : text, "/sys/hypervisor/type", text);
	/* ARM has no CPUID leaf: a guest's device tree names its hypervisor. */
	if (hv_machine_file("/proc/device-tree/hypervisor/compatible", text, sizeof(text)) > 0)
		found(m,
		      strstr(text, "xen")   ? "Xen"
		      : strstr(text, "kvm") ? "KVM"
					    : text,
		      "the device tree", text);
	if (strcmp(m->cpu_vendor, "UserModeLinux") == 0 || strstr(m->cpu, "UML"))
		found(m, "User-Mode Linux", "/proc/cpuinfo", "UML");
}

static void from_firmware(struct hv_machine *m)
{
	char vendor[64], product[64], both[130];
	hv_machine_file("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	hv_machine_file("/sys/class/dmi/id/product_name", product, sizeof(product));
	snprintf(both, sizeof(both), "%s %s", vendor, product);
	const char *name = mark_find(dmi_marks, both);
	if (name) {
		snprintf(m->cloud, sizeof(m->cloud), "%.63s", both);
		found(m, name, "DMI", both);
	}

	/* Bytes 10 to 15 of an ACPI table are its maker's name; micro-VMMs have no DMI but do have
	 * this. Only root may read the table. */
	char table[64];
	if (!m->cloud[0] &&
	    hv_machine_file("/sys/firmware/acpi/tables/FACP", table, sizeof(table)) >= 16 &&
	    memcmp(table + 10, "FIRECK", 6) == 0) {
		snprintf(m->cloud, sizeof(m->cloud), "Firecracker");
		found(m, "KVM (Firecracker)", "the ACPI tables", "FIRECK");
	}
}

void hv_machine_find_hypervisor(struct hv_machine *m)
{
	from_cpuid(m);
	from_kernel(m);
	from_firmware(m);
}
