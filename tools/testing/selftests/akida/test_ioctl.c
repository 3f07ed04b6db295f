// SPDX-License-Identifier: GPL-2.0
/*
 * What holds for every command: sizes of structures, pointers, unknown
 * commands, and that nothing is written beyond what was given.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "board_fixture.h"
#include "tiny.h"

/*
 * The commands, each with an argument that is good once a device buffer 1, a
 * host buffer 2 and programs 1 and 2 exist and transfer 1 has ended.
 */
static const struct akida_ioc_info arg_info;
static const struct akida_ioc_buffer arg_create = { .kind = AKIDA_BUFFER_HOST,
						    .size = 4096 };
static const struct akida_ioc_buffer arg_query = { .handle = 1 };
static const struct akida_ioc_buffer_free arg_free = { .handle = 3 };
static const struct akida_ioc_copy arg_copy = { .src = 1,
						.dst = 2,
						.size = 64 };
static const struct akida_ioc_wait arg_wait = { .seq = 1,
						.flags = AKIDA_WAIT_POLL };
static const struct akida_ioc_eventfd arg_eventfd = { .fd = -1 };
/* Those that point at others are filled in by prepared(). */
static struct tiny program;
static struct akida_new_track new_track;
static const struct akida_submit_job job = { .input = 2,
					     .output = 2,
					     .output_offset = 2048,
					     .input_size = 8 };
static struct akida_ioc_program arg_program;
static const struct akida_ioc_program_free arg_program_free = { .handle = 1 };
static struct akida_ioc_program_update arg_update = { .handle = 1,
						      .num_tracks = 1 };
static struct akida_ioc_submit arg_submit = { .program = 1, .num_jobs = 1 };
static const struct akida_ioc_program_name arg_name = { .name = "given",
							.handle = 1 };
static const struct akida_ioc_program_list arg_list = {
	.size = sizeof(struct akida_named)
};
static const struct akida_ioc_program_open arg_open = {
	.name = "kept",
	.rights = AKIDA_RIGHT_RUN
};
static const struct akida_ioc_program_note arg_note = { .handle = 2 };
static const struct akida_ioc_program_mode arg_mode = { .name = "kept",
							.mode = ~0U,
							.uid = ~0U,
							.gid = ~0U };
static const struct akida_ioc_program_delete arg_delete = { .name = "kept" };

static const struct {
	const char *name;
	unsigned long cmd;
	const void *arg;
} cmds[] = {
	{ "info", AKIDA_IOC_INFO, &arg_info },
	{ "create", AKIDA_IOC_BUFFER_CREATE, &arg_create },
	{ "query", AKIDA_IOC_BUFFER_QUERY, &arg_query },
	{ "free", AKIDA_IOC_BUFFER_FREE, &arg_free },
	{ "copy", AKIDA_IOC_COPY, &arg_copy },
	{ "wait", AKIDA_IOC_WAIT, &arg_wait },
	{ "eventfd", AKIDA_IOC_EVENTFD, &arg_eventfd },
	{ "program", AKIDA_IOC_PROGRAM_CREATE, &arg_program },
	{ "update", AKIDA_IOC_PROGRAM_UPDATE, &arg_update },
	{ "submit", AKIDA_IOC_SUBMIT, &arg_submit },
	{ "program name", AKIDA_IOC_PROGRAM_NAME, &arg_name },
	{ "program list", AKIDA_IOC_PROGRAM_LIST, &arg_list },
	{ "program open", AKIDA_IOC_PROGRAM_OPEN, &arg_open },
	{ "program note", AKIDA_IOC_PROGRAM_NOTE, &arg_note },
	{ "program mode", AKIDA_IOC_PROGRAM_MODE, &arg_mode },
	{ "program delete", AKIDA_IOC_PROGRAM_DELETE, &arg_delete },
	{ "program free", AKIDA_IOC_PROGRAM_FREE, &arg_program_free },
};

