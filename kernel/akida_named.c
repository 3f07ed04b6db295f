// SPDX-License-Identifier: GPL-2.0
/*
 * Programs with a name: they outlive the file that made them, and others run
 * them. Like files, they have an owner, a group and a mode, and who has a handle
 * keeps the program that it leads to.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

#include "akida_file.h"

/* struct akida_named when it came, with version 3 */
#define NAMED_SIZE_MIN offsetofend(struct akida_named, device_version)
#define NAMED_SIZE_MAX SZ_4K
/* What others and groups may: x and w of a file, see may() */
#define DEFAULT_MODE 0600
#define UNCHANGED U32_MAX

static_assert(sizeof(struct akida_named) % 8 == 0);
static_assert(NAMED_SIZE_MIN == 152);
/* Rights are the bits of a mode, but for what they are called. */
static_assert(AKIDA_RIGHT_RUN == 1 && AKIDA_RIGHT_WRITE == 2);

/**
 * struct akida_name - a name, and what it leads to
 * @node: in akida_core.names
 * @text: ends with a zero
 * @uid: owner
 * @gid: group
 * @mode: permissions
 * @since: CLOCK_REALTIME nanoseconds when the program got it
 * @program: held
 *
 * All but @text under akida_core.names_lock.
 */
struct akida_name {
	struct list_head node;
	char text[AKIDA_NAME_SIZE];
	kuid_t uid;
	kgid_t gid;
	u32 mode;
	u64 since;
	struct akida_program *program;
};

static bool is_name(const char *text)
{
	size_t len = strnlen(text, AKIDA_NAME_SIZE), i;

	if (!len || len == AKIDA_NAME_SIZE || *text == '.' || *text == '-' ||
	    memchr_inv(text + len, 0, AKIDA_NAME_SIZE - len))
		return false;
	for (i = 0; i < len; i++)
		if (!(isascii(text[i]) && isalnum(text[i])) &&
		    !strchr("._-+@:", text[i]))
			return false;
	return true;
}

/* Takes the lock of a board that is there. */
static int lock_names(struct akida_core *core)
{
	mutex_lock(&core->names_lock);
	if (!core->names_gone)
		return 0;
	mutex_unlock(&core->names_lock);
	return -ENODEV;
}

static struct akida_name *find(struct akida_core *core, const char *text)
{
	struct akida_name *n;

	list_for_each_entry(n, &core->names, node)
		if (!strcmp(n->text, text))
			return n;
	return NULL;
}

static bool is_owner(const struct akida_name *n)
{
	return uid_eq(n->uid, current_fsuid());
}

/* Which rights the caller has without asking for capabilities. */
static u32 rights(const struct akida_name *n)
{
	u32 all = AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE;

	/* Who may change the mode need not do so first. */
	if (is_owner(n))
		return all;
	return all & (in_group_p(n->gid) ? n->mode >> 3 : n->mode);
}

static bool may(const struct akida_name *n, u32 want)
{
	return !(want & ~rights(n)) || capable(CAP_DAC_OVERRIDE);
}

static u64 bytes_of(const struct akida_program *p, u32 note_size)
{
	return (u64)p->size + note_size;
}

/* The limits of one owner, for a program that takes the place of @old. */
static bool is_too_much(struct akida_core *core, kuid_t owner, u64 bytes,
			const struct akida_name *old)
{
	struct akida_name *n;
	unsigned int num = 1;

	list_for_each_entry(n, &core->names, node) {
		if (n == old || !uid_eq(n->uid, owner))
			continue;
		bytes += bytes_of(n->program, n->program->note_size);
		num++;
	}
	return num > AKIDA_MAX_NAMED_USER || bytes > AKIDA_MAX_NAMED_BYTES;
}

