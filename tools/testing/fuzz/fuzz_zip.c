// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an archive: its entries are read, as arrays and as a
 * checkpoint, too.
 */
#include <stdlib.h>
#include <string.h>

#include "format/npy.h"
#include "format/torch.h"
#include "format/zip.h"

#define LARGE (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_entry(const struct ak_zip *zip, const struct ak_zip_entry *e)
{
	size_t some = e->size < 200 ? (size_t)e->size : 200;
	struct ak_err err = { "" };
	struct ak_npy npy;
	uint8_t *whole, part[200];
	int rc, rc_part;

	if (e->offset > zip->size || e->packed > zip->size - e->offset)
		abort();
	rc_part = ak_zip_read(zip, e, part, some, &err);
	if (!rc_part)
		ak_npy_parse_head(part, some, (size_t)e->size, &npy, &err);
	if (e->size > LARGE)
		return;
	whole = malloc((size_t)e->size + 1);
	err.text[0] = '\0';
	rc = ak_zip_read(zip, e, whole, (size_t)e->size, &err);
	if (rc && !err.text[0])
		abort();
	/* What is read as a whole can be read in part, and is the same. */
	if (!rc && (rc_part || memcmp(whole, part, some)))
		abort();
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_torch torch;
	struct ak_zip zip;
	size_t i;

	if (ak_zip_open(data, size, &zip, &err)) {
		if (!err.text[0] || zip.entry)
			abort();
		return 0;
	}
	for (i = 0; i < zip.count; i++) {
		if (ak_zip_find(&zip, zip.entry[i].name) != &zip.entry[i])
			abort();
		read_entry(&zip, &zip.entry[i]);
	}
	if (ak_is_torch(&zip) && !ak_torch_open(&zip, &torch, &err))
		ak_torch_close(&torch);
	ak_zip_close(&zip);
	return 0;
}
