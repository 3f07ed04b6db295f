// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading a program. Nothing is believed: every span is checked against the
 * data part, and memory is bounded by the file's own size.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "format/flatbuf.h"
#include "format/program.h"
#include "format/program_internal.h"

/* Versions whose slots are known, with the chips that they were seen with. */
static const struct {
	const char *version;
	struct ak_program_chip chip;
} known[] = {
	{ "2.5.0", { AK_CHIP_VENDOR_BRAINCHIP, 0xa1, 3, 9 } },
	{ AK_PROGRAM_VERSION,
	  { AK_CHIP_VENDOR_VIRTUAL, AK_CHIP_PRODUCT_AKD1000, 0, 1 } },
	{ AK_PROGRAM_VERSION,
	  { AK_CHIP_VENDOR_VIRTUAL, AK_CHIP_PRODUCT_AKD1500, 0, 1 } },
};

struct reader {
	struct fb_reader fb;
	struct ak_program_file *p;
};

/* Bytes of a size-prefixed buffer, 0 if they are not there. */
static size_t prefixed_size(const uint8_t *data, size_t size)
{
	uint64_t n;

	if (size < 8)
		return 0;
	n = (uint64_t)ak_get_le32(data) + 4;
	return n < 8 || n > size ? 0 : n;
}

bool ak_program_file_is(const uint8_t *data, size_t size)
{
	size_t info = prefixed_size(data, size);

	return info && prefixed_size(data + info, size - info) == size - info;
}

static void *alloc(struct reader *x, size_t count, size_t size)
{
	void *mem;

	if (!fb_charge(&x->fb, count * size))
		return NULL;
	mem = calloc(count ? count : 1, size);
	if (!mem && !x->fb.error)
		x->fb.error = ak_errf(x->fb.err, -ENOMEM,
				      "no memory to read the program");
	return mem;
}

static void read_dims(struct reader *x, const struct fb_table *t,
		      unsigned int slot, uint32_t *dims, uint32_t *num)
{
	struct fb_vector v = fb_vec(t, slot, 4, 4);
	uint32_t i;

	if (v.count > AK_PROGRAM_MAX_DIMS) {
		fb_fail(&x->fb, v.pos, "there are more than 4 dimensions");
		return;
	}
	for (i = 0; i < v.count; i++)
		dims[i] = fb_vec_u32(&v, i);
	*num = v.count;
}

static void read_span(struct reader *x, const uint8_t *at, uint32_t pos,
		      struct ak_track *t)
{
	size_t room = x->p->data_size;

	t->offset = ak_get_le32(at);
	t->words = ak_get_le32(at + 4);
	if (t->offset % 4 || t->offset > room ||
	    t->words > (room - t->offset) / 4)
		fb_fail(&x->fb, pos,
			"a track does not lie within the data part, or not on whole words");
}

static void read_record(struct reader *x, const struct fb_table *t,
			struct ak_record *r)
{
	struct fb_vector v = fb_vec(t, RECORD_TRACKS, SPAN_BYTES, 4);
	const uint8_t *span = fb_struct(t, RECORD_FNP2, SPAN_BYTES, 4);
	uint32_t i;

	if (v.count > AK_PROGRAM_MAX_TRACKS) {
		fb_fail(&x->fb, v.pos, "a record has more than 128 tracks");
		return;
	}
	r->track = alloc(x, v.count, sizeof(*r->track));
	if (!r->track)
		return;
	r->num_tracks = v.count;
	for (i = 0; i < v.count; i++)
		read_span(x, fb_vec_bytes(&v) + i * SPAN_BYTES,
			  v.pos + i * SPAN_BYTES, &r->track[i]);
	if (span) {
		r->has_fnp2 = true;
		read_span(x, span, t->pos, &r->fnp2);
	}
}

