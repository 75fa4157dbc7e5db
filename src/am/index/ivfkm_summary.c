/*-------------------------------------------------------------------------
 *
 * ivfkm_summary.c
 *	  Summaries of the attributes of a list: what its rows may have.
 *
 * NOTES
 *	  A summary has for each attribute whether some row is NULL, whether some is not, and of the
 *	  latter, by the kind of image:
 *
 *	  numbers		the lowest and the highest image
 *	  hashes		two Bloom filters of 64 bits, each of other six bits of the hash
 *	  signatures	the union of their bits
 *
 *	  It may be wider than the rows: VACUUM leaves it as it is, and an insert that widens the range
 *	  of numbers goes a sixteenth of it farther, so that numbers that grow, as times do, write a
 *	  summary once for every sixteenth more and not with every row.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_summary.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/index/ivfkm_attribute.h"
#include "am/index/ivfkm_summary.h"

/* An insert that widens a range makes it longer by this part of it. */
#define SLACK 16

/* Of sets of hashes or signatures, so many values are tested; longer ones match any list. */
#define TESTED_VALUES 64

/* The kind of an attribute's images. */
static IvfkmImageKind
kind_of(const IvfkmColumns *columns, int attribute)
{
	return columns->attributes[attribute].ops->kind;
}

/* The bit of a hash in the first or second Bloom filter. */
static int64
bloom_bit(int64 hash, int which)
{
	uint32 bits = (uint32) hash;

	return (int64) (UINT64CONST(1) << ((which == 0 ? bits >> 26 : bits >> 20) & 63));
}

/* Makes "summary" that of a row alone. */
static void
summary_of_row(const IvfkmColumns *columns, IvfkmSummaryData *summary, const IvfkmAttributes *row)
{
	memset(summary, 0, sizeof(*summary));
	summary->unknown = row->unknown;
	if (row->unknown)
		return;
	summary->nulls = row->nulls;
	summary->values = (uint8) (((1 << columns->nattributes) - 1) & ~row->nulls);
	for (int a = 0; a < columns->nattributes; a++)
	{
		bool hash = kind_of(columns, a) == IVFKM_IMAGE_HASH;
		int64 image = row->images[a];

		if ((summary->values & (1 << a)) == 0)
			continue;
		summary->images[a][0] = hash ? bloom_bit(image, 0) : image;
		summary->images[a][1] = hash ? bloom_bit(image, 1) : image;
	}
}

/* Widens a summary to what another one says. */
void
ivfkm_summary_unite(const IvfkmColumns *columns, IvfkmSummaryData *summary,
					const IvfkmSummaryData *other)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		int64 *images = summary->images[a];
		const int64 *more = other->images[a];
		bool number = kind_of(columns, a) == IVFKM_IMAGE_NUMBER;

		if ((other->values & (1 << a)) == 0)
			continue;
		if ((summary->values & (1 << a)) == 0)
		{
			images[0] = more[0];
			images[1] = more[1];
		}
		else
		{
			images[0] = number ? Min(images[0], more[0]) : images[0] | more[0];
			images[1] = number ? Max(images[1], more[1]) : images[1] | more[1];
		}
	}
	summary->unknown |= other->unknown;
	summary->nulls |= other->nulls;
	summary->values |= other->values;
}

/* Adds a row to a summary, exactly. */
void
ivfkm_summary_add(const IvfkmColumns *columns, IvfkmSummaryData *summary,
				  const IvfkmAttributes *row)
{
	IvfkmSummaryData of_row;

	summary_of_row(columns, &of_row, row);
	ivfkm_summary_unite(columns, summary, &of_row);
}

/* True if a summary holds all that another one says. */
bool
ivfkm_summary_holds(const IvfkmColumns *columns, const IvfkmSummaryData *summary,
					const IvfkmSummaryData *other)
{
	IvfkmSummaryData both = *summary;

	ivfkm_summary_unite(columns, &both, other);
	return memcmp(&both, summary, sizeof(both)) == 0;
}

/* True if a hash may be among those of a list. */
static inline bool
bloom_has(const int64 *images, int64 hash)
{
	return (images[0] & bloom_bit(hash, 0)) != 0 && (images[1] & bloom_bit(hash, 1)) != 0;
}

/* True if an image, alone, may be among those of a list. */
static bool
may_have(IvfkmImageKind kind, const int64 *images, int64 image)
{
	if (kind == IVFKM_IMAGE_HASH)
		return bloom_has(images, image);
	if (kind == IVFKM_IMAGE_SIGNATURE)
		return (image & ~images[0]) == 0;
	return images[0] <= image && image <= images[1];
}

/* True if one of the values of a set, from low to high, is within the range of a list's numbers. */
static bool
set_meets_range(const FilterTerm *term, const int64 *images)
{
	const int64 *values = term->set.values;
	int64 low = Max(term->low, images[0]);
	int64 high = Min(term->high, images[1]);
	int first = 0;
	int left = term->set.nvalues;

	while (left > 0)
	{
		int half = left / 2;

		if (values[first + half] < low)
		{
			first += half + 1;
			left -= half + 1;
		}
		else
			left = half;
	}
	return first < term->set.nvalues && values[first] <= high;
}

/* True if some row of a list may be met by a set. */
static bool
set_matches(const FilterTerm *term, IvfkmImageKind kind, const int64 *images)
{
	if (kind == IVFKM_IMAGE_NUMBER)
		return set_meets_range(term, images);
	for (int i = 0; i < Min(term->set.nvalues, TESTED_VALUES); i++)
	{
		if (may_have(kind, images, term->set.values[i]))
			return true;
	}
	return term->set.nvalues > TESTED_VALUES;
}

