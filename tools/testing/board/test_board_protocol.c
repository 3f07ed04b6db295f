// SPDX-License-Identifier: GPL-2.0
/*
 * The vfio-user protocol as a well-behaved client and as a hostile one use it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

static void test_handshake(void **state)
{
	struct vm vm;
	json_t *o, *caps;

	(void)state;
	vm_spawn(&vm, "akd1000", NULL);
	vm_connect(&vm);
	/* A newer minor version is answered with ours, an unknown capability
	 * is no harm.
	 */
	static const char text[] = "\0\0\7\0{\"capabilities\":{\"x\":[1],"
				   "\"max_data_xfer_size\":65536}}";

	assert_int_equal(vm_call(&vm, VU_VERSION, text, sizeof(text), -1), 0);
	assert_memory_equal(vm.reply, "\0\0\1\0", 4);
	o = json_loads((char *)vm.reply + 4, 0, NULL);
	caps = json_object_get(o, "capabilities");
	assert_int_equal(
		json_integer_value(json_object_get(caps, "max_msg_fds")), 8);
	assert_int_equal(
		json_integer_value(json_object_get(caps, "max_data_xfer_size")),
		1 << 20);
	json_decref(o);
	/* Once is enough. */
	assert_int_equal(vm_call(&vm, VU_VERSION, text, sizeof(text), -1),
			 EINVAL);
	assert_true(vm_closed(&vm));
	/* Without version data. */
	vm_connect(&vm);
	assert_int_equal(vm_call(&vm, VU_VERSION, "\0\0\0\0", 4, -1), 0);
	assert_memory_equal(vm.reply, "\0\0\0\0", 4);
	assert_int_equal(vm_stat(&vm, "client.connections"), 2);
	vm_end(&vm);
}

static void test_handshake_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
#define TEXT(s) { s, sizeof(s) }
		TEXT("\1\0\0\0{}"), /* major version */
		{ "\0\0\1", 3 },
		{ "\0\0\1\0{}", 6 }, /* no NUL */
		TEXT("\0\0\1\0{"),
		TEXT("\0\0\1\0[]"),
		TEXT("\0\0\1\0{\"capabilities\":3}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"max_data_xfer_size\":0}}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"max_data_xfer_size\":-1}}"),
		TEXT("\0\0\1\0{\"capabilities\":{\"max_data_xfer_size\":\"1\"}}"),
	};
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_spawn(&vm, "akd1000", NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		vm_connect(&vm);
		assert_int_equal(
			vm_call(&vm, VU_VERSION, bad[i].text, bad[i].len, -1),
			EINVAL);
		assert_true(vm_closed(&vm));
	}
	/* Any other command first. */
	vm_connect(&vm);
	assert_int_equal(vm_call(&vm, VU_RESET, NULL, 0, -1), EINVAL);
	assert_true(vm_closed(&vm));
	vm_end(&vm);
}

static void test_info(void **state)
{
	uint32_t info[4] = { sizeof(info), 0, 0, 0 };
	struct {
		uint32_t argsz, flags, index, cap;
		uint64_t size, off;
	} r;
	uint32_t irq[4];
	static const uint64_t sizes[9] = { 4 << 20, 0, 4 << 20, 0, 4 << 20,
					   0,	    0, 4096,	0 };
	static const uint32_t counts[5] = { 0, 1, 0, 1, 1 };
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	assert_int_equal(vm_call(&vm, VU_GET_INFO, info, sizeof(info), -1), 0);
	memcpy(info, vm.reply, sizeof(info));
	assert_int_equal(info[1], 3); /* reset, PCI */
	assert_int_equal(info[2], 9);
	assert_int_equal(info[3], 5);
	for (i = 0; i < 10; i++) {
		memset(&r, 0, sizeof(r));
		r.argsz = sizeof(r);
		r.index = i;
		if (i == 9) {
			assert_int_equal(vm_call(&vm, VU_GET_REGION_INFO, &r,
						 sizeof(r), -1),
					 EINVAL);
			break;
		}
		assert_int_equal(
			vm_call(&vm, VU_GET_REGION_INFO, &r, sizeof(r), -1), 0);
		assert_int_equal(vm.reply_size, sizeof(r));
		memcpy(&r, vm.reply, sizeof(r));
		assert_int_equal(r.index, i);
		assert_int_equal(r.size, sizes[i]);
		assert_int_equal(r.flags, sizes[i] ? 3 : 0);
	}
	for (i = 0; i < 5; i++) {
		irq[0] = sizeof(irq);
		irq[1] = irq[3] = 0;
		irq[2] = i;
		assert_int_equal(
			vm_call(&vm, VU_GET_IRQ_INFO, irq, sizeof(irq), -1), 0);
		memcpy(irq, vm.reply, sizeof(irq));
		assert_int_equal(irq[3], counts[i]);
	}
	irq[2] = 5;
	assert_int_equal(vm_call(&vm, VU_GET_IRQ_INFO, irq, sizeof(irq), -1),
			 EINVAL);
	vm_end(&vm);
}

