// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Output format nntr: the file of nntrainer's weight_converter.py, with ggml's
 * blocks or with the script's.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/util.h"
#include "convert/blocks.h"
#include "convert/convert.h"
#include "format/nntr.h"

/**
 * struct nntr - what the user wants
 * @script: the script's blocks
 * @pad: columns are padded, not stored otherwise
 * @type: of matrices
 * @repacked: in groups of rows
 * @how: if so
 */
struct nntr {
	bool script, pad;
	enum ak_quant_type type;
	bool repacked;
	enum ak_repack how;
};

static int read_settings(const struct ak_settings *s, struct nntr *n,
			 struct ak_err *err)
{
	const char *repack = ak_setting(s, "repack-format");

	memset(n, 0, sizeof(*n));
	n->script = ak_setting_is(s, "compat", "script");
	n->pad = ak_setting_is(s, "pad", "on");
	n->repacked = repack;
	if (n->script && n->pad)
		return ak_errf(
			err, -EINVAL,
			"--pad: the script does not pad; leave out --compat script");
	if (n->script && !ak_setting_is(s, "quant-type", "q4_0") &&
	    !ak_setting_is(s, "quant-type", "q6_k"))
		return ak_errf(
			err, -EINVAL,
			"--quant-type %s: the script knows only q4_0 and q6_k",
			ak_setting(s, "quant-type"));
	/* ggml's names: script-Q4_0, Q4_0, ... */
	if (ak_setting_is(s, "quant-type", "q4_0"))
		n->type = n->script ? AK_QUANT_SCRIPT_Q4_0 : AK_QUANT_Q4_0;
	else if (ak_setting_is(s, "quant-type", "q6_k"))
		n->type = n->script ? AK_QUANT_SCRIPT_Q6_K : AK_QUANT_Q6_K;
	else if (ak_setting_is(s, "quant-type", "q8_0"))
		n->type = AK_QUANT_Q8_0;
	else
		n->type = AK_QUANT_F32;
	if (n->repacked && !ak_setting_is(s, "quant-type", "q4_0"))
		return ak_errf(err, -EINVAL,
			       "--repack-format: only q4_0 is repacked, not %s",
			       ak_setting(s, "quant-type"));
	if (n->repacked && !strcmp(repack, "q4_0_8"))
		n->how = n->script ? AK_REPACK_SCRIPT_8 : AK_REPACK_X8_IL8;
	else
		n->how = n->script ? AK_REPACK_SCRIPT_4 : AK_REPACK_X4_IL8;
	return 0;
}

/* ---------------------------------------------------------------- header */

static void put_text(struct ak_plan_file *f, const char *text)
{
	ak_file_u32(f, (uint32_t)strlen(text));
	ak_file_bytes(f, text, strlen(text));
}

static void put_string(struct ak_plan_file *f, const char *key,
		       const char *value)
{
	put_text(f, key);
	ak_file_u8(f, AK_NNTR_STRING);
	put_text(f, value);
}

static void put_int(struct ak_plan_file *f, const char *key, uint32_t value)
{
	put_text(f, key);
	ak_file_u8(f, AK_NNTR_INT);
	ak_file_u32(f, value);
}

/* As Python writes it: an int stays one. Defaults of classes are floats here. */
static int put_number(struct ak_plan_file *f, const char *key,
		      const struct ak_arch_number *n, bool real,
		      struct ak_err *err)
{
	float value = (float)n->f;
	uint32_t bits;

	if (n->set ? !n->is_float : !real) {
		if (n->i < 0 || n->i > UINT32_MAX)
			return ak_errf(
				err, -ERANGE,
				"config.json: %s is %" PRId64
				", but an NNTR file holds numbers from 0 to 2^32 - 1",
				key, n->i);
		put_int(f, key, (uint32_t)n->i);
		return 0;
	}
	if (isinf(value) && !isinf(n->f))
		return ak_errf(err, -ERANGE,
			       "config.json: %s is too large for an NNTR file",
			       key);
	memcpy(&bits, &value, sizeof(bits));
	put_text(f, key);
	ak_file_u8(f, AK_NNTR_FLOAT);
	ak_file_u32(f, bits);
	return 0;
}

