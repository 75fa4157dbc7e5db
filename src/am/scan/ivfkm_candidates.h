/*-------------------------------------------------------------------------
 *
 * ivfkm_candidates.h
 *	  The rows that a scan may give next, by the bounds of their 1-bit codes.
 *
 * NOTES
 *	  Pure C.  A *sweep* collects rows of one list after the other.  While rows are
 *	  collected, the *horizon* falls: the k-th smallest upper bound, or what memory has
 *	  room for.  Rows whose lower bound is above it are left out; a later sweep finds them.
 *	  Then the rows are arranged as a heap and taken in the order of their lower bounds.
 *
 *	  Positions (lower bound, row) are totally ordered, so that "everything up to here" is
 *	  the same set of rows however often the lists are read.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_candidates.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_CANDIDATES_H
#define IVFKM_CANDIDATES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A heap address as a number, block * 2^16 + offset, in the order of addresses; 0 is none. */
typedef uint64_t IvfkmAddress;

/*
 * Resizes memory as realloc() does, but raises an error where that returns NULL; frees it and
 * returns NULL if "bytes" is 0.
 */
typedef void *(*IvfkmResize)(void *memory, size_t bytes);

/* A place in the order in which candidates are taken. */
typedef struct IvfkmPosition
{
	float lb; /* lower bound of the distance, index space */
	IvfkmAddress row;
} IvfkmPosition;

/* A row that may be near enough. */
typedef struct IvfkmCandidate
{
	IvfkmPosition at;
	IvfkmAddress refine; /* address of its refine record, if there is such a tier; where codes are
						  * bits, ivfkm_candidate_counts() */
	int32_t list;		 /* number of the list that it is in */
} IvfkmCandidate;

/*
 * What is kept of a row whose code is a bit string, with so many bits set, of which "common" are
 * set in the query: these two numbers.  0 of a row of which nothing is known (count < 0).
 */
static inline IvfkmAddress
ivfkm_candidate_counts(float count, uint32_t common)
{
	return count < 0.0f ? 0 : ((uint64_t) count + 1) << 32 | common;
}

#define IVFKM_CANDIDATES_STEP 16 /* rows that can be added after ivfkm_candidates_reserve() */

typedef struct IvfkmCandidates
{
	IvfkmResize resize;
	size_t limit;		   /* rows to keep at most */
	IvfkmCandidate *items; /* collected, then a heap */
	size_t n;
	size_t size;
	size_t k;	   /* the horizon is the k-th smallest upper bound; 0: there is none by bounds */
	float *bounds; /* max-heap of the k smallest upper bounds */
	size_t nbounds;
	size_t bounds_size;
	IvfkmPosition horizon; /* rows above this are left out */
	bool truncated;		   /* some that are wanted may have been */
	IvfkmPosition taken;   /* of this sweep, the row that was taken last */
} IvfkmCandidates;

/* True when a comes before b. */
static inline bool
ivfkm_position_less(const IvfkmPosition *a, const IvfkmPosition *b)
{
	if (a->lb != b->lb)
		return a->lb < b->lb;
	return a->row < b->row;
}

/* The first and the last position with this lower bound, before and behind every row's. */
static inline IvfkmPosition
ivfkm_position_first(float lb)
{
	IvfkmPosition position = {.lb = lb, .row = 0};

	return position;
}

static inline IvfkmPosition
ivfkm_position_last(float lb)
{
	IvfkmPosition position = {.lb = lb, .row = UINT64_MAX};

	return position;
}

extern void ivfkm_candidates_init(IvfkmCandidates *candidates, size_t limit, IvfkmResize resize);
extern void ivfkm_candidates_begin(IvfkmCandidates *candidates, size_t k, float highest);
extern void ivfkm_candidates_continue(IvfkmCandidates *candidates);
extern void ivfkm_candidates_make_room(IvfkmCandidates *candidates);
extern void ivfkm_candidates_offer(IvfkmCandidates *candidates, float ub);
extern void ivfkm_candidates_prune(IvfkmCandidates *candidates);
extern void ivfkm_candidates_arrange(IvfkmCandidates *candidates);
extern float ivfkm_candidates_kth(IvfkmCandidates *candidates);
extern IvfkmCandidate ivfkm_candidates_take(IvfkmCandidates *candidates);

/* Makes room for IVFKM_CANDIDATES_STEP rows. */
static inline void
ivfkm_candidates_reserve(IvfkmCandidates *candidates)
{
	if (candidates->n + IVFKM_CANDIDATES_STEP > candidates->size)
		ivfkm_candidates_make_room(candidates);
}

/* Makes room for one row. */
static inline void
ivfkm_candidates_reserve_one(IvfkmCandidates *candidates)
{
	if (candidates->n == candidates->size)
		ivfkm_candidates_make_room(candidates);
}

/* True if an upper bound would lower the horizon, or is one of the first k. */
static inline bool
ivfkm_candidates_heed(const IvfkmCandidates *candidates, float ub)
{
	return candidates->nbounds < candidates->k || (candidates->k > 0 && ub < candidates->bounds[0]);
}

/* Collects a row that is not above the horizon; "ub" is the upper bound of its distance. */
static inline void
ivfkm_candidates_add(IvfkmCandidates *candidates, const IvfkmCandidate *candidate, float ub)
{
	candidates->items[candidates->n++] = *candidate;
	if (ivfkm_candidates_heed(candidates, ub))
		ivfkm_candidates_offer(candidates, ub);
}

/* The lowest lower bound of the rows, which must be arranged; infinity if there are none. */
static inline float
ivfkm_candidates_lowest(const IvfkmCandidates *candidates)
{
	return candidates->n > 0 ? candidates->items[0].at.lb : INFINITY;
}

/* No row that was left out has a lower bound below this. */
static inline float
ivfkm_candidates_horizon(const IvfkmCandidates *candidates)
{
	return candidates->truncated ? candidates->horizon.lb : INFINITY;
}

#endif /* IVFKM_CANDIDATES_H */
