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

#define IVFKM_FIRST_K 32 /* rows that a scan prepares for before it knows better */

extern int ivfkm_budget_probes(const IvfkmMetaPageData *meta, double k);

#endif /* IVFKM_BUDGET_H */
