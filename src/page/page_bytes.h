/*-------------------------------------------------------------------------
 *
 * page_bytes.h
 *	  Where the structures lie on a page: for the files of this folder only.
 *
 * IDENTIFICATION
 *	  src/page/page_bytes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_BYTES_H
#define IVFKM_PAGE_BYTES_H

#include "compat.h"

#include "page/page_format.h"

static inline IvfkmPageOpaque
IvfkmPageGetOpaque(Page page)
{
	return (IvfkmPageOpaque) PageGetSpecialPointer(page);
}

static inline IvfkmGroupHeader
IvfkmPageGetGroupHeader(Page page)
{
	return (IvfkmGroupHeader) ((char *) page + IVFKM_HEADER_OFFSET);
}

static inline char *
IvfkmPageGetPayload(Page page)
{
	return (char *) page + IVFKM_PAYLOAD_OFFSET;
}

static inline IvfkmMetaPage
IvfkmPageGetMeta(Page page)
{
	return (IvfkmMetaPage) IvfkmPageGetPayload(page);
}

/* The ranges of blocks that belong to no tree, on the metapage. */
static inline IvfkmFree
IvfkmPageGetFree(Page page)
{
	return (IvfkmFree) ((char *) page + IVFKM_FREE_OFFSET);
}

#endif /* IVFKM_PAGE_BYTES_H */
