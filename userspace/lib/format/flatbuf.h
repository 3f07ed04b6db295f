/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FlatBuffers: a reader that checks every offset and length, and a builder.
 *
 * The reader knows no schema: its caller walks down, by slot numbers. It never
 * allocates, never recurses, and reads with memcpy() only. An error sticks:
 * afterwards every table and vector is empty and every scalar is its default,
 * so that a caller may read a group of fields and look at fb_reader.error
 * once. Loops over vectors end because an empty vector has no elements.
 *
 * Offsets inside a FlatBuffer may share what they point at, so that a small
 * file can describe a huge one; fb_charge() bounds what a caller makes of it.
 */
#ifndef AK_FLATBUF_H
#define AK_FLATBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/** FB_MAX_SIZE - largest buffer: offsets are signed 32-bit numbers */
#define FB_MAX_SIZE 0x7fffffffu

/** FB_MAX_DEPTH - most tables on the way from the root to a table */
#define FB_MAX_DEPTH 32u

/** FB_MAX_SLOTS - most fields of a table that the builder writes */
#define FB_MAX_SLOTS 32u

/**
 * struct fb_reader - a buffer that is read
 * @data: its first byte; of a size-prefixed buffer, the prefix
 * @size: its bytes
 * @budget: bytes that fb_charge() still grants
 * @error: 0 or the first error, a negative errno
 * @err: text of that error
 */
struct fb_reader {
	const uint8_t *data;
	size_t size;
	size_t budget;
	int error;
	struct ak_err *err;
};

/**
 * struct fb_table - a checked table
 * @r: where it lies; NULL for an absent table, which has no field
 * @pos: its first byte
 * @vtable: first byte of its vtable
 * @vtable_size: bytes of the vtable
 * @size: bytes of the table
 * @depth: tables above it
 */
struct fb_table {
	struct fb_reader *r;
	uint32_t pos, vtable;
	uint16_t vtable_size, size;
	uint8_t depth;
};

/**
 * struct fb_vector - a checked vector
 * @r: where it lies; NULL for an absent vector, which has no element
 * @pos: first byte of its elements
 * @count: number of elements
 * @depth: tables above it
 */
struct fb_vector {
	struct fb_reader *r;
	uint32_t pos, count;
	uint8_t depth;
};

/**
 * fb_open() - begin to read a buffer
 * @r: reader to set up
 * @data: the buffer
 * @size: its bytes, at most FB_MAX_SIZE
 * @budget: bytes that fb_charge() grants
 * @err: text of the first error
 *
 * Return: the root table, absent after an error.
 */
struct fb_table fb_open(struct fb_reader *r, const void *data, size_t size,
			size_t budget, struct ak_err *err);

/**
 * fb_open_prefixed() - begin to read a buffer that begins with its size
 * @r: reader to set up; positions count from the prefix
 * @data: the prefix; bytes behind the buffer are not read
 * @size: bytes that there are
 * @budget: bytes that fb_charge() grants
 * @err: text of the first error
 *
 * @r->size is the size of the buffer with its prefix: where another buffer
 * may follow.
 *
 * Return: the root table, absent after an error.
 */
struct fb_table fb_open_prefixed(struct fb_reader *r, const void *data,
				 size_t size, size_t budget,
				 struct ak_err *err);

/**
 * fb_fail() - note an error at a place of the buffer
 * @r: reader
 * @pos: place, a byte of the buffer
 * @what: half a sentence: "the name is not terminated"
 *
 * Only the first error is kept.
 */
void fb_fail(struct fb_reader *r, uint32_t pos, const char *what);

/**
 * fb_charge() - account for work or memory that the buffer asks for
 * @r: reader
 * @bytes: how much
 *
 * Return: false, with @r->error set to -EFBIG, once the budget is spent.
 */
bool fb_charge(struct fb_reader *r, size_t bytes);

/**
 * fb_num_slots() - slots that a table's vtable has
 * @t: a table
 *
 * Return: their number; further slots are absent.
 */
unsigned int fb_num_slots(const struct fb_table *t);