static void test_map_bar4(void **state)
{
	struct {
		uint32_t argsz, flags, index, cap;
		uint64_t size, off;
		uint8_t caps[64];
	} r;
	struct vm vm;
	uint32_t *p;
	uint64_t area[2];

	(void)state;
	vm_start(&vm, "akd1000", "--map-bar4", NULL);
	memset(&r, 0, sizeof(r));
	r.argsz = sizeof(r);
	r.index = 4;
	assert_int_equal(vm_call(&vm, VU_GET_REGION_INFO, &r, 32, -1), 0);
	memcpy(&r, vm.reply, 32);
	assert_int_equal(r.flags, 7);
	assert_true(vm.reply_fd >= 0);
	p = mmap(NULL, r.size, PROT_READ | PROT_WRITE, MAP_SHARED, vm.reply_fd,
		 r.off);
	assert_true(p != MAP_FAILED);
	p[0x1000] = 0x12345678;
	assert_int_equal(vm_read32(&vm, 4, 0x4000), 0x12345678);
	vm_write32(&vm, 4, 0x3ffffc, 7);
	assert_int_equal(p[0xfffff], 7);
	munmap(p, r.size);
	vm_end(&vm);

	/* The AKD1500's memory fills only a part of the BAR. */
	vm_start(&vm, "akd1500", "--map-bar4", NULL);
	memset(&r, 0, sizeof(r));
	r.argsz = 32;
	r.index = 4;
	assert_int_equal(vm_call(&vm, VU_GET_REGION_INFO, &r, 32, -1), 0);
	memcpy(&r, vm.reply, 32);
	assert_int_equal(vm.reply_fd, -1);
	assert_true(r.argsz > 32);
	r.flags = r.cap = 0;
	r.size = r.off = 0;
	assert_int_equal(vm_call(&vm, VU_GET_REGION_INFO, &r, 32, -1), 0);
	assert_true(vm.reply_size <= sizeof(r));
	memcpy(&r, vm.reply, vm.reply_size);
	assert_int_equal(r.flags, 15);
	assert_int_equal(r.cap, 32);
	assert_true(vm.reply_fd >= 0);
	memcpy(area, r.caps + 16, sizeof(area));
	assert_int_equal(area[0], 0);
	assert_int_equal(area[1], 1 << 20);
	vm_end(&vm);
}

static void test_no_reply(void **state)
{
	struct {
		uint64_t off;
		uint32_t region, count, data;
	} w = { 0x100, 4, 4, 0xabcd };
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	/* Neither success nor failure is answered. */
	vm_send(&vm, VU_REGION_WRITE, 0x10, &w, 20, -1);
	w.region = 5;
	vm_send(&vm, VU_REGION_WRITE, 0x10, &w, 20, -1);
	assert_int_equal(vm_read32(&vm, 4, 0x100), 0xabcd);
	assert_int_equal(vm_stat(&vm, "client.protocol_errors"), 1);
	vm_end(&vm);
}

static void test_pipelined(void **state)
{
	struct {
		uint64_t off;
		uint32_t region, count;
	} a = { 0, 4, 4 };
	uint16_t id[50];
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < 50; i++)
		vm_write32(&vm, 4, 0x1000 + 4 * i, i * 3);
	for (i = 0; i < 50; i++) {
		a.off = 0x1000 + 4 * i;
		id[i] = vm_send(&vm, VU_REGION_READ, 0, &a, sizeof(a), -1);
	}
	for (i = 0; i < 50; i++) {
		uint32_t v;

		assert_int_equal(vm_wait(&vm, id[i]), 0);
		memcpy(&v, vm.reply + 16, 4);
		assert_int_equal(v, i * 3);
	}
	vm_end(&vm);
}

