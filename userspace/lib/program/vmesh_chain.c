// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The chain that configured NPs are: registers and memories become layers,
 * which npu/ runs. Everything comes from packets and is not to be trusted;
 * ak_layer_resolve() is what decides whether a layer is one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "model/limits.h"
#include "program/vmesh_internal.h"

#define MAX_STAGES 256

static uint32_t reg(const struct unit *u, enum ak_np_reg r)
{
	return ak_get_le32(u->regs + r * 4);
}

#define STAGE(u) (reg(u, AK_NP_STAGE) & 0xff)
#define PASS(u) (reg(u, AK_NP_STAGE) >> 8 & 0xff)
#define SHARE(u) (reg(u, AK_NP_STAGE) >> 16)

void vmesh_chain_free(struct ak_vmesh *v)
{
	uint32_t i;

	npu_free(v->npu);
	v->npu = NULL;
	for (i = 0; i < v->model.num_layers; i++) {
		struct ak_layer *l = &v->model.layers[i];

		free((char *)l->name);
		free((int8_t *)l->weights);
		free((int8_t *)l->weights_pw);
		free((int32_t *)l->threshold);
		free((float *)l->act_step);
	}
	free(v->model.layers);
	free(v->stage);
	v->model.layers = NULL;
	v->model.num_layers = 0;
	v->stage = NULL;
}

static void registers(const struct unit *u, uint32_t regs[AK_NP_NUM_REGS])
{
	uint32_t i;

	for (i = 0; i < AK_NP_NUM_REGS; i++)
		regs[i] = reg(u, (enum ak_np_reg)i);
}

/* Two NPs of a stage: the same layer, but for their filters. */
static bool same_layer(const struct unit *a, const struct unit *b)
{
	static const enum ak_np_reg same[] = {
		AK_NP_LAYOUT,  AK_NP_TYPE,	  AK_NP_STAGE,
		AK_NP_IN_SIZE, AK_NP_IN_CHANNELS, AK_NP_FILTERS,
		AK_NP_KERNEL,  AK_NP_MODE,	  AK_NP_POOL,
		AK_NP_BITS,    AK_NP_PAD_VALUE,	  AK_NP_OUTPUT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(same); i++)
		if (reg(a, same[i]) != reg(b, same[i]))
			return false;
	return true;
}

static bool kind_fits(const struct ak_vmesh *v, const struct unit *u,
		      const struct ak_layer *l, bool external)
{
	uint8_t want;

	if (u == v->hrc)
		return l->type == AKIDA_LAYER_INPUT_CONV;
	switch (l->type) {
	case AKIDA_LAYER_CONV:
		want = AK_NP_CNP1;
		break;
	case AKIDA_LAYER_SEPARABLE_CONV:
		want = AK_NP_CNP2;
		break;
	case AKIDA_LAYER_FULLY_CONNECTED:
		want = external ? AK_NP_FNP2 : AK_NP_FNP3;
		break;
	default:
		want = 0;
	}
	return u->place->kinds & want;
}

static int alloc_arrays(struct ak_layer *l, struct ak_err *err)
{
	uint64_t n = ak_np_filter_weights(l);
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;

	if (!separable && __builtin_mul_overflow(n, l->out.channels, &n))
		n = UINT64_MAX;
	if (n > AK_MAX_ELEMENTS ||
	    (uint64_t)l->in.channels * l->out.channels > AK_MAX_ELEMENTS)
		return ak_errf(err, -EINVAL, "stage '%s': too many weights",
			       l->name);
	l->weights = calloc(n, 1);
	if (separable)
		l->weights_pw =
			calloc((size_t)l->in.channels * l->out.channels, 1);
	l->threshold = calloc(l->out.channels, sizeof(*l->threshold));
	l->act_step = calloc(l->out.channels, sizeof(*l->act_step));
	if (!l->weights || (separable && !l->weights_pw) || !l->threshold ||
	    !l->act_step)
		return ak_errf(err, -ENOMEM, "no memory for stage '%s'",
			       l->name);
	return 0;
}

/* Sign-extends what the fire table has for a neuron. */
static int fire(const struct ak_vmesh *v, const struct unit *u,
		struct ak_layer *l, uint32_t first, uint32_t count,
		struct ak_err *err)
{
	unsigned int shift = u == v->hrc ? 8 : 12;
	int32_t *threshold = (int32_t *)l->threshold + first;
	float *step = (float *)l->act_step + first;
	uint32_t i, word;

