// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Output format "gguf": one file that llama.cpp loads.
 */
#include "convert/out_gguf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/util.h"
#include "convert/convert.h"
#include "convert/hub_cache.h"
#include "convert/packed.h"

/**
 * struct gguf_job - what a job knows of its tensor
 * @format: blocks of the output; NULL for I2_S
 * @layout: of I2_S
 * @head_rows: rows of a head that are permuted, 0 for none
 * @add: added to each element
 * @ternary: is made ternary, by the struct ternary that is the job's result
 */
struct gguf_job {
	const struct ak_quant_format *format;
	enum ak_i2s layout;
	uint64_t head_rows;
	float add;
	bool ternary;
};

/**
 * struct ternary - what a BitNet matrix is made ternary by
 * @factor: weights are multiplied by it and rounded
 * @scale: what 1 stands for
 */
struct ternary {
	float factor, scale;
};

/**
 * struct gguf_plan - a file while it is planned
 * @model: what is converted
 * @extra: the rest of config.json
 * @vocab: its vocabulary
 * @type: asked for
 * @layout: of I2_S
 * @tensor: its tensors
 * @count: how many
 * @parameters: weights in them
 * @rope: rope_freqs.weight, or NULL
 * @plan: where files and jobs go
 */
struct gguf_plan {
	const struct ak_convert_model *model;
	struct gguf_extra extra;
	struct ak_vocab vocab;
	enum ak_tensor_type type;
	enum ak_i2s layout;
	struct gguf_tensor *tensor;
	size_t count;
	uint64_t parameters;
	float *rope;
	struct ak_plan *plan;
};

static const struct {
	const char *name;
	enum ak_tensor_type type;
	enum ak_quant_type quant;
} types[] = {
	{ "f32", AK_TENSOR_F32, AK_QUANT_F32 },
	{ "f16", AK_TENSOR_F16, AK_QUANT_F16 },
	{ "bf16", AK_TENSOR_BF16, AK_QUANT_BF16 },
	{ "q8_0", AK_TENSOR_Q8_0, AK_QUANT_Q8_0 },
	{ "q4_0", AK_TENSOR_Q4_0, AK_QUANT_Q4_0 },
	{ "q6_k", AK_TENSOR_Q6_K, AK_QUANT_Q6_K },
	{ "tq1_0", AK_TENSOR_TQ1_0, AK_QUANT_TQ1_0 },
	{ "tq2_0", AK_TENSOR_TQ2_0, AK_QUANT_TQ2_0 },
	{ "i2_s", AK_TENSOR_I2_S, AK_QUANT_TYPES },
};

static enum ak_tensor_type type_by_name(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(name, types[i].name))
			return types[i].type;
	return AK_TENSOR_OTHER;
}

static const struct ak_quant_format *format_of(enum ak_tensor_type type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == type)
			return ak_quant_format(types[i].quant);
	return NULL;
}

/* ------------------------------------------------------------------- jobs */

static uint64_t permuted_row(const struct ak_job *job, uint64_t row)
{
	const struct gguf_job *g = job->priv;

	return gguf_source_row(g->head_rows, row);
}

static int sum_rows(const struct ak_job *job, struct ak_unit *u,
		    struct ak_err *err)
{
	double *sum = u->state;
	uint64_t i;

	(void)err;
	for (i = 0; i < u->rows; i++)
		sum[i] = ak_sum_abs(u->quant, u->x + i * job->cols, job->cols);
	return 0;
}

static int find_scale(struct ak_job *job, struct ak_err *err)
{
	struct ternary *t = job->result;
	const double *sum = job->state;
	double total = 0;
	uint64_t i;

	(void)err;
	/* What is ternary already has its scale. */
	if (ak_packed_scale(job->source.tensor[0], &t->scale)) {
		t->factor = 1 / t->scale;
		return 0;
	}
	for (i = 0; i < job->rows; i++)
		total += sum[i];
	t->factor = ak_ms_factor(total, job->rows * job->cols);
	t->scale = ak_ms_scale(t->factor);
	return 0;
}

