/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Does a container isolate? Each case runs a function inside that looks for what must not be there
 * and sends what it found.
 */
#include "hvcore/host/container.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

struct found {
	long values[8];
	char text[256];
};

static const unsigned namespaces_and_filter = HV_LAYERS_ALL & ~(1u << HV_LAYER_CGROUP);

/* Runs `look` in a container and receives what it found; false (and skipped) when this machine does
 * not permit what the case needs. */
static bool look_inside(int (*look)(void *, int), unsigned must, struct found *f)
{
	const struct hv_container_spec spec = {.want = HV_LAYERS_ALL, .must = must, .main = look};
	struct hv_container c;
	struct err e = {0};
	int status;

	int rc = hv_container_create(&c, &spec, &e);
	if (rc == ERR_DENIED || rc == ERR_UNSUPPORTED) {
		test_skip("%s", e.text);
		return false;
	}
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	ssize_t got = recv(c.channel, f, sizeof(*f), 0);
	CU_ASSERT_EQUAL(got, sizeof(*f));
	CU_ASSERT_EQUAL(hv_container_wait(&c, 5000, &status, &e), 0);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);
	return got == sizeof(*f);
}

static int tell(int channel, const struct found *f)
{
	return send(channel, f, sizeof(*f), 0) == sizeof(*f) ? 0 : 1;
}

static int count_entries(const char *path, bool (*counts)(const char *))
{
	DIR *d = opendir(path);
	if (!d)
		return -1;
	int n = 0;
	for (struct dirent *x; (x = readdir(d));)
		n += counts(x->d_name);
	closedir(d);
	return n;
}

static bool is_process(const char *name)
{
	return name[0] >= '1' && name[0] <= '9';
}

static int see_processes(void *arg, int channel)
{
	struct found f = {.values = {getpid(), kill(-1, 0) == 0 ? 0 : errno,
				     count_entries("/proc", is_process)}};
	(void)arg;
	return tell(channel, &f);
}

static void is_process_one_and_sees_no_other(void)
{
	struct found f;
	if (!look_inside(see_processes, namespaces_and_filter, &f))
		return;
	CU_ASSERT_EQUAL(f.values[0], 1);
	CU_ASSERT_EQUAL(f.values[1], ESRCH);
	/* -1: /proc could not be mounted, which is allowed. */
	CU_ASSERT_TRUE(f.values[2] == 1 || f.values[2] == -1);
}

static int see_network(void *arg, int channel)
{
	struct found f = {0};
	struct ifreq lo = {.ifr_name = "lo"};
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	(void)arg;
	for (unsigned i = 1; i < 64; i++) {
		struct ifreq r = {.ifr_ifindex = (int)i};
		f.values[0] += ioctl(s, SIOCGIFNAME, &r) == 0;
	}
	f.values[1] = ioctl(s, SIOCGIFFLAGS, &lo) == 0 ? lo.ifr_flags & IFF_UP : -1;
	f.values[2] = s;
	return tell(channel, &f);
}

static void has_no_network_but_a_loopback_that_is_down(void)
{
	struct found f;
	if (!look_inside(see_network, namespaces_and_filter, &f))
		return;
	CU_ASSERT_TRUE(f.values[2] >= 0);
	CU_ASSERT_EQUAL(f.values[1], 0);
	CU_ASSERT_EQUAL(f.values[0], 1);
}

static int see_files(void *arg, int channel)
{
	struct found f = {0};
	DIR *d = opendir("/");
	(void)arg;
	for (struct dirent *x; d && (x = readdir(d));)
		if (x->d_name[0] != '.')
			strncat(f.text, x->d_name, sizeof(f.text) - strlen(f.text) - 1);
	f.values[0] = open("/etc/passwd", O_RDONLY);
	f.values[1] = errno;
	f.values[2] = chdir("..") == 0 && open("etc/passwd", O_RDONLY) < 0 ? errno : 0;
	return tell(channel, &f);
}

