// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "folder.h"

#define MAX_FOLDERS 4

static char folder[MAX_FOLDERS][64];
static int folders;

static void remove_folders(void)
{
	char path[64 + 256];
	struct dirent *e;
	DIR *d;
	int i;

	for (i = 0; i < folders; i++) {
		d = opendir(folder[i]);
		while (d && (e = readdir(d))) {
			snprintf(path, sizeof(path), "%s/%s", folder[i],
				 e->d_name);
			/* Says no to "." and "..". */
			unlink(path);
		}
		if (d)
			closedir(d);
		rmdir(folder[i]);
	}
}

const char *fuzz_folder(void)
{
	char *dir = folder[folders];

	if (folders == MAX_FOLDERS || (!folders && atexit(remove_folders)))
		abort();
	snprintf(dir, sizeof(folder[0]), "%s/akida-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir))
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
