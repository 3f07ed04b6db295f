// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *ak_sys_root(void)
{
	const char *root = secure_getenv("AKIDA_TEST_ROOT");

	return root ? root : "";
}

static int __attribute__((format(printf, 2, 0)))
vpath(char buf[PATH_MAX], const char *fmt, va_list ap)
{
	int n = snprintf(buf, PATH_MAX, "%s", ak_sys_root());
	int m;

	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	m = vsnprintf(buf + n, (size_t)(PATH_MAX - n), fmt, ap);
	return m < 0 || m >= PATH_MAX - n ? -ENAMETOOLONG : 0;
}

int ak_sys_path(char buf[PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vpath(buf, fmt, ap);
	va_end(ap);
	return rc;
}

static int read_path(void *buf, size_t size, const char *path)
{
	char *text = buf;
	size_t used = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = 0;
	int rc = 0;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (used < size - 1) {
		n = read(fd, text + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (n < 0) {
		rc = -errno;
		used = 0;
	}
	text[used] = '\0';
	close(fd);
	return rc ? rc : (int)used;
}

int ak_sys_read(void *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc) {
		*(char *)buf = '\0';
		return rc;
	}
	return read_path(buf, size, path);
}

int ak_sys_line(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	buf[0] = '\0';
	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (!rc)
		rc = read_path(buf, size, path);
	if (rc < 0)
		return rc;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int ak_sys_number(int64_t *value, const char *fmt, ...)
{
	char path[PATH_MAX], text[64], *end;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (!rc)
		rc = read_path(text, sizeof(text), path);
	if (rc < 0)
		return rc;
	errno = 0;
	*value = strtoll(text, &end, 0);
	if (end == text || errno || (*end && *end != '\n'))
		return -EINVAL;
	return 0;
}

int ak_sys_write(const char *text, const char *fmt, ...)
{
	size_t size = strlen(text);
	char path[PATH_MAX];
	ssize_t n;
	va_list ap;
	int fd, rc;

	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	/* Truncated for tests: attributes are not longer than what they take. */
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	do {
		n = write(fd, text, size);
	} while (n < 0 && errno == EINTR);
	rc = n < 0 ? -errno : (size_t)n == size ? 0 : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int ak_sys_link(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	va_list ap;
	ssize_t n;
	int rc;

	buf[0] = '\0';
	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, last);
	return 0;
}

int ak_sys_real(char buf[PATH_MAX], const char *fmt, ...)
{
	char path[PATH_MAX], root[PATH_MAX] = "";
	va_list ap;
	size_t n;
	int rc;

	buf[0] = '\0';
	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	if (*ak_sys_root() && !realpath(ak_sys_root(), root))
		return -errno;
	if (!realpath(path, buf)) {
		rc = -errno;
		buf[0] = '\0';
		return rc;
	}
	n = strlen(root);
	if (n && !strncmp(buf, root, n))
		memmove(buf, buf + n, strlen(buf + n) + 1);
	return 0;
}

int ak_sys_stat(struct stat *st, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc)
		return rc;
	return stat(path, st) ? -errno : 0;
}

DIR *ak_sys_opendir(const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vpath(path, fmt, ap);
	va_end(ap);
	if (rc) {
		errno = -rc;
		return NULL;
	}
	return opendir(path);
}

int ak_sys_index(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	const char *p = name + n;
	int value = 0;

	if (strncmp(name, prefix, n) || !*p || (*p == '0' && p[1]))
		return -1;
	for (; *p; p++) {
		if (*p < '0' || *p > '9' || value > 99999999)
			return -1;
		value = value * 10 + (*p - '0');
	}
	return value;
}
