// SPDX-License-Identifier: GPL-2.0
#include "mock_board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/util.h"

#define PAGE 4096u
#define MAX_FILES 16
#define MAX_BUFFERS 64 /* enough for tests */
#define MAJOR 240

/* Interfaces that are interposed; their prototypes are the C library's. */
#define PUBLIC __attribute__((visibility("default")))

struct mock mock;

struct buffer {
	struct akida_ioc_buffer b;
	bool used;
};

struct copy_result {
	int status;
	uint64_t done;
};

struct file {
	bool used;
	int fd;
	uint32_t index;
	struct buffer buffer[MAX_BUFFERS];
	uint64_t pinned;
	/* Copies, by number from 1; those up to @completed have ended. */
	struct copy_result result[AKIDA_MAX_RESULTS];
	struct akida_ioc_copy queue[AKIDA_MAX_ASYNC];
	uint64_t submitted, completed, seen;
	int eventfd;
};

static struct file files[MAX_FILES];

static void __attribute__((noreturn, format(printf, 1, 2)))
wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("mock: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}

/* --------------------------------------------------------------- settings */

static int error_number(const char *name)
{
#define NAMED(e)      \
	{             \
#e, e \
	}
	static const struct {
		const char *name;
		int number;
	} known[] = {
		NAMED(EACCES), NAMED(EPERM), NAMED(EBUSY),     NAMED(ENODEV),
		NAMED(ENXIO),  NAMED(EIO),   NAMED(ENOTTY),    NAMED(ENOMEM),
		NAMED(ENOSPC), NAMED(EINTR), NAMED(ETIMEDOUT),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, name))
			return known[i].number;
	wrong("no error is called '%s'", name);
}

static void setting(const char *key, const char *value)
{
	if (!strcmp(key, "chip"))
		mock.chip = strcmp(value, "akd1500") ? AKIDA_CHIP_AKD1000 :
						       AKIDA_CHIP_AKD1500;
	else if (!strcmp(key, "caps"))
		mock.caps = (uint32_t)strtoul(value, NULL, 0);
	else if (!strcmp(key, "silicon"))
		mock.silicon = strtoul(value, NULL, 0);
	else if (!strcmp(key, "open"))
		mock.open_errno = error_number(value);
	else if (!strcmp(key, "fail"))
		mock.fail_nr = (unsigned int)strtoul(value, NULL, 0);
	else if (!strcmp(key, "errno"))
		mock.fail_errno = error_number(value);
	else if (!strcmp(key, "after"))
		mock.fail_after = (unsigned int)strtoul(value, NULL, 0);
	else if (!strcmp(key, "flip"))
		mock.flip = strtoull(value, NULL, 0);
	else if (!strcmp(key, "abort"))
		mock.abort_after = strtoull(value, NULL, 0);
	else if (!strcmp(key, "memlock"))
		mock.memlock = strtoull(value, NULL, 0);
	else
		wrong("there is no setting '%s'", key);
}

void mock_reset(void)
{
	memset(&mock, 0, sizeof(mock));
	mock.chip = AKIDA_CHIP_AKD1000;
	mock.memlock = 8u << 20;
}

static void __attribute__((constructor)) from_environment(void)
{
	const char *env = getenv("MOCK_AKIDA");
	char *text, *item, *save = NULL;

	mock_reset();
	text = strdup(env ? env : "");
	if (!text)
		wrong("no memory");
	for (item = strtok_r(text, ",", &save); item;
	     item = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(item, '=');

		if (!eq)
			wrong("'%s' is no KEY=VALUE", item);
		*eq = '\0';
		setting(item, eq + 1);
	}
	free(text);
}

/* ------------------------------------------------------------- the board */

static uint64_t memory_base(void)
{
	/* Above the firmware's 64 MiB; after the page with DMA lists. */
	return mock.chip == AKIDA_CHIP_AKD1000 ? 0x24000000 : 0x20001000;
}

static uint64_t memory_size(void)
{
	return mock.chip == AKIDA_CHIP_AKD1000 ? 192u << 20 : (1u << 20) - PAGE;
}

#define WINDOW_BASE 0xc0000000ull
#define WINDOW_SIZE (32ull << 20)

