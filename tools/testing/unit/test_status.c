// SPDX-License-Identifier: GPL-2.0
/*
 * What is read of boards and of who uses them, from trees of files: as the
 * driver writes them, and as it never would.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../akida/status.h"
#include "board_machine.h"
#include "cmocka_all.h"

#define CLASS "/sys/class/akida/akida0/"
#define BUCKETS 90

/* ------------------------------------------------------------------ trees */

/* Limits as Documentation/admin-guide.rst has them: four an octave, 16 to 2^26 */
static uint64_t limit(unsigned int i)
{
	return i ? (uint64_t)ldexp(1 + (i - 1) % 4 * 0.25 + 0.25,
				   4 + (int)(i - 1) / 4) :
		   16;
}

static char *histogram(const uint64_t jobs[BUCKETS])
{
	static char text[BUCKETS * 48];
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < BUCKETS - 1; i++)
		n += (size_t)sprintf(text + n, "%ju %ju\n", (uintmax_t)limit(i),
				     (uintmax_t)jobs[i]);
	sprintf(text + n, "inf %ju\n", (uintmax_t)jobs[i]);
	return text;
}

static void remove_file(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", board_root, path);
	assert_int_equal(unlink(full), 0);
}

static void describe(struct akida_board_desc *d)
{
	assert_int_equal(akida_board_list(0, d, sizeof(*d)), 0);
	assert_int_equal(d->index, 0);
}

/* All that the driver tells of akida0 */
static int board_up(void **state)
{
	uint64_t jobs[BUCKETS] = { [0] = 5, [3] = 7, [BUCKETS - 1] = 1 };

	if (board_machine_up(state))
		return -1;
	board_file(CLASS "busy_time_us", "123456\n");
	board_file(CLASS "jobs_completed", "13\n");
	board_file(CLASS "jobs_failed", "2\n");
	board_file(CLASS "program_switches", "3\n");
	board_file(CLASS "resets", "4\n");
	board_file(CLASS "job_latency_us", histogram(jobs));
	board_file(CLASS "job_latency_sum_us", "70000999\n");
	board_file(CLASS "memory_total", "201326592\n");
	board_file(CLASS "memory_used", "16789504\n");
	board_file(CLASS "clock_mode", "economy\n");
	board_file(PCI_A "/power/runtime_status", "active\n");
	board_link("/sys/bus/pci/devices/0000:01:00.0",
		   "../../../devices/pci0000:00/0000:00:02.0/0000:01:00.0");
	board_file(PCI_A "/hwmon/hwmon3/name", "akida\n");
	board_file(PCI_A "/hwmon/hwmon3/power1_input", "605000\n");
	board_file(PCI_A "/hwmon/hwmon3/temp1_input", "39900\n");
	board_file("/proc/meminfo", "MemTotal: 1 kB\n");
	return 0;
}

/* ---------------------------------------------------------------- a board */

static void test_board(void **state)
{
	struct akida_board_desc d;
	struct status_board s;
	unsigned int i;

	(void)state;
	describe(&d);
	assert_int_equal(status_board_read(&s, &d), 0);
	assert_string_equal(s.desc.pci_address, "0000:01:00.0");
	assert_true(s.time > 0);
	assert_true(s.busy == 123456000);
	assert_true(s.completed == 13 && s.failed == 2);
	assert_true(s.switches == 3 && s.resets == 4);
	assert_true(s.has_memory);
	assert_true(s.memory_total == 201326592 && s.memory_used == 16789504);
	assert_string_equal(s.state, "active");
	assert_string_equal(s.sensors.mode, "economy");
	assert_int_equal(s.sensors.has, 1 << POWER_WATTS | 1 << POWER_CELSIUS);
	assert_true(s.sensors.value[POWER_WATTS] == 0.605);
	assert_true(s.sensors.value[POWER_CELSIUS] == 39.9);
	assert_int_equal(s.latency.count, BUCKETS);
	for (i = 0; i < BUCKETS - 1; i++)
		assert_true(s.latency.upper[i] == limit(i) * 1000);
	assert_true(s.latency.upper[0] == 16000);
	assert_true(s.latency.upper[BUCKETS - 2] == 67108864000);
	assert_true(s.latency.upper[BUCKETS - 1] == UINT64_MAX);
	assert_true(s.latency.jobs[0] == 5 && s.latency.jobs[3] == 7);
	assert_true(s.latency.jobs[1] == 0 && s.latency.jobs[BUCKETS - 1] == 1);
	assert_true(s.latency.sum == 70000999000);
}

