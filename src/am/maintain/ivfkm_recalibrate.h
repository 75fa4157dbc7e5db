/*-------------------------------------------------------------------------
 *
 * ivfkm_recalibrate.h
 *	  Measuring again how many rows searches have to see.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_recalibrate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_RECALIBRATE_H
#define IVFKM_RECALIBRATE_H

#include "compat.h"

#include "utils/rel.h"

#include "page/page_format.h"

extern bool ivfkm_recalibration_due(Relation index, double rows, double moved, bool by_hand);
extern bool ivfkm_recalibration_at_rest(const IvfkmMetaPageData *meta, double moved);
extern double ivfkm_share_misplaced(Relation heap, Relation index, double rows, bool yield);
extern void ivfkm_recalibrate(Relation heap, Relation index, double rows, bool yield, bool roughly);

#endif /* IVFKM_RECALIBRATE_H */
