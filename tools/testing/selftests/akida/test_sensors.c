// SPDX-License-Identifier: GPL-2.0
/*
 * Sensors, clock modes and counters, and sleep of a board that nobody uses:
 * what sysfs shows, when it does not, and that asking wakes no board and
 * waits for none. What the figures should be: Documentation/virtual-board.rst.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <jansson.h>

#include "board_fixture.h"
#include "load.h"
#include "tiny.h"

/* Longer than any answer may take that waits for nothing */
#define AT_ONCE (2 * NS)

struct attribute {
	const char *name;
	mode_t mode;
	long min, max;
};

/* Of an idle board: 600 mW at 3.3 V and 40 degrees, give or take noise */
static const struct attribute numbers[] = {
	{ "power1_input", 0444, 580000, 620000 },
	{ "power1_max", 0644, 163837500, 163837500 },
	{ "power1_alarm", 0444, 0, 0 },
	{ "in0_input", 0444, 3297, 3303 },
	{ "curr1_input", 0444, 177, 187 },
	{ "temp1_input", 0444, 39900, 40100 },
	{ "freq1_input", 0444, 300000000, 400000000 },
};

static const struct attribute labels[] = {
	{ .name = "power1_label", .mode = 0444 },
	{ .name = "in0_label", .mode = 0444 },
	{ .name = "curr1_label", .mode = 0444 },
	{ .name = "temp1_label", .mode = 0444 },
	{ .name = "freq1_label", .mode = 0444 },
};

static const char *const counters_of[] = { "busy_time_us", "jobs_completed",
					   "jobs_failed", "program_switches",
					   "resets" };

/* Path of a hwmon attribute; "" if the board has no hwmon device. */
static const char *hwmon(const struct board *b, const char *name)
{
	static __thread char path[512];
	char found[64] = "";
	struct dirent *e;
	DIR *d = opendir(board_attr(b, "hwmon"));

	if (!d)
		return "";
	while ((e = readdir(d)))
		if (!strncmp(e->d_name, "hwmon", 5))
			snprintf(found, sizeof(found), "hwmon/%.40s/%s",
				 e->d_name, "");
	closedir(d);
	if (!found[0])
		return "";
	snprintf(path, sizeof(path), "%s%s", board_attr(b, found), name);
	return path;
}

static const char *class_attr(const struct board *b, const char *name)
{
	static __thread char path[128];

	snprintf(path, sizeof(path), "/sys/class/akida/akida%d/%s", b->index,
		 name);
	return path;
}

/* An attribute's number, or the error of reading it. */
static int number(const char *path, long *value)
{
	char text[64];
	int err = read_file(path, text, sizeof(text));

	*value = err ? 0 : strtol(text, NULL, 10);
	return err;
}

/* What reading it fails with, 0 if it does not. */
static int refused(const char *path)
{
	long v;

	return number(path, &v);
}

static long class_number(const struct board *b, const char *name)
{
	long v;
	int err = number(class_attr(b, name), &v);

	return err ? err : v;
}

static bool says(const char *path, const char *want)
{
	char text[64] = "";

	return !read_file(path, text, sizeof(text)) &&
	       !strncmp(text, want, strlen(want)) && text[strlen(want)] == '\n';
}

static bool exists(const char *path)
{
	struct stat st;

	return *path && !stat(path, &st);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mode & 0777;
}

/* Waits until an attribute says something. */
static bool becomes(const char *path, const char *want, int ms)
{
	uint64_t end = now_ns() + ms * (NS / 1000);
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", path);
	while (!says(copy, want)) {
		if (now_ns() > end)
			return false;
		sleep_ms(20);
	}
	return true;
}

/* A figure of the control socket's "power" */
static long long told(const struct board *b, const char *key)
{
	char command[64];
	long long v = -1;
	json_t *o;
	FILE *f;

	snprintf(command, sizeof(command), "vmctl board %d power", b->number);
	f = popen(command, "r");
	if (!f)
		return -1;
	o = json_loadf(f, 0, NULL);
	pclose(f);
	if (json_is_integer(json_object_get(json_object_get(o, "power"), key)))
		v = json_integer_value(
			json_object_get(json_object_get(o, "power"), key));
	json_decref(o);
	return v;
}

/* ------------------------------------------------------------------- jobs */

struct jobs {
	struct tiny t;
	uint8_t *in, *out;
	uint8_t value[TINY_INPUTS];
	struct akida_submit_job job;
	struct akida_ioc_submit arg;
};

