// SPDX-License-Identifier: GPL-2.0
#include "graph_use.h"

#include <stdlib.h>

#include "model/model.h"

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

void fuzz_graph_use(const struct ak_graph *g)
{
	const struct ak_op *last = &g->op[g->num_ops - 1];
	struct ak_err err = { "" };
	struct ak_eval *e = NULL;
	struct ak_net *net = NULL;
	float *x, *y;

	if (!quick(g))
		return;
	x = calloc(ak_shape_elements(&g->input), sizeof(*x));
	y = calloc(ak_shape_elements(&last->out), sizeof(*y));
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
