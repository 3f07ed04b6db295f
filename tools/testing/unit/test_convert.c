// SPDX-License-Identifier: GPL-2.0
/*
 * The conversion pipeline with plans of its own: archives, outputs that come
 * in the wrong order, late bytes, failures at every place.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "common/util.h"
#include "common/xxh64.h"
#include "convert/deflate.h"
#include "convert/parts.h"
#include "convert/pipeline.h"
#include "convert/plan.h"
#include "convert/target.h"
#include "convert/writer.h"
#include "format/zip.h"
#include "scratch.h"

static char dir[64];
static char out[96];

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make(dir, sizeof(dir)))
		return -1;
	snprintf(out, sizeof(out), "%s/out", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

static size_t files_left(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)))
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(d);
	return n;
}

/* --------------------------------------------------------------- a format */

#define ROWS 5000
#define COLS 64

/* What a test plans, and where it fails. */
struct wish {
	unsigned int kind; /* of the file */
	bool folder, variable, reduce;
	int fail_reduce, fail_reduced, fail_produce, fail_done, fail_late;
	bool too_much;
	size_t state;
};

static uint8_t value(uint64_t row, unsigned int col)
{
	return (uint8_t)(row * 31 + col * col + (row >> 7) * col);
}

/* As many as the row says; all of them must arrive in order. */
static size_t length(uint64_t row)
{
	return (size_t)(row * row % (COLS + 1));
}

static int reduce(const struct ak_job *job, struct ak_unit *u,
		  struct ak_err *err)
{
	const struct wish *w = job->priv;
	uint32_t *sum = u->state;
	uint64_t r;

	for (r = 0; r < u->rows; r++) {
		assert_int_equal(sum[r * job->state_bytes / 4], 0);
		sum[r * job->state_bytes / 4] = (uint32_t)(u->first + r);
		if (w->fail_reduce && u->first + r == ROWS / 2)
			return ak_errf(err, w->fail_reduce, "reduce failed");
	}
	return 0;
}

static int reduced(struct ak_job *job, struct ak_err *err)
{
	const struct wish *w = job->priv;
	const uint32_t *sum = job->state;
	uint64_t r;

	/* All rows are there, and nothing was produced yet. */
	for (r = 0; r < job->rows; r++)
		assert_int_equal(sum[r * job->state_bytes / 4], r);
	return w->fail_reduced ?
		       ak_errf(err, w->fail_reduced, "reduced failed") :
		       0;
}

static int produce(const struct ak_job *job, struct ak_unit *u,
		   struct ak_err *err)
{
	const struct wish *w = job->priv;
	uint8_t *to = u->out[0];
	unsigned int c;
	uint64_t r;

	assert_null(u->x);
	for (r = 0; r < u->rows; r++) {
		uint64_t row = u->first + r;
		size_t n = w->variable ? length(row) : COLS;

		for (c = 0; c < n; c++)
			*to++ = value(row, c);
		u->out[1][r] = (uint8_t)row;
		if (w->reduce)
			assert_int_equal(
				((uint32_t *)
					 u->state)[r * job->state_bytes / 4],
				row);
		if (w->fail_produce && row == ROWS / 2)
			return ak_errf(err, w->fail_produce, "produce failed");
	}
	u->used[0] = (size_t)(to - u->out[0]) + (w->too_much ? 1u << 20 : 0);
	return 0;
}

static int done(struct ak_job *job, struct ak_err *err)
{
	const struct wish *w = job->priv;

	*(uint32_t *)job->result = (uint32_t)job->rows;
	return w->fail_done ? ak_errf(err, w->fail_done, "done failed") : 0;
}

struct late {
	const struct wish *wish;
	struct ak_job *job[2];
};

static int make_late(void *arg, uint8_t **data, size_t *size,
		     struct ak_err *err)
{
	const struct late *l = arg;

	if (l->wish->fail_late)
		return ak_errf(err, l->wish->fail_late, "late failed");
	*size = 8;
	*data = malloc(8);
	memcpy(*data, l->job[0]->result, 4);
	memcpy(*data + 4, l->job[1]->result, 4);
	return 0;
}

static struct ak_job *new_job(struct ak_plan *plan, struct wish *w,
			      const char *name, uint64_t rows)
{
	struct ak_job *job = ak_plan_job(plan, name, 4);

	job->rows = rows;
	job->cols = COLS;
	job->outputs = 2;
	job->out[0].group_bytes = COLS;
	job->out[0].variable = w->variable;
	job->out[1].group_bytes = 1;
	job->produce = produce;
	job->done = done;
	job->priv = w;
	if (w->reduce) {
		job->reduce = reduce;
		job->reduced = reduced;
		job->state_bytes = w->state ? w->state : 4;
	}
	return job;
}