static uint64_t taken(uint32_t kind)
{
	uint64_t sum = 0;
	int f, i;

	for (f = 0; f < MAX_FILES; f++)
		for (i = 0; i < MAX_BUFFERS; i++)
			if (files[f].buffer[i].used &&
			    files[f].buffer[i].b.kind == kind)
				sum += files[f].buffer[i].b.size;
	return sum;
}

/* First fit; 0 if there is no room. */
static uint64_t place(uint32_t kind, uint64_t base, uint64_t room,
		      uint64_t size)
{
	uint64_t at = base;
	bool moved;
	int f, i;

	do {
		moved = false;
		for (f = 0; f < MAX_FILES; f++)
			for (i = 0; i < MAX_BUFFERS; i++) {
				struct buffer *o = &files[f].buffer[i];

				if (!o->used || o->b.kind != kind ||
				    at + size <= o->b.device_addr ||
				    at >= o->b.device_addr + o->b.size)
					continue;
				at = o->b.device_addr + o->b.size;
				moved = true;
			}
	} while (moved);
	return at + size <= base + room ? at : 0;
}

static int do_info(struct file *f, struct akida_ioc_info *i)
{
	int n;

	mock.info = *i;
	if (i->flags)
		wrong("info: flags %#x", i->flags);
	memset(i, 0, sizeof(*i));
	/* Of a driver without programs, which this stands in for. */
	i->abi_version = 1;
	i->chip = mock.chip;
	i->caps = AKIDA_CAP_VIRTUAL | AKIDA_CAP_COHERENT |
		  AKIDA_CAP_LONG_LISTS | mock.caps;
	if (mock.silicon) {
		i->caps &= ~AKIDA_CAP_VIRTUAL;
		i->abi_version = AKIDA_ABI_VERSION;
		i->device_version = 0xbca10309;
	}
	i->index = f->index;
	i->devmem_size = memory_size();
	i->devmem_free = memory_size() - taken(AKIDA_BUFFER_DEVICE);
	i->devmem_largest = i->devmem_free;
	if (mock.chip == AKIDA_CHIP_AKD1500) {
		i->caps |= AKIDA_CAP_WINDOW | AKIDA_CAP_DEVMEM_MMAP;
		i->ip_version = 0xbca10309;
		i->window_size = WINDOW_SIZE;
		i->window_free = WINDOW_SIZE - taken(AKIDA_BUFFER_WINDOW);
		i->window_regions = 3;
	}
	i->dma_channels = 2;
	i->list_elements = 1000;
	i->dma_align = 4;
	i->page_size = PAGE;
	for (n = 0; n < MAX_FILES; n++)
		i->users += files[n].used;
	return 0;
}

static struct buffer *find(struct file *f, uint32_t handle)
{
	if (!handle || handle > MAX_BUFFERS || !f->buffer[handle - 1].used)
		return NULL;
	return &f->buffer[handle - 1];
}

static int pin(struct file *f, const struct akida_ioc_buffer *b)
{
	if (b->user_addr % 4 || b->size % 4)
		return -EINVAL;
	if (b->flags & ~AKIDA_BUFFER_READ_ONLY)
		wrong("buffer: flags %#x", b->flags);
	if (f->pinned + b->size > mock.memlock)
		return -ENOMEM;
	f->pinned += b->size;
	return 0;
}

