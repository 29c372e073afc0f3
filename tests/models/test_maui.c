/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The shipped study of MAUI's face recognition gives what the paper reports (Cuervo et al., MobiSys
 * 2010, sections 2 and 7): 19 s on the handset, under 2 s at a nearby server, an order of magnitude
 * less energy there, and 2.5 times that over 3G. Within 20 %.
 */
#include "tests/models/world_support.h"

static void simulate_setting(const char *cell, const char *policy, const char *radio,
			     struct outcome *o)
{
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	CU_ASSERT_EQUAL_FATAL(json_doc_load(&doc, "scenarios/maui-2010.json", &diags, &e), 0);
	json_put(doc.root, "/handsets/fuze/cell", cJSON_CreateString(cell));
	json_put(doc.root, "/handsets/fuze/policy", cJSON_CreateString(policy));
	json_put(doc.root, "/handsets/fuze/radio", cJSON_CreateString(radio));
	char *text = cJSON_PrintUnformatted(doc.root);
	support_simulate(text, 1, o);
	free(text);
	json_doc_free(&doc);
}

static void face_recognition_is_as_measured(void)
{
	struct outcome phone, near, cellular;
	simulate_setting("near", "local", "wifi", &phone);
	simulate_setting("near", "remote", "wifi", &near);
	simulate_setting("3g", "remote", "3g", &cellular);
	CU_ASSERT(is_near(get(&phone, "response_time.mean", ""), 19, 0.2));
	CU_ASSERT(get(&near, "response_time.mean", "") < 2);
	double phone_j = get(&phone, "app.energy_to_result", "face-recognition");
	double near_j = get(&near, "app.energy_to_result", "face-recognition");
	double cellular_j = get(&cellular, "app.energy_to_result", "face-recognition");
	CU_ASSERT(is_near(cellular_j / near_j, 2.5, 0.2));
	CU_ASSERT(phone_j / near_j > 8 && phone_j / near_j < 20);
	/* And the tail, had the meter gone on. */
	CU_ASSERT(get(&cellular, "energy_per_task.mean", "") > cellular_j + 6.9);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"face_recognition_is_as_measured", face_recognition_is_as_measured},
		{0},
	};
	return test_main("maui", cases, argc, argv);
}