#define NUM_CMDS (ARRAY_SIZE(cmds))

static unsigned long resize(unsigned long cmd, size_t size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/* Names stay when a file is closed. */
static void forget(int fd)
{
	struct akida_ioc_program_delete given = { .name = "given" };
	struct akida_ioc_program_delete kept = { .name = "kept" };

	dev_ioctl(fd, AKIDA_IOC_PROGRAM_DELETE, &given);
	dev_ioctl(fd, AKIDA_IOC_PROGRAM_DELETE, &kept);
}

static void done(int fd)
{
	forget(fd);
	close(fd);
}

/*
 * Buffers 1, 2 and 3, transfer 1, programs 1 and 2, of which the latter has the
 * name "kept": in a file of its own.
 */
static int prepared(const struct board *b)
{
	struct akida_ioc_program_name name = { .name = "kept", .handle = 2 };
	int fd = dev_open(b);
	struct tiny kept;

	if (fd < 0)
		return fd;
	forget(fd);
	if (buffer_create(fd, AKIDA_BUFFER_DEVICE, 4096, NULL) != 1 ||
	    buffer_create(fd, AKIDA_BUFFER_HOST, 4096, NULL) != 2 ||
	    buffer_create(fd, AKIDA_BUFFER_HOST, 4096, NULL) != 3 ||
	    copy(fd, 1, 0, 2, 0, 64) ||
	    tiny_load(fd, &program, b->chip, 1) != 1 ||
	    tiny_load(fd, &kept, b->chip, 2) != 2 ||
	    dev_ioctl(fd, AKIDA_IOC_PROGRAM_NAME, &name)) {
		close(fd);
		return -EPROTO;
	}
	arg_program = program.arg;
	arg_program.handle = 0;
	new_track.data = (uintptr_t)program.word;
	new_track.words = TINY_TRACK_WORDS;
	arg_update.tracks = (uintptr_t)&new_track;
	arg_submit.jobs = (uintptr_t)&job;
	return fd;
}

TEST_F(board, unknown_commands)
{
	char arg[256] = { 0 };

	for (unsigned int nr = 0; nr < 256; nr++) {
		bool known = false;

		for (size_t i = 0; i < NUM_CMDS; i++)
			known |= _IOC_NR(cmds[i].cmd) == nr;
		if (!known)
			EXPECT_EQ(-ENOTTY,
				  dev_ioctl(self->fd,
					    _IOWR(AKIDA_IOC_MAGIC, nr, arg),
					    arg))
		TH_LOG("number %#x", nr);
	}
	/* The right numbers of another driver; not our direction. */
	for (size_t i = 0; i < NUM_CMDS; i++) {
		unsigned long cmd = cmds[i].cmd;

		EXPECT_EQ(-ENOTTY,
			  dev_ioctl(self->fd,
				    _IOC(_IOC_DIR(cmd), AKIDA_IOC_MAGIC - 1,
					 _IOC_NR(cmd), 64),
				    arg));
		EXPECT_EQ(-ENOTTY, dev_ioctl(self->fd,
					     _IOC(_IOC_NONE, AKIDA_IOC_MAGIC,
						  _IOC_NR(cmd), 0),
					     NULL));
	}
	EXPECT_EQ(-ENOTTY, dev_ioctl(self->fd, 0x5401 /* TCGETS */, arg));
}

/* Good arguments do work, or the rest of this proves nothing. */
TEST_F(board, exact_size)
{
	int fd = prepared(&self->b);

	ASSERT_GE(fd, 0);
	for (size_t i = 0; i < NUM_CMDS; i++) {
		char arg[256];

		memcpy(arg, cmds[i].arg, _IOC_SIZE(cmds[i].cmd));
		EXPECT_EQ(0, dev_ioctl(fd, cmds[i].cmd, arg))
		TH_LOG("%s", cmds[i].name);
	}
	done(fd);
}

/* A program that is newer than the driver. */
TEST_F(board, longer_structures)
{
	static const size_t more[] = { 1, 8, 64, 1000, 4096, 8192, 16383 };
	char *arg = malloc(16384 + 8);

	ASSERT_NE(NULL, arg);
	for (size_t i = 0; i < NUM_CMDS; i++) {
		size_t size = _IOC_SIZE(cmds[i].cmd);

		for (size_t k = 0; k < ARRAY_SIZE(more); k++) {
			size_t total =
				size + more[k] > 16383 ? 16383 : size + more[k];
			int fd = prepared(&self->b);

			ASSERT_GE(fd, 0);
			memset(arg, 0, 16384);
			memcpy(arg, cmds[i].arg, size);
			/* What the driver does not know, set: anywhere in it. */
			arg[size] = 1;
			EXPECT_EQ(
				-E2BIG,
				dev_ioctl(fd, resize(cmds[i].cmd, total), arg))
			TH_LOG("%s, %zu bytes", cmds[i].name, total);
			arg[size] = 0;
			arg[total - 1] = 1;
			EXPECT_EQ(
				-E2BIG,
				dev_ioctl(fd, resize(cmds[i].cmd, total), arg))
			TH_LOG("%s, %zu bytes", cmds[i].name, total);
			arg[total - 1] = 0;
			/* Zero: taken; and it stays zero, and what follows stays. */
			arg[total] = 0x5a;
			EXPECT_EQ(0, dev_ioctl(fd, resize(cmds[i].cmd, total),
					       arg))
			TH_LOG("%s, %zu bytes", cmds[i].name, total);
			EXPECT_EQ(-1, is_not(arg + size, total - size, 0));
			EXPECT_EQ(0x5a, arg[total]);
			done(fd);
		}
	}
	free(arg);
}

/* A program that is older: the rest counts as zero, and is not written. */
TEST_F(board, shorter_structures)
{
	for (size_t i = 0; i < NUM_CMDS; i++) {
		size_t size = _IOC_SIZE(cmds[i].cmd);

		for (size_t total = 0; total < size; total += 4) {
			int fd = prepared(&self->b), whole, part;
			char a[256] = { 0 }, b[256];

			ASSERT_GE(fd, 0);
			memcpy(a, cmds[i].arg, total);
			whole = dev_ioctl(fd, cmds[i].cmd, a);
			done(fd);
			fd = prepared(&self->b);
			ASSERT_GE(fd, 0);
			memset(b, 0xa5, sizeof(b));
			memcpy(b, cmds[i].arg, total);
			part = dev_ioctl(fd, resize(cmds[i].cmd, total), b);
			done(fd);
			/* A size of zero makes it another command. */
			if (total == 0) {
				EXPECT_TRUE(part == whole || part == -ENOTTY)
				TH_LOG("%s of no bytes: %d", cmds[i].name,
				       part);
			} else {
				EXPECT_EQ(whole, part)
				TH_LOG("%s, %zu of %zu bytes", cmds[i].name,
				       total, size);
			}
			/* These tell what is not the same each time. */
			if (!part && cmds[i].cmd != AKIDA_IOC_INFO &&
			    cmds[i].cmd != AKIDA_IOC_PROGRAM_OPEN)
				EXPECT_EQ(0, memcmp(a, b, total))
			TH_LOG("%s, %zu bytes", cmds[i].name, total);
			EXPECT_EQ(-1,
				  is_not(b + total, sizeof(b) - total, 0xa5))
			TH_LOG("%s of %zu bytes: more was written",
			       cmds[i].name, total);
		}
	}
}

/* The structure ends where nothing is mapped. */
TEST_F(board, end_of_a_page)
{
	int fd = prepared(&self->b);

	ASSERT_GE(fd, 0);
	for (size_t i = 0; i < NUM_CMDS; i++) {
		size_t size = _IOC_SIZE(cmds[i].cmd);
		char *arg = edge(size);

		ASSERT_NE(NULL, arg);
		memcpy(arg, cmds[i].arg, size);
		EXPECT_EQ(0, dev_ioctl(fd, cmds[i].cmd, arg))
		TH_LOG("%s", cmds[i].name);
		EXPECT_EQ(-EFAULT,
			  dev_ioctl(fd, resize(cmds[i].cmd, size + 8), arg))
		TH_LOG("%s", cmds[i].name);
		arg = edge(size - 4);
		ASSERT_NE(NULL, arg);
		memcpy(arg, cmds[i].arg, size - 4);
		EXPECT_EQ(-EFAULT, dev_ioctl(fd, cmds[i].cmd, arg))
		TH_LOG("%s", cmds[i].name);
		EXPECT_EQ(0, memcmp(arg, cmds[i].arg, size - 4));
		/* From where nothing is into what is mapped */
		arg = edge(4096);
		ASSERT_NE(NULL, arg);
		ASSERT_EQ(0, mprotect(arg, 4096, PROT_NONE));
		ASSERT_EQ(0,
			  mprotect(arg + 4096, 4096, PROT_READ | PROT_WRITE));
		EXPECT_EQ(-EFAULT,
			  dev_ioctl(fd, cmds[i].cmd, arg + 4096 - size / 2))
		TH_LOG("%s", cmds[i].name);
		EXPECT_EQ(-1, is_not(arg + 4096, 4096, 0));
	}
	done(fd);
}

TEST_F(board, bad_pointers)
{
	int fd = prepared(&self->b);
	struct akida_ioc_info before = { 0 }, after = { 0 };
	char *page;

	ASSERT_GE(fd, 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	for (size_t i = 0; i < NUM_CMDS; i++) {
		EXPECT_EQ(-EFAULT, dev_ioctl(fd, cmds[i].cmd, NULL));
		EXPECT_EQ(-EFAULT, dev_ioctl(fd, cmds[i].cmd, (void *)8));
		EXPECT_EQ(-EFAULT, dev_ioctl(fd, cmds[i].cmd, (void *)~0UL));
		/* The kernel's half, and the hole between the halves. */
		EXPECT_EQ(-EFAULT, dev_ioctl(fd, cmds[i].cmd,
					     (void *)0xffff888000000000UL));
		EXPECT_EQ(-EFAULT,
			  dev_ioctl(fd, cmds[i].cmd, (void *)0x800000000000UL));
	}
	/* Readable only: where there are answers, they cannot be given, and a
	 * buffer whose handle nobody learns must not stay.
	 */
	ASSERT_EQ(0, dev_ioctl(fd, AKIDA_IOC_INFO, &before));
	memcpy(page,
	       &(struct akida_ioc_buffer){ .kind = AKIDA_BUFFER_DEVICE,
					   .size = 4096 },
	       sizeof(struct akida_ioc_buffer));
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, page));
	ASSERT_EQ(0, dev_ioctl(fd, AKIDA_IOC_INFO, &after));
	EXPECT_EQ(before.devmem_free, after.devmem_free);
	EXPECT_EQ(-EFAULT,
		  dev_ioctl(fd, AKIDA_IOC_INFO,
			    memset(mmap(NULL, 4096, PROT_READ,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
				   0, 0)));
	munmap(page, 4096);
	done(fd);
}

/* Outputs are written, whatever was there: nothing of the caller's or, worse,
 * of the kernel's stack shows.
 */
TEST_F(board, outputs_are_set)
{
	struct akida_ioc_buffer create = { .kind = AKIDA_BUFFER_HOST,
					   .size = 4096,
					   .mmap_offset = ~0ULL,
					   .device_addr = ~0ULL,
					   .handle = ~0U };
	struct akida_ioc_buffer query = { .kind = 0x5a5a,
					  .size = ~0ULL,
					  .user_addr = ~0ULL,
					  .mmap_offset = ~0ULL,
					  .device_addr = ~0ULL };
	struct akida_ioc_copy c = { .size = 64, .seq = ~0ULL, .done = ~0ULL };
	struct akida_ioc_wait w = { .status = 77,
				    .done = ~0ULL,
				    .completed = ~0ULL };
	struct akida_ioc_info info, again;
	int device;

	memset(&info, 0xff, sizeof(info));
	info.flags = 0;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &info));
	memset(&again, 0, sizeof(again));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &again));
	EXPECT_EQ(0, memcmp(&info, &again, sizeof(info)));
	EXPECT_EQ(0U, info.flags);
	EXPECT_EQ(0U, info.programs);

	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_BUFFER_CREATE, &create));
	EXPECT_GT((int)create.handle, 0);
	EXPECT_EQ(0U, create.device_addr);
	EXPECT_EQ(0U, create.flags);
	EXPECT_EQ(0U, create.user_addr);
	EXPECT_EQ(0U, create.reserved);
	EXPECT_GE(create.mmap_offset, AKIDA_MMAP_BUFFERS);
	EXPECT_LT(create.mmap_offset, AKIDA_MMAP_END);
	query.handle = create.handle;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_BUFFER_QUERY, &query));
	EXPECT_EQ(0, memcmp(&create, &query, sizeof(query)));

	device = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	ASSERT_GT(device, 0);
	c.src = create.handle;
	c.dst = device;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_COPY, &c));
	EXPECT_EQ(1U, c.seq);
	EXPECT_EQ(64U, c.done);
	EXPECT_EQ(0U, c.flags);
	EXPECT_EQ(0U, c.reserved);
	w.seq = 1;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_WAIT, &w));
	EXPECT_EQ(0, w.status);
	EXPECT_EQ(64U, w.done);
	EXPECT_EQ(1U, w.completed);
}

