// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Preparing a model and running it, layer by layer, from one of two buffers
 * into the other.
 */
#include "npu/npu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cpu.h"
#include "npu/internal.h"
#include "npu/reference.h"

/* Borders make maps larger than models may; offsets in them have 31 bits. */
#define LARGEST_BUFFER ((size_t)INT32_MAX - NPU_SLACK)

void *npu_alloc(struct npu *n, size_t size)
{
	struct npu_block *blocks;
	void *p;

	size = size ? (size + 63) / 64 * 64 : 64;
	blocks = realloc(n->blocks, (n->num_blocks + 1) * sizeof(*blocks));
	if (!blocks)
		return NULL;
	n->blocks = blocks;
	p = aligned_alloc(64, size);
	if (!p)
		return NULL;
	memset(p, 0, size);
	blocks[n->num_blocks++] = (struct npu_block){ p, size };
	n->memory += size;
	return p;
}

void npu_release(struct npu *n, void *p)
{
	size_t i;

	for (i = n->num_blocks; i-- > 0;) {
		if (n->blocks[i].p != p)
			continue;
		free(p);
		n->memory -= n->blocks[i].size;
		n->blocks[i] = n->blocks[--n->num_blocks];
		return;
	}
}

void npu_free(struct npu *n)
{
	size_t i;

	if (!n)
		return;
	npu_threads_free(n->pool);
	for (i = 0; i < n->num_blocks; i++)
		free(n->blocks[i].p);
	free(n->blocks);
	free(n);
}

/* Lays a map out with the border that @reader wants; NULL wants none. */
static void lay_out(struct npu_map *m, const struct akida_shape *shape,
		    const struct npu_layer *reader, unsigned int buffer)
{
	uint32_t left = 0, right = 0, top = 0, bottom = 0;

	if (reader)
		npu_map_padding(reader, &left, &right, &top, &bottom);
	m->shape = *shape;
	m->left = left;
	m->top = top;
	m->border = 0;
	if (reader && reader->l->type == AKIDA_LAYER_INPUT_CONV)
		m->border = (uint8_t)reader->l->padding_value;
	m->pitch = ((size_t)left + shape->width + right) * shape->channels;
	m->origin = top * m->pitch + (size_t)left * shape->channels;
	m->rows = (size_t)top + shape->height + bottom;
	m->buffer = buffer;
}

/*
 * Each map goes into the buffer that its source does not occupy, so two
 * buffers do. A traced map is made dense in its source's buffer, which nobody
 * needs any more.
 */
static int make_maps(struct npu *n)
{
	size_t size[2] = { 0, 0 }, need;
	unsigned int buffer = 0;
	struct npu_map map;
	uint32_t i;

	/* What an input layer hands on has the border of the layer after it. */
	i = n->layers[0].kind == NPU_INPUT ? 1 : 0;
	lay_out(&map, &n->layers[0].l->in, &n->layers[i], buffer);
	size[0] = map.rows * map.pitch;
	n->layers[0].src = map;
	n->layers[0].mid = map;
	n->layers[0].dst = map;
	for (; i < n->num_layers; i++) {
		struct npu_layer *y = &n->layers[i];
		const struct npu_layer *reader =
			i + 1 < n->num_layers ? y + 1 : NULL;
		bool mid = y->kind != NPU_REFERENCE &&
			   y->sink == NPU_ACTIVATE &&
			   y->l->pool_type == AKIDA_POOL_MAX;

		y->src = map;
		if (mid) {
			buffer ^= 1;
			lay_out(&y->mid, &y->l->conv, NULL, buffer);
			need = y->mid.rows * y->mid.pitch;
			if (need > size[buffer])
				size[buffer] = need;
		}
		buffer ^= 1;
		lay_out(&map, &y->l->out, reader, buffer);
		y->dst = map;
		if (!mid)
			y->mid = map;
		if (!reader)
			break;
		need = map.rows * map.pitch;
		if (need > size[buffer])
			size[buffer] = need;
		need = ak_shape_elements(&y->l->out);
		if (need > size[buffer ^ 1])
			size[buffer ^ 1] = need;
	}
	for (i = 0; i < 2; i++) {
		if (size[i] > LARGEST_BUFFER)
			return -ENOMEM;
		n->maps[i] = size[i];
		n->buffer[i] = npu_alloc(n, size[i] + NPU_SLACK);
		if (!n->buffer[i])
			return -ENOMEM;
	}
	return 0;
}

static int prepare(struct npu *n, const struct ak_model *m, struct ak_err *err)
{
	size_t scratch = 0, need;
	uint32_t i;
	int rc;

	n->layers = npu_alloc(n, m->num_layers * sizeof(*n->layers));
	if (!n->layers)
		return -ENOMEM;
	n->num_layers = m->num_layers;
	for (i = 0; i < m->num_layers; i++) {
		n->layers[i].l = &m->layers[i];
		rc = npu_prepare_layer(n, &n->layers[i], err);
		if (rc)
			return rc;
		need = npu_reference_scratch(&m->layers[i]);
		if (need > scratch)
			scratch = need;
	}
	rc = make_maps(n);
	if (rc || !n->reference)
		return rc ? rc : npu_prepare_scratch(n);
	n->reference_scratch =
		npu_alloc(n, scratch * sizeof(*n->reference_scratch));
	return n->reference_scratch ? 0 : -ENOMEM;
}

