// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an AKD1000 or AKD1500 can hold of an Akida 1.0 model. Both chips have
 * the same layers; where the rules come from stands beside each.
 *
 * Official: BrainChip's hardware-compatibility pages for SDK 2.3 and 2.4, and
 * cnn2snn 2.19.1 for the global average.
 */
#include "model/limits.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct check {
	const struct ak_layer *l;
	ak_limit_fn report;
	void *arg;
	int broken;
};

__attribute__((format(printf, 2, 3))) static void broken(struct check *c,
							 const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->broken++;
	if (c->report)
		c->report(c->arg, c->l->name, text);
}

/* Bit n of a mask stands for the value n. */
#define ONE_OF(v, mask) ((v) < 32 && ((mask) >> (v)&1))

static void check_bits(struct check *c, uint32_t weights, const char *names)
{
	const struct ak_layer *l = c->l;

	if (!ONE_OF(l->weights_bits, weights))
		broken(c, "weights of %u bits; %s takes %s", l->weights_bits,
		       akida_layer_type_name(l->type), names);
	if (l->activation && !ONE_OF(l->act_bits, 0x16u))
		broken(c, "activations of %u bits; it must be 1, 2 or 4",
		       l->act_bits);
}

static void check_kernel(struct check *c, uint32_t sizes, const char *names)
{
	const struct ak_layer *l = c->l;

	if (l->kernel_w != l->kernel_h || !ONE_OF(l->kernel_w, sizes))
		broken(c, "a kernel of %ux%u; it must be square, of side %s",
		       l->kernel_w, l->kernel_h, names);
}

static void check_input_conv(struct check *c)
{
	/* Most filters by kernel 3, 5, 7. */
	static const uint32_t grey[] = { 512, 192, 96 };
	static const uint32_t rgb[] = { 192, 64, 32 };
	const struct ak_layer *l = c->l;

	check_bits(c, 0x116u, "1, 2, 4 or 8");
	check_kernel(c, 0xa8u, "3, 5 or 7");
	if (l->in.width < 5 || l->in.width > 256)
		broken(c, "an input width of %u; it must be 5 to 256",
		       l->in.width);
	if (l->in.height < 5)
		broken(c, "an input height of %u; it must be at least 5",
		       l->in.height);
	if (l->in.channels != 1 && l->in.channels != 3)
		broken(c, "%u input channels; it must be 1 or 3",
		       l->in.channels);
	else if (l->kernel_w == l->kernel_h && ONE_OF(l->kernel_w, 0xa8u)) {
		uint32_t most =
			(l->in.channels == 1 ? grey :
					       rgb)[(l->kernel_w - 3) / 2];

		if (l->out.channels > most)
			broken(c,
			       "%u filters; with %u channels and %ux%u kernels at most %u fit",
			       l->out.channels, l->in.channels, l->kernel_w,
			       l->kernel_h, most);
	}
	if (l->stride_x > 3 || l->stride_y > 3)
		broken(c, "a stride of %ux%u; it must be 1 to 3", l->stride_x,
		       l->stride_y);
	if (l->pool_type == AKIDA_POOL_MAX &&
	    (l->pool_w > 2 || l->pool_h > 2 || l->pool_sx != l->pool_w ||
	     l->pool_sy != l->pool_h))
		broken(c,
		       "max pooling %ux%u with stride %ux%u; it must be 1x1, 1x2, 2x1 or 2x2 with the same stride",
		       l->pool_w, l->pool_h, l->pool_sx, l->pool_sy);
}

