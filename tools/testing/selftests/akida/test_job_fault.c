// SPDX-License-Identifier: GPL-2.0
/*
 * Faults while a program is loaded and while jobs run: what the caller is told,
 * that the board works afterwards, and that nothing stays behind: programs,
 * memory and what debugfs shows are as before. And what a core dump says.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board_fixture.h"
#include "work.h"

/**
 * struct state - what a board holds
 * @info: as the driver says
 * @files: the same in debugfs
 */
struct state {
	struct akida_ioc_info info;
	char files[4096];
};

static void get_state(const struct board *b, int fd, struct state *s)
{
	char path[64];

	memset(s, 0, sizeof(*s));
	s->info = dev_info(fd);
	snprintf(path, sizeof(path), "/sys/kernel/debug/akida/akida%d/files",
		 b->index);
	if (read_file(path, s->files, sizeof(s->files)))
		strcpy(s->files, "?");
}

static void expect_state(struct __test_metadata *_metadata,
			 const struct board *b, int fd, const struct state *s)
{
	struct state now;

	get_state(b, fd, &now);
	EXPECT_STREQ(s->files, now.files);
	EXPECT_EQ(s->info.programs, now.info.programs);
	EXPECT_EQ(s->info.users, now.info.users);
	EXPECT_EQ(s->info.devmem_free, now.info.devmem_free);
	EXPECT_EQ(s->info.devmem_largest, now.info.devmem_largest);
	EXPECT_EQ(s->info.window_free, now.info.window_free);
}

/* The board runs jobs of another file, too. */
static void expect_works(struct __test_metadata *_metadata,
			 const struct board *b, uint32_t chip)
{
	static struct work w;
	int fd = dev_open(b);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w, fd, chip, 77));
	ASSERT_EQ(0, work_submit(&w, fd, 0, 40, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0, w.arg.status);
	EXPECT_EQ(0U, work_wrong(&w, 0, 40));
	work_unmap(&w);
	close(fd);
}

/**
 * struct trouble - a fault, and what becomes of jobs
 * @fault: as the board knows it
 * @loading: what the first jobs of a program end with: its upload and its
 *	configuration are part of them
 * @running: what those of a program that is in the mesh end with, the worst of
 *	them
 */
struct trouble {
	const char *fault;
	int loading, running;
};

/* Both directions of an engine, and the core: whoever comes first is struck. */
static const struct trouble troubles[] = {
	{ "abort:chan=any", -EIO, -EIO },
	{ "bad-completion:status=ur", -EIO, -EIO },
	{ "bad-completion:status=poisoned", -EIO, -EIO },
	{ "abort:chan=core", -EIO, -EIO },
	{ "lost-irq:chan=any", 0, 0 },
	{ "lost-irq:chan=core", 0, 0 },
};

/* These take as long as the driver is patient. */
static const struct trouble stalls[] = {
	{ "stall:chan=any", -ETIMEDOUT, -ETIMEDOUT },
	{ "stall:chan=core", -EIO, -EIO },
};

