// SPDX-License-Identifier: GPL-2.0
/*
 * Who may use the vendor's file interface, what it keeps others from, and what
 * it leaves behind: nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

#define CORE 0xfcc00000UL
#define WINDOW 0xc0000000UL

static off_t scratch(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0x24000000 : 0x20010000;
}

static ssize_t rd(int fd, void *p, size_t size, off_t at)
{
	ssize_t n = pread(fd, p, size, at);

	return n < 0 ? -errno : n;
}

static ssize_t wr(int fd, const void *p, size_t size, off_t at)
{
	ssize_t n = pwrite(fd, p, size, at);

	return n < 0 ? -errno : n;
}

static int look(int fd, int chip)
{
	uint32_t v;

	return rd(fd, &v, 4, scratch(chip));
}

static void *map(int fd, size_t size, off_t at)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
}

static off_t core_offset(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0 : CORE;
}

/* Runs in a child, and says what it returned. */
#define IN_CHILD(expr)                                          \
	({                                                      \
		pid_t pid_ = fork();                            \
		int status_;                                    \
		if (!pid_)                                      \
			_exit(-(expr));                         \
		waitpid(pid_, &status_, 0);                     \
		WIFEXITED(status_) ? -WEXITSTATUS(status_) :    \
				     -1000 - WTERMSIG(status_); \
	})

TEST_F(board, others_wait)
{
	struct akida_ioc_info i = { 0 };
	int other = dev_open(&self->b);
	uint32_t v;

	ASSERT_GE(other, 0);
	ASSERT_EQ(4, look(self->fd, variant->chip));
	EXPECT_EQ(-EBUSY, IN_CHILD(look(other, variant->chip)));
	EXPECT_EQ(-EBUSY, IN_CHILD(wr(other, &v, 4, scratch(variant->chip))));
	EXPECT_EQ(-EBUSY,
		  IN_CHILD(map(other, 4096, core_offset(variant->chip)) ==
					   MAP_FAILED ?
				   -errno :
				   0));
	for (int kind = AKIDA_BUFFER_HOST; kind <= AKIDA_BUFFER_DEVICE;
	     kind += 2)
		EXPECT_EQ(-EBUSY, buffer_create(other, kind, 4096, NULL));
	/* What needs no board goes on. */
	EXPECT_EQ(0, dev_ioctl(other, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(2U, i.users);
	/* The file itself may do both. */
	EXPECT_GT(buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL), 0);
	EXPECT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, NULL), 0);
	EXPECT_EQ(4, look(self->fd, variant->chip));
	/* And with a file of its own */
	EXPECT_EQ(-EBUSY, IN_CHILD(look(dev_open(&self->b), variant->chip)));
	close(self->fd);
	self->fd = other;
	EXPECT_EQ(4, look(other, variant->chip));
}

TEST_F(board, waits_for_others)
{
	int other = dev_open(&self->b);
	int h;
	void *p;

	ASSERT_GE(other, 0);
	for (int kind = AKIDA_BUFFER_HOST; kind <= AKIDA_BUFFER_DEVICE;
	     kind += 2) {
		h = buffer_create(other, kind, 4096, NULL);
		ASSERT_GT(h, 0);
		EXPECT_EQ(-EBUSY, look(self->fd, variant->chip));
		EXPECT_EQ(0, buffer_free(other, h));
	}
	/* A mapping is all that is left of it. */
	p = buffer_map(other, AKIDA_BUFFER_HOST, 4096, (uint32_t *)&h);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, buffer_free(other, h));
	EXPECT_EQ(-EBUSY, look(self->fd, variant->chip));
	EXPECT_EQ(0, munmap(p, 4096));
	/* To be open is not to use. */
	EXPECT_EQ(4, look(self->fd, variant->chip));
	close(other);
}

struct worker {
	pthread_t thread;
	int fd;
	off_t at;
	uint8_t seed;
	long bad;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	uint8_t out[4096], in[4096];

	for (int i = 0; i < 20; i++) {
		memset(out, w->seed + i, sizeof(out));
		if (wr(w->fd, out, sizeof(out), w->at) != sizeof(out) ||
		    rd(w->fd, in, sizeof(in), w->at) != sizeof(in) ||
		    memcmp(in, out, sizeof(in)))
			w->bad++;
	}
	return NULL;
}

/*
 * Threads of one process, each with a file of its own: the vendor's test does
 * so. The claim is over when both are closed.
 */
