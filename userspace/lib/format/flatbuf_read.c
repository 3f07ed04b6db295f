// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * FlatBuffers, reading. Every position is checked where it is made: a struct
 * fb_table or fb_vector lies inside the buffer as a whole.
 */
#include "format/flatbuf.h"

#include <errno.h>
#include <string.h>

static const struct fb_table no_table;
static const struct fb_vector no_vector;

static uint16_t get16(const struct fb_reader *r, size_t pos)
{
	return (uint16_t)(r->data[pos] | r->data[pos + 1] << 8);
}

static uint32_t get32(const struct fb_reader *r, size_t pos)
{
	return get16(r, pos) | (uint32_t)get16(r, pos + 2) << 16;
}

/* Whether @bytes at @pos lie in the buffer. */
static bool inside(const struct fb_reader *r, uint64_t pos, uint64_t bytes)
{
	return pos <= r->size && bytes <= r->size - pos;
}

void fb_fail(struct fb_reader *r, uint32_t pos, const char *what)
{
	if (!r->error)
		r->error = ak_errf(
			r->err, -EINVAL,
			"the FlatBuffer is damaged at byte %u of %zu: %s", pos,
			r->size, what);
}

bool fb_charge(struct fb_reader *r, size_t bytes)
{
	if (r->error)
		return false;
	if (bytes > r->budget) {
		r->budget = 0;
		r->error = ak_errf(
			r->err, -EFBIG,
			"the FlatBuffer of %zu bytes describes far more data than it holds",
			r->size);
		return false;
	}
	r->budget -= bytes;
	return true;
}

/* The table at @pos, if all of it and its vtable lie in the buffer. */
static struct fb_table table_at(struct fb_reader *r, uint64_t pos,
				unsigned int depth)
{
	struct fb_table t = { .r = r, .depth = (uint8_t)depth };
	int64_t vtable;

	if (r->error)
		return no_table;
	if (depth > FB_MAX_DEPTH) {
		fb_fail(r, (uint32_t)pos, "tables are nested too deeply");
		return no_table;
	}
	if (pos % 4 || !inside(r, pos, 4)) {
		fb_fail(r, (uint32_t)pos, "an offset leads to no table");
		return no_table;
	}
	t.pos = (uint32_t)pos;
	vtable = (int64_t)pos - (int32_t)get32(r, pos);
	if (vtable < 0 || vtable % 2 || !inside(r, (uint64_t)vtable, 4)) {
		fb_fail(r, t.pos, "a table has no vtable");
		return no_table;
	}
	t.vtable = (uint32_t)vtable;
	t.vtable_size = get16(r, t.vtable);
	t.size = get16(r, t.vtable + 2);
	if (t.vtable_size < 4 || t.vtable_size % 2 ||
	    !inside(r, t.vtable, t.vtable_size)) {
		fb_fail(r, t.vtable, "a vtable has an impossible size");
		return no_table;
	}
	if (t.size < 4 || !inside(r, t.pos, t.size)) {
		fb_fail(r, t.pos, "a table goes beyond the end");
		return no_table;
	}
	return t;
}

static struct fb_table root_at(struct fb_reader *r, size_t at)
{
	if (r->size > FB_MAX_SIZE)
		fb_fail(r, 0, "it is too large to be one");
	else if (!inside(r, at, 4))
		fb_fail(r, 0, "it is too small to be one");
	if (r->error)
		return no_table;
	return table_at(r, (uint64_t)at + get32(r, at), 0);
}

struct fb_table fb_open(struct fb_reader *r, const void *data, size_t size,
			size_t budget, struct ak_err *err)
{
	*r = (struct fb_reader){
		.data = data, .size = size, .budget = budget, .err = err
	};
	return root_at(r, 0);
}

struct fb_table fb_open_prefixed(struct fb_reader *r, const void *data,
				 size_t size, size_t budget, struct ak_err *err)
{
	*r = (struct fb_reader){
		.data = data, .size = size, .budget = budget, .err = err
	};
	if (!inside(r, 0, 4) || !inside(r, 4, get32(r, 0))) {
		fb_fail(r, 0, "it ends before its size says");
		return no_table;
	}
	r->size = (size_t)get32(r, 0) + 4;
	return root_at(r, 4);
}

unsigned int fb_num_slots(const struct fb_table *t)
{
	return t->r ? (t->vtable_size - 4u) / 2 : 0;
}

/* Offset of a field in its table, 0 if absent. */
static uint16_t field_offset(const struct fb_table *t, unsigned int slot)
{
	if (slot >= fb_num_slots(t))
		return 0;
	return get16(t->r, t->vtable + 4 + 2 * slot);
}

bool fb_has(const struct fb_table *t, unsigned int slot)
{
	return field_offset(t, slot) != 0;
}

