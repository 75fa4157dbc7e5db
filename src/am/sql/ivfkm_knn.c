/*-------------------------------------------------------------------------
 *
 * ivfkm_knn.c
 *	  ivfkm_knn(): the nearest rows of many queries.
 *
 * NOTES
 *	  NOTES.md of this folder, "Many queries at once".  The caller needs SELECT on the table, and
 *	  no policy may hide rows of it.  The expression of the index runs as the table's owner.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_knn.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/index.h"
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_rights.h"
#include "am/scan/ivfkm_batch.h"
#include "am/sql/ivfkm_utils.h"

PG_FUNCTION_INFO_V1(ivfkm_knn);

#define MAX_K 10000

/* A query of the caller. */
typedef struct KnnQuery
{
	Datum value;
	int number;		   /* in the array, from 1 */
	BlockNumber place; /* see ivfkm_batch_places() */
} KnnQuery;

/* A row that was found, in one of the tables. */
typedef struct Neighbour
{
	double distance; /* as the operator has it */
	Oid table;
	ItemPointerData tid;
} Neighbour;

/* What the function was called with, and what was found so far. */
typedef struct Request
{
	ReturnSetInfo *result;
	Snapshot snapshot;
	Oid type; /* of the queries */
	int k;
	KnnQuery *queries;
	int nqueries;
	bool planned;	  /* an index was looked at */
	Size query_bytes; /* memory that a query takes, at most, in any of the indexes */

	/* the queries that are searched for together */
	const KnnQuery *batch;
	int nbatch;
	Datum *values;
	Neighbour *found; /* k for each query */
	Neighbour *merged;
	int *nfound;
	int nalone;

	/* the index that is being searched */
	Oid table;
	const IvfkmOps *ops;
} Request;

/* Raises an error if policies may hide rows of the table from the caller. */
static void
check_policies(Oid table)
{
	if (check_enable_rls(table, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot search table \"%s\", whose rows row security may hide",
						get_rel_name(table)),
				 errhint("Search with ORDER BY and LIMIT for each query, in a LATERAL subquery.")));
}

/* Raises an error if the index cannot be searched for the queries, or not yet. */
static void
check_index(const Request *request, Relation index, Relation heap)
{
	int column = ivfkm_columns_vector(index);
	Oid type = getBaseType(TupleDescAttr(RelationGetDescr(index), column)->atttypid);

	check_policies(RelationGetRelid(heap));
	if (request->type != type)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("queries are of type %s instead of %s",
							   format_type_be(request->type), format_type_be(type)),
						type_is_array(type)
							? errhint("Search arrays with ORDER BY and LIMIT for each query, in a "
									  "LATERAL subquery.")
							: errhint("Cast the array of queries to %s[].", format_type_be(type))));
	/* as the planner has it: rows that the snapshot sees may not be in the index */
	if (index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" is too new for this transaction's snapshot",
							   RelationGetRelationName(index)),
						errhint("Try again in a transaction that begins later.")));
}

/*
 * An IvfkmIndexWork, before any search: how much memory queries take and, by the first index, in
 * which order they are searched for if that does not fit into work_mem.
 */
static void
plan_search(Relation index, Relation heap, void *arg)
{
	Request *request = arg;
	IvfkmOwnerRights rights;
	IvfkmBatch batch;
	Size bytes;

	/* as a query would: for the next batch, tables are to be those of this one */
	LockRelationOid(RelationGetRelid(heap), AccessShareLock);
	check_index(request, index, heap);
	ivfkm_owner_begin(&rights, heap);
	ivfkm_batch_begin(&batch, heap, index, request->snapshot, request->k);
	bytes = ivfkm_batch_query_bytes(&batch) + 2 * (Size) request->k * sizeof(Neighbour);
	if (!request->planned && bytes * request->nqueries > (Size) work_mem * 1024)
	{
		BlockNumber *places = MemoryContextAllocHuge(
			CurrentMemoryContext, sizeof(BlockNumber) * (Size) request->nqueries);
		Datum *values =
			MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (Size) request->nqueries);

		for (int i = 0; i < request->nqueries; i++)
			values[i] = request->queries[i].value;
		ivfkm_batch_places(&batch, values, request->nqueries, places);
		for (int i = 0; i < request->nqueries; i++)
			request->queries[i].place = places[i];
	}
	ivfkm_batch_end(&batch);
	ivfkm_owner_end(&rights);
	request->query_bytes = Max(request->query_bytes, bytes);
	request->planned = true;
}

