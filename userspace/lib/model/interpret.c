// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a .fbz file's keys and variables to typed layers.
 */
#include "model/handle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"

/* Keys of each layer type of Akida 1.0, as SDK 2.3.3 writes them. */
static const char *const input_data_keys[] = { "input_bits",
					       "input_channels",
					       "input_height",
					       "input_signed",
					       "input_width",
					       "layer_type",
					       NULL };
static const char *const input_conv_keys[] = {
	"act_bits",	    "activation",
	"filters",	    "input_channels",
	"input_height",	    "input_width",
	"kernel_height",    "kernel_width",
	"layer_type",	    "padding",
	"padding_value",    "pool_type",
	"pooling_height",   "pooling_stride_x",
	"pooling_stride_y", "pooling_width",
	"stride_x",	    "stride_y",
	"weights_bits",	    NULL
};
static const char *const fc_keys[] = { "act_bits", "activation",   "layer_type",
				       "units",	   "weights_bits", NULL };
static const char *const conv_keys[] = { "act_bits",	     "activation",
					 "filters",	     "kernel_height",
					 "kernel_width",     "layer_type",
					 "padding",	     "pool_type",
					 "pooling_height",   "pooling_stride_x",
					 "pooling_stride_y", "pooling_width",
					 "stride_x",	     "stride_y",
					 "weights_bits",     NULL };

static const char *const *known_keys(int type)
{
	switch (type) {
	case AKIDA_LAYER_INPUT_DATA:
		return input_data_keys;
	case AKIDA_LAYER_INPUT_CONV:
		return input_conv_keys;
	case AKIDA_LAYER_FULLY_CONNECTED:
		return fc_keys;
	case AKIDA_LAYER_CONV:
	case AKIDA_LAYER_SEPARABLE_CONV:
		return conv_keys;
	}
	return NULL;
}

static bool in_list(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static void warn(struct akida_model *m, const char *layer, const char *fmt,
		 const char *name)
{
	struct ak_err text;
	char **list;
	char *copy;

	ak_errf(&text, 0, fmt, name);
	ak_err_prefix(&text, "layer '%s': ", layer);
	copy = strdup(text.text);
	list = realloc(m->warnings, (m->num_warnings + 1) * sizeof(*list));
	if (list)
		m->warnings = list;
	/* A warning that finds no memory is no reason to refuse a model. */
	if (!copy || !list) {
		free(copy);
		return;
	}
	m->warnings[m->num_warnings++] = copy;
}

/* Keys that nobody has documented may be ignored only while they are zero. */
static int check_keys(struct akida_model *m, const struct fbz_layer *f,
		      int type, struct ak_err *err)
{
	const char *const *known = known_keys(type);
	uint32_t i;

	if (!known)
		return ak_errf(
			err, -ENOTSUP,
			"layer '%s': layer_type %d is not an Akida 1.0 layer; only types 1 to 5 are known",
			f->name, type);
	for (i = 0; i < f->num_keys; i++) {
		if (in_list(known, f->keys[i].name))
			continue;
		if (f->keys[i].value)
			return ak_errf(
				err, -ENOTSUP,
				"layer '%s': unknown key '%s' has the value %" PRId32
				"; what it changes is not known",
				f->name, f->keys[i].name, f->keys[i].value);
		warn(m, f->name, "unknown key '%s' is zero and was ignored",
		     f->keys[i].name);
	}
	return 0;
}

static int key(const struct fbz_layer *f, const char *name, int64_t lo,
	       int64_t hi, int32_t *value, struct ak_err *err)
{
	const struct fbz_key *k = fbz_find_key(f, name);

	if (!k)
		return ak_errf(err, -EINVAL, "layer '%s': key '%s' is missing",
			       f->name, name);
	if (k->value < lo || k->value > hi)
		return ak_errf(err, -EINVAL,
			       "layer '%s': %s is %" PRId32
			       "; it must be %" PRId64 " to %" PRId64,
			       f->name, name, k->value, lo, hi);
	*value = k->value;
	return 0;
}

/* Reads a list of keys into unsigned members; negative ones become zero. */
struct key_into {
	const char *name;
	int64_t lo, hi;
	uint32_t *to;
};

static int read_keys(const struct fbz_layer *f, const struct key_into *k,
		     size_t n, struct ak_err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int32_t v = 0;
		int rc = key(f, k[i].name, k[i].lo, k[i].hi, &v, err);

		if (rc)
			return rc;
		*k[i].to = v < 0 ? 0 : (uint32_t)v;
	}
	return 0;
}

