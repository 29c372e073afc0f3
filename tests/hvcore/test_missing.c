/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Machines that lack something: what does not work is named with its reason, and what needs it
 * falls back on the next best thing or says that it is skipped. The programs are run as a user
 * would, on this machine with something taken away: by a seccomp filter, a mount namespace or a
 * limit. (Without the right to open /dev/kvm and without namespaces: tests/cli/test_calibrate.c.)
 */
#include "tests/hvcore/run.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <errno.h>
#include <linux/kvm.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool succeeds(const char *command)
{
	struct program_result r = program_run("%s", command);
	bool yes = r.code == 0;
	program_free(&r);
	return yes;
}

/* Whether a command's output has the text; prints it where not. */
static bool says(const struct program_result *r, const char *text)
{
	if (strstr(r->out, text) || strstr(r->err, text))
		return true;
	printf("\n'%s' is not in\n%s%s", text, r->out, r->err);
	return false;
}

/* From here on every KVM_CREATE_VM of this process and what it starts fails so. */
static int make_kvm_fail(int error)
{
	const struct scmp_arg_cmp creates = {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = KVM_CREATE_VM};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter ? seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((unsigned)error),
						 SCMP_SYS(ioctl), 1, &creates)
			: -1;
	rc = rc ? rc : seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

/* From here on this process and what it starts get no seccomp filter any more. */
static int make_seccomp_fail(void)
{
	const struct scmp_arg_cmp filters = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter ? seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
						 &filters)
			: -1;
	rc = rc ? rc
		: seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0,
					 NULL);
	rc = rc ? rc : seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

/* In a process of its own, whose status says which of the checks failed. */
static int look_at_busy_kvm(void)
{
	if (make_kvm_fail(EBUSY))
		return 10;
	struct program_result list = program_run("$BIN/hvcore list");
	struct program_result run = program_run(RUN_GUEST "hello");
	struct program_result only = program_run(RUN_GUEST "hello --backend kvm");
	struct program_result probe =
		program_run("$BIN/hvcore probe exit.pio_user --backend kvm --quick");
	if (list.code != 0 || !says(&list, "NOT HERE: KVM cannot create a machine: Device or "
					   "resource busy"))
		return 1;
	/* The next backend takes the guest, and it is said why. */
	if (run.code != 0 || !says(&run, "hello\n") ||
	    !says(&run, "not on kvm: KVM_CREATE_VM: Device or resource busy"))
		return 2;
	if (only.code != 1 || !says(&only, "Device or resource busy"))
		return 3;
	if (probe.code != 1 || !says(&probe, "\"failed\":\"KVM cannot create a machine"))
		return 4;
	return 0;
}

/* Of a kernel without seccomp: the guest's first instruction is not run. That of trap needs it
 * itself. */
static int look_at_missing_seccomp(void)
{
	static const char *const backends[] = {"kvm", "emulator"};
	if (make_seccomp_fail())
		return 10;
	for (int i = 0; i < 2; i++) {
		struct program_result may = program_run(
			"$BIN/hvcore run hello --no-sandbox --json --backend %s", backends[i]);
		if (may.code != 0)
			continue; /* no such backend here */
		struct program_result not =
			program_run("$BIN/hvcore run hello --json --backend %s", backends[i]);
		if (!says(&may, "hello\n") || !says(&may, "\"sandbox\":false"))
			return 1;
		if (not .code != 1 || not .out[0])
			return 2;
		if (!says(&not,
			  "hvcore: the guest was not run, as it would be without a sandbox: ") ||
		    !says(&not, "; --no-sandbox runs it so\n"))
			return 3;
	}
	return 0;
}

static void in_a_process(int (*look)(void))
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		int failed = look();
		fflush(stdout);
		_exit(failed);
	}
	int status = 0;
	CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
	CU_ASSERT(WIFEXITED(status));
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static void a_busy_kvm_is_named_and_the_next_backend_runs_the_guest(void)
{
	if (succeeds(RUN_GUEST "hello --backend kvm"))
		in_a_process(look_at_busy_kvm);
	else
		test_skip("no kvm that could be busy");
}

static void without_seccomp_a_guest_runs_only_when_told_to(void)
{
	if (succeeds(RUN_GUEST "hello --backend kvm") ||
	    succeeds(RUN_GUEST "hello --backend emulator"))
		in_a_process(look_at_missing_seccomp);
	else
		test_skip("neither kvm nor emulator runs guests here");
}

