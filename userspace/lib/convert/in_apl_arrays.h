/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays of a weight, unpacked.
 */
#ifndef AK_IN_APL_ARRAYS_H
#define AK_IN_APL_ARRAYS_H

#include "convert/in_apl.h"
#include "format/npy.h"

/**
 * struct ak_apl_array - an array of the archive
 * @npy: its header
 * @map: memory that it was unpacked into; empty if it is stored as it is
 * @data: its elements, little endian, C order
 */
struct ak_apl_array {
	struct ak_npy npy;
	struct ak_map map;
	const uint8_t *data;
};

/**
 * struct ak_apl_arrays - what a weight is made of
 * @q: quantised values, packed signs, or floats
 * @scales: a scale per row or group
 * @zeros: as many zero points
 * @rows: of the stored matrix
 * @cols: of the stored matrix
 * @group: weights of a row that share a scale
 * @groups: scales of a row
 * @binary: @q are packed signs
 * @floats: @q are floats
 * @has_zeros: there are zero points
 * @transposed: rows of the weight are columns of the stored matrix
 */
struct ak_apl_arrays {
	struct ak_apl_array q, scales, zeros;
	uint64_t rows, cols, group, groups;
	bool binary, floats, has_zeros, transposed;
};

/**
 * ak_apl_unpack() - unpack one array
 * @a: open manifest
 * @e: entry of its archive
 * @out: where to put it; ak_map_close() of @out->map gives it back
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_apl_unpack(const struct ak_apl *a, const struct ak_zip_entry *e,
		  struct ak_apl_array *out, struct ak_err *err);

#endif /* AK_IN_APL_ARRAYS_H */
