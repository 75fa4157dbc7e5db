/*-------------------------------------------------------------------------
 *
 * ivfkm_estimate.c
 *	  ivfkm_estimate(): how large an index on a column would be, and what memory and time
 *	  its build takes.
 *
 * NOTES
 *	  Sizes follow from the geometry of pages and the number of rows that the table's statistics
 *	  tell.  What is not known is how rows spread over lists: these are taken to be within a
 *	  quarter of their mean, evenly.  Nor is it of which types the other columns are: each is taken
 *	  to need 8 bytes a row, where many need 4.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_estimate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/relation.h"
#include "access/tableam.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_opclass.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "am/build/ivfkm_nodes.h"
#include "am/build/ivfkm_sizes.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_options.h"
#include "am/sql/ivfkm_build_time.h"
#include "page/page_child.h"
#include "page/page_mean.h"

PG_FUNCTION_INFO_V1(ivfkm_estimate);

#define SPREAD_STEPS 16 /* sizes of lists that are averaged */

/* Bytes of the parts of an index. */
typedef struct EstimatedSize
{
	double lists;
	double refine;
	double tree; /* nodes, centroids, summaries, mean, metapage, and the list of NULLs */
} EstimatedSize;

/*
 * The operations of an operator class of ivfkm for a type: of the default one or, without one, of
 * the oldest.  NULL if there is none.
 */
static const IvfkmOps *
find_ops(Oid type)
{
	CatCList *classes =
		SearchSysCacheList1(CLAAMNAMENSP, ObjectIdGetDatum(get_index_am_oid("ivfkm", false)));
	Form_pg_opclass best = NULL;
	Oid function = InvalidOid;

	for (int i = 0; i < classes->n_members; i++)
	{
		Form_pg_opclass opclass = (Form_pg_opclass) GETSTRUCT(&classes->members[i]->tuple);

		if (opclass->opcintype == type && (best == NULL || opclass->opcdefault ||
										   (!best->opcdefault && opclass->oid < best->oid)))
			best = opclass;
	}
	if (best != NULL)
		function = get_opfamily_proc(best->opcfamily, type, type, IVFKM_SUPPORT_OPS);
	ReleaseSysCacheList(classes);
	if (!OidIsValid(function))
		return NULL;
	return (const IvfkmOps *) DatumGetPointer(OidFunctionCall1(function, PointerGetDatum(NULL)));
}

/*
 * What the index of a column would be like; refine_bits may be IVFKM_REFINE_AUTO.  Errors: no such
 * column, one that ivfkm has no operator class for or that has no dimensions.
 */
static void
look_at_column(Relation table, const char *name, IvfkmPlannedIndex *index)
{
	Oid table_oid = RelationGetRelid(table);
	AttrNumber number = get_attnum(table_oid, name);
	int max_bits;
	int32 dims;
	bool sketch;
	Oid type;

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of relation \"%s\" does not exist", name,
							   RelationGetRelationName(table))));
	dims = TupleDescAttr(RelationGetDescr(table), number - 1)->atttypmod;
	type = getBaseTypeAndTypmod(get_atttype(table_oid, number), &dims);
	index->ops = find_ops(type);
	if (index->ops == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" is of type %s, which holds no vectors that ivfkm "
							   "indexes",
							   name, format_type_be(type))));
	if (index->ops->array != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("column \"%s\" has arrays, and how many vectors these hold is not "
							   "known",
							   name)));
	if (dims < 1 || dims > index->ops->max_dims)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("column \"%s\" does not have 1 to %d dimensions", name,
							   index->ops->max_dims),
						errhint("Declare it as %s(n).", index->ops->type_name)));
	index->column = number;
	index->column_dims = dims;
	index->dims = dims = ivfkm_ops_input_dims(index->ops, dims, &sketch);
	if (dims > page_attributes_max_dims(index->nattributes))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("an index with %d other columns cannot have more than %d dimensions",
							   index->nattributes, page_attributes_max_dims(index->nattributes))));
	max_bits = page_refine_max_bits(dims, index->nattributes);
	if (index->refine_bits == IVFKM_REFINE_AUTO)
		index->refine_bits = ivfkm_sizes_auto_bits(index->ops, dims, max_bits);
	index->refine_bits = Min(index->refine_bits, max_bits);
	if (ivfkm_ops_keeps_bits(index->ops, index->column_dims, dims))
		index->refine_bits = 0;
}

/* Pages of a node of a level with so many children: codes, summaries and records. */
static double
node_pages(const IvfkmPlannedIndex *index, int level, double children)
{
	return ivfkm_node_blocks(index->dims, index->nattributes, level, (uint32) children);
}

/*
 * Pages, or groups of them, of nlists lists that hold so many rows in all, "slots" to each: of a
 * list at least "least".
 */
static double
list_pages(double rows, int nlists, int slots, int least)
{
	double mean = rows / nlists / slots;
	double pages = 0;

	for (int i = 0; i < SPREAD_STEPS; i++)
		pages += Max(least, ceil(mean * (0.75 + 0.5 * (i + 0.5) / SPREAD_STEPS)));
	return pages / SPREAD_STEPS * nlists;
}

