// SPDX-License-Identifier: GPL-2.0
/*
 * ZIP archives, right and hostile. Archives are built here field by field.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/le.h"
#include "common/util.h"
#include "format/zip.h"
#include "python.h"
#include "temp_dir.h"

/* What can be wrong with an entry. */
struct spec {
	const char *name, *local_name;
	const void *content;
	size_t size;
	bool deflate, zip64, descriptor;
	unsigned int flags, local_method;
	int wrong_size, wrong_packed, wrong_crc, shift;
};

struct archive {
	struct ak_buf file, directory;
	unsigned int count;
};

static void put16(struct ak_buf *b, unsigned int v)
{
	uint8_t p[2];

	ak_put_le16(p, (uint16_t)v);
	ak_buf_add(b, p, 2);
}

static void put32(struct ak_buf *b, uint64_t v)
{
	uint8_t p[4];

	ak_put_le32(p, (uint32_t)v);
	ak_buf_add(b, p, 4);
}

static void put64(struct ak_buf *b, uint64_t v)
{
	uint8_t p[8];

	ak_put_le64(p, v);
	ak_buf_add(b, p, 8);
}

static void deflated(const void *data, size_t size, struct ak_buf *out)
{
	uint8_t *p = malloc(size + 1000);
	z_stream z = { 0 };

	deflateInit2(&z, 9, Z_DEFLATED, -15, 8, 0);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = p;
	z.avail_out = (uInt)size + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	ak_buf_add(out, p, z.total_out);
	deflateEnd(&z);
	free(p);
}

static void add(struct archive *a, const struct spec *s)
{
	const char *local = s->local_name ? s->local_name : s->name;
	unsigned int method = s->deflate ? 8 : 0;
	struct ak_buf data = { 0 };
	uint64_t size = s->size + (uint64_t)(int64_t)s->wrong_size, packed;
	uint32_t crc = (uint32_t)crc32(0, s->content, (uInt)s->size) ^
		       (uint32_t)s->wrong_crc;
	uint64_t at = a->file.size;
	unsigned int flags = s->flags | (s->descriptor ? 8 : 0);

	if (s->deflate)
		deflated(s->content, s->size, &data);
	else
		ak_buf_add(&data, s->content, s->size);
	packed = data.size + (uint64_t)(int64_t)s->wrong_packed;
	put32(&a->file, 0x04034b50);
	put16(&a->file, 20);
	put16(&a->file, flags);
	put16(&a->file, s->local_method ? s->local_method : method);
	put32(&a->file, 0);
	put32(&a->file, s->descriptor ? 0 : crc);
	put32(&a->file, s->descriptor ? 0 : s->zip64 ? UINT32_MAX : packed);
	put32(&a->file, s->descriptor ? 0 : s->zip64 ? UINT32_MAX : size);
	put16(&a->file, (unsigned int)strlen(local));
	put16(&a->file, s->zip64 ? 28 : 0);
	ak_buf_text(&a->file, local);
	if (s->zip64) {
		/* Another field first. */
		put16(&a->file, 0x5455);
		put16(&a->file, 4);
		put32(&a->file, 0);
		put16(&a->file, 1);
		put16(&a->file, 16);
		put64(&a->file, size);
		put64(&a->file, packed);
	}
	ak_buf_add(&a->file, data.data, data.size);
	if (s->descriptor) {
		put32(&a->file, 0x08074b50);
		put32(&a->file, crc);
		put32(&a->file, packed);
		put32(&a->file, size);
	}
	put32(&a->directory, 0x02014b50);
	put16(&a->directory, 20);
	put16(&a->directory, 20);
	put16(&a->directory, flags);
	put16(&a->directory, method);
	put32(&a->directory, 0);
	put32(&a->directory, crc);
	put32(&a->directory, s->zip64 ? UINT32_MAX : packed);
	put32(&a->directory, s->zip64 ? UINT32_MAX : size);
	put16(&a->directory, (unsigned int)strlen(s->name));
	put16(&a->directory, s->zip64 ? 28 : 0);
	put16(&a->directory, 0);
	put16(&a->directory, 0);
	put16(&a->directory, 0);
	put32(&a->directory, 0);
	put32(&a->directory,
	      s->zip64 ? UINT32_MAX : at + (uint64_t)(int64_t)s->shift);
	ak_buf_text(&a->directory, s->name);
	if (s->zip64) {
		put16(&a->directory, 1);
		put16(&a->directory, 24);
		put64(&a->directory, size);
		put64(&a->directory, packed);
		put64(&a->directory, at + (uint64_t)(int64_t)s->shift);
	}
	a->count++;
	ak_buf_clear(&data);
}

