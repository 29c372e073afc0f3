/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/hv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GRAIN (2ull << 20)

int hv_mem_open(struct hv_mem *mem, uint64_t size, struct err *e)
{
	*mem = (struct hv_mem){.fd = -1};
	if (size == 0 || size > HV_MEM_MAX)
		return err_set(e, ERR_INVALID, "guest memory must be 1 to %llu MiB",
			       HV_MEM_MAX >> 20);
	size = (size + GRAIN - 1) & ~(GRAIN - 1);
	mem->fd = memfd_create("hvcore-guest", MFD_CLOEXEC);
	if (mem->fd < 0)
		return err_sys(e, errno, "a memfd for the guest's memory");
	int rc = 0;
	if (ftruncate(mem->fd, (off_t)size)) {
		rc = err_sys(e, errno, "cannot size the guest's memory");
	} else {
		mem->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
				 mem->fd, 0);
		if (mem->base == MAP_FAILED)
			rc = err_sys(e, errno, "cannot map %llu MiB of guest memory",
				     (unsigned long long)(size >> 20));
	}
	if (rc) {
		mem->base = NULL;
		hv_mem_close(mem);
		return rc;
	}
	/* Small pages, or the cost of a first touch would depend on what the host has lying about.
	 * Fails where the kernel knows no large pages, which is as good. */
	madvise(mem->base, size, MADV_NOHUGEPAGE);
	mem->size = size;
	return 0;
}

/* Whether the host gives large pages to memory that asks for them. */
static int may_be_large(struct err *e)
{
	char text[64] = "";
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	if (!text[0])
		return err_set(e, ERR_UNSUPPORTED, "this kernel has no transparent huge pages");
	return strstr(text, "[never]") ? err_set(e, ERR_UNSUPPORTED,
						 "transparent huge pages are switched off (never)")
				       : 0;
}

int hv_mem_open_large(struct hv_mem *mem, uint64_t size, struct err *e)
{
	*mem = (struct hv_mem){.fd = -1};
	int rc = may_be_large(e);
	if (rc)
		return rc;
	if (size == 0 || size > HV_MEM_MAX)
		return err_set(e, ERR_INVALID, "guest memory must be 1 to %llu MiB",
			       HV_MEM_MAX >> 20);
	size = (size + GRAIN - 1) & ~(GRAIN - 1);
	uint8_t *at = mmap(NULL, size + GRAIN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return err_sys(e, errno, "cannot map %llu MiB of guest memory",
			       (unsigned long long)(size >> 20));
	/* Only what is aligned can be large. */
	size_t before = (GRAIN - (uintptr_t)at % GRAIN) % GRAIN;
	if (before)
		munmap(at, before);
	munmap(at + before + size, GRAIN - before);
	mem->base = at + before;
	mem->size = size;
	if (madvise(mem->base, size, MADV_HUGEPAGE)) {
		rc = err_sys(e, errno, "transparent huge pages");
		hv_mem_close(mem);
	}
	return rc;
}

int hv_mem_large(const struct hv_mem *mem, uint64_t *bytes, struct err *e)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	if (!f)
		return err_sys(e, errno, "/proc/self/smaps");
	uintptr_t from, to, base = (uintptr_t)mem->base;
	char line[256];
	bool ours = false;
	*bytes = 0;
	while (fgets(line, sizeof(line), f)) {
		uint64_t kib;
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			ours = from < base + mem->size && to > base;
		else if (ours && sscanf(line, "AnonHugePages: %" SCNu64, &kib) == 1)
			*bytes += kib << 10;
	}
	fclose(f);
	return 0;
}

void hv_mem_close(struct hv_mem *mem)
{
	if (mem->base)
		munmap(mem->base, mem->size);
	if (mem->fd >= 0)
		close(mem->fd);
	*mem = (struct hv_mem){.fd = -1};
}

void *hv_mem_at(const struct hv_mem *mem, hv_gpa gpa, uint64_t length)
{
	/* No sum that could wrap around. */
	if (gpa < HV_BOOT_GPA || gpa > mem->size || length > mem->size - gpa)
		return NULL;
	return mem->base + gpa;
}

void *hv_mem_tables(const struct hv_mem *mem, hv_gpa gpa, uint64_t length)
{
	if (gpa > HV_BOOT_GPA || length > HV_BOOT_GPA - gpa)
		return NULL;
	return mem->base + gpa;
}

int hv_mem_read(const struct hv_mem *mem, hv_gpa gpa, void *out, size_t length)
{
	const void *from = hv_mem_at(mem, gpa, length);
	if (!from)
		return ERR_INVALID;
	memcpy(out, from, length);
	return 0;
}

int hv_mem_write(const struct hv_mem *mem, hv_gpa gpa, const void *from, size_t length)
{
	void *to = hv_mem_at(mem, gpa, length);
	if (!to)
		return ERR_INVALID;
	memcpy(to, from, length);
	return 0;
}

int hv_mem_release(const struct hv_mem *mem, hv_gpa gpa, uint64_t bytes)
{
	void *at = hv_mem_at(mem, gpa, bytes);
	if (!at)
		return ERR_INVALID;
	return madvise(at, bytes, MADV_REMOVE) == 0 ? 0 : ERR_IO;
}
