// SPDX-License-Identifier: GPL-2.0
/*
 * What only one of the engines has: the legacy eDMA's shared registers, the
 * native HDMA's watermarks; and the outbound window with the core's loopback.
 */
#include <string.h>

#include "dma.h"

#define DATA (DEV_MEM + 0x1000)

static void test_edma_registers(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	assert_int_equal(vm_read32(&vm, 2, E(8)), 0x00020002);
	vm_write32(&vm, 2, E(8), 0);
	assert_int_equal(vm_read32(&vm, 2, E(8)), 0x00020002);
	/* Both directions keep their own. */
	vm_write32(&vm, 2, E(0x60), 0x11);
	vm_write32(&vm, 2, E(0x64), 0x12);
	vm_write32(&vm, 2, E(0x68), 0x13);
	vm_write32(&vm, 2, E(0x6c), 0x14);
	vm_write32(&vm, 2, E(0xcc), 0x21);
	vm_write32(&vm, 2, E(0xd0), 0x22);
	vm_write32(&vm, 2, E(0xd4), 0x23);
	vm_write32(&vm, 2, E(0xd8), 0x24);
	assert_int_equal(vm_read32(&vm, 2, E(0x60)), 0x11);
	assert_int_equal(vm_read32(&vm, 2, E(0x64)), 0x12);
	assert_int_equal(vm_read32(&vm, 2, E(0x68)), 0x13);
	assert_int_equal(vm_read32(&vm, 2, E(0x6c)), 0x14);
	assert_int_equal(vm_read32(&vm, 2, E(0xcc)), 0x21);
	assert_int_equal(vm_read32(&vm, 2, E(0xd0)), 0x22);
	assert_int_equal(vm_read32(&vm, 2, E(0xd4)), 0x23);
	assert_int_equal(vm_read32(&vm, 2, E(0xd8)), 0x24);
	/* The viewport: four channels, each with its registers. */
	edma_ch_write(&vm, WR0, 0x0c, 0xa0);
	edma_ch_write(&vm, WR1, 0x0c, 0xa1);
	edma_ch_write(&vm, RD0, 0x10, 0xa2);
	edma_ch_write(&vm, RD1, 0x14, 0xa3);
	assert_int_equal(edma_ch_read(&vm, WR0, 0x0c), 0xa0);
	assert_int_equal(edma_ch_read(&vm, WR1, 0x0c), 0xa1);
	assert_int_equal(edma_ch_read(&vm, RD0, 0x10), 0xa2);
	assert_int_equal(edma_ch_read(&vm, RD1, 0x14), 0xa3);
	assert_int_equal(edma_ch_read(&vm, RD1, 0x0c), 0);
	vm_write32(&vm, 2, E(0xfc), 2);
	vm_write32(&vm, 2, E(0x10c), 5);
	assert_int_equal(vm_read32(&vm, 2, E(0x10c)), 0);
	/* The status field of control1 is not written. */
	edma_ch_write(&vm, WR0, 0, 0x360);
	assert_int_equal(edma_ch_read(&vm, WR0, 0), 0x300);
	/* All of it is there in configuration space as well. */
	assert_int_equal(vm_read32(&vm, CONFIG, 0x970 + 0x60), 0x11);
	vm_end(&vm);
}

/* A transfer from registers; the control word says whether it interrupts. */
static void test_edma_single(void **state)
{
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	dma_program(&vm, WR0, 0, false);
	vm_poke(&vm, DATA, "0123456789abcdef", 16);
	for (i = 0; i < 2; i++) {
		edma_ch_write(&vm, WR0, 0x00, i ? 0x18 : 0);
		edma_ch_write(&vm, WR0, 0x08, 16);
		edma_ch_write(&vm, WR0, 0x0c, (uint32_t)DATA);
		edma_ch_write(&vm, WR0, 0x10, 0);
		edma_ch_write(&vm, WR0, 0x14, (uint32_t)RAM_BASE + 16 * i);
		edma_ch_write(&vm, WR0, 0x18, 0);
		dma_doorbell(&vm, WR0);
		dma_until(&vm, WR0, STOPPED);
		assert_int_equal(vm_irqs(&vm, 0), i);
		assert_int_equal(dma_done(&vm, WR0), i);
		assert_memory_equal(vm.ram + 16 * i, "0123456789abcdef", 16);
		/* Registers show where it ended. */
		assert_int_equal(edma_ch_read(&vm, WR0, 0x0c), DATA + 16);
		assert_int_equal(edma_ch_read(&vm, WR0, 0x08), 0);
	}
	vm_end(&vm);
}

