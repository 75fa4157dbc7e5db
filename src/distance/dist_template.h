/*-------------------------------------------------------------------------
 *
 * dist_template.h
 *	  The bodies of all distance kernels, written once for every SIMD level.
 *
 * NOTES
 *	  Pure C.  Included once by each dist_<level>.c after its vec_<level>.h, whose
 *	  primitives it uses.  Defines the table dist_table_<level>; all else is static.
 *
 *	  Order of summation, the same in every kernel of a level: block j of VF_WIDTH
 *	  elements goes to accumulator j % VF_UNROLL; the last, partial block is filled up
 *	  with zeros; the accumulators are added in a tree, then their lanes.  Rows of a
 *	  batch are summed in just that order too.  So within a level a distance has the
 *	  same bits whether it is computed alone, in a batch, at any place of the batch,
 *	  from a binary16 vector or from the same values in binary32, and the parts of a
 *	  cosine have the bits of dot() and norm2().
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
#error "include a vec_<level>.h before dist_template.h"
#endif

#include "distance/dist.h"

/* Rows of a cosine batch at a time: two sums per row instead of one. */
#define COSINE_ROWS (VF_ROWS > 1 ? VF_ROWS / 2 : 1)

/* Elements that one turn of a main loop consumes. */
#define BLOCK (VF_UNROLL * VF_WIDTH)

/* What a kernel sums over the elements; always a constant, so that no test remains. */
typedef enum DistTerm
{
	TERM_L2SQ, /* (a-b)^2 */
	TERM_DOT,  /* a*b */
	TERM_L1	   /* |a-b| */
} DistTerm;

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

/* The sum of all lanes of all accumulators; changes them. */
VDB_INLINE VDB_TARGET float
VDB_FN(sum_unrolled)(vf32 acc[VF_UNROLL])
{
#if VF_UNROLL == 4
	return vf_sum(vf_add(vf_add(acc[0], acc[1]), vf_add(acc[2], acc[3])));
#elif VF_UNROLL == 1
	return vf_sum(acc[0]);
#else
#error "no addition tree for this VF_UNROLL"
#endif
}

/* The elements p[0 .. left), at most VF_WIDTH of them, zeros in the other lanes. */
VDB_INLINE VDB_TARGET vf32
VDB_FN(load_upto)(const float *p, size_t left)
{
	return left >= VF_WIDTH ? vf_load(p) : vf_load_partial(p, left);
}

/* The sum of a term over n elements of rows a and b. */
VDB_INLINE VDB_TARGET float
VDB_FN(reduce)(DistTerm term, const float *a, const float *b, size_t n)
{
	vf32 acc[VF_UNROLL];
	size_t i = 0;

	if (n <= VF_WIDTH)
		return vf_sum(
			VDB_FN(add_term)(term, vf_zero(), vf_load_partial(a, n), vf_load_partial(b, n)));

	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
		acc[u] = vf_zero();
	for (; n - i >= BLOCK; i += BLOCK)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
			acc[u] = VDB_FN(add_term)(term, acc[u], vf_load(a + i + u * VF_WIDTH),
									  vf_load(b + i + u * VF_WIDTH));
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		if (i + u * VF_WIDTH < n)
		{
			size_t at = i + u * VF_WIDTH;

			acc[u] = VDB_FN(add_term)(term, acc[u], VDB_FN(load_upto)(a + at, n - at),
									  VDB_FN(load_upto)(b + at, n - at));
		}
	}
	return VDB_FN(sum_unrolled)(acc);
}

/* reduce() of one query with VF_ROWS rows at once, sharing the loads of the query. */
VDB_INLINE VDB_TARGET void
VDB_FN(reduce_rows)(DistTerm term, const float *query, const float *rows, size_t stride, size_t n,
					float *out)
{
	vf32 acc[VF_ROWS][VF_UNROLL];
	size_t i = 0;

	if (n <= VF_WIDTH)
	{
		vf32 q = vf_load_partial(query, n);

		VDB_UNROLL
		for (int r = 0; r < VF_ROWS; r++)
			out[r] =
				vf_sum(VDB_FN(add_term)(term, vf_zero(), q, vf_load_partial(rows + r * stride, n)));
		return;
	}

	VDB_UNROLL
	for (int r = 0; r < VF_ROWS; r++)
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
			vf32 q = vf_load(query + i + u * VF_WIDTH);

			VDB_UNROLL
			for (int r = 0; r < VF_ROWS; r++)
				acc[r][u] = VDB_FN(add_term)(term, acc[r][u], q,
											 vf_load(rows + r * stride + i + u * VF_WIDTH));
		}
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		if (i + u * VF_WIDTH < n)
		{
			size_t at = i + u * VF_WIDTH;
			vf32 q = VDB_FN(load_upto)(query + at, n - at);

			VDB_UNROLL
			for (int r = 0; r < VF_ROWS; r++)
				acc[r][u] = VDB_FN(add_term)(term, acc[r][u], q,
											 VDB_FN(load_upto)(rows + r * stride + at, n - at));
		}
	}
	VDB_UNROLL
	for (int r = 0; r < VF_ROWS; r++)
		out[r] = VDB_FN(sum_unrolled)(acc[r]);
}

