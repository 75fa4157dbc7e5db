/*-------------------------------------------------------------------------
 *
 * page_child.h
 *	  Records of child nodes and lists, with their centroids.
 *
 * IDENTIFICATION
 *	  src/page/page_child.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_CHILD_H
#define IVFKM_PAGE_CHILD_H

#include "compat.h"

#include "utils/rel.h"

#include "page/page_format.h"
#include "page/page_writer.h"

#define IVFKM_CHILD_MAX_STRIPES 4 /* pages of the longest record */

/* Records that are being written to a new index, one after the other. */
typedef struct IvfkmChildWriter
{
	IvfkmWriter *writer;
	int dims;
	uint32 owner; /* of the pages */
	uint32 generation;
	BlockNumber block; /* to be written next */
	int count;		   /* records on the pages below */
	char *record;	   /* scratch: one record */
	Page pages[IVFKM_CHILD_MAX_STRIPES];
} IvfkmChildWriter;

extern int page_child_bytes(int dims);
extern int page_child_per_page(int dims);
extern int page_child_stripes(int dims);
extern BlockNumber page_child_blocks(int dims, uint32 count);
extern void page_child_locate(BlockNumber first, int dims, uint32 ordinal,
							  ItemPointerData *pointer);
extern uint32 page_child_ordinal(BlockNumber first, int dims, const ItemPointerData *pointer);
extern void page_child_prefetch(Relation index, int dims, const ItemPointerData *pointer);
extern void page_child_read(Relation index, int dims, const ItemPointerData *pointer,
							IvfkmChildData *child, uint16 *centroid);
extern void page_child_begin(IvfkmChildWriter *children, IvfkmWriter *writer, int dims,
							 uint32 owner, uint32 generation, BlockNumber first);
extern void page_child_add(IvfkmChildWriter *children, const IvfkmChildData *child,
						   const uint16 *centroid);
extern void page_child_end(IvfkmChildWriter *children);

#endif /* IVFKM_PAGE_CHILD_H */