/* A driver that knows less, as older ones do; a board without sensors */
static void test_board_says_less(void **state)
{
	struct akida_board_desc d;
	struct status_board s;

	(void)state;
	describe(&d);
	remove_file(PCI_A "/hwmon/hwmon3/name");
	remove_file(CLASS "job_latency_us");
	remove_file(CLASS "memory_total");
	remove_file(CLASS "resets");
	remove_file(PCI_A "/power/runtime_status");
	assert_int_equal(status_board_read(&s, &d), 0);
	assert_int_equal(s.latency.count, 0);
	assert_true(s.latency.sum == 0);
	assert_false(s.has_memory);
	assert_true(s.memory_used == 0 && s.resets == 0);
	assert_true(s.completed == 13);
	assert_string_equal(s.state, "");
	assert_int_equal(s.sensors.has, 0);
	assert_string_equal(s.sensors.mode, "economy");
}

static void test_board_gone(void **state)
{
	struct akida_board_desc d;
	struct status_board s;

	(void)state;
	describe(&d);
	d.index = 7;
	assert_int_equal(status_board_read(&s, &d), -ENODEV);
	/* Another board has the number now. */
	describe(&d);
	strcpy(d.pci_address, "0000:77:00.0");
	assert_int_equal(status_board_read(&s, &d), -ENODEV);
}

/* What the driver never says of a number */
static const char *const no_numbers[] = {
	"",
	"\n",
	"-1\n",
	"+1\n",
	" 12\n",
	"12 \n",
	"12x\n",
	"0x10\n",
	"1e3\n",
	"nan\n",
	"18446744073709551616\n",
	"99999999999999999999999999999999999999999999999999999999999999999999\n",
	"\xff\xfe\n",
};

static void test_hostile_numbers(void **state)
{
	struct akida_board_desc d;
	struct status_board s;
	unsigned int i;

	(void)state;
	describe(&d);
	for (i = 0; i < sizeof(no_numbers) / sizeof(*no_numbers); i++) {
		board_file(CLASS "jobs_completed", no_numbers[i]);
		board_file(CLASS "busy_time_us", no_numbers[i]);
		board_file(CLASS "memory_used", no_numbers[i]);
		board_file(CLASS "job_latency_sum_us", no_numbers[i]);
		assert_int_equal(status_board_read(&s, &d), 0);
		assert_true(s.completed == 0 && s.busy == 0);
		assert_true(s.failed == 2);
		assert_false(s.has_memory);
		assert_true(s.memory_total == 0 && s.memory_used == 0);
		assert_int_equal(s.latency.count, 0);
	}
	/* The largest is one, but not of microseconds as nanoseconds. */
	board_file(CLASS "jobs_completed", "18446744073709551615\n");
	board_file(CLASS "busy_time_us", "18446744073709552\n");
	/* More is used than there is. */
	board_file(CLASS "memory_used", "201326593\n");
	board_file(CLASS "clock_mode", "fast\x1b[2J\n");
	board_file(PCI_A "/power/runtime_status",
		   "active, and longer than any of the states\n");
	assert_int_equal(status_board_read(&s, &d), 0);
	assert_true(s.completed == UINT64_MAX && s.busy == 0);
	assert_false(s.has_memory);
	assert_string_equal(s.sensors.mode, "");
	assert_string_equal(s.state, "");
}

static bool knows_latency(void)
{
	struct akida_board_desc d;
	struct status_board s;
	unsigned int i;

	describe(&d);
	assert_int_equal(status_board_read(&s, &d), 0);
	assert_true(s.latency.count <= STATUS_BUCKETS);
	if (!s.latency.count) {
		assert_true(s.latency.sum == 0);
		return false;
	}
	for (i = 1; i < s.latency.count; i++)
		assert_true(s.latency.upper[i] > s.latency.upper[i - 1]);
	assert_true(s.latency.upper[i - 1] == UINT64_MAX);
	return true;
}

