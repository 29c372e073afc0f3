/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A pool over the ranks of an MPI job (mpirun -n N mcvsim run ...). Every rank reads the same study
 * and expands the same plan; rank 0 hands out runs one by one as others end, takes part itself, and
 * is the only one that writes. Each rank runs on a thread pool of its own, so one rank per machine
 * with many threads works as well as one rank per core.
 *
 * Built when CMake finds MPI; without it every function but the first returns ERR_UNSUPPORTED. Who
 * includes this needs no <mpi.h>. MPI is only called from the thread that called these functions.
 *
 *     pool_mpi_begin(&ranks, &e);
 *     runner_run_mpi(&runner, ranks, &final, &e);	(runner.h; every rank)
 *     pool_mpi_end();
 *
 * A rank that cannot go that far must not leave the others waiting: before they run, all ranks ask
 * pool_mpi_first_failed whether each could read the study, and rank 0 open the results. (Later
 * there is pool_mpi_abort.) Ranks other than 0 should ignore SIGINT and SIGTERM: rank 0 tells them
 * to stop.
 */
#ifndef SIM_EXPERIMENT_POOL_MPI_H
#define SIM_EXPERIMENT_POOL_MPI_H

#include "sim/experiment/pool.h"

struct mpi_ranks {
	int rank, size;
};

/* Whether the program was built with MPI. */
bool pool_mpi_is_built(void);

/* Joins the MPI job; a process that mpirun did not start becomes a job of one. Once per process. */
int pool_mpi_begin(struct mpi_ranks *out, struct err *e);

/* Leaves it; waits for all ranks. */
void pool_mpi_end(void);

/* Called by all ranks: the lowest that says it has failed, or -1. That one tells the user why. */
int pool_mpi_first_failed(bool failed);

/* Ends all ranks with an exit status, this one included. */
void pool_mpi_abort(int status);

/* On rank 0: a pool of all ranks, `threads` (at least 1) of them here. ERR_INVALID when a rank has
 * expanded another plan, for example because its copy of the study differs; the caller then aborts.
 */
int pool_open_mpi(struct run_pool *pool, const struct run_job *job, unsigned threads,
		  struct err *e);

/* On the other ranks: executes runs until rank 0 closes its pool. */
int pool_mpi_serve(const struct run_job *job, unsigned threads, struct err *e);

#endif
