/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: Rules of all commands
 *
 * The interface between akida.ko and programs is ioctls on /dev/akidaN.
 *
 * - The size of a structure is part of its command number. The driver takes a
 *   longer one if what it does not know is zero, and else answers -E2BIG; a
 *   shorter one is taken as if the rest were zero. So programs and drivers of
 *   different ages work together.
 * - Flags and reserved fields that have no meaning yet must be zero, or the
 *   answer is -EINVAL.
 * - Handles belong to the open file; they cannot be used through another one.
 * - Any command may answer -ENOTTY: no such command; -ENODEV: the board is
 *   gone, close the file; -EBUSY: another file has claimed the board (vendor's
 *   file interface); -EFAULT: a pointer; -EINTR: a signal, the call can be made
 *   again.
 */
#ifndef _UAPI_AKIDA_H
#define _UAPI_AKIDA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define AKIDA_IOC_MAGIC 0xBC

/**
 * DOC: What a board is
 *
 * ``AKIDA_IOC_INFO`` fills a &struct akida_ioc_info. ``AKIDA_ABI_VERSION`` grows
 * by one when something is added to this interface; nothing is ever taken away.
 * Chips are ``AKIDA_CHIP_AKD1000`` and ``AKIDA_CHIP_AKD1500``. Modes of the
 * clock are ``AKIDA_CLOCK_PERFORMANCE``, ``AKIDA_CLOCK_ECONOMY`` and
 * ``AKIDA_CLOCK_LOW_POWER``. Capabilities:
 *
 * ``AKIDA_CAP_VIRTUAL``
 *   a virtual board, not silicon
 * ``AKIDA_CAP_IOMMU``
 *   an IOMMU translates and confines its DMA
 * ``AKIDA_CAP_COHERENT``
 *   DMA is coherent with the host's caches
 * ``AKIDA_CAP_DEVMEM_MMAP``
 *   device buffers can be mapped
 * ``AKIDA_CAP_WINDOW``
 *   the board has a window to host memory
 * ``AKIDA_CAP_LONG_LISTS``
 *   DMA lists are longer than the vendor's 64 bytes
 */
#define AKIDA_ABI_VERSION 3

#define AKIDA_CHIP_AKD1000 1
#define AKIDA_CHIP_AKD1500 2

/* Modes of the core's clock, fastest first; set by clock_mode in sysfs */
#define AKIDA_CLOCK_PERFORMANCE 1
#define AKIDA_CLOCK_ECONOMY 2
#define AKIDA_CLOCK_LOW_POWER 3

#define AKIDA_CAP_VIRTUAL 0x1
#define AKIDA_CAP_IOMMU 0x2
#define AKIDA_CAP_COHERENT 0x4
#define AKIDA_CAP_DEVMEM_MMAP 0x8
#define AKIDA_CAP_WINDOW 0x10
#define AKIDA_CAP_LONG_LISTS 0x20

/**
 * struct akida_ioc_info - what the board is
 * @flags: in: 0
 * @abi_version: AKIDA_ABI_VERSION of the driver
 * @chip: AKIDA_CHIP_*
 * @caps: mask of AKIDA_CAP_*
 * @ip_version: the core's IP_VERSION register as read at probe
 * @index: N of /dev/akidaN
 * @devmem_size: bytes of device memory that buffers can take
 * @devmem_free: of these not taken now
 * @devmem_largest: largest device buffer that could be created now
 * @window_size: bytes of the window through which the board sees host memory
 * @window_free: of these not taken now
 * @window_regions: translation regions that host buffers can use; one each
 * @dma_channels: DMA channels of each direction
 * @list_elements: pieces of a transfer that one doorbell can carry
 * @dma_align: addresses and sizes of transfers are multiples of this
 * @users: open files, the caller's included
 * @resets: resets of the board since probe
 * @page_size: device and window buffers are multiples of this
 * @programs: programs on the board, everybody's
 * @device_version: of programs that it takes; see &struct akida_ioc_program
 * @switches: how often the mesh was configured for another program than before
 * @jobs: jobs that the core has done since probe
 * @core_errors: jobs that it could not run, or that did not end
 * @program_bytes: bytes of programs moved to the board since probe
 * @core_resets: resets of the core alone, after such jobs
 * @clock_mode: AKIDA_CLOCK_*; 0 on silicon, whose clock is not known to be
 *	settable, and if the board cannot tell
 * @reserved: out: 0
 *
 * What follows @page_size came with version 2, what follows @program_bytes
 * with version 3; older drivers leave it zero.
 */