/* Order of queries for qsort: those that are near each other together. */
static int
compare_queries(const void *a, const void *b)
{
	const KnnQuery *x = a;
	const KnnQuery *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* True if a row comes before another one: by distance, NaN last. */
static bool
comes_before(const Neighbour *a, const Neighbour *b)
{
	return a->distance < b->distance || (isnan(b->distance) && !isnan(a->distance));
}

/* Merges the rows that an index has for a query with those that others had: an IvfkmBatchGive. */
static void
add_rows(void *arg, int query, const IvfkmFoundRow *rows, int nrows)
{
	Request *request = arg;
	Neighbour *found = request->found + (Size) query * request->k;
	int nfound = request->nfound[query];
	int n = 0;
	int i = 0;
	int j = 0;

	while (n < request->k && (i < nfound || j < nrows))
	{
		Neighbour row;

		if (j < nrows)
		{
			row.distance = isnan(rows[j].distance)
							   ? rows[j].distance
							   : ivfkm_ops_operator_form(request->ops, rows[j].distance);
			row.table = request->table;
			row.tid = rows[j].tid;
		}
		if (j == nrows || (i < nfound && !comes_before(&row, &found[i])))
			request->merged[n++] = found[i++];
		else
		{
			request->merged[n++] = row;
			j++;
		}
	}
	memcpy(found, request->merged, sizeof(Neighbour) * n);
	request->nfound[query] = n;
}

/* Searches an index for the queries of a batch: an IvfkmIndexWork. */
static void
search_index(Relation index, Relation heap, void *arg)
{
	Request *request = arg;
	IvfkmOwnerRights rights;
	IvfkmBatch batch;

	check_index(request, index, heap);
	request->table = RelationGetRelid(heap);
	request->ops = ivfkm_ops_get(index);
	ivfkm_owner_begin(&rights, heap);
	ivfkm_batch_begin(&batch, heap, index, request->snapshot, request->k);
	request->nalone +=
		ivfkm_batch_search(&batch, request->values, request->nbatch, add_rows, request);
	ivfkm_batch_end(&batch);
	ivfkm_owner_end(&rights);
}

/* Appends the rows that were found for a batch. */
static void
give_rows(const Request *request)
{
	for (int q = 0; q < request->nbatch; q++)
	{
		for (int i = 0; i < request->nfound[q]; i++)
		{
			Neighbour *row = &request->found[(Size) q * request->k + i];
			Datum values[4];
			bool nulls[4] = {false};

			values[0] = Int32GetDatum(request->batch[q].number);
			values[1] = ObjectIdGetDatum(row->table);
			values[2] = PointerGetDatum(&row->tid);
			values[3] = Float8GetDatum(row->distance);
			tuplestore_putvalues(request->result->setResult, request->result->setDesc, values,
								 nulls);
		}
	}
}

/* Reads the array of queries: those that are not NULL. */
static void
read_queries(Request *request, ArrayType *array)
{
	int16 length;
	bool by_value;
	char align;
	Datum *values;
	bool *nulls;
	int n;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("queries must be an array of one dimension")));
	request->type = getBaseType(ARR_ELEMTYPE(array));
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &values, &nulls, &n);
	request->queries =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(KnnQuery) * (Size) Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		KnnQuery *query = &request->queries[request->nqueries];

		if (nulls[i])
			continue;
		query->value = values[i];
		query->number = i + 1;
		query->place = 0;
		request->nqueries++;
	}
}

/* Takes memory for batches of n queries. */
static void
make_room(Request *request, int n)
{
	request->values = palloc(sizeof(Datum) * n);
	request->nfound = palloc(sizeof(int) * n);
	request->found =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Neighbour) * (Size) n * request->k);
	request->merged = palloc(sizeof(Neighbour) * request->k);
}

/*
 * SQL: ivfkm_knn(regclass, anyarray, k): the k nearest rows of each query, by an index or those of
 * all partitions.  Errors: see ivfkm_each_index(); row security; queries that are not those of the
 * index.
 */
Datum
ivfkm_knn(PG_FUNCTION_ARGS)
{
	Request request = {0};
	Oid index;
	Oid table;
	int size;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("index, queries and k must not be NULL")));
	index = PG_GETARG_OID(0);
	request.k = PG_GETARG_INT32(2);
	if (request.k < 1 || request.k > MAX_K)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("k must be between 1 and %d", MAX_K)));
	table = IndexGetRelation(index, true);
	if (OidIsValid(table)) /* else ivfkm_each_index() says so */
		check_policies(table);
	InitMaterializedSRF(fcinfo, 0);
	request.result = (ReturnSetInfo *) fcinfo->resultinfo;
	read_queries(&request, PG_GETARG_ARRAYTYPE_P(1));

	request.snapshot = RegisterSnapshot(GetActiveSnapshot());
	ivfkm_each_index(index, false, plan_search, &request);
	qsort(request.queries, request.nqueries, sizeof(KnnQuery), compare_queries);
	size = (int) Max(
		1, Min((Size) request.nqueries, (Size) work_mem * 1024 / Max(request.query_bytes, 1)));
	make_room(&request, size);
	for (int first = 0; first < request.nqueries; first += request.nbatch)
	{
		request.batch = request.queries + first;
		request.nbatch = Min(size, request.nqueries - first);
		memset(request.nfound, 0, sizeof(int) * request.nbatch);
		for (int i = 0; i < request.nbatch; i++)
			request.values[i] = request.batch[i].value;
		ivfkm_each_index(index, false, search_index, &request);
		give_rows(&request);
	}
	UnregisterSnapshot(request.snapshot);
	ereport(DEBUG1, (errmsg_internal("%d queries in batches of %d, %d searches by themselves",
									 request.nqueries, size, request.nalone)));
	return (Datum) 0;
}
