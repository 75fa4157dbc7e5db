/*-------------------------------------------------------------------------
 *
 * dist_template.h
 *	  The bodies of all distance kernels, written once for every SIMD level.
 *
 * NOTES
 *	  Pure C.  Included once by each dist_<level>.c after its vf_<level>.h, whose
 *	  primitives it uses.  Defines the table dist_table_<level>; all else is static.
 *
 *	  Order of summation, the same in every kernel of a level: block j of VF_WIDTH
 *	  elements goes to accumulator j % VF_UNROLL; a last, partial block is filled up
 *	  with zeros, in lanes that depend on its length only; the accumulators are added in a tree,
 *	  then their lanes.  With at most two blocks the accumulators that stay empty are left out of
 *	  the tree.  Rows of a batch are summed in just that order too.  So within a level a distance
 *	  has the same bits whether it is computed alone, in a batch, at any place of the batch, from
 *	  binary16 vectors or from the same values in binary32, and the parts of a cosine have the bits
 *	  of dot() and norm2().
 *
 *	  Accumulators are arrays indexed by unrolled loops, which both compilers keep in
 *	  registers: VF_ROWS * VF_UNROLL of them plus the query's must fit the register
 *	  file (16 on AVX2, 32 on AVX-512 and AArch64).
 *
 * IDENTIFICATION
 *	  src/distance/dist_template.h
 *
 *-------------------------------------------------------------------------
 */
#if !defined(VDB_TARGET) || !defined(VDB_FN) || !defined(VDB_SIMD) || !defined(VF_WIDTH) ||        \
	!defined(VF_UNROLL) || !defined(VF_ROWS)
#error "include a vf_<level>.h before dist_template.h"
#endif

#include <string.h>
#include "distance/dist.h"

/* Rows of a cosine batch at a time: two sums per row instead of one. */
#define COSINE_ROWS (VF_ROWS > 1 ? VF_ROWS / 2 : 1)

/* Elements that one turn of a main loop consumes. */
#define BLOCK (VF_UNROLL * VF_WIDTH)

/* True when n elements take the path of two accumulators. */
#define IS_SHORT(n) (VF_UNROLL > 1 && (n) <= 2 * VF_WIDTH)

/* What a kernel sums over the elements; always a constant, so that no test remains. */
typedef enum DistTerm
{
	TERM_L2SQ, /* (a-b)^2 */
	TERM_DOT,  /* a*b */
	TERM_L1	   /* |a-b| */
} DistTerm;

/* How a vector is stored; always a constant too. */
typedef enum DistElement
{
	F32, /* float */
	F16	 /* uint16_t, the bits of a binary16 */
} DistElement;

/* acc + term(a, b), by lane. */
VDB_INLINE VDB_TARGET vf32
VDB_FN(add_term)(DistTerm term, vf32 acc, vf32 a, vf32 b)
{
	vf32 diff;

	if (term == TERM_DOT)
		return vf_fma(a, b, acc);
	diff = vf_sub(a, b);
	if (term == TERM_L2SQ)
		return vf_fma(diff, diff, acc);
	return vf_add(acc, vf_abs(diff));
}

/* All accumulators of a sum in one. */
VDB_INLINE VDB_TARGET vf32
VDB_FN(join)(const vf32 acc[VF_UNROLL])
{
#if VF_UNROLL == 4
	return vf_add(vf_add(acc[0], acc[1]), vf_add(acc[2], acc[3]));
#elif VF_UNROLL == 1
	return acc[0];
#else
#error "no addition tree for this VF_UNROLL"
#endif
}

/* The sums of the lanes of x[count], count <= 4 a constant. */
VDB_INLINE VDB_TARGET void
VDB_FN(sum_lanes)(int count, const vf32 *x, float *out)
{
	float sums[4];

	if (count == 1)
	{
		out[0] = vf_sum(x[0]);
		return;
	}
	vf_sum4(x[0], x[1], count > 2 ? x[2] : vf_zero(), count > 3 ? x[3] : vf_zero(), sums);
	VDB_UNROLL
	for (int i = 0; i < count; i++)
		out[i] = sums[i];
}

/* The address of element i of x. */
VDB_INLINE const void *
VDB_FN(element)(DistElement type, const void *x, size_t i)
{
	return (const char *) x + i * (type == F16 ? sizeof(uint16_t) : sizeof(float));
}

