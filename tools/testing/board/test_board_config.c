// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space, resets, BAR enables, the iATU and the memory map.
 */
#include <errno.h>
#include <string.h>

#include "client.h"

static void test_identity(void **state)
{
	static const struct {
		const char *chip;
		uint16_t id;
	} chips[] = { { "akd1000", 0xbca1 }, { "akd1500", 0xa500 } };
	struct vm vm;
	unsigned int i;
	uint8_t all[4096];

	(void)state;
	for (i = 0; i < 2; i++) {
		vm_start(&vm, chips[i].chip, "--serial", "0x1122334455667788",
			 NULL);
		assert_int_equal(vm_read16(&vm, CONFIG, 0), 0x1e7c);
		assert_int_equal(vm_read16(&vm, CONFIG, 2), chips[i].id);
		assert_int_equal(vm_read32(&vm, CONFIG, 8) >> 8, 0x0b4000);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x2c), 0x11001af4);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x14c), 0x55667788);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x150), 0x11223344);
		/* All at once, as QEMU reads it. */
		assert_int_equal(vm_region_read(&vm, CONFIG, 0, all, 4096), 0);
		assert_int_equal(all[2] | all[3] << 8, chips[i].id);
		/* Identity does not yield. */
		vm_write32(&vm, CONFIG, 0, 0);
		vm_write32(&vm, CONFIG, 0x2c, 0);
		assert_int_equal(vm_read16(&vm, CONFIG, 2), chips[i].id);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x2c), 0x11001af4);
		vm_end(&vm);
	}
}

/* 0 leaves the capability out, and nothing leads to where it would be. */
static void test_no_serial(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", "--serial", "0x1122334455667788", NULL);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x100), 0x14820001);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x148), 0x00010003);
	vm_end(&vm);
	vm_start(&vm, "akd1000", "--serial", "0", NULL);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x100), 0x00020001);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x148), 0);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x14c), 0);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x150), 0);
	vm_end(&vm);
}

static void test_bars(void **state)
{
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < 3; i++) {
		vm_write32(&vm, CONFIG, 0x10 + 8 * i, 0xffffffff);
		vm_write32(&vm, CONFIG, 0x14 + 8 * i, 0xffffffff);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x10 + 8 * i),
				 0xffc0000c);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x14 + 8 * i),
				 0xffffffff);
		vm_write32(&vm, CONFIG, 0x10 + 8 * i, 0xe0400000);
		assert_int_equal(vm_read32(&vm, CONFIG, 0x10 + 8 * i),
				 0xe040000c);
	}
	/* No expansion ROM, no I/O. */
	vm_write32(&vm, CONFIG, 0x30, 0xffffffff);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x30), 0);
	vm_write16(&vm, CONFIG, 4, 0xffff);
	assert_int_equal(vm_read16(&vm, CONFIG, 4), 0x0546);
	vm_end(&vm);
}

static void test_capabilities(void **state)
{
	static const uint8_t want[] = { 0x01, 0x05, 0x10 };
	static const uint16_t want_ext[] = { 1, 3 };
	struct vm vm;
	unsigned int n = 0, at;
	uint32_t h;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	assert_true(vm_read16(&vm, CONFIG, 6) & 0x10);
	for (at = vm_read16(&vm, CONFIG, 0x34) & 0xff; at; n++) {
		uint16_t c = vm_read16(&vm, CONFIG, at);

		assert_true(n < sizeof(want));
		assert_int_equal(c & 0xff, want[n]);
		at = c >> 8;
	}
	assert_int_equal(n, sizeof(want));
	for (at = 0x100, n = 0; at; n++) {
		h = vm_read32(&vm, CONFIG, at);
		assert_true(n < 2);
		assert_int_equal(h & 0xffff, want_ext[n]);
		at = h >> 20;
	}
	assert_int_equal(n, 2);
	/* FLR offered; MSI with one message and 64-bit addresses. */
	assert_true(vm_read32(&vm, CONFIG, 0x74) & 1 << 28);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x52), 0x0081);
	vm_write16(&vm, CONFIG, 0x52, 0xfff1);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x52), 0x0081);
	/* Gen2 x1. */
	assert_int_equal(vm_read16(&vm, CONFIG, 0x82) & 0x3ff, 0x012);
	vm_end(&vm);
}

