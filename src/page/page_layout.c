/*-------------------------------------------------------------------------
 *
 * page_layout.c
 *	  How pages, units and slots are filled.
 *
 * NOTES
 *	  Works on pages in memory, pinned or private; takes no locks and logs nothing.
 *	  Striped groups are passed as arrays of page pointers, one per stripe; only the
 *	  last page holds the arrays behind the codes.
 *
 * IDENTIFICATION
 *	  src/page/page_layout.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <float.h>
#include <math.h>

#include "page/page_bytes.h"
#include "page/page_layout.h"
#include "port/vdb_half.h"

/*
 * Makes an empty page of a kind.  pd_lower is set to the end of the payload: what lies
 * between pd_lower and pd_upper would be lost at replay.
 */
void
page_init(Page page, IvfkmPageKind kind, uint32 owner, uint32 generation)
{
	IvfkmPageOpaque opaque;

	PageInit(page, BLCKSZ, sizeof(IvfkmPageOpaqueData));
	((PageHeader) page)->pd_lower = IVFKM_PAYLOAD_END;
	opaque = IvfkmPageGetOpaque(page);
	opaque->owner = owner;
	opaque->generation = generation;
	opaque->next = InvalidBlockNumber;
	opaque->kind = (uint16) kind;
	opaque->page_id = IVFKM_PAGE_ID;
}

/*
 * Makes the pages of one empty group (geometry->stripes of them).  "head" is the first
 * block of the owner's first group.
 */
void
page_group_init(Page *pages, const IvfkmGeometry *geometry, uint32 owner, uint32 generation,
				BlockNumber head)
{
	for (int i = 0; i < geometry->stripes; i++)
	{
		IvfkmGroupHeader header;

		page_init(pages[i], geometry->kind, owner, generation);
		header = IvfkmPageGetGroupHeader(pages[i]);
		header->stripe = (uint16) i;
		header->head = head;
		header->insert_block = InvalidBlockNumber;
		header->refine_block = InvalidBlockNumber;
	}
	for (int slot = 0; slot < geometry->slots; slot++)
	{
		IvfkmUnit unit;

		page_unit_get(pages[geometry->stripes - 1], geometry, slot / QUANT_UNIT, &unit);
		unit.add[slot % QUANT_UNIT] = INFINITY;
		if (unit.refine != NULL)
			ItemPointerSetInvalid(&unit.refine[slot % QUANT_UNIT]);
	}
}

/* Pointers to the parts of one unit; "last_page" is the last (or only) page of the group. */
void
page_unit_get(Page last_page, const IvfkmGeometry *geometry, int unit, IvfkmUnit *out)
{
	char *arrays;

	if (geometry->stripes == 1)
	{
		char *start = IvfkmPageGetPayload(last_page) + unit * geometry->unit_bytes;

		out->chunks = (uint8 *) start;
		arrays = start + geometry->nchunks * QUANT_CHUNK;
	}
	else
	{
		out->chunks = NULL;
		arrays = (char *) last_page + geometry->tail;
	}
	out->add = (float *) arrays;
	out->mul = (uint16 *) (arrays + QUANT_UNIT * 4);
	out->tid = (ItemPointerData *) (arrays + QUANT_UNIT * 6);
	out->norm2 = geometry->node ? (uint16 *) (arrays + IVFKM_TAIL_BYTES) : NULL;
	out->radius = geometry->node ? out->norm2 + QUANT_UNIT : NULL;
	out->refine =
		geometry->refine_bits > 0 ? (ItemPointerData *) (arrays + IVFKM_TAIL_BYTES) : NULL;
	out->images = NULL;
	out->nulls = NULL;
	out->unknown = NULL;
	if (geometry->nattributes > 0)
	{
		out->images = arrays + geometry->images;
		out->nulls = (uint16 *) (arrays + geometry->masks);
		out->unknown = out->nulls + geometry->nattributes;
	}
}

/* Sets or clears the bit of a row in a mask. */
static void
mask_set(uint16 *mask, int lane, bool value)
{
	*mask = (uint16) ((*mask & ~(1 << lane)) | (value << lane));
}

/* The image of a row in its unit. */
static int64
image_get(const IvfkmUnit *unit, uint8 narrow, int attribute, int lane)
{
	const char *images = unit->images + ivfkm_image_offset(narrow, attribute);

	return narrow & (1 << attribute) ? ((const int32 *) images)[lane]
									 : ((const int64 *) images)[lane];
}

/* Writes it. */
static void
image_set(const IvfkmUnit *unit, uint8 narrow, int attribute, int lane, int64 image)
{
	char *images = unit->images + ivfkm_image_offset(narrow, attribute);

	if (narrow & (1 << attribute))
	{
		Assert(image == (int32) image);
		((int32 *) images)[lane] = (int32) image;
	}
	else
		((int64 *) images)[lane] = image;
}

/* Writes the attributes of a row into its unit. */
static void
write_attributes(const IvfkmUnit *unit, const IvfkmGeometry *geometry, int lane,
				 const IvfkmAttributes *attributes)
{
	for (int a = 0; a < geometry->nattributes; a++)
	{
		image_set(unit, geometry->narrow, a, lane, attributes->images[a]);
		mask_set(&unit->nulls[a], lane, (attributes->nulls & (1 << a)) != 0);
	}
	if (geometry->nattributes > 0)
		mask_set(unit->unknown, lane, attributes->unknown);
}