/* Masks hold the write back, not the status; local-only makes no write. */
static void test_edma_masks(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	dma_program(&vm, RD1, list_addr(RD1), true);
	put_data(&vm, list_addr(RD1), CB | LIE | RIE, 16, RAM_BASE, DATA);
	vm_write32(&vm, 2, E(0xa8), 2);
	dma_doorbell(&vm, RD1);
	dma_until(&vm, RD1, STOPPED);
	vm_no_irq(&vm);
	assert_true(dma_done(&vm, RD1));
	dma_clear(&vm, RD1);
	vm_write32(&vm, 2, E(0xa8), 0);
	dma_program(&vm, RD1, list_addr(RD1), true);
	put_data(&vm, list_addr(RD1), CB | LIE, 16, RAM_BASE, DATA);
	dma_doorbell(&vm, RD1);
	dma_until(&vm, RD1, STOPPED);
	vm_no_irq(&vm);
	assert_true(dma_done(&vm, RD1));
	dma_clear(&vm, RD1);
	/* An abort in a list is written only if the list error says so. */
	vm_write32(&vm, 2, E(0xc4), 0);
	dma_program(&vm, RD1, list_addr(RD1), true);
	vm_write32(&vm, 2, E(0xc4), 1);
	put_data(&vm, list_addr(RD1), CB | LIE | RIE, 16, RAM_BASE, 0);
	dma_doorbell(&vm, RD1);
	dma_until(&vm, RD1, HALTED);
	vm_no_irq(&vm);
	assert_true(dma_aborted(&vm, RD1));
	assert_int_equal(vm_stat(&vm, "interrupts.delivered"), 0);
	assert_int_equal(vm_stat(&vm, "interrupts.stray"), 0);
	vm_end(&vm);
}

/* Interrupts in the middle of a list, one per element that asks. */
static void test_edma_watermarks(void **state)
{
	uint64_t at = DEV_MEM + 0x400;
	struct vm vm;
	unsigned int i, irqs = 0;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	for (i = 0; i < 6; i++)
		put_data(&vm, at + 24 * i, CB | (i % 2 ? LIE | RIE : 0), 64,
			 DATA, RAM_BASE + 64 * i);
	put_link(&vm, at + 24 * 6, LLP | TCB, at);
	dma_program(&vm, WR0, at, true);
	dma_doorbell(&vm, WR0);
	dma_until(&vm, WR0, STOPPED);
	while (irqs < 3)
		irqs += vm_irqs(&vm, 5000);
	assert_int_equal(irqs, 3);
	vm_no_irq(&vm);
	vm_end(&vm);
}

/* Channel 1's data are the upper half, and each side has its own. */
static void test_edma_data(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	dma_program(&vm, WR0, list_addr(WR0), true);
	dma_program(&vm, WR1, list_addr(WR1), true);
	vm_write32(&vm, 2, E(0x70), (uint32_t)MSI_DATA << 16 | 0x1111);
	put_data(&vm, list_addr(WR0), CB | LIE | RIE, 4, DATA, RAM_BASE);
	put_data(&vm, list_addr(WR1), CB | LIE | RIE, 4, DATA, RAM_BASE);
	dma_doorbell(&vm, WR0);
	dma_until(&vm, WR0, STOPPED);
	vm_no_irq(&vm);
	assert_int_equal(vm_stat(&vm, "interrupts.stray"), 1);
	dma_doorbell(&vm, WR1);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	vm_end(&vm);
}

