/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `check` finds before anything runs: names that nothing has, settings without effect, figures
 * that `report` could not draw.
 */
#include "tests/cli/support_study.h"
#include "tests/support/program.h"
#include "tests/support/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
}

#define CHECK_RADIO "$BIN/mcvsim check $TMP/radio.json %s %s 2>&1 | tee $TMP/said"

/* A line of power from slower networks is a matter of energies: times do not ask for it. */
static void energies_beyond_a_radios_measurements_are_warned_of(void)
{
	static const char fast[] =
		"--set /handsets/phones/radio=wifi --set '/cells/macro/up=\"200 Mbit/s\"'";
	static const char slow[] = "--set /handsets/phones/radio=wifi --set '/cells/macro/up=\"6 "
				   "Mbit/s\"' --set '/cells/macro/down=\"13 Mbit/s\"'";
	study_write("radio.json", "");
	PROGRAM_EXPECT(0,
		       "/handsets/phones/radio: warning: \"wifi\" draws 56.77 W where it sends "
		       "200 Mbit/s",
		       CHECK_RADIO, fast, "");
	PROGRAM_EXPECT(0, "from rates up to 6 Mbit/s (Huang", "cat $TMP/said");
	PROGRAM_EXPECT(0, "56.77 W", "$BIN/mcvsim run --dry-run $TMP/radio.json %s 2>&1", fast);
	PROGRAM_EXPECT(0, "valid", CHECK_RADIO, slow, "");
	PROGRAM_EXPECT(1, NULL, "grep warning $TMP/said");
	PROGRAM_EXPECT(0, "valid", CHECK_RADIO, fast, "--set '/record=[\"response_time\"]'");
	PROGRAM_EXPECT(1, NULL, "grep warning $TMP/said");
	PROGRAM_EXPECT(0, "warning: \"wifi\"", CHECK_RADIO, fast,
		       "--set '/record=[\"response_time\"]' --set "
		       "/handsets/phones/policy=energy-break-even");
	/* Of all points the one that is furthest beyond, once. */
	PROGRAM_EXPECT(0, "draws 283.3 W where it sends 1 Gbit/s", CHECK_RADIO,
		       "--set /handsets/phones/radio=wifi",
		       "--set '/sweep/up={\"path\": "
		       "\"/cells/macro/up\", \"values\": [\"50 Mbit/s\", \"1 Gbit/s\", \"100 "
		       "Mbit/s\"]}' --set '/figures=[]'");
	PROGRAM_EXPECT(0, "1", "grep -c warning $TMP/said");
	/* One's own line says nothing of where it was measured. */
	PROGRAM_EXPECT(0, "valid", CHECK_RADIO,
		       "--set '/handsets/phones/radio={\"model\": {\"joules-per-bit\": {\"up\": "
		       "\"1 uJ/bit\", \"down\": \"1 uJ/bit\"}}}'",
		       "");
	PROGRAM_EXPECT(1, NULL, "grep warning $TMP/said");
}

#define CHECK_AXIS "$BIN/mcvsim check $TMP/axes.json --set '/sweep/%s'"

static void profiles_are_swept_as_a_whole(void)
{
	study_write("axes.json", "");
	PROGRAM_EXPECT(2, "/sweep/prices/values/0: there is no profile \"a.json\"", CHECK_AXIS,
		       "prices={\"path\": \"/profile\", \"values\": [\"a.json\"]}");
	PROGRAM_EXPECT(2, "/sweep/prices/values/0: must be the name of a profile", CHECK_AXIS,
		       "prices={\"path\": \"/profile\", \"values\": [7]}");
	PROGRAM_EXPECT(2, "/sweep/prices/path: a profile is swept as a whole", CHECK_AXIS,
		       "prices={\"path\": \"/profile\", \"from\": 1, \"to\": 2, \"steps\": 2}");
	PROGRAM_EXPECT(2, "a study has one fallback_profile", CHECK_AXIS,
		       "prices={\"path\": \"/fallback_profile\", \"values\": [\"a.json\"]}");
	/* A profile under two names is one and the same. */
	PROGRAM_EXPECT(2, "values 1 and 2 make the same study",
		       "mkdir -p $TMP/profiles && cp scenarios/profiles/literature.json "
		       "$TMP/profiles/copy.json && " CHECK_AXIS,
		       "prices={\"path\": \"/profile\", \"values\": "
		       "[\"profiles/literature.json\", \"profiles/copy.json\"]}");
}

