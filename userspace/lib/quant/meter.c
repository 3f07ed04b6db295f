// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Speed of number formats on one core, beside plain C and memcpy().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "akida/quant.h"
#include "common/cpu.h"
#include "common/export.h"
#include "common/util.h"
#include "quant/kernels.h"

#define DEFAULT_ROWS 4096u
#define DEFAULT_COLS 8192u
#define DEFAULT_SECONDS 0.3
#define ALIGNMENT 64u
/* Rows per call, as a converter cuts a tensor; a multiple of 16. */
#define SLICE 64u
/* Integers on their way to be packed. */
#define CHUNK 4096u
/* Each figure is the best of at least so many runs. */
#define ROUNDS 3u

/**
 * struct akida_quant_meter - a matrix of weights and room for results
 * @fast: functions under test
 * @plain: plain C
 * @rows: of the matrix
 * @cols: of it
 * @seconds: for each figure
 * @x: the weights
 * @out: as many floats
 * @middle: a byte per weight of a slice, for what is packed in a second step
 * @scales: a scale per row
 * @zero_points: a zero point for each 32 weights
 * @max: largest magnitude of each column
 * @scale: of the tensor: what a pass over it has found
 */
struct akida_quant_meter {
	struct ak_quant fast, plain;
	size_t rows, cols;
	double seconds;
	float *x;
	uint8_t *out, *middle;
	float *scales;
	int32_t *zero_points;
	float *max;
	double scale;
};

/**
 * struct slice - rows to be converted
 * @m: the meter
 * @k: functions
 * @x: their weights
 * @rows: how many
 * @first: number of the first
 * @out: room of @rows * cols floats
 */
struct slice {
	struct akida_quant_meter *m;
	const struct ak_quant *k;
	const float *x;
	size_t rows, first;
	uint8_t *out;
};

/**
 * struct job - a format
 * @name: of it
 * @in: bytes read per weight
 * @out: bytes written per weight
 * @type: block format, for the functions that want one
 * @bits: of an integer, likewise
 * @group: weights that share a scale, likewise
 * @calibrate: likewise
 * @prepare: pass over all rows before, or NULL
 * @run: what is measured
 */
struct job {
	const char *name;
	double in, out;
	enum ak_quant_type type;
	unsigned int bits;
	size_t group;
	enum ak_calibrate calibrate;
	void (*prepare)(const struct slice *s);
	void (*run)(const struct job *j, const struct slice *s);
};

static void run_blocks(const struct job *j, const struct slice *s)
{
	ak_quantise_rows(s->k, ak_quant_format(j->type), s->x, s->rows,
			 s->m->cols, s->out);
}

static void run_repacked(const struct job *j, const struct slice *s)
{
	ak_quantise_rows(s->k, ak_quant_format(j->type), s->x, s->rows,
			 s->m->cols, s->m->middle);
	ak_q4_0_repack(s->k, AK_REPACK_X8_IL8, s->m->middle, s->rows,
		       s->m->cols, s->out);
}

/* Weights as their own bytes: half as many elements are read as there are. */
static void run_widen(const struct job *j, const struct slice *s)
{
	ak_dequantise_rows(s->k, ak_quant_format(j->type), s->x, s->rows,
			   s->m->cols, (float *)(void *)s->out);
}

static void run_affine(const struct job *j, const struct slice *s)
{
	struct ak_affine a = { .bits = j->bits,
			       .group = j->group,
			       .calibrate = j->calibrate };
	float *scales = (float *)(void *)(s->out + s->rows * s->m->cols);

	ak_affine_rows(s->k, &a, s->x, s->rows, s->m->cols, s->out, scales,
		       s->m->zero_points, NULL);
}

static void run_signs(const struct job *j, const struct slice *s)
{
	(void)j;
	ak_binarise_rows(s->k, s->x, s->rows, s->m->cols, s->out, s->m->scales);
}

static void run_bitnet(const struct job *j, const struct slice *s)
{
	(void)j;
	ak_bitnet_rows(s->k, AK_CODE_TWOS, s->x, s->rows, s->m->cols,
		       (uint32_t *)(void *)s->out, s->m->scales);
}

