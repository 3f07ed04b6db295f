// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Output formats nntr-bin and nntr-safetensors: what nntrainer's CausalLM
 * application loads, as its nntr_quantize writes it. Order, names and
 * transposition: Documentation/formats/nntr.rst.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/util.h"
#include "convert/blocks.h"
#include "convert/convert.h"
#include "convert/out_nntrainer.h"
#include "format/safetensors_write.h"

/**
 * struct role - a weight of nntrainer's graph
 * @role: what it is in the model
 * @layer: its layer's name, behind "layerN" within blocks
 * @weight: its name within the layer
 * @kind: which option says its type
 */
struct role {
	enum ak_role role;
	const char *layer, *weight;
	enum ak_nntrainer_kind kind;
};

static const struct role first = { AK_ROLE_EMBED, "embedding0", "Embedding",
				   AK_NNTRAINER_EMBEDDING };

static const struct role block[] = {
	{ AK_ROLE_INPUT_NORM, "_attention_norm", "gamma", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_Q, "_wq", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_Q_BIAS, "_wq", "bias", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_Q_NORM, "_q_norm", "gamma", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_K, "_wk", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_K_BIAS, "_wk", "bias", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_K_NORM, "_k_norm", "gamma", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_V, "_wv", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_V_BIAS, "_wv", "bias", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_O, "_attention_out", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_O_BIAS, "_attention_out", "bias", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_POST_NORM, "_ffn_norm", "gamma", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_UP, "_ffn_up", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_GATE, "_ffn_gate", "weight", AK_NNTRAINER_FC },
	{ AK_ROLE_DOWN, "_ffn_down", "weight", AK_NNTRAINER_FC },
};

static const struct role last[] = {
	{ AK_ROLE_FINAL_NORM, "output_norm", "gamma", AK_NNTRAINER_PLAIN },
	{ AK_ROLE_LM_HEAD, "output_of_causallm", "weight",
	  AK_NNTRAINER_LM_HEAD },
};

/**
 * struct entry - a weight of the file
 * @job: makes it
 * @bytes: its size
 * @type: of its elements
 * @name: in the file
 * @dim: shape in nntrainer: height, width
 */
struct entry {
	struct ak_job *job;
	uint64_t bytes;
	enum ak_quant_type type;
	const char *name;
	uint64_t dim[2];
};

struct graph {
	struct ak_plan *plan;
	const struct ak_convert_model *model;
	enum ak_quant_type type[AK_NNTRAINER_KINDS];
	bool arm;
	struct entry *entry;
	size_t count, found;
};

/* Its name in the file. */
static void name_of(const struct role *r, int layer, char *buf, size_t size)
{
	if (layer < 0)
		snprintf(buf, size, "%s:%s", r->layer, r->weight);
	else
		snprintf(buf, size, "layer%d%s:%s", layer, r->layer, r->weight);
}

bool ak_nntrainer_name(enum ak_role role, int layer, char *buf, size_t size)
{
	const struct role *r = NULL;
	size_t i;

	if (role == first.role)
		r = &first;
	for (i = 0; i < ARRAY_SIZE(block); i++)
		if (role == block[i].role)
			r = &block[i];
	for (i = 0; i < ARRAY_SIZE(last); i++)
		if (role == last[i].role)
			r = &last[i];
	if (r)
		name_of(r, layer, buf, size);
	return r;
}

bool ak_nntrainer_at(size_t i, size_t layers, struct ak_nntrainer_weight *out)
{
	size_t blocks = layers * ARRAY_SIZE(block);
	const struct role *r = &first;

	out->layer = -1;
	if (i && i <= blocks) {
		r = &block[(i - 1) % ARRAY_SIZE(block)];
		out->layer = (int)((i - 1) / ARRAY_SIZE(block));
	} else if (i) {
		i -= blocks + 1;
		if (i >= ARRAY_SIZE(last))
			return false;
		r = &last[i];
	}
	out->role = r->role;
	out->kind = r->kind;
	name_of(r, out->layer, out->name, sizeof(out->name));
	return true;
}

