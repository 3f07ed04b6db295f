// SPDX-License-Identifier: GPL-2.0
/*
 * What runs, and where.
 */
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "device/board.h"
#include "format/program.h"
#include "term.h"
#include "tool.h"

/* Two batches for each device: one runs while the other is taken away. */
#define FLIGHTS 2

/* Boards with a node: a container was not given others that sysfs shows. */
static int next_board(int *from, struct akida_board_desc *d)
{
	while (!ak_board_next(from, d))
		if (ak_board_has_node(d))
			return 0;
	return -1;
}

static int no_board(void)
{
	struct akida_board_desc d;

	if (akida_board_list(0, &d, sizeof(d)))
		term_error(
			"there is no board; 'akida doctor' finds out why, if there should be one");
	else
		term_error(
			"no board has a node here: a container must be given it (--device %s); elsewhere 'akida doctor' says why",
			d.node);
	return -1;
}

int place_board(const char *name, char board[64])
{
	struct akida_board_desc d, more;
	int from = 0;

	if (name) {
		if (!akida_board_find(name, &d, sizeof(d)) &&
		    ak_board_has_node(&d))
			name = d.node;
		/* Opening says best what is wrong with it. */
		snprintf(board, 64, "%s", name);
		return 0;
	}
	if (next_board(&from, &d))
		return no_board();
	if (!next_board(&from, &more)) {
		char first[sizeof(d.node)];

		strcpy(first, d.node);
		term_error("there are several boards: say which, %s or %s%s",
			   first, more.node,
			   next_board(&from, &d) ? "" : " or another");
		return -1;
	}
	snprintf(board, 64, "%s", d.node);
	return 0;
}

static int read_file(struct place *p)
{
	if (p->loaded)
		return 0;
	return tool_open_any(p->path, &p->model, &p->file, &p->file_size);
}

static int list_devices(struct place *p)
{
	struct akida_board_desc d;
	int from = 0, n = 0;

	if (strcmp(p->device, PLACE_ALL)) {
		p->name = tool_alloc(1, sizeof(*p->name));
		snprintf(p->name[0], sizeof(p->name[0]), "%s", p->device);
		return 1;
	}
	while (!next_board(&from, &d)) {
		p->name =
			tool_realloc(p->name, (size_t)n + 1, sizeof(*p->name));
		snprintf(p->name[n++], sizeof(p->name[0]), "%s", d.node);
	}
	return n ? n : no_board();
}

static struct akida_program *load(struct place *p, struct akida_device *d,
				  struct akida_program_info *info)
{
	struct akida_program *program;
	int rc;

	if (p->model)
		return tool_open_program(d, p->model, p->path, p->options,
					 info);
	program = akida_program_new(d);
	if (!program)
		term_die_memory();
	rc = p->loaded ?
		     akida_program_open(program, p->path, AKIDA_OPEN_RUN) :
		     akida_program_load_file(program, p->file, p->file_size);
	if (!rc)
		rc = akida_program_info(program, info, sizeof(*info));
	if (!rc)
		return program;
	if (p->loaded)
		term_error("%s", akida_program_error(program));
	else
		term_file_error(p->path, akida_program_error(program));
	akida_program_free(program);
	return NULL;
}

static bool same(const struct akida_program_info *a,
		 const struct akida_program_info *b)
{
	return !memcmp(&a->input, &b->input, sizeof(a->input)) &&
	       !memcmp(&a->output, &b->output, sizeof(a->output)) &&
	       a->output_dtype == b->output_dtype;
}

int place_open(struct place *p)
{
	struct akida_program_info info;
	int count = list_devices(p), i;

	if (count < 0)
		return -1;
	p->devices = tool_alloc((size_t)count, sizeof(struct akida_device *));
	p->programs = tool_alloc((size_t)count, sizeof(struct akida_program *));
	for (i = 0; i < count; i++) {
		p->devices[i] = tool_open_device(p->name[i]);
		if (!p->devices[i])
			return -1;
		p->count++;
	}
	if (read_file(p))
		return -1;
	for (i = 0; i < count; i++) {
		p->programs[i] = load(p, p->devices[i], &info);
		if (!p->programs[i])
			return -1;
		if (!i)
			p->info = info;
		if (!same(&info, &p->info)) {
			term_error("'%s' is another program on %s than on %s",
				   p->path, p->name[i], p->name[0]);
			return -1;
		}
	}
	return 0;
}

