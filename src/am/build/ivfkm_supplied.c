/*-------------------------------------------------------------------------
 *
 * ivfkm_supplied.c
 *	  Centroids from a table of the user's, in the place of trained ones.
 *
 * NOTES
 *	  The option "centroids" names the table.  It is read as builds run: as the owner of the indexed
 *	  table, in a security-restricted operation; no code of others runs, as it is a plain table and
 *	  nothing but its values is looked at.  A table that is not there, as when only some tables of a
 *	  dump are restored, or not filled yet is no error.  What else is wrong ends CREATE INDEX and
 *	  REINDEX, which reads the table again.  So does a renewal, but as nobody may be watching, it
 *	  goes on without the table.
 *
 *	  The centroids are the lists' only: the sample still gives the index space and the
 *	  calibration, and nodes are trained above the lists as always.
 *
 * IDENTIFICATION
 *	  src/am/build/ivfkm_supplied.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/relation.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "am/build/ivfkm_supplied.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_options.h"

/* Centroids that room is made for at first. */
#define FIRST_ROOM 256

/* The table while it is read. */
typedef struct Source
{
	IvfkmBuild *build;
	const char *name; /* as the option has it */
	Relation table;
	AttrNumber column;
	const char *problem; /* what is wrong with a centroid, and what to do about it; or NULL */
	const char *hint;
} Source;

/* Warns of what is wrong with the table: the build goes on without it. */
static void
do_without(const IvfkmBuild *build, int code, const char *problem, const char *hint)
{
	ereport(WARNING,
			(errcode(code), errmsg_internal("%s", problem),
			 errdetail("Index \"%s\" was to take its centroids from there; it trains its own.",
					   RelationGetRelationName(build->index.relation)),
			 errhint("%s", hint)));
}

/* Says what is wrong with the table: an error, or in a renewal a warning. */
static void
refuse(const IvfkmBuild *build, int code, const char *problem, const char *hint)
{
	if (!build->alone)
		ereport(ERROR, (errcode(code), errmsg_internal("%s", problem),
						errdetail("Index \"%s\" takes its centroids from there.",
								  RelationGetRelationName(build->index.relation)),
						errhint("%s", hint)));
	do_without(build, code, problem, hint);
}

/* Forgets the centroids: the build trains its own. */
static void
forget(IvfkmBuild *build)
{
	if (build->supplied != NULL)
		pfree(build->supplied);
	build->supplied = NULL;
	build->nsupplied = 0;
}

/*
 * True if the current user may look for the table in its schema, or there is no such schema; else
 * false, with a report.
 */
static bool
check_schema(const IvfkmBuild *build, const char *schema)
{
	Oid oid = get_namespace_oid(schema, true);
	const char *quoted = quote_identifier(schema);

	if (!OidIsValid(oid) || may_use_schema_compat(oid, GetUserId()))
		return true;
	refuse(build, ERRCODE_INSUFFICIENT_PRIVILEGE,
		   psprintf("permission denied for schema %s", schema),
		   psprintf("The owner of the indexed table needs it: GRANT USAGE ON SCHEMA %s TO %s.",
					quoted, quote_identifier(GetUserNameFromId(GetUserId(), false))));
	return false;
}

