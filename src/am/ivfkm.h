/*-------------------------------------------------------------------------
 *
 * ivfkm.h
 *	  The ivfkm access method: structures and prototypes its files share.
 *
 * NOTES
 *	  Prototypes are grouped under the file that defines them.  The algorithm, the
 *	  locks and the cost model are described in README.md of this folder; what is
 *	  on disk, in page/page.h.
 *
 * IDENTIFICATION
 *	  src/am/ivfkm.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_H
#define IVFKM_H

#include "compat.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/relscan.h"
#include "nodes/execnodes.h"
#include "storage/buffile.h"
#include "utils/rel.h"

#include "page/page.h"
#include "quant/quant.h"

/* ----- operator classes ----- */

/*
 * What an operator class tells the access method.  Resolved once per scan or build; hot
 * loops never go through the function manager.
 */
typedef struct IvfkmOps
{
	const char *type_name; /* SQL name of the indexed type */
	IvfkmMetric metric;
	int max_dims;

	/* dimensions of a detoasted value */
	int (*dims)(const void *value);

	/* copies a detoasted value of "dims" dimensions into floats */
	void (*load)(const void *value, int dims, float *out);

	/*
	 * Exact distance between two detoasted values of equal dimensions, in the order of the
	 * operator class's operator: squared L2, negative inner product, cosine distance.
	 */
	double (*distance)(const void *a, const void *b);

	/* values are smaller than their refine codes would be: "auto" makes none */
	bool small_values;
} IvfkmOps;

#define IVFKM_SUPPORT_OPS		1 /* support function: returns a const IvfkmOps * */
#define IVFKM_NSUPPORT			1
#define IVFKM_STRATEGY_DISTANCE 1

/* ----- index space ----- */

/*
 * The map from input space into index space, P(x - mean) * scale, after normalisation for
 * cosine.  One chunk of memory, cached in rd_amcache: use it at once and do not keep
 * pointers across anything that may process invalidations.
 */
typedef struct IvfkmSpace
{
	int dims;
	IvfkmMetric metric;
	QuantMetric quant_metric; /* of the posting lists: cosine is L2 of unit vectors */
	float scale;			  /* 2^-scale_exponent */
	double distance_scale;	  /* exact distance * this = distance in index space */
	QuantRotation rotation;
	float *mean;   /* dims floats, input space */
	float *offset; /* dims floats: P(mean) * scale */
} IvfkmSpace;

/* ----- tree and lists ----- */

/* A posting list that a search has reached, in the order of its centroid's distance. */
typedef struct IvfkmProbe
{
	IvfkmChildData child;
	ItemPointerData pointer; /* the child's record */
	float key;				 /* what lists are ordered by */
	float target_dist2;		 /* squared distance of the search's target to the centroid */
	float dist2;			 /* ||q - c||^2, index space */
	float dot;				 /* <q, c>, index space */
} IvfkmProbe;

typedef struct IvfkmTreeEntry IvfkmTreeEntry;

/* A best-first search for the lists nearest to a point. */
typedef struct IvfkmTree
{
	Relation index;
	int dims;
	float epsilon;
	float lean;							/* see ivfkm_tree.c */
	bool by_dot;						/* order lists by -<target, c>, not by
											   * ||target - c||^2 */
	int wanted;							/* lists that the caller is sure to take */
	int measured;						/* lists that the next numbers were measured for */
	uint32 nodes[IVFKM_MAX_HEIGHT - 1]; /* of each level, to open for them */
	uint32 opened[IVFKM_MAX_HEIGHT];	/* so far */
	int returned;						/* lists so far */
	IvfkmGeometry geometry;
	const float *target; /* point that the lists are ordered around */
	const float *query;	 /* point that dist2 and dot are for */
	QuantQuery quant;	 /* of the target */
	float target_norm;	 /* ||target|| */
	float query_norm2;	 /* ||query||^2 */
	uint16 *centroid;	 /* scratch: one binary16 centroid */
	IvfkmTreeEntry *heap;
	int nheap;
	int heap_size;
	IvfkmTreeEntry *later; /* for when more lists than "wanted" are wanted */
	int nlater;
	int later_size;
	float *bounds; /* the lowest upper bounds of lists' keys, a heap; NULL: all are wanted */
	int nbounds;
	float horizon;	   /* the highest of them once there are "wanted" */
	IvfkmProbe *exact; /* resolved children waiting in the heap */
	int nexact;
	int exact_size;
} IvfkmTree;