static void test_power(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	vm_write32(&vm, 4, 0x10, 0x55);
	/* PME status is cleared by ones and not set by them. */
	vm_write16(&vm, CONFIG, 0x44, 0x8103);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x44), 0x010b);
	/* In D3hot nothing answers, and back in D0 all is there. */
	assert_int_equal(vm_read32(&vm, 4, 0x10), 0xffffffff);
	vm_write32(&vm, 4, 0x10, 0x66);
	vm_write16(&vm, CONFIG, 0x44, 0);
	assert_int_equal(vm_read32(&vm, 4, 0x10), 0x55);
	assert_int_equal(vm_read16(&vm, CONFIG, 4), 6);
	/* D1 and D2 are not there. */
	vm_write16(&vm, CONFIG, 0x44, 1);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x44), 0x0008);
	vm_write16(&vm, CONFIG, 0x44, 2);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x44), 0x0008);
	assert_int_equal(vm_stat(&vm, "illegal.mmio"), 2);
	vm_end(&vm);
}

static void test_aer(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 0);
	vm_write32(&vm, CONFIG, 0x104, 0xffffffff);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 0);
	/* A read that nobody answers is an unsupported request. */
	vm_write32(&vm, CONFIG, 0x900, 0x80000000);
	vm_write32(&vm, CONFIG, 0x908, 0);
	assert_int_equal(vm_read32(&vm, 0, 0), 0xffffffff);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 1 << 20);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x7a), 0x000a);
	/* Zeros clear nothing; a byte clears its own bits. */
	vm_write32(&vm, CONFIG, 0x104, 0);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 1 << 20);
	/* The bits outlive a reset of the function. */
	vm_write16(&vm, CONFIG, 0x78, 0x8000);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 1 << 20);
	vm_region_write(&vm, CONFIG, 0x106, "\xff", 1);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x104), 0);
	vm_write16(&vm, CONFIG, 0x7a, 0xffff);
	assert_int_equal(vm_read16(&vm, CONFIG, 0x7a), 0);
	/* Masks and severities are plain. */
	vm_write32(&vm, CONFIG, 0x108, 0x00100000);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x108), 0x00100000);
	vm_end(&vm);
}

static void expect_reset(struct vm *vm)
{
	assert_int_equal(vm_read16(vm, CONFIG, 4), 0);
	assert_int_equal(vm_read32(vm, CONFIG, 0x10), 0xc);
	assert_int_equal(vm_read32(vm, CONFIG, 0x14), 0);
	assert_int_equal(vm_read32(vm, CONFIG, 0x54), 0);
	assert_int_equal(vm_read16(vm, CONFIG, 0x52), 0x80);
	assert_int_equal(vm_read16(vm, CONFIG, 0x78), 0x2810);
	vm_write16(vm, CONFIG, 4, 6);
	if (!vm->chip1500) {
		vm_write32(vm, CONFIG, 0x900, 0x80000000);
		assert_int_equal(vm_read32(vm, CONFIG, 0x908), 0);
	} else {
		assert_int_equal(vm_read32(vm, 0, 0x704), 0);
	}
	assert_int_equal(vm_read32(vm, 4, 0), 0xffffffff);
	vm_setup(vm);
	/* Memory keeps what it holds, the core does not. */
	assert_int_equal(vm_read32(vm, 4, 0x200), 0xfeed);
	assert_int_equal(vm_read32(vm, vm->chip1500 ? 2 : 0, 0x10), 0);
}

static void test_resets(void **state)
{
	static const char *const chips[] = { "akd1000", "akd1500" };
	struct vm vm;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		unsigned int core = i ? 2 : 0;

		vm_start(&vm, chips[i], NULL);
		vm_write32(&vm, 4, 0x200, 0xfeed);
		vm_write32(&vm, core, 0x10, 0x1234);
		vm_write16(&vm, CONFIG, 0x78, 0xffff);
		/* The bit reads as zero. */
		expect_reset(&vm);
		vm_write32(&vm, core, 0x10, 0x1234);
		assert_int_equal(vm_call(&vm, VU_RESET, NULL, 0, -1), 0);
		expect_reset(&vm);
		assert_int_equal(vm_stat(&vm, "resets.flr"), 1);
		assert_int_equal(vm_stat(&vm, "resets.bus"), 1);
		/* Only loss of power clears memory. */
		vm_ctl_ok(&vm, "reset");
		vm_setup(&vm);
		assert_int_equal(vm_read32(&vm, 4, 0x200), 0);
		vm_end(&vm);
	}
}

