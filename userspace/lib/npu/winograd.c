// SPDX-License-Identifier: LGPL-2.1-or-later
#include "npu/winograd.h"

#include <errno.h>
#include <string.h>

/* What the transform of a row adds to each tap, to keep it positive. */
static const int32_t offsets[NPU_WINO_TAPS] = { 75, 120, 75, 45, 45, 75 };

/* Largest weight, largest input: 4 * 3 * 10 = 120, 10 * 15 = 150. */
#define LARGEST_WEIGHT 10
#define LARGEST_INPUT 15
/* Transformed rows beyond this would not stay in a second level cache. */
#define LARGEST_SCRATCH (512u << 10)

bool npu_winograd_possible(const struct ak_layer *l)
{
	size_t n = ak_layer_num_weights(l, false), i;

	if (l->type != AKIDA_LAYER_CONV || l->kernel_w != 3 ||
	    l->stride_x != 1 || l->conv.width < 3 || l->in_max > LARGEST_INPUT)
		return false;
	if (npu_winograd_row_size(l) * l->kernel_h > LARGEST_SCRATCH)
		return false;
	for (i = 0; i < n; i++)
		if (l->weights[i] > LARGEST_WEIGHT ||
		    l->weights[i] < -LARGEST_WEIGHT)
			return false;
	return true;
}

uint32_t npu_winograd_tiles(const struct ak_layer *l)
{
	return (l->conv.width + NPU_WINO_OUT - 1) / NPU_WINO_OUT;
}

static uint32_t quads(const struct ak_layer *l)
{
	return (l->in.channels + 3) / 4;
}

size_t npu_winograd_row_size(const struct ak_layer *l)
{
	return (size_t)npu_winograd_tiles(l) * NPU_WINO_TAPS * quads(l) * 4;
}

/* Kernels are applied flipped on both axes. */
static int weight(const struct ak_layer *l, uint32_t ky, uint32_t kx,
		  uint32_t c, uint32_t f)
{
	size_t at = (size_t)(2 - kx) * l->kernel_h + (l->kernel_h - 1 - ky);

	return l->weights[(at * l->in.channels + c) * l->out.channels + f];
}

/* The six weights of a tap, all times 24 over what their outputs lack. */
static void transform(const struct ak_layer *l, uint32_t ky, uint32_t c,
		      uint32_t f, int8_t u[NPU_WINO_TAPS])
{
	int g0 = weight(l, ky, 0, c, f), g1 = weight(l, ky, 1, c, f);
	int g2 = weight(l, ky, 2, c, f);

	u[0] = (int8_t)(6 * g0);
	u[1] = (int8_t)(-4 * (g0 + g1 + g2));
	u[2] = (int8_t)(-4 * (g0 - g1 + g2));
	u[3] = (int8_t)(g0 + 2 * g1 + 4 * g2);
	u[4] = (int8_t)(g0 - 2 * g1 + 4 * g2);
	u[5] = (int8_t)(6 * g2);
}

int npu_winograd_pack(struct npu *n, struct npu_layer *y)
{
	const struct ak_layer *l = y->l;
	uint32_t ky, c, f, t;

	y->panel = NPU_LANES;
	y->panels = (l->out.channels + NPU_LANES - 1) / NPU_LANES;
	y->rows = l->kernel_h;
	y->quads = quads(l);
	y->panel_size =
		(size_t)y->rows * y->quads * NPU_WINO_TAPS * NPU_LANES * 4;
	y->w = npu_alloc(n, y->panels * y->panel_size);
	y->start = npu_alloc(n, (size_t)y->panels * NPU_WINO_TAPS * NPU_LANES *
					sizeof(*y->start));
	if (!y->w || !y->start)
		return -ENOMEM;
	for (f = 0; f < l->out.channels; f++) {
		int8_t *w = y->w + f / NPU_LANES * y->panel_size +
			    f % NPU_LANES * 4;
		int32_t *start = y->start +
				 f / NPU_LANES * NPU_WINO_TAPS * NPU_LANES +
				 f % NPU_LANES;

		for (ky = 0; ky < l->kernel_h; ky++) {
			for (c = 0; c < l->in.channels; c++) {
				size_t at = ((size_t)ky * y->quads + c / 4) *
					    NPU_WINO_TAPS;
				int8_t u[NPU_WINO_TAPS];

				transform(l, ky, c, f, u);
				for (t = 0; t < NPU_WINO_TAPS; t++) {
					w[(at + t) * NPU_LANES * 4 + c % 4] =
						u[t];
					if (!n->kernels.winograd_signed)
						start[t * NPU_LANES] -=
							offsets[t] * u[t];
				}
			}
		}
	}
	return 0;
}

static void run_row(struct npu *n, const struct npu_layer *y, uint8_t *out,
		    const uint8_t *const *rows)
{
	uint32_t tiles = npu_winograd_tiles(y->l), panel, i, m, calls;
	size_t tile = (size_t)NPU_WINO_TAPS * y->quads * 4;

	for (panel = 0; panel < y->panels; panel++) {
		uint32_t first = panel * NPU_LANES;
		uint32_t left = y->l->out.channels - first;
		const uint8_t *at[AK_MAX_KERNEL];
		struct npu_winograd w = {
			.rows = at,
			.kernel_rows = y->rows,
			.quads = y->quads,
			.w = y->w + panel * y->panel_size,
			.start = y->start + first * NPU_WINO_TAPS,
			.mul = y->act.mul + first,
			.add = y->act.add + first,
			.max = y->act.max,
			.filters = left < NPU_LANES ? left : NPU_LANES,
			.step = y->l->out.channels,
		};

		memcpy(at, rows, y->rows * sizeof(*at));
		/* Calls of about equal size, as in the other kernels. */
		calls = (tiles + NPU_WINO_TILES - 1) / NPU_WINO_TILES;
		for (i = 0; i < tiles; i += m, calls--) {
			uint32_t r;

			m = (tiles - i + calls - 1) / calls;
			w.out = out + (size_t)i * NPU_WINO_OUT * w.step + first;
			w.width = y->l->conv.width - i * NPU_WINO_OUT;
			n->kernels.winograd(&w, m);
			for (r = 0; r < y->rows; r++)
				at[r] += m * tile;
		}
	}
}

void npu_winograd_run(struct npu *n, const struct npu_layer *y,
		      const uint8_t *src, uint8_t *mid, struct npu_scratch *s,
		      uint32_t row, uint32_t end)
{
	const struct ak_layer *l = y->l;
	size_t size = npu_winograd_row_size(l);
	const uint8_t *rows[AK_MAX_KERNEL];
	uint32_t done = row * l->stride_y, ky;

	/* A transformed row stays until a row that needs its place comes. */
	for (; row < end; row++) {
		uint32_t top = row * l->stride_y;

		for (ky = 0; ky < l->kernel_h; ky++) {
			uint32_t in = top + ky;
			struct npu_winograd_row r = {
				.in = src + in * y->src.pitch,
				.channels = l->in.channels,
				.tiles = npu_winograd_tiles(l),
				.out = s->bytes + in % l->kernel_h * size,
			};

			rows[ky] = r.out;
			if (in < done)
				continue;
			n->kernels.winograd_row(&r);
			done = in + 1;
		}
		run_row(n, y, mid + y->mid.origin + row * y->mid.pitch, rows);
	}
}
