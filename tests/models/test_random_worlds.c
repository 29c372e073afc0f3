/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random worlds that put all features together: whatever meets whatever, every task ends at most
 * once, its causes are its response time, its energies are sums of what was drawn, and the same
 * seed gives the same bytes. MCVSIM_WORLDS=FIRST-LAST runs those worlds and, with one, prints it.
 */
#include "models/run/run.h"
#include "tests/models/world_support.h"

/* ---- Drawing a study */

enum { CLASS_MAX = 8 };

struct draw {
	struct stream st;
	FILE *out;
	uint64_t moves, graphs, fails, sites, cells, links;
	bool dies; /* all batteries, early, and tasks are few: all must end */
};

static uint64_t below(struct draw *d, uint64_t n)
{
	return stream_below(&d->st, n);
}

#define PICK(d, list) (list)[below(d, sizeof(list) / sizeof(*(list)))]

static const char *const times[] = {"\"50 ms\"", "\"2 s\"", "{\"exponential\":\"3 s\"}",
				    "{\"exponential\":\"20 s\"}"};

static void failures(struct draw *d)
{
	if (below(d, 3) > d->fails)
		return;
	/* What is up for 50 ms at a time, for ever, may never start a guest or end a transfer. */
	const char *after = d->dies ? times[1 + below(d, 3)] : PICK(d, times);
	const char *repair = PICK(d, times);
	fprintf(d->out, ",\"failures\":{\"after\":%s,\"repair\":%s", after, repair);
	if (below(d, 2))
		fprintf(d->out, ",\"schedule\":[{\"at\":\"%u s\",\"for\":\"%u s\"}]",
			(unsigned)below(d, 30), (unsigned)below(d, 9) + 1);
	fprintf(d->out, "}");
}

static void put_apps(struct draw *d)
{
	static const char *const bytes[] = {"\"0 B\"", "\"20 kB\"", "{\"exponential\":\"300 kB\"}",
					    "\"1 MB\""};
	static const char *const cycles[] = {"\"10 Mcycles\"", "{\"exponential\":\"900 Mcycles\"}",
					     "\"4 Gcycles\"", "\"0 cycles\""};
	static const char *const retries[] = {
		"", "", ",\"retry\":{\"attempts\":9,\"backoff\":\"0 s\",\"deadline\":\"60 s\"}",
		",\"retry\":{\"attempts\":4,\"backoff\":\"200 ms\",\"deadline\":\"5 s\"}"};
	static const char *const deadlines[] = {"", "", ",\"deadline\":\"2 s\""};
	fprintf(d->out, "\"apps\":{");
	for (int i = 0; i < 3; i++) {
		const char *input = PICK(d, bytes), *output = PICK(d, bytes);
		const char *work = PICK(d, cycles), *retry = PICK(d, retries);
		fprintf(d->out,
			"\"a%d\":{\"input\":%s,\"output\":%s,\"cycles\":%s,\"operations\":{"
			"\"syscall\":{\"exponential\":500},\"page_touch\":100}%s%s},",
			i, input, output, work, retry, PICK(d, deadlines));
	}
	fprintf(d->out, "\"g\":{\"stages\":{\"s0\":{\"cycles\":\"%u Mcycles\",\"pinned\":true}",
		(unsigned)below(d, 100));
	uint64_t stages = 2 + below(d, 5);
	for (uint64_t i = 1; i < stages; i++) {
		fprintf(d->out, ",\"s%u\":{\"cycles\":%s,\"pinned\":%s,\"after\":{", (unsigned)i,
			PICK(d, cycles), below(d, 4) ? "false" : "true");
		uint64_t before = below(d, i);
		fprintf(d->out, "\"s%u\":{\"bytes\":%s}", (unsigned)before, PICK(d, bytes));
		if (below(d, 2) && before + 1 < i)
			fprintf(d->out, ",\"s%u\":{\"bytes\":%s}", (unsigned)i - 1, PICK(d, bytes));
		fprintf(d->out, "}}");
	}
	fprintf(d->out, "}%s}}", PICK(d, deadlines));
}

static void put_policy(struct draw *d, bool graph)
{
	static const char *const any[] = {
		"\"local\"",	  "\"remote\"",	      "{\"random\":0.6}", "{\"bandit\":{}}",
		"\"ewma\"",	  "\"energy-delay\"", "\"oracle\"",	  "\"energy-break-even\"",
		"\"nearest\"",	  "\"least-loaded\"", "\"deadline\"",	  "\"remote\"",
		"{\"random\":1}",
	};
	fprintf(d->out, ",\"policy\":%s", graph && below(d, 2) ? "\"maui\"" : PICK(d, any));
}

