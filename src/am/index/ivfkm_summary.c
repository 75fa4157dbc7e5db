/*-------------------------------------------------------------------------
 *
 * ivfkm_summary.c
 *	  Summaries of the attributes of a list: what its rows may have.
 *
 * NOTES
 *	  A summary has for each attribute whether some row is NULL, whether some is not, and of the
 *	  latter, by the kind of image:
 *
 *	  numbers		the lowest and the highest image, and marks
 *	  hashes		marks
 *	  signatures	the union of their bits
 *
 *	  A mark is a bit for each 2,048th of images.  That of a hash is given by 11 of its bits.  That
 *	  of a number is given by as many of its bits from the index's shift of the attribute on, so
 *	  that numbers which follow each other share a mark or have the next one; behind the last comes
 *	  the first again.  The shift is the least with which the values of the table had a mark each,
 *	  so a condition that lets through a 2,048th of the range asks for one mark or two, and most
 *	  lists of the usual length, of 256 rows, have neither.
 *
 *	  A summary may be wider than the rows: VACUUM leaves it as it is, and an insert that widens
 *	  the range of numbers goes a sixteenth of it farther.  Inserts set no marks, as nearly every
 *	  row has a new one, which would be a record of WAL for each row.  A bit says of each group of
 *	  the list whether inserts have put rows into it since the list was made: where marks say that
 *	  no other row matches, these groups are looked at.
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

/* Where the marks of a hash, of 32 bits, begin. */
#define HASH_SHIFT 21

StaticAssertDecl(IVFKM_MARKS == 1 << (32 - HASH_SHIFT), "a mark is given by the bits of a hash");

/* The number of a number's mark, without regard to how many there are. */
static inline uint64
place_of(int64 image, uint32 shift)
{
	return ((uint64) image ^ (UINT64CONST(1) << 63)) >> shift;
}

/* The number of an image's mark; signatures have none. */
static inline uint32
mark_of(const IvfkmColumns *columns, int attribute, int64 image)
{
	if (kind_of(columns, attribute) == IVFKM_IMAGE_HASH)
		return (uint32) image >> HASH_SHIFT;
	return (uint32) (place_of(image, columns->attributes[attribute].image.mark_shift) %
					 IVFKM_MARKS);
}

/*
 * The least shift with which images from low to high, of numbers, have as many marks as there are
 * at most.
 */
uint8
ivfkm_summary_shift(int64 low, int64 high)
{
	uint8 shift = 0;

	while (place_of(high, shift) - place_of(low, shift) >= IVFKM_MARKS)
		shift++;
	return shift;
}

/* Adds a row to a summary, exactly; its marks if "marked". */
static void
add_row(const IvfkmColumns *columns, IvfkmSummaryData *summary, const IvfkmAttributes *row,
		bool marked)
{
	if (row->unknown)
	{
		summary->unknown = 1;
		return;
	}
	summary->nulls |= row->nulls;
	for (int a = 0; a < columns->nattributes; a++)
	{
		IvfkmAttributeSummary *of = &summary->of[a];
		IvfkmImageKind kind = kind_of(columns, a);
		int64 image = row->images[a];
		bool first = (summary->values & (1 << a)) == 0;

		if ((row->nulls & (1 << a)) != 0)
			continue;
		summary->values |= (uint8) (1 << a);
		if (kind == IVFKM_IMAGE_SIGNATURE)
			of->images[0] |= image;
		else if (marked)
		{
			uint32 mark = mark_of(columns, a, image);

			of->marks[mark / 64] |= UINT64CONST(1) << (mark % 64);
		}
		if (kind == IVFKM_IMAGE_NUMBER)
		{
			of->images[0] = first ? image : Min(of->images[0], image);
			of->images[1] = first ? image : Max(of->images[1], image);
		}
	}
}

/* Adds a row that is there when the list is made. */
void
ivfkm_summary_add(const IvfkmColumns *columns, IvfkmSummaryData *summary,
				  const IvfkmAttributes *row)
{
	add_row(columns, summary, row, true);
}

/* Adds a row of a group whose marks are missing. */
void
ivfkm_summary_add_late(const IvfkmColumns *columns, IvfkmSummaryData *summary,
					   const IvfkmAttributes *row)
{
	add_row(columns, summary, row, false);
}

