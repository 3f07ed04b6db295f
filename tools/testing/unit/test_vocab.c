// SPDX-License-Identifier: GPL-2.0
/*
 * Vocabularies: what GGUF gets of tokenizer.model and tokenizer.json. Expected
 * values are worked out from the rules in Documentation/formats/gguf-models.rst.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "common/util.h"
#include "convert/vocab.h"
#include "scratch.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	return scratch_make(dir, sizeof(dir));
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

static void put_bytes(const char *name, const void *data, size_t size)
{
	struct ak_err err = { "" };
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (ak_file_write(path, data, size, &err))
		fail_msg("%s", err.text);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static struct ak_vocab v;

static void reads(enum ak_arch arch, uint64_t rows)
{
	struct ak_err err = { "" };

	if (ak_vocab_read(dir, arch, rows, &v, &err))
		fail_msg("%s", err.text);
	assert_int_equal(v.count, rows);
}

static void refuses(int code, const char *why)
{
	struct ak_err err = { "" };

	assert_int_equal(ak_vocab_read(dir, AK_ARCH_LLAMA, 16, &v, &err), code);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	if (!strstr(err.text, dir))
		fail_msg("'%s' does not name the folder", err.text);
	assert_null(v.token);
}

static void assert_token(size_t i, const char *text, float score,
			 enum ak_sp_kind kind)
{
	assert_string_equal(v.token[i].text, text);
	assert_int_equal(v.token[i].size, strlen(text));
	if (v.token[i].score != score)
		fail_msg("token %zu: score %g, not %g", i,
			 (double)v.token[i].score, (double)score);
	assert_int_equal(v.token[i].kind, kind);
}

/* ------------------------------------------------------------ SentencePiece */

struct message {
	uint8_t bytes[1024];
	size_t size;
};

static void put_piece(struct message *m, const char *text, float score,
		      unsigned int kind)
{
	uint8_t *p = m->bytes + m->size;
	size_t n = strlen(text);

	*p++ = 0x0a;
	*p++ = (uint8_t)(n + 2 + 5 + 2);
	*p++ = 0x0a;
	*p++ = (uint8_t)n;
	memcpy(p, text, n);
	p += n;
	*p++ = 0x15;
	memcpy(p, &score, 4);
	p += 4;
	*p++ = 0x18;
	*p++ = (uint8_t)kind;
	m->size = (size_t)(p - m->bytes);
}

static void put_model(unsigned int algorithm, bool prefix)
{
	struct message m = { { 0 }, 0 };

	put_piece(&m, "<unk>", 0, 2);
	put_piece(&m, "<s>", 0, 3);
	put_piece(&m, "</s>", 0, 3);
	put_piece(&m, "<0x0A>", 0, 6);
	put_piece(&m, "\xe2\x96\x81t", -1, 1);
	put_piece(&m, "he", -2, 1);
	memcpy(m.bytes + m.size, "\x12\x02\x18", 3);
	m.bytes[m.size + 3] = (uint8_t)algorithm;
	memcpy(m.bytes + m.size + 4, "\x1a\x02\x18", 3);
	m.bytes[m.size + 7] = prefix;
	put_bytes("tokenizer.model", m.bytes, m.size + 8);
}

