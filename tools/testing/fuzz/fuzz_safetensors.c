// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a safetensors file. The length of the header is put right
 * first, or hardly anything would get beyond it. What can be read must come
 * out equal when it is written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "format/safetensors.h"
#include "format/safetensors_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int plain(const struct ak_safetensors *st)
{
	size_t i;

	for (i = 0; i < st->count; i++)
		if (!ak_tensor_type_size(st->tensor[i].type))
			return 0;
	return 1;
}

static void compare(const struct ak_safetensors *a,
		    const struct ak_safetensors *b)
{
	size_t i;

	if (a->count != b->count || a->num_meta != b->num_meta)
		abort();
	for (i = 0; i < a->count; i++) {
		const struct ak_st_tensor *x = &a->tensor[i];
		const struct ak_st_tensor *y = &b->tensor[i];

		if (strcmp(x->name, y->name) || x->type != y->type ||
		    x->ndim != y->ndim || x->count != y->count ||
		    x->size != y->size ||
		    memcmp(x->dim, y->dim, x->ndim * sizeof(*x->dim)))
			abort();
	}
	for (i = 0; i < a->num_meta; i++)
		if (strcmp(a->meta[i].key, b->meta[i].key) ||
		    strcmp(a->meta[i].value, b->meta[i].value))
			abort();
}

static void round_trip(const struct ak_safetensors *st)
{
	struct ak_st_new *t = calloc(st->count + 1, sizeof(*t));
	struct ak_safetensors again;
	struct ak_buf file = { 0 };
	struct ak_err err = { "" };
	struct ak_st_writer *w;
	struct ak_out *out;
	size_t i;

	for (i = 0; i < st->count; i++) {
		t[i].name = st->tensor[i].name;
		t[i].type = st->tensor[i].type;
		t[i].ndim = st->tensor[i].ndim;
		memcpy(t[i].dim, st->tensor[i].dim, sizeof(t[i].dim));
	}
	if (ak_out_memory("memory", &file, &out, &err) ||
	    ak_st_writer_new(out, t, st->count, AK_ST_GIVEN,
			     (const struct ak_st_text *)st->meta, st->num_meta,
			     &w, &err))
		abort();
	for (i = 0; i < st->count; i++) {
		void *zeros = calloc(1, st->tensor[i].size + 1);

		if (ak_st_write(w, zeros, st->tensor[i].size, &err))
			abort();
		free(zeros);
	}
	if (ak_st_finish(w, &err) || ak_out_finish(out, &err) ||
	    ak_safetensors_parse(file.data, file.size, &again, &err))
		abort();
	compare(st, &again);
	ak_safetensors_clear(&again);
	ak_st_writer_free(w);
	ak_buf_clear(&file);
	free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_safetensors st;
	uint8_t *file;
	size_t length;

	if (size < 10)
		return 0;
	/* The first two bytes say how many there are behind the header. */
	length = ak_get_le16(data);
	if (length > size - 2)
		length = size - 2;
	file = malloc(8 + size - 2);
	memcpy(file + 8, data + 2, size - 2);
	ak_put_le64(file, size - 2 - length);
	if (!ak_safetensors_parse(file, 8 + size - 2, &st, &err)) {
		if (plain(&st))
			round_trip(&st);
	} else if (!err.text[0]) {
		abort();
	}
	ak_safetensors_clear(&st);
	free(file);
	return 0;
}
