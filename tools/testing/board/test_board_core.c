// SPDX-License-Identifier: GPL-2.0
/*
 * The core: a program is put into the board's memory, configuration
 * descriptors load it, jobs run it, and what comes out are the software
 * backend's bytes. Then what strangers could send, and faults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/cmocka_all.h"
#include "akida/model.h"
#include "common/le.h"
#include "dma.h"
#include "model/handle.h"
#include "npu/npu.h"
#include "program/program.h"

/* Device memory: descriptors, program, input, output. */
struct layout {
	uint32_t config, job, program, in, out;
};

static const struct layout layouts[2] = {
	{ 0x24000000, 0x24010000, 0x24100000, 0x25000000, 0x25800000 },
	{ 0x20001000, 0x20005000, 0x20010000, 0x200a0000, 0x200c0000 },
};

#define GENERAL_CONTROL 0x4
#define FNP2_ADDR 0x10
#define EVENT 0x20000
#define HRC 0x28000
#define CONFIG_DMA 0x30000
#define INTERRUPTS 0x70000
#define CTRL_RUN 0x83000502u /* as the vendor's script has it */
#define CTRL_RESET 0x83000200u
#define ERROR_STATUS (4u | 1u << 18)

/**
 * struct fixture - a board with a program in its memory
 * @vm: machine
 * @core: BAR of the core
 * @at: where things lie
 * @m: the model
 * @n: the same on the software backend
 * @b: the program
 * @p: the same, parsed
 * @jobs: descriptors rung so far
 */
struct fixture {
	struct vm vm;
	uint32_t core;
	const struct layout *at;
	struct akida_model *m;
	struct npu *n;
	struct ak_built b;
	struct ak_program_file p;
	uint32_t jobs;
};

static void reg(struct fixture *f, uint32_t off, uint32_t v)
{
	vm_write32(&f->vm, f->core, off, v);
}

static uint32_t get(struct fixture *f, uint32_t off)
{
	return vm_read32(&f->vm, f->core, off);
}

/* By the DMA engine, through guest memory. */
static void put(struct fixture *f, uint32_t to, const void *data, size_t size)
{
	size = (size + 3) & ~(size_t)3;
	memcpy(f->vm.ram, data, size);
	dma_one(&f->vm, RD0, to, RAM_BASE, (uint32_t)size);
	assert_int_equal(vm_irqs(&f->vm, 10000), 1);
	assert_int_equal(dma_status(&f->vm, RD0), STOPPED);
	dma_clear(&f->vm, RD0);
}

static void take(struct fixture *f, uint32_t from, void *data, size_t size)
{
	size_t whole = (size + 3) & ~(size_t)3;

	dma_one(&f->vm, WR0, from, RAM_BASE, (uint32_t)whole);
	assert_int_equal(vm_irqs(&f->vm, 10000), 1);
	dma_clear(&f->vm, WR0);
	memcpy(data, f->vm.ram, size);
}

static void put_words(struct fixture *f, uint32_t to, const uint32_t *w,
		      size_t n)
{
	uint8_t *bytes = malloc(n * 4);
	size_t i;

	for (i = 0; i < n; i++)
		ak_put_le32(bytes + i * 4, w[i]);
	put(f, to, bytes, n * 4);
	free(bytes);
}

/* What the engine does before anything: resets. */
static void reset_core(struct fixture *f)
{
	reg(f, GENERAL_CONTROL, 1 << 9 | 1 << 12);
	reg(f, GENERAL_CONTROL, 0);
	reg(f, GENERAL_CONTROL, 1 << 8 | 1 << 10);
	reg(f, GENERAL_CONTROL, 0);
	f->jobs = 0;
}

static void wait_done(struct fixture *f, uint32_t block, uint32_t status)
{
	unsigned int i;

	for (i = 0; i < 2000; i++)
		if (get(f, block + 0x28) & 0xf)
			break;
	assert_int_equal(get(f, block + 0x28) & 0xf, status & 0xf);
}

/* Descriptors for every track; returns how many. */
static uint32_t config_descriptors(struct fixture *f, uint32_t *desc)
{
	uint32_t i, j, k, n = 0;

	for (i = 0; i < f->p.num_passes; i++)
		for (j = 0; j < f->p.pass[i].num_records; j++)
			for (k = 0; k < f->p.pass[i].record[j].num_tracks;
			     k++, n++) {
				const struct ak_track *t =
					&f->p.pass[i].record[j].track[k];

				memset(desc + n * 8, 0, 32);
				desc[n * 8] = 1u << 28 | 1;
				desc[n * 8 + 1] = f->at->program + t->offset;
				desc[n * 8 + 2] = t->words;
				desc[n * 8 + 4] = i;
			}
	return n;
}