static int do_create(struct file *f, struct akida_ioc_buffer *b)
{
	int n, rc = 0;

	mock.buffer = *b;
	if (b->handle || b->reserved || b->mmap_offset || b->device_addr)
		wrong("create: handle %u, reserved %u, mmap_offset %#llx, device_addr %#llx",
		      b->handle, b->reserved, b->mmap_offset, b->device_addr);
	if (!b->size || b->size > AKIDA_MAX_BUFFER_SIZE)
		return -EINVAL;
	if (b->kind != AKIDA_BUFFER_USER) {
		if (b->flags || b->user_addr)
			return -EINVAL;
		b->size = (b->size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	}
	for (n = 0; n < MAX_BUFFERS && f->buffer[n].used; n++)
		;
	if (n == MAX_BUFFERS)
		return -ENOSPC;
	b->handle = (uint32_t)n + 1;
	b->mmap_offset = AKIDA_MMAP_BUFFERS + ((uint64_t)n << 32);
	switch (b->kind) {
	case AKIDA_BUFFER_HOST:
		break;
	case AKIDA_BUFFER_USER:
		b->mmap_offset = 0;
		rc = pin(f, b);
		break;
	case AKIDA_BUFFER_DEVICE:
		b->device_addr =
			place(b->kind, memory_base(), memory_size(), b->size);
		if (!b->device_addr)
			rc = -ENOSPC;
		if (mock.chip != AKIDA_CHIP_AKD1500)
			b->mmap_offset = 0;
		break;
	case AKIDA_BUFFER_WINDOW:
		if (mock.chip != AKIDA_CHIP_AKD1500)
			return -EOPNOTSUPP;
		b->device_addr =
			place(b->kind, WINDOW_BASE, WINDOW_SIZE, b->size);
		if (!b->device_addr)
			rc = -ENOSPC;
		break;
	default:
		rc = -EINVAL;
	}
	if (rc)
		return rc;
	f->buffer[n].b = *b;
	f->buffer[n].used = true;
	mock.buffers++;
	return 0;
}

static uint64_t backing(const struct buffer *b)
{
	return AKIDA_MMAP_BUFFERS + ((uint64_t)(b->b.handle - 1) << 32);
}

static void drop(struct file *f, struct buffer *b)
{
	if (b->b.kind == AKIDA_BUFFER_USER)
		f->pinned -= b->b.size;
	else
		/* Zero for the next owner. */
		fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)backing(b), (off_t)b->b.size);
	b->used = false;
	mock.buffers--;
}

static int do_free(struct file *f, struct akida_ioc_buffer_free *a)
{
	struct buffer *b = find(f, a->handle);

	mock.free = *a;
	if (a->flags)
		wrong("free: flags %#x", a->flags);
	if (!b)
		return -ENOENT;
	drop(f, b);
	return 0;
}

/* ----------------------------------------------------------------- copies */

static void get(struct file *f, struct buffer *b, uint64_t at, void *data,
		size_t n)
{
	if (b->b.kind == AKIDA_BUFFER_USER)
		memcpy(data, (void *)(uintptr_t)(b->b.user_addr + at), n);
	else if (pread(f->fd, data, n, (off_t)(backing(b) + at)) != (ssize_t)n)
		wrong("pread: %s", strerror(errno));
}

static void put(struct file *f, struct buffer *b, uint64_t at, uint8_t *data,
		size_t n)
{
	uint64_t device = b->b.device_addr + at;

	if (b->b.kind == AKIDA_BUFFER_DEVICE && mock.flip >= device &&
	    mock.flip < device + n)
		data[mock.flip - device] ^= 1;
	if (b->b.kind == AKIDA_BUFFER_USER)
		memcpy((void *)(uintptr_t)(b->b.user_addr + at), data, n);
	else if (pwrite(f->fd, data, n, (off_t)(backing(b) + at)) != (ssize_t)n)
		wrong("pwrite: %s", strerror(errno));
}

static struct copy_result transfer(struct file *f,
				   const struct akida_ioc_copy *c)
{
	struct buffer *src = find(f, c->src), *dst = find(f, c->dst);
	struct copy_result r = { 0 };
	uint64_t most = c->size;
	uint8_t data[65536];

	if (mock.abort_after && mock.abort_after < most) {
		most = mock.abort_after;
		r.status = -EIO;
	}
	while (r.done < most) {
		size_t n = most - r.done < sizeof(data) ?
				   (size_t)(most - r.done) :
				   sizeof(data);

		get(f, src, c->src_offset + r.done, data, n);
		put(f, dst, c->dst_offset + r.done, data, n);
		r.done += n;
	}
	return r;
}

static void finish(struct file *f)
{
	uint64_t one = 1;

	while (!mock.stuck && f->completed < f->submitted) {
		uint64_t seq = ++f->completed;

		f->result[seq % AKIDA_MAX_RESULTS] =
			transfer(f, &f->queue[seq % AKIDA_MAX_ASYNC]);
		if (f->eventfd >= 0 &&
		    write(f->eventfd, &one, sizeof(one)) != sizeof(one))
			wrong("eventfd: %s", strerror(errno));
	}
}

static bool inside(uint64_t offset, uint64_t size, const struct buffer *b)
{
	return offset <= b->b.size && size <= b->b.size - offset;
}

