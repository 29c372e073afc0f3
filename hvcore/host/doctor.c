/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/doctor.h"
#include "hvcore/host/container.h"
#include "hvcore/hv.h"
#include "hvcore/host/machine.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct findings {
	struct hv_machine machine;
	struct hv_container container; /* of the trial: have and missing */
	int container_rc;
	struct err container_err;
};

/* One thing that can be wrong: fills the problem and what to do, and says whether it is so. */
struct complaint {
	const char *id, *severity;
	bool (*applies)(const struct findings *f, char problem[400], char advice[400]);
};

#define SAY(buffer, ...) snprintf(buffer, 400, __VA_ARGS__)

static bool kvm_absent(const struct findings *f, char problem[400], char advice[400])
{
	const struct hv_machine *m = &f->machine;
	if (m->kvm != HV_KVM_ABSENT)
		return false;
	SAY(problem, "no /dev/kvm: the kvm backend cannot be measured");
	if (m->has_vmx || m->has_svm)
		SAY(advice, "load the module: modprobe %s", m->has_vmx ? "kvm_intel" : "kvm_amd");
	else if (m->is_guest)
		SAY(advice,
		    "this machine is a guest of %s: switch nested virtualization on there, or use "
		    "a "
		    "profile that ships with mcvsim",
		    m->hypervisor);
	else
		SAY(advice,
		    "enable virtualization in the firmware's set-up, if the processor has it");
	return true;
}

static bool kvm_denied(const struct findings *f, char problem[400], char advice[400])
{
	struct stat st;
	if (f->machine.kvm != HV_KVM_DENIED)
		return false;
	SAY(problem, "%s", f->machine.kvm_reason);
	const struct group *group = stat("/dev/kvm", &st) == 0 ? getgrgid(st.st_gid) : NULL;
	if (group && (st.st_mode & 060) == 060 && st.st_gid != 0)
		SAY(advice,
		    "add yourself to the group %s and log in again: sudo usermod -aG %s \"$USER\"",
		    group->gr_name, group->gr_name);
	else
		SAY(advice, "only root may open it here: run as root, or let a group: sudo chgrp "
			    "kvm /dev/kvm "
			    "&& sudo chmod 660 /dev/kvm, then join that group");
	return true;
}

static bool kvm_broken(const struct findings *f, char problem[400], char advice[400])
{
	if (f->machine.kvm != HV_KVM_BROKEN)
		return false;
	SAY(problem, "%s", f->machine.kvm_reason);
	SAY(advice,
	    "look for another user of the virtualization extensions (another hypervisor) and "
	    "into the kernel's log");
	return true;
}

static bool namespaces_refused(const struct findings *f, char problem[400], char advice[400])
{
	static const struct {
		const char *path, *bad, *advice;
	} switches[] = {
		{"/proc/sys/kernel/unprivileged_userns_clone", "0",
		 "sudo sysctl kernel.unprivileged_userns_clone=1"},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
		 "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"},
		{"/proc/sys/user/max_user_namespaces", "0",
		 "sudo sysctl user.max_user_namespaces=10000"},
	};
	static const unsigned wanted = HV_LAYERS_ALL & ~HV_LAYER_BIT(HV_LAYER_CGROUP);
	char text[32];
	if (f->container_rc == 0 && (f->container.have & wanted) == wanted)
		return false;
	SAY(problem, "a container cannot have every layer: %.300s",
	    f->container_rc ? f->container_err.text : f->container.missing);
	SAY(advice, "run as root, or outside of the container that this process may be in");
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (hv_machine_file(switches[i].path, text, sizeof(text)) > 0 &&
		    strcmp(text, switches[i].bad) == 0)
			SAY(advice, "%s, or run as root", switches[i].advice);
	return true;
}

static bool cgroup_refused(const struct findings *f, char problem[400], char advice[400])
{
	if (f->container_rc != 0 || f->container.have & HV_LAYER_BIT(HV_LAYER_CGROUP))
		return false;
	SAY(problem, "containers have no control group: %.300s", f->container.missing);
	int version = hv_cgroup_version(NULL);
	if (version == 0)
		SAY(advice, "mount one: mount -t cgroup2 none /sys/fs/cgroup");
	else if (version == 2)
		SAY(advice, "start it in a group that is yours: systemd-run --user --scope -p "
			    "Delegate=yes COMMAND, or run as root");
	else
		SAY(advice, "run as root; version 1 hierarchies are seldom delegated to users");
	return true;
}

static bool one_core(const struct findings *f, char problem[400], char advice[400])
{
	if (f->machine.cores_allowed >= 2)
		return false;
	SAY(problem, "this process may use one core only: wake.cross_core cannot be measured");
	SAY(advice, "give it two (taskset, cpuset or the machine's own setting)");
	return true;
}

static bool is_loaded(const struct findings *f, char problem[400], char advice[400])
{
	const struct hv_machine *m = &f->machine;
	if (m->load_1m < 0.25 * m->cores)
		return false;
	SAY(problem, "the machine is busy: load %.2f on %d cores", m->load_1m, m->cores);
	SAY(advice, "calibrate when nothing else runs");
	return true;
}

