// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of a model into the hub's cache: blobs/DIGEST has the bytes, and
 * snapshots/COMMIT/NAME is a symbolic link to it.
 */
#include "convert/hub_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "convert/hub_cache.h"
#include "convert/hub_http.h"

#if HAVE_LIBCURL && HAVE_NETTLE

#define MAX_LIST (16u << 20)
#define TRIES 5
#define PIECE (1u << 20)

/**
 * struct fetch - a download
 * @http: connection
 * @repo: ORG/MODEL
 * @folder: the model's in the cache
 * @list: what to fetch
 * @progress: the caller's
 * @arg: handed to it
 * @before: bytes of files that are finished
 * @err: error text
 */
struct fetch {
	struct ak_hub_http *http;
	const char *repo;
	char *folder;
	struct ak_hub_list list;
	ak_hub_progress progress;
	void *arg;
	uint64_t before;
	struct ak_err *err;
};

/* One file on its way. */
struct file {
	struct fetch *f;
	const struct ak_hub_file *want;
	const char *path;
	int fd;
	uint64_t done;
};

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory to fetch a model");
}

/* Makes a folder and those above it, as far as they are not there. */
static int make_folders(const char *path, struct ak_err *err)
{
	char *copy = strdup(path), *p;
	int rc = 0;

	if (!copy)
		return no_memory(err);
	for (p = copy + 1; !rc; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0777) && errno != EEXIST)
			rc = ak_errf(err, -errno, "%s: %s", copy,
				     strerror(errno));
		*p = c;
		if (!c)
			break;
	}
	free(copy);
	return rc;
}

static int say(const struct file *x)
{
	const struct fetch *f = x->f;

	return f->progress &&
	       f->progress(f->arg, f->before + x->done, f->list.total);
}

