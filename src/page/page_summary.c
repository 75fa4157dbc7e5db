/*-------------------------------------------------------------------------
 *
 * page_summary.c
 *	  Summaries of the attributes of lists, on pages beside the node above the lists.
 *
 * NOTES
 *	  A node above lists has a summary for each of its children, in their order, on pages between
 *	  its groups and the records of its children.  They are the only part of a node that is changed.
 *	  What a summary means, and how it is widened, is the business of am/index/ivfkm_summary.c.
 *
 * IDENTIFICATION
 *	  src/page/page_summary.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_layout.h"
#include "page/page_summary.h"
#include "page/page_verify.h"
#include "page/page_wal.h"

/* Bytes of a summary of so many attributes. */
Size
page_summary_bytes(int nattributes)
{
	return offsetof(IvfkmSummaryData, of) + (Size) nattributes * sizeof(IvfkmAttributeSummary);
}

/* Summaries on a page. */
static uint32
per_page(int nattributes)
{
	return (uint32) (IVFKM_PAYLOAD_BYTES / page_summary_bytes(nattributes));
}

/*
 * Pages of the summaries of a node of that level with so many children: none if these are no lists,
 * or have no attributes.
 */
BlockNumber
page_summary_blocks(int nattributes, int level, uint32 count)
{
	if (nattributes == 0 || level != 1)
		return 0;
	return (count + per_page(nattributes) - 1) / per_page(nattributes);
}

/* Says where the summaries of a node's children are; there may be none. */
void
page_summary_of(IvfkmSummaries *summaries, int nattributes, const IvfkmChildData *node)
{
	summaries->nattributes = nattributes;
	summaries->owner = node->id;
	summaries->generation = node->generation;
	summaries->first = node->first_block + node->nblocks;
	summaries->npages = page_summary_blocks(nattributes, node->level, node->rows);
	summaries->count = summaries->npages == 0 ? 0 : node->rows;
}

/* A summary on its page. */
static IvfkmSummaryData *
summary_on(Page page, const IvfkmSummaries *summaries, uint32 ordinal)
{
	return (IvfkmSummaryData *) (IvfkmPageGetPayload(page) +
								 ordinal % per_page(summaries->nattributes) *
									 page_summary_bytes(summaries->nattributes));
}

/*
 * Writes the pages of a node in the making, of which n children have summaries, an array for
 * page_summary_in(); the rest is 0.
 */
void
page_summary_write(IvfkmWriter *writer, const IvfkmSummaries *summaries,
				   const IvfkmSummaryData *records, uint32 n)
{
	char *page = palloc(BLCKSZ);
	uint32 each = per_page(summaries->nattributes);

	for (BlockNumber i = 0; i < summaries->npages; i++)
	{
		page_init((Page) page, IVFKM_PAGE_SUMMARY, summaries->owner, summaries->generation);
		for (uint32 ordinal = i * each; ordinal < Min(n, (i + 1) * each); ordinal++)
			memcpy(summary_on((Page) page, summaries, ordinal),
				   page_summary_in(records, summaries->nattributes, ordinal),
				   page_summary_bytes(summaries->nattributes));
		page_writer_add(writer, summaries->first + i, page);
	}
	pfree(page);
}

/* Locks the page of a summary, and checks whose it is. */
static Buffer
lock_page(Relation index, const IvfkmSummaries *summaries, BlockNumber number, int lockmode)
{
	Buffer buffer = page_read(index, summaries->first + number, lockmode);

	page_check_owner(index, buffer, IVFKM_PAGE_SUMMARY, summaries->owner, summaries->generation);
	return buffer;
}

/*
 * Shows all summaries of a node.  Called
 * under the share lock of a page, so "visit" takes no time and raises no error.
 */
void
page_summary_visit(Relation index, const IvfkmSummaries *summaries, IvfkmSummaryVisit visit,
				   void *arg)
{
	uint32 each = summaries->npages > 0 ? per_page(summaries->nattributes) : 1;

	for (BlockNumber i = 0; i < summaries->npages; i++)
	{
		Buffer buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = lock_page(index, summaries, i, BUFFER_LOCK_SHARE);
		for (uint32 ordinal = i * each; ordinal < Min(summaries->count, (i + 1) * each); ordinal++)
			visit(ordinal, summary_on(BufferGetPage(buffer), summaries, ordinal), arg);
		UnlockReleaseBuffer(buffer);
	}
}