/* All rows of a batch: groups of VF_ROWS, then the rest one by one. */
VDB_INLINE VDB_TARGET void
VDB_FN(reduce_batch)(DistTerm term, const float *query, const float *rows, size_t stride,
					 size_t nrows, size_t n, float *out)
{
	size_t r = 0;

	for (; nrows - r >= VF_ROWS; r += VF_ROWS)
		VDB_FN(reduce_rows)(term, query, rows + r * stride, stride, n, out + r);
	for (; r < nrows; r++)
		out[r] = VDB_FN(reduce)(term, query, rows + r * stride, n);
}

/* Squared L2 distance of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(l2sq)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L2SQ, a, b, n);
}

/* Inner product of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(dot)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, a, b, n);
}

/* L1 distance of a[n] and b[n]. */
static VDB_TARGET float
VDB_FN(l1)(const float *a, const float *b, size_t n)
{
	return VDB_FN(reduce)(TERM_L1, a, b, n);
}

/* Squared norm of a[n]; the compiler loads each element once. */
static VDB_TARGET float
VDB_FN(norm2)(const float *a, size_t n)
{
	return VDB_FN(reduce)(TERM_DOT, a, a, n);
}

/* Inner product and both squared norms of a[n] and b[n]. */
static VDB_TARGET DistCosineParts
VDB_FN(cosine)(const float *a, const float *b, size_t n)
{
	vf32 dot[VF_UNROLL];
	vf32 norm2a[VF_UNROLL];
	vf32 norm2b[VF_UNROLL];
	DistCosineParts parts;
	size_t i = 0;

	if (n <= VF_WIDTH)
	{
		vf32 va = vf_load_partial(a, n);
		vf32 vb = vf_load_partial(b, n);

		parts.dot = vf_sum(vf_fma(va, vb, vf_zero()));
		parts.norm2a = vf_sum(vf_fma(va, va, vf_zero()));
		parts.norm2b = vf_sum(vf_fma(vb, vb, vf_zero()));
		return parts;
	}

	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
		dot[u] = norm2a[u] = norm2b[u] = vf_zero();
	for (; n - i >= BLOCK; i += BLOCK)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
		{
			vf32 va = vf_load(a + i + u * VF_WIDTH);
			vf32 vb = vf_load(b + i + u * VF_WIDTH);

			VDB_IN_REGISTER(va);
			VDB_IN_REGISTER(vb);
			dot[u] = vf_fma(va, vb, dot[u]);
			norm2a[u] = vf_fma(va, va, norm2a[u]);
			norm2b[u] = vf_fma(vb, vb, norm2b[u]);
		}
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		if (i + u * VF_WIDTH < n)
		{
			size_t at = i + u * VF_WIDTH;
			vf32 va = VDB_FN(load_upto)(a + at, n - at);
			vf32 vb = VDB_FN(load_upto)(b + at, n - at);

			dot[u] = vf_fma(va, vb, dot[u]);
			norm2a[u] = vf_fma(va, va, norm2a[u]);
			norm2b[u] = vf_fma(vb, vb, norm2b[u]);
		}
	}
	parts.dot = VDB_FN(sum_unrolled)(dot);
	parts.norm2a = VDB_FN(sum_unrolled)(norm2a);
	parts.norm2b = VDB_FN(sum_unrolled)(norm2b);
	return parts;
}

/* Squared L2 distance of a[n] in binary32 and b[n] in binary16. */
static VDB_TARGET float
VDB_FN(l2sq_f16)(const float *a, const uint16_t *b, size_t n)
{
	vf32 acc[VF_UNROLL];
	size_t i = 0;

	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
		acc[u] = vf_zero();
	for (; n - i >= BLOCK; i += BLOCK)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
			acc[u] = VDB_FN(add_term)(TERM_L2SQ, acc[u], vf_load(a + i + u * VF_WIDTH),
									  vf_load_f16(b + i + u * VF_WIDTH));
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		size_t at = i + u * VF_WIDTH;

		/* two sums and not a choice of operand, which clang 14 would make lane by lane */
		if (at + VF_WIDTH <= n)
			acc[u] = VDB_FN(add_term)(TERM_L2SQ, acc[u], vf_load(a + at), vf_load_f16(b + at));
		else if (at < n)
			acc[u] = VDB_FN(add_term)(TERM_L2SQ, acc[u], vf_load_partial(a + at, n - at),
									  vf_load_f16_partial(b + at, n - at));
	}
	return VDB_FN(sum_unrolled)(acc);
}

