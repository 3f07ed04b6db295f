// SPDX-License-Identifier: GPL-2.0
/*
 * The Akida core: its DMA blocks, configuring the mesh, running batches, its
 * interrupt, its reset after a job that hung it.
 *
 * Sources of registers and sequences: BrainChip's published engine (official).
 */
#include <linux/delay.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "akida_file.h"
#include "akida_trace.h"

static unsigned int job_timeout_ms = 10000;
module_param(job_timeout_ms, uint, 0444);
MODULE_PARM_DESC(
	job_timeout_ms,
	"milliseconds after which a job that does not end fails and the core is reset (default 10000, 100 to 600000)");

static int core_irq = -1;
module_param(core_irq, int, 0444);
MODULE_PARM_DESC(
	core_irq,
	"the core's interrupt reaches PCI Express: 1 yes, 0 no, poll, -1 on virtual boards only (default)");

/* Registers of a DMA block */
#define BLOCK_CTRL 0x00
#define BLOCK_DESC 0x04
#define BLOCK_CONTAINER 0x08
#define BLOCK_CONTAINER_SIZE 0x0c
#define BLOCK_MON_CTRL 0x24
#define BLOCK_MON_STATUS 0x28
#define BLOCK_TIMER 0x30
#define BLOCK_BURST 0x74

/* As the vendor's own script has them: headers of 32 bytes, byte enables. */
#define CTRL_RESET 0x83000200
#define CTRL_RUN 0x83000502
#define DESC_CUR(v) ((v)&0xff)
#define DESC_NONE 0xff
#define DESC_LAST(n) ((u32)(n) << 16)
#define CONTAINER(bytes, n) ((bytes) / 32 | ((n)-1) << 16)
#define MON_STATUS_CLEAR BIT(0)
/* Ends and errors interrupt, the end of reading an input does not. */
#define MON_MASK (BIT(17) | BIT(19))
#define MON_DONE 0xf
#define MON_ERROR 0x4 /* of a virtual board */

/* Interrupt controller */
#define INT_MASK (CORE_INTERRUPTS + 4)
#define INT_ALL 0x2f
#define INT_EVENT BIT(0)
#define INT_HRC BIT(5)

#define CONFIG_WRITE 0x10000001 /* direction 1, version 1 */
#define CONFIG_PATIENCE_MS 5000

#define STAGE_SIZE SZ_64K
#define STAGE_DESCS SZ_4K /* at its end */
/* A look at the core though no interrupt came: it may have been lost. */
#define LOOK_INTERVAL msecs_to_jiffies(100)

static u64 core_epoch(struct akida_core *core)
{
	return READ_ONCE(core->epoch);
}

/* Lets in who still has the board that they began with. */
static int enter(struct akida_core *core, u64 epoch)
{
	int err = akida_enter(core->adev);

	if (!err && core_epoch(core) != epoch) {
		akida_leave(core->adev);
		err = -ESTALE;
	}
	return err;
}

static void set(struct akida_core *core, u32 offset, u32 value)
{
	akida_core_write(core->adev, offset, value);
}

static u32 get(struct akida_core *core, u32 offset)
{
	return akida_core_read(core->adev, offset);
}

static u32 block_of(const struct akida_program *p)
{
	return p->sparse ? CORE_EVENT : CORE_HRC;
}

/* ----------------------------------------------------------------- arena */

u32 akida_batch_desc(const struct akida_core *core, const struct akida_batch *b)
{
	return core->arena + b->half * (AKIDA_ARENA_DESCS / 2);
}

u32 akida_batch_input(const struct akida_core *core,
		      const struct akida_batch *b, unsigned int i)
{
	const struct akida_program *p = b->program;

	return core->arena + AKIDA_ARENA_DESCS +
	       (b->half * p->depth + i) * p->in_slot;
}

u32 akida_batch_output(const struct akida_core *core,
		       const struct akida_batch *b, unsigned int i)
{
	const struct akida_program *p = b->program;

	return core->arena + core->arena_size -
	       (p->halves * p->depth - b->half * p->depth - i) * p->out_slot;
}

void *akida_batch_desc_cpu(struct akida_core *core, const struct akida_batch *b,
			   dma_addr_t *dma)
{
	u32 at = STAGE_SIZE - STAGE_DESCS + b->half * (AKIDA_ARENA_DESCS / 2);

	*dma = core->stage->dma + at;
	return core->stage->cpu + at;
}

