// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Plans: what output formats put together.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/xxh64.h"
#include "convert/packed.h"
#include "convert/plan.h"

/*
 * Floats of a unit, about: an L2 cache holds them and what they become, and a
 * model of a billion weights has thousands of units.
 */
#define UNIT_FLOATS (256u * 1024)
/*
 * A transposed unit reads pieces of rows: not less than a few cache lines of
 * each, but no more floats than this.
 */
#define UNIT_COLUMNS 64u
#define UNIT_COLUMN_FLOATS (8u * 1024 * 1024)
/* deflate adds 5 bytes to 16383 that it cannot compress, and a little more. */
#define DEFLATE_MORE(n) ((n) + (n) / 1024 + 1024)
/* Buffers begin on cache lines. */
#define ALIGN_UP(n) (((n) + 63) & ~(size_t)63)

struct ak_plan_memory {
	struct ak_plan_memory *next;
	max_align_t bytes[];
};

struct ak_plan_message {
	struct ak_plan_message *next;
	int level;
	char text[];
};

struct ak_plan *ak_plan_new(void)
{
	struct ak_plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		pthread_mutex_init(&plan->lock, NULL);
	return plan;
}

static void free_file(struct ak_plan_file *f)
{
	size_t i;

	for (i = 0; i < f->segments; i++) {
		ak_buf_clear(&f->segment[i].bytes);
		free(f->segment[i].name);
	}
	free(f->segment);
	free(f->name);
	free(f);
}

void ak_plan_drop_files(struct ak_plan *plan)
{
	size_t i;
	unsigned int k;

	for (i = 0; i < plan->files; i++)
		free_file(plan->file[i]);
	plan->files = 0;
	for (i = 0; i < plan->jobs; i++)
		for (k = 0; k < AK_JOB_OUTPUTS; k++)
			plan->job[i]->place[k].set = false;
}

void ak_plan_free(struct ak_plan *plan)
{
	size_t i;

	if (!plan)
		return;
	ak_plan_messages(plan, NULL, NULL);
	ak_plan_drop_files(plan);
	free(plan->file);
	for (i = 0; i < plan->jobs; i++)
		free(plan->job[i]);
	free(plan->job);
	while (plan->memory) {
		struct ak_plan_memory *next = plan->memory->next;

		free(plan->memory);
		plan->memory = next;
	}
	pthread_mutex_destroy(&plan->lock);
	free(plan);
}

/* Notes the first error of a plan that is being made. */
static void __attribute__((format(printf, 3, 4)))
fail(struct ak_plan *plan, int code, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (plan->code)
		return;
	plan->code = code;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	ak_errf(&plan->err, code, "%s", text ? text : "no memory");
	free(text);
}

static void no_memory(struct ak_plan *plan)
{
	fail(plan, -ENOMEM, "no memory to plan the conversion");
}

void *ak_plan_alloc(struct ak_plan *plan, size_t size)
{
	struct ak_plan_memory *m = NULL;

	if (size < SIZE_MAX - sizeof(*m))
		m = calloc(1, sizeof(*m) + size);
	if (!m) {
		no_memory(plan);
		return NULL;
	}
	m->next = plan->memory;
	plan->memory = m;
	return m->bytes;
}

