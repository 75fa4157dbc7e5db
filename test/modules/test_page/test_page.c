/*-------------------------------------------------------------------------
 *
 * test_page.c
 *	  Groups and lists of src/page against arrays that say what they should hold.
 *
 * IDENTIFICATION
 *	  test/modules/test_page/test_page.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "page/page.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(test_page_group);
PG_FUNCTION_INFO_V1(test_page_list);
PG_FUNCTION_INFO_V1(test_page_in_file);
PG_FUNCTION_INFO_V1(test_page_retired);

/* What a slot, or an entry of a list, should hold. */
typedef struct Model
{
	bool used;
	bool met; /* scratch of a comparison */
	uint8 *code;
	uint8 *refine_code;
	QuantFactors factors;
	QuantRefineFactors refine_factors;
	ItemPointerData tid;
	ItemPointerData refine; /* of a slot: kept when it is cleared */
	float norm2;
	float radius;
	IvfkmAttributes attributes;
} Model;

static pg_prng_state state;

/* A random number below n. */
static uint32
below(uint32 n)
{
	return (uint32) pg_prng_uint64_range(&state, 0, n - 1);
}

/* Gives a model random contents; "number" makes its address unique. */
static void
fill(Model *model, const IvfkmGeometry *geometry, uint32 number)
{
	int bytes = quant_code_bytes(geometry->dims);

	model->used = true;
	for (int i = 0; i < bytes; i++)
		model->code[i] = (uint8) below(256);
	for (int i = geometry->dims; i < bytes * 8; i++)
		model->code[i / 8] &= (uint8) ~(1 << (i % 8));
	model->factors.add = (float) (pg_prng_double(&state) * 100 - 50);
	model->factors.mul = (uint16) below(0x7c00);
	ItemPointerSet(&model->tid, number / 200, (OffsetNumber) (number % 200 + 1));
	model->norm2 = (float) below(1000);
	model->radius = (float) below(10);
	memset(&model->attributes, 0, sizeof(model->attributes));
	model->attributes.unknown = geometry->nattributes > 0 && below(8) == 0;
	for (int a = 0; a < geometry->nattributes && !model->attributes.unknown; a++)
	{
		if (below(4) == 0)
			model->attributes.nulls |= (uint8) (1 << a);
		else
			model->attributes.images[a] = geometry->narrow & (1 << a)
											  ? (int32) pg_prng_uint32(&state)
											  : (int64) pg_prng_uint64(&state);
	}
	if (geometry->refine_bits > 0)
	{
		for (int i = 0; i < quant_refine_bytes(geometry->dims, geometry->refine_bits); i++)
			model->refine_code[i] = (uint8) below(256);
		model->refine_factors.add = (float) pg_prng_double(&state);
		model->refine_factors.mul = (float) pg_prng_double(&state);
		model->refine_factors.sigma = (float) pg_prng_double(&state);
	}
}

/* Allocates what a model points to. */
static void
init_model(Model *model, const IvfkmGeometry *geometry)
{
	memset(model, 0, sizeof(*model));
	model->code = palloc0(quant_code_bytes(geometry->dims));
	model->refine_code = palloc0(quant_refine_bytes(geometry->dims, 8));
	ItemPointerSetInvalid(&model->refine);
}

/* The entry of a model; points into it. */
static IvfkmEntry
entry_of(const Model *model)
{
	IvfkmEntry entry;

	entry.code = model->code;
	entry.factors = model->factors;
	entry.tid = model->tid;
	entry.norm2 = model->norm2;
	entry.radius = model->radius;
	entry.refine_code = model->refine_code;
	entry.refine_factors = model->refine_factors;
	entry.attributes = &model->attributes;
	return entry;
}

