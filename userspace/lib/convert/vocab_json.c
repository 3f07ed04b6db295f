// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tokenizer.json of Hugging Face: byte-level BPE ("gpt2" in GGUF), or
 * SentencePiece's BPE in that form ("llama").
 */
#include "convert/vocab_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"

/* What a text is cut by before BPE, as tokenizer.json writes it. */
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WORD "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define REST " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BEFORE "[^\\r\\n\\p{L}\\p{N}]?"

static const struct {
	const char *pattern, *pre;
} patterns[] = {
	{ CONTRACTION "|" WORD "|\\p{N}{1,3}|" REST, "llama-bpe" },
	{ CONTRACTION "|" WORD "|\\p{N}|" REST, "qwen2" },
	{ BEFORE UPPER
	  "*" LOWER "+|" BEFORE UPPER "+" LOWER "*|\\p{N}|"
	  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	  "tekken" },
};

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for the vocabulary");
}

static int damaged(struct ak_err *err, const char *folder, const char *what)
{
	return ak_errf(err, -EBADMSG, "%s/tokenizer.json: %s", folder, what);
}

static int refused(struct ak_err *err, const char *folder, const char *what)
{
	return ak_errf(
		err, -ENOTSUP,
		"%s/tokenizer.json: %s, for which GGUF has no rule that is known here",
		folder, what);
}

static bool is(const json_t *object, const char *key, const char *value)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && !strcmp(s, value);
}

/* { "type": "ByteLevel" } with or without GPT-2's own pattern. */
static bool is_byte_level(const json_t *p, bool pattern)
{
	const json_t *use = json_object_get(p, "use_regex");

	return is(p, "type", "ByteLevel") &&
	       !json_is_true(json_object_get(p, "add_prefix_space")) &&
	       (use ? json_is_true(use) : true) == pattern;
}

static const char *split_name(const json_t *p)
{
	const json_t *pattern = json_object_get(p, "pattern");
	const char *s = json_string_value(json_object_get(pattern, "Regex"));
	size_t i;

	if (!s || !is(p, "type", "Split") || !is(p, "behavior", "Isolated") ||
	    json_is_true(json_object_get(p, "invert")))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		if (!strcmp(s, patterns[i].pattern))
			return patterns[i].pre;
	return NULL;
}

/*
 * tokenizer.ggml.pre. llama.cpp's converter tells it by the tokens of a test
 * text, which needs the tokenizer to run; the pattern itself says the same.
 */
static const char *pre_name(const json_t *pre)
{
	const json_t *list = json_object_get(pre, "pretokenizers");
	const json_t *first = json_array_get(list, 0);
	const json_t *second = json_array_get(list, 1);

	if (is_byte_level(pre, true))
		return "gpt-2";
	if (!is(pre, "type", "Sequence") || json_array_size(list) != 2)
		return NULL;
	if (is(first, "type", "Digits") &&
	    json_is_true(json_object_get(first, "individual_digits")) &&
	    is_byte_level(second, true))
		return "smollm";
	return is_byte_level(second, false) ? split_name(first) : NULL;
}

static int set_vocab(const char *folder, const json_t *vocab,
		     struct ak_vocab *v, struct ak_err *err)
{
	const char *key;
	json_t *value;

	if (!json_object_size(vocab))
		return damaged(err, folder, "its model has no vocabulary");
	json_object_foreach((json_t *)vocab, key, value)
	{
		json_int_t id = json_integer_value(value);

		if (!json_is_integer(value) || id < 0)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: the number of token '%s' is not one",
				folder, key);
		if ((uint64_t)id >= v->count)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: token '%s' has number %lld, but the embedding has %zu rows; the tokenizer is of another model",
				folder, key, (long long)id, v->count);
		if (v->token[id].text)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: tokens '%s' and '%s' have the same number %lld",
				folder, v->token[id].text, key, (long long)id);
		if (vocab_set(v, (uint64_t)id, key, strlen(key), 0,
			      AK_SP_NORMAL))
			return no_memory(err);
	}
	return 0;
}