static void read_passes(struct reader *x, const struct fb_table *root)
{
	struct fb_vector passes = fb_vec(root, INFO_PASSES, 4, 4);
	uint32_t i, j;

	if (passes.count > AK_PROGRAM_MAX_PASSES) {
		fb_fail(&x->fb, passes.pos, "there are more than 254 passes");
		return;
	}
	x->p->pass = alloc(x, passes.count, sizeof(*x->p->pass));
	if (!x->p->pass)
		return;
	x->p->num_passes = passes.count;
	for (i = 0; i < passes.count; i++) {
		struct fb_table t = fb_vec_table(&passes, i);
		struct fb_vector records = fb_vec(&t, LIST_ITEMS, 4, 4);
		struct ak_pass *pass = &x->p->pass[i];

		if (records.count > AK_PROGRAM_MAX_RECORDS) {
			fb_fail(&x->fb, records.pos,
				"a pass has more than 256 records");
			return;
		}
		pass->record = alloc(x, records.count, sizeof(*pass->record));
		if (!pass->record)
			return;
		pass->num_records = records.count;
		for (j = 0; j < records.count; j++) {
			struct fb_table r = fb_vec_table(&records, j);

			read_record(x, &r, &pass->record[j]);
		}
	}
}

static void read_outputs(struct reader *x, const struct fb_table *root)
{
	struct ak_program_file *p = x->p;
	struct fb_vector v = fb_vec(root, INFO_SHIFTS, 4, 4);
	uint32_t i, bits;

	if (v.count > AK_PROGRAM_MAX_OUTPUTS) {
		fb_fail(&x->fb, v.pos, "there are too many shifts");
		return;
	}
	p->shift = alloc(x, v.count, sizeof(*p->shift));
	for (i = 0; p->shift && i < v.count; i++)
		p->shift[i] = (int32_t)fb_vec_u32(&v, i);
	p->num_shifts = p->shift ? v.count : 0;
	v = fb_vec(root, INFO_SCALES, 4, 4);
	if (v.count > AK_PROGRAM_MAX_OUTPUTS) {
		fb_fail(&x->fb, v.pos, "there are too many scales");
		return;
	}
	p->scale = alloc(x, v.count, sizeof(*p->scale));
	for (i = 0; p->scale && i < v.count; i++) {
		bits = fb_vec_u32(&v, i);
		memcpy(&p->scale[i], &bits, sizeof(bits));
	}
	p->num_scales = p->scale ? v.count : 0;
}

static void read_epg(struct reader *x, const struct fb_table *root)
{
	struct fb_vector v = fb_vec(root, INFO_EPG, EPG_BYTES, 4);
	uint32_t i;

	if (v.count > AK_PROGRAM_MAX_EPG) {
		fb_fail(&x->fb, v.pos, "there are more than 64 EPG writes");
		return;
	}
	x->p->epg = alloc(x, v.count, sizeof(*x->p->epg));
	for (i = 0; x->p->epg && i < v.count; i++) {
		const uint8_t *at = fb_vec_bytes(&v) + i * EPG_BYTES;

		x->p->epg[i].offset = ak_get_le32(at);
		x->p->epg[i].value = ak_get_le32(at + 4);
	}
	x->p->num_epg = x->p->epg ? v.count : 0;
}

static bool is_known(const struct ak_program_file *p)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(p->version, known[i].version) &&
		    !memcmp(&p->chip, &known[i].chip, sizeof(p->chip)))
			return true;
	return false;
}

/* Version and chip: without these, nothing can be said of a program. */
static int read_identity(struct reader *x, const struct fb_table *root)
{
	struct ak_program_file *p = x->p;
	const uint8_t *chip = fb_struct(root, INFO_CHIP, CHIP_BYTES, 1);
	uint32_t length = 0;
	const char *version = fb_string(root, INFO_VERSION, &length);

	if (x->fb.error)
		return x->fb.error;
	if (!version || !chip)
		return ak_errf(
			x->fb.err, -EINVAL,
			"the program names no version or no device; it is not an Akida program");
	if (length >= sizeof(p->version))
		return ak_errf(
			x->fb.err, -EINVAL,
			"the program's version has %u characters; 31 are possible",
			length);
	memcpy(p->version, version, length + 1);
	p->chip.vendor = chip[0];
	p->chip.product = chip[1];
	p->chip.major = chip[2];
	p->chip.minor = chip[3];
	p->known = is_known(p);
	return 0;
}