	for (i = 0; i < count; i++) {
		/* Scores are the host's: a step of its own does no harm. */
		step[i] = 1;
		if (!l->activation)
			continue;
		threshold[i] =
			(int32_t)(ak_get_le32(u->fire + i * 8) << shift) >>
			shift;
		word = ak_get_le32(u->fire + i * 8 + 4);
		if (!word || word >> 20)
			return ak_errf(err, -EINVAL,
				       "stage '%s': step of neuron %u is 0x%x",
				       l->name, first + i, word);
		step[i] = (float)word / AK_STEP_ONE;
	}
	return 0;
}

static int outside(const struct ak_layer *l, const char *what,
		   struct ak_err *err)
{
	return ak_errf(err, -EINVAL,
		       "stage '%s': its %s lie outside the NP's memory",
		       l->name, what);
}

static int read_external(const struct unit *u, struct ak_layer *l,
			 ak_vmesh_read_fn read, void *arg,
			 const uint32_t fnp2[4], struct ak_err *err)
{
	uint64_t per = ak_np_filter_weights(l), words;
	uint8_t *data;
	int rc;

	words = ak_np_filter_words(l->out.channels, per, l->weights_bits);
	data = malloc((size_t)words * 4);
	if (!data)
		return ak_errf(err, -ENOMEM, "no memory for stage '%s'",
			       l->name);
	rc = read(arg, fnp2[u->place->fnp2], data, (size_t)words * 4);
	if (rc)
		ak_errf(err, rc, "stage '%s': weights at 0x%08x cannot be read",
			l->name, fnp2[u->place->fnp2]);
	else
		ak_np_unpack(data, reg(u, AK_NP_BITS) & AK_NP_BIPOLAR,
			     (int8_t *)l->weights, 1, l->out.channels,
			     l->out.channels, (size_t)per, l->weights_bits);
	free(data);
	return rc;
}

static int filters(const struct ak_vmesh *v, const struct unit *u,
		   struct ak_layer *l, uint32_t first, uint32_t count,
		   struct ak_err *err)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	bool bipolar = reg(u, AK_NP_BITS) & AK_NP_BIPOLAR;
	uint64_t room = vmesh_filter_bytes(v, u), at, words;
	uint64_t per = separable ? l->in.channels : ak_np_filter_weights(l);
	uint64_t taps = (uint64_t)l->kernel_w * l->kernel_h;
	int8_t *to = (int8_t *)(separable ? l->weights_pw : l->weights);

	at = (uint64_t)reg(u, separable ? AK_NP_POINTWISE : AK_NP_WEIGHTS) *
	     AK_NP_ADDR_BYTES;
	words = ak_np_filter_words(count, per, l->weights_bits);
	if (at > room || words > (room - at) / 4)
		return outside(l, "weights", err);
	ak_np_unpack(u->filter + at, bipolar && !separable, to + first, 1,
		     l->out.channels, count, (size_t)per, l->weights_bits);
	if (!separable)
		return 0;
	at = (uint64_t)reg(u, AK_NP_WEIGHTS) * AK_NP_ADDR_BYTES;
	words = ak_np_filter_words(l->in.channels, taps, l->weights_bits);
	if (at > room || words > (room - at) / 4)
		return outside(l, "depthwise weights", err);
	ak_np_unpack(u->filter + at, bipolar, (int8_t *)l->weights, 1,
		     l->in.channels, l->in.channels, (size_t)taps,
		     l->weights_bits);
	return 0;
}

