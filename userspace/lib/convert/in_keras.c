// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keras models: .keras (an archive of config.json and model.weights.h5) and
 * .h5 with the attribute model_config. Code that a file carries is never run:
 * layers are read by their names, and what has no name here is refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_file.h"
#include "common/map.h"
#include "convert/import.h"
#include "convert/keras.h"
#include "format/zip.h"
#include "model/model.h"

#define CONFIG "config.json"
#define WEIGHTS "model.weights.h5"

/* [batch, rows, columns, channels], or fewer. */
static int set_input(struct ak_keras *k, const json_t *shape)
{
	size_t n = json_array_size(shape), i;

	/* A single input is in a list of its own at times. */
	if (n == 1 && json_is_array(json_array_get(shape, 0))) {
		shape = json_array_get(shape, 0);
		n = json_array_size(shape);
	}
	if (n < 2)
		return ak_errf(
			k->err, -ENOTSUP,
			"%s: it does not say how large its input is (no batch_shape, no batch_input_shape); begin the network with keras.Input(shape) and save it again",
			k->path);
	if (n > 4)
		return ak_errf(
			k->err, -ENOTSUP,
			"%s: its input has %zu dimensions; maps of rows, columns and channels are read",
			k->path, n - 1);
	for (i = 1; i < n; i++) {
		json_int_t v = json_integer_value(json_array_get(shape, i));

		if (v <= 0 || v > AK_MAX_CHANNELS)
			return ak_errf(
				k->err, -ENOTSUP,
				"%s: its input has no fixed size along axis %zu; save it with fixed sizes (the batch alone may vary)",
				k->path, i);
		k->dim[i - 1] = (uint32_t)v;
	}
	k->ndim = (unsigned int)(n - 1);
	k->g->input.height = k->ndim > 1 ? k->dim[0] : 1;
	k->g->input.width = k->ndim > 1 ? k->dim[1] : 1;
	k->g->input.channels = k->ndim == 3 ? k->dim[2] :
			       k->ndim == 2 ? 1 :
					      k->dim[0];
	return 0;
}

int ak_keras_graph(const char *path, const json_t *model,
		   const struct ak_h5 *h5, bool legacy, struct ak_graph **g,
		   struct ak_err *err)
{
	struct ak_keras k = {
		.path = path,
		.h5 = h5,
		.legacy = legacy,
		.err = err,
	};
	json_t *chain = json_array();
	const json_t *input = NULL;
	size_t i;
	int rc;

	*g = NULL;
	k.g = ak_graph_new(path, "Keras");
	rc = chain && k.g ? ak_keras_chain(&k, model, chain, &input) :
			    ak_errf(err, -ENOMEM, "out of memory");
	if (!rc)
		rc = set_input(&k, input);
	for (i = 0; i < json_array_size(chain) && !rc; i++) {
		rc = ak_keras_set_layer(&k, json_array_get(chain, i));
		if (!rc)
			rc = ak_keras_layer(&k);
	}
	if (!rc)
		rc = ak_graph_resolve(k.g, err);
	json_decref(chain);
	if (rc)
		ak_graph_free(k.g);
	else
		*g = k.g;
	return rc;
}

static int read_model(const char *path, const char *text, size_t size,
		      const struct ak_h5 *h5, bool legacy, struct ak_graph **g,
		      struct ak_err *err)
{
	json_t *model = NULL;
	int rc;

	if (size > AK_KERAS_MAX_CONFIG)
		return ak_errf(
			err, -EFBIG,
			"%s: its configuration has %zu bytes; at most %u are read",
			path, size, AK_KERAS_MAX_CONFIG);
	rc = ak_json_parse(path, text, size, &model, err);
	if (!rc)
		rc = ak_keras_graph(path, model, h5, legacy, g, err);
	json_decref(model);
	return rc;
}

/* ------------------------------------------------------------------ .h5 */

static int read_h5(const char *path, size_t size, struct ak_graph **out,
		   struct ak_err *err)
{
	struct ak_h5_source source = { .path = path, .size = size };
	struct ak_h5 h5 = { 0 };
	const char *config;
	int rc = ak_h5_read(&source, &h5, err);

	if (rc) {
		ak_err_prefix(err, "%s: ", path);
		return rc;
	}
	config = ak_h5_attr(&h5, "model_config");
	if (!config && ak_h5_attr(&h5, "keras_version"))
		rc = ak_errf(
			err, -EINVAL,
			"%s: it has weights only (the attribute model_config is missing); save the model with model.save(), or say with --arch FILE.json how its layers hang together",
			path);
	else if (!config)
		rc = ak_errf(
			err, -EINVAL,
			"%s: it has no attribute model_config, so it is no Keras model, or only a model's weights; say with --arch FILE.json how its %zu tensors hang together (akida inspect lists them)",
			path, h5.count);
	else
		rc = read_model(path, config, strlen(config), &h5, true, out,
				err);
	ak_h5_clear(&h5);
	return rc;
}