static void test_maps(void **state)
{
	struct vm vm;
	int pipes[2];

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	/* Overlaps, from each side and around. */
	assert_int_equal(vm_map(&vm, RAM_BASE, 4096, 3, vm.ram_fd, 0), EEXIST);
	assert_int_equal(vm_map(&vm, RAM_BASE - 4096, 8192, 3, -1, 0), EEXIST);
	assert_int_equal(vm_map(&vm, RAM_BASE + RAM_SIZE - 1, 2, 3, -1, 0),
			 EEXIST);
	assert_int_equal(vm_map(&vm, 0, UINT64_MAX, 3, -1, 0), EEXIST);
	assert_int_equal(vm_map(&vm, RAM_BASE + RAM_SIZE, 4096, 1, -1, 0), 0);
	/* Wrapping, empty, beyond the file, no file, unknown flags. */
	assert_int_equal(vm_map(&vm, UINT64_MAX, 2, 3, -1, 0), EINVAL);
	assert_int_equal(vm_map(&vm, 0, 0, 3, -1, 0), EINVAL);
	assert_int_equal(vm_map(&vm, 0, 4096, 3, vm.ram_fd, RAM_SIZE), EINVAL);
	assert_int_equal(vm_map(&vm, 0, 4096, 3, vm.ram_fd, UINT64_MAX),
			 EINVAL);
	assert_int_equal(vm_map(&vm, 0, RAM_SIZE + 1, 3, vm.ram_fd, 0), EINVAL);
	assert_int_equal(vm_map(&vm, 0, 4096, 7, -1, 0), EINVAL);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(vm_map(&vm, 0, 4096, 3, pipes[1], 0), EINVAL);
	close(pipes[0]);
	close(pipes[1]);
	/* Cutting one in two is refused; more than one at a time is not. */
	assert_int_equal(vm_unmap(&vm, RAM_BASE, 4096), EINVAL);
	assert_int_equal(vm_unmap(&vm, RAM_BASE + 4096, RAM_SIZE), EINVAL);
	assert_int_equal(vm_unmap(&vm, 0, 0), EINVAL);
	assert_int_equal(vm_unmap(&vm, UINT64_MAX, 4096), EINVAL);
	assert_int_equal(vm_unmap(&vm, 0x1000, 0x1000), 0);
	assert_int_equal(vm_unmap(&vm, RAM_BASE, RAM_SIZE + 4096), 0);
	assert_int_equal(vm_map(&vm, RAM_BASE, RAM_SIZE, 3, vm.ram_fd, 0), 0);
	vm_end(&vm);
}

static void test_many_maps(void **state)
{
	struct {
		uint32_t argsz, flags;
		uint64_t iova, size;
	} all = { sizeof(all), 2, 0, 0 };
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	assert_int_equal(vm_unmap(&vm, RAM_BASE, RAM_SIZE), 0);
	/* One descriptor each, more than a process may have open. */
	for (i = 0; i < 4096; i++)
		assert_int_equal(vm_map(&vm, (uint64_t)(i * 7919 % 4096) << 13,
					4096, 3, vm.ram_fd, (uint64_t)i << 12),
				 0);
	assert_int_equal(vm_call(&vm, VU_DMA_UNMAP, &all, sizeof(all), -1), 0);
	assert_int_equal(vm_map(&vm, 0, RAM_SIZE, 3, vm.ram_fd, 0), 0);
	vm_end(&vm);
}

