// SPDX-License-Identifier: GPL-2.0
/*
 * What both DMA engines do, on both chips: each test runs twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dma.h"

#define DATA (DEV_MEM + 0x1000)

static const char *const chips[] = { "akd1000", "akd1500" };

static void each_chip(void (*fn)(struct vm *vm))
{
	struct vm vm;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vm_start(&vm, chips[i], NULL);
		fn(&vm);
		vm_end(&vm);
	}
}

static void fill(uint8_t *p, size_t len, unsigned int seed)
{
	while (len--)
		*p++ = (seed = seed * 1103515245 + 12345) >> 16;
}

static uint64_t channel_stat(struct vm *vm, enum channel ch, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "dma.channels.%s.%s", channel_names[ch],
		 what);
	return vm_stat(vm, path);
}

/* One transfer of the vendor's kind on each channel. */
static void single(struct vm *vm)
{
	uint8_t data[1024], got[1024];
	enum channel ch;

	for (ch = WR0; ch <= RD1; ch++) {
		uint64_t host = 0x10000 * (ch + 1), device = DATA + 0x1000 * ch;

		fill(data, sizeof(data), ch);
		if (is_read(ch))
			memcpy(vm->ram + host, data, sizeof(data));
		else
			vm_poke(vm, device, data, sizeof(data));
		dma_one(vm, ch, device, RAM_BASE + host, sizeof(data));
		assert_int_equal(vm_irqs(vm, 5000), 1);
		assert_int_equal(dma_status(vm, ch), STOPPED);
		assert_true(dma_done(vm, ch));
		assert_false(dma_aborted(vm, ch));
		assert_int_equal(dma_left(vm, ch), 0);
		/* The link has the producer's cycle bit: not yet followed. */
		assert_int_equal(dma_llp(vm, ch), list_addr(ch) + 24);
		dma_clear(vm, ch);
		assert_false(dma_done(vm, ch));
		if (is_read(ch))
			vm_peek(vm, device, got, sizeof(got));
		else
			memcpy(got, vm->ram + host, sizeof(got));
		assert_memory_equal(got, data, sizeof(data));
		assert_int_equal(channel_stat(vm, ch, "doorbells"), 1);
		assert_int_equal(channel_stat(vm, ch, "elements"), 1);
		assert_int_equal(channel_stat(vm, ch, "links"), 0);
		assert_int_equal(channel_stat(vm, ch, "bytes"), 1024);
		assert_int_equal(channel_stat(vm, ch, "done"), 1);
		assert_int_equal(channel_stat(vm, ch, "aborts"), 0);
	}
	vm_no_irq(vm);
	assert_int_equal(vm_stat(vm, "interrupts.delivered"), 4);
	assert_int_equal(vm_stat(vm, "interrupts.stray"), 0);
	assert_int_equal(vm_stat(vm, "illegal.mmio"), 0);
	assert_int_equal(vm_stat(vm, "illegal.dma"), 0);
	assert_int_equal(vm_stat(vm, "host.messages"), 0);
}

static void test_single(void **state)
{
	(void)state;
	each_chip(single);
}

/* Any size and alignment; more than a slice, and nothing at all. */
static void sizes(struct vm *vm)
{
	static const uint32_t size[] = { 0,	1,     2, 3,	4097,	65535,
					 65536, 65537, 7, 1023, 200001, 0 };
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		uint32_t n = size[i];
		uint8_t *to = vm->ram + 0x800003 + i, *from = vm->ram + 0x11;

		fill(from, n, i);
		memset(to, 0, n + 1);
		dma_one(vm, RD1, DATA + i, RAM_BASE + 0x11, n);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		dma_one(vm, WR1, DATA + i, RAM_BASE + 0x800003 + i, n);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		assert_memory_equal(to, from, n);
		assert_int_equal(to[n], 0);
		bytes += n;
	}
	assert_int_equal(channel_stat(vm, RD1, "bytes"), bytes);
	assert_int_equal(channel_stat(vm, WR1, "bytes"), bytes);
	assert_int_equal(channel_stat(vm, WR1, "elements"), i);
}

static void test_sizes(void **state)
{
	(void)state;
	each_chip(sizes);
}