struct akida_ioc_info {
	__u32 flags;
	__u32 abi_version;
	__u32 chip;
	__u32 caps;
	__u32 ip_version;
	__u32 index;
	__u64 devmem_size;
	__u64 devmem_free;
	__u64 devmem_largest;
	__u64 window_size;
	__u64 window_free;
	__u32 window_regions;
	__u32 dma_channels;
	__u32 list_elements;
	__u32 dma_align;
	__u32 users;
	__u32 resets;
	__u32 page_size;
	__u32 programs;
	__u32 device_version;
	__u32 core_resets;
	__u64 switches;
	__u64 jobs;
	__u64 core_errors;
	__u64 program_bytes;
	__u32 clock_mode;
	__u32 reserved;
};

/**
 * DOC: Buffers
 *
 * Memory that transfers are from and to: ``AKIDA_IOC_BUFFER_CREATE`` makes one,
 * ``AKIDA_IOC_BUFFER_QUERY`` tells what one is (both &struct akida_ioc_buffer),
 * ``AKIDA_IOC_BUFFER_FREE`` gives one back (&struct akida_ioc_buffer_free).
 *
 * ``AKIDA_BUFFER_READ_ONLY``
 *   flag: the board only reads this memory: pages of a read-only mapping will do
 * ``AKIDA_MAX_BUFFERS``, ``AKIDA_MAX_BUFFER_SIZE``
 *   buffers of one file, and bytes of one buffer
 * ``AKIDA_MMAP_BUFFERS``, ``AKIDA_MMAP_END``
 *   mmap() offsets of buffers lie between these; those below are the vendor's
 *   file interface's, where offsets are device addresses
 */

/**
 * enum akida_buffer_kind - where a buffer's memory is
 * @AKIDA_BUFFER_HOST: host memory of the driver, coherent, one piece for the
 *	board; mmap() it
 * @AKIDA_BUFFER_USER: the caller's own memory, pinned where it is and charged
 *	to RLIMIT_MEMLOCK
 * @AKIDA_BUFFER_DEVICE: memory on the board
 * @AKIDA_BUFFER_WINDOW: host memory of the driver that programs on an AKD1500
 *	see at a device address; mmap() it
 */
enum akida_buffer_kind {
	AKIDA_BUFFER_HOST = 1,
	AKIDA_BUFFER_USER = 2,
	AKIDA_BUFFER_DEVICE = 3,
	AKIDA_BUFFER_WINDOW = 4,
};

#define AKIDA_BUFFER_READ_ONLY 0x1

#define AKIDA_MAX_BUFFERS 3840
#define AKIDA_MAX_BUFFER_SIZE (1ULL << 32)

#define AKIDA_MMAP_BUFFERS (1ULL << 40)
#define AKIDA_MMAP_END (1ULL << 44)

/**
 * struct akida_ioc_buffer - make a buffer, or ask what one is
 * @kind: &enum akida_buffer_kind; create: in, query: out
 * @flags: AKIDA_BUFFER_READ_ONLY (user memory only); create: in, query: out
 * @size: bytes, more than 0; create: in and out (rounded up to pages for
 *	kinds other than user memory), query: out
 * @user_addr: start of the user memory, any alignment that @dma_align of the
 *	info allows; 0 for other kinds; create: in, query: out
 * @handle: create: out, more than 0; query: in
 * @reserved: in: 0
 * @mmap_offset: out: offset for mmap() on the same file; 0 if that is not
 *	possible (user memory; device memory that no BAR shows)
 * @device_addr: out: address by which the board sees it; 0 for host and user
 *	memory, which it sees only while a transfer runs
 *
 * A new buffer reads as zero, user memory aside.
 *
 * Create: 0; -EINVAL for an unknown kind, a size of 0 or above
 * AKIDA_MAX_BUFFER_SIZE, wrong alignment; -ENOSPC without room in the device
 * memory or the window, or AKIDA_MAX_BUFFERS; -ENOMEM without host memory or
 * over RLIMIT_MEMLOCK; -EFAULT for memory that is not there or not writable;
 * -EOPNOTSUPP for memory that cannot be pinned or a window that the chip does
 * not have; -EIO or -ETIMEDOUT if the board was reset while the memory was
 * zeroed, or does not take zeros or the settings of its window. Query: 0; -ENOENT
 * for a handle that is not the file's.
 */
struct akida_ioc_buffer {
	__u32 kind;
	__u32 flags;
	__u64 size;
	__u64 user_addr;
	__u32 handle;
	__u32 reserved;
	__u64 mmap_offset;
	__u64 device_addr;
};

