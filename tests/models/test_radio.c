/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The published one-packet energies, from the library's files through a whole simulation. */
#include "tests/models/world_support.h"

/* One handset sends one small packet (periodic with a period of almost the whole run) and nothing
 * comes back. */
static char *one_packet(const char *radio, const char *input, const char *extra)
{
	return study(
		"{\"duration\":\"3000 s\",\"apps\":{\"ping\":{\"input\":\"%s\",\"output\":\"0 B\","
		"\"cycles\":\"1 kcycles\"}},"
		"\"handsets\":{\"phone\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		"W\","
		"\"idle\":\"0 W\"},\"radio\":\"%s\",\"cell\":\"c\",\"policy\":\"remote\",%s"
		"\"apps\":{\"ping\":{\"arrivals\":{\"periodic\":\"1400 s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"10 Mbit/s\",\"up\":\"5 Mbit/s\",\"rtt\":\"50 ms\","
		"\"site\":\"s\"}},"
		"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 "
		"GHz\",\"memory\":\"8 GiB\","
		"\"platform\":\"native\",\"guests\":{\"count\":1}}}}}}",
		input, radio, extra);
}

static void check_one_packet(const char *radio, double wanted_j)
{
	struct outcome o;
	char *text = one_packet(radio, "1 B", "");
	support_simulate(text, 1, &o);
	CU_ASSERT(get(&o, "tasks.done", "") >= 2);
	CU_ASSERT(is_near(get(&o, "energy_per_task.mean", ""), wanted_j, 0.01));
	free(text);
}

static void huang_one_packet_over_lte_is_12_76_j(void)
{
	check_one_packet("lte", 12.76);
}

static void huang_one_packet_over_3g_is_7_38_j(void)
{
	check_one_packet("3g", 7.38);
}

static void huang_one_packet_over_wifi_is_0_038_j(void)
{
	check_one_packet("wifi", 0.038);
}

/* Energy of a whole transfer of 50 kB (Balasubramanian et al., IMC 2009). */
static void balasubramanian_50_kb_over_3g_and_gsm(void)
{
	static const struct {
		const char *radio;
		double j;
	} cases[] = {{"3g-2009", 12.5}, {"gsm-2009", 5.0}};
	for (size_t i = 0; i < 2; i++) {
		struct outcome o;
		char *text = one_packet(cases[i].radio, "50 kB", "");
		support_simulate(text, 1, &o);
		CU_ASSERT(is_near(get(&o, "energy_per_task.mean", ""), cases[i].j, 0.01));
		free(text);
	}
}

/* Power of whole devices while sending at 5 Mbit/s: a r + b of the fits, whose b differs from that
 * of receiving; and of receiving at 10 Mbit/s. */
static void whole_devices_draw_what_the_fits_say(void)
{
	static const struct {
		const char *radio;
		double up_a, up_b, down_a, down_b; /* mW/(Mbit/s), mW */
	} cases[] = {{"lte-whole-device", 76.68, 2926, 11.54, 2839},
		     {"5g-low-band", 32.17, 3199, 11.54, 3059},
		     {"5g-mmwave", 8.88, 5664, 1.73, 5237}};
	for (size_t i = 0; i < 3; i++) {
		struct outcome o;
		char *text = one_packet(cases[i].radio, "5 MB", "");
		support_simulate(text, 1, &o);
		CU_ASSERT(is_near(get(&o, "energy", "transfer"),
				  (cases[i].up_a * 5 + cases[i].up_b) / 1e3 * 8, 1e-6));
		char *input = strstr(text, "\"input\":\"5 MB\",\"output\":\"0 B\"");
		CU_ASSERT_PTR_NOT_NULL_FATAL(input);
		memcpy(input, "\"input\":\"0 MB\",\"output\":\"5MB\"", 29);
		support_simulate(text, 1, &o);
		CU_ASSERT(is_near(get(&o, "energy", "transfer"),
				  (cases[i].down_a * 10 + cases[i].down_b) / 1e3 * 4, 1e-6));
		free(text);
	}
}

static void promotion_delays_the_first_byte(void)
{
	struct outcome o;
	char *text = one_packet("lte", "64 B", "");
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "overhead", "radio"), 0.2601 + 64 * 8 / 5e6, 1e-6));
	free(text);
}

/* An upload draws base power for its duration, and for its bits whatever the rate. */
static void transfer_energy_is_linear_in_throughput(void)
{
	struct outcome o;
	char *text = one_packet("lte", "1 MB", "");
	double seconds = 8e6 / 5e6;
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "energy", "transfer"), 1.28804 * seconds + 0.43839 * 5 * seconds,
			  1e-6));
	free(text);
}

