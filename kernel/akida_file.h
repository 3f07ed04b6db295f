/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Open files and what belongs to them: buffers, transfers, mappings, and the
 * vendor's interface.
 *
 * Locks, from the outside in: akida_core.names_lock; mmap_lock,
 * akida_device.claim_lock, .sem,
 * akida_device.files_lock, akida_file.lock, and then those
 * that nothing is taken inside of: jobs_lock, allocators', akida_device.map_lock
 * (page faults know no other). What touches user memory or charges locked
 * memory takes mmap_lock, so it is done with none of them held.
 *
 * A buffer's memory is let go of by whoever comes first: its last reference,
 * or akida_objects_detach() when the PCI device goes; akida_file.lock decides.
 */
#ifndef AKIDA_FILE_H
#define AKIDA_FILE_H

#include <linux/completion.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>

#include "akida.h"
#include "akida_core.h"

/* Addresses and sizes of DMA are multiples of this. */
#define AKIDA_DMA_ALIGN 4
/* Bytes that the vendor's driver gives the lists of all channels */
#define AKIDA_SHORT_LISTS 0x100

/* ----------------------------------------------------------------- memory */

/**
 * struct akida_space - an address range of the board, given out in pages
 * @lock: for all of it
 * @base: first address
 * @shift: of the page size
 * @num: pages
 * @free: of these not used
 * @used: bitmap
 * @dirty: bitmap of pages that may hold somebody's data; NULL where nobody
 *	asks
 */
struct akida_space {
	struct mutex lock;
	u32 base;
	unsigned int shift;
	unsigned long num;
	unsigned long free;
	unsigned long *used;
	unsigned long *dirty;
};

/**
 * akida_space_init() - an empty space, all dirty
 * @s: space
 * @base: first address
 * @size: bytes; what is less than a page at the end is left out
 * @shift: of the page size
 * @dirty: keep account of dirty pages
 *
 * Return: 0 or -ENOMEM.
 */
int akida_space_init(struct akida_space *s, u32 base, u32 size,
		     unsigned int shift, bool dirty);

/**
 * akida_space_exit() - free the bitmaps
 * @s: space, or one that was never initialised
 */
void akida_space_exit(struct akida_space *s);

/**
 * akida_space_alloc() - take a range
 * @s: space
 * @size: bytes, whole pages
 * @addr: where to put its address
 *
 * Return: 0 or -ENOSPC.
 */
int akida_space_alloc(struct akida_space *s, u64 size, u32 *addr);

/**
 * akida_space_take() - take a range at a given address
 * @s: space
 * @addr: page-aligned
 * @size: bytes, whole pages
 *
 * Return: 0 or -EBUSY.
 */
int akida_space_take(struct akida_space *s, u32 addr, u64 size);

/**
 * akida_space_free() - give a range back, dirty
 * @s: space
 * @addr: as it was given
 * @size: as it was asked for
 */
void akida_space_free(struct akida_space *s, u32 addr, u64 size);

/**
 * akida_space_largest() - the largest range that could be taken now
 * @s: space
 *
 * Return: bytes.
 */
u64 akida_space_largest(struct akida_space *s);

/**
 * struct akida_mem - device memory
 * @space: its pages
 * @zero: host memory to scrub with; NULL when the PCI device is gone
 * @zero_dma: as the board sees it
 * @zero_size: bytes
 * @coherent: DMA is coherent with the CPU's caches
 * @bar_start: the BARs, as the CPU sees them
 * @bar_size: bytes
 */
struct akida_mem {
	struct akida_space space;
	void *zero;
	dma_addr_t zero_dma;
	size_t zero_size;
	bool coherent;
	phys_addr_t bar_start[AKIDA_NUM_BARS];
	resource_size_t bar_size[AKIDA_NUM_BARS];
};

/**
 * akida_mem_init() - allocator of device memory
 * @adev: board with a working DMA engine
 *
 * Return: 0 or -ENOMEM.
 */
int akida_mem_init(struct akida_device *adev);

/**
 * akida_mem_detach() - let go of what needs the PCI device
 * @adev: board
 */
void akida_mem_detach(struct akida_device *adev);

/**
 * akida_mem_exit() - free the allocator
 * @adev: board
 */
void akida_mem_exit(struct akida_device *adev);

