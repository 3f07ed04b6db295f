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
#include "core.h"
#include "model/handle.h"

static struct akida_model *model;

static void start(struct core *f, const char *chip, const char *path,
		  unsigned int flags)
{
	model = akida_model_new();
	if (akida_model_load(model, path) || akida_model_check_runnable(model))
		fail_msg("%s", akida_model_error(model));
	core_start(f, chip);
	assert_true(core_build(f, &model->model, flags));
}

static void end(struct core *f)
{
	core_forget(f);
	core_end(f);
	akida_model_free(model);
}

/* All but that of events and the HRC are held back, as the engine does. */
static void unmask(struct core *f)
{
	core_set(f, INTERRUPTS + 4, 0xe);
	core_set(f, core_block(f) + 0x24, 1);
	core_set(f, INTERRUPTS, 1);
}

static void run_model(const char *chip, const char *path, unsigned int flags)
{
	struct core f;
	uint32_t clocks, i;
	uint8_t *in;

	start(&f, chip, path, flags);
	core_load(&f);
	core_enable(&f);
	unmask(&f);
	for (i = 0; i < 3; i++) {
		in = core_draw(&f, i);
		core_put_job(&f, in);
		clocks = core_get(&f, core_block(&f) + 0x30);
		core_ring(&f);
		/* The core's interrupt is the board's only one now. */
		assert_int_equal(vm_irqs(&f.vm, 20000), 1);
		core_wait(&f, core_block(&f), 3);
		assert_int_equal(core_get(&f, core_block(&f) + 0x10) >> 16,
				 i + 7);
		assert_true(core_get(&f, core_block(&f) + 0x30) > clocks);
		core_set(&f, core_block(&f) + 0x24, 1);
		core_check(&f, in);
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
static void expect_error(struct core *f, uint32_t block)
{
	core_wait(f, block, ERROR_STATUS);
	assert_int_equal(core_get(f, block + 0x28), ERROR_STATUS);
	assert_int_equal(vm_stat(&f->vm, "core.errors"), 1);
	vm_ctl_ok(&f->vm, "stats reset");
	f->jobs = 0;
	core_enable(f);
}

static void test_errors(void **state)
{
	static const uint32_t bad_packet[] = { 0x01020108, 200 << 16 };
	static const uint32_t no_node[] = { 0x09090108, 0 };
	const uint32_t *bad[] = { bad_packet, no_node };
	struct core f;
	uint32_t desc[16], i;
	uint8_t *in;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	in = core_draw(&f, 1);
	/* A job on a mesh without configuration. */
	core_enable(&f);
	core_put_job(&f, in);
	core_ring(&f);
	expect_error(&f, HRC);
	/* Packets that no mesh takes. */
	for (i = 0; i < 2; i++) {
		memset(desc, 0, sizeof(desc));
		desc[0] = 1u << 28 | 1;
		desc[1] = f.at->program;
		desc[2] = 2;
		core_put_words(&f, f.at->program, bad[i], 2);
		core_put_words(&f, f.at->config, desc, 8);
		core_set(&f, CONFIG_DMA, CTRL_RESET);
		core_set(&f, CONFIG_DMA, CTRL_RUN);
		core_set(&f, CONFIG_DMA + 8, f.at->config);
		core_set(&f, CONFIG_DMA + 0xc, 1);
		core_set(&f, CONFIG_DMA + 4, 0);
		expect_error(&f, CONFIG_DMA);
	}
	core_reset(&f);
	core_load(&f);
	core_enable(&f);
	/* A map of another size; another version; nobody at the address. */
	core_put_job(&f, in);
	core_take(&f, f.at->job, desc, 64);
	for (i = 0; i < 3; i++) {
		uint32_t changed[16];

		memcpy(changed, desc, sizeof(changed));
		if (i == 0)
			changed[2]--;
		else if (i == 1)
			changed[0]++;
		else
			changed[1] = 0x90000000;
		core_put(&f, f.at->job, changed, 64);
		core_ring(&f);
		expect_error(&f, HRC);
	}
	/* And a good one still works. */
	core_put(&f, f.at->job, desc, 64);
	core_ring(&f);
	core_wait(&f, HRC, 3);
	core_check(&f, in);
	free(in);
	end(&f);
}

static void test_faults(void **state)
{
	struct core f;
	uint8_t *in;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	in = core_draw(&f, 1);
	core_load(&f);
	core_enable(&f);
	core_put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault stall:chan=core");
	core_ring(&f);
	vm_no_irq(&f.vm);
	assert_int_equal(core_get(&f, HRC + 0x28) & 0xf, 0);
	vm_ctl_ok(&f.vm, "clear stall");
	core_wait(&f, HRC, 3);
	core_check(&f, in);
	/* A core reset ends a stall, too. */
	core_put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault stall:chan=core");
	core_ring(&f);
	vm_no_irq(&f.vm);
	core_reset(&f);
	core_load(&f);
	core_enable(&f);
	core_put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault abort:chan=core");
	vm_ctl_ok(&f.vm, "stats reset");
	core_ring(&f);
	expect_error(&f, HRC);
	/* The interrupt is lost, the result is not. */
	unmask(&f);
	core_put_job(&f, in);
	vm_ctl_ok(&f.vm, "fault lost-irq:chan=core");
	core_ring(&f);
	core_wait(&f, HRC, 3);
	vm_no_irq(&f.vm);
	assert_int_equal(vm_stat(&f.vm, "interrupts.lost"), 1);
	free(in);
	end(&f);
}

/* Registers of an NP, read back through the config DMA. */
static void test_read_back(void **state)
{
	const struct ak_np_place *np;
	struct core f;
	uint32_t desc[8] = { 0 }, ask[2], answer[8 + AK_NP_NUM_REGS];
	struct ak_packet p = { .uid = AK_UID_REGS, .words = AK_NP_NUM_REGS };
	size_t i;

	(void)state;
	start(&f, "akd1000", "tools/demo/digits.fbz", 0);
	core_load(&f);
	for (i = 0; f.b.placement[i].np < 0; i++)
		;
	np = &f.b.mesh->np[f.b.placement[i].np];
	p.col = np->col;
	p.row = np->row;
	p.np_mask = (uint8_t)(1u << np->id);
	ak_packet_header(&p, ask);
	core_put_words(&f, f.at->in, ask, 2);
	desc[0] = 1; /* direction 0: read */
	desc[1] = f.at->in;
	desc[2] = 2;
	desc[3] = f.at->out;
	core_put_words(&f, f.at->config, desc, 8);
	core_set(&f, CONFIG_DMA, CTRL_RESET);
	core_set(&f, CONFIG_DMA, CTRL_RUN);
	core_set(&f, CONFIG_DMA + 8, f.at->config);
	core_set(&f, CONFIG_DMA + 0xc, 1);
	core_set(&f, CONFIG_DMA + 4, 0);
	core_wait(&f, CONFIG_DMA, 3);
	core_take(&f, f.at->out, answer, sizeof(answer));
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
