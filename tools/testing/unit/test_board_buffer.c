// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of boards and copies between them, every call against a stand-in for
 * the driver that checks every field.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <akida/akida.h>

#include "../mock/mock_board.h"
#include "board_machine.h"
#include "cmocka_all.h"

static int fresh(void **state)
{
	(void)state;
	mock_reset();
	return 0;
}

static struct akida_board *opened(const char *name)
{
	struct akida_board *b = akida_board_new();

	assert_int_equal(akida_board_fd(b), -EBADF);
	assert_int_equal(akida_board_open(b, name), 0);
	assert_true(akida_board_fd(b) >= 0);
	assert_string_equal(akida_board_error(b), "");
	return b;
}

/* -------------------------------------------------------------- buffers */

static struct akida_buffer *make(struct akida_board *b, enum akida_memory m,
				 uint64_t size)
{
	struct akida_buffer *buf;

	assert_int_equal(akida_buffer_new(b, m, size, &buf), 0);
	return buf;
}

static void test_buffers(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *buf, *second;
	void *p, *q;

	(void)state;
	buf = make(b, AKIDA_MEMORY_HOST, 5000);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_HOST);
	assert_int_equal(mock.buffer.size, 5000);
	assert_int_equal(mock.buffer.flags, 0);
	assert_int_equal(mock.buffer.user_addr, 0);
	assert_int_equal(akida_buffer_size(buf), 8192);
	assert_int_equal(akida_buffer_device_address(buf), 0);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	assert_int_equal(((char *)p)[8191], 0);
	memset(p, 1, 8192);
	assert_int_equal(akida_buffer_map(buf, &q), 0);
	assert_ptr_equal(p, q);
	second = make(b, AKIDA_MEMORY_HOST, 1);
	assert_int_equal(akida_buffer_map(second, &q), 0);
	assert_int_equal(((char *)q)[0], 0);
	akida_buffer_free(second);
	assert_int_equal(mock.free.handle, 2);

	second = make(b, AKIDA_MEMORY_DEVICE, 12345);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_DEVICE);
	assert_int_equal(akida_buffer_device_address(second), 0x24000000);
	assert_int_equal(akida_buffer_map(second, &q), -EOPNOTSUPP);
	assert_non_null(strstr(akida_board_error(b), "BAR"));

	/* The handle may go first. */
	assert_int_equal(mock.buffers, 2);
	akida_board_free(b);
	assert_int_equal(mock.closed, 0);
	assert_int_equal(((char *)p)[0], 1);
	akida_buffer_free(second);
	akida_buffer_free(buf);
	akida_buffer_free(NULL);
	assert_int_equal(mock.buffers, 0);
	assert_int_equal(mock.closed, 1);
}

static void test_window(void **state)
{
	struct akida_board *b;
	struct akida_buffer *buf;
	void *p;

	(void)state;
	b = opened("0");
	assert_int_equal(akida_buffer_new(b, AKIDA_MEMORY_WINDOW, 4096, &buf),
			 -EOPNOTSUPP);
	assert_null(buf);
	assert_non_null(strstr(akida_board_error(b), "an AKD1500 has one"));
	mock.chip = AKIDA_CHIP_AKD1500;
	buf = make(b, AKIDA_MEMORY_WINDOW, 1 << 20);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_WINDOW);
	assert_int_equal(akida_buffer_device_address(buf), 0xc0000000);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	akida_buffer_free(buf);
	buf = make(b, AKIDA_MEMORY_DEVICE, 8192);
	assert_int_equal(akida_buffer_device_address(buf), 0x20001000);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	memset(p, 1, 8192);
	akida_buffer_free(buf);
	akida_board_free(b);
}

static void buffer_fails(struct akida_board *b, enum akida_memory m,
			 uint64_t size, int code, const char *text)
{
	struct akida_buffer *buf = (void *)b;

	assert_int_equal(akida_buffer_new(b, m, size, &buf), code);
	assert_null(buf);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
}

