// SPDX-License-Identifier: GPL-2.0
/*
 * Whole models: all layers' bytes, all instruction sets, some thread counts.
 */
#include "checkasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "akida/device.h"
#include "npu/internal.h"
#include "npu/npu.h"

/* How layers were run, over all models. */
struct tally {
	unsigned int models, layers, proved, compared, kinds[8];
};

/* The reference's layers; @differs is the first that another run has not. */
struct outputs {
	const struct ak_model *m;
	uint8_t **data;
	bool keep;
	int differs;
};

static size_t output_size(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return ak_shape_elements(&l->in);
	return ak_shape_elements(&l->out) * (l->activation ? 1 : 4);
}

static void see_layer(void *arg, uint32_t i, const void *data)
{
	struct outputs *o = arg;
	size_t size = output_size(&o->m->layers[i]);

	if (o->keep) {
		o->data[i] = malloc(size);
		if (o->data[i])
			memcpy(o->data[i], data, size);
	} else if (o->differs < 0 &&
		   (!o->data[i] || memcmp(o->data[i], data, size))) {
		o->differs = (int)i;
	}
}

static void count_layers(const struct npu *n, struct tally *t)
{
	uint32_t i, p;

	for (i = 0; i < n->num_layers; i++) {
		const struct npu_layer *y = &n->layers[i];

		t->layers++;
		t->kinds[y->kind]++;
		if (y->kind == NPU_INPUT || y->sink != NPU_ACTIVATE ||
		    !n->kernels.fused)
			continue;
		for (p = 0; p < y->panels; p++)
			*(y->fast[p] ? &t->proved : &t->compared) += 1;
	}
}

/*
 * Twice the weights beside the ones that the model has, the two largest maps,
 * a MiB per thread; filters and channels are rounded up to 16 and to 64, which
 * small layers feel, and maps have borders.
 */
static bool memory_ok(const struct npu *n, unsigned int threads)
{
	size_t limit = (size_t)threads << 20, weights = 0, i;

	for (i = 0; i < n->num_layers; i++) {
		const struct ak_layer *l = n->layers[i].l;
		size_t w = ak_layer_num_weights(l, false) +
			   ak_layer_num_weights(l, true);

		weights += w / l->out.channels *
			   ((l->out.channels + 15) / 16 * 16);
		weights += 80 * l->out.channels;
		if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
			weights += (size_t)l->kernel_w * l->kernel_h * 64;
	}
	for (i = 0; i < 2; i++)
		limit += n->maps[i];
	return npu_memory(n) <= limit + 2 * weights;
}

/* One instruction set level; returns a sentence about what is wrong. */
static const char *run_level(const struct random_model *rm,
			     const struct akida_load_options *opt,
			     const uint8_t *in, struct outputs *o,
			     struct tally *t)
{
	uint32_t last = rm->m.num_layers - 1;
	struct guarded out = guarded_new(output_size(&rm->m.layers[last]));
	const char *wrong = NULL;
	struct ak_err err;
	struct npu *n;

	if (npu_new(&n, &rm->m, opt, &err)) {
		guarded_free(&out);
		return "npu_new() failed";
	}
	count_layers(n, t);
	o->differs = -1;
	npu_run(n, in, out.p, NULL, NULL);
	if (memcmp(out.p, o->data[last], out.size))
		wrong = "results differ";
	npu_run(n, in, out.p, see_layer, o);
	if (o->differs >= 0 || memcmp(out.p, o->data[last], out.size))
		wrong = "a layer differs";
	if (!guarded_ok(&out))
		wrong = "written beyond the result";
	if (!wrong && !memory_ok(n, opt->threads))
		wrong = "too much memory";
	npu_free(n);
	guarded_free(&out);
	return wrong;
}

static bool check_model(const struct random_model *rm, struct rng *r,
			unsigned int number, struct tally *t)
{
	uint32_t last = rm->m.num_layers - 1, i;
	struct akida_load_options opt = { .flags = AKIDA_LOAD_REFERENCE };
	struct outputs o = { &rm->m, NULL, true, -1 };
	size_t size = ak_shape_elements(&rm->m.layers[0].in);
	struct guarded in = guarded_new(size);
	struct guarded out = guarded_new(output_size(&rm->m.layers[last]));
	unsigned int count;
	const struct level *l = levels(&count);
	const char *wrong = NULL;
	struct ak_err err;
	struct npu *n;

	o.data = calloc(rm->m.num_layers, sizeof(*o.data));
	random_model_input(rm, r, in.p);
	if (!o.data || npu_new(&n, &rm->m, &opt, &err)) {
		printf("# model %u: the reference cannot run it\n", number);
		return false;
	}
	npu_run(n, in.p, out.p, see_layer, &o);
	npu_free(n);
	o.keep = false;
	opt.flags = 0;
	for (i = 0; i < count && !wrong; i++) {
		if (!l[i].present)
			continue;
		opt.cpu_flags = l[i].flags;
		opt.threads = 1 + (number + i) % 3;
		wrong = run_level(rm, &opt, in.p, &o, t);
		if (wrong) {
			printf("# model %u, %s, %u threads: %s (layer %d)\n",
			       number, l[i].name, opt.threads, wrong,
			       o.differs);
			random_model_print(rm);
		}
	}
	for (i = 0; i < rm->m.num_layers; i++)
		free(o.data[i]);
	free(o.data);
	guarded_free(&in);
	guarded_free(&out);
	return !wrong;
}

void check_models(const struct options *o)
{
	struct tally t = { 0 };
	unsigned int i, bad = 0;

	for (i = 0; i < o->models && bad < 5; i++) {
		struct rng r = { o->seed * 1000003u + i };
		struct random_model rm;

		while (!random_model_new(&rm, &r, i % 4))
			;
		t.models++;
		bad += !check_model(&rm, &r, i, &t);
		random_model_free(&rm);
	}
	result(!bad, "%u random models: every layer as the reference's",
	       t.models);
	printf("# layers: %u input, %u direct, %u separable, %u plain, %u winograd; panels: %u proved, %u compared\n",
	       t.kinds[NPU_INPUT], t.kinds[NPU_DIRECT], t.kinds[NPU_SEPARABLE],
	       t.kinds[NPU_PLAIN], t.kinds[NPU_WINOGRAD], t.proved, t.compared);
	if (o->models >= 200)
		result(t.compared && t.kinds[NPU_PLAIN],
		       "random models reach every fallback");
}
