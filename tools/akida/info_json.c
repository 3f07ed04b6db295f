// SPDX-License-Identifier: GPL-2.0
/*
 * akida info: JSON.
 */
#include "info.h"
#include "json.h"
#include "term.h"
#include "tool.h"

static json_t *pool(const struct akida_layer_info *l)
{
	json_t *o;

	if (l->pool_type == AKIDA_POOL_NONE)
		return json_null();
	o = json_object();
	json_put(o, "type",
		 json_text(l->pool_type == AKIDA_POOL_MAX ? "max" : "average"));
	if (l->pool_type == AKIDA_POOL_MAX) {
		json_put(o, "size", json_pair(l->pool_height, l->pool_width));
		json_put(o, "stride",
			 json_pair(l->pool_stride_y, l->pool_stride_x));
	}
	return o;
}

static void put_resolved(json_t *o, const struct akida_layer_info *l)
{
	json_put(o, "input", json_shape(&l->input));
	json_put(o, "output", json_shape(&l->output));
	json_put(o, "input_bits", json_integer(l->input_bits));
	if (l->type != AKIDA_LAYER_INPUT_DATA) {
		json_put(o, "weights_bits", json_integer(l->weights_bits));
		json_put(o, "act_bits", json_integer(l->act_bits));
		json_put(o, "activation", json_boolean(l->activation));
	}
	if (l->type == AKIDA_LAYER_INPUT_CONV || l->type == AKIDA_LAYER_CONV ||
	    l->type == AKIDA_LAYER_SEPARABLE_CONV) {
		json_put(o, "kernel",
			 json_pair(l->kernel_height, l->kernel_width));
		json_put(o, "stride", json_pair(l->stride_y, l->stride_x));
		json_put(o, "padding",
			 json_text(l->padding == AKIDA_PADDING_SAME ? "same" :
								      "valid"));
		json_put(o, "pool", pool(l));
	}
	if (l->type == AKIDA_LAYER_INPUT_CONV)
		json_put(o, "padding_value", json_integer(l->padding_value));
	json_put(o, "weights", json_integer((json_int_t)l->weight_count));
	json_put(o, "zero_weights", json_integer((json_int_t)l->zero_weights));
	json_put(o, "weight_bytes", json_integer((json_int_t)l->weight_bytes));
	json_put(o, "macs", json_integer((json_int_t)l->macs));
}

static json_t *keys(const struct akida_model *m, unsigned int layer)
{
	json_t *o = json_object();
	const char *name;
	unsigned int i;
	int32_t value;

	for (i = 0; !akida_model_layer_key(m, layer, i, &name, &value); i++) {
		json_t *text = json_text(name);

		if (!text)
			term_die_memory();
		json_put(o, json_string_value(text), json_integer(value));
		json_decref(text);
	}
	return o;
}

static json_t *variables(const struct akida_model *m, unsigned int layer)
{
	json_t *list = json_array();
	struct akida_variable_info v;
	unsigned int i, d;

	for (i = 0; !akida_model_variable(m, layer, i, &v, sizeof(v)); i++) {
		json_t *o = json_object(), *shape = json_array();

		for (d = 0; d < v.ndim && d < AKIDA_ARRAY_MAX_DIMS; d++)
			json_add(shape, json_integer((json_int_t)v.shape[d]));
		json_put(o, "name", json_text(v.name));
		json_put(o, "dtype",
			 json_text(v.dtype ? akida_dtype_name(v.dtype) : NULL));
		json_put(o, "file_dtype", json_integer(v.file_dtype));
		json_put(o, "shape", shape);
		json_put(o, "bytes", json_integer((json_int_t)v.size));
		json_add(list, o);
	}
	return list;
}

static json_t *layers(const struct akida_model *m)
{
	json_t *list = json_array();
	struct akida_layer_info l;
	const char *name;
	unsigned int i, k;
	char type[32];

	for (i = 0; !akida_model_layer(m, i, &l, sizeof(l)); i++) {
		json_t *o = json_object(), *inbound = json_array();

		for (k = 0; (name = akida_model_layer_inbound(m, i, k)); k++)
			json_add(inbound, json_text(name));
		json_put(o, "name", json_text(l.name));
		json_put(
			o, "type",
			json_text(info_layer_type(l.type, type, sizeof(type))));
		json_put(o, "type_number", json_integer(l.type));
		json_put(o, "resolved", json_boolean(l.resolved));
		json_put(o, "inbound", inbound);
		if (l.resolved)
			put_resolved(o, &l);
		json_put(o, "keys", keys(m, i));
		json_put(o, "variables", variables(m, i));
		json_add(list, o);
	}
	return list;
}

static void add_limit(void *arg, const char *layer, const char *text)
{
	json_t *list = arg, *o = json_object();

	json_put(o, "layer", json_text(layer));
	json_put(o, "text", json_text(text));
	json_add(list, o);
}

static int put_target(json_t *root, const struct info_request *r)
{
	json_t *o = json_object(), *list = json_array();
	int ret = TOOL_OK;

	json_put(o, "name", json_text(akida_target_name(r->target)));
	if (r->reason) {
		term_file_error(r->path, "limits of a chip are compared only "
					 "with models that can be run");
		ret = TOOL_FAILED;
	} else if (akida_model_check_target(r->model, r->target, add_limit,
					    list) < 0) {
		term_file_error(r->path, akida_model_error(r->model));
		ret = TOOL_FAILED;
	}
	json_put(o, "checked", json_boolean(ret == TOOL_OK));
	json_put(o, "broken", list);
	json_put(root, "target", o);
	return ret;
}

int info_json(const struct info_request *r)
{
	struct info_totals sum = info_totals(r->model);
	json_t *root = json_object(), *o = json_object();
	json_t *warnings = json_array();
	const char *warning;
	int ret = TOOL_OK;
	unsigned int i;

	for (i = 0; (warning = akida_model_warning(r->model, i)); i++)
		json_add(warnings, json_text(warning));
	json_put(o, "weights", json_integer((json_int_t)sum.weights));
	json_put(o, "zero_weights", json_integer((json_int_t)sum.zero));
	json_put(o, "weight_bytes", json_integer((json_int_t)sum.bytes));
	json_put(o, "macs", json_integer((json_int_t)sum.macs));
	json_put(o, "complete", json_boolean(sum.complete));

	json_put(root, "file", json_text(r->path));
	json_put(root, "sdk_version",
		 json_text(akida_model_sdk_version(r->model)));
	json_put(root, "generation",
		 json_integer(akida_model_generation(r->model)));
	json_put(root, "runnable", json_boolean(!r->reason));
	json_put(root, "reason", json_text(r->reason));
	json_put(root, "warnings", warnings);
	json_put(root, "layers", layers(r->model));
	json_put(root, "totals", o);
	if (r->target)
		ret = put_target(root, r);
	json_print(root);
	return ret;
}
