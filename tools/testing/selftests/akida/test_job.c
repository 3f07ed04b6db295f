// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs: results, numbers, batches, taking turns, and what becomes of them when
 * the core hangs, transfers fail, the board is reset or goes away.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"
#include "work.h"

/* Results of batches of every kind, the empty input among them. */
TEST_F_TIMEOUT(board, batches, 60)
{
	static const unsigned int sizes[] = { 1, 2, 8, 15, 16, 40, 128 };
	uint64_t jobs = counter(&self->b, "core.jobs"), sum = 0;
	uint64_t errors = counter(&self->b, "core.errors");
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, work_submit(&w, self->fd, 0, sizes[i],
					 AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(0, w.arg.status);
		EXPECT_EQ(sum + 1, w.arg.seq);
		EXPECT_EQ(0U, work_wrong(&w, 0, sizes[i]));
		sum += sizes[i];
	}
	EXPECT_EQ(sum, counter(&self->b, "core.jobs") - jobs);
	EXPECT_EQ(errors, counter(&self->b, "core.errors"));
	EXPECT_EQ(1U, dev_info(self->fd).switches - self->info.switches);
	EXPECT_EQ(sum, dev_info(self->fd).jobs - self->info.jobs);
}

/* The check of outputs can fail: other weights, other outputs. */
TEST_F(board, another_program_computes_something_else)
{
	struct tiny other;
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 1, 4, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0U, work_wrong(&w, 1, 4));
	tiny_make(&other, variant->chip, 2);
	memcpy(w.t.weight, other.weight, sizeof(other.weight));
	EXPECT_EQ(4U, work_wrong(&w, 1, 4));
}

TEST_F(board, what_is_told_of_a_job)
{
	struct akida_ioc_wait a;
	uint64_t before, after;
	int64_t copied;
	struct work w;
	int d;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	/* Transfers and jobs are counted together. */
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	ASSERT_GT(d, 0);
	copied = copy_async(self->fd, d, 0, w.job[0].input, 0, 4096);
	EXPECT_EQ(1, copied);
	before = now_ns();
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 3, 0));
	EXPECT_EQ(2U, w.arg.seq);
	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, wait_for(self->fd, 2 + i, 20000, &a));
		EXPECT_EQ(0x1000000000 + i, a.cookie);
		EXPECT_EQ((uint64_t)TINY_OUTPUT_BYTES, a.done);
		EXPECT_LT(0U, a.clocks);
		EXPECT_LE(before, a.queued);
		EXPECT_LE(a.queued, a.started);
		EXPECT_LT(a.started, a.ended);
	}
	after = now_ns();
	EXPECT_LE(a.ended, after);
	EXPECT_EQ(4U, a.completed);
	EXPECT_EQ(0U, work_wrong(&w, 0, 3));
}

TEST_F(board, poll_and_eventfd)
{
	struct akida_ioc_eventfd e = { .fd = eventfd(0, EFD_NONBLOCK) };
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	uint64_t ended = 0, n;
	struct work w;

	ASSERT_GE(e.fd, 0);
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &e));
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 20, 0));
	EXPECT_EQ(1, poll(&p, 1, 20000));
	while (ended < 20) {
		struct pollfd q = { .fd = e.fd, .events = POLLIN };

		ASSERT_EQ(1, poll(&q, 1, 20000));
		ASSERT_EQ(8, read(e.fd, &n, 8));
		ended += n;
	}
	EXPECT_EQ(20U, ended);
	EXPECT_EQ(0U, work_wrong(&w, 0, 20));
	close(e.fd);
}

/* User memory, and one piece of it over many pages. */
TEST_F(board, pinned_memory)
{
	static uint8_t in[3 * 4096] __attribute__((aligned(4096)));
	static uint8_t out[3 * 4096] __attribute__((aligned(4096)));
	struct work w;
	int i, o;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	i = buffer_pin(self->fd, in, sizeof(in), AKIDA_BUFFER_READ_ONLY);
	o = buffer_pin(self->fd, out, sizeof(out), 0);
	ASSERT_GT(i, 0);
	ASSERT_GT(o, 0);
	w.in = in;
	w.out = out;
	for (unsigned int k = 0; k < 40; k++) {
		w.job[k].input = i;
		w.job[k].output = o;
	}
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 40, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0, w.arg.status);
	EXPECT_EQ(0U, work_wrong(&w, 0, 40));
	/* The board may not write where only reading was allowed. */
	w.job[0].output = i;
	EXPECT_EQ(-EACCES, work_submit(&w, self->fd, 0, 1, 0));
}