/**
 * akida_mem_scrub() - make dirty pages zero, by DMA
 * @adev: board, not entered
 * @addr: first device address
 * @size: bytes
 *
 * The caller owns the range, or nobody can take it. Pages that could not be
 * made zero stay dirty. Killable.
 *
 * Return: 0, -EINTR, or what the transfer ended with.
 */
int akida_mem_scrub(struct akida_device *adev, u32 addr, u64 size);

/**
 * akida_mem_scrub_all() - make all that is free and dirty zero
 * @adev: board whose device memory nobody can take now
 *
 * Return: as akida_mem_scrub().
 */
int akida_mem_scrub_all(struct akida_device *adev);

/**
 * akida_mem_scrub_lists() - make the place of long lists zero
 * @adev: board that has just been reset to short ones, in the hands of a claim
 *
 * The vendor's interface can reach it, and the allocator does not have it: what
 * is there is addresses of host memory, or the last claim's. What belongs to
 * firmware is left alone.
 *
 * Return: as akida_mem_scrub().
 */
int akida_mem_scrub_lists(struct akida_device *adev);

/**
 * akida_mem_soil() - take all device memory for dirty
 * @adev: board
 */
void akida_mem_soil(struct akida_device *adev);

/**
 * akida_mem_mappable() - the CPU can reach device buffers
 * @adev: board
 *
 * Return: true if a BAR shows all of the memory that buffers can take.
 */
bool akida_mem_mappable(struct akida_device *adev);

/**
 * struct akida_host - coherent host memory, one piece for the board
 * @cpu: kernel's address, NULL for none
 * @dma: the board's
 * @size: bytes, whole pages
 */
struct akida_host {
	void *cpu;
	dma_addr_t dma;
	size_t size;
};

/**
 * akida_host_alloc() - allocate it, zeroed
 * @adev: entered board
 * @h: where to put it
 * @size: bytes, rounded up to pages
 *
 * Return: 0 or -ENOMEM.
 */
int akida_host_alloc(struct akida_device *adev, struct akida_host *h, u64 size);

/**
 * akida_host_free() - free it
 * @adev: board, before akida_objects_detach() is over
 * @h: memory or none; afterwards none
 */
void akida_host_free(struct akida_device *adev, struct akida_host *h);

/**
 * akida_host_pfn() - frame of one of its pages
 * @h: memory
 * @offset: bytes from its start
 *
 * Return: page frame number.
 */
unsigned long akida_host_pfn(const struct akida_host *h, size_t offset);

/* ----------------------------------------------------------------- window */

struct akida_remains;

/**
 * struct akida_window_map - host memory behind an outbound region
 * @host: the memory
 * @base: address by which the chip sees it
 * @size: bytes of the window that it takes, 0 for no map
 * @region: index of the region
 * @shared: it has none of its own: see akida_window_reserve()
 * @remains: to keep the memory in when it is given back while the board is
 *	blocked
 */
struct akida_window_map {
	struct akida_host host;
	u32 base;
	u32 size;
	int region;
	bool shared;
	struct akida_remains *remains;
};

/**
 * akida_window_init() - find the regions
 * @adev: board with a window; others have none
 *
 * Return: 0 or -ENOMEM. No regions, no window: that is no error.
 */
int akida_window_init(struct akida_device *adev);

/**
 * akida_window_restart() - program the regions again after a reset
 * @adev: blocked board
 *
 * Also frees what was given back while the board was blocked.
 */
void akida_window_restart(struct akida_device *adev);

/**
 * akida_window_detach() - free what was given back while it was blocked
 * @adev: gone board
 */
void akida_window_detach(struct akida_device *adev);

/**
 * akida_window_exit() - free the allocator
 * @adev: board
 */
void akida_window_exit(struct akida_device *adev);

/**
 * akida_window_create() - host memory that the chip sees
 * @adev: entered board
 * @m: where to put it
 * @size: bytes, rounded up to what regions can express
 * @at: the address it must have; 0 for any
 *
 * Return: 0; -EOPNOTSUPP without a window; -ENOSPC without a free region or
 * room; -EBUSY if @at is taken; -ENOMEM; -EIO if the region does not take.
 */
int akida_window_create(struct akida_device *adev, struct akida_window_map *m,
			u64 size, u32 at);

/**
 * akida_window_reserve() - host memory that the chip sees now and then
 * @adev: entered board
 * @m: where to put it; it must not move
 * @size: bytes, rounded up to what regions can express
 *
 * For programs: all that there are have one region together.
 *
 * Return: as akida_window_create().
 */
