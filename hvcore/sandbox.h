/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the VMM's process gives up before the first instruction of a guest that somebody else wrote:
 * capabilities, core dumps and tracers, and every system call that neither the loop (sandbox.c) nor
 * its backend (hv_backend.allow) has on its list. Called by `hvcore run`. Not by the probes: their
 * guest is ours, a filter would be part of what they measure, and the next probe needs a fresh
 * machine.
 */
#ifndef HVCORE_SANDBOX_H
#define HVCORE_SANDBOX_H

#include "hvcore/allow.h"
#include "hvcore/hv.h"

/* To be called when `vm` is open and its devices are attached; from then on it can be run and
 * closed, and nothing new can be opened. A forbidden call ends the process with SIGSYS.
 * Irrevocable. Returns 0, or ERR_UNSUPPORTED where it is not possible: a kernel without seccomp, a
 * program built with sanitizers, which need more than a VMM. */
int hv_sandbox_enter(const struct hv_vm *vm, struct err *e);

/* The system calls that are left on every backend, ended by a NULL call. */
extern const struct hv_allow hv_sandbox_common[];

#endif
