// SPDX-License-Identifier: GPL-2.0
/*
 * Programs with a name while the board and others are at them: resets, hangs,
 * drivers that go, jobs that run, names that come and go; and programs that are
 * larger than an AKD1500's memory.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "named_fixture.h"

/* The core gets to the end of no job until this is undone. */
static int stall(const struct board *b)
{
	return vmctl("board %d fault stall:chan=core", b->number);
}

static int go_on(const struct board *b)
{
	return vmctl("board %d clear stall", b->number);
}

/* Each kind of reset; the copy of the program is loaded again. */
TEST_F_TIMEOUT(names, resets, 60)
{
	static const char *const methods[] = { "flr", "bus" };
	uint64_t bytes;
	struct tiny t;
	int handle;

	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	tiny_make(&t, variant->chip, 1);
	handle = named_open(self->fd, "p", AKIDA_RIGHT_RUN, NULL);
	ASSERT_GT(handle, 0);
	EXPECT_EQ(0, named_run(self->fd, handle, &t, 5));
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		unsigned int before = info(self->fd).resets;

		bytes = info(self->fd).program_bytes;
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset_method"),
					methods[i]));
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
		EXPECT_EQ(before + 1, info(self->fd).resets);
		EXPECT_EQ(1, named_count(self->fd));
		EXPECT_EQ(0, named_run(self->fd, handle, &t, 5));
		EXPECT_EQ(0, open_to_run(self->fd, "p"));
		EXPECT_LT(bytes, info(self->fd).program_bytes);
	}
	ASSERT_EQ(0,
		  write_file(board_attr(&self->b, "reset_method"), "default"));
	/* Of the core alone, after a job that it refuses. */
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core", self->b.number));
	EXPECT_EQ(-EIO, named_run(self->fd, handle, &t, 1));
	EXPECT_EQ(0, named_run(self->fd, handle, &t, 5));
	EXPECT_EQ(self->info.core_resets + 1, info(self->fd).core_resets);
}

/* Neither names nor memory are there when the driver is back. */
TEST_F_TIMEOUT(names, go_with_the_driver, 60)
{
	struct tiny t;
	int handle;

	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	ASSERT_EQ(0, leave(&self->b, "q", 2, 0, 0));
	tiny_make(&t, variant->chip, 1);
	handle = named_open(self->fd, "p", AKIDA_RIGHT_RUN, NULL);
	ASSERT_GT(handle, 0);
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	EXPECT_EQ(-ENODEV, named_run(self->fd, handle, &t, 1));
	EXPECT_EQ(-ENODEV, named_count(self->fd));
	EXPECT_EQ(-ENODEV, open_to_run(self->fd, "p"));
	EXPECT_EQ(-ENODEV, drop(self->fd, "p"));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	close(self->fd);
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	EXPECT_EQ(0, named_count(self->fd));
	EXPECT_EQ(0U, info(self->fd).programs);
}

/* Jobs that are under way are the old program's, and so are old handles. */
TEST_F_TIMEOUT(names, replaced_under_way, 60)
{
	static struct named_work w;
	struct akida_named before, after;
	struct tiny old, new;
	int handle, other;

	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	tiny_make(&old, variant->chip, 1);
	tiny_make(&new, variant->chip, 2);
	handle = named_open(self->fd, "p", AKIDA_RIGHT_RUN, &before);
	ASSERT_GT(handle, 0);
	ASSERT_EQ(0, stall(&self->b));
	ASSERT_EQ(0, named_begin(&w, self->fd, handle, 40));
	EXPECT_EQ(0, leave(&self->b, "p", 2, 0, AKIDA_NAME_REPLACE));
	other = named_open(self->fd, "p", AKIDA_RIGHT_RUN, &after);
	EXPECT_GT(other, 0);
	EXPECT_NE(before.id, after.id);
	EXPECT_EQ(-ESTALE, named_delete(self->fd, "p", before.id));
	EXPECT_EQ(2U, info(self->fd).programs);
	ASSERT_EQ(0, go_on(&self->b));
	EXPECT_EQ(0, named_end(&w, self->fd, &old));
	EXPECT_EQ(0, named_run(self->fd, other, &new, 10));
	EXPECT_EQ(0, named_run(self->fd, handle, &old, 10));
}

