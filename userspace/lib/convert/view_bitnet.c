// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ternary weights and their scales: bitnet.rs (bincode, or words in
 * safetensors) and transformers (four rows in a byte).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json_file.h"
#include "common/util.h"
#include "convert/view_item.h"
#include "format/bincode.h"

#define IN_MEMORY ((size_t)64 << 20)
#define MAX_METADATA ((size_t)1 << 20)

/* ------------------------------------------------------------------ metadata */

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a view");
}

/* metadata.json of a folder, or beside a file. */
static char *metadata_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *out;
	int n;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		n = asprintf(&out, "%s/metadata.json", path);
	else
		n = asprintf(&out, "%.*smetadata.json",
			     slash ? (int)(slash - path) + 1 : 0, path);
	return n < 0 ? NULL : out;
}

/* Return: the generation of bitnet.rs, 0 if nobody says it. */
static int64_t generation(const char *path)
{
	char *name = metadata_path(path);
	json_t *root = NULL;
	int64_t n = 0;

	if (name && !ak_json_read(name, MAX_METADATA, &root, NULL))
		n = json_integer_value(json_object_get(root, "generation"));
	json_decref(root);
	free(name);
	return n;
}

/* ------------------------------------------------------------------- reading */

static int load_scales(struct ak_view_item *it, struct ak_err *err)
{
	if (it->scales)
		return 0;
	it->scales = calloc(it->scale->count + 1, sizeof(*it->scales));
	if (!it->scales)
		return no_memory(err);
	return ak_tensor_read(it->set, it->scale, 0, ak_tensor_rows(it->scale),
			      it->scales, err);
}

static void unload(struct ak_view_item *it)
{
	free(it->scales);
	it->scales = NULL;
	ak_map_close(&it->map);
}

/* Words become ternary values row by row; a row may begin inside a word. */
static int read_words(const struct ak_view_item *it, const uint8_t *words,
		      uint64_t first, uint64_t rows, float *out,
		      struct ak_err *err)
{
	uint64_t cols = it->dim[1], i, c;

	for (i = first; i < first + rows; i++) {
		float scale = it->scales[it->scale->count > 1 ? i : 0];
		uint64_t begin = i * cols;

		for (c = begin; c < begin + cols; c++) {
			uint32_t word;
			int8_t q[16];
			uint64_t in = c % 16, k;

			memcpy(&word, words + c / 16 * 4, sizeof(word));
			ak_ternary_unpack(it->code, &word, 16, q);
			for (k = in; k < 16 && c < begin + cols; k++, c++) {
				if (q[k] > 1)
					return ak_errf(
						err, -EBADMSG,
						"%s: a code of row %llu stands for no value",
						it->name,
						(unsigned long long)i);
				*out++ = (float)q[k] * scale;
			}
			c--;
		}
	}
	return 0;
}

static int read_u32(const struct ak_view_item *it, uint64_t first,
		    uint64_t rows, float *out, struct ak_err *err)
{
	return read_words(it, ak_view_raw(it), first, rows, out, err);
}

static const struct ak_view_kind words_kind = {
	.load = load_scales,
	.unload = unload,
	.read = read_u32,
};

/* Integers of variable length can only be found from the first one on. */
static int load_record(struct ak_view_item *it, struct ak_err *err)
{
	uint64_t n = (it->tensor->count + 15) / 16;
	struct ak_record_linear l = {
		.words = ak_view_raw(it),
		.num_words = n,
		.words_size = it->tensor->size,
	};
	size_t at = 0;
	int ret = load_scales(it, err);

	if (ret || it->map.data)
		return ret;
	ret = ak_map_scratch(n * 4, n * 4 > IN_MEMORY, &it->map, err);
	if (ret)
		return ret;
	if (ak_record_words(&l, &at, n, (uint32_t *)it->map.data) != n)
		return ak_errf(err, -EBADMSG, "%s: there are too few words",
			       it->name);
	return 0;
}

static int read_record(const struct ak_view_item *it, uint64_t first,
		       uint64_t rows, float *out, struct ak_err *err)
{
	return read_words(it, it->map.data, first, rows, out, err);
}

static const struct ak_view_kind record_kind = {
	.load = load_record,
	.unload = unload,
	.read = read_record,
};

/* Two bits of a byte: -1, 0, 1; four rows that are far apart share it. */
static int read_hf(const struct ak_view_item *it, uint64_t first, uint64_t rows,
		   float *out, struct ak_err *err)
{
	uint64_t packed = it->tensor->dim[0], cols = it->dim[1], i, c;
	const uint8_t *data = ak_view_raw(it);

	for (i = first; i < first + rows; i++) {
		const uint8_t *row = data + i % packed * cols;
		unsigned int shift = 2 * (unsigned int)(i / packed);

		for (c = 0; c < cols; c++) {
			int q = (row[c] >> shift & 3) - 1;

			if (q > 1)
				return ak_errf(
					err, -EBADMSG,
					"%s: a code of row %llu stands for no value",
					it->name, (unsigned long long)i);
			*out++ = (float)q * it->scales[0];
		}
	}
	return 0;
}

