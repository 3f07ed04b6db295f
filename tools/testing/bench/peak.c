// SPDX-License-Identifier: GPL-2.0
#include "peak.h"

#include "akida/device.h"
#include "timing.h"

/* Loops per try: some ten microseconds. */
#define LOOPS 4000
#define TRIES 300
/* Independent accumulators of a loop: more than latency times throughput. */
#define CHAINS 12

/* Multiply-adds per second of a loop with so many of them. */
static double rate(void (*loop)(void), double macs)
{
	double best = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		double t = now(), r;

		loop();
		r = macs * LOOPS * 1e3 / (now() - t);
		if (r > best)
			best = r;
	}
	return best;
}

#if defined(__x86_64__)
#define REGISTERS                                                            \
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",      \
		"xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
		"cc"
/* Zero operands: as fast as any, and the same for all. */
#define LOOP(name, clear, body)                               \
	static void name(void)                                \
	{                                                     \
		int n = LOOPS;                                \
		__asm__ volatile(clear "1:\n" body "dec %0\n" \
				       "jnz 1b\n"             \
				       "vzeroupper\n"         \
				 : "+r"(n)                    \
				 :                            \
				 : REGISTERS);                \
	}
#define CLEAR(op, v)                                                         \
	op " %%" v "0, %%" v "0, %%" v "0\n" op " %%" v "1, %%" v "1, %%" v  \
	   "1\n" op " %%" v "2, %%" v "2, %%" v "2\n" op " %%" v "3, %%" v   \
	   "3, %%" v "3\n" op " %%" v "4, %%" v "4, %%" v "4\n" op " %%" v   \
	   "5, %%" v "5, %%" v "5\n" op " %%" v "6, %%" v "6, %%" v "6\n" op \
	   " %%" v "7, %%" v "7, %%" v "7\n" op " %%" v "8, %%" v "8, %%" v  \
	   "8\n" op " %%" v "9, %%" v "9, %%" v "9\n" op " %%" v "10, %%" v  \
	   "10, %%" v "10\n" op " %%" v "11, %%" v "11, %%" v "11\n" op      \
	   " %%" v "12, %%" v "12, %%" v "12\n" op " %%" v "13, %%" v        \
	   "13, %%" v "13\n"
#define DOT(op, v, d) op " %%" v "12, %%" v "13, %%" v d "\n"
#define DOTS(op, v)      \
	DOT(op, v, "0")  \
	DOT(op, v, "1")  \
	DOT(op, v, "2")  \
	DOT(op, v, "3")  \
	DOT(op, v, "4")  \
	DOT(op, v, "5")  \
	DOT(op, v, "6")  \
	DOT(op, v, "7")  \
	DOT(op, v, "8")  \
	DOT(op, v, "9")  \
	DOT(op, v, "10") \
	DOT(op, v, "11")
#define PRODUCT(mul, add, d)                                                   \
	mul " %%ymm12, %%ymm13, %%ymm14\n" add " %%ymm14, %%ymm" d ", %%ymm" d \
	    "\n"
#define PRODUCTS(mul, add)      \
	PRODUCT(mul, add, "0")  \
	PRODUCT(mul, add, "1")  \
	PRODUCT(mul, add, "2")  \
	PRODUCT(mul, add, "3")  \
	PRODUCT(mul, add, "4")  \
	PRODUCT(mul, add, "5")  \
	PRODUCT(mul, add, "6")  \
	PRODUCT(mul, add, "7")  \
	PRODUCT(mul, add, "8")  \
	PRODUCT(mul, add, "9")  \
	PRODUCT(mul, add, "10") \
	PRODUCT(mul, add, "11")

LOOP(bytes_512, CLEAR("vpxord", "zmm"), DOTS("vpdpbusd", "zmm"))
LOOP(words_512, CLEAR("vpxord", "zmm"), DOTS("vpdpwssd", "zmm"))
LOOP(bytes_vnni, CLEAR("vpxor", "ymm"), DOTS("%{vex%} vpdpbusd", "ymm"))
LOOP(words_vnni, CLEAR("vpxor", "ymm"), DOTS("%{vex%} vpdpwssd", "ymm"))
LOOP(bytes_avx2, CLEAR("vpxor", "ymm"), PRODUCTS("vpmaddubsw", "vpaddw"))
LOOP(words_avx2, CLEAR("vpxor", "ymm"), PRODUCTS("vpmaddwd", "vpaddd"))

struct peak measure_peak(uint32_t flags)
{
	if (flags & AKIDA_CPU_AVX512VNNI)
		return (struct peak){ rate(bytes_512, CHAINS * 64),
				      rate(words_512, CHAINS * 32) };
	if (flags & AKIDA_CPU_AVXVNNI)
		return (struct peak){ rate(bytes_vnni, CHAINS * 32),
				      rate(words_vnni, CHAINS * 16) };
	if (flags & AKIDA_CPU_AVX2)
		return (struct peak){ rate(bytes_avx2, CHAINS * 32),
				      rate(words_avx2, CHAINS * 16) };
	return (struct peak){ 0, 0 };
}
#elif defined(__aarch64__)
#define REGISTERS                                                          \
	"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", \
		"v11", "v12", "v13", "cc"
#define LOOP(name, op, to, from)                                               \
	static void name(void)                                                 \
	{                                                                      \
		long n = LOOPS;                                                \
		__asm__ volatile(".arch_extension dotprod\n"                   \
				 "1:\n" op " v0." to ", v12." from             \
				 ", v13." from "\n" op " v1." to ", v12." from \
				 ", v13." from "\n" op " v2." to ", v12." from \
				 ", v13." from "\n" op " v3." to ", v12." from \
				 ", v13." from "\n" op " v4." to ", v12." from \
				 ", v13." from "\n" op " v5." to ", v12." from \
				 ", v13." from "\n" op " v6." to ", v12." from \
				 ", v13." from "\n" op " v7." to ", v12." from \
				 ", v13." from "\n" op " v8." to ", v12." from \
				 ", v13." from "\n" op " v9." to ", v12." from \
				 ", v13." from "\n" op " v10." to              \
				 ", v12." from ", v13." from "\n" op           \
				 " v11." to ", v12." from ", v13." from "\n"   \
				 "subs %0, %0, #1\n"                           \
				 "b.ne 1b\n"                                   \
				 : "+r"(n)                                     \
				 :                                             \
				 : REGISTERS);                                 \
	}

LOOP(bytes_dotprod, "sdot", "4s", "16b")
LOOP(bytes_neon, "smlal", "8h", "8b")
LOOP(words_neon, "smlal", "4s", "4h")

struct peak measure_peak(uint32_t flags)
{
	if (flags & AKIDA_CPU_DOTPROD)
		return (struct peak){ rate(bytes_dotprod, CHAINS * 16),
				      rate(words_neon, CHAINS * 4) };
	if (flags & AKIDA_CPU_NEON)
		return (struct peak){ rate(bytes_neon, CHAINS * 8),
				      rate(words_neon, CHAINS * 4) };
	return (struct peak){ 0, 0 };
}
#else
struct peak measure_peak(uint32_t flags)
{
	(void)flags;
	return (struct peak){ 0, 0 };
}
#endif
