/*-------------------------------------------------------------------------
 *
 * quant_impl.h
 *	  What the files of this folder share: the per-level routines behind quant.h.
 *
 * NOTES
 *	  Pure C.  Private to src/quant.  Rotation, encoding and query tables have one
 *	  implementation per SIMD level too (quant_exact_template.h), but unlike the scan
 *	  kernels they give the same bits on every level, so callers never choose one:
 *	  the public functions use the routines of the active level.
 *
 * IDENTIFICATION
 *	  src/quant/quant_impl.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef QUANT_IMPL_H
#define QUANT_IMPL_H

#include <float.h>
#include "quant/quant.h"
#include "quant/quant_bits.h"
#include "quant/quant_refine.h"
#include "quant/quant_taxicab.h"
#include "port/vdb_target.h"

/* Codes on disk depend on float32 arithmetic without excess precision. */
#if FLT_EVAL_METHOD != 0
#error "vdb needs a compiler that evaluates float expressions in float (FLT_EVAL_METHOD 0)"
#endif

/* 1/sqrt(2) rounded to float32. */
#define QUANT_SQRT_HALF 0x1.6a09e6p-1f

/*
 * Magnitude that sums of factors and query constants must stay below to be used.
 * Half a unit in the last place of FLT_MAX is 2^103, so adding such a number to
 * -FLT_MAX gives -FLT_MAX, and its product with any finite binary16 is finite.
 */
#define QUANT_HUGE 0x1p100f

/* A lower bound below this belongs to a forced slot, or to a query without usable bounds. */
#define QUANT_FORCED (-0x1p126f)

/* Sums over one residual r = x - centroid; s_i is +1 or -1 as code bit i says. */
typedef struct QuantSums
{
	float a2; /* sum r_i^2 */
	float a1; /* sum |r_i| */
	float sc; /* sum s_i c_i */
	float rc; /* sum r_i c_i; QUANT_IP only, else 0 */
	float xo; /* sum x_i offset_i; QUANT_IP with an offset only, else 0 */
} QuantSums;

/* What the table of a query is made from. */
typedef struct QuantQueryStats
{
	float norm2;   /* sum q_i^2 */
	float abs;	   /* sum |q_i| */
	float largest; /* largest |q_i| */
	float range;   /* largest 2 * (|a| + |b| + |c| + |d|) over the segments of four dimensions */
} QuantQueryStats;

/* Sums over one residual r = x - centroid that do not depend on its refine code. */
typedef struct QuantRefineResidual
{
	double a2;	   /* sum r_i^2 */
	double rc;	   /* sum r_i c_i; QUANT_IP only, else 0 */
	double xo;	   /* sum x_i offset_i; QUANT_IP with an offset only, else 0 */
	float largest; /* largest |r_i| */
} QuantRefineResidual;

/* Sums over a residual and its refine code, g_i = U_i - (2^B - 1) / 2. */
typedef struct QuantRefineSums
{
	double rg; /* sum r_i g_i */
	double gg; /* sum g_i^2 */
	double gc; /* sum g_i c_i */
} QuantRefineSums;

/* The bit-exact routines of one level; arguments as in quant.h. */
typedef struct QuantRoutines
{
	void (*input_stats)(int dims, const float *x, QuantInputStats *stats);
	void (*input_scale)(int dims, double factor, float *x);
	void (*input_centre)(int dims, const float *mean, float scale, float limit, float *x);
	float (*distance2)(int dims, const float *x, const float *y);
	void (*rotate)(const QuantRotation *rotation, float *x);
	void (*unrotate)(const QuantRotation *rotation, float *x);
	void (*residual)(QuantMetric metric, int dims, const float *x, const float *centroid,
					 const float *offset, uint8_t *code, QuantSums *sums);
	void (*query_stats)(int dims, const float *q, QuantQueryStats *stats);

	/* "scale" turns 2 |q_i| into 256ths of a table step */
	void (*query_table)(int dims, const float *q, float scale, uint8_t *table);

	/* of quant_refine.c; described in quant_refine_template.h */
	void (*refine_residual)(QuantMetric metric, int dims, const float *x, const float *centroid,
							const float *offset, QuantRefineResidual *residual);
	float (*refine_fit)(int dims, int bits, const float *x, const float *centroid, float scale);
	void (*refine_code)(int dims, int bits, const float *x, const float *centroid, float scale,
						uint8_t *code, QuantRefineSums *sums);
	int32_t (*refine_values)(int dims, int nvalues, const float *q, float scale, int16_t *values);

	/* of quant_taxicab.c; described in quant_taxicab_template.h */
	void (*taxicab_code)(int dims, int bits, const float *x, const float *dither, float scale,
						 uint8_t *code);
	void (*taxicab_sums)(int dims, int bits, const float *q, const float *dither, float step,
						 const uint8_t *code, float *lower, float *upper);
} QuantRoutines;

/* Next 64 pseudo-random bits; see quant_rotate.c. */
extern uint64_t quant_splitmix64(uint64_t *state);

/* The routines of the active level. */
extern const QuantRoutines *quant_routines;

extern const QuantKernels quant_kernels_scalar;
extern const QuantRoutines quant_routines_scalar;
#ifdef VDB_ARCH_X86
extern const QuantKernels quant_kernels_avx2;
extern const QuantRoutines quant_routines_avx2;
extern const QuantKernels quant_kernels_avx512;
extern const QuantRoutines quant_routines_avx512;
#endif
#ifdef VDB_ARCH_NEON
extern const QuantKernels quant_kernels_neon;
extern const QuantRoutines quant_routines_neon;
#endif

#endif /* QUANT_IMPL_H */
