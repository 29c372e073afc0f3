/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/emulated/support_machine.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_LIMIT_S 10
/* Seconds of the host's clock without a word, after which the machine hangs. */
#define SILENCE_LIMIT_S 200

static bool has(const char *command)
{
	struct program_result r = program_run("command -v %s", command);
	bool found = r.code == 0;
	program_free(&r);
	return found;
}

/* The path of the kernel's package, in a static buffer; empty when there is none. */
static const char *find_package(void)
{
	static char path[1024];
	const char *given = getenv("MCVSIM_KERNEL_DEB");
	struct program_result r =
		program_run("ls -t %s 2>/dev/null | head -n 1",
			    given ? given : "\"$BIN\"/emulated/linux-image-*-cloud-amd64_*.deb");
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(r.out, "\n"), r.out);
	program_free(&r);
	return path;
}

static void write_commands(const struct emulated *m)
{
	char text[8192];
	size_t n = 0;
	for (int i = 0; i < m->count; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d %s\n", m->steps[i].status,
				      m->steps[i].command);
	program_write_file("commands", text);
}

/* One boot, and a second attempt for a machine that stopped on the way. */
static void boot(struct emulated *m, const char *package)
{
	write_commands(m);
	for (int attempt = 0; attempt < 2; attempt++) {
		struct program_result r = program_run(
			"mkdir -p $TMP/files && (cd \"$BIN\"/tests && cp guest_cpl0.bin "
			"$TMP/files/cpl0.bin && "
			"cp guest_known.bin $TMP/files/known.bin) && "
			"STEP_LIMIT=%d tests/emulated/boot.sh %s $TMP %d \"$BIN\"/hvcore "
			"\"$BIN\"/tests/emulated_known \"$BIN\"/tests/test_hvcore_guests "
			"\"$BIN\"/tests/test_hvcore_hostile \"$BIN\"/tests/test_hvcore_instrument "
			"-- %s; "
			"cat $TMP/qemu.log $TMP/console >&2; cat $TMP/output",
			m->step_limit ? m->step_limit : STEP_LIMIT_S, package, SILENCE_LIMIT_S,
			m->arguments);
		free(m->output);
		m->output = strdup(r.out);
		bool done = strstr(r.out, "\n@done") != NULL;
		if (!done)
			printf("\n%s, attempt %d: the machine did not "
			       "finish\n%.3000s\n%.3000s\n",
			       m->arguments, attempt, r.err, r.out);
		program_free(&r);
		if (done)
			return;
	}
	CU_FAIL_FATAL("the emulated machine did not finish");
}

/* Why there can be none, in a static buffer; empty when there can. */
static const char *why_not(const char *package)
{
	if (!has("qemu-system-x86_64") || !has("busybox") || !has("cpio"))
		return "needs qemu-system-x86, busybox-static and cpio";
	return package[0] ? ""
			  : "no package linux-image-*-cloud-amd64 in the build's folder "
			    "emulated/ (quickstart.sh test fetches it)";
}

bool emulated_boot(struct emulated *m)
{
	const char *package = find_package(), *reason = why_not(package);
	if (reason[0]) {
		test_skip("%s", reason);
		return false;
	}
	if (!m->tried) {
		m->tried = true;
		boot(m, package);
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(m->output);
	return true;
}

char *emulated_output_of(const struct emulated *m, int step)
{
	char begin[32], end[32];
	int line = step + 1, status = -1;
	snprintf(begin, sizeof(begin), "@run %d\n", line);
	snprintf(end, sizeof(end), "@end %d ", line);
	const char *from = NULL, *to = NULL;
	for (const char *at = m->output; (at = strstr(at, begin)); at++)
		from = at + strlen(begin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(from);
	to = strstr(from, end);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	sscanf(to + strlen(end), "%d", &status);
	char *text = strndup(from, (size_t)(to - from));
	if (status != m->steps[step].status)
		printf("\n%s: status %d, not %d\n%.3000s\n", m->steps[step].command, status,
		       m->steps[step].status, text);
	CU_ASSERT_EQUAL(status, m->steps[step].status);
	return text;
}

cJSON *emulated_json_of(const struct emulated *m, int step)
{
	char *text = emulated_output_of(m, step);
	const char *brace = strchr(text, '{');
	cJSON *json = brace ? cJSON_ParseWithOpts(brace, NULL, false) : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	free(text);
	return json;
}

const char *emulated_text_at(const cJSON *json, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
	return text ? text : "";
}

double emulated_number_at(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

int emulated_each_line(const struct emulated *m, int step, void (*look)(const cJSON *line))
{
	char *text = emulated_output_of(m, step), *rest = text, *line;
	int n = 0;
	while ((line = strsep(&rest, "\n"))) {
		cJSON *json = line[0] == '{' ? cJSON_Parse(line) : NULL;
		if (json) {
			n++;
			look(json);
		}
		cJSON_Delete(json);
	}
	free(text);
	return n;
}

cJSON *emulated_expect_cpl0(const struct emulated *m, int doctor)
{
	cJSON *json = emulated_json_of(m, doctor);
	const cJSON *kvm =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "backends"), 0);
	CU_ASSERT_STRING_EQUAL(emulated_text_at(kvm, "name"), "kvm");
	CU_ASSERT_STRING_EQUAL(emulated_text_at(kvm, "regime"), "cpl0");
	return json;
}

void emulated_expect_cases(const struct emulated *m, int first, int last)
{
	for (int step = first; step <= last; step++) {
		char *text = emulated_output_of(m, step);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "cases: 1 passed, 0 failed, 0 skipped"));
		free(text);
	}
}

bool emulated_is_about_time(const char *reason)
{
	static const char *const begins[] = {"too noisy", "not linear", "the guest's counter and"};
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(reason, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}
