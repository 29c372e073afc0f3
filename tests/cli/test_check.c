/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `check` finds before anything runs: names that nothing has, settings without effect, figures
 * that `report` could not draw.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

/* Without `profile` a study is priced by what the schema says is the default. */
static void a_study_without_a_profile_takes_the_default(void)
{
	char one[33], two[33];
	study_write("given.json", "");
	study_write("none.json", ", \"profile\": null");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/given.json -o $TMP/given.db");
	PROGRAM_EXPECT(0, NULL, "$BIN/mcvsim run $TMP/none.json -o $TMP/none.db");
	CU_ASSERT_EQUAL(study_content("given.db", one).done, 16);
	study_content("none.db", two);
	CU_ASSERT_STRING_EQUAL(one, two);
	PROGRAM_EXPECT(0, "\"profiles/literature.json\"",
		       "$BIN/mcvsim check --resolved $TMP/none.json");
	PROGRAM_EXPECT(0, "valid", "$BIN/mcvsim check $TMP/given.json --set /profile=null");
	PROGRAM_EXPECT(2, "/profile", "$BIN/mcvsim check $TMP/given.json --set /profile=7");
}

static void an_override_of_nothing_is_a_mistake(void)
{
	study_write("over.json", "");
#define CHECK_OVERRIDE                                                                             \
	"$BIN/mcvsim check $TMP/over.json --set '/overrides={\"%s\": {\"scale\": 2}}'"
	PROGRAM_EXPECT(2, "/overrides/exit.pio_usr: there is no primitive", CHECK_OVERRIDE,
		       "exit.pio_usr");
	PROGRAM_EXPECT(2, "did you mean \"exit.pio_user\"", CHECK_OVERRIDE, "exit.pio_usr");
	PROGRAM_EXPECT(2, "did you mean \"exit.*\"", CHECK_OVERRIDE, "exti.*");
	PROGRAM_EXPECT(2, "no primitive begins with \"nope.\"", CHECK_OVERRIDE, "nope.*");
	PROGRAM_EXPECT(2, "is not a pattern", CHECK_OVERRIDE, "*");
	PROGRAM_EXPECT(2, "is not a pattern", CHECK_OVERRIDE, "ex*.pio");
	PROGRAM_EXPECT(0, "valid", CHECK_OVERRIDE, "exit.*");
	PROGRAM_EXPECT(0, "valid", CHECK_OVERRIDE, "exit.pio_user");
	/* Of a platform's own term, which only one of the points spends. */
	program_write_file("mine.json",
			   "{ \"extends\": \"over.json\", \"overrides\": { \"my.step\": { "
			   "\"value\": \"3 us\" } },\n"
			   "\"platforms\": { \"mine\": { \"description\": \"x\", \"axes\": { "
			   "\"placement\": \"none\", \"guest\": \"none\", \"cpu\": \"native\", "
			   "\"mmu\": \"host\", \"io\": \"native\", \"backend\": \"none\" },\n"
			   "\"add\": { \"syscall\": [ { \"primitive\": \"my.step\", \"cause\": "
			   "\"syscalls\", \"why\": \"mine\" } ] } } } }\n");
	PROGRAM_EXPECT(0, "valid",
		       "$BIN/mcvsim check $TMP/mine.json "
		       "--set '/sweep/platform/values=[\"native\", \"mine\"]'");
	PROGRAM_EXPECT(2, "did you mean \"my.step\"",
		       "$BIN/mcvsim check $TMP/mine.json "
		       "--set '/sweep/platform/values=[\"native\", \"mine\"]' "
		       "--set '/overrides/my.setp={\"scale\": 2}'");
}

static void what_an_axis_sets_cannot_be_set_beside_it(void)
{
	study_write("swept.json", "");
	PROGRAM_EXPECT(2, "axis \"platform\" sets this",
		       "$BIN/mcvsim check $TMP/swept.json "
		       "--set /sites/edge/hosts/node/platform=native");
	PROGRAM_EXPECT(0, "valid; 4 points",
		       "$BIN/mcvsim check $TMP/swept.json --set /sites/edge/hosts/node/cores=8");
	PROGRAM_EXPECT(2, "/sweep/prices/path: a study has one profile",
		       "$BIN/mcvsim check $TMP/swept.json --set "
		       "'/sweep/prices={\"path\": \"/profile\", \"values\": [\"a.json\"]}'");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_study_without_a_profile_takes_the_default",
		 a_study_without_a_profile_takes_the_default},
		{"an_override_of_nothing_is_a_mistake", an_override_of_nothing_is_a_mistake},
		{"what_an_axis_sets_cannot_be_set_beside_it",
		 what_an_axis_sets_cannot_be_set_beside_it},
		{0},
	};
	return test_main("check", cases, argc, argv);
}
