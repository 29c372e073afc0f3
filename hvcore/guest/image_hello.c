/* SPDX-License-Identifier: GPL-2.0-or-later
 * Says hello, with the boot argument, and exits with 0. */
#include "hvcore/guest/guest.h"

int guest_main(const struct hv_boot *boot)
{
	if (boot->magic != HV_BOOT_MAGIC)
		return 1;
	guest_puts("hello");
	if (boot->argument[0]) {
		guest_puts(", ");
		guest_puts(boot->argument);
	}
	guest_puts("\n");
	return 0;
}
