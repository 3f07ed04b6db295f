// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/blocks.h"

#include <errno.h>

static int produce(const struct ak_job *job, struct ak_unit *unit,
		   struct ak_err *err)
{
	const struct ak_blocks *b = job->priv;
	const struct ak_quant_format *f = ak_quant_format(b->type);
	uint8_t *to = b->repacked ? unit->scratch : unit->out[0];
	int rc = ak_quantise_rows(unit->quant, f, unit->x, unit->rows,
				  job->cols, to);

	if (!rc && b->repacked)
		rc = ak_q4_0_repack(unit->quant, b->how, to, unit->rows,
				    job->cols, unit->out[0]);
	return rc ? ak_errf(err, rc, "'%s' cannot be stored as %s", job->name,
			    f->name) :
		    0;
}

int ak_blocks_job(struct ak_plan *plan, struct ak_job *job,
		  const struct ak_blocks *b, uint64_t *bytes,
		  struct ak_err *err)
{
	const struct ak_quant_format *f = ak_quant_format(b->type);
	struct ak_blocks *copy = ak_plan_alloc(plan, sizeof(*copy));
	int rc = ak_plan_error(plan, err);
	size_t row;

	if (rc)
		return rc;
	*copy = *b;
	job->priv = copy;
	job->produce = produce;
	job->outputs = 1;
	if (!f->drops_rest && job->cols % f->block &&
	    __builtin_add_overflow(job->cols, f->block - job->cols % f->block,
				   &job->cols))
		return ak_errf(err, -EFBIG, "'%s' is too large", job->name);
	if (b->repacked) {
		job->align = ak_repack_rows(b->how);
		if (job->rows % job->align)
			return ak_errf(
				err, -EINVAL,
				"'%s' has %llu rows, which groups of %u do not divide",
				job->name, (unsigned long long)job->rows,
				job->align);
	}
	if (ak_quant_row_bytes(f, job->cols, &row) ||
	    __builtin_mul_overflow(row, (size_t)job->align,
				   &job->out[0].group_bytes) ||
	    __builtin_mul_overflow((uint64_t)row, job->rows, bytes))
		return ak_errf(err, -EFBIG, "'%s' is too large", job->name);
	if (b->repacked)
		job->scratch_bytes = job->out[0].group_bytes;
	return 0;
}
