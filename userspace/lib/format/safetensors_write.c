// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/safetensors_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/le.h"
#include "common/util.h"
#include "format/safetensors_format.h"

/* Rank of a type in the order of safetensors' Dtype; sorted downwards. */
static const unsigned char ranks[] = {
	[AK_TENSOR_BOOL] = 0, [AK_TENSOR_U8] = 1,   [AK_TENSOR_I8] = 2,
	[AK_TENSOR_I16] = 5,  [AK_TENSOR_U16] = 6,  [AK_TENSOR_F16] = 7,
	[AK_TENSOR_BF16] = 8, [AK_TENSOR_I32] = 9,  [AK_TENSOR_U32] = 10,
	[AK_TENSOR_F32] = 11, [AK_TENSOR_F64] = 12, [AK_TENSOR_I64] = 13,
	[AK_TENSOR_U64] = 14,
};

struct place {
	const struct ak_st_new *tensor;
	size_t number;
	uint64_t size;
};

struct ak_st_writer {
	struct ak_out *out;
	size_t count;
	size_t *at;
	uint64_t *offset, *size;
	uint64_t left;
};

static int by_type(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int rx = ranks[x->tensor->type], ry = ranks[y->tensor->type];

	return rx != ry ? ry - rx : strcmp(x->tensor->name, y->tensor->name);
}

static int by_name(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return strcmp(x->tensor->name, y->tensor->name);
}

/* Appends a JSON string; false for text that is not UTF-8. */
static bool put_string(struct ak_buf *b, const char *s)
{
	json_t *value = json_string(s);
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	if (!text)
		return false;
	ak_buf_text(b, text);
	free(text);
	return true;
}

static int put_tensor(struct ak_buf *b, const struct place *p, uint64_t begin,
		      struct ak_err *err)
{
	const struct ak_st_new *t = p->tensor;
	unsigned int i;

	if (!put_string(b, t->name))
		return ak_errf(err, -EINVAL,
			       "tensor '%s': its name is not UTF-8", t->name);
	ak_buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[",
		      ak_tensor_type_name(t->type));
	for (i = 0; i < t->ndim; i++)
		ak_buf_printf(b, "%s%" PRIu64, i ? "," : "", t->dim[i]);
	ak_buf_text(b, "],");
	if (t->extra) {
		ak_buf_text(b, t->extra);
		ak_buf_text(b, ",");
	}
	ak_buf_printf(b, "\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", begin,
		      begin + p->size);
	return 0;
}

static int put_metadata(struct ak_buf *b, const struct ak_st_text *meta,
			size_t n, struct ak_err *err)
{
	size_t i;

	ak_buf_text(b, "\"" ST_METADATA "\":{");
	for (i = 0; i < n; i++) {
		if (i)
			ak_buf_text(b, ",");
		if (!put_string(b, meta[i].key))
			return ak_errf(err, -EINVAL,
				       "metadata '%s': it is not UTF-8",
				       meta[i].key);
		ak_buf_text(b, ":");
		if (!put_string(b, meta[i].value))
			return ak_errf(err, -EINVAL,
				       "metadata '%s': its text is not UTF-8",
				       meta[i].key);
	}
	ak_buf_text(b, "}");
	return 0;
}

/* Sizes, and that no name is there twice; leaves @place sorted by name. */
static int check(struct place *place, size_t count, struct ak_err *err)
{
	uint64_t total = 0, elements;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct ak_st_new *t = place[i].tensor;

		if (!ak_tensor_type_size(t->type))
			return ak_errf(
				err, -EINVAL,
				"tensor '%s': safetensors has no type %s",
				t->name, ak_tensor_type_name(t->type));
		if (!strcmp(t->name, ST_METADATA))
			return ak_errf(
				err, -EINVAL,
				"a tensor cannot have the name " ST_METADATA);
		if (ak_tensor_type_bytes(t->type, t->ndim, t->dim, &elements,
					 &place[i].size) ||
		    __builtin_add_overflow(total, place[i].size, &total) ||
		    total > INT64_MAX)
			return ak_errf(err, -EINVAL,
				       "tensor '%s': it is too large", t->name);
	}
	qsort(place, count, sizeof(*place), by_name);
	for (i = 1; i < count; i++)
		if (!by_name(&place[i - 1], &place[i]))
			return ak_errf(err, -EINVAL,
				       "tensor '%s' would be there twice",
				       place[i].tensor->name);
	return 0;
}

static int put_header(struct ak_st_writer *w, const struct place *place,
		      const struct ak_st_text *meta, size_t num_meta,
		      struct ak_err *err)
{
	struct ak_buf b = { 0 };
	uint64_t begin = 0;
	size_t i;
	int rc = 0;