static void without_dev_kvm_the_next_backend_runs_the_guest(void)
{
	if (!succeeds("unshare -rm mount -t tmpfs none /dev")) {
		test_skip("cannot hide /dev in a mount namespace here");
		return;
	}
#define WITHOUT_DEV "unshare -rm sh -c 'mount -t tmpfs none /dev && exec "
	PROGRAM_EXPECT(0, "not on kvm: /dev/kvm", WITHOUT_DEV RUN_GUEST "hello'");
	PROGRAM_EXPECT(0, "hello\n", WITHOUT_DEV RUN_GUEST "hello'");
	PROGRAM_EXPECT(1, "No such file or directory",
		       WITHOUT_DEV RUN_GUEST "hello --backend kvm'");
	PROGRAM_EXPECT(0, "kvm-absent", WITHOUT_DEV "$BIN/hvcore doctor --json'");
}

static bool names_what_lacks(const char *text, const char *const *names)
{
	for (; *names; names++)
		if (strstr(text, *names))
			return true;
	printf("\nnothing is named in %s", text);
	return false;
}

/* Whatever the limit, each backend runs the guest or says that it has too few, and once there are
 * enough it goes on working. prlimit, since a shell needs descriptors of its own. */
static void without_descriptors_each_backend_says_so(void)
{
	/* All that a backend opens. */
	static const char *const opened[] = {"hvcore: /dev/kvm",
					     "hvcore: KVM_CREATE_VM",
					     "hvcore: KVM_CREATE_VCPU",
					     "a memfd for the guest's memory",
					     "a memfd for the page shared with the guest's process",
					     "a memfd for the program in the guest's process",
					     "a second descriptor of the guest's memory",
					     "a second descriptor of the guest's shared page",
					     "a second descriptor of the guest's program",
					     "libunicorn.so.2: cannot open",
					     NULL};
	static const char *const backends[] = {"kvm", "trap", "emulator"};
	for (size_t b = 0; b < sizeof(backends) / sizeof(backends[0]); b++) {
		char command[128];
		snprintf(command, sizeof(command), RUN_GUEST "hello --backend %s", backends[b]);
		if (!succeeds(command)) {
			test_skip("%s does not work here", backends[b]);
			continue;
		}
		bool worked = false, refused = false;
		for (int limit = 4; limit <= 16; limit += 1) {
			struct program_result r =
				program_run("prlimit --nofile=%d " RUN_GUEST "hello --backend %s",
					    limit, backends[b]);
			/* Below that the program cannot even be loaded. */
			if (r.code == 127 && !worked && !refused) {
				program_free(&r);
				continue;
			}
			CU_ASSERT(r.code == 0 || (r.code == 1 && !worked));
			CU_ASSERT(r.code == 0 ? says(&r, "hello\n") : r.err[0] != '\0');
			if (r.code == 1) {
				CU_ASSERT(names_what_lacks(r.err, opened));
				CU_ASSERT(says(&r, ": Too many open files\n"));
			}
			refused |= r.code == 1;
			worked |= r.code == 0;
			program_free(&r);
		}
		/* An emulator whose library is linked in needs one, as loading the program does. */
		CU_ASSERT(worked && (refused || strcmp(backends[b], "emulator") == 0));
	}
}

/* A measurement that is no good (noise, no line through its batches) is the machine's fault, and
 * hides what the probe did without: tried again. */
static struct program_result run_with_descriptors(int limit, const char *command)
{
	struct program_result r = program_run("prlimit --nofile=%d %s", limit, command);
	for (int i = 0; i < 8 && r.code && !strstr(r.out, ": Too many open files"); i++) {
		program_free(&r);
		r = program_run("prlimit --nofile=%d %s", limit, command);
	}
	return r;
}

/* The same of probes, which have failed with that reason, or did without and say so. */
static void without_descriptors_probes_say_what_they_lack(void)
{
	static const struct {
		const char *probe, *says; /* at one limit, before it works */
	} rows[] = {
		{"map.1m.os --backend container", "\"a socket pair for a container: "},
		{"syscall.container", "without cgroup: /proc/self/mountinfo: "},
		{"blk.read_4k_irq.para --backend kvm", "\"an eventfd for the devices' interrupt: "},
		{"irq.inject --backend kvm", "\"an eventfd for the doorbell: "},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char command[128];
		bool said = false, worked = false;
		snprintf(command, sizeof(command), "$BIN/hvcore probe %s --quick", rows[i].probe);
		/* How many are open beforehand is the caller's affair. */
		for (int limit = 4; limit <= 20 && !worked; limit++) {
			struct program_result r = run_with_descriptors(limit, command);
			const char *lacks = strstr(r.out, ": Too many open files");
			said |= lacks && strstr(r.out, rows[i].says);
			/* 127: the loader had no descriptor for a library */
			CU_ASSERT(r.code == 0 || r.code == 127 || strstr(r.out, "\"failed\":"));
			worked = !lacks && (r.code == 0 || strstr(r.out, "too noisy"));
			program_free(&r);
		}
		if (!said && !succeeds(command)) {
			test_skip("%s does not work here", rows[i].probe);
			continue;
		}
		CU_ASSERT(said);
		CU_ASSERT(worked);
	}
}

