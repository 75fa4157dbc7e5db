/*-------------------------------------------------------------------------
 *
 * ivfkm_statistics.h
 *	  Values of a column, drawn from its statistics.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_statistics.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_STATISTICS_H
#define IVFKM_STATISTICS_H

#include "nodes/pathnodes.h"
#include "utils/lsyscache.h"

/* Values that stand for all that a query may ask for, each for the same share of the rows. */
#define IVFKM_DRAWN_VALUES 8

/* What the statistics say of a column. */
typedef struct IvfkmStatistics
{
	AttStatsSlot common;	/* its most common values, the most frequent first */
	AttStatsSlot histogram; /* of the others */
	double values;			/* share of the rows that are not NULL */
	double rest;			/* of those that have none of the common values */
	double nrest;			/* other values than these */
	bool may_use_values;	/* they may be compared, not only counted */
} IvfkmStatistics;

/* A value that was drawn. */
typedef struct IvfkmDrawnValue
{
	double selectivity; /* share of the rows that have it */
	bool known;			/* which value that is */
	Datum value;
	Oid type;
} IvfkmDrawnValue;

extern bool ivfkm_statistics_read(PlannerInfo *root, Node *expr, Oid opno,
								  IvfkmStatistics *statistics);
extern IvfkmDrawnValue ivfkm_statistics_draw(const IvfkmStatistics *statistics, int n);
extern int ivfkm_statistics_numbers(PlannerInfo *root, Node *expr, Datum *values);

#endif /* IVFKM_STATISTICS_H */
