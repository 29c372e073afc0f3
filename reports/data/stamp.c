/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/data/stamp.h"

#include <stdio.h>
#include <string.h>

enum { ABOUT_BYTES = 200, FROM_BYTES = 80, HEAD_LINES = 20 };

static void put_about(const struct db *db, char out[ABOUT_BYTES + 1])
{
	const cJSON *said = cJSON_GetObjectItemCaseSensitive(db_document(db), "description");
	const char *text = cJSON_IsString(said) ? said->valuestring : "";
	size_t n = 0;
	for (; *text && n < ABOUT_BYTES; text++) {
		char c = (unsigned char)*text < ' ' || *text == '<' || *text == '>' ? ' ' : *text;
		if (c == '-' && n > 0 && out[n - 1] == '-')
			continue;
		out[n++] = c;
	}
	while (*text && n > 0 && ((unsigned char)*text & 0xc0) == 0x80) { /* within a letter */
		text--;
		n--;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* The name of the database's file, as far as it can stand in a comment. */
static void put_from(const struct db *db, char out[FROM_BYTES + 1])
{
	const char *slash = strrchr(db_path(db), '/');
	snprintf(out, FROM_BYTES + 1, "%s", slash ? slash + 1 : db_path(db));
	for (char *c = out; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == '<' || *c == '>' || *c == '-')
			*c = '_';
}

void stamp_of(const struct db *db, const char *before, char out[STAMP_SIZE])
{
	char about[ABOUT_BYTES + 1], from[FROM_BYTES + 1];
	put_about(db, about);
	put_from(db, from);
	snprintf(out, STAMP_SIZE, "%sstudy %s\n%sabout%s%s\n%sfrom %s\n", before, db_study_hash(db),
		 before, *about ? " " : "", about, before, from);
}

/* What stands behind the word in the line; NULL when it is another line. */
static const char *after(const char *line, const char *before, const char *word)
{
	size_t n = strlen(before), m = strlen(word);
	if (strncmp(line, before, n) != 0 || strncmp(line + n, word, m) != 0)
		return NULL;
	line += n + m;
	return *line == ' ' ? line + 1 : *line ? NULL : line;
}

enum stamp_found stamp_look(const char *path, const char *before, const struct db *db,
			    char of[STAMP_SIZE])
{
	char line[1000], own[ABOUT_BYTES + 1], about[STAMP_SIZE] = "";
	char here[FROM_BYTES + 1], from[FROM_BYTES + 1] = "";
	FILE *f = fopen(path, "re");
	of[0] = '\0';
	if (!f)
		return STAMP_NONE;
	for (int i = 0; i < HEAD_LINES && fgets(line, sizeof(line), f); i++) {
		const char *text;
		line[strcspn(line, "\n")] = '\0';
		if ((text = after(line, before, "study")))
			snprintf(of, STAMP_SIZE, "%s", text);
		else if ((text = after(line, before, "about")))
			snprintf(about, sizeof(about), "%s", text);
		else if ((text = after(line, before, "from")))
			snprintf(from, sizeof(from), "%s", text);
	}
	fclose(f);
	put_about(db, own);
	put_from(db, here);
	if (!of[0])
		return STAMP_FOREIGN;
	if (strcmp(of, db_study_hash(db)) == 0)
		return STAMP_SAME;
	if (!own[0] && !about[0])
		return STAMP_UNSURE;
	if (strcmp(own, about) != 0)
		return STAMP_OTHER;
	return from[0] && strcmp(from, here) != 0 ? STAMP_UNSURE : STAMP_SAME;
}