/**
 * fb_has() - whether a field is present
 * @t: a table
 * @slot: slot number
 *
 * Return: false for an absent field or table.
 */
bool fb_has(const struct fb_table *t, unsigned int slot);

/**
 * fb_u8() - read a byte
 * @t: a table
 * @slot: slot number
 * @def: value if the field is absent
 *
 * Return: its value.
 */
uint8_t fb_u8(const struct fb_table *t, unsigned int slot, uint8_t def);

/**
 * fb_u32() - read 32 bits
 * @t: a table
 * @slot: slot number
 * @def: value if the field is absent
 *
 * Return: its value.
 */
uint32_t fb_u32(const struct fb_table *t, unsigned int slot, uint32_t def);

/**
 * fb_raw() - read a field whose type is not known
 * @t: a table
 * @slot: slot number
 *
 * What lies between the field and the next one is taken as a number. Costs
 * the vtable's size of the budget.
 *
 * Return: the first four bytes, little endian; 1 if these are zero and later
 * ones are not; 0 for an absent field.
 */
uint32_t fb_raw(const struct fb_table *t, unsigned int slot);

/**
 * fb_struct() - find an inline struct
 * @t: a table
 * @slot: slot number
 * @size: its bytes
 * @align: its alignment
 *
 * Return: @size bytes, NULL if the field is absent.
 */
const uint8_t *fb_struct(const struct fb_table *t, unsigned int slot,
			 size_t size, size_t align);

/**
 * fb_child() - read a table that a field points at
 * @t: a table
 * @slot: slot number
 *
 * Return: the table, absent if the field is.
 */
struct fb_table fb_child(const struct fb_table *t, unsigned int slot);

/**
 * fb_vec() - read a vector that a field points at
 * @t: a table
 * @slot: slot number
 * @elem_size: bytes of an element; 4 for offsets to tables and strings
 * @align: alignment of an element
 *
 * Return: the vector, absent if the field is.
 */
struct fb_vector fb_vec(const struct fb_table *t, unsigned int slot,
			size_t elem_size, size_t align);

/**
 * fb_vec_table() - read a table that an element points at
 * @v: vector of offsets
 * @i: element
 *
 * Return: the table; absent only after an error.
 */
struct fb_table fb_vec_table(const struct fb_vector *v, uint32_t i);

/**
 * fb_vec_u32() - read an element
 * @v: vector of 32-bit numbers
 * @i: element
 *
 * Return: its value, 0 beyond the vector.
 */
uint32_t fb_vec_u32(const struct fb_vector *v, uint32_t i);

/**
 * fb_vec_bytes() - the elements of a vector
 * @v: a vector
 *
 * Return: its first byte, NULL for an absent vector.
 */
const uint8_t *fb_vec_bytes(const struct fb_vector *v);

/**
 * fb_string() - read a string that a field points at
 * @t: a table
 * @slot: slot number
 * @length: where to put its bytes, without the terminating NUL
 *
 * A string with a NUL inside is refused.
 *
 * Return: the NUL-terminated string inside the buffer, NULL if it is absent.
 */
const char *fb_string(const struct fb_table *t, unsigned int slot,
		      uint32_t *length);

/**
 * fb_vec_string() - read a string that an element points at
 * @v: vector of offsets
 * @i: element
 * @length: where to put its bytes
 *
 * Return: as fb_string(); NULL only after an error.
 */
const char *fb_vec_string(const struct fb_vector *v, uint32_t i,
			  uint32_t *length);

/**
 * typedef fb_ref - something that a builder has written
 *
 * Its distance from the end of the buffer; 0 is nothing.
 */
typedef uint32_t fb_ref;

/**
 * struct fb_builder - a buffer that is written, from its end to its beginning
 * @buf: malloc()ed
 * @capacity: bytes of @buf
 * @used: bytes at the end of @buf that are written
 * @max_size: refuse to grow above this
 * @min_align: largest alignment so far
 * @vtables: vtables written, each shared by all tables of its layout
 * @num_vtables: how many
 * @slots: the open table's fields
 * @num_slots: how many fields the open table can have
 * @table_end: @used before its first field
 * @error: 0 or the first error, a negative errno
 *
 * Strings, vectors and tables must be written before the table that points
 * at them is opened. An error sticks and is returned by fbb_finish().
 */