static void labels_go_with_values(void)
{
	study_write("axes.json", "");
	PROGRAM_EXPECT(0, "valid; 4 points", CHECK_AXIS,
		       "platform/labels=[\"a\", \"b\", \"c\", \"d\"]");
	PROGRAM_EXPECT(2, "one label for each of \"values\" (2 for 4)", CHECK_AXIS,
		       "platform/labels=[\"a\", \"b\"]");
	PROGRAM_EXPECT(2, "/labels/1: must be one line of text", CHECK_AXIS,
		       "platform/labels=[\"a\", \"b\\n\", \"c\", \"d\"]");
	PROGRAM_EXPECT(2, "/labels/3: is the label of another value", CHECK_AXIS,
		       "platform/labels=[\"a\", \"b\", \"c\", \"a\"]");
}

#define CHECK_SET "$BIN/mcvsim check $TMP/names.json --set '%s'"

static void metrics_that_no_run_reports_are_mistakes(void)
{
	study_write("names.json", "");
	PROGRAM_EXPECT(2, "did you mean \"response_time\"", CHECK_SET,
		       "/record=[\"respones_time\"]");
	PROGRAM_EXPECT(2, "/record/1: a run reports no metric", CHECK_SET,
		       "/record=[\"response_time\", \"response_time.p95.x\"]");
	PROGRAM_EXPECT(0, "valid", CHECK_SET, "/record=[\"response_time\", \"power\"]");
	PROGRAM_EXPECT(2, "/figures/0/y: \"record\" leaves \"response_time.p95\" out", CHECK_SET,
		       "/record=[\"tasks\"]");
	PROGRAM_EXPECT(2, "/precision/metric: a run reports no metric \"nope\"", CHECK_SET,
		       "/precision={\"metric\": \"nope\", \"relative\": 0.1}");
	PROGRAM_EXPECT(2, "\"overhead\" has no subject \"\" (it has radio, ", CHECK_SET,
		       "/precision={\"metric\": \"overhead\", \"relative\": 0.1}");
	PROGRAM_EXPECT(0, "valid", CHECK_SET,
		       "/precision={\"metric\": \"overhead\", \"subject\": \"queue\", "
		       "\"relative\": 0.1}");
	PROGRAM_EXPECT(2, "did you mean \"response_time.mean\"", CHECK_SET,
		       "/figures/0/y=\"respnse_time.mean\"");
	PROGRAM_EXPECT(2, "but a distribution", CHECK_SET, "/figures/0/y=\"response_time\"");
	PROGRAM_EXPECT(2, "has no distribution", CHECK_SET,
		       "/figures=[{\"name\": \"f\", \"kind\": \"cdf\", \"series\": "
		       "\"platform\", \"y\": \"throughput\"}]");
	PROGRAM_EXPECT(2, "/figures/0: \"energy\" has several subjects", CHECK_SET,
		       "/figures/0/y=\"energy\"");
	PROGRAM_EXPECT(0, "valid",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=energy "
		       "--set /figures/0/subject=tail");
	PROGRAM_EXPECT(2,
		       "/figures/0/subject: \"energy\" has no subject \"tial\"; did you mean "
		       "\"tail\"?",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=energy "
		       "--set /figures/0/subject=tial");
	PROGRAM_EXPECT(2, "has no subject \"edge/node/99\"; did you mean \"edge/node/",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=utilization "
		       "--set /figures/0/subject=edge/node/99");
	PROGRAM_EXPECT(2, "has no subject \"cloud\" (it has edge/node/0, edge/node/1)",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=utilization "
		       "--set /figures/0/subject=cloud");
	PROGRAM_EXPECT(2, "choose one with \"subject\" (edge/node/0, edge/node/1)",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=utilization");
	PROGRAM_EXPECT(2, "has no subject \"x\" (it is of the whole)",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=throughput "
		       "--set /figures/0/subject=x");
	PROGRAM_EXPECT(0, "valid",
		       "$BIN/mcvsim check $TMP/names.json --set /figures/0/y=utilization "
		       "--set /figures/0/subject=edge/node/0");
}

/* Beside the platform there are two axes in lockstep, drawn, fixed, or forgotten. */
static void a_figure_must_choose_its_points(void)
{
	study_write("names.json",
		    ", \"sweep\": { \"cores\": { \"path\": \"/sites/edge/hosts/node/cores\", "
		    "\"values\": [4, 8] }, \"delay\": { \"path\": \"/sites/edge/delay\", "
		    "\"from\": \"1 ms\", \"to\": \"3 ms\", \"steps\": 2, \"with\": \"cores\" } }");
	PROGRAM_EXPECT(2, "/figures/0: axis \"cores\" has several values",
		       "$BIN/mcvsim check $TMP/names.json");
	PROGRAM_EXPECT(0, "valid", CHECK_SET, "/figures/0/at={\"cores\": 8}");
	PROGRAM_EXPECT(0, "valid", CHECK_SET, "/figures/0/at={\"delay\": \"0.003 s\"}");
	PROGRAM_EXPECT(0, "valid", CHECK_SET, "/figures/0/series=\"delay\"");
	PROGRAM_EXPECT(2, "/figures/0/at/cores: axis \"cores\" has no value 5 (it has 4, 8)",
		       CHECK_SET, "/figures/0/at={\"cores\": 5}");
	PROGRAM_EXPECT(0, "valid", "$BIN/mcvsim check $TMP/names.json --set '/where=cores = 8'");
}

static void terms_add_up(const char *platform)
{
	struct program_result r = program_run("$BIN/mcvsim explain %s --json --count 3", platform);
	cJSON *list = cJSON_Parse(r.out);
	CU_ASSERT_EQUAL(r.code, 0);
	CU_ASSERT(cJSON_GetArraySize(list) > 5);
	const cJSON *operation, *term, *total;
	cJSON_ArrayForEach(operation, list)
	{
		cJSON_ArrayForEach(total, cJSON_GetObjectItem(operation, "total_ns"))
		{
			double sum = 0;
			cJSON_ArrayForEach(term, cJSON_GetObjectItem(operation, "terms"))
			{
				const char *site =
					cJSON_GetStringValue(cJSON_GetObjectItem(term, "site"));
				if (site && strcmp(site, total->string) == 0)
					sum += cJSON_GetObjectItem(term, "ns")->valuedouble;
			}
			CU_ASSERT_EQUAL(sum, total->valuedouble);
		}
	}
	cJSON_Delete(list);
	program_free(&r);
}

static void the_terms_that_explain_shows_add_up_to_its_totals(void)
{
	terms_add_up("native");
	terms_add_up("qemu-tcg");
	terms_add_up("kvm-virtio");
	PROGRAM_EXPECT(0, "computing at native speed", "$BIN/mcvsim explain native cpu");
}

static void platforms_of_the_current_folder_are_shown(void)
{
	PROGRAM_EXPECT(0, NULL,
		       "mkdir -p $TMP/own/platforms && "
		       "cp scenarios/platforms/kvm-virtio.json $TMP/own/platforms/mine.json");
	PROGRAM_EXPECT(0, "mine", "cd $TMP/own && $BIN/mcvsim platforms");
	PROGRAM_EXPECT(0, "kvm-virtio", "cd $TMP/own && $BIN/mcvsim platforms");
	PROGRAM_EXPECT(0, "blk_read on mine", "cd $TMP/own && $BIN/mcvsim explain mine blk_read");
	PROGRAM_EXPECT(2, "there is no platform 'mine'", "$BIN/mcvsim explain mine");
	program_write_file(
		"own/platforms/bad.json",
		"{ \"description\": \"impossible\", \"axes\": { \"placement\": \"bare-metal\","
		" \"guest\": \"unmodified\", \"cpu\": \"hardware\", \"mmu\": \"nested\","
		" \"io\": \"emulated\", \"backend\": \"host-user\" } }\n");
	PROGRAM_EXPECT(2, "./platforms/bad.json:1:", "cd $TMP/own && $BIN/mcvsim explain bad");
	PROGRAM_EXPECT(2, "there is no host kernel", "cd $TMP/own && $BIN/mcvsim explain bad");
	PROGRAM_EXPECT(0, NULL, "! (cd $TMP/own && $BIN/mcvsim explain bad 2>&1) | grep -F './/'");
}

static double primitives_from(const cJSON *platform, const char *source)
{
	return cJSON_GetNumberValue(
		cJSON_GetObjectItem(cJSON_GetObjectItem(platform, "primitives"), source));
}

/* A platform's row says how many of its primitives are priced from where. Native's terms name 14,
 * syscall.native among them three times; this one's one more, which no profile has. */
static void rows_of_platforms_tell_how_their_primitives_are_priced(void)
{
	program_write_file("one.json",
			   "{ \"schema\": 1, \"primitives\": { \"syscall.native\": { \"unit\": "
			   "\"ns\", \"p50\": 100, \"source\": \"measured\" } } }");
	PROGRAM_EXPECT(0, NULL, "mkdir -p $TMP/priced/platforms");
	program_write_file(
		"priced/platforms/more.json",
		"{ \"description\": \"native and a step\", \"axes\": { \"placement\": \"none\","
		" \"guest\": \"none\", \"cpu\": \"native\", \"mmu\": \"host\","
		" \"io\": \"native\", \"backend\": \"none\" }, \"add\": { \"syscall\": [ {"
		" \"primitive\": \"no.such\", \"site\": \"guest\", \"cause\": \"syscalls\","
		" \"why\": \"a step\" } ] } }\n");
	struct program_result r = program_run(
		"cd $TMP/priced && $BIN/mcvsim platforms more --profile $TMP/one.json --json");
	cJSON *json = cJSON_Parse(r.out);
	const cJSON *more = cJSON_GetArrayItem(json, 0);
	double literature = primitives_from(more, "literature"),
	       assumed = primitives_from(more, "assumed");
	CU_ASSERT_EQUAL(primitives_from(more, "measured"), 1);
	CU_ASSERT_EQUAL(primitives_from(more, "missing"), 1);
	CU_ASSERT_EQUAL(literature + assumed, 13);
	CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItem(more, "sources")),
			1 + (literature > 0) + (assumed > 0));
	cJSON_Delete(json);
	program_free(&r);
	PROGRAM_EXPECT(0, ", 1 missing\n",
		       "cd $TMP/priced && $BIN/mcvsim platforms more --profile $TMP/one.json");
	/* The table is worth its column: rows of one profile differ. */
	PROGRAM_EXPECT(0, NULL,
		       "test $($BIN/mcvsim platforms | sed -n '2,$s/.*  //p' | sort -u | wc -l) "
		       "-gt 5");
}

