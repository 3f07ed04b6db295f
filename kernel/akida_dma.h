/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DMA engine, as its own files share it.
 *
 * Life of a channel:
 *
 *   IDLE -> BUILDING -> [READY ->] RUNNING -> IDLE, or BUILDING again when
 *     the transfer has more pieces than the list holds
 *   RUNNING -> ENDING: aborted, timed out, or cancelled. Interrupts no longer
 *     look at it; who holds @end_lock stops it, reinitialises it, and ends
 *     its transfer
 *
 * Locks: @end_lock, a mutex, outside @lock. @lock is a raw spinlock, since the
 * interrupt core calls akida_dma_set_message() under one of its own; it covers
 * registers as well, for the legacy layout shows channels through a viewport.
 * Nothing is taken inside but the work queues' locks. No completion is called
 * under either.
 */
#ifndef AKIDA_DMA_H
#define AKIDA_DMA_H

#include "akida.h"
#include "akida_dma_list.h"

#define AKIDA_DMA_DIRS 2
#define AKIDA_DMA_CHANNELS 2 /* each way */
#define AKIDA_DMA_TOTAL (AKIDA_DMA_DIRS * AKIDA_DMA_CHANNELS)

/* The vendor's driver gives each channel that much at the memory's start. */
#define AKIDA_SHORT_LIST 64

/* Elements that may be written where the caller must not sleep: 10 us */
#define AKIDA_DMA_DIRECT 16

/* Bytes a second that even a bad link moves while its registers stand still */
#define AKIDA_DMA_LEAST_RATE SZ_32M

enum akida_chan_state {
	AKIDA_CHAN_IDLE,
	AKIDA_CHAN_BUILDING, /* its list is being written */
	AKIDA_CHAN_READY, /* written, but the direction is on hold */
	AKIDA_CHAN_RUNNING,
	AKIDA_CHAN_ENDING,
};

/* What &struct akida_dma_req.state says */
enum {
	AKIDA_REQ_NEW,
	AKIDA_REQ_QUEUED,
	AKIDA_REQ_RUNNING,
	AKIDA_REQ_DONE,
};

/**
 * enum akida_outcome - what the status registers say of a channel
 * @AKIDA_OUTCOME_NONE: nothing yet
 * @AKIDA_OUTCOME_DONE: came to the end of its list
 * @AKIDA_OUTCOME_ABORTED: did not
 */
enum akida_outcome {
	AKIDA_OUTCOME_NONE,
	AKIDA_OUTCOME_DONE,
	AKIDA_OUTCOME_ABORTED,
};

/**
 * struct akida_chan - a channel
 * @dma: engine
 * @name: wr0, wr1, rd0, rd1, DesignWare's names
 * @dir: direction
 * @id: number in its direction
 * @state: above
 * @req: transfer
 * @first: first of its pieces that the list holds
 * @count: how many it holds
 * @bytes: their bytes
 * @rung: it has been told to run this list
 * @run: number of the run, so that an old look is told from a new one
 * @reason: ENDING: what the transfer ends with; 0 if its list is to run again,
 *	as it was stopped for the other channel's sake
 * @since: RUNNING: jiffies when it was last seen to move
 * @looked: RUNNING: @seen is from this run
 * @seen: RUNNING: registers when they were last looked at
 * @list: device address of the list
 * @mem: the same in the BAR
 * @link_at: element that holds the link, 0 for none
 * @build: writes a list that takes long
 * @runs: counter: doorbells
 * @moved: counter: bytes
 * @aborts: counter: runs that the engine aborted
 * @timeouts: counter: runs that stood still
 * @lost: counter: runs whose end no interrupt told
 */
struct akida_chan {
	struct akida_dma *dma;
	char name[16];
	enum akida_dma_dir dir;
	unsigned int id;

	enum akida_chan_state state;
	struct akida_dma_req *req;
	unsigned int first;
	unsigned int count;
	u64 bytes;
	bool rung;
	u32 run;
	int reason;
	unsigned long since;
	bool looked;
	struct akida_dma_position seen;

	u32 list;
	u8 __iomem *mem;
	unsigned int link_at;
	struct work_struct build;

	u64 runs;
	u64 moved;
	u64 aborts;
	u64 timeouts;
	u64 lost;
};

/**
 * struct akida_dma_ops - a register layout
 * @name: for people
 * @whole_direction: @reset takes both channels of a direction
 * @flags: of the last element of a list
 * @channels: how many there are of each direction
 * @quiesce: turn the engine off; 0, or -EIO if it does not say that it is
 *	off. Sleeps; nobody else is there
 * @start: turn it on, as after power-on
 * @set_message: program the interrupts' memory writes. The engine writes none
 *	while that is going on, so a look at the status is due afterwards
 * @ring: program a channel whose list is written, and ring
 * @status: what has happened to channels in the mask @running (bit by index).
 *	Forgets "done" of those it reports; false if what was read cannot be
 * @outcome: the same for one, forgets nothing
 * @running: does the status say that it runs
 * @stop: ring to stop
 * @position: registers of the transfer
 * @describe: why it aborted, for the log
 * @reset: turn one off and on again, with @whole_direction its neighbour,
 *	too, and forget all status; 0 or -EIO. Sleeps; nobody rings meanwhile
 *
 * All but @quiesce, @start and @reset are called under the engine's @lock;
 * those take it themselves.
 */
