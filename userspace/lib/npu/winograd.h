/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers whose kernels have three columns and step 1, by Winograd's F(4,3)
 * along rows, in integers: factors are chosen so that everything is whole, and
 * the factor of 24 that outputs have goes into the activation.
 */
#ifndef AK_NPU_WINOGRAD_H
#define AK_NPU_WINOGRAD_H

#include <stdbool.h>

#include "npu/internal.h"

/**
 * npu_winograd_possible() - can a layer be run so?
 * @l: a resolved layer
 *
 * Return: true if transformed inputs and weights fit a byte.
 */
bool npu_winograd_possible(const struct ak_layer *l);

/**
 * npu_winograd_pack() - transform weights
 * @n: the model
 * @y: the layer; gets @w and @start without thresholds
 *
 * Return: 0, -ENOMEM.
 */
int npu_winograd_pack(struct npu *n, struct npu_layer *y);

/**
 * npu_winograd_tiles() - tiles of a row
 * @l: a resolved layer
 *
 * Return: their number.
 */
uint32_t npu_winograd_tiles(const struct ak_layer *l);

/**
 * npu_winograd_row_size() - bytes of a transformed row
 * @l: a resolved layer
 *
 * Return: their number.
 */
size_t npu_winograd_row_size(const struct ak_layer *l);

/**
 * npu_winograd_run() - run some rows
 * @n: the model
 * @y: the layer
 * @src: buffer of its source map
 * @mid: buffer of its result
 * @s: scratch of the thread
 * @row: first row of the result
 * @end: after the last row
 */
void npu_winograd_run(struct npu *n, const struct npu_layer *y,
		      const uint8_t *src, uint8_t *mid, struct npu_scratch *s,
		      uint32_t row, uint32_t end);

/**
 * npu_winograd_init_avxvnni() - its functions for avxvnni
 * @k: table
 */
void npu_winograd_init_avxvnni(struct npu_kernels *k);

/**
 * npu_winograd_init_avx512vnni() - its functions for avx512vnni
 * @k: table
 */
void npu_winograd_init_avx512vnni(struct npu_kernels *k);

/**
 * npu_winograd_init_dotprod() - its functions for dotprod
 * @k: table
 */
void npu_winograd_init_dotprod(struct npu_kernels *k);

#endif /* AK_NPU_WINOGRAD_H */
