// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * nntrainer's weights without a header: config.json says which there are, the
 * size of the file of which types they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/le.h"
#include "common/util.h"
#include "convert/arch.h"
#include "convert/out_nntrainer.h"
#include "convert/tensors_internal.h"
#include "convert/view_item.h"

/* What of a weight is looked at to tell layouts apart. */
#define SAMPLE 16384u

/**
 * struct layout - how a file may be laid out
 * @type: of each kind of weights
 * @head: it has a head of its own
 * @arm: Q4_0 of layers is interleaved for ARM
 */
struct layout {
	enum ak_quant_type type[AK_NNTRAINER_KINDS];
	bool head, arm;
};

/**
 * struct place - where a weight is
 * @w: which
 * @type: its elements
 * @rows: its rows
 * @cols: its columns, 0 for a vector
 * @offset: its first byte
 * @bytes: how many
 * @repacked: rows are interleaved
 * @turned: it is stored transposed
 */
struct place {
	struct ak_nntrainer_weight w;
	enum ak_quant_type type;
	uint64_t rows, cols, offset, bytes;
	bool repacked, turned;
};

/**
 * struct bin - a file
 * @c: its model
 * @layout: how it is laid out
 */
struct bin {
	struct ak_arch_config c;
	struct layout layout;
};

static enum ak_repack how(const struct layout *l)
{
	return l->arm ? AK_REPACK_X4_IL8 : AK_REPACK_X8_IL8;
}

/* Is there an @i-th weight; @p->bytes is 0 for one that the model has not. */
static bool place_at(const struct bin *b, const struct layout *l, size_t i,
		     struct place *p, bool *fits)
{
	size_t bytes;
	bool blocks;

	if (!ak_nntrainer_at(i, (size_t)b->c.layers.i, &p->w))
		return false;
	p->bytes = 0;
	if (!ak_arch_shape(&b->c, p->w.role, &p->rows, &p->cols) ||
	    (p->w.role == AK_ROLE_LM_HEAD && !l->head))
		return true;
	p->type = l->type[p->w.kind];
	blocks = p->type == AK_QUANT_Q4_0 || p->type == AK_QUANT_Q6_K;
	p->turned = p->w.kind == AK_NNTRAINER_FC ||
		    p->w.kind == AK_NNTRAINER_LM_HEAD;
	p->repacked = p->turned && p->type == AK_QUANT_Q4_0;
	p->turned = p->turned && !blocks;
	if (ak_quant_row_bytes(ak_quant_format(p->type), p->cols ? p->cols : 1,
			       &bytes) ||
	    __builtin_mul_overflow(p->rows, bytes, &p->bytes) ||
	    (p->repacked && p->rows % ak_repack_rows(how(l))))
		*fits = false;
	return true;
}

/* Does a layout make the file so large. */
static bool has_size(const struct bin *b, const struct layout *l, uint64_t size)
{
	struct place p;
	uint64_t sum = 0;
	bool fits = true;
	size_t i;

	for (i = 0; fits && place_at(b, l, i, &p, &fits); i++)
		if (__builtin_add_overflow(sum, p.bytes, &sum) || sum > size)
			return false;
	return fits && sum == size;
}

/* ------------------------------------------------------- of several the best */

/* Is a half a scale or a weight: neither large nor no number. */
static bool odd16(const uint8_t *data)
{
	return (ak_get_le16(data) >> 10 & 31) > 18;
}

static bool odd32(const uint8_t *data)
{
	uint32_t bits = ak_get_le32(data), e = bits >> 23 & 255;

	return e > 127 + 20 || (bits << 1 && e < 127 - 60);
}

/* Counts numbers that are none in the first bytes of a weight. */
static void look(const struct layout *l, const struct place *p,
		 const uint8_t *data, size_t *odd, size_t *all)
{
	const struct ak_quant_format *f = ak_quant_format(p->type);
	unsigned int group = p->repacked ? ak_repack_rows(how(l)) : 1, k;
	size_t n = p->bytes < SAMPLE ? (size_t)p->bytes : SAMPLE, i;
	size_t step = (size_t)f->block_bytes * group;

	for (i = 0; i + step <= n; i += step) {
		const uint8_t *d = data + i;

		if (p->type == AK_QUANT_Q6_K)
			d += f->block_bytes - 2;
		for (k = 0; k < group; k++, d += 2, ++*all)
			*odd += p->type == AK_QUANT_F32 ? odd32(d) : odd16(d);
	}
}