TEST_F(board, refused)
{
	struct akida_submit_job keep;
	struct akida_ioc_submit c;
	struct work w;
	int d;

#define BAD(error, field, value)                                         \
	{                                                                \
		keep = w.job[1];                                         \
		w.job[1].field = value;                                  \
		EXPECT_EQ(error,                                         \
			  dev_ioctl(self->fd, AKIDA_IOC_SUBMIT, &w.arg)) \
		{                                                        \
			TH_LOG("%s", #field);                            \
		}                                                        \
		EXPECT_EQ(0U, w.arg.seq);                                \
		w.job[1] = keep;                                         \
	}
#define BAD_ARG(error, field, value)                                        \
	{                                                                   \
		c = w.arg;                                                  \
		c.field = value;                                            \
		EXPECT_EQ(error, dev_ioctl(self->fd, AKIDA_IOC_SUBMIT, &c)) \
		{                                                           \
			TH_LOG("%s", #field);                               \
		}                                                           \
	}
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 2, AKIDA_SUBMIT_WAIT));
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	ASSERT_GT(d, 0);
	w.arg.flags = 0;
	w.arg.deadline = 0;
	BAD(-ENOENT, input, 999);
	BAD(-ENOENT, output, 999);
	BAD(-EOPNOTSUPP, input, d);
	BAD(-EOPNOTSUPP, output, d);
	BAD(-EINVAL, reserved, 1);
	BAD(-EINVAL, input_size, 0);
	BAD(-EINVAL, input_size, 4);
	BAD(-EINVAL, input_size, TINY_INPUT_BYTES + 8);
	BAD(-EINVAL, input_offset, 2);
	BAD(-EINVAL, output_offset, 2);
	BAD(-EINVAL, input_offset, MAX_JOBS * TINY_INPUT_BYTES);
	BAD(-EINVAL, input_offset, ~3ULL);
	BAD(-EINVAL, output_offset, ~3ULL);
	BAD_ARG(-EINVAL, num_jobs, 0);
	BAD_ARG(-EINVAL, num_jobs, AKIDA_MAX_SUBMIT + 1);
	BAD_ARG(-EINVAL, flags, 2);
	BAD_ARG(-EINVAL, deadline, 1);
	BAD_ARG(-EFAULT, jobs, 8);
	BAD_ARG(-ENOENT, program, 999);
#undef BAD
#undef BAD_ARG
	/* Not one of them was submitted. */
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 1, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(3U, w.arg.seq);
	EXPECT_EQ(0U, work_wrong(&w, 0, 1));
}

TEST_F_TIMEOUT(board, as_many_as_may_be, 60)
{
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", self->b.number));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 128, 0));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 128, 0));
	EXPECT_EQ(-EAGAIN, work_submit(&w, self->fd, 0, 1, 0));
	ASSERT_EQ(0, vmctl("board %d clear stall", self->b.number));
	EXPECT_EQ(0, wait_for(self->fd, 256, 30000, NULL));
	EXPECT_EQ(0, work_submit(&w, self->fd, 0, 128, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0U, work_wrong(&w, 0, 128));
}

/* Other weights for the whole layer; the bytes that move are the track's. */
TEST_F(board, update)
{
	struct akida_new_track n = { .words = TINY_TRACK_WORDS };
	struct akida_ioc_program_update c = { .tracks = (uintptr_t)&n,
					      .num_tracks = 1 };
	uint64_t switches, bytes;
	struct tiny other;
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	c.handle = w.arg.program;
	n.data = (uintptr_t)other.word;
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 20, AKIDA_SUBMIT_WAIT));
	switches = dev_info(self->fd).switches;
	for (unsigned int seed = 2; seed < 6; seed++) {
		tiny_make(&other, variant->chip, seed);
		bytes = dev_info(self->fd).program_bytes;
		ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_UPDATE, &c));
		memcpy(w.t.weight, other.weight, sizeof(other.weight));
		ASSERT_EQ(0,
			  work_submit(&w, self->fd, 0, 20, AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(0U, work_wrong(&w, 0, 20));
		/* The track, and a descriptor that tells the core of it */
		EXPECT_EQ(TINY_TRACK_WORDS * 4 + 32U,
			  dev_info(self->fd).program_bytes - bytes);
	}
	EXPECT_EQ(switches, dev_info(self->fd).switches);
	/* Not while its jobs are under way. */
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", self->b.number));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 20, 0));
	EXPECT_EQ(-EBUSY, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_UPDATE, &c));
	ASSERT_EQ(0, vmctl("board %d clear stall", self->b.number));
	EXPECT_EQ(0, wait_for(self->fd, w.arg.seq + 19, 30000, NULL));
	EXPECT_EQ(0U, work_wrong(&w, 0, 20));
	EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_UPDATE, &c));
}