/* Locks the page of one summary. */
static Buffer
lock_summary(Relation index, const IvfkmSummaries *summaries, uint32 ordinal, int lockmode)
{
	if (ordinal >= summaries->count)
		page_corrupted(index, summaries->first, "Node %u has no child %u.", summaries->owner,
					   ordinal);
	return lock_page(index, summaries, ordinal / per_page(summaries->nattributes), lockmode);
}

/* Copies a summary: as many attributes as the index has. */
void
page_summary_read(Relation index, const IvfkmSummaries *summaries, uint32 ordinal,
				  IvfkmSummaryData *summary)
{
	Buffer buffer = lock_summary(index, summaries, ordinal, BUFFER_LOCK_SHARE);

	memcpy(summary, summary_on(BufferGetPage(buffer), summaries, ordinal),
		   page_summary_bytes(summaries->nattributes));
	UnlockReleaseBuffer(buffer);
}

/*
 * Lets "change" look at a summary and change it, as one WAL record, under the exclusive lock of its
 * page.  True if it has.  The caller holds no buffer lock.
 */
bool
page_summary_change(Relation index, const IvfkmSummaries *summaries, uint32 ordinal,
					IvfkmSummaryChange change, void *arg)
{
	Buffer buffer = lock_summary(index, summaries, ordinal, BUFFER_LOCK_EXCLUSIVE);
	Size bytes = page_summary_bytes(summaries->nattributes);
	IvfkmSummaryData summary;
	bool changed;

	memcpy(&summary, summary_on(BufferGetPage(buffer), summaries, ordinal), bytes);
	changed = change(&summary, arg);
	if (changed)
	{
		PageWal wal;

		page_wal_begin(&wal, index);
		memcpy(summary_on(page_wal_register(&wal, buffer), summaries, ordinal), &summary, bytes);
		page_wal_finish(&wal);
	}
	UnlockReleaseBuffer(buffer);
	return changed;
}

/* Checks a summary: nothing where there is no list or no value. */
static bool
is_sound(const IvfkmSummaryData *summary, int nattributes, bool has_list)
{
	uint8 all = (uint8) ((1 << nattributes) - 1);

	if (summary->unknown > 1 || (summary->nulls & ~all) != 0 || (summary->values & ~all) != 0 ||
		(!has_list && (summary->unknown != 0 || summary->nulls != 0 || summary->values != 0)))
		return false;
	for (size_t i = 0; i < IVFKM_LATE_BYTES; i++)
	{
		if (!has_list && summary->late[i] != 0)
			return false;
	}
	for (int a = 0; a < nattributes; a++)
	{
		static const IvfkmAttributeSummary none = {0};

		if ((summary->values & (1 << a)) == 0 &&
			memcmp(&summary->of[a], &none, sizeof(IvfkmAttributeSummary)) != 0)
			return false;
	}
	return true;
}

/*
 * Checks all of a page of summaries, which is a block of them, but whether rows agree.  The node
 * has nlists children.
 */
void
page_summary_verify(Relation index, const IvfkmSummaries *summaries, BlockNumber block,
					uint32 nlists)
{
	uint32 each = per_page(summaries->nattributes);
	uint32 first = (block - summaries->first) * each;
	Buffer buffer = lock_page(index, summaries, block - summaries->first, BUFFER_LOCK_SHARE);
	Page page = BufferGetPage(buffer);

	page_verify_frame(index, block, page);
	for (uint32 ordinal = first; ordinal < first + each; ordinal++)
	{
		if (!is_sound(summary_on(page, summaries, ordinal), summaries->nattributes,
					  ordinal < nlists))
			page_corrupted(index, block, "The summary of child %u is not sound.", ordinal);
	}
	UnlockReleaseBuffer(buffer);
}