static int jobs_make(struct jobs *j, int fd, uint32_t chip)
{
	int program = tiny_load(fd, &j->t, chip, 5);
	uint32_t in, out;

	if (program < 0)
		return program;
	j->in = buffer_map(fd, AKIDA_BUFFER_HOST, TINY_INPUT_BYTES, &in);
	j->out = buffer_map(fd, AKIDA_BUFFER_HOST, TINY_OUTPUT_BYTES, &out);
	if (!j->in || !j->out)
		return -ENOMEM;
	j->job = (struct akida_submit_job){ .input = in, .output = out };
	j->arg = (struct akida_ioc_submit){ .jobs = (uintptr_t)&j->job,
					    .program = program,
					    .num_jobs = 1 };
	return 0;
}

/* One job; a negative errno, or -EBADMSG for a wrong result. */
static int jobs_run(struct jobs *j, int fd, unsigned int seed)
{
	int err;

	j->job.input_size = tiny_input(j->value, (uint32_t *)j->in, seed);
	memset(j->out, 0xa5, TINY_OUTPUT_BYTES);
	j->arg.flags = AKIDA_SUBMIT_WAIT;
	err = dev_ioctl(fd, AKIDA_IOC_SUBMIT, &j->arg);
	if (err || j->arg.status)
		return err ? err : j->arg.status;
	return tiny_check(&j->t, j->value, j->out) ? -EBADMSG : 0;
}

/* -------------------------------------------------------------- attributes */

TEST_F(board, attributes)
{
	long v;

	EXPECT_TRUE(says(hwmon(&self->b, "name"), "akida"));
	/* Not before the first conversion. */
	sleep_ms(100);
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct attribute *a = &numbers[i];

		EXPECT_EQ(0, number(hwmon(&self->b, a->name), &v));
		EXPECT_TRUE(v >= a->min && v <= a->max)
		{
			TH_LOG("%s is %ld", a->name, v);
		}
		EXPECT_EQ(a->mode, mode_of(hwmon(&self->b, a->name)))
		{
			TH_LOG("%s", a->name);
		}
	}
	EXPECT_EQ(0, number(hwmon(&self->b, "freq1_input"), &v));
	EXPECT_EQ(variant->chip == AKIDA_CHIP_AKD1000 ? 300000000 : 400000000,
		  v);
	for (unsigned int i = 0; i < ARRAY_SIZE(labels); i++)
		EXPECT_EQ(labels[i].mode,
			  mode_of(hwmon(&self->b, labels[i].name)));
	EXPECT_TRUE(says(hwmon(&self->b, "power1_label"), "board"));
	EXPECT_TRUE(says(hwmon(&self->b, "in0_label"), "supply"));
	EXPECT_TRUE(says(hwmon(&self->b, "curr1_label"), "board"));
	EXPECT_TRUE(says(hwmon(&self->b, "temp1_label"), "board"));
	EXPECT_TRUE(says(hwmon(&self->b, "freq1_label"), "core"));
	/* Nothing that software would have to make up */
	EXPECT_FALSE(exists(hwmon(&self->b, "power1_average")));
	EXPECT_FALSE(exists(hwmon(&self->b, "temp1_alarm")));
	EXPECT_EQ(0644U, mode_of(class_attr(&self->b, "clock_mode")));
	for (unsigned int i = 0; i < ARRAY_SIZE(counters_of); i++)
		EXPECT_EQ(0444U, mode_of(class_attr(&self->b, counters_of[i])));
}

TEST_F(board, counters)
{
	long before[ARRAY_SIZE(counters_of)], jobs, failed;
	struct jobs j;

	for (unsigned int i = 0; i < ARRAY_SIZE(counters_of); i++)
		before[i] = class_number(&self->b, counters_of[i]);
	ASSERT_EQ(0, jobs_make(&j, self->fd, variant->chip));
	for (unsigned int i = 1; i <= 5; i++)
		ASSERT_EQ(0, jobs_run(&j, self->fd, i));
	jobs = class_number(&self->b, "jobs_completed");
	failed = class_number(&self->b, "jobs_failed");
	EXPECT_LT(before[0], class_number(&self->b, "busy_time_us"));
	EXPECT_EQ(before[1] + 5, jobs);
	EXPECT_EQ(before[2], failed);
	EXPECT_EQ(before[3] + 1, class_number(&self->b, "program_switches"));
	EXPECT_EQ(before[4], class_number(&self->b, "resets"));
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core", self->b.number));
	EXPECT_EQ(-EIO, jobs_run(&j, self->fd, 6));
	EXPECT_EQ(jobs, class_number(&self->b, "jobs_completed"));
	EXPECT_EQ(failed + 1, class_number(&self->b, "jobs_failed"));
	EXPECT_EQ(before[4] + 1, class_number(&self->b, "resets"));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_EQ(before[4] + 2, class_number(&self->b, "resets"));
}

