// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Output format "apl": jobs that make arrays, and the archive.
 */
#include "convert/out_apl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "convert/hub_cache.h"
#include "convert/randn.h"
#include "format/npy.h"

/* ------------------------------------------------------------------- jobs */

/* Compares products of the rows of a unit with those of what stands for them. */
static void measure(const struct apl_weight *w, struct ak_unit *u,
		    const float *back, const struct ak_affine_stats *stats)
{
	struct apl_sums *sums = u->state;
	uint64_t i;

	for (i = 0; i < u->rows; i++) {
		double y = ak_dot(u->quant, u->x + i * w->cols, w->x, w->cols);
		double z = ak_dot(u->quant, back + i * w->cols, w->x, w->cols);

		sums[i].signal = y * y;
		sums[i].noise = (y - z) * (y - z);
		if (stats) {
			sums[i].constant = stats[i].constant;
			sums[i].range_noise = stats[i].range_noise;
			sums[i].weight_noise = stats[i].noise;
		}
	}
}

static int produce_affine(const struct ak_job *job, struct ak_unit *u,
			  struct ak_err *err)
{
	const struct apl_weight *w = job->priv;
	const struct ak_affine *rule = &w->apl->rule;
	struct ak_affine_stats *stats = u->scratch;
	float *back = (float *)(stats + u->rows);
	float *scales = (float *)u->out[1];
	int32_t *zeros = (int32_t *)u->out[2];

	if (ak_affine_rows(u->quant, rule, u->x, u->rows, job->cols, u->out[0],
			   scales, zeros, stats))
		return ak_errf(err, -EINVAL, "%s: the rule is none", job->name);
	ak_affine_dequantise(u->quant, rule, u->out[0], scales, zeros, u->rows,
			     job->cols, back);
	measure(w, u, back, stats);
	return 0;
}

static int produce_binary(const struct ak_job *job, struct ak_unit *u,
			  struct ak_err *err)
{
	float *back = u->scratch, *scales = (float *)u->out[1];

	(void)err;
	ak_binarise_rows(u->quant, u->x, u->rows, job->cols, u->out[0], scales);
	ak_binarise_unpack(u->out[0], scales, u->rows, job->cols, back);
	measure(job->priv, u, back, NULL);
	return 0;
}

static int produce_floats(const struct ak_job *job, struct ak_unit *u,
			  struct ak_err *err)
{
	(void)err;
	memcpy(u->out[0], u->x, u->rows * job->cols * sizeof(float));
	return 0;
}

void apl_add(struct apl_sums *to, const struct apl_sums *s)
{
	to->signal += s->signal;
	to->noise += s->noise;
	to->constant += s->constant;
	to->range_noise += s->range_noise;
	to->weight_noise += s->weight_noise;
}

static int add_up(struct ak_job *job, struct ak_err *err)
{
	const struct apl_weight *w = job->priv;
	const struct apl_sums *rows = job->state;
	uint64_t i;

	(void)err;
	for (i = 0; i < job->rows; i++)
		apl_add(w->sums, &rows[i]);
	if (w->sums->constant)
		ak_plan_warn(
			w->apl->plan,
			"%s: %llu rows or groups of equal weights became zero, as the format's rule has it",
			job->name, (unsigned long long)w->sums->constant);
	return 0;
}

