// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: copies of what strangers sent, checked once and for all, and their
 * place in device memory.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_file.h"

/* Of who made it */
#define ALL_RIGHTS (AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE | AKIDA_RIGHT_NAME)

static atomic64_t program_ids = ATOMIC64_INIT(0);

u32 akida_device_version(struct akida_device *adev)
{
	return adev->virtual ? adev->chip->virtual_version :
			       adev->chip->version;
}

/* ------------------------------------------------------------- memory plan */

/* The arena is there while there are programs. */
static int arena_get(struct akida_core *core)
{
	struct akida_space *s = &core->adev->mem->space;
	u32 size = core->adev->chip->arena;
	u32 end = s->base + (u32)(s->num << s->shift);
	int err = 0;

	mutex_lock(&core->program_lock);
	if (!core->programs) {
		/* At the very end: what is too long must not hit others. */
		err = akida_space_take(s, end - size, size);
		core->arena = end - size;
		core->arena_size = size;
	}
	if (!err)
		core->programs++;
	mutex_unlock(&core->program_lock);
	return err ? -ENOSPC : 0;
}

static void arena_put(struct akida_core *core)
{
	mutex_lock(&core->program_lock);
	if (!--core->programs)
		akida_space_free(&core->adev->mem->space, core->arena,
				 core->arena_size);
	mutex_unlock(&core->program_lock);
}

/* How many inputs and outputs the arena holds, twice if possible. */
static int plan_batches(struct akida_program *p, u32 arena)
{
	u32 room = arena - AKIDA_ARENA_DESCS, num;

	p->in_slot = ALIGN(p->input_size, 64);
	/* A line between outputs, that a small mistake meets first */
	p->out_slot = ALIGN(p->output_size, 64) + 64;
	if (p->in_slot > room || p->out_slot > room - p->in_slot)
		return -ENOSPC;
	num = room / (p->in_slot + p->out_slot);
	p->halves = num > 1 ? 2 : 1;
	p->depth = min_t(u32, num / p->halves, AKIDA_BATCH_MAX);
	/* The engine's rule: the core configures the mesh anew for each input. */
	if (p->passes > 1)
		p->depth = 1;
	return 0;
}

/*
 * Host memory that the chip sees while the program is in the mesh. Nobody else
 * ever gets at it; but since the chip could write there, @data is what counts.
 */
static int take_host_memory(struct akida_program *p)
{
	int err;

	if (!p->adev->window)
		return -ENOSPC;
	p->map = kzalloc(sizeof(*p->map), GFP_KERNEL_ACCOUNT);
	if (!p->map)
		return -ENOMEM;
	err = akida_window_reserve(p->adev, p->map, p->dev_size);
	if (err) {
		kfree(p->map);
		p->map = NULL;
		return err;
	}
	p->dev = p->map->base;
	return 0;
}

static int take_memory(struct akida_program *p)
{
	struct akida_device *adev = p->adev;
	/* Descriptors of all packets, and again of those that are replaced */
	u32 descs = 2 * p->num_desc * AKIDA_DESC_CONFIG_BYTES;
	int err;

	err = arena_get(adev->core);
	if (err)
		return err;
	p->dev_size = PAGE_ALIGN(ALIGN(p->size, 64) + descs);
	err = akida_space_alloc(&adev->mem->space, p->dev_size, &p->dev);
	if (err)
		err = take_host_memory(p);
	if (err) {
		p->dev_size = 0;
		arena_put(adev->core);
		return err;
	}
	mutex_lock(&adev->core->program_lock);
	list_add_tail(&p->node, &adev->core->all);
	mutex_unlock(&adev->core->program_lock);
	return 0;
}

static void give_memory_back(struct akida_program *p)
{
	struct akida_device *adev = p->adev;
	struct akida_core *core = adev->core;

	/* Unlike akida_enter() this waits for no reset to end. */
	down_read(&adev->sem);
	mutex_lock(&core->program_lock);
	list_del(&p->node);
	if (p->map)
		akida_window_destroy(adev, p->map);
	mutex_unlock(&core->program_lock);
	up_read(&adev->sem);
	if (!p->map)
		akida_space_free(&adev->mem->space, p->dev, p->dev_size);
	kfree(p->map);
	arena_put(core);
}

void akida_programs_detach(struct akida_device *adev)
{
	struct akida_core *core = adev->core;
	struct akida_program *p;

	if (!core)
		return;
	mutex_lock(&core->program_lock);
	list_for_each_entry(p, &core->all, node)
		if (p->map)
			akida_window_destroy(adev, p->map);
	mutex_unlock(&core->program_lock);
}

