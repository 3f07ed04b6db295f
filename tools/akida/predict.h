/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From scores to predictions.
 */
#ifndef PREDICT_H
#define PREDICT_H

#include <stdbool.h>
#include <stddef.h>

#include <akida/akida.h>

/**
 * struct hit - one prediction
 * @row: of a map, else 0
 * @column: of a map, else 0
 * @class: channel
 * @at: number of the output value
 * @score: dequantised
 * @probability: softmax over the channels of that position; for a single
 *	channel the logistic function
 */
struct hit {
	uint32_t row, column, class;
	size_t at;
	float score;
	double probability;
};

/**
 * predict_is_map() - does the output have positions?
 * @s: shape of the output
 *
 * Return: true for more than one row or column.
 */
bool predict_is_map(const struct akida_shape *s);

/**
 * predict_probability() - probability of a class
 * @scores: of one position
 * @channels: how many
 * @class: one of them
 *
 * Return: softmax; for a single channel the logistic function.
 */
double predict_probability(const float *scores, uint32_t channels,
			   uint32_t class);

/**
 * predict_classes() - all classes of one position, best score first
 * @scores: of the position
 * @channels: how many
 * @hits: room for @channels; row and column stay 0
 */
void predict_classes(const float *scores, uint32_t channels, struct hit *hits);

/**
 * predict_cell() - the best class of one position of a map
 * @scores: of the whole map
 * @s: its shape
 * @row: position
 * @column: position
 *
 * Channel 0 is the background if there are others, and never the answer.
 *
 * Return: the class with its probability.
 */
struct hit predict_cell(const float *scores, const struct akida_shape *s,
			uint32_t row, uint32_t column);

/**
 * predict_cells() - cells of a map at or above a probability, best first
 * @scores: of the map
 * @s: its shape
 * @threshold: probability
 * @hits: room for rows * columns
 *
 * Return: how many.
 */
size_t predict_cells(const float *scores, const struct akida_shape *s,
		     double threshold, struct hit *hits);

#endif /* PREDICT_H */
