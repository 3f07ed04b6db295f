// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tensors of a GGUF model: names, types, and what is done to their values.
 */
#include "convert/out_gguf.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[AK_ROLE_EMBED] = "token_embd.weight",
	[AK_ROLE_Q] = "blk.%d.attn_q.weight",
	[AK_ROLE_Q_BIAS] = "blk.%d.attn_q.bias",
	[AK_ROLE_Q_NORM] = "blk.%d.attn_q_norm.weight",
	[AK_ROLE_K] = "blk.%d.attn_k.weight",
	[AK_ROLE_K_BIAS] = "blk.%d.attn_k.bias",
	[AK_ROLE_K_NORM] = "blk.%d.attn_k_norm.weight",
	[AK_ROLE_V] = "blk.%d.attn_v.weight",
	[AK_ROLE_V_BIAS] = "blk.%d.attn_v.bias",
	[AK_ROLE_O] = "blk.%d.attn_output.weight",
	[AK_ROLE_O_BIAS] = "blk.%d.attn_output.bias",
	[AK_ROLE_ATTN_SUB_NORM] = "blk.%d.attn_sub_norm.weight",
	[AK_ROLE_GATE] = "blk.%d.ffn_gate.weight",
	[AK_ROLE_UP] = "blk.%d.ffn_up.weight",
	[AK_ROLE_DOWN] = "blk.%d.ffn_down.weight",
	[AK_ROLE_FFN_SUB_NORM] = "blk.%d.ffn_sub_norm.weight",
	[AK_ROLE_INPUT_NORM] = "blk.%d.attn_norm.weight",
	[AK_ROLE_POST_NORM] = "blk.%d.ffn_norm.weight",
	[AK_ROLE_FINAL_NORM] = "output_norm.weight",
	[AK_ROLE_LM_HEAD] = "output.weight",
};

static bool is_norm(enum ak_role role)
{
	switch (role) {
	case AK_ROLE_Q_NORM:
	case AK_ROLE_K_NORM:
	case AK_ROLE_ATTN_SUB_NORM:
	case AK_ROLE_FFN_SUB_NORM:
	case AK_ROLE_INPUT_NORM:
	case AK_ROLE_POST_NORM:
	case AK_ROLE_FINAL_NORM:
		return true;
	default:
		return false;
	}
}

static bool is_ternary(enum ak_tensor_type type)
{
	return type == AK_TENSOR_TQ1_0 || type == AK_TENSOR_TQ2_0 ||
	       type == AK_TENSOR_I2_S;
}

static bool divides(enum ak_tensor_type type, uint64_t cols)
{
	size_t block;

	ak_tensor_type_block(type, &block);
	return cols % block == 0;
}

/* Is there a matrix for the output that is not the embedding? */
static bool has_output(const struct ak_arch_config *c,
		       const struct ak_arch_model *m)
{
	const struct ak_arch_tensor *t = ak_arch_find(m, AK_ROLE_LM_HEAD, -1);

	return t && !t->tied && c->arch != AK_ARCH_GEMMA;
}

static enum ak_tensor_type wanted_type(const struct ak_arch_config *c,
				       const struct ak_arch_model *m,
				       const struct ak_arch_tensor *t,
				       enum ak_tensor_type type)
{
	bool output = t->role == AK_ROLE_LM_HEAD ||
		      (t->role == AK_ROLE_EMBED && !has_output(c, m));

	if (t->tensor->ndim < 2 || is_norm(t->role))
		return AK_TENSOR_F32;
	/* Three values are too few for what is not trained for them. */
	if (is_ternary(type) && !ak_role_is_projection(t->role))
		return AK_TENSOR_F16;
	/* llama-quantize: the output has six bits in files of four. */
	if (type == AK_TENSOR_Q4_0 && output)
		return AK_TENSOR_Q6_K;
	return type;
}

int gguf_tensor(const struct ak_arch_config *c, const struct ak_arch_model *m,
		const struct ak_arch_tensor *from, enum ak_tensor_type type,
		struct gguf_tensor *out)
{
	uint64_t cols = ak_tensor_cols(from->tensor);

	memset(out, 0, sizeof(*out));
	if (from->role == AK_ROLE_LM_HEAD && !has_output(c, m))
		return 0;
	snprintf(out->name, sizeof(out->name), names[from->role], from->layer);
	out->from = from;
	out->wanted = wanted_type(c, m, from, type);
	out->type = out->wanted;
	if (!divides(out->type, cols))
		out->type = AK_TENSOR_Q8_0;
	if (!divides(out->type, cols))
		out->type = AK_TENSOR_F16;
	if (c->arch == AK_ARCH_LLAMA || c->arch == AK_ARCH_MISTRAL) {
		if (from->role == AK_ROLE_Q || from->role == AK_ROLE_Q_BIAS)
			out->heads = (uint64_t)c->heads.i;
		if (from->role == AK_ROLE_K || from->role == AK_ROLE_K_BIAS)
			out->heads = (uint64_t)c->kv_heads.i;
	}
	if (c->arch == AK_ARCH_GEMMA && is_norm(from->role))
		out->add = 1;
	out->ternary =
		c->arch == AK_ARCH_BITNET && ak_role_is_projection(from->role);
	return 1;
}

uint64_t gguf_source_row(uint64_t head_rows, uint64_t row)
{
	uint64_t in = row % head_rows;

	return row - in + in / 2 + (in % 2) * (head_rows / 2);
}

uint64_t gguf_file_row(uint64_t head_rows, uint64_t row)
{
	uint64_t in = row % head_rows, half = head_rows / 2;

	return row - in + 2 * (in % half) + in / half;
}

uint32_t gguf_file_type(enum ak_tensor_type type)
{
	switch (type) {
	case AK_TENSOR_F16:
		return 1;
	case AK_TENSOR_Q4_0:
		return 2;
	case AK_TENSOR_Q8_0:
		return 7;
	case AK_TENSOR_Q6_K:
		return 18;
	case AK_TENSOR_BF16:
		return 32;
	case AK_TENSOR_TQ1_0:
		return 36;
	case AK_TENSOR_TQ2_0:
		return 37;
	case AK_TENSOR_I2_S:
		return 40;
	default:
		return 0; /* all F32 */
	}
}