static enum ak_quant_type type_of(const struct ak_settings *s,
				  const char *option)
{
	const char *value = ak_setting(s, option);

	return (enum ak_quant_type)(!strcmp(value, "q4_0") ? AK_QUANT_Q4_0 :
				    !strcmp(value, "q6_k") ? AK_QUANT_Q6_K :
				    !strcmp(value, "fp16") ? AK_QUANT_F16 :
							     AK_QUANT_F32);
}

static bool is_blocks(enum ak_quant_type type)
{
	return type == AK_QUANT_Q4_0 || type == AK_QUANT_Q6_K;
}

static int read_settings(struct graph *g, const struct ak_settings *s,
			 struct ak_err *err)
{
	const struct ak_arch_config *c = g->model->config;

	if (c->arch == AK_ARCH_GEMMA || c->arch == AK_ARCH_BITNET)
		return ak_errf(
			err, -ENOTSUP,
			"%s: nntrainer's CausalLM application has no models of the kind %s; it has Llama, Mistral (as Llama), Qwen2 and Qwen3",
			g->model->path, c->model_type);
	g->type[AK_NNTRAINER_FC] = type_of(s, "fc-dtype");
	g->type[AK_NNTRAINER_EMBEDDING] = type_of(s, "embd-dtype");
	g->type[AK_NNTRAINER_LM_HEAD] = ak_setting(s, "lmhead-dtype") ?
						type_of(s, "lmhead-dtype") :
						g->type[AK_NNTRAINER_EMBEDDING];
	g->type[AK_NNTRAINER_PLAIN] = AK_QUANT_F32;
	g->arm = ak_setting_is(s, "isa", "arm");
	if (c->tied && ak_setting_given(s, "lmhead-dtype"))
		ak_plan_warn(
			g->plan,
			"--lmhead-dtype has no effect: this model has no head of its own, the embedding is used (--embd-dtype)");
	return 0;
}

/* Nobody can tell from the file what would not fit, so nothing may not. */
static int check_shape(const struct graph *g, const struct ak_tensor *t,
		       enum ak_quant_type type, const struct ak_blocks *b,
		       struct ak_err *err)
{
	uint64_t rows = ak_tensor_rows(t), cols = ak_tensor_cols(t);
	uint32_t block_size = ak_quant_format(type)->block;

	if (cols % block_size)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' has %" PRIu64
			" columns, which blocks of %s (%u) do not divide; nntrainer cannot load that: choose another type",
			t->file, t->name, cols, ak_quant_format(type)->name,
			block_size);
	if (b->repacked && rows % ak_repack_rows(b->how))
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' has %" PRIu64
			" rows, which groups of %u (--isa %s) do not divide; nntrainer cannot load that: choose another type",
			t->file, t->name, rows, ak_repack_rows(b->how),
			g->arm ? "arm" : "x86");
	return 0;
}

static int add(struct graph *g, const struct ak_nntrainer_weight *r,
	       struct ak_err *err)
{
	const struct ak_arch_tensor *a =
		ak_arch_find(g->model->arch, r->role, r->layer);
	struct ak_blocks b = { .type = g->type[r->kind] };
	const struct ak_tensor *t;
	struct entry *e;
	int rc;

