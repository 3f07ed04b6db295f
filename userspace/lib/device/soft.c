// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The software device: npu/ on this machine's processors.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static int soft_load(struct akida_program *p,
		     const struct akida_load_options *o)
{
	struct npu *n;
	int rc = npu_new(&n, &p->model->model, o, &p->err);

	if (!rc)
		p->priv = n;
	return rc;
}

static void soft_unload(struct akida_program *p)
{
	npu_free(p->priv);
}

static void soft_trace(void *arg, uint32_t layer, const void *data)
{
	struct akida_program *p = arg;
	const struct ak_layer *l = &p->model->model.layers[layer];
	bool bytes = l->activation || l->type == AKIDA_LAYER_INPUT_DATA;

	p->trace(p->trace_arg, layer, l->name, &l->out,
		 bytes ? AKIDA_DTYPE_UINT8 : AKIDA_DTYPE_INT32, data);
}

static int soft_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		    unsigned int batch)
{
	unsigned int i;

	for (i = 0; i < batch; i++)
		npu_run(p->priv, in + i * p->info.input_size,
			out + i * p->info.output_size,
			p->trace ? soft_trace : NULL, p);
	return 0;
}

static size_t soft_memory(const struct akida_program *p)
{
	return npu_memory(p->priv);
}

static void soft_set_profiling(struct akida_program *p, bool on)
{
	npu_set_profiling(p->priv, on);
}

static const char *soft_profile(const struct akida_program *p, uint32_t layer,
				uint64_t *ns, uint64_t *runs)
{
	return npu_layer_time(p->priv, layer, ns, runs);
}

const struct ak_backend ak_backend_soft = {
	.list = soft_list,
	.open = soft_open,
	.load = soft_load,
	.unload = soft_unload,
	.run = soft_run,
	.memory = soft_memory,
	.set_profiling = soft_set_profiling,
	.profile = soft_profile,
};
