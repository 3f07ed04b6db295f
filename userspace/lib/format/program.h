/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The container of a compiled program: a size-prefixed FlatBuffer ProgramInfo
 * (what a host must know) followed by a size-prefixed FlatBuffer Program (what
 * a board must be given). Slots are those of BrainChip's engine 2.5.0,
 * measured on public programs; names are official. Where the meaning of a
 * slot is inferred, the field says so.
 *
 * Which values a program has is not this file's matter: program/ makes them.
 */
#ifndef AK_PROGRAM_FORMAT_H
#define AK_PROGRAM_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Version string of programs that this project builds for virtual boards */
#define AK_PROGRAM_VERSION "akida-1"

/* Sizes above which a file is refused */
#define AK_PROGRAM_MAX_FILE (256u << 20)
#define AK_PROGRAM_MAX_PASSES 254u
#define AK_PROGRAM_MAX_RECORDS 256u
#define AK_PROGRAM_MAX_TRACKS 128u
#define AK_PROGRAM_MAX_EPG 64u
#define AK_PROGRAM_MAX_DIMS 4u
#define AK_PROGRAM_MAX_OUTPUTS (1u << 20)

/**
 * struct ak_program_chip - device version of a program
 * @vendor: 0xBC of BrainChip's chips, AK_CHIP_VENDOR_VIRTUAL of ours
 * @product: of the chip
 * @major: of its design
 * @minor: of its design
 */
struct ak_program_chip {
	uint8_t vendor, product, major, minor;
};

/* Virtual boards: product 0x10 is a virtual AKD1000, 0x15 an AKD1500. */
#define AK_CHIP_VENDOR_VIRTUAL 0xAF
#define AK_CHIP_VENDOR_BRAINCHIP 0xBC
#define AK_CHIP_PRODUCT_AKD1000 0x10
#define AK_CHIP_PRODUCT_AKD1500 0x15

/**
 * struct ak_track - the packets for one NP, or for the HRC
 * @offset: bytes from the start of the data part, its size prefix included
 * @words: 32-bit words
 */
struct ak_track {
	uint32_t offset, words;
};

/**
 * struct ak_record - what a layer is in the mesh
 * @track: one for each NP
 * @num_tracks: how many
 * @has_fnp2: weights stay in external memory, which an FNP2 reads
 * @fnp2: where these are (inferred: the same struct as a track)
 */
struct ak_record {
	struct ak_track *track;
	uint32_t num_tracks;
	bool has_fnp2;
	struct ak_track fnp2;
};

/**
 * struct ak_pass - layers that are in the mesh at one time
 * @record: in layer order
 * @num_records: how many
 */
struct ak_pass {
	struct ak_record *record;
	uint32_t num_records;
};

/**
 * struct ak_epg - a register to be written before a program runs
 * @offset: from 0x40000 of the core's registers
 * @value: what to write
 */
struct ak_epg {
	uint32_t offset, value;
};

/**
 * struct ak_program_file - a program
 * @version: of the engine that it was compiled with, or AK_PROGRAM_VERSION
 * @chip: device version
 * @in_dims: width, height, channels of an input
 * @num_in_dims: how many
 * @out_dims: width, height, neurons of an output
 * @num_out_dims: how many
 * @input_type: 0 dense, else sparse
 * @output_type: 0 dense; 2 FNP sparse (inferred)
 * @activation: outputs are activations, not potentials
 * @window_w: dense window (official name; 0 in the known files)
 * @window_h: the same
 * @shift: one for each output neuron
 * @num_shifts: how many
 * @scale: one for each output neuron; value = (potential - shift) / scale
 * @num_scales: how many
 * @max_desc: descriptors that the program needs: records + 1 in the known
 *	files
 * @epg: registers to write
 * @num_epg: how many
 * @pass: passes, in order
 * @num_passes: how many
 * @has_learning: there is a learning layer (slot number inferred)
 * @learning: its span
 * @data: the data part, its size prefix included
 * @data_size: its bytes
 * @info_size: bytes of the info part, its size prefix included
 * @known: version and chip are a pair that this reader knows in full
 * @damage: for a version that is not known: why not all of it could be read,
 *	"" otherwise
 */
struct ak_program_file {
	char version[32];
	struct ak_program_chip chip;
	uint32_t in_dims[AK_PROGRAM_MAX_DIMS], num_in_dims;
	uint32_t out_dims[AK_PROGRAM_MAX_DIMS], num_out_dims;
	uint8_t input_type, output_type;
	bool activation;
	uint32_t window_w, window_h;
	int32_t *shift;
	uint32_t num_shifts;
	float *scale;
	uint32_t num_scales;
	uint8_t max_desc;
	struct ak_epg *epg;
	uint32_t num_epg;
	struct ak_pass *pass;
	uint32_t num_passes;
	bool has_learning;
	struct ak_track learning;
	uint8_t *data;
	size_t data_size, info_size;
	bool known;
	struct ak_err damage;
};

