// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of an APL model, its errors, and its manifest: as the project's guide
 * documents it, or as its exporter writes it.
 */
#include "convert/out_apl.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_file.h"

/* ------------------------------------------------------------------- names */

static const struct {
	const char *name, *base;
} names[] = {
	/* The guide gives the embedding a base as if it were in block 0. */
	[AK_ROLE_EMBED] = { "embedding.weight", "layer_0_embedding_weight" },
	[AK_ROLE_Q] = { "self_attn.q_proj", "self_attn_q_proj_weight" },
	[AK_ROLE_Q_BIAS] = { "self_attn.q_proj.bias", "self_attn_q_proj_bias" },
	[AK_ROLE_Q_NORM] = { "self_attn.q_norm", "self_attn_q_norm_weight" },
	[AK_ROLE_K] = { "self_attn.k_proj", "self_attn_k_proj_weight" },
	[AK_ROLE_K_BIAS] = { "self_attn.k_proj.bias", "self_attn_k_proj_bias" },
	[AK_ROLE_K_NORM] = { "self_attn.k_norm", "self_attn_k_norm_weight" },
	[AK_ROLE_V] = { "self_attn.v_proj", "self_attn_v_proj_weight" },
	[AK_ROLE_V_BIAS] = { "self_attn.v_proj.bias", "self_attn_v_proj_bias" },
	[AK_ROLE_O] = { "self_attn.o_proj", "self_attn_o_proj_weight" },
	[AK_ROLE_O_BIAS] = { "self_attn.o_proj.bias", "self_attn_o_proj_bias" },
	[AK_ROLE_ATTN_SUB_NORM] = { "self_attn.attn_sub_norm",
				    "self_attn_attn_sub_norm_weight" },
	[AK_ROLE_GATE] = { "mlp.gate_proj", "mlp_gate_proj_weight" },
	[AK_ROLE_UP] = { "mlp.up_proj", "mlp_up_proj_weight" },
	[AK_ROLE_DOWN] = { "mlp.down_proj", "mlp_down_proj_weight" },
	[AK_ROLE_FFN_SUB_NORM] = { "mlp.ffn_sub_norm",
				   "mlp_ffn_sub_norm_weight" },
	[AK_ROLE_INPUT_NORM] = { "input_layernorm", "input_layernorm_weight" },
	[AK_ROLE_POST_NORM] = { "post_attention_layernorm",
				"post_attention_layernorm_weight" },
	[AK_ROLE_FINAL_NORM] = { "norm.weight", "norm_weight" },
	[AK_ROLE_LM_HEAD] = { "lm_head.weight", "lm_head_weight" },
};

void apl_base(enum ak_role role, int layer, char *buf, size_t size)
{
	if (layer < 0)
		snprintf(buf, size, "%s", names[role].base);
	else
		snprintf(buf, size, "layer_%d_%s", layer, names[role].base);
}

void apl_name(enum ak_role role, int layer, char *buf, size_t size)
{
	if (layer < 0)
		snprintf(buf, size, "%s", names[role].name);
	else
		snprintf(buf, size, "layer_%d.%s", layer, names[role].name);
}

static const char *family(const struct apl *a)
{
	switch (a->config->arch) {
	case AK_ARCH_MISTRAL:
		return "mistral";
	case AK_ARCH_QWEN2:
	case AK_ARCH_QWEN3:
		return "qwen";
	case AK_ARCH_GEMMA:
		return "gemma";
	case AK_ARCH_BITNET:
		return "bitnet";
	default:
		return "llama";
	}
}

/* ------------------------------------------------------------------ errors */

double apl_tolerance(unsigned int bits)
{
	switch (bits) {
	case 1:
		return 0.5;
	case 2:
		return 0.2;
	case 4:
		return 0.1;
	default:
		return 0.02;
	}
}

double apl_error(const struct apl_sums *s)
{
	return sqrt(s->noise) / (sqrt(s->signal) + 1e-10);
}