/* True if some row of a list may meet a term. */
static bool
term_matches(const FilterTerm *term, IvfkmImageKind kind, const IvfkmSummaryData *summary)
{
	const int64 *images = summary->images[term->attribute];

	if (term->kind == FILTER_NOTHING)
		return false;
	if (term->kind == FILTER_IS_NULL)
		return (summary->nulls & (1 << term->attribute)) != 0;
	if ((summary->values & (1 << term->attribute)) == 0)
		return false;
	switch (term->kind)
	{
		case FILTER_RANGE:
			if (kind == IVFKM_IMAGE_NUMBER)
				return term->low <= images[1] && images[0] <= term->high;
			return term->low != term->high || may_have(kind, images, term->low);
		case FILTER_SET:
			return set_matches(term, kind, images);
		case FILTER_ANY_BIT:
			return (images[0] & term->bits) != 0;
		case FILTER_ALL_BITS:
			return (term->bits & ~images[0]) == 0;
		default:
			return true;
	}
}

/* True if some row of a list may match a filter: each of its terms, for all that is known. */
bool
ivfkm_summary_matches(const IvfkmSummaryFilter *filter, const IvfkmSummaryData *summary)
{
	if (summary->unknown)
		return true;
	for (int i = 0; i < filter->terms->nterms; i++)
	{
		const FilterTerm *term = &filter->terms->terms[i];

		if (!term_matches(term, kind_of(filter->columns, term->attribute), summary))
			return false;
	}
	return true;
}

/* A summary on disk that is to hold another one. */
typedef struct Widening
{
	const IvfkmColumns *columns;
	const IvfkmSummaryData *other;
	bool slack; /* ranges become longer than they must */
} Widening;

/* The image that lies "slack" below or above another one, or the last one there is. */
static int64
farther(int64 image, uint64 slack, bool up)
{
	if (up)
		return slack > (uint64) PG_INT64_MAX - (uint64) image ? PG_INT64_MAX
															  : (int64) ((uint64) image + slack);
	return slack > (uint64) image - (uint64) PG_INT64_MIN ? PG_INT64_MIN
														  : (int64) ((uint64) image - slack);
}

/* Widens a summary: an IvfkmSummaryChange. */
static bool
widen(IvfkmSummaryData *summary, void *arg)
{
	const Widening *widening = arg;
	IvfkmSummaryData before = *summary;

	ivfkm_summary_unite(widening->columns, summary, widening->other);
	if (memcmp(&before, summary, sizeof(before)) == 0)
		return false;
	for (int a = 0; a < widening->columns->nattributes; a++)
	{
		int64 *images = summary->images[a];
		uint64 slack = ((uint64) images[1] - (uint64) images[0]) / SLACK;

		if (!widening->slack || kind_of(widening->columns, a) != IVFKM_IMAGE_NUMBER ||
			(before.values & (1 << a)) == 0)
			continue;
		if (images[0] < before.images[a][0])
			images[0] = farther(images[0], slack, false);
		if (images[1] > before.images[a][1])
			images[1] = farther(images[1], slack, true);
	}
	return true;
}

/*
 * Widens the summary of a list, if it must, before a row is put into the list.  True if it was
 * written.  The caller holds no buffer lock, and holds the tree lock if the tree is the current
 * one.
 */
bool
ivfkm_summary_widen(const IvfkmIndex *index, const IvfkmSummaries *summaries, uint32 ordinal,
					const IvfkmAttributes *row)
{
	IvfkmSummaryData of_row;
	IvfkmSummaryData summary;
	Widening widening = {&index->columns, &of_row, true};

	summary_of_row(&index->columns, &of_row, row);
	page_summary_read(index->relation, summaries, ordinal, &summary);
	if (ivfkm_summary_holds(&index->columns, &summary, &of_row))
		return false;
	return page_summary_change(index->relation, summaries, ordinal, widen, &widening);
}

/* Widens the summary of a list, if it must, to what another one says. */
void
ivfkm_summary_extend(const IvfkmIndex *index, const IvfkmSummaries *summaries, uint32 ordinal,
					 const IvfkmSummaryData *other)
{
	Widening widening = {&index->columns, other, false};
	IvfkmSummaryData summary;

	page_summary_read(index->relation, summaries, ordinal, &summary);
	if (!ivfkm_summary_holds(&index->columns, &summary, other))
		(void) page_summary_change(index->relation, summaries, ordinal, widen, &widening);
}

/*
 * Finds the summary of the list whose record is at "record": false if that is none of the node's,
 * which is one above lists.  The node has summaries for all of its slots, but records for its
 * children alone; what follows on them is another node's.  The root says no number of children, and
 * is then the only node above lists.
 */
bool
ivfkm_summary_find(const IvfkmGeometry *nodes, int nattributes, const IvfkmChildData *node,
				   const ItemPointerData *record, IvfkmSummaries *summaries, uint32 *ordinal)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(record);
	BlockNumber first;
	uint32 count;

	page_summary_of(summaries, nodes, nattributes, node);
	first = summaries->first + summaries->npages;
	count = node->rows > 0 ? node->rows : summaries->count;
	if (block < first || block >= first + page_child_blocks(nodes->dims, count))
		return false;
	*ordinal = page_child_ordinal(first, nodes->dims, record);
	return true;
}