static void add_sums(const struct slice *s)
{
	size_t i;

	if (!s->first)
		s->m->scale = 0;
	for (i = 0; i < s->rows; i++)
		s->m->scale +=
			ak_sum_abs(s->k, s->x + i * s->m->cols, s->m->cols);
}

static void run_i2s(const struct job *j, const struct slice *s)
{
	size_t n = s->rows * s->m->cols, i;
	float factor = ak_ms_factor(s->m->scale, s->m->rows * s->m->cols);
	int8_t q[CHUNK];

	(void)j;
	for (i = 0; i < n; i += CHUNK) {
		ak_ms_ternary(s->k, factor, s->x + i, CHUNK, q);
		ak_i2s_pack(s->k, AK_I2S_X86, q, CHUNK, s->out + i / 4);
	}
}

/* Rows that share a byte lie a quarter of the tensor apart. */
static void run_hf(const struct job *j, const struct slice *s)
{
	const size_t cols = s->m->cols, quarter = s->m->rows / 4;
	float factor = ak_ms_factor(s->m->scale, s->m->rows * cols);
	int8_t q[4][CHUNK];
	const int8_t *four[4] = { q[0], q[1], q[2], q[3] };
	size_t r, c, n, i;

	(void)j;
	for (r = s->first / 4; r < (s->first + s->rows) / 4; r++)
		for (c = 0; c < cols; c += n) {
			n = cols - c < CHUNK ? cols - c : CHUNK;
			for (i = 0; i < 4; i++)
				ak_ms_ternary(
					s->k, factor,
					s->m->x + (r + i * quarter) * cols + c,
					n, q[i]);
			ak_hf_pack4(s->k, four, n,
				    s->out + (r - s->first / 4) * cols + c);
		}
}

static void add_maximum(const struct slice *s)
{
	double m = (double)ak_max_abs(s->k, s->x, s->rows * s->m->cols);

	if (!s->first || m > s->m->scale)
		s->m->scale = m;
}

static void run_layer(const struct job *j, const struct slice *s)
{
	size_t n = s->rows * s->m->cols, i;
	int8_t q[CHUNK];

	for (i = 0; i < n; i += CHUNK) {
		ak_intn(s->k, AK_INTN_DIVIDE, j->bits, (float)s->m->scale,
			s->x + i, CHUNK, q);
		ak_pack(s->k, q, CHUNK, j->bits, s->out + i * j->bits / 8);
	}
}

static void run_channels(const struct job *j, const struct slice *s)
{
	const size_t cols = s->m->cols;
	int8_t *q = (int8_t *)s->m->middle;
	size_t r;

	for (r = 0; r < s->rows; r++) {
		ak_intn_rows(s->k, AK_INTN_DIVIDE, j->bits, s->x + r * cols, 1,
			     cols, q, s->m->scales + r);
		ak_pack(s->k, q, cols, j->bits,
			s->out + r * cols * j->bits / 8);
	}
}

static void add_columns(const struct slice *s)
{
	if (!s->first)
		memset(s->m->max, 0, s->m->cols * sizeof(*s->m->max));
	ak_max_abs_cols(s->k, s->x, s->rows, s->m->cols, s->m->max);
}

static void run_columns(const struct job *j, const struct slice *s)
{
	const size_t cols = s->m->cols;
	int8_t *q = (int8_t *)s->m->middle;

	ak_intn_cols(s->k, AK_INTN_DIVIDE, j->bits, s->m->max, s->x, s->rows,
		     cols, q);
	ak_pack(s->k, q, s->rows * cols, j->bits, s->out);
}

#define BLOCKS(label, t, size)                                  \
	{                                                       \
		.name = label, .in = 4, .out = size, .type = t, \
		.run = run_blocks                               \
	}
#define WIDEN(label, t)                                                       \
	{                                                                     \
		.name = label, .in = 2, .out = 4, .type = t, .run = run_widen \
	}
