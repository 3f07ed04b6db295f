/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to the hub, by libcurl.
 */
#ifndef AK_HUB_HTTP_H
#define AK_HUB_HTTP_H

#include "common/buf.h"
#include "common/err.h"
#include "convert/hub_fetch.h"

/**
 * struct ak_hub_http - a connection to the hub; opaque
 */
struct ak_hub_http;

/**
 * ak_hub_http_new() - prepare
 * @out: where to put it
 * @err: error text
 *
 * Return: 0, -ENETUNREACH with HF_HUB_OFFLINE, -EINVAL for an HF_ENDPOINT
 * that is no URL, -ENOMEM.
 */
int ak_hub_http_new(struct ak_hub_http **out, struct ak_err *err);

/**
 * ak_hub_http_free() - give it back
 * @h: or NULL
 */
void ak_hub_http_free(struct ak_hub_http *h);

/**
 * ak_hub_http_endpoint() - the hub's URL
 * @h: connection
 *
 * Return: without a slash at its end.
 */
const char *ak_hub_http_endpoint(const struct ak_hub_http *h);

/**
 * ak_hub_http_get() - a small answer as a whole
 * @h: connection
 * @path: below the endpoint, encoded
 * @what: what is asked for, for messages
 * @limit: most bytes
 * @body: bytes are appended to it
 * @err: error text; says what to do
 *
 * Return: 0, or as ak_hub_fetch().
 */
int ak_hub_http_get(struct ak_hub_http *h, const char *path, const char *what,
		    size_t limit, struct ak_buf *body, struct ak_err *err);

/**
 * struct ak_hub_sink - where a large answer goes
 * @write: takes bytes; 0 or a negative errno, which ends the request
 * @restart: the answer is the whole file, not the rest: forget what there is
 * @progress: called now and then with bytes of this request; other than 0
 *	cancels
 * @arg: handed to all
 */
struct ak_hub_sink {
	int (*write)(void *arg, const void *data, size_t size);
	int (*restart)(void *arg);
	int (*progress)(void *arg);
	void *arg;
};

/**
 * ak_hub_http_download() - a file
 * @h: connection
 * @path: below the endpoint, encoded
 * @what: its name, for messages
 * @from: byte to begin with
 * @sink: where it goes
 * @err: error text; says what to do
 *
 * Return: 0; -EAGAIN if the connection broke off and trying again may help;
 * or as ak_hub_fetch().
 */
int ak_hub_http_download(struct ak_hub_http *h, const char *path,
			 const char *what, uint64_t from,
			 const struct ak_hub_sink *sink, struct ak_err *err);

/**
 * ak_hub_http_escape() - encode a part of a URL
 * @h: connection
 * @text: a name
 *
 * Return: for free(), NULL without memory.
 */
char *ak_hub_http_escape(struct ak_hub_http *h, const char *text);

#endif /* AK_HUB_HTTP_H */
