// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Networks whose file has weights only: a JSON file says how they hang
 * together. Documentation/formats/arch.rst has the schema.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_file.h"
#include "common/util.h"
#include "convert/import.h"
#include "convert/infer.h"
#include "convert/tensors.h"
#include "model/model.h"

#define MAX_ARCH (1u << 20)

/**
 * struct reader - where reading is
 * @t: tensors
 * @g: chain
 * @path: of the JSON file
 * @torch: tensors are [out][in][y][x], dense ones [out][in] with inputs in
 *	(c, y, x) order; else [y][x][in][out] and [in][out]
 * @ignore_beta: leaky neurons are read as if they forgot at once
 * @at: number of the layer
 * @name: of the layer
 * @err: error text
 */
struct reader {
	struct ak_tensors *t;
	struct ak_graph *g;
	const char *path;
	bool torch, ignore_beta;
	size_t at;
	char name[128];
	struct ak_err *err;
};

#define BAD(r, fmt, ...)                                              \
	ak_errf((r)->err, -EINVAL, "%s: layer '%s': " fmt, (r)->path, \
		(r)->name, ##__VA_ARGS__)

static int no_memory(struct reader *r)
{
	return ak_errf(r->err, -ENOMEM, "out of memory");
}

/* All elements of a tensor; *t says which it was. */
static int load(struct reader *r, const char *name, const struct ak_tensor **t,
		float **data)
{
	*t = ak_tensors_find(r->t, name);
	if (!*t)
		return BAD(r, "there is no tensor '%s' in %s", name,
			   r->g->source);
	if ((*t)->count > AK_MAX_ELEMENTS || !(*t)->count)
		return BAD(r, "tensor '%s' has %" PRIu64 " elements", name,
			   (*t)->count);
	*data = malloc((*t)->count * sizeof(float));
	if (!*data)
		return no_memory(r);
	return ak_tensor_read(r->t, *t, 0, ak_tensor_rows(*t), *data, r->err);
}

/* The tensor that a key names, or that the layer's name suggests. */
static const char *tensor_name(struct reader *r, const json_t *j,
			       const char *key, const char *const *endings,
			       char *buf, size_t size)
{
	const char *named = json_string_value(json_object_get(j, key));

	if (named)
		return named;
	for (; *endings; endings++) {
		int n = snprintf(buf, size, "%s%s", r->name, *endings);

		if (n > 0 && (size_t)n < size && ak_tensors_find(r->t, buf))
			return buf;
	}
	return NULL;
}

static const char *const weight_endings[] = { ".weight", ".weights", ".w",
					      "/kernel", "",	     NULL };
static const char *const bias_endings[] = { ".bias", ".b", "/bias", NULL };
/* As here, in PyTorch and in Keras. */
static const char *const gamma_endings[] = { ".gamma", ".weight", "/gamma",
					     NULL };
static const char *const beta_endings[] = { ".beta", ".bias", "/beta", NULL };
static const char *const mean_endings[] = { ".mean", ".running_mean",
					    "/moving_mean", NULL };
static const char *const variance_endings[] = { ".variance", ".running_var",
						"/moving_variance", NULL };

static int get_uint(struct reader *r, const json_t *j, const char *what,
		    uint32_t *value)
{
	json_int_t v = json_integer_value(j);

	if (!json_is_integer(j) || v < 0 || v > AK_MAX_SIDE)
		return BAD(r, "'%s' must be whole numbers of 0 to %u", what,
			   AK_MAX_SIDE);
	*value = (uint32_t)v;
	return 0;
}

/* A number for both axes, or [rows, columns]. */
static int get_pair(struct reader *r, const json_t *j, const char *key,
		    uint32_t preset, uint32_t *y, uint32_t *x)
{
	const json_t *v = json_object_get(j, key);
	int rc;

	*y = preset;
	*x = preset;
	if (!v)
		return 0;
	if (!json_is_array(v)) {
		rc = get_uint(r, v, key, y);
		*x = *y;
		return rc;
	}
	if (json_array_size(v) != 2)
		return BAD(r, "'%s' must be a number or [rows, columns]", key);
	rc = get_uint(r, json_array_get(v, 0), key, y);
	return rc ? rc : get_uint(r, json_array_get(v, 1), key, x);
}

static int get_padding(struct reader *r, const json_t *j, struct ak_op *op,
		       const struct akida_shape *in)
{
	const json_t *v = json_object_get(j, "padding");
	const char *name = json_string_value(v);
	uint32_t *const side[] = { &op->pad_top, &op->pad_left, &op->pad_bottom,
				   &op->pad_right };
	size_t i;
	int rc = 0;

	if (!v || (name && !strcmp(name, "valid")))
		return 0;
	if (name && !strcmp(name, "same")) {
		ak_graph_same_pads(in->height, op->kernel_h, op->stride_y,
				   &op->pad_top, &op->pad_bottom);
		ak_graph_same_pads(in->width, op->kernel_w, op->stride_x,
				   &op->pad_left, &op->pad_right);
		return 0;
	}
	if (json_is_array(v) && json_array_size(v) == 4) {
		for (i = 0; i < 4 && !rc; i++)
			rc = get_uint(r, json_array_get(v, i), "padding",
				      side[i]);
		return rc;
	}
	if (json_is_integer(v)) {
		for (i = 0; i < 4 && !rc; i++)
			rc = get_uint(r, v, "padding", side[i]);
		return rc;
	}
	return BAD(
		r,
		"'padding' must be \"same\", \"valid\", a number or [top, left, bottom, right]");
}

/* What the next operation reads. */
static int shape_now(struct reader *r, struct akida_shape *s)
{
	int rc = 0;

	*s = r->g->input;
	if (r->g->num_ops) {
		rc = ak_graph_resolve(r->g, r->err);
		*s = r->g->op[r->g->num_ops - 1].out;
	}
	return rc;
}

/* [n][c][h][w] -> [h][w][c][n] */
static int from_torch(struct reader *r, float **data, size_t n, size_t c,
		      size_t hw)
{
	float *to = malloc(n * c * hw * sizeof(*to));
	size_t i, k, p;

	if (!to)
		return no_memory(r);
	for (i = 0; i < n; i++)
		for (k = 0; k < c; k++)
			for (p = 0; p < hw; p++)
				to[(p * c + k) * n + i] =
					(*data)[(i * c + k) * hw + p];
	free(*data);
	*data = to;
	return 0;
}

static int take_bias(struct reader *r, const json_t *j, struct ak_op *op,
		     const char *key)
{
	const struct ak_tensor *t;
	char buf[192];
	const char *name =
		tensor_name(r, j, key, bias_endings, buf, sizeof(buf));
	int rc;

	if (!name || json_is_false(json_object_get(j, key)))
		return 0;
	rc = load(r, name, &t, &op->bias);
	op->num_values = rc ? 0 : t->count;
	return rc;
}

static struct ak_op *add(struct reader *r, enum ak_op_kind kind)
{
	struct ak_op *op = ak_graph_add(r->g, kind, r->name);

	if (!op)
		no_memory(r);
	return op;
}

/* Convolutions; @key names the tensor. */
static int read_conv(struct reader *r, const json_t *j, enum ak_op_kind kind,
		     const char *key, bool spatial)
{
	bool depth = kind == AK_OP_DEPTHWISE;
	const struct ak_tensor *t;
	struct akida_shape in;
	uint64_t d[4] = { 1, 1, 1, 1 };
	char buf[192];
	const char *name =
		tensor_name(r, j, key, weight_endings, buf, sizeof(buf));
	struct ak_op *op;
	int rc = shape_now(r, &in);

	if (rc)
		return rc;
	if (!name)
		return BAD(r, "'%s' must name a tensor", key);
	op = add(r, kind);
	if (!op)
		return -ENOMEM;
	rc = load(r, name, &t, &op->weights);
	if (rc)
		return rc;
	op->num_weights = t->count;
	/* [c][n] and [h][w][c] are short forms. */
	if (t->ndim == 4)
		memcpy(d, t->dim, sizeof(d));
	else if (!r->torch && depth && t->ndim == 3)
		memcpy(d, t->dim, 3 * sizeof(*d));
	else if (!depth && t->ndim == 2)
		memcpy(r->torch ? d : d + 2, t->dim, 2 * sizeof(*d));
	else
		return BAD(r, "tensor '%s' has %u dimensions, not 4", name,
			   t->ndim);
	if (r->torch) {
		if (depth && d[1] != 1)
			return BAD(
				r,
				"tensor '%s' is %" PRIu64 " x %" PRIu64
				" x ...; of a depthwise convolution the second size is 1",
				name, d[0], d[1]);
		rc = from_torch(r, &op->weights, d[0], d[1], d[2] * d[3]);
		if (rc)
			return rc;
		op->filters = depth || d[0] > UINT32_MAX ? 0 : (uint32_t)d[0];
		d[0] = d[2];
		d[1] = d[3];
	} else {
		if (depth && d[3] != 1)
			return BAD(
				r,
				"tensor '%s': a depth multiplier of %" PRIu64
				"; Akida 1.0 has one filter for each channel",
				name, d[3]);
		op->filters = depth || d[3] > UINT32_MAX ? 0 : (uint32_t)d[3];
	}
	if (d[0] > AK_MAX_KERNEL || d[1] > AK_MAX_KERNEL)
		return BAD(r, "a kernel of %" PRIu64 "x%" PRIu64, d[0], d[1]);
	op->kernel_h = (uint32_t)d[0];
	op->kernel_w = (uint32_t)d[1];
	if (!spatial)
		return 0;
	rc = get_pair(r, j, "stride", 1, &op->stride_y, &op->stride_x);
	return rc ? rc : get_padding(r, j, op, &in);
}

static int read_separable(struct reader *r, const json_t *j)
{
	int rc = read_conv(r, j, AK_OP_DEPTHWISE, "depthwise", true);

	if (!rc)
		rc = read_conv(r, j, AK_OP_CONV, "pointwise", false);
	return rc ? rc : take_bias(r, j, &r->g->op[r->g->num_ops - 1], "bias");
}

static int read_dense(struct reader *r, const json_t *j)
{
	const struct ak_tensor *t;
	struct akida_shape in;
	char buf[192];
	const char *name =
		tensor_name(r, j, "weights", weight_endings, buf, sizeof(buf));
	struct ak_op *op;
	int rc;

	if (!name)
		return BAD(r, "'weights' must name a tensor");
	/* What was flattened is known by its shape before. */
	if (r->g->num_ops &&
	    r->g->op[r->g->num_ops - 1].kind == AK_OP_FLATTEN) {
		rc = ak_graph_resolve(r->g, r->err);
		in = r->g->op[r->g->num_ops - 1].in;
	} else {
		rc = shape_now(r, &in);
	}
	if (rc)
		return rc;
	op = add(r, AK_OP_DENSE);
	if (!op)
		return -ENOMEM;
	rc = load(r, name, &t, &op->weights);
	if (rc)
		return rc;
	if (t->ndim != 2)
		return BAD(r, "tensor '%s' has %u dimensions, not 2", name,
			   t->ndim);
	op->num_weights = t->count;
	op->filters = (uint32_t)t->dim[r->torch ? 0 : 1];
	if (r->torch) {
		if (t->dim[1] != ak_shape_elements(&in))
			return BAD(r,
				   "tensor '%s' takes %" PRIu64
				   " inputs; there are %zu",
				   name, t->dim[1], ak_shape_elements(&in));
		rc = from_torch(r, &op->weights, t->dim[0], in.channels,
				(size_t)in.height * in.width);
	}
	return rc ? rc : take_bias(r, j, op, "bias");
}

static int read_number(struct reader *r, const json_t *j, const char *key,
		       double preset, double *value)
{
	const json_t *v = json_object_get(j, key);

	*value = preset;
	if (!v)
		return 0;
	if (!json_is_number(v) || !isfinite(json_number_value(v)))
		return BAD(r, "'%s' must be a number", key);
	*value = json_number_value(v);
	return 0;
}

/*
 * A number for all channels, a list, or the name of a tensor; without the key
 * the tensor that the layer's name suggests, else @preset.
 */
static int read_any(struct reader *r, const json_t *j, const char *key,
		    const char *const *endings, double preset, size_t n,
		    float **out)
{
	const json_t *v = json_object_get(j, key);
	const struct ak_tensor *t;
	char buf[192];
	const char *name =
		v ? json_string_value(v) :
		    tensor_name(r, j, key, endings, buf, sizeof(buf));
	size_t i;
	int rc;

	if (name) {
		rc = load(r, name, &t, out);
		if (!rc && t->count != n && t->count != 1)
			return BAD(r,
				   "tensor '%s' has %" PRIu64
				   " elements for %zu channels",
				   name, t->count, n);
		if (!rc && t->count != n) {
			float one = (*out)[0];

			free(*out);
			*out = malloc(n * sizeof(**out));
			for (i = 0; *out && i < n; i++)
				(*out)[i] = one;
			return *out ? 0 : no_memory(r);
		}
		return rc;
	}
	if (json_is_array(v) && json_array_size(v) != n)
		return BAD(r, "'%s' has %zu values for %zu channels", key,
			   json_array_size(v), n);
	*out = malloc(n * sizeof(**out));
	if (!*out)
		return no_memory(r);
	for (i = 0; i < n; i++) {
		const json_t *e = json_is_array(v) ? json_array_get(v, i) : v;

		if (e && !json_is_number(e))
			return BAD(
				r,
				"'%s' must be a number, a list of numbers or the name of a tensor",
				key);
		(*out)[i] = (float)(e ? json_number_value(e) : preset);
	}
	return 0;
}

static int read_values(struct reader *r, const json_t *j, const char *key,
		       double preset, size_t n, float **out)
{
	char ending[32];
	const char *const endings[] = { ending, NULL };

	snprintf(ending, sizeof(ending), ".%s", key);
	return read_any(r, j, key, endings, preset, n, out);
}

/* Statistics that are nowhere would make the layer do nothing. */
static int need_statistics(struct reader *r, const json_t *j, const char *key,
			   const char *const *endings)
{
	char buf[192];

	if (json_object_get(j, key) ||
	    tensor_name(r, j, key, endings, buf, sizeof(buf)))
		return 0;
	return BAD(
		r,
		"it has no '%s', and no tensor is called %s%s or %s%s; say which it is",
		key, r->name, endings[0], r->name, endings[1]);
}

static int read_batchnorm(struct reader *r, const json_t *j)
{
	float *gamma = NULL, *beta = NULL, *mean = NULL, *variance = NULL;
	struct akida_shape in;
	struct ak_op *op;
	double epsilon;
	size_t n;
	int rc = shape_now(r, &in);

	if (rc)
		return rc;
	n = in.channels;
	rc = read_number(r, j, "epsilon", r->torch ? 1e-5 : 1e-3, &epsilon);
	if (!rc)
		rc = need_statistics(r, j, "mean", mean_endings);
	if (!rc)
		rc = need_statistics(r, j, "variance", variance_endings);
	if (!rc)
		rc = read_any(r, j, "gamma", gamma_endings, 1, n, &gamma);
	if (!rc)
		rc = read_any(r, j, "beta", beta_endings, 0, n, &beta);
	if (!rc)
		rc = read_any(r, j, "mean", mean_endings, 0, n, &mean);
	if (!rc)
		rc = read_any(r, j, "variance", variance_endings, 1, n,
			      &variance);
	op = rc ? NULL : add(r, AK_OP_AFFINE);
	if (op) {
		ak_norm_affine(gamma, beta, mean, variance, n, epsilon);
		op->scale = gamma;
		op->shift = beta;
		op->num_values = n;
		gamma = NULL;
		beta = NULL;
	} else if (!rc) {
		rc = -ENOMEM;
	}
	free(gamma);
	free(beta);
	free(mean);
	free(variance);
	return rc;
}

static int read_rescale(struct reader *r, const json_t *j)
{
	struct akida_shape in;
	struct ak_op *op;
	int rc = shape_now(r, &in);

	if (rc)
		return rc;
	op = add(r, AK_OP_AFFINE);
	if (!op)
		return -ENOMEM;
	op->num_values = in.channels;
	rc = read_values(r, j, "scale", 1, in.channels, &op->scale);
	return rc ? rc :
		    read_values(r, j, "offset", 0, in.channels, &op->shift);
}

/* Beta of the JSON, else of the file: snnTorch clips it to 0..1. */
static int check_beta(struct reader *r, const json_t *j, size_t n)
{
	float *beta = NULL;
	size_t i;
	int rc = read_values(r, j, "beta", 0, n, &beta);

	for (i = 0; i < n && !rc && !r->ignore_beta; i++)
		if (!(beta[i] <= 0))
			rc = BAD(
				r,
				"a leaky neuron with beta %g: Akida keeps no membrane potential between inputs, only beta 0 is the same; train with that, or read it so with --ignore-beta",
				(double)beta[i]);
	free(beta);
	return rc;
}

static int read_spike(struct reader *r, const json_t *j)
{
	float *worth = NULL, *none = NULL;
	struct akida_shape in;
	bool one = true;
	struct ak_op *op;
	size_t i;
	int rc = shape_now(r, &in);

	if (!rc)
		rc = check_beta(r, j, in.channels);
	if (rc)
		return rc;
	op = add(r, AK_OP_SPIKE);
	if (!op)
		return -ENOMEM;
	op->num_values = in.channels;
	rc = read_values(r, j, "threshold", 1, in.channels, &op->threshold);
	if (!rc)
		rc = read_values(r, j, "graded_spikes_factor", 1, in.channels,
				 &worth);
	for (i = 0; i < in.channels && !rc; i++)
		one &= worth[i] == 1;
	/* What a spike is worth goes into the weights of the next layer. */
	if (!rc && !one) {
		none = calloc(in.channels, sizeof(*none));
		op = none ? add(r, AK_OP_AFFINE) : NULL;
		if (op) {
			op->num_values = in.channels;
			op->scale = worth;
			op->shift = none;
			return 0;
		}
		rc = -ENOMEM;
	}
	free(worth);
	free(none);
	return rc;
}

static int read_pool(struct reader *r, const json_t *j, enum ak_op_kind kind)
{
	struct akida_shape in;
	struct ak_op *op;
	int rc = shape_now(r, &in);

	if (rc)
		return rc;
	op = add(r, kind);
	if (!op)
		return -ENOMEM;
	rc = get_pair(r, j, "size", 2, &op->kernel_h, &op->kernel_w);
	if (!rc)
		rc = get_pair(r, j, "stride", 0, &op->stride_y, &op->stride_x);
	op->stride_y = op->stride_y ? op->stride_y : op->kernel_h;
	op->stride_x = op->stride_x ? op->stride_x : op->kernel_w;
	return rc ? rc : get_padding(r, j, op, &in);
}

static int read_pad(struct reader *r, const json_t *j)
{
	struct akida_shape unused = { 0 };
	struct ak_op *op = add(r, AK_OP_PAD);
	double value;
	int rc;

	if (!op)
		return -ENOMEM;
	rc = read_number(r, j, "value", 0, &value);
	op->pad_value = (float)value;
	return rc ? rc : get_padding(r, j, op, &unused);
}

static int read_relu(struct reader *r, double max)
{
	struct ak_op *op = add(r, AK_OP_RELU);

	if (!op)
		return -ENOMEM;
	op->max = (float)max;
	return 0;
}

/* "activation" of a layer: "relu", "relu6", "softmax", "sigmoid", "linear" */
static int read_activation(struct reader *r, const json_t *j)
{
	const json_t *v = json_object_get(j, "activation");
	const char *name = json_string_value(v);
	const json_t *max = json_object_get(v, "relu");

	if (!v || (name && !strcmp(name, "linear")))
		return 0;
	if (json_is_number(max))
		return read_relu(r, json_number_value(max));
	if (name && !strcmp(name, "relu"))
		return read_relu(r, (double)INFINITY);
	if (name && !strcmp(name, "relu6"))
		return read_relu(r, 6);
	if (name && !strcmp(name, "softmax"))
		return add(r, AK_OP_SOFTMAX) ? 0 : -ENOMEM;
	if (name && !strcmp(name, "sigmoid"))
		return add(r, AK_OP_SIGMOID) ? 0 : -ENOMEM;
	return BAD(
		r,
		"the activation must be \"relu\", \"relu6\", {\"relu\": limit}, \"softmax\", \"sigmoid\" or \"linear\"; Akida 1.0 has only ReLU between layers");
}

static int read_type(struct reader *r, const json_t *j, const char *type)
{
	double max;
	int rc;

	if (!strcmp(type, "conv") || !strcmp(type, "depthwise")) {
		rc = read_conv(r, j,
			       *type == 'c' ? AK_OP_CONV : AK_OP_DEPTHWISE,
			       "weights", true);
		return rc ? rc :
			    take_bias(r, j, &r->g->op[r->g->num_ops - 1],
				      "bias");
	}
	if (!strcmp(type, "separable"))
		return read_separable(r, j);
	if (!strcmp(type, "dense"))
		return read_dense(r, j);
	if (!strcmp(type, "batchnorm"))
		return read_batchnorm(r, j);
	if (!strcmp(type, "rescale"))
		return read_rescale(r, j);
	if (!strcmp(type, "spike"))
		return read_spike(r, j);
	if (!strcmp(type, "maxpool"))
		return read_pool(r, j, AK_OP_MAX_POOL);
	if (!strcmp(type, "avgpool"))
		return read_pool(r, j, AK_OP_AVG_POOL);
	if (!strcmp(type, "pad"))
		return read_pad(r, j);
	if (!strcmp(type, "relu")) {
		rc = read_number(r, j, "max", (double)INFINITY, &max);
		return rc ? rc : read_relu(r, max);
	}
	if (!strcmp(type, "globalavg"))
		return add(r, AK_OP_GLOBAL_AVG) ? 0 : -ENOMEM;
	if (!strcmp(type, "flatten"))
		return add(r, AK_OP_FLATTEN) ? 0 : -ENOMEM;
	if (!strcmp(type, "softmax"))
		return add(r, AK_OP_SOFTMAX) ? 0 : -ENOMEM;
	if (!strcmp(type, "sigmoid"))
		return add(r, AK_OP_SIGMOID) ? 0 : -ENOMEM;
	return BAD(
		r,
		"type '%s' is not one of conv, depthwise, separable, dense, batchnorm, rescale, relu, spike, maxpool, avgpool, globalavg, pad, flatten, softmax, sigmoid",
		type);
}

static int read_layer(struct reader *r, const json_t *j)
{
	static const char *const known[] = {
		"type",	     "name",	   "weights",
		"depthwise", "pointwise",  "bias",
		"stride",    "padding",	   "size",
		"gamma",     "beta",	   "mean",
		"variance",  "epsilon",	   "scale",
		"offset",    "threshold",  "max",
		"value",     "activation", "graded_spikes_factor",
	};
	const char *type = json_string_value(json_object_get(j, "type"));
	const char *name = json_string_value(json_object_get(j, "name"));
	const char *key;
	json_t *value;
	size_t i;
	int rc;

	snprintf(r->name, sizeof(r->name), "%s_%zu", type ? type : "layer",
		 r->at);
	if (name)
		snprintf(r->name, sizeof(r->name), "%s", name);
	if (!type)
		return BAD(r, "it has no 'type'");
	json_object_foreach((json_t *)j, key, value)
	{
		for (i = 0; i < ARRAY_SIZE(known); i++)
			if (!strcmp(known[i], key))
				break;
		if (i == ARRAY_SIZE(known))
			return BAD(r, "'%s' is no key of a layer", key);
	}
	rc = read_type(r, j, type);
	return rc ? rc : read_activation(r, j);
}

static int read_chain(struct reader *r, const json_t *j)
{
	const json_t *input = json_object_get(j, "input");
	const json_t *layers = json_object_get(j, "layers");
	const char *order = json_string_value(json_object_get(j, "order"));
	const char *layout = json_string_value(json_object_get(j, "layout"));
	uint32_t *const side[] = { &r->g->input.height, &r->g->input.width,
				   &r->g->input.channels };
	size_t i;
	int rc = 0;

	snprintf(r->name, sizeof(r->name), "input");
	if (json_array_size(input) != 3)
		return BAD(r, "'input' must be [rows, columns, channels]");
	for (i = 0; i < 3 && !rc; i++)
		rc = get_uint(r, json_array_get(input, i), "input", side[i]);
	if (rc)
		return rc;
	if (order && strcmp(order, "torch") && strcmp(order, "keras"))
		return BAD(
			r,
			"'order' must be \"keras\" ([y][x][in][out]) or \"torch\" ([out][in][y][x])");
	if (order)
		r->torch = !strcmp(order, "torch");
	if (layout && strcmp(layout, "nchw") && strcmp(layout, "nhwc"))
		return BAD(r, "'layout' must be \"nhwc\" or \"nchw\"");
	r->g->input_nchw = layout ? !strcmp(layout, "nchw") : r->torch;
	if (!json_is_array(layers))
		return BAD(r, "'layers' must be a list");
	for (i = 0; i < json_array_size(layers) && !rc; i++) {
		r->at = i;
		rc = read_layer(r, json_array_get(layers, i));
	}
	return rc ? rc : ak_graph_resolve(r->g, r->err);
}

/* What the file's tensors say, if they do. */
static int infer(struct reader *r, const char *path, json_t **j, char **note)
{
	const char *format = ak_tensors_format(r->t);

	if (!strncmp(format, "PyTorch", 7) || !strncmp(format, "safetens", 8))
		return ak_infer_arch(r->t, path, j, note, r->err);
	return ak_errf(
		r->err, -EINVAL,
		"%s: it has weights only; say with --arch FILE.json how they hang together",
		path);
}

static int read_arch(const char *path, const char *arch, const char *options,
		     struct ak_graph **out, struct ak_err *err)
{
	struct reader r = { .path = arch ? arch : path, .err = err };
	char *note = NULL;
	json_t *j = NULL;
	const char *format;
	int rc;

	r.ignore_beta = options && strstr(options, "ignore-beta");
	rc = ak_tensors_open(path, &r.t, err);
	if (!rc)
		rc = arch ? ak_json_read(arch, MAX_ARCH, &j, err) :
			    infer(&r, path, &j, &note);
	if (!rc) {
		format = ak_tensors_format(r.t);
		/* .npy and .npz come from anywhere: the preset is Keras. */
		r.torch = strncmp(format, "NumPy", 5) &&
			  strncmp(format, ".np", 3) && strcmp(format, "HDF5");
		r.g = ak_graph_new(path, format);
		rc = r.g ? read_chain(&r, j) : no_memory(&r);
	}
	json_decref(j);
	ak_tensors_close(r.t);
	if (rc) {
		free(note);
		ak_graph_free(r.g);
		return rc;
	}
	r.g->note = note;
	*out = r.g;
	return 0;
}

static bool any(const char *path, const uint8_t *head, size_t size)
{
	(void)path;
	(void)head;
	(void)size;
	return true;
}

const struct ak_importer ak_import_arch = { "weights", any, read_arch };