#define AFFINE(label, n, g, c)                                           \
	{                                                                \
		.name = label, .in = 4, .out = 1, .bits = n, .group = g, \
		.calibrate = c, .run = run_affine                        \
	}

static const struct job jobs[] = {
	BLOCKS("Q4_0", AK_QUANT_Q4_0, 18. / 32),
	{ .name = "Q4_0 x8",
	  .in = 4,
	  .out = 18. / 32,
	  .type = AK_QUANT_Q4_0,
	  .run = run_repacked },
	BLOCKS("Q8_0", AK_QUANT_Q8_0, 34. / 32),
	BLOCKS("Q6_K", AK_QUANT_Q6_K, 210. / 256),
	BLOCKS("TQ1_0", AK_QUANT_TQ1_0, 54. / 256),
	BLOCKS("TQ2_0", AK_QUANT_TQ2_0, 66. / 256),
	BLOCKS("F16", AK_QUANT_F16, 2),
	BLOCKS("BF16", AK_QUANT_BF16, 2),
	WIDEN("F16 to F32", AK_QUANT_F16),
	WIDEN("BF16 to F32", AK_QUANT_BF16),
	AFFINE("8 bits per row", 8, 0, AK_CALIBRATE_RANGE),
	AFFINE("4 bits per row", 4, 0, AK_CALIBRATE_RANGE),
	AFFINE("4 bits per 32", 4, 32, AK_CALIBRATE_RANGE),
	AFFINE("4 bits per row, MSE", 4, 0, AK_CALIBRATE_MSE),
	{ .name = "1 bit per row", .in = 4, .out = 1. / 8, .run = run_signs },
	{ .name = "BitNet, bitnet.rs",
	  .in = 4,
	  .out = 1. / 4,
	  .run = run_bitnet },
	{ .name = "BitNet, I2_S",
	  .in = 8,
	  .out = 1. / 4,
	  .prepare = add_sums,
	  .run = run_i2s },
	{ .name = "BitNet, Hugging Face",
	  .in = 8,
	  .out = 1. / 4,
	  .prepare = add_sums,
	  .run = run_hf },
	{ .name = "int4 per layer",
	  .in = 8,
	  .out = 1. / 2,
	  .bits = 4,
	  .prepare = add_maximum,
	  .run = run_layer },
	{ .name = "int4 per channel, rows",
	  .in = 4,
	  .out = 1. / 2,
	  .bits = 4,
	  .run = run_channels },
	{ .name = "int4 per channel, cols",
	  .in = 8,
	  .out = 1. / 2,
	  .bits = 4,
	  .prepare = add_columns,
	  .run = run_columns },
};

/* Processor time: what others do on this core does not count. */
static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Weights per second over @rows rows. */
static double run(struct akida_quant_meter *m, const struct job *j,
		  const struct ak_quant *k, size_t rows)
{
	struct slice s = { .m = m, .k = k, .rows = SLICE };
	double begin = now();
	unsigned int pass;

	for (pass = !j->prepare; pass < 2; pass++)
		for (s.first = 0; s.first < rows; s.first += SLICE) {
			s.x = m->x + s.first * m->cols;
			s.out = m->out + s.first * m->cols * 4;
			if (pass)
				j->run(j, &s);
			else
				j->prepare(&s);
		}
	return (double)(rows * m->cols) / (now() - begin);
}

/* As many rows as take about @seconds: plain C may be slow. */
static size_t rows_for(struct akida_quant_meter *m, const struct job *j,
		       const struct ak_quant *k, double seconds)
{
	double rate = run(m, j, k, SLICE);
	double rows = seconds * rate / (double)m->cols;

	if (rows >= (double)m->rows)
		return m->rows;
	return rows < SLICE ? SLICE : (size_t)rows / SLICE * SLICE;
}

