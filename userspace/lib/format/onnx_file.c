// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of ONNX nodes, and files of external data.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/onnx.h"
#include "format/wire.h"

/* Field numbers of onnx.proto. */
enum {
	ATTR_FLOATS = 7,
	ATTR_INTS = 8,
};

const struct ak_onnx_attr *ak_onnx_attr(const struct ak_onnx_node *n,
					const char *name)
{
	size_t i;

	for (i = 0; i < n->num_attrs; i++)
		if (!strcmp(n->attr[i].name, name))
			return &n->attr[i];
	return NULL;
}

int ak_onnx_attr_ints(const struct ak_onnx_attr *a, int64_t *out, size_t max)
{
	struct ak_wire_list l = ak_wire_list(a->message, a->message_size,
					     ATTR_INTS, AK_WIRE_VARINT);
	uint64_t value;
	size_t n = 0;
	int rc;

	while ((rc = ak_wire_list_next(&l, &value)) > 0) {
		if (n == max)
			return -E2BIG;
		out[n++] = (int64_t)value;
	}
	return rc ? rc : (int)n;
}

int ak_onnx_attr_floats(const struct ak_onnx_attr *a, float *out, size_t max)
{
	struct ak_wire_list l = ak_wire_list(a->message, a->message_size,
					     ATTR_FLOATS, AK_WIRE_FIXED32);
	uint64_t value;
	uint32_t bits;
	size_t n = 0;
	int rc;

	while ((rc = ak_wire_list_next(&l, &value)) > 0) {
		if (n == max)
			return -E2BIG;
		bits = (uint32_t)value;
		memcpy(&out[n++], &bits, sizeof(bits));
	}
	return rc ? rc : (int)n;
}

const struct ak_map *ak_onnx_file(const struct ak_onnx *o, const char *name)
{
	size_t i;

	for (i = 0; name && i < o->num_files; i++)
		if (!strcmp(o->file_name[i], name))
			return &o->file[i];
	return NULL;
}

/* Is it a relative path that stays below where it begins? */
static bool path_fits(const char *p)
{
	if (*p == '/' || !*p)
		return false;
	while (*p) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
		p += n + (p[n] == '/');
	}
	return true;
}

/* Part by part, none of which may be a symbolic link. */
static int open_below(int folder, const char *path)
{
	char part[NAME_MAX + 1];
	int fd = dup(folder), next;

	while (fd >= 0) {
		size_t n = strcspn(path, "/");

		if (n > NAME_MAX) {
			close(fd);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, n);
		part[n] = '\0';
		path += n;
		while (*path == '/')
			path++;
		next = openat(fd, part,
			      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
				      O_NOFOLLOW | (*path ? O_DIRECTORY : 0));
		close(fd);
		if (next < 0 || !*path)
			return next;
		fd = next;
	}
	return fd;
}

static int map_external(struct ak_onnx *o, const char *path, int folder,
			const struct ak_onnx_tensor *t, struct ak_err *err)
{
	char link[64];
	int fd, rc;

	if (!t->location || !path_fits(t->location))
		return ak_errf(
			err, -EBADMSG,
			"%s: tensor '%s': its external data are in '%s'; only files in the model's folder are read",
			path, o->text[t->name], t->location ? t->location : "");
	if (ak_onnx_file(o, t->location))
		return 0;
	if (o->num_files == AK_ONNX_MAX_FILES)
		return ak_errf(err, -ENOTSUP,
			       "%s: external data in more than %d files", path,
			       AK_ONNX_MAX_FILES);
	fd = open_below(folder, t->location);
	if (fd < 0)
		return ak_errf(
			err, -errno,
			"%s: cannot open the external data '%s' beside it: %s%s",
			path, t->location, strerror(errno),
			errno == ELOOP ?
				"; symbolic links are not followed: put the file itself there" :
				"");
	/* What was opened, not what has that name by now. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	rc = ak_map_open(link, &o->file[o->num_files], err);
	close(fd);
	if (rc)
		return ak_errf(
			err, rc,
			"%s: cannot map the external data '%s': it must be a regular file",
			path, t->location);
	o->file_name[o->num_files] = strdup(t->location);
	if (!o->file_name[o->num_files]) {
		ak_map_close(&o->file[o->num_files]);
		return ak_errf(err, -ENOMEM, "out of memory");
	}
	o->num_files++;
	return 0;
}

int ak_onnx_open(const char *path, struct ak_onnx *o, struct ak_err *err)
{
	const char *slash = strrchr(path, '/');
	struct ak_map map;
	int folder = -1, rc;
	char *name = NULL;
	size_t i;

	memset(o, 0, sizeof(*o));
	rc = ak_map_open(path, &map, err);
	if (rc)
		return rc;
	rc = ak_onnx_parse(map.data, map.size, o, err);
	o->map = map;
	if (rc) {
		ak_err_prefix(err, "%s: ", path);
		return rc;
	}
	for (i = 0; i < o->num_tensors && !rc; i++) {
		if (!o->tensor[i].external)
			continue;
		if (folder < 0) {
			name = slash ? strndup(path,
					       (size_t)(slash - path) + 1) :
				       strdup(".");
			folder = name ? open(name, O_RDONLY | O_DIRECTORY |
							   O_CLOEXEC) :
					-1;
			free(name);
			if (folder < 0)
				return ak_errf(err, -errno,
					       "%s: cannot open its folder: %s",
					       path, strerror(errno));
		}
		rc = map_external(o, path, folder, &o->tensor[i], err);
	}
	if (folder >= 0)
		close(folder);
	return rc;
}
