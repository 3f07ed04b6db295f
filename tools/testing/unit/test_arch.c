// SPDX-License-Identifier: GPL-2.0
/*
 * config.json, parameters of models by their roles, models in the hub's cache.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/le.h"
#include "common/util.h"
#include "convert/arch.h"
#include "convert/hub_cache.h"
#include "temp_dir.h"

#define SIZES                                                               \
	"\"vocab_size\": 7, \"hidden_size\": 8, \"intermediate_size\": 6, " \
	"\"num_hidden_layers\": 2, \"num_attention_heads\": 4"

static void read_config(const char *json, struct ak_arch_config *c)
{
	struct ak_err err = { "" };

	if (ak_arch_config_read(temp_text("config.json", json), c, &err))
		fail_msg("%s", err.text);
}

static void defaults(void **state)
{
	static const struct {
		const char *type;
		enum ak_arch arch;
		int64_t head_dim;
		double eps, theta;
		bool tied, bias;
	} cases[] = {
		{ "llama", AK_ARCH_LLAMA, 2, 1e-6, 1e4, false, false },
		{ "mistral", AK_ARCH_MISTRAL, 2, 1e-6, 1e4, false, false },
		{ "qwen2", AK_ARCH_QWEN2, 2, 1e-6, 1e4, false, true },
		{ "qwen3", AK_ARCH_QWEN3, 128, 1e-6, 1e4, false, false },
		{ "gemma", AK_ARCH_GEMMA, 256, 1e-6, 1e4, true, false },
		{ "bitnet", AK_ARCH_BITNET, 2, 1e-5, 5e5, false, false },
	};
	struct ak_arch_config c;
	char json[400];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sprintf(json, "{\"model_type\": \"%s\", " SIZES "}",
			cases[i].type);
		read_config(json, &c);
		assert_int_equal(c.arch, cases[i].arch);
		assert_string_equal(ak_arch_name(c.arch), cases[i].type);
		assert_string_equal(c.model_type, cases[i].type);
		assert_string_equal(c.json, json);
		assert_true(c.vocab_size.set && c.vocab_size.i == 7);
		assert_true(c.layers.i == 2 && c.heads.i == 4);
		assert_true(!c.kv_heads.set && c.kv_heads.i == 4);
		assert_true(!c.head_dim.set &&
			    c.head_dim.i == cases[i].head_dim);
		assert_true(!c.rms_norm_eps.set &&
			    c.rms_norm_eps.f == cases[i].eps);
		assert_true(!c.rope_theta.set &&
			    c.rope_theta.f == cases[i].theta);
		assert_int_equal(c.tied, cases[i].tied);
		assert_int_equal(c.attention_bias, cases[i].bias);
		assert_false(c.o_bias || c.tied_set);
		ak_arch_config_free(&c);
	}
}

static void values(void **state)
{
	struct ak_arch_config c;

	(void)state;
	read_config("{\"architectures\": [\"LlamaForCausalLM\"], " SIZES
		    ", \"num_key_value_heads\": 2, \"head_dim\": 16, "
		    "\"rope_theta\": 1000000, \"rms_norm_eps\": 1e-05, "
		    "\"max_position_embeddings\": 4096, "
		    "\"tie_word_embeddings\": true, \"attention_bias\": true, "
		    "\"quantization_config\": {\"quant_method\": \"gptq\"}}",
		    &c);
	assert_int_equal(c.arch, AK_ARCH_LLAMA);
	assert_int_equal(c.kv_heads.i, 2);
	assert_int_equal(c.head_dim.i, 16);
	assert_true(c.rope_theta.set && !c.rope_theta.is_float);
	assert_true(c.rope_theta.i == 1000000 && c.rope_theta.f == 1e6);
	assert_true(c.rms_norm_eps.is_float && c.rms_norm_eps.f == 1e-5);
	assert_int_equal(c.context.i, 4096);
	assert_true(c.tied && c.tied_set && c.attention_bias && c.o_bias);
	assert_string_equal(c.quant_method, "gptq");
	ak_arch_config_free(&c);
	/* A float by its point alone; null is absent; newer files. */
	read_config(
		"{\"model_type\": \"mistral\", " SIZES
		", \"num_key_value_heads\": null, \"rope_theta\": 1000000.0,"
		" \"attention_bias\": true}",
		&c);
	assert_true(c.rope_theta.is_float && c.rope_theta.f == 1e6);
	assert_true(!c.kv_heads.set && c.kv_heads.i == 4);
	/* The class has no biases, whatever the file says. */
	assert_false(c.attention_bias);
	ak_arch_config_free(&c);
	read_config("{\"model_type\": \"qwen3\", " SIZES
		    ", \"rope_parameters\": {\"rope_theta\": 5e6, "
		    "\"rope_type\": \"default\"}}",
		    &c);
	assert_true(c.rope_theta.set && c.rope_theta.f == 5e6);
	ak_arch_config_free(&c);
}