/* Times and powers of the same inference, as measured on silicon */
TEST_F(board, clock_modes)
{
	static const struct {
		const char *name;
		uint32_t mode;
		double us;
	} m[] = { { "performance", AKIDA_CLOCK_PERFORMANCE, 909 },
		  { "economy", AKIDA_CLOCK_ECONOMY, 1080 },
		  { "lowpower", AKIDA_CLOCK_LOW_POWER, 8472 } };
	struct akida_ioc_wait w;
	uint64_t clocks[3];
	double ns[3];
	struct jobs j;
	char path[128];
	long hz;

	snprintf(path, sizeof(path), "%s", class_attr(&self->b, "clock_mode"));
	ASSERT_EQ(0, jobs_make(&j, self->fd, variant->chip));
	/* Configured, so that a job is all that the core does. */
	ASSERT_EQ(0, jobs_run(&j, self->fd, 1));
	for (unsigned int i = 0; i < 3; i++) {
		long long busy;

		ASSERT_EQ(0, write_file(path, m[i].name));
		EXPECT_TRUE(says(path, m[i].name));
		ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info));
		EXPECT_EQ(m[i].mode, self->info.clock_mode);
		EXPECT_EQ(0, number(hwmon(&self->b, "freq1_input"), &hz));
		busy = told(&self->b, "busy_ns");
		ASSERT_EQ(0, jobs_run(&j, self->fd, 1));
		busy = told(&self->b, "busy_ns") - busy;
		memset(&w, 0, sizeof(w));
		ASSERT_EQ(0, wait_for(self->fd, j.arg.seq, 1000, &w));
		ASSERT_LT(0U, w.clocks);
		clocks[i] = w.clocks;
		/* The board's clock and the job's clocks agree. */
		ns[i] = (double)w.clocks * NS / hz;
		EXPECT_TRUE(busy >= ns[i] - 2 && busy <= ns[i] + 2)
		{
			TH_LOG("%s: %lld ns, not %g", m[i].name, busy, ns[i]);
		}
	}
	for (unsigned int i = 1; i < 3; i++) {
		double ratio = ns[i] / ns[0] / (m[i].us / m[0].us);

		EXPECT_EQ(clocks[0], clocks[i]);
		EXPECT_TRUE(ratio > 0.999 && ratio < 1.001);
	}
	EXPECT_EQ(-EINVAL, write_file(path, "turbo"));
	EXPECT_TRUE(says(path, "lowpower"));

	/* A reset of the board puts it back to performance, the driver not. */
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_TRUE(says(path, "lowpower"));
	ASSERT_EQ(0, write_file(path, "performance"));
	EXPECT_EQ(0, jobs_run(&j, self->fd, 2));
}

/* What the board's comparator says reaches who polls. */
TEST_F(board, alert)
{
	char text[16], path[512];
	struct pollfd p = { .events = POLLPRI };
	long v;

	snprintf(path, sizeof(path), "%s", hwmon(&self->b, "power1_alarm"));
	p.fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(p.fd, 0);
	ASSERT_LT(0, pread(p.fd, text, sizeof(text), 0));
	EXPECT_EQ('0', text[0]);
	EXPECT_EQ(0, poll(&p, 1, 100));
	ASSERT_EQ(0, vmctl("board %d fault sensor-alert", self->b.number));
	EXPECT_EQ(1, poll(&p, 1, 10000));
	ASSERT_LT(0, pread(p.fd, text, sizeof(text), 0));
	EXPECT_EQ('1', text[0]);
	ASSERT_EQ(0, vmctl("board %d clear sensor-alert", self->b.number));
	ASSERT_LT(0, pread(p.fd, text, sizeof(text), 0));
	EXPECT_EQ('0', text[0]);

	/* A limit below what an idle board takes; 2.5 mW are its LSB. */
	EXPECT_EQ(0, write_file(hwmon(&self->b, "power1_max"), "501000"));
	EXPECT_EQ(0, number(hwmon(&self->b, "power1_max"), &v));
	EXPECT_EQ(500000, v);
	EXPECT_EQ(1, poll(&p, 1, 10000));
	/* It may have been the end of the other that was told of. */
	EXPECT_TRUE(becomes(path, "1", 10000));
	/* Resets keep it. */
	ASSERT_LT(0, pread(p.fd, text, sizeof(text), 0));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_EQ(1, poll(&p, 1, 10000));
	EXPECT_TRUE(becomes(path, "1", 5000));
	EXPECT_EQ(0, write_file(hwmon(&self->b, "power1_max"), "999999999"));
	EXPECT_TRUE(becomes(path, "0", 5000));
	EXPECT_EQ(0, number(hwmon(&self->b, "power1_max"), &v));
	EXPECT_EQ(163837500, v);
	close(p.fd);
}

