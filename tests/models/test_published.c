/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Published results held against what composition gives with the literature's primitives. A row
 * says what it rests on: "calibrated" where the published figure itself is a primitive, or a count
 * was taken from it, "composed" where other figures of the same publication are, "predicted" where
 * nothing of the publication is. scenarios/published.md tells the same for people.
 * The grades are those of the figures: what is only recalled is held to its order, not to its size.
 */
#include "models/platform/platform.h"
#include "tests/models/world_support.h"

static struct arena arena;
static struct profile literature;

static struct platform load_platform(const char *name)
{
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct platform p = {0};
	struct err e;
	char path[200];
	snprintf(path, sizeof(path), "scenarios/platforms/%s.json", name);
	CU_ASSERT_EQUAL_FATAL(json_doc_load(&doc, path, &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(platform_read(&p, name, &doc, "", &arena, &diags), 0);
	json_doc_free(&doc);
	diag_free(&diags);
	return p;
}

/* First-generation hardware support (VT-x without nested paging) as VMware's hardware VMM used it:
 * six words, no file. */
static struct platform first_generation(void)
{
	static const char text[] =
		"{\"description\":\"VT-x of 2005\",\"axes\":{\"placement\":\"bare-metal\","
		"\"guest\":\"unmodified\",\"cpu\":\"hardware\",\"mmu\":\"shadow\","
		"\"io\":\"emulated\",\"backend\":\"hypervisor\"}}";
	struct json_doc doc = {0};
	struct diag_list diags = {0};
	struct platform p = {0};
	struct err e;
	CU_ASSERT_EQUAL_FATAL(json_doc_parse(&doc, "vt-x", text, strlen(text), &diags, &e), 0);
	CU_ASSERT_EQUAL_FATAL(platform_read(&p, "vt-x", &doc, "", &arena, &diags), 0);
	json_doc_free(&doc);
	diag_free(&diags);
	return p;
}

struct setting {
	const struct profile_override *overrides;
	size_t count;
};

/* CPU time of guest and backend, and waiting, in ns. */
static double cost(const struct platform *p, const struct setting *s, const struct op_load *load,
		   bool with_wait)
{
	const struct profile_view view = {.profile = &literature,
					  .overrides = s ? s->overrides : NULL,
					  .override_count = s ? s->count : 0};
	struct platform_cost c;
	struct err e = {0};
	int code = platform_cost(p, &view, load, NULL, 0, NULL, &c, &e);
	if (code)
		printf(" %s ", e.text);
	CU_ASSERT_EQUAL_FATAL(code, 0);
	return (double)c.site_ns[SITE_GUEST] + (double)c.site_ns[SITE_BACKEND] +
	       (with_wait ? (double)c.site_ns[SITE_WAIT] : 0);
}

static double one(const struct platform *p, const struct setting *s, enum op op)
{
	struct op_load load = {0};
	load.count[op] = 1;
	return cost(p, s, &load, false);
}

/* ---- Barham et al., SOSP 2003 ---- */

/* The order of Fig. 3 (recalled), and the text's +3 % of Xen (primary), for a Linux build:
 * Xen predicted, UML and VMware composed (cpu.translation and syscall.ptrace are Barham's). How
 * often a build faults and forks is no published figure: 20,000 faults, 4,000 map changes, 3,000
 * system calls and 300 switches in a second of computing are assumed, and Xen's overhead is asked
 * to lie between 1 and 6 %. */
static void a_linux_build_costs_xen_a_few_percent(void)
{
	const struct op_load second = {.compute_ns = 1e9,
				       .count = {[OP_PAGE_FAULT] = 20000,
						 [OP_MAP_CHANGE] = 4000,
						 [OP_SYSCALL] = 3000,
						 [OP_CONTEXT_SWITCH] = 300}};
	const struct platform native = load_platform("native"), xen = load_platform("xen-pv"),
			      vmware = load_platform("vmware-workstation"),
			      uml = load_platform("uml");
	double n = cost(&native, NULL, &second, true);
	double x = cost(&xen, NULL, &second, true) / n - 1;
	double v = cost(&vmware, NULL, &second, true) / n - 1;
	double u = cost(&uml, NULL, &second, true) / n - 1;
	printf(" xen %+.1f %%, vmware %+.1f %%, uml %+.1f %% ", 100 * x, 100 * v, 100 * u);
	CU_ASSERT(x > 0.01 && x < 0.06);
	CU_ASSERT(u > 0.3); /* published: +103 % */
	CU_ASSERT(u > 5 * x && u > 5 * v);
	CU_ASSERT(v > 0.01 && v < u); /* published: +27 %, see the page */
}

/* SPEC WEB99: native and Xen within a percent of each other, UML and VMware below a third
 * (primary). A request, assumed: 60 us of computing, 10 packets each way, 60 system calls, 8
 * switches, 2 reads, 10 faults. The processor's time for it bounds the score; waiting does not. */
static void a_web_server_ranks_native_xen_then_the_others(void)
{
	const struct op_load request = {
		.compute_ns = 60e3,
		.count = {[OP_NET_RX] = 10,
			  [OP_NET_TX] = 10,
			  [OP_SYSCALL] = 60,
			  [OP_CONTEXT_SWITCH] = 8,
			  [OP_BLK_READ] = 2,
			  [OP_PAGE_FAULT] = 10},
		.bytes = {[OP_NET_RX] = 1000, [OP_NET_TX] = 14480, [OP_BLK_READ] = 16384}};
	const struct platform native = load_platform("native"), xen = load_platform("xen-pv"),
			      vmware = load_platform("vmware-workstation"),
			      uml = load_platform("uml");
	double n = cost(&native, NULL, &request, false);
	double x = n / cost(&xen, NULL, &request, false);
	double v = n / cost(&vmware, NULL, &request, false);
	double u = n / cost(&uml, NULL, &request, false);
	printf(" of native: xen %.2f, vmware %.2f, uml %.2f ", x, v, u);
	CU_ASSERT(x < 1);
	CU_ASSERT(x > 2 * v && x > 2 * u);
	CU_ASSERT(u < 1.0 / 3 && v < 1.0 / 3);
}

/* ---- Dall et al., ISCA 2016 (Table II) and USENIX ATC 2017 (Table 2) ---- */

/* Cycles of the tables at the machines' clocks. */
static const struct profile_override kvm_x86[] = {{"hypercall", 1, "619 ns"},	    /* 1300 */
						  {"doorbell.pio", 1, "267 ns"}};   /* 560 */
static const struct profile_override xen_x86[] = {{"hypercall", 1, "585 ns"},	    /* 1228 */
						  {"switch.domain", 1, "5016 ns"}}; /* 10534 */
static const struct profile_override kvm_arm[] = {{"hypercall", 1, "2708 ns"},	    /* 6500 */
						  {"doorbell.pio", 1, "2510 ns"}};  /* 6024 */
static const struct profile_override xen_arm[] = {{"hypercall", 1, "157 ns"},	    /* 376 */
						  {"switch.domain", 1, "3666 ns"}}; /* 8799 */
/* 2017, at 2.0 GHz: null hypercall, I/O ended in the kernel, I/O ended in user space. */
static const struct profile_override split_2017[] = {{"hypercall", 1, "3207 ns"},      /* 6413 */
						     {"doorbell.pio", 1, "4017 ns"},   /* 8034 */
						     {"exit.pio_user", 1, "5006 ns"}}; /* 10012 */
static const struct profile_override vhe_2017[] = {{"hypercall", 1, "376 ns"},	       /* 752 */
						   {"doorbell.pio", 1, "802 ns"},      /* 1604 */
						   {"exit.pio_user", 1, "3815 ns"}};   /* 7630 */
#define SETTING(list)                                                                              \
	(struct setting)                                                                           \
	{                                                                                          \
		(list), sizeof(list) / sizeof((list)[0])                                           \
	}

/* What tells the backend that there is work: the doorbell or event, and the switch to the domain
 * that holds the backend; not the waking of a thread, which the tables' "I/O latency out" ends
 * before. */
static double signal_ns(const struct platform *p, const struct setting *s)
{
	const struct profile_view view = {
		.profile = &literature, .overrides = s->overrides, .override_count = s->count};
	struct platform_charge charges[64];
	struct platform_cost c;
	struct op_load load = {.count = {[OP_BLK_READ] = 1}, .bytes = {[OP_BLK_READ] = 4096}};
	struct err e;
	size_t n;
	double ns = 0;
	CU_ASSERT_EQUAL_FATAL(platform_cost(p, &view, &load, charges, 64, &n, &c, &e), 0);
	for (size_t i = 0; i < n; i++)
		if (charges[i].term->notify &&
		    strcmp(charges[i].term->primitive, "wake.cross_core") != 0)
			ns += charges[i].exact_ns;
	return ns;
}

static bool is_within(double a, double b, double tolerance)
{
	bool yes = fabs(a / b - 1) <= tolerance;
	if (!yes)
		printf(" %g is not within %g %% of %g ", a, 100 * tolerance, b);
	return yes;
}

/* Type-1 answers hypercalls faster, Type-2 (a hybrid) I/O: on both architectures. Hypercalls are
 * calibrated; Xen's signal is composed of a hypercall and a switch of domains of its table. */
static void type_1_wins_at_hypercalls_and_loses_at_io(void)
{
	const struct platform xen = load_platform("xen-pvh"), kvm = load_platform("kvm-vhost");
	const struct setting kx = SETTING(kvm_x86), xx = SETTING(xen_x86), ka = SETTING(kvm_arm),
			     xa = SETTING(xen_arm);
	const struct platform pv = load_platform("xen-pv");
	double x86_xen = signal_ns(&xen, &xx), x86_kvm = signal_ns(&kvm, &kx);
	double arm_xen = signal_ns(&xen, &xa), arm_kvm = signal_ns(&kvm, &ka);
	printf(" x86 %.0f and %.0f ns, arm %.0f and %.0f ns ", x86_xen, x86_kvm, arm_xen, arm_kvm);
	CU_ASSERT(x86_xen > x86_kvm && arm_xen > arm_kvm);
	CU_ASSERT(is_within(x86_xen, 11262 / 2.1, 0.1)); /* composed */
	/* Published: 16491 cycles at 2.4 GHz. Composition reaches the order, not the size. */
	CU_ASSERT(arm_xen > 0.5 * 16491 / 2.4);
	/* The same guest kernel's privileged operation is a hypercall. */
	CU_ASSERT(one(&pv, &xx, OP_PRIVILEGED) < one(&pv, &kx, OP_PRIVILEGED));
	CU_ASSERT(one(&pv, &xa, OP_PRIVILEGED) < 0.1 * one(&pv, &ka, OP_PRIVILEGED));
}

/* 2017: a hosted kernel that runs where the hypervisor runs (VHE) has a Type-1's hypercalls, and
 * its signals to a backend in the kernel cost a fifth: a tenth of Xen's on ARM a year before. What
 * ends in user space gains less, since that way is longer than the transition. So it was the
 * transition that cost, not the type. Calibrated; Xen's signal is composed, as above. */
static void the_transition_costs_and_not_the_type(void)
{
	const struct platform pv = load_platform("xen-pv"), vhost = load_platform("kvm-vhost"),
			      emulated = load_platform("kvm-emulated"),
			      xen_pvh = load_platform("xen-pvh");
	const struct setting split = SETTING(split_2017), vhe = SETTING(vhe_2017),
			     xen = SETTING(xen_arm);
	double s = one(&pv, &split, OP_PRIVILEGED), v = one(&pv, &vhe, OP_PRIVILEGED);
	double x = one(&pv, &xen, OP_PRIVILEGED);
	CU_ASSERT(s > 7 * v);
	CU_ASSERT(v < 3 * x);

	double kernel_split = signal_ns(&vhost, &split), kernel_vhe = signal_ns(&vhost, &vhe);
	printf(" signals %.0f, %.0f, Xen %.0f ns ", kernel_split, kernel_vhe,
	       signal_ns(&xen_pvh, &xen));
	CU_ASSERT(is_within(kernel_split / kernel_vhe, 8034.0 / 1604, 0.01));
	CU_ASSERT(signal_ns(&xen_pvh, &xen) > 4 * kernel_vhe);
	double user_split = one(&emulated, &split, OP_BLK_READ);
	double user_vhe = one(&emulated, &vhe, OP_BLK_READ);
	CU_ASSERT(user_vhe < user_split);
	CU_ASSERT(user_split / user_vhe < kernel_split / kernel_vhe);
}

/* ---- Adams and Agesen, ASPLOS 2006 (Pentium 4 672, 3.8 GHz; recalled) ---- */

static void the_order_depends_on_the_operation(void)
{
	/* An exit of that processor: entry 2409, page-fault exit 1931 less what they share; 3963
	 * cycles for a round trip. */
	static const struct profile_override p4[] = {{"exit.kernel", 1, "1043 ns"},
						     {"map.native", 1, "0.3 ns"}};
	const struct setting s = SETTING(p4);
	const struct platform native = load_platform("native"), bt = load_platform("vmware-esx"),
			      hw = first_generation();
	/* syscall: native = hardware < translation (calibrated) */
	CU_ASSERT_EQUAL(one(&native, &s, OP_SYSCALL), one(&hw, &s, OP_SYSCALL));
	CU_ASSERT(one(&bt, &s, OP_SYSCALL) > 5 * one(&native, &s, OP_SYSCALL));
	/* page fault: native < translation < hardware; the last is composed (11242 cycles) */
	double fault[] = {one(&native, &s, OP_PAGE_FAULT), one(&bt, &s, OP_PAGE_FAULT),
			  one(&hw, &s, OP_PAGE_FAULT)};
	printf(" page fault %.0f, %.0f, %.0f cycles ", fault[0] * 3.8, fault[1] * 3.8,
	       fault[2] * 3.8);
	CU_ASSERT(fault[0] < fault[1] && fault[1] < fault[2]);
	CU_ASSERT(is_within(fault[1] * 3.8, 3927, 0.15));
	CU_ASSERT(is_within(fault[2] * 3.8, 11242, 0.6));
	/* a page-table store: native < translation < hardware (12733 cycles; calibrated) */
	double store[] = {one(&native, &s, OP_MAP_CHANGE), one(&bt, &s, OP_MAP_CHANGE),
			  one(&hw, &s, OP_MAP_CHANGE)};
	CU_ASSERT(store[0] < store[1] && store[1] < store[2]);
	CU_ASSERT(is_within(store[1] * 3.8, 391, 0.05));
	CU_ASSERT(is_within(store[2] * 3.8, 12733, 0.1));
	/* a privileged instruction: translated to code of its native cost, an exit in hardware */
	CU_ASSERT(one(&bt, &s, OP_PRIVILEGED) <= one(&native, &s, OP_PRIVILEGED));
	CU_ASSERT(one(&hw, &s, OP_PRIVILEGED) > one(&bt, &s, OP_PRIVILEGED));
	/* computing: calls and returns are slower in translated code, as are clock ticks in both */
	struct op_load second = {.compute_ns = 1e9};
	CU_ASSERT(cost(&native, &s, &second, true) < cost(&hw, &s, &second, true));
	CU_ASSERT(cost(&hw, &s, &second, true) < cost(&bt, &s, &second, true));
}

/* ---- Felter et al. 2014: what composition cannot reach ---- */

/* Linpack on untuned KVM lost 17 %; pinned and with the topology shown, 2 %. Computing alone has
 * only its clock ticks here: composition gives the tuned end at best, and says nothing of the
 * other.
 */
static void topology_is_out_of_reach(void)
{
	const struct platform native = load_platform("native"), kvm = load_platform("kvm-virtio");
	const struct op_load second = {.compute_ns = 1e9};
	double loss = 1 - cost(&native, NULL, &second, true) / cost(&kvm, NULL, &second, true);
	CU_ASSERT(loss > 0 && loss < 0.02);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"a_linux_build_costs_xen_a_few_percent", a_linux_build_costs_xen_a_few_percent},
		{"a_web_server_ranks_native_xen_then_the_others",
		 a_web_server_ranks_native_xen_then_the_others},
		{"type_1_wins_at_hypercalls_and_loses_at_io",
		 type_1_wins_at_hypercalls_and_loses_at_io},
		{"the_transition_costs_and_not_the_type", the_transition_costs_and_not_the_type},
		{"the_order_depends_on_the_operation", the_order_depends_on_the_operation},
		{"topology_is_out_of_reach", topology_is_out_of_reach},
		{0},
	};
	struct err e;
	(void)e;
	if (support_literature(&literature) != 0)
		return 1;
	int code = test_main("published", cases, argc, argv);
	profile_free(&literature);
	arena_free(&arena);
	return code;
}