/* Weights from @i on that are of the same block. */
static size_t block_end(const struct apl *a, size_t i)
{
	int layer = a->weight[i].from->layer;
	size_t end = i + 1;

	if (layer < 0)
		return end;
	while (end < a->count && a->weight[end].from->layer == layer)
		end++;
	return end;
}

/* The block's sums, and its weight of the largest error; NULL for none. */
static const struct apl_weight *add_block(const struct apl *a, size_t i,
					  size_t end, struct apl_sums *sums)
{
	const struct apl_weight *worst = NULL;
	double most = 0;

	memset(sums, 0, sizeof(*sums));
	for (; i < end; i++) {
		const struct apl_weight *w = &a->weight[i];
		double error;

		if (!w->sums)
			continue;
		apl_add(sums, w->sums);
		error = apl_error(w->sums);
		if (!worst || !(error <= most)) {
			worst = w;
			most = error;
		}
	}
	return worst;
}

struct apl_sums apl_total(const struct apl *a, size_t *misses)
{
	double tolerance = apl_tolerance(a->rule.bits);
	struct apl_sums all = { 0 }, block;
	size_t i, end;

	*misses = 0;
	for (i = 0; i < a->count; i = end) {
		end = block_end(a, i);
		if (!add_block(a, i, end, &block))
			continue;
		apl_add(&all, &block);
		if (!(apl_error(&block) <= tolerance))
			(*misses)++;
	}
	return all;
}

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* { "relative_error", "tolerance", "passed" } and what calibration gained. */
static json_t *error_object(const struct apl *a, const struct apl_sums *s)
{
	double error = apl_error(s), tolerance = apl_tolerance(a->rule.bits);
	json_t *o = json_object();

	json_object_set_new(o, "relative_error", real(error));
	json_object_set_new(o, "tolerance", json_real(tolerance));
	json_object_set_new(o, "passed", json_boolean(error <= tolerance));
	if (a->rule.calibrate == AK_CALIBRATE_MSE && s->range_noise > 0)
		json_object_set_new(
			o, "calibration_gain",
			real(1 - sqrt(s->weight_noise / s->range_noise)));
	return o;
}

json_t *apl_accuracy(const struct apl *a)
{
	json_t *root = json_object(), *blocks = json_array(), *model;
	struct apl_sums block, all;
	size_t i, end, misses;

	for (i = 0; i < a->count; i = end) {
		int layer = a->weight[i].from->layer;
		const struct apl_weight *worst;
		json_t *o;

		end = block_end(a, i);
		worst = add_block(a, i, end, &block);
		if (!worst)
			continue;
		o = error_object(a, &block);
		json_object_set_new(o, "layer",
				    layer < 0 ?
					    json_string(worst->name) :
					    json_sprintf("layer_%d", layer));
		json_object_set_new(o, "worst", json_string(worst->name));
		json_object_set_new(o, "worst_error",
				    real(apl_error(worst->sums)));
		json_array_append_new(blocks, o);
	}
	all = apl_total(a, &misses);
	model = error_object(a, &all);
	json_object_set_new(root, "bits", json_integer(a->rule.bits));
	json_object_set_new(root, "model", model);
	json_object_set_new(root, "layers", blocks);
	json_object_set_new(root, "layers_above_tolerance",
			    json_integer((json_int_t)misses));
	return root;
}

/* ------------------------------------------------------ the guide's manifest */

static json_t *file(const struct apl_weight *w, const char *suffix)
{
	return json_sprintf("%s%s.npy", w->base, suffix);
}

static json_t *file_of_bits(const struct apl_weight *w, const char *suffix)
{
	return json_sprintf("%s_q%u%s.npy", w->base, w->apl->rule.bits, suffix);
}

static json_t *shape(uint64_t rows, uint64_t cols)
{
	json_t *s = json_array();

	json_array_append_new(s, json_integer((json_int_t)rows));
	json_array_append_new(s, json_integer((json_int_t)cols));
	return s;
}

static json_t *axis(const struct apl *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "index", json_integer(0));
	json_object_set_new(o, "name",
			    json_string(a->axis == APL_CHANNEL ?
						"in_features" :
						"out_features"));
	return o;
}