/* Packets that follow each other within the tail are charged the tail between them, not a whole
 * one, and no promotion. */
static void a_tail_cut_short_is_charged_to_the_gap(void)
{
	struct outcome o;
	char *text = study(
		"{\"duration\":\"1000 s\",\"warmup\":\"100 s\",\"apps\":{\"ping\":{\"input\":\"64 "
		"B\","
		"\"output\":\"0 B\",\"cycles\":\"1 kcycles\"}},"
		"\"handsets\":{\"phone\":{\"count\":1,\"cpu\":{\"clock\":\"1 GHz\",\"power\":\"1 "
		"W\","
		"\"idle\":\"0 W\"},\"radio\":\"lte\",\"cell\":\"c\","
		"\"apps\":{\"ping\":{\"arrivals\":{\"periodic\":\"2 s\"}}}}},"
		"\"cells\":{\"c\":{\"down\":\"10 Mbit/s\",\"up\":\"5 Mbit/s\",\"rtt\":\"50 ms\","
		"\"site\":\"s\"}},"
		"\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":1,\"clock\":\"1 "
		"GHz\",\"memory\":\"8 GiB\","
		"\"platform\":\"native\",\"guests\":{\"count\":1}}}}}}");
	support_simulate(text, 1, &o);
	double mean_w = 1.060 + (1.6802 - 1.060) / 40;
	CU_ASSERT_EQUAL(get(&o, "energy", "promotion"), 0);
	/* The last task's tail is cut by the end of the run, hence the tolerance. */
	CU_ASSERT(is_near(get(&o, "energy", "tail"), mean_w * (2 - 64 * 8 / 5e6), 0.005));
	free(text);
}

static void joules_per_bit_knows_no_tail(void)
{
	struct outcome o;
	char *text = one_packet("joules-per-bit", "1 MB", "");
	support_simulate(text, 1, &o);
	CU_ASSERT(is_near(get(&o, "energy_per_task.mean", ""), 0.43839e-6 * 8e6, 1e-9));
	CU_ASSERT_EQUAL(get(&o, "energy", "tail"), 0);
	free(text);
}

static void a_battery_is_drained_by_what_tasks_cost(void)
{
	struct outcome o;
	char *text = one_packet("lte", "64 B", "\"battery\":\"100 J\",");
	support_simulate(text, 1, &o);
	double spent = get(&o, "energy_per_task.mean", "") * get(&o, "tasks.done", "");
	CU_ASSERT(is_near(100 - get(&o, "battery.end", "phone"), spent, 1e-9));
	free(text);
}

static void an_empty_handset_starts_no_more_tasks(void)
{
	struct outcome full, empty;
	char *a = one_packet("lte", "64 B", ""),
	     *b = one_packet("lte", "64 B", "\"battery\":\"1 J\",");
	support_simulate(a, 1, &full);
	support_simulate(b, 1, &empty);
	CU_ASSERT(get(&empty, "tasks.offered", "") < get(&full, "tasks.offered", ""));
	CU_ASSERT_EQUAL(get(&empty, "battery.end", "phone"), 0);
	free(a);
	free(b);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"huang_one_packet_over_lte_is_12_76_j", huang_one_packet_over_lte_is_12_76_j},
		{"huang_one_packet_over_3g_is_7_38_j", huang_one_packet_over_3g_is_7_38_j},
		{"huang_one_packet_over_wifi_is_0_038_j", huang_one_packet_over_wifi_is_0_038_j},
		{"balasubramanian_50_kb_over_3g_and_gsm", balasubramanian_50_kb_over_3g_and_gsm},
		{"whole_devices_draw_what_the_fits_say", whole_devices_draw_what_the_fits_say},
		{"promotion_delays_the_first_byte", promotion_delays_the_first_byte},
		{"transfer_energy_is_linear_in_throughput",
		 transfer_energy_is_linear_in_throughput},
		{"a_tail_cut_short_is_charged_to_the_gap", a_tail_cut_short_is_charged_to_the_gap},
		{"joules_per_bit_knows_no_tail", joules_per_bit_knows_no_tail},
		{"a_battery_is_drained_by_what_tasks_cost",
		 a_battery_is_drained_by_what_tasks_cost},
		{"an_empty_handset_starts_no_more_tasks", an_empty_handset_starts_no_more_tasks},
		{0},
	};
	return test_main("radio", cases, argc, argv);
}
