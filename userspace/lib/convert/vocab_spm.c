// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tokenizer.model, and the tokens that were added to it in other files.
 */
#include "convert/vocab_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for the vocabulary");
}

/* added_tokens.json: { "content": number }. */
static int read_added(const char *folder, struct ak_vocab *v,
		      struct ak_err *err)
{
	const char *key;
	json_t *added, *value;
	int ret;

	ret = vocab_json(folder, "added_tokens.json", &added, err);
	if (ret || !added)
		return ret;
	json_object_foreach(added, key, value)
	{
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			ret = ak_errf(
				err, -EBADMSG,
				"%s/added_tokens.json: the number of '%s' is not one",
				folder, key);
		else if (vocab_set(v, (uint64_t)json_integer_value(value), key,
				   strlen(key), VOCAB_ADDED_SCORE,
				   AK_SP_USER_DEFINED))
			ret = no_memory(err);
		if (ret)
			break;
	}
	json_decref(added);
	return ret;
}

/* tokenizer_config.json: "added_tokens_decoder": { "number": { ... } }. */
static int read_decoder(const char *folder, struct ak_vocab *v,
			struct ak_err *err)
{
	const char *key;
	json_t *config, *value;
	int ret;

	ret = vocab_json(folder, "tokenizer_config.json", &config, err);
	if (ret || !config)
		return ret;
	json_object_foreach(json_object_get(config, "added_tokens_decoder"),
			    key, value)
	{
		const json_t *content = json_object_get(value, "content");
		char *end;
		unsigned long long id;

		errno = 0;
		id = strtoull(key, &end, 10);
		if (errno || end == key || *end || key[0] == '-' ||
		    !json_is_string(content)) {
			ret = ak_errf(
				err, -EBADMSG,
				"%s/tokenizer_config.json: added_tokens_decoder has an entry '%s' that is no token",
				folder, key);
			break;
		}
		if (vocab_set_added(
			    v, id, content,
			    json_is_true(json_object_get(value, "special")))) {
			ret = no_memory(err);
			break;
		}
	}
	json_decref(config);
	return ret;
}

static int set_pieces(const struct ak_sp *sp, struct ak_vocab *v,
		      struct ak_err *err)
{
	size_t i;

	for (i = 0; i < sp->count; i++) {
		const struct ak_sp_piece *p = &sp->piece[i];

		if (vocab_set(v, i, p->text, p->size, p->score, p->kind))
			return no_memory(err);
	}
	return 0;
}

int vocab_from_spm(const char *folder, struct ak_vocab *v, struct ak_err *err)
{
	char *path = vocab_path(folder, "tokenizer.model");
	struct ak_sp sp = { 0 };
	uint8_t *data = NULL;
	size_t size;
	int ret;

	if (!path)
		return no_memory(err);
	ret = ak_file_read(path, VOCAB_MAX_FILE, &data, &size, err);
	if (!ret) {
		ret = ak_sp_parse(data, size, &sp, err);
		if (ret)
			ak_err_prefix(err, "%s: ", path);
	}
	if (!ret && sp.algorithm != AK_SP_BPE)
		ret = ak_errf(
			err, -ENOTSUP,
			"%s: is not a BPE vocabulary (unigram, word and character models have no place in a GGUF file of this architecture)",
			path);
	if (!ret) {
		v->model = "llama";
		v->pre = "default";
		if (!sp.dummy_prefix)
			v->space_prefix = 0;
		ret = set_pieces(&sp, v, err);
	}
	if (!ret)
		ret = read_added(folder, v, err);
	if (!ret)
		ret = read_decoder(folder, v, err);
	ak_sp_free(&sp);
	free(data);
	free(path);
	return ret;
}
