/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accumulators stay in registers only if every loop over them is unrolled and
 * every function that has them is inlined.
 */
#ifndef AK_UNROLL_H
#define AK_UNROLL_H

#if defined(__SANITIZE_ADDRESS__)
#define AK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || \
	__has_feature(undefined_behavior_sanitizer)
#define AK_SANITIZED 1
#endif
#endif

/* With a check at every access, unrolled code takes minutes to compile. */
#ifdef AK_SANITIZED
#define ALWAYS_INLINE __attribute__((noinline, unused))
#define UNROLL
#else
#define ALWAYS_INLINE inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#endif

/* A loop of @i from 0 to @n - 1, with a copy of its body for each. */
#define for_unrolled(i, n) UNROLL for (i = 0; i < (n); i++)

/* Likewise in steps of @step. */
#define for_unrolled_by(i, n, step) UNROLL for (i = 0; i < (n); i += (step))

#endif /* AK_UNROLL_H */
