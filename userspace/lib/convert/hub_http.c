// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * HTTP by libcurl. The token goes to the hub's own host only: libcurl drops a
 * bearer token when a redirect leads to another one, as downloads do.
 */
#include "convert/hub_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/file.h"

#define ENDPOINT "https://huggingface.co"

#if HAVE_LIBCURL
#include <curl/curl.h>
#include <pthread.h>

#define MAX_TOKEN 512
#define CONNECT_TIMEOUT_S 30L
/* Slower than this for that long is a connection that broke off. */
#define LOW_SPEED 100L
#define LOW_SPEED_S 60L
#define MAX_REDIRECTS 10L

struct ak_hub_http {
	CURL *curl;
	char *endpoint, *token;
	char message[CURL_ERROR_SIZE];
};

/* One request, while it runs. */
struct request {
	struct ak_hub_http *h;
	const struct ak_hub_sink *sink;
	uint64_t from;
	bool checked, unasked;
	int error;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool is_set(const char *variable)
{
	const char *v = getenv(variable);

	return v && *v && strcmp(v, "0") && strcasecmp(v, "false") &&
	       strcasecmp(v, "off") && strcasecmp(v, "no");
}

/* A token is a word: a line break in it would be a header of its own. */
static char *clean_token(const char *text, size_t size)
{
	char *token;
	size_t i;

	while (size && (text[size - 1] == '\n' || text[size - 1] == '\r' ||
			text[size - 1] == ' '))
		size--;
	for (i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return NULL;
	token = size && size < MAX_TOKEN ? strndup(text, size) : NULL;
	return token;
}

/* HF_TOKEN, or the file in which the hub's tools keep it. */
static char *find_token(void)
{
	const char *token = getenv("HF_TOKEN"), *file = getenv("HF_TOKEN_PATH");
	const char *home = getenv("HF_HOME"), *user = getenv("HOME");
	uint8_t *data;
	char *path = NULL, *found = NULL;
	size_t size;
	int n;

	if (token && *token)
		return clean_token(token, strlen(token));
	if (file && *file)
		n = asprintf(&path, "%s", file);
	else if (home && *home)
		n = asprintf(&path, "%s/token", home);
	else
		n = asprintf(&path, "%s/.cache/huggingface/token",
			     user ? user : "");
	if (n >= 0 && !ak_file_read(path, MAX_TOKEN, &data, &size, NULL)) {
		found = clean_token((const char *)data, size);
		free(data);
	}
	if (n >= 0)
		free(path);
	return found;
}

int ak_hub_http_new(struct ak_hub_http **out, struct ak_err *err)
{
	const char *endpoint = getenv("HF_ENDPOINT");
	struct ak_hub_http *h;
	size_t n;

	*out = NULL;
	if (is_set("HF_HUB_OFFLINE"))
		return ak_errf(
			err, -ENETUNREACH,
			"HF_HUB_OFFLINE is set: nothing is fetched; unset it to use the network");
	if (!endpoint || !*endpoint)
		endpoint = ENDPOINT;
	if (strncmp(endpoint, "https://", 8) && strncmp(endpoint, "http://", 7))
		return ak_errf(
			err, -EINVAL,
			"HF_ENDPOINT is '%s'; it must begin with https:// or http://",
			endpoint);
	pthread_once(&once, init);
	h = calloc(1, sizeof(*h));
	if (h) {
		h->endpoint = strdup(endpoint);
		h->curl = curl_easy_init();
	}
	if (!h || !h->endpoint || !h->curl) {
		ak_hub_http_free(h);
		return ak_errf(err, -ENOMEM, "no memory for a connection");
	}
	n = strlen(h->endpoint);
	while (n && h->endpoint[n - 1] == '/')
		h->endpoint[--n] = 0;
	h->token = find_token();
	*out = h;
	return 0;
}

void ak_hub_http_free(struct ak_hub_http *h)
{
	if (!h)
		return;
	if (h->curl)
		curl_easy_cleanup(h->curl);
	free(h->endpoint);
	free(h->token);
	free(h);
}

const char *ak_hub_http_endpoint(const struct ak_hub_http *h)
{
	return h->endpoint;
}

char *ak_hub_http_escape(struct ak_hub_http *h, const char *text)
{
	char *escaped = curl_easy_escape(h->curl, text, 0), *copy;

	copy = escaped ? strdup(escaped) : NULL;
	curl_free(escaped);
	return copy;
}

static size_t take(char *data, size_t size, size_t count, void *arg)
{
	struct request *r = arg;
	long status = 0;

	/* Bodies of errors and redirects are nobody's data. */
	curl_easy_getinfo(r->h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206)
		return size * count;
	if (!r->checked) {
		r->checked = true;
		if (r->from && status == 200 && r->sink->restart)
			r->error = r->sink->restart(r->sink->arg);
		r->unasked = status == 206 && !r->from;
	}
	if (r->unasked)
		return 0;
	if (!r->error)
		r->error = r->sink->write(r->sink->arg, data, size * count);
	return r->error ? 0 : size * count;
}

static int look(void *arg, curl_off_t total, curl_off_t done, curl_off_t up,
		curl_off_t upped)
{
	struct request *r = arg;

	(void)total;
	(void)done;
	(void)up;
	(void)upped;
	return r->sink->progress && r->sink->progress(r->sink->arg);
}

static int network_error(const struct ak_hub_http *h, CURLcode code,
			 const char *what, struct ak_err *err)
{
	const char *text =
		h->message[0] ? h->message : curl_easy_strerror(code);

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return ak_errf(
			err, -ENETUNREACH,
			"%s cannot be reached: %s; without a network, put the model's files into a folder and convert that",
			h->endpoint, text);
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return ak_errf(
			err, -EAGAIN,
			"%s: the connection broke off: %s; run the command again, it goes on where it stopped",
			what, text);
	case CURLE_OUT_OF_MEMORY:
		return ak_errf(err, -ENOMEM, "no memory for %s", what);
	default:
		return ak_errf(err, -EIO, "%s: %s", what, text);
	}
}

static int status_error(const struct ak_hub_http *h, long status,
			const char *what, struct ak_err *err)
{
	switch (status) {
	case 401:
	case 403:
		if (!h->token)
			return ak_errf(
				err, -EACCES,
				"%s requires an access token: set HF_TOKEN (make one at %s/settings/tokens), and accept the model's terms on its page if it has any",
				what, h->endpoint);
		return ak_errf(
			err, -EACCES,
			"%s: the hub refuses the access token: check HF_TOKEN, and accept the model's terms on its page",
			what);
	case 404:
		return ak_errf(err, -ENOENT,
			       "%s has no %s; check the name and the revision",
			       h->endpoint, what);
	case 416:
		return ak_errf(
			err, -ERANGE,
			"%s: the hub has fewer bytes than were fetched before",
			what);
	case 408:
	case 429:
	case 500 ... 599:
		return ak_errf(
			err, -EAGAIN,
			"%s: the hub answers with status %ld; try again later",
			what, status);
	default:
		return ak_errf(err, -EBADMSG,
			       "%s: the hub answers with status %ld", what,
			       status);
	}
}

static int perform(struct ak_hub_http *h, const char *path, const char *what,
		   uint64_t from, const struct ak_hub_sink *sink,
		   struct ak_err *err)
{
	struct request r = { .h = h, .sink = sink, .from = from };
	char *url;
	long status = 0;
	CURLcode code;

