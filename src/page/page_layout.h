/*-------------------------------------------------------------------------
 *
 * page_layout.h
 *	  Pages, units and slots in memory.
 *
 * IDENTIFICATION
 *	  src/page/page_layout.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_LAYOUT_H
#define IVFKM_PAGE_LAYOUT_H

#include "compat.h"

#include "page/page_geometry.h"

/* What the index keeps of the attributes of a row. */
typedef struct IvfkmAttributes
{
	bool unknown; /* nothing: the row may match any condition; the rest is zero */
	uint8 nulls;  /* bit a: attribute a is NULL, and its image zero */
	int64 images[IVFKM_MAX_ATTRIBUTES]; /* of a narrow attribute: within 32 bits */
} IvfkmAttributes;

StaticAssertDecl(IVFKM_MAX_ATTRIBUTES <= 8, "an attribute has a bit of \"nulls\"");

/* A row, or a child of a node: what goes into a slot and, with a refine tier, into its record. */
typedef struct IvfkmEntry
{
	const uint8 *code; /* row-major, ivfkm_code_bytes() bytes */
	QuantFactors factors;
	ItemPointerData tid; /* heap row, or in nodes the child's record */
	float norm2;		 /* nodes: squared norm of the child's centroid */
	float radius;		 /* nodes: see IvfkmChildData */
	/* lists with a refine tier */
	const uint8 *refine_code; /* quant_refine_bytes() bytes */
	QuantRefineFactors refine_factors;
	const IvfkmAttributes *attributes; /* of lists with attributes */
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
	char *images;	 /* lists with attributes, else NULL: QUANT_UNIT of each, int64 or int32 */
	uint16 *nulls;	 /* likewise, bit for each row: one mask for each attribute, and */
	uint16 *unknown; /* that of the rows whose attributes are not known */
} IvfkmUnit;

extern void page_init(Page page, IvfkmPageKind kind, uint32 owner, uint32 generation);
extern void page_group_init(Page *pages, const IvfkmGeometry *geometry, uint32 owner,
							uint32 generation, BlockNumber head);
extern void page_unit_get(Page last_page, const IvfkmGeometry *geometry, int unit, IvfkmUnit *out);
extern void page_slot_set(Page *pages, const IvfkmGeometry *geometry, int slot,
						  const IvfkmEntry *entry, const ItemPointerData *refine);
extern void page_slot_clear(Page *pages, const IvfkmGeometry *geometry, int slot);
extern void page_slot_code(Page *pages, const IvfkmGeometry *geometry, int slot, uint8 *code);
extern bool page_slot_used(Page last_page, const IvfkmGeometry *geometry, int slot);
extern uint32 page_unit_used(const IvfkmUnit *unit);
extern int page_slot_find_free(Page last_page, const IvfkmGeometry *geometry);
extern void page_slot_attributes(const IvfkmUnit *unit, const IvfkmGeometry *geometry, int lane,
								 IvfkmAttributes *attributes);
extern bool page_attributes_equal(const IvfkmAttributes *a, const IvfkmAttributes *b,
								  int nattributes);
extern uint16 page_half_up(float value);

#endif /* IVFKM_PAGE_LAYOUT_H */