static void put_place(struct draw *d)
{
	static const char *const walks[] = {
		"{\"random-waypoint\":{\"area\":{\"width\":\"600 m\",\"height\":\"300 m\"},"
		"\"speed\":{\"min\":\"20 m/s\",\"max\":\"150 m/s\"},\"pause\":{\"max\":\"2 s\"}}}",
		"{\"gauss-markov\":{\"area\":{\"width\":\"600 m\",\"height\":\"300 m\"},"
		"\"deviation\":\"60 m/s\",\"memory\":0.9}}",
		"{\"manhattan\":{\"block\":\"75 m\",\"columns\":8,\"rows\":4,\"speed\":{\"min\":"
		"\"30 m/s\",\"max\":\"90 m/s\"}}}",
		"{\"nomadic\":{\"places\":{\"p\":{\"x\":\"20 m\",\"y\":\"9 m\",\"dwell\":\"3 s\"},"
		"\"q\":{\"x\":\"550 m\",\"y\":\"9 m\",\"dwell\":\"5 s\"}}}}",
		"{\"csv\":\"ride.csv\"}"};
	if (below(d, 3) < d->moves)
		fprintf(d->out, ",\"mobility\":%s", PICK(d, walks));
	else
		fprintf(d->out, ",\"cell\":\"c%u\"", (unsigned)below(d, d->cells));
}

static void put_handsets(struct draw *d)
{
	static const char *const radios[] = {
		"3g",	    "3g-2009", "5g-low-band", "5g-mmwave",	"constant-power",
		"gsm-2009", "lte",     "wifi",	      "joules-per-bit", "lte-whole-device"};
	static const char *const arrivals[] = {
		"{\"closed\":\"500 ms\"}",
		"{\"closed\":{\"think\":\"1 ms\",\"users\":2}}",
		"{\"periodic\":\"3 s\"}",
		"{\"poisson\":\"20 /min\"}",
		"{\"mmpp\":[{\"rate\":\"3 /s\",\"time\":\"3 s\"},{\"rate\":\"0 /s\",\"time\":\"9 "
		"s\"}]}",
		"{\"on-off\":{\"on\":\"2 s\",\"off\":\"9 s\",\"rate\":\"2 /s\"}}"};
	static const char *const rare[] = {"{\"poisson\":\"6 /min\"}", "{\"closed\":\"9 s\"}"};
	static const char *const governors[] = {
		"", "",
		",\"levels\":[{\"clock\":\"500 MHz\",\"power\":\"0.5 W\"}],\"governor\":"
		"\"least-energy\"",
		",\"levels\":[{\"clock\":\"500 MHz\",\"power\":\"0.5 W\"}],\"governor\":"
		"\"race-to-idle\""};
	uint64_t classes = 1 + below(d, 3);
	fprintf(d->out, ",\"handsets\":{");
	for (uint64_t i = 0; i < classes; i++) {
		bool graph = below(d, 3) < d->graphs, slow = below(d, 5) == 0;
		fprintf(d->out,
			"%s\"h%u\":{\"count\":%u,\"cpu\":{\"clock\":\"%s\",\"power\":\"2 W\","
			"\"idle\":\"0.3 W\"%s},\"radio\":\"%s\",\"battery\":\"%s\"",
			i ? "," : "", (unsigned)i, (unsigned)below(d, CLASS_MAX) + 1,
			slow ? "200 MHz" : "1 GHz", PICK(d, governors), PICK(d, radios),
			d->dies	      ? "9 J"
			: below(d, 4) ? "10 Wh"
				      : "30 J");
		put_policy(d, graph);
		put_place(d);
		fprintf(d->out, ",\"apps\":{\"a%u\":{\"arrivals\":%s}", (unsigned)below(d, 3),
			d->dies ? PICK(d, rare) : PICK(d, arrivals));
		if (graph)
			fprintf(d->out, ",\"g\":{\"arrivals\":%s}",
				d->dies ? PICK(d, rare) : PICK(d, arrivals));
		fprintf(d->out, "}}");
	}
	fprintf(d->out, "}");
}

