/*-------------------------------------------------------------------------
 *
 * quant_neon.c
 *	  Rotation, encoding, query tables and scan kernels of the level "neon".
 *
 * NOTES
 *	  Pure C.  The bodies are in the templates, the instructions in the lanes.
 *
 * IDENTIFICATION
 *	  src/quant/quant_neon.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "quant/quant_impl.h"

#ifdef VDB_ARCH_NEON
#include "quant/quant_table_neon.h"
#include "quant/quant_refine_template.h"
#include "quant/quant_taxicab_template.h"
#include "quant/quant_exact_template.h"
#include "quant/quant_scan_template.h"
#endif /* VDB_ARCH_NEON */
