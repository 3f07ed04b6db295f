// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which layers a state dict is of.
 */
#include "convert/infer.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/util.h"
#include "model/model.h"

#define MAX_MODULES 256
#define MAX_NAME 100

#define REFUSE(fmt, ...)                                                     \
	ak_errf(err, -ENOTSUP,                                               \
		"%s: " fmt                                                   \
		"; say with --arch FILE.json how its tensors hang together", \
		path, ##__VA_ARGS__)

/**
 * enum kind - what a module is, in the order within a layer
 */
enum kind {
	DENSE,
	NORM,
	NEURONS,
};

/**
 * struct module - tensors whose names have one beginning
 * @name: of the module
 * @weight: NAME.weight or NULL
 * @mean: NAME.running_mean or NULL
 * @threshold: NAME.threshold or NULL
 * @bias: it has NAME.bias
 * @kind: what it is
 * @number: last number in its name, or -1
 * @at: place in the file
 */
struct module {
	char name[MAX_NAME];
	const struct ak_tensor *weight, *mean, *threshold;
	bool bias;
	enum kind kind;
	int64_t number;
	size_t at;
};

/**
 * struct modules - all of a file
 */
struct modules {
	struct module m[MAX_MODULES];
	size_t n;
};

static int64_t last_number(const char *name)
{
	const char *p = name + strlen(name), *end;
	int64_t v = 0;

	while (p > name && !isdigit((unsigned char)p[-1]))
		p--;
	if (p == name)
		return -1;
	for (end = p; p > name && isdigit((unsigned char)p[-1]);)
		p--;
	for (; p < end && v < INT32_MAX; p++)
		v = v * 10 + (*p - '0');
	return v;
}

static struct module *module(struct modules *all, const char *name, size_t n)
{
	struct module *m;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strlen(all->m[i].name) == n &&
		    !memcmp(all->m[i].name, name, n))
			return &all->m[i];
	if (all->n == MAX_MODULES || n >= MAX_NAME)
		return NULL;
	m = &all->m[all->n];
	memset(m, 0, sizeof(*m));
	memcpy(m->name, name, n);
	m->number = last_number(m->name);
	m->at = all->n++;
	return m;
}

static int collect(const struct ak_tensors *t, const char *path,
		   struct modules *all, struct ak_err *err)
{
	/* What Leaky and BatchNorm keep beside what is used here. */
	static const char *const known[] = {
		"running_var",		"num_batches_tracked", "beta",
		"graded_spikes_factor", "reset_mechanism_val", "mem",
	};
	const struct ak_tensor *x;
	size_t i, k;

	for (i = 0; (x = ak_tensors_at(t, i)); i++) {
		const char *dot = strrchr(x->name, '.');
		const char *key = dot ? dot + 1 : "";
		struct module *m =
			dot ? module(all, x->name, (size_t)(dot - x->name)) :
			      NULL;

		if (!m)
			return REFUSE(
				"tensor '%s' is of no module, or there are more than %d",
				x->name, MAX_MODULES);
		if (!strcmp(key, "weight")) {
			m->weight = x;
			continue;
		} else if (!strcmp(key, "bias")) {
			m->bias = true;
			continue;
		} else if (!strcmp(key, "running_mean")) {
			m->mean = x;
			continue;
		} else if (!strcmp(key, "threshold")) {
			m->threshold = x;
			continue;
		}
		for (k = 0; k < ARRAY_SIZE(known); k++)
			if (!strcmp(key, known[k]))
				break;
		if (k == ARRAY_SIZE(known))
			return REFUSE(
				"tensor '%s' is none of Linear, BatchNorm1d or Leaky",
				x->name);
	}
	return 0;
}

