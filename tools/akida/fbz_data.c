// SPDX-License-Identifier: GPL-2.0
/*
 * Float networks and their inputs: files, scales, orders of channels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fbz.h"
#include "term.h"
#include "tool.h"

/* mean and standard deviation, or a shift, before the first layer */
static int preprocess(struct ak_graph *g, const struct fbz_input *in)
{
	uint32_t n = g->input.channels, c;
	float *scale, *shift;
	int rc;

	if (!in->num_mean && !in->num_std && in->offset == 0)
		return 0;
	if ((in->num_mean > 1 && in->num_mean != n) ||
	    (in->num_std > 1 && in->num_std != n)) {
		term_error("--mean has %zu and --std %zu values; the network's "
			   "input has %u channels",
			   in->num_mean, in->num_std, n);
		return -1;
	}
	scale = tool_alloc(n, sizeof(*scale));
	shift = tool_alloc(n, sizeof(*shift));
	for (c = 0; c < n; c++) {
		float mean =
			in->num_mean ? in->mean[in->num_mean > 1 ? c : 0] : 0;
		float std = in->num_std ? in->std[in->num_std > 1 ? c : 0] : 1;

		scale[c] = 1 / std;
		shift[c] = ((float)in->offset - mean) / std;
	}
	rc = ak_graph_prepend(g, scale, shift);
	free(scale);
	free(shift);
	if (rc)
		term_die_memory();
	return 0;
}

struct ak_graph *fbz_import(const char *path, const struct fbz_input *in)
{
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };

	if (ak_graph_import(path, in->arch, in->options, &g, &err)) {
		term_file_error(path, err.text);
		return NULL;
	}
	if (g->note)
		term_file_warning(path, g->note);
	if (preprocess(g, in)) {
		ak_graph_free(g);
		return NULL;
	}
	return g;
}

double fbz_element(const struct akida_array *a, size_t i)
{
	const void *p = akida_array_data(a);

	switch (akida_array_dtype(a)) {
	case AKIDA_DTYPE_UINT8:
	case AKIDA_DTYPE_BOOL:
		return ((const uint8_t *)p)[i];
	case AKIDA_DTYPE_INT8:
		return ((const int8_t *)p)[i];
	case AKIDA_DTYPE_INT16:
		return ((const int16_t *)p)[i];
	case AKIDA_DTYPE_UINT16:
		return ((const uint16_t *)p)[i];
	case AKIDA_DTYPE_INT32:
		return ((const int32_t *)p)[i];
	case AKIDA_DTYPE_UINT32:
		return ((const uint32_t *)p)[i];
	case AKIDA_DTYPE_INT64:
		return (double)((const int64_t *)p)[i];
	case AKIDA_DTYPE_UINT64:
		return (double)((const uint64_t *)p)[i];
	case AKIDA_DTYPE_FLOAT32:
		return (double)((const float *)p)[i];
	case AKIDA_DTYPE_FLOAT64:
		return ((const double *)p)[i];
	}
	return NAN;
}

bool fbz_is_float(const struct akida_array *a)
{
	return akida_array_dtype(a) == AKIDA_DTYPE_FLOAT32 ||
	       akida_array_dtype(a) == AKIDA_DTYPE_FLOAT64;
}

/* How many inputs an array holds; 0 if its shape is another. */
static size_t count_inputs(const struct akida_array *a,
			   const struct akida_shape *s, bool nchw)
{
	const size_t *shape = akida_array_shape(a);
	unsigned int ndim = akida_array_ndim(a);
	const size_t want[3] = { nchw ? s->channels : s->height,
				 nchw ? s->height : s->width,
				 nchw ? s->width : s->channels };

	if (ndim >= 3 && ndim <= 4 &&
	    !memcmp(shape + ndim - 3, want, sizeof(want)))
		return ndim == 4 ? shape[0] : 1;
	/* Vectors, and maps of one channel that leave it out. */
	if (ndim == 2 && shape[1] == tool_values(s) &&
	    (s->height * s->width == 1 || s->channels == 1))
		return shape[0];
	if (ndim == 1 && shape[0] == tool_values(s) &&
	    s->height * s->width == 1)
		return 1;
	if (ndim == 3 && s->channels == 1 && shape[1] == s->height &&
	    shape[2] == s->width)
		return shape[0];
	return 0;
}

