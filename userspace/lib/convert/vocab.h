/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vocabularies of language models, as GGUF wants them: from tokenizer.model
 * (SentencePiece) or tokenizer.json (Hugging Face), with the special tokens of
 * tokenizer_config.json. The rules and their sources are in
 * Documentation/formats/gguf-models.rst; a tokenizer for which there is no
 * rule is refused, because a wrong one looks like a bad model.
 */
#ifndef AK_VOCAB_H
#define AK_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/arch.h"
#include "format/sentencepiece.h"

/**
 * struct ak_token - one token
 * @text: UTF-8, NUL-terminated for convenience
 * @size: its bytes; @text may have NUL bytes inside
 * @score: priority of SentencePiece; 0 for byte-level vocabularies
 * @kind: what it is
 */
struct ak_token {
	char *text;
	size_t size;
	float score;
	enum ak_sp_kind kind;
};

/**
 * enum ak_special - tokens with a task
 */
enum ak_special {
	AK_SPECIAL_BOS,
	AK_SPECIAL_EOS,
	AK_SPECIAL_UNK,
	AK_SPECIAL_SEP,
	AK_SPECIAL_PAD,
	AK_SPECIAL_CLS,
	AK_SPECIAL_MASK,
	AK_SPECIALS,
};

/**
 * struct ak_chat_template - how a conversation becomes a text
 * @name: "" for the one that is used unless another is asked for
 * @text: Jinja
 */
struct ak_chat_template {
	char *name, *text;
};

/**
 * struct ak_vocab - a vocabulary
 * @model: "llama" (SentencePiece) or "gpt2" (byte-level BPE)
 * @pre: GGUF's name of the rule that cuts a text before BPE
 * @token: by number; as many as the embedding has rows
 * @count: how many
 * @merge: "left right" in order of rank; gpt2 only
 * @merges: how many
 * @special: numbers of tokens, -1 where there is none
 * @add: whether that token is put around a text: 1, 0, or -1 for not said;
 *	BOS, EOS and SEP only
 * @space_prefix: a space is put before a text: 1, 0, or -1 for not said
 * @chat: templates
 * @chats: how many
 * @dropped: tokens beyond the last row of the embedding, which were left out
 * @padded: rows of the embedding that no token has
 */
struct ak_vocab {
	const char *model, *pre;
	struct ak_token *token;
	size_t count;
	char **merge;
	size_t merges;
	int64_t special[AK_SPECIALS];
	int add[AK_SPECIALS];
	int space_prefix;
	struct ak_chat_template *chat;
	size_t chats;
	size_t dropped, padded;
};

/**
 * ak_vocab_read() - read the vocabulary of a model
 * @folder: of the model
 * @arch: its architecture
 * @rows: rows of the embedding
 * @out: where to put it; ak_vocab_free() gives it back
 * @err: error text; names the file and says what GGUF cannot express
 *
 * Return: 0, -ENOENT if there is no tokenizer, -EBADMSG for a damaged one,
 * -ENOTSUP for one that GGUF has no rule for, -ENOMEM.
 */
int ak_vocab_read(const char *folder, enum ak_arch arch, uint64_t rows,
		  struct ak_vocab *out, struct ak_err *err);

/**
 * ak_vocab_free() - give a vocabulary back
 * @v: filled by ak_vocab_read(), or all zero
 */
void ak_vocab_free(struct ak_vocab *v);

#endif /* AK_VOCAB_H */
