// SPDX-License-Identifier: GPL-2.0
#include "peer_outputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "akida/array.h"
#include "cmocka_all.h"
#include "model/model.h"
#include "temp_dir.h"

static struct akida_array *array(const char *name, const char *ending)
{
	struct akida_array *a = akida_array_new();
	char file[160];

	assert_non_null(a);
	snprintf(file, sizeof(file), "%s.%s.npy", name, ending);
	if (akida_array_load_npy(a, temp_path(file)))
		fail_msg("%s", akida_array_error(a));
	assert_int_equal(akida_array_dtype(a), AKIDA_DTYPE_FLOAT32);
	return a;
}

void peer_compare(const char *file, const char *name)
{
	struct akida_array *in = array(name, "in"), *want = array(name, "out");
	struct ak_graph *g = NULL;
	struct ak_err err = { "" };
	struct ak_eval *e = NULL;
	float *x, *y, worst = 0;
	size_t n, m, s, i, c, pixels;

	if (ak_graph_import(temp_path(file), NULL, NULL, &g, &err))
		fail_msg("%s", err.text);
	n = ak_shape_elements(&g->input);
	m = ak_shape_elements(&g->op[g->num_ops - 1].out);
	c = g->input.channels;
	pixels = n / c;
	assert_int_equal(akida_array_bytes(in),
			 akida_array_shape(in)[0] * n * sizeof(float));
	assert_int_equal(akida_array_bytes(want),
			 akida_array_shape(in)[0] * m * sizeof(float));
	x = malloc(n * sizeof(*x));
	y = malloc(m * sizeof(*y));
	assert_int_equal(ak_eval_new(g, 1, &e, &err), 0);
	for (s = 0; s < akida_array_shape(in)[0]; s++) {
		const float *from = (float *)akida_array_data(in) + s * n;
		const float *to = (float *)akida_array_data(want) + s * m;

		for (i = 0; i < n; i++)
			x[i] = from[g->input_nchw ? i % c * pixels + i / c : i];
		ak_eval_run(e, x, y, NULL, NULL);
		for (i = 0; i < m; i++)
			worst = fmaxf(worst, fabsf(y[i] - to[i]) /
						     fmaxf(1, fabsf(to[i])));
	}
	if (!(worst < 1e-4f))
		fail_msg("%s: off by %g", file, (double)worst);
	ak_eval_free(e);
	ak_graph_free(g);
	akida_array_free(in);
	akida_array_free(want);
	free(x);
	free(y);
}
