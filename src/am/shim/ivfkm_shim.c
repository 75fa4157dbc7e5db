/*-------------------------------------------------------------------------
 *
 * ivfkm_shim.c
 *	  The access methods hnsw and ivfflat: ivfkm under pgvector's names.
 *
 * NOTES
 *	  The extension "vector" that "make install-vector-shim" installs creates them, so that
 *	  DDL and settings written for pgvector are understood.  Index options have pgvector's
 *	  names and ranges; README.md of this folder says what becomes of them.
 *
 * IDENTIFICATION
 *	  src/am/shim/ivfkm_shim.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/reloptions.h"
#include "catalog/index.h"
#include "fmgr.h"

#include "am/build/ivfkm_build.h"
#include "am/index/ivfkm_ops.h"
#include "am/shim/ivfkm_shim_settings.h"
#include "am/sql/ivfkm_handler.h"

PG_FUNCTION_INFO_V1(hnswhandler);
PG_FUNCTION_INFO_V1(ivfflathandler);

/* WITH (...) of an index using hnsw. */
typedef struct HnswOptions
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	int m;
	int ef_construction;
} HnswOptions;

#define HNSW_DEFAULT_M				 16
#define HNSW_MIN_M					 2
#define HNSW_MAX_M					 100
#define HNSW_DEFAULT_EF_CONSTRUCTION 64
#define HNSW_MIN_EF_CONSTRUCTION	 4
#define HNSW_MAX_EF_CONSTRUCTION	 1000

/* WITH (...) of an index using ivfflat. */
typedef struct IvfflatOptions
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	int lists;
} IvfflatOptions;

/* Kinds of options; 0 before the first call of a handler. */
static relopt_kind hnsw_relopt_kind;
static relopt_kind ivfflat_relopt_kind;

/* Registers the index options; called by every handler, works once. */
static void
define_options(void)
{
	if (hnsw_relopt_kind != 0)
		return;
	ivfflat_relopt_kind = add_reloption_kind();
	add_int_reloption(ivfflat_relopt_kind, "lists", "Number that ivfflat.probes is a share of",
					  IVFFLAT_DEFAULT_LISTS, 1, IVFFLAT_MAX_LISTS, AccessExclusiveLock);
	hnsw_relopt_kind = add_reloption_kind();
	add_int_reloption(hnsw_relopt_kind, "m", "Links of a row in pgvector's graph; not used",
					  HNSW_DEFAULT_M, HNSW_MIN_M, HNSW_MAX_M, AccessExclusiveLock);
	add_int_reloption(hnsw_relopt_kind, "ef_construction",
					  "Effort at building pgvector's graph; not used", HNSW_DEFAULT_EF_CONSTRUCTION,
					  HNSW_MIN_EF_CONSTRUCTION, HNSW_MAX_EF_CONSTRUCTION, AccessExclusiveLock);
}

/* amoptions of hnsw. */
static bytea *
hnswoptions(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{.optname = "m", .opttype = RELOPT_TYPE_INT, .offset = offsetof(HnswOptions, m)},
		{.optname = "ef_construction",
		 .opttype = RELOPT_TYPE_INT,
		 .offset = offsetof(HnswOptions, ef_construction)},
	};

	return (bytea *) build_reloptions(reloptions, validate, hnsw_relopt_kind, sizeof(HnswOptions),
									  table, lengthof(table));
}

/* amoptions of ivfflat. */
static bytea *
ivfflatoptions(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{.optname = "lists", .opttype = RELOPT_TYPE_INT, .offset = offsetof(IvfflatOptions, lists)},
	};

	return (bytea *) build_reloptions(reloptions, validate, ivfflat_relopt_kind,
									  sizeof(IvfflatOptions), table, lengthof(table));
}

/* The "lists" option of an index using ivfflat. */
static int
ivfflat_lists(Relation index)
{
	const IvfflatOptions *options = (const IvfflatOptions *) index->rd_options;

	return options != NULL ? options->lists : IVFFLAT_DEFAULT_LISTS;
}

/* Adds what the settings of hnsw ask of a scan. */
static void
hnsw_settings(Relation index, const IvfkmMetaPageData *meta, IvfkmSettings *settings)
{
	ivfkm_shim_settings_hnsw(meta, settings);
}

/* Adds what the settings of ivfflat ask of a scan. */
static void
ivfflat_settings(Relation index, const IvfkmMetaPageData *meta, IvfkmSettings *settings)
{
	ivfkm_shim_settings_ivfflat(meta, ivfflat_lists(index), settings);
}

static const IvfkmAlias hnsw_alias = {hnswoptions, hnsw_settings};
static const IvfkmAlias ivfflat_alias = {ivfflatoptions, ivfflat_settings};

/*
 * Says once, at CREATE INDEX, what is built; "detail" tells about the options.  Errors: a column
 * that cannot be indexed, about which there is nothing else to say.
 */
static void
announce(Relation index, const char *name, const char *detail)
{
	(void) ivfkm_ops_column_dims(index, ivfkm_ops_get(index));
	if (ReindexIsProcessingIndex(RelationGetRelid(index)))
		return;
	ereport(NOTICE, (errmsg("index \"%s\" using %s is an ivfkm index",
							RelationGetRelationName(index), name),
					 errdetail_internal("%s", detail)));
}

/* ambuild of hnsw.  Errors: as pgvector if ef_construction is too small for m. */
static IndexBuildResult *
hnswbuild(Relation heap, Relation index, IndexInfo *index_info)
{
	const HnswOptions *options = (const HnswOptions *) index->rd_options;

	if (options != NULL && options->ef_construction < 2 * options->m)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("ef_construction must be greater than or equal to 2 * m")));
	announce(index, "hnsw",
			 "Options \"m\" and \"ef_construction\" have no effect.  Above its default of 40, "
			 "\"hnsw.ef_search\" makes searches probe proportionally more lists.");
	return ivfkmbuild(heap, index, index_info);
}

/* ambuild of ivfflat. */
static IndexBuildResult *
ivfflatbuild(Relation heap, Relation index, IndexInfo *index_info)
{
	announce(index, "ivfflat",
			 "The number of rows decides how many lists it has.  Searches probe the share of them "
			 "that \"ivfflat.probes\" is of option \"lists\", or more if that is too few.");
	return ivfkmbuild(heap, index, index_info);
}

/* The callbacks of ivfkm for indexes of one column, the vector, as pgvector's are. */
static IndexAmRoutine *
vector_only_routine(void)
{
	IndexAmRoutine *routine = ivfkm_handler_routine();

	routine->amcanmulticol = false;
	routine->amsearcharray = false;
	routine->amsearchnulls = false;
	return routine;
}

/* SQL: hnswhandler(internal) returns index_am_handler. */
Datum
hnswhandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = vector_only_routine();

	define_options();
	ivfkm_shim_settings_define();
	ivfkm_settings_alias(&hnsw_alias);
	routine->amoptions = hnswoptions;
	routine->ambuild = hnswbuild;
	PG_RETURN_POINTER(routine);
}

/* SQL: ivfflathandler(internal) returns index_am_handler. */
Datum
ivfflathandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *routine = vector_only_routine();

	define_options();
	ivfkm_shim_settings_define();
	ivfkm_settings_alias(&ivfflat_alias);
	routine->amoptions = ivfflatoptions;
	routine->ambuild = ivfflatbuild;
	PG_RETURN_POINTER(routine);
}
