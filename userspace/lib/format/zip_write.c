// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is written where follows CPython's zipfile, so that archives equal
 * NumPy's: a local header with a ZIP64 field always (force_zip64), filled in
 * when the entry is complete; the date that ZipInfo has by default; mode
 * 0600; 64-bit fields elsewhere only beyond 2^31 - 1.
 */
#include "format/zip_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/le.h"
#include "common/names.h"
#include "common/util.h"
#include "format/npy.h"
#include "format/zip_format.h"

/* zipfile.ZIP64_LIMIT and ZIP_FILECOUNT_LIMIT */
#define LIMIT64 0x7fffffffu
#define LIMIT_COUNT 0xffffu

#define VERSION_20 20
#define VERSION_45 45
#define SYSTEM_UNIX 3
#define DATE_1980 0x21 /* 1 January; the time is 0 */
#define MODE_0600 (0600u << 16)

#define EXTRA_SIZE 20u /* of a local header: head, two sizes */
#define MAX_EXTRA 28u /* of a central header: head, sizes, offset */

#define CHUNK 65536
/* zlib counts in 32 bits. */
#define MOST_AT_ONCE (1u << 30)

struct entry {
	char *name;
	uint64_t offset, size, packed;
	uint32_t crc;
	uint16_t method, flags;
};

struct ak_zip_writer {
	struct ak_out *out;
	enum ak_zip_form form;
	struct entry *entry;
	size_t count, room;
	struct ak_names names;
	bool open, deflating;
	z_stream z;
	uint64_t promised; /* bytes of an array, UINT64_MAX for others */
	uint8_t chunk[CHUNK];
};

int ak_zip_writer_new(struct ak_out *out, enum ak_zip_form form,
		      struct ak_zip_writer **w, struct ak_err *err)
{
	*w = calloc(1, sizeof(**w));
	if (!*w)
		return ak_errf(err, -ENOMEM, "no memory to write an archive");
	(*w)->out = out;
	(*w)->form = form;
	return 0;
}

void ak_zip_writer_free(struct ak_zip_writer *w)
{
	size_t i;

	if (!w)
		return;
	if (w->deflating)
		deflateEnd(&w->z);
	for (i = 0; i < w->count; i++)
		free(w->entry[i].name);
	free(w->entry);
	ak_names_clear(&w->names);
	free(w);
}

/* As zipfile.ZIP_DEFLATED without a level. */
static int start_deflate(z_stream *z)
{
	memset(z, 0, sizeof(*z));
	return deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS,
			    MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY);
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* The version that an entry needs, as zipfile notes it. */
static uint16_t version(const struct ak_zip_writer *w, const struct entry *e)
{
	if (w->form == AK_ZIP_PYTHON_3_12 || e->size > LIMIT64 ||
	    e->packed > LIMIT64)
		return VERSION_45;
	return VERSION_20;
}

/* Head, name and ZIP64 field; @h has room for them. */
static size_t print_local(const struct ak_zip_writer *w, const struct entry *e,
			  uint8_t *h)
{
	size_t n = strlen(e->name);
	bool hide = version(w, e) == VERSION_45;
	uint8_t *extra = h + ZIP_LOCAL_SIZE + n;

	ak_put_le32(h, ZIP_LOCAL_MAGIC);
	ak_put_le16(h + 4, version(w, e));
	ak_put_le16(h + 6, e->flags);
	ak_put_le16(h + 8, e->method);
	ak_put_le16(h + 10, 0);
	ak_put_le16(h + 12, DATE_1980);
	ak_put_le32(h + 14, e->crc);
	ak_put_le32(h + 18, hide ? ZIP_MAX32 : (uint32_t)e->packed);
	ak_put_le32(h + 22, hide ? ZIP_MAX32 : (uint32_t)e->size);
	ak_put_le16(h + 26, (uint16_t)n);
	ak_put_le16(h + 28, EXTRA_SIZE);
	memcpy(h + ZIP_LOCAL_SIZE, e->name, n);
	ak_put_le16(extra, ZIP_EXTRA64);
	ak_put_le16(extra + 2, EXTRA_SIZE - 4);
	ak_put_le64(extra + 4, e->size);
	ak_put_le64(extra + 12, e->packed);
	return ZIP_LOCAL_SIZE + n + EXTRA_SIZE;
}

