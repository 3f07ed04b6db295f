/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tests' own vfio-user client: it starts a board, plays the machine around
 * it, and fails the test that uses it when the board does not answer.
 */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>
#include <jansson.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Guest memory: mapped with a file descriptor from this address on. */
#define RAM_BASE 0x40000000ull
#define RAM_SIZE (16u << 20)
/* What a test's MSI looks like. */
#define MSI_ADDR 0xfee01000ull
#define MSI_DATA 0x4021
/* Regions by index. */
#define CONFIG 7
/* The board's memory. */
#define DEV_MEM 0x20000000ull

enum vu {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,
	VU_DMA_WRITE = 12,
	VU_RESET = 13,
};

struct vu_hdr {
	uint16_t id, cmd;
	uint32_t size, flags, err;
};

/**
 * struct vm - a machine with one board
 * @pid: the board's process
 * @dir: temporary directory
 * @path: the board's socket
 * @fd: connection, -1 for none
 * @ctl: control connection
 * @irq: eventfd for MSI
 * @ram_fd: guest memory
 * @ram: the same, mapped
 * @chip1500: which chip
 * @answer_dma: answer DMA_READ and DMA_WRITE from @msg_mem, else refuse them
 * @ignore_dma: do not answer them at all
 * @msg_mem: memory behind DMA messages, for any address
 * @dma_reads: DMA_READ messages seen
 * @dma_writes: DMA_WRITE messages seen
 * @last_dma: address of the last one
 * @reply: body of the last reply
 * @reply_size: bytes of it
 * @reply_fd: descriptor that came with it, or -1
 */
struct vm {
	pid_t pid;
	char dir[64], path[128];
	int fd, ctl, irq, ram_fd;
	uint8_t *ram;
	bool chip1500;
	bool answer_dma, ignore_dma;
	uint8_t msg_mem[65536];
	unsigned int dma_reads, dma_writes;
	uint64_t last_dma;
	uint8_t reply[8192];
	size_t reply_size;
	int reply_fd;
};

/** vm_spawn() - start a board without connecting; options end with NULL */
void vm_spawn(struct vm *vm, const char *chip, ...);
/** vm_start() - vm_spawn(), connect, memory, MSI, iATU: ready for transfers */
void vm_start(struct vm *vm, const char *chip, ...);
/** vm_end() - end the board and check that it ended well */
void vm_end(struct vm *vm);
/** vm_connect() - a connection without a handshake */
void vm_connect(struct vm *vm);
/** vm_disconnect() - hang up */
void vm_disconnect(struct vm *vm);
/** vm_hello() - exchange versions */
void vm_hello(struct vm *vm);
/** vm_setup() - what firmware and a driver do first */
void vm_setup(struct vm *vm);
/** vm_iatu() - the iATU as the vendor's driver sets it */
void vm_iatu(struct vm *vm);
/** vm_msi() - program and enable MSI */
void vm_msi(struct vm *vm, uint64_t addr, uint32_t data);

/** vm_raw() - send bytes as they are */
void vm_raw(struct vm *vm, const void *data, size_t len, const int *fds,
	    int num_fds);
/** vm_send() - send a command; returns its id */
uint16_t vm_send(struct vm *vm, uint16_t cmd, uint32_t flags, const void *data,
		 size_t len, int fd);
/**
 * vm_wait() - wait for the reply to a command
 *
 * Return: its errno, or -ECONNRESET when the board hung up instead.
 */
int vm_wait(struct vm *vm, uint16_t id);
/** vm_call() - command and reply; returns the errno of the reply */
int vm_call(struct vm *vm, uint16_t cmd, const void *data, size_t len, int fd);
/** vm_closed() - did the board hang up? */
bool vm_closed(struct vm *vm);
/** vm_serve() - serve the board's requests for some milliseconds */
void vm_serve(struct vm *vm, int ms);

/** vm_map() - DMA_MAP; returns the errno */
int vm_map(struct vm *vm, uint64_t iova, uint64_t size, uint32_t flags, int fd,
	   uint64_t offset);
/** vm_unmap() - DMA_UNMAP; returns the errno */
int vm_unmap(struct vm *vm, uint64_t iova, uint64_t size);

/** vm_region_read() - REGION_READ; returns the errno */
int vm_region_read(struct vm *vm, uint32_t region, uint64_t off, void *buf,
		   uint32_t len);
/** vm_region_write() - REGION_WRITE; returns the errno */
int vm_region_write(struct vm *vm, uint32_t region, uint64_t off,
		    const void *buf, uint32_t len);
/** vm_read32() - a register of a BAR or of configuration space */
uint32_t vm_read32(struct vm *vm, uint32_t region, uint64_t off);
/** vm_write32() - the same */
void vm_write32(struct vm *vm, uint32_t region, uint64_t off, uint32_t val);
/** vm_read16() - for configuration space */
uint16_t vm_read16(struct vm *vm, uint32_t region, uint64_t off);
/** vm_write16() - the same */
void vm_write16(struct vm *vm, uint32_t region, uint64_t off, uint16_t val);

/** vm_irqs() - interrupts that come within some milliseconds; 0 for none */
unsigned int vm_irqs(struct vm *vm, int ms);
/** vm_no_irq() - fail if one comes now */
void vm_no_irq(struct vm *vm);

/** vm_ctl() - run a control command; returns its answer, to be freed */
json_t *vm_ctl(struct vm *vm, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** vm_ctl_ok() - run a control command that must succeed */
void vm_ctl_ok(struct vm *vm, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** vm_stat() - a counter by its path, as "dma.channels.wr0.bytes" */
uint64_t vm_stat(struct vm *vm, const char *path);
/** vm_poke() - write the board's memory behind its back */
void vm_poke(struct vm *vm, uint64_t addr, const void *data, size_t len);
/** vm_peek() - read it */
void vm_peek(struct vm *vm, uint64_t addr, void *data, size_t len);

#endif