static void finish(struct archive *a, bool zip64, const char *comment)
{
	uint64_t start = a->file.size, end;

	ak_buf_add(&a->file, a->directory.data, a->directory.size);
	end = a->file.size;
	if (zip64) {
		put32(&a->file, 0x06064b50);
		put64(&a->file, 44);
		put16(&a->file, 45);
		put16(&a->file, 45);
		put32(&a->file, 0);
		put32(&a->file, 0);
		put64(&a->file, a->count);
		put64(&a->file, a->count);
		put64(&a->file, end - start);
		put64(&a->file, start);
		put32(&a->file, 0x07064b50);
		put32(&a->file, 0);
		put64(&a->file, end);
		put32(&a->file, 1);
	}
	put32(&a->file, 0x06054b50);
	put32(&a->file, 0);
	put16(&a->file, zip64 ? 0xffff : a->count);
	put16(&a->file, zip64 ? 0xffff : a->count);
	put32(&a->file, zip64 ? UINT32_MAX : end - start);
	put32(&a->file, zip64 ? UINT32_MAX : start);
	put16(&a->file, (unsigned int)strlen(comment));
	ak_buf_text(&a->file, comment);
	/* No room behind the end: AddressSanitizer sees the first byte. */
	a->file.data = realloc(a->file.data, a->file.size);
}

static void clear(struct archive *a)
{
	ak_buf_clear(&a->file);
	ak_buf_clear(&a->directory);
	a->count = 0;
}

static int open_archive(const struct archive *a, struct ak_zip *zip,
			struct ak_err *err)
{
	err->text[0] = '\0';
	return ak_zip_open(a->file.data, a->file.size, zip, err);
}

