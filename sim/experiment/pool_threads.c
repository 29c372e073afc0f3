/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/experiment/pool.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct threads {
	const struct run_job *job;
	pthread_mutex_t lock;
	pthread_cond_t task_there, outcome_there;
	/* Two rings of `capacity`, from `first`, `count` long. */
	struct run_task *tasks;
	struct run_outcome *outcomes;
	size_t capacity, first_task, task_count, first_outcome, outcome_count;
	bool closing;
	volatile bool halt; /* runs look at it without the lock */
	unsigned thread_count;
	pthread_t threads[];
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A result that holds an infinity is a bug of the model: it costs the run, not the tables. */
static int check_result(const struct run_result *r, struct err *e)
{
	for (size_t i = 0; i < r->value_count; i++)
		if (isinf(r->values[i].value))
			return err_set(e, ERR_INTERNAL, "the run reports an infinite %s%s%s",
				       r->values[i].metric, *r->values[i].subject ? " of " : "",
				       r->values[i].subject);
	return 0;
}

void run_execute(const struct run_job *job, const struct run_task *task, const volatile bool *stop,
		 struct run_outcome *out)
{
	*out = (struct run_outcome){.task = *task};
	double start = now_s();
	cJSON *document = plan_document(job->plan, task->point);
	struct run_key key = {job->plan->points[task->point].id, task->repetition, job->seed};
	if (document)
		out->code = job->run(job->run_ctx, document, &key, stop, &out->result, &out->error);
	else
		out->code = err_set(&out->error, ERR_NOMEM, "no memory for the point's document");
	if (out->code == 0)
		out->code = check_result(&out->result, &out->error);
	if (out->code != 0)
		run_result_free(&out->result);
	if (out->code != 0 && !out->error.text[0])
		err_set(&out->error, (enum err_code)out->code, "%s", err_name(out->code));
	cJSON_Delete(document);
	out->wall_s = now_s() - start;
}

static void *work(void *arg)
{
	struct threads *t = arg;
	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (t->task_count == 0 && !t->closing)
			pthread_cond_wait(&t->task_there, &t->lock);
		if (t->task_count == 0)
			break;
		struct run_task task = t->tasks[t->first_task];
		t->first_task = (t->first_task + 1) % t->capacity;
		t->task_count--;
		bool halted = __atomic_load_n(&t->halt, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&t->lock);
		struct run_outcome outcome = {.task = task, .code = ERR_STOPPED};
		if (!halted)
			run_execute(t->job, &task, &t->halt, &outcome);
		pthread_mutex_lock(&t->lock);
		assert(t->outcome_count < t->capacity);
		t->outcomes[(t->first_outcome + t->outcome_count++) % t->capacity] = outcome;
		pthread_cond_signal(&t->outcome_there);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static int submit(void *ctx, const struct run_task *task, struct err *e)
{
	struct threads *t = ctx;
	(void)e;
	pthread_mutex_lock(&t->lock);
	assert(t->task_count < t->capacity);
	t->tasks[(t->first_task + t->task_count++) % t->capacity] = *task;
	pthread_cond_signal(&t->task_there);
	pthread_mutex_unlock(&t->lock);
	return 0;
}

static int collect(void *ctx, int timeout_ms, struct run_outcome *out, struct err *e)
{
	struct threads *t = ctx;
	struct timespec until;
	(void)e;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&t->lock);
	int rc = 0;
	while (t->outcome_count == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&t->outcome_there, &t->lock, &until);
	bool got = t->outcome_count > 0;
	if (got) {
		*out = t->outcomes[t->first_outcome];
		t->first_outcome = (t->first_outcome + 1) % t->capacity;
		t->outcome_count--;
	}
	pthread_mutex_unlock(&t->lock);
	return got;
}

static void halt(void *ctx)
{
	struct threads *t = ctx;
	__atomic_store_n(&t->halt, true, __ATOMIC_RELAXED);
}

static void close_threads(void *ctx)
{
	struct threads *t = ctx;
	halt(t);
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	pthread_cond_broadcast(&t->task_there);
	pthread_mutex_unlock(&t->lock);
	for (unsigned i = 0; i < t->thread_count; i++)
		pthread_join(t->threads[i], NULL);
	for (; t->outcome_count > 0; t->outcome_count--) {
		run_result_free(&t->outcomes[t->first_outcome].result);
		t->first_outcome = (t->first_outcome + 1) % t->capacity;
	}
	pthread_cond_destroy(&t->task_there);
	pthread_cond_destroy(&t->outcome_there);
	pthread_mutex_destroy(&t->lock);
	free(t->tasks);
	free(t->outcomes);
	free(t);
}

int pool_open_threads(struct run_pool *pool, const struct run_job *job, unsigned threads,
		      struct err *e)
{
	assert(threads >= 1);
	struct threads *t = calloc(1, sizeof(*t) + threads * sizeof(t->threads[0]));
	if (!t)
		return err_set(e, ERR_NOMEM, "no memory for %u threads", threads);
	t->job = job;
	t->capacity = 2 * (size_t)threads;
	t->tasks = calloc(t->capacity, sizeof(*t->tasks));
	t->outcomes = calloc(t->capacity, sizeof(*t->outcomes));
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->task_there, NULL);
	pthread_cond_init(&t->outcome_there, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int errnum = t->tasks && t->outcomes ? 0 : ENOMEM;
	/* Signals are for the thread that called us: it is the one that stops the experiment. */
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (errnum == 0 && t->thread_count < threads) {
		errnum = pthread_create(&t->threads[t->thread_count], NULL, work, t);
		t->thread_count += errnum == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (errnum != 0) {
		close_threads(t);
		return err_sys(e, errnum, "cannot start %u threads", threads);
	}
	*pool = (struct run_pool){t, threads, submit, collect, halt, close_threads};
	return 0;
}