static void test_hostile_histograms(void **state)
{
	static const char *const no_histograms[] = {
		"",
		"\n",
		"16 1\n",
		"16 1\n20 2\n",
		"inf 1",
		"inf 1\n\n",
		"inf 1\ninf 2\n",
		"inf\n",
		"inf \n",
		"inf -1\n",
		"infinity 1\n",
		"16\n inf 1\n",
		"16 1\ninf 1\n20 1\n",
		"20 1\n16 1\ninf 1\n",
		"16 1\n16 1\ninf 1\n",
		"0 1\ninf 1\n",
		"16  1\ninf 1\n",
		"16 1 \ninf 1\n",
		"16 1\r\ninf 1\r\n",
		"16 -1\ninf 1\n",
		"16 1x\ninf 1\n",
		"-16 1\ninf 1\n",
		"16.5 1\ninf 1\n",
		"18446744073709552 1\ninf 1\n",
		"16 18446744073709551616\ninf 1\n",
		/* Together more than 64 bits */
		"16 18446744073709551615\ninf 1\n",
	};
	char many[16384];
	unsigned int i;
	size_t n;

	(void)state;
	assert_true(knows_latency());
	for (i = 0; i < sizeof(no_histograms) / sizeof(*no_histograms); i++) {
		board_file(CLASS "job_latency_us", no_histograms[i]);
		assert_false(knows_latency());
	}
	/* As many buckets as there is room for, and one more */
	for (n = 0, i = 1; i < STATUS_BUCKETS; i++)
		n += (size_t)sprintf(many + n, "%u 1\n", i);
	strcpy(many + n, "inf 1\n");
	board_file(CLASS "job_latency_us", many);
	assert_true(knows_latency());
	sprintf(many + n, "%u 1\ninf 1\n", i);
	board_file(CLASS "job_latency_us", many);
	assert_false(knows_latency());
	/* A line, and a file, that do not end */
	memset(many, '1', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	board_file(CLASS "job_latency_us", many);
	assert_false(knows_latency());
	strcpy(many, "16 1\ninf 1\n");
	memset(many + strlen(many), '\n', 8000);
	board_file(CLASS "job_latency_us", many);
	assert_false(knows_latency());
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* Whatever is in the file, what comes out is a histogram or none. */
static void test_mutated_histograms(void **state)
{
	static const char bytes[] = "0123456789 \n-inf\xff";
	uint64_t jobs[BUCKETS] = { [2] = 12, [40] = 1 };
	unsigned int i, k, good = 0;
	char text[8192], *whole;
	uint32_t x = 1;

	(void)state;
	whole = histogram(jobs);
	for (i = 0; i < 1000; i++) {
		strcpy(text, whole);
		for (k = 0; k <= i % 3; k++)
			text[next_random(&x) % strlen(whole)] =
				bytes[next_random(&x) % (sizeof(bytes) - 1)];
		if (i % 5 == 0)
			text[next_random(&x) % strlen(whole)] = '\0';
		board_file(CLASS "job_latency_us", text);
		good += knows_latency();
	}
	/* A digit for another is no lie that could be seen. */
	assert_true(good > 50 && good < 900);
}

/* ------------------------------------------------------------------ rates */

static void zeros(const struct status_rates *r)
{
	static const struct status_rates none;

	assert_true(r->seconds == 0 && r->utilisation == 0 && r->jobs == 0);
	assert_true(r->failed == 0 && r->switches == 0 && r->latencies == 0);
	assert_memory_equal(r->latency, none.latency, sizeof(none.latency));
}

static void moments(struct status_board *a, struct status_board *b)
{
	struct akida_board_desc d;

	describe(&d);
	assert_int_equal(status_board_read(a, &d), 0);
	*b = *a;
	b->time += 500000000;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-12 + 1e-9 * fabs(b);
}

static void test_rates(void **state)
{
	struct status_board a, b;
	struct status_rates r;

	(void)state;
	moments(&a, &b);
	status_rates(&a, &b, &r);
	assert_true(near(r.seconds, 0.5));
	assert_true(r.jobs == 0 && r.latencies == 0 && r.latency[0] == 0);
	b.busy += 125000000;
	b.completed += 100;
	b.failed += 2;
	b.switches += 1;
	/* Of 100 jobs 50 in (20, 24], 49 in (28, 32], 1 in (64, 80] us */
	b.latency.jobs[2] += 50;
	b.latency.jobs[4] += 49;
	b.latency.jobs[9] += 1;
	assert_true(b.latency.upper[2] == 24000 && b.latency.upper[9] == 80000);
	status_rates(&a, &b, &r);
	assert_true(near(r.utilisation, 0.25));
	assert_true(near(r.jobs, 200) && near(r.failed, 4));
	assert_true(near(r.switches, 2));
	assert_true(r.latencies == 100);
	assert_true(near(r.latency[0], 24e-6));
	assert_true(near(r.latency[1], (28 + 4 * 40 / 49.) * 1e-6));
	assert_true(near(r.latency[2], 32e-6));
	assert_true(near(r.latency[3], 80e-6));
	/* A batch that began before the first moment */
	b.busy = a.busy + 600000000;
	status_rates(&a, &b, &r);
	assert_true(r.utilisation == 1);
	/* Too long for any limit */
	b.latency.jobs[BUCKETS - 1] += 900;
	status_rates(&a, &b, &r);
	assert_true(near(r.latency[0], 67.108864));
	assert_true(near(r.latency[3], 67.108864));
	/* One of them does not tell. */
	a.latency.count = 0;
	status_rates(&a, &b, &r);
	assert_true(r.latencies == 0 && near(r.jobs, 200));
}

static void test_rates_backwards(void **state)
{
	struct status_board a, b;
	struct status_rates r;
	uint64_t *const counters[] = { &b.busy,	  &b.completed,
				       &b.failed, &b.switches,
				       &b.resets, &b.latency.jobs[3] };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		moments(&a, &b);
		b.completed += 10;
		b.latency.jobs[5] += 10;
		status_rates(&a, &b, &r);
		assert_true(r.jobs > 0 && r.latencies == 10);
		*counters[i] = 0;
		status_rates(&a, &b, &r);
		zeros(&r);
	}
	moments(&a, &b);
	b.latency.upper[7]++;
	status_rates(&a, &b, &r);
	zeros(&r);
	moments(&a, &b);
	b.time = a.time;
	status_rates(&a, &b, &r);
	zeros(&r);
	moments(&a, &b);
	strcpy(b.desc.pci_address, "0000:02:00.0");
	status_rates(&a, &b, &r);
	zeros(&r);
	/* Counters as large as can be */
	moments(&a, &b);
	b.busy = b.completed = b.failed = b.switches = UINT64_MAX;
	status_rates(&a, &b, &r);
	assert_true(isfinite(r.jobs) && r.utilisation == 1);
}

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* Percentiles are off by less than a quarter, or 16 us, as documented. */
static void test_percentile_error(void **state)
{
	static const double q[] = { 0.5, 0.9, 0.99, 1 };
	static double us[5000];
	struct status_board a, b;
	struct status_rates r;
	unsigned int n = 5000, i, k;
	uint32_t x = 7;

	(void)state;
	for (k = 0; k < 20; k++) {
		moments(&a, &b);
		for (i = 0; i < n; i++) {
			/* From some microseconds to some ten seconds */
			us[i] = exp(1 + k % 7 +
				    next_random(&x) % 1000 / 1000. * k / 2);
			for (unsigned int c = 0;; c++)
				if (c == BUCKETS - 1 ||
				    us[i] <= (double)limit(c)) {
					b.latency.jobs[c]++;
					break;
				}
		}
		qsort(us, n, sizeof(*us), by_size);
		status_rates(&a, &b, &r);
		assert_int_equal(r.latencies, n);
		for (i = 0; i < 4; i++) {
			double want = us[(unsigned int)ceil(q[i] * n) - 1];
			double off = fabs(r.latency[i] * 1e6 - want);

			assert_true(off <= 16 || off < want / 4);
			assert_true(!i || r.latency[i] >= r.latency[i - 1]);
		}
	}
}

/* ---------------------------------------------------------------- clients */

#define FDINFO(node, id, busy, jobs, memory, more)            \
	"pos:\t0\nflags:\t02100002\nmnt_id:\t25\nino:\t123\n" \
	"akida-node:\t" node "\nakida-pdev:\t0000:01:00.0\n"  \
	"akida-client-id:\t" id "\nakida-busy-time:\t" busy   \
	" ns\nakida-jobs:\t" jobs "\nakida-jobs-failed:\t1\n" \
	"akida-memory:\t" memory " KiB\n" more

static void process(int pid, const char *name, unsigned int uid)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", name);
	board_file(path, text);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\t%s\nUid:\t%u\t0\t0\t0\n", name,
		 uid);
	board_file(path, text);
}