static void program_release(struct kref *ref)
{
	struct akida_program *p = container_of(ref, struct akida_program, ref);
	struct akida_device *adev = p->adev;

	if (p->dev_size) {
		akida_event_program(adev, false, p->maker, p->id, p->size);
		give_memory_back(p);
	}
	mutex_destroy(&p->lock);
	bitmap_free(p->dirty);
	kvfree(p->track);
	kvfree(p->epg);
	kvfree(p->note);
	kvfree(p->data);
	kfree(p);
}

void akida_program_put(struct akida_program *p)
{
	kref_put(&p->ref, program_release);
}

/* ----------------------------------------------------------------- creating */

void *akida_user_array(u64 user, size_t num, size_t size)
{
	void *to = kvmalloc_array(num, size, GFP_KERNEL_ACCOUNT);

	if (!to)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(to, u64_to_user_ptr(user), num * size)) {
		kvfree(to);
		return ERR_PTR(-EFAULT);
	}
	return to;
}

static int copy_program(struct akida_program *p,
			const struct akida_ioc_program *c)
{
	void *copy;

	copy = akida_user_array(c->data, c->data_size, 1);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	p->data = copy;
	copy = akida_user_array(c->tracks, c->num_tracks, sizeof(*p->track));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	p->track = copy;
	if (c->num_epg) {
		copy = akida_user_array(c->epg, c->num_epg, sizeof(*p->epg));
		if (IS_ERR(copy))
			return PTR_ERR(copy);
		p->epg = copy;
	}
	p->dirty = bitmap_zalloc(c->num_tracks, GFP_KERNEL_ACCOUNT);
	return p->dirty ? 0 : -ENOMEM;
}

static struct akida_program *new_program(struct akida_file *f,
					 const struct akida_ioc_program *c)
{
	struct akida_program *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);

	if (!p)
		return NULL;
	kref_init(&p->ref);
	mutex_init(&p->lock);
	init_waitqueue_head(&p->wq);
	p->adev = f->adev;
	p->maker = f->run.id;
	p->id = atomic64_inc_return(&program_ids);
	p->size = c->data_size;
	p->num_tracks = c->num_tracks;
	p->num_epg = c->num_epg;
	p->passes = c->num_passes;
	p->sparse = c->flags & AKIDA_PROGRAM_SPARSE;
	p->width = c->width;
	p->height = c->height;
	p->channels = c->channels;
	p->input_size = c->input_size;
	p->output_size = c->output_size;
	return p;
}

static int make_program(struct akida_program *p,
			const struct akida_ioc_program *c)
{
	struct akida_device *adev = p->adev;
	int err;

	err = plan_batches(p, adev->chip->arena);
	if (!err)
		err = copy_program(p, c);
	if (!err)
		err = akida_program_check(adev->core, p);
	if (err)
		return err;
	/* Nothing is kept for a board that is gone. */
	err = akida_enter(adev);
	if (err)
		return err;
	err = take_memory(p);
	akida_leave(adev);
	/* Before there is a handle to free it by */
	if (!err)
		akida_event_program(adev, true, p->maker, p->id, p->size);
	return err;
}

int akida_ioc_program_create(struct akida_file *f, void *arg)
{
	struct akida_ioc_program *c = arg;
	struct akida_program *p;
	int err;

	err = akida_program_sizes(c);
	if (err)
		return err;
	if (c->device_version != akida_device_version(f->adev))
		return -EINVAL;
	/* The descriptor's pass number is a virtual board's. */
	if (c->num_passes > 1 && !f->adev->virtual)
		return -EOPNOTSUPP;
	err = akida_file_use(f);
	if (err)
		return err;
	err = -ENOMEM;
	p = new_program(f, c);
	if (p) {
		err = make_program(p, c);
		if (!err)
			err = akida_handle_add(f, p, ALL_RIGHTS);
		akida_program_put(p);
	}
	/* The handle has a use of its own. */
	akida_file_unuse(f);
	if (err < 0)
		return err;
	c->handle = err;
	return 0;
}

int akida_ioc_program_free(struct akida_file *f, void *arg)
{
	struct akida_ioc_program_free *c = arg;

	if (c->flags)
		return -EINVAL;
	return akida_handle_free(f, c->handle);
}

void akida_undo_program_create(struct akida_file *f, void *arg)
{
	struct akida_ioc_program *c = arg;

	akida_handle_free(f, c->handle);
}
