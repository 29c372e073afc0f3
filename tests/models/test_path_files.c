/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Paths from files, CSV and SUMO's FCD: exact where they are good, and where they are not the line
 * that is wrong. */
#include "models/mobility/trace.h"
#include "tests/models/walker_support.h"

static void check_path(const struct model *m, uint32_t number, const double (*at)[3], size_t n)
{
	struct walker w;
	set_out(m, &w, number);
	for (size_t i = 0; i < n; i++) {
		sim_time t = sim_from_seconds(at[i][0]);
		walk_to(m, &w, t);
		CU_ASSERT(is_near(1e4 + x_at(&w, t), 1e4 + at[i][1], 1e-12));
		CU_ASSERT(is_near(1e4 + y_at(&w, t), 1e4 + at[i][2], 1e-12));
	}
}

static const double path_of_a[][3] = {{0, 0, 0},      {0.75, 0, 0},   {1.5, 0, 0},  {2.5, 5, -10},
				      {3.5, 10, -20}, {4, 10.5, -20}, {99, 11, -20}};
static const double path_of_b[][3] = {{0, 7, 8}, {1e6, 7, 8}};

static void csv_paths_are_exact(void)
{
	struct trace t;
	struct arena arena = {0};
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(trace_parse(&t, "w.csv",
				    "handset,time,x,y\na,1.5,0,0\nb,0,7,8\r\na,3.5,1e1,-20\n\n"
				    "a,4.5,11,-20",
				    &arena, &diags),
			0);
	CU_ASSERT_EQUAL(t.count, 2);
	CU_ASSERT(t.box.x0 == 0 && t.box.x1 == 11 && t.box.y0 == -20 && t.box.y1 == 8);
	struct trace_follower f = {"w.csv", &t};
	struct model m = {.parameters = &f};
	for (size_t i = 0; mobility_models[i]; i++)
		if (strcmp(mobility_models[i]->choice.name, "csv") == 0)
			m.ops = mobility_models[i];
	check_path(&m, 0, path_of_a, 7);
	check_path(&m, 1, path_of_b, 2);
	arena_free(&arena);
	diag_free(&diags);
}

static void check_line(const char *text, int line, const char *says)
{
	struct trace t;
	struct arena arena = {0};
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(trace_parse(&t, "w.csv", text, &arena, &diags), ERR_INVALID);
	CU_ASSERT_FATAL(diags.count > 0);
	CU_ASSERT_EQUAL(diags.items[0].line, line);
	CU_ASSERT(strstr(diags.items[0].text, says) != NULL);
	if (!strstr(diags.items[0].text, says))
		diag_print(&diags.items[0], stdout);
	arena_free(&arena);
	diag_free(&diags);
}

static void bad_lines_are_named(void)
{
	check_line("a,0,1,2\n", 1, "first line");
	check_line("handset,time,x,y\n", 2, "no positions");
	check_line("handset,time,x,y\na,0,1\n", 2, "must be a handset");
	check_line("handset,time,x,y\na,0,1,2\n\na,1,1,2,3\n", 4, "must be a handset");
	check_line("handset,time,x,y\na,0,1,2\na,0x1,1,2\n", 3, "time is not a number");
	check_line("handset,time,x,y\na,0,1,2\na,1,,2\n", 3, "x is not a number");
	check_line("handset,time,x,y\na,0,1,inf\n", 2, "y is not a number");
	check_line("handset,time,x,y\na,-1,1,1\n", 2, "0..1e9");
	check_line("handset,time,x,y\na,1,1,1\nb,1,1,1\na,1,2,2\n", 4, "must rise");
	check_line("handset,time,x,y\n,1,1,1\n", 2, "must be a handset");
}

static const struct mobility_ops *fcd(void)
{
	for (size_t i = 0; mobility_models[i]; i++)
		if (strcmp(mobility_models[i]->choice.name, "sumo-fcd") == 0)
			return mobility_models[i];
	return NULL;
}

static int load_fcd(const char *xml, char **text, struct diag_list *diags)
{
	struct err e = {0};
	FILE *in = fmemopen((void *)(uintptr_t)xml, strlen(xml), "r");
	int code = fcd()->file->load(in, "v.xml", text, diags, &e);
	fclose(in);
	return code;
}

static void fcd_is_read(void)
{
	char *text;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(
		load_fcd("<?xml version=\"1.0\"?>\n<!-- SUMO -->\n<fcd-export>\n"
			 "<timestep time=\"0.00\"><vehicle id=\"v&lt;1\" x=\"1.25\" y=\"-3\" "
			 "angle=\"90\" type=\"car\" speed=\"0\" pos=\"5\" "
			 "lane=\"e_0\"/></timestep>\n"
			 "<timestep time=\"0.50\"/>\n<timestep time=\"1.00\">\n"
			 "<vehicle id=\"v&lt;1\" x=\"2\" y=\"-3\"/><person id=\"p\" y=\"2\" "
			 "x=\"1\"/></timestep></fcd-export>\n",
			 &text, &diags),
		0);
	CU_ASSERT_STRING_EQUAL(text,
			       "handset,time,x,y\nv<1,0.00,1.25,-3\nv<1,1.00,2,-3\np,1.00,1,2\n");
	free(text);
	diag_free(&diags);
}

static void check_fcd(const char *xml, int line, const char *says)
{
	char *text;
	struct diag_list diags = {0};
	CU_ASSERT_EQUAL(load_fcd(xml, &text, &diags), ERR_INVALID);
	CU_ASSERT_FATAL(diags.count == 1);
	CU_ASSERT_EQUAL(diags.items[0].line, line);
	CU_ASSERT(strstr(diags.items[0].text, says) != NULL);
	if (!strstr(diags.items[0].text, says))
		diag_print(&diags.items[0], stdout);
	free(text);
	diag_free(&diags);
}

static void bad_fcd_is_named(void)
{
	check_fcd("<routes>\n</routes>", 1, "no FCD export");
	check_fcd("<fcd-export>\n<timestep>\n</timestep></fcd-export>", 2, "\"time\"");
	check_fcd("<fcd-export>\n\n<vehicle id=\"a\" x=\"1\" y=\"2\"/></fcd-export>", 3,
		  "outside of any timestep");
	check_fcd("<fcd-export><timestep time=\"1\">\n<vehicle id=\"a\" x=\"1\"/></timestep>"
		  "</fcd-export>",
		  2, "\"x\" and \"y\"");
	check_fcd("<fcd-export><timestep time=\"1\">\n<vehicle x=\"1\" y=\"1\"/></timestep>"
		  "</fcd-export>",
		  2, "\"id\"");
	check_fcd("<fcd-export>\n<timestep time=\"1\">\n</fcd-export>", 3, "mismatched tag");
	check_fcd("<!DOCTYPE x [\n<!ENTITY a \"b\">]><fcd-export/>", 2, "entity");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"csv_paths_are_exact", csv_paths_are_exact},
		{"bad_lines_are_named", bad_lines_are_named},
		{"fcd_is_read", fcd_is_read},
		{"bad_fcd_is_named", bad_fcd_is_named},
		{0},
	};
	return test_main("path_files", cases, argc, argv);
}
