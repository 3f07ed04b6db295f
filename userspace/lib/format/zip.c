// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/zip.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/le.h"
#include "common/util.h"
#include "format/zip_format.h"

#define MAX_COMMENT 65535u

/* What archives may unpack to: some room, or a multiple of their size. */
#define BOMB_FLOOR (1ull << 30)
#define BOMB_RATIO 64
/* The most that deflate packs: 258 bytes in two bits, and some overhead. */
#define DEFLATE_RATIO 1032

#define MOST_AT_ONCE (1u << 30)

/* The directory, as the end of the archive tells it. */
struct directory {
	uint64_t offset, size, count;
};

bool ak_is_zip(const void *data, size_t size)
{
	uint32_t magic;

	if (size < ZIP_END_SIZE)
		return false;
	magic = ak_get_le32(data);
	return magic == ZIP_LOCAL_MAGIC || magic == ZIP_END_MAGIC;
}

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for the archive's directory");
}

/* The 64-bit end, which a locator right before the other end points to. */
static int read_end64(const struct ak_zip *zip, size_t end, struct directory *d,
		      struct ak_err *err)
{
	const uint8_t *locator = zip->data + end - ZIP_LOCATOR64_SIZE, *p;
	uint64_t at = ak_get_le64(locator + 8);

	if (ak_get_le32(locator + 4) || ak_get_le32(locator + 16) > 1)
		return ak_errf(err, -ENOTSUP,
			       "is one of several volumes of an archive");
	if (at > end - ZIP_LOCATOR64_SIZE ||
	    end - ZIP_LOCATOR64_SIZE - at < ZIP_END64_SIZE ||
	    ak_get_le32(zip->data + at) != ZIP_END64_MAGIC)
		return ak_errf(
			err, -EBADMSG,
			"the archive's 64-bit end is not where it should be");
	p = zip->data + at;
	if (ak_get_le32(p + 16) || ak_get_le32(p + 20) ||
	    ak_get_le64(p + 24) != ak_get_le64(p + 32))
		return ak_errf(err, -ENOTSUP,
			       "is one of several volumes of an archive");
	d->count = ak_get_le64(p + 32);
	d->size = ak_get_le64(p + 40);
	d->offset = ak_get_le64(p + 48);
	if (d->offset > at || d->size != at - d->offset)
		return ak_errf(err, -EBADMSG,
			       "the archive's directory is not before its end");
	return 0;
}

/* The last end whose comment reaches to the end of the file. */
static int find_end(const struct ak_zip *zip, size_t *end, struct ak_err *err)
{
	size_t back;

	for (back = ZIP_END_SIZE;
	     back <= zip->size && back <= ZIP_END_SIZE + MAX_COMMENT; back++) {
		const uint8_t *p = zip->data + zip->size - back;

		if (ak_get_le32(p) == ZIP_END_MAGIC &&
		    ak_get_le16(p + 20) == back - ZIP_END_SIZE) {
			*end = zip->size - back;
			return 0;
		}
	}
	return ak_errf(
		err, -EBADMSG,
		"the archive has no end; it is cut short, fetch it again");
}

static int read_end(const struct ak_zip *zip, struct directory *d,
		    struct ak_err *err)
{
	const uint8_t *p;
	size_t end = 0;
	int rc = find_end(zip, &end, err);

	if (rc)
		return rc;
	p = zip->data + end;
	d->count = ak_get_le16(p + 10);
	d->size = ak_get_le32(p + 12);
	d->offset = ak_get_le32(p + 16);
	if (end >= ZIP_LOCATOR64_SIZE + ZIP_END64_SIZE &&
	    ak_get_le32(p - ZIP_LOCATOR64_SIZE) == ZIP_LOCATOR64_MAGIC)
		return read_end64(zip, end, d, err);
	if (ak_get_le16(p + 4) || ak_get_le16(p + 6) ||
	    ak_get_le16(p + 8) != d->count)
		return ak_errf(err, -ENOTSUP,
			       "is one of several volumes of an archive");
	/* Bytes before the archive would move everything: not a .npz. */
	if (d->offset > end || d->size != end - d->offset)
		return ak_errf(err, -EBADMSG,
			       "the archive's directory is not before its end");
	return 0;
}

/*
 * Takes sizes and offset that did not fit from the 64-bit extra field: those
 * that are all ones, in this order. @offset is NULL in a local header.
 */
