/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/pool_mpi.h"

#ifdef MCVSIM_MPI

#include "sim/experiment/outcome_bytes.h"

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { TAG_HELLO = 1, TAG_ORDER, TAG_OUTCOME };
enum order { ORDER_RUN, ORDER_HALT, ORDER_END };

/* How long a rank sleeps between looks at its mailbox. MPI's own waiting would burn a core. */
enum { LOOK_MS = 1 };

/* What a rank says of itself; what rank 0 tells a rank. Sent as bytes: all ranks are one program.
 */
struct hello {
	uint64_t plan;
	uint32_t threads, reserved;
};

struct order_message {
	uint64_t point;
	uint32_t repetition, order;
};

struct mpi_pool {
	struct run_pool local; /* rank 0's own part */
	int size;
	struct mpi_peer {
		unsigned slots, under_way;
	} peers[]; /* by rank; 0 is the local pool */
};

static int mpi_error(struct err *e, int code, const char *what)
{
	char text[MPI_MAX_ERROR_STRING] = "";
	int length = 0;
	MPI_Error_string(code, text, &length);
	return err_set(e, ERR_IO, "MPI cannot %s: %.*s", what, length, text);
}

/* A number for everything that the ranks must agree on. */
static uint64_t plan_number(const struct run_job *job)
{
	uint64_t h = XXH3_64bits_withSeed(&job->seed, sizeof(job->seed), job->plan->count);
	for (size_t i = 0; i < job->plan->count; i++)
		h = XXH3_64bits_withSeed(job->plan->points[i].id, RUN_ID_SIZE, h);
	return h;
}

bool pool_mpi_is_built(void)
{
	return true;
}

int pool_mpi_begin(struct mpi_ranks *out, struct err *e)
{
	int provided, rc = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
	if (rc != MPI_SUCCESS)
		return mpi_error(e, rc, "start");
	if (provided < MPI_THREAD_FUNNELED)
		return err_set(e, ERR_UNSUPPORTED,
			       "this MPI library does not go together with threads");
	MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
	MPI_Comm_rank(MPI_COMM_WORLD, &out->rank);
	MPI_Comm_size(MPI_COMM_WORLD, &out->size);
	return 0;
}

void pool_mpi_end(void)
{
	MPI_Finalize();
}

int pool_mpi_first_failed(bool failed)
{
	int rank = 0, first = -1;
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	int mine = failed ? rank : INT_MAX;
	MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	return first == INT_MAX ? -1 : first;
}

void pool_mpi_abort(int status)
{
	MPI_Abort(MPI_COMM_WORLD, status);
}

static int send_order(int rank, enum order order, const struct run_task *task, struct err *e)
{
	struct order_message m = {task ? task->point : 0, task ? task->repetition : 0, order};
	int rc = MPI_Send(&m, sizeof(m), MPI_BYTE, rank, TAG_ORDER, MPI_COMM_WORLD);
	return rc == MPI_SUCCESS ? 0 : mpi_error(e, rc, "send a run to another rank");
}

/* To whoever has the most room in proportion: nobody waits while another has a queue. */
static int submit(void *ctx, const struct run_task *task, struct err *e)
{
	struct mpi_pool *p = ctx;
	int best = 0;
	for (int i = 1; i < p->size; i++)
		if (p->peers[i].under_way * p->peers[best].slots <
		    p->peers[best].under_way * p->peers[i].slots)
			best = i;
	int rc = best ? send_order(best, ORDER_RUN, task, e)
		      : p->local.submit(p->local.ctx, task, e);
	if (rc == 0)
		p->peers[best].under_way++;
	return rc;
}