/* Two jobs whose outputs are in the file in another order than they come. */
static struct ak_plan *new_plan(struct wish *w)
{
	struct ak_plan *plan = ak_plan_new();
	struct late *late = ak_plan_alloc(plan, sizeof(*late));
	struct ak_job *a = new_job(plan, w, "a", ROWS);
	struct ak_job *b = new_job(plan, w, "b", ROWS / 3);
	struct ak_plan_file *f =
		ak_plan_file(plan, w->folder ? "file" : NULL, w->kind);
	struct ak_err err = { "" };

	late->wish = w;
	late->job[0] = a;
	late->job[1] = b;
	if (ak_file_is_zip(w->kind))
		ak_file_entry(f, "first");
	ak_file_bytes(f, "begin", 5);
	ak_file_output(f, b, 0);
	ak_file_output(f, a, 1);
	if (ak_file_is_zip(w->kind))
		ak_file_entry(f, "second");
	ak_file_late_sized(f, 8, make_late, late);
	ak_file_output(f, a, 0);
	ak_file_u32(f, 0x04030201);
	if (ak_file_is_zip(w->kind)) {
		ak_file_entry(f, "empty");
		ak_file_entry(f, "third");
	}
	ak_file_output(f, b, 1);
	ak_file_late(f, make_late, late);
	if (w->folder) {
		f = ak_plan_file(plan, "other", AK_FILE_PLAIN);
		ak_file_bytes(f, "other", 5);
	}
	assert_int_equal(ak_plan_seal(plan, &err), 0);
	return plan;
}

/* What new_plan() makes, as an entry of it or (NULL) as a plain file. */
static size_t expected(const struct wish *w, const char *entry, uint8_t *to)
{
	static const uint8_t four[] = { 1, 2, 3, 4 };
	uint32_t rows[2] = { ROWS, ROWS / 3 };
	uint8_t *p = to;
	uint64_t r;
	unsigned int c;

	if (!entry || !strcmp(entry, "first")) {
		memcpy(p, "begin", 5);
		p += 5;
		for (r = 0; r < ROWS / 3; r++)
			for (c = 0; c < (w->variable ? length(r) : COLS); c++)
				*p++ = value(r, c);
		for (r = 0; r < ROWS; r++)
			*p++ = (uint8_t)r;
	}
	if (!entry || !strcmp(entry, "second")) {
		memcpy(p, rows, 8);
		p += 8;
		for (r = 0; r < ROWS; r++)
			for (c = 0; c < (w->variable ? length(r) : COLS); c++)
				*p++ = value(r, c);
		memcpy(p, four, 4);
		p += 4;
	}
	if (!entry || !strcmp(entry, "third")) {
		for (r = 0; r < ROWS / 3; r++)
			*p++ = (uint8_t)r;
		memcpy(p, rows, 8);
		p += 8;
	}
	return (size_t)(p - to);
}

static int cancels(void *arg, uint64_t at, uint64_t total)
{
	(void)arg;
	assert_true(at <= total);
	return 1;
}

/* All that akida_converter_run() does with a plan. */
static int run(struct wish *w, struct akida_convert_options *o, size_t spool,
	       struct ak_err *err)
{
	struct ak_plan *plan = new_plan(w);
	struct ak_watch watch = { o, plan };
	struct ak_writer *writer = NULL;
	struct ak_target target = { 0 };
	int rc = ak_target_init(&target, out, err);

	if (!rc && o->part) {
		free(target.out);
		target.out = ak_part_name(out, o->part, o->parts);
		rc = ak_part_divide(plan, o->part, o->parts, 42, err);
	} else if (!rc && w->folder) {
		rc = ak_target_folder(&target, err);
	}
	if (!rc)
		rc = ak_writer_new(plan, &target, NULL, spool, &writer, err);
	if (!rc && o->flags & AKIDA_CONVERT_JOIN) {
		struct ak_parts *parts;

		rc = ak_parts_open(plan, out, 0, 42, &parts, err);
		if (!rc) {
			rc = ak_parts_write(parts, plan, writer, &watch, err);
			ak_parts_close(parts);
		}
	} else if (!rc) {
		rc = ak_pipeline_run(plan, NULL, writer, o, &watch, err);
	}
	if (!rc)
		rc = ak_writer_finish(writer, err);
	if (!rc && !target.folder)
		rc = ak_writer_publish(writer, err);
	if (!rc)
		rc = ak_target_publish(&target, err);
	ak_writer_free(writer);
	ak_target_end(&target);
	ak_plan_free(plan);
	return rc;
}

