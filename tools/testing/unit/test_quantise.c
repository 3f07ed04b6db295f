// SPDX-License-Identifier: GPL-2.0
/*
 * Quantisation: integer networks come back as they were, formulas by hand,
 * searches that must not make it worse.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "convert/quantise.h"
#include "convert/quantise_internal.h"
#include "float_model.h"
#include "npu/threads.h"

static struct ak_op *op(struct ak_graph *g, enum ak_op_kind kind)
{
	struct ak_op *o = ak_graph_add(g, kind, ak_op_kind_name(kind));

	assert_non_null(o);
	return o;
}

static float *floats(size_t n, const float *v)
{
	float *f = malloc(n * sizeof(*f));

	assert_non_null(f);
	memcpy(f, v, n * sizeof(*f));
	return f;
}

static struct ak_op *dense(struct ak_graph *g, size_t in, uint32_t out,
			   const float *w, const float *b)
{
	struct ak_op *o = op(g, AK_OP_DENSE);

	o->filters = out;
	o->num_weights = in * out;
	o->weights = floats(in * out, w);
	o->num_values = out;
	o->bias = floats(out, b);
	return o;
}

static struct akida_model *quantise(const struct ak_graph *g, float scale,
				    unsigned int bits,
				    const struct ak_quant_options *o,
				    const uint8_t *data, size_t samples,
				    struct ak_quant_report *report)
{
	struct akida_model *m = NULL;
	struct ak_net *net = NULL;
	struct ak_err err = { "" };

	if (ak_fold(g, scale, bits, &net, &err) ||
	    ak_quantise(net, data, samples, o, &m, report, &err))
		fail_msg("%s", err.text);
	ak_net_free(net);
	return m;
}

static const void *variable(const struct akida_model *m, unsigned int layer,
			    const char *name, size_t *size)
{
	struct akida_variable_info v;
	unsigned int i;

	for (i = 0; !akida_model_variable(m, layer, i, &v, sizeof(v)); i++) {
		if (strcmp(v.name, name))
			continue;
		*size = v.size;
		return v.data;
	}
	return NULL;
}

static int all_layers(void *arg, size_t done, size_t total)
{
	size_t *calls = arg;

	assert_true(done <= total);
	++*calls;
	return 0;
}

/* threshold and act_step as the documents have them, numbers by hand */
static void test_formula(void **state)
{
	static const float w[] = { 7, 14, -7, 3.5f }; /* [in 2][out 2] */
	static const float b[] = { 10, -4 };
	static const float last[] = { 7, -7 }, zero[] = { 3 };
	const uint8_t data[] = { 0, 0, 15, 15 };
	struct ak_graph *g = ak_graph_new("hand", "test");
	struct ak_quant_options o;
	struct ak_err err = { "" };
	struct akida_model *m;
	const int32_t *t;
	const float *s;
	size_t size, calls = 0;

	(void)state;
	g->input = (struct akida_shape){ 1, 1, 2 };
	dense(g, 2, 2, w, b);
	op(g, AK_OP_RELU)->max = 30;
	dense(g, 2, 1, last, zero);
	assert_int_equal(ak_graph_resolve(g, &err), 0);
	ak_quant_preset(&o);
	o.range = AK_RANGE_CLIP;
	o.correct_bias = false;
	o.round = false;
	o.progress = all_layers;
	o.arg = &calls;
	/* An input step is worth 0.5. */
	m = quantise(g, 0.5f, 4, &o, data, 2, NULL);
	assert_int_equal(calls, 3);
	t = variable(m, 1, "threshold", &size);
	s = variable(m, 1, "act_step", &size);
	/*
	 * Filter 0 is 7, -7: one unit of weight is 1, of potential 0.5. A
	 * level is 30 / 15 = 2, 4 units. 0.5 * 4 - 10 / 0.5 = -18.
	 * Filter 1 is 14, 3.5: 2 a unit but for 3.5 = 1.75 units, so not
	 * exact; the least error has 14 / 8 = 1.75 excluded (7 is most).
	 */
	assert_float_equal(s[0], 4, 1e-6);
	assert_int_equal(t[0], -18);
	/* Without activation: floor(-bias / unit), 1 / unit; unit = 2. */
	t = variable(m, 2, "threshold", &size);
	s = variable(m, 2, "act_step", &size);
	assert_float_equal(s[0], 0.5, 1e-6);
	assert_int_equal(t[0], -2);
	akida_model_free(m);
	/* 2 bits: three levels of 10, 20 units, normalised to 4 bits. */
	o.act_bits = 2;
	m = quantise(g, 0.5f, 4, &o, data, 2, NULL);
	t = variable(m, 1, "threshold", &size);
	s = variable(m, 1, "act_step", &size);
	assert_float_equal(s[0], 5, 1e-6);
	assert_int_equal(t[0], -10);
	akida_model_free(m);
	ak_graph_free(g);
}