	if (asprintf(&url, "%s%s", h->endpoint, path) < 0)
		return ak_errf(err, -ENOMEM, "no memory for %s", what);
	curl_easy_reset(h->curl);
	h->message[0] = 0;
	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->message);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "akida/" AKIDA_VERSION);
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(h->curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "https,http");
	/* A redirect may not take a request out of encryption. */
	curl_easy_setopt(h->curl, CURLOPT_REDIR_PROTOCOLS_STR,
			 strncmp(h->endpoint, "https", 5) ? "https,http" :
							    "https");
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED);
	curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &r);
	curl_easy_setopt(h->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFOFUNCTION, look);
	curl_easy_setopt(h->curl, CURLOPT_XFERINFODATA, &r);
	if (from)
		curl_easy_setopt(h->curl, CURLOPT_RESUME_FROM_LARGE,
				 (curl_off_t)from);
	if (h->token) {
		curl_easy_setopt(h->curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		curl_easy_setopt(h->curl, CURLOPT_XOAUTH2_BEARER, h->token);
	}
	code = curl_easy_perform(h->curl);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	free(url);
	/* Its sentence is the sink's. */
	if (r.error)
		return r.error;
	if (r.unasked)
		return ak_errf(err, -EBADMSG,
			       "%s: the hub sent a part that nobody asked for",
			       what);
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return ak_errf(err, -ECANCELED, "%s: cancelled", what);
	/* libcurl takes a server that has no ranges for an error of its own. */
	if (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME)
		return ak_errf(err, -ERANGE,
			       "%s: the hub cannot go on in the middle", what);
	if (code)
		return network_error(h, code, what, err);
	if (status != 200 && status != 206)
		return status_error(h, status, what, err);
	return 0;
}

struct small {
	struct ak_buf *body;
	size_t limit;
};

static int add_small(void *arg, const void *data, size_t size)
{
	struct small *s = arg;

	if (size > s->limit - s->body->size)
		return -EFBIG;
	ak_buf_add(s->body, data, size);
	return s->body->failed ? -ENOMEM : 0;
}

int ak_hub_http_get(struct ak_hub_http *h, const char *path, const char *what,
		    size_t limit, struct ak_buf *body, struct ak_err *err)
{
	struct small s = { body, limit };
	struct ak_hub_sink sink = { .write = add_small, .arg = &s };
	int rc = perform(h, path, what, 0, &sink, err);

	if (rc == -EFBIG)
		return ak_errf(err, -EBADMSG,
			       "%s: the hub's answer has more than %zu bytes",
			       what, limit);
	return rc;
}

int ak_hub_http_download(struct ak_hub_http *h, const char *path,
			 const char *what, uint64_t from,
			 const struct ak_hub_sink *sink, struct ak_err *err)
{
	return perform(h, path, what, from, sink, err);
}
#endif