#define READ_KEYS(f, list, err) read_keys(f, list, ARRAY_SIZE(list), err)

static int read_input(const struct fbz_layer *f, struct ak_layer *l,
		      struct ak_err *err)
{
	const struct key_into keys[] = {
		{ "input_height", 1, AK_MAX_SIDE, &l->in.height },
		{ "input_width", 1, AK_MAX_SIDE, &l->in.width },
		{ "input_channels", 1, AK_MAX_CHANNELS, &l->in.channels },
	};
	int32_t v = 0;
	int rc = READ_KEYS(f, keys, err);

	if (rc)
		return rc;
	/* The picture layer takes bytes and has no key for it. */
	l->in_bits = 8;
	if (l->type == AKIDA_LAYER_INPUT_CONV) {
		rc = key(f, "padding_value", 0, 255, &v, err);
		l->padding_value = (uint32_t)v;
		return rc;
	}
	rc = key(f, "input_bits", 1, 8, &v, err);
	if (rc)
		return rc;
	l->in_bits = (uint32_t)v;
	rc = key(f, "input_signed", INT32_MIN, INT32_MAX, &v, err);
	if (!rc && v)
		rc = ak_errf(err, -ENOTSUP,
			     "layer '%s': input_signed is %" PRId32
			     "; signed inputs are not an Akida 1.0 format",
			     f->name, v);
	return rc;
}

static int read_spatial(const struct fbz_layer *f, struct ak_layer *l,
			struct ak_err *err)
{
	uint32_t padding = 0, pool = 0;
	const struct key_into keys[] = {
		{ "filters", 1, AK_MAX_CHANNELS, &l->conv.channels },
		{ "kernel_width", 1, AK_MAX_KERNEL, &l->kernel_w },
		{ "kernel_height", 1, AK_MAX_KERNEL, &l->kernel_h },
		{ "stride_x", 1, AK_MAX_KERNEL, &l->stride_x },
		{ "stride_y", 1, AK_MAX_KERNEL, &l->stride_y },
		{ "padding", AKIDA_PADDING_VALID, AKIDA_PADDING_SAME,
		  &padding },
		{ "pool_type", AKIDA_POOL_NONE, AKIDA_POOL_AVERAGE, &pool },
		{ "pooling_width", -1, AK_MAX_SIDE, &l->pool_w },
		{ "pooling_height", -1, AK_MAX_SIDE, &l->pool_h },
		{ "pooling_stride_x", -1, AK_MAX_SIDE, &l->pool_sx },
		{ "pooling_stride_y", -1, AK_MAX_SIDE, &l->pool_sy },
	};
	int rc = READ_KEYS(f, keys, err);

	if (rc)
		return rc;
	l->padding = (enum akida_padding)padding;
	l->pool_type = (enum akida_pool_type)pool;
	return 0;
}

static int read_neurons(const struct fbz_layer *f, struct ak_layer *l,
			struct ak_err *err)
{
	int32_t activation = 0, bits = 0;
	uint32_t units = 0;
	int rc;

	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		const struct key_into keys[] = {
			{ "units", 1, AK_MAX_CHANNELS, &units },
		};

