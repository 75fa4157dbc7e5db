/*-------------------------------------------------------------------------
 *
 * page_geometry.h
 *	  How many rows, units and pages a group has, derived from the dimensions.
 *
 * IDENTIFICATION
 *	  src/page/page_geometry.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_GEOMETRY_H
#define IVFKM_PAGE_GEOMETRY_H

#include "compat.h"

#include "port/pg_bitutils.h"

#include "page/page_format.h"

/*
 * Geometry of the groups of one kind of owner, derived from the dimensions.
 *
 * unit = codes (64 bytes * nchunks), f_add float4[16], f binary16[16], TID[16],
 *		  and in nodes the squared norm and the radius of the child, binary16[16] each,
 *		  in lists with a refine tier the addresses of the refine records, TID[16], and
 *		  32 bytes of zeros.
 *
 * With attributes, the units of lists have for each attribute a mask of the rows where it is
 * NULL, one of the rows whose attributes are not known, 16 bits each (in the 32 bytes, or in
 * one more chunk where there is no refine tier), and then for each attribute an int64[16], or an
 * int32[16] if it is narrow.
 *
 * The list of rows without a value has no dimensions: its units are the arrays alone, with
 * factors of zero.
 *
 * Units that fit into a page lie back to back in groups of one page.  A longer unit is
 * striped: a group holds one unit on "stripes" consecutive pages, IVFKM_PAGE_CHUNKS chunks
 * to a page, and the arrays behind the codes are on the last page.
 */
typedef struct IvfkmGeometry
{
	IvfkmPageKind kind; /* of the pages */
	int dims;
	int nchunks;	  /* chunks of one unit's codes */
	bool keeps_bits;  /* codes hold the bits of values (quant_bits.h) */
	int head_chunks;  /* if so: chunks of the head before them; 0: there is none */
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
	int nattributes;  /* always 0 for nodes */
	int masks;		  /* with attributes: offset of their masks in the arrays */
	int images;		  /* and of their images */
	uint8 narrow;	  /* bit a: those of attribute a have 32 bits */
} IvfkmGeometry;

#define IVFKM_MAX_STRIPES 4 /* what 16,000 dimensions take, and what one WAL record can hold */

#define IVFKM_TAIL_BYTES		(QUANT_UNIT * (4 + 2 + 6))
#define IVFKM_NODE_TAIL_BYTES	(IVFKM_TAIL_BYTES + QUANT_UNIT * (2 + 2))
#define IVFKM_REFINE_TAIL_BYTES (IVFKM_TAIL_BYTES + QUANT_UNIT * 8)
#define IVFKM_MASK_BYTES		QUANT_CHUNK /* of the masks, where they take a chunk of their own */

/* Codes that a page of a striped group holds: number of chunks on page "stripe". */
static inline int
ivfkm_stripe_chunks(const IvfkmGeometry *geometry, int stripe)
{
	int rest = geometry->nchunks - stripe * IVFKM_PAGE_CHUNKS;

	return rest < 0 ? 0 : Min(rest, IVFKM_PAGE_CHUNKS);
}

/* Bytes of one row-major code. */
static inline int
ivfkm_code_bytes(const IvfkmGeometry *geometry)
{
	return geometry->nchunks * QUANT_CHUNK_CODE;
}

/* Where the images of an attribute are among those of a unit, in bytes. */
static inline int
ivfkm_image_offset(uint8 narrow, int attribute)
{
	return (attribute * 2 - pg_popcount32(narrow & ((UINT32_C(1) << attribute) - 1))) * QUANT_UNIT *
		   (int) sizeof(int32);
}

extern void page_node_geometry(IvfkmGeometry *geometry, int dims);
extern void page_list_geometry(IvfkmGeometry *geometry, int dims, int refine_bits, int nattributes,
							   uint8 narrow, bool keeps_bits);
extern void page_null_geometry(IvfkmGeometry *geometry, int nattributes, uint8 narrow);
extern int page_refine_max_bits(int dims, int nattributes);
extern int page_attributes_max_dims(int nattributes);

#endif /* IVFKM_PAGE_GEOMETRY_H */