TEST_F(board, threads)
{
	struct worker w[2] = { 0 };
	uint8_t buf[4096];

	w[0].fd = self->fd;
	w[1].fd = dev_open(&self->b);
	ASSERT_GE(w[1].fd, 0);
	for (int i = 0; i < 2; i++) {
		w[i].at = scratch(variant->chip) + 4096 * i;
		w[i].seed = 0x10 + 0x80 * i;
	}
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, work, &w[i]));
	for (int i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
	EXPECT_EQ(0, w[0].bad);
	EXPECT_EQ(0, w[1].bad);
	close(w[0].fd);
	/* What the closed file wrote is still there, and nobody else's. */
	EXPECT_EQ(4096, rd(w[1].fd, buf, sizeof(buf), w[0].at));
	EXPECT_EQ(-1, is_not(buf, sizeof(buf), 0x10 + 19));
	EXPECT_EQ(-EBUSY, IN_CHILD(look(dev_open(&self->b), variant->chip)));
	close(w[1].fd);
	EXPECT_EQ(0, IN_CHILD(look(dev_open(&self->b), variant->chip) - 4));
	self->fd = dev_open(&self->b);
	EXPECT_EQ(4096, rd(self->fd, buf, sizeof(buf), w[0].at));
	EXPECT_EQ(-1, is_not(buf, sizeof(buf), 0));
}

/* Mappings hold the claim; the same process may come back, another not. */
TEST_F(board, lives_on_in_mappings)
{
	void *p = map(self->fd, 4096, core_offset(variant->chip));
	int other = dev_open(&self->b);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_GE(other, 0);
	EXPECT_EQ(-EBUSY, IN_CHILD(look(other, variant->chip)));
	close(self->fd);
	self->fd = other;
	EXPECT_EQ(-EBUSY, IN_CHILD(look(dev_open(&self->b), variant->chip)));
	EXPECT_EQ(4, look(other, variant->chip));
	EXPECT_EQ(0, munmap(p, 4096));
	EXPECT_EQ(4, look(other, variant->chip));
	EXPECT_EQ(-EBUSY, IN_CHILD(look(dev_open(&self->b), variant->chip)));
}

/* Nothing is left: not in memory, not in the core, not behind the window. */
TEST_F(board, end)
{
	size_t size = 64 * KIB;
	off_t at = scratch(variant->chip);
	uint64_t resets;
	uint8_t *buf = malloc(size), *p;
	uint32_t v = 0x24000040;

	ASSERT_NE(NULL, buf);
	fill(buf, size, 1);
	ASSERT_EQ((ssize_t)size, wr(self->fd, buf, size, at));
	ASSERT_EQ(4, wr(self->fd, &v, 4, CORE + 0x20008));
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		p = map(self->fd, MIB, WINDOW);
		ASSERT_NE(MAP_FAILED, p);
		fill(p, MIB, 2);
		munmap(p, MIB);
	}
	resets = counter(&self->b, "core.resets");
	close(self->fd);
	EXPECT_GT(counter(&self->b, "core.resets"), resets);

	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ((ssize_t)size, rd(self->fd, buf, size, at));
	EXPECT_EQ(-1, is_not(buf, size, 0));
	ASSERT_EQ(4, rd(self->fd, &v, 4, CORE + 0x20008));
	EXPECT_EQ(0U, v);
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		p = map(self->fd, MIB, WINDOW);
		ASSERT_NE(MAP_FAILED, p);
		EXPECT_EQ(-1, is_not(p, MIB, 0));
		munmap(p, MIB);
	}
	free(buf);
}

TEST_F(board, killed)
{
	off_t at = scratch(variant->chip);
	uint8_t buf[4096];
	int pipes[2], h;
	char c;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		int fd = dev_open(&self->b);

		memset(buf, 0x77, sizeof(buf));
		map(fd, 4096, core_offset(variant->chip));
		wr(fd, buf, sizeof(buf), at);
		(void)!write(pipes[1], "x", 1);
		for (;;)
			rd(fd, buf, sizeof(buf), at);
	}
	ASSERT_EQ(1, read(pipes[0], &c, 1));
	EXPECT_EQ(-EBUSY, look(self->fd, variant->chip));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	/* At once: who has seen the end sees a clean board. */
	h = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	EXPECT_GT(h, 0);
	ASSERT_EQ(4096, rd(self->fd, buf, sizeof(buf), at));
	EXPECT_EQ(-1, is_not(buf, sizeof(buf), 0));
}

/* What others left is not for who claims. */
TEST_F(board, of_others)
{
	int other = dev_open(&self->b), h;
	struct akida_ioc_buffer d;
	uint8_t buf[4096];
	uint32_t host;
	uint8_t *p;

	ASSERT_GE(other, 0);
	p = buffer_map(other, AKIDA_BUFFER_HOST, 4096, &host);
	ASSERT_NE(NULL, p);
	h = buffer_create(other, AKIDA_BUFFER_DEVICE, 4096, &d);
	ASSERT_GT(h, 0);
	memset(p, 0x66, 4096);
	ASSERT_EQ(0, copy(other, h, 0, host, 0, 4096));
	munmap(p, 4096);
	close(other);
	ASSERT_EQ(4096, rd(self->fd, buf, 4096, d.device_addr));
	EXPECT_EQ(-1, is_not(buf, 4096, 0));
}

