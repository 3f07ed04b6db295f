// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * FlatBuffers, writing. A FlatBuffer is written from its end to its beginning
 * because offsets point forwards: what they lead to must be there first.
 * Positions are distances from the end until fbb_finish().
 */
#include "format/flatbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024
#define NO_FIELD SIZE_MAX

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

void fbb_init(struct fb_builder *b, size_t max_size)
{
	memset(b, 0, sizeof(*b));
	b->max_size = max_size < FB_MAX_SIZE ? max_size : FB_MAX_SIZE;
	b->min_align = 4;
}

void fbb_free(struct fb_builder *b)
{
	free(b->buf);
	free(b->vtables);
	memset(b, 0, sizeof(*b));
}

/* Room for @bytes in front of what is written: zeroed, or NULL. */
static uint8_t *reserve(struct fb_builder *b, size_t bytes)
{
	size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
	uint8_t *grown;

	if (b->error)
		return NULL;
	if (bytes > b->max_size - b->used) {
		b->error = -EFBIG;
		return NULL;
	}
	/* At most FB_MAX_SIZE is used: doubling cannot overflow. */
	while (capacity - b->used < bytes)
		capacity *= 2;
	if (capacity != b->capacity) {
		grown = malloc(capacity);
		if (!grown) {
			b->error = -ENOMEM;
			return NULL;
		}
		if (b->used)
			memcpy(grown + capacity - b->used,
			       b->buf + b->capacity - b->used, b->used);
		free(b->buf);
		b->buf = grown;
		b->capacity = capacity;
	}
	b->used += bytes;
	return memset(b->buf + b->capacity - b->used, 0, bytes);
}

/* Pads so that @bytes written next begin at a multiple of @align. */
static void align_for(struct fb_builder *b, size_t bytes, size_t align)
{
	if (align > b->min_align)
		b->min_align = align;
	reserve(b, -(b->used + bytes) & (align - 1));
}

/* An offset that is written now and leads to @ref. */
static void write_ref(struct fb_builder *b, fb_ref ref)
{
	uint8_t *p;

	align_for(b, 4, 4);
	p = reserve(b, 4);
	if (p)
		put32(p, (uint32_t)b->used - ref);
}

fb_ref fbb_vector(struct fb_builder *b, const void *data, size_t count,
		  size_t elem_size, size_t align)
{
	size_t bytes;
	uint8_t *p;

	if (__builtin_mul_overflow(count, elem_size, &bytes) ||
	    bytes > b->max_size) {
		b->error = b->error ? b->error : -EFBIG;
		return 0;
	}
	align_for(b, bytes, align > 4 ? align : 4);
	p = reserve(b, bytes);
	if (p && bytes)
		memcpy(p, data, bytes);
	p = reserve(b, 4);
	if (p)
		put32(p, (uint32_t)count);
	return (fb_ref)b->used;
}

fb_ref fbb_vector_u32(struct fb_builder *b, const uint32_t *values,
		      size_t count)
{
	uint8_t *p;
	size_t i;

	if (count > b->max_size / 4) {
		b->error = b->error ? b->error : -EFBIG;
		return 0;
	}
	align_for(b, 4 * count, 4);
	p = reserve(b, 4 * count);
	for (i = 0; p && i < count; i++)
		put32(p + 4 * i, values[i]);
	p = reserve(b, 4);
	if (p)
		put32(p, (uint32_t)count);
	return (fb_ref)b->used;
}

fb_ref fbb_vector_refs(struct fb_builder *b, const fb_ref *refs, size_t count)
{
	uint8_t *p;
	size_t i;

	align_for(b, 4, 4);
	for (i = count; i-- > 0;)
		write_ref(b, refs[i]);
	p = reserve(b, 4);
	if (p)
		put32(p, (uint32_t)count);
	return (fb_ref)b->used;
}

fb_ref fbb_string(struct fb_builder *b, const char *s)
{
	size_t length = strlen(s);
	uint8_t *p;

	if (length >= b->max_size) {
		b->error = b->error ? b->error : -EFBIG;
		return 0;
	}
	align_for(b, length + 1, 4);
	p = reserve(b, length + 1);
	if (p)
		memcpy(p, s, length);
	p = reserve(b, 4);
	if (p)
		put32(p, (uint32_t)length);
	return (fb_ref)b->used;
}