/* What is integer already stays: --quantize none. */
static void test_integer(void **state)
{
	static const float w[] = { 3, -1, 2, 6, 0, -5 }, b[] = { 2, -3 };
	static const float last[] = { 1, 2 }, zero[] = { 0 };
	struct ak_graph *g = ak_graph_new("integers", "test");
	struct ak_quant_options o;
	struct ak_net *net = NULL;
	struct ak_err err = { "" };
	struct akida_model *m = NULL;
	const int8_t *q;
	size_t size, i;

	(void)state;
	g->input = (struct akida_shape){ 1, 1, 3 };
	dense(g, 3, 2, w, b);
	op(g, AK_OP_RELU)->max = 15;
	dense(g, 2, 1, last, zero);
	assert_int_equal(ak_graph_resolve(g, &err), 0);
	ak_quant_preset(&o);
	o.integer = true;
	o.range = AK_RANGE_CLIP;
	m = quantise(g, 1, 4, &o, NULL, 0, NULL);
	q = variable(m, 1, "weights", &size);
	assert_int_equal(size, 6);
	for (i = 0; i < 6; i++)
		assert_int_equal(q[i], (int)w[i]);
	q = variable(m, 2, "weights", &size);
	assert_int_equal(q[0], 1);
	assert_int_equal(q[1], 2);
	akida_model_free(m);
	/* Not an integer: refused with the place. */
	g->op[0].weights[4] = 0.5f;
	assert_int_equal(ak_fold(g, 1, 4, &net, &err), 0);
	assert_int_equal(ak_quantise(net, NULL, 0, &o, &m, NULL, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "dense layer"));
	assert_non_null(strstr(err.text, "0.5"));
	/* Ranges that nobody knows need data. */
	o.integer = false;
	o.range = AK_RANGE_MAX;
	assert_int_equal(ak_quantise(net, NULL, 0, &o, &m, NULL, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "calibration"));
	ak_net_free(net);
	ak_graph_free(g);
}

/* A spike of a beta of 0 is a threshold, exactly. */
static void test_spikes(void **state)
{
	static const float w[] = { 0.3f, -0.1f, 0.2f, 0.7f, -0.7f, 0.4f };
	static const float b[] = { 0, 0.1f }, last[] = { 7, -7 },
			   zero[] = { 0 };
	static const float limit[] = { 0.3f, 0.2f };
	struct akida_load_options load = { 0 };
	struct akida_device *d = akida_device_new();
	struct ak_graph *g = ak_graph_new("spikes", "test");
	struct ak_quant_options o;
	struct ak_err err = { "" };
	struct akida_program *p;
	struct akida_model *m;
	struct ak_op *s;
	unsigned int i;

	(void)state;
	g->input = (struct akida_shape){ 1, 1, 3 };
	dense(g, 3, 2, w, b);
	s = op(g, AK_OP_SPIKE);
	s->threshold = floats(2, limit);
	s->num_values = 2;
	dense(g, 2, 1, last, zero);
	assert_int_equal(ak_graph_resolve(g, &err), 0);
	ak_quant_preset(&o);
	m = quantise(g, 1, 1, &o, NULL, 0, NULL);
	p = akida_program_new(d);
	assert_int_equal(akida_device_open(d, "soft"), 0);
	assert_int_equal(akida_program_load(p, m, &load), 0);
	for (i = 0; i < 8; i++) {
		const uint8_t in[] = { i & 1, i >> 1 & 1, i >> 2 };
		/* Tenths, so that sums are exact. */
		int z0 = 3 * in[0] + 2 * in[1] - 7 * in[2];
		int z1 = -in[0] + 7 * in[1] + 4 * in[2] + 1;
		int32_t out;

		assert_int_equal(akida_program_run(p, in, 3, &out, 4, 1), 0);
		/* What equals the threshold does not exceed it. */
		assert_int_equal(out, 7 * (z0 > 3) - 7 * (z1 > 2));
	}
	akida_program_free(p);
	akida_device_free(d);
	akida_model_free(m);
	ak_graph_free(g);
}

