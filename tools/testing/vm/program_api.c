// SPDX-License-Identifier: GPL-2.0
/*
 * program_api MODEL.fbz DEVICE INPUTS.npy: what the command does not use of
 * libakida's programs on a board, beside the software device: batches that
 * overlap, statistics, new weights in a program that was loaded from a model,
 * and a program whose data are on the board. Prints "ok" and "not ok" lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

struct side {
	struct akida_device *device;
	struct akida_program *program;
	struct akida_program_info info;
};

static int failures;

static void ok(int good, const char *text)
{
	printf("%s - %s\n", good ? "ok" : "not ok", text);
	failures += !good;
}

static void say(const char *text)
{
	if (*text)
		printf("# %s\n", text);
}

static int open_side(struct side *s, const char *device)
{
	s->device = akida_device_new();
	if (akida_device_open(s->device, device)) {
		say(akida_device_error(s->device));
		return -1;
	}
	s->program = akida_program_new(s->device);
	return 0;
}

static int load_side(struct side *s, struct akida_model *m,
		     enum akida_target target)
{
	const struct akida_load_options o = { .target = target };

	if (!akida_program_load(s->program, m, &o) &&
	    !akida_program_info(s->program, &s->info, sizeof(s->info)))
		return 0;
	say(akida_program_error(s->program));
	return -1;
}

static void close_side(struct side *s)
{
	akida_program_free(s->program);
	akida_device_free(s->device);
	*s = (struct side){ .device = NULL };
}

/* All inputs in overlapping batches of different sizes. */
static int overlapping(struct side *s, const uint8_t *in, uint8_t *out,
		       size_t count)
{
	size_t sizes[2], first[2], next = 0, done = 0, n = 1;
	size_t in_size = s->info.input_size, out_size = s->info.output_size;
	uint64_t ticket[2];
	unsigned int begun = 0, ended = 0;
	int rc;

	while (done < count) {
		while (next < count && begun - ended < 2) {
			n = n % 13 + 1;
			if (n > count - next)
				n = count - next;
			rc = akida_program_submit(
				s->program, in + next * in_size, n * in_size,
				(unsigned int)n, &ticket[begun % 2]);
			if (rc)
				return rc;
			first[begun % 2] = next;
			sizes[begun++ % 2] = n;
			next += n;
		}
		/* Looking does not use a ticket up. */
		do
			rc = akida_program_wait(
				s->program, ticket[ended % 2], 1,
				out + first[ended % 2] * out_size,
				sizes[ended % 2] * out_size);
		while (rc == -ETIME);
		if (rc)
			return rc;
		done += sizes[ended++ % 2];
	}
	return 0;
}

static void check_runs(struct side *board, const uint8_t *in,
		       const uint8_t *want, uint8_t *out, size_t count)
{
	struct akida_program_stats s = { 0 };
	size_t bytes = count * board->info.output_size;
	uint64_t tickets[64];
	unsigned int slots = akida_program_slots(board->program), i;
	int rc = overlapping(board, in, out, count);

	ok(!rc && !memcmp(out, want, bytes), "batches that overlap");
	if (rc)
		say(akida_program_error(board->program));
	akida_program_set_profiling(board->program, true);
	memset(out, 0, bytes);
	rc = akida_program_run(board->program, in,
			       count * board->info.input_size, out, bytes,
			       (unsigned int)count);
	akida_program_stats(board->program, &s, sizeof(s));
	akida_program_set_profiling(board->program, false);
	ok(!rc && !memcmp(out, want, bytes), "a run that is measured");
	ok(s.runs == count && s.clocks >= count && s.run_ns && s.queue_ns &&
		   s.host_ns,
	   "its clocks and times");
	for (i = 0; i < slots && i < 64; i++)
		akida_program_submit(board->program, in, board->info.input_size,
				     1, &tickets[i]);
	ok(akida_program_submit(board->program, in, board->info.input_size, 1,
				&tickets[63]) == -EAGAIN,
	   "no more than there is room for");
	ok(akida_program_run(board->program, in, board->info.input_size, out,
			     board->info.output_size, 1) == -EBUSY,
	   "nor a run beside them");
	for (i = 0, rc = 0; i < slots && !rc; i++)
		rc = akida_program_wait(board->program, tickets[i], 0, out,
					board->info.output_size);
	ok(!rc && akida_program_wait(board->program, tickets[0], 0, out,
				     board->info.output_size) == -EINVAL,
	   "all of them end once");
}