static int set_added(const char *folder, const json_t *tokenizer,
		     struct ak_vocab *v, struct ak_err *err)
{
	const json_t *added = json_object_get(tokenizer, "added_tokens");
	const json_t *vocab =
		json_object_get(json_object_get(tokenizer, "model"), "vocab");
	size_t i;

	for (i = 0; i < json_array_size(added); i++) {
		const json_t *t = json_array_get(added, i);
		const json_t *content = json_object_get(t, "content");
		const json_t *id = json_object_get(t, "id");
		const json_t *known;
		const struct ak_token *old;
		bool special = json_is_true(json_object_get(t, "special"));

		if (!json_is_string(content) || !json_is_integer(id) ||
		    json_integer_value(id) < 0)
			return damaged(
				err, folder,
				"an added token has no content or no number");
		known = json_object_get(vocab, json_string_value(content));
		if (known &&
		    json_integer_value(known) != json_integer_value(id))
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: token '%s' has two numbers",
				folder, json_string_value(content));
		if ((uint64_t)json_integer_value(id) >= v->count)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: token '%s' has number %lld, but the embedding has %zu rows; the tokenizer is of another model",
				folder, json_string_value(content),
				(long long)json_integer_value(id), v->count);
		old = &v->token[json_integer_value(id)];
		if (!known && old->text && old->kind == AK_SP_NORMAL)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: tokens '%s' and '%s' have the same number %lld",
				folder, old->text, json_string_value(content),
				(long long)json_integer_value(id));
		if (vocab_set_added(v, (uint64_t)json_integer_value(id),
				    content, special))
			return no_memory(err);
	}
	return 0;
}

/* A part of a merge, spaces as U+0120, which byte-level text has for them. */
static char *put_part(char *to, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == ' ') {
			memcpy(to, "\xc4\xa0", 2);
			to += 2;
		} else {
			*to++ = s[i];
		}
	}
	return to;
}

/* "left right", or [left, right] since spaces may be in them. */
static char *merge_text(const json_t *m)
{
	const json_t *a = json_array_get(m, 0), *b = json_array_get(m, 1);
	char *text, *p;

	if (json_is_string(m)) {
		const char *s = json_string_value(m);
		const char *space = strchr(s, ' ');

		if (!space || space == s || !space[1] ||
		    strchr(space + 1, ' ') ||
		    strlen(s) != json_string_length(m)) {
			errno = EINVAL;
			return NULL;
		}
		return strdup(s);
	}
	if (json_array_size(m) != 2 || !json_string_length(a) ||
	    !json_string_length(b)) {
		errno = EINVAL;
		return NULL;
	}
	text = malloc(2 * (json_string_length(a) + json_string_length(b)) + 2);
	if (!text)
		return NULL;
	p = put_part(text, json_string_value(a), json_string_length(a));
	*p++ = ' ';
	p = put_part(p, json_string_value(b), json_string_length(b));
	*p = '\0';
	return text;
}

static int set_merges(const char *folder, const json_t *list,
		      struct ak_vocab *v, struct ak_err *err)
{
	size_t n = json_array_size(list);

	if (!n)
		return damaged(err, folder, "its model has no merges");
	v->merge = calloc(n, sizeof(*v->merge));
	if (!v->merge)
		return no_memory(err);
	while (v->merges < n) {
		char *text = merge_text(json_array_get(list, v->merges));

		if (!text && errno == EINVAL)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: merge %zu is not a pair of tokens",
				folder, v->merges);
		if (!text)
			return no_memory(err);
		v->merge[v->merges++] = text;
	}
	return 0;
}

static int byte_level(const char *folder, const json_t *tokenizer,
		      struct ak_vocab *v, struct ak_err *err)
{
	const json_t *model = json_object_get(tokenizer, "model");
	const json_t *normal = json_object_get(tokenizer, "normalizer");
	int ret;

	/* llama.cpp knows no normal forms; NFC changes nothing in most text. */
	if (json_is_object(normal) && !is(normal, "type", "NFC"))
		return refused(
			err, folder,
			"its normalizer changes texts before they are cut");
	v->pre = pre_name(json_object_get(tokenizer, "pre_tokenizer"));
	if (!v->pre)
		return refused(
			err, folder,
			"its pre_tokenizer cuts texts by a pattern of its own");
	v->model = "gpt2";
	ret = set_vocab(folder, json_object_get(model, "vocab"), v, err);
	if (!ret)
		ret = set_merges(folder, json_object_get(model, "merges"), v,
				 err);
	return ret ? ret : set_added(folder, tokenizer, v, err);
}