	if (!a || a->tied)
		return 0;
	t = a->tensor;
	g->found++;
	e = &g->entry[g->count++];
	e->type = b.type;
	e->name = ak_plan_text(g->plan, "%s", r->name);
	if (!e->name)
		return ak_plan_error(g->plan, err);
	/* The embedding is looked up by rows; only layers are interleaved. */
	b.repacked =
		b.type == AK_QUANT_Q4_0 && r->kind != AK_NNTRAINER_EMBEDDING;
	b.how = g->arm ? AK_REPACK_X4_IL8 : AK_REPACK_X8_IL8;
	rc = check_shape(g, t, b.type, &b, err);
	if (rc)
		return rc;
	e->job = ak_plan_job(g->plan, e->name, 0);
	ak_plan_job_source(g->plan, e->job, &t, 1);
	rc = ak_plan_error(g->plan, err);
	if (rc)
		return rc;
	e->dim[0] = ak_tensor_rows(t);
	e->dim[1] = ak_tensor_cols(t);
	if (r->kind == AK_NNTRAINER_FC || r->kind == AK_NNTRAINER_LM_HEAD) {
		/* [in, out]; blocks run along inputs all the same. */
		e->dim[0] = ak_tensor_cols(t);
		e->dim[1] = ak_tensor_rows(t);
		if (!is_blocks(b.type)) {
			e->job->source.transpose = true;
			e->job->rows = e->dim[0];
			e->job->cols = e->dim[1];
		}
	}
	return ak_blocks_job(g->plan, e->job, &b, &e->bytes, err);
}

static int add_all(struct graph *g, struct ak_err *err)
{
	size_t layers = (size_t)g->model->config->layers.i, k, wanted = 0;
	struct ak_nntrainer_weight w;
	int rc = 0;

	g->entry = ak_plan_alloc(g->plan, (g->model->arch->count + 1) *
						  sizeof(*g->entry));
	if (!g->entry)
		return ak_plan_error(g->plan, err);
	for (k = 0; !rc && ak_nntrainer_at(k, layers, &w); k++)
		rc = add(g, &w, err);
	if (rc)
		return rc;
	/* What nntrainer has no place for must not be lost without a word. */
	for (k = 0; k < g->model->arch->count; k++)
		wanted += !g->model->arch->tensor[k].tied;
	if (wanted != g->found)
		return ak_errf(
			err, -ENOTSUP,
			"%s: %zu of %zu tensors have no place in nntrainer's model",
			g->model->path, wanted - g->found, wanted);
	return 0;
}

static const char *dtype_name(enum ak_quant_type type)
{
	return type == AK_QUANT_F32 ? "FP32" :
	       type == AK_QUANT_F16 ? "FP16" :
				      ak_quant_format(type)->name;
}

static int plan_graph(struct graph *g, const struct ak_convert_model *model,
		      const struct ak_settings *settings, struct ak_plan *plan,
		      struct ak_err *err)
{
	int rc;

	memset(g, 0, sizeof(*g));
	g->plan = plan;
	g->model = model;
	rc = read_settings(g, settings, err);
	if (!rc)
		rc = add_all(g, err);
	if (!rc)
		ak_plan_note(
			plan,
			"nntr_config.json for this file: \"model_tensor_type\": \"%s-FP32\", \"fc_layer_dtype\": \"%s\", \"embedding_dtype\": \"%s\", \"lmhead_dtype\": \"%s\"",
			dtype_name(g->type[AK_NNTRAINER_FC]),
			dtype_name(g->type[AK_NNTRAINER_FC]),
			dtype_name(g->type[AK_NNTRAINER_EMBEDDING]),
			dtype_name(g->type[AK_NNTRAINER_LM_HEAD]));
	return rc;
}

static int plan_bin(const struct ak_convert_model *model,
		    const struct ak_settings *settings, struct ak_plan *plan,
		    struct ak_err *err)
{
	struct ak_plan_file *f;
	struct graph g;
	size_t i;
	int rc = plan_graph(&g, model, settings, plan, err);

	if (rc)
		return rc;
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	for (i = 0; i < g.count; i++)
		ak_file_output(f, g.entry[i].job, 0);
	return 0;
}

/* ----------------------------------------------------------- safetensors */

