// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * config.json. Defaults are those of the configuration classes of
 * transformers; see Documentation/formats/architectures.rst.
 */
#include "convert/arch.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/json_file.h"
#include "common/util.h"

#define CONFIG "config.json"
#define MAX_CONFIG (16u << 20)

/* Above every model; products of three of them fit 64 bits. */
#define MAX_SIZE ((int64_t)1 << 31)
#define MAX_LAYERS 65536
#define MAX_HEADS 65536

/*
 * @o_bias: what attention_bias says is true of o_proj, too
 * @qkv_bias: q, k and v always have biases
 */
static const struct {
	const char *type, *class;
	int64_t head_dim, context;
	double eps, theta;
	bool tied, qkv_bias, o_bias, has_attention_bias;
} archs[] = {
	[AK_ARCH_LLAMA] = { "llama", "LlamaForCausalLM", 0, 2048, 1e-6, 1e4,
			    false, false, true, true },
	[AK_ARCH_MISTRAL] = { "mistral", "MistralForCausalLM", 0, 131072, 1e-6,
			      1e4, false, false, false, false },
	[AK_ARCH_QWEN2] = { "qwen2", "Qwen2ForCausalLM", 0, 32768, 1e-6, 1e4,
			    false, true, false, false },
	[AK_ARCH_QWEN3] = { "qwen3", "Qwen3ForCausalLM", 128, 32768, 1e-6, 1e4,
			    false, false, true, true },
	[AK_ARCH_GEMMA] = { "gemma", "GemmaForCausalLM", 256, 8192, 1e-6, 1e4,
			    true, false, true, true },
	[AK_ARCH_BITNET] = { "bitnet", "BitNetForCausalLM", 0, 2048, 1e-5, 5e5,
			     false, false, true, true },
};

struct reader {
	const char *path;
	json_t *root;
	struct ak_arch_config *c;
	struct ak_err *err;
};

const char *ak_arch_name(enum ak_arch arch)
{
	return archs[arch].type;
}

/* A key's value; NULL where it is absent or null. */
static json_t *get(json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_null(v) ? NULL : v;
}

static int wrong(const struct reader *r, const char *key, const char *what)
{
	return ak_errf(r->err, -EBADMSG, "%s: %s %s", r->path, key, what);
}

static int read_number(const struct reader *r, json_t *v, const char *key,
		       struct ak_arch_number *n)
{
	if (!v)
		return 0;
	if (!json_is_number(v))
		return wrong(r, key, "is no number");
	n->set = true;
	n->is_float = json_is_real(v);
	n->f = json_number_value(v);
	n->i = json_is_integer(v) ? json_integer_value(v) : 0;
	if (!n->is_float || n->f < -9e18 || n->f > 9e18)
		return 0;
	n->i = (int64_t)n->f;
	return 0;
}

/* A whole number from 1 to @most. */
static int read_size(const struct reader *r, const char *key, int64_t most,
		     int64_t preset, struct ak_arch_number *n)
{
	int rc;

	n->i = preset;
	n->f = (double)preset;
	rc = read_number(r, get(r->root, key), key, n);
	if (rc)
		return rc;
	if (!n->set && !preset)
		return wrong(r, key, "is missing");
	if (n->set && (n->is_float || n->i < 1 || n->i > most))
		return ak_errf(
			r->err, -EBADMSG,
			"%s: %s is %s%.17g; it must be a whole number from 1 to %" PRId64,
			r->path, key, n->is_float ? "written as " : "", n->f,
			most);
	return 0;
}

static int read_positive(const struct reader *r, json_t *v, const char *key,
			 double preset, struct ak_arch_number *n)
{
	int rc;

	n->f = preset;
	n->i = (int64_t)preset;
	rc = read_number(r, v, key, n);
	if (!rc && !(n->f > 0 && isfinite(n->f)))
		return wrong(r, key, "is not above zero");
	return rc;
}

static int read_bool(const struct reader *r, const char *key, bool *set,
		     bool *value)
{
	json_t *v = get(r->root, key);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return wrong(r, key, "is neither true nor false");
	*set = true;
	*value = json_is_true(v);
	return 0;
}

static int unknown(const struct reader *r, const char *name)
{
	struct ak_buf list = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(archs); i++)
		ak_buf_printf(&list, "%s%s", i ? ", " : "", archs[i].type);
	ak_buf_add(&list, "", 1);
	rc = ak_errf(r->err, -ENOTSUP,
		     "%s: architecture '%s' is not known; known are %s",
		     r->path, name,
		     list.failed ? "llama and others" : (char *)list.data);
	ak_buf_clear(&list);
	return rc;
}

/* By model_type; by the class where that is absent. */
static int read_arch(struct reader *r)
{
	json_t *class = json_array_get(get(r->root, "architectures"), 0);
	json_t *type = get(r->root, "model_type");
	const char *name = json_string_value(type ? type : class);
	size_t i;

	if (!name)
		return wrong(r, "model_type", "is missing");
	for (i = 0; i < ARRAY_SIZE(archs); i++)
		if (!strcmp(name, type ? archs[i].type : archs[i].class))
			break;
	if (i == ARRAY_SIZE(archs))
		return unknown(r, name);
	r->c->arch = (enum ak_arch)i;
	snprintf(r->c->model_type, sizeof(r->c->model_type), "%s",
		 archs[i].type);
	return 0;
}

