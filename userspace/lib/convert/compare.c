// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json_file.h"
#include "convert/plan.h"
#include "convert/randn.h"
#include "convert/row_blocks.h"
#include "convert/packed.h"

/* The vector of products, as for --to apl. */
#define SEED 42u

/**
 * struct sums - errors of rows
 * @weights: of the weights themselves
 * @signal: sum of squares of W x
 * @noise: sum of squares of W x - W' x
 */
struct sums {
	struct ak_error weights;
	double signal, noise;
};

/**
 * struct comparison - a pair while it is compared
 * @in: the source
 * @view: the converted model
 * @pair: the pair
 * @tensor: of the converted model
 * @x: vector of products, NULL for vectors
 * @quant: functions of this machine
 * @block: sums of each block
 */
struct comparison {
	const struct ak_tensors *in;
	const struct ak_view *view;
	const struct ak_pair *pair;
	struct ak_view_tensor tensor;
	float *x;
	const struct ak_quant *quant;
	struct sums *block;
};

static void add_sums(struct sums *to, const struct sums *s)
{
	ak_error_add(&to->weights, &s->weights);
	to->signal += s->signal;
	to->noise += s->noise;
}

static void measure_row(const struct comparison *c, const float *right,
			const float *row, struct sums *to)
{
	size_t cols = c->pair->source.cols;
	struct sums s = { .weights = ak_error_row(c->quant, right, row, cols) };

	if (c->x) {
		double y = ak_dot(c->quant, right, c->x, cols);
		double z = ak_dot(c->quant, row, c->x, cols);

		s.signal = y * y;
		s.noise = (y - z) * (y - z);
	}
	add_sums(to, &s);
}

static int compare_block(void *arg, size_t block, uint64_t first, uint64_t rows,
			 void *scratch, struct ak_err *err)
{
	const struct comparison *c = arg;
	const struct ak_job *job = &c->pair->source;
	size_t need = ak_source_read_bytes(job, rows);
	float *right = scratch, *other = right + rows * job->cols;
	void *buffer = need ? malloc(need) : NULL;
	uint64_t i;
	int ret;

	if (need && !buffer)
		return ak_errf(err, -ENOMEM, "no memory for rows");
	ret = ak_source_read(c->in, job, first, rows, right, buffer, c->quant,
			     err);
	free(buffer);
	/* A bias whose elements are permuted is read as rows of one. */
	if (!ret && job->cols == 1 && c->tensor.rows == 1) {
		float *all = malloc(c->tensor.cols * sizeof(*all));

		ret = all ? ak_view_read(c->view, &c->tensor, 0, 1, all, err) :
			    ak_errf(err, -ENOMEM, "no memory for rows");
		if (!ret)
			memcpy(other, all + first, rows * sizeof(*all));
		free(all);
	} else if (!ret) {
		ret = ak_view_read(c->view, &c->tensor, first, rows, other,
				   err);
	}
	for (i = 0; !ret && c->pair->add != 0 && i < rows * job->cols; i++)
		other[i] -= c->pair->add;
	for (i = 0; !ret && i < rows; i++)
		measure_row(c, right + i * job->cols, other + i * job->cols,
			    &c->block[block]);
	return ret;
}

static bool same_shape(const struct comparison *c)
{
	const struct ak_job *job = &c->pair->source;

	return (c->tensor.rows == job->rows && c->tensor.cols == job->cols) ||
	       (job->cols == 1 && c->tensor.rows == 1 &&
		c->tensor.cols == job->rows);
}

static int run_blocks(struct comparison *c, unsigned int threads,
		      struct sums *total, struct ak_err *err)
{
	const struct ak_job *job = &c->pair->source;
	struct ak_row_blocks b = {
		.rows = job->rows,
		.row_bytes = 2 * job->cols * sizeof(float),
		.fn = compare_block,
		.arg = c,
	};
	size_t n = ak_row_blocks_count(&b), i;
	int ret;

	c->block = calloc(n + 1, sizeof(*c->block));
	if (!c->block)
		return ak_errf(err, -ENOMEM, "no memory for sums");
	ret = ak_row_blocks_run(&b, threads, err);
	for (i = 0; !ret && i < n; i++)
		add_sums(total, &c->block[i]);
	free(c->block);
	return ret;
}

/* ------------------------------------------------------------------- report */

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static void put_errors(json_t *o, const struct sums *s, bool products)
{
	json_object_set_new(o, "relative_rmse",
			    real(ak_error_relative(&s->weights)));
	json_object_set_new(o, "max_abs", real(s->weights.max));
	json_object_set_new(
		o, "relative_error",
		products ? real(sqrt(s->noise) / (sqrt(s->signal) + 1e-10)) :
			   json_null());
}

static json_t *describe(const struct comparison *c, const struct sums *s)
{
	json_t *o = json_object(), *shape = json_array();
	unsigned int i;

	for (i = 0; i < c->tensor.ndim; i++)
		json_array_append_new(
			shape, json_integer((json_int_t)c->tensor.dim[i]));
	json_object_set_new(o, "name", ak_json_text(c->pair->name));
	json_object_set_new(o, "out", ak_json_text(c->tensor.name));
	json_object_set_new(o, "type", ak_json_text(c->tensor.type));
	json_object_set_new(o, "shape", shape);
	json_object_set_new(o, "matrix", json_boolean(c->x));
	put_errors(o, s, c->x);
	return o;
}

