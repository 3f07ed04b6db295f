// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/bitnet.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "convert/packed.h"
#include "format/bincode.h"

/* Codes of a word of bitnet.rs. */
#define WORD 16

/**
 * struct matrix - what a job needs to know
 * @rule: what weights become
 * @rows: rows of the tensors, without padding
 * @first: first row of each tensor, and the end
 * @factor: of ak_ms_factor(), for each tensor, when it is known
 * @scale: what is stored for each
 * @exact: the tensors are ternary already
 */
struct matrix {
	struct ak_bitnet_rule rule;
	uint64_t rows;
	uint64_t first[AK_SOURCE_TENSORS + 1];
	float factor[AK_SOURCE_TENSORS], scale[AK_SOURCE_TENSORS];
	bool exact;
};

/* Sums of magnitudes, for one scale per tensor. */
static int reduce(const struct ak_job *job, struct ak_unit *unit,
		  struct ak_err *err)
{
	double *sum = unit->state;
	uint64_t i;

	(void)err;
	for (i = 0; i < unit->rows; i++)
		sum[i] = ak_sum_abs(unit->quant, unit->x + i * job->cols,
				    job->cols);
	return 0;
}

/* The row of the tensors that a row of the job is. */
static uint64_t source_row(const struct ak_job *job, uint64_t row)
{
	return job->source.row ? job->source.row(job, row) : row;
}

static int reduced(struct ak_job *job, struct ak_err *err)
{
	struct matrix *m = job->priv;
	const double *row_sum = job->state;
	double sum[AK_SOURCE_TENSORS] = { 0 };
	unsigned int k = 0;
	uint64_t i;

	(void)err;
	if (job->source.row) {
		/* One tensor, whose rows come in another order. */
		uint64_t quarter = job->rows / 4, r;

		for (r = 0; r < m->rows; r++)
			sum[0] += row_sum[r % quarter * 4 + r / quarter];
	} else {
		for (i = 0; i < job->rows; i++) {
			while (i >= m->first[k + 1])
				k++;
			sum[k] += row_sum[i];
		}
	}
	for (k = 0; k < job->source.count; k++) {
		m->factor[k] = ak_ms_factor(
			sum[k], (m->first[k + 1] - m->first[k]) * job->cols);
		m->scale[k] = ak_ms_scale(m->factor[k]);
	}
	return 0;
}

static int done(struct ak_job *job, struct ak_err *err)
{
	const struct matrix *m = job->priv;
	struct ak_bitnet_result *result = job->result;

	(void)err;
	result->scale = m->scale[0];
	return 0;
}

/* Words and scales of rows that may belong to several tensors. */
static int ternarise(const struct ak_job *job, const struct ak_unit *unit,
		     uint32_t *words, float *scales, int8_t *q,
		     struct ak_err *err)
{
	const struct matrix *m = job->priv;
	unsigned int k = 0;
	uint64_t i;
	int rc;

	if (!m->rule.per_tensor && !m->exact) {
		rc = ak_bitnet_rows(unit->quant, m->rule.code, unit->x,
				    unit->rows, job->cols, words, scales);
	} else {
		for (i = 0; i < unit->rows; i++) {
			while (unit->first + i >= m->first[k + 1])
				k++;
			scales[i] = m->scale[k];
			ak_ms_ternary(unit->quant, m->factor[k],
				      unit->x + i * job->cols, job->cols,
				      q + i * job->cols);
		}
		rc = ak_ternary_pack(unit->quant, m->rule.code, q,
				     unit->rows * job->cols, words);
	}
	return rc ? ak_errf(err, rc, "'%s' cannot be packed", job->name) : 0;
}

/*
 * Scratch: scales, words for bincode, ternary values, each for all rows of the
 * unit.
 */
static int produce_words(const struct ak_job *job, struct ak_unit *unit,
			 struct ak_err *err)
{
	const struct matrix *m = job->priv;
	size_t words = unit->rows * job->cols / WORD, i;
	float *scales = unit->scratch;
	uint32_t *packed = (uint32_t *)(scales + unit->rows);
	int8_t *q = (int8_t *)(packed + words);
	int rc = ternarise(job, unit, packed, scales, q, err);

	if (rc)
		return rc;
	if (m->rule.form == AK_BITNET_VARINT) {
		unit->used[0] =
			ak_bincode_put_words(unit->out[0], packed, words);
		for (i = 0; i < unit->rows; i++) {
			uint32_t bits;

			memcpy(&bits, &scales[i], sizeof(bits));
			ak_put_le32(unit->out[1] + 4 * i, bits);
		}
		return 0;
	}
	for (i = 0; i < words; i++)
		ak_put_le32(unit->out[0] + 4 * i, packed[i]);
	for (i = 0; i < unit->rows; i++) {
		uint16_t half;

		ak_f32_to_bf16(unit->quant, &scales[i], 1, &half);
		ak_put_le16(unit->out[1] + 2 * i, half);
	}
	return 0;
}

