// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an NP is told: registers, weights, thresholds and steps, as packets.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/limits.h"
#include "program/build_internal.h"

#define UNIT_WORDS (AK_NP_ADDR_BYTES / 4)

static bool is_fc(const struct ak_layer *l)
{
	return l->type == AKIDA_LAYER_FULLY_CONNECTED;
}

uint32_t ak_output_format(const struct ak_layer *l, bool sparse)
{
	static const uint8_t formats[2][2][2] = {
		/* dense: potentials, activations; then sparse */
		{ { AK_OUT_DENSE_CNP_POT, AK_OUT_DENSE_CNP_ACT },
		  { AK_OUT_SPARSE_CNP_POT, AK_OUT_SPARSE_CNP_ACT } },
		{ { AK_OUT_DENSE_FNP_POT, AK_OUT_DENSE_FNP_ACT },
		  { AK_OUT_SPARSE_FNP_POT, AK_OUT_SPARSE_FNP_ACT } },
	};

	return formats[is_fc(l)][sparse][l->activation];
}

/* A layer of 1 bit has two values; which two, it says as a whole. */
static int check_bits(const struct ak_layer *l, const int8_t *w, size_t n,
		      bool pointwise, struct ak_err *err)
{
	bool minus = false, zero = false;
	size_t i;

	if (l->weights_bits != 1)
		return 0;
	for (i = 0; i < n; i++) {
		minus |= w[i] < 0;
		zero |= !w[i];
	}
	if (minus && (zero || pointwise))
		return ak_errf(
			err, -EINVAL,
			"layer '%s': its 1-bit weights are -1, 0 and 1; an NP has one bit for a weight: use 0 and 1, or -1 and 1",
			l->name);
	return 0;
}

static void put_packet(struct ak_packet *p, uint32_t *words, size_t *at)
{
	uint32_t len = ak_packet_header(p, words + *at);

	*at += 2 + len;
}

/* Words of a payload as a packet carries them, header included. */
static size_t packet_words(uint32_t words)
{
	struct ak_packet p = { .words = words };
	uint32_t header[2];

	return 2 + (size_t)ak_packet_header(&p, header);
}

/* Weights [..][filter] as .fbz stores them, filters from @first on. */
static void put_weights(const struct ak_layer *l, uint32_t first,
			uint32_t count, uint32_t *out)
{
	size_t all = l->out.channels;

	if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
		ak_np_pack(l->weights_pw + first, 1, all, count, l->in.channels,
			   l->weights_bits, out);
	else
		ak_np_pack(l->weights + first, 1, all, count,
			   (size_t)ak_np_filter_weights(l), l->weights_bits,
			   out);
}

void ak_emit_weights(const struct ak_layer *l, uint32_t first, uint32_t count,
		     uint32_t depthwise, uint32_t *out)
{
	if (depthwise)
		ak_np_pack(l->weights, 1, l->in.channels, l->in.channels,
			   (size_t)l->kernel_w * l->kernel_h, l->weights_bits,
			   out);
	put_weights(l, first, count, out + depthwise);
}

int ak_emit_check_bits(const struct ak_layer *l, struct ak_err *err)
{
	int rc = check_bits(l, l->weights, ak_layer_num_weights(l, false),
			    false, err);

	if (!rc && l->type == AKIDA_LAYER_SEPARABLE_CONV)
		rc = check_bits(l, l->weights_pw, ak_layer_num_weights(l, true),
				true, err);
	return rc;
}

static int put_fire(const struct ak_layer *l, const struct ak_placement *p,
		    uint32_t *out, struct ak_err *err)
{
	int32_t limit = (p->np < 0 ? 1 << 23 : 1 << 19) - 1;
	uint32_t i;

	for (i = p->first; i < p->first + p->count; i++) {
		double step = (double)l->act_step[i] * AK_STEP_ONE;

		if (step < 1 || nearbyint(step) >= 1 << 20)
			return ak_errf(
				err, -ERANGE,
				"layer '%s': act_step[%u] is %g; boards hold 1/16 to 65535",
				l->name, i, (double)l->act_step[i]);
		if (l->threshold[i] > limit || l->threshold[i] < -limit - 1)
			return ak_errf(
				err, -ERANGE,
				"layer '%s': threshold[%u] is %d; boards hold %d to %d",
				l->name, i, l->threshold[i], -limit - 1, limit);
		*out++ = (uint32_t)l->threshold[i];
		*out++ = (uint32_t)nearbyint(step);
	}
	return 0;
}

