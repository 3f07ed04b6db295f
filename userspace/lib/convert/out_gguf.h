/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GGUF models: which tensors a file has, what is done to them on the way, and
 * which keys describe the model. The rules of each architecture, with their
 * sources, are in Documentation/formats/gguf-models.rst.
 */
#ifndef AK_OUT_GGUF_H
#define AK_OUT_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/arch.h"
#include "convert/vocab.h"
#include "format/gguf_format.h"
#include "format/gguf_write.h"
#include "format/tensor_type.h"

/* ggml's limit for names, with the terminating zero. */
#define GGUF_NAME_ROOM 64

/**
 * struct gguf_extra - what else config.json says that a GGUF file needs
 * @arch: general.architecture
 * @rope: type of rope scaling: "linear", "yarn", "llama3" or NULL
 * @rope_factor: its factor
 * @rope_original: original_max_position_embeddings, 0 if not said
 * @rope_low: low_freq_factor of "llama3"
 * @rope_high: high_freq_factor of "llama3"
 * @window: tokens that a token can look back to, 0 for all
 */
struct gguf_extra {
	const char *arch, *rope;
	double rope_factor, rope_low, rope_high;
	int64_t rope_original, window;
};

/**
 * gguf_extra_read() - read the rest of config.json
 * @c: configuration
 * @out: where to put it
 * @err: error text; says what GGUF cannot express
 *
 * Return: 0, -ENOTSUP for a model that would be computed differently than it
 * was trained, -EBADMSG.
 */
int gguf_extra_read(const struct ak_arch_config *c, struct gguf_extra *out,
		    struct ak_err *err);

/**
 * gguf_head_dim() - size of an attention head
 * @c: configuration
 *
 * Return: head_dim, or hidden_size / heads.
 */
uint64_t gguf_head_dim(const struct ak_arch_config *c);

/**
 * gguf_rope_factors() - rope_freqs.weight of Llama 3.1 and later
 * @c: configuration
 * @x: rope of type "llama3"
 * @out: gguf_head_dim() / 2 factors that frequencies are divided by
 */
void gguf_rope_factors(const struct ak_arch_config *c,
		       const struct gguf_extra *x, float *out);

/**
 * struct gguf_tensor - a tensor on its way into a file
 * @name: in the file
 * @from: what it is made of
 * @type: of its elements in the file
 * @wanted: the type that was asked for, if columns do not divide into its
 *	blocks; otherwise @type
 * @heads: rows are permuted within each of that many heads, 0 for none
 * @add: added to each element
 * @ternary: is made ternary with one scale
 */
struct gguf_tensor {
	char name[GGUF_NAME_ROOM];
	const struct ak_arch_tensor *from;
	enum ak_tensor_type type, wanted;
	uint64_t heads;
	float add;
	bool ternary;
};

/**
 * gguf_tensor() - what becomes of a parameter
 * @c: configuration
 * @m: all parameters
 * @from: one of them
 * @type: what was asked for
 * @out: where to put it
 *
 * Return: 1, or 0 for a parameter that a GGUF file does not have (a tied
 * output).
 */
int gguf_tensor(const struct ak_arch_config *c, const struct ak_arch_model *m,
		const struct ak_arch_tensor *from, enum ak_tensor_type type,
		struct gguf_tensor *out);

/**
 * gguf_source_row() - rows of q and k as GGUF wants them
 * @head_rows: rows of a head, even
 * @row: row in the file
 *
 * Hugging Face keeps the halves of a head that rotate together apart; Meta's
 * order, which the "llama" architecture computes in, has them side by side.
 *
 * Return: row in the source: of the same head, j + s * head_rows / 2 for
 * row 2 j + s.
 */
uint64_t gguf_source_row(uint64_t head_rows, uint64_t row);

/**
 * gguf_file_row() - the reverse of gguf_source_row()
 * @head_rows: rows of a head, even
 * @row: row in the source
 *
 * Return: row in the file.
 */
uint64_t gguf_file_row(uint64_t head_rows, uint64_t row);

/**
 * gguf_file_type() - general.file_type
 * @type: of most weights
 *
 * Return: llama.cpp's number for it (I2_S: bitnet.cpp's).
 */
uint32_t gguf_file_type(enum ak_tensor_type type);

/**
 * gguf_put_keys() - write general.* and the architecture's keys
 * @w: writer
 * @c: configuration
 * @x: rest of the configuration
 * @name: of the model
 * @parameters: number of weights
 * @type: of most weights
 */
void gguf_put_keys(struct ak_gguf_writer *w, const struct ak_arch_config *c,
		   const struct gguf_extra *x, const char *name,
		   uint64_t parameters, enum ak_tensor_type type);

/**
 * gguf_put_vocab() - write tokenizer.*
 * @w: writer
 * @v: vocabulary
 *
 * Return: 0 or -ENOMEM.
 */
int gguf_put_vocab(struct ak_gguf_writer *w, const struct ak_vocab *v);

#endif /* AK_OUT_GGUF_H */