/* Stop and disable. */
static void test_edma_stop(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1000", "--fault", "stall:count=0", NULL);
	dma_one(&vm, WR0, DATA, RAM_BASE, 64);
	assert_int_equal(dma_status(&vm, WR0), RUNNING);
	dma_halt(&vm, WR0);
	assert_int_equal(dma_status(&vm, WR0), STOPPED);
	/* A stop tells by the abort interrupt. */
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_true(dma_aborted(&vm, WR0));
	dma_clear(&vm, WR0);
	dma_one(&vm, RD0, DATA, RAM_BASE, 64);
	assert_int_equal(dma_status(&vm, RD0), RUNNING);
	vm_write32(&vm, 2, E(0x2c), 0);
	assert_int_equal(dma_status(&vm, RD0), STOPPED);
	vm_no_irq(&vm);
	assert_int_equal(vm_stat(&vm, "dma.stops"), 2);
	vm_end(&vm);
}

/*
 * A build of the vendor's driver has its lists above 0x10060000, in SRAM, and
 * BAR4 in front of it. They are written there by MMIO, 64 bits at a time, and
 * one dword is read back before the doorbell.
 */
static void test_edma_sram_lists(void **state)
{
	static const uint32_t sram = 0x10000000, offset = 0x60000;
	struct vm vm;
	enum channel ch;

	(void)state;
	vm_start(&vm, "akd1000", NULL);
	vm_write32(&vm, CONFIG, 0x900, 0x80000002);
	vm_write32(&vm, CONFIG, 0x904, 0);
	vm_write32(&vm, CONFIG, 0x918, sram);
	vm_write32(&vm, CONFIG, 0x908, 0xc0080400);
	for (ch = WR0; ch <= RD1; ch++) {
		uint32_t at = offset + 0x40 * ch, data = 0x5a5a0000 | ch;
		uint64_t host = RAM_BASE + 0x1000 * ch, device = DATA + 16 * ch;
		uint64_t list = sram + at;
		uint32_t got = 0;

		if (is_read(ch))
			memcpy(vm.ram + 0x1000 * ch, &data, 4);
		else
			vm_poke(&vm, device, &data, 4);
		vm_write32(&vm, 4, at, CB | LIE | RIE);
		vm_write32(&vm, 4, at + 4, 4);
		vm_region_write(&vm, 4, at + 8, is_read(ch) ? &host : &device,
				8);
		vm_region_write(&vm, 4, at + 16, is_read(ch) ? &device : &host,
				8);
		vm_write32(&vm, 4, at + 24, LLP | TCB);
		vm_region_write(&vm, 4, at + 32, &list, 8);
		dma_program(&vm, ch, list, true);
		assert_int_equal(vm_read32(&vm, 4, at), CB | LIE | RIE);
		dma_doorbell(&vm, ch);
		assert_int_equal(vm_irqs(&vm, 5000), 1);
		assert_int_equal(dma_status(&vm, ch), STOPPED);
		assert_false(dma_aborted(&vm, ch));
		if (is_read(ch))
			vm_peek(&vm, device, &got, 4);
		else
			memcpy(&got, vm.ram + 0x1000 * ch, 4);
		assert_int_equal(got, data);
	}
	assert_int_equal(vm_stat(&vm, "illegal.mmio"), 0);
	assert_int_equal(vm_stat(&vm, "illegal.dma"), 0);
	assert_int_equal(vm_stat(&vm, "dma.done"), 4);
	vm_end(&vm);
}

