// SPDX-License-Identifier: GPL-2.0
/*
 * akida trace: what it says of jobs whose transfers the board makes slow, so
 * that the board's own counts say how long they take.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "akida_test.h"
#include "tiny.h"

#define JOBS 3

/**
 * struct work - a program and its one job
 * @t: program
 * @submit: for AKIDA_IOC_SUBMIT
 * @job: of it
 */
struct work {
	struct tiny t;
	struct akida_ioc_submit submit;
	struct akida_submit_job job;
};

static int work_make(struct work *w, int fd, int chip)
{
	int program = tiny_load(fd, &w->t, chip, 1);
	uint8_t value[TINY_INPUTS];
	uint32_t in, out;
	void *p;

	if (program < 0)
		return program;
	p = buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &in);
	if (!p || !buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &out))
		return -errno;
	w->job = (struct akida_submit_job){
		.input = in,
		.output = out,
		.input_size = tiny_input(value, p, 1),
	};
	w->submit = (struct akida_ioc_submit){
		.program = program,
		.jobs = (uintptr_t)&w->job,
		.num_jobs = 1,
		.flags = AKIDA_SUBMIT_WAIT,
	};
	return 0;
}

static int run_job(struct work *w, int fd)
{
	int err;

	w->submit.deadline = now_ns() + 60 * NS;
	err = dev_ioctl(fd, AKIDA_IOC_SUBMIT, &w->submit);
	return err ?: w->submit.status;
}

/* Begins a trace whose output goes to a file; returns when it traces. */
static pid_t trace_begin(const struct board *b, const char *option)
{
	char line[256] = "", device[16];
	int ready[2];
	pid_t pid;
	FILE *f;

	snprintf(device, sizeof(device), "%d", b->index);
	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		if (!freopen("/tmp/trace", "w", stdout) ||
		    dup2(ready[1], STDERR_FILENO) < 0)
			_exit(99);
		close(ready[0]);
		close(ready[1]);
		execlp("akida", "akida", "trace", "--json", "--device", device,
		       "--slower-than", "50ms", option, NULL);
		_exit(98);
	}
	close(ready[1]);
	f = fdopen(ready[0], "r");
	if (pid > 0 &&
	    (!f || !fgets(line, sizeof(line), f) || !strstr(line, "tracing"))) {
		printf("# akida trace says: %s\n", line);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	if (f)
		fclose(f);
	return pid;
}

/* Ends it; what it said last. Lines before that are slow jobs. */
static json_t *trace_end(pid_t pid, unsigned int *slow)
{
	json_t *o = NULL;
	static char line[65536];
	int status;
	FILE *f;

	kill(pid, SIGINT);
	if (waitpid(pid, &status, 0) != pid || status)
		return NULL;
	*slow = 0;
	f = fopen("/tmp/trace", "r");
	while (f && fgets(line, sizeof(line), f)) {
		const char *type;

		json_decref(o);
		o = json_loads(line, 0, NULL);
		type = json_string_value(json_object_get(o, "type"));
		*slow += type && !strcmp(type, "slow-job");
	}
	if (f)
		fclose(f);
	return o;
}

static json_int_t number(const json_t *o, const char *path)
{
	char copy[128], *save, *part;

	snprintf(copy, sizeof(copy), "%s", path);
	for (part = strtok_r(copy, ".", &save); part;
	     part = strtok_r(NULL, ".", &save))
		o = json_object_get(o, part);
	return o && json_is_integer(o) ? json_integer_value(o) : -1;
}

static unsigned int log2_of(uint64_t v)
{
	unsigned int n = 0;

	while (v >>= 1)
		n++;
	return n;
}

/* How many a histogram has in the slot of a value, and in those beside it. */
static json_int_t near(const json_t *hist, uint64_t value, unsigned int beside)
{
	json_int_t n = 0;
	json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(hist, "slots"), i, pair)
	{
		unsigned int slot =
			log2_of(json_integer_value(json_array_get(pair, 0)));

		if (slot + beside >= log2_of(value) &&
		    slot <= log2_of(value) + beside)
			n += json_integer_value(json_array_get(pair, 1));
	}
	return n;
}

static const json_t *stage(const json_t *o, const char *name)
{
	return json_object_get(
		json_object_get(json_object_get(o, "jobs"), "ns"), name);
}

static const json_t *transfers(const json_t *o, const char *name)
{
	return json_object_get(json_object_get(o, "transfer_bytes"), name);
}

static void bytes(const struct board *b, uint64_t sum[2])
{
	static const char *const paths[] = { "dma.channels.rd0.bytes",
					     "dma.channels.rd1.bytes",
					     "dma.channels.wr0.bytes",
					     "dma.channels.wr1.bytes" };
	uint64_t v[4] = { 0 };

	counters(b, paths, v, 4);
	sum[0] = v[0] + v[1];
	sum[1] = v[2] + v[3];
}

