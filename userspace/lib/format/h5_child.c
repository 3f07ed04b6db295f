// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The process that reads an HDF5 file.
 *
 * It is a program of its own, started by posix_spawn(): a library must not
 * fork() and go on in a process that may have threads, a child of fork() has
 * all of its parent's memory, and limits on address space do not go with
 * sanitizers. So libhdf5, with all that it is linked with, is in nobody's
 * process but this one.
 */
#include "format/h5.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "akida-hdf5"
#define CHUNK 65536u
/* An hour. */
#define MAX_MS 3600000u

/**
 * struct child - the process
 * @pid: its number
 * @pipe: what it writes
 * @status: how it ended, of waitpid()
 * @known: @status is known: nobody else has waited for it
 */
struct child {
	pid_t pid;
	int pipe;
	int status;
	bool known;
};

/* --------------------------------------------------- where the program is */

/* The folder of what this code is in: libakida.so, or a program. */
static int own_folder(char folder[PATH_MAX])
{
	struct link_map *map = NULL;
	char *slash;
	ssize_t n;
	Dl_info info;

	if (!dladdr1((void *)(uintptr_t)ak_h5_read, &info, (void **)&map,
		     RTLD_DL_LINKMAP) ||
	    !map)
		return -ENOENT;
	if (map->l_name && *map->l_name) {
		/* One that depends on the folder of today is not taken. */
		if (*map->l_name != '/' || strlen(map->l_name) >= PATH_MAX)
			return -ENOENT;
		strcpy(folder, map->l_name);
	} else {
		n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
		if (n <= 0 || n >= PATH_MAX - 1)
			return -ENOENT;
		folder[n] = '\0';
	}
	slash = strrchr(folder, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

static int find_program(char path[PATH_MAX], struct ak_err *err)
{
	const char *named = secure_getenv("AKIDA_HDF5");
	char folder[PATH_MAX];
	int n;

	if (named && *named) {
		n = snprintf(path, PATH_MAX, "%s", named);
		if (n < PATH_MAX && !access(path, X_OK))
			return 0;
		return ak_errf(
			err, -ENOTSUP,
			"the program that AKIDA_HDF5 names, %s, cannot be run",
			named);
	}
	if (!own_folder(folder)) {
		n = snprintf(path, PATH_MAX, "%s/../libexec/akida/" PROGRAM,
			     folder);
		if (n > 0 && n < PATH_MAX && !access(path, X_OK))
			return 0;
	}
	snprintf(path, PATH_MAX, "%s", AKIDA_LIBEXECDIR "/" PROGRAM);
	if (!access(path, X_OK))
		return 0;
	return ak_errf(
		err, -ENOTSUP,
		"HDF5 files are read by the program " PROGRAM
		", which is not there (%s): build libakida where libhdf5-dev is installed, or export the network to ONNX",
		path);
}

/* ------------------------------------------------------- the process itself */

/* A descriptor that is none of the standard ones. */
static int above_standard(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return moved;
}

/* The file as a descriptor: itself, or a copy of an image in memory. */
static int open_source(const struct ak_h5_source *s, struct ak_err *err)
{
	uint64_t done = 0;
	int fd;

	if (!s->image) {
		fd = above_standard(open(
			s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
		if (fd < 0)
			return ak_errf(err, -errno, "cannot open: %s",
				       strerror(errno));
		return fd;
	}
	fd = above_standard(memfd_create("hdf5", MFD_CLOEXEC));
	while (fd >= 0 && done < s->size) {
		ssize_t n =
			write(fd, s->image + done, (size_t)(s->size - done));

		if (n > 0) {
			done += (uint64_t)n;
		} else if (n == 0 || errno != EINTR) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		return ak_errf(err, -ENOMEM, "no memory for its weights");
	return fd;
}

static int spawn_with(posix_spawn_file_actions_t *files, posix_spawnattr_t *how,
		      const char *program, const struct ak_h5_source *s, int in,
		      int out, struct child *c)
{
	const char *libraries = secure_getenv("LD_LIBRARY_PATH");
	char number[4][24], *environment[2] = { NULL, NULL };
	char *argv[] = { (char *)PROGRAM, number[0], number[1],
			 number[2],	  number[3], NULL };
	sigset_t none, all;
	int rc;

	snprintf(number[0], sizeof(number[0]), "%llu",
		 s->image ? 0ULL : (unsigned long long)s->offset);
	snprintf(number[1], sizeof(number[1]), "%llu",
		 (unsigned long long)s->size);
	snprintf(number[2], sizeof(number[2]), "%u", s->cpu_ms);
	snprintf(number[3], sizeof(number[3]), "%llu",
		 (unsigned long long)ak_h5_most(s->size));
	/* Where a machine has its libhdf5; nothing else may change the child. */
	if (libraries &&
	    asprintf(&environment[0], "LD_LIBRARY_PATH=%s", libraries) < 0)
		return -ENOMEM;
	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(files, out,
						      STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(files, STDERR_FILENO,
						      "/dev/null", O_WRONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(
			files, STDERR_FILENO + 1);
	if (!rc)
		rc = posix_spawnattr_setflags(
			how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(how, &all);
	if (!rc)
		rc = posix_spawnattr_setsigmask(how, &none);
	if (!rc)
		rc = posix_spawn(&c->pid, program, files, how, argv,
				 environment);
	free(environment[0]);
	return -rc;
}

static int start(const char *program, const struct ak_h5_source *s, int in,
		 struct child *c, struct ak_err *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	int ends[2], rc;

	if (pipe2(ends, O_CLOEXEC))
		return ak_errf(err, -errno, "cannot make a pipe: %s",
			       strerror(errno));
	ends[0] = above_standard(ends[0]);
	ends[1] = above_standard(ends[1]);
	rc = ends[0] < 0 || ends[1] < 0 ?
		     -EMFILE :
		     -posix_spawn_file_actions_init(&files);
	if (!rc) {
		rc = -posix_spawnattr_init(&how);
		if (!rc) {
			rc = spawn_with(&files, &how, program, s, in, ends[1],
					c);
			posix_spawnattr_destroy(&how);
		}
		posix_spawn_file_actions_destroy(&files);
	}
	if (ends[1] >= 0)
		close(ends[1]);
	c->pipe = ends[0];
	if (!rc)
		return 0;
	if (ends[0] >= 0)
		close(ends[0]);
	return ak_errf(err, rc, "cannot start %s: %s", program, strerror(-rc));
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int too_slow(const struct ak_h5_source *s, struct ak_err *err)
{
	return ak_errf(err, -ETIMEDOUT,
		       "reading it took longer than %u ms and was ended",
		       s->wait_ms);
}

/* Everything that it writes, until it ends, takes too long or says too much. */
static int receive(const struct child *c, const struct ak_h5_source *s,
		   int64_t end, struct ak_buf *out, struct ak_err *err)
{
	/* Names, shapes and attributes beside the elements. */
	uint64_t most = ak_h5_most(s->size) + s->size + AK_H5_MAX_ATTR;
	int64_t left;
	struct pollfd p = { .fd = c->pipe, .events = POLLIN };
	uint8_t chunk[CHUNK];
	ssize_t n;

	for (;;) {
		left = end - now_ms();
		if (left <= 0 ||
		    !poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX))
			return too_slow(s, err);
		n = read(c->pipe, chunk, sizeof(chunk));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return ak_errf(err, -errno,
				       "cannot read from " PROGRAM ": %s",
				       strerror(errno));
		if (!n)
			return 0;
		if (out->size + (size_t)n > most)
			return ak_errf(
				err, -EFBIG,
				"it unpacks to much more than a file of %llu bytes can hold",
				(unsigned long long)s->size);
		ak_buf_add(out, chunk, (size_t)n);
		if (out->failed)
			return ak_errf(err, -ENOMEM,
				       "no memory for its weights");
	}
}

/* What the end of the process says about the file; 0 for nothing. */
static int judge(const struct child *c, const struct ak_h5_source *s,
		 struct ak_err *err)
{
	int sig;

	if (!c->known)
		return 0;
	if (WIFEXITED(c->status)) {
		switch (WEXITSTATUS(c->status)) {
		case 0:
			return 0;
		case AK_H5_EXIT_FILE:
			return ak_errf(
				err, -EBADMSG,
				"libhdf5 cannot read its weights: it is damaged, or needs more than 40 MiB of memory");
		}
		return ak_errf(err, -ENOTSUP, PROGRAM " ended with status %d",
			       WEXITSTATUS(c->status));
	}
	sig = WTERMSIG(c->status);
	if (sig == SIGPROF || sig == SIGXCPU)
		return ak_errf(
			err, -ETIMEDOUT,
			"libhdf5 took more than %u ms of processor time for it and was ended: it is damaged or hostile, or this machine is slow (then set AKIDA_HDF5_MS to more)",
			s->cpu_ms);
	if (sig == SIGSYS)
		return ak_errf(
			err, -EBADMSG,
			"reading it, libhdf5 asked the system for something that it may not have, and was ended: it is damaged or hostile");
	return ak_errf(
		err, -EBADMSG,
		"libhdf5 crashed while it read it (%s), in a process of its own: it is damaged or hostile",
		strsignal(sig));
}

/* Waits for its end: it has nothing to do any more. False if it went on. */
static bool finish(struct child *c, int64_t end, bool failed)
{
	struct pollfd p = { .fd = pidfd_open(c->pid, 0), .events = POLLIN };
	int64_t left = end - now_ms();
	bool ended = true;
	pid_t pid;

	if (!failed && p.fd >= 0)
		ended = left > 0 &&
			poll(&p, 1, left < INT_MAX ? (int)left : INT_MAX);
	if (failed || !ended)
		kill(c->pid, SIGKILL);
	if (p.fd >= 0)
		close(p.fd);
	do {
		pid = waitpid(c->pid, &c->status, 0);
	} while (pid < 0 && errno == EINTR);
	c->known = pid == c->pid;
	return ended;
}

static int run(const char *program, const struct ak_h5_source *s,
	       struct ak_buf *out, struct child *c, struct ak_err *err)
{
	int64_t end = now_ms() + s->wait_ms;
	int in = open_source(s, err), rc;

	if (in < 0)
		return in;
	rc = start(program, s, in, c, err);
	close(in);
	if (rc)
		return rc;
	rc = receive(c, s, end, out, err);
	close(c->pipe);
	if (!finish(c, end, rc) && !rc)
		rc = too_slow(s, err);
	return rc;
}

/* Milliseconds for a file; slow machines may want more. */
static unsigned int cpu_time(uint64_t size)
{
	const char *named = secure_getenv("AKIDA_HDF5_MS");
	long ms = named ? strtol(named, NULL, 10) : 0;

	if (ms > 0 && ms <= MAX_MS)
		return (unsigned int)ms;
	/* A file of some KiB is read in 5, one of 1000 weights in 250. */
	size /= 25 << 10;
	return size < MAX_MS ? 40 + (unsigned int)size : MAX_MS;
}

int ak_h5_read(const struct ak_h5_source *source, struct ak_h5 *out,
	       struct ak_err *err)
{
	struct ak_h5_source s = *source;
	struct ak_err sentence = { "" };
	struct child c = { .pid = -1 };
	char program[PATH_MAX];
	int rc = 0, end;

	memset(out, 0, sizeof(*out));
	s.cpu_ms = s.cpu_ms ? s.cpu_ms : cpu_time(s.size);
	s.wait_ms = s.wait_ms ? s.wait_ms : 30000 + 10 * s.cpu_ms;
	if (s.program)
		snprintf(program, sizeof(program), "%s", s.program);
	else
		rc = find_program(program, err);
	if (!rc)
		rc = run(program, &s, &out->stream, &c, err);
	if (!rc) {
		rc = ak_h5_parse(out, ak_h5_most(s.size), &sentence);
		end = rc == -EBADMSG ? 0 : judge(&c, &s, &sentence);
		if (rc == -EBADMSG && c.known && WIFEXITED(c.status) &&
		    WEXITSTATUS(c.status) == AK_H5_EXIT_SANDBOX)
			rc = -ENOTSUP;
		else if (end)
			rc = end;
		else if (rc == -EPROTO)
			rc = -EBADMSG;
		if (rc)
			ak_errf(err, rc, "%s", sentence.text);
	}
	if (rc)
		ak_h5_clear(out);
	return rc;
}
