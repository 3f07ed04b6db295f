// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public handle of a model.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "common/export.h"
#include "common/file.h"
#include "model/handle.h"
#include "model/limits.h"

/* A .fbz is at least as large as its content compresses to, and padded. */
#define MAX_FILE (FBZ_MAX_UNPACKED + FBZ_MAX_UNPACKED / 6 + 4096)

AK_EXPORT struct akida_model *akida_model_new(void)
{
	struct akida_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	atomic_init(&m->refs, 1);
	m->file.generation = 2;
	m->stale = true;
	return m;
}

static void reset(struct akida_model *m)
{
	fbz_clear(&m->file);
	ak_model_interpret(m);
	m->file.generation = 2;
}

static void put(struct akida_model *m)
{
	if (atomic_fetch_sub(&m->refs, 1) != 1)
		return;
	reset(m);
	free(m->warnings);
	free(m);
}

AK_EXPORT void akida_model_free(struct akida_model *m)
{
	if (m)
		put(m);
}

void ak_model_hold(struct akida_model *m)
{
	atomic_fetch_add(&m->refs, 1);
	atomic_fetch_add(&m->programs, 1);
}

void ak_model_release(struct akida_model *m)
{
	atomic_fetch_sub(&m->programs, 1);
	put(m);
}

/* A program reads the model's arrays, so they must stay as they are. */
static int check_unused(struct akida_model *m)
{
	if (atomic_load(&m->programs))
		return ak_errf(
			&m->err, -EBUSY,
			"the model is loaded as a program; free the program before changing it");
	return 0;
}

AK_EXPORT const char *akida_model_error(const struct akida_model *m)
{
	return m->err.text;
}

AK_EXPORT int akida_model_load_memory(struct akida_model *m, const void *data,
				      size_t size)
{
	int rc = check_unused(m);

	if (rc)
		return rc;
	reset(m);
	rc = fbz_parse(&m->file, data, size, &m->err);
	if (rc) {
		reset(m);
		return rc;
	}
	ak_model_interpret(m);
	return 0;
}

AK_EXPORT int akida_model_load(struct akida_model *m, const char *path)
{
	uint8_t *data;
	size_t size;
	int rc = check_unused(m);

	if (rc)
		return rc;
	reset(m);
	rc = ak_file_read(path, MAX_FILE, &data, &size, &m->err);
	if (rc)
		return rc;
	rc = akida_model_load_memory(m, data, size);
	free(data);
	if (rc)
		ak_err_prefix(&m->err, "%s: ", path);
	return rc;
}

/*
 * Which dtype code weights are written with follows from weights_bits. The
 * codes of 1- and 2-bit weights are not known: 2-bit ones can be written with
 * the 4-bit code, which holds their values (inferred), 1-bit ones cannot.
 */
static int choose_dtypes(struct akida_model *m, unsigned int flags)
{
	uint32_t i, j;

	for (i = 0; i < m->file.num_layers; i++) {
		struct fbz_layer *l = &m->file.layers[i];
		const struct fbz_key *bits = fbz_find_key(l, "weights_bits");

		if (!bits)
			continue;
		if (bits->value == 1 ||
		    (bits->value == 2 && !(flags & AKIDA_SAVE_EXPERIMENTAL)))
			return ak_errf(
				&m->err, -ENOTSUP,
				"layer '%s': how .fbz files store %d-bit weights is not known%s",
				l->name, bits->value,
				bits->value == 2 ?
					"; the experimental form (the 4-bit code, inferred) must be asked for" :
					"");
		for (j = 0; j < l->num_vars; j++)
			if (!strncmp(l->vars[j].name, "weights", 7) &&
			    l->vars[j].dtype == FBZ_INT8 && bits->value != 8)
				l->vars[j].dtype = FBZ_INT4;
	}
	return 0;
}

AK_EXPORT int akida_model_save(struct akida_model *m, const char *path,
			       unsigned int flags)
{
	uint8_t *data = NULL;
	size_t size;
	int rc;

	if (flags & ~AKIDA_SAVE_EXPERIMENTAL)
		return ak_errf(&m->err, -EINVAL, "unknown flags 0x%x", flags);
	rc = choose_dtypes(m, flags);
	if (!rc)
		rc = fbz_build(&m->file, &data, &size, &m->err);
	if (!rc)
		rc = ak_file_write(path, data, size, &m->err);
	free(data);
	return rc;
}

AK_EXPORT const char *akida_model_sdk_version(const struct akida_model *m)
{
	return m->file.version;
}

AK_EXPORT int akida_model_generation(const struct akida_model *m)
{
	return m->file.generation;
}

AK_EXPORT int akida_model_check_runnable(struct akida_model *m)
{
	if (m->stale)
		ak_model_interpret(m);
	if (m->runnable)
		m->err = m->why;
	return m->runnable;
}

AK_EXPORT const char *akida_model_warning(const struct akida_model *m,
					  unsigned int i)
{
	return i < m->num_warnings ? m->warnings[i] : NULL;
}

