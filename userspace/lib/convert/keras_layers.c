// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keras layers as operations.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "convert/keras.h"
#include "model/model.h"

const json_t *ak_keras_get(const struct ak_keras *k, const char *key)
{
	const json_t *v = json_object_get(k->config, key);

	return json_is_null(v) ? NULL : v;
}

struct akida_shape ak_keras_shape(const struct ak_keras *k)
{
	return k->g->num_ops ? k->g->op[k->g->num_ops - 1].out : k->g->input;
}

struct ak_op *ak_keras_add(struct ak_keras *k, enum ak_op_kind kind,
			   const char *part)
{
	struct ak_op *op;
	char *name = NULL;

	if (part && asprintf(&name, "%s/%s", k->name, part) < 0)
		name = NULL;
	op = part && !name ? NULL :
			     ak_graph_add(k->g, kind, part ? name : k->name);
	free(name);
	if (!op)
		ak_errf(k->err, -ENOMEM, "out of memory");
	return op;
}

static int added(struct ak_keras *k)
{
	return ak_graph_resolve_last(k->g, k->err);
}

/* -------------------------------------------------------- configuration */

bool ak_keras_get_bool(const struct ak_keras *k, const char *key, bool preset)
{
	const json_t *v = ak_keras_get(k, key);

	return json_is_boolean(v) ? json_is_true(v) : preset;
}

static int get_uint(struct ak_keras *k, const json_t *v, const char *key,
		    uint32_t *out)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > AK_MAX_CHANNELS)
		return AK_KERAS_BAD(k, "its '%s' is no whole number of 0 to %u",
				    key, AK_MAX_CHANNELS);
	*out = (uint32_t)n;
	return 0;
}

/* A number for both axes, or [rows, columns]. */
static int get_pair(struct ak_keras *k, const char *key, uint32_t preset,
		    uint32_t *y, uint32_t *x)
{
	const json_t *v = ak_keras_get(k, key);
	int rc;

	*y = preset;
	*x = preset;
	if (!v)
		return 0;
	if (!json_is_array(v)) {
		rc = get_uint(k, v, key, y);
		*x = *y;
		return rc;
	}
	if (json_array_size(v) != 2)
		return AK_KERAS_BAD(
			k, "its '%s' is neither a number nor two numbers", key);
	rc = get_uint(k, json_array_get(v, 0), key, y);
	return rc ? rc : get_uint(k, json_array_get(v, 1), key, x);
}

int ak_keras_get_number(struct ak_keras *k, const char *key, double preset,
			double *out)
{
	const json_t *v = ak_keras_get(k, key);

	*out = v ? json_number_value(v) : preset;
	if (v && (!json_is_number(v) || !isfinite(*out)))
		return AK_KERAS_BAD(k, "its '%s' is no number", key);
	return 0;
}

/* Rows, columns and channels, in that order. */
static int need_map(struct ak_keras *k)
{
	const char *order = json_string_value(ak_keras_get(k, "data_format"));

	if (order && strcmp(order, "channels_last"))
		return AK_KERAS_REFUSE(
			k,
			"data_format '%s': maps of Akida have channels last; build the network with data_format='channels_last' (its kernels are the same) and save it again",
			order);
	if (k->ndim != 3)
		return AK_KERAS_BAD(
			k,
			"its input has %u dimensions; it takes rows, columns and channels",
			k->ndim);
	return 0;
}

static void set_map(struct ak_keras *k, const struct akida_shape *s)
{
	k->ndim = 3;
	k->dim[0] = s->height;
	k->dim[1] = s->width;
	k->dim[2] = s->channels;
}

/* The operation's output is a map. */
static int added_map(struct ak_keras *k)
{
	struct akida_shape s;
	int rc = added(k);

	if (rc)
		return rc;
	s = ak_keras_shape(k);
	set_map(k, &s);
	return 0;
}

