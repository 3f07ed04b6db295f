// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Integer weights: symmetric, one scale for each filter.
 */
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "convert/eval.h"
#include "convert/quantise_internal.h"
#include "npu/threads.h"

/* Weights this near to integers (in their units) are integers. */
#define EXACT 1e-4
/* Scales that are tried: this many, down to half of the largest weight's. */
#define TRIES 11
/* Sweeps over the weights of a filter; few are needed. */
#define SWEEPS 12
/*
 * Weight of the distance to the float weights, in units of the mean power of
 * an input: keeps what the positions at hand do not tell.
 */
#define RIDGE 0.02

void ak_rows_clear(struct ak_rows *r)
{
	free(r->x);
	free(r->z);
	memset(r, 0, sizeof(*r));
}

/* Largest integer: 7 at 4 bits, 127 at 8, 1 at 2 and 1. */
static int limit(unsigned int bits)
{
	return bits == 1 ? 1 : (1 << (bits - 1)) - 1;
}

static int nearest(double w, double scale, int most, unsigned int bits)
{
	double q;

	if (bits == 1)
		return w > 0 ? 1 : w < 0 ? -1 : 0;
	q = rint(w / scale);
	return (int)fmin(fmax(q, -most), most);
}

static double max_abs(const struct ak_fit *f, size_t n)
{
	double most = 0;
	size_t i;

	for (i = 0; i < f->k; i++)
		most = fmax(most, fabs((double)f->w[i * f->n + n]));
	return most;
}

static bool is_exact(const struct ak_fit *f, size_t n, double scale)
{
	size_t i;

	for (i = 0; i < f->k; i++) {
		double q = (double)f->w[i * f->n + n] / scale;

		if (fabs(q - rint(q)) > EXACT)
			return false;
	}
	return true;
}

/* What the largest weight is if all are integers times a number, else 0. */
static int exact_multiple(const struct ak_fit *f, size_t n, double largest)
{
	int m = limit(f->bits);

	while (m && !is_exact(f, n, largest / m))
		m--;
	return m;
}

bool ak_fit_is_integer(const struct ak_net_layer *l, unsigned int bits)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	struct ak_fit f = {
		.k = l->type == AKIDA_LAYER_FULLY_CONNECTED ?
			     ak_shape_elements(&l->in) :
			     (size_t)l->kernel_h * l->kernel_w * l->in.channels,
		.n = l->filters,
		.bits = bits,
		.w = l->weights,
	};
	size_t n, exact = 0;

	if (l->weights_q || l->weights_pw_q)
		return true;
	if (separable) {
		f.k = l->in.channels;
		f.w = l->weights_pw;
	}
	for (n = 0; n < f.n; n++) {
		double largest = max_abs(&f, n);

		exact += largest > 0 && exact_multiple(&f, n, largest);
	}
	return 2 * exact > f.n;
}

static double error_at(const struct ak_fit *f, size_t n, double scale, int most)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < f->k; i++) {
		double w = (double)f->w[i * f->n + n];
		double d = w - scale * nearest(w, scale, most, f->bits);

		sum += d * d;
	}
	return sum;
}

static void set_nearest(struct ak_fit *f, size_t n, double scale, int most)
{
	size_t i;

	f->scale[n] = scale;
	for (i = 0; i < f->k; i++)
		f->q[i * f->n + n] = (int8_t)nearest((double)f->w[i * f->n + n],
						     scale, most, f->bits);
}

void ak_fit_scale(struct ak_fit *f, size_t n, double scale)
{
	int most = limit(f->bits);
	size_t i;

	f->scale[n] = scale;
	f->exact[n] = is_exact(f, n, scale);
	/* Signs, too, may be zeros here: that is what it is for. */
	for (i = 0; i < f->k; i++)
		f->q[i * f->n + n] = (int8_t)fmin(
			fmax(rint((double)f->w[i * f->n + n] / scale), -most),
			most);
}

/* Signs: the scale of least error is the mean of what is not zero. */
static double mean_abs(const struct ak_fit *f, size_t n)
{
	double sum = 0;
	size_t i, used = 0;

	for (i = 0; i < f->k; i++) {
		double w = fabs((double)f->w[i * f->n + n]);

		sum += w;
		used += w > 0;
	}
	return sum / (double)used;
}