static void test_irqs(void **state)
{
	struct {
		uint32_t argsz, flags, index, start, count;
		uint8_t data[4];
	} set = { 20, 1 << 2 | 1 << 5, 1, 0, 1, { 0 } };
	struct vm vm;
	int other = eventfd(0, EFD_CLOEXEC), pipes[2];

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	/* The client may fire its own interrupt. */
	set.flags = 1 | 1 << 5;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, -1), 0);
	assert_int_equal(vm_irqs(&vm, 1000), 1);
	set.flags = 2 | 1 << 5;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 21, -1), 0);
	vm_no_irq(&vm);
	set.data[0] = 1;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 21, -1), 0);
	assert_int_equal(vm_irqs(&vm, 1000), 1);
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, -1), EINVAL);
	/* Replaced, taken away, all off. */
	set.flags = 4 | 1 << 5;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), 0);
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, -1), 0);
	set.flags = 1 | 1 << 5;
	set.count = 0;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, -1), 0);
	/* Not an eventfd, not that many, not that kind, not that action. */
	assert_int_equal(pipe(pipes), 0);
	set.flags = 4 | 1 << 5;
	set.count = 1;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, pipes[1]), EINVAL);
	set.count = 2;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), EINVAL);
	set.count = UINT32_MAX;
	set.start = 1;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), EINVAL);
	set.start = UINT32_MAX;
	set.count = 2;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), EINVAL);
	set.start = 0;
	set.count = 1;
	set.index = 0;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), EINVAL);
	set.index = 99;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, other), EINVAL);
	set.index = 1;
	set.flags = 1 | 1 << 3;
	assert_int_equal(vm_call(&vm, VU_SET_IRQS, &set, 20, -1), EINVAL);
	close(other);
	close(pipes[0]);
	close(pipes[1]);
	vm_end(&vm);
}

static void test_region_bounds(void **state)
{
	static const struct {
		uint32_t region;
		uint64_t off;
		uint32_t count;
	} bad[] = {
		{ 7, 4096, 1 },
		{ 7, 4093, 4 },
		{ 7, UINT64_MAX, 4 },
		{ 7, 0, UINT32_MAX },
		{ 0, 4 << 20, 4 },
		{ 0, (4 << 20) - 2, 4 },
		{ 0, UINT64_MAX - 3, 4 },
		{ 1, 0, 4 },
		{ 6, 0, 4 },
		{ 8, 0, 4 },
		{ 9, 0, 4 },
		{ UINT32_MAX, 0, 4 },
		{ 4, 0, (1 << 20) + 1 },
	};
	struct {
		uint64_t off;
		uint32_t region, count;
		uint8_t data[16];
	} a;
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&a, 0, sizeof(a));
		a.off = bad[i].off;
		a.region = bad[i].region;
		a.count = bad[i].count;
		assert_int_equal(vm_call(&vm, VU_REGION_READ, &a, 16, -1),
				 EINVAL);
		assert_int_equal(vm_call(&vm, VU_REGION_WRITE, &a, 20, -1),
				 EINVAL);
	}
	/* Data that is not as long as it says. */
	a.off = 0;
	a.region = 4;
	a.count = 8;
	assert_int_equal(vm_call(&vm, VU_REGION_WRITE, &a, 20, -1), EINVAL);
	assert_int_equal(vm_call(&vm, VU_REGION_WRITE, &a, 16 + 12, -1),
			 EINVAL);
	assert_int_equal(vm_call(&vm, VU_REGION_WRITE, &a, 8, -1), EINVAL);
	assert_int_equal(vm_call(&vm, VU_REGION_READ, &a, 15, -1), EINVAL);
	/* Nothing is a length too. */
	a.count = 0;
	assert_int_equal(vm_call(&vm, VU_REGION_READ, &a, 16, -1), 0);
	assert_int_equal(vm_call(&vm, VU_REGION_WRITE, &a, 16, -1), 0);
	vm_end(&vm);
}

/* Every command with every short length, and lengths that lie. */
static void test_short_messages(void **state)
{
	uint8_t junk[64];
	struct vm vm;
	uint16_t cmd;
	size_t len;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	memset(junk, 0xff, sizeof(junk));
	for (cmd = 0; cmd < 20; cmd++) {
		/* GET_INFO does not mind all ones. */
		if (cmd == VU_VERSION || cmd == VU_RESET || cmd == VU_GET_INFO)
			continue;
		for (len = 0; len <= sizeof(junk); len += 4)
			assert_int_not_equal(vm_call(&vm, cmd, junk, len, -1),
					     0);
	}
	memset(junk, 0, sizeof(junk));
	for (cmd = 2; cmd < 9; cmd++)
		for (len = 0; len < 16; len++)
			assert_int_not_equal(vm_call(&vm, cmd, junk, len, -1),
					     0);
	assert_int_equal(vm_call(&vm, 0xffff, NULL, 0, -1), ENOTSUP);
	/* A reply nobody asked for. */
	vm_send(&vm, VU_DMA_READ, 1, junk, 16, -1);
	assert_int_equal(vm_read16(&vm, CONFIG, 0), 0x1e7c);
	vm_end(&vm);
}