char *ak_plan_text(struct ak_plan *plan, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = ak_plan_alloc(plan, n < 0 ? 1 : (size_t)n + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, n < 0 ? 1 : (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

int ak_plan_error(const struct ak_plan *plan, struct ak_err *err)
{
	return plan->code ? ak_errf(err, plan->code, "%s", plan->err.text) : 0;
}

static void __attribute__((format(printf, 3, 0)))
say(struct ak_plan *plan, int level, const char *fmt, va_list ap)
{
	struct ak_plan_message *m, **last;
	char *text;

	/* A message that there is no memory for is not worth failing. */
	if (vasprintf(&text, fmt, ap) < 0)
		return;
	m = malloc(sizeof(*m) + strlen(text) + 1);
	if (m) {
		m->next = NULL;
		m->level = level;
		strcpy(m->text, text);
		pthread_mutex_lock(&plan->lock);
		for (last = &plan->message; *last; last = &(*last)->next)
			;
		*last = m;
		pthread_mutex_unlock(&plan->lock);
	}
	free(text);
}

void ak_plan_warn(struct ak_plan *plan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(plan, 1, fmt, ap);
	va_end(ap);
}

void ak_plan_note(struct ak_plan *plan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(plan, 0, fmt, ap);
	va_end(ap);
}

void ak_plan_messages(struct ak_plan *plan,
		      void (*fn)(void *arg, int level, const char *text),
		      void *arg)
{
	struct ak_plan_message *m, *next;

	pthread_mutex_lock(&plan->lock);
	m = plan->message;
	plan->message = NULL;
	pthread_mutex_unlock(&plan->lock);
	for (; m; m = next) {
		next = m->next;
		if (fn)
			fn(arg, m->level, m->text);
		free(m);
	}
}

/* Room for one more element of an array of pointers or structures. */
static bool grow(struct ak_plan *plan, void **array, size_t used, size_t *room,
		 size_t size)
{
	size_t more = *room ? *room * 2 : 16;
	void *p;

	if (used < *room)
		return true;
	p = reallocarray(*array, more, size);
	if (!p) {
		no_memory(plan);
		return false;
	}
	*array = p;
	*room = more;
	return true;
}

/* ---------------------------------------------------------------- jobs */

struct ak_job *ak_plan_job(struct ak_plan *plan, const char *name,
			   size_t result_bytes)
{
	struct ak_plan_job *pj;

	if (!grow(plan, (void **)&plan->job, plan->jobs, &plan->job_room,
		  sizeof(struct ak_plan_job *)))
		return NULL;
	pj = calloc(1, sizeof(*pj));
	if (!pj) {
		no_memory(plan);
		return NULL;
	}
	pj->job.index = plan->jobs;
	plan->job[plan->jobs++] = pj;
	pj->job.align = 1;
	pj->job.name = ak_plan_text(plan, "%s", name);
	pj->job.result_bytes = result_bytes;
	pj->job.result = ak_plan_alloc(plan, result_bytes);
	return pj->job.name && pj->job.result ? &pj->job : NULL;
}

void ak_plan_job_source(struct ak_plan *plan, struct ak_job *job,
			const struct ak_tensor *const *tensor,
			unsigned int count)
{
	unsigned int i;

	if (!job)
		return;
	if (count < 1 || count > AK_SOURCE_TENSORS) {
		fail(plan, -EINVAL, "'%s' is made of %u tensors", job->name,
		     count);
		return;
	}
	job->rows = 0;
	job->cols = ak_tensor_cols(tensor[0]);
	job->source.count = count;
	for (i = 0; i < count; i++) {
		const struct ak_tensor *t = tensor[i];

		job->source.tensor[i] = t;
		if (ak_tensor_cols(t) != job->cols)
			fail(plan, -EBADMSG,
			     "%s: tensor '%s' has %llu columns and '%s' %llu, but they are one matrix here",
			     t->file, t->name,
			     (unsigned long long)ak_tensor_cols(t),
			     tensor[0]->name, (unsigned long long)job->cols);
		if (__builtin_add_overflow(job->rows, ak_tensor_rows(t),
					   &job->rows))
			fail(plan, -EOVERFLOW, "%s: tensor '%s' is too large",
			     t->file, t->name);
	}
}

/* --------------------------------------------------------------- files */

struct ak_plan_file *ak_plan_file(struct ak_plan *plan, const char *name,
				  unsigned int kind)
{
	struct ak_plan_file *f;

	if (!grow(plan, (void **)&plan->file, plan->files, &plan->file_room,
		  sizeof(struct ak_plan_file *)))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f) {
		no_memory(plan);
		return NULL;
	}
	plan->file[plan->files++] = f;
	f->plan = plan;
	f->kind = kind;
	f->known = !ak_file_is_zip(kind);
	if (name && (!*name || *name == '.' || strchr(name, '/')))
		fail(plan, -EINVAL, "'%s' cannot be the name of a file", name);
	if (name) {
		f->name = strdup(name);
		if (!f->name)
			no_memory(plan);
	}
	return f;
}

static struct ak_segment *append(struct ak_plan_file *f,
				 enum ak_segment_kind kind)
{
	struct ak_segment *s;

	if (!grow(f->plan, (void **)&f->segment, f->segments, &f->room,
		  sizeof(*s)))
		return NULL;
	s = &f->segment[f->segments++];
	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->offset = f->position;
	return s;
}

static void advance(struct ak_plan_file *f, uint64_t size)
{
	if (!f->known)
		return;
	if (__builtin_add_overflow(f->position, size, &f->position) ||
	    f->position > INT64_MAX)
		fail(f->plan, -EFBIG,
		     "a file of the output would be too large");
}

void ak_file_entry(struct ak_plan_file *f, const char *name)
{
	struct ak_segment *s = f ? append(f, AK_SEGMENT_ENTRY) : NULL;

	if (!s)
		return;
	if (!ak_file_is_zip(f->kind))
		fail(f->plan, -EINVAL, "'%s' is in no archive", name);
	s->name = strdup(name);
	if (!s->name)
		no_memory(f->plan);
}

/* Where more bytes of a file go. */
static struct ak_buf *bytes_of(struct ak_plan_file *f)
{
	struct ak_segment *s;

	if (f->segments && f->segment[f->segments - 1].kind == AK_SEGMENT_BYTES)
		s = &f->segment[f->segments - 1];
	else
		s = append(f, AK_SEGMENT_BYTES);
	return s ? &s->bytes : NULL;
}

void ak_file_bytes(struct ak_plan_file *f, const void *data, size_t size)
{
	struct ak_buf *b = f && size ? bytes_of(f) : NULL;

	if (!b)
		return;
	ak_buf_add(b, data, size);
	if (b->failed)
		no_memory(f->plan);
	advance(f, size);
}

void ak_file_u8(struct ak_plan_file *f, uint8_t v)
{
	ak_file_bytes(f, &v, sizeof(v));
}

void ak_file_u32(struct ak_plan_file *f, uint32_t v)
{
	uint8_t b[sizeof(v)];

	ak_put_le32(b, v);
	ak_file_bytes(f, b, sizeof(b));
}

void ak_file_u64(struct ak_plan_file *f, uint64_t v)
{
	uint8_t b[sizeof(v)];

	ak_put_le64(b, v);
	ak_file_bytes(f, b, sizeof(b));
}

void ak_file_output(struct ak_plan_file *f, struct ak_job *job,
		    unsigned int output)
{
	struct ak_segment *s;
	struct ak_plan_job *pj;

	if (!f || !job)
		return;
	s = append(f, AK_SEGMENT_OUTPUT);
	if (!s)
		return;
	pj = f->plan->job[job->index];
	if (&pj->job != job || output >= job->outputs ||
	    output >= AK_JOB_OUTPUTS || pj->place[output].set || !job->align ||
	    job->rows % job->align) {
		fail(f->plan, -EINVAL, "output %u of '%s' has no place", output,
		     job->name);
		return;
	}
	s->job = job;
	s->output = output;
	pj->place[output].set = true;
	pj->place[output].segment = f->segments - 1;
	for (pj->place[output].file = 0;
	     f->plan->file[pj->place[output].file] != f;)
		pj->place[output].file++;
	f->outputs++;
	if (job->out[output].variable) {
		f->known = false;
		return;
	}
	if (__builtin_mul_overflow(job->rows / job->align,
				   job->out[output].group_bytes, &s->size))
		fail(f->plan, -EFBIG, "'%s' is too large", job->name);
	advance(f, s->size);
}

static struct ak_segment *late(struct ak_plan_file *f,
			       int (*make)(void *arg, uint8_t **data,
					   size_t *size, struct ak_err *err),
			       void *arg)
{
	struct ak_segment *s = f ? append(f, AK_SEGMENT_LATE) : NULL;

	if (s) {
		s->make = make;
		s->arg = arg;
	}
	return s;
}

void ak_file_late(struct ak_plan_file *f,
		  int (*make)(void *arg, uint8_t **data, size_t *size,
			      struct ak_err *err),
		  void *arg)
{
	if (late(f, make, arg))
		f->known = false;
}

void ak_file_late_sized(struct ak_plan_file *f, size_t size,
			int (*make)(void *arg, uint8_t **data, size_t *size,
				    struct ak_err *err),
			void *arg)
{
	struct ak_segment *s = late(f, make, arg);

	if (!s)
		return;
	s->size = size;
	s->sized = true;
	advance(f, size);
}

uint64_t ak_file_position(const struct ak_plan_file *f)
{
	return f && f->known ? f->position : 0;
}

void ak_file_align(struct ak_plan_file *f, uint64_t multiple)
{
	struct ak_buf *b;
	size_t n;

	if (!f || !multiple)
		return;
	if (!f->known) {
		fail(f->plan, -EINVAL, "nobody knows where the file is");
		return;
	}
	if (!(f->position % multiple))
		return;
	n = (size_t)(multiple - f->position % multiple);
	b = bytes_of(f);
	if (!b)
		return;
	ak_buf_fill(b, 0, n);
	if (b->failed)
		no_memory(f->plan);
	advance(f, n);
}

void ak_plan_set_priv(struct ak_plan *plan, void *priv)
{
	plan->priv = priv;
}

void *ak_plan_priv(const struct ak_plan *plan)
{
	return plan->priv;
}

/* ------------------------------------------------------------- sealing */

static bool mul_align(size_t a, size_t b, size_t *out)
{
	if (__builtin_mul_overflow(a, b, out) || *out > SIZE_MAX / 64)
		return false;
	*out = ALIGN_UP(*out);
	return true;
}

/*
 * The number of rows of a unit must be a function of the job alone: where a
 * unit ends can be seen in deflated data.
 */
static uint64_t unit_groups(const struct ak_job *job)
{
	uint64_t group = (uint64_t)job->align * (job->cols ? job->cols : 1);
	uint64_t groups = UNIT_FLOATS / group, least;

	if (job->source.transpose) {
		least = (UNIT_COLUMNS + job->align - 1) / job->align;
		if (least > UNIT_COLUMN_FLOATS / group)
			least = UNIT_COLUMN_FLOATS / group;
		if (groups < least)
			groups = least;
	}
	return groups ? groups : 1;
}

static int size_job(const struct ak_plan *plan, struct ak_plan_job *pj,
		    struct ak_err *err)
{
	struct ak_job *job = &pj->job;
	uint64_t group = 0;
	unsigned int k;
	size_t groups;
	bool ok;

	if (__builtin_mul_overflow((uint64_t)job->align,
				   job->cols ? job->cols : 1, &group) ||
	    group > SIZE_MAX / 64)
		return ak_errf(err, -EFBIG, "a row of '%s' is too large",
			       job->name);
	groups = unit_groups(job);
	if (groups > job->rows / job->align)
		groups = job->rows / job->align;
	pj->unit_rows = groups * job->align;
	/* A matrix without rows is one unit, too: its outputs are complete then. */
	pj->units =
		groups ? (job->rows + pj->unit_rows - 1) / pj->unit_rows : 1;
	ok = mul_align(groups * (job->source.count ? group : 0), sizeof(float),
		       &pj->x_bytes) &&
	     mul_align(groups, job->scratch_bytes, &pj->scratch_bytes);
	pj->read_bytes = ALIGN_UP(ak_source_read_bytes(job, pj->unit_rows));
	pj->need = pj->x_bytes + pj->scratch_bytes + pj->read_bytes;
	for (k = 0; ok && k < job->outputs; k++) {
		const struct ak_plan_file *f = plan->file[pj->place[k].file];

		ok = mul_align(groups, job->out[k].group_bytes,
			       &pj->out_bytes[k]);
		if (ok && f->kind == AK_FILE_ZIP)
			pj->pack_bytes[k] =
				ALIGN_UP(DEFLATE_MORE(pj->out_bytes[k]));
		if (ok)
			ok = !__builtin_add_overflow(
				pj->need, pj->out_bytes[k] + pj->pack_bytes[k],
				&pj->need);
	}
	return ok ? 0 :
		    ak_errf(err, -EFBIG, "a row of '%s' is too large",
			    job->name);
}

static int check_job(const struct ak_plan_job *pj, struct ak_err *err)
{
	const struct ak_job *job = &pj->job;
	unsigned int k;

	if (job->outputs > AK_JOB_OUTPUTS || !job->align ||
	    job->rows % job->align || !job->produce)
		return ak_errf(err, -EINVAL, "job '%s' is not complete",
			       job->name);
	if (job->source.transpose && job->source.count != 1)
		return ak_errf(err, -EINVAL,
			       "job '%s' transposes several tensors",
			       job->name);
	for (k = 0; k < job->source.count; k++)
		if (job->cols < (job->source.transpose ?
					 ak_tensor_rows(job->source.tensor[k]) :
					 ak_tensor_cols(job->source.tensor[k])))
			return ak_errf(err, -EINVAL,
				       "job '%s' has too few columns",
				       job->name);
	for (k = 0; k < job->outputs; k++)
		if (!pj->place[k].set)
			return ak_errf(err, -EINVAL,
				       "output %u of job '%s' goes nowhere", k,
				       job->name);
	return 0;
}

static int check_file(const struct ak_plan *plan, size_t i, struct ak_err *err)
{
	const struct ak_plan_file *f = plan->file[i];
	size_t j;

	if (!f->name && plan->files > 1)
		return ak_errf(
			err, -EINVAL,
			"a plan of several files has one without a name");
	for (j = 0; j < i; j++)
		if (!strcmp(f->name, plan->file[j]->name))
			return ak_errf(err, -EINVAL,
				       "two files would have the name '%s'",
				       f->name);
	for (j = 0; j < f->segments; j++)
		if (ak_file_is_zip(f->kind) && !j &&
		    f->segment[j].kind != AK_SEGMENT_ENTRY)
			return ak_errf(err, -EINVAL,
				       "an archive has bytes in no entry");
	return 0;
}

int ak_plan_seal(struct ak_plan *plan, struct ak_err *err)
{
	size_t i;
	int rc = ak_plan_error(plan, err);

	if (!rc && !plan->files)
		rc = ak_errf(err, -EINVAL, "a plan has no files");
	for (i = 0; !rc && i < plan->files; i++)
		rc = check_file(plan, i, err);
	for (i = 0; !rc && i < plan->jobs; i++) {
		rc = check_job(plan->job[i], err);
		if (!rc)
			rc = size_job(plan, plan->job[i], err);
	}
	return rc;
}

/* -------------------------------------------------------------- digest */

static void add_u64(struct ak_xxh64 *h, uint64_t v)
{
	uint8_t b[sizeof(v)];

	ak_put_le64(b, v);
	ak_xxh64_add(h, b, sizeof(b));
}

static void add_tensor(struct ak_xxh64 *h, const struct ak_tensor *t)
{
	uint64_t n = t->size < 4096 ? t->size : 4096;
	unsigned int i;
	float scale;

	ak_xxh64_add(h, t->name, strlen(t->name) + 1);
	add_u64(h, t->type);
	add_u64(h, t->ndim);
	for (i = 0; i < t->ndim; i++)
		add_u64(h, t->dim[i]);
	if (ak_packed_scale(t, &scale))
		ak_xxh64_add(h, &scale, sizeof(scale));
	if (!t->data)
		return;
	ak_xxh64_add(h, t->data, n);
	ak_xxh64_add(h, (const uint8_t *)t->data + (t->size - n), n);
}

uint64_t ak_plan_digest(const struct ak_plan *plan, uint64_t seed)
{
	struct ak_xxh64 h;
	unsigned int k;
	size_t i;

	ak_xxh64_init(&h, seed);
	for (i = 0; i < plan->jobs; i++) {
		const struct ak_job *job = &plan->job[i]->job;

		ak_xxh64_add(&h, job->name, strlen(job->name) + 1);
		add_u64(&h, job->rows);
		add_u64(&h, job->cols);
		add_u64(&h, job->align);
		add_u64(&h, job->result_bytes);
		for (k = 0; k < job->outputs; k++) {
			add_u64(&h, job->out[k].group_bytes);
			add_u64(&h, job->out[k].variable);
		}
		for (k = 0; k < job->source.count; k++)
			add_tensor(&h, job->source.tensor[k]);
	}
	for (i = 0; i < plan->files; i++) {
		const char *name = plan->file[i]->name;

		ak_xxh64_add(&h, name ? name : "", name ? strlen(name) : 0);
		add_u64(&h, plan->file[i]->segments);
	}
	return ak_xxh64_end(&h);
}
