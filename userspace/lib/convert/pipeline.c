// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Threads take units in the order of jobs and rows. A unit takes a slot of
 * memory; who takes the next unit waits until there is one, and whoever is
 * earlier has one already, so somebody can always go on. Outputs that must be
 * written in order are handed to whichever thread is writing at the moment.
 */
#include "convert/pipeline.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "convert/deflate.h"

#define DEFAULT_MEMORY (256ull << 20)
#define MAX_THREADS 1024
#define LOOK_NS 100000000
/* Bytes of input that the system is asked to read ahead. */
#define AHEAD (8u << 20)

/*
 * A unit that is at work or waits to be written.
 */
struct slot {
	struct slot *next;
	uint8_t *memory;
	size_t room;
	struct ak_plan_job *pj;
	uint64_t number, seq;
	bool reduce;
	struct ak_unit unit;
	uint8_t *read, *data[AK_JOB_OUTPUTS], *pack[AK_JOB_OUTPUTS];
	size_t size[AK_JOB_OUTPUTS], raw[AK_JOB_OUTPUTS];
	uint32_t crc[AK_JOB_OUTPUTS];
};

/* How far a job is. */
struct progress {
	uint64_t reduce_left, left, undelivered;
	bool started, wanted, in_order, reduced;
	size_t state_bytes;
};

struct run {
	struct ak_plan *plan;
	const struct ak_tensors *set;
	struct ak_writer *w;
	pthread_mutex_t lock;
	pthread_cond_t change; /* something was given back or finished */
	pthread_cond_t end; /* a thread has ended */
	struct progress *job;
	size_t at; /* job that units are taken of */
	bool producing; /* its second pass */
	uint64_t next; /* unit to be taken */
	uint64_t ahead; /* row up to which was read ahead */
	size_t memory, used;
	struct slot *free;
	struct slot *queue; /* to be written, by seq */
	uint64_t seq, delivered;
	bool delivering;
	uint64_t done, total;
	unsigned int threads;
	int code;
	struct ak_err err;
};

struct worker {
	struct run *run;
	struct ak_deflate *deflate;
	pthread_t thread;
};

int ak_watch_look(const struct ak_watch *watch, uint64_t done, uint64_t total,
		  struct ak_err *err)
{
	const struct akida_convert_options *o = watch->options;

	ak_plan_messages(watch->plan, o->message, o->arg);
	if (o->progress && o->progress(o->arg, done, total))
		return ak_errf(err, -ECANCELED, "the conversion was cancelled");
	return 0;
}

size_t ak_pipeline_memory(const struct akida_convert_options *options,
			  size_t *units)
{
	uint64_t all = options->memory ? options->memory : DEFAULT_MEMORY;
	size_t spool;

	if (all > SIZE_MAX)
		all = SIZE_MAX;
	spool = (size_t)(all / 8);
	*units = (size_t)all - spool;
	return spool;
}

unsigned int ak_pipeline_threads(const struct akida_convert_options *options)
{
	cpu_set_t allowed;
	long n;

	if (options->threads)
		return options->threads < MAX_THREADS ? options->threads :
							MAX_THREADS;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	if (!sched_getaffinity(0, sizeof(allowed), &allowed))
		n = CPU_COUNT(&allowed);
	return n < 1 ? 1 : (unsigned int)n;
}

/* Notes the first error; the lock is held. */
static void stop(struct run *r, int code, const struct ak_err *err)
{
	if (!r->code) {
		r->code = code;
		r->err = *err;
	}
	pthread_cond_broadcast(&r->change);
}

static void fail(struct run *r, int code, const struct ak_err *err)
{
	pthread_mutex_lock(&r->lock);
	stop(r, code, err);
	pthread_mutex_unlock(&r->lock);
}

/* -------------------------------------------------------------- memory */

static void free_slot(struct run *r, struct slot *s)
{
	r->used -= s->room;
	free(s->memory);
	free(s);
}

/* A slot of at least @need bytes, NULL if there is no memory for one now. */
static struct slot *find_slot(struct run *r, size_t need)
{
	struct slot **best = NULL, **p, *s;