static void bad_configs(void **state)
{
	static const struct {
		const char *json;
		int code;
		const char *says;
	} cases[] = {
		{ "", -EBADMSG, "JSON" },
		{ "[]", -EBADMSG, "no object" },
		{ "{}", -EBADMSG, "model_type is missing" },
		{ "{\"model_type\": 7}", -EBADMSG, "model_type" },
		{ "{\"model_type\": \"gpt2\", " SIZES "}", -ENOTSUP,
		  "'gpt2' is not known; known are llama, mistral, qwen2, qwen3, gemma, bitnet" },
		{ "{\"model_type\": \"llama\"}", -EBADMSG,
		  "vocab_size is missing" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": \"7\"}",
		  -EBADMSG, "vocab_size is no number" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": 7.0}", -EBADMSG,
		  "whole number" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": 0}", -EBADMSG,
		  "whole number" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": -3}", -EBADMSG,
		  "whole number" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": 99999999999}",
		  -EBADMSG, "whole number" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": 99999999999999999999}",
		  -EBADMSG, "JSON" },
		{ "{\"model_type\": \"llama\", " SIZES
		  ", \"num_key_value_heads\": 3}",
		  -EBADMSG, "cannot share 3" },
		{ "{\"model_type\": \"llama\", " SIZES
		  ", \"num_key_value_heads\": 0}",
		  -EBADMSG, "whole number" },
		{ "{\"model_type\": \"llama\", " SIZES ", \"head_dim\": 0}",
		  -EBADMSG, "whole number" },
		{ "{\"model_type\": \"llama\", " SIZES ", \"rope_theta\": 0}",
		  -EBADMSG, "above zero" },
		{ "{\"model_type\": \"llama\", " SIZES
		  ", \"rms_norm_eps\": -1e-6}",
		  -EBADMSG, "above zero" },
		{ "{\"model_type\": \"llama\", " SIZES
		  ", \"tie_word_embeddings\": 1}",
		  -EBADMSG, "neither true nor false" },
		{ "{\"model_type\": \"llama\", " SIZES ", \"mlp_bias\": true}",
		  -ENOTSUP, "mlp_bias" },
		{ "{\"model_type\": \"llama\", \"vocab_size\": 7, "
		  "\"hidden_size\": 9, \"intermediate_size\": 6, "
		  "\"num_hidden_layers\": 2, \"num_attention_heads\": 4}",
		  -EBADMSG, "divided among 4" },
		{ "{\"model_type\": \"llama\", \"model_type\": \"llama\"}",
		  -EBADMSG, "JSON" },
	};
	struct ak_arch_config c;
	struct ak_err err;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rc = ak_arch_config_read(
			temp_text("config.json", cases[i].json), &c, &err);
		if (rc != cases[i].code || !strstr(err.text, cases[i].says) ||
		    !strstr(err.text, "config.json"))
			fail_msg("case %zu: %d, '%s' has no '%s'", i, rc,
				 err.text, cases[i].says);
		assert_null(c.json);
	}
}

