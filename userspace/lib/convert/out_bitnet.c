// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Output format bitnet: ternary models for bitnet.rs (a bincode file per
 * block, or one safetensors file) and for Hugging Face's transformers.
 * Documentation/formats/bitnet.rst.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "common/buf.h"
#include "common/le.h"
#include "common/util.h"
#include "convert/bitnet.h"
#include "convert/blocks.h"
#include "convert/convert.h"
#include "format/bincode.h"
#include "format/safetensors_write.h"

#define MOST_TENSORS_PER_LAYER 16

/**
 * struct bitnet - what is being planned
 * @plan: the plan
 * @model: the model
 * @layers: its blocks
 * @generation: of the crate, 1 to 3
 * @rule: of matrices
 * @time: of the conversion, seconds since 1970
 */
struct bitnet {
	struct ak_plan *plan;
	const struct ak_convert_model *model;
	int64_t layers;
	uint64_t generation;
	struct ak_bitnet_rule rule;
	uint64_t time;
};

/* ------------------------------------------------------------------ input */

static int read_time(uint64_t *out, struct ak_err *err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	char *end;

	if (!text || !*text) {
		*out = (uint64_t)time(NULL);
		return 0;
	}
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno)
		return ak_errf(
			err, -EINVAL,
			"SOURCE_DATE_EPOCH: '%s' is not a number of seconds",
			text);
	return 0;
}

/* Parameters that none of the layouts has a place for. */
static int check_model(const struct bitnet *b, bool hf, struct ak_err *err)
{
	const struct ak_arch_config *c = b->model->config;
	size_t i;

	if (c->arch == AK_ARCH_GEMMA)
		return ak_errf(
			err, -ENOTSUP,
			"%s: Gemma's norms are offset by one, which BitNet models have no way to say",
			b->model->path);
	for (i = 0; i < b->model->arch->count; i++) {
		const struct ak_arch_tensor *a = &b->model->arch->tensor[i];

		switch (a->role) {
		case AK_ROLE_Q_BIAS:
		case AK_ROLE_K_BIAS:
		case AK_ROLE_V_BIAS:
		case AK_ROLE_O_BIAS:
		case AK_ROLE_Q_NORM:
		case AK_ROLE_K_NORM:
			return ak_errf(
				err, -ENOTSUP,
				"%s: BitNet models have no place for tensor '%s'",
				a->tensor->file, a->tensor->name);
		default:
			break;
		}
	}
	if (hf && c->arch != AK_ARCH_BITNET)
		return ak_errf(
			err, -ENOTSUP,
			"%s: --layout hf is for models of the kind bitnet, this is %s; transformers would not load it",
			b->model->path, c->model_type);
	return 0;
}

static const struct ak_tensor *find(const struct bitnet *b, enum ak_role role,
				    int64_t layer)
{
	const struct ak_arch_tensor *a =
		ak_arch_find(b->model->arch, role, (int)layer);

	return a ? a->tensor : NULL;
}

static bool is_sub_norm(enum ak_role role)
{
	return role == AK_ROLE_ATTN_SUB_NORM || role == AK_ROLE_FFN_SUB_NORM;
}

/* A job that stores a tensor as floats of some width. */
static int float_job(const struct bitnet *b, const char *name,
		     const struct ak_tensor *t, enum ak_quant_type type,
		     struct ak_job **job, struct ak_err *err)
{
	struct ak_blocks blocks = { .type = type };
	uint64_t bytes;

	*job = ak_plan_job(b->plan, name, 0);
	ak_plan_job_source(b->plan, *job, &t, 1);
	return ak_blocks_job(b->plan, *job, &blocks, &bytes, err);
}

/* ------------------------------------------------------- bincode records */

static void put_int(struct ak_plan_file *f, uint64_t v)
{
	uint8_t bytes[AK_BINCODE_MAX];

	ak_file_bytes(f, bytes, ak_bincode_put(bytes, v));
}

