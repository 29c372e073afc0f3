/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Platforms: what the shipped files mean, that a simulated task is charged what the terms say, and
 * that what cannot be is refused. */
#include "models/platform/platform.h"
#include "tests/models/world_support.h"

#include <dirent.h>

enum { PLATFORMS_MAX = 64, CHARGES_MAX = 200 };

static char platform_names[PLATFORMS_MAX][64];
static size_t platform_count;

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of scenarios/platforms/. */
static void list_platforms(void)
{
	DIR *d = opendir("scenarios/platforms");
	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	platform_count = 0;
	for (struct dirent *f; (f = readdir(d)) && platform_count < PLATFORMS_MAX;) {
		size_t n = strlen(f->d_name);
		if (n > 5 && strcmp(f->d_name + n - 5, ".json") == 0)
			snprintf(platform_names[platform_count++], 64, "%.*s", (int)(n - 5),
				 f->d_name);
	}
	closedir(d);
	qsort(platform_names, platform_count, 64, by_text);
	CU_ASSERT(platform_count >= 4);
}

static int read_platform(struct platform *p, const char *name, struct arena *arena)
{
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct err e;
	char path[200];
	snprintf(path, sizeof(path), "scenarios/platforms/%s.json", name);
	int code = json_doc_load(&doc, path, &diags, &e);
	if (code == 0)
		code = platform_read(p, arena_strdup(arena, name), &doc, "", arena, &diags);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], stdout);
	diag_free(&diags);
	json_doc_free(&doc);
	return code;
}

/* One of an operation, as a load. */
static struct op_load one(enum op op)
{
	struct op_load load = {0};
	if (op == OP_CPU)
		load.compute_ns = 1e9;
	else
		load.count[op] = 1;
	if (op == OP_NET_RX || op == OP_NET_TX)
		load.bytes[op] = 1448;
	if (op == OP_BLK_READ || op == OP_BLK_WRITE)
		load.bytes[op] = 4096;
	return load;
}

/* The same as an app's operations. */
static char *app_of(enum op op)
{
	const char *net = "\"net_rx\":{\"packets\":0,\"bytes\":\"0 B\"},"
			  "\"net_tx\":{\"packets\":0,\"bytes\":\"0 B\"}";
	const char *cycles = op == OP_CPU ? "1 Gcycles" : "0 cycles";
	switch (op) {
	case OP_CPU:
		return study("\"cycles\":\"%s\",\"operations\":{%s}", cycles, net);
	case OP_NET_RX:
	case OP_NET_TX:
		return study("\"cycles\":\"%s\",\"operations\":{\"%s\":{\"packets\":1,"
			     "\"bytes\":\"1448 B\"},\"%s\":{\"packets\":0,\"bytes\":\"0 B\"}}",
			     cycles, op_name(op), op_name(op == OP_NET_RX ? OP_NET_TX : OP_NET_RX));
	case OP_BLK_READ:
	case OP_BLK_WRITE:
		return study("\"cycles\":\"%s\",\"operations\":{\"%s\":{\"requests\":1},%s}",
			     cycles, op_name(op), net);
	default:
		return study("\"cycles\":\"%s\",\"operations\":{\"%s\":1,%s}", cycles, op_name(op),
			     net);
	}
}

static char *lone_task(const char *platform, const char *app)
{
	return study("{\"duration\":\"1000 s\",\"apps\":{\"a\":{\"input\":\"0 B\",\"output\":\"0 "
		     "B\",%s}},"
		     "\"handsets\":{\"phone\":{\"count\":1,\"cpu\":{\"clock\":\"1 "
		     "GHz\",\"power\":\"1 W\","
		     "\"idle\":\"0 W\"},\"radio\":\"wifi\",\"cell\":\"c\","
		     "\"apps\":{\"a\":{\"arrivals\":{\"periodic\":\"100 s\"}}}}},"
		     "\"cells\":{\"c\":{\"down\":\"1 Gbit/s\",\"up\":\"1 Gbit/s\",\"rtt\":\"0 s\","
		     "\"site\":\"s\"}},"
		     "\"sites\":{\"s\":{\"hosts\":{\"h\":{\"cores\":2,\"clock\":\"1 "
		     "GHz\",\"memory\":\"8 GiB\","
		     "\"disk_latency\":\"0 s\",\"platform\":\"%s\",\"guests\":{\"count\":1}}}}}}",
		     app, platform);
}

