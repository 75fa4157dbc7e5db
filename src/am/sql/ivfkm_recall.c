/*-------------------------------------------------------------------------
 *
 * ivfkm_recall.c
 *	  ivfkm_recall() and ivfkm_calibrate(): what searches of an index find, and how many rows
 *	  they have to see for that.
 *
 * NOTES
 *	  Queries are rows of the index, without the row itself as an answer, or those that a SELECT of
 *	  the caller gives.  That runs with the caller's rights, in the function's snapshot; the
 *	  searches run as the table's owner, because they evaluate the index's expression.  What
 *	  is true is found by a search of all lists with bounds that miss practically nothing.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_recall.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/xlog.h"
#include "catalog/index.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_gap.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/index/ivfkm_row.h"
#include "am/maintain/ivfkm_rows.h"
#include "am/scan/ivfkm_measure.h"
#include "am/sql/ivfkm_utils.h"
#include "distance/dist.h"

PG_FUNCTION_INFO_V1(ivfkm_recall);
PG_FUNCTION_INFO_V1(ivfkm_calibrate_index);

#define MAX_QUERIES 10000
#define MAX_K		10000

/* Budget in which the truth is looked for in large indexes, in the place of all lists. */
#define TRUTH_ROWS	 200000.0
#define TRUTH_TARGET 0.995
#define TRUTH_SCALE	 8.0

/* Queries: detoasted values of the indexed type. */
typedef struct Queries
{
	Datum *values;
	ItemPointerData *rows; /* of each, if they are rows of the index, or NULL */
	int n;
} Queries;

/* What one of the functions was called with. */
typedef struct Request
{
	ReturnSetInfo *result;
	Queries given;	/* by the caller's SELECT, if there is one */
	Oid given_type; /* their type, or InvalidOid */
	int n;			/* queries wanted */
	int k;
	bool calibrate;
} Request;

/* The queries of the caller's SELECT, at most request->n, in the current memory context. */
static void
run_select(Request *request, const char *select)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old_context;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(select, true, request->n) != SPI_OK_SELECT || SPI_tuptable->tupdesc->natts < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("queries must come from a SELECT that returns vectors")));
	request->given_type = getBaseType(SPI_gettypeid(SPI_tuptable->tupdesc, 1));
	old_context = MemoryContextSwitchTo(context);
	request->given.values = palloc(sizeof(Datum) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool isnull;
		Datum value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull && get_typlen(request->given_type) == -1)
			request->given.values[request->given.n++] =
				PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	}
	MemoryContextSwitchTo(old_context);
	SPI_finish();
}

/* Rows of the index as queries, at most n; returns how many rows it has. */
static double
rows_as_queries(Relation heap, Relation index, int n, Queries *queries)
{
	double all;
	ItemPointerData *tids = ivfkm_rows_spread(index, INT_MAX, &n, &all, NULL);
	Snapshot snapshot = RegisterSnapshot(GetActiveSnapshot());
	IvfkmRows rows;

	queries->values = palloc(sizeof(Datum) * Max(n, 1));
	queries->rows = palloc(sizeof(ItemPointerData) * Max(n, 1));
	queries->n = 0;
	ivfkm_rows_begin(&rows, heap, index, snapshot);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ivfkm_rows_get(&rows, &tids[i]) != IVFKM_ROW_VALUE || rows.dead)
			continue;
		queries->rows[queries->n] = tids[i];
		queries->values[queries->n++] =
			PointerGetDatum(PG_DETOAST_DATUM_COPY(rows.values[rows.vector]));
	}
	ivfkm_rows_end(&rows);
	UnregisterSnapshot(snapshot);
	pfree(tids);
	return all;
}

/* Raises an error if the caller's queries cannot be those of the index. */
static void
check_given(const Request *request, Relation index)
{
	int column = ivfkm_columns_vector(index);
	Oid type = getBaseType(TupleDescAttr(RelationGetDescr(index), column)->atttypid);

	if (OidIsValid(request->given_type) && request->given_type != type)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("queries are of type %s instead of %s",
							   format_type_be(request->given_type), format_type_be(type))));
}

