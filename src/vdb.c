/*-------------------------------------------------------------------------
 *
 * vdb.c
 *	  Module magic, initialisation, and the choice of SIMD kernels.
 *
 * IDENTIFICATION
 *	  src/vdb.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "am/index/ivfkm_options.h"
#include "am/index/ivfkm_settings.h"
#include "am/maintain/ivfkm_request.h"
#include "am/scan/ivfkm_scan.h"
#include "am/scan/ivfkm_told.h"
#include "am/sql/ivfkm_last_scan.h"
#include "am/sql/ivfkm_planner.h"
#include "am/sql/ivfkm_range_path.h"
#include "am/sql/ivfkm_unknown.h"
#include "cluster/kmeans.h"
#include "distance/bits.h"
#include "distance/dist.h"
#include "distance/sparse.h"
#include "filter/filter.h"
#include "page/page_point.h"
#include "port/vdb_cpu.h"
#include "quant/quant.h"
#include "vdb.h"

#if PG18_GE
PG_MODULE_MAGIC_EXT(.name = "vdb", .version = VDB_VERSION);
#else
PG_MODULE_MAGIC;
#endif

/* Value of vdb.simd that lets the CPU decide; the others are those of VdbSimd. */
#define SIMD_AUTO (-1)

static int simd_setting = SIMD_AUTO;

static const struct config_enum_entry simd_values[] = {
	{"auto", SIMD_AUTO, false},		{"scalar", VDB_SIMD_SCALAR, false},
	{"avx2", VDB_SIMD_AVX2, false}, {"avx512", VDB_SIMD_AVX512, false},
	{"neon", VDB_SIMD_NEON, false}, {NULL, 0, false}};

PG_FUNCTION_INFO_V1(vdb_simd_variants);

void _PG_init(void);

/* Refuses a level that this CPU or this build lacks, and names those there are. */
static bool
check_simd(int *value, void **extra, GucSource source)
{
	StringInfoData levels;

	if (*value == SIMD_AUTO || vdb_simd_supported((VdbSimd) *value))
		return true;
	initStringInfo(&levels);
	for (int level = 0; level < VDB_SIMD_COUNT; level++)
	{
		if (vdb_simd_supported((VdbSimd) level))
			appendStringInfo(&levels, "%s%s", levels.len > 0 ? ", " : "",
							 vdb_simd_name((VdbSimd) level));
	}
	GUC_check_errdetail("This CPU has no kernels of level \"%s\".  Available levels: auto, %s.",
						vdb_simd_name((VdbSimd) *value), levels.data);
	return false;
}

/* Makes the kernels of a level the active ones. */
static void
assign_simd(int value, void *extra)
{
	VdbSimd level = value == SIMD_AUTO ? vdb_simd_best() : (VdbSimd) value;

	dist_select(level);
	bits_select(level);
	sparse_select(level);
	filter_select(level);
	quant_select(level);
	kmeans_select(level);
}

/* Called once when the library is loaded into a process. */
void
_PG_init(void)
{
	DefineCustomEnumVariable("vdb.simd", "Sets the instruction set of the distance kernels.",
							 "auto uses the best one that the CPU has.", &simd_setting, SIMD_AUTO,
							 simd_values, PGC_USERSET, 0, check_simd, assign_simd, NULL);
	MarkGUCPrefixReserved("vdb");
	ivfkm_options_init();
	ivfkm_settings_init();
	ivfkm_planner_init();
	ivfkm_range_path_init();
	ivfkm_unknown_init();
	ivfkm_told_init(ivfkmgettuple);
	ivfkm_last_scan_init();
	page_point_init();
	ivfkm_request_init();
}

/* SQL: vdb_simd_variants() returns table (name, compiled, supported, active). */
Datum
vdb_simd_variants(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int level = 0; level < VDB_SIMD_COUNT; level++)
	{
		Datum values[4];
		bool nulls[4] = {false, false, false, false};

		values[0] = CStringGetTextDatum(vdb_simd_name((VdbSimd) level));
		values[1] = BoolGetDatum(vdb_simd_compiled((VdbSimd) level));
		values[2] = BoolGetDatum(vdb_simd_supported((VdbSimd) level));
		values[3] = BoolGetDatum(vdb_dist->simd == (VdbSimd) level);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