void place_close(struct place *p)
{
	unsigned int i;

	for (i = 0; i < p->count; i++) {
		akida_program_free(p->programs[i]);
		akida_device_free(p->devices[i]);
	}
	free(p->programs);
	free(p->devices);
	free(p->name);
	free(p->file);
	akida_model_free(p->model);
	memset(p, 0, sizeof(*p));
}

/* --------------------------------------------------------------- running */

/**
 * struct flight - inputs that a device has
 * @ticket: the library's
 * @first: number of the first
 * @count: how many, 0 for none
 */
struct flight {
	uint64_t ticket;
	size_t first, count;
};

/**
 * struct spread - inputs on their way
 * @place: where they run
 * @flight: FLIGHTS of each device, the oldest first
 * @in: inputs
 * @out: outputs
 * @next: the first input that no device has been given
 * @count: how many there are
 * @batch: most inputs of a flight, 0 for half the device's room
 */
struct spread {
	struct place *place;
	struct flight (*flight)[FLIGHTS];
	const uint8_t *in;
	uint8_t *out;
	size_t next, count;
	uint32_t batch;
};

static int failed(const struct place *p, unsigned int device)
{
	if (p->count > 1)
		term_error("%s: %s", p->name[device],
			   akida_program_error(p->programs[device]));
	else
		term_file_error(p->path,
				akida_program_error(p->programs[device]));
	return -1;
}

/* Gives a device as many of the next inputs as it has room for. */
static int give(struct spread *s, unsigned int device)
{
	struct place *p = s->place;
	struct akida_program *program = p->programs[device];
	size_t most = akida_program_slots(program) / FLIGHTS, n;
	struct flight *f;
	int i, rc;

	if (!most)
		most = 1;
	if (s->batch && s->batch < most)
		most = s->batch;
	for (i = 0; i < FLIGHTS && s->next < s->count; i++) {
		f = &s->flight[device][i];
		if (f->count)
			continue;
		n = s->count - s->next < most ? s->count - s->next : most;
		rc = akida_program_submit(
			program, s->in + s->next * p->info.input_size,
			n * p->info.input_size, (unsigned int)n, &f->ticket);
		/* Room for one flight only is room enough. */
		if (rc == -EAGAIN && i)
			return 0;
		if (rc)
			return failed(p, device);
		f->first = s->next;
		f->count = n;
		s->next += n;
	}
	return 0;
}

/* Takes the oldest flight of a device away, if it has one. */
static int take(struct spread *s, unsigned int device)
{
	struct place *p = s->place;
	struct flight *f = s->flight[device];

	if (!f->count)
		return 0;
	if (akida_program_wait(p->programs[device], f->ticket, 0,
			       s->out + f->first * p->info.output_size,
			       f->count * p->info.output_size))
		return failed(p, device);
	memmove(f, f + 1, (FLIGHTS - 1) * sizeof(*f));
	f[FLIGHTS - 1].count = 0;
	return 0;
}

int place_run(struct place *p, const uint8_t *in, uint8_t *out, size_t count,
	      uint32_t batch, bool progress)
{
	struct spread s = {
		.place = p, .in = in, .out = out, .count = count, .batch = batch
	};
	unsigned int i;
	bool busy = true;
	int rc = 0;

	s.flight = tool_alloc(p->count, sizeof(*s.flight));
	for (i = 0; i < p->count && !rc; i++)
		rc = give(&s, i);
	while (busy && !rc) {
		busy = false;
		for (i = 0; i < p->count && !rc; i++) {
			if (progress)
				term_progress("inputs", s.next, count);
			rc = take(&s, i);
			if (!rc)
				rc = give(&s, i);
			busy = busy || s.flight[i][0].count;
		}
	}
	free(s.flight);
	return rc;
}
