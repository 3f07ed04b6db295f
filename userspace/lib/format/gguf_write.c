// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/gguf_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/le.h"
#include "common/names.h"
#include "common/util.h"
#include "format/gguf_format.h"

struct tensor {
	char *name;
	uint64_t offset, size; /* the offset in the data, then in the file */
};

/*
 * @names: of the keys so far
 * @has_key, @has_tensor: the same names, and those of tensors, to look up
 * @next, @done: tensor that is being appended, and how much of it is there
 * @end: of the data with the last padding, in the file
 */
struct ak_gguf_writer {
	struct ak_out *out;
	uint32_t alignment;
	struct ak_buf keys, list;
	char **names;
	size_t num_keys;
	struct ak_names has_key, has_tensor;
	struct tensor *tensor;
	size_t num_tensors, next;
	uint64_t done, start, end;
	int rc;
	struct ak_err err;
};

struct ak_gguf_writer *ak_gguf_writer_new(uint32_t alignment)
{
	struct ak_gguf_writer *w;

	if (alignment < 8 || alignment & (alignment - 1))
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->alignment = alignment;
	if (alignment != GGUF_ALIGNMENT)
		ak_gguf_put_u32(w, GGUF_ALIGNMENT_KEY, alignment);
	return w;
}

void ak_gguf_writer_free(struct ak_gguf_writer *w)
{
	size_t i;

	if (!w)
		return;
	for (i = 0; i < w->num_keys; i++)
		free(w->names[i]);
	for (i = 0; i < w->num_tensors; i++)
		free(w->tensor[i].name);
	free(w->names);
	free(w->tensor);
	ak_names_clear(&w->has_key);
	ak_names_clear(&w->has_tensor);
	ak_buf_clear(&w->keys);
	ak_buf_clear(&w->list);
	free(w);
}

static int no_memory(struct ak_gguf_writer *w)
{
	return ak_errf(&w->err, -ENOMEM, "no memory for a header");
}

static void add_u32(struct ak_buf *b, uint32_t v)
{
	uint8_t p[4];

	ak_put_le32(p, v);
	ak_buf_add(b, p, sizeof(p));
}

static void add_u64(struct ak_buf *b, uint64_t v)
{
	uint8_t p[8];

	ak_put_le64(p, v);
	ak_buf_add(b, p, sizeof(p));
}

static void add_string(struct ak_buf *b, const void *s, size_t n)
{
	add_u64(b, n);
	ak_buf_add(b, s, n);
}

/* An element of @size bytes as the host has it. */
static void add_number(struct ak_buf *b, const void *value, size_t size)
{
	uint8_t p[8];
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (size) {
	case 2:
		memcpy(&v2, value, 2);
		ak_put_le16(p, v2);
		break;
	case 4:
		memcpy(&v4, value, 4);
		ak_put_le32(p, v4);
		break;
	case 8:
		memcpy(&v8, value, 8);
		ak_put_le64(p, v8);
		break;
	default:
		memcpy(p, value, 1);
	}
	ak_buf_add(b, p, size);
}

/* Name and type; false if the value need not follow. */
static bool add_key(struct ak_gguf_writer *w, const char *key,
		    enum ak_gguf_type type)
{
	char **names, *copy;

	if (w->rc)
		return false;
	if (!*key || strlen(key) > UINT16_MAX) {
		w->rc = ak_errf(&w->err, -EINVAL,
				"'%s' cannot be the name of a key", key);
		return false;
	}
	if (ak_names_find(&w->has_key, key) != SIZE_MAX) {
		w->rc = ak_errf(&w->err, -EINVAL,
				"key '%s' would be there twice", key);
		return false;
	}
	names = reallocarray(w->names, w->num_keys + 1, sizeof(*names));
	if (names)
		w->names = names;
	copy = strdup(key);
	if (!names || !copy || ak_names_add(&w->has_key, copy, 0)) {
		free(copy);
		w->rc = no_memory(w);
		return false;
	}
	names[w->num_keys++] = copy;
	add_string(&w->keys, key, strlen(key));
	add_u32(&w->keys, type);
	return true;
}

