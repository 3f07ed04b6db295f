/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs and jobs: what the Akida core is made to do.
 *
 * One work item, the runner (akida_run.c), is all that tells the core anything.
 * It takes batches, jobs of one file and one program, in turns; the next batch's
 * inputs move while a batch runs. The hardware is touched between akida_enter()
 * and akida_leave() only, and only if @epoch is still what it was when the batch
 * began: whoever blocks the board makes a new one, and what was under way begins
 * again when it is unblocked.
 *
 * The plan of device memory. Programs lie below, or, on an AKD1500 without room
 * for them, in host memory behind the window, which shows the core the one that
 * is in the mesh; at its very end lies the arena,
 * with descriptors, inputs and, last, outputs. The core writes outputs only, and
 * no descriptor says how long they are: what is too long runs over outputs of
 * the same file, and then out of memory. Outputs in the arena belong to one
 * file and program at a time and are made zero for another's.
 */
#ifndef AKIDA_CORE_H
#define AKIDA_CORE_H

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "akida.h"
#include "akida_stat.h"

struct akida_buffer;
struct akida_file;
struct akida_host;
struct akida_name;
struct akida_task;
struct akida_window_map;

/* Jobs in a batch: a core takes 15 inputs ahead (the engine's figure). */
#define AKIDA_BATCH_MAX 15
/* A job that was under way during so many resets fails. */
#define AKIDA_MAX_TRIES 3
/* A file that hung the core so often in a row is let on it no more. */
#define AKIDA_MAX_HANGS 3

/* Descriptors (official layouts) */
#define AKIDA_DESC_CONFIG_BYTES 32
#define AKIDA_DESC_BYTES 64

/* Descriptors at the start of the arena: 16 for each half */
#define AKIDA_ARENA_DESCS (2 * 16 * AKIDA_DESC_BYTES)
/* Before each output */
#define AKIDA_OUTPUT_HEADER 32

/* Registers of the core (official names and offsets) */
#define CORE_GENERAL_CONTROL 0x04
#define CORE_FNP2_ADDR 0x10
#define CORE_MESH_INFO1 0x50
#define CORE_MESH_INFO2 0x54
#define CORE_EVENT 0x20000
#define CORE_HRC 0x28000
#define CORE_CONFIG 0x30000
#define CORE_EPG 0x40000
#define CORE_INTERRUPTS 0x70000

#define CORE_MULTIPASS BIT(1)

/**
 * struct akida_queue - a file's jobs that wait for the core
 * @tasks: in order
 * @node: in akida_core.busy while there are any
 * @time: nanoseconds of the core that the file has had, for taking turns
 * @id: of the file, never used again
 * @hangs: jobs in a row that the core did not get through
 * @program: id of that of its last jobs, 0 before the first
 * @under_way: jobs that were submitted and have not ended
 * @jobs: counter: done
 * @failed: counter: jobs that ended with an error
 * @busy_ns: counter: nanoseconds that the core had its batches
 *
 * All before @under_way under akida_core.lock.
 */
struct akida_queue {
	struct list_head tasks;
	struct list_head node;
	u64 time;
	u64 id;
	unsigned int hangs;
	u64 program;
	atomic_t under_way;
	atomic64_t jobs;
	atomic64_t failed;
	atomic64_t busy_ns;
};

/**
 * struct akida_program - a program
 * @ref: handles, its name and jobs hold it
 * @adev: board; none of these outlives it
 * @node: in akida_core.all
 * @id: never used again
 * @maker: id of the file that made it
 * @lock: for @data and @dirty while no job is under way; taken to submit
 * @jobs: under way; grows under @lock only
 * @updates: callers that wait for @jobs to end and keep more from being
 *	submitted (under @lock)
 * @wq: waits for @jobs or @updates to become 0
 * @handles: of open files
 * @done: counter: jobs that the core has done
 * @name: that leads to it, or NULL (under akida_core.names_lock)
 * @label: the name that it has, or had; "" for none (the same)
 * @note: of who named it, constant since; NULL without
 * @note_size: bytes of it
 * @data: a copy that nobody else can change
 * @size: bytes of it
 * @track: its parts
 * @dirty: bitmap: tracks that were replaced since they were moved to the board
 * @num_tracks: how many
 * @num_desc: those of configuration packets
 * @epg: registers to write
 * @num_epg: how many
 * @passes: how many
 * @sparse: inputs are events
 * @width: of an input
 * @height: of an input
 * @channels: of an input
 * @input_size: of the largest, bytes
 * @output_size: of the largest, bytes
 * @in_slot: bytes that an input takes in the arena
 * @out_slot: bytes that an output takes in the arena
 * @depth: jobs in a batch
 * @halves: batches that the arena holds: 2, or 1 of a program with large maps
 * @map: host memory behind the window that has them; NULL: they are in device
 *	memory
 * @dev: device address of the data; descriptors lie behind
 * @dev_size: bytes there
 * @epoch: when it was moved there; the runner's
 */
