// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/stats.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "npu/threads.h"
#include "quant/quant.h"

/* Elements of a piece: some hundred microseconds, 1 MiB of floats. */
#define PIECE (1u << 18)
#define LANES 4
/* Pieces between two reports, for each thread. */
#define BATCH 16

/* Some rows, or a part of a row that is longer than a piece. */
struct piece {
	size_t tensor;
	uint64_t first, rows, col, cols;
};

struct sums {
	uint64_t finite, nan, inf;
	double min, max, squares;
};

/* Reads tensors of @set, or @weight of @view. */
struct job {
	const struct ak_tensors *set;
	const struct ak_view *view;
	const struct ak_view_tensor *weight;
	struct piece *piece;
	struct sums *sums;
	size_t base;
	float **buffer;
	pthread_mutex_t lock;
	int rc;
	struct ak_err *err;
};

static void careful(const float *x, size_t n, struct sums *s)
{
	size_t i;

	for (i = 0; i < n; i++) {
		double v = (double)x[i];

		if (isnan(v)) {
			s->nan++;
		} else if (isinf(v)) {
			s->inf++;
		} else {
			if (!s->finite || v < s->min)
				s->min = v;
			if (!s->finite || v > s->max)
				s->max = v;
			s->squares += v * v;
			s->finite++;
		}
	}
}

typedef float vf __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t vi __attribute__((vector_size(LANES * sizeof(float))));

