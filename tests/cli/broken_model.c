/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Linked into a second mcvsim, mcvsim_broken, in place of a function of the model: the first
 * handset that wants the radio in a run's repetition 1 meets an assertion that does not hold.
 */
#include "models/run/run.h"

sim_time __real_handset_radio_begin(struct run *run, struct handset *h, struct task *t,
				    sim_time now);
sim_time __wrap_handset_radio_begin(struct run *run, struct handset *h, struct task *t,
				    sim_time now);

sim_time __wrap_handset_radio_begin(struct run *run, struct handset *h, struct task *t,
				    sim_time now)
{
	sim_assert(run->sim, run->key.repetition != 1);
	return __real_handset_radio_begin(run, h, t, now);
}