static int put_config(struct ak_plan_file *f, const struct nntr *n,
		      const struct ak_arch_config *c,
		      const struct ak_settings *s, struct ak_err *err)
{
	const struct {
		const char *key;
		const struct ak_arch_number *number;
		bool real;
	} numbers[] = {
		{ "vocab_size", &c->vocab_size, false },
		{ "hidden_size", &c->hidden_size, false },
		{ "intermediate_size", &c->intermediate_size, false },
		{ "num_hidden_layers", &c->layers, false },
		{ "num_attention_heads", &c->heads, false },
		{ "num_key_value_heads", &c->kv_heads, false },
		{ "max_position_embeddings", &c->context, false },
		{ "rms_norm_eps", &c->rms_norm_eps, true },
		{ "rope_theta", &c->rope_theta, true },
	};
	const char *repack = ak_setting(s, "repack-format");
	uint32_t more = n->script ? 0 : n->repacked ? 2 : 1;
	size_t i;
	int rc = 0;

	ak_file_u32(f, ARRAY_SIZE(numbers) + 2 + more);
	for (i = 0; !rc && i < ARRAY_SIZE(numbers); i++)
		rc = put_number(f, numbers[i].key, numbers[i].number,
				numbers[i].real, err);
	put_string(f, "quantization_type", ak_setting(s, "quant-type"));
	put_string(f, "repack_format", repack ? repack : "");
	if (more)
		put_string(f, AK_NNTR_BLOCKS, AK_NNTR_BLOCKS_GGML);
	if (more > 1)
		put_int(f, "repack_interleave", 8);
	return rc;
}

/* --------------------------------------------------------------- tensors */

static unsigned int code_of(const struct ak_blocks *b)
{
	if (b->repacked)
		return AK_NNTR_REPACKED;
	switch (b->type) {
	case AK_QUANT_Q4_0:
	case AK_QUANT_SCRIPT_Q4_0:
		return AK_NNTR_Q4_0;
	case AK_QUANT_Q6_K:
	case AK_QUANT_SCRIPT_Q6_K:
		return AK_NNTR_Q6_K;
	case AK_QUANT_Q8_0:
		return AK_NNTR_Q8_0;
	default:
		return AK_NNTR_F32;
	}
}

/* What the script would do, with its errors. */
static int choose_script(struct ak_plan *plan, const struct nntr *n,
			 const struct ak_tensor *t, struct ak_err *err)
{
	uint64_t rows = ak_tensor_rows(t), cols = ak_tensor_cols(t);

	if (n->type == AK_QUANT_SCRIPT_Q4_0 && cols % 32)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' has %" PRIu64
			" columns; the script stops at columns that 32 does not divide: leave out --compat script",
			t->file, t->name, cols);
	if (n->repacked && rows % ak_repack_rows(n->how))
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' has %" PRIu64
			" rows; the script stops at rows that %u does not divide: leave out --compat script",
			t->file, t->name, rows, ak_repack_rows(n->how));
	if (n->type == AK_QUANT_SCRIPT_Q6_K && cols % 256)
		ak_plan_warn(plan,
			     "%s: tensor '%s': the script drops %" PRIu64
			     " of %" PRIu64 " columns of each row",
			     t->file, t->name, cols % 256, cols);
	return 0;
}

/* What a matrix becomes, if the wanted format cannot hold it. */
static void choose_ggml(struct ak_plan *plan, const struct nntr *n,
			const struct ak_tensor *t, struct ak_blocks *b)
{
	uint64_t rows = ak_tensor_rows(t), cols = ak_tensor_cols(t);
	uint32_t block = ak_quant_format(b->type)->block;

	if (cols % block && !n->pad) {
		b->type = block > 32 && cols % 32 == 0 ? AK_QUANT_Q8_0 :
							 AK_QUANT_F32;
		b->repacked = false;
		ak_plan_warn(
			plan,
			"%s: tensor '%s' has %" PRIu64
			" columns, which blocks of %u do not divide; it is stored as %s (--pad pads it)",
			t->file, t->name, cols, block,
			ak_quant_format(b->type)->name);
	}
	if (b->repacked && rows % ak_repack_rows(b->how)) {
		b->repacked = false;
		ak_plan_warn(
			plan,
			"%s: tensor '%s' has %" PRIu64
			" rows, which groups of %u do not divide; it is stored as plain Q4_0",
			t->file, t->name, rows, ak_repack_rows(b->how));
	}
}