static int produce_i2s(const struct ak_job *job, struct ak_unit *u,
		       struct ak_err *err)
{
	const struct gguf_job *g = job->priv;
	size_t n = u->rows * job->cols;
	const struct ternary *t = job->result;
	int8_t *q = u->scratch;

	ak_ms_ternary(u->quant, t->factor, u->x, n, q);
	if (ak_i2s_pack(u->quant, g->layout, q, n, u->out[0]))
		return ak_errf(err, -EINVAL, "%s: %zu weights do not divide",
			       job->name, n);
	return 0;
}

/* The scale, which is known when the weights have been seen. */
static int make_tail(void *arg, uint8_t **data, size_t *size,
		     struct ak_err *err)
{
	const struct ak_job *job = arg;
	const struct ternary *t = job->result;

	*size = AK_I2S_TAIL;
	*data = malloc(AK_I2S_TAIL);
	if (!*data)
		return ak_errf(err, -ENOMEM, "no memory for a scale");
	ak_i2s_tail(t->scale, *data);
	return 0;
}

static int produce_blocks(const struct ak_job *job, struct ak_unit *u,
			  struct ak_err *err)
{
	const struct gguf_job *g = job->priv;
	size_t n = u->rows * job->cols, i;
	const struct ternary *t = job->result;
	float *changed = u->scratch;
	int8_t *q = (int8_t *)(changed + n);
	const float *x = u->x;

	if (g->ternary) {
		ak_ms_ternary(u->quant, t->factor, x, n, q);
		for (i = 0; i < n; i++)
			changed[i] = (float)q[i] * t->scale;
		x = changed;
	} else if (g->add != 0) {
		for (i = 0; i < n; i++)
			changed[i] = x[i] + g->add;
		x = changed;
	}
	if (ak_quantise_rows(u->quant, g->format, x, u->rows, job->cols,
			     u->out[0]))
		return ak_errf(err, -EINVAL,
			       "%s: %llu columns do not divide into blocks",
			       job->name, (unsigned long long)job->cols);
	return 0;
}

static void plan_output(const struct gguf_plan *p, const struct gguf_tensor *t,
			struct ak_job *job)
{
	struct gguf_job *g = ak_plan_alloc(p->plan, sizeof(*g));
	size_t bytes = 0;

	if (!g)
		return;
	job->priv = g;
	g->add = t->add;
	g->ternary = t->ternary;
	g->layout = p->layout;
	if (t->heads) {
		/* Elements of a bias are rows of one column. */
		if (t->from->tensor->ndim < 2) {
			job->source.transpose = true;
			job->rows = job->cols;
			job->cols = 1;
		}
		g->head_rows = job->rows / t->heads;
		job->source.row = permuted_row;
	}
	if (t->ternary) {
		job->state_bytes = sizeof(double);
		job->reduce = sum_rows;
		job->reduced = find_scale;
	}
	job->outputs = 1;
	if (t->type == AK_TENSOR_I2_S) {
		job->out[0].group_bytes = job->cols / 4;
		job->scratch_bytes = job->cols;
		job->produce = produce_i2s;
		return;
	}
	g->format = format_of(t->type);
	ak_quant_row_bytes(g->format, job->cols, &bytes);
	job->out[0].group_bytes = bytes;
	if (t->add != 0 || t->ternary)
		job->scratch_bytes =
			job->cols * (sizeof(float) + sizeof(int8_t));
	job->produce = produce_blocks;
}

static void plan_tensors(const struct gguf_plan *p, struct ak_plan_file *f)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct gguf_tensor *t = &p->tensor[i];
		const struct ak_tensor *from = t->from->tensor;
		struct ak_job *job;

		job = ak_plan_job(p->plan, t->name,
				  t->ternary ? sizeof(struct ternary) : 0);
		if (!job)
			return;
		ak_plan_job_source(p->plan, job, &from, 1);
		plan_output(p, t, job);
		ak_file_output(f, job, 0);
		if (t->type == AK_TENSOR_I2_S)
			ak_file_late_sized(f, AK_I2S_TAIL, make_tail, job);
		ak_file_align(f, GGUF_ALIGNMENT);
	}
}