/* ------------------------------------------------------------- programs */

/* What is on the stage goes where the core finds it; @to is an address of its. */
static int move(struct akida_core *core, const struct akida_program *p, u32 to,
		u32 size)
{
	struct akida_dma_seg seg = {
		.host = core->stage->dma,
		.dev = to,
		.len = size,
	};
	int err = 0;

	/* The memory is coherent; registers are written behind it, in order. */
	if (p->map)
		memcpy(p->map->host.cpu + (to - p->dev), core->stage->cpu,
		       size);
	else
		err = akida_dma_run(core->adev, AKIDA_DMA_TO_DEVICE, &seg, 1,
				    NULL);
	if (!err)
		core->bytes += size;
	return err;
}

static int move_data(struct akida_core *core, struct akida_program *p,
		     u32 offset, u32 size)
{
	u32 n;
	int err = 0;

	for (; size && !err; size -= n, offset += n) {
		n = min_t(u32, size, STAGE_SIZE - STAGE_DESCS);
		memcpy(core->stage->cpu, p->data + offset, n);
		err = move(core, p, p->dev + offset, n);
	}
	return err;
}

static u32 config_descs(const struct akida_program *p)
{
	return p->dev + ALIGN(p->size, 64);
}

/* Descriptors of all packets, or of those that were replaced; how many. */
static unsigned int write_config_descs(struct akida_core *core,
				       struct akida_program *p, bool all)
{
	__le32 *desc = core->stage->cpu;
	unsigned int i, n = 0;

	for (i = 0; i < p->num_tracks; i++) {
		const struct akida_track *t = &p->track[i];

		if (t->fnp2 || !(all || test_bit(i, p->dirty)))
			continue;
		memset(desc, 0, AKIDA_DESC_CONFIG_BYTES);
		desc[0] = cpu_to_le32(CONFIG_WRITE);
		desc[1] = cpu_to_le32(p->dev + t->offset);
		desc[2] = cpu_to_le32(t->words);
		/* Of a virtual board: silicon has no such word. */
		desc[4] = cpu_to_le32(t->pass);
		desc += AKIDA_DESC_CONFIG_BYTES / 4;
		n++;
	}
	return n;
}

/* The board's memory becomes what the program is. */
static int upload(struct akida_core *core, struct akida_program *p, u64 epoch,
		  bool all)
{
	unsigned int i, n;
	int err = 0;

	if (all)
		err = move_data(core, p, 0, p->size);
	for (i = 0; i < p->num_tracks && !all && !err; i++)
		if (test_bit(i, p->dirty))
			err = move_data(core, p, p->track[i].offset,
					p->track[i].words * 4);
	if (err || !all)
		return err;
	n = write_config_descs(core, p, true);
	err = move(core, p, config_descs(p), n * AKIDA_DESC_CONFIG_BYTES);
	/* A transfer may have been the last before the board was blocked. */
	if (!err && core_epoch(core) == epoch)
		p->epoch = epoch;
	return err;
}

static void set_config(struct akida_core *core, u32 container, unsigned int n)
{
	set(core, CORE_CONFIG + BLOCK_CTRL, CTRL_RESET);
	set(core, CORE_CONFIG + BLOCK_CTRL, CTRL_RUN);
	set(core, CORE_CONFIG + BLOCK_CONTAINER, container);
	set(core, CORE_CONFIG + BLOCK_CONTAINER_SIZE,
	    CONTAINER(AKIDA_DESC_CONFIG_BYTES, n));
}

static void ring_config(struct akida_core *core, unsigned int n)
{
	set(core, CORE_CONFIG + BLOCK_DESC, DESC_LAST(n - 1));
}

