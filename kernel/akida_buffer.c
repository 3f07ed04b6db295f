// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: handles of an open file for host, user, device and window memory.
 */
#include <linux/idr.h>
#include <linux/slab.h>

#include "akida_file.h"
#include "akida_power.h"

struct kmem_cache *akida_buffer_cache;

/* The first 256 slots of 4 GiB are below AKIDA_MMAP_BUFFERS. */
#define AKIDA_MMAP_SHIFT 32
#define AKIDA_MMAP_FIRST (AKIDA_MMAP_BUFFERS >> AKIDA_MMAP_SHIFT)

static_assert(AKIDA_MAX_BUFFER_SIZE == 1ULL << AKIDA_MMAP_SHIFT);
static_assert(AKIDA_MMAP_FIRST + AKIDA_MAX_BUFFERS ==
	      AKIDA_MMAP_END >> AKIDA_MMAP_SHIFT);

u64 akida_buffer_mmap_offset(const struct akida_buffer *b)
{
	if (b->kind == AKIDA_BUFFER_USER ||
	    (b->kind == AKIDA_BUFFER_DEVICE &&
	     !akida_mem_mappable(b->file->adev)))
		return 0;
	return (AKIDA_MMAP_FIRST + b->handle - 1) << AKIDA_MMAP_SHIFT;
}

struct akida_buffer *akida_buffer_get(struct akida_file *f, u32 handle)
{
	struct akida_buffer *b;

	mutex_lock(&f->lock);
	b = idr_find(&f->buffers, handle);
	if (b)
		kref_get(&b->ref);
	mutex_unlock(&f->lock);
	return b;
}

/* Lets go of memory and DMA mappings, under akida_file.lock. */
static void buffer_detach(struct akida_buffer *b)
{
	struct akida_device *adev = b->file->adev;

	lockdep_assert_held(&b->file->lock);
	if (b->detached)
		return;
	b->detached = true;
	if (b->pin)
		akida_pin_unmap(adev, b->pin);
	akida_host_free(adev, &b->host);
	akida_window_destroy(adev, &b->map);
}

static void buffer_release(struct kref *ref)
{
	struct akida_buffer *b = container_of(ref, struct akida_buffer, ref);
	struct akida_file *f = b->file;
	struct akida_device *adev = f->adev;

	/* Unlike akida_enter() this waits for no reset to end. */
	down_read(&adev->sem);
	mutex_lock(&f->lock);
	list_del(&b->node);
	buffer_detach(b);
	mutex_unlock(&f->lock);
	up_read(&adev->sem);

	if (b->kind == AKIDA_BUFFER_DEVICE && b->dev)
		akida_space_free(&adev->mem->space, b->dev, b->size);
	if (b->pin)
		akida_pin_destroy(b->pin);
	if (b->awake)
		akida_unhold(adev);
	akida_file_unuse(f);
	kmem_cache_free(akida_buffer_cache, b);
}

void akida_buffer_put(struct akida_buffer *b)
{
	kref_put(&b->ref, buffer_release);
}

unsigned int akida_buffer_segs(const struct akida_buffer *b, u64 offset,
			       u64 size, u32 dev, struct akida_dma_seg *seg)
{
	if (b->pin)
		return akida_pin_segs(b->pin, offset, size, dev, seg);
	if (seg) {
		seg->host = (b->kind == AKIDA_BUFFER_HOST ? b->host.dma :
							    b->map.host.dma) +
			    offset;
		seg->dev = dev;
		seg->len = size;
	}
	return 1;
}

void akida_buffers_detach(struct akida_file *f)
{
	struct akida_buffer *b;

	mutex_lock(&f->lock);
	list_for_each_entry(b, &f->live, node)
		buffer_detach(b);
	mutex_unlock(&f->lock);
}

void akida_buffers_close(struct akida_file *f)
{
	struct akida_buffer *b;
	int handle;

	/* No ioctl can come, so nobody else changes this. */
	idr_for_each_entry(&f->buffers, b, handle) {
		idr_remove(&f->buffers, handle);
		akida_buffer_put(b);
	}
	idr_destroy(&f->buffers);
	WARN_ON(!list_empty(&f->live));
}

u64 akida_buffers_bytes(struct akida_file *f)
{
	const struct akida_buffer *b;
	u64 bytes = 0;

	mutex_lock(&f->lock);
	list_for_each_entry(b, &f->live, node)
		/* One that is being made has no memory before it has it. */
		if (b->kind == AKIDA_BUFFER_DEVICE && READ_ONCE(b->dev))
			bytes += b->size;
	mutex_unlock(&f->lock);
	return bytes;
}

static int check_create(const struct akida_ioc_buffer *c)
{
	bool user = c->kind == AKIDA_BUFFER_USER;

	if (c->kind < AKIDA_BUFFER_HOST || c->kind > AKIDA_BUFFER_WINDOW ||
	    c->reserved)
		return -EINVAL;
	if (c->flags & ~(user ? AKIDA_BUFFER_READ_ONLY : 0))
		return -EINVAL;
	if (!c->size || c->size > AKIDA_MAX_BUFFER_SIZE)
		return -EINVAL;
	if (user ? (c->user_addr | c->size) % AKIDA_DMA_ALIGN != 0 :
		   c->user_addr != 0)
		return -EINVAL;
	return 0;
}