	ak_buf_fill(&b, 0, ST_PREFIX);
	ak_buf_text(&b, "{");
	if (num_meta)
		rc = put_metadata(&b, meta, num_meta, err);
	for (i = 0; i < w->count && !rc; i++) {
		if (i || num_meta)
			ak_buf_text(&b, ",");
		rc = put_tensor(&b, &place[i], begin, err);
		w->offset[place[i].number] = begin;
		begin += place[i].size;
	}
	ak_buf_text(&b, "}");
	ak_buf_fill(&b, ' ', -b.size % 8);
	if (!rc && b.failed)
		rc = ak_errf(err, -ENOMEM, "no memory for a header");
	if (!rc && b.size - ST_PREFIX > ST_MAX_HEADER)
		rc = ak_errf(err, -EFBIG,
			     "the header has %zu bytes; safetensors allows %u",
			     b.size - ST_PREFIX, ST_MAX_HEADER);
	if (!rc) {
		ak_put_le64(b.data, b.size - ST_PREFIX);
		rc = ak_out_write(w->out, b.data, b.size, err);
	}
	ak_buf_clear(&b);
	for (i = 0; i < w->count; i++)
		w->offset[i] += ak_out_tell(w->out);
	w->left = begin;
	return rc;
}

static int begin(struct ak_st_writer *w, const struct ak_st_new *tensor,
		 enum ak_st_order order, const struct ak_st_text *meta,
		 size_t num_meta, struct ak_err *err)
{
	struct place *place = calloc(w->count + 1, sizeof(*place)), *given;
	size_t i;
	int rc;

	w->at = calloc(w->count + 1, sizeof(*w->at));
	w->offset = calloc(w->count + 1, sizeof(*w->offset));
	w->size = calloc(w->count + 1, sizeof(*w->size));
	given = calloc(w->count + 1, sizeof(*given));
	if (!place || !given || !w->at || !w->offset || !w->size) {
		rc = ak_errf(err, -ENOMEM, "no memory for %zu tensors",
			     w->count);
		goto out;
	}
	for (i = 0; i < w->count; i++) {
		place[i].tensor = &tensor[i];
		place[i].number = i;
	}
	rc = check(place, w->count, err);
	if (rc)
		goto out;
	for (i = 0; i < w->count; i++) {
		given[place[i].number] = place[i];
		w->size[place[i].number] = place[i].size;
	}
	if (order == AK_ST_SORTED)
		qsort(given, w->count, sizeof(*given), by_type);
	for (i = 0; i < w->count; i++)
		w->at[i] = given[i].number;
	rc = put_header(w, given, meta, num_meta, err);
out:
	free(place);
	free(given);
	return rc;
}

int ak_st_writer_new(struct ak_out *out, const struct ak_st_new *tensor,
		     size_t count, enum ak_st_order order,
		     const struct ak_st_text *meta, size_t num_meta,
		     struct ak_st_writer **w, struct ak_err *err)
{
	int rc;

	*w = calloc(1, sizeof(**w));
	if (!*w)
		return ak_errf(err, -ENOMEM, "no memory for a header");
	(*w)->out = out;
	(*w)->count = count;
	rc = begin(*w, tensor, order, meta, num_meta, err);
	if (rc) {
		ak_st_writer_free(*w);
		*w = NULL;
	}
	return rc;
}

void ak_st_writer_free(struct ak_st_writer *w)
{
	if (!w)
		return;
	free(w->at);
	free(w->offset);
	free(w->size);
	free(w);
}

size_t ak_st_at(const struct ak_st_writer *w, size_t place)
{
	return w->at[place];
}

uint64_t ak_st_offset(const struct ak_st_writer *w, size_t i)
{
	return w->offset[i];
}

uint64_t ak_st_size(const struct ak_st_writer *w, size_t i)
{
	return w->size[i];
}

int ak_st_write(struct ak_st_writer *w, const void *data, size_t size,
		struct ak_err *err)
{
	if (size > w->left)
		return ak_errf(err, -EINVAL,
			       "more bytes than the header promises");
	w->left -= size;
	return ak_out_write(w->out, data, size, err);
}

int ak_st_reserve(struct ak_st_writer *w, struct ak_err *err)
{
	uint64_t left = w->left;

	w->left = 0;
	return ak_out_skip(w->out, left, err);
}

int ak_st_finish(struct ak_st_writer *w, struct ak_err *err)
{
	if (w->left)
		return ak_errf(err, -EINVAL,
			       "%" PRIu64
			       " bytes less than the header promises",
			       w->left);
	return 0;
}
