/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a set of tensors: what container readers put in.
 */
#ifndef AK_TENSORS_INTERNAL_H
#define AK_TENSORS_INTERNAL_H

#include <pthread.h>

#include "common/map.h"
#include "common/names.h"
#include "convert/tensors.h"
#include "format/h5.h"
#include "format/zip.h"

/**
 * enum ak_unpack_state - how far an entry of an archive is
 */
enum ak_unpack_state {
	AK_PACKED,
	AK_UNPACKING, /* by one thread; others wait */
	AK_UNPACKED,
};

/**
 * struct ak_unpacked - content of a deflated entry
 * @state: of it
 * @map: content, once it is there
 */
struct ak_unpacked {
	enum ak_unpack_state state;
	struct ak_map map;
};

/**
 * struct ak_tensor_file - a file of a set
 * @path: its name, as messages have it
 * @map: its bytes
 * @zip: its directory, if it is an archive
 * @unpacked: one for each entry of it
 * @h5: what is in it, if it is HDF5
 */
struct ak_tensor_file {
	char *path;
	struct ak_map map;
	struct ak_zip zip;
	struct ak_unpacked *unpacked;
	struct ak_h5 *h5;
};

struct ak_tensor_entry;

/**
 * struct ak_tensor_place - where the elements of a tensor are
 * @raw: the first element; NULL for a deflated entry
 * @file: the file
 * @entry: the deflated entry
 * @skip: bytes of its content before the first element
 * @swap: elements are in the other byte order
 * @strided: they are not in C order without gaps
 * @stride: then, elements from one index to the next
 * @read: what makes floats of the rows of an AK_TENSOR_OTHER, or NULL for one
 *	that has none
 * @how: for @read
 */
struct ak_tensor_place {
	const uint8_t *raw;
	struct ak_tensor_file *file;
	const struct ak_zip_entry *entry;
	uint64_t skip;
	bool swap, strided;
	uint64_t stride[AK_TENSOR_MAX_DIMS];
	int (*read)(const struct ak_tensor_entry *e, const uint8_t *raw,
		    uint64_t first, uint64_t rows, float *out,
		    struct ak_err *err);
	int how;
};

/**
 * struct ak_tensor_entry - a tensor and its place
 * @t: what the world sees; first, as its address is that of the entry
 * @place: where its elements are
 */
struct ak_tensor_entry {
	struct ak_tensor t;
	struct ak_tensor_place place;
};

/**
 * struct ak_tensors - an open set
 * @entry: tensors
 * @count: how many
 * @room: how many fit
 * @names: their numbers
 * @format: what the first file is
 * @meta: what it says beside its tensors
 * @num_meta: how many
 * @file: files
 * @num_files: how many
 * @lock: for what is unpacked
 * @changed: something has been unpacked
 * @in_memory: bytes that were unpacked into memory
 */
struct ak_tensors {
	struct ak_tensor_entry *entry;
	size_t count, room;
	struct ak_names names;
	const char *format;
	struct ak_tensors_meta *meta;
	size_t num_meta;
	struct ak_tensor_file **file;
	size_t num_files;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t in_memory;
};

/**
 * struct ak_container - a format of files with tensors
 * @name: of the format, for messages
 * @is: does a file look like one
 * @load: adds its tensors to a set; errors name no file
 */
struct ak_container {
	const char *name;
	bool (*is)(const struct ak_tensor_file *file);
	int (*load)(struct ak_tensors *set, struct ak_tensor_file *file,
		    struct ak_err *err);
};

/* Every format, up to one without a name. */
extern const struct ak_container ak_containers[];

/**
 * ak_tensors_add() - add a tensor
 * @set: a set that is being opened
 * @file: file that it is in
 * @name: its name, copied
 * @t: type, dtype (which must stay), ndim, dim, count and size
 * @place: where its elements are; file is filled in, and so is stride in the
 *	right cases
 * @err: error text
 *
 * Return: 0, -ENOMEM.
 */
int ak_tensors_add(struct ak_tensors *set, struct ak_tensor_file *file,
		   const char *name, const struct ak_tensor *t,
		   const struct ak_tensor_place *place, struct ak_err *err);

/**
 * ak_tensors_open_with() - open a file that no container describes
 * @path: file
 * @load: adds its tensors
 * @arg: for @load
 * @out: where to put the set
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_tensors_open_with(const char *path,
			 int (*load)(struct ak_tensors *set,
				     struct ak_tensor_file *file, void *arg,
				     struct ak_err *err),
			 void *arg, struct ak_tensors **out,
			 struct ak_err *err);

/**
 * ak_tensors_add_meta() - add what a file says beside its tensors
 * @set: a set that is being opened
 * @key: name, copied
 * @value: text or JSON, copied
 * @json: it is JSON
 * @err: error text
 *
 * Return: 0, -ENOMEM.
 */
int ak_tensors_add_meta(struct ak_tensors *set, const char *key,
			const char *value, bool json, struct ak_err *err);

/**
 * ak_tensors_unpack() - the first element of a tensor, unpacked if need be
 * @set: the set
 * @place: where it is
 * @raw: where to put it
 * @err: error text
 *
 * Several threads may call this at a time.
 *
 * Return: 0, -EBADMSG, -ENOMEM, -ENOSPC.
 */
int ak_tensors_unpack(struct ak_tensors *set,
		      const struct ak_tensor_place *place, const uint8_t **raw,
		      struct ak_err *err);

#endif /* AK_TENSORS_INTERNAL_H */
