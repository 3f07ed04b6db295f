/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of akida.ko share: the device, its chip, its life.
 *
 *   akida_pci.c      module, probe, remove, power management, error recovery
 *   akida_chip.c     chip tables; akd1000.c, akd1500.c: address translation
 *   akida_device.c   life of the device object, entering and blocking it
 *   akida_reset.c    reset of core and DMA, recovery
 *   akida_irq.c      MSI vector and its message
 *   akida_dma.c      queues, channels, completions; akida_dma_end.c: ends
 *                    that are no completion; akida_dma_list.h: elements;
 *                    akida_edma.c (legacy), akida_hdma.c (native): the two
 *                    register layouts
 *   akida_file.c     open files, ioctl dispatch, poll
 *   akida_buffer.c   buffers and handles; akida_pin.c: user memory
 *   akida_mem.c      allocator of device memory and of the window
 *   akida_window.c   AKD1500: host memory behind outbound regions
 *   akida_copy.c     copies; akida_wait.c: sequence numbers, waiting, eventfd
 *   akida_core.c     the core: configuration, batches; akida_dump.c: what a
 *                    hung core was at
 *   akida_program.c  programs; akida_packet.c: what is in them; akida_update.c:
 *                    replacing parts of them; akida_handle.c: files' handles of
 *                    them; akida_named.c: those that stay
 *   akida_job.c      jobs, their beginning and end; akida_queue.c: taking turns;
 *                    akida_batch.c: moving their data; akida_run.c: the runner
 *   akida_mmap.c     mappings, and what they show when the board is away
 *   akida_raw.c      the vendor's file interface; akida_claim.c: who has it
 *   akida_netlink.c  events: generic netlink; akida_event.h: what they are
 *   akida_power.c    sensors and clock; akida_hwmon.c, akida_sysfs.c: who reads
 *                    them; akida_pm.c: sleep
 *   akida_stat.c     what is counted for those who watch; fdinfo
 *   akida_debugfs.c, akida_trace.[ch]
 *   akida_compat.h   what differs between kernels
 */
#ifndef AKIDA_H
#define AKIDA_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <akida.h>

#include "akida_event.h"

struct akida_device;
struct akida_dma;
struct akida_dma_ops;
struct akida_raw;
struct workqueue_struct;

/* ------------------------------------------------------------------ chip */

#define AKIDA_NUM_BARS 3 /* PCI BARs 0, 2 and 4, here 0, 1 and 2 */
#define AKIDA_BAR_SIZE SZ_4M

/**
 * struct akida_range - a piece of the device's address space behind a BAR
 * @base: first device address
 * @size: bytes
 * @bar: which of the AKIDA_NUM_BARS shows its beginning; -1 for none
 */
struct akida_range {
	u32 base;
	u32 size;
	int bar;
};

/**
 * struct akida_chip - all that differs between chips
 * @name: for people and logs
 * @uapi_id: AKIDA_CHIP_*
 * @alias: what the vendor's device name begins with, NULL where it is ours;
 *	udev makes a symbolic link of it (AKIDA_ALIAS in the device's uevent)
 * @core: registers of the Akida core
 * @memory: device memory
 * @memory_reserved: bytes at its start that are not ours: the on-chip
 *	firmware's (AKD1000)
 * @list_page: bytes at the start of @memory that hold the DMA lists; never
 *	given out nor mapped
 * @long_list: bytes of a channel's list when long lists are on
 * @window: AKD1500: device addresses that lead to host memory; size 0 without
 * @dma_bar: BAR of the DMA engine's registers
 * @dma_offset: where they begin in it
 * @dma_ops: register layout
 * @raw: what the vendor's interface may reach (akida_raw.c)
 * @translate: programs the inbound translation of all BARs and reads it back;
 *	0, -EIO if it did not take, -ENODEV if the board reads all ones
 * @bar_min: bytes that each BAR must have
 * @version: device version of programs for silicon (official)
 * @virtual_version: device version of programs for a virtual board (ours)
 * @arena: bytes at the end of device memory for inputs and outputs of jobs
 * @core_irq: the core's interrupt reaches PCI Express: false on silicon,
 *	where no public source says so, and the vendor polls
 */