static void tell(const struct akida_name *n, struct akida_named *to)
{
	const struct akida_program *p = n->program;
	u32 all = AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE;

	*to = (struct akida_named){
		.id = p->id,
		.jobs = atomic64_read(&p->done),
		.since = n->since,
		.uid = from_kuid_munged(current_user_ns(), n->uid),
		.gid = from_kgid_munged(current_user_ns(), n->gid),
		.mode = n->mode,
		/* Nobody is told that a capability was used for this. */
		.rights = has_capability_noaudit(current, CAP_DAC_OVERRIDE) ?
				  all :
				  rights(n),
		.flags = (p->sparse ? AKIDA_PROGRAM_SPARSE : 0) |
			 (p->map ? AKIDA_PROGRAM_WINDOW : 0),
		.handles = atomic_read(&p->handles),
		.width = p->width,
		.height = p->height,
		.channels = p->channels,
		.input_size = p->input_size,
		.output_size = p->output_size,
		.data_size = p->size,
		.num_tracks = p->num_tracks,
		.num_passes = p->passes,
		.note_size = p->note_size,
		.device_version = akida_device_version(p->adev),
	};
	strscpy(to->name, n->text, sizeof(to->name));
}

/* ------------------------------------------------------------ giving a name */

/*
 * Under the lock. @n becomes the name if it is a new one. Return: 0 or a
 * negative errno; *@old is the program that has lost it.
 */
static int give_name(struct akida_file *f, struct akida_name **n,
		     bool may_replace, void **note, u32 note_size,
		     struct akida_program **old)
{
	struct akida_core *core = f->adev->core;
	struct akida_program *p = (*n)->program;
	struct akida_name *there = find(core, (*n)->text);
	int err;

	if (p->label[0])
		return -EALREADY;
	if (there && !may_replace)
		return -EEXIST;
	if (there && !may(there, AKIDA_RIGHT_WRITE))
		return -EACCES;
	if (!there && core->num_names >= AKIDA_MAX_NAMED)
		return -ENOSPC;
	if (is_too_much(core, there ? there->uid : (*n)->uid,
			bytes_of(p, note_size), there) &&
	    !capable(CAP_SYS_RESOURCE))
		return -EDQUOT;
	if (!there) {
		err = akida_file_use_name(f);
		if (err)
			return err;
		there = *n;
		*n = NULL;
		list_add_tail(&there->node, &core->names);
	} else {
		*old = there->program;
		(*old)->name = NULL;
		there->program = p;
	}
	kref_get(&p->ref);
	there->since = ktime_get_real_ns();
	p->name = there;
	strscpy(p->label, there->text, sizeof(p->label));
	swap(p->note, *note);
	p->note_size = note_size;
	return 0;
}

int akida_ioc_program_name(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_name *c = arg;
	struct akida_program *p, *old = NULL;
	struct akida_name *n;
	void *note = NULL;
	int err = -ENOMEM;

	if ((c->flags & ~AKIDA_NAME_REPLACE) || (c->mode & ~0777) ||
	    c->note_size > AKIDA_MAX_NOTE || !is_name(c->name))
		return -EINVAL;
	p = akida_program_get(f, c->handle, AKIDA_RIGHT_NAME);
	if (IS_ERR(p))
		return PTR_ERR(p);
	n = kzalloc(sizeof(*n), GFP_KERNEL_ACCOUNT);
	if (!n)
		goto out;
	strscpy(n->text, c->name, sizeof(n->text));
	n->uid = current_fsuid();
	n->gid = current_fsgid();
	n->mode = c->mode ?: DEFAULT_MODE;
	n->program = p;
	if (c->note_size) {
		note = akida_user_array(c->note, c->note_size, 1);
		err = PTR_ERR_OR_ZERO(note);
		if (err) {
			note = NULL;
			goto out;
		}
	}
	err = lock_names(core);
	if (err)
		goto out;
	err = give_name(f, &n, c->flags & AKIDA_NAME_REPLACE, &note,
			c->note_size, &old);
	mutex_unlock(&core->names_lock);
	if (old)
		akida_program_put(old);
out:
	kvfree(note);
	kfree(n);
	akida_program_put(p);
	return err;
}

/* -------------------------------------------------------------- using names */

