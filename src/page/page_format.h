/*-------------------------------------------------------------------------
 *
 * page_format.h
 *	  Everything that an ivfkm index keeps on disk: the structures of its pages.
 *
 * NOTES
 *	  All numbers are in the server's byte order.  Format version history:
 *
 *	  1		0.1.0: 1-bit codes, refine codes of 4 or 8 bits, any height of the tree, no
 *	  		attributes
 *	  2		rows whose value is NULL, in a list of their own; every page is sealed; another
 *			tree can take the place of the current one; free blocks; attributes in units, of 64
 *			or 32 bits, and their summaries; the calibration is in rows, and of how many; the
 *			list of far rows
 *
 *	  The file is made of these pages, in the order in which a build writes them:
 *
 *	  block 0 | mean | groups of the root | summaries | records of children | groups of the lists
 *
 *	  A *group* is one or more consecutive pages that hold the units of a node or a
 *	  posting list; the groups of a list form a chain.  Behind the groups of a list lie
 *	  its *refine pages*, with a more precise code of each of its rows.  Pages at or after the
 *	  metapage's used_blocks belong to nothing (a crash may leave some) and are the
 *	  next to be handed out.  The layouts are drawn in FORMAT.md of this folder.
 *
 * IDENTIFICATION
 *	  src/page/page_format.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_FORMAT_H
#define IVFKM_PAGE_FORMAT_H

#include "compat.h"

#include "storage/block.h"
#include "storage/bufpage.h"
#include "storage/itemptr.h"

#include "quant/quant.h"
#include "quant/quant_refine.h"

#define IVFKM_MAGIC			 0x4D4B4656u /* "VFKM" in memory on little-endian machines */
#define IVFKM_FORMAT_VERSION 2
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
	IVFKM_PAGE_REFINE,	 /* records of rows of one list: IvfkmRefineData */
	IVFKM_PAGE_NULLS,	 /* units whose slots point to heap rows without a value */
	IVFKM_PAGE_FREE,	 /* reserved, nothing in it */
	IVFKM_PAGE_PENDING,	 /* addresses of rows, see page_pending.c */
	IVFKM_PAGE_RETIRED,	 /* ranges of blocks, see page_retired.c */
	IVFKM_PAGE_SUMMARY	 /* of the attributes of lists: IvfkmSummaryData */
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
 * it too, with "nused" records and "head"; on pages of all other kinds it is zero but for the seal.
 */
typedef struct IvfkmGroupHeaderData
{
	uint16 stripe;			  /* position of this page in its group, from 0 */
	uint16 nused;			  /* slots in use in the group */
	BlockNumber head;		  /* first block of the list's or node's first group */
	BlockNumber insert_block; /* first group only: where an insert starts to look for a free
							   * slot, a hint; invalid = at the head */
	BlockNumber refine_block; /* first group only: the list's last refine page, or invalid */
	uint32 seal;			  /* of every kind of page: see page_seal.c */
	uint16 entered;			  /* lists: rows of other values that inserts have put into the
							   * group, up to 65535 */
	uint16 strays;			  /* of these, those that came beyond the edge of the list */
	uint32 reserved[4];		  /* zero */
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
	IVFKM_METRIC_COSINE,
	IVFKM_METRIC_L1,	 /* lists and codes are by L2 */
	IVFKM_METRIC_JACCARD /* lists and codes are by cosine */
} IvfkmMetric;

#define IVFKM_CALIBRATION_KS	  6 /* of k nearest rows: 1, 10, 32, 100, 320, 1000 */
#define IVFKM_CALIBRATION_TARGETS 6 /* of recalls: 0.80, 0.90, 0.95, 0.98, 0.99, 0.995 */

/*
 * Rows in the order of the lists that hold the k nearest rows, for one k, by the recall wanted;
 * neither falls with k nor with the recall.  And the rows behind which a search may end already,
 * how much farther than the k-th nearest row the list that comes next is, in index space, where it
 * does, and how many rows searches have then seen on average: see am/index/ivfkm_gap.h.
 */
typedef struct IvfkmCalibration
{
	float rows[IVFKM_CALIBRATION_TARGETS];
	float least[IVFKM_CALIBRATION_TARGETS]; /* at most "rows"; likewise never falls */
	float gaps[IVFKM_CALIBRATION_TARGETS];
	float means[IVFKM_CALIBRATION_TARGETS]; /* at least "least"; only costs depend on them */
} IvfkmCalibration;

#define IVFKM_MAX_HEIGHT 3 /* levels of nodes that a build makes, with the root */

#define IVFKM_MAX_ATTRIBUTES 8 /* columns of an index beside the vector */

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
	float lean;							/* see am/index/NOTES.md */
	float list_lean;					/* likewise, of rows and their list */
	uint32 nodes[IVFKM_MAX_HEIGHT - 1]; /* to open on each level below the root, the lowest first */
} IvfkmDescent;

