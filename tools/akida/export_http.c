// SPDX-License-Identifier: GPL-2.0
/*
 * akida export: the server. One thread, libmicrohttpd's sockets in an epoll set
 * that is waited for here, together with signals. What a client can take is
 * bounded: memory, connections, and time for a request as a whole, which
 * libmicrohttpd's own limit (time without a byte) does not bound.
 */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if HAVE_LIBMICROHTTPD
#include <microhttpd.h>
#endif

#include "common/clock.h"
#include "export.h"
#include "term.h"
#include "tool.h"

#if HAVE_LIBMICROHTTPD

#define CONNECTIONS 64
#define CONNECTION_MEMORY 16384
/* When all connections are taken, who has had one so long makes room. */
#define CROWDED_SECONDS 1
#define NS_PER_S 1000000000ULL

/**
 * struct client - a connection
 * @fd: its socket, -1 while the slot is free
 * @since: when it began or its last answer was sent, nanoseconds
 */
struct client {
	int fd;
	uint64_t since;
};

/**
 * struct server - all of it
 * @daemon: of libmicrohttpd
 * @processes: for export_metrics()
 * @timeout: seconds for a request
 * @clients: slots
 * @connected: slots that are taken
 * @ended: a connection has; only a further call of MHD_run() takes new ones
 *	after their number was at its limit
 */
struct server {
	struct MHD_Daemon *daemon;
	bool processes;
	unsigned int timeout;
	struct client clients[CONNECTIONS];
	unsigned int connected;
	bool ended;
};

static const char page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head><meta charset=\"utf-8\"><title>akida export</title></head>\n"
	"<body>\n"
	"<h1>akida export " AKIDA_VERSION "</h1>\n"
	"<p>Metrics of the BrainChip Akida boards of this machine, for "
	"Prometheus: <a href=\"/metrics\">/metrics</a>.</p>\n"
	"<p>In OpenMetrics 1.0.0 for clients that ask for it, else in "
	"Prometheus' text format. What they mean: akida-export(1).</p>\n"
	"</body>\n"
	"</html>\n";

static const char not_found[] = "Not found. Metrics are at /metrics.\n";
static const char not_allowed[] = "Only GET and HEAD are answered.\n";
static const char no_memory[] = "Out of memory.\n";

/* ------------------------------------------------------------------ answers */

static enum MHD_Result send_response(struct MHD_Connection *c,
				     unsigned int status, const char *type,
				     struct MHD_Response *r)
{
	enum MHD_Result rc;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned int status,
				 const char *type, const char *text)
{
	return send_response(
		c, status, type,
		MHD_create_response_from_buffer(strlen(text), (void *)text,
						MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_metrics(struct server *s, struct MHD_Connection *c)
{
	enum export_format format =
		export_negotiate(MHD_lookup_connection_value(
			c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
	struct MHD_Response *r;
	struct ak_buf b = { 0 };

	export_metrics(&b, format, s->processes);
	if (b.failed) {
		ak_buf_clear(&b);
		return send_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR,
				 "text/plain", no_memory);
	}
	r = MHD_create_response_from_buffer(b.size, b.data,
					    MHD_RESPMEM_MUST_FREE);
	if (!r) {
		ak_buf_clear(&b);
		return MHD_NO;
	}
	MHD_add_response_header(r, MHD_HTTP_HEADER_VARY, "Accept");
	return send_response(c, MHD_HTTP_OK, export_content_type(format), r);
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *c,
			      const char *url, const char *method,
			      const char *version, const char *body,
			      size_t *body_size, void **state)
{
	static int begun;

	(void)version;
	(void)body;
	if (strcmp(method, MHD_HTTP_METHOD_GET) &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD))
		return send_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain",
				 not_allowed);
	/* Nobody needs to send anything: the connection is closed. */
	if (*body_size)
		return MHD_NO;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (!strcmp(url, "/metrics"))
		return send_metrics(arg, c);
	if (!strcmp(url, "/"))
		return send_text(c, MHD_HTTP_OK, "text/html; charset=utf-8",
				 page);
	return send_text(c, MHD_HTTP_NOT_FOUND, "text/plain", not_found);
}

/* -------------------------------------------------------------- connections */

static void notice(void *arg, struct MHD_Connection *c, void **context,
		   enum MHD_ConnectionNotificationCode code)
{
	struct server *s = arg;
	struct client *slot = *context;
	unsigned int i;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		/* Before its number can be another file's. */
		if (slot) {
			slot->fd = -1;
			s->connected--;
			s->ended = true;
		}
		return;
	}
	for (i = 0; i < CONNECTIONS; i++)
		if (s->clients[i].fd < 0)
			break;
	if (i == CONNECTIONS)
		return;
	slot = &s->clients[i];
	slot->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)
			   ->connect_fd;
	slot->since = ak_now_ns();
	s->connected++;
	*context = slot;
}