/* Compares one slot of a group with its model, but for the refine address. */
static void
compare_slot(Page *pages, const IvfkmGeometry *geometry, int slot, const Model *model)
{
	Page last_page = pages[geometry->stripes - 1];
	int bytes = quant_code_bytes(geometry->dims);
	uint8 *code = palloc(bytes);
	int lane = slot % QUANT_UNIT;
	IvfkmAttributes none = {0};
	IvfkmAttributes attributes;
	IvfkmUnit unit;

	if (page_slot_used(last_page, geometry, slot) != model->used)
		elog(ERROR, "slot %d is%s in use", slot, model->used ? " not" : "");
	page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
	page_slot_code(pages, geometry, slot, code);
	for (int i = 0; i < bytes; i++)
	{
		if (code[i] != (model->used ? model->code[i] : 0))
			elog(ERROR, "byte %d of the code in slot %d differs", i, slot);
	}
	if (model->used &&
		(unit.add[lane] != model->factors.add || unit.mul[lane] != model->factors.mul ||
		 !ItemPointerEquals(&unit.tid[lane], (ItemPointer) &model->tid)))
		elog(ERROR, "the arrays of slot %d differ", slot);
	if (geometry->node && (unit.norm2[lane] != (model->used ? page_half_up(model->norm2) : 0) ||
						   unit.radius[lane] != (model->used ? page_half_up(model->radius) : 0)))
		elog(ERROR, "norm or radius of slot %d differ", slot);
	page_slot_attributes(&unit, geometry, lane, &attributes);
	if (!page_attributes_equal(&attributes, model->used ? &model->attributes : &none,
							   geometry->nattributes))
		elog(ERROR, "the attributes of slot %d differ", slot);
	pfree(code);
}

/* SQL: see README.md. */
Datum
test_page_group(PG_FUNCTION_ARGS)
{
	int steps = PG_GETARG_INT32(4);
	IvfkmGeometry geometry;
	IvfkmChildData owner;
	Page pages[IVFKM_MAX_STRIPES];
	Model *models;
	uint8 narrow;
	int nused = 0;
	int most = 0;

	pg_prng_seed(&state, (uint64) PG_GETARG_INT32(3));
	narrow = (uint8) below(1 << PG_GETARG_INT32(5));
	if (PG_GETARG_INT32(0) == 0)
		page_null_geometry(&geometry, PG_GETARG_INT32(5), narrow);
	else if (PG_GETARG_BOOL(2))
		page_node_geometry(&geometry, PG_GETARG_INT32(0));
	else
		page_list_geometry(&geometry, PG_GETARG_INT32(0), PG_GETARG_INT32(1), PG_GETARG_INT32(5),
						   narrow, false);
	memset(&owner, 0, sizeof(owner));
	owner.id = 7;
	owner.generation = 3;
	owner.first_block = 42;
	for (int i = 0; i < geometry.stripes; i++)
		pages[i] = (Page) palloc(BLCKSZ);
	page_group_init(pages, &geometry, owner.id, owner.generation, owner.first_block);
	models = palloc(sizeof(Model) * geometry.slots);
	for (int slot = 0; slot < geometry.slots; slot++)
		init_model(&models[slot], &geometry);

	for (int step = 0; step < steps; step++)
	{
		/* phases of filling and of clearing, so that groups get full and empty */
		bool filling = (step / (2 * geometry.slots)) % 2 == 0;
		int slot = below(4) == 0 ? page_slot_find_free(pages[geometry.stripes - 1], &geometry)
								 : (int) below(geometry.slots);
		int first_free = -1;

		CHECK_FOR_INTERRUPTS();
		if (slot >= 0 && !models[slot].used && (filling || below(4) == 0))
		{
			IvfkmEntry entry;

			fill(&models[slot], &geometry, (uint32) step);
			if (!ItemPointerIsValid(&models[slot].refine))
				ItemPointerSet(&models[slot].refine, 1000 + step, (OffsetNumber) (slot + 1));
			entry = entry_of(&models[slot]);
			page_slot_set(pages, &geometry, slot, &entry, &models[slot].refine);
			nused++;
		}
		else if (slot >= 0 && models[slot].used && (!filling || below(4) == 0))
		{
			page_slot_clear(pages, &geometry, slot);
			models[slot].used = false;
			nused--;
		}
		most = Max(most, nused);
		for (int i = 0; i < geometry.slots; i++)
		{
			compare_slot(pages, &geometry, i, &models[i]);
			if (first_free < 0 && !models[i].used)
				first_free = i;
			if (geometry.refine_bits > 0)
			{
				IvfkmUnit unit;

				page_unit_get(pages[geometry.stripes - 1], &geometry, i / QUANT_UNIT, &unit);
				if (!ItemPointerEquals(&unit.refine[i % QUANT_UNIT], &models[i].refine))
					elog(ERROR, "slot %d has another refine record", i);
			}
		}
		if (page_slot_find_free(pages[geometry.stripes - 1], &geometry) != first_free)
			elog(ERROR, "the first free slot is not %d", first_free);
		if (page_group_used(pages[geometry.stripes - 1]) != nused)
			elog(ERROR, "not %d slots are in use", nused);
	}
	PG_RETURN_INT32(most);
}

