/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernels against the portable ones, models against the scalar reference.
 */
#ifndef CHECKASM_H
#define CHECKASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/util.h"
#include "npu/kernels.h"
#include "random_model.h"

/**
 * struct options - of the command line
 * @seed: where random numbers start
 * @models: how many whole models
 * @cases: random arguments per kernel
 * @values: random floats per number format
 * @bench: time kernels, too
 */
struct options {
	uint64_t seed;
	unsigned int models, cases;
	uint64_t values;
	bool bench;
};

/**
 * struct level - instruction sets up to one of them
 * @name: of the last
 * @flags: AKIDA_CPU_* mask
 * @present: this machine has it
 */
struct level {
	const char *name;
	uint32_t flags;
	bool present;
};

/**
 * levels() - what to test
 * @count: where to put their number
 *
 * Return: the levels of this architecture, plain C first.
 */
const struct level *levels(unsigned int *count);

/**
 * result() - report a test in TAP
 * @ok: it passed
 * @fmt: its name
 */
void result(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * skip() - report a test that cannot run here
 * @reason: why
 * @fmt: its name
 */
void skip(const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * struct guarded - memory with a guard zone on both sides
 * @p: what may be written
 * @size: bytes of it
 * @base: what was allocated
 */
struct guarded {
	uint8_t *p;
	size_t size;
	uint8_t *base;
};

/**
 * guarded_new() - allocate
 * @size: bytes between the guard zones
 *
 * Return: memory, aligned to 64 bytes and filled with a pattern; the program
 * ends without memory.
 */
struct guarded guarded_new(size_t size);

/**
 * guarded_ok() - are the guard zones as they were?
 * @g: memory
 *
 * Return: true if they are.
 */
bool guarded_ok(const struct guarded *g);

/**
 * guarded_free() - give it back
 * @g: memory
 */
void guarded_free(struct guarded *g);

/**
 * random_bytes() - allocate random bytes
 * @r: source
 * @size: how many
 * @lo: smallest
 * @hi: largest
 *
 * Return: bytes, aligned to 64, to be given to free(), with the slack behind
 * them that kernels may read.
 */
void *random_bytes(struct rng *r, size_t size, int lo, int hi);

/**
 * random_words() - allocate random int32
 * @r: source
 * @count: how many
 * @limit: largest absolute value
 *
 * Return: words, to be given to free().
 */
int32_t *random_words(struct rng *r, size_t count, int32_t limit);

/**
 * check_kernels() - every kernel of every table
 * @o: options
 */
void check_kernels(const struct options *o);

/**
 * check_models() - whole random models, all layers
 * @o: options
 */
void check_models(const struct options *o);

/**
 * check_activation() - the fit of multiply-adds to thresholds
 * @o: options
 */
void check_activation(const struct options *o);

/**
 * check_quant() - every function of every table of number formats
 * @o: options
 */
void check_quant(const struct options *o);

#endif /* CHECKASM_H */