static double residual(const struct ak_fit *f, const struct ak_rows *r)
{
	double sum = 0;
	size_t i, k, n;

	for (n = 0; n < f->n; n++) {
		double mean = 0;

		for (i = 0; i < r->rows; i++) {
			double e = -(double)r->z[i * r->n + n];

			for (k = 0; k < r->k; k++)
				e += (double)r->x[i * r->k + k] *
				     f->q[k * f->n + n] * f->scale[n];
			sum += e * e;
			mean += e;
		}
		sum -= mean * mean / (double)r->rows;
	}
	return sum;
}

/* The search reduces what it promises to reduce. */
static void test_fit_rows(void **state)
{
	enum {
		K = 24,
		N = 5,
		ROWS = 400
	};
	struct npu_threads *threads = npu_threads_new(2);
	struct ak_rows r = { .rows = ROWS, .k = K, .n = N };
	int8_t q[K * N];
	double scale[N], before;
	bool exact[N];
	float w[K * N];
	struct ak_fit f = {
		.k = K,
		.n = N,
		.bits = 4,
		.w = w,
		.q = q,
		.scale = scale,
		.exact = exact,
	};
	uint32_t s = 1;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < K * N; i++) {
		s = s * 1664525u + 1013904223u;
		w[i] = (float)(s >> 8) / 16777216.0f - 0.5f;
	}
	/* One filter is integers times 0.01 and must stay so. */
	for (k = 0; k < K; k++)
		w[k * N + 2] = 0.01f * (float)((int)(k * 5 % 15) - 7);
	r.x = malloc(ROWS * K * sizeof(float));
	r.z = malloc(ROWS * N * sizeof(float));
	for (i = 0; i < ROWS; i++) {
		float common;

		s = s * 1664525u + 1013904223u;
		common = (float)(s >> 29);
		for (k = 0; k < K; k++) {
			s = s * 1664525u + 1013904223u;
			r.x[i * K + k] = common + (float)(s >> 29);
		}
		for (n = 0; n < N; n++) {
			r.z[i * N + n] = 3;
			for (k = 0; k < K; k++)
				r.z[i * N + n] += r.x[i * K + k] * w[k * N + n];
		}
	}
	ak_fit_nearest(&f);
	for (n = 0; n < N; n++)
		assert_int_equal(exact[n], n == 2);
	for (k = 0; k < K; k++)
		assert_int_equal(q[k * N + 2], (int)(k * 5 % 15) - 7);
	before = residual(&f, &r);
	assert_int_equal(ak_fit_rows(&f, &r, threads), 0);
	print_message("residual %g, %g for the nearest\n", residual(&f, &r),
		      before);
	assert_true(residual(&f, &r) < 0.9 * before);
	for (k = 0; k < K; k++)
		assert_int_equal(q[k * N + 2], (int)(k * 5 % 15) - 7);
	for (i = 0; i < K * N; i++)
		assert_true(q[i] >= -7 && q[i] <= 7);
	free(r.x);
	free(r.z);
	npu_threads_free(threads);
}

