/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Random worlds that put all features together: whatever meets whatever, every task ends at most
 * once, its causes are its response time, its energies are sums of what was drawn, and the same
 * seed gives the same bytes. MCVSIM_WORLDS=FIRST-LAST runs those worlds and, with one, prints it.
 */
#include "models/run/run.h"
#include "tests/models/world_support.h"

#include <pthread.h>

/* ---- Drawing a study */

enum { CLASS_MAX = 8, TEXT_MAX = 3000 };

struct draw {
	struct stream st;
	FILE *out;
	unsigned moves, graphs, fails, sites, cells, links;
	bool all;     /* cells reach all sites */
	bool follows; /* all move, and guests may go after them */
	bool dies;    /* all batteries, early, and tasks are few: all must end */
};

static unsigned below(struct draw *d, unsigned n)
{
	return (unsigned)stream_below(&d->st, n);
}

/* Writes one of the alternatives of "<one|another|>", which is followed by the rest. */
static const char *put_one(struct draw *d, const char *text)
{
	const char *end = strchr(text, '>'), *at = text + 1;
	unsigned n = 1;
	for (const char *c = text; c < end; c++)
		n += *c == '|';
	for (unsigned pick = below(d, n); pick > 0; pick--)
		at = strchr(at, '|') + 1;
	fprintf(d->out, "%.*s", (int)strcspn(at, "|>"), at);
	return end + 1;
}

/* Writes text, printf-style, in which each "<one|another|>" is drawn, from left to right. */
static void put(struct draw *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct draw *d, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	int size = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (size >= TEXT_MAX)
		abort();
	for (const char *at = text; *at;) {
		if (*at == '<')
			at = put_one(d, at);
		else
			fputc(*at++, d->out);
	}
}

/* What is always up for the same short time may never start a guest or end a transfer. */
#define LONG	"{\"exponential\":\"3 s\"}|{\"exponential\":\"20 s\"}"
#define TIME	"<\"50 ms\"|\"2 s\"|" LONG ">"
#define BYTES	"<\"0 B\"|\"20 kB\"|{\"exponential\":\"300 kB\"}|\"1 MB\">"
#define CYCLES	"<\"10 Mcycles\"|{\"exponential\":\"900 Mcycles\"}|\"4 Gcycles\"|\"0 cycles\">"
#define RATE	"\"<1|20|1000> Mbit/s\""
#define IN_TIME "<||,\"deadline\":\"2 s\">"

static void put_failures(struct draw *d)
{
	if (below(d, 3) > d->fails)
		return;
	put(d, ",\"failures\":{\"after\":%s,\"repair\":" TIME, d->dies ? "<" LONG ">" : TIME);
	put(d, "<|,\"schedule\":[{\"at\":\"3 s\",\"for\":\"9 s\"},{\"at\":\"17 s\",\"for\":\"1 "
	       "s\"}]>}");
}

static void put_apps(struct draw *d)
{
	put(d, "\"apps\":{");
	for (unsigned i = 0; i < 3; i++)
		put(d,
		    "\"a%u\":{\"input\":" BYTES ",\"output\":" BYTES ",\"cycles\":" CYCLES
		    ",\"operations\":{\"syscall\":{\"exponential\":500},\"page_touch\":100}"
		    "<||,\"retry\":{\"attempts\":9,\"backoff\":\"0 s\",\"deadline\":\"60 s\"}"
		    "|,\"retry\":{\"attempts\":4,\"backoff\":\"200 ms\",\"deadline\":\"5 "
		    "s\"}>" IN_TIME "},",
		    i);
	put(d, "\"g\":{\"stages\":{\"s0\":{\"cycles\":" CYCLES ",\"pinned\":true}");
	unsigned stages = 2 + below(d, 5);
	for (unsigned i = 1; i < stages; i++) {
		unsigned before = below(d, i);
		put(d, ",\"s%u\":{\"cycles\":" CYCLES ",\"pinned\":<false|false|true>,\"after\":{",
		    i);
		put(d, "\"s%u\":{\"bytes\":" BYTES "}", before);
		if (before + 1 < i && below(d, 2))
			put(d, ",\"s%u\":{\"bytes\":" BYTES "}", i - 1);
		put(d, "}}");
	}
	put(d, "}" IN_TIME "}}");
}