TEST_F(board, silent_sensor)
{
	long v;

	sleep_ms(100);
	ASSERT_EQ(0, vmctl("board %d fault sensor-absent", self->b.number));
	EXPECT_EQ(-ENODATA, number(hwmon(&self->b, "power1_input"), &v));
	EXPECT_EQ(-ENODATA, number(hwmon(&self->b, "in0_input"), &v));
	EXPECT_EQ(-ENODATA, number(hwmon(&self->b, "curr1_input"), &v));
	EXPECT_EQ(-ENODATA, number(hwmon(&self->b, "temp1_input"), &v));
	EXPECT_EQ(0, number(hwmon(&self->b, "freq1_input"), &v));
	ASSERT_EQ(0, vmctl("board %d clear sensor-absent", self->b.number));
	EXPECT_EQ(0, number(hwmon(&self->b, "power1_input"), &v));
}

/* --------------------------------------------------------- while it is away */

struct reader {
	struct board b;
	pthread_t thread;
	atomic_bool stop;
	unsigned int good, nodata, nodev;
	int odd;
	uint64_t longest;
};

static void *read_all(void *arg)
{
	static const char *const names[] = { "power1_input", "temp1_input",
					     "freq1_input", "power1_alarm" };
	struct reader *r = arg;
	char path[ARRAY_SIZE(names) + 1][512];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		snprintf(path[i], sizeof(path[i]), "%s",
			 hwmon(&r->b, names[i]));
	snprintf(path[i], sizeof(path[i]), "%s",
		 class_attr(&r->b, "clock_mode"));
	for (i = 0; !atomic_load(&r->stop); i++) {
		char text[64];
		uint64_t begin = now_ns();
		int err = read_file(path[i % ARRAY_SIZE(path)], text,
				    sizeof(text));

		begin = now_ns() - begin;
		if (begin > r->longest)
			r->longest = begin;
		if (!err)
			r->good++;
		else if (err == -ENODATA)
			r->nodata++;
		/* Before and after the files themselves are gone */
		else if (err == -ENODEV || err == -ENOENT)
			r->nodev++;
		else
			r->odd = err;
	}
	return NULL;
}

static int reader_begin(struct reader *r, const struct board *b)
{
	memset(r, 0, sizeof(*r));
	r->b = *b;
	return -pthread_create(&r->thread, NULL, read_all, r);
}

static void reader_end(struct reader *r)
{
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
}

TEST_F_TIMEOUT(board, read_during_resets, 60)
{
	struct reader r;

	ASSERT_EQ(0, reader_begin(&r, &self->b));
	for (unsigned int i = 0; i < 8; i++)
		EXPECT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	reader_end(&r);
	EXPECT_EQ(0, r.odd);
	EXPECT_EQ(0U, r.nodev);
	EXPECT_LT(0U, r.nodata);
	EXPECT_GT(AT_ONCE, r.longest);
	TH_LOG("%u good, %u without data, longest %llu us", r.good, r.nodata,
	       (unsigned long long)r.longest / 1000);
}

/* Another board in its place, without some sources, then without any. */
static int other_board(struct board *b, const char *args)
{
	int number = b->number;

	if (vmctl("unplug %d", number) ||
	    vmctl("start-board %d %s", number, args) ||
	    vmctl("replug %d", number))
		return -EIO;
	return board_at(b, number, 20000);
}