static void plan_job(struct apl *a, struct apl_weight *w)
{
	const struct ak_tensor *t = w->from->tensor;
	bool floats = t->ndim < 2;
	struct ak_job *job;

	job = ak_plan_job(a->plan, w->name,
			  floats ? 0 : sizeof(struct apl_sums));
	if (!job)
		return;
	ak_plan_job_source(a->plan, job, &t, 1);
	w->job = job;
	job->priv = w;
	if (floats) {
		job->outputs = 1;
		job->out[0].group_bytes = job->cols * sizeof(float);
		job->produce = produce_floats;
		return;
	}
	job->source.transpose = a->exporter || a->axis == APL_CHANNEL;
	job->rows = w->rows;
	job->cols = w->cols;
	w->sums = job->result;
	job->state_bytes = sizeof(struct apl_sums);
	job->scratch_bytes = job->cols * sizeof(float);
	job->done = add_up;
	if (a->binary) {
		job->outputs = 2;
		job->out[0].group_bytes = (job->cols + 7) / 8;
		job->out[1].group_bytes = sizeof(float);
		job->produce = produce_binary;
	} else {
		size_t groups = ak_affine_groups(&a->rule, job->cols);

		job->outputs = 3;
		job->scratch_bytes += sizeof(struct ak_affine_stats);
		job->out[0].group_bytes = job->cols;
		job->out[1].group_bytes = groups * sizeof(float);
		job->out[2].group_bytes = groups * sizeof(int32_t);
		job->produce = produce_affine;
	}
}

/* The vector for a number of columns; there are few different ones. */
static const float *vector(struct apl *a, const struct apl_weight *w)
{
	const struct apl_weight *v;
	float *x;

	for (v = a->weight; v < w; v++)
		if (v->x && v->cols == w->cols)
			return v->x;
	x = ak_plan_alloc(a->plan, w->cols * sizeof(*x));
	if (x)
		ak_randn(APL_SEED, w->cols, x);
	return x;
}

static bool wanted(const struct apl *a, const struct ak_arch_tensor *t)
{
	if (!a->exporter)
		return true;
	/* The exporter never meets the embedding, and norms are not 2-D. */
	return t->tensor->ndim == 2 && t->layer < APL_EXPORTER_LAYERS &&
	       t->role != AK_ROLE_EMBED;
}

static void find_weights(struct apl *a, const struct ak_arch_model *m)
{
	bool turned = a->exporter || a->axis == APL_CHANNEL;
	char text[APL_NAME_ROOM];
	size_t i;

	a->weight = ak_plan_alloc(a->plan, m->count * sizeof(*a->weight));
	for (i = 0; a->weight && i < m->count; i++) {
		const struct ak_arch_tensor *t = &m->tensor[i];
		struct apl_weight *w = &a->weight[a->count];

		if (!wanted(a, t))
			continue;
		w->apl = a;
		w->from = t;
		w->rows = ak_tensor_rows(t->tensor);
		w->cols = ak_tensor_cols(t->tensor);
		if (turned && t->tensor->ndim == 2) {
			w->rows = ak_tensor_cols(t->tensor);
			w->cols = ak_tensor_rows(t->tensor);
		}
		apl_base(t->role, t->layer, text, sizeof(text));
		w->base = ak_plan_text(a->plan, "%s", text);
		if (!a->exporter)
			apl_name(t->role, t->layer, text, sizeof(text));
		w->name = ak_plan_text(a->plan, "%s", text);
		if (t->tensor->ndim == 2)
			w->x = vector(a, w);
		/* A tied output has the arrays of the embedding. */
		if (!t->tied || a->exporter)
			plan_job(a, w);
		a->count++;
	}
}

/* ------------------------------------------------------------ the archive */

static void put_array(struct apl *a, struct ak_plan_file *f,
		      const struct apl_weight *w, const char *suffix,
		      enum ak_tensor_type type, unsigned int ndim,
		      const uint64_t *dim)
{
	uint8_t head[AK_NPY_MAX_HEAD];
	const char *entry = ak_plan_text(a->plan, "%s%s.npy", w->base, suffix);

	if (!entry)
		return;
	ak_file_entry(f, entry);
	ak_file_bytes(f, head, ak_npy_head(type, true, ndim, dim, head));
}

static void put_shape(struct apl *a, struct ak_plan_file *f,
		      const struct apl_weight *w)
{
	const uint64_t two = 2;

	put_array(a, f, w, "_shape", AK_TENSOR_I32, 1, &two);
	ak_file_u32(f, (uint32_t)w->rows);
	ak_file_u32(f, (uint32_t)w->cols);
}

