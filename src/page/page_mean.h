/*-------------------------------------------------------------------------
 *
 * page_mean.h
 *	  The mean vector of the indexed rows.
 *
 * IDENTIFICATION
 *	  src/page/page_mean.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_MEAN_H
#define IVFKM_PAGE_MEAN_H

#include "compat.h"

#include "utils/rel.h"

#include "page/page_format.h"
#include "page/page_writer.h"

extern int page_mean_pages(int dims);
extern void page_mean_read(Relation index, const IvfkmMetaPageData *meta, float *mean);
extern void page_mean_write(IvfkmWriter *writer, const IvfkmMetaPageData *meta, const float *mean);

#endif /* IVFKM_PAGE_MEAN_H */
