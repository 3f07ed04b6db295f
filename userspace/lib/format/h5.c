// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The stream of akida-hdf5: every size is checked before it is used, as the
 * process that wrote it may be in somebody else's hands.
 */
#include "format/h5.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "format/tensor_type.h"

_Static_assert(AK_H5_MAX_DIMS <= AK_TENSOR_MAX_DIMS, "dimensions of tensors");

#define BAD(what) ak_errf(err, -EPROTO, "akida-hdf5 answers wrongly: " what)

/**
 * struct record - the next one
 * @kind: enum ak_h5_kind, or something else
 * @name: its name, ends with NUL
 * @data: its data
 * @size: their bytes
 */
struct record {
	uint32_t kind;
	const char *name;
	const uint8_t *data;
	uint64_t size;
};

bool ak_is_h5(const void *data, size_t size)
{
	return size >= 8 && !memcmp(data, "\x89HDF\r\n\x1a\n", 8);
}

uint64_t ak_h5_most(uint64_t size)
{
	uint64_t most = (uint64_t)1 << 31;

	return size < most / 16 ? 8 * size + (1u << 20) : most;
}

static int next_record(const struct ak_buf *s, size_t *at, struct record *r,
		       struct ak_err *err)
{
	size_t left = s->size - *at;
	const uint8_t *p = s->data + *at;
	uint32_t name;

	if (left < AK_H5_RECORD)
		return BAD("it ends early");
	r->kind = ak_get_le32(p);
	name = ak_get_le32(p + 4);
	r->size = ak_get_le64(p + 8);
	p += AK_H5_RECORD;
	left -= AK_H5_RECORD;
	if (!name || name > AK_H5_MAX_NAME || name > left)
		return BAD("a name that is too long");
	r->name = (const char *)p;
	if (memchr(p, 0, name) != p + name - 1)
		return BAD("a name that does not end");
	if (r->size > left - name)
		return BAD("it ends early");
	r->data = p + name;
	*at += AK_H5_RECORD + name + (size_t)r->size;
	return 0;
}

static int take_tensor(struct ak_h5 *h, const struct record *r, uint64_t *most,
		       struct ak_err *err)
{
	struct ak_h5_tensor *t = &h->tensor[h->count];
	uint64_t left = r->size;
	const uint8_t *p = r->data;
	unsigned int i;
	int rc;

	if (left < AK_H5_DTYPE + 4)
		return BAD("a tensor that ends early");
	memcpy(t->dtype, p, AK_H5_DTYPE);
	t->ndim = ak_get_le32(p + AK_H5_DTYPE);
	p += AK_H5_DTYPE + 4;
	left -= AK_H5_DTYPE + 4;
	if (t->ndim > AK_H5_MAX_DIMS || left < 8 * (uint64_t)t->ndim)
		return BAD("a tensor that ends early");
	for (i = 0; i < t->ndim; i++, p += 8)
		t->dim[i] = ak_get_le64(p);
	left -= 8 * (uint64_t)t->ndim;
	if (ak_tensor_count(t->ndim, t->dim, &t->count))
		return BAD("a tensor of an impossible shape");
	if (left) {
		if (left % sizeof(float) || left / sizeof(float) != t->count)
			return BAD("a tensor of another size than its shape");
		if (left > *most)
			return BAD("more elements than were allowed");
		*most -= left;
		t->data = p;
	} else if (!t->count) {
		/* Nothing is there, and that is all of it. */
		t->data = p;
	}
	t->name = r->name;
	if (!*t->name)
		return BAD("a tensor without a name");
	rc = ak_names_add(&h->names, t->name, h->count);
	if (rc == -EEXIST)
		return BAD("a tensor that is there twice");
	if (rc)
		return ak_errf(err, -ENOMEM, "no memory for its tensors");
	h->count++;
	return 0;
}

static bool is_text(const struct record *r)
{
	return r->size && memchr(r->data, 0, (size_t)r->size) ==
				  r->data + (size_t)r->size - 1;
}

static int take_record(struct ak_h5 *h, const struct record *r, uint64_t *most,
		       struct ak_err *err)
{
	switch (r->kind) {
	case AK_H5_TENSOR:
		return take_tensor(h, r, most, err);
	case AK_H5_ATTR:
		if (!is_text(r) || r->size > AK_H5_MAX_ATTR)
			return BAD("an attribute that is no text");
		h->attr[h->num_attrs].name = r->name;
		h->attr[h->num_attrs++].text = (const char *)r->data;
		return 0;
	case AK_H5_ERROR:
		if (!is_text(r) || r->size > AK_ERR_TEXT)
			return BAD("an error that is no text");
		return ak_errf(err, -EBADMSG, "%s", (const char *)r->data);
	}
	return BAD("a record of an unknown kind");
}

/* How many records there are, up to the one that ends all. */
static int count_records(const struct ak_h5 *h, size_t *records,
			 struct ak_err *err)
{
	size_t at = AK_H5_HEAD;
	struct record r;
	int rc;

	for (*records = 0; *records <= AK_H5_MAX_RECORDS; ++*records) {
		rc = next_record(&h->stream, &at, &r, err);
		if (rc)
			return rc;
		if (r.kind == AK_H5_ERROR) {
			++*records;
			return 0;
		}
		if (r.kind != AK_H5_END)
			continue;
		if (r.size != 8 || ak_get_le64(r.data) != *records ||
		    at != h->stream.size)
			return BAD("its end is not where it says");
		return 0;
	}
	return BAD("too many records");
}

int ak_h5_parse(struct ak_h5 *h, uint64_t most, struct ak_err *err)
{
	size_t at = AK_H5_HEAD, records, i;
	struct record r;
	int rc;

	if (h->stream.size < AK_H5_HEAD ||
	    memcmp(h->stream.data, AK_H5_MAGIC, 4) ||
	    ak_get_le32(h->stream.data + 4) != AK_H5_VERSION)
		return BAD("it is of another version; install both anew");
	rc = count_records(h, &records, err);
	if (rc)
		return rc;
	h->tensor = calloc(records + 1, sizeof(*h->tensor));
	h->attr = calloc(records + 1, sizeof(*h->attr));
	if (!h->tensor || !h->attr)
		return ak_errf(err, -ENOMEM, "no memory for its tensors");
	for (i = 0; i < records && !rc; i++) {
		rc = next_record(&h->stream, &at, &r, err);
		if (!rc)
			rc = take_record(h, &r, &most, err);
	}
	return rc;
}

const char *ak_h5_attr(const struct ak_h5 *h, const char *name)
{
	size_t i;

	for (i = 0; i < h->num_attrs; i++)
		if (!strcmp(h->attr[i].name, name))
			return h->attr[i].text;
	return NULL;
}

void ak_h5_clear(struct ak_h5 *h)
{
	ak_names_clear(&h->names);
	free(h->tensor);
	free(h->attr);
	ak_buf_clear(&h->stream);
	memset(h, 0, sizeof(*h));
}
