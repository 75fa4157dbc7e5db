/*-------------------------------------------------------------------------
 *
 * quant_scalar.c
 *	  Rotation, encoding, query tables and scan kernels of the level "scalar".
 *
 * NOTES
 *	  Pure C.  The bodies are in the templates, the instructions in the lanes.
 *
 * IDENTIFICATION
 *	  src/quant/quant_scalar.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "quant/quant_impl.h"
#include "quant/quant_table_scalar.h"
#include "quant/quant_refine_template.h"
#include "quant/quant_taxicab_template.h"
#include "quant/quant_exact_template.h"
#include "quant/quant_scan_template.h"
