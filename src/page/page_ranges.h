/*-------------------------------------------------------------------------
 *
 * page_ranges.h
 *	  Sets of blocks, as a few ranges.
 *
 * IDENTIFICATION
 *	  src/page/page_ranges.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_RANGES_H
#define IVFKM_PAGE_RANGES_H

#include "compat.h"

#include "page/page_format.h"

extern bool page_ranges_contain(const IvfkmRanges *ranges, BlockNumber block);
extern BlockNumber page_ranges_total(const IvfkmRanges *ranges);
extern BlockNumber page_ranges_add(IvfkmRanges *ranges, BlockNumber first, BlockNumber end);
extern BlockNumber page_ranges_add_all(IvfkmRanges *ranges, const IvfkmRanges *more);
extern bool page_ranges_touch(const IvfkmRanges *ranges, BlockNumber first, BlockNumber end);
extern const IvfkmRange *page_ranges_shortest(const IvfkmRanges *ranges);
extern bool page_ranges_exchange(IvfkmRanges *ranges, IvfkmRange *range);
extern void page_ranges_take(IvfkmRanges *ranges, BlockNumber first, BlockNumber npages);
extern bool page_ranges_valid(const IvfkmRanges *ranges, BlockNumber used_blocks);

#endif /* IVFKM_PAGE_RANGES_H */
