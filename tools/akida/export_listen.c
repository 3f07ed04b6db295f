// SPDX-License-Identifier: GPL-2.0
/*
 * akida export: where it listens.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export.h"
#include "term.h"
#include "tool.h"

/* Where systemd puts the first socket that it passes: sd_listen_fds(3). */
#define FIRST_PASSED 3
#define BACKLOG 64

static int failed(const char *where, const char *what)
{
	int code = errno;

	switch (code) {
	case EADDRINUSE:
		term_error(
			"%s: another program listens there; end it or choose another port with --listen",
			where);
		break;
	case EADDRNOTAVAIL:
		term_error(
			"%s: this machine has no such address; 'ip address' shows those that it has",
			where);
		break;
	case EACCES:
		term_error(
			"%s: ports below 1024 need CAP_NET_BIND_SERVICE; choose another with --listen",
			where);
		break;
	default:
		term_error("%s: cannot %s: %s", where, what, strerror(code));
	}
	return -1;
}

static int bad(const char *where, const char *why)
{
	term_error(
		"--listen: '%s': %s; write ADDRESS:PORT, [IPV6]:PORT or :PORT",
		where, why);
	return -1;
}

static int open_socket(const char *where, const struct addrinfo *a)
{
	int fd = socket(a->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, off = 0;

	if (fd < 0)
		return failed(where, "open a socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* "::" is all addresses, those of IPv4 too. */
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (!bind(fd, a->ai_addr, a->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	failed(where, "listen");
	close(fd);
	return -1;
}

static int look_up(const char *where, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL, *a;
	int rc, fd;

	rc = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (rc) {
		term_error("--listen: '%s': %s", where,
			   rc == EAI_SYSTEM ? strerror(errno) :
					      gai_strerror(rc));
		return -1;
	}
	/* Of all addresses of both kinds IPv6's stands for both. */
	for (a = found; !*host && a && a->ai_family != AF_INET6;)
		a = a->ai_next;
	fd = a ? socket(AF_INET6, SOCK_STREAM, 0) : -1;
	if (fd < 0)
		a = found;
	else
		close(fd);
	fd = open_socket(where, a);
	freeaddrinfo(found);
	return fd;
}

static int listen_at(const char *where)
{
	char host[256];
	const char *colon = strrchr(where, ':'), *start = where;
	char *end;
	size_t n;

	if (!colon)
		return bad(where, "there is no port");
	errno = 0;
	if (colon[1] < '0' || colon[1] > '9' ||
	    strtoul(colon + 1, &end, 10) > 65535 || *end || errno)
		return bad(where, "the port is no number from 0 to 65535");
	n = (size_t)(colon - where);
	if (*where == '[') {
		if (n < 3 || colon[-1] != ']')
			return bad(where, "a bracket is not closed");
		start++;
		n -= 2;
	} else if (memchr(where, ':', n)) {
		return bad(where, "an IPv6 address stands in brackets");
	}
	if (n >= sizeof(host))
		return bad(where, "the address is too long");
	memcpy(host, start, n);
	host[n] = '\0';
	return look_up(where, host, colon + 1);
}

/* A listening socket of systemd, -1 without one, -2 for something else. */
static int passed_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int on = 0, type = 0;
	socklen_t size = sizeof(on);

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return -1;
	if (strcmp(fds, "1") ||
	    getsockopt(FIRST_PASSED, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) ||
	    getsockopt(FIRST_PASSED, SOL_SOCKET, SO_TYPE, &type, &size) ||
	    !on || type != SOCK_STREAM) {
		term_error(
			"systemd passed something else than one listening stream socket: see the .socket unit");
		return -2;
	}
	return FIRST_PASSED;
}

int export_listen(const char *where)
{
	int fd = where ? -1 : passed_socket();

	if (fd == -2)
		return -1;
	return fd < 0 ? listen_at(where ? where : EXPORT_LISTEN) : fd;
}
