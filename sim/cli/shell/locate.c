/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where the program's other parts are: beside it, in an installed tree, or in the tree it was built
 * from.
 */
#include "sim/cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool own_folder(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	char *slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static bool has_platforms(const char *folder)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof(path), "%s/platforms", folder);
	return access(path, R_OK | X_OK) == 0;
}

const char *cli_data_folder(void)
{
	static char found[PATH_MAX];
	char own[PATH_MAX - 64];
	const char *given = getenv("MCVSIM_DATA");
	if (given && *given) {
		static bool told;
		snprintf(found, sizeof(found), "%s", given);
		if (has_platforms(found))
			return found;
		if (!told)
			cli_say("MCVSIM_DATA is %s, which has no platforms/ in it", given);
		told = true;
		return NULL;
	}
	if (own_folder(own, sizeof(own))) {
		snprintf(found, sizeof(found), "%s/../share/mcvsim", own);
		if (has_platforms(found))
			return found;
	}
	snprintf(found, sizeof(found), "%s/scenarios", MCVSIM_SOURCE_DIR);
	return has_platforms(found) ? found : NULL;
}

/* A folder can be "executed", too, so access alone does not tell. */
static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

const char *cli_find_program(const char *name)
{
	static char found[PATH_MAX];
	static const char *const places[] = {".", "../libexec/mcvsim", NULL};
	char own[PATH_MAX - 128];
	if (own_folder(own, sizeof(own))) {
		for (size_t i = 0; places[i]; i++) {
			snprintf(found, sizeof(found), "%s/%s/%s", own, places[i], name);
			if (is_program(found))
				return found;
		}
	}
	const char *path = getenv("PATH");
	while (path && *path) {
		size_t n = strcspn(path, ":");
		snprintf(found, sizeof(found), "%.*s/%s", (int)n, path, name);
		if (n && is_program(found))
			return found;
		path += n + (path[n] == ':');
	}
	return NULL;
}
