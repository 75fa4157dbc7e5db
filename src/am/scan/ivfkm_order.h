/*-------------------------------------------------------------------------
 *
 * ivfkm_order.h
 *	  In which order a scan gives its rows, and what it has to do before the next one.
 *
 * NOTES
 *	  Pure C.  A row goes through up to three stages: candidate (bounds of its 1-bit code),
 *	  refined (the narrow bounds of its refine code), known (its exact distance).  The next
 *	  row is given as soon as nothing else can be nearer.  A row that turns out to be nearer
 *	  than one already given is late.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_order.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_ORDER_H
#define IVFKM_ORDER_H

#include "am/scan/ivfkm_candidates.h"

/* A row with the bounds of its refine code. */
typedef struct IvfkmRefinedRow
{
	float lb;
	float ub;
	IvfkmAddress row;
} IvfkmRefinedRow;

/* A row whose distance is known. */
typedef struct IvfkmKnownRow
{
	double distance; /* index space; never NaN */
	IvfkmAddress row;
} IvfkmKnownRow;

typedef struct IvfkmOrder
{
	IvfkmResize resize;
	IvfkmRefinedRow *refined; /* min-heap by lower bound */
	size_t nrefined;
	size_t refined_size;
	IvfkmKnownRow *known; /* min-heap by distance */
	size_t nknown;
	size_t known_size;
	IvfkmKnownRow *late; /* min-heap by distance: found too late, to be given at the end */
	size_t nlate;
	size_t late_size;
	double last;  /* no row given so far, but for late ones, is farther */
	double bound; /* no farther row is wanted */
} IvfkmOrder;

/* What to do next. */
typedef enum IvfkmStep
{
	IVFKM_STEP_GIVE_KNOWN,	 /* the nearest known row is next */
	IVFKM_STEP_GIVE_REFINED, /* the best refined row is next; its distance need not be known */
	IVFKM_STEP_LOOK,		 /* look at the best refined row exactly */
	IVFKM_STEP_RESOLVE,		 /* take the best candidate */
	IVFKM_STEP_SCAN,		 /* scan more */
	IVFKM_STEP_END			 /* everything else is beyond the bound */
} IvfkmStep;

extern void ivfkm_order_init(IvfkmOrder *order, double bound, IvfkmResize resize);
extern void ivfkm_order_add_refined(IvfkmOrder *order, const IvfkmRefinedRow *row);
extern void ivfkm_order_append_refined(IvfkmOrder *order, const IvfkmRefinedRow *row);
extern void ivfkm_order_arrange(IvfkmOrder *order);
extern void ivfkm_order_add_known(IvfkmOrder *order, const IvfkmKnownRow *row);
extern void ivfkm_order_add_late(IvfkmOrder *order, const IvfkmKnownRow *row);
extern IvfkmRefinedRow ivfkm_order_take_refined(IvfkmOrder *order);
extern IvfkmKnownRow ivfkm_order_take_known(IvfkmOrder *order);
extern IvfkmKnownRow ivfkm_order_take_late(IvfkmOrder *order);
extern IvfkmStep ivfkm_order_step(const IvfkmOrder *order, float candidate, float horizon);

#endif /* IVFKM_ORDER_H */
