// SPDX-License-Identifier: GPL-2.0
/*
 * Every kind of fault, at the start and while the board runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../unit/scratch.h"
#include "dma.h"

#define DATA (DEV_MEM + 0x1000)

static const char *const chips[] = { "akd1000", "akd1500" };

/* The same fault by option and by control socket, on both chips. */
static void with_fault(const char *spec,
		       void (*fn)(struct vm *vm, enum channel ch),
		       enum channel ch)
{
	struct vm vm;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i < 2) {
			vm_start(&vm, chips[i], "--fault", spec, NULL);
		} else {
			vm_start(&vm, chips[i - 2], NULL);
			vm_ctl_ok(&vm, "fault %s", spec);
		}
		fn(&vm, ch);
		vm_end(&vm);
	}
}

static void good(struct vm *vm, enum channel ch)
{
	dma_clear(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 1000);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, ch), STOPPED);
	assert_true(dma_done(vm, ch));
	assert_false(dma_aborted(vm, ch));
	dma_clear(vm, ch);
}

static void stall(struct vm *vm, enum channel ch)
{
	good(vm, ch ^ 1);
	good(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	vm_no_irq(vm);
	assert_int_equal(dma_status(vm, ch), RUNNING);
	/* The other channels do not mind. */
	good(vm, ch ^ 1);
	good(vm, ch ^ 2);
	assert_int_equal(dma_status(vm, ch), RUNNING);
	/* Cleared, it goes on as if nothing had been. */
	vm_ctl_ok(vm, "clear stall");
	assert_int_equal(vm_irqs(vm, 5000), 1);
	dma_clear(vm, ch);
	good(vm, ch);
	assert_int_equal(vm_stat(vm, "faults.stall"), 1);
}

static void test_stall(void **state)
{
	(void)state;
	with_fault("stall:chan=wr0,after=1", stall, WR0);
	with_fault("stall:chan=rd1,after=1", stall, RD1);
}

static void stall_reset(struct vm *vm, enum channel ch)
{
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	assert_int_equal(dma_status(vm, ch), RUNNING);
	assert_int_equal(vm_call(vm, VU_RESET, NULL, 0, -1), 0);
	vm_setup(vm);
	good(vm, ch);
}

static void test_stall_reset(void **state)
{
	(void)state;
	with_fault("stall", stall_reset, RD0);
}

static void aborted(struct vm *vm, enum channel ch)
{
	good(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 1000);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, ch), HALTED);
	assert_true(dma_aborted(vm, ch));
	assert_false(dma_done(vm, ch));
	assert_int_equal(dma_left(vm, ch), 1000 - 300);
	dma_clear(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 1000);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_left(vm, ch), 1000 - 300);
	good(vm, ch);
	assert_int_equal(vm_stat(vm, "faults.abort"), 2);
	assert_int_equal(vm_stat(vm, "dma.aborts"), 2);
	assert_int_equal(vm_stat(vm, "dma.bytes"), 2600);
}

static void test_abort(void **state)
{
	(void)state;
	with_fault("abort:after=1,count=2,bytes=300", aborted, WR1);
	with_fault("abort:chan=rd0,after=1,count=2,bytes=300", aborted, RD0);
}

static void bad_completion(struct vm *vm, enum channel ch)
{
	/* Writes have no completion. */
	good(vm, WR0);
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, ch), HALTED);
	assert_true(dma_aborted(vm, ch));
	assert_int_equal(dma_left(vm, ch), 64);
	good(vm, ch);
	assert_int_equal(vm_stat(vm, "faults.bad-completion"), 1);
}

static void test_bad_completion(void **state)
{
	static const struct {
		const char *spec;
		uint32_t aer, edma, hdma;
	} kinds[] = {
		{ "bad-completion", 1 << 20, 1 << 0, 3 },
		{ "bad-completion:status=ur", 1 << 20, 1 << 0, 3 },
		{ "bad-completion:status=ca", 1 << 15, 1 << 8, 4 },
		{ "bad-completion:status=timeout", 1 << 14, 1 << 16, 5 },
		{ "bad-completion:status=poisoned", 1 << 12, 1 << 24, 6 },
	};
	struct vm vm;
	unsigned int i;

	(void)state;
	with_fault("bad-completion", bad_completion, RD1);
	for (i = 0; i < 2 * 5; i++) {
		vm_start(&vm, chips[i % 2], "--fault", kinds[i / 2].spec, NULL);
		dma_one(&vm, RD0, DATA, RAM_BASE, 64);
		assert_int_equal(vm_irqs(&vm, 5000), 1);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x104),
				 kinds[i / 2].aer);
		if (vm.chip1500)
			assert_int_equal(vm_read32(&vm, 0, 0x184) >> 3 & 15,
					 kinds[i / 2].hdma);
		else
			assert_int_equal(vm_read32(&vm, 2, E(0xb8)),
					 kinds[i / 2].edma);
		vm_end(&vm);
	}
}

