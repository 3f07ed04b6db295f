// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls by several threads and processes at once, good and bad ones, on
 * files that are opened and closed meanwhile. What must hold: calls answer with
 * errors that the interface knows, copies between memory that only one thread
 * uses bring the right data, memory that is new is zero, and in the end all is
 * as it was.
 *
 * VM_STRESS says for how many seconds in all, VM_SEED which sequence; the
 * sequences of threads are fixed by it, how they interleave is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"
#include "named.h"

enum {
	OWN_THREADS = 2, /* whose data is checked */
	WILD_THREADS = 3, /* that share files */
	FILES = 4,
	SLOTS = 12,
	OWN_SIZE = 65536,
};

/* What may come of a call that makes no sense */
static const int known[] = {
	-EINVAL, -ENOENT, -EFAULT,   -ENOSPC, -ENOMEM,	   -EBUSY,   -EAGAIN,
	-EINTR,	 -EACCES, -EBADF,    -ETIME,  -EOPNOTSUPP, -ESTALE,  -ENOTTY,
	-E2BIG,	 -EEXIST, -EALREADY, -EDQUOT, -EPERM,	   -EBADMSG,
};

static struct {
	struct board b;
	uint64_t end;
	unsigned int seed;
	atomic_bool failed;
	/* Shared by the wild ones; a number is always the same slot's, so that
	 * it cannot mean somebody else's file of a sudden.
	 */
	int fd[FILES];
	/* Everybody lets go of the board, for a claim. */
	atomic_bool retreat;
	atomic_ullong offset[SLOTS];
	atomic_ulong calls, good, copies, checked, claims, forks, named, opened;
} all;

