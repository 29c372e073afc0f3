/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/device/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* splitmix64: any fixed sequence without repeats would do. */
static uint64_t next_word(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

int hv_disk_open(struct hv_disk *disk, const char *folder, struct err *e)
{
	char path[512];
	if (!folder)
		folder = "/var/tmp";
	*disk = (struct hv_disk){.fd = -1};
	if ((size_t)snprintf(path, sizeof(path), "%s/hvcore-XXXXXX", folder) >= sizeof(path))
		return err_set(e, ERR_INVALID, "the path of the scratch folder is too long");
	disk->fd = mkostemp(path, O_CLOEXEC);
	if (disk->fd < 0)
		return err_sys(e, errno, "cannot make a file in %s", folder);
	unlink(path);

	uint64_t block[HV_BLOCK_BYTES / sizeof(uint64_t)];
	uint64_t state = 1;
	for (uint32_t i = 0; i < HV_DISK_BLOCKS; i++) {
		for (size_t k = 0; k < HV_BLOCK_BYTES / sizeof(uint64_t); k++)
			block[k] = next_word(&state);
		disk->sums[i] = hv_block_sum(block);
		ssize_t done = write(disk->fd, block, sizeof(block));
		if (done != (ssize_t)sizeof(block)) {
			int rc = done < 0
					 ? err_sys(e, errno, "cannot write to a file in %s", folder)
					 : err_set(e, ERR_IO, "no room for a file in %s", folder);
			hv_disk_close(disk);
			return rc;
		}
	}
	disk->bytes = (uint64_t)HV_DISK_BLOCKS * HV_BLOCK_BYTES;
	return 0;
}

void hv_disk_close(struct hv_disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}

uint64_t hv_disk_sum(const struct hv_disk *disk, uint64_t first, uint64_t n, uint32_t blocks)
{
	uint64_t sum = 0;
	for (uint64_t i = first; i < first + n; i++)
		for (uint32_t k = 0; k < blocks; k++)
			sum += disk->sums[(hv_block_at(i) & ~(blocks - 1)) + k];
	return sum;
}