/* How images of an attribute are kept: see am/index/ivfkm_squeeze.c and ivfkm_summary.c. */
typedef struct IvfkmImageData
{
	int64 base;		   /* squeezed ones count steps from this image; others: 0 */
	uint32 shift;	   /* steps of 2^shift images */
	uint32 mark_shift; /* numbers: by how many bits an image, as it is kept, is shifted right for
						* its mark in the summaries of the tree's lists */
} IvfkmImageData;

StaticAssertDecl(sizeof(IvfkmImageData) == 16, "images are described in 16 bytes");

/*
 * Metapage, at the payload offset.
 */
typedef struct IvfkmMetaPageData
{
	uint32 magic;			/* IVFKM_MAGIC */
	uint32 version;			/* IVFKM_FORMAT_VERSION */
	uint32 dimensions;		/* of index space */
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
	uint32 root_nblocks;	 /* blocks of the root's contiguous groups */
	uint8 refine_bits;		 /* 0: no refine tier */
	uint8 keeps_bits;		 /* 1: codes of rows hold the bits of their values */
	uint8 nattributes;		 /* attribute columns, at most IVFKM_MAX_ATTRIBUTES */
	uint8 narrow;			 /* bit a: images of attribute a have 32 bits on pages of lists */
	uint32 ncalibrations;	 /* valid entries of "calibration", the smallest k first */
	IvfkmCalibration calibration[IVFKM_CALIBRATION_KS];
	int64 calibrated_at; /* when it was measured last, as a TimestampTz; 0: by the build */
	double build_rows;	 /* rows when they were counted last: by a build, a renewal, or between */
	double build_residual2; /* mean squared residual of the build's rows, index space */

	/* what the search of a tree needs to know; see am/index/NOTES.md */
	IvfkmDescent descents[IVFKM_NDESCENTS];

	/* the list of the rows whose value is NULL, as a child's record says it of a list */
	uint32 null_id;
	uint32 null_generation;
	BlockNumber null_block;
	uint32 null_nblocks;

	/* the current tree and the next one; see am/maintain/README.md */
	uint32 tree_first_id;	   /* owner ids of the tree's pages, regions' too: from this one */
	uint32 tree_end_id;		   /* to the one before this */
	BlockNumber tree_first;	   /* blocks written when all of it was made: from this one */
	BlockNumber tree_end;	   /* to the one before this */
	uint64 tree_version;	   /* one more each time nodes take the place of current ones */
	uint64 space_version;	   /* the tree_version that mean, seed and scale are from */
	uint64 retired_xid;		   /* full transaction id that was next when another tree took its
							   * place; 0: no ranges are retired */
	uint64 appended;		   /* slots added to lists since rows were counted last */
	uint64 removed;			   /* rows that VACUUM has removed since then */
	uint64 retry;			   /* changes from which on another renewal is worth a try */
	BlockNumber pending_block; /* last page of the pending list, or invalid */
	uint32 throttle;		   /* milliseconds that inserts wait while it grows too fast */
	uint32 calibrated_queries; /* 1: the calibration is that of a user's queries, which a renewal
								* keeps */

	/* how the operator's distance follows from that in index space; see am/index/NOTES.md */
	uint32 column_dimensions; /* of the indexed column */
	float distance_ratio;	  /* mean of the operator's distance over that of index space */
	float distance_deviation; /* standard deviation of its square, as a share of it */

	double made_rows;		   /* rows when all of the tree was made */
	BlockNumber retired_block; /* first page of the chain of retired blocks, or invalid */

	/*
	 * of inner products, the list that takes rows to which no list's radius reaches; 0, 0 and an
	 * invalid address: there is none
	 */
	uint32 far_id;				/* its owner id */
	float far_radius;			/* largest distance of such a row to its centroid */
	ItemPointerData far_record; /* its child record */

	double calibrated_rows; /* rows when the calibration was measured */
	uint64 made_removed;	/* rows that VACUUM has removed since all of the tree was made */
	uint64 strays; /* rows that inserts have put beyond the edge of their list since rows were
							 * counted last, by a sample of them */
	uint64 made_rewritten; /* rows that updates have written again with the value that they had
							* since all of the tree was made, likewise */

	IvfkmImageData images[IVFKM_MAX_ATTRIBUTES]; /* of each attribute */
} IvfkmMetaPageData;

typedef IvfkmMetaPageData *IvfkmMetaPage;

/* Blocks first .. end - 1. */
typedef struct IvfkmRange
{
	BlockNumber first;
	BlockNumber end;
} IvfkmRange;

#define IVFKM_MAX_RANGES 160

/* Ranges in ascending order; no two of them touch. */
typedef struct IvfkmRanges
{
	uint32 count;
	IvfkmRange ranges[IVFKM_MAX_RANGES];
} IvfkmRanges;

