// SPDX-License-Identifier: GPL-2.0
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fbz.h"
#include "term.h"
#include "text.h"
#include "tool.h"

/* More than that is a mistake, or better run in parts. */
#define MAX_INPUT_BYTES ((size_t)1 << 30)

#define SHAPE_TEXT (24 * AKIDA_ARRAY_MAX_DIMS)

enum kind {
	KIND_NPY,
	KIND_PICTURE,
	KIND_NONE,
};

/* As Python writes a shape: "(160, 160, 3)", "(5,)". */
static char *shape_text(char *buf, unsigned int ndim, const size_t *shape)
{
	size_t n = 1;
	unsigned int d;

	buf[0] = '(';
	for (d = 0; d < ndim; d++)
		n += (size_t)snprintf(buf + n, SHAPE_TEXT - n, "%s%zu",
				      d ? ", " : "", shape[d]);
	snprintf(buf + n, SHAPE_TEXT - n, "%s)", ndim == 1 ? "," : "");
	return buf;
}

static char *input_text(char *buf, const struct akida_shape *s)
{
	const size_t shape[] = { s->height, s->width, s->channels };

	return shape_text(buf, 3, shape);
}

uint8_t *inputs_grow(struct inputs *in, const char *source, size_t count)
{
	size_t size = in->info->input_size, i;
	size_t each = in->meaning ? size * (1 + sizeof(*in->values)) : size;

	if (count > MAX_INPUT_BYTES / each - in->count) {
		term_error("%s: the inputs take more than 1 GiB together; run "
			   "them in parts",
			   source);
		return NULL;
	}
	if (in->count + count > in->room) {
		in->room = in->count + count + in->room / 2;
		in->data = tool_realloc(in->data, in->room, size);
		if (in->meaning)
			in->values = tool_realloc(in->values, in->room,
						  size * sizeof(*in->values));
		in->source =
			tool_realloc(in->source, in->room, sizeof(*in->source));
		in->index =
			tool_realloc(in->index, in->room, sizeof(*in->index));
		in->alone =
			tool_realloc(in->alone, in->room, sizeof(*in->alone));
	}
	for (i = 0; i < count; i++) {
		in->source[in->count + i] = source;
		in->index[in->count + i] = i;
		in->alone[in->count + i] = count == 1;
	}
	in->count += count;
	memset(in->data + (in->count - count) * size, 0, count * size);
	return in->data + (in->count - count) * size;
}

void inputs_filled(struct inputs *in, size_t count)
{
	size_t size = in->info->input_size, i;

	if (!in->meaning)
		return;
	for (i = (in->count - count) * size; i < in->count * size; i++)
		in->values[i] = (float)(in->data[i] * in->meaning->scale);
}

static int check_values(const struct inputs *in, const char *source,
			const uint8_t *data, size_t count)
{
	const struct akida_shape *s = &in->info->input;
	size_t size = in->info->input_size, i;
	uint32_t bits = in->info->input_bits;

	if (bits >= 8)
		return 0;
	for (i = 0; i < count * size; i++) {
		size_t at = i % size, pixel = at / s->channels;

		if (data[i] >> bits == 0)
			continue;
		term_error(
			"%s: value %u at (%zu, %zu, %zu) of input %zu is too "
			"large: this model takes %u-bit inputs, 0 to %u",
			source, data[i], pixel / s->width, pixel % s->width,
			at % s->channels, i / size, bits, (1u << bits) - 1);
		return -1;
	}
	return 0;
}

/*
 * How many inputs an array of this shape holds, 0 if it does not fit. One
 * input may leave out what is 1: rows and columns of a flat model, the channel
 * of a grey one.
 */
