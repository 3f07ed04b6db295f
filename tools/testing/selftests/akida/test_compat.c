// SPDX-License-Identifier: GPL-2.0
/*
 * Programs of 32 bits. Their system calls are made by the gate that the kernel
 * keeps for them, so that the driver sees what it would see of such a program:
 * in_compat_syscall(), pointers and page offsets of 32 bits.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

#ifdef __x86_64__

enum {
	NR_CLOSE = 6,
	NR_GETPID = 20,
	NR_IOCTL = 54,
	NR_MUNMAP = 91,
	NR_PREAD64 = 180,
	NR_PWRITE64 = 181,
	NR_MMAP2 = 192,
};

/* Number and arguments as 32-bit programs pass them: eax; ebx, ecx, edx, esi,
 * edi, ebp.
 */
long call32(uint32_t nr, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
	    uint32_t e, uint32_t f);

__asm__(".pushsection .text\n"
	".globl call32\n"
	".type call32, @function\n"
	"call32:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	mov %edi, %eax\n"
	"	mov %esi, %ebx\n"
	"	xchg %ecx, %edx\n"
	"	mov %r8d, %esi\n"
	"	mov %r9d, %edi\n"
	"	mov 24(%rsp), %ebp\n"
	"	int $0x80\n"
	"	cltq\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n"
	".size call32, . - call32\n"
	".popsection\n");

static void no_gate(int sig)
{
	(void)sig;
	_exit(1);
}

/* Has this kernel such calls? */
static bool gate(void)
{
	pid_t pid = fork();
	int status = 1;

	if (!pid) {
		signal(SIGSEGV, no_gate);
		_exit(call32(NR_GETPID, 0, 0, 0, 0, 0, 0) == getpid() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

/* Memory that a pointer of 32 bits reaches. */
static void *low(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static uint32_t ptr(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static int ioctl32(int fd, uint32_t cmd, const void *arg)
{
	return (int)call32(NR_IOCTL, fd, cmd, ptr(arg), 0, 0, 0);
}

/* Addresses have 32 bits, so what is one and what is an error is no question
 * of the sign.
 */
static void *map32(int fd, uint32_t size, uint64_t offset)
{
	long p = call32(NR_MMAP2, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			fd, (uint32_t)(offset >> 12));

	if (p < 0 && p > -4096) {
		errno = (int)-p;
		return NULL;
	}
	return (void *)(uintptr_t)(uint32_t)p;
}

static int pread32(int fd, void *p, uint32_t size, uint64_t at)
{
	return (int)call32(NR_PREAD64, fd, ptr(p), size, (uint32_t)at,
			   (uint32_t)(at >> 32), 0);
}

static int pwrite32(int fd, const void *p, uint32_t size, uint64_t at)
{
	return (int)call32(NR_PWRITE64, fd, ptr(p), size, (uint32_t)at,
			   (uint32_t)(at >> 32), 0);
}

struct args {
	struct akida_ioc_info info, info64;
	struct akida_ioc_buffer host, device, pin, query;
	struct akida_ioc_copy copy;
	struct akida_ioc_wait wait;
	struct akida_ioc_eventfd event;
	struct akida_ioc_buffer_free release;
};

TEST_F(board, every_command)
{
	struct args *a;
	uint8_t *p, *mine;
	uint64_t sum = 0;
	int e;

	if (!gate())
		SKIP(return, "this kernel runs no 32-bit programs");
	a = low(sizeof(*a));
	mine = low(65536);
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, mine);

	/* The same structure, to the last byte */
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_INFO, &a->info));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &a->info64));
	EXPECT_EQ(0, memcmp(&a->info, &a->info64, sizeof(a->info)));
	EXPECT_EQ((uint32_t)variant->chip, a->info.chip);

	a->host.kind = AKIDA_BUFFER_HOST;
	a->host.size = 65536;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_BUFFER_CREATE, &a->host));
	a->device.kind = AKIDA_BUFFER_DEVICE;
	a->device.size = 65536;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_BUFFER_CREATE, &a->device));
	a->pin.kind = AKIDA_BUFFER_USER;
	a->pin.size = 65536;
	a->pin.user_addr = (uintptr_t)mine;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_BUFFER_CREATE, &a->pin));
	a->query.handle = a->host.handle;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_BUFFER_QUERY, &a->query));
	EXPECT_EQ(0, memcmp(&a->query, &a->host, sizeof(a->host)));

	/* Offsets of buffers are beyond 32 bits; those of pages are not. */
	EXPECT_GE(a->host.mmap_offset, AKIDA_MMAP_BUFFERS);
	p = map32(self->fd, 65536, a->host.mmap_offset);
	ASSERT_NE(NULL, p);
	fill(p, 65536, 1);

	e = eventfd(0, EFD_CLOEXEC);
	ASSERT_GE(e, 0);
	a->event.fd = e;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_EVENTFD, &a->event));
	a->copy.src = a->host.handle;
	a->copy.dst = a->device.handle;
	a->copy.size = 65536;
	a->copy.flags = AKIDA_COPY_ASYNC;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_COPY, &a->copy));
	EXPECT_EQ(1U, a->copy.seq);
	a->wait.seq = 1;
	a->wait.deadline = now_ns() + 10 * NS;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_WAIT, &a->wait));
	EXPECT_EQ(0, a->wait.status);
	EXPECT_EQ(65536U, a->wait.done);
	EXPECT_EQ(1U, a->wait.completed);
	EXPECT_EQ(8, read(e, &sum, 8));
	EXPECT_EQ(1U, sum);
	close(e);

	a->copy.src = a->device.handle;
	a->copy.dst = a->pin.handle;
	a->copy.flags = 0;
	ASSERT_EQ(0, ioctl32(self->fd, AKIDA_IOC_COPY, &a->copy));
	EXPECT_EQ(2U, a->copy.seq);
	EXPECT_EQ(65536U, a->copy.done);
	EXPECT_EQ(-1, differs(mine, 65536, 1));

	a->release.handle = a->host.handle;
	EXPECT_EQ(0, ioctl32(self->fd, AKIDA_IOC_BUFFER_FREE, &a->release));
	EXPECT_EQ(-ENOENT,
		  ioctl32(self->fd, AKIDA_IOC_BUFFER_FREE, &a->release));
	EXPECT_EQ(-1, differs(p, 65536, 1));
	EXPECT_EQ(0, call32(NR_MUNMAP, ptr(p), 65536, 0, 0, 0, 0));
}

