// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/wire.h"

#include <errno.h>
#include <string.h>

static int varint(struct ak_wire *w, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 70; shift += 7) {
		uint8_t b;

		if (w->p == w->end)
			return -EBADMSG;
		b = *w->p++;
		/* The tenth byte has room for the 64th bit alone. */
		if (shift == 63 && b > 1)
			return -EBADMSG;
		*value |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static int fixed(struct ak_wire *w, unsigned int bytes, uint64_t *value)
{
	unsigned int i;

	if ((size_t)(w->end - w->p) < bytes)
		return -EBADMSG;
	*value = 0;
	for (i = 0; i < bytes; i++)
		*value |= (uint64_t)w->p[i] << (8 * i);
	w->p += bytes;
	return 0;
}

int ak_wire_next(struct ak_wire *w, struct ak_wire_field *f)
{
	uint64_t tag, size;

	if (w->p == w->end)
		return 0;
	memset(f, 0, sizeof(*f));
	/* 29 bits of number and three of kind. */
	if (varint(w, &tag) || tag > UINT32_MAX || !(tag >> 3))
		return -EBADMSG;
	f->number = (uint32_t)(tag >> 3);
	f->kind = (enum ak_wire_kind)(tag & 7);
	switch (f->kind) {
	case AK_WIRE_VARINT:
		return varint(w, &f->value) ? -EBADMSG : 1;
	case AK_WIRE_FIXED64:
		return fixed(w, 8, &f->value) ? -EBADMSG : 1;
	case AK_WIRE_FIXED32:
		return fixed(w, 4, &f->value) ? -EBADMSG : 1;
	case AK_WIRE_BYTES:
		if (varint(w, &size) || size > (uint64_t)(w->end - w->p))
			return -EBADMSG;
		f->data = w->p;
		f->size = (size_t)size;
		w->p += size;
		return 1;
	}
	return -EBADMSG;
}

float ak_wire_float(const struct ak_wire_field *f)
{
	uint32_t bits = (uint32_t)f->value;
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

struct ak_wire_list ak_wire_list(const uint8_t *data, size_t size,
				 uint32_t number, enum ak_wire_kind kind)
{
	return (struct ak_wire_list){
		.message = { data, size ? data + size : data },
		.number = number,
		.kind = kind,
	};
}

static int element(struct ak_wire_list *l, uint64_t *value)
{
	switch (l->kind) {
	case AK_WIRE_VARINT:
		return varint(&l->packed, value);
	case AK_WIRE_FIXED32:
		return fixed(&l->packed, 4, value);
	case AK_WIRE_FIXED64:
		return fixed(&l->packed, 8, value);
	case AK_WIRE_BYTES:
		break;
	}
	return -EBADMSG;
}

int ak_wire_list_next(struct ak_wire_list *l, uint64_t *value)
{
	struct ak_wire_field f;
	int rc;

	while (l->packed.p == l->packed.end) {
		rc = ak_wire_next(&l->message, &f);
		if (rc <= 0)
			return rc;
		if (f.number != l->number)
			continue;
		if (f.kind == l->kind) {
			*value = f.value;
			return 1;
		}
		if (f.kind != AK_WIRE_BYTES)
			return -EBADMSG;
		l->packed = (struct ak_wire){ f.data, f.data + f.size };
	}
	return element(l, value) ? -EBADMSG : 1;
}
