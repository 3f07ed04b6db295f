// SPDX-License-Identifier: GPL-2.0
/*
 * Sensors of boards: hwmon's files, and averages over a stretch of time.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/sys.h"
#include "json.h"
#include "power.h"
#include "tool.h"

/* Boards convert every 35 ms: more often would count the same twice more. */
#define SAMPLE_NS 20000000

/**
 * struct power_meter - a thread that samples
 * @source: what it reads
 * @thread: itself
 * @stop: it shall end
 * @sum: of watts
 * @a: the rest
 */
struct power_meter {
	struct power_source source;
	pthread_t thread;
	atomic_bool stop;
	double sum;
	struct power_average a;
};

static const struct {
	const char *name;
	double unit;
} files[POWER_VALUES] = {
	[POWER_WATTS] = { "power1_input", 1e6 },
	[POWER_VOLTS] = { "in0_input", 1e3 },
	[POWER_AMPERES] = { "curr1_input", 1e3 },
	[POWER_CELSIUS] = { "temp1_input", 1e3 },
	[POWER_HERTZ] = { "freq1_input", 1 },
};

int power_find(struct power_source *s, const char *name)
{
	char kind[32];
	struct dirent *e;
	DIR *d;

	memset(s, 0, sizeof(*s));
	if (akida_board_find(name, &s->desc, sizeof(s->desc)))
		return -ENOENT;
	d = ak_sys_opendir("/sys/bus/pci/devices/%s/hwmon",
			   s->desc.pci_address);
	if (!d)
		return -ENODATA;
	while (!s->hwmon[0] && (e = readdir(d))) {
		if (strncmp(e->d_name, "hwmon", 5))
			continue;
		snprintf(s->hwmon, sizeof(s->hwmon),
			 "/sys/bus/pci/devices/%s/hwmon/%s",
			 s->desc.pci_address, e->d_name);
		if (ak_sys_line(kind, sizeof(kind), "%s/name", s->hwmon) < 0 ||
		    strcmp(kind, "akida"))
			s->hwmon[0] = '\0';
	}
	closedir(d);
	return s->hwmon[0] ? 0 : -ENODATA;
}

static bool read_value(const struct power_source *s, enum power_value v,
		       struct power_reading *r)
{
	int64_t n;
	int rc = ak_sys_number(&n, "%s/%s", s->hwmon, files[v].name);

	if (!rc) {
		r->has |= 1u << v;
		r->value[v] = (double)n / files[v].unit;
		return true;
	}
	if (rc != -ENOENT && !r->why)
		r->why = -rc;
	return false;
}

void power_read(const struct power_source *s, struct power_reading *r)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < POWER_VALUES; i++)
		read_value(s, i, r);
	if (ak_sys_line(r->mode, sizeof(r->mode),
			"/sys/class/akida/akida%u/clock_mode",
			s->desc.index) < 0)
		r->mode[0] = '\0';
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *sample(void *arg)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_NS };
	struct power_meter *m = arg;
	struct power_reading r;

	while (!atomic_load(&m->stop)) {
		nanosleep(&pause, NULL);
		memset(&r, 0, sizeof(r));
		if (!read_value(&m->source, POWER_WATTS, &r))
			continue;
		if (!m->a.samples || r.value[POWER_WATTS] < m->a.min)
			m->a.min = r.value[POWER_WATTS];
		if (!m->a.samples || r.value[POWER_WATTS] > m->a.max)
			m->a.max = r.value[POWER_WATTS];
		m->sum += r.value[POWER_WATTS];
		m->a.samples++;
	}
	return NULL;
}

struct power_meter *power_begin(const char *device)
{
	struct power_meter *m = tool_alloc(1, sizeof(*m));
	struct power_reading r = { 0 };

	if (!strcmp(device, "soft") || power_find(&m->source, device))
		goto none;
	/* A board that sleeps wakes up as soon as it is used. */
	if (!read_value(&m->source, POWER_WATTS, &r) && r.why != ENODATA)
		goto none;
	m->a.seconds = -now();
	if (pthread_create(&m->thread, NULL, sample, m))
		goto none;
	return m;
none:
	free(m);
	return NULL;
}

void power_end(struct power_meter *m, struct power_average *a)
{
	memset(a, 0, sizeof(*a));
	if (!m)
		return;
	atomic_store(&m->stop, true);
	pthread_join(m->thread, NULL);
	*a = m->a;
	a->seconds += now();
	if (a->samples)
		a->watts = m->sum / a->samples;
	free(m);
}

void power_print(const struct power_average *a, double per_second)
{
	if (!a->samples)
		return;
	printf("Power       %.1f mW on average, %.1f to %.1f in %u samples\n",
	       a->watts * 1e3, a->min * 1e3, a->max * 1e3, a->samples);
	printf("Energy      %.3f mJ an inference, %.1f inferences/s/W\n",
	       a->watts / per_second * 1e3, per_second / a->watts);
}

json_t *power_json(const struct power_average *a, double per_second)
{
	json_t *o;

	if (!a->samples)
		return json_null();
	o = json_object();
	json_put(o, "average_w", json_number(a->watts));
	json_put(o, "min_w", json_number(a->min));
	json_put(o, "max_w", json_number(a->max));
	json_put(o, "samples", json_integer(a->samples));
	json_put(o, "seconds", json_number(a->seconds));
	json_put(o, "joules_per_inference",
		 json_number(per_second > 0 ? a->watts / per_second : NAN));
	json_put(o, "inferences_per_second_per_watt",
		 json_number(per_second / a->watts));
	return o;
}