static uint32_t random_of(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* One of so many; small ones more often */
static uint32_t below(uint64_t *state, uint32_t n)
{
	uint32_t x = random_of(state);

	return x % 4 ? random_of(state) % n : random_of(state) % (n / 4 + 1);
}

static void fail(const char *what, long value)
{
	printf("# %s: %ld\n", what, value);
	fflush(stdout);
	all.failed = true;
}

static bool over(void)
{
	return all.failed || now_ns() >= all.end;
}

static void expect_known(const char *what, int err)
{
	all.calls++;
	all.good += err >= 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (err >= 0 || err == known[i])
			return;
	fail(what, err);
}

/* -------------------------------------------- threads whose data is checked */

struct own {
	int fd, dev, pin;
	uint32_t host;
	uint8_t *p, *mine;
};

static int own_make(struct own *o)
{
	*o = (struct own){ .fd = dev_open(&all.b), .p = MAP_FAILED };
	if (o->fd < 0)
		return o->fd;
	o->mine = mmap(NULL, OWN_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (o->mine == MAP_FAILED)
		return -errno;
	/* A child of some wild thread must not take the page along. */
	madvise(o->mine, OWN_SIZE, MADV_DONTFORK);
	o->dev = buffer_create(o->fd, AKIDA_BUFFER_DEVICE, OWN_SIZE, NULL);
	if (o->dev < 0)
		return o->dev;
	o->pin = buffer_pin(o->fd, o->mine, OWN_SIZE, 0);
	if (o->pin < 0)
		return o->pin;
	o->p = buffer_map(o->fd, AKIDA_BUFFER_HOST, OWN_SIZE, &o->host);
	return o->p ? 0 : -errno;
}

static void own_end(struct own *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->mine && o->mine != MAP_FAILED)
		munmap(o->mine, OWN_SIZE);
	if (o->p && o->p != MAP_FAILED)
		munmap(o->p, OWN_SIZE);
	*o = (struct own){ .fd = -1 };
}

/* A transfer either way, waited for one way or another. */
static int own_copy(struct own *o, uint64_t *s, int dst, int src, uint32_t at,
		    uint32_t n)
{
	struct pollfd p = { .fd = o->fd, .events = POLLIN };
	int64_t seq;

	if (random_of(s) % 2)
		return copy(o->fd, dst, at, src, at, n);
	seq = copy_async(o->fd, dst, at, src, at, n);
	if (seq < 0)
		return (int)seq;
	if (random_of(s) % 2 && poll(&p, 1, 20000) != 1)
		return -ETIMEDOUT;
	return wait_for(o->fd, seq, 20000, NULL);
}

static void own_round(struct own *o, uint64_t *s)
{
	uint32_t n = (below(s, OWN_SIZE - 4) & ~3U) + 4;
	uint32_t at = random_of(s) % (OWN_SIZE - n + 1) & ~3U;
	unsigned int seed = random_of(s);
	bool from_pin = random_of(s) % 2, to_pin = random_of(s) % 2;
	uint8_t *from = from_pin ? o->mine : o->p;
	uint8_t *to = to_pin ? o->mine : o->p;
	int err;

	fill(from + at, n, seed);
	err = own_copy(o, s, o->dev, from_pin ? o->pin : (int)o->host, at, n);
	if (!err) {
		memset(to, 0x5a, OWN_SIZE);
		err = own_copy(o, s, to_pin ? o->pin : (int)o->host, o->dev, at,
			       n);
	}
	if (err)
		fail("copy of own memory", err);
	else if (differs(to + at, n, seed) >= 0)
		fail("other data at", differs(to + at, n, seed));
	else if (is_not(to, at, 0x5a) >= 0 ||
		 is_not(to + at + n, OWN_SIZE - at - n, 0x5a) >= 0)
		fail("data beside a copy of", n);
	all.copies += 2;
	all.checked += n;
}

static void *own_thread(void *arg)
{
	uint64_t s = all.seed * 1000003ULL + (uintptr_t)arg;
	struct own o = { .fd = -1 };
	uint8_t *host;
	int err;

	while (!over()) {
		if (all.retreat) {
			sleep_ms(1);
			continue;
		}
		if (o.fd < 0) {
			err = own_make(&o);
			/* The wild ones have all there is, or the board. */
			if (err == -EBUSY || err == -ENOSPC || err == -ENOMEM) {
				own_end(&o);
				sleep_ms(1 + random_of(&s) % 20);
				continue;
			}
			if (err) {
				fail("own memory", err);
				break;
			}
			host = o.p;
			err = copy(o.fd, o.host, 0, o.dev, 0, OWN_SIZE);
			if (err)
				fail("first copy", err);
			else if (is_not(host, OWN_SIZE, 0) >= 0)
				fail("new memory is not zero at",
				     is_not(host, OWN_SIZE, 0));
		}
		own_round(&o, &s);
		if (random_of(&s) % 40 == 0 || all.retreat)
			own_end(&o);
	}
	own_end(&o);
	return NULL;
}

/* --------------------------------------------------------- threads gone wild */

static uint32_t any_handle(uint64_t *s)
{
	return random_of(s) % 16 ? 1 + random_of(s) % SLOTS : random_of(s);
}

static uint64_t any_number(uint64_t *s)
{
	switch (random_of(s) % 6) {
	case 0:
		return 0;
	case 1:
		return (uint64_t)random_of(s) << 32 | random_of(s);
	case 2:
		return ~0ULL - random_of(s) % 8192;
	default:
		return (below(s, 1 << (2 + random_of(s) % 15)) & ~3U) + 4;
	}
}

/* Mostly good bits, so that most calls get somewhere */
static uint32_t any_bits(uint64_t *s, uint32_t good)
{
	return random_of(s) % 16 ? random_of(s) & good : random_of(s);
}

static void *any_memory(uint64_t *s, uint8_t *pool)
{
	switch (random_of(s) % 16) {
	case 0:
		return NULL;
	case 1:
		return pool + MIB - 4096; /* and beyond its end */
	default:
		return pool + (random_of(s) % (512 * KIB) & ~3U);
	}
}

static void wild_create(int fd, uint64_t *s, uint8_t *pool)
{
	struct akida_ioc_buffer b = {
		.kind = random_of(s) % 16 ? 1 + random_of(s) % 4 :
					    random_of(s) % 8,
		.flags = any_bits(s, 0),
		.size = any_number(s),
	};
	int err;

	if (b.kind == AKIDA_BUFFER_USER) {
		b.flags = any_bits(s, AKIDA_BUFFER_READ_ONLY);
		b.user_addr = (uintptr_t)any_memory(s, pool);
	}
	err = dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, &b);
	expect_known("create", err);
	if (!err)
		all.offset[random_of(s) % SLOTS] = b.mmap_offset;
}

