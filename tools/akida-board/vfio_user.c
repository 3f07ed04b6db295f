// SPDX-License-Identifier: GPL-2.0
/*
 * The client's socket: framing, file descriptors, replies, and commands of our
 * own. What the commands mean is in vfio_command.c.
 *
 * Nothing here blocks. What the client sent is never trusted: sizes are checked
 * before anything is read or kept.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "board.h"
#include "util.h"
#include "vfio_command.h"

/* The largest command is a write of the most data. */
#define MAX_MESSAGE (VFIO_USER_HEADER + 16 + VFIO_USER_MAX_DATA)
/* A client that leaves so much unread is not listened to. */
#define MAX_UNREAD (4u << 20)
#define MAX_FDS_SEEN 64
/* PCIe's completion timeout is 50 ms; a guest under test is slower. */
#define DMA_TIMEOUT (10 * NSEC_PER_SEC)

#define FLAG_TYPE 0xfu
#define FLAG_REPLY 0x1u
#define FLAG_NO_REPLY 0x10u
#define FLAG_ERROR 0x20u

int vfio_user_listen(struct board *b)
{
	struct server *s = &b->server;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int err;

	s->fd = -1;
	if (strlen(s->path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, s->path);
	s->listen_fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listen_fd < 0)
		return -errno;
	unlink(s->path);
	if (bind(s->listen_fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(s->listen_fd, 1)) {
		err = -errno;
		close(s->listen_fd);
		s->listen_fd = -1;
		return err;
	}
	return 0;
}

void vfio_user_unlisten(struct board *b)
{
	struct server *s = &b->server;

	if (s->listen_fd < 0)
		return;
	close(s->listen_fd);
	s->listen_fd = -1;
	unlink(s->path);
}

void vfio_user_accept(struct board *b)
{
	struct server *s = &b->server;
	int fd =
		accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	s->fd = fd;
	s->greeted = false;
	s->max_data = VFIO_USER_MAX_DATA;
	s->got = 0;
	s->num_fds = 0;
	b->stats.clients++;
	trace(b, "client connected");
}

static void drop_fds(struct server *s)
{
	while (s->num_fds)
		close(s->fds[--s->num_fds]);
}

void vfio_user_close(struct board *b)
{
	struct server *s = &b->server;
	struct vu_out *o;

	if (s->fd < 0)
		return;
	trace(b, "client gone");
	close(s->fd);
	s->fd = -1;
	s->generation++;
	drop_fds(s);
	free(s->body);
	s->body = NULL;
	while ((o = s->out)) {
		s->out = o->next;
		free(o);
	}
	s->out_last = NULL;
	s->out_bytes = 0;
	irq_close(b);
	host_unmap_all(b);
	if (b->once)
		b->quit = true;
}

static void violation(struct board *b, const char *what)
{
	b->stats.protocol_errors++;
	trace(b, "client dropped: %s", what);
	vfio_user_close(b);
}

short vfio_user_events(const struct board *b)
{
	short events = 0;

	if (b->server.out_bytes < MAX_UNREAD)
		events |= POLLIN;
	if (b->server.out)
		events |= POLLOUT;
	return events;
}

static ssize_t send_some(struct server *s, const struct vu_out *o)
{
	struct iovec v = { (void *)(o->data + o->sent), o->size - o->sent };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} c = { .buf = { 0 } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *h;

	if (o->fd >= 0 && !o->sent) {
		m.msg_control = c.buf;
		m.msg_controllen = sizeof(c.buf);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &o->fd, sizeof(int));
	}
	return sendmsg(s->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void vfio_user_send(struct board *b)
{
	struct server *s = &b->server;

	while (s->out) {
		struct vu_out *o = s->out;
		ssize_t n = send_some(s, o);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < 0) {
			vfio_user_close(b);
			return;
		}
		o->sent += n;
		if (o->sent < o->size)
			continue;
		s->out = o->next;
		if (!s->out)
			s->out_last = NULL;
		s->out_bytes -= o->size;
		free(o);
	}
}

/* A message of size bytes, header included, whose header is filled in. */
static struct vu_out *new_message(const struct vu_header *h)
{
	struct vu_out *o = calloc(1, sizeof(*o) + h->size);

	if (!o)
		return NULL;
	o->size = h->size;
	o->fd = -1;
	memcpy(o->data, h, sizeof(*h));
	return o;
}

static void queue(struct board *b, struct vu_out *o)
{
	struct server *s = &b->server;

	if (s->out_last)
		s->out_last->next = o;
	else
		s->out = o;
	s->out_last = o;
	s->out_bytes += o->size;
	vfio_user_send(b);
}

static void reply(struct board *b, const struct vu_header *h,
		  struct vu_reply *r)
{
	struct vu_header out = {
		.id = h->id,
		.command = h->command,
		.size = VFIO_USER_HEADER,
		.flags = FLAG_REPLY,
	};
	struct vu_out *o;

	if (r->err) {
		b->stats.protocol_errors++;
		trace(b, "command %u refused: %s", h->command,
		      strerror(-r->err));
		out.flags |= FLAG_ERROR;
		out.error = -r->err;
	} else {
		out.size += r->size;
	}
	if (h->flags & FLAG_NO_REPLY)
		return;
	o = new_message(&out);
	if (!o) {
		violation(b, "no memory");
		return;
	}
	if (!r->err && r->size)
		memcpy(o->data + VFIO_USER_HEADER, r->data, r->size);
	if (!r->err)
		o->fd = r->fd;
	queue(b, o);
}

/* A reply to the command that vfio_user_dma() waits for. */
static void take_reply(struct board *b, const struct vu_header *h,
		       const uint8_t *body, size_t size)
{
	struct vu_wait *w = &b->server.wait;

	if (!w->active || w->done || h->id != w->id) {
		/* Late: nobody waits for it any more. */
		b->stats.protocol_errors++;
		return;
	}
	w->done = true;
	if (h->flags & FLAG_ERROR)
		w->error = EIO;
	else if (w->buf && size < 16 + w->len)
		w->error = EIO;
	else if (w->buf)
		memcpy(w->buf, body + 16, w->len);
}

static void handle(struct board *b)
{
	struct server *s = &b->server;
	struct vu_header h = s->header;
	struct vu_reply r = { .fd = -1 };
	uint8_t *body = s->body;
	size_t size = h.size - VFIO_USER_HEADER;
	uint32_t generation = s->generation;

	/* From here on the next message may come in, while this one waits. */
	s->body = NULL;
	s->got = 0;
	if ((h.flags & FLAG_TYPE) == FLAG_REPLY) {
		take_reply(b, &h, body, size);
	} else if (h.flags & FLAG_TYPE) {
		violation(b, "neither command nor reply");
	} else {
		vfio_command(b, h.command, body, size, &r);
		if (s->generation == generation && s->fd >= 0) {
			reply(b, &h, &r);
			if (r.hang_up)
				violation(b, "cannot talk to this client");
		}
		free(r.data);
	}
	if (s->generation == generation)
		drop_fds(s);
	free(body);
}

/* Keeps the first few of the descriptors that came, closes the others. */
static bool take_fds(struct server *s, struct msghdr *m)
{
	struct cmsghdr *h;
	bool ok = !(m->msg_flags & MSG_CTRUNC);

	for (h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t i, n;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(h) + i * sizeof(int),
			       sizeof(int));
			if (s->num_fds < VFIO_USER_MAX_FDS) {
				s->fds[s->num_fds++] = fd;
			} else {
				close(fd);
				ok = false;
			}
		}
	}
	return ok;
}