/* Reads the attributes of a row from its unit; images that the index does not have are zero. */
void
page_slot_attributes(const IvfkmUnit *unit, const IvfkmGeometry *geometry, int lane,
					 IvfkmAttributes *attributes)
{
	memset(attributes, 0, sizeof(*attributes));
	for (int a = 0; a < geometry->nattributes; a++)
	{
		attributes->images[a] = image_get(unit, geometry->narrow, a, lane);
		if (unit->nulls[a] & (1 << lane))
			attributes->nulls |= (uint8) (1 << a);
	}
	if (geometry->nattributes > 0)
		attributes->unknown = (*unit->unknown & (1 << lane)) != 0;
}

/* True if two rows have the same attributes, of so many. */
bool
page_attributes_equal(const IvfkmAttributes *a, const IvfkmAttributes *b, int nattributes)
{
	return a->unknown == b->unknown && a->nulls == b->nulls &&
		   memcmp(a->images, b->images, sizeof(int64) * nattributes) == 0;
}

/* Writes (or, with code == NULL, zeroes) the code bits of a slot on all pages of the group. */
static void
slot_write_code(Page *pages, const IvfkmGeometry *geometry, int slot, const uint8 *code)
{
	static const uint8 zeros[IVFKM_PAGE_CHUNKS * QUANT_CHUNK_CODE];
	int lane = slot % QUANT_UNIT;

	for (int i = 0; i < geometry->stripes; i++)
	{
		int nchunks = ivfkm_stripe_chunks(geometry, i);
		uint8 *chunks = (uint8 *) IvfkmPageGetPayload(pages[i]);

		if (geometry->stripes == 1)
			chunks += (slot / QUANT_UNIT) * geometry->unit_bytes;
		quant_pack_set(chunks, nchunks, lane,
					   code ? code + i * IVFKM_PAGE_CHUNKS * QUANT_CHUNK_CODE : zeros);
	}
}

/* The smallest binary16 that is not below a value of at least 0; maybe infinity. */
uint16
page_half_up(float value)
{
	uint16 half = vdb_half_from_float(value);

	return vdb_half_to_float(half) < value ? half + 1 : half;
}

/*
 * Fills an empty slot and counts it.  refine: the address of the entry's refine record, in lists
 * with a refine tier.
 */
void
page_slot_set(Page *pages, const IvfkmGeometry *geometry, int slot, const IvfkmEntry *entry,
			  const ItemPointerData *refine)
{
	Page last_page = pages[geometry->stripes - 1];
	int lane = slot % QUANT_UNIT;
	IvfkmUnit unit;

	Assert(!page_slot_used(last_page, geometry, slot));
	page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
	slot_write_code(pages, geometry, slot, entry->code);
	unit.add[lane] = entry->factors.add;
	unit.mul[lane] = entry->factors.mul;
	unit.tid[lane] = entry->tid;
	if (geometry->node)
	{
		unit.norm2[lane] = page_half_up(entry->norm2);
		unit.radius[lane] = page_half_up(entry->radius);
	}
	if (unit.refine != NULL)
		unit.refine[lane] = *refine;
	write_attributes(&unit, geometry, lane, entry->attributes);
	IvfkmPageGetGroupHeader(last_page)->nused++;
}

/*
 * Empties a used slot: all its bytes become those of a fresh group, but that it keeps its
 * refine record for the next row.
 */
void
page_slot_clear(Page *pages, const IvfkmGeometry *geometry, int slot)
{
	Page last_page = pages[geometry->stripes - 1];
	int lane = slot % QUANT_UNIT;
	IvfkmAttributes none = {0};
	IvfkmUnit unit;

	Assert(page_slot_used(last_page, geometry, slot));
	page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
	slot_write_code(pages, geometry, slot, NULL);
	unit.add[lane] = INFINITY;
	unit.mul[lane] = 0;
	memset(&unit.tid[lane], 0, sizeof(ItemPointerData));
	if (geometry->node)
	{
		unit.norm2[lane] = 0;
		unit.radius[lane] = 0;
	}
	write_attributes(&unit, geometry, lane, &none);
	IvfkmPageGetGroupHeader(last_page)->nused--;
}

/* Reads the row-major code of a slot: ivfkm_code_bytes() bytes. */
void
page_slot_code(Page *pages, const IvfkmGeometry *geometry, int slot, uint8 *code)
{
	for (int i = 0; i < geometry->stripes; i++)
	{
		const uint8 *chunks = (const uint8 *) IvfkmPageGetPayload(pages[i]);

		if (geometry->stripes == 1)
			chunks += (slot / QUANT_UNIT) * geometry->unit_bytes;
		quant_pack_get(chunks, ivfkm_stripe_chunks(geometry, i), slot % QUANT_UNIT,
					   code + i * IVFKM_PAGE_CHUNKS * QUANT_CHUNK_CODE);
	}
}

/* True when the slot holds a row or child: empty and dead slots have f_add = +Inf. */
bool
page_slot_used(Page last_page, const IvfkmGeometry *geometry, int slot)
{
	IvfkmUnit unit;

	page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
	return unit.add[slot % QUANT_UNIT] <= FLT_MAX;
}

/* The slots of a unit that hold a row or child: bit i is slot i. */
uint32
page_unit_used(const IvfkmUnit *unit)
{
	uint32 mask = 0;

	for (int lane = 0; lane < QUANT_UNIT; lane++)
		mask |= (uint32) (unit->add[lane] <= FLT_MAX) << lane;
	return mask;
}

/* Lowest empty slot of a group, or -1. */
int
page_slot_find_free(Page last_page, const IvfkmGeometry *geometry)
{
	if (IvfkmPageGetGroupHeader(last_page)->nused >= geometry->slots)
		return -1;
	for (int slot = 0; slot < geometry->slots; slot++)
	{
		if (!page_slot_used(last_page, geometry, slot))
			return slot;
	}
	return -1;
}