/* What needs the board, entered. */
static int take_memory(struct akida_buffer *b)
{
	struct akida_device *adev = b->file->adev;
	int err;

	switch (b->kind) {
	case AKIDA_BUFFER_HOST:
		return akida_host_alloc(adev, &b->host, b->size);
	case AKIDA_BUFFER_USER:
		return akida_pin_map(adev, b->pin, b->user_addr, b->size);
	case AKIDA_BUFFER_DEVICE:
		return akida_space_alloc(&adev->mem->space, b->size, &b->dev);
	default:
		err = akida_window_create(adev, &b->map, b->size, 0);
		b->dev = b->map.base;
		return err;
	}
}

/* A handle that leads nowhere yet. */
static int take_handle(struct akida_buffer *b)
{
	struct akida_file *f = b->file;
	int handle;

	mutex_lock(&f->lock);
	handle = idr_alloc(&f->buffers, NULL, 1, AKIDA_MAX_BUFFERS + 1,
			   GFP_KERNEL_ACCOUNT);
	if (handle > 0) {
		b->handle = handle;
		list_add_tail(&b->node, &f->live);
	}
	mutex_unlock(&f->lock);
	return handle < 0 ? handle : 0;
}

static int make_buffer(struct akida_buffer *b)
{
	struct akida_file *f = b->file;
	struct akida_device *adev = f->adev;
	int err;

	err = akida_enter(adev);
	if (err)
		return err;
	/* Once it is in the list, akida_objects_detach() finds it. */
	err = take_memory(b);
	if (b->kind == AKIDA_BUFFER_DEVICE) {
		/* What is in it stays while the board is awake. */
		akida_hold(adev);
		b->awake = true;
	}
	akida_leave(adev);
	if (err || b->kind != AKIDA_BUFFER_DEVICE)
		return err;
	return akida_mem_scrub(adev, b->dev, b->size);
}

static void tell(const struct akida_buffer *b, struct akida_ioc_buffer *c)
{
	*c = (struct akida_ioc_buffer){
		.kind = b->kind,
		.flags = b->flags,
		.size = b->size,
		.user_addr = b->user_addr,
		.handle = b->handle,
		.mmap_offset = akida_buffer_mmap_offset(b),
		.device_addr = b->dev,
	};
}

int akida_ioc_buffer_create(struct akida_file *f, void *arg)
{
	struct akida_device *adev = f->adev;
	struct akida_ioc_buffer *c = arg;
	struct akida_buffer *b;
	int err;

	err = check_create(c);
	if (err)
		return err;
	err = akida_file_use(f);
	if (err)
		return err;
	b = kmem_cache_zalloc(akida_buffer_cache, GFP_KERNEL_ACCOUNT);
	if (!b) {
		akida_file_unuse(f);
		return -ENOMEM;
	}
	kref_init(&b->ref);
	b->file = f;
	b->kind = c->kind;
	b->flags = c->flags;
	b->user_addr = c->user_addr;
	b->size = c->kind == AKIDA_BUFFER_USER ? c->size : PAGE_ALIGN(c->size);
	err = take_handle(b);
	if (err) {
		akida_file_unuse(f);
		kmem_cache_free(akida_buffer_cache, b);
		return err;
	}
	if (b->kind == AKIDA_BUFFER_USER) {
		struct akida_pin *pin =
			akida_pin_create(b->user_addr, b->size,
					 b->flags & AKIDA_BUFFER_READ_ONLY);

		if (IS_ERR(pin)) {
			err = PTR_ERR(pin);
			goto fail;
		}
		mutex_lock(&f->lock);
		b->pin = pin;
		if (b->detached)
			akida_pin_unmap(adev, pin);
		mutex_unlock(&f->lock);
	}
	err = make_buffer(b);
	if (err)
		goto fail;
	tell(b, c);
	mutex_lock(&f->lock);
	idr_replace(&f->buffers, b, b->handle);
	mutex_unlock(&f->lock);
	return 0;

fail:
	mutex_lock(&f->lock);
	idr_remove(&f->buffers, b->handle);
	mutex_unlock(&f->lock);
	akida_buffer_put(b);
	return err;
}

int akida_ioc_buffer_query(struct akida_file *f, void *arg)
{
	struct akida_ioc_buffer *c = arg;
	struct akida_buffer *b;

	if (c->reserved)
		return -EINVAL;
	b = akida_buffer_get(f, c->handle);
	if (!b)
		return -ENOENT;
	tell(b, c);
	akida_buffer_put(b);
	return 0;
}

static int free_handle(struct akida_file *f, u32 handle)
{
	struct akida_buffer *b;

	mutex_lock(&f->lock);
	/* One that is being made is not there yet. */
	b = idr_find(&f->buffers, handle);
	if (b)
		idr_remove(&f->buffers, handle);
	mutex_unlock(&f->lock);
	if (!b)
		return -ENOENT;
	akida_buffer_put(b);
	return 0;
}

int akida_ioc_buffer_free(struct akida_file *f, void *arg)
{
	struct akida_ioc_buffer_free *c = arg;

	if (c->flags)
		return -EINVAL;
	return free_handle(f, c->handle);
}

void akida_undo_buffer_create(struct akida_file *f, void *arg)
{
	struct akida_ioc_buffer *c = arg;

	free_handle(f, c->handle);
}