/* A long list, with a link in the middle, one interrupt at its end. */
static void list(struct vm *vm)
{
	uint64_t at = DEV_MEM + 0x40000, second = DEV_MEM + 0x60000;
	unsigned int i;

	fill(vm->ram, 64 * 128, 5);
	for (i = 0; i < 32; i++)
		put_data(vm, at + 24 * i, CB, 128, RAM_BASE + 128 * i,
			 DATA + 128 * (63 - i));
	put_link(vm, at + 24 * 32, LLP | CB, second);
	for (i = 0; i < 32; i++)
		put_data(vm, second + 24 * i, CB | (i == 31 ? LIE | RIE : 0),
			 128, RAM_BASE + 128 * (32 + i), DATA + 128 * (31 - i));
	put_link(vm, second + 24 * 32, LLP | TCB, at);
	dma_program(vm, RD0, at, true);
	dma_doorbell(vm, RD0);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	vm_no_irq(vm);
	for (i = 0; i < 64; i++) {
		uint8_t got[128];

		vm_peek(vm, DATA + 128 * (63 - i), got, 128);
		assert_memory_equal(got, vm->ram + 128 * i, 128);
	}
	assert_int_equal(channel_stat(vm, RD0, "elements"), 64);
	/* The last link has the producer's bit: it ends the list unfollowed. */
	assert_int_equal(channel_stat(vm, RD0, "links"), 1);
	assert_int_equal(dma_llp(vm, RD0), second + 24 * 32);
}

static void test_list(void **state)
{
	(void)state;
	each_chip(list);
}

/* A list in use again and again, its cycle bits turned each time. */
static void wrap(struct vm *vm)
{
	uint64_t at = list_addr(WR0);
	uint32_t cb = CB;
	unsigned int i;

	dma_program(vm, WR0, at, true);
	for (i = 0; i < 5; i++) {
		uint32_t v = 100 + i;

		vm_poke(vm, DATA, &v, 4);
		put_data(vm, at, cb | LIE | RIE, 4, DATA, RAM_BASE + 8 * i);
		/* The link is consumed, and turns the engine's state. */
		put_link(vm, at + 24, LLP | TCB | cb, at);
		dma_doorbell(vm, WR0);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		memcpy(&v, vm->ram + 8 * i, 4);
		assert_int_equal(v, 100 + i);
		cb ^= CB;
	}
	/* Nothing new: the engine stops at once and moves nothing. */
	dma_clear(vm, WR0);
	dma_doorbell(vm, WR0);
	if (vm->chip1500)
		assert_int_equal(vm_irqs(vm, 5000), 1);
	dma_until(vm, WR0, STOPPED);
	vm_no_irq(vm);
	assert_int_equal(channel_stat(vm, WR0, "elements"), 5);
	assert_int_equal(channel_stat(vm, WR0, "done"), 6);
	assert_int_equal(channel_stat(vm, WR0, "links"), 5);
}

static void test_wrap(void **state)
{
	(void)state;
	each_chip(wrap);
}

/*
 * The vendor's chunks: each doorbell finds the link of the chunk before, whose
 * cycle bit has meanwhile become the consumer's, follows it and turns.
 */
static void chunks(struct vm *vm)
{
	uint64_t at = list_addr(RD0);
	unsigned int i;

	dma_program(vm, RD0, at, true);
	for (i = 0; i < 6; i++) {
		uint32_t cb = i % 2 ? 0 : CB, got;

		memcpy(vm->ram + 4 * i, &i, 4);
		put_data(vm, at, cb | LIE | RIE, 4, RAM_BASE + 4 * i,
			 DATA + 4 * i);
		put_link(vm, at + 24, LLP | TCB | (cb ^ CB), at);
		dma_doorbell(vm, RD0);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		assert_int_equal(dma_status(vm, RD0), STOPPED);
		dma_clear(vm, RD0);
		vm_peek(vm, DATA + 4 * i, &got, 4);
		assert_int_equal(got, i);
	}
	assert_int_equal(channel_stat(vm, RD0, "links"), 5);
}

static void test_chunks(void **state)
{
	(void)state;
	each_chip(chunks);
}

