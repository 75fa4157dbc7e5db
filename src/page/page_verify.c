/*-------------------------------------------------------------------------
 *
 * page_verify.c
 *	  What vdb_index_check() asks of the bytes of each page.
 *
 * NOTES
 *	  Works on copies of pages that page_check*() has let pass.  Whatever is not as the code
 *	  of this folder would have written it is reported as damage; what bytes mean for
 *	  other pages and for the table is left to the caller.
 *
 * IDENTIFICATION
 *	  src/page/page_verify.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_refine.h"
#include "page/page_verify.h"

/* True when all bytes are zero. */
static bool
all_zero(const void *bytes, Size n)
{
	const char *p = bytes;

	for (Size i = 0; i < n; i++)
	{
		if (p[i] != 0)
			return false;
	}
	return true;
}

/* True if a page has what only that with the counters of a list's group may have: zeros. */
static bool
is_uncounted(IvfkmGroupHeader header)
{
	return all_zero((char *) header + offsetof(IvfkmGroupHeaderData, entered),
					sizeof(IvfkmGroupHeaderData) - offsetof(IvfkmGroupHeaderData, entered));
}

/*
 * Checks what is around the payload of a page that is in no group and no chain: metapage, mean,
 * records of children.
 */
void
page_verify_frame(Relation index, BlockNumber block, Page page)
{
	IvfkmGroupHeader header = IvfkmPageGetGroupHeader(page);

	if (IvfkmPageGetOpaque(page)->next != InvalidBlockNumber)
		page_corrupted(index, block, "It leads to block %u.", IvfkmPageGetOpaque(page)->next);
	if (!all_zero(header, offsetof(IvfkmGroupHeaderData, seal)) || !is_uncounted(header))
		page_corrupted(index, block, "Unused bytes are not zero.");
}

/*
 * True if the attributes of a slot are as they would have been written: none in an empty one, no
 * image where there is no value, nothing at all where nothing is known.
 */
static bool
attributes_are_sound(const IvfkmUnit *unit, const IvfkmGeometry *geometry, int lane, bool used)
{
	IvfkmAttributes attributes;

	page_slot_attributes(unit, geometry, lane, &attributes);
	for (int a = 0; a < geometry->nattributes; a++)
	{
		bool is_null = (attributes.nulls & (1 << a)) != 0;

		if (attributes.images[a] != 0 && (!used || is_null || attributes.unknown))
			return false;
	}
	return used ? !attributes.unknown || attributes.nulls == 0
				: !attributes.unknown && attributes.nulls == 0;
}

/*
 * True if the bits of a code past the dimensions are 0.  Bits of values have the highest bit of a
 * byte first.
 */
static bool
code_padding_is_zero(const IvfkmGeometry *geometry, const uint8 *code)
{
	const uint8 *bits = code + geometry->head_chunks * QUANT_CHUNK_CODE;

	for (int i = geometry->dims; i < quant_chunks(geometry->dims) * QUANT_CHUNK_DIMS; i++)
	{
		if (bits[i / 8] & (geometry->keeps_bits ? 0x80 >> i % 8 : 1 << i % 8))
			return false;
	}
	return true;
}

/* Checks one slot of a group: a used one is plausible, an empty one is clean. */
static bool
verify_slot(Relation index, const IvfkmGeometry *geometry, BlockNumber block, Page *pages, int slot,
			uint8 *code)
{
	Page last_page = pages[geometry->stripes - 1];
	int code_bytes = ivfkm_code_bytes(geometry);
	int lane = slot % QUANT_UNIT;
	IvfkmUnit unit;
	bool used;

	page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
	used = page_slot_used(last_page, geometry, slot);
	page_slot_code(pages, geometry, slot, code);
	if (!attributes_are_sound(&unit, geometry, lane, used))
		page_corrupted(index, block, "The attributes in slot %d are not sound.", slot);
	if (!used)
	{
		if (isnan(unit.add[lane]) || unit.mul[lane] != 0 ||
			!all_zero(&unit.tid[lane], sizeof(ItemPointerData)) || !all_zero(code, code_bytes) ||
			(geometry->node && (unit.norm2[lane] != 0 || unit.radius[lane] != 0)))
			page_corrupted(index, block, "Empty slot %d is not clean.", slot);
		return false;
	}
	if (!code_padding_is_zero(geometry, code))
		page_corrupted(index, block, "Padding of the code in slot %d is not zero.", slot);
	if (!ItemPointerIsValid(&unit.tid[lane]))
		page_corrupted(index, block, "Slot %d points to no row.", slot);
	if (geometry->kind == IVFKM_PAGE_NULLS && (unit.add[lane] != 0.0f || unit.mul[lane] != 0))
		page_corrupted(index, block, "Slot %d of a row without a value has factors.", slot);
	if (unit.mul[lane] >= 0x7c00)
		page_corrupted(index, block, "Factor of slot %d is not a finite number.", slot);
	if (unit.refine != NULL && !ItemPointerIsValid(&unit.refine[lane]))
		page_corrupted(index, block, "Slot %d has no refine record.", slot);
	return true;
}

