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
 * Sets how an index keeps images, by its metapage: which attributes are narrow, those whose images
 * always are and those that the build has decided to squeeze, and how it describes images.  False
 * if that cannot be.
 */
bool
ivfkm_columns_set_images(IvfkmColumns *columns, uint8 narrow, const IvfkmImageData *images)
{
	uint8 always = columns->narrow & (uint8) ~columns->squeezed;

	if ((narrow & always) != always)
		return false;
	columns->narrow = narrow;
	columns->squeezed = narrow & (uint8) ~always;
	for (int a = 0; a < IVFKM_MAX_ATTRIBUTES; a++)
	{
		bool squeezed = (columns->squeezed & (1 << a)) != 0;

		if (squeezed && (a >= columns->nattributes || !columns->attributes[a].ops->squeezes))
			return false;
		if (!squeezed && (images[a].base != 0 || images[a].shift != 0))
			return false;
		columns->attributes[a].image = images[a];
	}
	return true;
}

/* Adds a row's values to the sample of each attribute that is a number. */
void
ivfkm_columns_note(const IvfkmColumns *columns, const Datum *values, const bool *isnull,
				   IvfkmImageSample *samples)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmAttribute *attribute = &columns->attributes[a];
		int64 image;

		if (attribute->ops->kind != IVFKM_IMAGE_NUMBER || isnull[attribute->column])
			continue;
		image = attribute->ops->image(values[attribute->column], attribute->collation);
		if (image != PG_INT64_MIN && image != PG_INT64_MAX)
			ivfkm_squeeze_note(&samples[a], image);
	}
}

/*
 * Decides which attributes are to be narrow in a new index of so many rows, of which there are
 * samples, in order, and how they are squeezed.
 */
uint8
ivfkm_columns_choose(const IvfkmColumns *columns, const IvfkmImageSample *samples, double rows,
					 IvfkmImageData *images)
{
	uint8 narrow = columns->narrow;

	for (int a = 0; a < columns->nattributes; a++)
	{
		IvfkmImageData how = {0};

		if (!columns->attributes[a].ops->squeezes || !ivfkm_squeeze_choose(&samples[a], rows, &how))
			continue;
		narrow |= (uint8) (1 << a);
		images[a].base = how.base;
		images[a].shift = how.shift;
	}
	return narrow;
}

/*
 * The shifts of marks that suit such samples, in order, of attributes of which is known whether
 * they are squeezed: 0 where there are none.
 */
void
ivfkm_columns_choose_marks(const IvfkmColumns *columns, const IvfkmImageSample *samples,
						   IvfkmImageData *images)
{
	for (int a = 0; a < columns->nattributes; a++)
	{
		const IvfkmImageSample *sample = &samples[a];
		const IvfkmImageData *how = &columns->attributes[a].image;
		int64 low;
		int64 high;

		images[a].mark_shift = 0;
		if (sample->n == 0)
			continue;
		low = sample->images[0];
		high = sample->images[sample->n - 1];
		if (columns->squeezed & (1 << a))
		{
			low = ivfkm_squeeze(how, low);
			high = ivfkm_squeeze(how, high);
		}
		images[a].mark_shift = ivfkm_summary_shift(low, high);
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
			attributes->images[a] = ivfkm_squeeze(&attribute->image, attributes->images[a]);
	}
}
