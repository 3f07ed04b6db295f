// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Thresholds of spiking neurons.
 *
 * What counts is whether a neuron fires, so its integer threshold is put where
 * the fewest spikes are missing or too many. Each wrong one counts as much as
 * its float potential is away from the threshold: one that was close anyway
 * says little, and counting it in full would fit the calibration data's chance.
 */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "convert/quantise_step.h"
#include "npu/threads.h"

/**
 * struct pot - a position as one neuron sees it
 * @have: integer potential
 * @over: float potential above its threshold
 */
struct pot {
	double have, over;
};

static int by_potential(const void *a, const void *b)
{
	const struct pot *x = a, *y = b;

	return (x->have > y->have) - (x->have < y->have);
}

/* What is wrong if the neuron fires above @threshold. */
static double wrong_at(const struct pot *pot, size_t rows, double threshold)
{
	double wrong = 0;
	size_t i;

	for (i = 0; i < rows; i++)
		if ((pot[i].have > threshold) != (pot[i].over > 0))
			wrong += fabs(pot[i].over);
	return wrong;
}

/*
 * @pot is sorted; thresholds lie between two potentials, and of equally good ones
 * the middle is taken. @nominal stays unless another is better: exact weights
 * and inputs have an exact threshold.
 */
static double best_threshold(const struct pot *pot, size_t rows, double nominal)
{
	double least = wrong_at(pot, rows, nominal), best = nominal;
	double wrong = wrong_at(pot, rows, pot[0].have - 1);
	size_t i, k;

	for (i = 0; i < rows; i = k) {
		double here = pot[i].have;

		for (k = i; k < rows && pot[k].have == here; k++)
			wrong += pot[k].over;
		if (wrong < least - 1e-6 * fabs(least)) {
			least = wrong;
			best = k < rows ? floor((here + pot[k].have - 1) / 2) :
					  here;
		}
	}
	return best;
}

/**
 * struct search - what neurons share
 * @s: step
 * @f: integer weights
 * @r: positions
 * @have: [rows][n] integer potentials
 * @first: neuron of chunk 0
 * @failed: a thread had no memory
 */
struct search {
	struct ak_quant_step *s;
	const struct ak_fit *f;
	const struct ak_rows *r;
	const float *have;
	size_t first;
	atomic_bool failed;
};

static void search_neuron(void *arg, unsigned int chunk, unsigned int thread)
{
	struct search *w = arg;
	const struct ak_rows *r = w->r;
	size_t n = w->first + chunk, i, fire = 0;
	double threshold = (double)w->s->l->threshold[n];
	struct pot *pot = malloc(r->rows * sizeof(*pot));

	(void)thread;
	if (!pot) {
		w->failed = true;
		return;
	}
	for (i = 0; i < r->rows; i++) {
		pot[i].have = (double)w->have[i * r->n + n];
		pot[i].over = (double)r->z[i * r->n + n] - threshold;
		fire += pot[i].over > 0;
	}
	/* Data in which it never changes tell no threshold. */
	if (fire && fire < r->rows) {
		qsort(pot, r->rows, sizeof(*pot), by_potential);
		w->s->fires_above[n] = best_threshold(
			pot, r->rows,
			ak_quant_threshold(threshold - w->s->bias[n],
					   w->f->scale[n]));
	}
	free(pot);
}

int ak_quant_spikes(struct ak_quant_step *s, const struct ak_fit *f,
		    const struct ak_rows *r)
{
	struct search w = { .s = s, .f = f, .r = r };
	float *q = malloc(f->k * f->n * sizeof(*q));
	float *have = malloc(r->rows * r->n * sizeof(*have));
	size_t i;
	int rc;

	s->fires_above = malloc(r->n * sizeof(*s->fires_above));
	if (!q || !have || !s->fires_above) {
		rc = -ENOMEM;
		goto out;
	}
	for (i = 0; i < r->n; i++)
		s->fires_above[i] = NAN;
	for (i = 0; i < f->k * f->n; i++)
		q[i] = (float)f->q[i];
	rc = ak_fit_product(r->x, r->rows, f->k, q, f->n, have, s->threads);
	w.have = have;
	for (; !rc && w.first < r->n; w.first += 65535)
		npu_threads_run(s->threads, search_neuron, &w,
				(unsigned int)(r->n - w.first < 65535 ?
						       r->n - w.first :
						       65535));
	if (w.failed)
		rc = -ENOMEM;
out:
	free(q);
	free(have);
	return rc;
}
