// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs on boards: a model is built for the chip that the board has, or a
 * compiled program taken as it is, and handed to the driver. What a chip cannot
 * hold of a model runs here.
 */
#include "device/board_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/le.h"
#include "model/part.h"

/* Bytes of each of the two buffers that inputs and outputs pass through; one
 * input may take more.
 */
#define BUFFER_BYTES (1u << 20)

static void free_rest(struct board_rest *r)
{
	npu_free(r->npu);
	free(r->part.layers);
	*r = (struct board_rest){ .npu = NULL };
}

void ak_board_unload(struct akida_program *p)
{
	struct board_program *bp = p->priv;
	struct akida_ioc_program_free c = { 0 };

	if (bp->handle) {
		c.handle = bp->handle;
		ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_FREE, &c);
	}
	akida_buffer_free(bp->in);
	akida_buffer_free(bp->out);
	ak_built_free(&bp->built);
	ak_note_clear(&bp->note);
	free(bp->note_data);
	free_rest(&bp->before);
	free_rest(&bp->after);
	free(bp->before_map);
	free(bp->after_map);
	free(bp);
	p->priv = NULL;
}

/* A buffer of the driver's, mapped. */
static int buffer(struct akida_program *p, struct board_program *bp,
		  size_t size, struct akida_buffer **buf, uint8_t **data)
{
	void *at = NULL;
	int rc = akida_buffer_new(bp->board, AKIDA_MEMORY_HOST, size, buf);

	if (!rc)
		rc = akida_buffer_map(*buf, &at);
	*data = at;
	return rc ? ak_errf(&p->err, rc, "%s", akida_board_error(bp->board)) :
		    0;
}

int ak_board_buffers(struct akida_program *p, struct board_program *bp)
{
	size_t step = bp->in_step > bp->out_step ? bp->in_step : bp->out_step;
	int rc;

	bp->slots = (uint32_t)(BUFFER_BYTES / step);
	if (bp->slots > BOARD_SLOTS)
		bp->slots = BOARD_SLOTS;
	if (!bp->slots)
		bp->slots = 1;
	rc = buffer(p, bp, bp->slots * bp->in_step, &bp->in, &bp->in_data);
	if (!rc)
		rc = buffer(p, bp, bp->slots * bp->out_step, &bp->out,
			    &bp->out_data);
	return rc;
}

static int begin(struct akida_program *p, struct board_program **out)
{
	struct board_program *bp = calloc(1, sizeof(*bp));

	if (!bp)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	bp->board = p->device->priv;
	p->priv = bp;
	*out = bp;
	return 0;
}

/* --------------------------------------------------------------- a model */

static int check_target(struct akida_program *p,
			const struct akida_load_options *o,
			const struct akida_board *b,
			const struct akida_board_info *info)
{
	if (!ak_mesh_of(info->chip))
		return ak_errf(
			&p->err, -ENOTSUP,
			"%s: the mesh of this chip is not known; update libakida",
			b->node);
	if (!(info->caps & AKIDA_BOARD_VIRTUAL))
		return ak_errf(
			&p->err, -ENOTSUP,
			"%s: this board is silicon, and what is public is not enough to compile a model for silicon; it takes programs that BrainChip's SDK compiled: save one there and load that file (see 'Programs for silicon' in the user guide)",
			b->node);
	if (o->target && o->target != info->chip)
		return ak_errf(&p->err, -EINVAL,
			       "%s: the board is another chip than the target",
			       b->node);
	if (info->abi_version < 2)
		return ak_errf(&p->err, -ENOTTY,
			       "%s: this akida.ko runs no programs; update it",
			       b->node);
	return 0;
}

static int prepare_rest(struct akida_program *p, struct board_program *bp,
			const struct ak_model *m, struct board_rest *r,
			uint32_t first, uint32_t end)
{
	struct board_rest fresh = { .npu = NULL };
	int rc;

	if (ak_model_part(m, first, end, &fresh.part))
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	rc = npu_new(&fresh.npu, &fresh.part, &bp->options, &p->err);
	if (rc) {
		free(fresh.part.layers);
		return rc;
	}
	free_rest(r);
	*r = fresh;
	return 0;
}

/* Layers that the board does not take, with the steps that it would have. */
static int make_rest(struct akida_program *p, struct board_program *bp,
		     const struct akida_load_options *o)
{
	const struct ak_model *m = &p->now;
	uint32_t first = bp->built.first_layer;
	uint32_t end = first + bp->built.num_layers;
	int rc = 0;

	bp->options = *o;
	bp->options.target = bp->built.mesh->target;
	bp->options.flags &= AKIDA_LOAD_REFERENCE;
	if (first) {
		rc = prepare_rest(p, bp, m, &bp->before, 0, first);
		if (!rc)
			bp->before_map = malloc(BOARD_SLOTS * bp->in_size);
		if (!rc && !bp->before_map)
			rc = -ENOMEM;
	}
	if (!rc && end < m->num_layers) {
		rc = prepare_rest(p, bp, m, &bp->after, end, m->num_layers);
		if (!rc)
			bp->after_map = malloc(BOARD_SLOTS * bp->out_bytes);
		if (!rc && !bp->after_map)
			rc = -ENOMEM;
	}
	if (rc == -ENOMEM)
		ak_errf(&p->err, rc, "no memory for a program");
	return rc;
}

