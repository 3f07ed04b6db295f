// SPDX-License-Identifier: GPL-2.0
/*
 * Encoding after protobuf.dev, "Encoding", and the fields of onnx.proto.
 */
#include "onnx_build.h"

#include <stdarg.h>
#include <string.h>

void onnx_varint(struct ak_buf *b, uint64_t v)
{
	uint8_t byte;

	do {
		byte = (uint8_t)((v & 127) | (v > 127 ? 128 : 0));
		ak_buf_add(b, &byte, 1);
		v >>= 7;
	} while (v);
}

void onnx_field(struct ak_buf *b, unsigned int number, const void *data,
		size_t size)
{
	onnx_varint(b, number << 3 | 2);
	onnx_varint(b, size);
	ak_buf_add(b, data, size);
}

void onnx_number(struct ak_buf *b, unsigned int number, uint64_t v)
{
	onnx_varint(b, number << 3);
	onnx_varint(b, v);
}

static void text(struct ak_buf *b, unsigned int number, const char *s)
{
	onnx_field(b, number, s, strlen(s));
}

/* A message inside another. */
static void put(struct ak_buf *b, unsigned int number, struct ak_buf *message)
{
	onnx_field(b, number, message->data, message->size);
	ak_buf_clear(message);
}

void onnx_ints(struct onnx_build *b, const char *name, int n, ...)
{
	struct ak_buf a = { 0 };
	va_list ap;

	va_start(ap, n);
	text(&a, 1, name);
	while (n--)
		onnx_number(&a, 8, (uint64_t)va_arg(ap, int64_t));
	onnx_number(&a, 20, 7);
	va_end(ap);
	put(&b->attrs, 5, &a);
}

void onnx_int(struct onnx_build *b, const char *name, int64_t v)
{
	struct ak_buf a = { 0 };

	text(&a, 1, name);
	onnx_number(&a, 3, (uint64_t)v);
	onnx_number(&a, 20, 2);
	put(&b->attrs, 5, &a);
}

void onnx_text(struct onnx_build *b, const char *name, const char *v)
{
	struct ak_buf a = { 0 };

	text(&a, 1, name);
	text(&a, 4, v);
	onnx_number(&a, 20, 3);
	put(&b->attrs, 5, &a);
}

static void words(struct ak_buf *b, unsigned int number, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, " ");

		onnx_field(b, number, s, n);
		s += n + (s[n] == ' ');
	}
}

void onnx_node(struct onnx_build *b, const char *op, const char *in,
	       const char *out)
{
	struct ak_buf n = { 0 };

	words(&n, 1, in);
	words(&n, 2, out);
	onnx_field(&n, 3, out, strcspn(out, " "));
	text(&n, 4, op);
	ak_buf_add(&n, b->attrs.data, b->attrs.size);
	ak_buf_clear(&b->attrs);
	put(&b->graph, 1, &n);
}

void onnx_floats(struct onnx_build *b, const char *name, int ndim, ...)
{
	struct ak_buf t = { 0 }, data = { 0 };
	int64_t count = 1, d, i;
	va_list ap;
	float f;

	va_start(ap, ndim);
	while (ndim--) {
		d = va_arg(ap, int64_t);
		onnx_number(&t, 1, (uint64_t)d);
		count *= d;
	}
	va_end(ap);
	for (i = 0; i < count; i++) {
		f = (float)(i + 1) / 8;
		ak_buf_add(&data, &f, sizeof(f));
	}
	onnx_number(&t, 2, 1);
	text(&t, 8, name);
	put(&t, 9, &data);
	put(&b->graph, 5, &t);
}

void onnx_longs(struct onnx_build *b, const char *name, int n, ...)
{
	struct ak_buf t = { 0 }, data = { 0 };
	va_list ap;

	onnx_number(&t, 1, (uint64_t)n);
	onnx_number(&t, 2, 7);
	text(&t, 8, name);
	va_start(ap, n);
	while (n--)
		onnx_varint(&data, (uint64_t)va_arg(ap, int64_t));
	va_end(ap);
	put(&t, 7, &data);
	put(&b->graph, 5, &t);
}

static void entry(struct ak_buf *t, const char *key, const char *value)
{
	struct ak_buf e = { 0 };

	text(&e, 1, key);
	text(&e, 2, value);
	put(t, 13, &e);
}

void onnx_external(struct onnx_build *b, const char *name, const char *location,
		   const char *offset, int64_t count)
{
	struct ak_buf t = { 0 };

	onnx_number(&t, 1, (uint64_t)count);
	onnx_number(&t, 2, 1);
	text(&t, 8, name);
	entry(&t, "location", location);
	if (offset)
		entry(&t, "offset", offset);
	onnx_number(&t, 14, 1);
	put(&b->graph, 5, &t);
}

void onnx_value(struct onnx_build *b, int input, const char *name, int ndim,
		...)
{
	struct ak_buf v = { 0 }, type = { 0 }, tensor = { 0 }, shape = { 0 };
	struct ak_buf dim = { 0 };
	bool shaped = ndim >= 0;
	va_list ap;

	va_start(ap, ndim);
	for (; ndim > 0; ndim--) {
		int64_t d = va_arg(ap, int64_t);

		if (d)
			onnx_number(&dim, 1, (uint64_t)d);
		else
			text(&dim, 2, "n");
		put(&shape, 1, &dim);
	}
	va_end(ap);
	onnx_number(&tensor, 1, 1);
	if (shaped)
		put(&tensor, 2, &shape);
	put(&type, 1, &tensor);
	text(&v, 1, name);
	put(&v, 2, &type);
	put(&b->graph, input ? 11 : 12, &v);
}

void onnx_finish(struct onnx_build *b, uint64_t opset, struct ak_buf *file)
{
	struct ak_buf set = { 0 };

	memset(file, 0, sizeof(*file));
	onnx_number(file, 1, 8);
	text(file, 2, "test");
	put(file, 7, &b->graph);
	text(&set, 1, "");
	onnx_number(&set, 2, opset);
	put(file, 8, &set);
	ak_buf_clear(&b->attrs);
}