/* RmsNormRecord, EmbeddingRecord; the crate makes vectors [1, n]. */
static int put_floats(const struct bitnet *b, struct ak_plan_file *f,
		      const char *name, const struct ak_tensor *t,
		      struct ak_err *err)
{
	struct ak_job *job;
	int rc = float_job(b, name, t, AK_QUANT_F32, &job, err);

	if (rc)
		return rc;
	put_int(f, t->count);
	ak_file_output(f, job, 0);
	put_int(f, 2);
	put_int(f, ak_tensor_rows(t));
	put_int(f, ak_tensor_cols(t));
	return 0;
}

/* BitLinearRecord */
static int put_linear(const struct bitnet *b, struct ak_plan_file *f,
		      const char *name, const struct ak_tensor *const *t,
		      unsigned int count, struct ak_err *err)
{
	struct ak_job *job;
	int rc = ak_bitnet_job(b->plan, name, t, count, &b->rule, &job, err);

	if (rc)
		return rc;
	put_int(f, job->rows * job->cols / 16);
	ak_file_output(f, job, 0);
	put_int(f, job->rows);
	ak_file_output(f, job, 1);
	put_int(f, job->cols);
	put_int(f, job->rows);
	return 0;
}

/* A fused matrix of a block: its name in the records and its parts. */
static const struct fused {
	const char *name;
	unsigned int count;
	enum ak_role role[3];
} fused[] = {
	{ "attention.wqkv", 3, { AK_ROLE_Q, AK_ROLE_K, AK_ROLE_V } },
	{ "attention.wo", 1, { AK_ROLE_O } },
	{ "feed_forward.w13", 2, { AK_ROLE_GATE, AK_ROLE_UP } },
	{ "feed_forward.w2", 1, { AK_ROLE_DOWN } },
};

static void parts_of(const struct bitnet *b, const struct fused *m,
		     int64_t layer, const struct ak_tensor **t)
{
	unsigned int i;

	for (i = 0; i < m->count; i++)
		t[i] = find(b, m->role[i], layer);
}

static int put_block(const struct bitnet *b, int64_t i, struct ak_err *err)
{
	char *name = ak_plan_text(b->plan, "block_%" PRId64 ".bin", i);
	const struct ak_tensor *t[3];
	struct ak_plan_file *f;
	char *job;
	size_t k;
	int rc = 0;

	if (!name)
		return ak_plan_error(b->plan, err);
	f = ak_plan_file(b->plan, name, AK_FILE_PLAIN);
	for (k = 0; !rc && k < ARRAY_SIZE(fused); k++) {
		job = ak_plan_text(b->plan, "layers.%" PRId64 ".%s", i,
				   fused[k].name);
		parts_of(b, &fused[k], i, t);
		rc = put_linear(b, f, job ? job : "", t, fused[k].count, err);
	}
	if (!rc)
		rc = put_floats(b, f, "attention_norm",
				find(b, AK_ROLE_INPUT_NORM, i), err);
	if (!rc)
		rc = put_floats(b, f, "ffn_norm", find(b, AK_ROLE_POST_NORM, i),
				err);
	return rc;
}