/* The only list of an index. */
static IvfkmChildData
only_list(Relation index, const IvfkmMetaPageData *meta)
{
	int dims = (int) meta->dimensions;
	uint16 *centroid = palloc(sizeof(uint16) * dims);
	IvfkmGeometry geometry;
	IvfkmChildData child;
	IvfkmGroup group;
	IvfkmUnit unit;
	ItemPointerData pointer;

	page_meta_root(meta, &child);
	page_node_geometry(&geometry, dims);
	page_group_lock(&group, index, &geometry, child.id, child.generation, child.first_block,
					BUFFER_LOCK_SHARE);
	page_unit_get(page_group_last(&group), &geometry, 0, &unit);
	pointer = unit.tid[0];
	page_group_unlock(&group);
	page_child_read(index, dims, &pointer, &child, centroid);
	return child;
}

/* The record of a slot that is in use must be its own and hold what the model says. */
static void
compare_record(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
			   const ItemPointerData *address, const Model *model)
{
	Buffer buffer;
	IvfkmRefine record = page_refine_lock(index, geometry, list->id, list->generation, address,
										  BUFFER_LOCK_SHARE, &buffer);

	if (!ItemPointerEquals(&record->tid, (ItemPointer) &model->tid) ||
		memcmp(&record->factors, &model->refine_factors, sizeof(QuantRefineFactors)) != 0 ||
		memcmp(record + 1, model->refine_code,
			   quant_refine_bytes(geometry->dims, geometry->refine_bits)) != 0)
		elog(ERROR, "a refine record differs");
	UnlockReleaseBuffer(buffer);
}

/* Walks the list: it must hold the entries of the models that are in use and no others. */
static void
compare_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
			 Model *models, int nmodels)
{
	BlockNumber block = list->first_block;
	Page pages[IVFKM_MAX_STRIPES];

	for (int i = 0; i < geometry->stripes; i++)
		pages[i] = (Page) palloc(BLCKSZ);
	for (int i = 0; i < nmodels; i++)
		models[i].met = false;
	while (BlockNumberIsValid(block))
	{
		Page last_page = pages[geometry->stripes - 1];

		page_group_copy(index, geometry, list->id, list->generation, block, pages);
		page_verify_group(index, geometry, list, block, pages);
		for (int i = 0; i < geometry->stripes; i++)
			page_seal_check(index, block + i, pages[i]);
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;
			Model *model;
			uint32 number;

			if (!page_slot_used(last_page, geometry, slot))
				continue;
			page_unit_get(last_page, geometry, slot / QUANT_UNIT, &unit);
			number = ItemPointerGetBlockNumber(&unit.tid[slot % QUANT_UNIT]) * 200 +
					 ItemPointerGetOffsetNumber(&unit.tid[slot % QUANT_UNIT]) - 1;
			if (number >= (uint32) nmodels || !models[number].used || models[number].met)
				elog(ERROR, "entry %u should not be there", number);
			model = &models[number];
			model->met = true;
			compare_slot(pages, geometry, slot, model);
			if (geometry->refine_bits > 0)
				compare_record(index, geometry, list, &unit.refine[slot % QUANT_UNIT], model);
		}
		block = page_group_next(last_page);
	}
	for (int i = 0; i < nmodels; i++)
	{
		if (models[i].used && !models[i].met)
			elog(ERROR, "entry %d is missing", i);
	}
}