/* A program that was freed does its jobs to the end. */
TEST_F(board, free_while_under_way)
{
	struct akida_ioc_program_free c = { 0 };
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 60, 0));
	c.handle = w.arg.program;
	EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_FREE, &c));
	EXPECT_EQ(0, wait_for(self->fd, 60, 30000, NULL));
	EXPECT_EQ(0U, work_wrong(&w, 0, 60));
	EXPECT_EQ(-ENOENT, work_submit(&w, self->fd, 0, 1, 0));
}

/* Two files with programs of their own: each gets its own results. */
TEST_F_TIMEOUT(board, two_files, 90)
{
	int fd = dev_open(&self->b);
	static struct work w[2];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w[0], self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_make(&w[1], fd, variant->chip, 2));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, work_submit(&w[0], self->fd, 0, 60, 0));
		ASSERT_EQ(0, work_submit(&w[1], fd, 0, 60, 0));
		EXPECT_EQ(0,
			  wait_for(self->fd, w[0].arg.seq + 59, 30000, NULL));
		EXPECT_EQ(0, wait_for(fd, w[1].arg.seq + 59, 30000, NULL));
		EXPECT_EQ(0U, work_wrong(&w[0], 0, 60));
		EXPECT_EQ(0U, work_wrong(&w[1], 0, 60));
	}
	EXPECT_LE(6U, dev_info(self->fd).switches - self->info.switches);
	close(fd);
}

/* An output never holds what another file's job put out. */
TEST_F(board, outputs_do_not_leak)
{
	int fd = dev_open(&self->b);
	static struct work w[2];
	const uint32_t *word;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w[0], self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w[0], self->fd, 0, 30, AKIDA_SUBMIT_WAIT));
	/* A program that says it puts out more than it does. */
	tiny_make(&w[1].t, variant->chip, 2);
	w[1].t.arg.output_size = 4096;
	ASSERT_EQ(0, dev_ioctl(fd, AKIDA_IOC_PROGRAM_CREATE, &w[1].t.arg));
	w[1].in = buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &w[1].job[0].input);
	w[1].out = buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &w[1].job[0].output);
	ASSERT_NE(NULL, w[1].in);
	ASSERT_NE(NULL, w[1].out);
	w[1].job[0].input_offset = w[1].job[0].output_offset = 0;
	w[1].arg = (struct akida_ioc_submit){ .program = w[1].t.arg.handle };
	ASSERT_EQ(0, work_submit(&w[1], fd, 0, 1, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0, w[1].arg.status);
	EXPECT_EQ(0U, work_wrong(&w[1], 0, 1));
	word = (const uint32_t *)(w[1].out + TINY_OUTPUT_BYTES);
	for (unsigned int i = 0; i < (4096 - TINY_OUTPUT_BYTES) / 4; i++)
		ASSERT_EQ(0U, word[i]);
	close(fd);
}

/* ------------------------------------------------------------------- faults */

/* Its interrupt gets lost: the job ends all the same. */
TEST_F(board, lost_interrupt)
{
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 1, AKIDA_SUBMIT_WAIT));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, vmctl("board %d fault lost-irq:chan=core",
				   self->b.number));
		EXPECT_EQ(0,
			  work_submit(&w, self->fd, 1, 5, AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(0, w.arg.status);
		EXPECT_EQ(0U, work_wrong(&w, 1, 5));
	}
	EXPECT_EQ(0U, dev_info(self->fd).core_errors - self->info.core_errors);
}

/* The core says that it cannot run one: it alone fails. */
TEST_F_TIMEOUT(board, core_refuses_one, 60)
{
	static const unsigned int which[] = { 0, 3, 14 };
	struct akida_ioc_wait a;
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 1, AKIDA_SUBMIT_WAIT));
	for (size_t i = 0; i < ARRAY_SIZE(which); i++) {
		ASSERT_EQ(0, vmctl("board %d fault abort:chan=core,after=%u",
				   self->b.number, which[i]));
		ASSERT_EQ(0, work_submit(&w, self->fd, 0, 40, 0));
		for (unsigned int k = 0; k < 40; k++) {
			EXPECT_EQ(k == which[i] ? -EIO : 0,
				  wait_for(self->fd, w.arg.seq + k, 30000, &a))
			{
				TH_LOG("job %u of which %u fails", k, which[i]);
			}
		}
		/* What failed left its output alone. */
		EXPECT_EQ(1U, work_wrong(&w, 0, 40));
		EXPECT_EQ(-1, is_not(w.out + which[i] * TINY_OUTPUT_BYTES,
				     TINY_OUTPUT_BYTES, 0xa5));
	}
	EXPECT_EQ(3U, dev_info(self->fd).core_errors - self->info.core_errors);
	EXPECT_EQ(3U, dev_info(self->fd).core_resets - self->info.core_resets);
	/* The board itself was not reset. */
	EXPECT_EQ(self->info.resets, dev_info(self->fd).resets);
}