/* l2sq() of the query with each of nrows rows, "stride" floats apart. */
static VDB_TARGET void
VDB_FN(l2sq_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				   float *out)
{
	VDB_FN(reduce_batch)(TERM_L2SQ, query, rows, stride, nrows, n, out);
}

/* dot() of the query with each of nrows rows, "stride" floats apart. */
static VDB_TARGET void
VDB_FN(dot_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				  float *out)
{
	VDB_FN(reduce_batch)(TERM_DOT, query, rows, stride, nrows, n, out);
}

/* l1() of the query with each of nrows rows, "stride" floats apart. */
static VDB_TARGET void
VDB_FN(l1_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
				 float *out)
{
	VDB_FN(reduce_batch)(TERM_L1, query, rows, stride, nrows, n, out);
}

/*
 * Inner product with the query and squared norm of "count" <= COSINE_ROWS rows, a
 * constant.  Does not set norm2a.
 */
VDB_INLINE VDB_TARGET void
VDB_FN(cosine_rows)(int count, const float *query, const float *rows, size_t stride, size_t n,
					DistCosineParts *out)
{
	vf32 dot[COSINE_ROWS][VF_UNROLL];
	vf32 norm2[COSINE_ROWS][VF_UNROLL];
	size_t i = 0;

	if (n <= VF_WIDTH)
	{
		vf32 q = vf_load_partial(query, n);

		VDB_UNROLL
		for (int r = 0; r < count; r++)
		{
			vf32 x = vf_load_partial(rows + r * stride, n);

			out[r].dot = vf_sum(vf_fma(q, x, vf_zero()));
			out[r].norm2b = vf_sum(vf_fma(x, x, vf_zero()));
		}
		return;
	}

	VDB_UNROLL
	for (int r = 0; r < count; r++)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
			dot[r][u] = norm2[r][u] = vf_zero();
	}
	for (; n - i >= BLOCK; i += BLOCK)
	{
		VDB_UNROLL
		for (int u = 0; u < VF_UNROLL; u++)
		{
			vf32 q = vf_load(query + i + u * VF_WIDTH);

			VDB_UNROLL
			for (int r = 0; r < count; r++)
			{
				vf32 x = vf_load(rows + r * stride + i + u * VF_WIDTH);

				VDB_IN_REGISTER(x);
				dot[r][u] = vf_fma(q, x, dot[r][u]);
				norm2[r][u] = vf_fma(x, x, norm2[r][u]);
			}
		}
	}
	VDB_UNROLL
	for (int u = 0; u < VF_UNROLL; u++)
	{
		if (i + u * VF_WIDTH < n)
		{
			size_t at = i + u * VF_WIDTH;
			vf32 q = VDB_FN(load_upto)(query + at, n - at);

			VDB_UNROLL
			for (int r = 0; r < count; r++)
			{
				vf32 x = VDB_FN(load_upto)(rows + r * stride + at, n - at);

				dot[r][u] = vf_fma(q, x, dot[r][u]);
				norm2[r][u] = vf_fma(x, x, norm2[r][u]);
			}
		}
	}
	VDB_UNROLL
	for (int r = 0; r < count; r++)
	{
		out[r].dot = VDB_FN(sum_unrolled)(dot[r]);
		out[r].norm2b = VDB_FN(sum_unrolled)(norm2[r]);
	}
}

/* cosine() of the query with each of nrows rows, "stride" floats apart. */
static VDB_TARGET void
VDB_FN(cosine_batch)(const float *query, const float *rows, size_t stride, size_t nrows, size_t n,
					 DistCosineParts *out)
{
	float norm2a = VDB_FN(norm2)(query, n);
	size_t r = 0;

	for (; nrows - r >= COSINE_ROWS; r += COSINE_ROWS)
		VDB_FN(cosine_rows)(COSINE_ROWS, query, rows + r * stride, stride, n, out + r);
	for (; r < nrows; r++)
		VDB_FN(cosine_rows)(1, query, rows + r * stride, stride, n, out + r);
	for (r = 0; r < nrows; r++)
		out[r].norm2a = norm2a;
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
};

#undef COSINE_ROWS
#undef BLOCK
