// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/vocab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/json_file.h"
#include "common/util.h"
#include "convert/vocab_internal.h"

/* A row of the embedding costs 32 bytes here, whatever the file says of it. */
#define MAX_TOKENS ((uint64_t)16 << 20)
#define PAD_SCORE (-10000.0f)

char *vocab_path(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

int vocab_json(const char *folder, const char *name, json_t **out,
	       struct ak_err *err)
{
	char *path = vocab_path(folder, name);
	int ret = 0;

	*out = NULL;
	if (!path)
		return ak_errf(err, -ENOMEM, "no memory for a file name");
	if (!access(path, F_OK))
		ret = ak_json_read(path, VOCAB_MAX_FILE, out, err);
	if (!ret && *out && !json_is_object(*out)) {
		ret = ak_errf(err, -EBADMSG, "%s: is not a JSON object", path);
		json_decref(*out);
		*out = NULL;
	}
	free(path);
	return ret;
}

int vocab_set(struct ak_vocab *v, uint64_t id, const char *text, size_t size,
	      float score, enum ak_sp_kind kind)
{
	struct ak_token *t;
	char *copy;

	if (id >= v->count) {
		v->dropped++;
		return 0;
	}
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	t = &v->token[id];
	free(t->text);
	*t = (struct ak_token){ copy, size, score, kind };
	return 0;
}

static bool starts(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && !memcmp(s, with, strlen(with));
}

static bool ends(const char *s, size_t n, const char *with)
{
	size_t m = strlen(with);

	return n >= m && !memcmp(s + n - m, with, m);
}

/* Tokens that tokenizers forgot to mark. U+FF5C is a full-width bar. */
static bool looks_special(const char *s, size_t n)
{
	static const char *const known[] = { "<pad>", "<mask>", "<2mass>",
					     "[@BOS@]" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (n == strlen(known[i]) && !memcmp(s, known[i], n))
			return true;
	return (starts(s, n, "<|") && ends(s, n, "|>")) ||
	       (starts(s, n, "<\xef\xbd\x9c") && ends(s, n, "\xef\xbd\x9c>")) ||
	       (starts(s, n, "<unused") && ends(s, n, ">"));
}

int vocab_set_added(struct ak_vocab *v, uint64_t id, const json_t *content,
		    bool special)
{
	const char *s = json_string_value(content);
	size_t n = json_string_length(content), i = 0, m = 0;
	const size_t mark = strlen(VOCAB_SPACE);
	char *plain;
	int ret;

	if (special || looks_special(s, n))
		return vocab_set(v, id, s, n, VOCAB_ADDED_SCORE, AK_SP_CONTROL);
	plain = malloc(n + 1);
	if (!plain)
		return -ENOMEM;
	while (i < n) {
		if (starts(s + i, n - i, VOCAB_SPACE)) {
			plain[m++] = ' ';
			i += mark;
		} else {
			plain[m++] = s[i++];
		}
	}
	ret = vocab_set(v, id, plain, m, VOCAB_ADDED_SCORE, AK_SP_USER_DEFINED);
	free(plain);
	return ret;
}

/* Rows of the embedding without a token get a name that no text has. */
static int pad(struct ak_vocab *v)
{
	char name[32];
	size_t i;

	for (i = 0; i < v->count; i++) {
		int ret;

		if (v->token[i].text)
			continue;
		snprintf(name, sizeof(name), "[PAD%zu]", i);
		ret = vocab_set(v, i, name, strlen(name), PAD_SCORE,
				AK_SP_UNUSED);
		if (ret)
			return ret;
		v->padded++;
	}
	return 0;
}

static bool has(const char *folder, const char *name)
{
	char *path = vocab_path(folder, name);
	bool there = path && !access(path, R_OK);

	free(path);
	return there;
}

static int read_tokens(const char *folder, const json_t *tokenizer,
		       struct ak_vocab *v, struct ak_err *err)
{
	if (has(folder, "tokenizer.model"))
		return vocab_from_spm(folder, v, err);
	if (tokenizer)
		return vocab_from_json(folder, tokenizer, v, err);
	if (has(folder, "tekken.json"))
		return ak_errf(
			err, -ENOTSUP,
			"%s: its only tokenizer is tekken.json, which is not read; add the tokenizer.json of the model's Hugging Face form",
			folder);
	return ak_errf(
		err, -ENOENT,
		"%s: there is neither tokenizer.model nor tokenizer.json, and GGUF files carry the tokenizer; download the model's tokenizer files, too",
		folder);
}

int ak_vocab_read(const char *folder, enum ak_arch arch, uint64_t rows,
		  struct ak_vocab *out, struct ak_err *err)
{
	json_t *tokenizer = NULL;
	size_t i;
	int ret;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < AK_SPECIALS; i++) {
		out->special[i] = -1;
		out->add[i] = -1;
	}
	out->space_prefix = -1;
	if (!rows || rows > MAX_TOKENS)
		return ak_errf(err, -ENOTSUP,
			       "%s: an embedding of %llu rows is no vocabulary",
			       folder, (unsigned long long)rows);
	out->token = calloc(rows, sizeof(*out->token));
	if (!out->token)
		return ak_errf(err, -ENOMEM, "no memory for the vocabulary");
	out->count = rows;
	ret = vocab_json(folder, "tokenizer.json", &tokenizer, err);
	if (!ret)
		ret = read_tokens(folder, tokenizer, out, err);
	if (!ret)
		ret = vocab_specials(folder, tokenizer, out, err);
	/* Gemma puts no space before a text, whatever its files say. */
	if (!ret && arch == AK_ARCH_GEMMA)
		out->space_prefix = 0;
	if (!ret && pad(out))
		ret = ak_errf(err, -ENOMEM, "no memory for the vocabulary");
	json_decref(tokenizer);
	if (ret)
		ak_vocab_free(out);
	return ret;
}

void ak_vocab_free(struct ak_vocab *v)
{
	size_t i;

	for (i = 0; i < v->count && v->token; i++)
		free(v->token[i].text);
	for (i = 0; i < v->merges; i++)
		free(v->merge[i]);
	for (i = 0; i < v->chats; i++) {
		free(v->chat[i].name);
		free(v->chat[i].text);
	}
	free(v->token);
	free(v->merge);
	free(v->chat);
	memset(v, 0, sizeof(*v));
}
