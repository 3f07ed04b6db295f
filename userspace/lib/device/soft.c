// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The software device: npu/ on this machine's processors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/cpu.h"
#include "common/export.h"
#include "device/backend.h"
#include "npu/npu.h"

AK_EXPORT uint32_t akida_cpu_flags(void)
{
	return ak_cpu_flags();
}

static int soft_list(unsigned int i, struct akida_device_info *info)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t flags = akida_cpu_flags();
	const char *isa = "plain C";

	if (i)
		return -ENOENT;
	if (flags & AKIDA_CPU_AVX512VNNI)
		isa = "AVX-512 VNNI";
	else if (flags & AKIDA_CPU_AVXVNNI)
		isa = "AVX-VNNI";
	else if (flags & AKIDA_CPU_AVX2)
		isa = "AVX2";
	else if (flags & AKIDA_CPU_DOTPROD)
		isa = "NEON with dot product";
	else if (flags & AKIDA_CPU_NEON)
		isa = "NEON";
	snprintf(info->name, sizeof(info->name), "soft");
	info->threads = cpus > 0 ? (uint32_t)cpus : 1;
	snprintf(info->description, sizeof(info->description),
		 "software backend, %u processor%s, %s", info->threads,
		 info->threads == 1 ? "" : "s", isa);
	return 0;
}

static int soft_open(struct akida_device *d, const char *name)
{
	(void)d;
	return strcmp(name, "soft") ? -ENODEV : 0;
}

/**
 * struct soft - a model on this machine's processors
 * @npu: prepared
 * @options: how
 */
struct soft {
	struct npu *npu;
	struct akida_load_options options;
};

static struct npu *npu_of(const struct akida_program *p)
{
	const struct soft *s = p->priv;

	return s->npu;
}

static int soft_load(struct akida_program *p,
		     const struct akida_load_options *o)
{
	struct soft *s = malloc(sizeof(*s));
	int rc;

	if (!s)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	s->options = *o;
	rc = npu_new(&s->npu, &p->now, o, &p->err);
	if (rc)
		free(s);
	else
		p->priv = s;
	return rc;
}

static void soft_unload(struct akida_program *p)
{
	struct soft *s = p->priv;

	npu_free(s->npu);
	free(s);
}

static int soft_replace(struct akida_program *p, const struct ak_model *next,
			uint32_t layer)
{
	struct soft *s = p->priv;
	struct npu *n;
	int rc = npu_new(&n, next, &s->options, &p->err);

	(void)layer;
	if (rc)
		return rc;
	npu_free(s->npu);
	s->npu = n;
	npu_set_profiling(n, p->profiling);
	return 0;
}

static unsigned int soft_slots(const struct akida_program *p)
{
	(void)p;
	return 0;
}

static void soft_trace(void *arg, uint32_t layer, const void *data)
{
	struct akida_program *p = arg;
	const struct ak_layer *l = &p->now.layers[layer];
	bool bytes = l->activation || l->type == AKIDA_LAYER_INPUT_DATA;

	p->trace(p->trace_arg, layer, l->name, &l->out,
		 bytes ? AKIDA_DTYPE_UINT8 : AKIDA_DTYPE_INT32, data);
}

static int soft_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		    unsigned int batch)
{
	uint64_t begun = p->profiling ? ak_now_ns() : 0;
	unsigned int i;

	for (i = 0; i < batch; i++)
		npu_run(npu_of(p), in + i * p->info.input_size,
			out + i * p->info.output_size,
			p->trace ? soft_trace : NULL, p);
	if (p->profiling) {
		p->stats.runs += batch;
		p->stats.host_ns += ak_now_ns() - begun;
	}
	return 0;
}

static size_t soft_memory(const struct akida_program *p)
{
	return npu_memory(npu_of(p));
}

static void soft_set_profiling(struct akida_program *p, bool on)
{
	npu_set_profiling(npu_of(p), on);
}

static const char *soft_profile(const struct akida_program *p, uint32_t layer,
				uint64_t *ns, uint64_t *runs)
{
	return npu_layer_time(npu_of(p), layer, ns, runs);
}

const struct ak_backend ak_backend_soft = {
	.list = soft_list,
	.open = soft_open,
	.load = soft_load,
	.unload = soft_unload,
	.slots = soft_slots,
	.replace = soft_replace,
	.run = soft_run,
	.memory = soft_memory,
	.set_profiling = soft_set_profiling,
	.profile = soft_profile,
};
