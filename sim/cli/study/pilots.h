/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pilot runs of a study's points, without warm-up, and what they say of its warm-up and of how long
 * its runs are. The runs are those of `mcvsim run` (same streams), counted from the start.
 */
#ifndef SIM_CLI_STUDY_PILOTS_H
#define SIM_CLI_STUDY_PILOTS_H

#include "sim/cli/shell/progress.h"
#include "sim/cli/study/study.h"

/* What the length of a run is said for: a 95 % interval of so much of the mean to either side. */
#define PILOTS_PRECISION 0.05

/* What is said, and how JSON says it. */
#define PILOTS_VERDICT_LIST(X)                                                                     \
	X(ENOUGH, "long-enough")  /* MSER-5 cuts no later, or the mean does not change by 1 % */   \
	X(SHORT, "too-short")	  /* cut_s would do */                                             \
	X(UNSETTLED, "unsettled") /* MSER-5 finds no end of the start, or the rest drifts */       \
	X(OVERLOAD, "overload")	  /* at the end many tasks were still out */                       \
	X(FEW, "few-tasks")	  /* to say anything */                                            \
	X(FAILED, "failed")	  /* every pilot */
enum pilots_verdict {
#define PILOTS_VERDICT_ENUM(id, name) PILOTS_##id,
	PILOTS_VERDICT_LIST(PILOTS_VERDICT_ENUM)
#undef PILOTS_VERDICT_ENUM
};
extern const char *const pilots_verdict_names[];

/* Of one point. Times in s; NaN where it is not known. */
struct pilots_answer {
	enum pilots_verdict verdict;
	unsigned pilots; /* that did not fail */
	double duration_s, warmup_s;
	double tasks;	      /* done, of all pilots */
	double unfinished;    /* share of the tasks offered that had not ended at the end */
	double cut_s;	      /* where MSER-5 truncates; NaN when that says nothing */
	double mean_start_s;  /* response time of all tasks, */
	double mean_warmup_s; /* of those counted with the study's warm-up, */
	double mean_s;	      /* of those after it and after the cut */
	double half_width_s;  /* of the latter mean from one run: 95 %, batch means */
	double lag1;	      /* of the batch means; the mean over the pilots */
	unsigned independent; /* pilots whose batch means passed as such */
	double needed_s; /* duration of one run that knows the mean to PILOTS_PRECISION; at least,
			    unless most pilots are independent */
};

struct pilots_request {
	const struct study *study;
	unsigned pilots, threads; /* for each point; 0 threads: one for each processor */
};

/* Runs the pilots and fills answers[], one for each point of the plan. Draws progress; says on
 * stderr which run failed. Returns 0, ERR_STOPPED after a signal, or another code with *e. */
int pilots_run(const struct pilots_request *request, struct pilots_answer *answers, struct err *e);

#endif
