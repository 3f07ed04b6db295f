// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ONNX graphs as chains: which nodes the output needs, which are constant, and
 * one pass over the others, each of which must read what the one before made.
 * Documentation/formats/onnx.rst says what is read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "convert/import.h"
#include "convert/onnx.h"

#define MIN_OPSET 7
#define MAX_OPSET 24
/* Elements that a graph may ask for beside its weights. */
#define MIN_BUDGET (4u << 20)

#define BAD(w, code, fmt, ...) \
	ak_errf((w)->err, code, "%s: " fmt, (w)->path, ##__VA_ARGS__)

static const char *text(const struct ak_onnx_walk *w, uint32_t value)
{
	return w->o->text[value];
}

/* Does any input depend on the network's input? Shape does not, for us. */
static bool is_data(const struct ak_onnx_walk *w, const struct ak_onnx_node *n)
{
	size_t i;

	if (!strcmp(n->op, "Shape"))
		return false;
	for (i = 0; i < n->num_in; i++)
		if (n->in[i] && w->value[n->in[i]].state == AK_ONNX_DATA)
			return true;
	return false;
}

/* Which values depend on the input; all that a node reads must come before. */
static int classify(struct ak_onnx_walk *w)
{
	size_t i, k;

	for (i = 0; i < w->o->num_nodes; i++) {
		const struct ak_onnx_node *n = &w->o->node[i];
		bool data;

		w->node = n;
		for (k = 0; k < n->num_in; k++) {
			if (!n->in[k] || w->value[n->in[k]].state)
				continue;
			return AK_ONNX_BAD(
				w,
				"it reads '%s', which no node before it makes: the graph has a cycle, its nodes are out of order%s",
				text(w, n->in[k]),
				w->o->sparse ?
					", or that is a sparse tensor, which is not read" :
					"");
		}
		data = is_data(w, n);
		for (k = 0; k < n->num_out; k++) {
			struct ak_onnx_value *v = &w->value[n->out[k]];

			if (!n->out[k])
				continue;
			if (v->state)
				return AK_ONNX_BAD(
					w,
					"it makes '%s', which is there already",
					text(w, n->out[k]));
			v->state = data ? AK_ONNX_DATA : AK_ONNX_CONST;
		}
	}
	return 0;
}

/* What the output depends on, from the end. */
static void mark_needed(struct ak_onnx_walk *w, uint32_t output)
{
	size_t i = w->o->num_nodes, k;

	w->value[output].needed = true;
	while (i-- > 0) {
		const struct ak_onnx_node *n = &w->o->node[i];
		bool needed = false;

		for (k = 0; k < n->num_out; k++)
			needed |= n->out[k] && w->value[n->out[k]].needed;
		for (k = 0; needed && k < n->num_in; k++)
			w->value[n->in[k]].needed = true;
	}
}

static bool node_needed(const struct ak_onnx_walk *w,
			const struct ak_onnx_node *n)
{
	size_t k;

	for (k = 0; k < n->num_out; k++)
		if (n->out[k] && w->value[n->out[k]].needed)
			return true;
	return false;
}

/* Branches that meet are told where they meet: that is what must be changed. */
static int refuse_joins(struct ak_onnx_walk *w)
{
	size_t i, k, data;

	for (i = 0; i < w->o->num_nodes; i++) {
		const struct ak_onnx_node *n = &w->o->node[i];

		w->node = n;
		data = 0;
		for (k = 0; k < n->num_in; k++)
			data += n->in[k] &&
				w->value[n->in[k]].state == AK_ONNX_DATA;
		if (data < 2 || !node_needed(w, n) || !strcmp(n->op, "Shape"))
			continue;
		if (!strcmp(n->op, "Add") || !strcmp(n->op, "Sum"))
			return AK_ONNX_REFUSE(
				w,
				"a residual connection: it adds '%s' and '%s', both computed, but an Akida 1.0 model is one chain of layers; use a network without (AkidaNet, MobileNetV1, VGG-like)",
				text(w, n->in[0]), text(w, n->in[1]));
		return AK_ONNX_REFUSE(
			w,
			"it joins %zu computed values ('%s' and others), but an Akida 1.0 model is one chain of layers; use a network without branches",
			data, text(w, n->in[0]));
	}
	return 0;
}

/* Where the chain goes on: the node's only computed input must be its end. */
static int check_head(struct ak_onnx_walk *w)
{
	const struct ak_onnx_node *n = w->node;
	struct ak_onnx_value *v = NULL;
	size_t k;

	for (k = 0; k < n->num_in; k++)
		if (n->in[k] && w->value[n->in[k]].state == AK_ONNX_DATA) {
			v = &w->value[n->in[k]];
			break;
		}
	/* Constants on the left are those of sums and products only. */
	if (k && strcmp(n->op, "Add") && strcmp(n->op, "Sub") &&
	    strcmp(n->op, "Mul") && strcmp(n->op, "Div"))
		return AK_ONNX_REFUSE(
			w,
			"its weights, scale or shape ('%s') are computed from the network's input; Akida has fixed ones",
			text(w, n->in[k]));
	if (!v || v->head != w->head || v->reader)
		return AK_ONNX_REFUSE(
			w,
			"'%s' is read by '%s', too: an Akida 1.0 model is one chain of layers; use a network without branches",
			v ? text(w, n->in[k]) : "",
			v && v->reader ? v->reader : "another node");
	v->reader = n->name;
	return 0;
}

static int walk_node(struct ak_onnx_walk *w)
{
	const struct ak_onnx_node *n = w->node;
	struct ak_onnx_value *v;
	int rc;

	if (!is_data(w, n)) {
		if (*n->domain && strcmp(n->domain, "ai.onnx"))
			return AK_ONNX_REFUSE(
				w,
				"an operator of '%s': only those of the ONNX standard are read",
				n->domain);
		return ak_onnx_fold(w);
	}
	rc = check_head(w);
	if (!rc)
		rc = ak_onnx_data(w);
	if (rc)
		return rc;
	v = &w->value[n->out[0]];
	v->head = ++w->head;
	v->ndim = w->ndim;
	memcpy(v->dim, w->dim, sizeof(v->dim));
	return 0;
}

/*
 * Is the input a map whose channels are last? If it is turned before anything
 * looks at rows and columns.
 */
static bool channels_last(const struct ak_onnx_walk *w)
{
	static const char *const looks[] = { "Conv",	    "MaxPool",
					     "AveragePool", "Reshape",
					     "Flatten",	    "MatMul" };
	size_t i, k;

	for (i = 0; i < w->o->num_nodes; i++) {
		const struct ak_onnx_node *n = &w->o->node[i];
		const struct ak_onnx_attr *a = ak_onnx_attr(n, "perm");
		int64_t perm[4];

		if (!is_data(w, n) || !node_needed(w, n))
			continue;
		for (k = 0; k < sizeof(looks) / sizeof(*looks); k++)
			if (!strcmp(n->op, looks[k]))
				return false;
		if (!strcmp(n->op, "Transpose") && a)
			return ak_onnx_attr_ints(a, perm, 4) == 4 && !perm[0] &&
			       perm[1] == 3 && perm[2] == 1 && perm[3] == 2;
	}
	return false;
}

/* The one input that is no initialiser. */
static int find_input(struct ak_onnx_walk *w)
{
	const struct ak_onnx_info *in = NULL;
	struct ak_onnx_value *v;
	unsigned int d;
	size_t i;

	for (i = 0; i < w->o->num_inputs; i++) {
		const struct ak_onnx_info *other = &w->o->input[i];

		if (w->value[other->name].state)
			continue;
		if (in)
			return BAD(
				w, -ENOTSUP,
				"it has several inputs ('%s' and '%s'); an Akida 1.0 model has one",
				text(w, in->name), text(w, other->name));
		in = other;
	}
	if (!in || !in->name)
		return BAD(w, -EBADMSG, "it has no input");
	if (!in->shaped || in->ndim < 2)
		return BAD(
			w, -ENOTSUP,
			"its input '%s' does not say [batch, ...]; export with fixed sizes",
			text(w, in->name));
	for (d = 1; d < in->ndim; d++)
		if (!in->dim[d] || in->dim[d] > INT32_MAX)
			return BAD(
				w, -ENOTSUP,
				"its input '%s' has no fixed size along axis %u; export with fixed sizes (the batch alone may vary)",
				text(w, in->name), d);
	v = &w->value[in->name];
	v->state = AK_ONNX_DATA;
	v->ndim = in->ndim;
	memcpy(v->dim, in->dim, sizeof(v->dim));
	/* A batch of any size is looked at as if it were of one. */
	if (!v->dim[0] || v->dim[0] > INT32_MAX)
		v->dim[0] = 1;
	w->ndim = v->ndim;
	memcpy(w->dim, v->dim, sizeof(w->dim));
	return 0;
}

static int set_initialisers(struct ak_onnx_walk *w)
{
	size_t i;

	for (i = 0; i < w->o->num_tensors; i++) {
		const struct ak_onnx_tensor *t = &w->o->tensor[i];
		struct ak_onnx_value *v = &w->value[t->name];

		if (!t->name)
			continue;
		if (v->state)
			return BAD(w, -EBADMSG, "tensor '%s' is there twice",
				   text(w, t->name));
		v->c = ak_onnx_const_stored(w, t);
		if (!v->c)
			return -ENOMEM;
		v->state = AK_ONNX_CONST;
	}
	return 0;
}

static int walk(struct ak_onnx_walk *w)
{
	const struct ak_onnx_value *end;
	uint32_t output;
	size_t i;
	int rc;

	if (w->o->opset < MIN_OPSET || w->o->opset > MAX_OPSET)
		return BAD(
			w, -ENOTSUP,
			"its operators are of version %" PRIu64
			"; %d to %d are read: export with one of those as opset",
			w->o->opset, MIN_OPSET, MAX_OPSET);
	if (w->o->num_outputs != 1 || !w->o->output[0].name)
		return BAD(
			w, -ENOTSUP,
			"it has %zu outputs%s%s%s; an Akida 1.0 model has one: export with that alone",
			w->o->num_outputs, w->o->num_outputs ? " ('" : "",
			w->o->num_outputs ? text(w, w->o->output[0].name) : "",
			w->o->num_outputs ? "' and others)" : "");
	output = w->o->output[0].name;
	rc = set_initialisers(w);
	if (!rc)
		rc = find_input(w);
	if (!rc)
		rc = classify(w);
	if (rc)
		return rc;
	if (w->value[output].state != AK_ONNX_DATA)
		return BAD(w, -EBADMSG,
			   "its output '%s' does not depend on its input",
			   text(w, output));
	mark_needed(w, output);
	rc = refuse_joins(w);
	w->channels_last = !rc && channels_last(w);
	for (i = 0; i < w->o->num_nodes && !rc; i++) {
		w->node = &w->o->node[i];
		if (node_needed(w, w->node))
			rc = walk_node(w);
	}
	if (!rc)
		rc = ak_onnx_settle(w);
	if (rc)
		return rc;
	end = &w->value[output];
	if (end->head != w->head || w->quantised)
		return BAD(
			w, -ENOTSUP,
			"its output '%s' is not the end of its chain of layers, or quantised: end the model with the last layer's DequantizeLinear",
			text(w, output));
	return ak_graph_resolve(w->g, w->err);
}

int ak_onnx_graph(struct ak_onnx *o, const char *path, struct ak_graph **g,
		  struct ak_err *err)
{
	struct ak_onnx_walk w = { .o = o, .path = path, .err = err };
	uint64_t size = o->map.size;
	size_t i;
	int rc;

	for (i = 0; i < o->num_files; i++)
		size += o->file[i].size;
	/* Two elements in a byte at most, loaded, turned and used. */
	w.budget = 6 * size + MIN_BUDGET;
	/* Texts come with tensors of attributes, too, which are no values. */
	w.value = calloc(o->num_texts, sizeof(*w.value));
	w.g = ak_graph_new(path, "ONNX");
	rc = w.value && w.g ? 0 : ak_errf(err, -ENOMEM, "out of memory");
	i = o->num_texts;
	if (!rc)
		rc = walk(&w);
	while (w.value && i-- > 0)
		ak_onnx_const_free(w.value[i].c);
	free(w.value);
	if (rc) {
		ak_graph_free(w.g);
		return rc;
	}
	*g = w.g;
	return 0;
}

static int read_onnx(const char *path, const char *arch, const char *options,
		     struct ak_graph **out, struct ak_err *err)
{
	struct ak_onnx o;
	int rc;

	(void)options;
	if (arch)
		return ak_errf(
			err, -EINVAL,
			"%s: an ONNX file says how its layers hang together; leave out --arch",
			path);
	rc = ak_onnx_open(path, &o, err);
	if (!rc)
		rc = ak_onnx_graph(&o, path, out, err);
	ak_onnx_close(&o);
	return rc;
}

static bool probe(const char *path, const uint8_t *head, size_t size)
{
	size_t n = strlen(path);

	return (n > 5 && !strcmp(path + n - 5, ".onnx")) ||
	       ak_onnx_probe(head, size);
}

const struct ak_importer ak_import_onnx = { "ONNX", probe, read_onnx };
