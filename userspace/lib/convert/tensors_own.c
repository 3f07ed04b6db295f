// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tensors of the formats that are written here: NNTR files and records of
 * bitnet.rs.
 */
#include "convert/tensors_own.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "format/bincode.h"
#include "format/nntr.h"
#include "quant/quant.h"

/* ----------------------------------------------------------------- NNTR */

bool ak_is_nntr(const struct ak_tensor_file *f)
{
	return f->map.size >= 4 && ak_get_le32(f->map.data) == AK_NNTR_MAGIC;
}

/* Blocks of the script, which nothing but this reads. */
static int read_script(const struct ak_tensor_entry *e, const uint8_t *raw,
		       uint64_t first, uint64_t rows, float *out,
		       struct ak_err *err)
{
	const struct ak_quant_format *f = ak_quant_format(e->place.how);
	size_t cols = (size_t)ak_tensor_cols(&e->t), bytes = 0;

	if (ak_quant_row_bytes(f, cols, &bytes) ||
	    ak_dequantise_rows(ak_quant_best(), f, raw + first * bytes,
			       (size_t)rows, cols, out))
		return ak_errf(
			err, -EBADMSG,
			"%s: tensor '%s' has rows that are no whole blocks",
			e->t.file, e->t.name);
	return 0;
}

static int add_nntr_meta(struct ak_tensors *set, const struct ak_nntr_key *k,
			 struct ak_err *err)
{
	char number[32];

	switch (k->type) {
	case AK_NNTR_STRING:
		return ak_tensors_add_meta(set, k->name, k->text, false, err);
	case AK_NNTR_FLOAT:
		if (isfinite(k->f))
			snprintf(number, sizeof(number), "%.9g", (double)k->f);
		else
			strcpy(number, "null");
		break;
	default:
		snprintf(number, sizeof(number), "%" PRIu32, k->i);
	}
	return ak_tensors_add_meta(set, k->name, number, true, err);
}

static void nntr_type(const struct ak_nntr *n,
		      const struct ak_nntr_tensor *from, struct ak_tensor *t,
		      struct ak_tensor_place *place)
{
	t->type = AK_TENSOR_OTHER;
	t->dtype = ak_nntr_type_name(from->type);
	switch (from->type) {
	case AK_NNTR_F32:
		t->type = AK_TENSOR_F32;
		break;
	case AK_NNTR_Q8_0:
		t->type = AK_TENSOR_Q8_0;
		break;
	case AK_NNTR_Q4_0:
		if (n->ggml) {
			t->type = AK_TENSOR_Q4_0;
			break;
		}
		t->dtype = "script-Q4_0";
		place->read = read_script;
		place->how = AK_QUANT_SCRIPT_Q4_0;
		break;
	case AK_NNTR_Q6_K:
		if (n->ggml) {
			t->type = AK_TENSOR_Q6_K;
			break;
		}
		t->dtype = "script-Q6_K";
		place->read = read_script;
		place->how = AK_QUANT_SCRIPT_Q6_K;
		break;
	}
}

int ak_load_nntr(struct ak_tensors *set, struct ak_tensor_file *f,
		 struct ak_err *err)
{
	struct ak_nntr n;
	size_t i;
	int rc = ak_nntr_parse(f->map.data, f->map.size, &n, err);

	for (i = 0; i < n.keys && !rc; i++)
		rc = add_nntr_meta(set, &n.key[i], err);
	for (i = 0; i < n.tensors && !rc; i++) {
		const struct ak_nntr_tensor *from = &n.tensor[i];
		struct ak_tensor_place place = { .raw = from->data };
		struct ak_tensor t = {
			.ndim = from->ndim,
			.size = from->size,
		};

		memcpy(t.dim, from->dim, sizeof(t.dim));
		if (ak_tensor_count(t.ndim, t.dim, &t.count))
			rc = ak_errf(err, -EBADMSG,
				     "tensor '%s': its shape is too large",
				     from->name);
		nntr_type(&n, from, &t, &place);
		if (!rc)
			rc = ak_tensors_add(set, f, from->name, &t, &place,
					    err);
	}
	ak_nntr_clear(&n);
	return rc;
}