static int read_extra(const uint8_t *extra, size_t size, uint64_t *content,
		      uint64_t *packed, uint64_t *offset)
{
	uint64_t *field[] = { content, packed, offset };
	bool want = false;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(field); i++)
		if (field[i] && *field[i] == ZIP_MAX32)
			want = true;
	for (; want && size >= 4; extra += 4 + n, size -= 4 + n) {
		n = ak_get_le16(extra + 2);
		if (n > size - 4)
			return -EBADMSG;
		if (ak_get_le16(extra) != ZIP_EXTRA64)
			continue;
		extra += 4;
		for (i = 0; i < ARRAY_SIZE(field); i++) {
			if (!field[i] || *field[i] != ZIP_MAX32)
				continue;
			if (n < 8)
				return -EBADMSG;
			*field[i] = ak_get_le64(extra);
			extra += 8;
			n -= 8;
		}
		return 0;
	}
	/* Without the field, all ones are a size: 4 GiB less a byte. */
	return 0;
}

static int bad_entry(struct ak_err *err, const char *name, const char *what)
{
	return ak_errf(err, -EBADMSG, "entry '%s' of the archive: %s", name,
		       what);
}

static int check_flags(unsigned int flags, unsigned int method,
		       const char *name, struct ak_err *err)
{
	if (flags & (ZIP_FLAG_ENCRYPTED | ZIP_FLAG_STRONG | ZIP_FLAG_MASKED))
		return ak_errf(err, -ENOTSUP,
			       "entry '%s' of the archive is encrypted", name);
	if (flags & ZIP_FLAG_PATCH ||
	    (method != ZIP_STORED && method != ZIP_DEFLATED))
		return ak_errf(
			err, -ENOTSUP,
			"entry '%s' of the archive is packed by method %u; only deflate is read, pack it again",
			name, method);
	return 0;
}

/*
 * Where the content begins, from the entry's own header at @at, which must
 * agree with the directory.
 */
static int read_local(const struct ak_zip *zip, uint64_t at, unsigned int flags,
		      unsigned int method, uint64_t limit,
		      struct ak_zip_entry *e, struct ak_err *err)
{
	size_t n = strlen(e->name);
	uint64_t size, packed, room;
	const uint8_t *p;
	unsigned int extra;

	if (at > limit || limit - at < ZIP_LOCAL_SIZE ||
	    ak_get_le32(zip->data + at) != ZIP_LOCAL_MAGIC)
		return bad_entry(err, e->name,
				 "its header is not where it should be");
	p = zip->data + at;
	room = limit - at - ZIP_LOCAL_SIZE;
	extra = ak_get_le16(p + 28);
	if (ak_get_le16(p + 26) != n || room < n + extra ||
	    memcmp(p + ZIP_LOCAL_SIZE, e->name, n))
		return bad_entry(err, e->name, "its header has another name");
	if (ak_get_le16(p + 8) != method ||
	    (ak_get_le16(p + 6) ^ flags) & ZIP_FLAG_ENCRYPTED)
		return bad_entry(err, e->name,
				 "its header says another method");
	packed = ak_get_le32(p + 18);
	size = ak_get_le32(p + 22);
	if (read_extra(p + ZIP_LOCAL_SIZE + n, extra, &size, &packed, NULL))
		return bad_entry(err, e->name,
				 "its header's extra field is damaged");
	/* Behind the data, if they were not known before; or in both places. */
	if (!(ak_get_le16(p + 6) & ZIP_FLAG_DESCRIPTOR && !size && !packed) &&
	    (size != e->size || packed != e->packed))
		return bad_entry(err, e->name, "its header says another size");
	e->offset = at + ZIP_LOCAL_SIZE + n + extra;
	if (e->packed > room - n - extra)
		return bad_entry(err, e->name,
				 "its data reach into the directory");
	return 0;
}