/* A file whose jobs hang the core again and again is let on it no more. */
TEST_F_TIMEOUT(board, three_in_a_row, 60)
{
	int fd = dev_open(&self->b);
	static struct work w, good;
	int i;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w, fd, variant->chip, 1));
	ASSERT_EQ(0, work_make(&good, self->fd, variant->chip, 2));
	for (i = 0; i < 3; i++) {
		/* A good one in between is forgiving. */
		ASSERT_EQ(0, work_submit(&w, fd, 1, 1, AKIDA_SUBMIT_WAIT));
		ASSERT_EQ(0, w.arg.status);
		ASSERT_EQ(0, vmctl("board %d fault abort:chan=core",
				   self->b.number));
		ASSERT_EQ(0, work_submit(&w, fd, 1, 1, AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(-EIO, w.arg.status);
	}
	ASSERT_EQ(0, work_submit(&w, fd, 1, 1, AKIDA_SUBMIT_WAIT));
	ASSERT_EQ(0, w.arg.status);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, vmctl("board %d fault abort:chan=core",
				   self->b.number));
		ASSERT_EQ(0, work_submit(&w, fd, 1, 1, AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(-EIO, w.arg.status);
		/* Others do not suffer. */
		ASSERT_EQ(0, work_submit(&good, self->fd, 0, 4,
					 AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(0, good.arg.status);
		EXPECT_EQ(0U, work_wrong(&good, 0, 4));
		if (i < 2)
			continue;
		EXPECT_EQ(-EIO, work_submit(&w, fd, 1, 1, 0));
	}
	close(fd);
	fd = dev_open(&self->b);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w, fd, variant->chip, 1));
	EXPECT_EQ(0, work_submit(&w, fd, 1, 1, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0U, work_wrong(&w, 1, 1));
	close(fd);
}

/* Transfers of inputs and outputs fail: the jobs say so, later ones work. */
TEST_F_TIMEOUT(board, failed_transfers, 60)
{
	static const char *const chan[] = { "rd0", "rd1", "wr0", "wr1" };
	unsigned int failed = 0;
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	for (size_t i = 0; i < ARRAY_SIZE(chan); i++) {
		ASSERT_EQ(0, vmctl("board %d fault abort:chan=%s",
				   self->b.number, chan[i]));
		ASSERT_EQ(0,
			  work_submit(&w, self->fd, 0, 4, AKIDA_SUBMIT_WAIT));
		if (w.arg.status) {
			EXPECT_EQ(-EIO, w.arg.status);
			failed++;
		}
		ASSERT_EQ(0, vmctl("board %d clear abort", self->b.number));
		ASSERT_EQ(0,
			  work_submit(&w, self->fd, 0, 40, AKIDA_SUBMIT_WAIT));
		EXPECT_EQ(0, w.arg.status);
		EXPECT_EQ(0U, work_wrong(&w, 0, 40));
	}
	/* Channel 0 of each direction is what an idle engine takes. */
	EXPECT_LE(2U, failed);
}

/* A reset by somebody else: all jobs end well, after it. */
TEST_F_TIMEOUT(board, reset_meanwhile, 90)
{
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, work_submit(&w, self->fd, 0, 128, 0));
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
		EXPECT_EQ(0, wait_for(self->fd, w.arg.seq + 127, 60000, NULL));
		EXPECT_EQ(0U, work_wrong(&w, 0, 128));
	}
	EXPECT_LE(3U, dev_info(self->fd).resets - self->info.resets);
}

/* A file that is closed takes its jobs with it; others' go on. */
TEST_F_TIMEOUT(board, close_with_jobs, 60)
{
	static struct work w, mine;

	ASSERT_EQ(0, work_make(&mine, self->fd, variant->chip, 1));
	for (int i = 0; i < 5; i++) {
		int fd = dev_open(&self->b);

		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, work_make(&w, fd, variant->chip, 2));
		ASSERT_EQ(0, work_submit(&w, fd, 0, 128, 0));
		ASSERT_EQ(0, work_submit(&mine, self->fd, 0, 30, 0));
		work_unmap(&w);
		close(fd);
		EXPECT_EQ(0,
			  wait_for(self->fd, mine.arg.seq + 29, 30000, NULL));
		EXPECT_EQ(0U, work_wrong(&mine, 0, 30));
	}
	EXPECT_EQ(1U, dev_info(self->fd).programs);
}