static void put_place(struct draw *d)
{
	if (below(d, 3) >= d->moves) {
		put(d, ",\"cell\":\"c%u\"", below(d, d->cells));
		return;
	}
	put(d,
	    ",\"mobility\":"
	    "<{\"random-waypoint\":{\"area\":{\"width\":\"600 m\",\"height\":\"300 m\"},\"speed\":"
	    "{\"min\":\"20 m/s\",\"max\":\"150 m/s\"},\"pause\":{\"max\":\"2 s\"}}}"
	    "|{\"gauss-markov\":{\"area\":{\"width\":\"600 m\",\"height\":\"300 m\"},\"deviation\":"
	    "\"60 m/s\",\"memory\":0.9}}"
	    "|{\"manhattan\":{\"block\":\"75 m\",\"columns\":8,\"rows\":4,\"speed\":{\"min\":"
	    "\"30 m/s\",\"max\":\"90 m/s\"}}}"
	    "|{\"nomadic\":{\"places\":{\"p\":{\"x\":\"20 m\",\"y\":\"9 m\",\"dwell\":\"3 s\"},"
	    "\"q\":{\"x\":\"550 m\",\"y\":\"9 m\",\"dwell\":\"5 s\"}}}}|{\"csv\":\"ride.csv\"}>");
}

static void put_handsets(struct draw *d)
{
	const char *arrivals =
		d->dies ? "{\"arrivals\":<{\"poisson\":\"6 /min\"}|{\"closed\":\"9 s\"}>}"
			: "{\"arrivals\":<{\"closed\":\"500 ms\"}|{\"closed\":{\"think\":\"1 ms\","
			  "\"users\":2}}|{\"periodic\":\"3 s\"}|{\"poisson\":\"20 "
			  "/min\"}|{\"csv\":{\"file\":\"when.csv\",\"repeat\":\"7 s\"}}|{\"mmpp\":"
			  "[{\"rate\":\"3 /s\",\"time\":\"3 s\"},{\"rate\":\"0 /s\",\"time\":\"9 "
			  "s\"}"
			  "]}|{\"on-off\":{\"on\":\"2 s\",\"off\":\"9 s\",\"rate\":\"2 /s\"}}>}";
	unsigned classes = 1 + below(d, 3);
	put(d, ",\"handsets\":{");
	for (unsigned i = 0; i < classes; i++) {
		bool graph = below(d, 3) < d->graphs;
		put(d, "%s\"h%u\":{\"count\":%u,\"cpu\":{\"clock\":\"<200 MHz|1 GHz|1 GHz>\",",
		    i ? "," : "", i, below(d, CLASS_MAX) + 1);
		put(d, "\"power\":\"2 W\",\"idle\":\"0.3 W\"<||,\"governor\":\"deadline\"|"
		       ",\"levels\":[{\"clock\":\"500 MHz\",\"power\":\"0.5 W\"}],\"governor\":"
		       "\"least-energy\"|,\"levels\":[{\"clock\":\"500 MHz\",\"power\":\"0.5 W\"}],"
		       "\"governor\":\"race-to-idle\">}");
		put(d, ",\"radio\":\"<3g|3g-2009|5g-low-band|5g-mmwave|constant-power|gsm-2009|lte|"
		       "wifi|joules-per-bit|lte-whole-device>\"");
		put(d, ",\"battery\":\"%s\"", d->dies ? "9 J" : "<30 J|10 Wh|10 Wh>");
		put(d, ",\"policy\":%s",
		    graph && below(d, 2)
			    ? "\"maui\""
			    : "<\"local\"|\"remote\"|\"remote\"|{\"random\":0.6}|{\"random\":1}|"
			      "{\"bandit\":{}}|\"ewma\"|\"energy-delay\"|\"oracle\"|\"nearest\"|"
			      "\"energy-break-even\"|\"least-loaded\"|\"deadline\">");
		put_place(d);
		put(d, ",\"apps\":{\"a<0|1|2>\":");
		put(d, "%s", arrivals);
		if (graph) {
			put(d, ",\"g\":");
			put(d, "%s", arrivals);
		}
		put(d, "}}");
	}
	put(d, "}");
}