static void load(struct fixture *f)
{
	uint32_t desc[256 * 8], n;

	put(f, f->at->program, f->p.data, f->p.data_size);
	n = config_descriptors(f, desc);
	put_words(f, f->at->config, desc, n * 8);
	reg(f, CONFIG_DMA, CTRL_RESET);
	reg(f, CONFIG_DMA, CTRL_RUN);
	reg(f, CONFIG_DMA + 8, f->at->config);
	reg(f, CONFIG_DMA + 0xc, (n - 1) << 16 | 1);
	if (f->p.num_passes > 1) {
		reg(f, GENERAL_CONTROL, 2);
		reg(f, HRC + 0x74, f->p.num_passes << 24);
		reg(f, EVENT + 0x74, f->p.num_passes << 24);
		return;
	}
	reg(f, CONFIG_DMA + 4, (n - 1) << 16);
	while ((get(f, CONFIG_DMA + 4) & 0xff) != n - 1)
		assert_int_equal(get(f, CONFIG_DMA + 0x28) & 4, 0);
}

static void start(struct fixture *f, const char *chip, const char *model,
		  unsigned int flags)
{
	const struct akida_load_options o = {
		.target = strcmp(chip, "akd1000") ? AKIDA_TARGET_AKD1500 :
						    AKIDA_TARGET_AKD1000,
		.threads = 1
	};
	struct ak_err err = { "" };

	memset(f, 0, sizeof(*f));
	f->m = akida_model_new();
	if (akida_model_load(f->m, model) || akida_model_check_runnable(f->m))
		fail_msg("%s", akida_model_error(f->m));
	if (npu_new(&f->n, &f->m->model, &o, &err) ||
	    ak_build(&f->m->model, ak_mesh_of(o.target), flags, &f->b, &err) ||
	    ak_program_file_parse(&f->p, f->b.file, f->b.size, &err))
		fail_msg("%s", err.text);
	vm_start(&f->vm, chip, NULL);
	f->core = f->vm.chip1500 ? 2 : 0;
	f->at = &layouts[f->vm.chip1500];
	reset_core(f);
}

static void end(struct fixture *f)
{
	vm_end(&f->vm);
	ak_program_file_clear(&f->p);
	ak_built_free(&f->b);
	npu_free(f->n);
	akida_model_free(f->m);
}

static uint32_t block_of(const struct fixture *f)
{
	return f->m->model.layers[0].type == AKIDA_LAYER_INPUT_CONV ? HRC :
								      EVENT;
}

static void enable(struct fixture *f)
{
	reg(f, block_of(f), CTRL_RESET);
	reg(f, block_of(f), CTRL_RUN);
	reg(f, block_of(f) + 8, f->at->job);
	reg(f, block_of(f) + 0xc, 15 << 16 | 2);
	if (f->p.num_passes > 1)
		reg(f, block_of(f) + 0x74, f->p.num_passes << 24);
}

/* Input and descriptor into memory, as the engine would put them. */
static void put_job(struct fixture *f, const uint8_t *in)
{
	const struct ak_layer *l = &f->m->model.layers[0];
	size_t n = ak_shape_elements(&l->in), i, words = 0;
	uint32_t desc[16] = { (f->jobs + 7) << 16 | 1, f->at->in }, *events;

	if (block_of(f) == HRC) {
		put(f, f->at->in, in, n);
		desc[2] = l->in.width * l->in.channels | l->in.height << 16;
		desc[7] = f->at->out;
	} else {
		events = malloc(n * 8 + 8);
		for (i = 0; i < n; i++)
			if (in[i]) {
				events[words++] =
					i / l->in.channels % l->in.width |
					(uint32_t)(i / l->in.channels /
						   l->in.width)
						<< 16;
				events[words++] = i % l->in.channels |
						  (uint32_t)in[i] << 16;
			}
		if (!words) {
			events[words++] = l->in.width;
			events[words++] = 0;
		}
		put_words(f, f->at->in, events, words);
		free(events);
		desc[2] = (uint32_t)words;
		desc[3] = f->at->out;
	}
	put_words(f, f->at->job + f->jobs % 16 * 64, desc, 16);
}

static void ring(struct fixture *f)
{
	reg(f, block_of(f) + 0x24, 1);
	reg(f, block_of(f) + 4, f->jobs++ % 16 << 16);
}