/* ModelMetadata, for programs and for people. */
static int put_metadata(const struct bitnet *b, const char *layout,
			bool bincode, struct ak_err *err)
{
	const struct ak_arch_config *c = b->model->config;
	struct ak_plan_file *f;
	json_t *root;
	char *text;

	if (bincode) {
		f = ak_plan_file(b->plan, "metadata.bin", AK_FILE_PLAIN);
		put_int(f, (uint64_t)b->layers);
		put_int(f, (uint64_t)c->vocab_size.i);
		put_int(f, (uint64_t)c->hidden_size.i);
		put_int(f, b->time);
	}
	root = json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s}",
			 "num_layers", (json_int_t)b->layers, "vocab_size",
			 (json_int_t)c->vocab_size.i, "hidden_size",
			 (json_int_t)c->hidden_size.i, "conversion_timestamp",
			 (json_int_t)b->time, "generation",
			 (json_int_t)b->generation, "layout", layout, "codes",
			 b->rule.code == AK_CODE_PLUS_1 ? "-1=0 0=1 +1=2" :
							  "0=0 +1=1 -1=2",
			 "scale", b->rule.per_tensor ? "tensor" : "row");
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return ak_errf(err, -ENOMEM, "no memory for metadata.json");
	f = ak_plan_file(b->plan, "metadata.json", AK_FILE_PLAIN);
	ak_file_bytes(f, text, strlen(text));
	ak_file_bytes(f, "\n", 1);
	free(text);
	return 0;
}

/* ------------------------------------------------------------ safetensors */

/**
 * struct source - what makes a tensor
 * @job: the job
 * @output: which of its outputs
 * @scale: no output, but the scale in its result
 */
struct source {
	struct ak_job *job;
	unsigned int output;
	bool scale;
};

/**
 * struct list - tensors of a safetensors file
 * @b: what is being planned
 * @tensor: how they are described
 * @source: what makes them
 * @count: how many
 */
struct list {
	const struct bitnet *b;
	struct ak_st_new *tensor;
	struct source *source;
	size_t count;
};

static int list_new(const struct bitnet *b, struct list *l, struct ak_err *err)
{
	size_t most = b->model->arch->count * 2 + MOST_TENSORS_PER_LAYER;

	memset(l, 0, sizeof(*l));
	l->b = b;
	l->tensor = ak_plan_alloc(b->plan, most * sizeof(*l->tensor));
	l->source = ak_plan_alloc(b->plan, most * sizeof(*l->source));
	return ak_plan_error(b->plan, err);
}

static struct ak_st_new *list_add(struct list *l, const char *name,
				  enum ak_tensor_type type, struct ak_job *job,
				  unsigned int output)
{
	struct ak_st_new *t = &l->tensor[l->count];

	t->name = ak_plan_text(l->b->plan, "%s", name);
	t->type = type;
	l->source[l->count].job = job;
	l->source[l->count].output = output;
	l->count++;
	return t;
}

static int list_floats(struct list *l, const char *name,
		       const struct ak_tensor *t, enum ak_quant_type type,
		       struct ak_err *err)
{
	struct ak_job *job;
	struct ak_st_new *n;
	int rc = float_job(l->b, name, t, type, &job, err);

	if (rc)
		return rc;
	n = list_add(l, name,
		     type == AK_QUANT_F32 ? AK_TENSOR_F32 : AK_TENSOR_BF16, job,
		     0);
	n->ndim = t->ndim;
	memcpy(n->dim, t->dim, sizeof(n->dim));
	return 0;
}

/* U32 words and BF16 scales per row. */
static int list_words(struct list *l, const char *name,
		      const struct ak_tensor *const *t, unsigned int count,
		      struct ak_err *err)
{
	char *weight = ak_plan_text(l->b->plan, "%s.weight", name);
	char *scale = ak_plan_text(l->b->plan, "%s.weight_scale", name);
	struct ak_job *job;
	struct ak_st_new *n;
	int rc;

	if (!weight || !scale)
		return ak_plan_error(l->b->plan, err);
	rc = ak_bitnet_job(l->b->plan, name, t, count, &l->b->rule, &job, err);
	if (rc)
		return rc;
	if (job->cols % 16)
		return ak_errf(
			err, -ENOTSUP,
			"'%s' has %" PRIu64
			" columns, which 16 does not divide; this layout cannot store that",
			name, job->cols);
	n = list_add(l, weight, AK_TENSOR_U32, job, 0);
	n->ndim = 2;
	n->dim[0] = job->rows;
	n->dim[1] = job->cols / 16;
	n = list_add(l, scale, AK_TENSOR_BF16, job, 1);
	n->ndim = 1;
	n->dim[0] = job->rows;
	return 0;
}

