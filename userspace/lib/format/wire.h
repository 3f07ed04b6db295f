/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Protocol buffers on the wire: fields one after the other, each with a number
 * and one of four kinds. A reader that copies nothing and allocates nothing;
 * who calls it knows the message.
 *
 * Source: protobuf.dev, "Encoding".
 */
#ifndef AK_WIRE_H
#define AK_WIRE_H

#include <stddef.h>
#include <stdint.h>

/**
 * enum ak_wire_kind - how a field is written
 * @AK_WIRE_VARINT: integers, truth values, enumerations
 * @AK_WIRE_FIXED64: eight bytes
 * @AK_WIRE_BYTES: strings, messages, packed arrays
 * @AK_WIRE_FIXED32: four bytes
 *
 * Groups (3 and 4) ended with version 2 of the language and are refused.
 */
enum ak_wire_kind {
	AK_WIRE_VARINT = 0,
	AK_WIRE_FIXED64 = 1,
	AK_WIRE_BYTES = 2,
	AK_WIRE_FIXED32 = 5,
};

/**
 * struct ak_wire - what is left of a message
 * @p: next byte
 * @end: behind the last
 */
struct ak_wire {
	const uint8_t *p, *end;
};

/**
 * struct ak_wire_field - one field
 * @number: of the field, from 1
 * @kind: how it was written
 * @value: its value unless it is bytes
 * @data: bytes, inside the message
 * @size: how many
 */
struct ak_wire_field {
	uint32_t number;
	enum ak_wire_kind kind;
	uint64_t value;
	const uint8_t *data;
	size_t size;
};

/**
 * ak_wire_next() - take the next field
 * @w: what is left; moved past the field
 * @f: where to put it
 *
 * Return: 1, 0 at the end, -EBADMSG for bytes that are no field or reach
 * beyond the end.
 */
int ak_wire_next(struct ak_wire *w, struct ak_wire_field *f);

/**
 * ak_wire_float() - the float in a field of four bytes
 * @f: a field of kind AK_WIRE_FIXED32
 *
 * Return: its value.
 */
float ak_wire_float(const struct ak_wire_field *f);

/**
 * struct ak_wire_list - the elements of a repeated field of numbers, which may
 * be fields of their own, packed into one, or both
 * @message: what is left of the message
 * @packed: what is left of packed elements
 * @number: of the field
 * @kind: of an element
 */
struct ak_wire_list {
	struct ak_wire message, packed;
	uint32_t number;
	enum ak_wire_kind kind;
};

/**
 * ak_wire_list() - the elements of a repeated field
 * @data: a message
 * @size: its bytes
 * @number: of the field
 * @kind: how an element is written: AK_WIRE_VARINT, _FIXED32 or _FIXED64
 *
 * Return: a list for ak_wire_list_next().
 */
struct ak_wire_list ak_wire_list(const uint8_t *data, size_t size,
				 uint32_t number, enum ak_wire_kind kind);

/**
 * ak_wire_list_next() - take the next element
 * @l: list
 * @value: where to put it
 *
 * Return: 1, 0 at the end, -EBADMSG.
 */
int ak_wire_list_next(struct ak_wire_list *l, uint64_t *value);

#endif /* AK_WIRE_H */
