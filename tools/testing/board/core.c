// SPDX-License-Identifier: GPL-2.0
/*
 * Driving the core of a board as the vendor's engine does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/cmocka_all.h"
#include "common/le.h"
#include "core.h"
#include "dma.h"
#include "npu/npu.h"

#define CONFIG_DESC_WORDS 8
#define JOB_DESC_WORDS 16
#define EVENT_BYTES 8
/* The potential of an event of an FNP */
#define FNP_BITS 26
#define CNP_BITS 24

static const struct core_layout layouts[2] = {
	{ 0x24000000, 0x24010000, 0x24100000, 0x25000000, 0x25800000,
	  0x26000000 },
	{ 0x20001000, 0x20005000, 0x20010000, 0x200a0000, 0x200c0000,
	  0x20100000 },
};

void core_set(struct core *c, uint32_t off, uint32_t v)
{
	vm_write32(&c->vm, c->bar, off, v);
}

uint32_t core_get(struct core *c, uint32_t off)
{
	return vm_read32(&c->vm, c->bar, off);
}

/* Through guest memory. */
void core_put(struct core *c, uint32_t to, const void *data, size_t size)
{
	memcpy(c->vm.ram, data, size);
	size = (size + 3) & ~(size_t)3;
	dma_one(&c->vm, RD0, to, RAM_BASE, (uint32_t)size);
	assert_int_equal(vm_irqs(&c->vm, 10000), 1);
	assert_int_equal(dma_status(&c->vm, RD0), STOPPED);
	dma_clear(&c->vm, RD0);
}

void core_take(struct core *c, uint32_t from, void *data, size_t size)
{
	size_t whole = (size + 3) & ~(size_t)3;

	dma_one(&c->vm, WR0, from, RAM_BASE, (uint32_t)whole);
	assert_int_equal(vm_irqs(&c->vm, 10000), 1);
	dma_clear(&c->vm, WR0);
	memcpy(data, c->vm.ram, size);
}

void core_put_words(struct core *c, uint32_t to, const uint32_t *w, size_t n)
{
	uint8_t *bytes = malloc(n * 4);
	size_t i;

	for (i = 0; i < n; i++)
		ak_put_le32(bytes + i * 4, w[i]);
	core_put(c, to, bytes, n * 4);
	free(bytes);
}

void core_reset(struct core *c)
{
	core_set(c, GENERAL_CONTROL, 1 << 9 | 1 << 12);
	core_set(c, GENERAL_CONTROL, 0);
	core_set(c, GENERAL_CONTROL, 1 << 8 | 1 << 10);
	core_set(c, GENERAL_CONTROL, 0);
	c->jobs = 0;
}

void core_wait(struct core *c, uint32_t block, uint32_t status)
{
	unsigned int i;

	for (i = 0; i < 2000; i++)
		if (core_get(c, block + 0x28) & 0xf)
			break;
	assert_int_equal(core_get(c, block + 0x28) & 0xf, status & 0xf);
}

/* ----------------------------------------------------------------- program */

void core_start(struct core *c, const char *chip)
{
	memset(c, 0, sizeof(*c));
	vm_start(&c->vm, chip, NULL);
	c->bar = c->vm.chip1500 ? 2 : 0;
	c->at = &layouts[c->vm.chip1500];
	core_reset(c);
}

void core_end(struct core *c)
{
	vm_end(&c->vm);
}

static size_t output_bytes(const struct ak_layer *l)
{
	return ak_shape_elements(&l->out) * (l->activation ? 1 : 4);
}

static const struct ak_layer *last_layer(const struct core *c)
{
	return &c->m->layers[c->m->num_layers - 1];
}

uint32_t core_block(const struct core *c)
{
	return c->m->layers[0].type == AKIDA_LAYER_INPUT_CONV ? HRC : EVENT;
}

/* Of all that the layout has a place for; an output's events take most. */
static bool fits(const struct core *c)
{
	size_t in = ak_shape_elements(&c->m->layers[0].in);
	size_t out = ak_shape_elements(&last_layer(c)->out) * EVENT_BYTES;

	if (core_block(c) == EVENT)
		in *= EVENT_BYTES;
	return c->p.data_size <= c->at->in - c->at->program &&
	       in <= c->at->out - c->at->in && in <= RAM_SIZE &&
	       out + AK_OUT_HEADER_BYTES <= c->at->end - c->at->out &&
	       c->b.num_placements * CONFIG_DESC_WORDS * 4 <=
		       c->at->job - c->at->config;
}

bool core_build(struct core *c, const struct ak_model *m, unsigned int flags)
{
	const struct akida_load_options o = {
		.target = c->vm.chip1500 ? AKIDA_TARGET_AKD1500 :
					   AKIDA_TARGET_AKD1000,
		.threads = 1
	};
	struct ak_err err = { "" };
	int rc;

	c->m = m;
	rc = ak_build(m, ak_mesh_of(o.target), flags, &c->b, &err);
	/* Of events only potentials do not fit. */
	if (rc == -ENOSPC || (rc == -ERANGE && !last_layer(c)->activation &&
			      flags & AK_BUILD_SPARSE_OUTPUT))
		return false;
	if (rc || npu_new(&c->n, m, &o, &err) ||
	    ak_program_file_parse(&c->p, c->b.file, c->b.size, &err))
		fail_msg("%s", err.text);
	if (fits(c))
		return true;
	core_forget(c);
	return false;
}