struct akida_program {
	struct kref ref;
	struct akida_device *adev;
	struct list_head node;
	u64 id;
	u64 maker;
	struct mutex lock;
	atomic_t jobs;
	unsigned int updates;
	wait_queue_head_t wq;
	atomic_t handles;
	atomic64_t done;
	struct akida_name *name;
	char label[AKIDA_NAME_SIZE];
	void *note;
	u32 note_size;
	u8 *data;
	u32 size;
	struct akida_track *track;
	unsigned long *dirty;
	unsigned int num_tracks;
	unsigned int num_desc;
	struct akida_epg *epg;
	unsigned int num_epg;
	unsigned int passes;
	bool sparse;
	u32 width;
	u32 height;
	u32 channels;
	u32 input_size;
	u32 output_size;
	u32 in_slot;
	u32 out_slot;
	unsigned int depth;
	unsigned int halves;
	struct akida_window_map *map;
	u32 dev;
	u32 dev_size;
	u64 epoch;
};

/**
 * struct akida_batch - jobs that the core runs one after the other
 * @task: jobs
 * @num: how many
 * @half: which half of the arena they have
 * @program: theirs
 * @queue: of their file
 * @epoch: when the batch began
 * @done: jobs that the core has done
 * @clocks: that the timer had counted at its end
 * @begun: CLOCK_MONOTONIC nanoseconds when inputs began to move
 * @arrived: when @req ended, of inputs and then of outputs
 * @uploaded: when inputs had moved
 * @rung: when it was told to
 * @ended: when the core was seen to be done
 * @req: transfer of inputs, then that of outputs
 * @seg: its pieces
 * @first: of each job's pieces of the transfer of outputs
 * @moved: @req has ended
 * @moving: @req was submitted and nobody has waited for it
 * @err: why it could not be begun
 */
struct akida_batch {
	struct akida_task *task[AKIDA_BATCH_MAX];
	unsigned int num;
	unsigned int half;
	struct akida_program *program;
	struct akida_queue *queue;
	u64 epoch;
	unsigned int done;
	u32 clocks;
	u64 begun;
	u64 arrived;
	u64 uploaded;
	u64 rung;
	u64 ended;
	struct akida_dma_req req;
	struct akida_dma_seg *seg;
	unsigned int first[AKIDA_BATCH_MAX + 1];
	struct completion moved;
	bool moving;
	int err;
};

/**
 * struct akida_times - nanoseconds of each stage of a job
 * @queued: until its batch's inputs began to move
 * @upload: until they had
 * @wait: until the core was told to run: the program is moved and configured,
 *	and the batch before is run
 * @compute: until the core was seen to be done with the batch
 * @download: until its batch's outputs had moved
 */
struct akida_times {
	u64 queued;
	u64 upload;
	u64 wait;
	u64 compute;
	u64 download;
};

/**
 * struct akida_job_trace - what is told of a job at its end, by a tracepoint
 * @file: number of its file
 * @seq: its number
 * @program: number
 * @clocks: as akida_result says
 * @status: 0 or a negative errno
 * @input_size: bytes
 * @output_size: bytes
 * @times: of its stages; 0 for those that it did not come to
 */
struct akida_job_trace {
	u64 file;
	u64 seq;
	u64 program;
	u64 clocks;
	s32 status;
	u32 input_size;
	u32 output_size;
	struct akida_times times;
};

/**
 * struct akida_core - the core of a board
 * @adev: board
 * @use_irq: its interrupt comes; else it is polled
 * @irq_lock: for the next five
 * @epoch: grows each time that the board is blocked
 * @armed: the interrupt is for @block
 * @block: registers of the DMA block that runs
 * @status: of the block as the interrupt saw it
 * @irqs: interrupts of the core
 * @wq: waits for @status, or another @epoch
 * @lock: for queues
 * @busy: queues with jobs
 * @time: of the queue that was served last
 * @runner: the work item
 * @stage: host memory that programs and descriptors pass through
 * @program_lock: for the next three
 * @all: programs
 * @programs: how many there are
 * @arena: device address; valid while there are programs
 * @arena_size: bytes
 * @names_lock: for the next two and all names; outermost
 * @names: those of programs, in the order in which they were given
 * @names_gone: the board is, and no name is given any more
 * @num_names: how many; grows under akida_device.files_lock, too
 * @columns: of the mesh
 * @rows: of the mesh
 * @nps: of a node
 * @batch: those that are prepared, run or being finished
 * @loaded: id of the program in the mesh, 0 for none
 * @loaded_epoch: when it was configured
 * @owner: id of the file whose outputs are in the arena
 * @owner_program: id of the program that they are of
 * @owner_epoch: when they were made zero
 * @switches: counter: other programs configured
 * @jobs: counter: done
 * @errors: counter: not done
 * @resets: counter: of the core alone
 * @bytes: counter: of programs moved to the board
 * @failed: counter: jobs that ended with an error
 * @busy_ns: counter: nanoseconds that the core had batches
 * @latency: counters: of the jobs that were done
 */