static const char *shared(const char *name)
{
	static char path[4096];
	const char *dir = getenv("AKIDA_SHARED");

	snprintf(path, sizeof(path), "%s/models/%s", dir ? dir : "../shared",
		 name);
	return access(path, R_OK) ? NULL : path;
}

struct traced {
	uint8_t *data;
	size_t size;
};

static void trace(void *arg, unsigned int layer, const char *name,
		  const struct akida_shape *shape, enum akida_dtype dtype,
		  const void *data)
{
	struct traced *t = arg;
	size_t n = (size_t)shape->height * shape->width * shape->channels *
		   akida_dtype_size(dtype);

	(void)layer;
	(void)name;
	t->data = realloc(t->data, t->size + n);
	assert_non_null(t->data);
	memcpy(t->data + t->size, data, n);
	t->size += n;
}

static struct traced run_traced(struct akida_model *m, const uint8_t *in,
				size_t size)
{
	struct akida_load_options load = { 0 };
	struct akida_device *d = akida_device_new();
	struct akida_program *p = akida_program_new(d);
	struct akida_program_info info;
	struct traced t = { 0 };
	void *out;

	assert_int_equal(akida_device_open(d, "soft"), 0);
	if (akida_program_load(p, m, &load))
		fail_msg("%s", akida_program_error(p));
	akida_program_info(p, &info, sizeof(info));
	assert_int_equal(info.input_size, size);
	akida_program_trace(p, trace, &t);
	out = malloc(info.output_size);
	assert_int_equal(
		akida_program_run(p, in, size, out, info.output_size, 1), 0);
	free(out);
	akida_program_free(p);
	akida_device_free(d);
	return t;
}

/* A model of BrainChip's SDK, turned into float and converted again. */
static void round_trip(const char *name)
{
	const char *path = shared(name);
	struct akida_model *m = akida_model_new(), *back;
	struct ak_quant_options o;
	struct ak_graph *g;
	struct akida_layer_info first;
	struct traced a, b;
	uint32_t s = 7;
	uint8_t *in;
	size_t n, i, different = 0;

	if (!path) {
		print_message("no %s: set AKIDA_SHARED\n", name);
		akida_model_free(m);
		skip();
	}
	assert_int_equal(akida_model_load(m, path), 0);
	assert_int_equal(akida_model_check_runnable(m), 0);
	g = float_model(m);
	ak_quant_preset(&o);
	o.range = AK_RANGE_CLIP;
	o.correct_bias = false;
	o.round = false;
	akida_model_layer(m, 0, &first, sizeof(first));
	back = quantise(g, 1, first.input_bits, &o, NULL, 0, NULL);
	n = (size_t)first.input.height * first.input.width *
	    first.input.channels;
	in = malloc(n);
	for (i = 0; i < n; i++) {
		s = s * 1664525u + 1013904223u;
		in[i] = (uint8_t)(s >> (32 - first.input_bits));
	}
	a = run_traced(m, in, n);
	b = run_traced(back, in, n);
	assert_int_equal(a.size, b.size);
	for (i = 0; i < a.size; i++)
		different += a.data[i] != b.data[i];
	print_message(
		"%s: %zu bytes of activations and potentials, %zu differ\n",
		name, a.size, different);
	assert_int_equal(different, 0);
	free(in);
	free(a.data);
	free(b.data);
	akida_model_free(m);
	akida_model_free(back);
	ak_graph_free(g);
}

static void test_lamp_plant(void **state)
{
	(void)state;
	round_trip("lamp-plant.fbz");
}

static void test_inventory(void **state)
{
	(void)state;
	round_trip("inventory-fomo.fbz");
}

static void test_fan(void **state)
{
	(void)state;
	round_trip("fan-accelerometer.fbz");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_integer),
		cmocka_unit_test(test_spikes),
		cmocka_unit_test(test_fit_rows),
		cmocka_unit_test(test_lamp_plant),
		cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_fan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