/* Notes have names, so that layers are found by others, too. */
static int make_note(struct akida_program *p, struct board_program *bp,
		     const struct ak_program_file *f)
{
	const char **name = NULL;
	uint32_t records = 0, i, at;
	int rc;

	for (i = 0; i < f->num_passes; i++)
		records += f->pass[i].num_records;
	name = calloc((size_t)records + 1, sizeof(*name));
	if (!name)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	/* A record is a layer, from the first that is not an input layer on. */
	at = bp->built.first_layer;
	if (p->now.layers[at].type == AKIDA_LAYER_INPUT_DATA)
		at++;
	for (i = 0; i < records; i++)
		name[i] = at + i < p->now.num_layers ?
				  p->now.layers[at + i].name :
				  "";
	rc = ak_note_make(f, bp->built.file, name, &bp->note_data,
			  &bp->note_size, &p->err);
	free(name);
	/* Without one it runs; it just cannot be given a name. */
	return rc == -EFBIG ? 0 : rc;
}

static int load_built(struct akida_program *p, struct board_program *bp,
		      const struct akida_load_options *o)
{
	struct ak_program_file f;
	int rc = ak_program_file_parse(&f, bp->built.file, bp->built.size,
				       &p->err);

	if (rc)
		return rc;
	rc = ak_board_sizes(p, bp, &f);
	if (!rc)
		rc = make_rest(p, bp, o);
	if (!rc)
		rc = make_note(p, bp, &f);
	if (!rc)
		rc = ak_board_create(p, bp, &f);
	ak_program_file_clear(&f);
	return rc;
}

int ak_board_load(struct akida_program *p, const struct akida_load_options *o)
{
	struct akida_board *b = p->device->priv;
	struct akida_board_info info;
	struct board_program *bp = NULL;
	int rc;

	rc = akida_board_info(b, &info, sizeof(info));
	if (rc)
		return ak_errf(&p->err, rc, "%s", akida_board_error(b));
	rc = check_target(p, o, b, &info);
	if (!rc)
		rc = begin(p, &bp);
	if (rc)
		return rc;
	rc = ak_build(&p->now, ak_mesh_of(info.chip),
		      o->flags & AKIDA_LOAD_PARTIAL ? AK_BUILD_PARTIAL : 0,
		      &bp->built, &p->err);
	if (!rc)
		rc = load_built(p, bp, o);
	if (!rc)
		rc = ak_board_buffers(p, bp);
	if (rc)
		ak_board_unload(p);
	return rc;
}

size_t ak_board_memory(const struct akida_program *p)
{
	const struct board_program *bp = p->priv;
	size_t bytes = bp->built.size + bp->note_size +
		       bp->slots * (bp->in_step + bp->out_step);

	if (bp->before.npu)
		bytes += npu_memory(bp->before.npu);
	if (bp->after.npu)
		bytes += npu_memory(bp->after.npu);
	return bytes;
}

/* ---------------------------------------------------- compiled programs */

void ak_board_describe(struct akida_program *p, struct board_program *bp)
{
	const struct ak_note *n = &bp->note;
	struct akida_program_info *info = &p->info;

	*info = (struct akida_program_info){
		.input = bp->shape,
		.output = bp->out_shape,
		.input_bits = 8,
		.output_dtype =
			bp->activation ? AKIDA_DTYPE_UINT8 : AKIDA_DTYPE_INT32,
		.input_size = bp->in_size,
		.output_size = bp->out_bytes,
		.memory = ak_board_memory(p),
	};
	if (n->num_skeletons)
		info->input_bits = ak_program_input_bits(n->skeleton[0].data,
							 n->skeleton[0].words);
	p->shift = n->file.shift;
	p->scale = n->file.scale;
}

int ak_board_load_file(struct akida_program *p, const struct ak_program_file *f,
		       const uint8_t *info)
{
	struct board_program *bp = NULL;
	int rc = begin(p, &bp);

	if (rc)
		return rc;
	rc = ak_board_sizes(p, bp, f);
	if (!rc)
		rc = ak_note_make(f, info, NULL, &bp->note_data, &bp->note_size,
				  &p->err);
	if (!rc)
		rc = ak_note_parse(&bp->note, bp->note_data, bp->note_size,
				   &p->err);
	if (!rc)
		rc = ak_board_create(p, bp, f);
	if (!rc)
		rc = ak_board_buffers(p, bp);
	if (rc)
		ak_board_unload(p);
	else
		ak_board_describe(p, bp);
	return rc;
}

/* ------------------------------------------------------------ new weights */

/* Words of a track, from the built file. */
static int copy_track(const struct ak_built *b, const struct ak_track *t,
		      struct ak_program_words *w)
{
	const uint8_t *from = b->file + ak_get_le32(b->file) + 4 + t->offset;
	uint32_t i;