/**
 * struct akida_ioc_buffer_free - give a buffer back
 * @handle: of the buffer
 * @flags: 0
 *
 * Its memory goes when nothing uses it any more: mappings and transfers keep
 * it. Return: 0; -ENOENT for a handle that is not the file's.
 */
struct akida_ioc_buffer_free {
	__u32 handle;
	__u32 flags;
};

/**
 * DOC: Transfers
 *
 * ``AKIDA_IOC_COPY`` copies by DMA (&struct akida_ioc_copy), ``AKIDA_IOC_WAIT``
 * waits for the end of a transfer (&struct akida_ioc_wait), and
 * ``AKIDA_IOC_EVENTFD`` has an eventfd signalled (&struct akida_ioc_eventfd).
 *
 * ``AKIDA_COPY_ASYNC``
 *   flag: do not wait for the end; the number says which transfer it is
 * ``AKIDA_MAX_ASYNC``
 *   transfers of one file that may be under way at a time
 * ``AKIDA_WAIT_POLL``
 *   flag: do not wait at all, only look
 * ``AKIDA_MAX_RESULTS``
 *   results of as many finished transfers are kept
 */
#define AKIDA_COPY_ASYNC 0x1
#define AKIDA_MAX_ASYNC 256

/**
 * struct akida_ioc_copy - copy between two buffers by DMA
 * @src: handle of the source
 * @dst: handle of the destination
 * @src_offset: byte to begin with
 * @dst_offset: byte to begin with
 * @size: bytes, more than 0
 * @flags: AKIDA_COPY_ASYNC or 0
 * @reserved: 0
 * @seq: out: number of this transfer, counting from 1 for each file
 * @done: out: bytes that arrived; without AKIDA_COPY_ASYNC only
 *
 * One buffer must be device memory and the other must not. Offsets and size
 * are multiples of @dma_align of the info.
 *
 * Return: 0; -ENOENT for a handle; -EINVAL for a range outside a buffer or
 * misaligned; -EOPNOTSUPP for two buffers on one side; -EACCES for writing
 * to read-only memory; -EAGAIN if AKIDA_MAX_ASYNC are under way; -EIO if the
 * board aborted the transfer or was reset; -ETIMEDOUT if it stopped moving;
 * -ENODEV if it is gone. @seq and @done are written for -EIO and -ETIMEDOUT
 * too. A signal during a wait cancels the transfer: -EINTR if a handler ran,
 * else (sleep, a debugger, SIGCONT) the kernel begins it anew.
 */
struct akida_ioc_copy {
	__u32 src;
	__u32 dst;
	__u64 src_offset;
	__u64 dst_offset;
	__u64 size;
	__u32 flags;
	__u32 reserved;
	__u64 seq;
	__u64 done;
};

#define AKIDA_WAIT_POLL 0x1
#define AKIDA_MAX_RESULTS 1024

/**
 * struct akida_ioc_wait - wait for a transfer or a job
 * @seq: its number; 0 looks at @completed only
 * @deadline: CLOCK_MONOTONIC nanoseconds; 0 waits for ever
 * @flags: AKIDA_WAIT_POLL or 0
 * @status: out: 0 or a negative errno, as akida_ioc_copy returns them
 * @done: out: bytes that arrived
 * @completed: out: all transfers and jobs up to this number have ended
 * @cookie: out: of a job, as it was submitted
 * @clocks: out: of a job, what the core's timer counted; jobs that it ran
 *	without a pause in between share the count evenly
 * @queued: out: of a job, CLOCK_MONOTONIC nanoseconds when it was submitted
 * @started: out: of a job, when the core was last told to run it; 0 if never
 * @ended: out: of a job, when its outputs were there or it failed
 *
 * Jobs came with version 2; for transfers what follows @completed is zero.
 * poll() reports POLLIN when @completed has grown since the last call of
 * this. Deadlines are absolute, so that a call that a signal interrupted can
 * just be made again.
 *
 * Return: 0 when the transfer has ended, whether or not it succeeded;
 * -EINVAL for a number that was never given out; -ESTALE if more than
 * AKIDA_MAX_RESULTS have ended since; -ETIME after the deadline, or with
 * AKIDA_WAIT_POLL if it has not ended; -EINTR after a signal's handler.
 */
struct akida_ioc_wait {
	__u64 seq;
	__u64 deadline;
	__u32 flags;
	__s32 status;
	__u64 done;
	__u64 completed;
	__u64 cookie;
	__u64 clocks;
	__u64 queued;
	__u64 started;
	__u64 ended;
};

