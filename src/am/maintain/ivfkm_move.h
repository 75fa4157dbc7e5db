/*-------------------------------------------------------------------------
 *
 * ivfkm_move.h
 *	  Rows of lists on their way into other lists.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_move.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_MOVE_H
#define IVFKM_MOVE_H

#include "am/build/ivfkm_build_state.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_rows.h"

/*
 * Addresses that may be left when inserts are kept out, and how often a moment without any is tried
 * for before.
 */
#define IVFKM_LATE_AT_MOST 64
#define IVFKM_QUIET_ROUNDS 10

/* A group of a list, and how many rows it had when it was read. */
typedef struct IvfkmGroupSeen
{
	BlockNumber block;
	uint32 used;
} IvfkmGroupSeen;

/* What some lists have got since they were read before, and their groups as they are now. */
typedef struct IvfkmLate
{
	ItemPointerData *tids;
	Size ntids;
	IvfkmGroupSeen *groups; /* in the order of the lists */
	Size ngroups;
} IvfkmLate;

/* Lists that are being made, and those that their rows come from. */
typedef struct IvfkmMove
{
	IvfkmBuild build; /* of the new lists */
	IvfkmRows rows;
	bool yield; /* give up when somebody waits for the table */
	IvfkmRenewal *result;
	ItemPointerData *tids; /* addresses that were found in the old lists, ascending, NULLs marked */
	Size ntids;
	uint32 *tid_lists;		/* the new list of each; NULL: the nearest one */
	IvfkmGroupSeen *groups; /* of the old lists of a region, as they were read last, or NULL */
	Size ngroups;
	IvfkmReserve reserve;
} IvfkmMove;

extern void ivfkm_move_begin(IvfkmMove *move, Relation heap, Relation index,
							 const IvfkmMetaPageData *meta, bool yield, IvfkmRenewal *result);
extern void ivfkm_move_snapshot(IvfkmMove *move);
extern void ivfkm_move_end(IvfkmMove *move);
extern void ivfkm_move_check(const IvfkmMove *move);
extern ItemPointerData *ivfkm_move_read(IvfkmMove *move, const IvfkmChildData *lists, int nlists,
										const IvfkmChildData *nulls, Size *count);
extern void ivfkm_move_note_lists(IvfkmMove *move, const IvfkmChildData *lists, int nlists);
extern bool ivfkm_move_has_late(const IvfkmMove *move, const IvfkmChildData *lists, int nlists);
extern void ivfkm_move_read_late(IvfkmMove *move, const IvfkmChildData *lists, int nlists,
								 IvfkmLate *late);
extern void ivfkm_move_add_late(IvfkmMove *move, IvfkmLate *late);
extern void ivfkm_move_forget_late(IvfkmLate *late);
extern void ivfkm_move_sort(ItemPointerData *tids, Size n);
extern bool ivfkm_move_is_known(const IvfkmMove *move, const ItemPointerData *noted);
extern IvfkmRowState ivfkm_move_row(IvfkmMove *move, const ItemPointerData *noted,
									ItemPointerData *tid);
extern bool ivfkm_move_sample_row(IvfkmMove *move, const ItemPointerData *noted, int n);
extern void ivfkm_move_sample_done(IvfkmMove *move, int n);
extern void ivfkm_move_assign(IvfkmMove *move, bool with_nulls);

#endif /* IVFKM_MOVE_H */