/* Who has the board may bend its address translation, as the vendor's tools can
 * by configuration space or BAR 0; whoever is next finds it straight.
 */
TEST_F(board, translation)
{
	uint32_t before, v = 0xdeadbeef, bent = 0x30000000;

	ASSERT_EQ(4, rd(self->fd, &before, 4, CORE + 0x50));
	EXPECT_NE(0U, before);
	if (variant->chip == AKIDA_CHIP_AKD1000) {
		int fd = open(board_attr(&self->b, "config"), O_RDWR);
		uint32_t region = 0x80000000;

		ASSERT_GE(fd, 0);
		/* Inbound region 0, and what it leads to */
		ASSERT_EQ(4, pwrite(fd, &region, 4, 0x900));
		ASSERT_EQ(4, pread(fd, &v, 4, 0x918));
		EXPECT_EQ(CORE, v);
		ASSERT_EQ(4, pwrite(fd, &bent, 4, 0x918));
		ASSERT_EQ(4, pread(fd, &v, 4, 0x918));
		close(fd);
	} else {
		int fd = open(board_attr(&self->b, "resource0"), O_RDWR);
		volatile uint32_t *p = map(fd, 4096, 0);

		close(fd);
		if (p == MAP_FAILED)
			SKIP(return,
				   "this kernel shows BAR 0 to its driver only (CONFIG_IO_STRICT_DEVMEM)");
		EXPECT_EQ(CORE, p[0x714 / 4]);
		p[0x714 / 4] = bent;
		v = p[0x714 / 4];
		munmap((void *)p, 4096);
	}
	EXPECT_EQ(bent, v);
	close(self->fd);
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	v = 0;
	EXPECT_EQ(4, rd(self->fd, &v, 4, CORE + 0x50));
	EXPECT_EQ(before, v);
	{
		volatile uint32_t *p =
			map(self->fd, 4096, core_offset(variant->chip));

		ASSERT_NE(MAP_FAILED, (void *)p);
		EXPECT_EQ(before, p[0x50 / 4]);
		munmap((void *)p, 4096);
	}
}

static int as_user(const struct board *b, int chip, bool use_mmap)
{
	int fd, err = become("user");

	if (err)
		return err;
	fd = dev_open(b);
	if (fd < 0)
		return fd;
	if (use_mmap)
		return map(fd, 4096, core_offset(chip)) == MAP_FAILED ? -errno :
									0;
	err = look(fd, chip);
	return err > 0 ? 0 : err;
}

TEST_F(board, who)
{
	bool iommu = self->info.caps & AKIDA_CAP_IOMMU;
	const char *param = "/sys/module/akida/parameters/raw";
	int chip = variant->chip, user;
	char text[16];

	ASSERT_EQ(0, read_file(param, text, sizeof(text)));
	EXPECT_STREQ("admin\n", text);
	EXPECT_EQ(-EPERM, IN_CHILD(as_user(&self->b, chip, false)));
	EXPECT_EQ(-EPERM, IN_CHILD(as_user(&self->b, chip, true)));

	EXPECT_EQ(0, write_file(param, "off"));
	EXPECT_EQ(-EPERM, look(self->fd, chip));
	EXPECT_EQ(MAP_FAILED, map(self->fd, 4096, core_offset(chip)));
	EXPECT_EQ(EPERM, errno);
	/* Buffers have nothing to do with it. */
	user = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	EXPECT_GT(user, 0);
	EXPECT_EQ(0, buffer_free(self->fd, user));

	EXPECT_EQ(0, write_file(param, "group"));
	EXPECT_EQ(iommu ? 0 : -EPERM, IN_CHILD(as_user(&self->b, chip, false)));
	EXPECT_EQ(iommu ? 0 : -EPERM, IN_CHILD(as_user(&self->b, chip, true)));
	EXPECT_EQ(4, look(self->fd, chip));

	EXPECT_EQ(-EINVAL, write_file(param, "all"));
	EXPECT_EQ(0, write_file(param, "admin"));
}

/* What counts is who opened it: root, handed such a file, writes nothing. */
TEST_F(board, confused_deputy)
{
	int fd;

	close(self->fd);
	ASSERT_EQ(0, setegid(999));
	ASSERT_EQ(0, seteuid(1000));
	fd = dev_open(&self->b);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setegid(0));
	self->fd = fd;
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EPERM, look(fd, variant->chip));
	EXPECT_EQ(MAP_FAILED, map(fd, 4096, core_offset(variant->chip)));
}