/* So does one that is killed. */
TEST_F_TIMEOUT(board, killed, 60)
{
	struct work mine;

	ASSERT_EQ(0, work_make(&mine, self->fd, variant->chip, 1));
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			static struct work w;
			int fd = dev_open(&self->b);

			if (fd < 0 || work_make(&w, fd, variant->chip, 3))
				_exit(1);
			for (;;)
				if (work_submit(&w, fd, 0, 100,
						AKIDA_SUBMIT_WAIT) ||
				    w.arg.status || work_wrong(&w, 0, 100))
					_exit(2);
		}
		ASSERT_GT(pid, 0);
		sleep_ms(300 + 100 * i);
		ASSERT_EQ(0, work_submit(&mine, self->fd, 0, 30, 0));
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(0,
			  wait_for(self->fd, mine.arg.seq + 29, 30000, NULL));
		EXPECT_EQ(0U, work_wrong(&mine, 0, 30));
	}
}

/* The driver lets go of the board: jobs end, the file says so. */
TEST_F_TIMEOUT(board, unbind_with_jobs, 60)
{
	struct akida_ioc_wait a;
	struct board again;
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", self->b.number));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 40, 0));
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	for (unsigned int i = 0; i < 40; i++)
		EXPECT_EQ(-ENODEV,
			  wait_for(self->fd, w.arg.seq + i, 10000, &a));
	EXPECT_EQ(-ENODEV, work_submit(&w, self->fd, 0, 1, 0));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	close(self->fd);
	ASSERT_EQ(0, board_at(&again, self->b.number, 10000));
	self->fd = dev_open(&again);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 20, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0U, work_wrong(&w, 0, 20));
}

/*
 * What jobs cost in the steady state, by the board's counts of everything: its
 * DMA engine's interrupts and registers, too. And what loading a program moves.
 */
TEST_F_TIMEOUT(board, costs, 60)
{
	static const char *const paths[] = { "interrupts.delivered",
					     "mmio.bar0.reads",
					     "mmio.bar2.reads",
					     "mmio.bar4.reads" };
	uint64_t before[4], n[4], reads = 0, bytes;
	enum {
		N = 120
	};
	struct work w;

	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	bytes = dev_info(self->fd).program_bytes;
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, N, AKIDA_SUBMIT_WAIT));
	/* The one track, and the descriptor that the core reads it by */
	EXPECT_EQ(TINY_TRACK_WORDS * 4 + 32U,
		  dev_info(self->fd).program_bytes - bytes);
	bytes = dev_info(self->fd).program_bytes;
	ASSERT_EQ(0, counters(&self->b, paths, before, 4));
	/* One call for all of them */
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, N, AKIDA_SUBMIT_WAIT));
	ASSERT_EQ(0, counters(&self->b, paths, n, 4));
	EXPECT_EQ(0U, work_wrong(&w, 0, N));
	EXPECT_EQ(bytes, dev_info(self->fd).program_bytes);
	for (int i = 1; i < 4; i++)
		reads += n[i] - before[i];
	n[0] -= before[0];
	TH_LOG("%d jobs: %u interrupts, %u reads of registers and lists", N,
	       (unsigned int)n[0], (unsigned int)reads);
	EXPECT_LE(n[0], 2U * N);
	EXPECT_LE(reads, N + 2 * n[0]);
}

/* A job that does not end: needs a driver that is less patient. */
TEST_F_TIMEOUT(board, hang, 120)
{
	struct akida_ioc_wait a;
	struct work w;

	close(self->fd);
	ASSERT_EQ(0, module_reload("job_timeout_ms=500"));
	ASSERT_EQ(0, board_find(&self->b, variant->chip));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 1, AKIDA_SUBMIT_WAIT));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core,after=2",
			   self->b.number));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 20, 0));
	for (unsigned int k = 0; k < 20; k++) {
		EXPECT_EQ(k == 2 ? -EIO : 0,
			  wait_for(self->fd, w.arg.seq + k, 30000, &a))
		{
			TH_LOG("job %u", k);
		}
	}
	EXPECT_EQ(1U, work_wrong(&w, 0, 20));
	EXPECT_EQ(1U, dev_info(self->fd).core_resets);
	EXPECT_EQ(0U, dev_info(self->fd).resets);
	work_unmap(&w);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, module_reload(""));
}

TEST_HARNESS_MAIN