/**
 * struct akida_ioc_eventfd - have an eventfd signalled
 * @fd: an eventfd, which is added 1 for each transfer or job that ends; -1 for
 *	none
 * @flags: 0
 *
 * One per file; a new one replaces the old. Of transfers only those with
 * AKIDA_COPY_ASYNC count. Return: 0; -EBADF, -EINVAL if it is no eventfd.
 */
struct akida_ioc_eventfd {
	__s32 fd;
	__u32 flags;
};

/**
 * DOC: Programs
 *
 * What the core is loaded with: ``AKIDA_IOC_PROGRAM_CREATE`` takes one
 * (&struct akida_ioc_program), ``AKIDA_IOC_PROGRAM_UPDATE`` replaces parts of one
 * (&struct akida_ioc_program_update), ``AKIDA_IOC_PROGRAM_FREE`` gives one back
 * (&struct akida_ioc_program_free). The driver knows nothing of containers and
 * models: it is given tracks, which are packets for the mesh, and checks them.
 *
 * ``AKIDA_MAX_PROGRAMS``
 *   programs of one file
 * ``AKIDA_MAX_PROGRAM_SIZE``
 *   bytes of a program's data
 * ``AKIDA_MAX_TRACKS``, ``AKIDA_MAX_EPG``, ``AKIDA_MAX_PASSES``
 *   parts, registers and passes of a program
 * ``AKIDA_PROGRAM_SPARSE``
 *   flag: inputs are lists of events, not maps: they go in by the event DMA
 * ``AKIDA_UPDATE_WAIT``
 *   flag: wait for jobs that are under way instead of answering -EBUSY
 */
#define AKIDA_MAX_PROGRAMS 64
#define AKIDA_MAX_PROGRAM_SIZE (64U << 20)
#define AKIDA_MAX_TRACKS 256
#define AKIDA_MAX_EPG 64
#define AKIDA_MAX_PASSES 254

/**
 * struct akida_track - a part of a program's data
 * @offset: bytes from the start of the data, a multiple of 4
 * @words: 32-bit words, more than 0; of packets at most 65535. Tracks do not
 *	overlap
 * @pass: in which pass it is given to the mesh, from 0
 * @fnp2: 0 for configuration packets; N for weights that stay in the board's
 *	memory, where the FNP2 with address register N - 1 (0 to 3) reads them
 */
struct akida_track {
	__u32 offset;
	__u32 words;
	__u32 pass;
	__u32 fnp2;
};

/**
 * struct akida_epg - a register that a program wants written
 * @offset: from 0x40000 of the core: 0x0, 0xc, 0x10, 0x14, 0x18 or 0x1c
 * @value: what to write
 */
struct akida_epg {
	__u32 offset;
	__u32 value;
};

#define AKIDA_PROGRAM_SPARSE 0x1

/**
 * struct akida_ioc_program - put a program on the board
 * @data: address of its data: configuration packets and FNP2 weights
 * @tracks: address of @num_tracks &struct akida_track
 * @epg: address of @num_epg &struct akida_epg
 * @data_size: bytes, a multiple of 4
 * @num_tracks: 1 to AKIDA_MAX_TRACKS
 * @num_epg: 0 to AKIDA_MAX_EPG
 * @num_passes: 1 to AKIDA_MAX_PASSES
 * @device_version: of the chip that it was made for: vendor 31:24, product
 *	23:16, major 15:8, minor 7:0
 * @flags: AKIDA_PROGRAM_SPARSE or 0
 * @width: of an input
 * @height: of an input
 * @channels: of an input
 * @input_size: bytes of the largest input: of a map @width * @height *
 *	@channels; of events a multiple of 8
 * @output_size: bytes of the largest output, its header of 32 bytes included;
 *	a multiple of 4
 * @handle: out: more than 0
 *
 * The driver copies all of it; what the caller changes afterwards does not
 * matter. It looks at every packet: lengths, the node, NP and unit that it is
 * for. The copy in device memory can be reached by no buffer, mapping or
 * transfer. On an AKD1500 a program that device memory has no room for is in
 * host memory of the driver behind the board's window; so is that one (since
 * version 3).
 *
 * Return: 0; -EINVAL for anything out of its range, and for another
 * @device_version than that of the info; -EBADMSG for a packet that is none or
 * is for nobody in the mesh; -EOPNOTSUPP for several passes on silicon, where
 * how they follow each other is not public; -ENOSPC without room in device
 * memory, for inputs and outputs or for the program, nor in a window, or
 * AKIDA_MAX_PROGRAMS; -ENOMEM, also if host memory for the window cannot be had
 * in one piece; -EIO if the window does not take its settings.
 */