struct akida_core {
	struct akida_device *adev;
	bool use_irq;

	spinlock_t irq_lock;
	u64 epoch;
	bool armed;
	u32 block;
	u32 status;
	u64 irqs;
	wait_queue_head_t wq;

	spinlock_t lock;
	struct list_head busy;
	u64 time;
	struct work_struct runner;
	struct akida_host *stage;

	struct mutex program_lock;
	struct list_head all;
	unsigned int programs;
	u32 arena;
	u32 arena_size;

	struct mutex names_lock;
	struct list_head names;
	bool names_gone;
	unsigned int num_names;

	unsigned int columns;
	unsigned int rows;
	unsigned int nps;

	struct akida_batch batch[3];
	u64 loaded;
	u64 loaded_epoch;
	u64 owner;
	u64 owner_program;
	u64 owner_epoch;

	u64 switches;
	u64 jobs;
	u64 errors;
	u64 resets;
	u64 bytes;
	atomic64_t failed;
	atomic64_t busy_ns;
	struct akida_latency latency;
};

/* ------------------------------------------------ the core: akida_core.c */

/**
 * akida_core_init() - make the object
 * @adev: board at probe that works
 *
 * Return: 0 or -ENOMEM.
 */
int akida_core_init(struct akida_device *adev);

/**
 * akida_core_detach() - the runner does not run any more
 * @adev: gone board whose jobs have ended
 */
void akida_core_detach(struct akida_device *adev);

/**
 * akida_core_exit() - free the object
 * @adev: board
 */
void akida_core_exit(struct akida_device *adev);

/**
 * akida_core_stop() - nothing that the core was at counts any more
 * @adev: board that lets nobody in
 */
void akida_core_stop(struct akida_device *adev);

/**
 * akida_core_irq() - the vector's handler
 * @adev: board
 *
 * Return: IRQ_HANDLED if it was the core.
 */
irqreturn_t akida_core_irq(struct akida_device *adev);

/**
 * akida_core_info() - figures for AKIDA_IOC_INFO
 * @adev: entered board
 * @info: fields of the core and its programs are set
 */
void akida_core_info(struct akida_device *adev, struct akida_ioc_info *info);

/**
 * akida_device_version() - which programs a board takes
 * @adev: board
 *
 * Return: vendor 31:24, product 23:16, major 15:8, minor 7:0.
 */
u32 akida_device_version(struct akida_device *adev);

/**
 * akida_core_configure() - have a program in the mesh
 * @core: idle core
 * @p: program
 * @epoch: of the batch
 *
 * Moves what the board has not, and configures what the mesh has not.
 *
 * Return: 0; -ESTALE if the board was blocked since; -EBADMSG if the core refuses
 * a packet or does not end; what transfers end with; -ENODEV.
 */
int akida_core_configure(struct akida_core *core, struct akida_program *p,
			 u64 epoch);

/**
 * akida_core_ring() - have a batch run
 * @core: core with its program
 * @b: batch whose inputs and descriptors are in the arena
 *
 * Return: 0, -ESTALE, -ENODEV.
 */
int akida_core_ring(struct akida_core *core, struct akida_batch *b);

/**
 * akida_core_wait() - wait until the core has done a batch
 * @core: core
 * @b: batch that was rung; @done says how far it got
 *
 * Return: 0; -EIO if the core cannot run job @done, or it does not end;
 * -ESTALE; -ENODEV.
 */
int akida_core_wait(struct akida_core *core, struct akida_batch *b);

/**
 * akida_core_recover() - make it work again after -EIO
 * @core: core
 * @b: the batch
 * @why: for the log
 *
 * What it was at goes into a device core dump.
 */
void akida_core_recover(struct akida_core *core, struct akida_batch *b,
			const char *why);

/**
 * akida_core_dump() - registers and descriptors as a device core dump
 * @core: entered board's
 * @b: batch
 * @why: its first line
 */
void akida_core_dump(struct akida_core *core, struct akida_batch *b,
		     const char *why);

/* Where things lie in the arena; @i: job of the batch. */
u32 akida_batch_desc(const struct akida_core *core,
		     const struct akida_batch *b);
u32 akida_batch_input(const struct akida_core *core,
		      const struct akida_batch *b, unsigned int i);
