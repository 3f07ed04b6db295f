// SPDX-License-Identifier: GPL-2.0
/*
 * The program container: what is written is read back equal, an engine's
 * version is recognised, damage is an error, packets are as measured.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/le.h"
#include "common/util.h"
#include "format/program.h"

/* A synthetic program of engine 2.5.0: two passes; 3, 1 and 2 tracks. */
struct fixture {
	struct ak_program_file p;
	struct ak_record record[3];
	struct ak_pass pass[2];
	struct ak_track track[6];
	int32_t shift[2];
	float scale[2];
	struct ak_epg epg[2];
	uint32_t word[7][40];
	struct ak_program_words words[7];
};

static void fill(struct fixture *f, const char *version,
		 struct ak_program_chip chip)
{
	static const uint32_t in[] = { 49, 10, 1 }, out[] = { 1, 1, 12 };
	size_t i, j;

	memset(f, 0, sizeof(*f));
	strcpy(f->p.version, version);
	f->p.chip = chip;
	memcpy(f->p.in_dims, in, sizeof(in));
	memcpy(f->p.out_dims, out, sizeof(out));
	f->p.num_in_dims = 3;
	f->p.num_out_dims = 3;
	f->p.output_type = 2;
	f->p.activation = true;
	f->shift[0] = -70000;
	f->shift[1] = 12;
	f->scale[0] = 0.5f;
	f->scale[1] = 3e9f;
	f->p.shift = f->shift;
	f->p.scale = f->scale;
	f->p.num_shifts = 2;
	f->p.num_scales = 2;
	f->p.max_desc = 4;
	f->epg[0] = (struct ak_epg){ 0, 0x21200 };
	f->epg[1] = (struct ak_epg){ 0xc, 0x10 };
	f->p.epg = f->epg;
	f->p.num_epg = 2;
	f->record[0] = (struct ak_record){ f->track, 3, false, { 0, 0 } };
	f->record[1] = (struct ak_record){ f->track + 3, 1, true, { 0, 0 } };
	f->record[2] = (struct ak_record){ f->track + 4, 2, false, { 0, 0 } };
	f->pass[0] = (struct ak_pass){ f->record, 2 };
	f->pass[1] = (struct ak_pass){ f->record + 2, 1 };
	f->p.pass = f->pass;
	f->p.num_passes = 2;
	f->p.has_learning = true;
	f->p.learning = (struct ak_track){ 8, 1 };
	for (i = 0; i < 7; i++) {
		f->words[i].word = f->word[i];
		f->words[i].count = 6 * i;
		for (j = 0; j < 40; j++)
			f->word[i][j] = (uint32_t)(i << 16 | j);
	}
}

static const struct ak_program_chip silicon = { 0xbc, 0xa1, 3, 9 };

static void build(struct fixture *f, uint8_t **file, size_t *size)
{
	struct ak_err err = { "" };

	assert_int_equal(
		ak_program_file_build(&f->p, f->words, 7, file, size, &err), 0);
	assert_true(ak_program_file_is(*file, *size));
}

static void check_track(const struct ak_program_file *p,
			const struct ak_track *t, const struct fixture *f,
			size_t i)
{
	uint32_t j;

	assert_int_equal(t->words, f->words[i].count);
	for (j = 0; j < t->words; j++)
		assert_int_equal(ak_get_le32(p->data + t->offset + j * 4),
				 f->word[i][j]);
}