AK_EXPORT unsigned int akida_model_num_layers(const struct akida_model *m)
{
	return m->file.num_layers;
}

static size_t count_zeros(const int8_t *w, size_t n)
{
	size_t zeros = 0, i;

	for (i = 0; i < n; i++)
		zeros += !w[i];
	return zeros;
}

static void describe(const struct ak_layer *l, struct akida_layer_info *info)
{
	size_t n = ak_layer_num_weights(l, false);
	size_t pw = ak_layer_num_weights(l, true);

	info->resolved = true;
	info->input = l->in;
	info->output = l->out;
	info->kernel_width = l->kernel_w;
	info->kernel_height = l->kernel_h;
	info->stride_x = l->stride_x;
	info->stride_y = l->stride_y;
	info->padding = l->padding;
	info->padding_value = l->padding_value;
	info->pool_type = l->pool_type;
	if (l->pool_type == AKIDA_POOL_MAX) {
		info->pool_width = l->pool_w;
		info->pool_height = l->pool_h;
		info->pool_stride_x = l->pool_sx;
		info->pool_stride_y = l->pool_sy;
	}
	info->input_bits = l->in_bits;
	info->weights_bits = l->weights_bits;
	info->act_bits = l->act_bits;
	info->activation = l->activation;
	info->macs = ak_layer_macs(l);
	info->weight_count = n + pw;
	info->weight_bytes =
		(n * l->weights_bits + 7) / 8 + (pw * l->weights_bits + 7) / 8;
	if (l->weights)
		info->zero_weights = count_zeros(l->weights, n);
	if (l->weights_pw)
		info->zero_weights += count_zeros(l->weights_pw, pw);
}

AK_EXPORT int akida_model_layer(const struct akida_model *m, unsigned int i,
				struct akida_layer_info *info, size_t info_size)
{
	struct akida_layer_info full = { 0 };
	const struct fbz_key *type;

	if (i >= m->file.num_layers)
		return -ENOENT;
	full.name = m->file.layers[i].name;
	type = fbz_find_key(&m->file.layers[i], "layer_type");
	full.type = type ? type->value : 0;
	if (!m->stale && i < m->num_resolved)
		describe(&m->model.layers[i], &full);
	return ak_copy_out(info, info_size, &full, sizeof(full));
}

AK_EXPORT int akida_model_find_layer(const struct akida_model *m,
				     const char *name)
{
	uint32_t i;

	for (i = 0; i < m->file.num_layers; i++)
		if (!strcmp(m->file.layers[i].name, name))
			return (int)i;
	return -ENOENT;
}

AK_EXPORT int akida_model_layer_key(const struct akida_model *m,
				    unsigned int layer, unsigned int i,
				    const char **name, int32_t *value)
{
	if (layer >= m->file.num_layers || i >= m->file.layers[layer].num_keys)
		return -ENOENT;
	*name = m->file.layers[layer].keys[i].name;
	*value = m->file.layers[layer].keys[i].value;
	return 0;
}

AK_EXPORT const char *akida_model_layer_inbound(const struct akida_model *m,
						unsigned int layer,
						unsigned int i)
{
	if (layer >= m->file.num_layers ||
	    i >= m->file.layers[layer].num_inbounds)
		return NULL;
	return m->file.layers[layer].inbounds[i];
}

static enum akida_dtype memory_dtype(uint8_t dtype)
{
	switch (dtype) {
	case FBZ_INT32:
		return AKIDA_DTYPE_INT32;
	case FBZ_FLOAT32:
		return AKIDA_DTYPE_FLOAT32;
	case FBZ_UINT8:
		return AKIDA_DTYPE_UINT8;
	case FBZ_INT8:
	case FBZ_INT4:
		return AKIDA_DTYPE_INT8;
	}
	return 0;
}

AK_EXPORT int akida_model_variable(const struct akida_model *m,
				   unsigned int layer, unsigned int i,
				   struct akida_variable_info *info,
				   size_t info_size)
{
	struct akida_variable_info full = { 0 };
	const struct fbz_var *v;
	uint32_t d;

	if (layer >= m->file.num_layers || i >= m->file.layers[layer].num_vars)
		return -ENOENT;
	v = &m->file.layers[layer].vars[i];
	full.name = v->name;
	full.file_dtype = v->dtype;
	full.dtype = memory_dtype(v->dtype);
	full.ndim = v->ndim;
	for (d = 0; d < v->ndim; d++)
		full.shape[d] = v->shape[d];
	full.data = v->data;
	full.size = v->size;
	return ak_copy_out(info, info_size, &full, sizeof(full));
}

AK_EXPORT int akida_model_check_target(
	struct akida_model *m, enum akida_target target,
	void (*report)(void *arg, const char *layer, const char *text),
	void *arg)
{
	int rc = akida_model_check_runnable(m);

	if (rc)
		return rc;
	rc = ak_model_check_limits(&m->model, target, report, arg);
	if (rc < 0)
		ak_errf(&m->err, rc, "target %d is not a chip", target);
	return rc;
}
