// SPDX-License-Identifier: GPL-2.0
/*
 * Programs: copies of what strangers sent, checked once and for all, and their
 * place in device memory.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_file.h"

/* Registers that known programs write (measured) */
static const u32 epg_offsets[] = { 0x00, 0x0c, 0x10, 0x14, 0x18, 0x1c };

static atomic64_t program_ids = ATOMIC64_INIT(0);

u32 akida_device_version(struct akida_device *adev)
{
	return adev->virtual ? adev->chip->virtual_version :
			       adev->chip->version;
}

struct akida_program *akida_program_get(struct akida_file *f, u32 handle)
{
	struct akida_program *p;

	mutex_lock(&f->lock);
	p = idr_find(&f->programs, handle);
	if (p)
		kref_get(&p->ref);
	mutex_unlock(&f->lock);
	return p;
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

static int take_memory(struct akida_program *p)
{
	struct akida_device *adev = p->file->adev;
	/* Descriptors of all packets, and again of those that are replaced */
	u32 descs = 2 * p->num_desc * AKIDA_DESC_CONFIG_BYTES;
	int err;

	err = arena_get(adev->core);
	if (err)
		return err;
	p->dev_size = PAGE_ALIGN(ALIGN(p->size, 64) + descs);
	err = akida_space_alloc(&adev->mem->space, p->dev_size, &p->dev);
	if (err) {
		p->dev_size = 0;
		arena_put(adev->core);
	}
	return err;
}

static void program_release(struct kref *ref)
{
	struct akida_program *p = container_of(ref, struct akida_program, ref);
	struct akida_device *adev = p->file->adev;

	if (p->dev_size) {
		akida_event_program(adev, false, p->file->run.id, p->id,
				    p->size);
		akida_space_free(&adev->mem->space, p->dev, p->dev_size);
		arena_put(adev->core);
	}
	akida_file_unuse(p->file);
	mutex_destroy(&p->lock);
	bitmap_free(p->dirty);
	kvfree(p->track);
	kfree(p->epg);
	kvfree(p->data);
	kfree(p);
}

void akida_program_put(struct akida_program *p)
{
	kref_put(&p->ref, program_release);
}

void akida_programs_close(struct akida_file *f)
{
	struct akida_program *p;
	int handle;

	/* No ioctl can come, so nobody else changes this. */
	idr_for_each_entry(&f->programs, p, handle) {
		idr_remove(&f->programs, handle);
		akida_program_put(p);
	}
	idr_destroy(&f->programs);
}

/* ----------------------------------------------------------------- checking */

static int check_sizes(const struct akida_ioc_program *c)
{
	u64 map = (u64)c->width * c->height;
	bool sparse = c->flags & AKIDA_PROGRAM_SPARSE;

	if (c->flags & ~AKIDA_PROGRAM_SPARSE)
		return -EINVAL;
	if (!c->data_size || c->data_size > AKIDA_MAX_PROGRAM_SIZE ||
	    c->data_size % 4 || !c->num_tracks ||
	    c->num_tracks > AKIDA_MAX_TRACKS || c->num_epg > AKIDA_MAX_EPG ||
	    !c->num_passes || c->num_passes > AKIDA_MAX_PASSES)
		return -EINVAL;
	if (!c->width || c->width > U16_MAX || !c->height ||
	    c->height > U16_MAX || !c->channels || c->channels > U16_MAX)
		return -EINVAL;
	/* What descriptors can say; the plan of memory is narrower. */
	if (sparse ? !c->input_size || c->input_size % 8 ||
			     c->input_size / 4 > 0xffffff :
		     map * c->channels != c->input_size)
		return -EINVAL;
	if (c->output_size % 4 || c->output_size < AKIDA_OUTPUT_HEADER ||
	    c->output_size > AKIDA_MAX_PROGRAM_SIZE)
		return -EINVAL;
	return 0;
}

static int check_track(struct akida_core *core, const struct akida_program *p,
		       const struct akida_track *t)
{
	if (t->offset % 4 || t->offset > p->size || !t->words ||
	    t->words > (p->size - t->offset) / 4 || t->pass >= p->passes ||
	    t->fnp2 > 4)
		return -EINVAL;
	if (t->fnp2)
		return 0;
	/* The field of the descriptor */
	if (t->words > U16_MAX)
		return -EINVAL;
	return akida_packets_check(core, (__le32 *)(p->data + t->offset),
				   t->words);
}

/* What is replaced in one must not be looked at as another. */
static bool overlap(const struct akida_track *a, const struct akida_track *b)
{
	return a->offset < b->offset + b->words * 4 &&
	       b->offset < a->offset + a->words * 4;
}

static int check_tracks(struct akida_core *core, struct akida_program *p)
{
	unsigned int fnp2 = 0, i, k;
	int err;

	for (i = 0; i < p->num_tracks; i++) {
		const struct akida_track *t = &p->track[i];

		err = check_track(core, p, t);
		if (err)
			return err;
		for (k = 0; k < i; k++)
			if (overlap(t, &p->track[k]))
				return -EINVAL;
		/* There is one register for each. */
		if (t->fnp2 && (fnp2 & BIT(t->fnp2)))
			return -EINVAL;
		fnp2 |= t->fnp2 ? BIT(t->fnp2) : 0;
		p->num_desc += !t->fnp2;
	}
	return p->num_desc ? 0 : -EINVAL;
}

static int check_epg(const struct akida_program *p)
{
	unsigned int i, k;

	for (i = 0; i < p->num_epg; i++) {
		for (k = 0; k < ARRAY_SIZE(epg_offsets); k++)
			if (p->epg[i].offset == epg_offsets[k])
				break;
		if (k == ARRAY_SIZE(epg_offsets))
			return -EINVAL;
	}
	return 0;
}

/* ----------------------------------------------------------------- creating */

/* A copy of an array of the caller's, charged to them. */
static void *copy_array(u64 user, size_t num, size_t size)
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