/* An update gets its turn, and only once no job is under way. */
TEST_F_TIMEOUT(names, update_waits, 60)
{
	static struct named_work w;
	struct tiny old, new;
	int handle, status;
	pid_t pid;

	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	tiny_make(&old, variant->chip, 1);
	tiny_make(&new, variant->chip, 2);
	handle = named_open(self->fd, "p", AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE,
			    NULL);
	ASSERT_GT(handle, 0);
	/* Who gave up waiting keeps nobody away. */
	for (int killed = 1; killed >= 0; killed--) {
		ASSERT_EQ(0, stall(&self->b));
		ASSERT_EQ(0, named_begin(&w, self->fd, handle, 40));
		EXPECT_EQ(-EBUSY, named_update(self->fd, handle, &new, 0));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid)
			_exit(-named_update(self->fd, handle, &new,
					    AKIDA_UPDATE_WAIT));
		sleep_ms(50);
		EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
		if (killed)
			kill(pid, SIGKILL);
		else
			ASSERT_EQ(0, go_on(&self->b));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(killed ? SIGKILL : 0, status);
		if (killed)
			ASSERT_EQ(0, go_on(&self->b));
		EXPECT_EQ(0, named_end(&w, self->fd, &old));
		EXPECT_EQ(0,
			  named_run(self->fd, handle, killed ? &old : &new, 5));
	}
}

/* How a process of the race below ends: 0, or what it should not have seen. */
static int race(const struct board *b, int what, uint64_t end)
{
	int fd = dev_open(b), handle, err = 0;
	struct tiny t;

	if (fd < 0)
		return -fd;
	tiny_make(&t, b->chip, 1);
	while (now_ns() < end && !err) {
		switch (what) {
		case 0:
			err = leave(b, "p", 1, 0, AKIDA_NAME_REPLACE);
			break;
		case 1:
			err = drop(fd, "p");
			err = err == -ENOENT ? 0 : err;
			break;
		default:
			handle = named_open(fd, "p", AKIDA_RIGHT_RUN, NULL);
			if (handle == -ENOENT)
				break;
			err = handle < 0 ? handle :
					   named_run(fd, handle, &t, 2);
			if (!err)
				err = named_free(fd, handle);
		}
	}
	close(fd);
	return -err;
}

/* One gives the name, one takes it away, two run what they find. */
TEST_F_TIMEOUT(names, races, 60)
{
	uint64_t end = now_ns() + NS;
	pid_t pid[4];
	int status;

	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		ASSERT_GE(pid[i], 0);
		if (!pid[i])
			_exit(race(&self->b, i, end));
	}
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_EQ(0, status)
		{
			TH_LOG("process %d: status 0x%x", i, status);
		}
	}
}

/* Nobody gets at memory that programs are in. */
TEST_F(names, keep_raw_access_away)
{
	off_t at =
		variant->chip == AKIDA_CHIP_AKD1000 ? 0x24010000 : 0x20040000;
	int fd = dev_open(&self->b);
	uint32_t word;
	struct tiny t;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, leave(&self->b, "p", 1, 0, 0));
	EXPECT_EQ(-1, pread(fd, &word, 4, at));
	EXPECT_EQ(EBUSY, errno);
	ASSERT_EQ(0, drop(self->fd, "p"));
	EXPECT_EQ(4, pread(fd, &word, 4, at));
	/* Nor does a name outlive who has raw access. */
	ASSERT_GT(tiny_load(fd, &t, variant->chip, 1), 0);
	EXPECT_EQ(-EBUSY, named_give(fd, t.arg.handle, "mine", 0, 0, NULL, 0));
	close(fd);
}

/* A program of some MiB, of which it uses what tiny ones do, at the end. */
static int load_large(int fd, struct tiny *t, uint32_t chip, unsigned int seed,
		      uint32_t size)
{
	uint8_t *data = calloc(1, size);
	int err;

	if (!data)
		return -ENOMEM;
	tiny_make(t, chip, seed);
	memcpy(data + size - sizeof(t->word), t->word, sizeof(t->word));
	t->track.offset = size - sizeof(t->word);
	t->arg.data = (uintptr_t)data;
	t->arg.data_size = size;
	err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_CREATE, &t->arg);
	free(data);
	return err ? err : (int)t->arg.handle;
}