static int classify(const char *path, struct module *m, struct ak_err *err)
{
	if (m->threshold) {
		m->kind = NEURONS;
	} else if (m->mean) {
		m->kind = NORM;
	} else if (m->weight && m->weight->ndim == 2) {
		m->kind = DENSE;
	} else if (m->weight && m->weight->ndim > 2) {
		return REFUSE(
			"'%s' is a convolution, whose step, padding and size of picture no file of weights has",
			m->name);
	} else {
		return REFUSE("'%s' is none of Linear, BatchNorm1d or Leaky",
			      m->name);
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct module *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Do numbers tell the order: each layer's own, or each module's own? */
static bool numbered(const struct modules *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		if (all->m[i].number < 0)
			return false;
		if (i && all->m[i].number == all->m[i - 1].number &&
		    all->m[i].kind == all->m[i - 1].kind)
			return false;
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct module *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static int sort(const struct ak_tensors *t, const char *path,
		struct modules *all, struct ak_err *err)
{
	qsort(all->m, all->n, sizeof(*all->m), by_number);
	if (numbered(all))
		return 0;
	/* safetensors files are sorted by names. */
	if (!strncmp(ak_tensors_format(t), "safetensors", 11))
		return REFUSE(
			"names without numbers of their own, such as '%s', do not tell the order of layers",
			all->m[0].name);
	qsort(all->m, all->n, sizeof(*all->m), by_place);
	return 0;
}

static int add_layer(json_t *layers, const struct module *m)
{
	char name[4][MAX_NAME + 16];
	json_t *j;

	switch (m->kind) {
	case DENSE:
		j = json_pack("{s:s, s:s}", "type", "dense", "name", m->name);
		break;
	case NEURONS:
		j = json_pack("{s:s, s:s}", "type", "spike", "name", m->name);
		break;
	default:
		snprintf(name[0], sizeof(name[0]), "%s.weight", m->name);
		snprintf(name[1], sizeof(name[1]), "%s.bias", m->name);
		snprintf(name[2], sizeof(name[2]), "%s.running_mean", m->name);
		snprintf(name[3], sizeof(name[3]), "%s.running_var", m->name);
		j = json_pack("{s:s, s:s, s:s, s:s, s:f}", "type", "batchnorm",
			      "name", m->name, "mean", name[2], "variance",
			      name[3], "epsilon", 1e-5);
		if (j && m->weight)
			json_object_set_new(j, "gamma", json_string(name[0]));
		if (j && m->bias)
			json_object_set_new(j, "beta", json_string(name[1]));
		break;
	}
	return json_array_append_new(layers, j);
}

/* Layers in order; each takes what the one before gives. */
static int chain(const char *path, const struct modules *all, json_t *layers,
		 struct ak_buf *note, struct ak_err *err)
{
	uint64_t width = 0;
	bool open = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < all->n && !rc; i++) {
		const struct module *m = &all->m[i];
		const struct ak_tensor *x = m->kind == DENSE   ? m->weight :
					    m->kind == NEURONS ? m->threshold :
								 m->mean;

		if (m->kind != DENSE && !width)
			return REFUSE("'%s' comes before any dense layer",
				      m->name);
		if (m->kind == DENSE && width && x->dim[1] != width)
			return REFUSE(
				"'%s' takes %" PRIu64
				" inputs; the layer before it gives %" PRIu64,
				m->name, x->dim[1], width);
		if (m->kind != DENSE && x->count != width && x->count != 1)
			return REFUSE(
				"'%s' has %" PRIu64
				" values; the layer before it gives %" PRIu64,
				m->name, x->count, width);
		if (m->kind == DENSE && open) {
			rc = json_array_append_new(
				layers, json_pack("{s:s}", "type", "relu"));
			ak_buf_text(note, ", ReLU");
		}
		ak_buf_text(note, i ? ", " : "");
		ak_buf_text(note, m->name);
		if (m->kind == DENSE) {
			width = x->dim[0];
			ak_buf_printf(note, " (%" PRIu64 " to %" PRIu64 ")",
				      x->dim[1], x->dim[0]);
		} else if (m->kind == NORM) {
			ak_buf_text(note, " (epsilon 1e-5)");
		}
		open = m->kind == DENSE || (open && m->kind == NORM);
		rc |= add_layer(layers, m);
	}
	return rc ? ak_errf(err, -ENOMEM, "out of memory") : 0;
}

static int build(const struct ak_tensors *t, const char *path,
		 struct modules *all, json_t *layers, struct ak_buf *note,
		 struct ak_err *err)
{
	size_t i;
	int rc = collect(t, path, all, err);

	for (i = 0; i < all->n && !rc; i++)
		rc = classify(path, &all->m[i], err);
	if (!rc && !all->n)
		rc = REFUSE("it has no tensors");
	if (!rc)
		rc = sort(t, path, all, err);
	ak_buf_text(note, "no architecture is given; read as ");
	if (!rc)
		rc = chain(path, all, layers, note, err);
	if (!rc && all->m[0].weight->dim[1] > AK_MAX_CHANNELS)
		rc = REFUSE("%" PRIu64 " inputs", all->m[0].weight->dim[1]);
	ak_buf_text(note, "; if that is wrong, say with --arch what it is");
	ak_buf_add(note, "", 1);
	return rc;
}

int ak_infer_arch(const struct ak_tensors *t, const char *path, json_t **out,
		  char **note, struct ak_err *err)
{
	struct modules *all = calloc(1, sizeof(*all));
	json_t *layers = json_array();
	struct ak_buf text = { 0 };
	int rc;

	*out = NULL;
	rc = all && layers ? build(t, path, all, layers, &text, err) :
			     ak_errf(err, -ENOMEM, "out of memory");
	if (!rc) {
		*out = json_pack("{s:[iii], s:s, s:O}", "input", 1, 1,
				 (int)all->m[0].weight->dim[1], "order",
				 "torch", "layers", layers);
		if (!*out || text.failed)
			rc = ak_errf(err, -ENOMEM, "out of memory");
	}
	json_decref(layers);
	free(all);
	if (rc) {
		json_decref(*out);
		*out = NULL;
		ak_buf_clear(&text);
	}
	*note = (char *)text.data;
	return rc;
}