	for (p = &r->free; *p; p = &(*p)->next)
		if ((*p)->room >= need && (!best || (*p)->room < (*best)->room))
			best = p;
	if (best) {
		s = *best;
		*best = s->next;
		return s;
	}
	/* None is large enough: smaller ones make room. */
	while (r->free && (r->used > r->memory || need > r->memory - r->used)) {
		s = r->free;
		r->free = s->next;
		free_slot(r, s);
	}
	if (r->used > r->memory || need > r->memory - r->used)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s || posix_memalign((void **)&s->memory, 64, need ? need : 64)) {
		struct ak_err err;

		free(s);
		stop(r, ak_errf(&err, -ENOMEM, "no memory for %zu bytes", need),
		     &err);
		return NULL;
	}
	s->room = need;
	r->used += need;
	return s;
}

static void give_slot(struct run *r, struct slot *s)
{
	s->next = r->free;
	r->free = s;
	pthread_cond_broadcast(&r->change);
}

/* Cuts the memory of a slot into what a unit needs. */
static void lay_out(struct run *r, struct slot *s, struct ak_plan_job *pj,
		    uint64_t number, bool reduce)
{
	const struct ak_job *job = &pj->job;
	uint8_t *p = s->memory;
	unsigned int k;

	s->pj = pj;
	s->number = number;
	s->reduce = reduce;
	memset(&s->unit, 0, sizeof(s->unit));
	s->unit.first = number * pj->unit_rows;
	s->unit.rows = ak_unit_rows_of(pj, number);
	s->unit.quant = ak_quant_best();
	if (job->source.count)
		s->unit.x = (const float *)p;
	p += pj->x_bytes;
	s->read = p;
	p += pj->read_bytes;
	s->unit.scratch = p;
	p += pj->scratch_bytes;
	for (k = 0; k < job->outputs; k++) {
		s->unit.out[k] = p;
		p += pj->out_bytes[k];
		s->pack[k] = pj->pack_bytes[k] ? p : NULL;
		p += pj->pack_bytes[k];
	}
	if (job->state)
		s->unit.state = (uint8_t *)job->state +
				s->unit.first * job->state_bytes;
	(void)r;
}

/* -------------------------------------------------------- taking units */

/* The first unit of a job: memory for its state. False if it must wait. */
static bool start_job(struct run *r, struct ak_plan_job *pj, struct progress *p)
{
	struct ak_err err;

	if (p->state_bytes) {
		while (r->free && r->used + p->state_bytes > r->memory) {
			struct slot *s = r->free;

			r->free = s->next;
			free_slot(r, s);
		}
		if (r->used + p->state_bytes > r->memory)
			return false;
		pj->job.state = calloc(1, p->state_bytes);
		if (!pj->job.state) {
			stop(r,
			     ak_errf(&err, -ENOMEM, "no memory for %zu bytes",
				     p->state_bytes),
			     &err);
			return false;
		}
		r->used += p->state_bytes;
	}
	p->started = true;
	return true;
}

/* What the next unit is, if there is one; steps over what is not wanted. */
static bool more(struct run *r)
{
	while (r->at < r->plan->jobs) {
		const struct ak_plan_job *pj = r->plan->job[r->at];

		if (r->job[r->at].wanted && r->next < pj->units)
			return true;
		if (r->job[r->at].wanted && !r->producing) {
			r->producing = true;
			r->next = 0;
			continue;
		}
		r->at++;
		r->next = 0;
		r->ahead = 0;
		r->producing = r->at >= r->plan->jobs ||
			       !r->plan->job[r->at]->job.reduce;
	}
	return false;
}

/* Rows that should be read ahead now. */
static uint64_t rows_ahead(struct run *r, const struct ak_plan_job *pj,
			   uint64_t *first)
{
	uint64_t row = pj->job.cols * sizeof(float);
	uint64_t rows = row ? AHEAD / row : 0;

	*first = r->next * pj->unit_rows;
	if (rows < pj->unit_rows)
		rows = pj->unit_rows;
	if (*first < r->ahead || !pj->job.source.count)
		return 0;
	r->ahead = *first + rows;
	return rows;
}

