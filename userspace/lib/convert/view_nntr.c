// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * nntrainer's weights: blocks that a safetensors file calls bytes, matrices
 * that it has transposed, and interleaved rows of NNTR files.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/json_file.h"
#include "common/le.h"
#include "common/map.h"
#include "convert/view_item.h"

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a view");
}

/* -------------------------------------------------------------------- blocks */

/* Rows of blocks; interleaved ones come in groups. */
static int read_blocks(const struct ak_view_item *it, uint64_t first,
		       uint64_t rows, float *out, struct ak_err *err)
{
	unsigned int group = it->repacked ? ak_repack_rows(it->how) : 1;
	const struct ak_quant *k = ak_quant_best();
	const uint8_t *data = ak_view_raw(it);
	size_t cols = it->dim[1], bytes, r;
	uint8_t *plain;
	int ret = 0;

	ret = ak_quant_row_bytes(it->format, cols, &bytes);
	plain = malloc(group * bytes);
	if (ret || !plain) {
		free(plain);
		return no_memory(err);
	}
	for (r = first - first % group; !ret && r < first + rows; r += group) {
		const uint8_t *from = data + r * bytes;
		unsigned int i;

		if (it->repacked) {
			ret = ak_q4_0_unpack(k, it->how, from, group, cols,
					     plain);
			from = plain;
		}
		for (i = 0; !ret && i < group; i++)
			if (r + i >= first && r + i < first + rows)
				ret = ak_dequantise_rows(
					k, it->format, from + i * bytes, 1,
					cols, out + (r + i - first) * cols);
	}
	free(plain);
	return ret ? ak_errf(err, -EBADMSG, "%s: its rows do not divide",
			     it->name) :
		     0;
}

static const struct ak_view_kind blocks_kind = { .read = read_blocks };

/* Makes an item one of blocks, if sizes allow. */
int ak_view_set_blocks(struct ak_view_item *it, enum ak_quant_type type,
		       uint64_t rows, uint64_t cols, struct ak_err *err)
{
	size_t bytes, all;

	it->format = ak_quant_format(type);
	if (ak_quant_row_bytes(it->format, cols, &bytes) ||
	    __builtin_mul_overflow(bytes, rows, &all) ||
	    all != it->tensor->size || !ak_view_raw(it) ||
	    (it->repacked && rows % ak_repack_rows(it->how)))
		return ak_errf(
			err, -EBADMSG,
			"%s: tensor '%s' has %llu bytes, which are no %llu x %llu weights of %s",
			it->tensor->file, it->name,
			(unsigned long long)it->tensor->size,
			(unsigned long long)rows, (unsigned long long)cols,
			it->format->name);
	it->kind = &blocks_kind;
	it->ndim = 2;
	it->dim[0] = rows;
	it->dim[1] = cols;
	snprintf(it->type, sizeof(it->type), "%s%s", it->format->name,
		 it->repacked ? " interleaved" : "");
	return 0;
}

/* ---------------------------------------------------------------------- NNTR */

static const char *meta(const struct ak_tensors *set, const char *key)
{
	const struct ak_tensors_meta *m;
	size_t i;

	for (i = 0; (m = ak_tensors_meta(set, i)); i++)
		if (!strcmp(m->key, key))
			return m->value;
	return NULL;
}

static int join_nntr(struct ak_view_item *it, struct ak_err *err)
{
	const char *repack = meta(it->set, "repack_format");
	const char *blocks = meta(it->set, "block_format");
	bool ggml = blocks && !strcmp(blocks, "ggml"), four;
	const struct ak_tensor *t = it->tensor;

	if (t->type != AK_TENSOR_OTHER || !t->dtype ||
	    strcmp(t->dtype, "Q4_0 repacked") || t->ndim != 2 || !repack)
		return 0;
	four = !strcmp(repack, "q4_0_4");
	it->repacked = true;
	it->how = ggml ? (four ? AK_REPACK_X4_IL8 : AK_REPACK_X8_IL8) :
		  four ? AK_REPACK_SCRIPT_4 :
			 AK_REPACK_SCRIPT_8;
	return ak_view_set_blocks(it,
				  ggml ? AK_QUANT_Q4_0 : AK_QUANT_SCRIPT_Q4_0,
				  t->dim[0], t->dim[1], err);
}

