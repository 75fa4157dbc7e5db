/*-------------------------------------------------------------------------
 *
 * page_ranges.c
 *	  Sets of blocks, as a few ranges.
 *
 * IDENTIFICATION
 *	  src/page/page_ranges.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "page/page_ranges.h"

/* True if the block is in one of the ranges. */
bool
page_ranges_contain(const IvfkmRanges *ranges, BlockNumber block)
{
	for (uint32 i = 0; i < ranges->count; i++)
	{
		if (block < ranges->ranges[i].end)
			return block >= ranges->ranges[i].first;
	}
	return false;
}

/* Number of blocks in all ranges. */
BlockNumber
page_ranges_total(const IvfkmRanges *ranges)
{
	BlockNumber total = 0;

	for (uint32 i = 0; i < ranges->count; i++)
		total += ranges->ranges[i].end - ranges->ranges[i].first;
	return total;
}

/* Takes range "at" out of the array. */
static void
ranges_delete(IvfkmRanges *ranges, uint32 at)
{
	ranges->count--;
	memmove(&ranges->ranges[at], &ranges->ranges[at + 1],
			sizeof(IvfkmRange) * (ranges->count - at));
	memset(&ranges->ranges[ranges->count], 0, sizeof(IvfkmRange));
}

/* Puts a range before range "at"; there is room. */
static void
ranges_insert(IvfkmRanges *ranges, uint32 at, BlockNumber first, BlockNumber end)
{
	memmove(&ranges->ranges[at + 1], &ranges->ranges[at],
			sizeof(IvfkmRange) * (ranges->count - at));
	ranges->ranges[at].first = first;
	ranges->ranges[at].end = end;
	ranges->count++;
}

/* True if blocks first .. end - 1 begin or end where one of the ranges ends or begins. */
bool
page_ranges_touch(const IvfkmRanges *ranges, BlockNumber first, BlockNumber end)
{
	for (uint32 i = 0; i < ranges->count; i++)
	{
		if (ranges->ranges[i].end == first || ranges->ranges[i].first == end)
			return true;
	}
	return false;
}

/* The shortest range, of which there is one at least. */
const IvfkmRange *
page_ranges_shortest(const IvfkmRanges *ranges)
{
	const IvfkmRange *shortest = &ranges->ranges[0];

	for (uint32 i = 1; i < ranges->count; i++)
	{
		if (ranges->ranges[i].end - ranges->ranges[i].first < shortest->end - shortest->first)
			shortest = &ranges->ranges[i];
	}
	return shortest;
}

/*
 * Exchanges a range, which touches none of the ranges and has no block of them, for the shortest
 * one if that is shorter; false if it is not.
 */
bool
page_ranges_exchange(IvfkmRanges *ranges, IvfkmRange *range)
{
	const IvfkmRange *shortest = page_ranges_shortest(ranges);
	IvfkmRange taken = *shortest;
	uint32 at = 0;

	if (taken.end - taken.first >= range->end - range->first)
		return false;
	ranges_delete(ranges, (uint32) (shortest - ranges->ranges));
	while (at < ranges->count && ranges->ranges[at].end < range->first)
		at++;
	ranges_insert(ranges, at, range->first, range->end);
	*range = taken;
	return true;
}

/*
 * Adds blocks first .. end - 1, none of which is in the ranges.  If there is no room for one more
 * range, the shortest one is left out; returns the number of its blocks, else 0.
 */
BlockNumber
page_ranges_add(IvfkmRanges *ranges, BlockNumber first, BlockNumber end)
{
	BlockNumber lost = 0;
	uint32 at = 0;

	if (first >= end)
		return 0;
	while (at < ranges->count && ranges->ranges[at].end < first)
		at++;
	if (at < ranges->count && ranges->ranges[at].end == first)
		ranges->ranges[at].end = end;
	else if (at < ranges->count && ranges->ranges[at].first == end)
	{
		ranges->ranges[at].first = first;
		return 0;
	}
	else
	{
		if (ranges->count == IVFKM_MAX_RANGES)
		{
			uint32 shortest = (uint32) (page_ranges_shortest(ranges) - ranges->ranges);

			lost = ranges->ranges[shortest].end - ranges->ranges[shortest].first;
			if (lost >= end - first)
				return end - first;
			ranges_delete(ranges, shortest);
			if (shortest < at)
				at--;
		}
		ranges_insert(ranges, at, first, end);
		return lost;
	}
	/* the range that grew may have reached the next one */
	if (at + 1 < ranges->count && ranges->ranges[at + 1].first == ranges->ranges[at].end)
	{
		ranges->ranges[at].end = ranges->ranges[at + 1].end;
		ranges_delete(ranges, at + 1);
	}
	return 0;
}

/* Adds all ranges of another array; returns the blocks that there was no room for. */
BlockNumber
page_ranges_add_all(IvfkmRanges *ranges, const IvfkmRanges *more)
{
	BlockNumber lost = 0;

	for (uint32 i = 0; i < more->count; i++)
		lost += page_ranges_add(ranges, more->ranges[i].first, more->ranges[i].end);
	return lost;
}

/* Takes the first "npages" blocks of the range that starts at "first". */
void
page_ranges_take(IvfkmRanges *ranges, BlockNumber first, BlockNumber npages)
{
	for (uint32 i = 0; i < ranges->count; i++)
	{
		if (ranges->ranges[i].first == first)
		{
			ranges->ranges[i].first += npages;
			if (ranges->ranges[i].first >= ranges->ranges[i].end)
				ranges_delete(ranges, i);
			return;
		}
	}
}

/* False if the ranges are not in order, or not inside the blocks in use. */
bool
page_ranges_valid(const IvfkmRanges *ranges, BlockNumber used_blocks)
{
	BlockNumber end = IVFKM_META_BLOCK;

	if (ranges->count > IVFKM_MAX_RANGES)
		return false;
	for (uint32 i = 0; i < ranges->count; i++)
	{
		const IvfkmRange *range = &ranges->ranges[i];

		if (range->first <= end || range->first >= range->end || range->end > used_blocks)
			return false;
		end = range->end;
	}
	return true;
}