/* Every flag and reserved field of every command. */
TEST_F(board, unknown_bits)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = prepared(&self->b);

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_GE(fd, 0);
	for (int bit = 0; bit < 32; bit++) {
		uint32_t v = 1U << bit;
		struct akida_ioc_info info = { .flags = v };
		struct akida_ioc_buffer create = { .kind = AKIDA_BUFFER_HOST,
						   .size = 4096,
						   .flags = v };
		struct akida_ioc_buffer reserved = { .kind = AKIDA_BUFFER_HOST,
						     .size = 4096,
						     .reserved = v };
		struct akida_ioc_buffer query = { .handle = 1, .reserved = v };
		struct akida_ioc_buffer_free release = { .handle = 3,
							 .flags = v };
		struct akida_ioc_copy c = {
			.src = 2, .dst = 1, .size = 64, .flags = v
		};
		struct akida_ioc_copy c2 = {
			.src = 2, .dst = 1, .size = 64, .reserved = v
		};
		struct akida_ioc_wait w = { .seq = 1, .flags = v };
		struct akida_ioc_eventfd e = { .fd = -1, .flags = v };

		EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_INFO, &info));
		/* Read-only is for user memory. */
		for (create.kind = AKIDA_BUFFER_HOST;
		     create.kind <= AKIDA_BUFFER_WINDOW; create.kind++) {
			bool user = create.kind == AKIDA_BUFFER_USER;

			create.user_addr = user ? (uintptr_t)page : 0;
			if (!user || v != AKIDA_BUFFER_READ_ONLY)
				EXPECT_EQ(-EINVAL,
					  dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE,
						    &create));
		}
		EXPECT_EQ(-EINVAL,
			  dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, &reserved));
		EXPECT_EQ(-EINVAL,
			  dev_ioctl(fd, AKIDA_IOC_BUFFER_QUERY, &query));
		EXPECT_EQ(-EINVAL,
			  dev_ioctl(fd, AKIDA_IOC_BUFFER_FREE, &release));
		if (v != AKIDA_COPY_ASYNC)
			EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_COPY, &c));
		EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_COPY, &c2));
		if (v != AKIDA_WAIT_POLL)
			EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_WAIT, &w));
		EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_EVENTFD, &e));
	}
	done(fd);
}

