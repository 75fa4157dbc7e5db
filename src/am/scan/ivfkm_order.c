/*-------------------------------------------------------------------------
 *
 * ivfkm_order.c
 *	  Which row is next.
 *
 * NOTES
 *	  See ivfkm_order.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_order.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "am/scan/ivfkm_order.h"

#define FIRST_SIZE 32 /* rows of an array at first */

#define HEAP_PREFIX		refined_heap
#define HEAP_TYPE		IvfkmRefinedRow
#define HEAP_LESS(a, b) ((a)->lb < (b)->lb)
#include "am/index/ivfkm_heap.h"

#define HEAP_PREFIX		known_heap
#define HEAP_TYPE		IvfkmKnownRow
#define HEAP_LESS(a, b) ((a)->distance < (b)->distance)
#include "am/index/ivfkm_heap.h"

/* Smaller of two numbers. */
static inline float
lower(float a, float b)
{
	return a < b ? a : b;
}

/* No rows, and none wanted beyond "bound"; memory is taken when it is needed. */
void
ivfkm_order_init(IvfkmOrder *order, double bound, IvfkmResize resize)
{
	memset(order, 0, sizeof(*order));
	order->resize = resize;
	order->last = -INFINITY;
	order->bound = bound;
}

/* Makes room for one more item of "bytes" in an array of *size that has n; returns the array. */
static void *
reserve_one(const IvfkmOrder *order, void *items, size_t n, size_t *size, size_t bytes)
{
	if (n < *size)
		return items;
	*size = *size == 0 ? FIRST_SIZE : *size * 2;
	return order->resize(items, *size * bytes);
}

/* Adds a row with narrow bounds, but not to its place: see ivfkm_order_arrange(). */
void
ivfkm_order_append_refined(IvfkmOrder *order, const IvfkmRefinedRow *row)
{
	order->refined = reserve_one(order, order->refined, order->nrefined, &order->refined_size,
								 sizeof(IvfkmRefinedRow));
	order->refined[order->nrefined++] = *row;
}

/* Adds a row with narrow bounds. */
void
ivfkm_order_add_refined(IvfkmOrder *order, const IvfkmRefinedRow *row)
{
	ivfkm_order_append_refined(order, row);
	refined_heap_up(order->refined, order->nrefined);
}

/* Puts the rows that were appended to their places; to be called before any other function. */
void
ivfkm_order_arrange(IvfkmOrder *order)
{
	refined_heap_build(order->refined, order->nrefined);
}

/* Adds a row whose distance is known. */
void
ivfkm_order_add_known(IvfkmOrder *order, const IvfkmKnownRow *row)
{
	order->known =
		reserve_one(order, order->known, order->nknown, &order->known_size, sizeof(IvfkmKnownRow));
	order->known[order->nknown++] = *row;
	known_heap_up(order->known, order->nknown);
}

/* Keeps a known row that was found too late for its place in the order. */
void
ivfkm_order_add_late(IvfkmOrder *order, const IvfkmKnownRow *row)
{
	order->late =
		reserve_one(order, order->late, order->nlate, &order->late_size, sizeof(IvfkmKnownRow));
	order->late[order->nlate++] = *row;
	known_heap_up(order->late, order->nlate);
}

/* Removes and returns the refined row with the lowest bound; there must be one. */
IvfkmRefinedRow
ivfkm_order_take_refined(IvfkmOrder *order)
{
	IvfkmRefinedRow row = order->refined[0];

	refined_heap_pop(order->refined, order->nrefined);
	order->nrefined--;
	return row;
}

/* Removes and returns the nearest known row; there must be one. */
IvfkmKnownRow
ivfkm_order_take_known(IvfkmOrder *order)
{
	IvfkmKnownRow row = order->known[0];

	known_heap_pop(order->known, order->nknown);
	order->nknown--;
	return row;
}

/* Removes and returns the nearest late row; there must be one. */
IvfkmKnownRow
ivfkm_order_take_late(IvfkmOrder *order)
{
	IvfkmKnownRow row = order->late[0];

	known_heap_pop(order->late, order->nlate);
	order->nlate--;
	return row;
}

/*
 * Decides what to do next.  "candidate" is the lowest bound of a candidate, "horizon" that of
 * anything that was left out (infinity where there is none).  A row is next if its distance,
 * or the upper bound of it, is not above the lower bound of anything else.
 */
IvfkmStep
ivfkm_order_step(const IvfkmOrder *order, float candidate, float horizon)
{
	float waiting = lower(candidate, horizon); /* only refined and known rows may be below */
	const IvfkmRefinedRow *row = order->refined;
	float second = INFINITY;

	if (order->nknown > 0 && order->known[0].distance <= waiting &&
		(order->nrefined == 0 || order->known[0].distance <= row->lb))
		return order->known[0].distance > order->bound ? IVFKM_STEP_END : IVFKM_STEP_GIVE_KNOWN;
	if (candidate < INFINITY && (order->nrefined == 0 || candidate <= row->lb))
		return IVFKM_STEP_RESOLVE;
	if (order->nrefined == 0 || row->lb > horizon)
		return IVFKM_STEP_SCAN;

	/* the best refined row is the lowest of all */
	if (row->lb > order->bound)
		return IVFKM_STEP_END;
	if (order->nrefined > 1)
		second = row[1].lb;
	if (order->nrefined > 2)
		second = lower(second, row[2].lb);
	if (order->nknown > 0 && order->known[0].distance < second)
		second = (float) order->known[0].distance;
	if (row->ub > second || row->lb < order->last)
		return IVFKM_STEP_LOOK;
	if (row->ub <= waiting)
		return IVFKM_STEP_GIVE_REFINED;
	return candidate < INFINITY && candidate <= horizon ? IVFKM_STEP_RESOLVE : IVFKM_STEP_LOOK;
}