/* Every layer's weights, the other way round, in both programs. */
static void check_weights(struct akida_model *m, struct side *soft,
			  struct side *board, const uint8_t *in, uint8_t *want,
			  uint8_t *out, size_t count)
{
	size_t in_bytes = count * board->info.input_size;
	size_t bytes = count * board->info.output_size;
	struct akida_array *a[2] = { akida_array_new(), akida_array_new() };
	struct akida_variable_info v;
	struct akida_layer_info l;
	unsigned int i, k;
	char text[128];
	int rc;

	for (i = 0; !akida_model_layer(m, i, &l, sizeof(l)); i++) {
		struct akida_array *have[2] = { NULL, NULL };

		for (k = 0; !akida_model_variable(m, i, k, &v, sizeof(v));
		     k++) {
			int which = !strcmp(v.name, "weights")	  ? 0 :
				    !strcmp(v.name, "weights_pw") ? 1 :
								    -1;
			size_t n = 1, d;
			int8_t *w;

			if (which < 0)
				continue;
			for (d = 0; d < v.ndim; d++)
				n *= v.shape[d];
			w = malloc(n);
			for (d = 0; w && d < n; d++)
				w[d] = ((const int8_t *)v.data)[n - 1 - d];
			rc = w ? akida_array_set(a[which], AKIDA_DTYPE_INT8,
						 v.ndim, v.shape, w) :
				 -ENOMEM;
			free(w);
			have[which] = rc ? NULL : a[which];
		}
		if (!have[0])
			continue;
		rc = akida_program_set_weights(soft->program, l.name, have[0],
					       have[1]);
		if (!rc)
			rc = akida_program_set_weights(board->program, l.name,
						       have[0], have[1]);
		if (!rc)
			rc = akida_program_run(soft->program, in, in_bytes,
					       want, bytes,
					       (unsigned int)count);
		if (!rc)
			rc = akida_program_run(board->program, in, in_bytes,
					       out, bytes, (unsigned int)count);
		snprintf(text, sizeof(text), "other weights for %s", l.name);
		ok(!rc && !memcmp(want, out, bytes), text);
		if (rc) {
			say(akida_program_error(soft->program));
			say(akida_program_error(board->program));
		}
	}
	akida_array_free(a[0]);
	akida_array_free(a[1]);
}

/* The second part of a program lies on the board, at any word. */
static void check_external(struct akida_model *m, const char *device,
			   enum akida_target chip, const uint8_t *in,
			   const uint8_t *want, uint8_t *out, size_t count)
{
	struct akida_build *b = akida_build_new();
	struct akida_board *board = akida_board_new();
	struct akida_buffer *there = NULL, *here = NULL;
	struct side s = { .device = NULL };
	const uint8_t *file = NULL;
	size_t size = 0, info = 0, offset = 12;
	void *data = NULL;
	int rc = akida_build_model(b, m, chip, 0);

	if (!rc) {
		file = akida_build_data(b, &size);
		info = 4 +
		       (file[0] | (size_t)file[1] << 8 | (size_t)file[2] << 16);
		rc = akida_board_open(board, device);
	}
	if (!rc)
		rc = akida_buffer_new(board, AKIDA_MEMORY_DEVICE,
				      size - info + offset, &there);
	if (!rc)
		rc = akida_buffer_new(board, AKIDA_MEMORY_HOST,
				      size - info + offset, &here);
	if (!rc)
		rc = akida_buffer_map(here, &data);
	if (!rc) {
		struct akida_copy c = { .dst = there,
					.src = here,
					.size = akida_buffer_size(here) };

		memcpy((uint8_t *)data + offset, file + info, size - info);
		rc = akida_board_copy(board, &c, NULL);
	}
	say(akida_board_error(board));
	if (!rc)
		rc = open_side(&s, device);
	if (!rc) {
		ok(akida_program_external(s.program, file, info, there,
					  1u << 30, size - info) == -EINVAL,
		   "data that lie outside the buffer");
		ok(akida_program_external(s.program, file, info, there,
					  offset + 4, size - info) == -EINVAL,
		   "data that begin somewhere else");
		rc = akida_program_external(s.program, file, info, there,
					    offset, size - info);
		if (rc)
			say(akida_program_error(s.program));
	}
	/* The driver has a copy. */
	akida_buffer_free(there);
	akida_buffer_free(here);
	if (!rc)
		rc = akida_program_info(s.program, &s.info, sizeof(s.info));
	if (!rc)
		rc = akida_program_run(s.program, in, count * s.info.input_size,
				       out, count * s.info.output_size,
				       (unsigned int)count);
	ok(!rc && !memcmp(out, want, count * s.info.output_size),
	   "a program whose data are on the board");
	if (s.device)
		close_side(&s);
	akida_board_free(board);
	akida_build_free(b);
}

int main(int argc, char **argv)
{
	struct akida_model *m = akida_model_new();
	struct akida_array *inputs = akida_array_new();
	struct akida_board_desc d = { 0 };
	struct side soft = { .device = NULL }, board = { .device = NULL };
	uint8_t *want, *out;
	const uint8_t *in;
	size_t count;

	if (argc != 4 || akida_board_find(argv[2], &d, sizeof(d)) ||
	    akida_model_load(m, argv[1]) ||
	    akida_array_load_npy(inputs, argv[3]) || open_side(&soft, "soft") ||
	    open_side(&board, argv[2]) || load_side(&soft, m, d.chip) ||
	    load_side(&board, m, d.chip)) {
		puts("not ok - everything is there");
		return 1;
	}
	in = akida_array_data(inputs);
	count = akida_array_bytes(inputs) / soft.info.input_size;
	if (count > 100)
		count = 100;
	want = malloc(count * soft.info.output_size);
	out = calloc(count, soft.info.output_size);
	if (!want || !out ||
	    akida_program_run(soft.program, in, count * soft.info.input_size,
			      want, count * soft.info.output_size,
			      (unsigned int)count)) {
		puts("not ok - the software device runs");
		return 1;
	}
	check_runs(&board, in, want, out, count);
	memset(out, 0, count * soft.info.output_size);
	check_external(m, argv[2], d.chip, in, want, out, count);
	check_weights(m, &soft, &board, in, want, out, count);
	free(want);
	free(out);
	close_side(&soft);
	close_side(&board);
	akida_array_free(inputs);
	akida_model_free(m);
	return failures > 0;
}
