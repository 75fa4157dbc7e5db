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

extern IvfkmListsPlan ivfkm_pass_plan_first(const IvfkmSettings *settings,
											const IvfkmMetaPageData *meta, double k);
extern int ivfkm_pass_lists(const IvfkmListsPlan *plan, const IvfkmMetaPageData *meta);
extern int ivfkm_pass_first(IvfkmScan *so);
extern int64 ivfkm_pass_k(const IvfkmScan *so);
extern float ivfkm_pass_highest_bound(const IvfkmScan *so);
extern bool ivfkm_pass_due(IvfkmScan *so);
extern bool ivfkm_pass_has_all(const IvfkmScan *so);
extern bool ivfkm_pass_next(IvfkmScan *so);

#endif /* IVFKM_PASS_H */