/* Appends the header of the last entry, or writes it again where it was. */
static int put_local(struct ak_zip_writer *w, bool again, struct ak_err *err)
{
	const struct entry *e = &w->entry[w->count - 1];
	uint8_t *h = malloc(ZIP_LOCAL_SIZE + strlen(e->name) + EXTRA_SIZE);
	size_t n;
	int rc;

	if (!h)
		return ak_errf(err, -ENOMEM, "no memory to write an archive");
	n = print_local(w, e, h);
	if (again)
		rc = ak_out_pwrite(w->out, e->offset, h, n, err);
	else
		rc = ak_out_write(w->out, h, n, err);
	free(h);
	return rc;
}

/* A new last entry. */
static int add_entry(struct ak_zip_writer *w, const char *name,
		     struct entry **entry, struct ak_err *err)
{
	struct entry *e;
	int rc;

	if (!*name || strlen(name) > UINT16_MAX)
		return ak_errf(
			err, -EINVAL,
			"an entry of an archive cannot have a name of %zu bytes",
			strlen(name));
	if (w->count == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		e = reallocarray(w->entry, w->room, sizeof(*e));
		if (!e)
			return ak_errf(err, -ENOMEM,
				       "no memory to write an archive");
		w->entry = e;
	}
	e = &w->entry[w->count];
	memset(e, 0, sizeof(*e));
	e->name = strdup(name);
	if (!e->name)
		return ak_errf(err, -ENOMEM, "no memory to write an archive");
	rc = ak_names_add(&w->names, e->name, w->count);
	if (rc) {
		free(e->name);
		if (rc == -EEXIST)
			return ak_errf(err, rc, "the archive has '%s' already",
				       name);
		return ak_errf(err, rc, "no memory to write an archive");
	}
	e->flags = is_ascii(name) ? 0 : ZIP_FLAG_UTF8;
	e->offset = ak_out_tell(w->out);
	w->count++;
	*entry = e;
	return 0;
}

int ak_zip_begin(struct ak_zip_writer *w, const char *name, bool deflate,
		 struct ak_err *err)
{
	struct entry *e;
	int rc = add_entry(w, name, &e, err);

	if (rc)
		return rc;
	if (deflate) {
		e->method = ZIP_DEFLATED;
		if (start_deflate(&w->z) != Z_OK)
			return ak_errf(err, -ENOMEM,
				       "no memory to pack an archive");
		w->deflating = true;
	}
	w->open = true;
	w->promised = UINT64_MAX;
	return put_local(w, false, err);
}

/* Packs what zlib was given, all of it with Z_FINISH. */
static int drain(struct ak_zip_writer *w, int flush, struct ak_err *err)
{
	struct entry *e = &w->entry[w->count - 1];
	size_t n;
	int z, rc;

	do {
		w->z.next_out = w->chunk;
		w->z.avail_out = CHUNK;
		z = deflate(&w->z, flush);
		n = CHUNK - w->z.avail_out;
		rc = ak_out_write(w->out, w->chunk, n, err);
		if (rc)
			return rc;
		e->packed += n;
	} while (flush == Z_FINISH ? z != Z_STREAM_END : !w->z.avail_out);
	return 0;
}

int ak_zip_write(struct ak_zip_writer *w, const void *data, size_t size,
		 struct ak_err *err)
{
	struct entry *e = &w->entry[w->count - 1];
	const uint8_t *p = data;
	int rc = 0;

	while (size && !rc) {
		uInt n = size < MOST_AT_ONCE ? (uInt)size : MOST_AT_ONCE;

		e->crc = (uint32_t)crc32(e->crc, p, n);
		e->size += n;
		if (w->deflating) {
			w->z.next_in = (Bytef *)(uintptr_t)p;
			w->z.avail_in = n;
			rc = drain(w, Z_NO_FLUSH, err);
		} else {
			e->packed += n;
			rc = ak_out_write(w->out, p, n, err);
		}
		p += n;
		size -= n;
	}
	return rc;
}

int ak_zip_end(struct ak_zip_writer *w, struct ak_err *err)
{
	const struct entry *e = &w->entry[w->count - 1];
	int rc = 0;

	if (w->deflating) {
		w->z.next_in = NULL;
		w->z.avail_in = 0;
		rc = drain(w, Z_FINISH, err);
		deflateEnd(&w->z);
		w->deflating = false;
	}
	w->open = false;
	if (rc)
		return rc;
	if (w->promised != UINT64_MAX && e->size != w->promised)
		return ak_errf(err, -EINVAL,
			       "array '%s' got %llu bytes instead of %llu",
			       e->name, (unsigned long long)e->size,
			       (unsigned long long)w->promised);
	return put_local(w, true, err);
}