/* kernel_size or pool_size, strides, padding. */
static int get_window(struct ak_keras *k, const char *size, uint32_t kernel,
		      uint32_t stride, struct ak_op *op)
{
	const char *padding = json_string_value(ak_keras_get(k, "padding"));
	uint32_t dy, dx;
	int rc = get_pair(k, size, kernel, &op->kernel_h, &op->kernel_w);

	if (!rc)
		rc = get_pair(k, "strides", stride, &op->stride_y,
			      &op->stride_x);
	if (!rc)
		rc = get_pair(k, "dilation_rate", 1, &dy, &dx);
	if (rc)
		return rc;
	op->stride_y = op->stride_y ? op->stride_y : op->kernel_h;
	op->stride_x = op->stride_x ? op->stride_x : op->kernel_w;
	if (dy != 1 || dx != 1)
		return AK_KERAS_REFUSE(
			k,
			"a dilation of %" PRIu32 "x%" PRIu32
			": Akida 1.0 has none; train with a dilation_rate of 1",
			dy, dx);
	if (!op->kernel_h || !op->kernel_w || op->kernel_h > AK_MAX_KERNEL ||
	    op->kernel_w > AK_MAX_KERNEL || op->stride_y > AK_MAX_KERNEL ||
	    op->stride_x > AK_MAX_KERNEL)
		return AK_KERAS_BAD(k, "a window or step that is not 1 to %u",
				    AK_MAX_KERNEL);
	if (!padding || !strcmp(padding, "valid"))
		return 0;
	if (strcmp(padding, "same"))
		return AK_KERAS_REFUSE(
			k, "its padding is '%s'; 'same' and 'valid' are read",
			padding);
	ak_graph_same_pads(k->dim[0], op->kernel_h, op->stride_y, &op->pad_top,
			   &op->pad_bottom);
	ak_graph_same_pads(k->dim[1], op->kernel_w, op->stride_x, &op->pad_left,
			   &op->pad_right);
	return 0;
}

/* ---------------------------------------------------------- activations */

static int add_relu(struct ak_keras *k, const char *part, double max)
{
	struct ak_op *op = ak_keras_add(k, AK_OP_RELU, part);

	if (!op)
		return -ENOMEM;
	op->max = (float)max;
	return added(k);
}

static int activation(struct ak_keras *k, const json_t *v, const char *part)
{
	const char *name = json_string_value(v);

	/* Keras 3 writes functions that it does not know so. */
	if (json_is_object(v)) {
		name = json_string_value(json_object_get(v, "config"));
		name = name ? name :
			      json_string_value(
				      json_object_get(v, "class_name"));
	}
	if (!v || json_is_null(v) || (name && !strcmp(name, "linear")))
		return 0;
	if (name && !strcmp(name, "relu"))
		return add_relu(k, part, (double)INFINITY);
	if (name && !strcmp(name, "relu6"))
		return add_relu(k, part, 6);
	if (name && !strcmp(name, "softmax"))
		return ak_keras_add(k, AK_OP_SOFTMAX, part) ? added(k) :
							      -ENOMEM;
	if (name && !strcmp(name, "sigmoid"))
		return ak_keras_add(k, AK_OP_SIGMOID, part) ? added(k) :
							      -ENOMEM;
	return AK_KERAS_REFUSE(
		k,
		"its activation is '%s': Akida 1.0 has ReLU only (with a limit or without), and softmax or sigmoid may end a network; train with ReLU",
		name ? name : "a function of its own");
}

static int own_activation(struct ak_keras *k)
{
	return activation(k, ak_keras_get(k, "activation"), "activation");
}

static int read_activation(struct ak_keras *k)
{
	return activation(k, ak_keras_get(k, "activation"), NULL);
}

static int read_relu(struct ak_keras *k)
{
	double max, slope, threshold;
	int rc = ak_keras_get_number(k, "max_value", (double)INFINITY, &max);

	if (!rc)
		rc = ak_keras_get_number(k, "negative_slope", 0, &slope);
	if (!rc)
		rc = ak_keras_get_number(k, "threshold", 0, &threshold);
	if (rc)
		return rc;
	if (slope != 0 || threshold != 0)
		return AK_KERAS_REFUSE(
			k,
			"a negative_slope of %g and a threshold of %g: activations of Akida are 0 below 0; train with 0 for both",
			slope, threshold);
	return add_relu(k, NULL, max);
}