/* Rights and groups would not help. */
static void without_descriptors_the_doctor_asks_for_them(void)
{
	bool said = false;
	for (int limit = 4; limit <= 16; limit++) {
		struct program_result r =
			program_run("prlimit --nofile=%d $BIN/hvcore doctor", limit);
		const char *problem =
			strstr(r.out, "\nlimits: a container cannot have every layer: ");
		problem = problem ? problem
				  : strstr(r.out, "\nlimits: containers have no control group: ");
		const char *why = problem ? strstr(problem, ": Too many open files\n") : NULL;
		if (why) {
			said = true;
			CU_ASSERT(says(&r, "ulimit -n 1024"));
			CU_ASSERT_PTR_NULL(strstr(why, "run as root"));
		}
		program_free(&r);
	}
	CU_ASSERT(said);
}

static bool groups_can_be_unmounted(void)
{
	if (succeeds("unshare -m umount -l /sys/fs/cgroup"))
		return true;
	test_skip("cannot unmount control groups in a mount namespace here");
	return false;
}

static void without_control_groups_containers_do_without_and_say_so(void)
{
	if (!groups_can_be_unmounted())
		return;
#define WITHOUT_GROUPS "unshare -m sh -c 'umount -l /sys/fs/cgroup; exec $BIN/hvcore "
	PROGRAM_EXPECT(0,
		       "containers have no control group: cgroup: no cgroup file system is "
		       "mounted",
		       WITHOUT_GROUPS "doctor'");
	PROGRAM_EXPECT(0, "mount -t cgroup2", WITHOUT_GROUPS "doctor'");
	struct program_result r =
		program_run(WITHOUT_GROUPS "probe syscall.container --backend container --quick'");
	/* Too noisy is the machine's fault. */
	CU_ASSERT(strstr(r.out, "too noisy") ||
		  says(&r, "without cgroup: no cgroup file system is mounted"));
	program_free(&r);
}

/* A machine of which version 2 is taken away, or a mount of version 1 where the machine lets one
 * controller go. */
static void with_version_one_only_containers_use_that(void)
{
	static const char setup[] =
		"umount -l /sys/fs/cgroup; mount -t tmpfs none /sys/fs/cgroup && "
		"mkdir /sys/fs/cgroup/pids && mount -t cgroup -o pids none /sys/fs/cgroup/pids";
	if (!groups_can_be_unmounted())
		return;
	struct program_result r = program_run("unshare -m sh -c '%s'", setup);
	bool mounted = r.code == 0;
	program_free(&r);
	if (!mounted) {
		test_skip("no controller can be had in a hierarchy of version 1 here");
		return;
	}
	PROGRAM_EXPECT(0, "\"cgroup_version\":1",
		       "unshare -m sh -c '%s && $BIN/hvcore doctor --json'", setup);
	r = program_run("unshare -m sh -c '%s && $BIN/hvcore probe container.cgroup --quick'",
			setup);
	CU_ASSERT(r.code == 0 || strstr(r.out, "too noisy") || strstr(r.out, "not linear"));
	program_free(&r);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_busy_kvm_is_named_and_the_next_backend_runs_the_guest",
		 a_busy_kvm_is_named_and_the_next_backend_runs_the_guest},
		{"without_seccomp_a_guest_runs_only_when_told_to",
		 without_seccomp_a_guest_runs_only_when_told_to},
		{"without_dev_kvm_the_next_backend_runs_the_guest",
		 without_dev_kvm_the_next_backend_runs_the_guest},
		{"without_descriptors_each_backend_says_so",
		 without_descriptors_each_backend_says_so},
		{"without_descriptors_probes_say_what_they_lack",
		 without_descriptors_probes_say_what_they_lack},
		{"without_descriptors_the_doctor_asks_for_them",
		 without_descriptors_the_doctor_asks_for_them},
		{"without_control_groups_containers_do_without_and_say_so",
		 without_control_groups_containers_do_without_and_say_so},
		{"with_version_one_only_containers_use_that",
		 with_version_one_only_containers_use_that},
		{0},
	};
	return test_main("missing", cases, argc, argv);
}