		rc = READ_KEYS(f, keys, err);
		if (rc)
			return rc;
		l->conv.channels = units;
	} else {
		rc = read_spatial(f, l, err);
		if (rc)
			return rc;
	}
	rc = key(f, "weights_bits", 1, 8, &bits, err);
	if (rc)
		return rc;
	l->weights_bits = (uint32_t)bits;
	rc = key(f, "act_bits", 0, 32, &bits, err);
	if (rc)
		return rc;
	l->act_bits = (uint32_t)bits;
	rc = key(f, "activation", 0, 1, &activation, err);
	l->activation = activation;
	return rc;
}

/*
 * The data of a variable of the wanted shape. Vectors may have any shape with
 * the right number of elements.
 */
static int variable(const struct fbz_layer *f, const char *name, bool weights,
		    const uint64_t shape[4], const void **data,
		    struct ak_err *err)
{
	const struct fbz_var *v = fbz_find_var(f, name);
	uint64_t have[4] = { 1, 1, 1, 1 };
	uint8_t want = !strcmp(name, "threshold") ? FBZ_INT32 : FBZ_FLOAT32;
	uint32_t i;

	if (!v)
		return ak_errf(err, -EINVAL,
			       "layer '%s': variable '%s' is missing", f->name,
			       name);
	if (weights ? v->dtype != FBZ_INT8 && v->dtype != FBZ_INT4 :
		      v->dtype != want)
		return ak_errf(
			err, -ENOTSUP,
			"layer '%s': variable '%s' has dtype code %u; %s",
			f->name, name, v->dtype,
			weights ?
				"weights can be 3 (int8) or 7 (int4)" :
				"thresholds are 0 (int32), steps 1 (float32)");
	if (!weights) {
		for (i = 0; i < v->ndim; i++)
			have[3] *= v->shape[i]; /* verified by the reader */
	} else if (v->ndim <= 4) {
		for (i = 0; i < v->ndim; i++)
			have[4 - v->ndim + i] = v->shape[i];
	} else {
		have[0] = 0;
	}
	if (memcmp(have, shape, sizeof(have)))
		return ak_errf(
			err, -EINVAL,
			"layer '%s': variable '%s' is %" PRIu64 "x%" PRIu64
			"x%" PRIu64 "x%" PRIu64
			" (x, y, channel, filter); the layer needs %" PRIu64
			"x%" PRIu64 "x%" PRIu64 "x%" PRIu64,
			f->name, name, have[0], have[1], have[2], have[3],
			shape[0], shape[1], shape[2], shape[3]);
	*data = v->data;
	return 0;
}

static bool known_variable(int type, const char *name)
{
	static const char *const any[] = { "weights", "threshold", "act_step",
					   NULL };

	if (type == AKIDA_LAYER_INPUT_DATA)
		return false;
	if (in_list(any, name))
		return true;
	if (type == AKIDA_LAYER_SEPARABLE_CONV)
		return !strcmp(name, "weights_pw");
	/* Only the SDK's own bookkeeping: 0, 1, ... N - 1 in every file. */
	return type == AKIDA_LAYER_INPUT_CONV && !strcmp(name, "wta_groups");
}

static int read_variables(const struct fbz_layer *f, struct ak_layer *l,
			  const struct akida_shape *in, struct ak_err *err)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	uint64_t n = l->conv.channels;
	uint64_t shape[4] = { l->kernel_w, l->kernel_h, in->channels,
			      separable ? 1 : n };
	const uint64_t pointwise[4] = { 1, 1, in->channels, n };
	const uint64_t vector[4] = { 1, 1, 1, n };
	const void *w = NULL, *pw = NULL, *threshold = NULL, *step = NULL;
	uint32_t i;
	int rc;

	for (i = 0; i < f->num_vars; i++)
		if (!known_variable(l->type, f->vars[i].name))
			return ak_errf(
				err, -ENOTSUP,
				"layer '%s': unknown variable '%s'; what it changes is not known",
				f->name, f->vars[i].name);
	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return 0;
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		shape[0] = 1;
		shape[1] = 1;
		shape[2] = ak_shape_elements(in);
	}
	rc = variable(f, "weights", true, shape, &w, err);
	if (!rc && separable)
		rc = variable(f, "weights_pw", true, pointwise, &pw, err);
	if (!rc)
		rc = variable(f, "threshold", false, vector, &threshold, err);
	if (!rc)
		rc = variable(f, "act_step", false, vector, &step, err);
	l->weights = w;
	l->weights_pw = pw;
	l->threshold = threshold;
	l->act_step = step;
	return rc;
}

