// SPDX-License-Identifier: GPL-2.0
/*
 * Load: threads that use a board in all ways at once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load.h"

#define SIZE 65536
/* A wait that takes longer hangs. */
#define PATIENCE_MS 60000
#define BURST 8
#define PIECE 8192

static const char *const names[] = {
	[LOAD_SYNC] = "synchronous copies",   [LOAD_USER] = "pinned memory",
	[LOAD_ASYNC] = "asynchronous copies", [LOAD_TOUCH] = "mappings",
	[LOAD_CHURN] = "open and close",
};

/* Counts how a call or transfer ended. */
static int note(struct load_thread *t, int err, const char *where)
{
	switch (err) {
	case 0:
		break;
	case -EIO:
		t->eio++;
		break;
	case -ENODEV:
		t->enodev++;
		break;
	case -ETIMEDOUT:
		t->timedout++;
		break;
	default:
		if (!t->odd) {
			t->odd = err;
			t->where = where;
		}
	}
	return err;
}

/* The thread has no more to do: the board is gone, or worse. */
static bool ended(struct load_thread *t)
{
	return t->load->stop || t->enodev || t->odd;
}

/* Host buffers keep what they have until the board is gone for good. */
static void wrong(struct load_thread *t, int fd, const char *where)
{
	struct akida_ioc_info info = { 0 };

	if (t->kind == LOAD_USER ||
	    note(t, dev_ioctl(fd, AKIDA_IOC_INFO, &info), "info") != -ENODEV)
		note(t, -EILSEQ, where);
}

/* -------------------------------------------- copies, there and back */

static int transfer(struct load_thread *t, int fd, uint32_t dst, uint32_t src,
		    uint64_t *done)
{
	struct akida_ioc_copy c = { .src = src, .dst = dst, .size = SIZE };
	int err = note(t, dev_ioctl(fd, AKIDA_IOC_COPY, &c), "copy");

	*done = c.done;
	if (err ? c.done >= SIZE : c.done != SIZE)
		note(t, -EPROTO, "bytes of a copy");
	return err;
}

static void there_and_back(struct load_thread *t, int fd, uint8_t *p,
			   uint32_t host, uint32_t dev)
{
	unsigned int k = 1000 * t->kind;
	uint64_t done;
	int err;

	while (!ended(t)) {
		fill(p, SIZE, ++k);
		if (transfer(t, fd, dev, host, &done))
			continue;
		memset(p, 0, SIZE);
		err = transfer(t, fd, host, dev, &done);
		/* What is said to have arrived did, even if not all. */
		if (differs(p, done, k) >= 0)
			wrong(t, fd, "data");
		else if (!err)
			t->good++;
	}
}

