// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Elements of ONNX tensors as numbers.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "convert/onnx.h"

#include "common/le.h"
#include "common/util.h"
#include "format/wire.h"
#include "quant/half.h"

/* Field numbers of onnx.proto. */
enum {
	TENSOR_FLOAT_DATA = 4,
	TENSOR_INT32_DATA = 5,
	TENSOR_INT64_DATA = 7,
	TENSOR_DOUBLE_DATA = 10,
	TENSOR_UINT64_DATA = 11,
};

/**
 * struct layout - how elements of a type are stored
 * @bits: of an element in raw data
 * @field: of typed data
 * @kind: of an element there
 */
struct layout {
	unsigned int bits;
	uint32_t field;
	enum ak_wire_kind kind;
};

static bool layout_of(int32_t type, struct layout *l)
{
	static const struct layout layouts[] = {
		[AK_ONNX_FLOAT] = { 32, TENSOR_FLOAT_DATA, AK_WIRE_FIXED32 },
		[AK_ONNX_UINT8] = { 8, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_INT8] = { 8, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_UINT16] = { 16, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_INT16] = { 16, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_INT32] = { 32, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_INT64] = { 64, TENSOR_INT64_DATA, AK_WIRE_VARINT },
		[AK_ONNX_BOOL] = { 8, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_FLOAT16] = { 16, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_DOUBLE] = { 64, TENSOR_DOUBLE_DATA, AK_WIRE_FIXED64 },
		[AK_ONNX_UINT32] = { 32, TENSOR_UINT64_DATA, AK_WIRE_VARINT },
		[AK_ONNX_UINT64] = { 64, TENSOR_UINT64_DATA, AK_WIRE_VARINT },
		[AK_ONNX_BFLOAT16] = { 16, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_UINT4] = { 4, TENSOR_INT32_DATA, AK_WIRE_VARINT },
		[AK_ONNX_INT4] = { 4, TENSOR_INT32_DATA, AK_WIRE_VARINT },
	};

	if (type < 0 || (size_t)type >= ARRAY_SIZE(layouts) ||
	    !layouts[type].bits)
		return false;
	*l = layouts[type];
	return true;
}

bool ak_onnx_type_integer(int32_t type)
{
	struct layout l;

	return layout_of(type, &l) && type != AK_ONNX_FLOAT &&
	       type != AK_ONNX_FLOAT16 && type != AK_ONNX_BFLOAT16 &&
	       type != AK_ONNX_DOUBLE;
}

static int64_t integer_of(int32_t type, uint64_t bits)
{
	switch (type) {
	case AK_ONNX_INT8:
		return (int8_t)bits;
	case AK_ONNX_INT16:
		return (int16_t)bits;
	case AK_ONNX_INT32:
		return (int32_t)bits;
	case AK_ONNX_INT4:
		return (int64_t)((bits & 15) ^ 8) - 8;
	case AK_ONNX_UINT4:
		return (int64_t)(bits & 15);
	case AK_ONNX_UINT8:
		return (uint8_t)bits;
	case AK_ONNX_UINT16:
		return (uint16_t)bits;
	case AK_ONNX_UINT32:
		return (uint32_t)bits;
	case AK_ONNX_BOOL:
		return bits != 0;
	default:
		return (int64_t)bits;
	}
}

static float float_of(int32_t type, uint64_t bits)
{
	double d;

	switch (type) {
	case AK_ONNX_FLOAT:
		return ak_bits_float((uint32_t)bits);
	case AK_ONNX_FLOAT16:
		return ak_of_f16((uint16_t)bits);
	case AK_ONNX_BFLOAT16:
		return ak_of_bf16((uint16_t)bits);
	case AK_ONNX_DOUBLE:
		memcpy(&d, &bits, sizeof(d));
		/* Out of range is infinite, and refused where it is used. */
		return fabs(d) > 0x1.fffffep127 ?
			       (float)(d * (double)INFINITY) :
			       (float)d;
	case AK_ONNX_UINT64:
		return (float)bits;
	default:
		return (float)integer_of(type, bits);
	}
}

