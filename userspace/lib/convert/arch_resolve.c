// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which tensors a model has, in the order of transformers' classes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/util.h"
#include "convert/arch.h"
#include "convert/packed.h"

#define MAX_NAME 128
#define MAX_LISTED 3 /* tensors that an error lists */

/* Widths that shapes are made of. */
enum width {
	NONE,
	VOCAB,
	HIDDEN,
	INNER, /* of the MLP */
	QUERY, /* all heads */
	KEY, /* all key-value heads */
	HEAD,
};

/* When a parameter is there. */
enum when {
	ALWAYS,
	IF_BIAS,
	IF_O_BIAS,
	IF_QK_NORM, /* Qwen3 */
	IF_SUB_NORM, /* BitNet */
};

struct parameter {
	enum ak_role role;
	const char *name;
	enum width rows, cols; /* a vector has no cols */
	enum when when;
};

/* One block, in the order of the class that registers it. */
static const struct parameter block[] = {
	{ AK_ROLE_Q, "self_attn.q_proj.weight", QUERY, HIDDEN, ALWAYS },
	{ AK_ROLE_Q_BIAS, "self_attn.q_proj.bias", QUERY, NONE, IF_BIAS },
	{ AK_ROLE_K, "self_attn.k_proj.weight", KEY, HIDDEN, ALWAYS },
	{ AK_ROLE_K_BIAS, "self_attn.k_proj.bias", KEY, NONE, IF_BIAS },
	{ AK_ROLE_V, "self_attn.v_proj.weight", KEY, HIDDEN, ALWAYS },
	{ AK_ROLE_V_BIAS, "self_attn.v_proj.bias", KEY, NONE, IF_BIAS },
	{ AK_ROLE_O, "self_attn.o_proj.weight", HIDDEN, QUERY, ALWAYS },
	{ AK_ROLE_O_BIAS, "self_attn.o_proj.bias", HIDDEN, NONE, IF_O_BIAS },
	{ AK_ROLE_Q_NORM, "self_attn.q_norm.weight", HEAD, NONE, IF_QK_NORM },
	{ AK_ROLE_K_NORM, "self_attn.k_norm.weight", HEAD, NONE, IF_QK_NORM },
	{ AK_ROLE_ATTN_SUB_NORM, "self_attn.attn_sub_norm.weight", HIDDEN, NONE,
	  IF_SUB_NORM },
	{ AK_ROLE_GATE, "mlp.gate_proj.weight", INNER, HIDDEN, ALWAYS },
	{ AK_ROLE_UP, "mlp.up_proj.weight", INNER, HIDDEN, ALWAYS },
	{ AK_ROLE_DOWN, "mlp.down_proj.weight", HIDDEN, INNER, ALWAYS },
	{ AK_ROLE_FFN_SUB_NORM, "mlp.ffn_sub_norm.weight", INNER, NONE,
	  IF_SUB_NORM },
	{ AK_ROLE_INPUT_NORM, "input_layernorm.weight", HIDDEN, NONE, ALWAYS },
	{ AK_ROLE_POST_NORM, "post_attention_layernorm.weight", HIDDEN, NONE,
	  ALWAYS },
};

static const struct parameter embed = { AK_ROLE_EMBED, "embed_tokens.weight",
					VOCAB, HIDDEN, ALWAYS };
static const struct parameter final_norm = { AK_ROLE_FINAL_NORM, "norm.weight",
					     HIDDEN, NONE, ALWAYS };
static const struct parameter lm_head = { AK_ROLE_LM_HEAD, "lm_head.weight",
					  VOCAB, HIDDEN, ALWAYS };

/*
 * @prefix: what names of the model begin with
 * @used: tensors that have a role, by their number
 */
struct resolver {
	const struct ak_arch_config *c;
	const struct ak_tensors *t;
	const char *prefix;
	struct ak_arch_model *out;
	bool *used;
	struct ak_err *err;
};

static bool applies(const struct ak_arch_config *c, enum when when)
{
	switch (when) {
	case IF_BIAS:
		return c->attention_bias;
	case IF_O_BIAS:
		return c->o_bias;
	case IF_QK_NORM:
		return c->arch == AK_ARCH_QWEN3;
	case IF_SUB_NORM:
		return c->arch == AK_ARCH_BITNET;
	default:
		return true;
	}
}