/* Position of a field of @width bytes; 0, which no field has, if absent. */
static uint32_t field(const struct fb_table *t, unsigned int slot, size_t width,
		      size_t align)
{
	uint16_t offset = field_offset(t, slot);

	if (!offset || t->r->error)
		return 0;
	if (offset < 4 || width > t->size || offset > t->size - width) {
		fb_fail(t->r, t->pos, "a field lies outside its table");
		return 0;
	}
	if ((t->pos + offset) % align) {
		fb_fail(t->r, t->pos + offset, "a field is not aligned");
		return 0;
	}
	return t->pos + offset;
}

uint8_t fb_u8(const struct fb_table *t, unsigned int slot, uint8_t def)
{
	uint32_t pos = field(t, slot, 1, 1);

	return pos ? t->r->data[pos] : def;
}

uint32_t fb_u32(const struct fb_table *t, unsigned int slot, uint32_t def)
{
	uint32_t pos = field(t, slot, 4, 4);

	return pos ? get32(t->r, pos) : def;
}

const uint8_t *fb_struct(const struct fb_table *t, unsigned int slot,
			 size_t size, size_t align)
{
	uint32_t pos = field(t, slot, size, align);

	return pos ? t->r->data + pos : NULL;
}

uint32_t fb_raw(const struct fb_table *t, unsigned int slot)
{
	uint32_t pos = field(t, slot, 1, 1), end, value = 0, i;
	unsigned int other;

	if (!pos || !fb_charge(t->r, t->vtable_size))
		return 0;
	end = t->pos + t->size;
	for (other = 0; other < fb_num_slots(t); other++) {
		uint32_t next = t->pos + field_offset(t, other);

		if (next > pos && next < end)
			end = next;
	}
	for (i = pos; i < end; i++) {
		if (i - pos < 4)
			value |= (uint32_t)t->r->data[i] << (8 * (i - pos));
		else if (!value && t->r->data[i])
			value = 1;
	}
	return value;
}

/* What the offset at @pos leads to: at least a 32-bit number, or 0. */
static uint32_t follow(struct fb_reader *r, uint32_t pos)
{
	uint64_t to;

	if (r->error)
		return 0;
	to = (uint64_t)pos + get32(r, pos);
	if (to == pos || to % 4 || !inside(r, to, 4)) {
		fb_fail(r, pos, "an offset leads out of the buffer");
		return 0;
	}
	return (uint32_t)to;
}

struct fb_table fb_child(const struct fb_table *t, unsigned int slot)
{
	uint32_t pos = field(t, slot, 4, 4), to;

	to = pos ? follow(t->r, pos) : 0;
	return to ? table_at(t->r, to, t->depth + 1u) : no_table;
}

struct fb_vector fb_vec(const struct fb_table *t, unsigned int slot,
			size_t elem_size, size_t align)
{
	uint32_t pos = field(t, slot, 4, 4), to;
	struct fb_vector v = { .r = t->r, .depth = t->depth };

	to = pos ? follow(t->r, pos) : 0;
	if (!to)
		return no_vector;
	v.pos = to + 4;
	v.count = get32(t->r, to);
	/* 32 bits by a few bytes: no overflow in 64. */
	if (!inside(t->r, v.pos, (uint64_t)v.count * elem_size)) {
		fb_fail(t->r, to, "a vector goes beyond the end");
		return no_vector;
	}
	if (v.count && v.pos % align) {
		fb_fail(t->r, to, "a vector is not aligned");
		return no_vector;
	}
	return v;
}

struct fb_table fb_vec_table(const struct fb_vector *v, uint32_t i)
{
	uint32_t to = i < v->count ? follow(v->r, v->pos + 4 * i) : 0;

	return to ? table_at(v->r, to, v->depth + 1u) : no_table;
}

uint32_t fb_vec_u32(const struct fb_vector *v, uint32_t i)
{
	return i < v->count && !v->r->error ? get32(v->r, v->pos + 4 * i) : 0;
}

const uint8_t *fb_vec_bytes(const struct fb_vector *v)
{
	return v->r ? v->r->data + v->pos : NULL;
}

static const char *string_at(struct fb_reader *r, uint32_t pos,
			     uint32_t *length)
{
	uint32_t n = get32(r, pos);
	const char *s;

	if (!inside(r, (uint64_t)pos + 4, (uint64_t)n + 1)) {
		fb_fail(r, pos, "a string goes beyond the end");
		return NULL;
	}
	/* A caller looks at every byte: many offsets may share one string. */
	if (!fb_charge(r, n))
		return NULL;
	s = (const char *)r->data + pos + 4;
	if (s[n] || memchr(s, 0, n)) {
		fb_fail(r, pos, "a string does not end where its length says");
		return NULL;
	}
	*length = n;
	return s;
}

const char *fb_string(const struct fb_table *t, unsigned int slot,
		      uint32_t *length)
{
	uint32_t pos = field(t, slot, 4, 4), to;

	*length = 0;
	to = pos ? follow(t->r, pos) : 0;
	return to ? string_at(t->r, to, length) : NULL;
}

const char *fb_vec_string(const struct fb_vector *v, uint32_t i,
			  uint32_t *length)
{
	uint32_t to = i < v->count ? follow(v->r, v->pos + 4 * i) : 0;

	*length = 0;
	return to ? string_at(v->r, to, length) : NULL;
}