/* Configuration is polled: it is rare, and each packet would interrupt. */
static int wait_config(struct akida_core *core, u64 epoch, unsigned int n)
{
	ktime_t patience = ktime_add_ms(ktime_get(), CONFIG_PATIENCE_MS);
	unsigned int us = 50;
	u32 cur, status;
	bool late;
	int err;

	for (;;) {
		late = ktime_after(ktime_get(), patience);
		err = enter(core, epoch);
		if (err)
			return err;
		cur = DESC_CUR(get(core, CORE_CONFIG + BLOCK_DESC));
		status = get(core, CORE_CONFIG + BLOCK_MON_STATUS);
		akida_leave(core->adev);
		if (status & MON_ERROR)
			return -EBADMSG;
		if (cur == n - 1)
			return 0;
		if (late)
			return -EBADMSG;
		usleep_range(us, 2 * us);
		us = min(2 * us, 2000u);
	}
}

static void set_program(struct akida_core *core, const struct akida_program *p)
{
	u32 control = get(core, CORE_GENERAL_CONTROL) & ~CORE_MULTIPASS;
	unsigned int i;

	if (p->passes > 1)
		control |= CORE_MULTIPASS;
	set(core, CORE_GENERAL_CONTROL, control);
	for (i = 0; i < p->num_tracks; i++)
		if (p->track[i].fnp2)
			set(core, CORE_FNP2_ADDR + 4 * (p->track[i].fnp2 - 1),
			    p->dev + p->track[i].offset);
	for (i = 0; i < p->num_epg; i++)
		set(core, CORE_EPG + p->epg[i].offset, p->epg[i].value);
	if (core->use_irq) {
		set(core, INT_MASK,
		    INT_ALL & ~(p->sparse ? INT_EVENT : INT_HRC));
		set(core, CORE_INTERRUPTS, 1);
	}
}

/* All of a program into the mesh, whatever was there. */
static int configure_all(struct akida_core *core, struct akida_program *p,
			 u64 epoch)
{
	int err = enter(core, epoch);

	if (err)
		return err;
	/* It is idle, and sees no other program than this. */
	err = akida_window_show(core->adev, p->map);
	if (err) {
		akida_leave(core->adev);
		return err;
	}
	akida_reset_mesh(core->adev);
	set_program(core, p);
	set_config(core, config_descs(p), p->num_desc);
	/* Of several passes the core configures each itself, for each job. */
	if (p->passes == 1)
		ring_config(core, p->num_desc);
	akida_leave(core->adev);
	return p->passes > 1 ? 0 : wait_config(core, epoch, p->num_desc);
}

/* Only what was replaced, into a mesh that has the program. */
static int configure_dirty(struct akida_core *core, struct akida_program *p,
			   u64 epoch)
{
	u32 descs = config_descs(p) + p->num_desc * AKIDA_DESC_CONFIG_BYTES;
	unsigned int n = write_config_descs(core, p, false);
	int err = move(core, p, descs, n * AKIDA_DESC_CONFIG_BYTES);

	if (!err)
		err = enter(core, epoch);
	if (err)
		return err;
	set_config(core, descs, n);
	ring_config(core, n);
	akida_leave(core->adev);
	return wait_config(core, epoch, n);
}

static bool external_is_dirty(const struct akida_program *p)
{
	unsigned int i;

	for_each_set_bit(i, p->dirty,
			 p->num_tracks) if (p->track[i].fnp2) return true;
	return false;
}

int akida_core_configure(struct akida_core *core, struct akida_program *p,
			 u64 epoch)
{
	bool resident = p->epoch == epoch;
	bool there = core->loaded == p->id && core->loaded_epoch == epoch;
	bool dirty = !bitmap_empty(p->dirty, p->num_tracks);
	int err = 0;

	if (there && !dirty)
		return 0;
	if (!resident || dirty)
		err = upload(core, p, epoch, !resident);
	if (!err && there && p->passes == 1 && !external_is_dirty(p)) {
		err = configure_dirty(core, p, epoch);
	} else if (!err) {
		if (!there) {
			core->switches++;
			trace_akida_program_switch(core->adev, p);
		}
		core->loaded = 0;
		err = configure_all(core, p, epoch);
	}
	if (err) {
		core->loaded = 0;
		/* Half of it may be there. */
		p->epoch = 0;
		return err != -ESTALE && core_epoch(core) != epoch ? -ESTALE :
								     err;
	}
	bitmap_zero(p->dirty, p->num_tracks);
	core->loaded = p->id;
	core->loaded_epoch = epoch;
	return 0;
}

/* --------------------------------------------------------------- batches */

