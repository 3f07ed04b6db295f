// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ONNX: messages on the wire to nodes and tensors.
 */
#include "format/onnx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/tensor_type.h"
#include "format/wire.h"

#define MAX_TEXT 1023
#define MAX_ELEMENTS (1u << 28)
#define MAX_INFOS 65536u

/* Field numbers of onnx.proto, by message. */
enum {
	MODEL_IR_VERSION = 1,
	MODEL_GRAPH = 7,
	MODEL_OPSET = 8,
	OPSET_DOMAIN = 1,
	OPSET_VERSION = 2,
	GRAPH_NODE = 1,
	GRAPH_INITIALIZER = 5,
	GRAPH_INPUT = 11,
	GRAPH_OUTPUT = 12,
	GRAPH_SPARSE = 15,
	NODE_INPUT = 1,
	NODE_OUTPUT = 2,
	NODE_NAME = 3,
	NODE_OP_TYPE = 4,
	NODE_ATTRIBUTE = 5,
	NODE_DOMAIN = 7,
	ATTR_NAME = 1,
	ATTR_F = 2,
	ATTR_I = 3,
	ATTR_S = 4,
	ATTR_T = 5,
	TENSOR_DIMS = 1,
	TENSOR_DATA_TYPE = 2,
	TENSOR_NAME = 8,
	TENSOR_RAW_DATA = 9,
	TENSOR_EXTERNAL = 13,
	TENSOR_LOCATION = 14,
	ENTRY_KEY = 1,
	ENTRY_VALUE = 2,
	INFO_NAME = 1,
	INFO_TYPE = 2,
	TYPE_TENSOR = 1,
	TENSOR_TYPE_ELEM = 1,
	TENSOR_TYPE_SHAPE = 2,
	SHAPE_DIM = 1,
	DIM_VALUE = 1,
};

static int damaged(struct ak_err *err, const char *what)
{
	return ak_errf(err, -EBADMSG, "it is damaged: %s", what);
}

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "out of memory");
}

/* A message inside another. */
static int inside(const struct ak_wire_field *f, struct ak_wire *w,
		  const char *what, struct ak_err *err)
{
	if (f->kind != AK_WIRE_BYTES)
		return ak_errf(err, -EBADMSG, "it is damaged: %s is no message",
			       what);
	w->p = f->data;
	w->end = f->data + f->size;
	return 0;
}

/* The next element of an array that doubles. */
static void *grow(void *array, size_t *n, size_t max, size_t size,
		  const char *what, struct ak_err *err)
{
	uint8_t **a = array;
	void *p;

	if (*n >= max) {
		ak_errf(err, -ENOTSUP, "more than %zu %s; are they all needed?",
			max, what);
		return NULL;
	}
	if (!(*n & (*n - 1))) {
		p = reallocarray(*a, *n ? 2 * *n : 1, size);
		if (!p) {
			no_memory(err);
			return NULL;
		}
		*a = p;
	}
	p = *a + *n * size;
	memset(p, 0, size);
	(*n)++;
	return p;
}

/* The number of a text; equal texts have equal numbers. */
static int take_text(struct ak_onnx *o, const struct ak_wire_field *f,
		     uint32_t *number, struct ak_err *err)
{
	char buf[MAX_TEXT + 1], **slot;
	size_t n;

	if (f->kind != AK_WIRE_BYTES)
		return damaged(err, "a name is no text");
	if (f->size > MAX_TEXT || memchr(f->data, 0, f->size))
		return ak_errf(
			err, -ENOTSUP,
			"a name of %zu bytes, or with a zero in it; at most %d bytes are read",
			f->size, MAX_TEXT);
	if (!f->size) {
		*number = 0;
		return 0;
	}
	memcpy(buf, f->data, f->size);
	buf[f->size] = '\0';
	n = ak_names_find(&o->names, buf);
	if (n == SIZE_MAX) {
		n = o->num_texts;
		slot = grow(&o->text, &o->num_texts, AK_ONNX_MAX_TEXTS,
			    sizeof(*slot), "names", err);
		if (!slot)
			return -ENOTSUP;
		*slot = strdup(buf);
		if (!*slot || ak_names_add(&o->names, *slot, n))
			return no_memory(err);
	}
	*number = (uint32_t)n;
	return 0;
}

static int take_string(struct ak_onnx *o, const struct ak_wire_field *f,
		       const char **text, struct ak_err *err)
{
	uint32_t number = 0;
	int rc = take_text(o, f, &number, err);

	*text = o->text[number];
	return rc;
}

