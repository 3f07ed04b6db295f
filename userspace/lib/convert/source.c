// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rows of a job from the tensors that they come from: one after the other,
 * permuted, transposed, padded.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/plan.h"

/* Rows of a tensor that are transposed at a time: floats of a cache line. */
#define BAND 16

static uint64_t source_row(const struct ak_job *job, uint64_t row)
{
	return job->source.row ? job->source.row(job, row) : row;
}

/* The tensor that a row of the concatenation is in. */
static const struct ak_tensor *tensor_of(const struct ak_job *job,
					 uint64_t *row)
{
	unsigned int i;

	for (i = 0; i < job->source.count; i++) {
		uint64_t rows = ak_tensor_rows(job->source.tensor[i]);

		if (*row < rows)
			return job->source.tensor[i];
		*row -= rows;
	}
	return NULL;
}

static int read_run(const struct ak_tensors *set, const struct ak_job *job,
		    uint64_t from, uint64_t rows, float *x, struct ak_err *err)
{
	const struct ak_tensor *t;
	uint64_t cols, r;
	int rc;

	while (rows) {
		uint64_t n = rows, row = from;

		t = tensor_of(job, &row);
		if (!t)
			return ak_errf(err, -ERANGE,
				       "tensor '%s' has no row %llu", job->name,
				       (unsigned long long)from);
		if (n > ak_tensor_rows(t) - row)
			n = ak_tensor_rows(t) - row;
		cols = ak_tensor_cols(t);
		if (cols == job->cols) {
			rc = ak_tensor_read(set, t, row, n, x, err);
			if (rc)
				return rc;
		} else {
			for (r = 0; r < n; r++) {
				float *to = x + r * job->cols;

				rc = ak_tensor_read(set, t, row + r, 1, to,
						    err);
				if (rc)
					return rc;
				memset(to + cols, 0,
				       (job->cols - cols) * sizeof(*to));
			}
		}
		x += n * job->cols;
		from += n;
		rows -= n;
	}
	return 0;
}

static int read_rows(const struct ak_tensors *set, const struct ak_job *job,
		     uint64_t first, uint64_t rows, float *x,
		     struct ak_err *err)
{
	uint64_t done = 0;

	while (done < rows) {
		uint64_t from = source_row(job, first + done), n = 1;
		int rc;

		if (from == AK_NO_ROW) {
			memset(x, 0, job->cols * sizeof(*x));
		} else {
			while (done + n < rows &&
			       source_row(job, first + done + n) == from + n)
				n++;
			rc = read_run(set, job, from, n, x, err);
			if (rc)
				return rc;
		}
		x += n * job->cols;
		done += n;
	}
	return 0;
}

/* Can a part of a row be read without the rest of it? */
static bool partial(const struct ak_tensor *t)
{
	return t->data &&
	       (t->type == AK_TENSOR_F32 || t->type == AK_TENSOR_F16 ||
		t->type == AK_TENSOR_BF16);
}

size_t ak_source_read_bytes(const struct ak_job *job, uint64_t rows)
{
	const struct ak_tensor *t = job->source.tensor[0];

	if (!job->source.transpose)
		return 0;
	/* The floats of a band, and one row of halves before they are floats. */
	if (partial(t))
		return (BAND + 1) * (size_t)rows * sizeof(float);
	return BAND * (size_t)ak_tensor_cols(t) * sizeof(float);
}

/* Elements @col, ... of a row. */
static void read_part(const struct ak_tensor *t, uint64_t row, uint64_t col,
		      size_t n, float *out, void *halves,
		      const struct ak_quant *quant)
{
	size_t size = ak_tensor_type_size(t->type);
	const uint8_t *from = (const uint8_t *)t->data +
			      (row * ak_tensor_cols(t) + col) * size;

	if (t->type == AK_TENSOR_F32) {
		memcpy(out, from, n * size);
		return;
	}
	/* Tensors in files are not aligned. */
	memcpy(halves, from, n * size);
	if (t->type == AK_TENSOR_F16)
		ak_f16_to_f32(quant, halves, n, out);
	else
		ak_bf16_to_f32(quant, halves, n, out);
}

/* Rows of the job are columns of the tensor, each as the row map says. */
static int read_transposed(const struct ak_tensors *set,
			   const struct ak_job *job, uint64_t first,
			   uint64_t rows, float *x, float *buffer,
			   const struct ak_quant *quant, struct ak_err *err)
{
	const struct ak_tensor *t = job->source.tensor[0];
	uint64_t height = ak_tensor_rows(t), width = ak_tensor_cols(t);
	bool part = partial(t) && !job->source.row && first < width;
	uint64_t r, i, j, n;
	size_t stride = part ? rows : width;

	for (r = 0; r < height; r += n) {
		n = height - r < BAND ? height - r : BAND;
		if (part) {
			uint64_t there =
				width - first < rows ? width - first : rows;

			for (i = 0; i < n; i++)
				read_part(t, r + i, first, there,
					  buffer + i * stride,
					  buffer + BAND * stride, quant);
		} else {
			int rc = ak_tensor_read(set, t, r, n, buffer, err);

			if (rc)
				return rc;
		}
		for (j = 0; j < rows; j++) {
			uint64_t col = source_row(job, first + j);
			float *to = x + j * job->cols + r;

			if (col >= width) {
				memset(to, 0, n * sizeof(*to));
				continue;
			}
			col -= part ? first : 0;
			for (i = 0; i < n; i++)
				to[i] = buffer[i * stride + col];
		}
	}
	for (j = 0; height < job->cols && j < rows; j++)
		memset(x + j * job->cols + height, 0,
		       (job->cols - height) * sizeof(*x));
	return 0;
}

int ak_source_read(const struct ak_tensors *set, const struct ak_job *job,
		   uint64_t first, uint64_t rows, float *x, void *buffer,
		   const struct ak_quant *quant, struct ak_err *err)
{
	if (!job->source.count)
		return 0;
	if (job->source.transpose)
		return read_transposed(set, job, first, rows, x, buffer, quant,
				       err);
	return read_rows(set, job, first, rows, x, err);
}

const float *ak_source_direct(const struct ak_job *job, uint64_t first,
			      uint64_t rows)
{
	const struct ak_tensor *t;
	const uint8_t *p;

	if (!job->source.count || job->source.transpose || job->source.row)
		return NULL;
	t = tensor_of(job, &first);
	if (!t || t->type != AK_TENSOR_F32 || !t->data ||
	    ak_tensor_cols(t) != job->cols || rows > ak_tensor_rows(t) - first)
		return NULL;
	p = (const uint8_t *)t->data + first * job->cols * sizeof(float);
	/* Tensors in files are not always aligned. */
	return (uintptr_t)p % _Alignof(float) ? NULL : (const float *)p;
}

void ak_source_willneed(const struct ak_job *job, uint64_t first, uint64_t rows)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;
	const struct ak_tensor *t;
	uint64_t bytes, from;

	if (job->source.transpose || first >= job->rows)
		return;
	from = source_row(job, first);
	if (from == AK_NO_ROW)
		return;
	t = tensor_of(job, &from);
	if (!t || !t->data)
		return;
	if (rows > ak_tensor_rows(t) - from)
		rows = ak_tensor_rows(t) - from;
	bytes = t->size / ak_tensor_rows(t);
	begin = ((uintptr_t)t->data + from * bytes) & ~(page - 1);
	end = (uintptr_t)t->data + (from + rows) * bytes;
	/* Only a hint: what it says does not matter. */
	posix_madvise((void *)begin, end - begin, POSIX_MADV_WILLNEED);
}