static void test_hdma_registers(void **state)
{
	static const uint32_t plain[] = { 0x08, 0x0c, 0x10, 0x14, 0x1c,
					  0x20, 0x24, 0x28, 0x2c, 0x30,
					  0x34, 0x38, 0x3c, 0x90, 0x94,
					  0x98, 0x9c, 0xa0, 0xa4, 0xa8 };
	struct vm vm;
	enum channel ch;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	for (ch = WR0; ch <= RD1; ch++)
		for (i = 0; i < ARRAY_SIZE(plain); i++)
			vm_write32(&vm, 0, hdma_at(ch, plain[i]),
				   ch << 8 | plain[i]);
	for (ch = WR0; ch <= RD1; ch++)
		for (i = 0; i < ARRAY_SIZE(plain); i++)
			assert_int_equal(
				vm_read32(&vm, 0, hdma_at(ch, plain[i])),
				ch << 8 | plain[i]);
	vm_write32(&vm, 0, 0x88, 0xffffffff);
	assert_int_equal(vm_read32(&vm, 0, 0x88), 0x7f);
	vm_write32(&vm, 0, 0x18, 2);
	assert_int_equal(vm_read32(&vm, 0, 0x18), 2);
	vm_write32(&vm, 0, 0x80, 3);
	assert_int_equal(vm_read32(&vm, 0, 0x80), 0);
	/*
	 * The vendor's driver turns off eight channels; those that are not
	 * there must not disturb the iATU in their place.
	 */
	for (i = 2; i < 8; i++) {
		vm_write32(&vm, 0, i * 0x200 + 0x88, 5);
		vm_write32(&vm, 0, i * 0x200 + 0x188, 5);
		vm_write32(&vm, 0, i * 0x200 + 0x8c, 5);
		vm_write32(&vm, 0, i * 0x200 + 0x18c, 5);
		vm_write32(&vm, 0, i * 0x200, 0);
		vm_write32(&vm, 0, i * 0x200 + 0x100, 0);
	}
	assert_int_equal(vm_read32(&vm, 2, 0), 0xbca10309);
	assert_int_equal(vm_read32(&vm, 4, 0), 0);
	assert_int_equal(vm_stat(&vm, "illegal.mmio"), 0);
	vm_end(&vm);
}

static void test_hdma_single(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	memcpy(vm.ram + 0x100, "0123456789abcdef", 16);
	dma_program(&vm, RD1, 0, false);
	vm_write32(&vm, 0, hdma_at(RD1, 0x34), 0);
	vm_write32(&vm, 0, hdma_at(RD1, 0x1c), 16);
	vm_write32(&vm, 0, hdma_at(RD1, 0x20), (uint32_t)RAM_BASE + 0x100);
	vm_write32(&vm, 0, hdma_at(RD1, 0x28), (uint32_t)DATA);
	dma_doorbell(&vm, RD1);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(vm_read32(&vm, 0, hdma_at(RD1, 0x84)), 1);
	assert_int_equal(vm_read32(&vm, 4, 0x1000), 0x33323130);
	/* With the local watermark status shows that, too. */
	vm_write32(&vm, 0, hdma_at(RD1, 0x30), 1);
	vm_write32(&vm, 0, hdma_at(RD1, 0x1c), 16);
	vm_write32(&vm, 0, hdma_at(RD1, 0x20), (uint32_t)RAM_BASE + 0x100);
	vm_write32(&vm, 0, hdma_at(RD1, 0x28), (uint32_t)DATA);
	dma_doorbell(&vm, RD1);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(vm_read32(&vm, 0, hdma_at(RD1, 0x84)), 3);
	vm_write32(&vm, 0, hdma_at(RD1, 0x8c), 1);
	assert_int_equal(vm_read32(&vm, 0, hdma_at(RD1, 0x84)), 2);
	vm_end(&vm);
}

/*
 * An element's RIE is a watermark: written to where the watermark address
 * says, and nowhere while that was never programmed.
 */
static void test_hdma_watermark(void **state)
{
	struct vm vm;
	unsigned int irqs = 0;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	dma_one(&vm, WR0, DATA, RAM_BASE, 64);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	vm_no_irq(&vm);
	assert_int_equal(vm_stat(&vm, "interrupts.unrouted"), 1);
	assert_int_equal(vm_stat(&vm, "interrupts.stray"), 0);
	assert_int_equal(vm_read32(&vm, 0, 0x84), 3);
	dma_clear(&vm, WR0);
	vm_write32(&vm, 0, 0x98, (uint32_t)MSI_ADDR);
	dma_one(&vm, WR0, DATA, RAM_BASE, 64);
	while (irqs < 2)
		irqs += vm_irqs(&vm, 5000);
	vm_no_irq(&vm);
	assert_int_equal(vm_stat(&vm, "interrupts.delivered"), 3);
	/* Without remote enables the rest is silent. */
	vm_write32(&vm, 0, 0x98, 0);
	dma_program(&vm, WR0, list_addr(WR0), true);
	vm_write32(&vm, 0, 0x88, 0x50);
	put_data(&vm, list_addr(WR0), CB, 64, DATA, RAM_BASE);
	dma_clear(&vm, WR0);
	dma_doorbell(&vm, WR0);
	dma_until(&vm, WR0, STOPPED);
	vm_no_irq(&vm);
	assert_int_equal(vm_read32(&vm, 0, 0x84), 1);
	vm_end(&vm);
}