static void check(int rc, const struct ak_err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static void compare_entry(const struct ak_zip *zip, const struct wish *w,
			  const char *name, uint8_t *want, uint8_t *got)
{
	const struct ak_zip_entry *e = ak_zip_find(zip, name);
	size_t n = expected(w, name, want);
	struct ak_err err = { "" };

	assert_non_null(e);
	assert_int_equal(e->deflated, w->kind != AK_FILE_ZIP_STORED);
	assert_int_equal(e->size, n);
	/* A deflated entry that is read whole has its CRC checked. */
	check(ak_zip_read(zip, e, got, n, &err), &err);
	assert_memory_equal(got, want, n);
	assert_int_equal(ak_crc32(got, n), e->crc);
}

static void compare(const struct wish *w)
{
	uint8_t *want = malloc(ROWS * COLS * 2 + 4096), *data;
	uint8_t *got = malloc(ROWS * COLS * 2 + 4096);
	struct ak_err err = { "" };
	struct ak_zip zip;
	char path[128];
	size_t size;

	snprintf(path, sizeof(path), "%s%s", out, w->folder ? "/file" : "");
	check(ak_file_read(path, 1u << 30, &data, &size, &err), &err);
	if (ak_file_is_zip(w->kind)) {
		check(ak_zip_open(data, size, &zip, &err), &err);
		assert_int_equal(zip.count, 4);
		compare_entry(&zip, w, "first", want, got);
		compare_entry(&zip, w, "second", want, got);
		compare_entry(&zip, w, "empty", want, got);
		compare_entry(&zip, w, "third", want, got);
		ak_zip_close(&zip);
	} else {
		assert_int_equal(size, expected(w, NULL, want));
		assert_memory_equal(data, want, size);
	}
	free(data);
	free(want);
	free(got);
}

static uint64_t hash_of_output(const struct wish *w)
{
	struct ak_err err = { "" };
	uint8_t *data;
	char path[128];
	uint64_t hash;
	size_t size;

	snprintf(path, sizeof(path), "%s%s", out, w->folder ? "/file" : "");
	check(ak_file_read(path, 1u << 30, &data, &size, &err), &err);
	hash = ak_xxh64(data, size, 0);
	free(data);
	return hash;
}

static void clean(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s*", out);
	assert_int_equal(system(command), 0);
	assert_int_equal(files_left(), 0);
}

/* ------------------------------------------------------------------ tests */

/* One thread, many, little memory, everything spooled to a file, parts. */
static void every_way(struct wish *w)
{
	struct akida_convert_options o = { .threads = 1 };
	struct ak_err err = { "" };
	uint64_t hash;
	unsigned int i;

	check(run(w, &o, 1u << 20, &err), &err);
	compare(w);
	hash = hash_of_output(w);
	clean();
	for (i = 0; i < 4; i++) {
		o.threads = i + 2;
		o.memory = i & 1 ? 8u << 20 : 0;
		check(run(w, &o, i & 2 ? 0 : 1u << 20, &err), &err);
		assert_int_equal(hash_of_output(w), hash);
		clean();
	}
	memset(&o, 0, sizeof(o));
	o.parts = 3;
	for (o.part = 1; o.part <= 3; o.part++)
		check(run(w, &o, 0, &err), &err);
	o.part = 0;
	o.flags = AKIDA_CONVERT_JOIN;
	check(run(w, &o, 0, &err), &err);
	assert_int_equal(hash_of_output(w), hash);
	clean();
}

static void test_kinds(void **state)
{
	static const unsigned int kinds[] = { AK_FILE_PLAIN, AK_FILE_ZIP,
					      AK_FILE_ZIP_EXACT,
					      AK_FILE_ZIP_STORED };
	size_t i;
	unsigned int k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (k = 0; k < 8; k++) {
			struct wish w = { .kind = kinds[i],
					  .variable = k & 1,
					  .reduce = k & 2,
					  .folder = k & 4 };

			every_way(&w);
		}
}

static void test_failures(void **state)
{
	struct ak_err err;
	unsigned int i, threads;

	(void)state;
	for (i = 0; i < 2 * 7; i++)
		for (threads = 1; threads < 5; threads += 3) {
			struct wish w = { .kind = i & 1 ? AK_FILE_ZIP :
							  AK_FILE_PLAIN,
					  .variable = true,
					  .reduce = true,
					  .folder = threads > 1 };
			struct akida_convert_options o = { .threads = threads };
			static const char *const say[] = {
				"reduce failed",  "reduced failed",
				"produce failed", "done failed",
				"late failed",	  "larger than planned",
				"cancelled",
			};
			int code = -(int)(EDOM + i);

			switch (i / 2) {
			case 0:
				w.fail_reduce = code;
				break;
			case 1:
				w.fail_reduced = code;
				break;
			case 2:
				w.fail_produce = code;
				break;
			case 3:
				w.fail_done = code;
				break;
			case 4:
				w.fail_late = code;
				break;
			case 5:
				w.too_much = true;
				code = -EINVAL;
				break;
			case 6:
				o.progress = cancels;
				code = -ECANCELED;
				break;
			}
			err.text[0] = '\0';
			assert_int_equal(run(&w, &o, 0, &err), code);
			assert_non_null(strstr(err.text, say[i / 2]));
			assert_int_equal(files_left(), 0);
		}
}

static void test_memory(void **state)
{
	struct wish w = { .reduce = true, .state = 4096 };
	struct akida_convert_options o = { .memory = 8u << 20 };
	struct ak_err err = { "" };

	(void)state;
	/* 20 MB of state do not fit, and the sentence says what would. */
	assert_int_equal(run(&w, &o, 0, &err), -ERANGE);
	assert_non_null(strstr(err.text, "'a' needs"));
	assert_non_null(strstr(err.text, "--memory"));
	assert_int_equal(files_left(), 0);
	o.memory = 32u << 20;
	check(run(&w, &o, 0, &err), &err);
	compare(&w);
	clean();
}

/* A job without rows, and a plan without jobs. */
static void test_nothing(void **state)
{
	struct ak_plan *plan = ak_plan_new();
	struct akida_convert_options o = { 0 };
	struct ak_watch watch = { &o, plan };
	struct wish w = { .variable = true, .reduce = true };
	struct ak_target target = { 0 };
	struct ak_writer *writer;
	struct ak_plan_file *f;
	struct ak_err err = { "" };
	struct ak_job *job;
	uint8_t *data;
	size_t size;

	(void)state;
	job = new_job(plan, &w, "none", 0);
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_output(f, job, 0);
	ak_file_bytes(f, "x", 1);
	ak_file_output(f, job, 1);
	check(ak_plan_seal(plan, &err), &err);
	check(ak_target_init(&target, out, &err), &err);
	check(ak_writer_new(plan, &target, NULL, 0, &writer, &err), &err);
	check(ak_pipeline_run(plan, NULL, writer, &o, &watch, &err), &err);
	check(ak_writer_finish(writer, &err), &err);
	check(ak_writer_publish(writer, &err), &err);
	ak_writer_free(writer);
	ak_target_end(&target);
	ak_plan_free(plan);
	check(ak_file_read(out, 10, &data, &size, &err), &err);
	assert_int_equal(size, 1);
	free(data);
	clean();
}

static void refused(struct ak_plan *plan, const char *why)
{
	struct ak_err err = { "" };

	assert_int_equal(ak_plan_seal(plan, &err), -EINVAL);
	if (!strstr(err.text, why))
		fail_msg("'%s' is not '%s'", err.text, why);
	ak_plan_free(plan);
}

/* Faults of formats are found before anything is written. */
static void test_bad_plans(void **state)
{
	struct wish w = { 0 };
	struct ak_plan *plan;
	struct ak_plan_file *f;
	struct ak_job *job;

	(void)state;
	refused(ak_plan_new(), "no files");

	plan = ak_plan_new();
	new_job(plan, &w, "a", 1);
	ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	refused(plan, "goes nowhere");

	plan = ak_plan_new();
	job = new_job(plan, &w, "a", 1);
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_output(f, job, 0);
	ak_file_output(f, job, 0);
	refused(plan, "has no place");

	plan = ak_plan_new();
	job = new_job(plan, &w, "a", 5);
	job->align = 4;
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_output(f, job, 0);
	refused(plan, "has no place");

	plan = ak_plan_new();
	ak_plan_file(plan, "a", AK_FILE_PLAIN);
	ak_plan_file(plan, "a", AK_FILE_PLAIN);
	refused(plan, "two files");

	plan = ak_plan_new();
	ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_plan_file(plan, "a", AK_FILE_PLAIN);
	refused(plan, "without a name");

	plan = ak_plan_new();
	ak_plan_file(plan, "a/b", AK_FILE_PLAIN);
	refused(plan, "cannot be the name");

	plan = ak_plan_new();
	ak_plan_file(plan, "..", AK_FILE_PLAIN);
	refused(plan, "cannot be the name");

	plan = ak_plan_new();
	f = ak_plan_file(plan, NULL, AK_FILE_ZIP);
	ak_file_bytes(f, "x", 1);
	refused(plan, "in no entry");

	plan = ak_plan_new();
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_entry(f, "e");
	refused(plan, "in no archive");

	plan = ak_plan_new();
	f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);
	ak_file_late(f, make_late, NULL);
	assert_int_equal(ak_file_position(f), 0);
	ak_file_align(f, 8);
	refused(plan, "nobody knows");
}