static void test_memory_enable(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	vm_write16(&vm, CONFIG, 4, 4);
	assert_int_equal(vm_read32(&vm, 0, 0x704), 0xffffffff);
	assert_int_equal(vm_read32(&vm, 4, 0), 0xffffffff);
	vm_write16(&vm, CONFIG, 4, 6);
	assert_int_equal(vm_read32(&vm, 0, 0x704), 0xc0080200);
	assert_int_equal(vm_read32(&vm, 4, 0), 0);
	vm_end(&vm);
}

/* Each window of the AKD1000 leads nowhere until the driver says where. */
static void test_iatu_viewport(void **state)
{
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_spawn(&vm, "akd1000", NULL);
	vm_connect(&vm);
	vm_hello(&vm);
	vm_write16(&vm, CONFIG, 4, 6);
	for (i = 0; i < 6; i += 2)
		assert_int_equal(vm_read32(&vm, i, 0), 0xffffffff);
	assert_int_equal(vm_stat(&vm, "illegal.mmio"), 3);
	vm_iatu(&vm);
	assert_int_equal(vm_read32(&vm, 0, 0x50), 0x01010504);
	assert_int_equal(vm_read32(&vm, 2, 0), 0xbca11e7c);
	assert_int_equal(vm_read32(&vm, 2, 0x978), 0x00020002);
	assert_int_equal(vm_read32(&vm, 4, 0), 0);
	/* The viewport shows one region at a time, also through the DBI. */
	vm_write32(&vm, CONFIG, 0x900, 0x80000002);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x918), 0x20000000);
	assert_int_equal(vm_read32(&vm, 2, 0x918), 0x20000000);
	vm_write32(&vm, 2, 0x918, 0x24000000);
	vm_write32(&vm, 4, 0x40, 0xabc);
	vm_write32(&vm, 2, 0x918, 0x20000000);
	assert_int_equal(vm_read32(&vm, 4, 0x40), 0);
	/* Below 4 KiB an address has no bits; regions end at four. */
	vm_write32(&vm, CONFIG, 0x918, 0x20001fff);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x918), 0x20001000);
	vm_write32(&vm, CONFIG, 0x900, 0x80000003);
	vm_write32(&vm, CONFIG, 0x918, 0x1000);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x918), 0x1000);
	vm_write32(&vm, CONFIG, 0x900, 0x80000004);
	vm_write32(&vm, CONFIG, 0x918, 0x1000);
	assert_int_equal(vm_read32(&vm, CONFIG, 0x918), 0);
	vm_end(&vm);
}

/* Matching by address instead of by BAR. */
static void test_iatu_address_match(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	vm_write32(&vm, 4, 0x5000, 77);
	vm_write32(&vm, 0, 0x904, 0);
	/* vm_setup() put BAR4 at 0x8f0800000. */
	vm_write32(&vm, 0, 0xb08, 0xf0801000);
	vm_write32(&vm, 0, 0xb0c, 0x8);
	vm_write32(&vm, 0, 0xb10, 0xf0801fff);
	vm_write32(&vm, 0, 0xb14, 0x20005000);
	vm_write32(&vm, 0, 0xb04, 0x80000000);
	assert_int_equal(vm_read32(&vm, 4, 0x1000), 77);
	assert_int_equal(vm_read32(&vm, 4, 0x1ffc), 0);
	assert_int_equal(vm_read32(&vm, 4, 0x0ffc), 0xffffffff);
	assert_int_equal(vm_read32(&vm, 4, 0x2000), 0xffffffff);
	/* Other types than memory are not for BARs. */
	vm_write32(&vm, 0, 0xb00, 2);
	assert_int_equal(vm_read32(&vm, 4, 0x1000), 0xffffffff);
	vm_end(&vm);
}

