/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of "akida export": what all boards say as text for Prometheus, and who
 * gets it.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdbool.h>

#include "common/buf.h"

/* Of no other exporter that is known; above those that Prometheus' list has. */
#define EXPORT_LISTEN "127.0.0.1:10150"
#define EXPORT_TIMEOUT 30

/**
 * enum export_format - two ways to write the same
 * @EXPORT_TEXT: Prometheus' text format 0.0.4, which node_exporter reads, too
 * @EXPORT_OPENMETRICS: OpenMetrics 1.0.0
 */
enum export_format {
	EXPORT_TEXT,
	EXPORT_OPENMETRICS,
};

/**
 * export_metrics() - what all boards say at this moment
 * @out: empty; @out->failed afterwards if memory ran out
 * @format: how to write it
 * @processes: of processes that have boards open, too
 *
 * Opens no board and wakes none. What a board does not tell is left out, and so
 * is a board that goes meanwhile.
 */
void export_metrics(struct ak_buf *out, enum export_format format,
		    bool processes);

/**
 * export_negotiate() - the format that a client asks for
 * @accept: its Accept header, or NULL
 *
 * Return: EXPORT_OPENMETRICS if it is named there and liked as much as text;
 * ranges ("*", "text") stand for text.
 */
enum export_format export_negotiate(const char *accept);

/**
 * export_content_type() - a format's name for HTTP
 * @format: which
 *
 * Return: a value for Content-Type.
 */
const char *export_content_type(enum export_format format);

/**
 * export_listen() - a socket that listens, after errors were printed
 * @where: "ADDRESS:PORT", "[IPV6]:PORT", ":PORT" for all addresses; NULL for
 *	the socket that systemd passed or, without one, EXPORT_LISTEN
 *
 * Return: a file descriptor, -1 after an error was printed.
 */
int export_listen(const char *where);

/**
 * export_serve() - answer requests until a signal comes
 * @socket: of export_listen(); closed at the end
 * @signals: a signalfd; anything there ends it
 * @timeout: seconds that a client has for a request
 * @processes: for export_metrics()
 *
 * Prints where it listens on stdout.
 *
 * Return: an exit code.
 */
int export_serve(int socket, int signals, unsigned int timeout, bool processes);

#endif /* EXPORT_H */
