/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/machine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

int hv_machine_file(const char *path, char *buf, int size)
{
	buf[0] = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int n = 0;
	while (n < size - 1) {
		ssize_t got = read(fd, buf + n, (size_t)(size - 1 - n));
		if (got <= 0)
			break;
		n += (int)got;
	}
	close(fd);
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n] = '\0';
	return n;
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%.*s", (int)size - 1, from);
}

/* The value of "key : value" in /proc/cpuinfo, first processor; NULL when absent. */
static const char *cpuinfo_value(const char *text, const char *key, char *buf, size_t size)
{
	size_t n = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) != 0)
			continue;
		const char *p = line + n;
		while (*p == ' ' || *p == '\t')
			p++;
		if (*p++ != ':')
			continue;
		while (*p == ' ')
			p++;
		snprintf(buf, size, "%.*s", (int)strcspn(p, "\n"), p);
		return buf;
	}
	return NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = words; (p = strstr(p, word)); p += n)
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

static void read_cpu(struct hv_machine *m)
{
	static const struct {
		const char *key; /* x86's or ARM's name for it */
		size_t offset;
	} numbers[] = {
		{"cpu family", offsetof(struct hv_machine, cpu_family)},
		{"model", offsetof(struct hv_machine, cpu_model)},
		{"stepping", offsetof(struct hv_machine, cpu_stepping)},
		{"CPU part", offsetof(struct hv_machine, cpu_model)},
		{"CPU revision", offsetof(struct hv_machine, cpu_stepping)},
	};
	char text[8192], value[4096];

	hv_machine_file("/proc/cpuinfo", text, sizeof(text));
	if (cpuinfo_value(text, "model name", value, sizeof(value)))
		copy_text(m->cpu, sizeof(m->cpu), value);
	else if (cpuinfo_value(text, "CPU part", value, sizeof(value)))
		snprintf(m->cpu, sizeof(m->cpu), "%.31s part %.31s", m->arch, value);
	if (cpuinfo_value(text, "vendor_id", value, sizeof(value)) ||
	    cpuinfo_value(text, "CPU implementer", value, sizeof(value)))
		copy_text(m->cpu_vendor, sizeof(m->cpu_vendor), value);
	m->cpu_family = m->cpu_model = m->cpu_stepping = -1;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (cpuinfo_value(text, numbers[i].key, value, sizeof(value)))
			*(int *)((char *)m + numbers[i].offset) = (int)strtol(value, NULL, 0);
	if (cpuinfo_value(text, "cpu MHz", value, sizeof(value)))
		m->clock_hz = strtod(value, NULL) * 1e6;
	if (cpuinfo_value(text, "flags", value, sizeof(value))) {
		m->has_vmx = has_word(value, "vmx");
		m->has_svm = has_word(value, "svm");
	}
	m->cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		m->cores_allowed = CPU_COUNT(&set);
}

static uint64_t cache_bytes(int level)
{
	for (int index = 0; index < 8; index++) {
		char path[96], text[32];
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/level",
			 index);
		if (hv_machine_file(path, text, sizeof(text)) <= 0)
			break;
		if (atoi(text) != level)
			continue;
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%d/size",
			 index);
		hv_machine_file(path, text, sizeof(text));
		char *end;
		uint64_t n = strtoull(text, &end, 10);
		return *end == 'K' ? n << 10 : *end == 'M' ? n << 20 : n;
	}
	return 0;
}

static uint64_t memory_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

bool hv_machine_cpu_time(uint64_t *steal, uint64_t *total)
{
	char text[512];
	hv_machine_file("/proc/stat", text, sizeof(text));
	/* user nice system idle iowait irq softirq steal; guest times are already inside user. */
	unsigned long long v[8];
	if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6], &v[7]) != 8)
		return false;
	*total = 0;
	for (int i = 0; i < 8; i++)
		*total += v[i];
	*steal = v[7];
	return true;
}

static void read_container(struct hv_machine *m)
{
	char text[4096];
	if (access("/.dockerenv", F_OK) == 0) {
		copy_text(m->container, sizeof(m->container), "docker");
	} else if (access("/run/.containerenv", F_OK) == 0) {
		copy_text(m->container, sizeof(m->container), "podman");
	} else if (hv_machine_file("/run/systemd/container", text, sizeof(text)) > 0) {
		copy_text(m->container, sizeof(m->container), text);
	} else if (hv_machine_file("/proc/1/cgroup", text, sizeof(text)) > 0) {
		static const char *const marks[] = {"docker", "kubepods", "lxc", "containerd"};
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (strstr(text, marks[i]))
				copy_text(m->container, sizeof(m->container), marks[i]);
	}
}

