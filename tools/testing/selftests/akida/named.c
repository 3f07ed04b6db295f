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

/* Submits and looks; the memory of both buffers is one page each at least. */
static int run(int fd, uint32_t handle, const struct tiny *t, unsigned int num,
	       uint8_t *in, uint32_t input, uint8_t *out, uint32_t output)
{
	static const struct akida_submit_job none;
	struct akida_submit_job job[AKIDA_MAX_SUBMIT];
	uint8_t value[AKIDA_MAX_SUBMIT][TINY_INPUTS];
	struct akida_ioc_submit c = {
		.jobs = (uintptr_t)job,
		.program = handle,
		.num_jobs = num,
		.flags = AKIDA_SUBMIT_WAIT,
		.deadline = now_ns() + 60 * NS,
	};
	int err;

	for (unsigned int i = 0; i < num; i++) {
		uint32_t at = i * TINY_INPUT_BYTES;

		job[i] = none;
		job[i].input = input;
		job[i].output = output;
		job[i].input_offset = at;
		job[i].output_offset = i * TINY_OUTPUT_BYTES;
		job[i].input_size =
			tiny_input(value[i], (uint32_t *)(in + at), i);
	}
	memset(out, 0xa5, num * TINY_OUTPUT_BYTES);
	err = dev_ioctl(fd, AKIDA_IOC_SUBMIT, &c);
	if (err || c.status)
		return err ? err : c.status;
	for (unsigned int i = 0; i < num; i++)
		if (tiny_check(t, value[i], out + i * TINY_OUTPUT_BYTES))
			return -EBADMSG;
	return 0;
}

int named_run(int fd, uint32_t handle, const struct tiny *t, unsigned int num)
{
	uint32_t input, output;
	uint8_t *in = buffer_map(fd, AKIDA_BUFFER_HOST, num * TINY_INPUT_BYTES,
				 &input);
	uint8_t *out = buffer_map(fd, AKIDA_BUFFER_HOST,
				  num * TINY_OUTPUT_BYTES, &output);
	int err;

	if (!in || !out)
		return -errno;
	err = run(fd, handle, t, num, in, input, out, output);
	munmap(in, num * TINY_INPUT_BYTES);
	munmap(out, num * TINY_OUTPUT_BYTES);
	buffer_free(fd, input);
	buffer_free(fd, output);
	return err;
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
