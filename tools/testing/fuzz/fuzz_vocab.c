// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as one of a tokenizer's files, which the first byte says: of
 * byte-level BPE, tokenizer.json or tokenizer_config.json; of SentencePiece,
 * tokenizer_config.json. What is read must have every token, and no number
 * beyond them.
 */
#include <stdlib.h>

#include "convert/vocab.h"
#include "folder.h"

#define ROWS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder with each of two tokenizers. */
static const char *bpe, *spm;

static const char good_bpe[] =
	"{\"added_tokens\":[{\"id\":3,\"content\":\"<s>\",\"special\":true}],"
	"\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
	"\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\","
	"\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}}";

/* Piece "a", score 0; trainer's model_type 2: BPE. */
static const char good_spm[] = "\x0a\x08\x0a\x01"
			       "a\x15\0\0\0\0\x12\x02\x18\x02";

static void set_up(void)
{
	bpe = fuzz_folder();
	spm = fuzz_folder();
	fuzz_save(bpe, "tokenizer.json", good_bpe, sizeof(good_bpe) - 1);
	fuzz_save(spm, "tokenizer.model", good_spm, sizeof(good_spm) - 1);
}

static void check(const struct ak_vocab *v)
{
	size_t i;

	if (v->count != ROWS)
		abort();
	for (i = 0; i < v->count; i++)
		if (!v->token[i].text ||
		    v->token[i].text[v->token[i].size] != '\0')
			abort();
	for (i = 0; i < v->merges; i++)
		if (!v->merge[i])
			abort();
	for (i = 0; i < AK_SPECIALS; i++)
		if (v->special[i] >= ROWS)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_vocab v;
	const char *dir;

	if (!size)
		return 0;
	if (!bpe)
		set_up();
	dir = data[0] % 3 == 2 ? spm : bpe;
	if (data[0] % 3)
		fuzz_save(dir, "tokenizer_config.json", data + 1, size - 1);
	else
		fuzz_save(dir, "tokenizer.json", data + 1, size - 1);
	if (!ak_vocab_read(dir, AK_ARCH_LLAMA, ROWS, &v, &err)) {
		check(&v);
		ak_vocab_free(&v);
	} else if (!err.text[0]) {
		abort();
	}
	/* The next input finds what this one did not change. */
	if (data[0] % 3)
		fuzz_save(dir, "tokenizer_config.json", "{}", 2);
	else
		fuzz_save(dir, "tokenizer.json", good_bpe,
			  sizeof(good_bpe) - 1);
	return 0;
}