/* Weights per second when @bytes of each are moved, read and written alike. */
static double copy(struct akida_quant_meter *m, double bytes)
{
	size_t size = m->rows * m->cols * sizeof(*m->x);
	double begin = now();

	memcpy(m->out, m->x, size);
	return 2 * (double)size / (now() - begin) / bytes;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

AK_EXPORT unsigned int
akida_quant_meter_formats(const struct akida_quant_meter *m)
{
	(void)m;
	return ARRAY_SIZE(jobs);
}

AK_EXPORT int akida_quant_meter_run(struct akida_quant_meter *m,
				    unsigned int index,
				    struct akida_quant_rate *rate, size_t size)
{
	struct akida_quant_rate r = { .weights = 0 };
	const struct job *j;
	size_t fast, plain;
	unsigned int round;
	double begin;

	if (index >= ARRAY_SIZE(jobs))
		return -ENOENT;
	j = &jobs[index];
	snprintf(r.name, sizeof(r.name), "%s", j->name);
	snprintf(r.isa, sizeof(r.isa), "%s", m->fast.name);
	r.bytes_in = j->in;
	r.bytes_out = j->out;
	fast = rows_for(m, j, &m->fast, m->seconds);
	plain = rows_for(m, j, &m->plain, m->seconds / ROUNDS);
	begin = now();
	for (round = 0; round < ROUNDS || now() - begin < 3 * m->seconds;
	     round++) {
		r.copy = larger(r.copy, copy(m, j->in + j->out));
		r.weights = larger(r.weights, run(m, j, &m->fast, fast));
		if (round < ROUNDS)
			r.reference = larger(r.reference,
					     run(m, j, &m->plain, plain));
	}
	return ak_copy_out(rate, size, &r, sizeof(r));
}

/* Sum of four: nearly normal. */
static void fill(float *x, size_t n)
{
	uint32_t s = 1;
	unsigned int i;

	for (; n; n--, x++)
		for (i = 0, *x = -2; i < 4; i++) {
			s = s * 1664525u + 1013904223u;
			*x += (float)(s >> 8) * 0x1p-24f;
		}
}

static int allocate(struct akida_quant_meter *m)
{
	size_t n;

	if (__builtin_mul_overflow(m->rows, m->cols, &n) ||
	    __builtin_mul_overflow(n, sizeof(*m->x), &n))
		return -EOVERFLOW;
	m->x = aligned_alloc(ALIGNMENT, n);
	m->out = aligned_alloc(ALIGNMENT, n);
	m->middle = calloc(SLICE, m->cols);
	m->scales = calloc(SLICE, sizeof(*m->scales));
	m->zero_points = calloc(SLICE * m->cols / 32, sizeof(*m->zero_points));
	m->max = calloc(m->cols, sizeof(*m->max));
	if (!m->x || !m->out || !m->middle || !m->scales || !m->zero_points ||
	    !m->max)
		return -ENOMEM;
	fill(m->x, m->rows * m->cols);
	memset(m->out, 0, n);
	return 0;
}

AK_EXPORT struct akida_quant_meter *
akida_quant_meter_new(const struct akida_quant_options *options, size_t size)
{
	struct akida_quant_meter *m = calloc(1, sizeof(*m));
	struct akida_quant_options o = { 0 };
	uint32_t flags = ak_cpu_flags();

	if (!m)
		return NULL;
	if (options)
		memcpy(&o, options, size < sizeof(o) ? size : sizeof(o));
	m->rows = o.rows ? o.rows : DEFAULT_ROWS;
	m->cols = o.cols ? o.cols : DEFAULT_COLS;
	m->seconds = o.seconds > 0 ? o.seconds : DEFAULT_SECONDS;
	ak_quant_init_c(&m->plain);
	ak_quant_init(&m->fast, o.cpu_flags ? flags & o.cpu_flags : flags);
	/* Whole slices of whole chunks. */
	m->rows = (m->rows + SLICE - 1) / SLICE * SLICE;
	if (m->cols % 256 || allocate(m)) {
		akida_quant_meter_free(m);
		return NULL;
	}
	return m;
}

AK_EXPORT void akida_quant_meter_free(struct akida_quant_meter *m)
{
	if (!m)
		return;
	free(m->x);
	free(m->out);
	free(m->middle);
	free(m->scales);
	free(m->zero_points);
	free(m->max);
	free(m);
}