static void put(struct ak_gguf_writer *w, const char *key,
		enum ak_gguf_type type, const void *value)
{
	if (add_key(w, key, type))
		add_number(&w->keys, value, ak_gguf_type_size(type));
}

void ak_gguf_put_u8(struct ak_gguf_writer *w, const char *key, uint8_t value)
{
	put(w, key, AK_GGUF_U8, &value);
}

void ak_gguf_put_i8(struct ak_gguf_writer *w, const char *key, int8_t value)
{
	put(w, key, AK_GGUF_I8, &value);
}

void ak_gguf_put_u16(struct ak_gguf_writer *w, const char *key, uint16_t value)
{
	put(w, key, AK_GGUF_U16, &value);
}

void ak_gguf_put_i16(struct ak_gguf_writer *w, const char *key, int16_t value)
{
	put(w, key, AK_GGUF_I16, &value);
}

void ak_gguf_put_u32(struct ak_gguf_writer *w, const char *key, uint32_t value)
{
	put(w, key, AK_GGUF_U32, &value);
}

void ak_gguf_put_i32(struct ak_gguf_writer *w, const char *key, int32_t value)
{
	put(w, key, AK_GGUF_I32, &value);
}

void ak_gguf_put_u64(struct ak_gguf_writer *w, const char *key, uint64_t value)
{
	put(w, key, AK_GGUF_U64, &value);
}

void ak_gguf_put_i64(struct ak_gguf_writer *w, const char *key, int64_t value)
{
	put(w, key, AK_GGUF_I64, &value);
}

void ak_gguf_put_f32(struct ak_gguf_writer *w, const char *key, float value)
{
	put(w, key, AK_GGUF_F32, &value);
}

void ak_gguf_put_f64(struct ak_gguf_writer *w, const char *key, double value)
{
	put(w, key, AK_GGUF_F64, &value);
}

void ak_gguf_put_bool(struct ak_gguf_writer *w, const char *key, bool value)
{
	uint8_t byte = value;

	put(w, key, AK_GGUF_BOOL, &byte);
}

void ak_gguf_put_string(struct ak_gguf_writer *w, const char *key,
			const char *value)
{
	if (add_key(w, key, AK_GGUF_STRING))
		add_string(&w->keys, value, strlen(value));
}

void ak_gguf_put_array(struct ak_gguf_writer *w, const char *key,
		       enum ak_tensor_type type, const void *values,
		       size_t count)
{
	static const struct {
		enum ak_tensor_type type;
		enum ak_gguf_type code;
	} codes[] = {
		{ AK_TENSOR_U8, AK_GGUF_U8 },
		{ AK_TENSOR_I8, AK_GGUF_I8 },
		{ AK_TENSOR_U16, AK_GGUF_U16 },
		{ AK_TENSOR_I16, AK_GGUF_I16 },
		{ AK_TENSOR_U32, AK_GGUF_U32 },
		{ AK_TENSOR_I32, AK_GGUF_I32 },
		{ AK_TENSOR_U64, AK_GGUF_U64 },
		{ AK_TENSOR_I64, AK_GGUF_I64 },
		{ AK_TENSOR_F32, AK_GGUF_F32 },
		{ AK_TENSOR_F64, AK_GGUF_F64 },
		{ AK_TENSOR_BOOL, AK_GGUF_BOOL },
	};
	size_t size = ak_tensor_type_size(type), i, k;

	for (k = 0; k < ARRAY_SIZE(codes); k++)
		if (codes[k].type == type)
			break;
	if (k == ARRAY_SIZE(codes)) {
		if (!w->rc)
			w->rc = ak_errf(&w->err, -EINVAL,
					"key '%s' cannot be an array of %s",
					key, ak_tensor_type_name(type));
		return;
	}
	if (!add_key(w, key, AK_GGUF_ARRAY))
		return;
	add_u32(&w->keys, codes[k].code);
	add_u64(&w->keys, count);
	for (i = 0; i < count; i++)
		add_number(&w->keys, (const uint8_t *)values + i * size, size);
}

