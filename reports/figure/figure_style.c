/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Colours after Okabe and Ito (gnuplot's podo), which people with any colour vision tell apart,
 * without their yellow for lines, which paper does not show.
 */
#include "reports/figure/figure_internal.h"

#include <string.h>

/* Filled points with the first eight, open ones with the second: no two styles share both colour
 * and point, and no two of the first eight share any of colour, dash and point. Areas are filled
 * and hatched in turn, so that grey print tells neighbours apart. */
static const struct line_style styles[] = {
	{0x000000, "1", 7, "solid 0.75"},	   {0x0072b2, "(8,4)", 5, "pattern 6"},
	{0xd55e00, "(8,3,2,3)", 9, "solid 0.25"},  {0xcc79a7, "(3,3)", 11, "pattern 2"},
	{0x009e73, "(12,4)", 13, "pattern 7"},	   {0x56b4e9, "(6,2,2,2,2,2)", 15, "solid 0.5"},
	{0xe69f00, "(2,2)", 2, "solid 0.75"},	   {0x7f7f7f, "(12,3,3,3)", 1, "pattern 6"},
	{0x000000, "(8,4)", 6, "solid 0.25"},	   {0x0072b2, "1", 4, "pattern 2"},
	{0xd55e00, "(3,3)", 8, "pattern 7"},	   {0xcc79a7, "(8,3,2,3)", 10, "solid 0.5"},
	{0x009e73, "(2,2)", 12, "solid 0.75"},	   {0x56b4e9, "(12,4)", 14, "pattern 6"},
	{0xe69f00, "(12,3,3,3)", 3, "solid 0.25"}, {0x7f7f7f, "1", 1, "pattern 2"},
};
enum { STYLES = sizeof(styles) / sizeof(*styles) };

/* Where a platform would like to be; the ones that are compared most are far apart. */
static const struct {
	const char *platform;
	size_t style;
} wishes[] = {
	{"native", 0},		 {"container", 1},	    {"kvm-virtio", 2},
	{"kvm-emulated", 3},	 {"kvm-vhost", 4},	    {"xen-pv", 5},
	{"qemu-tcg", 6},	 {"vmware-workstation", 7}, {"hvcore-trap", 8},
	{"container-nat", 9},	 {"firecracker", 10},	    {"xen-hvm", 11},
	{"kvm-passthrough", 12}, {"xen-pvh", 13},	    {"hyper-v", 14},
	{"vmware-esx", 15},
};

static size_t wish(const char *name)
{
	for (size_t i = 0; i < sizeof(wishes) / sizeof(*wishes); i++)
		if (strcmp(wishes[i].platform, name) == 0)
			return wishes[i].style;
	return STYLES;
}

struct line_style figure_line_style(const struct data_axis *axis, size_t s)
{
	/* Those with a wish come first, in the order of the axis; the others take what is left. */
	if (axis->count > STYLES)
		return styles[s % STYLES];
	size_t own[STYLES];
	bool taken[STYLES] = {false};
	for (size_t i = 0; i < axis->count; i++) {
		size_t w = axis->numeric ? STYLES : wish(axis->values[i].text);
		own[i] = w < STYLES && !taken[w] ? w : STYLES;
		if (own[i] < STYLES)
			taken[w] = true;
	}
	for (size_t i = 0, next = 0; i < axis->count; i++) {
		if (own[i] < STYLES)
			continue;
		while (taken[next])
			next++;
		taken[next] = true;
		own[i] = next;
	}
	return styles[own[s]];
}

bool figure_is_of_platforms(const struct data_axis *axis)
{
	bool known = strcmp(axis->name, "platform") == 0;
	for (size_t i = 0; i < axis->count && !axis->numeric; i++)
		known |= wish(axis->values[i].text) < STYLES;
	return known && !axis->numeric;
}

struct line_style figure_series_style(const struct drawing *d, size_t s)
{
	if (d->series >= 0)
		return figure_line_style(&d->data->axes[d->series], s);
	for (size_t i = 0; i < d->data->axis_count; i++) {
		const struct data_axis *axis = &d->data->axes[i];
		if ((int)i != d->x && axis->count > 1 && d->level[i] < axis->count &&
		    figure_is_of_platforms(axis))
			return figure_line_style(axis, d->level[i]);
	}
	return (struct line_style){0x0072b2, "1", 7, "solid 0.75"};
}

/* What is common to all platforms is blue and grey, what virtualization adds is warm; parts that
 * stand next to each other differ in lightness or hatching. gnuplot's patterns 4 and 5 are so wide
 * that a box of the key may fall between their lines. */
static const struct {
	const char *part;
	struct fill_style look;
} parts[] = {
	{"radio", {0x56b4e9, "solid 1"}},     {"network", {0x0072b2, "solid 1"}},
	{"queue", {0xf0e442, "solid 1"}},     {"compute", {0xbbbbbb, "solid 1"}},
	{"disk", {0x444444, "solid 1"}},      {"syscalls", {0xcc79a7, "pattern 1"}},
	{"faults", {0x009e73, "pattern 6"}},  {"scheduling", {0x009e73, "pattern 7"}},
	{"io", {0xe69f00, "solid 1"}},	      {"slowdown", {0x777777, "pattern 7"}},
	{"exits", {0xd55e00, "solid 1"}},     {"interrupts", {0xcc79a7, "pattern 2"}},
	{"backend", {0xd55e00, "pattern 6"}}, {"wait", {0xf6cf80, "solid 1"}},
	{"cpu", {0xe69f00, "solid 1"}},	      {"idle", {0xbbbbbb, "solid 1"}},
	{"promotion", {0xd55e00, "solid 1"}}, {"transfer", {0x56b4e9, "solid 1"}},
	{"tail", {0x0072b2, "solid 1"}},      {"other", {0xffffff, "solid 1"}},
};

struct fill_style figure_fill_style(const char *name, size_t i)
{
	static const unsigned colours[] = {0x56b4e9, 0x0072b2, 0xf0e442, 0xd55e00,
					   0xcc79a7, 0x009e73, 0xe69f00, 0x999999};
	static const char *const fills[] = {"solid 1", "pattern 6", "pattern 7", "pattern 2"};
	size_t n = sizeof(colours) / sizeof(*colours);
	for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++)
		if (strcmp(parts[k].part, name) == 0)
			return parts[k].look;
	return (struct fill_style){colours[i % n], fills[i / n % 4]};
}