static size_t count_inputs(const struct akida_shape *s, unsigned int ndim,
			   const size_t *shape)
{
	size_t side[3] = { s->height, s->width, s->channels };
	const size_t *end = shape + ndim;
	unsigned int first = 0, last = 3, n;

	if (ndim == 3 && !memcmp(shape, side, sizeof(side)))
		return 1;
	if (ndim == 4 && !memcmp(shape + 1, side, sizeof(side)))
		return shape[0];
	if (s->height == 1 && s->width == 1)
		first = 2;
	else if (s->channels == 1)
		last = 2;
	else
		return 0;
	n = last - first;
	if (ndim < n || memcmp(end - n, side + first, n * sizeof(*side)))
		return 0;
	if (ndim == n)
		return 1;
	return ndim == n + 1 ? shape[0] : 0;
}

/* Any numbers: floats are what the network takes, integers are steps of it. */
static int add_float_npy(struct inputs *in, const struct akida_array *a,
			 const char *source)
{
	const struct akida_shape *s = &in->info->input;
	double most = (double)((1u << in->info->input_bits) - 1);
	size_t size = in->info->input_size, count, first, i;
	char have[SHAPE_TEXT], want[SHAPE_TEXT];
	bool nchw = in->nchw;

	count = fbz_count(a, s, in->meaning, &nchw);
	if (!count) {
		term_error(
			"%s: shape %s does not fit the network's input %s (rows, columns, channels), nor is it a batch of them; --layout says in which order they are",
			source,
			shape_text(have, akida_array_ndim(a),
				   akida_array_shape(a)),
			input_text(want, s));
		return -1;
	}
	if (!inputs_grow(in, source, count))
		return -1;
	first = (in->count - count) * size;
	for (i = 0; i < count * size; i++) {
		double v = fbz_element(a, nchw ? fbz_place(i, s) : i), step;

		if (!isfinite(v)) {
			term_error("%s: value %zu of input %zu is no number",
				   source, i % size, i / size);
			return -1;
		}
		if (fbz_is_float(a))
			v -= in->meaning->offset;
		else
			v *= in->meaning->scale;
		step = rint(v / in->meaning->scale);
		in->values[first + i] = (float)v;
		in->data[first + i] = (uint8_t)fmin(fmax(step, 0), most);
	}
	return 0;
}

static int add_npy(struct inputs *in, struct akida_array *a, const char *source)
{
	const struct akida_shape *s = &in->info->input;
	char have[SHAPE_TEXT], want[SHAPE_TEXT];
	unsigned int ndim;
	const size_t *shape;
	size_t count;
	uint8_t *to;

	if (akida_array_load_npy(a, source)) {
		term_file_error(source, akida_array_error(a));
		return -1;
	}
	if (in->meaning)
		return add_float_npy(in, a, source);
	ndim = akida_array_ndim(a);
	shape = akida_array_shape(a);
	if (akida_array_dtype(a) != AKIDA_DTYPE_UINT8) {
		term_error("%s: elements are %s, but a model takes uint8; "
			   "convert them with astype('uint8')",
			   source, akida_dtype_name(akida_array_dtype(a)));
		return -1;
	}
	count = count_inputs(s, ndim, shape);
	if (!count) {
		term_error(
			"%s: shape %s does not fit the model's input %s, nor "
			"is it a batch of them",
			source, shape_text(have, ndim, shape),
			input_text(want, s));
		return -1;
	}
	if (check_values(in, source, akida_array_data(a), count))
		return -1;
	to = inputs_grow(in, source, count);
	if (!to)
		return -1;
	memcpy(to, akida_array_data(a), count * in->info->input_size);
	return 0;
}

static int add_picture(struct inputs *in, struct akida_array *a,
		       const char *source, bool crop)
{
	const struct akida_shape *s = &in->info->input;
	char want[SHAPE_TEXT];
	const size_t *shape;
	const uint8_t *from;
	uint8_t *to;
	size_t i;

	if ((s->channels != 1 && s->channels != 3) ||
	    (s->height == 1 && s->width == 1)) {
		term_error("%s: a picture does not fit the model's input %s; "
			   "give a .npy file",
			   source, input_text(want, s));
		return -1;
	}
	if (akida_array_load_image(a, source, s->channels)) {
		term_file_error(source, akida_array_error(a));
		return -1;
	}
	shape = akida_array_shape(a);
	if ((shape[0] != s->height || shape[1] != s->width) &&
	    akida_array_resize_image(a, s->height, s->width,
				     crop ? AKIDA_RESIZE_CROP : 0)) {
		term_file_error(source, akida_array_error(a));
		return -1;
	}
	to = inputs_grow(in, source, 1);
	if (!to)
		return -1;
	from = akida_array_data(a);
	/* A model with narrow inputs sees the high bits of each pixel. */
	for (i = 0; i < in->info->input_size; i++)
		to[i] = in->info->input_bits < 8 ?
				(uint8_t)(from[i] >>
					  (8 - in->info->input_bits)) :
				from[i];
	inputs_filled(in, 1);
	return 0;
}

