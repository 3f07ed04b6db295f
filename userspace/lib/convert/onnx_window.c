// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Windows of ONNX convolutions and poolings; poolings.
 */
#include "convert/onnx_window.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/model.h"

/* What SAME pads in all: so that steps of the input give that many outputs. */
static void auto_pad(uint32_t size, uint32_t kernel, uint32_t stride,
		     bool lower, uint32_t *before, uint32_t *after)
{
	uint32_t covered = size % stride ? size % stride : stride;
	uint32_t total = kernel > covered ? kernel - covered : 0;

	*before = lower ? total - total / 2 : total / 2;
	*after = total - *before;
}

/* ceil_mode: a last window may reach beyond the end, but not begin there. */
static void ceil_pad(uint32_t size, uint32_t kernel, uint32_t stride,
		     uint32_t before, uint32_t *after)
{
	uint32_t padded = size + before + *after, n;

	if (padded < kernel)
		return;
	n = (padded - kernel + stride - 1) / stride + 1;
	if ((n - 1) * stride >= size + before)
		n--;
	if ((n - 1) * stride + kernel > padded)
		*after += (n - 1) * stride + kernel - padded;
}

static int take_auto_pad(struct ak_onnx_walk *w, const struct akida_shape *in,
			 struct ak_onnx_window *win)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, "auto_pad");
	bool lower;

	if (!a || (a->s_size == 6 && !memcmp(a->s, "NOTSET", 6)))
		return 0;
	memset(win->pad, 0, sizeof(win->pad));
	if (a->s_size == 5 && !memcmp(a->s, "VALID", 5))
		return 0;
	if (a->s_size != 10 ||
	    (memcmp(a->s, "SAME_UPPER", 10) && memcmp(a->s, "SAME_LOWER", 10)))
		return AK_ONNX_BAD(w, "its 'auto_pad' is '%.*s'",
				   a->s_size > 32 ? 32 : (int)a->s_size, a->s);
	lower = a->s[5] == 'L';
	auto_pad(in->height, win->kernel[0], win->stride[0], lower,
		 &win->pad[0], &win->pad[2]);
	auto_pad(in->width, win->kernel[1], win->stride[1], lower, &win->pad[1],
		 &win->pad[3]);
	return 0;
}

/* A list of @n numbers of @lo to 255; @preset if it is not there. */
static int take_list(struct ak_onnx_walk *w, const char *name, size_t n,
		     int64_t lo, uint32_t preset, uint32_t *out)
{
	int64_t v[4];
	size_t have, i;
	int rc = ak_onnx_ints(w, name, SIZE_MAX, v, 4, &have);

	if (rc)
		return rc;
	for (i = 0; i < n; i++)
		out[i] = preset;
	if (!have)
		return 0;
	if (have != n)
		return AK_ONNX_REFUSE(
			w,
			"'%s' has %zu numbers, not %zu: only windows over rows and columns are read",
			name, have, n);
	for (i = 0; i < n; i++) {
		if (v[i] < lo || v[i] > AK_MAX_KERNEL)
			return AK_ONNX_REFUSE(w,
					      "'%s' is %" PRId64
					      "; it must be %" PRId64 " to %u",
					      name, v[i], lo, AK_MAX_KERNEL);
		out[i] = (uint32_t)v[i];
	}
	return 0;
}

int ak_onnx_window(struct ak_onnx_walk *w, const struct akida_shape *in,
		   uint32_t kh, uint32_t kw, struct ak_onnx_window *win)
{
	uint32_t dilation[2], kernel[2];
	int rc = take_list(w, "kernel_shape", 2, 1, 0, kernel);

	if (!rc)
		rc = take_list(w, "strides", 2, 1, 1, win->stride);
	if (!rc)
		rc = take_list(w, "dilations", 2, 1, 1, dilation);
	if (!rc)
		rc = take_list(w, "pads", 4, 0, 0, win->pad);
	if (rc)
		return rc;
	if (dilation[0] != 1 || dilation[1] != 1)
		return AK_ONNX_REFUSE(
			w,
			"a dilation of %ux%u: Akida 1.0 has none; train with a dilation of 1",
			dilation[0], dilation[1]);
	if ((kh && kernel[0] && (kernel[0] != kh || kernel[1] != kw)) ||
	    (!kh && !kernel[0]))
		return AK_ONNX_BAD(
			w,
			"its 'kernel_shape' is %ux%u, its weights have %ux%u",
			kernel[0], kernel[1], kh, kw);
	win->kernel[0] = kh ? kh : kernel[0];
	win->kernel[1] = kh ? kw : kernel[1];
	rc = take_auto_pad(w, in, win);
	if (!rc && ak_onnx_int(w, "ceil_mode", 0)) {
		ceil_pad(in->height, win->kernel[0], win->stride[0],
			 win->pad[0], &win->pad[2]);
		ceil_pad(in->width, win->kernel[1], win->stride[1], win->pad[1],
			 &win->pad[3]);
	}
	return rc;
}

