/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system's own small files: sysfs, procfs, /dev, /etc. Paths begin with
 * '/' and are looked up below $AKIDA_TEST_ROOT if that is set, so that tests
 * can describe a machine; see Documentation/testing.rst.
 */
#ifndef AK_SYS_H
#define AK_SYS_H

#include <dirent.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/**
 * ak_sys_root() - what is put before paths
 *
 * Return: "" but in tests. Programs with raised rights ignore the variable.
 */
const char *ak_sys_root(void);

/**
 * ak_sys_path() - a path as the system calls take it
 * @buf: where to put it
 * @fmt: as printf
 *
 * Return: 0, -ENAMETOOLONG.
 */
int ak_sys_path(char buf[PATH_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_sys_read() - read a file
 * @buf: where to put it, with a NUL at the end
 * @size: of @buf, more than 1; what does not fit is left out
 * @fmt: path, as printf
 *
 * Return: bytes read, a negative errno (then @buf is "").
 */
int ak_sys_read(void *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * ak_sys_line() - read the first line of a file
 * @buf: where to put it, without the line's end
 * @size: of @buf
 * @fmt: path, as printf
 *
 * Return: 0, a negative errno (then @buf is "").
 */
int ak_sys_line(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * ak_sys_number() - read a number, decimal or 0x...
 * @value: where to put it
 * @fmt: path, as printf
 *
 * Return: 0, -EINVAL if it is none, a negative errno.
 */
int ak_sys_number(int64_t *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_sys_write() - write an attribute
 * @text: all of it, by one write()
 * @fmt: path, as printf
 *
 * Return: 0, what the system said; -EIO if it took a part.
 */
int ak_sys_write(const char *text, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_sys_link() - last part of what a symbolic link leads to
 * @buf: where to put it
 * @size: of @buf
 * @fmt: path of the link, as printf
 *
 * Return: 0, a negative errno (then @buf is "").
 */
int ak_sys_link(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * ak_sys_real() - where a path leads in the end
 * @buf: where to put it; without the root of tests
 * @fmt: path, as printf
 *
 * Return: 0, a negative errno (then @buf is "").
 */
int ak_sys_real(char buf[PATH_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_sys_stat() - stat()
 * @st: where to put it
 * @fmt: path, as printf
 *
 * Return: 0, a negative errno.
 */
int ak_sys_stat(struct stat *st, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_sys_opendir() - opendir()
 * @fmt: path, as printf
 *
 * Return: a folder for closedir(), NULL with errno set.
 */
DIR *ak_sys_opendir(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * ak_sys_index() - number at the end of a name
 * @name: "akida12"
 * @prefix: "akida"
 *
 * Return: 12; -1 if the name is not the prefix and a decimal number without
 * leading zeros.
 */
int ak_sys_index(const char *name, const char *prefix);

#endif /* AK_SYS_H */
