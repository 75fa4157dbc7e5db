/*-------------------------------------------------------------------------
 *
 * page.h
 *	  Everything that an ivfkm index keeps on disk: pages, records, geometry.
 *
 * NOTES
 *	  All numbers are in the server's byte order.  Format version history:
 *
 *	  1		0.1.0: 1-bit codes, refine codes of 4 or 8 bits, any height of the tree, no
 *			attributes
 *
 *	  The file is made of these pages, in the order in which a build writes them:
 *
 *	  block 0 | mean pages | groups of the root node | centroid pages | groups of the lists
 *
 *	  A *group* is one or more consecutive pages that hold the units of a node or a
 *	  posting list; the groups of a list form a chain.  Behind the groups of a list lie
 *	  its *refine pages*, with a more precise code of each of its rows.  Pages at or after the
 *	  metapage's used_blocks belong to nothing (a crash may leave some) and are the
 *	  next to be handed out.  The layouts are drawn in README.md of this folder.
 *
 * IDENTIFICATION
 *	  src/page/page.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_H
#define IVFKM_PAGE_H

#include "compat.h"

#include "storage/block.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/itemptr.h"
#include "utils/rel.h"

#include "quant/quant.h"
#include "quant/quant_refine.h"

#define IVFKM_MAGIC			 0x4D4B4656u /* "VFKM" in memory on little-endian machines */
#define IVFKM_FORMAT_VERSION 1
#define IVFKM_PAGE_ID		 0xFDB1 /* last two bytes of every page of an ivfkm index */
#define IVFKM_META_BLOCK	 0

/* What a page holds. */
typedef enum IvfkmPageKind
{
	IVFKM_PAGE_META = 1,
	IVFKM_PAGE_MEAN,	 /* part of the mean vector, float32 */
	IVFKM_PAGE_CENTROID, /* records of children: IvfkmChildData */
	IVFKM_PAGE_NODE,	 /* units whose slots point to child records */
	IVFKM_PAGE_POSTING,	 /* units whose slots point to heap rows */
	IVFKM_PAGE_REFINE	 /* records of rows of one list: IvfkmRefineData */
} IvfkmPageKind;

/*
 * Special area of every page, 16 bytes.
 */
typedef struct IvfkmPageOpaqueData
{
	uint32 owner;	   /* id of the list or node the page belongs to; 0 for none */
	uint32 generation; /* generation of the owner that wrote the page */
	BlockNumber next;  /* last page of a group: first block of the next group, or invalid;
						* refine page: the list's refine page before it, or invalid */
	uint16 kind;	   /* IvfkmPageKind */
	uint16 page_id;	   /* IVFKM_PAGE_ID */
} IvfkmPageOpaqueData;

typedef IvfkmPageOpaqueData *IvfkmPageOpaque;

StaticAssertDecl(sizeof(IvfkmPageOpaqueData) == 16, "special area is 16 bytes");

/*
 * Bytes 24..63 of every page of a group, between the page header and the payload.  Only
 * "stripe" and "head" are used on pages other than the group's last.  Refine pages have
 * it too, with "nused" records and "head".
 */
typedef struct IvfkmGroupHeaderData
{
	uint16 stripe;			  /* position of this page in its group, from 0 */
	uint16 nused;			  /* slots in use in the group */
	BlockNumber head;		  /* first block of the list's or node's first group */
	BlockNumber insert_block; /* first group only: where an insert starts to look for a free
							   * slot, a hint; invalid = at the head */
	BlockNumber refine_block; /* first group only: the list's last refine page, or invalid */
	uint32 reserved[6];		  /* zero */
} IvfkmGroupHeaderData;

typedef IvfkmGroupHeaderData *IvfkmGroupHeader;

#define IVFKM_HEADER_OFFSET	 MAXALIGN(SizeOfPageHeaderData)
#define IVFKM_PAYLOAD_OFFSET 64
#define IVFKM_PAYLOAD_END	 ((int) (BLCKSZ - sizeof(IvfkmPageOpaqueData)))
#define IVFKM_PAYLOAD_BYTES	 (IVFKM_PAYLOAD_END - IVFKM_PAYLOAD_OFFSET)
#define IVFKM_PAGE_CHUNKS	 (IVFKM_PAYLOAD_BYTES / QUANT_CHUNK)

StaticAssertDecl(SizeOfPageHeaderData == 24, "page header is 24 bytes");
StaticAssertDecl(IVFKM_HEADER_OFFSET + sizeof(IvfkmGroupHeaderData) == IVFKM_PAYLOAD_OFFSET,
				 "group header ends where the payload starts");