static int sink_write(void *arg, const void *data, size_t size)
{
	struct file *x = arg;
	const uint8_t *p = data;

	if (size > x->want->size - x->done)
		return ak_errf(x->f->err, -EBADMSG,
			       "%s: the hub sends more than the %" PRIu64
			       " bytes that it stated",
			       x->want->name, x->want->size);
	while (size) {
		ssize_t n = write(x->fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ak_errf(x->f->err, n ? -errno : -EIO, "%s: %s",
				       x->path, strerror(n ? errno : EIO));
		p += n;
		size -= (size_t)n;
		x->done += (uint64_t)n;
	}
	return 0;
}

static int sink_restart(void *arg)
{
	struct file *x = arg;

	x->done = 0;
	if (ftruncate(x->fd, 0) || lseek(x->fd, 0, SEEK_SET) < 0)
		return ak_errf(x->f->err, -errno, "%s: %s", x->path,
			       strerror(errno));
	return 0;
}

static int sink_progress(void *arg)
{
	return say(arg);
}

static char *url_path(struct fetch *f, const char *name)
{
	char *escaped = ak_hub_http_escape(f->http, name), *path = NULL;

	if (escaped && asprintf(&path, "/%s/resolve/%s/%s", f->repo,
				f->list.commit, escaped) < 0)
		path = NULL;
	free(escaped);
	return path;
}

/* Whether what is there is the file that the hub stated. */
static int check(struct file *x)
{
	struct ak_hub_digest *d =
		ak_hub_digest_new(x->want->digest, x->want->size);
	uint8_t *piece = malloc(PIECE);
	uint64_t at = 0;
	ssize_t n = 0;
	int rc = d && piece ? 0 : no_memory(x->f->err);

	while (!rc && (n = pread(x->fd, piece, PIECE, (off_t)at)) > 0) {
		ak_hub_digest_add(d, piece, (size_t)n);
		at += (uint64_t)n;
	}
	free(piece);
	if (!ak_hub_digest_end(d) && !rc)
		rc = n < 0 ? ak_errf(x->f->err, -errno, "%s: %s", x->path,
				     strerror(errno)) :
			     ak_errf(x->f->err, -EBADMSG,
				     "%s: what came has not the digest %s that the hub states; it was thrown away, fetch it again",
				     x->want->name, x->want->digest);
	return rc;
}

static void wait_a_little(unsigned int try)
{
	struct timespec t = { .tv_nsec = 200000000L };
	unsigned int i;

	for (i = 0; i < 1u << try; i++)
		nanosleep(&t, NULL);
}

/* Goes on where an earlier attempt stopped, a few times if need be. */
static int download(struct file *x)
{
	struct ak_hub_sink sink = { sink_write, sink_restart, sink_progress,
				    x };
	char *path = url_path(x->f, x->want->name);
	unsigned int try = 0;
	uint64_t before;
	int rc = path ? 0 : no_memory(x->f->err);

	while (!rc && x->done < x->want->size) {
		before = x->done;
		rc = ak_hub_http_download(x->f->http, path, x->want->name,
					  x->done, &sink, x->f->err);
		if (!rc && x->done < x->want->size)
			rc = ak_errf(
				x->f->err, -EAGAIN,
				"%s: the hub sent %" PRIu64 " of %" PRIu64
				" bytes; run the command again, it goes on where it stopped",
				x->want->name, x->done, x->want->size);
		if (rc == -ERANGE && before)
			rc = sink_restart(x);
		/* Something came: that is no try. */
		if (rc == -EAGAIN && x->done > before)
			try = 0;
		if (rc == -EAGAIN && try < TRIES) {
			wait_a_little(try++);
			rc = 0;
		}
	}
	free(path);
	return rc;
}

static int finish(struct file *x, const char *blob)
{
	int rc = check(x);

	if (rc) {
		unlink(x->path);
		return rc;
	}
	if (fsync(x->fd) || rename(x->path, blob))
		return ak_errf(x->f->err, -errno, "%s: %s", blob,
			       strerror(errno));
	return 0;
}

/* blobs/DIGEST, whole and checked, or not at all. */
static int fetch_blob(struct fetch *f, const struct ak_hub_file *want,
		      const char *blob)
{
	struct file x = { .f = f, .want = want, .fd = -1 };
	struct stat st;
	char *path;
	int rc = 0;

	if (!stat(blob, &st) && (uint64_t)st.st_size == want->size)
		return 0;
	if (asprintf(&path, "%s.incomplete", blob) < 0)
		return no_memory(f->err);
	x.path = path;
	x.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (x.fd < 0 || flock(x.fd, LOCK_EX | LOCK_NB))
		rc = ak_errf(f->err, errno == EWOULDBLOCK ? -EBUSY : -errno,
			     "%s: %s", path,
			     errno == EWOULDBLOCK ?
				     "another process is fetching it" :
				     strerror(errno));
	if (!rc) {
		off_t end = lseek(x.fd, 0, SEEK_END);

		x.done = end < 0 ? 0 : (uint64_t)end;
		if (end < 0 || x.done > want->size)
			rc = sink_restart(&x);
	}
	if (!rc)
		rc = download(&x);
	if (!rc)
		rc = finish(&x, blob);
	if (x.fd >= 0)
		close(x.fd);
	free(path);
	return rc;
}

static int link_file(struct fetch *f, const struct ak_hub_file *want,
		     const char *snapshot)
{
	char *name, *target;
	int rc = 0;

	if (asprintf(&target, "../../blobs/%s", want->digest) < 0)
		return no_memory(f->err);
	if (asprintf(&name, "%s/%s", snapshot, want->name) < 0) {
		free(target);
		return no_memory(f->err);
	}
	if (symlink(target, name) && errno != EEXIST)
		rc = ak_errf(f->err, -errno, "%s: %s", name, strerror(errno));
	free(name);
	free(target);
	return rc;
}

static int get_list(struct fetch *f, const char *revision)
{
	char *escaped = ak_hub_http_escape(f->http, revision), *path = NULL;
	char *what = NULL;
	struct ak_buf body = { 0 };
	int rc = 0;

	if (!escaped ||
	    asprintf(&path, "/api/models/%s/revision/%s?blobs=true", f->repo,
		     escaped) < 0 ||
	    asprintf(&what, "model %s (revision %s)", f->repo, revision) < 0)
		rc = no_memory(f->err);
	if (!rc)
		rc = ak_hub_http_get(f->http, path, what, MAX_LIST, &body,
				     f->err);
	if (!rc)
		rc = ak_hub_parse_list((const char *)body.data, body.size,
				       &f->list, f->err);
	ak_buf_clear(&body);
	free(escaped);
	free(path);
	free(what);
	return rc;
}

/* Where a branch or tag is now; a commit needs no such file. */
static int write_ref(struct fetch *f, const char *revision)
{
	char *path, *slash;
	int rc;

	if (!strcmp(revision, f->list.commit))
		return 0;
	if (asprintf(&path, "%s/refs/%s", f->folder, revision) < 0)
		return no_memory(f->err);
	slash = strrchr(path, '/');
	*slash = 0;
	rc = make_folders(path, f->err);
	*slash = '/';
	if (!rc)
		rc = ak_file_write(path, f->list.commit, strlen(f->list.commit),
				   f->err);
	free(path);
	return rc;
}

static char *blob_path(const struct fetch *f, const struct ak_hub_file *want)
{
	char *path;

	return asprintf(&path, "%s/blobs/%s", f->folder, want->digest) < 0 ?
		       NULL :
		       path;
}

static int fetch_blobs(struct fetch *f)
{
	char *path;
	size_t i;
	int rc;

	if (asprintf(&path, "%s/blobs", f->folder) < 0)
		return no_memory(f->err);
	rc = make_folders(path, f->err);
	free(path);
	for (i = 0; i < f->list.count && !rc; i++) {
		path = blob_path(f, &f->list.file[i]);
		rc = path ? fetch_blob(f, &f->list.file[i], path) :
			    no_memory(f->err);
		f->before += f->list.file[i].size;
		free(path);
	}
	return rc;
}

/* All files are there: now the revision has a folder. */
static int link_all(struct fetch *f, char **result)
{
	char *folder;
	size_t i;
	int rc;

	if (asprintf(&folder, "%s/snapshots/%s", f->folder, f->list.commit) < 0)
		return no_memory(f->err);
	rc = make_folders(folder, f->err);
	for (i = 0; i < f->list.count && !rc; i++)
		rc = link_file(f, &f->list.file[i], folder);
	if (rc)
		free(folder);
	else
		*result = folder;
	return rc;
}

int ak_hub_fetch(const char *name, const char *revision,
		 ak_hub_progress progress, void *arg, char **path,
		 struct ak_err *err)
{
	struct fetch f = { .progress = progress, .arg = arg, .err = err };
	int rc;

	*path = NULL;
	f.repo = ak_hub_repo(name);
	if (!revision)
		revision = "main";
	if (!f.repo || !ak_hub_is_revision(revision))
		return ak_errf(
			err, -EINVAL,
			"'%s' (revision '%s') cannot be a model on the hub: it takes ORG/MODEL",
			name, revision);
	rc = ak_hub_repo_folder(f.repo, &f.folder, err);
	if (!rc)
		rc = ak_hub_http_new(&f.http, err);
	if (!rc)
		rc = get_list(&f, revision);
	if (!rc)
		rc = fetch_blobs(&f);
	if (!rc)
		rc = link_all(&f, path);
	if (!rc)
		rc = write_ref(&f, revision);
	if (!rc && progress)
		progress(arg, f.list.total, f.list.total);
	if (rc) {
		free(*path);
		*path = NULL;
	}
	/* What can be tried again has been. */
	if (rc == -EAGAIN)
		rc = -EIO;
	ak_hub_list_free(&f.list);
	ak_hub_http_free(f.http);
	free(f.folder);
	return rc;
}
#else
int ak_hub_fetch(const char *name, const char *revision,
		 ak_hub_progress progress, void *arg, char **path,
		 struct ak_err *err)
{
	(void)name;
	(void)revision;
	(void)progress;
	(void)arg;
	*path = NULL;
	return ak_errf(
		err, -ENOTSUP,
		"this build cannot download: it was made without libcurl and nettle (packages libcurl4-gnutls-dev and nettle-dev)");
}
#endif