static void test_bad_headers(void **state)
{
	static const struct vu_hdr bad[] = {
		{ 1, VU_GET_INFO, 0, 0, 0 },
		{ 1, VU_GET_INFO, 15, 0, 0 },
		{ 1, VU_GET_INFO, UINT32_MAX, 0, 0 },
		{ 1, VU_REGION_WRITE, (1 << 20) + 33, 0, 0 },
		{ 1, VU_GET_INFO, 16, 2, 0 },
		{ 1, VU_GET_INFO, 16, 15, 0 },
	};
	int fds[64];
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_spawn(&vm, "akd1000", NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		vm_connect(&vm);
		vm_hello(&vm);
		vm_raw(&vm, &bad[i], sizeof(bad[i]), NULL, 0);
		assert_true(vm_closed(&vm));
	}
	/* More file descriptors than anything needs. */
	for (i = 0; i < 64; i++)
		fds[i] = vm.ram_fd;
	vm_connect(&vm);
	vm_hello(&vm);
	vm_raw(&vm, &(struct vu_hdr){ 1, VU_RESET, 16, 0, 0 }, 16, fds, 64);
	assert_true(vm_closed(&vm));
	/* A few that are not needed are closed and forgotten. */
	vm_connect(&vm);
	vm_hello(&vm);
	vm_raw(&vm, &(struct vu_hdr){ 9, VU_RESET, 16, 0, 0 }, 16, fds, 8);
	assert_int_equal(vm_wait(&vm, 9), 0);
	assert_int_equal(vm_map(&vm, 0, 4096, 3, vm.ram_fd, 0), 0);
	vm_end(&vm);
}

static void test_fds_missing(void **state)
{
	struct {
		uint32_t argsz, flags;
		uint64_t offset, iova, size;
	} m = { sizeof(m), 3, 4096, 0, 4096 };
	struct vu_hdr h = { 5, VU_DMA_MAP, sizeof(h) + sizeof(m), 0, 0 };
	uint8_t msg[sizeof(h) + sizeof(m)];
	int two[2];
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	/* Without one the range is reached by messages. */
	assert_int_equal(vm_call(&vm, VU_DMA_MAP, &m, sizeof(m), -1), 0);
	/* With two it is not clear which. */
	m.iova = 0x10000;
	memcpy(msg, &h, sizeof(h));
	memcpy(msg + sizeof(h), &m, sizeof(m));
	two[0] = two[1] = vm.ram_fd;
	vm_raw(&vm, msg, sizeof(msg), two, 2);
	assert_int_equal(vm_wait(&vm, 5), EINVAL);
	vm_end(&vm);
}

/* Bytes that come one by one, and a client that leaves in between. */
static void test_dribble(void **state)
{
	struct {
		struct vu_hdr h;
		uint64_t off;
		uint32_t region, count;
	} m = { { 3, VU_REGION_READ, 32, 0, 0 }, 0, CONFIG, 4 };
	struct vm vm;
	size_t i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < sizeof(m); i++)
		vm_raw(&vm, (uint8_t *)&m + i, 1, NULL, 0);
	assert_int_equal(vm_wait(&vm, 3), 0);
	for (i = 1; i < sizeof(m); i += 5) {
		vm_raw(&vm, &m, i, NULL, 0);
		vm_disconnect(&vm);
		vm_connect(&vm);
		vm_hello(&vm);
	}
	/* State of the board outlives its clients, memory maps do not. */
	assert_int_equal(vm_read16(&vm, CONFIG, 4), 6);
	assert_int_equal(vm_map(&vm, RAM_BASE, RAM_SIZE, 3, vm.ram_fd, 0), 0);
	vm_end(&vm);
}