/* The engine reads its list when it gets there, not when the bell rings. */
static void ring_without_end(struct vm *vm)
{
	uint64_t at = DEV_MEM + 0x400;
	uint32_t n;

	put_data(vm, at, CB, 16, DATA, RAM_BASE);
	put_data(vm, at + 24, CB, 16, DATA, RAM_BASE + 16);
	put_link(vm, at + 48, LLP | CB, at);
	dma_program(vm, WR1, at, true);
	dma_doorbell(vm, WR1);
	/* The guest is served meanwhile. */
	for (n = 0; n < 20; n++)
		assert_int_equal(dma_status(vm, WR1), RUNNING);
	/* Now the list gets an end. */
	put_data(vm, at + 24, LIE | RIE, 16, DATA, RAM_BASE + 16);
	dma_until(vm, WR1, STOPPED);
	assert_true(channel_stat(vm, WR1, "elements") > 10);
	assert_int_equal(channel_stat(vm, WR1, "links"),
			 channel_stat(vm, WR1, "elements") / 2);
	/* Links alone in a circle: stopping still works. */
	put_link(vm, at, LLP | CB, at);
	dma_clear(vm, WR1);
	dma_program(vm, WR1, at, true);
	dma_doorbell(vm, WR1);
	for (n = 0; n < 20; n++)
		assert_int_equal(dma_status(vm, WR1), RUNNING);
	dma_halt(vm, WR1);
	assert_int_equal(dma_status(vm, WR1), STOPPED);
}

static void test_ring(void **state)
{
	(void)state;
	each_chip(ring_without_end);
}

/* All four at once. */
static void together(struct vm *vm)
{
	static const uint32_t size = 150000;
	unsigned int irqs = 0;
	enum channel ch;

	fill(vm->ram, 4 * size, 9);
	for (ch = RD0; ch <= RD1; ch++)
		dma_one(vm, ch, DATA + size * (ch - RD0),
			RAM_BASE + size * (ch - RD0), size);
	while (irqs < 2) {
		unsigned int n = vm_irqs(vm, 5000);

		assert_true(n > 0);
		irqs += n;
	}
	for (ch = WR0; ch <= RD1; ch++)
		put_link(vm, list_addr(ch) + 24, LLP | TCB, list_addr(ch));
	for (ch = WR0; ch <= WR1; ch++)
		dma_one(vm, ch, DATA + size * ch,
			RAM_BASE + 0x200000 + size * ch, size);
	for (ch = RD0; ch <= RD1; ch++)
		dma_one(vm, ch, DATA + size * ch, RAM_BASE + size * ch, size);
	for (ch = WR0; ch <= RD1; ch++)
		dma_until(vm, ch, STOPPED);
	assert_memory_equal(vm->ram + 0x200000, vm->ram, 2 * size);
	assert_int_equal(vm_stat(vm, "interrupts.delivered"), 6);
	assert_int_equal(vm_stat(vm, "dma.bytes"), 6 * size);
	assert_int_equal(vm_stat(vm, "dma.doorbells"), 6);
}

static void test_together(void **state)
{
	(void)state;
	each_chip(together);
}

/* An error of the device's side ends the run and says what is left. */
static void illegal_device(struct vm *vm)
{
	uint64_t end = vm->chip1500 ? 0x20100000 : 0x30000000;
	enum channel ch;

	for (ch = WR0; ch <= RD1; ch++) {
		dma_one(vm, ch, end - 512, RAM_BASE, 2048);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		assert_int_equal(dma_status(vm, ch), HALTED);
		assert_true(dma_aborted(vm, ch));
		assert_false(dma_done(vm, ch));
		assert_int_equal(dma_left(vm, ch), 1536);
		assert_int_equal(channel_stat(vm, ch, "aborts"), 1);
		assert_int_equal(channel_stat(vm, ch, "bytes"), 512);
		if (vm->chip1500)
			assert_int_equal(
				vm_read32(vm, 0, hdma_at(ch, 0x84)) >> 3 & 15,
				2);
		else
			assert_int_equal(
				vm_read32(vm, 2, E(is_read(ch) ? 0xb4 : 0x5c)),
				1u << (ch & 1));
		dma_clear(vm, ch);
		assert_false(dma_aborted(vm, ch));
		/* Its error goes with the interrupt; the channel works on. */
		if (!vm->chip1500)
			assert_int_equal(
				vm_read32(vm, 2, E(is_read(ch) ? 0xb4 : 0x5c)),
				0);
		dma_one(vm, ch, DATA, RAM_BASE, 64);
		assert_int_equal(vm_irqs(vm, 5000), 1);
		assert_int_equal(dma_status(vm, ch), STOPPED);
		dma_clear(vm, ch);
	}
	assert_int_equal(vm_stat(vm, "illegal.dma"), 4);
}

