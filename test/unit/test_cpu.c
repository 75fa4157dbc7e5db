/*-------------------------------------------------------------------------
 *
 * test_cpu.c
 *	  Tests of the SIMD level detection.
 *
 * IDENTIFICATION
 *	  test/unit/test_cpu.c
 *
 *-------------------------------------------------------------------------
 */
#include "test_main.h"
#include "port/vdb_target.h"

/* Names are the documented ones, distinct, and NULL outside the enum. */
static void
names(void)
{
	static const char *const expected[] = {"scalar", "avx2", "avx512", "neon"};

	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		CHECK(strcmp(vdb_simd_name((VdbSimd) s), expected[s]) == 0, "level %d is named \"%s\"", s,
			  vdb_simd_name((VdbSimd) s));
	CHECK(vdb_simd_name((VdbSimd) VDB_SIMD_COUNT) == NULL, "a level past the last has a name");
	CHECK(!vdb_simd_compiled((VdbSimd) VDB_SIMD_COUNT), "a level past the last is compiled");
}

/* What is supported is compiled in, scalar always is, and the best level is supported. */
static void
consistency(void)
{
	VdbSimd best = vdb_simd_best();

	CHECK(vdb_simd_supported(VDB_SIMD_SCALAR), "scalar is not supported");
	CHECK(vdb_simd_supported(best), "best level %s is not supported", vdb_simd_name(best));
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
	{
		VdbSimd simd = (VdbSimd) s;

		CHECK(!vdb_simd_supported(simd) || vdb_simd_compiled(simd), "%s supported, not compiled",
			  vdb_simd_name(simd));
		CHECK(!vdb_simd_supported(simd) || simd <= best, "%s is better than the best",
			  vdb_simd_name(simd));
	}
	CHECK(!(vdb_simd_compiled(VDB_SIMD_AVX2) && vdb_simd_compiled(VDB_SIMD_NEON)),
		  "levels of two architectures in one build");
	printf("# best level: %s\n", vdb_simd_name(best));
}

/* The compiler's own detection, which reads the same registers, agrees. */
static void
compiler_agrees(void)
{
#ifdef VDB_ARCH_X86
	bool avx2;
	bool avx512;

	__builtin_cpu_init();
	avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
		   __builtin_cpu_supports("popcnt");
	avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
	/* gcc 12 cannot be asked for F16C; no CPU with AVX2 lacks it */
	CHECK(vdb_simd_supported(VDB_SIMD_AVX2) == avx2, "avx2 differs, compiler says %d", avx2);
	CHECK(vdb_simd_supported(VDB_SIMD_AVX512) == avx512, "avx512 differs, compiler says %d",
		  avx512);
	CHECK(vdb_cpu_has(VDB_CPU_VPOPCNTDQ) == (avx512 && __builtin_cpu_supports("avx512vpopcntdq")),
		  "vpopcntdq differs, vdb says %d", vdb_cpu_has(VDB_CPU_VPOPCNTDQ));
	CHECK(vdb_cpu_has(VDB_CPU_AVX512_BF16) == (avx512 && __builtin_cpu_supports("avx512bf16")),
		  "avx512_bf16 differs, vdb says %d", vdb_cpu_has(VDB_CPU_AVX512_BF16));
	CHECK(!vdb_cpu_has(VDB_CPU_AMX_BF16) || vdb_cpu_has(VDB_CPU_AVX512_BF16),
		  "AMX without AVX512_BF16");
	CHECK(vdb_cpu_has(VDB_CPU_AMX_BF16) == vdb_cpu_has(VDB_CPU_AMX_BF16), "two answers about AMX");
#else
	TEST_SKIP("x86 only");
#endif
}

/* VDB_REQUIRE_SIMD turns a missing level into a failure. */
static void
required_levels(void)
{
	for (int s = 0; s < VDB_SIMD_COUNT; s++)
		test_simd((VdbSimd) s);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(names);
	TEST_RUN(consistency);
	TEST_RUN(compiler_agrees);
	TEST_RUN(required_levels);
	return test_end();
}