/* VF_WIDTH elements of x, from number i on. */
VDB_INLINE VDB_TARGET vf32
VDB_FN(load)(DistElement type, const void *x, size_t i)
{
	const void *p = VDB_FN(element)(type, x, i);

	return type == F16 ? vf_load_f16(p) : vf_load(p);
}

/* All elements of x[n], n <= VF_WIDTH; zeros in the other lanes. */
VDB_INLINE VDB_TARGET vf32
VDB_FN(load_only)(DistElement type, const void *x, size_t n)
{
	return type == F16 ? vf_load_f16_partial(x, n) : vf_load_partial(x, n);
}

/*
 * VF_WIDTH elements of x[n], from number i > VF_WIDTH - 1 on; if fewer are left, those, and
 * zeros in the other lanes.
 */
VDB_INLINE VDB_TARGET vf32
VDB_FN(load_tail)(DistElement type, const void *x, size_t i, size_t n)
{
	const void *p = VDB_FN(element)(type, x, i);
	size_t left = n - i;

	/* no choice between two loads: clang 14 would widen halves lane by lane */
	if (left > VF_WIDTH)
		left = VF_WIDTH;
	return type == F16 ? vf_load_f16_tail(p, left) : vf_load_tail(p, left);
}

/*
 * The sums of a term over the n elements of the query and of each of "count" rows, which
 * share the loads of the query.  count <= VF_ROWS is a constant; stride in elements.
 */
VDB_INLINE VDB_TARGET void
VDB_FN(reduce_rows)(int count, DistTerm term, DistElement query_type, const void *query,
					DistElement row_type, const void *rows, size_t stride, size_t n, float *out)
{
	const void *row[VF_ROWS];
	vf32 acc[VF_ROWS][VF_UNROLL];
	vf32 sum[VF_ROWS];
	size_t i = 0;

	VDB_UNROLL
	for (int r = 0; r < count; r++)
		row[r] = VDB_FN(element)(row_type, rows, (size_t) r * stride);

	if (n <= VF_WIDTH)
	{
		vf32 q = VDB_FN(load_only)(query_type, query, n);

		VDB_UNROLL
		for (int r = 0; r < count; r++)
			sum[r] = VDB_FN(add_term)(term, vf_zero(), q, VDB_FN(load_only)(row_type, row[r], n));
		VDB_FN(sum_lanes)(count, sum, out);
		return;
	}
	if (IS_SHORT(n))
	{
		vf32 q0 = VDB_FN(load)(query_type, query, 0);
		vf32 q1 = VDB_FN(load_tail)(query_type, query, VF_WIDTH, n);

		VDB_UNROLL
		for (int r = 0; r < count; r++)
		{
			vf32 x0 = VDB_FN(load)(row_type, row[r], 0);
			vf32 x1 = VDB_FN(load_tail)(row_type, row[r], VF_WIDTH, n);

			sum[r] = vf_add(VDB_FN(add_term)(term, vf_zero(), q0, x0),
							VDB_FN(add_term)(term, vf_zero(), q1, x1));
		}
		VDB_FN(sum_lanes)(count, sum, out);
		return;
	}

	VDB_UNROLL
	for (int r = 0; r < count; r++)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
			acc[r][u] = vf_zero();
	}
	for (; n - i >= BLOCK; i += BLOCK)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
		{
			vf32 q = VDB_FN(load)(query_type, query, i + u * VF_WIDTH);

			VDB_UNROLL
			for (int r = 0; r < count; r++)
				acc[r][u] = VDB_FN(add_term)(term, acc[r][u], q,
											 VDB_FN(load)(row_type, row[r], i + u * VF_WIDTH));
		}
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		size_t at = i + u * VF_WIDTH;

		if (at < n)
		{
			vf32 q = VDB_FN(load_tail)(query_type, query, at, n);

			VDB_UNROLL
			for (int r = 0; r < count; r++)
				acc[r][u] = VDB_FN(add_term)(term, acc[r][u], q,
											 VDB_FN(load_tail)(row_type, row[r], at, n));
		}
	}
	VDB_UNROLL
	for (int r = 0; r < count; r++)
		sum[r] = VDB_FN(join)(acc[r]);
	VDB_FN(sum_lanes)(count, sum, out);
}