/* Walks the groups of a list or node; holds a share lock on a group's last page. */
typedef struct IvfkmReader
{
	Relation index;
	const IvfkmGeometry *geometry;
	const QuantQuery *query; /* NULL: no bounds wanted */
	IvfkmAhead *ahead;		 /* that the extent is read through, or NULL */
	BlockNumber first;		 /* of the extent */
	BlockNumber extent_end;	 /* block behind it */
	uint32 owner;
	uint32 generation;
	BlockNumber next;	  /* group to read next */
	BlockNumber block;	  /* group being read */
	BlockNumber nvisited; /* groups read so far */
	Buffer buffer;		  /* last page of that group, or InvalidBuffer */
	Page page;
	uint32 acc[QUANT_UNIT]; /* sums of a striped unit */
} IvfkmReader;

/* ----- options (ivfkm_options.c) ----- */

typedef enum IvfkmIterativeScan
{
	IVFKM_ITERATIVE_OFF,
	IVFKM_ITERATIVE_RELAXED,
	IVFKM_ITERATIVE_STRICT
} IvfkmIterativeScan;

typedef struct IvfkmOptions
{
	int32 vl_len_;	 /* varlena header (do not touch directly!) */
	int lists;		 /* 0 = automatic */
	int refine_bits; /* IVFKM_REFINE_AUTO, 0, 4 or 8 */
} IvfkmOptions;

#define IVFKM_REFINE_AUTO (-1)

#define IVFKM_DEFAULT_LISTS 0
#define IVFKM_MAX_LISTS		1000000

/* What the settings say to one scan; the same for all of it. */
typedef struct IvfkmSettings
{
	int probes; /* lists of the first pass; 0 = as measured at build */
	double epsilon;
	int max_probes;		 /* 0 = no limit */
	int max_scan_tuples; /* 0 = no limit */
	int iterative_scan;	 /* IvfkmIterativeScan */
} IvfkmSettings;

extern void ivfkm_options_init(void);
extern void ivfkm_settings_get(Relation index, const IvfkmMetaPageData *meta,
							   IvfkmSettings *settings);
extern bytea *ivfkmoptions(Datum reloptions, bool validate);
extern int ivfkm_option_lists(Relation index);
extern int ivfkm_option_node_children(void);
extern int ivfkm_option_refine_bits(Relation index, const IvfkmOps *ops, int dims);

/* ----- access method (ivfkm_handler.c), the same under pgvector's names (ivfkm_shim*.c) ----- */

typedef enum IvfkmShim
{
	IVFKM_SHIM_NONE, /* made as ivfkm */
	IVFKM_SHIM_HNSW,
	IVFKM_SHIM_IVFFLAT
} IvfkmShim;

#define IVFKM_IVFFLAT_DEFAULT_LISTS 100
#define IVFKM_IVFFLAT_MAX_LISTS		32768

extern IndexAmRoutine *ivfkm_routine(void);
extern IvfkmShim ivfkm_shim_kind(Relation index);
extern int ivfkm_shim_ivfflat_lists(Relation index);
extern void ivfkm_shim_define_settings(void);
extern void ivfkm_shim_settings_get(Relation index, const IvfkmMetaPageData *meta,
									IvfkmSettings *settings);

/* ----- operator classes (ivfkm_opclass.c) ----- */

extern const IvfkmOps *ivfkm_ops(Relation index);
extern void ivfkm_check_query_dims(const IvfkmOps *ops, const void *query, int dims);

/* ----- index space (ivfkm_space.c) ----- */

extern Size ivfkm_space_bytes(int dims);
extern IvfkmSpace *ivfkm_space_init(void *memory, int dims, IvfkmMetric metric, uint64 seed,
									int scale_exponent, const float *mean);
extern const IvfkmSpace *ivfkm_space_get(Relation index, const IvfkmMetaPageData *meta);
extern void ivfkm_space_apply(const IvfkmSpace *space, float *x);

/* ----- codes (ivfkm_code.c) ----- */

/* The codes of one row. */
typedef struct IvfkmCode
{
	uint8 *bits; /* 1-bit code, row-major */
	QuantFactors factors;
	uint8 *refine; /* NULL without a refine tier */
	QuantRefineFactors refine_factors;
} IvfkmCode;

/* A query prepared for refine records. */
typedef struct IvfkmRefiner
{
	Relation index;
	const IvfkmGeometry *geometry;
	QuantMetric metric;
	bool by_angle; /* cosine */
	QuantRefineQuery query;
	float query_norm;	  /* of the query with the mean, index space */
	float offset_norm;	  /* of the mean, index space */
	float rounding;		  /* relative error of a distance computed in float32 */
	float underflow;	  /* absolute error of it, index space */
	float angle_rounding; /* absolute error of a cosine distance, index space */
} IvfkmRefiner;