static int read_softmax(struct ak_keras *k)
{
	const json_t *v = ak_keras_get(k, "axis");
	json_int_t axis;

	if (json_array_size(v) == 1)
		v = json_array_get(v, 0);
	axis = json_is_integer(v) ? json_integer_value(v) : -1;
	if (axis != -1 && axis != (json_int_t)k->ndim)
		return AK_KERAS_REFUSE(
			k,
			"a softmax along axis %lld; it must be over the channels (-1)",
			(long long)axis);
	return ak_keras_add(k, AK_OP_SOFTMAX, NULL) ? added(k) : -ENOMEM;
}

/* -------------------------------------------------------------- weights */

static int bias(struct ak_keras *k, unsigned int index, uint32_t n, float **out)
{
	return ak_keras_get_bool(k, "use_bias", true) ?
		       ak_keras_weight(k, "bias", index, 1, &n, out) :
		       0;
}

static int filters(struct ak_keras *k, const char *key, uint32_t *n)
{
	int rc = get_uint(k, ak_keras_get(k, key), key, n);

	if (!rc && !*n)
		rc = AK_KERAS_BAD(k, "its '%s' is 0", key);
	return rc;
}

/* One filter for each channel, as a group for each is. */
static int read_depthwise(struct ak_keras *k, const char *weight,
			  bool with_bias)
{
	uint32_t dim[4], multiplier = 1, c = k->dim[2];
	const json_t *v = ak_keras_get(k, "depth_multiplier");
	struct ak_op *op;
	int rc = v ? get_uint(k, v, "depth_multiplier", &multiplier) : 0;

	if (rc)
		return rc;
	if (multiplier != 1)
		return AK_KERAS_REFUSE(
			k,
			"a depth_multiplier of %" PRIu32
			": Akida 1.0 has one filter for each channel",
			multiplier);
	op = ak_keras_add(k, AK_OP_DEPTHWISE, NULL);
	if (!op)
		return -ENOMEM;
	rc = get_window(k, "kernel_size", 0, 1, op);
	dim[0] = op->kernel_h;
	dim[1] = op->kernel_w;
	dim[2] = c;
	dim[3] = 1;
	if (!rc && !strcmp(k->class, "Conv2D")) {
		dim[2] = 1;
		dim[3] = c;
	}
	if (!rc)
		rc = ak_keras_weight(k, weight, 0, 4, dim, &op->weights);
	op->num_weights = (size_t)dim[0] * dim[1] * c;
	op->num_values = c;
	if (!rc && with_bias)
		rc = bias(k, 1, c, &op->bias);
	return rc ? rc : added_map(k);
}

static int read_depthwise_conv(struct ak_keras *k)
{
	int rc = need_map(k);

	if (!rc)
		rc = read_depthwise(k, "kernel", true);
	return rc ? rc : own_activation(k);
}

static int read_conv(struct ak_keras *k)
{
	const json_t *v = ak_keras_get(k, "groups");
	uint32_t dim[4], groups = 1, n;
	struct ak_op *op;
	int rc = need_map(k);

	if (!rc && v)
		rc = get_uint(k, v, "groups", &groups);
	if (!rc)
		rc = filters(k, "filters", &n);
	if (rc)
		return rc;
	if (groups != 1 && (groups != k->dim[2] || n != groups))
		return AK_KERAS_REFUSE(
			k,
			"%" PRIu32 " groups of %" PRIu32
			" channels for %" PRIu32
			" filters: Akida 1.0 has one group, or one filter for each channel; train with groups=1",
			groups, k->dim[2], n);
	if (groups != 1) {
		rc = read_depthwise(k, "kernel", true);
		return rc ? rc : own_activation(k);
	}
	op = ak_keras_add(k, AK_OP_CONV, NULL);
	if (!op)
		return -ENOMEM;
	rc = get_window(k, "kernel_size", 0, 1, op);
	dim[0] = op->kernel_h;
	dim[1] = op->kernel_w;
	dim[2] = k->dim[2];
	dim[3] = n;
	op->filters = n;
	if (!rc)
		rc = ak_keras_weight(k, "kernel", 0, 4, dim, &op->weights);
	op->num_weights = (size_t)dim[0] * dim[1] * dim[2] * n;
	op->num_values = n;
	if (!rc)
		rc = bias(k, 1, n, &op->bias);
	if (!rc)
		rc = added_map(k);
	return rc ? rc : own_activation(k);
}