struct akida_ioc_program {
	__u64 data;
	__u64 tracks;
	__u64 epg;
	__u32 data_size;
	__u32 num_tracks;
	__u32 num_epg;
	__u32 num_passes;
	__u32 device_version;
	__u32 flags;
	__u32 width;
	__u32 height;
	__u32 channels;
	__u32 input_size;
	__u32 output_size;
	__u32 handle;
};

/**
 * struct akida_ioc_program_free - take a program off the board
 * @handle: of the program
 * @flags: 0
 *
 * Jobs that were submitted still run. Return: 0; -ENOENT.
 */
struct akida_ioc_program_free {
	__u32 handle;
	__u32 flags;
};

/**
 * struct akida_new_track - other contents for a track
 * @data: address of as many words as the track has
 * @track: its number, from 0
 * @words: words of the track
 */
struct akida_new_track {
	__u64 data;
	__u32 track;
	__u32 words;
};

/**
 * struct akida_ioc_program_update - replace some tracks of a program
 * @tracks: address of @num_tracks &struct akida_new_track
 * @handle: of the program
 * @num_tracks: 1 to AKIDA_MAX_TRACKS, each at most once
 * @flags: AKIDA_UPDATE_WAIT or 0
 * @reserved: 0
 *
 * Jobs that are submitted afterwards run with the new contents. They are
 * checked as those of a new program; if one is refused, nothing changes. Only
 * these tracks are moved to the board. With AKIDA_UPDATE_WAIT (since version 3)
 * jobs that others submit meanwhile wait until it is done, so that it comes to
 * its turn however busy the program is.
 *
 * Return: 0; -ENOENT; -EACCES for a handle that may not; -EINVAL, -EBADMSG;
 * -EBUSY while jobs of the program are under way; -ENOMEM; -EINTR.
 */
struct akida_ioc_program_update {
	__u64 tracks;
	__u32 handle;
	__u32 num_tracks;
	__u32 flags;
	__u32 reserved;
};

#define AKIDA_UPDATE_WAIT 0x1

/**
 * DOC: Programs with a name
 *
 * A program with a name stays on the board when its file is closed, and others
 * run it by that name. ``AKIDA_IOC_PROGRAM_NAME`` gives one a name
 * (&struct akida_ioc_program_name), ``AKIDA_IOC_PROGRAM_OPEN`` makes a handle of
 * one (&struct akida_ioc_program_open), ``AKIDA_IOC_PROGRAM_LIST`` tells of all
 * (&struct akida_ioc_program_list, &struct akida_named),
 * ``AKIDA_IOC_PROGRAM_NOTE`` reads what its owner left with it
 * (&struct akida_ioc_program_note), ``AKIDA_IOC_PROGRAM_MODE`` says who may use it
 * (&struct akida_ioc_program_mode), and ``AKIDA_IOC_PROGRAM_DELETE`` takes the name
 * away (&struct akida_ioc_program_delete). All of this came with version 3.
 *
 * It survives resets and sleep, and goes with the board or the driver. As with
 * files, handles stay what they were made for: who has one runs the program
 * that it leads to, also after the name was deleted or given to another; its
 * memory goes with the last.
 *
 * A program has an owner, a group, and the mode bits of a file. x is to run it,
 * w to update it and to give its name to another or to nobody; r means nothing.
 * Its owner may do all that whatever the owner's bits are, and so may who has
 * CAP_DAC_OVERRIDE. That there is one, and what the list says of it, is no
 * secret from those who may open the node.
 *
 * A name is 1 to AKIDA_NAME_SIZE - 1 letters, digits and ``. _ - + @ :`` of
 * ASCII, does not begin with ``.`` or ``-``, and all bytes behind it are zero.
 *
 * ``AKIDA_NAME_SIZE``
 *   bytes of a name and the zero behind it
 * ``AKIDA_MAX_NAMED``, ``AKIDA_MAX_NAMED_USER``, ``AKIDA_MAX_NAMED_BYTES``
 *   such programs on a board, those of one owner, and bytes of the data and
 *   notes of these; CAP_SYS_RESOURCE lifts what is for one owner. Their memory
 *   is also charged to the memory cgroup of who created them
 * ``AKIDA_MAX_NOTE``
 *   bytes of a note
 * ``AKIDA_NAME_REPLACE``
 *   flag: the name may be another program's
 * ``AKIDA_RIGHT_RUN``, ``AKIDA_RIGHT_WRITE``
 *   rights of a handle: to submit jobs, and to update the program
 * ``AKIDA_PROGRAM_WINDOW``
 *   flag in lists: device memory had no room for it: the board reads it from
 *   host memory, through its window
 */
