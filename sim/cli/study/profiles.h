/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The profiles that a study's points are priced with: the one that it names, or, where an axis of
 * its sweep has the path "/profile", one for each value of that axis. A point of such a study is
 * known by the content of its profile, not by the file's name.
 */
#ifndef SIM_CLI_STUDY_PROFILES_H
#define SIM_CLI_STUDY_PROFILES_H

#include "models/platform/profile.h"
#include "sim/cli/study/library.h"
#include "sim/experiment/run.h"

/* One profile, with what its runs are priced with. */
struct priced_profile {
	const char *named;    /* as the study has it */
	char id[RUN_ID_SIZE]; /* hash of its content; profiles_identify fills it */
	struct profile profile;
	cJSON *prices; /* profile and fallback in one, inside `stored` */
};

/* Zero-initialise; profiles_read or profiles_read_stored fills it; profiles_free ends it. */
struct profiles {
	struct priced_profile *items;
	size_t count;
	bool swept;
	struct profile fallback; /* empty when there is none */
	/* As it is stored with the results: the prices of the one profile, or
	 * {"profiles": {NAME: prices, ...}} of a sweep. NULL after a mistake. */
	cJSON *stored;
	struct arena arena;
};

/* Reads the files that the document and its sweep name. Returns 0, ERR_INVALID with diags, or
 * another code with *e. */
int profiles_read(struct profiles *p, struct library *library, const struct json_doc *doc,
		  struct diag_list *diags, struct err *e);

/* The same from what a results database holds. */
int profiles_read_stored(struct profiles *p, const cJSON *stored, struct diag_list *diags,
			 struct err *e);

/* Marks in the prices what the platforms of the resolved document use, and gives each profile its
 * id; nothing after a mistake. To be called once, before there are points. Returns 0 or ERR_NOMEM.
 */
int profiles_identify(struct profiles *p, const struct json_doc *doc);

/* In a point's document of a sweep over profiles: the content of the profile in the place of its
 * name. Returns 0 or ERR_NOMEM. */
int profiles_trim(const struct profiles *p, cJSON *document);

/* The profile of a point's document. */
const struct profile *profiles_of(const struct profiles *p, const cJSON *document);

void profiles_free(struct profiles *p);

#endif