/* --------------------------------------------------------------- .keras */

static int entry_missing(const char *path, const char *name, struct ak_err *err)
{
	return ak_errf(
		err, -EBADMSG,
		"%s: the archive has no %s, so it is no Keras model; save it with model.save('NAME.keras')",
		path, name);
}

/* An entry as a whole; NUL follows it. */
static int read_entry(const struct ak_zip *zip, const struct ak_zip_entry *e,
		      size_t most, const char *path, uint8_t **out,
		      struct ak_err *err)
{
	int rc;

	if (e->size > most)
		return ak_errf(err, -EFBIG,
			       "%s: %s has %llu bytes; at most %zu are read",
			       path, e->name, (unsigned long long)e->size,
			       most);
	*out = malloc((size_t)e->size + 1);
	if (!*out)
		return ak_errf(err, -ENOMEM, "%s: no memory for %s", path,
			       e->name);
	(*out)[e->size] = '\0';
	rc = ak_zip_read(zip, e, *out, (size_t)e->size, err);
	if (rc)
		ak_err_prefix(err, "%s: ", path);
	return rc;
}

static int read_weights(const struct ak_zip *zip, const struct ak_zip_entry *e,
			const char *path, struct ak_h5 *h5, struct ak_err *err)
{
	struct ak_h5_source source = { .path = path, .size = e->size };
	const uint8_t *stored = ak_zip_stored(zip, e);
	uint8_t *image = NULL;
	int rc = 0;

	if (stored)
		source.offset = (uint64_t)(stored - zip->data);
	else
		rc = read_entry(zip, e, (size_t)1 << 30, path, &image, err);
	source.image = image;
	if (!rc) {
		rc = ak_h5_read(&source, h5, err);
		if (rc)
			ak_err_prefix(err, "%s: " WEIGHTS ": ", path);
	}
	free(image);
	return rc;
}

static int read_archive(const char *path, const struct ak_map *map,
			struct ak_graph **out, struct ak_err *err)
{
	const struct ak_zip_entry *config, *weights;
	struct ak_h5 h5 = { 0 };
	uint8_t *text = NULL;
	struct ak_zip zip;
	int rc = ak_zip_open(map->data, map->size, &zip, err);

	if (rc) {
		ak_err_prefix(err, "%s: ", path);
		return rc;
	}
	config = ak_zip_find(&zip, CONFIG);
	weights = ak_zip_find(&zip, WEIGHTS);
	if (!config || !weights)
		rc = entry_missing(path, config ? WEIGHTS : CONFIG, err);
	if (!rc)
		rc = read_entry(&zip, config, AK_KERAS_MAX_CONFIG, path, &text,
				err);
	if (!rc)
		rc = read_weights(&zip, weights, path, &h5, err);
	if (!rc)
		rc = read_model(path, (const char *)text, (size_t)config->size,
				&h5, false, out, err);
	ak_h5_clear(&h5);
	free(text);
	ak_zip_close(&zip);
	return rc;
}

static int read_keras(const char *path, const char *arch, const char *options,
		      struct ak_graph **out, struct ak_err *err)
{
	struct ak_map map;
	bool h5;
	int rc = ak_map_open(path, &map, err);

	if (rc)
		return rc;
	h5 = ak_is_h5(map.data, map.size);
	if (h5 && arch)
		rc = ak_import_arch.read(path, arch, options, out, err);
	else if (h5)
		rc = read_h5(path, map.size, out, err);
	else if (arch)
		rc = ak_errf(
			err, -EINVAL,
			"%s: a Keras file says how its layers hang together; leave out --arch",
			path);
	else
		rc = read_archive(path, &map, out, err);
	ak_map_close(&map);
	return rc;
}

/* The first entry of an archive that Keras wrote. */
static bool has_entry(const uint8_t *head, size_t size, const char *name)
{
	size_t n = strlen(name);

	return ak_is_zip(head, size) && size >= 30 + n &&
	       !memcmp(head + 30, name, n);
}

static bool probe(const char *path, const uint8_t *head, size_t size)
{
	size_t n = strlen(path);

	return (n > 6 && !strcmp(path + n - 6, ".keras")) ||
	       ak_is_h5(head, size) || has_entry(head, size, "metadata.json") ||
	       has_entry(head, size, CONFIG) || has_entry(head, size, WEIGHTS);
}

const struct ak_importer ak_import_keras = { "Keras", probe, read_keras };