static void test_illegal_device(void **state)
{
	(void)state;
	each_chip(illegal_device);
}

/* A list that is not there. */
static void illegal_list(struct vm *vm)
{
	dma_program(vm, WR0, 0x1000, true);
	dma_doorbell(vm, WR0);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, WR0), HALTED);
	assert_true(dma_aborted(vm, WR0));
	if (vm->chip1500)
		assert_int_equal(vm_read32(vm, 0, 0x84) >> 3 & 15, 1);
	else
		assert_int_equal(vm_read32(vm, 2, E(0x5c)), 1 << 16);
	/* One that begins well and leads nowhere. */
	dma_clear(vm, WR0);
	put_data(vm, list_addr(WR0), CB | LIE | RIE, 8, DATA, RAM_BASE);
	put_link(vm, list_addr(WR0) + 24, LLP | CB, 0x1000);
	dma_program(vm, WR0, list_addr(WR0), true);
	dma_doorbell(vm, WR0);
	dma_until(vm, WR0, HALTED);
	assert_true(vm_irqs(vm, 5000) > 0);
	assert_int_equal(vm_stat(vm, "illegal.dma"), 2);
	assert_int_equal(channel_stat(vm, WR0, "elements"), 1);
}

static void test_illegal_list(void **state)
{
	(void)state;
	each_chip(illegal_list);
}

/* Host memory that no DMA_MAP covers is asked for by message. */
static void host_messages(struct vm *vm)
{
	uint8_t got[256];

	vm->answer_dma = true;
	fill(vm->msg_mem + 0x100, 256, 3);
	dma_one(vm, RD0, DATA, 0x9000100, 256);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->dma_reads, 1);
	assert_int_equal(vm->last_dma, 0x9000100);
	vm_peek(vm, DATA, got, 256);
	assert_memory_equal(got, vm->msg_mem + 0x100, 256);
	dma_one(vm, WR0, DATA, 0x9000400, 256);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->dma_writes, 1);
	assert_memory_equal(vm->msg_mem + 0x400, got, 256);
	/* A transfer half in mapped memory, half beside it. */
	dma_one(vm, WR1, DATA, RAM_BASE - 100, 200);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->dma_writes, 2);
	assert_int_equal(vm->last_dma, RAM_BASE - 100);
	assert_memory_equal(vm->ram, got + 100, 100);
	assert_int_equal(vm_stat(vm, "host.messages"), 3);
	assert_int_equal(vm_stat(vm, "host.read_faults"), 0);
}

static void test_host_messages(void **state)
{
	(void)state;
	each_chip(host_messages);
}