	w->count = t->words;
	w->word = malloc((size_t)t->words * 4);
	for (i = 0; w->word && i < t->words; i++)
		w->word[i] = ak_get_le32(from + (size_t)i * 4);
	return w->word ? 0 : -ENOMEM;
}

static int send_layer(struct akida_program *p, struct board_program *bp,
		      uint32_t layer)
{
	const struct ak_built *b = &bp->built;
	struct ak_program_words *words;
	uint32_t track = 0, num = 0, i;
	size_t k;
	int rc = 0;

	words = calloc(2 * b->num_placements, sizeof(*words));
	if (!words)
		rc = -ENOMEM;
	for (k = 0; k < b->num_placements && !rc; k++) {
		const struct ak_placement *at = &b->placement[k];

		if (at->layer < layer)
			track += 1 + at->external;
		if (at->layer != layer)
			continue;
		rc = copy_track(b, &at->track, &words[num++]);
		if (!rc && at->external)
			rc = copy_track(b, &at->fnp2, &words[num++]);
	}
	if (rc)
		ak_errf(&p->err, rc, "no memory for new weights");
	else
		rc = ak_board_update(p, bp, track, words, num);
	for (i = 0; i < num; i++)
		free(words[i].word);
	free(words);
	return rc;
}

int ak_board_replace(struct akida_program *p, const struct ak_model *next,
		     uint32_t layer)
{
	struct board_program *bp = p->priv;
	uint32_t first = bp->built.first_layer, i;
	uint32_t end = first + bp->built.num_layers;
	struct ak_err ignored;
	int rc;

	if (layer < first)
		return prepare_rest(p, bp, next, &bp->before, 0, first);
	if (layer >= end)
		return prepare_rest(p, bp, next, &bp->after, end,
				    next->num_layers);
	for (i = 0; i < bp->slots; i++)
		if (bp->slot[i].ticket)
			return ak_errf(
				&p->err, -EBUSY,
				"wait for the batches that were submitted before changing weights");
	rc = ak_rebuild_layer(&bp->built, next, layer, &p->err);
	if (rc)
		return rc;
	rc = send_layer(p, bp, layer);
	if (rc)
		ak_rebuild_layer(&bp->built, &p->now, layer, &ignored);
	return rc;
}

static int find_record(struct akida_program *p, const struct ak_note *n,
		       const char *layer, uint32_t *at)
{
	char *end;
	unsigned long number;

	for (*at = 0; *at < n->records; (*at)++)
		if (n->name[*at][0] && !strcmp(n->name[*at], layer))
			return 0;
	number = strtoul(layer, &end, 10);
	if (*layer >= '0' && *layer <= '9' && !*end && number < n->records) {
		*at = (uint32_t)number;
		return 0;
	}
	return ak_errf(
		&p->err, -ENOENT,
		n->records ?
			"the program has no layer '%s'; the first is '%s'" :
			"the program has no layer '%s'%s",
		layer,
		n->records && n->name[0][0] ? n->name[0] :
		n->records		    ? "0" :
					      "");
}

int ak_board_set_weights(struct akida_program *p, const char *layer,
			 const struct akida_array *weights,
			 const struct akida_array *pointwise)
{
	struct board_program *bp = p->priv;
	struct ak_program_words words[AK_PROGRAM_MAX_TRACKS + 1];
	uint32_t record, track, skeleton, num, i;
	int32_t *threshold = NULL;
	float *step = NULL;
	const struct ak_record *r;
	struct ak_layer l;
	int rc = find_record(p, &bp->note, layer, &record);

	if (!rc)
		rc = ak_replace_layer(&bp->note, record, &l, &p->err);
	if (rc)
		return rc;
	if (l.type == AKIDA_LAYER_SEPARABLE_CONV && !pointwise)
		return ak_errf(
			&p->err, -EINVAL,
			"layer '%s' is a SeparableConvolutional: its weights and its pointwise weights are replaced together",
			l.name);
	/* Thresholds stay; they are not what is checked. */
	threshold = calloc(l.out.channels, sizeof(*threshold));
	step = calloc(l.out.channels, sizeof(*step));
	if (!threshold || !step) {
		rc = ak_errf(&p->err, -ENOMEM, "no memory for new weights");
		goto out;
	}
	for (i = 0; i < l.out.channels; i++)
		step[i] = 1;
	l.threshold = threshold;
	l.act_step = step;
	rc = ak_take_weights(&l, weights, pointwise, &p->err);
	if (rc)
		goto out;
	r = ak_note_record(&bp->note, record, &track, &skeleton);
	num = r->num_tracks + r->has_fnp2;
	rc = ak_replace_weights(&bp->note, record, &l, words, &p->err);
	if (!rc)
		rc = ak_board_update(p, bp, track, words, num);
	for (i = 0; i < num; i++)
		free(words[i].word);
out:
	free(threshold);
	free(step);
	return rc;
}