struct akida_dma_ops {
	const char *name;
	bool whole_direction;
	u32 flags;
	unsigned int (*channels)(struct akida_dma *dma);
	int (*quiesce)(struct akida_dma *dma);
	int (*start)(struct akida_dma *dma);
	void (*set_message)(struct akida_dma *dma, const struct akida_msi *msi);
	void (*ring)(struct akida_chan *ch);
	bool (*status)(struct akida_dma *dma, unsigned int running,
		       unsigned int *done, unsigned int *aborted);
	enum akida_outcome (*outcome)(struct akida_chan *ch);
	bool (*running)(struct akida_chan *ch);
	void (*stop)(struct akida_chan *ch);
	void (*position)(struct akida_chan *ch, struct akida_dma_position *p);
	void (*describe)(struct akida_chan *ch, char *buf, size_t size);
	int (*reset)(struct akida_chan *ch);
};

extern const struct akida_dma_ops akida_edma_ops, akida_hdma_ops;

/**
 * struct akida_dma - the engine
 * @adev: board
 * @ops: register layout
 * @regs: registers
 * @lock: all below but @end_lock
 * @end_lock: who ends channels that did not end by themselves
 * @stopped: nothing is taken, no register touched
 * @error: what is submitted then ends with
 * @hold: direction: nobody rings
 * @queue: transfers that wait for a channel, by direction
 * @done: ended ones whose completion is due
 * @completing: how many are calling completions
 * @wait: for @completing and @done, and for channels to become idle
 * @channels: of each direction
 * @list_room: memory that each list may take
 * @shorten: lists take what the vendor's do, from the next restart on
 * @list_bytes: memory of a list
 * @elements: data elements in it
 * @timeout: jiffies without progress until a transfer ends
 * @ch: channels, those of a direction side by side
 * @msi: message that the vector has
 * @written: message that the engine has
 * @written_valid: it has one
 * @viewport: legacy: what the viewport shows; -1 if unknown
 * @watchdog: looks at channels that are late
 * @watching: it is going to
 * @end: ends channels that the interrupt found aborted
 * @look: looks at the status after the message changed
 * @finish: calls completions for those who cannot
 * @spurious: counter: interrupts without a reason
 * @messages: counter: messages written
 */
struct akida_dma {
	struct akida_device *adev;
	const struct akida_dma_ops *ops;
	u8 __iomem *regs;
	raw_spinlock_t lock;
	struct mutex end_lock;
	bool stopped;
	int error;
	bool hold[AKIDA_DMA_DIRS];
	struct list_head queue[AKIDA_DMA_DIRS];
	struct list_head done;
	unsigned int completing;
	wait_queue_head_t wait;
	unsigned int channels;
	u32 list_room;
	bool shorten;
	u32 list_bytes;
	u32 elements;
	unsigned long timeout;
	struct akida_chan ch[AKIDA_DMA_TOTAL];
	struct akida_msi msi;
	struct akida_msi written;
	bool written_valid;
	int viewport;
	struct delayed_work watchdog;
	bool watching;
	struct work_struct end;
	struct work_struct look;
	struct work_struct finish;
	u64 spurious;
	u64 messages;
};

static inline u32 akida_dma_read(struct akida_dma *dma, u32 offset)
{
	return ioread32(dma->regs + offset);
}

static inline void akida_dma_write(struct akida_dma *dma, u32 offset, u32 value)
{
	iowrite32(value, dma->regs + offset);
}

static inline unsigned int akida_chan_index(const struct akida_chan *ch)
{
	return ch - ch->dma->ch;
}

#define akida_for_each_chan(dma, c) \
	for ((c) = (dma)->ch; (c) < (dma)->ch + 2 * (dma)->channels; (c)++)

/* Channels of a direction lie side by side. */
#define akida_for_each_chan_of(dma, c, dir)             \
	for ((c) = (dma)->ch + (dir) * (dma)->channels; \
	     (c) < (dma)->ch + ((dir) + 1) * (dma)->channels; (c)++)

/**
 * akida_chan_element() - a piece of the channel's list
 * @ch: channel with a transfer
 * @i: which of the pieces in its list
 * @e: where to put it
 */
void akida_chan_element(struct akida_chan *ch, unsigned int i,
			struct akida_element *e);

/**
 * akida_dma_look() - see what has happened, and go on
 * @dma: engine, @lock held, not stopped
 *
 * Return: true if anything had.
 */
bool akida_dma_look(struct akida_dma *dma);

/**
 * akida_chan_run_done() - a channel's list came to its end
 * @ch: channel, @lock held; IDLE or in its next run afterwards
 */
void akida_chan_run_done(struct akida_chan *ch);

/**
 * akida_chan_finish() - end a channel's transfer
 * @ch: channel, @lock held; IDLE afterwards
 * @status: of the transfer
 */
void akida_chan_finish(struct akida_chan *ch, int status);

/**
 * akida_req_end() - have a transfer's completion called
 * @dma: engine, @lock held
 * @req: in no queue and on no channel
 * @status: of the transfer
 *
 * By the caller's akida_dma_complete(), or another's.
 */
void akida_req_end(struct akida_dma *dma, struct akida_dma_req *req,
		   int status);

/**
 * akida_chan_ring() - start a channel whose list is written
 * @ch: channel, @lock held, BUILDING or READY
 */
void akida_chan_ring(struct akida_chan *ch);

/**
 * akida_dma_kick() - give idle channels work
 * @dma: engine, @lock held
 * @dir: direction
 */
void akida_dma_kick(struct akida_dma *dma, enum akida_dma_dir dir);

/**
 * akida_dma_watch() - have the watchdog look
 * @dma: engine, @lock held
 */
void akida_dma_watch(struct akida_dma *dma);

/* Work items of akida_dma_end.c */
void akida_dma_watchdog_work(struct work_struct *work);
void akida_dma_end_work(struct work_struct *work);

#endif /* AKIDA_DMA_H */