#define AKIDA_NAME_SIZE 64
#define AKIDA_MAX_NAMED 64
#define AKIDA_MAX_NAMED_USER 16
#define AKIDA_MAX_NAMED_BYTES (128U << 20)
#define AKIDA_MAX_NOTE (1U << 20)
#define AKIDA_NAME_REPLACE 0x1
#define AKIDA_RIGHT_RUN 0x1
#define AKIDA_RIGHT_WRITE 0x2
#define AKIDA_PROGRAM_WINDOW 0x2

/**
 * struct akida_named - a program with a name, as lists show it
 * @name: ends with a zero
 * @id: of the program, never used again: another one after it was replaced
 * @jobs: jobs of it that the core has done
 * @since: when it got the name, CLOCK_REALTIME nanoseconds
 * @uid: its owner, as the caller's user namespace has it
 * @gid: its group
 * @mode: permissions, 0 to 0777
 * @rights: AKIDA_RIGHT_* that the caller has now
 * @flags: AKIDA_PROGRAM_SPARSE, AKIDA_PROGRAM_WINDOW
 * @handles: that open files have of it
 * @width: of an input
 * @height: of an input
 * @channels: of an input
 * @input_size: bytes of the largest input
 * @output_size: bytes of the largest output
 * @data_size: bytes of its data
 * @num_tracks: of its data
 * @num_passes: of it
 * @note_size: bytes of its note, 0 without
 * @device_version: that it was made for
 */
struct akida_named {
	char name[AKIDA_NAME_SIZE];
	__u64 id;
	__u64 jobs;
	__u64 since;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 rights;
	__u32 flags;
	__u32 handles;
	__u32 width;
	__u32 height;
	__u32 channels;
	__u32 input_size;
	__u32 output_size;
	__u32 data_size;
	__u32 num_tracks;
	__u32 num_passes;
	__u32 note_size;
	__u32 device_version;
};

/**
 * struct akida_ioc_program_name - have a program stay, under a name
 * @name: for it
 * @note: address of @note_size bytes that the driver keeps with the program
 *	and does not look at: what others need to know of it, such as its
 *	program info
 * @handle: of the program; this file must have created it
 * @note_size: 0 to AKIDA_MAX_NOTE
 * @mode: who may use it, 0 to 0777; 0 means 0600
 * @flags: AKIDA_NAME_REPLACE or 0
 *
 * Owner and group are the caller's (fsuid and fsgid). With AKIDA_NAME_REPLACE
 * a name that is another program's leads to this one from now on, with owner,
 * group and mode as they were; who does that needs the right to write.
 *
 * Return: 0; -ENOENT for a handle; -EINVAL for a name that is none, a mode or a
 * size; -EACCES for a handle that was opened by name, or to replace;
 * -EALREADY for a program that has, or had, a name; -EEXIST for a name that is
 * taken; -ENOSPC for AKIDA_MAX_NAMED, -EDQUOT for the owner's limits; -ENOMEM.
 */
struct akida_ioc_program_name {
	char name[AKIDA_NAME_SIZE];
	__u64 note;
	__u32 handle;
	__u32 note_size;
	__u32 mode;
	__u32 flags;
};

/**
 * struct akida_ioc_program_open - a handle of a program with a name
 * @name: its name
 * @rights: AKIDA_RIGHT_*, at least one, that the handle is to have
 * @flags: 0
 * @handle: out: more than 0
 * @reserved: 0
 * @program: in: zeros; out: what the program is
 *
 * Return: 0; -EINVAL, also for a name that is none; -ENOENT; -EACCES;
 * -ENOSPC if the file has AKIDA_MAX_PROGRAMS; -ENOMEM.
 */
struct akida_ioc_program_open {
	char name[AKIDA_NAME_SIZE];
	__u32 rights;
	__u32 flags;
	__u32 handle;
	__u32 reserved;
	struct akida_named program;
};

/**
 * struct akida_ioc_program_list - all programs with a name
 * @programs: address of @num times @size bytes, each of which will be a
 *	&struct akida_named
 * @size: sizeof(struct akida_named), as the caller knows it: a multiple of 8,
 *	at least the 152 of version 3; what the driver does not know becomes
 *	zero
 * @num: in: how many there is room for; out: how many there are. If that is
 *	more than there was room for, the first are written
 * @flags: 0
 * @reserved: 0
 *
 * In the order in which they got their names. Return: 0; -EINVAL; -ENOMEM.
 */
