/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files that read vocabularies share.
 */
#ifndef AK_VOCAB_INTERNAL_H
#define AK_VOCAB_INTERNAL_H

#include <jansson.h>

#include "convert/vocab.h"

/* A file of a tokenizer is refused above this; the largest known has 35 MB. */
#define VOCAB_MAX_FILE ((size_t)256 << 20)

/* Score of a token that SentencePiece itself does not know. */
#define VOCAB_ADDED_SCORE (-1000.0f)

/* U+2581, which SentencePiece writes for a space. */
#define VOCAB_SPACE "\xe2\x96\x81"

/**
 * vocab_path() - name of a file in a folder
 * @folder: of the model
 * @name: of the file
 *
 * Return: a string for free(), NULL without memory.
 */
char *vocab_path(const char *folder, const char *name);

/**
 * vocab_json() - read a file of JSON that may be absent
 * @folder: of the model
 * @name: of the file
 * @out: where to put the object; NULL if there is no such file
 * @err: error text
 *
 * Return: 0, -EBADMSG for what is not a JSON object, or another errno.
 */
int vocab_json(const char *folder, const char *name, json_t **out,
	       struct ak_err *err);

/**
 * vocab_set() - put a token into its place
 * @v: vocabulary
 * @id: its number; beyond the last row it is counted as dropped
 * @text: UTF-8
 * @size: its bytes
 * @score: see &struct ak_token
 * @kind: see &struct ak_token
 *
 * Return: 0, -ENOMEM.
 */
int vocab_set(struct ak_vocab *v, uint64_t id, const char *text, size_t size,
	      float score, enum ak_sp_kind kind);

/**
 * vocab_set_added() - put an added token into its place
 * @v: vocabulary
 * @id: its number
 * @content: JSON string
 * @special: the tokenizer calls it special
 *
 * It is a control token if it is special or looks like one, else defined by
 * the user, and then U+2581 becomes a space.
 *
 * Return: 0, -ENOMEM.
 */
int vocab_set_added(struct ak_vocab *v, uint64_t id, const json_t *content,
		    bool special);

/**
 * vocab_from_spm() - read tokenizer.model
 * @folder: of the model
 * @v: vocabulary with room for its tokens
 * @err: error text
 *
 * Return: 0, -ENOENT, or another errno.
 */
int vocab_from_spm(const char *folder, struct ak_vocab *v, struct ak_err *err);

/**
 * vocab_from_json() - read tokenizer.json
 * @folder: of the model
 * @tokenizer: the file
 * @v: vocabulary with room for its tokens
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int vocab_from_json(const char *folder, const json_t *tokenizer,
		    struct ak_vocab *v, struct ak_err *err);

/**
 * vocab_specials() - special tokens and templates
 * @folder: of the model
 * @tokenizer: tokenizer.json or NULL
 * @v: vocabulary with its tokens
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int vocab_specials(const char *folder, const json_t *tokenizer,
		   struct ak_vocab *v, struct ak_err *err);

#endif /* AK_VOCAB_INTERNAL_H */