static vf select_lanes(vi mask, vf a, vf b)
{
	return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

/* All are finite, and there is at least one. */
static void extremes(const float *x, size_t n, float *min, float *max)
{
	vf low = { x[0], x[0], x[0], x[0] }, high = low, v;
	size_t i, k;

	for (i = 0; i + LANES <= n; i += LANES) {
		memcpy(&v, x + i, sizeof(v));
		low = select_lanes(v < low, v, low);
		high = select_lanes(v > high, v, high);
	}
	*min = *max = x[0];
	for (k = 0; k < LANES; k++) {
		*min = low[k] < *min ? low[k] : *min;
		*max = high[k] > *max ? high[k] : *max;
	}
	for (; i < n; i++) {
		*min = x[i] < *min ? x[i] : *min;
		*max = x[i] > *max ? x[i] : *max;
	}
}

static void measure(const float *x, size_t n, struct sums *s)
{
	double squares = ak_dot(ak_quant_best(), x, x, n);
	float min, max;

	/* What is not finite makes the sum not finite. */
	if (!n || !isfinite(squares)) {
		careful(x, n, s);
		return;
	}
	extremes(x, n, &min, &max);
	s->finite = n;
	s->min = (double)min;
	s->max = (double)max;
	s->squares = squares;
}

static int read_piece(const struct job *j, const struct piece *p, float *x,
		      struct ak_err *err)
{
	const struct ak_tensor *t;

	if (j->view)
		return ak_view_read(j->view, j->weight, p->first, p->rows, x,
				    err);
	t = ak_tensors_at(j->set, p->tensor);
	if (p->cols < ak_tensor_cols(t))
		return ak_tensor_read_part(j->set, t, p->first, p->col, p->cols,
					   x, err);
	return ak_tensor_read(j->set, t, p->first, p->rows, x, err);
}

static void run_piece(void *arg, unsigned int chunk, unsigned int thread)
{
	struct job *j = arg;
	const struct piece *p = &j->piece[j->base + chunk];
	struct ak_err err = { "" };
	float *x = j->buffer[thread];
	int rc = read_piece(j, p, x, &err);

	if (!rc) {
		measure(x, (size_t)(p->rows * p->cols),
			&j->sums[j->base + chunk]);
		return;
	}
	pthread_mutex_lock(&j->lock);
	if (!j->rc) {
		j->rc = rc;
		if (j->err)
			*j->err = err;
	}
	pthread_mutex_unlock(&j->lock);
}

/* Rows and columns of a piece of a tensor. */
static void piece_size(const struct ak_tensor *t, uint64_t *rows,
		       uint64_t *cols)
{
	*cols = ak_tensor_cols(t);
	/* Types of other files come in rows, however long. */
	if (*cols > PIECE && t->type != AK_TENSOR_OTHER)
		*cols = PIECE;
	*rows = *cols == ak_tensor_cols(t) && *cols && *cols < PIECE ?
			PIECE / *cols :
			1;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t parts(uint64_t all, uint64_t part)
{
	return (all + part - 1) / part;
}

static size_t count_pieces(const struct ak_tensor *t)
{
	uint64_t rows, cols;

	piece_size(t, &rows, &cols);
	if (!t->count || !ak_tensor_readable(t))
		return 0;
	return (size_t)(parts(ak_tensor_rows(t), rows) *
			parts(ak_tensor_cols(t), cols));
}

static struct piece *add_pieces(const struct ak_tensors *set, size_t i,
				struct piece *p, uint64_t *longest)
{
	const struct ak_tensor *t = ak_tensors_at(set, i);
	uint64_t rows, cols, r, c;

	if (!count_pieces(t))
		return p;
	piece_size(t, &rows, &cols);
	for (r = 0; r < ak_tensor_rows(t); r += rows)
		for (c = 0; c < ak_tensor_cols(t); c += cols, p++) {
			p->tensor = i;
			p->first = r;
			p->rows = least(rows, ak_tensor_rows(t) - r);
			p->col = c;
			p->cols = least(cols, ak_tensor_cols(t) - c);
			if (p->rows * p->cols > *longest)
				*longest = p->rows * p->cols;
		}
	return p;
}

/* In the order of pieces, so that the sum is always the same. */
static void add_sums(struct ak_stats *to, const struct sums *s)
{
	if (s->finite && (!to->finite || s->min < to->min))
		to->min = s->min;
	if (s->finite && (!to->finite || s->max > to->max))
		to->max = s->max;
	to->finite += s->finite;
	to->nan += s->nan;
	to->inf += s->inf;
	to->rms += s->squares;
}

static void finish(struct ak_stats *s)
{
	if (s->finite)
		s->rms = sqrt(s->rms / (double)s->finite);
}

static void run_all(struct job *j, struct npu_threads *threads, size_t pieces,
		    uint64_t total, ak_stats_progress progress, void *arg)
{
	size_t batch = (size_t)npu_threads_count(threads) * BATCH, i;
	uint64_t done = 0;

	for (j->base = 0; j->base < pieces && !j->rc; j->base += batch) {
		size_t n = pieces - j->base < batch ? pieces - j->base : batch;

		npu_threads_run(threads, run_piece, j, (unsigned int)n);
		for (i = 0; i < n; i++)
			done += j->piece[j->base + i].rows *
				j->piece[j->base + i].cols;
		if (progress)
			progress(arg, done, total);
	}
}

static int run(struct job *j, unsigned int threads, size_t pieces,
	       uint64_t longest, uint64_t total, ak_stats_progress progress,
	       void *arg)
{
	struct npu_threads *t = npu_threads_new(threads);
	unsigned int n = t ? npu_threads_count(t) : 0, i;
	int rc = 0;

	pthread_mutex_init(&j->lock, NULL);
	j->buffer = calloc(n + 1, sizeof(*j->buffer));
	for (i = 0; i < n && j->buffer; i++) {
		j->buffer[i] = malloc((size_t)longest * sizeof(float) + 1);
		if (!j->buffer[i])
			rc = -ENOMEM;
	}
	if (!t || !j->buffer || rc)
		rc = ak_errf(j->err, -ENOMEM, "no memory to read tensors");
	else
		run_all(j, t, pieces, total, progress, arg);
	npu_threads_free(t);
	for (i = 0; i < n && j->buffer; i++)
		free(j->buffer[i]);
	free(j->buffer);
	pthread_mutex_destroy(&j->lock);
	return rc ? rc : j->rc;
}

int ak_stats(const struct ak_tensors *set, unsigned int threads,
	     struct ak_stats *stats, ak_stats_progress progress, void *arg,
	     struct ak_err *err)
{
	size_t count = ak_tensors_count(set), pieces = 0, i;
	struct job j = { .set = set, .err = err };
	uint64_t total = 0, longest = 0;
	struct piece *p;
	int rc;

	memset(stats, 0, count * sizeof(*stats));
	for (i = 0; i < count; i++) {
		const struct ak_tensor *t = ak_tensors_at(set, i);

		pieces += count_pieces(t);
		stats[i].known = ak_tensor_readable(t);
		total += stats[i].known ? t->count : 0;
	}
	j.piece = calloc(pieces + 1, sizeof(*j.piece));
	j.sums = calloc(pieces + 1, sizeof(*j.sums));
	if (!j.piece || !j.sums) {
		rc = ak_errf(err, -ENOMEM, "no memory to read tensors");
		goto out;
	}
	for (p = j.piece, i = 0; i < count; i++)
		p = add_pieces(set, i, p, &longest);
	rc = run(&j, threads, pieces, longest, total, progress, arg);
	for (i = 0; i < pieces && !rc; i++)
		add_sums(&stats[j.piece[i].tensor], &j.sums[i]);
	for (i = 0; i < count; i++)
		finish(&stats[i]);
out:
	free(j.piece);
	free(j.sums);
	return rc;
}

int ak_stats_view(const struct ak_view *view,
		  const struct ak_view_tensor *weight, unsigned int threads,
		  struct ak_stats *stats, struct ak_err *err)
{
	struct job j = { .view = view, .weight = weight, .err = err };
	uint64_t rows =
		weight->cols && weight->cols < PIECE ? PIECE / weight->cols : 1;
	size_t pieces = weight->cols ? (size_t)parts(weight->rows, rows) : 0, i;
	int rc = 0;

	memset(stats, 0, sizeof(*stats));
	stats->known = true;
	j.piece = calloc(pieces + 1, sizeof(*j.piece));
	j.sums = calloc(pieces + 1, sizeof(*j.sums));
	if (!j.piece || !j.sums)
		rc = ak_errf(err, -ENOMEM, "no memory to read tensors");
	for (i = 0; i < pieces && !rc; i++) {
		j.piece[i].first = i * rows;
		j.piece[i].rows = least(rows, weight->rows - i * rows);
		j.piece[i].cols = weight->cols;
	}
	if (!rc)
		rc = run(&j, threads, pieces, rows * weight->cols, 0, NULL,
			 NULL);
	for (i = 0; i < pieces && !rc; i++)
		add_sums(stats, &j.sums[i]);
	finish(stats);
	free(j.piece);
	free(j.sums);
	return rc;
}
