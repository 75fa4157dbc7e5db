/*-------------------------------------------------------------------------
 *
 * ivfkm_unknown.h
 *	  Values of columns that are not known when a query is planned.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_unknown.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_UNKNOWN_H
#define IVFKM_UNKNOWN_H

#include "access/skey.h"
#include "nodes/pathnodes.h"

#include "am/sql/ivfkm_statistics.h"

/* A value that stands for some that a query may ask for. */
typedef struct IvfkmUnknownValue
{
	double selectivity; /* share of the table's rows that have it, or are in the range */
	bool has_key;		/* the index has the column, and it is known which value that is */
	ScanKeyData key;
} IvfkmUnknownValue;

/*
 * A condition that something equals a value that is not known, or one of several, or is in a range
 * of which nothing is known.
 */
typedef struct IvfkmUnknown
{
	const Node *clause; /* among the index quals, or those told; NULL: it is a filter */
	int column;			/* of the index that an index qual is on */
	double selectivity; /* on average */
	IvfkmUnknownValue values[IVFKM_DRAWN_VALUES];
} IvfkmUnknown;

extern List *ivfkm_unknown_find(PlannerInfo *root, const IndexPath *path, List *told);
extern const IvfkmUnknownValue *ivfkm_unknown_value(const List *unknowns, const Node *clause,
													int draw);
extern double ivfkm_unknown_ratio(const List *unknowns, int draw, bool columns);
extern void ivfkm_unknown_init(void);

#endif /* IVFKM_UNKNOWN_H */
