// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of parts: written as the one file of a plan, and parsed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/le.h"
#include "common/xxh64.h"
#include "convert/parts.h"

#define MAGIC "AKIDAPRT"
#define END "AKIDAEND"
#define VERSION 1
#define HEAD 32
#define TAIL 24
#define LINE 48

char *ak_part_name(const char *out, uint32_t part, uint32_t parts)
{
	char *name;

	return asprintf(&name, "%s.part-%u-of-%u", out, part, parts) < 0 ?
		       NULL :
		       name;
}

struct weight {
	size_t job;
	uint64_t weights;
};

static int heavier(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;

	if (x->weights != y->weights)
		return x->weights < y->weights ? 1 : -1;
	return x->job < y->job ? -1 : 1;
}

static int deal(struct ak_plan *plan, uint32_t part, uint32_t parts,
		struct ak_err *err)
{
	struct weight *w = calloc(plan->jobs + 1, sizeof(*w));
	uint64_t *load = calloc(parts, sizeof(*load));
	uint32_t p, least;
	size_t i;

	if (!w || !load) {
		free(w);
		free(load);
		return ak_errf(err, -ENOMEM, "no memory for parts");
	}
	for (i = 0; i < plan->jobs; i++) {
		const struct ak_job *job = &plan->job[i]->job;

		w[i].job = i;
		w[i].weights = job->rows * job->cols;
	}
	qsort(w, plan->jobs, sizeof(*w), heavier);
	for (i = 0; i < plan->jobs; i++) {
		for (least = 0, p = 1; p < parts; p++)
			if (load[p] < load[least])
				least = p;
		/* Jobs without weights are work, too. */
		load[least] += w[i].weights + 1;
		plan->job[w[i].job]->skip = least + 1 != part;
	}
	free(w);
	free(load);
	return 0;
}

static void put_u32(struct ak_buf *b, uint32_t v)
{
	uint8_t bytes[sizeof(v)];

	ak_put_le32(bytes, v);
	ak_buf_add(b, bytes, sizeof(bytes));
}

static void put_u64(struct ak_buf *b, uint64_t v)
{
	uint8_t bytes[sizeof(v)];

	ak_put_le64(bytes, v);
	ak_buf_add(b, bytes, sizeof(bytes));
}

/* The index, when all outputs are in the file. */
static int make_index(void *arg, uint8_t **data, size_t *size,
		      struct ak_err *err)
{
	struct ak_plan *plan = arg;
	const struct ak_plan_file *f = plan->file[0];
	struct ak_buf b = { 0 };
	uint64_t offset = HEAD, results = 0, hash;
	size_t i;

	put_u64(&b, f->outputs);
	for (i = 0; i < f->segments; i++) {
		const struct ak_segment *s = &f->segment[i];

		if (s->kind != AK_SEGMENT_OUTPUT)
			continue;
		put_u64(&b, s->job->index);
		put_u32(&b, s->output);
		put_u32(&b, s->sum.crc);
		put_u64(&b, offset);
		put_u64(&b, s->sum.size);
		put_u64(&b, s->sum.raw);
		put_u64(&b, s->sum.hash);
		offset += s->sum.size;
	}
	for (i = 0; i < plan->jobs; i++)
		results += !plan->job[i]->skip;
	put_u64(&b, results);
	for (i = 0; i < plan->jobs; i++) {
		const struct ak_job *job = &plan->job[i]->job;

		if (plan->job[i]->skip)
			continue;
		put_u64(&b, i);
		put_u64(&b, job->result_bytes);
		ak_buf_add(&b, job->result, job->result_bytes);
	}
	hash = ak_xxh64(b.data, b.size, 0);
	put_u64(&b, b.size);
	put_u64(&b, hash);
	ak_buf_add(&b, END, 8);
	if (b.failed) {
		ak_buf_clear(&b);
		return ak_errf(err, -ENOMEM, "no memory for the index");
	}
	*data = b.data;
	*size = b.size;
	return 0;
}

int ak_part_divide(struct ak_plan *plan, uint32_t part, uint32_t parts,
		   uint64_t digest, struct ak_err *err)
{
	struct ak_plan_file *f;
	unsigned int k;
	size_t i;
	int rc = deal(plan, part, parts, err);

	if (rc)
		return rc;
	ak_plan_drop_files(plan);
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	if (f)
		f->hash = true;
	ak_file_bytes(f, MAGIC, 8);
	ak_file_u32(f, VERSION);
	ak_file_u32(f, part);
	ak_file_u32(f, parts);
	ak_file_u32(f, 0);
	ak_file_u64(f, digest);
	for (i = 0; i < plan->jobs; i++)
		for (k = 0; k < plan->job[i]->job.outputs; k++)
			if (!plan->job[i]->skip)
				ak_file_output(f, &plan->job[i]->job, k);
	ak_file_late(f, make_index, plan);
	return ak_plan_error(plan, err);
}

struct ak_part_output ak_part_output(const struct ak_part *part, uint64_t i)
{
	const uint8_t *p = part->index + i * LINE;
	struct ak_part_output o = {
		.job = ak_get_le64(p),
		.output = ak_get_le32(p + 8),
		.crc = ak_get_le32(p + 12),
		.offset = ak_get_le64(p + 16),
		.size = ak_get_le64(p + 24),
		.raw = ak_get_le64(p + 32),
		.hash = ak_get_le64(p + 40),
	};

	return o;
}

static int damaged(const char *name, struct ak_err *err)
{
	return ak_errf(err, -EBADMSG,
		       "%s: this part is damaged; convert it again", name);
}

int ak_part_parse(const char *name, const uint8_t *data, size_t size,
		  struct ak_part *part, struct ak_err *err)
{
	const uint8_t *index, *p;
	uint64_t bytes, left, i;

	if (size < HEAD + TAIL + 16 || memcmp(data, MAGIC, 8) ||
	    memcmp(data + size - 8, END, 8))
		return ak_errf(err, -EBADMSG,
			       "%s: is not a complete part of a conversion",
			       name);
	if (ak_get_le32(data + 8) != VERSION)
		return ak_errf(
			err, -EBADMSG,
			"%s: is a part in version %u of the format; this program has version %u",
			name, ak_get_le32(data + 8), VERSION);
	part->part = ak_get_le32(data + 12);
	part->parts = ak_get_le32(data + 16);
	part->digest = ak_get_le64(data + 24);
	bytes = ak_get_le64(data + size - TAIL);
	if (bytes < 16 || bytes > size - HEAD - TAIL)
		return damaged(name, err);
	index = data + size - TAIL - bytes;
	if (ak_xxh64(index, bytes, 0) != ak_get_le64(data + size - 16))
		return damaged(name, err);
	part->outputs = ak_get_le64(index);
	part->index = index + 8;
	if (part->outputs > (bytes - 16) / LINE)
		return damaged(name, err);
	for (i = 0; i < part->outputs; i++) {
		struct ak_part_output o = ak_part_output(part, i);

		if (o.offset < HEAD || o.offset > (uint64_t)(index - data) ||
		    o.size > (uint64_t)(index - data) - o.offset)
			return damaged(name, err);
	}
	p = part->index + part->outputs * LINE;
	part->results = ak_get_le64(p);
	part->result = p + 8;
	part->result_bytes = left = bytes - 16 - part->outputs * LINE;
	for (i = 0, p += 8; i < part->results; i++) {
		uint64_t n;

		if (left < 16)
			return damaged(name, err);
		n = ak_get_le64(p + 8);
		if (n > left - 16)
			return damaged(name, err);
		p += 16 + n;
		left -= 16 + n;
	}
	return left ? damaged(name, err) : 0;
}
