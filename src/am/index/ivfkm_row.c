/*-------------------------------------------------------------------------
 *
 * ivfkm_row.c
 *	  From the values of a row to what the index keeps of it.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_row.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "fmgr.h"
#include "utils/varbit.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_ops.h"
#include "am/index/ivfkm_row.h"
#include "quant/quant_bits.h"

/*
 * Numbers beyond these overflow or underflow when a float32 kernel squares and sums them, so
 * that exact distances are not what the codes foresee.
 */
#define ORDINARY_MAX	  1e15f
#define ORDINARY_MIN_NORM 1e-15f

/*
 * True if the metric's exact distances to a vector with this largest coordinate (input space)
 * are close to the true ones: it is not huge, and for cosine the vector has a length to divide
 * by.
 */
static bool
is_ordinary(IvfkmMetric metric, float largest)
{
	return largest <= ORDINARY_MAX &&
		   (!ivfkm_metric_by_angle(metric) || largest >= ORDINARY_MIN_NORM);
}

/*
 * Loads a detoasted value, of a row or a query, in input space, "dims" coordinates, normalised for
 * cosine and Jaccard; row->x has room for it.
 */
void
ivfkm_row_load(const IvfkmOps *ops, const void *value, int dims, IvfkmRow *row)
{
	QuantInputStats stats;
	bool by_angle = ivfkm_metric_by_angle(ops->metric);

	ops->load(value, dims, row->x);
	quant_input_stats(dims, row->x, &stats);
	row->ordinary = is_ordinary(ops->metric, stats.largest);
	row->has_distance = !by_angle || stats.norm2 != 0.0;
	if (by_angle && row->has_distance)
		quant_input_scale(dims, 1.0 / sqrt(stats.norm2), row->x);
}

const IvfkmAttributes ivfkm_row_unknown = {.unknown = true};

/*
 * What the index keeps of a row whose value is NULL: its address and its attributes, to which the
 * entry points.
 */
void
ivfkm_row_null_entry(const IvfkmAttributes *attributes, const ItemPointerData *tid,
					 IvfkmEntry *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->tid = *tid;
	entry->attributes = attributes;
}

/* True if a row has a value to be indexed by, and not NULL. */
bool
ivfkm_row_has_value(const IvfkmIndex *index, const bool *isnull)
{
	return !isnull[index->columns.vector];
}

/*
 * Looks at what a row has in the column of the vector.  Returns the number of vectors, each of
 * which ivfkm_row_take() takes.  Detoasts in the current memory context, where the value stays.
 * Errors: vectors of other dimensions than the index's; arrays of several dimensions or with
 * nulls.
 */
int
ivfkm_row_open(const IvfkmIndex *index, const Datum *values, const bool *isnull, IvfkmValue *value)
{
	const IvfkmOps *ops = index->ops;
	void *detoasted;

	memset(value, 0, sizeof(*value));
	if (isnull[index->columns.vector])
		return 0;
	detoasted = PG_DETOAST_DATUM(values[index->columns.vector]);
	if (ops->array == NULL)
	{
		value->vector = detoasted;
		value->count = 1;
		ivfkm_ops_check_value(ops, index->relation, detoasted, index->column_dims);
		return 1;
	}
	ops->array->view(detoasted, &value->array);
	value->count = value->array.count;
	if (value->count > 0) /* they are all alike */
		ivfkm_ops_check_value(ops, index->relation, dense_array_get(&value->array, 0),
							  index->column_dims);
	return value->count;
}

/*
 * Takes vector number "i" of a value, in input space, normalised for cosine; row->x has room for
 * it, and row->bits is part of the value.
 */
void
ivfkm_row_take(const IvfkmIndex *index, const IvfkmValue *value, int i, IvfkmRow *row)
{
	const IvfkmOps *ops = index->ops;
	const void *vector = value->vector;

	if (ops->array != NULL)
		vector = dense_array_get(&value->array, i);
	ivfkm_row_load(ops, vector, index->lists.dims, row);
	row->bits = NULL;
	if (index->lists.keeps_bits)
		row->bits = VARBITS((const VarBit *) vector);
}

/*
 * The same of a row of an index that has no arrays.  False, and nothing is taken, for NULL.
 */
bool
ivfkm_row_read_vector(const IvfkmIndex *index, const Datum *values, const bool *isnull,
					  IvfkmRow *row)
{
	IvfkmValue value;

	Assert(index->ops->array == NULL);
	if (ivfkm_row_open(index, values, isnull, &value) == 0)
		return false;
	ivfkm_row_take(index, &value, 0, row);
	return true;
}

/* The same, and the row's attributes, also of one whose value is NULL. */
bool
ivfkm_row_read(const IvfkmIndex *index, const Datum *values, const bool *isnull, IvfkmRow *row)
{
	ivfkm_columns_read(&index->columns, values, isnull, &row->attributes);
	return ivfkm_row_read_vector(index, values, isnull, row);
}

/* Maps a row that was read into index space; a unit vector for cosine. */
void
ivfkm_row_map(const IvfkmSpace *space, IvfkmRow *row)
{
	ivfkm_space_apply(space, row->x);
}

/*
 * Encodes a row that was mapped, relative to the centroid of its list (dims floats, as
 * stored); the refine code for taxicab distances, relative to the mean; bits as they are.  Returns
 * ||x - centroid||^2.
 */
float
ivfkm_row_encode(const IvfkmSpace *space, int refine_bits, const IvfkmRow *row,
				 const float *centroid, IvfkmCode *code)
{
	uint8 *bits = code->bits;
	float residual;

	if (space->taxicab && refine_bits > 0)
	{
		float *x = ivfkm_space_unrotated(space, row->x);

		ivfkm_code_make_taxicab(space->dims, refine_bits, x, row->ordinary, space->dither, code);
		pfree(x);
		refine_bits = 0;
	}
	if (row->bits != NULL)
		code->bits = palloc(quant_code_bytes(space->dims));
	residual = ivfkm_code_make(space->quant_metric, space->dims, refine_bits, row->x, row->ordinary,
							   centroid, space->offset, code);
	if (row->bits != NULL)
	{
		quant_bits_encode(space->dims, row->bits, code->head, code->bits, bits, &code->factors);
		pfree(code->bits);
		code->bits = bits;
	}
	return residual;
}
