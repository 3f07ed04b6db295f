// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an APL manifest and its archive: two bytes with the length of
 * the manifest, the manifest, the archive. All weights are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "convert/view.h"
#include "folder.h"

/* Elements of a weight that are worth the time. */
#define ENOUGH 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	static char manifest[96];
	static const char *dir;
	struct ak_view *v;
	size_t n, i;

	if (size < 2)
		return 0;
	if (!dir) {
		dir = fuzz_folder();
		snprintf(manifest, sizeof(manifest), "%s/x_manifest.json", dir);
	}
	n = ak_get_le16(data);
	if (n > size - 2)
		n = size - 2;
	fuzz_save(dir, "x_manifest.json", data + 2, n);
	fuzz_save(dir, "x_quantized.npz", data + 2 + n, size - 2 - n);
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
