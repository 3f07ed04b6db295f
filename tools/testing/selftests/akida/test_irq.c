// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: one vector, whose message moves when its affinity does. The
 * engines' own copies of the message must follow, or interrupts are lost.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_fixture.h"

static int vector(const struct board *b)
{
	DIR *d = opendir(board_attr(b, "msi_irqs"));
	struct dirent *e;
	int irq = -1, n = 0;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (e->d_name[0] != '.') {
			irq = atoi(e->d_name);
			n++;
		}
	}
	closedir(d);
	return n == 1 ? irq : -n;
}

static volatile bool stop;

static void *moves(void *arg)
{
	static const char *const masks[] = { "1", "2", "3" };
	char path[64];
	long n = 0;

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity", *(int *)arg);
	while (!stop) {
		if (!write_file(path, masks[n % 3]))
			n++;
		sleep_ms(5);
	}
	return (void *)n;
}

TEST_F(board, one_vector)
{
	char path[64], text[256];
	int irq = vector(&self->b);

	ASSERT_GT(irq, 0);
	snprintf(path, sizeof(path), "/proc/irq/%d", irq);
	{
		DIR *d = opendir(path);
		struct dirent *e;
		bool ours = false;

		ASSERT_NE(NULL, d);
		while ((e = readdir(d)))
			ours |= !strncmp(e->d_name, "akida", 5);
		closedir(d);
		EXPECT_TRUE(ours);
	}
	ASSERT_EQ(0,
		  read_file(board_attr(&self->b, "irq"), text, sizeof(text)));
	EXPECT_EQ(irq, atoi(text));
}

TEST_F_TIMEOUT(board, affinity_under_load, 120)
{
	enum {
		SIZE = 4096
	};
	int irq = vector(&self->b), d;
	uint64_t end = now_ns() + 10 * NS,
		 stray = counter(&self->b, "interrupts.stray");
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, SIZE, &host);
	unsigned int k = 0;
	uint64_t slowest = 0;
	void *moved;
	pthread_t t;

	ASSERT_GT(irq, 0);
	ASSERT_NE(NULL, p);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	ASSERT_GT(d, 0);
	stop = false;
	ASSERT_EQ(0, pthread_create(&t, NULL, moves, &irq));
	while (now_ns() < end) {
		uint64_t start = now_ns();

		fill(p, SIZE, k);
		ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, SIZE));
		memset(p, 0, SIZE);
		ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, SIZE));
		ASSERT_EQ(-1, differs(p, SIZE, k));
		k++;
		if (now_ns() - start > slowest)
			slowest = now_ns() - start;
	}
	stop = true;
	pthread_join(t, &moved);
	TH_LOG("%u pairs of copies while the vector moved %ld times; the slowest took %llu ms",
	       k, (long)moved, (unsigned long long)(slowest / 1000000));
	EXPECT_GT((long)moved, 50);
	EXPECT_GT(k, 20U);
	/*
	 * A transfer that ends while the message is rewritten may send the old
	 * one. It is told apart from a message that was never the vector's by
	 * how rare it is, and must not cost the transfer its end.
	 */
	stray = counter(&self->b, "interrupts.stray") - stray;
	TH_LOG("%llu messages came while the vector moved",
	       (unsigned long long)stray);
	EXPECT_LE(stray, (uint64_t)(long)moved / 20);
	EXPECT_EQ(0, vmctl("allow %d interrupts.stray %llu", self->b.number,
			   (unsigned long long)stray));
	/* And none was waited for until the watchdog looked: it does after 2 s. */
	EXPECT_LT(slowest, 2 * NS);
}

/* A processor goes away, and the vector with it. */
TEST_F_TIMEOUT(board, processor_goes_offline, 60)
{
	static const char cpu1[] = "/sys/devices/system/cpu/cpu1/online";
	int irq = vector(&self->b), d;
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 4096, &host);
	char path[64];

	ASSERT_GT(irq, 0);
	ASSERT_NE(NULL, p);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity", irq);
	ASSERT_EQ(0, write_file(path, "2"));
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 4096));
	if (write_file(cpu1, "0"))
		SKIP(return,
			   "this machine cannot take its second processor offline");
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(0, copy(self->fd, d, 0, host, 0, 4096));
	ASSERT_EQ(0, write_file(cpu1, "1"));
	ASSERT_EQ(0, write_file(path, "3"));
	for (int i = 0; i < 10; i++)
		EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, 4096));
}

TEST_HARNESS_MAIN
