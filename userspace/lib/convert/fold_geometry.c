// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Paddings of frameworks in Akida's terms.
 */
#include "convert/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A kernel is enlarged up to this side: hardware has 7 at most. */
#define MAX_ENLARGED 7u

/* Same: windows = size / stride rounded up, the smaller half comes first. */
uint32_t ak_same_before(uint32_t size, uint32_t kernel, uint32_t stride)
{
	uint32_t covered = size % stride ? size % stride : stride;

	return kernel > covered ? (kernel - covered) / 2 : 0;
}

static uint32_t same_windows(uint32_t size, uint32_t stride)
{
	return size / stride + (size % stride != 0);
}

/* The windows of one axis with Same and a kernel of @big; @shift: first tap. */
static bool same_fits(uint32_t size, uint32_t kernel, uint32_t big,
		      uint32_t stride, uint32_t before, uint32_t out,
		      uint32_t *shift)
{
	uint32_t first = ak_same_before(size, big, stride);

	if (same_windows(size, stride) != out || first < before)
		return false;
	*shift = first - before;
	return *shift + kernel <= big;
}

static bool pool_fits(const struct akida_shape *conv, const struct ak_op *p,
		      bool same)
{
	if (!p)
		return true;
	if (same)
		return same_windows(conv->height, p->stride_y) ==
			       p->out.height &&
		       same_windows(conv->width, p->stride_x) == p->out.width &&
		       ak_same_before(conv->height, p->kernel_h, p->stride_y) ==
			       p->pad_top &&
		       ak_same_before(conv->width, p->kernel_w, p->stride_x) ==
			       p->pad_left;
	return !p->pad_top && !p->pad_left && p->kernel_h <= conv->height &&
	       p->kernel_w <= conv->width &&
	       (conv->height - p->kernel_h) / p->stride_y + 1 ==
		       p->out.height &&
	       (conv->width - p->kernel_w) / p->stride_x + 1 == p->out.width;
}

/* Put a [kh][kw][n] kernel of @size-byte elements into a larger one. */
static void *enlarge(void *old, const struct ak_net_layer *l, uint32_t kh,
		     uint32_t kw, uint32_t dy, uint32_t dx, size_t n,
		     size_t size)
{
	uint8_t *big = calloc((size_t)kh * kw * n, size);
	size_t row = (size_t)l->kernel_w * n * size;
	uint32_t y;

	for (y = 0; big && y < l->kernel_h; y++)
		memcpy(big + (((size_t)y + dy) * kw + dx) * n * size,
		       (uint8_t *)old + y * row, row);
	if (big)
		free(old);
	return big;
}

static int set_kernel(struct ak_net_layer *l, uint32_t kh, uint32_t kw,
		      uint32_t dy, uint32_t dx, struct ak_err *err)
{
	size_t n = l->in.channels;
	void *big;

	if (kh == l->kernel_h && kw == l->kernel_w)
		return 0;
	if (l->type != AKIDA_LAYER_SEPARABLE_CONV)
		n *= l->filters;
	if (l->weights_q) {
		big = enlarge(l->weights_q, l, kh, kw, dy, dx, n, 1);
		if (!big)
			return ak_errf(err, -ENOMEM, "out of memory");
		l->weights_q = big;
	}
	big = enlarge(l->weights, l, kh, kw, dy, dx, n, sizeof(float));
	if (!big)
		return ak_errf(err, -ENOMEM, "out of memory");
	l->weights = big;
	l->kernel_h = kh;
	l->kernel_w = kw;
	return 0;
}

int ak_fold_geometry(struct ak_net_layer *l, const struct akida_shape *conv,
		     const struct ak_borders *b, const struct ak_op *pool,
		     struct ak_err *err)
{
	uint32_t kh = l->kernel_h, kw = l->kernel_w, dy, dx, k;
	bool valid = !b->top && !b->left &&
		     (l->in.height - kh) / l->stride_y + 1 == conv->height &&
		     (l->in.width - kw) / l->stride_x + 1 == conv->width;
	bool windows = false;

	/* Same first: only the first layer of the chips knows Valid. */
	for (k = 0; k <= MAX_ENLARGED; k++) {
		uint32_t big_h = k ? k : kh, big_w = k ? k : kw;

		if (k && (!(k & 1) || k < kh || k < kw))
			continue;
		if (!same_fits(l->in.height, kh, big_h, l->stride_y, b->top,
			       conv->height, &dy) ||
		    !same_fits(l->in.width, kw, big_w, l->stride_x, b->left,
			       conv->width, &dx))
			continue;
		windows = true;
		if (!pool_fits(conv, pool, true))
			break;
		l->same = true;
		return set_kernel(l, big_h, big_w, dy, dx, err);
	}
	if (valid) {
		windows = true;
		if (pool_fits(conv, pool, false)) {
			l->same = false;
			return 0;
		}
	}
	if (windows)
		return ak_errf(
			err, -ENOTSUP,
			"layer '%s': max-pooling '%s' of %ux%u windows with a step of %ux%u and %u,%u,%u,%u of padding (top, left, bottom, right) over %ux%u: Akida 1.0 pads pooling as the convolution before it; use sizes that windows divide, or 'same' for both",
			l->name, pool->name, pool->kernel_h, pool->kernel_w,
			pool->stride_y, pool->stride_x, pool->pad_top,
			pool->pad_left, pool->pad_bottom, pool->pad_right,
			conv->height, conv->width);
	return ak_errf(
		err, -ENOTSUP,
		"layer '%s': %u,%u,%u,%u of padding (top, left, bottom, right) around %ux%u windows with a step of %ux%u over %ux%u is neither 'valid' nor 'same': Akida 1.0 would pad %u before the first row and %u before the first column; pad so",
		l->name, b->top, b->left, b->bottom, b->right, kh, kw,
		l->stride_y, l->stride_x, l->in.height, l->in.width,
		ak_same_before(l->in.height, kh, l->stride_y),
		ak_same_before(l->in.width, kw, l->stride_x));
}
