// SPDX-License-Identifier: GPL-2.0
/*
 * Replacing tracks of a program, between its jobs.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_file.h"

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

/*
 * Takes @lock when no job is under way. Who waits for that is not overtaken by
 * new jobs, or a busy program could never be updated.
 */
static int lock_idle(struct akida_program *p, bool wait)
{
	int err = 0;

	mutex_lock(&p->lock);
	p->updates++;
	while (!err && atomic_read(&p->jobs)) {
		mutex_unlock(&p->lock);
		err = -EBUSY;
		if (wait)
			err = wait_event_state(
				p->wq, !atomic_read(&p->jobs),
				(TASK_INTERRUPTIBLE | TASK_FREEZABLE));
		mutex_lock(&p->lock);
	}
	WRITE_ONCE(p->updates, p->updates - 1);
	if (!err)
		return 0;
	mutex_unlock(&p->lock);
	wake_up_all(&p->wq);
	return err == -EBUSY ? err : -ERESTARTNOHAND;
}

static int replace(struct akida_program *p, const struct akida_new_track *new,
		   unsigned int num, const u8 *data, bool wait)
{
	unsigned int i;
	int err = lock_idle(p, wait);

	if (err)
		return err;
	for (i = 0; i < num; i++) {
		const struct akida_track *t = &p->track[new[i].track];

		memcpy(p->data + t->offset, data, (size_t)t->words * 4);
		data += (size_t)t->words * 4;
		set_bit(new[i].track, p->dirty);
	}
	mutex_unlock(&p->lock);
	wake_up_all(&p->wq);
	return 0;
}

int akida_ioc_program_update(struct akida_file *f, void *arg)
{
	struct akida_ioc_program_update *c = arg;
	struct akida_new_track *new;
	struct akida_program *p;
	u8 *data;
	int err;

	if ((c->flags & ~AKIDA_UPDATE_WAIT) || c->reserved || !c->num_tracks ||
	    c->num_tracks > AKIDA_MAX_TRACKS)
		return -EINVAL;
	p = akida_program_get(f, c->handle, AKIDA_RIGHT_WRITE);
	if (IS_ERR(p))
		return PTR_ERR(p);
	new = akida_user_array(c->tracks, c->num_tracks, sizeof(*new));
	if (IS_ERR(new)) {
		akida_program_put(p);
		return PTR_ERR(new);
	}
	data = copy_tracks(f->adev->core, p, new, c->num_tracks);
	err = PTR_ERR_OR_ZERO(data);
	if (!err) {
		err = replace(p, new, c->num_tracks, data,
			      c->flags & AKIDA_UPDATE_WAIT);
		kvfree(data);
	}
	kvfree(new);
	akida_program_put(p);
	return err;
}
