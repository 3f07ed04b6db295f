/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of the pickle machine.
 */
#ifndef AK_PICKLE_INTERNAL_H
#define AK_PICKLE_INTERNAL_H

#include <stdbool.h>

#include "format/pickle.h"

/**
 * enum pv_kind - kind of a value
 * @PV_OTHER: something that is of no interest: None, a float, bytes
 * @PV_INT: whole number or truth value
 * @PV_TEXT: text in the pickle
 * @PV_TUPLE: items, without keys
 * @PV_LIST: items, without keys
 * @PV_DICT: items with keys
 * @PV_CALL: something that may be called, or a class of storages
 * @PV_STORAGE: a storage
 * @PV_TENSOR: a tensor
 */
enum pv_kind {
	PV_OTHER,
	PV_INT,
	PV_TEXT,
	PV_TUPLE,
	PV_LIST,
	PV_DICT,
	PV_CALL,
	PV_STORAGE,
	PV_TENSOR,
};

/* Numbers of values and items; 0 is none. */
typedef uint32_t pv_ref;

/**
 * struct pv - a value
 * @kind: &enum pv_kind
 * @call: of PV_CALL, number in the table of what may be called
 * @count: items of a container, bytes of a text
 * @number: of PV_INT, and the number of a PV_TENSOR or PV_STORAGE
 * @text: of PV_TEXT
 * @first: first item of a container
 * @last: last item of it
 */
struct pv {
	uint8_t kind, call;
	uint32_t count;
	union {
		int64_t number;
		const uint8_t *text;
		struct {
			pv_ref first, last;
		};
	};
};

/**
 * struct pv_item - an item of a container
 * @key: of a dictionary
 * @value: value
 * @next: item
 */
struct pv_item {
	pv_ref key, value, next;
};

/**
 * struct pv_storage - a storage that is not loaded
 * @key: its name, PV_TEXT
 * @class: number in the table of what may be called
 * @elements: how many
 */
struct pv_storage {
	pv_ref key;
	uint8_t class;
	uint64_t elements;
};

/**
 * struct pv_view - a tensor
 * @storage: number of its storage
 * @first: first element
 * @ndim: number of dimensions
 * @dim: sizes
 * @stride: strides
 * @count: elements
 */
struct pv_view {
	uint32_t storage;
	uint64_t first;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS], stride[AK_TENSOR_MAX_DIMS];
	uint64_t count;
};

/**
 * struct pickle - the machine
 * @p: the pickle
 * @size: its bytes
 * @pos: of the next instruction
 * @at: of this one, for messages
 * @value: values, from 1
 * @item: items of containers, from 1
 * @storage: storages
 * @view: tensors
 * @stack: values
 * @mark: heights of @stack
 * @memo: values by number, 0 where there is none; @num_memo are not 0
 * @err: error text
 */
struct pickle {
	const uint8_t *p;
	size_t size, pos, at;
	struct pv *value;
	struct pv_item *item;
	struct pv_storage *storage;
	struct pv_view *view;
	pv_ref *stack, *memo;
	size_t *mark;
	size_t num_values, room_values, num_items, room_items;
	size_t num_storages, room_storages, num_views, room_views;
	size_t height, room_stack, num_marks, room_marks, num_memo, room_memo;
	struct ak_err *err;
};

/**
 * enum pv_call - what a pickle may name
 */
enum pv_call {
	PV_ORDERED_DICT,
	PV_REBUILD_TENSOR,
	PV_REBUILD_PARAMETER,
	PV_FIRST_STORAGE,
};

/**
 * pickle_find_call() - may something be named
 * @module: "torch"
 * @module_size: its bytes
 * @name: "FloatStorage"
 * @name_size: its bytes
 *
 * Return: its number, -1 if not.
 */
int pickle_find_call(const uint8_t *module, size_t module_size,
		     const uint8_t *name, size_t name_size);

/**
 * pickle_storage_name() - name of a storage's class
 * @call: number, from PV_FIRST_STORAGE
 * @type: where to put the type of its elements
 *
 * Return: "FloatStorage".
 */
const char *pickle_storage_name(unsigned int call, enum ak_tensor_type *type);

/**
 * pickle_damaged() - say that an instruction cannot be
 * @k: machine
 * @what: why
 *
 * Return: -EBADMSG.
 */
int pickle_damaged(const struct pickle *k, const char *what);

/**
 * pickle_new() - a new value
 * @k: machine
 * @kind: of it
 * @ref: where to put its number
 *
 * Return: 0, -ENOMEM.
 */
int pickle_new(struct pickle *k, enum pv_kind kind, pv_ref *ref);

/**
 * pickle_storage() - make a storage of a persistent id
 * @k: machine
 * @id: its tuple
 * @ref: where to put it
 *
 * Return: 0, -EBADMSG, -ENOTSUP, -ENOMEM.
 */
int pickle_storage(struct pickle *k, pv_ref id, pv_ref *ref);

/**
 * pickle_call() - call something
 * @k: machine
 * @function: what
 * @args: its arguments, a tuple
 * @ref: where to put what comes out
 *
 * Return: 0, -EBADMSG, -ENOTSUP, -ENOMEM.
 */
int pickle_call(struct pickle *k, pv_ref function, pv_ref args, pv_ref *ref);

/**
 * pickle_room() - room for one more element of an array
 * @k: machine
 * @array: pointer to the array
 * @room: elements that fit
 * @used: elements that are there
 * @size: of an element
 *
 * Return: 0, -ENOMEM.
 */
int pickle_room(struct pickle *k, void *array, size_t *room, size_t used,
		size_t size);

/**
 * pickle_collect() - the tensors under a value
 * @k: machine that has stopped
 * @root: what it left
 * @out: where to put them
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int pickle_collect(struct pickle *k, pv_ref root, struct ak_pickle *out);

#endif /* AK_PICKLE_INTERNAL_H */