static int make_scale(void *arg, uint8_t **data, size_t *size,
		      struct ak_err *err)
{
	const struct ak_job *job = arg;
	const struct ak_bitnet_result *result = job->result;
	uint16_t half;

	*data = malloc(2);
	*size = 2;
	if (!*data)
		return ak_errf(err, -ENOMEM, "no memory for a scale");
	ak_f32_to_bf16(ak_quant_best(), &result->scale, 1, &half);
	ak_put_le16(*data, half);
	return 0;
}

/* U8, four rows in a byte, and one BF16 scale. */
static int list_hf(struct list *l, const struct ak_tensor *t,
		   struct ak_err *err)
{
	char *scale = ak_plan_text(l->b->plan, "%s_scale", t->name);
	struct ak_job *job;
	struct ak_st_new *n;
	int rc;

	if (!scale)
		return ak_plan_error(l->b->plan, err);
	rc = ak_bitnet_job(l->b->plan, t->name, &t, 1, &l->b->rule, &job, err);
	if (rc)
		return rc;
	n = list_add(l, t->name, AK_TENSOR_U8, job, 0);
	n->ndim = 2;
	n->dim[0] = job->rows / 4;
	n->dim[1] = job->cols;
	n = list_add(l, scale, AK_TENSOR_BF16, job, 0);
	n->ndim = 1;
	n->dim[0] = 1;
	l->source[l->count - 1].scale = true;
	return 0;
}

static int put_list(struct list *l, const char *name,
		    const struct ak_st_text *meta, size_t num_meta,
		    struct ak_err *err)
{
	struct ak_plan_file *f = ak_plan_file(l->b->plan, name, AK_FILE_PLAIN);
	struct ak_st_writer *w = NULL;
	struct ak_buf header = { 0 };
	struct ak_out *out = NULL;
	size_t i;
	int rc = ak_plan_error(l->b->plan, err);

	if (!rc)
		rc = ak_out_memory(name, &header, &out, err);
	if (!rc)
		rc = ak_st_writer_new(out, l->tensor, l->count, AK_ST_SORTED,
				      meta, num_meta, &w, err);
	if (out && !rc)
		rc = ak_out_finish(out, err);
	else
		ak_out_abandon(out);
	if (!rc)
		ak_file_bytes(f, header.data, header.size);
	for (i = 0; !rc && i < l->count; i++) {
		const struct source *s = &l->source[ak_st_at(w, i)];

		if (s->scale)
			ak_file_late_sized(f, 2, make_scale, s->job);
		else
			ak_file_output(f, s->job, s->output);
	}
	ak_st_writer_free(w);
	ak_buf_clear(&header);
	return rc;
}

/* Norms that the crate has no place for, under their own names. */
static int put_sub_norms(const struct bitnet *b, enum ak_quant_type type,
			 struct ak_err *err)
{
	struct list l;
	size_t i;
	int rc = list_new(b, &l, err);

	for (i = 0; !rc && i < b->model->arch->count; i++) {
		const struct ak_arch_tensor *a = &b->model->arch->tensor[i];

		if (is_sub_norm(a->role))
			rc = list_floats(&l, a->tensor->name, a->tensor, type,
					 err);
	}
	if (rc || !l.count)
		return rc;
	ak_plan_warn(
		b->plan,
		"bitnet.rs has no attn_sub_norm and ffn_sub_norm; the %zu of this model are in sub_norms.safetensors",
		l.count);
	return put_list(&l, "sub_norms.safetensors", NULL, 0, err);
}

/* ------------------------------------------------------------- the layouts */