/* Two that an AKD1500 reads from host memory, and one that it has itself. */
TEST_F_TIMEOUT(names, larger_than_the_board, 60)
{
	uint32_t where =
		variant->chip == AKIDA_CHIP_AKD1500 ? AKIDA_PROGRAM_WINDOW : 0;
	struct akida_ioc_info now;
	struct tiny t[3], other;
	struct akida_named n;
	int handle[3];

	for (unsigned int i = 0; i < 2; i++) {
		handle[i] = load_large(self->fd, &t[i], variant->chip, i + 1,
				       (2 + i) * MIB);
		ASSERT_GT(handle[i], 0);
	}
	handle[2] = tiny_load(self->fd, &t[2], variant->chip, 3);
	ASSERT_GT(handle[2], 0);
	now = info(self->fd);
	/* Both, with descriptors; nothing of it in device memory */
	EXPECT_LE(now.window_free,
		  self->info.window_free - (where ? 5 * MIB : 0));
	/* One region for both */
	EXPECT_EQ(self->info.window_regions - !!where, now.window_regions);
	for (unsigned int k = 0; k < 6; k++) {
		EXPECT_EQ(0, named_run(self->fd, handle[k % 3], &t[k % 3], 20))
		{
			TH_LOG("run %u", k);
		}
	}
	/* Other weights, and after a reset all of it. */
	tiny_make(&other, variant->chip, 4);
	EXPECT_EQ(0, named_update(self->fd, handle[0], &other, 0));
	EXPECT_EQ(0, named_run(self->fd, handle[0], &other, 20));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	EXPECT_EQ(0, named_run(self->fd, handle[0], &other, 20));
	EXPECT_EQ(0, named_run(self->fd, handle[1], &t[1], 20));

	ASSERT_EQ(0, named_give(self->fd, handle[0], "large", 0, 0, NULL, 0));
	ASSERT_EQ(1, named_list(self->fd, &n, 1));
	EXPECT_EQ(AKIDA_PROGRAM_SPARSE | where, n.flags);
	EXPECT_EQ(2 * MIB, n.data_size);
	close(self->fd);
	self->fd = dev_open(&self->b);
	handle[0] = named_open(self->fd, "large", AKIDA_RIGHT_RUN, NULL);
	ASSERT_GT(handle[0], 0);
	EXPECT_EQ(0, named_run(self->fd, handle[0], &other, 20));
}

/* All regions are buffers': it says so, and nothing is lost. */
TEST_F(names, larger_than_the_board_without_a_region)
{
	unsigned int num = self->info.window_regions;
	struct tiny t;
	int b = 0;

	if (variant->chip != AKIDA_CHIP_AKD1500)
		SKIP(return, "the AKD1000 has no window");
	ASSERT_LT(0U, num);
	for (unsigned int i = 0; i < num; i++) {
		b = buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096, NULL);
		ASSERT_GT(b, 0);
	}
	EXPECT_EQ(-ENOSPC, load_large(self->fd, &t, variant->chip, 1, 2 * MIB));
	ASSERT_EQ(0, buffer_free(self->fd, b));
	EXPECT_GT(load_large(self->fd, &t, variant->chip, 1, 2 * MIB), 0);
	EXPECT_EQ(-ENOSPC,
		  buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096, NULL));
	EXPECT_EQ(0, named_run(self->fd, t.arg.handle, &t, 3));
	EXPECT_EQ(0, named_free(self->fd, t.arg.handle));
	EXPECT_GT(buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096, NULL), 0);
}

/* It goes while its core reads from host memory: an IOMMU would tell. */
TEST_F_TIMEOUT(names, larger_than_the_board_and_gone, 60)
{
	static struct named_work w;
	struct tiny t;

	ASSERT_GT(load_large(self->fd, &t, variant->chip, 1, 2 * MIB), 0);
	EXPECT_EQ(0, named_run(self->fd, t.arg.handle, &t, 3));
	ASSERT_EQ(0, stall(&self->b));
	ASSERT_EQ(0, named_begin(&w, self->fd, t.arg.handle, 20));
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	EXPECT_EQ(-ENODEV, named_end(&w, self->fd, &t));
	ASSERT_EQ(0, go_on(&self->b));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	close(self->fd);
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
}

TEST_HARNESS_MAIN
