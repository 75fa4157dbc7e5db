/*-------------------------------------------------------------------------
 *
 * ivfkm_squeeze.c
 *	  Images of 64 bits in 32, in their order.
 *
 * NOTES
 *	  A squeezed image counts steps of 2^shift images from a base.  Up to 2^30 steps from there each
 *	  has its own; beyond that those of the same 25 leading bits have one together.  So images like
 *	  those that the base was chosen for are told apart to the step, and others by how far they are.
 *
 *	  See "Squeezed images" in NOTES.md of this folder.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_squeeze.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "common/int.h"
#include "port/pg_bitutils.h"

#include "am/index/ivfkm_squeeze.h"

#define EXACT_BITS	  30
#define MANTISSA_BITS 24

/* Of so many images the build has to know before it chooses. */
#define LEAST_IMAGES 100

/*
 * A row may share its squeezed image with so many others of the table, on average, whose image is
 * another one: a search for its value then looks at so many rows in vain.
 */
#define MOST_OTHERS 1.0

/* Where the images of a few rows are far from all others, this part of them is ignored, twice. */
#define FAR_ONES 100

/*
 * The squeezed image: within 32 bits, and of a larger image never a smaller one.  Below the base,
 * the complement is squeezed, which is at least 0, and turned back.
 */
int64
ivfkm_squeeze(const IvfkmImageData *how, int64 image)
{
	int64 from;
	uint64 x;

	if (pg_sub_s64_overflow(image, how->base, &from))
		from = image < how->base ? PG_INT64_MIN : PG_INT64_MAX;
	x = (from < 0 ? ~(uint64) from : (uint64) from) >> how->shift;
	if (x >> EXACT_BITS != 0)
	{
		int exponent = pg_leftmost_one_pos64(x);
		uint64 mantissa = (x >> (exponent - MANTISSA_BITS)) - (UINT64CONST(1) << MANTISSA_BITS);

		x = (UINT64CONST(1) << EXACT_BITS) + ((uint64) (exponent - EXACT_BITS) << MANTISSA_BITS) +
			mantissa;
	}
	return from < 0 ? ~(int64) x : (int64) x;
}

/* Adds an image to a sample, in memory of the current context. */
void
ivfkm_squeeze_note(IvfkmImageSample *sample, int64 image)
{
	if (sample->n == sample->size)
	{
		sample->size = Max(256, sample->size * 2);
		sample->images = sample->images == NULL
							 ? palloc(sizeof(int64) * sample->size)
							 : repalloc_huge(sample->images, sizeof(int64) * sample->size);
	}
	sample->images[sample->n++] = image;
}

/* Ascending images, for qsort(). */
static int
compare_images(const void *a, const void *b)
{
	const int64 *x = a;
	const int64 *y = b;

	return (*x > *y) - (*x < *y);
}

/* Puts a sample in order. */
void
ivfkm_squeeze_sort(IvfkmImageSample *sample)
{
	if (sample->n > 0)
		qsort(sample->images, sample->n, sizeof(int64), compare_images);
}

/* The base and shift with which images from "low" to "high" have steps of their own. */
static void
suit_range(int64 low, int64 high, IvfkmImageData *how)
{
	uint64 range = (uint64) high - (uint64) low;

	how->base = (int64) ((uint64) low + range / 2);
	how->shift = 0;
	while (range >> how->shift >> EXACT_BITS != 0)
		how->shift++;
}

/*
 * How many rows of the table share the squeezed image of a row, but not its image, on average: each
 * row of the sample stands for so many.
 */
static double
others_in_step(const IvfkmImageSample *sample, const IvfkmImageData *how, double stands_for)
{
	double pairs = 0.0;
	Size i = 0;

	while (i < sample->n)
	{
		int64 step = ivfkm_squeeze(how, sample->images[i]);
		double equal = 0.0; /* pairs of rows with the same image */
		Size first = i;
		Size same = i;

		for (; i < sample->n && ivfkm_squeeze(how, sample->images[i]) == step; i++)
		{
			if (sample->images[i] != sample->images[same])
			{
				equal += (double) (i - same) * (double) (i - same);
				same = i;
			}
		}
		equal += (double) (i - same) * (double) (i - same);
		pairs += (double) (i - first) * (double) (i - first) - equal;
	}
	return pairs / (double) sample->n * stands_for;
}

/*
 * Decides whether images like those of a sample, in order, from a table of so many rows, are told
 * apart well enough when squeezed, and how.  Those within 2^30 of 0 stay what they are.
 */
bool
ivfkm_squeeze_choose(const IvfkmImageSample *sample, double rows, IvfkmImageData *how)
{
	const int64 *images = sample->images;
	Size n = sample->n;

	if (n < LEAST_IMAGES)
		return false;
	how->base = 0;
	how->shift = 0;
	if (ivfkm_squeeze(how, images[0]) == images[0] &&
		ivfkm_squeeze(how, images[n - 1]) == images[n - 1])
		return true;
	for (Size far = 0; far <= n / FAR_ONES; far += n / FAR_ONES)
	{
		suit_range(images[far], images[n - 1 - far], how);
		if (others_in_step(sample, how, Max(rows / (double) n, 1.0)) <= MOST_OTHERS)
			return true;
	}
	return false;
}
