// SPDX-License-Identifier: GPL-2.0
#include "../unit/scratch.h"
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 20000

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void board_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	int i;

	assert_true(n > 0);
	path[n] = 0;
	/* build/test/unit/test_x -> build/bin/akida-board */
	for (i = 0; i < 3; i++)
		*strrchr(path, '/') = 0;
	snprintf(path + strlen(path), size - strlen(path), "/bin/akida-board");
}

static int try_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int64_t end = now_ms() + TIMEOUT_MS;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	while (now_ms() < end) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		assert_true(fd >= 0);
		if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
			return fd;
		close(fd);
		usleep(2000);
	}
	fail_msg("no board at %s", path);
	return -1;
}

static void spawn(struct vm *vm, const char *chip, va_list ap)
{
	char program[4096], control[160];
	const char *argv[32] = { program,    "--chip", chip,
				 "--socket", vm->path, NULL };
	int n = 5;

	memset(vm, 0, sizeof(*vm));
	vm->fd = vm->ctl = vm->reply_fd = -1;
	vm->chip1500 = !strcmp(chip, "akd1500");
	assert_int_equal(scratch_make(vm->dir, sizeof(vm->dir)), 0);
	snprintf(vm->path, sizeof(vm->path), "%s/board", vm->dir);
	snprintf(control, sizeof(control), "%s.control", vm->path);
	board_program(program, sizeof(program));
	while (n < 31 && (argv[n] = va_arg(ap, const char *)))
		n++;
	vm->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	assert_true(vm->ram_fd >= 0);
	assert_int_equal(ftruncate(vm->ram_fd, RAM_SIZE), 0);
	vm->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       vm->ram_fd, 0);
	assert_true(vm->ram != MAP_FAILED);
	vm->irq = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vm->pid = fork();
	assert_true(vm->pid >= 0);
	if (!vm->pid) {
		/* A test that fails leaves no board behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(program, (char **)argv);
		perror(program);
		_exit(127);
	}
	vm->ctl = try_connect(control);
}

void vm_spawn(struct vm *vm, const char *chip, ...)
{
	va_list ap;

	va_start(ap, chip);
	spawn(vm, chip, ap);
	va_end(ap);
}

void vm_start(struct vm *vm, const char *chip, ...)
{
	va_list ap;

	va_start(ap, chip);
	spawn(vm, chip, ap);
	va_end(ap);
	vm_connect(vm);
	vm_hello(vm);
	assert_int_equal(vm_map(vm, RAM_BASE, RAM_SIZE, 3, vm->ram_fd, 0), 0);
	vm_setup(vm);
}

void vm_connect(struct vm *vm)
{
	vm->fd = try_connect(vm->path);
}

void vm_disconnect(struct vm *vm)
{
	if (vm->fd >= 0)
		close(vm->fd);
	vm->fd = -1;
}

void vm_end(struct vm *vm)
{
	int status;

	vm_disconnect(vm);
	vm_ctl_ok(vm, "quit");
	assert_int_equal(waitpid(vm->pid, &status, 0), vm->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(vm->ctl);
	close(vm->irq);
	close(vm->ram_fd);
	munmap(vm->ram, RAM_SIZE);
	if (vm->reply_fd >= 0)
		close(vm->reply_fd);
	assert_int_equal(scratch_remove(vm->dir), 0);
}

void vm_raw(struct vm *vm, const void *data, size_t len, const int *fds,
	    int num_fds)
{
	char buf[CMSG_SPACE(100 * sizeof(int))] = { 0 };
	struct iovec v = { (void *)data, len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (num_fds) {
		struct cmsghdr *h;

		m.msg_control = buf;
		m.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
		memcpy(CMSG_DATA(h), fds, num_fds * sizeof(int));
	}
	while (len) {
		ssize_t n = sendmsg(vm->fd, &m, MSG_NOSIGNAL);

		/* A board that hung up is for the caller to find out. */
		if (n < 0)
			return;
		len -= n;
		v.iov_base = (char *)v.iov_base + n;
		v.iov_len = len;
		m.msg_control = NULL;
		m.msg_controllen = 0;
	}
}

uint16_t vm_send(struct vm *vm, uint16_t cmd, uint32_t flags, const void *data,
		 size_t len, int fd)
{
	static uint16_t next_id = 1;
	struct vu_hdr h = { next_id++, cmd, sizeof(h) + len, flags, 0 };
	uint8_t *m = malloc(h.size);

	assert_non_null(m);
	memcpy(m, &h, sizeof(h));
	if (len)
		memcpy(m + sizeof(h), data, len);
	vm_raw(vm, m, h.size, &fd, fd >= 0);
	free(m);
	return h.id;
}