static void test_iatu_unrolled(void **state)
{
	struct vm vm;

	(void)state;
	vm_spawn(&vm, "akd1500", NULL);
	vm_connect(&vm);
	vm_hello(&vm);
	vm_write16(&vm, CONFIG, 4, 6);
	assert_int_equal(vm_read32(&vm, 2, 0), 0xffffffff);
	vm_iatu(&vm);
	assert_int_equal(vm_read32(&vm, 2, 0), 0xbca10309);
	assert_int_equal(vm_read32(&vm, 2, 0x50), 0x01010303);
	/* Four outbound regions and no fifth. */
	vm_write32(&vm, 0, 0x400 + 3 * 0x200 + 0x14, 0x1000);
	assert_int_equal(vm_read32(&vm, 0, 0x400 + 3 * 0x200 + 0x14), 0x1000);
	vm_write32(&vm, 0, 0x400 + 4 * 0x200 + 0x14, 0x1000);
	assert_int_equal(vm_read32(&vm, 0, 0x400 + 4 * 0x200 + 0x14), 0);
	/* That is how drivers count them, and nothing to be counted here. */
	assert_int_equal(vm_stat(&vm, "reserved_registers"), 0);
	vm_write32(&vm, 0, 0x410, 0xc0ffffff);
	assert_int_equal(vm_read32(&vm, 0, 0x410), 0xc0ffffff);
	/* The CPU cannot come back to itself through the board. */
	vm_write32(&vm, 0, 0x408, 0xc0000000);
	vm_write32(&vm, 0, 0x404, 0x80000000);
	vm_write32(&vm, 0, 0x914, 0xc0000000);
	assert_int_equal(vm_read32(&vm, 4, 0), 0xffffffff);
	assert_int_equal(vm_stat(&vm, "illegal.mmio"), 2);
	vm_end(&vm);
}

static void test_memory_map(void **state)
{
	static const struct {
		const char *chip;
		uint32_t addr;
		int kind; /* 1 memory, 0 hole, 2 reads zero */
	} at[] = {
		{ "akd1000", 0x10000000, 1 }, { "akd1000", 0x10060000, 1 },
		{ "akd1000", 0x10080000, 0 }, { "akd1000", 0x20000000, 1 },
		{ "akd1000", 0x2ffff000, 1 }, { "akd1000", 0x30000000, 0 },
		{ "akd1000", 0xf0000000, 2 }, { "akd1000", 0xc0000000, 0 },
		{ "akd1000", 0xfcd01000, 0 }, { "akd1000", 0, 0 },
		{ "akd1500", 0x20000000, 1 }, { "akd1500", 0x200ff000, 1 },
		{ "akd1500", 0x20100000, 0 }, { "akd1500", 0xfc800000, 1 },
		{ "akd1500", 0xfc900000, 0 }, { "akd1500", 0xfce00000, 2 },
		{ "akd1500", 0xf8c00000, 0 },
	};
	const char *chip = NULL;
	struct vm vm;
	unsigned int i, holes = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		if (at[i].chip != chip) {
			if (chip)
				vm_end(&vm);
			chip = at[i].chip;
			vm_start(&vm, chip, NULL);
			holes = 0;
		}
		if (vm.chip1500)
			vm_write32(&vm, 0, 0x914, at[i].addr);
		else
			vm_write32(&vm, CONFIG, 0x918, at[i].addr);
		vm_write32(&vm, 4, 0x18, 0xa5a5a5a5);
		holes += 2 * !at[i].kind;
		assert_int_equal(vm_read32(&vm, 4, 0x18),
				 at[i].kind == 1 ? 0xa5a5a5a5 :
				 at[i].kind	 ? 0 :
						   0xffffffff);
		assert_int_equal(vm_stat(&vm, "illegal.mmio"), holes);
	}
	vm_end(&vm);
}