/* Raises an error if policies may hide rows of the table from the caller. */
static void
check_policies(Oid table)
{
	if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot measure with rows of table \"%s\", which row security may hide",
						get_rel_name(table))));
}

/* Distance below which a row counts as one of the k nearest: float32 codes may differ. */
static double
farthest(const IvfkmMeasuredRow *truth, int k)
{
	double distance = truth[k - 1].distance;

	return distance + 1e-9 * fabs(distance);
}

/* Makes the searches find what is true. */
static void
ask_for_truth(IvfkmMeasure *measure, double rows)
{
	measure->target = rows > TRUTH_ROWS ? TRUTH_TARGET : 1.0;
	measure->scale = rows > TRUTH_ROWS ? TRUTH_SCALE : 1.0;
}

/* Appends the row of ivfkm_recall() for one index. */
static void
measure_recall(const Request *request, Relation heap, Relation index, const Queries *queries)
{
	IvfkmMeasuring measuring;
	IvfkmMeasuredRow *truth = palloc(sizeof(IvfkmMeasuredRow) * request->k);
	IvfkmMeasuredRow *found = palloc(sizeof(IvfkmMeasuredRow) * request->k);
	double all_lists = 0.0;
	double all_rows = 0.0;
	int64 hits = 0;
	int64 wanted = 0;
	Datum values[5];
	bool nulls[5] = {false};

	ivfkm_measuring_begin(&measuring, heap, index, GetActiveSnapshot());
	for (int i = 0; i < queries->n; i++)
	{
		const ItemPointerData *self = queries->rows != NULL ? &queries->rows[i] : NULL;
		double lists;
		double rows;
		int ntrue;
		int n;

		measuring.measure.target = 1.0;
		measuring.measure.scale = 1.0;
		ntrue = ivfkm_measuring_search(&measuring, queries->values[i], request->k, self, truth);
		measuring.measure.target = 0.0;
		n = ivfkm_measuring_search(&measuring, queries->values[i], request->k, self, found);
		ivfkm_measuring_seen(&measuring, &lists, &rows);
		all_lists += lists;
		all_rows += rows;
		wanted += ntrue;
		for (int j = 0; j < Min(n, ntrue); j++)
			hits += found[j].distance <= farthest(truth, ntrue);
	}
	ivfkm_measuring_end(&measuring);

	values[0] = ObjectIdGetDatum(RelationGetRelid(index));
	values[1] = Int32GetDatum(queries->n);
	nulls[2] = wanted == 0;
	values[2] = Float8GetDatum(wanted > 0 ? (double) hits / wanted : 0.0);
	nulls[3] = nulls[4] = queries->n == 0;
	values[3] = Float8GetDatum(queries->n > 0 ? all_lists / queries->n : 0.0);
	values[4] = Float8GetDatum(queries->n > 0 ? all_rows / queries->n : 0.0);
	tuplestore_putvalues(request->result->setResult, request->result->setDesc, values, nulls);
}