/* The host's IOMMU says no: reads abort, posted writes do not notice. */
static void host_faults(struct vm *vm)
{
	uint64_t maps, bytes;

	dma_one(vm, RD0, DATA, RAM_BASE + RAM_SIZE - 64, 128);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->dma_reads, 1);
	assert_int_equal(vm->last_dma, RAM_BASE + RAM_SIZE);
	assert_int_equal(dma_status(vm, RD0), HALTED);
	assert_true(dma_aborted(vm, RD0));
	if (!vm->chip1500)
		assert_int_equal(vm_read32(vm, 2, E(0xb8)), 1);
	else
		assert_int_equal(vm_read32(vm, 0, 0x184) >> 3 & 15, 3);
	assert_int_equal(vm_read32(vm, CONFIG, 0x104), 1 << 20);
	dma_one(vm, WR0, DATA, RAM_BASE + RAM_SIZE, 128);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->dma_writes, 1);
	assert_int_equal(dma_status(vm, WR0), STOPPED);
	assert_int_equal(vm_stat(vm, "host.read_faults"), 1);
	assert_int_equal(vm_stat(vm, "host.write_faults"), 1);
	/* Unmapped in time means out of reach. */
	assert_true(vm_stat(vm, "host.maps") >= 1);
	assert_true(vm_stat(vm, "host.mapped_bytes") >= RAM_SIZE);
	maps = vm_stat(vm, "host.maps");
	bytes = vm_stat(vm, "host.mapped_bytes");
	assert_int_equal(vm_unmap(vm, RAM_BASE, RAM_SIZE), 0);
	assert_int_equal(vm_stat(vm, "host.maps"), maps - 1);
	assert_int_equal(vm_stat(vm, "host.mapped_bytes"), bytes - RAM_SIZE);
	dma_one(vm, RD1, DATA, RAM_BASE, 128);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, RD1), HALTED);
	/* Memory given for reading only is not written. */
	assert_int_equal(vm_map(vm, RAM_BASE, RAM_SIZE, 1, vm->ram_fd, 0), 0);
	memset(vm->ram, 0x77, 16);
	dma_one(vm, WR1, DATA, RAM_BASE, 16);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm->ram[0], 0x77);
	assert_int_equal(vm_stat(vm, "host.write_faults"), 2);
}

static void test_host_faults(void **state)
{
	(void)state;
	each_chip(host_faults);
}

/* While the client owes an answer, everything else goes on. */
static void waiting(struct vm *vm)
{
	unsigned int i;

	vm->ignore_dma = true;
	dma_one(vm, RD0, DATA, 0x1000, 64);
	for (i = 0; i < 50; i++)
		assert_int_equal(dma_status(vm, RD0), RUNNING);
	assert_int_equal(vm->dma_reads, 1);
	assert_int_equal(vm_unmap(vm, RAM_BASE, RAM_SIZE), 0);
	assert_int_equal(vm_map(vm, RAM_BASE, RAM_SIZE, 3, vm->ram_fd, 0), 0);
	/* Even a reset, after which the transfer is history. */
	assert_int_equal(vm_call(vm, VU_RESET, NULL, 0, -1), 0);
	vm_setup(vm);
	assert_int_not_equal(dma_status(vm, RD0), RUNNING);
	/* The answer never came; the client leaves, another comes. */
	vm_disconnect(vm);
	vm->ignore_dma = false;
	vm_connect(vm);
	vm_hello(vm);
	assert_int_equal(vm_map(vm, RAM_BASE, RAM_SIZE, 3, vm->ram_fd, 0), 0);
	vm_setup(vm);
	dma_one(vm, WR0, DATA, RAM_BASE, 64);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm_stat(vm, "dma.aborts"), 0);
}

static void test_waiting(void **state)
{
	(void)state;
	each_chip(waiting);
}

/* An interrupt is one only if it is the current MSI message. */
static void stray(struct vm *vm)
{
	unsigned int i, strays = 0;

	for (i = 0; i < 5; i++) {
		switch (i) {
		case 0:
			vm_msi(vm, MSI_ADDR + 0x1000, MSI_DATA);
			break;
		case 1:
			vm_msi(vm, MSI_ADDR, MSI_DATA + 1);
			break;
		case 2:
			vm_msi(vm, MSI_ADDR, MSI_DATA);
			vm_write16(vm, CONFIG, 0x52, 0);
			break;
		case 3:
			vm_msi(vm, MSI_ADDR | 1ull << 32, MSI_DATA);
			break;
		case 4:
			vm_msi(vm, MSI_ADDR, MSI_DATA);
			break;
		}
		dma_one(vm, WR0, DATA, RAM_BASE, 64);
		dma_until(vm, WR0, STOPPED);
		assert_true(dma_done(vm, WR0));
		assert_int_equal(vm_irqs(vm, 0), i == 4);
		strays += i != 4;
		assert_int_equal(vm_stat(vm, "interrupts.stray"), strays);
		dma_clear(vm, WR0);
	}
	assert_int_equal(vm_stat(vm, "interrupts.delivered"), 1);
}

static void test_stray(void **state)
{
	(void)state;
	each_chip(stray);
}

