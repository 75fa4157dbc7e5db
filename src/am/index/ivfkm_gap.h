/*-------------------------------------------------------------------------
 *
 * ivfkm_gap.h
 *	  How far a search's next list is behind its k-th nearest row.
 *
 * NOTES
 *	  Rows that serve as queries say little of queries that are unlike the rows.  Such a query is
 *	  about as near to its lists as rows are, but its neighbours are farther away, and in more of
 *	  the lists.  So a search that has seen its budget of rows compares the next list with the
 *	  k-th nearest row it has found.  The gap is
 *
 *		sqrt(key) - sqrt(d)		by distance: the list's key in ivfkm_tree.c and the row's
 *								squared distance
 *		(key - d) / ||q||		by inner product: the list's key and minus the row's product
 *
 *	  in index space.  Neither depends on the length of a query of inner products.  The budget ends
 *	  searches for which that is at least a low quantile of the calibration's queries; others go on.
 *
 *	  A curve holds the first part for one query: that of the list that comes next when so many
 *	  rows were seen.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_gap.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_GAP_H
#define IVFKM_GAP_H

#include "am/ivfkm.h"

/* Points of a curve. */
#define IVFKM_GAP_POINTS 48

/* What a query of a calibration has met; infinity where there is no such list or row. */
typedef struct IvfkmGapQuery
{
	float lists[IVFKM_GAP_POINTS];	  /* the curve */
	float rows[IVFKM_CALIBRATION_KS]; /* of the k-th nearest row */
} IvfkmGapQuery;

extern double ivfkm_gap_part(bool by_dot, double key, double norm);
extern double ivfkm_gap_point(int point, double rows);
extern void ivfkm_gap_quantiles(const IvfkmGapQuery *queries, int n, double rows, double least,
								IvfkmCalibration *calibration, int nk);

#endif /* IVFKM_GAP_H */