int akida_window_reserve(struct akida_device *adev, struct akida_window_map *m,
			 u64 size);

/**
 * akida_window_show() - let the chip see what was reserved
 * @adev: entered board, whose core uses none of it now
 * @m: of akida_window_reserve(), or NULL for nothing; the others are out of
 *	its sight
 *
 * Return: 0, -EIO if the region does not take.
 */
int akida_window_show(struct akida_device *adev,
		      const struct akida_window_map *m);

/**
 * akida_window_destroy() - end of akida_window_create(), akida_window_reserve()
 * @adev: board with @sem read-locked, or one that is gone
 * @m: map; afterwards none
 *
 * The region is switched off before its memory is freed; on a blocked board
 * the memory waits for the end of the reset.
 */
void akida_window_destroy(struct akida_device *adev,
			  struct akida_window_map *m);

/**
 * akida_window_info() - figures for AKIDA_IOC_INFO
 * @adev: board
 * @info: window_size, window_free and window_regions are set
 */
void akida_window_info(struct akida_device *adev, struct akida_ioc_info *info);

/* ------------------------------------------------------------ user memory */

/**
 * struct akida_pin - pinned and mapped user memory
 * @mm: address space that is charged
 * @charged: pages
 * @pages: pinned pages
 * @num: how many of them
 * @sgt: mapped; @mapped says so
 * @dir: direction of the mapping
 */
struct akida_pin {
	struct mm_struct *mm;
	unsigned long charged;
	struct page **pages;
	unsigned long num;
	struct sg_table sgt;
	bool mapped;
	enum dma_data_direction dir;
};

/**
 * akida_pin_create() - pin and charge memory of the calling process
 * @addr: user address
 * @size: bytes, more than 0
 * @read_only: the board will only read it
 *
 * No lock may be held.
 *
 * Return: an object or a negative errno as an ERR_PTR().
 */
struct akida_pin *akida_pin_create(u64 addr, u64 size, bool read_only);

/**
 * akida_pin_map() - give it DMA addresses
 * @adev: entered board
 * @pin: pinned memory
 * @addr: as it was pinned
 * @size: as it was pinned
 *
 * Return: 0 or a negative errno.
 */
int akida_pin_map(struct akida_device *adev, struct akida_pin *pin, u64 addr,
		  u64 size);

/**
 * akida_pin_unmap() - unmap and unpin it
 * @adev: board
 * @pin: pinned memory, mapped or not; it stays charged
 */
void akida_pin_unmap(struct akida_device *adev, struct akida_pin *pin);

/**
 * akida_pin_destroy() - give the charge back and free the object
 * @pin: unpinned memory
 *
 * Takes the mmap_lock of the process that pinned.
 */
void akida_pin_destroy(struct akida_pin *pin);

/**
 * akida_pin_segs() - pieces of a part of it
 * @pin: mapped memory
 * @offset: bytes from its start
 * @size: bytes
 * @dev: device address of the other side
 * @seg: array to fill, or NULL to count
 *
 * Return: how many.
 */
unsigned int akida_pin_segs(const struct akida_pin *pin, u64 offset, u64 size,
			    u32 dev, struct akida_dma_seg *seg);

/**
 * akida_pin_sync() - hand pieces over between CPU and board
 * @adev: board
 * @seg: pieces
 * @num: how many
 * @bytes: of these, from the start
 * @dir: of the transfer
 * @cpu: to the CPU, else to the board
 */
void akida_pin_sync(struct akida_device *adev, const struct akida_dma_seg *seg,
		    unsigned int num, u64 bytes, enum akida_dma_dir dir,
		    bool cpu);

/* ---------------------------------------------------------------- buffers */

/**
 * struct akida_buffer - a buffer
 * @ref: the handle, mappings and transfers hold it
 * @file: whose
 * @node: in akida_file.live
 * @handle: number
 * @kind: &enum akida_buffer_kind
 * @flags: AKIDA_BUFFER_*
 * @size: bytes
 * @user_addr: of user memory
 * @dev: device address of device and window memory
 * @detached: memory and DMA mappings are gone (under akida_file.lock)
 * @awake: holds the board awake, whose memory it is in
 * @host: of host memory
 * @map: of window memory
 * @pin: of user memory
 */