static void test_buffer_errors(void **state)
{
	static char memory[1 << 16] __attribute__((aligned(4096)));
	struct akida_board *b = opened("0");
	struct akida_buffer *buf;

	(void)state;
	buffer_fails(b, AKIDA_MEMORY_HOST, 0, -EINVAL, "from 1 to 4294967296");
	buffer_fails(b, AKIDA_MEMORY_HOST, (1ull << 32) + 1, -EINVAL,
		     "4294967297 bytes");
	buffer_fails(b, AKIDA_MEMORY_USER, 4096, -EINVAL, "new_user");
	buffer_fails(b, (enum akida_memory)9, 4096, -EINVAL, "unknown memory");
	buffer_fails(b, AKIDA_MEMORY_DEVICE, 200u << 20, -ENOSPC,
		     "201326592 of 201326592 are free");
	mock.fail_nr = _IOC_NR(AKIDA_IOC_BUFFER_CREATE);
	mock.fail_errno = ENOMEM;
	buffer_fails(b, AKIDA_MEMORY_HOST, 4096, -ENOMEM, "in one piece");
	mock.fail_errno = ENODEV;
	buffer_fails(b, AKIDA_MEMORY_HOST, 4096, -ENODEV, "gone");
	mock.fail_errno = EFAULT;
	assert_int_equal(akida_buffer_new_user(b, memory, 4096, 0, &buf),
			 -EFAULT);
	assert_non_null(strstr(akida_board_error(b), "not writable"));
	mock.fail_errno = EOPNOTSUPP;
	assert_int_equal(akida_buffer_new_user(b, memory, 4096, 0, &buf),
			 -EOPNOTSUPP);
	assert_non_null(strstr(akida_board_error(b), "cannot be pinned"));
	mock.fail_errno = 0;
	mock.memlock = 4096;
	assert_int_equal(akida_buffer_new_user(b, memory, 8192, 0, &buf),
			 -ENOMEM);
	assert_non_null(strstr(akida_board_error(b), "RLIMIT_MEMLOCK"));
	assert_null(buf);
	assert_int_equal(akida_buffer_new_user(b, memory + 2, 4096, 0, &buf),
			 -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "multiples of 4"));
	akida_board_free(b);
	assert_int_equal(mock.buffers, 0);
}

/* --------------------------------------------------------------- copies */

static void copies(struct akida_board *b, struct akida_buffer *dst,
		   uint64_t dst_offset, struct akida_buffer *src,
		   uint64_t src_offset, uint64_t size)
{
	const struct akida_copy c = { dst, src, dst_offset, src_offset, size };
	uint64_t done = 77;

	assert_int_equal(akida_board_copy(b, &c, &done), 0);
	assert_int_equal(done, size);
}

static void test_copy(void **state)
{
	static uint32_t mine[4096], back[4096];
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 1 << 16);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 1 << 16);
	struct akida_buffer *user, *user_back;
	uint32_t *p;
	void *map;
	size_t i;

	(void)state;
	assert_int_equal(akida_buffer_new_user(b, mine, sizeof(mine),
					       AKIDA_MEMORY_READ_ONLY, &user),
			 0);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_USER);
	assert_int_equal(mock.buffer.flags, AKIDA_BUFFER_READ_ONLY);
	assert_int_equal(mock.buffer.user_addr, (uintptr_t)mine);
	assert_int_equal(mock.buffer.size, sizeof(mine));
	assert_int_equal(akida_buffer_map(user, &map), 0);
	assert_ptr_equal(map, mine);
	assert_int_equal(
		akida_buffer_new_user(b, back, sizeof(back), 0, &user_back), 0);
	for (i = 0; i < 4096; i++)
		mine[i] = (uint32_t)i * 2654435761u;
	copies(b, dev, 256, user, 16, sizeof(mine) - 16);
	assert_int_equal(mock.copy.src, 3);
	assert_int_equal(mock.copy.dst, 1);
	assert_int_equal(mock.copy.src_offset, 16);
	assert_int_equal(mock.copy.dst_offset, 256);
	assert_int_equal(mock.copy.size, sizeof(mine) - 16);
	assert_int_equal(mock.copy.flags, 0);
	copies(b, user_back, 0, dev, 256, sizeof(mine) - 16);
	assert_memory_equal(back, mine + 4, sizeof(mine) - 16);
	copies(b, host, 4, dev, 252, 8);
	assert_int_equal(akida_buffer_map(host, &map), 0);
	p = map;
	assert_int_equal(p[0], 0);
	assert_int_equal(p[1], 0);
	assert_int_equal(p[2], mine[4]);
	assert_int_equal(p[3], 0);
	akida_buffer_free(user);
	akida_buffer_free(user_back);
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
}

static void copy_fails(struct akida_board *b, const struct akida_copy *c,
		       int code, const char *text, uint64_t done)
{
	uint64_t got = 77;

	assert_int_equal(akida_board_copy(b, c, &got), code);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
	assert_int_equal(got, done);
}