/* Size of an index of so many rows in so many lists. */
static void
estimate_size(const IvfkmPlannedIndex *index, double rows, int nlists, EstimatedSize *size)
{
	IvfkmGeometry geometry;
	int nodes = ivfkm_nodes_max(nlists);
	int each = nodes > 0 ? (nlists + nodes - 1) / nodes : nlists;

	page_list_geometry(&geometry, index->dims, index->refine_bits, index->nattributes, 0,
					   ivfkm_ops_keeps_bits(index->ops, index->column_dims, index->dims));
	size->lists = list_pages(rows, nlists, geometry.slots, 1) * geometry.stripes * BLCKSZ;
	size->refine = 0;
	if (index->refine_bits > 0)
		size->refine = list_pages(rows, nlists, geometry.refine_slots, 0) * BLCKSZ;
	size->tree = node_pages(index, 1, each) * Max(1, nodes);
	if (nodes > 0)
		size->tree += node_pages(index, 2, nodes);
	size->tree = (size->tree + 2 + page_mean_pages(index->dims)) * BLCKSZ;
}

/* Rows of a table by its statistics and its present length. */
static double
count_rows(Relation table)
{
	BlockNumber pages;
	double rows;
	double all_visible;

	estimate_rel_size(table, NULL, &pages, &rows, &all_visible);
	return rint(rows);
}

/* True if the caller may read the column of all rows: no policy hides any. */
static bool
may_read(Relation table, const char *column)
{
	Oid oid = RelationGetRelid(table);
	Oid user = GetUserId();

	if (pg_class_aclcheck(oid, user, ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(oid, get_attnum(oid, column), user, ACL_SELECT) != ACLCHECK_OK)
		return false;
	return check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED;
}

/*
 * The build's time as an interval; false if it cannot be told: there are too few rows, or these
 * are in the memory of another session.
 */
static bool
estimate_time(Relation table, const IvfkmPlannedIndex *index, Datum *time)
{
	Interval *interval;
	double seconds;

	if (RELATION_IS_OTHER_TEMP(table) || table->rd_tableam->scan_set_tidrange == NULL)
		return false;
	seconds = ivfkm_build_time(table, index);
	if (isnan(seconds))
		return false;
	interval = palloc0(sizeof(Interval));
	interval->time = (TimeOffset) (seconds * USECS_PER_SEC);
	*time = IntervalPGetDatum(interval);
	return true;
}

/* Appends the estimate for one table; with that of time, if its rows may be read. */
static void
append_estimate(ReturnSetInfo *result, Relation table, IvfkmPlannedIndex *index, bool readable)
{
	double rows = index->rows = count_rows(table);
	int nlists = ivfkm_sizes_auto_lists(rows);
	int nprocesses = 1 + max_parallel_maintenance_workers;
	EstimatedSize size;
	Datum values[10];
	bool nulls[10] = {false};
	int n = 0;

	estimate_size(index, rows, nlists, &size);
	index->bytes = size.lists + size.refine + size.tree;
	values[n++] = ObjectIdGetDatum(RelationGetRelid(table));
	values[n++] = Int64GetDatum((int64) rows);
	values[n++] = Int32GetDatum(index->column_dims);
	values[n++] = Int32GetDatum(nlists);
	values[n++] = Int32GetDatum(index->refine_bits);
	values[n++] = Int64GetDatum((int64) size.lists);
	values[n++] = Int64GetDatum((int64) size.refine);
	values[n++] = Int64GetDatum((int64) index->bytes);
	values[n++] = Int64GetDatum((int64) ivfkm_sizes_wanted_memory(index->dims, index->nattributes,
																  rows, nlists, nprocesses));
	nulls[n] = !readable || !estimate_time(table, index, &values[n]);
	n++;
	Assert(n == lengthof(values));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * SQL: ivfkm_estimate(regclass, name, integer, integer, OUT ...): one row for a table, or for each
 * partition that has rows of its own.  Reads statistics, which everybody may see, and for the time
 * some rows, which is left to those who may read all.  Errors: not a table; see look_at_column().
 */
Datum
ivfkm_estimate(PG_FUNCTION_ARGS)
{
	IvfkmPlannedIndex index;
	List *tables;
	ListCell *cell;
	bool readable = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("table and column must not be null")));
	index.refine_bits = PG_ARGISNULL(2) ? IVFKM_REFINE_AUTO : PG_GETARG_INT32(2);
	index.nattributes = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	if (!PG_ARGISNULL(2) && index.refine_bits != 0 && index.refine_bits != 4 &&
		index.refine_bits != 8)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("refine_bits must be 0, 4 or 8, not %d", index.refine_bits)));
	if (index.nattributes < 0 || index.nattributes > IVFKM_MAX_ATTRIBUTES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("an index has 0 to %d other columns, not %d", IVFKM_MAX_ATTRIBUTES,
							   index.nattributes)));

	InitMaterializedSRF(fcinfo, 0);
	tables = find_all_inheritors(PG_GETARG_OID(0), AccessShareLock, NULL);
	foreach (cell, tables)
	{
		Relation table = relation_open(lfirst_oid(cell), AccessShareLock);
		char kind = table->rd_rel->relkind;
		IvfkmPlannedIndex one = index;

		if (kind != RELKIND_RELATION && kind != RELKIND_MATVIEW &&
			kind != RELKIND_PARTITIONED_TABLE)
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("\"%s\" is not a table or materialized view",
								   RelationGetRelationName(table))));
		look_at_column(table, NameStr(*PG_GETARG_NAME(1)), &one);
		/* rights are those of the table that is named, as in a query */
		if (cell == list_head(tables))
			readable = may_read(table, NameStr(*PG_GETARG_NAME(1)));
		if (kind != RELKIND_PARTITIONED_TABLE)
			append_estimate((ReturnSetInfo *) fcinfo->resultinfo, table, &one, readable);
		relation_close(table, NoLock);
	}
	return (Datum) 0;
}