static int read_separable(struct ak_keras *k)
{
	uint32_t dim[4] = { 1, 1, 0, 0 };
	struct ak_op *op;
	int rc = need_map(k);

	if (!rc)
		rc = filters(k, "filters", &dim[3]);
	if (!rc)
		rc = read_depthwise(k, "depthwise_kernel", false);
	if (rc)
		return rc;
	op = ak_keras_add(k, AK_OP_CONV, "pointwise");
	if (!op)
		return -ENOMEM;
	dim[2] = k->dim[2];
	op->kernel_h = 1;
	op->kernel_w = 1;
	op->filters = dim[3];
	op->num_weights = (size_t)dim[2] * dim[3];
	op->num_values = dim[3];
	rc = ak_keras_weight(k, "pointwise_kernel", 1, 4, dim, &op->weights);
	if (!rc)
		rc = bias(k, 2, dim[3], &op->bias);
	if (!rc)
		rc = added_map(k);
	return rc ? rc : own_activation(k);
}

/* Along the last axis, as Keras does: of a map that is a 1x1 convolution. */
static int read_dense(struct ak_keras *k)
{
	uint32_t dim[2] = { k->dim[k->ndim - 1], 0 };
	struct akida_shape in = ak_keras_shape(k);
	bool vector = k->ndim == 1;
	struct ak_op *op;
	int rc = filters(k, "units", &dim[1]);

	if (rc)
		return rc;
	if (!vector && dim[0] != in.channels)
		return AK_KERAS_REFUSE(
			k,
			"a dense layer on rows of a map without channels; put Flatten before it");
	op = ak_keras_add(k, vector ? AK_OP_DENSE : AK_OP_CONV, NULL);
	if (!op)
		return -ENOMEM;
	op->kernel_h = vector ? 0 : 1;
	op->kernel_w = op->kernel_h;
	op->filters = dim[1];
	op->num_weights = (size_t)dim[0] * dim[1];
	op->num_values = dim[1];
	rc = ak_keras_weight(k, "kernel", 0, 2, dim, &op->weights);
	if (!rc)
		rc = bias(k, 1, dim[1], &op->bias);
	if (!rc)
		rc = added(k);
	k->dim[k->ndim - 1] = dim[1];
	return rc ? rc : own_activation(k);
}

/* -------------------------------------------------------------- windows */

static int read_pool(struct ak_keras *k)
{
	bool max = *k->class == 'M';
	struct akida_shape in;
	struct ak_op *op;
	int rc = need_map(k);

	if (rc)
		return rc;
	in = ak_keras_shape(k);
	op = ak_keras_add(k, max ? AK_OP_MAX_POOL : AK_OP_AVG_POOL, NULL);
	if (!op)
		return -ENOMEM;
	rc = get_window(k, "pool_size", 2, 0, op);
	if (rc)
		return rc;
	/* One window over all of the map is what Akida has. */
	if (!max && op->kernel_h == in.height && op->kernel_w == in.width &&
	    !(op->pad_top | op->pad_left | op->pad_bottom | op->pad_right))
		op->kind = AK_OP_GLOBAL_AVG;
	return added_map(k);
}

static int read_global(struct ak_keras *k)
{
	bool max = !strncmp(k->class, "GlobalMax", 9);
	struct ak_op *op;
	int rc = need_map(k);

	if (rc)
		return rc;
	op = ak_keras_add(k, max ? AK_OP_MAX_POOL : AK_OP_GLOBAL_AVG, NULL);
	if (!op)
		return -ENOMEM;
	if (max) {
		op->kernel_h = k->dim[0];
		op->kernel_w = k->dim[1];
	}
	rc = added_map(k);
	if (!rc && !ak_keras_get_bool(k, "keepdims", false)) {
		k->ndim = 1;
		k->dim[0] = k->dim[2];
	}
	return rc;
}

