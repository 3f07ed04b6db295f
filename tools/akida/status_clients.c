// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes have boards open, from /proc: fdinfo of open nodes, whose
 * lines uapi/akida.h has.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "status.h"
#include "status_text.h"

/* More than the driver's lines and the kernel's */
#define FDINFO_BYTES 4096
/* Flag of kernel threads in /proc/PID/stat */
#define KERNEL_THREAD 0x00200000

/**
 * struct list - clients that were found
 * @client: them
 * @count: how many
 * @room: for how many
 */
struct list {
	struct status_client *client;
	size_t count, room;
};

static struct status_client *add(struct list *l)
{
	size_t room = l->room ? 2 * l->room : 16;
	struct status_client *c;

	if (l->count == l->room) {
		c = reallocarray(l->client, room, sizeof(*c));
		if (!c)
			return NULL;
		l->client = c;
		l->room = room;
	}
	return memset(&l->client[l->count++], 0, sizeof(*l->client));
}

/* ------------------------------------------------------------------ fdinfo */

/* Value of "KEY:\tVALUE\n", NULL without. */
static const char *find(const char *text, const char *key)
{
	size_t n = strlen(key);

	while (text && *text) {
		if (!strncmp(text, key, n) && text[n] == ':' &&
		    text[n + 1] == '\t')
			return text + n + 2;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

static bool get_number(const char *text, const char *key, const char *unit,
		       uint64_t *value)
{
	const char *p = find(text, key);
	size_t n = strlen(unit);

	*value = 0;
	if (!p || !status_number(&p, value))
		return false;
	if (strncmp(p, unit, n) || p[n] != '\n') {
		*value = 0;
		return false;
	}
	return true;
}

/* A word of its own line; false if it does not fit. */
static bool get_word(const char *text, const char *key, char *word, size_t size)
{
	const char *p = find(text, key);
	size_t n = p ? strcspn(p, "\n") : 0;

	*word = '\0';
	if (!n || n >= size)
		return false;
	memcpy(word, p, n);
	word[n] = '\0';
	return true;
}

/* False if it is no open node of a board. */
static bool parse(const char *text, struct status_client *c)
{
	uint64_t kib;
	char node[32];
	int board;

	if (!get_word(text, "akida-node", node, sizeof(node)) ||
	    !get_number(text, "akida-client-id", "", &c->id))
		return false;
	board = ak_sys_index(node, "akida");
	if (board < 0)
		return false;
	c->board = (uint32_t)board;
	get_number(text, "akida-busy-time", " ns", &c->busy);
	get_number(text, "akida-jobs", "", &c->completed);
	get_number(text, "akida-jobs-failed", "", &c->failed);
	if (!get_number(text, "akida-memory", " KiB", &kib) ||
	    __builtin_mul_overflow(kib, 1024, &c->memory))
		c->memory = 0;
	get_word(text, "akida-program", c->program, sizeof(c->program));
	status_printable(c->program);
	return true;
}

/* --------------------------------------------------------------- processes */

/* Most open files are sockets and pipes; their names say so. */
static bool may_be_node(int pid, int fd)
{
	char path[PATH_MAX];
	char target[16];

	if (ak_sys_path(path, "/proc/%d/fd/%d", pid, fd))
		return false;
	return readlink(path, target, sizeof(target)) <= 0 || target[0] == '/';
}

static void describe_process(int pid, struct status_client *c)
{
	char text[FDINFO_BYTES];
	struct stat st;
	uint64_t uid;
	const char *p;

	ak_sys_line(c->command, sizeof(c->command), "/proc/%d/comm", pid);
	status_printable(c->command);
	/* Who owns the folder is root for some programs. */
	if (!ak_sys_stat(&st, "/proc/%d", pid))
		c->user = st.st_uid;
	if (ak_sys_read(text, sizeof(text), "/proc/%d/status", pid) <= 0)
		return;
	p = find(text, "Uid");
	if (p && status_number(&p, &uid) && uid < UINT32_MAX &&
	    isspace((unsigned char)*p))
		c->user = (uid_t)uid;
}

static int look_at_file(struct list *l, int pid, int fd)
{
	struct status_client found = { .pid = pid, .fd = fd }, *c;
	char text[FDINFO_BYTES];

	if (!may_be_node(pid, fd) ||
	    ak_sys_read(text, sizeof(text), "/proc/%d/fdinfo/%d", pid, fd) <=
		    0 ||
	    !parse(text, &found))
		return 0;
	c = add(l);
	if (!c)
		return -ENOMEM;
	describe_process(pid, &found);
	*c = found;
	return 0;
}

/* Which nobody can have a file in; they are many. */
static bool is_kernel_thread(int pid)
{
	char text[1024], *p;
	unsigned int flags;

	if (ak_sys_line(text, sizeof(text), "/proc/%d/stat", pid))
		return false;
	/* The name may have spaces and brackets. */
	p = strrchr(text, ')');
	return p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       (flags & KERNEL_THREAD);
}

static int look_at_process(struct list *l, int pid, size_t *hidden)
{
	DIR *d = ak_sys_opendir("/proc/%d/fdinfo", pid);
	struct dirent *e;
	int rc = 0, fd;

	if (!d) {
		/* It may have ended meanwhile. */
		if ((errno == EACCES || errno == EPERM) &&
		    !is_kernel_thread(pid))
			(*hidden)++;
		return 0;
	}
	errno = 0;
	while (!rc && (e = readdir(d))) {
		fd = ak_sys_index(e->d_name, "");
		if (fd >= 0)
			rc = look_at_file(l, pid, fd);
		errno = 0;
	}
	/* Kernels say so here, not at opening. */
	if (!rc && (errno == EACCES || errno == EPERM))
		(*hidden)++;
	closedir(d);
	return rc;
}

/* ------------------------------------------------------------------ all */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_id(const void *x, const void *y)
{
	const struct status_client *a = x, *b = y;
	int c = compare((uint64_t)a->pid, (uint64_t)b->pid);

	c = c ? c : compare(a->id, b->id);
	return c ? c : compare((uint64_t)a->fd, (uint64_t)b->fd);
}

static int by_place(const void *x, const void *y)
{
	const struct status_client *a = x, *b = y;
	int c = compare(a->board, b->board);

	c = c ? c : compare((uint64_t)a->pid, (uint64_t)b->pid);
	return c ? c : compare((uint64_t)a->fd, (uint64_t)b->fd);
}

/* Of descriptors of one file in one process the first stays. */
static void sort(struct list *l)
{
	struct status_client *c = l->client;
	size_t i, n = 0;

	if (!l->count)
		return;
	qsort(c, l->count, sizeof(*c), by_id);
	for (i = 0; i < l->count; i++)
		if (!n || c[i].pid != c[n - 1].pid || c[i].id != c[n - 1].id)
			c[n++] = c[i];
	l->count = n;
	qsort(c, n, sizeof(*c), by_place);
}

int status_clients(struct status_client **list, size_t *count, size_t *hidden)
{
	struct list l = { 0 };
	size_t closed = 0;
	struct dirent *e;
	int rc = 0, pid;
	DIR *proc;

	*list = NULL;
	*count = 0;
	if (hidden)
		*hidden = 0;
	proc = ak_sys_opendir("/proc");
	if (!proc)
		return -errno;
	while (!rc && (e = readdir(proc))) {
		pid = ak_sys_index(e->d_name, "");
		if (pid > 0)
			rc = look_at_process(&l, pid, &closed);
	}
	closedir(proc);
	if (rc) {
		free(l.client);
		return rc;
	}
	sort(&l);
	*list = l.client;
	*count = l.count;
	if (hidden)
		*hidden = closed;
	return 0;
}