static void put_network(struct draw *d)
{
	put(d, ",\"cells\":{");
	for (unsigned i = 0; i < d->cells; i++) {
		unsigned first = below(d, d->sites), count = d->all ? d->sites : 1 + first;
		put(d,
		    "%s\"c%u\":{\"down\":" RATE ",\"up\":" RATE ",\"rtt\":<\"0 s\"|\"20 "
		    "ms\"|{\"exponential\":\"30 "
		    "ms\"}><|||,\"loss\":{\"link\":0.3}|,\"loss\":{\"tcp\":0.01}"
		    "|,\"loss\":{\"link\":0.1},\"capacity\":{\"csv\":{\"file\":\"rate.csv\","
		    "\"repeat\":\"5 s\"}}>,\"position\":{\"x\":\"%u m\",\"y\":\"%u "
		    "m\"<|,\"radius\":\"90 m\">},\"reaches\":{",
		    i ? "," : "", i, 75 + 150 * (i % 4), 75 + 150 * (i / 4));
		for (unsigned s = 0; s < count; s++)
			put(d, "%s\"s%u\":{\"via\":[<|\"l%u\">]}", s ? "," : "",
			    (first + s) % d->sites, i % d->links);
		put(d, "}}");
	}
	put(d, "},\"links\":{");
	for (unsigned i = 0; i < d->links; i++) {
		const char *rate = d->dies ? "<20|1000> Mbit/s" : "<1|20|1000> Mbit/s";
		put(d,
		    "%s\"l%u\":{\"up\":\"%s\",\"down\":\"%s\",\"delay\":\"<0|30> ms\","
		    "\"when_down\":\"<wait|fail>\"",
		    i ? "," : "", i, rate, rate);
		put_failures(d);
		put(d, "}");
	}
	put(d,
	    "},\"handover\":{\"interruption\":\"<0|150|300> ms\",\"hysteresis\":\"<1|4> dB\","
	    "\"tasks\":\"%s\",\"uncovered\":\"<wait|fail>\",\"via\":[<|\"l0\">]}",
	    d->follows ? "<forward|redo|migrate|migrate>" : "<forward|redo>");
}

static void put_host(struct draw *d, const char *name, const char *memory)
{
	bool weighted = below(d, 3) == 0;
	put(d, "\"%s\":{\"count\":<1|2>,\"cores\":<1|2|4>,\"clock\":\"<1|2|3> GHz\",", name);
	put(d, "\"memory\":\"16 GiB\",\"overcommit\":<1|4>,\"platform\":\"<kvm-emulated|kvm-virtio|"
	       "container|native|xen-hvm>\"<||,\"nic\":\"50 Mbit/s\">");
	put(d, ",\"scheduler\":%s",
	    weighted ? "\"weighted\"" : "<\"sharing\"|{\"round-robin\":\"30 ms\"}>");
	put_failures(d);
	put(d, ",\"guests\":{%s<\"count\":0|\"count\":1|\"count\":2,\"warm\":1|\"count\":4>,",
	    weighted ? "<|\"weights\":[1,2,5],\"caps\":[0.5,3],>" : "");
	put(d,
	    "\"room\":<0|1|2>,\"vcpus\":<1|2>,\"memory\":\"%s\",\"image\":\"<0|100|200> MB\","
	    "\"keep_alive\":\"<0|1|4> s\"}}",
	    memory);
}

static void put_migration(struct draw *d, unsigned site)
{
	unsigned orders = below(d, 12);
	if (below(d, 2) && !(d->follows && site == 0))
		return;
	put(d,
	    "\"migration\":{\"method\":<\"pre-copy\"|\"stop-and-copy\"|\"post-copy\"|"
	    "{\"pre-copy\":{\"downtime\":\"10 ms\",\"rounds\":3}}>,\"dirty\":\"<0|5|40> MB/s\","
	    "\"rate\":\"<%s100> MB/s\",\"setup\":\"<0|100> ms\",\"resume\":\"<0|50> ms\",",
	    d->dies ? "" : "1|30|");
	put(d, "\"balance\":<\"none\"|\"spread\"|\"consolidate\"|{\"spread\":{\"interval\":\"1 s\","
	       "\"above\":0.3}}>,\"schedule\":[");
	for (unsigned i = 0; i < orders; i++)
		put(d, "%s{\"at\":\"%u s\",\"from\":\"s%u/<x|y>/0\",\"to\":\"s%u/%s/0\"}",
		    i ? "," : "", below(d, 40), site, d->all ? i % d->sites : site, "<x|y>");
	put(d, "],\"to\":{");
	for (unsigned i = 0, n = 0; i < d->sites && (d->all || d->follows); i++)
		if (i != site)
			put(d, "%s\"s%u\":{\"via\":[<|\"l0\">]}", n++ ? "," : "", i);
	put(d, "}},");
}