static void check_conv(struct check *c, const struct ak_layer *next)
{
	const struct ak_layer *l = c->l;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;

	if (separable) {
		check_bits(c, 0x14u, "2 or 4");
		check_kernel(c, 0xa8u, "3, 5 or 7");
	} else {
		check_bits(c, 0x16u, "1, 2 or 4");
		check_kernel(c, 0xaau, "1, 3, 5 or 7");
	}
	if (l->stride_x > 2 || l->stride_y > 2)
		broken(c, "a stride of %ux%u; it must be 1 or 2", l->stride_x,
		       l->stride_y);
	else if ((l->stride_x == 2 || l->stride_y == 2) &&
		 (l->kernel_w != 3 || l->kernel_h != 3))
		broken(c, "a stride of 2 with a kernel of %ux%u; it takes 3x3",
		       l->kernel_w, l->kernel_h);
	if (l->padding != AKIDA_PADDING_SAME)
		broken(c, "padding Valid; it must be Same");
	if (l->pool_type != AKIDA_POOL_MAX)
		return;
	if (l->pool_w > 2 || l->pool_h > 2 || l->pool_sx > l->pool_w ||
	    l->pool_sy > l->pool_h)
		broken(c,
		       "max pooling %ux%u with stride %ux%u; the window must be 1 or 2 and the stride not larger",
		       l->pool_w, l->pool_h, l->pool_sx, l->pool_sy);
	if (!next || (next->type != AKIDA_LAYER_CONV &&
		      next->type != AKIDA_LAYER_SEPARABLE_CONV))
		broken(c,
		       "max pooling before %s; a Convolutional or SeparableConvolutional layer must follow",
		       next ? akida_layer_type_name(next->type) : "nothing");
}

static void check_fc(struct check *c)
{
	const struct ak_layer *l = c->l;

	check_bits(c, 0x16u, "1, 2 or 4");
	if ((l->in.height != 1 || l->in.width != 1) &&
	    ak_shape_elements(&l->in) > 57334)
		broken(c, "%zu inputs; at most 57334 fit unless the map is 1x1",
		       ak_shape_elements(&l->in));
}

static void check_global_average(struct check *c)
{
	const struct akida_shape *s = &c->l->conv;

	if (c->l->pool_type != AKIDA_POOL_AVERAGE)
		return;
	if (s->width > 32)
		broken(c, "a global average over %u columns; at most 32 fit",
		       s->width);
	if (s->height < 3)
		broken(c, "a global average over %u rows; it takes at least 3",
		       s->height);
	if ((uint64_t)s->width * s->height > 256)
		broken(c,
		       "a global average over %ux%u positions; at most 256 fit",
		       s->width, s->height);
}

/*
 * act_step with 4 fractional bits in a 20-bit field is inferred from programs
 * that the SDK compiled; act_step <= 65535 and threshold <= 2^19 - 1 are what
 * BrainChip's development hub writes to silence a neuron. The input layer's
 * field has 24 bits (measured on a compiled program).
 */
static void check_neurons(struct check *c)
{
	const struct ak_layer *l = c->l;
	uint32_t i, steps = 0, thresholds = 0, step = 0, threshold = 0;
	int bits = l->type == AKIDA_LAYER_INPUT_CONV ? 24 : 20;
	int32_t most = (1 << (bits - 1)) - 1;

	for (i = 0; i < l->out.channels; i++) {
		if (l->activation &&
		    (l->act_step[i] > AK_STEP_MAX ||
		     (double)l->act_step[i] * AK_STEP_ONE < 1) &&
		    !steps++)
			step = i;
		if ((l->threshold[i] > most || l->threshold[i] < -most - 1) &&
		    !thresholds++)
			threshold = i;
	}
	if (steps)
		broken(c,
		       "act_step of %u neurons, the first %g at %u; boards hold 1/16 to 65535 (inferred)",
		       steps, (double)l->act_step[step], step);
	if (thresholds)
		broken(c,
		       "threshold of %u neurons, the first %d at %u; it must fit %d bits",
		       thresholds, l->threshold[threshold], threshold, bits);
}

int ak_model_check_limits(const struct ak_model *m, enum akida_target target,
			  ak_limit_fn report, void *arg)
{
	struct check c = { .report = report, .arg = arg };
	uint32_t i;

	if (target != AKIDA_TARGET_AKD1000 && target != AKIDA_TARGET_AKD1500)
		return -EINVAL;
	for (i = 0; i < m->num_layers; i++) {
		const struct ak_layer *next =
			i + 1 < m->num_layers ? &m->layers[i + 1] : NULL;

		c.l = &m->layers[i];
		switch (c.l->type) {
		case AKIDA_LAYER_INPUT_DATA:
			continue;
		case AKIDA_LAYER_INPUT_CONV:
			check_input_conv(&c);
			break;
		case AKIDA_LAYER_CONV:
		case AKIDA_LAYER_SEPARABLE_CONV:
			check_conv(&c, next);
			break;
		case AKIDA_LAYER_FULLY_CONNECTED:
			check_fc(&c);
			break;
		}
		check_global_average(&c);
		check_neurons(&c);
	}
	return c.broken;
}
