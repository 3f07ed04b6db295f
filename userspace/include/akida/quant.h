/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libakida: how fast this machine turns float weights into other formats.
 */
#ifndef AKIDA_QUANT_H
#define AKIDA_QUANT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_quant_meter - a matrix of weights and room for results
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_quant_meter;

/**
 * struct akida_quant_options - what to measure with
 * @cpu_flags: instruction sets that may be used, a mask of AKIDA_CPU_*;
 *	0 for all that the machine has
 * @rows: rows of the matrix, 0 for 4096
 * @cols: its columns, a multiple of 256; 0 for 8192. Together they should be
 *	well beyond the last cache
 * @seconds: time for each figure; 0 for 0.3
 */
struct akida_quant_options {
	uint32_t cpu_flags;
	uint32_t rows, cols;
	double seconds;
};

/**
 * struct akida_quant_rate - speed of one format on one core
 * @name: of the format
 * @isa: instruction set that was used
 * @weights: weights per second
 * @reference: the same in plain C
 * @copy: weights per second that moving the same bytes by memcpy() takes:
 *	what is read, as often as it is read, and what is written
 * @bytes_in: bytes read per weight
 * @bytes_out: bytes written per weight
 */
struct akida_quant_rate {
	char name[32], isa[16];
	double weights, reference, copy;
	double bytes_in, bytes_out;
};

/**
 * akida_quant_meter_new() - make a matrix of weights
 * @o: options, or NULL
 * @size: sizeof(*@o)
 *
 * Return: a handle, NULL without memory or for columns that are no multiple of
 * 256.
 */
struct akida_quant_meter *
akida_quant_meter_new(const struct akida_quant_options *o, size_t size);

/**
 * akida_quant_meter_formats() - how many formats there are
 * @m: a handle
 *
 * Return: their number.
 */
unsigned int akida_quant_meter_formats(const struct akida_quant_meter *m);

/**
 * akida_quant_meter_run() - measure one format
 * @m: a handle
 * @index: number of the format, from 0
 * @r: where to put its speed
 * @size: sizeof(*@r)
 *
 * Each figure is the best of several runs over the matrix, taken in turns, so
 * that they are of the same minute, in processor time of the calling thread.
 *
 * Return: 0, -ENOENT past the last format.
 */
int akida_quant_meter_run(struct akida_quant_meter *m, unsigned int index,
			  struct akida_quant_rate *r, size_t size);

/**
 * akida_quant_meter_free() - give it back
 * @m: a handle or NULL
 */
void akida_quant_meter_free(struct akida_quant_meter *m);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_QUANT_H */
