/*-------------------------------------------------------------------------
 *
 * page_extent.h
 *	  Writing the extents of lists and nodes of a new index, group by group.
 *
 * IDENTIFICATION
 *	  src/page/page_extent.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_EXTENT_H
#define IVFKM_PAGE_EXTENT_H

#include "compat.h"

#include "storage/buffile.h"

#include "page/page_layout.h"
#include "page/page_writer.h"

/* The extent of a list or node while it is written, group by group. */
typedef struct IvfkmExtent
{
	IvfkmWriter *writer;
	const IvfkmGeometry *geometry;
	uint32 owner;
	uint32 generation;
	BlockNumber first;		 /* first block of the extent */
	BlockNumber block;		 /* block to be written next */
	BlockNumber groups_left; /* with the current one */
	int slot;				 /* next slot of the current group */
	Page pages[IVFKM_MAX_STRIPES];
	char *refine_pages; /* all refine pages of a list, or one if there is a file */
	BufFile *refine_file;
	BlockNumber refine_first;
	BlockNumber refine_count;
	uint32 nrefined; /* records written */
} IvfkmExtent;

extern BlockNumber page_extent_blocks(const IvfkmGeometry *geometry, uint32 n);
extern BlockNumber page_extent_refine_blocks(const IvfkmGeometry *geometry, uint32 n);
extern void page_extent_begin(IvfkmExtent *extent, IvfkmWriter *writer,
							  const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
							  BlockNumber first, uint32 n);
extern void page_extent_add(IvfkmExtent *extent, const IvfkmEntry *entry);
extern void page_extent_end(IvfkmExtent *extent);

#endif /* IVFKM_PAGE_EXTENT_H */
