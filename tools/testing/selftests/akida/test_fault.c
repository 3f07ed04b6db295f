// SPDX-License-Identifier: GPL-2.0
/*
 * What the driver makes of a board that misbehaves: every fault that the
 * virtual board knows, on each channel, and that all is well afterwards.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board_fixture.h"

#define SIZE 65536

struct sides {
	uint8_t *p;
	uint32_t host, dev;
};

static int sides(int fd, struct sides *s)
{
	int d;

	s->host = s->dev = 0;
	s->p = buffer_map(fd, AKIDA_BUFFER_HOST, SIZE, &s->host);
	if (!s->p)
		return -errno;
	d = buffer_create(fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	s->dev = d;
	return d < 0 ? d : 0;
}

static int go(int fd, const struct sides *s, bool to_device, uint64_t *done)
{
	struct akida_ioc_copy c = { .src = to_device ? s->host : s->dev,
				    .dst = to_device ? s->dev : s->host,
				    .size = SIZE };
	int err = dev_ioctl(fd, AKIDA_IOC_COPY, &c);

	if (done)
		*done = c.done;
	return err;
}

/* Both directions work, on both channels, and the data is right. */
static int works(int fd, const struct sides *s)
{
	for (unsigned int k = 0; k < 6; k++) {
		int err;

		fill(s->p, SIZE, k);
		err = go(fd, s, true, NULL);
		if (err)
			return err;
		memset(s->p, 0, SIZE);
		err = go(fd, s, false, NULL);
		if (err)
			return err;
		if (differs(s->p, SIZE, k) >= 0)
			return -EILSEQ;
	}
	return 0;
}

/* Whichever channel is taken, each of a direction breaks once. */
TEST_F_TIMEOUT(board, abort, 60)
{
	static const unsigned int arrived[] = { 0, 4, 4096, 40000 };
	struct sides s;
	uint64_t done;
	uint64_t struck = counter(&self->b, "faults.abort");
	uint64_t aborts = counter(&self->b, "dma.aborts");

	ASSERT_EQ(0, sides(self->fd, &s));
	for (int to = 0; to < 2; to++) {
		for (size_t k = 0; k < 4; k++) {
			fill(s.p, SIZE, 80 + k);
			ASSERT_EQ(
				0,
				vmctl("board %d fault abort:chan=any,bytes=%u",
				      self->b.number, arrived[k]));
			EXPECT_EQ(-EIO, go(self->fd, &s, to, &done));
			EXPECT_EQ(arrived[k], done);
			EXPECT_EQ(0, works(self->fd, &s));
		}
	}
	EXPECT_EQ(8U, counter(&self->b, "faults.abort") - struck);
	EXPECT_EQ(8U, counter(&self->b, "dma.aborts") - aborts);
}

/* What did arrive of a read that was aborted is right, the rest untouched. */
TEST_F(board, data_of_an_abort)
{
	struct sides s;
	uint64_t done;

	ASSERT_EQ(0, sides(self->fd, &s));
	fill(s.p, SIZE, 90);
	ASSERT_EQ(0, go(self->fd, &s, true, NULL));
	memset(s.p, 0x5a, SIZE);
	ASSERT_EQ(0, vmctl("board %d fault abort:bytes=20000", self->b.number));
	EXPECT_EQ(-EIO, go(self->fd, &s, false, &done));
	EXPECT_EQ(20000U, done);
	EXPECT_EQ(-1, differs(s.p, 20000, 90));
	EXPECT_EQ(-1, is_not(s.p + 20000, SIZE - 20000, 0x5a));
}

TEST_F(board, abort_of_an_asynchronous_one)
{
	struct akida_ioc_wait w;
	struct sides s;
	int64_t seq[3];

	ASSERT_EQ(0, sides(self->fd, &s));
	ASSERT_EQ(0, vmctl("board %d fault abort:after=1,bytes=400",
			   self->b.number));
	for (int i = 0; i < 3; i++) {
		seq[i] = copy_async(self->fd, s.dev, 0, s.host, 0, SIZE);
		ASSERT_GT(seq[i], 0);
	}
	/* One of the three, and only one. */
	{
		int failed = 0;

		for (int i = 0; i < 3; i++) {
			int err = wait_for(self->fd, seq[i], 10000, &w);

			EXPECT_TRUE(err == 0 || err == -EIO);
			if (err) {
				failed++;
				EXPECT_EQ(400U, w.done);
			} else {
				EXPECT_EQ((uint64_t)SIZE, w.done);
			}
		}
		EXPECT_EQ(1, failed);
	}
	EXPECT_EQ(0, works(self->fd, &s));
}

TEST_F_TIMEOUT(board, bad_completion, 60)
{
	static const char *const status[] = { "ur", "ca", "timeout",
					      "poisoned" };
	struct sides s;
	uint64_t struck = counter(&self->b, "faults.bad-completion");

	ASSERT_EQ(0, sides(self->fd, &s));
	for (int k = 0; k < 4; k++) {
		/* Reads of host memory: transfers to the device. */
		ASSERT_EQ(0, vmctl("board %d fault bad-completion:status=%s",
				   self->b.number, status[k]));
		EXPECT_EQ(-EIO, go(self->fd, &s, true, NULL))
		TH_LOG("%s", status[k]);
		EXPECT_EQ(0, works(self->fd, &s))
		TH_LOG("after %s", status[k]);
	}
	EXPECT_EQ(4U, counter(&self->b, "faults.bad-completion") - struck);
}