static void put_weight(struct apl *a, struct ak_plan_file *f,
		       const struct apl_weight *w)
{
	uint64_t dim[2] = { w->rows, w->cols };
	const char *q = ak_plan_text(a->plan, "_q%u", a->rule.bits);
	const char *scales = ak_plan_text(a->plan, "%s_scales", q);
	const char *zeros = ak_plan_text(a->plan, "%s_zero_point", q);

	if (!w->job || !q || !scales || !zeros)
		return;
	if (!w->sums) {
		put_array(a, f, w, "_fp32", AK_TENSOR_F32, 1, &dim[1]);
		ak_file_output(f, w->job, 0);
		return;
	}
	if (a->binary) {
		dim[1] = (w->cols + 7) / 8;
		put_array(a, f, w, "_1bit", AK_TENSOR_U8, 2, dim);
		ak_file_output(f, w->job, 0);
		put_array(a, f, w, "_scales", AK_TENSOR_F32, 1, dim);
		ak_file_output(f, w->job, 1);
	} else {
		unsigned int ndim = a->axis == APL_GROUP ? 2 : 1;

		put_array(a, f, w, q, AK_TENSOR_U8, 2, dim);
		ak_file_output(f, w->job, 0);
		dim[1] = ak_affine_groups(&a->rule, w->cols);
		put_array(a, f, w, scales, AK_TENSOR_F32, ndim, dim);
		ak_file_output(f, w->job, 1);
		put_array(a, f, w, zeros, AK_TENSOR_I32, ndim, dim);
		ak_file_output(f, w->job, 2);
	}
	put_shape(a, f, w);
}

/* ------------------------------------------------------------------- plan */

static int read_settings(struct apl *a, const struct ak_settings *s,
			 struct ak_err *err)
{
	uint64_t bits = 4, group = 0;
	int ret;

	ret = ak_setting_number(s, "bits", 1, 8, &bits, err);
	if (!ret)
		ret = ak_setting_number(s, "group-size", 8, 65536, &group, err);
	if (ret)
		return ret;
	a->rule.bits = (unsigned int)bits;
	a->rule.symmetric = ak_setting_is(s, "scheme", "symmetric");
	a->rule.calibrate = ak_setting_is(s, "calibrate", "mse") ?
				    AK_CALIBRATE_MSE :
				    AK_CALIBRATE_RANGE;
	if (ak_setting_is(s, "granularity", "channel"))
		a->axis = APL_CHANNEL;
	if (ak_setting_is(s, "granularity", "group")) {
		a->axis = APL_GROUP;
		a->rule.group = (size_t)group;
	} else if (ak_setting_given(s, "group-size")) {
		return ak_errf(err, -EINVAL,
			       "--group-size needs --granularity group");
	}
	a->strict = ak_setting_is(s, "strict", "on");
	a->exporter = ak_setting_is(s, "compat", "exporter");
	if (a->exporter && (a->rule.symmetric || a->axis != APL_ROW ||
			    a->rule.calibrate != AK_CALIBRATE_RANGE))
		return ak_errf(
			err, -EINVAL,
			"--compat exporter is asymmetric, per row and by range, nothing else");
	/* One bit as the guide has it is a sign, and there is one rule. */
	a->binary = bits == 1 && !a->exporter;
	if (a->binary && (a->axis == APL_GROUP || a->rule.symmetric ||
			  a->rule.calibrate != AK_CALIBRATE_RANGE))
		return ak_errf(
			err, -EINVAL,
			"--bits 1 keeps signs, with a scale per row or channel: --granularity group, --scheme and --calibrate do not apply");
	return 0;
}

static const char *model_name(struct apl *a, const struct ak_settings *s,
			      const char *path)
{
	const char *given = ak_setting(s, "name");
	char *found = given ? NULL : ak_hub_model_name(path, true);
	const char *name;

	name = ak_plan_text(a->plan, "%s",
			    given ? given :
			    found ? found :
				    "model");
	free(found);
	return name;
}

static int plan_apl(const struct ak_convert_model *model,
		    const struct ak_settings *settings, struct ak_plan *plan,
		    struct ak_err *err)
{
	struct apl *a = ak_plan_alloc(plan, sizeof(*a));
	struct ak_plan_file *f;
	size_t i;
	int ret;

