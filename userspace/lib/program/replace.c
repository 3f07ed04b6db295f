// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Other weights for a program of which only the note is there: an NP's
 * registers say which filters of which layer it has, so that the packets with
 * weights, which a note leaves out, can be made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "program/build_internal.h"
#include "program/note.h"

/* Registers of the NP that a track is for. */
static bool find_regs(const uint8_t *data, uint32_t words,
		      uint32_t regs[AK_NP_NUM_REGS], struct ak_packet *head)
{
	struct ak_packet p;
	uint32_t pos = 0, i;

	while (ak_packet_next(data, words, &pos, &p) == 1) {
		if (p.uid != AK_UID_REGS || p.addr || p.words != AK_NP_NUM_REGS)
			continue;
		for (i = 0; i < AK_NP_NUM_REGS; i++)
			regs[i] = ak_get_le32(p.payload + i * 4);
		*head = p;
		return regs[AK_NP_LAYOUT] == AK_NP_LAYOUT_1;
	}
	return false;
}

uint32_t ak_program_input_bits(const uint8_t *first, uint32_t words)
{
	uint32_t regs[AK_NP_NUM_REGS], bits;
	struct ak_packet p;

	if (!find_regs(first, words, regs, &p))
		return 8;
	bits = AK_NP_BITS_IN(regs[AK_NP_BITS]);
	return bits >= 1 && bits <= 8 ? bits : 8;
}

int ak_replace_layer(const struct ak_note *n, uint32_t record,
		     struct ak_layer *l, struct ak_err *err)
{
	uint32_t regs[AK_NP_NUM_REGS], track, skeleton;
	const struct ak_record *r =
		ak_note_record(n, record, &track, &skeleton);
	struct ak_packet p;
	int rc;

	if (!r)
		return ak_errf(err, -ENOENT, "the program has no layer %u",
			       record);
	if (!n->num_skeletons)
		return ak_errf(
			err, -ENOTSUP,
			"how BrainChip's SDK packs weights into a program is not public: its weights cannot be replaced");
	if (!r->num_tracks || !find_regs(n->skeleton[skeleton].data,
					 n->skeleton[skeleton].words, regs, &p))
		return ak_errf(err, -EINVAL,
			       "the program does not say what layer %u is",
			       record);
	rc = ak_np_regs_layer(regs, l, err);
	l->name = n->name[record][0] ? n->name[record] : "of that number";
	return rc;
}

/* Weights of a filter, pointwise ones of a separable layer. */
static uint64_t per_filter(const struct ak_layer *l)
{
	return l->type == AKIDA_LAYER_SEPARABLE_CONV ? l->in.channels :
						       ak_np_filter_weights(l);
}

/* A track: registers, weights, and what else there is. */
static int make_track(const struct ak_skeleton *s, const struct ak_track *t,
		      const struct ak_layer *l, struct ak_program_words *out,
		      struct ak_err *err)
{
	uint32_t regs[AK_NP_NUM_REGS], fresh[AK_NP_NUM_REGS];
	uint32_t header[2], depthwise = 0, room, from = 0;
	struct ak_packet p, regs_packet;
	uint64_t filter = 0;
	uint32_t pos = 0;
	size_t at = 0;

	if (!find_regs(s->data, s->words, regs, &regs_packet) ||
	    regs[AK_NP_COUNT] > l->out.channels ||
	    regs[AK_NP_FIRST] > l->out.channels - regs[AK_NP_COUNT])
		goto differs;
	if (!(regs[AK_NP_BITS] & AK_NP_EXTERNAL)) {
		if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
			depthwise = regs[AK_NP_POINTWISE];
		filter = ak_np_filter_words(regs[AK_NP_COUNT], per_filter(l),
					    l->weights_bits);
		if (depthwise > UINT16_MAX || filter > t->words)
			goto differs;
		depthwise *= AK_NP_ADDR_BYTES / 4;
		if (depthwise &&
		    depthwise < ak_np_filter_words(l->in.channels,
						   (uint64_t)l->kernel_w *
							   l->kernel_h,
						   l->weights_bits))
			goto differs;
		filter += depthwise;
	}
	out->word = calloc((size_t)t->words + 1, sizeof(*out->word));
	out->count = t->words;
	if (!out->word)
		return ak_errf(err, -ENOMEM, "no memory for new weights");
	ak_np_regs_set(l, regs[AK_NP_FIRST], regs[AK_NP_COUNT], fresh);
	while (ak_packet_next(s->data, s->words, &pos, &p) == 1) {
		uint32_t *start = out->word + at;
		uint32_t begin = from;

		if (pos - from > t->words - at)
			goto differs;
		for (; from < pos; from++)
			out->word[at++] = ak_get_le32(s->data + from * 4);
		if (p.payload != regs_packet.payload)
			continue;
		/* What a bit of 0 stands for, follows from the weights. */
		start += (size_t)(p.payload - s->data) / 4 - begin;
		start[AK_NP_BITS] = (regs[AK_NP_BITS] & ~AK_NP_BIPOLAR) |
				    (fresh[AK_NP_BITS] & AK_NP_BIPOLAR);
		if (!filter)
			continue;
		p.uid = l->type == AKIDA_LAYER_FULLY_CONNECTED ? AK_UID_FNP :
								 AK_UID_FILTER;
		p.words = (uint32_t)filter;
		p.addr = 0;
		room = ak_packet_header(&p, header);
		if (room > t->words - at || t->words - at - room < 2)
			goto differs;
		memcpy(out->word + at, header, sizeof(header));
		at += 2;
		ak_emit_weights(l, regs[AK_NP_FIRST], regs[AK_NP_COUNT],
				depthwise, out->word + at);
		at += room;
	}
	if (at == t->words)
		return 0;
differs:
	return ak_errf(
		err, -EINVAL,
		"layer '%s': the program's tracks are not those of such a layer",
		l->name);
}

int ak_replace_weights(const struct ak_note *n, uint32_t record,
		       const struct ak_layer *l, struct ak_program_words *words,
		       struct ak_err *err)
{
	uint32_t track, skeleton, i;
	const struct ak_record *r =
		ak_note_record(n, record, &track, &skeleton);
	int rc = ak_emit_check_bits(l, err);

	for (i = 0; i < r->num_tracks + r->has_fnp2; i++)
		words[i] = (struct ak_program_words){ NULL, 0 };
	for (i = 0; i < r->num_tracks && !rc; i++)
		rc = make_track(&n->skeleton[skeleton + i], &r->track[i], l,
				&words[i], err);
	if (rc || !r->has_fnp2)
		return rc;
	rc = ak_emit_external(l, &words[i], err);
	if (!rc && words[i].count != r->fnp2.words)
		rc = ak_errf(
			err, -EINVAL,
			"layer '%s': the program's tracks are not those of such a layer",
			l->name);
	return rc;
}
