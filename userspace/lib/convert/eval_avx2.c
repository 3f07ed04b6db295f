// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inner loops of the float evaluator with AVX2 and FMA. Eight accumulators:
 * four positions by sixteen filters.
 */
#include "convert/eval.h"

#include <immintrin.h>

#include "common/unroll.h"

static ALWAYS_INLINE void block(const struct ak_eval_window *win,
				const float *w, const float *bias, float *out,
				unsigned int pixels)
{
	__m256 lo[AK_EVAL_PIXELS], hi[AK_EVAL_PIXELS];
	size_t r, l;
	unsigned int p;

	for_unrolled(p, pixels) {
		lo[p] = _mm256_loadu_ps(bias);
		hi[p] = _mm256_loadu_ps(bias + 8);
	}
	for (r = 0; r < win->rows; r++) {
		const float *in = win->in + r * win->row;

		for (l = 0; l < win->len; l++, w += AK_EVAL_LANES) {
			__m256 w0 = _mm256_loadu_ps(w);
			__m256 w1 = _mm256_loadu_ps(w + 8);

			for_unrolled(p, pixels) {
				__m256 x = _mm256_broadcast_ss(
					in + p * win->step + l);

				lo[p] = _mm256_fmadd_ps(x, w0, lo[p]);
				hi[p] = _mm256_fmadd_ps(x, w1, hi[p]);
			}
		}
	}
	for_unrolled(p, pixels) {
		_mm256_storeu_ps(out + p * AK_EVAL_LANES, lo[p]);
		_mm256_storeu_ps(out + p * AK_EVAL_LANES + 8, hi[p]);
	}
}

static void block_avx2(const struct ak_eval_window *win, const float *w,
		       const float *bias, float *out, unsigned int pixels)
{
	switch (pixels) {
	case 4:
		block(win, w, bias, out, 4);
		return;
	case 3:
		block(win, w, bias, out, 3);
		return;
	case 2:
		block(win, w, bias, out, 2);
		return;
	default:
		block(win, w, bias, out, 1);
	}
}

static void depth_avx2(const struct ak_eval_window *win, const float *w,
		       const float *bias, float *out, size_t channels)
{
	size_t r, l, c;

	for (c = 0; c + 8 <= channels; c += 8) {
		__m256 acc = _mm256_loadu_ps(bias + c);

		for (r = 0; r < win->rows; r++) {
			const float *in = win->in + r * win->row + c;
			const float *wr = w + r * win->len * channels + c;

			for (l = 0; l < win->len; l++)
				acc = _mm256_fmadd_ps(
					_mm256_loadu_ps(in + l * win->step),
					_mm256_loadu_ps(wr + l * channels),
					acc);
		}
		_mm256_storeu_ps(out + c, acc);
	}
	for (; c < channels; c++) {
		float acc = bias[c];

		for (r = 0; r < win->rows; r++)
			for (l = 0; l < win->len; l++)
				acc += win->in[r * win->row + l * win->step +
					       c] *
				       w[(r * win->len + l) * channels + c];
		out[c] = acc;
	}
}

const struct ak_eval_kernels ak_eval_kernels_avx2 = { block_avx2, depth_avx2 };
