// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "../unit/scratch.h"
#include "folder.h"

#define MAX_FOLDERS 4

static char folder[MAX_FOLDERS][64];
static int folders;

static void remove_folders(void)
{
	int i;

	for (i = 0; i < folders; i++)
		scratch_remove(folder[i]);
}

const char *fuzz_folder(void)
{
	char *dir = folder[folders];

	if (folders == MAX_FOLDERS || (!folders && atexit(remove_folders)))
		abort();
	if (scratch_make_in("/dev/shm", dir, sizeof(folder[0])) &&
	    scratch_make(dir, sizeof(folder[0])))
		abort();
	folders++;
	return dir;
}

void fuzz_save(const char *dir, const char *name, const void *data, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
}
