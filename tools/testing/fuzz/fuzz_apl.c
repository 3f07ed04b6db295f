// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an APL manifest and its archive: two bytes with the length of
 * the manifest, the manifest, the archive. All weights are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/le.h"
#include "convert/view.h"

/* Elements of a weight that are worth the time. */
#define ENOUGH 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64], manifest[96], archive[96];

static void tear_down(void)
{
	unlink(manifest);
	unlink(archive);
	rmdir(dir);
}

/* In memory, where there is such a folder. */
static void set_up(void)
{
	snprintf(dir, sizeof(dir), "%s/akida-fuzz-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(dir))
		abort();
	snprintf(manifest, sizeof(manifest), "%s/x_manifest.json", dir);
	snprintf(archive, sizeof(archive), "%s/x_quantized.npz", dir);
	if (atexit(tear_down))
		abort();
}

static void save(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
}

/* The last row by itself must be what it is among the others. */
static void read_weight(struct ak_view *v, size_t i)
{
	struct ak_err err = { "" };
	struct ak_view_tensor t;
	float *all, *last;

	if (ak_view_get(v, i, &t, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	if (t.rows && t.cols && t.rows <= ENOUGH / t.cols) {
		all = calloc(t.rows * t.cols, sizeof(*all));
		last = calloc(t.cols, sizeof(*last));
		if (!all || !last)
			abort();
		if (ak_view_read(v, &t, 0, t.rows, all, &err) ||
		    ak_view_read(v, &t, t.rows - 1, 1, last, &err) ||
		    memcmp(last, all + (t.rows - 1) * t.cols,
			   t.cols * sizeof(*last)))
			abort();
		if (!ak_view_read(v, &t, t.rows, 1, last, &err))
			abort();
		free(all);
		free(last);
	}
	ak_view_drop(v, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_view *v;
	size_t n, i;

	if (size < 2)
		return 0;
	if (!manifest[0])
		set_up();
	n = ak_get_le16(data);
	if (n > size - 2)
		n = size - 2;
	save(manifest, data + 2, n);
	save(archive, data + 2 + n, size - 2 - n);
	if (ak_view_open(manifest, &v, &err)) {
		if (!err.text[0] || v)
			abort();
		return 0;
	}
	for (i = 0; i < ak_view_count(v); i++)
		read_weight(v, i);
	ak_view_close(v);
	return 0;
}
