/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short helpers over jansson. A value that could not be made ends the program:
 * no field may be missing without a word.
 */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

#include <akida/akida.h>

/**
 * json_put() - set a field of an object
 * @object: an object
 * @key: name of the field
 * @value: value; its reference goes to @object
 */
void json_put(json_t *object, const char *key, json_t *value);

/**
 * json_add() - append to an array
 * @array: an array
 * @value: value; its reference goes to @array
 */
void json_add(json_t *array, json_t *value);

/**
 * json_text() - a string from untrusted text
 * @s: text, or NULL for null
 *
 * Return: a new reference.
 */
json_t *json_text(const char *s);

/**
 * json_number() - a real number
 * @value: number; what is not finite becomes null
 *
 * Return: a new reference.
 */
json_t *json_number(double value);

/**
 * json_shape() - [height, width, channels]
 * @s: shape
 *
 * Return: a new reference.
 */
json_t *json_shape(const struct akida_shape *s);

/**
 * json_pair() - [rows, columns]
 * @rows: number
 * @columns: number
 *
 * Return: a new reference.
 */
json_t *json_pair(uint32_t rows, uint32_t columns);

/**
 * json_print() - write a document to stdout and give it back
 * @root: document
 */
void json_print(json_t *root);

#endif /* JSON_H */
