/*-------------------------------------------------------------------------
 *
 * ivfkm_given.h
 *	  What a scan has taken already, so that no row is given twice.
 *
 * NOTES
 *	  Pure C.  Two ways to remember, which complement each other:
 *
 *	  - by address: rows that were taken one by one in a sweep whose end is not known;
 *	  - by list: of each list, every row at or below the position that is its *floor*.
 *
 *	  A floor holds only for lower bounds that are made in the same way (same epsilon) as
 *	  those that it was taken from; addresses hold for all.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_given.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_GIVEN_H
#define IVFKM_GIVEN_H

#include "am/scan/ivfkm_candidates.h"

typedef struct IvfkmGiven
{
	IvfkmResize resize;
	IvfkmAddress *rows; /* hash table with linear probing; 0 is a free place */
	size_t nrows;
	size_t size;		   /* a power of two, or 0 */
	IvfkmPosition *floors; /* by the number of the list; those of later lists are no higher */
	int32_t nlists;		   /* that have a floor */
	size_t floors_size;
} IvfkmGiven;

/* Hash of an address: the finaliser of MurmurHash3 (Appleby). */
static inline uint64_t
ivfkm_given_hash(IvfkmAddress row)
{
	row ^= row >> 33;
	row *= UINT64_C(0xff51afd7ed558ccd);
	row ^= row >> 33;
	row *= UINT64_C(0xc4ceb9fe1a85ec53);
	return row ^ (row >> 33);
}

extern void ivfkm_given_init(IvfkmGiven *given, IvfkmResize resize);
extern void ivfkm_given_reserve(IvfkmGiven *given, size_t rows);
extern bool ivfkm_given_add(IvfkmGiven *given, IvfkmAddress row);
extern void ivfkm_given_raise(IvfkmGiven *given, IvfkmPosition floor, int32_t nlists);
extern bool ivfkm_given_has_row(const IvfkmGiven *given, IvfkmAddress row);

/* Asks the CPU for what ivfkm_given_add() needs of a row. */
static inline void
ivfkm_given_prefetch(const IvfkmGiven *given, IvfkmAddress row)
{
	if (given->size > 0)
		__builtin_prefetch(&given->rows[(size_t) ivfkm_given_hash(row) & (given->size - 1)], 1);
}

/* True if the row at a position of a list was taken. */
static inline bool
ivfkm_given_has(const IvfkmGiven *given, int32_t list, const IvfkmPosition *at)
{
	if (list < given->nlists && !ivfkm_position_less(&given->floors[list], at))
		return true;
	return given->nrows > 0 && ivfkm_given_has_row(given, at->row);
}

#endif /* IVFKM_GIVEN_H */