static void a_lone_task_is_charged_the_terms_to_the_nanosecond(void)
{
	struct profile literature;
	struct arena arena = {0};
	CU_ASSERT_EQUAL_FATAL(support_literature(&literature), 0);
	struct profile_view view = {.profile = &literature};
	list_platforms();
	for (size_t i = 0; i < platform_count; i++) {
		struct platform p;
		CU_ASSERT_EQUAL_FATAL(read_platform(&p, platform_names[i], &arena), 0);
		for (int op = 0; op < OP_COUNT; op++) {
			struct op_load load = one((enum op)op);
			struct platform_charge charges[CHARGES_MAX];
			struct platform_cost cost;
			struct outcome o;
			struct err e;
			size_t n;
			int64_t printed = llround(load.compute_ns);
			if (op == OP_BOOT || op == OP_RESTORE)
				continue; /* no part of a task */
			CU_ASSERT_EQUAL_FATAL(platform_cost(&p, &view, &load, charges, CHARGES_MAX,
							    &n, &cost, &e),
					      0);
			for (size_t k = 0; k < n; k++)
				printed += charges[k].ns;
			char *app = app_of((enum op)op), *text = lone_task(platform_names[i], app);
			support_simulate(text, 1, &o);
			int64_t charged = llround(get(&o, "response_time.max", "") * 1e9);
			int64_t mean = llround(get(&o, "response_time.mean", "") * 1e9);
			if (charged != printed || mean != printed)
				printf(" %s %s: charged %lld, printed %lld ", platform_names[i],
				       op_name((enum op)op), (long long)charged,
				       (long long)printed);
			CU_ASSERT_EQUAL(charged, printed);
			CU_ASSERT_EQUAL(mean, printed);
			int64_t sites = cost.site_ns[SITE_GUEST] + cost.site_ns[SITE_BACKEND] +
					cost.site_ns[SITE_WAIT];
			CU_ASSERT_EQUAL(sites, printed);
			CU_ASSERT_EQUAL(get(&o, "overhead", "queue"), 0);
			free(app);
			free(text);
		}
	}
	profile_free(&literature);
	arena_free(&arena);
}

static int64_t total(const char *platform, const struct op_load *load)
{
	struct profile literature;
	struct arena arena = {0};
	struct platform p;
	struct platform_cost cost = {0};
	struct err e;
	CU_ASSERT_EQUAL_FATAL(support_literature(&literature), 0);
	struct profile_view view = {.profile = &literature};
	CU_ASSERT_EQUAL_FATAL(read_platform(&p, platform, &arena), 0);
	CU_ASSERT_EQUAL(platform_cost(&p, &view, load, NULL, 0, NULL, &cost, &e), 0);
	profile_free(&literature);
	arena_free(&arena);
	return cost.site_ns[SITE_GUEST] + cost.site_ns[SITE_BACKEND] + cost.site_ns[SITE_WAIT];
}

/* By hand, from the literature profile: 6 + 8 x 2 exits at 3206 ns, the guest's system call and
 * copy, the VMM's system call and copy. */
static void a_block_read_by_registers_costs_what_its_exits_cost(void)
{
	struct op_load read = one(OP_BLK_READ);
	CU_ASSERT_EQUAL(total("kvm-emulated", &read), 22 * 3206 + 2 * (64 + 500 + 410));
	CU_ASSERT_EQUAL(total("native", &read), 64 + 500 + 410);
}

/* No platform beats native at anything, and none is native at everything. */
static void nothing_is_cheaper_than_native(void)
{
	list_platforms();
	for (size_t i = 0; i < platform_count; i++) {
		bool dearer = false;
		for (int op = 0; op < OP_COUNT; op++) {
			struct op_load load = one((enum op)op);
			int64_t here = total(platform_names[i], &load);
			int64_t native = total("native", &load);
			if (here < native)
				printf(" %s: %s %lld < %lld ", platform_names[i],
				       op_name((enum op)op), (long long)here, (long long)native);
			CU_ASSERT(here >= native);
			dearer |= here > native;
		}
		CU_ASSERT_EQUAL(dearer, strcmp(platform_names[i], "native") != 0);
	}
}