static void open_file(int pid, int fd, const char *target, const char *info)
{
	char path[64], full[256];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	snprintf(full, sizeof(full), "%s%s", board_root, path);
	unlink(full);
	board_link(path, target);
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	board_file(path, info);
}

static void test_clients(void **state)
{
	struct status_client *c;
	size_t n, hidden = 99;

	(void)state;
	assert_int_equal(status_clients(&c, &n, &hidden), 0);
	assert_int_equal(n, 0);
	assert_int_equal(hidden, 0);
	assert_null(c);
	process(40, "camera", 1000);
	open_file(40, 9, "/dev/akida12",
		  FDINFO("akida12", "8", "5", "6", "4", ""));
	open_file(40, 7, "/dev/akida0",
		  FDINFO("akida0", "7", "1234567", "12", "16396",
			 "akida-program:\tdigits\n"));
	/* The same open file once more, and none of a board */
	open_file(40, 11, "/dev/akida0",
		  FDINFO("akida0", "7", "1234567", "12", "16396", ""));
	open_file(40, 0, "/dev/null", "pos:\t0\nflags:\t0\n");
	open_file(40, 1, "socket:[1]",
		  FDINFO("akida0", "99", "0", "0", "0", ""));
	process(5, "a b", 4000000000);
	/* Shared with process 40; in a container the node has another name */
	open_file(5, 3, "/dev/npu", FDINFO("akida0", "7", "1", "2", "3", ""));
	assert_int_equal(status_clients(&c, &n, &hidden), 0);
	assert_int_equal(n, 3);
	assert_int_equal(hidden, 0);
	assert_true(c[0].board == 0 && c[0].pid == 5 && c[0].fd == 3);
	assert_string_equal(c[0].command, "a b");
	assert_true(c[0].user == 4000000000 && c[0].id == 7);
	assert_true(c[1].board == 0 && c[1].pid == 40 && c[1].fd == 7);
	assert_string_equal(c[1].command, "camera");
	assert_true(c[1].user == 1000 && c[1].id == 7);
	assert_true(c[1].busy == 1234567 && c[1].completed == 12);
	assert_true(c[1].failed == 1 && c[1].memory == 16396 * 1024);
	assert_string_equal(c[1].program, "digits");
	assert_true(c[2].board == 12 && c[2].pid == 40 && c[2].fd == 9);
	assert_string_equal(c[2].program, "");
	free(c);
	/* Who does not ask how many are hidden */
	assert_int_equal(status_clients(&c, &n, NULL), 0);
	assert_int_equal(n, 3);
	free(c);
}