extern bool ivfkm_load(const IvfkmOps *ops, const void *value, int dims, float *x, bool *ordinary);
extern void ivfkm_code_init(IvfkmCode *code, int dims, int refine_bits);
extern float ivfkm_encode(QuantMetric metric, int dims, int refine_bits, const float *x,
						  bool ordinary, const float *centroid, const float *offset,
						  IvfkmCode *code);
extern void ivfkm_refiner_init(IvfkmRefiner *refiner, Relation index, const IvfkmGeometry *geometry,
							   const IvfkmSpace *space, const float *query, double distance_scale);
extern bool ivfkm_refine_bounds(const IvfkmRefiner *refiner, const IvfkmChildData *list,
								const ItemPointerData *record, const ItemPointerData *tid, float g,
								float dist2, float epsilon, float *lb, float *ub);
extern void ivfkm_refine_prefetch(const IvfkmRefiner *refiner, const ItemPointerData *record);

/* ----- tree (ivfkm_tree.c) ----- */

extern void ivfkm_tree_begin(IvfkmTree *tree, Relation index, const IvfkmMetaPageData *meta,
							 IvfkmDescentKind kind, const float *target, const float *query,
							 float epsilon, int wanted);
extern float ivfkm_tree_key(const IvfkmTree *tree, float key, float radius);
extern bool ivfkm_tree_next(IvfkmTree *tree, IvfkmProbe *probe);

/* ----- lists (ivfkm_list.c) ----- */

extern void ivfkm_reader_begin(IvfkmReader *reader, Relation index, const IvfkmGeometry *geometry,
							   const IvfkmChildData *child, const QuantQuery *query);
extern bool ivfkm_reader_next(IvfkmReader *reader);
extern void ivfkm_list_prefetch(Relation index, const IvfkmGeometry *geometry,
								const IvfkmChildData *child);
extern uint32 ivfkm_reader_scan(IvfkmReader *reader, int unit, const QuantBound *bound,
								float threshold, float *lb, float *ub, IvfkmUnit *arrays);

/* ----- build (ivfkm_build.c, ivfkm_write.c; ivfkm_build.h has what is private to it) ----- */

#define IVFKM_PHASE_SAMPLE	  2 /* 1 is PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE */
#define IVFKM_PHASE_TRAIN	  3
#define IVFKM_PHASE_CALIBRATE 4
#define IVFKM_PHASE_ASSIGN	  5
#define IVFKM_PHASE_SORT	  6
#define IVFKM_PHASE_WRITE	  7

#define IVFKM_NODE_CHILDREN 100 /* that a node below the root has on average */

/* One level of a trained tree: the lists, or the nodes of a level below the root. */
typedef struct IvfkmPlanLevel
{
	uint32 count;			   /* lists or nodes */
	uint32 first_id;		   /* owner id of the first one */
	uint16 *centroids;		   /* count * dims binary16 */
	float *norms;			   /* squared norm of each centroid as stored */
	float *radii;			   /* see IvfkmChildData */
	uint32 *counts;			   /* rows of each list; children of each node */
	BlockNumber *first_blocks; /* first block of each */
	BlockNumber first_record;  /* of the pages with the records */
} IvfkmPlanLevel;

/*
 * A trained index before its lists are written.  The children of a node are adjacent, in the
 * order of the nodes; those of the root are the whole highest level.
 */
typedef struct IvfkmPlan
{
	IvfkmMetaPageData meta; /* addresses are filled in by ivfkm_write_*() */
	IvfkmSpace *space;
	IvfkmPlanLevel levels[IVFKM_MAX_HEIGHT]; /* meta.height levels, the lists first */
} IvfkmPlan;

#define IVFKM_ROOT_ID		1 /* owner id of the root node of a new index */
#define IVFKM_FIRST_LIST_ID 2 /* and of its first list */

/* The extent of a list or node while it is written, group by group. */
typedef struct IvfkmExtent
{
	IvfkmWriter *writer;
	const IvfkmGeometry *geometry;
	uint32 owner;
	BlockNumber first;		 /* first block of the extent */
	BlockNumber block;		 /* block to be written next */
	BlockNumber groups_left; /* with the current one */
	int slot;				 /* next slot of the current group */
	Page pages[IVFKM_MAX_STRIPES];
	char *refine_pages; /* all refine pages of a list, or one if there is a file */
	BufFile *refine_file;
	BlockNumber refine_first;
	BlockNumber refine_count;
	uint32 nrefined; /* records written */
} IvfkmExtent;