/* Header of an array, and how many bytes header and elements have. */
static int array_head(enum ak_tensor_type type, unsigned int ndim,
		      const uint64_t *dim, uint8_t *head, size_t *n,
		      uint64_t *total, struct ak_err *err)
{
	uint64_t count, bytes;

	if (ak_tensor_type_bytes(type, ndim, dim, &count, &bytes))
		return ak_errf(err, -EINVAL, "no array has this shape");
	*n = ak_npy_head(type, true, ndim, dim, head);
	if (!*n)
		return ak_errf(err, -EINVAL, "NumPy has no arrays of %s",
			       ak_tensor_type_name(type));
	*total = *n + bytes;
	return 0;
}

int ak_npz_begin(struct ak_zip_writer *w, const char *key, bool deflate,
		 enum ak_tensor_type type, unsigned int ndim,
		 const uint64_t *dim, struct ak_err *err)
{
	uint8_t head[AK_NPY_MAX_HEAD];
	uint64_t total;
	char *name;
	size_t n;
	int rc;

	rc = array_head(type, ndim, dim, head, &n, &total, err);
	if (rc)
		return rc;
	name = malloc(strlen(key) + sizeof(".npy"));
	if (!name)
		return ak_errf(err, -ENOMEM, "no memory to write an archive");
	strcpy(name, key);
	strcat(name, ".npy");
	rc = ak_zip_begin(w, name, deflate, err);
	free(name);
	if (rc)
		return rc;
	w->promised = total;
	return ak_zip_write(w, head, n, err);
}

/* Deflates @data into what is left of @packed->data. */
static int pack(z_stream *z, const void *data, uint64_t size, bool last,
		struct ak_zip_packed *packed, uint64_t room)
{
	const uint8_t *p = data;
	int rc = Z_OK;

	do {
		uInt n = size < MOST_AT_ONCE ? (uInt)size : MOST_AT_ONCE;

		packed->crc = (uint32_t)crc32(packed->crc, p, n);
		packed->size += n;
		size -= n;
		z->next_in = (Bytef *)(uintptr_t)p;
		z->avail_in = n;
		do {
			uint64_t left = room - packed->packed;
			uInt most =
				left < MOST_AT_ONCE ? (uInt)left : MOST_AT_ONCE;

			z->next_out = packed->data + packed->packed;
			z->avail_out = most;
			rc = deflate(z, last && !size ? Z_FINISH : Z_NO_FLUSH);
			packed->packed += most - z->avail_out;
		} while (rc == Z_OK && (z->avail_in || (last && !size)));
		p += n;
	} while (size);
	return rc;
}

int ak_npz_pack(enum ak_tensor_type type, unsigned int ndim,
		const uint64_t *dim, const void *elements,
		struct ak_zip_packed *packed, struct ak_err *err)
{
	uint8_t head[AK_NPY_MAX_HEAD];
	uint64_t total, room;
	z_stream z;
	size_t n;
	int rc;

	memset(packed, 0, sizeof(*packed));
	rc = array_head(type, ndim, dim, head, &n, &total, err);
	if (rc)
		return rc;
	if (start_deflate(&z) != Z_OK)
		return ak_errf(err, -ENOMEM, "no memory to pack an array");
	room = deflateBound(&z, total);
	packed->data = malloc(room);
	if (!packed->data) {
		deflateEnd(&z);
		return ak_errf(err, -ENOMEM, "no memory to pack %llu bytes",
			       (unsigned long long)total);
	}
	pack(&z, head, n, false, packed, room);
	rc = pack(&z, elements, total - n, true, packed, room);
	deflateEnd(&z);
	if (rc == Z_STREAM_END)
		return 0;
	free(packed->data);
	packed->data = NULL;
	return ak_errf(err, -ENOMEM, "an array of %llu bytes was not packed",
		       (unsigned long long)total);
}

int ak_zip_begin_packed(struct ak_zip_writer *w, const char *name,
			struct ak_err *err)
{
	struct entry *e;
	int rc = add_entry(w, name, &e, err);

	if (rc)
		return rc;
	e->method = ZIP_DEFLATED;
	w->open = true;
	w->promised = UINT64_MAX;
	return put_local(w, false, err);
}

int ak_zip_write_packed(struct ak_zip_writer *w, const void *data, size_t size,
			struct ak_err *err)
{
	w->entry[w->count - 1].packed += size;
	return ak_out_write(w->out, data, size, err);
}

int ak_zip_end_packed(struct ak_zip_writer *w, uint64_t size, uint32_t crc,
		      struct ak_err *err)
{
	struct entry *e = &w->entry[w->count - 1];

	e->size = size;
	e->crc = crc;
	w->open = false;
	return put_local(w, true, err);
}