int npu_new(struct npu **out, const struct ak_model *m,
	    const struct akida_load_options *o, struct ak_err *err)
{
	uint32_t flags = ak_cpu_flags();
	struct npu *n = calloc(1, sizeof(*n));
	int rc = -ENOMEM;

	*out = NULL;
	if (!n)
		return ak_errf(err, -ENOMEM, "out of memory");
	n->target = o->target;
	n->reference = o->flags & AKIDA_LOAD_REFERENCE;
	if (o->cpu_flags)
		flags &= o->cpu_flags;
	npu_kernels_init(&n->kernels, flags);
	n->pool = npu_threads_new(n->reference ? 1 : o->threads);
	if (!n->pool) {
		free(n);
		return ak_errf(err, -EAGAIN, "cannot start %u threads",
			       o->threads);
	}
	rc = prepare(n, m, err);
	if (rc) {
		npu_free(n);
		if (rc == -ENOMEM)
			ak_errf(err, rc, "out of memory");
		return rc;
	}
	*out = n;
	return 0;
}

static void fill_border(const struct npu_map *m, uint8_t *buffer)
{
	size_t inner = (size_t)m->shape.width * m->shape.channels;
	size_t left = (size_t)m->left * m->shape.channels;
	size_t right = m->pitch - inner - left, y;
	uint8_t *row = buffer + m->top * m->pitch;

	memset(buffer, m->border, m->top * m->pitch);
	if (left || right) {
		for (y = 0; y < m->shape.height; y++, row += m->pitch) {
			memset(row, m->border, left);
			memset(row + left + inner, m->border, right);
		}
	}
	row = buffer + (m->top + m->shape.height) * m->pitch;
	memset(row, m->border, (m->rows - m->top - m->shape.height) * m->pitch);
}

static void copy_rows(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		      size_t src_pitch, const struct akida_shape *s)
{
	size_t inner = (size_t)s->width * s->channels;
	uint32_t y;

	for (y = 0; y < s->height; y++)
		memcpy(dst + y * dst_pitch, src + y * src_pitch, inner);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void run_layer(struct npu *n, struct npu_layer *y, void *out)
{
	const uint8_t *src = n->buffer[y->src.buffer];
	bool last = y == n->layers + n->num_layers - 1;
	uint8_t *dst = last ? out : n->buffer[y->dst.buffer];
	uint8_t *mid =
		y->mid.buffer == y->dst.buffer ? dst : n->buffer[y->mid.buffer];

	if (y->kind == NPU_REFERENCE)
		npu_reference_layer(y->l, y->thresholds, src,
				    n->reference_scratch, dst);
	else
		npu_run_layer(n, y, src, mid, dst);
	/* Afterwards: with pooling, source and result share a buffer. */
	if (!last)
		fill_border(&y->dst, dst);
}

/* What the trace sees is dense, as the caller's result is. */
static const void *dense(struct npu *n, const struct npu_layer *y)
{
	const struct npu_map *m = &y->dst;
	uint8_t *copy = n->buffer[m->buffer ^ 1];
	size_t inner = (size_t)m->shape.width * m->shape.channels;

	if (m->pitch == inner)
		return n->buffer[m->buffer] + m->origin;
	copy_rows(copy, inner, n->buffer[m->buffer] + m->origin, m->pitch,
		  &m->shape);
	return copy;
}

void npu_run(struct npu *n, const uint8_t *in, void *out, npu_trace_fn trace,
	     void *arg)
{
	const struct npu_map *first = &n->layers[0].src;
	uint64_t t0 = 0, t1;
	uint32_t i;

	if (n->profiling) {
		t0 = now();
		n->runs++;
	}
	fill_border(first, n->buffer[0]);
	copy_rows(n->buffer[0] + first->origin, first->pitch, in,
		  (size_t)first->shape.width * first->shape.channels,
		  &first->shape);
	for (i = 0; i < n->num_layers; i++) {
		struct npu_layer *y = &n->layers[i];

		if (y->kind != NPU_INPUT)
			run_layer(n, y, out);
		if (n->profiling) {
			t1 = now();
			y->ns += t1 - t0;
			t0 = t1;
		}
		if (!trace)
			continue;
		if (y->kind == NPU_INPUT)
			trace(arg, i, in);
		else
			trace(arg, i,
			      i + 1 < n->num_layers ? dense(n, y) : out);
		if (n->profiling)
			t0 = now();
	}
}

void npu_set_profiling(struct npu *n, bool on)
{
	uint32_t i;

	n->profiling = on;
	if (!on)
		return;
	n->runs = 0;
	for (i = 0; i < n->num_layers; i++)
		n->layers[i].ns = 0;
}

const char *npu_layer_time(const struct npu *n, uint32_t layer, uint64_t *ns,
			   uint64_t *runs)
{
	*ns = n->layers[layer].ns;
	*runs = n->runs;
	return n->layers[layer].name;
}

size_t npu_memory(const struct npu *n)
{
	return n->memory;
}
