/*-------------------------------------------------------------------------
 *
 * page_writer.h
 *	  Writing the file of a new index, front to back.
 *
 * IDENTIFICATION
 *	  src/page/page_writer.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_WRITER_H
#define IVFKM_PAGE_WRITER_H

#include "compat.h"

#include "common/relpath.h"
#include "storage/block.h"
#include "utils/rel.h"

/* The file of a new index while it is written. */
typedef struct IvfkmWriter
{
	Relation index;
	ForkNumber fork;
	bool recycled;				 /* into reserved blocks of an index in use */
	BlockNumber nblocks;		 /* block to be written next */
	BlockNumber nlogged;		 /* logged so far, before version 17 */
	struct BulkWriteState *bulk; /* from version 17 on */
} IvfkmWriter;

extern void page_writer_begin(IvfkmWriter *writer, Relation index, ForkNumber fork);
extern void page_writer_begin_reserved(IvfkmWriter *writer, Relation index, BlockNumber first);
extern void page_writer_seek(IvfkmWriter *writer, BlockNumber block);
extern void page_writer_add(IvfkmWriter *writer, BlockNumber block, const char *image);
extern void page_writer_end(IvfkmWriter *writer);

#endif /* IVFKM_PAGE_WRITER_H */
