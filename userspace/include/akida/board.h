/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boards: which there are, their memory, and copies to and from it.
 *
 * A program for a model needs none of this: device.h takes the name of a board
 * as it takes "soft".
 */
#ifndef AKIDA_BOARD_H
#define AKIDA_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------- which there are */

/**
 * struct akida_board_desc - a board, as anybody may see it
 * @index: N of /dev/akidaN
 * @chip: which; AKIDA_TARGET_NONE for one that this library does not know
 * @is_virtual: a virtual board (PCI subsystem 1af4:1100), not silicon
 * @node: "/dev/akidaN"; in a container its name may be another
 * @pci_address: "0000:01:00.0"; without sysfs, as in some containers, it and
 *	all that follows is not known: "", 0 and -1
 * @driver: kernel driver that holds it
 * @pci_vendor: PCI ids
 * @pci_device: PCI ids
 * @pci_subvendor: PCI ids
 * @pci_subdevice: PCI ids
 * @link_speed: of the PCI Express link now, in MT/s of a lane (5000 is
 *	"5.0 GT/s"); 0 if it is not known
 * @link_speed_max: what the board can
 * @link_width: lanes in use; 0 if it is not known
 * @link_width_max: what the board has
 * @irq: Linux number of its interrupt; 0 without
 * @num_irqs: how many interrupts it has
 * @numa_node: node of memory and processors next to it, -1 for none
 * @iommu_group: number, -1 without an IOMMU
 * @iommu_type: what the IOMMU does with the group: "DMA" and "DMA-FQ"
 *	translate and confine, "identity" does not; "" without an IOMMU
 */
struct akida_board_desc {
	uint32_t index;
	enum akida_target chip;
	bool is_virtual;
	char node[32];
	char pci_address[24];
	char driver[32];
	uint16_t pci_vendor, pci_device, pci_subvendor, pci_subdevice;
	uint32_t link_speed, link_speed_max;
	uint32_t link_width, link_width_max;
	uint32_t irq, num_irqs;
	int32_t numa_node;
	int32_t iommu_group;
	char iommu_type[16];
};

/**
 * akida_board_list() - enumerate the boards that the driver holds
 * @i: number from 0, in the order of indexes
 * @desc: where to put it
 * @desc_size: sizeof(*@desc)
 *
 * Reads sysfs; opens no board and needs no rights. That there is a node here,
 * as in a container that was given another board, is not said. Where there is
 * no sysfs, nodes in /dev are opened and their driver is asked.
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_board_list(unsigned int i, struct akida_board_desc *desc,
		     size_t desc_size);

/**
 * akida_board_find() - look a board up
 * @name: its index ("0"), its node ("/dev/akida0", a link to it, or "akida0")
 *	or its PCI address ("0000:01:00.0", "01:00.0" in domain 0)
 *	("0" is the board of the node /dev/akida0, whatever its index is, and
 *	the board with that index only if there is no such node)
 * @desc: where to put it
 * @desc_size: sizeof(*@desc)
 *
 * Return: 0, -ENOENT if there is none, -EINVAL if boards have no such names.
 */
int akida_board_find(const char *name, struct akida_board_desc *desc,
		     size_t desc_size);

/**
 * struct akida_board_user - a process that has a board open
 * @pid: process
 * @uid: whose it is
 * @files: how often it has it open
 * @comm: its name
 */
struct akida_board_user {
	int32_t pid;
	uint32_t uid;
	uint32_t files;
	char comm[32];
};

/**
 * akida_board_users() - who has a board open
 * @desc: a board
 * @users: where to put them, by process number
 * @max: how many fit
 *
 * Reads /proc; processes of others are seen by root only.
 *
 * Return: how many were found, which may be more than @max; a negative errno.
 */
int akida_board_users(const struct akida_board_desc *desc,
		      struct akida_board_user *users, size_t max);

/**
 * akida_ip_version_name() - product that an IP_VERSION register stands for
 * @version: vendor 31:24, product 23:16, major 15:8, minor 7:0
 *
 * The table is that of BrainChip's published engine. An AKD1000 reads as 0:
 * its name cannot be told from the register.
 *
 * Return: "AKD1500" and the like, NULL for a version not in the table.
 */
const char *akida_ip_version_name(uint32_t version);

/* -------------------------------------------------------------- a board */

/**
 * struct akida_board - an open board
 *
 * Opaque. One thread at a time may use a handle and its buffers; threads that
 * open the board for themselves are independent.
 */
struct akida_board;

/**
 * akida_board_new() - a handle without a board
 *
 * Return: a handle to be given to akida_board_free(), NULL without memory.
 */
struct akida_board *akida_board_new(void);

/**
 * akida_board_free() - close a board
 * @b: a handle or NULL; it stays open until its buffers are freed, too
 */
void akida_board_free(struct akida_board *b);

/**
 * akida_board_error() - what went wrong last
 * @b: a handle
 *
 * Return: a sentence that says what to do; "" if no call has failed.
 */