static void sees_an_empty_root_only(void)
{
	struct found f;
	if (!look_inside(see_files, namespaces_and_filter, &f))
		return;
	CU_ASSERT_TRUE(strlen(f.text) <= strlen("proctmp"));
	CU_ASSERT_PTR_NULL(strstr(f.text, "etc"));
	CU_ASSERT_EQUAL(f.values[0], -1);
	CU_ASSERT_EQUAL(f.values[1], ENOENT);
	CU_ASSERT_EQUAL(f.values[2], ENOENT);
}

static int see_host_name(void *arg, int channel)
{
	struct found f = {0};
	struct utsname u;
	(void)arg;
	uname(&u);
	snprintf(f.text, sizeof(f.text), "%s", u.nodename);
	f.values[0] = getuid();
	return tell(channel, &f);
}

static void has_a_host_name_of_its_own(void)
{
	struct found f;
	char before[256], after[256];
	gethostname(before, sizeof(before));
	if (!look_inside(see_host_name, namespaces_and_filter, &f))
		return;
	gethostname(after, sizeof(after));
	CU_ASSERT_STRING_EQUAL(f.text, "container");
	CU_ASSERT_STRING_EQUAL(before, after);
	CU_ASSERT_EQUAL(f.values[0], 0);
}

static long errno_of(long result)
{
	return result < 0 ? errno : 0;
}

static int try_forbidden(void *arg, int channel)
{
	struct found f = {0};
	(void)arg;
	f.values[0] = errno_of(mount("x", "/tmp", "tmpfs", 0, NULL));
	f.values[1] = errno_of(unshare(CLONE_NEWUSER));
	f.values[2] = errno_of(syscall(SYS_clone, (long)(CLONE_NEWUSER | SIGCHLD), 0, 0, 0, 0));
	f.values[3] = errno_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	f.values[4] = errno_of(syscall(SYS_clone3, 0, 0));
	f.values[5] = errno_of(syscall(SYS_getppid));
	/* Two that the filter allows and the lack of capabilities forbids. */
	f.values[6] = errno_of(sethostname("again", 5));
	f.values[7] = errno_of(mkdir("/tmp/ours", 0700));
	return tell(channel, &f);
}

static void calls_that_are_not_on_the_list_are_denied(void)
{
	struct found f;
	if (!look_inside(try_forbidden, namespaces_and_filter, &f))
		return;
	CU_ASSERT_EQUAL(f.values[0], EPERM);
	CU_ASSERT_EQUAL(f.values[1], EPERM);
	CU_ASSERT_EQUAL(f.values[2], EPERM);
	CU_ASSERT_EQUAL(f.values[3], EPERM);
	CU_ASSERT_EQUAL(f.values[4], ENOSYS);
	CU_ASSERT_EQUAL(f.values[5], 0);
	CU_ASSERT_EQUAL(f.values[6], EPERM);
	CU_ASSERT_EQUAL(f.values[7], 0);
}

/* Not filtered, so that it is the lack of rights that is seen. */
static int try_rights(void *arg, int channel)
{
	struct found f = {0};
	(void)arg;
	f.values[0] = errno_of(mount("x", "/tmp", "tmpfs", 0, NULL));
	f.values[1] = errno_of(sethostname("again", 5));
	f.values[2] = errno_of(syscall(SYS_setuid, 1));
	return tell(channel, &f);
}

static void capabilities_are_gone_even_without_the_filter(void)
{
	const struct hv_container_spec spec = {
		.want = HV_LAYERS_ALL & ~HV_LAYER_BIT(HV_LAYER_SECCOMP),
		.must = HV_LAYER_BIT(HV_LAYER_USER) | HV_LAYER_BIT(HV_LAYER_MOUNT),
		.main = try_rights};
	struct hv_container c;
	struct found f = {0};
	struct err e = {0};
	if (hv_container_create(&c, &spec, &e) != 0) {
		test_skip("%s", e.text);
		return;
	}
	CU_ASSERT_FALSE(c.have & HV_LAYER_BIT(HV_LAYER_SECCOMP));
	CU_ASSERT_EQUAL(recv(c.channel, &f, sizeof(f), 0), sizeof(f));
	CU_ASSERT_EQUAL(f.values[0], EPERM);
	CU_ASSERT_EQUAL(f.values[1], EPERM);
	CU_ASSERT_NOT_EQUAL(f.values[2], 0);
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);
}

