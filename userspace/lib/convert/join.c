// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Puts parts together.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/map.h"
#include "common/xxh64.h"
#include "convert/parts.h"

#define CHUNK (1u << 20)

/**
 * struct found - where an output is
 * @part: number of the part from 0
 * @o: what the part says of it
 * @there: it has been found
 */
struct found {
	uint32_t part;
	struct ak_part_output o;
	bool there;
};

struct ak_parts {
	uint32_t parts;
	struct ak_map *map;
	char **name;
	struct found (*found)[AK_JOB_OUTPUTS]; /* by job */
	bool *result; /* by job */
	uint64_t bytes;
};

void ak_parts_close(struct ak_parts *p)
{
	uint32_t i;

	if (!p)
		return;
	for (i = 0; p->map && i < p->parts; i++)
		ak_map_close(&p->map[i]);
	for (i = 0; p->name && i < p->parts; i++)
		free(p->name[i]);
	free(p->map);
	free(p->name);
	free(p->found);
	free(p->result);
	free(p);
}

/* Into how many parts the first part says that there are. */
static int count_parts(const char *out, uint32_t *parts, struct ak_err *err)
{
	const char *slash = strrchr(out, '/'), *base = slash ? slash + 1 : out;
	char *folder =
		slash ? strndup(out, (size_t)(slash - out) + 1) : strdup(".");
	size_t n = strlen(base);
	DIR *d = folder ? opendir(folder) : NULL;
	struct dirent *e;
	int rc = 0;

	*parts = 0;
	while (!rc && d && (e = readdir(d))) {
		unsigned int of;
		int end = 0;

		if (strncmp(e->d_name, base, n) ||
		    sscanf(e->d_name + n, ".part-1-of-%u%n", &of, &end) != 1 ||
		    e->d_name[n + (size_t)end] || !of || of > AK_PARTS_MAX)
			continue;
		if (*parts)
			rc = ak_errf(
				err, -EEXIST,
				"%s: there are parts of %u and of %u; say which, or remove the others",
				out, *parts, of);
		*parts = of;
	}
	if (d)
		closedir(d);
	free(folder);
	if (!rc && !*parts)
		rc = ak_errf(
			err, -ENOENT,
			"%s.part-1-of-N: there is no such file; convert the parts with --part first",
			out);
	return rc;
}

static int other(const char *name, struct ak_err *err)
{
	return ak_errf(
		err, -EBUSY,
		"%s: is a part of another conversion: of another model, other options or another version of this program",
		name);
}

/* Where the outputs of a part belong. */
static int add_part(struct ak_parts *p, struct ak_plan *plan, uint32_t i,
		    const struct ak_part *part, struct ak_err *err)
{
	const uint8_t *r = part->result;
	uint64_t n;

	for (n = 0; n < part->outputs; n++) {
		struct ak_part_output o = ak_part_output(part, n);
		struct found *f;

		if (o.job >= plan->jobs ||
		    o.output >= plan->job[o.job]->job.outputs)
			return other(p->name[i], err);
		f = &p->found[o.job][o.output];
		if (f->there)
			return other(p->name[i], err);
		f->there = true;
		f->part = i;
		f->o = o;
		p->bytes += o.size;
	}
	for (n = 0; n < part->results; n++) {
		uint64_t job = ak_get_le64(r), size = ak_get_le64(r + 8);

		if (job >= plan->jobs || p->result[job] ||
		    size != plan->job[job]->job.result_bytes)
			return other(p->name[i], err);
		p->result[job] = true;
		memcpy(plan->job[job]->job.result, r + 16, size);
		r += 16 + size;
	}
	return 0;
}

static int open_part(struct ak_parts *p, struct ak_plan *plan, const char *out,
		     uint32_t i, uint64_t digest, struct ak_err *err)
{
	struct ak_part part;
	int rc;

	p->name[i] = ak_part_name(out, i + 1, p->parts);
	if (!p->name[i])
		return ak_errf(err, -ENOMEM, "no memory for a name");
	rc = ak_map_open(p->name[i], &p->map[i], err);
	if (rc)
		return rc;
	rc = ak_part_parse(p->name[i], p->map[i].data, p->map[i].size, &part,
			   err);
	if (rc)
		return rc;
	if (part.digest != digest || part.part != i + 1 ||
	    part.parts != p->parts)
		return other(p->name[i], err);
	return add_part(p, plan, i, &part, err);
}

