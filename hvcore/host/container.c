/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/container.h"
#include "hvcore/clock.h"
#include "hvcore/host/container_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_LIMIT_MS = 5000 };
#define GROUP_PREFIX "hvcore-"

/* Root inside maps to this user outside when the caller is root, so that the container's root owns
 * nothing of the host. */
enum { NOBODY = 65534 };

static const struct {
	enum hv_layer layer;
	int flag;
} namespaces[] = {
	/* user first: with it the others need no privilege. */
	{HV_LAYER_USER, CLONE_NEWUSER}, {HV_LAYER_PID, CLONE_NEWPID}, {HV_LAYER_MOUNT, CLONE_NEWNS},
	{HV_LAYER_NET, CLONE_NEWNET},	{HV_LAYER_IPC, CLONE_NEWIPC}, {HV_LAYER_UTS, CLONE_NEWUTS},
};
enum { NAMESPACES = sizeof(namespaces) / sizeof(namespaces[0]) };

const char *hv_layers_text(unsigned layers, char *buf, size_t size)
{
	static const char *const names[] = {
#define LAYER_NAME(name, text) text,
		HV_LAYER_LIST(LAYER_NAME)
#undef LAYER_NAME
	};
	size_t used = 0;
	buf[0] = '\0';
	for (int i = 0; i < HV_LAYER_COUNT; i++)
		if (layers & HV_LAYER_BIT(i) && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
						 names[i]);
	return buf;
}

static int clone_flags(unsigned layers)
{
	int flags = 0;
	for (int i = 0; i < NAMESPACES; i++)
		if (layers & HV_LAYER_BIT(namespaces[i].layer))
			flags |= namespaces[i].flag;
	return flags;
}

/* fork with namespaces: a null stack keeps the caller's, copied. */
static pid_t clone_process(unsigned layers)
{
	return (pid_t)syscall(SYS_clone, (unsigned long)(clone_flags(layers) | SIGCHLD), 0, 0, 0,
			      0);
}

static int write_map(pid_t pid, const char *file, const char *text)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int failure = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return failure;
}