/* ------------------------------------------------------------------- plan */

/* Says what becomes of tensors whose columns do not divide. */
static void note_type(const struct gguf_plan *p, const struct gguf_tensor *t)
{
	const struct ak_tensor *from = t->from->tensor;

	if (t->type == t->wanted)
		return;
	ak_plan_warn(
		p->plan,
		"%s: %llu columns do not divide into blocks of %s; it is stored as %s",
		from->name, (unsigned long long)ak_tensor_cols(from),
		ak_tensor_type_name(t->wanted), ak_tensor_type_name(t->type));
}

static int find_tensors(struct gguf_plan *p, struct ak_err *err)
{
	const struct ak_arch_model *m = p->model->arch;
	const struct ak_arch_config *c = p->model->config;
	size_t i;

	p->tensor = ak_plan_alloc(p->plan, m->count * sizeof(*p->tensor));
	if (!p->tensor)
		return -ENOMEM;
	for (i = 0; i < m->count; i++) {
		struct gguf_tensor *t = &p->tensor[p->count];
		const struct ak_tensor *from = m->tensor[i].tensor;

		if (!gguf_tensor(c, m, &m->tensor[i], p->type, t))
			continue;
		if (t->heads &&
		    (from->ndim < 2 ? from->dim[0] : ak_tensor_rows(from)) !=
			    t->heads * gguf_head_dim(c))
			return ak_errf(
				err, -EBADMSG,
				"%s: its rows are not %llu heads of %llu",
				from->name, (unsigned long long)t->heads,
				(unsigned long long)gguf_head_dim(c));
		p->parameters += from->count;
		note_type(p, t);
		p->count++;
	}
	return 0;
}

static void warn(const struct gguf_plan *p)
{
	const struct gguf_extra *x = &p->extra;
	const struct ak_arch_config *c = p->model->config;
	bool ternary = c->arch == AK_ARCH_BITNET;

	if (x->window && x->window < c->context.i)
		ak_plan_warn(
			p->plan,
			"the model looks back %lld tokens only, which '%s' in GGUF cannot say: texts longer than that give other results",
			(long long)x->window, x->arch);
	if (p->vocab.dropped)
		ak_plan_warn(
			p->plan,
			"%zu tokens of the tokenizer have no row in the embedding and are left out",
			p->vocab.dropped);
	if (!ternary &&
	    (p->type == AK_TENSOR_TQ1_0 || p->type == AK_TENSOR_TQ2_0))
		ak_plan_warn(
			p->plan,
			"%s is for models that were trained with ternary weights (BitNet), which this one was not",
			ak_tensor_type_name(p->type));
	if (p->type == AK_TENSOR_I2_S || !strcmp(x->arch, "bitnet-b1.58"))
		ak_plan_warn(
			p->plan, "only bitnet.cpp loads this file%s",
			p->type == AK_TENSOR_I2_S ?
				" (I2_S)" :
				" (llama.cpp computes another activation)");
}