/**
 * ak_program_file_is() - does a file begin like a program
 * @data: the file
 * @size: its bytes
 *
 * Two size prefixes that add up to the file's size; a .fbz never has that by
 * more than chance.
 *
 * Return: true if so.
 */
bool ak_program_file_is(const uint8_t *data, size_t size);

/**
 * ak_program_file_parse() - read a program
 * @p: where to put it; ak_program_file_clear() gives it back
 * @data: the file
 * @size: its bytes
 * @err: error text
 *
 * All spans lie within the data part and are aligned to words. A version that
 * is not known is read as far as it verifies (@p->known false, @p->damage).
 *
 * Return: 0, -EINVAL for a damaged file, -EFBIG above the limits, -ENOMEM.
 */
int ak_program_file_parse(struct ak_program_file *p, const uint8_t *data,
			  size_t size, struct ak_err *err);

/**
 * ak_program_file_parse_info() - read the info part alone
 * @p: where to put it; its data part is empty
 * @info: the info part, size prefix included
 * @size: its bytes
 * @data_size: bytes of the data part, which is somewhere else
 * @err: error text
 *
 * For programs whose data are already where the board can read them.
 *
 * Return: as ak_program_file_parse().
 */
int ak_program_file_parse_info(struct ak_program_file *p, const uint8_t *info,
			       size_t size, size_t data_size,
			       struct ak_err *err);

/**
 * ak_program_file_clear() - give a program back
 * @p: parsed or zeroed; zeroed afterwards
 */
void ak_program_file_clear(struct ak_program_file *p);

/**
 * struct ak_program_words - the packets of one track while a program is built
 * @word: host byte order
 * @count: how many
 */
struct ak_program_words {
	uint32_t *word;
	size_t count;
};

/**
 * ak_program_file_build() - write a program
 * @p: the program; offsets and words of tracks are set here, @data is not
 *	looked at
 * @tracks: packets of every track: of pass 0, record 0, all its tracks, then
 *	its FNP2 weights if it has them, then record 1, and so on
 * @num_tracks: how many
 * @out: where to put the malloc()ed file
 * @size: where to put its size
 * @err: error text
 *
 * The same program gives the same bytes. As in the known files the last
 * layer's track lies first.
 *
 * Return: 0, -EINVAL if the number of tracks is wrong, -EFBIG, -ENOMEM.
 */
int ak_program_file_build(struct ak_program_file *p,
			  const struct ak_program_words *tracks,
			  size_t num_tracks, uint8_t **out, size_t *size,
			  struct ak_err *err);

/* --------------------------------------------------------------- packets */

/* Units of an NP that a packet can write (official names) */
enum ak_uid {
	AK_UID_FILTER = 0, /* CNP filter SRAM, or the HRC's SRAM */
	AK_UID_COMPACT = 1, /* CNP filter compact (v2) */
	AK_UID_LEARN = 2, /* CNP learning thresholds */
	AK_UID_IB = 3, /* IB packet */
	AK_UID_FIRE = 4, /* CNP fire thresholds and steps */
	AK_UID_LUT = 5, /* LUT */
	AK_UID_FNP = 6, /* FNP weights */
	AK_UID_REGS = 8, /* NP registers, or the HRC's */
};

/* Words from which on a packet's length is in units of 16 (XL) */
#define AK_PACKET_XL_WORDS 0x3fffu

/**
 * struct ak_packet - one packet of a track
 * @col: column of the node, from 1
 * @row: row of the node, from 1
 * @np: number of the NP in the node; -1 if none is named or several are
 * @np_mask: one bit for each NP
 * @hrc: it is for the HRC
 * @uid: &enum ak_uid
 * @addr: start address in the unit
 * @words: words of the payload
 * @payload: the payload, little endian
 */
struct ak_packet {
	uint8_t col, row;
	int np;
	uint8_t np_mask;
	bool hrc;
	uint8_t uid;
	uint16_t addr;
	uint32_t words;
	const uint8_t *payload;
};

/**
 * ak_packet_next() - walk the packets of a track
 * @data: little-endian words of the track
 * @words: how many
 * @pos: word to begin with; moved to the next packet
 * @p: where to put the packet
 *
 * Return: 1 for a packet, 0 at the end, -EINVAL for a packet that is longer
 * than the track.
 */
int ak_packet_next(const uint8_t *data, uint32_t words, uint32_t *pos,
		   struct ak_packet *p);

/**
 * ak_packet_header() - make the two words before a payload
 * @p: the packet; @payload is not looked at
 * @header: where to put them
 *
 * Return: words of the payload that must follow, which is more than @p->words
 * where XL rounds up to 16; the rest is to be zero.
 */
uint32_t ak_packet_header(const struct ak_packet *p, uint32_t header[2]);

#endif /* AK_PROGRAM_FORMAT_H */