/* Distance of an index, fixed by its operator class. */
typedef enum IvfkmMetric
{
	IVFKM_METRIC_L2 = 1,
	IVFKM_METRIC_IP,
	IVFKM_METRIC_COSINE
} IvfkmMetric;

#define IVFKM_CALIBRATION_SLOTS 8

/* How many lists to probe for the k nearest rows at the default recall, measured at build. */
typedef struct IvfkmCalibration
{
	uint32 k;
	uint32 probes;
} IvfkmCalibration;

#define IVFKM_MAX_HEIGHT 3 /* levels of nodes that a build makes, with the root */

/* What a descent from the root is for. */
typedef enum IvfkmDescentKind
{
	IVFKM_DESCENT_SEARCH, /* the lists of a query's neighbours, by the metric */
	IVFKM_DESCENT_INSERT, /* a row's list, by distance */
	IVFKM_NDESCENTS
} IvfkmDescentKind;

/* How to descend, measured at build. */
typedef struct IvfkmDescent
{
	float lean;							/* see ivfkm_tree.c */
	uint32 nodes[IVFKM_MAX_HEIGHT - 1]; /* to open on each level below the root, the lowest first */
} IvfkmDescent;

/*
 * Metapage, at the payload offset.
 */
typedef struct IvfkmMetaPageData
{
	uint32 magic;			/* IVFKM_MAGIC */
	uint32 version;			/* IVFKM_FORMAT_VERSION */
	uint32 dimensions;		/* of the indexed column */
	uint32 metric;			/* IvfkmMetric */
	uint64 seed;			/* of the rotation */
	int32 scale_exponent;	/* index space = P(x - mean) * 2^-scale_exponent */
	uint32 height;			/* levels of nodes above the lists: 1 = the root only */
	BlockNumber mean_block; /* first of the mean pages */
	BlockNumber root_block; /* first block of the root node's first group */
	uint32 root_id;			/* owner id and generation of the root's pages */
	uint32 root_generation;
	uint32 nlists;			 /* posting lists */
	uint32 next_id;			 /* owner id to hand out next */
	BlockNumber used_blocks; /* blocks in use; those behind are free */
	uint32 list_target;		 /* rows that a list was meant to have */
	uint16 refine_bits;		 /* 0: no refine tier */
	uint16 nattributes;		 /* 0: no attribute columns */
	uint32 ncalibrations;	 /* valid entries of "calibration" */
	IvfkmCalibration calibration[IVFKM_CALIBRATION_SLOTS];
	double build_rows;		  /* rows indexed by the build */
	double build_sample_rows; /* rows the centroids were trained on */
	double build_residual2;	  /* mean squared residual of the build's rows, index space */

	/* what the search of a tree needs to know; see am/README.md */
	uint32 root_nblocks; /* blocks of the root's contiguous groups */
	IvfkmDescent descents[IVFKM_NDESCENTS];
} IvfkmMetaPageData;

typedef IvfkmMetaPageData *IvfkmMetaPage;

/*
 * A child of a node: a posting list (level 0) or a node below.  Followed by the
 * centroid as "dimensions" binary16 numbers in index space.  Records lie back to back
 * from the payload offset; one that is longer than a page takes consecutive pages.
 */
typedef struct IvfkmChildData
{
	uint32 id;				 /* owner id of the child's pages */
	uint32 generation;		 /* generation of the child's pages */
	BlockNumber first_block; /* first group */
	uint32 nblocks;			 /* blocks of the contiguous extent that starts there */
	float norm2;			 /* squared norm of the (binary16) centroid */
	uint16 level;			 /* 0 = posting list */
	uint16 reserved;		 /* zero */
	uint32 rows;			 /* rows or children at build */
	float radius; /* nodes: largest distance from its centroid to that of a list below it,
							  * lists: 0 */
} IvfkmChildData;

typedef IvfkmChildData *IvfkmChild;

StaticAssertDecl(sizeof(IvfkmChildData) == 32, "child record header is 32 bytes");

/*
 * A record of a refine page: a code of refine_bits a dimension of the row at "tid".
 * Followed by quant_refine_bytes() bytes of code.  Records of one size lie back to back
 * from the payload offset.
 */
typedef struct IvfkmRefineData
{
	QuantRefineFactors factors;
	ItemPointerData tid; /* the row; differs from the slot's where the slot was given to
						  * another row meanwhile */
	uint16 reserved;	 /* zero */
} IvfkmRefineData;

typedef IvfkmRefineData *IvfkmRefine;

StaticAssertDecl(sizeof(IvfkmRefineData) == 20, "refine record header is 20 bytes");