struct fb_builder {
	uint8_t *buf;
	size_t capacity, used, max_size, min_align;
	fb_ref *vtables;
	size_t num_vtables;
	fb_ref slots[FB_MAX_SLOTS];
	unsigned int num_slots;
	size_t table_end;
	int error;
};

/**
 * fbb_init() - begin to write a buffer
 * @b: builder to set up
 * @max_size: largest size, at most FB_MAX_SIZE
 */
void fbb_init(struct fb_builder *b, size_t max_size);

/**
 * fbb_free() - give everything back
 * @b: a builder, finished or not
 */
void fbb_free(struct fb_builder *b);

/**
 * fbb_vector() - write a vector of scalars or structs
 * @b: builder
 * @data: elements, little endian
 * @count: how many
 * @elem_size: bytes of one
 * @align: alignment of one
 *
 * Return: what fbb_add_ref() takes.
 */
fb_ref fbb_vector(struct fb_builder *b, const void *data, size_t count,
		  size_t elem_size, size_t align);

/**
 * fbb_vector_u32() - write a vector of 32-bit numbers
 * @b: builder
 * @values: host byte order
 * @count: how many
 *
 * Return: what fbb_add_ref() takes.
 */
fb_ref fbb_vector_u32(struct fb_builder *b, const uint32_t *values,
		      size_t count);

/**
 * fbb_vector_refs() - write a vector of tables, strings or vectors
 * @b: builder
 * @refs: what the elements point at
 * @count: how many
 *
 * Return: what fbb_add_ref() takes.
 */
fb_ref fbb_vector_refs(struct fb_builder *b, const fb_ref *refs, size_t count);

/**
 * fbb_string() - write a string
 * @b: builder
 * @s: NUL-terminated
 *
 * Return: what fbb_add_ref() takes.
 */
fb_ref fbb_string(struct fb_builder *b, const char *s);

/**
 * fbb_table() - open a table
 * @b: builder without an open table
 * @num_slots: fields that it can have, at most FB_MAX_SLOTS
 */
void fbb_table(struct fb_builder *b, unsigned int num_slots);

/**
 * fbb_add_u8() - add a byte to the open table
 * @b: builder
 * @slot: slot number
 * @value: its value
 * @def: a value that needs no field
 */
void fbb_add_u8(struct fb_builder *b, unsigned int slot, uint8_t value,
		uint8_t def);

/**
 * fbb_add_u32() - add 32 bits to the open table
 * @b: builder
 * @slot: slot number
 * @value: its value
 * @def: a value that needs no field
 */
void fbb_add_u32(struct fb_builder *b, unsigned int slot, uint32_t value,
		 uint32_t def);

/**
 * fbb_add_struct() - add an inline struct to the open table
 * @b: builder
 * @slot: slot number
 * @data: its bytes, little endian
 * @size: how many
 * @align: its alignment
 */
void fbb_add_struct(struct fb_builder *b, unsigned int slot, const void *data,
		    size_t size, size_t align);

/**
 * fbb_add_ref() - make a field of the open table point at something
 * @b: builder
 * @slot: slot number
 * @ref: what; 0 leaves the field absent
 */
void fbb_add_ref(struct fb_builder *b, unsigned int slot, fb_ref ref);

/**
 * fbb_end() - close the open table
 * @b: builder
 *
 * Return: what fbb_add_ref() and fbb_finish() take.
 */
fb_ref fbb_end(struct fb_builder *b);

/**
 * fbb_finish() - end the buffer
 * @b: builder
 * @root: root table
 * @prefixed: begin with the size
 * @data: where to put the buffer, which stays the builder's
 * @size: where to put its size
 *
 * Return: 0, -EFBIG above the builder's limit, -ENOMEM.
 */
int fbb_finish(struct fb_builder *b, fb_ref root, bool prefixed,
	       const uint8_t **data, size_t *size);

#endif /* AK_FLATBUF_H */
