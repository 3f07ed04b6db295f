// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/map.h"
#include "common/xxh64.h"

#define TRIES 100
#define JOURNAL ".akida-journal"
#define JOURNAL_LIMIT (16u << 20)

static int sys_err(struct ak_err *err, const char *path, const char *what)
{
	int code = errno;

	return ak_errf(err, -code, "%s: cannot %s: %s", path, what,
		       strerror(code));
}

int ak_target_init(struct ak_target *t, const char *out, struct ak_err *err)
{
	size_t n = strlen(out);

	t->folder = NULL;
	t->lock = -1;
	while (n > 1 && out[n - 1] == '/')
		n--;
	if (!n)
		return ak_errf(err, -EINVAL, "the name of the output is empty");
	t->out = strndup(out, n);
	return t->out ? 0 : ak_errf(err, -ENOMEM, "no memory for a name");
}

static bool is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return false;
	while (empty && (e = readdir(d)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

/* A folder that nobody else has, beside the output. */
static int make_temporary(struct ak_target *t, struct ak_err *err)
{
	const char *slash = strrchr(t->out, '/');
	int dir = slash ? (int)(slash - t->out) + 1 : 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		uint64_t id;

		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			continue;
		if (asprintf(&t->folder, "%.*s.akida-%016" PRIx64, dir, t->out,
			     id) < 0) {
			t->folder = NULL;
			return ak_errf(err, -ENOMEM, "no memory for a name");
		}
		if (!mkdir(t->folder, 0777))
			return 0;
		free(t->folder);
		t->folder = NULL;
		if (errno != EEXIST)
			break;
	}
	return sys_err(err, t->out, "make a temporary folder beside it");
}

static int make_partial(struct ak_target *t, struct ak_err *err)
{
	struct stat st;

	if (asprintf(&t->folder, "%s.partial", t->out) < 0) {
		t->folder = NULL;
		return ak_errf(err, -ENOMEM, "no memory for a name");
	}
	if (mkdir(t->folder, 0777) && errno != EEXIST)
		return sys_err(err, t->folder, "make the folder");
	if (lstat(t->folder, &st))
		return sys_err(err, t->folder, "examine");
	if (!S_ISDIR(st.st_mode))
		return ak_errf(
			err, -ENOTDIR,
			"%s: is in the way: the folder with finished files would have this name",
			t->folder);
	t->lock = open(t->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->lock < 0)
		return sys_err(err, t->folder, "open");
	if (flock(t->lock, LOCK_EX | LOCK_NB))
		return ak_errf(
			err, -EBUSY,
			"%s: another conversion is at work in this folder",
			t->folder);
	return 0;
}

int ak_target_folder(struct ak_target *t, struct ak_err *err)
{
	struct stat st;

	if (!stat(t->out, &st)) {
		if (!S_ISDIR(st.st_mode))
			return ak_errf(
				err, -ENOTDIR,
				"%s: is a file, but this format makes a folder",
				t->out);
		if (!t->force && !is_empty(t->out))
			return ak_errf(
				err, -EEXIST,
				"%s: is a folder with something in it; remove it, choose another name or use --force",
				t->out);
	} else if (errno != ENOENT) {
		return sys_err(err, t->out, "write");
	}
	return t->resume ? make_partial(t, err) : make_temporary(t, err);
}

char *ak_target_path(const struct ak_target *t, const char *name)
{
	char *path;

	if (!t->folder || !name)
		return strdup(t->out);
	return asprintf(&path, "%s/%s", t->folder, name) < 0 ? NULL : path;
}

/* What a folder holds is on disk only when the folder itself is. */
static void sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* File systems that cannot do it need not. */
	if (fsync(fd))
		errno = 0;
	close(fd);
}

static void sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *parent =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (parent)
		sync_folder(parent);
	free(parent);
}

/*
 * Waits for files that the disk has been at since they were written. An error
 * of writing that nobody has seen yet is told to whoever opens the file next.
 */
