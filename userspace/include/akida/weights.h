/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Quantised weights of large models: multiply by them, compare them with what
 * they were made of, put several models into one.
 */
#ifndef AKIDA_WEIGHTS_H
#define AKIDA_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include <akida/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_weights - what was done last, and what went wrong
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_weights;

/**
 * akida_weights_new() - a handle
 *
 * Return: a handle for akida_weights_free(), NULL without memory.
 */
struct akida_weights *akida_weights_new(void);

/**
 * akida_weights_free() - give it back
 * @w: a handle or NULL
 */
void akida_weights_free(struct akida_weights *w);

/**
 * akida_weights_error() - what went wrong last
 * @w: a handle
 *
 * Return: a sentence that names file, weight and remedy; "" if no call on
 * this handle has failed.
 */
const char *akida_weights_error(const struct akida_weights *w);

/**
 * akida_weights_report() - what the last call did
 * @w: a handle
 *
 * Return: JSON text, valid until the next call on @w; NULL if it failed.
 */
const char *akida_weights_report(const struct akida_weights *w);

/**
 * akida_weights_multiply() - y = W x
 * @w: a handle
 * @file: any file of weights that this library reads or writes
 * @tensor: name of a matrix in it, as the file has it
 * @x: vector of as many elements as W has columns, or a matrix of such rows
 * @y: where to put it: float32, as many elements as W has rows, for each row
 *	of @x; products are exact and added up in double
 * @threads: threads, 0 for one per processor
 *
 * Rows of a GGUF file are taken in the order of the file.
 *
 * The report is an object: "file", "tensor", "type", "rows", "columns".
 *
 * Return: 0, -ENOENT if there is no such tensor, -EINVAL if @x does not fit,
 * or another negative errno.
 */
int akida_weights_multiply(struct akida_weights *w, const char *file,
			   const char *tensor, const struct akida_array *x,
			   struct akida_array *y, unsigned int threads);

/**
 * akida_weights_compare() - how far a converted file is from its source
 * @w: a handle
 * @in: what was converted
 * @out: what it was converted to
 * @threads: threads, 0 for one per processor
 *
 * Tensors are found by their names and, where @in has a config.json, by what
 * they do in the model; permutations, transpositions and offsets of formats
 * are undone.
 *
 * The report is an object: "in", "out", "tensors" (each with "name", "out",
 * "type", "shape", "matrix", "relative_rmse", "max_abs", "relative_error" of
 * W x for matrices, which have more than one row), "missing" (names of @in
 * without a counterpart), "extra" (names of @out without one), and "total" with
 * the same three errors over all matrices.
 *
 * Return: 0, -ENOENT if no tensor has a counterpart, or another negative errno.
 */
int akida_weights_compare(struct akida_weights *w, const char *in,
			  const char *out, unsigned int threads);

/**
 * akida_weights_merge() - put quantised models into one archive
 * @w: a handle
 * @models: manifests (.json), or folders with one
 * @count: how many
 * @out: folder to make, with an .npz and a manifest in it
 * @force: files may go into a folder that exists
 *
 * The report is an object: "models", "arrays", "shared_arrays",
 * "shared_bytes", "bytes", "files".
 *
 * Return: 0, -EEXIST, or another negative errno.
 */
int akida_weights_merge(struct akida_weights *w, const char *const *models,
			size_t count, const char *out, int force);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_WEIGHTS_H */