static void assert_content(const struct ak_zip *zip, const char *name,
			   const void *want, size_t size)
{
	const struct ak_zip_entry *e = ak_zip_find(zip, name);
	struct ak_err err = { "" };
	uint8_t *got = malloc(size ? size : 1);
	size_t i;

	if (!e)
		fail_msg("no entry '%s'", name);
	assert_int_equal(e->size, size);
	if (ak_zip_read(zip, e, got, size, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(got, want, size);
	/* The begin of it, too. */
	for (i = 0; i < size; i += size / 7 + 1) {
		if (ak_zip_read(zip, e, got, i, &err))
			fail_msg("%s", err.text);
		assert_memory_equal(got, want, i);
	}
	if (ak_zip_stored(zip, e))
		assert_memory_equal(ak_zip_stored(zip, e), want, size);
	else
		assert_true(e->deflated);
	assert_int_equal(ak_zip_read(zip, e, NULL, size + 1, &err), -EBADMSG);
	free(got);
}

static uint8_t text[70000];

static int make_text(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * i / 91 % 60);
	return 0;
}

static void right(void **state)
{
	int form;

	(void)state;
	/* Sizes in 16, 32 and 64 bits, before and behind the data. */
	for (form = 0; form < 6; form++) {
		const struct spec specs[] = {
			{ .name = "a.npy",
			  .content = "12345",
			  .size = 5,
			  .zip64 = form & 1,
			  .descriptor = form == 2 },
			{ .name = "folder/", .content = "", .size = 0 },
			{ .name = "folder/b \xc3\xa9",
			  .content = text,
			  .size = sizeof(text),
			  .deflate = true,
			  .zip64 = form & 1,
			  .descriptor = form == 2 },
			{ .name = "empty", .content = "", .size = 0 },
			{ .name = "packed empty",
			  .content = "",
			  .size = 0,
			  .deflate = true },
		};
		struct archive a = { 0 };
		struct ak_err err;
		struct ak_zip zip;
		size_t i;

		for (i = 0; i < ARRAY_SIZE(specs); i++)
			add(&a, &specs[i]);
		finish(&a, form >= 3, form == 4 ? "PK\5\6 a comment" : "");
		if (open_archive(&a, &zip, &err))
			fail_msg("form %d: %s", form, err.text);
		assert_int_equal(zip.count, 4);
		assert_content(&zip, "a.npy", "12345", 5);
		assert_content(&zip, "folder/b \xc3\xa9", text, sizeof(text));
		assert_content(&zip, "empty", "", 0);
		assert_content(&zip, "packed empty", "", 0);
		assert_null(ak_zip_find(&zip, "folder/"));
		assert_null(ak_zip_find(&zip, "b"));
		assert_true(ak_is_zip(a.file.data, a.file.size));
		ak_zip_close(&zip);
		clear(&a);
	}
}

static void nothing(void **state)
{
	struct archive a = { 0 };
	struct ak_err err;
	struct ak_zip zip;

	(void)state;
	finish(&a, false, "");
	assert_int_equal(open_archive(&a, &zip, &err), 0);
	assert_int_equal(zip.count, 0);
	assert_true(ak_is_zip(a.file.data, a.file.size));
	ak_zip_close(&zip);
	clear(&a);
	assert_false(ak_is_zip("PK\3\4", 4));
}

/* One entry that is right, then one that is not. */
static void refuse(const struct spec *bad, int code, const char *says)
{
	static const struct spec good = { .name = "good",
					  .content = "12345",
					  .size = 5 };
	struct archive a = { 0 };
	struct ak_err err;
	struct ak_zip zip;
	int rc;

	add(&a, &good);
	add(&a, bad);
	finish(&a, false, "");
	rc = open_archive(&a, &zip, &err);
	if (rc != code || !strstr(err.text, says))
		fail_msg("%d, '%s' has no '%s'", rc, err.text, says);
	assert_null(zip.entry);
	clear(&a);
}

#define BAD .name = "bad", .content = "123", .size = 3

static void hostile(void **state)
{
	static const struct {
		struct spec spec;
		int code;
		const char *says;
	} cases[] = {
		{ { BAD, .flags = 1 }, -ENOTSUP, "encrypted" },
		{ { BAD, .flags = 0x40 }, -ENOTSUP, "encrypted" },
		{ { BAD, .local_name = "good" }, -EBADMSG, "another name" },
		{ { BAD, .local_name = "longer" }, -EBADMSG, "another name" },
		{ { BAD, .local_method = 8 }, -EBADMSG, "another method" },
		{ { BAD, .shift = 1 }, -EBADMSG, "not where" },
		{ { BAD, .shift = -1 }, -EBADMSG, "not where" },
		{ { BAD, .shift = 100000 }, -EBADMSG, "not where" },
		{ { BAD, .shift = INT32_MAX }, -EBADMSG, "not where" },
		{ { BAD, .wrong_size = 1 }, -EBADMSG, "two sizes" },
		{ { BAD, .wrong_size = 1, .wrong_packed = 1 },
		  -EBADMSG,
		  "into the directory" },
		{ { BAD, .wrong_size = INT32_MAX, .wrong_packed = INT32_MAX },
		  -EBADMSG,
		  "into the directory" },
		{ { BAD, .wrong_size = INT32_MAX, .wrong_packed = INT32_MAX,
		    .zip64 = true },
		  -EBADMSG,
		  "into the directory" },
		{ { BAD, .deflate = true, .wrong_size = INT32_MAX },
		  -EBADMSG,
		  "deflate can pack" },
		{ { BAD, .deflate = true, .wrong_size = -4 },
		  -EBADMSG,
		  "deflate can pack" },
		{ { .name = "good", .content = "", .size = 0 },
		  -EBADMSG,
		  "twice" },
		{ { .name = "", .content = "", .size = 0 },
		  -EBADMSG,
		  "no name" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(&cases[i].spec, cases[i].code, cases[i].says);
}

static void other_method(void **state)
{
	struct archive a = { 0 };
	const struct spec s = { BAD, .local_method = 12 };
	struct ak_err err;
	struct ak_zip zip;

	(void)state;
	add(&a, &s);
	ak_put_le16(a.directory.data + 10, 12);
	finish(&a, false, "");
	assert_int_equal(open_archive(&a, &zip, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "method 12"));
	clear(&a);
}

/* Fifield's overlapping files: two names for one local header, and inside. */
static void overlaps(void **state)
{
	const struct spec s = { BAD };
	struct archive a = { 0 };
	struct ak_err err;
	struct ak_zip zip;
	size_t entry;

	(void)state;
	add(&a, &s);
	entry = a.directory.size;
	ak_buf_add(&a.directory, a.directory.data, entry);
	/* Another name in the directory needs one in the file. */
	memcpy(a.directory.data + entry + 46, "dab", 3);
	a.count = 2;
	finish(&a, false, "");
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "another name"));
	clear(&a);
}

/* An entry whose data are another entry with its header. */
static void nested(void **state)
{
	struct archive inner = { 0 }, a = { 0 };
	const struct spec s = { BAD };
	struct spec outer = { .name = "outer" };
	struct ak_err err;
	struct ak_zip zip;
	size_t n;

	(void)state;
	add(&inner, &s);
	outer.content = inner.file.data;
	outer.size = inner.file.size;
	add(&a, &outer);
	n = a.directory.size;
	ak_buf_add(&a.directory, inner.directory.data, inner.directory.size);
	ak_put_le32(a.directory.data + n + 42, 30 + 5);
	a.count = 2;
	finish(&a, false, "");
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "overlaps"));
	clear(&a);
	clear(&inner);
}

