/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The controllers that a container of ours has a group for: hierarchies of version 1. */
static const char *const controllers[] = {"memory", "pids", "cpu"};
enum { CONTROLLERS = 3 };

/* Where this host mounts what: read from /proc/self/mountinfo. */
struct hierarchy {
	char v2[192];
	char v1[CONTROLLERS][192];
};

static bool has_option(const char *options, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* The caller's own group in the hierarchy of `controller` (NULL: version 2), from
 * /proc/self/cgroup's "id:controllers:/path" lines; "/" when it is not told. */
static void own_group(const char *controller, char *out, size_t size)
{
	snprintf(out, size, "/");
	FILE *f = fopen("/proc/self/cgroup", "re");
	if (!f)
		return;
	char line[512];
	while (fgets(line, sizeof(line), f)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		names++;
		if (controller ? has_option(names, controller) : names[0] == '\0')
			snprintf(out, size, "%s", path);
	}
	fclose(f);
}

static int write_file(const char *folder, const char *file, const char *text)
{
	char path[320];
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, strlen(text));
	int failure = n < 0 ? -errno : 0;
	close(fd);
	return failure;
}

/* Version 2 is used where it holds a controller of ours: on mixed hosts it may be mounted with a
 * few others, or none. */
static bool v2_has_controllers(const struct hierarchy *h)
{
	char path[256], text[256] = "";
	if (!h->v2[0])
		return false;
	snprintf(path, sizeof(path), "%s/cgroup.controllers", h->v2);
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	char *rest = text;
	for (const char *word; (word = strtok_r(rest, " \n", &rest));)
		for (int i = 0; i < CONTROLLERS; i++)
			if (strcmp(word, controllers[i]) == 0)
				return true;
	return false;
}

static int version_of(const struct hierarchy *h)
{
	if (v2_has_controllers(h))
		return 2;
	for (int i = 0; i < CONTROLLERS; i++)
		if (h->v1[i][0])
			return 1;
	return h->v2[0] ? 2 : 0;
}

/* The version, or 0 with the reason. */
static int find_hierarchies(struct hierarchy *h, struct err *e)
{
	*h = (struct hierarchy){0};
	FILE *f = fopen("/proc/self/mountinfo", "re");
	if (!f) {
		err_sys(e, errno, "/proc/self/mountinfo");
		return 0;
	}
	char line[1024];
	while (fgets(line, sizeof(line), f)) {
		char point[192], type[32], options[256];
		const char *dash = strstr(line, " - ");
		if (!dash || sscanf(line, "%*s %*s %*s %*s %191s", point) != 1 ||
		    sscanf(dash, " - %31s %*s %255s", type, options) != 2)
			continue;
		if (strcmp(type, "cgroup2") == 0 && !h->v2[0])
			strcpy(h->v2, point);
		for (int i = 0; i < CONTROLLERS && strcmp(type, "cgroup") == 0; i++)
			if (has_option(options, controllers[i]) && !h->v1[i][0])
				strcpy(h->v1[i], point);
	}
	fclose(f);
	int version = version_of(h);
	if (version == 0)
		err_set(e, ERR_UNSUPPORTED, "no cgroup file system is mounted");
	return version;
}

int hv_cgroup_version(struct err *e)
{
	struct hierarchy h;
	return find_hierarchies(&h, e);
}

/* Makes one folder of the group; on version 1 two controllers can share a hierarchy, and the second
 * finds the folder made. */
static int make_group(struct hv_cgroup *g, const char *mount, const char *own, const char *name,
		      struct err *e)
{
	char path[sizeof(g->path[0])];
	int n = snprintf(path, sizeof(path), "%s%s%s%s", mount, own,
			 own[strlen(own) - 1] == '/' ? "" : "/", name);
	if (n >= (int)sizeof(path))
		return err_set(e, ERR_LIMIT, "the path of this process's cgroup is too long");
	for (int i = 0; i < g->count; i++)
		if (strcmp(g->path[i], path) == 0)
			return 0;
	if (mkdir(path, 0755) != 0)
		return err_sys(e, errno, "making a group in %s%s", mount, own);
	strcpy(g->path[g->count++], path);
	return 0;
}

static void set_limit(struct hv_cgroup *g, const char *file, uint64_t value, const char *name)
{
	char text[32];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	for (int i = 0; i < g->count && value > 0; i++) {
		if (write_file(g->path[i], file, text) != 0)
			continue;
		size_t used = strlen(g->limits);
		snprintf(g->limits + used, sizeof(g->limits) - used, "%s%s", used ? " " : "", name);
		return;
	}
}

int hv_cgroup_create(struct hv_cgroup *g, const char *name, const struct hv_cgroup_limits *limits,
		     struct err *e)
{
	struct hierarchy h;
	char own[256];

	*g = (struct hv_cgroup){0};
	g->version = find_hierarchies(&h, e);
	if (g->version == 0)
		return e ? (int)e->code : ERR_UNSUPPORTED;