/* The next unit, with memory; NULL when there is nothing left to do. */
static struct slot *take(struct run *r)
{
	struct ak_plan_job *pj = NULL;
	uint64_t first = 0, ahead = 0;
	struct progress *p;
	struct slot *s = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->code && more(r)) {
		pj = r->plan->job[r->at];
		p = &r->job[r->at];
		/* The second pass begins when the first has ended. */
		if ((p->started || start_job(r, pj, p)) &&
		    (!r->producing || p->reduced))
			s = find_slot(r, pj->need);
		if (s || r->code)
			break;
		pthread_cond_wait(&r->change, &r->lock);
	}
	if (s) {
		lay_out(r, s, pj, r->next, !r->producing);
		ahead = rows_ahead(r, pj, &first);
		r->next++;
		if (!s->reduce && r->job[r->at].in_order)
			s->seq = r->seq++;
	}
	pthread_mutex_unlock(&r->lock);
	if (ahead)
		ak_source_willneed(&pj->job, first, ahead);
	return s;
}

/* ------------------------------------------------------ handing units over */

static int write_slot(struct run *r, struct slot *s, bool in_order,
		      struct ak_err *err)
{
	const struct ak_job *job = &s->pj->job;
	unsigned int k;
	int rc = 0;

	for (k = 0; !rc && k < job->outputs; k++) {
		if (ak_writer_in_order(r->w, s->pj, k) != in_order)
			continue;
		if (in_order)
			rc = ak_writer_append(r->w, s->pj, k, s->data[k],
					      s->size[k], s->raw[k], s->crc[k],
					      err);
		else
			rc = ak_writer_put(r->w, s->pj, k,
					   s->unit.first / job->align *
						   job->out[k].group_bytes,
					   s->data[k], s->size[k], err);
	}
	return rc;
}

/* Writes what is next in order, unless another thread is at it already. */
static void deliver(struct run *r, struct slot *s)
{
	struct slot **p;
	struct ak_err err;
	int rc = 0;

	pthread_mutex_lock(&r->lock);
	for (p = &r->queue; *p && (*p)->seq < s->seq; p = &(*p)->next)
		;
	s->next = *p;
	*p = s;
	if (r->delivering) {
		pthread_mutex_unlock(&r->lock);
		return;
	}
	r->delivering = true;
	while (!r->code && r->queue && r->queue->seq == r->delivered) {
		struct progress *job;
		bool last;

		s = r->queue;
		r->queue = s->next;
		job = &r->job[s->pj->job.index];
		last = !--job->undelivered;
		pthread_mutex_unlock(&r->lock);
		rc = write_slot(r, s, true, &err);
		if (!rc && last)
			rc = ak_writer_job_done(r->w, s->pj, true, &err);
		pthread_mutex_lock(&r->lock);
		r->delivered++;
		give_slot(r, s);
		if (rc)
			stop(r, rc, &err);
	}
	r->delivering = false;
	pthread_mutex_unlock(&r->lock);
}

static int pack(struct worker *w, struct slot *s, struct ak_err *err)
{
	const struct ak_job *job = &s->pj->job;
	unsigned int k;
	int rc = 0;

	for (k = 0; !rc && k < job->outputs; k++) {
		uint64_t groups = s->unit.rows / job->align;
		size_t most = groups * job->out[k].group_bytes;

		s->data[k] = s->unit.out[k];
		s->size[k] = job->out[k].variable ? s->unit.used[k] : most;
		s->raw[k] = s->size[k];
		s->crc[k] = 0;
		if (s->size[k] > most)
			return ak_errf(err, -EINVAL,
				       "'%s' has become larger than planned",
				       job->name);
		if (!s->pack[k] || !s->size[k])
			continue;
		s->data[k] = s->pack[k];
		s->crc[k] = ak_crc32(s->unit.out[k], s->raw[k]);
		rc = ak_deflate_piece(w->deflate, s->unit.out[k], s->raw[k],
				      s->pack[k], s->pj->pack_bytes[k],
				      &s->size[k], err);
	}
	return rc;
}

/* The state of a job is not needed any more; the lock is held. */
static void drop_state(struct run *r, struct ak_plan_job *pj)
{
	free(pj->job.state);
	pj->job.state = NULL;
	r->used -= r->job[pj->job.index].state_bytes;
	pthread_cond_broadcast(&r->change);
}

