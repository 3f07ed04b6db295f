// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys of a GGUF model: what config.json and the tokenizer say, in ggml's
 * words.
 */
#include "convert/out_gguf.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_file.h"
#include "common/util.h"

/* Version of the layout of quantised blocks. */
#define QUANTIZATION_VERSION 2

uint64_t gguf_head_dim(const struct ak_arch_config *c)
{
	if (c->head_dim.i > 0)
		return (uint64_t)c->head_dim.i;
	return (uint64_t)(c->hidden_size.i / c->heads.i);
}

/* ------------------------------------------------- the rest of config.json */

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static double number(const json_t *object, const char *key, double preset)
{
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : preset;
}

static bool one_of(const char *s, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}

/*
 * The graphs of ggml have their activation built in. BitNet has two: what
 * llama.cpp computes for "bitnet" is silu, what bitnet.cpp computes for
 * "bitnet-b1.58" is the square of relu.
 */
static int read_activation(const struct ak_arch_config *c, const json_t *json,
			   struct gguf_extra *x, struct ak_err *err)
{
	static const char *const gelu[] = { "gelu", "gelu_pytorch_tanh",
					    "gelu_new" };
	const char *act = text(json, "hidden_activation");

	if (!act)
		act = text(json, "hidden_act");
	if (c->arch == AK_ARCH_BITNET && act && !strcmp(act, "relu2")) {
		x->arch = "bitnet-b1.58";
		return 0;
	}
	if (!act ||
	    (c->arch == AK_ARCH_GEMMA ? one_of(act, gelu, ARRAY_SIZE(gelu)) :
					!strcmp(act, "silu")))
		return 0;
	return ak_errf(
		err, -ENOTSUP,
		"config.json: hidden_act is '%s', and what computes '%s' from GGUF files always uses %s: this model cannot be expressed",
		act, x->arch, c->arch == AK_ARCH_GEMMA ? "gelu" : "silu");
}

static int read_rope(const struct ak_arch_config *c, const json_t *json,
		     struct gguf_extra *x, struct ak_err *err)
{
	static const char *const known[] = { "linear", "yarn", "llama3" };
	const json_t *rope = json_object_get(json, "rope_scaling");
	const char *type;
	size_t i;

	if (!json_is_object(rope))
		rope = json_object_get(json, "rope_parameters");
	type = text(rope, "rope_type");
	if (!type)
		type = text(rope, "type");
	if (!type || !strcmp(type, "default"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(type, known[i]))
			x->rope = known[i];
	if (!x->rope ||
	    (!strcmp(x->rope, "llama3") && c->arch != AK_ARCH_LLAMA))
		return ak_errf(
			err, -ENOTSUP,
			"config.json: rope_scaling of type '%s' cannot be expressed in a GGUF file of architecture '%s'",
			type, x->arch);
	x->rope_factor =
		number(rope, "factor", strcmp(x->rope, "llama3") ? 0 : 8);
	x->rope_low = number(rope, "low_freq_factor", 1);
	x->rope_high = number(rope, "high_freq_factor", 4);
	x->rope_original =
		(int64_t)number(rope, "original_max_position_embeddings", 0);
	if (!(x->rope_factor > 0) || !(x->rope_low > 0) ||
	    !(x->rope_high > x->rope_low) || x->rope_original < 0)
		return ak_errf(
			err, -EBADMSG,
			"config.json: the numbers of rope_scaling are impossible");
	return 0;
}

/* Qwen has a window only if it says so, Mistral unless it is null. */
static void read_window(const struct ak_arch_config *c, const json_t *json,
			struct gguf_extra *x)
{
	const json_t *window = json_object_get(json, "sliding_window");
	const json_t *use = json_object_get(json, "use_sliding_window");
	bool qwen = c->arch == AK_ARCH_QWEN2 || c->arch == AK_ARCH_QWEN3;

	if (json_is_integer(window) && json_integer_value(window) > 0 &&
	    (qwen ? json_is_true(use) : !json_is_false(use)))
		x->window = json_integer_value(window);
}

int gguf_extra_read(const struct ak_arch_config *c, struct gguf_extra *out,
		    struct ak_err *err)
{
	static const char *const arch[] = {
		[AK_ARCH_LLAMA] = "llama", [AK_ARCH_MISTRAL] = "llama",
		[AK_ARCH_QWEN2] = "qwen2", [AK_ARCH_QWEN3] = "qwen3",
		[AK_ARCH_GEMMA] = "gemma", [AK_ARCH_BITNET] = "bitnet",
	};
	json_t *json;
	int ret;

