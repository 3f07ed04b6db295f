/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a neural processor (NP) of a virtual board is told: its registers and
 * the layout of its memories. The builder writes this, the virtual board's
 * core reads it; neither knows anything else of the other.
 *
 * Standing. Packets, units (UID) and the units' names are official and
 * measured (format/program.h). What silicon's NP registers mean is not public:
 * everything below is this project's own, for virtual boards only, and a
 * program says so by its device version (AK_CHIP_VENDOR_VIRTUAL), which
 * silicon's software refuses. That a fire table has two words for a neuron,
 * threshold and step, and that the step has 4 fractional bits, is measured and
 * inferred of silicon.
 *
 * The chain. A pass puts layers into the mesh, in order: stages 0, 1, ... Each
 * stage is done by one or more NPs, which divide its filters among themselves.
 * Stage 0 of pass 0 reads the input of a job; stage 0 of a later pass reads
 * the result of the pass before; the last stage of the last pass makes the
 * output. An NP that no packet has configured since the last mesh reset takes
 * no part.
 */
#ifndef AK_NP_H
#define AK_NP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "format/program.h"
#include "model/model.h"

/* ----------------------------------------------------------------- the mesh */

/* What an NP can do (official names; what each runs is ours) */
#define AK_NP_CNP1 0x1u /* Convolutional */
#define AK_NP_CNP2 0x2u /* SeparableConvolutional */
#define AK_NP_FNP2 0x4u /* FullyConnected, weights in external memory */
#define AK_NP_FNP3 0x8u /* FullyConnected, weights in the NP */

#define AK_MESH_MAX_NPS 128

/**
 * struct ak_np_place - one NP of a mesh
 * @col: column of its node, from 1
 * @row: row of its node, from 1
 * @id: number in the node, 0 to 3
 * @kinds: mask of AK_NP_*
 * @fnp2: which FNP2 address register it has (0 to 3); -1 for none
 */
struct ak_np_place {
	uint8_t col, row, id;
	uint8_t kinds;
	int8_t fnp2;
};

/**
 * struct ak_mesh - the NPs of a chip
 * @name: "akd1000" or "akd1500"
 * @target: the chip
 * @chip: device version of programs for its virtual board
 * @np: NPs, column by column, row by row
 * @num_nps: how many: 78 on AKD1000, 32 on AKD1500 (official virtual devices)
 *
 * Numbers of each kind are official; which NPs have which kind is inferred
 * where the official list names no node.
 */
struct ak_mesh {
	const char *name;
	enum akida_target target;
	struct ak_program_chip chip;
	struct ak_np_place np[AK_MESH_MAX_NPS];
	unsigned int num_nps;
};

/**
 * ak_mesh_of() - the mesh of a chip
 * @target: AKIDA_TARGET_AKD1000 or AKIDA_TARGET_AKD1500
 *
 * Return: the mesh, NULL for another target.
 */
const struct ak_mesh *ak_mesh_of(enum akida_target target);

/* --------------------------------------------------------------- memories */

/* Bytes of an NP's memories; silicon's are not public, these are ours. */
#define AK_NP_FILTER_BYTES (64u << 10) /* UID 0 of a CNP, UID 6 of an FNP3 */
#define AK_NP_FIRE_BYTES (8u << 10) /* UID 4 */
#define AK_HRC_FILTER_BYTES (96u << 10) /* UID 0 of the HRC */
#define AK_HRC_FIRE_BYTES (8u << 10) /* UID 4 of the HRC */

/* START_ADDR counts in these (inferred from a measured program). */
#define AK_NP_ADDR_BYTES 64u

/* A neuron's entry of the fire table: two words. The threshold is signed, 20
 * bits in an NP and 24 in the HRC, sign-extended to 32; the step is unsigned
 * with 4 fractional bits. Layers without activation have no table.
 */
#define AK_FIRE_WORDS 2u

/*
 * Weights. A filter is a list of numbers of weights_bits bits, in two's
 * complement, lowest bits of a word first, padded to 64 bits.
 *
 * - InputConvolutional and Convolutional: for each filter, [x][y][c] as the
 *   .fbz file stores them (NPs flip Convolutional kernels when they compute).
 * - SeparableConvolutional: at REG_WEIGHTS for each input channel [x][y]; at
 *   REG_POINTWISE for each filter [c].
 * - FullyConnected: for each filter, [input] in the file's (c, y, x) order.
 *   FNP2: the same in external memory, the track being the bare words.
 * - 1 bit: a 1 is +1; a 0 is 0, or -1 with AK_NP_BIPOLAR.
 */

