/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/backend/paging_x86_64.h"

enum { PML4 = 0x1000, PDPT = 0x2000, PT0 = 0x3000, PD = 0x4000 /* four of them */ };
enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = HV_PAGING_USED, PTE_D = 0x40, PTE_PS = 0x80 };
#define PTE_ALL (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

uint64_t hv_paging_build(struct hv_mem *mem, unsigned cpl)
{
	uint64_t *pml4 = hv_mem_tables(mem, PML4, 4096), *pdpt = hv_mem_tables(mem, PDPT, 4096);
	uint64_t *pt0 = hv_mem_tables(mem, PT0, 4096), *pd = hv_mem_tables(mem, PD, 4 * 4096);
	pml4[0] = PDPT | PTE_ALL;
	for (uint64_t i = 0; i < 4; i++)
		pdpt[i] = (PD + i * 4096) | PTE_ALL;
	for (uint64_t i = 0; i < 4 * 512; i++)
		pd[i] = (i << 21) | PTE_ALL | PTE_PS;
	pd[0] = PT0 | PTE_ALL;
	for (uint64_t i = HV_BOOT_GPA / 4096; i < 512; i++)
		pt0[i] = (i << 12) | PTE_ALL;
	/* The processor finds its descriptor tables there, which a guest at CPL0 may read. */
	for (uint64_t i = HV_PAGING_END / 4096; i < HV_BOOT_GPA / 4096; i++)
		pt0[i] = (i << 12) | (cpl ? PTE_ALL & ~PTE_U : PTE_P | PTE_A);
	return PML4;
}

uint64_t hv_paging_put(struct hv_mem *mem, unsigned index, uint64_t entry)
{
	uint64_t *pd = hv_mem_tables(mem, PD, 4 * 4096);
	uint64_t *pt = hv_mem_tables(mem, HV_PAGING_WINDOW, 4096);
	pd[HV_WINDOW >> 21] = HV_PAGING_WINDOW | PTE_ALL;
	/* The processor sets the bit "accessed" in it meanwhile. */
	return __atomic_exchange_n(&pt[index], entry ? entry | PTE_U : 0, __ATOMIC_SEQ_CST);
}