/* Returns whether bytes came; the client may be gone afterwards. */
static bool receive_some(struct board *b, void *buf, size_t len)
{
	struct server *s = &b->server;
	struct iovec v = { buf, len };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(MAX_FDS_SEEN * sizeof(int))];
	} c;
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = c.buf,
		.msg_controllen = sizeof(c.buf),
	};
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return false;
	if (n <= 0) {
		vfio_user_close(b);
		return false;
	}
	if (!take_fds(s, &m)) {
		violation(b, "too many file descriptors");
		return false;
	}
	s->got += n;
	return true;
}

void vfio_user_receive(struct board *b)
{
	struct server *s = &b->server;
	size_t size;

	while (s->got < VFIO_USER_HEADER)
		if (!receive_some(b, (uint8_t *)&s->header + s->got,
				  VFIO_USER_HEADER - s->got))
			return;
	size = s->header.size;
	if (size < VFIO_USER_HEADER || size > MAX_MESSAGE) {
		violation(b, "impossible size");
		return;
	}
	if (!s->body) {
		s->body = malloc(size);
		if (!s->body) {
			violation(b, "no memory");
			return;
		}
	}
	while (s->got < size)
		if (!receive_some(b, s->body + s->got - VFIO_USER_HEADER,
				  size - s->got))
			return;
	handle(b);
}

/* One command of ours and its reply; len is no more than the client takes. */
static int dma_message(struct board *b, uint64_t addr, uint8_t *buf, size_t len,
		       bool write)
{
	struct server *s = &b->server;
	uint32_t generation = s->generation;
	uint64_t deadline = now_ns() + DMA_TIMEOUT;
	uint64_t args[2] = { addr, len };
	struct vu_header h = {
		.id = s->next_id++,
		.command = write ? VU_DMA_WRITE : VU_DMA_READ,
		.size = VFIO_USER_HEADER + sizeof(args) + (write ? len : 0),
	};
	struct vu_out *o;

	if (s->fd < 0 || !s->greeted)
		return -ECANCELED;
	/* Its reply is under way already: a second one cannot be told apart. */
	if (s->wait.active)
		return -EBUSY;
	o = new_message(&h);
	if (!o)
		return -ENOMEM;
	memcpy(o->data + VFIO_USER_HEADER, args, sizeof(args));
	if (write)
		memcpy(o->data + VFIO_USER_HEADER + sizeof(args), buf, len);
	s->wait = (struct vu_wait){
		.active = true,
		.id = h.id,
		.buf = write ? NULL : buf,
		.len = len,
	};
	b->stats.host_messages++;
	queue(b, o);
	while (!s->wait.done && s->generation == generation && !b->quit) {
		uint64_t now = now_ns();

		if (now >= deadline)
			break;
		board_poll(b, deadline - now, true);
	}
	s->wait.active = false;
	if (s->wait.done)
		return -s->wait.error;
	return s->generation != generation || b->quit ? -ECANCELED : -ETIMEDOUT;
}

int vfio_user_dma(struct board *b, uint64_t addr, uint8_t *buf, size_t len,
		  bool write)
{
	while (len) {
		size_t n = min_size(len, b->server.max_data);
		int err = dma_message(b, addr, buf, n, write);

		if (err)
			return err;
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}