int ak_zip_add(struct ak_zip_writer *w, const char *name,
	       const struct ak_zip_packed *packed, struct ak_err *err)
{
	int rc = ak_zip_begin_packed(w, name, err);

	if (!rc)
		rc = ak_zip_write_packed(w, packed->data, packed->packed, err);
	if (!rc)
		rc = ak_zip_end_packed(w, packed->size, packed->crc, err);
	return rc;
}

static int put_central(struct ak_zip_writer *w, const struct entry *e,
		       struct ak_err *err)
{
	bool big = e->size > LIMIT64 || e->packed > LIMIT64;
	bool far = e->offset > LIMIT64;
	uint16_t v = far ? VERSION_45 : version(w, e);
	uint8_t h[ZIP_CENTRAL_SIZE] = { 0 }, extra[MAX_EXTRA];
	size_t n = 0;
	int rc;

	if (big) {
		ak_put_le64(extra + 4, e->size);
		ak_put_le64(extra + 12, e->packed);
		n = 16;
	}
	if (far) {
		ak_put_le64(extra + 4 + n, e->offset);
		n += 8;
	}
	ak_put_le16(extra, ZIP_EXTRA64);
	ak_put_le16(extra + 2, (uint16_t)n);
	if (n)
		n += 4;
	ak_put_le32(h, ZIP_CENTRAL_MAGIC);
	h[4] = (uint8_t)v;
	h[5] = SYSTEM_UNIX;
	h[6] = (uint8_t)v;
	ak_put_le16(h + 8, e->flags);
	ak_put_le16(h + 10, e->method);
	ak_put_le16(h + 14, DATE_1980);
	ak_put_le32(h + 16, e->crc);
	ak_put_le32(h + 20, big ? ZIP_MAX32 : (uint32_t)e->packed);
	ak_put_le32(h + 24, big ? ZIP_MAX32 : (uint32_t)e->size);
	ak_put_le16(h + 28, (uint16_t)strlen(e->name));
	ak_put_le16(h + 30, (uint16_t)n);
	ak_put_le32(h + 38, MODE_0600);
	ak_put_le32(h + 42, far ? ZIP_MAX32 : (uint32_t)e->offset);
	rc = ak_out_write(w->out, h, sizeof(h), err);
	if (!rc)
		rc = ak_out_write(w->out, e->name, strlen(e->name), err);
	return rc ? rc : ak_out_write(w->out, extra, n, err);
}

/* The end in 64 bits, and what points to it. */
static int put_end64(struct ak_zip_writer *w, uint64_t start, uint64_t size,
		     struct ak_err *err)
{
	uint8_t h[ZIP_END64_SIZE + ZIP_LOCATOR64_SIZE] = { 0 };
	uint8_t *locator = h + ZIP_END64_SIZE;

	ak_put_le32(h, ZIP_END64_MAGIC);
	ak_put_le64(h + 4, ZIP_END64_SIZE - 12);
	ak_put_le16(h + 12, VERSION_45);
	ak_put_le16(h + 14, VERSION_45);
	ak_put_le64(h + 24, w->count);
	ak_put_le64(h + 32, w->count);
	ak_put_le64(h + 40, size);
	ak_put_le64(h + 48, start);
	ak_put_le32(locator, ZIP_LOCATOR64_MAGIC);
	ak_put_le64(locator + 8, start + size);
	ak_put_le32(locator + 16, 1);
	return ak_out_write(w->out, h, sizeof(h), err);
}

int ak_zip_finish(struct ak_zip_writer *w, struct ak_err *err)
{
	uint64_t start = ak_out_tell(w->out), size;
	uint16_t count =
		(uint16_t)(w->count < ZIP_MAX16 ? w->count : ZIP_MAX16);
	uint8_t h[ZIP_END_SIZE] = { 0 };
	size_t i;
	int rc;

	if (w->open)
		return ak_errf(err, -EINVAL, "entry '%s' was not ended",
			       w->entry[w->count - 1].name);
	for (i = 0; i < w->count; i++) {
		rc = put_central(w, &w->entry[i], err);
		if (rc)
			return rc;
	}
	size = ak_out_tell(w->out) - start;
	if (w->count > LIMIT_COUNT || start > LIMIT64 || size > LIMIT64) {
		rc = put_end64(w, start, size, err);
		if (rc)
			return rc;
	}
	ak_put_le32(h, ZIP_END_MAGIC);
	ak_put_le16(h + 8, count);
	ak_put_le16(h + 10, count);
	ak_put_le32(h + 12, size < ZIP_MAX32 ? (uint32_t)size : ZIP_MAX32);
	ak_put_le32(h + 16, start < ZIP_MAX32 ? (uint32_t)start : ZIP_MAX32);
	return ak_out_write(w->out, h, sizeof(h), err);
}
