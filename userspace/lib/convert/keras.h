/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files that make chains of Keras models share.
 * Documentation/formats/keras.rst.
 */
#ifndef AK_CONVERT_KERAS_H
#define AK_CONVERT_KERAS_H

#include <jansson.h>

#include "convert/graph.h"
#include "format/h5.h"

/* Layers of a model, weights of a configuration: above these it is a mistake. */
#define AK_KERAS_MAX_LAYERS 1024u
#define AK_KERAS_MAX_CONFIG (2u << 20)

/**
 * struct ak_keras - where reading is
 * @path: of the file, for messages
 * @g: chain so far
 * @h5: weights
 * @layers: all layers of the model, in the order of the file
 * @legacy: weights are called by the layers' names (.h5); else by their
 *	classes and numbers (.keras)
 * @layer: the layer
 * @config: its configuration
 * @class: its class
 * @name: its name
 * @ndim: dimensions of what it reads, without the batch
 * @dim: their sizes: rows, columns, channels; or one size
 * @err: error text
 */
struct ak_keras {
	const char *path;
	struct ak_graph *g;
	const struct ak_h5 *h5;
	const json_t *layers;
	bool legacy;
	const json_t *layer, *config;
	const char *class, *name;
	unsigned int ndim;
	uint32_t dim[3];
	struct ak_err *err;
};

#define AK_KERAS_SAY(k, code, fmt, ...)                                   \
	ak_errf((k)->err, (code), "%s: layer '%s' (%s): " fmt, (k)->path, \
		(k)->name, (k)->class, ##__VA_ARGS__)
#define AK_KERAS_REFUSE(k, fmt, ...) \
	AK_KERAS_SAY(k, -ENOTSUP, fmt, ##__VA_ARGS__)
#define AK_KERAS_BAD(k, fmt, ...) AK_KERAS_SAY(k, -EBADMSG, fmt, ##__VA_ARGS__)

/**
 * ak_keras_graph() - make a chain of a model
 * @path: name of the file, for messages
 * @model: its configuration: {"class_name": ..., "config": ...}
 * @h5: its weights
 * @legacy: as in struct ak_keras
 * @g: where to put the resolved chain
 * @err: error text; names the layer, the reason and what to change
 *
 * Return: 0; -ENOTSUP for what Akida 1.0 or this reader has not; -EBADMSG for
 * a damaged file, -EINVAL for shapes that do not fit.
 */
int ak_keras_graph(const char *path, const json_t *model,
		   const struct ak_h5 *h5, bool legacy, struct ak_graph **g,
		   struct ak_err *err);

/**
 * ak_keras_chain() - the layers that lead from the input to the output
 * @k: path and err are set; layer, class and name are used
 * @model: configuration of a Sequential or functional model
 * @chain: array to which they are appended, in that order
 * @input: where to put [batch, ...], the shape of the input; borrowed
 *
 * Sets @k->layers.
 *
 * Return: 0, -ENOTSUP for several inputs or outputs, branches and shared
 * layers; -EBADMSG, -ENOMEM.
 */
int ak_keras_chain(struct ak_keras *k, const json_t *model, json_t *chain,
		   const json_t **input);

/**
 * ak_keras_set_layer() - look at a layer
 * @k: walk; layer, config, class and name are set
 * @layer: its entry in the configuration
 *
 * Return: 0, -EBADMSG if it is no entry of a layer.
 */
int ak_keras_set_layer(struct ak_keras *k, const json_t *layer);

/**
 * ak_keras_layer() - append the operations of a layer
 * @k: walk, at the layer
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_layer(struct ak_keras *k);

/**
 * ak_keras_reshape() - append Flatten or Reshape
 * @k: walk, at the layer
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_reshape(struct ak_keras *k);

/**
 * ak_keras_get() - a key of the layer's configuration
 * @k: walk, at the layer
 * @key: name
 *
 * Return: its value, NULL where it is absent or null.
 */
const json_t *ak_keras_get(const struct ak_keras *k, const char *key);

/**
 * ak_keras_get_bool() - a truth value of the layer's configuration
 * @k: walk, at the layer
 * @key: name
 * @preset: what it is where it is absent
 *
 * Return: the value.
 */
bool ak_keras_get_bool(const struct ak_keras *k, const char *key, bool preset);

/**
 * ak_keras_get_number() - a number of the layer's configuration
 * @k: walk, at the layer
 * @key: name
 * @preset: what it is where it is absent
 * @out: where to put it
 *
 * Return: 0, -EBADMSG, noted.
 */
int ak_keras_get_number(struct ak_keras *k, const char *key, double preset,
			double *out);

/**
 * ak_keras_batchnorm() - append a BatchNormalization
 * @k: walk, at the layer
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_batchnorm(struct ak_keras *k);

/**
 * ak_keras_rescaling() - append a Rescaling: x * scale + offset
 * @k: walk, at the layer
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_rescaling(struct ak_keras *k);

/**
 * ak_keras_normalization() - append a Normalization:
 * (x - mean) / max(sqrt(variance), 1e-7)
 * @k: walk, at the layer
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_normalization(struct ak_keras *k);

/**
 * ak_keras_refuse() - say why a class is refused
 * @k: walk, at a layer whose class is none of those that are read
 *
 * Return: -ENOTSUP, noted.
 */
int ak_keras_refuse(struct ak_keras *k);

/**
 * ak_keras_shape() - the shape of what the next operation reads
 * @k: walk; operations before are resolved
 *
 * Return: rows, columns, channels.
 */
struct akida_shape ak_keras_shape(const struct ak_keras *k);

/**
 * ak_keras_add() - append an operation
 * @k: walk
 * @kind: its kind
 * @part: what of the layer it is ("activation"), or NULL for the layer itself
 *
 * Return: the operation, NULL without memory (noted).
 */
struct ak_op *ak_keras_add(struct ak_keras *k, enum ak_op_kind kind,
			   const char *part);

/**
 * ak_keras_weight() - a weight of the layer
 * @k: walk, at the layer
 * @name: Keras' name of it: "kernel"
 * @index: its number among the layer's weights
 * @ndim: dimensions that it must have
 * @dim: sizes that it must have
 * @out: where to put the elements, malloc()ed
 *
 * Return: 0 or an error, noted.
 */
int ak_keras_weight(struct ak_keras *k, const char *name, unsigned int index,
		    unsigned int ndim, const uint32_t *dim, float **out);

#endif /* AK_CONVERT_KERAS_H */