static void put_network(struct draw *d)
{
	static const char *const rates[] = {"1 Mbit/s", "20 Mbit/s", "1 Gbit/s"};
	static const char *const rtts[] = {"\"0 s\"", "\"20 ms\"", "{\"exponential\":\"30 ms\"}"};
	fprintf(d->out, ",\"cells\":{");
	bool all = below(d, 2); /* the cells reach all sites */
	for (uint64_t i = 0; i < d->cells; i++) {
		fprintf(d->out,
			"%s\"c%u\":{\"down\":\"%s\",\"up\":\"%s\",\"rtt\":%s,\"position\":{\"x\":"
			"\"%u m\",\"y\":\"%u m\"%s},\"reaches\":{",
			i ? "," : "", (unsigned)i, PICK(d, rates), PICK(d, rates), PICK(d, rtts),
			(unsigned)(75 + 150 * (i % 4)), (unsigned)(75 + 150 * (i / 4)),
			below(d, 2) ? "" : ",\"radius\":\"90 m\"");
		uint64_t first = below(d, d->sites);
		for (uint64_t s = 0; s < (all ? d->sites : 1 + below(d, d->sites)); s++) {
			fprintf(d->out, "%s\"s%u\":{\"via\":[", s ? "," : "",
				(unsigned)((first + s) % d->sites));
			if (below(d, 2))
				fprintf(d->out, "\"l%u\"", (unsigned)below(d, d->links));
			fprintf(d->out, "]}");
		}
		fprintf(d->out, "}}");
	}
	fprintf(d->out, "},\"links\":{");
	for (uint64_t i = 0; i < d->links; i++) {
		fprintf(d->out,
			"%s\"l%u\":{\"up\":\"%s\",\"down\":\"%s\",\"delay\":\"%u "
			"ms\",\"when_down\":"
			"\"%s\"",
			i ? "," : "", (unsigned)i, PICK(d, rates), PICK(d, rates),
			(unsigned)below(d, 30), below(d, 2) ? "wait" : "fail");
		failures(d);
		fprintf(d->out, "}");
	}
	fprintf(d->out,
		"},\"handover\":{\"interruption\":\"%u ms\",\"hysteresis\":\"%u dB\","
		"\"tasks\":\"%s\",\"uncovered\":\"%s\",\"via\":[%s]}",
		(unsigned)below(d, 3) * 150, (unsigned)below(d, 4) + 1,
		below(d, 2) ? "forward" : "redo", below(d, 2) ? "wait" : "fail",
		below(d, 4) ? "\"l0\"" : "");
}

static void put_host(struct draw *d, const char *name, const char *memory)
{
	static const char *const platforms[] = {"kvm-emulated", "kvm-virtio", "container", "native",
						"xen-hvm"};
	static const char *const schedulers[] = {"\"sharing\"", "\"weighted\"",
						 "{\"round-robin\":\"30 ms\"}"};
	fprintf(d->out,
		"\"%s\":{\"count\":%u,\"cores\":%u,\"clock\":\"%u GHz\",\"memory\":\"16 GiB\","
		"\"overcommit\":%u,\"platform\":\"%s\",\"scheduler\":%s%s",
		name, (unsigned)below(d, 2) + 1, (unsigned)below(d, 4) + 1,
		(unsigned)below(d, 3) + 1, (unsigned)below(d, 2) * 3 + 1, PICK(d, platforms),
		PICK(d, schedulers), below(d, 3) ? "" : ",\"nic\":\"50 Mbit/s\"");
	failures(d);
	fprintf(d->out,
		",\"guests\":{\"count\":%u,\"room\":%u,\"vcpus\":%u,\"memory\":\"%s\",\"image\":"
		"\"%u MB\",\"warm\":%u,\"keep_alive\":\"%u s\"}}",
		(unsigned)below(d, 4) + 1, (unsigned)below(d, 3), (unsigned)below(d, 2) + 1, memory,
		(unsigned)below(d, 3) * 100, (unsigned)below(d, 2), (unsigned)below(d, 5));
}

