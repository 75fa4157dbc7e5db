/*-------------------------------------------------------------------------
 *
 * ivfkm_pass.h
 *	  The passes that a scan works in: how many lists each of them scans.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_pass.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PASS_H
#define IVFKM_PASS_H

#include "am/scan/ivfkm_scan.h"

/* How far a scan may go on behind its budget. */
typedef struct IvfkmReach
{
	double gap;	 /* of the first list that is not near enough */
	double step; /* rows to be seen before it looks at its rows again, at least */
	double most; /* rows to be seen in all, at most: IvfkmLists.counted */
} IvfkmReach;

extern IvfkmListsPlan ivfkm_pass_plan_first(const IvfkmSettings *settings,
											const IvfkmMetaPageData *meta, double k, bool reaches);
extern int ivfkm_pass_lists(const IvfkmListsPlan *plan, const IvfkmMetaPageData *meta);
extern int ivfkm_pass_first(IvfkmScan *so);
extern int64 ivfkm_pass_k(const IvfkmScan *so);
extern float ivfkm_pass_highest_bound(const IvfkmScan *so);
extern bool ivfkm_pass_due(IvfkmScan *so);
extern bool ivfkm_pass_has_all(const IvfkmScan *so);
extern bool ivfkm_pass_next(IvfkmScan *so, bool due);
extern double ivfkm_pass_first_gap(const IvfkmSettings *settings, const IvfkmMetaPageData *meta,
								   double k);
extern bool ivfkm_pass_first_reach(const IvfkmSettings *settings, const IvfkmMetaPageData *meta,
								   double k, IvfkmReach *reach);
extern double ivfkm_pass_gap(const IvfkmQuery *query, double key, double distance);
extern bool ivfkm_pass_reach_begin(IvfkmScan *so, IvfkmReach *reach, int64 *wanted);
extern bool ivfkm_pass_reach(IvfkmScan *so, const IvfkmReach *reach, double farthest);

#endif /* IVFKM_PASS_H */