static int take_entry(struct ak_onnx *o, const struct ak_wire_field *field,
		      struct ak_onnx_tensor *t, struct ak_err *err)
{
	const char *key = "", *value = "", *end;
	struct ak_wire_field f;
	struct ak_wire w;
	uint64_t number = 0;
	int rc = inside(field, &w, "an entry of external data", err);

	while (!rc && (rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == ENTRY_KEY)
			rc = take_string(o, &f, &key, err);
		else if (f.number == ENTRY_VALUE)
			rc = take_string(o, &f, &value, err);
		if (rc)
			return rc;
	}
	if (rc)
		return damaged(err, "an entry of external data");
	if (!strcmp(key, "location")) {
		t->location = value;
		return 0;
	}
	if (strcmp(key, "offset") && strcmp(key, "length"))
		return 0;
	for (end = value; *end >= '0' && *end <= '9'; end++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *end - '0', &number))
			break;
	if (*end || end == value)
		return ak_errf(err, -EBADMSG,
			       "tensor '%s': the %s '%s' of its external data",
			       o->text[t->name], key, value);
	if (*key == 'o')
		t->offset = number;
	else
		t->length = number;
	return 0;
}

int ak_onnx_tensor_parse(struct ak_onnx *o, const uint8_t *data, size_t size,
			 struct ak_onnx_tensor *t, struct ak_err *err)
{
	struct ak_wire w = { data, data + size };
	struct ak_wire_list dims;
	struct ak_wire_field f;
	uint64_t d;
	int rc = 0;

	memset(t, 0, sizeof(*t));
	t->message = data;
	t->message_size = size;
	t->length = UINT64_MAX;
	dims = ak_wire_list(data, size, TENSOR_DIMS, AK_WIRE_VARINT);
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == TENSOR_DATA_TYPE && f.kind == AK_WIRE_VARINT) {
			t->type = (int32_t)f.value;
		} else if (f.number == TENSOR_NAME) {
			rc = take_text(o, &f, &t->name, err);
		} else if (f.number == TENSOR_RAW_DATA &&
			   f.kind == AK_WIRE_BYTES) {
			t->raw = f.data;
			t->size = f.size;
		} else if (f.number == TENSOR_EXTERNAL) {
			rc = take_entry(o, &f, t, err);
		} else if (f.number == TENSOR_LOCATION &&
			   f.kind == AK_WIRE_VARINT) {
			t->external = f.value == 1;
		}
		if (rc)
			return rc;
	}
	while (!rc && (rc = ak_wire_list_next(&dims, &d)) > 0) {
		if (t->ndim == AK_ONNX_MAX_DIMS)
			return ak_errf(
				err, -ENOTSUP,
				"tensor '%s' has more than %d dimensions",
				o->text[t->name], AK_ONNX_MAX_DIMS);
		t->dim[t->ndim++] = d;
		rc = 0;
	}
	if (rc)
		return damaged(err, "a tensor");
	if (ak_tensor_count(t->ndim, t->dim, &t->count) ||
	    t->count > MAX_ELEMENTS)
		return ak_errf(err, -ENOTSUP,
			       "tensor '%s' has more than %u elements",
			       o->text[t->name], MAX_ELEMENTS);
	return 0;
}

static int parse_attr(struct ak_onnx *o, const struct ak_wire_field *field,
		      struct ak_onnx_attr *a, struct ak_err *err)
{
	struct ak_wire_field f;
	struct ak_wire w;
	int rc = inside(field, &w, "an attribute", err);

	if (rc)
		return rc;
	a->name = "";
	a->message = field->data;
	a->message_size = field->size;
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == ATTR_NAME) {
			rc = take_string(o, &f, &a->name, err);
		} else if (f.number == ATTR_F && f.kind == AK_WIRE_FIXED32) {
			a->f = ak_wire_float(&f);
		} else if (f.number == ATTR_I && f.kind == AK_WIRE_VARINT) {
			a->i = (int64_t)f.value;
		} else if (f.number == ATTR_S && f.kind == AK_WIRE_BYTES) {
			a->s = (const char *)f.data;
			a->s_size = f.size;
		} else if (f.number == ATTR_T && f.kind == AK_WIRE_BYTES) {
			a->tensor = f.data;
			a->tensor_size = f.size;
		}
		if (rc)
			return rc;
	}
	return rc ? damaged(err, "an attribute") : 0;
}

static int parse_node(struct ak_onnx *o, const struct ak_wire_field *field,
		      struct ak_err *err)
{
	struct ak_onnx_node *n =
		grow(&o->node, &o->num_nodes, AK_ONNX_MAX_NODES, sizeof(*n),
		     "nodes", err);
	struct ak_onnx_attr *a;
	struct ak_wire_field f;
	struct ak_wire w;
	uint32_t *value;
	int rc;

