// SPDX-License-Identifier: GPL-2.0
#include "netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "akida_test.h"

struct request {
	struct nlmsghdr h;
	struct genlmsghdr g;
	uint8_t attrs[64];
};

static void begin(struct netlink *n, struct request *r, uint16_t type,
		  uint16_t flags, uint8_t cmd)
{
	*r = (struct request){
		.h = { .nlmsg_len = offsetof(struct request, attrs),
		       .nlmsg_type = type,
		       .nlmsg_flags = NLM_F_REQUEST | flags,
		       .nlmsg_seq = ++n->seq },
		.g = { .cmd = cmd, .version = 1 },
	};
}

static void put(struct request *r, uint16_t type, const void *data,
		uint16_t size)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + size, .nla_type = type };
	uint8_t *p = (uint8_t *)r + r->h.nlmsg_len;

	memcpy(p, &a, sizeof(a));
	memcpy(p + NLA_HDRLEN, data, size);
	r->h.nlmsg_len += NLA_ALIGN(a.nla_len);
}

static int ask(struct netlink *n, const struct request *r)
{
	return send(n->fd, r, r->h.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Calls a function for each attribute in a range of memory. */
static void each(const uint8_t *p, size_t size,
		 void (*fn)(void *arg, unsigned int type, const void *data,
			    size_t len),
		 void *arg)
{
	struct nlattr a;

	while (size >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.nla_len < NLA_HDRLEN || a.nla_len > size)
			return;
		fn(arg, a.nla_type & NLA_TYPE_MASK, p + NLA_HDRLEN,
		   a.nla_len - NLA_HDRLEN);
		if ((size_t)NLA_ALIGN(a.nla_len) >= size)
			return;
		p += NLA_ALIGN(a.nla_len);
		size -= NLA_ALIGN(a.nla_len);
	}
}

/* -------------------------------------------------------------- the family */

struct group {
	struct netlink *n;
	uint32_t id;
};

static void group_attr(void *arg, unsigned int type, const void *data,
		       size_t len)
{
	struct group *g = arg;

	if (type == CTRL_ATTR_MCAST_GRP_ID && len == 4)
		memcpy(&g->id, data, 4);
}

static void join(void *arg, unsigned int type, const void *data, size_t len)
{
	struct group g = { .n = arg };

	(void)type;
	each(data, len, group_attr, &g);
	setsockopt(g.n->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &g.id,
		   sizeof(g.id));
}

static void family_attr(void *arg, unsigned int type, const void *data,
			size_t len)
{
	struct netlink *n = arg;
	uint16_t id;

	if (type == CTRL_ATTR_FAMILY_ID && len == 2) {
		memcpy(&id, data, 2);
		n->family = id;
	} else if (type == CTRL_ATTR_MCAST_GROUPS) {
		each(data, len, join, n);
	}
}

int netlink_open(struct netlink *n)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int size = 1 << 20, err;
	uint8_t buf[8192] __attribute__((aligned(8)));
	struct nlmsghdr *h = (void *)buf;
	struct request r;
	ssize_t got;

	*n = (struct netlink){ .family = -1 };
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (n->fd < 0)
		return -errno;
	setsockopt(n->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(n->fd, (void *)&addr, sizeof(addr)))
		return -errno;
	begin(n, &r, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	put(&r, CTRL_ATTR_FAMILY_NAME, AKIDA_NL_FAMILY_NAME,
	    sizeof(AKIDA_NL_FAMILY_NAME));
	err = ask(n, &r);
	if (err)
		return err;
	got = recv(n->fd, buf, sizeof(buf), 0);
	if (got < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN))
		return -EIO;
	if (h->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(h))->error ?: -EIO;
	each(buf + NLMSG_LENGTH(GENL_HDRLEN), got - NLMSG_LENGTH(GENL_HDRLEN),
	     family_attr, n);
	return n->family < 0 ? -EIO : 0;
}

void netlink_close(struct netlink *n)
{
	close(n->fd);
}

/* ---------------------------------------------------------------- messages */

static void event_attr(void *arg, unsigned int type, const void *data,
		       size_t len)
{
	struct event *e = arg;
	uint32_t v32;

	if (type > AKIDA_NL_A_MAX || type == AKIDA_NL_A_PAD)
		return;
	e->has |= UINT32_C(1) << type;
	if (type == AKIDA_NL_A_PCI && len < sizeof(e->pci)) {
		memcpy(e->pci, data, len);
	} else if (len == 4) {
		memcpy(&v32, data, 4);
		e->value[type] = type == AKIDA_NL_A_STATUS ?
					 (uint64_t)(int32_t)v32 :
					 v32;
	} else if (len == 8) {
		memcpy(&e->value[type], data, 8);
	}
}

static int take(struct netlink *n, const struct nlmsghdr *h, struct event *e)
{
	const uint8_t *p = (const uint8_t *)h;

	if (h->nlmsg_type != n->family ||
	    h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	memset(e, 0, sizeof(*e));
	e->cmd = ((const struct genlmsghdr *)NLMSG_DATA(h))->cmd;
	each(p + NLMSG_LENGTH(GENL_HDRLEN),
	     h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), event_attr, e);
	return 0;
}

int netlink_next(struct netlink *n, struct event *e, int ms)
{
	struct pollfd p = { .fd = n->fd, .events = POLLIN };
	uint8_t buf[8192] __attribute__((aligned(8)));
	ssize_t got;
	int ret = poll(&p, 1, ms);

	if (ret <= 0)
		return ret ? -errno : -ETIME;
	/* An event is a datagram. */
	got = recv(n->fd, buf, sizeof(buf), 0);
	if (got < 0)
		return -errno;
	if (!NLMSG_OK((struct nlmsghdr *)buf, (size_t)got))
		return -EBADMSG;
	return take(n, (struct nlmsghdr *)buf, e);
}

int netlink_expect(struct netlink *n, struct event *e, int index)
{
	int err;

	do
		err = netlink_next(n, e, 30000);
	while (!err && e->value[AKIDA_NL_A_INDEX] != (uint64_t)index);
	return err;
}

int netlink_get(struct netlink *n, int index, struct event *e, int max)
{
	uint8_t buf[32768] __attribute__((aligned(8)));
	struct request r;
	uint32_t u = index;
	int num = 0, err;
	ssize_t got;

	begin(n, &r, n->family, index < 0 ? NLM_F_DUMP : 0,
	      AKIDA_NL_CMD_DEVICE_GET);
	if (index >= 0)
		put(&r, AKIDA_NL_A_INDEX, &u, 4);
	err = ask(n, &r);
	while (!err) {
		struct nlmsghdr *h = (void *)buf;

		got = recv(n->fd, buf, sizeof(buf), 0);
		if (got < 0)
			return -errno;
		for (; NLMSG_OK(h, (size_t)got); h = NLMSG_NEXT(h, got)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return num;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(h))
					->error;
			if (num == max)
				return -ENOSPC;
			err = take(n, h, &e[num++]);
			if (err)
				return err;
			if (index >= 0)
				return num;
		}
	}
	return err;
}