static void test_hostile_clients(void **state)
{
	static const char *const none[] = {
		"",
		"akida-node:\takida0\n",
		"akida-client-id:\t1\n",
		"akida-node: akida0\nakida-client-id: 1\n",
		"xakida-node:\takida0\nakida-client-id:\t1\n",
		"akida-node:\takida00\nakida-client-id:\t1\n",
		"akida-node:\takida-1\nakida-client-id:\t1\n",
		"akida-node:\takida99999999999999999999\nakida-client-id:\t1\n",
		"akida-node:\t../../etc/passwd\nakida-client-id:\t1\n",
		"akida-node:\takida0\nakida-client-id:\t-1\n",
		"akida-node:\takida0\nakida-client-id:\t18446744073709551616\n",
		"akida-node:\takida0\nakida-client-id:\t1",
		"akida-node:\takida0\nakida-client-id:\t1 ns\n",
	};
	struct status_client *c;
	char text[9000];
	unsigned int i;
	size_t n;

	(void)state;
	process(6, "x", 0);
	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		open_file(6, 3, "/dev/akida0", none[i]);
		assert_int_equal(status_clients(&c, &n, NULL), 0);
		assert_int_equal(n, 0);
	}
	/* Numbers and names that are none, in a file that is one */
	process(6, "\x1b[2J\xff\x01 name that is longer than any process has",
		0);
	snprintf(text, sizeof(text),
		 FDINFO("akida0", "1", "5 n", "1e9", "18014398509481984",
			"akida-program:\tbad\x1b]name\n"));
	open_file(6, 3, "/dev/akida0", text);
	assert_int_equal(status_clients(&c, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_true(c->busy == 0 && c->completed == 0 && c->memory == 0);
	assert_true(c->failed == 1);
	assert_string_equal(c->program, "bad?]name");
	assert_int_equal(strlen(c->command), sizeof(c->command) - 1);
	for (i = 0; c->command[i]; i++)
		assert_true(c->command[i] >= ' ' && c->command[i] < 0x7f);
	free(c);
	/* A name that is too long, and a file that does not end */
	memset(text, 'a', sizeof(text));
	memcpy(text, none[1], strlen(none[1]));
	strcpy(text + strlen(none[1]), "akida-client-id:\t1\nakida-program:\t");
	n = strlen(text);
	text[n] = 'a';
	text[n + 64] = '\n';
	text[n + 65] = '\0';
	open_file(6, 3, "/dev/akida0", text);
	assert_int_equal(status_clients(&c, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(c->program, "");
	free(c);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	open_file(6, 3, "/dev/akida0", text);
	assert_int_equal(status_clients(&c, &n, NULL), 0);
	assert_int_equal(n, 0);
}

static void test_mutated_clients(void **state)
{
	static const char whole[] = FDINFO("akida0", "7", "1234567", "12",
					   "16396", "akida-program:\tdigits\n");
	unsigned int i, k, good = 0;
	struct status_client *c;
	char text[sizeof(whole)];
	uint32_t x = 3;
	size_t n;

	(void)state;
	process(6, "x", 0);
	for (i = 0; i < 1000; i++) {
		memcpy(text, whole, sizeof(whole));
		for (k = 0; k <= i % 4; k++)
			text[next_random(&x) % (sizeof(whole) - 1)] =
				(char)next_random(&x);
		open_file(6, 3, "/dev/akida0", text);
		assert_int_equal(status_clients(&c, &n, NULL), 0);
		assert_true(n <= 1);
		good += n;
		free(c);
	}
	assert_true(good > 100 && good < 1000);
}

/* Others' processes cannot be looked into; kernel threads have no files. */
static void test_hidden(void **state)
{
	char path[128];
	struct status_client *c;
	bool root = !geteuid();
	size_t n, hidden;
	int pid, rc;

	(void)state;
	assert_int_equal(chmod(board_root, 0755), 0);
	for (pid = 61; pid <= 64; pid++) {
		process(pid, "x", 0);
		open_file(pid, 3, "/dev/akida0",
			  FDINFO("akida0", "1", "1", "1", "1", ""));
		snprintf(path, sizeof(path), "%s/proc/%d/fdinfo", board_root,
			 pid);
		if (pid > 61)
			assert_int_equal(chmod(path, 0), 0);
	}
	board_file("/proc/62/stat", "62 (a) b) S 1 1 1 0 -1 4194560 1 0\n");
	board_file("/proc/63/stat", "63 (kwork) S 2 0 0 0 -1 69238880 0 0\n");
	if (root)
		assert_int_equal(seteuid(65534), 0);
	rc = status_clients(&c, &n, &hidden);
	if (root)
		assert_int_equal(seteuid(0), 0);
	for (pid = 62; pid <= 64; pid++) {
		snprintf(path, sizeof(path), "%s/proc/%d/fdinfo", board_root,
			 pid);
		assert_int_equal(chmod(path, 0755), 0);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(n, 1);
	assert_int_equal(hidden, 2);
	assert_int_equal(c->pid, 61);
	free(c);
}

#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(test_##name, board_up, \
					board_machine_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(board),
		TEST(board_says_less),
		TEST(board_gone),
		TEST(hostile_numbers),
		TEST(hostile_histograms),
		TEST(mutated_histograms),
		TEST(rates),
		TEST(rates_backwards),
		TEST(percentile_error),
		TEST(clients),
		TEST(hostile_clients),
		TEST(mutated_clients),
		TEST(hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