/* The file itself, its folder, and files beside it. */
static void config_paths(void **state)
{
	static const char *const names[] = { "m", "m/config.json",
					     "m/model.safetensors",
					     "m/model.safetensors.index.json" };
	struct ak_arch_config c;
	struct ak_err err = { "" };
	size_t i;

	(void)state;
	temp_text("m/config.json", "{\"model_type\": \"llama\", " SIZES "}");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(
			ak_arch_config_read(temp_path(names[i]), &c, &err), 0);
		ak_arch_config_free(&c);
	}
	assert_int_equal(ak_arch_config_read(temp_path("model.bin"), &c, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "config.json: is not there"));
}

/* ------------------------------------------------------------- parameters */

struct shape {
	const char *name;
	unsigned int rows, cols;
};

/*
 * A file of half floats with these tensors, in the reverse order of names as
 * they stand here; @change is left out, or gets another shape.
 */
static const char *write_model(const struct shape *s, size_t n,
			       const char *change, unsigned int rows)
{
	struct ak_buf json = { 0 }, file = { 0 };
	uint8_t length[8];
	size_t at = 0, i;
	const char *path;

	for (i = n; i-- > 0;) {
		unsigned int r = s[i].rows;
		size_t size;

		if (change && !strcmp(change, s[i].name)) {
			if (!rows)
				continue;
			r = rows;
		}
		size = 2 * (size_t)r * (s[i].cols ? s[i].cols : 1);
		ak_buf_printf(&json,
			      "%c\"%s\":{\"dtype\":\"F16\",\"shape\":[%u",
			      at ? ',' : '{', s[i].name, r);
		if (s[i].cols)
			ak_buf_printf(&json, ",%u", s[i].cols);
		ak_buf_printf(&json, "],\"data_offsets\":[%zu,%zu]}", at,
			      at + size);
		at += size;
	}
	ak_buf_text(&json, "}");
	ak_put_le64(length, json.size);
	ak_buf_add(&file, length, 8);
	ak_buf_add(&file, json.data, json.size);
	ak_buf_fill(&file, 0, at);
	path = temp_write("model.safetensors", file.data, file.size);
	ak_buf_clear(&json);
	ak_buf_clear(&file);
	return path;
}

#define P(i) "model.layers." #i "."
#define ATTENTION(i, b) P(i) "self_attn." b
#define LLAMA_BLOCK(i)                                       \
	{ ATTENTION(i, "q_proj.weight"), 8, 8 },             \
		{ ATTENTION(i, "k_proj.weight"), 4, 8 },     \
		{ ATTENTION(i, "v_proj.weight"), 4, 8 },     \
		{ ATTENTION(i, "o_proj.weight"), 8, 8 },     \
		{ P(i) "mlp.gate_proj.weight", 6, 8 },       \
		{ P(i) "mlp.up_proj.weight", 6, 8 },         \
		{ P(i) "mlp.down_proj.weight", 8, 6 },       \
		{ P(i) "input_layernorm.weight", 8, 0 },     \
	{                                                    \
		P(i) "post_attention_layernorm.weight", 8, 0 \
	}

#define LLAMA \
	"{\"model_type\": \"llama\", " SIZES ", \"num_key_value_heads\": 2"

static const struct shape llama[] = {
	{ "model.embed_tokens.weight", 7, 8 },
	LLAMA_BLOCK(0),
	LLAMA_BLOCK(1),
	{ "model.norm.weight", 8, 0 },
	{ "lm_head.weight", 7, 8 },
};

struct opened {
	struct ak_arch_config c;
	struct ak_tensors *t;
	struct ak_arch_model m;
};

static int resolve(struct opened *o, const char *config, const char *path,
		   struct ak_err *err)
{
	read_config(config, &o->c);
	if (ak_tensors_open(path, &o->t, err))
		fail_msg("%s", err->text);
	return ak_arch_resolve(&o->c, o->t, &o->m, err);
}

static void close_all(struct opened *o)
{
	ak_arch_model_free(&o->m);
	ak_tensors_close(o->t);
	ak_arch_config_free(&o->c);
}