	memset(out, 0, sizeof(*out));
	out->arch = arch[c->arch];
	ret = ak_json_parse("config.json", c->json, strlen(c->json), &json,
			    err);
	if (ret)
		return ret;
	ret = read_activation(c, json, out, err);
	if (!ret)
		ret = read_rope(c, json, out, err);
	read_window(c, json, out);
	json_decref(json);
	if (!ret && gguf_head_dim(c) % 2)
		ret = ak_errf(
			err, -ENOTSUP,
			"config.json: heads of %llu, an odd number, cannot be rotated",
			(unsigned long long)gguf_head_dim(c));
	return ret;
}

/*
 * Low frequencies are divided by the factor, high ones stay, those between go
 * smoothly over.
 */
void gguf_rope_factors(const struct ak_arch_config *c,
		       const struct gguf_extra *x, float *out)
{
	uint64_t dim = gguf_head_dim(c), i;
	double context = x->rope_original ? (double)x->rope_original : 8192;
	double base = c->rope_theta.f;

	for (i = 0; i < dim / 2; i++) {
		double freq = 1 / pow(base, (double)(2 * i) / (double)dim);
		double length = 2 * M_PI / freq;
		double smooth = (context / length - x->rope_low) /
				(x->rope_high - x->rope_low);

		if (length < context / x->rope_high)
			out[i] = 1;
		else if (length > context / x->rope_low)
			out[i] = (float)x->rope_factor;
		else
			out[i] = (float)(1 / ((1 - smooth) / x->rope_factor +
					      smooth));
	}
}

/* -------------------------------------------------------------------- keys */

struct keys {
	struct ak_gguf_writer *w;
	const char *arch;
};

static const char *key(const struct keys *k, const char *name, char *buf,
		       size_t size)
{
	snprintf(buf, size, "%s.%s", k->arch, name);
	return buf;
}

static void put_u32(const struct keys *k, const char *name, uint64_t value)
{
	char buf[80];

	ak_gguf_put_u32(k->w, key(k, name, buf, sizeof(buf)), (uint32_t)value);
}

static void put_f32(const struct keys *k, const char *name, double value)
{
	char buf[80];

	ak_gguf_put_f32(k->w, key(k, name, buf, sizeof(buf)), (float)value);
}

static void put_text(const struct keys *k, const char *name, const char *value)
{
	char buf[80];

	ak_gguf_put_string(k->w, key(k, name, buf, sizeof(buf)), value);
}

/* "1.1B", as GGUF's naming convention has it. */
static void size_label(uint64_t n, char *buf, size_t size)
{
	static const struct {
		double unit;
		char letter;
	} units[] = { { 1e12, 'T' }, { 1e9, 'B' }, { 1e6, 'M' }, { 1e3, 'K' } };
	size_t i = 0;
	double v;

	while (i + 1 < ARRAY_SIZE(units) && (double)n < units[i].unit)
		i++;
	v = (double)n / units[i].unit;
	snprintf(buf, size, "%.*f%c", v < 9.5 ? 1 : 0, v, units[i].letter);
}

static void put_general(struct ak_gguf_writer *w, const struct gguf_extra *x,
			const char *name, uint64_t parameters,
			enum ak_tensor_type type)
{
	char label[32];

	ak_gguf_put_string(w, "general.architecture", x->arch);
	ak_gguf_put_string(w, "general.type", "model");
	ak_gguf_put_string(w, "general.name", name);
	size_label(parameters, label, sizeof(label));
	ak_gguf_put_string(w, "general.size_label", label);
	ak_gguf_put_u32(w, "general.file_type", gguf_file_type(type));
	if (!ak_tensor_type_size(type))
		ak_gguf_put_u32(w, "general.quantization_version",
				QUANTIZATION_VERSION);
}

static void put_rope(const struct keys *k, const struct ak_arch_config *c,
		     const struct gguf_extra *x)
{
	bool llama = c->arch == AK_ARCH_LLAMA || c->arch == AK_ARCH_MISTRAL;

	put_f32(k, "rope.freq_base", c->rope_theta.f);
	if (llama || c->arch == AK_ARCH_BITNET)
		put_u32(k, "rope.dimension_count", gguf_head_dim(c));
	if (x->rope && strcmp(x->rope, "llama3")) {
		put_text(k, "rope.scaling.type", x->rope);
		put_f32(k, "rope.scaling.factor", x->rope_factor);
		if (x->rope_original)
			put_u32(k, "rope.scaling.original_context_length",
				(uint64_t)x->rope_original);
	} else if (!strcmp(k->arch, "bitnet")) {
		put_text(k, "rope.scaling.type", "linear");
		put_f32(k, "rope.scaling.factor", 1);
	}
}

void gguf_put_keys(struct ak_gguf_writer *w, const struct ak_arch_config *c,
		   const struct gguf_extra *x, const char *name,
		   uint64_t parameters, enum ak_tensor_type type)
{
	struct keys k = { w, x->arch };

	put_general(w, x, name, parameters, type);
	put_u32(&k, "block_count", (uint64_t)c->layers.i);
	put_u32(&k, "context_length", (uint64_t)c->context.i);
	put_u32(&k, "embedding_length", (uint64_t)c->hidden_size.i);
	put_u32(&k, "feed_forward_length", (uint64_t)c->intermediate_size.i);
	put_u32(&k, "attention.head_count", (uint64_t)c->heads.i);
	put_u32(&k, "attention.head_count_kv", (uint64_t)c->kv_heads.i);
	put_f32(&k, "attention.layer_norm_rms_epsilon", c->rms_norm_eps.f);
	/* Where it does not follow from the other two. */
	if (c->head_dim.set || c->arch == AK_ARCH_GEMMA ||
	    (int64_t)gguf_head_dim(c) * c->heads.i != c->hidden_size.i) {
		put_u32(&k, "attention.key_length", gguf_head_dim(c));
		put_u32(&k, "attention.value_length", gguf_head_dim(c));
	}
	put_rope(&k, c, x);
	put_u32(&k, "vocab_size", (uint64_t)c->vocab_size.i);
}

/* --------------------------------------------------------------- tokenizer */

static int put_tokens(struct ak_gguf_writer *w, const struct ak_vocab *v)
{
	const char **text = calloc(v->count, sizeof(*text));
	size_t *size = calloc(v->count, sizeof(*size));
	float *score = calloc(v->count, sizeof(*score));
	int32_t *kind = calloc(v->count, sizeof(*kind));
	int ret = text && size && score && kind ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; !ret && i < v->count; i++) {
		text[i] = v->token[i].text;
		size[i] = v->token[i].size;
		score[i] = v->token[i].score;
		kind[i] = (int32_t)v->token[i].kind;
	}
	if (!ret) {
		ak_gguf_put_strings(w, "tokenizer.ggml.tokens", text, size,
				    v->count);
		/* Byte-level BPE has ranks of merges and no scores. */
		if (!v->merges)
			ak_gguf_put_array(w, "tokenizer.ggml.scores",
					  AK_TENSOR_F32, score, v->count);
		ak_gguf_put_array(w, "tokenizer.ggml.token_type", AK_TENSOR_I32,
				  kind, v->count);
	}
	free(text);
	free(size);
	free(score);
	free(kind);
	return ret;
}

