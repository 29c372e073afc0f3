/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The file behind every block device and every block read, so that all worlds read the same bytes
 * from the same place: HV_DISK_BLOCKS blocks of HV_BLOCK_BYTES, pseudo-random, without a name, and
 * warm in the page cache. Used by probes and tests; devices get its descriptor.
 */
#ifndef HVCORE_DISK_FILE_H
#define HVCORE_DISK_FILE_H

#include "hvcore/abi.h"
#include "sim/base/err.h"

#include <stdint.h>

struct hv_disk {
	int fd;
	uint64_t bytes;
	uint64_t sums[HV_DISK_BLOCKS]; /* hv_block_sum of each block */
};

/* Makes the file in `folder` (NULL: /var/tmp, a disk more often than /tmp), which is unlinked at
 * once. Returns 0, or the code of what failed. */
int hv_disk_open(struct hv_disk *disk, const char *folder, struct err *e);
void hv_disk_close(struct hv_disk *disk);

/* The sum over what n requests read, which begin with the blocks that hv_block_at names from
 * `first` on; a request is of `blocks` blocks (a power of two) and begins at a multiple of them. */
uint64_t hv_disk_sum(const struct hv_disk *disk, uint64_t first, uint64_t n, uint32_t blocks);

#endif