static int sync_files(const struct ak_target *t, struct ak_err *err)
{
	DIR *d = opendir(t->folder);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return sys_err(err, t->folder, "read the folder");
	while (!rc && (e = readdir(d))) {
		int fd;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fsync(fd))
			rc = ak_errf(err, -errno, "%s/%s: cannot write: %s",
				     t->out, e->d_name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	closedir(d);
	return rc;
}

/* Files into a folder that is there already, one after the other. */
static int move_files(struct ak_target *t, struct ak_err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	DIR *d = opendir(t->folder);
	struct dirent *e;
	int rc = 0;

	if (!d)
		return sys_err(err, t->folder, "read the folder");
	while (!rc && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if ((size_t)snprintf(from, sizeof(from), "%s/%s", t->folder,
				     e->d_name) >= sizeof(from) ||
		    (size_t)snprintf(to, sizeof(to), "%s/%s", t->out,
				     e->d_name) >= sizeof(to)) {
			errno = ENAMETOOLONG;
			rc = sys_err(err, t->out, "write");
		} else if (rename(from, to)) {
			rc = sys_err(err, to, "rename the finished file to it");
		}
	}
	closedir(d);
	if (!rc && rmdir(t->folder))
		rc = sys_err(err, t->folder, "remove");
	if (!rc && !t->no_sync)
		sync_folder(t->out);
	return rc;
}

int ak_target_publish(struct ak_target *t, struct ak_err *err)
{
	int rc = 0;

	if (!t->folder) {
		if (!t->no_sync)
			sync_parent(t->out);
		return 0;
	}
	if (!t->no_sync) {
		/* Files that a journal has are there already. */
		if (!t->resume)
			rc = sync_files(t, err);
		if (rc)
			return rc;
		sync_folder(t->folder);
	}
	/* An empty folder is replaced; one with files is only with force. */
	if (rename(t->folder, t->out)) {
		if (t->force && (errno == ENOTEMPTY || errno == EEXIST))
			rc = move_files(t, err);
		else
			rc = sys_err(err, t->out,
				     "rename the finished folder to it");
	}
	if (rc)
		return rc;
	free(t->folder);
	t->folder = NULL;
	if (!t->no_sync)
		sync_parent(t->out);
	return 0;
}

static void remove_folder(const char *path)
{
	char name[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(path);

	while (d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s/%s", path,
				     e->d_name) < sizeof(name))
			unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

void ak_target_end(struct ak_target *t)
{
	if (t->folder && !t->resume)
		remove_folder(t->folder);
	if (t->lock >= 0)
		close(t->lock);
	free(t->folder);
	free(t->out);
	t->folder = t->out = NULL;
	t->lock = -1;
}

/* ------------------------------------------------------------- journal */

static int add_line(struct ak_journal *j, const char *name, uint64_t size,
		    uint64_t hash, struct ak_err *err)
{
	struct ak_journal_line *done =
		reallocarray(j->done, j->count + 1, sizeof(*done));

	if (done)
		j->done = done;
	if (done)
		done[j->count].name = strdup(name);
	if (!done || !done[j->count].name)
		return ak_errf(err, -ENOMEM, "no memory for a journal");
	done[j->count].size = size;
	done[j->count].hash = hash;
	j->count++;
	return 0;
}

/*
 * A line that was cut by a crash is the last one and is of no use; the file
 * that it stands for is made again.
 */
static int parse(struct ak_journal *j, char *text, uint64_t digest,
		 struct ak_err *err)
{
	uint64_t version, was, size, hash;
	char *line = text, *end;
	int n, rc = 0;

	end = strchr(line, '\n');
	if (!end ||
	    sscanf(line, "akida-journal %" SCNu64 " %" SCNx64 "\n", &version,
		   &was) != 2 ||
	    version != 1)
		return ak_errf(
			err, -EBADMSG,
			"%s: is not a journal of this version; remove the folder to begin again",
			j->path);
	if (was != digest)
		return ak_errf(
			err, -EBUSY,
			"%s: is of another conversion (another model, format or option); remove the folder to begin again",
			j->path);
	for (line = end + 1; !rc && (end = strchr(line, '\n'));
	     line = end + 1) {
		*end = '\0';
		n = 0;
		if (sscanf(line, "%" SCNx64 " %" SCNu64 " %n", &hash, &size,
			   &n) != 2 ||
		    !n || !line[n] || strchr(line + n, '/'))
			return ak_errf(
				err, -EBADMSG,
				"%s: is damaged; remove the folder to begin again",
				j->path);
		rc = add_line(j, line + n, size, hash, err);
	}
	return rc;
}

static int append_text(const struct ak_journal *j, const char *text,
		       struct ak_err *err)
{
	int fd = open(j->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	size_t n = strlen(text);
	int rc = 0;

	if (fd < 0)
		return sys_err(err, j->path, "write");
	if (write(fd, text, n) != (ssize_t)n || fdatasync(fd))
		rc = sys_err(err, j->path, "write");
	if (close(fd) && !rc)
		rc = sys_err(err, j->path, "write");
	return rc;
}

int ak_journal_open(struct ak_journal *j, const struct ak_target *t,
		    uint64_t digest, struct ak_err *err)
{
	char head[64], *text;
	uint8_t *data;
	size_t size;
	int rc;

	memset(j, 0, sizeof(*j));
	if (asprintf(&j->path, "%s/" JOURNAL, t->folder) < 0) {
		j->path = NULL;
		return ak_errf(err, -ENOMEM, "no memory for a name");
	}
	if (access(j->path, F_OK)) {
		if (!is_empty(t->folder))
			return ak_errf(
				err, -EEXIST,
				"%s: is a folder of something else; remove it or choose another output",
				t->folder);
		snprintf(head, sizeof(head), "akida-journal 1 %016" PRIx64 "\n",
			 digest);
		return append_text(j, head, err);
	}
	rc = ak_file_read(j->path, JOURNAL_LIMIT, &data, &size, err);
	if (rc)
		return rc;
	/* A line that was cut must not run into the next one. */
	while (size && data[size - 1] != '\n')
		size--;
	if (truncate(j->path, (off_t)size)) {
		free(data);
		return sys_err(err, j->path, "write");
	}
	text = strndup((char *)data, size);
	free(data);
	rc = text ? parse(j, text, digest, err) :
		    ak_errf(err, -ENOMEM, "no memory for a journal");
	free(text);
	return rc;
}

static int hash_file(const struct ak_target *t, const char *name,
		     uint64_t *size, uint64_t *hash, struct ak_err *err)
{
	char *path = ak_target_path(t, name);
	struct ak_map map;
	int rc;

	if (!path)
		return ak_errf(err, -ENOMEM, "no memory for a name");
	rc = ak_map_open(path, &map, err);
	free(path);
	if (rc)
		return rc;
	*size = map.size;
	*hash = ak_xxh64(map.data, map.size, 0);
	ak_map_close(&map);
	return 0;
}

bool ak_journal_has(const struct ak_journal *j, const struct ak_target *t,
		    const char *name)
{
	struct ak_err err;
	uint64_t size, hash;
	size_t i;

	/* The last line of a name counts. */
	for (i = j->count; i--;)
		if (!strcmp(j->done[i].name, name))
			return !hash_file(t, name, &size, &hash, &err) &&
			       size == j->done[i].size &&
			       hash == j->done[i].hash;
	return false;
}

int ak_journal_add(struct ak_journal *j, const struct ak_target *t,
		   const char *name, struct ak_err *err)
{
	uint64_t size, hash;
	char *line;
	int rc = hash_file(t, name, &size, &hash, err);

	if (rc)
		return rc;
	if (asprintf(&line, "%016" PRIx64 " %" PRIu64 " %s\n", hash, size,
		     name) < 0)
		return ak_errf(err, -ENOMEM, "no memory for a journal");
	rc = append_text(j, line, err);
	free(line);
	return rc;
}

void ak_journal_close(struct ak_journal *j, bool remove)
{
	size_t i;

	for (i = 0; i < j->count; i++)
		free(j->done[i].name);
	free(j->done);
	if (j->path && remove)
		unlink(j->path);
	free(j->path);
	memset(j, 0, sizeof(*j));
}