/* A whole task: the terms add up to what its sites are charged; and the picture is one. */
static void a_task_is_explained_and_a_platform_drawn(void)
{
	struct program_result r =
		program_run("$BIN/mcvsim explain kvm-emulated --app photo-search --json");
	cJSON *json = cJSON_Parse(r.out);
	CU_ASSERT_PTR_NOT_NULL_FATAL(json);
	const cJSON *t, *total = cJSON_GetObjectItem(json, "total_ns");
	double terms = 0, sites = 0;
	cJSON_ArrayForEach(t, cJSON_GetObjectItem(json, "terms")) terms +=
		cJSON_GetNumberValue(cJSON_GetObjectItem(t, "ns"));
	cJSON_ArrayForEach(t, total) sites += t->valuedouble;
	CU_ASSERT(terms > 23e6); /* 60 Mcycles at 2.6 GHz alone */
	CU_ASSERT_EQUAL(terms, sites);
	cJSON_Delete(json);
	program_free(&r);
	PROGRAM_EXPECT(0, "a task of health on native",
		       "$BIN/mcvsim explain native --app health --clock '1 GHz'");
	PROGRAM_EXPECT(2, "did you mean 'health'?", "$BIN/mcvsim explain native --app helth");
	PROGRAM_EXPECT(2, "is no frequency", "$BIN/mcvsim explain native --app health --clock 3");
	PROGRAM_EXPECT(2, "--clock is for --app", "$BIN/mcvsim explain native --clock '1 GHz'");
	PROGRAM_EXPECT(2, "have no place", "$BIN/mcvsim explain native cpu --app health");
	PROGRAM_EXPECT(0, "22 x exit.pio_user", "$BIN/mcvsim platforms kvm-emulated --svg");
	PROGRAM_EXPECT(0, "</svg>", "$BIN/mcvsim platforms native --svg | tail -1");
	PROGRAM_EXPECT(2, "--svg draws one platform", "$BIN/mcvsim platforms --svg");
}

