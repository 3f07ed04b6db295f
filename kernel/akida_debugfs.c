// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs, for people: /sys/kernel/debug/akida/akidaN/
 *
 *   files      open files, their buffers, transfers and mappings; addresses
 *              for CAP_SYS_ADMIN only
 *   channels   the DMA engine
 *   programs   those with a name and those of open files; device addresses for
 *              CAP_SYS_ADMIN only
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "akida_file.h"

static struct dentry *root;

static const char *kind_name(u32 kind)
{
	switch (kind) {
	case AKIDA_BUFFER_HOST:
		return "host";
	case AKIDA_BUFFER_USER:
		return "user";
	case AKIDA_BUFFER_DEVICE:
		return "device";
	default:
		return "window";
	}
}

static void show_buffer(struct seq_file *m, const struct akida_buffer *b,
			bool addresses)
{
	/* The handle is gone before the last mapping or transfer. */
	bool freed = idr_find(&b->file->buffers, b->handle) != b;

	seq_printf(m, "    buffer %u: %s%s, %llu bytes, %u references%s%s",
		   b->handle, kind_name(b->kind),
		   b->flags & AKIDA_BUFFER_READ_ONLY ? " (read only)" : "",
		   b->size, kref_read(&b->ref), freed ? ", no handle" : "",
		   b->detached ? ", detached" : "");
	if (addresses && b->dev)
		seq_printf(m, ", device 0x%08x", b->dev);
	if (addresses && b->host.cpu)
		seq_printf(m, ", dma %pad", &b->host.dma);
	if (addresses && b->map.size)
		seq_printf(m, ", dma %pad", &b->map.host.dma);
	if (b->pin)
		seq_printf(m, ", %lu pages in %u pieces", b->pin->num,
			   b->pin->mapped ? b->pin->sgt.nents : 0);
	if (addresses && b->pin)
		seq_printf(m, ", user 0x%llx", b->user_addr);
	seq_putc(m, '\n');
}

static int files_show(struct seq_file *m, void *unused)
{
	struct akida_device *adev = m->private;
	bool addresses = file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN);
	struct akida_buffer *b;
	struct akida_file *f;

	mutex_lock(&adev->files_lock);
	list_for_each_entry(f, &adev->files, node) {
		seq_printf(m,
			   "%s[%d]: %u buffers, %d transfers, %d mappings%s\n",
			   f->comm, pid_nr(f->pid), atomic_read(&f->uses),
			   atomic_read(&f->num_jobs), atomic_read(&f->vmas),
			   f->claim ? ", claims the board" : "");
		mutex_lock(&f->lock);
		list_for_each_entry(b, &f->live, node)
			show_buffer(m, b, addresses);
		mutex_unlock(&f->lock);
	}
	mutex_unlock(&adev->files_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(files);

static int channels_show(struct seq_file *m, void *unused)
{
	akida_dma_show(m->private, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(channels);

static int programs_show(struct seq_file *m, void *unused)
{
	akida_names_show(
		m->private, m,
		file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(programs);

void akida_debugfs_module_init(void)
{
	root = debugfs_create_dir("akida", NULL);
}

void akida_debugfs_module_exit(void)
{
	debugfs_remove(root);
}

void akida_debugfs_add(struct akida_device *adev)
{
	adev->debugfs = debugfs_create_dir(dev_name(&adev->dev), root);
	debugfs_create_file("files", 0400, adev->debugfs, adev, &files_fops);
	debugfs_create_file("channels", 0400, adev->debugfs, adev,
			    &channels_fops);
	debugfs_create_file("programs", 0400, adev->debugfs, adev,
			    &programs_fops);
}

void akida_debugfs_remove(struct akida_device *adev)
{
	debugfs_remove(adev->debugfs);
	adev->debugfs = NULL;
}
