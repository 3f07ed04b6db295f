// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/torch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

#define PICKLE "data.pkl"
#define BYTE_ORDER_FILE "byteorder"
#define HOST_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/* The entry NAME/data.pkl, or data.pkl alone; @prefix is what is before it. */
static const struct ak_zip_entry *find_pickle(const struct ak_zip *zip,
					      size_t *prefix)
{
	size_t i;

	for (i = 0; i < zip->count; i++) {
		const char *slash = strchr(zip->entry[i].name, '/');
		const char *base = slash ? slash + 1 : zip->entry[i].name;

		if (!strcmp(base, PICKLE)) {
			*prefix = (size_t)(base - zip->entry[i].name);
			return &zip->entry[i];
		}
	}
	return NULL;
}

bool ak_is_torch(const struct ak_zip *zip)
{
	size_t prefix;

	return find_pickle(zip, &prefix);
}

/* Entry @prefix FOLDER NAME, NULL if there is none. */
static const struct ak_zip_entry *find_part(const struct ak_zip *zip,
					    const char *prefix, size_t n,
					    const char *folder,
					    const char *name)
{
	const struct ak_zip_entry *e = NULL;
	struct ak_buf b = { 0 };

	ak_buf_add(&b, prefix, n);
	ak_buf_text(&b, folder);
	ak_buf_add(&b, name, strlen(name) + 1);
	if (!b.failed)
		e = ak_zip_find(zip, (const char *)b.data);
	ak_buf_clear(&b);
	return e;
}

/* Before 2.1 there is no such file, and the order is little. */
static int read_order(const struct ak_zip *zip, const char *prefix, size_t n,
		      bool *swap, struct ak_err *err)
{
	const struct ak_zip_entry *e =
		find_part(zip, prefix, n, "", BYTE_ORDER_FILE);
	char order[8] = "little";
	int rc;

	if (e) {
		memset(order, 0, sizeof(order));
		if (e->size < sizeof(order)) {
			rc = ak_zip_read(zip, e, order, (size_t)e->size, err);
			if (rc)
				return rc;
		}
		if (strcmp(order, "little") && strcmp(order, "big"))
			return ak_errf(
				err, -EBADMSG,
				"its byte order is neither little nor big");
	}
	*swap = (order[0] == 'l') != HOST_LITTLE;
	return 0;
}

static int find_storages(const struct ak_zip *zip, const char *prefix, size_t n,
			 struct ak_torch *t, struct ak_err *err)
{
	size_t i;

	t->entry = calloc(t->pickle.count + 1, sizeof(*t->entry));
	if (!t->entry)
		return ak_errf(err, -ENOMEM, "no memory for the checkpoint");
	for (i = 0; i < t->pickle.count; i++) {
		const struct ak_pickle_tensor *p = &t->pickle.tensor[i];
		const struct ak_zip_entry *e =
			find_part(zip, prefix, n, "data/", p->key);
		size_t size = ak_tensor_type_size(p->type);

		if (!e && p->count)
			return ak_errf(
				err, -EBADMSG,
				"tensor '%s': its storage '%s' is not in the archive",
				p->name, p->key);
		if (e && e->size / size < p->elements)
			return ak_errf(
				err, -EBADMSG,
				"tensor '%s': its storage '%s' has %" PRIu64
				" bytes, too few for %" PRIu64 " elements",
				p->name, p->key, e->size, p->elements);
		t->entry[i] = e;
	}
	return 0;
}

int ak_torch_open(const struct ak_zip *zip, struct ak_torch *out,
		  struct ak_err *err)
{
	const struct ak_zip_entry *e;
	const uint8_t *stored;
	void *unpacked = NULL;
	size_t prefix = 0;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	e = find_pickle(zip, &prefix);
	if (!e)
		return ak_errf(err, -EBADMSG,
			       "is no PyTorch checkpoint: it has no " PICKLE);
	stored = ak_zip_stored(zip, e);
	if (!stored && e->size <= AK_PICKLE_MAX) {
		unpacked = malloc((size_t)e->size + 1);
		if (!unpacked)
			return ak_errf(err, -ENOMEM,
				       "no memory for the checkpoint");
		rc = ak_zip_read(zip, e, unpacked, (size_t)e->size, err);
		stored = unpacked;
	}
	/* One that is too large is refused before a byte is read. */
	if (!rc)
		rc = ak_pickle_parse(stored, (size_t)e->size, &out->pickle,
				     err);
	free(unpacked);
	if (!rc)
		rc = read_order(zip, e->name, prefix, &out->swap, err);
	if (!rc)
		rc = find_storages(zip, e->name, prefix, out, err);
	if (rc)
		ak_torch_close(out);
	return rc;
}

void ak_torch_close(struct ak_torch *t)
{
	ak_pickle_clear(&t->pickle);
	free(t->entry);
	memset(t, 0, sizeof(*t));
}

bool ak_is_torch_legacy(const void *data, size_t size)
{
	/* A pickle of 0x1950a86a20f9469cfc6c, by protocol 2. */
	static const char magic[] = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8"
				    "\x50\x19.";
	const char *p = data;

	if (size > 262 && !memcmp(p + 257, "ustar", 5))
		return true;
	return size > 2 + sizeof(magic) && p[0] == '\x80' &&
	       !memcmp(p + 2, magic, sizeof(magic) - 1);
}
