/*-------------------------------------------------------------------------
 *
 * quant_avx512.c
 *	  Rotation, encoding, query tables and scan kernels of the level "avx512".
 *
 * NOTES
 *	  Pure C.  The bodies are in the templates, the instructions in the lanes.
 *
 * IDENTIFICATION
 *	  src/quant/quant_avx512.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include "quant/quant_impl.h"

#ifdef VDB_ARCH_X86
#include "quant/quant_table_avx512.h"
#include "quant/quant_refine_template.h"
#include "quant/quant_taxicab_template.h"
#include "quant/quant_exact_template.h"
#include "quant/quant_scan_template.h"
#endif /* VDB_ARCH_X86 */