/* The filters of one NP. */
static int add_unit(struct ak_vmesh *v, struct unit *u, struct ak_layer *l,
		    struct stage *s, uint8_t *seen, ak_vmesh_read_fn read,
		    void *arg, const uint32_t fnp2[4], struct ak_err *err)
{
	uint32_t first = reg(u, AK_NP_FIRST), count = reg(u, AK_NP_COUNT), i;
	bool external = reg(u, AK_NP_BITS) & AK_NP_EXTERNAL;
	int rc;

	if (!kind_fits(v, u, l, external))
		return ak_errf(err, -EINVAL,
			       "stage '%s': an NP of another kind", l->name);
	if (!count || first > l->out.channels ||
	    count > l->out.channels - first ||
	    (external && count != l->out.channels))
		return ak_errf(err, -EINVAL,
			       "stage '%s': filters %u to %u of %u", l->name,
			       first, first + count, l->out.channels);
	for (i = first; i < first + count; i++)
		if (seen[i]++)
			return ak_errf(err, -EINVAL,
				       "stage '%s': two NPs have filter %u",
				       l->name, i);
	if (l->activation &&
	    (!u->fire || count > vmesh_fire_bytes(v, u) / (4 * AK_FIRE_WORDS)))
		return outside(l, "thresholds", err);
	rc = fire(v, u, l, first, count, err);
	if (rc)
		return rc;
	if (count > s->most_filters)
		s->most_filters = count;
	s->num_units++;
	if (external)
		return read_external(u, l, read, arg, fnp2, err);
	if (!u->filter)
		return outside(l, "weights", err);
	return filters(v, u, l, first, count, err);
}

/* One stage: all NPs of that number. */
static int make_stage(struct ak_vmesh *v, uint32_t number, struct ak_layer *l,
		      struct stage *s, ak_vmesh_read_fn read, void *arg,
		      const uint32_t fnp2[4], struct ak_err *err)
{
	uint32_t regs[AK_NP_NUM_REGS], filter_count = 0, i;
	struct unit *head = NULL;
	uint8_t *seen = NULL;
	char name[16];
	int rc = 0;

	for (i = 0; i < v->num_units && !rc; i++) {
		struct unit *u = &v->unit[i];

		if (!u->configured || STAGE(u) != number)
			continue;
		if (!head) {
			head = u;
			registers(u, regs);
			rc = ak_np_regs_layer(regs, l, err);
			if (rc)
				break;
			snprintf(name, sizeof(name), "%u", number);
			l->name = strdup(name);
			seen = calloc(l->out.channels, 1);
			rc = l->name && seen ?
				     alloc_arrays(l, err) :
				     ak_errf(err, -ENOMEM, "no memory");
			if (rc)
				break;
		} else if (!same_layer(head, u)) {
			rc = ak_errf(
				err, -EINVAL,
				"stage %u: its NPs were told different layers",
				number);
			break;
		}
		rc = add_unit(v, u, l, s, seen, read, arg, fnp2, err);
		filter_count += reg(u, AK_NP_COUNT);
	}
	free(seen);
	if (!rc && !head)
		rc = ak_errf(err, -EINVAL, "stage %u is missing", number);
	if (!rc &&
	    (filter_count != l->out.channels || s->num_units != SHARE(head)))
		rc = ak_errf(err, -EINVAL,
			     "stage %u: %u of %u filters on %u of %u NPs",
			     number, filter_count, l->out.channels,
			     s->num_units, SHARE(head));
	return rc;
}

static void note_costs(const struct ak_layer *l, struct stage *s)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	uint64_t per = separable ? l->in.channels : ak_np_filter_weights(l);

	s->macs = per * s->most_filters;
	if (separable)
		s->macs += ak_layer_num_weights(l, false);
	s->macs *= (uint64_t)l->conv.width * l->conv.height;
	s->in_elements = ak_shape_elements(&l->in);
	s->outputs = (uint64_t)s->most_filters * l->out.width * l->out.height;
}

/* What the registers say of the input must be what comes. */
static int chain_layer(struct ak_layer *l, const struct ak_layer *prev,
		       bool last, struct ak_err *err)
{
	struct akida_shape in = l->in;
	uint32_t bits = l->in_bits;
	int rc = ak_layer_resolve(l, prev, last, err);

	if (!rc && (memcmp(&in, &l->in, sizeof(in)) || bits != l->in_bits))
		rc = ak_errf(
			err, -EINVAL,
			"stage '%s' was told another input than the stage before it puts out",
			l->name);
	return rc;
}

static int count_stages(const struct ak_vmesh *v, uint32_t *stages,
			const struct unit **any, struct ak_err *err)
{
	const struct unit *first = NULL;
	uint32_t i, most = 0;

	for (i = 0; i < v->num_units; i++) {
		const struct unit *u = &v->unit[i];

		if (!u->configured)
			continue;
		if (first && PASS(u) != PASS(first))
			return ak_errf(
				err, -EINVAL,
				"NPs of passes %u and %u are in the mesh",
				PASS(first), PASS(u));
		first = u;
		if (STAGE(u) >= most)
			most = STAGE(u) + 1;
	}
	if (!first)
		return ak_errf(err, -ENODATA, "nothing is configured");
	*stages = most;
	*any = first;
	return 0;
}

