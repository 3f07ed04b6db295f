// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keras' Flatten and Reshape, and why other layers are refused. Elements are in
 * one order here and there, channels last, so that nothing is moved.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/util.h"
#include "convert/keras.h"
#include "model/model.h"

static uint32_t elements(const struct ak_keras *k)
{
	struct akida_shape s = ak_keras_shape(k);

	return (uint32_t)ak_shape_elements(&s);
}

static int flatten(struct ak_keras *k)
{
	uint32_t n = elements(k);
	struct akida_shape s = ak_keras_shape(k);

	if (s.channels != n) {
		if (!ak_keras_add(k, AK_OP_FLATTEN, NULL))
			return -ENOMEM;
		if (ak_graph_resolve_last(k->g, k->err))
			return -EINVAL;
	}
	k->ndim = 1;
	k->dim[0] = n;
	return 0;
}

/* target_shape, one of whose sizes may be -1. */
static int target(struct ak_keras *k, uint32_t *dim, unsigned int *ndim)
{
	const json_t *v = json_object_get(k->config, "target_shape");
	uint64_t known = 1, n = elements(k);
	size_t i, open = SIZE_MAX;

	*ndim = (unsigned int)json_array_size(v);
	if (!*ndim || *ndim > 3)
		return AK_KERAS_REFUSE(
			k, "its target_shape has %zu sizes; 1 to 3 are read",
			json_array_size(v));
	for (i = 0; i < *ndim; i++) {
		json_int_t d = json_integer_value(json_array_get(v, i));

		if (d == -1 && open == SIZE_MAX) {
			open = i;
			continue;
		}
		if (d <= 0 || d > AK_MAX_ELEMENTS ||
		    __builtin_mul_overflow(known, (uint64_t)d, &known))
			return AK_KERAS_BAD(k, "its target_shape is none");
		dim[i] = (uint32_t)d;
	}
	if (open != SIZE_MAX && known <= n)
		dim[open] = (uint32_t)(n / known);
	if (open != SIZE_MAX)
		known *= n / known;
	if (known != n)
		return AK_KERAS_BAD(
			k,
			"its target_shape has another number of elements than its input, %" PRIu64,
			n);
	return 0;
}

int ak_keras_reshape(struct ak_keras *k)
{
	const char *order =
		json_string_value(json_object_get(k->config, "data_format"));
	struct akida_shape s = ak_keras_shape(k);
	unsigned int ndim = 1;
	uint32_t dim[3] = { 0 };
	int rc;

	if (order && strcmp(order, "channels_last") && k->ndim == 3)
		return AK_KERAS_REFUSE(
			k,
			"data_format '%s': maps of Akida have channels last; build the network with data_format='channels_last' and save it again",
			order);
	if (!strcmp(k->class, "Flatten"))
		return flatten(k);
	rc = target(k, dim, &ndim);
	if (rc)
		return rc;
	if (!k->g->num_ops) {
		/* Of the input: that is how the file wants to have it. */
		k->g->input.height = ndim > 1 ? dim[0] : 1;
		k->g->input.width = ndim > 1 ? dim[1] : 1;
		k->g->input.channels = ndim == 3 ? dim[2] :
				       ndim == 2 ? 1 :
						   dim[0];
	} else if (ndim == 1) {
		return flatten(k);
	} else if (dim[ndim - 1] != s.channels ||
		   (ndim == 3 && (dim[0] != s.height || dim[1] != s.width))) {
		return AK_KERAS_REFUSE(
			k,
			"it arranges the elements of a map anew, which Akida cannot; only the network's input may be arranged, and a map flattened");
	}
	k->ndim = ndim;
	memcpy(k->dim, dim, ndim * sizeof(*dim));
	return 0;
}

/**
 * struct reason - why a class is refused
 * @class: a '*' at its end stands for any end
 * @text: the reason and what to change
 */
struct reason {
	const char *class, *text;
};

#define RELU_ONLY                                                             \
	"Akida 1.0 has ReLU only: its activations are never negative; train " \
	"with ReLU"
#define CHAIN                                                               \
	"an Akida 1.0 model is one chain of layers; use a network without " \
	"branches"
#define STATISTICS                                                          \
	"statistics of each input; Akida 1.0 folds fixed ones only: train " \
	"with BatchNormalization"
#define INSIDE                                                                 \
	"a model inside the model; rebuild it with the layers of both in one " \
	"list, or export it to ONNX"

static const struct reason reasons[] = {
	{ "Lambda",
	  "it carries code of the model's author, which is never run; express it by Keras' own layers (Rescaling, Normalization, Reshape) or leave it out" },
	{ "TFOpLambda",
	  "an operation outside of Keras' layers; express it by layers (Rescaling, ReLU, GlobalAveragePooling2D)" },
	{ "SlicingOpLambda",
	  "an operation outside of Keras' layers; express it by layers" },
	{ "Sequential", INSIDE },
	{ "Functional", INSIDE },
	{ "Model", INSIDE },
	{ "Conv2DTranspose",
	  "Akida 1.0 has no transposed convolution; take the part before it, or train without" },
	{ "Conv1D*",
	  "Akida 1.0 convolves rows and columns; use Conv2D with one row" },
	{ "SeparableConv1D",
	  "Akida 1.0 convolves rows and columns; use SeparableConv2D with one row" },
	{ "Conv3D*", "Akida 1.0 convolves rows and columns" },
	{ "LeakyReLU", RELU_ONLY },
	{ "PReLU", RELU_ONLY },
	{ "ELU", RELU_ONLY },
	{ "ThresholdedReLU", RELU_ONLY },
	{ "UpSampling*", "Akida 1.0 does not change the size of maps upwards" },
	{ "Resizing",
	  "inputs must have the network's size already; leave it out and resize before" },
	{ "CenterCrop",
	  "inputs must have the network's size already; leave it out and crop before" },
	{ "Cropping*", "Akida 1.0 does not crop maps" },
	{ "Permute",
	  "it arranges the elements of a map anew, which Akida cannot" },
	{ "Add", CHAIN },
	{ "Subtract", CHAIN },
	{ "Multiply", CHAIN },
	{ "Average", CHAIN },
	{ "Maximum", CHAIN },
	{ "Concatenate", CHAIN },
	{ "LSTM", "Akida 1.0 has no recurrent layers" },
	{ "GRU", "Akida 1.0 has no recurrent layers" },
	{ "SimpleRNN", "Akida 1.0 has no recurrent layers" },
	{ "Bidirectional", "Akida 1.0 has no recurrent layers" },
	{ "TimeDistributed", "Akida 1.0 has no layers over time" },
	{ "Embedding", "Akida 1.0 has no embedding of numbers" },
	{ "*Attention", "Akida 1.0 has no attention" },
	{ "LayerNormalization", STATISTICS },
	{ "GroupNormalization", STATISTICS },
	{ "UnitNormalization", STATISTICS },
};

static bool matches(const char *pattern, const char *class)
{
	size_t n = strlen(pattern), m = strlen(class);

	if (*pattern == '*')
		return m >= n - 1 && !strcmp(class + m - (n - 1), pattern + 1);
	if (pattern[n - 1] == '*')
		return !strncmp(pattern, class, n - 1);
	return !strcmp(pattern, class);
}

int ak_keras_refuse(struct ak_keras *k)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++)
		if (matches(reasons[i].class, k->class))
			return AK_KERAS_REFUSE(k, "%s", reasons[i].text);
	return AK_KERAS_REFUSE(
		k,
		"this class is none of those that Akida 1.0 can compute (convolutions, dense layers, normalisation, ReLU, pooling, padding), or one of the model's author, whose code is not run");
}
