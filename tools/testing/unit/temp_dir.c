// SPDX-License-Identifier: GPL-2.0
#include "temp_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmocka_all.h"
#include "scratch.h"

static char dir[64];

int temp_dir_make(void **state)
{
	(void)state;
	return scratch_make(dir, sizeof(dir));
}

int temp_dir_remove(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

const char *temp_path(const char *name)
{
	static char paths[8][256];
	static unsigned int next;
	char *p = paths[next++ % 8];

	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

const char *temp_write(const char *name, const void *data, size_t size)
{
	const char *path = temp_path(name);
	char part[256];
	const char *slash;
	FILE *f;

	for (slash = strchr(path + strlen(dir) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0777) && errno != EEXIST)
			fail_msg("%s: %s", part, strerror(errno));
	}
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		fail_msg("%s: %s", path, strerror(errno));
	return path;
}

const char *temp_text(const char *name, const char *text)
{
	return temp_write(name, text, strlen(text));
}