static void put_migration(struct draw *d, uint64_t site)
{
	static const char *const methods[] = {
		"\"pre-copy\"", "\"stop-and-copy\"", "\"post-copy\"",
		"{\"pre-copy\":{\"downtime\":\"10 ms\",\"rounds\":3}}"};
	static const char *const balances[] = {"\"none\"", "\"spread\"", "\"consolidate\"",
					       "{\"spread\":{\"interval\":\"1 s\",\"above\":0.3}}"};
	if (below(d, 2))
		return;
	fprintf(d->out,
		"\"migration\":{\"method\":%s,\"dirty\":\"%u MB/s\",\"rate\":\"%u "
		"MB/s\",\"setup\":\"%u ms\",\"resume\":\"%u ms\",\"balance\":%s,\"schedule\":[",
		PICK(d, methods), (unsigned)below(d, 40), (unsigned)below(d, 100) + 1,
		(unsigned)below(d, 2) * 100, (unsigned)below(d, 2) * 50, PICK(d, balances));
	for (uint64_t i = below(d, 12), n = 0; n < i; n++)
		fprintf(d->out,
			"%s{\"at\":\"%u s\",\"from\":\"s%u/%s/0\",\"to\":\"s%u/%s/0\",\"guest\":0}",
			n ? "," : "", (unsigned)below(d, 40), (unsigned)site, n % 2 ? "y" : "x",
			(unsigned)site, n % 2 ? "x" : "y");
	fprintf(d->out, "]},");
}

static void put_sites(struct draw *d)
{
	static const char *const placements[] = {"\"least-loaded\"", "\"random\"",
						 "\"round-robin\""};
	static const char *const packings[] = {"\"best-fit\"", "\"first-fit\"", "\"least-loaded\"",
					       "\"power-aware\""};
	static const char *const scalings[] = {
		"\"none\"", "\"on-demand\"", "{\"queue\":{\"tasks\":2,\"interval\":\"1 s\"}}",
		"{\"utilization\":{\"target\":0.6,\"interval\":\"1 s\"}}"};
	fprintf(d->out, ",\"sites\":{");
	for (uint64_t i = 0; i < d->sites; i++) {
		const char *memory = below(d, 2) ? "256 MB" : "2 GB";
		fprintf(d->out,
			"%s\"s%u\":{\"placement\":%s,\"packing\":%s,\"scaling\":%s,\"delay\":\"%u "
			"ms\",",
			i ? "," : "", (unsigned)i, PICK(d, placements), PICK(d, packings),
			PICK(d, scalings), (unsigned)below(d, 30));
		put_migration(d, i);
		fprintf(d->out, "\"hosts\":{");
		put_host(d, "x", memory);
		fprintf(d->out, ",");
		put_host(d, "y", memory);
		fprintf(d->out, "}}");
	}
	fprintf(d->out, "}");
}

static char *random_world(uint64_t number, bool *all_end)
{
	struct stream_key key = {.seed = 20260101};
	struct draw d = {.cells = 1};
	char *text = NULL;
	size_t size;
	stream_init(&d.st, &key, number, stream_name("world"));
	d.out = open_memstream(&text, &size);
	if (!d.out)
		abort();
	d.moves = below(&d, 4);
	d.graphs = below(&d, 4);
	d.fails = below(&d, 3);
	d.sites = 1 + below(&d, 3);
	d.cells = 1 + below(&d, 8);
	d.links = 1 + below(&d, 3);
	*all_end = d.dies = below(&d, 5) == 0;
	fprintf(d.out, "{\"duration\":\"%u s\",\"warmup\":\"%u s\",", d.dies ? 2000 : 40,
		d.dies ? 0 : (unsigned)below(&d, 2) * 5);
	put_apps(&d);
	put_handsets(&d);
	put_network(&d);
	put_sites(&d);
	fprintf(d.out, ",\"traces\":{\"ride.csv\":{\"data\":\"handset,time,x,y\\n");
	for (unsigned i = 0; i < CLASS_MAX; i++)
		fprintf(d.out, "h%u,%u,0,%u\\nh%u,%u,900,100\\nh%u,%u,0,50\\n", i, i, i, i, 15 + i,
			i, 30 + i);
	fprintf(d.out, "\"}}}");
	fclose(d.out);
	return text;
}

/* ---- Checking a run */

struct followed {
	uint64_t done, failed[FAILURE_COUNT], wrong;
	double energy_j;
	wide_ns response_ns;
};

static int take_task(void *ctx, const struct world_task *t)
{
	struct followed *f = ctx;
	int64_t sum = 0;
	for (int i = 0; i < ENERGY_COUNT; i++)
		f->wrong += !(t->energy_j[i] >= 0 && t->energy_j[i] < 1e9);
	f->wrong += t->end_ns < t->start_ns;
	for (int c = 0; !t->failure && c < CAUSE_COUNT; c++) {
		f->wrong += t->cause_ns[c] < 0;
		sum += t->cause_ns[c];
	}
	f->wrong += !t->failure && sum != t->end_ns - t->start_ns;
	if (!t->counts)
		return 0;
	for (int i = 0; t->failure && i < FAILURE_COUNT; i++)
		f->failed[i] += strcmp(t->failure, failure_names[i]) == 0;
	for (int i = 0; !t->failure && i < ENERGY_COUNT; i++)
		f->energy_j += t->energy_j[i];
	f->done += !t->failure;
	f->response_ns += t->failure ? 0 : t->end_ns - t->start_ns;
	return 0;
}

