// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs of the small program.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "work.h"

int work_make(struct work *w, int fd, uint32_t chip, unsigned int seed)
{
	int program = tiny_load(fd, &w->t, chip, seed);
	uint32_t in, out;

	if (program < 0)
		return program;
	w->in = buffer_map(fd, AKIDA_BUFFER_HOST, MAX_JOBS * TINY_INPUT_BYTES,
			   &in);
	w->out = buffer_map(fd, AKIDA_BUFFER_HOST, MAX_JOBS * TINY_OUTPUT_BYTES,
			    &out);
	if (!w->in || !w->out)
		return -errno;
	for (unsigned int i = 0; i < MAX_JOBS; i++)
		w->job[i] = (struct akida_submit_job){
			.cookie = 0x1000000000 + i,
			.input = in,
			.output = out,
			.input_offset = i * TINY_INPUT_BYTES,
			.output_offset = i * TINY_OUTPUT_BYTES,
		};
	w->arg = (struct akida_ioc_submit){
		.jobs = (uintptr_t)w->job,
		.program = program,
	};
	return 0;
}

void work_unmap(struct work *w)
{
	munmap(w->in, MAX_JOBS * TINY_INPUT_BYTES);
	munmap(w->out, MAX_JOBS * TINY_OUTPUT_BYTES);
}

int work_submit(struct work *w, int fd, unsigned int from, unsigned int num,
		uint32_t flags)
{
	for (unsigned int i = from; i < from + num; i++)
		w->job[i].input_size = tiny_input(
			w->value[i], (uint32_t *)(w->in + i * TINY_INPUT_BYTES),
			i);
	memset(w->out + from * TINY_OUTPUT_BYTES, 0xa5,
	       num * TINY_OUTPUT_BYTES);
	w->arg.jobs = (uintptr_t)&w->job[from];
	w->arg.num_jobs = num;
	w->arg.flags = flags;
	w->arg.deadline = flags ? now_ns() + 60 * NS : 0;
	return dev_ioctl(fd, AKIDA_IOC_SUBMIT, &w->arg);
}

unsigned int work_wrong(const struct work *w, unsigned int from,
			unsigned int num)
{
	unsigned int wrong = 0;

	for (unsigned int i = from; i < from + num; i++)
		wrong += tiny_check(&w->t, w->value[i],
				    w->out + i * TINY_OUTPUT_BYTES) != 0;
	return wrong;
}

struct akida_ioc_info dev_info(int fd)
{
	struct akida_ioc_info i = { 0 };

	dev_ioctl(fd, AKIDA_IOC_INFO, &i);
	return i;
}
