// SPDX-License-Identifier: GPL-2.0
/*
 * What boards do, from sysfs: counters, their histogram of latencies, and what
 * happened between two moments. Who uses them: status_clients.c.
 *
 * What is read is the driver's, or a test's: a file that does not say what the
 * driver's would is taken as if it were not there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/sys.h"
#include "status.h"
#include "status_text.h"

/* More than the driver's page; a file that fills it is none of the driver's. */
#define HISTOGRAM_BYTES 8192

#define NS_PER_US 1000
#define NS_PER_S 1e9

static const double quantiles[] = { 0.5, 0.9, 0.99, 1 };

/* ------------------------------------------------------------ a board now */

static bool read_number(uint32_t index, const char *name, uint64_t *value)
{
	char text[64];
	const char *p = text;

	*value = 0;
	return !ak_sys_line(text, sizeof(text), "/sys/class/akida/akida%u/%s",
			    index, name) &&
	       status_number(&p, value) && !*p;
}

static uint64_t number_or_0(uint32_t index, const char *name)
{
	uint64_t value;

	return read_number(index, name, &value) ? value : 0;
}

static bool read_us(uint32_t index, const char *name, uint64_t *ns)
{
	uint64_t us;

	return read_number(index, name, &us) &&
	       !__builtin_mul_overflow(us, NS_PER_US, ns);
}

/* "UPPER JOBS\n" or "inf JOBS\n" */
static bool read_bucket(const char **p, uint64_t *upper, uint64_t *jobs)
{
	if (!strncmp(*p, "inf", 3)) {
		*p += 3;
		*upper = UINT64_MAX;
	} else if (!status_number(p, upper) ||
		   __builtin_mul_overflow(*upper, NS_PER_US, upper)) {
		return false;
	}
	if (*(*p)++ != ' ' || !status_number(p, jobs))
		return false;
	return *(*p)++ == '\n';
}

static bool parse_histogram(struct status_histogram *h, const char *p)
{
	uint64_t total = 0, last = 0;
	uint32_t n;

	for (n = 0; n < STATUS_BUCKETS && last != UINT64_MAX; n++) {
		if (!read_bucket(&p, &h->upper[n], &h->jobs[n]) ||
		    h->upper[n] <= last ||
		    __builtin_add_overflow(total, h->jobs[n], &total))
			return false;
		last = h->upper[n];
	}
	h->count = n;
	return last == UINT64_MAX && !*p;
}

static void read_histogram(struct status_histogram *h, uint32_t index)
{
	char text[HISTOGRAM_BYTES];
	int n = ak_sys_read(text, sizeof(text),
			    "/sys/class/akida/akida%u/job_latency_us", index);

	if (n <= 0 || (size_t)n == sizeof(text) - 1 ||
	    strlen(text) != (size_t)n || !parse_histogram(h, text) ||
	    !read_us(index, "job_latency_sum_us", &h->sum))
		memset(h, 0, sizeof(*h));
}

static void read_memory(struct status_board *s)
{
	uint32_t i = s->desc.index;

	s->has_memory = read_number(i, "memory_total", &s->memory_total) &&
			read_number(i, "memory_used", &s->memory_used) &&
			s->memory_used <= s->memory_total;
	if (!s->has_memory)
		s->memory_total = s->memory_used = 0;
}

static void read_sensors(struct status_board *s)
{
	const char *name =
		s->desc.pci_address[0] ? s->desc.pci_address : s->desc.node;

	/* A board may have no sensors, but modes. */
	if (!power_find(&s->source, name))
		power_read(&s->source, &s->sensors);
	else
		ak_sys_line(s->sensors.mode, sizeof(s->sensors.mode),
			    "/sys/class/akida/akida%u/clock_mode",
			    s->desc.index);
	status_word(s->sensors.mode);
}

/* The number may be another board's by now. */
static bool is_there(const struct akida_board_desc *d)
{
	char address[sizeof(d->pci_address)];
	struct stat st;

	if (ak_sys_stat(&st, "/sys/class/akida/akida%u", d->index))
		return false;
	return !d->pci_address[0] ||
	       (!ak_sys_link(address, sizeof(address),
			     "/sys/class/akida/akida%u/device", d->index) &&
		!strcmp(address, d->pci_address));
}