static void read_kvm(struct hv_machine *m)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		int why = errno;
		m->kvm = why == ENOENT || why == ENXIO || why == ENODEV ? HV_KVM_ABSENT
			 : why == EACCES || why == EPERM		? HV_KVM_DENIED
									: HV_KVM_BROKEN;
		snprintf(m->kvm_reason, sizeof(m->kvm_reason), "/dev/kvm: %s", strerror(why));
		return;
	}
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);
	close(fd);
	if (version != KVM_API_VERSION) {
		m->kvm = HV_KVM_BROKEN;
		snprintf(m->kvm_reason, sizeof(m->kvm_reason),
			 version < 0 ? "/dev/kvm does not answer KVM_GET_API_VERSION"
				     : "/dev/kvm speaks API version %d, not %d",
			 version, KVM_API_VERSION);
		return;
	}
	m->kvm = HV_KVM_USABLE;
	if (m->has_vmx || m->has_svm)
		copy_text(m->regime_hint, sizeof(m->regime_hint),
			  m->is_guest
				  ? "cpl0 likely: nested hardware virtualization (the CPU shows "
				    "the extension to this guest)"
				  : "cpl0: the CPU has hardware virtualization");
	else if (strcmp(m->arch, "x86_64") == 0)
		copy_text(m->regime_hint, sizeof(m->regime_hint),
			  "cpl3 likely: /dev/kvm works although the CPU shows neither vmx nor svm, "
			  "so "
			  "this KVM is software");
}

void hv_machine_read(struct hv_machine *m)
{
	*m = (struct hv_machine){.load_1m = -1, .steal = -1};

	struct utsname u;
	if (uname(&u) == 0) {
		copy_text(m->arch, sizeof(m->arch), u.machine);
		copy_text(m->kernel, sizeof(m->kernel), u.release);
		copy_text(m->kernel_version, sizeof(m->kernel_version), u.version);
	}
	read_cpu(m);
	m->memory_bytes = memory_bytes();
	m->l2_bytes = cache_bytes(2);
	m->l3_bytes = cache_bytes(3);
	hv_machine_file("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			m->clocksource, sizeof(m->clocksource));
	hv_machine_file("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", m->governor,
			sizeof(m->governor));
	char text[64];
	if (hv_machine_file("/proc/loadavg", text, sizeof(text)) > 0)
		m->load_1m = strtod(text, NULL);
	uint64_t steal, total;
	if (hv_machine_cpu_time(&steal, &total) && total > 0)
		m->steal = (double)steal / (double)total;
	read_container(m);
	hv_machine_find_hypervisor(m);
	read_kvm(m);
}

cJSON *hv_machine_mitigations(void)
{
	static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
	cJSON *out = cJSON_CreateObject();
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		char path[sizeof(folder) + 1 + sizeof(entries[i]->d_name)], text[256];
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && hv_machine_file(path, text, sizeof(text)) > 0)
			cJSON_AddStringToObject(out, entries[i]->d_name, text);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return out;
}

static void add_text(cJSON *to, const char *key, const char *text)
{
	if (text[0])
		cJSON_AddStringToObject(to, key, text);
}

static void add_number(cJSON *to, const char *key, double value, double unknown)
{
	if (value != unknown)
		cJSON_AddNumberToObject(to, key, value);
}

cJSON *hv_machine_json(const struct hv_machine *m)
{
	static const char *const kvm_states[] = {"absent", "denied", "broken", "usable"};
	cJSON *out = cJSON_CreateObject();
	if (!out)
		return NULL;
	add_text(out, "arch", m->arch);
	add_text(out, "cpu", m->cpu);
	add_text(out, "cpu_vendor", m->cpu_vendor);
	add_number(out, "cpu_family", m->cpu_family, -1);
	add_number(out, "cpu_model", m->cpu_model, -1);
	add_number(out, "cpu_stepping", m->cpu_stepping, -1);
	cJSON_AddNumberToObject(out, "cores", m->cores);
	add_number(out, "cores_allowed", m->cores_allowed, m->cores);
	add_number(out, "clock_hz", m->clock_hz, 0);
	add_number(out, "memory_bytes", (double)m->memory_bytes, 0);
	add_number(out, "l2_bytes", (double)m->l2_bytes, 0);
	add_number(out, "l3_bytes", (double)m->l3_bytes, 0);
	add_text(out, "kernel", m->kernel);
	add_text(out, "kernel_version", m->kernel_version);
	add_text(out, "clocksource", m->clocksource);
	add_text(out, "governor", m->governor);
	add_number(out, "load_1m", m->load_1m, -1);
	add_number(out, "steal", m->steal, -1);
	cJSON_AddBoolToObject(out, "nested", m->is_guest);
	add_text(out, "hypervisor", m->hypervisor);
	add_text(out, "hypervisor_how", m->hypervisor_how);
	add_text(out, "cloud", m->cloud);
	add_text(out, "container", m->container);
	cJSON_AddStringToObject(out, "kvm", kvm_states[m->kvm]);
	add_text(out, "kvm_reason", m->kvm_reason);
	add_text(out, "regime_hint", m->regime_hint);
	cJSON_AddItemToObject(out, "mitigations", hv_machine_mitigations());
	return out;
}
