/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HDF5 files, which libhdf5 reads in a process of its own that may do nothing
 * else (userspace/hdf5/). What that process says is of unknown origin, too.
 */
#ifndef AK_H5_H
#define AK_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/names.h"
#include "format/h5_stream.h"

/**
 * struct ak_h5_tensor - a dataset
 * @name: path in the file without the first '/'
 * @dtype: name of the stored type: "float32", "int8", "other"
 * @ndim: number of dimensions, 0 for a scalar
 * @dim: slowest dimension first
 * @count: elements
 * @data: little-endian float32 elements, not aligned; NULL for a type that
 *	has no such values
 */
struct ak_h5_tensor {
	const char *name;
	char dtype[AK_H5_DTYPE + 1];
	unsigned int ndim;
	uint64_t dim[AK_H5_MAX_DIMS];
	uint64_t count;
	const uint8_t *data;
};

/**
 * struct ak_h5_attr - an attribute of the root
 * @name: its name
 * @text: its text
 */
struct ak_h5_attr {
	const char *name, *text;
};

/**
 * struct ak_h5 - what is in a file
 * @stream: bytes that everything else points to
 * @tensor: datasets
 * @count: how many
 * @names: their numbers
 * @attr: attributes
 * @num_attrs: how many
 */
struct ak_h5 {
	struct ak_buf stream;
	struct ak_h5_tensor *tensor;
	size_t count;
	struct ak_names names;
	struct ak_h5_attr *attr;
	size_t num_attrs;
};

/**
 * struct ak_h5_source - where an HDF5 file is, and what reading may cost
 * @path: file
 * @offset: of the HDF5 file in it
 * @size: its bytes
 * @image: the HDF5 file itself, if it is not in @path as it is (a deflated
 *	entry of an archive), else NULL
 * @program: akida-hdf5; NULL to look for it
 * @cpu_ms: processor time; 0 for $AKIDA_HDF5_MS, or 40 and 1
 *	for each 25 KiB
 * @wait_ms: time in all; 0 for 30 seconds and ten times @cpu_ms
 */
struct ak_h5_source {
	const char *path;
	uint64_t offset, size;
	const uint8_t *image;
	const char *program;
	unsigned int cpu_ms, wait_ms;
};

/**
 * ak_is_h5() - does a file look like HDF5
 * @data: its first bytes
 * @size: how many
 *
 * Return: true if so.
 */
bool ak_is_h5(const void *data, size_t size);

/**
 * ak_h5_most() - elements that a file may have
 * @size: bytes of the file
 *
 * Weights hardly compress; float16 and int8 become float32. What unpacks to
 * more is a bomb.
 *
 * Return: bytes of float32: 8 times the file and 1 MiB, at most 2 GiB.
 */
uint64_t ak_h5_most(uint64_t size);

/**
 * ak_h5_read() - read a file
 * @s: where it is
 * @out: where to put it; ak_h5_clear() gives it back
 * @err: error text; the caller names the file
 *
 * Starts akida-hdf5 with an empty environment and no open file but this one.
 * The program is $AKIDA_HDF5, or in ../libexec/akida/ seen from libakida.so
 * (or from the program that libakida is linked into), or where `make install`
 * has put it.
 *
 * May be called by several threads at a time: the process is made by
 * posix_spawn(), nothing of the caller runs in it.
 *
 * Return: 0; -EBADMSG for a damaged file, also one that makes libhdf5 crash;
 * -EFBIG for a bomb; -ETIMEDOUT for one that takes too long; -ENOTSUP without
 * the program or without seccomp; -ENOMEM.
 */
int ak_h5_read(const struct ak_h5_source *s, struct ak_h5 *out,
	       struct ak_err *err);

/**
 * ak_h5_parse() - understand what akida-hdf5 has written
 * @h: a file whose @stream is there and nothing else
 * @most: bytes of elements, as ak_h5_most()
 * @err: error text; the caller names the file
 *
 * Return: 0, -EBADMSG for a sentence of the program's own about the file,
 * -EPROTO for a stream that is none, -ENOMEM.
 */
int ak_h5_parse(struct ak_h5 *h, uint64_t most, struct ak_err *err);

/**
 * ak_h5_attr() - text of an attribute of the root
 * @h: a file
 * @name: of the attribute
 *
 * Return: the text, or NULL.
 */
const char *ak_h5_attr(const struct ak_h5 *h, const char *name);

/**
 * ak_h5_clear() - give a file back
 * @h: filled by ak_h5_read() or ak_h5_parse(), or all zero
 */
void ak_h5_clear(struct ak_h5 *h);

#endif /* AK_H5_H */