static int compare_pair(const struct ak_tensors *in, struct ak_view *view,
			const struct ak_pair *pair, unsigned int threads,
			struct sums *total, json_t *list, struct ak_err *err)
{
	struct comparison c = { .in = in, .view = view, .pair = pair };
	struct sums s = { 0 };
	int ret;

	ret = ak_view_get(view, pair->out, &c.tensor, err);
	if (ret)
		return ret;
	c.quant = ak_quant_best();
	if (!same_shape(&c))
		ret = ak_errf(
			err, -EBADMSG,
			"%s: %llu x %llu, but '%s' is %llu x %llu: they do not belong together",
			c.tensor.name, (unsigned long long)c.tensor.rows,
			(unsigned long long)c.tensor.cols, pair->name,
			(unsigned long long)pair->source.rows,
			(unsigned long long)pair->source.cols);
	if (!ret && c.tensor.rows > 1 && c.tensor.ndim >= 2) {
		c.x = calloc(pair->source.cols + 1, sizeof(*c.x));
		if (c.x)
			ak_randn(SEED, pair->source.cols, c.x);
		else
			ret = ak_errf(err, -ENOMEM, "no memory for a vector");
	}
	if (!ret)
		ret = run_blocks(&c, threads, &s, err);
	if (!ret && json_array_append_new(list, describe(&c, &s)))
		ret = ak_errf(err, -ENOMEM, "no memory for the report");
	/* Norms are hardly changed and much larger: they would hide the rest. */
	if (!ret && c.x)
		add_sums(total, &s);
	free(c.x);
	ak_view_drop(view, pair->out);
	return ret;
}

static int fill_report(const struct ak_pairs *pairs, const struct ak_view *view,
		       json_t *report, struct ak_err *err)
{
	json_t *missing = json_array(), *extra = json_array();
	size_t i;

	for (i = 0; i < pairs->missings; i++)
		json_array_append_new(missing, ak_json_text(pairs->missing[i]));
	for (i = 0; i < ak_view_count(view); i++)
		if (!pairs->used[i])
			json_array_append_new(
				extra, ak_json_text(ak_view_name(view, i)));
	if (json_object_set_new(report, "missing", missing) ||
	    json_object_set_new(report, "extra", extra))
		return ak_errf(err, -ENOMEM, "no memory for the report");
	return 0;
}

static int compare_all(const struct ak_tensors *in, struct ak_view *view,
		       const struct ak_pairs *pairs, unsigned int threads,
		       json_t *report, struct ak_err *err)
{
	json_t *list = json_array(), *all = json_object();
	struct sums total = { 0 };
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < pairs->count; i++)
		ret = compare_pair(in, view, &pairs->pair[i], threads, &total,
				   list, err);
	put_errors(all, &total, true);
	if (json_object_set_new(report, "tensors", list) ||
	    json_object_set_new(report, "total", all))
		ret = ret ? ret :
			    ak_errf(err, -ENOMEM, "no memory for the report");
	return ret ? ret : fill_report(pairs, view, report, err);
}

/* ------------------------------------------------------------------- source */

/* config.json of a folder, or beside a file. */
static char *config_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *out;
	int n;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		n = asprintf(&out, "%s/config.json", path);
	else
		n = asprintf(&out, "%.*sconfig.json",
			     slash ? (int)(slash - path) + 1 : 0, path);
	return n < 0 ? NULL : out;
}

static int read_arch(const char *path, struct ak_tensors *in,
		     struct ak_arch_config *c, struct ak_arch_model *m,
		     bool *known, struct ak_err *err)
{
	char *name = config_path(path);
	int ret = 0;

	*known = false;
	if (!name)
		return ak_errf(err, -ENOMEM, "no memory for a file name");
	if (!access(name, F_OK)) {
		ret = ak_arch_config_read(name, c, err);
		if (!ret)
			ret = ak_packed_open(in, c, AK_PACKED_CONFIG, err);
		if (!ret)
			ret = ak_arch_resolve(c, in, m, err);
		*known = !ret;
	}
	free(name);
	return ret;
}

int ak_compare(const char *in, const char *out, unsigned int threads,
	       json_t *report, struct ak_err *err)
{
	struct ak_arch_config c = { 0 };
	struct ak_arch_model m = { 0 };
	struct ak_tensors *set = NULL;
	struct ak_view *view = NULL;
	struct ak_pairs pairs = { 0 };
	bool known = false;
	int ret;

	ret = ak_tensors_open(in, &set, err);
	if (!ret)
		ret = ak_view_open_like(out, in, &view, err);
	if (!ret)
		ret = read_arch(in, set, &c, &m, &known, err);
	if (!ret) {
		ret = ak_pairs_find(set, known ? &c : NULL, known ? &m : NULL,
				    view, &pairs, err);
		if (ret)
			ak_err_prefix(err, "%s, %s: ", in, out);
	}
	if (!ret)
		ret = compare_all(set, view, &pairs, threads, report, err);
	if (!ret && (json_object_set_new(report, "in", ak_json_text(in)) ||
		     json_object_set_new(report, "out", ak_json_text(out))))
		ret = ak_errf(err, -ENOMEM, "no memory for the report");
	ak_pairs_free(&pairs);
	ak_arch_model_free(&m);
	ak_arch_config_free(&c);
	ak_view_close(view);
	ak_tensors_close(set);
	return ret;
}