static int put_tensor(struct ak_plan *plan, struct ak_plan_file *f,
		      const struct nntr *n, const struct ak_tensor *t,
		      struct ak_err *err)
{
	struct ak_blocks b = { .type = AK_QUANT_F32 };
	struct ak_job *job;
	uint64_t bytes;
	unsigned int i;
	int rc = 0;

	if (t->ndim == 2) {
		b.type = n->type;
		b.repacked = n->repacked;
		b.how = n->how;
		if (n->script)
			rc = choose_script(plan, n, t, err);
		else
			choose_ggml(plan, n, t, &b);
		if (rc)
			return rc;
	}
	job = ak_plan_job(plan, t->name, 0);
	ak_plan_job_source(plan, job, &t, 1);
	rc = ak_blocks_job(plan, job, &b, &bytes, err);
	if (rc)
		return rc;
	if (bytes > UINT32_MAX)
		return ak_errf(
			err, -EFBIG,
			"%s: tensor '%s' would have %" PRIu64
			" bytes, but an NNTR file counts them in 32 bits; use another --quant-type or --to gguf",
			t->file, t->name, bytes);
	put_text(f, t->name);
	ak_file_u32(f, t->ndim);
	for (i = 0; i < t->ndim; i++) {
		if (t->dim[i] > UINT32_MAX)
			return ak_errf(
				err, -EFBIG,
				"%s: tensor '%s' has a dimension that does not fit 32 bits",
				t->file, t->name);
		ak_file_u32(f, (uint32_t)t->dim[i]);
	}
	ak_file_u8(f, (uint8_t)code_of(&b));
	ak_file_u32(f, (uint32_t)bytes);
	ak_file_output(f, job, 0);
	return 0;
}

static int plan_nntr(const struct ak_convert_model *model,
		     const struct ak_settings *settings, struct ak_plan *plan,
		     struct ak_err *err)
{
	struct ak_plan_file *f;
	uint32_t count = 0;
	struct nntr n;
	size_t i;
	int rc = read_settings(settings, &n, err);

	if (rc)
		return rc;
	if (n.script)
		ak_plan_warn(
			plan,
			"the blocks of --compat script are the script's own: no other program reads them, and q6_k loses most of its precision");
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_u32(f, AK_NNTR_MAGIC);
	ak_file_u32(f, AK_NNTR_VERSION);
	rc = put_config(f, &n, model->config, settings, err);
	/* Parameters that are the same tensor are there once. */
	for (i = 0; i < model->arch->count; i++)
		count += !model->arch->tensor[i].tied;
	ak_file_u32(f, count);
	for (i = 0; !rc && i < model->arch->count; i++)
		if (!model->arch->tensor[i].tied)
			rc = put_tensor(plan, f, &n,
					model->arch->tensor[i].tensor, err);
	return rc;
}

static const struct ak_output_option options[] = {
	{ "quant-type", "q4_0|q6_k|q8_0|f32", "q4_0", "Format of matrices" },
	{ "repack-format", "q4_0_4|q4_0_8", NULL,
	  "Interleave the rows of Q4_0 in groups of 4 (ARM) or 8 (x86)" },
	{ "pad", "on", NULL,
	  "Pad columns with zeros to whole blocks instead of storing such tensors in another type" },
	{ "compat", "script", NULL,
	  "Write the very bytes of weight_converter.py, its errors included" },
	{ NULL, NULL, NULL, NULL },
};

const struct ak_output_format ak_output_nntr = {
	.name = "nntr",
	.summary = "nntrainer's NNTR file: header, then named tensors",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_nntr,
};