void core_forget(struct core *c)
{
	ak_program_file_clear(&c->p);
	ak_built_free(&c->b);
	npu_free(c->n);
	memset(&c->b, 0, sizeof(c->b));
	c->n = NULL;
	c->m = NULL;
}

/* A descriptor for every track; returns how many. */
static uint32_t config_descriptors(struct core *c, uint32_t *desc)
{
	uint32_t i, j, k, n = 0;

	for (i = 0; i < c->p.num_passes; i++)
		for (j = 0; j < c->p.pass[i].num_records; j++)
			for (k = 0; k < c->p.pass[i].record[j].num_tracks;
			     k++, n++) {
				const struct ak_track *t =
					&c->p.pass[i].record[j].track[k];
				uint32_t *d = desc + n * CONFIG_DESC_WORDS;

				memset(d, 0, CONFIG_DESC_WORDS * 4);
				d[0] = 1u << 28 | 1;
				d[1] = c->at->program + t->offset;
				d[2] = t->words;
				d[4] = i;
			}
	return n;
}

void core_load(struct core *c)
{
	uint32_t *desc, n;
	size_t i;

	core_put(c, c->at->program, c->p.data, c->p.data_size);
	desc = malloc(c->b.num_placements * CONFIG_DESC_WORDS * 4);
	n = config_descriptors(c, desc);
	assert_int_equal(n, c->b.num_placements);
	core_put_words(c, c->at->config, desc, n * CONFIG_DESC_WORDS);
	free(desc);
	for (i = 0; i < c->b.num_placements; i++) {
		const struct ak_placement *at = &c->b.placement[i];

		if (at->external)
			core_set(c,
				 FNP2_ADDR + 4 * (uint32_t)c->b.mesh->np[at->np]
							     .fnp2,
				 c->at->program + at->fnp2.offset);
	}
	core_set(c, CONFIG_DMA, CTRL_RESET);
	core_set(c, CONFIG_DMA, CTRL_RUN);
	core_set(c, CONFIG_DMA + 8, c->at->config);
	core_set(c, CONFIG_DMA + 0xc, (n - 1) << 16 | 1);
	if (c->p.num_passes > 1) {
		core_set(c, GENERAL_CONTROL, 2);
		core_set(c, HRC + 0x74, c->p.num_passes << 24);
		core_set(c, EVENT + 0x74, c->p.num_passes << 24);
		return;
	}
	core_set(c, CONFIG_DMA + 4, (n - 1) << 16);
	while ((core_get(c, CONFIG_DMA + 4) & 0xff) != n - 1)
		assert_int_equal(core_get(c, CONFIG_DMA + 0x28) & 4, 0);
}

/* -------------------------------------------------------------------- jobs */

void core_enable(struct core *c)
{
	core_set(c, core_block(c), CTRL_RESET);
	core_set(c, core_block(c), CTRL_RUN);
	core_set(c, core_block(c) + 8, c->at->job);
	core_set(c, core_block(c) + 0xc, 15 << 16 | 2);
	if (c->p.num_passes > 1)
		core_set(c, core_block(c) + 0x74, c->p.num_passes << 24);
}

/* Values other than zero, as events; one outside the tensor if there are none. */
static uint32_t put_events(struct core *c, const uint8_t *in)
{
	const struct akida_shape *s = &c->m->layers[0].in;
	size_t n = ak_shape_elements(s), i;
	uint32_t *events = malloc(n * EVENT_BYTES + EVENT_BYTES), words = 0;

	for (i = 0; i < n; i++) {
		uint32_t x = (uint32_t)(i / s->channels % s->width);
		uint32_t y = (uint32_t)(i / s->channels / s->width);

		if (!in[i])
			continue;
		events[words++] = x | y << 16;
		events[words++] = (uint32_t)(i % s->channels) | (uint32_t)in[i]
									<< 16;
	}
	if (!words) {
		events[words++] = s->width;
		events[words++] = 0;
	}
	core_put_words(c, c->at->in, events, words);
	free(events);
	return words;
}

void core_put_job(struct core *c, const uint8_t *in)
{
	const struct akida_shape *s = &c->m->layers[0].in;
	uint32_t desc[JOB_DESC_WORDS] = { (c->jobs + 7) << 16 | 1, c->at->in };
	static const uint8_t none[AK_OUT_HEADER_BYTES];

	/* No output of before may be taken for this one's. */
	core_put(c, c->at->out, none, sizeof(none));
	if (core_block(c) == HRC) {
		core_put(c, c->at->in, in, ak_shape_elements(s));
		desc[2] = s->width * s->channels | s->height << 16;
		desc[7] = c->at->out;
	} else {
		desc[2] = put_events(c, in);
		desc[3] = c->at->out;
	}
	core_put_words(c, c->at->job + c->jobs % 16 * JOB_DESC_WORDS * 4, desc,
		       JOB_DESC_WORDS);
}