/* End of what is in use on page "stripe" of a group. */
static int
group_page_end(const IvfkmGeometry *geometry, int stripe)
{
	if (geometry->stripes == 1)
		return IVFKM_PAYLOAD_OFFSET + geometry->units * geometry->unit_bytes;
	if (stripe < geometry->stripes - 1)
		return IVFKM_PAYLOAD_OFFSET + ivfkm_stripe_chunks(geometry, stripe) * QUANT_CHUNK;
	return geometry->tail + geometry->tail_bytes;
}

/*
 * True if the bytes behind the refine addresses of all units are zero, or those behind the masks
 * of the attributes.
 */
static bool
padding_is_zero(const IvfkmGeometry *geometry, Page last_page)
{
	for (int u = 0; u < geometry->units; u++)
	{
		const char *end = NULL;
		const char *padding = NULL;
		IvfkmUnit unit;

		page_unit_get(last_page, geometry, u, &unit);
		if (unit.refine != NULL)
		{
			padding = (const char *) (unit.refine + QUANT_UNIT);
			end = padding + QUANT_UNIT * (8 - sizeof(ItemPointerData));
		}
		if (unit.unknown != NULL)
		{
			padding = (const char *) (unit.unknown + 1);
			end = unit.images;
		}
		if (padding != NULL && !all_zero(padding, end - padding))
			return false;
	}
	return true;
}

/*
 * Checks everything in a group of the owner but where its links lead: headers, slots, the number
 * of used ones, unused bytes.  Only an owner's first group carries links of a first group, and only
 * those of lists that have an edge count what enters them.
 */
void
page_verify_group(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *owner,
				  BlockNumber block, Page *pages)
{
	int last = geometry->stripes - 1;
	uint8 *code = palloc(ivfkm_code_bytes(geometry));
	int nused = 0;

	for (int stripe = 0; stripe <= last; stripe++)
	{
		Page page = pages[stripe];
		IvfkmGroupHeader header = IvfkmPageGetGroupHeader(page);
		int end = group_page_end(geometry, stripe);

		if (!all_zero((char *) page + end, IVFKM_PAYLOAD_END - end) ||
			!(stripe == last && owner->edge != 0
				  ? all_zero(header->reserved, sizeof(header->reserved))
				  : is_uncounted(header)))
			page_corrupted(index, block + stripe, "Unused bytes are not zero.");
		if (header->head != owner->first_block)
			page_corrupted(index, block + stripe, "Its list begins at block %u, not %u.",
						   owner->first_block, header->head);
		if (stripe < last && (header->nused != 0 || header->insert_block != InvalidBlockNumber ||
							  header->refine_block != InvalidBlockNumber ||
							  IvfkmPageGetOpaque(page)->next != InvalidBlockNumber))
			page_corrupted(index, block + stripe, "It carries links of a last page.");
		if (stripe == last && block != owner->first_block &&
			(header->insert_block != InvalidBlockNumber ||
			 header->refine_block != InvalidBlockNumber))
			page_corrupted(index, block + last, "It carries a link of a first group.");
	}
	if (IvfkmPageGetGroupHeader(pages[last])->strays >
		IvfkmPageGetGroupHeader(pages[last])->entered)
		page_corrupted(index, block + last, "It has got fewer rows than strays.");
	if (!padding_is_zero(geometry, pages[last]))
		page_corrupted(index, block + last, "Unused bytes are not zero.");
	for (int slot = 0; slot < geometry->slots; slot++)
	{
		if (verify_slot(index, geometry, block, pages, slot, code))
			nused++;
	}
	if (IvfkmPageGetGroupHeader(pages[last])->nused != nused)
		page_corrupted(index, block + last, "It says %u slots are used, but %d are.",
					   IvfkmPageGetGroupHeader(pages[last])->nused, nused);
	pfree(code);
}

/* Checks everything on a refine page of the list but where its link leads. */
void
page_verify_refine(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
				   BlockNumber block, Page page)
{
	IvfkmGroupHeader header = IvfkmPageGetGroupHeader(page);
	int end = IVFKM_PAYLOAD_OFFSET + header->nused * geometry->refine_bytes;

	if (header->head != list->first_block)
		page_corrupted(index, block, "Its list begins at block %u, not %u.", list->first_block,
					   header->head);
	if (!all_zero((char *) page + end, IVFKM_PAYLOAD_END - end) || !is_uncounted(header) ||
		header->stripe != 0)
		page_corrupted(index, block, "Unused bytes are not zero.");
	if (header->insert_block != InvalidBlockNumber || header->refine_block != InvalidBlockNumber)
		page_corrupted(index, block, "It carries a link of a first group.");
	for (int i = 0; i < header->nused; i++)
	{
		IvfkmRefine record = page_refine_record(page, geometry, i);

		if (!ItemPointerIsValid(&record->tid) || record->reserved != 0)
			page_corrupted(index, block, "Record %d points to no row.", i + 1);
	}
}
