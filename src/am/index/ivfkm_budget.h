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

#include "am/ivfkm.h"

/* How passes grow: see src/am/scan/README.md.  The planner reckons with the same. */
#define IVFKM_FIRST_K		  32	/* rows that a scan prepares for before it knows better */
#define IVFKM_PASS_GROWTH	  4		/* each pass prepares for so many times the rows of the last */
#define IVFKM_MAX_PASS_K	  16384 /* rows that a pass prepares for at most */
#define IVFKM_LISTS_PER_ROW	  4		/* lists that cost about as much to scan as a row to fetch */
#define IVFKM_LIMIT_INVISIBLE 8		/* one row more for so many of a LIMIT: some are invisible */

extern int ivfkm_budget_probes(const IvfkmMetaPageData *meta, double k);
extern double ivfkm_budget_rows(const IvfkmMetaPageData *meta, double k);
extern double ivfkm_budget_pass_k(double before, double limit);

#endif /* IVFKM_BUDGET_H */