void ak_onnx_set_window(struct ak_op *op, const struct ak_onnx_window *win)
{
	op->kernel_h = win->kernel[0];
	op->kernel_w = win->kernel[1];
	op->stride_y = win->stride[0];
	op->stride_x = win->stride[1];
	op->pad_top = win->pad[0];
	op->pad_left = win->pad[1];
	op->pad_bottom = win->pad[2];
	op->pad_right = win->pad[3];
}

/* Are all of a map's rows and columns in one window, without padding? */
static bool whole_map(const struct akida_shape *in,
		      const struct ak_onnx_window *win)
{
	return win->kernel[0] == in->height && win->kernel[1] == in->width &&
	       !win->pad[0] && !win->pad[1] && !win->pad[2] && !win->pad[3];
}

static int read_pool(struct ak_onnx_walk *w, bool max)
{
	struct ak_onnx_window win;
	struct akida_shape in;
	struct ak_op *op;
	bool whole;
	int rc = ak_onnx_need(w, AK_ONNX_NCHW, AK_ONNX_NCHW);

	if (rc)
		return rc;
	if (max && w->node->num_out > 1 && w->node->out[1] &&
	    w->value[w->node->out[1]].needed)
		return AK_ONNX_REFUSE(
			w,
			"the positions of its maxima are read by another node, which Akida has not");
	in = ak_onnx_end(w);
	rc = ak_onnx_window(w, &in, 0, 0, &win);
	if (rc)
		return rc;
	if (!max && ak_onnx_int(w, "ceil_mode", 0) &&
	    ak_onnx_int(w, "count_include_pad", 0))
		return AK_ONNX_REFUSE(
			w,
			"'ceil_mode' with 'count_include_pad', whose means frameworks do not agree on; use one of them");
	whole = !max && whole_map(&in, &win);
	op = ak_onnx_add(w, max	  ? AK_OP_MAX_POOL :
			    whole ? AK_OP_GLOBAL_AVG :
				    AK_OP_AVG_POOL);
	if (!op)
		return -ENOMEM;
	op->count_pad = ak_onnx_int(w, "count_include_pad", 0);
	if (!whole)
		ak_onnx_set_window(op, &win);
	return ak_onnx_added(w);
}

static int read_global(struct ak_onnx_walk *w, bool max)
{
	struct akida_shape in;
	struct ak_op *op;
	int rc = ak_onnx_need(w, AK_ONNX_NCHW, AK_ONNX_NCHW);

	if (rc)
		return rc;
	in = ak_onnx_end(w);
	op = ak_onnx_add(w, max ? AK_OP_MAX_POOL : AK_OP_GLOBAL_AVG);
	if (!op)
		return -ENOMEM;
	if (max) {
		op->kernel_h = in.height;
		op->kernel_w = in.width;
	}
	return ak_onnx_added(w);
}

static int read_mean(struct ak_onnx_walk *w)
{
	unsigned int set = 0, want;
	int64_t axis[AK_ONNX_MAX_DIMS];
	size_t n, i;
	int rc = ak_onnx_need(w, AK_ONNX_NCHW, AK_ONNX_NHWC);

	if (!rc)
		rc = ak_onnx_ints(w, "axes", 1, axis, AK_ONNX_MAX_DIMS, &n);
	if (rc)
		return rc;
	want = w->order == AK_ONNX_NHWC ? 1u << 1 | 1u << 2 : 1u << 2 | 1u << 3;
	for (i = 0; i < n; i++) {
		int64_t a = axis[i] < 0 ? axis[i] + 4 : axis[i];

		if (a >= 0 && a < 4)
			set |= 1u << a;
	}
	if (set != want)
		return AK_ONNX_REFUSE(
			w,
			"a mean over other axes than rows and columns, which Akida has not");
	if (!ak_onnx_add(w, AK_OP_GLOBAL_AVG))
		return -ENOMEM;
	rc = ak_onnx_added(w);
	if (!rc && !ak_onnx_int(w, "keepdims", 1)) {
		w->map = ak_onnx_end(w);
		w->order = AK_ONNX_VECTOR;
		w->flat = true;
		w->channels_first = false;
		w->ndim = 2;
		w->dim[1] = w->map.channels;
	}
	return rc;
}

int ak_onnx_pool(struct ak_onnx_walk *w, bool *found)
{
	const char *op = w->node->op;

	*found = true;
	if (!strcmp(op, "MaxPool") || !strcmp(op, "AveragePool"))
		return read_pool(w, *op == 'M');
	if (!strcmp(op, "GlobalAveragePool") || !strcmp(op, "GlobalMaxPool"))
		return read_global(w, op[6] == 'M');
	if (!strcmp(op, "ReduceMean"))
		return read_mean(w);
	*found = false;
	return 0;
}