	if (!a)
		return ak_plan_error(plan, err);
	a->plan = plan;
	a->config = model->config;
	ret = read_settings(a, settings, err);
	if (ret)
		return ret;
	ak_plan_set_priv(plan, a);
	a->name = model_name(a, settings, model->path);
	a->npz = ak_plan_text(plan, "%s_quantized_q%u.npz", a->name,
			      a->rule.bits);
	find_weights(a, model->arch);
	f = ak_plan_file(plan, a->npz,
			 a->exporter ? AK_FILE_ZIP_EXACT : AK_FILE_ZIP);
	for (i = 0; f && i < a->count; i++)
		put_weight(a, f, &a->weight[i]);
	f = ak_plan_file(plan,
			 ak_plan_text(plan, "%s_manifest_q%u.json", a->name,
				      a->rule.bits),
			 AK_FILE_PLAIN);
	ak_file_late(f, apl_manifest, a);
	return ak_plan_error(plan, err);
}

/* Only 2 to 8 bits come in groups. */
static const char *remedy(const struct apl *a)
{
	if (a->rule.bits == 8)
		return "the weights have extreme values";
	return a->rule.bits == 1 || a->exporter || a->axis == APL_GROUP ?
		       "more bits make it smaller" :
		       "more bits or --granularity group make it smaller";
}

static int check_apl(struct ak_plan *plan, struct ak_err *err)
{
	const struct apl *a = ak_plan_priv(plan);
	double tolerance = apl_tolerance(a->rule.bits);
	struct apl_sums all;
	size_t misses;
	double error;

	all = apl_total(a, &misses);
	error = apl_error(&all);
	/* Written so that a NaN is a miss. */
	if (error <= tolerance && !misses)
		return 0;
	if (!a->strict) {
		ak_plan_warn(
			plan,
			"relative error of W x at %u bit%s: %.2f %% for the model, and %zu of its parts are above %g %%; %s",
			a->rule.bits, a->rule.bits == 1 ? "" : "s", error * 100,
			misses, tolerance * 100, remedy(a));
		return 0;
	}
	return ak_errf(
		err, -ERANGE,
		"--strict: relative error of W x at %u bit%s is %.2f %% for the model, and %zu of its parts are above %g %%; nothing was written",
		a->rule.bits, a->rule.bits == 1 ? "" : "s", error * 100, misses,
		tolerance * 100);
}

static int report_apl(const struct ak_plan *plan, json_t *details)
{
	const struct apl *a = ak_plan_priv(plan);
	json_t *accuracy = apl_accuracy(a);

	if (!accuracy)
		return -ENOMEM;
	return json_object_set_new(details, "accuracy", accuracy) ? -ENOMEM : 0;
}

static const struct ak_output_option options[] = {
	{ "bits", "1|2|4|8", "4", "Bits of a weight" },
	{ "granularity", "row|channel|group", "row",
	  "What shares a scale: a row (output feature), a column (input feature) or weights of a row" },
	{ "group-size", NULL, "64", "Weights of a group" },
	{ "scheme", "asymmetric|symmetric", "asymmetric",
	  "With zero points of their own, or in the middle" },
	{ "calibrate", "range|mse", "range",
	  "From smallest to largest weight, or the part of that with the least squared error" },
	{ "compat", "exporter", NULL,
	  "What the project's exporter writes: 12 blocks, transposed, its keys" },
	{ "strict", "on", NULL,
	  "Fail if W x misses the tolerance (50, 20, 10, 2 % at 1, 2, 4, 8 bits)" },
	{ "name", NULL, NULL, "What to call the model (else by its folder)" },
	{ NULL, NULL, NULL, NULL },
};

const struct ak_output_format ak_output_apl = {
	.name = "apl",
	.summary = "arrays in .npz and a manifest, 1 to 8 bits per weight",
	.options = options,
	.needs = AK_NEEDS_ARCH,
	.plan = plan_apl,
	.check = check_apl,
	.report = report_apl,
};