/* With raw_linger the same user's next program finds the board as it was. */
TEST_F(board, linger)
{
	const char *param = "/sys/module/akida/parameters/raw_linger";
	off_t at = scratch(variant->chip);
	uint32_t v = 0x12345678, w = 0;
	int fd, h;

	ASSERT_EQ(0, write_file(param, "20000"));
	ASSERT_EQ(4, wr(self->fd, &v, 4, at));
	close(self->fd);
	fd = dev_open(&self->b);
	EXPECT_EQ(4, rd(fd, &w, 4, at));
	EXPECT_EQ(v, w);
	close(fd);
	/* Others need not wait, and find nothing. */
	fd = dev_open(&self->b);
	h = buffer_create(fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	EXPECT_GT(h, 0);
	EXPECT_EQ(0, buffer_free(fd, h));
	EXPECT_EQ(4, rd(fd, &w, 4, at));
	EXPECT_EQ(0U, w);
	EXPECT_EQ(4, wr(fd, &v, 4, at));
	/* It ends by itself, too. */
	EXPECT_EQ(0, write_file(param, "200"));
	close(fd);
	sleep_ms(2000);
	self->fd = fd = dev_open(&self->b);
	EXPECT_EQ(4, rd(fd, &w, 4, at));
	EXPECT_EQ(0U, w);
	/* Nor is there one left to stand in the way of unbinding. */
	EXPECT_EQ(0, write_file(param, "20000"));
	EXPECT_EQ(4, wr(fd, &v, 4, at));
	close(fd);
	EXPECT_EQ(0, board_driver(&self->b, "unbind"));
	EXPECT_EQ(0, board_driver(&self->b, "bind"));
	EXPECT_EQ(0, write_file(param, "0"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	self->fd = dev_open(&self->b);
	EXPECT_GE(self->fd, 0);
}

/* Short transfers are told, and then why; nothing stale comes. */
TEST_F(board, aborts)
{
	off_t at = scratch(variant->chip);
	uint8_t out[8192], in[8192];

	fill(out, sizeof(out), 8);
	ASSERT_EQ(8192, wr(self->fd, out, 8192, at));
	ASSERT_EQ(0, vmctl("board %d 'fault abort:chan=any,bytes=4096'",
			   self->b.number));
	memset(in, 0xee, sizeof(in));
	EXPECT_EQ(4096, rd(self->fd, in, 8192, at));
	EXPECT_EQ(-1, differs(in, 4096, 8));
	EXPECT_EQ(-1, is_not(in + 4096, 4096, 0xee));
	ASSERT_EQ(0, vmctl("board %d 'fault abort:chan=any'", self->b.number));
	EXPECT_EQ(-EIO, rd(self->fd, in, 8192, at));
	ASSERT_EQ(0, vmctl("board %d 'fault abort:chan=any,bytes=512'",
			   self->b.number));
	EXPECT_EQ(512, wr(self->fd, in, 8192, at));
	ASSERT_EQ(0, vmctl("board %d 'fault stall:chan=any,count=0'",
			   self->b.number));
	EXPECT_EQ(-ETIMEDOUT, rd(self->fd, in, 8192, at));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	/* And the channels work. */
	EXPECT_EQ(8192, wr(self->fd, out, 8192, at));
	EXPECT_EQ(8192, rd(self->fd, in, 8192, at));
	EXPECT_EQ(-1, differs(in, 8192, 8));
}

TEST_F(board, reset_while_claimed)
{
	uint32_t *p = map(self->fd, 4096, core_offset(variant->chip));
	uint32_t mesh;

	ASSERT_NE(MAP_FAILED, p);
	mesh = ((volatile uint32_t *)p)[0x50 / 4];
	EXPECT_NE(0U, mesh);
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_EQ(mesh, ((volatile uint32_t *)p)[0x50 / 4]);
	EXPECT_EQ(4, look(self->fd, variant->chip));
	munmap(p, 4096);
}

TEST_F(board, unbound_while_claimed)
{
	volatile uint32_t *p = map(self->fd, 4096, core_offset(variant->chip));
	volatile uint32_t *w = NULL;
	uint32_t v;

	ASSERT_NE(MAP_FAILED, p);
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		w = map(self->fd, MIB, WINDOW);
		ASSERT_NE(MAP_FAILED, w);
		w[0] = 1;
	}
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	EXPECT_EQ(-ENODEV, look(self->fd, variant->chip));
	/* A page of plain memory, and no signal */
	p[0] = 5;
	EXPECT_EQ(5U, p[0]);
	if (w) {
		w[7] = 6;
		EXPECT_EQ(6U, w[7]);
		EXPECT_EQ(-ENODEV, rd(self->fd, &v, 4, WINDOW));
	}
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	munmap((void *)p, 4096);
	close(self->fd);
	if (w)
		munmap((void *)w, MIB);
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	self->fd = dev_open(&self->b);
	EXPECT_EQ(4, look(self->fd, variant->chip));
}

TEST_HARNESS_MAIN