static int fork_away(void *arg, int channel)
{
	struct found f = {0};
	(void)arg;
	for (int i = 0; i < 64; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0) {
			f.values[1] = errno;
			break;
		}
		f.values[0]++;
	}
	tell(channel, &f);
	pause();
	return 0;
}

static void a_group_limits_processes_and_takes_them_all_down(void)
{
	const struct hv_container_spec spec = {.want = HV_LAYERS_ALL,
					       .must = HV_LAYER_BIT(HV_LAYER_CGROUP) |
						       HV_LAYER_BIT(HV_LAYER_PID),
					       .limits = {.memory_bytes = 64 << 20, .pids = 20},
					       .main = fork_away};
	struct hv_container c;
	struct found f = {0};
	struct err e = {0};
	if (hv_container_create(&c, &spec, &e) != 0) {
		test_skip("%s", e.text);
		return;
	}
	CU_ASSERT_EQUAL(recv(c.channel, &f, sizeof(f), 0), sizeof(f));
	bool limited = strstr(c.cgroup.limits, "pids") != NULL;
	char group[sizeof(c.cgroup.path[0])];
	strcpy(group, c.cgroup.path[0]);
	CU_ASSERT_EQUAL(access(group, F_OK), 0);
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);
	CU_ASSERT_EQUAL(access(group, F_OK), -1);
	if (!limited) {
		test_skip("no pids controller that can be set here");
		return;
	}
	CU_ASSERT_EQUAL(f.values[0], 19);
	CU_ASSERT_EQUAL(f.values[1], EAGAIN);
}

static int count_descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int idle(void *arg, int channel)
{
	char c;
	(void)arg;
	return recv(channel, &c, 1, 0) == 0 ? 0 : 1;
}

static void many_leave_nothing_behind(void)
{
	const struct hv_container_spec spec = {.want = HV_LAYERS_ALL, .main = idle};
	struct err e = {0};
	int before = count_descriptors();
	for (int i = 0; i < 100; i++) {
		struct hv_container c;
		CU_ASSERT_EQUAL_FATAL(hv_container_create(&c, &spec, &e), 0);
		CU_ASSERT_EQUAL_FATAL(hv_container_destroy(&c, &e), 0);
		CU_ASSERT_EQUAL(c.cgroup.count, 0);
	}
	CU_ASSERT_EQUAL(count_descriptors(), before);
	CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* no child left */
	CU_ASSERT_EQUAL(errno, ECHILD);
}

