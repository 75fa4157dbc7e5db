/*-------------------------------------------------------------------------
 *
 * ivfkm_resolve.h
 *	  Refining candidates, one at a time or many at once.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_resolve.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RESOLVE_H
#define IVFKM_RESOLVE_H

#include "am/scan/ivfkm_scan.h"

extern bool ivfkm_resolve_note(IvfkmScan *so, const IvfkmCandidate *candidate);
extern void ivfkm_resolve_one(IvfkmScan *so, const IvfkmCandidate *candidate);
extern bool ivfkm_resolve_many(IvfkmScan *so);
extern Size ivfkm_resolve_looks(IvfkmScan *so, int64 wanted, IvfkmAddress **rows);

#endif /* IVFKM_RESOLVE_H */
