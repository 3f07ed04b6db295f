// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of the driver share.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "akida_test.h"

/* ---------------------------------------------------------------- files */

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + have, size - 1 - have);
		if (n > 0)
			have += n;
	} while (n > 0 && have < size - 1);
	text[have] = '\0';
	n = n < 0 ? -errno : 0;
	close(fd);
	return n;
}

long number_in(const char *path, const char *word)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		size_t n = strlen(word);

		if (!strncmp(line, word, n) && strchr(": \t", line[n])) {
			value = strtol(line + n + 1, NULL, 10);
			break;
		}
	}
	fclose(f);
	return value;
}

/* --------------------------------------------------------------- boards */

static bool board_load(struct board *b, const char *name)
{
	struct akida_ioc_info info = { 0 };
	char link[128], target[256];
	unsigned int bus;
	ssize_t n;
	int fd;

	if (sscanf(name, "akida%d", &b->index) != 1)
		return false;
	snprintf(link, sizeof(link), "/sys/class/akida/%s/device", name);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 12)
		return false;
	target[n] = '\0';
	memcpy(b->pci, target + n - 12, 13);
	/* Root ports are made in the order of boards: buses 1, 2 ... */
	if (sscanf(b->pci, "0000:%2x:", &bus) != 1)
		return false;
	b->number = (int)bus - 1;
	snprintf(b->node, sizeof(b->node), "/dev/akida%d", b->index);
	fd = open(b->node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (ioctl(fd, AKIDA_IOC_INFO, &info))
		info.chip = 0;
	close(fd);
	b->chip = (int)info.chip;
	return info.chip != 0;
}

static int board_search(struct board *b, int chip, int number)
{
	DIR *d = opendir("/sys/class/akida");
	struct dirent *e;
	int err = -ENODEV;

	if (!d)
		return -ENODEV;
	while (err && (e = readdir(d))) {
		memset(b, 0, sizeof(*b));
		if (board_load(b, e->d_name) && (!chip || b->chip == chip) &&
		    (number < 0 || b->number == number))
			err = 0;
	}
	closedir(d);
	return err;
}

int board_find(struct board *b, int chip)
{
	return board_search(b, chip, -1);
}

int board_at(struct board *b, int number, int ms)
{
	uint64_t end = now_ns() + ms * (NS / 1000);

	while (board_search(b, 0, number)) {
		if (now_ns() >= end)
			return -ENODEV;
		sleep_ms(50);
	}
	return 0;
}

const char *board_attr(const struct board *b, const char *name)
{
	static __thread char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", b->pci,
		 name);
	return path;
}

int board_driver(const struct board *b, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/akida/%s", what);
	return write_file(path, b->pci);
}

int dev_open(const struct board *b)
{
	int fd = open(b->node, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int dev_ioctl(int fd, unsigned long cmd, void *arg)
{
	int r = ioctl(fd, cmd, arg);

	return r < 0 ? -errno : r;
}

int buffer_create(int fd, uint32_t kind, uint64_t size,
		  struct akida_ioc_buffer *buf)
{
	struct akida_ioc_buffer own;
	int err;

	if (!buf)
		buf = &own;
	memset(buf, 0, sizeof(*buf));
	buf->kind = kind;
	buf->size = size;
	err = dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, buf);
	return err ? err : (int)buf->handle;
}

int buffer_pin(int fd, const void *addr, uint64_t size, uint32_t flags)
{
	struct akida_ioc_buffer buf = { .kind = AKIDA_BUFFER_USER,
					.flags = flags,
					.size = size,
					.user_addr = (uintptr_t)addr };
	int err = dev_ioctl(fd, AKIDA_IOC_BUFFER_CREATE, &buf);

	return err ? err : (int)buf.handle;
}

int buffer_free(int fd, uint32_t handle)
{
	struct akida_ioc_buffer_free arg = { .handle = handle };

	return dev_ioctl(fd, AKIDA_IOC_BUFFER_FREE, &arg);
}

void *buffer_map(int fd, uint32_t kind, uint64_t size, uint32_t *handle)
{
	struct akida_ioc_buffer buf;
	int h = buffer_create(fd, kind, size, &buf);
	void *p;

	if (h < 0) {
		errno = -h;
		return NULL;
	}
	*handle = h;
	/* Offset 0 would be the vendor's interface. */
	if (!buf.mmap_offset) {
		buffer_free(fd, h);
		errno = EOPNOTSUPP;
		return NULL;
	}
	p = mmap(NULL, buf.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 (off_t)buf.mmap_offset);
	return p == MAP_FAILED ? NULL : p;
}

static int copy_flags(int fd, uint32_t dst, uint64_t dst_offset, uint32_t src,
		      uint64_t src_offset, uint64_t size, uint32_t flags,
		      uint64_t *seq)
{
	struct akida_ioc_copy c = { .src = src,
				    .dst = dst,
				    .src_offset = src_offset,
				    .dst_offset = dst_offset,
				    .size = size,
				    .flags = flags };
	int err = dev_ioctl(fd, AKIDA_IOC_COPY, &c);

	*seq = c.seq;
	if (!err && !flags && c.done != size)
		return -EPROTO;
	return err;
}

int copy(int fd, uint32_t dst, uint64_t dst_offset, uint32_t src,
	 uint64_t src_offset, uint64_t size)
{
	uint64_t seq;

	return copy_flags(fd, dst, dst_offset, src, src_offset, size, 0, &seq);
}

int64_t copy_async(int fd, uint32_t dst, uint64_t dst_offset, uint32_t src,
		   uint64_t src_offset, uint64_t size)
{
	uint64_t seq;
	int err = copy_flags(fd, dst, dst_offset, src, src_offset, size,
			     AKIDA_COPY_ASYNC, &seq);

	return err ? err : (int64_t)seq;
}

int wait_for(int fd, uint64_t seq, int ms, struct akida_ioc_wait *w)
{
	struct akida_ioc_wait own;
	int err;

	if (!w)
		w = &own;
	memset(w, 0, sizeof(*w));
	w->seq = seq;
	w->deadline = now_ns() + ms * (NS / 1000);
	err = dev_ioctl(fd, AKIDA_IOC_WAIT, w);
	return err ? err : w->status;
}

/* ----------------------------------------------------------------- time */

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
			      .tv_nsec = ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/* --------------------------------------------------------------- memory */

static uint32_t next(uint32_t x)
{
	return x * 1664525 + 1013904223;
}

void fill(void *p, size_t size, unsigned int seed)
{
	uint8_t *b = p;
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		x = next(x);
		b[i] = x >> 24;
	}
}