static void put_sites(struct draw *d)
{
	put(d, ",\"sites\":{");
	for (unsigned i = 0; i < d->sites; i++) {
		const char *memory = d->dies || below(d, 2) ? "256 MB" : "2 GB";
		put(d,
		    "%s\"s%u\":{\"placement\":\"<least-loaded|random|round-robin>\",\"packing\":"
		    "\"<best-fit|first-fit|least-loaded|power-aware>\",\"scaling\":<\"none\"|"
		    "\"on-demand\"|{\"queue\":{\"tasks\":2,\"interval\":\"1 "
		    "s\",\"stabilization\":\"3 s\"}}|{\"queue\":{\"tasks\":1,\"interval\":\"1 "
		    "s\",\"stabilization\":\"0 s\"}}|{\"utilization\":"
		    "{\"target\":0.6,\"interval\":\"1 s\",\"stabilization\":\"2 "
		    "s\"}}>,\"delay\":\"<0|30> ms\","
		    "\"dedicated\":<false|false|true>,",
		    i ? "," : "", i);
		put_migration(d, i);
		put(d, "\"hosts\":{");
		put_host(d, "x", memory);
		put(d, ",");
		put_host(d, "y", memory);
		put(d, "}}");
	}
	put(d, "}");
}

static char *random_world(unsigned number, bool *all_end)
{
	struct stream_key key = {.seed = 20260101};
	struct draw d = {0};
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
	d.all = below(&d, 2);
	d.follows = d.moves == 3 && d.sites > 1;
	*all_end = d.dies = below(&d, 5) == 0;
	put(&d, "{\"duration\":\"%s s\",\"warmup\":\"%s s\",", d.dies ? "2000" : "40",
	    d.dies ? "0" : "<0|5>");
	put_apps(&d);
	put_handsets(&d);
	put_network(&d);
	put_sites(&d);
	put(&d, ",\"traces\":{\"ride.csv\":{\"data\":\"handset,time,x,y\\n");
	for (unsigned i = 0; i < CLASS_MAX; i++)
		put(&d, "h%u,%u,0,%u\\nh%u,%u,900,100\\nh%u,%u,0,50\\n", i, i, i, i, 15 + i, i,
		    30 + i);
	put(&d, "\"},\"when.csv\":{\"data\":\"time\\n0\\n0.5\\n0.5\\n4\"},\"rate.csv\":{\"data\":"
		"\"time,up,down\\n1,3e6,\\n2,0,0\\n2.5,1e7,2e5\"}}}");
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

struct other_run {
	const struct world *w;
	struct outcome o;
	int code;
};

static void *run_other(void *ctx)
{
	struct other_run *r = ctx;
	struct world_metrics_sink sink = {
		.ctx = &r->o, .value = support_value, .histogram = support_histogram};
	r->code = world_run(r->w, &(struct world_run_key){7, 0}, &sink, NULL);
	return NULL;
}

/* The world is run twice at once, which under the preset `tsan` also shows that runs share nothing
 * that one of them writes. */
static bool run_world(const char *text, bool all_end)
{
	struct outcome o = {0};
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
		struct other_run other = {.w = w};
		pthread_t thread;
		bool started = pthread_create(&thread, NULL, run_other, &other) == 0;
		good = check(started, "no thread");
		good &= check(world_run(w, &(struct world_run_key){7, 0}, &sink, &e) == 0, e.text);
		if (started)
			pthread_join(thread, NULL);
		if (good)
			good = add_up(&o, &f, all_end);
		if (good)
			good = check(other.code == 0 && memcmp(&o, &other.o, sizeof(o)) == 0,
				     "another result");
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
	unsigned first = 1, last = TEST_SANITIZED ? 15 : 90;
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
	run_worlds(91, TEST_SANITIZED ? 500 : 3000);
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