static void completed(void *arg, struct MHD_Connection *c, void **state,
		      enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	(void)arg;
	(void)state;
	(void)why;
	if (info && info->socket_context)
		((struct client *)info->socket_context)->since = ak_now_ns();
}

/* Those that take too long; libmicrohttpd sees that they are gone. */
static void end_slow(struct server *s)
{
	unsigned int allowed =
		s->connected == CONNECTIONS ? CROWDED_SECONDS : s->timeout;
	uint64_t time = ak_now_ns();
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++)
		if (s->clients[i].fd >= 0 &&
		    time - s->clients[i].since > allowed * NS_PER_S)
			shutdown(s->clients[i].fd, SHUT_RDWR);
}

/* --------------------------------------------------------------------- loop */

static int pause_ms(const struct server *s)
{
	MHD_UNSIGNED_LONG_LONG left;

	/* end_slow() looks twice a second while there is somebody. */
	if (MHD_get_timeout(s->daemon, &left) != MHD_YES)
		return s->connected ? 500 : -1;
	return left < 500 ? (int)left : 500;
}

static int loop(struct server *s, int signals)
{
	struct pollfd p[2] = { { .events = POLLIN },
			       { .fd = signals, .events = POLLIN } };

	p[0].fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			  ->epoll_fd;
	for (;;) {
		int pause = s->ended ? 0 : pause_ms(s);

		s->ended = false;
		if (poll(p, ARRAY_SIZE(p), pause) < 0 && errno != EINTR) {
			term_error("cannot wait for requests: %s",
				   strerror(errno));
			return TOOL_FAILED;
		}
		if (p[1].revents)
			return TOOL_OK;
		MHD_run(s->daemon);
		end_slow(s);
	}
}

static void say_where(int socket)
{
	struct sockaddr_storage a;
	socklen_t size = sizeof(a);
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool v6;

	if (getsockname(socket, (struct sockaddr *)&a, &size) ||
	    getnameinfo((struct sockaddr *)&a, size, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
		puts("listening");
	} else {
		v6 = a.ss_family == AF_INET6;
		printf("listening on http://%s%s%s:%s/metrics\n", v6 ? "[" : "",
		       host, v6 ? "]" : "", port);
	}
	fflush(stdout);
}

int export_serve(int socket, int signals, unsigned int timeout, bool processes)
{
	struct server s = { .processes = processes, .timeout = timeout };
	unsigned int i;
	int rc;

	for (i = 0; i < CONNECTIONS; i++)
		s.clients[i].fd = -1;
	s.daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, answer, &s,
		MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
		timeout, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, notice,
		&s, MHD_OPTION_NOTIFY_COMPLETED, completed, &s, MHD_OPTION_END);
	if (!s.daemon) {
		term_error("cannot start the server: %s", strerror(errno));
		close(socket);
		return TOOL_FAILED;
	}
	say_where(socket);
	rc = loop(&s, signals);
	MHD_stop_daemon(s.daemon);
	return rc;
}

#else

int export_serve(int socket, int signals, unsigned int timeout, bool processes)
{
	(void)signals;
	(void)timeout;
	(void)processes;
	close(socket);
	term_error(
		"this akida was built without libmicrohttpd, which answers requests: install libmicrohttpd-dev and build it again, or use --textfile");
	return TOOL_FAILED;
}

#endif