static bool is_stolen_from(const struct findings *f, char problem[400], char advice[400])
{
	if (f->machine.steal < 0.01)
		return false;
	SAY(problem, "the hypervisor has taken %.1f %% of the CPU time since boot",
	    100 * f->machine.steal);
	SAY(advice, "expect scatter; a dedicated host or another hour helps");
	return true;
}

static bool scales_frequency(const struct findings *f, char problem[400], char advice[400])
{
	const char *governor = f->machine.governor;
	if (!governor[0] || strcmp(governor, "performance") == 0)
		return false;
	SAY(problem, "the clock frequency is governed by '%s'", governor);
	SAY(advice, "for steady numbers: sudo cpupower frequency-set -g performance");
	return true;
}

static bool has_slow_clock(const struct findings *f, char problem[400], char advice[400])
{
	static const char *const fast[] = {"tsc", "arch_sys_counter", "kvm-clock",
					   "hyperv_clocksource_tsc_page"};
	for (size_t i = 0; i < sizeof(fast) / sizeof(fast[0]); i++)
		if (strcmp(f->machine.clocksource, fast[i]) == 0)
			return false;
	SAY(problem, "the kernel's clock is '%s', which is slow to read", f->machine.clocksource);
	SAY(advice,
	    "measurements allow for it with longer batches; the kernel's log says why not tsc");
	return true;
}

static bool is_guest(const struct findings *f, char problem[400], char advice[400])
{
	const struct hv_machine *m = &f->machine;
	if (!m->is_guest)
		return false;
	SAY(problem, "this machine is itself a guest of %s (%s)", m->hypervisor, m->hypervisor_how);
	SAY(advice,
	    "the costs measured here are those of nested virtualization; the profile says so");
	return true;
}

/* Whatever lacks, if it lacks for want of descriptors, other rights or settings will not help. */
static void look_at_descriptors(const char *problem, char advice[400])
{
	if (strstr(problem, strerror(ENFILE)))
		SAY(advice, "the whole machine has too many files open: close some, or raise "
			    "fs.file-max");
	else if (strstr(problem, strerror(EMFILE)))
		SAY(advice, "this process may open too few files: ulimit -n 1024");
}

static const struct complaint complaints[] = {
	{"kvm-absent", "limits", kvm_absent},
	{"kvm-denied", "limits", kvm_denied},
	{"kvm-broken", "limits", kvm_broken},
	{"namespaces-refused", "limits", namespaces_refused},
	{"cgroup-refused", "limits", cgroup_refused},
	{"one-core", "limits", one_core},
	{"busy", "noise", is_loaded},
	{"steal", "noise", is_stolen_from},
	{"governor", "noise", scales_frequency},
	{"slow-clock", "noise", has_slow_clock},
	{"is-guest", "note", is_guest},
};

static void add_backends(cJSON *to, const struct findings *f)
{
	for (const struct hv_backend *const *b = hv_backends; *b; b++) {
		struct err e = {0};
		int rc = (*b)->available(&e);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "name", (*b)->name);
		cJSON_AddStringToObject(item, "summary", (*b)->summary);
		cJSON_AddBoolToObject(item, "available", rc == 0);
		if (rc)
			cJSON_AddStringToObject(item, "reason", e.text);
		if (strcmp((*b)->name, "container") == 0 && f->container.missing[0]) {
			char note[450];
			snprintf(note, sizeof(note), "without %s", f->container.missing);
			cJSON_AddStringToObject(item, "note", note);
		}
		enum hv_regime regime;
		if (rc == 0 && (*b)->regime) {
			if ((*b)->regime(&regime, &e) == 0)
				cJSON_AddStringToObject(item, "regime", hv_regime_name(regime));
			else
				cJSON_AddStringToObject(item, "note", e.text);
		}
		cJSON_AddItemToArray(to, item);
	}
}

cJSON *hv_doctor_json(void)
{
	struct findings f = {0};
	cJSON *out = cJSON_CreateObject();
	if (!out)
		return NULL;
	hv_machine_read(&f.machine);
	f.container_rc = hv_container_try(0, &f.container, &f.container_err);

	cJSON *machine = hv_machine_json(&f.machine);
	char layers[128];
	cJSON_AddStringToObject(machine, "container_layers",
				hv_layers_text(f.container.have, layers, sizeof(layers)));
	cJSON_AddNumberToObject(machine, "cgroup_version", hv_cgroup_version(NULL));
	cJSON_AddItemToObject(out, "machine", machine);
	add_backends(cJSON_AddArrayToObject(out, "backends"), &f);

	uint64_t steal, total;
	if (hv_machine_cpu_time(&steal, &total)) {
		cJSON *time = cJSON_AddObjectToObject(out, "cpu_time");
		cJSON_AddNumberToObject(time, "steal", (double)steal);
		cJSON_AddNumberToObject(time, "total", (double)total);
	}
	cJSON *advice = cJSON_AddArrayToObject(out, "advice");
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		char problem[400], what[400];
		if (!complaints[i].applies(&f, problem, what))
			continue;
		look_at_descriptors(problem, what);
		cJSON *item = cJSON_CreateObject();
		cJSON_AddStringToObject(item, "id", complaints[i].id);
		cJSON_AddStringToObject(item, "severity", complaints[i].severity);
		cJSON_AddStringToObject(item, "problem", problem);
		cJSON_AddStringToObject(item, "do", what);
		cJSON_AddItemToArray(advice, item);
	}
	return out;
}