static void damaged_data(void **state)
{
	const struct spec wrong_crc = { .name = "x",
					.content = text,
					.size = 1000,
					.deflate = true,
					.wrong_crc = 1 };
	const struct spec longer = { .name = "x",
				     .content = text,
				     .size = 1000,
				     .deflate = true,
				     .wrong_size = 1 };
	const struct spec shorter = { .name = "x",
				      .content = text,
				      .size = 1000,
				      .deflate = true,
				      .wrong_size = -1 };
	const struct spec *specs[] = { &wrong_crc, &longer, &shorter };
	uint8_t out[1001];
	struct ak_err err;
	struct ak_zip zip;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		const struct ak_zip_entry *e;
		struct archive a = { 0 };

		add(&a, specs[i]);
		finish(&a, false, "");
		assert_int_equal(open_archive(&a, &zip, &err), 0);
		e = ak_zip_find(&zip, "x");
		assert_int_equal(ak_zip_read(&zip, e, out, e->size, &err),
				 -EBADMSG);
		assert_non_null(strstr(err.text, i ? "damaged" : "CRC"));
		/* Its begin cannot be checked. */
		assert_int_equal(ak_zip_read(&zip, e, out, 500, &err), 0);
		assert_memory_equal(out, text, 500);
		ak_zip_close(&zip);
		clear(&a);
	}
}

/* 3 GiB of zeros in 3 MiB: less than deflate's most, more than is allowed. */
static void bomb(void **state)
{
	const size_t size = 3 << 20;
	struct archive a = { 0 };
	struct spec s = { .name = "bomb", .size = size, .deflate = true };
	uint8_t *noise = malloc(size);
	struct ak_err err;
	struct ak_zip zip;
	size_t i;
	uint32_t x = 1;

	(void)state;
	for (i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (uint8_t)(x >> 24);
	}
	s.content = noise;
	s.wrong_size = 2000 << 20;
	add(&a, &s);
	finish(&a, false, "");
	assert_int_equal(open_archive(&a, &zip, &err), -EFBIG);
	assert_non_null(strstr(err.text, "64 times"));
	clear(&a);
	free(noise);
}

static void ends(void **state)
{
	const struct spec s = { BAD };
	struct archive a = { 0 };
	struct ak_err err;
	struct ak_zip zip;
	uint8_t *end;

	(void)state;
	add(&a, &s);
	finish(&a, false, "");
	end = a.file.data + a.file.size - 22;
	/* More entries than there are, fewer, none. */
	end[8] = end[10] = 2;
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	end[8] = end[10] = 255;
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	end[8] = end[10] = 0;
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	end[8] = 1;
	end[10] = 2;
	assert_int_equal(open_archive(&a, &zip, &err), -ENOTSUP);
	end[10] = 1;
	/* Volumes; a directory elsewhere; a comment of another length. */
	end[4] = 1;
	assert_int_equal(open_archive(&a, &zip, &err), -ENOTSUP);
	end[4] = 0;
	end[16]++;
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	end[16]--;
	end[20] = 1;
	assert_int_equal(open_archive(&a, &zip, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "no end"));
	end[20] = 0;
	assert_int_equal(open_archive(&a, &zip, &err), 0);
	ak_zip_close(&zip);
	clear(&a);
}