static void works_for_a_user_who_is_not_root(void)
{
	if (geteuid() != 0) {
		test_skip("all other cases show it: this is not root");
		return;
	}
	pid_t pid = fork();
	if (pid == 0) {
		if (syscall(SYS_setresgid, 65533, 65533, 65533) != 0 ||
		    syscall(SYS_setresuid, 65533, 65533, 65533) != 0)
			_exit(9);
		prctl(PR_SET_DUMPABLE, 1); /* as after an exec; else /proc/self is root's */
		struct hv_container c;
		struct err e;
		unsigned must = namespaces_and_filter;
		int rc = hv_container_try(must, &c, &e);
		_exit(rc == 0 ? (c.have & must) != must : rc == ERR_DENIED ? 77 : 1);
	}
	int status;
	waitpid(pid, &status, 0);
	CU_ASSERT_TRUE_FATAL(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		test_skip("this kernel permits no namespaces to unprivileged users");
	else
		CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
}

static int make_one_and_die(void)
{
	const struct hv_container_spec spec = {
		.want = HV_LAYERS_ALL, .must = HV_LAYER_BIT(HV_LAYER_CGROUP), .main = idle};
	struct hv_container c;
	struct err e;
	if (hv_container_create(&c, &spec, &e) != 0)
		return 77;
	raise(SIGKILL);
	return 1;
}

static void what_a_killed_program_left_is_removed_by_the_next(void)
{
	struct err e = {0};
	struct hv_container c;
	char group[sizeof(c.cgroup.path[0])] = "";
	/* Where groups go, from one of our own. */
	const struct hv_container_spec spec = {
		.want = HV_LAYERS_ALL, .must = HV_LAYER_BIT(HV_LAYER_CGROUP), .main = idle};
	if (hv_container_create(&c, &spec, &e) != 0) {
		test_skip("%s", e.text);
		return;
	}
	strcpy(group, c.cgroup.path[0]);
	*strrchr(group, '/') = '\0';
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);

	pid_t pid = fork();
	if (pid == 0)
		_exit(make_one_and_die());
	int status;
	waitpid(pid, &status, 0);
	CU_ASSERT_TRUE(WIFSIGNALED(status));
	/* The container dies with its maker; its group may take a moment to be free. */
	bool left = true;
	for (int i = 0; i < 500 && left; i++) {
		CU_ASSERT_EQUAL(hv_container_try(0, &c, &e), 0);
		char name[64];
		snprintf(name, sizeof(name), "hvcore-%d-", (int)pid);
		left = false;
		DIR *d = opendir(group);
		CU_ASSERT_PTR_NOT_NULL_FATAL(d);
		for (struct dirent *x; (x = readdir(d));)
			left |= strncmp(x->d_name, name, strlen(name)) == 0;
		closedir(d);
	}
	CU_ASSERT_FALSE(left);
}

static int end_at_once(void *arg, int channel)
{
	(void)arg;
	(void)channel;
	return 5;
}

static int never_end(void *arg, int channel)
{
	(void)arg;
	(void)channel;
	pause();
	return 0;
}

static void the_exit_status_comes_out_and_waiting_has_an_end(void)
{
	struct hv_container_spec spec = {.want = HV_LAYERS_ALL, .main = end_at_once};
	struct hv_container c;
	struct err e = {0};
	int status;
	CU_ASSERT_EQUAL_FATAL(hv_container_create(&c, &spec, &e), 0);
	CU_ASSERT_EQUAL(hv_container_wait(&c, 5000, &status, &e), 0);
	CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);

	spec.main = never_end;
	CU_ASSERT_EQUAL_FATAL(hv_container_create(&c, &spec, &e), 0);
	CU_ASSERT_EQUAL(hv_container_wait(&c, 20, &status, &e), ERR_TIMEOUT);
	CU_ASSERT_EQUAL(hv_container_destroy(&c, &e), 0);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"is_process_one_and_sees_no_other", is_process_one_and_sees_no_other},
		{"has_no_network_but_a_loopback_that_is_down",
		 has_no_network_but_a_loopback_that_is_down},
		{"sees_an_empty_root_only", sees_an_empty_root_only},
		{"has_a_host_name_of_its_own", has_a_host_name_of_its_own},
		{"calls_that_are_not_on_the_list_are_denied",
		 calls_that_are_not_on_the_list_are_denied},
		{"capabilities_are_gone_even_without_the_filter",
		 capabilities_are_gone_even_without_the_filter},
		{"a_group_limits_processes_and_takes_them_all_down",
		 a_group_limits_processes_and_takes_them_all_down},
		{"many_leave_nothing_behind", many_leave_nothing_behind},
		{"works_for_a_user_who_is_not_root", works_for_a_user_who_is_not_root},
		{"what_a_killed_program_left_is_removed_by_the_next",
		 what_a_killed_program_left_is_removed_by_the_next},
		{"the_exit_status_comes_out_and_waiting_has_an_end",
		 the_exit_status_comes_out_and_waiting_has_an_end},
		{0},
	};
	return test_main("container", cases, argc, argv);
}