/* The sum of a term over n elements of a and b. */
VDB_INLINE VDB_TARGET float
VDB_FN(reduce)(DistTerm term, DistElement a_type, const void *a, DistElement b_type, const void *b,
			   size_t n)
{
	float sum;

	VDB_FN(reduce_rows)(1, term, a_type, a, b_type, b, 0, n, &sum);
	return sum;
}

/* All rows of a batch: groups of VF_ROWS, then the rest one by one. */
VDB_INLINE VDB_TARGET void
VDB_FN(reduce_batch)(DistTerm term, DistElement type, const void *query, const void *rows,
					 size_t stride, size_t nrows, size_t n, float *out)
{
	size_t r = 0;

	for (; nrows - r >= VF_ROWS; r += VF_ROWS)
		VDB_FN(reduce_rows)
	(VF_ROWS, term, type, query, type, VDB_FN(element)(type, rows, r * stride), stride, n, out + r);
	for (; r < nrows; r++)
		out[r] =
			VDB_FN(reduce)(term, type, query, type, VDB_FN(element)(type, rows, r * stride), n);
}

/*
 * The parts of the cosine of the query with "count" rows, a constant that is at most
 * COSINE_ROWS.  norm2a, the squared norm of the query, is set only if "with_query" is true (a
 * constant too), which needs count = 1.
 */
VDB_INLINE VDB_TARGET void
VDB_FN(cosine_rows)(int count, bool with_query, DistElement type, const void *query,
					const void *rows, size_t stride, size_t n, DistCosineParts *out)
{
	const void *row[COSINE_ROWS];
	vf32 dot[COSINE_ROWS][VF_UNROLL];
	vf32 norm2[COSINE_ROWS][VF_UNROLL];
	vf32 query_norm2[VF_UNROLL];
	vf32 sum[2 * COSINE_ROWS + 1]; /* of each row dot and norm2b, then norm2a */
	float parts[2 * COSINE_ROWS + 1];
	size_t i = 0;

	VDB_UNROLL
	for (int r = 0; r < count; r++)
		row[r] = VDB_FN(element)(type, rows, (size_t) r * stride);

	if (n <= VF_WIDTH)
	{
		vf32 q = VDB_FN(load_only)(type, query, n);

		VDB_UNROLL
		for (int r = 0; r < count; r++)
		{
			vf32 x = VDB_FN(load_only)(type, row[r], n);

			sum[2 * r] = vf_fma(q, x, vf_zero());
			sum[2 * r + 1] = vf_fma(x, x, vf_zero());
		}
		sum[2 * count] = vf_fma(q, q, vf_zero());
	}
	else if (IS_SHORT(n))
	{
		vf32 q0 = VDB_FN(load)(type, query, 0);
		vf32 q1 = VDB_FN(load_tail)(type, query, VF_WIDTH, n);

		VDB_UNROLL
		for (int r = 0; r < count; r++)
		{
			vf32 x0 = VDB_FN(load)(type, row[r], 0);
			vf32 x1 = VDB_FN(load_tail)(type, row[r], VF_WIDTH, n);

			sum[2 * r] = vf_add(vf_fma(q0, x0, vf_zero()), vf_fma(q1, x1, vf_zero()));
			sum[2 * r + 1] = vf_add(vf_fma(x0, x0, vf_zero()), vf_fma(x1, x1, vf_zero()));
		}
		sum[2 * count] = vf_add(vf_fma(q0, q0, vf_zero()), vf_fma(q1, q1, vf_zero()));
	}
	else
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
		{
			query_norm2[u] = vf_zero();
			VDB_UNROLL
			for (int r = 0; r < count; r++)
				dot[r][u] = norm2[r][u] = vf_zero();
		}
		for (; n - i >= BLOCK; i += BLOCK)
		{
			VDB_UNROLL
			for (int u = 0; u < VF_UNROLL; u++)
			{
				vf32 q = VDB_FN(load)(type, query, i + u * VF_WIDTH);

				if (with_query)
				{
					VDB_IN_REGISTER(q);
					query_norm2[u] = vf_fma(q, q, query_norm2[u]);
				}
				VDB_UNROLL
				for (int r = 0; r < count; r++)
				{
					vf32 x = VDB_FN(load)(type, row[r], i + u * VF_WIDTH);

					VDB_IN_REGISTER(x);
					dot[r][u] = vf_fma(q, x, dot[r][u]);
					norm2[r][u] = vf_fma(x, x, norm2[r][u]);
				}
			}
		}
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
		{
			size_t at = i + u * VF_WIDTH;

			if (at < n)
			{
				vf32 q = VDB_FN(load_tail)(type, query, at, n);

				if (with_query)
					query_norm2[u] = vf_fma(q, q, query_norm2[u]);
				VDB_UNROLL
				for (int r = 0; r < count; r++)
				{
					vf32 x = VDB_FN(load_tail)(type, row[r], at, n);

					dot[r][u] = vf_fma(q, x, dot[r][u]);
					norm2[r][u] = vf_fma(x, x, norm2[r][u]);
				}
			}
		}
		VDB_UNROLL
		for (int r = 0; r < count; r++)
		{
			sum[2 * r] = VDB_FN(join)(dot[r]);
			sum[2 * r + 1] = VDB_FN(join)(norm2[r]);
		}
		sum[2 * count] = VDB_FN(join)(query_norm2);
	}

	VDB_FN(sum_lanes)(2 * count + with_query, sum, parts);
	VDB_UNROLL
	for (int r = 0; r < count; r++)
	{
		out[r].dot = parts[2 * r];
		out[r].norm2b = parts[2 * r + 1];
	}
	if (with_query)
		out->norm2a = parts[2 * count];
}