/* --------------------------------------------------------- nntr-safetensors */

static int read_transposed(const struct ak_view_item *it, uint64_t first,
			   uint64_t rows, float *out, struct ak_err *err)
{
	uint64_t cols = it->dim[1], c, r;
	float *line = malloc((it->dim[0] + 1) * sizeof(*line));
	int ret = line ? 0 : no_memory(err);

	for (c = 0; !ret && c < cols; c++) {
		ret = ak_tensor_read(it->set, it->tensor, c, 1, line, err);
		for (r = 0; !ret && r < rows; r++)
			out[r * cols + c] = line[first + r];
	}
	free(line);
	return ret;
}

static const struct ak_view_kind transposed_kind = { .read = read_transposed };

void ak_view_set_transposed(struct ak_view_item *it)
{
	uint64_t rows = it->dim[1];

	it->dim[1] = it->dim[0];
	it->dim[0] = rows;
	it->kind = &transposed_kind;
}

/* What nntrainer writes into a tensor's entry beside safetensors' own. */
static int read_header(const struct ak_tensors *set, json_t **root,
		       struct ak_err *err)
{
	const char *path = ak_tensors_file(set, 0, &(uint64_t){ 0 });
	struct ak_map map;
	uint64_t n;
	int ret = ak_map_open(path, &map, err);

	*root = NULL;
	if (ret)
		return ret;
	n = map.size >= 8 ? ak_get_le64(map.data) : 0;
	if (map.size < 8 || n > map.size - 8)
		ret = ak_errf(err, -EBADMSG, "%s: its header is cut off", path);
	else
		ret = ak_json_parse(path, map.data + 8, n, root, err);
	ak_map_close(&map);
	return ret;
}

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && !strcmp(s + n - m, with);
}

/* [1, 1, height, width] without the ones. */
static void two_dims(struct ak_view_item *it)
{
	bool vector = ends(it->name, ":gamma") || ends(it->name, ":bias");

	if (it->ndim != 4 || it->dim[0] != 1 || it->dim[1] != 1)
		return;
	it->dim[0] = vector ? it->dim[3] : it->dim[2];
	it->dim[1] = vector ? 0 : it->dim[3];
	it->ndim = vector ? 1 : 2;
}

static int join_safetensors(struct ak_view_item *it, const json_t *header,
			    bool arm, struct ak_err *err)
{
	const json_t *entry = json_object_get(header, it->name);
	const char *dtype =
		json_string_value(json_object_get(entry, "nntr_dtype"));
	const json_t *shape = json_object_get(entry, "nntr_shape");
	json_int_t height = json_integer_value(json_array_get(shape, 2));
	json_int_t width = json_integer_value(json_array_get(shape, 3));
	bool fc = ends(it->name, ":weight");
	enum ak_quant_type type;

	if (!dtype) {
		two_dims(it);
		if (fc && it->ndim == 2)
			ak_view_set_transposed(it);
		return 0;
	}
	type = !strcmp(dtype, "Q4_0") ? AK_QUANT_Q4_0 : AK_QUANT_Q6_K;
	if ((type == AK_QUANT_Q6_K && strcmp(dtype, "Q6_K")) || height < 1 ||
	    width < 1)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' is of type '%s', which is not known",
			it->tensor->file, it->name, dtype);
	it->repacked = fc && type == AK_QUANT_Q4_0;
	it->how = arm ? AK_REPACK_X4_IL8 : AK_REPACK_X8_IL8;
	return ak_view_set_blocks(it, type, (uint64_t)(fc ? width : height),
				  (uint64_t)(fc ? height : width), err);
}

int ak_view_join_nntr(struct ak_view *v, struct ak_err *err)
{
	const struct ak_tensors *set = v->set[0];
	const char *format = meta(set, "format");
	const char *isa = meta(set, "nntr_q4_0_isa");
	bool safetensors = format && !strcmp(format, "nntrainer");
	json_t *header = NULL;
	size_t i;
	int ret = 0;

	if (safetensors)
		ret = read_header(set, &header, err);
	for (i = 0; !ret && i < v->count; i++)
		ret = safetensors ? join_safetensors(&v->item[i], header,
						     isa && !strcmp(isa, "arm"),
						     err) :
				    join_nntr(&v->item[i], err);
	json_decref(header);
	return ret;
}
