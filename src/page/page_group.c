/*-------------------------------------------------------------------------
 *
 * page_group.c
 *	  Groups of a live index: locking, changing and releasing all of their pages.
 *
 * NOTES
 *	  Everybody who holds more than one page of a group locks the last page first and then
 *	  the others in order.  Searches hold one page at a time and come in another
 *	  order (see am/index/ivfkm_list.c).
 *
 * IDENTIFICATION
 *	  src/page/page_group.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "page/page_check.h"
#include "page/page_group.h"
#include "page/page_point.h"

StaticAssertDecl(IVFKM_MAX_STRIPES <= PAGE_WAL_MAX, "a group fits into one WAL record");

/* Sets up "group" without any lock. */
static void
group_begin(IvfkmGroup *group, Relation index, const IvfkmGeometry *geometry, BlockNumber block,
			int lockmode)
{
	Assert(geometry->stripes <= IVFKM_MAX_STRIPES);
	group->index = index;
	group->geometry = geometry;
	group->block = block;
	group->lockmode = lockmode;
	group->nlocked = 0;
}

/* Notes that page "stripe" is locked. */
static void
group_has_locked(IvfkmGroup *group, int stripe, Buffer buffer)
{
	group->buffers[stripe] = buffer;
	group->pages[stripe] = BufferGetPage(buffer);
	group->nlocked++;
}

/*
 * Locks and checks the last page of the group that starts at "block" and belongs to the owner in
 * that generation.  The caller holds no lock on another group.
 */
void
page_group_lock(IvfkmGroup *group, Relation index, const IvfkmGeometry *geometry, uint32 owner,
				uint32 generation, BlockNumber block, int lockmode)
{
	int last = geometry->stripes - 1;
	Buffer buffer = page_read(index, block + last, lockmode);

	page_check_group(index, buffer, geometry, last, owner, generation);
	group_begin(group, index, geometry, block, lockmode);
	group->owner = owner;
	group->generation = generation;
	group_has_locked(group, last, buffer);
}

/*
 * The geometry, of those given, of the group whose last page a locked page of any kind is; NULL
 * if it is none, or not of one of the owners.
 */
static const IvfkmGeometry *
ends_group(Relation index, const IvfkmMetaPageData *meta, const IvfkmOwners *owners, Buffer buffer,
		   const IvfkmGeometry *const *geometries, int n)
{
	IvfkmPageKind kind;

	/*
	 * blocks are reserved before they are written; those that were written with the tree are not
	 * new
	 */
	if (PageIsNew(BufferGetPage(buffer)) && (BufferGetBlockNumber(buffer) < meta->tree_first ||
											 BufferGetBlockNumber(buffer) >= meta->tree_end))
		return NULL;
	kind = page_check_any(index, buffer);
	if (!page_owners_contain(owners, IvfkmPageGetOpaque(BufferGetPage(buffer))->owner))
		return NULL;
	for (int i = 0; i < n; i++)
	{
		if (kind == geometries[i]->kind)
			return IvfkmPageGetGroupHeader(BufferGetPage(buffer))->stripe ==
						   geometries[i]->stripes - 1
					   ? geometries[i]
					   : NULL;
	}
	return NULL;
}

/*
 * For walks over the file: locks the last page of a group of one of n kinds exclusively if that is
 * what the block holds, and the group is of one of the owners, which are those of the tree "meta",
 * else returns false and holds nothing. The block must be inside the file.  The group belongs to
 * whom its last page says.
 */
bool
page_group_lock_found(IvfkmGroup *group, Relation index, const IvfkmMetaPageData *meta,
					  const IvfkmOwners *owners, const IvfkmGeometry *const *geometries, int n,
					  BlockNumber block, BufferAccessStrategy strategy)
{
	Buffer buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
	IvfkmPageOpaque opaque;
	const IvfkmGeometry *geometry;
	int last;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	geometry = ends_group(index, meta, owners, buffer, geometries, n);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	if (geometry != NULL)
	{
		page_point("bulkdelete-group");
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
		geometry = ends_group(index, meta, owners, buffer, geometries, n);
		if (geometry == NULL)
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	}
	if (geometry == NULL)
	{
		ReleaseBuffer(buffer);
		return false;
	}
	last = geometry->stripes - 1;
	opaque = IvfkmPageGetOpaque(BufferGetPage(buffer));
	page_check_group(index, buffer, geometry, last, opaque->owner, opaque->generation);
	if (block < (BlockNumber) last)
		page_corrupted(index, block, "Its group would begin before the file.");
	group_begin(group, index, geometry, block - last, BUFFER_LOCK_EXCLUSIVE);
	group->owner = opaque->owner;
	group->generation = opaque->generation;
	group_has_locked(group, last, buffer);
	return true;
}

/* Locks and checks the other pages of a group whose last page is locked, in the same mode. */
void
page_group_lock_codes(IvfkmGroup *group)
{
	Assert(group->nlocked == 1);
	for (int stripe = 0; stripe < group->geometry->stripes - 1; stripe++)
	{
		Buffer buffer = page_read(group->index, group->block + stripe, group->lockmode);

		page_check_group(group->index, buffer, group->geometry, stripe, group->owner,
						 group->generation);
		group_has_locked(group, stripe, buffer);
	}
}

/*
 * Adds all pages of a group, locked exclusively, to a change; group->pages are the copies to
 * change until page_group_unlock(), before which the caller finishes the change.
 */
void
page_group_change(IvfkmGroup *group, PageWal *wal)
{
	Assert(group->nlocked == group->geometry->stripes);
	Assert(group->lockmode == BUFFER_LOCK_EXCLUSIVE);
	for (int stripe = 0; stripe < group->nlocked; stripe++)
		group->pages[stripe] = page_wal_register(wal, group->buffers[stripe]);
}

/* Unlocks and unpins what is locked of a group. */
void
page_group_unlock(IvfkmGroup *group)
{
	int stripes = group->geometry->stripes;

	for (int stripe = stripes - group->nlocked; stripe < stripes; stripe++)
		UnlockReleaseBuffer(group->buffers[stripe]);
	group->nlocked = 0;
}

/* Copies all pages of a group under share locks, so that they are of one moment. */
void
page_group_copy(Relation index, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				BlockNumber block, Page *pages)
{
	IvfkmGroup group;

	page_group_lock(&group, index, geometry, owner, generation, block, BUFFER_LOCK_SHARE);
	page_group_lock_codes(&group);
	for (int stripe = 0; stripe < geometry->stripes; stripe++)
		memcpy(pages[stripe], group.pages[stripe], BLCKSZ);
	page_group_unlock(&group);
}

/*
 * Empties used slots of a group whose last page is locked exclusively, as one WAL record.  The
 * caller unlocks the group.
 */
void
page_group_clear(IvfkmGroup *group, const int *slots, int nslots)
{
	PageWal wal;

	page_group_lock_codes(group);
	page_wal_begin(&wal, group->index);
	page_group_change(group, &wal);
	for (int i = 0; i < nslots; i++)
		page_slot_clear(group->pages, group->geometry, slots[i]);
	page_wal_finish(&wal);
}