struct akida_buffer {
	struct kref ref;
	struct akida_file *file;
	struct list_head node;
	u32 handle;
	u32 kind;
	u32 flags;
	u64 size;
	u64 user_addr;
	u32 dev;
	bool detached;
	bool awake;
	struct akida_host host;
	struct akida_window_map map;
	struct akida_pin *pin;
};

/**
 * akida_buffer_get() - look a handle up
 * @f: file
 * @handle: number
 *
 * Return: a buffer, for akida_buffer_put(); NULL for none.
 */
struct akida_buffer *akida_buffer_get(struct akida_file *f, u32 handle);

/**
 * akida_buffer_put() - drop a reference
 * @b: buffer
 *
 * The caller has not entered the board and holds no lock but mmap_lock.
 */
void akida_buffer_put(struct akida_buffer *b);

/**
 * akida_buffer_mmap_offset() - where mmap() finds it
 * @b: buffer
 *
 * Return: offset, 0 if it cannot be mapped.
 */
u64 akida_buffer_mmap_offset(const struct akida_buffer *b);

/**
 * akida_buffer_segs() - pieces of a part of a buffer on the host's side
 * @b: buffer, not of device memory
 * @offset: bytes from its start
 * @size: bytes
 * @dev: device address of the other side
 * @seg: array to fill, or NULL to count
 *
 * Return: how many.
 */
unsigned int akida_buffer_segs(const struct akida_buffer *b, u64 offset,
			       u64 size, u32 dev, struct akida_dma_seg *seg);

/**
 * akida_buffer_outside() - a range is not all in a buffer
 * @b: buffer
 * @offset: bytes from its start
 * @size: bytes
 *
 * Return: true if so.
 */
static inline bool akida_buffer_outside(const struct akida_buffer *b,
					u64 offset, u64 size)
{
	return offset > b->size || size > b->size - offset;
}

/**
 * akida_buffers_detach() - let go of all that needs the PCI device
 * @f: file of a gone board
 */
void akida_buffers_detach(struct akida_file *f);

/**
 * akida_buffers_bytes() - device memory of a file's buffers
 * @f: file
 *
 * Also of those without a handle that a mapping or a transfer still holds.
 *
 * Return: bytes.
 */
u64 akida_buffers_bytes(struct akida_file *f);

/**
 * akida_buffers_close() - drop the handles of a file that is closed
 * @f: file without transfers under way
 */
void akida_buffers_close(struct akida_file *f);

/* ------------------------------------------------------------------ files */

/**
 * struct akida_result - what became of a transfer or a job
 * @seq: its number
 * @done: bytes that arrived
 * @status: 0 or a negative errno
 * @has_ended: it has ended
 * @cookie: the caller's
 * @clocks: of the core
 * @queued: CLOCK_MONOTONIC nanoseconds
 * @started: the same
 * @ended: the same
 */
struct akida_result {
	u64 seq;
	u64 done;
	int status;
	bool has_ended;
	u64 cookie;
	u64 clocks;
	u64 queued;
	u64 started;
	u64 ended;
};

/**
 * struct akida_ticket - the number of a transfer or a job under way
 * @node: in akida_file.jobs
 * @seq: number
 * @async: nobody waits in the call that began it
 */
struct akida_ticket {
	struct list_head node;
	u64 seq;
	bool async;
};

/**
 * struct akida_file - an open file
 * @adev: board; a reference is held
 * @filp: the kernel's
 * @node: in akida_device.files
 * @pid: who opened it
 * @comm: its name then
 * @uses: buffers, that is what another file cannot claim the board over;
 *	grows under akida_device.files_lock only
 * @lock: for @buffers, @live, and for who lets go of a buffer's memory
 * @buffers: handle -> buffer; NULL while one is being made
 * @live: buffers until their last reference is dropped
 * @dummy: what mappings show when the board is away; made by the first mmap()
 * @vmas: mappings
 * @claim: the vendor's interface, when this file takes part in it; set once
 * @refused: it was refused the vendor's interface, and the log says why
 * @jobs_lock: for all below
 * @jobs: transfers and jobs under way, in order of their numbers
 * @num_jobs: transfers and jobs that still touch this
 * @num_async: asynchronous transfers and jobs under way
 * @last_seq: last number given out
 * @seen: @completed as last told by AKIDA_IOC_WAIT
 * @results: ring of AKIDA_MAX_RESULTS; made by the first transfer
 * @wq: waits for the end of transfers
 * @eventfd: signalled at the end of asynchronous ones
 * @programs: handle -> program and rights (under @lock)
 * @run: what the core is to do for this file; the core's lock
 */