static int plan_bin(const struct bitnet *b, struct ak_err *err)
{
	const struct ak_tensor *embed = find(b, AK_ROLE_EMBED, -1);
	const struct ak_tensor *head = find(b, AK_ROLE_LM_HEAD, -1);
	struct ak_plan_file *f;
	int64_t i;
	int rc;

	f = ak_plan_file(b->plan, "embedding.bin", AK_FILE_PLAIN);
	rc = put_floats(b, f, embed->name, embed, err);
	for (i = 0; !rc && i < b->layers; i++)
		rc = put_block(b, i, err);
	if (rc)
		return rc;
	f = ak_plan_file(b->plan, "norm.bin", AK_FILE_PLAIN);
	rc = put_floats(b, f, "norm", find(b, AK_ROLE_FINAL_NORM, -1), err);
	if (rc)
		return rc;
	f = ak_plan_file(b->plan, "lm_head.bin", AK_FILE_PLAIN);
	if (b->generation < 3)
		rc = put_floats(b, f, "lm_head", head, err);
	else
		rc = put_linear(b, f, "lm_head", &head, 1, err);
	if (!rc)
		rc = put_metadata(b, "bin", true, err);
	return rc ? rc : put_sub_norms(b, AK_QUANT_F32, err);
}

/* The input's config.json with some keys more. */
static int put_config(const struct bitnet *b, json_t *more, struct ak_err *err)
{
	const char *json = b->model->config->json;
	struct ak_plan_file *f;
	json_t *root = json_loads(json, 0, NULL);
	char *text = NULL;

	if (root && more && !json_object_update(root, more))
		text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS |
						JSON_REAL_PRECISION(15));
	json_decref(root);
	json_decref(more);
	if (!text)
		return ak_errf(err, -ENOMEM, "no memory for config.json");
	f = ak_plan_file(b->plan, "config.json", AK_FILE_PLAIN);
	ak_file_bytes(f, text, strlen(text));
	free(text);
	return 0;
}

static int plan_safetensors(const struct bitnet *b, struct ak_err *err)
{
	const struct ak_tensor *head = find(b, AK_ROLE_LM_HEAD, -1), *t[3];
	const struct ak_arch_config *c = b->model->config;
	struct list l;
	int64_t i;
	size_t k;
	int rc = list_new(b, &l, err);

	if (!rc)
		rc = list_floats(&l, "tok_embeddings.weight",
				 find(b, AK_ROLE_EMBED, -1), AK_QUANT_BF16,
				 err);
	for (i = 0; !rc && i < b->layers; i++) {
		char *at = ak_plan_text(b->plan, "layers.%" PRId64 ".", i);
		char *norm = ak_plan_text(b->plan, "%sattention_norm.weight",
					  at ? at : "");
		char *ffn = ak_plan_text(b->plan, "%sffn_norm.weight",
					 at ? at : "");

		if (!at || !norm || !ffn)
			return ak_plan_error(b->plan, err);
		for (k = 0; !rc && k < ARRAY_SIZE(fused); k++) {
			char *name = ak_plan_text(b->plan, "%s%s", at,
						  fused[k].name);

			parts_of(b, &fused[k], i, t);
			rc = name ? list_words(&l, name, t, fused[k].count,
					       err) :
				    ak_plan_error(b->plan, err);
		}
		if (!rc)
			rc = list_floats(&l, norm,
					 find(b, AK_ROLE_INPUT_NORM, i),
					 AK_QUANT_BF16, err);
		if (!rc)
			rc = list_floats(&l, ffn, find(b, AK_ROLE_POST_NORM, i),
					 AK_QUANT_BF16, err);
	}
	if (!rc)
		rc = list_floats(&l, "norm.weight",
				 find(b, AK_ROLE_FINAL_NORM, -1), AK_QUANT_BF16,
				 err);
	if (!rc)
		rc = list_words(&l, "output", &head, 1, err);
	if (!rc)
		rc = put_list(&l, "model.safetensors", NULL, 0, err);
	if (!rc)
		rc = put_config(
			b,
			json_pack(
				"{s:b, s:s, s:I, s:I}", "bitnet_packed", 1,
				"_note",
				"Weights are packed: 16 ternary codes in a word, 0 as 0, +1 as 1, -1 as 2, with a scale per row.",
				"hidden_size", (json_int_t)c->hidden_size.i,
				"vocab_size", (json_int_t)c->vocab_size.i),
			err);
	if (!rc)
		rc = put_metadata(b, "safetensors", false, err);
	return rc ? rc : put_sub_norms(b, AK_QUANT_BF16, err);
}

