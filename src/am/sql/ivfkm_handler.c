/*-------------------------------------------------------------------------
 *
 * ivfkm_handler.c
 *	  The access method's table of properties and callbacks.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_handler.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "commands/progress.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "utils/lsyscache.h"

#include "am/build/ivfkm_build.h"
#include "am/build/ivfkm_progress.h"
#include "am/index/ivfkm_options.h"
#include "am/maintain/ivfkm_insert.h"
#include "am/maintain/ivfkm_vacuum.h"
#include "am/scan/ivfkm_scan.h"
#include "am/sql/ivfkm_cost.h"
#include "am/sql/ivfkm_handler.h"
#include "am/sql/ivfkm_validate.h"

PG_FUNCTION_INFO_V1(ivfkmhandler);

/* amproperty: if the column can be ordered by distance; all else is for core to answer. */
static bool
ivfkmproperty(Oid index_oid, int attno, IndexAMProperty prop, const char *propname, bool *res,
			  bool *isnull)
{
	Oid opclass;
	Oid family;
	Oid type;

	if (attno == 0 || prop != AMPROP_DISTANCE_ORDERABLE)
		return false;
	opclass = get_index_column_opclass(index_oid, attno);
	if (OidIsValid(opclass) && get_opclass_opfamily_and_input_type(opclass, &family, &type))
		*res = OidIsValid(get_opfamily_proc(family, type, type, IVFKM_SUPPORT_OPS));
	else
		*isnull = true;
	return true;
}

/* The access method's properties and callbacks, in the current memory context. */
IndexAmRoutine *
ivfkm_handler_routine(void)
{
	IndexAmRoutine *routine = makeNode(IndexAmRoutine);

	routine->amstrategies = 0; /* those of vectors order, those of attributes search */
	routine->amsupport = IVFKM_NSUPPORT;
	routine->amoptsprocnum = 0;
	routine->amcanorder = false;
	routine->amcanorderbyop = true;
	routine->amcanbackward = false;
	routine->amcanunique = false;
	routine->amcanmulticol = true; /* one vector, and attributes */
	routine->amoptionalkey = true;
	routine->amsearcharray = true;
	routine->amsearchnulls = true;
	routine->amstorage = false;
	routine->amclusterable = false;
	routine->ampredlocks = false;
	routine->amcanparallel = false;
	routine->amcaninclude = false;
	routine->amusemaintenanceworkmem = false; /* by VACUUM */
	routine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL;
	routine->amkeytype = InvalidOid;
#if PG16_GE
	routine->amsummarizing = false;
#endif
#if PG17_GE
	routine->amcanbuildparallel = true;
	routine->aminsertcleanup = NULL;
#endif
#if PG18_GE
	routine->amcanhash = false;
	routine->amconsistentequality = false;
	routine->amconsistentordering = false;
	routine->amgettreeheight = NULL;
	routine->amtranslatestrategy = NULL;
	routine->amtranslatecmptype = NULL;
#endif

	routine->ambuild = ivfkmbuild;
	routine->ambuildempty = ivfkmbuildempty;
	routine->aminsert = ivfkminsert;
	routine->ambulkdelete = ivfkmbulkdelete;
	routine->amvacuumcleanup = ivfkmvacuumcleanup;
	routine->amcanreturn = NULL;
	routine->amcostestimate = ivfkmcostestimate;
	routine->amoptions = ivfkmoptions;
	routine->amproperty = ivfkmproperty;
	routine->ambuildphasename = ivfkm_progress_name;
	routine->amvalidate = ivfkmvalidate;
	routine->amadjustmembers = NULL;
	routine->ambeginscan = ivfkmbeginscan;
	routine->amrescan = ivfkmrescan;
	routine->amgettuple = ivfkmgettuple;
	routine->amgetbitmap = NULL;
	routine->amendscan = ivfkmendscan;
	routine->ammarkpos = NULL;
	routine->amrestrpos = NULL;
	routine->amestimateparallelscan = NULL;
	routine->aminitparallelscan = NULL;
	routine->amparallelrescan = NULL;

	return routine;
}

/* SQL: ivfkmhandler(internal) returns index_am_handler. */
Datum
ivfkmhandler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(ivfkm_handler_routine());
}