static void check_output(struct fixture *f, const uint8_t *in)
{
	const struct ak_layer *l =
		&f->m->model.layers[f->m->model.num_layers - 1];
	size_t n = ak_shape_elements(&l->out);
	size_t bytes = n * (l->activation ? 1 : 4);
	uint8_t *want = malloc(bytes), *got = malloc(bytes + 64);

	npu_run(f->n, in, want, NULL, NULL);
	take(f, f->at->out, got, bytes + 32);
	assert_int_equal(ak_get_le32(got) & 0xfffffff, (bytes + 3) / 4);
	assert_int_equal(ak_get_le32(got) >> 28,
			 l->type == AKIDA_LAYER_FULLY_CONNECTED ?
				 AK_OUT_DENSE_FNP_POT :
				 AK_OUT_DENSE_CNP_POT);
	assert_memory_equal(got + 32, want, bytes);
	free(want);
	free(got);
}

/* All but that of events and the HRC are held back, as the engine does. */
static void unmask(struct fixture *f)
{
	reg(f, INTERRUPTS + 4, 0xe);
	reg(f, block_of(f) + 0x24, 1);
	reg(f, INTERRUPTS, 1);
}

static uint8_t *draw(const struct fixture *f, unsigned int seed)
{
	const struct ak_layer *l = &f->m->model.layers[0];
	size_t n = ak_shape_elements(&l->in), i;
	uint8_t *in = calloc(n + 4, 1);

	for (i = 0; seed && i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		in[i] = (seed >> 16) % (l->in_max + 1);
	}
	return in;
}

static void run_model(const char *chip, const char *model, unsigned int flags)
{
	struct fixture f;
	uint32_t clocks, i;
	uint8_t *in;

	start(&f, chip, model, flags);
	load(&f);
	enable(&f);
	unmask(&f);
	for (i = 0; i < 3; i++) {
		in = draw(&f, i);
		put_job(&f, in);
		clocks = get(&f, block_of(&f) + 0x30);
		ring(&f);
		/* The core's interrupt is the board's only one now. */
		assert_int_equal(vm_irqs(&f.vm, 20000), 1);
		wait_done(&f, block_of(&f), 3);
		assert_int_equal(get(&f, block_of(&f) + 0x10) >> 16, i + 7);
		assert_true(get(&f, block_of(&f) + 0x30) > clocks);
		reg(&f, block_of(&f) + 0x24, 1);
		check_output(&f, in);
		free(in);
	}
	assert_int_equal(vm_stat(&f.vm, "core.jobs"), 3);
	assert_int_equal(vm_stat(&f.vm, "core.errors"), 0);
	assert_int_equal(vm_stat(&f.vm, "illegal.core"), 0);
	end(&f);
}

static void test_runs(void **state)
{
	(void)state;
	run_model("akd1000", "tools/demo/digits.fbz", 0);
	run_model("akd1500", "tools/demo/digits.fbz", 0);
}

static void test_multipass(void **state)
{
	(void)state;
	run_model("akd1000", "tools/demo/digits.fbz", AK_BUILD_PASSES_MAX);
	run_model("akd1500", "tools/demo/digits.fbz", AK_BUILD_PASSES_MAX);
}

static void test_events(void **state)
{
	const char *shared = getenv("AKIDA_SHARED");
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/models/fan-accelerometer.fbz",
		 shared ? shared : "../shared");
	if (access(path, R_OK)) {
		print_message("# AKIDA_SHARED has no models\n");
		skip();
	}
	run_model("akd1000", path, 0);
	run_model("akd1500", path, 0);
}

/* Each ends in the error status, and the block works again after its reset. */
static void expect_error(struct fixture *f, uint32_t block)
{
	wait_done(f, block, ERROR_STATUS);
	assert_int_equal(get(f, block + 0x28), ERROR_STATUS);
	assert_int_equal(vm_stat(&f->vm, "core.errors"), 1);
	vm_ctl_ok(&f->vm, "stats reset");
	f->jobs = 0;
	enable(f);
}