static void damaged(void **state)
{
	const struct spec specs[] = {
		{ .name = "a", .content = "12345", .size = 5, .zip64 = true },
		{ .name = "bc", .content = text, .size = 40, .deflate = true },
		{ .name = "d", .content = "12", .size = 2, .descriptor = true },
	};
	size_t i, k, refused = 0;
	struct archive a = { 0 };
	uint8_t out[512], *copy;
	struct ak_err err;
	struct ak_zip zip;
	unsigned int v;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(specs); i++)
		add(&a, &specs[i]);
	finish(&a, true, "");
	for (i = 0; i < a.file.size; i++) {
		copy = malloc(i ? i : 1);
		memcpy(copy, a.file.data, i);
		err.text[0] = '\0';
		assert_int_not_equal(ak_zip_open(copy, i, &zip, &err), 0);
		assert_true(err.text[0]);
		free(copy);
	}
	for (i = 0; i < a.file.size; i++)
		for (v = 1; v < 256; v++) {
			a.file.data[i] ^= (uint8_t)v;
			if (open_archive(&a, &zip, &err)) {
				assert_true(err.text[0]);
				refused++;
			}
			for (k = 0; k < zip.count; k++)
				if (zip.entry[k].size <= sizeof(out))
					ak_zip_read(&zip, &zip.entry[k], out,
						    zip.entry[k].size, NULL);
			ak_zip_close(&zip);
			a.file.data[i] ^= (uint8_t)v;
		}
	assert_true(refused > a.file.size * 60);
	clear(&a);
}

/* What Python writes: plain, packed, ZIP64, and as a stream. */
static const char by_python[] =
	"import sys, zipfile\n"
	"class Pipe:\n"
	"    def __init__(self, f): self.f = f\n"
	"    def write(self, b): return self.f.write(b)\n"
	"    def flush(self): self.f.flush()\n"
	"path, form = sys.argv[1:]\n"
	"data = bytes(i * i // 91 % 60 for i in range(70000))\n"
	"f = open(path, 'wb')\n"
	"method = zipfile.ZIP_DEFLATED if 'd' in form else zipfile.ZIP_STORED\n"
	"with zipfile.ZipFile(Pipe(f) if 'p' in form else f, 'w', method) as z:\n"
	"    with z.open('data', 'w', force_zip64='6' in form) as e:\n"
	"        e.write(data)\n"
	"    z.writestr('folder/small', b'12345')\n"
	"    z.comment = b'comment' if 'c' in form else b''\n";

static void as_python(void **state)
{
	static const char *const forms[] = { "s",  "d",	 "s6",	"d6",
					     "sp", "dp", "dp6c" };
	const char *path = temp_path("zip");
	struct ak_err err = { "" };
	struct ak_zip zip;
	uint8_t *file;
	size_t size, i;

	(void)state;
	if (!have_python(NULL))
		skip();
	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		run_python(by_python, path, forms[i]);
		assert_int_equal(
			ak_file_read(path, 1 << 20, &file, &size, &err), 0);
		if (ak_zip_open(file, size, &zip, &err))
			fail_msg("%s: %s", forms[i], err.text);
		assert_int_equal(zip.count, 2);
		assert_content(&zip, "data", text, sizeof(text));
		assert_content(&zip, "folder/small", "12345", 5);
		ak_zip_close(&zip);
		free(file);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),
		cmocka_unit_test(nothing),
		cmocka_unit_test(hostile),
		cmocka_unit_test(other_method),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(nested),
		cmocka_unit_test(damaged_data),
		cmocka_unit_test(bomb),
		cmocka_unit_test(ends),
		cmocka_unit_test(damaged),
		cmocka_unit_test_setup_teardown(as_python, temp_dir_make,
						temp_dir_remove),
	};

	return cmocka_run_group_tests_name("zip", tests, make_text, NULL);
}
