// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which tensor of a converted model stands for which of its source: by the
 * names that each output format gives them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "convert/compare.h"
#include "convert/out_apl.h"
#include "convert/out_gguf.h"
#include "convert/out_nntrainer.h"

/* Names of bitnet.rs; roles that are part of a fused matrix have none. */
static const char *const bitnet_names[] = {
	[AK_ROLE_EMBED] = "tok_embeddings.weight",
	[AK_ROLE_Q] = "layers.%d.attention.wqkv.weight",
	[AK_ROLE_O] = "layers.%d.attention.wo.weight",
	[AK_ROLE_GATE] = "layers.%d.feed_forward.w13.weight",
	[AK_ROLE_DOWN] = "layers.%d.feed_forward.w2.weight",
	[AK_ROLE_INPUT_NORM] = "layers.%d.attention_norm.weight",
	[AK_ROLE_POST_NORM] = "layers.%d.ffn_norm.weight",
	[AK_ROLE_FINAL_NORM] = "norm.weight",
	[AK_ROLE_LM_HEAD] = "output.weight",
};

/**
 * struct finder - what pairs are made of
 * @c: configuration
 * @m: parameters
 * @v: converted model
 * @out: pairs
 */
struct finder {
	const struct ak_arch_config *c;
	const struct ak_arch_model *m;
	const struct ak_view *v;
	struct ak_pairs *out;
};

static uint64_t permuted_row(const struct ak_job *job, uint64_t row)
{
	const struct ak_pair *p = job->priv;

	return gguf_source_row(p->head_rows, row);
}

/* A source of one tensor, as it stands. */
static void take(struct ak_pair *p, const struct ak_tensor *t)
{
	p->source.source.tensor[0] = t;
	p->source.source.count = 1;
	p->source.rows = ak_tensor_rows(t);
	p->source.cols = ak_tensor_cols(t);
	p->source.align = 1;
}

static bool try_name(const struct finder *f, struct ak_pair *p,
		     const char *name)
{
	size_t i = ak_view_find(f->v, name);

	if (i == SIZE_MAX || f->out->used[i])
		return false;
	p->out = i;
	return true;
}

static bool try_gguf(const struct finder *f, const struct ak_arch_tensor *t,
		     struct ak_pair *p)
{
	struct gguf_tensor g;

	if (!gguf_tensor(f->c, f->m, t, AK_TENSOR_F32, &g) ||
	    !try_name(f, p, g.name))
		return false;
	p->add = g.add;
	if (g.heads) {
		if (t->tensor->ndim < 2) {
			p->source.source.transpose = true;
			p->source.rows = p->source.cols;
			p->source.cols = 1;
		}
		p->head_rows = p->source.rows / g.heads;
		p->source.source.row = permuted_row;
	}
	return true;
}

static bool try_apl(const struct finder *f, const struct ak_arch_tensor *t,
		    struct ak_pair *p)
{
	char name[APL_NAME_ROOM];

	apl_name(t->role, t->layer, name, sizeof(name));
	if (try_name(f, p, name))
		return true;
	/* The exporter's names go with transposed matrices. */
	apl_base(t->role, t->layer, name, sizeof(name));
	if (t->tensor->ndim != 2 || !try_name(f, p, name))
		return false;
	p->source.source.transpose = true;
	p->source.rows = ak_tensor_cols(t->tensor);
	p->source.cols = ak_tensor_rows(t->tensor);
	return true;
}

static bool try_nntrainer(const struct finder *f,
			  const struct ak_arch_tensor *t, struct ak_pair *p)
{
	char name[AK_NNTRAINER_NAME];

	return ak_nntrainer_name(t->role, t->layer, name, sizeof(name)) &&
	       try_name(f, p, name);
}

/* Tensors that are joined to the first one, in the order of rows. */
static void fuse(const struct finder *f, const struct ak_arch_tensor *t,
		 struct ak_pair *p)
{
	static const enum ak_role more[][2] = {
		[AK_ROLE_Q] = { AK_ROLE_K, AK_ROLE_V },
		[AK_ROLE_GATE] = { AK_ROLE_UP, AK_ROLE_UP },
	};
	struct ak_source *s = &p->source.source;
	unsigned int i, n = t->role == AK_ROLE_Q    ? 2 :
			    t->role == AK_ROLE_GATE ? 1 :
						      0;