static void test_round_trip(void **state)
{
	struct ak_program_file p;
	struct ak_err err = { "" };
	struct fixture f;
	uint8_t *file, *again;
	size_t size, size2;

	(void)state;
	fill(&f, "2.5.0", silicon);
	build(&f, &file, &size);
	assert_int_equal(ak_program_file_parse(&p, file, size, &err), 0);
	assert_true(p.known);
	assert_string_equal(p.version, "2.5.0");
	assert_memory_equal(&p.chip, &silicon, sizeof(silicon));
	assert_int_equal(p.num_in_dims, 3);
	assert_memory_equal(p.in_dims, f.p.in_dims, sizeof(p.in_dims));
	assert_memory_equal(p.out_dims, f.p.out_dims, sizeof(p.out_dims));
	assert_int_equal(p.input_type, 0);
	assert_int_equal(p.output_type, 2);
	assert_true(p.activation);
	assert_int_equal(p.max_desc, 4);
	assert_int_equal(p.num_shifts, 2);
	assert_memory_equal(p.shift, f.shift, sizeof(f.shift));
	assert_int_equal(p.num_scales, 2);
	assert_memory_equal(p.scale, f.scale, sizeof(f.scale));
	assert_int_equal(p.num_epg, 2);
	assert_memory_equal(p.epg, f.epg, sizeof(f.epg));
	assert_int_equal(p.num_passes, 2);
	assert_int_equal(p.pass[0].num_records, 2);
	assert_int_equal(p.pass[0].record[0].num_tracks, 3);
	assert_int_equal(p.pass[0].record[1].num_tracks, 1);
	assert_int_equal(p.pass[1].num_records, 1);
	check_track(&p, &p.pass[0].record[0].track[0], &f, 0);
	check_track(&p, &p.pass[0].record[0].track[2], &f, 2);
	check_track(&p, &p.pass[0].record[1].track[0], &f, 3);
	assert_true(p.pass[0].record[1].has_fnp2);
	assert_false(p.pass[0].record[0].has_fnp2);
	check_track(&p, &p.pass[0].record[1].fnp2, &f, 4);
	check_track(&p, &p.pass[1].record[0].track[1], &f, 6);
	assert_true(p.has_learning);
	assert_int_equal(p.learning.words, 1);
	/* As in the known files: the last layer's track lies first. */
	assert_true(p.pass[1].record[0].track[1].offset <
		    p.pass[0].record[0].track[1].offset);
	assert_int_equal(p.info_size + p.data_size, size);

	build(&f, &again, &size2);
	assert_int_equal(size, size2);
	assert_memory_equal(file, again, size);
	free(again);
	free(file);
	ak_program_file_clear(&p);
}

static void test_versions(void **state)
{
	static const struct {
		const char *version;
		struct ak_program_chip chip;
		bool known;
	} v[] = {
		{ "2.5.0", { 0xbc, 0xa1, 3, 9 }, true },
		{ "2.5.0", { 0xbc, 0, 0, 2 }, false },
		{ "2.19.1", { 0xbc, 0xa1, 3, 9 }, false },
		{ AK_PROGRAM_VERSION, { 0xaf, 0x10, 0, 1 }, true },
		{ AK_PROGRAM_VERSION, { 0xaf, 0x15, 0, 1 }, true },
		{ AK_PROGRAM_VERSION, { 0xbc, 0xa1, 3, 9 }, false },
	};
	struct ak_program_file p;
	struct ak_err err = { "" };
	struct fixture f;
	uint8_t *file;
	size_t size, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		fill(&f, v[i].version, v[i].chip);
		build(&f, &file, &size);
		assert_int_equal(ak_program_file_parse(&p, file, size, &err),
				 0);
		assert_int_equal(p.known, v[i].known);
		assert_string_equal(p.damage.text, "");
		assert_int_equal(p.num_passes, 2);
		ak_program_file_clear(&p);
		free(file);
	}
}

/* Every prefix and every changed byte: an error or a program, never worse. */
static void test_damage(void **state)
{
	struct ak_program_file p;
	struct ak_err err = { "" };
	struct fixture f;
	uint8_t *file, *copy;
	size_t size, i, refused = 0;
	unsigned int bit;

	(void)state;
	fill(&f, "2.5.0", silicon);
	build(&f, &file, &size);
	for (i = 0; i < size; i++) {
		copy = malloc(i ? i : 1);
		memcpy(copy, file, i);
		assert_int_equal(ak_program_file_parse(&p, copy, i, &err),
				 -EINVAL);
		assert_string_not_equal(err.text, "");
		free(copy);
	}
	for (i = 0; i < size; i++)
		for (bit = 0; bit < 8; bit++) {
			file[i] ^= 1u << bit;
			if (ak_program_file_parse(&p, file, size, &err))
				refused++;
			else
				ak_program_file_clear(&p);
			file[i] ^= 1u << bit;
		}
	assert_true(refused > size / 8);
	free(file);
}

