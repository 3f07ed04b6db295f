// SPDX-License-Identifier: GPL-2.0
/*
 * Pinned memory is charged to RLIMIT_MEMLOCK of who pinned it, and the charge
 * goes when the pin does.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "board_fixture.h"

#define LIMIT (256 * KIB)

static long locked(void)
{
	return number_in("/proc/self/status", "VmLck") +
	       number_in("/proc/self/status", "VmPin");
}

static uint8_t *memory(size_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A user without privileges, with that limit. Fails the test if it cannot be. */
static int as_user(uint64_t limit)
{
	struct rlimit r = { limit, limit };

	return setrlimit(RLIMIT_MEMLOCK, &r) ? -errno : become("user");
}

TEST_F(board, charged_and_returned)
{
	uint8_t *p = memory(LIMIT);
	long before = locked();
	int a, b;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(0, before);
	a = buffer_pin(self->fd, p, 65536, 0);
	ASSERT_GT(a, 0);
	EXPECT_EQ(64, locked());
	/* The same pages again are charged again, as they are pinned again. */
	b = buffer_pin(self->fd, p, 65536, 0);
	ASSERT_GT(b, 0);
	EXPECT_EQ(128, locked());
	EXPECT_EQ(0, buffer_free(self->fd, a));
	EXPECT_EQ(64, locked());
	EXPECT_EQ(0, buffer_free(self->fd, b));
	EXPECT_EQ(0, locked());
	/* Pages count, not bytes: 8 bytes that lie on two. */
	a = buffer_pin(self->fd, p + 4092, 8, 0);
	ASSERT_GT(a, 0);
	EXPECT_EQ(8, locked());
	close(self->fd);
	EXPECT_EQ(0, locked());
	self->fd = -1;
}

TEST_F(board, a_failed_pin_charges_nothing)
{
	uint8_t *p = memory(65536);

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, munmap(p + 32768, 4096));
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, p, 65536, 0));
	EXPECT_EQ(0, locked());
	ASSERT_EQ(0, mprotect(p, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, p, 8192, 0));
	EXPECT_EQ(0, locked());
	EXPECT_EQ(-EINVAL, buffer_pin(self->fd, p + 1, 4096, 0));
	EXPECT_EQ(0, locked());
}

TEST_F(board, the_limit)
{
	uint8_t *p = memory(2 * LIMIT);
	int a, b, host;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, as_user(LIMIT));
	EXPECT_EQ(-ENOMEM, buffer_pin(self->fd, p, LIMIT + 4, 0));
	EXPECT_EQ(-ENOMEM, buffer_pin(self->fd, p, 2 * LIMIT, 0));
	EXPECT_EQ(0, locked());
	a = buffer_pin(self->fd, p, LIMIT - 8192, 0);
	ASSERT_GT(a, 0);
	b = buffer_pin(self->fd, p, 8192, 0);
	ASSERT_GT(b, 0);
	EXPECT_EQ((long)(LIMIT / KIB), locked());
	EXPECT_EQ(-ENOMEM, buffer_pin(self->fd, p, 4, 0));
	/* Memory of the driver is not charged so. */
	host = buffer_create(self->fd, AKIDA_BUFFER_HOST, 65536, NULL);
	EXPECT_GT(host, 0);
	EXPECT_EQ(0, buffer_free(self->fd, b));
	EXPECT_GT(buffer_pin(self->fd, p, 4, 0), 0);
	/* An unmapped page is charged as long as it is pinned. */
	EXPECT_EQ(0, munmap(p, LIMIT));
	EXPECT_EQ((long)(LIMIT / KIB) - 4, locked());
	EXPECT_EQ(0, buffer_free(self->fd, a));
	EXPECT_EQ(4, locked());
}

/* mlock() and pins share the limit. */
TEST_F(board, shared_with_mlock)
{
	uint8_t *p = memory(2 * LIMIT);
	int a;

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, as_user(LIMIT));
	ASSERT_EQ(0, mlock(p, LIMIT / 2));
	EXPECT_EQ(-ENOMEM, buffer_pin(self->fd, p + LIMIT, LIMIT / 2 + 4, 0));
	a = buffer_pin(self->fd, p + LIMIT, LIMIT / 2, 0);
	EXPECT_GT(a, 0);
	EXPECT_EQ(-1, mlock(p + LIMIT / 2, 4096));
	EXPECT_EQ(0, munlock(p, LIMIT / 2));
	EXPECT_EQ((long)(LIMIT / KIB) / 2, locked());
}

