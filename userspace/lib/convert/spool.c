// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int ak_spools_init(struct ak_spools *s, const char *path, size_t limit)
{
	const char *slash = strrchr(path, '/');

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->limit = limit;
	s->folder = slash ? strndup(path, (size_t)(slash - path) + 1) :
			    strdup("./");
	return s->folder ? 0 : -ENOMEM;
}

void ak_spools_end(struct ak_spools *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->folder);
	s->folder = NULL;
	s->fd = -1;
}

static int open_file(struct ak_spools *s, struct ak_err *err)
{
	char *name;

	s->fd = open(s->folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (s->fd >= 0)
		return 0;
	if (asprintf(&name, "%s.akida-spool-XXXXXX", s->folder) < 0)
		return ak_errf(err, -ENOMEM, "no memory for a name");
	s->fd = mkostemp(name, O_CLOEXEC);
	if (s->fd >= 0)
		unlink(name);
	free(name);
	if (s->fd < 0)
		return ak_errf(err, -errno,
			       "%s: cannot make a temporary file: %s",
			       s->folder, strerror(errno));
	return 0;
}

static int to_file(struct ak_spools *s, const uint8_t *data, size_t size,
		   struct ak_err *err)
{
	int rc = s->fd < 0 ? open_file(s, err) : 0;

	if (rc)
		return rc;
	while (size) {
		ssize_t n = pwrite(s->fd, data, size, (off_t)s->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ak_errf(err, -errno,
				       "%s: cannot write a temporary file: %s",
				       s->folder, strerror(errno));
		s->end += (uint64_t)n;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int ak_spool_add(struct ak_spools *s, struct ak_spool *p, const void *data,
		 size_t size, size_t raw, uint32_t crc, struct ak_err *err)
{
	struct ak_spool_chunk *c;
	int rc;

	if (!size)
		return 0;
	if (p->chunks == p->room) {
		size_t room = p->room ? p->room * 2 : 8;

		c = reallocarray(p->chunk, room, sizeof(*c));
		if (!c)
			return ak_errf(err, -ENOMEM, "no memory for a spool");
		p->chunk = c;
		p->room = room;
	}
	c = &p->chunk[p->chunks];
	c->data = NULL;
	c->size = size;
	c->raw = raw;
	c->crc = crc;
	if (size <= s->limit - s->used)
		c->data = malloc(size);
	if (c->data) {
		memcpy(c->data, data, size);
		s->used += size;
	} else {
		c->offset = s->end;
		rc = to_file(s, data, size, err);
		if (rc)
			return rc;
	}
	p->chunks++;
	return 0;
}

static int from_file(struct ak_spools *s, const struct ak_spool_chunk *c,
		     uint8_t *to, struct ak_err *err)
{
	size_t done = 0;

	while (done < c->size) {
		ssize_t n = pread(s->fd, to + done, c->size - done,
				  (off_t)(c->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ak_errf(err, n ? -errno : -EIO,
				       "%s: cannot read a temporary file: %s",
				       s->folder,
				       n ? strerror(errno) : "it is too short");
		done += (size_t)n;
	}
	return 0;
}

int ak_spool_drain(struct ak_spools *s, struct ak_spool *p,
		   int (*fn)(void *arg, const void *data, size_t size,
			     size_t raw, uint32_t crc, struct ak_err *err),
		   void *arg, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < p->chunks; i++) {
		struct ak_spool_chunk *c = &p->chunk[i];
		uint8_t *buffer = NULL;

		if (!c->data) {
			buffer = malloc(c->size);
			if (!buffer)
				return ak_errf(err, -ENOMEM,
					       "no memory for a spool");
			rc = from_file(s, c, buffer, err);
		}
		if (!rc)
			rc = fn(arg, c->data ? c->data : buffer, c->size,
				c->raw, c->crc, err);
		free(buffer);
	}
	if (!rc)
		ak_spool_free(s, p);
	return rc;
}

void ak_spool_free(struct ak_spools *s, struct ak_spool *p)
{
	size_t i;

	for (i = 0; i < p->chunks; i++)
		if (p->chunk[i].data) {
			s->used -= p->chunk[i].size;
			free(p->chunk[i].data);
		}
	free(p->chunk);
	memset(p, 0, sizeof(*p));
}
