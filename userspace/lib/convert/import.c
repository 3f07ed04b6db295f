// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which importer reads a file.
 */
#include "convert/import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

#define HEAD 4096

/* The first whose probe says yes; what takes any file comes last. */
static const struct ak_importer *const importers[] = {
	&ak_import_onnx,
	&ak_import_keras,
	&ak_import_arch,
};

/* The first bytes; none of a folder. */
static int read_head(const char *path, uint8_t *head, size_t *size,
		     struct ak_err *err)
{
	struct stat st;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st)) {
		int code = errno;

		if (fd >= 0)
			close(fd);
		return ak_errf(err, -code, "%s: cannot open: %s", path,
			       strerror(code));
	}
	if (S_ISREG(st.st_mode))
		n = pread(fd, head, HEAD, 0);
	close(fd);
	if (n < 0)
		return ak_errf(err, -EIO, "%s: cannot read", path);
	*size = (size_t)n;
	return 0;
}

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), m = strlen(with);

	return n > m && !strcmp(path + n - m, with);
}

bool ak_graph_probe(const char *path)
{
	static const char *const names[] = { ".safetensors", ".npz", ".npy",
					     ".pt", ".pth" };
	struct ak_err err = { "" };
	uint8_t head[HEAD];
	size_t size = 0, i;

	if (ends(path, ".fbz") || read_head(path, head, &size, &err))
		return false;
	for (i = 0; i < ARRAY_SIZE(importers); i++)
		if (importers[i] != &ak_import_arch &&
		    importers[i]->probe(path, head, size))
			return true;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (ends(path, names[i]))
			return true;
	return false;
}

int ak_graph_import(const char *path, const char *arch, const char *options,
		    struct ak_graph **out, struct ak_err *err)
{
	uint8_t head[HEAD];
	size_t size = 0, i;
	int rc = read_head(path, head, &size, err);

	if (rc)
		return rc;
	for (i = 0; i < ARRAY_SIZE(importers); i++)
		if (importers[i]->probe(path, head, size))
			return importers[i]->read(path, arch, options, out,
						  err);
	return ak_errf(err, -ENOTSUP, "%s: no known format of networks", path);
}