int akida_ioc_program_open(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_open *c = arg;
	struct akida_program *p = NULL;
	struct akida_name *n;
	int err;

	if (!c->rights ||
	    (c->rights & ~(AKIDA_RIGHT_RUN | AKIDA_RIGHT_WRITE)) || c->flags ||
	    c->reserved || !is_name(c->name) ||
	    memchr_inv(&c->program, 0, sizeof(c->program)))
		return -EINVAL;
	err = lock_names(core);
	if (err)
		return err;
	n = find(core, c->name);
	if (!n) {
		err = -ENOENT;
	} else if (!may(n, c->rights)) {
		err = -EACCES;
	} else {
		p = n->program;
		kref_get(&p->ref);
		tell(n, &c->program);
	}
	mutex_unlock(&core->names_lock);
	if (err)
		return err;
	err = akida_handle_add(f, p, c->rights);
	akida_program_put(p);
	if (err < 0)
		return err;
	c->handle = err;
	return 0;
}

void akida_undo_program_open(struct akida_file *f, void *arg)
{
	struct akida_ioc_program_open *c = arg;

	akida_handle_free(f, c->handle);
}

/* One of a list, as long as the caller knows them. */
static int copy_named(void __user *to, const struct akida_named *from,
		      size_t size)
{
	size_t own = min(size, sizeof(*from));

	return copy_to_user(to, from, own) || clear_user(to + own, size - own) ?
		       -EFAULT :
		       0;
}