/* One entry of the directory; @at moves behind it. */
static int read_entry(struct ak_zip *zip, const struct directory *d,
		      uint64_t *at, char **text, struct ak_err *err)
{
	struct ak_zip_entry *e = &zip->entry[zip->count];
	uint64_t left = d->offset + d->size - *at, offset;
	const uint8_t *p = zip->data + *at;
	unsigned int flags, method, n, extra;
	size_t length;
	int rc;

	if (left < ZIP_CENTRAL_SIZE || ak_get_le32(p) != ZIP_CENTRAL_MAGIC)
		return ak_errf(err, -EBADMSG,
			       "the archive's directory is damaged");
	flags = ak_get_le16(p + 8);
	method = ak_get_le16(p + 10);
	n = ak_get_le16(p + 28);
	extra = ak_get_le16(p + 30);
	length = ZIP_CENTRAL_SIZE + n + extra + ak_get_le16(p + 32);
	if (left < length)
		return ak_errf(err, -EBADMSG,
			       "the archive's directory is damaged");
	*at += length;
	memcpy(*text, p + ZIP_CENTRAL_SIZE, n);
	(*text)[n] = '\0';
	e->name = *text;
	if (!n || strlen(e->name) != n)
		return ak_errf(err, -EBADMSG,
			       "an entry of the archive has no name");
	e->crc = ak_get_le32(p + 16);
	e->packed = ak_get_le32(p + 20);
	e->size = ak_get_le32(p + 24);
	offset = ak_get_le32(p + 42);
	if (read_extra(p + ZIP_CENTRAL_SIZE + n, extra, &e->size, &e->packed,
		       &offset))
		return bad_entry(err, e->name, "its extra field is damaged");
	/* A folder. */
	if (e->name[n - 1] == '/' && !e->size)
		return 0;
	rc = check_flags(flags, method, e->name, err);
	if (rc)
		return rc;
	if (ak_get_le16(p + 34) && ak_get_le16(p + 34) != ZIP_MAX16)
		return ak_errf(err, -ENOTSUP,
			       "is one of several volumes of an archive");
	e->deflated = method == ZIP_DEFLATED;
	if (!e->deflated && e->size != e->packed)
		return bad_entry(err, e->name, "it has two sizes");
	rc = read_local(zip, offset, flags, method, d->offset, e, err);
	if (rc)
		return rc;
	rc = ak_names_add(&zip->names, e->name, zip->count);
	if (rc == -EEXIST)
		return bad_entry(err, e->name, "it is there twice");
	if (rc)
		return no_memory(err);
	*text += n + 1;
	zip->count++;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct ak_zip_entry *x = *(const struct ak_zip_entry *const *)a;
	const struct ak_zip_entry *y = *(const struct ak_zip_entry *const *)b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Overlapping entries make small archives unpack to petabytes. */
static int check_overlap(const struct ak_zip *zip, struct ak_err *err)
{
	const struct ak_zip_entry **order;
	size_t i;
	int rc = 0;

	order = calloc(zip->count + 1, sizeof(*order));
	if (!order)
		return no_memory(err);
	for (i = 0; i < zip->count; i++)
		order[i] = &zip->entry[i];
	qsort(order, zip->count, sizeof(*order), by_offset);
	for (i = 1; i < zip->count && !rc; i++)
		if (order[i]->offset - order[i - 1]->offset <
		    order[i - 1]->packed + ZIP_LOCAL_SIZE)
			rc = bad_entry(err, order[i]->name,
				       "it overlaps another entry");
	free(order);
	return rc;
}

static int check_bomb(const struct ak_zip *zip, struct ak_err *err)
{
	uint64_t limit = zip->size, total = 0;
	size_t i;

	if (__builtin_mul_overflow(limit, (uint64_t)BOMB_RATIO, &limit))
		limit = UINT64_MAX;
	if (limit < BOMB_FLOOR)
		limit = BOMB_FLOOR;
	for (i = 0; i < zip->count; i++) {
		const struct ak_zip_entry *e = &zip->entry[i];

		if (!e->deflated)
			continue;
		if (e->size / DEFLATE_RATIO > e->packed)
			return bad_entry(err, e->name,
					 "it is larger than deflate can pack");
		if (__builtin_add_overflow(total, e->size, &total) ||
		    total > limit)
			return ak_errf(
				err, -EFBIG,
				"the archive unpacks to more than %" PRIu64
				" bytes, %u times its size; unpack and check it by other means",
				limit, BOMB_RATIO);
	}
	return 0;
}

int ak_zip_open(const void *data, size_t size, struct ak_zip *zip,
		struct ak_err *err)
{
	struct directory d;
	uint64_t i, at;
	char *text;
	int rc;

	memset(zip, 0, sizeof(*zip));
	zip->data = data;
	zip->size = size;
	rc = read_end(zip, &d, err);
	if (rc)
		return rc;
	if (d.count > d.size / ZIP_CENTRAL_SIZE)
		return ak_errf(err, -EBADMSG,
			       "the archive's directory is damaged");
	zip->entry = calloc(d.count + 1, sizeof(*zip->entry));
	/* Names are shorter than the directory, but for their ends. */
	zip->text = malloc(d.size + 1);
	if (!zip->entry || !zip->text)
		rc = no_memory(err);
	text = zip->text;
	at = d.offset;
	for (i = 0; i < d.count && !rc; i++)
		rc = read_entry(zip, &d, &at, &text, err);
	if (!rc && at != d.offset + d.size)
		rc = ak_errf(err, -EBADMSG,
			     "the archive's directory has more than it says");
	if (!rc)
		rc = check_overlap(zip, err);
	if (!rc)
		rc = check_bomb(zip, err);
	if (rc)
		ak_zip_close(zip);
	return rc;
}

void ak_zip_close(struct ak_zip *zip)
{
	free(zip->entry);
	free(zip->text);
	ak_names_clear(&zip->names);
	memset(zip, 0, sizeof(*zip));
}

const struct ak_zip_entry *ak_zip_find(const struct ak_zip *zip,
				       const char *name)
{
	size_t i = ak_names_find(&zip->names, name);

	return i == SIZE_MAX ? NULL : &zip->entry[i];
}

const uint8_t *ak_zip_stored(const struct ak_zip *zip,
			     const struct ak_zip_entry *e)
{
	return e->deflated ? NULL : zip->data + e->offset;
}

/*
 * Unpacks @size more bytes; @packed is what zlib has not been given yet, for
 * zlib counts in 32 bits. Z_OK says that the stream goes on.
 */
static int unpack(z_stream *z, uint64_t *packed, uint8_t *out, size_t size)
{
	int rc = Z_OK;

	z->next_out = out;
	z->avail_out = 0;
	while (rc == Z_OK) {
		if (!z->avail_in) {
			z->avail_in = *packed < MOST_AT_ONCE ? (uInt)*packed :
							       MOST_AT_ONCE;
			*packed -= z->avail_in;
		}
		if (!z->avail_out) {
			if (!size)
				break;
			z->avail_out =
				size < MOST_AT_ONCE ? (uInt)size : MOST_AT_ONCE;
			size -= z->avail_out;
		}
		rc = inflate(z, Z_NO_FLUSH);
	}
	return rc;
}

static int inflate_entry(const struct ak_zip *zip, const struct ak_zip_entry *e,
			 uint8_t *out, size_t size, struct ak_err *err)
{
	uint64_t packed = e->packed;
	z_stream z = { 0 };
	uint8_t beyond;
	int rc;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return ak_errf(err, -ENOMEM, "no memory to unpack '%s'",
			       e->name);
	z.next_in = (Bytef *)(uintptr_t)(zip->data + e->offset);
	rc = unpack(&z, &packed, out, size);
	/* All bytes are there, but perhaps not yet the mark of the end. */
	if (rc == Z_OK && size == e->size)
		rc = unpack(&z, &packed, &beyond, 1);
	inflateEnd(&z);
	if (z.total_out != size || (size == e->size && rc != Z_STREAM_END) ||
	    (rc != Z_OK && rc != Z_STREAM_END))
		return bad_entry(err, e->name, "its packed data are damaged");
	return 0;
}

int ak_zip_read(const struct ak_zip *zip, const struct ak_zip_entry *e,
		void *out, size_t size, struct ak_err *err)
{
	uint8_t *p = out;
	uint32_t crc = 0;
	size_t done;
	int rc;

	if (size > e->size)
		return bad_entry(err, e->name, "it is too short");
	if (!e->deflated) {
		memcpy(out, zip->data + e->offset, size);
		return 0;
	}
	rc = inflate_entry(zip, e, out, size, err);
	if (rc || size < e->size)
		return rc;
	for (done = 0; done < size;) {
		uInt n = size - done < MOST_AT_ONCE ? (uInt)(size - done) :
						      MOST_AT_ONCE;

		crc = (uint32_t)crc32(crc, p + done, n);
		done += n;
	}
	if (crc != e->crc)
		return bad_entry(
			err, e->name,
			"its CRC is wrong; the file is damaged, fetch it again");
	return 0;
}