static void slow_jobs(struct __test_metadata *_metadata, const struct board *b,
		      int fd, int chip, const char *method)
{
	uint64_t before[2], after[2], up, down, upload, download;
	const uint64_t rate = 2400;
	unsigned int slow = 0;
	struct work w;
	json_t *o, *p;
	pid_t pid;

	ASSERT_EQ(0, work_make(&w, fd, chip));
	/* Program and arena are moved to the board before it is slow. */
	ASSERT_EQ(0, run_job(&w, fd));
	pid = trace_begin(b, "--by=program");
	ASSERT_GT(pid, 0);
	bytes(b, before);
	ASSERT_EQ(0, vmctl("board %d fault slow-link:rate=%u", b->number,
			   (unsigned int)rate));
	for (int i = 0; i < JOBS; i++)
		EXPECT_EQ(0, run_job(&w, fd));
	ASSERT_EQ(0, vmctl("board %d clear slow-link", b->number));
	/* One whose end is not told at once: it is looked for after 100 ms. */
	ASSERT_EQ(0, vmctl("board %d fault lost-irq:chan=core", b->number));
	bytes(b, after);
	EXPECT_EQ(0, run_job(&w, fd));
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core", b->number));
	EXPECT_EQ(-EIO, run_job(&w, fd));
	o = trace_end(pid, &slow);
	ASSERT_NE(NULL, o);
	ASSERT_EQ(0, vmctl("board %d clear all", b->number));

	EXPECT_STREQ(method, json_string_value(json_object_get(o, "method")));
	EXPECT_EQ(JOBS + 1, number(o, "jobs.done"));
	EXPECT_EQ(1, number(o, "jobs.failed"));
	EXPECT_EQ((JOBS + 1) * TINY_OUTPUT_BYTES,
		  number(o, "jobs.output_bytes"));
	EXPECT_EQ(0, number(o, "lost_jobs"));
	EXPECT_EQ(JOBS + 1, number(o, "jobs.ns.total.count"));

	/* What the board moved for each of them, and how long that takes it */
	up = (after[0] - before[0]) / JOBS;
	down = (after[1] - before[1]) / JOBS;
	upload = up * NS / rate;
	download = down * NS / rate;
	TH_LOG("a job: %d bytes, %d ms to the board, %d bytes, %d ms back",
	       (int)up, (int)(upload / 1000000), (int)down,
	       (int)(download / 1000000));
	ASSERT_GE(upload, NS / 20);
	ASSERT_GE(download, NS / 100);
	/* A busy machine may delay one of them further, or the fast one. */
	EXPECT_GE(near(stage(o, "upload"), upload, 1), JOBS - 1);
	EXPECT_GE(near(stage(o, "download"), download, 1), JOBS - 1);
	EXPECT_GE(number(o, "jobs.ns.upload.sum"), (json_int_t)(JOBS * upload));
	EXPECT_GE(number(o, "jobs.ns.download.sum"),
		  (json_int_t)(JOBS * download));
	/* Its interrupt was lost: between one look and the next */
	EXPECT_GE(number(o, "jobs.ns.compute.max"), (json_int_t)NS / 20);
	EXPECT_GE(slow, JOBS + 1U);

	/* Sizes are exact: of all five jobs' inputs, of four jobs' outputs. */
	EXPECT_EQ(JOBS + 2, near(transfers(o, "to_device"), up, 0));
	EXPECT_EQ(JOBS + 1, near(transfers(o, "from_device"), down, 0));

	p = json_array_get(json_object_get(o, "processes"), 0);
	EXPECT_EQ(1U, json_array_size(json_object_get(o, "processes")));
	EXPECT_EQ(getpid(), number(p, "pid"));
	EXPECT_STREQ("test_trace",
		     json_string_value(json_object_get(p, "command")));
	p = json_array_get(json_object_get(o, "programs"), 0);
	EXPECT_EQ(1U, json_array_size(json_object_get(o, "programs")));
	EXPECT_EQ(JOBS + 1, number(p, "done"));
	json_decref(o);
}

/**
 * one_board() - trace jobs on any board
 * @_metadata: the harness's
 * @method: that the fields are read by
 */
static void one_board(struct __test_metadata *_metadata, const char *method)
{
	struct board b;
	int fd;

	ASSERT_EQ(0, board_find(&b, 0));
	fd = dev_open(&b);
	ASSERT_GE(fd, 0);
	slow_jobs(_metadata, &b, fd, b.chip, method);
	close(fd);
}

/* By BTF where the kernel has the module's, else classic tracepoints. */
TEST(slow_link)
{
	one_board(_metadata, access("/sys/kernel/btf/akida", F_OK) ?
				     "tracepoints" :
				     "btf");
}

/* Classic ones work everywhere, too; one such kernel is enough. */
TEST(slow_link_classic)
{
	if (!vm_is("VM_KERNEL", "7.2"))
		SKIP(return, "only 7.2 is tested both ways");
	setenv("AKIDA_TRACE_CLASSIC", "1", 1);
	one_board(_metadata, "tracepoints");
}

/* Who may not trace is told what it takes. */
TEST(rights)
{
	char line[512] = "";
	FILE *f = popen("su user -c 'akida trace --seconds 1' 2>&1", "r");

	ASSERT_NE(NULL, f);
	ASSERT_NE(NULL, fgets(line, sizeof(line), f));
	EXPECT_NE(NULL, strstr(line, "root"))
	TH_LOG("it says: %s", line);
	EXPECT_EQ(1, WEXITSTATUS(pclose(f)));
}

TEST_HARNESS_MAIN