static int do_copy(struct file *f, struct akida_ioc_copy *c)
{
	struct buffer *src = find(f, c->src), *dst = find(f, c->dst);
	struct copy_result r;

	mock.copy = *c;
	if (c->reserved || c->seq || c->done || c->flags & ~AKIDA_COPY_ASYNC)
		wrong("copy: flags %#x, reserved %u, seq %llu, done %llu",
		      c->flags, c->reserved, c->seq, c->done);
	if (!src || !dst)
		return -ENOENT;
	if (!c->size || (c->size | c->src_offset | c->dst_offset) % 4 ||
	    !inside(c->src_offset, c->size, src) ||
	    !inside(c->dst_offset, c->size, dst))
		return -EINVAL;
	if ((src->b.kind == AKIDA_BUFFER_DEVICE) ==
	    (dst->b.kind == AKIDA_BUFFER_DEVICE))
		return -EOPNOTSUPP;
	if (dst->b.flags & AKIDA_BUFFER_READ_ONLY)
		return -EACCES;
	if (f->submitted - f->completed >= AKIDA_MAX_ASYNC)
		return -EAGAIN;
	c->seq = ++f->submitted;
	f->queue[c->seq % AKIDA_MAX_ASYNC] = *c;
	if (c->flags & AKIDA_COPY_ASYNC)
		return 0;
	finish(f);
	r = f->result[c->seq % AKIDA_MAX_RESULTS];
	c->done = r.done;
	return r.status;
}

static int do_wait(struct file *f, struct akida_ioc_wait *w)
{
	struct timespec now;

	mock.wait = *w;
	if (w->status || w->done || w->completed || w->flags & ~AKIDA_WAIT_POLL)
		wrong("wait: flags %#x, status %d, done %llu, completed %llu",
		      w->flags, w->status, w->done, w->completed);
	if (w->seq > f->submitted)
		return -EINVAL;
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* A wait ends copies; a look that comes too soon does not. */
	if (w->seq && !(w->flags & AKIDA_WAIT_POLL) &&
	    (!w->deadline ||
	     w->deadline > (uint64_t)now.tv_sec * 1000000000u)) {
		if (mock.stuck && !w->deadline)
			wrong("wait: for ever, for a copy that does not end");
		finish(f);
	}
	w->completed = f->completed;
	f->seen = f->completed;
	if (!w->seq)
		return 0;
	if (w->seq > f->completed)
		return -ETIME;
	if (f->completed - w->seq >= AKIDA_MAX_RESULTS)
		return -ESTALE;
	w->status = f->result[w->seq % AKIDA_MAX_RESULTS].status;
	w->done = f->result[w->seq % AKIDA_MAX_RESULTS].done;
	return 0;
}

static int do_eventfd(struct file *f, struct akida_ioc_eventfd *e)
{
	char path[64], target[64];
	ssize_t n;

	mock.eventfd = *e;
	if (e->flags)
		wrong("eventfd: flags %#x", e->flags);
	if (e->fd >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", e->fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			return -EBADF;
		target[n] = '\0';
		if (!strstr(target, "eventfd"))
			return -EINVAL;
	}
	f->eventfd = e->fd;
	return 0;
}

/* ------------------------------------------------------------ system calls */

static struct file *of_fd(int fd)
{
	int i;

	for (i = 0; i < MAX_FILES; i++)
		if (files[i].used && files[i].fd == fd)
			return &files[i];
	return NULL;
}

/*
 * The index of a node, whether or not it is reached by a link; -1 for others. A
 * file of another name, as in a container, has it inside.
 */