static void link_down(struct vm *vm, enum channel ch)
{
	uint32_t core = vm->chip1500 ? 2 : 0;

	vm_write32(vm, 4, 0x5000, 0x77);
	good(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	vm_no_irq(vm);
	assert_int_equal(vm_read32(vm, core, 0x50), 0xffffffff);
	assert_int_equal(vm_read32(vm, 4, 0x5000), 0xffffffff);
	assert_int_equal(vm_read32(vm, CONFIG, 0), 0xffffffff);
	vm_write32(vm, 4, 0x5000, 0x88);
	vm_write16(vm, CONFIG, 4, 6);
	assert_int_equal(vm_read16(vm, CONFIG, 4), 0xffff);
	/* Up again after a hot reset: nothing is configured. */
	vm_ctl_ok(vm, "clear link-down");
	assert_int_equal(vm_read16(vm, CONFIG, 4), 0);
	assert_int_equal(vm_read32(vm, CONFIG, 0x10), 0xc);
	vm_setup(vm);
	assert_int_equal(vm_read32(vm, 4, 0x5000), 0x77);
	good(vm, ch);
	assert_int_equal(vm_stat(vm, "faults.link-down"), 1);
}

static void test_link_down(void **state)
{
	struct vm vm;

	(void)state;
	with_fault("link-down:after=2", link_down, WR0);
	/* At once, before anybody looks. */
	vm_spawn(&vm, "akd1000", "--fault", "link-down", NULL);
	vm_connect(&vm);
	vm_hello(&vm);
	assert_int_equal(vm_read32(&vm, CONFIG, 0), 0xffffffff);
	vm_end(&vm);
}

/* Only what the link status says changes, until it is cleared. */
static void test_degraded_link(void **state)
{
	struct vm vm;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		vm_start(&vm, i ? "akd1500" : "akd1000", NULL);
		assert_int_equal(vm_read16(&vm, CONFIG, 0x82) & 0x3ff, 0x012);
		vm_ctl_ok(&vm, "fault degraded-link");
		assert_int_equal(vm_read16(&vm, CONFIG, 0x82) & 0x3ff, 0x011);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x80) >> 16 & 0x3ff,
				 0x011);
		good(&vm, WR0);
		vm_ctl_ok(&vm, "clear degraded-link");
		assert_int_equal(vm_read16(&vm, CONFIG, 0x82) & 0x3ff, 0x012);
		assert_int_equal(vm_stat(&vm, "faults.degraded-link"), 1);
		vm_end(&vm);
	}
}

