/*-------------------------------------------------------------------------
 *
 * filter_template.h
 *	  The test of a unit, written once for every SIMD level.
 *
 * NOTES
 *	  Pure C.  Included once by each filter_<level>.c, which defines before it
 *
 *		VDB_TARGET, VDB_FN(name), VDB_SIMD	as in src/simd
 *		VQ_LANES			64-bit numbers of a vector "vq64"
 *		VQ_VECTORS			vectors of a unit
 *		vq_load(p), vq_store(p, a), vq_set1(x), vq_add(a, b), vq_and(a, b)
 *		vq_widen(p)			the numbers of a vector, from as many int32_t
 *		vq_greater(a, b), vq_equal(a, b)	the "vqset" of lanes where the (signed) a is
 *		vq_either(a, b)		lanes in one of two sets
 *		vq_none()			no lane
 *		vq_bits(sets)		the lanes of a unit's VQ_VECTORS sets as 16 bits
 *
 *	  and, where a vector's lanes can be loaded from places that differ (VQ_GATHER),
 *
 *		vq_present(a, present, shift)	the set of lanes of whose filter_hash(), shifted right, the
 *							bitmap "present" has the bit
 *
 *	  Defines the table filter_table_<level>; all else is static.
 *
 * IDENTIFICATION
 *	  src/filter/filter_template.h
 *
 *-------------------------------------------------------------------------
 */
#include "filter/filter_set.h"

/* The rows whose image is in [low, high]: x - low, compared as unsigned numbers. */
VDB_INLINE VDB_TARGET uint32_t
in_range(const int64_t *images, int64_t low, int64_t high)
{
	/* 2^63 more turns the order of unsigned numbers into that of signed ones */
	const vq64 shift = vq_set1((int64_t) ((UINT64_C(1) << 63) - (uint64_t) low));
	const vq64 width =
		vq_set1((int64_t) ((UINT64_C(1) << 63) + ((uint64_t) high - (uint64_t) low)));
	vqset outside[VQ_VECTORS];

	VDB_UNROLL
	for (int i = 0; i < VQ_VECTORS; i++)
		outside[i] = vq_greater(vq_add(vq_load(images + i * VQ_LANES), shift), width);
	return ~vq_bits(outside) & FILTER_ALL_ROWS;
}

/* The rows whose image is one of a few values. */
VDB_INLINE VDB_TARGET uint32_t
in_values(const int64_t *images, const int64_t *values, int nvalues)
{
	vqset inside[VQ_VECTORS];

	VDB_UNROLL
	for (int i = 0; i < VQ_VECTORS; i++)
		inside[i] = vq_none();
	for (int n = 0; n < nvalues; n++)
	{
		const vq64 value = vq_set1(values[n]);

		VDB_UNROLL
		for (int i = 0; i < VQ_VECTORS; i++)
			inside[i] = vq_either(inside[i], vq_equal(vq_load(images + i * VQ_LANES), value));
	}
	return vq_bits(inside);
}

/* The rows whose image, masked with "bits", is "value". */
VDB_INLINE VDB_TARGET uint32_t
masked_equal(const int64_t *images, int64_t bits, int64_t value)
{
	const vq64 mask = vq_set1(bits);
	const vq64 wanted = vq_set1(value);
	vqset equal[VQ_VECTORS];

	VDB_UNROLL
	for (int i = 0; i < VQ_VECTORS; i++)
		equal[i] = vq_equal(vq_and(vq_load(images + i * VQ_LANES), mask), wanted);
	return vq_bits(equal);
}

/* Of "rows", those whose image is in a set with buckets. */
VDB_INLINE VDB_TARGET uint32_t
in_buckets(const int64_t *images, const FilterSet *set, uint32_t rows)
{
	uint32_t inside = 0;

#ifdef VQ_GATHER
	/* two rows are as quick one by one */
	if (__builtin_popcount(rows) > 2)
	{
		vqset present[VQ_VECTORS];

		VDB_UNROLL
		for (int i = 0; i < VQ_VECTORS; i++)
			present[i] =
				vq_present(vq_load(images + i * VQ_LANES), set->present, set->present_shift);
		rows &= vq_bits(present);
	}
#endif
	for (; rows != 0; rows &= rows - 1)
	{
		int row = __builtin_ctz(rows);
		uint32_t hash = filter_hash(images[row]);

		if (filter_set_present(set, hash) && filter_set_contains(set, images[row], hash))
			inside |= UINT32_C(1) << row;
	}
	return inside;
}

/* Where the images of an attribute begin: each of those before it has 4 or 8 bytes a row. */
VDB_INLINE VDB_TARGET const void *
filter_column(const Filter *filter, const void *images, int attribute)
{
	uint32_t narrow = filter->narrow & ((UINT32_C(1) << attribute) - 1);

	return (const char *) images +
		   (size_t) (2 * attribute - __builtin_popcount(narrow)) * FILTER_ROWS * sizeof(int32_t);
}

/* Images of 32 bits as ones of 64. */
VDB_INLINE VDB_TARGET void
widen(const int32_t *narrow, int64_t *images)
{
	VDB_UNROLL
	for (int i = 0; i < VQ_VECTORS; i++)
		vq_store(images + i * VQ_LANES, vq_widen(narrow + i * VQ_LANES));
}

/* See filter_unit() in filter.h. */
static VDB_TARGET uint32_t
VDB_FN(unit)(const Filter *filter, const void *images, const uint16_t *nulls)
{
	uint32_t rows = FILTER_ALL_ROWS;

	for (int i = 0; i < filter->nterms && rows != 0; i++)
	{
		const FilterTerm *term = &filter->terms[i];
		const void *column = filter_column(filter, images, term->attribute);
		const int64_t *image = column;
		int64_t wide[FILTER_ROWS];
		uint32_t null;

		if (term->kind == FILTER_NOTHING)
			return 0;
		null = nulls[term->attribute];
		if (term->kind == FILTER_IS_NULL)
		{
			rows &= null;
			continue;
		}
		rows &= ~null;
		if (rows == 0 || term->kind == FILTER_NOT_NULL)
			continue;
		if (filter->narrow >> term->attribute & 1)
		{
			widen(column, wide);
			image = wide;
		}
		switch (term->kind)
		{
			case FILTER_RANGE:
				rows &= in_range(image, term->low, term->high);
				break;
			case FILTER_SET:
				rows &= in_range(image, term->low, term->high);
				if (rows == 0)
					break;
				if (term->set.buckets == NULL)
					rows &= in_values(image, term->set.values, term->set.nvalues);
				else
					rows = in_buckets(image, &term->set, rows);
				break;
			case FILTER_ANY_BIT:
				rows &= ~masked_equal(image, term->bits, 0);
				break;
			case FILTER_ALL_BITS:
				rows &= masked_equal(image, term->bits, term->bits);
				break;
			default:
				break;
		}
	}
	return rows;
}

extern const FilterKernels VDB_FN(filter_table);
const FilterKernels VDB_FN(filter_table) = {VDB_SIMD, VDB_FN(unit)};