	int failure = 0;
	if (g->version == 2) {
		own_group(NULL, own, sizeof(own));
		failure = make_group(g, h.v2, own, name, e);
	}
	/* One hierarchy that refuses is no reason to go without the others. */
	for (int i = 0; i < CONTROLLERS && g->version == 1; i++) {
		if (!h.v1[i][0])
			continue;
		own_group(controllers[i], own, sizeof(own));
		int one = make_group(g, h.v1[i], own, name, e);
		failure = failure ? failure : one;
	}
	if (g->count == 0) {
		g->version = 0;
		return failure;
	}
	set_limit(g, g->version == 2 ? "memory.max" : "memory.limit_in_bytes", limits->memory_bytes,
		  "memory");
	set_limit(g, "pids.max", limits->pids, "pids");
	return 0;
}

static void sweep_folder(const char *folder, const char *prefix)
{
	size_t n = strlen(prefix);
	DIR *d = opendir(folder);
	if (!d)
		return;
	for (struct dirent *x; (x = readdir(d));) {
		if (strncmp(x->d_name, prefix, n) != 0)
			continue;
		long pid = strtol(x->d_name + n, NULL, 10);
		if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(d), x->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}

void hv_cgroup_sweep(const char *prefix)
{
	struct hierarchy h;
	char own[256], folder[512];

	struct err ignored;
	int version = find_hierarchies(&h, &ignored);
	for (int i = 0; i < CONTROLLERS; i++) {
		const char *mount = version == 2 ? h.v2 : h.v1[i];
		if (!mount[0])
			continue;
		own_group(version == 2 ? NULL : controllers[i], own, sizeof(own));
		snprintf(folder, sizeof(folder), "%s%s", mount, own);
		sweep_folder(folder, prefix);
		if (version == 2)
			break;
	}
}

static int move(const struct hv_cgroup *g, const char *file, pid_t pid, struct err *e)
{
	char text[32];
	snprintf(text, sizeof(text), "%d", (int)pid);
	for (int i = 0; i < g->count; i++) {
		int failure = write_file(g->path[i], file, text);
		if (failure)
			return err_sys(e, -failure, "%s/%s", g->path[i], file);
	}
	return 0;
}

int hv_cgroup_add(const struct hv_cgroup *g, pid_t pid, struct err *e)
{
	return move(g, "cgroup.procs", pid, e);
}

int hv_cgroup_leave(const struct hv_cgroup *g, pid_t pid, struct err *e)
{
	return move(g, "../cgroup.procs", pid, e);
}

/* The sum of those lines "name number" of a group's file whose name is listed; false when the file
 * has none of them. An empty name: the file is the number. */
static bool sum_of(const char *folder, const char *file, const char *const *names, uint64_t *sum)
{
	char path[320], line[128], name[64];
	bool found = false;
	snprintf(path, sizeof(path), "%s/%s", folder, file);
	FILE *f = fopen(path, "re");
	*sum = 0;
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long value;
		if (sscanf(line, "%llu", &value) == 1)
			name[0] = '\0';
		else if (sscanf(line, "%63s %llu", name, &value) != 2)
			continue;
		for (const char *const *wanted = names; *wanted; wanted++)
			if (strcmp(name, *wanted) == 0) {
				*sum += value;
				found = true;
			}
	}
	if (f)
		fclose(f);
	return found;
}

int hv_cgroup_kernel_bytes(const struct hv_cgroup *g, uint64_t *bytes, struct err *e)
{
	static const char *const number[] = {"", NULL}, *const total[] = {"kernel", NULL};
	/* Before Linux 5.18 there is no total. */
	static const char *const parts[] = {"slab",   "kernel_stack", "pagetables",
					    "percpu", "sock",	      NULL};
	static const struct {
		const char *file;
		const char *const *names;
	} sources[] = {{"memory.kmem.usage_in_bytes", number},
		       {"memory.stat", total},
		       {"memory.stat", parts}};
	for (int i = 0; i < g->count; i++)
		for (size_t k = 0; k < sizeof(sources) / sizeof(sources[0]); k++)
			if (sum_of(g->path[i], sources[k].file, sources[k].names, bytes))
				return 0;
	return err_set(e, ERR_UNSUPPORTED,
		       "no control group here tells how much kernel memory it has");
}

int hv_cgroup_destroy(struct hv_cgroup *g, struct err *e)
{
	int result = 0, left = 0;
	for (int i = 0; i < g->count; i++) {
		int tries = 0;
		while (rmdir(g->path[i]) != 0 && errno != ENOENT) {
			if (errno != EBUSY || ++tries > 2000) {
				result = err_sys(e, errno, "removing cgroup %s", g->path[i]);
				memmove(g->path[left++], g->path[i], sizeof(g->path[i]));
				break;
			}
			nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
		}
	}
	g->count = left;
	return result;
}
