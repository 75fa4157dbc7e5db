/*-------------------------------------------------------------------------
 *
 * ivfkm_slack.h
 *	  Bounds of exact distances that are not quite those of index space.
 *
 * NOTES
 *	  Pure C.  Distances of index space have bounds by codes.  Where the operator's distance differs
 *	  from that of index space (taxicab, Jaccard, sketches), both bounds are widened.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_slack.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SLACK_H
#define IVFKM_SLACK_H

#include <float.h>
#include <math.h>

/*
 * How far exact distances of a list's rows may be from those of index space: a number of
 * standard deviations, each a share of the distance and a constant.
 */
typedef struct IvfkmSlack
{
	float share;
	float constant;
	float least; /* exact distances are never below this share of index space's; 0 or more */
} IvfkmSlack;

/*
 * By how much more than "half", the half of the distance between two bounds in index space, one of
 * them is off as a bound of the exact distance.  What both lack is independent, so variances add
 * up; rounding makes no more of it than there is.  The slack is that of a row whose exact distance
 * is the bound.
 */
static inline float
ivfkm_slack_beyond(const IvfkmSlack *slack, float half, float bound)
{
	float lacks = slack->constant + slack->share * (bound > 0.0f ? bound : 0.0f);
	float more = sqrtf(half * half + lacks * lacks) - half;

	if (more > lacks)
		return lacks;
	return more > 0.0f ? more : 0.0f;
}

/* The lower bound of the exact distance, of both in index space. */
static inline float
ivfkm_slack_lower(const IvfkmSlack *slack, float lb, float ub)
{
	float half = 0.5f * (ub - lb);
	float least = slack->least > 0.0f ? slack->least * lb : -FLT_MAX;
	float lower;

	if (!(half <= FLT_MAX)) /* nothing is known */
		return lb;
	lower = lb - ivfkm_slack_beyond(slack, half, lb);
	return lower > least ? lower : least;
}

/* The upper bound; at least that in index space. */
static inline float
ivfkm_slack_upper(const IvfkmSlack *slack, float lb, float ub)
{
	float half = 0.5f * (ub - lb);

	return half <= FLT_MAX ? ub + ivfkm_slack_beyond(slack, half, ub) : ub;
}

extern float ivfkm_slack_threshold(const IvfkmSlack *slack, float threshold);

#endif /* IVFKM_SLACK_H */
