// SPDX-License-Identifier: GPL-2.0
/*
 * A fit that is claimed must hold for every potential, not only where it was
 * proved; one that is impossible must not be claimed.
 */
#include "checkasm.h"

#include <math.h>

#include "npu/activation.h"
#include "npu/npu.h"
#include "npu/reference.h"

struct neuron {
	struct ak_layer l;
	int32_t threshold;
	float step;
	int32_t t[NPU_MAX_THRESHOLDS];
	uint32_t levels;
};

static void draw(struct rng *r, struct neuron *u)
{
	static const uint32_t bits[] = { 1, 2, 4 };
	uint32_t scale = rng_below(r, 20);

	u->l = (struct ak_layer){ .activation = true,
				  .act_bits = bits[rng_below(r, 3)],
				  .threshold = &u->threshold,
				  .act_step = &u->step };
	u->threshold = rng_range(r, -1000, 1000) * (1 + (int32_t)scale * 50);
	u->step = ldexpf((float)(1 + rng_below(r, 1u << 24)), (int)scale - 26);
	u->levels = npu_num_thresholds(&u->l);
}

/* Every potential of a stretch around each threshold. */
static bool holds(const struct neuron *u, int64_t bias, int64_t scale,
		  int64_t lo, int64_t hi, float mul, float add)
{
	uint32_t i;

	for (i = 0; i < u->levels; i++) {
		int64_t pot = u->t[i] - 40, end = u->t[i] + 40;

		if (pot < lo)
			pot = lo;
		for (; pot <= end && pot <= hi; pot++)
			if (npu_activation_fused(
				    (int32_t)((pot + bias) * scale), mul, add,
				    u->levels) !=
			    npu_activation(u->t, u->levels, (int32_t)pot))
				return false;
	}
	return npu_activation_fused((int32_t)((lo + bias) * scale), mul, add,
				    u->levels) ==
		       npu_activation(u->t, u->levels, (int32_t)lo) &&
	       npu_activation_fused((int32_t)((hi + bias) * scale), mul, add,
				    u->levels) ==
		       npu_activation(u->t, u->levels, (int32_t)hi);
}

static void check_fits(struct rng *r, unsigned int cases)
{
	unsigned int i, fitted = 0, wrong = 0;

	for (i = 0; i < cases; i++) {
		int64_t scale = rng_below(r, 2) ? 1 : NPU_WINO_SCALE;
		int64_t hi = 1 + rng_below(r, 80000000);
		struct neuron u;
		float mul, add;

		draw(r, &u);
		npu_thresholds(&u.l, 0, AKIDA_TARGET_NONE, u.t);
		if (!npu_activation_fit(
			    u.t, u.levels,
			    ldexp((double)u.step, 4 - (int)u.l.act_bits),
			    -(int64_t)u.threshold, scale, -hi, hi, &mul, &add))
			continue;
		fitted++;
		wrong += !holds(&u, -(int64_t)u.threshold, scale, -hi, hi, mul,
				add);
	}
	result(!wrong && fitted > cases / 2,
	       "activation: %u of %u neurons fitted, %u wrongly", fitted, cases,
	       wrong);
}

/*
 * In double: a step has 24 bits and its multiple 28, so nothing is rounded
 * before floor().
 */
static int32_t exact(const struct neuron *u, uint32_t n, double step)
{
	double v = u->threshold + floor(n * step * (1 << (4 - u->l.act_bits)));

	return v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

static void check_thresholds(struct rng *r, unsigned int cases)
{
	unsigned int i, wrong = 0, refused = 0;
	uint32_t n;

	for (i = 0; i < cases; i++) {
		double step, chip;
		struct neuron u;
		int rc;

		draw(r, &u);
		step = (double)u.step;
		npu_thresholds(&u.l, 0, AKIDA_TARGET_NONE, u.t);
		for (n = 0; n < u.levels; n++)
			wrong += u.t[n] != exact(&u, n, step);
		/* Sixteenths, nearest, ties to even as floating point has it. */
		chip = rint(step * 16) / 16;
		rc = npu_thresholds(&u.l, 0, AKIDA_TARGET_AKD1000, u.t);
		wrong += (rc != 0) != (step < 1.0 / 16 || chip >= 65536);
		refused += rc != 0;
		for (n = 0; !rc && n < u.levels; n++)
			wrong += u.t[n] != exact(&u, n, chip);
	}
	result(!wrong, "activation: thresholds, %u of %u steps not for a chip",
	       refused, cases);
}

/* Thresholds that lie on no line. */
static void check_refusal(void)
{
	static const int32_t bent[] = { 0,    1,    2,	  1000, 1001,
					1002, 5000, 5001, 5002, 5003,
					5004, 5005, 5006, 5007, 9000 };
	float mul, add;
	bool fits = npu_activation_fit(bent, 15, 600, 0, 1, -100000, 100000,
				       &mul, &add);

	result(!fits, "activation: no line through bent thresholds");
	fits = npu_activation_fit(bent, 15, 600, INT32_MAX, 1, -100000, 100000,
				  &mul, &add);
	result(!fits, "activation: no accumulator beyond 32 bits");
}

void check_activation(const struct options *o)
{
	struct rng r = { o->seed + 1 };

	check_thresholds(&r, o->cases * 20);
	check_fits(&r, o->cases * 20);
	check_refusal();
}
