// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs: what is the same for every kind of device.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "common/export.h"
#include "device/backend.h"
#include "model/part.h"

#define ALL_CPU_FLAGS                                              \
	(AKIDA_CPU_BASELINE | AKIDA_CPU_AVX2 | AKIDA_CPU_AVXVNNI | \
	 AKIDA_CPU_AVX512VNNI | AKIDA_CPU_NEON | AKIDA_CPU_DOTPROD)

AK_EXPORT struct akida_program *akida_program_new(struct akida_device *d)
{
	struct akida_program *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->device = d;
	atomic_fetch_add(&d->refs, 1);
	return p;
}

static void free_own(struct akida_program *p)
{
	uint32_t i;

	for (i = 0; p->own && i < 2 * p->now.num_layers; i++)
		free(p->own[i]);
	free(p->own);
	free(p->now.layers);
	p->own = NULL;
	p->now = (struct ak_model){ NULL, 0 };
}

AK_EXPORT void akida_program_free(struct akida_program *p)
{
	if (!p)
		return;
	if (p->loaded)
		p->device->backend->unload(p);
	if (p->model)
		ak_model_release(p->model);
	ak_program_drop_ran(p);
	free_own(p);
	ak_device_put(p->device);
	free(p);
}

AK_EXPORT const char *akida_program_error(const struct akida_program *p)
{
	return p->err.text;
}

static int not_loaded(struct akida_program *p)
{
	return ak_errf(&p->err, -EINVAL, "nothing is loaded");
}

static int check_options(struct akida_program *p,
			 const struct akida_load_options *o)
{
	if (o->target > AKIDA_TARGET_AKD1500)
		return ak_errf(&p->err, -EINVAL, "unknown target %d",
			       o->target);
	if (o->threads > 1024)
		return ak_errf(&p->err, -EINVAL,
			       "%u threads; at most 1024 make sense",
			       o->threads);
	if (o->cpu_flags & ~ALL_CPU_FLAGS)
		return ak_errf(&p->err, -EINVAL,
			       "unknown instruction sets 0x%x",
			       o->cpu_flags & ~ALL_CPU_FLAGS);
	if (o->flags & ~(AKIDA_LOAD_REFERENCE | AKIDA_LOAD_PARTIAL))
		return ak_errf(&p->err, -EINVAL, "unknown flags 0x%x",
			       o->flags);
	return 0;
}

static void describe(struct akida_program *p)
{
	const struct ak_model *m = &p->now;
	const struct ak_layer *first = &m->layers[0];
	const struct ak_layer *last = &m->layers[m->num_layers - 1];
	struct akida_program_info *info = &p->info;

	info->input = first->in;
	info->output = last->out;
	info->input_bits = first->in_bits;
	info->output_dtype =
		last->activation ? AKIDA_DTYPE_UINT8 : AKIDA_DTYPE_INT32;
	info->input_size = ak_shape_elements(&first->in);
	info->output_size = ak_shape_elements(&last->out) *
			    akida_dtype_size(info->output_dtype);
	info->num_layers = m->num_layers;
	info->memory = p->device->backend->memory(p);
	p->shift = last->threshold;
	p->scale = last->act_step;
}

int ak_program_ready(struct akida_program *p)
{
	if (p->loaded)
		return ak_errf(&p->err, -EBUSY,
			       "this program has a model already");
	if (!p->device->backend)
		return ak_errf(&p->err, -ENODEV, "the device is not open");
	return 0;
}

AK_EXPORT int akida_program_load(struct akida_program *p, struct akida_model *m,
				 const struct akida_load_options *options)
{
	struct akida_load_options o = { 0 };
	int rc;

	rc = ak_program_ready(p);
	if (options)
		o = *options;
	if (!rc)
		rc = check_options(p, &o);
	if (rc)
		return rc;
	rc = akida_model_check_runnable(m);
	if (rc)
		return ak_errf(&p->err, rc, "%s", akida_model_error(m));
	if (ak_model_part(&m->model, 0, m->model.num_layers, &p->now))
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	p->model = m;
	ak_model_hold(m);
	rc = p->device->backend->load(p, &o);
	if (rc) {
		p->model = NULL;
		free_own(p);
		ak_model_release(m);
		return rc;
	}
	p->loaded = true;
	describe(p);
	return 0;
}

AK_EXPORT int akida_program_info(const struct akida_program *p,
				 struct akida_program_info *info,
				 size_t info_size)
{
	if (!p->loaded)
		return -EINVAL;
	return ak_copy_out(info, info_size, &p->info, sizeof(p->info));
}