	for (i = 0; i < n; i++) {
		const struct ak_arch_tensor *other =
			ak_arch_find(f->m, more[t->role][i], t->layer);

		if (!other)
			continue;
		s->tensor[s->count++] = other->tensor;
		p->source.rows += ak_tensor_rows(other->tensor);
	}
}

static bool try_bitnet(const struct finder *f, const struct ak_arch_tensor *t,
		       struct ak_pair *p)
{
	char name[80];

	if (t->role >= ARRAY_SIZE(bitnet_names) || !bitnet_names[t->role])
		return false;
	snprintf(name, sizeof(name), bitnet_names[t->role], t->layer);
	if (!try_name(f, p, name))
		return false;
	fuse(f, t, p);
	return true;
}

/* Is it part of a fused matrix that was found already? */
static bool is_fused(const struct finder *f, const struct ak_arch_tensor *t)
{
	size_t i;
	unsigned int k;

	for (i = 0; i < f->out->count; i++) {
		const struct ak_source *s = &f->out->pair[i].source.source;

		for (k = 1; k < s->count; k++)
			if (s->tensor[k] == t->tensor)
				return true;
	}
	return false;
}

static void add_parameter(const struct finder *f,
			  const struct ak_arch_tensor *t)
{
	struct ak_pairs *out = f->out;
	struct ak_pair *p = &out->pair[out->count];

	memset(p, 0, sizeof(*p));
	take(p, t->tensor);
	p->name = t->tensor->name;
	p->source.name = p->name;
	if ((!t->tied && try_name(f, p, t->tensor->name)) ||
	    try_gguf(f, t, p) || try_apl(f, t, p) || try_nntrainer(f, t, p) ||
	    try_bitnet(f, t, p)) {
		p->source.priv = p;
		out->used[p->out] = true;
		out->count++;
	} else if (!t->tied && !is_fused(f, t)) {
		out->missing[out->missings++] = p->name;
	}
}

static void add_tensor(const struct finder *f, const struct ak_tensor *t)
{
	struct ak_pairs *out = f->out;
	struct ak_pair *p = &out->pair[out->count];

	memset(p, 0, sizeof(*p));
	take(p, t);
	p->name = t->name;
	p->source.name = p->name;
	if (try_name(f, p, t->name)) {
		out->used[p->out] = true;
		out->count++;
	} else {
		out->missing[out->missings++] = p->name;
	}
}

int ak_pairs_find(const struct ak_tensors *in, const struct ak_arch_config *c,
		  const struct ak_arch_model *m, const struct ak_view *v,
		  struct ak_pairs *out, struct ak_err *err)
{
	struct finder f = { c, m, v, out };
	size_t n = m ? m->count : ak_tensors_count(in), i;

	memset(out, 0, sizeof(*out));
	out->pair = calloc(n + 1, sizeof(*out->pair));
	out->missing = calloc(n + 1, sizeof(*out->missing));
	out->used = calloc(ak_view_count(v) + 1, sizeof(*out->used));
	if (!out->pair || !out->missing || !out->used) {
		ak_pairs_free(out);
		return ak_errf(err, -ENOMEM, "no memory for pairs of tensors");
	}
	for (i = 0; i < n; i++)
		if (m)
			add_parameter(&f, &m->tensor[i]);
		else
			add_tensor(&f, ak_tensors_at(in, i));
	if (out->count)
		return 0;
	ak_pairs_free(out);
	return ak_errf(
		err, -ENOENT,
		"no tensor of the one is in the other by any name that a format gives it%s",
		m ? "" :
		    "; with the source's config.json beside it more names are known");
}

void ak_pairs_free(struct ak_pairs *p)
{
	free(p->pair);
	free(p->missing);
	free(p->used);
	memset(p, 0, sizeof(*p));
}