/* -------------------------------------------------------------- registers */

/* Registers of an NP and of the HRC: UID 8, START_ADDR 0, one packet. */
enum ak_np_reg {
	AK_NP_LAYOUT = 0, /* AK_NP_LAYOUT_1 */
	AK_NP_TYPE, /* layer_type of the .fbz format: 2, 3, 4 or 5 */
	AK_NP_STAGE, /* stage 7:0, pass 15:8, NPs of the stage 31:16 */
	AK_NP_IN_SIZE, /* width 15:0, height 31:16 */
	AK_NP_IN_CHANNELS,
	AK_NP_FILTERS, /* of the stage */
	AK_NP_FIRST, /* first filter that is here */
	AK_NP_COUNT, /* filters that are here */
	AK_NP_KERNEL, /* width 7:0, height 15:8, stride x 23:16, stride y 31:24 */
	AK_NP_MODE, /* padding 7:0 and pooling 15:8, as the .fbz format has them */
	AK_NP_POOL, /* width 7:0, height 15:8, step x 23:16, step y 31:24 */
	AK_NP_BITS, /* below */
	AK_NP_PAD_VALUE, /* HRC: value of the border, 0 to 255 */
	AK_NP_WEIGHTS, /* START_ADDR of the weights */
	AK_NP_POINTWISE, /* START_ADDR of pointwise weights */
	AK_NP_OUTPUT, /* last stage: output format, else 0 */
	AK_NP_NUM_REGS,
};

#define AK_NP_LAYOUT_1 0xaf000001u

/* AK_NP_BITS */
#define AK_NP_BITS_WEIGHTS(v) ((v)&0xff)
#define AK_NP_BITS_ACT(v) ((v) >> 8 & 0xff)
#define AK_NP_BITS_IN(v) ((v) >> 16 & 0xff)
#define AK_NP_ACTIVATION (1u << 24)
#define AK_NP_BIPOLAR (1u << 25)
#define AK_NP_EXTERNAL (1u << 26) /* FNP2: weights in external memory */

/*
 * Output formats (official codes): in bits 31:28 of the first header word of an
 * output; words of the payload in 27:0. A header has 32 bytes, the rest zero.
 * Dense payloads are [y][x][c]: bytes for activations (padded to words with
 * zeros), int32 for potentials. Sparse payloads are events of two words
 * (Documentation/formats/program.rst), in [y][x][c] order, of values that are
 * not zero.
 */
#define AK_OUT_SPARSE_FNP_POT 0x1u
#define AK_OUT_SPARSE_CNP_ACT 0x2u
#define AK_OUT_SPARSE_CNP_POT 0x3u
#define AK_OUT_SPARSE_FNP_ACT 0x5u
#define AK_OUT_DENSE_CNP_POT 0x8u
#define AK_OUT_DENSE_FNP_ACT 0xau
#define AK_OUT_DENSE_FNP_POT 0xbu
#define AK_OUT_DENSE_CNP_ACT 0xcu
#define AK_OUT_HEADER_BYTES 32u

/* ---------------------------------------------------- descriptors and jobs */

/*
 * Registers and descriptors of the core's DMA blocks are as the engine has them
 * (facts: official). A virtual board adds, in words that are unused there:
 *
 * Config descriptor, word 5: pass 7:0. Config descriptors are run when the
 * host rings them. With multi-pass on (bit 1 of GENERAL_CONTROL, and layer_pr
 * of the burst register of the input's DMA block, 0x74 bits 31:24, = passes
 * > 1) a job runs, for each pass in turn, after a reset of the mesh all config
 * descriptors of the config DMA's container (max + 1 of them) with that pass
 * number, then the pass. The core keeps what lies between passes. Batches are
 * 1 then.
 *
 * HRC descriptors: NEXT_ROW_OFFSET is the distance of rows, 0 for rows without
 * gaps; window and offsets are 0.
 *
 * Event payloads in: two words an event, word 1 X 11:0 and Y 27:16, word 2
 * F 10:0 and value 23:16. HRC payloads in: bytes [y][x][c], rows as the
 * descriptor's ROW_BYTESZ and NEXT_ROW_OFFSET say.
 */