static void assert_order(const struct opened *o, const struct shape *s,
			 size_t n)
{
	size_t i;

	assert_int_equal(o->m.count, n);
	for (i = 0; i < n; i++)
		assert_string_equal(o->m.tensor[i].tensor->name, s[i].name);
}

static void order(void **state)
{
	struct ak_err err = { "" };
	const struct ak_arch_tensor *a;
	struct opened o;

	(void)state;
	if (resolve(&o, LLAMA "}",
		    write_model(llama, ARRAY_SIZE(llama), NULL, 0), &err))
		fail_msg("%s", err.text);
	assert_order(&o, llama, ARRAY_SIZE(llama));
	a = ak_arch_find(&o.m, AK_ROLE_DOWN, 1);
	assert_string_equal(a->tensor->name, P(1) "mlp.down_proj.weight");
	assert_false(a->tied);
	assert_null(ak_arch_find(&o.m, AK_ROLE_DOWN, 2));
	assert_null(ak_arch_find(&o.m, AK_ROLE_DOWN, -1));
	assert_null(ak_arch_find(&o.m, AK_ROLE_Q_NORM, 0));
	assert_string_equal(
		ak_arch_find(&o.m, AK_ROLE_LM_HEAD, -1)->tensor->name,
		"lm_head.weight");
	close_all(&o);
}

/* Biases behind their weights; norms of heads; sub norms of BitNet. */
static void variants(void **state)
{
#define ONE_LAYER                                                           \
	"\"vocab_size\": 7, \"hidden_size\": 8, \"intermediate_size\": 6, " \
	"\"num_hidden_layers\": 1, \"num_attention_heads\": 4, "            \
	"\"num_key_value_heads\": 2, \"head_dim\": 2"
#define MLP                                          \
	{ P(0) "mlp.gate_proj.weight", 6, 8 },       \
		{ P(0) "mlp.up_proj.weight", 6, 8 }, \
	{                                            \
		P(0) "mlp.down_proj.weight", 8, 6    \
	}
#define END                                                       \
	{ P(0) "input_layernorm.weight", 8, 0 },                  \
		{ P(0) "post_attention_layernorm.weight", 8, 0 }, \
	{                                                         \
		"model.norm.weight", 8, 0                         \
	}
	static const struct shape qwen2[] = {
		{ "model.embed_tokens.weight", 7, 8 },
		{ ATTENTION(0, "q_proj.weight"), 8, 8 },
		{ ATTENTION(0, "q_proj.bias"), 8, 0 },
		{ ATTENTION(0, "k_proj.weight"), 4, 8 },
		{ ATTENTION(0, "k_proj.bias"), 4, 0 },
		{ ATTENTION(0, "v_proj.weight"), 4, 8 },
		{ ATTENTION(0, "v_proj.bias"), 4, 0 },
		{ ATTENTION(0, "o_proj.weight"), 8, 8 },
		MLP,
		END,
	};
	static const struct shape qwen3[] = {
		{ "model.embed_tokens.weight", 7, 8 },
		{ ATTENTION(0, "q_proj.weight"), 8, 8 },
		{ ATTENTION(0, "k_proj.weight"), 4, 8 },
		{ ATTENTION(0, "v_proj.weight"), 4, 8 },
		{ ATTENTION(0, "o_proj.weight"), 8, 8 },
		{ ATTENTION(0, "q_norm.weight"), 2, 0 },
		{ ATTENTION(0, "k_norm.weight"), 2, 0 },
		MLP,
		END,
	};
	static const struct shape bitnet[] = {
		{ "model.embed_tokens.weight", 7, 8 },
		{ ATTENTION(0, "q_proj.weight"), 8, 8 },
		{ ATTENTION(0, "k_proj.weight"), 4, 8 },
		{ ATTENTION(0, "v_proj.weight"), 4, 8 },
		{ ATTENTION(0, "o_proj.weight"), 8, 8 },
		{ ATTENTION(0, "attn_sub_norm.weight"), 8, 0 },
		MLP,
		{ P(0) "mlp.ffn_sub_norm.weight", 6, 0 },
		END,
	};
	static const struct {
		const char *config;
		const struct shape *s;
		size_t n;
	} cases[] = {
		{ "{\"model_type\": \"qwen2\", " ONE_LAYER
		  ", \"tie_word_embeddings\": true}",
		  qwen2, ARRAY_SIZE(qwen2) },
		{ "{\"model_type\": \"qwen3\", " ONE_LAYER
		  ", \"tie_word_embeddings\": true}",
		  qwen3, ARRAY_SIZE(qwen3) },
		{ "{\"model_type\": \"bitnet\", " ONE_LAYER
		  ", \"tie_word_embeddings\": true}",
		  bitnet, ARRAY_SIZE(bitnet) },
		{ "{\"model_type\": \"llama\", " ONE_LAYER
		  ", \"tie_word_embeddings\": true, \"attention_bias\": true}",
		  NULL, 0 },
	};
	struct ak_err err = { "" };
	struct opened o;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		if (resolve(&o, cases[i].config,
			    write_model(cases[i].s, cases[i].n, NULL, 0), &err))
			fail_msg("%s", err.text);
		assert_int_equal(o.m.count, cases[i].n + 1);
		o.m.count--;
		assert_order(&o, cases[i].s, cases[i].n);
		o.m.count++;
		assert_true(o.m.tensor[cases[i].n].tied);
		assert_int_equal(o.m.tensor[cases[i].n].role, AK_ROLE_LM_HEAD);
		assert_ptr_equal(o.m.tensor[cases[i].n].tensor,
				 o.m.tensor[0].tensor);
		close_all(&o);
	}
	/* Llama with biases has one of o_proj, too. */
	assert_int_equal(resolve(&o, cases[3].config,
				 write_model(qwen2, ARRAY_SIZE(qwen2), NULL, 0),
				 &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "o_proj.bias"));
	close_all(&o);
}