int akida_ioc_program_list(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_list *c = arg;
	u32 room = min_t(u32, c->num, AKIDA_MAX_NAMED), i = 0, num;
	void __user *to = u64_to_user_ptr(c->programs);
	struct akida_named *list;
	struct akida_name *n;
	int err;

	if (c->flags || c->reserved || c->size % 8 ||
	    c->size < NAMED_SIZE_MIN || c->size > NAMED_SIZE_MAX)
		return -EINVAL;
	/* User memory may be slow, and others wait for the lock. */
	list = kcalloc(AKIDA_MAX_NAMED, sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return -ENOMEM;
	err = lock_names(core);
	if (err) {
		kfree(list);
		return err;
	}
	list_for_each_entry(n, &core->names, node)
		tell(n, &list[i++]);
	mutex_unlock(&core->names_lock);
	num = i;
	for (i = 0; i < min(num, room) && !err; i++, to += c->size)
		err = copy_named(to, &list[i], c->size);
	kfree(list);
	c->num = num;
	return err;
}

int akida_ioc_program_note(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_note *c = arg;
	struct akida_program *p;
	u32 size, room = c->size;
	void *note;
	int err = 0;

	if (c->flags || c->reserved)
		return -EINVAL;
	p = akida_program_get(f, c->handle, 0);
	if (IS_ERR(p))
		return PTR_ERR(p);
	/* It comes with the name, and then stays as long as the program. */
	mutex_lock(&core->names_lock);
	note = p->note;
	size = p->note_size;
	mutex_unlock(&core->names_lock);
	if (size && room &&
	    copy_to_user(u64_to_user_ptr(c->note), note, min(size, room)))
		err = -EFAULT;
	c->size = size;
	akida_program_put(p);
	return err;
}

/* ---------------------------------------------------------- changing names */

static int change(struct akida_name *n, const struct akida_ioc_program_mode *c,
		  kuid_t uid, kgid_t gid)
{
	bool mine = is_owner(n);

	if (c->mode != UNCHANGED && !mine && !capable(CAP_FOWNER))
		return -EPERM;
	if (c->uid != UNCHANGED && !(mine && uid_eq(uid, n->uid)) &&
	    !capable(CAP_CHOWN))
		return -EPERM;
	if (c->gid != UNCHANGED && !(mine && in_group_p(gid)) &&
	    !capable(CAP_CHOWN))
		return -EPERM;
	if (c->mode != UNCHANGED)
		n->mode = c->mode;
	if (c->uid != UNCHANGED)
		n->uid = uid;
	if (c->gid != UNCHANGED)
		n->gid = gid;
	return 0;
}

int akida_ioc_program_mode(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_mode *c = arg;
	kuid_t uid = make_kuid(current_user_ns(), c->uid);
	kgid_t gid = make_kgid(current_user_ns(), c->gid);
	struct akida_name *n;
	int err;

	if (c->flags || !is_name(c->name) ||
	    (c->mode != UNCHANGED && (c->mode & ~0777)) ||
	    (c->uid != UNCHANGED && !uid_valid(uid)) ||
	    (c->gid != UNCHANGED && !gid_valid(gid)))
		return -EINVAL;
	err = lock_names(core);
	if (err)
		return err;
	n = find(core, c->name);
	err = n ? change(n, c, uid, gid) : -ENOENT;
	mutex_unlock(&core->names_lock);
	return err;
}

/*
 * A name that nobody can find any more. As long as it counts, nobody claims the
 * board: its program's memory must be free then.
 */
static void drop_name(struct akida_device *adev, struct akida_name *n)
{
	akida_program_put(n->program);
	mutex_lock(&adev->files_lock);
	adev->core->num_names--;
	mutex_unlock(&adev->files_lock);
	kfree(n);
}

int akida_ioc_program_delete(struct akida_file *f, void *arg)
{
	struct akida_core *core = f->adev->core;
	struct akida_ioc_program_delete *c = arg;
	struct akida_name *n;
	int err;

	if (c->flags || c->reserved || !is_name(c->name))
		return -EINVAL;
	err = lock_names(core);
	if (err)
		return err;
	n = find(core, c->name);
	if (!n)
		err = -ENOENT;
	else if (!may(n, AKIDA_RIGHT_WRITE))
		err = -EACCES;
	else if (c->id && c->id != n->program->id)
		err = -ESTALE;
	if (!err) {
		list_del(&n->node);
		n->program->name = NULL;
	}
	mutex_unlock(&core->names_lock);
	if (!err)
		drop_name(f->adev, n);
	return err;
}

void akida_names_detach(struct akida_device *adev)
{
	struct akida_core *core = adev->core;
	struct akida_name *n, *next;
	LIST_HEAD(names);

	if (!core)
		return;
	mutex_lock(&core->names_lock);
	core->names_gone = true;
	list_splice_init(&core->names, &names);
	list_for_each_entry(n, &names, node)
		n->program->name = NULL;
	mutex_unlock(&core->names_lock);
	list_for_each_entry_safe(n, next, &names, node)
		drop_name(adev, n);
}

/* ------------------------------------------------------- who runs what */

bool akida_program_label(struct akida_core *core, u64 id,
			 char text[AKIDA_NAME_SIZE])
{
	struct akida_program *p;

	*text = '\0';
	mutex_lock(&core->names_lock);
	mutex_lock(&core->program_lock);
	list_for_each_entry(p, &core->all, node)
		if (p->id == id)
			strscpy(text, p->label, AKIDA_NAME_SIZE);
	mutex_unlock(&core->program_lock);
	mutex_unlock(&core->names_lock);
	return *text;
}

/* ----------------------------------------------------------------- debugfs */

static void show_program(struct seq_file *m, const struct akida_program *p,
			 bool addresses)
{
	const struct akida_name *n = p->name;

	seq_printf(m, "%llu ", p->id);
	if (n)
		seq_printf(m, "%s: uid %u, gid %u, mode 0%03o", n->text,
			   from_kuid(&init_user_ns, n->uid),
			   from_kgid(&init_user_ns, n->gid), n->mode);
	else
		seq_puts(m, p->label[0] ? "(name taken away)" : "(no name)");
	seq_printf(
		m,
		", %u bytes, %u bytes of note, %u tracks, %u passes, %d handles, %d jobs under way, %lld done",
		p->size, p->note_size, p->num_tracks, p->passes,
		atomic_read(&p->handles), atomic_read(&p->jobs),
		atomic64_read(&p->done));
	if (p->map)
		seq_puts(m, ", in host memory");
	if (READ_ONCE(p->adev->core->loaded) == p->id)
		seq_puts(m, ", in the mesh");
	if (addresses)
		seq_printf(m, ", device 0x%08x", p->dev);
	seq_putc(m, '\n');
}

void akida_names_show(struct akida_device *adev, struct seq_file *m,
		      bool addresses)
{
	struct akida_core *core = adev->core;
	struct akida_program *p;

	mutex_lock(&core->names_lock);
	mutex_lock(&core->program_lock);
	list_for_each_entry(p, &core->all, node)
		show_program(m, p, addresses);
	mutex_unlock(&core->program_lock);
	mutex_unlock(&core->names_lock);
}