static void read_rest(struct reader *x, const struct fb_table *root)
{
	struct ak_program_file *p = x->p;
	const uint8_t *span;

	read_dims(x, root, INFO_IN_DIMS, p->in_dims, &p->num_in_dims);
	read_dims(x, root, INFO_OUT_DIMS, p->out_dims, &p->num_out_dims);
	p->input_type = fb_u8(root, INFO_IN_TYPE, 0);
	p->output_type = fb_u8(root, INFO_OUT_TYPE, 0);
	p->activation = fb_u8(root, INFO_ACTIVATION, 0);
	p->window_w = fb_u32(root, INFO_WINDOW_W, 0);
	p->window_h = fb_u32(root, INFO_WINDOW_H, 0);
	p->max_desc = fb_u8(root, INFO_MAX_DESC, 0);
	read_outputs(x, root);
	read_epg(x, root);
	read_passes(x, root);
	span = fb_struct(root, INFO_LEARNING, SPAN_BYTES, 4);
	if (span) {
		p->has_learning = true;
		read_span(x, span, root->pos, &p->learning);
	}
}

static int parse_info(struct ak_program_file *p, const uint8_t *info,
		      size_t size, struct ak_err *err)
{
	struct reader x = { .p = p };
	struct fb_table root;
	int rc;

	/* Tables may be shared: eight times the file is plenty for honest ones. */
	root = fb_open_prefixed(&x.fb, info, size, size * 8 + 4096, err);
	rc = read_identity(&x, &root);
	if (rc)
		return rc;
	if (!p->known)
		x.fb.err = &p->damage;
	read_rest(&x, &root);
	return p->known ? x.fb.error : 0;
}

int ak_program_file_parse_info(struct ak_program_file *p, const uint8_t *info,
			       size_t size, size_t data_size,
			       struct ak_err *err)
{
	int rc;

	memset(p, 0, sizeof(*p));
	if (size > AK_PROGRAM_MAX_FILE || data_size > AK_PROGRAM_MAX_FILE)
		return ak_errf(err, -EFBIG,
			       "the program is larger than 256 MiB");
	if (prefixed_size(info, size) != size)
		return ak_errf(
			err, -EINVAL,
			"the program's info part has not the size that it states");
	p->info_size = size;
	p->data_size = data_size;
	rc = parse_info(p, info, size, err);
	if (rc)
		ak_program_file_clear(p);
	return rc;
}

int ak_program_file_parse(struct ak_program_file *p, const uint8_t *data,
			  size_t size, struct ak_err *err)
{
	size_t info = prefixed_size(data, size);
	int rc;

	memset(p, 0, sizeof(*p));
	if (!ak_program_file_is(data, size))
		return ak_errf(
			err, -EINVAL,
			"the file is not two size-prefixed parts that fill it; it is truncated or no Akida program");
	rc = ak_program_file_parse_info(p, data, info, size - info, err);
	if (rc)
		return rc;
	p->data = malloc(p->data_size);
	if (!p->data) {
		ak_program_file_clear(p);
		return ak_errf(err, -ENOMEM, "no memory to read the program");
	}
	memcpy(p->data, data + info, p->data_size);
	return 0;
}

void ak_program_file_clear(struct ak_program_file *p)
{
	uint32_t i, j;

	for (i = 0; i < p->num_passes; i++) {
		for (j = 0; j < p->pass[i].num_records; j++)
			free(p->pass[i].record[j].track);
		free(p->pass[i].record);
	}
	free(p->pass);
	free(p->shift);
	free(p->scale);
	free(p->epg);
	free(p->data);
	memset(p, 0, sizeof(*p));
}