/* The folder that the tokenizer is in. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return strdup(path);
	return slash ? strndup(path, (size_t)(slash - path) + (slash == path)) :
		       strdup(".");
}

static int write_header(const struct gguf_plan *p, const char *name,
			uint8_t **data, size_t *size, struct ak_err *err)
{
	const struct ak_arch_config *c = p->model->config;
	struct ak_gguf_writer *w = ak_gguf_writer_new(GGUF_ALIGNMENT);
	uint64_t half = gguf_head_dim(c) / 2;
	size_t i;
	int ret;

	if (!w)
		return ak_errf(err, -ENOMEM, "no memory for the header");
	gguf_put_keys(w, c, &p->extra, name, p->parameters, p->type);
	ret = gguf_put_vocab(w, &p->vocab);
	if (p->rope)
		ak_gguf_add_tensor(w, "rope_freqs.weight", AK_TENSOR_F32, 1,
				   &half);
	for (i = 0; i < p->count; i++)
		ak_gguf_add_tensor(w, p->tensor[i].name, p->tensor[i].type,
				   p->tensor[i].from->tensor->ndim,
				   p->tensor[i].from->tensor->dim);
	ret = ret ? ak_errf(err, ret, "no memory for the vocabulary") :
		    ak_gguf_header(w, data, size, err);
	ak_gguf_writer_free(w);
	return ret;
}

static int write_file(const struct gguf_plan *p, const char *name,
		      struct ak_err *err)
{
	uint64_t half = gguf_head_dim(p->model->config) / 2, i;
	struct ak_plan_file *f = ak_plan_file(p->plan, NULL, AK_FILE_PLAIN);
	uint8_t *header;
	size_t size;
	int ret;

	ret = write_header(p, name, &header, &size, err);
	if (ret)
		return ret;
	ak_file_bytes(f, header, size);
	free(header);
	if (p->rope) {
		for (i = 0; i < half; i++) {
			uint32_t bits;

			memcpy(&bits, &p->rope[i], sizeof(bits));
			ak_file_u32(f, bits);
		}
		ak_file_align(f, GGUF_ALIGNMENT);
	}
	plan_tensors(p, f);
	return ak_plan_error(p->plan, err);
}

static int prepare(struct gguf_plan *p, const struct ak_settings *settings,
		   const char *folder, struct ak_err *err)
{
	const struct ak_arch_config *c = p->model->config;
	const struct ak_arch_tensor *embed;
	int ret;

	p->type = type_by_name(ak_setting(settings, "quant-type"));
	p->layout = ak_setting_is(settings, "ternary-layout", "arm") ?
			    AK_I2S_ARM :
			    AK_I2S_X86;
	if (p->type == AK_TENSOR_I2_S && c->arch != AK_ARCH_BITNET)
		return ak_errf(
			err, -ENOTSUP,
			"%s: I2_S holds ternary weights with one scale for a matrix, which only BitNet models have; use q4_0",
			p->model->path);
	ret = gguf_extra_read(c, &p->extra, err);
	if (ret) {
		ak_err_prefix(err, "%s: ", p->model->path);
		return ret;
	}
	embed = ak_arch_find(p->model->arch, AK_ROLE_EMBED, -1);
	ret = ak_vocab_read(folder, c->arch, ak_tensor_rows(embed->tensor),
			    &p->vocab, err);
	if (ret)
		return ret;
	if (p->extra.rope && !strcmp(p->extra.rope, "llama3")) {
		p->rope = ak_plan_alloc(p->plan,
					gguf_head_dim(c) * sizeof(*p->rope));
		if (!p->rope)
			return ak_plan_error(p->plan, err);
		gguf_rope_factors(c, &p->extra, p->rope);
	}
	return find_tensors(p, err);
}

static int plan_gguf(const struct ak_convert_model *model,
		     const struct ak_settings *settings, struct ak_plan *plan,
		     struct ak_err *err)
{
	struct gguf_plan p = { .model = model, .plan = plan };
	char *folder = folder_of(model->path);
	char *name = ak_hub_model_name(folder ? folder : "", false);
	int ret;

	if (!folder || !name)
		ret = ak_errf(err, -ENOMEM, "no memory for a file name");
	else
		ret = prepare(&p, settings, folder, err);
	if (!ret) {
		warn(&p);
		ret = write_file(&p, name, err);
	}
	ak_vocab_free(&p.vocab);
	free(folder);
	free(name);
	return ret;
}

static const struct ak_output_option options[] = {
	{ "quant-type", "f32|f16|bf16|q8_0|q4_0|q6_k|tq1_0|tq2_0|i2_s", "f16",
	  "Type of matrices (norms and biases are always F32)" },
	{ "ternary-layout", "x86|arm", "x86",
	  "Machine that will read I2_S (bitnet.cpp)" },
	{ NULL, NULL, NULL, NULL },
};

const struct ak_output_format ak_output_gguf = {
	.name = "gguf",
	.summary = "one file for llama.cpp, with the tokenizer",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_gguf,
};