static void test_sentencepiece(void **state)
{
	(void)state;
	put_model(AK_SP_BPE, true);
	put("added_tokens.json", "{\"<extra>\": 6}");
	put("tokenizer_config.json",
	    "{\"add_bos_token\": true, \"add_eos_token\": false,"
	    " \"bos_token\": {\"content\": \"<s>\"}, \"eos_token\": \"</s>\","
	    " \"pad_token\": null,"
	    " \"added_tokens_decoder\": {"
	    "  \"7\": {\"content\": \"<|user|>\", \"special\": false},"
	    "  \"8\": {\"content\": \"a\\u2581b\", \"special\": false},"
	    "  \"9\": {\"content\": \"tool\", \"special\": true},"
	    "  \"12\": {\"content\": \"beyond\", \"special\": true}}}");
	put("config.json", "{\"pad_token_id\": 0, \"eos_token_id\": [2, 7]}");
	reads(AK_ARCH_LLAMA, 11);
	assert_string_equal(v.model, "llama");
	assert_string_equal(v.pre, "default");
	assert_token(0, "<unk>", 0, AK_SP_UNKNOWN);
	assert_token(1, "<s>", 0, AK_SP_CONTROL);
	assert_token(3, "<0x0A>", 0, AK_SP_BYTE);
	assert_token(4, "\xe2\x96\x81t", -1, AK_SP_NORMAL);
	assert_token(5, "he", -2, AK_SP_NORMAL);
	assert_token(6, "<extra>", -1000, AK_SP_USER_DEFINED);
	assert_token(7, "<|user|>", -1000, AK_SP_CONTROL);
	assert_token(8, "a b", -1000, AK_SP_USER_DEFINED);
	assert_token(9, "tool", -1000, AK_SP_CONTROL);
	assert_token(10, "[PAD10]", -10000, AK_SP_UNUSED);
	assert_int_equal(v.padded, 1);
	assert_int_equal(v.dropped, 1);
	assert_int_equal(v.special[AK_SPECIAL_BOS], 1);
	assert_int_equal(v.special[AK_SPECIAL_EOS], 2);
	assert_int_equal(v.special[AK_SPECIAL_PAD], 0);
	assert_int_equal(v.special[AK_SPECIAL_UNK], -1);
	assert_int_equal(v.add[AK_SPECIAL_BOS], 1);
	assert_int_equal(v.add[AK_SPECIAL_EOS], 0);
	assert_int_equal(v.space_prefix, -1);
	assert_int_equal(v.merges, 0);
	ak_vocab_free(&v);
}

static void test_sentencepiece_prefix(void **state)
{
	(void)state;
	put_model(AK_SP_BPE, false);
	reads(AK_ARCH_LLAMA, 6);
	assert_int_equal(v.space_prefix, 0);
	ak_vocab_free(&v);
	/* The configuration is asked after the model ... */
	put("tokenizer_config.json", "{\"add_prefix_space\": true}");
	reads(AK_ARCH_MISTRAL, 6);
	assert_int_equal(v.space_prefix, 1);
	ak_vocab_free(&v);
	/* ... but not for Gemma. */
	reads(AK_ARCH_GEMMA, 6);
	assert_int_equal(v.space_prefix, 0);
	ak_vocab_free(&v);
}

static void test_sentencepiece_unigram(void **state)
{
	(void)state;
	put_model(AK_SP_UNIGRAM, true);
	refuses(-ENOTSUP, "tokenizer.model: is not a BPE vocabulary");
}

static void test_sentencepiece_damaged(void **state)
{
	(void)state;
	put("tokenizer.model", "version https://git-lfs.github.com/spec/v1\n");
	refuses(-EBADMSG,
		"tokenizer.model: the SentencePiece model is damaged");
}

static void test_bad_added(void **state)
{
	(void)state;
	put_model(AK_SP_BPE, true);
	put("added_tokens.json", "{\"x\": -1}");
	refuses(-EBADMSG, "the number of 'x'");
	put("added_tokens.json", "{\"x\": \"1\"}");
	refuses(-EBADMSG, "the number of 'x'");
	put("added_tokens.json", "[1]");
	refuses(-EBADMSG, "is not a JSON object");
	put("added_tokens.json", "{\"x\": 1");
	refuses(-EBADMSG, "is not JSON");
	put("added_tokens.json", "{}");
	put("tokenizer_config.json",
	    "{\"added_tokens_decoder\": {\"-1\": {\"content\": \"x\"}}}");
	refuses(-EBADMSG, "an entry '-1'");
	put("tokenizer_config.json",
	    "{\"added_tokens_decoder\": {\"1\": {\"content\": 2}}}");
	refuses(-EBADMSG, "an entry '1'");
}

/* --------------------------------------------------------------- byte level */

#define QWEN                                                                     \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|"  \
	"\\\\p{N}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|" \
	"\\\\s+(?!\\\\S)|\\\\s+"
