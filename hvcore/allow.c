/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hvcore/allow.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int add_rule(scmp_filter_ctx filter, const struct hv_allow *row, pid_t peer, int number)
{
	if (row->answer)
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)row->answer), number, 0);
	struct scmp_arg_cmp limits[3];
	unsigned n = 0;
	if (row->first != HV_ALLOW_FIRST_ANY)
		limits[n++] = (struct scmp_arg_cmp){
			.op = SCMP_CMP_MASKED_EQ, /* process ids have 32 bits of the register */
			.datum_a = UINT32_MAX,
			.datum_b = (uint32_t)(row->first == HV_ALLOW_FIRST_PEER ? peer : getpid())};
	if (row->second)
		limits[n++] =
			(struct scmp_arg_cmp){.arg = 1, .op = SCMP_CMP_EQ, .datum_a = row->second};
	if (row->forbidden_bits)
		limits[n++] = (struct scmp_arg_cmp){.arg = row->forbidden_arg,
						    .op = SCMP_CMP_MASKED_EQ,
						    .datum_a = row->forbidden_bits};
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, n, limits);
}

/* Adds a table's rows; returns how many are allowed, or a negative errno. */
static int add_table(scmp_filter_ctx filter, const struct hv_allow *row, pid_t peer)
{
	int allowed = 0;
	for (; row->call; row++) {
		int number = seccomp_syscall_resolve_name(row->call);
		if (number < 0 || (row->first == HV_ALLOW_FIRST_PEER && peer == 0))
			continue;
		int failure = add_rule(filter, row, peer, number);
		if (failure)
			return failure;
		allowed += row->answer == 0;
	}
	return allowed;
}

int hv_allow_load(const struct hv_allow *const *tables, pid_t peer, enum hv_allow_else otherwise,
		  struct err *e)
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

	/* For the machine's other threads, too. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	int allowed = 0, failure = 0;
	for (; *tables && failure >= 0; tables++) {
		failure = add_table(filter, *tables, peer);
		allowed += failure;
	}
	if (failure >= 0)
		failure = seccomp_load(filter);
	seccomp_release(filter);
	if (failure == -EINVAL || failure == -ENOSYS)
		return err_set(e, ERR_UNSUPPORTED, "this kernel has no seccomp filters");
	if (failure)
		return err_sys(e, -failure, "loading the seccomp filter");
	return allowed;
}

int hv_capabilities_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno == EPERM)
			break; /* no right to: then there is nothing to give up either */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}