static int add_stdin(struct inputs *in)
{
	static const char name[] = "standard input";
	size_t size = in->info->input_size, have = 0, room = size;
	uint8_t *data = tool_alloc(room, 1), *to;
	char want[SHAPE_TEXT];
	ssize_t n = 0;
	int ret = -1;

	/* One byte more than whole inputs shows whether there is another. */
	for (;;) {
		if (have == room) {
			if (room > MAX_INPUT_BYTES)
				break;
			room *= 2;
			data = tool_realloc(data, room, 1);
		}
		n = read(STDIN_FILENO, data + have, room - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	if (n < 0) {
		term_error("%s: %s", name, strerror(errno));
	} else if (!have || have % size) {
		term_error("%s: %zu bytes are not a whole number of inputs %s "
			   "of %zu bytes",
			   name, have, input_text(want, &in->info->input),
			   size);
	} else if (!check_values(in, name, data, have / size)) {
		to = inputs_grow(in, name, have / size);
		if (to) {
			memcpy(to, data, have);
			inputs_filled(in, have / size);
			ret = 0;
		}
	}
	free(data);
	return ret;
}

static enum kind sniff(const char *path)
{
	unsigned char head[8] = { 0 };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0) {
		term_error("%s: %s", path, strerror(errno));
		return KIND_NONE;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		term_error("%s: not a file; '-' reads raw bytes from standard "
			   "input",
			   path);
		close(fd);
		return KIND_NONE;
	}
	n = read(fd, head, sizeof(head));
	close(fd);
	if (n >= 6 && !memcmp(head, "\x93NUMPY", 6))
		return KIND_NPY;
	if (n >= 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8))
		return KIND_PICTURE;
	if (n >= 3 && !memcmp(head, "\xff\xd8\xff", 3))
		return KIND_PICTURE;
	term_error("%s: neither a .npy array nor a PNG or JPEG picture", path);
	return KIND_NONE;
}

int inputs_add(struct inputs *in, const char *source, bool crop)
{
	struct akida_array *a;
	enum kind kind;
	int ret;

	if (!strcmp(source, "-"))
		return add_stdin(in);
	kind = sniff(source);
	if (kind == KIND_NONE)
		return -1;
	a = akida_array_new();
	if (!a)
		term_die_memory();
	ret = kind == KIND_NPY ? add_npy(in, a, source) :
				 add_picture(in, a, source, crop);
	akida_array_free(a);
	return ret;
}

void inputs_random(struct inputs *in)
{
	uint8_t *to = inputs_grow(in, "random", 1);
	uint32_t bits = in->info->input_bits, state = 1;
	size_t i;

	if (!to)
		exit(TOOL_FAILED);
	for (i = 0; i < in->info->input_size; i++) {
		state = state * 1664525u + 1013904223u;
		to[i] = (uint8_t)(state >> 24 >> (bits < 8 ? 8 - bits : 0));
	}
}

char *inputs_name(const struct inputs *in, size_t i)
{
	char *clean = text_clean(in->source[i]), *name;

	if (in->alone[i])
		return clean;
	name = tool_text("%s[%zu]", clean, in->index[i]);
	free(clean);
	return name;
}

void inputs_clear(struct inputs *in)
{
	free(in->data);
	free(in->values);
	free(in->source);
	free(in->index);
	free(in->alone);
	memset(in, 0, sizeof(*in));
}