/*
 * On the metapage, IVFKM_FREE_OFFSET bytes from the start of the page.  A block below
 * used_blocks that is in none of these belongs to the metapage, the current tree, the pending
 * list, the chain of retired blocks, or is on a page of it, or is lost.
 */
typedef struct IvfkmFreeData
{
	IvfkmRanges free;	  /* handed out next, the lowest first */
	IvfkmRanges retired;  /* trees whose place another took: free when the horizon of the table has
						   * passed retired_xid of the metapage */
	IvfkmRanges building; /* of a tree or of lists in the making, to which nothing leads yet */
	uint32 lost;		  /* blocks that there was no room to note, until the next renewal */
} IvfkmFreeData;

typedef IvfkmFreeData *IvfkmFree;

/* Payload of a page of the chain of retired blocks. */
typedef struct IvfkmRetiredData
{
	uint64 xid; /* full transaction id that was next when they were retired; 0: they are free, and
				 * wait for room on the metapage */
	uint32 count;
	uint32 reserved; /* zero */
	IvfkmRange ranges[FLEXIBLE_ARRAY_MEMBER];
} IvfkmRetiredData;

typedef IvfkmRetiredData *IvfkmRetired;

#define IVFKM_RETIRED_RANGES                                                                       \
	((int) ((IVFKM_PAYLOAD_BYTES - offsetof(IvfkmRetiredData, ranges)) / sizeof(IvfkmRange)))

#define IVFKM_FREE_OFFSET 2048

StaticAssertDecl(IVFKM_PAYLOAD_OFFSET + sizeof(IvfkmMetaPageData) <= IVFKM_FREE_OFFSET,
				 "the metapage's data end before the ranges");
StaticAssertDecl(IVFKM_FREE_OFFSET + sizeof(IvfkmFreeData) <= BLCKSZ - sizeof(IvfkmPageOpaqueData),
				 "ranges fit on the metapage");

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
	uint16 edge;			 /* lists: factor f, binary16, of a row at the edge of those that the
							  * list was trained with; 0: not known; nodes: zero */
	uint32 rows;			 /* rows or children at build */
	float radius; /* nodes: largest distance from its centroid to that of a list below it, and
							  * for inner products some more, see am/index/NOTES.md;
							  * lists of inner products: largest distance of a row when it was made;
							  * other lists: root of the mean square of these, of a sample, or 0 if
							  * list_lean is 0 */
} IvfkmChildData;

typedef IvfkmChildData *IvfkmChild;

StaticAssertDecl(sizeof(IvfkmChildData) == 32, "child record header is 32 bytes");

#define IVFKM_MARKS		 2048 /* of an attribute in a summary; a power of two */
#define IVFKM_MARK_WORDS (IVFKM_MARKS / 64)
#define IVFKM_MAX_SHIFT	 53 /* of a mark: all images together have as many as there are */
#define IVFKM_MAX_STEP	 34 /* of a squeezed image: all images together have 2^30 steps */

StaticAssertDecl(IVFKM_MARKS == 1 << (64 - IVFKM_MAX_SHIFT), "shifts end where marks are few");

/* What the rows of a list have for one attribute; see am/index/ivfkm_summary.c. */
typedef struct IvfkmAttributeSummary
{
	int64 images[2];				/* by the kind of image: the lowest and the highest, or bits */
	uint64 marks[IVFKM_MARK_WORDS]; /* bit m: some row's image has mark m */
} IvfkmAttributeSummary;

#define IVFKM_LATE_BYTES 5
#define IVFKM_LATE_LAST	 (8 * IVFKM_LATE_BYTES - 1) /* the bit of all groups from this one on */

/*
 * What the rows of a list have for attributes, at most: rows that are not within it are not in the
 * list.  Beside each node above lists (page_summary.c) there is one for each child, of as many
 * attributes as the index has, back to back from the payload offset.  In arrays, too, summaries are
 * of as many: page_summary_in() finds them, and none may be copied as a structure.
 */
typedef struct IvfkmSummaryData
{
	uint8 unknown; /* 1: there may be rows whose attributes are not known */
	uint8 nulls;   /* bit a: there may be rows where attribute a is NULL */
	uint8 values;  /* and others; if not, all of "of" is zero */

	/*
	 * bit g: inserts may have put rows into group g of the list's extent since it was made, whose
	 * marks are missing; bit IVFKM_LATE_LAST: into that group or one behind it
	 */
	uint8 late[IVFKM_LATE_BYTES];
	IvfkmAttributeSummary of[IVFKM_MAX_ATTRIBUTES];
} IvfkmSummaryData;

StaticAssertDecl(offsetof(IvfkmSummaryData, of) == 8, "images are aligned");
StaticAssertDecl(sizeof(IvfkmSummaryData) <= IVFKM_PAYLOAD_BYTES, "a summary fits on a page");

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

StaticAssertDecl(sizeof(ItemPointerData) == 6, "item pointers are 6 bytes");

#endif /* IVFKM_PAGE_FORMAT_H */
