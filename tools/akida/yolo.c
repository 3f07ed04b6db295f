// SPDX-License-Identifier: GPL-2.0
/*
 * Boxes from the head of a YOLOv2 network (Redmon and Farhadi, "YOLO9000:
 * Better, Faster, Stronger", 2017, section 2).
 */
#include "yolo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fbz.h"
#include "predict.h"
#include "term.h"
#include "text.h"
#include "tool.h"

/* x, y, w, h, objectness */
#define FIELDS 5u

/* A larger box covers any picture. */
#define MAX_EXPONENT 80.0

static int add_anchors(struct yolo *y, const char *path, const double *v,
		       size_t count)
{
	size_t i;

	if (!count || count % 2 || count / 2 > YOLO_MAX_ANCHORS) {
		term_error(
			"%s: it has %zu numbers; give a width and a height for each of up to %d anchors",
			path, count, YOLO_MAX_ANCHORS);
		return -1;
	}
	for (i = 0; i < count; i++) {
		if (!(v[i] > 0 && v[i] <= 1e6)) {
			term_error(
				"%s: number %zu is %g; sizes of anchors, in cells of the output, are above 0",
				path, i + 1, v[i]);
			return -1;
		}
		y->anchor[i / 2][i % 2] = v[i];
	}
	y->num_anchors = (uint32_t)(count / 2);
	return 0;
}

static int load_npy(struct yolo *y, const char *path)
{
	struct akida_array *a = akida_array_new();
	double v[2 * YOLO_MAX_ANCHORS];
	const size_t *shape;
	int ret = -1;
	size_t i;

	if (!a)
		term_die_memory();
	if (akida_array_load_npy(a, path)) {
		term_file_error(path, akida_array_error(a));
	} else {
		shape = akida_array_shape(a);
		if (akida_array_ndim(a) != 2 || shape[1] != 2 ||
		    shape[0] > YOLO_MAX_ANCHORS) {
			term_error(
				"%s: its shape is not (anchors, 2) with up to %d anchors",
				path, YOLO_MAX_ANCHORS);
		} else {
			for (i = 0; i < 2 * shape[0]; i++)
				v[i] = fbz_element(a, i);
			ret = add_anchors(y, path, v, 2 * shape[0]);
		}
	}
	akida_array_free(a);
	return ret;
}

static int load_text(struct yolo *y, const char *path, char *text)
{
	double v[2 * YOLO_MAX_ANCHORS];
	size_t n = 0;

	while (*text) {
		char *end;
		double x;

		if (*text == '#') {
			text += strcspn(text, "\n");
			continue;
		}
		if (strchr(" \t\r\n,;()[]", *text)) {
			text++;
			continue;
		}
		x = strtod(text, &end);
		if (end == text ||
		    !(*end == '#' || !*end || strchr(" \t\r\n,;()[]", *end))) {
			term_error("%s: there is no number after the first %zu",
				   path, n);
			return -1;
		}
		if (n == 2 * YOLO_MAX_ANCHORS) {
			term_error("%s: more than %d anchors", path,
				   YOLO_MAX_ANCHORS);
			return -1;
		}
		v[n++] = x;
		text = end;
	}
	return add_anchors(y, path, v, n);
}

int yolo_load(struct yolo *y, const char *path,
	      const struct akida_shape *output)
{
	size_t size;
	char *text = text_load(path, "anchors are a few numbers", &size);
	uint32_t each;
	int ret;

	if (!text)
		return -1;
	if (size >= 6 && !memcmp(text, "\x93NUMPY", 6))
		ret = load_npy(y, path);
	else
		ret = load_text(y, path, text);
	free(text);
	if (ret)
		return -1;
	each = output->channels / y->num_anchors;
	if (output->channels % y->num_anchors || each <= FIELDS) {
		term_error(
			"%s: the output has %u channels, which are not %u + classes for each of %u anchors",
			path, output->channels, FIELDS, y->num_anchors);
		return -1;
	}
	y->classes = each - FIELDS;
	return 0;
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* Most probable first; equal ones in order of their place in the output. */
static int by_probability(const void *a, const void *b)
{
	const struct yolo_box *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->anchor < y->anchor ? -1 : x->anchor > y->anchor;
}

static double area(const struct yolo_box *b)
{
	return (b->right - b->left) * (b->bottom - b->top);
}

static double overlap(const struct yolo_box *a, const struct yolo_box *b)
{
	double w = fmin(a->right, b->right) - fmax(a->left, b->left);
	double h = fmin(a->bottom, b->bottom) - fmax(a->top, b->top);

	if (!(w > 0 && h > 0))
		return 0;
	return w * h / (area(a) + area(b) - w * h);
}

static size_t suppress(struct yolo_box *boxes, size_t count, double nms)
{
	size_t kept = 0, i, k;

	for (i = 0; i < count; i++) {
		for (k = 0; k < kept; k++)
			if (boxes[k].class == boxes[i].class &&
			    overlap(&boxes[k], &boxes[i]) > nms)
				break;
		if (k == kept)
			boxes[kept++] = boxes[i];
	}
	return kept;
}

/* @x: the channels of one anchor of one cell */
static void decode(const struct yolo *y, const float *x, struct yolo_box *b,
		   double cell_h, double cell_w)
{
	const double *anchor = y->anchor[b->anchor];
	double w, h, cx, cy;
	uint32_t c, best = 0;

	for (c = 1; c < y->classes; c++)
		if (x[FIELDS + c] > x[FIELDS + best])
			best = c;
	cx = (b->column + sigmoid((double)x[0])) * cell_w;
	cy = (b->row + sigmoid((double)x[1])) * cell_h;
	w = anchor[0] * exp(fmin((double)x[2], MAX_EXPONENT)) * cell_w;
	h = anchor[1] * exp(fmin((double)x[3], MAX_EXPONENT)) * cell_h;
	b->class = best;
	b->probability = sigmoid((double)x[4]);
	/* Of one class there is nothing to tell. */
	if (y->classes > 1)
		b->probability *=
			predict_probability(x + FIELDS, y->classes, best);
	b->left = cx - w / 2;
	b->right = cx + w / 2;
	b->top = cy - h / 2;
	b->bottom = cy + h / 2;
}

struct yolo_box *yolo_boxes(const struct yolo *y, const float *scores,
			    const struct akida_shape *output,
			    const struct akida_shape *input, size_t *count)
{
	double cell_w = (double)input->width / output->width;
	double cell_h = (double)input->height / output->height;
	size_t cells = (size_t)output->height * output->width, i, n = 0;
	struct yolo_box *boxes =
		tool_alloc(cells * y->num_anchors, sizeof(*boxes));

	for (i = 0; i < cells * y->num_anchors; i++) {
		struct yolo_box *b = &boxes[n];
		size_t cell = i / y->num_anchors;

		b->anchor = (uint32_t)(i % y->num_anchors);
		b->row = (uint32_t)(cell / output->width);
		b->column = (uint32_t)(cell % output->width);
		decode(y, scores + i * (FIELDS + y->classes), b, cell_h,
		       cell_w);
		/* Not a number is below any threshold. */
		if (b->probability >= y->threshold)
			n++;
	}
	qsort(boxes, n, sizeof(*boxes), by_probability);
	n = suppress(boxes, n, y->nms);
	for (i = 0; i < n; i++) {
		boxes[i].left = fmax(boxes[i].left, 0);
		boxes[i].top = fmax(boxes[i].top, 0);
		boxes[i].right = fmin(boxes[i].right, input->width);
		boxes[i].bottom = fmin(boxes[i].bottom, input->height);
	}
	*count = n;
	return boxes;
}