u32 akida_batch_output(const struct akida_core *core,
		       const struct akida_batch *b, unsigned int i);

/* Host memory of a batch's descriptors, in akida_core.stage. */
void *akida_batch_desc_cpu(struct akida_core *core, const struct akida_batch *b,
			   dma_addr_t *dma);

/* -------------------------------------------- programs: akida_program.c */

/**
 * akida_program_put() - drop a reference
 * @p: program
 *
 * The caller has not entered the board.
 */
void akida_program_put(struct akida_program *p);

/**
 * akida_programs_detach() - let go of all that needs the PCI device
 * @adev: gone board whose runner does not run
 */
void akida_programs_detach(struct akida_device *adev);

/**
 * akida_user_array() - a copy of an array of the caller's, charged to them
 * @user: address
 * @num: elements, more than 0
 * @size: bytes of one
 *
 * Return: memory for kvfree(), or -ENOMEM or -EFAULT as an ERR_PTR().
 */
void *akida_user_array(u64 user, size_t num, size_t size);

/* A right of handles beside AKIDA_RIGHT_*: its file has made the program. */
#define AKIDA_RIGHT_NAME BIT(31)

/**
 * akida_program_get() - look a handle up
 * @f: file
 * @handle: number
 * @rights: that it must have: AKIDA_RIGHT_*
 *
 * Return: a program, for akida_program_put(); -ENOENT for none, -EACCES for one
 * without these rights, as an ERR_PTR().
 */
struct akida_program *akida_program_get(struct akida_file *f, u32 handle,
					u32 rights);

/**
 * akida_handle_add() - make a handle
 * @f: file
 * @p: program, of which it takes a reference of its own
 * @rights: AKIDA_RIGHT_*
 *
 * Return: number; -ENOSPC, -ENOMEM, -EBUSY.
 */
int akida_handle_add(struct akida_file *f, struct akida_program *p, u32 rights);

/**
 * akida_handle_free() - give a handle back
 * @f: file
 * @handle: number
 *
 * Return: 0 or -ENOENT.
 */
int akida_handle_free(struct akida_file *f, u32 handle);

/**
 * akida_handles_bytes() - device memory of the programs that a file has
 * @f: file
 *
 * A program that several files have is counted for each; the arena, which all
 * share, for none; a program in host memory behind the window has none.
 *
 * Return: bytes.
 */
u64 akida_handles_bytes(struct akida_file *f);

/**
 * akida_programs_close() - drop the handles of a file that is closed
 * @f: file without jobs
 */
void akida_programs_close(struct akida_file *f);

/**
 * akida_program_sizes() - can a program have these sizes
 * @c: of the caller
 *
 * Return: 0 or -EINVAL.
 */
int akida_program_sizes(const struct akida_ioc_program *c);

/**
 * akida_program_check() - may the core be given this program
 * @core: core
 * @p: program of such sizes, with data, tracks and registers; its num_desc is
 *	set
 *
 * Return: 0, -EINVAL, or -EBADMSG for packets.
 */
int akida_program_check(const struct akida_core *core, struct akida_program *p);

/**
 * akida_packets_check() - are these words packets for this mesh
 * @core: core
 * @data: little-endian words
 * @words: how many
 *
 * Return: 0 or -EBADMSG.
 */
int akida_packets_check(const struct akida_core *core, const __le32 *data,
			u32 words);

/* ------------------------------------------------- names: akida_named.c */

/**
 * akida_names_detach() - take all names away
 * @adev: gone board
 */
void akida_names_detach(struct akida_device *adev);

/**
 * akida_program_label() - what a program is called
 * @core: core
 * @id: program's number
 * @text: where to put its name, also one that was taken away since; "" if it
 *	never had one, or is gone
 *
 * Return: it has a name.
 */
bool akida_program_label(struct akida_core *core, u64 id,
			 char text[AKIDA_NAME_SIZE]);

/**
 * akida_names_show() - programs, for debugfs
 * @adev: board
 * @m: file
 * @addresses: device addresses, too
 */
void akida_names_show(struct akida_device *adev, struct seq_file *m,
		      bool addresses);

/* ---------------------------------- jobs: akida_job.c, _queue.c, _run.c */

struct akida_task; /* a job, akida_job.h */

int akida_tasks_module_init(void);
void akida_tasks_module_exit(void);

/**
 * akida_queue_init() - a file without jobs
 * @q: its queue
 */
void akida_queue_init(struct akida_queue *q);

/**
 * akida_queue_close() - end all jobs of a file that is closed
 * @f: file
 *
 * Those that wait are cancelled, those that run are waited for.
 */
void akida_queue_close(struct akida_file *f);

/* The runner */
void akida_run_work(struct work_struct *work);

#endif /* AKIDA_CORE_H */
