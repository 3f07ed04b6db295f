// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an ONNX model: what can be read must be a chain whose shapes
 * hold, which can be folded or refused with a sentence.
 */
#include <stdlib.h>
#include <string.h>

#include "convert/onnx.h"
#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More multiplications than these are no use to a fuzzer. */
#define MAX_WORK (1u << 20)

static bool quick(const struct ak_graph *g)
{
	uint64_t work = 0;
	size_t i;

	for (i = 0; i < g->num_ops; i++) {
		const struct ak_op *op = &g->op[i];

		work += (uint64_t)ak_shape_elements(&op->out) *
				(op->kernel_h * op->kernel_w + 1) *
				(op->filters ? op->in.channels : 1) +
			ak_op_elements(op);
		if (work > MAX_WORK)
			return false;
	}
	return true;
}

static void use(const struct ak_graph *g)
{
	const struct ak_op *last = &g->op[g->num_ops - 1];
	float *x = calloc(ak_shape_elements(&g->input), sizeof(*x));
	float *y = calloc(ak_shape_elements(&last->out), sizeof(*y));
	struct ak_err err = { "" };
	struct ak_eval *e = NULL;
	struct ak_net *net = NULL;

	if (ak_eval_new(g, 1, &e, &err))
		abort();
	ak_eval_run(e, x, y, NULL, NULL);
	ak_eval_free(e);
	if (!ak_fold(g, 1, 0, &net, &err))
		ak_net_free(net);
	else if (!err.text[0])
		abort();
	free(x);
	free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_graph *g = NULL;
	struct ak_onnx o;
	int rc;

	ak_onnx_probe(data, size);
	rc = ak_onnx_parse(data, size, &o, &err);
	if (!rc)
		rc = ak_onnx_graph(&o, "fuzz", &g, &err);
	if (rc && !err.text[0])
		abort();
	if (g && quick(g))
		use(g);
	ak_graph_free(g);
	ak_onnx_close(&o);
	return 0;
}