struct akida_chip {
	const char *name;
	u32 uapi_id;
	const char *alias;
	struct akida_range core;
	struct akida_range memory;
	u32 memory_reserved;
	u32 list_page;
	u32 long_list;
	struct akida_range window;
	int dma_bar;
	u32 dma_offset;
	const struct akida_dma_ops *dma_ops;
	const struct akida_raw *raw;
	int (*translate)(struct akida_device *adev);
	u32 bar_min[AKIDA_NUM_BARS];
	u32 version;
	u32 virtual_version;
	u32 arena;
	bool core_irq;
};

extern const struct akida_chip akida_akd1000, akida_akd1500;
extern const struct akida_raw akida_raw_akd1000, akida_raw_akd1500;

/* ---------------------------------------------------------------- device */

/**
 * enum akida_state - what the board can do now
 * @AKIDA_LIVE: works
 * @AKIDA_BLOCKED: reset, suspended, or in error recovery: callers wait
 * @AKIDA_GONE: removed or given up; for ever
 */
enum akida_state {
	AKIDA_LIVE,
	AKIDA_BLOCKED,
	AKIDA_GONE,
};

struct akida_mem; /* akida_mem.c */
struct akida_window; /* akida_window.c */
struct akida_claim; /* akida_claim.h */
struct akida_core; /* akida_core.h */
struct akida_power; /* akida_power.h */

/**
 * struct akida_device - a board
 * @dev: the character device's; its release frees all of this
 * @cdev: /dev/akidaN
 * @pdev: PCI function, held; hardware is touched between akida_enter() and
 *	akida_leave() only, or by code that akida_block() waits for
 * @chip: table
 * @index: N
 * @alias: vendor's name of the node, empty where it is ours
 * @alias_index: the number in it, or -1
 * @numbered: both numbers are taken
 * @serial: PCI Express serial number as lspci prints it, empty without one
 * @virtual: PCI subsystem 1af4:1100
 * @iommu: translates
 * @bar: mapped registers and memory
 * @bar_len: bytes of them
 * @regions: they are requested
 * @ip_version: of the core
 * @sem: read while hardware is touched or objects of the board are changed;
 *	written by who blocks the board. Taken inside mmap_lock (by mmap() of
 *	the vendor's interface), so user memory is never touched under it;
 *	page faults take @map_lock only, lest they wait for a reset
 * @state: changed under @block_lock, read without. Who holds @sem has seen it
 *	AKIDA_LIVE; it may change under their hands, but who changed it then
 *	waits for them
 * @block_lock: for @state, @blocks, and that mappings agree with them;
 *	@map_lock is taken inside
 * @blocks: calls of akida_block() without their akida_unblock()
 * @state_wq: waits for the end of AKIDA_BLOCKED
 * @hw_lock: held while a blocked board is reset and set up again; outermost
 *	of the driver's locks, inside the PCI core's device lock
 * @offline: hardware must not be touched, since PCI reset, error recovery or
 *	sleep has it; what ends these sets it up again (under @hw_lock)
 * @resets: how many there were
 * @saved: configuration space at probe, for a board that lost its own
 * @recover: sets the board up again after it stopped to answer
 * @owed: calls of akida_unblock() that @recover owes to others
 * @patience: gives the board up when error recovery does not come to an end
 * @irq: vector; 0 without
 * @dma: engine
 * @mem: allocator of device memory
 * @window: host memory that the chip sees; NULL without
 * @core: what programs and jobs do
 * @power: sensors and clock; NULL without any
 * @wq: ends transfers whose callers do not wait
 * @files_lock: for @files, @claim; taken inside @sem
 * @files: open files
 * @claim_lock: held while a claim begins and ends; inside mmap_lock, outside
 *	@sem
 * @claim: the vendor's interface holds the board, or NULL
 * @map_lock: page faults read it, who zaps mappings writes it; taken inside
 *	mmap_lock, nothing is taken inside it
 * @map_blocked: faults on the board's memory get a dummy page (under @map_lock)
 * @map_gone: so do those on host memory, which is being freed
 * @debugfs: directory of this board
 * @events: what is told of it
 */
