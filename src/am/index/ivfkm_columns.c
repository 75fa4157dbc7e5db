/*-------------------------------------------------------------------------
 *
 * ivfkm_columns.c
 *	  Which column of an index is the vector, and what the others are.
 *
 * NOTES
 *	  An operator class of vectors has support function 1, one of attributes support function 2.
 *	  One column is the vector, at any place; the others are attributes, in their order.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_columns.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/genam.h"

#include "am/index/ivfkm_columns.h"
#include "am/index/ivfkm_summary.h"

/* Of so many values of an attribute the build has to know before it squeezes their images. */
#define LEAST_VALUES 100

/* True if a column (from 0) of the index is a vector. */
static bool
is_vector(Relation relation, int column)
{
	return OidIsValid(index_getprocid(relation, (AttrNumber) (column + 1), IVFKM_SUPPORT_OPS));
}

/*
 * The number, from 0, of the index column that is the vector.  Errors: there is none, or more than
 * one.
 */
int
ivfkm_columns_vector(Relation relation)
{
	int n = IndexRelationGetNumberOfKeyAttributes(relation);
	int vector = -1;

	for (int column = 0; column < n; column++)
	{
		if (!is_vector(relation, column))
			continue;
		if (vector >= 0)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("index \"%s\" has more than one vector column",
								   RelationGetRelationName(relation)),
							errhint("Create an index for each of them.")));
		vector = column;
	}
	if (vector < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index \"%s\" has no vector column", RelationGetRelationName(relation)),
				 errhint("Name the column with the vectors, too; its rows are found through the "
						 "other columns as well.")));
	return vector;
}

/* How many columns the index has beside the vector.  Errors: too many. */
int
ivfkm_columns_attributes(Relation relation)
{
	int n = IndexRelationGetNumberOfKeyAttributes(relation) - 1;

	if (n > IVFKM_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("index \"%s\" cannot have more than %d columns beside the vector",
						RelationGetRelationName(relation), IVFKM_MAX_ATTRIBUTES),
				 errhint("Leave out those that exclude the fewest rows: conditions on columns that "
						 "are not in the index are checked in the table.")));
	return n;
}

/*
 * Finds out what the columns of an index are, of which none has squeezed images.  Errors: those of
 * the functions above.
 */
void
ivfkm_columns_get(Relation relation, IvfkmColumns *columns)
{
	int n = ivfkm_columns_attributes(relation);
	int vector = ivfkm_columns_vector(relation);

	memset(columns, 0, sizeof(*columns));
	columns->vector = vector;
	for (int column = 0; column <= n; column++)
	{
		IvfkmAttribute *attribute = &columns->attributes[columns->nattributes];

		if (column == vector)
			continue;
		attribute->column = column;
		attribute->collation = relation->rd_indcollation[column];
		attribute->ops = ivfkm_attribute_ops(relation, column + 1);
		if (attribute->ops->narrow)
			columns->narrow |= (uint8) (1 << columns->nattributes);
		columns->nattributes++;
	}
}

/*
 * Sets which attributes of an index are narrow, by its metapage: those whose images always are, and
 * those that the build has decided to squeeze.  False if that cannot be.
 */
bool
ivfkm_columns_narrow(IvfkmColumns *columns, uint8 narrow)
{
	uint8 always = columns->narrow & (uint8) ~columns->squeezed;

	if ((narrow & always) != always)
		return false;
	columns->narrow = narrow;
	columns->squeezed = narrow & (uint8) ~always;
	for (int a = 0; a < IVFKM_MAX_ATTRIBUTES; a++)
	{
		if ((columns->squeezed & (1 << a)) == 0)
			continue;
		if (a >= columns->nattributes || columns->attributes[a].ops->squeeze == NULL)
			return false;
	}
	return true;
}

/* Sets the shifts of marks of all attributes, by the metapage. */
void
ivfkm_columns_set_shifts(IvfkmColumns *columns, const uint8 *shifts)
{
	for (int a = 0; a < columns->nattributes; a++)
		columns->attributes[a].mark_shift = shifts[a];
}

/* Adds a row's values to what is known of those of each attribute that is a number. */
void
ivfkm_columns_note(const IvfkmColumns *columns, const Datum *values, const bool *isnull,
				   IvfkmImageRange *ranges)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmAttribute *attribute = &columns->attributes[a];
		IvfkmImageRange *range = &ranges[a];
		int64 image;

		if (attribute->ops->kind != IVFKM_IMAGE_NUMBER || isnull[attribute->column])
			continue;
		image = attribute->ops->image(values[attribute->column], attribute->collation);
		if (image == PG_INT64_MIN || image == PG_INT64_MAX)
			continue;
		range->low = range->count == 0 ? image : Min(range->low, image);
		range->high = range->count == 0 ? image : Max(range->high, image);
		range->count++;
	}
}

/*
 * Which attributes are to be narrow in a new index whose rows have such values.  Few values say
 * nothing of those to come.
 */
uint8
ivfkm_columns_choose(const IvfkmColumns *columns, const IvfkmImageRange *ranges)
{
	uint8 narrow = columns->narrow;

	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmSqueeze *squeeze = columns->attributes[a].ops->squeeze;

		if (squeeze != NULL && ranges[a].count >= LEAST_VALUES &&
			squeeze->suits(ranges[a].low, ranges[a].high))
			narrow |= (uint8) (1 << a);
	}
	return narrow;
}

/*
 * The shifts of marks that suit such values, of attributes of which is known whether they are
 * squeezed: 0 where there are none.
 */
void
ivfkm_columns_choose_shifts(const IvfkmColumns *columns, const IvfkmImageRange *ranges,
							uint8 *shifts)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmSqueeze *squeeze = columns->attributes[a].ops->squeeze;
		bool squeezed = (columns->squeezed & (1 << a)) != 0;

		shifts[a] = 0;
		if (ranges[a].count > 0)
			shifts[a] =
				ivfkm_summary_shift(squeezed ? squeeze->image(ranges[a].low) : ranges[a].low,
									squeezed ? squeeze->image(ranges[a].high) : ranges[a].high);
	}
}

/*
 * The attributes of a row, from the values of its index columns.  Detoasts in the current memory
 * context.
 */
void
ivfkm_columns_read(const IvfkmColumns *columns, const Datum *values, const bool *isnull,
				   IvfkmAttributes *attributes)
{
	memset(attributes, 0, sizeof(*attributes));
	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmAttribute *attribute = &columns->attributes[a];

		if (isnull[attribute->column])
		{
			attributes->nulls |= (uint8) (1 << a);
			continue;
		}
		attributes->images[a] =
			attribute->ops->image(values[attribute->column], attribute->collation);
		if (columns->squeezed & (1 << a))
			attributes->images[a] = attribute->ops->squeeze->image(attributes->images[a]);
	}
}
