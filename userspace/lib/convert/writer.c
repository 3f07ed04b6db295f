// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/out.h"
#include "common/xxh64.h"
#include "convert/deflate.h"
#include "convert/spool.h"
#include "format/zip_write.h"

/* Bytes after which the disk is told to begin. */
#define KICK (32u << 20)

/**
 * struct file - a file that is being written
 * @plan: what it consists of
 * @out: open file, NULL before and after
 * @zip: of an archive
 * @spool: of each segment, for files that are written in order
 * @hash: of each segment, of parts
 * @cursor: segment that is being written
 * @written: bytes after which the disk was told to begin
 * @put: bytes written at offsets
 * @left: outputs that are not complete
 * @in_order: no offsets are known
 * @entry: an entry of the archive is open
 * @done: it is finished
 * @broken: why it could not be opened, a negative errno
 * @err: its sentence
 * @raw: bytes of the open entry before they were deflated, for AK_FILE_ZIP
 * @crc: CRC-32 of those
 * @lock: for opening, and for @left
 */
struct file {
	struct ak_plan_file *plan;
	struct ak_out *out;
	struct ak_zip_writer *zip;
	struct ak_spool *spool;
	struct ak_xxh64 *hash;
	size_t cursor;
	uint64_t written;
	atomic_uint_least64_t put;
	size_t left;
	bool in_order, entry, done;
	int broken;
	struct ak_err err;
	uint64_t raw;
	uint32_t crc;
	pthread_mutex_t lock;
};

struct ak_writer {
	struct ak_plan *plan;
	struct ak_target *target;
	struct ak_journal *journal;
	struct ak_spools spools;
	struct ak_deflate *deflate;
	struct file *file;
	size_t files;
	pthread_mutex_t lock; /* for the journal */
};

static const char *name_of(const struct ak_writer *w, const struct file *f)
{
	return f->plan->name ? f->plan->name : w->target->out;
}

static int no_memory(const struct ak_writer *w, const struct file *f,
		     struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "%s: no memory to write it",
		       name_of(w, f));
}

static int init_file(struct ak_writer *w, struct file *f,
		     struct ak_plan_file *plan, struct ak_err *err)
{
	size_t i;

	f->plan = plan;
	f->left = plan->outputs;
	pthread_mutex_init(&f->lock, NULL);
	/* Late bytes at the end of a file leave all offsets known. */
	f->in_order = ak_file_is_zip(plan->kind);
	for (i = 0; i < plan->segments; i++) {
		const struct ak_segment *s = &plan->segment[i];

		if (s->kind == AK_SEGMENT_OUTPUT &&
		    s->job->out[s->output].variable)
			f->in_order = true;
		if (s->kind == AK_SEGMENT_LATE && !s->sized &&
		    i + 1 < plan->segments)
			f->in_order = true;
	}
	if (plan->hash)
		f->in_order = true;
	if (f->in_order) {
		f->spool = calloc(plan->segments + 1, sizeof(*f->spool));
		if (!f->spool)
			return no_memory(w, f, err);
	}
	if (plan->hash) {
		f->hash = calloc(plan->segments + 1, sizeof(*f->hash));
		if (!f->hash)
			return no_memory(w, f, err);
		for (i = 0; i < plan->segments; i++)
			ak_xxh64_init(&f->hash[i], 0);
	}
	f->done = w->journal && plan->name &&
		  ak_journal_has(w->journal, w->target, plan->name);
	return 0;
}

int ak_writer_new(struct ak_plan *plan, struct ak_target *target,
		  struct ak_journal *journal, size_t spool_memory,
		  struct ak_writer **out, struct ak_err *err)
{
	struct ak_writer *w = calloc(1, sizeof(*w));
	char *path = w ? ak_target_path(target, "x") : NULL;
	size_t i;
	int rc = 0;

	*out = NULL;
	if (path) {
		w->deflate = ak_deflate_new();
		w->file = calloc(plan->files, sizeof(*w->file));
	}
	if (!path || !w->deflate || !w->file ||
	    ak_spools_init(&w->spools, path, spool_memory)) {
		if (w) {
			ak_deflate_free(w->deflate);
			free(w->file);
		}
		free(path);
		free(w);
		return ak_errf(err, -ENOMEM, "no memory to write");
	}
	free(path);
	w->plan = plan;
	w->target = target;
	w->journal = journal;
	pthread_mutex_init(&w->lock, NULL);
	for (i = 0; !rc && i < plan->files; i++, w->files++)
		rc = init_file(w, &w->file[i], plan->file[i], err);
	if (rc) {
		ak_writer_free(w);
		return rc;
	}
	*out = w;
	return 0;
}

