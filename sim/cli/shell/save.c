/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/cli/shell/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECOGNIZE_MAX = 16 << 20 };

static void folder_of(const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		snprintf(buf, size, ".");
	else if (slash == path)
		snprintf(buf, size, "/");
	else
		snprintf(buf, size, "%.*s", (int)(slash - path), path);
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(RECOGNIZE_MAX) : NULL;
	if (text)
		text[fread(text, 1, RECOGNIZE_MAX - 1, f)] = '\0';
	if (f)
		fclose(f);
	return text;
}

int save_check_folder(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	folder_of(path, folder, sizeof(folder));
	if (access(folder, W_OK | X_OK) != 0)
		return err_sys(e, errno, "cannot write to the folder %s", folder);
	return 0;
}

int save_check(const char *path, bool (*ours)(const char *text), struct err *e)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	if (there && S_ISDIR(st.st_mode))
		return err_set(e, ERR_EXISTS, "%s is a folder", path);
	if (there && !S_ISREG(st.st_mode))
		return access(path, W_OK) == 0 ? 0 : err_sys(e, errno, "cannot write %s", path);
	if (there && st.st_size > 0) {
		char *text = read_all(path);
		bool known = text && ours && ours(text);
		free(text);
		if (!known)
			return err_set(e, ERR_EXISTS,
				       "%s exists and is something else; choose another name",
				       path);
	}
	return save_check_folder(path, e);
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);
	while (left > 0) {
		ssize_t n = write(fd, text, left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int write_directly(const char *path, const char *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot write %s", path);
	int rc = write_all(fd, text);
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	return rc ? err_sys(e, -rc, "cannot write %s", path) : 0;
}

/* A hard link, so that there is no moment in which the name is free. File systems without links get
 * a plain rename. */
static void keep_old(const char *path)
{
	char old[PATH_MAX];
	snprintf(old, sizeof(old), "%s.bak", path);
	unlink(old);
	if (link(path, old) != 0)
		rename(path, old);
}

int save_text(const char *path, const char *text, bool keep, struct err *e)
{
	struct stat st;
	char temp[PATH_MAX];
	bool there = stat(path, &st) == 0;
	if (there && !S_ISREG(st.st_mode))
		return write_directly(path, text, e);

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return err_set(e, ERR_INVALID, "the path is too long");
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, errno, "cannot write beside %s", path);
	mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, there ? st.st_mode & 0777 : 0666 & ~mask);
	int rc = write_all(fd, text);
	if (rc == 0 && fsync(fd) != 0)
		rc = -errno;
	if (close(fd) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && there && keep)
		keep_old(path);
	if (rc == 0 && rename(temp, path) != 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	unlink(temp);
	return err_sys(e, -rc, "cannot write %s", path);
}