static json_t *quantization(const struct apl *a)
{
	static const char *const kinds[] = {
		[APL_ROW] = "perrow_int",
		[APL_CHANNEL] = "perchannel_int",
		[APL_GROUP] = "pergroup_int",
	};
	json_t *o = json_object();

	json_object_set_new(
		o, "type",
		json_string(a->binary ? "binarized" : kinds[a->axis]));
	json_object_set_new(o, "bits", json_integer(a->rule.bits));
	if (a->binary)
		return o;
	json_object_set_new(
		o, "method",
		json_string(a->rule.symmetric ? "symmetric" : "asymmetric"));
	if (a->axis == APL_GROUP)
		json_object_set_new(o, "group_size",
				    json_integer((json_int_t)a->rule.group));
	return o;
}

static void put_arrays(const struct apl *a, const struct apl_weight *w,
		       json_t *o)
{
	if (a->binary) {
		json_object_set_new(o, "packed", file(w, "_1bit"));
		json_object_set_new(o, "scales", file(w, "_scales"));
		json_object_set_new(
			o, "packed_format",
			json_string("numpy.packbits(msb_first,row-major)"));
	} else {
		json_object_set_new(o, "q", file_of_bits(w, ""));
		json_object_set_new(o, "q_scales", file_of_bits(w, "_scales"));
		json_object_set_new(o, "q_zero_point",
				    file_of_bits(w, "_zero_point"));
	}
	json_object_set_new(o, "scale_axis", axis(a));
	if (a->axis == APL_CHANNEL)
		json_object_set_new(o, "transposed", json_true());
	json_object_set_new(o, "quantization", quantization(a));
}

static json_t *guide_weight(const struct apl *a, const struct apl_weight *w)
{
	const struct ak_tensor *t = w->from->tensor;
	json_t *o = json_object(), *dims;

	json_object_set_new(o, "name", json_string(w->name));
	if (t->ndim < 2) {
		dims = json_array();
		json_array_append_new(dims, json_integer((json_int_t)t->count));
		json_object_set_new(o, "shape", dims);
		json_object_set_new(o, "fp32", file(w, "_fp32"));
		json_object_set_new(o, "dtype", json_string("fp32"));
		return o;
	}
	json_object_set_new(o, "shape",
			    shape(ak_tensor_rows(t), ak_tensor_cols(t)));
	json_object_set_new(o, "bit_width", json_integer(a->rule.bits));
	if (w->job) {
		put_arrays(a, w, o);
		json_object_set_new(o, "accuracy", error_object(a, w->sums));
	} else {
		struct apl_weight embed = *w;

		/* Shared: the arrays are stored once. */
		embed.base = names[AK_ROLE_EMBED].base;
		put_arrays(a, &embed, o);
		json_object_set_new(o, "tied_to",
				    json_string(names[AK_ROLE_EMBED].name));
	}
	return o;
}

static json_t *guide_model(const struct apl *a)
{
	const struct ak_arch_config *c = a->config;
	json_t *o = json_object();

	json_object_set_new(o, "name", ak_json_text(a->name));
	json_object_set_new(o, "family", json_string(family(a)));
	json_object_set_new(o, "context_length", json_integer(c->context.i));
	json_object_set_new(o, "hidden_dim", json_integer(c->hidden_size.i));
	json_object_set_new(o, "num_layers", json_integer(c->layers.i));
	json_object_set_new(o, "num_heads", json_integer(c->heads.i));
	return o;
}

static json_t *guide_metadata(const struct apl *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "generator",
			    json_string("akida " AKIDA_VERSION));
	json_object_set_new(o, "source_npz", ak_json_text(a->npz));
	json_object_set_new(o, "calibration",
			    json_string(a->rule.calibrate == AK_CALIBRATE_MSE ?
						"mse" :
						"range"));
	json_object_set_new(
		o, "accuracy_input",
		json_string(
			"numpy.random.RandomState(42).standard_normal(columns).astype(numpy.float32)"));
	json_object_set_new(o, "accuracy", apl_accuracy(a));
	return o;
}

