/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random models of every kind that the library accepts.
 */
#ifndef RANDOM_MODEL_H
#define RANDOM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/**
 * struct rng - a reproducible source of numbers
 * @state: set it to the seed
 */
struct rng {
	uint64_t state;
};

/**
 * rng_next() - a random number
 * @r: source
 *
 * Return: 32 random bits.
 */
uint32_t rng_next(struct rng *r);

/**
 * rng_below() - a random number below a limit
 * @r: source
 * @n: limit, not 0
 *
 * Return: 0 to @n - 1.
 */
uint32_t rng_below(struct rng *r, uint32_t n);

/**
 * rng_range() - a random number of a range
 * @r: source
 * @lo: smallest
 * @hi: largest
 *
 * Return: @lo to @hi.
 */
int32_t rng_range(struct rng *r, int32_t lo, int32_t hi);

/**
 * struct random_model - a model and the arrays behind it
 * @m: the model, resolved
 * @names: of its layers
 */
struct random_model {
	struct ak_model m;
	char (*names)[32];
};

/**
 * random_model_new() - make a model
 * @rm: where to put it
 * @r: source
 * @size: 0 for the smallest models, larger for larger maps
 *
 * Return: true; false if this draw gave no valid model (the next may).
 */
bool random_model_new(struct random_model *rm, struct rng *r,
		      unsigned int size);

/**
 * random_model_free() - give it back
 * @rm: a model
 */
void random_model_free(struct random_model *rm);

/**
 * random_model_input() - draw an input
 * @rm: a model
 * @r: source
 * @in: where to put as many bytes as the model's input has elements
 *
 * Noise, a smooth picture, all zero or all at the largest value.
 */
void random_model_input(const struct random_model *rm, struct rng *r,
			uint8_t *in);

/**
 * random_model_print() - describe a model
 * @rm: a model
 *
 * Prints one TAP comment per layer.
 */
void random_model_print(const struct random_model *rm);

#endif /* RANDOM_MODEL_H */
