// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which layers of a Keras model lead from its input to its output.
 */
#include <errno.h>
#include <string.h>

#include "convert/keras.h"

/* Arguments of a call are nested, but not as deep as this. */
#define MAX_DEPTH 16

#define MODEL(k, code, fmt, ...) \
	ak_errf((k)->err, (code), "%s: " fmt, (k)->path, ##__VA_ARGS__)

int ak_keras_set_layer(struct ak_keras *k, const json_t *layer)
{
	const json_t *name = json_object_get(layer, "name");

	k->layer = layer;
	k->config = json_object_get(layer, "config");
	k->class = json_string_value(json_object_get(layer, "class_name"));
	if (!name)
		name = json_object_get(k->config, "name");
	k->name = json_string_value(name);
	if (!k->class || !k->name || !*k->name || !json_is_object(k->config))
		return MODEL(
			k, -EBADMSG,
			"a layer of its configuration has no class_name, no name or no config");
	return 0;
}

/* Where a layer's input comes from: [layer, node, tensor], in any nesting. */
static int find_sources(const json_t *j, json_t *out, int depth)
{
	const json_t *history, *v;
	const char *class, *key;
	size_t i;
	int rc = 0;

	if (depth == MAX_DEPTH)
		return -EBADMSG;
	if (json_is_array(j)) {
		i = 0;
		if (json_array_size(j) >= 3 &&
		    json_is_string(json_array_get(j, 0)) &&
		    json_is_integer(json_array_get(j, 1)) &&
		    json_is_integer(json_array_get(j, 2))) {
			if (json_array_append(out, (json_t *)j))
				return -ENOMEM;
			i = 3;
		}
		for (; i < json_array_size(j) && !rc; i++)
			rc = find_sources(json_array_get(j, i), out, depth + 1);
		return rc;
	}
	class = json_string_value(json_object_get(j, "class_name"));
	if (class && !strcmp(class, "__keras_tensor__")) {
		history = json_object_get(json_object_get(j, "config"),
					  "keras_history");
		return find_sources(history, out, depth + 1);
	}
	json_object_foreach((json_t *)j, key, v)
	{
		rc = find_sources(v, out, depth + 1);
		if (rc)
			break;
	}
	return rc;
}

static int sources(struct ak_keras *k, const json_t *j, json_t **out)
{
	int rc;

	*out = json_array();
	rc = *out ? find_sources(j, *out, 0) : -ENOMEM;
	if (rc == -EBADMSG)
		return MODEL(k, rc,
			     "connections of its layers are nested too deeply");
	return rc ? ak_errf(k->err, rc, "out of memory") : 0;
}

static const char *source_name(const json_t *source)
{
	return json_string_value(json_array_get(source, 0));
}

/* Branches meet here. */
static int refuse_join(struct ak_keras *k, const json_t *from)
{
	const char *a = source_name(json_array_get(from, 0));
	const char *b = source_name(json_array_get(from, 1));

	if (!strcmp(k->class, "Add") || !strcmp(k->class, "add"))
		return AK_KERAS_REFUSE(
			k,
			"a residual connection: it adds '%s' and '%s', but an Akida 1.0 model is one chain of layers; use a network without (AkidaNet, MobileNetV1, VGG-like)",
			a, b);
	return AK_KERAS_REFUSE(
		k,
		"it joins '%s' and '%s', but an Akida 1.0 model is one chain of layers; use a network without branches",
		a, b);
}

/* The layer before one; NULL for an input layer. */
static int before(struct ak_keras *k, const char **name)
{
	const json_t *nodes = json_object_get(k->layer, "inbound_nodes");
	const json_t *from;
	json_t *list;
	int rc;

	*name = NULL;
	if (!strcmp(k->class, "InputLayer"))
		return 0;
	if (json_array_size(nodes) > 1)
		return AK_KERAS_REFUSE(
			k,
			"it is used %zu times in the model; an Akida 1.0 model is one chain of layers, each with weights of its own",
			json_array_size(nodes));
	rc = sources(k, nodes, &list);
	if (!rc && !json_array_size(list))
		rc = AK_KERAS_BAD(k, "nothing is connected to it");
	if (!rc && json_array_size(list) > 1)
		rc = refuse_join(k, list);
	from = json_array_get(list, 0);
	if (!rc && (json_integer_value(json_array_get(from, 1)) ||
		    json_integer_value(json_array_get(from, 2))))
		rc = AK_KERAS_REFUSE(
			k,
			"it reads another than the first output of '%s'; an Akida 1.0 model is one chain of layers",
			source_name(from));
	/* The string stays in the configuration. */
	if (!rc)
		*name = source_name(from);
	json_decref(list);
	return rc;
}

static int walk_back(struct ak_keras *k, const json_t *names, const char *name,
		     json_t *chain)
{
	size_t n = 0;
	int rc = 0;

	while (name && !rc) {
		const json_t *layer = json_object_get(names, name);

		if (!layer)
			return MODEL(
				k, -EBADMSG,
				"its configuration names a layer '%s' that is not there",
				name);
		if (n++ > json_object_size(names))
			return MODEL(k, -EBADMSG,
				     "its layers form a cycle through '%s'",
				     name);
		rc = ak_keras_set_layer(k, layer);
		if (!rc && json_array_insert(chain, 0, (json_t *)layer))
			rc = ak_errf(k->err, -ENOMEM, "out of memory");
		if (!rc)
			rc = before(k, &name);
	}
	return rc;
}

static int functional(struct ak_keras *k, const json_t *config,
		      const json_t *names, json_t *chain)
{
	json_t *ends;
	int rc = sources(k, json_object_get(config, "output_layers"), &ends);

	if (!rc && json_array_size(ends) != 1)
		rc = MODEL(
			k, -ENOTSUP,
			"it has %zu outputs; an Akida 1.0 model has one: save a model of that alone",
			json_array_size(ends));
	if (!rc)
		rc = walk_back(k, names, source_name(json_array_get(ends, 0)),
			       chain);
	json_decref(ends);
	return rc;
}

/* Names are of one layer each: files and messages rely on it. */
static int index_layers(struct ak_keras *k, json_t *names)
{
	size_t i, n = json_array_size(k->layers);
	int rc = 0;

	if (!n)
		return MODEL(k, -EBADMSG,
			     "its configuration has no list of layers");
	if (n > AK_KERAS_MAX_LAYERS)
		return MODEL(k, -ENOTSUP,
			     "it has %zu layers; at most %u are read", n,
			     AK_KERAS_MAX_LAYERS);
	for (i = 0; i < n && !rc; i++) {
		json_t *layer = json_array_get(k->layers, i);

		rc = ak_keras_set_layer(k, layer);
		if (!rc && json_object_get(names, k->name))
			rc = AK_KERAS_BAD(k, "this name is there twice");
		if (!rc && json_object_set(names, k->name, layer))
			rc = ak_errf(k->err, -ENOMEM, "out of memory");
	}
	return rc;
}

/* [batch, ...] of a layer, in the words of Keras 2 or 3. */
static const json_t *layer_shape(const json_t *config)
{
	const json_t *s = json_object_get(config, "batch_shape");

	return s ? s : json_object_get(config, "batch_input_shape");
}

int ak_keras_chain(struct ak_keras *k, const json_t *model, json_t *chain,
		   const json_t **input)
{
	const char *class =
		json_string_value(json_object_get(model, "class_name"));
	const json_t *config = json_object_get(model, "config");
	bool sequential = class && !strcmp(class, "Sequential");
	json_t *names = json_object();
	size_t i;
	int rc;

	/* Old files have the list itself. */
	k->layers = json_is_array(config) ? config :
					    json_object_get(config, "layers");
	if (!names)
		return ak_errf(k->err, -ENOMEM, "out of memory");
	if (!sequential &&
	    (!class || (strcmp(class, "Functional") && strcmp(class, "Model"))))
		rc = MODEL(
			k, -ENOTSUP,
			"it is a model of class '%s'; Sequential and functional models are read, whose files say what they consist of",
			class ? class : "");
	else
		rc = index_layers(k, names);
	for (i = 0; !rc && sequential && i < json_array_size(k->layers); i++)
		rc = json_array_append(chain, json_array_get(k->layers, i)) ?
			     ak_errf(k->err, -ENOMEM, "out of memory") :
			     0;
	if (!rc && !sequential)
		rc = functional(k, config, names, chain);
	json_decref(names);
	if (rc)
		return rc;
	*input = layer_shape(
		json_object_get(json_array_get(chain, 0), "config"));
	if (!*input)
		*input = json_object_get(config, "build_input_shape");
	if (!*input)
		*input = json_object_get(json_object_get(model, "build_config"),
					 "input_shape");
	return 0;
}