static bool check(bool holds, const char *what)
{
	if (!holds)
		printf("  wrong: %s\n", what);
	return holds;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b)) + 1e-12;
}

static bool add_up(const struct outcome *o, const struct followed *f, bool all_end)
{
	bool good = check(f->wrong == 0, "a task's times or energies");
	double n = get(o, "tasks.done", ""), unfinished = get(o, "tasks.unfinished", "");
	for (size_t i = 0; i < o->count; i++) {
		double v = o->values[i].value;
		bool may_be_nan = n == 0 || !isfinite(v),
		     is_left = strcmp(o->values[i].metric, "battery.end") == 0;
		if (!(v >= 0 || is_left) && !(isnan(v) && may_be_nan))
			good &= check(false, o->values[i].metric);
	}
	good &= check(unfinished >= 0, "tasks end more than once");
	good &= check(!all_end || unfinished == 0, "a task never ends");
	good &= check((double)f->done == n, "tasks done");
	for (int i = 0; i < FAILURE_COUNT; i++)
		good &= check((double)f->failed[i] == get(o, "tasks.failed", failure_names[i]),
			      failure_names[i]);
	good &= check(get(o, "tasks.offered", "") ==
			      get(o, "tasks.local", "") + get(o, "tasks.remote", ""),
		      "tasks offered");
	if (n == 0)
		return good;
	good &= check(near(sum_of(o, "overhead") * n, (double)f->response_ns / 1e9), "overhead");
	good &= check(near(get(o, "response_time.mean", "") * n, (double)f->response_ns / 1e9),
		      "response time");
	good &= check(near(sum_of(o, "energy"), get(o, "energy_per_task.mean", "")), "energy");
	good &= check(near(f->energy_j, n * get(o, "energy_per_task.mean", "")), "energies");
	return good;
}

static bool run_world(const char *text, bool all_end)
{
	struct outcome o = {0}, again;
	struct followed f = {0};
	struct diag_list diags = {0};
	struct err e = {0};
	struct world *w = support_build(text, &diags);
	struct world_trace trace = {.ctx = &f, .task = take_task};
	struct world_metrics_sink sink = {
		.ctx = &o, .value = support_value, .histogram = support_histogram, .trace = &trace};
	for (size_t i = 0; !w && i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	bool good = check(w != NULL, "the world is not one");
	if (w) {
		good = check(world_run(w, &(struct world_run_key){7, 0}, &sink, &e) == 0, e.text);
		if (good)
			good = add_up(&o, &f, all_end);
		if (good) {
			support_run(w, 7, 0, &again);
			good = check(memcmp(&o, &again, sizeof(o)) == 0, "another result");
		}
	}
	world_free(w);
	diag_free(&diags);
	return good;
}

static void run_worlds(unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		bool all_end, good;
		char *text = random_world(i, &all_end);
		if (first == last)
			printf("%s\n", text);
		if (getenv("MCVSIM_WORLDS")) {
			printf("\rworld %u ", i);
			fflush(stdout);
		}
		good = run_world(text, all_end);
		if (!good)
			printf("  in world %u\n", i);
		CU_ASSERT(good);
		free(text);
	}
}

static void everything_adds_up_in_random_worlds(void)
{
	const char *text = getenv("MCVSIM_WORLDS");
	unsigned first = 1, last = TEST_SANITIZED ? 15 : 60;
	if (text && sscanf(text, "%u-%u", &first, &last) == 1)
		last = first;
	run_worlds(first, last);
}

static void thousands_of_worlds(void)
{
	if (!getenv("MCVSIM_SLOW")) {
		test_skip("minutes long: set MCVSIM_SLOW=1");
		return;
	}
	run_worlds(61, TEST_SANITIZED ? 500 : 5000);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"everything_adds_up_in_random_worlds", everything_adds_up_in_random_worlds},
		{"thousands_of_worlds", thousands_of_worlds},
		{0},
	};
	return test_main("random_worlds", cases, argc, argv);
}