ssize_t differs(const void *p, size_t size, unsigned int seed)
{
	const uint8_t *b = p;
	uint32_t x = seed * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		x = next(x);
		if (b[i] != (uint8_t)(x >> 24))
			return (ssize_t)i;
	}
	return -1;
}

ssize_t is_not(const void *p, size_t size, int byte)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < size; i++) {
		if (b[i] != byte)
			return (ssize_t)i;
	}
	return -1;
}

void *edge(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, page, PROT_NONE))
		return NULL;
	return p + page - size;
}

/* ----------------------------------------------------------- the machine */

static FILE *ask(const char *format, va_list ap)
{
	char words[512], line[600];

	vsnprintf(words, sizeof(words), format, ap);
	snprintf(line, sizeof(line), "vmctl %s", words);
	return popen(line, "re");
}

int vmctl(const char *format, ...)
{
	char line[256];
	va_list ap;
	FILE *f;
	int status;

	va_start(ap, format);
	f = ask(format, ap);
	va_end(ap);
	if (!f)
		return 125;
	while (fgets(line, sizeof(line), f)) {
		/* What vmctl says of an error; answers of boards are JSON. */
		if (line[0] != '{')
			printf("# %s", line);
	}
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static json_t *answer(const char *format, ...)
{
	va_list ap;
	json_t *o;
	FILE *f;

	va_start(ap, format);
	f = ask(format, ap);
	va_end(ap);
	if (!f)
		return NULL;
	o = json_loadf(f, 0, NULL);
	pclose(f);
	return o;
}

/* The value at a path of names with dots between; UINT64_MAX if there is none. */
static uint64_t number_at(json_t *o, const char *path)
{
	uint64_t value = UINT64_MAX;
	char *words = strdup(path), *save = NULL;

	for (char *w = strtok_r(words, ".", &save); w;
	     w = strtok_r(NULL, ".", &save))
		o = json_object_get(o, w);
	if (json_is_integer(o))
		value = json_integer_value(o);
	free(words);
	return value;
}

int counters(const struct board *b, const char *const *paths, uint64_t *values,
	     size_t n)
{
	json_t *all = answer("board %d stats", b->number);
	int err = 0;

	for (size_t i = 0; i < n; i++) {
		values[i] = number_at(json_object_get(all, "stats"), paths[i]);
		if (values[i] == UINT64_MAX)
			err = -EIO;
	}
	json_decref(all);
	return err;
}

uint64_t counter(const struct board *b, const char *path)
{
	uint64_t value;

	counters(b, &path, &value, 1);
	return value;
}

static int bound_boards(void)
{
	DIR *d = opendir("/sys/bus/pci/drivers/akida");
	struct dirent *e;
	int n = 0;

	if (!d)
		return 0;
	while ((e = readdir(d)))
		n += !strncmp(e->d_name, "0000:", 5);
	closedir(d);
	return n;
}

int module_reload(const char *params)
{
	char line[256];
	int want = bound_boards();
	uint64_t end = now_ns() + 20 * NS;

	snprintf(line, sizeof(line),
		 "rmmod akida && insmod /lib/modules/akida.ko %s", params);
	if (system(line))
		return -1;
	while (bound_boards() < want) {
		if (now_ns() > end)
			return -1;
		sleep_ms(50);
	}
	return 0;
}

int become(const char *name)
{
	const struct passwd *p = getpwnam(name);

	if (!p)
		return -ENOENT;
	if (initgroups(name, p->pw_gid) ||
	    setresgid(p->pw_gid, p->pw_gid, p->pw_gid) ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid))
		return -errno;
	return 0;
}

bool vm_is(const char *variable, const char *value)
{
	const char *v = getenv(variable);

	return v && !strcmp(v, value);
}
