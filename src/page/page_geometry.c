/*-------------------------------------------------------------------------
 *
 * page_geometry.c
 *	  Geometry of groups.
 *
 * IDENTIFICATION
 *	  src/page/page_geometry.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "page/page_geometry.h"
#include "quant/quant_bits.h"
#include "vdb.h"

StaticAssertDecl(IVFKM_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");
StaticAssertDecl(IVFKM_NODE_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");
StaticAssertDecl(IVFKM_REFINE_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");
StaticAssertDecl((IVFKM_MAX_ATTRIBUTES + 1) * sizeof(uint16) <= QUANT_UNIT * 2,
				 "masks fit behind refine addresses");
StaticAssertDecl(QUANT_UNIT * 4 % QUANT_CHUNK == 0, "images of an attribute are whole chunks");

/* Fills in what follows from "dims" and "tail_bytes". */
static void
compute_geometry(IvfkmGeometry *geometry, int dims, int nchunks, int tail_bytes)
{
	int tail_chunks = tail_bytes / QUANT_CHUNK;

	memset(geometry, 0, sizeof(*geometry));
	geometry->dims = dims;
	geometry->nchunks = nchunks;
	geometry->tail_bytes = tail_bytes;
	geometry->unit_bytes = geometry->nchunks * QUANT_CHUNK + tail_bytes;
	if (geometry->nchunks + tail_chunks <= IVFKM_PAGE_CHUNKS)
	{
		geometry->stripes = 1;
		geometry->units = IVFKM_PAGE_CHUNKS / (geometry->nchunks + tail_chunks);
		geometry->tail = 0;
	}
	else
	{
		geometry->stripes =
			(geometry->nchunks + tail_chunks + IVFKM_PAGE_CHUNKS - 1) / IVFKM_PAGE_CHUNKS;
		geometry->units = 1;
		geometry->tail = IVFKM_PAYLOAD_OFFSET +
						 ivfkm_stripe_chunks(geometry, geometry->stripes - 1) * QUANT_CHUNK;
	}
	geometry->slots = geometry->units * QUANT_UNIT;
}

/*
 * Geometry of the groups of inner nodes for "dims" dimensions (1..VDB_MAX_DIM); every slot
 * carries the norm and the radius of its child.
 */
void
page_node_geometry(IvfkmGeometry *geometry, int dims)
{
	compute_geometry(geometry, dims, quant_chunks(dims), IVFKM_NODE_TAIL_BYTES);
	geometry->kind = IVFKM_PAGE_NODE;
	geometry->node = true;
}

/* Bytes of the arrays of a list's unit; sets where those of the attributes are. */
static int
list_tail_bytes(int refine_bits, int nattributes, uint8 narrow, int *masks, int *images)
{
	int bytes = refine_bits > 0 ? IVFKM_REFINE_TAIL_BYTES : IVFKM_TAIL_BYTES;

	*masks = refine_bits > 0 ? IVFKM_TAIL_BYTES + QUANT_UNIT * 6 : bytes;
	if (nattributes > 0 && refine_bits == 0)
		bytes += IVFKM_MASK_BYTES;
	*images = bytes;
	return bytes + ivfkm_image_offset(narrow, nattributes);
}

/* Fills in the geometry of a list; see there for the arguments. */
static void
compute_list(IvfkmGeometry *geometry, int dims, int nchunks, int refine_bits, int nattributes,
			 uint8 narrow)
{
	int masks;
	int images;
	int tail_bytes = list_tail_bytes(refine_bits, nattributes, narrow, &masks, &images);

	compute_geometry(geometry, dims, nchunks, tail_bytes);
	geometry->nattributes = nattributes;
	geometry->narrow = narrow;
	geometry->masks = masks;
	geometry->images = images;
}

/*
 * Chunks of the heads of codes that hold bits: half, a quarter or an eighth of those of the bits,
 * as many as pages have room for that hold as many units without them (and without attributes).
 */
static int
head_chunks(int dims)
{
	int nchunks = quant_chunks(dims);
	int fixed = nchunks + IVFKM_TAIL_BYTES / QUANT_CHUNK;

	if (nchunks < QUANT_HEADS_LEAST_CHUNKS || fixed > IVFKM_PAGE_CHUNKS)
		return 0;
	for (int h = 1; h <= QUANT_HEADS; h++)
	{
		int head = nchunks >> h & ~1;
		int all = head > 0 ? quant_bits_chunks(dims, head) - nchunks + fixed : fixed;

		if (head > 0 && IVFKM_PAGE_CHUNKS / all == IVFKM_PAGE_CHUNKS / fixed)
			return head;
	}
	return 0;
}

/*
 * Geometry of posting lists with refine codes of "refine_bits" (0, 4 or 8) a dimension and
 * "nattributes" attributes, of which those of "narrow" have images of 32 bits.  keeps_bits: their
 * codes hold bits.
 */
void
page_list_geometry(IvfkmGeometry *geometry, int dims, int refine_bits, int nattributes,
				   uint8 narrow, bool keeps_bits)
{
	int head = keeps_bits ? head_chunks(dims) : 0;
	int nchunks = keeps_bits ? quant_bits_chunks(dims, head) : quant_chunks(dims);

	compute_list(geometry, dims, nchunks, refine_bits, nattributes, narrow);
	geometry->keeps_bits = keeps_bits;
	geometry->head_chunks = head;
	geometry->kind = IVFKM_PAGE_POSTING;
	if (refine_bits > 0)
	{
		geometry->refine_bits = refine_bits;
		geometry->refine_bytes =
			(int) sizeof(IvfkmRefineData) + quant_refine_bytes(dims, refine_bits);
		geometry->refine_slots = IVFKM_PAYLOAD_BYTES / geometry->refine_bytes;
	}
}

/* Geometry of the list of rows whose value is NULL: addresses and attributes, and no codes. */
void
page_null_geometry(IvfkmGeometry *geometry, int nattributes, uint8 narrow)
{
	compute_list(geometry, 0, 0, 0, nattributes, narrow);
	geometry->kind = IVFKM_PAGE_NULLS;
}

/* Chunks of a unit's arrays, if no attribute is narrow: what is possible depends on no type. */
static int
list_tail_chunks(int refine_bits, int nattributes)
{
	int masks;
	int images;

	return list_tail_bytes(refine_bits, nattributes, 0, &masks, &images) / QUANT_CHUNK;
}

/*
 * Most bits a dimension that refine codes can have: a record takes one page at most, and
 * the unit of a list with refine records IVFKM_MAX_STRIPES pages.
 */
int
page_refine_max_bits(int dims, int nattributes)
{
	if (quant_chunks(dims) + list_tail_chunks(8, nattributes) >
		IVFKM_MAX_STRIPES * IVFKM_PAGE_CHUNKS)
		return 0;
	for (int bits = 8; bits > 0; bits -= 4)
	{
		if ((int) sizeof(IvfkmRefineData) + quant_refine_bytes(dims, bits) <= IVFKM_PAYLOAD_BYTES)
			return bits;
	}
	return 0;
}

/* Most dimensions of a list with so many attributes, whose unit takes IVFKM_MAX_STRIPES pages. */
int
page_attributes_max_dims(int nattributes)
{
	int chunks = IVFKM_MAX_STRIPES * IVFKM_PAGE_CHUNKS - list_tail_chunks(0, nattributes);
	int dims = VDB_MAX_DIM;

	while (quant_chunks(dims) > chunks)
		dims--;
	return dims;
}