static int read_heads(struct reader *r)
{
	struct ak_arch_config *c = r->c;
	int64_t preset;
	int rc;

	rc = read_size(r, "num_attention_heads", MAX_HEADS, 0, &c->heads);
	if (!rc)
		rc = read_size(r, "num_key_value_heads", MAX_HEADS, c->heads.i,
			       &c->kv_heads);
	if (rc)
		return rc;
	if (c->heads.i % c->kv_heads.i)
		return ak_errf(r->err, -EBADMSG,
			       "%s: %" PRId64
			       " attention heads cannot share %" PRId64
			       " key-value heads",
			       r->path, c->heads.i, c->kv_heads.i);
	preset = archs[c->arch].head_dim;
	if (!preset && !get(r->root, "head_dim") &&
	    c->hidden_size.i % c->heads.i)
		return ak_errf(r->err, -EBADMSG,
			       "%s: hidden_size %" PRId64
			       " cannot be divided among %" PRId64
			       " heads, and there is no head_dim",
			       r->path, c->hidden_size.i, c->heads.i);
	if (!preset)
		preset = c->hidden_size.i / c->heads.i;
	/* Not used where head_dim is there, but then it may not be 0. */
	return read_size(r, "head_dim", MAX_SIZE, preset ? preset : 1,
			 &c->head_dim);
}

static int read_theta(struct reader *r)
{
	json_t *v = get(r->root, "rope_theta");

	if (!v)
		v = get(get(r->root, "rope_parameters"), "rope_theta");
	return read_positive(r, v, "rope_theta", archs[r->c->arch].theta,
			     &r->c->rope_theta);
}

static int read_flags(struct reader *r)
{
	struct ak_arch_config *c = r->c;
	bool set = false, mlp_bias = false;
	const char *method;
	int rc;

	c->tied = archs[c->arch].tied;
	rc = read_bool(r, "tie_word_embeddings", &c->tied_set, &c->tied);
	if (!rc && archs[c->arch].has_attention_bias)
		rc = read_bool(r, "attention_bias", &set, &c->attention_bias);
	if (!rc)
		rc = read_bool(r, "mlp_bias", &set, &mlp_bias);
	if (rc)
		return rc;
	if (mlp_bias)
		return ak_errf(
			r->err, -ENOTSUP,
			"%s: mlp_bias is true; no output format has biases of the MLP",
			r->path);
	c->o_bias = c->attention_bias && archs[c->arch].o_bias;
	if (archs[c->arch].qkv_bias)
		c->attention_bias = true;
	method = json_string_value(
		get(get(r->root, "quantization_config"), "quant_method"));
	if (method)
		snprintf(c->quant_method, sizeof(c->quant_method), "%s",
			 method);
	return 0;
}

static int read_config(struct reader *r)
{
	struct ak_arch_config *c = r->c;
	int rc;

	if (!json_is_object(r->root))
		return ak_errf(r->err, -EBADMSG, "%s: is no object", r->path);
	rc = read_arch(r);
	if (!rc)
		rc = read_size(r, "vocab_size", MAX_SIZE, 0, &c->vocab_size);
	if (!rc)
		rc = read_size(r, "hidden_size", MAX_SIZE, 0, &c->hidden_size);
	if (!rc)
		rc = read_size(r, "intermediate_size", MAX_SIZE, 0,
			       &c->intermediate_size);
	if (!rc)
		rc = read_size(r, "num_hidden_layers", MAX_LAYERS, 0,
			       &c->layers);
	if (!rc)
		rc = read_heads(r);
	if (!rc)
		rc = read_size(r, "max_position_embeddings", MAX_SIZE,
			       archs[c->arch].context, &c->context);
	if (!rc)
		rc = read_positive(r, get(r->root, "rms_norm_eps"),
				   "rms_norm_eps", archs[c->arch].eps,
				   &c->rms_norm_eps);
	if (!rc)
		rc = read_theta(r);
	return rc ? rc : read_flags(r);
}

static bool is_config_name(const char *path)
{
	size_t n = strlen(path), suffix = strlen(".json");
	static const char index[] = ".index.json";

	return n >= suffix && !strcmp(path + n - suffix, ".json") &&
	       !(n >= strlen(index) &&
		 !strcmp(path + n - strlen(index), index));
}

/* The file itself, or the one in or beside what was named. */
static char *config_path(const char *path)
{
	const char *slash;
	struct stat st;
	char *s;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return asprintf(&s, "%s/" CONFIG, path) < 0 ? NULL : s;
	if (is_config_name(path))
		return strdup(path);
	slash = strrchr(path, '/');
	if (asprintf(&s, "%.*s" CONFIG, slash ? (int)(slash - path) + 1 : 0,
		     path) < 0)
		return NULL;
	return s;
}

int ak_arch_config_read(const char *path, struct ak_arch_config *out,
			struct ak_err *err)
{
	struct reader r = { .c = out, .err = err };
	uint8_t *text = NULL;
	char *file;
	size_t size;
	int rc;

	memset(out, 0, sizeof(*out));
	file = config_path(path);
	if (!file)
		return ak_errf(err, -ENOMEM, "no memory for a name");
	r.path = file;
	rc = ak_file_read(file, MAX_CONFIG, &text, &size, err);
	if (rc == -ENOENT)
		ak_errf(err, rc,
			"%s: is not there; a model needs the " CONFIG
			" that it came with",
			file);
	if (!rc)
		rc = ak_json_parse(file, text, size, &r.root, err);
	if (!rc)
		rc = read_config(&r);
	if (!rc) {
		out->json = strndup((const char *)text, size);
		if (!out->json)
			rc = ak_errf(err, -ENOMEM, "%s: no memory for it",
				     file);
	}
	json_decref(r.root);
	free(text);
	free(file);
	if (rc)
		ak_arch_config_free(out);
	return rc;
}

void ak_arch_config_free(struct ak_arch_config *c)
{
	free(c->json);
	memset(c, 0, sizeof(*c));
}
