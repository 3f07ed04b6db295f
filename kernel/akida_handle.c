// SPDX-License-Identifier: GPL-2.0
/*
 * Open files' handles of programs, and what each may do with its program.
 */
#include <linux/idr.h>
#include <linux/slab.h>

#include "akida_file.h"

/**
 * struct akida_handle - a file's handle of a program
 * @program: held
 * @rights: AKIDA_RIGHT_*
 */
struct akida_handle {
	struct akida_program *program;
	u32 rights;
};

struct akida_program *akida_program_get(struct akida_file *f, u32 handle,
					u32 rights)
{
	struct akida_program *p = ERR_PTR(-ENOENT);
	struct akida_handle *h;

	mutex_lock(&f->lock);
	h = idr_find(&f->programs, handle);
	if (h && (rights & ~h->rights)) {
		p = ERR_PTR(-EACCES);
	} else if (h) {
		p = h->program;
		kref_get(&p->ref);
	}
	mutex_unlock(&f->lock);
	return p;
}

int akida_handle_add(struct akida_file *f, struct akida_program *p, u32 rights)
{
	struct akida_handle *h;
	int handle = akida_file_use(f);

	if (handle)
		return handle;
	h = kmalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h) {
		akida_file_unuse(f);
		return -ENOMEM;
	}
	h->program = p;
	h->rights = rights;
	kref_get(&p->ref);
	atomic_inc(&p->handles);
	mutex_lock(&f->lock);
	handle = idr_alloc(&f->programs, h, 1, AKIDA_MAX_PROGRAMS + 1,
			   GFP_KERNEL_ACCOUNT);
	mutex_unlock(&f->lock);
	if (handle < 0) {
		atomic_dec(&p->handles);
		akida_program_put(p);
		akida_file_unuse(f);
		kfree(h);
	}
	return handle;
}

static void drop(struct akida_file *f, struct akida_handle *h)
{
	atomic_dec(&h->program->handles);
	akida_program_put(h->program);
	kfree(h);
	/* Last: when a claim begins, its memory must be free. */
	akida_file_unuse(f);
}

int akida_handle_free(struct akida_file *f, u32 handle)
{
	struct akida_handle *h;

	mutex_lock(&f->lock);
	h = idr_remove(&f->programs, handle);
	mutex_unlock(&f->lock);
	if (!h)
		return -ENOENT;
	drop(f, h);
	return 0;
}

/* It may have several. */
static bool is_first(struct akida_file *f, const struct akida_program *p,
		     int handle)
{
	struct akida_handle *h;
	int i;

	idr_for_each_entry(&f->programs, h, i)
		if (h->program == p)
			return i == handle;
	return false;
}

u64 akida_handles_bytes(struct akida_file *f)
{
	struct akida_handle *h;
	u64 bytes = 0;
	int handle;

	mutex_lock(&f->lock);
	idr_for_each_entry(&f->programs, h, handle)
		if (!h->program->map && is_first(f, h->program, handle))
			bytes += h->program->dev_size;
	mutex_unlock(&f->lock);
	return bytes;
}

void akida_programs_close(struct akida_file *f)
{
	struct akida_handle *h;
	int handle;

	/* No ioctl can come, so nobody else changes this. */
	idr_for_each_entry(&f->programs, h, handle) {
		idr_remove(&f->programs, handle);
		drop(f, h);
	}
	idr_destroy(&f->programs);
}