/* Order of numbers for qsort. */
static int
compare_numbers(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/*
 * Fills in a calibration from the neighbours of queries: needs[query * most + rank] is how many
 * rows come before the list of the neighbour of that rank; shares: of the neighbours whose lists
 * are to be seen, for each target.  Returns for how many k there are enough neighbours.
 */
static int
calibrate_from(const double *needs, int nqueries, int most, const double *shares,
			   IvfkmCalibration *calibration)
{
	double *sorted = MemoryContextAllocHuge(CurrentMemoryContext,
											sizeof(double) * (Size) nqueries * Max(most, 1));
	int levels = 0;

	for (; levels < IVFKM_CALIBRATION_KS && ivfkm_budget_k[levels] <= most; levels++)
	{
		int k = (int) ivfkm_budget_k[levels];
		Size n = (Size) nqueries * k;

		for (int q = 0; q < nqueries; q++)
			memcpy(sorted + (Size) q * k, needs + (Size) q * most, sizeof(double) * k);
		qsort(sorted, n, sizeof(double), compare_numbers);
		for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		{
			Size rank = (Size) ceil(shares[i] * n);

			/* the list is scanned if the budget is more than what comes before it */
			calibration[levels].rows[i] = (float) (sorted[Max(rank, 1) - 1] + 1.0);
		}
	}
	pfree(sorted);
	return levels;
}

/* True if the queries, rows of the index, are about as long as each other. */
static bool
rows_are_even(Relation index, const IvfkmMetaPageData *meta, const Queries *queries)
{
	const IvfkmOps *ops = ivfkm_ops_get(index);
	int dims = (int) meta->dimensions;
	float *x = palloc(sizeof(float) * dims);
	IvfkmLengths lengths = {0};

	for (int i = 0; i < queries->n; i++)
	{
		IvfkmRow row = {.x = x};

		ivfkm_row_load(ops, DatumGetPointer(queries->values[i]), dims, &row);
		ivfkm_lengths_add(&lengths, sqrt(vdb_dist->norm2(x, (size_t) dims)));
	}
	pfree(x);
	return ivfkm_lengths_even(&lengths);
}

/*
 * Measures the budgets of one index, which has so many rows in its lists, stores them and appends
 * the row of ivfkm_calibrate().
 */
static void
calibrate(const Request *request, Relation heap, Relation index, const Queries *queries,
		  double live)
{
	bool own = queries->rows != NULL;
	IvfkmMeasuring measuring;
	IvfkmMetaPageData meta;
	IvfkmCalibration calibration[IVFKM_CALIBRATION_KS];
	int most = (int) ivfkm_budget_k[IVFKM_CALIBRATION_KS - 1];
	IvfkmMeasuredRow *truth;
	double *needs;
	IvfkmGapQuery *gaps =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(IvfkmGapQuery) * Max(queries->n, 1));
	double shares[IVFKM_CALIBRATION_TARGETS];
	IvfkmListsLoss loss = IVFKM_LOSS_USUAL;
	double least;
	int levels;
	Datum values[4];
	bool nulls[4] = {false};

	page_meta_read(index, &meta);
	least = ivfkm_budget_floor(meta.build_rows / Max(meta.nlists, 1));
	if (meta.keeps_bits)
		loss = IVFKM_LOSS_ALL;
	else if (own && meta.metric == IVFKM_METRIC_IP && !rows_are_even(index, &meta, queries))
		loss = IVFKM_LOSS_SMALL;
	for (int i = 0; i < IVFKM_CALIBRATION_TARGETS; i++)
		shares[i] = ivfkm_budget_lists_share(ivfkm_budget_targets[i], loss);
	most = (int) Max(1.0, Min(most, live - 1.0));
	truth = palloc(sizeof(IvfkmMeasuredRow) * most);
	needs = MemoryContextAllocHuge(CurrentMemoryContext,
								   sizeof(double) * (Size) most * Max(queries->n, 1));
	ivfkm_measuring_begin(&measuring, heap, index, GetActiveSnapshot());
	ivfkm_measuring_note(&measuring);
	ask_for_truth(&measuring.measure, live);
	for (int i = 0; i < queries->n; i++)
	{
		int n = ivfkm_measuring_search(&measuring, queries->values[i], most,
									   own ? &queries->rows[i] : NULL, truth);

		if (n < most) /* rows that are dead or not visible count as live */
			ereport(DEBUG1, (errmsg("query has %d neighbours instead of %d", n, most)));
		ivfkm_measuring_gap(&measuring, truth, n, live, least, &gaps[i]);
		for (int j = 0; j < most; j++)
			needs[(Size) i * most + j] = n > 0 ? truth[Min(j, n - 1)].before : 0.0;
	}
	ivfkm_measuring_end(&measuring);

	if (queries->n > 0)
	{
		levels = calibrate_from(needs, queries->n, most, shares, calibration);
		ivfkm_gap_fit(gaps, queries->n, live, least, shares, calibration, levels);
		ivfkm_budget_order(calibration, levels);
		page_meta_calibrate(index, calibration, (uint32) levels, live, GetCurrentTimestamp(), !own);
	}
	page_meta_read(index, &meta);
	values[0] = ObjectIdGetDatum(RelationGetRelid(index));
	values[1] = Int32GetDatum(queries->n);
	values[2] = Float8GetDatum(ivfkm_budget_rows(&meta, 10.0, IVFKM_DEFAULT_TARGET));
	values[3] = Float8GetDatum(ivfkm_budget_rows(&meta, 100.0, IVFKM_DEFAULT_TARGET));
	nulls[2] = isinf(DatumGetFloat8(values[2]));
	nulls[3] = isinf(DatumGetFloat8(values[3]));
	tuplestore_putvalues(request->result->setResult, request->result->setDesc, values, nulls);
}

