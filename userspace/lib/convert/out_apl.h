/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * APL: quantised arrays in an .npz file and a JSON manifest that names them.
 * Documentation/formats/apl.rst.
 */
#ifndef AK_OUT_APL_H
#define AK_OUT_APL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "convert/convert.h"

/* The vector that products are compared with: RandomState(42). */
#define APL_SEED 42u

/* Blocks that the exporter goes through. */
#define APL_EXPORTER_LAYERS 12

/**
 * enum apl_axis - what shares a scale
 * @APL_ROW: a row of W, one output feature
 * @APL_CHANNEL: a column of W, one input feature; stored transposed
 * @APL_GROUP: some weights of a row that follow each other
 */
enum apl_axis {
	APL_ROW,
	APL_CHANNEL,
	APL_GROUP,
};

/**
 * struct apl_sums - what is measured of rows, a weight, a block or all
 * @signal: sum of squares of W x
 * @noise: sum of squares of W x - W' x
 * @constant: rows or groups without range that were not zero
 * @range_noise: sum of squared errors of weights, had the range not been
 *	calibrated
 * @weight_noise: the same with the range that was chosen
 */
struct apl_sums {
	double signal, noise;
	uint64_t constant;
	double range_noise, weight_noise;
};

/**
 * struct apl_weight - a weight in the file
 * @apl: what it belongs to
 * @from: what it is made of
 * @name: in the manifest
 * @base: what the names of its arrays begin with
 * @job: makes its arrays; NULL if it has those of the embedding
 * @sums: result of the job; NULL for arrays of floats
 * @x: what it is multiplied with, [columns of the stored matrix]
 * @rows: of the stored matrix
 * @cols: of the stored matrix
 */
struct apl_weight {
	struct apl *apl;
	const struct ak_arch_tensor *from;
	const char *name, *base;
	struct ak_job *job;
	struct apl_sums *sums;
	const float *x;
	uint64_t rows, cols;
};

/**
 * struct apl - a model on its way
 * @plan: where files and jobs go
 * @config: configuration of the model
 * @rule: how numbers are made
 * @axis: what shares a scale
 * @binary: signs and a scale per row, packed
 * @exporter: the exporter's form, with its quirks
 * @strict: errors above the tolerance fail the conversion
 * @name: of the model
 * @npz: name of the archive
 * @weight: weights in order
 * @count: how many
 */
struct apl {
	struct ak_plan *plan;
	const struct ak_arch_config *config;
	struct ak_affine rule;
	enum apl_axis axis;
	bool binary, exporter, strict;
	const char *name, *npz;
	struct apl_weight *weight;
	size_t count;
};

/* Room for any name. */
#define APL_NAME_ROOM 96

/**
 * apl_name() - what a parameter is called in the guide's manifest
 * @role: what it does
 * @layer: number of its block, -1 outside
 * @buf: where to put the name
 * @size: bytes there, APL_NAME_ROOM are enough
 */
void apl_name(enum ak_role role, int layer, char *buf, size_t size);

/**
 * apl_base() - what the names of its arrays begin with
 * @role: what it does
 * @layer: number of its block, -1 outside
 * @buf: where to put it; the exporter's manifest calls the parameter so
 * @size: bytes there, APL_NAME_ROOM are enough
 */
void apl_base(enum ak_role role, int layer, char *buf, size_t size);

/**
 * apl_tolerance() - relative error of W x that the guide allows
 * @bits: 1, 2, 4 or 8
 *
 * Return: 0.5, 0.2, 0.1 or 0.02.
 */
double apl_tolerance(unsigned int bits);

/**
 * apl_error() - relative error
 * @s: sums
 *
 * Return: |W x - W' x| / (|W x| + 1e-10).
 */
double apl_error(const struct apl_sums *s);

/**
 * apl_add() - one more to a sum
 * @to: sum
 * @s: what is added
 */
void apl_add(struct apl_sums *to, const struct apl_sums *s);

/**
 * apl_total() - how many blocks miss the tolerance
 * @a: model after its jobs
 * @misses: where to put how many blocks, embedding and output among them
 *
 * Return: sums over all weights.
 */
struct apl_sums apl_total(const struct apl *a, size_t *misses);

/**
 * apl_accuracy() - errors of blocks and of the model
 * @a: model after its jobs
 *
 * Return: an object for the manifest and for the report; NULL without memory.
 */
json_t *apl_accuracy(const struct apl *a);

/**
 * apl_manifest() - the manifest
 * @arg: struct apl
 * @data: where to put the file
 * @size: where to put its size
 * @err: error text
 *
 * Return: 0 or -ENOMEM.
 */
int apl_manifest(void *arg, uint8_t **data, size_t *size, struct ak_err *err);

#endif /* AK_OUT_APL_H */