/* One template, or several of which the one without a name is used. */
static int put_chats(struct ak_gguf_writer *w, const struct ak_vocab *v)
{
	const char **names = calloc(v->chats ? v->chats : 1, sizeof(*names));
	size_t i, n = 0;

	if (!names)
		return -ENOMEM;
	for (i = 0; i < v->chats; i++)
		if (v->chat[i].name[0])
			names[n++] = v->chat[i].name;
	if (n)
		ak_gguf_put_strings(w, "tokenizer.chat_templates", names, NULL,
				    n);
	for (i = 0; i < v->chats; i++) {
		char buf[160];
		const char *name = v->chat[i].name;

		/* A key is ASCII without blanks, and as long as it may be. */
		if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") !=
			    strlen(name) ||
		    strlen(name) > 100)
			continue;
		snprintf(buf, sizeof(buf), "tokenizer.chat_template%s%s",
			 name[0] ? "." : "", name);
		ak_gguf_put_string(w, buf, v->chat[i].text);
	}
	free(names);
	return 0;
}

int gguf_put_vocab(struct ak_gguf_writer *w, const struct ak_vocab *v)
{
	/* "seperator" is how ggml writes it. */
	static const char *const ids[AK_SPECIALS] = {
		[AK_SPECIAL_BOS] = "tokenizer.ggml.bos_token_id",
		[AK_SPECIAL_EOS] = "tokenizer.ggml.eos_token_id",
		[AK_SPECIAL_UNK] = "tokenizer.ggml.unknown_token_id",
		[AK_SPECIAL_SEP] = "tokenizer.ggml.seperator_token_id",
		[AK_SPECIAL_PAD] = "tokenizer.ggml.padding_token_id",
		[AK_SPECIAL_CLS] = "tokenizer.ggml.cls_token_id",
		[AK_SPECIAL_MASK] = "tokenizer.ggml.mask_token_id",
	};
	unsigned int i;
	int ret;

	ak_gguf_put_string(w, "tokenizer.ggml.model", v->model);
	ak_gguf_put_string(w, "tokenizer.ggml.pre", v->pre);
	ret = put_tokens(w, v);
	if (ret)
		return ret;
	if (v->merges)
		ak_gguf_put_strings(w, "tokenizer.ggml.merges",
				    (const char *const *)v->merge, NULL,
				    v->merges);
	for (i = 0; i < AK_SPECIALS; i++)
		if (v->special[i] >= 0)
			ak_gguf_put_u32(w, ids[i], (uint32_t)v->special[i]);
	if (v->add[AK_SPECIAL_BOS] >= 0)
		ak_gguf_put_bool(w, "tokenizer.ggml.add_bos_token",
				 v->add[AK_SPECIAL_BOS]);
	if (v->add[AK_SPECIAL_EOS] >= 0)
		ak_gguf_put_bool(w, "tokenizer.ggml.add_eos_token",
				 v->add[AK_SPECIAL_EOS]);
	if (v->space_prefix >= 0)
		ak_gguf_put_bool(w, "tokenizer.ggml.add_space_prefix",
				 v->space_prefix);
	return put_chats(w, v);
}