size_t fbz_count(const struct akida_array *a, const struct akida_shape *s,
		 const struct fbz_input *in, bool *nchw)
{
	size_t count;

	if (in->layout)
		*nchw = in->layout == 'c';
	count = count_inputs(a, s, *nchw);
	/* Data of the builder's own order are told by their shape. */
	if (!count && !in->layout && *nchw) {
		*nchw = false;
		count = count_inputs(a, s, false);
	}
	return count;
}

size_t fbz_place(size_t i, const struct akida_shape *s)
{
	size_t pixels = (size_t)s->height * s->width;
	size_t p = i % (pixels * s->channels);

	return i - p + p % s->channels * pixels + p / s->channels;
}

static int convert_values(struct fbz_data *d, const struct akida_array *a,
			  const char *path, const struct akida_shape *s,
			  const struct fbz_input *in, unsigned int bits,
			  bool nchw)
{
	double most = (double)((1u << bits) - 1), off = 0;
	size_t n = d->count * d->size, i;
	bool steps = fbz_is_float(a);

	for (i = 0; i < n; i++) {
		size_t at = i;
		double v, whole;

		if (nchw)
			at = fbz_place(i, s);
		v = fbz_element(a, at);
		if (steps)
			v = (v - in->offset) / in->scale;
		whole = rint(v);
		if (!(whole >= 0 && whole <= most)) {
			term_error(
				"%s: value %zu is %g, which is step %g of an input of %u bits; say what a step and zero are with --input-scale and --input-offset",
				path, i, fbz_element(a, at), v, bits);
			return -1;
		}
		off = fmax(off, fabs(v - whole));
		d->data[i] = (uint8_t)whole;
	}
	if (steps && !in->scale_given && off > 1e-3) {
		term_error(
			"%s: its values are no whole numbers; say what a step of the input is with --input-scale, 1/255 for pictures of 0 to 1",
			path);
		return -1;
	}
	return 0;
}

int fbz_data_load(struct fbz_data *d, const char *path,
		  const struct ak_graph *g, const struct fbz_input *in,
		  unsigned int bits)
{
	bool nchw = g->input_nchw;
	const struct akida_shape *s = &g->input;
	struct akida_array *a = akida_array_new();
	int ret = -1;

	if (!a)
		term_die_memory();
	memset(d, 0, sizeof(*d));
	if (akida_array_load_npy(a, path)) {
		term_file_error(path, akida_array_error(a));
	} else {
		d->size = tool_values(s);
		d->count = fbz_count(a, s, in, &nchw);
		if (!d->count) {
			term_error(
				"%s: its shape is no batch of inputs of %ux%ux%u (rows x columns x channels%s)",
				path, s->height, s->width, s->channels,
				nchw ? "; --layout nchw: channels first" : "");
		} else {
			d->data = tool_alloc(d->count, d->size);
			ret = convert_values(d, a, path, s, in, bits, nchw);
		}
	}
	akida_array_free(a);
	if (ret)
		fbz_data_clear(d);
	return ret;
}

void fbz_data_clear(struct fbz_data *d)
{
	free(d->data);
	memset(d, 0, sizeof(*d));
}

/**
 * struct before_end - outputs of an operation that is not the last
 * @op: its number
 * @to: where to put them
 */
struct before_end {
	size_t op;
	float *to;
};

static void keep(void *arg, size_t op, const float *data, size_t count)
{
	const struct before_end *b = arg;

	if (op == b->op)
		memcpy(b->to, data, count * sizeof(*data));
}