struct akida_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	const struct akida_chip *chip;
	int index;
	char alias[16];
	int alias_index;
	bool numbered;
	char serial[24];
	bool virtual;
	bool iommu;
	void __iomem *bar[AKIDA_NUM_BARS];
	resource_size_t bar_len[AKIDA_NUM_BARS];
	bool regions;
	u32 ip_version;

	struct rw_semaphore sem;
	enum akida_state state;
	struct mutex block_lock;
	unsigned int blocks;
	wait_queue_head_t state_wq;
	struct mutex hw_lock;
	bool offline;
	unsigned int resets;
	struct pci_saved_state *saved;
	struct delayed_work recover;
	atomic_t owed;
	struct delayed_work patience;
	int irq;

	struct akida_dma *dma;
	struct akida_mem *mem;
	struct akida_window *window;
	struct akida_core *core;
	struct akida_power *power;

	struct workqueue_struct *wq;
	struct mutex files_lock;
	struct list_head files;
	struct mutex claim_lock;
	struct akida_claim *claim;

	struct rw_semaphore map_lock;
	bool map_blocked;
	bool map_gone;

	struct dentry *debugfs;
	struct akida_events events;
};

/**
 * akida_enter() - begin to use the board
 * @adev: board
 *
 * Waits (killable) while it is blocked; one that is suspended is resumed. Sleeping for long under it is wrong:
 * wait for transfers outside. Completions of transfers do not call it, they
 * are waited for by who blocks the board.
 *
 * Return: 0, and akida_leave() is due; -ENODEV when it is gone, -EINTR.
 */
int akida_enter(struct akida_device *adev);

/**
 * akida_leave() - end of akida_enter()
 * @adev: board
 */
void akida_leave(struct akida_device *adev);

/**
 * akida_block() - keep everybody off the board
 * @adev: board
 * @state: AKIDA_BLOCKED (akida_unblock() is due) or AKIDA_GONE
 * @error: negative errno that transfers under way end with
 *
 * Lets nobody in any more, ends all transfers, makes mappings show a dummy
 * page, and waits until nobody is between akida_enter() and akida_leave().
 * Then bus mastering is off, and the hardware is the caller's alone but for
 * others who block it, too: touch it under @hw_lock. Calls nest; GONE stays
 * GONE. Sleeps; not from completions, nor by who is inside.
 */
void akida_block(struct akida_device *adev, enum akida_state state, int error);

/**
 * akida_unblock() - let everybody on again
 * @adev: a blocked board, whose hardware was set up again
 *
 * Mappings show the board again, and callers go on, with the last of the
 * calls that akida_block() had. Nothing for a board that is gone.
 */
void akida_unblock(struct akida_device *adev);

/**
 * akida_alive() - does the board answer
 * @adev: board
 *
 * Reads the vendor id from configuration space. A hint for messages and for
 * giving up early; nothing may depend on all ones being noticed.
 *
 * Return: true if it does.
 */
bool akida_alive(struct akida_device *adev);

/**
 * akida_set_up() - make the hardware work: at probe and after resets
 * @adev: blocked board, @hw_lock held
 *
 * Translation, DMA engine, core, window; then bus mastering. The engine is
 * known to be quiet before the board may reach host memory again.
 *
 * Return: 0, -EIO, -ENODEV; logged.
 */
int akida_set_up(struct akida_device *adev);

/**
 * akida_reset_board() - set a board up again that works
 * @adev: board, blocked by the caller
 *
 * If PCI reset, error recovery or sleep has it, nothing: its end does that.
 *
 * Return: 0, -EIO, -ENODEV.
 */
int akida_reset_board(struct akida_device *adev);

/**
 * akida_reset() - block the board, reset it, and let everybody on again
 * @adev: board, not entered by the caller
 *
 * A board that cannot be set up again is given up. Sleeps; not under
 * akida_enter(), nor from completions.
 *
 * Return: 0, -EIO, -ENODEV.
 */
int akida_reset(struct akida_device *adev);

/**
 * akida_recover() - have a board looked after that does not do as told
 * @adev: board
 *
 * Any context. A work item blocks it, turns bus mastering off, waits for it
 * to answer, restores its configuration space, resets it, by a function reset
 * if need be, and lets everybody on again, or gives it up.
 */
void akida_recover(struct akida_device *adev);

/**
 * akida_recover_init() - prepare akida_recover()
 * @adev: board
 */