static uint64_t raw_bits(const uint8_t *p, unsigned int bits, size_t i)
{
	switch (bits) {
	case 4:
		return p[i / 2] >> (i & 1 ? 4 : 0) & 15;
	case 8:
		return p[i];
	case 16:
		return ak_get_le16(p + 2 * i);
	case 32:
		return ak_get_le32(p + 4 * i);
	default:
		return ak_get_le64(p + 8 * i);
	}
}

static void put(const struct ak_onnx_tensor *t, uint64_t bits, float *f,
		int64_t *n, size_t i)
{
	if (f)
		f[i] = float_of(t->type, bits);
	else
		n[i] = integer_of(t->type, bits);
}

static int wrong_size(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		      struct ak_err *err)
{
	return ak_errf(
		err, -EBADMSG,
		"tensor '%s' has fewer or more elements than its shape says (%llu)",
		o->text[t->name], (unsigned long long)t->count);
}

static int read_typed(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		      const struct layout *l, float *f, int64_t *n,
		      struct ak_err *err)
{
	struct ak_wire_list list =
		ak_wire_list(t->message, t->message_size, l->field, l->kind);
	unsigned int each = l->bits == 4 ? 2 : 1, k;
	uint64_t value;
	size_t i = 0;
	int rc;

	while ((rc = ak_wire_list_next(&list, &value)) > 0) {
		if (i >= t->count)
			return wrong_size(o, t, err);
		for (k = 0; k < each && i < t->count; k++)
			put(t, value >> (4 * k), f, n, i++);
	}
	if (rc || i != t->count)
		return wrong_size(o, t, err);
	return 0;
}

static int external_bytes(const struct ak_onnx *o,
			  const struct ak_onnx_tensor *t, uint64_t need,
			  const uint8_t **raw, struct ak_err *err)
{
	const struct ak_map *m = ak_onnx_file(o, t->location);

	if (!m)
		return ak_errf(
			err, -ENOTSUP,
			"tensor '%s': its data are in another file, which was not opened",
			o->text[t->name]);
	if (t->length != UINT64_MAX && t->length != need)
		return wrong_size(o, t, err);
	if (t->offset > m->size || need > m->size - t->offset)
		return ak_errf(
			err, -EBADMSG,
			"tensor '%s': '%s' has %zu bytes; the tensor would be %llu from %llu on",
			o->text[t->name], t->location, m->size,
			(unsigned long long)need,
			(unsigned long long)t->offset);
	*raw = m->data + t->offset;
	return 0;
}

static int read_any(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		    float *f, int64_t *n, struct ak_err *err)
{
	const uint8_t *raw = t->raw;
	struct layout l;
	uint64_t need;
	size_t i;
	int rc;

	if (!layout_of(t->type, &l))
		return ak_errf(
			err, -ENOTSUP,
			"tensor '%s' has elements of type %d, which is not read; export it as float32",
			o->text[t->name], t->type);
	if (!f && !ak_onnx_type_integer(t->type))
		return ak_errf(err, -ENOTSUP,
			       "tensor '%s' must have integers, not floats",
			       o->text[t->name]);
	need = (t->count * l.bits + 7) / 8;
	if (t->external) {
		rc = external_bytes(o, t, need, &raw, err);
		if (rc)
			return rc;
	} else if (!raw) {
		return read_typed(o, t, &l, f, n, err);
	} else if (t->size != need) {
		return wrong_size(o, t, err);
	}
	for (i = 0; i < t->count; i++)
		put(t, raw_bits(raw, l.bits, i), f, n, i);
	return 0;
}

int ak_onnx_read_float(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		       float *out, struct ak_err *err)
{
	return read_any(o, t, out, NULL, err);
}

int ak_onnx_read_int(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		     int64_t *out, struct ak_err *err)
{
	return read_any(o, t, NULL, out, err);
}