static uint64_t size_of(const struct ak_arch_config *c, enum width w)
{
	switch (w) {
	case VOCAB:
		return (uint64_t)c->vocab_size.i;
	case HIDDEN:
		return (uint64_t)c->hidden_size.i;
	case INNER:
		return (uint64_t)c->intermediate_size.i;
	case QUERY:
		return (uint64_t)c->heads.i * (uint64_t)c->head_dim.i;
	case KEY:
		return (uint64_t)c->kv_heads.i * (uint64_t)c->head_dim.i;
	case HEAD:
		return (uint64_t)c->head_dim.i;
	default:
		return 0;
	}
}

bool ak_arch_shape(const struct ak_arch_config *c, enum ak_role role,
		   uint64_t *rows, uint64_t *cols)
{
	static const struct parameter *const outside[] = { &embed, &final_norm,
							   &lm_head };
	const struct parameter *p = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outside); i++)
		if (outside[i]->role == role)
			p = outside[i];
	for (i = 0; i < ARRAY_SIZE(block); i++)
		if (block[i].role == role)
			p = &block[i];
	if (!p || !applies(c, p->when))
		return false;
	*rows = size_of(c, p->rows);
	*cols = size_of(c, p->cols);
	return true;
}

static void print_shape(struct ak_buf *b, unsigned int ndim,
			const uint64_t *dim)
{
	unsigned int i;

	ak_buf_text(b, "[");
	for (i = 0; i < ndim; i++)
		ak_buf_printf(b, "%s%" PRIu64, i ? ", " : "", dim[i]);
	ak_buf_add(b, "]", 2);
}

static int check_shape(const struct resolver *r, const struct parameter *p,
		       const struct ak_tensor *t)
{
	uint64_t want[2] = { size_of(r->c, p->rows), size_of(r->c, p->cols) };
	unsigned int ndim = p->cols == NONE ? 1 : 2;
	struct ak_buf is = { 0 }, should = { 0 };
	int rc;

	if (t->ndim == ndim && t->dim[0] == want[0] &&
	    (ndim == 1 || t->dim[1] == want[1]))
		return 0;
	print_shape(&is, t->ndim, t->dim);
	print_shape(&should, ndim, want);
	rc = ak_errf(
		r->err, -EBADMSG,
		"%s: tensor '%s' has shape %s, but config.json makes it %s%s%s%s",
		t->file, t->name, is.failed ? "" : (char *)is.data,
		should.failed ? "" : (char *)should.data,
		*r->c->quant_method ? "; the model is quantised already (" : "",
		r->c->quant_method, *r->c->quant_method ? ")" : "");
	ak_buf_clear(&is);
	ak_buf_clear(&should);
	return rc;
}

static const struct ak_tensor *find(const struct resolver *r,
				    const char *prefix, int layer,
				    const char *name, char *full)
{
	if (layer < 0)
		snprintf(full, MAX_NAME, "%s%s", prefix, name);
	else
		snprintf(full, MAX_NAME, "%slayers.%d.%s", prefix, layer, name);
	return ak_tensors_find(r->t, full);
}

static void add(struct resolver *r, enum ak_role role, int layer,
		const struct ak_tensor *t, bool tied)
{
	struct ak_arch_tensor *a = &r->out->tensor[r->out->count++];

	a->role = role;
	a->layer = layer;
	a->tensor = t;
	a->tied = tied;
}

static int take(struct resolver *r, const struct parameter *p, int layer)
{
	char full[MAX_NAME];
	const struct ak_tensor *t = find(r, r->prefix, layer, p->name, full);
	int rc;

	if (!t)
		return ak_errf(
			r->err, -ENOENT,
			"tensor '%s' is missing; a %s model of %" PRId64
			" layers has it%s%s%s",
			full, ak_arch_name(r->c->arch), r->c->layers.i,
			*r->c->quant_method ?
				" unless it is quantised already, as this one (" :
				"",
			r->c->quant_method, *r->c->quant_method ? ")" : "");
	rc = check_shape(r, p, t);
	if (rc)
		return rc;
	r->used[ak_tensor_number(r->t, t)] = true;
	add(r, p->role, layer, t, false);
	return 0;
}