void ak_writer_free(struct ak_writer *w)
{
	size_t i, j;

	if (!w)
		return;
	for (i = 0; i < w->files; i++) {
		struct file *f = &w->file[i];

		for (j = 0; f->spool && j < f->plan->segments; j++)
			ak_spool_free(&w->spools, &f->spool[j]);
		free(f->spool);
		free(f->hash);
		ak_zip_writer_free(f->zip);
		ak_out_abandon(f->out);
		pthread_mutex_destroy(&f->lock);
	}
	free(w->file);
	ak_deflate_free(w->deflate);
	ak_spools_end(&w->spools);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static struct file *file_of(const struct ak_writer *w,
			    const struct ak_plan_job *pj, unsigned int output)
{
	return &w->file[pj->place[output].file];
}

bool ak_writer_wants(const struct ak_writer *w, const struct ak_plan_job *pj)
{
	unsigned int k;

	if (pj->skip)
		return false;
	for (k = 0; k < pj->job.outputs; k++)
		if (!file_of(w, pj, k)->done)
			return true;
	return !pj->job.outputs;
}

bool ak_writer_in_order(const struct ak_writer *w, const struct ak_plan_job *pj,
			unsigned int output)
{
	return file_of(w, pj, output)->in_order;
}

/* ------------------------------------------------- files of known offsets */

static uint64_t known_size(const struct ak_plan_file *p)
{
	return p->position;
}

static int write_known_bytes(struct file *f, struct ak_err *err)
{
	size_t i;
	int rc = ak_out_reserve(f->out, known_size(f->plan), err);

	for (i = 0; !rc && i < f->plan->segments; i++) {
		const struct ak_segment *s = &f->plan->segment[i];

		if (s->kind == AK_SEGMENT_BYTES)
			rc = ak_out_pwrite(f->out, s->offset, s->bytes.data,
					   s->bytes.size, err);
	}
	return rc;
}

static int begin_file(struct ak_writer *w, struct file *f, struct ak_err *err)
{
	char *path;
	int rc;

	path = ak_target_path(w->target, f->plan->name);
	if (!path)
		return no_memory(w, f, err);
	rc = ak_out_open(path, &f->out, err);
	free(path);
	if (rc)
		return rc;
	if (w->target->no_sync)
		ak_out_no_sync(f->out);
	if (ak_file_is_zip(f->plan->kind))
		rc = ak_zip_writer_new(f->out, AK_ZIP_PYTHON_3_11, &f->zip,
				       err);
	else if (!f->in_order)
		rc = write_known_bytes(f, err);
	return rc;
}

/* What the first thread is told all others are told, too. */
static int open_file(struct ak_writer *w, struct file *f, struct ak_err *err)
{
	if (f->out)
		return 0;
	if (!f->broken)
		f->broken = begin_file(w, f, &f->err);
	if (!f->broken)
		return 0;
	ak_zip_writer_free(f->zip);
	f->zip = NULL;
	ak_out_abandon(f->out);
	f->out = NULL;
	return ak_errf(err, f->broken, "%s", f->err.text);
}

int ak_writer_put(struct ak_writer *w, const struct ak_plan_job *pj,
		  unsigned int output, uint64_t offset, const void *data,
		  size_t size, struct ak_err *err)
{
	struct file *f = file_of(w, pj, output);
	const struct ak_segment *s =
		&f->plan->segment[pj->place[output].segment];
	uint64_t was;
	int rc;

	if (f->done)
		return 0;
	pthread_mutex_lock(&f->lock);
	rc = open_file(w, f, err);
	pthread_mutex_unlock(&f->lock);
	if (rc)
		return rc;
	rc = ak_out_pwrite(f->out, s->offset + offset, data, size, err);
	was = atomic_fetch_add(&f->put, size);
	if (!rc && was / KICK != (was + size) / KICK)
		ak_out_kick(f->out, 0, 0);
	return rc;
}

/* --------------------------------------------------- files in order */

/* Bytes at the cursor of a file; packed ones for AK_FILE_ZIP. */
static int write_here(struct file *f, const void *data, size_t size,
		      uint64_t raw, uint32_t crc, struct ak_err *err)
{
	uint64_t at;
	int rc;

	if (f->plan->kind == AK_FILE_ZIP) {
		f->crc = ak_crc32_join(f->crc, crc, raw);
		f->raw += raw;
		rc = ak_zip_write_packed(f->zip, data, size, err);
	} else if (f->zip) {
		rc = ak_zip_write(f->zip, data, size, err);
	} else {
		rc = ak_out_write(f->out, data, size, err);
	}
	at = ak_out_tell(f->out);
	if (!rc && at - f->written >= KICK) {
		ak_out_kick(f->out, f->written, at - f->written);
		f->written = at;
	}
	return rc;
}

/* Bytes that are not packed yet. */
static int write_plain(struct ak_writer *w, struct file *f, const uint8_t *data,
		       size_t size, struct ak_err *err)
{
	const size_t most = 1u << 20;
	size_t room = most + most / 1024 + 1024, n, packed;
	uint8_t *buffer;
	int rc = 0;

	if (f->plan->kind != AK_FILE_ZIP)
		return write_here(f, data, size, size, 0, err);
	buffer = malloc(room);
	if (!buffer)
		return no_memory(w, f, err);
	for (; !rc && size; data += n, size -= n) {
		n = size < most ? size : most;
		rc = ak_deflate_piece(w->deflate, data, n, buffer, room,
				      &packed, err);
		if (!rc)
			rc = write_here(f, buffer, packed, n, ak_crc32(data, n),
					err);
	}
	free(buffer);
	return rc;
}

static int end_entry(struct file *f, struct ak_err *err)
{
	int rc;

	if (!f->entry)
		return 0;
	f->entry = false;
	if (f->plan->kind != AK_FILE_ZIP)
		return ak_zip_end(f->zip, err);
	rc = ak_zip_write_packed(f->zip, AK_DEFLATE_END, AK_DEFLATE_END_SIZE,
				 err);
	return rc ? rc : ak_zip_end_packed(f->zip, f->raw, f->crc, err);
}

static int begin_entry(struct file *f, const struct ak_segment *s,
		       struct ak_err *err)
{
	int rc = end_entry(f, err);

	if (rc)
		return rc;
	f->entry = true;
	f->raw = 0;
	f->crc = 0;
	if (f->plan->kind == AK_FILE_ZIP)
		return ak_zip_begin_packed(f->zip, s->name, err);
	return ak_zip_begin(f->zip, s->name, f->plan->kind == AK_FILE_ZIP_EXACT,
			    err);
}

/* Late bytes, at their place if they have one. */
static int write_late(struct ak_writer *w, struct file *f,
		      const struct ak_segment *s, struct ak_err *err)
{
	uint8_t *data = NULL;
	size_t size = 0;
	int rc = s->make(s->arg, &data, &size, err);

	if (!rc && s->sized && size != s->size)
		rc = ak_errf(err, -EINVAL, "%s: %zu late bytes instead of %llu",
			     name_of(w, f), size, (unsigned long long)s->size);
	if (!rc && s->sized && !f->in_order)
		rc = ak_out_pwrite(f->out, s->offset, data, size, err);
	else if (!rc)
		rc = write_plain(w, f, data, size, err);
	free(data);
	return rc;
}

static int drained(void *arg, const void *data, size_t size, size_t raw,
		   uint32_t crc, struct ak_err *err)
{
	struct file *f = arg;

	return write_here(f, data, size, raw, crc, err);
}

/* Writes whatever can be written; @late bytes only when all jobs are done. */
static int go_on(struct ak_writer *w, struct file *f, bool late,
		 struct ak_err *err)
{
	int rc = open_file(w, f, err);

	while (!rc && f->cursor < f->plan->segments) {
		struct ak_segment *s = &f->plan->segment[f->cursor];

		switch (s->kind) {
		case AK_SEGMENT_BYTES:
			rc = write_plain(w, f, s->bytes.data, s->bytes.size,
					 err);
			break;
		case AK_SEGMENT_ENTRY:
			rc = begin_entry(f, s, err);
			break;
		case AK_SEGMENT_LATE:
			if (!late)
				return 0;
			rc = write_late(w, f, s, err);
			break;
		case AK_SEGMENT_OUTPUT:
			rc = ak_spool_drain(&w->spools, &f->spool[f->cursor],
					    drained, f, err);
			if (!rc && !s->complete)
				return 0;
			break;
		}
		f->cursor++;
	}
	return rc;
}

int ak_writer_append(struct ak_writer *w, const struct ak_plan_job *pj,
		     unsigned int output, const void *data, size_t size,
		     uint64_t raw, uint32_t crc, struct ak_err *err)
{
	struct file *f = file_of(w, pj, output);
	size_t i = pj->place[output].segment;
	struct ak_stream_sum *sum = &f->plan->segment[i].sum;
	int rc;

	if (f->done)
		return 0;
	if (f->hash)
		ak_xxh64_add(&f->hash[i], data, size);
	sum->size += size;
	sum->crc = ak_crc32_join(sum->crc, crc, raw);
	sum->raw += raw;
	rc = go_on(w, f, false, err);
	if (rc)
		return rc;
	if (f->cursor == i)
		return write_here(f, data, size, raw, crc, err);
	return ak_spool_add(&w->spools, &f->spool[i], data, size, (size_t)raw,
			    crc, err);
}

/* ------------------------------------------------------------ the end */

/* Everything is in the file: flush it. */
static int close_file(struct file *f, struct ak_err *err)
{
	int rc = 0;

	if (f->zip) {
		rc = end_entry(f, err);
		if (!rc)
			rc = ak_zip_finish(f->zip, err);
		ak_zip_writer_free(f->zip);
		f->zip = NULL;
	}
	return rc;
}

static int finish_file(struct ak_writer *w, struct file *f, struct ak_err *err)
{
	int rc = close_file(f, err);

	if (rc)
		return rc;
	/* Waiting for each file would leave processors idle: ak_target_publish()
	 * waits for all of them, unless a journal says that this one is safe.
	 */
	if (!w->journal) {
		ak_out_kick(f->out, 0, 0);
		ak_out_no_sync(f->out);
	}
	rc = ak_out_finish(f->out, err);
	f->out = NULL;
	if (!rc && w->journal) {
		pthread_mutex_lock(&w->lock);
		rc = ak_journal_add(w->journal, w->target, f->plan->name, err);
		pthread_mutex_unlock(&w->lock);
	}
	f->done = !rc;
	return rc;
}

static bool has_late(const struct ak_plan_file *p)
{
	size_t i;

	for (i = 0; i < p->segments; i++)
		if (p->segment[i].kind == AK_SEGMENT_LATE)
			return true;
	return false;
}

static int output_done(struct ak_writer *w, struct file *f,
		       struct ak_segment *s, struct ak_err *err)
{
	bool last;
	int rc = 0;

	if (f->hash)
		s->sum.hash = ak_xxh64_end(&f->hash[s - f->plan->segment]);
	pthread_mutex_lock(&f->lock);
	s->complete = true;
	last = !--f->left;
	pthread_mutex_unlock(&f->lock);
	if (f->in_order)
		rc = go_on(w, f, false, err);
	/* A single file gets its name when nothing can fail any more. */
	if (!rc && last && w->target->folder && !has_late(f->plan)) {
		/* A job without rows has opened nothing. */
		rc = open_file(w, f, err);
		if (!rc)
			rc = finish_file(w, f, err);
	}
	return rc;
}

int ak_writer_job_done(struct ak_writer *w, const struct ak_plan_job *pj,
		       bool in_order, struct ak_err *err)
{
	unsigned int k;
	int rc = 0;

	for (k = 0; !rc && k < pj->job.outputs; k++) {
		struct file *f = file_of(w, pj, k);

		if (f->in_order == in_order && !f->done)
			rc = output_done(
				w, f, &f->plan->segment[pj->place[k].segment],
				err);
	}
	return rc;
}

/* Late bytes of a file whose other offsets are all known. */
static int add_late(struct ak_writer *w, struct file *f, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < f->plan->segments; i++)
		if (f->plan->segment[i].kind == AK_SEGMENT_LATE)
			rc = write_late(w, f, &f->plan->segment[i], err);
	return rc;
}

int ak_writer_finish(struct ak_writer *w, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < w->files; i++) {
		struct file *f = &w->file[i];

		if (f->done)
			continue;
		rc = open_file(w, f, err);
		if (!rc)
			rc = f->in_order ? go_on(w, f, true, err) :
					   add_late(w, f, err);
		if (!rc)
			rc = w->target->folder ? finish_file(w, f, err) :
						 close_file(f, err);
	}
	return rc;
}

int ak_writer_publish(struct ak_writer *w, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < w->files; i++) {
		struct file *f = &w->file[i];

		if (f->done)
			continue;
		rc = ak_out_finish(f->out, err);
		f->out = NULL;
		f->done = !rc;
	}
	return rc;
}