/*
 * Removes about one entry in "share" from all groups of the list "owner", as VACUUM does; returns
 * how many.
 */
static int
remove_some(Relation index, const IvfkmGeometry *geometry, const IvfkmMetaPageData *meta,
			uint32 owner, Model *models, uint32 share)
{
	int *slots = palloc(sizeof(int) * geometry->slots);
	int removed = 0;
	const IvfkmOwners owners = {&owner, 1};

	for (BlockNumber block = IVFKM_META_BLOCK + 1; block < meta->used_blocks; block++)
	{
		IvfkmGroup group;
		int nslots = 0;
		BlockNumber head;

		if (!page_group_lock_found(&group, index, meta, &owners, &geometry, 1, block, NULL))
			continue;
		head = page_group_head(page_group_last(&group));
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;

			if (!page_slot_used(page_group_last(&group), geometry, slot) || below(share) != 0)
				continue;
			page_unit_get(page_group_last(&group), geometry, slot / QUANT_UNIT, &unit);
			models[ItemPointerGetBlockNumber(&unit.tid[slot % QUANT_UNIT]) * 200 +
				   ItemPointerGetOffsetNumber(&unit.tid[slot % QUANT_UNIT]) - 1]
				.used = false;
			slots[nslots++] = slot;
		}
		if (nslots > 0)
			page_group_clear(&group, slots, nslots);
		page_group_unlock(&group);
		if (nslots > 0)
			page_list_reset_hint(index, geometry, group.owner, group.generation, head);
		removed += nslots;
	}
	pfree(slots);
	return removed;
}

/* SQL: see README.md. */
Datum
test_page_list(PG_FUNCTION_ARGS)
{
	Relation index = index_open(PG_GETARG_OID(0), RowExclusiveLock);
	int steps = PG_GETARG_INT32(2);
	IvfkmMetaPageData meta;
	IvfkmGeometry geometry;
	IvfkmChildData list;
	Model *models;
	int nused = 0;
	bool grown = false;

	pg_prng_seed(&state, (uint64) PG_GETARG_INT32(1));
	page_meta_read(index, &meta);
	page_list_geometry(&geometry, (int) meta.dimensions, meta.refine_bits, meta.nattributes,
					   meta.narrow, meta.keeps_bits);
	list = only_list(index, &meta);
	models = palloc(sizeof(Model) * steps);
	for (int i = 0; i < steps; i++)
	{
		IvfkmEntry entry;

		CHECK_FOR_INTERRUPTS();
		init_model(&models[i], &geometry);
		fill(&models[i], &geometry, (uint32) i);
		entry = entry_of(&models[i]);
		(void) page_list_insert(index, NULL, &geometry, &list, &entry, PAGE_LIST_ANY_GROUP, &grown);
		nused++;
		if (below(100) == 0)
		{
			page_meta_read(index, &meta);
			nused -= remove_some(index, &geometry, &meta, list.id, models, 1 + below(5));
			compare_list(index, &geometry, &list, models, i + 1);
		}
	}
	compare_list(index, &geometry, &list, models, steps);
	index_close(index, RowExclusiveLock);
	PG_RETURN_INT32(nused);
}

/* SQL: see README.md. */
Datum
test_page_in_file(PG_FUNCTION_ARGS)
{
	Relation index = index_open(PG_GETARG_OID(0), AccessShareLock);
	BlockNumber nblocks;
	bool in_file = page_in_file(index, (BlockNumber) PG_GETARG_INT64(1), &nblocks);

	index_close(index, AccessShareLock);
	PG_RETURN_BOOL(in_file);
}