/* Measures one index: an IvfkmIndexWork. */
static void
measure(Relation index, Relation heap, void *arg)
{
	const Request *request = arg;
	Queries queries = request->given;
	IvfkmOwnerRights rights;
	double rows = 0.0;

	check_given(request, index);
	check_policies(RelationGetRelid(heap));
	if (request->calibrate)
	{
		ivfkm_check_maintain(index);
		if (ivfkm_ops_get(index)->array != NULL)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("index \"%s\" on arrays cannot be calibrated",
								   RelationGetRelationName(index))));
		/* keeps a renewal from taking the place of what is measured */
		LockRelationOid(RelationGetRelid(heap), ShareUpdateExclusiveLock);
	}
	ivfkm_owner_begin(&rights, heap);
	if (!OidIsValid(request->given_type))
		rows = rows_as_queries(heap, index, request->n, &queries);
	else if (request->calibrate)
	{
		int none = 0;

		pfree(ivfkm_rows_spread(index, INT_MAX, &none, &rows, NULL));
	}
	if (request->calibrate)
		calibrate(request, heap, index, &queries, rows);
	else
		measure_recall(request, heap, index, &queries);
	ivfkm_owner_end(&rights);
}

/* Runs a function that was called with an index, queries wanted, and perhaps a SELECT. */
static void
measure_all(FunctionCallInfo fcinfo, Request *request, int select)
{
	Oid table;

	if (request->n < 1 || request->n > MAX_QUERIES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("number of queries must be between 1 and %d", MAX_QUERIES)));
	table = IndexGetRelation(PG_GETARG_OID(0), true);
	if (OidIsValid(table)) /* else ivfkm_each_index() says so */
		check_policies(table);
	InitMaterializedSRF(fcinfo, 0);
	request->result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (!PG_ARGISNULL(select))
		run_select(request, text_to_cstring(PG_GETARG_TEXT_PP(select)));
	ivfkm_each_index(PG_GETARG_OID(0), false, measure, request);
}

/* Raises an error if one of the first n arguments is NULL. */
static void
check_arguments(FunctionCallInfo fcinfo, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("index and numbers must not be NULL")));
	}
}

/*
 * SQL: ivfkm_recall(regclass, k, n, query): the recall of searches with LIMIT k, as the settings
 * are, of an index or those of all partitions.  Errors: see ivfkm_each_index().
 */
Datum
ivfkm_recall(PG_FUNCTION_ARGS)
{
	Request request = {0};

	check_arguments(fcinfo, 3);
	request.k = PG_GETARG_INT32(1);
	request.n = PG_GETARG_INT32(2);
	if (request.k < 1 || request.k > MAX_K)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("k must be between 1 and %d", MAX_K)));
	measure_all(fcinfo, &request, 3);
	return (Datum) 0;
}

/*
 * SQL: ivfkm_calibrate(regclass, query, n): measures anew how many rows searches have to see, and
 * stores that.  Errors: see ivfkm_each_index(); not the owner.
 */
Datum
ivfkm_calibrate_index(PG_FUNCTION_ARGS)
{
	Request request = {.calibrate = true};

	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("recovery is in progress"),
						errhint("Indexes cannot be calibrated during recovery.")));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		check_arguments(fcinfo, 3);
	request.n = PG_GETARG_INT32(2);
	measure_all(fcinfo, &request, 1);
	return (Datum) 0;
}
