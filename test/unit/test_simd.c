/*-------------------------------------------------------------------------
 *
 * test_simd.c
 *	  Tests of the choice among the kernels of the SIMD levels.
 *
 * NOTES
 *	  The operations of the levels are tested by the kernels that are made of them.
 *
 * IDENTIFICATION
 *	  test/unit/test_simd.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "simd/simd.h"

static const char scalar[] = "scalar";
static const char avx2[] = "avx2";
static const char featured[] = "avx512 with a feature";
static const char avx512[] = "avx512";
static const char neon[] = "neon";

/* A level without a variant is served by the nearest below; one of another CPU by none. */
static void
nearest_below(void)
{
	static const SimdVariant all[] = {{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, scalar},
									  {VDB_SIMD_AVX2, SIMD_NO_FEATURE, avx2},
									  {VDB_SIMD_AVX512, SIMD_NO_FEATURE, avx512},
									  {VDB_SIMD_NEON, SIMD_NO_FEATURE, neon},
									  {VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};
	static const SimdVariant one[] = {{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, scalar},
									  {VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};
	static const SimdVariant none[] = {{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};
	static const char *const names[] = {scalar, avx2, avx512, neon};

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		bool compiled = vdb_simd_compiled((VdbSimd) s);

		CHECK(simd_kernels(all, (VdbSimd) s) == (compiled ? names[s] : NULL), "level %d", s);
		CHECK(simd_kernels(one, (VdbSimd) s) == (compiled ? scalar : NULL), "level %d of one", s);
		CHECK(simd_kernels(none, (VdbSimd) s) == NULL, "level %d of none", s);
	}
	CHECK(simd_kernels(all, (VdbSimd) VDB_SIMD_COUNT) == NULL, "a level past the last");
	CHECK(simd_kernels(all, (VdbSimd) -1) == NULL, "a level before the first");
}

/* A variant with a feature serves CPUs that have it, and only from its level on. */
static void
features(void)
{
	static const SimdVariant variants[] = {{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, scalar},
										   {VDB_SIMD_AVX2, SIMD_NO_FEATURE, avx2},
										   {VDB_SIMD_AVX512, VDB_CPU_VPOPCNTDQ, featured},
										   {VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};

	CHECK(simd_kernels(variants, VDB_SIMD_SCALAR) == scalar, "scalar");
	if (!vdb_simd_compiled(VDB_SIMD_AVX2))
		return;
	CHECK(simd_kernels(variants, VDB_SIMD_AVX2) == avx2, "avx2");
	CHECK(simd_kernels(variants, VDB_SIMD_AVX512) ==
			  (vdb_cpu_has(VDB_CPU_VPOPCNTDQ) ? featured : avx2),
		  "avx512");
}

/* A level that this CPU runs becomes the active one; another changes nothing. */
static void
selection(void)
{
	static const SimdVariant variants[] = {{VDB_SIMD_SCALAR, SIMD_NO_FEATURE, scalar},
										   {VDB_SIMD_SCALAR, SIMD_NO_FEATURE, NULL}};

	for (int s = -1; s <= VDB_SIMD_COUNT; s++)
		CHECK(simd_select(variants, (VdbSimd) s, neon) ==
				  (s >= 0 && vdb_simd_supported((VdbSimd) s) ? scalar : neon),
			  "level %d", s);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(nearest_below);
	TEST_RUN(features);
	TEST_RUN(selection);
	return test_end();
}