/* -------------------------------------------------------------- bincode */

/* The format has no mark: what is read as one to its end is one. */
bool ak_is_bincode(const struct ak_tensor_file *f)
{
	struct ak_bincode b;
	size_t n = strlen(f->path);

	return n > 4 && !strcmp(f->path + n - 4, ".bin") &&
	       !ak_bincode_parse(f->map.data, f->map.size, &b, NULL);
}

static int add_linear(struct ak_tensors *set, struct ak_tensor_file *f,
		      const char *prefix, const struct ak_record_linear *l,
		      struct ak_err *err)
{
	struct ak_tensor_place words = { .raw = l->words };
	struct ak_tensor_place scales = { .raw = l->scales };
	struct ak_tensor t = {
		.type = AK_TENSOR_OTHER,
		.dtype = "ternary",
		.ndim = 2,
		.dim = { l->out, l->in },
		.size = l->words_size,
	};
	char name[64];
	int rc;

	if (ak_tensor_count(2, t.dim, &t.count))
		return ak_errf(err, -EBADMSG,
			       "%sweight: its shape is too large", prefix);
	snprintf(name, sizeof(name), "%sweight", prefix);
	rc = ak_tensors_add(set, f, name, &t, &words, err);
	if (rc)
		return rc;
	t.type = AK_TENSOR_F32;
	t.dtype = "F32";
	t.ndim = 1;
	t.dim[0] = t.count = l->num_scales;
	t.size = t.count * sizeof(float);
	snprintf(name, sizeof(name), "%sweight_scale", prefix);
	return ak_tensors_add(set, f, name, &t, &scales, err);
}

static int add_floats(struct ak_tensors *set, struct ak_tensor_file *f,
		      const char *name, const struct ak_record_floats *from,
		      struct ak_err *err)
{
	struct ak_tensor_place place = { .raw = from->floats };
	struct ak_tensor t = {
		.type = AK_TENSOR_F32,
		.dtype = "F32",
		.ndim = from->ndim,
		.count = from->count,
		.size = from->count * sizeof(float),
	};

	memcpy(t.dim, from->dim, sizeof(t.dim));
	return ak_tensors_add(set, f, name, &t, &place, err);
}

static int add_block(struct ak_tensors *set, struct ak_tensor_file *f,
		     const struct ak_bincode *b, struct ak_err *err)
{
	static const char *const linear[] = { "attention.wqkv.",
					      "attention.wo.",
					      "feed_forward.w13.",
					      "feed_forward.w2." };
	static const char *const norms[] = { "attention_norm.weight",
					     "ffn_norm.weight" };
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(linear) && !rc; i++)
		rc = add_linear(set, f, linear[i], &b->linear[i], err);
	for (i = 0; i < ARRAY_SIZE(norms) && !rc; i++)
		rc = add_floats(set, f, norms[i], &b->floats[i], err);
	return rc;
}

static int add_numbers(struct ak_tensors *set, const struct ak_bincode *b,
		       struct ak_err *err)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "num_layers", b->layers },
		{ "vocab_size", b->vocab_size },
		{ "hidden_size", b->hidden_size },
		{ "conversion_timestamp", b->timestamp },
	};
	char text[32];
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(numbers) && !rc; i++) {
		snprintf(text, sizeof(text), "%" PRIu64, numbers[i].value);
		rc = ak_tensors_add_meta(set, numbers[i].name, text, true, err);
	}
	return rc;
}

int ak_load_bincode(struct ak_tensors *set, struct ak_tensor_file *f,
		    struct ak_err *err)
{
	struct ak_bincode b;
	int rc = ak_bincode_parse(f->map.data, f->map.size, &b, err);

	if (rc)
		return rc;
	switch (b.record) {
	case AK_RECORD_LINEAR:
		return add_linear(set, f, "", &b.linear[0], err);
	case AK_RECORD_FLOATS:
		return add_floats(set, f, "weight", &b.floats[0], err);
	case AK_RECORD_BLOCK:
		return add_block(set, f, &b, err);
	default:
		return add_numbers(set, &b, err);
	}
}