const char *akida_board_error(const struct akida_board *b);

/**
 * akida_board_open() - open a board
 * @b: a handle
 * @name: as akida_board_find() takes it, or the path of any node of a board
 *
 * A board that another process has claimed for itself (vendor's file interface)
 * opens, but has no buffers for others.
 *
 * Return: 0; -ENOENT if there is no such board; -EACCES or -EPERM without the
 * right to it; -EBUSY if the handle is open already; -ENODEV or -ENXIO if it is
 * gone; -ENOTTY if the node is that of another driver; -EINVAL if boards have no
 * such names.
 */
int akida_board_open(struct akida_board *b, const char *name);

/* What &struct akida_board_info.caps says */
#define AKIDA_BOARD_VIRTUAL 0x1u /* a virtual board, not silicon */
#define AKIDA_BOARD_IOMMU 0x2u /* an IOMMU translates and confines its DMA */
#define AKIDA_BOARD_COHERENT 0x4u /* DMA is coherent with the caches */
#define AKIDA_BOARD_MAPS_DEVICE 0x8u /* device memory can be mapped */
#define AKIDA_BOARD_WINDOW 0x10u /* AKIDA_MEMORY_WINDOW can be created */
#define AKIDA_BOARD_LONG_LISTS 0x20u /* a transfer's list is a long one */

/**
 * struct akida_board_info - what the driver says of a board
 * @abi_version: version of the driver's interface
 * @chip: which; AKIDA_TARGET_NONE for one that this library does not know
 * @caps: mask of AKIDA_BOARD_*
 * @ip_version: the core's IP_VERSION register; see akida_ip_version_name()
 * @index: N of /dev/akidaN
 * @window_regions: translation regions that AKIDA_MEMORY_WINDOW can use
 * @device_memory: bytes of device memory that buffers can take
 * @device_free: of these not taken now
 * @device_largest: largest device buffer that could be created now
 * @window_size: bytes of the window through which the board sees host memory
 * @window_free: of these not taken now
 * @dma_channels: DMA channels of each direction
 * @list_elements: pieces of a transfer that one doorbell carries
 * @align: addresses and sizes of copies are multiples of this
 * @page_size: device and window buffers are multiples of this
 * @users: open files, this one included
 * @resets: resets of the board since the driver found it
 */
struct akida_board_info {
	uint32_t abi_version;
	enum akida_target chip;
	uint32_t caps;
	uint32_t ip_version;
	uint32_t index;
	uint32_t window_regions;
	uint64_t device_memory, device_free, device_largest;
	uint64_t window_size, window_free;
	uint32_t dma_channels, list_elements;
	uint32_t align, page_size;
	uint32_t users, resets;
};

/**
 * akida_board_info() - what the driver says of a board
 * @b: an open board
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0; -EBADF for a handle that is not open, -ENODEV if the board is gone.
 */
int akida_board_info(struct akida_board *b, struct akida_board_info *info,
		     size_t info_size);

/**
 * akida_board_fd() - the file behind a board, for poll()
 * @b: an open board
 *
 * POLLIN says that copies have ended since akida_board_completed() or
 * akida_board_wait() was called last, POLLERR or POLLHUP that the board is
 * gone.
 *
 * Return: a file descriptor that stays the library's; -EBADF for a handle
 * that is not open.
 */
int akida_board_fd(const struct akida_board *b);

/* -------------------------------------------------------------- memory */

/**
 * enum akida_memory - where a buffer is
 * @AKIDA_MEMORY_HOST: host memory of the driver, coherent, one piece for the
 *	board
 * @AKIDA_MEMORY_USER: the caller's own memory; pinned, and charged to
 *	RLIMIT_MEMLOCK
 * @AKIDA_MEMORY_DEVICE: memory on the board
 * @AKIDA_MEMORY_WINDOW: host memory that an AKD1500 sees at a device address
 */
enum akida_memory {
	AKIDA_MEMORY_HOST = 1,
	AKIDA_MEMORY_USER = 2,
	AKIDA_MEMORY_DEVICE = 3,
	AKIDA_MEMORY_WINDOW = 4,
};

/* The board only reads this memory (AKIDA_MEMORY_USER) */
#define AKIDA_MEMORY_READ_ONLY 0x1u

/**
 * struct akida_buffer - memory for copies
 *
 * Opaque. Belongs to its board; a new one reads as zero, memory of the caller
 * aside.
 */
struct akida_buffer;

/**
 * akida_buffer_new() - allocate memory
 * @b: an open board
 * @memory: where; AKIDA_MEMORY_USER is for akida_buffer_new_user()
 * @size: bytes, more than 0; rounded up to whole pages
 * @out: where to put it, NULL after an error
 *
 * Return: 0; -ENOSPC without room on the board or in the window; -ENOMEM
 * without host memory; -EOPNOTSUPP for a window on a chip that has none;
 * -EINVAL for a size that cannot be; -EBUSY while another process has claimed
 * the board.
 */
