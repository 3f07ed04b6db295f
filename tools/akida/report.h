/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida report: what is gathered for a bug report, in memory, before any of it
 * is written; and what is taken out of it.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "common/err.h"

/* Bounds, however large the files of the machine are. */
#define REPORT_MAX_FILE ((size_t)256 << 10)
#define REPORT_MAX_TOTAL ((size_t)8 << 20)
#define REPORT_MAX_ENTRIES 2000

/**
 * struct report_entry - a file of the report
 * @name: below the report's folder
 * @data: its content
 * @size: bytes of it
 */
struct report_entry {
	char *name;
	char *data;
	size_t size;
};

/**
 * struct report_missing - what could not be had
 * @path: what
 * @why: the reason
 */
struct report_missing {
	char *path;
	char *why;
};

/**
 * struct report_secret - text that is replaced wherever it stands alone
 * @text: a name
 * @as: what is put there
 */
struct report_secret {
	char *text;
	const char *as;
};

/**
 * struct report - what was gathered
 * @serials: serial numbers and addresses of networks stay
 * @time: when
 * @max_count: files that there may be now
 * @max_total: bytes that they may have now
 * @entries: files
 * @count: how many
 * @total: bytes of them
 * @missing: what could not be had
 * @num_missing: how many
 * @secrets: what is replaced
 * @num_secrets: how many
 */
struct report {
	bool serials;
	time_t time;
	size_t max_count, max_total;
	struct report_entry *entries;
	size_t count, total;
	struct report_missing *missing;
	size_t num_missing;
	struct report_secret *secrets;
	size_t num_secrets;
};

/**
 * report_secret() - have a text replaced in all that is added from now on
 * @r: report
 * @text: what; shorter than 2 characters, it is not replaced
 * @as: what is put there; not copied
 */
void report_secret(struct report *r, const char *text, const char *as);

/**
 * report_names() - have names of users and of this machine replaced
 * @r: report
 */
void report_names(struct report *r);

/**
 * report_add() - add a file
 * @r: report
 * @data: text, whose secrets are replaced
 * @size: bytes; what is more than REPORT_MAX_FILE is left out at its beginning
 * @name: of the file, as printf
 *
 * What would make the report too large is noted as missing.
 */
void report_add(struct report *r, const char *data, size_t size,
		const char *name, ...) __attribute__((format(printf, 4, 5)));

/**
 * report_miss() - note what could not be had
 * @r: report
 * @why: the reason
 * @path: what, as printf
 */
void report_miss(struct report *r, const char *why, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * report_file() - add a file of the machine
 * @r: report
 * @name: in the report
 * @path: below /; if it does not exist it is no loss, anything else is noted
 *
 * Nothing but regular files is read, at most the end of REPORT_MAX_FILE bytes.
 */
void report_file(struct report *r, const char *name, const char *path);

/**
 * report_read() - read a file of the machine
 * @r: report; what cannot be read is noted
 * @path: as for report_file()
 * @size: where to put the bytes
 *
 * Return: text for free(), with a NUL behind it; NULL if there is none.
 */
char *report_read(struct report *r, const char *path, size_t *size);

/**
 * report_program() - add what a program says
 * @r: report
 * @name: in the report
 * @argv: program and arguments, NULL at the end; without a slash it is looked
 *	for where the system's programs are
 *
 * For a minute at most; a program that is not there is no loss.
 */
void report_program(struct report *r, const char *name,
		    const char *const *argv);

/**
 * report_boards() - add what sysfs says of boards, the bridges above them, and
 *	the driver
 * @r: report
 */
void report_boards(struct report *r);

/**
 * report_system() - add kernel, processor, memory, interrupts, messages, rules
 *	and configuration
 * @r: report
 */
void report_system(struct report *r);

/**
 * report_finish() - add the page that says what is in the report, and sort
 * @r: report
 */
void report_finish(struct report *r);

/**
 * report_write() - write the report
 * @r: report
 * @path: of the archive; must not exist
 * @folder: in which everything in it is
 * @err: error text
 *
 * The archive has the mode 0600, and no name before it is whole.
 *
 * Return: 0, -EEXIST, -EOPNOTSUPP without libarchive, another negative errno.
 */
int report_write(const struct report *r, const char *path, const char *folder,
		 struct ak_err *err);

/**
 * report_free() - give a report's memory back
 * @r: report
 */
void report_free(struct report *r);

#endif /* REPORT_H */