static void wrong_models(void **state)
{
	static const char *const again[] = { "model.norm.weight",
					     "model.embed_tokens.weight",
					     P(1) "mlp.up_proj.weight" };
	struct ak_err err = { "" };
	struct opened o;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(again); i++) {
		assert_int_equal(resolve(&o, LLAMA "}",
					 write_model(llama, ARRAY_SIZE(llama),
						     again[i], 0),
					 &err),
				 -ENOENT);
		if (!strstr(err.text, again[i]))
			fail_msg("%s", err.text);
		assert_null(o.m.tensor);
		close_all(&o);
		assert_int_equal(resolve(&o, LLAMA "}",
					 write_model(llama, ARRAY_SIZE(llama),
						     again[i], 9),
					 &err),
				 -EBADMSG);
		if (!strstr(err.text, again[i]) || !strstr(err.text, "[9"))
			fail_msg("%s", err.text);
		close_all(&o);
	}
	/* A layer more than config.json has. */
	assert_int_equal(
		resolve(&o, "{\"model_type\": \"llama\", " ONE_LAYER "}",
			write_model(llama, ARRAY_SIZE(llama), NULL, 0), &err),
		-ENOTSUP);
	assert_non_null(strstr(err.text, "'" P(1)));
	assert_non_null(strstr(err.text, "9 tensor(s) would be lost"));
	close_all(&o);
	/* One that was quantised by somebody else. */
	assert_int_equal(resolve(&o,
				 LLAMA ", \"quantization_config\": "
				       "{\"quant_method\": \"awq\"}}",
				 write_model(llama, ARRAY_SIZE(llama),
					     P(0) "mlp.up_proj.weight", 0),
				 &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "(awq)"));
	close_all(&o);
}

