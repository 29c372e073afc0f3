/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The library of named things on the disk: platforms, radios, apps and profiles, each a JSON file
 * NAME.json in a folder of its kind. A study's own folder is asked first, then the one that came
 * with the program. Called by study.c and by the commands that list the library.
 */
#ifndef SIM_CLI_STUDY_LIBRARY_H
#define SIM_CLI_STUDY_LIBRARY_H

#include "models/world/world.h"
#include "sim/base/arena.h"

struct library {
	const char *folders[3]; /* that hold platforms/, radios/, ...; ended by NULL */
	struct arena arena;
};

/* `study_path` may be NULL: only the program's own library. Ends with library_close. */
void library_open(struct library *lib, const char *study_path);
void library_close(struct library *lib);

/* For world_resolve; ctx is the struct library *. */
struct world_library library_world(struct library *lib);

/* The names of a kind ("platform", "radio", "app", "profile"), sorted, ended by NULL; owned by the
 * library. */
const char *const *library_names(struct library *lib, const char *kind);

/* Loads an entry. Returns 0 with *out the caller's, ERR_NOTFOUND (also for a name that is no file
 * name), ERR_INVALID with diags, or another code with *e. */
int library_load(struct library *lib, const char *kind, const char *name, struct json_doc *out,
		 struct diag_list *diags, struct err *e);

/* The path of a profile as a study names it: as it stands when absolute, else under the study's
 * folder, the current one, the program's library. NULL when there is no such file; owned by the
 * library. */
const char *library_file_path(struct library *lib, const char *name);

#endif