/* Potentials of events have fewer bits than those of maps (official widths). */
static int check_events(const struct ak_layer *l, uint32_t output,
			struct ak_err *err)
{
	int64_t limit = output == AK_OUT_SPARSE_FNP_POT ? 1 << 25 : 1 << 23;
	uint32_t n = l->out.channels, i;
	int64_t *bounds;
	int rc = 0;

	if (output != AK_OUT_SPARSE_FNP_POT && output != AK_OUT_SPARSE_CNP_POT)
		return 0;
	bounds = malloc(2 * n * sizeof(*bounds));
	if (!bounds)
		return ak_errf(err, -ENOMEM, "no memory to build");
	ak_layer_bounds_all(l, bounds, bounds + n);
	for (i = 0; i < n && !rc; i++)
		if (bounds[i] < -limit || bounds[n + i] >= limit)
			rc = ak_errf(
				err, -ERANGE,
				"layer '%s': potentials of filter %u can be %lld to %lld; events hold %lld to %lld: let it put out maps",
				l->name, i, (long long)bounds[i],
				(long long)bounds[n + i], (long long)-limit,
				(long long)limit - 1);
	free(bounds);
	return rc;
}

int ak_emit(const struct ak_layer *l, const struct ak_mesh *mesh,
	    const struct ak_placement *p, uint32_t nps, uint32_t output,
	    struct ak_program_words *out, struct ak_err *err)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	uint32_t fire = p->fire_bytes / 4, filter = p->filter_bytes / 4;
	uint32_t depthwise = 0;
	size_t at = 0;
	struct ak_packet packet = { .hrc = p->np < 0, .np_mask = 1 };
	uint32_t *words, *regs;
	int rc = ak_emit_check_bits(l, err);

	if (!rc)
		rc = check_events(l, output, err);
	if (rc)
		return rc;
	if (p->np >= 0) {
		packet.col = mesh->np[p->np].col;
		packet.row = mesh->np[p->np].row;
		packet.np_mask = (uint8_t)(1u << mesh->np[p->np].id);
	}
	if (p->external)
		filter = 0;
	if (separable)
		depthwise = filter -
			    (uint32_t)ak_np_filter_words(
				    p->count, l->in.channels, l->weights_bits);
	words = calloc(packet_words(AK_NP_NUM_REGS) + packet_words(filter) +
			       packet_words(fire),
		       sizeof(*words));
	if (!words)
		return ak_errf(err, -ENOMEM, "no memory to build the program");
	out->word = words;

	packet.uid = AK_UID_REGS;
	packet.words = AK_NP_NUM_REGS;
	regs = words + at + 2;
	put_packet(&packet, words, &at);
	ak_np_regs_set(l, p->first, p->count, regs);
	regs[AK_NP_STAGE] = p->stage | p->pass << 8 | nps << 16;
	regs[AK_NP_POINTWISE] = depthwise / UNIT_WORDS;
	regs[AK_NP_OUTPUT] = output;
	if (p->external)
		regs[AK_NP_BITS] |= AK_NP_EXTERNAL;
	if (filter) {
		uint32_t *to = words + at + 2;

		packet.uid = is_fc(l) ? AK_UID_FNP : AK_UID_FILTER;
		packet.words = filter;
		put_packet(&packet, words, &at);
		ak_emit_weights(l, p->first, p->count, depthwise, to);
	}
	if (fire) {
		uint32_t *to = words + at + 2;

		packet.uid = AK_UID_FIRE;
		packet.words = fire;
		put_packet(&packet, words, &at);
		rc = put_fire(l, p, to, err);
	}
	out->count = at;
	return rc;
}

int ak_emit_external(const struct ak_layer *l, struct ak_program_words *out,
		     struct ak_err *err)
{
	uint64_t words = ak_np_filter_words(
		l->out.channels, ak_np_filter_weights(l), l->weights_bits);

	if (words > AK_PROGRAM_MAX_FILE / 4)
		return ak_errf(
			err, -EFBIG,
			"layer '%s': more weights than a program can hold",
			l->name);
	out->word = calloc((size_t)words, sizeof(*out->word));
	if (!out->word)
		return ak_errf(err, -ENOMEM, "no memory to build the program");
	out->count = (size_t)words;
	put_weights(l, 0, l->out.channels, out->word);
	return 0;
}
