/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/allow.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

static int add_rule(scmp_filter_ctx filter, const struct hv_allow *row, int number)
{
	if (row->answer)
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)row->answer), number, 0);
	if (row->forbidden_bits)
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					SCMP_A0(SCMP_CMP_MASKED_EQ, row->forbidden_bits, 0));
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

int hv_allow_load(const struct hv_allow *table, enum hv_allow_else otherwise, struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_sys(e, errno, "setting no_new_privs");
	scmp_filter_ctx filter = seccomp_init(
		otherwise == HV_ALLOW_ELSE_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return err_set(e, ERR_NOMEM, "no memory for a seccomp filter");

	/* 2: a binary search over the calls instead of a list, so that the place of a call in the
	 * table does not decide what it costs. Older libseccomp has only the list. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	int allowed = 0, failure = 0;
	for (; table->call && failure == 0; table++) {
		int number = seccomp_syscall_resolve_name(table->call);
		if (number < 0)
			continue;
		failure = add_rule(filter, table, number);
		allowed += table->answer == 0;
	}
	if (failure == 0)
		failure = seccomp_load(filter);
	seccomp_release(filter);
	if (failure == -EINVAL || failure == -ENOSYS)
		return err_set(e, ERR_UNSUPPORTED, "this kernel has no seccomp filters");
	if (failure)
		return err_sys(e, -failure, "loading the seccomp filter");
	return allowed;
}