/* What paravirtual drivers buy comes out of the counts: less than a tenth of the cost at 4 KiB. */
static void paravirtual_io_is_cheaper_than_emulated(void)
{
	struct op_load read = one(OP_BLK_READ), rx = one(OP_NET_RX);
	CU_ASSERT(total("kvm-virtio", &read) * 4 < total("kvm-emulated", &read));
	CU_ASSERT(total("kvm-vhost", &read) < total("kvm-virtio", &read));
	CU_ASSERT(total("kvm-passthrough", &read) < total("kvm-vhost", &read));
	CU_ASSERT(total("kvm-virtio", &rx) < total("kvm-emulated", &rx));
}

static void only_the_guest_axis_says_whether_the_guest_knows(void)
{
	struct arena arena = {0};
	list_platforms();
	for (size_t i = 0; i < platform_count; i++) {
		struct platform p;
		CU_ASSERT_EQUAL_FATAL(read_platform(&p, platform_names[i], &arena), 0);
		const char *guest = platform_axis_values(AXIS_GUEST)[p.axes[AXIS_GUEST]];
		CU_ASSERT_EQUAL(platform_guest_knows(&p), strncmp(guest, "pv-", 3) == 0);
	}
	arena_free(&arena);
}

static void every_term_names_a_cause_that_is_not_the_worlds_own(void)
{
	struct arena arena = {0};
	list_platforms();
	for (size_t i = 0; i < platform_count; i++) {
		struct platform p;
		CU_ASSERT_EQUAL_FATAL(read_platform(&p, platform_names[i], &arena), 0);
		for (size_t k = 0; k < p.term_count; k++) {
			CU_ASSERT(p.terms[k].cause > CAUSE_DISK && p.terms[k].cause < CAUSE_COUNT);
			CU_ASSERT_PTR_NOT_NULL(p.terms[k].why);
			CU_ASSERT_NOT_EQUAL(p.terms[k].primitive[0], '@');
		}
	}
	arena_free(&arena);
}

/* Reads a platform from six words into *p, which lives in the arena; returns the first mistake, or
 * "". */
static const char *read_words(struct platform *p, struct arena *arena, const char *axes)
{
	static char verdict[600];
	static const char *const keys[] = {"placement", "guest", "cpu", "mmu", "io", "backend"};
	char text[800], words[200], *save = NULL;
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct err e;
	snprintf(words, sizeof(words), "%s", axes);
	int n = snprintf(text, sizeof(text), "{\"description\":\"x\",\"axes\":{");
	char *word = strtok_r(words, " ", &save);
	for (int i = 0; i < 6; i++, word = strtok_r(NULL, " ", &save))
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"%s\":\"%s\"", i ? "," : "",
			      keys[i], word);
	snprintf(text + n, sizeof(text) - (size_t)n, "}}");
	CU_ASSERT_EQUAL(json_doc_parse(&doc, "p.json", text, strlen(text), &diags, &e), 0);
	int code = platform_read(p, "p", &doc, "", arena, &diags);
	snprintf(verdict, sizeof(verdict), "%s", diags.count ? diags.items[0].text : "");
	CU_ASSERT_EQUAL(code, diags.count ? ERR_INVALID : 0);
	diag_free(&diags);
	json_doc_free(&doc);
	return verdict;
}

static const char *verdict_on(const char *axes)
{
	struct arena arena = {0};
	struct platform p;
	const char *verdict = read_words(&p, &arena, axes);
	arena_free(&arena);
	return verdict;
}

/* Writes the axis values number at[] as six words, and goes on to the next combination; false after
 * the last. */
static bool next_words(size_t at[AXIS_COUNT], char *axes, size_t size)
{
	int a = 0;
	axes[0] = '\0';
	if (!platform_axis_values(AXIS_COUNT - 1)[at[AXIS_COUNT - 1]])
		return false;
	for (int i = 0; i < AXIS_COUNT; i++)
		snprintf(axes + strlen(axes), size - strlen(axes), "%s%s", i ? " " : "",
			 platform_axis_values((enum platform_axis)i)[at[i]]);
	while (!platform_axis_values((enum platform_axis)a)[++at[a]] && a + 1 < AXIS_COUNT)
		at[a++] = 0;
	return true;
}

