/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of kernels: filled with portable C first, then overwritten by what the
 * machine has. tools/testing/checkasm compares every table with the C one.
 */
#ifndef AK_NPU_KERNELS_H
#define AK_NPU_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Filters are packed in groups of this many. */
#define NPU_LANES 16u
/* Most filters of a panel. */
#define NPU_MAX_PANEL 64u
/* Most pixels of a tile. */
#define NPU_MAX_TILE 12u

/**
 * struct npu_activation_table - activation of a layer in floating point
 * @mul: per filter
 * @add: per filter
 * @max: largest activation
 *
 * y = clamp(round_to_even(fma((float)accumulator, mul, add)), 0, max), where
 * load time has proved this equal to the definition and that no intermediate
 * leaves int32.
 */
struct npu_activation_table {
	float *mul, *add;
	uint32_t max;
};

/**
 * struct npu_tile - dot products of some pixels' windows with a panel's filters
 * @px: per pixel: first byte of its window
 * @start: per pixel: start values of the accumulators
 * @w: weights, [rows][quads][filter][4], filters rounded up to NPU_LANES,
 *	aligned to 64 bytes
 * @pitch: bytes between the runs of a window
 * @rows: runs of a window
 * @quads: groups of four bytes in a run; up to three bytes of the last one may
 *	lie beyond the window and meet weights of zero
 * @filters: filters of the panel that exist
 * @room: so many sums of two products each can be added in 16 bits; 0 only
 *	where the functions for any bytes are used
 * @mul: activation, @tile_activate only
 * @add: activation, @tile_activate only
 * @max: largest activation, @tile_activate only
 * @out: per pixel: where activations of its filters go, @tile_activate only
 * @out_offset: added to each @out
 * @pot: where potentials go, [pixel][NPU_MAX_PANEL], @tile only; all filters
 *	of a group are written
 */
struct npu_tile {
	const uint8_t *const *px;
	const int32_t *const *start;
	const int8_t *w;
	size_t pitch;
	uint32_t rows, quads, filters, room;
	const float *mul, *add;
	uint32_t max;
	uint8_t *const *out;
	size_t out_offset;
	int32_t *pot;
};

/**
 * npu_tile_fn - compute a tile
 * @t: operands
 * @pixels: 1 to &struct npu_kernels.tile_pixels
 *
 * Accumulators wrap around; the caller sees to it that results fit.
 */
typedef void (*npu_tile_fn)(const struct npu_tile *t, unsigned int pixels);

/**
 * struct npu_high - high bytes of depthwise results that are not zero
 * @count: per pixel: groups of four channels that have one
 * @index: per pixel: numbers of these groups
 * @value: per pixel: their four signed bytes, as they lie in memory
 * @stride: elements of @index and @value per pixel; NPU_LANES more than can
 *	be used, because kernels write whole vectors
 */
struct npu_high {
	uint32_t *count, *index, *value;
	size_t stride;
};

/**
 * struct npu_depthwise - depthwise results of some windows of a row
 * @in: first byte of the first window
 * @step: bytes from window to window
 * @taps: per tap: bytes from a window's first byte; 2 * @pairs of them
 * @pairs: pairs of taps
 * @w: weights, [block][pair][half][channel][2]: a block of channels has two
 *	halves, of which the first has the first 8 of each 16 channels
 * @offset: added to each result, [block][half][channel]
 * @channels: rounded up to the kernel's block
 * @windows: how many windows
 * @small: inputs are at most 127
 * @low: low byte of result + offset, [window][@low_pitch]
 * @low_pitch: bytes from window to window
 * @high: high byte of result + offset, where not zero; counts start at 0
 *
 * Two products never leave 16 bits when added, nor does a result + offset.
 */
struct npu_depthwise {
	const uint8_t *in;
	size_t step;
	const int32_t *taps;
	uint32_t pairs;
	const int8_t *w;
	const int16_t *offset;
	uint32_t channels, windows;
	bool small;
	uint8_t *low;
	size_t low_pitch;
	struct npu_high high;
};

typedef void (*npu_depthwise_fn)(const struct npu_depthwise *d);

/* Outputs of a Winograd tile and transformed values that make them. */
#define NPU_WINO_OUT 4u
#define NPU_WINO_TAPS 6u
/* Its accumulators are this many times the potential. */
#define NPU_WINO_SCALE 24
/* Most tiles that are computed together. */
#define NPU_WINO_TILES 4u

/**
 * struct npu_winograd - activations of some tiles of a row
 * @rows: per kernel row: transformed input, [tile][tap][@quads * 4]
 * @kernel_rows: how many
 * @quads: groups of four channels
 * @w: transformed weights, [row][quad][tap][filter][4], NPU_LANES filters
 * @start: start values of the accumulators, [tap][filter]
 * @mul: activation, applied to NPU_WINO_SCALE times the potential
 * @add: likewise
 * @max: largest activation
 * @filters: how many exist
 * @out: where the activations of the first output go
 * @step: bytes from output to output
 * @width: outputs that exist, at most NPU_WINO_OUT per tile
 *
 * With the sums M0..M5 of the six taps, outputs are (times NPU_WINO_SCALE)
 *	y0 = M0 + (M1 + M2) + (M3 + M4)
 *	y1 = (M1 - M2) + 2 (M3 - M4)
 *	y2 = (M1 + M2) + 4 (M3 + M4)
 *	y3 = (M1 - M2) + 8 (M3 - M4) + 4 M5
 */