/* Widens a summary to what another one says. */
void
ivfkm_summary_unite(const IvfkmColumns *columns, IvfkmSummaryData *summary,
					const IvfkmSummaryData *other)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		IvfkmAttributeSummary *of = &summary->of[a];
		const IvfkmAttributeSummary *more = &other->of[a];
		bool first = (summary->values & (1 << a)) == 0;

		if ((other->values & (1 << a)) == 0)
			continue;
		if (kind_of(columns, a) != IVFKM_IMAGE_NUMBER)
			of->images[0] |= more->images[0];
		else
		{
			of->images[0] = first ? more->images[0] : Min(of->images[0], more->images[0]);
			of->images[1] = first ? more->images[1] : Max(of->images[1], more->images[1]);
		}
		for (int i = 0; i < IVFKM_MARK_WORDS; i++)
			of->marks[i] |= more->marks[i];
	}
	summary->unknown |= other->unknown;
	summary->nulls |= other->nulls;
	summary->values |= other->values;
	for (int i = 0; i < IVFKM_LATE_BYTES; i++)
		summary->late[i] |= other->late[i];
}

/* True if a summary holds all that another one says. */
bool
ivfkm_summary_holds(const IvfkmColumns *columns, const IvfkmSummaryData *summary,
					const IvfkmSummaryData *other)
{
	Size bytes = page_summary_bytes(columns->nattributes);
	IvfkmSummaryData both;

	memcpy(&both, summary, bytes);
	ivfkm_summary_unite(columns, &both, other);
	return memcmp(&both, summary, bytes) == 0;
}

/* Which rows of a list may match. */
typedef enum Match
{
	MATCH_NONE,
	MATCH_LATE, /* those of groups whose marks are missing */
	MATCH_ALL
} Match;

/* The rows of a list that may have a number from low to high, which is not below it. */
static Match
match_range(const IvfkmAttributeSummary *of, uint32 shift, int64 low, int64 high)
{
	uint64 place;
	uint64 left;

	low = Max(low, of->images[0]);
	high = Min(high, of->images[1]);
	if (low > high)
		return MATCH_NONE;
	place = place_of(low, shift);
	left = place_of(high, shift) - place;
	if (left >= IVFKM_MARKS - 1)
		return MATCH_ALL;
	left++;
	while (left > 0)
	{
		uint32 mark = (uint32) (place % IVFKM_MARKS);
		uint32 n = (uint32) Min(left, 64 - mark % 64); /* marks of this word */
		uint64 word = of->marks[mark / 64] >> (mark % 64);

		if ((word & (PG_UINT64_MAX >> (64 - n))) != 0)
			return MATCH_ALL;
		place += n;
		left -= n;
	}
	return MATCH_LATE;
}

/* The rows of a list that may have one image. */
static Match
match_image(const IvfkmColumns *columns, int attribute, const IvfkmAttributeSummary *of,
			int64 image)
{
	IvfkmImageKind kind = kind_of(columns, attribute);
	uint32 mark;

	if (kind == IVFKM_IMAGE_SIGNATURE)
		return (image & ~of->images[0]) == 0 ? MATCH_ALL : MATCH_NONE;
	if (kind == IVFKM_IMAGE_NUMBER && (image < of->images[0] || image > of->images[1]))
		return MATCH_NONE;
	mark = mark_of(columns, attribute, image);
	return (of->marks[mark / 64] >> (mark % 64) & 1) != 0 ? MATCH_ALL : MATCH_LATE;
}

/*
 * The first of values "first" to n - 1, which rise, that is not below a limit; n if all are.
 */
static int
first_from(const int64 *values, int first, int n, int64 limit)
{
	int left = n - first;

	while (left > 0)
	{
		int half = left / 2;

		if (values[first + half] < limit)
		{
			first += half + 1;
			left -= half + 1;
		}
		else
			left = half;
	}
	return first;
}

/* The rows of a list that may be met by a set. */
static Match
match_set(const IvfkmColumns *columns, const FilterTerm *term, const IvfkmAttributeSummary *of)
{
	const int64 *values = term->set.values;
	Match best = MATCH_NONE;
	int first = 0;
	int n = term->set.nvalues;

	if (kind_of(columns, term->attribute) == IVFKM_IMAGE_NUMBER)
	{
		/* those in the range of the list */
		first = first_from(values, 0, n, of->images[0]);
		n = first_from(values, first, n, of->images[1]);
		if (n < term->set.nvalues && values[n] == of->images[1])
			n++;
	}
	if (n - first > TESTED_VALUES)
		return MATCH_ALL;
	for (int i = first; i < n && best != MATCH_ALL; i++)
		best = Max(best, match_image(columns, term->attribute, of, values[i]));
	return best;
}