#define LLAMA3                                                                  \
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|" \
	"\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|"               \
	"\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define TEKKEN                                                          \
	"[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"                                \
	"[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*"               \
	"[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+|"                       \
	"[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"                                \
	"[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+"               \
	"[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*|\\\\p{N}| "             \
	"?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|" \
	"\\\\s+(?!\\\\S)|\\\\s+"

#define SPLIT(pattern)                                                     \
	"{\"type\": \"Sequence\", \"pretokenizers\": ["                    \
	"{\"type\": \"Split\", \"pattern\": {\"Regex\": \"" pattern "\"}," \
	" \"behavior\": \"Isolated\", \"invert\": false},"                 \
	"{\"type\": \"ByteLevel\", \"add_prefix_space\": false,"           \
	" \"use_regex\": false}]}"
#define GPT2 "{\"type\": \"ByteLevel\", \"add_prefix_space\": false}"
#define VOCAB "{\"a\": 0, \"b\": 1, \"ab\": 2, \"\\u0120a\": 3}"
#define MERGES "[\"a b\", \"\\u0120 a\"]"
#define ADDED "[]"

static void put_bpe(const char *pre, const char *vocab, const char *merges,
		    const char *added, const char *more)
{
	char text[8192];

	snprintf(
		text, sizeof(text),
		"{\"model\": {\"type\": \"BPE\", \"vocab\": %s, \"merges\": %s},"
		" \"decoder\": {\"type\": \"ByteLevel\"},"
		" \"pre_tokenizer\": %s, \"added_tokens\": %s%s}",
		vocab, merges, pre, added, more);
	put("tokenizer.json", text);
}

static void test_byte_level(void **state)
{
	(void)state;
	put_bpe(SPLIT(QWEN), VOCAB,
		"[[\"a\", \"b\"], [\"\\u0120\", \"a\"], [\"a b\", \"c\"]]",
		"[{\"id\": 4, \"content\": \"<|im_end|>\", \"special\": true},"
		" {\"id\": 5, \"content\": \"<think>\", \"special\": false},"
		" {\"id\": 2, \"content\": \"ab\", \"special\": false}]",
		", \"normalizer\": {\"type\": \"NFC\"}");
	put("tokenizer_config.json",
	    "{\"add_bos_token\": false, \"bos_token\": null,"
	    " \"eos_token\": \"<|im_end|>\","
	    " \"chat_template\": [{\"name\": \"default\", \"template\": \"A\"},"
	    " {\"name\": \"tool_use\", \"template\": \"B\"}]}");
	reads(AK_ARCH_QWEN2, 8);
	assert_string_equal(v.model, "gpt2");
	assert_string_equal(v.pre, "qwen2");
	assert_token(0, "a", 0, AK_SP_NORMAL);
	assert_token(2, "ab", -1000, AK_SP_USER_DEFINED);
	assert_token(3, "\xc4\xa0\x61", 0, AK_SP_NORMAL);
	assert_token(4, "<|im_end|>", -1000, AK_SP_CONTROL);
	assert_token(5, "<think>", -1000, AK_SP_USER_DEFINED);
	assert_token(6, "[PAD6]", -10000, AK_SP_UNUSED);
	assert_int_equal(v.padded, 2);
	assert_int_equal(v.merges, 3);
	assert_string_equal(v.merge[0], "a b");
	assert_string_equal(v.merge[1], "\xc4\xa0 a");
	assert_string_equal(v.merge[2], "a\xc4\xa0\x62 c");
	assert_int_equal(v.special[AK_SPECIAL_BOS], -1);
	assert_int_equal(v.special[AK_SPECIAL_EOS], 4);
	assert_int_equal(v.add[AK_SPECIAL_BOS], 0);
	assert_int_equal(v.add[AK_SPECIAL_EOS], -1);
	assert_int_equal(v.chats, 2);
	assert_string_equal(v.chat[0].name, "");
	assert_string_equal(v.chat[0].text, "A");
	assert_string_equal(v.chat[1].name, "tool_use");
	assert_string_equal(v.chat[1].text, "B");
	ak_vocab_free(&v);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pre, *name;
	} known[] = {
		{ SPLIT(QWEN), "qwen2" },
		{ SPLIT(LLAMA3), "llama-bpe" },
		{ SPLIT(TEKKEN), "tekken" },
		{ GPT2, "gpt-2" },
		{ "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\", \"individual_digits\": true}, {\"type\": \"ByteLevel\", \"use_regex\": true}]}",
		  "smollm" },
	};
	static const char *const unknown[] = {
		SPLIT("\\\\s+"),
		"null",
		"{\"type\": \"ByteLevel\", \"use_regex\": false}",
		"{\"type\": \"ByteLevel\", \"add_prefix_space\": true}",
		"{\"type\": \"Whitespace\"}",
		"{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\"}]}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		put_bpe(known[i].pre, VOCAB, MERGES, ADDED, "");
		reads(AK_ARCH_LLAMA, 4);
		assert_string_equal(v.pre, known[i].name);
		ak_vocab_free(&v);
	}
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		put_bpe(unknown[i], VOCAB, MERGES, ADDED, "");
		refuses(-ENOTSUP, "tokenizer.json: its pre_tokenizer");
	}
}