/* Tells the kernel who the ids of the new user namespace are. */
static int map_ids(pid_t pid, struct err *e)
{
	char users[64], groups[64];
	bool root = geteuid() == 0;
	int failure;

	snprintf(users, sizeof(users), "0 %u 1", root ? NOBODY : (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", root ? NOBODY : (unsigned)getegid());
	failure = write_map(pid, "uid_map", users);
	if (failure == -EPERM && root) { /* root without CAP_SETUID may map only itself */
		snprintf(users, sizeof(users), "0 0 1");
		snprintf(groups, sizeof(groups), "0 %u 1", (unsigned)getegid());
		failure = write_map(pid, "uid_map", users);
	}
	if (failure == 0)
		write_map(pid, "setgroups",
			  "deny"); /* before gid_map, or an unprivileged one fails */
	if (failure == 0)
		failure = write_map(pid, "gid_map", groups);
	return failure ? err_sys(e, -failure, "mapping user ids") : 0;
}

static int run_inside(const struct hv_container_spec *spec, unsigned layers, int channel)
{
	struct container_report report;
	char go;

	/* The caller's death ends the container, also when it could not clean up. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (recv(channel, &go, 1, 0) != 1)
		return 127;
	/* Root of the new namespace; the ids were mapped by now. */
	if (layers & HV_LAYER_BIT(HV_LAYER_USER) &&
	    (syscall(SYS_setresgid, 0, 0, 0) != 0 || syscall(SYS_setresuid, 0, 0, 0) != 0))
		return 127;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* changing ids has cleared it */
	if (spec->keep_capabilities)
		prctl(PR_SET_DUMPABLE,
		      1); /* and this; without it the ids of its children are not its */
	container_inside(spec, layers, &report);
	if (send(channel, &report, sizeof(report), MSG_NOSIGNAL) != sizeof(report) ||
	    report.failure)
		return 127;
	return spec->main(spec->arg, channel);
}

/* Which namespaces can be had, found by leaving out what the kernel refuses. Called only after the
 * clone call with all of them was refused. */
static unsigned permitted(unsigned want, char *missing, size_t size)
{
	unsigned have = 0;
	for (int i = 0; i < NAMESPACES; i++) {
		unsigned bit = HV_LAYER_BIT(namespaces[i].layer);
		if (!(want & bit))
			continue;
		pid_t pid = clone_process(have | bit);
		if (pid == 0)
			_exit(0);
		if (pid > 0) {
			waitpid(pid, NULL, 0);
			have |= bit;
		} else {
			container_missing(missing, size, namespaces[i].layer,
					  errno == ENOSPC ? "the kernel's limit on them is reached"
							  : strerror(errno));
		}
	}
	return have;
}

static int make_cgroup(struct hv_container *c, const struct hv_container_spec *spec, struct err *e)
{
	static const unsigned bit = HV_LAYER_BIT(HV_LAYER_CGROUP);
	if (!(spec->want & bit))
		return 0;
	char name[64];
	snprintf(name, sizeof(name), GROUP_PREFIX "%d-%llx", (int)getpid(),
		 (unsigned long long)hv_clock_ns());
	int rc = hv_cgroup_create(&c->cgroup, name, &spec->limits, e);
	if (rc == 0) {
		c->have |= bit;
		return 0;
	}
	container_missing(c->missing, sizeof(c->missing), HV_LAYER_CGROUP, e->text);
	return spec->must & bit ? rc : 0;
}

/* The clone call: returns the child's pid in the caller, 0 in the child, or a negative code. */
static pid_t clone_layers(struct hv_container *c, const struct hv_container_spec *spec,
			  unsigned *layers, struct err *e)
{
	*layers = spec->want & ~(HV_LAYER_BIT(HV_LAYER_CGROUP) | HV_LAYER_BIT(HV_LAYER_SECCOMP));
	pid_t pid = clone_process(*layers);
	if (pid < 0 && *layers) {
		unsigned all = *layers;
		*layers = permitted(all, c->missing, sizeof(c->missing));
		if (spec->must & all & ~*layers)
			return err_set(e, ERR_DENIED, "namespaces that the kernel refuses: %s",
				       c->missing);
		pid = clone_process(*layers);
	}
	return pid < 0 ? err_sys(e, errno, "clone") : pid;
}

/* The child waits for this: its ids and its group must be in place before it does anything. */
static int admit(struct hv_container *c, const struct hv_container_spec *spec, unsigned layers,
		 struct err *e)
{
	if (layers & HV_LAYER_BIT(HV_LAYER_USER) && map_ids(c->pid, e) != 0)
		return e->code;
	if (c->have & HV_LAYER_BIT(HV_LAYER_CGROUP) && hv_cgroup_add(&c->cgroup, c->pid, e) != 0) {
		container_missing(c->missing, sizeof(c->missing), HV_LAYER_CGROUP, e->text);
		c->have &= ~HV_LAYER_BIT(HV_LAYER_CGROUP);
		if (spec->must & HV_LAYER_BIT(HV_LAYER_CGROUP))
			return e->code;
	}
	if (send(c->channel, "g", 1, MSG_NOSIGNAL) != 1)
		return err_sys(e, errno, "starting the container's first process");
	return 0;
}

static int await_ready(struct hv_container *c, struct container_report *report, struct err *e)
{
	struct pollfd p = {.fd = c->channel, .events = POLLIN};
	int n;
	do
		n = poll(&p, 1, READY_LIMIT_MS);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_set(e, ERR_TIMEOUT, "the container was not ready within %d s",
			       READY_LIMIT_MS / 1000);
	if (recv(c->channel, report, sizeof(*report), 0) != sizeof(*report))
		return err_set(e, ERR_IO,
			       "the container's first process ended before it was ready");
	if (report->failure)
		return err_set(e, (enum err_code)report->failure, "container: %s", report->text);
	return 0;
}

int hv_container_create(struct hv_container *c, const struct hv_container_spec *spec, struct err *e)
{
	struct container_report report;
	unsigned layers;
	int ends[2];

	*c = (struct hv_container){.channel = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return err_sys(e, errno, "a socket pair for a container");
	c->channel = ends[0];

	uint64_t t0 = hv_clock_ns();
	int rc = make_cgroup(c, spec, e);
	uint64_t t1 = hv_clock_ns(), t2 = t1, t3 = t1;
	if (rc == 0) {
		pid_t pid = clone_layers(c, spec, &layers, e);
		if (pid == 0) {
			close(ends[0]);
			_exit(run_inside(spec, layers, ends[1]));
		}
		rc = pid < 0 ? (int)pid : 0;
		c->pid = pid > 0 ? pid : 0;
		t2 = hv_clock_ns();
	}
	close(ends[1]);
	if (rc == 0) {
		rc = admit(c, spec, layers, e);
		t3 = hv_clock_ns();
	}
	if (rc == 0)
		rc = await_ready(c, &report, e);
	if (rc != 0) {
		struct err ignored;
		hv_container_destroy(c, &ignored);
		return rc;
	}
	c->have |= report.have;
	if (report.text[0]) {
		size_t used = strlen(c->missing);
		snprintf(c->missing + used, sizeof(c->missing) - used, "%s%s", used ? "; " : "",
			 report.text);
	}
	c->steps.cgroup = (double)(t1 - t0);
	c->steps.clone = (double)(t2 - t1);
	c->steps.admit = (double)(t3 - t2);
	c->steps.inside = (double)(report.ready_ns - t3);
	return 0;
}

int hv_container_wait(struct hv_container *c, int limit_ms, int *status, struct err *e)
{
	uint64_t end = hv_clock_ns() + (uint64_t)limit_ms * 1000000;
	for (;;) {
		pid_t got = waitpid(c->pid, status, WNOHANG);
		if (got == c->pid) {
			c->pid = 0;
			return 0;
		}
		if (got < 0 && errno != EINTR)
			return err_sys(e, errno, "waiting for a container");
		if (hv_clock_ns() >= end)
			return err_set(e, ERR_TIMEOUT, "the container still runs after %d ms",
				       limit_ms);
		poll(NULL, 0, 1);
	}
}

int hv_container_destroy(struct hv_container *c, struct err *e)
{
	uint64_t t0 = hv_clock_ns();
	if (c->channel >= 0)
		close(c->channel);
	c->channel = -1;
	if (c->pid > 0) {
		/* Killing process 1 of a pid namespace kills all of it. */
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		c->pid = 0;
	}
	int rc = hv_cgroup_destroy(&c->cgroup, e);
	c->steps.destroy = (double)(hv_clock_ns() - t0);
	return rc;
}

static int do_nothing(void *arg, int channel)
{
	(void)arg;
	(void)channel;
	return 0;
}

int hv_container_try(unsigned must, struct hv_container *c, struct err *e)
{
	const struct hv_container_spec spec = {
		.want = HV_LAYERS_ALL, .must = must, .main = do_nothing};
	hv_cgroup_sweep(GROUP_PREFIX);
	int rc = hv_container_create(c, &spec, e);
	return rc ? rc : hv_container_destroy(c, e);
}