/* A number, [rows, columns], or [[top, bottom], [left, right]]. */
static int read_padding(struct ak_keras *k)
{
	const json_t *v = ak_keras_get(k, "padding");
	uint32_t *side[4];
	struct ak_op *op;
	int rc = need_map(k), i;

	if (rc)
		return rc;
	op = ak_keras_add(k, AK_OP_PAD, NULL);
	if (!op)
		return -ENOMEM;
	side[0] = &op->pad_top;
	side[1] = &op->pad_bottom;
	side[2] = &op->pad_left;
	side[3] = &op->pad_right;
	for (i = 0; i < 4 && !rc; i++) {
		const json_t *e =
			json_is_array(v) ? json_array_get(v, i / 2) : v;

		if (json_is_array(e))
			e = json_array_get(e, i % 2);
		rc = get_uint(k, e, "padding", side[i]);
	}
	return rc ? rc : added_map(k);
}

/* Does nothing but in training. */
static int read_nothing(struct ak_keras *k)
{
	(void)k;
	return 0;
}

/**
 * struct reader - a class and who reads it
 * @class: name
 * @read: appends its operations
 */
struct reader {
	const char *class;
	int (*read)(struct ak_keras *k);
};

static const struct reader readers[] = {
	{ "InputLayer", read_nothing },
	{ "Conv2D", read_conv },
	{ "Convolution2D", read_conv },
	{ "DepthwiseConv2D", read_depthwise_conv },
	{ "SeparableConv2D", read_separable },
	{ "SeparableConvolution2D", read_separable },
	{ "Dense", read_dense },
	{ "BatchNormalization", ak_keras_batchnorm },
	{ "BatchNormalizationV1", ak_keras_batchnorm },
	{ "BatchNormalizationV2", ak_keras_batchnorm },
	{ "Normalization", ak_keras_normalization },
	{ "Rescaling", ak_keras_rescaling },
	{ "Activation", read_activation },
	{ "ReLU", read_relu },
	{ "Softmax", read_softmax },
	{ "MaxPooling2D", read_pool },
	{ "AveragePooling2D", read_pool },
	{ "GlobalAveragePooling2D", read_global },
	{ "GlobalMaxPooling2D", read_global },
	{ "ZeroPadding2D", read_padding },
	{ "Flatten", ak_keras_reshape },
	{ "Reshape", ak_keras_reshape },
	{ "Dropout", read_nothing },
	{ "SpatialDropout2D", read_nothing },
	{ "AlphaDropout", read_nothing },
	{ "GaussianDropout", read_nothing },
	{ "GaussianNoise", read_nothing },
	{ "ActivityRegularization", read_nothing },
	{ "RandomFlip", read_nothing },
	{ "RandomRotation", read_nothing },
	{ "RandomZoom", read_nothing },
	{ "RandomTranslation", read_nothing },
	{ "RandomContrast", read_nothing },
	{ "RandomBrightness", read_nothing },
};

/* A class that somebody registered under a name of Keras is not Keras'. */
static bool is_own(const struct ak_keras *k)
{
	const char *name =
		json_string_value(json_object_get(k->layer, "registered_name"));
	const char *module =
		json_string_value(json_object_get(k->layer, "module"));

	return (name && strcmp(name, k->class)) ||
	       (module && strncmp(module, "keras", 5) &&
		strncmp(module, "tf_keras", 8) &&
		strncmp(module, "tensorflow", 10));
}

static bool quantised(const struct ak_keras *k)
{
	const json_t *policy = ak_keras_get(k, "dtype");
	const char *class =
		json_string_value(json_object_get(policy, "class_name"));

	return class && !strncmp(class, "Quantized", 9);
}

int ak_keras_layer(struct ak_keras *k)
{
	size_t i;

	if (is_own(k))
		return AK_KERAS_REFUSE(
			k,
			"a class of the model's author, whose code is not in the file and would not be run; save a model of Keras' own layers");
	if (quantised(k))
		return AK_KERAS_REFUSE(
			k,
			"its weights are quantised by Keras; save the float model, which is quantised here");
	for (i = 0; i < ARRAY_SIZE(readers); i++)
		if (!strcmp(readers[i].class, k->class))
			return readers[i].read(k);
	return ak_keras_refuse(k);
}
