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

StaticAssertDecl(IVFKM_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");
StaticAssertDecl(IVFKM_NODE_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");
StaticAssertDecl(IVFKM_REFINE_TAIL_BYTES % QUANT_CHUNK == 0, "arrays are whole chunks");

/* Fills in what follows from "dims" and "tail_bytes". */
static void
compute_geometry(IvfkmGeometry *geometry, int dims, int tail_bytes)
{
	int tail_chunks = tail_bytes / QUANT_CHUNK;

	memset(geometry, 0, sizeof(*geometry));
	geometry->dims = dims;
	geometry->nchunks = quant_chunks(dims);
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
	compute_geometry(geometry, dims, IVFKM_NODE_TAIL_BYTES);
	geometry->kind = IVFKM_PAGE_NODE;
	geometry->node = true;
}

/* Geometry of posting lists with refine codes of "refine_bits" (0, 4 or 8) a dimension. */
void
page_list_geometry(IvfkmGeometry *geometry, int dims, int refine_bits)
{
	compute_geometry(geometry, dims, refine_bits > 0 ? IVFKM_REFINE_TAIL_BYTES : IVFKM_TAIL_BYTES);
	geometry->kind = IVFKM_PAGE_POSTING;
	if (refine_bits > 0)
	{
		geometry->refine_bits = refine_bits;
		geometry->refine_bytes =
			(int) sizeof(IvfkmRefineData) + quant_refine_bytes(dims, refine_bits);
		geometry->refine_slots = IVFKM_PAYLOAD_BYTES / geometry->refine_bytes;
	}
}

/* Geometry of the list of rows whose value is NULL: addresses, and no codes. */
void
page_null_geometry(IvfkmGeometry *geometry)
{
	compute_geometry(geometry, 0, IVFKM_TAIL_BYTES);
	geometry->kind = IVFKM_PAGE_NULLS;
}

/*
 * Most bits a dimension that refine codes can have: a record takes one page at most, and
 * the unit of a list with refine records IVFKM_MAX_STRIPES pages.
 */
int
page_refine_max_bits(int dims)
{
	if (quant_chunks(dims) + IVFKM_REFINE_TAIL_BYTES / QUANT_CHUNK >
		IVFKM_MAX_STRIPES * IVFKM_PAGE_CHUNKS)
		return 0;
	for (int bits = 8; bits > 0; bits -= 4)
	{
		if ((int) sizeof(IvfkmRefineData) + quant_refine_bytes(dims, bits) <= IVFKM_PAYLOAD_BYTES)
			return bits;
	}
	return 0;
}