static json_t *guide_manifest(const struct apl *a)
{
	json_t *root = json_object(), *weights = json_array();
	size_t i;

	for (i = 0; i < a->count; i++)
		json_array_append_new(weights, guide_weight(a, &a->weight[i]));
	json_object_set_new(root, "format_version", json_string("2"));
	json_object_set_new(root, "model", guide_model(a));
	json_object_set_new(root, "weights", weights);
	json_object_set_new(root, "metadata", guide_metadata(a));
	return root;
}

/* --------------------------------------------------- the exporter's manifest */

static json_t *exporter_weight(const struct apl *a, const struct apl_weight *w)
{
	json_t *o = json_object(), *q = json_object();

	json_object_set_new(o, "q", file_of_bits(w, ""));
	json_object_set_new(o, "shape", shape(w->rows, w->cols));
	json_object_set_new(o, "q_scales", file_of_bits(w, "_scales"));
	json_object_set_new(
		o, "q_scales_txt",
		json_sprintf("%s_q%u_scales.txt", w->base, a->rule.bits));
	json_object_set_new(o, "q_zero_point", file_of_bits(w, "_zero_point"));
	json_object_set_new(o, "bit_width", json_integer(a->rule.bits));
	json_object_set_new(o, "scale_axis", axis(a));
	json_object_set_new(q, "type", json_string("perrow_int"));
	json_object_set_new(q, "bits", json_integer(a->rule.bits));
	json_object_set_new(q, "scales", file_of_bits(w, "_scales"));
	json_object_set_new(q, "zero_point", file_of_bits(w, "_zero_point"));
	json_object_set_new(o, "quantization", q);
	return o;
}

static json_t *exporter_quantization(const struct apl *a)
{
	/* What it writes whatever the model is. */
	return json_pack(
		"{s:i, s:[i], s:o, s:{s:s, s:s}, s:s, s:{s:{s:s, s:s, s:s, s:i}, s:{s:s, s:s, s:s}}}",
		"bit_width", (int)a->rule.bits, "supported_bit_widths",
		(int)a->rule.bits, "zero_point",
		a->rule.bits == 1 ? json_integer(0) : json_null(), "scale",
		"type", "per-row", "dtype", "float32", "activation_dtype",
		"float32", "packing", "1bit", "layout", "row-major",
		"endianness", "msb_first", "library", "numpy.packbits",
		"bits_per_chunk", 8, "integer", "layout", "row-major", "dtype",
		"numpy.npy", "bits", "variable");
}

static json_t *exporter_manifest(const struct apl *a)
{
	json_t *root = json_object(), *weights = json_object();
	size_t i;

	json_object_set_new(root, "format_version", json_integer(2));
	json_object_set_new(root, "model",
			    json_pack("{s:s, s:[s], s:s}", "primary_family",
				      family(a), "families", family(a),
				      "source_npz", a->npz));
	json_object_set_new(root, "architecture",
			    json_pack("{s:[s], s:{s:s}, s:s, s:s}", "families",
				      family(a), "attention", "variant", "full",
				      "activation", "relu", "norm",
				      "layernorm"));
	json_object_set_new(root, "quantization", exporter_quantization(a));
	for (i = 0; i < a->count; i++)
		json_object_set_new(weights, a->weight[i].base,
				    exporter_weight(a, &a->weight[i]));
	json_object_set_new(root, "weights", weights);
	/* Everything a second time, beside "weights". */
	for (i = 0; i < a->count; i++)
		json_object_set_new(root, a->weight[i].base,
				    exporter_weight(a, &a->weight[i]));
	return root;
}

int apl_manifest(void *arg, uint8_t **data, size_t *size, struct ak_err *err)
{
	const struct apl *a = arg;
	json_t *root = a->exporter ? exporter_manifest(a) : guide_manifest(a);
	char *text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII |
					      JSON_REAL_PRECISION(8));

	json_decref(root);
	if (!text)
		return ak_errf(err, -ENOMEM, "no memory for the manifest");
	*data = (uint8_t *)text;
	*size = strlen(text);
	return 0;
}