static void test_positions(void **state)
{
	struct wish w = { 0 };
	struct ak_plan *plan = ak_plan_new();
	struct ak_job *job = new_job(plan, &w, "a", 3);
	struct ak_plan_file *f = ak_plan_file(plan, NULL, AK_FILE_PLAIN);

	(void)state;
	ak_file_u8(f, 1);
	assert_int_equal(ak_file_position(f), 1);
	ak_file_align(f, 8);
	assert_int_equal(ak_file_position(f), 8);
	ak_file_align(f, 8);
	assert_int_equal(ak_file_position(f), 8);
	ak_file_output(f, job, 0);
	assert_int_equal(ak_file_position(f), 8 + 3 * COLS);
	ak_file_u64(f, 1);
	ak_file_late_sized(f, 2, make_late, NULL);
	assert_int_equal(ak_file_position(f), 8 + 3 * COLS + 10);
	ak_plan_free(plan);
}

/* Of the specification and its reference. */
static void test_xxh64(void **state)
{
	static const char text[] = "Nobody inspects the spammish repetition";
	uint8_t bytes[100];
	struct ak_xxh64 h;
	size_t i, n;

	(void)state;
	assert_int_equal(ak_xxh64("", 0, 0), 0xef46db3751d8e999ull);
	assert_int_equal(ak_xxh64("a", 1, 0), 0xd24ec4f1a98c6e5bull);
	assert_int_equal(ak_xxh64("abc", 3, 0), 0x44bc2cf5ad770999ull);
	assert_int_equal(ak_xxh64(text, sizeof(text) - 1, 0),
			 0xfbcea83c8a378bf1ull);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	/* In pieces of every size, and asked in between. */
	for (n = 1; n < sizeof(bytes); n++) {
		ak_xxh64_init(&h, n);
		for (i = 0; i < sizeof(bytes); i += n) {
			size_t more =
				sizeof(bytes) - i < n ? sizeof(bytes) - i : n;

			ak_xxh64_add(&h, bytes + i, more);
			assert_int_equal(ak_xxh64_end(&h),
					 ak_xxh64(bytes, i + more, n));
		}
	}
}