static void strike(struct __test_metadata *_metadata, const struct board *b,
		   uint32_t chip, const struct trouble *t, bool loading)
{
	int want = loading ? t->loading : t->running;
	static struct work w;
	int fd = dev_open(b);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, work_make(&w, fd, chip, 5));
	if (!loading) {
		ASSERT_EQ(0, work_submit(&w, fd, 0, 4, AKIDA_SUBMIT_WAIT));
		ASSERT_EQ(0, w.arg.status);
	}
	ASSERT_EQ(0, vmctl("board %d fault %s", b->number, t->fault));
	ASSERT_EQ(0, work_submit(&w, fd, 0, 20, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(want, w.arg.status)
	{
		TH_LOG("%s, %s", t->fault, loading ? "loading" : "running");
	}
	if (!want)
		EXPECT_EQ(0U, work_wrong(&w, 0, 20));
	ASSERT_EQ(0, vmctl("board %d clear all", b->number));
	/* The same file goes on. */
	ASSERT_EQ(0, work_submit(&w, fd, 0, 40, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(0, w.arg.status);
	EXPECT_EQ(0U, work_wrong(&w, 0, 40));
	work_unmap(&w);
	close(fd);
}

static void strike_all(struct __test_metadata *_metadata, const struct board *b,
		       int fd, uint32_t chip, const struct trouble *t, size_t n)
{
	struct state before;

	get_state(b, fd, &before);
	ASSERT_STRNE("?", before.files);
	for (size_t i = 0; i < n; i++)
		for (int loading = 0; loading < 2; loading++) {
			strike(_metadata, b, chip, &t[i], loading);
			expect_state(_metadata, b, fd, &before);
		}
	expect_works(_metadata, b, chip);
	expect_state(_metadata, b, fd, &before);
	/* Not one of them took a reset of the whole board. */
	EXPECT_EQ(before.info.resets, dev_info(fd).resets);
}

TEST_F_TIMEOUT(board, faults, 120)
{
	strike_all(_metadata, &self->b, self->fd, variant->chip, troubles,
		   ARRAY_SIZE(troubles));
}

TEST_F_TIMEOUT(board, stalls, 120)
{
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, module_reload("job_timeout_ms=300 dma_timeout_ms=300"));
	ASSERT_EQ(0, board_find(&self->b, variant->chip));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	strike_all(_metadata, &self->b, self->fd, variant->chip, stalls,
		   ARRAY_SIZE(stalls));
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, module_reload(""));
}

/* A core that stands still: jobs are in the midst of loading, or of running. */
static void stand_still(struct __test_metadata *_metadata,
			const struct board *b, int fd, uint32_t chip,
			bool loading, struct work *w)
{
	uint64_t struck = counter(b, "faults.stall");

	ASSERT_EQ(0, work_make(w, fd, chip, 6));
	if (!loading)
		ASSERT_EQ(0, work_submit(w, fd, 0, 1, AKIDA_SUBMIT_WAIT));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", b->number));
	ASSERT_EQ(0, work_submit(w, fd, 0, 20, 0));
	/* The fault has struck when the core has got something to do. */
	for (int i = 0; i < 100 && counter(b, "faults.stall") == struck; i++)
		sleep_ms(20);
}

/* A reset of the board: jobs are done after it, as if nothing had been. */
TEST_F_TIMEOUT(board, reset, 60)
{
	struct state before;

	get_state(&self->b, self->fd, &before);
	for (int loading = 0; loading < 2; loading++) {
		static struct work w;
		int fd = dev_open(&self->b);

		ASSERT_GE(fd, 0);
		stand_still(_metadata, &self->b, fd, variant->chip, loading,
			    &w);
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
		for (unsigned int k = 0; k < 20; k++)
			EXPECT_EQ(0, wait_for(fd, w.arg.seq + k, 30000, NULL));
		EXPECT_EQ(0U, work_wrong(&w, 0, 20));
		ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
		work_unmap(&w);
		close(fd);
		expect_state(_metadata, &self->b, self->fd, &before);
	}
	expect_works(_metadata, &self->b, variant->chip);
	expect_state(_metadata, &self->b, self->fd, &before);
}

/* Taken away from the bus at once, or pulled out of its slot, which the machine
 * is told some seconds before.
 */
static int away(const struct board *b, bool loading)
{
	return loading ? write_file(board_attr(b, "remove"), "1") :
			 vmctl("unplug %d", b->number);
}

static int back(const struct board *b, bool loading)
{
	return loading ? write_file("/sys/bus/pci/rescan", "1") :
			 vmctl("replug %d", b->number);
}

/* Jobs end with -ENODEV, and so does all else. */
TEST_F_TIMEOUT(board, unplugged, 120)
{
	struct state before;

	if (!vm_is("VM_PROFILE", "hotplug"))
		SKIP(return, "this machine has no hot-plug slots");
	get_state(&self->b, self->fd, &before);
	close(self->fd);
	self->fd = -1;
	for (int loading = 0; loading < 2; loading++) {
		static struct work w;
		int fd = dev_open(&self->b);

		ASSERT_GE(fd, 0);
		stand_still(_metadata, &self->b, fd, variant->chip, loading,
			    &w);
		ASSERT_EQ(0, away(&self->b, loading));
		for (unsigned int k = 0; k < 20; k++)
			EXPECT_EQ(-ENODEV,
				  wait_for(fd, w.arg.seq + k, 10000, NULL));
		EXPECT_EQ(-ENODEV, work_submit(&w, fd, 0, 1, 0));
		ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
		ASSERT_EQ(0, back(&self->b, loading));
		ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
		work_unmap(&w);
		close(fd);
		expect_works(_metadata, &self->b, variant->chip);
	}
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	/* A new device, of which this file is the only user. */
	expect_state(_metadata, &self->b, self->fd, &before);
}

/* --------------------------------------------------------------- core dump */

#define DUMPS "/sys/class/devcoredump"

/* Path of the data of the board's dump; false if there is none. */
static bool find_dump(const struct board *b, char *path, size_t size)
{
	char link[512], device[512];
	struct dirent *e;
	bool found = false;
	DIR *d = opendir(DUMPS);
	ssize_t n;

	while (d && !found && (e = readdir(d))) {
		snprintf(link, sizeof(link), DUMPS "/%.200s/failing_device",
			 e->d_name);
		n = readlink(link, device, sizeof(device) - 1);
		if (n < 0)
			continue;
		device[n] = '\0';
		found = strstr(device, b->pci);
		snprintf(path, size, DUMPS "/%.200s/data", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/* A word of the dump, by the name and the offset that its line begins with. */
static int word_at(const char *text, const char *name, unsigned int offset,
		   uint32_t *value)
{
	char line[64];
	const char *p;

	snprintf(line, sizeof(line), "\n%s+0x%03x:", name, offset & ~0xfu);
	p = strstr(text, line);
	if (!p ||
	    sscanf(p + strlen(line) + offset % 16 / 4 * 9, " %8x", value) != 1)
		return -ENOENT;
	return 0;
}

static uint32_t word(struct __test_metadata *_metadata, const char *text,
		     const char *name, unsigned int offset)
{
	uint32_t value = 0;

	EXPECT_EQ(0, word_at(text, name, offset, &value))
	{
		TH_LOG("there is no %s+0x%03x", name, offset);
	}
	return value;
}

static ssize_t read_all(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t got = 1;

	if (fd < 0)
		return -errno;
	while (n < size - 1 && got > 0) {
		got = read(fd, text + n, size - 1 - n);
		n += got > 0 ? got : 0;
	}
	close(fd);
	text[n] = '\0';
	return n;
}

#define WORD(name, offset) word(_metadata, text, name, offset)

/* Its text, as Documentation/driver.rst describes it: what is known of the job
 * that failed, without its data.
 */
TEST_F_TIMEOUT(board, core_dump, 60)
{
	static char text[32768], want[256], path[512];
	static struct work w;
	uint32_t arena, slot;

	if (access(DUMPS, F_OK))
		SKIP(return, "the kernel keeps no core dumps");
	/* An older one would be kept instead. */
	if (find_dump(&self->b, path, sizeof(path)))
		ASSERT_EQ(0, write_file(path, "1"));
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip, 1));
	ASSERT_EQ(0, work_submit(&w, self->fd, 0, 1, AKIDA_SUBMIT_WAIT));
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core,after=2",
			   self->b.number));
	ASSERT_EQ(0, work_submit(&w, self->fd, 20, 5, AKIDA_SUBMIT_WAIT));
	EXPECT_EQ(-EIO, w.arg.status);
	ASSERT_TRUE(find_dump(&self->b, path, sizeof(path)));
	ASSERT_LT(0, read_all(path, text, sizeof(text)));
	snprintf(
		want, sizeof(want),
		"akida core dump 1\nakida%d %s: the core could not run a job, or did not end it\njob 3 of 5, program of %u bytes, 1 passes\n",
		self->b.index,
		variant->chip == AKIDA_CHIP_AKD1000 ? "AKD1000" : "AKD1500",
		TINY_TRACK_WORDS * 4);
	EXPECT_EQ(0, strncmp(want, text, strlen(want)))
	{
		TH_LOG("%.300s", text);
	}
	/* What the driver wrote to registers, and what the core made of it */
	EXPECT_EQ(0x21200U, WORD("epg", 0));
	EXPECT_EQ(0x10U, WORD("epg", 0xc));
	EXPECT_EQ(variant->chip == AKIDA_CHIP_AKD1000 ? 0x504U : 0x303U,
		  WORD("mesh", 0) & 0xffff);
	/* Two of five are done. The interrupt has cleared the status. */
	EXPECT_EQ(4U, WORD("event", 0x04) >> 16);
	EXPECT_EQ(1U, WORD("event", 0x04) & 0xff);
	arena = WORD("event", 0x08);
	EXPECT_NE(0U, arena);
	EXPECT_EQ(0U, WORD("hrc", 0x28) & 0xf);
	/* Descriptors: number and version, input, words of it, output. */
	slot = WORD("descriptor", 64 + 4) - WORD("descriptor", 4);
	EXPECT_LE((uint32_t)TINY_INPUT_BYTES, slot);
	for (unsigned int i = 0; i < 5; i++) {
		EXPECT_EQ(i << 16 | 1, WORD("descriptor", 64 * i));
		EXPECT_EQ(slot * i, WORD("descriptor", 64 * i + 4) -
					    WORD("descriptor", 4));
		EXPECT_LT(arena, WORD("descriptor", 64 * i + 4));
		EXPECT_EQ(w.job[20 + i].input_size / 4,
			  WORD("descriptor", 64 * i + 8));
		EXPECT_LT(WORD("descriptor", 64 * 4 + 4),
			  WORD("descriptor", 64 * i + 12));
		for (unsigned int k = 16; k < 64; k += 4)
			EXPECT_EQ(0U, WORD("descriptor", 64 * i + k));
	}
	/* There were five. */
	EXPECT_NE(0, word_at(text, "descriptor", 64 * 5, &slot));
	ASSERT_EQ(0, write_file(path, "1"));
}

TEST_HARNESS_MAIN
