/*-------------------------------------------------------------------------
 *
 * vector.c
 *	  The "vector" type, made from the dense_*.h templates.
 *
 * NOTES
 *	  What the DENSE_ macros mean is in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/types/vector.c
 *
 *-------------------------------------------------------------------------
 */
#include "types/vector.h"

#include <math.h>

#define DENSE			  Vector
#define DENSE_FN(name)	  vector_##name
#define DENSE_NAME		  "vector"
#define DENSE_ELEMENT	  float
#define DENSE_TO_FLOAT(x) (x)

#include "types/dense_check.h"
