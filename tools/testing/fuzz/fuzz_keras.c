// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as what akida-hdf5 says of a file: what can be read must keep the
 * promises of format/h5.h, and its attribute model_config must be a chain
 * whose shapes hold, or be refused with a sentence.
 */
#include <stdlib.h>
#include <string.h>

#include "common/json_file.h"
#include "convert/keras.h"
#include "graph_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1u << 20)

/* Every byte that is promised is there. */
static void look(const struct ak_h5 *h)
{
	uint64_t total = 0;
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < h->count; i++) {
		const struct ak_h5_tensor *t = &h->tensor[i];

		sum ^= (uint8_t)t->name[strlen(t->name)];
		if (!t->data || !t->count)
			continue;
		total += 4 * t->count;
		sum ^= t->data[0] ^ t->data[4 * t->count - 1];
	}
	for (i = 0; i < h->num_attrs; i++)
		sum ^= (uint8_t)h->attr[i].text[strlen(h->attr[i].text)];
	/* So that nothing of this is left out. */
	if (total > MOST || (sum && !h->stream.size))
		abort();
}

static void model(const struct ak_h5 *h, const char *text, bool legacy)
{
	struct ak_err err = { "" };
	struct ak_graph *g = NULL;
	json_t *j = NULL;
	int rc = ak_json_parse("fuzz", text, strlen(text), &j, &err);

	if (!rc)
		rc = ak_keras_graph("fuzz", j, h, legacy, &g, &err);
	if (rc ? !err.text[0] || g : !g)
		abort();
	if (g)
		fuzz_graph_use(g);
	ak_graph_free(g);
	json_decref(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_h5 h = { 0 };
	const char *text;
	int rc;

	ak_is_h5(data, size);
	ak_buf_add(&h.stream, data, size);
	rc = ak_h5_parse(&h, MOST, &err);
	if (rc && !err.text[0])
		abort();
	if (!rc) {
		look(&h);
		text = ak_h5_attr(&h, "model_config");
		if (text) {
			model(&h, text, true);
			model(&h, text, false);
		}
	}
	ak_h5_clear(&h);
	return 0;
}
