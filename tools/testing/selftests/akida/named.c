// SPDX-License-Identifier: GPL-2.0
/*
 * Calls for programs with a name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "named.h"

/* All of it, without an end if it is that long. */
static void put_name(char to[AKIDA_NAME_SIZE], const char *name)
{
	size_t len = strlen(name);

	memset(to, 0, AKIDA_NAME_SIZE);
	memcpy(to, name, len < AKIDA_NAME_SIZE ? len : AKIDA_NAME_SIZE);
}

int named_give(int fd, uint32_t handle, const char *name, uint32_t mode,
	       uint32_t flags, const void *note, uint32_t note_size)
{
	struct akida_ioc_program_name c = {
		.handle = handle,
		.mode = mode,
		.flags = flags,
		.note = (uintptr_t)note,
		.note_size = note_size,
	};

	put_name(c.name, name);
	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_NAME, &c);
}

int named_open(int fd, const char *name, uint32_t rights,
	       struct akida_named *to)
{
	struct akida_ioc_program_open c = { .rights = rights };
	int err;

	put_name(c.name, name);
	err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_OPEN, &c);
	if (err)
		return err;
	if (to)
		*to = c.program;
	return c.handle;
}

int named_delete(int fd, const char *name, uint64_t id)
{
	struct akida_ioc_program_delete c = { .id = id };

	put_name(c.name, name);
	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_DELETE, &c);
}

int named_mode(int fd, const char *name, uint32_t mode, uint32_t uid,
	       uint32_t gid)
{
	struct akida_ioc_program_mode c = {
		.mode = mode,
		.uid = uid,
		.gid = gid,
	};

	put_name(c.name, name);
	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_MODE, &c);
}

int named_free(int fd, uint32_t handle)
{
	struct akida_ioc_program_free c = { .handle = handle };

	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_FREE, &c);
}

int named_note(int fd, uint32_t handle, void *to, uint32_t size)
{
	struct akida_ioc_program_note c = {
		.handle = handle,
		.note = (uintptr_t)to,
		.size = size,
	};
	int err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_NOTE, &c);

	return err ? err : (int)c.size;
}

int named_list(int fd, struct akida_named *to, uint32_t num)
{
	struct akida_ioc_program_list c = {
		.programs = (uintptr_t)to,
		.size = sizeof(*to),
		.num = num,
	};
	int err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_LIST, &c);

	return err ? err : (int)c.num;
}

int named_count(int fd)
{
	return named_list(fd, NULL, 0);
}

int named_delete_all(int fd)
{
	struct akida_named all[AKIDA_MAX_NAMED];
	int num = named_list(fd, all, AKIDA_MAX_NAMED), err = 0;

	if (num < 0)
		return num;
	for (int i = 0; i < num && !err; i++)
		err = named_delete(fd, all[i].name, all[i].id);
	return err;
}

static void work_free(struct named_work *w, int fd)
{
	if (w->in)
		munmap(w->in, w->num * TINY_INPUT_BYTES);
	if (w->out)
		munmap(w->out, w->num * TINY_OUTPUT_BYTES);
	if (w->input)
		buffer_free(fd, w->input);
	if (w->output)
		buffer_free(fd, w->output);
}

static int submit(struct named_work *w, int fd, uint32_t handle)
{
	struct akida_submit_job job[AKIDA_MAX_SUBMIT] = { 0 };
	struct akida_ioc_submit c = {
		.jobs = (uintptr_t)job,
		.program = handle,
		.num_jobs = w->num,
	};
	int err;

	for (unsigned int i = 0; i < w->num; i++) {
		uint32_t at = i * TINY_INPUT_BYTES;

		job[i].input = w->input;
		job[i].output = w->output;
		job[i].input_offset = at;
		job[i].output_offset = i * TINY_OUTPUT_BYTES;
		job[i].input_size =
			tiny_input(w->value[i], (uint32_t *)(w->in + at), i);
	}
	memset(w->out, 0xa5, w->num * TINY_OUTPUT_BYTES);
	err = dev_ioctl(fd, AKIDA_IOC_SUBMIT, &c);
	w->seq = c.seq;
	return err;
}

int named_begin(struct named_work *w, int fd, uint32_t handle, unsigned int num)
{
	int err;

	memset(w, 0, sizeof(*w));
	w->num = num;
	w->in = buffer_map(fd, AKIDA_BUFFER_HOST, num * TINY_INPUT_BYTES,
			   &w->input);
	w->out = buffer_map(fd, AKIDA_BUFFER_HOST, num * TINY_OUTPUT_BYTES,
			    &w->output);
	err = w->in && w->out ? submit(w, fd, handle) : -errno;
	if (err)
		work_free(w, fd);
	return err;
}

int named_end(struct named_work *w, int fd, const struct tiny *t)
{
	int err = 0;

	/* Nothing may move any more when the memory goes. */
	for (unsigned int i = 0; i < w->num; i++) {
		int ended = wait_for(fd, w->seq + i, 60000, NULL);

		err = err ? err : ended;
	}
	for (unsigned int i = 0; i < w->num && !err; i++)
		if (tiny_check(t, w->value[i], w->out + i * TINY_OUTPUT_BYTES))
			err = -EBADMSG;
	work_free(w, fd);
	return err;
}

int named_run(int fd, uint32_t handle, const struct tiny *t, unsigned int num)
{
	struct named_work w;
	int err = named_begin(&w, fd, handle, num);

	return err ? err : named_end(&w, fd, t);
}

int named_update(int fd, uint32_t handle, const struct tiny *t, uint32_t flags)
{
	struct akida_new_track n = {
		.data = (uintptr_t)t->word,
		.words = t->track.words,
	};
	struct akida_ioc_program_update c = {
		.tracks = (uintptr_t)&n,
		.handle = handle,
		.num_tracks = 1,
		.flags = flags,
	};

	return dev_ioctl(fd, AKIDA_IOC_PROGRAM_UPDATE, &c);
}

int named_debugfs(const struct board *b)
{
	char path[64];
	int lines = 0, c;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/akida/akida%d/programs",
		 b->index);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}
