/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SentencePiece models (tokenizer.model): a ModelProto message. What converters
 * need of it: pieces, their scores and kinds, the algorithm, and whether a
 * space goes before a text.
 *
 * Source: sentencepiece_model.proto of google/sentencepiece.
 */
#ifndef AK_SENTENCEPIECE_H
#define AK_SENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * enum ak_sp_kind - what a piece is; GGUF has the same numbers
 */
enum ak_sp_kind {
	AK_SP_NORMAL = 1,
	AK_SP_UNKNOWN = 2,
	AK_SP_CONTROL = 3,
	AK_SP_USER_DEFINED = 4,
	AK_SP_UNUSED = 5,
	AK_SP_BYTE = 6,
};

/**
 * enum ak_sp_algorithm - how a text is cut
 */
enum ak_sp_algorithm {
	AK_SP_UNIGRAM = 1,
	AK_SP_BPE = 2,
	AK_SP_WORD = 3,
	AK_SP_CHAR = 4,
};

/**
 * struct ak_sp_piece - one piece
 * @text: UTF-8, not terminated, inside the file's bytes
 * @size: its bytes
 * @score: log probability, or minus the rank of a merge
 * @kind: what it is
 */
struct ak_sp_piece {
	const char *text;
	size_t size;
	float score;
	enum ak_sp_kind kind;
};

/**
 * struct ak_sp - a model
 * @piece: by number
 * @count: how many
 * @algorithm: how texts are cut
 * @dummy_prefix: a space is put before a text
 */
struct ak_sp {
	struct ak_sp_piece *piece;
	size_t count;
	enum ak_sp_algorithm algorithm;
	bool dummy_prefix;
};

/**
 * ak_sp_parse() - read a model
 * @data: the file; must outlive @out
 * @size: its bytes
 * @out: where to put it; ak_sp_free() gives it back
 * @err: error text
 *
 * Fields that are not needed are skipped, whatever they hold.
 *
 * Return: 0, -EBADMSG for a damaged file, -ENOMEM.
 */
int ak_sp_parse(const void *data, size_t size, struct ak_sp *out,
		struct ak_err *err);

/**
 * ak_sp_free() - give a model back
 * @sp: filled by ak_sp_parse(), or all zero
 */
void ak_sp_free(struct ak_sp *sp);

#endif /* AK_SENTENCEPIECE_H */