/* CAP_IPC_LOCK lifts the limit, not the account. */
TEST_F(board, the_privileged)
{
	struct rlimit r = { 4096, 4096 };
	uint8_t *p = memory(LIMIT);

	ASSERT_NE(NULL, p);
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &r));
	EXPECT_GT(buffer_pin(self->fd, p, LIMIT, 0), 0);
	EXPECT_EQ((long)(LIMIT / KIB), locked());
}

/* Who pinned is charged, not who frees: a child ends the pin of its parent. */
TEST_F(board, freed_by_another_process)
{
	uint8_t *p = memory(65536);
	int a, status;
	pid_t pid;

	ASSERT_NE(NULL, p);
	a = buffer_pin(self->fd, p, 65536, 0);
	ASSERT_GT(a, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (locked() != 0)
			_exit(1);
		if (buffer_free(self->fd, a))
			_exit(2);
		_exit(locked() ? 3 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, locked());
}

/* The process that pinned is gone; the file lives on in its parent. The guard
 * of the virtual machine looks at what its address space was charged.
 */
TEST_F(board, outlives_its_process)
{
	uint32_t host;
	uint8_t *h = buffer_map(self->fd, AKIDA_BUFFER_HOST, 65536, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL),
	    status, made[2], handle = 0;
	pid_t pid;

	ASSERT_NE(NULL, h);
	ASSERT_GT(d, 0);
	ASSERT_EQ(0, pipe(made));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		uint8_t *p = memory(65536);
		int a;

		if (!p)
			_exit(1);
		fill(p, 65536, 70);
		a = buffer_pin(self->fd, p, 65536, 0);
		_exit(write(made[1], &a, sizeof(a)) == sizeof(a) ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ((ssize_t)sizeof(handle),
		  read(made[0], &handle, sizeof(handle)));
	ASSERT_GT(handle, 0);
	/* Its memory is still there, for the board. */
	EXPECT_EQ(0, copy(self->fd, d, 0, handle, 0, 65536));
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, 65536));
	EXPECT_EQ(-1, differs(h, 65536, 70));
	EXPECT_EQ(0, buffer_free(self->fd, handle));
	EXPECT_EQ(0, locked());
}

/* Pins and copies while the process forks, and so copies on write. */
TEST_F(board, fork_while_pinned)
{
	uint8_t *p = memory(65536);
	uint32_t host;
	uint8_t *h = buffer_map(self->fd, AKIDA_BUFFER_HOST, 65536, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL), a,
	    status;
	pid_t pid;

	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, h);
	memset(p, 1, 65536);
	a = buffer_pin(self->fd, p, 65536, 0);
	ASSERT_GT(a, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		sleep_ms(300);
		_exit(is_not(p, 65536, 1) < 0 ? 0 : 1);
	}
	/* The parent's writes must go to the pinned pages, not to copies. */
	fill(p, 65536, 71);
	EXPECT_EQ(0, copy(self->fd, d, 0, a, 0, 65536));
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, 65536));
	EXPECT_EQ(-1, differs(h, 65536, 71));
	fill(h, 65536, 72);
	EXPECT_EQ(0, copy(self->fd, d, 0, host, 0, 65536));
	EXPECT_EQ(0, copy(self->fd, a, 0, d, 0, 65536));
	EXPECT_EQ(-1, differs(p, 65536, 72));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Memory of files: what tmpfs has can be pinned. */
TEST_F(board, shared_memory)
{
	int m = memfd_create("akida", MFD_CLOEXEC), d, a;
	uint8_t *p, *q;

	ASSERT_GE(m, 0);
	ASSERT_EQ(0, ftruncate(m, 65536));
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
	q = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, m, 0);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(MAP_FAILED, q);
	a = buffer_pin(self->fd, p, 65536, 0);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL);
	ASSERT_GT(a, 0);
	fill(q, 65536, 73);
	EXPECT_EQ(0, copy(self->fd, d, 0, a, 0, 65536));
	memset(p, 0, 65536);
	EXPECT_EQ(0, copy(self->fd, a, 0, d, 0, 65536));
	EXPECT_EQ(-1, differs(q, 65536, 73));
	close(m);
}

TEST_HARNESS_MAIN