extern BlockNumber ivfkm_extent_blocks(const IvfkmGeometry *geometry, uint32 n);
extern BlockNumber ivfkm_refine_blocks(const IvfkmGeometry *geometry, uint32 n);
extern void ivfkm_extent_begin(IvfkmExtent *extent, IvfkmWriter *writer,
							   const IvfkmGeometry *geometry, uint32 owner, BlockNumber first,
							   uint32 n);
extern void ivfkm_extent_add(IvfkmExtent *extent, const IvfkmCode *code, const ItemPointerData *tid,
							 float norm2, float radius);
extern void ivfkm_extent_end(IvfkmExtent *extent);
extern void ivfkm_write_head(IvfkmWriter *writer, IvfkmPlan *plan);
extern float ivfkm_centroid_distance(const float *a, const float *b, int dims);
extern IndexBuildResult *ivfkmbuild(Relation heap, Relation index, IndexInfo *index_info);
extern void ivfkmbuildempty(Relation index);
extern void ivfkm_check_dims(const IvfkmOps *ops, Relation index, const void *value, int dims);
extern int ivfkm_column_dims(Relation index, const IvfkmOps *ops);

/* ----- insert (ivfkm_insert.c) ----- */

extern bool ivfkminsert(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid,
						Relation heap, IndexUniqueCheck check_unique, bool index_unchanged,
						IndexInfo *index_info);

/* ----- rights of the index's functions (ivfkm_rights.c) ----- */

/* Who called, while the table owner's code runs. */
typedef struct IvfkmOwnerRights
{
	Oid user;
	int security_context;
	int guc_level;
} IvfkmOwnerRights;

extern void ivfkm_owner_begin(IvfkmOwnerRights *rights, Relation heap);
extern void ivfkm_owner_end(const IvfkmOwnerRights *rights);
extern IndexInfo *ivfkm_index_info(Relation index);
extern bool ivfkm_bypasses_policies(struct PlannerInfo *root, const struct IndexPath *path,
									Relation index);

/* ----- exact distances (ivfkm_rerank.c) ----- */

/* Access to the rows of the table behind a scan. */
typedef struct IvfkmRerank
{
	Relation index;
	const IvfkmOps *ops;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
	IndexInfo *index_info;
	EState *estate;			   /* for indexes on expressions, else NULL */
	MemoryContext row_context; /* detoasted values; reset after every row */
} IvfkmRerank;

extern void ivfkm_rerank_begin(IvfkmRerank *rerank, Relation heap, Relation index,
							   const IvfkmOps *ops);
extern void ivfkm_rerank_reset(IvfkmRerank *rerank);
extern void ivfkm_rerank_end(IvfkmRerank *rerank);
extern bool ivfkm_rerank_distance(IvfkmRerank *rerank, Snapshot snapshot, const void *query,
								  int dims, const ItemPointerData *tid, double *distance);

/* ----- scan (ivfkm_scan.c, ivfkm_pass.c) ----- */

extern IndexScanDesc ivfkmbeginscan(Relation index, int nkeys, int norderbys);
extern void ivfkmrescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
						int norderbys);
extern bool ivfkmgettuple(IndexScanDesc scan, ScanDirection dir);
extern void ivfkmendscan(IndexScanDesc scan);
extern int ivfkm_auto_probes(const IvfkmMetaPageData *meta, double k);

#define IVFKM_FIRST_K 32 /* rows that a scan prepares for before it knows better */

/* ----- vacuum (ivfkm_vacuum.c) ----- */

extern IndexBulkDeleteResult *ivfkmbulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
											  IndexBulkDeleteCallback callback,
											  void *callback_state);
extern IndexBulkDeleteResult *ivfkmvacuumcleanup(IndexVacuumInfo *info,
												 IndexBulkDeleteResult *stats);

/* ----- planner (ivfkm_cost.c, ivfkm_planner.c), catalog (ivfkm_validate.c) ----- */

extern void ivfkm_planner_init(void);
extern void ivfkmcostestimate(struct PlannerInfo *root, struct IndexPath *path, double loop_count,
							  Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
							  double *correlation, double *pages);
extern bool ivfkmvalidate(Oid opclass);

/* ----- helpers of SQL functions (ivfkm_utils.c) ----- */

extern Relation ivfkm_open(Oid index_oid, Relation *heap);
/* Pages above the lists. */
typedef struct IvfkmTreePages
{
	int64 nodes;
	int64 centroids;
} IvfkmTreePages;

extern IvfkmProbe *ivfkm_collect_lists(Relation index, const IvfkmMetaPageData *meta, int *count,
									   IvfkmTreePages *pages);

#endif /* IVFKM_H */