/* Takes a message of the given size from a rank into an outcome. */
static int receive(struct mpi_pool *p, const MPI_Status *status, struct run_outcome *out,
		   struct err *e)
{
	int length = 0;
	MPI_Get_count(status, MPI_BYTE, &length);
	char *bytes = malloc((size_t)length + 1);
	if (!bytes)
		return err_set(e, ERR_NOMEM, "no memory for a result of %d bytes", length);
	int rc = MPI_Recv(bytes, length, MPI_BYTE, status->MPI_SOURCE, TAG_OUTCOME, MPI_COMM_WORLD,
			  MPI_STATUS_IGNORE);
	if (rc != MPI_SUCCESS) {
		free(bytes);
		return mpi_error(e, rc, "receive a result");
	}
	rc = outcome_from_bytes(out, bytes, (size_t)length);
	free(bytes);
	p->peers[status->MPI_SOURCE].under_way--;
	if (rc != 0) {
		run_result_free(&out->result);
		return err_set(e, (enum err_code)rc, "rank %d sent a result that cannot be read",
			       status->MPI_SOURCE);
	}
	return 1;
}

static int collect(void *ctx, int timeout_ms, struct run_outcome *out, struct err *e)
{
	struct mpi_pool *p = ctx;
	for (int waited = 0; waited <= timeout_ms; waited += LOOK_MS) {
		MPI_Status status;
		int there = 0;
		int rc = MPI_Iprobe(MPI_ANY_SOURCE, TAG_OUTCOME, MPI_COMM_WORLD, &there, &status);
		if (rc != MPI_SUCCESS)
			return mpi_error(e, rc, "look for results");
		if (there)
			return receive(p, &status, out, e);
		rc = p->local.collect(p->local.ctx, LOOK_MS, out, e);
		if (rc > 0)
			p->peers[0].under_way--;
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void halt(void *ctx)
{
	struct mpi_pool *p = ctx;
	p->local.halt(p->local.ctx);
	for (int i = 1; i < p->size; i++)
		send_order(i, ORDER_HALT, NULL, NULL);
}

static void close_mpi(void *ctx)
{
	struct mpi_pool *p = ctx;
	unsigned under_way = 0;
	for (int i = 0; i < p->size; i++)
		under_way += p->peers[i].under_way;
	if (under_way > 0)
		halt(p);
	/* A rank cannot leave MPI while a message of its own waits to be received. */
	for (int rc = 0; under_way > 0 && rc >= 0; under_way -= rc > 0) {
		struct run_outcome outcome;
		rc = collect(p, 1000, &outcome, NULL);
		if (rc > 0)
			run_result_free(&outcome.result);
	}
	for (int i = 1; i < p->size; i++)
		send_order(i, ORDER_END, NULL, NULL);
	p->local.close(p->local.ctx);
	free(p);
}

/* Hears from every rank how many runs it takes at a time, and whether it has the same plan. */
static int meet(struct mpi_pool *p, const struct run_job *job, struct err *e)
{
	uint64_t plan = plan_number(job);
	int stranger = 0;
	for (int i = 1; i < p->size; i++) {
		struct hello hello;
		int rc = MPI_Recv(&hello, sizeof(hello), MPI_BYTE, i, TAG_HELLO, MPI_COMM_WORLD,
				  MPI_STATUS_IGNORE);
		if (rc != MPI_SUCCESS)
			return mpi_error(e, rc, "hear from all ranks");
		p->peers[i].slots = hello.threads;
		stranger = hello.plan != plan && !stranger ? i : stranger;
	}
	return stranger ? err_set(e, ERR_INVALID, "rank %d has another study than rank 0", stranger)
			: 0;
}

int pool_open_mpi(struct run_pool *pool, const struct run_job *job, unsigned threads, struct err *e)
{
	int size = 1;
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	struct mpi_pool *p = calloc(1, sizeof(*p) + (size_t)size * sizeof(p->peers[0]));
	if (!p)
		return err_set(e, ERR_NOMEM, "no memory for %d ranks", size);
	p->size = size;
	p->peers[0].slots = threads;
	int rc = pool_open_threads(&p->local, job, threads, e);
	if (rc != 0) {
		free(p);
		return rc;
	}
	rc = meet(p, job, e);
	if (rc != 0) {
		close_mpi(p);
		return rc;
	}
	*pool = (struct run_pool){p, 0, submit, collect, halt, close_mpi};
	for (int i = 0; i < size; i++)
		pool->slots += p->peers[i].slots;
	return 0;
}

/* Sends an outcome home. One that is too large for MPI goes as a failure. */
static int send_outcome(struct run_outcome *outcome, struct err *e)
{
	size_t length = 0;
	char *bytes = outcome_to_bytes(outcome, &length);
	if (!bytes || length > INT_MAX) {
		free(bytes);
		run_result_free(&outcome->result);
		outcome->code = err_set(&outcome->error, ERR_LIMIT,
					"the result is too large to be sent to rank 0");
		bytes = outcome_to_bytes(outcome, &length);
	}
	if (!bytes)
		return err_set(e, ERR_NOMEM, "no memory to send a result");
	int rc = MPI_Send(bytes, (int)length, MPI_BYTE, 0, TAG_OUTCOME, MPI_COMM_WORLD);
	free(bytes);
	return rc == MPI_SUCCESS ? 0 : mpi_error(e, rc, "send a result to rank 0");
}

/* Follows the orders that have arrived: 1 at the end, 0 to go on, negative on failure. */
static int follow_orders(struct run_pool *local, struct err *e)
{
	for (;;) {
		int there = 0;
		struct order_message m;
		int rc = MPI_Iprobe(0, TAG_ORDER, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
		if (rc == MPI_SUCCESS && there)
			rc = MPI_Recv(&m, sizeof(m), MPI_BYTE, 0, TAG_ORDER, MPI_COMM_WORLD,
				      MPI_STATUS_IGNORE);
		if (rc != MPI_SUCCESS)
			return mpi_error(e, rc, "hear from rank 0");
		if (!there)
			return 0;
		if (m.order == ORDER_END)
			return 1;
		if (m.order == ORDER_HALT) {
			local->halt(local->ctx);
			continue;
		}
		struct run_task task = {m.point, m.repetition};
		rc = local->submit(local->ctx, &task, e);
		if (rc != 0)
			return rc;
	}
}

int pool_mpi_serve(const struct run_job *job, unsigned threads, struct err *e)
{
	struct run_pool local;
	int rc = pool_open_threads(&local, job, threads, e);
	if (rc != 0)
		return rc;
	struct hello hello = {.plan = plan_number(job), .threads = threads};
	rc = MPI_Send(&hello, sizeof(hello), MPI_BYTE, 0, TAG_HELLO, MPI_COMM_WORLD);
	if (rc != MPI_SUCCESS)
		rc = mpi_error(e, rc, "report to rank 0");
	while (rc == 0) {
		struct run_outcome outcome;
		rc = follow_orders(&local, e);
		if (rc == 0 && local.collect(local.ctx, LOOK_MS, &outcome, e) > 0) {
			rc = send_outcome(&outcome, e);
			run_result_free(&outcome.result);
		}
	}
	local.close(local.ctx);
	return rc > 0 ? 0 : rc;
}

#else

static int not_built(struct err *e)
{
	return err_set(
		e, ERR_UNSUPPORTED,
		"this program was built without MPI; install libopenmpi-dev and build again");
}

bool pool_mpi_is_built(void)
{
	return false;
}

int pool_mpi_begin(struct mpi_ranks *out, struct err *e)
{
	*out = (struct mpi_ranks){0, 1};
	return not_built(e);
}

void pool_mpi_end(void)
{
}

int pool_mpi_first_failed(bool failed)
{
	return failed ? 0 : -1;
}

void pool_mpi_abort(int status)
{
	(void)status;
}

int pool_open_mpi(struct run_pool *pool, const struct run_job *job, unsigned threads, struct err *e)
{
	(void)pool;
	(void)job;
	(void)threads;
	return not_built(e);
}

int pool_mpi_serve(const struct run_job *job, unsigned threads, struct err *e)
{
	(void)job;
	(void)threads;
	return not_built(e);
}

#endif