static void describe(struct graph *g, const struct entry *e,
		     struct ak_st_new *t)
{
	t->name = e->name;
	if (!is_blocks(e->type)) {
		t->type =
			e->type == AK_QUANT_F16 ? AK_TENSOR_F16 : AK_TENSOR_F32;
		t->ndim = 4;
		t->dim[0] = t->dim[1] = 1;
		t->dim[2] = e->dim[0];
		t->dim[3] = e->dim[1];
		return;
	}
	t->type = AK_TENSOR_U8;
	t->ndim = 1;
	t->dim[0] = e->bytes;
	t->extra = ak_plan_text(
		g->plan,
		"\"nntr_dtype\":\"%s\",\"nntr_shape\":[1,1,%" PRIu64 ",%" PRIu64
		"]",
		ak_quant_format(e->type)->name, e->dim[0], e->dim[1]);
}

static int write_header(struct graph *g, struct ak_plan_file *f,
			struct ak_err *err)
{
	struct ak_st_new *t =
		ak_plan_alloc(g->plan, (g->count + 1) * sizeof(*t));
	struct ak_st_text meta[3] = { { "format", "nntrainer" } };
	struct ak_st_writer *w = NULL;
	struct ak_buf header = { 0 };
	struct ak_out *out = NULL;
	bool blocks = false, q4_0 = false;
	size_t i, n = 1;
	int rc;

	if (!t)
		return ak_plan_error(g->plan, err);
	for (i = 0; i < g->count; i++) {
		describe(g, &g->entry[i], &t[i]);
		blocks |= is_blocks(g->entry[i].type);
		q4_0 |= g->entry[i].type == AK_QUANT_Q4_0;
	}
	if (blocks)
		meta[n++] = (struct ak_st_text){ "nntr_format",
						 "nntr-safetensors-v1" };
	if (q4_0)
		meta[n++] = (struct ak_st_text){ "nntr_q4_0_isa",
						 g->arm ? "arm" : "x86" };
	rc = ak_plan_error(g->plan, err);
	if (!rc)
		rc = ak_out_memory("the header", &header, &out, err);
	if (!rc)
		rc = ak_st_writer_new(out, t, g->count, AK_ST_GIVEN, meta, n,
				      &w, err);
	ak_st_writer_free(w);
	if (out && !rc)
		rc = ak_out_finish(out, err);
	else
		ak_out_abandon(out);
	if (!rc)
		ak_file_bytes(f, header.data, header.size);
	ak_buf_clear(&header);
	return rc;
}

static int plan_safetensors(const struct ak_convert_model *model,
			    const struct ak_settings *settings,
			    struct ak_plan *plan, struct ak_err *err)
{
	struct ak_plan_file *f;
	struct graph g;
	size_t i;
	int rc = plan_graph(&g, model, settings, plan, err);

	if (rc)
		return rc;
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	rc = write_header(&g, f, err);
	for (i = 0; !rc && i < g.count; i++)
		ak_file_output(f, g.entry[i].job, 0);
	return rc;
}

/* nntr_quantize's options; it has Q4_K, too, and FP16 for no embedding. */
static const struct ak_output_option options[] = {
	{ "fc-dtype", "q4_0|q6_k|fp16|fp32", "q4_0",
	  "Type of fully connected layers" },
	{ "embd-dtype", "q4_0|q6_k|fp32", "fp32", "Type of the embedding" },
	{ "lmhead-dtype", "q4_0|q6_k|fp16|fp32", NULL,
	  "Type of a head that is not the embedding (that of the embedding)" },
	{ "isa", "x86|arm", "x86",
	  "Machine that Q4_0 is interleaved for; the other one cannot load it" },
	{ NULL, NULL, NULL, NULL },
};

const struct ak_output_format ak_output_nntr_bin = {
	.name = "nntr-bin",
	.summary =
		"weights for nntrainer's CausalLM application, without a header",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_bin,
};

const struct ak_output_format ak_output_nntr_safetensors = {
	.name = "nntr-safetensors",
	.summary = "the same in a safetensors file (nntr-safetensors-v1)",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_safetensors,
};