	if (!n)
		return -ENOTSUP;
	n->name = "";
	n->op = "";
	n->domain = "";
	rc = inside(field, &w, "a node", err);
	if (rc)
		return rc;
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		bool in = f.number == NODE_INPUT;

		rc = 0;
		if (in || f.number == NODE_OUTPUT) {
			value = in ? grow(&n->in, &n->num_in, AK_ONNX_MAX_TEXTS,
					  sizeof(*value), "inputs of a node",
					  err) :
				     grow(&n->out, &n->num_out,
					  AK_ONNX_MAX_TEXTS, sizeof(*value),
					  "outputs of a node", err);
			rc = value ? take_text(o, &f, value, err) : -ENOTSUP;
		} else if (f.number == NODE_NAME) {
			rc = take_string(o, &f, &n->name, err);
		} else if (f.number == NODE_OP_TYPE) {
			rc = take_string(o, &f, &n->op, err);
		} else if (f.number == NODE_DOMAIN) {
			rc = take_string(o, &f, &n->domain, err);
		} else if (f.number == NODE_ATTRIBUTE) {
			a = grow(&n->attr, &n->num_attrs, 32, sizeof(*a),
				 "attributes of a node", err);
			rc = a ? parse_attr(o, &f, a, err) : -ENOTSUP;
		}
		if (rc)
			return rc;
	}
	if (rc)
		return damaged(err, "a node");
	if (!*n->name && n->num_out)
		n->name = o->text[n->out[0]];
	return 0;
}

static int parse_dim(const struct ak_wire_field *field,
		     struct ak_onnx_info *info, struct ak_err *err)
{
	struct ak_wire_field f;
	struct ak_wire w;
	int rc = inside(field, &w, "a dimension", err);

	if (rc)
		return rc;
	if (info->ndim == AK_ONNX_MAX_DIMS)
		return ak_errf(err, -ENOTSUP,
			       "an input or output of more than %d dimensions",
			       AK_ONNX_MAX_DIMS);
	while ((rc = ak_wire_next(&w, &f)) > 0)
		/* Negative sizes are written by some for "any". */
		if (f.number == DIM_VALUE && f.kind == AK_WIRE_VARINT)
			info->dim[info->ndim] = f.value >> 63 ? 0 : f.value;
	info->ndim++;
	return rc ? damaged(err, "a dimension") : 0;
}

static int parse_tensor_type(const struct ak_wire_field *field,
			     struct ak_onnx_info *info, struct ak_err *err)
{
	struct ak_wire_field f, g;
	struct ak_wire w, shape;
	int rc = inside(field, &w, "a type", err);

	while (!rc && (rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == TENSOR_TYPE_ELEM && f.kind == AK_WIRE_VARINT)
			info->type = (int32_t)f.value;
		if (f.number != TENSOR_TYPE_SHAPE)
			continue;
		rc = inside(&f, &shape, "a shape", err);
		if (rc)
			return rc;
		info->shaped = true;
		info->ndim = 0;
		memset(info->dim, 0, sizeof(info->dim));
		while ((rc = ak_wire_next(&shape, &g)) > 0) {
			rc = g.number == SHAPE_DIM ? parse_dim(&g, info, err) :
						     0;
			if (rc)
				return rc;
		}
	}
	return rc ? damaged(err, "a type") : 0;
}

static int parse_info(struct ak_onnx *o, const struct ak_wire_field *field,
		      struct ak_onnx_info *info, struct ak_err *err)
{
	struct ak_wire_field f, g;
	struct ak_wire w, type;
	int rc = inside(field, &w, "an input or output", err);

	while (!rc && (rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == INFO_NAME)
			rc = take_text(o, &f, &info->name, err);
		if (f.number == INFO_TYPE) {
			rc = inside(&f, &type, "a type", err);
			while (!rc && (rc = ak_wire_next(&type, &g)) > 0)
				rc = g.number == TYPE_TENSOR ?
					     parse_tensor_type(&g, info, err) :
					     0;
			if (rc)
				rc = damaged(err, "a type");
		}
		if (rc)
			return rc;
	}
	return rc ? damaged(err, "an input or output") : 0;
}

static int parse_graph(struct ak_onnx *o, const struct ak_wire_field *field,
		       struct ak_err *err)
{
	struct ak_onnx_tensor *t;
	struct ak_onnx_info *info;
	struct ak_wire_field f;
	struct ak_wire w;
	int rc = inside(field, &w, "the graph", err);

