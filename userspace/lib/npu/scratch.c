// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What threads need for themselves, as large as the largest layer wants it.
 */
#include <errno.h>

#include "npu/internal.h"
#include "npu/winograd.h"

struct needs {
	size_t block, bytes, quads, pot, sums;
};

static struct needs find_needs(const struct npu *n)
{
	struct needs s = { 0 };
	uint32_t i;

	s.pot = NPU_MAX_TILE * NPU_MAX_PANEL;
	for (i = 0; i < n->num_layers; i++) {
		const struct npu_layer *y = &n->layers[i];
		size_t v;

		if (y->block > s.block)
			s.block = y->block;
		if (y->kind == NPU_WINOGRAD) {
			v = npu_winograd_row_size(y->l) * y->l->kernel_h;
			if (v > s.bytes)
				s.bytes = v;
		}
		if (y->kind == NPU_SEPARABLE) {
			v = (size_t)y->block * y->dw.channels;
			if (v > s.bytes)
				s.bytes = v;
			v = (size_t)y->block * (y->dw.channels / 4 + NPU_LANES);
			if (v > s.quads)
				s.quads = v;
		}
		if (y->l->out.channels > s.sums)
			s.sums = y->l->out.channels;
		if (y->kind == NPU_PLAIN) {
			v = y->l->in.channels + y->l->out.channels + NPU_LANES;
			if (v > s.pot)
				s.pot = v;
		}
	}
	return s;
}

int npu_prepare_scratch(struct npu *n)
{
	uint32_t threads = npu_threads_count(n->pool), i;
	struct needs s = find_needs(n);

	n->scratch = npu_alloc(n, threads * sizeof(*n->scratch));
	n->sums = npu_alloc(n, s.sums * sizeof(*n->sums));
	if (!n->scratch || !n->sums)
		return -ENOMEM;
	for (i = 0; i < threads; i++) {
		struct npu_scratch *t = &n->scratch[i];

		t->px = npu_alloc(n, s.block * sizeof(*t->px));
		t->out = npu_alloc(n, s.block * sizeof(*t->out));
		t->start = npu_alloc(n, s.block * sizeof(*t->start));
		t->bytes = npu_alloc(n, s.bytes + NPU_SLACK);
		t->high.count = npu_alloc(n, s.block * sizeof(*t->high.count));
		t->high.index = npu_alloc(n, s.quads * sizeof(*t->high.index));
		t->high.value = npu_alloc(n, s.quads * sizeof(*t->high.value));
		t->corrected = npu_alloc(n, s.block * NPU_MAX_PANEL *
						    sizeof(*t->corrected));
		t->pot = npu_alloc(n, s.pot * sizeof(*t->pot));
		if (!t->px || !t->out || !t->start || !t->bytes ||
		    !t->high.count || !t->high.index || !t->high.value ||
		    !t->corrected || !t->pot)
			return -ENOMEM;
	}
	return 0;
}