static double try_scale(double largest, int t)
{
	return largest * (1 - 0.5 * t / (TRIES - 1));
}

void ak_fit_nearest(struct ak_fit *f)
{
	int most = limit(f->bits), m, t;
	size_t n;

	for (n = 0; n < f->n; n++) {
		double largest = max_abs(f, n), best, least, error;

		f->exact[n] = true;
		/* Nothing is exactly zero times anything. */
		if (largest == 0) {
			set_nearest(f, n, 1, most);
			continue;
		}
		m = exact_multiple(f, n, largest);
		if (m) {
			set_nearest(f, n, largest / m, most);
			continue;
		}
		f->exact[n] = false;
		best = largest / most;
		if (f->bits == 1) {
			set_nearest(f, n, mean_abs(f, n), most);
			continue;
		}
		least = error_at(f, n, best, most);
		for (t = 1; f->bits < 8 && t < TRIES; t++) {
			error = error_at(f, n, try_scale(largest / most, t),
					 most);
			if (error < least) {
				least = error;
				best = try_scale(largest / most, t);
			}
		}
		set_nearest(f, n, best, most);
	}
}

bool ak_fit_common(struct ak_fit *f)
{
	int most = limit(f->bits), m;
	double largest = 0;
	size_t n;

	for (n = 0; n < f->n; n++)
		largest = fmax(largest, max_abs(f, n));
	if (largest == 0)
		return false;
	for (m = most; m; m--) {
		for (n = 0; n < f->n; n++)
			if (!is_exact(f, n, largest / m))
				break;
		if (n == f->n)
			break;
	}
	for (n = 0; m && n < f->n; n++) {
		set_nearest(f, n, largest / m, most);
		f->exact[n] = true;
	}
	return m;
}

double ak_fit_error(const struct ak_fit *f, double *sum)
{
	double error = 0;
	size_t i, n;

	for (i = 0; i < f->k; i++) {
		for (n = 0; n < f->n; n++) {
			double w = (double)f->w[i * f->n + n];
			double d = w - f->scale[n] * f->q[i * f->n + n];

			error += d * d;
			*sum += w * w;
		}
	}
	return error;
}

/**
 * struct descent - what filters share
 * @f: weights
 * @g: [k][k] second moments of inputs, ridge included
 * @h: [k][n] moments of inputs and float potentials, ridge included
 * @first: filter of chunk 0
 * @failed: a thread had no memory
 */
struct descent {
	struct ak_fit *f;
	const float *g, *h;
	size_t first;
	atomic_bool failed;
};

/*
 * One filter and scale: each weight in turn takes the integer that is best
 * given the others. @r is g * scale * q - h. Returns scale^2 q g q - 2 scale
 * q h, the squared error but for a constant.
 */
static double sweep(const struct descent *d, size_t n, double scale, float *r,
		    int8_t *q)
{
	const struct ak_fit *f = d->f;
	int most = limit(f->bits), s;
	size_t i, j, k = f->k;
	double value = 0;
	bool changed = true;

	for (i = 0; i < k; i++) {
		q[i] = (int8_t)nearest((double)f->w[i * f->n + n], scale, most,
				       f->bits);
		r[i] = -d->h[i * f->n + n];
	}
	for (j = 0; j < k; j++) {
		float a = (float)(scale * q[j]);

		for (i = 0; q[j] && i < k; i++)
			r[i] += a * d->g[j * k + i];
	}
	for (s = 0; s < SWEEPS && changed; s++) {
		changed = false;
		for (j = 0; j < k; j++) {
			double diagonal = (double)d->g[j * k + j];
			double want = q[j] - (double)r[j] / (scale * diagonal);
			int to = (int)fmin(fmax(rint(want), -most), most);
			float a;

			/* A sign has no third value. */
			if (f->bits == 1)
				to = want > 0 ? 1 : -1;
			/* Equal within rounding: stay. */
			if (to == q[j] ||
			    fabs(want - to) > fabs(want - q[j]) - 1e-6)
				continue;
			a = (float)(scale * (to - q[j]));
			for (i = 0; i < k; i++)
				r[i] += a * d->g[j * k + i];
			q[j] = (int8_t)to;
			changed = true;
		}
	}
	for (i = 0; i < k; i++)
		value += scale * q[i] *
			 ((double)r[i] - (double)d->h[i * f->n + n]);
	return value;
}

