/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The drawings of platforms: the layers that the axes say, and a request's way that costs what the
 * terms say. */
#include "models/platform/platform_layers.h"
#include "tests/models/world_support.h"

static struct arena arena;

static struct platform platform_named(const char *name)
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
	return p;
}

static const struct platform_layer *layer(const char *platform, const char *name)
{
	static struct platform_layer layers[PLATFORM_LAYERS_MAX];
	struct platform p = platform_named(platform);
	size_t n = platform_layers(&p, layers, &arena);
	CU_ASSERT(n >= 4 && n <= PLATFORM_LAYERS_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(layers[i].name, name) == 0)
			return &layers[i];
	return NULL;
}

static void layers_follow_from_the_axes(void)
{
	CU_ASSERT_PTR_NULL(layer("native", "hypervisor"));
	CU_ASSERT_PTR_NULL(layer("container", "guest kernel"));
	CU_ASSERT_PTR_NOT_NULL(layer("container", "container process"));
	CU_ASSERT_PTR_NULL(layer("xen-pv", "host kernel"));
	CU_ASSERT_PTR_NOT_NULL(layer("xen-pv", "root partition"));
	CU_ASSERT_PTR_NOT_NULL(strstr(layer("vmware-esx", "hypervisor")->role, "bare metal"));
	CU_ASSERT_PTR_NOT_NULL(strstr(layer("vmware-workstation", "hypervisor")->role, "program"));
	CU_ASSERT_FALSE(layer("kvm-passthrough", "hypervisor")->on_path);
	CU_ASSERT_PTR_NULL(layer("kvm-passthrough", "device model"));
	CU_ASSERT_TRUE(layer("kvm-virtio", "device model")->on_path);
	CU_ASSERT_TRUE(layer("kvm-virtio", "virtual device")->in_guest);
	CU_ASSERT_FALSE(layer("kvm-virtio", "hypervisor")->in_guest);
	arena_free(&arena);
}

static void steps_say_what_the_terms_spend(void)
{
	CU_ASSERT_STRING_EQUAL(layer("kvm-emulated", "virtual device")->step, "22 x exit.pio_user");
	CU_ASSERT_STRING_EQUAL(layer("kvm-virtio", "virtual device")->step, "doorbell.pio");
	CU_ASSERT_STRING_EQUAL(layer("kvm-virtio", "hypervisor")->step, "wake.cross_core");
	CU_ASSERT_STRING_EQUAL(layer("native", "process")->step, "syscall.native");
	CU_ASSERT_PTR_NULL(layer("kvm-passthrough", "virtual device")->step);
	arena_free(&arena);
}

/* A drawing leaves nothing out that a read of 4 KiB spends. */
static void a_drawing_names_all_that_a_read_spends(void)
{
	static const char *const names[] = {"native",	    "container",       "kvm-virtio",
					    "kvm-emulated", "kvm-passthrough", "hyper-v",
					    "xen-pv",	    "xen-hvm",	       "vmware-workstation",
					    "vmware-esx",   "qemu-tcg",	       "uml"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct platform p = platform_named(names[i]);
		const char *text = platform_diagram(&p, &arena);
		const char *svg = platform_svg(&p, &arena);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_PTR_NOT_NULL_FATAL(svg);
		for (size_t k = 0; k < p.term_count; k++) {
			if (p.terms[k].op != OP_BLK_READ)
				continue;
			bool named = strstr(text, p.terms[k].primitive) &&
				     strstr(svg, p.terms[k].primitive);
			if (!named)
				printf(" %s: %s ", names[i], p.terms[k].primitive);
			CU_ASSERT_TRUE(named);
		}
	}
	CU_ASSERT_STRING_EQUAL(layer("hyper-v", "hardware")->step, "irq.inject");
	CU_ASSERT_STRING_EQUAL(layer("container", "host kernel")->step,
			       "file.native, 4096 x copy.file");
	arena_free(&arena);
}

static void a_drawing_has_a_line_for_each_layer(void)
{
	static const char *const names[] = {"native", "container", "kvm-virtio", "xen-pv", "uml"};
	for (size_t i = 0; i < 5; i++) {
		struct platform_layer layers[PLATFORM_LAYERS_MAX];
		struct platform p = platform_named(names[i]);
		size_t n = platform_layers(&p, layers, &arena);
		const char *at = platform_diagram(&p, &arena);
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		for (size_t k = 0; k < n; k++) {
			at = strstr(at, layers[k].name);
			CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		}
		CU_ASSERT_EQUAL(at[strlen(at) - 1], '\n');
	}
	arena_free(&arena);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{"layers_follow_from_the_axes", layers_follow_from_the_axes},
		{"steps_say_what_the_terms_spend", steps_say_what_the_terms_spend},
		{"a_drawing_names_all_that_a_read_spends", a_drawing_names_all_that_a_read_spends},
		{"a_drawing_has_a_line_for_each_layer", a_drawing_has_a_line_for_each_layer},
		{0},
	};
	return test_main("layers", cases, argc, argv);
}