/* A library that is asked wrongly. */
static void test_converter(void **state)
{
	struct akida_converter *c = akida_converter_new();
	struct akida_convert_options o = { .flags = 0x80 };
	struct akida_convert_format f;
	struct akida_convert_setting s;
	unsigned int i;

	(void)state;
	assert_int_equal(akida_converter_set(c, "no-such", "x"), -EINVAL);
	assert_non_null(strstr(akida_converter_error(c), "no-such"));
	assert_int_equal(akida_converter_run(c, "a", out, "no", NULL, 0),
			 -EINVAL);
	assert_int_equal(
		akida_converter_run(c, "a", out, "nntr", &o, sizeof(o)),
		-EINVAL);
	o.flags = 0;
	o.part = 2;
	o.parts = 1;
	assert_int_equal(
		akida_converter_run(c, "a", out, "nntr", &o, sizeof(o)),
		-EINVAL);
	assert_int_equal(akida_converter_run(c, "/no", out, "nntr", NULL, 0),
			 -ENOENT);
	assert_null(akida_converter_report(c));
	for (i = 0; !akida_convert_format(i, &f, sizeof(f)); i++) {
		assert_non_null(f.name);
		assert_non_null(f.summary);
	}
	assert_true(i >= 4);
	assert_int_equal(akida_convert_setting("no", 0, &s, sizeof(s)),
			 -ENOENT);
	assert_int_equal(akida_convert_setting("nntr", 0, &s, sizeof(s)), 0);
	assert_string_equal(s.name, "quant-type");
	assert_int_equal(akida_convert_setting("nntr", 99, &s, sizeof(s)),
			 -ENOENT);
	akida_converter_free(c);
	akida_converter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_bad_plans),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_xxh64),
		cmocka_unit_test(test_converter),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
