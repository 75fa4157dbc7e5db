/*-------------------------------------------------------------------------
 *
 * vdb_cpu.c
 *	  Detection of the SIMD levels.
 *
 * NOTES
 *	  Pure C.  x86: feature bits from cpuid (Intel SDM vol. 2A, CPUID) and the register
 *	  state that the operating system saves from xgetbv (vol. 1, 13.3).  Both are needed:
 *	  a CPU may have AVX-512 while the kernel or hypervisor does not enable its state.
 *	  AArch64 has Advanced SIMD in its base profile.
 *
 * IDENTIFICATION
 *	  src/port/vdb_cpu.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_cpu.h"

#include <stddef.h>
#include <stdint.h>
#include "port/vdb_target.h"

#ifdef VDB_ARCH_X86
#include <cpuid.h>

/* cpuid leaf 1, ECX */
#define CPUID1_ECX_FMA	   (1u << 12)
#define CPUID1_ECX_POPCNT  (1u << 23)
#define CPUID1_ECX_OSXSAVE (1u << 27)
#define CPUID1_ECX_AVX	   (1u << 28)
#define CPUID1_ECX_F16C	   (1u << 29)

/* cpuid leaf 7, subleaf 0, EBX */
#define CPUID7_EBX_AVX2		(1u << 5)
#define CPUID7_EBX_AVX512F	(1u << 16)
#define CPUID7_EBX_AVX512DQ (1u << 17)
#define CPUID7_EBX_AVX512BW (1u << 30)
#define CPUID7_EBX_AVX512VL (1u << 31)

/* cpuid leaf 7, subleaf 0, ECX */
#define CPUID7_ECX_VPOPCNTDQ (1u << 14)

/* XCR0: XMM and YMM state; opmask, upper halves of ZMM0-15, ZMM16-31 */
#define XCR0_YMM 0x06u
#define XCR0_ZMM 0xe0u

/*
 * The low half of XCR0, the register states that the operating system saves.  Needs
 * OSXSAVE.  Inline assembly, as the intrinsic would need a target attribute.
 */
static uint32_t
read_xcr0(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

/* The best x86 level of this CPU and operating system. */
static VdbSimd
detect_x86(void)
{
	const uint32_t need1 =
		CPUID1_ECX_FMA | CPUID1_ECX_POPCNT | CPUID1_ECX_OSXSAVE | CPUID1_ECX_AVX | CPUID1_ECX_F16C;
	const uint32_t need512 =
		CPUID7_EBX_AVX512F | CPUID7_EBX_AVX512DQ | CPUID7_EBX_AVX512BW | CPUID7_EBX_AVX512VL;
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
	uint32_t xcr0;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & need1) != need1)
		return VDB_SIMD_SCALAR;
	xcr0 = read_xcr0();
	if ((xcr0 & XCR0_YMM) != XCR0_YMM)
		return VDB_SIMD_SCALAR;
	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (ebx & CPUID7_EBX_AVX2) == 0)
		return VDB_SIMD_SCALAR;
	if ((ebx & need512) == need512 && (xcr0 & XCR0_ZMM) == XCR0_ZMM)
		return VDB_SIMD_AVX512;
	return VDB_SIMD_AVX2;
}
#endif /* VDB_ARCH_X86 */

/* Name of a level as users write it in vdb.simd; NULL for a value outside the enum. */
const char *
vdb_simd_name(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_SCALAR:
			return "scalar";
		case VDB_SIMD_AVX2:
			return "avx2";
		case VDB_SIMD_AVX512:
			return "avx512";
		case VDB_SIMD_NEON:
			return "neon";
	}
	return NULL;
}

/* True when this build holds kernels of the level. */
bool
vdb_simd_compiled(VdbSimd simd)
{
	switch (simd)
	{
		case VDB_SIMD_SCALAR:
			return true;
		case VDB_SIMD_AVX2:
		case VDB_SIMD_AVX512:
#ifdef VDB_ARCH_X86
			return true;
#else
			return false;
#endif
		case VDB_SIMD_NEON:
#ifdef VDB_ARCH_NEON
			return true;
#else
			return false;
#endif
	}
	return false;
}

/* True when the level is compiled in and this CPU and OS can run it. */
bool
vdb_simd_supported(VdbSimd simd)
{
	VdbSimd best = vdb_simd_best();

	if (!vdb_simd_compiled(simd))
		return false;
	/* the levels of one architecture are ordered, each holds the ones before it */
	return simd <= best;
}

/* The best supported level.  cpuid traps in virtual machines, so it is asked once. */
VdbSimd
vdb_simd_best(void)
{
#if defined(VDB_ARCH_X86)
	static int known = -1; /* two threads would both store the same value */

	if (known < 0)
		known = (int) detect_x86();
	return (VdbSimd) known;
#elif defined(VDB_ARCH_NEON)
	return VDB_SIMD_NEON;
#else
	return VDB_SIMD_SCALAR;
#endif
}

/*
 * True when this CPU and OS can run a feature and the level that it belongs to.  Asked once,
 * as vdb_simd_best() is.
 */
bool
vdb_cpu_has(VdbCpuFeature feature)
{
#if defined(VDB_ARCH_X86)
	static int known = -1; /* ECX of leaf 7 below the sign bit, or 0 without avx512 */

	if (known < 0)
	{
		uint32_t eax;
		uint32_t ebx;
		uint32_t ecx = 0;
		uint32_t edx;

		if (vdb_simd_best() == VDB_SIMD_AVX512)
			(void) __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
		known = (int) (ecx & 0x7fffffffu);
	}
	switch (feature)
	{
		case VDB_CPU_VPOPCNTDQ:
			return ((uint32_t) known & CPUID7_ECX_VPOPCNTDQ) != 0;
	}
#endif
	return false;
}