static bool is_byte_token(const char *s)
{
	return strlen(s) == 6 && !strncmp(s, "<0x", 3) &&
	       isxdigit((unsigned char)s[3]) && isxdigit((unsigned char)s[4]) &&
	       s[5] == '>';
}

/*
 * A fast tokenizer has ranks of pairs where SentencePiece has scores of pieces.
 * The pairs that make a piece were sorted by its score, so the order in which
 * pieces first come out of a merge is the order of their scores.
 */
static int scores_from_merges(const char *folder, const json_t *model,
			      struct ak_vocab *v, struct ak_err *err)
{
	const json_t *vocab = json_object_get(model, "vocab");
	const json_t *list = json_object_get(model, "merges");
	size_t i, rank = 0;
	int ret = set_merges(folder, list, v, err);

	for (i = 0; !ret && i < v->merges; i++) {
		char *text = v->merge[i], *space = strchr(text, ' ');
		const json_t *id;
		struct ak_token *t;

		memmove(space, space + 1, strlen(space));
		id = json_object_get(vocab, text);
		if (!id)
			return ak_errf(
				err, -EBADMSG,
				"%s/tokenizer.json: merge %zu makes '%s', which is no token",
				folder, i, text);
		t = &v->token[json_integer_value(id)];
		if (t->kind == AK_SP_NORMAL && t->score == 0) {
			rank++;
			t->score = -(float)rank;
		}
	}
	/* Pieces that no merge makes are single characters. */
	for (i = 0; !ret && i < v->count; i++)
		if (v->token[i].text && v->token[i].kind == AK_SP_NORMAL &&
		    v->token[i].score == 0)
			v->token[i].score = -(float)(rank + 1);
	for (i = 0; i < v->merges; i++)
		free(v->merge[i]);
	free(v->merge);
	v->merge = NULL;
	v->merges = 0;
	return ret;
}

static int sentencepiece(const char *folder, const json_t *tokenizer,
			 struct ak_vocab *v, struct ak_err *err)
{
	const json_t *model = json_object_get(tokenizer, "model");
	const char *unknown =
		json_string_value(json_object_get(model, "unk_token"));
	size_t i;
	int ret;

	ret = set_vocab(folder, json_object_get(model, "vocab"), v, err);
	if (ret)
		return ret;
	for (i = 0; i < v->count; i++) {
		struct ak_token *t = &v->token[i];

		if (t->text && is_byte_token(t->text))
			t->kind = AK_SP_BYTE;
		else if (t->text && unknown && !strcmp(t->text, unknown))
			t->kind = AK_SP_UNKNOWN;
	}
	ret = scores_from_merges(folder, model, v, err);
	if (!ret)
		ret = set_added(folder, tokenizer, v, err);
	/* Marked as special, too, but there is only one of its kind. */
	for (i = 0; i < v->count && unknown; i++)
		if (v->token[i].text && !strcmp(v->token[i].text, unknown))
			v->token[i].kind = AK_SP_UNKNOWN;
	v->model = "llama";
	v->pre = "default";
	return ret;
}

int vocab_from_json(const char *folder, const json_t *tokenizer,
		    struct ak_vocab *v, struct ak_err *err)
{
	const json_t *model = json_object_get(tokenizer, "model");
	const json_t *decoder = json_object_get(tokenizer, "decoder");
	bool fallback = json_is_true(json_object_get(model, "byte_fallback"));

	/* Old files do not name the type of a BPE model. */
	if (json_object_get(model, "type") && !is(model, "type", "BPE"))
		return refused(err, folder, "its model is not BPE");
	if (!fallback && is(decoder, "type", "ByteLevel"))
		return byte_level(folder, tokenizer, v, err);
	if (fallback && is(decoder, "type", "Sequence"))
		return sentencepiece(folder, tokenizer, v, err);
	return refused(
		err, folder,
		"it is neither byte-level BPE nor a form of SentencePiece");
}