static void test_copy_errors(void **state)
{
	static uint32_t mine[1024];
	struct akida_board *b = opened("0"), *other = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	struct akida_buffer *user, *foreign;
	struct akida_copy c = { dev, host, 0, 0, 4096 };

	(void)state;
	c.size = 0;
	copy_fails(b, &c, -EINVAL, "a copy of 0 bytes", 0);
	c.size = 4100;
	copy_fails(b, &c, -EINVAL, "inside both buffers", 0);
	c.size = 8;
	c.dst_offset = 2;
	copy_fails(b, &c, -EINVAL, "multiples of 4", 0);
	c.dst_offset = UINT64_MAX - 3;
	copy_fails(b, &c, -EINVAL, "18446744073709551612", 0);
	c.dst_offset = 0;
	c.dst = host;
	copy_fails(b, &c, -EOPNOTSUPP, "both buffers are host memory", 0);
	c.dst = c.src = dev;
	copy_fails(b, &c, -EOPNOTSUPP, "both buffers are device memory", 0);
	assert_int_equal(akida_buffer_new_user(b, mine, sizeof(mine),
					       AKIDA_MEMORY_READ_ONLY, &user),
			 0);
	c.dst = user;
	copy_fails(b, &c, -EACCES, "read-only", 0);
	c.dst = dev;
	c.src = host;
	c.size = 4096;
	mock.abort_after = 1024;
	copy_fails(b, &c, -EIO, "after 1024 of 4096 bytes", 1024);
	mock.abort_after = 0;
	mock.fail_nr = _IOC_NR(AKIDA_IOC_COPY);
	mock.fail_errno = ETIMEDOUT;
	copy_fails(b, &c, -ETIMEDOUT, "stopped moving", 0);
	mock.fail_errno = EINTR;
	copy_fails(b, &c, -EINTR, "signal", 0);
	mock.fail_errno = EAGAIN;
	copy_fails(b, &c, -EAGAIN, "256 copies", 0);
	mock.fail_errno = 0;

	/* Handles of another file mean other buffers: never sent there. */
	mock.calls[mock.fail_nr] = 0;
	foreign = make(other, AKIDA_MEMORY_HOST, 4096);
	c.src = foreign;
	copy_fails(b, &c, -EINVAL, "another open board", 0);
	copy_fails(other, &c, -EINVAL, "another open board", 0);
	assert_int_equal(mock.calls[mock.fail_nr], 0);
	akida_buffer_free(foreign);
	akida_buffer_free(user);
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
	akida_board_free(other);
}

static uint64_t from_now(unsigned int seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec + seconds) * 1000000000u;
}

static void test_async(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	const struct akida_copy c = { dev, host, 0, 0, 4096 };
	struct pollfd p = { .fd = akida_board_fd(b), .events = POLLIN };
	uint64_t seq, done, deadline;
	unsigned int i;

	(void)state;
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(mock.copy.flags, AKIDA_COPY_ASYNC);
	assert_int_equal(seq, 1);
	assert_int_equal(akida_board_completed(b, &seq), 0);
	assert_int_equal(mock.wait.seq, 0);
	assert_int_equal(mock.wait.flags, AKIDA_WAIT_POLL);
	assert_int_equal(seq, 0);
	done = 77;
	assert_int_equal(akida_board_wait(b, 1, 1, &done), -ETIME);
	assert_int_equal(mock.wait.deadline, 1);
	assert_int_equal(done, 0);
	deadline = from_now(60);
	assert_int_equal(akida_board_wait(b, 1, deadline, &done), 0);
	assert_int_equal(mock.wait.seq, 1);
	assert_int_equal(mock.wait.deadline, deadline);
	assert_int_equal(mock.wait.flags, 0);
	assert_int_equal(done, 4096);
	/* poll() reports what has ended since. */
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(akida_board_completed(b, &seq), 0);
	assert_int_equal(seq, 2);
	assert_int_equal(poll(&p, 1, 0), 0);

	assert_int_equal(akida_board_wait(b, 3, 1, NULL), -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "no copy 3"));
	assert_int_equal(akida_board_wait(b, 0, 1, NULL), -EINVAL);

	mock.abort_after = 512;
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_wait(b, seq, 0, &done), -EIO);
	assert_int_equal(done, 512);
	assert_non_null(strstr(akida_board_error(b), "copy 3 after 512"));
	mock.abort_after = 0;

	mock.stuck = true;
	for (i = 0; i < AKIDA_MAX_ASYNC; i++)
		assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), -EAGAIN);
	mock.stuck = false;
	assert_int_equal(akida_board_wait(b, 3 + AKIDA_MAX_ASYNC, 0, NULL), 0);
	for (i = 0; i < AKIDA_MAX_RESULTS; i++)
		assert_int_equal(akida_board_copy(b, &c, NULL), 0);
	assert_int_equal(akida_board_wait(b, 3, 1, NULL), -ESTALE);
	assert_non_null(strstr(akida_board_error(b), "forgotten"));
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
}

static void test_eventfd(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	const struct akida_copy c = { dev, host, 0, 0, 4096 };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t seq, count = 0;

	(void)state;
	assert_int_equal(akida_board_set_eventfd(b, fd), 0);
	assert_int_equal(mock.eventfd.fd, fd);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_wait(b, seq, 0, NULL), 0);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 2);
	assert_int_equal(akida_board_set_eventfd(b, 0), -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "0 is no eventfd"));
	assert_int_equal(akida_board_set_eventfd(b, 12345), -EBADF);
	assert_non_null(strstr(akida_board_error(b), "12345 is no eventfd"));
	assert_int_equal(akida_board_set_eventfd(b, -1), 0);
	assert_int_equal(mock.eventfd.fd, -1);
	close(fd);
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
}

#define WITH_MOCK(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MOCK(test_buffers),       WITH_MOCK(test_window),
		WITH_MOCK(test_buffer_errors), WITH_MOCK(test_copy),
		WITH_MOCK(test_copy_errors),   WITH_MOCK(test_async),
		WITH_MOCK(test_eventfd),
	};

	return cmocka_run_group_tests(tests, board_machine_up,
				      board_machine_down);
}
