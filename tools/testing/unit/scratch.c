// SPDX-License-Identifier: GPL-2.0
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

int scratch_make_in(const char *folder, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/akida-test-XXXXXX", folder);

	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return mkdtemp(path) ? 0 : -1;
}

int scratch_make(char *path, size_t size)
{
	const char *folder = getenv("TMPDIR");

	if (folder && *folder && !scratch_make_in(folder, path, size))
		return 0;
	return scratch_make_in("/tmp", path, size);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int scratch_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