static int check_values(struct akida_program *p, const uint8_t *in, size_t size)
{
	size_t i;
	unsigned int most = 0;

	if (p->info.input_bits >= 8)
		return 0;
	for (i = 0; i < size; i++)
		if (in[i] > most)
			most = in[i];
	if (!(most >> p->info.input_bits))
		return 0;
	for (i = 0; in[i] >> p->info.input_bits == 0; i++)
		;
	return ak_errf(
		&p->err, -ERANGE,
		"value %zu of input %zu is %u; the model takes %u-bit inputs, 0 to %u",
		i % p->info.input_size, i / p->info.input_size, in[i],
		p->info.input_bits, (1u << p->info.input_bits) - 1);
}

static int check_size(struct akida_program *p, const char *what, size_t size,
		      size_t one, unsigned int batch)
{
	size_t want;

	if (__builtin_mul_overflow(one, (size_t)batch, &want) || want != size)
		return ak_errf(
			&p->err, -EINVAL,
			"%s of %zu bytes; %u of %zu bytes each are needed",
			what, size, batch, one);
	return 0;
}

int ak_program_check_in(struct akida_program *p, const uint8_t *in, size_t size,
			unsigned int batch)
{
	int rc = p->loaded ? check_size(p, "inputs", size, p->info.input_size,
					batch) :
			     not_loaded(p);

	return rc ? rc : check_values(p, in, size);
}

int ak_program_check_out(struct akida_program *p, const void *out, size_t size,
			 unsigned int batch)
{
	size_t align = akida_dtype_size(p->info.output_dtype);
	int rc = check_size(p, "outputs", size, p->info.output_size, batch);

	if (!rc && (uintptr_t)out % align)
		rc = ak_errf(&p->err, -EINVAL,
			     "the outputs are not aligned to %zu bytes", align);
	return rc;
}

AK_EXPORT int akida_program_run(struct akida_program *p, const void *in,
				size_t in_size, void *out, size_t out_size,
				unsigned int batch)
{
	int rc = ak_program_check_in(p, in, in_size, batch);

	if (!rc)
		rc = ak_program_check_out(p, out, out_size, batch);
	return rc ? rc : p->device->backend->run(p, in, out, batch);
}

AK_EXPORT int akida_program_scores(struct akida_program *p, const void *out,
				   size_t out_size, float *scores, size_t count)
{
	const uint8_t *bytes = out;
	size_t i;

	if (!p->loaded)
		return not_loaded(p);
	if (out_size % p->info.output_size ||
	    out_size / akida_dtype_size(p->info.output_dtype) != count)
		return ak_errf(
			&p->err, -EINVAL,
			"%zu scores for outputs of %zu bytes; an output has %zu bytes and %zu values",
			count, out_size, p->info.output_size,
			ak_shape_elements(&p->info.output));
	for (i = 0; i < count; i++) {
		size_t n = i % p->info.output.channels;
		int32_t pot;

		if (p->info.output_dtype == AKIDA_DTYPE_UINT8) {
			scores[i] = bytes[i];
			continue;
		}
		memcpy(&pot, bytes + i * sizeof(pot), sizeof(pot));
		/* float64: the difference needs 33 bits. */
		scores[i] = (float)(((double)pot - p->shift[n]) /
				    (double)p->scale[n]);
	}
	return 0;
}

AK_EXPORT int akida_program_trace(struct akida_program *p, ak_trace_fn fn,
				  void *arg)
{
	p->trace = fn;
	p->trace_arg = arg;
	return 0;
}

AK_EXPORT int akida_program_set_profiling(struct akida_program *p, bool on)
{
	if (!p->loaded)
		return not_loaded(p);
	if (on)
		p->stats = (struct akida_program_stats){ .runs = 0 };
	p->profiling = on;
	p->device->backend->set_profiling(p, on);
	return 0;
}

AK_EXPORT int akida_program_profile(const struct akida_program *p,
				    unsigned int layer,
				    struct akida_layer_profile *out,
				    size_t out_size)
{
	struct akida_layer_profile full = { 0 };
	const struct ak_layer *l;

	if (!p->model || layer >= p->info.num_layers)
		return -ENOENT;
	l = &p->now.layers[layer];
	full.name = l->name;
	full.macs = ak_layer_macs(l);
	full.kernel =
		p->device->backend->profile(p, layer, &full.ns, &full.runs);
	return ak_copy_out(out, out_size, &full, sizeof(full));
}

AK_EXPORT int akida_program_stats(const struct akida_program *p,
				  struct akida_program_stats *stats,
				  size_t stats_size)
{
	if (!p->loaded)
		return -EINVAL;
	return ak_copy_out(stats, stats_size, &p->stats, sizeof(p->stats));
}