/* Returns false at the end of the connection. */
static bool receive(struct vm *vm, void *buf, size_t len)
{
	char control[CMSG_SPACE(4 * sizeof(int))];

	while (len) {
		struct iovec v = { buf, len };
		struct msghdr m = { .msg_iov = &v,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		struct pollfd p = { vm->fd, POLLIN, 0 };
		struct cmsghdr *h;
		ssize_t n;

		if (poll(&p, 1, TIMEOUT_MS) != 1)
			fail_msg("the board does not answer");
		n = recvmsg(vm->fd, &m, MSG_CMSG_CLOEXEC);
		if (n <= 0)
			return false;
		h = CMSG_FIRSTHDR(&m);
		if (h && h->cmsg_type == SCM_RIGHTS) {
			if (vm->reply_fd >= 0)
				close(vm->reply_fd);
			memcpy(&vm->reply_fd, CMSG_DATA(h), sizeof(int));
		}
		buf = (char *)buf + n;
		len -= n;
	}
	return true;
}

/* The board wants to read or write guest memory. */
static void serve(struct vm *vm, const struct vu_hdr *h)
{
	struct vu_hdr r = { h->id, h->cmd, sizeof(r), 1, 0 };
	uint64_t a[2];
	uint8_t *m;

	assert_true(h->cmd == VU_DMA_READ || h->cmd == VU_DMA_WRITE);
	assert_true(h->size >= sizeof(*h) + sizeof(a));
	assert_true(receive(vm, a, sizeof(a)));
	assert_true(a[1] <= 1u << 20);
	m = calloc(1, sizeof(r) + sizeof(a) + a[1]);
	assert_non_null(m);
	vm->last_dma = a[0];
	if (h->cmd == VU_DMA_WRITE) {
		vm->dma_writes++;
		assert_int_equal(h->size, sizeof(*h) + sizeof(a) + a[1]);
		assert_true(receive(vm, m + sizeof(r) + sizeof(a), a[1]));
		if (vm->answer_dma)
			memcpy(vm->msg_mem + a[0] % 32768,
			       m + sizeof(r) + sizeof(a), a[1]);
	} else {
		vm->dma_reads++;
		if (vm->answer_dma)
			memcpy(m + sizeof(r) + sizeof(a),
			       vm->msg_mem + a[0] % 32768, a[1]);
	}
	if (vm->answer_dma) {
		r.size += sizeof(a) + (h->cmd == VU_DMA_READ ? a[1] : 0);
	} else {
		r.flags |= 0x20;
		r.err = EFAULT;
	}
	memcpy(m, &r, sizeof(r));
	memcpy(m + sizeof(r), a, sizeof(a));
	if (!vm->ignore_dma)
		vm_raw(vm, m, r.size, NULL, 0);
	free(m);
}

/* One message; returns whether it was a reply, which is then in *h. */
static bool receive_message(struct vm *vm, struct vu_hdr *h)
{
	if (!receive(vm, h, sizeof(*h))) {
		close(vm->fd);
		vm->fd = -1;
		h->id = 0;
		return false;
	}
	if (!(h->flags & 0xf)) {
		serve(vm, h);
		return false;
	}
	vm->reply_size = h->size - sizeof(*h);
	assert_true(vm->reply_size <= sizeof(vm->reply));
	assert_true(receive(vm, vm->reply, vm->reply_size));
	return true;
}

int vm_wait(struct vm *vm, uint16_t id)
{
	struct vu_hdr h;

	while (vm->fd >= 0)
		if (receive_message(vm, &h)) {
			assert_int_equal(h.id, id);
			return h.flags & 0x20 ? (int)h.err : 0;
		}
	return -ECONNRESET;
}

int vm_call(struct vm *vm, uint16_t cmd, const void *data, size_t len, int fd)
{
	return vm_wait(vm, vm_send(vm, cmd, 0, data, len, fd));
}

bool vm_closed(struct vm *vm)
{
	struct pollfd p = { vm->fd, POLLIN, 0 };
	char c[256];
	ssize_t n = 1;

	while (n > 0 && poll(&p, 1, TIMEOUT_MS) == 1)
		n = recv(vm->fd, c, sizeof(c), 0);
	if (n > 0)
		return false;
	close(vm->fd);
	vm->fd = -1;
	return true;
}

void vm_serve(struct vm *vm, int ms)
{
	int64_t end = now_ms() + ms;
	struct vu_hdr h;

	for (;;) {
		struct pollfd p = { vm->fd, POLLIN, 0 };
		int64_t left = end - now_ms();

		if (left < 0 || poll(&p, 1, left) != 1)
			return;
		assert_false(receive_message(vm, &h));
	}
}

void vm_hello(struct vm *vm)
{
	static const char text[] =
		"\0\0\1\0{\"capabilities\":{\"max_msg_fds\":8,"
		"\"max_data_xfer_size\":1048576}}";

	assert_int_equal(vm_call(vm, VU_VERSION, text, sizeof(text), -1), 0);
}

int vm_map(struct vm *vm, uint64_t iova, uint64_t size, uint32_t flags, int fd,
	   uint64_t offset)
{
	struct {
		uint32_t argsz, flags;
		uint64_t offset, iova, size;
	} m = { sizeof(m), flags, offset, iova, size };

	return vm_call(vm, VU_DMA_MAP, &m, sizeof(m), fd);
}

int vm_unmap(struct vm *vm, uint64_t iova, uint64_t size)
{
	struct {
		uint32_t argsz, flags;
		uint64_t iova, size;
	} m = { sizeof(m), 0, iova, size };

	return vm_call(vm, VU_DMA_UNMAP, &m, sizeof(m), -1);
}

struct access {
	uint64_t off;
	uint32_t region, count;
};

int vm_region_read(struct vm *vm, uint32_t region, uint64_t off, void *buf,
		   uint32_t len)
{
	struct access a = { off, region, len };
	int err = vm_call(vm, VU_REGION_READ, &a, sizeof(a), -1);

	if (err)
		return err;
	assert_int_equal(vm->reply_size, sizeof(a) + len);
	assert_memory_equal(vm->reply, &a, sizeof(a));
	memcpy(buf, vm->reply + sizeof(a), len);
	return 0;
}

int vm_region_write(struct vm *vm, uint32_t region, uint64_t off,
		    const void *buf, uint32_t len)
{
	struct access a = { off, region, len };
	uint8_t m[8192];

	assert_true(sizeof(a) + len <= sizeof(m));
	memcpy(m, &a, sizeof(a));
	memcpy(m + sizeof(a), buf, len);
	return vm_call(vm, VU_REGION_WRITE, m, sizeof(a) + len, -1);
}

uint32_t vm_read32(struct vm *vm, uint32_t region, uint64_t off)
{
	uint32_t v;

	assert_int_equal(vm_region_read(vm, region, off, &v, 4), 0);
	return v;
}

void vm_write32(struct vm *vm, uint32_t region, uint64_t off, uint32_t val)
{
	assert_int_equal(vm_region_write(vm, region, off, &val, 4), 0);
}

uint16_t vm_read16(struct vm *vm, uint32_t region, uint64_t off)
{
	uint16_t v;

	assert_int_equal(vm_region_read(vm, region, off, &v, 2), 0);
	return v;
}

void vm_write16(struct vm *vm, uint32_t region, uint64_t off, uint16_t val)
{
	assert_int_equal(vm_region_write(vm, region, off, &val, 2), 0);
}

void vm_msi(struct vm *vm, uint64_t addr, uint32_t data)
{
	vm_write32(vm, CONFIG, 0x54, addr);
	vm_write32(vm, CONFIG, 0x58, addr >> 32);
	vm_write16(vm, CONFIG, 0x5c, data);
	vm_write16(vm, CONFIG, 0x52, 1);
}

void vm_iatu(struct vm *vm)
{
	static const uint32_t v[][4] = {
		{ 0x80000000, 0, 0xfcc00000, 0xc0080000 },
		{ 0x80000001, 0, 0xf8c00000, 0xc0080200 },
		{ 0x80000002, 0, 0x20000000, 0xc0080400 },
	};
	unsigned int i;

	if (vm->chip1500) {
		vm_write32(vm, 0, 0x700, 0);
		vm_write32(vm, 0, 0x704, 0xc0080200);
		vm_write32(vm, 0, 0x714, 0xfcc00000);
		vm_write32(vm, 0, 0x900, 0);
		vm_write32(vm, 0, 0x904, 0xc0080400);
		vm_write32(vm, 0, 0x914, 0x20000000);
		return;
	}
	for (i = 0; i < 3; i++) {
		vm_write32(vm, CONFIG, 0x900, v[i][0]);
		vm_write32(vm, CONFIG, 0x904, v[i][1]);
		vm_write32(vm, CONFIG, 0x918, v[i][2]);
		vm_write32(vm, CONFIG, 0x908, v[i][3]);
	}
}

void vm_setup(struct vm *vm)
{
	struct {
		uint32_t argsz, flags, index, start, count;
	} set = { sizeof(set), 1 << 2 | 1 << 5, 1, 0, 1 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		vm_write32(vm, CONFIG, 0x10 + 8 * i, 0xf0000000 + (i << 22));
		vm_write32(vm, CONFIG, 0x14 + 8 * i, 0x8);
	}
	vm_write16(vm, CONFIG, 4, 6);
	assert_int_equal(vm_call(vm, VU_SET_IRQS, &set, sizeof(set), vm->irq),
			 0);
	vm_msi(vm, MSI_ADDR, MSI_DATA);
	vm_iatu(vm);
}

unsigned int vm_irqs(struct vm *vm, int ms)
{
	int64_t end = now_ms() + ms;
	struct vu_hdr h;
	uint64_t n = 0;

	for (;;) {
		struct pollfd p[2] = { { vm->irq, POLLIN, 0 },
				       { vm->fd, POLLIN, 0 } };
		int64_t left = end - now_ms();

		if (left < 0 || poll(p, 2, left) <= 0)
			return 0;
		if (p[1].revents)
			assert_false(receive_message(vm, &h));
		if (p[0].revents) {
			assert_int_equal(read(vm->irq, &n, 8), 8);
			return n;
		}
	}
}

void vm_no_irq(struct vm *vm)
{
	/* Whatever is due has been done when two round trips are over. */
	vm_read16(vm, CONFIG, 0);
	vm_read16(vm, CONFIG, 0);
	assert_int_equal(vm_irqs(vm, 0), 0);
}

static json_t *ctl(struct vm *vm, const char *fmt, va_list ap)
{
	char line[8192];
	size_t len;
	json_t *o;

	vsnprintf(line, sizeof(line) - 1, fmt, ap);
	strcat(line, "\n");
	len = strlen(line);
	assert_int_equal(send(vm->ctl, line, len, MSG_NOSIGNAL), len);
	for (len = 0; !len || line[len - 1] != '\n'; len++) {
		struct pollfd p = { vm->ctl, POLLIN, 0 };

		assert_int_equal(poll(&p, 1, TIMEOUT_MS), 1);
		assert_true(len < sizeof(line));
		if (read(vm->ctl, line + len, 1) != 1)
			return NULL;
	}
	o = json_loadb(line, len, 0, NULL);
	assert_non_null(o);
	return o;
}

json_t *vm_ctl(struct vm *vm, const char *fmt, ...)
{
	va_list ap;
	json_t *o;

	va_start(ap, fmt);
	o = ctl(vm, fmt, ap);
	va_end(ap);
	return o;
}

void vm_ctl_ok(struct vm *vm, const char *fmt, ...)
{
	va_list ap;
	json_t *o;

	va_start(ap, fmt);
	o = ctl(vm, fmt, ap);
	va_end(ap);
	if (!json_is_true(json_object_get(o, "ok")))
		fail_msg("%s: %s", fmt,
			 json_string_value(json_object_get(o, "error")));
	json_decref(o);
}

uint64_t vm_stat(struct vm *vm, const char *path)
{
	json_t *root = vm_ctl(vm, "stats"), *o = json_object_get(root, "stats");
	char text[128], *save, *part;
	uint64_t v;

	snprintf(text, sizeof(text), "%s", path);
	for (part = strtok_r(text, ".", &save); part;
	     part = strtok_r(NULL, ".", &save))
		o = json_object_get(o, part);
	if (!json_is_integer(o))
		fail_msg("there is no counter %s", path);
	v = json_integer_value(o);
	json_decref(root);
	return v;
}

void vm_poke(struct vm *vm, uint64_t addr, const void *data, size_t len)
{
	char hex[2 * 1024 + 1];
	size_t i;

	assert_true(len <= 1024);
	for (i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", ((const uint8_t *)data)[i]);
	vm_ctl_ok(vm, "poke 0x%llx %s", (unsigned long long)addr, hex);
}

void vm_peek(struct vm *vm, uint64_t addr, void *data, size_t len)
{
	json_t *o =
		vm_ctl(vm, "peek 0x%llx %zu", (unsigned long long)addr, len);
	const char *hex = json_string_value(json_object_get(o, "data"));
	size_t i;

	assert_non_null(hex);
	assert_int_equal(strlen(hex), 2 * len);
	for (i = 0; i < len; i++) {
		unsigned int v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		((uint8_t *)data)[i] = v;
	}
	json_decref(o);
}