static void arm(struct akida_core *core, u32 block, u64 epoch)
{
	spin_lock_irq(&core->irq_lock);
	core->block = block;
	core->status = 0;
	core->armed = core->use_irq && core->epoch == epoch;
	spin_unlock_irq(&core->irq_lock);
}

static void disarm(struct akida_core *core)
{
	spin_lock_irq(&core->irq_lock);
	core->armed = false;
	spin_unlock_irq(&core->irq_lock);
}

int akida_core_ring(struct akida_core *core, struct akida_batch *b)
{
	const struct akida_program *p = b->program;
	u32 block = block_of(p);
	int err = enter(core, b->epoch);

	if (err)
		return err;
	b->done = 0;
	b->clocks = 0;
	/* Posted writes only. The block begins with descriptor 0 again. */
	set(core, block + BLOCK_CTRL, CTRL_RESET);
	set(core, block + BLOCK_CTRL, CTRL_RUN);
	set(core, block + BLOCK_CONTAINER, akida_batch_desc(core, b));
	set(core, block + BLOCK_CONTAINER_SIZE,
	    CONTAINER(AKIDA_DESC_BYTES, AKIDA_BATCH_MAX + 1));
	if (p->passes > 1)
		set(core, block + BLOCK_BURST, p->passes << 24);
	set(core, block + BLOCK_MON_CTRL, MON_MASK | MON_STATUS_CLEAR);
	arm(core, block, b->epoch);
	b->rung = ktime_get_ns();
	set(core, block + BLOCK_DESC, DESC_LAST(b->num - 1));
	akida_leave(core->adev);
	return 0;
}

irqreturn_t akida_core_irq(struct akida_device *adev)
{
	struct akida_core *core = adev->core;
	irqreturn_t ret = IRQ_NONE;
	unsigned long flags;
	u32 status;

	if (!core || !READ_ONCE(core->armed))
		return IRQ_NONE;
	spin_lock_irqsave(&core->irq_lock, flags);
	if (core->armed) {
		status = get(core, core->block + BLOCK_MON_STATUS);
		if ((status & MON_DONE) && status != U32_MAX) {
			/* So that the next job's end interrupts again. */
			set(core, core->block + BLOCK_MON_CTRL,
			    MON_MASK | MON_STATUS_CLEAR);
			core->status |= status & MON_DONE;
			core->irqs++;
			ret = IRQ_HANDLED;
		}
	}
	spin_unlock_irqrestore(&core->irq_lock, flags);
	if (ret == IRQ_HANDLED)
		wake_up_all(&core->wq);
	return ret;
}

/* One look at the core: 1 all done, 0 not yet, or a negative errno. */
static int look(struct akida_core *core, struct akida_batch *b, u32 status)
{
	u32 block = block_of(b->program), done;
	int ret = enter(core, b->epoch);

	if (ret)
		return ret;
	if (!status) {
		/* Nobody has told: look, and make the next interrupt possible. */
		status = get(core, block + BLOCK_MON_STATUS) & MON_DONE;
		if (status && core->use_irq)
			set(core, block + BLOCK_MON_CTRL,
			    MON_MASK | MON_STATUS_CLEAR);
	}
	done = DESC_CUR(get(core, block + BLOCK_DESC));
	done = done == DESC_NONE ? 0 : done + 1;
	if (done > b->num)
		ret = -EIO;
	else
		b->done = max(b->done, done);
	if (!ret && b->done == b->num)
		ret = 1;
	else if (!ret && (status & MON_ERROR))
		ret = -EIO;
	if (ret)
		b->clocks = get(core, block + BLOCK_TIMER);
	akida_leave(core->adev);
	return ret;
}

static u32 take_status(struct akida_core *core)
{
	u32 status;

	spin_lock_irq(&core->irq_lock);
	status = core->status;
	core->status = 0;
	spin_unlock_irq(&core->irq_lock);
	return status;
}

/* Returns when a look is due. */
static void pause(struct akida_core *core, struct akida_batch *b,
		  unsigned int *us)
{
	if (core->use_irq) {
		wait_event_timeout(core->wq,
				   READ_ONCE(core->status) ||
					   core_epoch(core) != b->epoch,
				   LOOK_INTERVAL);
		return;
	}
	usleep_range(*us, *us + *us / 4);
	*us = min(2 * *us, 1000u);
}