void akida_recover_init(struct akida_device *adev);

/**
 * akida_recover_exit() - it does not run any more
 * @adev: gone board
 */
void akida_recover_exit(struct akida_device *adev);

/**
 * akida_take_offline() - nobody touches hardware until akida_bring_online()
 * @adev: board, blocked by the caller
 */
void akida_take_offline(struct akida_device *adev);

/**
 * akida_try_online() - set the board up again
 * @adev: board whose configuration space is restored
 *
 * Return: 0; or -EIO, -ENODEV, and it is offline still.
 */
int akida_try_online(struct akida_device *adev);

/**
 * akida_bring_online() - set the board up again and undo its akida_block()
 * @adev: board whose configuration space is restored
 *
 * One that does not work is left to akida_recover(), blocked.
 *
 * Return: 0, -EIO, -ENODEV.
 */
int akida_bring_online(struct akida_device *adev);

/**
 * akida_wake_online() - akida_bring_online() after a runtime suspend
 * @adev: board whose configuration space is restored
 *
 * Nobody calls it a reset: no user's data were on the board.
 */
void akida_wake_online(struct akida_device *adev);

/**
 * akida_restore_config() - give a board that lost it its configuration space
 * @adev: board, @hw_lock held or offline
 *
 * As at probe, without bus mastering.
 *
 * Return: 0 or a negative errno.
 */
int akida_restore_config(struct akida_device *adev);

/**
 * akida_patience_begin() - give the board up if error recovery does not end
 * @adev: board
 */
void akida_patience_begin(struct akida_device *adev);

/**
 * akida_patience_end() - it has ended
 * @adev: board
 */
void akida_patience_end(struct akida_device *adev);

/**
 * akida_give_up() - the board does not come back
 * @adev: board
 * @why: for the log
 */
void akida_give_up(struct akida_device *adev, const char *why);

/**
 * akida_reset_core() - the core's and the NPs' reset sequence
 * @adev: board, entered or blocked
 *
 * Source: reset sequence of BrainChip's engine: set bits 9|12, 1 ms, clear,
 * 1 ms; set bits 8|10, 1 ms, clear.
 */
void akida_reset_core(struct akida_device *adev);

/**
 * akida_reset_mesh() - the NPs' part of it alone: no NP is configured any more
 * @adev: board, entered or blocked
 */
void akida_reset_mesh(struct akida_device *adev);

/* Registers of the core; @offset from the core's base. 32 bits each. */
static inline u32 akida_core_read(struct akida_device *adev, u32 offset)
{
	return ioread32(adev->bar[adev->chip->core.bar] + offset);
}

static inline void akida_core_write(struct akida_device *adev, u32 offset,
				    u32 value)
{
	iowrite32(value, adev->bar[adev->chip->core.bar] + offset);
}

/* akida_device.c: the class, numbers, and objects of the character devices */
int akida_class_init(void);
void akida_class_exit(void);

/**
 * akida_device_alloc() - an object for a board, blocked
 * @pdev: its PCI function
 * @chip: table
 *
 * Return: it, to be given back by put_device(), or NULL.
 */
struct akida_device *akida_device_alloc(struct pci_dev *pdev,
					const struct akida_chip *chip);

/**
 * akida_device_add() - make /dev/akidaN
 * @adev: board that works
 *
 * Return: 0 or a negative errno.
 */
int akida_device_add(struct akida_device *adev);

/**
 * akida_device_del() - undo akida_device_add(); open files stay open
 * @adev: board
 */
void akida_device_del(struct akida_device *adev);

/* Work of all boards that may take its time. */
extern struct workqueue_struct *akida_wq;

/* Module parameters that more than one file asks for */
enum akida_raw_mode {
	AKIDA_RAW_OFF,
	AKIDA_RAW_ADMIN,
	AKIDA_RAW_GROUP
};
extern enum akida_raw_mode akida_raw_mode;

/* ------------------------------------------------------------------- irq */

/**
 * struct akida_msi - the message that an interrupt is
 * @address: to write to
 * @data: what to write
 */
struct akida_msi {
	u64 address;
	u32 data;
};

/**
 * akida_irq_init() - allocate the vector and request it
 * @adev: board after akida_dma_init()
 *
 * Return: 0 or a negative errno, logged with what to do.
 */