/* The parts of the cosines of the query with all rows of a batch. */
VDB_INLINE VDB_TARGET void
VDB_FN(cosine_all)(DistElement type, const void *query, const void *rows, size_t stride,
				   size_t nrows, size_t n, DistCosineParts *out)
{
	float norm2a = VDB_FN(reduce)(TERM_DOT, type, query, type, query, n);
	size_t r = 0;

	for (; nrows - r >= COSINE_ROWS; r += COSINE_ROWS)
		VDB_FN(cosine_rows)
	(COSINE_ROWS, false, type, query, VDB_FN(element)(type, rows, r * stride), stride, n, out + r);
	for (; r < nrows; r++)
		VDB_FN(cosine_rows)
	(1, false, type, query, VDB_FN(element)(type, rows, r * stride), stride, n, out + r);
	for (r = 0; r < nrows; r++)
		out[r].norm2a = norm2a;
}

/* Squared L2 distance of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(l2sq)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L2SQ, F32, a, F32, b, n);
}

/* Inner product of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(dot)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, F32, a, F32, b, n);
}

/* L1 distance of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(l1)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L1, F32, a, F32, b, n);
}

/* Squared norm of a[n]; the compiler loads each element once. */
static VDB_TARGET float
VDB_FN(norm2)(const float *a, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, F32, a, F32, a, n);
}

/* Inner product and both squared norms of a[n] and b[n]. */
static VDB_TARGET DistCosineParts
VDB_FN(cosine)(const float *a, const float *b, size_t n)
{
	DistCosineParts parts;

	VDB_FN(cosine_rows)(1, true, F32, a, b, 0, n, &parts);
	return parts;
}

/* l2sq() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(l2sq_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				   float *out)
{
	VDB_FN(reduce_batch)(TERM_L2SQ, F32, query, rows, stride, nrows, n, out);
}

/* dot() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(dot_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				  float *out)
{
	VDB_FN(reduce_batch)(TERM_DOT, F32, query, rows, stride, nrows, n, out);
}

/* l1() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(l1_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				 float *out)
{
	VDB_FN(reduce_batch)(TERM_L1, F32, query, rows, stride, nrows, n, out);
}

/* cosine() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(cosine_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
					 DistCosineParts *out)
{
	VDB_FN(cosine_all)(F32, query, rows, stride, nrows, n, out);
}

/* Squared L2 distance of a[n] in binary32 and b[n] in binary16. */
static VDB_TARGET float
VDB_FN(l2sq_f16)(const float *a, const uint16_t *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L2SQ, F32, a, F16, b, n);
}

/* Squared L2 distance of binary16 a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(half_l2sq)(const uint16_t *a, const uint16_t *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L2SQ, F16, a, F16, b, n);
}

/* Inner product of binary16 a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(half_dot)(const uint16_t *a, const uint16_t *b, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, F16, a, F16, b, n);
}

/* L1 distance of binary16 a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(half_l1)(const uint16_t *a, const uint16_t *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L1, F16, a, F16, b, n);
}

/* Squared norm of binary16 a[n]; the compiler loads each element once. */
static VDB_TARGET float
VDB_FN(half_norm2)(const uint16_t *a, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, F16, a, F16, a, n);
}

