// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as the index of two shards, and as config.json with which their
 * tensors are resolved. The first byte says which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "convert/arch.h"
#include "convert/tensors.h"
#include "folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *dir;
static char path[96];

static void save_shard(const char *name, const char *json)
{
	char text[256] = "";

	ak_put_le64(text, strlen(json));
	strcpy(text + 8, json);
	fuzz_save(dir, name, text, 8 + strlen(json) + 2);
}

static void set_up(void)
{
	dir = fuzz_folder();
	save_shard("a",
		   "{\"model.norm.weight\":{\"dtype\":\"U8\","
		   "\"shape\":[1],\"data_offsets\":[0,1]},\"x\":{"
		   "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}");
	save_shard("b",
		   "{\"model.embed_tokens.weight\":{\"dtype\":\"U8\","
		   "\"shape\":[1,1],\"data_offsets\":[0,1]},\"y\":{"
		   "\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}");
	snprintf(path, sizeof(path), "%s/config.json", dir);
}

static void fuzz_index(void)
{
	struct ak_err err = { "" };
	struct ak_tensors *set;
	size_t i;

	if (ak_tensors_open(path, &set, &err)) {
		if (!err.text[0] || set)
			abort();
		return;
	}
	for (i = 0; i < ak_tensors_count(set); i++) {
		const struct ak_tensor *t = ak_tensors_at(set, i);
		float x;

		/* Nothing but these two files can have been opened. */
		if (strncmp(t->file, dir, strlen(dir)) ||
		    (strcmp(t->file + strlen(dir), "/a") &&
		     strcmp(t->file + strlen(dir), "/b")) ||
		    ak_tensors_find(set, t->name) != t ||
		    ak_tensor_read(set, t, 0, 1, &x, &err))
			abort();
	}
	ak_tensors_close(set);
}

static void fuzz_config(void)
{
	static struct ak_tensors *shard;
	struct ak_err err = { "" };
	struct ak_arch_config c;
	struct ak_arch_model m;
	char name[96];

	snprintf(name, sizeof(name), "%s/a", dir);
	if (!shard && ak_tensors_open(name, &shard, &err))
		abort();
	if (ak_arch_config_read(path, &c, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	if (c.heads.i < 1 || c.head_dim.i < 1 || c.kv_heads.i < 1 ||
	    c.heads.i % c.kv_heads.i || c.layers.i < 1)
		abort();
	if (!ak_arch_resolve(&c, shard, &m, &err))
		abort();
	ak_arch_config_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (!dir)
		set_up();
	fuzz_save(dir, "config.json", data + 1, size - 1);
	if (data[0] & 1)
		fuzz_config();
	else
		fuzz_index();
	return 0;
}
