/*-------------------------------------------------------------------------
 *
 * page_group.h
 *	  Groups of a live index: locking, changing and releasing all of their pages.
 *
 * IDENTIFICATION
 *	  src/page/page_group.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_GROUP_H
#define IVFKM_PAGE_GROUP_H

#include "compat.h"

#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "page/page_bytes.h"
#include "page/page_layout.h"
#include "page/page_owners.h"
#include "page/page_wal.h"

/*
 * A group that somebody holds.  Its last page, which has the counter, the links and the arrays,
 * is locked first and decides; the pages before it, which hold codes only, follow in order where
 * they are needed.
 */
typedef struct IvfkmGroup
{
	Relation index;
	const IvfkmGeometry *geometry;
	uint32 owner;
	uint32 generation;
	BlockNumber block; /* first block */
	int lockmode;	   /* of all its pages */
	int nlocked;	   /* pages locked so far */
	Buffer buffers[IVFKM_MAX_STRIPES];
	Page pages[IVFKM_MAX_STRIPES]; /* in shared buffers, or the copies that are being changed */
} IvfkmGroup;

/* The page with the counter, the links and the arrays of a group that is held. */
static inline Page
page_group_last(const IvfkmGroup *group)
{
	return group->pages[group->geometry->stripes - 1];
}

/* First block of the group behind the one with this last page, or invalid. */
static inline BlockNumber
page_group_next(Page last_page)
{
	return IvfkmPageGetOpaque(last_page)->next;
}

/* First block of the first group of the list or node that the group with this last page is of. */
static inline BlockNumber
page_group_head(Page last_page)
{
	return IvfkmPageGetGroupHeader(last_page)->head;
}

/* Slots in use in the group with this last page. */
static inline int
page_group_used(Page last_page)
{
	return IvfkmPageGetGroupHeader(last_page)->nused;
}

/*
 * Rows that inserts have put into the group with this last page since its list was made, and of
 * them those beyond the edge of the list: added to both.
 */
static inline void
page_group_entered(Page last_page, uint32 *entered, uint32 *strays)
{
	*entered += IvfkmPageGetGroupHeader(last_page)->entered;
	*strays += IvfkmPageGetGroupHeader(last_page)->strays;
}

/* Chunks of codes on a page of a striped group: ivfkm_stripe_chunks() of them. */
static inline const uint8 *
page_group_chunks(Page page)
{
	return (const uint8 *) IvfkmPageGetPayload(page);
}

extern void page_group_lock(IvfkmGroup *group, Relation index, const IvfkmGeometry *geometry,
							uint32 owner, uint32 generation, BlockNumber block, int lockmode);
extern bool page_group_lock_found(IvfkmGroup *group, Relation index, const IvfkmMetaPageData *meta,
								  const IvfkmOwners *owners, const IvfkmGeometry *const *geometries,
								  int n, BlockNumber block, BufferAccessStrategy strategy);
extern void page_group_lock_codes(IvfkmGroup *group);
extern void page_group_change(IvfkmGroup *group, PageWal *wal);
extern void page_group_unlock(IvfkmGroup *group);
extern void page_group_copy(Relation index, const IvfkmGeometry *geometry, uint32 owner,
							uint32 generation, BlockNumber block, Page *pages);
extern void page_group_clear(IvfkmGroup *group, const int *slots, int nslots);

#endif /* IVFKM_PAGE_GROUP_H */