/* Only chains: each layer reads the one before it. */
static int check_inbounds(const struct fbz *f, uint32_t i, struct ak_err *err)
{
	const struct fbz_layer *l = &f->layers[i];

	if (i == 0 && l->num_inbounds)
		return ak_errf(
			err, -EINVAL,
			"layer '%s': the first layer takes input from '%s'",
			l->name, l->inbounds[0]);
	if (i && (l->num_inbounds != 1 ||
		  strcmp(l->inbounds[0], f->layers[i - 1].name)))
		return ak_errf(
			err, -ENOTSUP,
			"layer '%s': it has %u inbound layers, the first '%s'; only a chain can be run, where it would be '%s'",
			l->name, l->num_inbounds,
			l->num_inbounds ? l->inbounds[0] : "",
			f->layers[i - 1].name);
	return 0;
}

static int interpret_layer(struct akida_model *m, uint32_t i,
			   struct ak_err *err)
{
	const struct fbz_layer *f = &m->file.layers[i];
	const struct ak_layer *prev = i ? &m->model.layers[i - 1] : NULL;
	struct ak_layer *l = &m->model.layers[i];
	int32_t type;
	int rc;

	rc = key(f, "layer_type", INT32_MIN, INT32_MAX, &type, err);
	if (rc)
		return rc;
	l->name = f->name;
	l->type = (enum akida_layer_type)type;
	rc = check_keys(m, f, type, err);
	if (!rc)
		rc = ak_layer_check_place(l, !i, err);
	if (!rc)
		rc = check_inbounds(&m->file, i, err);
	if (!rc && (l->type == AKIDA_LAYER_INPUT_DATA ||
		    l->type == AKIDA_LAYER_INPUT_CONV))
		rc = read_input(f, l, err);
	if (!rc) {
		if (l->type == AKIDA_LAYER_INPUT_DATA)
			l->conv.channels = l->in.channels;
		else
			rc = read_neurons(f, l, err);
	}
	if (!rc)
		rc = read_variables(f, l, prev ? &prev->out : &l->in, err);
	if (rc)
		return rc;
	return ak_layer_resolve(l, prev, i + 1 == m->file.num_layers, err);
}

void ak_model_interpret(struct akida_model *m)
{
	uint32_t i;

	for (i = 0; i < m->num_warnings; i++)
		free(m->warnings[i]);
	m->num_warnings = 0;
	free(m->model.layers);
	memset(&m->model, 0, sizeof(m->model));
	m->num_resolved = 0;
	m->stale = false;
	if (!m->file.num_layers) {
		m->runnable =
			ak_errf(&m->why, -EINVAL, "the model has no layers");
		return;
	}
	m->model.layers = calloc(m->file.num_layers, sizeof(*m->model.layers));
	if (!m->model.layers) {
		m->runnable = ak_errf(&m->why, -ENOMEM, "out of memory");
		return;
	}
	m->model.num_layers = m->file.num_layers;
	m->runnable = 0;
	for (i = 0; i < m->file.num_layers && !m->runnable; i++) {
		m->runnable = interpret_layer(m, i, &m->why);
		if (!m->runnable)
			m->num_resolved++;
	}
	if (m->runnable)
		return;
	m->why.text[0] = '\0';
}
