/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Akida 1.0 arithmetic in integers: one scalar reference, fast kernels chosen
 * at run time, all with the same bytes. Needs only libc and pthreads.
 * Rules and their standing: Documentation/arithmetic.rst.
 */
#ifndef AK_NPU_H
#define AK_NPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/device.h"
#include "common/err.h"
#include "model/model.h"

struct npu;

/**
 * npu_new() - prepare a model
 * @n: where to put the prepared model
 * @m: a model of resolved layers; must outlive the result (the layers and the
 *	arrays behind them are read, not copied)
 * @o: target, threads, instruction sets, reference or fast
 * @err: error text
 *
 * Return: 0, -ERANGE if a step does not fit the target, -ENOMEM, -EAGAIN if
 * threads cannot be started.
 */
int npu_new(struct npu **n, const struct ak_model *m,
	    const struct akida_load_options *o, struct ak_err *err);

/**
 * npu_free() - give a prepared model back
 * @n: a prepared model or NULL
 */
void npu_free(struct npu *n);

/**
 * npu_trace_fn - sees a layer's output
 * @arg: the caller's
 * @layer: number of the layer
 * @data: uint8 activations, or int32 potentials (activation off)
 */
typedef void (*npu_trace_fn)(void *arg, uint32_t layer, const void *data);

/**
 * npu_run() - run one input
 * @n: a prepared model
 * @in: uint8 (row, column, channel), values checked by the caller
 * @out: int32 potentials or uint8 activations of the last layer
 * @trace: called after each layer, or NULL
 * @arg: handed to @trace
 *
 * Allocates nothing.
 */
void npu_run(struct npu *n, const uint8_t *in, void *out, npu_trace_fn trace,
	     void *arg);

/**
 * npu_set_profiling() - measure each layer's time
 * @n: a prepared model
 * @on: on (counters go to zero) or off
 */
void npu_set_profiling(struct npu *n, bool on);

/**
 * npu_layer_time() - a layer's time so far
 * @n: a prepared model
 * @layer: number
 * @ns: where to put nanoseconds
 * @runs: where to put the number of inputs
 *
 * Return: name of the implementation that runs the layer.
 */
const char *npu_layer_time(const struct npu *n, uint32_t layer, uint64_t *ns,
			   uint64_t *runs);

/**
 * npu_memory() - bytes of a prepared model
 * @n: a prepared model
 *
 * Return: packed weights, tables, buffers and per-thread scratch.
 */
size_t npu_memory(const struct npu *n);

/**
 * npu_thresholds() - the integer thresholds that define the activation
 * @l: a resolved layer
 * @filter: which
 * @target: AKIDA_TARGET_NONE for the exact float step; a chip for the step
 *	rounded to 4 fractional bits
 * @t: where to put 2^act_bits - 1 thresholds, ascending: the activation is the
 *	number of them that are below the potential
 *
 * T[n] = threshold + floor(n * act_step * 2^(4 - act_bits)), from the official
 * y = ceil((potential - threshold) / (act_step * 2^(4 - act_bits))).
 *
 * Return: 0, -ERANGE if the step does not fit the target.
 */
int npu_thresholds(const struct ak_layer *l, uint32_t filter,
		   enum akida_target target, int32_t *t);

#endif /* AK_NPU_H */