#define AK_EVENT_BYTES 8u

/**
 * ak_np_events_fit() - can a map be sent as events
 * @s: its shape
 *
 * By the widths of an event's fields; an empty map is sent as an event just
 * outside, so that the last column is not one that a map may have.
 *
 * Return: true if so.
 */
static inline bool ak_np_events_fit(const struct akida_shape *s)
{
	return s->width < 0xfff && s->height < 0xfff && s->channels <= 0x800;
}

/* --------------------------------------------------- cycles (for the timer) */

/* Multiply-adds of an NP in one clock (BrainChip's published figure). */
#define AK_NP_MACS_PER_CLOCK 128u

/**
 * ak_np_cycles() - clocks that a stage takes
 * @macs: multiply-adds of one NP whose input is not zero
 * @outputs: values that this NP puts out
 *
 * An estimate of our own, not silicon's figure: the multiply-adds at
 * AK_NP_MACS_PER_CLOCK, one clock for each value put out, and 16 to begin.
 *
 * Return: clocks.
 */
static inline uint64_t ak_np_cycles(uint64_t macs, uint64_t outputs)
{
	return (macs + AK_NP_MACS_PER_CLOCK - 1) / AK_NP_MACS_PER_CLOCK +
	       outputs + 16;
}

/* ------------------------------------------------------- pack and unpack */

/**
 * ak_np_filter_words() - words that packed weights take
 * @filters: how many filters
 * @per_filter: weights of a filter
 * @bits: 1, 2, 4 or 8
 *
 * Return: words, even; UINT64_MAX if they cannot be counted.
 */
uint64_t ak_np_filter_words(uint64_t filters, uint64_t per_filter,
			    unsigned int bits);

/**
 * ak_np_pack() - pack weights
 * @w: weights; weight k of filter n is @w[n * @filter_step + k * @step]
 * @filter_step: distance of filters
 * @step: distance of a filter's weights
 * @filters: how many filters
 * @per_filter: weights of a filter
 * @bits: 1, 2, 4 or 8
 * @out: ak_np_filter_words() words, host byte order
 */
void ak_np_pack(const int8_t *w, size_t filter_step, size_t step,
		size_t filters, size_t per_filter, unsigned int bits,
		uint32_t *out);

/**
 * ak_np_unpack() - the reverse
 * @in: little-endian words
 * @bipolar: a bit of 0 is -1 (1 bit only)
 * @w: as ak_np_pack() takes them
 * @filter_step: distance of filters
 * @step: distance of a filter's weights
 * @filters: how many filters
 * @per_filter: weights of a filter
 * @bits: 1, 2, 4 or 8
 */
void ak_np_unpack(const uint8_t *in, bool bipolar, int8_t *w,
		  size_t filter_step, size_t step, size_t filters,
		  size_t per_filter, unsigned int bits);

/**
 * ak_np_filter_weights() - weights of one filter
 * @l: a layer with its type, input shape and kernel
 *
 * Return: how many; of a separable layer, depthwise weights of all channels.
 */
uint64_t ak_np_filter_weights(const struct ak_layer *l);

/**
 * ak_np_regs_set() - fill an NP's registers from a layer
 * @l: a resolved layer
 * @first: first filter
 * @count: filters
 * @regs: where to put AK_NP_NUM_REGS registers; STAGE, WEIGHTS, POINTWISE and
 *	OUTPUT are left zero
 */
void ak_np_regs_set(const struct ak_layer *l, uint32_t first, uint32_t count,
		    uint32_t regs[AK_NP_NUM_REGS]);

/**
 * ak_np_regs_layer() - the reverse: a layer from registers
 * @regs: AK_NP_NUM_REGS registers; not to be trusted
 * @l: where to put the layer of the whole stage, its arrays and what
 *	ak_layer_resolve() finds out unset
 * @err: error text; names the register and the value
 *
 * Checks what is needed to find the weights; all else is for
 * ak_layer_resolve() to check.
 *
 * Return: 0, -EINVAL.
 */
int ak_np_regs_layer(const uint32_t regs[AK_NP_NUM_REGS], struct ak_layer *l,
		     struct ak_err *err);

#endif /* AK_NP_H */