static void impossible_combinations_are_refused_with_the_reason(void)
{
	static const struct {
		const char *axes, *reason;
	} cases[] = {
		{"none none hardware host native none", "nothing to virtualize the CPU for"},
		{"hybrid unmodified hardware nested paravirtual host-user",
		 "no paravirtual drivers"},
		{"hosted unmodified emulation nested emulated host-user",
		 "nested paging is part of"},
		{"hybrid pv-drivers hardware nested paravirtual none", "somebody to do its work"},
		{"hosted pv-drivers hardware nested paravirtual root-partition",
		 "a root partition"},
		{"bare-metal unmodified hardware nested emulated host-user", "no host kernel"},
		{"none unmodified hardware nested emulated host-user", "needs a hypervisor"},
		{"hybrid unmodified hardware direct-pv emulated host-user", "page tables"},
		{"hybrid unmodified hardware nested passthrough host-user", "no device model"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *verdict = verdict_on(cases[i].axes);
		if (!strstr(verdict, cases[i].reason))
			printf(" %s: \"%s\" ", cases[i].axes, verdict);
		CU_ASSERT_PTR_NOT_NULL(strstr(verdict, cases[i].reason));
	}
	CU_ASSERT_STRING_EQUAL(
		verdict_on("hybrid pv-drivers hardware nested paravirtual host-user"), "");
}

/* Every combination of the axes' values is either a platform or refused with what must be
 * otherwise. */
static void every_combination_is_allowed_or_refused_with_a_sentence(void)
{
	size_t allowed = 0, refused = 0, at[AXIS_COUNT] = {0};
	char axes[200];
	while (next_words(at, axes, sizeof(axes))) {
		const char *verdict = verdict_on(axes);
		allowed += verdict[0] == '\0';
		refused += verdict[0] != '\0';
		if (verdict[0] && !strstr(verdict, "must"))
			printf(" %s: \"%s\" ", axes, verdict);
		CU_ASSERT(!verdict[0] || strstr(verdict, "must"));
	}
	CU_ASSERT_EQUAL(allowed + refused, 4 * 4 * 5 * 4 * 4 * 5);
	CU_ASSERT(allowed > 0 && refused > allowed);
}

/* The terms of an operation that have the primitive (NULL: any), site and cause; the last of them
 * is put into *found. */
static size_t terms_of(const struct platform *p, enum op op, const char *primitive,
		       enum platform_site site, enum cause cause,
		       const struct platform_term **found)
{
	size_t n = 0;
	*found = NULL;
	for (size_t i = 0; i < p->term_count; i++) {
		const struct platform_term *t = &p->terms[i];
		if (t->op != op || t->site != site || t->cause != cause ||
		    (primitive && strcmp(t->primitive, primitive) != 0))
			continue;
		*found = t;
		n++;
	}
	return n;
}

/* Whoever has a backend rings it once, by one step, and has it read an image that is a file. */
static void check_backend(const struct platform *p, const char *axes)
{
	static const enum op notifying[] = {OP_BLK_READ, OP_BLK_WRITE, OP_NET_TX};
	const struct platform_term *t;
	bool rings = p->axes[AXIS_IO] == IO_PARAVIRTUAL;
	/* UML's pipe is the queue: its write is spent on a backend at work, too. */
	bool pipe = p->axes[AXIS_PLACEMENT] == PLACE_HOSTED &&
		    p->axes[AXIS_GUEST] == GUEST_PV_KERNEL && p->axes[AXIS_CPU] == CPU_DEPRIVILEGED;
	enum platform_site site = rings ? SITE_BACKEND : SITE_GUEST;
	for (size_t i = 0; rings && i < sizeof(notifying) / sizeof(notifying[0]); i++) {
		size_t n = terms_of(p, notifying[i], NULL, SITE_GUEST, CAUSE_EXITS, &t);
		if (n != 1)
			printf(" %s, %s: %zu doorbells ", axes, op_name(notifying[i]), n);
		CU_ASSERT_EQUAL(n, 1);
		CU_ASSERT(n != 1 || (t->notify == !pipe && t->n == 1));
	}
	size_t reads = terms_of(p, OP_BLK_READ, "file.native", site, CAUSE_BACKEND, &t);
	size_t writes = terms_of(p, OP_BLK_WRITE, "file.write", site, CAUSE_BACKEND, &t);
	if (reads != 1 || writes != 1)
		printf(" %s: %zu and %zu files ", axes, reads, writes);
	CU_ASSERT(reads == 1 && writes == 1);
}

/* Of all platforms that there can be. */
static void every_backend_is_rung_and_reads_a_file(void)
{
	size_t at[AXIS_COUNT] = {0}, checked = 0;
	char axes[200];
	while (next_words(at, axes, sizeof(axes))) {
		struct arena arena = {0};
		struct platform p = {0};
		bool can_be = read_words(&p, &arena, axes)[0] == '\0';
		if (can_be &&
		    (p.axes[AXIS_IO] == IO_EMULATED || p.axes[AXIS_IO] == IO_PARAVIRTUAL)) {
			check_backend(&p, axes);
			checked++;
		}
		arena_free(&arena);
	}
	CU_ASSERT(checked > 50);
}

/* The primitive of leaving the guest for the device, of a block read on the platform of these words
 * but for io and backend. */
static const char *way_out(const char *words, const char *io, const char *backend)
{
	static char primitive[64];
	const struct platform_term *t;
	struct arena arena = {0};
	struct platform p;
	char axes[200];
	snprintf(axes, sizeof(axes), "%s %s %s", words, io, backend);
	CU_ASSERT_STRING_EQUAL_FATAL(read_words(&p, &arena, axes), "");
	CU_ASSERT_FATAL(terms_of(&p, OP_BLK_READ, NULL, SITE_GUEST, CAUSE_EXITS, &t) > 0);
	snprintf(primitive, sizeof(primitive), "%s", t->primitive);
	arena_free(&arena);
	return primitive;
}

/* Without hardware virtualization a doorbell is an access to a register as any other; with it the
 * two are measured apart. */
static void a_doorbell_costs_what_an_access_to_a_register_does(void)
{
	static const struct {
		const char *words, *backend, *primitive;
	} cases[] = {
		{"hosted pv-drivers binary-translation shadow", "host-user", "exit.hosted"},
		{"hosted pv-drivers binary-translation shadow", "host-kernel", "trap.monitor"},
		{"bare-metal pv-drivers binary-translation shadow", "hypervisor", "trap.monitor"},
		{"bare-metal pv-drivers binary-translation shadow", "root-partition",
		 "trap.monitor"},
		{"hosted pv-drivers deprivileged shadow", "host-user", "trap.privileged"},
		{"hosted pv-drivers deprivileged shadow", "host-kernel", "trap.privileged"},
		{"bare-metal pv-drivers deprivileged shadow", "hypervisor", "trap.monitor"},
		{"hybrid pv-drivers deprivileged shadow", "host-user", "trap.monitor"},
		{"hosted pv-drivers emulation host", "host-user", "call.device"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_STRING_EQUAL(way_out(cases[i].words, "paravirtual", cases[i].backend),
				       cases[i].primitive);
		CU_ASSERT_STRING_EQUAL(way_out(cases[i].words, "emulated", cases[i].backend),
				       cases[i].primitive);
	}
	/* A kernel that was ported calls whoever runs it instead. */
	CU_ASSERT_STRING_EQUAL(
		way_out("hosted pv-kernel deprivileged direct-pv", "paravirtual", "host-user"),
		"syscall.native");
	CU_ASSERT_STRING_EQUAL(
		way_out("bare-metal pv-kernel deprivileged direct-pv", "paravirtual", "hypervisor"),
		"hypercall");
}

/* By hand, from the literature profile: 22 traps, the guest's system call (translated), file system
 * and copy, and the hypervisor's file system and copy; of UML a doorbell by one system call. */
static void backends_beside_kvms_cost_what_they_do(void)
{
	struct op_load read = one(OP_BLK_READ);
	CU_ASSERT_EQUAL(total("vmware-esx", &read), 22 * 234 + (64 + 526) + 2 * (500 + 410));
	CU_ASSERT_EQUAL(total("uml", &read),
			(64 + 24250) + 500 + 410 + 2490 + 64 + 5000 + (64 + 500 + 410));
	CU_ASSERT_EQUAL(total("denali", &read), (64 + 684) + 500 + 410 + 684 + 684 + (500 + 410));
}

/* Requests of 1 MiB keep the backend at work; what comes meanwhile rings no doorbell and wakes
 * nobody. */
static void a_backend_at_work_is_not_woken(void)
{
	struct outcome alone, loaded;
	const char *app = "\"cycles\":\"1 Mcycles\",\"operations\":{\"blk_read\":{\"requests\":10,"
			  "\"bytes\":\"1 MiB\"}}";
	char *text = lone_task("kvm-virtio", app);
	support_simulate(text, 1, &alone);
	memcpy(strstr(text, "\"periodic\":\"100 s\""), "\"poisson\":\"400 /s\"", 18);
	support_simulate(text, 1, &loaded);
	CU_ASSERT(get(&loaded, "tasks.done", "") > 50000);
	CU_ASSERT(get(&loaded, "overhead", "wait") < 0.9 * get(&alone, "overhead", "wait"));
	CU_ASSERT(get(&loaded, "overhead", "exits") < 0.9 * get(&alone, "overhead", "exits"));
	CU_ASSERT(is_near(get(&loaded, "overhead", "backend"), get(&alone, "overhead", "backend"),
			  1e-9));
	CU_ASSERT_EQUAL(sum_of(&loaded, "overhead"), get(&loaded, "response_time.mean", ""));
	free(text);
}

/* What interrupts of completions cost a task on average, when tasks come at that rate, three digits
 * a second. */
static double interrupts_at(const char *platform, const char *window, const char *rate)
{
	struct outcome o;
	char *task = lone_task("@@", "\"cycles\":\"1 kcycles\",\"operations\":{\"blk_read\":"
				     "{\"requests\":10,\"bytes\":\"1 MiB\"}}");
	char *at = strstr(task, "\"@@\"");
	memcpy(strstr(task, "1000 s"), "0100 s", 6);
	*at = '\0';
	char *text = study("%s{\"description\":\"d\",\"axes\":{\"placement\":\"hybrid\",%s,"
			   "\"cpu\":\"hardware\",\"mmu\":\"nested\",\"backend\":\"host-user\"},"
			   "\"coalescing\":\"%s\"}%s",
			   task, platform, window, at + 4);
	char *arrivals = strstr(text, "\"periodic\":\"100 s\"");
	memcpy(arrivals, "\"poisson\":\"", 11);
	memcpy(arrivals + 11, rate, 3);
	memcpy(arrivals + 14, " /s\"", 4);
	support_simulate(text, 1, &o);
	CU_ASSERT(get(&o, "tasks.done", "") > 50);
	CU_ASSERT(is_near(sum_of(&o, "overhead"), get(&o, "response_time.mean", ""), 1e-12));
	double interrupts = get(&o, "overhead", "interrupts");
	free(task);
	free(text);
	return interrupts;
}

/* A request takes its backend 105 us, the interrupt for it 741 ns: without a window each request
 * has one, whatever the queue. Within 1 ms are ten requests; so many share one at most. */
static void interrupts_of_a_busy_backend_stand_for_several_completions(void)
{
	static const char virtio[] = "\"guest\":\"pv-drivers\",\"io\":\"paravirtual\"",
			  ata[] = "\"guest\":\"unmodified\",\"io\":\"emulated\"";
	double alone = interrupts_at(virtio, "1 ms", "001"), last = alone;
	static const char *const rates[] = {"200", "500", "800", "940"};
	CU_ASSERT(is_near(interrupts_at(virtio, "0 s", "800"), 10 * 741e-9, 1e-9));
	CU_ASSERT(is_near(alone, 10 * 741e-9, 1e-7));
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		double now = interrupts_at(virtio, "1 ms", rates[i]);
		CU_ASSERT(now < last && now > alone / 10);
		last = now;
	}
	CU_ASSERT(last < 0.5 * alone);
	printf(" %.2f of an interrupt for a request ", last / alone);
	CU_ASSERT_EQUAL(interrupts_at(ata, "1 ms", "005"), interrupts_at(ata, "0 s", "005"));
}

static void a_new_platform_needs_six_words_and_no_code(void)
{
	struct outcome virtio, inline_one;
	char *a = lone_task(
		"kvm-virtio",
		"\"cycles\":\"10 Mcycles\",\"operations\":{\"blk_read\":{\"requests\":10}}");
	char *b = lone_task("@@", "\"cycles\":\"10 Mcycles\",\"operations\":{\"blk_read\":"
				  "{\"requests\":10}}");
	char *at = strstr(b, "\"@@\"");
	*at = '\0';
	char *c = study("%s{\"description\":\"like kvm-virtio\",\"axes\":{\"placement\":\"hybrid\","
			"\"guest\":\"pv-drivers\",\"cpu\":\"hardware\",\"mmu\":\"nested\","
			"\"io\":\"paravirtual\",\"backend\":\"host-user\"}}%s",
			b, at + 4);
	support_simulate(a, 1, &virtio);
	support_simulate(c, 1, &inline_one);
	CU_ASSERT_EQUAL(get(&virtio, "response_time.mean", ""),
			get(&inline_one, "response_time.mean", ""));
	free(a);
	free(b);
	free(c);
}

/* The lone task of ten block reads on a platform of six words and as many terms beside. */
static char *with_terms(int count)
{
	static char terms[32 * 1024];
	size_t n = 0;
	terms[0] = '\0';
	for (int i = 0; i < count; i++)
		n += (size_t)snprintf(terms + n, sizeof(terms) - n,
				      "%s{\"primitive\":\"syscall.native\",\"site\":\"guest\","
				      "\"cause\":\"io\",\"why\":\"one more\"}",
				      i ? "," : "");
	char *task = lone_task(
		"@@", "\"cycles\":\"10 Mcycles\",\"operations\":{\"blk_read\":{\"requests\":10}}");
	char *at = strstr(task, "\"@@\"");
	*at = '\0';
	char *text = study("%s{\"description\":\"x\",\"axes\":{\"placement\":\"hybrid\","
			   "\"guest\":\"pv-drivers\",\"cpu\":\"hardware\",\"mmu\":\"nested\","
			   "\"io\":\"paravirtual\",\"backend\":\"host-user\"},"
			   "\"add\":{\"blk_read\":[%s]}}%s",
			   task, terms, at + 4);
	free(task);
	return text;
}

static int64_t response_ns(char *text)
{
	struct outcome o;
	support_simulate(text, 1, &o);
	free(text);
	return llround(get(&o, "response_time.mean", "") * 1e9);
}

/* As many terms as there may be are all charged; more are a mistake, and not left out. */
static void a_file_may_have_many_terms_and_no_more(void)
{
	int64_t none = response_ns(with_terms(0)), one_more = response_ns(with_terms(1)) - none;
	CU_ASSERT(one_more > 0);
	CU_ASSERT_EQUAL(response_ns(with_terms(PLATFORM_FILE_TERMS_MAX)) - none,
			PLATFORM_FILE_TERMS_MAX * one_more);
	support_refuses(with_terms(PLATFORM_FILE_TERMS_MAX + 1), "/sites/s/hosts/h/platform",
			"193 terms in \"replace\" and \"add\" together; at most 192");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_lone_task_is_charged_the_terms_to_the_nanosecond",
		 a_lone_task_is_charged_the_terms_to_the_nanosecond},
		{"a_block_read_by_registers_costs_what_its_exits_cost",
		 a_block_read_by_registers_costs_what_its_exits_cost},
		{"nothing_is_cheaper_than_native", nothing_is_cheaper_than_native},
		{"paravirtual_io_is_cheaper_than_emulated",
		 paravirtual_io_is_cheaper_than_emulated},
		{"only_the_guest_axis_says_whether_the_guest_knows",
		 only_the_guest_axis_says_whether_the_guest_knows},
		{"every_term_names_a_cause_that_is_not_the_worlds_own",
		 every_term_names_a_cause_that_is_not_the_worlds_own},
		{"every_combination_is_allowed_or_refused_with_a_sentence",
		 every_combination_is_allowed_or_refused_with_a_sentence},
		{"every_backend_is_rung_and_reads_a_file", every_backend_is_rung_and_reads_a_file},
		{"a_doorbell_costs_what_an_access_to_a_register_does",
		 a_doorbell_costs_what_an_access_to_a_register_does},
		{"backends_beside_kvms_cost_what_they_do", backends_beside_kvms_cost_what_they_do},
		{"impossible_combinations_are_refused_with_the_reason",
		 impossible_combinations_are_refused_with_the_reason},
		{"a_backend_at_work_is_not_woken", a_backend_at_work_is_not_woken},
		{"interrupts_of_a_busy_backend_stand_for_several_completions",
		 interrupts_of_a_busy_backend_stand_for_several_completions},
		{"a_new_platform_needs_six_words_and_no_code",
		 a_new_platform_needs_six_words_and_no_code},
		{"a_file_may_have_many_terms_and_no_more", a_file_may_have_many_terms_and_no_more},
		{0},
	};
	return test_main("platform", cases, argc, argv);
}