static void test_hdma_stop(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", "--fault", "stall:count=0", NULL);
	dma_one(&vm, WR1, DATA, RAM_BASE, 64);
	assert_int_equal(dma_status(&vm, WR1), RUNNING);
	dma_halt(&vm, WR1);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(dma_status(&vm, WR1), STOPPED);
	dma_clear(&vm, WR1);
	dma_one(&vm, WR1, DATA, RAM_BASE, 64);
	vm_write32(&vm, 0, hdma_at(WR1, 0), 0);
	assert_int_equal(dma_status(&vm, WR1), STOPPED);
	vm_no_irq(&vm);
	vm_end(&vm);
}

static void window(struct vm *vm, unsigned int region, uint32_t base,
		   uint32_t size, uint64_t host)
{
	uint32_t r = 0x400 + 0x200 * region;

	vm_write32(vm, 0, r + 4, 0);
	vm_write32(vm, 0, r, 0);
	vm_write32(vm, 0, r + 8, base);
	vm_write32(vm, 0, r + 0xc, 0);
	vm_write32(vm, 0, r + 0x10, base + size - 1);
	vm_write32(vm, 0, r + 0x14, host);
	vm_write32(vm, 0, r + 0x18, host >> 32);
	vm_write32(vm, 0, r + 4, 0x80000000);
}

/* What the vendor's host memory test does, all the way. */
static void test_loopback(void **state)
{
	static const uint32_t size[] = { 16, 32, 1236, 8000, 1 << 20 };
	struct vm vm;
	unsigned int i;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	window(&vm, 0, 0xc0000000, 8 << 20, RAM_BASE);
	for (i = 0; i < 5; i++) {
		uint32_t desc[4] = { 0, 0xc0000020, size[i] / 4,
				     0xc0000020 + size[i] };
		uint32_t *in = (uint32_t *)(vm.ram + 0x20), k;
		uint32_t *out = (uint32_t *)(vm.ram + 0x20 + size[i]);

		vm_write32(&vm, 2, 0x20000, 0x83000200);
		memcpy(vm.ram, desc, sizeof(desc));
		for (k = 0; k < size[i] / 4; k++)
			in[k] = k * 3 + i;
		memset(out, 0, 32 + size[i]);
		vm_write32(&vm, 2, 0x20000, 0x83000502);
		vm_write32(&vm, 2, 0x200b0, 1);
		vm_write32(&vm, 2, 0x20008, 0xc0000000);
		assert_int_equal(vm_read32(&vm, 2, 0x20028) & 3, 0);
		vm_write32(&vm, 2, 0x20004, 0);
		for (k = 0; (vm_read32(&vm, 2, 0x20028) & 3) != 3; k++)
			assert_true(k < 1000);
		assert_memory_equal(out + 8, in, size[i]);
		assert_int_equal(out[0], 0xf0000000 | size[i] / 4);
		assert_int_equal(vm_read32(&vm, 2, 0x20004), 0);
		/* The core's interrupt controller shows it till it is cleared. */
		assert_int_equal(vm_read32(&vm, 2, 0x70008), 1);
		vm_write32(&vm, 2, 0x20024, 1);
		assert_int_equal(vm_read32(&vm, 2, 0x70008), 0);
	}
	assert_int_equal(vm_stat(&vm, "core.jobs"), 5);
	/* Two descriptors more, each 64 bytes after the other. */
	{
		uint32_t desc[4] = { 0, 0xc0100000, 4, 0xc0200000 };

		memcpy(vm.ram + 64, desc, sizeof(desc));
		desc[3] += 0x1000;
		memcpy(vm.ram + 128, desc, sizeof(desc));
	}
	vm_write32(&vm, 2, 0x20004, 2 << 16);
	while (vm_stat(&vm, "core.jobs") < 7)
		;
	assert_memory_equal(vm.ram + 0x200020, vm.ram + 0x100000, 16);
	assert_memory_equal(vm.ram + 0x201020, vm.ram + 0x100000, 16);
	vm_end(&vm);
}