/* A transfer that does not get on: an error in time, the channel usable again,
 * and its memory not touched afterwards.
 */
TEST_F_TIMEOUT(board, stall, 120)
{
	struct sides s;
	uint64_t start;
	uint64_t struck = counter(&self->b, "faults.stall");

	ASSERT_EQ(0, sides(self->fd, &s));
	for (int to = 0; to < 2; to++) {
		fill(s.p, SIZE, 91);
		ASSERT_EQ(0, vmctl("board %d fault stall:chan=any",
				   self->b.number));
		start = now_ns();
		EXPECT_EQ(-ETIMEDOUT, go(self->fd, &s, to, NULL));
		EXPECT_LT(now_ns() - start, 30 * NS);
		memset(s.p, 0x5a, SIZE);
		ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
		sleep_ms(200);
		EXPECT_EQ(-1, is_not(s.p, SIZE, 0x5a));
		EXPECT_EQ(0, works(self->fd, &s));
	}
	EXPECT_EQ(2U, counter(&self->b, "faults.stall") - struck);
}

/* While one channel stalls, the other goes on. */
TEST_F_TIMEOUT(board, stall_of_one_channel, 60)
{
	struct akida_ioc_wait w;
	struct sides s, s2;
	int64_t seq;
	int n = 0;

	ASSERT_EQ(0, sides(self->fd, &s));
	ASSERT_EQ(0, sides(self->fd, &s2));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any", self->b.number));
	seq = copy_async(self->fd, s.dev, 0, s.host, 0, SIZE);
	ASSERT_GT(seq, 0);
	for (; n < 20; n++) {
		if (go(self->fd, &s2, true, NULL))
			break;
	}
	EXPECT_EQ(20, n);
	w = (struct akida_ioc_wait){ .seq = seq, .flags = AKIDA_WAIT_POLL };
	EXPECT_EQ(-ETIME, dev_ioctl(self->fd, AKIDA_IOC_WAIT, &w));
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, seq, 30000, &w));
	EXPECT_EQ(0, works(self->fd, &s));
}

/* An interrupt that never comes: the status is read before failure is declared,
 * so the transfer succeeds, late.
 */
TEST_F_TIMEOUT(board, lost_interrupt, 120)
{
	struct sides s;
	uint64_t lost = counter(&self->b, "interrupts.lost");

	ASSERT_EQ(0, sides(self->fd, &s));
	for (int to = 0; to < 2; to++) {
		fill(s.p, SIZE, 92);
		ASSERT_EQ(0, vmctl("board %d fault lost-irq:chan=any",
				   self->b.number));
		EXPECT_EQ(0, go(self->fd, &s, to, NULL));
		EXPECT_EQ(0, works(self->fd, &s));
	}
	EXPECT_EQ(2U, counter(&self->b, "interrupts.lost") - lost);
}

TEST_F_TIMEOUT(board, spurious_interrupts, 60)
{
	struct sides s;
	uint64_t made = counter(&self->b, "interrupts.spurious");

	ASSERT_EQ(0, sides(self->fd, &s));
	ASSERT_EQ(0, vmctl("board %d fault spurious-irq:count=200,period=5",
			   self->b.number));
	for (int k = 0; k < 20; k++)
		EXPECT_EQ(0, works(self->fd, &s));
	sleep_ms(500);
	EXPECT_GE(counter(&self->b, "interrupts.spurious") - made, 100U);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	/* The kernel did not switch the vector off as one that nobody cares for. */
	EXPECT_EQ(0, works(self->fd, &s));
}

/* Slow is not stuck: a timeout is for transfers that do not move. */
TEST_F_TIMEOUT(board, slow_link, 120)
{
	struct sides s;
	uint64_t start = now_ns();

	ASSERT_EQ(0, sides(self->fd, &s));
	fill(s.p, SIZE, 93);
	ASSERT_EQ(0,
		  vmctl("board %d fault slow-link:rate=8192", self->b.number));
	EXPECT_EQ(0, go(self->fd, &s, true, NULL));
	EXPECT_GT(now_ns() - start, 5 * NS);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_EQ(0, works(self->fd, &s));
}

/* The link goes while a transfer runs, and comes back reset. Nothing hangs,
 * nothing is reported that did not happen; a reset makes the board usable.
 */
TEST_F_TIMEOUT(board, link_down, 120)
{
	struct sides s;
	uint64_t start;
	int err;

	ASSERT_EQ(0, sides(self->fd, &s));
	ASSERT_EQ(0, vmctl("board %d fault link-down:after=1", self->b.number));
	start = now_ns();
	err = go(self->fd, &s, true, NULL);
	EXPECT_TRUE(err == -EIO || err == -ETIMEDOUT || err == -ENODEV)
	TH_LOG("it says %d", err);
	EXPECT_LT(now_ns() - start, 30 * NS);
	err = go(self->fd, &s, false, NULL);
	EXPECT_TRUE(err == -EIO || err == -ETIMEDOUT || err == -ENODEV)
	TH_LOG("it says %d", err);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	sleep_ms(500);
	/* As an administrator would: take it from the bus and look again. */
	ASSERT_EQ(0, write_file(board_attr(&self->b, "remove"), "1"));
	ASSERT_EQ(0, write_file("/sys/bus/pci/rescan", "1"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, sides(self->fd, &s));
	EXPECT_EQ(0, works(self->fd, &s));
}

TEST_HARNESS_MAIN