static void wild_copy(int fd, uint64_t *s)
{
	struct akida_ioc_copy c = {
		.src = any_handle(s),
		.dst = any_handle(s),
		.src_offset = random_of(s) % 4 ? 0 : any_number(s),
		.dst_offset = random_of(s) % 4 ? 0 : any_number(s),
		.size = any_number(s),
		.flags = any_bits(s, AKIDA_COPY_ASYNC),
		.reserved = any_bits(s, 0),
	};
	int err = dev_ioctl(fd, AKIDA_IOC_COPY, &c);

	expect_known("copy", err);
	if (!err && !(c.flags & AKIDA_COPY_ASYNC) && c.done != c.size)
		fail("copy that lacks", (long)(c.size - c.done));
	all.copies += !err;
}

static void wild_wait(int fd, uint64_t *s)
{
	struct akida_ioc_wait w = {
		.seq = random_of(s) % 2 ? below(s, 300) : any_number(s),
		.deadline = now_ns() + random_of(s) % 3000000,
		.flags = any_bits(s, AKIDA_WAIT_POLL),
	};
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	if (random_of(s) % 4 == 0)
		poll(&p, 1, random_of(s) % 2);
	expect_known("wait", dev_ioctl(fd, AKIDA_IOC_WAIT, &w));
}

static void wild_eventfd(int fd, uint64_t *s)
{
	struct akida_ioc_eventfd e = { .flags = any_bits(s, 0) };
	int own = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	e.fd = random_of(s) % 4 ? own : (int)random_of(s) % 64 - 2;
	expect_known("eventfd", dev_ioctl(fd, AKIDA_IOC_EVENTFD, &e));
	close(own);
}

/* Programs come, get names, and are opened, changed and taken away by others. */
static void wild_program(int fd, uint64_t *s, uint8_t *pool)
{
	static const char *const names[] = { "wild", "wild-2", "wild-3",
					     "w/ild", "" };
	const char *name = names[below(s, 16) % ARRAY_SIZE(names)];
	uint32_t handle = any_handle(s), seed = random_of(s) % 8;
	struct akida_named list[4];
	struct tiny t;
	int err;

	switch (random_of(s) % 10) {
	case 0:
	case 1:
		err = tiny_load(fd, &t, all.b.chip, seed);
		expect_known("program", err);
		if (err < 0 || random_of(s) % 4 == 0)
			break;
		handle = err;
		/* fall through */
	case 2:
		err = named_give(fd, handle, name, any_bits(s, 0777),
				 any_bits(s, AKIDA_NAME_REPLACE),
				 any_memory(s, pool),
				 random_of(s) % 2 ? 0 : below(s, 8192));
		expect_known("name", err);
		all.named += !err;
		break;
	case 3:
	case 4:
		err = named_open(
			fd, name,
			any_bits(s, AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE), NULL);
		expect_known("open by name", err);
		all.opened += err >= 0;
		break;
	case 5:
		expect_known("list", named_list(fd, list, ARRAY_SIZE(list)));
		break;
	case 6:
		expect_known("note", named_note(fd, handle, any_memory(s, pool),
						below(s, 8192)));
		break;
	case 7:
		tiny_make(&t, all.b.chip, seed);
		expect_known("update",
			     named_update(fd, handle, &t,
					  any_bits(s, AKIDA_UPDATE_WAIT)));
		break;
	case 8:
		expect_known("mode",
			     named_mode(fd, name, any_bits(s, 0777),
					any_bits(s, 0), any_bits(s, 0)));
		break;
	default:
		if (random_of(s) % 2)
			expect_known("delete",
				     named_delete(fd, name, any_bits(s, 0)));
		else
			expect_known("free program", named_free(fd, handle));
	}
}

static void wild_map(int fd, uint64_t *s)
{
	uint64_t at = random_of(s) % 8 ? all.offset[random_of(s) % SLOTS] :
					 any_number(s) & ~4095ULL;
	size_t size = 4096 << random_of(s) % 6;
	uint8_t *p;

	/* Below, it is the vendor's interface, and a claim. */
	if (at < AKIDA_MMAP_BUFFERS || (off_t)at < 0)
		return;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | (random_of(s) % 2 ? MAP_POPULATE : 0), fd,
		 (off_t)at);
	all.calls++;
	if (p == MAP_FAILED) {
		expect_known("mmap", -errno);
		return;
	}
	memset(p, random_of(s), 64);
	p[size - 1] = 1;
	/* What is unmapped may be another thread's at once. */
	if (size > 4096 && random_of(s) % 2) {
		munmap(p + 4096, size - 4096);
		size = 4096;
	}
	munmap(p, size);
}

