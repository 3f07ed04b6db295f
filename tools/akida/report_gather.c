// SPDX-License-Identifier: GPL-2.0
/*
 * Files of a report, and what is taken out of them. What must not leave the
 * machine is not read in the first place; that names are replaced everywhere is
 * for what was not thought of.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/sys.h"
#include "report.h"
#include "term.h"
#include "tool.h"

/* ------------------------------------------------------------- secrets */

void report_secret(struct report *r, const char *text, const char *as)
{
	if (strlen(text) < 2)
		return;
	r->secrets = tool_realloc(r->secrets, r->num_secrets + 1,
				  sizeof(*r->secrets));
	r->secrets[r->num_secrets].text = tool_text("%s", text);
	r->secrets[r->num_secrets++].as = as;
}

/*
 * Names of people and machines, unless they are words that reports are made of:
 * those tell nothing, and without them nothing could be understood.
 */
static void hide(struct report *r, const char *text, const char *as)
{
	static const char *const words[] = { "akida",  "root",	   "user",
					     "kernel", "pci",	   "board",
					     "boards", "debian",   "ubuntu",
					     "linux",  "localhost" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return;
	report_secret(r, text, as);
}

/* Accounts of the system are no secret, and their names are words. */
#define FIRST_USER 1000
#define NOBODY 65534

static void user_line(struct report *r, char *line)
{
	char *field[7] = { NULL }, *p = line;
	unsigned long uid;
	int i;

	for (i = 0; i < 7 && p; i++)
		field[i] = strsep(&p, ":");
	if (i < 3)
		return;
	uid = strtoul(field[2], NULL, 10);
	if (uid < FIRST_USER || uid == NOBODY)
		return;
	hide(r, field[0], "<user>");
	/* The full name, without what may follow a comma. */
	if (field[4]) {
		field[4][strcspn(field[4], ",")] = '\0';
		hide(r, field[4], "<user>");
	}
}

static void variable(struct report *r, const char *name)
{
	const char *value = getenv(name);

	if (value)
		hide(r, value, "<user>");
}

void report_names(struct report *r)
{
	char text[65536], *line, *save;
	struct utsname u;

	ak_sys_read(text, sizeof(text), "/etc/passwd");
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		user_line(r, line);
	/* Users of a directory service are not in the file. */
	variable(r, "USER");
	variable(r, "LOGNAME");
	variable(r, "SUDO_USER");
	if (!ak_sys_line(text, sizeof(text), "/etc/hostname"))
		hide(r, text, "<host>");
	if (!*ak_sys_root() && !uname(&u)) {
		hide(r, u.nodename, "<host>");
		u.nodename[strcspn(u.nodename, ".")] = '\0';
		hide(r, u.nodename, "<host>");
	}
}

static bool in_word(int c)
{
	return isalnum(c) || c == '_';
}

/* The secret that begins here and is a word of its own. */
static const struct report_secret *
secret_at(const struct report *r, const char *text, size_t at, size_t size)
{
	size_t i, n;

	if (at && in_word((unsigned char)text[at - 1]))
		return NULL;
	for (i = 0; i < r->num_secrets; i++) {
		n = strlen(r->secrets[i].text);
		if (n > size - at || memcmp(text + at, r->secrets[i].text, n))
			continue;
		if (at + n < size && in_word((unsigned char)text[at + n]))
			continue;
		return &r->secrets[i];
	}
	return NULL;
}

/*
 * Bytes of an address that begins here: six pairs of hex digits, or eight as
 * PCI Express writes serial numbers; 0 if there is none.
 */
static size_t address_at(const char *text, size_t at, size_t size)
{
	size_t n = 0, pairs = 0;
	char mark = 0;

	if (at && (in_word((unsigned char)text[at - 1]) ||
		   text[at - 1] == ':' || text[at - 1] == '-'))
		return 0;
	while (at + n + 1 < size && isxdigit((unsigned char)text[at + n]) &&
	       isxdigit((unsigned char)text[at + n + 1])) {
		n += 2;
		pairs++;
		if (at + n >= size ||
		    (text[at + n] != ':' && text[at + n] != '-'))
			break;
		if (!mark)
			mark = text[at + n];
		if (text[at + n] != mark)
			break;
		n++;
	}
	if (at + n < size && in_word((unsigned char)text[at + n]))
		return 0;
	return pairs == 6 || pairs == 8 ? n : 0;
}

static void clean(const struct report *r, const char *data, size_t size,
		  struct ak_buf *out)
{
	const struct report_secret *s;
	size_t i = 0, n;

	while (i < size) {
		s = secret_at(r, data, i, size);
		if (s) {
			ak_buf_add(out, s->as, strlen(s->as));
			i += strlen(s->text);
			continue;
		}
		n = r->serials ? 0 : address_at(data, i, size);
		if (n) {
			ak_buf_add(out, "<address>", 9);
			i += n;
			continue;
		}
		ak_buf_add(out, &data[i++], 1);
	}
}

/* --------------------------------------------------------------- files */

static char *__attribute__((format(printf, 1, 0)))
vtext(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		term_die_memory();
	return text;
}

static void miss(struct report *r, char *path, const char *why)
{
	/* One that says there were more. */
	if (r->num_missing == REPORT_MAX_ENTRIES) {
		free(path);
		return;
	}
	r->missing = tool_realloc(r->missing, r->num_missing + 1,
				  sizeof(*r->missing));
	r->missing[r->num_missing].path = path;
	r->missing[r->num_missing++].why = tool_text("%s", why);
}

void report_miss(struct report *r, const char *why, const char *path, ...)
{
	va_list ap;

	va_start(ap, path);
	miss(r, vtext(path, ap), why);
	va_end(ap);
}

void report_add(struct report *r, const char *data, size_t size,
		const char *name, ...)
{
	struct ak_buf out = { 0 }, name_out = { 0 };
	struct report_entry *e;
	va_list ap;
	char *own;

	va_start(ap, name);
	own = vtext(name, ap);
	va_end(ap);
	if (size > REPORT_MAX_FILE) {
		data += size - REPORT_MAX_FILE;
		size = REPORT_MAX_FILE;
	}
	if (r->count >= r->max_count || r->total > r->max_total ||
	    size > r->max_total - r->total) {
		miss(r, own, "the report would become too large");
		return;
	}
	clean(r, own, strlen(own) + 1, &name_out);
	free(own);
	clean(r, data, size, &out);
	ak_buf_add(&out, "", 1);
	if (out.failed || name_out.failed)
		term_die_memory();
	r->entries =
		tool_realloc(r->entries, r->count + 1, sizeof(*r->entries));
	e = &r->entries[r->count++];
	e->name = (char *)name_out.data;
	e->data = (char *)out.data;
	e->size = out.size - 1;
	r->total += e->size;
}

/* The end of what a file has: sysfs tells no size, and logs grow at their end. */
static int read_end(int fd, char *text, size_t *size)
{
	size_t used = 0;
	ssize_t n;

	for (;;) {
		if (used == 2 * REPORT_MAX_FILE) {
			memmove(text, text + REPORT_MAX_FILE, REPORT_MAX_FILE);
			used = REPORT_MAX_FILE;
		}
		n = read(fd, text + used, 2 * REPORT_MAX_FILE - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	*size = used;
	return n < 0 ? -errno : 0;
}

char *report_read(struct report *r, const char *path, size_t *size)
{
	char full[PATH_MAX], *text;
	struct stat st;
	int fd, rc;

	*size = 0;
	rc = ak_sys_path(full, "%s", path);
	if (rc) {
		report_miss(r, strerror(-rc), "%s", path);
		return NULL;
	}
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		if (errno != ENOENT)
			report_miss(r, strerror(errno), "%s", path);
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		report_miss(r, "it is no regular file", "%s", path);
		close(fd);
		return NULL;
	}
	/* What is not large has its end near. */
	if (st.st_size > (off_t)(4 * REPORT_MAX_FILE))
		lseek(fd, -(off_t)REPORT_MAX_FILE, SEEK_END);
	text = tool_alloc(2 * REPORT_MAX_FILE + 1, 1);
	rc = read_end(fd, text, size);
	close(fd);
	if (rc) {
		report_miss(r, strerror(-rc), "%s", path);
		free(text);
		return NULL;
	}
	if (*size > REPORT_MAX_FILE) {
		memmove(text, text + *size - REPORT_MAX_FILE, REPORT_MAX_FILE);
		*size = REPORT_MAX_FILE;
	}
	text[*size] = '\0';
	return text;
}

void report_file(struct report *r, const char *name, const char *path)
{
	size_t size;
	char *text = report_read(r, path, &size);

	if (text)
		report_add(r, text, size, "%s", name);
	free(text);
}

void report_free(struct report *r)
{
	size_t i;

	for (i = 0; i < r->count; i++) {
		free(r->entries[i].name);
		free(r->entries[i].data);
	}
	for (i = 0; i < r->num_missing; i++) {
		free(r->missing[i].path);
		free(r->missing[i].why);
	}
	for (i = 0; i < r->num_secrets; i++)
		free(r->secrets[i].text);
	free(r->entries);
	free(r->missing);
	free(r->secrets);
}