int akida_irq_init(struct akida_device *adev);

/**
 * akida_irq_exit() - give the vector back; no handler runs afterwards
 * @adev: board
 */
void akida_irq_exit(struct akida_device *adev);

/* ------------------------------------------------------------------- dma */

enum akida_dma_dir {
	AKIDA_DMA_TO_DEVICE, /* DesignWare "read" channels */
	AKIDA_DMA_FROM_DEVICE, /* "write" channels */
};

/**
 * struct akida_dma_seg - one contiguous piece of a transfer
 * @host: DMA address of the host side
 * @dev: device address
 * @len: bytes, a multiple of 4
 */
struct akida_dma_seg {
	dma_addr_t host;
	u32 dev;
	u32 len;
};

/**
 * struct akida_dma_req - a transfer
 * @dir: direction
 * @seg: pieces, in order; the caller's until @complete
 * @num_segs: how many
 * @complete: called once, when the transfer has ended and no hardware touches
 *	its memory any more; in process context, no locks held; may submit
 *	further requests, must not block the board. @status and @done are valid
 * @status: 0, -EIO (aborted, reset), -ETIMEDOUT (stalled), -ECANCELED,
 *	-ENODEV
 * @done: bytes that arrived, counted from the start
 * @node, @next_seg, @channel, @state: the engine's
 */
struct akida_dma_req {
	enum akida_dma_dir dir;
	const struct akida_dma_seg *seg;
	unsigned int num_segs;
	void (*complete)(struct akida_dma_req *req);
	int status;
	u64 done;

	struct list_head node;
	unsigned int next_seg;
	int channel;
	int state;
};

/**
 * akida_dma_init() - find the channels and make their lists' places
 * @adev: board whose BARs are mapped and translated
 *
 * Nothing can be submitted before akida_dma_restart().
 *
 * Return: 0 or a negative errno, logged.
 */
int akida_dma_init(struct akida_device *adev);

/**
 * akida_dma_exit() - nothing of the engine runs afterwards
 * @adev: gone board without vector
 */
void akida_dma_exit(struct akida_device *adev);

/**
 * akida_dma_free() - free what akida_dma_init() took
 * @adev: board whose object goes
 */
void akida_dma_free(struct akida_device *adev);

/**
 * akida_dma_submit() - queue a transfer
 * @adev: board, entered
 * @req: zeroed, with the caller's fields filled in
 *
 * Any channel of the direction takes it, in order of submission. Never
 * sleeps. One doorbell carries as many pieces as the list holds; more make
 * the engine go on from its interrupt.
 */
void akida_dma_submit(struct akida_device *adev, struct akida_dma_req *req);

/**
 * akida_dma_cancel() - end a transfer early
 * @adev: board
 * @req: submitted
 *
 * One that waits in the queue ends at once with -ECANCELED; one that runs is
 * stopped, the channel reinitialised. @req->complete was called when this
 * returns, or will be called by who is ending it already; sleeps.
 */
void akida_dma_cancel(struct akida_device *adev, struct akida_dma_req *req);

/**
 * akida_dma_stop_all() - end every transfer
 * @adev: board that lets nobody in
 * @error: what they end with
 * @touch: the hardware may be touched: channels are stopped in good order
 *
 * Either way bus mastering is turned off before any of them completes. All
 * completions have been called when this returns, and what is submitted
 * afterwards completes with @error. Sleeps.
 */
void akida_dma_stop_all(struct akida_device *adev, int error, bool touch);

/**
 * akida_dma_drain() - wait until no transfer is under way
 * @adev: board
 *
 * For as long as one that moves nothing may take, no longer.
 */
void akida_dma_drain(struct akida_device *adev);

/**
 * akida_dma_restart() - set the engine up, at probe and after a reset
 * @adev: blocked board whose translation is programmed
 *
 * Return: 0; -EIO if it does not stop, or the lists' memory does not hold.
 */
int akida_dma_restart(struct akida_device *adev);

/**
 * akida_dma_set_message() - tell the engine what an interrupt is
 * @adev: board
 * @msi: message
 *
 * At once if the engine runs. Any context.
 */
void akida_dma_set_message(struct akida_device *adev,
			   const struct akida_msi *msi);