struct akida_file {
	struct akida_device *adev;
	struct file *filp;
	struct list_head node;
	struct pid *pid;
	char comm[TASK_COMM_LEN];
	atomic_t uses;

	struct mutex lock;
	struct idr buffers;
	struct list_head live;
	struct page *dummy;
	atomic_t vmas;
	struct akida_claim *claim;
	bool refused;

	spinlock_t jobs_lock;
	struct list_head jobs;
	atomic_t num_jobs;
	unsigned int num_async;
	u64 last_seq;
	u64 seen;
	struct akida_result *results;
	wait_queue_head_t wq;
	struct eventfd_ctx *eventfd;

	struct idr programs;
	struct akida_queue run;
};

/**
 * akida_file_use() - begin to use the board for something that stays
 * @f: file
 *
 * Return: 0, and akida_file_unuse() is due; -EBUSY while another file has
 * claimed the board.
 */
int akida_file_use(struct akida_file *f);

/**
 * akida_file_use_name() - begin to use the board for a program with a name
 * @f: file of the caller
 *
 * akida_core.num_names grows by one; names_lock is held.
 *
 * Return: 0 or -EBUSY, as akida_file_use().
 */
int akida_file_use_name(struct akida_file *f);

/**
 * akida_file_unuse() - end of akida_file_use()
 * @f: file
 */
void akida_file_unuse(struct akida_file *f);

/* Cache of buffers, known by its name in /proc/slabinfo */
extern struct kmem_cache *akida_buffer_cache;

/* The commands. @arg is zero where the caller's structure was shorter, and is
 * copied back. They are documented in uapi/akida.h.
 */
int akida_ioc_buffer_create(struct akida_file *f, void *arg);
int akida_ioc_buffer_query(struct akida_file *f, void *arg);
int akida_ioc_buffer_free(struct akida_file *f, void *arg);
int akida_ioc_copy(struct akida_file *f, void *arg);
int akida_ioc_wait(struct akida_file *f, void *arg);
int akida_ioc_eventfd(struct akida_file *f, void *arg);
int akida_ioc_program_create(struct akida_file *f, void *arg);
int akida_ioc_program_free(struct akida_file *f, void *arg);
int akida_ioc_program_update(struct akida_file *f, void *arg);
int akida_ioc_program_name(struct akida_file *f, void *arg);
int akida_ioc_program_open(struct akida_file *f, void *arg);
int akida_ioc_program_list(struct akida_file *f, void *arg);
int akida_ioc_program_note(struct akida_file *f, void *arg);
int akida_ioc_program_mode(struct akida_file *f, void *arg);
int akida_ioc_program_delete(struct akida_file *f, void *arg);
int akida_ioc_submit(struct akida_file *f, void *arg);

/* The caller did not get the handle: free it. */
void akida_undo_buffer_create(struct akida_file *f, void *arg);
void akida_undo_program_create(struct akida_file *f, void *arg);
void akida_undo_program_open(struct akida_file *f, void *arg);

/* -------------------------------------------------------------- transfers */

/**
 * akida_dma_run() - a transfer, and wait for its end
 * @adev: board, not entered
 * @dir: direction
 * @seg: pieces
 * @num: how many
 * @done: bytes that arrived, NULL if that does not matter
 *
 * Killable; nothing touches the memory of the pieces when this returns.
 *
 * Return: 0; -EINTR if it was ended by a fatal signal; or what it ended with.
 */
int akida_dma_run(struct akida_device *adev, enum akida_dma_dir dir,
		  const struct akida_dma_seg *seg, unsigned int num, u64 *done);

/* Cache of transfers, for module init and exit */
int akida_copies_module_init(void);
void akida_copies_module_exit(void);

/**
 * akida_copies_close() - end all transfers of a file that is closed
 * @f: file without jobs
 */
void akida_copies_close(struct akida_file *f);

/* --------------------------------------------------- numbers and results */

/**
 * akida_results_init() - make room for results
 * @f: file
 *
 * Return: 0 or -ENOMEM.
 */
int akida_results_init(struct akida_file *f);

/**
 * akida_tickets_reserve() - room for asynchronous transfers or jobs
 * @f: file
 * @num: how many; each then needs akida_ticket_take()
 *
 * Return: 0, -EAGAIN if AKIDA_MAX_ASYNC would be under way.
 */
