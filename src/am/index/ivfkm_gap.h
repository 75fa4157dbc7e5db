/*-------------------------------------------------------------------------
 *
 * ivfkm_gap.h
 *	  How far a search's next list is behind its k-th nearest row.
 *
 * NOTES
 *	  A number of rows that is enough on average is too much for most queries, and too little for
 *	  some: those that are unlike the rows are about as near to their lists as rows are, but their
 *	  neighbours are farther away, and in more of the lists.  So a search that has seen a part of
 *	  its budget of rows compares the next list with the k-th nearest row it has found.  The gap is
 *
 *		sqrt(key) - sqrt(d)		by distance: the list's key in ivfkm_tree.c and the row's
 *								squared distance
 *		(key - d) / ||q||		by inner product: the list's key and minus the row's product
 *
 *	  in index space.  Neither depends on the length of a query of inner products.  A search ends
 *	  where the gap is not below a bound.  The calibration finds where searches look first, and the
 *	  bound, so that its queries find what the budget alone would find.
 *
 *	  A curve holds the first part for one query: that of the list that comes next when so many
 *	  rows were seen; and how many of the nearest rows are in the lists before.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_gap.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_GAP_H
#define IVFKM_GAP_H

#include "am/ivfkm.h"

/* Points of a curve: the first where as many rows were seen as searches see at least. */
#define IVFKM_GAP_POINTS 32

/*
 * A search that goes on sees at most so many times its budget of rows.  Queries from where rows
 * were deleted, or from nowhere near any, need that many: bench/budget.md.
 */
#define IVFKM_GAP_MOST 16.0

/* What a query of a calibration has met; infinity where there is no such list or row. */
typedef struct IvfkmGapQuery
{
	float lists[IVFKM_GAP_POINTS];	  /* the curve */
	float rows[IVFKM_CALIBRATION_KS]; /* of the k-th nearest row */
	/* how many of the k nearest, or of those that stand for them, were seen: all at the last */
	uint16 found[IVFKM_CALIBRATION_KS][IVFKM_GAP_POINTS];
} IvfkmGapQuery;

extern double ivfkm_gap_part(bool by_dot, double key, double norm);
extern double ivfkm_gap_seen(double place, double rows, double least);
extern void ivfkm_gap_fit(const IvfkmGapQuery *queries, int n, double rows, double least,
						  const double *shares, IvfkmCalibration *calibration, int nk);

#endif /* IVFKM_GAP_H */
