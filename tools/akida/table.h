/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for people: columns as wide as their contents.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

struct table;

/**
 * table_new() - an empty table
 * @heads: one head per column, NULL at the end; a head that begins with '>'
 *	makes its column right-aligned
 *
 * Return: a table for table_print().
 */
struct table *table_new(const char *const *heads);

/**
 * table_cell() - fill the next cell, row by row
 * @t: table
 * @fmt: as printf; untrusted text is made harmless
 */
void table_cell(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * table_print() - write a table to stdout and give it back
 * @t: table
 * @indent: spaces before each line
 */
void table_print(struct table *t, unsigned int indent);

#endif /* TABLE_H */
