/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records of bitnet.rs in bincode 2 (config::standard()): integers of variable
 * length, little endian. Layout: Documentation/formats/bitnet.rst.
 */
#ifndef AK_BINCODE_H
#define AK_BINCODE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Bytes of the longest integer. */
#define AK_BINCODE_MAX 9
/* Bytes of the longest 32-bit integer. */
#define AK_BINCODE_MAX_U32 5

/**
 * ak_bincode_put() - write an integer
 * @to: room for AK_BINCODE_MAX bytes (AK_BINCODE_MAX_U32 below 2^32)
 * @v: the integer
 *
 * Return: bytes written.
 */
size_t ak_bincode_put(uint8_t *to, uint64_t v);

/**
 * ak_bincode_put_words() - write many integers
 * @to: room for AK_BINCODE_MAX_U32 bytes each
 * @words: they
 * @n: how many
 *
 * Return: bytes written.
 */
size_t ak_bincode_put_words(uint8_t *to, const uint32_t *words, size_t n);

/**
 * ak_bincode_get() - read an integer
 * @p: where
 * @left: bytes there
 * @v: where to put it
 *
 * Return: bytes read; 0 if they are too few or no integer.
 */
size_t ak_bincode_get(const uint8_t *p, size_t left, uint64_t *v);

/**
 * enum ak_record - what a file holds
 * @AK_RECORD_LINEAR: BitLinearRecord: packed words, scales, in, out
 * @AK_RECORD_FLOATS: RmsNormRecord or EmbeddingRecord: floats, shape
 * @AK_RECORD_BLOCK: TransformerBlockRecord
 * @AK_RECORD_METADATA: ModelMetadata
 */
enum ak_record {
	AK_RECORD_LINEAR,
	AK_RECORD_FLOATS,
	AK_RECORD_BLOCK,
	AK_RECORD_METADATA,
};

/**
 * struct ak_record_linear - a BitLinearRecord
 * @words: its packed words, as integers of variable length
 * @num_words: how many
 * @words_size: bytes of them
 * @scales: floats, little endian, not aligned
 * @num_scales: how many
 * @in: columns
 * @out: rows
 */
struct ak_record_linear {
	const uint8_t *words;
	uint64_t num_words;
	size_t words_size;
	const uint8_t *scales;
	uint64_t num_scales;
	uint64_t in, out;
};

/**
 * struct ak_record_floats - an RmsNormRecord or EmbeddingRecord
 * @floats: little endian, not aligned
 * @count: how many
 * @ndim: number of dimensions
 * @dim: sizes
 */
struct ak_record_floats {
	const uint8_t *floats;
	uint64_t count;
	unsigned int ndim;
	uint64_t dim[8];
};

/**
 * struct ak_bincode - a file
 * @record: what it holds
 * @linear: the record; of a block wqkv, o_proj, w13, w2
 * @floats: the record; of a block attention_norm, ffn_norm
 * @layers: of metadata
 * @vocab_size: of metadata
 * @hidden_size: of metadata
 * @timestamp: of metadata, seconds since 1970
 */
struct ak_bincode {
	enum ak_record record;
	struct ak_record_linear linear[4];
	struct ak_record_floats floats[2];
	uint64_t layers, vocab_size, hidden_size, timestamp;
};

/**
 * ak_bincode_parse() - find out what a file holds
 * @data: the file
 * @size: its bytes
 * @out: what it holds, pointing into @data
 * @err: error text
 *
 * The format has no tags: a file is what all of its bytes can be read as,
 * with sizes that agree (words of all weights, a scale per row, as many floats
 * as the shape says).
 *
 * Return: 0, -EBADMSG for anything else.
 */
int ak_bincode_parse(const void *data, size_t size, struct ak_bincode *out,
		     struct ak_err *err);

/**
 * ak_record_words() - unpack words
 * @l: a record
 * @at: where to begin and where to go on, a byte in @l->words; 0 at first
 * @n: words wanted
 * @words: where to put them
 *
 * Return: how many there were.
 */
size_t ak_record_words(const struct ak_record_linear *l, size_t *at, size_t n,
		       uint32_t *words);

#endif /* AK_BINCODE_H */