/* A track that leaves the data part is refused if the version is known. */
static void test_span_outside(void **state)
{
	struct ak_program_file p;
	struct ak_err err = { "" };
	struct fixture f;
	uint8_t *file;
	size_t size, info;

	(void)state;
	fill(&f, "2.5.0", silicon);
	build(&f, &file, &size);
	info = ak_get_le32(file) + 4;
	assert_int_equal(ak_program_file_parse_info(&p, file, info, 16, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "data part"));
	assert_int_equal(
		ak_program_file_parse_info(&p, file, info, size - info, &err),
		0);
	assert_null(p.data);
	ak_program_file_clear(&p);
	free(file);

	fill(&f, "9.0.0", silicon);
	build(&f, &file, &size);
	info = ak_get_le32(file) + 4;
	assert_int_equal(ak_program_file_parse_info(&p, file, info, 16, &err),
			 0);
	assert_false(p.known);
	assert_non_null(strstr(p.damage.text, "data part"));
	ak_program_file_clear(&p);
	free(file);
}

/* Header words of a public program's FC track: node (1,3), NP 0 (measured). */
static void test_packets(void **state)
{
	struct ak_packet p = { .col = 1,
			       .row = 3,
			       .np_mask = 1,
			       .uid = AK_UID_REGS,
			       .words = 50 };
	static const uint32_t big[] = { 0x3ffe, 0x3fff, 0x4000, 0x4001 };
	uint32_t words[246] = { 0 }, header[2], pos = 0, n, i;
	uint8_t *bytes = malloc(sizeof(words)), *xl;

	(void)state;
	assert_int_equal(ak_packet_header(&p, header), 50);
	assert_int_equal(header[0], 0x01030108);
	assert_int_equal(header[1], 50 << 16);
	memcpy(words, header, 8);
	p.uid = AK_UID_FNP;
	p.words = 192;
	ak_packet_header(&p, header);
	memcpy(words + 52, header, 8);
	for (i = 0; i < 246; i++)
		ak_put_le32(bytes + i * 4, words[i]);
	assert_int_equal(ak_packet_next(bytes, 246, &pos, &p), 1);
	assert_int_equal(p.uid, AK_UID_REGS);
	assert_int_equal(p.np, 0);
	assert_false(p.hrc);
	assert_ptr_equal(p.payload, bytes + 8);
	assert_int_equal(ak_packet_next(bytes, 246, &pos, &p), 1);
	assert_int_equal(p.uid, AK_UID_FNP);
	assert_int_equal(p.words, 192);
	assert_int_equal(p.col, 1);
	assert_int_equal(p.row, 3);
	assert_int_equal(ak_packet_next(bytes, 246, &pos, &p), 0);
	pos = 0;
	assert_int_equal(ak_packet_next(bytes, 51, &pos, &p), -EINVAL);
	pos = 0;
	assert_int_equal(ak_packet_next(bytes, 1, &pos, &p), -EINVAL);
	free(bytes);

	/* The HRC's header as measured: 0x188 with NP bit 0. */
	p = (struct ak_packet){ .np_mask = 1, .hrc = true, .uid = AK_UID_REGS };
	ak_packet_header(&p, header);
	assert_int_equal(header[0], 0x188);

	for (i = 0; i < ARRAY_SIZE(big); i++) {
		p = (struct ak_packet){ .col = 2,
					.row = 2,
					.np_mask = 8,
					.uid = AK_UID_FILTER,
					.addr = 8,
					.words = big[i] };
		n = ak_packet_header(&p, header);
		assert_true(n >= big[i] && n < big[i] + 16);
		xl = calloc(n + 2, 4);
		ak_put_le32(xl, header[0]);
		ak_put_le32(xl + 4, header[1]);
		pos = 0;
		assert_int_equal(ak_packet_next(xl, n + 2, &pos, &p), 1);
		assert_int_equal(p.words, n);
		assert_int_equal(p.addr, 8);
		assert_int_equal(p.np, 3);
		assert_int_equal(pos, n + 2);
		free(xl);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_span_outside),
		cmocka_unit_test(test_packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
