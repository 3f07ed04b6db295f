/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is a table of functions; a program is a model on such a device.
 */
#ifndef AK_BACKEND_H
#define AK_BACKEND_H

#include <stdatomic.h>

#include "akida/device.h"
#include "common/err.h"
#include "model/handle.h"

/**
 * ak_trace_fn - sees the output of a layer
 * @arg: the caller's
 * @layer: number of the layer
 * @name: of the layer
 * @shape: of its output
 * @dtype: AKIDA_DTYPE_UINT8 or AKIDA_DTYPE_INT32
 * @data: the output
 */
typedef void (*ak_trace_fn)(void *arg, unsigned int layer, const char *name,
			    const struct akida_shape *shape,
			    enum akida_dtype dtype, const void *data);

/**
 * struct ak_backend - one kind of device
 * @list: describes its i-th device; -ENOENT past the last
 * @open: opens the device of that name, with @d->priv for the backend; -ENODEV
 *	without a text if the name is not one of its devices'; other errors go to
 *	@d's text
 * @close: undoes it; NULL if there is nothing to do
 * @load: prepares @p's model; errors go to @p's text
 * @unload: undoes it
 * @run: runs a batch whose sizes and values were checked
 * @memory: bytes that the loaded program takes
 * @set_profiling: switches per-layer times on or off
 * @profile: hands out a layer's time and the name of what runs it
 */
struct ak_backend {
	int (*list)(unsigned int i, struct akida_device_info *info);
	int (*open)(struct akida_device *d, const char *name);
	void (*close)(struct akida_device *d);
	int (*load)(struct akida_program *p,
		    const struct akida_load_options *o);
	void (*unload)(struct akida_program *p);
	int (*run)(struct akida_program *p, const uint8_t *in, uint8_t *out,
		   unsigned int batch);
	size_t (*memory)(const struct akida_program *p);
	void (*set_profiling)(struct akida_program *p, bool on);
	const char *(*profile)(const struct akida_program *p, uint32_t layer,
			       uint64_t *ns, uint64_t *runs);
};

extern const struct ak_backend ak_backend_soft, ak_backend_board;

/**
 * struct akida_device - an open device
 * @refs: the handle, and the programs on it
 * @err: last error
 * @backend: NULL until it is open
 * @priv: the backend's
 */
struct akida_device {
	atomic_uint refs;
	struct ak_err err;
	const struct ak_backend *backend;
	void *priv;
};

/**
 * struct akida_program - a model on a device
 * @device: held
 * @model: held while loaded, else NULL
 * @err: last error
 * @info: what goes in and comes out
 * @priv: the backend's
 * @trace: called after each layer, or NULL
 * @trace_arg: handed to @trace
 */
struct akida_program {
	struct akida_device *device;
	struct akida_model *model;
	struct ak_err err;
	struct akida_program_info info;
	void *priv;
	ak_trace_fn trace;
	void *trace_arg;
};

/**
 * ak_device_put() - let go of a device
 * @d: a device
 */
void ak_device_put(struct akida_device *d);

#endif /* AK_BACKEND_H */