static void test_errors(void **state)
{
	static const uint32_t bad_packet[] = { 0x01020108, 200 << 16 };
	static const uint32_t no_node[] = { 0x09090108, 0 };
	const uint32_t *bad[] = { bad_packet, no_node };
	struct fixture f;
	uint32_t desc[16], i;
	uint8_t *in;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	in = draw(&f, 1);
	/* A job on a mesh without configuration. */
	enable(&f);
	put_job(&f, in);
	ring(&f);
	expect_error(&f, HRC);
	/* Packets that no mesh takes. */
	for (i = 0; i < 2; i++) {
		memset(desc, 0, sizeof(desc));
		desc[0] = 1u << 28 | 1;
		desc[1] = f.at->program;
		desc[2] = 2;
		put_words(&f, f.at->program, bad[i], 2);
		put_words(&f, f.at->config, desc, 8);
		reg(&f, CONFIG_DMA, CTRL_RESET);
		reg(&f, CONFIG_DMA, CTRL_RUN);
		reg(&f, CONFIG_DMA + 8, f.at->config);
		reg(&f, CONFIG_DMA + 0xc, 1);
		reg(&f, CONFIG_DMA + 4, 0);
		expect_error(&f, CONFIG_DMA);
	}
	reset_core(&f);
	load(&f);
	enable(&f);
	/* A map of another size; another version; nobody at the address. */
	put_job(&f, in);
	take(&f, f.at->job, desc, 64);
	for (i = 0; i < 3; i++) {
		uint32_t changed[16];

		memcpy(changed, desc, sizeof(changed));
		if (i == 0)
			changed[2]--;
		else if (i == 1)
			changed[0]++;
		else
			changed[1] = 0x90000000;
		put(&f, f.at->job, changed, 64);
		ring(&f);
		expect_error(&f, HRC);
	}
	/* And a good one still works. */
	put(&f, f.at->job, desc, 64);
	ring(&f);
	wait_done(&f, HRC, 3);
	check_output(&f, in);
	free(in);
	end(&f);
}

static void test_faults(void **state)
{
	struct fixture f;
	uint8_t *in;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	in = draw(&f, 1);
	load(&f);
	enable(&f);
	put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault stall:chan=core");
	ring(&f);
	vm_no_irq(&f.vm);
	assert_int_equal(get(&f, HRC + 0x28) & 0xf, 0);
	vm_ctl_ok(&f.vm, "clear stall");
	wait_done(&f, HRC, 3);
	check_output(&f, in);
	/* A core reset ends a stall, too. */
	put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault stall:chan=core");
	ring(&f);
	vm_no_irq(&f.vm);
	reset_core(&f);
	load(&f);
	enable(&f);
	put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault abort:chan=core");
	vm_ctl_ok(&f.vm, "stats reset");
	ring(&f);
	expect_error(&f, HRC);
	/* The interrupt is lost, the result is not. */
	unmask(&f);
	put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault lost-irq:chan=core");
	ring(&f);
	wait_done(&f, HRC, 3);
	vm_no_irq(&f.vm);
	assert_int_equal(vm_stat(&f.vm, "interrupts.lost"), 1);
	free(in);
	end(&f);
}

/* Registers of an NP, read back through the config DMA. */
static void test_read_back(void **state)
{
	const struct ak_np_place *np;
	struct fixture f;
	uint32_t desc[8] = { 0 }, ask[2], answer[8 + AK_NP_NUM_REGS];
	struct ak_packet p = { .uid = AK_UID_REGS, .words = AK_NP_NUM_REGS };
	size_t i;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	load(&f);
	for (i = 0; f.b.placement[i].np < 0; i++)
		;
	np = &f.b.mesh->np[f.b.placement[i].np];
	p.col = np->col;
	p.row = np->row;
	p.np_mask = (uint8_t)(1u << np->id);
	ak_packet_header(&p, ask);
	put_words(&f, f.at->in, ask, 2);
	desc[0] = 1; /* direction 0: read */
	desc[1] = f.at->in;
	desc[2] = 2;
	desc[3] = f.at->out;
	put_words(&f, f.at->config, desc, 8);
	reg(&f, CONFIG_DMA, CTRL_RESET);
	reg(&f, CONFIG_DMA, CTRL_RUN);
	reg(&f, CONFIG_DMA + 8, f.at->config);
	reg(&f, CONFIG_DMA + 0xc, 1);
	reg(&f, CONFIG_DMA + 4, 0);
	wait_done(&f, CONFIG_DMA, 3);
	take(&f, f.at->out, answer, sizeof(answer));
	assert_int_equal(answer[0] & 0xffff, AK_NP_NUM_REGS);
	assert_int_equal(answer[8 + AK_NP_LAYOUT], AK_NP_LAYOUT_1);
	assert_int_equal(answer[8 + AK_NP_COUNT], f.b.placement[i].count);
	assert_int_equal(answer[8 + AK_NP_FIRST], f.b.placement[i].first);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),   cmocka_unit_test(test_multipass),
		cmocka_unit_test(test_events), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_faults), cmocka_unit_test(test_read_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
