/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A prepared model from the inside.
 */
#ifndef AK_NPU_INTERNAL_H
#define AK_NPU_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "npu/kernels.h"
#include "npu/npu.h"
#include "npu/threads.h"

/* Kernels read, but do not use, up to a vector past the end of a map. */
#define NPU_SLACK 128

/**
 * struct npu_map - how a feature map lies in its buffer
 * @shape: without border
 * @left: border columns before the first
 * @top: border rows above the first
 * @border: value of the border
 * @pitch: bytes from row to row
 * @origin: bytes from the buffer's start to the first element
 * @rows: rows including borders
 * @buffer: which of the two buffers; a layer reads one and writes the other
 *
 * Borders of the layer that reads the map are part of it, so that no kernel
 * has to treat an edge.
 */
struct npu_map {
	struct akida_shape shape;
	uint32_t left, top;
	uint8_t border;
	size_t pitch, origin, rows;
	unsigned int buffer;
};

/**
 * enum npu_kind - how a layer is run
 * @NPU_INPUT: its input is its output
 * @NPU_REFERENCE: scalar reference
 * @NPU_DIRECT: dot products over the bytes of each window
 * @NPU_SEPARABLE: depthwise into bytes, then dot products
 * @NPU_PLAIN: plain 32-bit arithmetic for what no kernel can hold
 * @NPU_WINOGRAD: 3x3, stride 1, by tiles of 2x2 outputs
 */
enum npu_kind {
	NPU_INPUT,
	NPU_REFERENCE,
	NPU_DIRECT,
	NPU_SEPARABLE,
	NPU_PLAIN,
	NPU_WINOGRAD,
};

/**
 * enum npu_sink - what becomes of potentials
 * @NPU_ACTIVATE: activations, pooled afterwards if at all (max and activation
 *	can change places because the activation never falls)
 * @NPU_POTENTIALS: they are the result
 * @NPU_SUM: added up per filter
 * @NPU_LARGEST: the largest of each pooling window is the result
 */
enum npu_sink {
	NPU_ACTIVATE,
	NPU_POTENTIALS,
	NPU_SUM,
	NPU_LARGEST,
};

/**
 * struct npu_layer - a prepared layer
 * @l: what it computes
 * @kind: how
 * @sink: what becomes of its potentials
 * @name: of the implementation
 * @src: map that it reads
 * @mid: activations before max pooling; the result where there is none
 * @dst: map that it writes
 * @thresholds: [filter][threshold]; NULL where @fast says that none is needed
 * @panel: filters that are computed together
 * @panels: how many times that is done
 * @rows: contiguous runs of bytes of a window
 * @quads: groups of four bytes of each run
 * @w: packed weights, [panel][run][quad][filter][4]
 * @panel_size: bytes of one panel's weights
 * @start: start value of each filter's accumulator
 * @act: activation in floating point
 * @fast: per panel: @act is proved; otherwise compare with @thresholds
 * @room: so many sums of two products each can be added in 16 bits
 * @wide: these are for kernels that take any bytes
 * @dw: depthwise part of a separable layer
 * @chunks_x: parts into which the pixels are split
 * @chunks_n: parts into which the panels are split
 * @block: pixels that are computed before the next panel is
 * @ns: time so far
 */
struct npu_layer {
	const struct ak_layer *l;
	enum npu_kind kind;
	enum npu_sink sink;
	const char *name;
	struct npu_map src, mid, dst;
	int32_t *thresholds;
	uint32_t panel, panels;
	uint32_t rows, quads;
	int8_t *w;
	size_t panel_size;
	int32_t *start;
	struct npu_activation_table act;
	bool *fast;
	uint32_t room;
	bool wide;
	struct {
		npu_depthwise_fn run;
		uint32_t width, channels, pairs;
		int8_t *w;
		int16_t *offset;
		int32_t *taps;
	} dw;
	uint32_t chunks_x, chunks_n, block;
	uint64_t ns;
};

/**
 * struct npu_scratch - what a thread needs for itself
 * @px: windows of a block of pixels
 * @out: where their activations go
 * @start: start values of their accumulators
 * @bytes: low bytes of depthwise results; transformed tiles of Winograd
 * @high: their high bytes, where not zero
 * @corrected: start values with high bytes' products
 * @pot: potentials of one tile, or of one pixel in plain arithmetic
 */
struct npu_scratch {
	const uint8_t **px;
	uint8_t **out;
	const int32_t **start;
	uint8_t *bytes;
	struct npu_high high;
	int32_t *corrected;
	int32_t *pot;
};

/**
 * struct npu_block - allocated memory
 * @p: where
 * @size: bytes
 */
struct npu_block {
	void *p;
	size_t size;
};

/**
 * struct npu - a prepared model
 * @layers: its layers
 * @num_layers: how many
 * @target: whose steps
 * @reference: run the scalar reference
 * @kernels: functions for this machine
 * @pool: threads
 * @scratch: one per thread
 * @buffer: feature maps
 * @maps: bytes of the largest map in each
 * @reference_scratch: potentials of the scalar reference
 * @sums: sums of a global average
 * @blocks: everything that was allocated
 * @num_blocks: how many
 * @memory: bytes of it
 * @profiling: measure layers
 * @runs: since profiling was turned on
 */
struct npu {
	struct npu_layer *layers;
	uint32_t num_layers;
	enum akida_target target;
	bool reference;
	struct npu_kernels kernels;
	struct npu_threads *pool;
	struct npu_scratch *scratch;
	uint8_t *buffer[2];
	size_t maps[2];
	int32_t *reference_scratch, *sums;
	struct npu_block *blocks;
	size_t num_blocks, memory;
	bool profiling;
	uint64_t runs;
};

/**
 * npu_alloc() - memory that lives as long as the prepared model
 * @n: the model
 * @size: bytes; 0 is taken as 1
 *
 * Return: zeroed memory aligned to 64 bytes, counted in npu_memory(), or NULL.
 */
void *npu_alloc(struct npu *n, size_t size);

/**
 * npu_release() - give memory back early
 * @n: the model
 * @p: from npu_alloc()
 */
void npu_release(struct npu *n, void *p);

/**
 * npu_prepare_layer() - choose an implementation and pack what it needs
 * @n: the model
 * @y: the layer; @l is set
 * @err: error text
 *
 * Return: 0, -ERANGE, -ENOMEM.
 */
int npu_prepare_layer(struct npu *n, struct npu_layer *y, struct ak_err *err);

/**
 * npu_prepare_scratch() - allocate what the threads need for themselves
 * @n: the model; its layers and maps are prepared
 *
 * Return: 0, -ENOMEM.
 */
int npu_prepare_scratch(struct npu *n);

/**
 * npu_map_padding() - border that a layer wants around its input
 * @y: the layer
 * @left: columns before
 * @right: columns after
 * @top: rows before
 * @bottom: rows after
 */
void npu_map_padding(const struct npu_layer *y, uint32_t *left, uint32_t *right,
		     uint32_t *top, uint32_t *bottom);

/**
 * npu_run_layer() - run a prepared layer
 * @n: the model
 * @y: the layer
 * @src: buffer of its source map
 * @mid: buffer of the map before pooling
 * @dst: buffer of its destination map
 */
void npu_run_layer(struct npu *n, struct npu_layer *y, const uint8_t *src,
		   uint8_t *mid, void *dst);

#endif /* AK_NPU_INTERNAL_H */