/*
 * Geometry of the groups of one kind of owner, derived from the dimensions.
 *
 * unit = codes (64 bytes * nchunks), f_add float4[16], f binary16[16], TID[16],
 *		  and in nodes the squared norm and the radius of the child, binary16[16] each,
 *		  in lists with a refine tier the addresses of the refine records, TID[16], and
 *		  32 bytes of zeros.
 *
 * Units that fit into a page lie back to back in groups of one page.  A longer unit is
 * striped: a group holds one unit on "stripes" consecutive pages, IVFKM_PAGE_CHUNKS chunks
 * to a page, and the arrays behind the codes are on the last page.
 */
typedef struct IvfkmGeometry
{
	int dims;
	int nchunks;	  /* chunks of one unit's codes */
	int unit_bytes;	  /* codes and arrays */
	int units;		  /* units in a group */
	int stripes;	  /* pages in a group */
	int slots;		  /* rows in a group */
	int tail;		  /* striped: offset of the arrays in the last page */
	int tail_bytes;	  /* bytes of the arrays */
	bool node;		  /* has the norm array */
	int refine_bits;  /* 0: no refine tier; always 0 for nodes */
	int refine_bytes; /* one refine record with its code */
	int refine_slots; /* records on a refine page */
} IvfkmGeometry;

#define IVFKM_MAX_STRIPES 4 /* what 16,000 dimensions take, and what one WAL record can hold */

#define IVFKM_TAIL_BYTES		(QUANT_UNIT * (4 + 2 + 6))
#define IVFKM_NODE_TAIL_BYTES	(IVFKM_TAIL_BYTES + QUANT_UNIT * (2 + 2))
#define IVFKM_REFINE_TAIL_BYTES (IVFKM_TAIL_BYTES + QUANT_UNIT * 8)

/* What goes into a slot. */
typedef struct IvfkmEntry
{
	const uint8 *code; /* row-major, quant_code_bytes() bytes */
	QuantFactors factors;
	ItemPointerData tid;	/* heap row, or in nodes the child's record */
	ItemPointerData refine; /* lists with a refine tier: the refine record */
	float norm2;			/* nodes: squared norm of the child's centroid */
	float radius;			/* nodes: see IvfkmChildData */
} IvfkmEntry;

/* A pinned group whose last page is locked: pointers to the parts of one unit. */
typedef struct IvfkmUnit
{
	uint8 *chunks; /* codes; NULL when striped */
	float *add;
	uint16 *mul;
	ItemPointerData *tid;
	uint16 *norm2;			 /* nodes only, else NULL: binary16, rounded up */
	uint16 *radius;			 /* likewise */
	ItemPointerData *refine; /* lists with a refine tier, else NULL */
} IvfkmUnit;

StaticAssertDecl(sizeof(ItemPointerData) == 6, "item pointers are 6 bytes");

/* ----- accessors ----- */

static inline IvfkmPageOpaque
IvfkmPageGetOpaque(Page page)
{
	return (IvfkmPageOpaque) PageGetSpecialPointer(page);
}

static inline IvfkmGroupHeader
IvfkmPageGetGroupHeader(Page page)
{
	return (IvfkmGroupHeader) ((char *) page + IVFKM_HEADER_OFFSET);
}

static inline char *
IvfkmPageGetPayload(Page page)
{
	return (char *) page + IVFKM_PAYLOAD_OFFSET;
}

static inline IvfkmMetaPage
IvfkmPageGetMeta(Page page)
{
	return (IvfkmMetaPage) IvfkmPageGetPayload(page);
}

/* Codes that a page of a striped group holds: number of chunks on page "stripe". */
static inline int
ivfkm_stripe_chunks(const IvfkmGeometry *geometry, int stripe)
{
	int rest = geometry->nchunks - stripe * IVFKM_PAGE_CHUNKS;

	return rest < 0 ? 0 : Min(rest, IVFKM_PAGE_CHUNKS);
}

/* ----- page_layout.c ----- */

extern void page_node_geometry(IvfkmGeometry *geometry, int dims);
extern void page_list_geometry(IvfkmGeometry *geometry, int dims, int refine_bits);
extern int page_refine_max_bits(int dims);
extern void page_init(Page page, IvfkmPageKind kind, uint32 owner, uint32 generation);
extern void page_group_init(Page *pages, const IvfkmGeometry *geometry, IvfkmPageKind kind,
							uint32 owner, uint32 generation, BlockNumber head);
extern void page_unit_get(Page last_page, const IvfkmGeometry *geometry, int unit, IvfkmUnit *out);
extern void page_slot_set(Page *pages, const IvfkmGeometry *geometry, int slot,
						  const IvfkmEntry *entry);
