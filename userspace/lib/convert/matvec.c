// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/matvec.h"

#include "convert/row_blocks.h"
#include "quant/quant.h"

struct product {
	const struct ak_view *view;
	const struct ak_view_tensor *tensor;
	const struct ak_quant *quant;
	const float *x;
	size_t n;
	float *y;
};

static int multiply(void *arg, size_t block, uint64_t first, uint64_t rows,
		    void *scratch, struct ak_err *err)
{
	const struct product *p = arg;
	const struct ak_view_tensor *t = p->tensor;
	float *w = scratch;
	uint64_t r;
	size_t i;
	int ret;

	(void)block;
	ret = ak_view_read(p->view, t, first, rows, w, err);
	for (i = 0; !ret && i < p->n; i++)
		for (r = 0; r < rows; r++)
			p->y[i * t->rows + first + r] =
				(float)ak_dot(p->quant, w + r * t->cols,
					      p->x + i * t->cols, t->cols);
	return ret;
}

int ak_matvec(const struct ak_view *v, const struct ak_view_tensor *t,
	      const float *x, size_t n, float *y, unsigned int threads,
	      struct ak_err *err)
{
	struct product p = { v, t, ak_quant_best(), x, n, y };
	struct ak_row_blocks b = {
		.rows = t->rows,
		.row_bytes = t->cols * sizeof(float),
		.fn = multiply,
		.arg = &p,
	};

	return ak_row_blocks_run(&b, threads, err);
}
