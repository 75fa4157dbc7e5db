/*-------------------------------------------------------------------------
 *
 * ivfkm_slack.c
 *	  Bounds of exact distances that are not quite those of index space.
 *
 * NOTES
 *	  See ivfkm_slack.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_slack.c
 *
 *-------------------------------------------------------------------------
 */
#include "am/scan/ivfkm_slack.h"

/* What rounding takes from a threshold, as a share of the numbers it is made of. */
#define ROUNDING (8.0f * FLT_EPSILON)

/*
 * No row whose lower bound in index space is above this has one of at most "threshold", as
 * ivfkm_slack_lower() computes it: what is left out by a threshold counts as taken up to it.
 */
float
ivfkm_slack_threshold(const IvfkmSlack *slack, float threshold)
{
	float highest = threshold + slack->constant;
	float below = highest; /* no bound below 0 is widened by more */

	if (slack->share >= 1.0f)
		highest = INFINITY;
	else if (highest > 0.0f)
		highest /= 1.0f - slack->share;
	if (slack->least > 0.0f)
	{
		if (threshold >= 0.0f)
			below = threshold / slack->least;
		if (below < highest)
			highest = below;
	}
	if (fabsf(highest) <= FLT_MAX)
		highest += ROUNDING * (fabsf(highest) + fabsf(threshold) + slack->constant) + FLT_MIN;
	return highest;
}
