// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows of tensors as floats, however they are stored.
 */
#include "convert/tensors_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "quant/quant.h"

/* Unpacked data are kept in memory up to this, beyond it on disk. */
#define MAX_IN_MEMORY ((size_t)64 << 20)

#define TILE 64 /* rows and columns that are gathered at a time */
#define I2_S_BLOCK 128 /* values in I2_S_BYTES on x86 */
#define I2_S_BYTES 32

/* Files are little endian, and used as they are mapped. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "tensors need a little-endian machine");

/* Memory while there is little; a temporary file for what is large. */
static int unpack(struct ak_tensors *set, const struct ak_tensor_file *f,
		  const struct ak_zip_entry *e, struct ak_map *map,
		  struct ak_err *err)
{
	size_t size = (size_t)e->size;
	bool on_disk;
	int rc;

	pthread_mutex_lock(&set->lock);
	on_disk = size > MAX_IN_MEMORY - set->in_memory;
	if (!on_disk)
		set->in_memory += size;
	pthread_mutex_unlock(&set->lock);
	rc = ak_map_scratch(size, on_disk, map, err);
	if (!rc && size) {
		rc = ak_zip_read(&f->zip, e, (void *)(uintptr_t)map->data, size,
				 err);
		if (rc)
			ak_map_close(map);
	}
	if (rc && !on_disk) {
		pthread_mutex_lock(&set->lock);
		set->in_memory -= size;
		pthread_mutex_unlock(&set->lock);
	}
	return rc;
}

int ak_tensors_unpack(struct ak_tensors *set,
		      const struct ak_tensor_place *place, const uint8_t **raw,
		      struct ak_err *err)
{
	struct ak_tensor_file *f = place->file;
	struct ak_unpacked *u;
	struct ak_map map;
	int rc;

	if (!place->entry) {
		*raw = place->raw;
		return 0;
	}
	u = &f->unpacked[place->entry - f->zip.entry];
	pthread_mutex_lock(&set->lock);
	while (u->state == AK_UNPACKING)
		pthread_cond_wait(&set->changed, &set->lock);
	if (u->state == AK_PACKED) {
		u->state = AK_UNPACKING;
		pthread_mutex_unlock(&set->lock);
		rc = unpack(set, f, place->entry, &map, err);
		pthread_mutex_lock(&set->lock);
		if (!rc)
			u->map = map;
		/* After an error the next thread gets its own. */
		u->state = rc ? AK_PACKED : AK_UNPACKED;
		pthread_cond_broadcast(&set->changed);
		if (rc) {
			pthread_mutex_unlock(&set->lock);
			ak_err_prefix(err, "%s: ", f->path);
			return rc;
		}
	}
	*raw = u->map.data + place->skip;
	pthread_mutex_unlock(&set->lock);
	return 0;
}

/* ---------------------------------------------------- elements to floats */

/* Elements that lie one after the other, in the host's byte order. */
static void to_float(enum ak_tensor_type type, const void *in, size_t n,
		     float *out)
{
	const uint8_t *p = in;
	size_t i;

#define EACH(ctype, get)                                          \
	do {                                                      \
		for (i = 0; i < n; i++) {                         \
			ctype v;                                  \
			memcpy(&v, p + i * sizeof(v), sizeof(v)); \
			out[i] = (get);                           \
		}                                                 \
	} while (0)
	switch (type) {
	case AK_TENSOR_F32:
		memcpy(out, in, n * sizeof(*out));
		break;
	case AK_TENSOR_F64:
		EACH(double, (float)v);
		break;
	case AK_TENSOR_F16:
		ak_f16_to_f32(ak_quant_best(), in, n, out);
		break;
	case AK_TENSOR_BF16:
		ak_bf16_to_f32(ak_quant_best(), in, n, out);
		break;
	case AK_TENSOR_I64:
		EACH(int64_t, (float)v);
		break;
	case AK_TENSOR_I32:
		EACH(int32_t, (float)v);
		break;
	case AK_TENSOR_I16:
		EACH(int16_t, (float)v);
		break;
	case AK_TENSOR_I8:
		EACH(int8_t, (float)v);
		break;
	case AK_TENSOR_U64:
		EACH(uint64_t, (float)v);
		break;
	case AK_TENSOR_U32:
		EACH(uint32_t, (float)v);
		break;
	case AK_TENSOR_U16:
		EACH(uint16_t, (float)v);
		break;
	case AK_TENSOR_U8:
		EACH(uint8_t, (float)v);
		break;
	case AK_TENSOR_BOOL:
		EACH(uint8_t, v ? 1.0f : 0.0f);
		break;
	default:
		break;
	}
#undef EACH
}

