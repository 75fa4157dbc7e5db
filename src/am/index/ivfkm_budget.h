/*-------------------------------------------------------------------------
 *
 * ivfkm_budget.h
 *	  How much a search looks at.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_budget.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_BUDGET_H
#define IVFKM_BUDGET_H

#include "am/index/ivfkm_settings.h"
#include "am/ivfkm.h"

/* How passes grow: see src/am/scan/README.md.  The planner reckons with the same. */
#define IVFKM_FIRST_K		  32	/* rows that a scan prepares for if it is not told */
#define IVFKM_LEAST_K		  1		/* rows that a pass prepares for at least */
#define IVFKM_PASS_GROWTH	  4		/* each pass prepares for so many times the rows of the last */
#define IVFKM_MAX_PASS_K	  16384 /* rows that a pass prepares for at most */
#define IVFKM_LIMIT_INVISIBLE 8		/* one row more for so many of a LIMIT: some are invisible */

/* Share of the nearest rows that a search is to find unless it is told otherwise. */
#define IVFKM_DEFAULT_TARGET 0.98

/* What the lists of a search may lose of what it may miss. */
typedef enum IvfkmListsLoss
{
	IVFKM_LOSS_USUAL, /* about half: the centroids know the rows that they are measured with, and
					   * bounds lose some */
	IVFKM_LOSS_SMALL, /* a quarter: rows as queries of inner products are nearer to their
					   * neighbours' lists than a query is that is no row, unless all rows are
					   * about as long; or distances are not quite those of index space, in which
					   * the neighbours were found */
	IVFKM_LOSS_ALL	  /* all: codes are exact, so bounds lose nothing */
} IvfkmListsLoss;

/* Lengths of vectors that were met: how many, their sum, and that of their squares. */
typedef struct IvfkmLengths
{
	int n;
	double sum;
	double squares;
} IvfkmLengths;

/* Number of k and of targets that are measured. */
extern const double ivfkm_budget_k[IVFKM_CALIBRATION_KS];
extern const double ivfkm_budget_targets[IVFKM_CALIBRATION_TARGETS];

extern void ivfkm_lengths_add(IvfkmLengths *lengths, double length);
extern bool ivfkm_lengths_even(const IvfkmLengths *lengths);
extern double ivfkm_budget_lists_share(double target, IvfkmListsLoss loss);
extern double ivfkm_budget_epsilon(double target);
extern double ivfkm_budget_rows(const IvfkmMetaPageData *meta, double k, double target);
extern double ivfkm_budget_largest_k(const IvfkmMetaPageData *meta);
extern double ivfkm_budget_least(const IvfkmMetaPageData *meta, double k, double target);
extern double ivfkm_budget_mean(const IvfkmMetaPageData *meta, double k, double target);
extern double ivfkm_budget_gap(const IvfkmMetaPageData *meta, double k, double target);
extern double ivfkm_budget_floor(double rows_per_list);
extern void ivfkm_budget_order(IvfkmCalibration *calibration, int nk);
extern void ivfkm_budget_scale(IvfkmMetaPageData *next, const IvfkmMetaPageData *old, double rows);
extern void ivfkm_budget_keep(IvfkmMetaPageData *next, const IvfkmMetaPageData *old, double rows);
extern int ivfkm_budget_probes(const IvfkmMetaPageData *meta, double k, double target);
extern double ivfkm_budget_first_k(const IvfkmSettings *settings, double k);
extern bool ivfkm_budget_may_end_early(const IvfkmSettings *settings, double k);
extern double ivfkm_budget_pass_k(double before, double limit);

#endif /* IVFKM_BUDGET_H */
