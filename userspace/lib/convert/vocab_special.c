// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tokens with a task, what is put around a text, and chat templates: from
 * tokenizer_config.json, tokenizer.json and config.json, in that order.
 */
#include "convert/vocab_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"

static const char *const names[AK_SPECIALS] = {
	[AK_SPECIAL_BOS] = "bos",   [AK_SPECIAL_EOS] = "eos",
	[AK_SPECIAL_UNK] = "unk",   [AK_SPECIAL_SEP] = "sep",
	[AK_SPECIAL_PAD] = "pad",   [AK_SPECIAL_CLS] = "cls",
	[AK_SPECIAL_MASK] = "mask",
};

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for the vocabulary");
}

/* Numbers of tokens in the file, by their text as it stands there. */
static int64_t find(const struct ak_vocab *v, const json_t *tokenizer,
		    const char *text)
{
	const json_t *added = json_object_get(tokenizer, "added_tokens");
	size_t i;

	for (i = 0; i < json_array_size(added); i++) {
		const json_t *t = json_array_get(added, i);
		const char *s =
			json_string_value(json_object_get(t, "content"));

		if (s && !strcmp(s, text))
			return json_integer_value(json_object_get(t, "id"));
	}
	for (i = 0; i < v->count; i++)
		if (v->token[i].text && !strcmp(v->token[i].text, text))
			return (int64_t)i;
	return -1;
}

static void set(struct ak_vocab *v, unsigned int which, int64_t id)
{
	if (v->special[which] < 0 && id >= 0 && (uint64_t)id < v->count)
		v->special[which] = id;
}

/* "bos_token": "<s>", or { "content": "<s>", ... }. */
static const char *token_text(const json_t *config, const char *name)
{
	char key[32];
	const json_t *t;

	snprintf(key, sizeof(key), "%s_token", name);
	t = json_object_get(config, key);
	if (json_is_object(t))
		t = json_object_get(t, "content");
	return json_string_value(t);
}

static void from_config(const json_t *tokenizer, const json_t *config,
			struct ak_vocab *v)
{
	unsigned int i;

	for (i = 0; i < AK_SPECIALS; i++) {
		const char *text = token_text(config, names[i]);
		const json_t *add;
		char key[32];

		if (text)
			set(v, i, find(v, tokenizer, text));
		if (i != AK_SPECIAL_BOS && i != AK_SPECIAL_EOS)
			continue;
		snprintf(key, sizeof(key), "add_%s_token", names[i]);
		add = json_object_get(config, key);
		if (json_is_boolean(add))
			v->add[i] = json_is_true(add);
	}
}

/* The special token at one end of a template, or NULL. */
static const char *end_of(const json_t *list, size_t i)
{
	const json_t *t =
		json_object_get(json_array_get(list, i), "SpecialToken");

	return json_string_value(json_object_get(t, "id"));
}

static void from_template(const json_t *processor, const json_t *config,
			  struct ak_vocab *v)
{
	const json_t *list = json_object_get(processor, "single");
	const char *type =
		json_string_value(json_object_get(processor, "type"));
	const char *bos = token_text(config, "bos");
	const char *eos = token_text(config, "eos");
	const char *first, *last;
	size_t n = json_array_size(list);

	if (!type || strcmp(type, "TemplateProcessing") || n < 2)
		return;
	first = end_of(list, 0);
	last = end_of(list, n - 1);
	if (first)
		v->add[AK_SPECIAL_BOS] = bos && !strcmp(first, bos);
	if (last)
		v->add[AK_SPECIAL_EOS] = eos && !strcmp(last, eos);
}

static void from_processors(const json_t *tokenizer, const json_t *config,
			    struct ak_vocab *v)
{
	const json_t *p = json_object_get(tokenizer, "post_processor");
	const json_t *list = json_object_get(p, "processors");
	size_t i;

	if (!list)
		from_template(p, config, v);
	for (i = 0; i < json_array_size(list); i++)
		from_template(json_array_get(list, i), config, v);
}

static int from_model_config(const char *folder, struct ak_vocab *v,
			     struct ak_err *err)
{
	unsigned int i;
	json_t *config;
	int ret;

	ret = vocab_json(folder, "config.json", &config, err);
	if (ret || !config)
		return ret;
	for (i = 0; i < AK_SPECIALS; i++) {
		const json_t *id;
		char key[32];

		snprintf(key, sizeof(key), "%s_token_id", names[i]);
		id = json_object_get(config, key);
		/* Some models list several; which is the one is not said. */
		if (json_is_integer(id))
			set(v, i, json_integer_value(id));
	}
	json_decref(config);
	return 0;
}

static int add_chat(struct ak_vocab *v, const char *name, const char *text,
		    struct ak_err *err)
{
	struct ak_chat_template *grown;

	grown = reallocarray(v->chat, v->chats + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	v->chat = grown;
	grown += v->chats++;
	grown->name = strdup(strcmp(name, "default") ? name : "");
	grown->text = strdup(text);
	return grown->name && grown->text ? 0 : no_memory(err);
}

static int chat_from_json(const json_t *t, struct ak_vocab *v,
			  struct ak_err *err)
{
	size_t i;
	int ret = 0;

	if (json_is_string(t))
		return add_chat(v, "default", json_string_value(t), err);
	for (i = 0; !ret && i < json_array_size(t); i++) {
		const json_t *one = json_array_get(t, i);
		const char *name =
			json_string_value(json_object_get(one, "name"));
		const char *text =
			json_string_value(json_object_get(one, "template"));

		if (name && text)
			ret = add_chat(v, name, text, err);
	}
	return ret;
}

/* A file of its own, in newer models. */
static int chat_from_file(const char *folder, struct ak_vocab *v,
			  struct ak_err *err)
{
	char *path = vocab_path(folder, "chat_template.jinja");
	uint8_t *data = NULL;
	char *text;
	size_t size;
	int ret = 0;

	if (!path)
		return no_memory(err);
	if (!access(path, F_OK)) {
		ret = ak_file_read(path, VOCAB_MAX_FILE, &data, &size, err);
		text = ret ? NULL : realloc(data, size + 1);
		if (text) {
			text[size] = '\0';
			data = (uint8_t *)text;
			ret = add_chat(v, "default", text, err);
		} else if (!ret) {
			ret = no_memory(err);
		}
	}
	free(data);
	free(path);
	return ret;
}

int vocab_specials(const char *folder, const json_t *tokenizer,
		   struct ak_vocab *v, struct ak_err *err)
{
	const json_t *prefix, *chat;
	json_t *config;
	int ret;

	ret = vocab_json(folder, "tokenizer_config.json", &config, err);
	if (ret)
		return ret;
	from_processors(tokenizer, config, v);
	from_config(tokenizer, config, v);
	prefix = json_object_get(config, "add_prefix_space");
	if (json_is_boolean(prefix))
		v->space_prefix = json_is_true(prefix);
	chat = json_object_get(config, "chat_template");
	ret = chat ? chat_from_json(chat, v, err) :
		     chat_from_file(folder, v, err);
	if (!ret)
		ret = from_model_config(folder, v, err);
	json_decref(config);
	return ret;
}