static void fit_filter(void *arg, unsigned int chunk, unsigned int thread)
{
	struct descent *d = arg;
	struct ak_fit *f = d->f;
	size_t n = d->first + chunk;
	double signs = f->scale[n];
	double largest = max_abs(f, n) / limit(f->bits), least = INFINITY;
	float *r;
	int8_t *q;
	size_t i;
	int t;

	(void)thread;
	if (f->exact[n])
		return;
	r = malloc(f->k * sizeof(*r));
	q = malloc(f->k);
	if (!r || !q)
		d->failed = true;
	for (t = 0; r && q && t < TRIES; t++) {
		double scale = f->bits == 1 ? signs * (1.5 - 0.1 * t) :
					      try_scale(largest, t);
		double value = sweep(d, n, scale, r, q);

		if (value >= least)
			continue;
		least = value;
		f->scale[n] = scale;
		for (i = 0; i < f->k; i++)
			f->q[i * f->n + n] = q[i];
	}
	free(r);
	free(q);
}

/* By the evaluator's inner loops. */
int ak_fit_product(const float *a, size_t rows, size_t k, const float *b,
		   size_t n, float *out, struct npu_threads *threads)
{
	struct ak_conv c = {
		.in = { 1, (uint32_t)rows, (uint32_t)k },
		.out = { 1, (uint32_t)rows, (uint32_t)n },
		.kernel_h = 1,
		.kernel_w = 1,
		.stride_y = 1,
		.stride_x = 1,
	};
	int rc = ak_conv_prepare(&c, b, NULL);

	if (!rc)
		ak_conv_run(&c, threads, a, 0, NULL, out);
	ak_conv_clear(&c);
	return rc;
}

static void center(float *v, size_t rows, size_t n)
{
	size_t r, i;

	for (i = 0; i < n; i++) {
		double sum = 0;

		for (r = 0; r < rows; r++)
			sum += (double)v[r * n + i];
		sum /= (double)rows;
		for (r = 0; r < rows; r++)
			v[r * n + i] -= (float)sum;
	}
}

int ak_fit_rows(struct ak_fit *f, const struct ak_rows *r,
		struct npu_threads *threads)
{
	size_t k = f->k, n = f->n, rows = r->rows, i, j, first;
	float *x = malloc(rows * k * sizeof(*x));
	float *xt = malloc(rows * k * sizeof(*xt));
	float *z = malloc(rows * n * sizeof(*z));
	float *g = malloc(k * k * sizeof(*g)), *h = malloc(k * n * sizeof(*h));
	struct descent d = { .f = f, .g = g, .h = h };
	double power = 0;
	float ridge;
	int rc = x && xt && z && g && h && rows ? 0 : -ENOMEM;

	if (!rc) {
		/* The bias takes care of means. */
		memcpy(x, r->x, rows * k * sizeof(*x));
		memcpy(z, r->z, rows * n * sizeof(*z));
		center(x, rows, k);
		center(z, rows, n);
		for (i = 0; i < rows; i++)
			for (j = 0; j < k; j++)
				xt[j * rows + i] = x[i * k + j];
		rc = ak_fit_product(xt, k, rows, x, k, g, threads);
	}
	if (!rc)
		rc = ak_fit_product(xt, k, rows, z, n, h, threads);
	if (!rc) {
		for (i = 0; i < k; i++)
			power += (double)g[i * k + i];
		/* Inputs that never change still need a place. */
		ridge = (float)(RIDGE * power / (double)k + 1e-6);
		for (i = 0; i < k; i++) {
			g[i * k + i] += ridge;
			for (j = 0; j < n; j++)
				h[i * n + j] += ridge * f->w[i * n + j];
		}
		for (first = 0; first < n; first += 65535) {
			d.first = first;
			npu_threads_run(threads, fit_filter, &d,
					(unsigned int)(n - first < 65535 ?
							       n - first :
							       65535));
		}
		if (d.failed)
			rc = -ENOMEM;
	}
	free(x);
	free(xt);
	free(z);
	free(g);
	free(h);
	return rc;
}