/**
 * akida_dma_irq() - the vector's handler
 * @adev: board
 *
 * Return: IRQ_NONE if nothing had happened, IRQ_WAKE_THREAD if
 * akida_dma_complete() is due.
 */
irqreturn_t akida_dma_irq(struct akida_device *adev);

/**
 * akida_dma_spurious() - count an interrupt without a reason
 * @adev: board
 */
void akida_dma_spurious(struct akida_device *adev);

/**
 * akida_dma_complete() - call the completions of transfers that ended
 * @adev: board
 */
void akida_dma_complete(struct akida_device *adev);

/**
 * akida_dma_channels() - channels of each direction
 * @adev: board
 *
 * Return: how many are in use.
 */
unsigned int akida_dma_channels(struct akida_device *adev);

/**
 * akida_dma_list_elements() - pieces that one doorbell can carry
 * @adev: board
 *
 * Return: how many.
 */
unsigned int akida_dma_list_elements(struct akida_device *adev);

/**
 * akida_dma_list_bytes() - what of the device memory the lists really use
 * @adev: board
 *
 * The vendor's interface reaches all but these bytes, as its programs expect.
 *
 * Return: bytes from the start of the chip's memory: 0x100 with short lists.
 */
u32 akida_dma_list_bytes(struct akida_device *adev);

/**
 * akida_dma_shorten() - have lists that leave the vendor's programs all memory
 * @adev: board
 * @shorten: those of the vendor's 256 bytes, or as long as they may be
 *
 * From the next akida_dma_restart() on, that is from the next reset.
 */
void akida_dma_shorten(struct akida_device *adev, bool shorten);

/**
 * akida_dma_list_room() - memory that lists take at their longest
 * @adev: board
 *
 * Return: bytes from the start of the chip's memory.
 */
u32 akida_dma_list_room(struct akida_device *adev);

/**
 * akida_dma_reserved() - device memory that the lists take
 * @adev: board
 *
 * Return: bytes from the start of the chip's memory, whole pages.
 */
u32 akida_dma_reserved(struct akida_device *adev);

/* --------------------------------------------- files, buffers, mappings */

/* Called by the PCI side; declared in detail in akida_file.h. */
extern const struct file_operations akida_fops;

/* Caches of their objects; for module init and exit. */
int akida_objects_module_init(void);
void akida_objects_module_exit(void);

/**
 * akida_objects_init() - allocators of device memory and window
 * @adev: board with a working DMA engine, whose locks and lists are set up
 *
 * Return: 0 or a negative errno.
 */
int akida_objects_init(struct akida_device *adev);

/**
 * akida_objects_exit() - free them when the device object goes
 * @adev: board; its hardware may be gone, and akida_objects_init() may never
 *	have been called
 */
void akida_objects_exit(struct akida_device *adev);

/**
 * akida_objects_detach() - let go of everything that needs the PCI device
 * @adev: gone board, nobody inside, no transfer under way
 *
 * DMA mappings, pinned pages, coherent memory of all files. Objects stay as
 * shells until their files close. Also called when probe fails, maybe before
 * akida_objects_init(). Called with no lock held that is taken inside
 * mmap_lock, such as @sem.
 */
void akida_objects_detach(struct akida_device *adev);

/**
 * akida_objects_restart() - program the window again after a reset
 * @adev: blocked board
 */
void akida_objects_restart(struct akida_device *adev);

/**
 * akida_zap_mappings() - make all mappings show a dummy page
 * @adev: board
 *
 * Later faults get the dummy page too, until akida_allow_mappings().
 */
void akida_zap_mappings(struct akida_device *adev);

/**
 * akida_allow_mappings() - let mappings show the board again
 * @adev: board that works again
 */
void akida_allow_mappings(struct akida_device *adev);

/* --------------------------------------------------------------- debugfs */

void akida_debugfs_module_init(void);
void akida_debugfs_module_exit(void);
void akida_debugfs_add(struct akida_device *adev);
void akida_debugfs_remove(struct akida_device *adev);

/* Shows the channels in @m (akida_dma.c). */
struct seq_file;
void akida_dma_show(struct akida_device *adev, struct seq_file *m);

#endif /* AKIDA_H */