/* A command that fails leaves its argument as it was, outputs of copies and
 * waits aside, and these are then zero.
 */
TEST_F(board, failures_tell_nothing)
{
	struct akida_ioc_info i;
	struct akida_ioc_buffer b, b2;
	struct akida_ioc_buffer_free f;
	struct akida_ioc_copy c, c2;
	struct akida_ioc_wait w, w2;
	struct akida_ioc_eventfd e;
	int fd = prepared(&self->b);

	ASSERT_GE(fd, 0);
	memset(&i, 0xa5, sizeof(i));
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(-1, is_not(&i, sizeof(i), 0xa5));
	memset(&b, 0xa5, sizeof(b));
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, &b));
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_BUFFER_QUERY, &b));
	EXPECT_EQ(-1, is_not(&b, sizeof(b), 0xa5));
	b.reserved = 0;
	b2 = b;
	EXPECT_EQ(-ENOENT, dev_ioctl(fd, AKIDA_IOC_BUFFER_QUERY, &b));
	EXPECT_EQ(0, memcmp(&b, &b2, sizeof(b)));
	/* Far into the making of one, too */
	b.kind = AKIDA_BUFFER_DEVICE;
	b.flags = 0;
	b.user_addr = 0;
	b.size = self->info.devmem_size + 4096;
	b2 = b;
	EXPECT_EQ(-ENOSPC, dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, &b));
	EXPECT_EQ(0, memcmp(&b, &b2, sizeof(b)));
	memset(&f, 0xa5, sizeof(f));
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_BUFFER_FREE, &f));
	EXPECT_EQ(-1, is_not(&f, sizeof(f), 0xa5));
	memset(&e, 0xa5, sizeof(e));
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_EVENTFD, &e));
	EXPECT_EQ(-1, is_not(&e, sizeof(e), 0xa5));

	memset(&c, 0xa5, sizeof(c));
	c2 = c;
	c2.seq = 0;
	c2.done = 0;
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_COPY, &c));
	EXPECT_EQ(0, memcmp(&c, &c2, sizeof(c)));
	c = (struct akida_ioc_copy){ .src = 77, .dst = 78, .size = 64 };
	c2 = c;
	c.seq = ~0ULL;
	c.done = ~0ULL;
	EXPECT_EQ(-ENOENT, dev_ioctl(fd, AKIDA_IOC_COPY, &c));
	EXPECT_EQ(0, memcmp(&c, &c2, sizeof(c)));
	memset(&w, 0xa5, sizeof(w));
	w2 = (struct akida_ioc_wait){ .seq = w.seq,
				      .deadline = w.deadline,
				      .flags = w.flags };
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_WAIT, &w));
	EXPECT_EQ(0, memcmp(&w, &w2, sizeof(w)));
	w = (struct akida_ioc_wait){ .seq = 77, .status = 5, .done = 5 };
	EXPECT_EQ(-EINVAL, dev_ioctl(fd, AKIDA_IOC_WAIT, &w));
	EXPECT_EQ(0, w.status);
	EXPECT_EQ(0U, w.done);
	EXPECT_EQ(1U, w.completed);
	done(fd);
}

/* What is no board at all. */
TEST_F(board, other_calls)
{
	int fd = open(self->b.node, O_RDONLY | O_CLOEXEC);
	struct akida_ioc_info i = { 0 };

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, dev_ioctl(fd, AKIDA_IOC_INFO, &i));
	close(fd);
	EXPECT_EQ(-1, ftruncate(self->fd, 0));
}

TEST_HARNESS_MAIN
