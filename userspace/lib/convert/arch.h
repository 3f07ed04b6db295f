/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Language-model architectures: what config.json says, and which tensors a
 * model of that kind has, in which order. Every converter of large models
 * walks this list and not the order of a file.
 */
#ifndef AK_ARCH_H
#define AK_ARCH_H

#include "convert/tensors.h"

/**
 * enum ak_arch - architectures that converters know
 */
enum ak_arch {
	AK_ARCH_LLAMA,
	AK_ARCH_MISTRAL,
	AK_ARCH_QWEN2,
	AK_ARCH_QWEN3,
	AK_ARCH_GEMMA,
	AK_ARCH_BITNET,
};

/**
 * struct ak_arch_number - a number of config.json
 * @set: the key is there and not null
 * @is_float: written with a point or an exponent (the NNTR file tells them
 *	apart)
 * @i: value of an integer
 * @f: value of either
 */
struct ak_arch_number {
	bool set, is_float;
	int64_t i;
	double f;
};

/**
 * struct ak_arch_config - config.json of a Hugging Face model
 * @arch: architecture
 * @model_type: its name in the file
 * @json: the whole file, NUL-terminated (formats that carry it on)
 * @vocab_size: vocabulary
 * @hidden_size: width of the model
 * @intermediate_size: width of its MLP
 * @layers: num_hidden_layers
 * @heads: num_attention_heads
 * @kv_heads: num_key_value_heads, @heads where absent
 * @head_dim: size of a head; hidden_size / heads where absent (Gemma: 256,
 *	Qwen3: 128)
 * @context: max_position_embeddings
 * @rms_norm_eps: default 1e-6 (BitNet: 1e-5)
 * @rope_theta: default 10000.0 (BitNet: 500000.0); also of rope_parameters,
 *	where newer files have it
 * @tied: tie_word_embeddings, by the architecture's default where absent
 *	(Gemma: yes, others: no)
 * @tied_set: tie_word_embeddings is there
 * @attention_bias: q, k and v have biases
 * @o_bias: o has one, too
 * @quant_method: of quantization_config, "" where there is none
 *
 * Where a key is absent, set is false and the value is the default of the
 * architecture's class in transformers.
 */
struct ak_arch_config {
	enum ak_arch arch;
	char model_type[32];
	char *json;
	struct ak_arch_number vocab_size, hidden_size, intermediate_size,
		layers, heads, kv_heads, head_dim, context, rms_norm_eps,
		rope_theta;
	bool tied, tied_set, attention_bias, o_bias;
	char quant_method[32];
};

/**
 * ak_arch_config_read() - read config.json
 * @path: folder of the model, config.json itself, or a file beside it
 * @out: where to put it; ak_arch_config_free() gives it back
 * @err: error text; names the file, the key and what is wrong with it
 *
 * Return: 0, -ENOENT, -EBADMSG for bad JSON or an impossible value, -ENOTSUP
 * for an architecture that is not known (the text lists those that are) and
 * for parts that no architecture has (biases of the MLP).
 */
int ak_arch_config_read(const char *path, struct ak_arch_config *out,
			struct ak_err *err);

/**
 * ak_arch_config_free() - give a configuration back
 * @c: filled by ak_arch_config_read(), or all zero
 */
void ak_arch_config_free(struct ak_arch_config *c);

/**
 * ak_arch_name() - name of an architecture
 * @arch: which
 *
 * Return: what transformers calls it: "llama".
 */
const char *ak_arch_name(enum ak_arch arch);

/**
 * enum ak_role - what a tensor does in the model
 */
enum ak_role {
	AK_ROLE_EMBED,
	AK_ROLE_Q,
	AK_ROLE_Q_BIAS,
	AK_ROLE_Q_NORM,
	AK_ROLE_K,
	AK_ROLE_K_BIAS,
	AK_ROLE_K_NORM,
	AK_ROLE_V,
	AK_ROLE_V_BIAS,
	AK_ROLE_O,
	AK_ROLE_O_BIAS,
	AK_ROLE_ATTN_SUB_NORM,
	AK_ROLE_GATE,
	AK_ROLE_UP,
	AK_ROLE_DOWN,
	AK_ROLE_FFN_SUB_NORM,
	AK_ROLE_INPUT_NORM,
	AK_ROLE_POST_NORM,
	AK_ROLE_FINAL_NORM,
	AK_ROLE_LM_HEAD,
};

/**
 * ak_role_is_projection() - is it a matrix of a block, which BitNet trains as
 *	ternary
 * @role: what a tensor does
 *
 * Return: true if so.
 */
bool ak_role_is_projection(enum ak_role role);

/**
 * struct ak_arch_tensor - one parameter of the model
 * @role: what it does
 * @layer: number of its block from 0, -1 outside
 * @tensor: where it is; for a tied lm_head that is not in the files, the
 *	embedding
 * @tied: it is the embedding again
 */
struct ak_arch_tensor {
	enum ak_role role;
	int layer;
	const struct ak_tensor *tensor;
	bool tied;
};

/**
 * struct ak_arch_model - the parameters of a model, resolved
 * @tensor: in the order in which the transformers class registers them
 *	(facts: named_parameters()), tied ones last and marked
 * @count: how many
 */
struct ak_arch_model {
	struct ak_arch_tensor *tensor;
	size_t count;
};

/**
 * ak_arch_resolve() - find every parameter of a model
 * @c: its configuration
 * @t: its tensors
 * @out: where to put them; ak_arch_model_free() gives it back
 * @err: error text; names the missing tensor or the wrong shape
 *
 * Checks every shape against the configuration. Tensors that no rule names
 * are an error that lists the first few, except buffers that
 * transformers recomputes (rotary_emb.inv_freq). Names may lack "model." (a
 * model that was saved without its head), and the head may be called
 * output.weight. A model without head is tied unless config.json says that it
 * is not; of a tied model with a head the head is not looked at, as in
 * transformers.
 *
 * Return: 0, -ENOENT for a missing tensor, -EBADMSG for a wrong shape,
 * -ENOTSUP for a tensor that the architecture does not have.
 */
int ak_arch_resolve(const struct ak_arch_config *c, const struct ak_tensors *t,
		    struct ak_arch_model *out, struct ak_err *err);

/**
 * ak_arch_shape() - the shape of a parameter
 * @c: configuration of a model
 * @role: what the parameter does
 * @rows: where to put its rows (elements of a vector)
 * @cols: where to put its columns, 0 for a vector
 *
 * Return: true, false if models of that kind have no such parameter. Of a head
 * it says what shape it would have.
 */
bool ak_arch_shape(const struct ak_arch_config *c, enum ak_role role,
		   uint64_t *rows, uint64_t *cols);

/**
 * ak_arch_model_free() - give it back
 * @m: filled by ak_arch_resolve(), or all zero
 */
void ak_arch_model_free(struct ak_arch_model *m);

/**
 * ak_arch_find() - one parameter
 * @m: a resolved model
 * @role: what it does
 * @layer: number of the block, -1 outside
 *
 * Return: the parameter, or NULL.
 */
const struct ak_arch_tensor *ak_arch_find(const struct ak_arch_model *m,
					  enum ak_role role, int layer);

#endif /* AK_ARCH_H */
