// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/gguf_format.h"

#include "common/util.h"

/*
 * Block sizes as in ggml-common.h. 4, 5 and 31 to 33, 36 to 38 were removed
 * from ggml; 36 is I2_S in bitnet.cpp's copy of it.
 */
static const struct ak_ggml_type types[] = {
	{ "F32", 0, AK_TENSOR_F32, 1, 4 },
	{ "F16", 1, AK_TENSOR_F16, 1, 2 },
	{ "Q4_0", 2, AK_TENSOR_Q4_0, 32, 18 },
	{ "Q4_1", 3, AK_TENSOR_OTHER, 32, 20 },
	{ "Q5_0", 6, AK_TENSOR_OTHER, 32, 22 },
	{ "Q5_1", 7, AK_TENSOR_OTHER, 32, 24 },
	{ "Q8_0", 8, AK_TENSOR_Q8_0, 32, 34 },
	{ "Q8_1", 9, AK_TENSOR_OTHER, 32, 36 },
	{ "Q2_K", 10, AK_TENSOR_OTHER, 256, 84 },
	{ "Q3_K", 11, AK_TENSOR_OTHER, 256, 110 },
	{ "Q4_K", 12, AK_TENSOR_OTHER, 256, 144 },
	{ "Q5_K", 13, AK_TENSOR_OTHER, 256, 176 },
	{ "Q6_K", 14, AK_TENSOR_Q6_K, 256, 210 },
	{ "Q8_K", 15, AK_TENSOR_OTHER, 256, 292 },
	{ "IQ2_XXS", 16, AK_TENSOR_OTHER, 256, 66 },
	{ "IQ2_XS", 17, AK_TENSOR_OTHER, 256, 74 },
	{ "IQ3_XXS", 18, AK_TENSOR_OTHER, 256, 98 },
	{ "IQ1_S", 19, AK_TENSOR_OTHER, 256, 50 },
	{ "IQ4_NL", 20, AK_TENSOR_OTHER, 32, 18 },
	{ "IQ3_S", 21, AK_TENSOR_OTHER, 256, 110 },
	{ "IQ2_S", 22, AK_TENSOR_OTHER, 256, 82 },
	{ "IQ4_XS", 23, AK_TENSOR_OTHER, 256, 136 },
	{ "I8", 24, AK_TENSOR_I8, 1, 1 },
	{ "I16", 25, AK_TENSOR_I16, 1, 2 },
	{ "I32", 26, AK_TENSOR_I32, 1, 4 },
	{ "I64", 27, AK_TENSOR_I64, 1, 8 },
	{ "F64", 28, AK_TENSOR_F64, 1, 8 },
	{ "IQ1_M", 29, AK_TENSOR_OTHER, 256, 56 },
	{ "BF16", 30, AK_TENSOR_BF16, 1, 2 },
	{ "TQ1_0", 34, AK_TENSOR_TQ1_0, 256, 54 },
	{ "TQ2_0", 35, AK_TENSOR_TQ2_0, 256, 66 },
	{ "I2_S", 36, AK_TENSOR_I2_S, 128, 32 },
	{ "MXFP4", 39, AK_TENSOR_OTHER, 32, 17 },
};

static const struct {
	const char *name;
	size_t size;
} values[] = {
	[AK_GGUF_U8] = { "u8", 1 },	    [AK_GGUF_I8] = { "i8", 1 },
	[AK_GGUF_U16] = { "u16", 2 },	    [AK_GGUF_I16] = { "i16", 2 },
	[AK_GGUF_U32] = { "u32", 4 },	    [AK_GGUF_I32] = { "i32", 4 },
	[AK_GGUF_F32] = { "f32", 4 },	    [AK_GGUF_BOOL] = { "bool", 1 },
	[AK_GGUF_STRING] = { "string", 0 }, [AK_GGUF_ARRAY] = { "array", 0 },
	[AK_GGUF_U64] = { "u64", 8 },	    [AK_GGUF_I64] = { "i64", 8 },
	[AK_GGUF_F64] = { "f64", 8 },
};

const struct ak_ggml_type *ak_ggml_by_id(uint32_t id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].id == id)
			return &types[i];
	return NULL;
}

const struct ak_ggml_type *ak_ggml_by_type(enum ak_tensor_type type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type && type != AK_TENSOR_OTHER)
			return &types[i];
	return NULL;
}

size_t ak_gguf_type_size(uint32_t type)
{
	return type < ARRAY_SIZE(values) ? values[type].size : 0;
}

const char *ak_gguf_type_name(uint32_t type)
{
	return type < ARRAY_SIZE(values) ? values[type].name : NULL;
}