int akida_core_wait(struct akida_core *core, struct akida_batch *b)
{
	unsigned int ms = clamp(job_timeout_ms, 100u, 600000u);
	ktime_t patience = ktime_add_ms(ktime_get(), ms);
	unsigned int us = 50, done = 0;
	bool late = false;
	int ret;

	for (;;) {
		pause(core, b, &us);
		late = ktime_after(ktime_get(), patience);
		ret = look(core, b, take_status(core));
		if (ret)
			break;
		if (b->done > done) {
			done = b->done;
			us = 50;
			patience = ktime_add_ms(ktime_get(), ms);
		} else if (late) {
			ret = -EIO;
			break;
		}
	}
	disarm(core);
	return min(ret, 0);
}

void akida_core_recover(struct akida_core *core, struct akida_batch *b,
			const char *why)
{
	struct akida_device *adev = core->adev;
	int err = enter(core, b->epoch);
	u32 mesh;

	core->loaded = 0;
	core->errors++;
	if (err)
		return;
	akida_core_dump(core, b, why);
	akida_event_hang(adev, b->queue->id, b->program->id);
	akida_reset_core(adev);
	mesh = get(core, CORE_MESH_INFO1);
	core->resets++;
	trace_akida_core_reset(adev, b->program);
	akida_leave(adev);
	akida_event_reset(adev, AKIDA_NL_RESET_CORE,
			  mesh == U32_MAX ? -EIO : 0);
	if (mesh == U32_MAX)
		akida_recover(adev);
}

/* ------------------------------------------------------------------ life */

void akida_core_stop(struct akida_device *adev)
{
	struct akida_core *core = adev->core;

	if (!core)
		return;
	spin_lock_irq(&core->irq_lock);
	core->armed = false;
	core->epoch++;
	spin_unlock_irq(&core->irq_lock);
	wake_up_all(&core->wq);
}

int akida_core_init(struct akida_device *adev)
{
	struct akida_core *core;
	u32 info1, info2;

	core = kzalloc(sizeof(*core), GFP_KERNEL);
	if (!core)
		return -ENOMEM;
	core->stage = kzalloc(sizeof(*core->stage), GFP_KERNEL);
	if (!core->stage || akida_host_alloc(adev, core->stage, STAGE_SIZE)) {
		kfree(core->stage);
		kfree(core);
		return -ENOMEM;
	}
	core->adev = adev;
	core->use_irq =
		core_irq > 0 ||
		(core_irq < 0 && (adev->virtual || adev->chip->core_irq));
	core->epoch = 1;
	spin_lock_init(&core->irq_lock);
	init_waitqueue_head(&core->wq);
	spin_lock_init(&core->lock);
	INIT_LIST_HEAD(&core->busy);
	INIT_WORK(&core->runner, akida_run_work);
	mutex_init(&core->program_lock);
	INIT_LIST_HEAD(&core->all);
	mutex_init(&core->names_lock);
	INIT_LIST_HEAD(&core->names);
	info1 = akida_core_read(adev, CORE_MESH_INFO1);
	info2 = akida_core_read(adev, CORE_MESH_INFO2);
	core->rows = info1 & 0xff;
	core->columns = info1 >> 8 & 0xff;
	core->nps = info2 & 0x7;
	WRITE_ONCE(adev->core, core);
	return 0;
}

void akida_core_detach(struct akida_device *adev)
{
	struct akida_core *core = adev->core;

	if (!core)
		return;
	flush_work(&core->runner);
	akida_host_free(adev, core->stage);
}

void akida_core_exit(struct akida_device *adev)
{
	struct akida_core *core = adev->core;

	if (!core)
		return;
	adev->core = NULL;
	kfree(core->stage);
	kfree(core);
}

void akida_core_info(struct akida_device *adev, struct akida_ioc_info *info)
{
	struct akida_core *core = adev->core;

	info->programs = READ_ONCE(core->programs);
	info->device_version = akida_device_version(adev);
	info->core_resets = READ_ONCE(core->resets);
	info->switches = READ_ONCE(core->switches);
	info->jobs = READ_ONCE(core->jobs);
	info->core_errors = READ_ONCE(core->errors);
	info->program_bytes = READ_ONCE(core->bytes);
}
