// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: tables for people.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "table.h"
#include "text.h"
#include "tool.h"

/* Characters of a value; --json has all of it. */
#define MAX_VALUE 60

static void cell_shape(struct table *t, const struct inspect_row *x)
{
	char shape[24 * AK_TENSOR_MAX_DIMS];
	size_t n = 0;
	unsigned int d;

	for (d = 0; d < x->ndim; d++)
		n += (size_t)snprintf(shape + n, sizeof(shape) - n,
				      "%s%" PRIu64, d ? "x" : "", x->dim[d]);
	table_cell(t, "%s", x->ndim ? shape : "scalar");
}

static void cells_stats(struct table *t, const struct ak_stats *s)
{
	if (s->finite) {
		table_cell(t, "%.5g", s->min);
		table_cell(t, "%.5g", s->max);
		table_cell(t, "%.5g", s->rms);
	} else {
		table_cell(t, "-");
		table_cell(t, "-");
		table_cell(t, "-");
	}
	if (s->known) {
		table_cell(t, "%" PRIu64, s->nan);
		table_cell(t, "%" PRIu64, s->inf);
	} else {
		table_cell(t, "-");
		table_cell(t, "-");
	}
}

static void print_tensors(const struct inspect *i)
{
	static const char *const plain[] = { "Tensor",	  "Type",   "Shape",
					     ">Elements", ">Bytes", NULL };
	static const char *const with_stats[] = { "Tensor", "Type", "Shape",
						  ">Bytes", ">Min", ">Max",
						  ">RMS",   ">NaN", ">Inf",
						  NULL };
	struct table *t = table_new(i->stats ? with_stats : plain);
	size_t k;

	for (k = 0; k < i->rows; k++) {
		const struct inspect_row *x = &i->row[k];

		table_cell(t, "%s", x->name);
		table_cell(t, "%s", x->type);
		cell_shape(t, x);
		if (!i->stats)
			table_cell(t, "%" PRIu64, x->count);
		if (x->file)
			table_cell(t, "%" PRIu64, x->bytes);
		else
			table_cell(t, "-");
		if (i->stats)
			cells_stats(t, &x->stats);
	}
	table_print(t, 0);
}

static void print_summary(const struct inspect *i)
{
	uint64_t elements = 0, bytes = 0, size = 0, files = 0;
	char count[32], on_disk[32], held[32], *name;
	size_t k;

	for (k = 0; k < i->rows; k++) {
		elements += i->row[k].count;
		bytes += i->row[k].bytes;
	}
	tool_human(elements, count, sizeof(count));
	tool_bytes(bytes, held, sizeof(held));
	name = text_clean(i->path);
	printf("\nFile      %s\n", name);
	free(name);
	printf("Format    %s\n", inspect_format(i));
	if (!i->set) {
		printf("Tensors   %zu, %s elements\n", i->rows, count);
		return;
	}
	for (k = 0; ak_tensors_file(i->set, k, &size); k++)
		files += size;
	tool_bytes(files, on_disk, sizeof(on_disk));
	printf("Size      %s in %zu file%s\n", on_disk, k, k == 1 ? "" : "s");
	printf("Tensors   %zu, %s elements, %s\n", i->rows, count, held);
}

static void print_meta(const struct inspect *i)
{
	static const char *const heads[] = { "Key", "Value", NULL };
	const struct ak_tensors_meta *m;
	struct table *t;
	size_t k;

	if (!i->set || !ak_tensors_meta(i->set, 0))
		return;
	putchar('\n');
	t = table_new(heads);
	for (k = 0; (m = ak_tensors_meta(i->set, k)); k++) {
		size_t n = strlen(m->value);

		table_cell(t, "%s", m->key);
		table_cell(t, "%.*s%s", n > MAX_VALUE ? MAX_VALUE : (int)n,
			   m->value, n > MAX_VALUE ? "..." : "");
	}
	table_print(t, 0);
}

void inspect_text(const struct inspect *i)
{
	if (i->rows)
		print_tensors(i);
	print_summary(i);
	print_meta(i);
}