	copy = copy_array(c->data, c->data_size, 1);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	p->data = copy;
	copy = copy_array(c->tracks, c->num_tracks, sizeof(*p->track));
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	p->track = copy;
	if (c->num_epg) {
		p->epg = memdup_user(u64_to_user_ptr(c->epg),
				     c->num_epg * sizeof(*p->epg));
		if (IS_ERR(p->epg)) {
			int err = PTR_ERR(p->epg);

			p->epg = NULL;
			return err;
		}
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
	p->file = f;
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
	struct akida_file *f = p->file;
	struct akida_device *adev = f->adev;
	int err, handle;

	err = plan_batches(p, adev->chip->arena);
	if (!err)
		err = copy_program(p, c);
	if (!err)
		err = check_tracks(adev->core, p);
	if (!err)
		err = check_epg(p);
	if (err)
		return err;
	/* Nothing is kept for a board that is gone. */
	err = akida_enter(adev);
	if (err)
		return err;
	err = take_memory(p);
	akida_leave(adev);
	if (err)
		return err;
	/* Before there is a handle to free it by */
	akida_event_program(adev, true, f->run.id, p->id, p->size);
	mutex_lock(&f->lock);
	handle = idr_alloc(&f->programs, p, 1, AKIDA_MAX_PROGRAMS + 1,
			   GFP_KERNEL_ACCOUNT);
	if (handle > 0)
		p->handle = handle;
	mutex_unlock(&f->lock);
	return min(handle, 0);
}

int akida_ioc_program_create(struct akida_file *f, void *arg)
{
	struct akida_ioc_program *c = arg;
	struct akida_program *p;
	int err;

	err = check_sizes(c);
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
	p = new_program(f, c);
	if (!p) {
		akida_file_unuse(f);
		return -ENOMEM;
	}
	err = make_program(p, c);
	if (err)
		akida_program_put(p);
	else
		c->handle = p->handle;
	return err;
}

static int free_handle(struct akida_file *f, u32 handle)
{
	struct akida_program *p;

	mutex_lock(&f->lock);
	p = idr_remove(&f->programs, handle);
	mutex_unlock(&f->lock);
	if (!p)
		return -ENOENT;
	akida_program_put(p);
	return 0;
}

int akida_ioc_program_free(struct akida_file *f, void *arg)
{
	struct akida_ioc_program_free *c = arg;

	if (c->flags)
		return -EINVAL;
	return free_handle(f, c->handle);
}

void akida_undo_program_create(struct akida_file *f, void *arg)
{
	struct akida_ioc_program *c = arg;

	free_handle(f, c->handle);
}

/* ----------------------------------------------------------------- updating */

/* The new contents, one behind the other, or an error. */
static u8 *copy_tracks(struct akida_core *core, const struct akida_program *p,
		       const struct akida_new_track *new, unsigned int num)
{
	unsigned long seen[BITS_TO_LONGS(AKIDA_MAX_TRACKS)] = {};
	size_t size = 0, at = 0;
	unsigned int i;
	int err = 0;
	u8 *data;

	for (i = 0; i < num; i++) {
		if (new[i].track >= p->num_tracks ||
		    new[i].words != p->track[new[i].track].words ||
		    __test_and_set_bit(new[i].track, seen))
			return ERR_PTR(-EINVAL);
		size += (size_t) new[i].words * 4;
	}
	data = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!data)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < num && !err; at += (size_t) new[i++].words * 4) {
		if (copy_from_user(data + at, u64_to_user_ptr(new[i].data),
				   (size_t) new[i].words * 4))
			err = -EFAULT;
		else if (!p->track[new[i].track].fnp2)
			err = akida_packets_check(core, (__le32 *)(data + at),
						  new[i].words);
	}
	if (!err)
		return data;
	kvfree(data);
	return ERR_PTR(err);
}

static int replace(struct akida_program *p, const struct akida_new_track *new,
		   unsigned int num, const u8 *data)
{
	unsigned int i;

	mutex_lock(&p->lock);
	if (atomic_read(&p->jobs)) {
		mutex_unlock(&p->lock);
		return -EBUSY;
	}
	for (i = 0; i < num; i++) {
		const struct akida_track *t = &p->track[new[i].track];

		memcpy(p->data + t->offset, data, (size_t)t->words * 4);
		data += (size_t)t->words * 4;
		set_bit(new[i].track, p->dirty);
	}
	mutex_unlock(&p->lock);
	return 0;
}

int akida_ioc_program_update(struct akida_file *f, void *arg)
{
	struct akida_ioc_program_update *c = arg;
	struct akida_new_track *new;
	struct akida_program *p;
	u8 *data;
	int err;

	if (c->flags || c->reserved || !c->num_tracks ||
	    c->num_tracks > AKIDA_MAX_TRACKS)
		return -EINVAL;
	p = akida_program_get(f, c->handle);
	if (!p)
		return -ENOENT;
	new = copy_array(c->tracks, c->num_tracks, sizeof(*new));
	if (IS_ERR(new)) {
		akida_program_put(p);
		return PTR_ERR(new);
	}
	data = copy_tracks(f->adev->core, p, new, c->num_tracks);
	err = PTR_ERR_OR_ZERO(data);
	if (!err) {
		err = replace(p, new, c->num_tracks, data);
		kvfree(data);
	}
	kvfree(new);
	akida_program_put(p);
	return err;
}