/* True if the current user may read a column of the table. */
static bool
may_read(Oid table, AttrNumber column)
{
	return pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		   pg_attribute_aclcheck(table, column, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* Finds the only column of the type that is indexed; false, with a report, unless there is one. */
static bool
find_column(Source *source)
{
	const IvfkmBuild *build = source->build;
	TupleDesc columns = RelationGetDescr(source->table);
	Oid type;
	int n = 0;

	(void) ivfkm_ops_column_typmod(build->index.relation, &type);
	if (build->index.ops->array != NULL)
		type = get_element_type(type);
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(columns, i);

		if (attribute->attisdropped || getBaseType(attribute->atttypid) != type)
			continue;
		source->column = attribute->attnum;
		n++;
	}
	if (n == 1)
		return true;
	refuse(build, ERRCODE_DATATYPE_MISMATCH,
		   psprintf("table \"%s\" has %d columns of type %s instead of one", source->name, n,
					build->index.ops->type_name),
		   psprintf("Make a table with one column of type %s, one row for each centroid.",
					build->index.ops->type_name));
	return false;
}

/* True if the table is one that centroids can be read from; else false, with a report. */
static bool
check_table(Source *source)
{
	const IvfkmBuild *build = source->build;
	Relation table = source->table;
	Oid oid = RelationGetRelid(table);

	if (table->rd_rel->relkind != RELKIND_RELATION ||
		table->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
	{
		refuse(build, ERRCODE_WRONG_OBJECT_TYPE,
			   psprintf("\"%s\" is not an ordinary table", source->name),
			   "Copy the centroids into one: no view, temporary, foreign or partitioned table.");
		return false;
	}
	if (!find_column(source))
		return false;
	if (!may_read(oid, source->column))
	{
		refuse(build, ERRCODE_INSUFFICIENT_PRIVILEGE,
			   psprintf("permission denied for table \"%s\"", source->name),
			   psprintf("The owner of the indexed table needs it: GRANT SELECT ON %s TO %s.",
						source->name, quote_identifier(GetUserNameFromId(GetUserId(), false))));
		return false;
	}
	if (check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED)
	{
		refuse(build, ERRCODE_INSUFFICIENT_PRIVILEGE,
			   psprintf("row security may hide rows of table \"%s\"", source->name),
			   "Copy the centroids into a table without policies.");
		return false;
	}
	return true;
}

/*
 * Takes the centroid of a row, in input space; false, with the problem noted, if there is something
 * wrong with it.  The current memory context is one for a row.
 */
static bool
take_centroid(Source *source, TupleTableSlot *slot, Size *room)
{
	IvfkmBuild *build = source->build;
	const IvfkmOps *ops = build->index.ops;
	Size row_bytes = sizeof(float) * build->dims;
	bool isnull;
	Datum datum = slot_getattr(slot, source->column, &isnull);
	IvfkmRow row;
	void *value;

	if (isnull)
	{
		source->problem = "is NULL";
		source->hint = "Delete such rows.";
		return false;
	}
	value = PG_DETOAST_DATUM(datum);
	if (ops->dims(value) != build->index.column_dims)
	{
		source->problem =
			psprintf("has %d dimensions instead of %d", ops->dims(value), build->index.column_dims);
		source->hint = "Centroids have the dimensions of the indexed column.";
		return false;
	}
	if ((Size) build->nsupplied == *room)
	{
		*room = *room == 0 ? FIRST_ROOM : *room * 2;
		build->supplied = build->supplied == NULL
							  ? MemoryContextAllocHuge(build->context, *room * row_bytes)
							  : repalloc_huge(build->supplied, *room * row_bytes);
	}
	row.x = build->supplied + (Size) build->nsupplied * build->dims;
	ivfkm_row_load(ops, value, build->dims, &row);
	if (!row.has_distance)
	{
		source->problem = "is a zero vector, which has no direction";
		source->hint = "Delete such rows.";
		return false;
	}
	for (int i = 0; i < build->dims; i++)
		row.x[i] += 0.0f; /* -0 and 0 are equal */
	build->nsupplied++;
	return true;
}

/* Reads all rows of the table; false, with a report, if there is something wrong with them. */
static bool
read_rows(Source *source)
{
	IvfkmBuild *build = source->build;
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	TupleTableSlot *slot = table_slot_create(source->table, NULL);
	TableScanDesc scan = table_beginscan(source->table, snapshot, 0, NULL);
	Size room = 0;
	bool good = true;
	Size bytes = 0;
	char *problem = NULL;

	while (good && bytes <= build->budget && build->nsupplied <= IVFKM_MAX_LISTS &&
		   table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext old_context = MemoryContextSwitchTo(build->row_context);

		CHECK_FOR_INTERRUPTS();
		if (build->check != NULL)
			build->check();
		good = take_centroid(source, slot, &room);
		bytes = ivfkm_supplied_bytes(build);
		MemoryContextSwitchTo(old_context);
		if (!good)
			problem = psprintf(
				"centroid (%u,%u) of table \"%s\" %s", ItemPointerGetBlockNumber(&slot->tts_tid),
				ItemPointerGetOffsetNumber(&slot->tts_tid), source->name, source->problem);
		MemoryContextReset(build->row_context);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	if (!good)
		refuse(build, ERRCODE_DATA_EXCEPTION, problem, source->hint);
	else if (build->nsupplied == 0)
		/* pg_restore with several jobs may not have filled it yet */
		do_without(build, ERRCODE_DATA_EXCEPTION,
				   psprintf("table \"%s\" has no centroids", source->name),
				   "REINDEX it when the table is filled.");
	else if (build->nsupplied > IVFKM_MAX_LISTS)
		refuse(build, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			   psprintf("table \"%s\" has more than %d centroids", source->name, IVFKM_MAX_LISTS),
			   "A list is meant to have some hundred rows.");
	else if (bytes > build->budget)
		ivfkm_supplied_too_many(build, 0);
	else
		return true;
	return false;
}

/* Order of centroids by their bytes, equal ones by their place, for qsort_arg(). */
static int
compare_centroids(const void *a, const void *b, void *arg)
{
	const IvfkmBuild *build = arg;
	uint32 x = *(const uint32 *) a;
	uint32 y = *(const uint32 *) b;
	int order = memcmp(build->supplied + (Size) x * build->dims,
					   build->supplied + (Size) y * build->dims, sizeof(float) * build->dims);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Leaves out centroids that are equal to an earlier one, with a NOTICE. */
static void
leave_out_duplicates(Source *source)
{
	IvfkmBuild *build = source->build;
	Size row_bytes = sizeof(float) * build->dims;
	int n = build->nsupplied;
	uint32 *order = palloc(sizeof(uint32) * n);
	bool *again = palloc0(sizeof(bool) * n);
	int kept = 0;

	for (int i = 0; i < n; i++)
		order[i] = i;
	qsort_arg(order, n, sizeof(uint32), compare_centroids, build);
	for (int i = 1; i < n; i++)
		again[order[i]] = memcmp(build->supplied + (Size) order[i - 1] * build->dims,
								 build->supplied + (Size) order[i] * build->dims, row_bytes) == 0;
	for (int i = 0; i < n; i++)
	{
		if (again[i])
			continue;
		if (kept < i)
			memcpy(build->supplied + (Size) kept * build->dims,
				   build->supplied + (Size) i * build->dims, row_bytes);
		kept++;
	}
	build->nsupplied = kept;
	pfree(order);
	pfree(again);
	if (kept < n)
		ereport(NOTICE, (errmsg_plural("%d centroid of table \"%s\" is left out",
									   "%d centroids of table \"%s\" are left out", n - kept,
									   n - kept, source->name),
						 errdetail("Others are equal to them.")));
}

/*
 * Reads the centroids that the option "centroids" of the index names, in input space, into the
 * build: none without it.  Takes AccessShareLock on the table while it is read.  Errors: see the
 * NOTES; a table that is not there, or has no rows, is a WARNING.
 */
void
ivfkm_supplied_read(IvfkmBuild *build)
{
	const char *name = ivfkm_options_centroids(build->index.relation);
	Source source = {0};
	RangeVar *range;
	Oid table;
	bool good;

	if (name == NULL)
		return;
	range = makeRangeVarFromNameList(textToQualifiedNameList(cstring_to_text(name)));
	if (!check_schema(build, range->schemaname))
		return;
	table = RangeVarGetRelid(range, AccessShareLock, true);
	if (!OidIsValid(table))
	{
		do_without(build, ERRCODE_UNDEFINED_TABLE, psprintf("table \"%s\" does not exist", name),
				   "REINDEX it when the table is there.");
		return;
	}
	source.build = build;
	source.name = name;
	source.table = relation_open(table, NoLock);
	good = check_table(&source) && read_rows(&source);
	relation_close(source.table, AccessShareLock);
	if (good)
		leave_out_duplicates(&source);
	else
		forget(build);
}

/*
 * Reports that the centroids do not fit into maintenance_work_mem, of which "wanted" bytes are
 * needed (0: that is not known), and forgets them.  Errors: as the NOTES say.
 */
void
ivfkm_supplied_too_many(IvfkmBuild *build, Size wanted)
{
	refuse(build, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		   psprintf("centroids of table \"%s\" do not fit into maintenance_work_mem",
					ivfkm_options_centroids(build->index.relation)),
		   wanted == 0 ? "Increase maintenance_work_mem, or use fewer centroids."
					   : psprintf("Set maintenance_work_mem to '%zu MB', or use fewer centroids.",
								  wanted / (1024 * 1024) + 1));
	forget(build);
}

/* Bytes that the centroids take until they are trained on. */
Size
ivfkm_supplied_bytes(const IvfkmBuild *build)
{
	return sizeof(float) * (Size) build->nsupplied * build->dims;
}

/*
 * The mean of the centroids instead of that of the sample, which is empty; *spread: the sum of the
 * squared distances from it.
 */
void
ivfkm_supplied_mean(const IvfkmBuild *build, double *spread)
{
	int dims = build->dims;

	*spread = 0.0;
	for (int i = 0; i < dims; i++)
	{
		double sum = 0.0;

		CHECK_FOR_INTERRUPTS();
		for (int n = 0; n < build->nsupplied; n++)
			sum += build->supplied[(Size) n * dims + i];
		build->mean[i] = (float) (sum / build->nsupplied);
		for (int n = 0; n < build->nsupplied; n++)
		{
			double x = (double) build->supplied[(Size) n * dims + i] - build->mean[i];

			*spread += x * x;
		}
	}
}

/* Finds the list of each row of the sample; both are in index space. */
static void
assign_sample(IvfkmBuild *build, int nlists)
{
	IvfkmTraining *training = &build->training;
	MemoryContext old_context = MemoryContextSwitchTo(build->training_context);
	int dims = build->dims;
	int nrows = build->shared->nrows;
	int batch = kmeans_assign_points(dims);
	void *workspace = ivfkm_build_alloc(kmeans_assign_bytes(dims, nlists));
	float *dist2 = palloc(sizeof(float) * batch);

	build->lists = kmeans_index_init(build->lists, dims, nlists, training->centroids,
									 IVFKM_CLUSTERING_SEED, NULL, NULL);
	for (int row = 0; row < nrows; row += batch)
	{
		CHECK_FOR_INTERRUPTS();
		kmeans_assign(build->lists, training->rows + (Size) row * dims, Min(batch, nrows - row),
					  training->lists + row, dist2, workspace);
	}
	pfree(dist2);
	MemoryContextSwitchTo(old_context);
}

/*
 * Puts the centroids in the place of trained ones, mapped into index space, and the sample's rows
 * into their lists.  Returns how many there are.
 */
int
ivfkm_supplied_take(IvfkmBuild *build)
{
	float *centroids = build->training.centroids;
	int n = build->nsupplied;

	memcpy(centroids, build->supplied, ivfkm_supplied_bytes(build));
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ivfkm_space_apply(build->plan.space, centroids + (Size) i * build->dims);
	}
	forget(build);
	assign_sample(build, n);
	return n;
}