/* Counts a unit; true if it was the last one of its pass. */
static bool count(struct run *r, struct slot *s)
{
	struct progress *p = &r->job[s->pj->job.index];
	bool last;

	pthread_mutex_lock(&r->lock);
	r->done += s->unit.rows * s->pj->job.cols;
	last = s->reduce ? !--p->reduce_left : !--p->left;
	pthread_mutex_unlock(&r->lock);
	return last;
}

static void give_back(struct run *r, struct slot *s)
{
	pthread_mutex_lock(&r->lock);
	give_slot(r, s);
	pthread_mutex_unlock(&r->lock);
}

static int end_reduce(struct run *r, struct ak_plan_job *pj, struct ak_err *err)
{
	int rc = pj->job.reduced ? pj->job.reduced(&pj->job, err) : 0;

	if (rc)
		return rc;
	pthread_mutex_lock(&r->lock);
	r->job[pj->job.index].reduced = true;
	pthread_cond_broadcast(&r->change);
	pthread_mutex_unlock(&r->lock);
	return 0;
}

static int end_job(struct run *r, struct ak_plan_job *pj, struct ak_err *err)
{
	int rc = pj->job.done ? pj->job.done(&pj->job, err) : 0;

	if (rc)
		return rc;
	pthread_mutex_lock(&r->lock);
	drop_state(r, pj);
	pthread_mutex_unlock(&r->lock);
	return ak_writer_job_done(r->w, pj, false, err);
}

static int read_rows(struct run *r, struct slot *s, struct ak_err *err)
{
	const struct ak_job *job = &s->pj->job;
	const float *there = ak_source_direct(job, s->unit.first, s->unit.rows);

	if (!there)
		return ak_source_read(r->set, job, s->unit.first, s->unit.rows,
				      (float *)(uintptr_t)s->unit.x, s->read,
				      s->unit.quant, err);
	s->unit.x = there;
	return 0;
}

/* All of a unit. The slot is given back, or handed over. */
static int work(struct worker *w, struct slot *s, struct ak_err *err)
{
	struct run *r = w->run;
	struct ak_plan_job *pj = s->pj;
	const struct ak_job *job = &pj->job;
	bool in_order = r->job[job->index].in_order, last;
	int rc = 0;

	if (s->unit.rows && s->unit.x)
		rc = read_rows(r, s, err);
	if (!rc && s->unit.rows)
		rc = s->reduce ? job->reduce(job, &s->unit, err) :
				 job->produce(job, &s->unit, err);
	if (s->reduce) {
		last = !rc && count(r, s);
		give_back(r, s);
		return last ? end_reduce(r, pj, err) : rc;
	}
	if (!rc)
		rc = pack(w, s, err);
	if (!rc)
		rc = write_slot(r, s, false, err);
	last = !rc && count(r, s);
	if (rc || !in_order)
		give_back(r, s);
	else
		deliver(r, s);
	return last ? end_job(r, pj, err) : rc;
}

static void *worker(void *arg)
{
	struct worker *w = arg;
	struct run *r = w->run;
	struct ak_err err = { "" };
	struct slot *s;
	int rc = 0;

	while (!rc && (s = take(r)))
		rc = work(w, s, &err);
	if (rc)
		fail(r, rc, &err);
	pthread_mutex_lock(&r->lock);
	r->threads--;
	pthread_cond_broadcast(&r->end);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* ------------------------------------------------------------- running */

static int check_memory(struct run *r, const struct ak_plan_job *pj,
			struct progress *p, struct ak_err *err)
{
	size_t all;

	if (__builtin_mul_overflow(pj->job.rows, pj->job.state_bytes,
				   &p->state_bytes) ||
	    __builtin_add_overflow(p->state_bytes, pj->need, &all))
		return ak_errf(err, -EFBIG, "'%s' is too large", pj->job.name);
	if (all <= r->memory)
		return 0;
	/* An eighth of all memory is for what waits to be written. */
	return ak_errf(
		err, -ERANGE,
		"'%s' needs %zu MiB of buffers; allow that with --memory %zuM",
		pj->job.name, (all >> 20) + 1, ((all + all / 7) >> 20) + 1);
}

static int prepare(struct run *r, struct ak_err *err)
{
	size_t i;
	unsigned int k;
	int rc;

	r->job = calloc(r->plan->jobs + 1, sizeof(*r->job));
	if (!r->job)
		return ak_errf(err, -ENOMEM, "no memory to convert");
	for (i = 0; i < r->plan->jobs; i++) {
		const struct ak_plan_job *pj = r->plan->job[i];
		struct progress *p = &r->job[i];

		p->wanted = ak_writer_wants(r->w, pj);
		if (!p->wanted)
			continue;
		rc = check_memory(r, pj, p, err);
		if (rc)
			return rc;
		p->left = p->undelivered = pj->units;
		p->reduce_left = pj->job.reduce ? pj->units : 0;
		p->reduced = !pj->job.reduce;
		for (k = 0; k < pj->job.outputs; k++)
			if (ak_writer_in_order(r->w, pj, k))
				p->in_order = true;
		r->total +=
			pj->job.rows * pj->job.cols * (pj->job.reduce ? 2 : 1);
	}
	r->producing = !r->plan->jobs || !r->plan->job[0]->job.reduce;
	return 0;
}

/* Until all threads have ended: tells how far they are. */
static void watch_threads(struct run *r, const struct ak_watch *watch)
{
	struct timespec until;
	struct ak_err err;
	int rc;

	pthread_mutex_lock(&r->lock);
	while (r->threads) {
		uint64_t done = r->done;

		pthread_mutex_unlock(&r->lock);
		rc = ak_watch_look(watch, done, r->total, &err);
		pthread_mutex_lock(&r->lock);
		if (rc)
			stop(r, rc, &err);
		if (!r->threads)
			break;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&r->end, &r->lock, &until);
	}
	pthread_mutex_unlock(&r->lock);
}

