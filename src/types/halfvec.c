/*-------------------------------------------------------------------------
 *
 * halfvec.c
 *	  The "halfvec" type, made from the dense_*.h templates.
 *
 * NOTES
 *	  What the DENSE_ macros mean is in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/types/halfvec.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/halfvec.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "port/vdb_half.h"

#define DENSE			  HalfVector
#define DENSE_FN(name)	  halfvec_##name
#define DENSE_NAME		  "halfvec"
#define DENSE_ELEMENT	  uint16
#define DENSE_TO_FLOAT(x) vdb_half_to_float(x)

#include "types/dense_check.h"

/*
 * The binary16 nearest to a float, ties to even.  Raises
 * ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE if that is infinity and the float is not.  NaN and
 * infinity stay.
 */
uint16
halfvec_element_from_float(float value)
{
	uint16 half = vdb_half_from_float(value);

	if (unlikely((half & 0x7fff) == 0x7c00 && !isinf(value)))
	{
		char text[FLOAT_SHORTEST_DECIMAL_LEN];

		float_to_shortest_decimal_buf(value, text);
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("\"%s\" is out of range for type halfvec", text)));
	}
	return half;
}