extern void page_slot_clear(Page *pages, const IvfkmGeometry *geometry, int slot);
extern void page_slot_code(Page *pages, const IvfkmGeometry *geometry, int slot, uint8 *code);
extern uint16 page_half_up(float value);
extern bool page_slot_used(Page last_page, const IvfkmGeometry *geometry, int slot);
extern int page_slot_find_free(Page last_page, const IvfkmGeometry *geometry);

/* ----- page_check.c ----- */

VDB_NORETURN extern void page_corrupted(Relation index, BlockNumber block, const char *fmt, ...)
	pg_attribute_printf(3, 4);
extern IvfkmPageKind page_check_any(Relation index, Buffer buffer);
extern void page_check(Relation index, Buffer buffer, IvfkmPageKind kind);
extern void page_check_owner(Relation index, Buffer buffer, IvfkmPageKind kind, uint32 owner,
							 uint32 generation);
extern void page_check_group(Relation index, Buffer buffer, const IvfkmGeometry *geometry,
							 int stripe, uint32 owner, uint32 generation);
extern bool page_in_file(Relation index, BlockNumber block, BlockNumber *nblocks);
extern Buffer page_read(Relation index, BlockNumber block, int lockmode);

/* ----- page_hint.c ----- */

extern Buffer page_pin(Relation index, BlockNumber block);
extern void page_prefetch(Relation index, BlockNumber block, int offset, int bytes);
extern void page_read_ahead(Relation index, BlockNumber block);

/* ----- page_ahead.c ----- */

/* Tells the blocks to be read, one after the other; InvalidBlockNumber if there are no more. */
typedef BlockNumber (*IvfkmNextBlock)(void *arg);

/* Blocks that are read in a known order. */
typedef struct IvfkmAhead
{
	Relation index;
	IvfkmNextBlock next;
	void *arg;
	int window; /* blocks to be asked for ahead */
	int nasked; /* blocks asked for and not read yet */
} IvfkmAhead;

extern void page_ahead_begin(IvfkmAhead *ahead, Relation index, IvfkmNextBlock next, void *arg);
extern Buffer page_ahead_read(IvfkmAhead *ahead, BlockNumber block, int lockmode);

/* ----- page_writer.c ----- */

/* The file of a new index while it is written. */
typedef struct IvfkmWriter
{
	Relation index;
	ForkNumber fork;
	BlockNumber nblocks;		 /* written so far */
	BlockNumber nlogged;		 /* logged so far, before version 17 */
	struct BulkWriteState *bulk; /* from version 17 on */
} IvfkmWriter;

extern void page_writer_begin(IvfkmWriter *writer, Relation index, ForkNumber fork);
extern void page_writer_add(IvfkmWriter *writer, BlockNumber block, const char *image);
extern void page_writer_end(IvfkmWriter *writer);

/* ----- page_meta.c ----- */

extern void page_meta_read(Relation index, IvfkmMetaPageData *meta);
extern int page_mean_pages(int dims);
extern void page_mean_read(Relation index, const IvfkmMetaPageData *meta, float *mean);

/* ----- page_centroid.c ----- */

extern int page_centroid_bytes(int dims);
extern int page_centroid_per_page(int dims);
extern int page_centroid_stripes(int dims);
extern void page_centroid_locate(BlockNumber first, int dims, uint32 ordinal,
								 ItemPointerData *pointer);
extern void page_centroid_prefetch(Relation index, int dims, const ItemPointerData *pointer);
extern void page_centroid_read(Relation index, int dims, const ItemPointerData *pointer,
							   IvfkmChildData *child, uint16 *centroid);

/* ----- page_alloc.c ----- */

extern void page_group_append(Relation index, const IvfkmGeometry *geometry, uint32 owner,
							  uint32 generation, BlockNumber tail_group, BlockNumber *next);
extern BlockNumber page_refine_append(Relation index, const IvfkmGeometry *geometry, uint32 owner,
									  uint32 generation, BlockNumber head, BlockNumber seen);

/* ----- page_refine.c ----- */

extern void page_refine_init(Page page, uint32 owner, uint32 generation, BlockNumber head,
							 BlockNumber previous);
extern IvfkmRefine page_refine_record(Page page, const IvfkmGeometry *geometry, int index);
extern void page_refine_set(Page page, const IvfkmGeometry *geometry, int index,
							const QuantRefineFactors *factors, const uint8 *code,
							const ItemPointerData *tid);
extern void page_check_refine(Relation index, Buffer buffer, const IvfkmGeometry *geometry,
							  uint32 owner, uint32 generation);

#endif /* IVFKM_PAGE_H */