static int make_chain(struct ak_vmesh *v, ak_vmesh_read_fn read, void *arg,
		      const uint32_t fnp2[4], struct ak_err *err)
{
	const struct akida_load_options o = { .threads = v->threads };
	bool data = !v->hrc->configured;
	const struct unit *any = NULL;
	struct ak_layer *layers;
	uint32_t stages = 0, i;
	int rc = count_stages(v, &stages, &any, err);

	if (rc)
		return rc;
	layers = calloc(stages + 1, sizeof(*layers));
	v->stage = calloc(stages + 1, sizeof(*v->stage));
	v->model.layers = layers;
	if (!layers || !v->stage)
		return ak_errf(err, -ENOMEM, "no memory for the mesh");
	v->model.num_layers = stages + data;
	for (i = 0; i < stages && !rc; i++)
		rc = make_stage(v, i, &layers[i + data], &v->stage[i + data],
				read, arg, fnp2, err);
	if (rc)
		return rc;
	if (data) {
		layers[0].type = AKIDA_LAYER_INPUT_DATA;
		layers[0].in = layers[1].in;
		layers[0].in_bits = layers[1].in_bits;
		layers[0].name = strdup("input");
		if (!layers[0].name)
			return ak_errf(err, -ENOMEM, "no memory for the mesh");
	}
	for (i = 0; i < v->model.num_layers && !rc; i++) {
		rc = chain_layer(&layers[i], i ? &layers[i - 1] : NULL,
				 i + 1 == v->model.num_layers, err);
		if (!rc && layers[i].type != AKIDA_LAYER_INPUT_DATA)
			note_costs(&layers[i], &v->stage[i]);
	}
	if (!rc)
		rc = npu_new(&v->npu, &v->model, &o, err);
	if (rc)
		return rc;
	v->io = (struct ak_vmesh_io){
		.in = layers[0].in,
		.in_bits = layers[0].in_bits,
		.hrc = !data,
		.out = layers[v->model.num_layers - 1].out,
		.activation = layers[v->model.num_layers - 1].activation,
		.pass = PASS(any),
	};
	for (i = 0; i < v->num_units; i++)
		if (v->unit[i].configured && STAGE(&v->unit[i]) + 1 == stages)
			v->io.format = reg(&v->unit[i], AK_NP_OUTPUT);
	memcpy(v->fnp2, fnp2, sizeof(v->fnp2));
	return 0;
}

int ak_vmesh_prepare(struct ak_vmesh *v, ak_vmesh_read_fn read, void *arg,
		     const uint32_t fnp2[4], struct ak_vmesh_io *io,
		     struct ak_err *err)
{
	int rc = 0;

	if (!v->npu || memcmp(v->fnp2, fnp2, sizeof(v->fnp2))) {
		vmesh_chain_free(v);
		rc = make_chain(v, read, arg, fnp2, err);
	}
	if (rc)
		vmesh_chain_free(v);
	else
		*io = v->io;
	return rc;
}

static uint64_t nonzero(const uint8_t *p, size_t n)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += !!p[i];
	return count;
}

static void count_stage(void *arg, uint32_t layer, const void *data)
{
	struct ak_vmesh *v = arg;
	const struct ak_layer *l = &v->model.layers[layer];
	const struct stage *s = &v->stage[layer];

	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return;
	/* The share of inputs that are events stands for that of products. */
	v->cycles +=
		ak_np_cycles((uint64_t)((double)s->macs * (double)v->nonzero /
					(double)s->in_elements),
			     s->outputs);
	if (l->activation)
		v->nonzero = nonzero(data, ak_shape_elements(&l->out));
}

void ak_vmesh_run(struct ak_vmesh *v, const uint8_t *in, void *out,
		  uint64_t *cycles)
{
	v->cycles = 0;
	v->nonzero = nonzero(in, ak_shape_elements(&v->io.in));
	npu_run(v->npu, in, out, count_stage, v);
	*cycles = v->cycles;
}