/* Ranges of each length that test_page_retired() retires; of one there are more than have room. */
#define SHORT_RANGES (IVFKM_MAX_RANGES + 40)
#define LONG_RANGES	 (IVFKM_MAX_RANGES - 60)
#define LONG_BLOCKS	 4

/* True, whatever was retired: an IvfkmRetiredIsFree. */
static bool
is_free(void *arg, FullTransactionId xid)
{
	return true;
}

/* Retires n ranges of "count" blocks each, "step" blocks apart, from "first" on. */
static void
retire(Relation index, BlockNumber first, int n, BlockNumber count, BlockNumber step)
{
	IvfkmBlocks blocks = {NULL, 0, 0};
	IvfkmReserve reserve;
	IvfkmMetaPageData meta;

	memset(&reserve, 0, sizeof(reserve));
	for (int i = 0; i < n; i++)
		page_blocks_add(&blocks, first + (BlockNumber) i * step, count);
	page_meta_read(index, &meta);
	page_retired_replace(index, &meta, &reserve, &blocks);
}

/* True if all of these ranges are among the free ones. */
static bool
are_free(Relation index, BlockNumber first, int n, BlockNumber count, BlockNumber step)
{
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));
	bool all = true;

	page_free_read(index, data);
	for (int i = 0; i < n; i++)
	{
		for (BlockNumber j = 0; j < count; j++)
			all &= page_ranges_contain(&data->free, first + (BlockNumber) i * step + j);
	}
	pfree(data);
	return all;
}

/* SQL: see README.md. */
Datum
test_page_retired(PG_FUNCTION_ARGS)
{
	Relation index = index_open(PG_GETARG_OID(0), RowExclusiveLock);
	BlockNumber size = 2 * SHORT_RANGES + (LONG_BLOCKS + 1) * LONG_RANGES;
	BlockNumber shorts;
	BlockNumber longs;
	BlockNumber waiting;
	IvfkmMetaPageData meta;
	IvfkmFreeData *data = palloc(sizeof(IvfkmFreeData));

	page_free_reserve_many(index, &size, 1, 0, &shorts);
	longs = shorts + 2 * SHORT_RANGES;
	retire(index, shorts, SHORT_RANGES, 1, 2);
	(void) page_retired_release(index, is_free, NULL);
	retire(index, longs, LONG_RANGES, LONG_BLOCKS, LONG_BLOCKS + 1);
	(void) page_retired_release(index, is_free, NULL);
	if (!are_free(index, longs, LONG_RANGES, LONG_BLOCKS, LONG_BLOCKS + 1))
		elog(ERROR, "long ranges wait for room");
	if (page_retired_kept(index) != 0)
		elog(ERROR, "what waits for room is taken to be in use");
	page_meta_read(index, &meta);
	page_free_read(index, data);
	(void) page_retired_is_sparse(index, data, meta.used_blocks, &waiting);
	if (page_ranges_total(&data->free) + waiting < SHORT_RANGES + LONG_BLOCKS * LONG_RANGES)
		elog(ERROR, "%u blocks wait, and %u are free", waiting, page_ranges_total(&data->free));

	/* what lay between: all of it becomes one range */
	retire(index, shorts + 1, SHORT_RANGES, 1, 2);
	retire(index, longs + LONG_BLOCKS, LONG_RANGES, 1, LONG_BLOCKS + 1);
	for (int i = 0; i < 3; i++)
		(void) page_retired_release(index, is_free, NULL);
	if (!are_free(index, shorts, 1, size, size))
		elog(ERROR, "not all blocks are free");
	page_meta_read(index, &meta);
	if (BlockNumberIsValid(meta.retired_block))
		elog(ERROR, "a page of the chain is left");
	index_close(index, RowExclusiveLock);
	PG_RETURN_INT32((int32) size);
}
