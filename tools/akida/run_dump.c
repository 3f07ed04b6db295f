// SPDX-License-Identifier: GPL-2.0
/*
 * akida run --dump: every layer's output as .npy.
 */
#include <stdlib.h>

#include "run.h"
#include "term.h"
#include "text.h"
#include "tool.h"

/**
 * struct dump - state of a dump
 * @dir: folder
 * @inputs: how many there are; with more than one their number is in the name
 * @input: number of the input that runs
 * @last: layer that was seen last
 * @taken: file name's part of every layer, made when it is first seen
 * @num_layers: of the program
 * @failed: a file could not be written: nothing more is
 * @array: for the files
 */
struct dump {
	const char *dir;
	size_t inputs, input;
	unsigned int last;
	char **taken;
	unsigned int num_layers;
	bool failed;
	struct akida_array *array;
};

static const char *file_part(struct dump *d, unsigned int layer,
			     const char *name)
{
	if (!d->taken[layer])
		d->taken[layer] = text_file_name(name, d->taken, layer);
	return d->taken[layer];
}

void dump_layer(void *arg, unsigned int layer, const char *name,
		const struct akida_shape *s, enum akida_dtype dtype,
		const void *data)
{
	const size_t shape[] = { s->height, s->width, s->channels };
	struct dump *d = arg;
	char *path;

	/* Layers come in order: a step back is the next input. */
	if (layer <= d->last && d->last != UINT32_MAX)
		d->input++;
	d->last = layer;
	if (d->failed || layer >= d->num_layers)
		return;
	if (d->inputs > 1)
		path = tool_text("%s/%zu.%s.npy", d->dir, d->input,
				 file_part(d, layer, name));
	else
		path = tool_text("%s/%s.npy", d->dir,
				 file_part(d, layer, name));
	if (akida_array_set(d->array, dtype, 3, shape, data) ||
	    akida_array_save_npy(d->array, path)) {
		term_file_error(path, akida_array_error(d->array));
		d->failed = true;
	}
	free(path);
}

struct dump *dump_begin(struct run *r)
{
	struct dump *d;

	if (tool_make_folder(r->dump))
		return NULL;
	d = tool_alloc(1, sizeof(*d));
	d->dir = r->dump;
	d->inputs = r->inputs.count;
	d->last = UINT32_MAX;
	d->num_layers = r->info.num_layers;
	d->taken = tool_alloc(d->num_layers, sizeof(*d->taken));
	d->array = akida_array_new();
	if (!d->array)
		term_die_memory();
	if (r->program)
		akida_program_trace(r->program, dump_layer, d);
	return d;
}

int dump_end(struct dump *d, struct run *r)
{
	int ret = d->failed ? -1 : 0;
	unsigned int i;

	if (r->program)
		akida_program_trace(r->program, NULL, NULL);
	for (i = 0; i < d->num_layers; i++)
		free(d->taken[i]);
	free(d->taken);
	akida_array_free(d->array);
	free(d);
	return ret;
}