	if (rc)
		return rc;
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == GRAPH_NODE) {
			rc = parse_node(o, &f, err);
		} else if (f.number == GRAPH_INITIALIZER) {
			t = grow(&o->tensor, &o->num_tensors,
				 AK_ONNX_MAX_TENSORS, sizeof(*t), "tensors",
				 err);
			if (!t)
				return -ENOTSUP;
			if (f.kind != AK_WIRE_BYTES)
				return damaged(err, "a tensor is no message");
			rc = ak_onnx_tensor_parse(o, f.data, f.size, t, err);
		} else if (f.number == GRAPH_INPUT ||
			   f.number == GRAPH_OUTPUT) {
			bool in = f.number == GRAPH_INPUT;

			info = in ? grow(&o->input, &o->num_inputs, MAX_INFOS,
					 sizeof(*info), "inputs", err) :
				    grow(&o->output, &o->num_outputs, MAX_INFOS,
					 sizeof(*info), "outputs", err);
			rc = info ? parse_info(o, &f, info, err) : -ENOTSUP;
		} else if (f.number == GRAPH_SPARSE) {
			o->sparse = true;
		}
		if (rc)
			return rc;
	}
	return rc ? damaged(err, "the graph") : 0;
}

static int parse_opset(struct ak_onnx *o, const struct ak_wire_field *field,
		       struct ak_err *err)
{
	const char *domain = "";
	struct ak_wire_field f;
	struct ak_wire w;
	uint64_t version = 0;
	int rc = inside(field, &w, "a set of operators", err);

	while (!rc && (rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == OPSET_DOMAIN)
			rc = take_string(o, &f, &domain, err);
		else if (f.number == OPSET_VERSION && f.kind == AK_WIRE_VARINT)
			version = f.value;
		if (rc)
			return rc;
	}
	if (rc)
		return damaged(err, "a set of operators");
	if (!*domain || !strcmp(domain, "ai.onnx"))
		o->opset = version;
	return 0;
}

int ak_onnx_parse(const uint8_t *data, size_t size, struct ak_onnx *o,
		  struct ak_err *err)
{
	struct ak_wire w = { data, data + size };
	struct ak_wire_field f;
	bool graph = false;
	char **empty;
	int rc;

	memset(o, 0, sizeof(*o));
	empty = grow(&o->text, &o->num_texts, 1, sizeof(*empty), "names", err);
	if (!empty)
		return -ENOMEM;
	*empty = strdup("");
	if (!*empty)
		return no_memory(err);
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		rc = 0;
		if (f.number == MODEL_GRAPH && graph)
			return damaged(err, "it has two graphs");
		if (f.number == MODEL_GRAPH) {
			graph = true;
			rc = parse_graph(o, &f, err);
		} else if (f.number == MODEL_OPSET) {
			rc = parse_opset(o, &f, err);
		}
		if (rc)
			return rc;
	}
	if (rc)
		return damaged(err,
			       "its bytes are no ONNX model, or end early");
	return graph ? 0 : damaged(err, "it has no graph");
}

void ak_onnx_close(struct ak_onnx *o)
{
	size_t i;

	for (i = 0; i < o->num_nodes; i++) {
		free(o->node[i].in);
		free(o->node[i].out);
		free(o->node[i].attr);
	}
	for (i = 0; i < o->num_texts; i++)
		free(o->text[i]);
	for (i = 0; i < o->num_files; i++) {
		ak_map_close(&o->file[i]);
		free(o->file_name[i]);
	}
	free(o->node);
	free(o->text);
	free(o->tensor);
	free(o->input);
	free(o->output);
	ak_names_clear(&o->names);
	ak_map_close(&o->map);
	memset(o, 0, sizeof(*o));
}

bool ak_onnx_probe(const uint8_t *data, size_t size)
{
	struct ak_wire w = { data, data + size };
	unsigned int known = 0;

	/*
	 * What lies behind the first bytes is not there, so the graph's length
	 * cannot be checked: its tag is enough once the version was seen.
	 */
	while (w.p != w.end) {
		const uint8_t *at = w.p;
		struct ak_wire_field f;

		if (*at == (MODEL_GRAPH << 3 | AK_WIRE_BYTES))
			return known > 0;
		if (ak_wire_next(&w, &f) <= 0)
			return false;
		if (f.number == MODEL_IR_VERSION && f.kind == AK_WIRE_VARINT &&
		    f.value >= 1 && f.value < 1000)
			known++;
		else if (f.kind != AK_WIRE_BYTES && f.kind != AK_WIRE_VARINT)
			return false;
		else if (f.number > 32)
			return false;
	}
	return false;
}