static void test_access_sizes(void **state)
{
	uint8_t out[256], in[256];
	struct vm vm;
	unsigned int i;
	uint64_t q = 0x1122334455667788ull;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7;
	assert_int_equal(vm_region_write(&vm, 4, 0x1001, out, 255), 0);
	assert_int_equal(vm_region_read(&vm, 4, 0x1001, in, 255), 0);
	assert_memory_equal(in, out, 255);
	/* 64 bits of registers are two of 32; bytes leave their neighbours. */
	vm_write32(&vm, 0, 0x610, 0);
	assert_int_equal(vm_region_write(&vm, 0, 0x20, &q, 8), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x20), 0x55667788);
	assert_int_equal(vm_read32(&vm, 0, 0x24), 0x11223344);
	assert_int_equal(vm_region_write(&vm, 0, 0x21, "\xee", 1), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x20), 0x5566ee88);
	assert_int_equal(vm_region_read(&vm, 0, 0x22, in, 4), 0);
	assert_memory_equal(in, "\x66\x55\x44\x33", 4);
	assert_int_equal(vm_stat(&vm, "mmio.bar4.reads"), 1);
	assert_int_equal(vm_stat(&vm, "mmio.bar4.writes"), 1);
	assert_int_equal(vm_stat(&vm, "mmio.bar0.reads"), 4);
	/* Six are the iATU's. */
	assert_int_equal(vm_stat(&vm, "mmio.bar0.writes"), 6 + 3);
	vm_end(&vm);
}

/* The core: what reads as what, and its resets. */
static void test_core(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	assert_int_equal(vm_read32(&vm, 0, 0), 0);
	/* DMA node (3,1): column 3, row 1, event slot 0, config slot 1. */
	assert_int_equal(vm_read32(&vm, 0, 0x54), 0x10030104);
	assert_int_equal(vm_read32(&vm, 0, 0x58), 0);
	assert_int_equal(vm_stat(&vm, "reserved_registers"), 1);
	assert_int_equal(vm_read32(&vm, 0, 0x20004), 0x00ff00ff);
	vm_write32(&vm, 0, 0x20008, 0x24000000);
	vm_write32(&vm, 0, 0x28008, 0x25000000);
	vm_write32(&vm, 0, 0x40018, 0x01fe0001);
	vm_write32(&vm, 0, 0x70000, 0xff);
	vm_write32(&vm, 0, 0x70004, 0xff);
	assert_int_equal(vm_read32(&vm, 0, 0x70000), 1);
	assert_int_equal(vm_read32(&vm, 0, 0x70004), 0x2f);
	assert_int_equal(vm_read32(&vm, 0, 0x40018), 0x01fe0001);
	/* One block's reset is its own. */
	vm_write32(&vm, 0, 0x20000, 0x200);
	assert_int_equal(vm_read32(&vm, 0, 0x20008), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x28008), 0x25000000);
	/* Neural processors' reset leaves the rest alone. */
	vm_write32(&vm, 0, 4, 1 << 8 | 1 << 10);
	vm_write32(&vm, 0, 4, 0);
	assert_int_equal(vm_read32(&vm, 0, 0x28008), 0x25000000);
	vm_write32(&vm, 0, 4, 1 << 9 | 1 << 12);
	assert_int_equal(vm_read32(&vm, 0, 4), 1 << 9 | 1 << 12);
	vm_write32(&vm, 0, 4, 0);
	assert_int_equal(vm_read32(&vm, 0, 0x28008), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x40018), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x70000), 0);
	assert_int_equal(vm_stat(&vm, "core.resets"), 1);
	vm_end(&vm);

	vm_start(&vm, "akd1500", NULL);
	assert_int_equal(vm_read32(&vm, 2, 0), 0xbca10309);
	assert_int_equal(vm_read32(&vm, 2, 0x54), 0x10010114);
	assert_int_equal(vm_read32(&vm, 2, 0x58), 0x03010102);
	vm_end(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_no_serial),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_aer),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_memory_enable),
		cmocka_unit_test(test_iatu_viewport),
		cmocka_unit_test(test_iatu_address_match),
		cmocka_unit_test(test_iatu_unrolled),
		cmocka_unit_test(test_memory_map),
		cmocka_unit_test(test_access_sizes),
		cmocka_unit_test(test_core),
	};

	return cmocka_run_group_tests_name("board_config", tests, NULL, NULL);
}