TEST_F(board, errors)
{
	struct akida_ioc_info *info;
	uint8_t *page;

	if (!gate())
		SKIP(return, "this kernel runs no 32-bit programs");
	page = low(8192);
	ASSERT_NE(NULL, page);
	ASSERT_EQ(0, mprotect(page + 4096, 4096, PROT_NONE));
	EXPECT_EQ(-ENOTTY,
		  ioctl32(self->fd, _IOWR(AKIDA_IOC_MAGIC, 0x7f, uint64_t),
			  page));
	EXPECT_EQ(-EFAULT, ioctl32(self->fd, AKIDA_IOC_INFO, NULL));
	EXPECT_EQ(-EFAULT,
		  ioctl32(self->fd, AKIDA_IOC_INFO, (void *)0xfffffff0));
	info = (void *)(page + 4096 - sizeof(*info));
	EXPECT_EQ(0, ioctl32(self->fd, AKIDA_IOC_INFO, info));
	info = (void *)(page + 4096 - sizeof(*info) + 8);
	memset(info, 0, sizeof(*info) - 8);
	EXPECT_EQ(-EFAULT, ioctl32(self->fd, AKIDA_IOC_INFO, info));
	EXPECT_EQ(-1, is_not(info, sizeof(*info) - 8, 0));
	/* Neither a buffer nor an address of the board */
	EXPECT_EQ(NULL, map32(self->fd, 4096, AKIDA_MMAP_BUFFERS));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, map32(self->fd, 4096, 0xfffff000ULL << 12));
	EXPECT_EQ(EINVAL, errno);
}

/* Vendor's programs of a 32-bit system, such as an early Raspberry Pi OS */
TEST_F(board, vendor_interface)
{
	bool old = variant->chip == AKIDA_CHIP_AKD1000;
	uint32_t *p, *words, mesh = old ? 0x01010504 : 0x01010303;
	off_t at = old ? 0x24000000 : 0x20010000;

	if (!gate())
		SKIP(return, "this kernel runs no 32-bit programs");
	words = low(8192);
	ASSERT_NE(NULL, words);
	EXPECT_EQ(4, pread32(self->fd, words, 4, 0xfcc00050));
	EXPECT_EQ(mesh, words[0]);
	p = map32(self->fd, 4096, old ? 0 : 0xfcc00000);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(mesh, ((volatile uint32_t *)p)[0x50 / 4]);
	EXPECT_EQ(0, call32(NR_MUNMAP, ptr(p), 4096, 0, 0, 0, 0));
	fill(words, 8192, 7);
	EXPECT_EQ(8192, pwrite32(self->fd, words, 8192, at));
	memset(words, 0, 8192);
	EXPECT_EQ(8192, pread32(self->fd, words, 8192, at));
	EXPECT_EQ(-1, differs(words, 8192, 7));
	EXPECT_EQ(-EINVAL, pread32(self->fd, words, 4, 0x100000000));
	EXPECT_EQ(-EFAULT, pread32(self->fd, NULL, 4, at));
	/* At the far end of what a file offset can say in such a mapping */
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		p = map32(self->fd, 4096, 0xc0000000);
		ASSERT_NE(NULL, p);
		p[1] = 0x600d;
		EXPECT_EQ(4, pread32(self->fd, words, 4, 0xc0000004));
		EXPECT_EQ(0x600dU, words[0]);
		EXPECT_EQ(0, call32(NR_MUNMAP, ptr(p), 4096, 0, 0, 0, 0));
	}
}

#else

TEST_F(board, every_command)
{
	SKIP(return, "this test makes system calls of 32-bit x86");
}

#endif

TEST_HARNESS_MAIN