struct akida_ioc_program_list {
	__u64 programs;
	__u32 size;
	__u32 num;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct akida_ioc_program_note - read the note of a program
 * @note: address to write to
 * @handle: of the program, any that it was given
 * @size: in: bytes to write at most; out: bytes that the note has
 * @flags: 0
 * @reserved: 0
 *
 * Return: 0, also without a note; -ENOENT; -EINVAL.
 */
struct akida_ioc_program_note {
	__u64 note;
	__u32 handle;
	__u32 size;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct akida_ioc_program_mode - say who may use a program
 * @name: its name
 * @mode: permissions, 0 to 0777; ~0 leaves them as they are
 * @uid: owner; ~0 leaves it
 * @gid: group; ~0 leaves it
 * @flags: 0
 *
 * For its owner, or with CAP_FOWNER. The owner may give it to a group that the
 * owner is in; all else needs CAP_CHOWN. Handles that there are keep what they
 * may.
 *
 * Return: 0; -ENOENT; -EPERM; -EINVAL, also for an id that the caller's user
 * namespace has not.
 */
struct akida_ioc_program_mode {
	char name[AKIDA_NAME_SIZE];
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 flags;
};

/**
 * struct akida_ioc_program_delete - take the name of a program away
 * @name: its name
 * @id: of the program, so that no other than meant is deleted; 0 for any
 * @flags: 0
 * @reserved: 0
 *
 * Return: 0; -EINVAL; -ENOENT; -EACCES without the right to write; -ESTALE if
 * the name is another program's than @id.
 */
struct akida_ioc_program_delete {
	char name[AKIDA_NAME_SIZE];
	__u64 id;
	__u32 flags;
	__u32 reserved;
};

/**
 * DOC: Jobs
 *
 * A job is a program's run on one input. ``AKIDA_IOC_SUBMIT`` begins some
 * (&struct akida_ioc_submit, &struct akida_submit_job); their ends are told as
 * those of transfers are.
 *
 * ``AKIDA_MAX_SUBMIT``
 *   jobs of one call
 * ``AKIDA_SUBMIT_WAIT``
 *   flag: wait for the last of these jobs, which is also the last to end
 */

/**
 * struct akida_submit_job - one input, and where its output is to go
 * @cookie: the caller's, handed back by AKIDA_IOC_WAIT
 * @input: handle of the buffer with the input
 * @output: handle of the buffer for the output
 * @input_offset: where in it; a multiple of 4
 * @output_offset: where in it; a multiple of 4
 * @input_size: bytes; of a map exactly the program's, of events a multiple of
 *	8, more than 0 and at most the program's
 * @reserved: 0
 *
 * Both buffers are in host memory. The input takes its size rounded up to 4
 * bytes, the output all of the program's @output_size. It begins with a header
 * of 32 bytes, whose first word says the format (31:28) and how many words
 * follow (27:0); behind them is what was there before.
 */
struct akida_submit_job {
	__u64 cookie;
	__u32 input;
	__u32 output;
	__u64 input_offset;
	__u64 output_offset;
	__u32 input_size;
	__u32 reserved;
};

#define AKIDA_MAX_SUBMIT 128
#define AKIDA_SUBMIT_WAIT 0x1

/**
 * struct akida_ioc_submit - have a program run
 * @jobs: address of @num_jobs &struct akida_submit_job
 * @program: handle
 * @num_jobs: 1 to AKIDA_MAX_SUBMIT
 * @deadline: with AKIDA_SUBMIT_WAIT: CLOCK_MONOTONIC nanoseconds until when to
 *	wait; 0 waits for ever
 * @flags: AKIDA_SUBMIT_WAIT or 0
 * @status: out, with AKIDA_SUBMIT_WAIT: 0, or the status of the first of them
 *	that failed
 * @seq: out: number of the first job; the others have the next ones. Counted
 *	together with the transfers of the file; AKIDA_IOC_WAIT, poll() and the
 *	eventfd tell of their ends. 0 if none was submitted
 *
 * Jobs of a file run in their order; files take turns. A job of which the core
 * says that it cannot run it, or that does not end, ends with -EIO, and the core
 * is reset; so does one that was under way during three resets of the board.
 * Other jobs go on afterwards, with the same results. After three such jobs in
 * a row the file gets -EIO for all others until it is closed. A transfer of
 * inputs or outputs that fails ends the jobs that it was for with its error, as
 * akida_ioc_copy returns them.
 *
 * Return: 0; -ENOENT for a handle; -EINVAL, also for a range outside its
 * buffer; -EACCES for an output in read-only memory, or a program's handle
 * without AKIDA_RIGHT_RUN; -EOPNOTSUPP for a buffer that is not host memory; -EAGAIN if more than AKIDA_MAX_ASYNC would be under
 * way; -EIO; -ENODEV; -ENOMEM. With
 * AKIDA_SUBMIT_WAIT also -ETIME after the deadline and -EINTR (for any signal,
 * and after sleep): the jobs go on, and @seq is valid. If anything is refused, no job was submitted.
 */
struct akida_ioc_submit {
	__u64 jobs;
	__u32 program;
	__u32 num_jobs;
	__u64 deadline;
	__u32 flags;
	__s32 status;
	__u64 seq;
};

/**
 * DOC: Who uses a board
 *
 * ``/proc/PID/fdinfo/FD`` of an open node has these lines, a tab behind each
 * colon. Lines may be added; a reader takes those that it knows.
 *
 * ``akida-node``
 *   name of the node in /dev
 * ``akida-pdev``
 *   address of the PCI function
 * ``akida-client-id``
 *   number of the open file, never used again; AKIDA_NL_A_FILE of events
 * ``akida-busy-time``
 *   "N ns": time that the core had jobs of this file, also those that failed
 * ``akida-jobs``, ``akida-jobs-failed``
 *   jobs that ended without and with an error
 * ``akida-memory``
 *   "N KiB": device memory of the file's buffers, and of the programs that it
 *   has handles of, without what all jobs share
 * ``akida-program``
 *   the name that the program of the last jobs has, or had; missing before the
 *   first job, if that program never had one, and if it is gone
 */

#define AKIDA_IOC_INFO _IOWR(AKIDA_IOC_MAGIC, 0x00, struct akida_ioc_info)
#define AKIDA_IOC_BUFFER_CREATE \
	_IOWR(AKIDA_IOC_MAGIC, 0x10, struct akida_ioc_buffer)
#define AKIDA_IOC_BUFFER_QUERY \
	_IOWR(AKIDA_IOC_MAGIC, 0x11, struct akida_ioc_buffer)
#define AKIDA_IOC_BUFFER_FREE \
	_IOWR(AKIDA_IOC_MAGIC, 0x12, struct akida_ioc_buffer_free)
#define AKIDA_IOC_COPY _IOWR(AKIDA_IOC_MAGIC, 0x20, struct akida_ioc_copy)
#define AKIDA_IOC_WAIT _IOWR(AKIDA_IOC_MAGIC, 0x21, struct akida_ioc_wait)
#define AKIDA_IOC_EVENTFD _IOWR(AKIDA_IOC_MAGIC, 0x22, struct akida_ioc_eventfd)
#define AKIDA_IOC_PROGRAM_CREATE \
	_IOWR(AKIDA_IOC_MAGIC, 0x30, struct akida_ioc_program)
#define AKIDA_IOC_PROGRAM_FREE \
	_IOWR(AKIDA_IOC_MAGIC, 0x31, struct akida_ioc_program_free)
#define AKIDA_IOC_PROGRAM_UPDATE \
	_IOWR(AKIDA_IOC_MAGIC, 0x32, struct akida_ioc_program_update)
#define AKIDA_IOC_PROGRAM_NAME \
	_IOWR(AKIDA_IOC_MAGIC, 0x33, struct akida_ioc_program_name)
#define AKIDA_IOC_PROGRAM_OPEN \
	_IOWR(AKIDA_IOC_MAGIC, 0x34, struct akida_ioc_program_open)
#define AKIDA_IOC_PROGRAM_LIST \
	_IOWR(AKIDA_IOC_MAGIC, 0x35, struct akida_ioc_program_list)
#define AKIDA_IOC_PROGRAM_NOTE \
	_IOWR(AKIDA_IOC_MAGIC, 0x36, struct akida_ioc_program_note)
#define AKIDA_IOC_PROGRAM_MODE \
	_IOWR(AKIDA_IOC_MAGIC, 0x37, struct akida_ioc_program_mode)
#define AKIDA_IOC_PROGRAM_DELETE \
	_IOWR(AKIDA_IOC_MAGIC, 0x38, struct akida_ioc_program_delete)
#define AKIDA_IOC_SUBMIT _IOWR(AKIDA_IOC_MAGIC, 0x40, struct akida_ioc_submit)

#endif /* _UAPI_AKIDA_H */
