/*-------------------------------------------------------------------------
 *
 * bit_ops.c
 *	  Distances between values of the server's type "bit".
 *
 * NOTES
 *	  Unused bits of a value's last byte are zero, which varbit.c of the server ensures.
 *
 * IDENTIFICATION
 *	  src/types/bit_ops.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/bit_ops.h"

#include "distance/bits.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(hamming_distance);
PG_FUNCTION_INFO_V1(jaccard_distance);

/* The number of bits that differ between two values of equal length. */
double
bit_hamming_distance_value(const VarBit *a, const VarBit *b)
{
	return (double) vdb_bits->hamming(VARBITS(a), VARBITS(b), VARBITBYTES(a));
}

/*
 * 1 - |a and b| / |a or b| of two values of equal length; 1 if no bit is set in both, so also
 * if none is set at all.
 */
double
bit_jaccard_distance_value(const VarBit *a, const VarBit *b)
{
	BitsOverlap overlap = vdb_bits->overlap(VARBITS(a), VARBITS(b), VARBITBYTES(a));

	if (overlap.both == 0)
		return 1.0;
	return 1.0 - (double) overlap.both / (double) overlap.either;
}

/* Raises ERRCODE_DATA_EXCEPTION unless both values have the same number of bits. */
static void
bit_check_same_length(const VarBit *a, const VarBit *b)
{
	if (unlikely(VARBITLEN(a) != VARBITLEN(b)))
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
						errmsg("different bit lengths %u and %u", (unsigned) VARBITLEN(a),
							   (unsigned) VARBITLEN(b))));
}

/*
 * hamming_distance(bit, bit), operator <~>: the number of bits that differ.  Raises
 * ERRCODE_DATA_EXCEPTION for unequal lengths.
 */
Datum
hamming_distance(PG_FUNCTION_ARGS)
{
	VarBit *a = PG_GETARG_VARBIT_P(0);
	VarBit *b = PG_GETARG_VARBIT_P(1);

	bit_check_same_length(a, b);

	PG_RETURN_FLOAT8(bit_hamming_distance_value(a, b));
}

/*
 * jaccard_distance(bit, bit), operator <%>: the part of the bits set in either that is not
 * set in both; 1 if none is.  Raises ERRCODE_DATA_EXCEPTION for unequal lengths.
 */
Datum
jaccard_distance(PG_FUNCTION_ARGS)
{
	VarBit *a = PG_GETARG_VARBIT_P(0);
	VarBit *b = PG_GETARG_VARBIT_P(1);

	bit_check_same_length(a, b);

	PG_RETURN_FLOAT8(bit_jaccard_distance_value(a, b));
}