static void copies(struct load_thread *t, int fd)
{
	uint8_t *p;
	uint32_t host;
	int h, d;

	if (t->kind == LOAD_SYNC) {
		p = buffer_map(fd, AKIDA_BUFFER_HOST, SIZE, &host);
		h = p ? (int)host : -errno;
	} else {
		/* Begins in the middle of a page. */
		p = malloc(SIZE + 8192);
		p = (uint8_t *)(((uintptr_t)p | 4095) + 1 + 512);
		h = buffer_pin(fd, p, SIZE, 0);
	}
	d = buffer_create(fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	if (h < 0 || d < 0)
		note(t, h < 0 ? h : d, "buffers");
	else
		there_and_back(t, fd, p, h, d);
}

/* --------------------------------------------------- asynchronous ones */

/* A burst one way; true if all arrived. */
static bool burst(struct load_thread *t, int fd, uint32_t dst, uint32_t src)
{
	int64_t seq[BURST];
	bool all = true;
	int n, i;

	for (n = 0; n < BURST; n++) {
		seq[n] = copy_async(fd, dst, n * PIECE, src, n * PIECE, PIECE);
		if (seq[n] < 0) {
			note(t, (int)seq[n], "submission");
			break;
		}
	}
	for (i = 0; i < n; i++) {
		struct akida_ioc_wait w;
		int err = wait_for(fd, seq[i], PATIENCE_MS, &w);

		/* A number was given out, so waiting for it works. */
		if (err && err != w.status)
			note(t, -EBADMSG, "wait");
		else if (note(t, err, "transfer"))
			all = false;
		if (w.completed < (uint64_t)seq[i] ||
		    (err ? w.done >= PIECE : w.done != PIECE))
			note(t, -EPROTO, "result of a transfer");
	}
	return all && n == BURST;
}

static void bursts(struct load_thread *t, int fd)
{
	uint32_t in, out;
	uint8_t *p = buffer_map(fd, AKIDA_BUFFER_HOST, BURST * PIECE, &in);
	uint8_t *q = buffer_map(fd, AKIDA_BUFFER_HOST, BURST * PIECE, &out);
	int d = buffer_create(fd, AKIDA_BUFFER_DEVICE, BURST * PIECE, NULL);
	unsigned int k = 0;

	if (!p || !q || d < 0) {
		note(t, d < 0 ? d : -ENOMEM, "buffers");
		return;
	}
	while (!ended(t)) {
		fill(p, BURST * PIECE, ++k);
		if (!burst(t, fd, d, in))
			continue;
		memset(q, 0, BURST * PIECE);
		if (!burst(t, fd, out, d))
			continue;
		if (memcmp(p, q, BURST * PIECE))
			wrong(t, fd, "data");
		else
			t->good++;
	}
}

/* ------------------------------------------------------------ mappings */

static void touch(struct load_thread *t, int fd)
{
	struct akida_ioc_buffer b;
	volatile uint32_t *dev = NULL;
	uint32_t host, n = 0;
	uint32_t *p = buffer_map(fd, AKIDA_BUFFER_HOST, SIZE, &host);
	int d = buffer_create(fd, AKIDA_BUFFER_DEVICE, 8192, &b);

	if (!p || d < 0) {
		note(t, d < 0 ? d : -ENOMEM, "buffers");
		return;
	}
	if (b.mmap_offset) {
		dev = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   (off_t)b.mmap_offset);
		if (dev == MAP_FAILED) {
			note(t, -errno, "mmap");
			return;
		}
	}
	while (!ended(t)) {
		struct akida_ioc_info info = { 0 };

		for (unsigned int i = 0; i < SIZE / 4; i += 1024)
			p[i] = n + i;
		for (unsigned int i = 0; dev && i < 2048; i += 1024) {
			dev[i] = n;
			(void)dev[i];
		}
		sleep_ms(1);
		for (unsigned int i = 0; i < SIZE / 4; i += 1024) {
			if (p[i] == n + i)
				continue;
			wrong(t, fd, "mapping");
			break;
		}
		n++;
		if (!note(t, dev_ioctl(fd, AKIDA_IOC_INFO, &info), "info"))
			t->good++;
	}
}

/* ------------------------------------------------------ open and close */

