/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of "akida info".
 */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>

#include <akida/akida.h>

/**
 * struct info_request - what "akida info" was asked for
 * @path: file name of the model
 * @model: the model
 * @reason: why it cannot be run, NULL if it can
 * @target: chip to compare with, AKIDA_TARGET_NONE for none
 * @keys: show keys and variables of every layer
 */
struct info_request {
	const char *path;
	struct akida_model *model;
	const char *reason;
	enum akida_target target;
	bool keys;
};

/**
 * struct info_totals - sums over the layers
 * @macs: multiply-adds of one input
 * @weights: weights
 * @zero: of them zero
 * @bytes: of the weights at their bits
 * @complete: every layer was understood
 */
struct info_totals {
	uint64_t macs, weights, zero, bytes;
	bool complete;
};

/**
 * info_totals() - sum up the layers
 * @m: a model
 *
 * Return: the sums.
 */
struct info_totals info_totals(const struct akida_model *m);

/**
 * info_layer_type() - name of a layer's type
 * @type: number
 * @buf: where to put "type 17" for a number without a name
 * @size: of it
 *
 * Return: the name.
 */
const char *info_layer_type(int type, char *buf, size_t size);

/**
 * info_text() - print for people
 * @r: what to print
 *
 * Return: an exit code.
 */
int info_text(const struct info_request *r);

/**
 * info_json() - print for machines
 * @r: what to print
 *
 * Return: an exit code.
 */
int info_json(const struct info_request *r);

/**
 * info_weights() - write the variables of a layer as .npy files
 * @r: model
 * @layer: name of the layer
 * @dir: folder
 * @json: print the list of files for machines
 *
 * Return: an exit code.
 */
int info_weights(const struct info_request *r, const char *layer,
		 const char *dir, bool json);

/**
 * info_program() - show a compiled program
 * @path: of the file, for errors
 * @data: what is in it
 * @size: its bytes
 * @json: for machines
 *
 * Return: an exit code.
 */
int info_program(const char *path, const uint8_t *data, size_t size, bool json);

#endif /* INFO_H */
