/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Boxes from the head of a YOLOv2 network.
 */
#ifndef YOLO_H
#define YOLO_H

#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

/* Networks have about five. */
#define YOLO_MAX_ANCHORS 64

/**
 * struct yolo - what an output means
 * @anchor: width and height of each anchor, in cells of the output
 * @num_anchors: how many
 * @classes: classes
 * @threshold: least probability of a box
 * @nms: intersection over union above which the less probable one of two
 *	boxes of a class is left out
 */
struct yolo {
	double anchor[YOLO_MAX_ANCHORS][2];
	uint32_t num_anchors, classes;
	double threshold, nms;
};

/**
 * struct yolo_box - a box
 * @left: side in pixels of the model's input, inside of it
 * @top: likewise
 * @right: likewise
 * @bottom: likewise
 * @probability: that something is there, times that it is of that class
 * @class: the most probable one
 * @row: of the cell it came from
 * @column: of that cell
 * @anchor: its number
 */
struct yolo_box {
	double left, top, right, bottom, probability;
	uint32_t class, row, column, anchor;
};

/**
 * yolo_load() - read anchors, say what is wrong
 * @y: @anchor, @num_anchors and @classes are filled in
 * @path: .npy file of (anchors, 2) floats, or text with two numbers for each
 *	anchor, which spaces, commas, brackets or ends of lines separate; what
 *	follows # in a line is a comment
 * @output: shape of the model's output: 5 + classes channels for each anchor
 *
 * Return: 0, -1 after an error was printed.
 */
int yolo_load(struct yolo *y, const char *path,
	      const struct akida_shape *output);

/**
 * yolo_boxes() - find boxes
 * @y: what the output means
 * @scores: output of one input
 * @output: its shape
 * @input: shape of the model's input
 * @count: how many there are
 *
 * For anchor a of a cell channels a * (5 + classes) and following are x, y, w,
 * h, objectness, classes. The centre is at column + sigmoid(x), row +
 * sigmoid(y), the size anchor * exp(w), anchor * exp(h), in cells; the
 * probability sigmoid(objectness) * softmax(classes).
 *
 * Return: an array for free(), most probable first.
 */
struct yolo_box *yolo_boxes(const struct yolo *y, const float *scores,
			    const struct akida_shape *output,
			    const struct akida_shape *input, size_t *count);

#endif /* YOLO_H */