static int take_head(struct resolver *r)
{
	char full[MAX_NAME];
	const struct ak_tensor *head = find(r, "", -1, lm_head.name, full);
	const struct ak_tensor *e = r->out->tensor[0].tensor;
	int rc;

	if (!head)
		head = find(r, "", -1, "output.weight", full);
	if (head)
		r->used[ak_tensor_number(r->t, head)] = true;
	if (r->c->tied || (!head && !r->c->tied_set)) {
		add(r, AK_ROLE_LM_HEAD, -1, e, true);
		return 0;
	}
	if (!head)
		return ak_errf(
			r->err, -ENOENT,
			"tensor '%s' is missing, and config.json says that the embedding does not stand for it",
			lm_head.name);
	rc = check_shape(r, &lm_head, head);
	if (!rc)
		add(r, AK_ROLE_LM_HEAD, -1, head, false);
	return rc;
}

/* Tensors without a role would be lost; buffers come back by themselves. */
static int check_rest(const struct resolver *r)
{
	size_t i, n = ak_tensors_count(r->t), left = 0;
	struct ak_buf list = { 0 };
	int rc = 0;

	for (i = 0; i < n; i++) {
		const char *name = ak_tensors_at(r->t, i)->name;
		const char *dot = strstr(name, "rotary_emb.inv_freq");

		if (r->used[i] ||
		    (dot && !dot[strlen("rotary_emb.inv_freq")]) ||
		    ak_packed_is_scale(r->t, ak_tensors_at(r->t, i)))
			continue;
		if (left < MAX_LISTED) {
			ak_buf_text(&list, left ? ", '" : "'");
			ak_buf_text(&list, name);
			ak_buf_text(&list, "'");
		}
		left++;
	}
	ak_buf_add(&list, "", 1);
	if (left)
		rc = ak_errf(
			r->err, -ENOTSUP,
			"%s: a %s model has no %s%s; %zu tensor(s) would be lost%s%s%s",
			ak_tensors_at(r->t, 0)->file, ak_arch_name(r->c->arch),
			list.failed ? "such tensors" : (char *)list.data,
			left > MAX_LISTED ? " and others" : "", left,
			*r->c->quant_method ?
				", for the model is quantised already (" :
				"",
			r->c->quant_method, *r->c->quant_method ? ")" : "");
	ak_buf_clear(&list);
	return rc;
}

static int resolve(struct resolver *r)
{
	int64_t layer;
	size_t i;
	int rc = take(r, &embed, -1);

	for (layer = 0; layer < r->c->layers.i && !rc; layer++)
		for (i = 0; i < ARRAY_SIZE(block) && !rc; i++)
			if (applies(r->c, block[i].when))
				rc = take(r, &block[i], (int)layer);
	if (!rc)
		rc = take(r, &final_norm, -1);
	if (!rc)
		rc = take_head(r);
	return rc ? rc : check_rest(r);
}

bool ak_role_is_projection(enum ak_role role)
{
	switch (role) {
	case AK_ROLE_Q:
	case AK_ROLE_K:
	case AK_ROLE_V:
	case AK_ROLE_O:
	case AK_ROLE_GATE:
	case AK_ROLE_UP:
	case AK_ROLE_DOWN:
		return true;
	default:
		return false;
	}
}

int ak_arch_resolve(const struct ak_arch_config *c, const struct ak_tensors *t,
		    struct ak_arch_model *out, struct ak_err *err)
{
	struct resolver r = { .c = c, .t = t, .out = out, .err = err };
	char full[MAX_NAME];
	int rc;

	memset(out, 0, sizeof(*out));
	r.prefix = find(&r, "", -1, embed.name, full) ? "" : "model.";
	out->tensor = calloc((size_t)c->layers.i * ARRAY_SIZE(block) + 3,
			     sizeof(*out->tensor));
	r.used = calloc(ak_tensors_count(t) + 1, sizeof(*r.used));
	rc = out->tensor && r.used ?
		     resolve(&r) :
		     ak_errf(err, -ENOMEM, "no memory for a model");
	free(r.used);
	if (rc)
		ak_arch_model_free(out);
	return rc;
}

void ak_arch_model_free(struct ak_arch_model *m)
{
	free(m->tensor);
	memset(m, 0, sizeof(*m));
}

const struct ak_arch_tensor *ak_arch_find(const struct ak_arch_model *m,
					  enum ak_role role, int layer)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->tensor[i].role == role && m->tensor[i].layer == layer)
			return &m->tensor[i];
	return NULL;
}