void ak_gguf_put_strings(struct ak_gguf_writer *w, const char *key,
			 const char *const *values, const size_t *lengths,
			 size_t count)
{
	size_t i;

	if (!add_key(w, key, AK_GGUF_ARRAY))
		return;
	add_u32(&w->keys, AK_GGUF_STRING);
	add_u64(&w->keys, count);
	for (i = 0; i < count; i++)
		add_string(&w->keys, values[i],
			   lengths ? lengths[i] : strlen(values[i]));
}

/* Checks a tensor and appends its entry to the list. */
static int add_tensor(struct ak_gguf_writer *w, struct tensor *t,
		      const char *name, enum ak_tensor_type type,
		      unsigned int ndim, const uint64_t *dim)
{
	const struct ak_ggml_type *g = ak_ggml_by_type(type);
	uint64_t count;
	size_t i;

	if (!*name || strlen(name) > GGUF_MAX_NAME)
		return ak_errf(
			&w->err, -EINVAL,
			"tensor '%s': GGUF allows names of 1 to %u bytes", name,
			GGUF_MAX_NAME);
	if (ak_names_find(&w->has_tensor, name) != SIZE_MAX)
		return ak_errf(&w->err, -EINVAL,
			       "tensor '%s' would be there twice", name);
	if (!g)
		return ak_errf(&w->err, -EINVAL,
			       "tensor '%s': GGUF has no type %s", name,
			       ak_tensor_type_name(type));
	if (!ndim || ndim > GGUF_MAX_DIMS)
		return ak_errf(
			&w->err, -EINVAL,
			"tensor '%s': GGUF has 1 to %u dimensions, not %u",
			name, GGUF_MAX_DIMS, ndim);
	if (ak_tensor_type_bytes(type, ndim, dim, &count, &t->size))
		return ak_errf(
			&w->err, -EINVAL,
			"tensor '%s': rows of %" PRIu64
			" elements are not whole blocks of %s, or it is too large",
			name, dim[ndim - 1], g->name);
	if (__builtin_add_overflow(w->end, t->size, &count) ||
	    count > (uint64_t)INT64_MAX - w->alignment)
		return ak_errf(&w->err, -EINVAL,
			       "tensor '%s' makes the file too large", name);
	t->name = strdup(name);
	if (!t->name)
		return no_memory(w);
	if (ak_names_add(&w->has_tensor, t->name, w->num_tensors)) {
		free(t->name);
		return no_memory(w);
	}
	t->offset = w->end;
	w->end = (count + w->alignment - 1) & -(uint64_t)w->alignment;
	add_string(&w->list, name, strlen(name));
	add_u32(&w->list, ndim);
	for (i = ndim; i-- > 0;)
		add_u64(&w->list, dim[i]);
	add_u32(&w->list, g->id);
	add_u64(&w->list, t->offset);
	return 0;
}

size_t ak_gguf_add_tensor(struct ak_gguf_writer *w, const char *name,
			  enum ak_tensor_type type, unsigned int ndim,
			  const uint64_t *dim)
{
	size_t n = w->num_tensors, room = n & (n - 1) ? 0 : n ? n * 2 : 1;
	struct tensor *t;

	if (w->rc)
		return n;
	if (room) {
		t = reallocarray(w->tensor, room, sizeof(*t));
		if (!t) {
			w->rc = no_memory(w);
			return n;
		}
		w->tensor = t;
	}
	t = &w->tensor[n];
	memset(t, 0, sizeof(*t));
	w->rc = add_tensor(w, t, name, type, ndim, dim);
	if (!w->rc)
		w->num_tensors++;
	return n;
}