static const struct ak_view_kind hf_kind = {
	.load = load_scales,
	.unload = unload,
	.read = read_hf,
};

/* ------------------------------------------------------------------- joining */

/* What a tensor and its scales are together; NULL for nothing that is known. */
static const struct ak_view_kind *kind_of(const struct ak_view_item *it,
					  const struct ak_tensor *scale)
{
	const struct ak_tensor *t = it->tensor;

	if (t->ndim != 2 || !ak_view_raw(it) || !t->dim[0] || !t->dim[1])
		return NULL;
	if (t->type == AK_TENSOR_U32 &&
	    (scale->count == t->dim[0] || scale->count == 1))
		return &words_kind;
	if (t->type == AK_TENSOR_U8 && scale->count == 1)
		return &hf_kind;
	if (t->type == AK_TENSOR_OTHER && t->dtype &&
	    !strcmp(t->dtype, "ternary") &&
	    (scale->count == t->dim[0] || scale->count == 1))
		return &record_kind;
	return NULL;
}

static int join(struct ak_view *v, size_t i, size_t scale, int64_t gen,
		struct ak_err *err)
{
	struct ak_view_item *it = &v->item[i];
	const struct ak_tensor *t = it->tensor;
	const struct ak_view_kind *kind = kind_of(it, v->item[scale].tensor);

	if (!kind ||
	    (kind == &words_kind && t->dim[1] > UINT64_MAX / 64 / t->dim[0]))
		return 0;
	if (kind == &record_kind && (gen < 1 || gen > 3))
		return ak_errf(
			err, -ENOTSUP,
			"%s: the file does not say which generation of bitnet.rs its codes are of, and there is no metadata.json with 'generation' beside it",
			t->file);
	it->kind = kind;
	it->scale = v->item[scale].tensor;
	/* Words in safetensors are of generation 3. */
	it->code = gen == 1 ? AK_CODE_PLUS_1 : AK_CODE_TWOS;
	it->dim[0] = t->dim[0] * (kind == &hf_kind ? 4 : 1);
	it->dim[1] = t->dim[1] * (kind == &words_kind ? 16 : 1);
	snprintf(it->type, sizeof(it->type), "ternary");
	ak_view_drop_item(v, scale);
	return 1;
}

int ak_view_join_ternary(struct ak_view *v, const char *path,
			 struct ak_err *err)
{
	int64_t gen = generation(path);
	size_t i;

	for (i = 0; i < v->count; i++) {
		char *name;
		size_t scale;
		int ret;

		if (asprintf(&name, "%s_scale", v->item[i].name) < 0)
			return no_memory(err);
		scale = ak_view_find(v, name);
		free(name);
		if (scale == SIZE_MAX || !v->item[scale].tensor ||
		    v->item[scale].set != v->item[i].set)
			continue;
		ret = join(v, i, scale, gen, err);
		if (ret < 0)
			return ret;
		/* What stood before it has moved it up. */
		if (ret && scale < i)
			i--;
	}
	return 0;
}

/* -------------------------------------------------------------------- folder */

static char *file_in(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static bool has(const char *folder, const char *name)
{
	char *path = file_in(folder, name);
	bool there = path && !access(path, F_OK);

	free(path);
	return there;
}

bool ak_is_bitnet_folder(const char *path)
{
	return has(path, "block_0.bin") && has(path, "embedding.bin");
}

static int add_file(struct ak_view *v, const char *folder, const char *name,
		    const char *prefix, struct ak_err *err)
{
	char *path = file_in(folder, name);
	int ret;

	if (!path)
		return no_memory(err);
	ret = ak_view_add_set(v, path, prefix, err);
	free(path);
	return ret;
}

int ak_view_add_bitnet(struct ak_view *v, const char *path, struct ak_err *err)
{
	static const char *const fixed[][2] = {
		{ "embedding.bin", "tok_embeddings." },
		{ "norm.bin", "norm." },
		{ "lm_head.bin", "output." },
		{ "sub_norms.safetensors", "" },
	};
	char name[32], prefix[32];
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < ARRAY_SIZE(fixed); i++)
		if (has(path, fixed[i][0]))
			ret = add_file(v, path, fixed[i][0], fixed[i][1], err);
	for (i = 0; !ret; i++) {
		snprintf(name, sizeof(name), "block_%u.bin", i);
		snprintf(prefix, sizeof(prefix), "layers.%u.", i);
		if (!has(path, name))
			break;
		ret = add_file(v, path, name, prefix, err);
	}
	return ret ? ret : ak_view_join_ternary(v, path, err);
}