/* Signals are for the thread that called the library. */
static int start(struct worker *w)
{
	sigset_t all, was;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	rc = pthread_create(&w->thread, NULL, worker, w);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return rc;
}

static int run_threads(struct run *r, unsigned int threads,
		       const struct ak_watch *watch, struct ak_err *err)
{
	struct worker *w = calloc(threads, sizeof(*w));
	unsigned int i, started = 0;
	int rc = 0;

	if (!w)
		return ak_errf(err, -ENOMEM, "no memory for threads");
	for (i = 0; !rc && i < threads; i++) {
		w[i].run = r;
		w[i].deflate = ak_deflate_new();
		pthread_mutex_lock(&r->lock);
		r->threads++;
		pthread_mutex_unlock(&r->lock);
		rc = w[i].deflate ? start(&w[i]) : ENOMEM;
		if (!rc) {
			started++;
			continue;
		}
		pthread_mutex_lock(&r->lock);
		r->threads--;
		stop(r,
		     ak_errf(err, -rc, "cannot start thread %u: %s", i + 1,
			     strerror(rc)),
		     err);
		pthread_mutex_unlock(&r->lock);
		ak_deflate_free(w[i].deflate);
	}
	watch_threads(r, watch);
	for (i = 0; i < started; i++) {
		pthread_join(w[i].thread, NULL);
		ak_deflate_free(w[i].deflate);
	}
	free(w);
	if (r->code)
		return ak_errf(err, r->code, "%s", r->err.text);
	return ak_watch_look(watch, r->total, r->total, err);
}

int ak_pipeline_run(struct ak_plan *plan, const struct ak_tensors *set,
		    struct ak_writer *w,
		    const struct akida_convert_options *options,
		    const struct ak_watch *watch, struct ak_err *err)
{
	struct run r = { .plan = plan, .set = set, .w = w };
	pthread_condattr_t attr;
	struct slot *s;
	size_t i;
	int rc;

	ak_pipeline_memory(options, &r.memory);
	pthread_mutex_init(&r.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r.change, NULL);
	pthread_cond_init(&r.end, &attr);
	pthread_condattr_destroy(&attr);
	rc = prepare(&r, err);
	if (!rc)
		rc = run_threads(&r, ak_pipeline_threads(options), watch, err);
	while ((s = r.free ? r.free : r.queue)) {
		if (s == r.free)
			r.free = s->next;
		else
			r.queue = s->next;
		free_slot(&r, s);
	}
	for (i = 0; i < plan->jobs; i++) {
		free(plan->job[i]->job.state);
		plan->job[i]->job.state = NULL;
	}
	free(r.job);
	pthread_cond_destroy(&r.change);
	pthread_cond_destroy(&r.end);
	pthread_mutex_destroy(&r.lock);
	return rc;
}
