/*-------------------------------------------------------------------------
 *
 * sparse_avx2.c
 *	  Sparse kernels in AVX2: all pairs of 8 by 8 indices at a time.
 *
 * NOTES
 *	  Pure C.  A step takes the next 8 indices of either list and compares each with each:
 *	  two halves of a swapped against four rotations of b within its halves (the
 *	  all-pairs comparison of Inoue, Ohara and Taura, VLDB 2014).  Up to the smaller of the
 *	  two last indices everything is then decided: those elements enter the sum and both
 *	  lists advance past them, one of them by 8.  Behind the end of a list stand indices
 *	  larger than any, with values 0.
 *
 *	  Chains of additions: one for a's elements, with what matches in b, and one for b's
 *	  other elements, of 8 lanes each.
 *
 * IDENTIFICATION
 *	  src/distance/sparse_avx2.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_target.h"
#ifdef VDB_ARCH_X86

#include <stdbool.h>
#include <immintrin.h>
#include "distance/sparse.h"

#define WIDTH 8
#define PAD_A (SPARSE_MAX_INDEX + 1)
#define PAD_B (SPARSE_MAX_INDEX + 2)

/* Orders of the four elements of a half: rotated by 1, 2 and 3. */
#define ROTATE_1 _MM_SHUFFLE(0, 3, 2, 1)
#define ROTATE_2 _MM_SHUFFLE(1, 0, 3, 2)
#define ROTATE_3 _MM_SHUFFLE(2, 1, 0, 3)

/* What a kernel sums; always a constant, so that no test remains. */
typedef enum SparseTerm
{
	TERM_DOT,
	TERM_L2SQ,
	TERM_L1
} SparseTerm;

/* The next elements of a row, up to 8 of them. */
typedef struct Block
{
	__m256i indices;
	__m256 values;
	int32_t last; /* largest index, the padding counted */
} Block;

/* The sums of a merge. */
typedef struct Sums
{
	__m256 a;
	__m256 b;
} Sums;

/* From WIDTH - n on, 8 lanes of which the first n are set. */
static const int32_t lane_masks[2 * WIDTH] = {-1, -1, -1, -1, -1, -1, -1, -1};

/* The elements from "at" < row.n on. */
VDB_INLINE VDB_TARGET_AVX2 Block
load_block(SparseRow row, size_t at, int32_t pad)
{
	size_t left = row.n - at;
	const int32_t *indices = row.indices + at;
	const float *values = row.values + at;
	Block block;

	if (left >= WIDTH)
	{
		block.indices = _mm256_loadu_si256((const __m256i *) indices);
		block.values = _mm256_loadu_ps(values);
		block.last = indices[WIDTH - 1];
	}
	else
	{
		__m256i mask = _mm256_loadu_si256((const __m256i *) (lane_masks + WIDTH - left));

		block.indices =
			_mm256_blendv_epi8(_mm256_set1_epi32(pad), _mm256_maskload_epi32(indices, mask), mask);
		block.values = _mm256_maskload_ps(values, mask);
		block.last = pad;
	}
	return block;
}

/* acc + term of a difference, by lane. */
VDB_INLINE VDB_TARGET_AVX2 __m256
add_term(SparseTerm term, __m256 acc, __m256 diff)
{
	if (term == TERM_L2SQ)
		return _mm256_fmadd_ps(diff, diff, acc);
	return _mm256_add_ps(acc, _mm256_andnot_ps(_mm256_set1_ps(-0.0f), diff));
}

/* a where mask is set, else 0. */
VDB_INLINE VDB_TARGET_AVX2 __m256
keep(__m256i mask, __m256 a)
{
	return _mm256_and_ps(_mm256_castsi256_ps(mask), a);
}

VDB_INLINE VDB_TARGET_AVX2 __m256
or4_ps(__m256 a, __m256 b, __m256 c, __m256 d)
{
	return _mm256_or_ps(_mm256_or_ps(a, b), _mm256_or_ps(c, d));
}

/*
 * Compares all pairs.  In each lane of a, the value of the element of b with the same
 * index, or 0.  Sets *matched in the lanes of b that have a partner, unless NULL.
 */
