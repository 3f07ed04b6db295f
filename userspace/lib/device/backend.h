/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device is a table of functions; a program is a model on such a device.
 */
#ifndef AK_BACKEND_H
#define AK_BACKEND_H

#include <stdatomic.h>

#include "akida/program.h"
#include "common/err.h"
#include "format/program.h"
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
 * @load: prepares @p's model, as @p->now has it; errors go to @p's text
 * @load_file: loads a compiled program; NULL without such
 * @open_named: opens a program that is on the board, and sets what
 *	@load_file sets; NULL without such
 * @set_name: gives the program a name; NULL without such
 * @unload: undoes @load, @load_file or @open_named
 * @run: runs a batch whose sizes and values were checked
 * @slots: inputs that may be under way at a time; 0 if runs end before they
 *	return
 * @submit: begins what @run does whole, -EAGAIN without free slots; not called
 *	with 0 slots
 * @wait: ends it; -ETIME after the deadline
 * @replace: prepares for another model, which differs from @p->now in the
 *	weights of one layer; if it fails, all is as before
 * @set_weights: replaces weights of a program without a model; NULL without
 *	such
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
	int (*load_file)(struct akida_program *p,
			 const struct ak_program_file *f, const uint8_t *info);
	int (*open_named)(struct akida_program *p, const char *name,
			  unsigned int rights);
	int (*set_name)(struct akida_program *p, const char *name,
			unsigned int mode, unsigned int flags);
	void (*unload)(struct akida_program *p);
	unsigned int (*slots)(const struct akida_program *p);
	int (*submit)(struct akida_program *p, const uint8_t *in,
		      unsigned int batch, uint64_t *ticket);
	int (*wait)(struct akida_program *p, uint64_t ticket, uint64_t deadline,
		    uint8_t *out, size_t out_size);
	int (*replace)(struct akida_program *p, const struct ak_model *next,
		       uint32_t layer);
	int (*set_weights)(struct akida_program *p, const char *layer,
			   const struct akida_array *weights,
			   const struct akida_array *pointwise);
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

/* Inputs that may be under way on a device that runs them at once */
#define AK_SYNC_SLOTS 30u

/**
 * struct ak_ran - a batch that has run and was not waited for
 * @next: the batch after it
 * @ticket: its number
 * @status: what running it gave
 * @batch: inputs
 * @size: bytes of @out
 * @out: outputs
 */
struct ak_ran {
	struct ak_ran *next;
	uint64_t ticket;
	int status;
	unsigned int batch;
	size_t size;
	uint8_t out[];
};

/**
 * struct akida_program - a model, or a compiled program, on a device
 * @device: held
 * @loaded: something is loaded
 * @model: held while loaded as a model, else NULL
 * @now: its layers, with weights that may have been replaced since; none
 *	without a model
 * @own: weights that were replaced, two for each layer of @now, or NULL
 * @err: last error
 * @info: what goes in and comes out
 * @shift: of each output neuron, for scores; belong to @model or the backend
 * @scale: of each output neuron
 * @priv: the backend's
 * @ran: batches that ran at once, oldest first
 * @tickets: numbers given to such batches
 * @profiling: statistics are kept
 * @stats: what runs have cost
 * @trace: called after each layer, or NULL
 * @trace_arg: handed to @trace
 */
struct akida_program {
	struct akida_device *device;
	bool loaded;
	struct akida_model *model;
	struct ak_model now;
	int8_t **own;
	struct ak_err err;
	struct akida_program_info info;
	const int32_t *shift;
	const float *scale;
	void *priv;
	struct ak_ran *ran;
	uint64_t tickets;
	bool profiling;
	struct akida_program_stats stats;
	ak_trace_fn trace;
	void *trace_arg;
};

/**
 * ak_device_put() - let go of a device
 * @d: a device
 */
void ak_device_put(struct akida_device *d);

/**
 * ak_program_check_in() - are inputs as a program takes them
 * @p: a loaded program
 * @in: inputs
 * @size: their bytes
 * @batch: how many
 *
 * Return: 0, -EINVAL for a wrong size, -ERANGE for a value.
 */
int ak_program_check_in(struct akida_program *p, const uint8_t *in, size_t size,
			unsigned int batch);

/**
 * ak_program_check_out() - is there room for outputs
 * @p: a loaded program
 * @out: where they are to go
 * @size: bytes of it
 * @batch: how many
 *
 * Return: 0, -EINVAL for a wrong size or alignment.
 */
int ak_program_check_out(struct akida_program *p, const void *out, size_t size,
			 unsigned int batch);

/**
 * ak_program_drop_ran() - forget batches that nobody waited for
 * @p: a program
 */
void ak_program_drop_ran(struct akida_program *p);

/**
 * ak_program_ready() - may something be loaded into a handle
 * @p: a handle
 *
 * Return: 0, -EBUSY if it has something, -ENODEV without an open device.
 */
int ak_program_ready(struct akida_program *p);

/**
 * ak_take_weights() - check arrays of weights for a layer
 * @l: a layer; what @weights and @pointwise have becomes its weights
 * @weights: new weights
 * @pointwise: new pointwise weights, or NULL
 * @err: error text
 *
 * The arrays are not copied. Potentials are checked against int32.
 *
 * Return: 0, -EINVAL, -EOVERFLOW, -ENOMEM.
 */
int ak_take_weights(struct ak_layer *l, const struct akida_array *weights,
		    const struct akida_array *pointwise, struct ak_err *err);

#endif /* AK_BACKEND_H */