/* A whole argument of noise, of any size, for any command */
static void wild_noise(int fd, uint64_t *s)
{
	static const unsigned long cmds[] = {
		AKIDA_IOC_INFO,		AKIDA_IOC_BUFFER_CREATE,
		AKIDA_IOC_BUFFER_QUERY, AKIDA_IOC_BUFFER_FREE,
		AKIDA_IOC_COPY,		AKIDA_IOC_WAIT,
		AKIDA_IOC_EVENTFD,	AKIDA_IOC_PROGRAM_CREATE,
		AKIDA_IOC_PROGRAM_FREE, AKIDA_IOC_PROGRAM_UPDATE,
		AKIDA_IOC_PROGRAM_NAME, AKIDA_IOC_PROGRAM_OPEN,
		AKIDA_IOC_PROGRAM_LIST, AKIDA_IOC_PROGRAM_NOTE,
		AKIDA_IOC_PROGRAM_MODE, AKIDA_IOC_PROGRAM_DELETE,
	};
	uint32_t arg[64];
	unsigned long cmd = cmds[random_of(s) % ARRAY_SIZE(cmds)];

	for (size_t i = 0; i < ARRAY_SIZE(arg); i++)
		arg[i] = random_of(s) % 3 ? random_of(s) % 8 : random_of(s);
	if (random_of(s) % 4 == 0)
		memset(arg + 2, 0, sizeof(arg) - 8);
	/* Nothing must wait for ever. */
	if (cmd == AKIDA_IOC_WAIT)
		arg[4] |= AKIDA_WAIT_POLL;
	if (random_of(s) % 4 == 0)
		cmd = _IOC(_IOC_DIR(cmd), AKIDA_IOC_MAGIC,
			   random_of(s) % 4 ? _IOC_NR(cmd) : random_of(s) % 256,
			   4 + random_of(s) % 250);
	if (_IOC_NR(cmd) == _IOC_NR(AKIDA_IOC_WAIT) && _IOC_SIZE(cmd) < 20)
		return;
	expect_known("noise",
		     dev_ioctl(fd, cmd, random_of(s) % 8 ? arg : NULL));
}

/* Files of the pool are closed under the others' hands, and new ones come. */
static void wild_reopen(int slot)
{
	int fd = dev_open(&all.b);

	if (fd < 0)
		fail("open", fd);
	else if (dup2(fd, slot) != slot)
		fail("dup2", errno);
	close(fd);
}

static void wild_fork(int fd, uint64_t *s)
{
	uint64_t mine = *s ^ 0x5555;
	pid_t pid = fork();
	int status;

	all.forks++;
	if (!pid) {
		for (int i = 0; i < 20; i++)
			wild_copy(fd, &mine);
		if (random_of(&mine) % 2)
			raise(SIGKILL);
		_exit(all.failed);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork", errno);
	else if (WIFEXITED(status) ? WEXITSTATUS(status) :
				     WTERMSIG(status) != SIGKILL)
		fail("child", status);
}

/* The vendor's interface: others give way until it has the board, and then
 * run against it.
 */
static void wild_claim(uint64_t *s)
{
	/* Files of one process share a claim; data of one thread is checked. */
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	off_t at = all.b.chip == AKIDA_CHIP_AKD1000 ? 0x24000000 : 0x20010000;
	uint32_t out[1024], in[1024];
	ssize_t n = -1;
	int fd;

	if (pthread_mutex_trylock(&one))
		return;
	fd = dev_open(&all.b);
	if (fd < 0)
		fail("open", fd);
	fill(out, sizeof(out), random_of(s));
	for (int i = 0; i < 100 && n < 0; i++) {
		all.retreat = i < 99 && random_of(s) % 16;
		for (int k = 0; k < FILES; k++)
			wild_reopen(all.fd[k]);
		named_delete_all(fd);
		n = pwrite(fd, out, sizeof(out), at);
		expect_known("write", n < 0 ? -errno : 0);
		if (n < 0)
			sleep_ms(5);
	}
	all.retreat = false;
	for (int i = 0; i < 5 && n >= 0; i++) {
		all.claims += !i;
		sleep_ms(random_of(s) % 3);
		n = pread(fd, in, sizeof(in), at);
		if (n != (ssize_t)sizeof(in) || memcmp(in, out, sizeof(in)))
			fail("claimed memory", n);
	}
	close(fd);
	pthread_mutex_unlock(&one);
}

static void *wild_thread(void *arg)
{
	uint64_t s = all.seed * 1000033ULL + (uintptr_t)arg;
	uint8_t *pool = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pool == MAP_FAILED) {
		fail("memory", errno);
		return NULL;
	}
	while (!over()) {
		int fd = all.fd[random_of(&s) % FILES];
		struct akida_ioc_buffer q = { .handle = any_handle(&s) };
		struct akida_ioc_info i = { .flags = any_bits(&s, 0) };
		uint32_t what = random_of(&s) % 1024 / 4;

		if (all.retreat) {
			sleep_ms(1);
			continue;
		}
		if (random_of(&s) % 8 == 0) {
			wild_program(fd, &s, pool);
			continue;
		}
		if (what < 60)
			wild_create(fd, &s, pool);
		else if (what < 140)
			wild_copy(fd, &s);
		else if (what < 170)
			expect_known("free", buffer_free(fd, any_handle(&s)));
		else if (what < 190)
			wild_wait(fd, &s);
		else if (what < 210)
			wild_map(fd, &s);
		else if (what < 230)
			wild_noise(fd, &s);
		else if (what < 238)
			expect_known("query",
				     dev_ioctl(fd, AKIDA_IOC_BUFFER_QUERY, &q));
		else if (what < 244)
			expect_known("info", dev_ioctl(fd, AKIDA_IOC_INFO, &i));
		else if (what < 249)
			wild_eventfd(fd, &s);
		else if (what < 253)
			wild_reopen(fd);
		else if (random_of(&s) % 2)
			wild_fork(fd, &s);
		else if (random_of(&s) % 3 == 0)
			wild_claim(&s);
	}
	munmap(pool, MIB);
	return NULL;
}