static void test_template(void **state)
{
	(void)state;
	put_bpe(SPLIT(LLAMA3), VOCAB, MERGES,
		"[{\"id\": 4, \"content\": \"<s>\", \"special\": true}]",
		", \"post_processor\": {\"type\": \"Sequence\", \"processors\": ["
		"{\"type\": \"ByteLevel\"}, {\"type\": \"TemplateProcessing\","
		" \"single\": [{\"SpecialToken\": {\"id\": \"<s>\"}},"
		" {\"Sequence\": {\"id\": \"A\"}}]}]}");
	put("tokenizer_config.json", "{\"bos_token\": \"<s>\"}");
	put("chat_template.jinja", "{{ x }}");
	reads(AK_ARCH_LLAMA, 5);
	assert_int_equal(v.add[AK_SPECIAL_BOS], 1);
	assert_int_equal(v.add[AK_SPECIAL_EOS], -1);
	assert_int_equal(v.special[AK_SPECIAL_BOS], 4);
	assert_int_equal(v.chats, 1);
	assert_string_equal(v.chat[0].text, "{{ x }}");
	ak_vocab_free(&v);
}

static void test_bad_byte_level(void **state)
{
	(void)state;
	put_bpe(GPT2, "{}", MERGES, ADDED, "");
	refuses(-EBADMSG, "no vocabulary");
	put_bpe(GPT2, "{\"a\": 0, \"b\": 0}", MERGES, ADDED, "");
	refuses(-EBADMSG, "'a' and 'b' have the same number 0");
	put_bpe(GPT2, "{\"a\": 0, \"b\": 16}", MERGES, ADDED, "");
	refuses(-EBADMSG, "the embedding has 16 rows");
	put_bpe(GPT2, "{\"a\": -1}", MERGES, ADDED, "");
	refuses(-EBADMSG, "the number of token 'a'");
	put_bpe(GPT2, "{\"a\": 0, \"a\": 1}", MERGES, ADDED, "");
	refuses(-EBADMSG, "not JSON");
	put_bpe(GPT2, VOCAB, "[]", ADDED, "");
	refuses(-EBADMSG, "no merges");
	put_bpe(GPT2, VOCAB, "[\"ab\"]", ADDED, "");
	refuses(-EBADMSG, "merge 0 is not a pair");
	put_bpe(GPT2, VOCAB, "[\"a b\", \"a  b\"]", ADDED, "");
	refuses(-EBADMSG, "merge 1 is not a pair");
	put_bpe(GPT2, VOCAB, "[[\"a\"]]", ADDED, "");
	refuses(-EBADMSG, "merge 0 is not a pair");
	put_bpe(GPT2, VOCAB, MERGES, "[{\"content\": \"x\"}]", "");
	refuses(-EBADMSG, "no number");
	put_bpe(GPT2, VOCAB, MERGES, "[{\"id\": 1, \"content\": \"x\"}]", "");
	refuses(-EBADMSG, "'b' and 'x' have the same number 1");
	put_bpe(GPT2, VOCAB, MERGES, "[{\"id\": 9, \"content\": \"a\"}]", "");
	refuses(-EBADMSG, "token 'a' has two numbers");
	put_bpe(GPT2, VOCAB, MERGES, "[{\"id\": 99, \"content\": \"x\"}]", "");
	refuses(-EBADMSG, "the embedding has 16 rows");
	put_bpe(GPT2, VOCAB, MERGES, ADDED,
		", \"normalizer\": {\"type\": \"Lowercase\"}");
	refuses(-ENOTSUP, "normalizer");
}