int akida_buffer_new(struct akida_board *b, enum akida_memory memory,
		     uint64_t size, struct akida_buffer **out);

/**
 * akida_buffer_new_user() - make the caller's memory known to a board
 * @b: an open board
 * @data: memory, aligned as &struct akida_board_info.align says; must stay
 *	where it is until the buffer is freed
 * @size: bytes, more than 0
 * @flags: AKIDA_MEMORY_READ_ONLY or 0
 * @out: where to put it, NULL after an error
 *
 * Return: 0; -ENOMEM over RLIMIT_MEMLOCK; -EFAULT for memory that is not
 * there or not writable; -EOPNOTSUPP for memory that cannot be pinned;
 * -EINVAL for wrong alignment or size; -EBUSY as akida_buffer_new().
 */
int akida_buffer_new_user(struct akida_board *b, void *data, size_t size,
			  uint32_t flags, struct akida_buffer **out);

/**
 * akida_buffer_free() - give a buffer back
 * @buf: a buffer or NULL; its mapping goes, copies under way keep its memory
 */
void akida_buffer_free(struct akida_buffer *buf);

/**
 * akida_buffer_size() - size of a buffer
 * @buf: a buffer
 *
 * Return: bytes, whole pages unless it is the caller's memory.
 */
uint64_t akida_buffer_size(const struct akida_buffer *buf);

/**
 * akida_buffer_device_address() - where the board sees a buffer
 * @buf: a buffer
 *
 * Return: device address; 0 for host and user memory, which it sees only
 * while a copy runs.
 */
uint64_t akida_buffer_device_address(const struct akida_buffer *buf);

/**
 * akida_buffer_map() - let the processor reach a buffer
 * @buf: a buffer
 * @data: where to put its first byte; the same with every call
 *
 * Device memory is behind a PCI BAR: slow to read, and shown as far as the
 * BAR reaches only.
 *
 * Return: 0; -EOPNOTSUPP for device memory that no BAR shows; a negative
 * errno.
 */
int akida_buffer_map(struct akida_buffer *buf, void **data);

/* -------------------------------------------------------------- copies */

/**
 * struct akida_copy - a copy between two buffers of one board
 * @dst: where to; one side must be device memory, the other must not
 * @src: where from
 * @dst_offset: byte of @dst to begin with
 * @src_offset: byte of @src to begin with
 * @size: bytes, more than 0; offsets and size are multiples of
 *	&struct akida_board_info.align
 */
struct akida_copy {
	struct akida_buffer *dst, *src;
	uint64_t dst_offset, src_offset;
	uint64_t size;
};

/**
 * akida_board_copy() - copy by DMA and wait for the end
 * @b: board of both buffers
 * @copy: what
 * @done: where to put the bytes that arrived, also after an error; or NULL
 *
 * Return: 0; -EINVAL for a range outside a buffer, wrong alignment or buffers
 * of another board; -EOPNOTSUPP for two buffers on one side; -EACCES for
 * writing to read-only memory; -EIO if the board aborted it; -ETIMEDOUT if it
 * stopped moving; -ENODEV if the board is gone; -EINTR if a signal cancelled
 * it.
 */
int akida_board_copy(struct akida_board *b, const struct akida_copy *copy,
		     uint64_t *done);

/**
 * akida_board_copy_async() - begin a copy
 * @b: board of both buffers
 * @copy: what
 * @seq: where to put its number, which counts from 1 for each open board
 *
 * Return: 0; errors as akida_board_copy(), and -EAGAIN if too many are under
 * way.
 */
int akida_board_copy_async(struct akida_board *b, const struct akida_copy *copy,
			   uint64_t *seq);

/**
 * akida_board_wait() - wait for a copy
 * @b: board
 * @seq: number of the copy
 * @deadline: CLOCK_MONOTONIC nanoseconds; 0 waits for ever, and 1, which is
 *	long past, only looks
 * @done: where to put the bytes that arrived; or NULL
 *
 * Return: 0 or what akida_board_copy() would have returned; -ETIME after the
 * deadline; -EINVAL for a number that was never given out; -ESTALE if the
 * result was dropped because many copies have ended since; -EINTR: call again.
 */
int akida_board_wait(struct akida_board *b, uint64_t seq, uint64_t deadline,
		     uint64_t *done);

/**
 * akida_board_completed() - how far copies have come
 * @b: board
 * @seq: all copies up to this number have ended
 *
 * Return: 0 or a negative errno.
 */
int akida_board_completed(struct akida_board *b, uint64_t *seq);

/**
 * akida_board_set_eventfd() - have an eventfd signalled
 * @b: board
 * @fd: an eventfd, to which 1 is added when a copy of
 *	akida_board_copy_async() ends; -1 for none
 *
 * Return: 0; -EBADF, -EINVAL if it is no eventfd.
 */
int akida_board_set_eventfd(struct akida_board *b, int fd);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_BOARD_H */