/* One element, in the host's byte order afterwards. */
static void copy_element(uint8_t *to, const uint8_t *from, size_t size,
			 bool swap)
{
	size_t i;

	if (!swap) {
		memcpy(to, from, size);
		return;
	}
	for (i = 0; i < size; i++)
		to[i] = from[size - 1 - i];
}

/* Elements of the storage before row @row. */
static uint64_t row_offset(const struct ak_tensor_entry *e, uint64_t row)
{
	uint64_t offset = 0;
	unsigned int i;

	for (i = e->t.ndim - 1; i-- > 0;) {
		offset += row % e->t.dim[i] * e->place.stride[i];
		row /= e->t.dim[i];
	}
	return offset;
}

/*
 * Rows of a tensor that has strides, tile by tile: a tile is read along its
 * shorter stride, or every element would be on another page.
 */
static void read_strided(const struct ak_tensor_entry *e, const uint8_t *raw,
			 uint64_t first, uint64_t rows, uint64_t col,
			 uint64_t cols, float *out)
{
	size_t size = ak_tensor_type_size(e->t.type);
	uint64_t offset[TILE], r, c, i, k;
	uint64_t step = e->place.stride[e->t.ndim - 1];
	uint8_t tile[TILE][TILE * 8];
	bool swap = e->place.swap, down;

	down = e->t.ndim > 1 && step > e->place.stride[e->t.ndim - 2];
	for (r = 0; r < rows; r += TILE) {
		uint64_t nr = rows - r < TILE ? rows - r : TILE;

		for (i = 0; i < nr; i++)
			offset[i] = row_offset(e, first + r + i) + col * step;
		for (c = 0; c < cols; c += TILE) {
			uint64_t nc = cols - c < TILE ? cols - c : TILE;
			uint64_t outer = down ? nc : nr;
			uint64_t inner = down ? nr : nc;

			for (i = 0; i < outer; i++)
				for (k = 0; k < inner; k++) {
					uint64_t y = down ? k : i;
					uint64_t x = down ? i : k;

					copy_element(&tile[y][x * size],
						     raw + (offset[y] +
							    (c + x) * step) *
								     size,
						     size, swap);
				}
			for (i = 0; i < nr; i++)
				to_float(e->t.type, tile[i], nc,
					 out + (r + i) * cols + c);
		}
	}
}

/* Elements in C order, but in the other byte order. */
static void read_swapped(const struct ak_tensor_entry *e, const uint8_t *p,
			 uint64_t count, float *out)
{
	size_t size = ak_tensor_type_size(e->t.type);
	uint8_t some[TILE * 8];
	uint64_t i;
	size_t k, n;

	for (i = 0; i < count; i += n) {
		n = count - i < TILE ? (size_t)(count - i) : TILE;
		for (k = 0; k < n; k++)
			copy_element(some + k * size, p + (i + k) * size, size,
				     true);
		to_float(e->t.type, some, n, out + i);
	}
}

/* ---------------------------------------------------------------- blocks */

/* Values -1, 0 and 1 in blocks, and one scale behind all of them. */
static int read_i2_s(const struct ak_tensor *t, const uint8_t *raw,
		     uint64_t first, uint64_t count, float *out,
		     struct ak_err *err)
{
	uint32_t bits = ak_get_le32(raw + t->count / 4);
	int8_t q[I2_S_BLOCK];
	uint64_t i = first, n;
	float scale;
	size_t k;

	if (t->count % I2_S_BLOCK)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' of I2_S was packed for ARM; blocks of 128 are read",
			t->file, t->name);
	memcpy(&scale, &bits, sizeof(scale));
	for (; count; i += n, count -= n) {
		size_t from = (size_t)(i % I2_S_BLOCK);

		n = I2_S_BLOCK - from < count ? I2_S_BLOCK - from : count;
		ak_i2s_unpack(AK_I2S_X86, raw + i / I2_S_BLOCK * I2_S_BYTES,
			      I2_S_BLOCK, q);
		for (k = 0; k < n; k++) {
			if (q[from + k] > 1)
				return ak_errf(
					err, -EBADMSG,
					"%s: tensor '%s' has the code 3, which is no value of I2_S",
					t->file, t->name);
			*out++ = (float)q[from + k] * scale;
		}
	}
	return 0;
}

