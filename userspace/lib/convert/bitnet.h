/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs that turn matrices into ternary weights, for the layouts of format
 * bitnet.
 */
#ifndef AK_BITNET_H
#define AK_BITNET_H

#include "convert/convert.h"

/**
 * enum ak_bitnet_form - how the ternary weights of a matrix are stored
 * @AK_BITNET_VARINT: output 0: words of 16 codes as bincode's integers;
 *	output 1: a float scale per row
 * @AK_BITNET_WORDS: output 0: the same words as 4 bytes each; output 1: a
 *	bfloat16 scale per row
 * @AK_BITNET_HF: output 0: four rows in a byte; the scale is in the result
 */
enum ak_bitnet_form {
	AK_BITNET_VARINT,
	AK_BITNET_WORDS,
	AK_BITNET_HF,
};

/**
 * struct ak_bitnet_rule - what weights become
 * @form: how they are stored
 * @code: codes of words
 * @per_tensor: one scale per tensor, Microsoft's rule; per row otherwise,
 *	the crate's. AK_BITNET_HF always has one per tensor
 */
struct ak_bitnet_rule {
	enum ak_bitnet_form form;
	enum ak_ternary_code code;
	bool per_tensor;
};

/**
 * struct ak_bitnet_result - result of a job of AK_BITNET_HF
 * @scale: of the tensor
 */
struct ak_bitnet_result {
	float scale;
};

/**
 * ak_bitnet_job() - a job for a matrix
 * @plan: the plan
 * @name: of the job
 * @tensor: tensors whose rows follow each other
 * @count: how many
 * @rule: what they become
 * @out: where to put the job
 * @err: error text
 *
 * Return: 0, -ENOTSUP for a shape that cannot be stored, or what the plan has
 * noted.
 */
int ak_bitnet_job(struct ak_plan *plan, const char *name,
		  const struct ak_tensor *const *tensor, unsigned int count,
		  const struct ak_bitnet_rule *rule, struct ak_job **out,
		  struct ak_err *err);

#endif /* AK_BITNET_H */