static int node_index(const char *path)
{
	char real[PATH_MAX];
	const char *last;
	char text[16];
	int index, n = 0;
	ssize_t size;
	int fd;

	if (!strstr(path, "/dev/ak") || !realpath(path, real))
		return -1;
	last = strrchr(real, '/');
	if (last - real < 4 || strncmp(last - 4, "/dev/", 5) ||
	    sscanf(last, "/akida%d%n", &index, &n) != 1 || last[n])
		return -1;
	fd = (int)syscall(SYS_openat, AT_FDCWD, real, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return index;
	size = read(fd, text, sizeof(text) - 1);
	syscall(SYS_close, fd);
	if (size > 0) {
		text[size] = '\0';
		sscanf(text, "%d", &index);
	}
	return index;
}

static int open_board(int index)
{
	int i;

	if (mock.open_errno) {
		errno = mock.open_errno;
		return -1;
	}
	for (i = 0; i < MAX_FILES && files[i].used; i++)
		;
	if (i == MAX_FILES)
		wrong("more than %d open files", MAX_FILES);
	memset(&files[i], 0, sizeof(files[i]));
	files[i].fd = memfd_create("akida", MFD_CLOEXEC);
	if (files[i].fd < 0 || ftruncate(files[i].fd, (off_t)AKIDA_MMAP_END))
		wrong("memfd: %s", strerror(errno));
	files[i].used = true;
	files[i].index = (uint32_t)index;
	files[i].eventfd = -1;
	return files[i].fd;
}

PUBLIC int open(const char *path, int flags, ...)
{
	int index = node_index(path);
	mode_t mode = 0;
	va_list ap;

	if (index >= 0) {
		if ((flags & O_ACCMODE) != O_RDWR || !(flags & O_CLOEXEC))
			wrong("open: flags %#x", flags);
		return open_board(index);
	}
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

PUBLIC int close(int fd)
{
	struct file *f = of_fd(fd);
	int i;

	if (f) {
		for (i = 0; i < MAX_BUFFERS; i++)
			if (f->buffer[i].used)
				drop(f, &f->buffer[i]);
		f->used = false;
		mock.closed++;
	}
	return (int)syscall(SYS_close, fd);
}

/* Who may not open it, may not. */
PUBLIC int access(const char *path, int mode)
{
	if (mock.open_errno == EACCES && node_index(path) >= 0) {
		errno = EACCES;
		return -1;
	}
	return faccessat(AT_FDCWD, path, mode, 0);
}

/* A node looks like one although tests may not make any. */
PUBLIC int stat(const char *path, struct stat *st)
{
	int rc = fstatat(AT_FDCWD, path, st, 0);
	int index = rc ? -1 : node_index(path);

	if (index >= 0) {
		st->st_mode = (st->st_mode & ~(mode_t)S_IFMT) | S_IFCHR;
		st->st_rdev = makedev(MAJOR, (unsigned int)index);
	}
	return rc;
}

static int dispatch(struct file *f, unsigned long request, void *arg)
{
	unsigned int nr = _IOC_NR(request);

	if (_IOC_TYPE(request) != AKIDA_IOC_MAGIC ||
	    nr >= ARRAY_SIZE(mock.calls))
		wrong("ioctl %#lx is none of akida.h", request);
	if (mock.fail_errno && mock.fail_nr == nr &&
	    mock.calls[nr] >= mock.fail_after) {
		mock.calls[nr]++;
		return -mock.fail_errno;
	}
	mock.calls[nr]++;
	switch (request) {
	case AKIDA_IOC_INFO:
		return do_info(f, arg);
	case AKIDA_IOC_BUFFER_CREATE:
		return do_create(f, arg);
	case AKIDA_IOC_BUFFER_FREE:
		return do_free(f, arg);
	case AKIDA_IOC_COPY:
		return do_copy(f, arg);
	case AKIDA_IOC_WAIT:
		return do_wait(f, arg);
	case AKIDA_IOC_EVENTFD:
		return do_eventfd(f, arg);
	/* What an older driver does not know. */
	case AKIDA_IOC_PROGRAM_OPEN:
	case AKIDA_IOC_PROGRAM_LIST:
	case AKIDA_IOC_PROGRAM_DELETE:
		return -ENOTTY;
	}
	wrong("ioctl %#lx: number %#x with a size or direction that akida.h does not have",
	      request, nr);
}

PUBLIC int ioctl(int fd, unsigned long request, ...)
{
	struct file *f = of_fd(fd);
	va_list ap;
	void *arg;
	int rc;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!f)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	rc = dispatch(f, request, arg);
	if (rc) {
		errno = -rc;
		return -1;
	}
	return 0;
}

/* poll.h says that poll() only writes there, which is not so. */
int poll(struct pollfd *fds, unsigned long n, int timeout);
PUBLIC int poll(struct pollfd *fds, unsigned long n, int timeout)
{
	struct file *f = n == 1 ? of_fd(fds->fd) : NULL;
	struct timespec t = { timeout / 1000, timeout % 1000 * 1000000L };

	if (!f)
		return (int)syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &t,
				    NULL, 0);
	finish(f);
	fds->revents = f->completed > f->seen ? fds->events & POLLIN : 0;
	if (!fds->revents && timeout < 0)
		wrong("poll: for ever, for a copy that does not end");
	return fds->revents != 0;
}