static void heads(void **state)
{
	struct ak_err err = { "" };
	struct opened o;
	struct shape other[ARRAY_SIZE(llama) + 1];
	size_t n = ARRAY_SIZE(llama);
	const char *path;

	(void)state;
	/* No head, and nobody says that it is not tied. */
	path = write_model(llama, n, "lm_head.weight", 0);
	assert_int_equal(resolve(&o, LLAMA "}", path, &err), 0);
	assert_true(o.m.tensor[n - 1].tied);
	close_all(&o);
	assert_int_equal(resolve(&o, LLAMA ", \"tie_word_embeddings\": false}",
				 path, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "lm_head.weight"));
	close_all(&o);
	/* A head that is tied all the same is not used, whatever its shape. */
	path = write_model(llama, n, "lm_head.weight", 3);
	assert_int_equal(resolve(&o, LLAMA ", \"tie_word_embeddings\": true}",
				 path, &err),
			 0);
	assert_true(o.m.tensor[n - 1].tied);
	close_all(&o);
	/* Other names: output.weight, no "model.", and a buffer. */
	memcpy(other, llama, sizeof(llama));
	other[n - 1].name = "output.weight";
	other[n].name = P(0) "self_attn.rotary_emb.inv_freq";
	other[n].rows = 1;
	other[n].cols = 0;
	assert_int_equal(resolve(&o, LLAMA "}",
				 write_model(other, n + 1, NULL, 0), &err),
			 0);
	assert_string_equal(o.m.tensor[n - 1].tensor->name, "output.weight");
	close_all(&o);
	for (n = 0; n < ARRAY_SIZE(llama) - 1; n++)
		other[n].name += strlen("model.");
	assert_int_equal(
		resolve(&o, LLAMA "}", write_model(other, n, NULL, 0), &err),
		0);
	assert_string_equal(o.m.tensor[0].tensor->name, "embed_tokens.weight");
	close_all(&o);
}