VDB_INLINE VDB_TARGET_AVX2 __m256
match(__m256i a, __m256i b, __m256 values, __m256i *matched)
{
	__m256i swapped = _mm256_permute2x128_si256(a, a, 1);
	__m256i b1 = _mm256_shuffle_epi32(b, ROTATE_1);
	__m256i b2 = _mm256_shuffle_epi32(b, ROTATE_2);
	__m256i b3 = _mm256_shuffle_epi32(b, ROTATE_3);
	__m256 v1 = _mm256_permute_ps(values, ROTATE_1);
	__m256 v2 = _mm256_permute_ps(values, ROTATE_2);
	__m256 v3 = _mm256_permute_ps(values, ROTATE_3);
	__m256i same0 = _mm256_cmpeq_epi32(a, b);
	__m256i same1 = _mm256_cmpeq_epi32(a, b1);
	__m256i same2 = _mm256_cmpeq_epi32(a, b2);
	__m256i same3 = _mm256_cmpeq_epi32(a, b3);
	__m256i cross0 = _mm256_cmpeq_epi32(swapped, b);
	__m256i cross1 = _mm256_cmpeq_epi32(swapped, b1);
	__m256i cross2 = _mm256_cmpeq_epi32(swapped, b2);
	__m256i cross3 = _mm256_cmpeq_epi32(swapped, b3);
	__m256 from_same =
		or4_ps(keep(same0, values), keep(same1, v1), keep(same2, v2), keep(same3, v3));
	__m256 from_cross =
		or4_ps(keep(cross0, values), keep(cross1, v1), keep(cross2, v2), keep(cross3, v3));

	if (matched != NULL)
	{
		/* turned back: a rotation by 4 - r undoes one by r */
		__m256i m0 = _mm256_or_si256(same0, cross0);
		__m256i m1 = _mm256_shuffle_epi32(_mm256_or_si256(same1, cross1), ROTATE_3);
		__m256i m2 = _mm256_shuffle_epi32(_mm256_or_si256(same2, cross2), ROTATE_2);
		__m256i m3 = _mm256_shuffle_epi32(_mm256_or_si256(same3, cross3), ROTATE_1);

		*matched = _mm256_or_si256(_mm256_or_si256(m0, m1), _mm256_or_si256(m2, m3));
	}
	return _mm256_or_ps(from_same, _mm256_permute2f128_ps(from_cross, from_cross, 1));
}

/* The number of lanes that are not set. */
VDB_INLINE VDB_TARGET_AVX2 size_t
count_clear(__m256i mask)
{
	return (size_t) (WIDTH -
					 __builtin_popcount((unsigned) _mm256_movemask_ps(_mm256_castsi256_ps(mask))));
}

/* The terms of the elements from "at" on, which have no partner. */
VDB_INLINE VDB_TARGET_AVX2 __m256
add_rest(SparseTerm term, __m256 acc, SparseRow row, size_t at)
{
	for (; at < row.n; at += WIDTH)
		acc = add_term(term, acc, load_block(row, at, PAD_A).values);
	return acc;
}

/* The sum of a term over all indices. */
VDB_INLINE VDB_TARGET_AVX2 float
merge(SparseTerm term, SparseRow a, SparseRow b)
{
	Sums sums = {_mm256_setzero_ps(), _mm256_setzero_ps()};
	size_t i = 0;
	size_t j = 0;
	__m256 all;
	__m128 half;

	while (i < a.n && j < b.n)
	{
		Block x = load_block(a, i, PAD_A);
		Block y = load_block(b, j, PAD_B);
		__m256i limit = _mm256_set1_epi32(x.last < y.last ? x.last : y.last);
		__m256i later_a = _mm256_cmpgt_epi32(x.indices, limit);
		__m256i later_b = _mm256_cmpgt_epi32(y.indices, limit);

		if (term == TERM_DOT)
			sums.a = _mm256_fmadd_ps(x.values, match(x.indices, y.indices, y.values, NULL), sums.a);
		else
		{
			__m256i matched;
			__m256 partner = match(x.indices, y.indices, y.values, &matched);
			__m256 own = _mm256_andnot_ps(_mm256_castsi256_ps(later_a), x.values);
			__m256 alone =
				_mm256_andnot_ps(_mm256_castsi256_ps(_mm256_or_si256(later_b, matched)), y.values);

			sums.a = add_term(term, sums.a, _mm256_sub_ps(own, partner));
			sums.b = add_term(term, sums.b, alone);
		}
		i += count_clear(later_a);
		j += count_clear(later_b);
	}
	if (term != TERM_DOT)
	{
		sums.a = add_rest(term, sums.a, a, i);
		sums.b = add_rest(term, sums.b, b, j);
	}
	all = _mm256_add_ps(sums.a, sums.b);
	half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
	half = _mm_add_ps(half, _mm_movehl_ps(half, half));
	half = _mm_add_ss(half, _mm_shuffle_ps(half, half, 1));
	return _mm_cvtss_f32(half);
}

/* Inner product. */
static VDB_TARGET_AVX2 float
dot_avx2(SparseRow a, SparseRow b)
{
	return merge(TERM_DOT, a, b);
}

/* Squared L2 distance. */
static VDB_TARGET_AVX2 float
l2sq_avx2(SparseRow a, SparseRow b)
{
	return merge(TERM_L2SQ, a, b);
}

/* L1 distance. */
static VDB_TARGET_AVX2 float
l1_avx2(SparseRow a, SparseRow b)
{
	return merge(TERM_L1, a, b);
}

extern const SparseKernels sparse_table_avx2;

const SparseKernels sparse_table_avx2 = {
	.simd = VDB_SIMD_AVX2,
	.dot = dot_avx2,
	.l2sq = l2sq_avx2,
	.l1 = l1_avx2,
};
#endif
