// SPDX-License-Identifier: GPL-2.0
#include "dma.h"

#include <string.h>
#include <unistd.h>

const char *const channel_names[4] = { "wr0", "wr1", "rd0", "rd1" };

bool is_read(enum channel ch)
{
	return ch >= RD0;
}

uint64_t list_addr(enum channel ch)
{
	return DEV_MEM + 0x40 * ch;
}

void put_data(struct vm *vm, uint64_t at, uint32_t control, uint32_t size,
	      uint64_t from, uint64_t to)
{
	uint32_t e[6] = { control, size, from, from >> 32, to, to >> 32 };

	vm_poke(vm, at, e, sizeof(e));
}

void put_link(struct vm *vm, uint64_t at, uint32_t control, uint64_t to)
{
	uint32_t e[6] = { control, 0xdeadbeef, to, to >> 32, 0, 0 };

	vm_poke(vm, at, e, sizeof(e));
}

uint32_t edma_ch_read(struct vm *vm, enum channel ch, uint32_t off)
{
	vm_write32(vm, 2, E(0xfc), (ch & 1) | (is_read(ch) ? 1u << 31 : 0));
	return vm_read32(vm, 2, E(0x100) + off);
}

void edma_ch_write(struct vm *vm, enum channel ch, uint32_t off, uint32_t val)
{
	vm_write32(vm, 2, E(0xfc), (ch & 1) | (is_read(ch) ? 1u << 31 : 0));
	vm_write32(vm, 2, E(0x100) + off, val);
}

uint32_t hdma_at(enum channel ch, uint32_t off)
{
	return (ch & 1) * 0x200 + (is_read(ch) ? 0x100 : 0) + off;
}

static void edma_program(struct vm *vm, enum channel ch, uint64_t list,
			 bool ccs)
{
	bool rd = is_read(ch);
	uint32_t bit = 1u << (ch & 1), data;
	uint32_t done = rd ? 0xcc : 0x60, abort = rd ? 0xd4 : 0x68;
	uint32_t imwr = rd ? 0xdc : 0x70, mask = rd ? 0xa8 : 0x54;
	uint32_t list_error = rd ? 0xc4 : 0x90;

	vm_write32(vm, 2, E(done), (uint32_t)MSI_ADDR);
	vm_write32(vm, 2, E(done + 4), MSI_ADDR >> 32);
	vm_write32(vm, 2, E(abort), (uint32_t)MSI_ADDR);
	vm_write32(vm, 2, E(abort + 4), MSI_ADDR >> 32);
	data = vm_read32(vm, 2, E(imwr));
	data = ch & 1 ? (data & 0xffff) | (uint32_t)MSI_DATA << 16 :
			(data & 0xffff0000) | MSI_DATA;
	vm_write32(vm, 2, E(imwr), data);
	vm_write32(vm, 2, E(rd ? 0x2c : 0xc), 1);
	vm_write32(vm, 2, E(mask),
		   vm_read32(vm, 2, E(mask)) & ~(bit | bit << 16));
	vm_write32(vm, 2, E(list_error), vm_read32(vm, 2, E(list_error)) | bit);
	edma_ch_write(vm, ch, 0, (ccs ? 0x100 : 0) | 0x200);
	edma_ch_write(vm, ch, 0x1c, list);
	edma_ch_write(vm, ch, 0x20, list >> 32);
}

static void hdma_program(struct vm *vm, enum channel ch, uint64_t list,
			 bool ccs)
{
	vm_write32(vm, 0, hdma_at(ch, 0x90), (uint32_t)MSI_ADDR);
	vm_write32(vm, 0, hdma_at(ch, 0x94), MSI_ADDR >> 32);
	vm_write32(vm, 0, hdma_at(ch, 0xa0), (uint32_t)MSI_ADDR);
	vm_write32(vm, 0, hdma_at(ch, 0xa4), MSI_ADDR >> 32);
	vm_write32(vm, 0, hdma_at(ch, 0xa8), MSI_DATA);
	vm_write32(vm, 0, hdma_at(ch, 0), 1);
	/* As the vendor does it: masks set, all enables set. */
	vm_write32(vm, 0, hdma_at(ch, 0x88), 0x7d);
	vm_write32(vm, 0, hdma_at(ch, 0x34), 1);
	vm_write32(vm, 0, hdma_at(ch, 0x10), list);
	vm_write32(vm, 0, hdma_at(ch, 0x14), list >> 32);
	vm_write32(vm, 0, hdma_at(ch, 0x18), ccs ? 3 : 0);
}

void dma_program(struct vm *vm, enum channel ch, uint64_t list, bool ccs)
{
	if (vm->chip1500)
		hdma_program(vm, ch, list, ccs);
	else
		edma_program(vm, ch, list, ccs);
}

void dma_doorbell(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		vm_write32(vm, 0, hdma_at(ch, 4), 1);
	else
		vm_write32(vm, 2, E(is_read(ch) ? 0x30 : 0x10), ch & 1);
}

void dma_halt(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		vm_write32(vm, 0, hdma_at(ch, 4), 2);
	else
		vm_write32(vm, 2, E(is_read(ch) ? 0x30 : 0x10),
			   1u << 31 | (ch & 1));
}

uint32_t dma_status(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		return vm_read32(vm, 0, hdma_at(ch, 0x80));
	return edma_ch_read(vm, ch, 0) >> 5 & 3;
}

uint32_t dma_left(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		return vm_read32(vm, 0, hdma_at(ch, 0x1c));
	return edma_ch_read(vm, ch, 8);
}

uint64_t dma_llp(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		return vm_read32(vm, 0, hdma_at(ch, 0x10));
	return edma_ch_read(vm, ch, 0x1c);
}

static uint32_t edma_int(struct vm *vm, enum channel ch)
{
	return vm_read32(vm, 2, E(is_read(ch) ? 0xa0 : 0x4c)) >> (ch & 1);
}

bool dma_done(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		return vm_read32(vm, 0, hdma_at(ch, 0x84)) & 1;
	return edma_int(vm, ch) & 1;
}

bool dma_aborted(struct vm *vm, enum channel ch)
{
	if (vm->chip1500)
		return vm_read32(vm, 0, hdma_at(ch, 0x84)) & 4;
	return edma_int(vm, ch) & 1 << 16;
}

void dma_clear(struct vm *vm, enum channel ch)
{
	uint32_t bit = 1u << (ch & 1);

	if (vm->chip1500)
		vm_write32(vm, 0, hdma_at(ch, 0x8c), 7);
	else
		vm_write32(vm, 2, E(is_read(ch) ? 0xac : 0x58),
			   bit | bit << 16);
}

void dma_one(struct vm *vm, enum channel ch, uint64_t device, uint64_t host,
	     uint32_t size)
{
	uint64_t at = list_addr(ch);

	put_data(vm, at, CB | LIE | RIE, size, is_read(ch) ? host : device,
		 is_read(ch) ? device : host);
	put_link(vm, at + 24, LLP | TCB, at);
	dma_program(vm, ch, at, true);
	dma_doorbell(vm, ch);
}

void dma_until(struct vm *vm, enum channel ch, uint32_t status)
{
	unsigned int i;

	for (i = 0; dma_status(vm, ch) != status; i++) {
		if (i == 5000)
			fail_msg("%s has status %u", channel_names[ch],
				 dma_status(vm, ch));
		vm_serve(vm, 1);
	}
}