/* The rows of a list that may meet a term. */
static Match
match_term(const IvfkmColumns *columns, const FilterTerm *term, const IvfkmSummaryData *summary)
{
	const IvfkmAttributeSummary *of = &summary->of[term->attribute];
	bool matches = true;

	if (term->kind == FILTER_NOTHING)
		return MATCH_NONE;
	if (term->kind == FILTER_IS_NULL)
		return (summary->nulls & (1 << term->attribute)) != 0 ? MATCH_ALL : MATCH_NONE;
	if ((summary->values & (1 << term->attribute)) == 0)
		return MATCH_NONE;
	switch (term->kind)
	{
		case FILTER_RANGE:
			if (kind_of(columns, term->attribute) == IVFKM_IMAGE_NUMBER)
				return match_range(of, columns->attributes[term->attribute].image.mark_shift,
								   term->low, term->high);
			if (term->low == term->high)
				return match_image(columns, term->attribute, of, term->low);
			break;
		case FILTER_SET:
			return match_set(columns, term, of);
		case FILTER_ANY_BIT:
			matches = (of->images[0] & term->bits) != 0;
			break;
		case FILTER_ALL_BITS:
			matches = (term->bits & ~of->images[0]) == 0;
			break;
		default:
			break;
	}
	return matches ? MATCH_ALL : MATCH_NONE;
}

/*
 * The groups of a list in which some row may match a filter, each of its terms, for all that is
 * known: all (IVFKM_ALL_GROUPS), none (0), or those with a bit as in IvfkmSummaryData.late.
 */
uint64
ivfkm_summary_matches(const IvfkmSummaryFilter *filter, const IvfkmSummaryData *summary)
{
	Match worst = MATCH_ALL;

	if (summary->unknown)
		return IVFKM_ALL_GROUPS;
	for (int i = 0; i < filter->terms->nterms && worst != MATCH_NONE; i++)
		worst = Min(worst, match_term(filter->columns, &filter->terms->terms[i], summary));
	if (worst == MATCH_LATE)
		return page_summary_late(summary);
	return worst == MATCH_ALL ? IVFKM_ALL_GROUPS : 0;
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
	Size bytes = page_summary_bytes(widening->columns->nattributes);
	IvfkmSummaryData before;

	memcpy(&before, summary, bytes);
	ivfkm_summary_unite(widening->columns, summary, widening->other);
	if (memcmp(&before, summary, bytes) == 0)
		return false;
	for (int a = 0; a < widening->columns->nattributes; a++)
	{
		int64 *images = summary->of[a].images;
		uint64 slack = ((uint64) images[1] - (uint64) images[0]) / SLACK;

		if (!widening->slack || kind_of(widening->columns, a) != IVFKM_IMAGE_NUMBER ||
			(before.values & (1 << a)) == 0)
			continue;
		if (images[0] < before.of[a].images[0])
			images[0] = farther(images[0], slack, false);
		if (images[1] > before.of[a].images[1])
			images[1] = farther(images[1], slack, true);
	}
	return true;
}

/*
 * Widens the summary of a list, if it must, before a row is put into the list: all but its marks.
 * Returns the groups whose marks are missing, into which the row may be put.  The caller holds no
 * buffer lock, and holds the tree lock if the tree is the current one.
 */
uint64
ivfkm_summary_widen(const IvfkmIndex *index, const IvfkmSummaries *summaries, uint32 ordinal,
					const IvfkmAttributes *row)
{
	IvfkmSummaryData of_row;
	IvfkmSummaryData summary;
	Widening widening = {&index->columns, &of_row, true};

	memset(&of_row, 0, page_summary_bytes(index->columns.nattributes));
	ivfkm_summary_add_late(&index->columns, &of_row, row);
	page_summary_read(index->relation, summaries, ordinal, &summary);
	if (!ivfkm_summary_holds(&index->columns, &summary, &of_row))
		(void) page_summary_change(index->relation, summaries, ordinal, widen, &widening);
	return page_summary_late(&summary);
}

/*
 * Notes that the marks of a group, by its bit, of a list will be missing, before a row is put into
 * it.  The caller holds what ivfkm_summary_widen() asks for.
 */
void
ivfkm_summary_note_late(const IvfkmIndex *index, const IvfkmSummaries *summaries, uint32 ordinal,
						int group)
{
	IvfkmSummaryData late;
	Widening widening = {&index->columns, &late, true};

	memset(&late, 0, page_summary_bytes(index->columns.nattributes));
	late.late[group / 8] = (uint8) (1 << group % 8);
	(void) page_summary_change(index->relation, summaries, ordinal, widen, &widening);
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
 * which is one above lists.
 */
bool
ivfkm_summary_find(const IvfkmGeometry *nodes, int nattributes, const IvfkmChildData *node,
				   const ItemPointerData *record, IvfkmSummaries *summaries, uint32 *ordinal)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(record);
	BlockNumber first;

	page_summary_of(summaries, nattributes, node);
	first = summaries->first + summaries->npages;
	if (block < first || block >= first + page_child_blocks(nodes->dims, summaries->count))
		return false;
	*ordinal = page_child_ordinal(first, nodes->dims, record);
	return true;
}