/* Whole blocks from element @first on, in C order. */
static int read_blocks(const struct ak_tensor *t, const uint8_t *raw,
		       uint64_t first, uint64_t count, float *out,
		       struct ak_err *err)
{
	const struct ak_quant_format *f =
		ak_quant_find(ak_tensor_type_name(t->type));

	if (t->type == AK_TENSOR_I2_S)
		return read_i2_s(t, raw, first, count, out, err);
	if (!f || ak_dequantise_rows(ak_quant_best(), f,
				     raw + first / f->block * f->block_bytes, 1,
				     (size_t)count, out))
		return ak_errf(err, -ENOTSUP,
			       "%s: tensor '%s' of type %s cannot be unpacked",
			       t->file, t->name, t->dtype);
	return 0;
}

static int no_floats(const struct ak_tensor *t, struct ak_err *err)
{
	return ak_errf(
		err, -ENOTSUP,
		"%s: tensor '%s' is of type %s, which has no float values here",
		t->file, t->name, t->dtype);
}

/* Rows, or part of one row. */
static int read_some(const struct ak_tensors *set, const struct ak_tensor *t,
		     uint64_t first, uint64_t rows, uint64_t col, uint64_t cols,
		     float *out, struct ak_err *err)
{
	const struct ak_tensor_entry *e = (const void *)t;
	uint64_t from = first * ak_tensor_cols(t) + col, count = rows * cols;
	size_t size = ak_tensor_type_size(t->type);
	const uint8_t *raw = NULL;
	int rc;

	_Static_assert(offsetof(struct ak_tensor_entry, t) == 0,
		       "a tensor is the begin of its entry");
	if (!count)
		return 0;
	/* What is unpacked is noted; a reader is const to its callers. */
	rc = ak_tensors_unpack((struct ak_tensors *)(uintptr_t)set, &e->place,
			       &raw, err);
	if (rc)
		return rc;
	if (!size)
		return read_blocks(t, raw, from, count, out, err);
	if (e->place.strided)
		read_strided(e, raw, first, rows, col, cols, out);
	else if (e->place.swap)
		read_swapped(e, raw + from * size, count, out);
	else
		to_float(t->type, raw + from * size, (size_t)count, out);
	return 0;
}

int ak_tensor_read(const struct ak_tensors *set, const struct ak_tensor *t,
		   uint64_t first, uint64_t rows, float *out,
		   struct ak_err *err)
{
	const struct ak_tensor_entry *e = (const void *)t;
	uint64_t total = ak_tensor_rows(t);

	if (first > total || rows > total - first)
		return ak_errf(err, -ERANGE,
			       "%s: tensor '%s' has %" PRIu64 " rows; %" PRIu64
			       " from row %" PRIu64 " on are not there",
			       t->file, t->name, total, rows, first);
	if (!ak_tensor_readable(t))
		return no_floats(t, err);
	if (t->type == AK_TENSOR_OTHER)
		return e->place.read(e, e->place.raw, first, rows, out, err);
	return read_some(set, t, first, rows, 0, ak_tensor_cols(t), out, err);
}

int ak_tensor_read_part(const struct ak_tensors *set, const struct ak_tensor *t,
			uint64_t row, uint64_t first, uint64_t count,
			float *out, struct ak_err *err)
{
	uint64_t cols = ak_tensor_cols(t);
	size_t block;

	if (row >= ak_tensor_rows(t) || first > cols || count > cols - first)
		return ak_errf(err, -ERANGE,
			       "%s: tensor '%s' has no elements %" PRIu64
			       " to %" PRIu64 " in row %" PRIu64,
			       t->file, t->name, first, first + count, row);
	if (t->type == AK_TENSOR_OTHER)
		return no_floats(t, err);
	ak_tensor_type_block(t->type, &block);
	if (t->type != AK_TENSOR_I2_S && (first % block || count % block))
		return ak_errf(err, -EINVAL,
			       "%s: tensor '%s' has blocks of %zu elements",
			       t->file, t->name, block);
	return read_some(set, t, row, 1, first, count, out, err);
}