/* Inner product and both squared norms of binary16 a[n] and b[n]. */
static VDB_TARGET DistCosineParts
VDB_FN(half_cosine)(const uint16_t *a, const uint16_t *b, size_t n)
{
	DistCosineParts parts;

	VDB_FN(cosine_rows)(1, true, F16, a, b, 0, n, &parts);
	return parts;
}

/* half_l2sq() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(half_l2sq_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
						size_t n, float *out)
{
	VDB_FN(reduce_batch)(TERM_L2SQ, F16, query, rows, stride, nrows, n, out);
}

/* half_dot() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(half_dot_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
					   size_t n, float *out)
{
	VDB_FN(reduce_batch)(TERM_DOT, F16, query, rows, stride, nrows, n, out);
}

/* half_l1() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(half_l1_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
					  size_t n, float *out)
{
	VDB_FN(reduce_batch)(TERM_L1, F16, query, rows, stride, nrows, n, out);
}

/* half_cosine() of the query with each of nrows rows, "stride" elements apart. */
static VDB_TARGET void
VDB_FN(half_cosine_batch)(const uint16_t *query, const uint16_t *rows, size_t stride, size_t nrows,
						  size_t n, DistCosineParts *out)
{
	VDB_FN(cosine_all)(F16, query, rows, stride, nrows, n, out);
}

/* Widens x[n] exactly. */
static VDB_TARGET void
VDB_FN(half_to_float)(const uint16_t *x, size_t n, float *out)
{
	float rest[VF_WIDTH];
	size_t i = 0;

	for (; n - i >= VF_WIDTH; i += VF_WIDTH)
		vf_store(out + i, vf_load_f16(x + i));
	if (i == n)
		return;
	if (n > VF_WIDTH)
	{
		/* the last block overlaps the one before */
		vf_store(out + n - VF_WIDTH, vf_load_f16(x + n - VF_WIDTH));
		return;
	}
	vf_store(rest, vf_load_f16_partial(x, n));
	memcpy(out, rest, n * sizeof(float));
}

/* Rounds x[n] to the nearest binary16, ties to even. */
static VDB_TARGET void
VDB_FN(half_from_float)(const float *x, size_t n, uint16_t *out)
{
	uint16_t rest[VF_WIDTH];
	size_t i = 0;

	for (; n - i >= VF_WIDTH; i += VF_WIDTH)
		vf_store_f16(out + i, vf_load(x + i));
	if (i == n)
		return;
	if (n > VF_WIDTH)
	{
		vf_store_f16(out + n - VF_WIDTH, vf_load(x + n - VF_WIDTH));
		return;
	}
	vf_store_f16(rest, vf_load_partial(x, n));
	memcpy(out, rest, n * sizeof(uint16_t));
}

extern const DistKernels VDB_FN(dist_table);

const DistKernels VDB_FN(dist_table) = {
	.simd = VDB_SIMD,
	.l2sq = VDB_FN(l2sq),
	.dot = VDB_FN(dot),
	.l1 = VDB_FN(l1),
	.norm2 = VDB_FN(norm2),
	.cosine = VDB_FN(cosine),
	.l2sq_f16 = VDB_FN(l2sq_f16),
	.l2sq_batch = VDB_FN(l2sq_batch),
	.dot_batch = VDB_FN(dot_batch),
	.l1_batch = VDB_FN(l1_batch),
	.cosine_batch = VDB_FN(cosine_batch),
	.half_l2sq = VDB_FN(half_l2sq),
	.half_dot = VDB_FN(half_dot),
	.half_l1 = VDB_FN(half_l1),
	.half_norm2 = VDB_FN(half_norm2),
	.half_cosine = VDB_FN(half_cosine),
	.half_l2sq_batch = VDB_FN(half_l2sq_batch),
	.half_dot_batch = VDB_FN(half_dot_batch),
	.half_l1_batch = VDB_FN(half_l1_batch),
	.half_cosine_batch = VDB_FN(half_cosine_batch),
	.half_to_float = VDB_FN(half_to_float),
	.half_from_float = VDB_FN(half_from_float),
};

#undef COSINE_ROWS
#undef BLOCK
#undef IS_SHORT