static int check_complete(const struct ak_parts *p, const struct ak_plan *plan,
			  const char *out, struct ak_err *err)
{
	unsigned int k;
	size_t i;

	for (i = 0; i < plan->jobs; i++) {
		bool there = p->result[i];

		for (k = 0; k < plan->job[i]->job.outputs; k++)
			there = there && p->found[i][k].there;
		if (!there)
			return ak_errf(
				err, -EBADMSG,
				"%s: no part has '%s'; convert all parts again",
				out, plan->job[i]->job.name);
	}
	return 0;
}

int ak_parts_open(struct ak_plan *plan, const char *out, uint32_t parts,
		  uint64_t digest, struct ak_parts **result, struct ak_err *err)
{
	struct ak_parts *p;
	uint32_t i;
	int rc = 0;

	*result = NULL;
	if (!parts)
		rc = count_parts(out, &parts, err);
	if (rc)
		return rc;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ak_errf(err, -ENOMEM, "no memory for parts");
	p->parts = parts;
	p->map = calloc(parts, sizeof(*p->map));
	p->name = calloc(parts, sizeof(*p->name));
	p->found = calloc(plan->jobs + 1, sizeof(*p->found));
	p->result = calloc(plan->jobs + 1, sizeof(*p->result));
	if (!p->map || !p->name || !p->found || !p->result)
		rc = ak_errf(err, -ENOMEM, "no memory for parts");
	for (i = 0; !rc && i < parts; i++)
		rc = open_part(p, plan, out, i, digest, err);
	if (!rc)
		rc = check_complete(p, plan, out, err);
	if (rc) {
		ak_parts_close(p);
		return rc;
	}
	*result = p;
	return 0;
}

static int write_output(struct ak_parts *p, const struct ak_plan_job *pj,
			unsigned int k, struct ak_writer *w, uint64_t *done,
			const struct ak_watch *watch, struct ak_err *err)
{
	const struct found *f = &p->found[pj->job.index][k];
	const uint8_t *data = p->map[f->part].data + f->o.offset;
	bool in_order = ak_writer_in_order(w, pj, k);
	uint64_t at, n;
	int rc = 0;

	if (ak_xxh64(data, f->o.size, 0) != f->o.hash)
		return ak_errf(err, -EBADMSG,
			       "%s: '%s' is damaged; convert this part again",
			       p->name[f->part], pj->job.name);
	for (at = 0; !rc && at < f->o.size; at += n) {
		bool last;

		n = f->o.size - at < CHUNK ? f->o.size - at : CHUNK;
		last = at + n == f->o.size;
		/* What it was before counts once. */
		if (in_order)
			rc = ak_writer_append(w, pj, k, data + at, n,
					      last ? f->o.raw : 0,
					      last ? f->o.crc : 0, err);
		else
			rc = ak_writer_put(w, pj, k, at, data + at, n, err);
		*done += n;
		if (!rc)
			rc = ak_watch_look(watch, *done, p->bytes, err);
	}
	return rc;
}

/* An output of a known size must have it. */
static int check_size(const struct ak_parts *p, const struct ak_plan_job *pj,
		      unsigned int k, struct ak_err *err)
{
	const struct found *f = &p->found[pj->job.index][k];
	const struct ak_output *o = &pj->job.out[k];
	uint64_t bytes = pj->job.rows / pj->job.align * o->group_bytes;

	if ((o->variable || f->o.raw == bytes) &&
	    (pj->pack_bytes[k] || f->o.size == f->o.raw))
		return 0;
	return other(p->name[f->part], err);
}

int ak_parts_write(struct ak_parts *p, struct ak_plan *plan,
		   struct ak_writer *w, const struct ak_watch *watch,
		   struct ak_err *err)
{
	uint64_t done = 0;
	unsigned int k;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < plan->jobs; i++) {
		const struct ak_plan_job *pj = plan->job[i];

		for (k = 0; !rc && k < pj->job.outputs; k++) {
			rc = check_size(p, pj, k, err);
			if (!rc)
				rc = write_output(p, pj, k, w, &done, watch,
						  err);
		}
		if (!rc)
			rc = ak_writer_job_done(w, pj, true, err);
		if (!rc)
			rc = ak_writer_job_done(w, pj, false, err);
	}
	return rc;
}