static double oddness(const struct bin *b, const struct layout *l,
		      const uint8_t *data)
{
	size_t odd = 0, all = 1, i;
	struct place p;
	bool fits = true;

	for (i = 0; place_at(b, l, i, &p, &fits); i++) {
		if (p.bytes)
			look(l, &p, data, &odd, &all);
		data += p.bytes;
	}
	return (double)odd / (double)all;
}

/* The first of the best in the order of options' presets. */
static bool find_layout(struct bin *b, const struct ak_tensor_file *f)
{
	static const enum ak_quant_type fc[] = { AK_QUANT_Q4_0, AK_QUANT_Q6_K,
						 AK_QUANT_F16, AK_QUANT_F32 };
	static const enum ak_quant_type embd[] = { AK_QUANT_F32, AK_QUANT_Q4_0,
						   AK_QUANT_Q6_K };
	bool may = !b->c.tied, must = b->c.tied_set && !b->c.tied;
	struct layout l = { .type[AK_NNTRAINER_PLAIN] = AK_QUANT_F32 };
	double least = 2, odd;
	size_t i, n = ARRAY_SIZE(fc) * ARRAY_SIZE(embd) * ARRAY_SIZE(fc) * 4;

	for (i = 0; i < n; i++) {
		l.type[AK_NNTRAINER_FC] = fc[i / 48 % ARRAY_SIZE(fc)];
		l.type[AK_NNTRAINER_EMBEDDING] =
			embd[i / 16 % ARRAY_SIZE(embd)];
		l.type[AK_NNTRAINER_LM_HEAD] = fc[i / 4 % ARRAY_SIZE(fc)];
		l.head = !(i / 2 % 2);
		l.arm = i % 2;
		if ((l.head ? !may : must) || !has_size(b, &l, f->map.size))
			continue;
		odd = oddness(b, &l, f->map.data);
		if (odd < least) {
			least = odd;
			b->layout = l;
		}
	}
	return least <= 1;
}

/* ------------------------------------------------------------------ tensors */

static int load(struct ak_tensors *set, struct ak_tensor_file *f, void *arg,
		struct ak_err *err)
{
	struct bin *b = arg;
	uint64_t offset = 0;
	struct place p;
	bool fits = true;
	size_t i;
	int rc = 0;

	set->format = "nntr-bin";
	if (!find_layout(b, f))
		return ak_errf(
			err, -EBADMSG,
			"%s: its size is not that of the model in config.json beside it",
			f->path);
	for (i = 0; !rc && place_at(b, &b->layout, i, &p, &fits); i++) {
		struct ak_tensor t = { .dtype = "blocks", .size = p.bytes };
		struct ak_tensor_place at = { .raw = f->map.data + offset };

		if (!p.bytes)
			continue;
		t.type = p.type == AK_QUANT_F32 ? AK_TENSOR_F32 :
			 p.type == AK_QUANT_F16 ? AK_TENSOR_F16 :
						  AK_TENSOR_OTHER;
		t.ndim = p.cols ? 2 : 1;
		t.dim[0] = p.turned ? p.cols : p.rows;
		t.dim[1] = p.turned ? p.rows : p.cols;
		t.count = p.rows * (p.cols ? p.cols : 1);
		offset += p.bytes;
		rc = ak_tensors_add(set, f, p.w.name, &t, &at, err);
	}
	return rc;
}

/* Items stand in the order of tensors. */
static int set_kinds(struct ak_view *v, const struct bin *b, struct ak_err *err)
{
	struct ak_view_item *it = v->item;
	bool fits = true;
	struct place p;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && place_at(b, &b->layout, i, &p, &fits); i++) {
		if (!p.bytes)
			continue;
		it->repacked = p.repacked;
		it->how = how(&b->layout);
		if (p.turned)
			ak_view_set_transposed(it);
		else if (it->tensor->type == AK_TENSOR_OTHER)
			rc = ak_view_set_blocks(it, p.type, p.rows, p.cols,
						err);
		it++;
	}
	return rc;
}

int ak_view_add_nntr_bin(struct ak_view *v, const char *path, bool *is,
			 struct ak_err *err)
{
	struct ak_tensors *set = NULL;
	struct bin b = { 0 };
	int rc;

	*is = false;
	rc = ak_arch_config_read(path, &b.c, err);
	if (rc == -ENOENT && v->model)
		rc = ak_arch_config_read(v->model, &b.c, err);
	if (!rc)
		rc = ak_tensors_open_with(path, load, &b, &set, err);
	if (!rc) {
		*is = true;
		rc = ak_view_add_opened(v, set, "", err);
	}
	if (!rc)
		rc = set_kinds(v, &b, err);
	ak_arch_config_free(&b.c);
	return rc;
}
