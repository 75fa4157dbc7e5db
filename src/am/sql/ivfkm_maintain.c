/*-------------------------------------------------------------------------
 *
 * ivfkm_maintain.c
 *	  ivfkm_maintain(): renews an index by hand.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_maintain.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"

#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_settings.h"
#include "am/maintain/ivfkm_renew.h"
#include "am/maintain/ivfkm_request.h"
#include "am/sql/ivfkm_utils.h"

PG_FUNCTION_INFO_V1(ivfkm_maintain);

/* Opens an index and its table in the locks of a renewal: waits for them, by trying. */
static void
open_by_trying(Oid index_oid, Relation *heap, Relation *index)
{
	while (!ivfkm_renewal_open(index_oid, heap, index))
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	if (*heap == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("index with OID %u does not exist", index_oid)));
}

/* What was asked for, and what was done. */
typedef struct Request
{
	bool whole; /* make all of the tree anew, whatever its state */
	IvfkmRenewal sum;
} Request;

/* Maintains one index and adds to the Request at "arg" what was done: an IvfkmIndexWork. */
static void
maintain(Relation index, Relation heap, void *arg)
{
	Request *request = arg;
	IvfkmRenewal one;
	IvfkmOwnerRights rights;
	Relation locked_heap;
	Relation locked_index;

	ivfkm_check_maintain(index);
	open_by_trying(RelationGetRelid(index), &locked_heap, &locked_index);
	if (!ivfkm_renewal_possible(locked_index))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" cannot be renewed yet",
							   RelationGetRelationName(locked_index)),
						errdetail("It is not valid, or an older transaction is still running.")));
	ivfkm_owner_begin(&rights, locked_heap);
	if (request->whole)
		ivfkm_renew(locked_heap, locked_index, false, false, &one);
	else
		ivfkm_maintain_all(locked_heap, locked_index, &one);
	ivfkm_owner_end(&rights);
	/* what took the place of others is behind them: when this is over, they can be freed */
	if (ivfkm_settings_maintenance(locked_index) && !RelationUsesLocalBuffers(locked_index))
		ivfkm_renewal_request(locked_index);
	relation_close(locked_index, NoLock);
	relation_close(locked_heap, NoLock);
	ivfkm_renewal_add(&request->sum, &one);
}

/*
 * SQL: ivfkm_maintain(regclass, whole boolean, OUT ...): renews an index now, or those of all
 * partitions; or does what is due in them.  Errors: see ivfkm_each_index(); not the owner.
 */
Datum
ivfkm_maintain(PG_FUNCTION_ARGS)
{
	Request request;
	IvfkmRenewal *sum = &request.sum;
	TupleDesc desc;
	Datum values[7];
	bool nulls[7] = {false};
	int n = 0;

	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("recovery is in progress"),
						errhint("Indexes cannot be renewed during recovery.")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	memset(&request, 0, sizeof(request));
	request.whole = PG_GETARG_BOOL(1);
	ivfkm_each_index(PG_GETARG_OID(0), false, maintain, &request);
	values[n++] = Int64GetDatum(sum->rows);
	values[n++] = Int32GetDatum(sum->lists);
	values[n++] = Int64GetDatum(sum->late);
	values[n++] = Int64GetDatum(sum->forced);
	values[n++] = Int64GetDatum(sum->dropped);
	values[n++] = Int64GetDatum(sum->freed * BLCKSZ);
	values[n++] = Float8GetDatum(sum->lock_time);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
