/*-------------------------------------------------------------------------
 *
 * ivfkm_sizes.c
 *	  How large what a build makes is: lists, sample, codes.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_sizes.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "am/build/ivfkm_sizes.h"
#include "am/index/ivfkm_options.h"

/*
 * Dimensions from which "auto" makes refine codes of 4 bits.  Longer codes rank better, shorter ones
 * cost less to fetch from memory.  Measured: with 784 dimensions and 60,000 rows, 8 bits
 * were 6 % faster; with 1,024 and 1,000,000, 4 bits were 7 % faster at half the size.
 */
#define SHORT_REFINE_DIMS 1000

/*
 * Bits of the refine codes that a new index of "dims" dimensions gets: 0, 4 or 8.  Fewer
 * than asked for, with a NOTICE, where they would not fit; see page_refine_max_bits().
 */
int
ivfkm_sizes_refine_bits(Relation relation, const IvfkmOps *ops, int dims)
{
	int bits = ivfkm_options_refine_bits(relation);
	int max_bits = page_refine_max_bits(dims);

	if (bits == IVFKM_REFINE_AUTO)
		return ops->small_values ? 0 : Min(max_bits, dims < SHORT_REFINE_DIMS ? 8 : 4);
	if (bits > max_bits)
	{
		ereport(NOTICE,
				(errmsg("index \"%s\" gets %d refine bits instead of %d",
						RelationGetRelationName(relation), max_bits, bits),
				 errdetail("Codes of %d bits for %d dimensions do not fit on pages.", bits, dims)));
		return max_bits;
	}
	return bits;
}