int ak_gguf_header(struct ak_gguf_writer *w, uint8_t **data, size_t *size,
		   struct ak_err *err)
{
	uint8_t *p;
	size_t n;

	*data = NULL;
	*size = 0;
	if (!w->rc && (w->keys.failed || w->list.failed))
		w->rc = no_memory(w);
	if (w->rc)
		return ak_errf(err, w->rc, "%s", w->err.text);
	if (__builtin_add_overflow(w->keys.size, w->list.size, &n) ||
	    __builtin_add_overflow(n, GGUF_HEADER + w->alignment, &n))
		return ak_errf(err, -ENOMEM, "the header is too large");
	n = (n - 1) & ~((size_t)w->alignment - 1);
	p = calloc(1, n);
	if (!p)
		return ak_errf(err, -ENOMEM, "no memory for the header");
	memcpy(p, GGUF_MAGIC, strlen(GGUF_MAGIC));
	ak_put_le32(p + 4, GGUF_VERSION);
	ak_put_le64(p + 8, w->num_tensors);
	ak_put_le64(p + 16, w->num_keys);
	if (w->keys.size)
		memcpy(p + GGUF_HEADER, w->keys.data, w->keys.size);
	if (w->list.size)
		memcpy(p + GGUF_HEADER + w->keys.size, w->list.data,
		       w->list.size);
	*data = p;
	*size = n;
	return 0;
}

int ak_gguf_begin(struct ak_gguf_writer *w, struct ak_out *out,
		  struct ak_err *err)
{
	uint8_t *head;
	size_t size, i;
	int rc;

	rc = ak_gguf_header(w, &head, &size, err);
	if (rc)
		return rc;
	w->out = out;
	rc = ak_out_write(out, head, size, err);
	free(head);
	if (rc)
		return rc;
	w->start = ak_out_tell(out);
	for (i = 0; i < w->num_tensors; i++)
		w->tensor[i].offset += w->start;
	w->end += w->start;
	return 0;
}

uint64_t ak_gguf_offset(const struct ak_gguf_writer *w, size_t i)
{
	return w->tensor[i].offset;
}

uint64_t ak_gguf_size(const struct ak_gguf_writer *w, size_t i)
{
	return w->tensor[i].size;
}

/* Pads what is complete; empty tensors are. */
static int pass_complete(struct ak_gguf_writer *w, struct ak_err *err)
{
	while (w->next < w->num_tensors && w->done == w->tensor[w->next].size) {
		int rc = ak_out_zeros(w->out,
				      (w->start - ak_out_tell(w->out)) &
					      (w->alignment - 1),
				      err);

		if (rc)
			return rc;
		w->next++;
		w->done = 0;
	}
	return 0;
}

int ak_gguf_write(struct ak_gguf_writer *w, const void *data, size_t size,
		  struct ak_err *err)
{
	int rc = pass_complete(w, err);

	if (rc || !size)
		return rc;
	if (w->next == w->num_tensors ||
	    size > w->tensor[w->next].size - w->done)
		return ak_errf(err, -EINVAL, "more bytes than tensor '%s' has",
			       w->next < w->num_tensors ?
				       w->tensor[w->next].name :
				       "(none)");
	w->done += size;
	return ak_out_write(w->out, data, size, err);
}

int ak_gguf_reserve(struct ak_gguf_writer *w, struct ak_err *err)
{
	w->next = w->num_tensors;
	return ak_out_skip(w->out, w->end - ak_out_tell(w->out), err);
}

int ak_gguf_finish(struct ak_gguf_writer *w, struct ak_err *err)
{
	int rc = pass_complete(w, err);

	if (rc)
		return rc;
	if (w->next < w->num_tensors)
		return ak_errf(err, -EINVAL, "tensor '%s' is not complete",
			       w->tensor[w->next].name);
	return 0;
}