/* Row 4 r + k of the job is row r + k R of the tensor. */
static uint64_t hf_row(const struct ak_job *job, uint64_t row)
{
	const struct matrix *m = job->priv;
	uint64_t from = row / 4 + row % 4 * (job->rows / 4);

	return from < m->rows ? from : AK_NO_ROW;
}

static int produce_hf(const struct ak_job *job, struct ak_unit *unit,
		      struct ak_err *err)
{
	const struct matrix *m = job->priv;
	int8_t *q = unit->scratch;
	uint64_t i;
	unsigned int k;

	(void)err;
	for (i = 0; i < unit->rows; i += 4) {
		const int8_t *row[4];

		for (k = 0; k < 4; k++) {
			bool there = source_row(job, unit->first + i + k) !=
				     AK_NO_ROW;

			row[k] = there ? q + k * job->cols : NULL;
			if (there)
				ak_ms_ternary(unit->quant, m->factor[0],
					      unit->x + (i + k) * job->cols,
					      job->cols, q + k * job->cols);
		}
		ak_hf_pack4(unit->quant, row, job->cols,
			    unit->out[0] + i / 4 * job->cols);
	}
	return 0;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

static int fill_words(struct ak_job *job, const struct matrix *m,
		      struct ak_err *err)
{
	size_t words;

	/* Rows whose weights fill whole words. */
	job->align = (uint32_t)(WORD / gcd(WORD, job->cols));
	if (job->rows % job->align)
		return ak_errf(
			err, -ENOTSUP,
			"'%s' has %" PRIu64 " x %" PRIu64
			" weights, which 16 does not divide; bitnet.rs cannot store that",
			job->name, job->rows, job->cols);
	words = job->align * job->cols / WORD;
	job->outputs = 2;
	job->out[0].variable = m->rule.form == AK_BITNET_VARINT;
	job->out[0].group_bytes =
		words *
		(job->out[0].variable ? AK_BINCODE_MAX_U32 : sizeof(uint32_t));
	job->out[1].group_bytes =
		job->align * (m->rule.form == AK_BITNET_VARINT ? 4 : 2);
	job->scratch_bytes = job->align * sizeof(float) +
			     words * sizeof(uint32_t) + words * WORD;
	job->produce = produce_words;
	return 0;
}

static void fill_hf(struct ak_job *job)
{
	job->align = 4;
	job->rows = (job->rows + 3) / 4 * 4;
	job->source.row = hf_row;
	job->outputs = 1;
	job->out[0].group_bytes = job->cols;
	job->scratch_bytes = 4 * job->cols;
	job->produce = produce_hf;
	job->done = done;
}

/* Tensors of a checkpoint that is packed: their scales must not be found anew. */
static int find_exact(struct matrix *m, const struct ak_tensor *const *tensor,
		      unsigned int count, struct ak_err *err)
{
	unsigned int k, exact = 0;

	for (k = 0; k < count; k++) {
		if (!ak_packed_scale(tensor[k], &m->scale[k]))
			continue;
		m->factor[k] = 1 / m->scale[k];
		exact++;
	}
	if (exact && exact < count)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' belongs to one matrix with others, of which only some are packed already",
			tensor[0]->file, tensor[0]->name);
	m->exact = exact;
	return 0;
}

int ak_bitnet_job(struct ak_plan *plan, const char *name,
		  const struct ak_tensor *const *tensor, unsigned int count,
		  const struct ak_bitnet_rule *rule, struct ak_job **out,
		  struct ak_err *err)
{
	bool hf = rule->form == AK_BITNET_HF;
	struct matrix *m = ak_plan_alloc(plan, sizeof(*m));
	struct ak_job *job = ak_plan_job(
		plan, name, hf ? sizeof(struct ak_bitnet_result) : 0);
	unsigned int k;
	int rc;

	ak_plan_job_source(plan, job, tensor, count);
	rc = ak_plan_error(plan, err);
	if (rc)
		return rc;
	*out = job;
	job->priv = m;
	m->rule = *rule;
	m->rows = job->rows;
	for (k = 0; k < count; k++)
		m->first[k + 1] = m->first[k] + ak_tensor_rows(tensor[k]);
	if (!job->rows || !job->cols || job->cols > UINT32_MAX)
		return ak_errf(
			err, -ENOTSUP,
			"'%s' cannot be made ternary: its shape is %" PRIu64
			" x %" PRIu64,
			name, job->rows, job->cols);
	rc = find_exact(m, tensor, count, err);
	if (rc)
		return rc;
	if ((rule->per_tensor || hf) && !m->exact) {
		job->state_bytes = sizeof(double);
		job->reduce = reduce;
		job->reduced = reduced;
	}
	if (!hf)
		return fill_words(job, m, err);
	fill_hf(job);
	return 0;
}