void core_ring(struct core *c)
{
	core_set(c, core_block(c) + 0x24, 1);
	core_set(c, core_block(c) + 4, c->jobs++ % 16 << 16);
}

uint8_t *core_draw(const struct core *c, unsigned int seed)
{
	const struct ak_layer *l = &c->m->layers[0];
	size_t n = ak_shape_elements(&l->in), i;
	uint8_t *in = calloc(n + 4, 1);

	for (i = 0; seed && i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		in[i] = (seed >> 16) % (l->in_max + 1);
	}
	return in;
}

/* ----------------------------------------------------------------- outputs */

static int32_t sign_extend(uint32_t v, unsigned int bits)
{
	return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

/* Events become bytes or potentials again; each is of a value of its own. */
static void read_events(const struct core *c, uint32_t format,
			const uint8_t *event, uint32_t words, uint8_t *to)
{
	const struct ak_layer *l = last_layer(c);
	bool fnp = format == AK_OUT_SPARSE_FNP_POT ||
		   format == AK_OUT_SPARSE_FNP_ACT;
	uint32_t i;

	assert_int_equal(words % 2, 0);
	memset(to, 0, output_bytes(l));
	for (i = 0; i < words; i += 2, event += EVENT_BYTES) {
		uint32_t w1 = ak_get_le32(event), w2 = ak_get_le32(event + 4);
		uint32_t x = fnp ? 0 : w1 & 0xfff, y = fnp ? 0 : w1 >> 16;
		uint32_t f = (fnp ? w1 : w2) & 0x7ff;
		size_t at;
		int32_t v;

		if (fnp)
			v = sign_extend(w2, FNP_BITS);
		else if (l->activation)
			v = w2 >> 16;
		else
			v = sign_extend(w1 >> 28 << 20 | w2 >> 12, CNP_BITS);
		y &= 0xfff;
		assert_true(v && x < l->out.width && y < l->out.height &&
			    f < l->out.channels);
		at = ((size_t)y * l->out.width + x) * l->out.channels + f;
		if (l->activation) {
			assert_int_equal(to[at], 0);
			to[at] = (uint8_t)v;
		} else {
			assert_int_equal(ak_get_le32(to + at * 4), 0);
			ak_put_le32(to + at * 4, (uint32_t)v);
		}
	}
}

/* The format that the last layer and the program's flags ask for. */
static uint32_t format_of(const struct core *c)
{
	static const uint32_t formats[2][2][2] = {
		{ { AK_OUT_DENSE_CNP_POT, AK_OUT_DENSE_CNP_ACT },
		  { AK_OUT_DENSE_FNP_POT, AK_OUT_DENSE_FNP_ACT } },
		{ { AK_OUT_SPARSE_CNP_POT, AK_OUT_SPARSE_CNP_ACT },
		  { AK_OUT_SPARSE_FNP_POT, AK_OUT_SPARSE_FNP_ACT } }
	};
	const struct ak_layer *l = last_layer(c);

	return formats[!!(c->b.flags & AK_BUILD_SPARSE_OUTPUT)]
		      [l->type == AKIDA_LAYER_FULLY_CONNECTED][l->activation];
}

void core_check(struct core *c, const uint8_t *in)
{
	size_t bytes = output_bytes(last_layer(c)), room;
	uint32_t format = format_of(c), words;
	uint8_t *want = malloc(bytes), *got, *plain;

	room = (bytes + 3) / 4 * EVENT_BYTES * 4 + AK_OUT_HEADER_BYTES;
	if (room > c->at->end - c->at->out)
		room = c->at->end - c->at->out;
	got = malloc(room);
	npu_run(c->n, in, want, NULL, NULL);
	core_take(c, c->at->out, got, AK_OUT_HEADER_BYTES);
	words = ak_get_le32(got) & 0xfffffff;
	assert_int_equal(ak_get_le32(got) >> 28, format);
	if (!(c->b.flags & AK_BUILD_SPARSE_OUTPUT))
		assert_int_equal(words, (bytes + 3) / 4);
	assert_true(AK_OUT_HEADER_BYTES + (size_t)words * 4 <= room);
	core_take(c, c->at->out, got, AK_OUT_HEADER_BYTES + (size_t)words * 4);
	plain = got + AK_OUT_HEADER_BYTES;
	if (c->b.flags & AK_BUILD_SPARSE_OUTPUT) {
		plain = malloc(bytes);
		read_events(c, format, got + AK_OUT_HEADER_BYTES, words, plain);
	}
	assert_memory_equal(plain, want, bytes);
	if (c->b.flags & AK_BUILD_SPARSE_OUTPUT)
		free(plain);
	free(want);
	free(got);
}