int status_board_read(struct status_board *s,
		      const struct akida_board_desc *desc)
{
	uint32_t i = desc->index;

	memset(s, 0, sizeof(*s));
	s->desc = *desc;
	if (!is_there(desc))
		return -ENODEV;
	s->time = ak_now_ns();
	if (!read_us(i, "busy_time_us", &s->busy))
		s->busy = 0;
	s->completed = number_or_0(i, "jobs_completed");
	s->failed = number_or_0(i, "jobs_failed");
	s->switches = number_or_0(i, "program_switches");
	s->resets = number_or_0(i, "resets");
	read_histogram(&s->latency, i);
	read_memory(s);
	read_sensors(s);
	ak_sys_line(s->state, sizeof(s->state),
		    "/sys/class/akida/akida%u/device/power/runtime_status", i);
	status_word(s->state);
	/* What could not be read since it went must not look like zeros. */
	return is_there(desc) ? 0 : -ENODEV;
}

/* ----------------------------------------------------- between two moments */

static bool went_back(const struct status_board *a,
		      const struct status_board *b)
{
	return b->busy < a->busy || b->completed < a->completed ||
	       b->failed < a->failed || b->switches < a->switches ||
	       b->resets < a->resets;
}

static bool same_board(const struct akida_board_desc *a,
		       const struct akida_board_desc *b)
{
	return a->index == b->index && !strcmp(a->pci_address, b->pci_address);
}

/* Jobs in each bucket since; false if that cannot be. */
static bool subtract(const struct status_histogram *a,
		     const struct status_histogram *b, uint64_t *jobs,
		     uint64_t *total)
{
	uint32_t i;

	*total = 0;
	for (i = 0; i < b->count; i++) {
		if (a->upper[i] != b->upper[i] || b->jobs[i] < a->jobs[i])
			return false;
		jobs[i] = b->jobs[i] - a->jobs[i];
		*total += jobs[i];
	}
	return true;
}

static double quantile(const struct status_histogram *h, const uint64_t *jobs,
		       double rank)
{
	double before = 0, low = 0, high;
	uint32_t i;

	for (i = 0; i < h->count; i++) {
		/* How long those took that took too long, nobody knows. */
		high = h->upper[i] == UINT64_MAX ? low : (double)h->upper[i];
		if (jobs[i]) {
			if (before + (double)jobs[i] >= rank)
				return (low + (high - low) * (rank - before) /
						      (double)jobs[i]) /
				       NS_PER_S;
			before += (double)jobs[i];
		}
		low = high;
	}
	/* Large numbers were rounded. */
	return low / NS_PER_S;
}

static bool rate_latency(const struct status_histogram *a,
			 const struct status_histogram *b,
			 struct status_rates *r)
{
	uint64_t jobs[STATUS_BUCKETS];
	unsigned int i;

	/* Nothing is known of one of them: no reason to doubt the rest. */
	if (!a->count || !b->count)
		return true;
	if (a->count != b->count || !subtract(a, b, jobs, &r->latencies))
		return false;
	for (i = 0; r->latencies && i < 4; i++)
		r->latency[i] =
			quantile(b, jobs, quantiles[i] * (double)r->latencies);
	return true;
}

void status_rates(const struct status_board *before,
		  const struct status_board *now, struct status_rates *r)
{
	double ns;

	memset(r, 0, sizeof(*r));
	if (now->time <= before->time || went_back(before, now) ||
	    !same_board(&before->desc, &now->desc))
		return;
	if (!rate_latency(&before->latency, &now->latency, r)) {
		memset(r, 0, sizeof(*r));
		return;
	}
	ns = (double)(now->time - before->time);
	r->seconds = ns / NS_PER_S;
	/* A batch is counted at its end, and may have begun before. */
	r->utilisation = (double)(now->busy - before->busy) / ns;
	if (r->utilisation > 1)
		r->utilisation = 1;
	r->jobs = (double)(now->completed - before->completed) / r->seconds;
	r->failed = (double)(now->failed - before->failed) / r->seconds;
	r->switches = (double)(now->switches - before->switches) / r->seconds;
}
