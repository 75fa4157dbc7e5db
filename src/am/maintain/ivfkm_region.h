/*-------------------------------------------------------------------------
 *
 * ivfkm_region.h
 *	  A region: some lists below one node, made anew.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_region.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_REGION_H
#define IVFKM_REGION_H

#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_survey.h"

extern void ivfkm_region_renew(Relation heap, Relation index, bool yield, const IvfkmRegion *region,
							   IvfkmRenewal *result);

#endif /* IVFKM_REGION_H */
