/*-------------------------------------------------------------------------
 *
 * ivfkm_range_drawn.c
 *	  Rows of an index in the place of queries that are not known.
 *
 * NOTES
 *	  What the rows of a join, or the executions of a generic plan, will ask for is not known when
 *	  they are planned.  As in calibration, rows of the index are taken to be like the queries.  A
 *	  few lists that are evenly spread over the tree give one or some rows each.  Their values are
 *	  read from the table, which the query has locked, by its snapshot; nothing of them goes into
 *	  the plan but estimates.
 *
 *	  An index whose expressions could run somebody's functions gives no rows: planning a query is
 *	  not to run them.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_range_drawn.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "am/index/ivfkm_all_lists.h"
#include "am/index/ivfkm_list.h"
#include "am/index/ivfkm_rights.h"
#include "am/maintain/ivfkm_rows.h"
#include "am/sql/ivfkm_range_drawn.h"

/*
 * The address of row "number" of a list, from 0, or of its last one; invalid if it has none.  Takes
 * share locks on its pages, one at a time.
 */
static ItemPointerData
row_of_list(Relation index, const IvfkmGeometry *geometry, const IvfkmChildData *list,
			uint32 number)
{
	IvfkmReader reader;
	ItemPointerData tid;
	uint32 seen = 0;

	ItemPointerSetInvalid(&tid);
	ivfkm_reader_begin(&reader, index, geometry, list, NULL);
	while (ivfkm_reader_next(&reader))
	{
		for (int slot = 0; slot < geometry->slots; slot++)
		{
			IvfkmUnit unit;

			if (!page_slot_used(reader.page, geometry, slot) || seen++ > number)
				continue;
			page_unit_get(reader.page, geometry, slot / QUANT_UNIT, &unit);
			tid = unit.tid[slot % QUANT_UNIT];
		}
	}
	return tid;
}

/*
 * Draws at most "most" rows of an index: returns how many.  Their values are in the current memory
 * context.  The table must be locked.  Errors: what is damaged.
 */
int
ivfkm_drawn_rows(const IvfkmIndex *index, int most, IvfkmDrawnRow *rows)
{
	IvfkmChildData *lists = palloc(sizeof(IvfkmChildData) * most);
	IvfkmRows fetching;
	Relation heap;
	Snapshot snapshot;
	int nlists;
	int rounds;
	int n = 0;

	/* a worker's functions may plan, but it can't begin the subtransaction that a row may take */
	if (IsInParallelMode() || !ActiveSnapshotSet() || ivfkm_runs_other_code(index->relation))
		return 0;
	nlists = ivfkm_sample_nodes(index->relation, &index->meta, 0, most, lists);
	rounds = nlists > 0 ? most / nlists : 0; /* rows of each list */
	heap = table_open(index->relation->rd_index->indrelid, NoLock);
	snapshot = RegisterSnapshot(GetActiveSnapshot());
	ivfkm_rows_begin(&fetching, heap, index->relation, snapshot);
	for (int i = 0; i < nlists * rounds; i++)
	{
		const IvfkmChildData *list = &lists[i / rounds];
		uint32 number = (uint32) ((uint64) list->rows * (2 * (i % rounds) + 1) / (2 * rounds));
		ItemPointerData tid = row_of_list(index->relation, &index->lists, list, number);

		if (!ItemPointerIsValid(&tid) || ivfkm_rows_get(&fetching, &tid) != IVFKM_ROW_VALUE)
			continue;
		rows[n].weight = Max(list->rows, 1.0);
		rows[n++].value = PointerGetDatum(PG_DETOAST_DATUM_COPY(fetching.values[fetching.vector]));
	}
	ivfkm_rows_end(&fetching);
	UnregisterSnapshot(snapshot);
	table_close(heap, NoLock);
	return n;
}