static int plan_hf(const struct bitnet *b, struct ak_err *err)
{
	static const struct ak_st_text meta = { "format", "pt" };
	struct list l;
	size_t i;
	int rc = list_new(b, &l, err);

	for (i = 0; !rc && i < b->model->arch->count; i++) {
		const struct ak_arch_tensor *a = &b->model->arch->tensor[i];

		if (a->tied)
			continue;
		rc = ak_role_is_projection(a->role) ?
			     list_hf(&l, a->tensor, err) :
			     list_floats(&l, a->tensor->name, a->tensor,
					 AK_QUANT_BF16, err);
	}
	if (!rc)
		rc = put_list(&l, "model.safetensors", &meta, 1, err);
	if (!rc)
		rc = put_config(b,
				json_pack("{s:{s:s, s:s, s:s}}",
					  "quantization_config", "linear_class",
					  "autobitlinear", "quant_method",
					  "bitnet", "quantization_mode",
					  "offline"),
				err);
	return rc ? rc : put_metadata(b, "hf", false, err);
}

static int plan_bitnet(const struct ak_convert_model *model,
		       const struct ak_settings *settings, struct ak_plan *plan,
		       struct ak_err *err)
{
	struct bitnet b = { .plan = plan,
			    .model = model,
			    .layers = model->config->layers.i,
			    .generation = 3 };
	bool bin = ak_setting_is(settings, "layout", "bin");
	bool hf = ak_setting_is(settings, "layout", "hf");
	int rc;

	rc = ak_setting_number(settings, "generation", 1, 3, &b.generation,
			       err);
	if (!rc)
		rc = read_time(&b.time, err);
	if (!rc)
		rc = check_model(&b, hf, err);
	if (rc)
		return rc;
	if (!bin && ak_setting_given(settings, "generation") &&
	    b.generation != 3)
		return ak_errf(
			err, -EINVAL,
			"--generation: only --layout bin was written by generations 1 and 2");
	if (hf && ak_setting_is(settings, "scale", "row"))
		return ak_errf(
			err, -EINVAL,
			"--scale row: --layout hf has one scale per tensor");
	b.rule.form = bin ? AK_BITNET_VARINT :
		      hf  ? AK_BITNET_HF :
			    AK_BITNET_WORDS;
	b.rule.code = b.generation == 1 ? AK_CODE_PLUS_1 : AK_CODE_TWOS;
	if (hf)
		b.rule.code = AK_CODE_PLUS_1;
	b.rule.per_tensor = hf || ak_setting_is(settings, "scale", "tensor");
	if (bin)
		return plan_bin(&b, err);
	return hf ? plan_hf(&b, err) : plan_safetensors(&b, err);
}

static const struct ak_output_option options[] = {
	{ "layout", "bin|safetensors|hf", "bin",
	  "Files: one per block for bitnet.rs, one safetensors file for bitnet.rs, or packed for transformers" },
	{ "generation", "1|2|3", "3",
	  "Generation of bitnet.rs that will read --layout bin" },
	{ "scale", "row|tensor", NULL,
	  "One scale per row (bitnet.rs) or per tensor (Microsoft, and always for hf)" },
	{ NULL, NULL, NULL, NULL },
};

const struct ak_output_format ak_output_bitnet = {
	.name = "bitnet",
	.summary = "ternary weights for bitnet.rs or transformers",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_bitnet,
};