/* Errors of the window, several regions, and the engine through it. */
static void test_window(void **state)
{
	struct vm vm;

	(void)state;
	vm_start(&vm, "akd1500", NULL);
	/* Nothing enabled: the DMA engine finds nobody there. */
	dma_one(&vm, WR0, 0xc0000000, RAM_BASE, 64);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(dma_status(&vm, WR0), HALTED);
	assert_int_equal(vm_stat(&vm, "illegal.dma"), 1);
	dma_clear(&vm, WR0);
	/* Two regions that touch, backed by memory that does not. */
	window(&vm, 0, 0xc0000000, 0x1000, RAM_BASE + 0x100000);
	window(&vm, 3, 0xc0001000, 0x1000, RAM_BASE + 0x300000);
	memcpy(vm.ram + 0x100ff8, "ABCDEFGH", 8);
	memcpy(vm.ram + 0x300000, "IJKLMNOP", 8);
	dma_one(&vm, WR0, 0xc0000ff8, RAM_BASE, 16);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(dma_status(&vm, WR0), STOPPED);
	assert_memory_equal(vm.ram, "ABCDEFGHIJKLMNOP", 16);
	/* Past the last one. */
	dma_clear(&vm, WR0);
	dma_one(&vm, WR0, 0xc0001ff8, RAM_BASE, 16);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_int_equal(dma_status(&vm, WR0), HALTED);
	assert_int_equal(dma_left(&vm, WR0), 8);
	/* A descriptor nobody answers for: the core's DMA says so and stops. */
	vm_write32(&vm, 2, 0x20000, 0x83000502);
	vm_write32(&vm, 2, 0x200b0, 1);
	vm_write32(&vm, 2, 0x20008, 0xc0100000);
	vm_write32(&vm, 2, 0x20004, 0);
	vm_no_irq(&vm);
	assert_int_equal(vm_read32(&vm, 2, 0x20028), 0x40004);
	assert_int_equal(vm_stat(&vm, "illegal.core"), 1);
	assert_int_equal(vm_stat(&vm, "core.jobs"), 0);
	/* A list in host memory works, too. */
	{
		uint32_t e[12] = { CB | LIE | RIE,
				   4,
				   (uint32_t)DATA,
				   0,
				   (uint32_t)RAM_BASE + 0x50,
				   0,
				   LLP | TCB };

		memcpy(vm.ram + 0x100000, e, sizeof(e));
	}
	vm_poke(&vm, DATA, "list", 4);
	dma_clear(&vm, WR1);
	dma_program(&vm, WR1, 0xc0000000, true);
	dma_doorbell(&vm, WR1);
	assert_int_equal(vm_irqs(&vm, 5000), 1);
	assert_memory_equal(vm.ram + 0x50, "list", 4);
	vm_end(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edma_registers),
		cmocka_unit_test(test_edma_single),
		cmocka_unit_test(test_edma_masks),
		cmocka_unit_test(test_edma_watermarks),
		cmocka_unit_test(test_edma_data),
		cmocka_unit_test(test_edma_stop),
		cmocka_unit_test(test_edma_sram_lists),
		cmocka_unit_test(test_hdma_registers),
		cmocka_unit_test(test_hdma_single),
		cmocka_unit_test(test_hdma_watermark),
		cmocka_unit_test(test_hdma_stop),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests_name("board_engines", tests, NULL, NULL);
}
