// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/sentencepiece.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/wire.h"

/* Field numbers of sentencepiece_model.proto. */
#define MODEL_PIECES 1
#define MODEL_TRAINER_SPEC 2
#define MODEL_NORMALIZER_SPEC 3
#define PIECE_TEXT 1
#define PIECE_SCORE 2
#define PIECE_KIND 3
#define TRAINER_ALGORITHM 3
#define NORMALIZER_DUMMY_PREFIX 3

static int damaged(struct ak_err *err, const char *what)
{
	return ak_errf(
		err, -EBADMSG,
		"the SentencePiece model is damaged: %s; download it again",
		what);
}

static bool is(const struct ak_wire_field *f, uint32_t number,
	       enum ak_wire_kind kind)
{
	return f->number == number && f->kind == kind;
}

static int parse_piece(const struct ak_wire_field *message,
		       struct ak_sp_piece *p, struct ak_err *err)
{
	struct ak_wire w = { message->data, message->data + message->size };
	struct ak_wire_field f;
	int rc;

	memset(p, 0, sizeof(*p));
	p->kind = AK_SP_NORMAL;
	while ((rc = ak_wire_next(&w, &f)) > 0) {
		if (is(&f, PIECE_TEXT, AK_WIRE_BYTES)) {
			p->text = (const char *)f.data;
			p->size = f.size;
		} else if (is(&f, PIECE_SCORE, AK_WIRE_FIXED32)) {
			p->score = ak_wire_float(&f);
		} else if (is(&f, PIECE_KIND, AK_WIRE_VARINT)) {
			if (f.value < AK_SP_NORMAL || f.value > AK_SP_BYTE)
				return damaged(err,
					       "a piece is of no known kind");
			p->kind = (enum ak_sp_kind)f.value;
		}
	}
	if (rc)
		return damaged(err, "a piece is cut off");
	if (!p->size)
		return damaged(err, "a piece is empty");
	return 0;
}

static int parse_trainer(const struct ak_wire_field *message, struct ak_sp *sp,
			 struct ak_err *err)
{
	struct ak_wire w = { message->data, message->data + message->size };
	struct ak_wire_field f;
	int rc;

	while ((rc = ak_wire_next(&w, &f)) > 0) {
		if (!is(&f, TRAINER_ALGORITHM, AK_WIRE_VARINT))
			continue;
		if (f.value < AK_SP_UNIGRAM || f.value > AK_SP_CHAR)
			return damaged(err, "its algorithm is unknown");
		sp->algorithm = (enum ak_sp_algorithm)f.value;
	}
	return rc ? damaged(err, "the trainer's part is cut off") : 0;
}

static int parse_normalizer(const struct ak_wire_field *message,
			    struct ak_sp *sp, struct ak_err *err)
{
	struct ak_wire w = { message->data, message->data + message->size };
	struct ak_wire_field f;
	int rc;

	while ((rc = ak_wire_next(&w, &f)) > 0)
		if (is(&f, NORMALIZER_DUMMY_PREFIX, AK_WIRE_VARINT))
			sp->dummy_prefix = f.value;
	return rc ? damaged(err, "the normalizer's part is cut off") : 0;
}

static int add_piece(const struct ak_wire_field *f, struct ak_sp *sp,
		     size_t *room, struct ak_err *err)
{
	if (sp->count == *room) {
		/* Bounded by the file: a piece takes two bytes at least. */
		size_t n = *room ? *room * 2 : 1024;
		void *grown = reallocarray(sp->piece, n, sizeof(*sp->piece));

		if (!grown)
			return ak_errf(err, -ENOMEM, "no memory for pieces");
		sp->piece = grown;
		*room = n;
	}
	return parse_piece(f, &sp->piece[sp->count++], err);
}

int ak_sp_parse(const void *data, size_t size, struct ak_sp *out,
		struct ak_err *err)
{
	struct ak_wire w = { data, (const uint8_t *)data + size };
	struct ak_wire_field f;
	size_t room = 0;
	int rc, ret = 0;

	memset(out, 0, sizeof(*out));
	out->algorithm = AK_SP_UNIGRAM;
	out->dummy_prefix = true;
	while (!ret && (rc = ak_wire_next(&w, &f)) > 0) {
		if (is(&f, MODEL_PIECES, AK_WIRE_BYTES))
			ret = add_piece(&f, out, &room, err);
		else if (is(&f, MODEL_TRAINER_SPEC, AK_WIRE_BYTES))
			ret = parse_trainer(&f, out, err);
		else if (is(&f, MODEL_NORMALIZER_SPEC, AK_WIRE_BYTES))
			ret = parse_normalizer(&f, out, err);
	}
	if (!ret && rc)
		ret = damaged(err, "it is cut off");
	if (!ret && !out->count)
		ret = damaged(err, "it has no pieces");
	if (ret)
		ak_sp_free(out);
	return ret;
}

void ak_sp_free(struct ak_sp *sp)
{
	free(sp->piece);
	memset(sp, 0, sizeof(*sp));
}
