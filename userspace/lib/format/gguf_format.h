/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constants of GGUF that reader and writer share; ggml's docs/gguf.md.
 */
#ifndef AK_GGUF_FORMAT_H
#define AK_GGUF_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "format/tensor_type.h"

#define GGUF_MAGIC "GGUF"
#define GGUF_VERSION 3u
#define GGUF_HEADER 24u /* magic, version, two counts */
#define GGUF_ALIGNMENT 32u /* where general.alignment is absent */
#define GGUF_ALIGNMENT_KEY "general.alignment"
#define GGUF_MAX_NAME 63u /* of a tensor: ggml's limit */
#define GGUF_MAX_DIMS 4u /* the same */

/**
 * enum ak_gguf_type - type of a value
 */
enum ak_gguf_type {
	AK_GGUF_U8,
	AK_GGUF_I8,
	AK_GGUF_U16,
	AK_GGUF_I16,
	AK_GGUF_U32,
	AK_GGUF_I32,
	AK_GGUF_F32,
	AK_GGUF_BOOL,
	AK_GGUF_STRING,
	AK_GGUF_ARRAY,
	AK_GGUF_U64,
	AK_GGUF_I64,
	AK_GGUF_F64,
};

/**
 * struct ak_ggml_type - how ggml stores the elements of a tensor
 * @name: as ggml prints it, in capitals
 * @id: number in the file
 * @type: ours; AK_TENSOR_OTHER for those that are only told
 * @elements: of a block
 * @bytes: of a block
 */
struct ak_ggml_type {
	const char *name;
	uint32_t id;
	enum ak_tensor_type type;
	unsigned int elements, bytes;
};

/**
 * ak_ggml_by_id() - a type by its number in the file
 * @id: number
 *
 * Return: the type; NULL for one that is not known or was removed.
 */
const struct ak_ggml_type *ak_ggml_by_id(uint32_t id);

/**
 * ak_ggml_by_type() - a type by ours
 * @type: not AK_TENSOR_OTHER
 *
 * Return: the type; NULL where ggml has none.
 */
const struct ak_ggml_type *ak_ggml_by_type(enum ak_tensor_type type);

/**
 * ak_gguf_type_size() - bytes of a value
 * @type: of the value
 *
 * Return: bytes; 0 for strings, arrays and what is no type.
 */
size_t ak_gguf_type_size(uint32_t type);

/**
 * ak_gguf_type_name() - name of a value's type
 * @type: of the value
 *
 * Return: "u32", "string", ...; NULL for what is no type.
 */
const char *ak_gguf_type_name(uint32_t type);

#endif /* AK_GGUF_FORMAT_H */