size_t fbz_logits(const struct ak_graph *g)
{
	size_t op = g->num_ops - 1;

	while (op && (g->op[op].kind == AK_OP_SOFTMAX ||
		      g->op[op].kind == AK_OP_SIGMOID))
		op--;
	return op;
}

float *fbz_float_scores(const struct ak_graph *g, const struct fbz_data *d,
			double scale, unsigned int threads)
{
	size_t out = tool_values(&g->op[g->num_ops - 1].out), i, k;
	float *scores = tool_alloc(d->count, out * sizeof(*scores));
	float *in = tool_alloc(d->size, sizeof(*in));
	float *last = tool_alloc(out, sizeof(*last));
	struct before_end b = { .op = fbz_logits(g) };
	struct ak_eval *e = NULL;
	struct ak_err err = { "" };

	if (ak_eval_new(g, threads, &e, &err)) {
		term_error("%s", err.text);
		free(scores);
		free(in);
		free(last);
		return NULL;
	}
	for (i = 0; i < d->count; i++) {
		term_progress("inputs", i, d->count);
		for (k = 0; k < d->size; k++)
			in[k] = (float)((double)d->data[i * d->size + k] *
					scale);
		b.to = scores + i * out;
		ak_eval_run(e, in, last, keep, &b);
	}
	term_progress("inputs", d->count, d->count);
	ak_eval_free(e);
	free(in);
	free(last);
	return scores;
}

float *fbz_int_scores(struct akida_model *m, const char *path,
		      const struct fbz_data *d, unsigned int threads,
		      struct akida_program_info *info)
{
	struct akida_load_options load = { .threads = threads };
	struct akida_device *device = tool_open_device("soft");
	struct akida_program *p = NULL;
	float *scores = NULL;
	uint8_t *out;
	size_t i, n;
	int rc = 0;

	if (device)
		p = tool_open_program(device, m, path, &load, info);
	if (!p) {
		akida_device_free(device);
		return NULL;
	}
	n = tool_values(&info->output);
	scores = tool_alloc(d->count, n * sizeof(*scores));
	out = tool_alloc(1, info->output_size);
	for (i = 0; i < d->count && !rc; i++) {
		rc = akida_program_run(p, d->data + i * d->size, d->size, out,
				       info->output_size, 1);
		if (!rc)
			rc = akida_program_scores(p, out, info->output_size,
						  scores + i * n, n);
	}
	if (rc) {
		term_file_error(path, akida_program_error(p));
		free(scores);
		scores = NULL;
	}
	free(out);
	akida_program_free(p);
	akida_device_free(device);
	return scores;
}

uint32_t *fbz_best(const float *scores, size_t cells, size_t classes)
{
	uint32_t *best = tool_alloc(cells ? cells : 1, sizeof(*best));
	size_t i, c;

	for (i = 0; i < cells; i++)
		for (c = 1; c < classes; c++)
			if (scores[i * classes + c] >
			    scores[i * classes + best[i]])
				best[i] = (uint32_t)c;
	return best;
}

void fbz_compare(struct fbz_agreement *a, const float *scores,
		 const float *want, size_t samples,
		 const struct akida_shape *shape)
{
	size_t cells = samples * shape->height * shape->width, i;
	uint32_t *x = fbz_best(scores, cells, shape->channels);
	uint32_t *y = fbz_best(want, cells, shape->channels);
	double error = 0, sum = 0;

	memset(a, 0, sizeof(*a));
	a->samples = samples;
	a->cells = cells;
	for (i = 0; i < cells; i++)
		a->same += x[i] == y[i];
	for (i = 0; i < cells * shape->channels; i++) {
		double d = (double)scores[i] - (double)want[i];

		error += d * d;
		sum += (double)want[i] * (double)want[i];
	}
	a->error = sum > 0 ? sqrt(error / sum) : sqrt(error);
	free(x);
	free(y);
}