int akida_tickets_reserve(struct akida_file *f, unsigned int num);

/**
 * akida_ticket_take() - give a transfer or a job its number
 * @f: file with room for results, its jobs_lock held
 * @t: ticket with @async set
 *
 * Return: the number.
 */
u64 akida_ticket_take(struct akida_file *f, struct akida_ticket *t);

/**
 * akida_ticket_end() - file a result and tell who waits
 * @f: file
 * @t: ticket
 * @result: all but @seq and @has_ended
 */
void akida_ticket_end(struct akida_file *f, struct akida_ticket *t,
		      const struct akida_result *result);

/**
 * akida_ticket_drop() - the last that is done for a ticket
 * @f: file; nothing of it is touched any more
 */
void akida_ticket_drop(struct akida_file *f);

/**
 * akida_jobs_wait() - wait until transfers and jobs have ended
 * @f: file of a gone board, where they all end by themselves
 *
 * Takes no lock that is taken outside of akida_device.files_lock.
 */
void akida_jobs_wait(struct akida_file *f);

/**
 * akida_jobs_poll() - what poll() says of transfers
 * @f: file
 *
 * Return: EPOLLIN | EPOLLRDNORM or 0.
 */
__poll_t akida_jobs_poll(struct akida_file *f);

/* --------------------------------------------------------------- mappings */

/**
 * akida_mmap() - mmap() of a file
 * @filp: file
 * @vma: mapping
 *
 * Return: 0 or a negative errno.
 */
int akida_mmap(struct file *filp, struct vm_area_struct *vma);

/**
 * akida_map_gone() - mappings of host memory show a dummy page from now on
 * @adev: board whose host memory is about to be freed
 */
void akida_map_gone(struct akida_device *adev);

/* ---------------------------------------------------- vendor's interface */

/**
 * struct akida_raw_range - device addresses that its DMA may reach
 * @base: first address
 * @size: bytes, 0 ends a list
 */
struct akida_raw_range {
	u32 base;
	u32 size;
};

/**
 * struct akida_raw_map - what mmap() shows
 * @offset: mmap() offset of its beginning
 * @base: device address there
 * @bar: which of the AKIDA_NUM_BARS it is; the size is the BAR's
 */
struct akida_raw_map {
	u32 offset;
	u32 base;
	int bar;
};

/**
 * struct akida_raw - what the vendor's interface may reach on a chip
 * @ranges: by DMA
 * @maps: by mmap()
 * @num_maps: how many
 */
struct akida_raw {
	const struct akida_raw_range *ranges;
	const struct akida_raw_map *maps;
	unsigned int num_maps;
};

ssize_t akida_raw_read(struct file *filp, char __user *buf, size_t count,
		       loff_t *pos);
ssize_t akida_raw_write(struct file *filp, const char __user *buf, size_t count,
			loff_t *pos);

/**
 * akida_raw_mmap() - mmap() below AKIDA_MMAP_BUFFERS
 * @f: file
 * @vma: mapping
 * @host: set if it shows host memory
 *
 * Claims the board. Whether a page may be seen, akida_raw_pfn() says.
 *
 * Return: 0 or a negative errno.
 */
int akida_raw_mmap(struct akida_file *f, struct vm_area_struct *vma,
		   bool *host);

/**
 * akida_raw_pfn() - frame behind a page of such a mapping
 * @f: file that takes part in a claim
 * @offset: mmap() offset of the page
 * @pfn: where to put the frame; 0 for host memory that is gone
 * @host: set if it is host memory
 *
 * Under akida_device.map_lock.
 *
 * Return: 0 or -EFAULT for a page that must not be seen.
 */
int akida_raw_pfn(struct akida_file *f, u64 offset, unsigned long *pfn,
		  bool *host);

/**
 * akida_claim_close() - a file leaves the claim; the last one ends it
 * @f: file that is closed, its buffers and mappings gone
 */
void akida_claim_close(struct akida_file *f);

/**
 * akida_claim_expire() - end a claim that only lingers
 * @adev: board; nothing that is taken inside mmap_lock is held
 *
 * Return: there was one.
 */
bool akida_claim_expire(struct akida_device *adev);

/**
 * akida_claim_detach() - free host memory of the claim
 * @adev: gone board
 */
void akida_claim_detach(struct akida_device *adev);

#endif /* AKIDA_FILE_H */