static int churn(struct load_thread *t, int fd)
{
	uint32_t host;
	uint8_t *p = buffer_map(fd, AKIDA_BUFFER_HOST, SIZE, &host);
	int err = p ? 0 : -errno, d;
	int64_t seq;

	if (!p)
		return err;
	d = buffer_create(fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	err = d < 0 ? d : 0;
	for (int i = 0; !err && i < 4; i++) {
		seq = copy_async(fd, d, 0, host, 0, SIZE);
		err = seq < 0 ? (int)seq : 0;
	}
	/* Handle, mapping and file go in any order, copies under way. */
	if (t->good % 2)
		buffer_free(fd, host);
	if (t->good % 3 == 0) {
		munmap(p, SIZE);
		close(fd);
	} else {
		close(fd);
		p[4096] = 1;
		munmap(p, SIZE);
	}
	return err;
}

static void opens(struct load_thread *t)
{
	while (!ended(t)) {
		int fd = dev_open(&t->load->b), err;

		/* The node goes first. */
		if (fd == -ENOENT || fd == -ENXIO)
			fd = -ENODEV;
		err = note(t, fd < 0 ? fd : 0, "open");
		if (!err)
			err = note(t, churn(t, fd), "use");
		if (!err)
			t->good++;
	}
}

static void use_file(struct load_thread *t)
{
	int fd = dev_open(&t->load->b);

	if (note(t, fd < 0 ? fd : 0, "open"))
		return;
	if (t->kind == LOAD_ASYNC)
		bursts(t, fd);
	else if (t->kind == LOAD_TOUCH)
		touch(t, fd);
	else
		copies(t, fd);
	/* Mappings outlive it, as they do in careless programs. */
	close(fd);
}

static void *work(void *arg)
{
	struct load_thread *t = arg;

	/* Once more, if not even buffers could be made: -EIO. */
	while (!ended(t)) {
		if (t->kind == LOAD_CHURN)
			opens(t);
		else
			use_file(t);
	}
	t->load->running--;
	return NULL;
}

/* ------------------------------------------------------------- control */

int load_begin(struct load *l, const struct board *b)
{
	memset(l, 0, sizeof(*l));
	l->b = *b;
	l->running = LOAD_KINDS;
	for (int i = 0; i < LOAD_KINDS; i++) {
		l->t[i].load = l;
		l->t[i].kind = i;
		if (pthread_create(&l->t[i].thread, NULL, work, &l->t[i]))
			abort();
	}
	return load_goes_on(l, 20000);
}

int load_goes_on(struct load *l, int ms)
{
	uint64_t end = now_ns() + ms * (NS / 1000);
	unsigned int base[LOAD_KINDS];

	for (int i = 0; i < LOAD_KINDS; i++)
		base[i] = l->t[i].good;
	for (int i = 0; i < LOAD_KINDS; i++) {
		while (l->t[i].good <= base[i]) {
			if (now_ns() > end || ended(&l->t[i])) {
				printf("# %s do not go on: %u good, %u -EIO, %u -ENODEV, %u -ETIMEDOUT\n",
				       names[i], l->t[i].good, l->t[i].eio,
				       l->t[i].enodev, l->t[i].timedout);
				return -ETIME;
			}
			sleep_ms(10);
		}
	}
	return 0;
}

int load_over(struct load *l, int ms)
{
	uint64_t end = now_ns() + ms * (NS / 1000);

	while (l->running) {
		if (now_ns() > end) {
			for (int i = 0; i < LOAD_KINDS; i++)
				if (!l->t[i].enodev)
					printf("# %s have not ended\n",
					       names[i]);
			return -ETIME;
		}
		sleep_ms(10);
	}
	return 0;
}

unsigned int load_errors(const struct load *l, int err)
{
	unsigned int n = 0;

	for (int i = 0; i < LOAD_KINDS; i++)
		n += err == EIO	   ? l->t[i].eio :
		     err == ENODEV ? l->t[i].enodev :
				     l->t[i].timedout;
	return n;
}

int load_end(struct load *l)
{
	int err = 0;

	l->stop = true;
	for (int i = 0; i < LOAD_KINDS; i++) {
		struct load_thread *t = &l->t[i];

		pthread_join(t->thread, NULL);
		if (!t->odd)
			continue;
		printf("# %s: %s: %s\n", names[i], t->where, strerror(-t->odd));
		if (!err)
			err = t->odd;
	}
	printf("# load: %u, %u, %u, %u, %u rounds; %u -EIO, %u -ENODEV, %u -ETIMEDOUT\n",
	       l->t[0].good, l->t[1].good, l->t[2].good, l->t[3].good,
	       l->t[4].good, load_errors(l, EIO), load_errors(l, ENODEV),
	       load_errors(l, ETIMEDOUT));
	return err;
}