struct npu_winograd {
	const uint8_t *const *rows;
	uint32_t kernel_rows, quads;
	const int8_t *w;
	const int32_t *start;
	const float *mul, *add;
	uint32_t max, filters;
	uint8_t *out;
	size_t step;
	uint32_t width;
};

/**
 * struct npu_winograd_row - a row to be transformed
 * @in: first byte of the first tile's first pixel
 * @channels: of a pixel; values are at most 15
 * @tiles: how many; tile i begins at pixel NPU_WINO_OUT * i
 * @out: [tile][tap][channels rounded up to 4]
 *
 * From the pixels d0..d5 of a tile, with offsets that keep them positive:
 *	t0 = 4 d0 - 5 d2 + d4 + 75
 *	t1 = d3 + d4 - 4 d1 - 4 d2 + 120
 *	t2 = 4 d1 - 4 d2 - d3 + d4 + 75
 *	t3 = 2 d3 - 2 d1 - d2 + d4 + 45
 *	t4 = 2 d1 - 2 d3 - d2 + d4 + 45
 *	t5 = 4 d1 - 5 d3 + d5 + 75
 */
struct npu_winograd_row {
	const uint8_t *in;
	uint32_t channels, tiles;
	uint8_t *out;
};

/**
 * struct npu_kernels - functions for a machine
 * @name: of the instruction set
 * @panel: filters of a panel
 * @tile_pixels: most pixels of a tile of a panel of 16, 32, 48, 64 filters
 * @fused: @tile_activate exists: one rounding in multiply-add, round to even
 * @tile: potentials of a tile of a panel of 16, 32, 48, 64 filters
 * @tile_activate: activations of such a tile
 * @tile_wide: as @tile, for weights and inputs whose products may leave 16
 *	bits when added in pairs
 * @tile_activate_wide: likewise
 * @signed_inputs: inputs count as signed bytes: @tile and @tile_activate are
 *	for those up to 127; @tile_wide and @tile_activate_wide take 128 off
 *	each, for which start values must make up
 * @high: out[f] = start[f] + 256 * sum of the products of @count groups of
 *	four signed bytes with the weights that @index points to
 * @depthwise: depthwise results
 * @depthwise_block: its block of channels
 * @depthwise_small: for a rest of at most half a block
 * @depthwise_small_block: its block
 * @winograd: activations of 1 to NPU_WINO_TILES tiles
 * @winograd_row: transform a row
 * @winograd_name: of their instruction set
 * @winograd_wins: they are faster than @tile_activate
 * @winograd_signed: they add no offsets: transformed inputs are signed
 * @max_bytes: dst[i] = max(dst[i], src[i])
 */
struct npu_kernels {
	const char *name;
	uint32_t panel, tile_pixels[NPU_MAX_PANEL / NPU_LANES];
	bool fused;
	npu_tile_fn tile[NPU_MAX_PANEL / NPU_LANES];
	npu_tile_fn tile_activate[NPU_MAX_PANEL / NPU_LANES];
	npu_tile_fn tile_wide[NPU_MAX_PANEL / NPU_LANES];
	npu_tile_fn tile_activate_wide[NPU_MAX_PANEL / NPU_LANES];
	bool signed_inputs;
	void (*high)(const int8_t *w, uint32_t groups, const uint32_t *index,
		     const uint32_t *value, uint32_t count,
		     const int32_t *start, int32_t *out);
	npu_depthwise_fn depthwise, depthwise_small;
	uint32_t depthwise_block, depthwise_small_block;
	void (*winograd)(const struct npu_winograd *w, unsigned int tiles);
	void (*winograd_row)(const struct npu_winograd_row *r);
	const char *winograd_name;
	bool winograd_wins, winograd_signed;
	void (*max_bytes)(uint8_t *dst, const uint8_t *src, size_t n);
};

/**
 * npu_kernels_init() - choose functions
 * @k: table to be filled
 * @flags: instruction sets that may be used, AKIDA_CPU_*; those that the
 *	machine lacks must not be among them
 */
void npu_kernels_init(struct npu_kernels *k, uint32_t flags);

/**
 * npu_kernels_init_c() - plain C; fills all of it
 * @k: table
 */
void npu_kernels_init_c(struct npu_kernels *k);

/**
 * npu_kernels_init_avx2() - AVX2, FMA and F16C; overwrites what it does better
 * @k: table
 */
void npu_kernels_init_avx2(struct npu_kernels *k);

/**
 * npu_kernels_init_avxvnni() - 256-bit VNNI; overwrites what it does better
 * @k: table
 */
void npu_kernels_init_avxvnni(struct npu_kernels *k);

/**
 * npu_kernels_init_avx512vnni() - AVX-512 and VNNI; overwrites what it does better
 * @k: table
 */
void npu_kernels_init_avx512vnni(struct npu_kernels *k);

/**
 * npu_kernels_init_neon() - Advanced SIMD; overwrites what it does better
 * @k: table
 */
void npu_kernels_init_neon(struct npu_kernels *k);

/**
 * npu_kernels_init_dotprod() - dot products of ARMv8.2; overwrites what it does better
 * @k: table
 */
void npu_kernels_init_dotprod(struct npu_kernels *k);

#endif /* AK_NPU_KERNELS_H */