TEST_F_TIMEOUT(board, pulled, 120)
{
	struct reader r;
	char open_path[512], text[64];
	int fd;

	if (!vm_is("VM_PROFILE", "hotplug"))
		SKIP(return, "boards cannot be unplugged in this profile");
	if (variant->chip != AKIDA_CHIP_AKD1000)
		SKIP(return, "the same on both chips, and slow");
	close(self->fd);
	self->fd = -1;
	snprintf(open_path, sizeof(open_path), "%s",
		 hwmon(&self->b, "power1_input"));
	fd = open(open_path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, reader_begin(&r, &self->b));
	sleep_ms(50);
	/* The machine does not know yet: reads are all ones. */
	ASSERT_EQ(0, vmctl("kill-board %d", self->b.number));
	sleep_ms(200);
	EXPECT_EQ(-ENODEV, refused(open_path));
	/* A mode cannot be set, and the clock's old one is not told. */
	EXPECT_EQ(-ENODEV,
		  write_file(class_attr(&self->b, "clock_mode"), "economy"));
	ASSERT_EQ(0,
		  other_board(&self->b,
			      "--without power,temperature,frequency,modes"));
	reader_end(&r);
	EXPECT_EQ(0, r.odd);
	EXPECT_LT(0U, r.good);
	EXPECT_LT(0U, r.nodev);
	EXPECT_GT(AT_ONCE, r.longest);
	/* What was open before is of a board that is gone. */
	EXPECT_EQ(-1, pread(fd, text, sizeof(text), 0));
	EXPECT_EQ(ENODEV, errno);
	close(fd);

	EXPECT_TRUE(exists(hwmon(&self->b, "in0_input")));
	EXPECT_TRUE(exists(hwmon(&self->b, "curr1_label")));
	EXPECT_FALSE(exists(hwmon(&self->b, "power1_input")));
	EXPECT_FALSE(exists(hwmon(&self->b, "power1_label")));
	EXPECT_FALSE(exists(hwmon(&self->b, "power1_max")));
	EXPECT_FALSE(exists(hwmon(&self->b, "temp1_input")));
	EXPECT_FALSE(exists(hwmon(&self->b, "freq1_input")));
	EXPECT_FALSE(exists(hwmon(&self->b, "freq1_label")));
	EXPECT_FALSE(exists(class_attr(&self->b, "clock_mode")));

	/* As silicon looks to the driver. */
	ASSERT_EQ(0, vmctl("kill-board %d", self->b.number));
	ASSERT_EQ(0, other_board(&self->b, "--without monitor"));
	EXPECT_STREQ("", hwmon(&self->b, "name"));
	EXPECT_FALSE(exists(class_attr(&self->b, "clock_mode")));
	EXPECT_TRUE(exists(class_attr(&self->b, "busy_time_us")));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info));
	EXPECT_EQ(0U, self->info.clock_mode);
	close(self->fd);
	self->fd = -1;

	ASSERT_EQ(0, vmctl("kill-board %d", self->b.number));
	ASSERT_EQ(0, other_board(&self->b, ""));
	EXPECT_TRUE(exists(hwmon(&self->b, "power1_input")));
}

/* --------------------------------------------------------- runtime suspend */

static int allow_suspend(const struct board *b, bool allow, const char *ms)
{
	int err = write_file(board_attr(b, "power/autosuspend_delay_ms"), ms);

	return err ? err :
		     write_file(board_attr(b, "power/control"),
				allow ? "auto" : "on");
}

static bool suspended(const struct board *b)
{
	return says(board_attr(b, "power/runtime_status"), "suspended");
}

static bool gets_suspended(const struct board *b, int ms)
{
	return becomes(board_attr(b, "power/runtime_status"), "suspended", ms);
}