void fbb_table(struct fb_builder *b, unsigned int num_slots)
{
	memset(b->slots, 0, sizeof(b->slots));
	b->num_slots = num_slots;
	b->table_end = NO_FIELD;
}

/* Notes a field of @size bytes that has just been written. */
static void note_field(struct fb_builder *b, unsigned int slot, size_t size)
{
	/* Padding behind it would differ from table to table, as its vtable. */
	if (b->table_end == NO_FIELD)
		b->table_end = b->used - size;
	b->slots[slot] = (fb_ref)b->used;
}

void fbb_add_struct(struct fb_builder *b, unsigned int slot, const void *data,
		    size_t size, size_t align)
{
	uint8_t *p;

	align_for(b, size, align);
	p = reserve(b, size);
	if (p)
		memcpy(p, data, size);
	note_field(b, slot, size);
}

void fbb_add_u8(struct fb_builder *b, unsigned int slot, uint8_t value,
		uint8_t def)
{
	if (value != def)
		fbb_add_struct(b, slot, &value, 1, 1);
}

void fbb_add_u32(struct fb_builder *b, unsigned int slot, uint32_t value,
		 uint32_t def)
{
	uint8_t bytes[4];

	if (value == def)
		return;
	put32(bytes, value);
	fbb_add_struct(b, slot, bytes, 4, 4);
}

void fbb_add_ref(struct fb_builder *b, unsigned int slot, fb_ref ref)
{
	if (!ref)
		return;
	write_ref(b, ref);
	note_field(b, slot, 4);
}

/* A vtable like this one that is already there, or a new one. */
static fb_ref share_vtable(struct fb_builder *b, const uint8_t *vtable,
			   size_t size)
{
	fb_ref *list;
	uint8_t *p;
	size_t i;

	for (i = 0; i < b->num_vtables; i++) {
		fb_ref ref = b->vtables[i];

		p = b->buf + b->capacity - ref;
		if (ref >= size && !memcmp(p, vtable, size))
			return ref;
	}
	p = reserve(b, size);
	list = p ? realloc(b->vtables, (b->num_vtables + 1) * sizeof(*list)) :
		   NULL;
	if (!list) {
		b->error = b->error ? b->error : -ENOMEM;
		return 0;
	}
	memcpy(p, vtable, size);
	b->vtables = list;
	list[b->num_vtables++] = (fb_ref)b->used;
	return (fb_ref)b->used;
}

fb_ref fbb_end(struct fb_builder *b)
{
	uint8_t vtable[4 + 2 * FB_MAX_SLOTS] = { 0 };
	fb_ref table, shared;
	size_t slot;
	uint8_t *p;

	/* The way to the vtable, filled in below, begins the table. */
	align_for(b, 4, 4);
	reserve(b, 4);
	table = (fb_ref)b->used;
	if (b->table_end == NO_FIELD)
		b->table_end = b->used - 4;
	if (table - b->table_end > UINT16_MAX)
		b->error = b->error ? b->error : -EFBIG;
	while (b->num_slots && !b->slots[b->num_slots - 1])
		b->num_slots--;
	for (slot = 0; slot < b->num_slots; slot++)
		if (b->slots[slot])
			put16(vtable + 4 + 2 * slot,
			      (uint16_t)(table - b->slots[slot]));
	put16(vtable, (uint16_t)(4 + 2 * b->num_slots));
	put16(vtable + 2, (uint16_t)(table - b->table_end));
	shared = share_vtable(b, vtable, 4 + 2 * b->num_slots);
	if (b->error)
		return 0;
	p = b->buf + b->capacity - table;
	put32(p, shared - table);
	return table;
}

int fbb_finish(struct fb_builder *b, fb_ref root, bool prefixed,
	       const uint8_t **data, size_t *size)
{
	uint8_t *p;

	align_for(b, prefixed ? 8 : 4, b->min_align);
	write_ref(b, root);
	if (prefixed) {
		p = reserve(b, 4);
		if (p)
			put32(p, (uint32_t)b->used - 4);
	}
	if (b->error)
		return b->error;
	*data = b->buf + b->capacity - b->used;
	*size = b->used;
	return 0;
}