/* What `explain --json` says of a task that does a bit of everything, on a platform. */
static double explained(const char *platform)
{
	struct program_result r =
		program_run("r=$PWD; cd $TMP/whole && $BIN/mcvsim explain %s --app whole --json "
			    "--profile $r/scenarios/profiles/nested-epyc.json",
			    platform);
	cJSON *json = cJSON_Parse(r.out);
	const cJSON *site;
	double sum = 0;
	cJSON_ArrayForEach(site, cJSON_GetObjectItem(json, "total_ns")) sum += site->valuedouble;
	cJSON_Delete(json);
	program_free(&r);
	return sum;
}

static void write_whole_task(void)
{
	char here[1024], text[4096];
	CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
	PROGRAM_EXPECT(0, NULL, "mkdir -p $TMP/whole/apps");
	program_write_file(
		"whole/apps/whole.json",
		"{ \"description\": \"a bit of everything\", \"input\": \"0 B\", \"output\": \"0 "
		"B\","
		" \"cycles\": \"3 Mcycles\", \"operations\": { \"syscall\": 7, \"page_fault\": 5,"
		" \"page_touch\": 3, \"map_change\": 11, \"context_switch\": 2, \"timer\": 1,"
		" \"ipi\": 1, \"net_rx\": { \"packets\": 3, \"bytes\": \"4 kB\" },"
		" \"net_tx\": { \"packets\": 2, \"bytes\": \"2 kB\" },"
		" \"blk_read\": { \"requests\": 3, \"bytes\": \"12 kB\" },"
		" \"blk_write\": { \"requests\": 1 } } }\n");
	snprintf(
		text, sizeof(text),
		"{ \"extends\": \"%s/scenarios/base/server.json\", \"duration\": \"1000 s\","
		" \"profile\": \"profiles/nested-epyc.json\","
		" \"fallback_profile\": \"profiles/literature.json\", \"apps\": { \"work\": null },"
		" \"handsets\": { \"sources\": { \"count\": 1, \"apps\": { \"work\": null,"
		" \"whole\": { \"arrivals\": { \"periodic\": \"100 s\" } } } } },"
		" \"sites\": { \"server\": { \"hosts\": { \"node\": { \"disk_latency\": \"0 s\" } "
		"} } },"
		" \"sweep\": { \"platform\": { \"path\": \"/sites/server/hosts/node/platform\","
		" \"values\": [\"native\", \"container\", \"hyper-v\", \"kvm-emulated\","
		" \"kvm-passthrough\", \"kvm-virtio\", \"pvm\", \"qemu-tcg\", \"uml\", "
		"\"vmware-esx\","
		" \"vmware-workstation\", \"xen-hvm\", \"xen-pv\"] } }, \"repeat\": 1 }\n",
		here);
	program_write_file("whole/study.json", text);
}

