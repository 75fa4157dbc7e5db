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
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

/* cpuid leaf 7, subleaf 0, EDX; subleaf 1, EAX */
#define CPUID7_EDX_AMX_BF16	   (1u << 22)
#define CPUID7_EDX_AMX_TILE	   (1u << 24)
#define CPUID71_EAX_AVX512BF16 (1u << 5)

/* XCR0: XMM and YMM state; opmask, upper halves of ZMM0-15, ZMM16-31 */
#define XCR0_YMM 0x06u
#define XCR0_ZMM 0xe0u

/* XCR0: configuration and data of the tile registers */
#define XCR0_TILES 0x60000u

/* arch_prctl() of Linux 5.16: leave to use an extended register state, that of the tile data */
#define ARCH_REQ_XCOMP_PERM 0x1023
#define XFEATURE_XTILEDATA	18

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

/* The features that this CPU has on top of avx512, as a mask of 1 << VdbCpuFeature. */
static int
detect_features(void)
{
	const uint32_t need_tiles = CPUID7_EDX_AMX_BF16 | CPUID7_EDX_AMX_TILE;
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
	uint32_t more;
	int features = 0;

	if (vdb_simd_best() != VDB_SIMD_AVX512 || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
		return 0;
	more = eax; /* the last subleaf */
	if ((ecx & CPUID7_ECX_VPOPCNTDQ) != 0)
		features |= 1 << VDB_CPU_VPOPCNTDQ;
	if ((edx & need_tiles) == need_tiles && (read_xcr0() & XCR0_TILES) == XCR0_TILES)
		features |= 1 << VDB_CPU_AMX_BF16;
	if (more < 1 || !__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) ||
		(eax & CPUID71_EAX_AVX512BF16) == 0)
		features &= ~(1 << VDB_CPU_AMX_BF16);
	else
		features |= 1 << VDB_CPU_AVX512_BF16;
	return features;
}

/*
 * Asks the operating system to let this process use the tile registers.  Linux refuses what
 * its configuration or an alternative signal stack that is too small does not allow, and
 * before 5.16 does not know the question.
 */
static bool
tiles_permitted(void)
{
#ifdef __linux__
	return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
	return false;
#endif
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
	static int known = -1;	   /* mask of features */
	static int permitted = -1; /* tile registers: yes, no, or not asked yet */

	if (known < 0)
		known = detect_features();
	if ((known & 1 << feature) == 0)
		return false;
	if (feature != VDB_CPU_AMX_BF16)
		return true;
	if (permitted < 0)
		permitted = tiles_permitted();
	return permitted != 0;
#else
	return false;
#endif
}