static void test_refused_kinds(void **state)
{
	(void)state;
	refuses(-ENOENT, "neither tokenizer.model nor tokenizer.json");
	put("tekken.json", "{}");
	refuses(-ENOTSUP, "tekken.json");
	put("tokenizer.json", "{\"model\": {\"type\": \"Unigram\"}}");
	refuses(-ENOTSUP, "not BPE");
	put("tokenizer.json",
	    "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}},"
	    " \"decoder\": {\"type\": \"WordPiece\"}}");
	refuses(-ENOTSUP, "neither byte-level BPE");
}

/* ------------------------------------------- SentencePiece in tokenizer.json */

static void test_fast_sentencepiece(void **state)
{
	(void)state;
	put("tokenizer.json",
	    "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true,"
	    " \"unk_token\": \"<unk>\", \"vocab\": {\"<unk>\": 0, \"<s>\": 1,"
	    " \"<0x0A>\": 2, \"abc\": 3, \"ab\": 4, \"bc\": 5, \"a\": 6,"
	    " \"b\": 7, \"c\": 8},"
	    /* "abc" first comes out of the third merge, "bc" of the second */
	    " \"merges\": [\"a b\", \"b c\", \"ab c\", \"a bc\"]},"
	    " \"decoder\": {\"type\": \"Sequence\"}, \"added_tokens\": ["
	    "{\"id\": 0, \"content\": \"<unk>\", \"special\": true},"
	    "{\"id\": 1, \"content\": \"<s>\", \"special\": true}]}");
	put("tokenizer_config.json", "{\"unk_token\": \"<unk>\"}");
	reads(AK_ARCH_LLAMA, 9);
	assert_string_equal(v.model, "llama");
	assert_string_equal(v.pre, "default");
	assert_int_equal(v.token[0].kind, AK_SP_UNKNOWN);
	assert_token(1, "<s>", -1000, AK_SP_CONTROL);
	assert_token(2, "<0x0A>", 0, AK_SP_BYTE);
	assert_token(4, "ab", -1, AK_SP_NORMAL);
	assert_token(5, "bc", -2, AK_SP_NORMAL);
	assert_token(3, "abc", -3, AK_SP_NORMAL);
	assert_true(v.token[6].score < -3 && v.token[8].score < -3);
	assert_int_equal(v.special[AK_SPECIAL_UNK], 0);
	assert_int_equal(v.merges, 0);
	ak_vocab_free(&v);
}

static void test_fast_bad_merge(void **state)
{
	(void)state;
	put("tokenizer.json",
	    "{\"model\": {\"type\": \"BPE\", \"byte_fallback\": true,"
	    " \"vocab\": {\"a\": 0}, \"merges\": [\"a a\"]},"
	    " \"decoder\": {\"type\": \"Sequence\"}}");
	refuses(-EBADMSG, "merge 0 makes 'aa'");
}

static void test_no_embedding(void **state)
{
	struct ak_err err = { "" };

	(void)state;
	assert_int_equal(ak_vocab_read(dir, AK_ARCH_LLAMA, 0, &v, &err),
			 -ENOTSUP);
	assert_int_equal(
		ak_vocab_read(dir, AK_ARCH_LLAMA, UINT64_MAX, &v, &err),
		-ENOTSUP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sentencepiece),
		TEST(test_sentencepiece_prefix),
		TEST(test_sentencepiece_unigram),
		TEST(test_sentencepiece_damaged),
		TEST(test_bad_added),
		TEST(test_byte_level),
		TEST(test_patterns),
		TEST(test_template),
		TEST(test_bad_byte_level),
		TEST(test_refused_kinds),
		TEST(test_fast_sentencepiece),
		TEST(test_fast_bad_merge),
		TEST(test_no_embedding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