/* Through the programs: the measured profile, what it lacks from the literature's, and a task of
 * all operations that meets nobody, to the nanosecond. */
static void a_lone_task_takes_what_explain_says(void)
{
	write_whole_task();
	PROGRAM_EXPECT(0, NULL,
		       "cd $TMP/whole && $BIN/mcvsim run study.json -o $TMP/whole.db 2>/dev/null");
	struct program_result r =
		program_run("$BIN/mcvsim query --json --metric response_time.max $TMP/whole.db");
	cJSON *points = cJSON_Parse(r.out);
	CU_ASSERT_EQUAL(cJSON_GetArraySize(points), 13);
	const cJSON *point;
	cJSON_ArrayForEach(point, points)
	{
		const char *platform = cJSON_GetStringValue(
			cJSON_GetObjectItem(cJSON_GetObjectItem(point, "parameters"), "platform"));
		const cJSON *value = cJSON_GetArrayItem(cJSON_GetObjectItem(point, "values"), 0);
		double taken = cJSON_GetNumberValue(cJSON_GetObjectItem(value, "mean")) * 1e9;
		double said = explained(platform);
		CU_ASSERT(said > 3e6 / 2.6);
		if (llround(taken) != llround(said))
			printf(" %s: took %.0f ns, explain says %.0f ", platform, taken, said);
		CU_ASSERT_EQUAL(llround(taken), llround(said));
	}
	cJSON_Delete(points);
	program_free(&r);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_study_without_a_profile_takes_the_default",
		 a_study_without_a_profile_takes_the_default},
		{"an_override_of_nothing_is_a_mistake", an_override_of_nothing_is_a_mistake},
		{"profiles_are_swept_as_a_whole", profiles_are_swept_as_a_whole},
		{"labels_go_with_values", labels_go_with_values},
		{"what_an_axis_sets_cannot_be_set_beside_it",
		 what_an_axis_sets_cannot_be_set_beside_it},
		{"energies_beyond_a_radios_measurements_are_warned_of",
		 energies_beyond_a_radios_measurements_are_warned_of},
		{"metrics_that_no_run_reports_are_mistakes",
		 metrics_that_no_run_reports_are_mistakes},
		{"a_figure_must_choose_its_points", a_figure_must_choose_its_points},
		{"the_terms_that_explain_shows_add_up_to_its_totals",
		 the_terms_that_explain_shows_add_up_to_its_totals},
		{"rows_of_platforms_tell_how_their_primitives_are_priced",
		 rows_of_platforms_tell_how_their_primitives_are_priced},
		{"platforms_of_the_current_folder_are_shown",
		 platforms_of_the_current_folder_are_shown},
		{"a_lone_task_takes_what_explain_says", a_lone_task_takes_what_explain_says},
		{"a_task_is_explained_and_a_platform_drawn",
		 a_task_is_explained_and_a_platform_drawn},
		{0},
	};
	return test_main("check", cases, argc, argv);
}