static void lost_irq(struct vm *vm, enum channel ch)
{
	good(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	dma_until(vm, ch, STOPPED);
	vm_no_irq(vm);
	assert_true(dma_done(vm, ch));
	good(vm, ch);
	assert_int_equal(vm_stat(vm, "interrupts.lost"), 1);
	assert_int_equal(vm_stat(vm, "interrupts.delivered"), 2);
	assert_int_equal(vm_stat(vm, "interrupts.stray"), 0);
}

static void test_lost_irq(void **state)
{
	(void)state;
	with_fault("lost-irq:after=1", lost_irq, RD0);
	with_fault("lost-irq:chan=wr1,after=1", lost_irq, WR1);
}

static void spurious_irq(struct vm *vm, enum channel ch)
{
	unsigned int n = 0;

	while (n < 3) {
		unsigned int got = vm_irqs(vm, 5000);

		assert_true(got > 0);
		n += got;
	}
	assert_int_equal(n, 3);
	usleep(20000);
	vm_no_irq(vm);
	assert_false(dma_done(vm, ch));
	assert_int_equal(vm_stat(vm, "interrupts.spurious"), 3);
	assert_int_equal(vm_stat(vm, "interrupts.delivered"), 0);
	good(vm, ch);
}

static void test_spurious_irq(void **state)
{
	struct vm vm;

	(void)state;
	with_fault("spurious-irq:count=3,period=2", spurious_irq, WR0);
	with_fault("spurious-irq:count=3", spurious_irq, RD1);
	/* Not before interrupts are possible; endless until cleared. */
	vm_start(&vm, "akd1000", NULL);
	vm_write16(&vm, CONFIG, 0x52, 0);
	vm_ctl_ok(&vm, "fault spurious-irq:count=0,period=1");
	vm_no_irq(&vm);
	vm_msi(&vm, MSI_ADDR, MSI_DATA);
	assert_true(vm_irqs(&vm, 5000) > 0);
	assert_true(vm_irqs(&vm, 5000) > 0);
	vm_ctl_ok(&vm, "clear spurious-irq");
	vm_irqs(&vm, 0);
	usleep(5000);
	vm_no_irq(&vm);
	vm_end(&vm);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 20000 bytes at 100000 a second are 200 ms, and for two channels 400. */
static void slow_link(struct vm *vm, enum channel ch)
{
	int64_t start = now_ms(), spent;
	unsigned int n = 0, running = 0;

	dma_one(vm, ch, DATA, RAM_BASE, 20000);
	dma_one(vm, ch ^ 1, DATA + 0x8000, RAM_BASE + 0x8000, 20000);
	while (n < 2) {
		unsigned int got = vm_irqs(vm, 5);

		n += got;
		running += !got && dma_status(vm, ch) == RUNNING;
	}
	spent = now_ms() - start;
	assert_true(spent >= 395);
	assert_true(running > 5);
	dma_clear(vm, ch);
	vm_ctl_ok(vm, "clear slow-link");
	start = now_ms();
	dma_one(vm, ch, DATA, RAM_BASE, 20000);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_true(now_ms() - start < 195);
	assert_true(vm_stat(vm, "faults.slow-link") > 2);
}

static void test_slow_link(void **state)
{
	(void)state;
	with_fault("slow-link:rate=100000", slow_link, RD0);
	with_fault("slow-link:rate=0x186a0", slow_link, WR1);
}

/* Slower than a byte per slice, and stopped in between. */
static void test_very_slow_link(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", "--fault", "slow-link:rate=1", NULL);
	dma_one(&vm, WR0, DATA, RAM_BASE, 100);
	usleep(30000);
	assert_int_equal(dma_status(&vm, WR0), RUNNING);
	assert_int_equal(dma_left(&vm, WR0), 100);
	dma_halt(&vm, WR0);
	assert_int_equal(dma_status(&vm, WR0), STOPPED);
	vm_end(&vm);
}

static bool plugged_in(struct vm *vm)
{
	struct stat st;

	return !stat(vm->path, &st);
}

static void removal(struct vm *vm, enum channel ch)
{
	good(vm, ch);
	dma_one(vm, ch, DATA, RAM_BASE, 64);
	vm_closed(vm);
	assert_int_equal(vm_stat(vm, "faults.surprise-removal"), 1);
	assert_false(plugged_in(vm));
	assert_int_equal(vm_stat(vm, "dma.doorbells"), 2);
	/* A board that comes back has been without power. */
	vm_ctl_ok(vm, "clear surprise-removal");
	vm_connect(vm);
	vm_hello(vm);
	assert_int_equal(vm_map(vm, RAM_BASE, RAM_SIZE, 3, vm->ram_fd, 0), 0);
	assert_int_equal(vm_read16(vm, CONFIG, 4), 0);
	vm_setup(vm);
	good(vm, ch);
}

/* By the control socket, with nothing under way. */
static void removal_idle(struct vm *vm, enum channel ch)
{
	(void)ch;
	vm_write32(vm, 4, 0x6000, 1);
	vm_ctl_ok(vm, "fault surprise-removal");
	assert_true(vm_closed(vm));
	assert_false(plugged_in(vm));
	vm_ctl_ok(vm, "clear all");
	vm_connect(vm);
	vm_hello(vm);
	vm_setup(vm);
	assert_int_equal(vm_read32(vm, 4, 0x6000), 0);
}

static void test_removal(void **state)
{
	struct vm vm;

	(void)state;
	with_fault("surprise-removal:after=2", removal, WR0);
	with_fault("lost-irq", removal_idle, WR0);
	vm_spawn(&vm, "akd1500", "--fault", "surprise-removal", NULL);
	vm_ctl_ok(&vm, "help");
	assert_false(plugged_in(&vm));
	vm_end(&vm);
}

/* Counters in a file, at the end and on request. */
static void test_stats_file(void **state)
{
	char dir[64], path[80];
	struct vm vm;
	json_t *o;
	int status;

	(void)state;
	assert_int_equal(scratch_make(dir, sizeof(dir)), 0);
	snprintf(path, sizeof(path), "%s/stats", dir);
	vm_spawn(&vm, "akd1000", "--once", "--stats", path, NULL);
	vm_connect(&vm);
	vm_hello(&vm);
	assert_int_equal(vm_map(&vm, RAM_BASE, RAM_SIZE, 3, vm.ram_fd, 0), 0);
	vm_setup(&vm);
	good(&vm, WR0);
	vm_ctl_ok(&vm, "save");
	o = json_load_file(path, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "chip")),
			    "akd1000");
	json_decref(o);
	vm_ctl_ok(&vm, "stats reset");
	good(&vm, WR0);
	assert_int_equal(vm_stat(&vm, "dma.doorbells"), 1);
	unlink(path);
	vm_disconnect(&vm);
	assert_int_equal(waitpid(vm.pid, &status, 0), vm.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	o = json_load_file(path, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(o, "dma"), "bytes")),
			 1000);
	json_decref(o);
	assert_int_equal(scratch_remove(dir), 0);
	assert_int_equal(scratch_remove(vm.dir), 0);
	close(vm.ctl);
	close(vm.irq);
	close(vm.ram_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stall),
		cmocka_unit_test(test_stall_reset),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_bad_completion),
		cmocka_unit_test(test_link_down),
		cmocka_unit_test(test_degraded_link),
		cmocka_unit_test(test_lost_irq),
		cmocka_unit_test(test_spurious_irq),
		cmocka_unit_test(test_slow_link),
		cmocka_unit_test(test_very_slow_link),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_stats_file),
	};

	return cmocka_run_group_tests_name("board_fault", tests, NULL, NULL);
}
