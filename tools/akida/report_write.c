// SPDX-License-Identifier: GPL-2.0
/*
 * The page that says what a report has, and the archive.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#include "common/buf.h"
#include "report.h"
#include "term.h"
#include "tool.h"

static int by_name(const void *a, const void *b)
{
	const struct report_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_path(const void *a, const void *b)
{
	const struct report_missing *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void report_finish(struct report *r)
{
	struct ak_buf b = { 0 };
	size_t i;

	ak_buf_printf(&b,
		      "A report of BrainChip Akida boards, made by akida %s.\n",
		      AKIDA_VERSION);
	ak_buf_text(
		&b,
		"\n"
		"It is for those who look into a problem. Please read it before you give it\n"
		"away; everything is text. What is in it, and why:\n"
		"\n"
		"version.txt, packages.txt, dkms.txt\n"
		"                what is installed, and for which kernels the driver is built\n"
		"doctor.json     what akida doctor finds wrong\n"
		"list.json       boards and devices\n"
		"boards/         the boards' PCI functions, their driver's counters and sensors:\n"
		"                links, errors, power saving, interrupts\n"
		"bridges/        the same of the bridges above them\n"
		"module/         parameters of akida.ko\n"
		"system/         kernel, processor, memory, interrupts of boards\n"
		"log/            messages of the kernel on boards, bridges and IOMMUs\n"
		"config/         rules and settings that name boards\n"
		"\n"
		"Names of users and of this machine are replaced by <user> and <host>,\n"
		"addresses of networks by <address>, in config/ what is no number by a hash. Of\n"
		"the kernel's command line only known parameters are kept. Environments,\n"
		"arguments of processes, models and inputs are not read.\n");
	ak_buf_text(
		&b,
		r->serials ?
			"Serial numbers are in it, as was asked for (--serials).\n" :
			"Serial numbers are left out.\n");
	if (r->num_missing) {
		ak_buf_text(&b, "\nNot in here, and why:\n\n");
		qsort(r->missing, r->num_missing, sizeof(*r->missing), by_path);
	}
	for (i = 0; i < r->num_missing; i++) {
		ak_buf_text(&b, r->missing[i].path);
		ak_buf_text(&b, ": ");
		ak_buf_text(&b, r->missing[i].why);
		ak_buf_text(&b, "\n");
	}
	if (b.failed)
		term_die_memory();
	r->max_count = SIZE_MAX;
	r->max_total = SIZE_MAX;
	report_add(r, (char *)b.data, b.size, "README.txt");
	ak_buf_clear(&b);
	qsort(r->entries, r->count, sizeof(*r->entries), by_name);
}

#if HAVE_LIBARCHIVE
static int failed(struct archive *a, const char *path, struct ak_err *err)
{
	int code = archive_errno(a);

	return ak_errf(err, code > 0 ? -code : -EIO, "%s: %s", path,
		       archive_error_string(a) ? archive_error_string(a) :
						 "it could not be written");
}

static int add(struct archive *a, const struct report *r, const char *folder,
	       const struct report_entry *e)
{
	struct archive_entry *entry = archive_entry_new();
	char *name = tool_text("%s/%s", folder, e->name);
	int rc;

	if (!entry)
		term_die_memory();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, (la_int64_t)e->size);
	archive_entry_set_mtime(entry, r->time, 0);
	rc = archive_write_header(a, entry);
	if (rc == ARCHIVE_OK && e->size &&
	    archive_write_data(a, e->data, e->size) != (la_ssize_t)e->size)
		rc = ARCHIVE_FATAL;
	archive_entry_free(entry);
	free(name);
	return rc == ARCHIVE_OK ? 0 : -1;
}

static int write_all(const struct report *r, int fd, const char *path,
		     const char *folder, struct ak_err *err)
{
	struct archive *a = archive_write_new();
	size_t i;
	int rc = 0;

	if (!a)
		term_die_memory();
	/* No time in the header of gzip: the same report is the same bytes. */
	if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
	    archive_write_add_filter_gzip(a) != ARCHIVE_OK ||
	    archive_write_set_filter_option(a, "gzip", "timestamp", NULL) !=
		    ARCHIVE_OK ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		rc = failed(a, path, err);
	for (i = 0; !rc && i < r->count; i++)
		if (add(a, r, folder, &r->entries[i]))
			rc = failed(a, path, err);
	if (!rc && archive_write_close(a) != ARCHIVE_OK)
		rc = failed(a, path, err);
	archive_write_free(a);
	return rc;
}

static int exists(const char *path, struct ak_err *err)
{
	return ak_errf(
		err, -EEXIST,
		"%s: there is such a file already; remove it or name another one (--output)",
		path);
}

/* A file that came meanwhile is not replaced either. */
static int give_name(const char *temporary, const char *path,
		     struct ak_err *err)
{
	int code;

	if (!renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE))
		return 0;
	/* Not every file system can. */
	if (errno == EINVAL && !link(temporary, path)) {
		unlink(temporary);
		return 0;
	}
	code = errno;
	if (code == EEXIST)
		return exists(path, err);
	return ak_errf(err, -code, "%s: it could not be named: %s", path,
		       strerror(code));
}

int report_write(const struct report *r, const char *path, const char *folder,
		 struct ak_err *err)
{
	char *copy = tool_text("%s", path), *temporary;
	struct stat st;
	int fd, rc;

	temporary = tool_text("%s/.akida-report-XXXXXX", dirname(copy));
	free(copy);
	if (!lstat(path, &st)) {
		free(temporary);
		return exists(path, err);
	}
	/* With the mode 0600. */
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		rc = ak_errf(err, -errno, "%s: it could not be made: %s", path,
			     strerror(errno));
		free(temporary);
		return rc;
	}
	rc = write_all(r, fd, path, folder, err);
	if (!rc && fsync(fd))
		rc = ak_errf(err, -errno, "%s: it could not be written: %s",
			     path, strerror(errno));
	close(fd);
	if (!rc)
		rc = give_name(temporary, path, err);
	if (rc)
		unlink(temporary);
	free(temporary);
	return rc;
}
#else
int report_write(const struct report *r, const char *path, const char *folder,
		 struct ak_err *err)
{
	(void)r;
	(void)folder;
	return ak_errf(
		err, -EOPNOTSUPP,
		"%s: this akida was built without libarchive and writes no archives; --list works",
		path);
}
#endif