/* A client that never reads: the board goes on with everything else. */
static void test_deaf_client(void **state)
{
	struct {
		uint64_t off;
		uint32_t region, count;
	} a = { 0, 4, 1 << 20 };
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < 100; i++)
		vm_send(&vm, VU_REGION_READ, 0, &a, sizeof(a), -1);
	assert_int_equal(vm_stat(&vm, "config.reads"), 0);
	vm_disconnect(&vm);
	vm_connect(&vm);
	vm_hello(&vm);
	assert_int_equal(vm_read16(&vm, CONFIG, 0), 0x1e7c);
	vm_end(&vm);
}

/* Whatever comes: random messages, valid and not, must never end the board. */
static void test_random(void **state)
{
	struct vm vm;
	unsigned int i;

	(void)state;
	srandom(1);
	vm_spawn(&vm, "akd1500", NULL);
	for (i = 0; i < 300; i++) {
		unsigned int n;

		vm_connect(&vm);
		if (i % 10)
			vm_hello(&vm);
		for (n = 0; n < 20 && vm.fd >= 0; n++) {
			uint8_t m[128];
			struct vu_hdr h = { n, random() % 18, 0,
					    random() % 50 ? 0x10 : random(),
					    0 };
			size_t len = random() % (sizeof(m) - sizeof(h)), k;

			h.size = sizeof(h) + len;
			if (random() % 50 == 0)
				h.size = random();
			memcpy(m, &h, sizeof(h));
			for (k = sizeof(h); k < sizeof(h) + len; k++)
				m[k] = random() % 4 ? random() % 9 : random();
			vm_raw(&vm, m, sizeof(h) + len, &vm.ram_fd,
			       random() % 4 == 0);
		}
		vm_disconnect(&vm);
	}
	vm_connect(&vm);
	vm_hello(&vm);
	vm_end(&vm);
}

/* The control socket is as patient. */
static void test_control(void **state)
{
	static const char *const bad[] = {
		"",
		"nonsense",
		"fault",
		"fault nonsense",
		"fault stall:x=1",
		"fault stall:chan=wr2",
		"fault stall:after",
		"fault slow-link",
		"fault slow-link:rate=0",
		"fault abort:bytes=-1",
		"fault stall:period=1",
		"clear",
		"clear x",
		"peek",
		"peek 0x20000000",
		"peek 0x20000000 0",
		"peek 0x20000000 1025",
		"peek 0 4",
		"peek 0x2fffffff 2",
		"poke 0x20000000",
		"poke 0x20000000 1",
		"poke 0x20000000 xy",
		"poke 0 00",
		"trace",
		"save",
		"stats x",
		"fault bad-completion:status=x",
		"fault abort:count=99999999999999999999",
	};
	struct vm vm;
	unsigned int i;
	json_t *o;

	(void)state;
	vm_spawn(&vm, "akd1000", NULL);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		o = vm_ctl(&vm, "%s", bad[i]);
		assert_true(json_is_false(json_object_get(o, "ok")));
		assert_true(json_string_length(json_object_get(o, "error")) >
			    5);
		json_decref(o);
	}
	for (i = 0; i < 16; i++)
		vm_ctl_ok(&vm, "fault stall:chan=rd1,after=%u", i);
	o = vm_ctl(&vm, "fault stall");
	assert_true(json_is_false(json_object_get(o, "ok")));
	json_decref(o);
	o = vm_ctl(&vm, "faults");
	assert_int_equal(json_array_size(json_object_get(o, "faults")), 16);
	json_decref(o);
	vm_ctl_ok(&vm, "clear all");
	o = vm_ctl(&vm, "faults");
	assert_int_equal(json_array_size(json_object_get(o, "faults")), 0);
	json_decref(o);
	vm_ctl_ok(&vm, "help");
	vm_ctl_ok(&vm, "trace on");
	vm_ctl_ok(&vm, "trace off");
	vm_end(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_handshake_refused),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_map_bar4),
		cmocka_unit_test(test_no_reply),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_many_maps),
		cmocka_unit_test(test_irqs),
		cmocka_unit_test(test_region_bounds),
		cmocka_unit_test(test_short_messages),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_fds_missing),
		cmocka_unit_test(test_dribble),
		cmocka_unit_test(test_deaf_client),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_control),
	};

	return cmocka_run_group_tests_name("board_protocol", tests, NULL, NULL);
}