/* Without bus mastering transfers wait, and go on with it. */
static void bus_master(struct vm *vm)
{
	unsigned int i;

	vm_write16(vm, CONFIG, 4, 2);
	dma_one(vm, WR0, DATA, RAM_BASE, 64);
	for (i = 0; i < 20; i++)
		assert_int_equal(dma_status(vm, WR0), RUNNING);
	/* Device status says that something is pending. */
	assert_int_equal(vm_read16(vm, CONFIG, 0x7a) & 0x20, 0x20);
	assert_int_equal(channel_stat(vm, WR0, "bytes"), 0);
	vm_write16(vm, CONFIG, 4, 6);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(dma_status(vm, WR0), STOPPED);
	assert_int_equal(vm_read16(vm, CONFIG, 0x7a) & 0x20, 0);
	/* The same in D3hot; and reset ends what waits. */
	vm_write16(vm, CONFIG, 4, 2);
	dma_one(vm, WR0, DATA, RAM_BASE, 64);
	vm_write16(vm, CONFIG, 0x78, 0x8000);
	vm_setup(vm);
	vm_no_irq(vm);
	assert_int_equal(dma_status(vm, WR0), 0);
	assert_int_equal(channel_stat(vm, WR0, "bytes"), 64);
}

static void test_bus_master(void **state)
{
	(void)state;
	each_chip(bus_master);
}

/* Doorbells that mean nothing. */
static void ignored(struct vm *vm)
{
	if (vm->chip1500) {
		vm_write32(vm, 0, 4, 1);
	} else {
		vm_write32(vm, 2, E(0x10), 0);
		vm_write32(vm, 2, E(0x2c), 1);
		vm_write32(vm, 2, E(0x30), 2);
		vm_write32(vm, 2, E(0x30), 7);
	}
	assert_int_equal(vm_stat(vm, "dma.doorbells"), 0);
	assert_int_equal(vm_stat(vm, "dma.doorbells_ignored"),
			 vm->chip1500 ? 1 : 3);
	/* A second one while the first is at work. */
	vm_write16(vm, CONFIG, 4, 2);
	dma_one(vm, RD1, DATA, RAM_BASE, 64);
	dma_doorbell(vm, RD1);
	vm_write16(vm, CONFIG, 4, 6);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	vm_no_irq(vm);
	assert_int_equal(channel_stat(vm, RD1, "doorbells"), 1);
	assert_int_equal(channel_stat(vm, RD1, "elements"), 1);
	/* Stopping what does not run does nothing. */
	dma_clear(vm, RD1);
	dma_halt(vm, RD1);
	vm_no_irq(vm);
	assert_int_equal(channel_stat(vm, RD1, "stops"), 0);
}

static void test_ignored(void **state)
{
	(void)state;
	each_chip(ignored);
}

/* The core's registers are reached by DMA as by MMIO. */
static void registers(struct vm *vm)
{
	uint32_t v[2] = { 0x11, 0x22 };

	dma_one(vm, WR0, 0xfcc00050, RAM_BASE, 4);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(*(uint32_t *)vm->ram,
			 vm->chip1500 ? 0x01010303 : 0x01010504);
	memcpy(vm->ram + 64, v, sizeof(v));
	dma_one(vm, RD0, 0xfcc00010, RAM_BASE + 64, 8);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(vm_read32(vm, vm->chip1500 ? 2 : 0, 0x10), 0x11);
	assert_int_equal(vm_read32(vm, vm->chip1500 ? 2 : 0, 0x14), 0x22);
	/* What the vendor's tools read first. */
	memset(vm->ram, 0xff, 4);
	dma_one(vm, WR0, 0xf0000010, RAM_BASE, 4);
	assert_int_equal(vm_irqs(vm, 5000), 1);
	assert_int_equal(*(uint32_t *)vm->ram, 0);
	assert_int_equal(vm_stat(vm, "illegal.dma"), 0);
}

static void test_registers(void **state)
{
	(void)state;
	each_chip(registers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_illegal_device),
		cmocka_unit_test(test_illegal_list),
		cmocka_unit_test(test_host_messages),
		cmocka_unit_test(test_host_faults),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_stray),
		cmocka_unit_test(test_bus_master),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_registers),
	};

	return cmocka_run_group_tests_name("board_dma", tests, NULL, NULL);
}