/* ------------------------------------------------------------------ the test */

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *v = getenv(name);

	return v && *v ? strtoul(v, NULL, 0) : otherwise;
}

TEST_F_TIMEOUT(board, random_calls, 600)
{
	unsigned long seconds = from_environment("VM_STRESS", 10);
	struct akida_ioc_info i = { 0 };
	pthread_t t[OWN_THREADS + WILD_THREADS];
	long locked = number_in("/proc/self/status", "VmPin");
	uint64_t start = now_ns();

	if (!seconds)
		SKIP(return, "VM_STRESS is 0");
	/* The chips share the time. */
	all.b = self->b;
	all.seed = from_environment("VM_SEED", start / 1000 & 0xffffff);
	all.end = start + seconds * NS / 2;
	TH_LOG("seed VM_SEED=%u, %lu s", all.seed, seconds / 2);
	for (int k = 0; k < FILES; k++) {
		all.fd[k] = dev_open(&self->b);
		ASSERT_GE(all.fd[k], 0);
	}
	for (size_t k = 0; k < ARRAY_SIZE(t); k++)
		ASSERT_EQ(0, pthread_create(&t[k], NULL,
					    k < OWN_THREADS ? own_thread :
							      wild_thread,
					    (void *)(uintptr_t)(k + 1)));
	for (size_t k = 0; k < ARRAY_SIZE(t); k++)
		pthread_join(t[k], NULL);
	EXPECT_FALSE(all.failed);
	EXPECT_EQ(0, named_delete_all(self->fd));
	for (int k = 0; k < FILES; k++)
		close(all.fd[k]);

	TH_LOG("%lu calls, %lu good; %lu copies, %lu bytes checked; %lu claims, %lu children; %lu names, opened %lu times",
	       all.calls, all.good, all.copies, all.checked, all.claims,
	       all.forks, all.named, all.opened);
	/* It was no idle time, slow as the machine may be. */
	EXPECT_GT(all.copies, 20U);
	EXPECT_GT(all.checked, 0U);
	EXPECT_GT(all.good, all.calls / 32);
	if (seconds >= 10) {
		EXPECT_GT(all.claims, 0U);
		EXPECT_GT(all.named, 0U);
		EXPECT_GT(all.opened, 0U);
	}
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(1U, i.users);
	EXPECT_EQ(0U, i.programs);
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(self->info.devmem_largest, i.devmem_largest);
	EXPECT_EQ(self->info.window_free, i.window_free);
	EXPECT_EQ(self->info.window_regions, i.window_regions);
	EXPECT_EQ(locked, number_in("/proc/self/status", "VmPin"));
}

TEST_HARNESS_MAIN