/* -------------------------------------------------------------- the cache */

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void names(void **state)
{
	static const char *const good[] = { "a/b", "Org-1/Model_2.3", "A/0" };
	static const char *const bad[] = { "a",	   "a/b/c", "/b",     "a/",
					   "../b", "a/..",  "a/b..c", "a--b/c",
					   "-a/b", ".a/b",  "a b/c",  "a/b\n",
					   "" };
	static const char *const revisions[] = { "main", "v1.0", "refs/pr/1",
						 COMMIT };
	static const char *const no_revisions[] = { "",	  "..", "a/../b",
						    "/a", "a/", "a//b",
						    "a b" };
	size_t i;

	(void)state;
	assert_string_equal(ak_hub_repo("tinyllama"),
			    "TinyLlama/TinyLlama-1.1B-Chat-v1.0");
	assert_string_equal(ak_hub_repo("mistral-7b"),
			    "mistralai/Mistral-7B-v0.1");
	assert_string_equal(ak_hub_repo("mistral-7b-instruct"),
			    "mistralai/Mistral-7B-Instruct-v0.1");
	assert_string_equal(ak_hub_repo("gemma-2b"), "google/gemma-2b");
	assert_string_equal(ak_hub_repo("llama2-7b"),
			    "meta-llama/Llama-2-7b-hf");
	for (i = 0; i < ARRAY_SIZE(good); i++)
		assert_string_equal(ak_hub_repo(good[i]), good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (ak_hub_repo(bad[i]))
			fail_msg("'%s'", bad[i]);
	for (i = 0; i < ARRAY_SIZE(revisions); i++)
		assert_true(ak_hub_is_revision(revisions[i]));
	for (i = 0; i < ARRAY_SIZE(no_revisions); i++)
		if (ak_hub_is_revision(no_revisions[i]))
			fail_msg("'%s'", no_revisions[i]);
}

static void model_called(const char *path, bool guide, const char *name)
{
	char *got = ak_hub_model_name(path, guide);

	assert_string_equal(got, name);
	free(got);
}

static void find_fails(const char *name, const char *revision, int code,
		       const char *says)
{
	struct ak_err err = { "" };
	char *path;
	int rc = ak_hub_find(name, revision, &path, &err);

	assert_null(path);
	if (rc != code || !strstr(err.text, says))
		fail_msg("%d, '%s' has no '%s'", rc, err.text, says);
}

static void cache(void **state)
{
	static const char *const variables[] = { "HF_HUB_CACHE", "HF_HOME",
						 "XDG_CACHE_HOME", "HOME" };
	static const char *const folders[] = { "cache", "home/hub",
					       "xdg/huggingface/hub",
					       "user/.cache/huggingface/hub" };
	static const char *const values[] = { "cache", "home", "xdg", "user" };
	struct ak_err err = { "" };
	char name[256], *path, *home = strdup(getenv("HOME") ?: "/");
	size_t i;

	(void)state;
	unsetenv("HUGGINGFACE_HUB_CACHE");
	unsetenv("HF_HUB_CACHE");
	unsetenv("HF_HOME");
	unsetenv("XDG_CACHE_HOME");
	for (i = ARRAY_SIZE(variables); i-- > 0;) {
		/* Each goes before those that are set already. */
		setenv(variables[i], temp_path(values[i]), 1);
		assert_int_equal(ak_hub_cache(&path, &err), 0);
		assert_string_equal(path, temp_path(folders[i]));
		free(path);
	}
	setenv("HOME", home, 1);
	free(home);
	unsetenv("HF_HOME");
	unsetenv("XDG_CACHE_HOME");
#define REPO "cache/models--google--gemma-2b/"
	find_fails("gemma-2b", NULL, -ENOENT, "akida fetch google/gemma-2b");
	find_fails("x", NULL, -EINVAL, "ORG/MODEL");
	find_fails("a/b", "../x", -EINVAL, "branch");
	temp_text(REPO "refs/main", COMMIT "\n");
	find_fails("gemma-2b", NULL, -ENOENT, "not in the hub's cache");
	temp_text(REPO "snapshots/" COMMIT "/config.json", "{}");
	snprintf(name, sizeof(name), "%s", temp_path(REPO "snapshots/" COMMIT));
	assert_int_equal(ak_hub_find("gemma-2b", NULL, &path, &err), 0);
	assert_string_equal(path, name);
	free(path);
	model_called(name, true, "gemma-2b");
	temp_text("cache/models--a--b-c/snapshots/" COMMIT "/config.json",
		  "{}");
	model_called(temp_path("cache/models--a--b-c/snapshots/" COMMIT), true,
		     "b-c");
#define LLAMA2 "cache/models--meta-llama--Llama-2-7b-hf/snapshots/" COMMIT
	temp_text(LLAMA2 "/config.json", "{}");
	model_called(temp_path(LLAMA2), true, "llama2-7b");
	model_called(temp_path(LLAMA2), false, "Llama-2-7b-hf");
	temp_text("models--x/snapshots/" COMMIT "/config.json", "{}");
	model_called(temp_path("models--x/snapshots/" COMMIT), false, COMMIT);
	model_called(temp_path("cache/models--a--b-c"), false,
		     "models--a--b-c");
	model_called(temp_path("gone"), false, "model");
	assert_int_equal(ak_hub_find("google/gemma-2b", COMMIT, &path, &err),
			 0);
	assert_string_equal(path, name);
	free(path);
	temp_text(REPO "refs/v1", "../../../etc");
	find_fails("gemma-2b", "v1", -EBADMSG, "does not name a commit");
	temp_text(REPO "refs/v2", COMMIT "00");
	find_fails("gemma-2b", "v2", -EBADMSG, "does not name a commit");
	/* What exists under the name is meant. */
	assert_int_equal(ak_hub_input("gemma-2b", &path, &err), 0);
	assert_string_equal(path, name);
	free(path);
	temp_text("gemma-2b/x", "");
	assert_int_equal(chdir(temp_path(".")), 0);
	assert_int_equal(ak_hub_input("gemma-2b", &path, &err), 0);
	assert_string_equal(path, "gemma-2b");
	free(path);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(ak_hub_input("no.bin", &path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no.bin: there is no such file"));
	assert_int_equal(ak_hub_input("a/no.bin", &path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "a/no.bin: there is no such file"));
	unsetenv("HF_HUB_CACHE");
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, temp_dir_make, temp_dir_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(defaults),	    TEST(values), TEST(bad_configs),
		TEST(config_paths), TEST(order),  TEST(variants),
		TEST(wrong_models), TEST(heads),  TEST(names),
		TEST(cache),
	};

	return cmocka_run_group_tests_name("arch", tests, NULL, NULL);
}