TEST_F_TIMEOUT(board, runtime_suspend, 60)
{
	struct jobs j;
	char path[128], d3[16];
	uint32_t host;
	uint8_t *p;
	int d;
	long v, resets = class_number(&self->b, "resets");

	/* Nobody is suspended who was not allowed to. */
	EXPECT_TRUE(says(board_attr(&self->b, "power/control"), "on"));
	snprintf(path, sizeof(path), "%s", class_attr(&self->b, "clock_mode"));
	ASSERT_EQ(0, write_file(path, "economy"));
	ASSERT_EQ(0, jobs_make(&j, self->fd, variant->chip));
	ASSERT_EQ(0, jobs_run(&j, self->fd, 1));
	ASSERT_EQ(0, allow_suspend(&self->b, true, "50"));
	/* An open file with a program does not keep it awake. */
	ASSERT_TRUE(gets_suspended(&self->b, 10000));
	if (!read_file(board_attr(&self->b, "power_state"), d3, sizeof(d3)))
		EXPECT_EQ(0, strncmp(d3, "D3hot", 5));

	/* Asking does not wake it. */
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		if (strcmp(numbers[i].name, "power1_max"))
			EXPECT_EQ(-ENODATA,
				  number(hwmon(&self->b, numbers[i].name), &v));
	EXPECT_EQ(-ENODATA, refused(path));
	for (unsigned int i = 0; i < ARRAY_SIZE(counters_of); i++)
		EXPECT_LE(0, class_number(&self->b, counters_of[i]));
	EXPECT_TRUE(suspended(&self->b));

	/* A job does, and finds its program, and the clock as it was. */
	EXPECT_EQ(0, jobs_run(&j, self->fd, 2));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info));
	EXPECT_EQ((uint32_t)AKIDA_CLOCK_ECONOMY, self->info.clock_mode);
	EXPECT_EQ(resets, class_number(&self->b, "resets"));

	/* Not with a job under way, though the core does not get on. */
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", self->b.number));
	j.arg.flags = 0;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_SUBMIT, &j.arg));
	sleep_ms(500);
	EXPECT_FALSE(suspended(&self->b));
	ASSERT_EQ(0, vmctl("board %d clear stall", self->b.number));
	EXPECT_EQ(0, wait_for(self->fd, j.arg.seq, 20000, NULL));
	EXPECT_TRUE(gets_suspended(&self->b, 10000));

	/* Nor with data in its memory. */
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 4096, &host);
	ASSERT_GT(d, 0);
	ASSERT_NE(NULL, p);
	fill(p, 4096, 9);
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 4096));
	memset(p, 0, 4096);
	sleep_ms(500);
	EXPECT_FALSE(suspended(&self->b));
	ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, 4096));
	EXPECT_EQ(-1, differs(p, 4096, 9));
	EXPECT_EQ(0, buffer_free(self->fd, d));
	EXPECT_TRUE(gets_suspended(&self->b, 10000));

	/* Writing a setting wakes it. */
	EXPECT_EQ(0, write_file(path, "performance"));
	EXPECT_TRUE(gets_suspended(&self->b, 10000));
	/* So does the administrator. */
	ASSERT_EQ(0, allow_suspend(&self->b, false, "2000"));
	EXPECT_TRUE(says(path, "performance"));
}

/* Falling asleep and waking up while jobs, transfers and readers come. */
TEST_F_TIMEOUT(board, runtime_suspend_under_load, 90)
{
	long resets = class_number(&self->b, "resets"), slept, again;
	unsigned int sleeps = 0, i;
	struct reader r;
	struct jobs j;

	ASSERT_EQ(0, jobs_make(&j, self->fd, variant->chip));
	ASSERT_EQ(0, allow_suspend(&self->b, true, "1"));
	ASSERT_EQ(0, reader_begin(&r, &self->b));
	ASSERT_EQ(0,
		  number(board_attr(&self->b, "power/runtime_suspended_time"),
			 &slept));
	for (i = 1; i <= 60; i++) {
		ASSERT_EQ(0, jobs_run(&j, self->fd, i));
		/* Around the time that it takes to fall asleep */
		sleep_ms(i % 6 * 3);
		number(board_attr(&self->b, "power/runtime_suspended_time"),
		       &again);
		sleeps += again > slept;
		slept = again;
	}
	reader_end(&r);
	EXPECT_EQ(0, r.odd);
	EXPECT_EQ(0U, r.nodev);
	EXPECT_GT(AT_ONCE, r.longest);
	ASSERT_TRUE(gets_suspended(&self->b, 10000));
	EXPECT_LT(0U, sleeps);
	EXPECT_EQ(resets, class_number(&self->b, "resets"));
	/* A reset by the administrator finds it asleep. */
	EXPECT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_EQ(0, jobs_run(&j, self->fd, 7));
	ASSERT_EQ(0, allow_suspend(&self->b, false, "2000"));
	TH_LOG("asleep after %u of 60 jobs; readers: %u good, %u without data",
	       sleeps, r.good, r.nodata);
}

/* Removed and found again while it sleeps */
TEST_F_TIMEOUT(board, remove_suspended, 60)
{
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, allow_suspend(&self->b, true, "1"));
	ASSERT_TRUE(gets_suspended(&self->b, 10000));
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	ASSERT_TRUE(gets_suspended(&self->b, 10000));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info));
	ASSERT_EQ(0, allow_suspend(&self->b, false, "2000"));
}

TEST_HARNESS_MAIN
